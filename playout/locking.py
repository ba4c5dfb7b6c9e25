"""The locked zone near air: whether a new version of a day leaves alone what is about to be heard. Pure; knows no sheet, no signature, no clock."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from schedules.plan import Take
from station.words import Refused, SampleIndex, Text

_FREE = ("filler", "tone")  # approved material that may stand anywhere: nobody planned it there


def breaches(
    before: Sequence[Take], after: Sequence[Take], zone: tuple[SampleIndex, SampleIndex], *, fresh: bool
) -> tuple[Text, ...]:
    """What the version `after` would move, drop, change or put between the two samples of `zone`; empty when it may air.

    Every planned take of `before` within the zone must start where it starts and play what it plays; its end must stay
    where that lies within the zone too. Nothing new may begin there, unless the day had no version before (`fresh`).
    """
    held = {_part(take): take for take in before if _planned(take, zone)}
    found = {_part(take): take for take in after if _planned(take, zone)}
    said = [_gone(take) for part, take in held.items() if part not in found]
    for part, take in found.items():
        old = held.get(part)
        if old is None:
            said += [] if fresh else [_new(take)]
        elif _end(old, zone) != _end(take, zone):
            said.append(_cut(take))
    return tuple(said)


@attrs.frozen(kw_only=True)
class Shut:
    """While strictly between the two samples it is now, one difference of the new version keeps it off the air."""

    start: SampleIndex
    end: SampleIndex
    said: Text


@attrs.frozen(kw_only=True)
class Chance:
    """When a version may be approved, seen from now. `opens`: from then on, None: now; `closes`: until then, None: no limit."""

    opens: SampleIndex | None
    closes: SampleIndex | None
    why: Text | None  # what closes it


def shuts(before: Sequence[Take], after: Sequence[Take], lock: int, *, fresh: bool) -> tuple[Shut, ...]:
    """When `breaches` will find something, by the difference that it finds: now in a Shut, and only then, it is not empty."""
    held = {_part(take): take for take in before if take.kind not in _FREE}
    found = {_part(take): take for take in after if take.kind not in _FREE}
    made = [
        _shut(take.start, take.end, lock, _gone(take)) for part, take in held.items() if part not in found
    ]
    for part, take in found.items():
        old = held.get(part)
        if old is None:
            made += [] if fresh else [_shut(take.start, take.end, lock, _new(take))]
        elif old.end != take.end:
            made.append(_shut(min(old.end, take.end), max(old.end, take.end), lock, _cut(take)))
    return tuple(made)


def chance(shut: Sequence[Shut], now: SampleIndex) -> Chance:
    """When a version with these Shuts may be approved from `now` on."""
    free = now
    for one in sorted(shut, key=lambda one: one.start):
        if one.start < free < one.end:
            free = one.end
    ahead = [one for one in shut if one.start >= free]
    first = min(ahead, key=lambda one: one.start) if ahead else None
    return Chance(
        opens=None if free == now else free,
        closes=first.start if first else None,
        why=first.said if first else None,
    )


def _shut(start: int, end: int, lock: int, said: Text) -> Shut:
    return Shut(start=SampleIndex(start - lock), end=SampleIndex(end), said=said)


def refuse(said: Sequence[Text], seconds: int) -> None:
    """Raise Refused with the first breaches; nothing where there are none."""
    if not said:
        return
    en, zh = "; ".join(one.en for one in said[:3]), ";".join(one.zh for one in said[:3])
    raise Refused(
        f"Nothing may be moved within {seconds} s of air: {en}.",
        f"距播出 {seconds} 秒内的节目已锁定:{zh}。",
        code="locked",
    )


def _planned(take: Take, zone: tuple[int, int]) -> bool:
    return take.kind not in _FREE and take.end > zone[0] and take.start < zone[1]


def _part(take: Take) -> tuple[object, ...]:
    return take.item, take.start, take.kind, take.media, take.offset, take.gain, take.fade_in


def _end(take: Take, zone: tuple[int, int]) -> int:
    return min(take.end, zone[1])


def _gone(take: Take) -> Text:
    return Text(f"“{take.title}” would be moved, changed or dropped", f"《{take.title}》会被移动、改动或删除")


def _new(take: Take) -> Text:
    return Text(f"“{take.title}” would begin in the locked zone", f"《{take.title}》会在锁定区内开始")


def _cut(take: Take) -> Text:
    return Text(f"“{take.title}” would end at another time", f"《{take.title}》的结束时刻会改变")
