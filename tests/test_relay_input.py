"""What comes of a relay's member: over the web and from a helper's pipe, to its ring; and what is said where nothing comes."""

from __future__ import annotations

import io
import threading
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, HTTPServer

import av
import numpy as np
import pytest
from test_scte35 import TAIL, at, insert, sealed, segment

from playout.relay_input import Line, receive, serve_member, srt_command
from playout.relay_rings import MemberRing
from playout.scte35 import Marker
from station.packed import crc32_mpeg2
from station.relay_sources import read
from station.words import Refused

RATE = 48_000
TONE = np.round(np.sin(np.arange(RATE) * 2 * np.pi * 1_000 / RATE) * 8_000).astype(np.int16)


def coded(form, codec, rate=RATE, skip=range(0)):
    """A second of a tone as a stream, without the frames in `skip`."""
    out = io.BytesIO()
    with av.open(out, "w", format=form) as container:
        stream = container.add_stream(codec, rate=rate, layout="stereo")
        step = 1_152
        for number, at in enumerate(range(0, len(TONE) - step, step)):
            both = np.repeat(TONE[at : at + step], 2).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(both, format="s16", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
            container.mux([] if number in skip else stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def packets(pid, section, counter=0):
    """One section in one packet of a transport stream (ISO/IEC 13818-1, 2.4.3.2)."""
    head = bytes((0x47, 0x40 | pid >> 8, pid & 0xFF, 0x10 | counter))
    return (head + b"\0" + section).ljust(188, b"\xff")


def spliced(stream, at, section):
    """The same stream with a PID of splice information (SCTE 35, 8): in its table of the programme, and one section after `at` packets."""
    made = b""
    for number, first in enumerate(range(0, len(stream), 188)):
        packet = stream[first : first + 188]
        pid = int.from_bytes(packet[1:3], "big") & 0x1FFF
        if pid == 0x1000 and packet[1] & 0x40:
            start = 5 + packet[4]
            length = int.from_bytes(packet[start + 1 : start + 3], "big") & 0xFFF
            body = packet[start + 3 : start + 3 + length - 4]
            known = int.from_bytes(body[7:9], "big") & 0xFFF
            registered = b"\x05\x04CUEI"
            body = (
                body[:7] + (0xF000 | known + len(registered)).to_bytes(2, "big") + body[9 : 9 + known] + registered
                + body[9 + known :] + b"\x86" + (0xE000 | 0x1F0).to_bytes(2, "big") + b"\xf0\x00"
            )  # fmt: skip
            table = b"\x02" + (0xB000 | len(body) + 4).to_bytes(2, "big") + body
            packet = packets(pid, table + crc32_mpeg2(table).to_bytes(4, "big"), packet[3] & 15)
        made += packet
        if number == at:
            made += packets(0x1F0, section)
    return made


def test_splice_information_says_of_which_sample_it_speaks(web):
    address, given = web
    plain = coded("mpegts", "mp2")
    first = received_stamp(plain)
    pts = first + 90_000 * 3 // 4
    given.append(spliced(plain, 60, sealed(6, at(pts), segment(0x11))))
    ring = received(address)
    count, place, says = ring.marked()
    assert (count, says) == (1, 0) and abs(place - 36_000) <= 1
    given[0] = spliced(plain, 60, sealed(5, insert(0b1101, TAIL)))
    count, place, says = received(address).marked()
    assert (count, says) == (1, 1) and 0 < place < RATE, "at once"
    given[0] = spliced(plain, 60, sealed(6, at(first + 90_000 * 90), segment(0x11)))
    assert received(address).marked()[0] == 0, "too far away to be true"
    given[0] = spliced(plain, 60, b"\xfc" + bytes(30))
    assert received(address).marked()[0] == 0 and received(address).written == ring.written


def received_stamp(stream):
    """The time stamp of its first sound."""
    with av.open(io.BytesIO(stream)) as container:
        return next(packet.pts for packet in container.demux(container.streams.audio[0]))


def test_before_any_sound_only_what_is_meant_at_once_has_a_place():
    line = Line()
    assert line.until(Marker(what="end", event=1, pts=5)) is None
    assert line.until(Marker(what="end", event=1, pts=None)) == 0


@pytest.fixture
def web():
    """Serves what it is given, and then hangs up; (address, what to serve)."""
    given = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            """Nothing."""

        def do_GET(self):
            body = given[0] if given else b""
            self.send_response(200 if given else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/live", given
    server.shutdown()
    server.server_close()


def received(address):
    ring = MemberRing(4)
    receive(ring, read(address), "127.0.0.1", lambda: 7, lambda _: None)
    return ring


def test_a_stream_from_the_web_is_there_in_the_stations_rate(web):
    address, given = web
    given.append(coded("mp3", "libmp3lame", rate=24_000))
    ring = received(address)
    assert (ring.turn, ring.arrived) == (1, 7) and abs(ring.written - 2 * RATE) < 8_000
    assert np.abs(ring.read(RATE, 4_800)).max() > 7_000 << 8


def test_what_was_lost_on_its_way_is_silence_of_its_length(web):
    address, given = web
    given.append(coded("mpegts", "mp2"))
    whole = received(address)
    given[0] = coded("mpegts", "mp2", skip=range(20, 25))
    broken = received(address)
    assert whole.lost == 0 and broken.lost == 5 * 1_152
    assert abs(broken.written - whole.written) <= 1_152


def test_a_helper_is_read_while_it_writes(tmp_path, monkeypatch):
    (tmp_path / "a.ts").write_bytes(coded("mpegts", "mp2"))
    fake = tmp_path / "srt-live-transmit"
    fake.write_text(f'#!/bin/sh\n[ "$2" = "srt://127.0.0.1:9" ] && cat {tmp_path}/a.ts\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert received("srt://127.0.0.1:9").written > 40_000


def test_a_passphrase_is_told_through_a_pipe_and_stands_on_no_command_line(tmp_path, monkeypatch):
    (tmp_path / "a.ts").write_bytes(coded("mpegts", "mp2"))
    for name in ("srt-live-transmit", "ffmpeg"):
        fake = tmp_path / name
        fake.write_text(
            f'#!/bin/sh\necho "$0 $*" >> {tmp_path}/words\ncat > {tmp_path}/told\ncat {tmp_path}/a.ts\n'
        )
        fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    ring = MemberRing(4)
    rests = []
    source = read("srt://127.0.0.1:9")
    serve_member(ring, source, "", lambda: 7, rests.append, worn=1, secret=lambda: "it's-a-secret")
    assert ring.written > 40_000
    words = (tmp_path / "words").read_text()
    assert "ffmpeg" in words and "secret" not in words
    told = (tmp_path / "told").read_text()
    assert told == "ffconcat version 1.0\nfile 'srt://127.0.0.1:9'\noption passphrase 'it'\\''s-a-secret'\n"
    assert srt_command(source, "")[0][0] == "srt-live-transmit"
    (tmp_path / "srt-live-transmit").unlink()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert srt_command(source, "")[0][0] == "ffmpeg"
    for wrong in ("short", "x" * 80, "tab\tin a secret"):
        with pytest.raises(Refused, match="10 to 79"):
            srt_command(source, wrong)
    (tmp_path / "ffmpeg").unlink()
    with pytest.raises(Refused, match="ffmpeg is not installed"):
        srt_command(source, "it's-a-secret")


CARD = """
pcm.desk {{
  type file
  slave.pcm {{ type null }}
  file "/dev/null"
  infile "{}"
  format "raw"
}}
"""


class Enough(Exception):
    """What was wanted has come."""


def test_what_a_sound_card_gives_is_there_sample_by_sample(tmp_path, monkeypatch):
    """A card that is a file: without a clock of its own, so that its time stamps are of no use."""
    (tmp_path / "x.raw").write_bytes(np.repeat(TONE, 2).astype("<i2").tobytes())
    (tmp_path / "alsa.conf").write_text(CARD.format(tmp_path / "x.raw"))
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "alsa.conf"))
    ring = MemberRing(4)

    def rest(_):
        if ring.written >= 960:
            raise Enough

    with pytest.raises(Enough):
        receive(ring, read("alsa:desk"), "", lambda: 7, rest)
    assert ring.turn == 1 and ring.lost == 0
    assert (ring.read(0, 960)[:, 0] >> 8 == TONE[:960]).all()


def test_without_the_helper_that_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refused, match="srt-live-transmit is not installed"):
        received("srt://127.0.0.1:9")


def test_a_source_without_sound_is_refused(web):
    address, given = web
    out = io.BytesIO()
    with av.open(out, "w", format="mpegts") as container:
        stream = container.add_stream("mpeg2video", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        container.mux(stream.encode(None))
    given.append(out.getvalue())
    with pytest.raises(Refused, match="no sound"):
        received(address)


def test_a_source_that_fails_is_tried_again_ever_more_slowly_and_named_once(web, capfd):
    address, _ = web
    rests: list[float] = []
    serve_member(MemberRing(1), read(f"{address}?key=secret"), "", lambda: 0, rests.append, worn=4)
    assert rests == [0.3, 1.0, 3.0, 3.0]
    said = capfd.readouterr().err
    assert said.count("\n") == 1 and "secret" not in said and "404" in said
