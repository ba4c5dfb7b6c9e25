"""The locked zone near air: whether a new version of a day leaves alone what is about to be heard. Pure; knows no sheet, no signature, no clock."""

from __future__ import annotations

from collections.abc import Sequence

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
    return Text(f"“{take.title}” would begin within it", f"《{take.title}》会在其中开始")


def _cut(take: Take) -> Text:
    return Text(f"“{take.title}” would end at another time", f"《{take.title}》的结束时刻会改变")
