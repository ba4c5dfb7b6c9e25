"""How a channel plays each medium that was measured: at its loudness, from and to where it is heard. Pure; knows no file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from playout.gain import gain_to, q31
from schedules.handling import Handling, Measured
from schedules.plan import UNITY
from station.words import Sha256


def handlings(measured: Mapping[Sha256, Measured], target_lufs: int) -> dict[Sha256, Handling]:
    """By medium. `target_lufs`: the channel's loudness (EBU R 128); 0: each medium stays as loud as it is."""
    return {
        sha256: Handling(
            gain=q31(gain_to(100 * target_lufs, one.loudness, one.peak)) if target_lufs else UNITY,
            cue_in=one.cue_in,
            cue_out=one.cue_out,
            segue=one.segue,
        )
        for sha256, one in measured.items()
    }


def marks(handlings: Mapping[Sha256, Handling], media: Iterable[Sha256]) -> list[list[str | int]]:
    """What of it concerns these media, as it goes into a digest."""
    rows = ((sha256, handlings[sha256]) for sha256 in sorted(media) if sha256 in handlings)
    return [[sha256, one.gain, one.cue_in, one.cue_out, one.segue] for sha256, one in rows]


__all__ = ["handlings", "marks"]
