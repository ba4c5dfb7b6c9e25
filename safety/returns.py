"""Judges a slot on a real return path (off air, behind codec, processor, transmitter): tolerant of gain, equalisation, delay and noise. Knows versions of what is due and the ring; no socket, no clock.

Sound is compared at 8 kHz mono as the correlation of 17-band log spectrograms over 0.4 s, each band's mean removed;
delay is found by GCC-PHAT over eight seconds and looked at again when nothing fits. The threshold is learned from the
chain itself. Figures of the method were taken on synthetic sound: unverified on real programme.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray

from safety.compare import is_tone
from safety.judge import Lookup, Version, due_in, in_force, recognised_as
from safety.library import Mono, to_mono
from safety.messages import SLOT
from safety.ring import Ring
from safety.slots import Mark
from schedules.render import Heard, Inputs, NotPlanned, NotReady, render
from station.words import SampleIndex

PART: Final = 800  # samples at 8 kHz of a slot
WINDOW: Final = 4  # slots of a score
FARTHEST: Final = 30  # slots of delay at most
SPAN: Final = 50  # slots over which delay is looked for
START_THRESHOLD: Final = 0.55
MARGIN: Final = 0.12  # below the worst score of what was right
DEVIATION: Final = 800  # 8 kHz samples by which the delay may wander: 0.1 s
QUIET: Final = 1e-5  # mean square against full scale: −50 dBFS
NOISE: Final = 1e-6  # −60 dBFS: below it a receiver's noise is all that is heard
LEVEL_DB: Final = 3.0
_RELOOK: Final = 50  # slots between looks at the delay while all is well
_FRAME, _HOP, _BANDS = 256, 128, 17
_EDGES: Final = np.round(np.geomspace(100.0, 3_600.0, _BANDS + 1) * _FRAME / 8_000).astype(int)
_FLOOR: Final = 8.0  # nepers below the loudest


def spectrogram(mono: Mono) -> NDArray[np.float32]:
    """Log energies (frames, 17) of 8 kHz sound, at most 8 nepers below the loudest."""
    rows = np.lib.stride_tricks.sliding_window_view(mono, _FRAME)[::_HOP]
    power = np.abs(np.fft.rfft(rows * np.hanning(_FRAME).astype(np.float32), axis=1)) ** 2
    bands = np.add.reduceat(power, np.unique(_EDGES), axis=1)[:, :-1]
    logs = np.log(bands + 1e-9)
    made: NDArray[np.float32] = np.maximum(logs, logs.max() - _FLOOR).astype(np.float32)
    return made


def score(got: Mono, due: Mono) -> float:
    """−1 to 1: how alike two stretches of 0.4 s are, whatever their level and colour."""
    a, b = spectrogram(got), spectrogram(due)
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    size = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum()) / size if size > 0.0 else 0.0


def delay(got: Mono, due: Mono, farthest: int) -> int:
    """By how many samples (8 kHz) `got` is late against the end of `due`, which is `farthest` longer; GCC-PHAT."""
    size = 1 << (len(got) + len(due)).bit_length()
    cross = np.fft.rfft(due, size) * np.conj(np.fft.rfft(got, size))
    scores = np.fft.irfft(cross / (np.abs(cross) ** 0.8 + 1e-9), size)[: farthest + 1]
    return farthest - int(np.argmax(scores))


def power(mono: Mono) -> float:
    """Mean square against full scale of 16 bits, both sides added."""
    return float((mono.astype(np.float64) ** 2).mean()) / (2.0 * 32_768.0) ** 2 if len(mono) else 0.0


@attrs.define
class _Slot:
    due: list[Mono]
    got: Mono
    whole: bool
    any: bool


class ReturnPath:
    """Judges slot after slot; learns delay, gain and threshold of the chain."""

    def __init__(self, inputs: Inputs) -> None:
        """`inputs` gives the samples of what is due."""
        self._inputs = inputs
        self._slots: dict[int, _Slot] = {}
        self._scores: dict[int, float] = {}
        self._good: deque[float] = deque(maxlen=600)
        self._gains: deque[float] = deque(maxlen=300)
        self._gain: float | None = None
        self.delay: int | None = None  # samples at 8 kHz, once known
        self._usual: int | None = None
        self._looked = -1_000_000
        self._misses = 0

    @property
    def threshold(self) -> float:
        """Scores below it are something else."""
        if len(self._good) < 30:
            return START_THRESHOLD
        return min(0.9, max(0.35, float(np.quantile(self._good, 0.001)) - MARGIN))

    def judge(self, known: Sequence[Version], look: Lookup, slot: int, ring: Ring) -> Mark:
        """The mark of `slot`; the two slots after it must be in the ring."""
        for k in range(slot - 2, slot + 3):
            if k not in self._slots:
                self._take(known, k, ring)
        for k in [k for k in self._slots if k < slot - SPAN - FARTHEST - 5]:
            self._slots.pop(k)
            self._scores.pop(k, None)
        heard = self._heard(known, slot)
        if isinstance(heard, str):
            return Mark(slot=slot, sign="unknown", cause=heard)
        version, what = heard
        name = what.take.id if what.overlay is None else what.overlay.id
        mark = Mark(slot=slot, sign="good", heard=name, due=what.approval)
        return self._marked(mark, version, what, look)

    def _take(self, known: Sequence[Version], k: int, ring: Ring) -> None:
        n = k * SLOT
        pcm, have = ring.read(n - 36, SLOT + 72)
        dues: list[Mono] = []
        for version in in_force(known, n):
            try:
                first = max(n - 36, version.plan.start)
                last = min(n + SLOT + 36, version.plan.end)
                if not first <= n < n + SLOT <= last:
                    continue
                due = np.zeros((SLOT + 72, 2), dtype=np.int16)
                due[first - n + 36 : last - n + 36] = render(
                    version.plan, version.overlays, (), self._inputs, SampleIndex(first), last - first
                )
                dues.append(_cut(due))
            except (NotReady, NotPlanned):
                continue
        self._slots[k] = _Slot(dues, _cut(pcm), bool(have.all()), bool(have[36:-36].any()))

    def _heard(self, known: Sequence[Version], slot: int) -> tuple[Version, Heard] | str:
        """What was due when that which is heard in `slot` went out."""
        late = 0 if self.delay is None else self.delay // PART
        for version in in_force(known, (slot - late) * SLOT):
            try:
                return version, due_in(version, slot - late)
            except NotPlanned:
                continue
        return "no plan known"

    def _marked(self, mark: Mark, version: Version, what: Heard, look: Lookup) -> Mark:
        slot, here = mark.slot, self._slots[mark.slot]
        if not here.any:
            self._misses += 1
            return attrs.evolve(mark, sign="lost", heard="", cause="no packets")
        self._align(slot)
        if self.delay is None:
            return attrs.evolve(mark, sign="unknown", heard="", cause="finding the delay")
        window = self._windows(slot, 1)
        if not window:
            return attrs.evolve(mark, sign="unknown", heard="", cause="what is due cannot be read")
        level = power(here.got)
        levels = [power(due) for _, due in window]
        quiet = self._quiet(level, levels)
        if quiet == "pause":
            return attrs.evolve(mark, sign="pause")
        if quiet == "silent":
            return attrs.evolve(mark, sign="silent", heard="", cause="silence")
        if self._fitting(slot):
            return self._right(mark, level, max(levels))
        self._misses += 1
        return self._wrong(mark, version, what, look)

    def _quiet(self, level: float, levels: list[float]) -> str:
        """Silence heard where silence is due by any version, or where by none it is."""
        gain = 1.0 if self._gain is None else self._gain
        if level >= max(NOISE, 0.003 * gain * max(levels)):
            return ""
        return "silent" if all(gain * due > max(QUIET, 4.0 * level) for due in levels) else "pause"

    def _fitting(self, slot: int) -> bool:
        """Not one of three slots in a row that do not fit: a splice of 0.3 s spoils at least so many scores of 0.4 s."""
        fits = [self._fits(k) for k in range(slot - 2, slot + 3)]
        return fits[2] or all(any(fits[a : a + 3]) for a in range(3))

    def _fits(self, slot: int) -> bool:
        if slot not in self._scores:
            windows = self._windows(slot, WINDOW)
            found = max((score(got, due) for got, due in windows), default=0.0)
            self._scores[slot] = 1.0 if any(self._too_quiet(got, due) for got, due in windows) else found
        return self._scores[slot] >= self.threshold

    def _too_quiet(self, got: Mono, due: Mono) -> bool:
        """Whether noise hides the programme and nothing louder is heard: a score would say nothing."""
        gain = 1.0 if self._gain is None else self._gain
        wanted = gain * power(due)
        return wanted < 10.0 * NOISE and power(got) < 4.0 * (wanted + NOISE)

    def _windows(self, slot: int, count: int) -> list[tuple[Mono, Mono]]:
        """(received, due) of `count` slots up to and with `slot`, for each version of what is due; none where unknown."""
        late = self.delay or 0
        whole, part = divmod(late, PART)
        needed = range(slot - count - whole, slot - whole + 1)
        heard = range(slot - count + 1, slot + 1)
        if any(k not in self._slots or not self._slots[k].due for k in needed) or any(
            k not in self._slots for k in heard
        ):
            return []
        got = np.concatenate([self._slots[k].got for k in heard])
        made: list[tuple[Mono, Mono]] = []
        for v in range(max(len(self._slots[k].due) for k in needed)):
            joined = np.concatenate([self._slots[k].due[min(v, len(self._slots[k].due) - 1)] for k in needed])
            made.append((got, joined[PART - part : PART - part + count * PART]))
        return made

    def _align(self, slot: int) -> None:
        """Look for the delay at the start, every five seconds, and twice a second while nothing fits."""
        if slot - self._looked < (5 if self.delay is None or self._misses >= 5 else _RELOOK):
            return
        heard = range(slot - SPAN + 1, slot + 1)
        needed = range(slot - SPAN - FARTHEST + 1, slot + 1)
        if any(k not in self._slots or not self._slots[k].due for k in needed):
            return
        self._looked = slot
        got = np.concatenate([self._slots[k].got for k in heard])
        due = np.concatenate([self._slots[k].due[0] for k in needed])
        found = delay(got, due, FARTHEST * PART)
        first = FARTHEST * PART - found
        if power(got) > QUIET / 100 and _alike(got, due[first : first + len(got)]) > START_THRESHOLD:
            self._settle_on(found)

    def _settle_on(self, found: int) -> None:
        if self.delay is None or abs(found - self.delay) > 8:
            self._scores.clear()
        self.delay = found
        self._usual = found if self._usual is None else self._usual
        self._misses = 0

    def _right(self, mark: Mark, level: float, due_level: float) -> Mark:
        self._misses = 0
        if due_level > 10 * QUIET:
            self._good.append(self._scores.get(mark.slot, self.threshold))
            self._gains.append(level / due_level)
        if len(self._gains) >= 30:
            recent = float(np.median(list(self._gains)[-30:]))
            self._gain = recent if self._gain is None else self._gain
            step = 10.0 * float(np.log10(max(recent, 1e-12) / self._gain))
            if abs(step) > LEVEL_DB:
                return attrs.evolve(
                    mark, sign="degraded", cause=f"level {'+' if step > 0 else '−'}{abs(step):.0f} dB"
                )
        assert self.delay is not None and self._usual is not None  # _marked asked
        if abs(self.delay - self._usual) > DEVIATION:
            tenths = abs(self.delay - self._usual) * 10 // 8_000
            side = "late" if self.delay > self._usual else "early"
            return attrs.evolve(
                mark, sign="wrong", cause=f"the right item {tenths // 10}.{tenths % 10} s {side}"
            )
        if not self._slots[mark.slot].whole:
            return attrs.evolve(mark, sign="degraded", cause="packets lost")
        return mark

    def _wrong(self, mark: Mark, version: Version, what: Heard, look: Lookup) -> Mark:
        here = attrs.evolve(mark, sign="foreign", heard="", cause="not what is due")
        if is_tone(self._slots[mark.slot].got.astype(np.float64)):
            return attrs.evolve(here, sign="empty", heard="tone", cause="tone")
        hit = look(mark.slot)
        return here if hit is None else recognised_as(version, what, hit, here)


def _cut(pcm: NDArray[np.int16]) -> Mono:
    """8 kHz of the slot in the middle of 36 + 4,800 + 36 samples."""
    return to_mono(pcm)[6 : 6 + PART]


def _alike(got: Mono, due: Mono) -> float:
    """The median score over a long stretch."""
    step = WINDOW * PART
    return float(
        np.median([score(got[a : a + step], due[a : a + step]) for a in range(0, len(got) - step + 1, step)])
    )
