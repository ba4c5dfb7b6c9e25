"""Fuzz of terminals' frames and bodies, of Modbus in both framings, of lines of text: nothing but the named errors, bounded CPU and memory."""

from __future__ import annotations

import random
import struct

import attrs
import pytest
from fuzz_kit import COUNT, campaign, damaged
from test_ascii_line import BARE, PROFILE
from test_fefd import PROFILE as TERMINALS
from test_fefd import START, sample_frame

from devices import ascii_line, fefd_bodies, modbus_rtu
from devices.fefd import Reader, decode, encode
from devices.heard import Answered
from devices.modbus import Declined, Ear, Garbled, Read, Stray, WriteCoil, WriteRegisters, pdu, serial_request
from station.words import Misheard

READERS = (
    fefd_bodies.start_from, fefd_bodies.heartbeat_from, fefd_bodies.answer_from,
    fefd_bodies.status_from, fefd_bodies.task_from,
)  # fmt: skip
ASKS = (
    Read(unit=3, table="input", address=10, count=2), Read(unit=3, table="discrete", address=0, count=9),
    WriteCoil(unit=3, address=7, on=True), WriteRegisters(unit=3, address=1, words=(1, 2, 3)),
)  # fmt: skip
RIGHT = {
    ASKS[0]: b"\x04\x04\x12\x34\xab\xcd", ASKS[1]: b"\x02\x02\xff\x01",
    ASKS[2]: pdu(ASKS[2]), ASKS[3]: pdu(ASKS[3])[:5],
}  # fmt: skip


@pytest.mark.parametrize("header", [11, 12])
def test_fuzz_frames_of_terminals(header):
    frame = sample_frame()
    plain = encode(attrs.evolve(frame, signature=None), TERMINALS, header=header)
    stream = plain * 2 if header == 11 else encode(frame, TERMINALS) + plain
    reader = Reader(TERMINALS, header=header)
    read = 0

    def ask(chance: random.Random):
        nonlocal reader, read
        for found in reader.feed(damaged(chance, stream)):
            read += 1
            assert (
                found.source.isdigit()
                and decode(encode(found, TERMINALS, header=header), TERMINALS, header=header) == found
            )
        assert len(reader._held) < TERMINALS.max_frame
        if chance.random() < 0.3:
            reader = Reader(TERMINALS, header=header)

    campaign(f"terminal frames {header}", ask)
    assert read > COUNT // 4


def test_fuzz_bodies_of_terminals():
    seeds = [
        fefd_bodies.start_body(START),
        fefd_bodies.answer_body(fefd_bodies.Answer(result=0, text="好")),
        fefd_bodies.status_body(fefd_bodies.Status(result=0, text="x", values=((1, b"\x32"), (6, b"\x02")))),
        fefd_bodies.task_body(fefd_bodies.Task(ebm_id="1" * 35, state=1, at=1_795_305_600)),
    ]
    read = 0

    def ask(chance: random.Random):
        nonlocal read
        data = damaged(chance, chance.choice(seeds))
        for reader in READERS:
            try:
                reader(data)
                read += 1
            except Misheard as wrong:
                assert wrong.text.en and wrong.text.zh

    campaign("terminal bodies", ask)
    assert COUNT < read < 5 * COUNT


def test_fuzz_modbus_answers():
    read = 0

    def ask(chance: random.Random):
        nonlocal read
        ear, asked = Ear(), chance.choice(ASKS)
        ear.asked(asked)
        right = RIGHT[asked]
        frame = struct.pack(">HHHB", 1, 0, len(right) + 1, 3) + right
        try:
            for heard in ear.feed(damaged(chance, frame)):
                assert isinstance(heard, (Answered, Declined, Garbled, Stray))
                read += isinstance(heard, Answered)
        except Misheard as wrong:
            assert wrong.code in ("protocol", "length")
        assert len(ear._buffer) < 300

    campaign("modbus answers", ask)
    assert 0 < read < COUNT


def test_fuzz_modbus_on_a_serial_line():
    """A checksum that holds by chance is one in 65,536: what is believed then is a value of the question's shape."""
    timing = modbus_rtu.serial_timing(9_600, 10)
    read = 0

    def ask(chance: random.Random):
        nonlocal read
        line, asked, now = modbus_rtu.Exchange(timing), chance.choice(ASKS), 1_000_000
        line.asked(asked, now, 500_000)
        frame = modbus_rtu_frame(RIGHT[asked])
        for piece in (damaged(chance, frame), damaged(chance, frame)):
            now += 100_000
            line.fed(piece, now)
            due = line.due()
            heard = None if due is None else line.passed(max(now, due))
            now = max(now, due or 0)
            assert heard is None or isinstance(heard, (Answered, Declined, Garbled, Stray, modbus_rtu.Silent))
            read += isinstance(heard, Answered)
        assert len(line._held) <= 300

    campaign("modbus serial", ask)
    assert 0 < read < 2 * COUNT


def modbus_rtu_frame(answer: bytes) -> bytes:
    """Unit 3 and the CRC-16 of serial lines, made bit by bit."""
    data, value = bytes([3]) + answer, 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return data + value.to_bytes(2, "little")


def test_fuzz_lines_of_text():
    read = 0

    def ask(chance: random.Random):
        nonlocal read
        profile = chance.choice((PROFILE, BARE))
        line, now = ascii_line.Exchange(profile), 0
        line.asked(profile.point("power"), now)
        said = b"TX.PFWD\r\nTX.PFWD=98.5\r\n>" if profile is PROFILE else b"TX.PFWD=98.5\r\n"
        line.fed(damaged(chance, said), now + 1_000)
        heard = line.passed(line.due() or 0)
        if isinstance(heard, Answered):
            read += 1
            assert 0 <= heard.value <= 2_000
        assert len(line._held) <= ascii_line.LONGEST + 1

    campaign("lines of text", ask)
    assert 0 < read < COUNT


def test_the_serial_frames_of_this_file_are_those_of_the_standard():
    assert serial_request(ASKS[2]) == modbus_rtu_frame(RIGHT[ASKS[2]])
