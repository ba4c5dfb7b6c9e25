"""The terminal server over recorded transports and a clock of the test's own. Frames are read with the simulator's codec, not the product's."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from twisted.internet import task
from twisted.internet.testing import StringTransport

from devices import sim_wire as wire
from devices.messages import CountTerminals, FoldTerminals
from devices.profile import load_profile
from devices.terminal_server import Fleet, Group
from devices.terminals import Registry, Terminal
from station.words import Refused

S = 1_000_000
AREAS = ("340422100201", "340422100202", "340422101201")
CODES = [f"6{AREAS[k % 3]}03140104{k // 3 + 1:02d}" for k in range(6)]
EBM = "4340422000000010301010120261122000"
COUNTY = frozenset({"340422000000"})


class Wire(StringTransport):
    """What a link writes to; remembers how it was cut."""

    aborted = False
    link = None

    def writeSomeData(self, data):
        self.write(data)
        return len(data)

    def setTcpNoDelay(self, enabled):
        pass

    def setTcpKeepAlive(self, enabled):
        pass

    def abortConnection(self):
        self.aborted = True
        if self.link is not None:
            link, self.link = self.link, None
            link.connectionLost(None)


class Village:
    """One terminal's end of a connection."""

    def __init__(self, station, code):
        self.station, self.code, self.wire, self.own = station, code, Wire(), 0
        self.link = station.fleet.door().buildProtocol(None)
        self.wire.link = self.link
        self.link.makeConnection(self.wire)

    def say(self, verb, body, *, kind=1, session=None, code=None):
        self.own += 1
        number = self.own if session is None else session
        data = wire.report(number, kind, wire.packed(code or self.code), wire.packed(CODES[0]), verb, body)
        self.link.dataReceived(data)

    def beat(self, *, first=False, state=1, volume=80):
        self.say(wire.BEAT, bytes([first, state, volume, 0]) + bytes(5))

    def status(self, ebm=None, *, state=1, volume=80):
        values = [bytes([1, 1, volume])]
        if ebm:
            values.append(bytes([0x60, 19]) + wire.packed(ebm) + bytes([state]))
        self.say(wire.STATUS, bytes([0, 0, 0, len(values)]) + b"".join(values))

    def task(self, ebm, state):
        self.say(wire.TASK, wire.packed(ebm) + bytes([state, 0, 0, 0, 0]))

    def heard(self):
        """The orders written to it since the last time."""
        data, found = bytearray(self.wire.value()), []
        self.wire.clear()
        while data:
            length = wire.frame_length(data)
            found.append(wire.read_order(bytes(data[:length])))
            del data[:length]
        return found

    def orders(self):
        return [order for order in self.heard() if order.signed_at is not None]

    def answer(self, order, result=0):
        self.say(order.verb, bytes([result, 0, 0]), kind=2, session=order.session)

    def join(self):
        self.beat(first=True)
        assert wire.QUERY in [order.verb for order in self.heard()]
        self.status()
        return self


class Station:
    """A fleet with everything recorded."""

    def __init__(self, codes=CODES):
        self.clock, self.told, self.alarms, self.signed = task.Clock(), [], [], []
        registry = Registry(
            Terminal(code=code, name=code, area=code[1:13], longitude=0, latitude=0) for code in codes
        )
        sessions = iter(range(100, 10_000))
        self.fleet = Fleet(
            self.clock,
            registry,
            load_profile("gengfu-sim"),
            self.sign,
            "000000000001",
            self.now,
            self.told.append,
            source="43404220000000103010101",
            next_session=lambda: next(sessions),
            on_alarm=lambda kind, what: self.alarms.append(kind),
        )
        self.fleet.start()

    def now(self):
        return 1_800_000_000 * S + round(self.clock.seconds() * S)

    def sign(self, data):
        self.signed.append(data)
        return bytes(range(64))

    def village(self, number=0):
        return Village(self, CODES[number]).join()

    def want(self, *alerts, areas=COUNTY, end=600, k=1):
        self.fleet.want(
            [
                Group(
                    alerts=alerts,
                    ebm_id=f"{EBM}{k}",
                    kind="actual",
                    level=1,
                    event="11B03",
                    start=self.now(),
                    end=self.now() + end * S,
                    url="rtp://239.192.33.1:8802",
                    areas=areas,
                )
            ]
            if alerts
            else []
        )


@pytest.fixture
def station():
    made = Station()
    yield made
    made.fleet.stop()
    assert not made.clock.getDelayedCalls(), "a timer was left behind"


def soon(station):
    station.clock.advance(0.03)


def test_one_signature_serves_all_terminals_and_says_what_to_play(station):
    villages = [station.village(k) for k in range(6)]
    soon(station)
    station.want("a")
    orders = [village.orders() for village in villages]
    assert len(station.signed) == 1
    assert all(len(some) == 1 and some[0] == orders[0][0] for some in orders)
    order = orders[0][0]
    assert (order.verb, order.session, order.preimage) == (wire.START, 100, station.signed[0])
    assert order.prefixes == {("0", "340422")}
    programme = wire.read_programme(order.body)
    assert (programme.ebm, programme.kind, programme.level) == (EBM + "1", 4, 1)
    assert programme.url == "rtp://239.192.33.1:8802"
    assert programme.end - programme.start == 601, "it ends no earlier than it was asked to"


def test_the_four_counts_are_told_apart(station):
    villages = [station.village(k) for k in range(4)]
    soon(station)
    station.want("a")
    for village in villages[:3]:
        village.answer(village.orders()[0])
    for village in villages[:2]:
        village.task(EBM + "1", 1)
    villages[0].task(EBM + "1", 3)
    counts = station.fleet.counts("a")
    assert (counts.addressed, counts.ordered, counts.acknowledged) == (6, 4, 3)
    assert (counts.playing, counts.heard, counts.offline, counts.silent) == (2, 1, 2, 1)
    rows = station.fleet.terminals()
    assert [row.acknowledged for row in rows] == [True, True, True, False, False, False]
    assert [row.playing for row in rows] == ["a", "a", "", "", "", ""]
    assert [row.heard for row in rows] == [True] + [False] * 5
    assert rows[0].volume == 80
    assert rows[5].last_seen is None
    assert [row.terminal.code for row in station.fleet.terminals([2])] == [CODES[2]]


def test_answers_are_folded_into_one_event_a_second(station):
    villages = [station.village(k) for k in range(3)]
    station.want("a")
    station.clock.advance(1.1)
    first = [told for told in station.told if isinstance(told, FoldTerminals)]
    assert [(told.alert, told.ordered, told.acknowledged) for told in first] == [("a", 3, 0)]
    assert [told.online for told in station.told if isinstance(told, CountTerminals)] == [3]
    for village in villages:
        village.answer(village.orders()[0])
    station.clock.advance(1.1)
    last = station.told[-1]
    assert (last.acknowledged, last.silent, len(station.told)) == (3, 0, 3)
    station.clock.advance(5)
    assert len(station.told) == 3, "nothing changed, nothing is told"


def test_who_is_silent_is_told_again_with_a_new_session_and_who_obeys_is_not(station):
    good, deaf = station.village(0), station.village(1)
    soon(station)
    station.want("a")
    first = good.orders()[0]
    good.answer(first)
    good.task(EBM + "1", 1)
    deaf.orders()
    station.clock.advance(5.1)
    assert good.orders() == []
    again = deaf.orders()
    assert [order.verb for order in again] == [wire.START]
    assert again[0].session > first.session
    assert again[0].prefixes == {("0", "340422100202")}


def test_a_cancel_stops_all_and_the_counts_of_what_was_heard_stay(station):
    village = station.village()
    soon(station)
    station.want("a")
    village.answer(village.orders()[0])
    village.task(EBM + "1", 3)
    station.want()
    stop = village.orders()[0]
    assert (stop.verb, wire.digits(stop.body)) == (wire.STOP, EBM + "1")
    assert station.fleet.unanswered == 1
    village.answer(stop)
    counts = station.fleet.counts("a")
    assert (counts.playing, counts.heard, counts.acknowledged, station.fleet.unanswered) == (0, 1, 1, 0)
    station.clock.advance(20)
    assert village.orders() == []


def test_who_connects_later_gets_what_is_wanted_now(station):
    station.want("a", areas=frozenset({AREAS[0]}))
    inside, outside = station.village(0), station.village(1)
    soon(station)
    assert [order.verb for order in inside.orders()] == [wire.START]
    assert outside.orders() == []


def test_who_says_nothing_about_itself_is_told_after_the_retry_time(station):
    village = Village(station, CODES[0])
    village.beat(first=True)
    station.want("a")
    assert village.orders() == []
    station.clock.advance(5.1)
    assert [order.verb for order in village.orders()] == [wire.START]


def test_a_restarted_station_orders_nothing_of_who_plays_on_and_counts_it(station):
    village = Village(station, CODES[0])
    village.beat(first=True, state=2)
    village.heard()
    village.status(EBM + "1", state=3)
    station.want("a")
    soon(station)
    assert village.orders() == []
    counts = station.fleet.counts("a")
    assert (counts.ordered, counts.acknowledged, counts.playing, counts.heard) == (1, 1, 1, 1)


def test_what_plays_without_being_wanted_is_stopped(station):
    village = Village(station, CODES[0])
    village.beat(first=True, state=2)
    village.heard()
    village.status("9" * 35)
    soon(station)
    assert [(order.verb, wire.digits(order.body)) for order in village.orders()] == [(wire.STOP, "9" * 35)]
    assert station.fleet.terminals([0])[0].playing == "9" * 35


def test_a_heart_beat_is_answered_and_one_that_contradicts_is_followed_up(station):
    village = station.village()
    village.heard()
    village.beat()
    assert [(order.verb, order.kind) for order in village.heard()] == [(wire.BEAT, wire.ANSWER)]
    village.beat(state=2)
    assert wire.QUERY in [order.verb for order in village.heard()]
    station.want("a")
    village.answer(village.orders()[0])
    village.task(EBM + "1", 1)
    village.beat(state=1)
    assert station.fleet.counts("a").playing == 0


def test_a_status_without_a_task_ends_what_was_said_to_play(station):
    village = station.village()
    station.want("a")
    village.task(EBM + "1", 1)
    village.task("9" * 35, 1)
    assert station.fleet.counts("a").playing == 0
    village.status()
    assert station.fleet.terminals([0])[0].playing == ""
    village.task(EBM + "1", 2)
    assert station.fleet.terminals([0])[0].playing == ""


def test_two_alerts_on_one_stream_are_counted_only_where_they_are_addressed(station):
    villages = [station.village(0), station.village(1)]
    soon(station)
    end = station.now() + 60 * S
    both = {"ebm_id": EBM + "1", "kind": "drill", "level": 2, "event": "xx", "start": 0, "end": end}
    station.fleet.want(
        [
            Group(alerts=("a", "b"), url="rtp://239.1.1.2:5004", areas=frozenset({AREAS[0]}), **both),
            Group(alerts=("a",), url="rtp://239.1.1.1:5004", areas=frozenset({AREAS[1]}), **both),
        ]
    )
    for village in villages:
        order = village.orders()[0]
        village.answer(order)
        village.task(EBM + "1", 1)
        assert order.body[20:25] == b"19000", "no code of five characters: something else has happened"
        assert order.body[18] == 3, "a drill"
    assert [station.fleet.counts(alert).playing for alert in "ab"] == [2, 1]
    assert [station.fleet.counts(alert).ordered for alert in "ab"] == [2, 1]
    station.clock.advance(10)
    assert all(village.orders() == [] for village in villages)


def test_a_volume_is_ordered_and_its_answer_believed(station):
    village = station.village()
    soon(station)
    station.fleet.want_volume(COUNTY, 30)
    order = village.orders()[0]
    assert (order.verb, order.body) == (wire.VOLUME, b"\x1e")
    village.answer(order)
    assert station.fleet.terminals([0])[0].volume == 30
    station.clock.advance(10)
    assert village.orders() == []
    with pytest.raises(Refused, match="120"):
        station.fleet.want_volume(COUNTY, 120)


def test_a_stranger_is_refused_and_counted(station):
    stranger = Village(station, "6" + "1" * 22)
    stranger.beat(first=True)
    assert stranger.wire.aborted
    assert station.fleet.refused["unknown terminal"] == 1
    assert station.fleet.online == 0


def test_of_two_with_one_code_the_newest_wins_with_an_alarm(station):
    old = station.village()
    new = station.village()
    assert old.wire.aborted
    assert not new.wire.aborted
    assert station.alarms == ["doubled code"]
    assert station.fleet.online == 1
    station.want("a")
    assert len(new.orders()) == 1


def test_a_connection_may_not_change_its_code(station):
    village = station.village()
    village.say(wire.BEAT, bytes(9), code=CODES[1])
    assert village.wire.aborted
    assert station.fleet.online == 0


def test_who_does_not_read_is_dropped(station):
    village = station.village()
    village.wire.producer.pauseProducing()
    village.wire.producer.resumeProducing()
    soon(station)
    station.want("a")
    assert len(village.orders()) == 1
    village.wire.producer.pauseProducing()
    station.want()
    assert village.wire.aborted
    assert station.alarms == ["does not read"]
    village.wire.producer.stopProducing()


def test_who_is_silent_for_three_heart_beats_and_who_never_says_its_name_are_dropped(station):
    village, nameless = station.village(), Village(station, CODES[1])
    for _ in range(12):
        station.clock.advance(15)
    assert not village.wire.aborted
    village.beat()
    station.clock.advance(15)
    assert nameless.wire.aborted
    for _ in range(12):
        station.clock.advance(15)
    assert village.wire.aborted
    assert station.fleet.refused == {"nameless": 1, "silent": 1}
    assert station.fleet.counts("none").offline == 0


def test_a_lost_connection_is_no_longer_counted_as_playing(station):
    village = station.village()
    station.want("a")
    village.task(EBM + "1", 1)
    village.wire.abortConnection()
    counts = station.fleet.counts("a")
    assert (counts.playing, counts.played, counts.offline) == (0, 1, 6)


def test_what_cannot_be_used_is_counted_and_hurts_nobody(station):
    village = station.village()
    village.say(wire.TASK, b"")
    village.say(0x77, b"")
    village.say(wire.START, b"\0\0\0", kind=2, session=7)
    station.want("a")
    village.answer(village.orders()[0], result=5)
    assert station.fleet.refused == {
        "unreadable body": 1,
        "unknown business": 1,
        "answer to nothing": 1,
        "no": 1,
    }
    assert station.fleet.counts("a").acknowledged == 0


def test_a_thousand_hostile_packets_drop_the_sender_and_nothing_else(station):
    dice, good = random.Random(3), station.village(1)
    for _ in range(1_000):
        bad = Village(station, CODES[0])
        data = bytearray(wire.report(1, 1, wire.packed(CODES[0]), wire.packed(CODES[0]), 0x10, bytes(9)) * 3)
        for _ in range(9):
            data[dice.randrange(len(data))] = dice.randrange(256)
        bad.link.dataReceived(bytes(data))
        bad.link.dataReceived(dice.randbytes(300))
        bad.wire.abortConnection()
    flood = Village(station, CODES[0])
    flood.link.dataReceived(bytes(100_000))
    assert flood.wire.aborted
    assert station.fleet.refused["garbled"] == 1
    soon(station)
    station.want("a")
    assert len(good.orders()) == 1


def test_there_is_a_bound_on_connections_that_do_not_say_who_they_are(station):
    crowd = [Village(station, CODES[0]) for _ in range(6 + 256 + 2)]
    assert [village.wire.aborted for village in crowd[-2:]] == [False, True]
    assert station.fleet.refused == {"crowded": 1}


def test_a_hundred_areas_go_into_one_frame_and_each_terminal_gets_the_one_that_names_it():
    codes = [f"6340422{100 + k // 50 * 2}{200 + k % 50 * 2}0314010401" for k in range(300)]
    codes += [f"6340422{100 + k // 50 * 2}{201 + k % 50 * 2}0314010401" for k in range(300)]
    station = Station(codes)
    villages = [Village(station, code).join() for code in codes[:300]]
    soon(station)
    station.want("a", areas=frozenset(code[1:13] for code in codes[:300]))
    for village in villages:
        orders = village.orders()
        assert len(orders) == 1
        assert orders[0].prefixes & wire.prefixes_of(village.code)
    assert len(station.signed) == 3
    station.fleet.stop()


def test_a_stopped_server_cuts_everybody_and_lets_nobody_in(station):
    village = station.village()
    station.fleet.stop()
    assert village.wire.aborted
    assert Village(station, CODES[1]).wire.aborted


def test_an_answer_to_an_older_stop_or_start_settles_nothing_newer(station):
    village = station.village()
    soon(station)
    station.want("a")
    first = village.orders()[0]
    village.answer(first)
    station.want()
    old_stop = village.orders()[0]
    station.want("a", k=2)
    second = village.orders()[0]
    village.answer(second)
    station.want()
    assert [order.verb for order in village.orders()] == [wire.STOP]
    village.answer(old_stop)
    assert station.fleet.unanswered == 1
    assert station.fleet.counts("a").acknowledged == 1


def test_a_thing_that_was_never_played_may_end(station):
    village = station.village()
    village.task("9" * 35, 2)
    assert station.fleet.terminals([0])[0].playing == ""


def test_a_volume_beyond_its_bounds_is_not_believed(station):
    village = station.village()
    village.status(volume=140)
    village.beat(volume=255)
    assert station.fleet.terminals([0])[0].volume == 80


def test_the_number_of_connections_is_told_once_a_minute_at_most(station):
    station.village(0)
    station.clock.advance(1.1)
    station.village(1)
    station.clock.advance(30)
    assert [told.online for told in station.told] == [1]
    station.clock.advance(40)
    assert [told.online for told in station.told] == [1, 2]


def test_counts_of_alerts_long_gone_are_forgotten(station):
    for k in range(300):
        station.want(f"a{k}", k=0)
    station.village()
    station.clock.advance(1.1)
    station.want("b")
    station.clock.advance(1.1)
    assert len(station.fleet._told) <= 256
    assert station.fleet.counts("a0").addressed == 0


def test_too_few_open_files_are_an_alarm():
    script = """
import resource, sys
sys.path.insert(0, "tests")
import test_terminal_server as t
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 200))
station = t.Station()
station.fleet.stop()
sys.exit(station.alarms != ["files"])
"""
    root = Path(__file__).resolve().parent.parent
    assert subprocess.run([sys.executable, "-c", script], cwd=root, check=False).returncode == 0
