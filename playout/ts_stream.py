"""The transport stream of a channel, ready to send: pictures and sound coded, packets from playout.ts_mux. Knows what is coded how; knows no ring, no socket and no time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Literal

import numpy as np

from playout.guide import Event
from playout.rings import Pcm16
from playout.service_tables import RADIO, TELEVISION, Tables
from playout.ts_mux import AHEAD, DELAY, SLOT, Multiplex, Sent
from playout.ts_packets import FIRST_PID, H264, MPEG2, MPEG_SOUND, PACKET, SECOND_PID, delimited
from playout.ts_sound import PREROLL, STREAM_TYPES, Sounding, sound_of
from schedules.raster import FRAME

Listing = Callable[[], tuple[Event, ...] | None]
Video = Literal["h264", "mpeg2"]
PROVIDER: Final = "gengfu"
TS_MUXRATE: Final = 320_000  # bits a second of a radio channel's
_LEAD_IN: Final = (
    5 * SLOT
)  # samples sent before the first picture: who reads from there on knows its streams by then
_SILENT: Final = np.zeros(((PREROLL + 1) * SLOT, 2), np.int16)
_TYPES: Final = {"h264": H264, "mpeg2": MPEG2}


class RadioStream:
    """Samples in, packets out."""

    def __init__(self, name: str, guide: Listing) -> None:
        tables = Tables(RADIO, (PROVIDER, name), ((FIRST_PID, MPEG_SOUND),), guide, (AHEAD + 1) * SLOT)
        self._mux = Multiplex(TS_MUXRATE, None, tables.packet)
        self._sound = sound_of("mp2", FIRST_PID, self._mux.hear, clocked=True)

    def write(self, n: int, pcm: Pcm16) -> list[Sent]:
        """Samples from `n` on; where they do not follow, the stream goes on a few frames later."""
        return [self._mux.span(slot * SLOT, (slot + 1) * SLOT) for slot in self._sound.take(n, pcm)]


class TelevisionStream:
    """Pictures and their sound in, packets out. It begins with a group of pictures."""

    def __init__(
        self,
        rate: int,
        name: str,
        guide: Listing,
        coding: tuple[Video, Sounding] = ("h264", "mp2"),
        before: Callable[[int], Pcm16] = lambda _: _SILENT,
        frame: int = FRAME,
    ) -> None:
        """`before`: sound just before a sample, for a stream that begins there: what is to be sent with the first picture, and what the coder remembers; `frame`: samples that a picture lasts."""
        self._video, sound = coding
        streams = (FIRST_PID, _TYPES[self._video]), (SECOND_PID, STREAM_TYPES[sound])
        tables = Tables(TELEVISION, (PROVIDER, name), streams, guide, DELAY)
        self._mux = Multiplex(rate, FIRST_PID, tables.packet)
        self._sound = sound_of(sound, SECOND_PID, self._mux.hear)
        self._before, self._frame = before, frame
        self._next: int | None = None  # the frame that would follow

    @property
    def settled(self) -> bool:
        """Whether what it gives from now on does not depend on when it began (playout.ts_mux)."""
        return self._mux.settled

    def write(self, k: int, unit: bytes, pcm: Pcm16, *, fresh: bool) -> Sent | None:
        """The picture of frame `k` and the samples of its time; None before the first group."""
        if self._next is None and not fresh:
            return None
        n = k * self._frame
        lead = b""
        if k != self._next:
            earlier = self._before(n)
            self._sound.take(n - len(earlier), earlier)
            lead = self._mux.span(n - DELAY - _LEAD_IN, n - DELAY).data
        self._next = k + 1
        self._sound.take(n, pcm)
        self._mux.show(n * 15 // 8, delimited(unit) if self._video == "h264" else unit, fresh=fresh)
        place, data = self._mux.span(n - DELAY, n + self._frame - DELAY)
        return Sent(place - len(lead) // PACKET, lead + data)

    def rest(self) -> Iterable[Sent]:
        """At the end: what waits still."""
        return () if self._next is None else self._mux.rest(self._next * self._frame - DELAY, self._frame)


__all__ = [
    "PROVIDER",
    "TS_MUXRATE",
    "Listing",
    "RadioStream",
    "TelevisionStream",
    "Video",
]
