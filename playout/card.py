"""Plays a channel on a sound card, which has a clock of its own: a follower, outside the claim that what is heard is a function of the index. Knows libav's ALSA and rings. Tried on ALSA's null device alone: `unverified` on a real card."""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

import av
import numpy as np

from playout.drift import ONE, Resampler, Servo
from playout.rings import BLOCK, AirRing, Pcm16
from playout.ways import Gone, Way
from station.words import SAMPLE_RATE

TARGET: Final = SAMPLE_RATE // 5  # samples behind the head: what is rendered in bursts is there in time
JUMP: Final = SAMPLE_RATE // 4  # off by more than this it goes on at the target at once
FULL: Final = 5_000_000  # ns that a write takes at least once the card's buffer is full
LONGEST: Final = 2 * SAMPLE_RATE  # samples of silence at the start, should it never be
_SOON: Final = 0.004  # s
_ALSA: Final = {"ALSA_CONFIG_PATH": "/usr/share/alsa/alsa.conf", "ALSA_CONFIG_DIR": "/usr/share/alsa"}

Play = Callable[[Pcm16], None]  # returns when the card has taken it


class Feeder:
    """What the card is given: the channel's samples, a little behind its head, at the card's own pace."""

    def __init__(self, ring: AirRing) -> None:
        self._ring, self._servo = ring, Servo(TARGET)
        self._at, self._fraction = 0, 0  # the next position: sample, and 2^-32 of one
        self.jumped = 0  # samples passed over or repeated, in all

    def more(self) -> Pcm16 | None:
        """The next 10 ms; None where they are not rendered yet."""
        head = self._ring.head
        lag = head - self._at
        if abs(lag - TARGET) > JUMP:
            self.jumped += abs(lag - TARGET) if self._at else 0
            self._at, self._fraction, lag = head - TARGET, 0, TARGET
            self._servo.begin()
        step = self._servo.step(lag)
        first = self._at - Resampler.before
        touched = self._at + Resampler.span(self._fraction, step, BLOCK)
        if touched > head:
            return None
        begins, ends = first // BLOCK * BLOCK, -(-touched // BLOCK) * BLOCK
        pcm: Pcm16 = np.empty((ends - begins, 2), np.int16)
        self._ring.whole(begins, pcm)
        made = Resampler.read(pcm[first - begins :], self._fraction, step, BLOCK)
        on = self._fraction + step * BLOCK
        self._at, self._fraction = self._at + (on >> 32), on & (ONE - 1)
        return made


def fill(way: Way, play: Play) -> None:
    """Fill the card's buffer with silence until it takes its time: from then on it is the card that sets the pace."""
    silent: Pcm16 = np.zeros((BLOCK, 2), np.int16)
    for _ in range(0, LONGEST, BLOCK):
        begun = way.monotonic()
        play(silent)
        way.rest(0)
        if way.monotonic() - begun > FULL:
            return


def follow(way: Way, play: Play) -> None:
    """Play for as long as the card takes it."""
    fill(way, play)
    feeder, jumped = Feeder(way.air), 0
    while True:
        pcm = feeder.more()
        if pcm is None:
            way.rest(_SOON)
            continue
        play(pcm)
        way.gauge.sent(pcm.nbytes)
        way.gauge.lost((feeder.jumped - jumped) * 4, way.now())
        jumped = feeder.jumped
        way.gauge.up(way.now())
        way.rest(0)


def play_card(way: Way) -> None:
    """On the card that the settings name, until it fails (Gone)."""
    for name, value in _ALSA.items():
        os.environ.setdefault(name, value)  # libav's own copy of ALSA looks for its files where it was built
    try:
        with av.open(way.section.to, "w", format="alsa") as out:
            follow(way, _player(out))
    except av.FFmpegError as error:
        raise Gone("device") from error


def _player(out: Any) -> Play:
    stream = out.add_stream("pcm_s16le", rate=SAMPLE_RATE, layout="stereo", format="s16")
    played = 0

    def play(pcm: Pcm16) -> None:
        nonlocal played
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE, Fraction(1, SAMPLE_RATE), played
        played += len(pcm)
        for packet in stream.encode(frame):
            out.mux(packet)

    return play
