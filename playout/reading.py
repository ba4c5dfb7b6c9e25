"""Reads the sound of house files past damage: each piece in its place to the sample, whatever is missing before it. Knows files and libav; knows no plan, no second copy, no ring."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import av
import numpy as np
import numpy.typing as npt

from playout.flac_frames import Header, Layout, layout, next_header
from playout.rings import Pcm32
from station.words import SAMPLE_RATE, Refused

Placed = tuple[int, Pcm32]  # the first sample's place in the medium, and the samples

# Each FLAC frame carries a check of all its bits (RFC 9639, 9.3): without this, what is wrong would be heard as noise.
STRICT: Final = {"err_detect": "crccheck+explode"}
_CHUNK: Final = 1 << 17  # bytes read at once
_SECTOR: Final = 4_096  # bytes passed over where the disk gives none
_HEAD: Final = 1 << 16  # bytes in which a file's metadata lie


def placed(path: str, start: int = 0) -> Iterator[Placed]:
    """Whatever can be read from sample `start` to the end of a house file, in rising order without overlap.

    Raises Refused for a file that is not in house format, OSError or av.FFmpegError where it cannot be opened.
    """
    at = start
    with av.open(
        path, "r", format="matroska" if path.endswith(".mkv") else "flac", options=STRICT
    ) as container:
        stream = container.streams.audio[0] if container.streams.audio else None
        if stream is None or stream.time_base is None or (stream.rate, stream.channels) != (SAMPLE_RATE, 2):
            raise Refused(f"{path} is not in house format", f"{path} 不是台内格式", code="format")
        stream.codec_context.options = STRICT
        film = path.endswith(".mkv")
        for first, pcm in _decoded(container, stream, start, film=film):
            if first + len(pcm) <= at:
                continue
            if first > at and not film:
                break  # without pictures libav does not say how much is missing
            yield max(at, first), pcm[max(0, at - first) :]
            at = first + len(pcm)
        else:
            if film:
                return
    yield from _salvaged(path, at)


def read_house(path: str, start: int = 0) -> Iterator[Pcm32]:
    """Pieces (count, 2) of 24-bit values from sample `start` to the end of a house file; silence where it is damaged. Raises as `placed`."""
    at = start
    for first, pcm in placed(path, start):
        if first > at:
            yield from silence(first - at)
        yield pcm
        at = first + len(pcm)


def silence(count: int) -> Iterator[Pcm32]:
    """`count` samples of it."""
    yield np.zeros((count, 2), np.int32)


def alone(container: Any, stream: Any) -> None:
    """Read nothing but this stream from now on: the pictures of a film are most of its bytes."""
    for other in container.streams:
        if other.index != stream.index:
            other.discard = av.stream.Discard.all


def _decoded(container: Any, stream: Any, start: int, *, film: bool) -> Iterator[Placed]:
    """As libav gives it; what it cannot decode is left out. A place that it does not know is beyond every other."""
    samples = stream.time_base * SAMPLE_RATE  # of one tick: 48 in Matroska, whose frames last 40 of them
    if start:
        container.seek(int(max(0, start - SAMPLE_RATE) / samples), stream=stream)
    alone(container, stream)
    packets = container.demux(stream)
    while (packet := _next(packets, film=film)) is not None:
        for frame in _frames(packet):
            pcm = values(frame)
            yield (1 << 62 if frame.pts is None else int(frame.pts * samples)), pcm


def _next(packets: Iterator[Any], *, film: bool) -> Any:
    try:
        return next(packets, None)
    except av.FFmpegError:
        if film:
            raise
        return None  # the rest is read without libav's help


def _frames(packet: Any) -> list[Any]:
    try:
        return list(packet.decode())
    except av.FFmpegError:
        return []


def values(frame: av.AudioFrame) -> Pcm32:
    """The 24-bit values of a frame. Raises Refused for what house files have not."""
    raw: npt.NDArray[Any] = frame.to_ndarray()
    if frame.format.name == "s32":
        return (raw.reshape(-1, 2) >> 8).astype(np.int32, copy=False)
    if frame.format.name == "s16":
        return raw.reshape(-1, 2).astype(np.int32) << 8
    raise Refused(f"house files are 24 bit, not {frame.format.name}", "台内格式须为 24 位", code="format")


# without libav's splitter: every frame of FLAC stands for itself


def _salvaged(path: str, start: int) -> Iterator[Placed]:
    """The frames from sample `start` on that are whole, found in the raw bytes."""
    with Path(path).open("rb", buffering=0) as file:
        head = file.read(_HEAD)
        known = layout(head)
        if known is None or start >= known.samples:
            return
        coder = av.CodecContext.create("flac", "r")
        coder.extradata = head[8:42]
        coder.options = STRICT
        at = start
        for header, data in _raw_frames(file, _place(file, known, start), known):
            if header.sample + header.count <= at:
                continue
            pcm = _lone(coder, data)
            if pcm is not None and len(pcm) == header.count:
                yield max(at, header.sample), pcm[max(0, at - header.sample) :]
                at = header.sample + header.count


def _lone(coder: Any, data: bytes) -> Pcm32 | None:
    try:
        frames = coder.decode(av.Packet(data))
    except av.FFmpegError:
        return None
    return values(frames[0]) if len(frames) == 1 else None


def _place(file: BinaryIO, known: Layout, sample: int) -> int:
    """A byte at which, or soon after, the frame with `sample` begins."""
    low, high = known.first, file.seek(0, 2)
    while high - low > _CHUNK:
        middle = (low + high) // 2
        found = next_header(_bytes(file, middle), 0, known)
        if found is not None and found.sample <= sample:
            low = middle + found.at
        else:
            high = middle
    return low


def _raw_frames(file: BinaryIO, at: int, known: Layout) -> Iterator[tuple[Header, bytes]]:
    """Headers from byte `at` on with all that lies up to the next one; what is no frame is passed over."""
    size, held, before = file.seek(0, 2), b"", None
    while True:
        more = _bytes(file, at) if at < size else b""
        at, held = at + len(more), held + more
        place = 0 if before is None else 1
        while (found := next_header(held, place, known)) is not None:
            if before is not None and found.sample <= before.sample:
                place = found.at + 1  # bits that only look like one
                continue
            if before is not None:
                yield before, held[: found.at]
            held, before, place = held[found.at :], Header(0, found.sample, found.count), 1
        if not more:
            if before is not None:
                yield before, held
            return
        if before is None or len(held) > 8 * _CHUNK:
            held, before = held[-_SECTOR:], None


def _bytes(file: BinaryIO, at: int) -> bytes:
    """What lies from byte `at` on; zeros where the disk cannot read it."""
    file.seek(at)
    try:
        return file.read(_CHUNK)
    except OSError:
        return bytes(_SECTOR)


__all__ = ["STRICT", "Placed", "alone", "placed", "read_house", "silence", "values"]
