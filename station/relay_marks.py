"""Markers that came with a relay: which of them end its programme, by the settings, each told once. Knows no player and no plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from playout.link import RelaySight
from playout.messages import NoteMarker
from station.relay_sources import RelaySection
from station.words import SampleIndex

ENDED_BY: Final = {"": (), "scte35": ("end",), "scte35-out": ("end", "out")}  # setting → what markers say


@attrs.define
class RelayMarks:
    """What was told already, by relay."""

    _told: dict[str, SampleIndex] = attrs.field(factory=dict)

    def fresh(self, sections: Iterable[RelaySection], sights: Iterable[RelaySight]) -> Iterator[NoteMarker]:
        """What the desk is to be told of what players report."""
        heeded = {section.id: ENDED_BY[section.marker] for section in sections}
        for sight in sights:
            if sight.marker is None or sight.says not in heeded.get(sight.relay, ()):
                continue
            if self._told.get(sight.relay) != sight.marker:
                self._told[sight.relay] = sight.marker
                yield NoteMarker(relay=sight.relay, at=sight.marker)


__all__ = ["ENDED_BY", "RelayMarks"]
