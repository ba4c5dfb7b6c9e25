"""The picture that a channel's receivers see now, decoded from what was sent to them: for the frame whose own has no pixels. Knows access units and libav; knows no film."""

from __future__ import annotations

from typing import Any

import av

from playout.screens import Unit
from playout.tv_house import Packed, packed_of


class Recall:
    """Keeps what was sent since a group began, some hundred kilobytes, and decodes it when somebody asks."""

    def __init__(self) -> None:
        self._units: list[bytes] = []
        self._picture: Packed | None = None  # as decoded, while nothing else was shown

    @property
    def sees(self) -> bool:
        """Whether anything was sent."""
        return bool(self._units)

    def picture(self, own: Packed | None) -> Packed:
        """The frame's own picture, or what is seen already where it has none."""
        if own is not None:
            self._picture = None
            return own
        if self._picture is None:
            self._picture = _last(self._units)
        return self._picture

    def sent(self, unit: Unit, *, taken: bool) -> None:
        """It was sent; `taken`: it was not made of what `picture` gave."""
        if unit.fresh:
            self._units.clear()
        self._units.append(unit.data)
        if taken:
            self._picture = None


def _last(units: list[bytes]) -> Packed:
    """The last picture of access units that begin a group."""
    codec: Any = av.CodecContext.create("h264", "r")
    codec.thread_count = 1
    frames = [frame for unit in units for frame in codec.decode(av.Packet(unit))]
    frames += codec.decode(None)
    return packed_of(frames[-1])


__all__ = ["Recall"]
