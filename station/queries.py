"""Answers to the panel's questions, as views. Reads the world and the projections' tables; changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import sqlalchemy as sa

from emergency import views as alert_views
from emergency.events import all_events
from emergency.table import OPEN
from station import (
    alarm_brief,
    asrun_merge,
    held_queries,
    mute_queries,
    plant_brief,
    projections,
    shown,
    store,
    yielding,
)
from station import journal as journals
from station.alert_book import AlertRow
from station.rules import muted_everywhere
from station.sentences import journal_view
from station.signing_queries import may_sign
from station.views import AlertView, ChannelView, CountsView, OverviewView, TerminalView
from station.words import AreaCode, Instant, Operator, Refused, Text
from station.world import World

MOST = 500


class Queries:
    """`ask(name, args, operator)`; every query of docs/control-protocol.md is a method."""

    def __init__(
        self, world: World, reader: sa.Engine, extras: dict[str, Callable[..., Any]] | None = None
    ) -> None:
        self._world = world
        self._reader = reader
        self._areas: list[dict[str, Any]] = []
        self._table: dict[str, Callable[[dict[str, Any], Operator], Any]] = {
            "overview": lambda args, by: self.overview(by),
            "alerts": self.alerts,
            "alert": self.alert,
            "mutes": lambda args, by: mute_queries.in_force(world),
            "templates": lambda args, by: self.templates(),
            "areas": lambda args, by: self.areas(),
            "events": lambda args, by: all_events(),
            "terminals": self.terminals,
            "map": lambda args, by: self.map(),
            "asrun": self.asrun,
            "journal": self.journal,
            "people": lambda args, by: self.people(),
            "audio": self.audio,
            "why": self.why,
            **(extras or {}),
        }

    def learn(self, table: dict[str, Callable[[dict[str, Any], Operator], Any]]) -> None:
        """Questions that are answered out of these answers."""
        self._table.update(table)

    def ask(self, name: str, args: dict[str, Any], by: Operator) -> Any:
        """The answer; raises Refused for a question nobody knows or that has no answer."""
        query = self._table.get(name)
        if query is None:
            raise Refused(f"there is no query {name}", f"没有查询 {name}", code="misheard")
        return query(args, by)

    # -- on air ---------------------------------------------------------------------------------

    def overview(self, by: Operator | None = None) -> OverviewView:
        """The On air page."""
        world, now = self._world, self._world.now()
        rows = list(world.book.values())
        sounding_ids = [sounding.alert for sounding in world.soundings()]
        sounding = [self._alert(world.book[alert], by) for alert in sounding_ids if alert in world.book]
        records = world.desk.states["emergency"].alerts
        waiting = [
            self._alert(row, by) for row in rows if row.id in records and records[row.id].phase in OPEN
        ]
        channels = [self._channel(section.id) for section in world.settings.channels]
        overdue = sum(1 for row in rows if row.overdue)
        mutes = mute_queries.in_force(world)
        power = plant_brief.power(world)
        matters = shown.Matters(sounding, waiting, power, mutes=len(mutes), overdue=overdue)
        tone, sentence = shown.sentence(channels, matters, now)
        if world.held.before:
            tone, sentence = "bad", shown.held_text(world.held.before, len(world.held.clips))
        station = world.settings.station
        return OverviewView(
            at=now,
            position=world.desk.position,
            station=Text(station.name_en, station.name_zh),
            tone=tone,
            sentence=sentence,
            channels=channels,
            sounding=sounding,
            waiting=waiting,
            mutes=mutes,
            unexplained=mute_queries.unexplained(world),
            terminals_online=world.fleet.online,
            terminals_registered=len(world.fleet.registry),
            overdue=overdue,
            alarms=alarm_brief.brief(world),
            held=held_queries.brief(world),
            power=power,
            relays=world.relays.views(world),
        )

    def _channel(self, channel: Any) -> ChannelView:
        world = self._world
        section = world.settings.channel(channel)
        view = shown.channel_view(
            channel,
            Text(section.name_en, section.name_zh),
            world.plans.get(channel),
            world.playing.get(channel),
            world.measured.get(channel),
            world.now(),
            missing=world.missing,
            titles={row.id: row.message.headline for row in world.book.values()},
            muted=any(channel in mute.channels for mute in world.mutes()),
        )
        return attrs.evolve(
            view,
            raster=section.raster,
            carriers=plant_brief.carriers(world, channel),
            players=world.twins.lines(world.settings, section.chain),
            ladder=world.ladder.of(channel, section.chain),
            outputs=world.outputs.views(section),
        )

    # -- alerts ---------------------------------------------------------------------------------

    def alerts(self, args: dict[str, Any], by: Operator) -> list[AlertView]:
        """Newest first; `open` only those that are not over."""
        t = projections.alerts.c
        asked = sa.select(t.body).order_by(t.submitted_at.desc()).limit(_limit(args))
        if args.get("open"):
            asked = asked.where(t.open.is_(True))
        with store.reading(self._reader) as connection:
            bodies = connection.execute(asked).scalars().all()
        return [self._alert(projections.row_of(body), by) for body in bodies]

    def alert(self, args: dict[str, Any], by: Operator) -> AlertView:
        """One alert."""
        return self._alert(self._row(str(args.get("id", ""))), by)

    def _row(self, alert: str) -> AlertRow:
        held = self._world.book.get(alert)
        if held is not None:
            return held
        with store.reading(self._reader) as connection:
            asked = sa.select(projections.alerts.c.body).where(projections.alerts.c.id == alert)
            body = connection.execute(asked).scalar()
        if body is None:
            raise Refused(f"there is no alert {alert}", f"没有预警 {alert}", code="missing")
        return projections.row_of(body)

    def _alert(self, row: AlertRow, by: Operator | None) -> AlertView:
        world = self._world
        record = world.desk.states["emergency"].alerts.get(row.id)
        counts = world.fleet.counts(row.id)
        live = counts.addressed > 0
        reach = world.reach(row.message.areas)
        facts = shown.AlertFacts(
            phase=record.phase if record is not None else row.ended_how,
            text=alert_views.spoken_text(row.message, during_drill=record.during_drill if record else False),
            may_sign=by is not None and record is not None and may_sign(record, by),
            owed_left=_owed(record),
            owed_until=alert_views.owed_until(record, world.policy) if record is not None else None,
            villages=reach.villages,
            terminals=reach.terminals,
            unreachable=reach.unreachable,
            counts=CountsView(
                addressed=counts.addressed if live else reach.terminals,
                ordered=counts.ordered if live else row.counts.ordered,
                acknowledged=counts.acknowledged if live else row.counts.acknowledged,
                playing=counts.playing if live else 0,
                heard=counts.heard if live else row.counts.heard,
                offline=counts.offline if live else reach.terminals - reach.online(world.fleet),
            ),
            muted=muted_everywhere(row.id, row.message.areas, world.mutes()),
            covered=record is not None and record.phase == "sounding" and record.covered,
            waits=yielding.waiting(row.id, world.overlays, world.settings, world.now()),
            ends=alert_views.finish_at(record, world.policy) if record is not None else None,
            again=alert_views.again_at(record) if record is not None else None,
            silences=mute_queries.on_alert(world, row),
        )
        return shown.alert_view(row, facts, world)

    def templates(self) -> list[dict[str, Any]]:
        """All templates, reviewed, waiting and refused."""
        state = self._world.desk.states["emergency"]
        found = []
        for name, table in (("reviewed", state.templates), ("waiting", state.proposals)):
            for record in table.values():
                found.append(
                    {
                        "id": record.template,
                        "body": record.body,
                        "state": "rejected" if record.rejected_by else name,
                        "content": record.content,
                        "signatures": [signature.by for signature in record.signatures],
                        "by": record.by,
                    }
                )
        return found

    # -- areas and terminals --------------------------------------------------------------------

    def areas(self) -> list[dict[str, Any]]:
        """Every area of the station, with pinyin and the number of its terminals; made once, as neither changes."""
        if not self._areas:
            self._areas = self._all_areas()
        return self._areas

    def _all_areas(self) -> list[dict[str, Any]]:
        world = self._world
        home = world.settings.station.area
        inside = {home, *world.tree.inside(home)}
        return [
            {
                "code": found.code,
                "name": found.name,
                "level": found.level,
                "pinyin": found.pinyin,
                "initials": found.initials,
                "terminals": int(world.fleet.registry.members((found.code,)).sum()),
            }
            for found in world.tree.all()
            if found.code in inside
        ]

    def terminals(self, args: dict[str, Any], by: Operator) -> dict[str, Any]:
        """A page of terminals, filtered by area and state."""
        world = self._world
        mask = world.fleet.registry.nobody() | True
        if args.get("area"):
            mask = world.fleet.registry.members((world.tree.known(str(args["area"])),))
        if args.get("within"):  # the areas of an account that answers for a part (station.sight)
            mask &= world.fleet.registry.members(args["within"])
        rows = world.fleet.terminals(int(n) for n in mask.nonzero()[0])
        state = args.get("state")
        kept = [row for row in rows if not state or _state(row) == state]
        offset = max(0, int(args.get("offset", 0)))
        return {
            "total": len(kept),
            "rows": [self._terminal(row) for row in kept[offset : offset + _limit(args)]],
        }

    def _terminal(self, row: Any) -> TerminalView:
        terminal = row.terminal
        return TerminalView(
            code=terminal.code,
            name=terminal.name,
            area=terminal.area,
            area_name=self._world.area(terminal.area),
            longitude=terminal.longitude,
            latitude=terminal.latitude,
            online=row.online,
            last_seen=row.last_seen,
            playing=row.playing,
            acknowledged=row.acknowledged,
            heard=row.heard,
            volume=row.volume,
        )

    def map(self) -> dict[str, Any]:
        """Every terminal as [code, longitude, latitude, state, area], coordinates in millionths of a degree."""
        rows = self._world.fleet.terminals()
        return {
            "points": [
                [one.code, one.longitude, one.latitude, _state(row), one.area]
                for row in rows
                for one in (row.terminal,)
            ]
        }

    def why(self, args: dict[str, Any], by: Operator) -> dict[str, Any]:
        """Why a terminal or a channel sounds: in words, with the alert."""
        world, code = self._world, str(args.get("code", ""))
        number = world.fleet.registry.number(code)
        if number is not None:
            alert = world.fleet.terminals([number])[0].playing
        else:
            overlay = (
                world.playing[world.channel(code).id].overlay
                if world.channel(code).id in world.playing
                else ""
            )
            alert = overlay.partition("/")[0]
        if not alert:
            return {"alert": None, "text": Text("no alert sounds there", "该处没有预警在响")}
        if alert not in world.book:
            return {
                "alert": None,
                "text": Text(f"it plays {alert}, which is NOT ours", f"正在播放 {alert},不是本台发出的"),
            }
        return {"alert": alert, "text": shown.why_text(world.book[alert], world)}

    # -- records --------------------------------------------------------------------------------

    def asrun(self, args: dict[str, Any], by: Operator) -> list[Any]:
        """What was aired between two instants (µs)."""
        t = projections.asrun.c
        first, last = int(args.get("from", 0)) * 6 // 125, int(args.get("to", 2**50)) * 6 // 125
        asked = (
            sa.select(projections.asrun)
            .where(
                t.channel == str(args.get("channel", "")),
                t.start < last,
                sa.or_(t.end.is_(None), t.end > first),
            )
            .order_by(t.start.desc())
            .limit(2 * _limit(args))  # the two of a pair each wrote it
        )
        with store.reading(self._reader) as connection:
            rows = [dict(row) for row in connection.execute(asked).mappings()]
        return [shown.asrun_view(row) for row in asrun_merge.merged(rows)[-_limit(args) :]]

    def journal(self, args: dict[str, Any], by: Operator) -> list[Any]:
        """Records, newest first; before a position, of a kind, by somebody."""
        t = store.journal.c
        asked = sa.select(store.journal).order_by(t.position.desc()).limit(_limit(args))
        if args.get("before"):
            asked = asked.where(t.position < int(args["before"]))
        if args.get("kind"):
            asked = asked.where(t.kind.startswith(str(args["kind"]), autoescape=True))
        if args.get("by"):
            asked = asked.where(t.by == str(args["by"]))
        with store.reading(self._reader) as connection:
            rows = connection.execute(asked).mappings().all()
        return [journal_view(journals.Record(**dict(row)), self._world) for row in rows]

    def people(self) -> list[dict[str, Any]]:
        """Accounts, without secrets."""
        return [
            {
                "operator": one.id,
                "name": one.name,
                "roles": list(one.roles),
                "areas": list(one.areas),
                "active": one.active,
            }
            for one in self._world.people.accounts()
        ]

    def audio(self, args: dict[str, Any], by: Operator) -> dict[str, str]:
        """Where the house file of a medium lies, for hearing it before it is sent."""
        sha256 = str(args.get("sha256", ""))
        path = self._world.places.medium(sha256) if len(sha256) == 64 and sha256.isalnum() else None
        if path is None or not path.exists():
            raise Refused("there is no such sound", "没有这段声音", code="missing")
        return {"path": str(path)}


def _owed(record: Any) -> int:
    """Signatures that are owed after air: those left, or, before air, those that will be."""
    if record is None:
        return 0
    return int(record.owed if record.since is None and record.phase in OPEN else record.owing)


def _limit(args: dict[str, Any]) -> int:
    return max(1, min(MOST, int(args.get("limit", 100))))


def _state(row: Any) -> str:
    if not row.online:
        return "offline"
    if row.heard:
        return "heard"
    return "playing" if row.playing else "online"


def instant_or(value: Any, otherwise: Instant) -> Instant:
    """An instant from a question's argument."""
    return otherwise if value is None else Instant(int(value))


def known_areas(codes: Any) -> tuple[AreaCode, ...]:
    """Area codes from a question's argument."""
    return tuple(AreaCode(str(code)) for code in codes or ())
