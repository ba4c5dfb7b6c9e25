"""Recognises approved material by its sound: an index of features of every medium known from what is due, kept on disk. Knows no plan and no stream.

Each frame of 256 ms, every 32 ms, becomes 32 bits: whether the energy difference of neighbouring bands rose since the
frame before (Haitsma and Kalker, ISMIR 2002). A medium's words are kept sorted beside their places, so that a search
looks exact words up and then counts wrong bits along a second or so.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from safety import kept
from safety.judge import Hit
from safety.kept import Kept
from safety.shelf import frames
from station.words import SAMPLE_RATE, Sha256

Words = NDArray[np.uint32]
Mono = NDArray[np.float32]

RATE: Final = 8_000
DOWN: Final = 6  # 48 kHz to 8 kHz
HOP: Final = 256  # samples at 8 kHz: 32 ms
FRAME: Final = 2_048
PHASES: Final = 4  # a query is framed at this many offsets within a hop
WRONG_BITS: Final = (
    0.20  # of all bits: less is the same sound (synthetic: same at most 0.05, others at least 0.29)
)
SURE: Final = 0.06  # so little that no other medium need be tried
_SHORTEST: Final = 12  # words of a query
_TRIED: Final = 400  # candidates a medium
_COMMON: Final = 64  # a word found more often than this in a medium (silence, a held tone) says nothing
_LOW, _HIGH = 180.0, 3_400.0

_EDGES: Final = np.round(np.geomspace(_LOW, _HIGH, 34) * FRAME / RATE).astype(int)
_WINDOW: Final = np.hanning(FRAME).astype(np.float32)


def _lowpass() -> Mono:
    """A short filter for taking one sample in six."""
    k = np.arange(-_HALF, _HALF + 1)
    taps = np.sinc(k / DOWN) * np.hanning(len(k) + 2)[1:-1]
    made: Mono = (taps / taps.sum()).astype(np.float32)
    return made


_HALF: Final = 36
_TAPS: Final = _lowpass()


def to_mono(pcm: NDArray[np.signedinteger]) -> Mono:
    """48 kHz stereo of any integer depth as 8 kHz mono float32."""
    return joined_mono([pcm])


def joined_mono(parts: Iterable[NDArray[np.signedinteger]]) -> Mono:
    """The same for sound that comes in pieces: no seam, and only 8 kHz mono is held."""
    made: list[Mono] = []
    held = np.zeros(_HALF, dtype=np.float32)
    silence = np.zeros((_HALF, 2), dtype=np.int32)
    for part in itertools.chain(parts, [silence]):
        held = np.concatenate([held, part.astype(np.float32).sum(axis=1)])
        count = (len(held) - len(_TAPS)) // DOWN + 1 if len(held) >= len(_TAPS) else 0
        if count:
            rows = np.lib.stride_tricks.sliding_window_view(held, len(_TAPS))[::DOWN][:count]
            made.append(rows @ _TAPS)
            held = held[count * DOWN :]
    return np.concatenate(made) if made else np.zeros(0, dtype=np.float32)


def words_of(mono: Mono) -> tuple[Words, NDArray[np.bool_]]:
    """The words of 8 kHz sound, one every HOP, and which of them hold sound at all."""
    if len(mono) < FRAME + HOP:
        return np.zeros(0, np.uint32), np.zeros(0, np.bool_)
    made = [_energies(mono[at : at + 512 * HOP + FRAME]) for at in range(0, len(mono) - FRAME, 512 * HOP)]
    bands = np.concatenate(made)
    rise = np.diff(np.diff(bands, axis=1), axis=0) > 0
    words = np.packbits(rise, axis=1).view(">u4").astype(np.uint32).reshape(-1)
    loud = bands.max(axis=1) > bands.max() * 1e-5
    return words, loud[1:] & loud[:-1]


def _energies(mono: Mono) -> NDArray[np.float32]:
    rows = np.lib.stride_tricks.sliding_window_view(mono, FRAME)[::HOP]
    rows = rows[: max(1, (len(mono) - FRAME) // HOP)] if len(rows) > 512 else rows
    power = np.abs(np.fft.rfft(rows * _WINDOW, axis=1)) ** 2
    made: NDArray[np.float32] = np.add.reduceat(power, _EDGES, axis=1)[:, :33].astype(np.float32)
    return made


def index_of(mono: Mono) -> NDArray[np.uint32]:
    """What is kept of a medium: (3, n) words in order, words sorted, and the places of the sorted ones."""
    words, loud = words_of(mono)
    order = np.argsort(words, kind="stable").astype(np.uint32)
    order = order[loud[order]]
    made = np.zeros((3, len(words)), dtype=np.uint32)
    made[0] = words
    made[1, : len(order)], made[2, : len(order)] = words[order], order
    made[1, len(order) :] = 0xFFFFFFFF
    made[2, len(order) :] = len(words)
    return made


def wrong_bits(a: Words, b: Words) -> float:
    """The share of bits in which two stretches of words differ."""
    return int(np.bitwise_count(a ^ b).sum()) / (32 * len(a)) if len(a) else 1.0


def search(index: NDArray[np.uint32], queries: Iterable[Words]) -> tuple[float, int, int]:
    """(share of wrong bits, place, number of the query) of the best match of any query in a medium."""
    best = (1.0, 0, 0)
    words, keys, places = index
    for number, query in enumerate(queries):
        left = np.searchsorted(keys, query, "left")
        right = np.searchsorted(keys, query, "right")
        tried: set[int] = set()
        for at, (a, b) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
            if b - a <= _COMMON:
                tried.update(int(place) - at for place in places[a:b])
        for start in sorted(tried)[:_TRIED]:
            if 0 <= start <= len(words) - len(query):
                wrong = wrong_bits(words[start : start + len(query)], query)
                best = min(best, (wrong, start, number))
    return best


class Library(Kept):
    """Media in the index by SHA-256; files are mapped, not read, so memory stays the kernel's."""

    def __init__(self, home: Path) -> None:
        """`home` is where the features lie, <sha256>.npy."""
        super().__init__(home)
        self._last = Sha256("")  # found last: likely to be found again

    def fits(self, found: NDArray[Any]) -> bool:
        """Whether these are features."""
        return found.ndim == 2 and found.shape[0] == 3 and found.dtype == np.uint32

    def find(self, pcm: NDArray[np.int16]) -> Hit | None:
        """What 1 s or so of 48 kHz sound is: `offset` is the sample of the medium heard at its first sample."""
        mono = to_mono(pcm)
        queries = []
        for phase in range(PHASES):
            words, loud = words_of(mono[phase * HOP // PHASES :])
            queries.append(words)
            if len(words) < _SHORTEST or loud.sum() < _SHORTEST // 2:
                return None
        best, found = (WRONG_BITS, 0, 0), None
        for sha256 in [*([self._last] if self._last in self._known else []), *self._known]:
            made = search(self._known[sha256], queries)
            if made < best:
                best, found = made, sha256
            if best[0] < SURE:
                break
        if found is None:
            return None
        self._last = found
        return Hit(sha256=found, offset=(best[1] * HOP - best[2] * HOP // PHASES) * DOWN)


def build(source: Path, sha256: Sha256, target: Path) -> str:
    """Make the features of one medium; "" or why not. A medium whose checksum is wrong gets none."""
    return kept.build(source, sha256, target, _features)


def _features(container: Any) -> NDArray[np.uint32]:
    return index_of(joined_mono(_in_seconds(piece for _, piece in frames(container, 0))))


def _in_seconds(pieces: Iterable[NDArray[np.int32]]) -> Iterable[NDArray[np.int32]]:
    """Small decoded pieces gathered to a second or more: the filter's overhead is per piece."""
    held: list[NDArray[np.int32]] = []
    for piece in pieces:
        held.append(piece)
        if sum(map(len, held)) >= SAMPLE_RATE:
            yield np.concatenate(held)
            held = []
    if held:
        yield np.concatenate(held)


def main(argv: list[str], lines: Iterable[str] = (), say: Callable[[str], object] | None = None) -> int:
    """The child that makes features: `source<TAB>sha256<TAB>target` a line on standard input, one answer a line."""
    return kept.answer("features", argv, build, lines, say)


if __name__ == "__main__":
    sys.exit(kept.as_child(main))
