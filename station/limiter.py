"""Slows down whoever guesses: after some wrong tries a name must wait. Pure; time is an argument, and the memory is bounded."""

from __future__ import annotations

from collections import OrderedDict

import attrs

from station.words import SECOND, Duration, Instant

WAIT = Duration(30 * SECOND)


@attrs.define(kw_only=True)
class Limiter:
    """Counts wrong tries by name. A right one clears the name; names beyond `names` push the oldest out."""

    free: int = 5  # wrong tries before the first wait
    wait: Duration = WAIT
    names: int = 1_000
    _wrong: OrderedDict[str, tuple[int, Instant]] = attrs.field(factory=OrderedDict)

    def must_wait(self, name: str, now: Instant) -> Duration:
        """µs that `name` must still wait; 0 when it may try."""
        count, last = self._wrong.get(name, (0, now))
        if count < self.free or now < last:
            return Duration(0)
        return Duration(max(0, last + self.wait - now))

    def left(self, name: str) -> int:
        """Wrong tries that `name` still has before it must wait; 0 from then on until a right one."""
        count, _ = self._wrong.get(name, (0, Instant(0)))
        return max(0, self.free - count)

    def wrong(self, name: str, now: Instant) -> None:
        """A wrong try, counted before it is checked so that many at once count as many."""
        count, _ = self._wrong.pop(name, (0, now))
        self._wrong[name] = (count + 1, now)
        while len(self._wrong) > self.names:
            self._wrong.popitem(last=False)

    def right(self, name: str) -> None:
        """The try was right after all."""
        self._wrong.pop(name, None)

    def __len__(self) -> int:
        return len(self._wrong)
