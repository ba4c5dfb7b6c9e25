"""Serial Modbus: what is believed, what is not, and when the line is left alone. Frames and CRC are packed here by hand."""

import importlib.util
import re
import sys
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.modbus import (
    Answered,
    Declined,
    Garbled,
    Read,
    Stray,
    WriteCoil,
    WriteCoils,
    WriteRegister,
    WriteRegisters,
    pdu,
    serial_parts,
    serial_request,
)
from devices.modbus_rtu import Exchange, Silent, Timing, gateway_timing, serial_timing
from devices.sim_rtu import crc

TIMING = serial_timing(19_200, 11, late=400_000)
TIMEOUT = 100_000
ASK = Read(unit=3, table="holding", address=10, count=2)
RIGHT = bytes([3, 3, 4, 0x12, 0x34, 0xAB, 0xCD])


def sealed(body):
    return body + crc(body)


class Told:
    """An exchange and its clock."""

    def __init__(self, timing=TIMING):
        self.line, self.now = Exchange(timing), 0

    def ask(self, ask=ASK, timeout=TIMEOUT):
        self.now = max(self.now, self.line.free_at())
        return self.line.asked(ask, self.now, timeout)

    def hear(self, data, after=20_000):
        """Bytes after a while; everything the exchange says until then."""
        said = self.wait(after)
        self.line.fed(data, self.now)
        return said

    def wait(self, us):
        """Time passes."""
        end, said = self.now + us, []
        while (due := self.line.due()) is not None and due <= end:
            self.now = max(self.now, due)
            said.append(self.line.passed(self.now))
        self.now = end
        return said

    def answered(self, data, after=20_000):
        return self.hear(data, after) + self.wait(100_000)


def test_the_silences_are_those_of_the_standard():
    assert serial_timing(9_600, 11).silence == pytest.approx(3.5 * 11 / 9_600 * 1e6, abs=4)
    assert serial_timing(115_200, 10).silence == 1_750 == gateway_timing().silence
    assert (serial_timing(19_200, 11).silence, serial_timing(19_201, 11).silence) == (2_006, 1_750)
    assert serial_timing(1_000, 10).char == 10_000, "rounded up, never further"


def test_pieces_of_a_frame_may_come_thirty_milliseconds_apart_or_two_silences_on_a_slow_line():
    assert serial_timing(19_200, 11).gap == Timing().gap == 30_000
    assert serial_timing(300, 11).gap == 2 * serial_timing(300, 11).silence
    assert gateway_timing().gap == 200_000
    assert Timing().late == serial_timing(300, 11).late == gateway_timing().late == 1_000_000


def test_a_request_is_the_frame_of_the_known_examples():
    assert serial_request(Read(unit=17, table="holding", address=0x6B, count=3)).hex() == "1103006b00037687"
    assert serial_request(WriteRegister(unit=17, address=1, value=3)).hex() == "1106000100039a9b"
    bits = (1, 0, 1, 1, 0, 0, 1, 1, 1, 0)
    assert serial_request(WriteCoils(unit=17, address=0x13, bits=bits)).hex() == "110f0013000a02cd01bf0b"
    assert (
        serial_request(WriteRegisters(unit=17, address=1, words=(10, 258))).hex()
        == "11100001000204000a0102c6f0"
    )


def test_the_frames_drawn_on_the_page_are_those_on_the_wire():
    page = (Path(__file__).parent.parent / "docs" / "protocols" / "modbus.md").read_text("utf-8")
    drawn = {}
    for line in page.splitlines():
        if re.match(r"(request|answer|exception) +\| unit", line):
            drawn[line.split()[0]] = bytes.fromhex("".join(re.findall(r"\b[0-9A-F]{2}\b", line)))
    ask = Read(unit=17, table="holding", address=0x6B, count=3)
    assert drawn["request"] == serial_request(ask)
    for name, heard in (
        ("answer", Answered((0xAE41, 0x5652, 0x4340))),
        ("exception", Declined(2)),
    ):
        told = Told()
        told.ask(ask)
        assert told.answered(drawn[name]) == [heard]


@pytest.mark.parametrize("unit", [0, 256])
def test_nobody_answers_for_every_unit_at_once(unit):
    with pytest.raises(ValueError, match="no unit"):
        serial_request(attrs.evolve(ASK, unit=unit))


@pytest.mark.parametrize(
    "ask",
    [
        WriteRegister(unit=1, address=0, value=65_536),
        WriteRegisters(unit=1, address=0, words=()),
        WriteRegisters(unit=1, address=0, words=(1,) * 124),
        WriteRegisters(unit=1, address=0, words=(-1,)),
        WriteCoils(unit=1, address=0, bits=()),
        WriteCoils(unit=1, address=0, bits=(1,) * 1969),
        WriteCoils(unit=1, address=0, bits=(2,)),
    ],
)
def test_what_no_write_may_carry_is_not_sent(ask):
    with pytest.raises(ValueError, match="<="):
        pdu(ask)


@given(st.binary(max_size=12), st.integers(0, 200))
def test_only_a_frame_whose_crc_holds_has_parts(data, bit):
    frame = sealed(data)
    assert serial_parts(frame) == ((data[0], data[1:]) if len(data) >= 2 else None)
    flipped = int.from_bytes(frame, "big") ^ 1 << bit % (8 * len(frame))
    assert serial_parts(flipped.to_bytes(len(frame), "big")) is None


def test_an_answer_is_believed_when_silence_follows_it():
    told = Told()
    told.ask()
    told.hear(sealed(RIGHT))
    assert told.wait(TIMING.silence - 1) == []
    assert told.wait(1) == [Answered((0x1234, 0xABCD))]
    assert told.line.free_at() == told.now and told.line.due() is None


def test_an_answer_may_come_in_pieces():
    told = Told()
    told.ask()
    said = []
    for octet in sealed(RIGHT):
        said += told.hear(bytes([octet]), after=10_000)
    assert said == [] and told.wait(TIMING.silence) == [Answered((0x1234, 0xABCD))]


def test_what_follows_an_answer_without_silence_makes_it_nothing():
    told = Told()
    told.ask()
    told.hear(sealed(RIGHT))
    assert told.hear(b"\x55", after=TIMING.silence // 2) == []
    assert told.wait(100_000) == [Garbled(why="crc")]


WRITES = [
    (WriteCoil(unit=3, address=7, on=True), bytes([3, 5, 0, 7, 0xFF, 0]), (1,)),
    (WriteRegister(unit=3, address=7, value=9), bytes([3, 6, 0, 7, 0, 9]), (9,)),
    (WriteCoils(unit=3, address=7, bits=(1, 0, 1)), bytes([3, 15, 0, 7, 0, 3]), (1, 0, 1)),
    (WriteRegisters(unit=3, address=7, words=(5, 6)), bytes([3, 16, 0, 7, 0, 2]), (5, 6)),
]


@pytest.mark.parametrize(("ask", "answer", "words"), WRITES, ids=["5", "6", "15", "16"])
def test_a_write_is_believed_by_its_own_echo_alone(ask, answer, words):
    told = Told()
    told.ask(ask)
    assert told.answered(sealed(answer)) == [Answered(words)]
    for at in range(2, len(answer)):
        told.ask(ask)
        wrong = answer[:at] + bytes([answer[at] ^ 1]) + answer[at + 1 :]
        assert told.answered(sealed(wrong)) == [Garbled(why="echo")]


def test_an_exception_is_told_with_its_code_and_frees_the_line():
    told = Told()
    told.ask()
    assert told.answered(sealed(bytes([3, 0x83, 2]))) == [Declined(2)]
    assert told.line.free_at() <= told.now


TRAPS = [
    ("one value too few", sealed(bytes([3, 3, 2, 0x12, 0x34])), "count"),
    ("a byte count that lies", sealed(bytes([3, 3, 2, 0x12, 0x34, 0xAB, 0xCD])), "count"),
    ("another function", sealed(bytes([3, 4, 4, 1, 2, 3, 4])), "function"),
    ("an exception of another function", sealed(bytes([3, 0x84, 2])), "function"),
    ("an exception without a code", sealed(bytes([3, 0x83])), "exception of a wrong length"),
    ("a flipped bit", sealed(RIGHT)[:4] + b"\x55" + sealed(RIGHT)[5:], "crc"),
    ("cut short", sealed(RIGHT)[:-1], "crc"),
    ("rubbish before", b"\xff" + sealed(RIGHT), "crc"),
    ("twice", 2 * sealed(RIGHT), "crc"),
    ("more than any frame", b"\x03" * 300, "crc"),
    ("our own request", serial_request(ASK), "own request heard: the adapter echoes"),
    (
        "our own request, then the answer",
        serial_request(ASK) + sealed(RIGHT),
        "own request heard: the adapter echoes",
    ),
]


@pytest.mark.parametrize(("data", "why"), [trap[1:] for trap in TRAPS], ids=[trap[0] for trap in TRAPS])
def test_a_trap_gives_no_value_and_the_line_is_left_alone(data, why):
    told = Told()
    told.ask()
    heard = told.answered(data)
    assert heard == [Garbled(why=why)]
    assert told.line.free_at() >= TIMEOUT + TIMING.late


def test_another_units_answer_ends_nothing():
    told = Told()
    told.ask()
    told.hear(sealed(b"\x09" + RIGHT[1:]), after=15_000)
    assert told.wait(10_000) == [Stray(why="unit")]
    told.hear(sealed(RIGHT), after=5_000)
    assert told.wait(10_000) == [Answered((0x1234, 0xABCD))]


def test_a_unit_that_says_nothing_is_waited_for_as_long_as_the_wire_takes_and_its_own_time():
    told = Told()
    frame = told.ask()
    wire = TIMING.char * (len(frame) + 9)
    assert told.wait(wire + TIMEOUT - 1) == []
    assert told.wait(1) == [Silent()]
    assert told.line.free_at() == told.now + TIMING.late


def test_a_late_answer_is_nobodys_and_frees_the_line_after_a_while():
    told = Told()
    told.ask()
    assert told.wait(150_000) == [Silent()]
    assert told.answered(sealed(RIGHT)) == [Stray(why="late")]
    assert told.line.free_at() == told.now - 100_000 + TIMING.gap, "it may come in two pieces"
    told.ask()
    assert told.answered(sealed(RIGHT[:5] + b"\0\1")) == [Answered((0x1234, 1))]


def test_a_late_answer_comes_once_what_comes_again_is_unasked():
    told = Told()
    told.ask()
    told.wait(150_000)
    assert told.answered(sealed(RIGHT), after=10) == [Stray(why="late")]
    assert told.hear(sealed(RIGHT), after=0) == []
    assert told.wait(50_000) == [Stray(why="unasked")]
    assert told.line.free_at() > told.now + TIMING.late - 60_000


@pytest.mark.parametrize(
    "data", [sealed(b"\x09" + RIGHT[1:]), sealed(RIGHT)[:-1], sealed(bytes([3, 4, 4, 1, 2, 3, 4])), b"\0"]
)
def test_what_is_not_the_answer_given_up_frees_nothing(data):
    told = Told()
    told.ask()
    told.wait(150_000)
    free = told.line.free_at()
    assert told.answered(data) == [Stray(why="unasked")]
    assert told.line.free_at() >= free


def test_an_answer_sooner_than_the_line_can_carry_it_is_an_earlier_ones():
    told = Told()
    told.ask()
    assert told.answered(sealed(RIGHT), after=5_000) == [
        Garbled(why="sooner than the line can carry it: the answer to an earlier request")
    ]
    fast = Told(Timing(late=400_000))  # behind a gateway nobody knows
    fast.ask()
    assert fast.answered(sealed(RIGHT), after=1) == [Answered((0x1234, 0xABCD))]


def test_a_line_that_never_falls_silent_is_asked_all_the_same_after_a_while():
    told = Told()
    began = told.now = 1_000_000
    for _ in range(600):
        told.hear(b"\x55\x55", after=10_000)
        if told.line.free_at() <= told.now:
            break
    assert told.now - began == pytest.approx(5_000_000, abs=50_000)
    told.ask()
    assert told.answered(sealed(RIGHT), after=20_000) == [Answered((0x1234, 0xABCD))]


def test_noise_on_an_idle_line_is_counted_and_delays_the_next_request():
    told = Told()
    told.now = 1_000_000
    assert told.answered(b"\x00") == [Stray(why="unasked")]
    assert told.line.free_at() > told.now


def test_giving_up_is_leaving_the_line_alone_and_without_a_request_nothing():
    told = Told()
    told.line.give_up(0)
    told.ask()
    told.line.give_up(told.now)
    assert told.line.free_at() > TIMING.late and told.line.due() is None
    assert told.line.passed(told.now) is None


def test_the_soonest_an_answer_can_come_is_after_the_request_and_four_characters():
    soonest = (8 + 4) * TIMING.char
    for after, believed in ((soonest - 1, False), (soonest, True)):
        told = Told()
        told.ask()
        (heard,) = told.answered(sealed(RIGHT), after=after)
        assert isinstance(heard, Answered) == believed


def test_a_frame_of_256_bytes_may_go_on_and_one_byte_more_is_none():
    for size, wait in ((256, TIMING.gap), (257, 0), (300, 0)):
        told = Told()
        told.ask()
        told.hear(b"\x55" * size)
        assert told.line.due() == told.now + wait


def test_a_line_opened_again_is_left_alone_until_answers_to_the_one_before_cannot_come():
    line = Exchange(TIMING, kept_until=10_000_000)
    assert line.free_at() == 10_000_000
    line.fed(b"\x55", 9_999_000)
    assert line.free_at() == 10_000_000 - TIMING.late + 5_000_000, "and no longer, whatever is heard"
    assert Exchange(TIMING).free_at() == TIMING.silence


def test_a_new_noise_on_a_line_that_was_free_may_keep_it_from_then_on():
    told = Told()
    free = told.line.free_at()
    told.line.fed(b"\x55", free)
    assert told.line.free_at() == free + 5_000_000
    told = Told()
    told.line.fed(b"\x55", free - 1)
    assert told.line.free_at() == 5_000_000


# -- the campaign -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bench():
    place = Path(__file__).parent.parent / "bench" / "serial_faults.py"
    spec = importlib.util.spec_from_file_location("serial_faults", place)
    module = importlib.util.module_from_spec(spec)
    sys.modules["serial_faults"] = module
    spec.loader.exec_module(module)
    return module


def test_of_ten_thousand_transactions_under_faults_no_wrong_value_is_believed_and_every_good_one_is(bench):
    found = bench.campaign(1, 10_000)
    assert found["wrong"] == 0
    assert found["good believed"] >= 0.999 * found["good"] > 4_500
    assert all(found[fault] > 300 for fault in bench.FAULTS)


def test_the_campaign_finds_wrong_values_where_the_line_is_not_left_alone(bench, monkeypatch):
    monkeypatch.setattr(bench, "LATE_KEPT", 1_000)
    assert bench.campaign(1, 15_000)["wrong"] > 0
