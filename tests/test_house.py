"""What the control socket answers: who may what, commands through the desk, questions, feeds."""

from types import SimpleNamespace

import pytest
from test_desk import Add, Room, Save
from twisted.internet import defer
from twisted.python.failure import Failure

from station.house import StationHouse
from station.metrics import MISHAPS
from station.words import Misheard, Operator, Refused

LI = Operator(id="li", roles=frozenset({"dispatcher"}))


class People:
    def __init__(self):
        self.asked, self.rights = [], {"view"}

    def log_in(self, operator, password):
        return (
            defer.succeed(SimpleNamespace(token="t"))
            if password == "good"
            else defer.fail(Refused("no", "否"))
        )

    def prove(self, token, pin):
        self.asked.append((token, pin))
        return defer.succeed(None)

    def log_out(self, token):
        self.asked.append(("out", token))

    def seat(self, token):
        return {"seat": token}

    def who(self, token):
        if token != "t":
            raise Refused("log in again", "请重新登录", code="unknown")
        return LI

    def may(self, operator, right):
        return right in self.rights

    def check(self, token, right, proof, pin):
        self.asked.append((token, right, proof, pin))
        return (
            defer.succeed(LI) if right in self.rights else defer.fail(Refused("no", "无权", code="forbidden"))
        )


class Queries:
    def ask(self, name, args, operator):
        return {"name": name, "args": args, "by": operator.id}


class Feeds:
    def open(self, feed, fields, tell):
        return lambda: (feed, fields)


class Hall:
    def __init__(self):
        self.room, self.people, self.done = Room(), People(), []
        self.house = StationHouse(
            self.room.desk, self.people, Queries(), Feeds(), lambda: {"ok": True}, on_done=self.done.append
        )

    def ask(self, do, **fields):
        """The answer once the journal has it, or the refusal."""
        found = []
        waiting = defer.maybeDeferred(self.house.answer, do, fields)
        waiting.addCallbacks(found.append, lambda failure: found.append(failure.value))
        self.room.paper.flush()
        return found[0]

    def command(self, name="toy.add", body=None, request="018f0000-0001", **more):
        said = {"amount": 3} if body is None else body
        return self.ask("command", session="t", request=request, command=name, body=said, **more)


@pytest.fixture
def hall():
    return Hall()


def test_logging_in_gives_a_seat_and_leaving_takes_it(hall):
    assert hall.ask("login", operator="li", password="good") == {"seat": "t"}
    assert isinstance(hall.ask("login", operator="li", password="bad"), Refused)
    assert hall.ask("pin", session="t", pin="1") == {"seat": "t"} and hall.people.asked == [("t", "1")]
    assert hall.ask("logout", session="t") is None and hall.people.asked[-1] == ("out", "t")
    assert hall.ask("health") == {"ok": True}


@pytest.mark.parametrize("do", ["", "shutdown", "__class__"])
def test_what_is_no_question_is_misheard(hall, do):
    assert isinstance(hall.ask(do), Misheard)


def test_a_command_goes_through_rights_and_desk_and_tells_what_it_came_to(hall):
    assert hall.command(pin=1234)["events"] == ["toy.added/1"]
    assert hall.people.asked == [("t", "view", True, "1234")]
    assert hall.done == [Add(amount=3)]
    assert hall.room.desk.states["toy"].total == 3
    again = hall.command()
    assert again["events"] == ["toy.added/1"] and hall.room.desk.states["toy"].total == 3, "the same request"


def test_a_command_without_the_right_never_reaches_the_desk(hall):
    refused = hall.command("toy.save", {"amount": 1})
    assert refused.code == "forbidden" and hall.room.paper.rows == []
    assert hall.people.asked[-1] == ("t", Save.right, True, None)


def test_a_refusal_of_the_desk_is_a_refusal_here_and_is_not_done(hall):
    refused = hall.command(body={"amount": 99})
    assert isinstance(refused, Refused) and refused.text.zh and hall.done == []


@pytest.mark.parametrize(
    "fields",
    [
        {"request": "short"}, {"request": "x" * 65}, {"request": "018f 0000"}, {"request": 7}, {"body": [1]},
        {"body": {"amount": "x"}}, {"body": {}}, {"body": {"amount": 1, "more": 2}}, {"command": "toy.fly"}, {"command": None},
        {"session": None},
    ],
)  # fmt: skip
def test_a_command_that_is_not_one_is_answered_in_words(hall, fields):
    said = {"session": "t", "request": "018f0000-0001", "command": "toy.add", "body": {"amount": 1}, **fields}
    answer = hall.ask("command", **said)
    assert isinstance(answer, (Refused, Misheard)) and answer.text.en and answer.text.zh
    assert hall.room.paper.rows == []


def test_questions_need_the_right_to_look(hall):
    assert hall.ask("query", session="t", name="alerts", args={"open": True}) == {
        "name": "alerts", "args": {"open": True}, "by": "li",
    }  # fmt: skip
    assert hall.ask("query", session="t", name="alerts")["args"] == {}
    assert hall.ask("query", session="t", name="me") == {"seat": "t"}
    assert isinstance(hall.ask("query", session="t", name="x", args=[1]), Misheard)
    assert hall.ask("query", session="u", name="x").code == "unknown"
    hall.people.rights = set()
    assert hall.ask("query", session="t", name="alerts").code == "forbidden"


def test_feeds_need_the_right_to_look_and_what_is_due_is_for_the_stations_own(hall):
    assert hall.house.open_feed("live", {"session": "t"}, print)() == ("live", {"session": "t"})
    with pytest.raises(Refused):
        hall.house.open_feed("due", {"session": "t"}, print)
    hall.people.rights = {"system"}
    assert hall.house.open_feed("due", {"session": "t"}, print)
    with pytest.raises(Refused):
        hall.house.open_feed("live", {"session": "t"}, print)
    assert hall.house.position() == 0


def test_a_mishap_is_counted(hall):
    before = MISHAPS.labels("control")._value.get()
    hall.house.mishap(Failure(ZeroDivisionError()), "query")
    assert MISHAPS.labels("control")._value.get() == before + 1
