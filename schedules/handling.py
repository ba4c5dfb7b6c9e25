"""What was measured of a medium, as a channel uses it: gain to the channel's loudness, and the points a rundown leaves to the ear (`auto`). Pure; knows no meter."""

from __future__ import annotations

from typing import Final

import attrs

from schedules.gains import times
from schedules.plan import UNITY, Medium
from schedules.rundown import AUTO, Item

MOST_GAIN: Final = 1 << 33  # Q31: +12 dB


@attrs.frozen(kw_only=True)
class Measured:
    """What ingest found out. Hundredths of LUFS and of dBTP (EBU R 128); samples of the medium."""

    loudness: int
    peak: int
    cue_in: int  # the first sample that is heard
    cue_out: int  # the one after the last
    segue: int  # where the next item may begin


@attrs.frozen(kw_only=True)
class Handling:
    """How a channel plays a medium. Gain in Q31; samples of the medium."""

    gain: int = UNITY
    cue_in: int
    cue_out: int
    segue: int


def handled(item: Item, medium: Medium | None, handling: Handling | None) -> Item:
    """The item with its gain brought to the channel's loudness and each `auto` told; of what was never measured, all of it."""
    if medium is None:
        return item
    known = handling or Handling(cue_in=0, cue_out=medium.samples, segue=medium.samples)
    cue_in = known.cue_in if item.cue_in == AUTO else item.cue_in
    cue_out = known.cue_out if item.cue_out == AUTO else item.cue_out
    ends = medium.samples if cue_out is None else min(cue_out, medium.samples)
    if item.duration is not None:
        ends = min(ends, cue_in + item.duration)
    segue = max(0, ends - known.segue) if item.segue == AUTO else item.segue
    asked = item.gain
    gain = known.gain if asked == UNITY else min(MOST_GAIN, times(asked, known.gain))
    return attrs.evolve(item, cue_in=cue_in, cue_out=cue_out, segue=segue, gain=gain)


__all__ = ["MOST_GAIN", "Handling", "Measured", "handled"]
