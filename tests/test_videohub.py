"""Videohub: blocks of the maker's manual, the state they tell, and a simulated router under every fault."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from studio_kit import Room, served, wired

from devices.sim_studio import ON_EVERY_WIRE
from devices.sim_videohub import Router
from devices.turns import Answered, Declined, Garbled, Pace, Stray, Told
from devices.videohub import (
    INPUTS,
    LOCKS,
    MOST_LINE,
    MOST_LINES,
    OUTPUTS,
    ROUTING,
    Block,
    Hub,
    Label,
    Lock,
    Ping,
    Query,
    Route,
    VideohubWire,
    block_of,
    entries,
    evolve,
    write,
)
from station.words import Refused

PAGE = Path(__file__).parent.parent / "docs" / "protocols" / "videohub.md"
NO = Declined("NAK", "the router does not know this, or will not")

# -- the manual's blocks ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "data"),
    [
        (Route(((7, 2),)), b"VIDEO OUTPUT ROUTING:\n7 2\n\n"),
        (Label(OUTPUTS, 7, "New output 8 label"), b"OUTPUT LABELS:\n7 New output 8 label\n\n"),
        (Lock(7, "F"), b"VIDEO OUTPUT LOCKS:\n7 F\n\n"),
        (Query(OUTPUTS), b"OUTPUT LABELS:\n\n"),
        (Ping(), b"PING:\n\n"),
    ],
)
def test_what_is_asked_has_the_bytes_of_the_manual(ask, data):
    assert VideohubWire().asked(ask) == data


def test_the_worked_example_of_the_page():
    asked, said = PAGE.read_text("utf-8").partition("```videohub\n")[2].partition("\n```")[0].split("---\n")
    wire = VideohubWire()
    assert wire.asked(Route(((7, 2),))).decode() == asked
    assert wire.feed(said.encode() + b"\n\n") == [Answered(True), Told(Block(ROUTING, ("7 2",)))]
    assert wire.hub.routes == {7: 2}


LINES = st.lists(
    st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1, max_size=20), max_size=5
)


@given(st.from_regex(r"[A-Z][A-Z ]{0,20}[A-Z]", fullmatch=True).filter(lambda text: text not in ("ACK", "NAK")), LINES, st.integers(1, 9))  # fmt: skip
def test_a_block_is_read_as_it_was_written_whatever_pieces_it_comes_in(header, lines, size):
    data, wire, found = write(Block(header, tuple(lines))).replace(b"\n", b"\r\n"), VideohubWire(), []
    for at in range(0, len(data), size):
        found += wire.feed(data[at : at + size])
    assert found == [Told(Block(header, tuple(lines)))] and not wire.holding


@pytest.mark.parametrize("block", [Block("lower"), Block(""), Block("A", ("",)), Block("A", ("a\nb",)), Block("A", ("x" * (MOST_LINE + 1),))])  # fmt: skip
def test_what_no_block_carries_is_not_written(block):
    with pytest.raises(ValueError, match="no block"):
        write(block)


@pytest.mark.parametrize("ask", [Route(()), Route(((-1, 0),)), Route(((0, 10_000),)), Label(INPUTS, 0, " "), Label(INPUTS, 0, "a\nACK"), Label(INPUTS, -1, "a"), Label(INPUTS, 0, "寿" * 200)])  # fmt: skip
def test_what_cannot_be_asked_is_refused(ask):
    with pytest.raises(Refused) as refused:
        block_of(ask)
    assert refused.value.text.zh


def test_a_router_is_known_by_what_it_told():
    wire = VideohubWire()
    for data in Router(4).session().greeting():
        wire.feed(data)
    hub = wire.hub
    assert (hub.version, hub.present, hub.model, hub.inputs, hub.outputs) == (
        "2.3",
        "true",
        "Simulated Videohub",
        4,
        4,
    )
    assert hub.input_labels[3] == "Camera 4" and hub.output_labels[0] == "Monitor 1"
    assert hub.routes == {0: 0, 1: 1, 2: 2, 3: 3} and set(hub.locks.values()) == {"U"}
    assert evolve(hub, Block("ALARM STATUS", ("Fan: fine",))) == hub
    assert evolve(hub, Block(ROUTING, ("2 0", "x", "3 VTR", "3"))).routes == {0: 0, 1: 1, 2: 0, 3: 3}
    fresh = evolve(hub, Block("VIDEOHUB DEVICE", ("Device present: needs_update", "Video inputs: many")))
    assert fresh == Hub(version="2.3", present="needs_update")


# -- one question at a time -------------------------------------------------------------------------


def open_(ask):
    wire = VideohubWire()
    wire.asked(ask)
    return wire


def test_an_acknowledgement_is_that_of_the_open_question_alone():
    wire = open_(Ping())
    assert wire.feed(b"ACK\n\n") == [Answered(True)] and wire.feed(b"ACK\n\n") == [
        Stray("an acknowledgement of nothing")
    ]
    assert open_(Ping()).feed(b"NAK\n\n") == [NO]
    wire = open_(Query(LOCKS))
    assert (
        wire.feed(b"ACK\n\nACK\n\n") == [Told(Block("ACK")), Stray("an acknowledgement of nothing")]
        and wire.waiting
    )


def test_a_query_is_answered_by_the_whole_table_not_by_one_change():
    wire = open_(Query(ROUTING))
    wire.hub = Hub(outputs=2)
    assert wire.feed(b"VIDEO OUTPUT ROUTING:\n0 1\n1 1\n\n") == [Told(Block(ROUTING, ("0 1", "1 1")))]
    assert wire.feed(b"ACK\n\nVIDEO OUTPUT ROUTING:\n0 0\n\n")[1] == Told(Block(ROUTING, ("0 0",)))
    assert wire.feed(b"OUTPUT LABELS:\n0 a\n1 b\n\n") == [Told(Block(OUTPUTS, ("0 a", "1 b")))]
    assert wire.feed(b"VIDEO OUTPUT ROUTING:\n0 0\n1 1\n\n") == [Answered(Block(ROUTING, ("0 0", "1 1")))]
    wire = open_(Query("SERIAL PORT LOCKS"))
    assert wire.feed(b"ACK\n\nSERIAL PORT LOCKS:\n\n")[1] == Answered(Block("SERIAL PORT LOCKS"))


def test_what_is_no_block_is_garbled_and_blank_lines_are_nothing():
    assert open_(Ping()).feed(b"\n\n\nhello\n\n") == [Garbled("a block without a header")]
    assert VideohubWire().feed(b"hello:\n\n") == [Stray("a block without a header")]
    assert VideohubWire().feed(b"ACK\nx\n\n") == [Stray("a block without a header")]
    assert open_(Ping()).feed(b"x" * (MOST_LINE + 1)) == [Garbled("a block without an end")]
    wire = open_(Ping())
    assert wire.feed(b"A:\n" * (MOST_LINES + 1)) == [Garbled("a block without an end")] and not wire.holding
    wire = open_(Ping())
    assert (
        wire.feed(b"A:\n1") == []
        and wire.holding
        and wire.cut() == [Garbled("cut short")]
        and not wire.holding
    )


PACE = Pace(gap=100_000)


def test_a_crosspoint_is_put_and_read_back():
    router = Router()
    room = Room(VideohubWire(), router, PACE)
    room.settle()
    assert room.ask(Route(((7, 2), (0, 3)))) == Answered(True)
    assert entries(room.value(Query(ROUTING)))[7] == "2" and router.tables[ROUTING][0] == "3"
    assert room.ask(Label(INPUTS, 2, "县台一号机")) == Answered(True)
    assert entries(room.value(Query(INPUTS)))[2] == "县台一号机"
    assert room.ask(Route(((99, 2),))) == NO
    router.faults["locked"] = 0
    assert room.ask(Lock(7, "U")) == NO and room.ask(Ping()) == Answered(True)


@pytest.mark.parametrize("fault", ["stuck", "echo"])
def test_a_router_that_says_yes_and_does_another_thing_is_found_out_by_reading_back(fault):
    router = Router()
    room = Room(VideohubWire(), router, PACE)
    room.settle()
    router.faults[fault] = router.wire.on[fault] = 0
    assert room.ask(Route(((7, 2),))) == Answered(True)
    router.wire.on.clear()
    assert entries(room.value(Query(ROUTING)))[7] != "2"


@pytest.mark.parametrize("fault", [*ON_EVERY_WIRE, *Router.own])
def test_under_a_fault_no_wrong_crosspoint_is_believed_and_every_good_one_is(fault):
    router, dice = Router(4), random.Random(4)
    room, good = Room(VideohubWire(), router, PACE), 0
    room.settle()
    for _ in range(40):
        room.settle()
        router.wire.on.clear()
        struck = dice.random() < 0.3
        if struck:
            router.wire.on[fault] = 0
        router.tables[ROUTING] = [str(dice.randrange(4)) for _ in range(4)]
        said = room.ask(Query(ROUTING))
        if isinstance(said, Answered) and fault != "garbage":
            assert [entries(said.value).get(n) for n in range(4)] == router.tables[ROUTING]
        good += struck or isinstance(said, Answered)
    assert good == 40


# -- the command line -------------------------------------------------------------------------------


def test_a_router_is_switched_over_a_socket(capsys):
    router = Router()
    with served(router) as link:
        code, lines = wired(capsys, "videohub", "route", 8, 3, "--link", link)
        assert code == 0 and (lines[-1]["holds"], lines[-1]["output"], lines[-1]["input"]) == (True, 8, 3)
        router.faults["stuck"] = 0
        code, lines = wired(capsys, "videohub", "route", 8, 4, "--link", link)
        assert code == 1 and (lines[-1]["holds"], lines[-1]["input"]) == (False, 3)
        router.faults.clear()
        for words in (["label", "input", 1, "县台"], ["lock", 8, "lock"], ["ping"]):
            assert wired(capsys, "videohub", *words, "--link", link)[0] == 0
        assert wired(capsys, "videohub", "get", "routes", "--link", link)[1][-1]["routes"]["8"] == 3
        assert wired(capsys, "videohub", "get", "inputs", "--link", link)[1][-1]["inputs"]["1"] == "县台"
    assert router.tables[LOCKS][7] == "O"


def test_blocks_may_be_as_long_as_they_may_be():
    wire = VideohubWire()
    assert wire.feed(b"A B:\n" + b"x" * MOST_LINE) == []
    (told,) = wire.feed(b"\n" + b"1 a\n" * (MOST_LINES - 2) + b"\n")
    assert len(told.value.lines) == MOST_LINES - 1
    assert write(Block("A", ("x" * MOST_LINE,))) and block_of(Route(((9999, 9999),)))
