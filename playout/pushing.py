"""Pushes a channel's sound to an Icecast server, and tells it what sounds. Knows connections and encoders; what the two say to each other stands in playout.icecast."""

from __future__ import annotations

import sys
from typing import Final

from playout.encoding import Blocks, Encoding
from playout.icecast import TITLED, Answer, Mount, request, title
from playout.tcp_out import PATIENCE, Wire
from playout.tls_out import wire_to
from playout.ways import REST, Gone, Way
from station.outputs import Target, target
from station.words import Misheard

HELD_S: Final = 10  # sound that may wait for a slow server; then what is newest is dropped
FLAC_KBPS: Final = 1_000  # taken for the bound
_SHORT: Final = 16 << 10  # bytes of a title's request


def push(way: Way) -> None:
    """One connection to the server, until it ends (Gone, OSError)."""
    section, place = way.section, target(way.section)
    assert place is not None  # the rules of the settings have said so
    mount = Mount(host=place.host, port=place.port, path=place.path, user=section.user, password=way.secret())
    rate = FLAC_KBPS if section.coded == "flac" else section.kbps
    wire = wire_to(place, way, HELD_S * rate * 125)
    try:
        _ask(way, wire, mount)
        try:
            _stream(way, wire, Titles(way, mount, place))
        finally:
            way.gauge.lost(wire.queued, way.now())
    finally:
        wire.close()


def _ask(way: Way, wire: Wire, mount: Mount) -> None:
    """Say what is to come, and wait until the server wants it."""
    wire.offer(request(mount, way.section.coded, way.section.kbps, way.name))
    answer, said, begun = Answer(), None, way.monotonic()
    while said is None:
        said = _said(answer, wire.turn(0))
        if way.monotonic() - begun > PATIENCE:  # also where it says a letter now and then
            raise Gone("timeout")
        way.rest(REST)
    if said:
        raise Gone(said)


def _said(answer: Answer, data: bytes) -> str | None:
    try:
        return answer.feed(data) if data else None
    except Misheard:
        raise Gone("answer") from None


def _stream(way: Way, wire: Wire, titles: Titles) -> None:
    coding = Encoding(way.section.coded, way.section.kbps, way.name)
    blocks, gauge = Blocks(way.air), way.gauge
    gauge.up(way.now())
    while True:
        pcm = blocks.more()
        data = b"" if pcm is None else coding.feed(pcm)
        if data and not wire.offer(data):
            gauge.lost(len(data), way.now())
        before = wire.sent
        wire.turn(0)
        gauge.sent(wire.sent - before)
        titles.turn()
        way.rest(REST)


class Titles:
    """Tells the server what sounds now, on connections of their own, one at a time; that fails without harm to the stream."""

    def __init__(self, way: Way, mount: Mount, place: Target) -> None:
        self._way, self._mount, self._place = way, mount, place
        self._told = ""
        self._wire: Wire | None = None

    def turn(self) -> None:
        """Go on with what is under way, or begin where there is something new."""
        if self._way.section.coded not in TITLED:
            return
        try:
            if self._wire is not None:
                self._go_on(self._wire)
            elif (said := self._way.board.read()) and said != self._told:
                self._begin(said)
        except (OSError, Gone) as error:
            self._end(f"the title could not be told: {error}")

    def _begin(self, said: str) -> None:
        self._told = said
        self._wire = wire_to(self._place, self._way, _SHORT)
        self._wire.offer(title(self._mount, said))

    def _go_on(self, wire: Wire) -> None:
        came = wire.turn(0)
        if came:
            code = came.split(None, 2)[1:2]
            self._end("" if code == [b"200"] else f"the server does not take titles: {came[:40]!r}")
        elif wire.waited > PATIENCE:
            raise Gone("timeout")

    def _end(self, why: str) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None
        if why:
            sys.stderr.write(f"output {self._way.channel}/{self._way.section.id}: {why}\n")
