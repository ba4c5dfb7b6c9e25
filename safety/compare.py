"""Compares one slot of received L16 with what should be heard, sample by sample: the player's own output, in place by its RTP timestamps. Knows no plan, no socket, no clock."""

from __future__ import annotations

import math
from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray

from safety.slots import Sign

Pcm = NDArray[np.int16]
Flags = NDArray[np.bool_]
Wave = NDArray[np.float64]

PAD: Final = 1_920  # samples either side: 40 ms, the start error that still is "in place"
CLOSE: Final = 2  # steps of 16 bits by which two renderings may differ
SILENCE: Final = 3  # peak of what counts as digital silence
AUDIBLE: Final = 33  # peak, −60 dBFS: below it nothing audible is due
LEVEL_DB: Final = 1.0  # a level error above this is heard as one
_GLITCH: Final = 480  # samples; too short to say what it is
_TELLING: Final = 16  # samples; fewer may fit by chance somewhere far off
_NEAR: Final = 5  # samples by which what is so short may have moved
_AT_ONCE: Final = 32_768  # comparisons


@attrs.frozen(kw_only=True)
class Verdict:
    """What one slot looks like. `bad` is relative to its first sample; `lag` holds from here on (samples, positive: late)."""

    sign: Sign
    cause: str = ""
    bad: tuple[int, int] | None = None
    lag: int = 0


def compare(got: Pcm, have: Flags, due: Pcm, lag: int = 0) -> Verdict:
    """Judge `got` (count, 2), of which `have` says which samples were received, against `due` (count + 2·PAD, 2).

    `due` begins PAD samples before `got`; `lag` is by how many samples what was heard before was late.
    """
    count = len(got)
    want = due[PAD - lag : PAD - lag + count]
    if not have.any():
        return Verdict(sign="lost", cause="no packets", lag=lag)
    differs = have & (np.abs(got.astype(np.int32) - want) > CLOSE).any(axis=1)
    if not differs.any():
        return _complete(got, have, lag)
    moved = _moved(got, have, due, lag, differs)
    if moved is not None:
        return moved
    first, last = _extent(differs)
    sign, cause = describe(got[first:last], want[first:last])
    if sign == "good":
        return attrs.evolve(_complete(got, have, lag), cause=cause)
    return Verdict(sign=sign, cause=cause, bad=(first, last), lag=lag)


def _complete(got: Pcm, have: Flags, lag: int) -> Verdict:
    """What was received is right; was all of it received?"""
    if have.all():
        return Verdict(sign="good" if peak(got) > AUDIBLE else "pause", lag=lag)
    first, last = _extent(~have)
    lost = int(len(have) - have.sum())
    # A loss that reaches the slot's edge may be part of a longer one: only then may it become an outage.
    joins = lost == last - first and (first == 0 or last == len(have))
    return Verdict(sign="lost" if joins else "degraded", cause="packets lost", bad=(first, last), lag=lag)


def _extent(flags: Flags) -> tuple[int, int]:
    where = np.flatnonzero(flags)
    return int(where[0]), int(where[-1]) + 1


def peak(pcm: Pcm) -> int:
    """Greatest magnitude, 0 to 32768."""
    return int(np.abs(pcm.astype(np.int32)).max(initial=0))


def _moved(got: Pcm, have: Flags, due: Pcm, lag: int, differs: Flags) -> Verdict | None:
    """Samples doubled or left out: from somewhere in the slot on it is the same sound, some samples later or earlier."""
    first, last = _extent(differs)
    if peak(got[first:last]) <= SILENCE:  # it fits any pause
        return None
    found = _fitting(got, due, lag, first + np.flatnonzero(have[first:last]))
    if found is None:
        return None
    other = due[PAD - found : PAD - found + len(got)]
    wrong = have & (np.abs(got.astype(np.int32) - other) > CLOSE).any(axis=1)
    return _shifted(lag, found, first, differs, wrong)


def _fitting(got: Pcm, due: Pcm, lag: int, at: NDArray[np.intp]) -> int | None:
    """The lag nearest to `lag` at which samples `at` are as due. All are tried: on tonal sound, or where little is left of a slot, no peak of a correlation stands out."""
    far = np.abs(got[at].astype(np.int32) - due[PAD - lag + at]).sum(axis=1)
    at = at[np.argsort(-far, kind="stable")]  # the most telling first
    steps = np.arange(1, (2 * PAD if len(at) >= _TELLING else _NEAR) + 1)
    lags = lag + np.stack([steps, -steps], axis=1).ravel()
    lags = lags[np.abs(lags) <= PAD]
    while at.size and lags.size:
        some, at = np.split(at, [max(1, _AT_ONCE // lags.size)])
        off = np.abs(due[PAD + some - lags[:, np.newaxis]].astype(np.int32) - got[some])
        lags = lags[(off <= CLOSE).all(axis=(1, 2))]
    return int(lags[0]) if lags.size else None


def _shifted(lag: int, found: int, first: int, differs: Flags, wrong: Flags) -> Verdict:
    stays = not wrong[first:].any() or int(np.flatnonzero(wrong)[-1]) < int(np.flatnonzero(differs)[-1])
    shift = found - lag
    what = "doubled" if shift > 0 else "missing"
    cause = f"{abs(shift)} sample{'s' if abs(shift) != 1 else ''} {what}"
    return Verdict(sign="degraded", cause=cause, bad=_extent(differs), lag=found if stays else lag)


def likely_lags(got: Pcm, due: Pcm, most: int = 4) -> list[int]:
    """By how many samples `got`, at whatever level, may be late against the middle of `due` (count + 2·PAD): the highest peaks of the correlation, whitened (sharp, also where half of it is something else) and over the energy it meets (greatest where it fits, however tonal)."""
    pad = (len(due) - len(got)) // 2
    size = 1 << (len(due) + len(got)).bit_length()
    mono = due.astype(np.float64).sum(axis=1)
    heard = got.astype(np.float64).sum(axis=1)
    cross = np.fft.rfft(mono, size) * np.conj(np.fft.rfft(heard, size))
    energy = np.concatenate([[0.0], np.cumsum(mono**2)])
    met = np.sqrt(np.maximum(energy[len(got) :] - energy[: -len(got)], 1.0))
    made: list[int] = []
    for spectrum, over in ((cross / (np.abs(cross) + 1e-9), np.ones_like(met)), (cross, met)):
        scores = np.fft.irfft(spectrum, size)[: 2 * pad + 1] / over
        made += [pad - int(k) for k in np.argsort(scores)[: -most - 1 : -1]]
    return list(dict.fromkeys(made))


def describe(got: Pcm, want: Pcm) -> tuple[Sign, str]:
    """What kind of difference lies between two stretches of the same length that are not equal."""
    if peak(got) <= SILENCE:
        return ("silent", "silence") if peak(want) > AUDIBLE else ("pause", "")
    if len(got) < _GLITCH:
        return "foreign", "samples differ"
    sides = _sides(got, want)
    if sides is not None:
        return sides
    heard, due = got.astype(np.float64), want.astype(np.float64)
    levelled = _levelled(heard, due)
    if levelled is not None:
        return levelled
    if is_tone(heard):
        return "empty", "tone"
    return _on_top(heard, due)


def _sides(got: Pcm, want: Pcm) -> tuple[Sign, str] | None:
    """One side lost, the sides swapped or summed."""
    for side, name in ((0, "left"), (1, "right")):
        other_right = bool((np.abs(got[:, 1 - side].astype(np.int32) - want[:, 1 - side]) <= CLOSE).all())
        if other_right and peak(got[:, side]) <= SILENCE < peak(want[:, side]):
            return "degraded", f"{name} channel lost"
    if bool((np.abs(got.astype(np.int32) - want[:, ::-1]) <= CLOSE).all()):
        return "degraded", "channels swapped"
    middle = (want.astype(np.int32).sum(axis=1) >> 1)[:, np.newaxis]
    if bool((np.abs(got - middle) <= CLOSE).all()):
        return "degraded", "stereo lost"
    return None


def _levelled(heard: Wave, due: Wave) -> tuple[Sign, str] | None:
    """The same sound at another level, steady or moving (fitted per 10 ms)."""
    power = float((due**2).sum())
    if power == 0.0:
        return None
    gain = float((heard * due).sum()) / power
    rest = heard - _fitted(heard, due)
    if gain <= 0.0 or float((rest**2).sum()) > 1e-3 * float((heard**2).sum()) + 4.0 * heard.size:
        return None
    step = 20.0 * math.log10(gain)
    return (
        ("good", "")
        if abs(step) <= LEVEL_DB
        else ("degraded", f"level {'+' if step > 0 else '−'}{abs(step):.0f} dB")
    )


def _fitted(heard: Wave, due: Wave, piece: int = 480) -> Wave:
    made = np.empty_like(due)
    for a in range(0, len(due), piece):
        x, y = due[a : a + piece], heard[a : a + piece]
        power = float((x**2).sum())
        made[a : a + piece] = x * (float((x * y).sum()) / power if power else 0.0)
    return made


def is_tone(wave: Wave) -> bool:
    """Whether nearly all energy lies in one spectral line (window of at least 10 ms), at more than −60 dBFS."""
    mono = wave.sum(axis=1) if wave.ndim == 2 else wave
    if float(np.abs(mono).max(initial=0.0)) <= AUDIBLE:
        return False
    power = np.abs(np.fft.rfft(mono * np.hanning(len(mono)))) ** 2
    top = int(np.argmax(power))
    near = power[max(0, top - 3) : top + 4].sum()
    return bool(top > 0 and near > 0.98 * power.sum())


def _on_top(heard: Wave, due: Wave) -> tuple[Sign, str]:
    """Whether the programme is still there, and what lies over it."""
    mono, want = heard.sum(axis=1), due.sum(axis=1)
    power, energy = float((want**2).sum()), float((mono**2).sum())
    gain = float((mono * want).sum()) / power if power else 0.0
    rest = mono - gain * want
    left = float((rest**2).sum())
    if energy == 0.0 or left > 0.8 * energy:
        return "foreign", "not what is due"
    if left < 0.1 * energy and noisiness(rest) > 0.4:
        return "degraded", "noise"
    return "foreign", "something lies over the programme"


def noisiness(wave: Wave) -> float:
    """Flatness of the spectrum within bands of 500 Hz, weighted by energy: about 0.56 for noise of any colour, less for voices and music."""
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) ** 2 + 1e-9
    width = max(4, len(wave) // 96)
    bands = power[: len(power) // width * width].reshape(-1, width)
    mean = bands.mean(axis=1)
    flat = np.exp(np.log(bands).mean(axis=1)) / mean
    return float((flat * mean).sum() / mean.sum())
