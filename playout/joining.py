"""When a player may be heard beside its twin: one that begins while the other is on the air keeps silent until it has been told the same. Knows what both keep on disk and a gate; knows no socket, no station, no plan's meaning."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

from playout.chain import Chain
from playout.lanes import Lane, covered, primed
from playout.link import SetPlan
from playout.rings import BLOCK, IDLE_BLOCK, Words
from playout.store import Heads, Shelf
from schedules.plan import OWN
from schedules.render import rung_at, take_at
from station.children import start_of
from station.words import SAMPLE_RATE, ChannelId, SampleIndex

GONE: Final = 3 * SAMPLE_RATE  # samples since a living twin last said that it sends: then it does not
UNTOLD: Final = 3_000_000_000  # ns without a word of a station, after which the twin's own files are believed
LOWER: Final = 10_000_000_000  # ns that a take on a lower step of the ladder keeps a player from joining
OBEYED: Final = SAMPLE_RATE // 4  # samples after which the mixer has done what it was told
_AGAIN: Final = 1_000_000_000  # ns between two looks at the twin's files
_STEPS: Final = IDLE_BLOCK - 1  # of a block's flags: the steps its packets are on
_SAID, _PID, _START = ChannelId("said"), ChannelId("pid"), ChannelId("start")
_HEAD: Final = struct.Struct("<q")
_FILE: Final = struct.Struct("<3q")  # sample, process, when that began: ticks since boot


class Airing:
    """A mapped file in which a player says, several times a second, that it sends; who starts beside it reads that."""

    def __init__(self, directory: Path) -> None:
        self._words = Heads(directory / "sending", [_SAID, _PID, _START])
        self._signed = False

    def said(self, now: SampleIndex) -> None:
        """It sends now."""
        if not self._signed:
            self._signed = True
            self._words.write(_PID, os.getpid())
            self._words.write(_START, start_of(os.getpid()) or 0)
        self._words.write(_SAID, now)


def last_said(directory: Path) -> SampleIndex:
    """When the player that keeps its files there last said that it sends; 0: never.

    A player of a version before pairs has no such file; it sends what it mixes.
    """
    found = _read(directory / "sending", _FILE)
    return SampleIndex((found or _read(directory / "heads", _HEAD) or (0,))[0])


def sends(directory: Path, now: SampleIndex) -> bool:
    """Whether the player that keeps its files there sends now: its process lives, and said so lately."""
    lately = abs(now - last_said(directory)) < GONE
    found = _read(directory / "sending", _FILE)
    return lately and (found is None or start_of(found[1]) == found[2])


def _read(path: Path, form: struct.Struct) -> tuple[int, ...] | None:
    try:
        return form.unpack_from(path.read_bytes())
    except (OSError, struct.error):
        return None


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
        self._from: int | None = None  # from this sample on what is rendered is what its twin renders
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
        if not self.open and (not sends(self._twin, now) or self._joins(now)):
            self._open(opened=True)
        if self.open:
            self._airing.said(now)

    def _joins(self, now: SampleIndex) -> bool:
        """Whether what would be sent now was rendered when it was equal already: blocks are, some time ahead."""
        if not self._equal():
            self._from = None
            return False
        lanes = self._chain.lanes.values()
        if self._from is None:
            self._from = max(lane.air.head for lane in lanes) + OBEYED
        if now < self._from:
            return False
        return self._waited_enough() or all(_unmarked(lane, now) for lane in lanes)

    def _waited_enough(self) -> bool:
        return self._monotonic() - self._began > LOWER

    def _equal(self) -> bool:
        ns = self._monotonic()
        lanes = self._chain.lanes.values()
        told = all(lane.plan_epoch for lane in lanes)
        if not told and ns - self._began > UNTOLD and ns - self._copied > _AGAIN:
            self._copied = ns
            self._believe()
        return (told or self._believes) and all(self._ready(lane) for lane in lanes)

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

    def _ready(self, lane: Lane) -> bool:
        """Whether it sounds as it should: the plan that is wanted, on its first step, with every alert in memory."""
        head = SampleIndex(max(lane.air.head, self._now()))
        memory = self._chain.memory
        if not lane.air.head or lane.following is not None or not covered(lane, head, memory):
            return False
        if self._waited_enough():
            return True
        take = take_at(lane.plan, head)
        whole = take.kind == "silence" or rung_at(lane.plan, lane.rungs, take, head) in OWN
        return whole and primed(self._chain.seats, lane, lane.plan, head, memory, spare=False)


def _unmarked(lane: Lane, now: SampleIndex) -> bool:
    """Whether none of what is rendered from now on is on a lower step of the ladder."""
    blocks = (lane.air.look(index) for index in range(now - now % BLOCK, lane.air.head, BLOCK))
    return not any(found is not None and found[1] & _STEPS for found in blocks)
