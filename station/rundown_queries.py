"""Answers about rundowns: a day's takes, what waits for a review, and what for a key. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from playout import planning
from playout.inserting import Prepared, When, insert
from playout.sheets import Sheet
from schedules.calendar import broadcast_day, day_bounds
from station import shown
from station.reviews import may_sign
from station.words import ChannelId, Operator, Refused, Text, sample_at
from station.world import World


class RundownQueries:
    """`rundown`, `rundowns`, `withdrawn` and `prepared` of docs/control-protocol.md."""

    def __init__(self, world: World, policy: planning.Policy) -> None:
        self._world = world
        self._policy = policy

    def table(self) -> dict[str, Callable[[dict[str, Any], Operator], Any]]:
        """The queries by name."""
        return {
            "rundown": self.rundown,
            "rundowns": self.rundowns,
            "withdrawn": self.withdrawn,
            "prepared": self.prepared,
        }

    def rundown(self, args: dict[str, Any], by: Operator) -> dict[str, Any]:
        """One day of one channel as it stands in the plan, with the state of its sheet."""
        world = self._world
        section = world.channel(str(args.get("channel", "")))
        station = world.settings.station
        day = str(args.get("day") or broadcast_day(world.now(), station.timezone, station.day_start))
        first, last = day_bounds(day, station.timezone, station.day_start)
        plan = world.plans.get(section.id)
        takes = plan.takes if plan is not None else ()
        sheets = [s for s in world.desk.states["playout"].sheets if (s.channel, s.day) == (section.id, day)]
        newest = sheets[-1] if sheets else None
        return {
            "channel": section.id,
            "day": day,
            "state": newest.phase if newest else "none",
            "content": newest.content if newest else None,
            "signatures": [signature.by for signature in newest.signatures] if newest else [],
            "takes": [
                shown.take_view(take, world.missing)
                for take in takes
                if take.end > sample_at(first) and take.start < sample_at(last)
            ],
            "warnings": list(plan.warnings) if plan is not None else [],
        }

    def rundowns(self, args: dict[str, Any], by: Operator) -> list[dict[str, Any]]:
        """Every sheet that waits or is approved, without its CSV; `may_sign`: it waits, its day is not over, and a signature of who asks would count."""
        world, station = self._world, self._world.settings.station
        today = broadcast_day(world.now(), station.timezone, station.day_start)
        signs = world.people.may(by, "sign")
        return [
            {
                **_summary(sheet),
                "channel_name": world.channel_name(sheet.channel),
                "needed": self._policy.signatures,
                "may_sign": signs and sheet.day >= today and _counts(sheet, by),
            }
            for sheet in world.desk.states["playout"].sheets
        ]

    def prepared(self, args: dict[str, Any], by: Operator) -> list[dict[str, Any]]:
        """What waits for a key on a channel today: `length` in µs; why a key would be refused now, or as the next item, is said by the rule that refuses."""
        channel = self._world.channel(str(args.get("channel", ""))).id
        state, now = self._world.desk.states["playout"], self._world.now()
        return [
            {
                "item": one.item.id,
                "title": one.item.title,
                "category": one.item.category,
                "length": _length(one.samples or 0),
                "now": self._why_not(channel, one, "now", by),
                "next": self._why_not(channel, one, "next", by),
            }
            for one in planning.prepared_now(state, channel, now, self._policy)
            if one.medium is None or one.medium.sha256 not in self._policy.studios  # those are opened: `live`
        ]

    def _why_not(self, channel: ChannelId, asked: Prepared, when: When, by: Operator) -> Text | None:
        """By the plan that runs: it is not made anew for a question."""
        plan, frame = self._world.plans.get(channel), planning.frame_of_channel(self._policy, channel)
        if plan is None:
            return Text("there is no plan yet", "尚无播出计划")
        try:
            insert(asked, when, channel, plan, self._world.now(), by, frame)
        except Refused as refused:
            return refused.text
        return None

    def withdrawn(self, args: dict[str, Any], by: Operator) -> list[dict[str, Any]]:
        """Media that nobody may hear or see now, the newest first."""
        held = self._world.desk.states["playout"].withdrawn
        return [{**attrs.asdict(one), "by_name": self._world.person(one.by)} for one in reversed(held)]


def _length(samples: int) -> int:
    return -(-samples * 125 // 6)


def _counts(sheet: Sheet, by: Operator) -> bool:
    waits = sheet.phase == "waiting"
    return waits and may_sign(sheet.signatures, sheet.by, by.id, sheet.content, sheet.content)


def _summary(sheet: Sheet) -> dict[str, Any]:
    return {
        "channel": sheet.channel,
        "day": sheet.day,
        "state": sheet.phase,
        "content": sheet.content,
        "by": sheet.by,
        "signatures": [signature.by for signature in sheet.signatures],
    }
