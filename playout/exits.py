"""The further outputs of a player's channels: which it sends, a process for each, how they are. Knows settings, rings and who does what; what an output sends is said in its own module."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, Protocol

from playout.baton import Baton
from playout.card import play_card
from playout.crew import HUNG, ON_DISK, Child
from playout.datagrams_out import send_linear, send_ts
from playout.filing import write_files
from playout.gauge import Gauge
from playout.lanes import Lane
from playout.outlets import Outlets
from playout.piping import push_srt
from playout.pushing import push
from playout.rtmp import push_rtmp
from playout.ts_ring import TsRing
from playout.ts_stream import TS_MUXRATE
from playout.ways import Board, Pictures, Way, keep_trying
from schedules.render import take_at
from station import networks
from station.clock import monotonic_ns
from station.outputs import DATAGRAMS, OutputSection
from station.settings import ChannelSection, Places
from station.words import ChannelId, Instant, SampleIndex

Beat = Callable[[], None]
STREAMED: Final = ("rtp-ts", "srt")  # they send the channel's own transport stream
WORK: Final[dict[str, Callable[[Way], object]]] = {
    "l16": send_linear,
    "l24": send_linear,
    "rtp-ts": send_ts,
    "icecast": push,
    "srt": push_srt,
    "rtmp": push_rtmp,
    "file": write_files,
    "card": play_card,
}


class Watched(Protocol):
    """How the player hires a child that must show life."""

    def __call__(
        self,
        name: str,
        work: Callable[[socket.socket, Beat], None],
        renewed: Callable[[Child], None] = ...,
        patience: int = ...,
    ) -> None:
        """Hire it."""
        ...


def is_streamed(section: OutputSection) -> bool:
    """Whether an output reads the channel's transport stream."""
    return section.kind in STREAMED or section.coded == "ts"


class Exits:
    """Those of one player; made before its children are."""

    def __init__(
        self,
        outlets: Outlets,
        where: Places,
        lanes: Iterable[Lane],
        now: Callable[[], Instant],
    ) -> None:
        settings = self._settings = outlets.settings
        self._outlets = outlets
        self._where, self._now = where, now
        self._sections = {one.id: outlets.further(one) for one in settings.channels}
        self._lanes = [lane for lane in lanes if self._sections.get(lane.channel)]
        self._boards = {lane.channel: Board() for lane in self._lanes}
        self._streams: dict[ChannelId, TsRing] = {}
        for lane in self._lanes:
            found = self._sections[lane.channel]
            lane.gauges = tuple(Gauge(one.id) for one in found)
            self._streams[lane.channel] = self._stream(settings.channel(lane.channel), found)

    def _stream(self, channel: ChannelSection, found: list[OutputSection]) -> TsRing:
        if not any(map(is_streamed, found)):
            return TsRing(TS_MUXRATE, 0)
        if not channel.raster:
            return TsRing(TS_MUXRATE)
        from playout.tv_encoder import rate_of

        return TsRing(rate_of(channel.raster, channel.video))

    def stream(self, channel: ChannelId) -> tuple[TsRing, ...]:
        """Where the channel's encoder also writes its transport stream; nothing where no output reads it."""
        ring = self._streams.get(channel)
        return () if ring is None or not ring.capacity else (ring,)

    def wants_pictures(self, channel: ChannelId) -> bool:
        """Whether an output needs the encoder's own pictures."""
        return any(one.kind == "rtmp" for one in self._sections.get(channel, ()))

    def hire(
        self,
        watched: Watched,
        admitted: Callable[[Beat], Callable[[float], None]],
        pictures: Callable[[ChannelId], Pictures | None],
    ) -> None:
        """A process for each; `admitted` gives how it rests, once this player may be heard."""
        for lane in self._lanes:
            for section, gauge in zip(self._sections[lane.channel], lane.gauges, strict=True):
                self._hire_one(lane, section, gauge, watched, admitted, pictures(lane.channel))

    def _hire_one(
        self,
        lane: Lane,
        section: OutputSection,
        gauge: Gauge,
        watched: Watched,
        admitted: Callable[[Beat], Callable[[float], None]],
        pictures: Pictures | None,
    ) -> None:
        def work(_: socket.socket, beat: Beat) -> None:
            keep_trying(self._way(lane, section, gauge, admitted(beat), pictures), WORK[section.kind])

        def renewed(child: Child) -> None:
            if child.restarts:
                gauge.down("hung" if "no sign of life" in child.cause else "ended", self._now())

        patience = HUNG if section.kind in DATAGRAMS else ON_DISK
        watched(f"out-{lane.channel}-{section.id}", work, renewed, patience)

    def _way(
        self,
        lane: Lane,
        section: OutputSection,
        gauge: Gauge,
        rest: Callable[[float], None],
        pictures: Pictures | None,
    ) -> Way:
        return Way(
            section=section,
            channel=lane.channel,
            name=self._settings.channel(lane.channel).name_en,
            gauge=gauge,
            air=lane.air,
            ts=self._streams[lane.channel],
            board=self._boards[lane.channel],
            via=networks.address(self._settings.networks.playout),
            secrets=self._where.secrets,
            state=Path(self._where.state),
            now=self._now,
            rest=rest,
            pictures=pictures,
            turn=self._turn(lane.channel, section),
        )

    def _turn(self, channel: ChannelId, section: OutputSection) -> Callable[[], bool]:
        """Whether it is this process that sends; made in it, so that its end is the end of its turn."""
        if not self._outlets.paired or section.to_twin:
            return lambda: True
        path = self._where.run / f"out-{channel}-{section.id}.lock"
        return Baton(path, monotonic_ns, first=self._outlets.first(section)).held

    def tick(self) -> None:
        """Show what sounds, for outputs that tell it."""
        for lane in self._lanes:
            plan, head = lane.plan, lane.air.head
            if plan.start <= head < plan.end:
                self._boards[lane.channel].write(take_at(plan, SampleIndex(head)).title)
