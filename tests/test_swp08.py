"""SW-P-08: golden frames, stuffing, acknowledgements, and a simulated router under every fault."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from studio_kit import Room, served, wired

from devices.sim_studio import ON_EVERY_WIRE
from devices.sim_swp08 import Router
from devices.swp08 import (
    ACKED,
    LONGEST,
    NAKED,
    Connect,
    Connected,
    Dump,
    DumpRequest,
    Frames,
    Interrogate,
    Other,
    Swp08Wire,
    Tally,
    frame,
    read,
    unframed,
    write,
)
from devices.turns import Answered, Declined, Garbled, Pace, Reply, Silent, Stray, Told
from station.words import Misheard, Refused

PAGE = Path(__file__).parent.parent / "docs" / "protocols" / "swp08.md"
OK = Reply(ACKED)

# -- golden bytes: the published tables of the specification (issue 4b) --------------------------------

GOLDEN = [
    (Interrogate(dest=2, level=1), "01 01 00 02"),
    (Connect(dest=2, source=4, level=1), "02 01 00 02 04"),
    (Connect(dest=300, source=900, level=2, matrix=3), "02 32 27 2C 04"),
    (Tally(dest=2, source=4, level=1), "03 01 00 02 04"),
    (Tally(dest=2, source=4, bad=True), "03 00 08 02 04"),
    (Connected(dest=1023, source=1023), "04 00 77 7F 7F"),
    (DumpRequest(level=1, matrix=2), "15 21"),
    (Dump(first=9, sources=(19, 20, 21)), "16 00 03 09 13 14 15"),
    (Dump(first=299, sources=(499,), level=4), "17 04 01 01 2B 01 F3"),
    (Dump(first=0, sources=()), "16 00 00 00"),
    (Interrogate(dest=0, level=19), "81 00 13 00 00"),
    (Connect(dest=299, source=1499, level=3), "82 00 03 01 2B 05 DB"),
    (Tally(dest=2000, source=1, matrix=16), "83 10 00 07 D0 00 01"),
    (Connected(dest=299, source=1499, level=3), "84 00 03 01 2B 05 DB"),
    (Other(8, b"\x01"), "08 01"),
]


@pytest.mark.parametrize(("message", "data"), GOLDEN)
def test_each_message_has_its_bytes_and_is_read_from_them(message, data):
    assert write(message) == bytes.fromhex(data) and read(bytes.fromhex(data)) == message


def test_a_status_byte_behind_an_extended_tally_is_passed_over():
    assert read(bytes.fromhex("83 00 00 07 D0 00 01 00")) == Tally(dest=2000, source=1)


def test_the_worked_example_of_the_page():
    asked, said = PAGE.read_text("utf-8").partition("```swp08\n")[2].partition("```")[0].splitlines()
    wire = Swp08Wire()
    assert wire.asked(Connect(dest=15, source=4)) == bytes.fromhex(asked)
    assert wire.feed(bytes.fromhex(said)) == [
        Told("acknowledged"),
        OK,
        Answered(Connected(dest=15, source=4)),
    ]


def test_count_and_checksum_stand_behind_the_data_and_every_dle_is_doubled():
    assert frame(b"\x01\x00\x00\x10") == bytes.fromhex("10 02 01 00 00 10 10 04 EB 10 03")
    assert frame(bytes(16))[-5:] == bytes.fromhex("10 10 F0 10 03")  # the count is a DLE
    assert frame(b"\xef")[-5:] == bytes.fromhex("01 10 10 10 03")  # so is the checksum


@given(st.binary(min_size=1, max_size=255), st.integers(1, 9))
def test_data_is_found_whatever_it_holds_and_whatever_pieces_it_comes_in(data, size):
    stream, frames, found = b"\x03" + frame(data) + frame(data), Frames(), []
    for at in range(0, len(stream), size):
        found += frames.feed(stream[at : at + size])
    assert found == [data, data] and not frames.holding


POINTS = {"dest": st.integers(0, 65_535), "level": st.integers(0, 255), "matrix": st.integers(0, 255)}
SMALL = {"dest": st.integers(0, 1023), "source": st.integers(0, 1023), "level": st.integers(0, 15), "matrix": st.integers(0, 15), "bad": st.booleans()}  # fmt: skip


@given(
    st.one_of(
        st.builds(Interrogate, **POINTS),
        *(st.builds(kind, source=st.integers(0, 65_535), **POINTS) for kind in (Connect, Tally, Connected)),
        *(st.builds(kind, **SMALL) for kind in (Tally, Connected)),
        st.builds(Dump, first=st.integers(0, 70), sources=st.lists(st.integers(0, 65_535), max_size=64).map(tuple), level=st.integers(0, 15)),
    )
)  # fmt: skip
def test_messages_are_read_as_they_were_written(message):
    assert read(write(message)) == message


@pytest.mark.parametrize(
    "message",
    [Connect(dest=-1, source=0), Connect(dest=65_536, source=0), Connect(dest=0, source=-1), Connect(dest=0, source=65_536), Interrogate(dest=0, level=256), Interrogate(dest=0, matrix=-1),
     DumpRequest(level=16), Dump(first=0, sources=(), matrix=16)],
)  # fmt: skip
def test_what_no_message_carries_is_refused(message):
    with pytest.raises(Refused) as refused:
        write(message)
    assert refused.value.text.zh


@pytest.mark.parametrize("data", ["01", "01 00 00", "01 00 80 00", "02 00 00 00", "03 00 00 00 80", "81 00", "82 00 00 00 00", "83 00 00 00 00 00", "16", "16 00 00", "16 00 02 00 01", "17 00 01 00 00 00"])  # fmt: skip
def test_a_message_of_a_wrong_form_is_misheard(data):
    with pytest.raises(Misheard) as said:
        read(bytes.fromhex(data))
    assert said.value.text.zh


def test_a_short_request_for_a_table_is_a_message_not_known():
    assert read(b"\x15") == Other(21, b"")


def test_no_frame_carries_nothing_or_too_much():
    for data in (b"", bytes(256)):
        with pytest.raises(ValueError, match="no frame"):
            frame(data)


@pytest.mark.parametrize("body", [b"", b"\x01\x01", b"\x01\x02\xfd", b"\x01\x01\xff"])
def test_a_frame_whose_count_or_checksum_does_not_hold_is_misheard(body):
    with pytest.raises(Misheard):
        unframed(body)


@given(st.binary(min_size=1, max_size=20), st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte_is_never_another_message(data, at, flip):
    stream = bytearray(frame(data))
    stream[2 + at % (len(stream) - 4)] ^= flip
    assert not [one for one in Frames().feed(bytes(stream)) if isinstance(one, bytes)]


def test_damage_in_a_stream_is_told_and_the_next_frame_is_found():
    whole = frame(b"\x08")
    frames = Frames()
    first, second = frames.feed(whole[:4] + whole)
    assert first.code == "end" and second == b"\x08"
    assert frames.feed(b"\x10\x10\x10\x03\x10\x02\x01\x10\x09")[0].code == "control"
    assert frames.feed(b"\x10\x02" + bytes(LONGEST + 1))[0].code == "length" and not frames.holding
    assert frames.feed(whole[:3] + ACKED + NAKED + whole[3:]) == [True, False, b"\x08"]


# -- one question at a time -------------------------------------------------------------------------


def heard(ask, *messages):
    wire = Swp08Wire()
    if ask is not None:
        wire.asked(ask)
    return [one for message in messages for one in wire.feed(frame(write(message))) if one != OK]


def test_only_the_crosspoint_that_was_asked_for_is_an_answer():
    ask = Interrogate(dest=5, level=1)
    for other in (Tally(dest=4, source=1, level=1), Tally(dest=5, source=1), Tally(dest=5, source=1, level=1, matrix=1), Connected(dest=5, source=1, level=1)):  # fmt: skip
        assert heard(ask, other) == [Told(other)]
    good = Tally(dest=5, source=9, level=1)
    assert heard(ask, good) == [Answered(good)] and heard(None, good) == [Told(good)]


def test_somebody_elses_source_on_the_same_destination_is_no_yes():
    ask, mine, other = Connect(dest=5, source=9), Connected(dest=5, source=9), Connected(dest=5, source=8)
    assert heard(ask, other, mine) == [Told(other), Answered(mine)]
    assert heard(ask, Connected(dest=6, source=9)) == [Told(Connected(dest=6, source=9))]


def test_a_table_in_several_messages_is_answered_when_it_is_whole():
    parts = [Dump(first=0, sources=(7, 8)), Dump(first=2, sources=(9,))]
    whole = Answered(Dump(first=0, sources=(7, 8, 9)))
    assert heard(DumpRequest(count=3), *parts) == [Told(parts[0]), whole]
    assert heard(DumpRequest(), parts[1]) == [Answered(parts[1])]
    assert heard(DumpRequest(level=1), parts[0]) == [Told(parts[0])]


def test_every_good_frame_is_acknowledged_and_no_damaged_one():
    wire = Swp08Wire()
    assert wire.feed(frame(b"\x08")) == [OK, Told(Other(8, b""))]
    damaged = bytearray(frame(b"\x08\x01"))
    damaged[3] ^= 1
    assert wire.feed(bytes(damaged)) == [
        Reply(NAKED),
        Stray("the router sent a frame whose checksum does not hold"),
    ]
    assert wire.feed(frame(b"\x03\x00")) == [OK, Stray("the router sent a crosspoint of a wrong form")]


@pytest.mark.parametrize(("dest", "source", "level", "matrix", "command"), [(1023, 1023, 15, 15, 2), (1024, 0, 0, 0, 130), (0, 1024, 0, 0, 130), (0, 0, 16, 0, 130), (0, 0, 0, 16, 130), (65_535, 65_535, 255, 255, 130)])  # fmt: skip
def test_numbers_beyond_the_short_form_take_the_extended_one(dest, source, level, matrix, command):
    ask = Connect(dest=dest, source=source, level=level, matrix=matrix)
    assert write(ask)[0] == command and read(write(ask)) == ask


@pytest.mark.parametrize(
    ("first", "sources", "command"), [(0, (191,), 22), (0, (192,), 23), (190, (0,), 22), (191, (0,), 23)]
)
def test_tables_beyond_191_take_words(first, sources, command):
    made = Dump(first=first, sources=sources)
    assert write(made)[0] == command and read(write(made)) == made


def test_a_frame_may_be_as_long_as_it_may_be():
    data = bytes(range(255))
    assert Frames().feed(frame(data)) == [data]


def test_nak_is_no_and_ack_alone_is_no_answer():
    wire = Swp08Wire()
    wire.asked(Interrogate(dest=1))
    assert wire.feed(ACKED) == [Told("acknowledged")] and wire.waiting
    assert wire.feed(NAKED) == [Declined("NAK", "the router did not understand")]
    assert wire.feed(NAKED) == [Told("not acknowledged")]
    wire.asked(Interrogate(dest=1))
    assert (
        wire.feed(b"\x10\x02") == []
        and wire.holding
        and wire.cut() == [Garbled("cut short")]
        and not wire.holding
    )


PACE = Pace(gap=100_000)


def test_a_crosspoint_is_put_and_read_back_and_a_wrong_one_is_answered_by_silence():
    room = Room(Swp08Wire(), router := Router(200), PACE)
    assert room.value(Connect(dest=150, source=16)) == Connected(dest=150, source=16)
    assert room.value(Interrogate(dest=150)).source == 16 == router.points[150]
    assert room.value(DumpRequest(count=200)).sources == tuple(router.points)
    assert room.ask(Interrogate(dest=199)) == Answered(Tally(dest=199, source=199))
    assert room.ask(Interrogate(dest=200)) == Silent()
    router.faults["refuse"] = 0
    assert room.ask(Interrogate(dest=1)) == Declined("NAK", "the router did not understand")


@pytest.mark.parametrize("fault", ["stuck", "echo"])
def test_a_router_that_says_yes_and_does_another_thing_is_found_out(fault):
    router = Router()
    room = Room(Swp08Wire(), router, PACE)
    router.faults[fault] = router.wire.on[fault] = 0
    said = room.ask(Connect(dest=7, source=2))
    router.wire.on.clear()
    assert said == Silent() or room.value(Interrogate(dest=7)).source != 2


@pytest.mark.parametrize("fault", [*ON_EVERY_WIRE, *Router.own, "checksum"])
def test_under_a_fault_no_wrong_crosspoint_is_believed_and_every_good_one_is(fault):
    router, dice = Router(), random.Random(9)
    room, good = Room(Swp08Wire(), router, PACE), 0
    for _ in range(50):
        room.settle()
        held = router.faults if fault == "checksum" else router.wire.on
        held.clear()
        struck = dice.random() < 0.3
        if struck:
            held[fault] = 0
        dest = dice.randrange(64)
        router.points[dest] = dice.randrange(64)
        said = room.ask(Interrogate(dest=dest))
        if isinstance(said, Answered) and not (struck and fault == "echo"):
            assert said.value == Tally(dest=dest, source=router.points[dest])
        good += struck or isinstance(said, Answered)
    assert good == 50


def test_a_router_is_switched_over_a_socket(capsys):
    router = Router()
    with served(router) as link:
        code, lines = wired(capsys, "swp08", "route", 16, 5, "--link", link)
        assert code == 0 and (lines[-1]["holds"], lines[-1]["source"]) == (True, 5) and router.points[15] == 4
        assert wired(capsys, "swp08", "get", 16, "--link", link)[1][-1]["source"] == 5
        assert wired(capsys, "swp08", "dump", "--count", 64, "--link", link)[1][-1]["points"]["16"] == 5
        router.faults["stuck"] = 0
        code, lines = wired(capsys, "swp08", "route", 16, 6, "--link", link)
        assert code == 1 and lines[-1]["holds"] is False
