"""The control socket over a real UNIX socket: answers, feeds, who may connect, who reads too slowly, what is rubbish."""

import os
import socket
import threading
import time

import pytest
from twisted.internet import asyncioreactor, defer
from twisted.internet.testing import StringTransport

from station import control
from station.netstring import Unpacker, pack
from station.words import Misheard, Refused


class House:
    """A station that answers what the test expects."""

    def __init__(self):
        self.mishaps, self.ended, self.tells = [], [], []
        self.later = []

    def answer(self, do, fields):
        if do == "refuse":
            raise Refused("no", "不行", code="why")
        if do == "mishear":
            raise Misheard("what", "听不清")
        if do == "bug":
            raise ZeroDivisionError
        if do == "later":
            self.later.append(defer.Deferred())
            return self.later[-1]
        return {"did": do, **fields}

    def open_feed(self, feed, fields, tell):
        if feed == "secret":
            raise Refused("not for you", "无权")
        self.tells.append(tell)
        return lambda: self.ended.append(feed)

    def position(self):
        return 42

    def mishap(self, failure, do):
        self.mishaps.append((do, failure.type))


# -- the protocol, without a socket ------------------------------------------------------------


class Wire(StringTransport):
    """A transport of the right uid that may stop reading."""

    def __init__(self):
        super().__init__()
        self.socket, self.other = socket.socketpair()


@pytest.fixture
def house():
    return House()


@pytest.fixture
def client(house):
    made = control.ControlFactory(house).buildProtocol(None)
    wire = Wire()
    made.makeConnection(wire)
    yield made
    wire.socket.close()
    wire.other.close()


def said(client):
    found = Unpacker().feed(client.transport.value())
    client.transport.clear()
    return found


def ask(client, number, do, **fields):
    client.dataReceived(pack({"id": number, "do": do, **fields}))
    return said(client)


def test_a_question_is_answered_under_its_own_number(client):
    assert ask(client, 7, "x", a=1) == [{"id": 7, "ok": True, "result": {"did": "x", "a": 1}}]


def test_refusals_are_answers_in_both_languages_and_bugs_say_no_more_than_that(client, house):
    assert ask(client, 1, "refuse") == [
        {"id": 1, "ok": False, "code": "why", "text": {"en": "no", "zh": "不行"}}
    ]
    assert ask(client, 2, "mishear")[0]["text"]["zh"] == "听不清"
    (bug,) = ask(client, 3, "bug")
    assert bug["code"] == "bug" and "ZeroDivision" not in str(bug)
    assert house.mishaps == [("bug", ZeroDivisionError)]


def test_answers_may_overtake_each_other_and_too_many_at_once_are_refused(client, house):
    for number in range(control.MOST_OPEN):
        assert ask(client, number, "later") == []
    (refused,) = ask(client, 999, "x")
    assert refused["code"] == "unavailable"
    house.later[1].callback("second")
    assert said(client) == [{"id": 1, "ok": True, "result": "second"}]
    assert ask(client, 1000, "x")[0]["ok"], "one was answered, there is room for one"


@pytest.mark.parametrize(
    "rubbish",
    [b"x" * 20, b"3:abc,", b"5:[1,2],", b'9:{"do":"x"},', b"999999999:", pack([1]), pack({"id": "1"})],
)
def test_rubbish_is_answered_with_one_sentence_and_the_connection_ends(client, rubbish):
    client.dataReceived(rubbish)
    (answer,) = said(client)
    assert answer["ok"] is False and answer["text"]["zh"] and answer["id"] is None
    assert client.transport.disconnecting


def test_a_feed_tells_until_it_is_ended_or_the_connection_is(client, house):
    assert ask(client, 5, "subscribe", feed="live") == []
    house.tells[0]({"n": 1})
    assert said(client) == [{"id": 5, "feed": "live", "item": {"n": 1}}]
    ask(client, 5, "unsubscribe")
    assert house.ended == ["live"]
    ask(client, 5, "unsubscribe")
    ask(client, 6, "subscribe", feed="a")
    ask(client, 6, "subscribe", feed="b")
    assert house.ended == ["live", "a"], "the same number again takes the place of the one before"
    client.connectionLost(None)
    assert house.ended == ["live", "a", "b"]


def test_a_feed_that_is_refused_says_so_and_there_are_only_so_many(client, house):
    assert ask(client, 5, "subscribe", feed="secret")[0]["text"]["zh"] == "无权"
    for number in range(control.MOST_FEEDS):
        assert ask(client, number, "subscribe", feed="live") == []
    assert ask(client, 9_999, "subscribe", feed="live")[0]["ok"] is False


def test_who_does_not_read_is_told_later_and_who_falls_too_far_behind_to_begin_again(client, house):
    ask(client, 5, "subscribe", feed="live")
    ask(client, 6, "subscribe", feed="journal")
    client.pauseProducing()
    for n in range(3):
        house.tells[0](n)
    assert said(client) == []
    client.resumeProducing()
    assert [one["item"] for one in said(client)] == [0, 1, 2]
    client.pauseProducing()
    for n in range(control.MOST_BEHIND):
        house.tells[0](n)
    house.tells[1]("one more")
    client.resumeProducing()
    assert sorted((one["id"], one["resync"]) for one in said(client)) == [(5, 42), (6, 42)]
    house.tells[0]("again")
    assert said(client)[0]["item"] == "again"


def test_too_many_bytes_behind_is_too_far_as_well(client, house):
    ask(client, 5, "subscribe", feed="live")
    client.pauseProducing()
    for _ in range(3):
        house.tells[0]("x" * (control.MOST_BYTES // 2 - 100))
    client.resumeProducing()
    assert [one.get("resync") for one in said(client)] == [42]


def test_strangers_and_the_one_too_many_are_hung_up_on(house):
    for factory in (
        control.ControlFactory(house, frozenset({os.getuid() + 1})),
        control.ControlFactory(house),
    ):
        if factory.uids == {os.getuid()}:
            factory.clients = set(range(control.MOST_CLIENTS))
        made, wire = factory.buildProtocol(None), Wire()
        made.makeConnection(wire)
        assert wire.disconnected and wire.value() == b""
        made.connectionLost(None)
        wire.socket.close()
        wire.other.close()


# -- a real socket -----------------------------------------------------------------------------


@pytest.fixture
def reactor():
    import asyncio

    loop = asyncio.new_event_loop()
    made = asyncioreactor.AsyncioSelectorReactor(loop)
    yield made
    loop.close()


def run(reactor, factory, path, work):
    """Listen on `path` while `work` runs in a thread; its result."""
    found, port = [], control.listen(reactor, path, factory)

    def working():
        try:
            found.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again below
            found.append(error)
        reactor.callFromThread(done)

    def done():
        defer.maybeDeferred(port.stopListening).addBoth(lambda _: reactor.callLater(0.05, reactor.stop))

    reactor.callWhenRunning(threading.Thread(target=working).start)
    reactor.run(installSignalHandlers=False)
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]


def test_over_a_real_socket_a_slow_reader_is_told_to_begin_again_and_nobody_else_waits(
    reactor, house, tmp_path
):
    path = tmp_path / "run" / "station.sock"
    factory = control.ControlFactory(house)

    def flood():
        for n in range(control.MOST_BEHIND + 900):
            house.tells[0]({"n": n, "fill": "x" * 2_000})

    def work():
        with socket.socket(socket.AF_UNIX) as slow, socket.socket(socket.AF_UNIX) as quick:
            for one in (slow, quick):
                one.settimeout(10)
                one.connect(str(path))
            slow.sendall(pack({"id": 1, "do": "subscribe", "feed": "live"}))
            while not house.tells:
                time.sleep(0.01)
            reactor.callFromThread(flood)
            quick.sendall(pack({"id": 2, "do": "hello"}))
            answer = Unpacker().feed(quick.recv(65_536))
            unpacker, got = Unpacker(), []
            while not any("resync" in one for one in got):
                got += unpacker.feed(slow.recv(1 << 16))
            return answer, got, oct(path.stat().st_mode & 0o777)

    answer, got, mode = run(reactor, factory, path, work)
    assert answer == [{"id": 2, "ok": True, "result": {"did": "hello"}}]
    cut = next(k for k, one in enumerate(got) if "resync" in one)
    assert [one["item"]["n"] for one in got[:cut]] == list(range(cut)), "what came before is whole, in order"
    assert got[cut] == {"id": 1, "feed": "live", "resync": 42} and mode == "0o600"


def test_a_socket_left_behind_is_replaced_and_a_living_one_is_not(reactor, house, tmp_path):
    path = tmp_path / "station.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert path.is_socket()

    def work():
        with socket.socket(socket.AF_UNIX) as one:
            one.settimeout(5)
            one.connect(str(path))
            one.sendall(b"rubbish rubbish rubbish")
            return Unpacker().feed(one.recv(65_536)), one.recv(10)

    said, rest = run(reactor, control.ControlFactory(house), path, work)
    assert said[0]["ok"] is False and rest == b""
    with socket.socket(socket.AF_UNIX) as living:
        living.bind(str(tmp_path / "b.sock"))
        living.listen()
        with pytest.raises(Exception, match=r"[Aa]ddress|listen"):
            control.listen(reactor, tmp_path / "b.sock", control.ControlFactory(house))
