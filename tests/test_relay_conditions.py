"""What is wrong with relays is said within the hour before their time, and by its name."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from radio_kit import plan_of, take

from playout.link import MemberSight, RelaySight
from schedules.relays import medium_of
from station.relay_conditions import BEFORE, conditions
from station.relay_sources import RelaySection
from station.words import MINUTE, SECOND, ChannelId, Instant, sample_at

NOW = Instant(1_795_298_400 * SECOND)
CNR = medium_of("cnr", "央广")
SECTION = RelaySection(
    id="cnr", chain="radio", name_zh="央广", name_en="CNR",
    members=["https://u:pw@radio.example/a?token=1", "udp://239.1.1.1:5000"],
)  # fmt: skip
SETTINGS = SimpleNamespace(relays=[SECTION])


def said(*states, at=0, more=()):
    start = sample_at(Instant(NOW + at))
    one = take("relay", start, CNR, end=start + 48_000 * 60, offset=start)
    members = tuple(MemberSight(state=state, placed=True, ahead_ms=1) for state in states)
    sights = {"cnr": (RelaySight(relay="cnr", heard=None, members=members), *more)}
    return conditions(SETTINGS, {ChannelId("fm1"): plan_of([one], [CNR])}, sights, NOW)


def test_nothing_is_said_of_a_relay_that_is_well_or_of_which_nobody_tells():
    assert said("good", "good") == ()
    assert conditions(SETTINGS, {}, {}, NOW) == ()


def test_a_way_that_fails_is_named_without_its_password():
    (one,) = said("silent", "good")
    assert (one.card, one.severity) == ("relay.way", "minor")
    assert one.text.en == "relay CNR: https://radio.example/a: it is silent"
    assert one.text.zh == "转播 央广:https://radio.example/a:静音"


def test_where_every_way_fails_it_is_worse():
    (one,) = said("absent", "frozen")
    assert (one.card, one.severity) == ("relay.lost", "major")
    assert one.text.en.endswith("nothing comes; udp://239.1.1.1:5000: it stands still")
    (more,) = said("late", "good", "waiting")
    assert more.text.en.endswith("it comes too late; 3: it has just begun")


@pytest.mark.parametrize(
    ("at", "seen"), [(BEFORE - SECOND, True), (BEFORE, False), (-MINUTE, False), (SECOND - MINUTE, True)]
)
def test_only_what_is_on_air_or_will_be_within_the_hour_matters(at, seen):
    assert bool(said("absent", "good", at=at)) == seen


def test_a_way_that_comes_badly_to_one_of_two_players_is_named_and_the_relay_is_lost_where_neither_has_one():
    fails = tuple(MemberSight(state="absent", placed=False, ahead_ms=0) for _ in range(2))
    other = (RelaySight(relay="cnr", heard=None, members=fails),)
    (one,) = said("good", "good", more=other)
    assert one.card == "relay.way" and one.text.en.count("nothing comes") == 2
    (one,) = said("silent", "late", more=other)
    assert one.card == "relay.lost" and "it is silent" in one.text.en
