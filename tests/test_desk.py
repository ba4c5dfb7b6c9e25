"""The one door: decides on decided state, answers on durable state, and keeps faith when the disk does not."""

import attrs
import pytest
from twisted.internet import defer, task

from station.desk import Desk, Part, Request, Unwritable
from station.words import Command, Event, Instant, Operator, Refused, command, event

LI = Operator(id="li", roles=frozenset({"operator"}))


@event("toy.added/1")
class Added(Event):
    amount: int


@event("toy.rung/1")
class Rung(Event):
    pass


@command("toy.add", right="view")
class Add(Command):
    amount: int


@command("toy.save", right="mute", life_safety=True)
class Save(Command):
    amount: int


@command("toy.ring", right="system")
class Ring(Command):
    pass


@attrs.frozen
class Sum:
    total: int = 0
    rung: bool = False


def decide(state, wish, now, by, policy):
    if isinstance(wish, Ring):
        return (Rung(),)
    if state.total + wish.amount > policy:
        raise Refused("too much", "太多")
    return (Added(amount=wish.amount),) if wish.amount else ()


def evolve(state, happened):
    if isinstance(happened, Rung):
        return attrs.evolve(state, rung=True)
    return attrs.evolve(state, total=state.total + happened.amount) if isinstance(happened, Added) else state


def due(state, now, policy):
    return (Ring(),) if not state.rung and state.total >= 5 and now >= 2_000_000 else ()


def next_due(state, now, policy):
    return Instant(2_000_000) if not state.rung and state.total >= 5 else None


TOY = Part(
    name="toy",
    commands=frozenset({Add, Save, Ring}),
    empty=Sum(),
    decide=decide,
    evolve=evolve,
    due=due,
    next_due=next_due,
    policy=10,
)


class Paper:
    """A ledger that commits when told to."""

    def __init__(self):
        self.rows, self.replies, self.waiting, self.spilled = [], {}, [], []
        self.spill_error = None

    def commit(self, request, events, at, reply):
        done = defer.Deferred()
        self.waiting.append((done, request, events, reply))
        return done

    def reply_of(self, request):
        return self.replies.get(request)

    def spill(self, events, at):
        if self.spill_error:
            raise self.spill_error
        self.spilled += events

    def flush(self, error=None):
        waiting, self.waiting = self.waiting, []
        for done, request, events, reply in waiting:
            if error:
                done.errback(error)
                continue
            self.rows += events
            if request:
                self.replies[request] = reply
            done.callback(len(self.rows))


class Room:
    def __init__(self, paper=None):
        self.paper = paper or Paper()
        self.clock = task.Clock()
        self.told, self.fatal = [], []
        self.desk = Desk(
            self.paper,
            [TOY],
            self.clock,
            lambda: Instant(int(self.clock.seconds() * 1e6)),
            on_durable=lambda events, at: self.told.extend(events),
            on_fatal=self.fatal.append,
        )

    def ask(self, wish, request="r1", by=LI):
        heard = []
        self.desk.handle(Request(id=request, by=by, command=wish)).addCallback(heard.append)
        return heard


@pytest.fixture
def room():
    made = Room()
    yield made
    made.desk.stop()
    assert not made.clock.getDelayedCalls()


def test_nobody_hears_of_it_before_it_is_written_down(room):
    heard = room.ask(Add(amount=3))
    assert heard == [] and room.told == [] and room.desk.states["toy"].total == 0
    room.paper.flush()
    assert heard[0].ok and heard[0].position == 1
    assert room.told == [Added(amount=3)] and room.desk.states["toy"].total == 3


def test_decisions_stand_on_decided_state_not_on_durable_state(room):
    room.ask(Add(amount=8), "a")
    refused = room.ask(Add(amount=3), "b")
    room.paper.flush()
    assert not refused[0].ok and refused[0].en == "too much" and refused[0].zh == "太多"
    assert [type(row[0]).__name__ for row in room.paper.rows] == ["Added", "CommandRefused"]


def test_the_same_request_gets_the_same_reply_while_open_and_later(room):
    first, second = room.ask(Add(amount=3), "a"), room.ask(Add(amount=3), "a")
    room.paper.flush()
    third = room.ask(Add(amount=3), "a")
    assert first[0].ok and second == first and third[0].ok
    assert room.desk.states["toy"].total == 3


def test_after_a_restart_the_same_request_still_gets_the_same_reply(room):
    room.ask(Add(amount=3), "a")
    room.paper.flush()
    again = Room(room.paper)
    again.desk.replay([row[0] for row in room.paper.rows], 1)
    assert again.ask(Add(amount=3), "a")[0].ok
    assert again.desk.states == {"toy": Sum(total=3)} and not room.paper.waiting


def test_what_falls_due_is_done_once_at_its_time(room):
    room.desk.start()
    room.ask(Add(amount=6))
    room.paper.flush()
    room.clock.advance(1.9)
    assert not room.paper.waiting
    room.clock.advance(0.2)
    room.paper.flush()
    room.clock.advance(10)
    room.paper.flush()
    assert room.told.count(Rung()) == 1


def test_a_full_disk_refuses_daily_work_but_lets_life_safety_out(room):
    daily, save = room.ask(Add(amount=1), "a"), room.ask(Save(amount=2), "b")
    room.paper.flush(Unwritable("disk full"))
    assert daily[0].code == "unavailable" and save[0].ok
    assert room.desk.states["toy"].total == 2 and room.paper.spilled == [(Added(amount=2), "li")]
    assert room.ask(Add(amount=1), "c")[0].code == "unavailable"
    assert room.ask(Save(amount=1), "d")[0].ok
    room.desk.recovered()
    room.ask(Add(amount=1), "e")
    room.paper.flush()
    assert room.desk.states["toy"].total == 4 and room.fatal == []


def test_what_is_due_and_cannot_be_written_down_is_not_tried_two_hundred_times_a_second(room):
    asked = []
    room.paper.reply_of = lambda request: asked.append(request)
    room.ask(Save(amount=5), "a")
    room.paper.flush(Unwritable("disk full"))
    for _ in range(1_200):
        room.clock.advance(0.01)
    assert room.desk.degraded and not room.desk.states["toy"].rung
    assert 5 <= sum(request.startswith("due:") for request in asked) <= 20


def test_not_even_a_failing_spill_file_stops_life_safety(room):
    room.paper.spill_error = OSError("read only")
    save = room.ask(Save(amount=2), "b")
    room.paper.flush(Unwritable("disk full"))
    assert save[0].ok and room.desk.states["toy"].total == 2


def test_a_bug_in_the_journal_ends_the_process_instead_of_going_on(room):
    room.ask(Add(amount=1))
    room.paper.flush(ValueError("bug"))
    assert len(room.fatal) == 1 and room.told == []


def test_an_order_without_effect_is_answered_at_once(room):
    assert room.ask(Add(amount=0))[0].ok and not room.paper.waiting


def test_a_flood_of_refusals_does_not_flood_the_journal(room):
    for n in range(200):
        room.ask(Add(amount=99), f"r{n}")
    room.paper.flush()
    assert len(room.paper.rows) == 60 and room.desk.refused == 200


def test_a_command_nobody_obeys_is_refused_in_words(room):
    @command("toy.orphan", right="view")
    class Orphan(Command):
        pass

    heard = room.ask(Orphan())
    room.paper.flush()
    assert heard[0].en == "nobody here obeys toy.orphan"


def test_a_bug_in_one_decision_is_answered_and_the_next_command_still_goes(room):
    (reply,) = room.ask(Add(amount="seven"))
    assert reply.code == "bug" and reply.zh and not reply.ok
    assert room.paper.waiting == [] and room.desk.states == {"toy": Sum()}
    heard = room.ask(Add(amount=3), "r2")
    room.paper.flush()
    assert heard[0].ok
    assert room.ask(Add(amount="eight"))[0].code == "bug", "the request is not left open"
    assert not room.fatal
