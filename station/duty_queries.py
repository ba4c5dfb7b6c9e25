"""Answers about the duty book: who is on duty, what is to be handed over, and the page of a day folded from the journal. Changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from emergency.table import PHASES
from schedules.calendar import broadcast_day, day_bounds, local_text
from station import projections, store
from station.door_rules import UnreadAlarms, open_alerts
from station.duty import MAY_HOLD, Holding, shift_at
from station.duty_messages import POST_NAMES, POSTS, Post, Shift
from station.duty_roster import COLUMNS
from station.duty_views import (
    DutyDayView,
    DutyEntry,
    DutyView,
    MatterView,
    OfferView,
    PersonRef,
    PostView,
    ShiftView,
)
from station.records import newest
from station.rights import rights_of
from station.sentences import sentence
from station.words import HOUR, Instant, Operator, Text
from station.world import World

ENTRIES_AT_MOST = 1_000
ENTERED = (
    "duty.taken", "duty.left", "duty.noted", "duty.rostered",
    "alert.aired", "alert.ended", "alert.muted", "alert.unmuted", "alert.oral", "alert.glassbroken", "alert.overdue",
    "incident.", "alarm.raised", "carrier.", "device.carrier", "settings.", "rundown.approved", "station.started", "clock.noted",
)  # fmt: skip
COUNTED = {
    "aired": "alert.aired",
    "mutes": "alert.muted",
    "incidents": "incident.opened",
    "alarms": "alarm.raised",
    "notes": "duty.noted",
}
BACK, AHEAD = 12 * HOUR, 15 * 24 * HOUR


class DutyQueries:
    """`duty` and `duty_day` of docs/control-protocol.md."""

    def __init__(self, world: World, reader: sa.Engine, unread: UnreadAlarms) -> None:
        self._world, self._reader, self._unread = world, reader, unread

    def table(self) -> dict[str, Callable[[dict[str, Any], Operator], Any]]:
        """The queries by name."""
        return {"duty": self.duty, "duty_day": self.day}

    # -- now ------------------------------------------------------------------------------------

    def duty(self, args: dict[str, Any], by: Operator) -> DutyView:
        """Posts, what is to be handed over, and the roster from half a day back to fifteen days on."""
        world, now = self._world, self._world.now()
        state = world.desk.states["duty"]
        shifts = [one for one in state.shifts if one.end > now - BACK and one.start < now + AHEAD]
        current = shift_at(state, now)
        return DutyView(
            at=now,
            posts=[self._post(post, state.posts.get(post), current, by) for post in POSTS],
            matters=[
                MatterView(
                    alert=record.alert,
                    headline=record.message.headline,
                    level=record.message.level,
                    kind=record.message.kind,
                    phase=PHASES[record.phase],
                )
                for record in open_alerts(world.desk.states)
            ],
            unread=list(self._unread(world.desk.states)),
            shifts=[self._shift(one) for one in shifts],
            roster_csv=self._csv([one for one in state.shifts if one.end > now]),
        )

    def _post(self, post: Post, held: Holding | None, current: tuple[Shift, ...], by: Operator) -> PostView:
        offer = held.offer if held is not None else None
        return PostView(
            post=post,
            name=POST_NAMES[post],
            person=self._ref(held.operator) if held is not None else None,
            since=held.since if held is not None else None,
            offer=OfferView(person=self._ref(offer.operator), at=offer.at, seen=list(offer.seen))
            if offer is not None
            else None,
            rostered=[self._ref(who) for shift in current for who in shift.people(post)],
            mine=held is not None and held.operator == by.id,
            may_take="duty" in rights_of(by.roles) and bool(by.roles & MAY_HOLD[post]),
        )

    def _shift(self, shift: Shift) -> ShiftView:
        return ShiftView(
            day=shift.day,
            name=shift.name,
            start=shift.start,
            end=shift.end,
            posts={post: [self._ref(who) for who in shift.people(post)] for post in POSTS},
        )

    def _csv(self, shifts: list[Shift]) -> str:
        tz = self._world.settings.station.timezone
        rows = [
            ",".join(
                (
                    one.day,
                    one.name,
                    local_text(one.start, tz)[:5],
                    local_text(one.end, tz)[:5],
                    *("+".join(one.people(post)) for post in POSTS),
                )
            )
            for one in shifts
        ]
        return "\n".join([",".join(COLUMNS), *rows]) + "\n"

    def _ref(self, operator: str) -> PersonRef:
        return PersonRef(operator=operator, name=self._world.person(operator))

    # -- a day ----------------------------------------------------------------------------------

    def day(self, args: dict[str, Any], by: Operator) -> DutyDayView:
        """The page of one broadcast day (YYYY-MM-DD; today's when none is named); `mine` of station.sight_plant cuts it."""
        station = self._world.settings.station
        day = str(args.get("day") or broadcast_day(self._world.now(), station.timezone, station.day_start))
        start, end = day_bounds(day, station.timezone, station.day_start)
        rows = [row for row in self._rows(start, end) if _entered(row, args.get("mine"))]
        headlines = self._headlines(rows)
        counts = self._counts(start, end)
        return DutyDayView(
            day=day,
            start=start,
            end=end,
            entries=[self._entry(row, headlines) for row in rows[:ENTRIES_AT_MOST]],
            counts=counts,
            complete=len(rows) <= ENTRIES_AT_MOST,
        )

    def _rows(self, start: Instant, end: Instant) -> list[Any]:
        t = store.journal.c
        entered = sa.or_(*(t.kind.startswith(one, autoescape=True) for one in ENTERED))
        asked = (
            sa.select(t.position, t.at, t.by, t.kind, t.body)
            .where(t.at >= start, t.at < end, entered)
            .order_by(t.position)
            .limit(ENTRIES_AT_MOST + 1)
        )
        with store.reading(self._reader) as connection:
            return list(connection.execute(asked).all())

    def _counts(self, start: Instant, end: Instant) -> dict[str, int]:
        t = store.journal.c
        asked = sa.select(t.kind, sa.func.count()).where(t.at >= start, t.at < end).group_by(t.kind)
        with store.reading(self._reader) as connection:
            found = {kind.partition("/")[0]: count for kind, count in connection.execute(asked).all()}
        return {name: found.get(kind, 0) for name, kind in COUNTED.items()}

    def _headlines(self, rows: list[Any]) -> dict[str, str]:
        """Alert ids among the rows and what the alerts are called."""
        ids = {json.loads(row.body).get("alert") for row in rows if row.kind.startswith("alert.")} - {
            "",
            None,
        }
        book = self._world.book
        known = {alert: book[alert].message.headline for alert in ids if alert in book}
        missing = [alert for alert in ids if alert not in known]
        asked = sa.select(projections.alerts.c.body).where(projections.alerts.c.id.in_(missing))
        with store.reading(self._reader) as connection:
            found = [projections.row_of(body) for body in connection.execute(asked).scalars()]
        return {**known, **{row.id: row.message.headline for row in found}}

    def _entry(self, row: Any, headlines: dict[str, str]) -> DutyEntry:
        kind, body = newest(row.kind, json.loads(row.body))
        said = sentence(kind, body, row.by, self._world)
        title = headlines.get(str(body.get("alert", "")), "")
        if kind.startswith("duty.noted"):
            said = Text(body["text"], body["text"])
        elif title and title not in said.zh:  # the book has it no more
            alert = body["alert"]
            said = Text(said.en.replace(alert, title), said.zh.replace(alert, title))
        return DutyEntry(
            position=row.position,
            at=row.at,
            by=self._ref(row.by),
            kind=kind,
            text=said,
            note=str(body.get("note", "")) if kind.startswith("duty.noted") else "",
            corrects=str(body.get("corrects", "")) if kind.startswith("duty.noted") else "",
        )


def _entered(row: Any, mine: Any) -> bool:
    """Whether a line is shown; only the station itself can give a function here."""
    return not callable(mine) or bool(mine(row.kind, json.loads(row.body), row.by))
