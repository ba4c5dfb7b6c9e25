"""The safety figures of a span, made of slot runs: rates, availability, coverage, insertions, incidents. Pure; knows no journal and no sound.

Definitions (all in whole tenths of seconds, thousandths or millionths; the profile is unverified against GY/T 264-2012):
planned time = the span (or the planned windows in it) less PLANNED; outage rate = seconds of OUTAGE per 100 planned
hours *measured*, so that what nobody measured never lowers it; strict rate = the same for OUTAGE, EMPTY, WRONG and
FOREIGN together; availability = 1 − OUTAGE / measured; coverage = 1 − UNKNOWN / planned.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import attrs

from safety.messages import SLOT, STATES, IncidentOpened, SlotRun, SlotState
from safety.slots import clip, fold, start_of, tile
from station.views import SafetyView
from station.words import ChannelId, Instant, SampleIndex, Text, instant_of, sample_at

STRICT: Final[frozenset[SlotState]] = frozenset({"OUTAGE", "EMPTY", "WRONG", "FOREIGN"})
TROUBLE: Final[frozenset[SlotState]] = STRICT | {"DEGRADED"}
_PER_100_H: Final = 360_000  # seconds
_PPM: Final = 1_000_000
_MERGE: Final = 10  # slots between two stretches of foreign programme that are one insertion

SETTLING: Final = 15_000_000  # µs: the newest slots are judged and delivered within this time

Window = tuple[int, int]  # slots, first included, last excluded


def slots_between(start: Instant, end: Instant) -> Window:
    """The slots that begin in a span of time: spans that follow each other share none and leave none out."""
    first = -(-sample_at(start) // SLOT)
    return first, max(first, -(-sample_at(end) // SLOT))


def seconds_of(runs: Iterable[SlotRun], windows: Sequence[Window]) -> dict[str, int]:
    """Tenths of seconds by state within the windows; what no run covers is UNKNOWN (L12)."""
    known = tuple(runs)
    made: dict[str, int] = dict.fromkeys(STATES, 0)
    for first, last in windows:
        for run in tile(known, first, last):
            made[run.state] += run.last - run.first
    return made


@attrs.frozen(kw_only=True)
class Rates:
    """What the seconds amount to; None where nothing was measured."""

    planned: int  # tenths of seconds
    measured: int
    outage_milli: int | None  # thousandths of s/100 h
    strict_milli: int | None
    availability_ppm: int | None
    coverage_ppm: int


def rates(tenths: dict[str, int]) -> Rates:
    """Rates of seconds by state, rounded up against ourselves (coverage and availability down)."""
    planned = sum(tenths.values()) - tenths["PLANNED"]
    measured = planned - tenths["UNKNOWN"]
    strict = sum(tenths[state] for state in STRICT)
    return Rates(
        planned=planned,
        measured=measured,
        outage_milli=_rate(tenths["OUTAGE"], measured),
        strict_milli=_rate(strict, measured),
        availability_ppm=(measured - tenths["OUTAGE"]) * _PPM // measured if measured else None,
        coverage_ppm=measured * _PPM // planned if planned else 0,
    )


def _rate(bad: int, measured: int) -> int | None:
    return -(-bad * _PER_100_H * 1000 // measured) if measured else None


def figures(
    channel: ChannelId,
    runs: Iterable[SlotRun],
    start: Instant,
    end: Instant,
    *,
    point: str = "",
    real_return: bool = False,
    windows: Sequence[Window] | None = None,
    opened: Iterable[tuple[IncidentOpened, Instant]] = (),
    zero_ppm: int = 999_000,
) -> SafetyView:
    """The figures of one channel over [start, end). `windows` are the planned slots (default: all of the span);
    `opened` the incidents as journaled, with the instant of their record; `zero_ppm` the coverage that 零停播 needs.
    """
    span = slots_between(start, end)
    planned = _within(windows, span)
    known = clip(fold(sorted(runs, key=lambda run: run.first)), *span)
    tenths = seconds_of(known, planned)
    made = rates(tenths)
    return SafetyView(
        channel=channel,
        point=point,
        real_return=real_return,
        start=start,
        end=end,
        planned_s_x10=made.planned,
        outage_rate_milli=made.outage_milli,
        strict_rate_milli=made.strict_milli,
        availability_ppm=made.availability_ppm,
        coverage_ppm=made.coverage_ppm,
        seconds_x10=tenths,
        authorised=authorised(known),
        unauthorised=unauthorised(known),
        incidents=incidents(known, opened),
        verdict=verdict(tenths, made, zero_ppm),
    )


def settled_end(runs: Sequence[SlotRun], end: Instant) -> Instant:
    """`end`, or what is measured so far where the rest is still being judged: that is not yet unknown."""
    if not runs:
        return end
    until = instant_of(start_of(runs[-1].last))
    return until if until < end <= until + SETTLING else end


def _within(windows: Sequence[Window] | None, span: Window) -> tuple[Window, ...]:
    """The planned windows cut to the span, joined where they overlap: no slot counts twice."""
    if windows is None:
        return (span,)
    made: list[Window] = []
    for first, last in sorted((max(a, span[0]), min(b, span[1])) for a, b in windows):
        if made and first <= made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], last))
        elif first < last:
            made.append((first, last))
    return tuple(made)


def authorised(runs: Iterable[SlotRun]) -> list[dict[str, Any]]:
    """Alerts that were due and were heard, one entry each: first and last instant, tenths heard as due and in all."""
    made: dict[str, dict[str, Any]] = {}
    for run in runs:
        if not run.due.startswith("alert:") or run.state not in ("NORMAL", "DEGRADED"):
            continue
        entry = made.setdefault(
            run.due,
            {"approval": run.due, "start": _at(run.first), "seconds_x10": 0, "normal_x10": 0, "stretches": 0},
        )
        entry["stretches"] += int(entry.get("end") != _at(run.first))
        entry["end"] = _at(run.last)
        entry["seconds_x10"] += run.last - run.first
        entry["normal_x10"] += (run.last - run.first) * (run.state == "NORMAL")
    return [entry for entry in made.values() if entry["normal_x10"]]


def unauthorised(runs: Iterable[SlotRun]) -> list[dict[str, Any]]:
    """Stretches of FOREIGN, those less than a second apart as one."""
    made: list[dict[str, Any]] = []
    last: int | None = None
    for run in runs:
        if run.state != "FOREIGN":
            continue
        if last is None or run.first - last > _MERGE:
            made.append({"start": _at(run.first), "seconds_x10": 0, "due": run.due, "cause": run.cause})
        made[-1]["end"] = _at(run.last)
        made[-1]["seconds_x10"] += run.last - run.first
        last = run.last
    return made


def incidents(
    runs: Iterable[SlotRun], opened: Iterable[tuple[IncidentOpened, Instant]] = ()
) -> list[dict[str, Any]]:
    """Stretches of trouble with start, end, state, cause, due; time to detect and to repair where known (µs)."""
    told = {(event.since, event.state): at for event, at in opened}
    made: list[dict[str, Any]] = []
    before: SlotRun | None = None
    for run in runs:
        if run.state in TROUBLE:
            if before is not None and before.state == run.state and before.last == run.first:
                made[-1]["end"] = _at(run.last)
            else:
                made.append(_incident(run, told))
            made[-1]["to_repair"] = made[-1]["end"] - made[-1]["start"]
        before = run
    if made and before is not None and before.state in TROUBLE:
        made[-1]["open"], made[-1]["to_repair"] = True, None
    return made


def _incident(run: SlotRun, told: dict[tuple[SampleIndex, SlotState], Instant]) -> dict[str, Any]:
    start = _at(run.first)
    at = told.get((start_of(run.first), run.state))
    return {
        "state": run.state,
        "start": start,
        "end": _at(run.last),
        "cause": run.cause,
        "heard": run.heard,
        "due": run.due,
        "to_detect": None if at is None else max(0, at - start),
        "open": False,
    }


def _at(slot: int) -> Instant:
    return instant_of(start_of(slot))


def mean_times(found: Sequence[dict[str, Any]]) -> dict[str, int | None]:
    """Mean and greatest time to detect and to repair, µs; None where none is known."""
    made: dict[str, int | None] = {}
    for name in ("to_detect", "to_repair"):
        known = [entry[name] for entry in found if entry[name] is not None]
        made[f"mean_{name}"] = sum(known) // len(known) if known else None
        made[f"max_{name}"] = max(known, default=None)
    return made


def bound_of_zero(measured: int) -> int | None:
    """With no event in the tenths of seconds measured: events in 10,000 h that 95 % confidence cannot exclude (3/H)."""
    return -(-3 * 10_000 * 36_000 // measured) if measured else None


def verdict(tenths: dict[str, int], made: Rates, zero_ppm: int = 999_000) -> Text:
    """One sentence; 零停播 only where OUTAGE is 0 and the coverage suffices, never without its bound."""
    percent = _percent(made.coverage_ppm)
    if not made.planned and tenths["PLANNED"]:
        return Text(
            "nothing was due, and nothing was heard: off air as approved",
            "无应播内容,且未听到任何内容:按批准停播",
        )
    if not made.measured or made.outage_milli is None:
        return Text("nothing was measured", "没有监测数据")
    if tenths["OUTAGE"]:
        rate = f"{made.outage_milli // 1000}.{made.outage_milli % 1000:03d}"
        return Text(
            f"outage {_tenths(tenths['OUTAGE'])} s, rate {rate} s/100 h (coverage {percent})",
            f"停播 {_tenths(tenths['OUTAGE'])} 秒,停播率 {rate} 秒/百小时(监测覆盖率 {percent})",
        )
    bound = bound_of_zero(made.measured)
    if made.coverage_ppm < zero_ppm:
        wanted = _percent(zero_ppm)
        return Text(
            f"no outage where it was measured (coverage {percent}, {wanted} are needed to say zero)",
            f"已监测部分停播 0 秒(覆盖率 {percent},达到 {wanted} 才可称零停播)",
        )
    hours = _tenths(made.measured // 3_600)
    return Text(
        f"no outage in {hours} h measured (coverage {percent}); at most {bound} in 10,000 h at 95 %",
        f"零停播:监测 {hours} 小时(覆盖率 {percent});95% 置信上限每万小时 {bound} 次",
    )


def _tenths(value: int) -> str:
    return f"{value // 10}.{value % 10}"


def _percent(ppm: int) -> str:
    """Rounded down: 99.89 % is never shown as 99.9 %."""
    return f"{ppm // 10_000}.{ppm // 1_000 % 10} %"


def total(channels: Sequence[SafetyView]) -> Rates:
    """Several channels as one: seconds over hours, never the mean of rates."""
    tenths: dict[str, int] = dict.fromkeys(STATES, 0)
    for view in channels:
        for state, value in view.seconds_x10.items():
            tenths[state] += value
    return rates(tenths)
