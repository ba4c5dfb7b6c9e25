"""Two players of one chain, each killed in its turn, merged into one stream by `gengfu merge`: a receiver notices nothing, and what was aired is written once (design, section 4)."""

import json
import subprocess
import sys
import threading
from itertools import pairwise

import attrs
import numpy as np
import pytest
import sqlalchemy as sa
from radio_kit import Ear, Running, kill, now_sample, plan_of, stock, take

from playout.link import AsRun, AsRunSince, Preload, Ready, SetOverlays, SetPlan, StationHello, Status
from playout.messages import AiredEntries
from schedules.plan import Overlay
from station import projections
from station.asrun_merge import merged
from station.renew_tool import Players, Renewal
from station.settings import Places
from station.settings_file import load

pytestmark = pytest.mark.slow
PORT, OUT = 25_700, 25_790
FIRST, SECOND = PORT + 103, PORT + 303
SECONDS = 60


class Station:
    """What a station wants of both, and tells each whenever it connects."""

    def __init__(self, plan, media):
        self.plan, self.media = SetPlan(channel="fm1", plan=plan, epoch="e"), media
        self.overlays = SetOverlays(channel="fm1", revision=1, overlays=(), epoch="e")
        self.links = {}

    def join(self, player, within=10):
        """Connect to a player that has begun; it has all that is wanted when this returns."""
        self.links[player.chain] = link = player.link(within)
        for message in (StationHello(), Preload(media=self.media), self.overlays, self.plan):
            link.send(message)
        wanted = {medium.sha256 for medium in self.media}
        link.until(lambda m: isinstance(m, Ready) and wanted & set(m.media), within)
        link.until(lambda m: isinstance(m, Status) and m.plan_revision == 1 and m.rung == "file", within)
        return link

    def cover(self, overlay):
        """The same alert to both."""
        revision = self.overlays.revision + 1
        self.overlays = attrs.evolve(self.overlays, revision=revision, overlays=(overlay,), media=self.media)
        for link in self.links.values():
            link.send(self.overlays)


@pytest.fixture
def merge():
    """`gengfu merge` over both, and what a receiver of it hears."""
    ear = Ear(OUT)
    words = ["merge", "--channel", "fm1", "--out", f"127.0.0.1:{OUT}"]
    words += [word for port in (FIRST, SECOND) for word in ("--in", f"127.0.0.1:{port}")]
    process = subprocess.Popen(
        [sys.executable, "-m", "station.cli", *words], stdout=subprocess.PIPE, text=True
    )
    yield ear, process
    process.kill()
    process.wait()
    ear.close()


@pytest.fixture
def pair(tmp_path):
    """Both players of one station."""
    home = tmp_path / "home"
    both = [Running(home, PORT, chain) for chain in ("radio", "radio.b")]
    settings = home / "station.toml"
    ways = f'l16 = ["127.0.0.1:{FIRST}"]\nl16_twin = ["127.0.0.1:{SECOND}"]\nredundancy = "pair"\nrundowns ='
    settings.write_text(settings.read_text().replace("rundowns =", ways))
    yield both
    for player in both:
        player.stop()


def again(player, station, ear):
    """Killed and started as its supervisor would; what it sends on its own way until it is heard again, and a while on."""
    own = Ear(PORT + (302 if player.chain.endswith(".b") else 102))
    player.process.kill()
    player.process.wait()
    own.clear()
    player.start()
    if station is not None:
        station.join(player)
    ear.listen(12, lambda: own.listen(0.01) or own.packets)
    ear.listen(0.5)
    own.listen(0.1)
    own.close()
    return own.packets


def log_of(players, station):
    """What both wrote, as the journal's table has it."""
    engine = sa.create_engine("sqlite://")
    projections.metadata.create_all(engine)
    with engine.begin() as connection:
        for player in players:
            link = station.links[player.chain]
            link.send(AsRunSince())
            entries = link.until(lambda m: isinstance(m, AsRun), 10).entries
            told = AiredEntries(chain=player.chain, entries=entries)
            projections.AsRunTable().apply(connection, None, told)
        rows = [dict(row) for row in connection.execute(sa.select(projections.asrun)).mappings()]
    return merged(row for row in rows if row["approval"] in ("test:x", "alert:a"))


def test_either_twin_may_be_killed_in_the_middle_of_an_alert_and_nothing_is_missed(pair, merge):
    ear, process = merge
    rng = np.random.default_rng(8)
    programme, speech = (
        rng.integers(-30_000, 30_000, (48_000 * n, 2)).astype(np.int32) << 8 for n in (SECONDS, 4)
    )
    start = now_sample() // 480 * 480 - 4_800
    film, words = stock(pair[0].media, programme), stock(pair[0].media, speech)
    station = Station(plan_of([take("x", start, film)], [film]), (words,))
    for player in pair:
        player.start()
        station.join(player).until(lambda m: isinstance(m, Status) and m.sending, 10)
    ear.listen(0.2)
    ear.clear()
    begin = now_sample() + 24_000
    overlay = Overlay(
        id="a/fm1", mode="replace", start=begin, end=begin + len(speech) * 12, priority=1, approval="alert:a",
        sequence=(words.sha256,),
    )  # fmt: skip
    station.cover(overlay)
    ear.listen(0.8)
    joined = [again(pair[number], told, ear) for number, told in ((0, station), (1, None))]
    kill(pair[0].children()[-3])
    ear.listen(0.5)
    process.terminate()
    told = json.loads(process.communicate(timeout=10)[0].splitlines()[-1])

    def differing(packets):
        wrong = 0
        for _, stamp, marked, pcm, _ in packets:
            at = start + (stamp - start) % (1 << 32) + np.arange(len(pcm))
            said = np.take(speech, (at - begin) % len(speech), axis=0)
            wanted = np.where((at >= begin)[:, None], said, np.take(programme, at - start, axis=0)) >> 8
            wrong += int((pcm != wanted).any(axis=1).sum()) + marked
        return wrong

    assert {(b[0] - a[0]) % 65_536 for a, b in pairwise(ear.packets)} == {1}, "every packet once, in order"
    assert len(ear.packets) > 700 and differing(ear.packets) == 0
    assert told["missing"] == told["differing"] == 0
    assert min(one["alone"] for one in told["paths"]) > 20, "each was alone for a while"
    for packets in joined:
        assert len(packets) > 5 and (packets[0][1] - start) % (1 << 32) % 480 == 0
        assert differing(packets) == 0, "from its first packet on"
    station.join(pair[1])
    aired = log_of(pair, station)
    assert [(row["ref"].partition("@")[0], row["players"]) for row in aired][-1] == ("a/fm1", ["A", "B"])
    assert len(aired) == 2 and aired[0]["end"] == aired[1]["start"] == begin


class Supervised(Players):
    """Players that are started again when they end, and told what is wanted by their station."""

    def __init__(self, host, station):
        super().__init__(Places(host.state), ())
        self.running, self.station, self.done = {"radio": host}, station, []

    def begin(self, player):
        self.done.append(f"begin {player}")
        made = self.running.setdefault(player, Running(self.running["radio"].home, PORT, player))
        made.start()
        self.station.join(made)

    def end(self, player):
        self.done.append(f"end {player}")
        super().end(player)
        assert self.running[player].process.wait(10) == 0
        if player == "radio":
            self.begin(player)


def test_a_player_that_is_alone_is_renewed_and_nothing_is_missed_on_its_own_way(tmp_path):
    rng = np.random.default_rng(9)
    programme = rng.integers(-30_000, 30_000, (48_000 * SECONDS, 2)).astype(np.int32) << 8
    host = Running(tmp_path / "home", PORT)
    start = now_sample() // 480 * 480 - 4_800
    film, words = stock(host.media, programme), stock(host.media, programme[:4_800])
    station = Station(plan_of([take("x", start, film)], [film]), (words,))
    hands, ear, over = Supervised(host, station), Ear(PORT + 102), threading.Event()
    receiver = threading.Thread(target=ear.listen, args=(60, over.is_set))
    try:
        host.start()
        station.join(host)
        first = host.process.pid
        ear.listen(0.3)
        ear.clear()
        receiver.start()
        Renewal(load(host.home / "station.toml"), "radio", hands, lambda en, zh: None, 48_000 * 20).run()
    finally:
        over.set()
        receiver.join()
        ear.close()
        for player in hands.running.values():
            player.stop()
    assert hands.done == ["begin radio.b", "end radio", "begin radio", "end radio.b"]
    assert host.process.pid != first
    heard = {}
    for sequence, stamp, marked, pcm, _ in ear.packets:
        assert not marked and np.array_equal(heard.setdefault(stamp, (sequence, pcm))[1], pcm), (
            "a double is the same"
        )
    assert len(ear.packets) > len(heard) + 100, "for a while there were two"
    stamps = sorted(heard, key=lambda stamp: (stamp - start) % (1 << 32))
    assert {(heard[b][0] - heard[a][0]) % 65_536 for a, b in pairwise(stamps)} == {1}
    for stamp in stamps:
        at = (stamp - start) % (1 << 32)
        assert np.array_equal(heard[stamp][1], programme[at : at + 240] >> 8)
