"""Who runs for a player's relays: a receiver for each way, one that chooses, and none twice for what only one may receive."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from playout.relay_crew import AHEAD, Relays
from playout.relay_rings import LiveRing, copied
from playout.rings import AirRing
from schedules.relays import checksum
from station.relay_sources import RelaySection
from station.settings import ChannelSection, Ports, Settings, StationSection
from station.words import Instant, instant_of

RATE = 48_000
NOW = 1_795_298_400 * RATE
MEMBERS = ["udp://239.1.1.1:5000", "udp://127.0.0.1:5000", "https://radio.example/live"]


def settings(preview=False):
    section = {"name_zh": "台", "name_en": "T", "area": "341521000000"}
    return Settings(
        station=StationSection(id="t", areas="a.csv", **section),
        channels=[ChannelSection(id="fm1", chain="radio", rundowns="r", **section)],
        relays=[
            RelaySection(
                id=name,
                chain=chain,
                name_zh="台",
                name_en="T",
                members=MEMBERS,
                delay_ms=500,
                preview=preview,
            )
            for name, chain in (("cnr", "radio"), ("other", "far"))
        ],
    )


def hired(relays, clock=lambda: Instant(0), rest=lambda beat, seconds: None):
    found = {}
    relays.hire(lambda name, work, **_: found.update({name: work}), clock, 40_000, Path("hls"), rest)
    return found


def test_each_way_of_the_chains_own_relays_is_received():
    relays = Relays(settings(), Ports(21_400), "radio", guest=False)
    assert set(hired(relays)) == {"relay-cnr", "relay-cnr-1", "relay-cnr-2", "relay-cnr-3"}
    assert set(relays.lives) == {checksum("cnr")}
    assert hired(Relays(settings(), Ports(21_400), "alerts", guest=False)) == {}


def test_a_guest_receives_only_what_two_may():
    found = hired(Relays(settings(), Ports(21_400), "radio.b", guest=True))
    assert set(found) == {"relay-cnr", "relay-cnr-1", "relay-cnr-3"}


def test_what_is_heard_is_made_before_the_mixer_asks_for_it():
    relays = Relays(settings(), Ports(21_400), "radio", guest=False)
    ring = relays._rings["cnr"][0]
    noise = np.random.default_rng(1).integers(-90_000, 90_000, (RATE, 2)).astype(np.int32)
    ring.begin()
    time = [NOW]

    def rest(beat, seconds):
        time[0] += 960
        ring.write(noise[time[0] % 40_000 :][:960], 1 << 62)
        if time[0] > NOW + RATE:
            raise EOFError

    work = hired(relays, lambda: instant_of(time[0]), rest)["relay-cnr"]
    with pytest.raises(EOFError):
        work(None, lambda: None)
    live = relays.live["cnr"]
    assert live.head > NOW + RATE and live.head - (time[0] - 960 + 1_920 + AHEAD) > -480
    assert live.read(live.head - 4_800, 4_800).any()


def test_a_relay_may_be_listened_to_before_its_time(tmp_path):
    relays = Relays(settings(preview=True), Ports(21_400), "radio", guest=False)
    assert "hls-relay-cnr" in hired(relays)
    assert "hls-relay-cnr" not in hired(Relays(settings(preview=True), Ports(21_400), "radio.b", guest=True))


def test_what_may_be_listened_to_is_what_would_be_heard():
    live, air = LiveRing(64, members=1), AirRing(64)
    noise = np.random.default_rng(2).integers(-(1 << 23), 1 << 23, (1_440, 2)).astype(np.int32)
    live.put(NOW, noise[:480])
    copied(live, air)
    live.put(NOW + 960, noise[960:])
    copied(live, air)
    assert air.head == NOW + 1_440 and air.get(NOW + 480) is None
    assert (air.get(NOW + 960)[0] == np.minimum((noise[960:] + 128) >> 8, 32_767)).all()
