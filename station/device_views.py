"""What the glass is told of transmitters and power supplies: frozen views. Numbers are whole: a value is `value`·10^-`decimals` `unit`. Knows no device and no line."""

from __future__ import annotations

from typing import Literal

import attrs

from station.words import Instant, Text

Quality = Literal["good", "stale", "bad", "uncertain", "never"]

QUALITIES: dict[Quality, Text] = {
    "good": Text("good", "正常"),
    "stale": Text("stale", "过时"),
    "bad": Text("no answer", "无应答"),
    "uncertain": Text("out of its range", "超出量程"),
    "never": Text("never read", "从未读到"),
}


@attrs.frozen(kw_only=True)
class LimitView:
    """A limit of a value, in the value's own whole numbers."""

    id: str
    side: Literal["above", "below", "is"]  # what crosses it
    value: int
    severity: str  # station.conditions.Severity
    crossed: bool
    since: Instant | None  # of the crossing


@attrs.frozen(kw_only=True)
class ValueView:
    """One point of a device. `age_ms` grows while it is not read; a value without age was never read."""

    id: str
    name: Text
    value: int | None
    decimals: int
    unit: str
    text: Text  # "1002 W", or the word for a state; a dash where it was never read
    state: bool  # a word, not a measure
    quality: Quality
    quality_text: Text
    why: str  # of a value that is not good: timeout, exception 2 …
    at: Instant | None
    age_ms: int | None
    least: int | None  # its range, for a bar
    most: int | None
    limits: list[LimitView]


@attrs.frozen(kw_only=True)
class AskedView:
    """Somebody asked to take a carrier down and waits for a second person."""

    ask: int
    by: str
    name: Text
    reason: str
    at: Instant
    until: Instant
    may_confirm: bool  # the operator who looks
    why_not: Text | None


@attrs.frozen(kw_only=True)
class CarrierView:
    """Wanted, reported and how sure that is."""

    wanted: Literal["on", "off", ""]  # "" : nobody ordered anything yet
    reported: Literal["on", "off", "unclear", "unknown"]  # unknown: not read now
    phase: Literal["", "ordered", "sent", "confirmed", "unconfirmed"]
    order: int
    by: list[str]
    names: list[Text]
    at: Instant | None
    until: Instant | None
    reason: str
    why: Text  # the rule by which it was ordered, and why it is not confirmed
    tone: Literal["good", "warn", "bad"]
    sentence: Text
    asked: AskedView | None
    alone: Text | None  # why one person may take it down now
    may_on: Text | None  # why it may not be brought up now; None: it may
    may_off: Text | None


@attrs.frozen(kw_only=True)
class DeviceHead:
    """What every device has."""

    id: str
    name: Text
    site: Text
    profile: str
    profile_status: str  # invented, bench, site
    contact: Literal["never", "good", "lost", "wrong"]
    contact_text: Text
    contact_since: Instant | None
    address: str  # line/unit, or line/name


@attrs.frozen(kw_only=True)
class TransmitterView:
    """A transmitter."""

    head: DeviceHead
    channel: str
    channel_name: Text
    local: bool
    interlock: bool
    carrier: CarrierView
    values: list[ValueView]


@attrs.frozen(kw_only=True)
class UpsView:
    """A power supply."""

    head: DeviceHead
    tone: Literal["good", "warn", "bad"]
    sentence: Text  # on mains, or on battery and for how long
    values: list[ValueView]


__all__ = [
    "QUALITIES",
    "AskedView",
    "CarrierView",
    "DeviceHead",
    "LimitView",
    "Quality",
    "TransmitterView",
    "UpsView",
    "ValueView",
]
