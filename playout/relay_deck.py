"""A relay as it is heard: looks at its members' rings, keeps in place what belongs together, and writes block after block of the chosen one. Knows rings and sound; knows no wire, no plan and no clock but what it is told."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

import attrs
import numpy as np
import numpy.typing as npt

from playout.relay_align import AUDIBLE, ONE, Fit, exact, find, level, mono
from playout.relay_choice import LIMITS, STATES, Choice, Limits, Sight, State, choose, state_of, wanted
from playout.relay_lead import Lead
from playout.relay_rings import NOBODY, NOWHERE, LiveRing, MemberRing
from playout.relay_slip import SIDE, Drift, slipped
from playout.rings import BLOCK, Pcm32
from station.words import SAMPLE_RATE

_QUIET: Final = 1 << 13  # 24-bit values; one and the same below it (−60 dBFS) is silence, not a standstill
_PATTERN: Final = SAMPLE_RATE  # of the chosen member's sound, sought in another's
_EVERY: Final = (
    SAMPLE_RATE // 2
)  # one member is compared so often while a place is sought, else half as often
_SURE: Final = 2  # samples by which two findings of a place may differ
_REACH: Final = 240  # samples by which a member may have moved since it was compared last
_MISSES: Final = 3  # comparisons that fail before a member is taken to bring something else
_STALE: Final = 2 * SAMPLE_RATE  # a successor that comes later begins at the present
_BLOCKS: Final = 6_000  # of which it is known whether they are silent: a minute, more than any ring holds
_SOONER: Final = 2  # blocks before a pause another member takes over, so that none of it is heard
_OFTEN: Final = 50_000_000  # ns between two notes of how far a member is
_APART: Final = SAMPLE_RATE // 2  # samples between two sounds with a pause between them
_RAMP: Final = np.arange(BLOCK, dtype=np.int64)[:, np.newaxis]


@attrs.define
class Voice:
    """What is known of one member."""

    ring: MemberRing
    turn: int = 0  # the connection whose place is known; 0: none
    base: int = 0  # absolute index of position 0 of its ring
    gain: int = ONE  # Q16: as loud as the one that was heard when it was compared last
    came: deque[tuple[int, int]] = attrs.field(factory=deque)  # (ns, position): how far it was, lately
    marks: int = 0  # so many of its markers were looked at
    supposed: int | None = None  # a base found once
    misses: int = 0
    alike: int = 0  # thousandths: how well it fitted when it was compared last
    peak: int = 0  # of what came last
    looked: int = 0  # position up to which it was listened to, a multiple of BLOCK
    loud: npt.NDArray[np.bool_] = attrs.field(factory=lambda: np.zeros(_BLOCKS, np.bool_))  # its last blocks
    heard: int = 0  # the position after the last that is not silent
    moved: int = 0  # the position after the last block that is not one and the same value
    quiet: int = LIMITS.quiet
    risen: int = 0  # where the sound that was there last began, after a pause
    spoke: int = 0  # ns: when the last came that is not silent; before that, when it was listened to first

    @property
    def end(self) -> int:
        """The position up to which this place holds."""
        ring = self.ring
        return ring.written if not self.turn or ring.turn == self.turn else ring.first

    def read(self, n: int, count: int = BLOCK) -> Pcm32 | None:
        """Its sound at absolute index `n`; None where it is not there."""
        at = n - self.base
        pcm = self.ring.read(at, count) if self.turn and at + count <= self.end else None
        return pcm if pcm is None or self.gain == ONE else louder(pcm, self.gain)

    def sight(self, n: int, now: int, pause: int = LIMITS.pause) -> Sight:
        """How it looks at absolute index `n`; `now` in ns. `pause`: see `Limits`."""
        ring = self.ring
        at = n - self.base
        ahead = self.end - at if self.turn else ring.written - max(ring.first, self.since)
        if self.turn and at < ring.oldest():
            ahead = 0
        share = self._share(at + _SOONER * BLOCK, pause)
        return Sight(
            turn=ring.turn,
            placed=bool(self.turn),
            ahead=ahead,
            silent=ring.written - max(self.heard, ring.first),
            frozen=max(0, ring.written - max(self.moved, ring.first)),
            waited=max(0, now - ring.arrived) * 6 // 125_000,
            quiet=share == 0,
            sounds=share is not None and share > 0.5,
        )

    def _share(self, at: int, count: int) -> float | None:
        """How much of what lies from position `at` on is not silent; None where it is not all there."""
        first, last = -(-at // BLOCK), (at + count) // BLOCK
        if not self.turn or at < self.ring.oldest() or last * BLOCK > min(self.looked, self.end):
            return None
        start, stop = first % _BLOCKS, last % _BLOCKS
        some = self.loud[start:stop] if start < stop else np.append(self.loud[start:], self.loud[:stop])
        return int(np.count_nonzero(some)) / (last - first)

    @property
    def since(self) -> int:
        """The position from which on it came lately."""
        return self.came[0][1] if self.came else self.ring.written

    def listen(self, now: int, lately: int) -> None:
        """Take in what came since; `lately`: ns in which what came is no old story."""
        ring = self.ring
        self.spoke = self.spoke or now
        if not self.came or now - self.came[-1][0] > _OFTEN:
            self.came.append((now, ring.written))
        while len(self.came) > 1 and self.came[1][0] <= now - lately:
            self.came.popleft()
        self.looked = max(self.looked, -(-ring.oldest() // BLOCK) * BLOCK)
        count = (ring.written - self.looked) // BLOCK
        pcm = ring.read(self.looked, count * BLOCK) if count else None
        if pcm is None:
            return
        blocks = pcm.reshape(count, -1)
        peaks = np.abs(blocks).max(axis=1)
        louder, self.peak = peaks > self.quiet, int(peaks.max())
        self.loud[(self.looked // BLOCK + np.arange(count)) % _BLOCKS] = louder
        loud = np.flatnonzero(louder)
        moved = np.flatnonzero((blocks.max(axis=1) != blocks.min(axis=1)) | (np.abs(blocks[:, 0]) <= _QUIET))
        if len(loud):
            begun = self.looked + BLOCK * loud
            fresh = begun[np.diff(begun, prepend=self.heard - BLOCK) > _APART]
            self.risen = int(fresh[-1]) if len(fresh) else self.risen
            self.heard = int(begun[-1]) + BLOCK
            self.spoke = ring.arrived - (ring.written - self.heard) * 125_000 // 6
        self.moved = self.looked + BLOCK * (int(moved[-1]) + 1) if len(moved) else self.moved
        self.looked += count * BLOCK

    def sound(self, now: int) -> tuple[int, int, int]:
        """How it sounds; see `LiveRing.sound`."""
        ring = self.ring
        quiet = max(0, now - (self.spoke or now)) * 6 // 125_000  # however often it connected since
        known = self.turn and self.turn == ring.turn and self.heard
        return (self.base + self.risen, self.base + self.heard, quiet) if known else (0, 0, quiet)

    def forget(self) -> None:
        """Its place is not known any more."""
        self.turn, self.supposed, self.misses, self.gain, self.alike = 0, None, 0, ONE, 0


class Deck:
    """One relay. Whoever takes its place goes on with the same member at the same sample; `lead`: what the chain's other player makes of it."""

    def __init__(
        self,
        rings: Sequence[MemberRing],
        live: LiveRing,
        limits: Limits = LIMITS,
        lead: Lead | None = None,
    ) -> None:
        self.voices = [Voice(ring, quiet=limits.quiet) for ring in rings]
        self._live, self._limits = live, limits
        self._lead = Lead(relay=live.name) if lead is None else lead
        self._follows = False  # what the other player makes is heard
        self._next = live.head
        self._compared = 0
        self._turn = 0
        self._drift = Drift()
        for number, voice in enumerate(self.voices):
            voice.turn, voice.base, gain = live.place(number)
            voice.gain = gain or ONE
        kept = None if live.chosen == NOBODY else live.chosen
        self.choice = Choice(member=kept)
        self.states: tuple[State, ...] = ()

    def write(self, until: int, now: int) -> None:
        """Everything up to absolute index `until`, as far as there is anything; `now` in ns of the clock that arrivals have."""
        if not self._next or until - self._next > _STALE:
            self._next = until - until % BLOCK
        for voice in self.voices:
            voice.listen(now, 2 * self._limits.delay * 125_000 // 6)
        while self._next + BLOCK <= until and self._give(self._next, until - self._next - BLOCK, now):
            self._next += BLOCK
        self._live.leads = self._lead.leads
        self._mark()
        self._tell(self._next, now)
        strange = any(voice.ring.turn and not voice.turn for voice in self.voices)
        if self._next - self._compared >= (_EVERY if strange else 2 * _EVERY):
            self._compared = self._next
            self._compare(self._next)

    def _give(self, n: int, spare: int, now: int) -> bool:
        """The block at absolute index `n`, told or made here; False where the other player is waited for. `spare`: samples until there is no time left."""
        self._choose(n, now)
        told = self._lead.block(n)
        if told is not None:
            self._follow(n, told)
            return True
        member = self.choice.member
        able = member is not None and self.voices[member].read(n) is not None
        if spare < self._lead.patience(n, able=able):
            return False
        if (
            member is not None
            and not self.voices[member].turn
            and self._lead.begins(n, self.choice.since[member])
        ):
            self._begin(member, n)
        self._put(n)
        if self._live.head == n + BLOCK:
            self._lead.made(n)
        else:
            self._lead.left()
        self._follows = False
        return True

    def _follow(self, n: int, pcm: Pcm32) -> None:
        """What the other player made; this one goes on from it where that ceases."""
        if not self._follows:  # places of before hold if its sound fits, and are soon lost if not
            for voice in self.voices:
                voice.misses = _MISSES - 1
        member = self.choice.member
        here = NOBODY if member is None or not self.voices[member].turn else member
        if self._live.chosen != here:
            self._live.chosen, self._live.since = here, n
        self._live.put(n, pcm)
        self._drift, self._follows = Drift(), True
        self._lead.left()

    def _mark(self) -> None:
        """Pass on where in the programme the markers belong that came; each comes by every way, and is told once."""
        for voice in self.voices:
            count, at, says = voice.ring.marked()
            if count == voice.marks or not voice.turn or voice.turn != voice.ring.turn:
                continue  # nobody knows where it belongs, or it came by a connection that is not heard yet
            voice.marks = count
            known, said = self._live.marked()
            if at != NOWHERE and (abs(voice.base + at - known) > SAMPLE_RATE or says != said):
                self._live.mark(voice.base + at, says)

    def _tell(self, n: int, now: int) -> None:
        for number, (voice, state) in enumerate(zip(self.voices, self.states, strict=False)):
            self._live.put_state(number, STATES.index(state), voice.sight(n, now).ahead)
            self._live.put_seen(number, voice.peak, voice.alike)
            self._live.put_sound(number, *voice.sound(now))

    def _choose(self, n: int, now: int) -> None:
        for number, voice in enumerate(self.voices):
            left = voice.end - (n - voice.base)
            over = voice.ring.turn != voice.turn or left < 0  # another connection, or too late for good
            if voice.turn and over and (number != self.choice.member or left < BLOCK):
                self._place(number, 0, 0)
        sights = [voice.sight(n, now, self._limits.pause) for voice in self.voices]
        self.states = tuple(state_of(sight, self._limits) for sight in sights)
        self.choice = choose(self.choice, sights, self._limits, n)
        asked = self._live.wished()
        if asked is not None:
            self.choice = wanted(self.choice, sights, self.states, asked)

    def _begin(self, member: int, n: int) -> None:
        """Nobody's place is known: this one is heard from `n` on, as long after it came as the limits say; the others are sought anew."""
        for number in range(len(self.voices)):
            self._place(number, 0, 0)
        ring = self.voices[member].ring
        self._place(member, ring.turn, n - (ring.written - self._limits.delay))

    def _place(self, number: int, turn: int, base: int, gain: int = ONE) -> None:
        voice = self.voices[number]
        voice.forget()
        voice.turn, voice.base, voice.gain = turn, base, gain
        self._live.put_place(number, turn, base, gain)

    def _put(self, n: int) -> None:
        live, member = self._live, self.choice.member
        old = None if live.chosen == NOBODY else live.chosen
        before = None if old is None else self.voices[old].read(n)
        after = None if member is None else self.voices[member].read(n)
        if after is not None and member is not None:
            if old != member:
                self._drift, live.since = Drift(), n
            live.put(n, self._followed(member, n, after) if old == member else faded(before, after))
            live.chosen = member
            return
        if before is not None and old != member:
            live.put(n, faded(before, None))  # the last of it
        live.chosen = NOBODY

    def _followed(self, member: int, n: int, pcm: Pcm32) -> Pcm32:
        """The block of the one that is heard, made of a sample more or less where its clock is not ours; all places move with it."""
        voice = self.voices[member]
        step = self._drift.seen(n, voice.end - (n - voice.base))
        wide = voice.read(n - SIDE, BLOCK + step + 2 * SIDE) if step else None
        if wide is None:
            return pcm
        for number, one in enumerate(self.voices):
            if one.turn:
                one.base -= step
                self._live.put_place(number, one.turn, one.base, one.gain)
        return slipped(wide, step)

    def _compare(self, n: int) -> None:
        """Seek one other member's place, or see whether it still holds, by what was heard in the second before `n`: the chosen one, or what the other player made."""
        chosen = None if self._follows else self.choice.member
        others = [number for number in range(len(self.voices)) if number != chosen]
        if not others or (chosen is None and not self._follows):
            return
        self._turn = next((number for number in others if number > self._turn), others[0])
        pattern = (
            self._live.read(n - _PATTERN, _PATTERN)
            if chosen is None
            else self.voices[chosen].read(n - _PATTERN, _PATTERN)
        )
        if pattern is None or not audible(pattern):
            return
        if self.voices[self._turn].turn:
            self._verify(self._turn, n - _PATTERN, pattern)
        else:
            self._seek(self._turn, n - _PATTERN, pattern)

    def _seek(self, number: int, n: int, pattern: Pcm32) -> None:
        voice = self.voices[number]
        ring = voice.ring
        first, turn = max(ring.first, ring.oldest()), ring.turn
        sound = ring.read(first, ring.written - first) if turn else None
        fit = None if sound is None else find(pattern, sound)
        if sound is None or fit is None or ring.turn != turn:
            voice.supposed = None
            return
        base, before = n - first - fit.at, voice.supposed
        voice.supposed = base
        if before is not None and abs(base - before) <= _SURE:
            self._place(number, turn, base, level(pattern, sound[fit.at : fit.at + len(pattern)]))
            voice.alike = _alike(fit)

    def _verify(self, number: int, n: int, pattern: Pcm32) -> None:
        voice = self.voices[number]
        sound = voice.read(n - _REACH, len(pattern) + 2 * _REACH)
        if sound is None or not audible(sound):
            return  # what it lacks is judged elsewhere
        fit: Fit | None = exact(pattern, sound, _REACH, _REACH)
        if fit is not None:
            voice.misses, voice.alike = 0, _alike(fit)
            voice.base += _REACH - fit.at
            voice.gain = voice.gain * level(pattern, sound[fit.at : fit.at + len(pattern)]) >> 16
            self._live.put_place(number, voice.turn, voice.base, voice.gain)
            return
        voice.misses, voice.alike = voice.misses + 1, 0
        if voice.misses >= _MISSES:
            self._place(number, 0, 0)


def _alike(fit: Fit) -> int:
    return round(fit.score * 1_000)


def audible(pcm: Pcm32) -> bool:
    """Whether there is anything to compare."""
    both = mono(pcm)
    return float(both @ both) > len(both) * float(AUDIBLE) ** 2


def louder(pcm: Pcm32, gain: int) -> Pcm32:
    """The same at another level (Q16), not beyond full scale."""
    total = (pcm.astype(np.int64) * gain + ONE // 2) >> 16
    made: Pcm32 = np.clip(total, -(1 << 23), (1 << 23) - 1).astype(np.int32)
    return made


def faded(before: Pcm32 | None, after: Pcm32 | None) -> Pcm32:
    """A block in which one sound gives way to another, or begins or ends: straight, for they are the same programme."""
    total = np.zeros((BLOCK, 2), dtype=np.int64)
    if before is not None:
        total += before.astype(np.int64) * (BLOCK - _RAMP)
    if after is not None:
        total += after.astype(np.int64) * _RAMP
    made: Pcm32 = ((total + BLOCK // 2) // BLOCK).astype(np.int32)
    return made


__all__ = ["Deck", "Voice", "audible", "faded", "louder"]
