"""Markers that came with a relay: which of them end its programme, by the settings, each told once. Knows no player and no plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from playout.link import RelaySight
from playout.messages import NoteMarker
from station.relay_sources import RelaySection
from station.words import SAMPLE_RATE, SampleIndex

SAME: Final = SAMPLE_RATE  # samples within which two markers are one
KEPT: Final = 8  # of a relay
ENDED_BY: Final = {"": (), "scte35": ("end",), "scte35-out": ("end", "out")}  # setting → what markers say


@attrs.define
class RelayMarks:
    """What was told already, by relay: of two players each tells it, to a few samples the same."""

    _told: dict[str, tuple[SampleIndex, ...]] = attrs.field(factory=dict)

    def fresh(self, sections: Iterable[RelaySection], sights: Iterable[RelaySight]) -> Iterator[NoteMarker]:
        """What the desk is to be told of what players report."""
        heeded = {section.id: ENDED_BY[section.marker] for section in sections}
        for sight in sights:
            if sight.marker is None or sight.says not in heeded.get(sight.relay, ()):
                continue
            told = self._told.get(sight.relay, ())
            if all(abs(sight.marker - one) >= SAME for one in told):
                self._told[sight.relay] = (*told, sight.marker)[-KEPT:]
                yield NoteMarker(relay=sight.relay, at=sight.marker)


__all__ = ["ENDED_BY", "KEPT", "SAME", "RelayMarks"]
