"""Calls leave by a gateway until it takes them: tried again with the same key, its failure written down, stopped by whoever acknowledges. And over a real socket."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from test_alarms import NOW, Desk, condition
from twisted.internet import task
from twisted.internet.defer import Deferred

from safety.alarm_messages import AlarmEscalated, CallDelivered, CallFailed, RaiseAlarm
from station.caller import WAITS, Caller
from station.duty import Holding
from station.hook import ANSWER_S, REFUSED, Hook
from station.settings import AlarmsSection
from station.words import SECOND, SYSTEM, Instant, Refused, Text


class Gateway:
    """Takes calls over when it is told to."""

    def __init__(self) -> None:
        self.open: list[tuple[dict[str, Any], str, Deferred[None]]] = []

    def post(self, body: bytes, key: str) -> Deferred[None]:
        waiting: Deferred[None] = Deferred()
        self.open.append((json.loads(body), key, waiting))
        return waiting

    def say(self, why: BaseException | None = None) -> dict[str, Any]:
        body, key, waiting = self.open.pop(0)
        assert body["key"] == key
        if why is None:
            waiting.callback(None)
        else:
            waiting.errback(why)
        return body


class Night:
    """A station at night: one critical alarm, one dispatcher on duty, time that a test moves."""

    def __init__(self, gateway: Gateway | None) -> None:
        self.clock, self.desk, self.gateway = task.Clock(), Desk(), gateway
        self.accounts: list[Any] = []
        duty = SimpleNamespace(posts={"dispatcher": Holding(operator="zhao", since=NOW)}, shifts=())
        self.world: Any = SimpleNamespace(
            now=lambda: Instant(NOW + round(self.clock.seconds() * SECOND)),
            desk=SimpleNamespace(states={"alarms": self.desk.state, "duty": duty}),
            wrong={},
            settings=SimpleNamespace(
                station=SimpleNamespace(id="s1", area="340422000000"), alarms=AlarmsSection()
            ),
            people=SimpleNamespace(contacts=list, accounts=lambda: self.accounts),
            person=lambda who: Text(who, who),
        )
        self.tell(RaiseAlarm(condition=condition(severity="critical")))
        self.caller = Caller(self.clock, self.world, (2, 5, 10), self.tell, gateway)
        self.caller.start()

    def tell(self, wish: Any) -> None:
        self.desk.now = self.world.now()
        self.desk.do(wish, SYSTEM)
        self.world.desk.states["alarms"] = self.desk.state

    def passes(self, seconds: float) -> None:
        self.clock.pump([1.0] * round(seconds))

    def written(self, kind: type) -> list[Any]:
        return [one for one in self.desk.told if isinstance(one, kind)]


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


def test_without_a_gateway_the_call_stands_in_the_journal() -> None:
    night = Night(None)
    night.passes(60 * 11)
    assert [(one.level, one.who) for one in night.written(AlarmEscalated)] == [(1, ("zhao",))] + [
        (level, ("zhao",)) for level in (2, 3)
    ]
    night.caller.stop()
    assert night.clock.getDelayedCalls() == []
    night.caller.stop()


def test_a_call_goes_out_once_and_is_delivered(gateway: Gateway) -> None:
    night = Night(gateway)
    night.passes(121)
    assert len(gateway.open) == 1
    night.passes(30)
    assert len(gateway.open) == 1, "it is under way"
    body = gateway.say()
    assert (body["level"], body["people"][0]["operator"]) == (1, "zhao")
    assert len(night.written(CallDelivered)) == 1
    night.passes(100)
    assert gateway.open == []


def test_a_call_that_is_not_taken_is_tried_again_under_the_same_key_and_its_failure_is_written_once(
    gateway: Gateway,
) -> None:
    night = Night(gateway)
    night.passes(121)
    keys = set()
    for wait in (*WAITS, WAITS[-1]):
        first = [one for one in gateway.open if one[0]["level"] == 1]
        assert len(first) == 1
        gateway.open.remove(first[0])
        keys.add(first[0][1])
        first[0][2].errback(REFUSED)
        night.passes(wait - 1)
        assert not any(one[0]["level"] == 1 for one in gateway.open), f"not before {wait} s"
        night.passes(1)
    assert len(keys) == 1
    failed = [one for one in night.written(CallFailed) if one.level == 1]
    assert len(failed) == 1 and failed[0].zh == REFUSED.text.zh


def test_who_acknowledges_ends_the_tries(gateway: Gateway) -> None:
    night = Night(gateway)
    night.passes(121)
    gateway.say(REFUSED)
    night.desk.acknowledged(1)
    night.world.desk.states["alarms"] = night.desk.state
    night.passes(600)
    assert gateway.open == [] and len(night.written(AlarmEscalated)) == 1


def test_what_follows_from_another_now_calls_nobody(gateway: Gateway) -> None:
    night = Night(gateway)
    night.tell(RaiseAlarm(condition=condition(key="cause", severity="major")))
    night.world.wrong["tx1/reflected-high"] = condition(severity="critical", because="cause")
    night.passes(600)
    assert gateway.open == []


def test_a_bug_in_a_gateway_is_logged_and_the_call_tried_again(gateway: Gateway) -> None:
    night = Night(gateway)
    night.passes(121)
    seen = []
    night.caller.log = SimpleNamespace(failure=lambda *a: seen.append(a))  # type: ignore[misc]
    gateway.say(ZeroDivisionError())
    assert len(seen) == 1
    night.passes(WAITS[0] + 1)
    assert len(gateway.open) == 1


def test_where_nobody_is_on_duty_those_with_the_role_are_called_but_none_of_a_part_and_none_who_left() -> (
    None
):
    night = Night(None)
    night.world.desk.states["duty"].posts.clear()
    night.accounts = [
        SimpleNamespace(id=name, roles=("engineer",), areas=areas, active=active)
        for name, areas, active in (
            ("qian", (), True),
            ("town", ("340422100000",), True),
            ("gone", (), False),
        )
    ]
    night.passes(121)
    (called,) = night.written(AlarmEscalated)
    assert called.who == ("qian",)


def test_a_restart_sends_what_was_not_delivered_again_with_its_key(gateway: Gateway) -> None:
    night = Night(gateway)
    night.passes(121)
    key = gateway.open[0][1]
    night.caller.stop()
    again = Gateway()
    Caller(night.clock, night.world, (2, 5, 10), night.tell, again).look()
    assert [one[1] for one in again.open] == [key]


# -- over a real socket ----------------------------------------------------------------------------


@pytest.fixture
def answers(tmp_path: Any) -> Any:
    """A gateway of the standard library in a thread: says what it is told to, keeps what it got."""
    import http.server
    import threading

    class Handler(http.server.BaseHTTPRequestHandler):
        got: ClassVar[list[Any]] = []
        status = 200

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            Handler.got.append((self.path, self.headers["Idempotency-Key"], json.loads(body)))
            if Handler.status == 0:
                self.close_connection = True
                self.connection.close()
                return
            self.send_response(Handler.status)
            self.end_headers()
            self.wfile.write(b"x" * 100_000)

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield SimpleNamespace(port=server.server_port, handler=Handler)
    server.shutdown()
    server.server_close()


POSTER = """
import sys
from station.clock import install
reactor = install()
from station.hook import Hook
from station.words import Refused

def said(outcome):
    why = getattr(outcome, "value", None)
    print(why.code if isinstance(why, Refused) else repr(outcome), flush=True)
    reactor.stop()

reactor.callWhenRunning(lambda: Hook(reactor, sys.argv[1]).post(b'{"level":1}', "k1").addBoth(said))
reactor.run()
"""


def posted(url: str) -> str:
    import subprocess
    import sys

    done = subprocess.run([sys.executable, "-c", POSTER, url], capture_output=True, text=True, timeout=30)
    assert not done.stderr, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_a_real_gateway_takes_refuses_or_breaks_off(answers: Any) -> None:
    url = f"http://127.0.0.1:{answers.port}/call"
    assert posted(url) == "None"
    assert answers.handler.got == [("/call", "k1", {"level": 1})]
    answers.handler.status = 503
    assert posted(url) == "http"
    answers.handler.status = 0
    assert posted(url) == "lost"
    assert posted("http://127.0.0.1:1/") == "refused"


def test_a_gateway_that_says_nothing_is_left_after_its_time() -> None:
    clock = task.Clock()
    hook = Hook(clock, "http://127.0.0.1:9/")
    hook._agent = SimpleNamespace(request=lambda *a: Deferred())
    heard: list[Any] = []
    hook.post(b"{}", "k").addErrback(heard.append)
    clock.advance(ANSWER_S)
    assert isinstance(heard[0].value, Refused) and heard[0].value.code == "silent"
