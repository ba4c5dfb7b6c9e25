"""The safety figures of a span for the glass, from the slots' table. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import sqlalchemy as sa

from safety.figures import figures, settled_end, slots_between
from safety.messages import IncidentOpened, SlotRun
from safety.points import point_of
from safety.series import series
from station import projections, store
from station.listened import listened
from station.records import event_of
from station.sentences import approval_named, cause_named
from station.views import SafetyView
from station.words import HOUR, MINUTE, ChannelId, Instant, Operator, Refused, Text
from station.world import World

DAY = 24 * HOUR
LONGEST = 400 * DAY
MOST_STRETCHES = 62


class SafetyQueries:
    """`safety`, `safety_series` and `slots` of docs/control-protocol.md."""

    def __init__(self, world: World, reader: sa.Engine) -> None:
        self._world = world
        self._reader = reader

    def table(self) -> dict[str, Callable[[dict[str, Any], Operator], Any]]:
        """The queries by name."""
        return {"safety": self.safety, "safety_series": self.safety_series, "slots": self.slots}

    def safety(self, args: dict[str, Any], by: Operator) -> list[SafetyView]:
        """Figures of every channel between two instants (µs); by default the last 24 h."""
        start, end = self._span(args)
        safety = self._world.settings.safety
        made = []
        for section in listened(self._world.settings):
            runs, real = self._runs(section.id, start, end)
            opened = self._opened(section.id, start, end)
            found = figures(
                section.id,
                runs,
                start,
                settled_end(runs, end),
                opened=opened,
                point=point_of(self._world.settings, section.id),
                real_return=real,
                zero_ppm=round(safety.coverage_for_zero * 1_000_000),
            )
            name = Text(section.name_en, section.name_zh)
            made.append(
                attrs.evolve(
                    found,
                    name=name,
                    incidents=self._all_told(found.incidents),
                    unauthorised=self._all_told(found.unauthorised),
                    authorised=self._all_told(found.authorised),
                )
            )
        return made

    def _all_told(self, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [self._told(one) for one in entries]

    def _told(self, one: dict[str, Any]) -> dict[str, Any]:
        """An entry with its cause and its approval in words beside it."""
        made = dict(one)
        if one.get("cause"):
            made["cause_text"] = cause_named(str(one["cause"]), self._world)
        if approval := one.get("approval") or one.get("due"):
            made["approval_text"] = approval_named(str(approval), self._world)
        return made

    def safety_series(self, args: dict[str, Any], by: Operator) -> list[dict[str, Any]]:
        """Tenths of seconds by state of every channel, cut into stretches of `step` µs; the newest slots are left to settle."""
        start, end = self._span(args)
        step = int(args.get("step") or HOUR)
        if step <= 0 or end - start > step * MOST_STRETCHES:
            raise Refused(
                f"at most {MOST_STRETCHES} stretches of a step above 0",
                f"至多 {MOST_STRETCHES} 段,步长须大于 0",
                code="misheard",
            )
        made = []
        for section in listened(self._world.settings):
            runs, _ = self._runs(section.id, start, end)
            made += _stretches(section.id, runs, start, settled_end(runs, end), step)
        return made

    def slots(self, args: dict[str, Any], by: Operator) -> dict[str, Any]:
        """Runs of slots of one channel between two instants, for the chart."""
        start, end = self._span(args)
        section = self._world.listened(str(args.get("channel", "")))
        runs, _ = self._runs(section.id, start, end)
        return {"channel": section.id, "runs": runs}

    def _span(self, args: dict[str, Any]) -> tuple[Instant, Instant]:
        now = self._world.now()
        end = Instant(min(int(args.get("to") or now), now))
        start = Instant(int(args.get("from") or end - DAY))
        if not 0 <= end - start <= LONGEST:
            raise Refused(
                "the span ends before it begins, or is longer than 400 days", "时间段无效或超过 400 天"
            )
        return start, end

    def _opened(
        self, channel: ChannelId, start: Instant, end: Instant
    ) -> list[tuple[IncidentOpened, Instant]]:
        """Incidents as they were journaled in the span (and the minute after it), each with its record's instant."""
        t = store.journal.c
        asked = (
            sa.select(t.at, t.kind, t.body)
            .where(t.kind == IncidentOpened.kind, t.at >= start, t.at < end + MINUTE)
            .order_by(t.position)
        )
        with store.reading(self._reader) as connection:
            rows = connection.execute(asked).all()
        found = [(event_of(row.kind, row.body), Instant(row.at)) for row in rows]
        return [(e, at) for e, at in found if isinstance(e, IncidentOpened) and e.channel == channel]

    def _runs(self, channel: ChannelId, start: Instant, end: Instant) -> tuple[list[SlotRun], bool]:
        first, last = slots_between(start, end)
        t = projections.slots.c
        asked = (
            sa.select(projections.slots)
            .where(
                t.channel == channel,
                t.point == point_of(self._world.settings, channel),
                t.last > first,
                t.first < last,
            )
            .order_by(t.first)
        )
        with store.reading(self._reader) as connection:
            rows = connection.execute(asked).all()
        runs = [
            SlotRun(first=r.first, last=r.last, state=r.state, heard=r.heard, due=r.due, cause=r.cause)
            for r in rows
        ]
        return runs, bool(rows) and all(row.real_return for row in rows)


def _stretches(
    channel: ChannelId, runs: list[SlotRun], start: Instant, end: Instant, step: int
) -> list[dict[str, Any]]:
    times = [*range(start, end, step), end]
    edges = [slots_between(Instant(at), Instant(at))[0] for at in times]
    return [
        {"channel": channel, "start": first, "end": last, "seconds_x10": tenths}
        for first, last, tenths in zip(times[:-1], times[1:], series(runs, edges), strict=True)
    ]
