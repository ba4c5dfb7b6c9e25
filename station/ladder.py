"""How often each rung of the fallback ladder was needed: counts as-run lines, for the page and for Prometheus. Knows no player, no clock."""

from __future__ import annotations

from typing import Final

import attrs

from playout.messages import AiredEntries, AsRunEntry
from station.metrics import counter
from station.pairs import twin_of
from station.rung_words import NAMES
from station.views import RungCount
from station.words import SAMPLE_RATE, ChannelId

_MOST_OPEN: Final = 256
FALLS: Final = counter(
    "gengfu_ladder_falls_total", "Times a take was on a rung below its file", ("player", "channel", "rung")
)
SAMPLES: Final = counter(
    "gengfu_ladder_samples_total",
    "Samples on rungs below the file, once they are over",
    ("player", "channel", "rung"),
)


@attrs.define
class Tally:
    """How often, and for how many samples, each channel of each player was on each rung below its file."""

    _counts: dict[tuple[str, str], dict[str, tuple[int, int]]] = attrs.field(factory=dict)
    _open: dict[tuple[str, str, str], AsRunEntry] = attrs.field(factory=dict)  # by player, channel and take

    def note(self, aired: AiredEntries) -> None:
        """Take lines in, each once, in their order."""
        for entry in aired.entries:
            if entry.source == "take" and entry.rung != "file":
                self._line((aired.chain, entry.channel), entry)

    def _line(self, key: tuple[str, str], entry: AsRunEntry) -> None:
        begun = self._open.pop((*key, entry.ref), None)
        if entry.what == "start":
            self._open[(*key, entry.ref)] = entry
            self._add(key, entry.rung, 1, 0)
            if len(self._open) > _MOST_OPEN:  # whose end was never told
                del self._open[next(iter(self._open))]
        elif begun is not None and begun.rung == entry.rung:
            self._add(key, entry.rung, 0, max(0, entry.index - begun.index))

    def _add(self, key: tuple[str, str], rung: str, times: int, samples: int) -> None:
        here = self._counts.setdefault(key, {})
        before = here.get(rung, (0, 0))
        here[rung] = (before[0] + times, before[1] + samples)
        FALLS.labels(*key, rung).inc(times)
        SAMPLES.labels(*key, rung).inc(samples)

    def of(self, channel: ChannelId, chain: str) -> list[RungCount]:
        """The rungs a channel needed, best first; of two players the one that needed a rung more often."""
        both = [self._counts.get((player, channel), {}) for player in (chain, twin_of(chain))]
        found = ((rung, max(counts.get(rung, (0, 0)) for counts in both)) for rung in NAMES)
        return [
            RungCount(rung=rung, times=times, ms=samples * 1_000 // SAMPLE_RATE)
            for rung, (times, samples) in found
            if times
        ]


__all__ = ["FALLS", "SAMPLES", "Tally"]
