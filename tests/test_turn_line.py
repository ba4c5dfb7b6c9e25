"""A wire on a connection of a running process: questions in turn, one end each, nobody forgotten, nothing left behind."""

import pytest
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from devices.sim_uecp import Coder
from devices.swp08 import ACKED, Other, Swp08Wire, frame
from devices.turn_line import MOST_WAITING, LineLost, TurnLine
from devices.turns import Answered, Pace, Silent, Stray, Told
from devices.uecp import Ask, Send, UecpWire
from devices.uecp_elements import Ps, Pty, Request, Rt
from station.words import Refused

ASK = Ask(Request(mec=7))


class Desk:
    """A line to a simulated coder, on a clock of the test's own."""

    def __init__(self, wire=None, up=True):
        self.clock, self.coder = Clock(), Coder()
        self.news, self.ends, self.said = [], [], []
        self.line = TurnLine(
            wire or UecpWire(1, 1),
            Pace(timeout=500_000, late=300_000, gap=100_000),
            self.clock,
            news=self.news.append,
            opened=lambda: self.said.append("opened"),
            closed=self.said.append,
        )
        self.session, self.transport = self.coder.session(), StringTransport()
        if up:
            self.line.makeConnection(self.transport)

    def ask(self, question):
        self.line.ask(question).addBoth(self.ends.append)

    def flow(self):
        """Bytes go there and back until nobody says anything."""
        while data := self.transport.value():
            self.transport.clear()
            for said in self.session.heard(data):
                self.line.dataReceived(said)

    def lose(self):
        self.line.connectionLost(Failure(ConnectionDone()))


def test_questions_are_asked_one_after_the_other_in_order():
    desk = Desk()
    for n in (3, 4):
        desk.ask(Send((Pty(pty=n),)))
    desk.ask(ASK)
    assert desk.transport.value().count(b"\xfe") == 1
    desk.flow()
    assert desk.ends == [Answered(True), Answered(True), Answered(Pty(pty=4))] and desk.said == ["opened"]
    assert not desk.clock.getDelayedCalls()


def test_after_silence_the_next_question_waits_until_nothing_late_can_come():
    desk = Desk()
    desk.ask(ASK)
    desk.ask(Send((Ps(name="A"),)))
    desk.transport.clear()
    desk.clock.advance(0.5)
    desk.clock.advance(0)
    assert desk.ends == [Silent()] and desk.transport.value() == b""
    desk.clock.advance(0.29)
    assert desk.transport.value() == b""
    desk.clock.advance(0.02)
    desk.clock.advance(0)
    desk.flow()
    assert desk.ends == [Silent(), Answered(True)] and not desk.clock.getDelayedCalls()


def test_bytes_that_wait_are_read_before_time_is_up():
    desk = Desk()
    desk.ask(ASK)
    desk.coder.kept[7] = b"\x07\x00\x00\x05"
    asked = desk.transport.value()
    desk.clock.rightNow = 0.5
    desk.line._look()  # time is up; the reactor reads before its next turn
    (answer,) = desk.session.heard(asked)
    desk.line.dataReceived(answer)
    desk.clock.advance(0)
    assert desk.ends == [Answered(Pty(pty=5))]


def test_what_comes_by_itself_is_handed_on():
    desk = Desk()
    desk.coder.kept[7] = b"\x07\x00\x00\x05"
    desk.coder.encoder = 2
    desk.line.dataReceived(desk.session._answer(b"\x07\x00\x00\x05")[0])
    desk.coder.encoder = 1
    desk.line.dataReceived(desk.session._answer(b"\x07\x00\x00\x05")[0])
    assert desk.news == [Stray("another coder"), Told(Pty(pty=5))]


def test_where_nothing_answers_the_question_ends_at_once():
    desk = Desk(UecpWire(1, 1, confirms=False))
    desk.ask(Send((Pty(pty=31),)))
    assert desk.ends == [Told(None)] and not desk.clock.getDelayedCalls()


def test_what_cannot_be_asked_is_refused_and_the_next_is_asked():
    desk = Desk()
    desk.ask(Send((Rt(text="寿县"),)))
    desk.ask(Send((Pty(pty=1),)))
    desk.flow()
    assert isinstance(desk.ends[0].value, Refused) and desk.ends[1] == Answered(True)


def test_too_many_questions_are_refused():
    desk = Desk()
    for _ in range(MOST_WAITING + 2):
        desk.ask(ASK)
    (full,) = desk.ends
    assert full.value.code == "full" and full.value.text.zh
    desk.lose()
    assert len(desk.ends) == MOST_WAITING + 2


def test_all_who_wait_hear_that_the_line_is_lost_and_no_timer_is_left():
    desk = Desk()
    desk.ask(ASK)
    desk.ask(ASK)
    desk.lose()
    assert [type(end.value) for end in desk.ends] == [LineLost, LineLost] and len(desk.said) == 2
    desk.ask(ASK)
    assert isinstance(desk.ends[2].value, LineLost) and not desk.clock.getDelayedCalls()
    closed = Desk(up=False)
    closed.ask(ASK)
    assert isinstance(closed.ends[0].value, LineLost)


def test_whoever_waits_no_longer_is_not_asked_for():
    desk = Desk()
    desk.ask(ASK)
    gone = desk.line.ask(Send((Pty(pty=9),)))
    gone.addErrback(lambda _: None)
    gone.cancel()
    first = desk.line.ask(ASK)
    first.addErrback(lambda _: None)
    desk.flow()
    assert desk.coder.kept == {}


@pytest.mark.parametrize("lost", [False, True])
def test_a_question_that_is_out_has_its_end_though_nobody_waits_for_it(lost):
    desk = Desk()
    out = desk.line.ask(Send((Pty(pty=9),)))
    out.addErrback(lambda _: None)
    out.cancel()
    desk.ask(Send((Pty(pty=8),)))
    if lost:
        desk.lose()
        assert isinstance(desk.ends[0].value, LineLost)
    else:
        desk.flow()
        assert desk.coder.written == ["07", "07"] and desk.ends == [Answered(True)]


def test_a_reply_that_a_wire_owes_is_sent_at_once():
    desk = Desk(Swp08Wire())
    desk.line.dataReceived(frame(b"\x08"))
    assert desk.transport.value() == ACKED and desk.news == [Told(Other(8, b""))]


@pytest.mark.parametrize("beginning", [b"\xfe", b"\xfe\x00"])
def test_a_message_that_is_begun_and_not_ended_does_not_hold_the_line(beginning):
    desk = Desk()
    desk.line.dataReceived(beginning)
    desk.ask(Send((Pty(pty=1),)))
    assert desk.transport.value() == b""
    for _ in range(8):
        desk.clock.advance(0.1)
        desk.clock.advance(0)
    desk.flow()
    assert desk.ends == [Answered(True)] and desk.news == [Stray("no question was open")]


def test_hanging_up_is_the_transports():
    desk = Desk()
    desk.line.abort()
    assert desk.transport.disconnecting or desk.transport.disconnected
