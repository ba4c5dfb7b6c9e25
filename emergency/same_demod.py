"""Bursts of EAS SAME in a stream of sound: found by preamble and first word at any speed within ±6 %, followed bit by bit. Pure numpy; knows no message of several bursts.

Sans I/O: blocks of samples in, bursts out; places are sample numbers since the first block. What is kept is bounded: seconds of
sound, a few bursts at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from emergency import same, same_grammar
from emergency.same_audio import PREAMBLE, RATES
from emergency.same_tones import Ear, Floats, Tones, Waves, bit_samples, leaning
from emergency.same_words import event_codes
from station.words import Refused

Kind = Literal["header", "end"]
Sound = NDArray[np.float32]

_WORDS: Final[dict[Kind, str]] = {"header": same.BEGIN, "end": same.END_OF_MESSAGE}
_LEAD: Final = (
    8  # bytes of the preamble that are searched for; the first ones may be swallowed by a slow switch
)
_WHOLE: Final = 12  # bytes of the preamble by which a place is found exactly
_KNOWN: Final = (_LEAD + 4) * 8  # bits that are known: the end of the preamble and the word
_STEPS: Final = 4  # of the search, a bit
_SPEEDS: Final = tuple(round(0.94 + 0.0075 * at, 4) for at in range(17))
_FOUND: Final = 0.30  # likeness (-1 … 1) from which a place is looked at
_SURE: Final = 0.25  # the same, over the whole preamble, from which it is followed
_AT_ONCE: Final = 6  # bursts followed at the same time
_HOPELESS: Final = -12.0  # weight of the first characters below which a burst is given up
_NEAR: Final = (len(PREAMBLE) + 4) * 8  # bits: two beginnings within are one, as a preamble repeats itself
_BETTER: Final = 0.15  # likeness by which a beginning that is followed needs no second look
_DONE: Final = 12.0  # by how much the end of a header must be likelier than its going on
_HOP_DEN: Final = 2  # searches a second
_WORK_DEN: Final = 8  # looks a second, at the same places however blocks are cut
_PULL: Final = (
    0.2,
    0.5,
)  # of the timing loop, in noise and when clear: the share of an error that goes into the place
_DRIFT: Final = (0.012, 0.15)  # and into the speed
_KNOWN_WEIGHT: Final = (
    12.0  # of preamble and word: random bits had 3 at most, a burst in noise six times as loud 35
)
_END_WEIGHT: Final = 8.0  # of the four letters of an end of message


@attrs.frozen(kw_only=True, eq=False)
class Burst:
    """One burst. `begin` and `end`: samples of its first word's first bit and behind its last bit; `odds`: rows of bits behind the word."""

    kind: Kind
    begin: int
    end: int
    speed: float  # of the sender, 1.0 is right
    clearness_db: float  # of the tones over the noise in a bit's width
    odds: Floats
    heard: same_grammar.Heard | None  # of a header


@attrs.define(eq=False)
class _Following:
    """A burst in the making. Places are samples since the first block."""

    kind: Kind
    begin: float
    like: float  # how like a beginning its beginning was
    place: float  # where the next byte begins
    bit: float  # samples
    ear: Ear
    rows: list[Floats]
    ends: list[float]  # of each row
    judged: int = 0  # rows when it was judged last
    heard: same_grammar.Heard | None = None
    over: bool = False

    @property
    def sound(self) -> bool:
        """Whether what was read so far is a header's beyond doubt."""
        return self.heard is not None and self.heard.weight > _DONE


class Demodulator:
    """Fed with blocks of mono sound, gives the bursts in them. Raises Refused for a rate outside 8 to 192 kHz."""

    def __init__(self, rate: int) -> None:
        if not RATES[0] <= rate <= RATES[1]:
            raise Refused(
                f"{rate} samples a second; {RATES[0]} to {RATES[1]} are understood.",
                f"采样率 {rate} 不支持,应为 {RATES[0]} 至 {RATES[1]}。",
                code="same-rate",
            )
        self.rate = rate
        self._bit = bit_samples(rate)
        self._step = self._bit / _STEPS
        self._hop = round(rate / _HOP_DEN / self._step)  # steps a search
        self._patterns = _patterns(self._hop)
        self._waves = Waves.of(self._bit, int((self._hop + self._patterns.span + _STEPS) * self._step) + 4)
        self._lean = np.zeros(0)  # from step `_searched` on
        self._searched = 0  # steps before it have been looked at
        self._back = (
            int(self._bit * (len(PREAMBLE) * 8 + 8) / _SPEEDS[0]) + 2
        )  # samples kept behind the search
        self._sound = np.zeros(self._back, np.float32)
        self._base = -self._back  # of the first sample kept
        self._fresh = np.zeros(0, np.float32)  # less than a step of work
        self._at_work: list[_Following] = []
        self._had: list[tuple[float, float]] = []  # the last bursts: from, to

    @property
    def fed(self) -> int:
        """Samples taken so far."""
        return self._base + len(self._sound)

    @property
    def settled(self) -> int:
        """No burst that is yet to come begins before this sample."""
        return min([int(self._searched * self._step), *(int(one.begin) for one in self._at_work)])

    def feed(self, block: NDArray[np.int16] | NDArray[np.floating]) -> list[Burst]:
        """Take a block: mono, int16, or floats within ±1. What is no number counts as silence."""
        held = np.concatenate([self._fresh, as_sound(block)])
        done: list[Burst] = []
        step = self.rate // _WORK_DEN
        whole = len(held) - len(held) % step
        for begin in range(0, whole, step):
            self._sound = np.concatenate([self._sound, held[begin : begin + step]])
            done += self._look(last=False)
        self._fresh = held[whole:]
        return done

    def finish(self) -> list[Burst]:
        """No more comes: the bursts that the end cut off too. The demodulator may then be fed with something else."""
        rest = int((2 * self._hop + self._patterns.span) * self._step)
        done = self.feed(np.zeros(rest, np.float32))
        done += self._look(last=True)
        self._sound = np.concatenate([self._sound, self._fresh])
        self._fresh, self._lean = self._fresh[:0], np.zeros(0)
        self._searched = int(self.fed / self._step) + 1
        return done

    def _look(self, *, last: bool) -> list[Burst]:
        ahead = (self._hop + self._patterns.span + _STEPS) * self._step + 2
        while self._searched * self._step + ahead <= self.fed:
            self._search()
            self._searched += self._hop
        done = [burst for one in self._at_work if (burst := self._follow(one, last=last)) is not None]
        self._had = [*self._had, *((burst.begin, burst.end) for burst in done)][-_AT_ONCE:]
        self._at_work = [one for one in self._at_work if not one.over]
        self._forget()
        return done

    def _forget(self) -> None:
        places = [int(self._searched * self._step), *(int(one.place) for one in self._at_work)]
        needed = min(places) - self._back
        if needed > self._base:
            self._sound = self._sound[needed - self._base :]
            self._base = needed

    def _search(self) -> None:
        """Look for beginnings in the next hop."""
        self._listen()
        likeness = self._patterns.likeness(self._lean)[:, :, : self._hop]
        for at, kind, speed, like in _peaks(likeness):
            first = (self._searched + at) * self._step
            self._begin(first + _LEAD * 8 * self._bit / speed, kind, speed, like)
        self._lean = self._lean[self._hop :]

    def _listen(self) -> None:
        """Hear as many steps as the search of this hop looks at."""
        first = self._searched + len(self._lean)
        count = self._hop + self._patterns.span - len(self._lean)
        low = int(first * self._step)
        piece = self._sound[low - self._base : int((first + count + _STEPS) * self._step) + 2 - self._base]
        lean = np.zeros(count)
        if piece.any():
            tones = Tones.of(piece, self._waves)
            lean = leaning(*tones.on_grid(first * self._step - low, self._step, count, _STEPS))
        self._lean = np.concatenate([self._lean, lean])

    def _begin(self, word: float, kind: Kind, speed: float, like: float) -> None:
        """Follow what may begin with its word at `word`, unless that lies in a burst that is known."""
        near = _NEAR * self._bit
        known = [*self._had, *((one.begin, one.place) for one in self._at_work if one.sound)]
        if any(begin - near < word < end for begin, end in known):
            return
        if any(abs(one.begin - word) < near and one.like > like + _BETTER for one in self._at_work):
            return
        found = self._sharpen(word, kind, speed)
        if found is None:
            return
        rivals = [one for one in self._at_work if abs(one.begin - found.begin) < near]
        if any(one.like >= found.like for one in rivals):
            return
        others = [one for one in self._at_work if one not in rivals]
        self._at_work = sorted([*others, found], key=lambda one: one.like)[-_AT_ONCE:]

    def _sharpen(self, word: float, kind: Kind, speed: float) -> _Following | None:
        """Place and speed as exactly as preamble and word give them; None when it is too unlike them."""
        sent = _sent(kind, _WHOLE)
        lead = _WHOLE * 8
        bit = self._bit / speed
        low = max(int(word - (lead + 2) * bit), self._base)
        high = int(word + 36 * bit)
        tones = Tones.at_speed(self._sound[low - self._base : high - self._base], bit)
        sign = np.where(sent, 1.0, -1.0) - np.mean(np.where(sent, 1.0, -1.0))
        best: tuple[float, float, float] = (-1.0, word, bit)
        for share in np.linspace(-0.006, 0.006, 13):
            one_bit = bit * (1 + share)
            shifts = np.linspace(-0.375, 0.375, 7) * bit
            at = (word + shifts[:, None] - low + (np.arange(len(sent)) - lead) * one_bit).ravel()
            lean = leaning(*tones.loudness(at, one_bit)).reshape(len(shifts), -1)
            like = lean @ sign / np.abs(sign).sum()
            if like.max() > best[0]:
                best = (float(like.max()), float(word + shifts[like.argmax()]), one_bit)
        return self._ear(best, kind, tones, low)

    def _ear(self, best: tuple[float, float, float], kind: Kind, tones: Tones, low: int) -> _Following | None:
        like, word, bit = best
        if like < _SURE * np.sqrt((_LEAD + 4) / (_WHOLE + 4)):
            return None
        sent = _sent(kind, _LEAD)
        at = word - low + (np.arange(_KNOWN, dtype=np.float64) - _LEAD * 8) * bit
        heard = tones.loudness(at, bit)
        ear = Ear.of(*heard, sent)
        right = np.where(sent, 1.0, -1.0) * ear.odds(*heard)
        if float((np.log(2) - np.logaddexp(0, -right)).sum()) < _KNOWN_WEIGHT:
            return None
        return _Following(kind=kind, begin=word, like=like, place=word, bit=bit, ear=ear, rows=[], ends=[])

    def _follow(self, one: _Following, *, last: bool) -> Burst | None:
        """Read on as far as there is sound; the burst when it is over."""
        self._read_on(one)
        rows = len(one.rows) - 4
        if one.kind == "end":  # as long as what is searched for, so all there
            one.over = True
            return self._ended(one)
        if last or rows >= max(8, one.judged + 6) or len(one.rows) >= same.LONGEST:
            one.judged = rows
            return self._judge(one, last=last)
        return None

    def _judge(self, one: _Following, *, last: bool) -> Burst | None:
        odds = np.array(one.rows[4:]).reshape(-1, 8)
        one.heard = same_grammar.likeliest(odds, event_codes())
        full = len(one.rows) >= same.LONGEST
        complete = one.heard.lead > _DONE and len(one.rows) >= one.heard.length + 2
        at_end = complete or full or last
        hopeless = one.heard.weight <= (0 if at_end else _HOPELESS)
        one.over = at_end or hopeless
        if hopeless or not at_end:
            return None
        length = min(one.heard.length, len(one.rows))
        return self._burst(one, odds[: max(length - 4, 0)], length)

    def _burst(self, one: _Following, odds: Floats, length: int) -> Burst:
        end = one.ends[length - 1] if length else one.begin
        return Burst(
            kind=one.kind,
            begin=round(one.begin),
            end=round(end),
            speed=length * 8 * self._bit / max(end - one.begin, self._bit),
            clearness_db=one.ear.clearness,
            odds=odds,
            heard=one.heard,
        )

    def _ended(self, one: _Following) -> Burst | None:
        odds = np.array(one.rows[:4]).reshape(-1, 8)
        if same_grammar.weight_of(same.END_OF_MESSAGE, odds) < _END_WEIGHT:
            return None
        return self._burst(one, odds, 4)

    def _read_on(self, one: _Following) -> None:
        """Read whole bytes, keeping in step with the sender."""
        first = int(one.place) - 4
        bytes_there = int((self.fed - one.place) / (8 * one.bit) - 0.5)
        wanted = same.LONGEST if one.kind == "header" else 4
        count = min(bytes_there, wanted - len(one.rows))
        until = int(one.place + (count * 8 + 8) * one.bit) + 4
        tones = Tones.at_speed(self._sound[max(first - self._base, 0) : until - self._base], one.bit)
        low = max(first, self._base)
        for _ in range(count):
            self._read_byte(one, tones, low)

    def _read_byte(self, one: _Following, tones: Tones, low: int) -> None:
        step = one.bit / 6
        at = one.place - low + np.arange(8) * one.bit
        mark, space = tones.loudness(np.concatenate([at, at - step, at + step]), one.bit)
        odds = one.ear.odds(mark[:8], space[:8])
        one.rows.append(odds)
        decided = np.where(np.tile(odds > 0, 3), mark, space).reshape(3, 8).sum(axis=1)
        middle, early, late = (float(value) for value in decided)
        bend = max(2 * middle - early - late, 0.05 * middle)
        error = min(max(step * (late - early) / (2 * bend + 1e-12), -step), step)
        clear = min(max((one.ear.clearness - 8) / 6, 0.0), 1.0)
        pull, drift = (noisy + clear * (calm - noisy) for noisy, calm in (_PULL, _DRIFT))
        one.place += 8 * one.bit + pull * error
        one.ends.append(one.place)
        one.bit = min(max(one.bit + drift * error / 8, self._bit / 1.08), self._bit / 0.92)


def as_sound(block: NDArray[np.int16] | NDArray[np.floating]) -> Sound:
    """Samples as floats within ±1; what is no number is silence."""
    if block.dtype == np.int16:
        return np.asarray(block, np.float32) / np.float32(32_768)
    return np.clip(np.nan_to_num(np.asarray(block, np.float32), posinf=0, neginf=0), -1, 1)


def _sent(kind: Kind, lead: int) -> NDArray[np.bool_]:
    """The bits of `lead` bytes of preamble and the word."""
    data = PREAMBLE[:lead] + _WORDS[kind].encode()
    return np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little").astype(np.bool_)


def _peaks(likeness: Floats) -> list[tuple[int, Kind, float, float]]:
    """(step, kind, speed, likeness) of places that are like a beginning and likelier than all within two bits, best first."""
    kinds: Sequence[Kind] = ("header", "end")
    top = likeness.max(axis=(0, 1))
    found: list[tuple[int, Kind, float, float]] = []
    for at in np.argsort(-top)[: int((top >= _FOUND).sum())]:
        if len(found) < _AT_ONCE and all(abs(int(at) - other) > 2 * _STEPS for other, *_ in found):
            kind, speed = np.unravel_index(int(likeness[:, :, at].argmax()), likeness.shape[:2])
            found.append((int(at), kinds[int(kind)], _SPEEDS[int(speed)], float(top[at])))
    return found


@attrs.frozen(eq=False)
class _Patterns:
    """What a beginning looks like at each speed, ready to be compared with every place at once."""

    spectra: NDArray[np.complex128]  # kind, speed, frequency
    size: int
    span: int  # steps behind a place that are compared with it

    def likeness(self, lean: Floats) -> Floats:
        """kind, speed, step: -1 … 1."""
        spectrum = np.fft.rfft(lean, self.size)
        return np.asarray(np.fft.irfft(spectrum * self.spectra, self.size)[:, :, : len(lean)], np.float64)


def _patterns(places: int) -> _Patterns:
    span = int((_KNOWN + 8) * _STEPS / _SPEEDS[0]) + 2
    size = 1 << (places + span).bit_length()
    rows = np.array([[_pattern(kind, speed, size) for speed in _SPEEDS] for kind in _WORDS])
    return _Patterns(np.conj(np.fft.rfft(rows)), size, span)


def _pattern(kind: Kind, speed: float, size: int) -> Floats:
    """The signs of the known bits at their places, without their mean, so that one loud tone looks like nothing."""
    sign = np.where(_sent(kind, _LEAD), 1.0, -1.0)
    sign -= sign.mean()
    at = np.arange(_KNOWN) * _STEPS / speed
    low = at.astype(np.int64)
    row = np.zeros(size)
    np.add.at(row, low, sign * (1 - (at - low)))
    np.add.at(row, low + 1, sign * (at - low))
    return np.asarray(row / np.abs(sign).sum(), np.float64)
