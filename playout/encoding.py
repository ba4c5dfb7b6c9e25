"""Encodes a channel's blocks into the bytes of one stream, as they come. Knows rings and libav; knows no file, no socket and no clock."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import attrs
import av
import numpy as np

from playout.encoder import shaped
from playout.rings import BLOCK, AirRing, Pcm16
from station.words import SAMPLE_RATE, SampleIndex

LONGEST_GAP: Final = 10 * SAMPLE_RATE  # filled with silence; beyond it the stream begins anew
AT_ONCE: Final = 50  # blocks taken together at most


@attrs.frozen(kw_only=True)
class Form:
    """What a stream is made of, in libav's words."""

    container: str
    coder: str
    layout: str  # of samples
    options: tuple[tuple[str, str], ...] = ()
    lossy: bool = True


_PAGE: Final = (("page_duration", "200000"), ("flush_packets", "1"))  # µs
FORMS: Final[dict[str, Form]] = {
    "mp3": Form(
        container="mp3",
        coder="libmp3lame",
        layout="fltp",
        options=(("id3v2_version", "0"), ("write_xing", "0"), ("flush_packets", "1")),
    ),
    "aac": Form(container="adts", coder="aac", layout="fltp", options=(("flush_packets", "1"),)),
    "opus": Form(container="ogg", coder="libopus", layout="s16", options=_PAGE),
    "flac": Form(container="ogg", coder="flac", layout="s16", options=_PAGE, lossy=False),
}


class Held:
    """A file of the muxer's that keeps what it writes until it is asked for."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Keep it."""
        self._held.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """What was written since."""
        taken = b"".join(self._held)
        self._held.clear()
        return taken


class Blocks:
    """A channel's blocks in order, without a hole: what could not be had in time is silence."""

    def __init__(self, ring: AirRing) -> None:
        self._ring = ring
        self._at = ring.head
        self.missed = 0  # samples that were lost, in all

    @property
    def at(self) -> SampleIndex:
        """The index of what comes next."""
        return SampleIndex(self._at)

    def more(self) -> Pcm16 | None:
        """(count, 2) samples from `at` on, some blocks at most; None where there is nothing new."""
        ring = self._ring
        if not self._at:
            self._at = ring.head
        if ring.head - self._at > LONGEST_GAP:
            self.missed += ring.head - self._at
            self._at = ring.head
        count = min((ring.head - self._at) // BLOCK, AT_ONCE)
        if count <= 0:
            return None
        lost = max(0, min(ring.oldest(), ring.head) - self._at)
        self.missed += min(lost, count * BLOCK)
        pcm: Pcm16 = np.empty((count * BLOCK, 2), np.int16)
        ring.whole(self._at, pcm)
        self._at += len(pcm)
        return pcm


class Encoding:
    """Samples in, the bytes of one stream out. `title` stands in the stream's head where the format has one."""

    def __init__(self, codec: str, kbps: int, title: str) -> None:
        form = FORMS[codec]
        self._form, self._out, self._next = form, Held(), 0
        self._container = av.open(self._out, "w", format=form.container, container_options=dict(form.options))
        self._container.metadata["title"] = title
        stream: Any = self._container.add_stream(
            form.coder, rate=SAMPLE_RATE, layout="stereo", format=form.layout
        )
        if form.lossy:
            stream.bit_rate = kbps * 1_000
        self._stream = stream

    def feed(self, pcm: Pcm16) -> bytes:
        """Encode so many samples more; what came of it by now."""
        frame = av.AudioFrame.from_ndarray(
            shaped(pcm, self._form.layout), format=self._form.layout, layout="stereo"
        )
        frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE, Fraction(1, SAMPLE_RATE), self._next
        self._next += len(pcm)
        for packet in self._stream.encode(frame):
            self._container.mux(packet)
        return self._out.take()
