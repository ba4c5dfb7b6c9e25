"""When an alert gives way to what is on a channel: it never covers a relay that is spared from its class, and one of a class that may wait lets an item end that is nearly over. Pure; knows plan and settings, no player and no clock.

The class of an alert is its level while it is real (`level-1` red to `level-4` blue), else `drill` or `daily`. Levels 1
and 2 give way to nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import attrs

from emergency.sounding import Sounding
from schedules.calendar import local_text
from schedules.grid import on_grid
from schedules.plan import Overlay, Plan
from schedules.raster import grid_of
from schedules.relays import lives
from schedules.render import take_at
from station.settings import ChannelSection, Settings
from station.words import (
    SAMPLE_RATE,
    SECOND,
    ChannelId,
    Instant,
    SampleIndex,
    Sha256,
    Text,
    instant_of,
    sample_at,
)


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
    end = on_grid(end, grid_of(settings.channel(channel).raster))
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


def waiting(
    alert: str, overlays: Mapping[ChannelId, Iterable[Overlay]], settings: Settings, now: Instant
) -> Text | None:
    """Where an alert that is on air is not heard yet, or not at all, in words; None where it is heard everywhere."""
    said = []
    for channel in settings.channels:
        for one in overlays.get(channel.id, ()):
            if one.id == f"{alert}/{channel.id}" and instant_of(one.start) > now + SECOND:
                said.append(_said(channel, one, settings.station.timezone))
    if not said:
        return None
    return Text("on air; " + "; ".join(one.en for one in said), "在播;" + ";".join(one.zh for one in said))


def _said(channel: ChannelSection, overlay: Overlay, tz: str) -> Text:
    name, at = Text(channel.name_en, channel.name_zh), local_text(instant_of(overlay.start), tz)
    if overlay.end <= overlay.start:
        return Text(f"not on {name.en}, whose relay lasts till {at}", f"不上{name.zh}(转播至 {at})")
    return Text(f"on {name.en} from {at}, after what is on there", f"{name.zh}待在播内容结束后,{at} 起播")


__all__ = ["class_of", "laid", "waiting"]
