"""Splice information: the examples of the standard, every bit that may be wrong, and what is none."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playout.scte35 import LONGEST, TICKS, WRAP, Marker, after, markers
from station.packed import crc32_mpeg2
from station.words import Misheard

# ANSI/SCTE 35, examples of section 14: start and end of a placement opportunity, a splice out, programmes that end and begin
START = "/DA0AAAAAAAA///wBQb+cr0AUAAeAhxDVUVJSAAAjn/PAAGlmbAICAAAAAAsoKGKNAIAmsnRfg=="
INSERT = "/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo="
STOP = "/DAvAAAAAAAA///wBQb+dGKQoAAZAhdDVUVJSAAAjn+fCAgAAAAALKChijUCAKnMZ1g="
PROGRAMMES = (
    "/DBIAAAAAAAA///wBQb+ek2ItgAyAhdDVUVJSAAAGH+fCAgAAAAALMvDRBEAAAIXQ1VFSUgAABl/nwgIAAAAACyk26AQAACZcuND"
)
END = Marker(what="end", event=0x48000018, pts=0x07A4D88B6)
OUT = Marker(what="out", event=0x4800008F, pts=0x07369C02E)


def raw(text: str) -> bytes:
    return base64.b64decode(text)


def sealed(
    kind: int, command: bytes, descriptors: bytes = b"", adjustment: int = 0, length: int | None = None
) -> bytes:
    said = len(command) if length is None else length
    body = bytes((0,)) + adjustment.to_bytes(5, "big") + bytes((0,))
    body += (0xFFF << 12 | said).to_bytes(3, "big") + bytes((kind,)) + command
    body += len(descriptors).to_bytes(2, "big") + descriptors
    made = bytes((0xFC,)) + (0x3000 | len(body) + 4).to_bytes(2, "big") + body
    return made + crc32_mpeg2(made).to_bytes(4, "big")


def insert(flags: int, rest: bytes = b"", event: int = 7) -> bytes:
    return event.to_bytes(4, "big") + bytes((0x7F, flags << 4 | 0xF)) + rest


def at(pts: int) -> bytes:
    return (1 << 39 | 0x3F << 33 | pts).to_bytes(5, "big")


def segment(kind: int, flags: int = 0b10_111111, more: bytes = b"", cancel: int = 0x7F) -> bytes:
    body = b"CUEI" + bytes((0, 0, 0, 9, cancel))
    body += b"" if cancel >> 7 else bytes((flags,)) + more + bytes((0, 0, kind, 0, 0))
    return bytes((2, len(body))) + body


TAIL = b"\0\x01\0\0"
NOW = b"\x7f"  # a splice_time that names none


def test_the_examples_of_the_standard_are_read_as_it_reads_them():
    assert markers(raw(PROGRAMMES)) == (END,)
    assert markers(raw(INSERT)) == (OUT,)
    assert markers(raw(START)) == markers(raw(STOP)) == ()
    assert markers(raw(INSERT) + b"\xff" * 9) == (OUT,), "what comes after a section is none of it"


@pytest.mark.parametrize("kind", [0x11, 0x12, 0x51])
def test_what_ends_a_programme_is_its_end(kind):
    assert markers(sealed(6, at(900), segment(kind))) == (Marker(what="end", event=9, pts=900),)


@pytest.mark.parametrize("kind", [0x10, 0x13, 0x14, 0x30, 0x31, 0x34, 0x50, 0])
def test_what_begins_or_breaks_one_is_not(kind):
    assert markers(sealed(6, at(900), segment(kind))) == ()


def test_components_lengths_and_what_is_cancelled_are_passed_over():
    lasting = segment(0x11, 0b11_111111, bytes(5))
    parts = segment(0x11, 0b00_111111, b"\x02" + bytes(12))
    other = bytes((1, 3)) + b"abc"
    foreign = b"\x02\x0f" + b"ABCD" + segment(0x11)[6:]
    short = b"\x02\x03abc"
    found = markers(sealed(6, at(5), other + lasting + segment(0, cancel=0xFF) + foreign + short + parts))
    assert found == (Marker(what="end", event=9, pts=5),) * 2


@pytest.mark.parametrize(
    ("flags", "rest", "pts"),
    [
        (0b1100, at(77), 77),
        (0b1100, NOW, None),
        (0b1101, b"", None),
        (0b1110, at(77) + bytes(5), 77),
        (0b1000, b"\x02\x01" + at(5) + b"\x02" + at(6), 6),
        (0b1001, b"\x02\x01\x02", None),
    ],
)
def test_a_splice_out_is_at_once_or_at_its_time(flags, rest, pts):
    (found,) = markers(sealed(5, insert(flags, rest + TAIL)))
    assert found == Marker(what="out", event=7, pts=pts)
    assert markers(sealed(5, insert(flags & 0b0111, rest + TAIL))) == (), "into the network"


def test_a_cancelled_splice_and_commands_that_are_neither_say_nothing():
    assert markers(sealed(5, bytes(4) + b"\xff")) == ()
    assert markers(sealed(0, b"")) == markers(sealed(255, b"abcd")) == ()


def test_times_are_adjusted_round_the_clock():
    (found,) = markers(sealed(6, at(WRAP - 10), segment(0x11), adjustment=25))
    assert found.pts == 15
    assert markers(sealed(6, NOW, segment(0x11), adjustment=25)) == (Marker(what="end", event=9, pts=None),)
    assert (after(15, WRAP - 10), after(WRAP - 10, 15), after(5, 5)) == (25, -25, 0)


def test_a_sender_that_does_not_tell_the_length_of_its_command_is_understood():
    assert markers(sealed(6, at(900), segment(0x11), length=0xFFF)) == (Marker(what="end", event=9, pts=900),)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no splice information"),
        (b"\x42" + raw(INSERT)[1:], "no splice information"),
        (raw(INSERT)[:-1], "cut off"),
        (b"\xfc\x30\x02" + bytes(20), "cut off"),
        (raw(INSERT)[:-1] + b"\0", "checksum"),
        (sealed(6, at(1)[:3]), "cut off"),
        (sealed(6, at(1), b"\x02\x50abc"), "cut off"),
    ],
)
def test_what_is_damaged_is_one_sentence(data, said):
    with pytest.raises(Misheard, match=said) as error:
        markers(data)
    assert error.value.text.zh.startswith("拼接信息:")


def test_a_section_is_as_long_as_the_standard_has_it_and_no_longer():
    room = 4_096 - len(sealed(6, at(900), segment(0x11)))
    filling = [b"\x01\xfe" + bytes(254)] * (room // 256)
    rest = room - 256 * len(filling)
    whole = b"".join(filling) + bytes((1, rest - 2)) + bytes(rest - 2) + segment(0x11)
    assert len(sealed(6, at(900), whole)) == LONGEST == 4_096
    assert markers(sealed(6, at(900), whole)) == (Marker(what="end", event=9, pts=900),)
    with pytest.raises(Misheard, match="cut off"):
        markers(sealed(6, at(900), whole + b"\x01"))
    short = b"\xfc\x30\x0c" + bytes(8)
    with pytest.raises(Misheard, match="cut off"):
        markers(short + crc32_mpeg2(short).to_bytes(4, "big"))
    assert after(TICKS, 0) == 90_000


@pytest.mark.parametrize(("place", "value", "said"), [(3, 1, "protocol version"), (4, 0x80, "encrypted")])
def test_another_version_and_what_is_encrypted_are_not_read(place, value, said):
    data = bytearray(raw(INSERT)[:-4])
    data[place] = value
    with pytest.raises(Misheard, match=said):
        markers(bytes(data) + crc32_mpeg2(bytes(data)).to_bytes(4, "big"))


@given(st.binary(max_size=80), st.sampled_from([0, 5, 6]))
def test_any_bytes_are_read_or_misheard(data, kind):
    for section in (data, sealed(kind, data), sealed(6, at(1), data)):
        try:
            found = markers(section)
        except Misheard:
            continue
        assert all(one.pts is None or 0 <= one.pts < WRAP for one in found)


@given(st.integers(0, 8 * 50 - 1))
def test_every_flipped_bit_is_found(bit):
    data = bytearray(raw(INSERT))
    data[bit // 8] ^= 0x80 >> bit % 8
    with pytest.raises(Misheard):
        markers(bytes(data))
