"""Two players of one chain, each killed in its turn, merged into one stream by `gengfu merge`: a receiver notices nothing (design, section 4)."""

import json
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from radio_kit import Ear, Running, kill, now_sample, plan_of, stock, take

from playout.link import Preload, Ready, SetOverlays, SetPlan, StationHello, Status
from schedules.plan import Overlay

pytestmark = pytest.mark.slow
PORT, OUT = 25_700, 25_790
SECONDS = 40


class Twin(Running):
    """One of the two, given what its twin is given."""

    def ready(self, plan, medium):
        """Begin, and have plan and speech."""
        self.start()
        link = self.link()
        link.send(StationHello())
        link.until(lambda m: isinstance(m, Status), 10)
        link.send(SetPlan(channel="fm1", plan=plan))
        link.until(lambda m: isinstance(m, Status) and m.plan_revision == 1 and m.rung == "file", 10)
        link.send(Preload(media=(medium,)))
        link.until(lambda m: isinstance(m, Ready) and medium.sha256 in m.media, 10)
        return link

    def again(self):
        """Killed and started, as its supervisor would."""
        self.process.kill()
        self.process.wait()
        self.start()


def listen(ear, seconds, port):
    """Listen on, until the player at `port` sends again and the seconds are over."""
    own = Ear(port + 102)
    ear.listen(seconds)
    deadline = now_sample() + 48_000 * 12
    while not own.packets and now_sample() < deadline:
        ear.listen(0.2)
        own.listen(0.01)
    own.close()


@pytest.fixture
def merged():
    """`gengfu merge` over both, and what a receiver of it hears."""
    ear = Ear(OUT)
    words = ["merge", "--channel", "fm1", "--out", f"127.0.0.1:{OUT}"]
    for base in (PORT, PORT + 40):
        words += ["--in", f"127.0.0.1:{base + 103}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "station.cli", *words], stdout=subprocess.PIPE, text=True
    )
    yield ear, process
    process.kill()
    process.wait()
    ear.close()


def twins(tmp_path):
    made = []
    for number, base in enumerate((PORT, PORT + 40)):
        twin = Twin(tmp_path / f"twin{number}", base)
        settings = twin.home / "station.toml"
        outputs = f'l16 = ["127.0.0.1:{base + 103}"]\nrundowns ='
        settings.write_text(settings.read_text().replace("rundowns =", outputs))
        made.append(twin)
    return made


def test_either_twin_may_be_killed_in_the_middle_of_an_alert_and_nothing_is_missed(tmp_path, merged):
    ear, process = merged
    rng = np.random.default_rng(8)
    programme, speech = (
        rng.integers(-30_000, 30_000, (48_000 * n, 2)).astype(np.int32) << 8 for n in (SECONDS, 4)
    )
    both = twins(tmp_path)
    start = now_sample() // 480 * 480 - 4_800
    for twin in both:
        film, words = stock(twin.media, programme), stock(twin.media, speech)
    plan = plan_of([take("x", start, film)], [film])
    try:
        links = [twin.ready(plan, words) for twin in both]
        ear.listen(0.5)
        ear.clear()
        begin = now_sample() + 48_000
        overlay = Overlay(
            id="a/fm1", mode="replace", start=begin, end=begin + len(speech) * 9, priority=1, approval="alert:a",
            sequence=(words.sha256,),
        )  # fmt: skip
        for link in links:
            link.send(SetOverlays(channel="fm1", revision=1, overlays=(overlay,), media=(words,)))
        ear.listen(1.5)
        for number in (0, 1, 0):
            both[number].again()
            listen(ear, 0.5, PORT + 40 * number)
        kill(both[1].children()[-3])
        ear.listen(1.0)
        process.terminate()
        told = json.loads(process.communicate(timeout=10)[0].splitlines()[-1])
    finally:
        for twin in both:
            twin.stop()
    assert {(b[0] - a[0]) % 65_536 for a, b in pairwise(ear.packets)} == {1}, "every packet once, in order"
    wrong = 0
    for _, stamp, marked, pcm, _ in ear.packets:
        at = start + (stamp - start) % (1 << 32) + np.arange(len(pcm))
        said = np.take(speech, (at - begin) % len(speech), axis=0)
        wanted = np.where((at >= begin)[:, None], said, np.take(programme, at - start, axis=0)) >> 8
        wrong += int((pcm != wanted).any(axis=1).sum()) + marked
    assert len(ear.packets) > 900 and wrong == 0
    assert told["missing"] == told["differing"] == 0
    assert min(one["alone"] for one in told["paths"]) > 20, "each was alone for a while"
