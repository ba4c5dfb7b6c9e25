"""The sound of an EAS SAME message (47 CFR 11.31(a)): bursts, attention signal, end of message, as whole numbers. Pure numpy; plays nothing.

A bit lasts 1/520 5/6 s = 6/3125 s; the mark is 4 and the space 3 whole waves a bit. So both tones pass zero upwards at every
edge of a bit, the phase never jumps, and the sample at index n is a function of n and its bit alone, at every rate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emergency import same
from station.words import Refused

Sound = NDArray[np.int16]

PREAMBLE: Final = bytes([0xAB] * 16)
BURSTS: Final = 3
BITS_NUM, BITS_DEN = 3125, 6  # bits a second
MARK_WAVES, SPACE_WAVES = 4, 3  # whole waves a bit: 2083 1/3 and 1562 1/2 Hz
ATTENTION_HERTZ: Final = (853, 960)
ATTENTION_S: Final = (8, 25)  # shortest and longest
RATES: Final = (8_000, 192_000)  # samples a second that are made
FULL: Final = 32_767
LEVEL_PERMILLE: Final = 500  # of full scale: -6 dB


def burst(text: str, rate: int, *, level: int = LEVEL_PERMILLE) -> Sound:
    """Preamble and text (ASCII, lowest bit first), 16-bit mono at `rate` samples/s, peak `level` ‰. Raises Refused."""
    _check_rate(rate)
    try:
        data = PREAMBLE + text.encode("ascii")
    except UnicodeEncodeError:
        raise Refused(f"{text!r} is not ASCII.", f"{text!r} 不是 ASCII 文本。", code="same-text") from None
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little").astype(np.int64)
    length = -(-len(bits) * BITS_DEN * rate // BITS_NUM)
    at = np.arange(length, dtype=np.int64)
    bit = bits[at * BITS_NUM // (BITS_DEN * rate)]
    waves = np.where(bit, MARK_WAVES, SPACE_WAVES)
    turn = BITS_DEN * rate  # the phase in parts of a wave
    return _sine(at * waves * BITS_NUM % turn, turn, level)


def attention(rate: int, seconds: int = 8, *, level: int = LEVEL_PERMILLE) -> Sound:
    """853 and 960 Hz together, for 8 to 25 s (11.31(a)(2), 11.31(c)). Raises Refused."""
    _check_rate(rate)
    if not ATTENTION_S[0] <= seconds <= ATTENTION_S[1]:
        raise Refused(
            f"The attention signal lasts {ATTENTION_S[0]} to {ATTENTION_S[1]} s, not {seconds} s.",
            f"提示音时长应为 {ATTENTION_S[0]} 至 {ATTENTION_S[1]} 秒,而不是 {seconds} 秒。",
            code="same-attention",
        )
    at = np.arange(seconds * rate, dtype=np.int64)
    low, high = (_sine(at * hertz % rate, rate, level // 2) for hertz in ATTENTION_HERTZ)
    return low + high


def silence(rate: int, millis: int = 1_000) -> Sound:
    """Nothing, for `millis` ms."""
    return np.zeros(rate * millis // 1_000, np.int16)


def bursts(text: str, rate: int, *, level: int = LEVEL_PERMILLE) -> Sound:
    """A text three times, a second of silence behind each."""
    one = np.concatenate([burst(text, rate, level=level), silence(rate)])
    return np.tile(one, BURSTS)


def activation(
    header: same.Header,
    rate: int,
    *,
    attention_s: int = 8,
    message: Sound | None = None,
    end: bool = True,
    level: int = LEVEL_PERMILLE,
) -> Sound:
    """A whole message (11.31(c)): header three times, attention signal (none with 0 s), message, end of message three times.

    `message` is 16-bit mono at `rate`. Half a second of silence leads. Raises Refused when the header is not strict."""
    text = same.write(header)
    _check_rate(rate)
    parts = [silence(rate, 500), bursts(text, rate, level=level)]
    if attention_s:
        parts += [attention(rate, attention_s, level=level), silence(rate)]
    if message is not None:
        parts += [message, silence(rate)]
    if end:
        parts.append(bursts(same.END_OF_MESSAGE, rate, level=level))
    return np.concatenate(parts)


def joined(sounds: Sequence[Sound], rate: int, *, pause_ms: int = 2_000) -> Sound:
    """Several messages one after the other."""
    return np.concatenate([part for sound in sounds for part in (sound, silence(rate, pause_ms))])


def _check_rate(rate: int) -> None:
    if not RATES[0] <= rate <= RATES[1]:
        raise Refused(
            f"{rate} samples a second; {RATES[0]} to {RATES[1]} are made.",
            f"采样率 {rate} 不支持,应为 {RATES[0]} 至 {RATES[1]}。",
            code="same-rate",
        )


def _sine(phase: NDArray[np.int64], turn: int, level: int) -> Sound:
    """The sine at `phase` of `turn` parts of a wave, rounded once."""
    step = math.gcd(turn, int(np.gcd.reduce(phase)) or turn)
    return _table(turn // step, level)[phase // step]


@lru_cache(maxsize=64)
def _table(turn: int, level: int) -> Sound:
    """One wave in `turn` parts; the halves are made of the same numbers, so that nothing drifts."""
    peak = FULL * level / 1_000
    wave = np.array([math.sin(2 * math.pi * part / turn) for part in range(turn)])
    return np.rint(wave * peak).astype(np.int16)
