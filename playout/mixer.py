"""One channel's mixing: block by block of absolute index through schedules.render, falling down the ladder, saying what sounds. Knows no process, no socket and no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Final

import attrs
import numpy as np

from playout.relay_rings import LiveRing
from playout.rings import BLOCK, IDLE_BLOCK, STEP_BITS, DecodedRing, Pcm16, Pcm32
from playout.rtp import FRAME, STEPS
from schedules.plan import OWN, Fallen, Overlay, Plan, Rung, Take
from schedules.relays import lack
from schedules.render import (
    NotReady,
    approval_of,
    edges,
    over,
    render,
    ringing,
    rung_at,
    rung_below,
    span,
    take_at,
)
from schedules.segue import tail_at
from station.words import SAMPLE_RATE, SampleIndex, Sha256

_SILENT: Final = np.zeros((BLOCK, 2), dtype=np.int16)


@attrs.frozen(kw_only=True)
class Slot:
    """A ring and what it holds: sample 0 of the medium sounds (or would sound) at absolute index `origin`."""

    sha256: Sha256
    generation: int
    origin: int


class Stock:
    """Where render gets its samples: media in memory first, then the rings. Never waits."""

    def __init__(self, rings: list[DecodedRing], lives: Mapping[Sha256, LiveRing] | None = None) -> None:
        """`lives`: the relays, whose samples are counted by the absolute index."""
        self._rings, self._lives = rings, lives or {}
        self._slots: dict[int, Slot] = {}
        self._memory: dict[Sha256, Pcm32] = {}

    def keep(self, sha256: Sha256, pcm: Pcm32) -> None:
        """Hold a whole medium in memory."""
        self._memory[sha256] = pcm

    def drop(self, sha256: Sha256) -> None:
        """Let go of it."""
        self._memory.pop(sha256, None)

    def place(self, ring: int, slot: Slot | None) -> None:
        """Say what ring number `ring` holds from now on."""
        if slot is None:
            self._slots.pop(ring, None)
        else:
            self._slots[ring] = slot

    def advance(self, n: SampleIndex) -> None:
        """All rings go on with the absolute index, whether they are heard or not."""
        for ring, slot in self._slots.items():
            if self._rings[ring].generation == slot.generation:
                self._rings[ring].advance(n - slot.origin)

    def has(self, media: Iterable[Sha256]) -> bool:
        """Whether all of them are in memory."""
        return all(sha256 in self._memory for sha256 in media)

    def pcm(self, sha256: Sha256, start: int, count: int) -> Pcm32:
        """Samples of a medium (count, 2); raises NotReady."""
        held = self._memory.get(sha256)
        if held is not None and start + count <= len(held):
            return held[start : start + count]
        live = self._lives.get(sha256)
        if live is not None and (got := live.read(start, count)) is not None:
            return got
        for ring, slot in self._slots.items():
            if slot.sha256 == sha256:
                found = self._rings[ring].read(slot.generation, start, count)
                if found is not None:
                    return found
        raise NotReady(sha256)

    def length(self, sha256: Sha256) -> int:
        """Samples of a medium in memory; raises NotReady for any other."""
        if sha256 not in self._memory:
            raise NotReady(sha256)
        return len(self._memory[sha256])


@attrs.frozen(kw_only=True)
class Part:
    """One thing that sounds: a take on a rung, or an overlay."""

    source: str  # "take" or "overlay"
    ref: str
    title: str
    media: Sha256 | None
    approval: str
    rung: Rung


@attrs.frozen(kw_only=True)
class Edge:
    """From `index` on `part` sounds (`starts`) or no longer does."""

    index: SampleIndex
    part: Part
    starts: bool
    cause: str


@attrs.frozen(kw_only=True)
class Block:
    """10 ms of one channel."""

    index: SampleIndex
    pcm: Pcm16
    flags: int
    edges: tuple[Edge, ...]
    fell: tuple[tuple[Fallen, str], ...]  # with the cause
    begun: tuple[str, ...]  # overlays whose first sample is in this block


@attrs.frozen(kw_only=True)
class _Steady:
    """How it is until something changes: before `until` none of `ready`, no take, no rung begins or ends."""

    until: int
    ready: tuple[Overlay, ...]
    flags: int


class Channel:
    """What one channel is to sound like, and the block after the last one."""

    def __init__(self, plan: Plan, stock: Stock) -> None:
        self.plan = plan
        self.rungs: tuple[Fallen, ...] = ()
        self._stock = stock
        self._overlays: tuple[Overlay, ...] = ()
        self._sounding: dict[tuple[str, str], Part] = {}
        self._begun: set[str] = set()
        self._quiet_until = 0
        self._steady: _Steady | None = None
        self._causes: dict[str, str] = {}  # takes and why they fall

    @property
    def overlays(self) -> tuple[Overlay, ...]:
        """The whole set wanted, ready or not."""
        return self._overlays

    @property
    def unready(self) -> list[Sha256]:
        """Media of overlays that are not in memory."""
        missing = {s for o in self._overlays for s in o.sequence if not self._stock.has((s,))}
        return sorted(missing)

    def awaits(self, n: SampleIndex) -> bool:
        """Whether an overlay is still to begin within a second from `n` on."""
        soon = n + SAMPLE_RATE
        return any(o.start < soon and o.end > n and o.id not in self._begun for o in self._overlays)

    def adopt(self, plan: Plan) -> None:
        """Go on by another plan; falls of takes that are still in it stay."""
        self.plan = plan
        self._quiet_until, self._steady = 0, None

    def cover(self, overlays: tuple[Overlay, ...]) -> None:
        """Replace the whole set of overlays."""
        self._overlays = overlays
        self._begun &= {overlay.id for overlay in overlays}
        self._quiet_until, self._steady = 0, None

    def fall(self, fallen: Fallen, cause: str = "") -> None:
        """Put a take on another rung; of two entries for one sample the later given holds. `cause` is kept for its edge."""
        self.rungs = (*_others(self.rungs, fallen), fallen)
        self._steady = None
        if cause:
            self._causes[fallen.take] = cause

    def blocks(self, n: SampleIndex, count: int) -> list[Block]:
        """`count` blocks of 480 samples from `n` on; what cannot be had falls to the next rung, an overlay without audio waits.

        What they are does not depend on how many are asked for: those in which nothing begins or ends are rendered together.
        """
        made: list[Block] = []
        while len(made) < count:
            made += self._some(SampleIndex(n + len(made) * BLOCK), count - len(made))
        return made

    def _some(self, n: SampleIndex, most: int) -> list[Block]:
        if n + BLOCK <= self._quiet_until:
            return [Block(index=n, pcm=_SILENT, flags=IDLE_BLOCK, edges=(), fell=(), begun=())]
        ready = tuple(o for o in self._overlays if o.end > n and self._stock.has(o.sequence))
        return self._on(ready, n, most) or [self._anew(ready, n)]

    def _on(self, ready: tuple[Overlay, ...], n: SampleIndex, most: int) -> list[Block]:
        """Blocks, `most` at most, in which nothing begins or ends: what `_anew` would make, without looking for edges."""
        steady = self._steady
        if steady is None or n + BLOCK > steady.until or ready != steady.ready:
            return []
        count = min(most, (steady.until - n) // BLOCK)
        try:
            pcm = span(self.plan, ready, self.rungs, self._stock, n, n + count * BLOCK)
        except NotReady:
            return []
        return [
            Block(
                index=SampleIndex(n + at),
                pcm=pcm[at : at + BLOCK],
                flags=steady.flags,
                edges=(),
                fell=(),
                begun=(),
            )
            for at in range(0, count * BLOCK, BLOCK)
        ]

    def _anew(self, ready: tuple[Overlay, ...], n: SampleIndex) -> Block:
        fell: list[tuple[Fallen, str]] = []
        out = np.empty((BLOCK, 2), dtype=np.int16)
        cuts = self._cuts(n)
        for a, b in pairwise(cuts):
            out[a - n : b - n] = self._span(ready, a, b - a, fell)
        found = self._edges(ready, n, fell)
        flags = self._flags(ready, n)
        self._prune(n)
        begun = self._beginnings(ready, n)
        even = len(cuts) == 2 and not fell and take_at(self.plan, n).kind != "silence"
        until = self._next_edge(SampleIndex(n + BLOCK)) if even else 0
        self._steady = _Steady(until=until, ready=ready, flags=flags)
        return Block(index=n, pcm=out, flags=flags, edges=found, fell=tuple(fell), begun=begun)

    def _next_edge(self, n: SampleIndex) -> int:
        """The first index from `n` on, at most a second later, at which anything changes."""
        end = SampleIndex(n + SAMPLE_RATE)
        falls = [f.start for f in self.rungs if n <= f.start < end]
        return min([end, *falls, *edges(self.plan, self._overlays, n, end)])

    def _cuts(self, n: SampleIndex) -> list[SampleIndex]:
        end = SampleIndex(n + BLOCK)
        falls = (f.start for f in self.rungs if n < f.start < end)
        return sorted({n, end, *falls, *edges(self.plan, self._overlays, n, end)})

    def _span(
        self, ready: tuple[Overlay, ...], n: SampleIndex, count: int, fell: list[tuple[Fallen, str]]
    ) -> Pcm16:
        while True:
            try:
                return render(self.plan, ready, self.rungs, self._stock, n, count)
            except NotReady as missing:
                fallen = self._next_down(n)
                self.fall(fallen)
                fell.append((fallen, lack(self.plan.media, missing.sha256)))

    def _next_down(self, n: SampleIndex) -> Fallen:
        """What falls where a medium is missing at `n`: the tail of the take before, which is then left out, or else the take."""
        take = ringing(self.plan, self.rungs, n) or take_at(self.plan, n)
        rung = rung_below(take, rung_at(self.plan, self.rungs, take, n))
        return Fallen(take=take.id, start=n, rung=rung)

    def _flags(self, ready: tuple[Overlay, ...], n: SampleIndex) -> int:
        take = take_at(self.plan, n)
        covering = over(ready, n)
        if take.kind == "silence" and not covering:
            waiting = [o.start for o in self._overlays if o.end > n]
            self._quiet_until = min([take.end, self.plan.end, *waiting])
            if n + BLOCK <= self._quiet_until:
                return IDLE_BLOCK
        spans = [(a, b, self._rung(ready, a)) for a, b in pairwise(self._cuts(n))]
        flags = 0
        for packet, first in enumerate(range(n, n + BLOCK, FRAME)):
            step = max(step for a, b, step in spans if a < first + FRAME and b > first)
            flags |= step << STEP_BITS * packet
        return flags

    def _rung(self, ready: tuple[Overlay, ...], n: SampleIndex) -> int:
        """The step of the ladder that is heard at `n`: 0 where an overlay covers it, below that where one ought to and cannot.

        So that of two players' copies the one with the alert is taken.
        """
        missed = 0
        for overlay in over(self._overlays, n):
            if overlay not in ready:
                missed = STEPS["filler"]
            elif overlay.mode != "duck":
                return missed
        due = (take_at(self.plan, n), tail_at(self.plan, n))
        steps = (STEPS[rung_at(self.plan, self.rungs, take, n)] for take in due if take is not None)
        return max(missed, *steps)

    def _edges(
        self, ready: tuple[Overlay, ...], n: SampleIndex, fell: list[tuple[Fallen, str]]
    ) -> tuple[Edge, ...]:
        found: list[Edge] = []
        given = {f.take: self._causes.get(f.take, "") for f in self.rungs if n <= f.start < n + BLOCK}
        causes = {take: cause for take, cause in given.items() if cause}
        causes |= {fallen.take: cause for fallen, cause in fell}
        for at in self._cuts(n)[:-1]:
            now = parts(self.plan, ready, self.rungs, at)
            why = _cause(now, self._sounding)
            for key, part in self._sounding.items():
                if now.get(key) != part:
                    found.append(Edge(index=at, part=part, starts=False, cause=causes.get(part.ref, why)))
            for key, part in now.items():
                if self._sounding.get(key) != part:
                    found.append(Edge(index=at, part=part, starts=True, cause=causes.get(part.ref, why)))
            self._sounding = now
        return tuple(found)

    def _beginnings(self, ready: tuple[Overlay, ...], n: SampleIndex) -> tuple[str, ...]:
        new = tuple(o.id for o in ready if o.start < n + BLOCK and o.end > n and o.id not in self._begun)
        self._begun.update(new)
        return new

    def _prune(self, n: SampleIndex) -> None:
        if self.rungs:
            before = tail_at(self.plan, n)
            due = {take_at(self.plan, n).id} | ({before.id} if before is not None else set())
            self.rungs = tuple(f for f in self.rungs if f.take in due or f.start > n)
            self._causes = {f.take: self._causes[f.take] for f in self.rungs if f.take in self._causes}


def _others(rungs: tuple[Fallen, ...], fallen: Fallen) -> tuple[Fallen, ...]:
    return tuple(f for f in rungs if (f.take, f.start) != (fallen.take, fallen.start))


def parts(
    plan: Plan, overlays: tuple[Overlay, ...], rungs: tuple[Fallen, ...], n: SampleIndex
) -> dict[tuple[str, str], Part]:
    """All that is heard at sample `n`, by source and id: overlays down to the first that covers, and else the take, and the one before it while it sounds on."""
    found: dict[tuple[str, str], Part] = {}
    for overlay in over(overlays, n):
        found["overlay", overlay.id] = _of_overlay(overlay)
        if overlay.mode != "duck":
            return found
    take = take_at(plan, n)
    before = ringing(plan, rungs, n)
    for one in (take, *(() if before is None else (before,))):
        found["take", one.id] = _of_take(plan, one, rung_at(plan, rungs, one, n))
    return found


def _of_overlay(overlay: Overlay) -> Part:
    media = overlay.sequence[0] if overlay.sequence else None
    return Part(
        source="overlay",
        ref=overlay.id,
        title=overlay.why,
        media=media,
        approval=overlay.approval,
        rung="file",
    )


def _of_take(plan: Plan, take: Take, rung: Rung) -> Part:
    instead = None if take.replacement is None else take.replacement.media
    media = {"loop": plan.loop, "replacement": instead}
    return Part(
        source="take",
        ref=take.id,
        title=take.title,
        media=take.media if rung in OWN else media.get(rung),
        approval=approval_of(plan, take, rung),
        rung=rung,
    )


def _cause(now: dict[tuple[str, str], Part], before: dict[tuple[str, str], Part]) -> str:
    begun = [part.approval for (source, _), part in now.items() if source == "overlay"]
    ended = [ref for source, ref in before if source == "overlay" and ("overlay", ref) not in now]
    if begun and any(key not in before for key in now if key[0] == "overlay"):
        return f"overlay {begun[0]}"
    return f"overlay {ended[0]} ended" if ended else "planned"
