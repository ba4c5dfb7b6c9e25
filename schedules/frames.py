"""The frame of a channel's days out of settings and library: filler, loop, tolerance, time zone. Pure; reads no file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schedules.handling import Handling
from schedules.plan import Medium
from schedules.raster import grid_of
from schedules.rundown import class_of
from schedules.timeline import Frame
from station.settings import ChannelSection, ReplacementSection, StationSection
from station.words import SAMPLE_RATE, ChannelId, Refused, Sha256


def frame_of(
    section: ChannelSection,
    station: StationSection,
    media: Mapping[str, Medium],
    handlings: Mapping[Sha256, Handling] | None = None,
    replacements: Sequence[ReplacementSection] = (),
) -> Frame:
    """The frame of one channel. `handlings`: how it plays what was measured. `media`: house files by SHA-256 and by the names that settings use.

    The loop stands in where there is no filler; Refused where there is neither, or one is not in the library.
    """
    filler = tuple(_held(media, name, section.id) for name in section.filler)
    loop = _held(media, section.loop, section.id) if section.loop else None
    if not filler and loop is None:
        raise Refused(f"Channel {section.id} has no filler.", f"频道 {section.id} 没有垫片。")
    return Frame(
        channel=section.id,
        tz=station.timezone,
        day_start=station.day_start,
        filler=filler or ((loop,) if loop else ()),
        loop=loop,
        tolerance=section.overlap_tolerance_s * SAMPLE_RATE,
        handlings=handlings or {},
        grid=grid_of(section.raster),
        replacements=_replacements(section, replacements, media),
    )


def _replacements(
    section: ChannelSection, asked: Sequence[ReplacementSection], media: Mapping[str, Medium]
) -> dict[str, tuple[Medium, ...]]:
    """By class, what may stand in on this channel, in the order of the settings; what is not in the library cannot."""
    found: dict[str, tuple[Medium, ...]] = {}
    for one in asked:
        if not one.channels or section.id in one.channels:
            held = tuple(media[name] for name in one.media if name in media)
            name = class_of(one.category)
            found[name] = (*found.get(name, ()), *held)
    return found


def _held(media: Mapping[str, Medium], name: str, channel: ChannelId) -> Medium:
    found = media.get(name)
    if found is None:
        raise Refused(
            f"Channel {channel}: {name} is not in the library; ingest it first.",
            f"频道 {channel}:{name} 不在素材库中,请先入库。",
        )
    return found
