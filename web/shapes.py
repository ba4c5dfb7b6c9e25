"""The shapes of answers that have no class among the station's views, for the OpenAPI document. Knows no handler."""

from __future__ import annotations

from typing import Any, Literal

import attrs

from emergency.messages import Template
from station.views import SignatureView, TakeView
from station.words import AreaCode, Instant, Sha256, Text


@attrs.frozen(kw_only=True)
class Problem:
    """Why a request was not done: a code and one sentence in both languages.

    Codes with a status of their own: forbidden, unproven, unknown, missing, misheard, unavailable, too_many. Any other
    one (refused, area, rate, …) names the rule that refused, with status 422.
    """

    code: str
    text: Text


@attrs.frozen(kw_only=True)
class Login:
    """Who wants a seat."""

    operator: str
    password: str


@attrs.frozen(kw_only=True)
class Pin:
    """Proof for the acting commands of the next minutes."""

    pin: str


@attrs.frozen(kw_only=True)
class CommandAnswer:
    """A command's journal position and what it says; the same request id gets the same answer."""

    position: int
    result: dict[str, Any]


@attrs.frozen(kw_only=True)
class TemplateView:
    """A template and its reviews."""

    id: str
    body: Template
    state: Literal["waiting", "reviewed", "rejected"]
    content: Sha256
    signatures: list[SignatureView]


@attrs.frozen(kw_only=True)
class AreaView:
    """An area of the county, searchable by name, pinyin, initials or code."""

    code: AreaCode
    name: str
    level: str
    pinyin: str
    initials: str
    terminals: int


@attrs.frozen(kw_only=True)
class CrossedChannel:
    """A programme channel that an alert would interrupt; `ducked`: its programme goes on below the speech; `shrunk`: its picture goes on at half its size."""

    id: str
    name: Text
    picture: bool
    ducked: bool
    shrunk: bool


@attrs.frozen(kw_only=True)
class Resolved:
    """What a choice of areas reaches."""

    villages: int
    terminals: int
    online: int
    unreachable: list[str]
    names: list[str]
    channels: list[CrossedChannel]


@attrs.frozen(kw_only=True)
class EventCode:
    """One event of the national list."""

    code: str
    zh: str
    en: str


@attrs.frozen(kw_only=True)
class TerminalPage:
    """A page of terminals; each row is a TerminalView."""

    total: int
    rows: list[dict[str, Any]]


@attrs.frozen(kw_only=True)
class MapView:
    """Points of the map: code, longitude and latitude in millionths of a degree, state, area."""

    points: list[list[Any]]


@attrs.frozen(kw_only=True)
class RundownView:
    """A day's rundown and its reviews."""

    channel: str
    day: str
    state: str
    content: str
    signatures: list[Any]
    takes: list[TakeView]
    warnings: list[Any]


@attrs.frozen(kw_only=True)
class DraftBody:
    """A day's rundown to be looked at; `csv` is the whole text."""

    channel: str
    day: str
    csv: str


@attrs.frozen(kw_only=True)
class DraftView:
    """How a draft comes out: lines with their instants, gaps, differences, and what refuses it."""

    content: Sha256 | None
    lines: list[dict[str, Any]]
    gaps: list[dict[str, Instant]]
    changes: list[dict[str, Any]]
    complaints: list[list[Any]]
    locked: list[Text]
    remarks: list[Text]
    lock_until: Instant
    opens: Instant | None
    closes: Instant | None
    closes_why: Text | None


@attrs.frozen(kw_only=True)
class SheetView:
    """A day of a channel: its versions, and what comes if nobody acts."""

    channel: str
    day: str
    today: str
    at: Instant
    begins: Instant
    ends: Instant
    lock_s: int
    lock_until: Instant
    needed: int
    approved: dict[str, Any] | None
    waiting: dict[str, Any] | None
    rejected: dict[str, Any] | None
    ahead: list[dict[str, Any]]
    idle: Text | None


@attrs.frozen(kw_only=True)
class WithdrawnView:
    """A medium that nobody may hear or see; `at` in µs UTC."""

    media: str
    title: str
    reason: str
    by: str
    by_name: Text
    at: int


@attrs.frozen(kw_only=True)
class MediumView:
    """One approved medium; `length` in µs."""

    name: str
    title: str
    length: int
    missing: bool


@attrs.frozen(kw_only=True)
class PreparedView:
    """An item that waits for an operator's key; `length` in µs. `now`, `next`: why the key would be refused; null: it would not."""

    item: str
    title: str
    category: str
    length: int
    now: Text | None
    next: Text | None


@attrs.frozen(kw_only=True)
class WhyView:
    """Places that fit a question, with the reasons of all that sounds there."""

    at: Instant
    asked: str
    places: list[dict[str, Any]]


@attrs.frozen(kw_only=True)
class PersonView:
    """An account of the station, without secrets."""

    operator: str
    name: Any
    roles: list[str]
    areas: list[AreaCode]
    active: bool


@attrs.frozen(kw_only=True)
class SignerView:
    """Somebody whose signature under an alert would count now."""

    operator: str
    name: Text
    roles: list[str]


@attrs.frozen(kw_only=True)
class SeriesBucket:
    """Seconds (x10) by state of one stretch of time of one channel."""

    channel: str
    start: Instant
    end: Instant
    seconds_x10: dict[str, int]
