"""`gengfu wire tunan`: the '&' and '%' frames of one maker's terminals, heard and explained. Nothing is ever sent. Knows no port."""

from __future__ import annotations

import argparse
from typing import Any

from devices import tunan
from devices.turns import Ear, Heard, Stray, Told
from devices.wire_face import Face, Listen, Script, Verb, number
from station.words import Misheard

_SECOND = 1_000_000  # µs


class TunanWire(Ear):
    """A `devices.turns.Wire` that asks nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._reader, self._rubbish = tunan.Reader(), 0

    @property
    def holding(self) -> bool:
        """Whether the beginning of a frame is kept."""
        return self._reader.holding

    def asked(self, ask: Any) -> bytes:
        """Nothing can be asked."""
        raise ValueError(f"{ask} cannot be asked: these frames are read only")

    def feed(self, data: bytes) -> list[Heard]:
        """What these bytes bring."""
        return self._told(self._reader.feed(data))

    def cut(self) -> list[Heard]:
        """Nothing follows what is kept: it is no frame, but whole ones may stand behind it."""
        return self._told(self._reader.cut())

    def _told(self, frames: list[tunan.VendorFrame]) -> list[Heard]:
        count, self._rubbish = self._reader.rubbish - self._rubbish, self._reader.rubbish
        stray: list[Heard] = [Stray(f"{count} bytes that are no frame")] if count else []
        return [*(Told(frame) for frame in frames), *stray]


def _listen(asked: argparse.Namespace) -> Script:
    told = yield Listen(_SECOND * asked.seconds)
    frames = [frame for _, frame in told]
    terminals = sorted({frame.code for frame in frames})
    inserting = sorted({frame.code for frame in frames if frame.playing == tunan.LOCAL_INSERTION})
    return {"holds": bool(frames), "frames": len(frames), "terminals": terminals, "inserting": inserting}


def decode(data: bytes) -> list[Any]:
    """A frame, or why it is none."""
    try:
        return [tunan.read(data)]
    except Misheard as misheard:
        return [misheard]


FACE = Face(
    name="tunan",
    help="frames of one maker's terminals, read only · 一家厂商的终端帧(只读)",
    wire=lambda _: TunanWire(),
    serial="9600:8N1",
    decode=decode,
    verbs=(
        Verb(
            name="listen",
            help="what terminals report, and which insert by themselves · 接收上报,指出本地插播者",
            script=_listen,
            options=(
                ("--seconds", {"type": number(1, 86_400), "default": 60, "help": "how long · 时长(秒)"}),
            ),
        ),
    ),
)

__all__ = ["FACE", "TunanWire", "decode"]
