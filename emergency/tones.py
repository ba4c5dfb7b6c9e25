"""Attention tones before speech, made of sines: one kind for danger, one for warnings, one for drills, one for daily talk. Pure numpy; plays nothing.

No document prescribes these sounds for village loudspeakers; frequencies and lengths are `unverified` house values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emergency.messages import AlertKind
from station.words import SAMPLE_RATE

Mono = NDArray[np.float64]

_EDGE: Final = SAMPLE_RATE // 100  # 10 ms, so that nothing clicks


def attention(kind: AlertKind, level: int) -> Mono:
    """The tone before speech, mono at 48 kHz within ±1: a siren for actual levels 1 and 2, chimes below, beeps for drills."""
    if kind == "drill":
        return np.concatenate([_beep(1_000, 200), _silence(200)] * 4)
    if kind == "daily":
        return np.concatenate([_bell(784, 500), _bell(659, 900)])
    if level in (1, 2):
        return _siren(3 if level == 2 else 4)
    return np.concatenate([_bell(hertz, 450) for hertz in (988, 784, 988, 784)])


def _siren(sweeps: int) -> Mono:
    """Rising and falling between 500 and 1,200 Hz, one sweep a second."""
    at = np.arange(sweeps * SAMPLE_RATE) / SAMPLE_RATE
    hertz = 850 - 350 * np.cos(2 * np.pi * at)
    return _soft(np.sin(2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE))


def _beep(hertz: int, millis: int) -> Mono:
    return _soft(np.sin(2 * np.pi * hertz * _time(millis)))


def _bell(hertz: int, millis: int) -> Mono:
    at = _time(millis)
    sound: Mono = np.exp(-5 * at) * (
        0.7 * np.sin(2 * np.pi * hertz * at) + 0.3 * np.sin(2 * np.pi * 2.01 * hertz * at)
    )
    return _soft(sound)


def _silence(millis: int) -> Mono:
    return np.zeros(millis * SAMPLE_RATE // 1000)


def _time(millis: int) -> Mono:
    return np.arange(millis * SAMPLE_RATE // 1000) / SAMPLE_RATE


def _soft(sound: Mono) -> Mono:
    ramp = np.linspace(0, 1, _EDGE)
    shaped = sound.copy()
    shaped[:_EDGE] *= ramp
    shaped[-_EDGE:] *= ramp[::-1]
    return shaped


def joined(pieces: Sequence[Mono], pause_ms: int) -> Mono:
    """The pieces one after the other with a pause after each."""
    return np.concatenate([part for piece in pieces for part in (piece, _silence(pause_ms))])
