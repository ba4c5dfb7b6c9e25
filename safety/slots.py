"""Slots of 100 ms: how marks of single slots settle into runs of states, and how runs fold, clip and join. Knows no audio, no clock, no channel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import attrs

from safety.messages import SLOT, STATES, SlotRun, SlotState
from station.words import SampleIndex

Sign = Literal[
    "good",  # what is due
    "pause",  # nothing heard because nothing audible is due
    "planned",  # approved off-air
    "unknown",  # not measured
    "degraded",  # what is due, damaged
    "silent",  # silence while programme is due
    "hush",  # silence while a relay is due: too short to be an outage, it may be what the relay brings
    "lost",  # no packet at all
    "black",  # a black picture while another is due
    "frozen",  # a picture that stands still while it ought to move
    "foreign",  # something that no approval covers
    "wrong",  # approved, but not due
    "empty",  # tone, loop
]

_SETTLED: dict[Sign, SlotState] = {
    "good": "NORMAL",
    "pause": "NORMAL",
    "planned": "PLANNED",
    "unknown": "UNKNOWN",
    "degraded": "DEGRADED",
}
_KIND: dict[Sign, SlotState] = {
    "silent": "OUTAGE",
    "hush": "OUTAGE",
    "lost": "OUTAGE",
    "black": "OUTAGE",
    "frozen": "OUTAGE",
    "foreign": "FOREIGN",
    "wrong": "WRONG",
    "empty": "EMPTY",
}
_SHORT: dict[Sign, SlotState] = {"hush": "UNKNOWN"}  # what did not last is otherwise DEGRADED
_BRIDGE = 10  # slots of pause or silence that do not end a spell of the same kind


@attrs.frozen(kw_only=True)
class Limits:
    """How long something must last to be called by its name; samples at 48 kHz."""

    silence: int = 144_000
    loss: int = 48_000
    foreign: int = 14_400
    wrong: int = 144_000
    black: int = 48_000
    freeze: int = 96_000


@attrs.frozen(kw_only=True)
class Mark:
    """What one slot looked like by itself. `bad` are the samples (48 kHz, absolute) at which the trouble begins and ends."""

    slot: int
    sign: Sign
    heard: str = ""
    due: str = ""
    cause: str = ""
    bad: tuple[int, int] | None = None

    @property
    def begins(self) -> int:
        """First sample of the trouble."""
        return self.slot * SLOT if self.bad is None else self.bad[0]

    @property
    def ends(self) -> int:
        """Sample after the trouble."""
        return self.slot * SLOT + SLOT if self.bad is None else self.bad[1]


@attrs.frozen(kw_only=True)
class Pending:
    """Marks that are not settled yet, and the trouble the last settled slot was in, if any."""

    marks: tuple[Mark, ...] = ()
    within: SlotState | None = None


def slot_of(sample: int) -> int:
    """The slot in which a sample (48 kHz, absolute) lies."""
    return sample // SLOT


def start_of(slot: int) -> SampleIndex:
    """The first sample of a slot."""
    return SampleIndex(slot * SLOT)


def worst(states: Iterable[SlotState]) -> SlotState:
    """The state that wins where several apply (design, section 2); NORMAL when there is none."""
    return min(states, key=STATES.index, default="NORMAL")


def settle(pending: Pending, marks: Iterable[Mark], limits: Limits) -> tuple[tuple[SlotRun, ...], Pending]:
    """Runs that are certain now, and what still depends on what comes. Slots must be contiguous with `pending`.

    Silence, loss, foreign and wrong material are named only once they exceed their limit, then from their first slot on.
    """
    return _settle(pending, marks, limits, final=False)


def close(pending: Pending, limits: Limits) -> tuple[SlotRun, ...]:
    """Settle everything left as it stands: the witness stops, or a gap follows."""
    return _settle(pending, (), limits, final=True)[0]


def _settle(
    pending: Pending, marks: Iterable[Mark], limits: Limits, *, final: bool
) -> tuple[tuple[SlotRun, ...], Pending]:
    left: tuple[Mark, ...] = (*pending.marks, *marks)
    within = pending.within
    runs: list[SlotRun] = []
    while left:
        if within is None:
            made, left, within = _begin(left, limits, final=final)
        else:
            made, left, within = _go_on(left, within, final=final)
        if made is None:
            break
        runs.extend(made)
    return fold(runs), Pending(marks=left, within=within)


_Step = tuple[list[SlotRun] | None, tuple[Mark, ...], SlotState | None]


def _begin(left: tuple[Mark, ...], limits: Limits, *, final: bool) -> _Step:
    """One step outside trouble: an ordinary slot, a spell that is certain, one that was too short, or wait (None)."""
    kind = _KIND.get(left[0].sign)
    if kind is None:
        return [_run(left[0], _SETTLED[left[0].sign])], left[1:], None
    length, ended = _spell(left, kind)
    if _certain(left[:length], kind, limits):
        return [_run(mark, kind) for mark in left[:length]], left[length:], kind
    if not ended and not final:
        return None, left, None
    core = next((i for i, mark in enumerate(left) if _KIND.get(mark.sign) != kind), len(left))
    return [_run(mark, _SHORT.get(mark.sign, "DEGRADED")) for mark in left[:core]], left[core:], None


def _go_on(left: tuple[Mark, ...], within: SlotState, *, final: bool) -> _Step:
    """One step inside trouble that has its name already: it goes on, is over, or wait (None)."""
    for i, mark in enumerate(left):
        if _KIND.get(mark.sign) == within:
            return [_run(m, within) for m in left[: i + 1]], left[i + 1 :], within
        if i >= _BRIDGE or not _weak(mark, within):
            return [], left, None
    return ([], left, None) if final else (None, left, within)


def _spell(left: Sequence[Mark], kind: SlotState) -> tuple[int, bool]:
    """How many marks belong to the spell that `left` begins with, and whether it is over."""
    last = 0
    for i, mark in enumerate(left):
        if _KIND.get(mark.sign) == kind:
            last = i
        elif i - last > _BRIDGE or not _weak(mark, kind):
            return last + 1, True
    return last + 1, False


def _weak(mark: Mark, kind: SlotState) -> bool:
    """Whether a mark neither confirms nor ends trouble of this kind: its own pauses."""
    return mark.sign == "pause" or (mark.sign == "silent" and kind != "OUTAGE")


def _certain(spell: Sequence[Mark], kind: SlotState, limits: Limits) -> bool:
    lasted = spell[-1].ends - spell[0].begins
    if kind == "OUTAGE":
        limit: dict[Sign, int] = {"lost": limits.loss, "black": limits.black, "frozen": limits.freeze}
        return lasted > limits.silence or any(_longest(spell, sign) > most for sign, most in limit.items())
    return lasted >= (limits.wrong if kind == "WRONG" else limits.foreign)


def _longest(spell: Sequence[Mark], sign: Sign) -> int:
    """The longest stretch of one sign; stretches that do not touch are several."""
    longest, since, until = 0, 0, -1
    for mark in spell:
        if mark.sign == sign:
            since = since if mark.begins == until else mark.begins
            until = mark.ends
            longest = max(longest, until - since)
    return longest


def _run(mark: Mark, state: SlotState) -> SlotRun:
    return SlotRun(
        first=mark.slot, last=mark.slot + 1, state=state, heard=mark.heard, due=mark.due, cause=mark.cause
    )


def fold(runs: Iterable[SlotRun]) -> tuple[SlotRun, ...]:
    """Neighbours that say the same become one run; empty ones vanish. Runs must be in order."""
    made: list[SlotRun] = []
    for run in runs:
        if run.last <= run.first:
            continue
        if made and made[-1].last == run.first and _same(made[-1], run):
            made[-1] = attrs.evolve(made[-1], last=run.last)
        else:
            made.append(run)
    return tuple(made)


def _same(a: SlotRun, b: SlotRun) -> bool:
    return (a.state, a.heard, a.due, a.cause) == (b.state, b.heard, b.due, b.cause)


def clip(runs: Iterable[SlotRun], first: int, last: int) -> tuple[SlotRun, ...]:
    """The part of `runs` that lies in slots `first` (included) to `last` (excluded)."""
    return fold(
        attrs.evolve(run, first=max(run.first, first), last=min(run.last, last))
        for run in runs
        if run.first < last and first < run.last
    )


def follow_on(known_until: int | None, runs: Iterable[SlotRun], *, cause: str = "") -> tuple[SlotRun, ...]:
    """`runs` as they continue what is known up to slot `known_until`: overlaps passed over, gaps UNKNOWN."""
    at = known_until
    made: list[SlotRun] = []
    for run in sorted(runs, key=lambda r: (r.first, r.last)):
        if at is not None and run.first > at:
            made.append(SlotRun(first=at, last=run.first, state="UNKNOWN", cause=cause))
        first = run.first if at is None else max(run.first, at)
        if run.last > first:
            made.append(attrs.evolve(run, first=first))
            at = run.last
    return fold(made)


def tile(runs: Iterable[SlotRun], first: int, last: int, *, cause: str = "") -> tuple[SlotRun, ...]:
    """Runs that cover slots `first` to `last` without gap or overlap; what nobody measured is UNKNOWN."""
    covered = follow_on(first, clip(runs, first, last), cause=cause)
    end = covered[-1].last if covered else first
    return fold((*covered, SlotRun(first=end, last=max(end, last), state="UNKNOWN", cause=cause)))
