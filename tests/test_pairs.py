"""A chain is one player or two; what they are called, where the second sends, which of two speaks for a channel."""

import attrs
import pytest

from station.pairs import (
    chain_of,
    guests,
    is_pair,
    is_second,
    is_television,
    last_port,
    letter,
    players,
    ports_of,
    rules,
    twin_of,
)  # fmt: skip
from station.settings import ChannelSection, Ports, Settings, StationSection
from station.twins import AWAY, JOINING, ON_AIR, Twins, answering
from station.words import AreaCode, ChannelId

AREA = AreaCode("341521000000")
STATION = StationSection(id="t", name_zh="测试", name_en="Test", area=AREA, areas="areas.csv")


def section(name, chain="radio", **more):
    return ChannelSection(
        id=ChannelId(name), chain=chain, name_zh=name, name_en=name, area=AREA, rundowns="r", **more
    )


def settings(*sections):
    return Settings(station=STATION, channels=list(sections))


ALONE = settings(section("fm1"), section("tv1", "tv", raster="576p25"))
PAIR = settings(section("fm1", redundancy="pair"), section("tv1", "tv", raster="576p25"))


def test_the_two_of_a_chain_know_each_others_names():
    assert (twin_of("radio"), twin_of("radio.b")) == ("radio.b", "radio")
    assert {chain_of(one) for one in ("radio", "radio.b")} == {"radio"}
    assert [(is_second(one), letter(one)) for one in ("radio", "radio.b")] == [(False, "A"), (True, "B")]


def test_a_pair_has_two_players_of_the_same_channels():
    assert list(players(ALONE)) == ["radio", "tv", "alerts"]
    assert list(players(PAIR)) == ["radio", "radio.b", "tv", "alerts"]
    assert players(PAIR)["radio"] == players(PAIR)["radio.b"] == ("fm1",)
    assert is_pair(PAIR, "radio") and not is_pair(PAIR, "tv") and not is_pair(ALONE, "radio")


def test_a_guest_may_come_where_there_is_one_player_of_sound():
    assert guests(ALONE) == ("radio.b", "alerts.b") and guests(PAIR) == ("alerts.b",)
    assert is_television(ALONE, "tv") and not is_television(ALONE, "radio")


def test_the_second_of_a_pair_sends_to_ports_of_its_own_a_guest_to_those_of_its_host():
    base = Ports(8000)
    assert ports_of(PAIR, base, "radio.b") == Ports(8200) and ports_of(PAIR, base, "radio") == base
    assert ports_of(ALONE, base, "radio.b") == base
    used = [getattr(base, name)(k) for name in ("witness", "l16", "ts", "witness_ts") for k in range(8)]
    used += [base.witness_stream(k) for k in range(1, 9)]
    second = [getattr(ports_of(PAIR, base, "radio.b"), name)(k) for name in ("l16", "ts") for k in range(8)]
    assert not set(used) & set(second)
    assert (last_port(ALONE), last_port(PAIR)) == (0, 304)
    assert last_port(settings(section("a"), section("b", "other", redundancy="pair"))) == 314


@pytest.mark.parametrize(
    ("made", "wrong"),
    [
        (PAIR, []),
        (ALONE, []),
        (settings(section("a", redundancy="pair", l16_twin=["10.0.0.1:5004"])), []),
        (settings(section("a", redundancy="pair"), section("b")), ["channels[1].redundancy"]),
        (
            settings(section("a", redundancy="pair"), section("b", l16_twin=["10.0.0.1:5004"])),
            ["channels[1].redundancy"],
        ),
        (settings(section("tv", redundancy="pair", raster="576p25")), ["channels[0].redundancy"]),
        (settings(section("a", l16_twin=["10.0.0.1:5004"])), ["channels[0].l16_twin"]),
        (settings(section("a", ts_twin=["10.0.0.1:5004"])), ["channels[0].ts_twin"]),
    ],
)
def test_a_chain_is_a_pair_as_a_whole_and_television_is_none(made, wrong):
    said = list(rules(made))
    assert [path for path, _ in said] == wrong
    assert all(text.en and text.zh for _, text in said)


# -- how they are -----------------------------------------------------------------------------------


def seen(**states):
    found = Twins()
    for at, (player, state) in enumerate(states.items()):
        found.note(player.replace("_", "."), state, at)
    return found


def test_since_when_stays_while_nothing_changes():
    twins = seen(radio=ON_AIR)
    twins.note("radio", ON_AIR, 500)
    assert twins.seen["radio"].since == 0
    twins.note("radio", AWAY, 700)
    assert (twins.state("radio"), twins.seen["radio"].since) == (AWAY, 700)
    assert twins.state("never") == AWAY


def test_who_is_heard_speaks_for_the_channel_and_the_better_rung_first():
    alone = seen(radio=JOINING)
    assert alone.speaks("radio", "file", ""), "nobody else does"
    beside = seen(radio=ON_AIR, radio_b=JOINING)
    assert beside.speaks("radio", "tone", "file") and not beside.speaks("radio.b", "file", "tone")
    both = seen(radio=ON_AIR, radio_b=ON_AIR)
    assert both.speaks("radio", "file", "file") and not both.speaks("radio.b", "file", "file")
    assert both.speaks("radio.b", "file", "filler") and not both.speaks("radio", "filler", "file")
    assert both.speaks("radio", "tone", ""), "its twin said nothing yet"


def test_a_pair_says_who_of_it_is_missing():
    assert seen(radio=ON_AIR, radio_b=ON_AIR).missing(PAIR, "radio") == ()
    assert seen(radio=ON_AIR, radio_b=JOINING).missing(PAIR, "radio") == ("B",)
    assert seen().missing(PAIR, "radio") == ("A", "B")
    assert seen(radio=ON_AIR).missing(ALONE, "radio") == ()


def test_both_of_a_pair_are_shown_and_a_guest_while_it_is_there():
    lines = seen(radio=ON_AIR).lines(PAIR, "radio")
    assert [(one.player, one.letter, one.state, one.since) for one in lines] == [
        ("radio", "A", ON_AIR, 0),
        ("radio.b", "B", AWAY, None),
    ]
    assert seen(radio=ON_AIR).lines(ALONE, "radio") == []
    guest = seen(radio=ON_AIR, radio_b=JOINING)
    assert [one.state for one in guest.lines(ALONE, "radio")] == [ON_AIR, JOINING]
    guest.note("radio.b", AWAY, 9)
    assert guest.lines(ALONE, "radio") == []


def test_a_chain_answers_while_one_of_its_players_does():
    assert answering({"radio": False, "radio.b": True}, "radio")
    assert not answering({"radio": False, "radio.b": False, "tv": True}, "radio")


def test_the_settings_say_nothing_of_pairs_unless_asked():
    assert section("a").redundancy == "none" and attrs.evolve(PAIR.channels[0]).redundancy == "pair"
