"""The frozen view other parts see of an alert that sounds (used by station/rules.py). Computed from state only; knows no output."""

from __future__ import annotations

import attrs

from emergency.messages import AlertKind, Authority
from station.area_codes import any_contains
from station.words import AreaCode, ChannelId, Instant, SampleIndex, Sha256


@attrs.frozen(kw_only=True)
class Sounding:
    """One alert on air. `emergency.lifecycle.soundings(state, now)` gives them, best first in the order of L7."""

    alert: str
    incident: str
    kind: AlertKind
    level: int
    authority: Authority
    event: str
    headline: str
    text: str  # what is spoken, drill words included
    ebm_id: str  # of the upstream message, or made by the station
    since: Instant
    until: Instant
    areas: tuple[AreaCode, ...]
    audio: Sha256
    samples: int
    repeats: int  # how often the audio is heard on a programme channel; 0: until `until`
    channels: tuple[ChannelId, ...]  # programme channels it lies over
    duck: bool  # duck instead of replace
    moved: tuple[tuple[ChannelId, SampleIndex], ...] = ()
    line: int = 0  # its own stream while it sounds, counted from 1; 0 where it had to share
    approval: str = ""  # "alert:<id>"
    signers: tuple[str, ...] = ()
    why_en: str = ""
    why_zh: str = ""


@attrs.frozen(kw_only=True)
class Mute:
    """A local mute in force; empty `alert` and `areas` mean everything."""

    mute: str
    by: str
    alert: str = ""
    areas: tuple[AreaCode, ...] = ()
    channels: tuple[ChannelId, ...] = ()  # whose modulation is silenced as well

    def silences(self, alert: str, area: AreaCode) -> bool:
        """Whether it silences this alert in all of `area` (L8)."""
        return self.alert in ("", alert) and (not self.areas or any_contains(self.areas, area))
