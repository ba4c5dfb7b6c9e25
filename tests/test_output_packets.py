"""What further outputs say on their wires: uncompressed sound and its announcement, a transport stream in RTP, an Icecast server's questions and answers; and how an output is said to be."""

import base64
import itertools
import struct

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playout import icecast, sap
from playout.gauge import PAUSES, SETTLED, SLOW, WHY, Gauge
from playout.linear import Linear
from playout.rings import BLOCK
from playout.rtp_ts import TsPackets
from playout.ts_ring import DATAGRAM, TS_PACKET, Follower, TsRing
from station.words import SECOND, Instant, Misheard

NOW = Instant(1_780_000_000 * SECOND)
INDEX = (1 << 32) * 20 - BLOCK * 2  # the time stamp goes over its end in the block after next
STREAM = sap.Announced(name="FM", origin="10.3.0.5", host="239.69.1.1", port=5004, form="L24/48000/2", packet_us=1_000)  # fmt: skip
MOUNT = icecast.Mount(host="10.3.0.9", port=8000, path="/fm1", user="source", password="käse:x")


def values(data, bits):
    """Samples of a payload, worked out anew from RFC 3551 (4.5.11) and RFC 3190 (4)."""
    step = bits // 8
    found = [int.from_bytes(data[at : at + step], "big", signed=True) for at in range(0, len(data), step)]
    return np.array(found).reshape(-1, 2)


@given(st.sampled_from((16, 24)), st.sampled_from((48, 240)), st.integers(0, 5))
@settings(max_examples=20, deadline=None)
def test_every_sample_is_in_its_packet_and_none_is_changed(bits, frames, later):
    index = INDEX + later * BLOCK
    pcm = np.random.default_rng(later).integers(-32_768, 32_768, (BLOCK, 2)).astype(np.int16)
    heard, form = [], Linear(bits=bits, frames=frames, ssrc=7)
    assert form.name == f"L{bits}/48000/2"
    for k, packet in enumerate(form.packets(index, pcm)):
        first, kind, sequence, stamp, ssrc = struct.unpack_from("!BBHII", packet)
        assert (first, kind, ssrc) == (0x80, 97, 7)
        assert stamp == (index + k * frames) % (1 << 32)
        assert sequence == (index // frames + k) % (1 << 16)
        heard.append(values(packet[12:], bits))
    assert (np.concatenate(heard) == pcm.astype(int) << (bits - 16)).all()


def test_an_announcement_can_be_read_by_who_knows_the_standards_alone():
    sdp = sap.description(STREAM)
    data = sap.packet(sdp, "10.3.0.5")
    assert data[:2] == b"\x20\0" and data[2:4] != b"\0\0" and data[4:8] == bytes((10, 3, 0, 5))
    kind, _, body = data[8:].partition(b"\0")
    assert kind == b"application/sdp" and body.decode() == sdp
    lines = dict(
        line.split("=", 1) for line in sdp.split("\r\n") if line[:2] in ("v=", "s=", "c=", "t=", "m=")
    )
    assert lines == {
        "v": "0",
        "s": "FM",
        "c": "IN IP4 239.69.1.1/16",
        "t": "0 0",
        "m": "audio 5004 RTP/AVP 97",
    }
    assert "a=rtpmap:97 L24/48000/2\r\n" in sdp and "a=ptime:1\r\n" in sdp and "a=framecount:48\r\n" in sdp


def test_another_stream_is_another_session_and_the_same_one_stays_the_same():
    def session(**more):
        return sap.description(attrs.evolve(STREAM, **more)).split("\r\n")[1]

    assert session() == session() and len({session(), session(port=5006), session(name="FM 2")}) == 3
    receiver = sap.description(attrs.evolve(STREAM, host="10.3.0.9", name="a\r\nb=c", packet_us=125))
    assert (
        "c=IN IP4 10.3.0.9\r\n" in receiver and "s=a b=c\r\n" in receiver and "a=ptime:0.125\r\n" in receiver
    )
    named = sap.description(attrs.evolve(STREAM, host="tower.example", name=" "))
    assert "c=IN IP4 tower.example\r\n" in named and "s= \r\n" in named


def test_time_stamps_of_a_transport_stream_follow_its_bytes():
    rate, ssrc = 320_000, 9
    made = TsPackets(rate, ssrc)
    data = b"\x47" * DATAGRAM
    stamps = []
    for k in range(5):
        packet = made.packet(k * DATAGRAM, data)
        first, kind, sequence, stamp, source = struct.unpack_from("!BBHII", packet)
        assert (first, kind & 0x7F, sequence, source, packet[12:]) == (0x80, 33, k, ssrc, data)
        assert not kind & 0x80
        stamps.append(stamp)
    assert {b - a for a, b in itertools.pairwise(stamps)} == {DATAGRAM * 8 * 90_000 // rate}


def test_numbers_and_time_stamps_are_those_of_the_place_whoever_begins_when():
    position = 71_808_000_000 * DATAGRAM + 65_535 * DATAGRAM  # of a stream since 1970
    one, other = TsPackets(320_000, 9), TsPackets(320_000, 9)
    one.packet(0, b"")
    assert one.packet(position, b"x") == other.packet(position, b"x")
    made = [int.from_bytes(one.packet(position + k * DATAGRAM, b"")[2:4], "big") for k in range(2)]
    assert made == [(71_808_000_000 + 65_535 + k) % 65_536 for k in range(2)]
    assert int.from_bytes(one.packet(position, b"")[4:8], "big") == position * 9 // 4 % (1 << 32)


def filled(ring, count):
    for k in range(count):
        ring.put(ring.head, bytes([k % 251]) * DATAGRAM)


def test_a_reader_in_time_has_every_byte_across_the_end_of_the_ring():
    ring = TsRing(8 * 100 * DATAGRAM, 10 * DATAGRAM)
    reader, came = Follower(ring), b""
    for k in range(35):
        ring.put(ring.head, bytes([k]) * DATAGRAM)
        if k % 3 == 2:
            came += reader.more(8 * DATAGRAM)
    came += reader.more(8 * DATAGRAM)
    assert came == b"".join(bytes([k]) * DATAGRAM for k in range(35)) and not reader.lost
    assert reader.more() == b"" and reader.position == ring.head


def test_less_than_a_datagram_waits_for_the_rest():
    ring = TsRing(8 * 100 * DATAGRAM)
    reader = Follower(ring)
    ring.put(ring.head, b"a" * (6 * TS_PACKET))
    assert reader.more() == b""
    ring.put(ring.head, b"b" * (8 * TS_PACKET))
    assert len(reader.more()) == len(reader.more()) == DATAGRAM


def test_a_reader_that_is_too_slow_loses_counts_and_goes_on_at_the_head():
    ring = TsRing(8 * 2 * DATAGRAM, 100 * DATAGRAM)  # four datagrams are two seconds
    reader = Follower(ring)
    filled(ring, 4)
    assert reader.more() and not reader.lost
    filled(ring, 3)
    assert reader.more() == b"" and reader.lost == 6 * DATAGRAM
    filled(ring, 1)
    assert reader.more() == bytes(DATAGRAM) and reader.lost == 6 * DATAGRAM


def test_what_was_written_over_while_it_was_read_is_not_given_away():
    ring = TsRing(8 * 100 * DATAGRAM, 10 * DATAGRAM)
    filled(ring, 10)
    assert ring.read(0, DATAGRAM) is not None
    filled(ring, 1)
    assert ring.read(0, DATAGRAM) is None


def test_a_reader_begins_where_the_stream_does_at_a_whole_datagram_and_what_was_never_made_is_not_lost():
    ring = TsRing(8 * 100 * DATAGRAM, 10 * DATAGRAM)
    reader, far = Follower(ring), 71_808_000_000 * DATAGRAM
    ring.put(far + TS_PACKET, b"a" * (6 * TS_PACKET) + b"b" * DATAGRAM)
    assert reader.more() == b"b" * DATAGRAM and reader.position == far + 2 * DATAGRAM
    assert Follower(ring).position == far + 2 * DATAGRAM
    ring.put(far + 5 * DATAGRAM, b"c" * DATAGRAM)  # it was held up: a hole
    assert ring.read(far + DATAGRAM, DATAGRAM) is None
    assert reader.more() == b"c" * DATAGRAM and not reader.lost
    ring.put(far, b"d" * DATAGRAM)  # the time went back, by less than a reader may be behind
    assert reader.more() == b"" and reader.position == far + 6 * DATAGRAM
    ring.put(0, b"e" * 2 * DATAGRAM)  # and by more
    assert reader.more() == b"e" * DATAGRAM and not reader.lost


class Raced(TsRing):
    """The encoder writes over what a reader is about to take, between its two looks."""

    def read(self, at, most):
        filled(self, 12)
        return super().read(at, most)


def test_a_reader_that_was_overtaken_goes_on_at_the_head():
    ring = Raced(8 * 100 * DATAGRAM, 10 * DATAGRAM)
    reader = Follower(ring)
    filled(ring, 1)
    assert reader.more() == b"" and reader.lost == 13 * DATAGRAM


def head(data):
    first, *lines = data.decode().split("\r\n")
    return first, dict(line.split(": ", 1) for line in lines if line)


def test_a_source_says_who_it_is_and_waits():
    first, said = head(icecast.request(MOUNT, "mp3", 128, "FM\r\nIce-Public: 1\n 98.5"))
    assert first == "PUT /fm1 HTTP/1.1" and said["Expect"] == "100-continue"
    assert base64.b64decode(said["Authorization"].removeprefix("Basic ")).decode() == "source:käse:x"
    assert said["Content-Type"] == "audio/mpeg" and said["Ice-Name"] == "FM Ice-Public: 1 98.5"
    assert "käse" not in repr(MOUNT)


def test_a_title_is_told_in_one_line_whatever_it_says():
    first, said = head(icecast.title(MOUNT, "新闻 & \r\nX: y"))
    assert first.count(" ") == 2 and "mount=%2Ffm1&song=%E6%96%B0%E9%97%BB%20%26%20%0D%0AX%3A%20y" in first
    assert said["Authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    ("said", "means"),
    [
        (b"HTTP/1.1 100 Continue", ""),
        (b"HTTP/1.0 200 OK", ""),
        (b"ICY 200 OK", ""),
        (b"HTTP/1.0 401 Unauthorized", "password"),
        (b"HTTP/1.0 403 Forbidden", "password"),
        (b"HTTP/1.0 403 Mountpoint in use", "taken"),
        (b"HTTP/1.1 409 Conflict", "taken"),
        (b"HTTP/1.1 415", "answer"),
        (b"HTTP/1.1 500 Oops", "answer"),
    ],
)
def test_an_answer_means_one_thing_however_it_is_cut(said, means):
    answer = icecast.Answer()
    whole = said + b"\r\nServer: x\r\n\r\n"
    for at in range(len(whole) - 1):
        assert answer.feed(whole[at : at + 1]) is None
    assert answer.feed(whole[-1:]) == means and means in WHY


@pytest.mark.parametrize("said", [b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 ok\r\n\r\n", b"\r\n\r\n", b"a" * 9_000])
def test_what_is_no_answer_is_not_taken_for_one(said):
    with pytest.raises(Misheard):
        icecast.Answer().feed(said)


def test_pauses_grow_and_begin_anew_after_a_while_that_went_well():
    gauge, seen = Gauge("ice"), []
    assert gauge.line(NOW).state == "starting" and gauge.pause == 0
    for _ in range(9):
        gauge.down("refused", NOW)
        seen.append(gauge.pause)
    assert seen == [*PAUSES[1:], 60, 60] and gauge.line(NOW).tries == 9
    gauge.up(NOW)
    gauge.down("closed", Instant(NOW + SETTLED - 1))
    assert gauge.line(NOW).tries == 10
    gauge.up(NOW)
    gauge.up(Instant(NOW + SECOND))
    gauge.down("closed", Instant(NOW + SETTLED))
    assert gauge.line(NOW).tries == 1 and gauge.pause == PAUSES[1]


def test_since_when_it_is_down_stays_while_the_reason_changes():
    gauge = Gauge("ice")
    gauge.down("refused", NOW)
    gauge.down("timeout", Instant(NOW + SECOND))
    line = gauge.line(NOW)
    assert (line.state, line.since, line.why) == ("down", NOW, "timeout")


def test_one_that_drops_is_called_slow_for_a_while():
    gauge = Gauge("ice")
    gauge.up(NOW)
    gauge.lost(0, NOW)
    assert gauge.line(NOW).state == "up"
    gauge.lost(10, NOW)
    gauge.sent(5)
    line = gauge.line(Instant(NOW + SLOW - 1))
    assert (line.state, line.dropped, line.sent) == ("slow", 10, 5)
    assert gauge.line(Instant(NOW + SLOW)).state == "up"


def test_every_reason_has_its_words():
    assert all(text.en and text.zh for why, text in WHY.items() if why)
