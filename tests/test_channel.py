"""The station's end of a player's link, on a fake clock and a transport in memory."""

import attrs
import pytest
from test_link import ENTRY, STATUS
from twisted.internet import defer
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from playout.channel import RETRY, SILENCE, ChainLink, Reports
from playout.follow import Wanted
from playout.link import (
    AsRun,
    AsRunAck,
    AsRunSince,
    HearMember,
    PlayerSide,
    Ready,
    RelaySight,
    SetOverlays,
    StationHello,
    What,
    encode,
)
from schedules.plan import Medium
from station.words import Sha256


class Station:
    """A ChainLink with everything it does written down."""

    def __init__(self):
        self.clock, self.aired, self.lost, self.links = Clock(), [], [], []
        self.there = True
        reports = Reports(on_asrun=lambda _c, entries: self.aired.extend(entries), on_lost=self.lost.append)
        self.link = ChainLink(
            self.clock, None, "radio", reports, lambda: int(self.clock.seconds() * 1e6), self.connect
        )

    def connect(self, protocol):
        if not self.there:
            return defer.fail(ConnectionRefusedError())
        protocol.makeConnection(StringTransport())
        self.links.append(protocol)
        return defer.succeed(protocol)

    def said(self):
        transport = self.links[-1].transport
        found = PlayerSide().feed(transport.value())
        transport.clear()
        return found


@pytest.fixture
def station():
    made = Station()
    made.link.startService()
    made.clock.advance(0)
    yield made
    made.link.stopService()
    assert made.clock.getDelayedCalls() == []


def test_it_greets_and_asks_what_is_and_what_was_aired(station):
    assert station.said() == [StationHello(), What(), AsRunSince(run=None, seq=0)]


def test_an_order_is_sent_once_and_again_on_a_new_connection_only_where_it_is_still_due(station):
    station.said()
    station.link.want(Wanted(channel="fm1", revision=9))
    assert station.said() == []
    for _ in range(3):
        station.links[-1].dataReceived(encode(STATUS))
    assert [type(m) for m in station.said()] == [SetOverlays]
    station.links[-1].connectionLost()
    assert station.lost == ["radio"] and not station.link.status
    station.clock.advance(RETRY)
    station.said()
    station.links[-1].dataReceived(encode(attrs.evolve(STATUS, overlay_revision=9)))
    assert station.said() == []


def test_a_wish_about_a_relay_is_sent_once_on_each_connection(station):
    wish = HearMember(relay="cnr", member=1, number=2)
    other = attrs.evolve(STATUS, relays=(RelaySight(relay="cnr", heard=0, members=(), wish=0),))
    station.link.want_relays([wish])
    station.said()
    for _ in range(2):
        station.links[-1].dataReceived(encode(other))
    assert station.said() == [wish]
    station.links[-1].connectionLost()
    station.clock.advance(RETRY)
    station.said()
    station.links[-1].dataReceived(encode(other))
    assert station.said() == [wish]


def test_entries_are_handed_on_once_and_asked_for_after_the_last_acknowledged(station):
    station.said()
    for _ in range(2):
        station.links[-1].dataReceived(encode(AsRun(entries=(ENTRY,))))
    assert station.aired == [ENTRY]
    station.link.acknowledge("r", 1)
    assert station.said() == [AsRunAck(run="r", seq=1)]
    station.links[-1].connectionLost()
    station.clock.advance(RETRY)
    assert station.said()[-1] == AsRunSince(run="r", seq=1)


def test_it_tries_again_until_a_player_is_there_and_hangs_up_on_a_silent_one(station):
    station.there = False
    station.clock.advance(SILENCE + 0.1)
    station.clock.advance(SILENCE + 0.1)
    assert station.links[-1].transport.disconnecting
    station.links[-1].connectionLost()
    station.clock.pump([RETRY] * 5)
    station.there = True
    station.clock.advance(RETRY)
    assert len(station.links) == 2 and len(station.said()) == 3


def test_it_says_when_the_player_holds_a_medium_and_does_not_wait_for_ever(station):
    medium, other = (Medium(sha256=Sha256(letter * 64), samples=5) for letter in "ab")
    station.link.preload((medium, other))
    heard = []
    station.link.held(medium.sha256, 0.3).addCallback(lambda _: heard.append("ready"))
    station.link.held(other.sha256, 0.3).addCallback(lambda _: heard.append("late"))
    assert heard == []
    station.links[-1].dataReceived(encode(Ready(media=(medium.sha256,))))
    assert heard == ["ready"]
    station.link.held(medium.sha256, 0.3).addCallback(lambda _: heard.append("known"))
    assert heard == ["ready", "known"]
    station.clock.advance(0.3)
    assert heard == ["ready", "known", "late"]
    station.link.preload((other,))
    station.link.held(medium.sha256, 0.3).addCallback(lambda _: heard.append("let go"))
    station.links[-1].dataReceived(encode(Ready(media=(medium.sha256,))))
    assert heard[-1] == "let go"


def test_where_no_player_answers_nothing_is_waited_for(station):
    sha256, heard = Sha256("a" * 64), []
    station.link.held(sha256, 0.3).addCallback(lambda _: heard.append("lost"))
    station.links[-1].connectionLost()
    assert heard == ["lost"]
    station.link.held(sha256, 0.3).addCallback(lambda _: heard.append("nobody"))
    assert heard == ["lost", "nobody"]


def test_a_guest_is_looked_for_now_and_then_and_met_when_it_has_come(tmp_path):
    made = Station()
    made.link.startService()
    guest = tmp_path / "player-radio.b.sock"
    made.link = ChainLink(made.clock, guest, "radio.b", Reports(), lambda: 0, made.connect, guest=True)
    made.link.startService()
    made.clock.advance(0)
    met = len(made.links)
    made.clock.advance(4)
    guest.touch()
    assert len(made.links) == met
    made.clock.advance(1)
    assert len(made.links) == met + 1
    made.link.stopService()
