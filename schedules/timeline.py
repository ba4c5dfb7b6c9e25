"""From rundowns to a plan: takes that tile a span with exactly one thing on air at any instant (L1). Knows no file, no state; the same arguments give the same plan.

Hard starts come at their sample; soft ones at their time or as soon after as the item before has ended; what follows
comes at once. A cuttable item is trimmed at the next hard start (or the day's end, or where the window of a soft start
closes, see `schedules.window`); one that may not be cut may run over a hard start by `tolerance`, and the hard item then
starts that much late. What is left is filler, cut with a fade. What waits for an operator's key is not laid at all.
Days are laid out each for itself: none reaches into the next, so a day that can be kept alone can be kept among others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from schedules.calendar import day_bounds, days_over, instant_of_local, local_text, oddity
from schedules.filling import FILLER_APPROVAL, filling
from schedules.grid import gridded, on_grid
from schedules.handling import Handling, handled
from schedules.named import named
from schedules.plan import Medium, Plan, Take
from schedules.relays import anchored
from schedules.remarks import Remark, Unplannable
from schedules.replacing import standing_in
from schedules.rundown import Item, Rundown
from schedules.segue import clipped, interrupted, joined
from schedules.slot import Slot, length_of, lost, programme_take
from schedules.window import Limit, begins, closing, missed, outside
from schedules.window import named as limit_named
from station.words import (
    SAMPLE_RATE,
    ChannelId,
    Refused,
    SampleIndex,
    Sha256,
    Text,
    instant_of,
    sample_at,
)


@attrs.frozen(kw_only=True)
class Frame:
    """What a channel's days are laid out with. `filler` are approved media; `tolerance` is in samples."""

    channel: ChannelId
    tz: str
    day_start: str
    filler: tuple[Medium, ...]
    loop: Medium | None = None
    tolerance: int = 2 * SAMPLE_RATE
    handlings: Mapping[Sha256, Handling] = attrs.field(factory=dict)  # of what was measured
    grid: int = 1  # takes begin and end at multiples of it: 1,920 or 960 (a frame) on television
    replacements: Mapping[str, tuple[Medium, ...]] = attrs.field(factory=dict)  # by class of the item


@attrs.frozen(kw_only=True)
class Laid:
    """Days as they come out: takes that tile them, what was said about their lines, and what cannot be kept at all."""

    takes: tuple[Take, ...]
    warnings: tuple[Remark, ...]
    errors: tuple[Remark, ...]


@attrs.define
class _Draft:
    """What grows while a channel is laid out."""

    frame: Frame
    takes: list[Take] = attrs.field(factory=list)
    warnings: list[Remark] = attrs.field(factory=list)
    errors: list[Remark] = attrs.field(factory=list)
    cursor: int = 0
    segue: int = 0  # how much sooner what follows the last programme item may begin


def resolve(
    rundowns: Iterable[Rundown],
    media: Mapping[str, Medium],
    approvals: Mapping[str, str],
    frame: Frame,
    *,
    start: SampleIndex,
    end: SampleIndex,
    revision: int,
) -> Plan:
    """The plan of one channel that covers `start` to `end` (more where a take reaches beyond either).

    `media`: approved media by SHA-256 and by path as rundowns write it. `approvals`: day → name of the approval; a
    rundown without one is not played.
    Raises Unplannable with every conflict, and when a gap must be filled while the channel has no filler.
    """
    given = tuple(rundowns)
    found = lay(given, media, approvals, frame, start=start, end=end)
    if found.errors:
        raise Unplannable([error.said for error in found.errors])
    takes = clipped(tuple(take for take in found.takes if take.end > start and take.start < end))
    takes = anchored(takes, media.values())
    return Plan(
        channel=frame.channel,
        revision=revision,
        start=takes[0].start,
        end=takes[-1].end,
        takes=takes,
        media=named(takes, media, frame.filler, frame.loop, _waiting(given, media, approvals)),
        filler=tuple(medium.sha256 for medium in frame.filler),
        filler_approval=FILLER_APPROVAL,
        loop=frame.loop.sha256 if frame.loop else None,
        warnings=tuple(f"{said.en} · {said.zh}" for said in (warning.said for warning in found.warnings)),
    )


def _waiting(
    rundowns: Sequence[Rundown], media: Mapping[str, Medium], approvals: Mapping[str, str]
) -> list[Medium]:
    """What waits for an operator's key: players and witnesses are told of it beforehand."""
    approved = (rundown for rundown in rundowns if approvals.get(rundown.day))
    asked = (item.media for rundown in approved for item in rundown.items if item.mode == "key")
    return [media[name] for name in asked if name in media]


def lay(
    rundowns: Iterable[Rundown],
    media: Mapping[str, Medium],
    approvals: Mapping[str, str],
    frame: Frame,
    *,
    start: SampleIndex,
    end: SampleIndex,
) -> Laid:
    """The days that meet `start` to `end`, whole, whether they can be kept or not: for `resolve`, and to show a draft."""
    given = {rundown.day: rundown for rundown in rundowns}
    draft = _Draft(frame=frame)
    for day in _days(frame, start, end):
        _lay_day(draft, day, given.get(day), media, approvals)
    return Laid(takes=tuple(draft.takes), warnings=tuple(draft.warnings), errors=tuple(draft.errors))


def bounds(day: str, frame: Frame) -> tuple[SampleIndex, SampleIndex]:
    """First sample of a broadcast day and of the one after it."""
    begins, ends = day_bounds(day, frame.tz, frame.day_start)
    return on_grid(sample_at(begins), frame.grid), on_grid(sample_at(ends), frame.grid)


def _days(frame: Frame, start: int, end: int) -> list[str]:
    """The days that meet the span, without a hole."""
    return days_over(instant_of(SampleIndex(start)), instant_of(SampleIndex(end)), frame.tz, frame.day_start)


def _lay_day(
    draft: _Draft,
    day: str,
    rundown: Rundown | None,
    media: Mapping[str, Medium],
    approvals: Mapping[str, str],
) -> None:
    begins, ends = bounds(day, draft.frame)
    draft.cursor = max(draft.cursor, begins)
    approval = approvals.get(day, "")
    if rundown is not None and not approval:
        draft.warnings.append(
            Remark(day, 0, Text("the rundown is not approved; filler instead", "节目单未经审批,改播垫片"))
        )
    elif rundown is not None:
        slots = _slots(draft, rundown, media, ends)
        for slot in slots:
            if slot.item.mode not in ("interrupt", "key"):
                _lay(draft, slot, approval)
        _fill(draft, ends)
        for slot in slots:
            if slot.item.mode == "interrupt":
                _interrupt(draft, slot, approval)
            elif slot.item.mode == "key" and not slot.medium:
                _warn(draft, slot, lost(slot.item))
    _fill(draft, ends)


def _slots(draft: _Draft, rundown: Rundown, media: Mapping[str, Medium], ends: int) -> list[Slot]:
    starts = [_planned(draft, rundown.day, item) for item in rundown.items]
    _check_order(draft, rundown, starts)
    limits = _limits(rundown.items, starts, ends)
    media_of = [media.get(item.media) if item.media else None for item in rundown.items]
    items = [_framed(draft.frame, *pair) for pair in zip(rundown.items, media_of, strict=True)]
    closed = closing(items, starts, limits)
    rows = zip(items, starts, media_of, limits, closed, strict=True)
    return [
        Slot(
            item=item, at=at, medium=medium, instead=media.get(item.replacement),
            limit=limit[0], limit_line=limit[1], latest=last[0], latest_line=last[1], day=rundown.day,
        )
        for item, at, medium, limit, last in rows
    ]  # fmt: skip


def _framed(frame: Frame, item: Item, medium: Medium | None) -> Item:
    handling = frame.handlings.get(medium.sha256) if medium else None
    return gridded(handled(item, medium, handling), frame.grid)


def _limits(items: Sequence[Item], starts: Sequence[int | None], ends: int) -> list[Limit]:
    """For each item, the next hard start after it, or the day's end."""
    made, limit = list[Limit](), (ends, 0)
    for item, at in reversed(list(zip(items, starts, strict=True))):
        made.append(limit)
        if item.mode == "hard" and at is not None:
            limit = at, item.line
    return made[::-1]


def _planned(draft: _Draft, day: str, item: Item) -> int | None:
    frame = draft.frame
    if not item.start:
        return None
    try:
        at = on_grid(sample_at(instant_of_local(day, item.start, frame.tz, frame.day_start)), frame.grid)
        odd = oddity(day, item.start, frame.tz, frame.day_start)
    except Refused as error:
        draft.errors.append(Remark(day, item.line, error.text))
        return None
    clock = local_text(instant_of(at), frame.tz)
    if odd == "skipped":
        said = Text(
            f"the clocks skip {item.start}; it starts at {clock}", f"当日没有 {item.start},改为 {clock}"
        )
        draft.warnings.append(Remark(day, item.line, said))
    if odd == "twice" and item.start[-1].isdigit():
        said = Text(
            f"{item.start} comes twice on this day; a B after it means the second",
            f"当日 {item.start} 出现两次;第二次请在时刻后写 B",
        )
        draft.warnings.append(Remark(day, item.line, said))
    return at


def _check_order(draft: _Draft, rundown: Rundown, starts: Sequence[int | None]) -> None:
    last, last_item = None, None
    for item, at in zip(rundown.items, starts, strict=True):
        if at is None:
            continue
        if last is not None and last_item is not None:
            if at < last:
                said = Text(
                    f"its start {item.start} is before that of line {last_item.line} ({last_item.start})",
                    f"开始时刻 {item.start} 早于第{last_item.line}行({last_item.start})",
                )
                draft.errors.append(Remark(rundown.day, item.line, said))
            elif at == last and item.mode == last_item.mode == "hard":
                said = Text(
                    f"two hard starts at {item.start}: this one and line {last_item.line}",
                    f"与第{last_item.line}行同为 {item.start} 定时开始",
                )
                draft.errors.append(Remark(rundown.day, item.line, said))
        last, last_item = at, item


def _lay(draft: _Draft, slot: Slot, approval: str) -> None:
    """Put one item on the air, after filler up to its start."""
    item = slot.item
    length = _length(draft, slot)
    early = _early(draft, slot, length)
    at = draft.cursor - early if slot.at is None else begins(item, slot.at, draft.cursor)
    if length is None:
        if item.duration is not None:
            _fill(draft, min(at + item.duration, slot.latest))
        return
    end = _end(draft, slot, at, at + length)
    if end <= at:
        return
    if early:
        draft.takes[-1] = joined(draft.takes[-1], early)
    else:
        _fill(draft, at)
    if item.mode == "hard" and slot.at is not None and at > slot.at:
        late = (at - slot.at) * 1000 // SAMPLE_RATE
        said = Text(
            f"it starts {late} ms late: the item before may not be cut",
            f"前一节目不可截,推迟 {late} 毫秒开始",
        )
        _warn(draft, slot, said)
    if by := outside(item, slot.at, at):
        _warn(draft, slot, missed(by))
    trimmed = end < at + length
    made = programme_take(slot, approval, at, end, trimmed=trimmed)
    draft.takes.append(_covered(draft, slot, made, length))
    draft.cursor, draft.segue = end, 0 if trimmed else item.segue


def _early(draft: _Draft, slot: Slot, length: int | None) -> int:
    """How much before the end of the last item this one begins: half of either at most, nothing after filler or silence or where a start is planned."""
    last = draft.takes[-1] if draft.takes else None
    if slot.at is not None or not slot.medium or not length or last is None or last.kind != "programme":
        return 0
    return on_grid(min(draft.segue, (last.end - last.start) // 2, length // 2), draft.frame.grid)


def _interrupt(draft: _Draft, slot: Slot, approval: str) -> None:
    """Put an item over what is laid at its very sample; that runs on beneath and is joined in progress. No planned hard start lies under it."""
    length = _length(draft, slot)
    if slot.at is None or length is None:
        return
    end = min(_end(draft, slot, slot.at, slot.at + length), slot.limit)
    if end > slot.at:
        made = programme_take(slot, approval, slot.at, end, trimmed=end < slot.at + length)
        made = _covered(draft, slot, attrs.evolve(made, hard=True), length)
        draft.takes[:] = interrupted(draft.takes, made)


def _covered(draft: _Draft, slot: Slot, take: Take, length: int) -> Take:
    """The take with what may stand in for it, where the line names something that can."""
    listed = draft.frame.replacements.get(slot.item.category, ())
    made = standing_in(slot.item, slot.medium, slot.instead, length, listed, draft.frame.handlings)
    if isinstance(made, Text):
        _warn(draft, slot, made)
        return take
    return attrs.evolve(take, replacement=made)


def _length(draft: _Draft, slot: Slot) -> int | None:
    """How many samples the item would last by itself; None where its medium cannot be played."""
    length, said = length_of(slot.item, slot.medium, draft.frame.grid)
    if said is not None:
        _warn(draft, slot, said)
    return length


def _end(draft: _Draft, slot: Slot, at: int, end: int) -> int:
    """Where the item ends, given what must start on time; at or before `at` when it has no room."""
    limit, line = (slot.latest, slot.latest_line) if slot.item.cut else (slot.limit, slot.limit_line)
    over = end - limit
    if over <= 0:
        return end
    what = limit_named((limit, line), limit == slot.limit, draft.frame.tz)
    seconds = f"{over // SAMPLE_RATE}.{over % SAMPLE_RATE * 1000 // SAMPLE_RATE:03d}"
    by_little = not line and over <= draft.frame.tolerance  # a day never reaches into the next
    if (slot.item.cut or by_little) and limit > at:
        _warn(draft, slot, Text(f"{seconds} s cut off for {what.en}", f"为{what.zh}截去 {seconds} 秒"))
        return limit
    if slot.item.cut or by_little:
        _warn(draft, slot, Text(f"dropped: no room before {what.en}", f"{what.zh}之前没有时间,不播"))
        return at
    if over > draft.frame.tolerance:
        said = Text(
            f"it runs {seconds} s past {what.en} and may not be cut", f"超过{what.zh} {seconds} 秒,且不可截"
        )
        draft.errors.append(Remark(slot.day, slot.item.line, said))
    return end


def _fill(draft: _Draft, until: int) -> None:
    """Filler from the cursor to `until`."""
    frame = draft.frame
    if draft.cursor < until and not any(medium.samples >= frame.grid for medium in frame.filler):
        if not draft.errors:
            said = Text(f"channel {frame.channel} has no filler", f"频道 {frame.channel} 没有垫片")
            draft.errors.append(Remark("", 0, said))
    else:
        draft.takes += filled(frame, SampleIndex(draft.cursor), SampleIndex(until))
    draft.cursor = max(draft.cursor, until)


def _warn(draft: _Draft, slot: Slot, said: Text) -> None:
    draft.warnings.append(Remark(slot.day, slot.item.line, said))


def filled(frame: Frame, start: SampleIndex, until: SampleIndex) -> tuple[Take, ...]:
    """The channel's filler, of which there is some, from `start` to `until`."""
    return filling(frame.filler, frame.handlings, frame.grid, start, until)
