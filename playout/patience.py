"""When a decoder that has work is taken for hung. Knows rings and the time it is given; kills nobody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from playout.lanes import Seat
from playout.rings import FILLING
from station.words import SAMPLE_RATE

HUNG: Final = 700_000_000  # ns without a sign of life from a decoder whose samples are needed within a second
CALM: Final = 2_500_000_000  # where there is time


class Patience:
    """Asks nobody for a sign of life while the player itself was held up: so may they have been."""

    def __init__(self, now: int) -> None:
        self._looked = now
        self._excused = 0

    def hung(self, seats: Iterable[Seat], head: int, now: int) -> Iterator[Seat]:
        """The seats whose decoder runs, has work and shows no life; `head` is the sample on air, `now` in ns."""
        if now - self._looked > HUNG // 2:
            self._excused = now
        self._looked = now
        return (
            seat for seat in seats if seat.child is not None and seat.child.pid and self._is(seat, head, now)
        )

    def _is(self, seat: Seat, head: int, now: int) -> bool:
        ring, stream = seat.ring, seat.stream
        settled = ring.generation == seat.generation
        if stream is None or (settled and ring.state != FILLING):
            return False
        there = stream.origin + ring.written if settled else stream.begin
        quiet = now - max(ring.beat if settled else 0, seat.since, self._excused)
        return quiet > (HUNG if there - head < SAMPLE_RATE else CALM)
