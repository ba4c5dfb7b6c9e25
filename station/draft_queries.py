"""Answers for the Rundown page: a day's versions side by side, a draft looked at, what comes if nobody acts, the media there are. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from playout import drafting, planning
from playout.sheets import Sheet, sheet
from schedules.calendar import add_days, broadcast_day, day_bounds
from schedules.outlook import Stretch, outlook
from schedules.plan import Take
from station.reviews import check_signature
from station.words import SAMPLE_RATE, ChannelId, Instant, Operator, Refused, Text, sample_at
from station.world import World

MOST_CSV = 1 << 20


class DraftQueries:
    """`rundown_sheet`, `rundown_check` and `media` of docs/control-protocol.md."""

    def __init__(self, world: World, policy: planning.Policy) -> None:
        self._world = world
        self._policy = policy

    def table(self) -> dict[str, Callable[[dict[str, Any], Operator], Any]]:
        """The queries by name."""
        return {"rundown_sheet": self.sheet, "rundown_check": self.check, "media": self.media}

    # -- one day --------------------------------------------------------------------------------

    def sheet(self, args: dict[str, Any], by: Operator) -> dict[str, Any]:
        """A day of a channel: the approved and the waiting version with their lines, and what comes if nobody acts."""
        channel, day = self._asked(args)
        now, policy = self._world.now(), self._policy
        begins, ends = day_bounds(day, policy.tz, policy.day_start)
        return {
            "channel": channel,
            "day": day,
            "today": broadcast_day(now, policy.tz, policy.day_start),
            "at": now,
            "begins": begins,
            "ends": ends,
            "lock_s": policy.lock // SAMPLE_RATE,
            "lock_until": drafting.lock_until(now, policy),
            "needed": policy.signatures,
            "approved": self._approved(channel, day, now),
            "waiting": self._waiting(channel, day, now, by),
            "rejected": self._rejected(channel, day),
            "ahead": self._ahead(channel, day, max(now, begins), ends),
            "idle": self._idle(channel, day),
        }

    def _asked(self, args: dict[str, Any]) -> tuple[ChannelId, str]:
        section = self._world.channel(str(args.get("channel", "")))
        today = broadcast_day(self._world.now(), self._policy.tz, self._policy.day_start)
        return section.id, add_days(str(args.get("day") or today), 0)

    def _state(self) -> planning.State:
        state: planning.State = self._world.desk.states["playout"]
        return state

    def _approved(self, channel: ChannelId, day: str, now: Instant) -> dict[str, Any] | None:
        held = sheet(self._state(), channel, day, "approved")
        if held is None:
            return None
        lines = drafting.approved_lines(self._state(), channel, day, now, self._policy)
        gaps = drafting.gaps(planning.day_takes(held, self._policy))
        return {**self._named(held), "lines": lines, "gaps": gaps}

    def _waiting(self, channel: ChannelId, day: str, now: Instant, by: Operator) -> dict[str, Any] | None:
        held = sheet(self._state(), channel, day, "waiting")
        if held is None:
            return None
        found = drafting.look(self._state(), channel, day, held.csv, now, self._policy)
        why = _not_by(held, by)
        return {
            **self._named(held),
            "lines": found.lines,
            "gaps": found.gaps,
            "changes": found.changes,
            "locked": found.locked,
            "opens": found.opens,
            "closes": found.closes,
            "closes_why": found.closes_why,
            "may_sign": why is None and "sign" in self._rights(by),
            "why_not": why,
        }

    def _rejected(self, channel: ChannelId, day: str) -> dict[str, Any] | None:
        held = sheet(self._state(), channel, day, "rejected")
        return {**self._named(held), "reason": held.reason} if held is not None else None

    def _named(self, held: Sheet) -> dict[str, Any]:
        person = self._world.person
        return {
            "content": held.content,
            "by": held.by,
            "by_name": person(held.by),
            "signatures": [{"by": one.by, "name": person(one.by)} for one in held.signatures],
        }

    def _rights(self, by: Operator) -> frozenset[str]:
        people = self._world.people
        return frozenset(right for right in ("sign", "edit") if people.may(by, right))

    # -- if nobody acts -------------------------------------------------------------------------

    def _ahead(self, channel: ChannelId, day: str, start: Instant, end: Instant) -> tuple[Stretch, ...]:
        if start >= end:
            return ()
        takes = self._takes(channel, day, end)
        return outlook(takes, sample_at(start), sample_at(end), self._world.missing)

    def _takes(self, channel: ChannelId, day: str, end: Instant) -> Sequence[Take]:
        plan = self._world.foreseen(channel) or self._world.plans.get(channel)
        begins = sample_at(day_bounds(day, self._policy.tz, self._policy.day_start)[0])
        if plan is not None and plan.start <= begins and plan.end >= sample_at(end):
            return plan.takes
        held = sheet(self._state(), channel, day, "approved")
        return planning.day_takes(held, self._policy) if held is not None else ()

    def _idle(self, channel: ChannelId, day: str) -> Text | None:
        """Why the whole day is filler, if it is."""
        state = self._state()
        if sheet(state, channel, day, "approved") is not None:
            return None
        held = sheet(state, channel, day, "waiting")
        if held is None:
            return Text("No rundown of this day: filler throughout.", "当日没有节目单:全天播垫片。")
        given, needed = len(held.signatures), self._policy.signatures
        return Text(
            f"The rundown waits, {given} of {needed} signed: filler until it is approved.",
            f"节目单待审,已签 {given}/{needed}:批准之前播垫片。",
        )

    # -- drafts and media -----------------------------------------------------------------------

    def check(self, args: dict[str, Any], by: Operator) -> drafting.Draft:
        """How a day's CSV would come out if it were approved now; nothing of it is kept."""
        channel, day = self._asked(args)
        csv = args.get("csv")
        if not isinstance(csv, str) or len(csv) > MOST_CSV:
            raise Refused("the draft is no text, or too long", "草稿不是文本,或过长", code="misheard")
        return drafting.look(self._state(), channel, day, csv, self._world.now(), self._policy)

    def media(self, args: dict[str, Any], by: Operator) -> list[dict[str, Any]]:
        """Every approved medium by the shortest name a rundown may use; `length` in µs, 0 for a relay, which has none."""
        names: dict[str, str] = {}
        for name, medium in self._policy.media.items():
            known = names.get(medium.sha256)
            if name != medium.sha256 and (known is None or len(name) < len(known)):
                names[medium.sha256] = name
        return [
            {
                "name": name,
                "title": medium.title,
                "length": 0 if medium.live else -(-medium.samples * 125 // 6),
                "missing": self._world.missing(sha256),
            }
            for sha256, name in sorted(names.items(), key=lambda pair: pair[1])
            if (medium := self._policy.media[sha256])
        ]


def _not_by(held: Sheet, by: Operator) -> Text | None:
    """Why this operator may not put the next signature; None when he may."""
    try:
        check_signature(held.signatures, held.by, by.id, held.content, held.content)
    except Refused as refused:
        return refused.text
    return None
