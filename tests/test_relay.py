"""A relay of two ways on the air of a real player: one way is killed, then both; then a studio's session, of which a part is dumped. Counted at the socket from outside."""

from __future__ import annotations

import socket
import struct
import subprocess
import threading
import time
import wave
from itertools import pairwise

import attrs
import av
import numpy as np
import pytest
from radio_kit import Ear, Running, now_sample, plan_of, stock, take

from playout.link import SetPlan, StationHello, Status
from schedules.edits import Edit, edited
from schedules.relays import medium_of

pytestmark = pytest.mark.slow
BASE, FIRST, SECOND, DESK = 21_480, 21_500, 21_502, 21_504
RELAYS = f"""
[[relays]]
id = "cnr"
chain = "radio"
name_zh = "中央台"
name_en = "CNR"
members = ["udp://127.0.0.1:{FIRST}", "udp://127.0.0.1:{SECOND}"]
delay_ms = 1500
[[live]]
id = "studio"
chain = "radio"
name_zh = "直播间"
name_en = "Studio"
members = ["l24://127.0.0.1:{DESK}"]
delay_ms = 1500
"""


def programme(path, seconds=20):
    """Sound like no other moment of itself, as the receivers will decode it: its file in MP2, and its samples in 16 bits."""
    noise = np.random.default_rng(5).standard_normal((seconds * 48_000, 2))
    sound = np.apply_along_axis(np.convolve, 0, noise, np.hanning(16), "same")
    with wave.open(str(path / "p.wav"), "wb") as out:
        out.setparams((2, 2, 48_000, 0, "NONE", ""))
        out.writeframes((sound * 2_000).astype("<i2").tobytes())
    made = path / "p.mp2"
    words = ["-v", "error", "-i", str(path / "p.wav"), "-c:a", "mp2", "-b:a", "256k", str(made)]
    subprocess.run(["ffmpeg", *words], check=True)
    with av.open(str(made)) as container:
        turned = av.AudioResampler(format="s32", layout="stereo", rate=48_000)
        frames = [f for one in container.decode(audio=0) for f in turned.resample(one)]
    pcm = np.concatenate([f.to_ndarray().reshape(-1, 2) for f in frames])
    return made, np.clip((pcm.astype(np.int64) + (1 << 15)) >> 16, -32_768, 32_767)


def sender(made, port):
    words = [
        "-v",
        "error",
        "-re",
        "-i",
        str(made),
        "-c",
        "copy",
        "-f",
        "mpegts",
        f"udp://127.0.0.1:{port}?pkt_size=1316",
    ]
    return subprocess.Popen(["ffmpeg", *words])


class Desk:
    """A studio's desk: L24 in RTP (RFC 3190, RFC 3550), each sample another value, until it is closed."""

    def __init__(self, port):
        self.socket, self.to, self.over = (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
            port,
            threading.Event(),
        )
        self.thread = threading.Thread(target=self.send)
        self.thread.start()

    def send(self):
        begun, n = time.monotonic(), 0
        while not self.over.is_set():
            while n < (time.monotonic() - begun) * 48_000:
                value = (np.arange(n, n + 48) * 7_919 % 50_000 - 25_000).astype(np.int32) << 8
                words = np.stack((value, -value), axis=1).astype(">i4").view(np.uint8).reshape(-1, 4)[:, 1:]
                head = struct.pack("!BBHII", 0x80, 97, n // 48 & 0xFFFF, n, 7)
                self.socket.sendto(head + words.tobytes(), ("127.0.0.1", self.to))
                n += 48
            self.over.wait(0.004)

    def close(self):
        self.over.set()
        self.thread.join()
        self.socket.close()


def session_is_heard(link, ear, plan, studio):
    """A session of two and a half seconds, half a second of it dumped: every sample of the rest is the desk's, in its place, but for fades of 20 ms."""
    at = now_sample() + 60_000
    end, thrown, until = at + 120_000, at + 48_123, at + 72_456
    lies = take("talk", at, studio, end=end, offset=at)
    deeds = [
        Edit(verb="insert", at=at, lies=attrs.evolve(lies, approval="session:fm1:1")),
        Edit(verb="dump", at=thrown, take=studio.sha256, until=until),
    ]
    lived = edited(plan, deeds, 1, {}, {studio.sha256: studio})
    link.send(SetPlan(channel="fm1", plan=attrs.evolve(lived, revision=2)))
    link.until(
        lambda m: isinstance(m, Status) and m.take.startswith("talk") and m.head >= end - 24_000, within=9
    )
    ear.listen(1.5)
    stamp, pcm = heard(ear)
    place = [(one - stamp) % (1 << 32) for one in (at, thrown, until, end)]
    assert place[3] < len(pcm)
    number = (pcm[:, 0] + 25_000) * pow(7_919, -1, 50_000) % 50_000
    first, second = number[place[0] : place[1] - 960], number[place[2] + 960 : place[3] - 960]
    assert (np.diff(first) % 50_000 == 1).all() and (np.diff(second) % 50_000 == 1).all()
    assert (second[0] - first[0]) % 50_000 == (until + 960 - at) % 50_000, (
        "what was dumped is not heard later"
    )
    cover = pcm[place[1] : place[2]]
    assert (cover[:, 0] == -cover[:, 1]).all() and (np.abs(cover[:, 0]) <= 9_000).all()


def heard(ear, after=0):
    """(index of the first sample, all samples in their order) of what came after packet number `after`; nothing is missing."""
    packets = ear.packets[after:]
    assert all((b[1] - a[1]) % (1 << 32) == len(a[3]) for a, b in pairwise(packets))
    return packets[0][1], np.concatenate([pcm for _, _, _, pcm, _ in packets]).astype(np.int64)


def place_in(sound, piece):
    """Where in the programme a piece is."""
    size = 1 << len(sound).bit_length()
    spectrum = np.fft.rfft(sound[:, 0], size) * np.conj(np.fft.rfft(piece[:, 0], size))
    return int(np.fft.irfft(spectrum, size)[: len(sound)].argmax())


def test_no_jump_is_heard_where_one_way_fails_and_other_content_at_once_where_both_do(tmp_path):
    made, sound = programme(tmp_path)
    player = Running(tmp_path / "home", BASE)
    settings = player.home / "station.toml"
    settings.write_text(settings.read_text() + RELAYS)
    tone = np.tile(np.array([[9_000 << 8, -9_000 << 8]], dtype=np.int32), (96_000, 1))
    filler = stock(player.media, tone, "filler")
    ear = Ear(BASE + 102)
    player.start()
    ways, started, desk = [], [], Desk(DESK)
    try:
        link = player.link()
        link.send(StationHello())
        link.until(lambda m: isinstance(m, Status))
        ways.append(sender(made, FIRST))
        time.sleep(0.25)
        ways.append(sender(made, SECOND))
        started += ways
        relay = medium_of("cnr", "CNR")
        start = now_sample() // 480 * 480
        one = take("relay", start, relay, end=start + 120 * 48_000, offset=start)
        plan = plan_of([one], [relay, filler], filler=(filler.sha256,))
        link.send(SetPlan(channel="fm1", plan=plan))
        link.until(lambda m: isinstance(m, Status) and m.rung == "filler", within=15)
        link.until(lambda m: isinstance(m, Status) and m.rung == "file", within=15)
        both = link.until(lambda m: isinstance(m, Status) and in_place(m), within=15)
        ear.clear()
        ear.listen(0.5)
        ways.pop(both.relays[0].heard).kill()
        ear.listen(3)
        _, pcm = heard(ear)
        at = place_in(sound, pcm[:24_000])
        assert np.abs(pcm - sound[at : at + len(pcm)]).max() <= 2
        ways[0].kill()
        ended = len(ear.packets)
        ear.listen(2.5)
        assert_ends(heard(ear, ended)[1], sound, at + len(pcm))
        ear.clear()
        session_is_heard(link, ear, plan, medium_of("live-studio", "Studio"))
        link.close()
    finally:
        for way in started:
            way.kill()
            way.wait()
        player.stop()
        desk.close()
        ear.close()


def in_place(status):
    """Whether both ways are well, and it is known which sample of the one goes with which of the other."""
    return all(member.placed and member.state == "good" for member in status.relays[0].members)


def assert_ends(pcm, sound, at):
    """The programme goes on to its last sample that came, and then the filler is heard, within half a second."""
    same = np.abs(pcm - sound[at : at + len(pcm)]).max(axis=1) <= 2
    last = int(np.flatnonzero(same)[-1])
    assert same[: last - 480].all()
    filler = np.flatnonzero((pcm == [9_000, -9_000]).all(axis=1))
    assert len(filler) and 0 < filler[0] - last < 24_000 and len(pcm) - filler[0] <= len(filler)
