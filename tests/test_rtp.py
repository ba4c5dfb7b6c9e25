"""RTP packets against a parser of their own."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playout.rtp import FRAME, HEAD, MARKER, index_near, lay_header, parse, sequence_at, ssrc_of, stepped
from station.words import Misheard

SAMPLES = bytes(range(240)) * 4


def packed(index, rung, marker, at=0):
    laid = bytearray(b"\xff" * at + bytes(HEAD) + SAMPLES)
    lay_header(memoryview(laid), at, index, 7)
    laid[at + 1] |= MARKER * marker
    return stepped(memoryview(laid)[at:], rung)


@given(st.integers(0, 2**50), st.integers(0, 6), st.booleans())
def test_what_is_packed_is_read_by_the_standards_own_table(block, rung, marker):
    index = block // FRAME * FRAME
    data = packed(index, rung, marker, at=block % 3)
    first, second, sequence, stamp, ssrc = struct.unpack_from("!BBHII", data)
    assert (first >> 6, first & 0x2F, second & 0x7F, second >> 7) == (2, 0, 96, marker)
    assert (sequence, stamp, ssrc) == (index // FRAME % 65_536, index % 2**32, 7)
    at = 12
    assert bool(first & 0x10) == bool(rung)
    if rung:
        profile, words = struct.unpack_from("!HH", data, 12)
        assert (profile, words) == (0xBEDE, 1)
        assert tuple(data[16:20]) == (0x10, (0, 0, 1, 1, 1, 2, 3)[rung], 0x20, rung)
        at = 20
    assert data[at:] == SAMPLES
    read = parse(data)
    assert (read.sequence, read.timestamp, read.rung, read.marker, read.payload) == (
        sequence, stamp, rung, marker, data[at:],
    )  # fmt: skip


@pytest.mark.parametrize(("word", "rung"), [
    (b"\x10\1\0\0", 4), (b"\x10\2\0\0", 5), (b"\x10\3\0\0", 6), (b"\x10\1\x20\x09", 4), (b"\x30\1\x20\2", 0),
])  # fmt: skip
def test_a_player_that_knows_four_steps_only_is_understood_and_no_step_is_made_up(word, rung):
    data = bytearray(packed(0, 2, marker=False))
    data[16:20] = word
    assert parse(bytes(data)).rung == rung


@given(st.integers(0, 2**45), st.integers(-(2**31), 2**31 - 1))
def test_an_index_is_found_again_from_its_timestamp_within_twelve_hours(near, distance):
    index = near + distance
    assert index_near(index % 2**32, near) == index


def test_sequence_numbers_follow_the_index_over_their_end():
    assert [sequence_at(FRAME * k) for k in (65_534, 65_535, 65_536)] == [65_534, 65_535, 0]


def test_a_channel_has_one_ssrc_and_two_have_two():
    assert ssrc_of("fm1") == ssrc_of("fm1") != ssrc_of("fm2")


def test_padding_and_foreign_extensions_and_sources_are_passed_over():
    head = struct.pack("!BBHII", 0x80 | 0x20 | 0x10 | 1, 96, 1, 2, 3) + b"csrc"
    body = head + struct.pack("!HH", 0x1000, 1) + b"abcd" + b"\0\1\0\2" + b"\0\2"
    assert parse(body).payload == b"\0\1\0\2" and parse(body).rung == 0


@settings(max_examples=200)
@given(st.binary(max_size=40))
def test_any_bytes_are_a_packet_or_misheard(data):
    try:
        parse(data)
    except Misheard as error:
        assert error.text.zh


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80" * 11,
        b"\x40" + b"\0" * 20,
        b"\x90" + b"\0" * 12,
        b"\xa0" + b"\0" * 11 + b"\xff",
        b"\x9f" + b"\0" * 30,
    ],
)
def test_what_is_cut_off_is_misheard(data):
    with pytest.raises(Misheard):
        parse(data)
