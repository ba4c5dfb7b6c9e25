"""Decides about an operator's deeds while a plan runs: take, hold, skip, cue, back. Knows the plan that runs; knows no file, no player, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from playout.messages import AirEdited, BackToPlan, CueItem, HoldNext, SkipItem, TakeNext
from schedules.edits import Edit, Verb, inserted, to_come
from schedules.grid import next_on_grid
from schedules.plan import Plan, Take
from schedules.render import take_at
from station.words import SAMPLE_RATE, Command, Instant, Operator, Refused, sample_at

VERBS: Final[dict[type[Command], Verb]] = {
    TakeNext: "take", HoldNext: "hold", SkipItem: "skip", CueItem: "cue", BackToPlan: "back",
}  # fmt: skip
LEAD: Final = SAMPLE_RATE  # from the deed to what is heard of it: players have it and have decoded by then
MOST: Final = 500  # edits of one channel at a time


Deed = TakeNext | HoldNext | SkipItem | CueItem | BackToPlan


def edit(
    command: Deed, plan: Plan, edits: Sequence[Edit], now: Instant, by: Operator, grid: int
) -> AirEdited:
    """What an operator's command does to a channel. `plan`: as it would run without `edits`, those of before. Raises Refused."""
    bounded(edits)
    at = next_on_grid(sample_at(now) + LEAD, grid)
    asked = command.take if isinstance(command, (SkipItem, CueItem)) else ""
    verb, queue = VERBS[type(command)], to_come(plan, edits, at)
    lies = inserted(plan, edits, at, verb)
    ahead = lies if lies is not None and lies.start > at else None
    if verb == "cue" and ahead is not None and asked == ahead.id:
        raise Refused(f"“{ahead.title}” is next already.", f"《{ahead.title}》已是下一条。", code="already")
    if verb == "back" or (verb == "take" and lies is not None and ahead is None):
        title = take_at(plan, at).title
    else:
        first = (ahead,) if ahead is not None and verb in ("take", "skip") else ()
        title = _concerned(asked, (*first, *queue)).title
    return AirEdited(channel=command.channel, verb=verb, at=at, take=asked, title=title, by=by.id)


def bounded(edits: Sequence[Edit]) -> None:
    """Raise Refused where a channel was changed by hand too often."""
    if len(edits) >= MOST:
        raise Refused(
            f"{MOST} changes by hand are more than one channel takes in thirty hours; submit another rundown.",
            f"三十小时内手动改动已达 {MOST} 次,请改报节目单。",
        )


def _concerned(asked: str, queue: tuple[Take, ...]) -> Take:
    """The item that begins, waits, is left out or comes next; `asked` is its id, or empty for the first."""
    if not queue:
        raise Refused(
            "Nothing is to come before the next planned start.",
            "下一个预定开始时刻之前没有待播节目。",
            code="nothing",
        )
    found = next((take for take in queue if asked in ("", take.id)), None)
    if found is None:
        raise Refused(
            "That item is not to come before the next planned start; look again.",
            "该条目不在下一个预定开始时刻之前的待播之列,请刷新后再试。",
            code="gone",
        )
    return found


__all__ = ["LEAD", "MOST", "VERBS", "Deed", "bounded", "edit"]
