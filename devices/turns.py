"""One question at a time on a line of bytes, sans I/O, the same for every wire of studio and modem: whether an answer came, fits, is late, or never came. Time is told (whole µs); knows no protocol and no port.

A wire (`Wire`) makes bytes of questions and messages of bytes. Where its answers carry no number of their question, what
comes late would be taken for the next answer: therefore nothing is asked for a while after silence, garbage or anything
that nobody asked for.
"""

from __future__ import annotations

from typing import Any, Final, Generic, Protocol, TypeVar

import attrs

from devices.heard import Answered, Declined, Garbled, Silent, Stray

LONGEST: Final = 10_000_000  # µs from the first byte of a message to its last, however it dribbles
KEPT_AT_MOST: Final = 5_000_000  # µs; a line that never falls silent must not hold an order for ever


@attrs.frozen
class Told:
    """What the other side says by itself: a crosspoint that changed, a message that came."""

    value: Any


@attrs.frozen
class Reply:
    """Bytes that must be sent back at once."""

    data: bytes


Heard = Answered[Any] | Declined | Garbled | Silent | Stray | Told | Reply
ENDS: Final = (Answered, Declined, Garbled, Silent)  # of these a question has exactly one


class Wire(Protocol):
    """A protocol with at most one open question. Each of `ENDS` that it says closes it."""

    numbered: bool  # answers carry their question's number: a late one is known to be one

    @property
    def waiting(self) -> bool:
        """Whether a question is open."""
        ...

    @property
    def holding(self) -> bool:
        """Whether the beginning of a message is kept."""
        ...

    def asked(self, ask: Any) -> bytes:
        """Open a question: its bytes. `waiting` stays False where nothing answers it. A question's `patience` (µs) is how long it waits at least."""
        ...

    def feed(self, data: bytes) -> list[Heard]:
        """What these bytes bring."""
        ...

    def cut(self) -> list[Heard]:
        """Nothing follows what is kept: throw it away."""
        ...

    def give_up(self) -> bytes:
        """Wait no longer; what is to be said then."""
        ...


class Ear:
    """What the wires have in common: one open question, and bytes kept until a message is whole."""

    numbered = False

    def __init__(self) -> None:
        self._open: Any = None
        self._held = b""

    @property
    def waiting(self) -> bool:
        """Whether a question is open."""
        return self._open is not None

    @property
    def holding(self) -> bool:
        """Whether the beginning of a message is kept."""
        return bool(self._held)

    def cut(self) -> list[Heard]:
        """Nothing follows what is kept: throw it away."""
        self._held = b""
        return [self._garbled("cut short")]

    def give_up(self) -> bytes:
        """Wait no longer."""
        self._open = None
        return b""

    def _garbled(self, why: str) -> Heard:
        self._open = None
        return Garbled(why)

    def _answered(self, value: Any) -> Heard:
        self._open = None
        return Answered(value)

    def _done(self) -> Heard:
        return self._answered(value=True)

    def _declined(self, code: str, why: str) -> Heard:
        self._open = None
        return Declined(code, why)


class Finder(Protocol):
    """Finds frames in a stream of bytes."""

    @property
    def holding(self) -> bool:
        """Whether a frame has begun."""
        ...

    def drop(self) -> None:
        """The frame that has begun does not go on."""
        ...


Frames = TypeVar("Frames", bound=Finder)


class FramedEar(Ear, Generic[Frames]):
    """An ear whose messages are frames, which somebody else finds."""

    def __init__(self, frames: Frames) -> None:
        super().__init__()
        self._frames = frames

    @property
    def holding(self) -> bool:
        """Whether a frame has begun."""
        return self._frames.holding

    def cut(self) -> list[Heard]:
        """Nothing follows what is kept: throw it away."""
        self._frames.drop()
        return super().cut()


@attrs.frozen(kw_only=True)
class Pace:
    """How time passes on a line, µs."""

    timeout: int = 1_000_000
    late: int = 1_000_000  # an answer may come so long after its time was up
    gap: int = 200_000  # pieces of one message may come so far apart


class Turn:
    """`asked` when `free_at` has come; then `fed` and `passed` as bytes and time come, `due` says when."""

    def __init__(self, wire: Wire, pace: Pace) -> None:
        self._wire, self._pace = wire, pace
        self._until = self._free = self._limit = self._last = self._begun = 0

    def free_at(self) -> int | None:
        """From when on a question may be asked; None while one is open or a message is being heard."""
        return None if self._wire.waiting or self._wire.holding else self._free

    def asked(self, ask: Any, now: int) -> bytes:
        """Open a question: its bytes."""
        data = self._wire.asked(ask)
        self._until = now + max(self._pace.timeout, getattr(ask, "patience", 0))
        return data

    def fed(self, data: bytes, now: int) -> list[Heard]:
        """What these bytes bring, in order."""
        holding, waiting = self._wire.holding, self._wire.waiting
        heard = self._judged(self._wire.feed(data), now, waiting=waiting)
        self._last = now
        if heard or not holding:
            self._begun = now
        return heard

    def due(self) -> int | None:
        """When `passed` has something to say; None: not unless bytes come."""
        if self._wire.holding:
            begun = min(self._begun, self._until) if self._wire.waiting else self._begun
            return min(self._last + self._pace.gap, begun + LONGEST)
        return self._until if self._wire.waiting else None

    def passed(self, now: int) -> list[Heard]:
        """Time passed: what that makes of the beginning of a message, or of the question nobody answers."""
        due = self.due()
        if due is None or now < due:
            return []
        waiting = self._wire.waiting
        if self._wire.holding:
            return self._judged(self._wire.cut(), now, waiting=waiting)
        said = self._wire.give_up()
        self._leave_alone(max(now, self._until))
        return [Silent(), Reply(said)] if said else [Silent()]

    def _judged(self, heard: list[Heard], now: int, *, waiting: bool) -> list[Heard]:
        made = []
        for one in heard:
            if isinstance(one, ENDS) and not waiting:
                one = Stray("no question was open")
            waiting = waiting and not isinstance(one, ENDS)
            if isinstance(one, (Garbled, Stray)):
                self._leave_alone(now)
            made.append(one)
        return made

    def _leave_alone(self, now: int) -> None:
        """Nothing is asked until what may still come cannot be taken for the next answer."""
        if self._wire.numbered:
            return
        if now >= self._free:
            self._limit = now + KEPT_AT_MOST
        self._free = min(now + self._pace.late, self._limit)


__all__ = [
    "ENDS",
    "KEPT_AT_MOST",
    "LONGEST",
    "Answered",
    "Declined",
    "Ear",
    "FramedEar",
    "Garbled",
    "Heard",
    "Pace",
    "Reply",
    "Silent",
    "Stray",
    "Told",
    "Turn",
    "Wire",
]
