"""Standing orders, pure: from what the parts say (frozen views) to what ought to lie over a channel and sound in a village. Knows no whole state, no wire, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

import attrs

from emergency.preempt import assign, muted
from emergency.sounding import Mute, Sounding
from schedules.captions import Caption
from schedules.grid import on_grid
from schedules.plan import UNITY, Medium, Overlay
from schedules.raster import grid_of
from station.area_codes import contains, prefix
from station.settings import AlertStreams, ChannelSection, Ports, stream_channel
from station.words import AreaCode, ChannelId, Instant, SampleIndex, Sha256, sample_at

DUCKED = UNITY // 8  # -18 dB under speech
RAMP = 480  # 10 ms


@attrs.frozen(kw_only=True)
class TerminalGroup:
    """What the terminals of some areas ought to play: one alert, or two that alternate."""

    alerts: tuple[str, ...]  # best first
    ebm_id: str
    kind: str  # actual, drill, daily
    level: int
    event: str
    since: Instant
    until: Instant
    stream: ChannelId
    address: tuple[str, int]  # multicast group and port
    areas: frozenset[AreaCode]


def overlays(
    soundings: Sequence[Sounding],
    mutes: Sequence[Mute],
    channel: ChannelSection,
    alerts: AlertStreams,
    captions: Mapping[str, Caption] = MappingProxyType({}),
) -> tuple[Overlay, ...]:
    """What lies over a programme channel; `soundings` best first (L7). The same state gives the same overlays (L4).

    `captions`: alert → what it shows on a channel with a picture.
    """
    shown = captions if channel.raster else {}
    made = [
        attrs.evolve(
            _over(sounding, channel, alerts, priority=len(soundings) - rank),
            caption=shown.get(sounding.alert),
            shrink=sounding.kind != "daily" and sounding.level in channel.shrink_levels,
        )
        for rank, sounding in enumerate(soundings)
        if channel.id in sounding.channels and not muted(sounding, channel.area, mutes)
    ]
    stilled = [
        Overlay(
            id=f"mute-{mute.mute}",
            mode="silence",
            start=SampleIndex(0),
            end=FOREVER,
            priority=len(soundings) + 1_000,
            approval=f"mute:{mute.mute}",
            why=f"muted by {mute.by}",
        )
        for mute in mutes
        if channel.id in mute.channels
    ]
    return (*made, *stilled)


FOREVER = SampleIndex(1 << 50)


def start_of(sounding: Sounding, channel: ChannelId, slack_ms: int, margin_ms: int) -> SampleIndex:
    """The sample at which an alert begins on a channel: decided + slack + margin, unless it had to be moved."""
    moved = dict(sounding.moved).get(channel)
    return (
        moved if moved is not None else SampleIndex(sample_at(sounding.since) + 48 * (slack_ms + margin_ms))
    )


def _over(sounding: Sounding, channel: ChannelSection, alerts: AlertStreams, *, priority: int) -> Overlay:
    start = start_of(sounding, channel.id, channel.slack_ms, alerts.margin_ms)
    end = sample_at(sounding.until)
    if sounding.repeats:
        gap = 48 * alerts.gap_ms
        end = min(end, SampleIndex(start + sounding.repeats * (sounding.samples + gap) - gap))
    end = on_grid(end, grid_of(channel.raster))  # the programme goes on with a whole picture
    return Overlay(
        id=f"{sounding.alert}/{channel.id}",
        mode="duck" if sounding.duck else "replace",
        start=start,
        end=max(end, start),
        priority=priority,
        approval=sounding.approval,
        sequence=(sounding.audio,),
        gap=48 * alerts.gap_ms,
        duck=DUCKED,
        ramp=RAMP,
        why=sounding.why_en,
    )


def terminal_groups(
    soundings: Sequence[Sounding],
    mutes: Sequence[Mute],
    areas: Iterable[AreaCode],
    alerts: AlertStreams,
    ports: Ports,
) -> tuple[TerminalGroup, ...]:
    """What terminals in `areas` (where there are any) ought to play; areas that should be silent are in no group."""
    found: dict[tuple[str, ...], tuple[tuple[Sounding, ...], list[AreaCode]]] = {}
    for where in _alike(soundings, mutes, tuple(areas)):
        chosen = assign(soundings, where[0], mutes)
        if chosen:
            key = tuple(s.alert for s in chosen)
            found.setdefault(key, (chosen, []))[1].extend(where)
    streams = stream_numbers([chosen for chosen, _ in found.values()], alerts.streams)
    return tuple(
        _group(chosen, frozenset(where), streams[key], ports)
        for key, (chosen, where) in found.items()
        if key in streams
    )


def _alike(
    soundings: Sequence[Sounding], mutes: Sequence[Mute], areas: tuple[AreaCode, ...]
) -> list[list[AreaCode]]:
    """Areas put together that every alert and every mute treats alike: what one plays, all of them play."""
    asked = [s.areas for s in soundings] + [mute.areas or areas for mute in mutes]
    grounds = [ground(one, areas) for one in asked]
    together: dict[tuple[int, ...], list[AreaCode]] = {}
    for number, area in enumerate(areas):
        together.setdefault(tuple(one[number] for one in grounds), []).append(area)
    return list(together.values())


@lru_cache(maxsize=256)
def ground(asked: tuple[AreaCode, ...], areas: tuple[AreaCode, ...]) -> tuple[int, ...]:
    """For each of `areas`: how many digits name the narrowest of `asked` that holds all of it; 0 where none does."""
    return tuple(
        max((1 + len(prefix(one)) for one in asked if contains(one, area)), default=0) for area in areas
    )


def stream_numbers(keys: Sequence[tuple[Sounding, ...]], streams: int) -> dict[tuple[str, ...], int]:
    """Alert ids → stream, counted from 1. An alert keeps its own line while it sounds (`Sounding.line`); alternating
    pairs take what is left, in the order of their start. More than there are streams: the last are left out.
    """
    made: dict[tuple[str, ...], int] = {}
    free = list(range(1, streams + 1))
    for chosen in sorted(keys, key=lambda some: (len(some), max(s.since for s in some), some[0].alert)):
        wished = chosen[0].line if len(chosen) == 1 else 0
        number = wished if wished in free else (free[-1] if free else 0)
        if number:
            free.remove(number)
            made[tuple(s.alert for s in chosen)] = number
    return made


def _group(
    chosen: tuple[Sounding, ...], areas: frozenset[AreaCode], number: int, ports: Ports
) -> TerminalGroup:
    best = chosen[0]
    return TerminalGroup(
        alerts=tuple(s.alert for s in chosen),
        ebm_id=best.ebm_id,
        kind=best.kind,
        level=best.level,
        event=best.event,
        since=max(s.since for s in chosen),
        until=max(s.until for s in chosen),
        stream=stream_channel(number),
        address=ports.stream(number),
        areas=areas,
    )


def stream_overlays(
    groups: Iterable[TerminalGroup], soundings: Sequence[Sounding], slack_ms: int, alerts: AlertStreams
) -> dict[ChannelId, tuple[Overlay, ...]]:
    """What each alert stream carries: the audio of its group's alerts, one after the other, until they end."""
    known = {s.alert: s for s in soundings}
    return {group.stream: (_carried(group, known, slack_ms, alerts),) for group in groups}


def _carried(
    group: TerminalGroup, known: dict[str, Sounding], slack_ms: int, alerts: AlertStreams
) -> Overlay:
    parts = [known[alert] for alert in group.alerts]
    latest = max(parts, key=lambda s: s.since)
    start = start_of(latest, group.stream, slack_ms, alerts.margin_ms)
    return Overlay(
        id=f"{'+'.join(group.alerts)}/{group.stream}",
        mode="replace",
        start=start,
        end=max(sample_at(group.until), start),
        priority=1,
        approval=parts[0].approval,
        sequence=tuple(part.audio for part in parts),
        gap=48 * alerts.gap_ms,
        ramp=RAMP,
        why=parts[0].why_en,
    )


def media_of(soundings: Iterable[Sounding]) -> tuple[Medium, ...]:
    """The audio that players must hold before these alerts are heard."""
    seen: dict[Sha256, Medium] = {}
    for sounding in soundings:
        seen[sounding.audio] = Medium(
            sha256=sounding.audio, samples=sounding.samples, title=sounding.headline
        )
    return tuple(seen.values())


def muted_everywhere(alert: str, areas: Iterable[AreaCode], mutes: Iterable[Mute]) -> bool:
    """Whether mutes in force silence an alert in all the areas it was meant for."""
    held = tuple(mutes)
    return all(any(mute.silences(alert, area) for mute in held) for area in areas)
