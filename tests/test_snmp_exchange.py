"""One SNMP agent, asked: only its own timely answer to this very question is believed, whatever else comes."""

import random

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices import sim_plant, sim_snmp, snmp, snmp_usm
from devices.heard import Answered, Declined, Garbled, Stray
from devices.sim_modbus import Faults
from devices.sim_ups import Ups
from devices.snmp import Binding, Get, Next, Pdu, Set
from devices.snmp_access import Community, User
from devices.snmp_exchange import LATE_KEPT, Exchange, Send
from devices.snmp_usm import Engine

MINUTES, STATUS = "1.3.6.1.2.1.33.1.2.3.0", "1.3.6.1.2.1.33.1.2.1.0"
NOW = 1_800_000_000_000_000
ASK = Get((MINUTES, STATUS))
FIRST = 4_827_100  # request id after 100


class Table:
    """An exchange and a simulated agent, without a wire in between."""

    def __init__(self, word="public"):
        self.seconds = 0.0
        self.model, self.faults = Ups(), Faults()
        living = sim_plant.Living(self.model, lambda: self.seconds)
        self.agent = sim_snmp.Agent(self.model, living, self.faults, b"public")
        self.exchange = Exchange(Community(word), 100)

    def ask(self, ask=ASK):
        """What comes of each datagram that the agent sends."""
        data = self.exchange.asked(ask, NOW)
        return [self.exchange.fed(answer, NOW) for _, answer, _ in self.agent.answers(data)]


def test_an_agent_answers_what_was_asked():
    ((minutes, status),) = [heard.value for heard in Table().ask()]
    assert minutes == Binding(MINUTES, "integer", 60) and status == Binding(STATUS, "integer", 2)


def test_what_follows_an_object_is_a_later_one_and_the_end_is_told():
    table = Table()
    (heard,) = table.ask(Next((MINUTES, "1.3.6.1.3")))
    assert [(one.oid, one.kind) for one in heard.value] == [
        ("1.3.6.1.2.1.33.1.2.4.0", "integer"),
        ("1.3.6.1.3", "end"),
    ]


def test_an_agent_that_will_not_be_written_says_so_and_which():
    (heard,) = Table().ask(Set((Binding(MINUTES, "integer", 5),)))
    assert heard == Declined(17, f"notWritable {MINUTES}")


def test_whoever_does_not_know_the_word_hears_nothing():
    assert Table("private").ask() == []


OUTCOMES = {
    "number": Stray(why="unasked"), "community": Stray(why="secret"), "garbage": Stray(why="garbled"),
    "cut": Stray(why="garbled"), "other": Garbled(why="other objects than were asked for"),
    "short": Garbled(why="other objects than were asked for"), "error": Declined(5, f"genErr {MINUTES}"),
}  # fmt: skip


@pytest.mark.parametrize("fault", OUTCOMES)
def test_each_fault_has_its_word(fault):
    table = Table()
    table.model.faults[fault] = 0
    assert table.ask() == [OUTCOMES[fault]]


def test_a_stray_leaves_the_question_open_and_its_answer_is_still_believed():
    table = Table()
    data = table.exchange.asked(ASK, NOW)
    (good,) = table.agent.answers(data)
    for fault in ("number", "community", "garbage"):
        table.model.faults = {fault: 0}
        (bad,) = table.agent.answers(data)
        assert isinstance(table.exchange.fed(bad[1], NOW), Stray)
    assert isinstance(table.exchange.fed(good[1], NOW), Answered)
    assert table.exchange.fed(good[1], NOW) == Stray(why="late")


def test_an_answer_given_up_is_late_and_never_the_next_ones():
    table = Table()
    first = table.exchange.asked(ASK, NOW)
    table.exchange.give_up()
    ((_, late, _),) = table.agent.answers(first)
    table.model.charge = 0.5
    second = table.exchange.asked(ASK, NOW)
    assert table.exchange.fed(late, NOW) == Stray(why="late")
    ((_, good, _),) = table.agent.answers(second)
    assert table.exchange.fed(good, NOW).value[0].value == 30
    for _ in range(LATE_KEPT + 1):
        table.exchange.asked(ASK, NOW)
    assert table.exchange.fed(late, NOW) == Stray(why="unasked")


def test_a_trap_and_a_request_are_no_answers():
    exchange = Exchange(Community("public"), 100)
    exchange.asked(ASK, NOW)
    assert exchange.fed(sim_snmp.trap(b"public", 100, (1, 3, 6, 1, 1), []), NOW) == Stray(why="unasked")
    assert exchange.fed(snmp.frame(snmp.pdu(ASK, FIRST), b"public"), NOW) == Stray(why="garbled")


def test_request_ids_never_come_again_soon_and_what_cannot_be_asked_opens_nothing():
    exchange = Exchange(Community("x"), snmp.NUMBERS - 1)
    with pytest.raises(ValueError, match="no object name"):
        exchange.asked(Get(("x",)), NOW)
    numbers = [snmp_number(exchange.asked(ASK, NOW)) for _ in range(500)]
    assert len(set(numbers)) == 500 and min(numbers) > 0 and max(numbers) < snmp.NUMBERS
    assert not {number + 1 for number in numbers} & set(numbers)


def snmp_number(data):
    return int.from_bytes(sim_snmp.understood(data).number, "big")


@pytest.mark.parametrize(
    ("ask", "rows"),
    [
        (Set((Binding(MINUTES, "integer", 5),)), (Binding(MINUTES, "integer", 6),)),
        (Next((MINUTES,)), (Binding(MINUTES, "integer", 6),)),
        (Next((MINUTES,)), (Binding(STATUS, "integer", 6),)),
        (Next((MINUTES,)), ()),
        (Get((MINUTES, STATUS)), (Binding(STATUS, "integer", 6), Binding(MINUTES, "integer", 6))),
    ],
)
def test_other_objects_than_were_asked_for_are_not_believed(ask, rows):
    exchange = Exchange(Community("x"), 100)
    exchange.asked(ask, NOW)
    made = snmp.response(Pdu(said="inform", number=FIRST, bindings=rows))
    assert exchange.fed(snmp.frame(made, b"x"), NOW) == Garbled(why="other objects than were asked for")


@pytest.mark.parametrize(("status", "said"), [(18, "inconsistentName"), (19, "error 19"), (-1, "error -1")])
def test_a_refusal_that_no_standard_names_keeps_its_number(status, said):
    exchange = Exchange(Community("x"), 100)
    exchange.asked(ASK, NOW)
    made = snmp.response(Pdu(said="inform", number=FIRST, bindings=()))
    made["error-status"] = status
    assert exchange.fed(snmp.frame(made, b"x"), NOW) == Declined(status, said)


@pytest.mark.parametrize(("index", "said"), [(1, f"tooBig {MINUTES}"), (0, "tooBig"), (3, "tooBig")])
def test_a_refusal_names_the_object_where_it_tells(index, said):
    exchange = Exchange(Community("x"), 100)
    exchange.asked(ASK, NOW)
    made = snmp.response(Pdu(said="inform", number=FIRST, bindings=()))
    made["error-status"], made["error-index"] = 1, index
    assert exchange.fed(snmp.frame(made, b"x"), NOW) == Declined(1, said)


# -- v3 ---------------------------------------------------------------------------------------------

WANG = User(name="wang", auth="sha256", auth_key="authpass2", priv="aes128", priv_key="privpass2")
OPEN = User(name="open")
THERE = Engine(b"\x80\0\x1f\x88\4ups", 7, 500, NOW)
REPORT = "1.3.6.1.6.3.15.1.1.{}.0"


class Talk:
    """An exchange, and an engine of the test's own that says what the test wants."""

    def __init__(self, user=WANG, known=True):
        self.user, self.exchange, self.engine = user, Exchange(user, 100), THERE
        self.number = 100
        if known:
            self.ask()
            assert isinstance(self.report(4), Send)
            assert isinstance(self.say(), Answered)
            self.ask()

    def ask(self, ask=ASK):
        self.data = self.exchange.asked(ask, NOW)
        return self.data

    def fed(self, data, now=NOW):
        heard = self.exchange.fed(data, now)
        if isinstance(heard, Send):
            self.data = heard.data
        return heard

    @property
    def open(self):
        return snmp_usm.read(self.data).number

    def report(self, which, *, user=OPEN, engine=None, rows=True, number=None):
        made = snmp.rfc1905.ReportPDU()
        made["request-id"], made["error-status"], made["error-index"] = 0, 0, 0
        made["variable-bindings"].clear()
        if rows:
            snmp._filled(made, 0, (Binding(REPORT.format(which), "counter", 1),))
        return self.fed(
            snmp_usm.sealed(user, engine or self.engine, number or self.open, made, NOW, asks=False)
        )

    def say(self, *, user=None, engine=None, number=None, inner=None, trap=False):
        rows = (Binding(MINUTES, "integer", 42), Binding(STATUS, "integer", 2))
        number = number or self.open
        made = snmp.response(Pdu(said="inform", number=inner or number, bindings=rows))
        if trap:
            made = snmp._filled(snmp.rfc1905.SNMPv2TrapPDU(), number, rows)
        return self.fed(
            snmp_usm.sealed(user or self.user, engine or self.engine, number, made, NOW, asks=False)
        )


@pytest.mark.parametrize(
    "user", [WANG, OPEN, User(name="z", auth="md5", auth_key="12345678")], ids=lambda one: one.name
)
def test_v3_asks_who_is_there_then_asks_and_hears(user):
    talk = Talk(user, known=False)
    first = snmp_usm.read(talk.ask())
    assert (first.engine.id, first.user, first.flags) == (b"", b"", 4)
    assert isinstance(talk.report(4), Send)
    second = snmp_usm.read(talk.data)
    assert (second.engine.id, second.engine.boots, second.flags & 3) == (THERE.id, 7, snmp_usm.flags_of(user))
    assert talk.say().value[0].value == 42
    assert snmp_usm.read(talk.ask()).engine.id == THERE.id  # who is there is known now


def test_a_missed_time_is_put_right_once_and_only_by_a_signed_report():
    talk = Talk()
    ahead = attrs.evolve(THERE, boots=9, time=3)
    assert isinstance(talk.report(2, user=attrs.evolve(WANG, priv="", priv_key=""), engine=ahead), Send)
    assert (snmp_usm.read(talk.data).engine.boots, snmp_usm.read(talk.data).engine.time) == (9, 3)
    assert talk.say(engine=ahead).value[0].value == 42
    unsigned = Talk()
    assert unsigned.report(2, engine=ahead) == Declined(0, "notInTimeWindow")


def test_an_engine_that_was_replaced_is_asked_who_it_is():
    talk = Talk()
    other = attrs.evolve(THERE, id=b"\x80\0\x1f\x88\4new", boots=1, time=1)
    assert isinstance(talk.report(4, engine=other), Send)
    assert talk.say(engine=other).value[0].value == 42


def test_an_engine_that_never_knows_itself_is_asked_three_times_at_most():
    talk = Talk(known=False)
    talk.ask()
    assert isinstance(talk.report(4), Send) and isinstance(talk.report(4), Send)
    assert talk.report(4) == Declined(0, "unknownEngineID")


@pytest.mark.parametrize("identity", [b"", b"1234", bytes(33)])
def test_an_engine_without_a_proper_id_is_none(identity):
    talk = Talk(known=False)
    talk.ask()
    assert talk.report(4, engine=attrs.evolve(THERE, id=identity)) == Declined(0, "unknownEngineID")


@pytest.mark.parametrize(("which", "said"), [(1, "unsupportedSecLevel"), (3, "unknownUserName"), (5, "wrongDigest"), (9, REPORT.format(9))])  # fmt: skip
def test_a_report_that_cannot_be_put_right_ends_the_question(which, said):
    talk = Talk()
    assert talk.report(which) == Declined(0, said)
    assert talk.say() == Stray(why="late")


def test_a_report_of_nothing_is_garbled():
    assert Talk().report(1, rows=False) == Garbled(why="a report of nothing")


def test_what_is_not_signed_and_hidden_as_agreed_is_not_believed():
    talk = Talk()
    for user in (OPEN, attrs.evolve(WANG, priv="", priv_key=""), attrs.evolve(WANG, auth_key="wrongpass"), attrs.evolve(WANG, name="lin")):  # fmt: skip
        assert talk.say(user=user) == Stray(why="secret")
    assert talk.say(engine=attrs.evolve(THERE, id=b"\x80\0\x1f\x88\4bad")) == Stray(why="secret")
    assert talk.say().value[0].value == 42


def test_an_answer_before_the_engine_is_known_is_not_believed():
    talk = Talk(OPEN, known=False)
    talk.ask()
    assert talk.say() == Stray(why="secret")


def test_an_old_answer_is_not_believed():
    talk = Talk()
    for engine in (attrs.evolve(THERE, boots=6), attrs.evolve(THERE, time=THERE.time - 151)):
        assert talk.say(engine=engine) == Stray(why="window")
    assert talk.say(engine=attrs.evolve(THERE, time=THERE.time - 150)).value[0].value == 42


def test_numbers_and_kinds_must_fit():
    talk = Talk()
    assert talk.say(number=3) == Stray(why="unasked")
    assert talk.say(number=FIRST) == Stray(why="late")
    assert talk.say(trap=True) == Stray(why="unasked")
    assert talk.fed(bytes.fromhex("3003020101")) == Stray(why="garbled")
    assert talk.say(inner=5) == Garbled(why="another request id")
    assert talk.say() == Stray(why="late")


# -- the campaign -----------------------------------------------------------------------------------


def campaign(rounds, seed):
    """(wrong values believed, good answers, good answers believed) under faults of every kind, in any order."""
    dice, table = random.Random(seed), Table()
    coming = []  # datagrams on their way
    wrong = good = believed = 0
    names = [name for name in sim_snmp.WIRE if name not in ("stuck", "elsewhere", "missing")]
    for _ in range(rounds):
        table.model.charge = dice.random()
        table.model.faults = {dice.choice(names): 0} if dice.random() < 0.4 else {}
        truth = int(table.model.whole * table.model.charge)
        data = table.exchange.asked(Get((MINUTES,)), NOW)
        coming += [answer for _, answer, _ in table.agent.answers(data)]
        held = [one for one in coming if dice.random() < 0.1]  # comes later
        arriving = [one for one in coming if one not in held]
        dice.shuffle(arriving)
        sound = not table.model.faults and not held
        heard = [table.exchange.fed(one, NOW) for one in arriving]
        told = [one.value[0].value for one in heard if isinstance(one, Answered)]
        wrong += sum(value != truth for value in told)
        good += sound
        believed += sound and told == [truth]
        coming = held
        table.exchange.give_up()
    return wrong, good, believed


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=100))
def test_nothing_that_comes_escapes(data):
    plain, sealed = Exchange(Community("x")), Talk(WANG, known=False).exchange
    plain.asked(ASK, NOW)
    assert isinstance(plain.fed(data, NOW), Stray) and isinstance(sealed.fed(data, NOW), Stray)
