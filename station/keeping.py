"""The station's own small decider: who took over, and which numbers are reserved. Pure; knows no clock and no part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from station.words import SECOND, Command, Event, Instant, Operator, command, event

BLOCK = 1_000
LOW = 200
_YEAR_2020 = 1_577_836_800 * SECOND


@command("station.start", right="system", proof=False)
class RecordStart(Command):
    """Journal that this controller took over: which version, which settings (SHA-256)."""

    version: str
    settings: str


@command("numbers.reserve", right="system", proof=False)
class ReserveNumbers(Command):
    """Reserve a block of numbers before any of them is used (design, sentence 2)."""

    use: str
    count: int = BLOCK


@command("clock.note", right="system", proof=False)
class NoteClock(Command):
    """What `gengfu clock` says of this host's clock changed."""

    synchronised: bool
    offset_us: int
    reanchor_wanted: bool


@event("clock.noted/1")
class ClockNoted(Event):
    """Whether this host's clock is synchronised, how far UTC is from anchor time, whether a re-anchor is wanted."""

    synchronised: bool
    offset_us: int
    reanchor_wanted: bool


@event("station.started/1")
class StationStarted(Event):
    """A controller took over."""

    version: str
    settings: str


@event("numbers.reserved/1")
class NumbersReserved(Event):
    """`first` to `first + count - 1` may be used by whoever asked, and by nobody after a restart."""

    use: str
    first: int
    count: int


@attrs.frozen(kw_only=True)
class State:
    """The next free number of each use, and what was last said of the clock."""

    free: dict[str, int] = attrs.field(factory=dict)
    synchronised: bool | None = None
    reanchor_wanted: bool = False


EMPTY = State()


def decide(state: State, wish: Command, now: Instant, by: Operator, policy: None) -> tuple[Event, ...]:
    """What a command comes to."""
    if isinstance(wish, RecordStart):
        return (StationStarted(version=wish.version, settings=wish.settings),)
    if isinstance(wish, NoteClock):
        same = (wish.synchronised, wish.reanchor_wanted) == (state.synchronised, state.reanchor_wanted)
        noted = ClockNoted(
            synchronised=wish.synchronised, offset_us=wish.offset_us, reanchor_wanted=wish.reanchor_wanted
        )
        return () if same else (noted,)
    assert isinstance(wish, ReserveNumbers)
    first = max(state.free.get(wish.use, 1), _floor(now))
    return (NumbersReserved(use=wish.use, first=first, count=wish.count),)


def _floor(now: Instant) -> int:
    """Seconds since 2020: a journal that was restored, or begun anew, does not know which numbers were used; terminals do,
    and obey higher ones only. Less than one a second is used over the years, and 32 bits of them last until 2156."""
    return (now - _YEAR_2020) // SECOND


def evolve(state: State, happened: Event) -> State:
    """The state after an event."""
    if isinstance(happened, NumbersReserved):
        return attrs.evolve(state, free={**state.free, happened.use: happened.first + happened.count})
    if isinstance(happened, ClockNoted):
        return attrs.evolve(
            state, synchronised=happened.synchronised, reanchor_wanted=happened.reanchor_wanted
        )
    return state


def due(state: State, now: Instant, policy: None) -> tuple[Command, ...]:
    """Nothing falls due here."""
    return ()


def next_due(state: State, now: Instant, policy: None) -> Instant | None:
    """Never."""
    return None


class Numbers:
    """Gives out reserved numbers of one use; asks for the next block well before the last is used up."""

    def __init__(self, use: str, reserve: Callable[[ReserveNumbers], Any], *, block: int = BLOCK) -> None:
        self._use, self._reserve, self._block = use, reserve, block
        self._held: list[range] = []
        self._asked = False

    def ask(self) -> None:
        """Ask for a block, unless one is on its way."""
        if not self._asked:
            self._asked = True
            self._reserve(ReserveNumbers(use=self._use, count=self._block))

    def reserved(self, happened: Event) -> None:
        """A block became durable."""
        if isinstance(happened, NumbersReserved) and happened.use == self._use:
            self._asked = False
            self._held.append(range(happened.first, happened.first + happened.count))

    def next(self) -> int:
        """A number never used before; raises LookupError where none is durable yet."""
        if not self._held:
            self.ask()
            raise LookupError(f"no {self._use} number is reserved yet")
        first = self._held[0]
        rest = range(first.start + 1, first.stop)
        self._held[:1] = [rest] if rest else []
        if sum(map(len, self._held)) < min(LOW, self._block // 2):
            self.ask()
        return first.start
