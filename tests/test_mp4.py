"""MP4: which part of the media is presented, by edit lists written by hand and by hostile ones."""

import io
import struct

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sound_kit import coded, heard, lag, noise

from playout.mp4 import Edit, sound_of
from station.words import Refused


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body) + 8, kind) + body


def full(kind: bytes, *parts: bytes) -> bytes:
    return box(kind, bytes(4) + b"".join(parts))


def moov(
    edits=None, scale=48_000, whole=100_000, movie=1_000, entry=b"mp4a", handler=b"soun", more=b""
) -> bytes:
    """A file that is nothing but its moov: one track."""
    table = b""
    if edits is not None:
        rows = [struct.pack(">Iii", *(*edit, 1 << 16)[:3]) for edit in edits]
        table = box(b"edts", full(b"elst", struct.pack(">I", len(rows)), *rows))
    stsd = full(b"stsd", struct.pack(">I", 1), box(entry, bytes(28)))
    header = full(b"mdhd", struct.pack(">IIII", 0, 0, scale, whole), bytes(4))
    handled = full(b"hdlr", bytes(4), handler, bytes(12))
    # QuickTime has a second hdlr deeper down
    minf = box(b"minf", full(b"hdlr", b"dhlr", b"url ", bytes(12)) + box(b"stbl", stsd))
    trak = box(b"trak", table + box(b"mdia", header + handled + minf))
    mvhd = full(b"mvhd", struct.pack(">IIII", 0, 0, movie, 5_000), bytes(80))
    return box(b"ftyp", b"M4A \0\0\0\0") + box(b"moov", mvhd + trak + more)


def read(data: bytes):
    return sound_of(io.BytesIO(data))


def test_without_an_edit_list_the_whole_media_is_presented_and_nothing_is_told():
    track = read(moov())
    assert (track.edits, track.told) == ((Edit(0, 100_000),), False)


def test_the_media_header_knows_better_than_a_clock_of_milliseconds():
    track = read(moov([(2_062, 1_024)]))
    assert (track.edits, track.told) == ((Edit(1_024, 98_976),), True)
    assert read(moov([(1_000, 1_024)])).edits == (Edit(1_024, 48_000),)
    assert read(moov([(0, 1_024)])).edits == (Edit(1_024, 98_976),)


def test_several_edits_stand_in_their_order_and_an_empty_one_is_silence():
    track = read(moov([(500, -1), (250, 48_000), (250, 1_024)]))
    assert track.edits == (Edit(None, 24_000), Edit(48_000, 12_000), Edit(1_024, 12_000))


def test_an_edit_never_reaches_beyond_its_media():
    assert read(moov([(60_000, 50_000)])).edits == (Edit(50_000, 50_000),)
    assert read(moov([(60_000, 500_000)])).edits == (Edit(500_000, 0),)


def test_a_fragmented_file_leaves_its_length_open():
    assert read(moov([(0, 1_024)], whole=0)).edits == (Edit(1_024, None),)
    assert read(moov([(1_000, 1_024)], whole=0)).edits == (Edit(1_024, 48_000),)
    assert read(moov(whole=0)).edits == (Edit(0, None),)


def test_itunes_says_how_long_it_is_where_there_is_no_edit_list():
    note = b"....mean....com.apple.iTunes....name....iTunSMPB....data........"
    note += b" 00000000 00000840 000001CA 000000000003F2F6 00000000 00000000"
    track = read(moov(more=box(b"udta", note)))
    assert (track.edits, track.told) == ((Edit(0x840, 0x3F2F6),), True)


def test_protected_sound_and_other_speeds_are_seen():
    assert read(moov(entry=b"enca")).encrypted and read(moov(entry=b"drms")).encrypted
    assert not read(moov()).encrypted
    assert read(moov([(1_000, 0, 2 << 16)])).speeds and not read(moov([(1_000, 0)])).speeds


def test_a_track_of_pictures_is_no_sound():
    assert read(moov(handler=b"vide")) is None


def test_boxes_of_64_bit_are_read():
    plain = moov([(1_000, 1_024)])
    at = plain.index(b"moov") - 4
    body = plain[at + 8 :]
    wide = plain[:at] + struct.pack(">I4sQ", 1, b"moov", len(body) + 16) + body
    assert read(wide) == read(plain)
    head = struct.pack(">QQIQ", 0, 0, 44_100, 7)
    table = b"\1\0\0\0" + struct.pack(">I", 1) + struct.pack(">QqI", 0, 3, 1 << 16)
    track = box(
        b"trak",
        box(b"edts", box(b"elst", table))
        + box(b"mdia", box(b"mdhd", b"\1\0\0\0" + head) + full(b"hdlr", bytes(4), b"soun")),
    )
    mvhd = box(b"mvhd", b"\1\0\0\0" + struct.pack(">QQIQ", 0, 0, 600, 9))
    assert read(box(b"moov", mvhd + track)).edits == (Edit(3, 4),)


@given(st.binary(max_size=300), st.integers(0, 400))
def test_hostile_boxes_never_raise(noise_bytes, at):
    good = moov([(500, -1), (250, 48_000)])
    read(noise_bytes)
    read(good[:at] + noise_bytes + good[at + len(noise_bytes) :])
    read(good[:at])


def test_a_header_that_says_too_much_is_not_believed():
    assert read(struct.pack(">I4s", 1 << 30, b"moov") + bytes(64)) is None
    assert read(struct.pack(">I4s", 4, b"free") + bytes(64)) is None
    assert read(box(b"free", bytes(64))) is None
    assert read(moov(scale=0)) is None
    assert read(box(b"moov", b"")) is None
    assert read(box(b"moov", box(b"trak", struct.pack(">I4s", 7, b"mdia")))) is None


# --- in whole files


def with_edits(path, edits, movie=1_000):
    """Put another edit list into an .m4a written by libav: whole new moov, as long as the old one or longer."""
    data = path.read_bytes()
    old = data.index(b"elst") - 4
    size = struct.unpack_from(">I", data, old)[0]
    rows = b"".join(struct.pack(">Iii", length, start, 1 << 16) for length, start in edits)
    new = full(b"elst", struct.pack(">I", len(edits)), rows)
    grown = len(new) - size
    data = bytearray(data[:old] + new + data[old + size :])
    for kind in (b"edts", b"trak", b"moov"):
        at = data.index(kind) - 4
        struct.pack_into(">I", data, at, struct.unpack_from(">I", data, at)[0] + grown)
    assert data.index(b"mdat") < data.index(b"moov")  # no chunk moved
    path.write_bytes(data)


@pytest.fixture
def m4a(tmp_path):
    sound = noise(48_000, 96_000)
    return coded(tmp_path / "a.m4a", sound, 48_000, "aac"), sound


def test_edits_in_order_out_of_order_and_empty_are_heard_where_they_stand(m4a):
    path, sound = m4a
    with_edits(path, [(500, -1), (250, 1_024 + 48_000), (1_000, 1_024)])
    got, source = heard(path)
    due = np.concatenate((np.zeros((24_000, 2)), sound[48_000:60_000], sound[:48_000]))
    assert len(got) == len(due) == source.expected and not got[:24_000].any()
    for part in (slice(24_500, 35_500), slice(36_500, 83_500)):
        assert abs(lag(got[part, 0], due[part, 0])) < 0.5
        assert np.corrcoef(got[part, 1], due[part, 1])[0, 1] > 0.99


def test_an_edit_list_that_goes_back_without_end_is_refused(m4a):
    path, _ = m4a
    with_edits(path, [(20, 1_024 + 4_800 * (k % 2)) for k in range(100)])
    with pytest.raises(Refused, match="goes back in its media too often"):
        heard(path)


def test_the_padding_at_the_end_of_an_m4a_is_no_sound(m4a):
    path, sound = m4a
    got, _ = heard(path)
    assert len(got) == len(sound)
    with av.open(str(path), container_options={"ignore_editlist": "1"}) as raw:
        assert sum(frame.samples for frame in raw.decode(audio=0)) > len(sound)
