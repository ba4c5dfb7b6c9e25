"""The name of a channel's measuring point: says what is measured there. Pure."""

from __future__ import annotations

from station.settings import Settings
from station.words import ChannelId


def point_of(settings: Settings, channel: ChannelId) -> str:
    """The settings' point for radio; for television it names where picture and sound are taken from."""
    point = settings.safety.point
    return f"{point} (TS picture, L16 sound)" if settings.channel(channel).raster else point
