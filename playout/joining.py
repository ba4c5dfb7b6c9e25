"""When a player may be heard beside its twin: one that begins while the other is on the air keeps silent until it has been told the same. Knows what both keep on disk and a gate; knows no socket, no station, no plan's meaning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from playout.chain import Chain
from playout.lanes import Lane, covered, primed
from playout.link import SetPlan
from playout.rings import Words
from playout.store import Heads, Shelf
from schedules.render import rung_at, take_at
from station.words import SAMPLE_RATE, ChannelId, SampleIndex

GONE: Final = SAMPLE_RATE  # samples since a twin last said that it sends, after which it does not
UNTOLD: Final = 3_000_000_000  # ns without a word of a station, after which the twin's own files are believed
LOWER: Final = 10_000_000_000  # ns that a take on a lower step of the ladder keeps a player from joining
_AGAIN: Final = 1_000_000_000  # ns between two looks at the twin's files
_PLACE: Final = ChannelId("sending")


class Airing:
    """A mapped file in which a player says, several times a second, that it sends; who starts beside it reads that."""

    def __init__(self, directory: Path) -> None:
        self._heads = Heads(directory / "sending", [_PLACE])

    def said(self, now: SampleIndex) -> None:
        """It sends now."""
        self._heads.write(_PLACE, now)


def sends(directory: Path, now: SampleIndex) -> bool:
    """Whether the player that keeps its files there sends now."""
    try:
        said = int.from_bytes((directory / "sending").read_bytes()[:8], "little", signed=True)
    except OSError:
        return False
    return abs(now - said) < GONE


class Joining:
    """The gate of one player: `tick` opens it, once and for good."""

    def __init__(
        self,
        chain: Chain,
        gate: Words,
        own: Path,
        twin: Path,
        now: Callable[[], SampleIndex],
        monotonic: Callable[[], int],
    ) -> None:
        self._chain, self._gate, self._twin = chain, gate, twin
        self._now, self._monotonic = now, monotonic
        self._airing = Airing(own)
        self._began = self._copied = monotonic()
        self._believes = False  # what it holds is what its twin had on disk
        self._open(opened=not sends(twin, now()))

    @property
    def open(self) -> bool:
        """Whether its packets go out."""
        return bool(self._gate[0])

    def _open(self, *, opened: bool) -> None:
        self._gate[0] = int(opened)
        for lane in self._chain.lanes.values():
            lane.sending = opened

    def tick(self) -> None:
        """Open where it is time, and say that the gate is open."""
        now = self._now()
        if not self.open and (not sends(self._twin, now) or self._equal()):
            self._open(opened=True)
        if self.open:
            self._airing.said(now)

    def _equal(self) -> bool:
        ns = self._monotonic()
        lanes = self._chain.lanes.values()
        told = all(lane.plan_epoch for lane in lanes)
        if not told and ns - self._began > UNTOLD and ns - self._copied > _AGAIN:
            self._copied = ns
            self._believe()
        return (told or self._believes) and all(self._ready(lane, ns) for lane in lanes)

    def _believe(self) -> None:
        """No station tells us anything: what the twin keeps is what is on the air."""
        shelf = Shelf(self._twin)
        for lane in self._chain.lanes.values():
            overlays, plan = shelf.overlays(lane.channel), shelf.plan(lane.channel)
            if overlays is not None and overlays != lane.overlays:
                self._chain.heard(overlays)
            if plan is not None and plan != lane.held:
                self._chain.heard(SetPlan(channel=lane.channel, plan=plan))
        self._believes = True

    def _ready(self, lane: Lane, ns: int) -> bool:
        """Whether it sounds as it should: the plan that is wanted, on its first step, with every alert in memory."""
        head = SampleIndex(max(lane.air.head, self._now()))
        memory = self._chain.memory
        if not lane.air.head or lane.following is not None or not covered(lane, head, memory):
            return False
        if ns - self._began > LOWER:
            return True
        take = take_at(lane.plan, head)
        whole = take.kind == "silence" or rung_at(lane.plan, lane.rungs, take, head) == "file"
        return whole and primed(self._chain.seats, lane, lane.plan, head, memory, spare=False)
