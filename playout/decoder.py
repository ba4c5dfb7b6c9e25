"""Reads the sound of house files (FLAC, 48 kHz, stereo, 24 bit; with pictures inside Matroska) exactly to the sample, in a process of its own. Knows a path and a ring; knows no plan."""

from __future__ import annotations

import contextlib
import mmap
import os
import select
import socket
from collections.abc import Callable, Iterator, Sized
from functools import partial
from typing import Final, TypeVar

import attrs
import av
import numpy as np
import numpy.typing as npt

from playout.mending import Mark, Mender, Read
from playout.processes import hear, tell
from playout.reading import placed, silence
from playout.rings import ENDED, FAILED, FILLING, Laid, Pcm32, Ring, T
from station.words import SAMPLE_RATE, Refused

PIECE = 4_800  # samples written at once
PAUSE = 0.4  # s between two looks at a full ring, which holds four
P = TypeVar("P", bound=Sized)
Wait = Callable[[socket.socket, float | None], bool]
UNASKED = -1  # the generation of what fills a ring for nothing; those that are asked for are above zero

Told = Callable[[Mark], object]
FAULTS: Final = (OSError, av.FFmpegError, Refused)


@attrs.frozen(kw_only=True)
class Fill:
    """An order to a decoder: keep the ring full of this medium from sample `start`, as content number `generation`."""

    generation: int
    paths: tuple[str, ...]  # the file, then its second copy
    samples: int
    start: int
    using: int = 0  # the copy to begin with


Pour = Callable[[Fill, int, Callable[[int], object], Told], Iterator[npt.NDArray[T] | Laid[T]]]


def mended(
    order: Fill, start: int, at_work: Callable[[int], object] = id, told: Told = id
) -> Iterator[Pcm32]:
    """The sound of a medium from its copies, past damage; see `playout.mending`. `at_work` hears which copy is read now."""
    copies = [noted(copy, path, placed, at_work) for copy, path in enumerate(order.paths)]
    mender = Mender(
        copies, order.samples, silence, told, longest=SAMPLE_RATE, faults=FAULTS, cut=lambda pcm, n: pcm[:n]
    )
    return mender.pieces(start, order.using)


def noted(
    copy: int,
    path: str,
    read: Callable[[str, int], Iterator[tuple[int, P]]],
    at_work: Callable[[int], object],
) -> Read[P]:
    """A copy that says that it is read, before each piece: whoever hangs there is known by it."""

    def pieces(start: int) -> Iterator[tuple[int, P]]:
        found = read(path, start)
        while True:
            at_work(copy)
            piece = next(found, None)
            if piece is None:
                return
            yield piece

    return pieces


def fill(
    ring: Ring[T],
    order: Fill,
    rest: Callable[[], bool],
    monotonic: Callable[[], int],
    pour: Pour[T],
    told: Told = id,
) -> None:
    """Keep `ring` full with the medium until its end; `rest()` waits a moment and says whether to give up.

    `pour(order, start, at_work, told)` gives what is to be written, piece by piece, from position `start` on, and tells
    what does not come from the file, undamaged.

    Goes on after what the ring holds of this generation (a predecessor's work). A file that ends early or cannot be
    read leaves the ring FAILED.
    """
    if ring.generation != order.generation:
        ring.clear(order.generation, order.start)
    ring.beat = monotonic()
    ring.state = FILLING
    try:
        done = _pour(ring, order, rest, monotonic, pour, told)
    except FAULTS:
        ring.state = FAILED
        return
    if done:
        ring.state = ENDED if ring.written >= order.samples else FAILED


def _pour(
    ring: Ring[T],
    order: Fill,
    rest: Callable[[], bool],
    monotonic: Callable[[], int],
    pour: Pour[T],
    told: Told,
) -> bool:
    if ring.written < ring.reached:
        ring.skip(min(order.samples, ring.reached + ring.history // 2))
    for piece in pour(order, ring.written, partial(setattr, ring, "source"), told):
        while ring.room() < len(piece):
            ring.beat = monotonic()
            if rest():
                return False
        ring.write(piece)
        ring.beat = monotonic()
    return True


def sound(order: Fill, start: int, at_work: Callable[[int], object] = id, told: Told = id) -> Iterator[Pcm32]:
    """The sound of a medium in pieces of at most PIECE samples; raises as `playout.reading.placed`, Refused where they give out."""
    for pcm in mended(order, start, at_work, told):
        for at in range(0, len(pcm), PIECE):
            yield pcm[at : at + PIECE]


def load(paths: tuple[str, ...], samples: int) -> int:
    """A descriptor of an anonymous file that holds the whole medium as int32 (samples, 2), of the file and its second copy; raises as `playout.reading.placed`, Refused where they give out."""
    held = os.memfd_create("gengfu-medium")
    count = 0
    try:
        for pcm in mended(Fill(generation=0, paths=paths, samples=samples, start=0), 0):
            count += len(pcm)
            view = memoryview(pcm.tobytes())
            while view:
                view = view[os.write(held, view) :]
        if count != samples:
            raise Refused(
                f"{paths[0]} has {count} samples, not {samples}",
                f"{paths[0]} 有 {count} 个样本,应为 {samples}",
                code="length",
            )
    except FAULTS:
        os.close(held)
        raise
    return held


def mapped(held: int) -> Pcm32:
    """The samples behind a descriptor of `load`, without a copy."""
    memory = mmap.mmap(held, 0, prot=mmap.PROT_READ)
    return np.frombuffer(memory, dtype=np.int32).reshape(-1, 2)


def readable(orders: socket.socket, pause: float | None) -> bool:
    """Wait for an order, at most `pause` seconds (None: as long as it takes); whether there is one."""
    return bool(select.select([orders], [], [], pause)[0])


def serve_ring(
    ring: Ring[T],
    orders: socket.socket,
    monotonic: Callable[[], int],
    pour: Pour[T],
    pause: float = PAUSE,
    warm: str = "",
    wait: Wait = readable,
) -> None:
    """A decoder process: a Fill keeps the ring full; the next order (a Fill, or None to be idle) ends the one before.

    `pause`: seconds between two looks at a full ring. `warm`: a file to fill a new ring from while nothing is asked yet.
    `wait(orders, pause)` waits so long, or until an order is there, and says whether it is.
    """
    if warm and ring.generation == 0:
        warm_up(ring, orders, pour, warm)
    waiting: list[Fill | None] = []

    def rest() -> bool:
        if wait(orders, pause):
            waiting.append(hear(orders)[0])
        return bool(waiting)

    order: Fill | None = None
    while True:
        if order is not None and not waiting:
            _look_after(ring, orders, wait)
        order = waiting.pop() if waiting else hear(orders)[0]
        waiting.clear()
        if order is not None:
            fill(ring, order, rest, monotonic, pour, partial(_tell_mark, orders, order.generation))


def _look_after(ring: Ring[T], orders: socket.socket, wait: Wait) -> None:
    """Until the next order, when all of the medium is in the ring."""
    try:
        while not wait(orders, None):
            continue
    except FAULTS:
        ring.state = FAILED


def _tell_mark(orders: socket.socket, generation: int, mark: Mark) -> None:
    with contextlib.suppress(BlockingIOError):  # then it is not written down; it is played all the same
        tell(orders, ("mark", generation, mark))


def warm_up(ring: Ring[T], orders: socket.socket, pour: Pour[T], path: str) -> None:
    """Fill the ring from a file for nothing, until an order comes: what this kind of file needs is taken now, not when it is due."""
    ring.clear(UNASKED, 0)
    asked = Fill(generation=UNASKED, paths=(path,), samples=1 << 40, start=0)
    with contextlib.suppress(*FAULTS):  # then it is taken later
        for piece in pour(asked, 0, id, id):
            if ring.room() < len(piece) or select.select([orders], [], [], 0)[0]:
                return
            ring.write(piece)


def serve_loads(orders: socket.socket) -> None:
    """A loader process: ("load", sha256, paths, samples) is answered by ("loaded", sha256, "") and a descriptor, or by why not."""
    while True:
        (_, sha256, paths, samples), _ = hear(orders)
        try:
            held = load(paths, samples)
        except Refused as error:
            tell(orders, ("loaded", sha256, error.text.en))
        except (OSError, av.FFmpegError) as error:
            tell(orders, ("loaded", sha256, str(error)))
        else:
            tell(orders, ("loaded", sha256, ""), held)
            os.close(held)
