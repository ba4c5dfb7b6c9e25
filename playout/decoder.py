"""Reads the sound of house files (FLAC, 48 kHz, stereo, 24 bit; with pictures inside Matroska) exactly to the sample, in a process of its own. Knows a path and a ring; knows no plan."""

from __future__ import annotations

import contextlib
import mmap
import os
import select
import socket
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import av
import numpy as np
import numpy.typing as npt
from av.container import InputContainer

from playout.processes import hear, tell
from playout.rings import ENDED, FAILED, FILLING, Laid, Pcm32, Ring, T
from station.words import SAMPLE_RATE, Refused

PIECE = 4_800  # samples written at once
PAUSE = 0.4  # s between two looks at a full ring, which holds four
UNASKED = -1  # the generation of what fills a ring for nothing; those that are asked for are above zero

Pour = Callable[[str, int], Iterator[npt.NDArray[T] | Laid[T]]]


def read_house(path: str, start: int = 0) -> Iterator[Pcm32]:
    """Pieces (count, 2) of 24-bit values from sample `start` to the end of a house file.

    Raises Refused for a file that is not in house format, OSError or av.FFmpegError where it cannot be read.
    """
    with av.open(path, "r", format="matroska" if path.endswith(".mkv") else "flac") as container:
        stream = container.streams.audio[0] if container.streams.audio else None
        if stream is None or stream.time_base is None or (stream.rate, stream.channels) != (SAMPLE_RATE, 2):
            raise Refused(f"{path} is not in house format", f"{path} 不是台内格式", code="format")
        samples = stream.time_base * SAMPLE_RATE  # of one tick: 48 in Matroska, whose frames last 40 of them
        if start:
            container.seek(int(max(0, start - SAMPLE_RATE) / samples), stream=stream)
        alone(container, stream)
        for frame in container.decode(stream):
            pcm = _values(frame)
            first = 0 if frame.pts is None else int(frame.pts * samples)
            if first + len(pcm) > start:
                yield pcm[max(0, start - first) :]


def alone(container: InputContainer, stream: av.stream.Stream) -> None:
    """Read nothing but this stream from now on: the pictures of a film are most of its bytes."""
    for other in container.streams:
        if other.index != stream.index:
            other.discard = av.stream.Discard.all


def _values(frame: av.AudioFrame) -> Pcm32:
    raw: npt.NDArray[Any] = frame.to_ndarray()
    if frame.format.name == "s32":
        return (raw.reshape(-1, 2) >> 8).astype(np.int32, copy=False)
    if frame.format.name == "s16":
        return raw.reshape(-1, 2).astype(np.int32) << 8
    raise Refused(f"house files are 24 bit, not {frame.format.name}", "台内格式须为 24 位", code="format")


@attrs.frozen(kw_only=True)
class Fill:
    """An order to a decoder: keep the ring full of this medium from sample `start`, as content number `generation`."""

    generation: int
    path: str
    samples: int
    start: int


def fill(
    ring: Ring[T],
    order: Fill,
    rest: Callable[[], bool],
    monotonic: Callable[[], int],
    pour: Pour[T],
) -> None:
    """Keep `ring` full with the medium until its end; `rest()` waits a moment and says whether to give up.

    `pour(path, start)` gives what is to be written, piece by piece, from position `start` on.

    Goes on after what the ring holds of this generation (a predecessor's work). A file that ends early or cannot be
    read leaves the ring FAILED.
    """
    if ring.generation != order.generation:
        ring.clear(order.generation, order.start)
    ring.beat = monotonic()
    ring.state = FILLING
    try:
        done = _pour(ring, order, rest, monotonic, pour)
    except (OSError, av.FFmpegError, Refused):
        ring.state = FAILED
        return
    if done:
        ring.state = ENDED if ring.written >= order.samples else FAILED


def _pour(
    ring: Ring[T], order: Fill, rest: Callable[[], bool], monotonic: Callable[[], int], pour: Pour[T]
) -> bool:
    if ring.written < ring.reached:
        ring.skip(min(order.samples, ring.reached + ring.history // 2))
    for piece in pour(order.path, ring.written):
        while ring.room() < len(piece):
            ring.beat = monotonic()
            if rest():
                return False
        ring.write(piece)
        ring.beat = monotonic()
    return True


def sound(path: str, start: int) -> Iterator[Pcm32]:
    """The sound of a house file in pieces of at most PIECE samples; raises as `read_house`."""
    for pcm in read_house(path, start):
        for at in range(0, len(pcm), PIECE):
            yield pcm[at : at + PIECE]


def load(path: str, samples: int) -> int:
    """A descriptor of an anonymous file that holds the whole medium as int32 (samples, 2); raises as `read_house`."""
    held = os.memfd_create("gengfu-medium")
    count = 0
    for pcm in read_house(path):
        count += len(pcm)
        view = memoryview(pcm.tobytes())
        while view:
            view = view[os.write(held, view) :]
    if count != samples:
        os.close(held)
        raise Refused(
            f"{path} has {count} samples, not {samples}",
            f"{path} 有 {count} 个样本,应为 {samples}",
            code="length",
        )
    return held


def mapped(held: int) -> Pcm32:
    """The samples behind a descriptor of `load`, without a copy."""
    memory = mmap.mmap(held, 0, prot=mmap.PROT_READ)
    return np.frombuffer(memory, dtype=np.int32).reshape(-1, 2)


def serve_ring(
    ring: Ring[T],
    orders: socket.socket,
    monotonic: Callable[[], int],
    pour: Pour[T],
    pause: float = PAUSE,
    warm: str = "",
) -> None:
    """A decoder process: a Fill keeps the ring full; the next order (a Fill, or None to be idle) ends the one before.

    `pause`: seconds between two looks at a full ring. `warm`: a file to fill a new ring from while nothing is asked yet.
    """
    if warm and ring.generation == 0:
        warm_up(ring, orders, pour, warm)
    waiting: list[Fill | None] = []

    def rest() -> bool:
        readable, _, _ = select.select([orders], [], [], pause)
        if readable:
            waiting.append(hear(orders)[0])
        return bool(waiting)

    while True:
        order = waiting.pop() if waiting else hear(orders)[0]
        waiting.clear()
        if order is not None:
            fill(ring, order, rest, monotonic, pour)


def warm_up(ring: Ring[T], orders: socket.socket, pour: Pour[T], path: str) -> None:
    """Fill the ring from a file for nothing, until an order comes: what this kind of file needs is taken now, not when it is due."""
    ring.clear(UNASKED, 0)
    with contextlib.suppress(OSError, av.FFmpegError, Refused):  # then it is taken later
        for piece in pour(path, 0):
            if ring.room() < len(piece) or select.select([orders], [], [], 0)[0]:
                return
            ring.write(piece)


def serve_loads(orders: socket.socket) -> None:
    """A loader process: ("load", sha256, path, samples) is answered by ("loaded", sha256, "") and a descriptor, or by why not."""
    while True:
        (_, sha256, path, samples), _ = hear(orders)
        try:
            held = load(path, samples)
        except Refused as error:
            tell(orders, ("loaded", sha256, error.text.en))
        except (OSError, av.FFmpegError) as error:
            tell(orders, ("loaded", sha256, str(error)))
        else:
            tell(orders, ("loaded", sha256, ""), held)
            os.close(held)
