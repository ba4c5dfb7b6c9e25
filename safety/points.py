"""The name of a channel's measuring point: says what is measured there. Pure."""

from __future__ import annotations

from typing import Final

from station.listened import is_stream
from station.settings import Settings
from station.words import ChannelId

STREAM_POINT: Final = "player-output (stream to terminals)"  # whatever the channels' point is


def point_of(settings: Settings, channel: ChannelId) -> str:
    """The settings' point for radio; for television it names where picture and sound are taken from, for an alert stream that it is one. Raises KeyError."""
    if is_stream(settings, channel):
        return STREAM_POINT
    point = settings.safety.point
    return f"{point} (TS picture, L16 sound)" if settings.channel(channel).raster else point
