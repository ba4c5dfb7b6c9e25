"""Digits in nibbles, numbers and lengths, taken off one by one; and JSON of values with bytes."""

import attrs
import cattrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from station import hexed
from station.packed import (
    Octets,
    counted,
    crc32_mpeg2,
    number_bytes,
    pack_bcd,
    pack_digits,
    unpack_bcd,
    unpack_digits,
)
from station.words import Misheard


def test_the_checksum_is_the_published_one():
    assert crc32_mpeg2(b"123456789") == 0x0376E6E7


@given(st.text("0123456789", min_size=1, max_size=23))
def test_digits_come_back_as_they_were_packed(digits):
    if len(digits) % 2:
        assert unpack_digits(pack_digits(digits, len(digits))) == digits
    else:
        assert unpack_bcd(pack_bcd(digits, len(digits))) == digits


@pytest.mark.parametrize("said", ["12", "12a", "1234", "١٢٣"])
def test_what_is_not_so_many_digits_is_not_packed(said):
    with pytest.raises(ValueError, match="not 3 digits"):
        pack_digits(said, 3)
    with pytest.raises(ValueError, match="not 6 digits"):
        pack_bcd(said, 6)


@pytest.mark.parametrize("packed", [b"", b"\x01\x23", b"\xf1\x2f", b"\xff"])
def test_nibbles_that_are_no_digits_are_misheard(packed):
    with pytest.raises(Misheard):
        unpack_digits(packed)
    if packed != b"\x01\x23":
        with pytest.raises(Misheard):
            unpack_bcd(packed)


def test_octets_are_taken_in_order_and_never_beyond_the_end():
    octets = Octets(b"\x01\x02\x03\x02ab\x09")
    assert (octets.number(1), octets.take(2), octets.counted(1), octets.left) == (1, b"\x02\x03", b"ab", 1)
    with pytest.raises(Misheard) as short:
        octets.number(2)
    assert short.value.code == "short" and octets.left == 1
    with pytest.raises(Misheard) as more:
        octets.done()
    assert more.value.code == "long"
    assert octets.rest() == b"\x09"
    octets.done()


def test_lengths_and_numbers_say_what_they_can_hold():
    assert counted(b"ab", 2) == b"\x00\x02ab"
    for wrong in (-1, 256):
        with pytest.raises(ValueError, match="does not go into 1"):
            number_bytes(wrong, 1)
    for size, most in ((1, 0xFF), (2, 0xFFFF), (4, 0xFFFFFFFF)):
        assert number_bytes(most, size) == b"\xff" * size
        with pytest.raises(ValueError, match=f"does not go into {size}"):
            number_bytes(most + 1, size)
    with pytest.raises(ValueError, match="256 does not go"):
        counted(bytes(256), 1)


@attrs.frozen
class Thing:
    name: str
    data: bytes


def test_bytes_are_hexadecimal_digits_in_json():
    assert hexed.to_plain(Thing("a", b"\x01\xff")) == {"name": "a", "data": "01ff"}
    assert hexed.from_plain({"name": "a", "data": "01FF"}, Thing) == Thing("a", b"\x01\xff")


@pytest.mark.parametrize("data", ["1", "zz", 1, None])
def test_what_is_no_hexadecimal_is_refused_with_its_path(data):
    with pytest.raises(cattrs.ClassValidationError) as wrong:
        hexed.from_plain({"name": "a", "data": data}, Thing)
    assert "data" in cattrs.transform_error(wrong.value)[0]
    with pytest.raises(TypeError):
        hexed.from_plain(["a"], Thing)
