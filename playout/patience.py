"""When a decoder that has work is taken for hung. Knows rings and the time it is given; kills nobody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, Protocol, TypeVar

from playout.crew import Child
from playout.rings import FILLING, Ring
from playout.streams import Stream
from station.words import SAMPLE_RATE

HUNG: Final = 700_000_000  # ns without a sign of life from a decoder whose work is needed within a second
CALM: Final = 2_500_000_000  # where there is time


class Decoded(Protocol):
    """A ring and its decoder: of sound (playout.lanes.Seat) or of pictures (playout.vision.Film)."""

    @property
    def ring(self) -> Ring[Any]: ...
    @property
    def child(self) -> Child | None: ...
    @property
    def stream(self) -> Stream | None: ...
    @property
    def generation(self) -> int: ...
    @property
    def since(self) -> int: ...


D = TypeVar("D", bound=Decoded)


class Patience:
    """Asks nobody for a sign of life while the player itself was held up: so may they have been."""

    def __init__(self, now: int, second: int = SAMPLE_RATE) -> None:
        """`second`: how many of what the rings hold, samples or frames, pass in a second."""
        self._looked = now
        self._excused = 0
        self._second = second

    def hung(self, seats: Iterable[D], head: int, now: int) -> Iterator[D]:
        """The seats whose decoder runs, has work and shows no life; `head` is the sample or frame on air, `now` in ns."""
        if now - self._looked > HUNG // 2:
            self._excused = now
        self._looked = now
        return (
            seat for seat in seats if seat.child is not None and seat.child.pid and self._is(seat, head, now)
        )

    def _is(self, seat: Decoded, head: int, now: int) -> bool:
        ring, stream = seat.ring, seat.stream
        settled = ring.generation == seat.generation
        if stream is None or (settled and ring.state != FILLING):
            return False
        there = stream.origin + ring.written if settled else stream.begin
        quiet = now - max(ring.beat if settled else 0, seat.since, self._excused)
        return quiet > (HUNG if there - head < self._second else CALM)
