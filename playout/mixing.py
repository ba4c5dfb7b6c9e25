"""The mixer process: renders all channels of a chain ahead of time, hears orders between blocks, never waits for anybody. Knows rings and the time; decides nothing."""

from __future__ import annotations

import math
import os
import select
import socket
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from playout.decoder import mapped
from playout.gain import decibel
from playout.link import Realtime, Rendered, Status
from playout.mixer import Block, Channel, Slot, Stock
from playout.processes import hear, tell
from playout.relay_rings import LiveRing
from playout.rings import BLOCK, IDLE_BLOCK, AirRing, DecodedRing, Pcm16
from schedules.plan import Fallen, Overlay, Plan
from schedules.render import over, rung_at, take_at
from station.children import realtime
from station.words import ChannelId, Instant, SampleIndex, Sha256, instant_of, sample_at

BLOCK_US: Final = 10_000  # of one block
STATUS_EVERY: Final = 20 * BLOCK
IDLE_ROUNDS: Final = 5  # an idle alert stream reports once in so many rounds: once a second
_BEHIND: Final = 1_000_000  # µs; a mixer that was stopped for longer goes on at the present
_RESERVE: Final = 80_000  # µs of the lead that are never given away
_LAG: Final = 40_000  # µs at most that are
_IDLE: Final = 0.2  # s between signs of life of a mixer that has nothing to mix yet


class Meter:
    """Peak and mean power since the last reading."""

    def __init__(self) -> None:
        self._held: list[Pcm16] = []  # blocks, until they are read: at most a round's of an idle line
        self._count = 0

    def add(self, pcm: Pcm16) -> None:
        """Take a block in; it is not copied."""
        self._held.append(pcm)
        self._count += len(pcm)

    def skip(self, count: int) -> None:
        """Take silence in."""
        self._count += count

    @property
    def full(self) -> bool:
        """Whether a status period's worth of samples went in."""
        return self._count >= STATUS_EVERY

    def read(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """(peak, rms), each left and right in hundredths of dBFS, and begin anew."""
        held = np.concatenate(self._held) if self._held else np.zeros((1, 2), np.int16)
        sides = np.ascontiguousarray(held.T, dtype=np.int64)
        left, right = (decibel(int(np.abs(side).max()), 1 << 15) for side in sides)
        rms = [decibel(math.isqrt(int(side @ side) // max(1, self._count)), 1 << 15) for side in sides]
        self.__init__()  # type: ignore[misc]
        return (left, right), (rms[0], rms[1])


def lag_of(lead: int) -> int:
    """How much later than `lead` before its time a block may be rendered while nothing is awaited; both in µs.

    Waking up costs more than mixing a block. Where the lead is long, as television's is, several blocks are mixed at one
    waking; an order ends the wait at once, and what is to begin soon is awaited block by block.
    """
    return max(0, min(_LAG, lead - _RESERVE))


class _Line:
    """One channel in the mixer process."""

    def __init__(self, channel: Channel, air: AirRing) -> None:
        self.channel = channel
        self.air = air
        self.meter = Meter()
        self.overlay_revision = 0
        self.cause = ""
        self.idle = False
        self.levels = self.meter.read()


class Mixer:
    """All channels of a chain; `serve` renders them for ever."""

    def __init__(
        self,
        airs: Mapping[ChannelId, AirRing],
        rings: list[DecodedRing],
        ear: socket.socket,
        now: Callable[[], Instant],
        lead: int,
        beat: Callable[[], None] = lambda: None,
        lives: Mapping[Sha256, LiveRing] | None = None,
    ) -> None:
        self._airs = airs
        self._stock = Stock(rings, lives)
        self._ear = ear
        self._now = now
        self._lead, self._lag = lead, lag_of(lead)
        self._beat = beat
        self._lines: dict[ChannelId, _Line] = {}
        self._late: deque[int] = deque(maxlen=500)
        self._unsaid: deque[Any] = deque()
        self._head: SampleIndex | None = None
        self._since_status = 0
        self._round = 0
        self.realtime = Realtime()

    def serve(self) -> None:
        """Mix for ever; EOFError when the parent is gone."""
        self.realtime = Realtime(**realtime()._asdict())
        self._say(("realtime", self.realtime))
        while True:
            self._beat()
            wait = self._wait()
            if wait > 0:
                readable, _, _ = select.select([self._ear], [], [], wait)
                if readable:
                    self._obey(*hear(self._ear))
                    continue
            if self._head is not None and self._wait() <= 0:
                self._catch_up()

    def _wait(self) -> float:
        """Seconds until something is to be rendered."""
        if self._head is None:
            return _IDLE
        return (self._due(self._head) + self._leave() - self._now()) / 1_000_000

    def _due(self, n: SampleIndex) -> int:
        return instant_of(n) - self._lead

    def _leave(self) -> int:
        """µs that what is due may wait for more to be due."""
        head = self._head
        if not self._lag or head is None or any(line.channel.awaits(head) for line in self._lines.values()):
            return 0
        return self._lag

    def _catch_up(self) -> None:
        """Render what is due by now, at most what one waking is for."""
        assert self._head is not None
        late = self._now() - self._due(self._head)
        self._late.append(late - self._leave())
        self._step(1 + max(0, min(late, self._lag)) // BLOCK_US)

    def _obey(self, order: tuple[Any, ...], fd: int | None) -> None:
        kind, *rest = order
        getattr(self, f"_on_{kind}")(*(rest if fd is None else [*rest, fd]))

    def _on_go(self, head: SampleIndex) -> None:
        self._head = head

    def _on_plan(self, plan: Plan, rungs: tuple[Fallen, ...]) -> None:
        line = self._lines.get(plan.channel)
        if line is None:
            self._lines[plan.channel] = _Line(Channel(plan, self._stock), self._airs[plan.channel])
        else:
            line.channel.adopt(plan)
        for fallen in rungs:  # in one order with the plan: a standby take has no medium to begin on
            self._on_fall(plan.channel, fallen)

    def _on_overlays(self, channel: ChannelId, revision: int, overlays: tuple[Overlay, ...]) -> None:
        line = self._lines[channel]
        line.channel.cover(overlays)
        line.overlay_revision = revision

    def _on_fall(self, channel: ChannelId, fallen: Fallen, cause: str = "") -> None:
        line = self._lines[channel]
        line.channel.fall(fallen, cause)
        line.cause = cause or line.cause

    def _on_slot(self, ring: int, slot: Slot | None) -> None:
        self._stock.place(ring, slot)

    def _on_medium(self, sha256: Any, fd: int) -> None:
        self._stock.keep(sha256, mapped(fd))
        os.close(fd)
        for line in self._lines.values():
            line.channel.cover(line.channel.overlays)

    def _on_drop(self, sha256: Any) -> None:
        self._stock.drop(sha256)

    def _on_what(self) -> None:
        for line in self._lines.values():
            self._status(line)

    def _step(self, count: int) -> None:
        """Render the `count` blocks at the head for every channel."""
        assert self._head is not None
        if self._now() - self._due(self._head) > _BEHIND:
            self._head = SampleIndex(sample_at(self._now()) // BLOCK * BLOCK)
        n = self._head
        self._stock.advance(n)
        for channel, line in self._lines.items():
            for block in line.channel.blocks(n, count):
                self._publish(channel, line, block)
        self._head = SampleIndex(n + count * BLOCK)
        self._since_status += count * BLOCK
        if self._since_status >= STATUS_EVERY:
            self._since_status = 0
            self._round += 1
            for line in self._lines.values():
                if not line.idle or self._round % IDLE_ROUNDS == 0:
                    self._status(line)
        self._flush()

    def _publish(self, channel: ChannelId, line: _Line, block: Block) -> None:
        line.air.put(block.index, block.pcm, block.flags)
        line.idle = bool(block.flags & IDLE_BLOCK)
        if line.idle:
            line.meter.skip(BLOCK)
        else:
            line.meter.add(block.pcm)
        for fallen, cause in block.fell:
            line.cause = cause
            self._say(("fell", channel, fallen, cause))
        for edge in block.edges:
            self._say(("aired", channel, edge))
        for overlay in block.begun:
            now = self._now()
            said = Rendered(channel=channel, overlay=overlay, head=block.index, at=now)
            self._say(("tell", said))
        if block.edges:
            self._status(line, block.index)

    def _status(self, line: _Line, at: SampleIndex | None = None) -> None:
        if self._head is None:
            return
        n = self._head if at is None else at
        channel = line.channel
        take = take_at(channel.plan, n)
        covering = [o for o in over(channel.overlays, n) if self._stock.has(o.sequence)]
        rung = rung_at(channel.plan, channel.rungs, take, n)
        if at is None and line.meter.full:
            line.levels = line.meter.read()
        peak, rms = line.levels
        late = sorted(self._late)
        self._say(
            (
                "tell",
                Status(
                    at=self._now(),
                    channel=channel.plan.channel,
                    head=SampleIndex(n + BLOCK) if at is not None else n,
                    take=take.id,
                    overlay=covering[0].id if covering else "",
                    rung=rung,
                    peak=peak,
                    rms=rms,
                    plan_revision=channel.plan.revision,
                    plan_until=channel.plan.takes[-1].start,
                    overlay_revision=line.overlay_revision,
                    unready=tuple(channel.unready),
                    late_us_p99=late[len(late) * 99 // 100] if late else 0,
                    cause=line.cause if rung != "file" else "",
                ),
            )
        )

    def _say(self, message: Any) -> None:
        self._unsaid.append(message)

    def _flush(self) -> None:
        while self._unsaid:
            try:
                tell(self._ear, self._unsaid[0])
            except BlockingIOError:
                break
            self._unsaid.popleft()
        if len(self._unsaid) > 5_000:  # statuses may be lost, the as-run log may not
            kept = [m for m in self._unsaid if m[0] != "tell"]
            self._unsaid = deque(kept[-5_000:])
