"""The station's links to all its players: who is told, whose word counts, what each aired. Wires; which of two speaks for a channel is said in station.twins."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial
from typing import Any

from playout.channel import ChainLink, Reports
from playout.link import Rendered, Status
from playout.messages import AsRunEntry, ReportAsRun
from station.feeds import Feeds
from station.metrics import gauge, seconds
from station.pairs import guests, players, twin_of
from station.relay_marks import RelayMarks
from station.shown import Playing
from station.twins import AWAY, JOINING, ON_AIR
from station.words import Command
from station.world import World

RENDERED = seconds("gengfu_overlay_rendered_seconds", "From decided to rendered, by channel", ("channel",))
OUTPUT_UP = gauge(
    "gengfu_output_up", "1 while a further output reaches its receiver", ("player", "channel", "output")
)
OUTPUT_DROPPED = gauge(
    "gengfu_output_dropped_bytes",
    "What a further output dropped since its player began",
    ("player", "channel", "output"),
)


def player_links(
    reactor: Any, world: World, tell: Callable[[Command], Any], feeds: Feeds
) -> dict[str, ChainLink]:
    """One link for each player, by its name; also for guests, which come for a while."""
    heard = _Heard(world, tell, feeds)
    epoch = secrets.token_hex(8)  # this run of the station: players compare revisions within it alone
    runs = {run.chain: run for run in world.desk.states["playout"].runs}
    alone = guests(world.settings)
    for player in (*players(world.settings), *alone):
        path, reports = world.places.chain_socket(player), heard.reports(player)
        link = ChainLink(reactor, path, player, reports, world.now, epoch=epoch, guest=player in alone)
        if player in runs:
            link.aired_until(runs[player].run, runs[player].seq)
        heard.links[player] = link
    return heard.links


class _Heard:
    """What players say, and who is told."""

    def __init__(self, world: World, tell: Callable[[Command], Any], feeds: Feeds) -> None:
        self._world, self._tell, self._feeds = world, tell, feeds
        self._marks = RelayMarks()
        self.links: dict[str, ChainLink] = {}

    def reports(self, player: str) -> Reports:
        return Reports(
            on_status=partial(self._status, player),
            on_asrun=self._asrun,
            on_rendered=self._rendered,
            on_lost=self._lost,
        )

    def _status(self, player: str, status: Status) -> None:
        world = self._world
        world.twins.note(player, ON_AIR if status.sending else JOINING, world.now())
        self._outputs(player, status)
        world.relays.note(player, status.at, status.relays)
        for mark in self._marks.fresh(world.settings.relays, status.relays):
            self._tell(mark)
        other = self.links.get(twin_of(player))
        theirs = None if other is None else other.status.get(status.channel)
        if world.twins.speaks(player, status.rung, "" if theirs is None else theirs.rung):
            world.playing[status.channel] = _playing(status)
        self._feeds.changed()

    def _outputs(self, player: str, status: Status) -> None:
        self._world.outputs.note(player, status.channel, status.outputs)
        for one in status.outputs:
            names = (player, status.channel, one.id)
            OUTPUT_UP.labels(*names).set(one.state in ("up", "slow"))
            OUTPUT_DROPPED.labels(*names).set(one.dropped)

    def _lost(self, player: str) -> None:
        self._world.twins.note(player, AWAY, self._world.now())
        self._world.outputs.gone(player)
        self._world.relays.gone(player)
        self._feeds.changed()

    def _asrun(self, player: str, entries: tuple[AsRunEntry, ...]) -> None:
        done = self._tell(ReportAsRun(chain=player, entries=entries))
        link, last = self.links[player], entries[-1]
        done.addCallback(lambda reply: link.acknowledge(last.run, last.seq) if reply.ok else None)

    def _rendered(self, said: Rendered) -> None:
        row = self._world.book.get(said.overlay.partition("/")[0])
        if row is not None and row.aired_at is not None:
            RENDERED.labels(said.channel).observe(max(0, said.at - row.aired_at) / 1e6)


def _playing(status: Status) -> Playing:
    return Playing(
        at=status.at,
        take=status.take,
        overlay=status.overlay,
        rung=status.rung,
        peak=status.peak,
        rms=status.rms,
        plan_until=status.plan_until,
    )
