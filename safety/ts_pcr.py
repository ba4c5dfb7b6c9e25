"""How true a stream's PCR are: their distance, and how far each is from where a constant rate puts it (ETSI TR 101 290, 5.2.2: 2.3, 2.4). Pure; knows bytes and ticks."""

from __future__ import annotations

from array import array
from typing import Final

from safety.ts_timed import CLOCK

MOST: Final = 200_000  # PCR of one line; beyond it another begins
_FEW: Final = 3
_UNSTEADY: Final = 100  # parts of the mean rate that most intervals may be off


class Line:
    """PCR of one time base."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self.apart = 0  # ticks: the longest between two
        self.count = 0
        self.worst: int | None = None  # ns off; None: not to be known
        self._bytes, self._ticks = array("q"), array("q")

    def come(self, at: int, ticks: int) -> None:
        """The PCR `ticks`, unwrapped, at byte `at`."""
        if self._ticks:
            self.apart = max(self.apart, ticks - self._ticks[-1])
        if len(self._ticks) >= self._most:
            self.begin()
        self._bytes.append(at)
        self._ticks.append(ticks)
        self.count += 1

    def begin(self) -> None:
        """Another time base, or the end: what is held is judged."""
        off = _off(self._bytes, self._ticks)
        if off is not None:
            self.worst = max(self.worst or 0, off)
        self._bytes, self._ticks = array("q"), array("q")


def _off(places: array[int], times: array[int]) -> int | None:
    """The greatest distance (ns) from the straight line that fits best; None where the rate is not constant, or PCR are few."""
    n = len(places)
    if n < _FEW or not _steady(places, times):
        return None
    xs, ts = [at - places[0] for at in places], [t - times[0] for t in times]
    sx, st = sum(xs), sum(ts)
    across = n * sum(x * x for x in xs) - sx * sx
    slope = n * sum(x * t for x, t in zip(xs, ts, strict=True)) - sx * st
    # t = (st + (n x - sx) slope / across) / n, in whole numbers
    away = max(abs((t * n - st) * across - (n * x - sx) * slope) for x, t in zip(xs, ts, strict=True))
    return away * 1_000_000_000 // (n * across * CLOCK)


def _steady(places: array[int], times: array[int]) -> bool:
    """Whether nine intervals in ten have the rate of the whole."""
    whole, ticks = places[-1] - places[0], times[-1] - times[0]
    good = 0
    for k in range(1, len(places)):
        far, gone = places[k] - places[k - 1], times[k] - times[k - 1]
        good += abs(far * ticks - whole * gone) * _UNSTEADY <= whole * gone
    return good * 10 >= (len(places) - 1) * 9
