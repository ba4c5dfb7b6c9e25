"""The connections a bus asks through: who is told what and when, and that nothing is left armed. The reactor and the wire are the test's own."""

from twisted.internet import error
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from devices import lines
from devices.lines import SerialLine, TcpLine
from devices.modbus import Answered, Garbled, Read, Stray
from devices.modbus_rtu import Exchange, Timing
from devices.sim_rtu import crc
from station.links import GatewayLink, SerialLink, TcpLink

ASK = Read(unit=3, table="holding", address=10, count=1)
ANSWER = bytes([3, 3, 2, 0x12, 0x34])
RIGHT = ANSWER + crc(ANSWER)
GAP = 0.03  # s


class Owner:
    """Who asks; remembers what it was told."""

    def __init__(self):
        self.told = []

    def opened(self, line):
        self.told.append("opened")

    def heard(self, heard):
        self.told.append(heard)

    def timed_out(self):
        self.told.append("timed out")

    def freed(self):
        self.told.append("freed")

    def garbage(self, why):
        self.told.append(why.code)

    def closed(self, line, why):
        self.told.append("closed")


class Wire:
    """A transport."""

    def __init__(self):
        self.written, self.gone, self.hurried = [], False, None

    def write(self, data):
        self.written.append(data)

    def setTcpNoDelay(self, on):
        self.hurried = on

    def abortConnection(self):
        self.gone = True


class Port:
    """A transport that is no socket."""

    def write(self, data):
        raise AssertionError("nothing is asked")


def line(make):
    clock, owner, wire = Clock(), Owner(), Wire()
    clock.advance(100)
    made = make(owner, clock)
    made.transport = wire
    made.connectionMade()
    assert owner.told.pop(0) == "opened" and wire.hurried is True
    return made, clock, owner, wire


def on_serial(owner, clock, *, again=False):
    def talk(kept):
        return Exchange(Timing(), kept_until=kept)

    return SerialLine(owner, clock, talk, Timing().late, again=again)


def serial(*, again=False):
    return line(lambda owner, clock: on_serial(owner, clock, again=again))


def tcp():
    return line(TcpLine)


def test_an_answer_on_a_serial_line_is_told_when_silence_follows_and_then_the_line_is_free():
    made, clock, owner, wire = serial()
    assert not made.busy and made.late == 1.0
    made.send(ASK, 0.5)
    assert len(wire.written) == 1 and made.busy
    clock.advance(0.1)
    made.dataReceived(RIGHT[:4])
    clock.advance(0.02)
    made.dataReceived(RIGHT[4:])
    clock.advance(0.0017)
    assert owner.told == []
    clock.advance(0.0001)
    clock.advance(0)
    assert owner.told == [Answered((0x1234,)), "freed"] and not made.busy
    assert clock.getDelayedCalls() == []


def test_silence_is_told_once_and_the_line_is_kept_until_no_late_answer_can_come():
    made, clock, owner, _ = serial()
    made.send(ASK, 0.5)
    clock.advance(0.499)
    assert owner.told == []
    clock.advance(0.001)
    clock.advance(0)
    assert owner.told == ["timed out"] and made.busy
    clock.advance(0.999)
    assert owner.told == ["timed out"] and made.busy
    clock.advance(0.001)
    clock.advance(0)
    assert owner.told == ["timed out", "freed"] and not made.busy
    assert clock.getDelayedCalls() == []


def test_bytes_that_wait_when_time_is_up_are_read_first():
    made, clock, owner, _ = serial()
    made.send(ASK, 0.5)
    clock.callLater(0.5, made.dataReceived, RIGHT)  # in the same turn, after the timer
    clock.advance(0.5)
    clock.advance(0)
    assert owner.told == []
    clock.advance(GAP)
    clock.advance(0)
    assert owner.told == [Answered((0x1234,)), "freed"]


def test_a_garbled_answer_is_told_and_keeps_the_line():
    made, clock, owner, _ = serial()
    made.send(ASK, 0.5)
    made.dataReceived(b"\x55")
    clock.advance(GAP)
    clock.advance(0)
    assert owner.told == [Garbled(why="crc")] and made.busy


def test_noise_that_nobody_asked_for_is_told_and_keeps_the_line():
    made, clock, owner, _ = serial()
    made.dataReceived(b"\x55")
    clock.advance(GAP)
    clock.advance(0)
    assert owner.told == [Stray(why="unasked")] and made.busy
    clock.advance(1)
    clock.advance(0)
    assert owner.told[1:] == ["freed"]


def test_a_request_given_up_is_followed_by_quiet():
    made, clock, owner, _ = serial()
    made.send(ASK, 0.5)
    made.settled()
    assert made.busy
    clock.advance(1.5)
    clock.advance(0)
    assert not made.busy and "timed out" not in owner.told


def test_a_serial_line_opened_again_is_left_alone_for_a_second():
    made, clock, owner, _ = serial(again=True)
    assert made.busy
    clock.advance(0.999)
    assert made.busy and owner.told == []
    clock.advance(0.001)
    clock.advance(0)
    assert not made.busy and owner.told == ["freed"]


def test_a_line_that_is_gone_is_told_once_and_leaves_no_timer():
    for make in (serial, tcp):
        made, clock, owner, _ = make()
        made.send(ASK, 0.5)
        made.connectionLost(Failure(error.ConnectionLost()))
        assert owner.told == ["closed"] and clock.getDelayedCalls() == []


def test_what_is_heard_of_a_line_that_is_gone_arms_nothing():
    made, clock, owner, _ = serial()
    made.send(ASK, 0.5)
    clock.callLater(0.5, made.abort)  # time is up, and what waits would be read in the next turn
    clock.advance(0.5)
    assert clock.getDelayedCalls() == []
    made.dataReceived(RIGHT)
    assert clock.getDelayedCalls() == [] and owner.told == []


def test_hanging_up_is_at_once():
    for make in (serial, tcp):
        made, clock, _, wire = make()
        made.send(ASK, 0.5)
        made.abort()
        assert wire.gone and clock.getDelayedCalls() == []


def test_a_line_that_is_no_socket_is_opened_all_the_same():
    clock, owner = Clock(), Owner()
    made = on_serial(owner, clock)
    made.transport = Port()
    made.connectionMade()
    assert owner.told == ["opened"]


def test_on_tcp_time_is_up_when_the_newest_request_says_so():
    made, clock, owner, _ = tcp()
    made.send(ASK, 0.5)
    clock.advance(0.3)
    made.settled()
    made.send(ASK, 0.5)  # the timer of the first is kept, and looks again
    clock.advance(0.499)
    assert owner.told == []
    clock.advance(0.001)
    assert owner.told == ["timed out"]
    made.settled()
    clock.advance(10)
    assert owner.told == ["timed out"] and clock.getDelayedCalls() == []


def test_on_tcp_a_shorter_time_than_the_one_before_is_kept():
    made, clock, owner, _ = tcp()
    made.send(ASK, 5.0)
    made.settled()
    made.send(ASK, 0.1)
    clock.advance(0.1)
    assert owner.told == ["timed out"]


def test_on_tcp_what_is_no_modbus_is_garbage():
    made, _, owner, _ = tcp()
    made.send(ASK, 0.5)
    made.dataReceived(b"HTTP/1.1")
    assert owner.told == ["protocol"] and made.busy is False and made.late == 0.0


class Quick(Wire):
    """A socket that takes so many bytes at once; a whole number, or the error it has."""

    def __init__(self, takes):
        super().__init__()
        self.takes, self.at_once = takes, []

    def writeSomeData(self, data):
        self.at_once.append(data)
        return self.takes


def test_a_request_goes_to_the_socket_at_once_and_what_it_does_not_take_by_way_of_the_reactor():
    for takes, left in (
        (12, []),
        (5, [slice(5, None)]),
        (0, [slice(None)]),
        (error.ConnectionLost(), [slice(None)]),
    ):
        owner, clock, wire = Owner(), Clock(), Quick(takes)
        made = TcpLine(owner, clock)
        made.transport = wire
        made.send(ASK, 0.5)
        assert wire.at_once == [] and len(wire.written) == 1, "not before it is known to be a socket"
        wire.written.clear()
        made.connectionMade()
        made.send(ASK, 0.5)
        (request,) = wire.at_once
        assert len(request) == 12 and wire.written == [request[part] for part in left]
        made.send(ASK, 0.5)
        assert len(wire.at_once) == (1 if left else 2), "a full socket is left to the reactor"


class Reactor(Clock):
    """Remembers who is called."""

    def __init__(self):
        super().__init__()
        self.called = []

    def connectTCP(self, host, port, factory, timeout, **source):
        self.called.append((host, port, factory, timeout, source))
        return "connector"


def test_a_line_is_dialled_as_its_link_says():
    for link, kind in ((TcpLink("10.0.0.9", 502), TcpLine), (GatewayLink("10.0.0.9", 4001), SerialLine)):
        reactor, owner = Reactor(), Owner()
        source = {"bindAddress": ("10.0.0.1", 0)}
        assert lines.dial(reactor, link, owner, again=False, source=source) == "connector"
        ((host, port, factory, timeout, bound),) = reactor.called
        assert (host, port, timeout, bound) == (link.host, link.port, lines.CONNECT_WITHIN, source)
        assert isinstance(factory.buildProtocol(None), kind) and factory.noisy is False
        factory.clientConnectionFailed(None, Failure(error.ConnectionRefusedError()))
        assert owner.told == ["closed"]


def test_a_port_that_is_not_there_is_told_later_and_once_with_its_path(tmp_path):
    class Told(Owner):
        def closed(self, line, why):
            self.told.append((line, why))

    reactor, owner = Reactor(), Told()
    link = SerialLink(path=str(tmp_path / "none"), baud=9_600)
    held = lines.dial(reactor, link, owner, again=False, source={})
    assert owner.told == []
    held.disconnect()
    reactor.advance(0)
    ((line_told, why),) = owner.told
    assert line_told is None and why.startswith(f"{link.path}: ") and "No such file" in why


def test_a_connection_made_anew_on_a_serial_line_is_left_alone_as_long_as_an_answer_may_be_late():
    for again, wanted in ((False, 0), (True, 101_000_000)):
        asked = []
        clock = Clock()
        clock.advance(100)

        def talk(kept, asked=asked):
            asked.append(kept)
            return Exchange(Timing(), kept_until=kept)

        SerialLine(Owner(), clock, talk, 1_000_000, again=again)
        assert asked == [wanted]
