"""Encodes a channel's blocks as HLS (AAC), in a process of its own; what other encoders of sound need as well. Knows rings and libav; knows no plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt
from av.container import OutputContainer

from playout.rings import BLOCK, AirRing, Pcm16
from station.words import SAMPLE_RATE

PRIORITY: Final = 40  # of SCHED_FIFO where it is permitted, below mixer and sender: what encodes for the air
HLS_BITRATE: Final = 128_000
HLS_SPAN: Final = 10 * BLOCK  # coded at once: of a segment nobody can have a part
HLS_OPTIONS: Final = {
    "hls_time": "2",
    "hls_list_size": "5",
    "hls_flags": "delete_segments+append_list+omit_endlist+temp_file+program_date_time",
}


def blocks(ring: AirRing, rest: Callable[[int], None], span: int = BLOCK) -> Iterator[tuple[int, Pcm16]]:
    """Every block from the head on as (index, samples); blocks that were lost are passed over.

    Handed on as soon as the last sample of its span is rendered: spans are `span` samples long, counted from sample 0. A
    coder has nothing to do before it has a whole frame, and waking it costs more than the coding. `rest` is told how
    many blocks are still to come.
    """
    at = ring.head
    while True:
        lacking = (at // span + 1) * span - ring.head
        if lacking > 0:
            rest(-(-lacking // BLOCK) if at else 1)
            at = at or ring.head
            continue
        found = ring.get(at)
        if found is not None:
            yield at, found[0]
            at += BLOCK
        else:
            at = max(at + BLOCK, ring.oldest())


def pump(
    container: OutputContainer, stream: av.AudioStream, source: Iterable[tuple[int, Pcm16]], layout: str
) -> None:
    """Encode and mux blocks; time stamps are the absolute index less a multiple of 2^32."""
    base: int | None = None
    for index, pcm in source:
        base = index - index % (1 << 32) if base is None else base
        frame = av.AudioFrame.from_ndarray(shaped(pcm, layout), format=layout, layout="stereo")
        frame.sample_rate = SAMPLE_RATE
        frame.time_base = Fraction(1, SAMPLE_RATE)
        frame.pts = index - base
        for packet in stream.encode(frame):
            container.mux(packet)


def shaped(pcm: Pcm16, layout: str) -> npt.NDArray[Any]:
    """Samples (count, 2) as libav wants them: interleaved 16 bit, or planes of floats."""
    if layout == "s16":
        return pcm.reshape(1, -1)
    return np.ascontiguousarray(pcm.T.astype(np.float32) / 32_768)


def sweep(directory: Path) -> None:
    """Remove segments no playlist names any more: a predecessor that was killed could not."""
    index = directory / "index.m3u8"
    listed = set(index.read_text(encoding="utf-8", errors="replace").split()) if index.exists() else set()
    for path in directory.iterdir():
        if path.name.startswith("seg") and path.name not in listed:
            path.unlink(missing_ok=True)


def serve_hls(ring: AirRing, directory: Path, rest: Callable[[int], None]) -> None:
    """An encoder process: AAC in segments of two seconds, five in the list."""
    directory.mkdir(parents=True, exist_ok=True)
    sweep(directory)
    options = {**HLS_OPTIONS, "hls_segment_filename": str(directory / "seg%09d.ts")}
    with av.open(str(directory / "index.m3u8"), "w", format="hls", container_options=options) as container:
        stream = container.add_stream("aac", rate=SAMPLE_RATE, layout="stereo", format="fltp")
        stream.bit_rate = HLS_BITRATE
        pump(container, stream, blocks(ring, rest, HLS_SPAN), "fltp")
