"""Sections and their packets: golden bytes, every cut of a stream, and whatever a stranger's stream holds."""

import random

import pytest
from fuzz_kit import campaign, damaged
from hypothesis import given
from hypothesis import strategies as st

from emergency import section_packets, sections
from emergency.section_packets import MOST_PIDS, PACKET, Reader, packets
from emergency.sections import LONGEST, MOST, Section, decode, encode, length_of, split
from station.words import Misheard

GOLDEN = "fd f011 0001 c7 01 02 aabbccddeeff0011"  # extension 1, version 3, current, section 1 of 0 to 2
SECTION = Section(
    table_id=0xFD, extension=1, version=3, number=1, last=2, body=bytes.fromhex("aabbccddeeff0011")
)


def bitwise(data):
    """CRC-32/MPEG-2 bit by bit, from its definition alone."""
    value = 0xFFFFFFFF
    for octet in data:
        for bit in range(7, -1, -1):
            high = value >> 31 ^ octet >> bit & 1
            value = (value << 1 & 0xFFFFFFFF) ^ (0x04C11DB7 if high else 0)
    return value.to_bytes(4, "big")


bodies = st.binary(max_size=60) | st.integers(0, MOST).map(bytes)
made = st.builds(
    Section,
    table_id=st.sampled_from(sections.TABLES),
    extension=st.integers(0, 0xFFFF),
    version=st.integers(0, 31),
    current=st.booleans(),
    number=st.just(0),
    last=st.integers(0, 255),
    body=bodies,
)


def test_a_section_has_the_bytes_of_the_standard():
    data = bytes.fromhex(GOLDEN.replace(" ", ""))
    assert encode(SECTION) == data + bitwise(data)
    assert decode(data + bitwise(data)) == SECTION


@given(made)
def test_a_section_is_read_as_it_was_written(section):
    assert decode(encode(section)) == section
    assert length_of(encode(section)) == len(encode(section)) <= LONGEST


@pytest.mark.parametrize(
    "fields",
    [{"table_id": 256}, {"extension": 65_536}, {"version": 32}, {"number": 1}, {"number": -1}, {"last": 256}, {"body": bytes(MOST + 1)}],
)  # fmt: skip
def test_what_a_section_cannot_hold_is_not_written(fields):
    with pytest.raises(ValueError, match="can be said"):
        encode(Section(**{"table_id": 0xFD, "body": b"", **fields}))


def test_the_tables_have_the_numbers_of_the_standard_and_a_first_section_is_the_default():
    named = (sections.DAILY, sections.CONFIGURE, sections.CERTIFICATES, sections.INDEX, sections.CONTENT)
    assert named == tuple(sections.TABLES) == (0xFA, 0xFB, 0xFC, 0xFD, 0xFE)
    assert encode(Section(table_id=0xFA, body=b""))[:8] == bytes.fromhex("faf0090000c10000")
    assert sections.Place() == sections.Place(extension=0, version=0, number=0, last=0)


def closed(data):
    return data + bitwise(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "crc"), (encode(SECTION)[:-1], "crc"), (encode(SECTION) + b"\x00", "crc"), (encode(SECTION)[:-1] + b"x", "crc"),
        (closed(bytes.fromhex("fd7011" + "0001c70102aabbccddeeff0011")), "syntax"), (closed(bytes.fromhex("fdf0090001c70302")), "number"),
    ],
)  # fmt: skip
def test_what_is_no_section_is_misheard(data, code):
    with pytest.raises(Misheard) as said:
        decode(data)
    assert said.value.code == code and said.value.text.zh


def test_reserved_bits_may_be_anything():
    assert decode(closed(bytes.fromhex("fd8009" + "0001070000"))).version == 3


def test_bare_sections_are_split_and_a_cut_one_is_said():
    one = encode(SECTION)
    assert split(one + b"\xff\xff" + one) == [one, one] and split(b"") == []
    for short in (1, 2, 3, len(one) - 1):
        with pytest.raises(Misheard, match="cut off"):
            split(one + one[:short])


def test_a_packet_has_the_bytes_of_the_standard():
    data, counter = packets([encode(SECTION)], 0x1234, 15)
    assert data == (bytes.fromhex("4752341f00") + encode(SECTION)).ljust(PACKET, b"\xff") and counter == 0


@pytest.mark.parametrize("pid", [-1, 0x1FFF, 0x2000])
def test_what_is_no_stream_has_no_packets(pid):
    with pytest.raises(ValueError, match="no PID"):
        packets([encode(SECTION)], pid)


@given(st.lists(made, min_size=1, max_size=4), st.data())
def test_a_stream_cut_anywhere_gives_its_sections(wanted, data):
    stream, _ = packets([encode(section) for section in wanted], 0x21, data.draw(st.integers(0, 15)))
    reader, found = Reader(), []
    while stream:
        cut = data.draw(st.integers(1, max(1, len(stream))))
        found += reader.feed(stream[:cut])
        stream = stream[cut:]
    assert [decode(one.data) for one in found] == wanted and {one.pid for one in found} == {0x21}
    counts = reader.counts
    assert (counts.lost_sync, counts.continuity, counts.damaged, counts.dropped) == (0, 0, 0, 0)


def packet(payload, *, pid=0x21, counter=0, start=True, control=1, flags=0):
    head = bytes([0x47, flags | (0x40 if start else 0) | pid >> 8, pid & 0xFF, control << 4 | counter & 15])
    return (head + payload).ljust(PACKET, b"\xff")


def gathered(*stream, **how):
    reader = Reader(**how)
    return [one.data for one in reader.feed(b"".join(stream))], reader.counts


ONE = encode(SECTION)
LONG = encode(Section(table_id=0xFE, body=bytes(300)))


@pytest.mark.parametrize("pid", [0, 0x1FF, 0x1FFE])
def test_every_pid_of_a_stream_is_read_at_every_counter(pid):
    stream, _ = packets([ONE] * 17, pid)
    data, counts = gathered(stream)
    assert data == [ONE] * 17 and (counts.damaged, counts.continuity) == (0, 0)


def test_a_pointer_reaches_as_far_as_its_packet_and_not_beyond():
    first, rest = packet(b"\x00" + LONG[:183]), LONG[183:].ljust(183, b"\xff")
    data, counts = gathered(first, packet(bytes([183]) + rest, counter=1))
    assert data == [LONG] and (counts.damaged, counts.dropped) == (0, 0)
    data, counts = gathered(first, packet(bytes([184]) + rest, counter=1))
    assert data == [] and (counts.damaged, counts.dropped) == (1, 1)


def test_several_sections_in_a_packet_and_one_that_ends_behind_a_pointer():
    data, _ = gathered(packet(b"\x00" + ONE + ONE))
    assert data == [ONE, ONE]
    first, rest = LONG[:183], LONG[183:]
    data, counts = gathered(packet(b"\x00" + first), packet(bytes([len(rest)]) + rest + ONE, counter=1))
    assert data == [LONG, ONE] and counts.dropped == 0


def test_a_header_cut_after_two_bytes_is_gathered():
    data, _ = gathered(packet(bytes([181]) + bytes(181) + LONG[:2]), packet(LONG[2:186], counter=1, start=False), packet(LONG[186:], counter=2, start=False))  # fmt: skip
    assert data == [LONG]


def test_a_lost_packet_loses_its_section_alone():
    stream, _ = packets([LONG, LONG, ONE], 0x21)
    data, counts = gathered(stream[:PACKET], stream[2 * PACKET :])
    assert data == [LONG, ONE] and (counts.continuity, counts.dropped) == (1, 1)


def test_a_packet_sent_twice_counts_once():
    stream, _ = packets([LONG], 0x21)
    data, counts = gathered(stream[:PACKET], stream[:PACKET], stream[PACKET:])
    assert data == [LONG] and counts.continuity == 0


def test_a_section_that_another_one_cuts_off_is_dropped():
    data, counts = gathered(packet(b"\x00" + LONG[:183]), packet(b"\x00" + ONE, counter=1))
    assert data == [ONE] and counts.dropped == 1


def test_a_section_longer_than_the_standard_allows_is_dropped():
    data, counts = gathered(packet(b"\x00\xfd\xff\xff"), packet(b"", counter=1, start=False))
    assert data == [] and counts.dropped == 1


def test_other_tables_are_stepped_over_and_other_streams_left_alone():
    other = encode(Section(table_id=0x42, body=b"x"))
    data, _ = gathered(packet(b"\x00" + other + ONE))
    assert data == [ONE]
    data, counts = gathered(
        packet(b"\x00" + ONE, pid=0x30), packet(b"\x00" + LONG[:100], pid=0x1FFF), pid=0x21
    )
    assert data == [] and counts.packets == 2
    assert gathered(packet(b"\x00" + other), tables={0x42})[0] == [other]


def test_a_flagged_a_scrambled_and_a_broken_packet_are_counted():
    held = packet(b"\x00" + LONG[:183])
    for bad in (
        packet(LONG[183:], counter=1, start=False, flags=0x80),
        packet(LONG[183:], counter=1, start=False, control=9),
    ):
        data, counts = gathered(held, bad)
        assert data == [] and (counts.damaged, counts.dropped) == (1, 1)
    data, counts = gathered(packet(b"\xb8" + ONE), packet(b"\x00" + ONE, counter=1))
    assert data == [ONE] and (counts.damaged, counts.dropped) == (1, 0)
    assert gathered(packet(b"", flags=0x80))[1].damaged == 1


def test_an_adaptation_field_is_stepped_over():
    assert gathered(packet(b"\x05" + bytes(5) + b"\x00" + ONE, control=3))[0] == [ONE]
    empty = packet(b"\xb7" + bytes(183), control=2)
    data, counts = gathered(packet(b"\x00" + LONG[:183]), empty, packet(LONG[183:], counter=1, start=False))
    assert data == [LONG] and counts.damaged == 0
    assert gathered(packet(b"\xb7" + bytes(183), control=2, counter=1))[1].damaged == 0
    for length in (b"\xff", b"\xb7"):  # beyond the packet, and as long as it: nothing is left to be read
        assert gathered(packet(length + bytes(183), control=3))[1].damaged == 1


def test_rubbish_between_packets_loses_sync_and_finds_it_again():
    stream, _ = packets([LONG, ONE], 0x21)
    data, counts = gathered(b"G" + b"x" * 300, stream)
    assert data == [LONG, ONE] and counts.lost_sync >= 1
    assert gathered(b"x" * 500)[0] == []
    assert gathered(b"x", stream)[0] == [LONG, ONE]
    assert gathered(stream[:PACKET], b"x" * 40, stream[PACKET:])[0] == [LONG, ONE]


def test_a_stream_of_too_many_pids_forgets_the_first():
    begun = [packet(b"\x00" + LONG[:183], pid=pid) for pid in range(100, 101 + MOST_PIDS)]
    ends = [packet(LONG[183:], pid=pid, counter=1, start=False) for pid in (100, 101 + MOST_PIDS - 1)]
    assert gathered(*begun, *ends)[0] == [LONG]


def test_fuzz_streams():
    seeds = [
        packets([LONG, ONE, LONG], 0x21)[0],
        packets([ONE], 0x30)[0] + packets([LONG], 0x21)[0],
        ONE + LONG,
    ]
    found = 0

    def ask(chance: random.Random):
        nonlocal found
        reader, data = Reader(), damaged(chance, chance.choice(seeds) * chance.choice((1, 3)))
        half = chance.randrange(len(data) + 1)
        for one in reader.feed(data[:half]) + reader.feed(data[half:]):
            assert one.data[0] in sections.TABLES and len(one.data) <= LONGEST
            try:
                found += decode(one.data).table_id > 0
            except Misheard as said:
                assert said.text.zh
        try:
            split(data)
        except Misheard:
            return

    campaign("streams", ask)
    assert found > section_packets.PACKET
