"""A relay on a pair of real players: both send the same samples while both live, and whoever is killed, the other goes on at the next sample. Counted at the sockets from outside. Takes some 7 s."""

from __future__ import annotations

import socket
import struct
import threading
import time
from itertools import pairwise

import numpy as np
import pytest
from radio_kit import Ear, Running, now_sample, plan_of, stock, take

from playout.link import SetPlan, StationHello, Status
from schedules.relays import medium_of

pytestmark = pytest.mark.slow
BASE, GROUP, PORT = 21_180, "239.77.180.1", 21_460
RELAY = f"""
[[relays]]
id = "cnr"
chain = "radio"
name_zh = "中央台"
name_en = "CNR"
members = ["l24://{GROUP}:{PORT}"]
delay_ms = 500
"""


class Sender:
    """L24 in RTP (RFC 3190) to a group on this machine: noise that is like no other moment of itself."""

    def __init__(self):
        noise = np.random.default_rng(3).integers(-20_000, 20_000, (100_000, 2)).astype(np.int32)
        self.pcm = noise
        self.socket, self.over = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), threading.Event()
        self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        self.thread = threading.Thread(target=self.send)
        self.thread.start()

    def send(self):
        begun, n = time.monotonic(), 0
        while not self.over.is_set():
            while n < (time.monotonic() - begun) * 48_000:
                words = self.pcm[np.arange(n, n + 240) % len(self.pcm)] << 8
                data = words.astype(">i4").view(np.uint8).reshape(-1, 4)[:, 1:].tobytes()
                head = struct.pack("!BBHII", 0x80, 97, n // 240 & 0xFFFF, n, 9)
                self.socket.sendto(head + data, (GROUP, PORT))
                n += 240
            self.over.wait(0.004)

    def close(self):
        self.over.set()
        self.thread.join()
        self.socket.close()

    def follows(self, pcm):
        """Whether these samples stand in this order in what is sent, none left out, none twice."""
        first = np.flatnonzero((self.pcm == pcm[0]).all(axis=1))
        where = (np.arange(len(pcm)) + (first[0] if len(first) else 0)) % len(self.pcm)
        return bool(len(first)) and bool((self.pcm[where] == pcm).all())


def heard(ear):
    """By time stamp, what came that is not marked as a step down the ladder: a busy machine may starve one of them."""
    return {stamp: pcm.astype(np.int64) for _, stamp, marked, pcm, _ in ear.packets if not marked}


def joined(packets):
    """All of it in order, which has no hole: what a receiver of both hears."""
    stamps = sorted(packets)
    assert all((b - a) == len(packets[a]) for a, b in pairwise(stamps))
    return np.concatenate([packets[one] for one in stamps])


def begun(player, plan):
    """A player that has been told the plan and has the relay on the air."""
    player.start()
    link = player.link()
    link.send(StationHello())
    link.send(SetPlan(channel="fm1", plan=plan, epoch="e"))
    link.until(
        lambda m: isinstance(m, Status) and m.plan_revision == 1 and m.rung == "file" and m.sending, 15
    )
    link.until(lambda m: isinstance(m, Status) and m.relays[0].members[0].placed, 15)
    return link


def test_either_of_two_players_that_relay_may_be_killed_and_no_sample_is_missed(tmp_path):
    home = tmp_path / "home"
    one, two = (Running(home, BASE, chain) for chain in ("radio", "radio.b"))
    settings = home / "station.toml"
    settings.write_text(settings.read_text().replace("rundowns =", 'redundancy = "pair"\nrundowns =') + RELAY)
    filler = stock(one.media, np.full((96_000, 2), 9_000 << 8, dtype=np.int32), "filler")
    relay = medium_of("cnr", "CNR")
    start = now_sample() // 480 * 480
    on_air = take("relay", start, relay, end=start + 300 * 48_000, offset=start)
    plan = plan_of([on_air], [relay, filler], filler=(filler.sha256,))
    sender, ears = Sender(), [Ear(BASE + 102), Ear(BASE + 302)]
    try:
        links = [begun(one, plan), begun(two, plan)]
        for killed, other in ((one, 1), (two, 0)):
            for ear in ears:
                ear.clear()
            for _ in range(10):
                for ear in ears:
                    ear.listen(0.05)
            killed.process.kill()
            ears[other].listen(0.7)
            first, second = heard(ears[1 - other]), heard(ears[other])
            both = first.keys() & second.keys()
            assert len(both) > 100 and [at for at in both if (first[at] != second[at]).any()] == []
            merged = {at: pcm for at, pcm in (first | second).items() if at >= min(both)}
            assert sender.follows(joined(merged)), "one after the other, before and after"
            assert max(second) - max(first) > 15_000
            killed.process.wait()
            if killed is one:
                links.append(begun(one, plan))
        for link in links:
            link.close()
    finally:
        for player in (one, two):
            player.stop()
        sender.close()
        for ear in ears:
            ear.close()
