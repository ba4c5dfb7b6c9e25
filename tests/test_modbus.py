"""The Modbus/TCP codec: what is accepted, and above all what is not."""

import struct

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from devices.modbus import (
    EXCEPTIONS,
    Answered,
    Declined,
    Ear,
    Garbled,
    Read,
    Stray,
    WriteCoil,
    WriteCoils,
    answer_size,
    pdu,
    request,
)
from station.words import Misheard

INPUTS = Read(unit=3, table="input", address=10, count=2)
BITS = Read(unit=3, table="discrete", address=0, count=9)
COIL = WriteCoil(unit=3, address=7, on=True)


def frame(number, unit, pdu, *, protocol=0, length=None):
    """A frame packed here by hand: nothing of the codec's."""
    return struct.pack(">HHHB", number, protocol, len(pdu) + 1 if length is None else length, unit) + pdu


def asked(ask=INPUTS):
    ear = Ear()
    ear.asked(ask)
    return ear


RIGHT = bytes([4, 4, 0x12, 0x34, 0xAB, 0xCD])


@pytest.mark.parametrize(
    ("ask", "hexed"),
    [
        (Read(unit=1, table="coil", address=0x13, count=0x25), "0001000000060101 00130025"),
        (Read(unit=17, table="discrete", address=0xC4, count=0x16), "000100000006110200c40016"),
        (Read(unit=17, table="holding", address=0x6B, count=3), "000100000006 1103006b0003"),
        (Read(unit=17, table="input", address=8, count=1), "0001000000061104 00080001"),
        (WriteCoil(unit=17, address=0xAC, on=True), "000100000006110500acff00"),
        (WriteCoil(unit=255, address=0, on=False), "000100000006ff0500000000"),
    ],
)
def test_a_request_is_the_frame_of_the_standards_examples(ask, hexed):
    assert Ear().asked(ask) == bytes.fromhex(hexed)


@pytest.mark.parametrize(
    ("ask", "number"),
    [(INPUTS, 0), (INPUTS, 65_536), (Read(unit=256, table="input", address=0, count=1), 1)],
)
def test_what_no_frame_carries_is_not_sent(ask, number):
    with pytest.raises(ValueError, match="no frame carries"):
        request(ask, number)


@pytest.mark.parametrize(("address", "count"), [(65_536, 1), (0, 0), (0, 126)])
def test_what_no_read_may_ask_is_not_sent(address, count):
    with pytest.raises(ValueError, match="<="):
        Ear().asked(Read(unit=1, table="input", address=address, count=count))


def test_an_answer_that_fits_is_believed():
    assert asked().feed(frame(1, 3, RIGHT)) == [Answered((0x1234, 0xABCD))]
    assert asked(BITS).feed(frame(1, 3, bytes([2, 2, 0b10100101, 1]))) == [
        Answered((1, 0, 1, 0, 0, 1, 0, 1, 1))
    ]
    assert asked(COIL).feed(frame(1, 3, bytes([5, 0, 7, 0xFF, 0]))) == [Answered((1,))]


def test_an_exception_is_told_with_its_code():
    assert asked().feed(frame(1, 3, bytes([0x84, 6]))) == [Declined(6)]


# the traps: each was seen to be believed by a client in use, or is what a careless device sends
TRAPS = [
    ("late", frame(65_000, 3, RIGHT), Stray(why="unasked")),
    ("transaction 0", frame(0, 3, RIGHT), Stray(why="unasked")),
    ("another unit", frame(1, 4, RIGHT), Stray(why="unit")),
    ("one value too few", frame(1, 3, bytes([4, 2, 0x12, 0x34])), Garbled(why="count")),
    ("one value too many", frame(1, 3, bytes([4, 6, 1, 2, 3, 4, 5, 6])), Garbled(why="count")),
    ("a byte count that lies", frame(1, 3, bytes([4, 2, 0x12, 0x34, 0xAB, 0xCD])), Garbled(why="count")),
    ("less than its byte count", frame(1, 3, bytes([4, 4, 0x12, 0x34])), Garbled(why="count")),
    ("no byte count at all", frame(1, 3, bytes([4])), Garbled(why="count")),
    ("another function", frame(1, 3, bytes([3, 4, 0x12, 0x34, 0xAB, 0xCD])), Garbled(why="function")),
    ("an exception of another function", frame(1, 3, bytes([0x83, 2])), Garbled(why="function")),
    ("an exception without a code", frame(1, 3, bytes([0x84])), Garbled(why="exception of a wrong length")),
    (
        "an exception with values",
        frame(1, 3, bytes([0x84, 2, 0, 1])),
        Garbled(why="exception of a wrong length"),
    ),
]


@pytest.mark.parametrize(("data", "heard"), [trap[1:] for trap in TRAPS], ids=[trap[0] for trap in TRAPS])
def test_a_trap_gives_no_value(data, heard):
    assert asked().feed(data) == [heard]


@pytest.mark.parametrize(
    "pdu",
    [bytes([5, 0, 8, 0xFF, 0]), bytes([5, 0, 7, 0, 0]), bytes([5, 0, 7, 0xFF]), bytes([5, 0, 7, 0xFF, 1])],
)
def test_a_write_is_believed_by_its_own_echo_alone(pdu):
    assert asked(COIL).feed(frame(1, 3, pdu)) == [Garbled(why="echo")]


def test_a_late_answer_is_known_as_late_and_the_next_request_gets_its_own():
    ear = asked()
    ear.give_up()
    assert ear.feed(frame(1, 3, RIGHT)) == [Stray(why="late")]
    ear.asked(INPUTS)
    late, own = frame(1, 3, RIGHT), frame(2, 3, bytes([4, 4, 0, 1, 0, 2]))
    assert ear.feed(late + own) == [Stray(why="late"), Answered((1, 2))]
    assert ear.feed(own) == [Stray(why="unasked")]


def test_a_stray_ends_no_request():
    ear = asked()
    assert ear.feed(frame(1, 9, RIGHT)) == [Stray(why="unit")]
    assert ear.feed(frame(1, 3, RIGHT)) == [Answered((0x1234, 0xABCD))]


def test_giving_up_nothing_is_no_harm():
    ear = Ear()
    ear.give_up()
    assert ear.feed(frame(1, 3, RIGHT)) == [Stray(why="unasked")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(1, 3, RIGHT, protocol=1), "protocol"),
        (frame(1, 3, RIGHT, length=1), "length"),
        (frame(1, 3, RIGHT, length=255), "length"),
        (frame(1, 3, RIGHT, length=0x0106), "length"),
        (b"\r\nHTTP/1.1 200 OK", "protocol"),
    ],
)
def test_a_stream_that_is_no_modbus_is_given_up(data, code):
    with pytest.raises(Misheard) as said:
        asked().feed(data)
    assert said.value.code == code


def test_lengths_at_the_edges_are_read():
    """2, the least, is an answer that says nothing; 254, the most, a read of 125 registers with three bytes to spare."""
    assert asked().feed(frame(1, 3, bytes([4]))) == [Garbled(why="count")]
    most = Read(unit=3, table="input", address=0, count=125)
    assert len(asked(most).feed(frame(1, 3, bytes([4, 250]) + bytes(250)))[0].value) == 125
    assert asked(most).feed(frame(1, 3, bytes(253), length=254)) == [Garbled(why="function")]


@pytest.mark.parametrize("bad", [b"\0\1\0\1", b"\0\1\0\0\0\1", b"\0\1\0\0\0\xff"])
def test_rubbish_is_known_as_soon_as_it_can_be(bad):
    ear = asked()
    assert ear.feed(bad[:-1]) == []
    with pytest.raises(Misheard):
        ear.feed(bad[-1:])


def test_sixty_four_requests_given_up_are_remembered():
    ear = Ear()
    for _ in range(65):
        ear.asked(INPUTS)
        ear.give_up()
    assert [ear.feed(frame(number, 3, RIGHT))[0].why for number in (1, 2, 65)] == ["unasked", "late", "late"]


def test_every_exception_of_the_standard_has_its_name():
    assert sorted(EXCEPTIONS) == [1, 2, 3, 4, 5, 6, 8, 10, 11]


def test_transaction_numbers_begin_anew_after_the_last_and_pass_over_zero():
    ear = Ear()
    ear._last = 65_534
    numbers = [int.from_bytes(ear.asked(INPUTS)[:2], "big") for _ in range(3)]
    assert numbers == [65_535, 1, 2]


@given(cuts=st.lists(st.integers(0, 40), max_size=6), words=st.tuples(*[st.integers(0, 65_535)] * 2))
@settings(max_examples=60)
def test_it_does_not_matter_how_the_bytes_are_cut(cuts, words):
    data = frame(65_000, 3, RIGHT) + frame(1, 3, bytes([4, 4]) + struct.pack(">HH", *words))
    ear, heard = asked(), []
    at = 0
    for cut in [*sorted(cuts), len(data)]:
        heard += ear.feed(data[at:cut])
        at = max(at, cut)
    assert heard == [Stray(why="unasked"), Answered(words)]


ASKS = st.one_of(
    st.builds(
        Read,
        unit=st.integers(0, 255),
        table=st.sampled_from(["input", "holding"]),
        address=st.integers(0, 65_535),
        count=st.integers(1, 125),
    ),
    st.builds(
        Read,
        unit=st.integers(0, 255),
        table=st.sampled_from(["coil", "discrete"]),
        address=st.integers(0, 65_535),
        count=st.integers(1, 2000),
    ),
    st.builds(WriteCoil, unit=st.integers(0, 255), address=st.integers(0, 65_535), on=st.booleans()),
)


def fits(ask, data):
    """Whether the bytes are the one answer this request may have, judged by the standard's layout alone."""
    if len(data) < 9 or data[:2] != b"\0\1" or data[2:4] != b"\0\0" or data[6] != ask.unit:
        return False
    pdu = data[7:]
    if int.from_bytes(data[4:6], "big") != len(pdu) + 1:
        return False
    if isinstance(ask, WriteCoil):
        return pdu == struct.pack(">BHH", 5, ask.address, 0xFF00 if ask.on else 0)
    function = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}[ask.table]
    size = 2 * ask.count if function > 2 else (ask.count + 7) // 8
    return pdu[:2] == bytes([function, size % 256]) and len(pdu) == 2 + size


@st.composite
def nearly(draw):
    """A request, and its right answer with a few bytes changed, taken away or put in."""
    ask = draw(ASKS)
    if isinstance(ask, WriteCoil):
        pdu = struct.pack(">BHH", 5, ask.address, 0xFF00 if ask.on else 0)
    else:
        function = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}[ask.table]
        size = 2 * ask.count if function > 2 else (ask.count + 7) // 8
        pdu = bytes([function, size]) + draw(st.binary(min_size=size, max_size=size))
    data = bytearray(frame(1, ask.unit, pdu))
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, min(len(data) - 1, 14)))
        change = draw(st.sampled_from(["set", "cut", "put"]))
        if change == "set":
            data[at] = draw(st.integers(0, 255))
        elif change == "cut" and len(data) > 1:
            del data[at]
        else:
            data.insert(at, draw(st.integers(0, 255)))
    return ask, bytes(data)


@given(nearly())
@settings(max_examples=400)
def test_of_what_nearly_fits_nothing_but_the_fitting_is_believed(both):
    ask, data = both
    ear = asked(ask)
    try:
        heard = ear.feed(data)
    except Misheard:
        heard = []
    believed = [one for one in heard if isinstance(one, Answered)]
    assert bool(believed) == fits(ask, data) or len(data) > 6 + int.from_bytes(data[4:6], "big")
    for one in believed:
        assert len(one.value) == (1 if isinstance(ask, WriteCoil) else ask.count)
        assert fits(ask, data[: 6 + int.from_bytes(data[4:6], "big")])


@given(ask=ASKS, data=st.binary(max_size=80))
@example(ask=INPUTS, data=b"\0\1\0\0\0\7\3" + RIGHT)
@settings(max_examples=300)
def test_rubbish_is_survived_and_never_believed(ask, data):
    ear = asked(ask)
    try:
        heard = ear.feed(data)
    except Misheard:
        heard = []
    for one in heard:
        if isinstance(one, Answered):
            assert fits(ask, data[: 6 + int.from_bytes(data[4:6], "big")])


def test_an_answer_has_the_bytes_of_what_was_asked():
    sizes = [answer_size(Read(unit=1, table=table, address=0, count=9)) for table in ("coil", "input")]
    assert [*sizes, answer_size(COIL)] == [4, 20, 5]


def test_one_coil_may_be_written_as_many_may():
    assert pdu(WriteCoils(unit=1, address=0, bits=(1,))) == bytes([15, 0, 0, 0, 1, 1, 1])
