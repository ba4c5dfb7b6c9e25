"""What the glass is told of relays: frozen views. Instants are µs UTC; knows no state."""

from __future__ import annotations

import attrs

from station.words import ChannelId, Instant, Sha256, Text


@attrs.frozen(kw_only=True)
class WayView:
    """One way by which a relay comes."""

    shown: str  # where it comes from, without passwords
    state: str  # good, absent, waiting, late, silent, frozen; away: no player reports it
    text: Text
    placed: bool = False  # it can take over without a jump
    behind_ms: int | None = None  # how much later than the one that is heard it comes; negative: sooner
    peak: int | None = None  # hundredths of dBFS
    alike: int | None = None  # thousandths: correlation with the one that is heard; None: not compared


@attrs.frozen(kw_only=True)
class RelayAirView:
    """A relay on air of one channel."""

    channel: ChannelId
    name: Text
    title: str
    start: Instant
    end: Instant
    until: Instant  # at the latest, by key
    why: Text  # what says so


@attrs.frozen(kw_only=True)
class RelayView:
    """One relay: its ways, which one is heard, where it is on air."""

    id: str
    media: Sha256  # what takes name
    name: Text
    ways: list[WayView]
    heard: int | None  # counted from 0
    since: Instant | None  # that one is heard
    at: Instant | None  # when its player last reported
    air: list[RelayAirView]
    next: Instant | None  # when it next begins
    preview: bool  # it may be listened to: /hls/relay-ID/index.m3u8
    marker: str = ""  # what ends it beside clock and key


__all__ = ["RelayAirView", "RelayView", "WayView"]
