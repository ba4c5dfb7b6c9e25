"""Looks at a version of a day that nobody may have signed: how it would come out, line by line, what it changes, what it may not. Decides nothing, changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import attrs

from playout.locking import Chance, chance, shuts
from playout.planning import (
    Policy,
    State,
    bind,
    day_takes,
    frame_of_channel,
    library_of,
    lock_breaches,
    sheet,
)
from playout.sessions import mistaken
from playout.sheets import parsed, repeats
from schedules.calendar import instant_of_local, parse_day
from schedules.handling import handled
from schedules.plan import Medium, Take
from schedules.remarks import Remark
from schedules.rundown import Item, Rundown, content_of, parse
from schedules.table import COLUMNS, BadRundown, as_written
from schedules.timeline import Frame, Laid, bounds, lay
from station.words import SAMPLE_RATE, ChannelId, Instant, Sha256, Text, instant_of, sample_at

Condition = Literal["ready", "missing", "silence", "dropped", "wrong", "prepared"]
What = Literal["added", "removed", "moved", "changed"]


@attrs.frozen(kw_only=True)
class DraftLine:
    """One line as it was written and as it would be heard. Instants µs; `at` and `end` None where it is not heard at all."""

    id: str
    line: int
    cells: dict[str, str]  # by column, as written
    planned: Instant | None
    at: Instant | None
    end: Instant | None
    condition: Condition
    trimmed: bool
    late: int  # µs after its planned start
    earliest: Instant | None  # of a soft start with a window: from when …
    latest: Instant | None  # … and until when it may begin; None: however late
    outside: bool  # it begins after that
    stands_in: str | None  # what sounds where its file cannot be had, before any filler; None: nothing
    locked: bool
    remarks: tuple[Text, ...]


@attrs.frozen(kw_only=True)
class Span:
    """A stretch that filler fills."""

    start: Instant
    end: Instant


@attrs.frozen(kw_only=True)
class Change:
    """One difference between two versions, by the item's identity."""

    what: What
    id: str
    title: str
    before: Instant | None
    after: Instant | None
    fields: tuple[str, ...] = ()  # columns that say something else


@attrs.frozen(kw_only=True)
class Draft:
    """A version looked at. `complaints` refuse it; `locked` too, until `opens`; `remarks` are only said.

    From `closes` on the locked zone holds it back again, for the reason `closes_why`; None: never.
    """

    content: Sha256 | None
    lines: tuple[DraftLine, ...]
    gaps: tuple[Span, ...]
    changes: tuple[Change, ...]
    complaints: tuple[tuple[int, Text], ...]
    locked: tuple[Text, ...]
    remarks: tuple[Text, ...]
    lock_until: Instant
    opens: Instant | None = None
    closes: Instant | None = None
    closes_why: Text | None = None
    unchanged: bool = False  # says just what the approved version says: it would be refused


def look(state: State, channel: ChannelId, day: str, csv: str, now: Instant, policy: Policy) -> Draft:
    """How `csv` would come out if it were approved now. Raises Refused for a channel or day there is none of."""
    frame = frame_of_channel(policy, channel)
    parse_day(day)
    written = _read(csv, channel, day)
    if isinstance(written, BadRundown):
        return _unreadable(csv, written, now, policy)
    return _looked(state, written, csv, frame, now, policy)


def _read(csv: str, channel: ChannelId, day: str) -> Rundown | BadRundown:
    try:
        return parse(csv, channel, day)
    except BadRundown as error:
        return error


def _looked(state: State, rundown: Rundown, csv: str, frame: Frame, now: Instant, policy: Policy) -> Draft:
    channel, day = rundown.channel, rundown.day
    bound = bind(rundown, policy)
    media = library_of(policy, bound)
    found = laid(rundown, media, frame)
    before, approved = (
        approved_lines(state, channel, day, now, policy),
        sheet(state, channel, day, "approved"),
    )
    held = frozenset(line.id for line in before if line.locked)
    lines = _lines(rundown, csv, found, media, frame, held)
    may = lock_chance(state, channel, day, found.takes, now, policy)
    return Draft(
        content=content_of(channel, day, csv, bound),
        lines=lines,
        gaps=gaps(found.takes),
        changes=differences(before, lines),
        complaints=(
            *((error.line, error.text) for error in found.errors),
            *mistaken(rundown, dict(bound), policy.studios),
        ),
        locked=lock_breaches(state, channel, day, found.takes, now, policy),
        remarks=tuple(warning.said for warning in found.warnings if not warning.line),
        lock_until=lock_until(now, policy),
        opens=instant_of(may.opens) if may.opens is not None else None,
        closes=instant_of(may.closes) if may.closes is not None else None,
        closes_why=may.why,
        unchanged=approved is not None and repeats(approved, rundown, bound),
    )


def laid(rundown: Rundown, media: Mapping[str, Medium], frame: Frame) -> Laid:
    """The day as if it were approved, whether it can be kept or not."""
    begins, ends = bounds(rundown.day, frame)
    return lay([rundown], media, {rundown.day: "draft"}, frame, start=begins, end=ends)


def approved_lines(
    state: State, channel: ChannelId, day: str, now: Instant, policy: Policy
) -> tuple[DraftLine, ...]:
    """The lines of the approved version of a day; none where there is none."""
    held = sheet(state, channel, day, "approved")
    if held is None:
        return ()
    rundown = parsed(held.csv, channel, day)
    frame, media = frame_of_channel(policy, channel), library_of(policy, held.media)
    found, until = laid(rundown, media, frame), sample_at(lock_until(now, policy))
    near = frozenset(take.item for take in found.takes if policy.lock and take.start < until)
    return _lines(rundown, held.csv, found, media, frame, near)


def lock_chance(
    state: State, channel: ChannelId, day: str, takes: Sequence[Take], now: Instant, policy: Policy
) -> Chance:
    """When `takes` may be approved, for all that the locked zone will say from `now` on."""
    held = sheet(state, channel, day, "approved")
    if held is None or not policy.lock:
        return Chance(opens=None, closes=None, why=None)
    return chance(shuts(day_takes(held, policy), takes, policy.lock, fresh=False), sample_at(now))


def lock_until(now: Instant, policy: Policy) -> Instant:
    """Up to where nothing planned may be moved."""
    return Instant(now + policy.lock * 1_000_000 // SAMPLE_RATE)


def gaps(takes: Sequence[Take]) -> tuple[Span, ...]:
    """The stretches that only filler fills, run together."""
    found: list[Span] = []
    for take in takes:
        if take.kind != "filler":
            continue
        start, end = instant_of(take.start), instant_of(take.end)
        if found and found[-1].end == start:
            found[-1] = Span(start=found[-1].start, end=end)
        else:
            found.append(Span(start=start, end=end))
    return tuple(found)


def differences(before: Sequence[DraftLine], after: Sequence[DraftLine]) -> tuple[Change, ...]:
    """What `after` does to `before`, in the order of the day; a line that only shifts is moved, one that says else is changed."""
    old, new = {line.id: line for line in before}, {line.id: line for line in after}
    made = [_change("removed", line, None) for key, line in old.items() if key not in new]
    for key, line in new.items():
        was = old.get(key)
        if was is None:
            made.append(_change("added", None, line))
        elif _fields(was, line):
            made.append(_change("changed", was, line))
        elif was.at != line.at:
            made.append(_change("moved", was, line))
    return tuple(sorted(made, key=lambda one: one.after or one.before or 0))


def _change(what: What, was: DraftLine | None, line: DraftLine | None) -> Change:
    known = line or was
    assert known is not None
    return Change(
        what=what,
        id=known.id,
        title=known.cells["title"],
        before=was.at if was else None,
        after=line.at if line else None,
        fields=_fields(was, line) if was and line else (),
    )


def _fields(was: DraftLine, line: DraftLine) -> tuple[str, ...]:
    return tuple(name for name in COLUMNS if was.cells[name] != line.cells[name])


@attrs.frozen(kw_only=True)
class _Day:
    """A day laid out, and what its lines are looked at with."""

    frame: Frame
    day: str
    media: Mapping[str, Medium]
    heard: Mapping[str, Take]
    said: tuple[Remark, ...]
    wrong: frozenset[int]
    held: frozenset[str]  # items that may not be moved any more


def _lines(
    rundown: Rundown, csv: str, found: Laid, media: Mapping[str, Medium], frame: Frame, held: frozenset[str]
) -> tuple[DraftLine, ...]:
    cells = dict(as_written(csv))
    day = _Day(
        frame=frame,
        day=rundown.day,
        media=media,
        heard={take.item: take for take in found.takes},
        said=(*found.errors, *found.warnings),
        wrong=frozenset(error.line for error in found.errors),
        held=held,
    )
    return tuple(_line(day, item, cells[item.line]) for item in rundown.items)


def _line(day: _Day, item: Item, cells: dict[str, str]) -> DraftLine:
    take, planned = day.heard.get(item.id), _planned(item, day)
    at = instant_of(take.start) if take else None
    opens, closes = _window(item, planned)
    return DraftLine(
        id=item.id,
        line=item.line,
        cells=cells,
        planned=planned,
        at=at,
        end=instant_of(take.end) if take else None,
        condition=_condition(day, item),
        trimmed=bool(take and take.trimmed),
        late=max(0, at - planned) if at is not None and planned is not None else 0,
        earliest=opens,
        latest=closes,
        stands_in=_stands_in(day, take),
        outside=at is not None and closes is not None and at > closes,
        locked=item.id in day.held,
        remarks=tuple(one.text for one in day.said if one.line == item.line),
    )


def _stands_in(day: _Day, take: Take | None) -> str | None:
    if take is None or take.replacement is None:
        return None
    name = take.replacement.media
    known = (*day.media.values(), *(one for row in day.frame.replacements.values() for one in row))
    return next((medium.title for medium in known if medium.sha256 == name and medium.title), name[:12])


def _window(item: Item, planned: Instant | None) -> tuple[Instant | None, Instant | None]:
    """From when and until when a soft start may come; None where it has no window, or none on that side."""
    if planned is None or not (item.early or item.late is not None):
        return None, None
    closes = None if item.late is None else Instant(planned + item.late * 125 // 6)
    return Instant(planned - item.early * 125 // 6), closes


def _condition(day: _Day, item: Item) -> Condition:
    if item.line in day.wrong:
        return "wrong"
    if item.id in day.heard:
        return "ready" if item.media else "silence"
    medium = day.media.get(item.media)
    handling = day.frame.handlings.get(medium.sha256) if medium else None
    item = handled(item, medium, handling)
    playable = medium is not None and item.cue_in < min(medium.samples, item.cue_out or medium.samples)
    if not playable and item.media:
        return "missing"
    return "prepared" if item.mode == "key" else "dropped"


def _planned(item: Item, day: _Day) -> Instant | None:
    if not item.start or item.line in day.wrong:
        return None
    return instant_of_local(day.day, item.start, day.frame.tz, day.frame.day_start)


def _unreadable(csv: str, error: BadRundown, now: Instant, policy: Policy) -> Draft:
    return Draft(
        content=None,
        lines=(),
        gaps=(),
        changes=(),
        complaints=tuple((one.line, one.text) for one in error.complaints),
        locked=(),
        remarks=(),
        lock_until=lock_until(now, policy),
    )
