"""Sony 9-pin: golden bytes, what decks answer, and a simulated one under every fault."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from studio_kit import Room, served, wired

from devices import sony9, wire_face
from devices.sim_sony9 import MOVES, Deck
from devices.sim_studio import ON_EVERY_WIRE
from devices.sony9 import (
    DEVICE_TYPE,
    PLAY,
    STATES,
    STATUS,
    STOP,
    TIME,
    Device,
    Message,
    Raw,
    Sony9Wire,
    Status,
    cue,
    meaning,
    read,
    size_of,
    write,
)
from devices.timecode import TimeCode
from devices.turns import Answered, Declined, Garbled, Pace
from station.words import Misheard

PAGE = Path(__file__).parent.parent / "docs" / "protocols" / "sony9.md"
NOON = TimeCode(hour=12, minute=34, second=56, frame=7)

GOLDEN = [
    (STOP, "20 00 20"),
    (PLAY, "20 01 21"),
    (sony9.RECORD, "20 02 22"),
    (sony9.STANDBY_OFF, "20 04 24"),
    (sony9.STANDBY_ON, "20 05 25"),
    (sony9.EJECT, "20 0F 2F"),
    (sony9.FORWARD, "20 10 30"),
    (sony9.REWIND, "20 20 40"),
    (DEVICE_TYPE, "00 11 11"),
    (STATUS, "61 20 0A 8B"),
    (TIME, "61 0C 03 70"),
    (cue(NOON), "24 31 07 56 34 12 F8"),
    (Message(kind=1, code=0x01), "10 01 11"),
    (Message(kind=1, code=0x12, data=b"\x01"), "11 12 01 24"),
]


@pytest.mark.parametrize(("message", "data"), GOLDEN)
def test_each_message_has_its_bytes_and_is_read_from_them(message, data):
    assert write(message) == bytes.fromhex(data) and read(bytes.fromhex(data)) == message
    assert size_of(bytes.fromhex(data)[0]) == len(bytes.fromhex(data))


def test_the_worked_example_of_the_page():
    asked, said = PAGE.read_text("utf-8").partition("```sony9\n")[2].partition("```")[0].splitlines()
    wire = Sony9Wire()
    assert wire.asked(TIME) == bytes.fromhex(asked) and wire.feed(bytes.fromhex(said)) == [Answered(NOON)]


@given(st.builds(Message, kind=st.integers(0, 15), code=st.integers(0, 255), data=st.binary(max_size=15)), st.integers(0, 99), st.integers(1, 255))  # fmt: skip
def test_messages_are_read_as_they_were_written_and_never_with_a_changed_byte(message, at, flip):
    data = bytearray(write(message))
    assert read(bytes(data)) == message
    data[at % len(data)] ^= flip
    with pytest.raises(Misheard):
        read(bytes(data))


@pytest.mark.parametrize(
    "message", [Message(kind=16, code=0), Message(kind=0, code=-1), Message(kind=0, code=0, data=bytes(16))]
)
def test_what_no_message_carries_is_not_written(message):
    with pytest.raises(ValueError, match="no message"):
        write(message)


def test_a_frame_that_is_none_is_misheard():
    for data in (b"", b"\x20\x00", b"\x20\x00\x20\x00"):
        with pytest.raises(Misheard):
            read(data)


# -- answers ----------------------------------------------------------------------------------------

ACK = Message(kind=1, code=0x01)


def reply(code, data, kind=7):
    return Message(kind=kind, code=code, data=bytes.fromhex(data))


@pytest.mark.parametrize(
    ("ask", "answer", "value"),
    [
        (PLAY, ACK, True),
        (DEVICE_TYPE, reply(0x11, "20 25", kind=1), Device(0x2025)),
        (TIME, reply(0x04, "07 56 34 12"), NOON),
        (TIME, reply(0x06, "07 56 34 12 00 00 00 00"), NOON),
        (STATUS, reply(0x20, "21 01 80"), Status(states=("local", "no cassette", "playing", "servo locked"), data=b"\x21\x01\x80")),
        (STATUS, reply(0x20, "00 20 03 00 00 00 00 00 00 00"), Status(states=("stopped", "cued", "still"), data=bytes.fromhex("002003") + bytes(7))),
        (Message(kind=6, code=0x2E), reply(0x2E, "40"), Raw(0x2E, b"\x40")),
    ],
)  # fmt: skip
def test_what_a_deck_says(ask, answer, value):
    assert meaning(ask, answer) == value


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (PLAY, reply(0x20, "00 00 00")), (PLAY, reply(0x01, "00", kind=1)), (DEVICE_TYPE, ACK), (DEVICE_TYPE, reply(0x11, "20", kind=1)),
        (DEVICE_TYPE, reply(0x11, "20 25")), (TIME, ACK), (TIME, reply(0x20, "00 00 00 00")), (TIME, reply(0x04, "00 00 00")),
        (TIME, reply(0x04, "00 00 00 24")), (STATUS, reply(0x04, "00 00 00 00")), (STATUS, reply(0x20, "00 00")),
        (STATUS, reply(0x20, "00" * 11)), (STATUS, reply(0x20, "00 00 00", kind=1)),
    ],
)  # fmt: skip
def test_an_answer_to_another_question_is_misheard(ask, answer):
    with pytest.raises(Misheard) as said:
        meaning(ask, answer)
    assert said.value.text.zh


@pytest.mark.parametrize(
    ("data", "state"),
    [
        ("01 00 00", "local"), ("10 00 00", "no reference"), ("20 00 00", "no cassette"), ("00 01 00", "playing"),
        ("00 02 00", "recording"), ("00 04 00", "fast forward"), ("00 08 00", "rewinding"), ("00 10 00", "ejecting"),
        ("00 20 00", "stopped"), ("00 80 00", "standby"), ("00 00 01", "cued"), ("00 00 02", "still"), ("00 00 04", "backwards"),
        ("00 00 08", "varying"), ("00 00 10", "jogging"), ("00 00 20", "shuttling"), ("00 00 80", "servo locked"),
    ],
)  # fmt: skip
def test_each_state_has_its_bit(data, state):
    assert meaning(STATUS, reply(0x20, data)).states == (state,) and state in STATES.values()


def heard(ask, data):
    wire = Sony9Wire()
    if ask is not None:
        wire.asked(ask)
    return wire.feed(data)


def test_an_answer_is_that_of_the_open_question_alone():
    assert heard(PLAY, write(ACK)) == [Answered(True)] and heard(None, write(ACK)) == [
        Garbled("an answer to nothing")
    ]
    assert heard(STATUS, write(ACK)) == [Garbled("the deck answered another question")]
    assert heard(PLAY, bytes.fromhex("11 12 05 28")) == [Declined("05", "unknown command, checksum error")]
    assert heard(PLAY, bytes.fromhex("11 12 00 23")) == [Declined("00", "unknown")]


@pytest.mark.parametrize("code", [0x00, 0x01, 0x04, 0x06, 0x14, 0x16])
def test_a_time_may_come_from_tape_picture_or_timer(code):
    assert meaning(TIME, reply(code, "07 56 34 12")) == NOON
    for other in (code ^ 0x02, 0x05, 0x07, 0x15, 0x17):
        if other not in (0x00, 0x01, 0x04, 0x06, 0x14, 0x16):
            with pytest.raises(Misheard):
                meaning(TIME, reply(other, "07 56 34 12"))


def test_behind_damage_everything_is_thrown_away():
    wire = Sony9Wire()
    wire.asked(PLAY)
    assert wire.feed(b"\x10\x01\x12" + write(ACK)) == [
        Garbled("the deck sent a message whose checksum does not hold")
    ]
    assert not wire.holding and not wire.waiting
    wire.asked(PLAY)
    assert wire.feed(b"\x10") == [] and wire.holding and wire.cut() == [Garbled("cut short")]


PACE = Pace(timeout=200_000, late=300_000, gap=50_000)


def test_a_tape_is_cued_and_played():
    room = Room(Sony9Wire(), deck := Deck(), PACE)
    assert (
        room.ask(cue(TimeCode(hour=10, minute=2, second=3, frame=0))) == Answered(True)
        and deck.seconds == 36_123
    )
    assert (
        room.value(STATUS).states == ("stopped", "cued", "still") and str(room.value(TIME)) == "10:02:03:00"
    )
    room.ask(PLAY)
    assert room.value(STATUS).states == ("playing",) and room.value(DEVICE_TYPE) == Device(0x2025)
    assert room.ask(Message(kind=2, code=0x77)) == Declined("01", "unknown command")
    deck.faults["local"] = 0
    assert isinstance(room.ask(STOP), Declined) and "local" in room.value(STATUS).states


@pytest.mark.parametrize("fault", [*ON_EVERY_WIRE, *Deck.own, "checksum"])
def test_under_a_fault_no_wrong_state_is_believed_and_every_good_one_is(fault):
    deck, dice = Deck(), random.Random(3)
    room, good = Room(Sony9Wire(), deck, PACE), 0
    for _ in range(60):
        room.settle()
        held = deck.faults if fault == "checksum" else deck.wire.on
        held.clear()
        struck = dice.random() < 0.3
        if struck:
            held[fault] = 400 if fault == "late" else 0
        deck.motion = dice.choice(list(MOVES.values()))
        said = room.ask(STATUS)
        if isinstance(said, Answered):
            assert tuple(said.value.data[1:3]) == deck.motion
        good += struck or isinstance(said, Answered)
    assert good == 60


def test_without_a_tape_nothing_holds(capsys, monkeypatch):
    monkeypatch.setattr(wire_face, "AGAIN", 1_000)
    deck = Deck()
    deck.faults["cassette"] = 0
    with served(deck) as link:
        for words in (("play",), ("record",), ("rewind",), ("cue", "10:00:05:00")):
            code, lines = wired(capsys, "sony9", *words, "--read-back", "--link", link)
            assert code == 1 and lines[0]["answer"] is True and lines[-1]["holds"] is False
            assert "no cassette" in lines[-1]["states"]
        assert wired(capsys, "sony9", "stop", "--read-back", "--link", link)[0] == 0
        deck.motion = MOVES[0x01]  # a deck that says both is not believed either
        assert wired(capsys, "sony9", "play", "--read-back", "--link", link)[0] == 1


def test_a_deck_is_played_over_a_socket(capsys):
    deck = Deck()
    with served(deck) as link:
        code, lines = wired(capsys, "sony9", "play", "--read-back", "--link", link)
        assert code == 0 and lines[-1] == {**lines[-1], "holds": True, "states": ["playing"]}
        assert wired(capsys, "sony9", "cue", "10:00:05:00", "--link", link)[0] == 0
        assert wired(capsys, "sony9", "time", "--link", link)[1][-1]["time"] == "10:00:05:00"
        assert wired(capsys, "sony9", "cue", "10:00:07:00", "--read-back", "--link", link)[0] == 0
        deck.faults["stuck"] = 0
        assert wired(capsys, "sony9", "play", "--read-back", "--link", link)[0] == 1
        assert wired(capsys, "sony9", "stop", "--link", link)[0] == 0
        for verb in ("status", "type"):
            assert wired(capsys, "sony9", verb, "--link", link)[0] == 0
    assert wired(capsys, "sony9", "cue", "x", "--link", "tcp:a:1")[0] == 2
