"""When an alert gives way to what is on a channel: it never covers a relay that is spared from its class, and one of a class that may wait lets an item end that is nearly over. Pure; knows plan and settings, no player and no clock.

The class of an alert is its level while it is real (`level-1` red to `level-4` blue), else `drill` or `daily`. Levels 1
and 2 give way to nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import attrs

from emergency.sounding import Sounding
from schedules.plan import Overlay, Plan
from schedules.relays import lives
from schedules.render import take_at
from station.settings import Settings
from station.words import SAMPLE_RATE, ChannelId, SampleIndex, Sha256, sample_at


def class_of(sounding: Sounding) -> str:
    """One of `station.relay_sources.CLASSES`; without a level it is taken for blue."""
    return sounding.kind if sounding.kind != "actual" else f"level-{sounding.level or 4}"


def laid(
    overlays: Sequence[Overlay],
    soundings: Sequence[Sounding],
    channel: ChannelId,
    plan: Plan | None,
    settings: Settings,
) -> tuple[Overlay, ...]:
    """The overlays of a channel where its plan lets them lie: later, shorter, or (ended where it begins) not at all."""
    if plan is None:
        return tuple(overlays)
    known = {f"{sounding.alert}/{channel}": sounding for sounding in soundings}
    return tuple(
        one if one.id not in known else _placed(one, known[one.id], channel, plan, settings)
        for one in overlays
    )


def _placed(
    overlay: Overlay,
    sounding: Sounding,
    channel: ChannelId,
    plan: Plan,
    settings: Settings,
) -> Overlay:
    name = class_of(sounding)
    spared = _spared(plan, settings, name)
    start = int(overlay.start)
    if channel not in dict(sounding.moved):  # it has not waited yet
        start = _waited(plan, start, settings.alerts.wait_end_s.get(name, 0) * SAMPLE_RATE)
    start = _after(plan, start, spared)
    end = min(start + overlay.end - overlay.start, sample_at(sounding.until), _next(plan, start, spared))
    return attrs.evolve(overlay, start=SampleIndex(start), end=SampleIndex(max(start, end)))


def _waited(plan: Plan, start: int, most: int) -> int:
    """The end of the item on air, where that is near."""
    if not most or not plan.start <= start < plan.end:
        return start
    ends = take_at(plan, SampleIndex(start)).end
    return ends if ends - start <= most else start


def _after(plan: Plan, start: int, spared: Collection[Sha256]) -> int:
    """The first sample from `start` on that is no relay's that is spared."""
    for take in plan.takes:
        if take.start <= start < take.end and take.media in spared:
            start = take.end
    return start


def _next(plan: Plan, start: int, spared: Collection[Sha256]) -> int:
    """Where the next of them begins; the end of all time where none does."""
    return next((take.start for take in plan.takes if take.start > start and take.media in spared), 1 << 62)


def _spared(plan: Plan, settings: Settings, name: str) -> frozenset[Sha256]:
    """The relays of a plan that a class of alerts may not cover."""
    shut = {section.id for section in settings.relays if name not in section.covered_by}
    return lives(medium for medium in plan.media if medium.live in shut)


__all__ = ["class_of", "laid"]
