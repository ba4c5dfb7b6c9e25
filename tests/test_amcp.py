"""AMCP: lines both ways, answers by number, and a simulated server under every fault."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from studio_kit import Room, served, wired

from devices.amcp import (
    MOST_LINE,
    MOST_LINES,
    NUMBERS,
    AmcpWire,
    Answer,
    Command,
    place,
    words_of,
    write,
)
from devices.sim_amcp import MEDIA, Server
from devices.sim_studio import ON_EVERY_WIRE
from devices.turns import Answered, Declined, Garbled, Pace, Silent, Stray, Told
from station.words import Refused

PAGE = Path(__file__).parent.parent / "docs" / "protocols" / "amcp.md"
PLAY = Command(("PLAY", "1-10", "AMB"))


def test_a_command_is_a_line_with_its_number():
    assert write(PLAY, 7) == b"REQ 7 PLAY 1-10 AMB\r\n" and write(PLAY) == b"PLAY 1-10 AMB\r\n"
    assert write(Command(("PLAY", place(1), 'say "hi" \\ there'))) == b'PLAY 1 "say \\"hi\\" \\\\ there"\r\n'


def test_the_worked_example_of_the_page():
    asked, said = PAGE.read_text("utf-8").partition("```amcp\n")[2].partition("```")[0].splitlines()
    wire = AmcpWire()
    assert wire.asked(Command(("PLAY", place(1, 10), "寿县片头", "LOOP"))).decode() == asked + "\r\n"
    assert wire.feed(said.encode() + b"\r\n") == [Answered(Answer(code=202, command="PLAY"))]


@given(st.lists(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=12).filter(str.isprintable), min_size=1, max_size=5))  # fmt: skip
def test_words_are_read_as_they_were_written(words):
    assert words_of(write(Command(tuple(words))).decode().strip("\r\n")) == tuple(words)


@pytest.mark.parametrize("words", [(), ("",), ("PLAY", "a\r\nCLEAR 1"), ("PLAY", "\0")])
def test_a_word_never_carries_another_command(words):
    with pytest.raises(Refused) as refused:
        write(Command(words))
    assert refused.value.text.zh


def open_(*words, numbered=True):
    wire = AmcpWire(numbered=numbered)
    wire.asked(Command(words or ("PLAY", "1-10", "AMB")))
    return wire


@pytest.mark.parametrize(
    ("words", "said", "heard"),
    [
        (("PLAY",), b"RES 1 202 PLAY OK\r\n", Answered(Answer(code=202, command="PLAY"))),
        (
            ("version",),
            b"RES 1 201 VERSION OK\r\n2.3\r\n",
            Answered(Answer(code=201, command="VERSION", lines=("2.3",))),
        ),
        (
            ("CLS",),
            b"RES 1 200 CLS OK\r\na\r\nb\r\n\r\n",
            Answered(Answer(code=200, command="CLS", lines=("a", "b"))),
        ),
        (("MIXER",), b"RES 1 202 MIXER OK\r\n", Answered(Answer(code=202, command="MIXER"))),
        (
            ("DATA", "LIST"),
            b"RES 1 200 DATA LIST OK\r\n\r\n",
            Answered(Answer(code=200, command="DATA LIST")),
        ),
        (("PLAY",), b"RES 1 404 PLAY FAILED\r\n", Declined("404", "no such media file")),
        (("PLAY",), b"RES 1 400 ERROR\r\nPLAY\r\n", Declined("400", "command not understood")),
        (("PLAY",), b"RES 1 599 PLAY FAILED\r\n", Declined("599", "unknown")),
        (("PLAY",), b"RES 1 202 STOP OK\r\n", Garbled("an answer to another command")),
        (("PLAY",), b"RES 1 302 PLAY OK\r\n", Garbled("an answer to another command")),
        (("PLAY",), b"RES 2 202 PLAY OK\r\n", Stray("an answer to another request")),
        (("PLAY",), b"202 PLAY OK\r\n", Stray("an answer to another request")),
        (("PLAY",), b"101 PLAY\r\n", Told("101 PLAY")),
        (("PLAY",), b"\r\n\xff\xfe\r\n", Stray("a line that is no answer")),
        (("PLAY",), b"x" * (MOST_LINE + 1), Garbled("an answer without an end")),
        (
            ("CLS",),
            b"RES 1 200 CLS OK\r\n" + b"a\r\n" * (MOST_LINES + 1),
            Garbled("an answer without an end"),
        ),
    ],
)
def test_what_a_server_says(words, said, heard):
    assert open_(*words).feed(said) == [heard]


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (400, "command not understood"), (401, "no such channel"), (402, "a parameter is missing"), (403, "a parameter is wrong"),
        (404, "no such media file"), (500, "failed inside the server"), (501, "failed inside the server"),
        (502, "the media file cannot be read"), (503, "the media file may not be read"),
    ],
)  # fmt: skip
def test_what_a_server_refuses_is_said_in_words(code, why):
    said = f"RES 1 {code} PLAY FAILED\r\n" + ("PLAY\r\n" if code == 400 else "")
    assert open_("PLAY").feed(said.encode()) == [Declined(str(code), why)]


def test_an_answer_may_come_in_pieces_and_is_cut_where_nothing_follows():
    wire, data = open_("CLS"), b"RES 1 200 CLS OK\r\na\r\n\r\n"
    found = [heard for n in range(len(data)) for heard in wire.feed(data[n : n + 1])]
    assert found == [Answered(Answer(code=200, command="CLS", lines=("a",)))] and not wire.holding
    wire = open_("CLS")
    assert wire.feed(data[:-2]) == [] and wire.holding
    assert wire.cut() == [Garbled("cut short")] and not wire.holding
    assert wire.feed(b"RES 1 202 CLS OK\r\n") == [Stray("an answer to another request")]


def test_numbers_go_round_and_an_old_server_is_asked_without():
    wire = AmcpWire()
    lines = [wire.asked(PLAY).split()[1] for _ in range(NUMBERS + 1)]
    assert lines[0] == lines[-1] == b"1" and lines[-2] == b"9999" and wire.numbered
    assert open_(numbered=False).feed(b"202 PLAY OK\r\n") == [Answered(Answer(code=202, command="PLAY"))]


PACE = Pace(gap=100_000)


def test_a_late_answer_is_known_by_its_number_and_nobody_waits_for_it():
    server = Server()
    room = Room(AmcpWire(), server, PACE)
    server.wire.on["late"] = 1200
    assert room.ask(PLAY) == Silent()
    server.wire.on.clear()
    assert room.turn.free_at() == 0 and room.value(Command(("VERSION",))).lines == ("2.3.0 simulated",)
    room.settle()
    assert room.strays == ["an answer to another request"] and server.layers["1-10"] == ["playing", "AMB"]


def test_a_server_obeys_and_lists_what_it_has():
    room = Room(AmcpWire(), server := Server(), PACE)
    assert room.value(Command(("PLAY", "1-10", "寿县片头"))).code == 202
    assert server.layers["1-10"] == ["playing", "寿县片头"]
    assert len(room.value(Command(("CLS",))).lines) == len(MEDIA)
    assert room.ask(Command(("PLAY", "9", "AMB"))) == Declined("401", "no such channel")
    assert room.ask(Command(("PLAY", "1", "none"))) == Declined("404", "no such media file")
    assert room.ask(Command(("NONE",))).code == "400" and room.ask(Command(("PLAY",))).code == "402"
    server.faults["old"] = 0
    assert room.ask(PLAY) == Silent()


@pytest.mark.parametrize("fault", [*ON_EVERY_WIRE, *Server.own])
def test_under_a_fault_no_wrong_state_is_believed_and_every_good_one_is(fault):
    server, dice = Server(), random.Random(2)
    room, good = Room(AmcpWire(), server, PACE), 0
    for _ in range(40):
        room.settle()
        server.wire.on.clear()
        struck = dice.random() < 0.3
        if struck:
            server.wire.on[fault] = 0
        server.layers["1"] = [dice.choice(("playing", "stopped")), f"C{dice.randrange(99)}"]
        said = room.ask(Command(("INFO", "1")))
        if isinstance(said, Answered):
            state, clip = server.layers["1"]
            assert said.value.lines == (f"<layer><state>{state}</state><clip>{clip}</clip></layer>",)
        good += struck or isinstance(said, Answered)
    assert good == 40


def test_a_server_is_asked_over_a_socket(capsys):
    server = Server()
    with served(server) as link:
        assert wired(capsys, "amcp", "play", 1, "NEWS 1", "--layer", 10, "--loop", "--link", link)[0] == 0
        assert server.layers["1-10"] == ["playing", "NEWS 1"]
        code, lines = wired(capsys, "amcp", "info", 1, "--layer", 10, "--link", link)
        assert code == 0 and "playing" in lines[0]["answer"]["lines"][0]
        code, lines = wired(capsys, "amcp", "raw", "PLAY", "9", "--link", link)
        assert code == 1 and lines[0]["code"] == "401"
        for words in (["version"], ["cls"], ["clear", 1, "--old"]):
            assert wired(capsys, "amcp", *words, "--link", link)[0] == 0


def test_lines_and_answers_may_be_as_long_as_they_may_be():
    wire = open_("CLS")
    assert wire.feed(b"RES 1 200 CLS OK\r\n" + b"x" * MOST_LINE) == [] and wire.holding
    rows = b"\r\n" + b"a\r\n" * (MOST_LINES - 1) + b"\r\n"
    (answer,) = wire.feed(rows)
    assert len(answer.value.lines) == MOST_LINES and len(answer.value.lines[0]) == MOST_LINE
