"""Frames of FLAC are found among any bytes, and nothing else is taken for one."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from radio_kit import ramp, write_house

from playout.flac_frames import Layout, crc8, layout, next_header

KNOWN = Layout(block=4_096, samples=1 << 35, first=42)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    path = tmp_path_factory.mktemp("flac") / "a.flac"
    write_house(path, ramp(7, 48_000) ^ np.random.default_rng(3).integers(0, 255, (48_000, 2), np.int32))
    return path.read_bytes()


def header(number, *, code=0b1100, variable=False, extra=b"", rate=0b1010):
    """A frame header as RFC 9639 writes it; `code` is that of the block size."""
    if number < 0x80:
        coded = bytes((number,))
    else:
        tail = []
        size = 2
        while number >= 1 << (5 * size + 1):
            size += 1
        for _ in range(size - 1):
            tail.insert(0, 0x80 | number & 0x3F)
            number >>= 6
        coded = bytes(((0xFF00 >> size) & 0xFF | number, *tail))
    data = bytes((0xFF, 0xF8 | variable, code << 4 | rate, 0x1C)) + coded + extra
    return data + bytes((crc8(data),))


def test_every_frame_of_a_real_file_is_found_in_its_place(house):
    known = layout(house)
    assert (known.samples, house[known.first : known.first + 2]) == (48_000, b"\xff\xf8")
    place, found = 0, []
    while (one := next_header(house, place, known)) is not None:
        found.append(one)
        place = one.at + 1
    assert [one.sample for one in found] == list(range(0, 48_000, known.block))
    assert sum(one.count for one in found) == 48_000, "the last one is shorter, and says so"


@settings(max_examples=60)
@given(
    st.integers(0, 2**21),
    st.sampled_from([(1, 192), (2, 576), (5, 4_608), (8, 256), (12, 4_096), (15, 32_768)]),
    st.booleans(),
    st.binary(max_size=30),
)
def test_a_header_says_its_place_and_its_length_whatever_stands_before_it(number, size, variable, before):
    code, count = size
    data = before + header(number, code=code, variable=variable) + b"\0"
    found = next_header(data, len(before), KNOWN)
    assert (found.at, found.count) == (len(before), count)
    assert found.sample == (number if variable else number * 4_096)


def test_sizes_and_rates_that_are_written_out_are_read_over():
    assert next_header(header(0, code=6, extra=b"\x09") + b"\0", 0, KNOWN).count == 10
    assert next_header(header(0, code=7, extra=b"\x01\x00") + b"\0", 0, KNOWN).count == 257
    for rate, extra in ((12, b"\x30"), (13, b"\xbb\x80"), (14, b"\x12\xc0")):
        assert next_header(header(3, rate=rate, extra=extra) + b"\0", 0, KNOWN).sample == 3 * 4_096
    assert next_header(header(2**30, variable=True) + b"\0", 0, KNOWN).sample == 2**30


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff" * 40,
        header(5)[:-1] + b"\0\0\0",  # another check
        header(5)[:-1],
        header(5, code=0) + b"\0",  # a reserved block size
        header(5, rate=15) + b"\0",
        b"\xff\xf8\xca\x1d" + header(5)[4:] + b"\0",  # a reserved bit
        b"\xff\xf8\xca\x1c\x80\x80\x00\x00",  # a number that begins in its middle
        b"\xff\xf8\xca\x1c\xff\x80\x80\x80\x80\x80\x80\x00\x00",
        b"\xff\xf8\xca\x1c\xc2\x01\x00\x00\x00",  # and one that breaks off
        b"\xff\xf8\xca\x1c\xfe\x80\x80",
        header(2**29) + b"\0",  # beyond the end of the medium
    ],
)
def test_what_only_looks_like_a_header_is_none(data):
    assert next_header(data, 0, KNOWN) is None


def test_a_file_that_is_no_flac_or_has_more_metadata_than_was_read_has_no_layout(house):
    assert layout(b"RIFF" + house[4:]) is None and layout(house[:30]) is None
    assert layout(house[:4] + b"\x04" + house[5:]) is None, "the first block is STREAMINFO"
    assert layout(house[:4] + b"\0" + house[5:43]) is None


def test_noise_has_no_headers():
    noise = random.Random(4).randbytes(300_000)
    assert next_header(noise, 0, Layout(block=4_096, samples=48_000 * 60, first=42)) is None
