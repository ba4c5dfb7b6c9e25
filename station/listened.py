"""What witnesses listen to: the programme channels, and the alert streams that have a witness, as sections alike. Pure; knows no sound, no socket."""

from __future__ import annotations

from station.settings import ChannelSection, Ports, Settings, stream_channel
from station.words import ChannelId


def streams(settings: Settings) -> tuple[ChannelSection, ...]:
    """The alert streams that have a witness, counted from the first: a stream is heard where the station's alerts are."""
    alerts = settings.alerts
    return tuple(_stream(settings, k) for k in range(1, 1 + min(alerts.witnessed, alerts.streams)))


def _stream(settings: Settings, k: int) -> ChannelSection:
    return ChannelSection(
        id=stream_channel(k),
        chain=settings.alerts.chain,
        name_zh=f"预警流 {k}(终端广播)",
        name_en=f"Alert stream {k} (to terminals)",
        area=settings.station.area,
        rundowns="",
        hls=False,
    )


def listened(settings: Settings) -> tuple[ChannelSection, ...]:
    """Everything that has a witness: channels in the order of the settings, then alert streams."""
    return (*settings.channels, *streams(settings))


def section_of(settings: Settings, channel: str) -> ChannelSection:
    """The section of what a witness listens to; KeyError where none does."""
    for section in listened(settings):
        if section.id == channel:
            return section
    raise KeyError(channel)


def is_stream(settings: Settings, channel: str) -> bool:
    """Whether that is an alert stream with a witness."""
    return any(section.id == channel for section in streams(settings))


def port_of(settings: Settings, ports: Ports, channel: ChannelId) -> int:
    """The UDP port of a witness' own copy of the L16 of a channel or an alert stream. Raises KeyError."""
    for number, section in enumerate(settings.channels):
        if section.id == channel:
            return ports.witness(number)
    section_of(settings, channel)
    return ports.witness_stream(int(channel.rpartition("-")[2]))
