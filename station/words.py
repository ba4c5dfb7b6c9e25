"""The words every part shares: instants, texts, refusals, and the registry of commands and events. Knows no I/O, no part, no clock."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar, NewType, TypeVar, dataclass_transform

import attrs

Instant = NewType("Instant", int)  # µs of anchor time, UTC since 1970
Duration = NewType("Duration", int)  # µs
SampleIndex = NewType("SampleIndex", int)  # absolute sample at 48 kHz since 1970
ChannelId = NewType("ChannelId", str)
AreaCode = NewType("AreaCode", str)  # 12 digits, GB/T 2260 + GB/T 10114
Sha256 = NewType("Sha256", str)  # 64 lower-case hex digits
Position = NewType("Position", int)  # of a journal record; the first is 1

SAMPLE_RATE = 48_000
SECOND = Duration(1_000_000)
MINUTE = Duration(60 * SECOND)
HOUR = Duration(60 * MINUTE)

_AREA = re.compile(r"[0-9]{12}\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


def instant_of(n: SampleIndex) -> Instant:
    """The first whole µs at which sample `n` sounds (48 kHz); `sample_at(instant_of(n)) == n`."""
    return Instant(-(-n * 125 // 6))


def sample_at(us: Instant) -> SampleIndex:
    """The sample (48 kHz) that sounds at `us`."""
    return SampleIndex(us * 6 // 125)


def samples_in(span: Duration) -> int:
    """How many samples (48 kHz) fill `span` µs, rounded up."""
    return -(-span * 6 // 125)


def frame_start(k: int, num: int, den: int) -> SampleIndex:
    """The sample at which frame `k` begins at a frame rate of num/den a second."""
    return SampleIndex(-(-k * SAMPLE_RATE * den // num))


def is_area(text: str) -> bool:
    """Whether `text` has the form of a 12-digit area code."""
    return _AREA.match(text) is not None


def is_sha256(text: str) -> bool:
    """Whether `text` has the form of a SHA-256 in lower-case hex."""
    return _SHA256.match(text) is not None


@attrs.frozen
class Text:
    """One thing said in both languages."""

    en: str
    zh: str


class Refused(Exception):
    """The user asked for what may not be: one sentence, in both languages, shown as it is."""

    def __init__(self, en: str, zh: str, *, code: str = "refused") -> None:
        super().__init__(en)
        self.text = Text(en, zh)
        self.code = code


class Misheard(Exception):
    """A device or a peer sent what its protocol does not allow; says what and where."""

    def __init__(self, en: str, zh: str, *, code: str = "misheard") -> None:
        super().__init__(en)
        self.text = Text(en, zh)
        self.code = code


@attrs.frozen(kw_only=True)
class Operator:
    """Who acts: an account of the station, a source, or the station itself (`system`)."""

    id: str
    roles: frozenset[str] = frozenset()
    areas: tuple[AreaCode, ...] = ()  # empty: everywhere
    events: tuple[str, ...] = ()  # beginnings of event codes its department may send; empty: all


SYSTEM = Operator(id="system", roles=frozenset({"system"}))


class Event:
    """A fact, past tense. Registered under a stable kind such as `alert.signed/1`."""

    kind: ClassVar[str]


class Command:
    """A wish, imperative. `right` is what the sender must hold; `proof` whether a PIN or passkey goes with it."""

    name: ClassVar[str]
    right: ClassVar[str]
    proof: ClassVar[bool]
    life_safety: ClassVar[bool]


EVENTS: dict[str, type[Event]] = {}
COMMANDS: dict[str, type[Command]] = {}

E = TypeVar("E", bound=Event)
C = TypeVar("C", bound=Command)
_KIND = re.compile(r"[a-z]+(\.[a-z]+)+/[1-9][0-9]*\Z")
_NAME = re.compile(r"[a-z]+(\.[a-z]+)+\Z")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(attrs.field,))
def event(kind: str) -> Callable[[type[E]], type[E]]:
    """Register a frozen event class under `kind` (`noun.verb/version`); a kind is for ever."""
    if not _KIND.match(kind):
        raise ValueError(f"{kind!r} is not of the form noun.verb/1")

    def register(cls: type[E]) -> type[E]:
        if kind in EVENTS:
            raise ValueError(f"{kind} is registered twice")
        made = attrs.frozen(kw_only=True)(cls)
        made.kind = kind
        EVENTS[kind] = made
        return made

    return register


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(attrs.field,))
def command(
    name: str, *, right: str, proof: bool = True, life_safety: bool = False
) -> Callable[[type[C]], type[C]]:
    """Register a frozen command class under `name`, with the right it needs."""
    if not _NAME.match(name):
        raise ValueError(f"{name!r} is not of the form noun.verb")

    def register(cls: type[C]) -> type[C]:
        if name in COMMANDS:
            raise ValueError(f"{name} is registered twice")
        made = attrs.frozen(kw_only=True)(cls)
        made.name, made.right, made.proof, made.life_safety = name, right, proof, life_safety
        COMMANDS[name] = made
        return made

    return register
