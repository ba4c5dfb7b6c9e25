"""The bus: order of requests, time limits, late answers, dead units, reconnection; and no wrong value whatever the other end does."""

import random

import pytest
from plant_kit import Net

from devices.bus import MOST_WAITING, Bus, Lane, Unanswered
from devices.lines import TcpLine
from devices.modbus import Read, WriteCoil
from devices.sim_modbus import WIRE_FAULTS, Faults, Unit
from station.links import TcpLink
from station.metrics import exposition


class Registers:
    """Every register tells which it is and how often anything was read before; the coils too."""

    def __init__(self, clock):
        self.clock, self.coils = clock, {}

    def bits(self, table):
        return {address: (address * 7 + table) % 3 % 2 for address in range(2100)}

    def registers(self, table):
        beat = round(self.clock.seconds() * 1000)
        return {address: (address * 31 + table * 1009 + beat) & 0xFFFF for address in range(600)}

    def write(self, address, value):
        self.coils[address] = value
        return 0


class Line:
    """A bus and units behind it."""

    def __init__(self, units=(1,), *, start=True):
        self.net = Net()
        self.models = {unit: Registers(self.net) for unit in units}
        self.faults = {unit: Faults(unit) for unit in units}
        self.units = {unit: Unit(unit, self.models[unit], self.faults[unit]) for unit in units}
        self.plug_in()
        self.bus = Bus(self.net, TcpLink("hill", 502), self.net.now, jitter=lambda: 0.0)
        if start:
            self.bus.start()
            self.net.advance(0.01)

    def plug_in(self):
        self.net.listen("hill", 502, *((self.units[unit], self.faults[unit]) for unit in self.units))

    def read(self, unit=1, address=10, count=2, *, lane=Lane.POLL, timeout=0.5, table="input", **more):
        return Outcome(
            self.bus.ask(
                Read(unit=unit, table=table, address=address, count=count), lane, timeout=timeout, **more
            )
        )

    def write(self, unit=1, address=5, *, lane=Lane.ORDER, on=True, **more):
        return Outcome(self.bus.ask(WriteCoil(unit=unit, address=address, on=on), lane, timeout=0.5, **more))

    def run(self, seconds):
        for _ in range(round(seconds / 0.01)):
            self.net.advance(0.01)

    def frames(self):
        """(unit, function) of everything put on the wire since the newest connection."""
        return [(data[6], data[7]) for data in self.net.transports["hill", 502].written]


class Outcome:
    """What became of a request."""

    def __init__(self, deferred):
        self.got, self.trouble = None, None
        deferred.addCallbacks(self._good, self._bad)

    def _good(self, got):
        self.got = got

    def _bad(self, failure):
        failure.trap(Unanswered)
        self.trouble = failure.value.trouble

    @property
    def done(self):
        return self.got is not None or self.trouble is not None


def test_an_answer_comes_with_the_time_it_was_asked_for():
    line = Line()
    line.faults[1].on["slow"] = 200
    asked = line.net.now()
    out = line.read()
    line.run(0.1)
    assert not out.done
    line.run(0.2)
    assert out.got.asked_at == asked and len(out.got.words) == 2


def test_one_request_is_on_the_wire_at_a_time():
    line = Line()
    line.faults[1].on["slow"] = 100
    outs = [line.read(address=at) for at in range(3)]
    assert len(line.frames()) == 1
    line.run(0.15)
    assert len(line.frames()) == 2 and [out.done for out in outs] == [True, False, False]


def test_orders_go_before_polls_and_an_emergency_before_orders():
    line = Line()
    line.faults[1].on["slow"] = 50
    line.read()
    for _ in range(20):
        line.read()
    back, order, urgent = (
        line.read(lane=Lane.READ_BACK, table="discrete"),
        line.write(),
        line.write(lane=Lane.EMERGENCY),
    )
    line.run(0.06 * 4)
    assert (urgent.done, order.done, back.done) == (True, True, True)
    assert [function for _, function in line.frames()][:4] == [4, 5, 5, 2]


def test_polls_of_one_lane_keep_their_order():
    line = Line()
    line.faults[1].on["slow"] = 10
    seen = []
    for at in range(5):
        line.bus.ask(Read(unit=1, table="input", address=at, count=1), Lane.POLL, timeout=0.5).addCallback(
            lambda got, at=at: seen.append(at)
        )
    line.run(0.5)
    assert seen == [0, 1, 2, 3, 4]


def test_the_queue_is_bounded_and_an_order_pushes_out_the_last_poll():
    line = Line()
    line.faults[1].on["dead"] = 0
    polls = [line.read() for _ in range(MOST_WAITING + 1)]
    assert line.read().trouble == "full"
    order = line.write()
    assert polls[-1].trouble == "full" and not order.done
    orders = [line.write() for _ in range(MOST_WAITING)]
    assert orders[-1].trouble == "full"
    assert line.write(lane=Lane.EMERGENCY).trouble is None


def test_an_order_that_waited_too_long_is_never_sent():
    line = Line()
    line.faults[1].on["slow"] = 400
    line.read()
    order = line.write(fresh=0.2)
    line.run(1)
    assert order.trouble == "too old" and line.models[1].coils == {}


def test_a_late_answer_is_thrown_away_and_counted_and_nobody_elses():
    line = Line()
    line.faults[1].on["late"] = 0
    first = line.read(address=100)
    line.run(0.6)
    assert first.trouble == "timeout"
    line.faults[1].on.clear()
    second = line.read(address=200)
    line.run(3)
    assert (
        second.got.words[0]
        == (200 * 31 + 4 * 1009 + round(1000 * (second.got.asked_at - 1_800_000_000_000_000) / 1e6)) & 0xFFFF
    )
    assert b'gengfu_modbus_strays_total{bus="hill:502",why="late"}' in exposition()


def test_the_gap_a_device_wants_is_kept_also_when_the_next_is_asked_at_once():
    line = Line()
    first = line.bus.ask(Read(unit=1, table="input", address=0, count=1), Lane.POLL, timeout=0.5, gap=0.1)
    after = []
    first.addCallback(lambda got: after.append(line.read()))
    line.net.advance(0)
    assert len(line.frames()) == 1
    line.run(0.12)
    assert len(line.frames()) == 2
    line.faults[1].on["dead"] = 0
    timed = line.bus.ask(Read(unit=1, table="input", address=0, count=1), Lane.POLL, timeout=0.2, gap=0.1)
    timed.addErrback(lambda failure: after.append(line.read()))
    line.run(0.25)
    assert len(line.frames()) == 3
    line.run(0.1)
    assert len(line.frames()) == 4


def test_a_dead_unit_costs_its_neighbours_little():
    line = Line(units=(1, 2))
    line.faults[2].on["dead"] = 0
    answered, asked = 0, []
    for _ in range(600):  # a minute
        good = line.read(unit=1)
        asked.append(line.read(unit=2))
        line.run(0.1)
        answered += good.got is not None
    assert answered >= 560
    assert (
        4 <= sum(out.trouble == "timeout" for out in asked) <= 6
    )  # of half a second each: 5 % of the minute
    line.faults[2].on.clear()
    outs = []
    for _ in range(35):
        outs.append(line.read(unit=2))
        line.run(1)
    assert outs[-1].got is not None


def test_an_order_goes_to_a_resting_unit_too():
    line = Line(units=(1, 2))
    line.faults[2].on["dead"] = 0
    for _ in range(3):
        line.read(unit=2)
        line.run(0.6)
        line.read(unit=1)
        line.run(0.1)
    assert line.read(unit=2).trouble == "resting"
    line.faults[2].on.clear()
    order = line.write(unit=2)
    line.run(0.1)
    assert order.got is not None
    later = line.read(unit=2)  # whoever answers rests no more
    line.run(0.1)
    assert later.got is not None


def test_a_poll_already_waiting_is_let_go_when_its_unit_begins_to_rest():
    line = Line(units=(1, 2))
    line.faults[2].on["dead"] = 0
    outs = [line.read(unit=2) for _ in range(4)]
    line.run(1.2)
    assert [out.trouble for out in outs] == ["timeout", "timeout", "resting", "resting"]


def test_a_connection_on_which_nothing_answers_is_made_anew():
    line = Line()
    line.faults[1].on["dead"] = 0
    outs = [line.read(), line.read()]
    line.run(1.1)
    line.net.advance(2.1)
    outs.append(line.read())
    waiting = line.write()
    line.run(0.6)
    assert waiting.trouble == "link"
    line.run(0.5)
    assert line.bus.connections == 2 and line.bus.up


def test_without_a_connection_nothing_waits():
    line = Line(start=False)
    assert line.read().trouble == "link" and line.write().trouble == "link"


def test_a_cut_cable_ends_what_was_on_the_wire_and_what_waited():
    line = Line()
    line.faults[1].on["slow"] = 400
    flying, waiting = line.write(), line.write()
    line.net.drop("hill", 502)
    assert flying.trouble == "timeout"  # it may have arrived
    assert waiting.trouble == "link"
    line.run(0.2)
    assert line.bus.up


def test_connections_are_tried_again_and_again_at_most_a_second_apart():
    line = Line()
    line.net.places.clear()
    line.net.drop("hill", 502)
    line.run(10)
    assert 10 <= len(line.net.dialled) <= 14
    line.plug_in()
    line.run(1.1)
    assert line.bus.up


def test_rubbish_ends_the_connection():
    for words in ("protocol", "length"):
        line = Line()
        line.faults[1].on[words] = 0
        out = line.read()
        line.run(0.7)
        assert out.got is None and out.trouble == ("timeout" if words == "protocol" else "garbled")
        line.faults[1].on.clear()
        line.run(0.5)
        line.read()  # a byte left over from before shows now that the stream is out of step
        line.run(0.5)
        again = line.read()
        line.run(0.1)
        assert again.got is not None and line.bus.connections == 2


def test_stopping_ends_everything_once():
    line = Line()
    line.faults[1].on["slow"] = 400
    outs = [line.read(), line.read()]
    line.bus.stop()
    assert [out.trouble for out in outs] == ["timeout", "link"]
    line.run(5)
    assert len(line.net.dialled) == 1
    idle = Line(start=False)
    idle.bus.stop()


def test_an_answer_that_outlives_its_request_by_a_connection_is_nobodys():
    line = Line()
    line.faults[1].on["slow"] = 300
    out = line.read()
    line.net.drop("hill", 502)
    line.run(1)
    assert out.trouble == "timeout" and line.bus.up


def truth(unit, table, address, count, beat):
    """What the simulated registers held, worked out apart from every codec."""
    if table in ("coil", "discrete"):
        number = 1 if table == "coil" else 2
        return tuple((at * 7 + number) % 3 % 2 for at in range(address, address + count))
    number = 4 if table == "input" else 3
    return tuple((at * 31 + number * 1009 + beat) & 0xFFFF for at in range(address, address + count))


def beat_of(asked_at):
    return round((asked_at - 1_800_000_000_000_000) / 1000)


ON_THE_WIRE = sorted(set(WIRE_FAULTS) - {"frozen"})  # what is frozen says the same on every wire
HARD = ("dead", "late", "protocol", "length", "cut", "garbage", "reboot")


@pytest.mark.parametrize("fault", ON_THE_WIRE)
def test_of_all_reads_under_a_fault_none_gives_a_wrong_value(fault):
    tried, wrong, good = torture((fault,), share=30, rounds=700)
    assert wrong == 0
    assert good >= (tried * 0.25 if fault in HARD else tried * 0.6)


def test_all_faults_together_give_no_wrong_value_and_without_any_all_is_read():
    tried, wrong, good = torture(tuple(ON_THE_WIRE), share=6, rounds=2500)
    assert wrong == 0 and good > tried * 0.3
    assert torture((), share=0, rounds=700) == (700, 0, 700)


@pytest.mark.parametrize(
    "fault", ["tid", "unit", "short", "long", "function", "echo", "exception", "twice", "pieces", "dead"]
)
def test_every_answer_that_no_fault_struck_is_believed(fault):
    line, missed, clean = Line(), 0, 0
    faults = line.faults[1]
    faults.on[fault], faults.share, struck = 0, 30, []
    strikes = faults.strikes

    def watched(name):
        found = strikes(name)
        struck.append(found and name not in ("twice", "pieces"))
        return found

    faults.strikes = watched
    for k in range(400):
        struck.clear()
        out = line.read(address=k, count=1 + k % 30, lane=Lane.ORDER, timeout=0.2)
        line.run(0.25)
        if not any(struck):
            clean, missed = clean + 1, missed + (out.got is None)
        else:
            line.run(0.3)
    assert missed == 0 and clean > 200


def torture(faults, *, share, rounds):
    """(asked, believed though wrong, believed and right) of reads and writes by turns."""
    line, chance = Line(), random.Random(7)
    for name in faults:
        line.faults[1].on[name] = 300 if name == "slow" else 0
    line.faults[1].share = share
    tried = wrong = good = 0
    for k in range(rounds):
        table = chance.choice(["input", "holding", "coil", "discrete"])
        address, count = chance.randrange(500), chance.randrange(1, 60)
        out = (
            line.write(address=k, on=bool(k % 2))
            if k % 10 == 9
            else line.read(address=address, count=count, table=table, lane=Lane.ORDER, timeout=0.2)
        )
        line.run(0.05 if not faults else 0.25)
        tried += 1
        if out.got is None:
            line.run(0.3)
            continue
        if k % 10 == 9:
            right = out.got.words == (k % 2,) and line.models[1].coils.get(k) == k % 2
        else:
            right = out.got.words == truth(1, table, address, count, beat_of(out.got.asked_at))
        good, wrong = good + right, wrong + (not right)
    return tried, wrong, good


def test_devices_on_other_machines_are_asked_from_the_devices_net_and_those_here_are_not():
    asked = []

    class Net:
        def connectTCP(self, host, port, factory, **more):
            asked.append((host, more.get("bindAddress")))

    for host, via in (("10.2.0.9", "10.2.0.5"), ("127.0.0.1", "10.2.0.5"), ("10.2.0.9", "127.0.0.1")):
        Bus(Net(), TcpLink(host, 502), lambda: 0, via=via)._connect()
    assert asked == [("10.2.0.9", ("10.2.0.5", 0)), ("127.0.0.1", None), ("10.2.0.9", None)]


@pytest.mark.parametrize("taken", [0, 3, 12, ValueError("gone")])
def test_a_request_that_the_socket_does_not_take_whole_is_left_to_the_reactor(taken):
    line, put = Line(start=False), []

    class Full:
        def setTcpNoDelay(self, enabled):
            pass

        def writeSomeData(self, data):
            put.append(data[:taken] if isinstance(taken, int) else b"")
            return taken

        def write(self, data):
            put.append(data)

        def abortConnection(self):
            pass

    made = TcpLine(line.bus, line.net)
    made.makeConnection(Full())
    line.read()
    assert b"".join(put).hex() == "000100000006" + "0104000a0002"
    made.abort()
