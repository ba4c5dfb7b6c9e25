"""What an operator changed of a plan as it runs (take, hold, skip, cue, back, insert, extend, end), and what was decided after an alert: the plan that comes of it. Pure; the same edits of the same plan give the same takes.

An edit moves nothing beyond the next planned start, hard or soft: there the schedule is in its place again by itself. What
has no room before it is cut with a fade or left out, what is left open is filler; all that sounds was approved before.
What is inserted lies over all that (see `schedules.inserts`). A relay alone may be made longer: what was to come before the
next planned start follows it then; a planned start that is not hard it passes, and what it covers is joined in progress.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import attrs

from schedules.aftermath import Shift, shifted
from schedules.covers import Span, covered
from schedules.filling import filling
from schedules.handling import Handling
from schedules.inserts import dropped, ended, laid, movable, over, taken, without
from schedules.plan import Medium, Plan, Take
from schedules.relays import anchored, lives
from schedules.segue import CUT_FADE, clipped, in_progress, left
from station.words import SampleIndex, Sha256

Verb = Literal[
    "take", "hold", "skip", "cue", "back", "insert", "drop", "extend", "end", "dump", "resume", "restart", "leave"
]  # fmt: skip
AFTER: Final[frozenset[Verb]] = frozenset(("resume", "restart", "leave"))


@attrs.frozen(kw_only=True)
class Edit:
    """One deed of an operator. From sample `at` on: take: the next item begins; hold: after the item on air filler stands
    until the next take or planned start; skip: `take` is left out; cue: `take` is next; back: the plan as it was, joined in progress;
    insert: `lies` lies over it; drop: what was inserted of medium `take` was withdrawn, or the session of approval `take` closed, and is over; dump: until sample
    `until` filler stands wherever medium `take` would be heard.
    extend: the item on air ends at sample `until`, instead of `was`; end: it ends now, and the next begins or filler stands.
    After an alert that is over at `at`, no operator's deed (see `schedules.aftermath`): resume, restart: `lies` goes on, or begins anew; leave:
    what it was is left out; then what was to begin at `ends` or later; nothing moves from `until` on. The item was cut at `was`."""

    verb: Verb
    at: SampleIndex
    take: str = ""  # the id of an item as it stands before the edit, for skip and cue; for drop a medium, or a session's approval
    lies: Take | None = None  # a prepared item in its place, for insert
    until: int = 0  # for extend, dump and what follows an alert
    was: int = 0
    ends: int = 0


@attrs.frozen
class _Cut:
    """Takes around an edit: before, on air, the items up to the next planned start at `limit`, and the rest."""

    before: tuple[Take, ...]
    on_air: Take
    queue: tuple[Take, ...]
    limit: int
    rest: tuple[Take, ...]


@attrs.define
class _Desk:
    """Takes as they are by now, what lies over them, what a hold keeps waiting until `limit`, and what was thrown away."""

    takes: tuple[Take, ...]
    layer: tuple[Take, ...] = ()
    waiting: tuple[Take, ...] = ()
    limit: int = 0
    passed: tuple[str, tuple[Take, ...]] = (
        "",
        (),
    )  # the item that was extended over a planned start, and the takes before that
    thrown: tuple[Span, ...] = ()  # of live sources


def edited(
    plan: Plan,
    edits: Sequence[Edit],
    grid: int,
    handlings: Mapping[Sha256, Handling],
    media: Mapping[str, Medium] | None = None,
) -> Plan:
    """The plan after all edits, in their order; `grid` and `handlings`: see `schedules.timeline.Frame`. Edits outside it change nothing.

    `media`: approved media by SHA-256. What was inserted and is in neither it nor the plan, or is withdrawn, does not lie there any more.
    """
    desk = _run(plan, edits, grid, handlings)
    known = {medium.sha256: medium for medium in (*(media or {}).values(), *plan.media)}
    filler = _filler(plan, grid, handlings)
    heard = [
        part
        for take in desk.takes
        for part in ((take,) if _there(take, plan, known) else filler.over(take.start, take.end))
    ]
    layer = [take for take in desk.layer if _there(take, plan, known)]
    takes = covered(laid(heard, layer), desk.thrown, filler.over)
    if takes == plan.takes:
        return plan
    used = {medium.sha256 for medium in plan.media} | {take.media for take in takes}
    named = tuple(known[sha256] for sha256 in sorted(known) if sha256 in used)
    return attrs.evolve(plan, takes=anchored(clipped(takes), named), media=named)


def _there(take: Take, plan: Plan, known: Mapping[Sha256, Medium]) -> bool:
    """Whether what a take is of may be heard: an edit names what was approved when it was made."""
    return take.media is None or (take.media in known and take.media not in plan.withdrawn)


def beneath(
    plan: Plan, edits: Sequence[Edit], grid: int, handlings: Mapping[Sha256, Handling]
) -> tuple[Take, ...]:
    """The takes after all edits, without what was inserted."""
    return _run(plan, edits, grid, handlings).takes


def to_come(plan: Plan, edits: Sequence[Edit], at: int) -> tuple[Take, ...]:
    """The items that would follow the one on air at sample `at`, up to the next planned start, a hold's among them; beneath what was inserted."""
    desk = _run(plan, edits, 1, {})
    return _queue(desk, _cut(desk.takes, at), at)


def inserted(plan: Plan, edits: Sequence[Edit], at: int, verb: Verb = "skip") -> Take | None:
    """What was inserted and lies at sample `at`, else what is next to; for take: that it would end or begin."""
    layer = _run(plan, edits, 1, {}).layer
    return over(movable(layer, at) if verb == "take" else layer, at)


def _run(plan: Plan, edits: Sequence[Edit], grid: int, handlings: Mapping[Sha256, Handling]) -> _Desk:
    desk, filler, live = _Desk(takes=plan.takes), _filler(plan, grid, handlings), lives(plan.media)
    for edit in edits:
        if plan.start < edit.at < plan.end and edit.verb in AFTER:
            shift = Shift(at=edit.at, ends=edit.ends, until=edit.until, lies=edit.lies)
            desk.takes = shifted(desk.takes, shift, live, filler.over)
        elif plan.start < edit.at < plan.end:
            _apply(desk, edit, plan.takes, filler)
    return desk


def _filler(plan: Plan, grid: int, handlings: Mapping[Sha256, Handling]) -> _Filler:
    known = {medium.sha256: medium for medium in plan.media}
    named = (known[sha256] for sha256 in plan.filler if sha256 in known)
    return _Filler([medium for medium in named if medium.samples >= grid], handlings, grid)


def _above(desk: _Desk, edit: Edit) -> bool:
    """What an edit does to what lies over the schedule; whether that is all it does."""
    if edit.verb == "insert":
        desk.layer = (*desk.layer, edit.lies) if edit.lies is not None else desk.layer
        return True
    if edit.verb == "drop":
        desk.layer = without(desk.layer, edit.take, edit.at)
        return True
    if edit.verb == "dump":
        desk.thrown = (*desk.thrown, Span(media=Sha256(edit.take), at=edit.at, until=edit.until))
        return True
    if edit.verb == "take":
        desk.layer, done = taken(desk.layer, edit.at)
        return done
    if edit.verb == "skip":
        desk.layer, done = dropped(desk.layer, edit.take, edit.at)
        return done
    if edit.verb == "back":
        desk.layer = ended(desk.layer, edit.at)
    return False


def _queue(desk: _Desk, cut: _Cut, at: int) -> tuple[Take, ...]:
    waiting = desk.waiting if at < desk.limit else ()
    held = {take.item for take in waiting}
    return (*waiting, *(take for take in cut.queue if take.item not in held))


@attrs.frozen
class _Filler:
    media: Sequence[Medium]
    handlings: Mapping[Sha256, Handling]
    grid: int

    def over(self, start: int, until: int) -> tuple[Take, ...]:
        """Filler, or silence where there is none."""
        if start >= until:
            return ()
        if self.media:
            return filling(self.media, self.handlings, self.grid, SampleIndex(start), SampleIndex(until))
        return (
            Take(
                item="hold", start=SampleIndex(start), end=SampleIndex(until), kind="silence",
                title="空档 · nothing", approval="standing:silence",
            ),
        )  # fmt: skip


def _apply(desk: _Desk, edit: Edit, planned: tuple[Take, ...], filler: _Filler) -> None:
    if _above(desk, edit):
        return
    if edit.verb == "back":
        desk.takes, desk.waiting = _rejoined(desk.takes, planned, edit.at), ()
        return
    if edit.verb == "extend":
        desk.takes = _extended(desk, edit, filler)
        return
    cut = _cut(desk.takes, edit.at)
    name = cut.on_air.id
    if edit.verb == "end" or (edit.verb == "take" and name == desk.passed[0]):
        desk.takes = _ended(desk, name, edit.at, filler) if edit.take in ("", name) else desk.takes
        return
    queue = _queue(desk, cut, edit.at)
    on_air = left(cut.on_air, edit.at) if edit.verb == "take" and queue else (cut.on_air,)
    desk.waiting, desk.limit = (queue if edit.verb == "hold" else ()), cut.limit
    cursor = on_air[-1].end if on_air else edit.at
    laid = _laid(_ordered(queue, edit), cursor, cut.limit, filler)
    desk.takes = (*cut.before, *on_air, *laid, *cut.rest)
    if name == desk.passed[0]:
        desk.passed = _passed(desk, cursor)


def _passed(desk: _Desk, at: int) -> tuple[str, tuple[Take, ...]]:
    """An item that passed a planned start and ends at sample `at`, and the takes before that, after what follows it was
    changed; nothing where what would be joined in progress is not next any more: then the rest moves on whole."""
    name, takes = desk.passed
    after = tuple(take for take in desk.takes if take.start >= at)
    if not after:
        return name, takes
    cut = _cut(takes, at)
    joined = in_progress(cut.on_air, at) == after[0]
    return (name, (*cut.before, cut.on_air, *after[1:])) if joined else ("", ())


def _extended(desk: _Desk, edit: Edit, filler: _Filler) -> tuple[Take, ...]:
    """The item on air made longer, never over a hard start."""
    cut = _cut(desk.takes, edit.at)
    here = cut.on_air
    after = desk.takes[len(cut.before) + 1 :]
    until = min(edit.until, next((take.start for take in after if take.hard), desk.takes[-1].end))
    if here.id != edit.take or until <= here.end:
        return desk.takes
    longer = attrs.evolve(here, end=SampleIndex(until), tail=0)
    if desk.passed[0] != here.id:
        if until <= cut.limit:
            laid = _laid(_free(desk, cut, edit.at), until, cut.limit, filler)
            return (*cut.before, longer, *laid, *cut.rest)
        desk.passed = here.id, desk.takes
    beneath = (take for take in desk.passed[1] if take.start > here.start and take.end > until)
    return (*cut.before, longer, *(in_progress(take, max(until, take.start)) for take in beneath))


def _ended(desk: _Desk, name: str, at: int, filler: _Filler) -> tuple[Take, ...]:
    """The item on air, of that id, over at sample `at`; what it was extended over goes on as if that had never been."""
    takes = desk.takes
    if name == desk.passed[0]:
        takes = desk.passed[1]
        if _cut(takes, at).on_air.id != name:
            return _rejoined(desk.takes, takes, at)
    cut = _cut(takes, at)
    laid = _laid(_free(desk, cut, at), at, cut.limit, filler)
    return (*cut.before, *left(cut.on_air, at), *laid, *cut.rest)


def _free(desk: _Desk, cut: _Cut, at: int) -> tuple[Take, ...]:
    """What may begin before the next planned start: nothing while a hold lasts."""
    return () if desk.waiting and at < desk.limit else cut.queue


def _ordered(queue: tuple[Take, ...], edit: Edit) -> tuple[Take, ...]:
    if edit.verb == "hold":
        return ()
    chosen = tuple(take for take in queue if take.id == edit.take)
    others = tuple(take for take in queue if take.id != edit.take)
    return (*chosen, *others) if edit.verb == "cue" else others if edit.verb == "skip" else queue


def _cut(takes: Sequence[Take], at: int) -> _Cut:
    here = next(k for k, take in enumerate(takes) if take.end > at)
    after = next((k for k in range(here + 1, len(takes)) if takes[k].fixed), len(takes))
    queue = tuple(take for take in takes[here + 1 : after] if take.kind != "filler")
    limit = takes[after].start if after < len(takes) else takes[-1].end
    return _Cut(tuple(takes[:here]), takes[here], queue, limit, tuple(takes[after:]))


def _laid(queue: Sequence[Take], cursor: int, limit: int, filler: _Filler) -> tuple[Take, ...]:
    """The items one after the other from `cursor`, whole as long as there is room; then filler."""
    made: list[Take] = []
    for take in queue:
        end = min(cursor + take.end - take.start, limit)
        if end > cursor:
            made.append(_placed(take, cursor, end))
            cursor = end
    return (*made, *filler.over(cursor, limit))


def _placed(take: Take, start: int, end: int) -> Take:
    short = end - start < take.end - take.start
    moved = attrs.evolve(take, start=SampleIndex(start), end=SampleIndex(end))
    if not short:
        return moved
    fade = min(max(take.fade_out, CUT_FADE), end - start)
    return attrs.evolve(moved, tail=0, trimmed=True, fade_out=fade, fade_in=min(take.fade_in, end - start))


def _rejoined(takes: Sequence[Take], planned: Sequence[Take], at: int) -> tuple[Take, ...]:
    """`takes` up to sample `at`, and from there on what was planned, in progress."""
    here, there = _cut(takes, at), _cut(planned, at)
    if here.on_air == there.on_air:
        return (*here.before, here.on_air, *planned[len(there.before) + 1 :])
    rest = planned[len(there.before) + 1 :]
    return (*here.before, *left(here.on_air, at), in_progress(there.on_air, at), *rest)


__all__ = ["AFTER", "Edit", "Verb", "beneath", "edited", "inserted", "to_come"]
