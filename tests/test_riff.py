"""What a WAV header says it has, and headers that nobody finished or that lie."""

import io
import struct

from hypothesis import given
from hypothesis import strategies as st

from playout.riff import samples_of


def wav(data=4_000, *, form=b"RIFF", tag=1, channels=2, bits=16, extra=b"", ds64=None):
    fmt = struct.pack("<HHIIHH", tag, channels, 48_000, 192_000, channels * bits // 8, bits)
    chunks = b"" if ds64 is None else b"ds64" + struct.pack("<IQQQI", 28, 0, ds64, 0, 0)
    chunks += b"fmt " + struct.pack("<I", len(fmt)) + fmt + extra
    return form + bytes(4) + b"WAVE" + chunks + b"data" + struct.pack("<I", data)


def read(data):
    return samples_of(io.BytesIO(data))


def test_the_samples_are_those_of_the_data_chunk():
    assert read(wav()) == 1_000 and read(wav(channels=6, bits=24, data=1_800)) == 100
    assert read(wav(extra=b"LIST\3\0\0\0abc\0")) == 1_000  # chunks are padded to even lengths


def test_a_header_that_nobody_finished_says_nothing():
    assert read(wav(0)) is read(wav(0xFFFF_FFFF)) is None
    assert read(wav(0xFFFF_FFFF, form=b"RF64", ds64=8_000_000_000)) == 2_000_000_000
    assert read(wav(0xFFFF_FFFF, form=b"RF64", ds64=0)) is None
    assert read(wav(4_000, form=b"RF64", ds64=8)) == 1_000


def test_what_is_no_plain_pcm_says_nothing():
    assert read(wav(tag=2, bits=4)) is read(wav(tag=0x55)) is None
    assert read(b"RIFF0000AVI ") is read(wav()[:20]) is read(b"") is None
    assert read(wav()[:12] + b"fmt \4\0\0\0abcd" + b"data\4\0\0\0") is None
    assert read(wav(form=b"RF64")[:12] + b"ds64\4\0\0\0abcd" + b"data\0\0\0\0") is None
    assert read(wav()[:12] + b"junk\0\0\0\0" * 300) is None


@given(st.binary(max_size=200), st.integers(0, 60))
def test_hostile_headers_never_raise(data, at):
    good = wav(extra=b"LIST\4\0\0\0abcd")
    read(data)
    read(good[:at] + data + good[at:])
