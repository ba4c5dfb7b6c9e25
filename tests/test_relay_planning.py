"""Relays in rundowns: signed like files, offered to the channels whose player receives them, heard as they come."""

import attrs
from test_planning import (
    DAY,
    FM,
    MEDIA,
    NOW,
    POLICY,
    does,
    submitted,
    titles,
    waiting_content,
)

from playout.messages import SignRundown
from playout.planning import Policy, plans, policy_of
from schedules.edits import Edit, edited
from schedules.plan import Plan
from schedules.plan_check import mistakes
from schedules.relays import medium_of
from station.relay_sources import RelaySection
from station.settings import ChannelSection, Settings, StationSection
from station.words import SAMPLE_RATE, AreaCode, ChannelId, SampleIndex

RELAY = medium_of("cnr", "央广")
RELAYING = attrs.evolve(
    POLICY,
    media={**MEDIA, "relay:cnr": RELAY, RELAY.sha256: RELAY},
    relays={"relay:cnr": frozenset({FM})},
)
RELAYED = "start,mode,title,media,duration\n06:00:00,hard,Song,song.flac,\n,,News,relay:cnr,00:30:00\n"


def relayed(policy: Policy) -> Plan:
    state = submitted(RELAYED, policy=policy)
    for by in ("wang", "zhao", "sun"):
        content = waiting_content(state)
        state, _ = does(state, SignRundown(channel=FM, day=DAY, content=content), by, policy=policy)
    return plans(state, policy, NOW)[FM]


def test_a_relay_is_signed_like_a_file_and_heard_as_it_comes_wherever_it_is_moved_to() -> None:
    plan = relayed(RELAYING)
    (one,) = (take for take in plan.takes if take.title == "News")
    assert (one.media, one.offset, one.end - one.start) == (RELAY.sha256, one.start, 1_800 * SAMPLE_RATE)
    assert RELAY in plan.media and mistakes(plan) == []
    moved = edited(plan, (Edit(verb="take", at=SampleIndex(one.start - SAMPLE_RATE)),), 1, {})
    (other,) = (take for take in moved.takes if take.title == "News")
    assert other.start == one.start - SAMPLE_RATE == other.offset and mistakes(moved) == []


def test_a_channel_whose_player_does_not_receive_a_relay_has_filler_instead() -> None:
    plan = relayed(attrs.evolve(RELAYING, relays={"relay:cnr": frozenset({ChannelId("fm2")})}))
    assert titles(plan) == ["Song"] and any("relay:cnr" in said for said in plan.warnings)


def test_the_policy_knows_the_relays_of_the_settings() -> None:
    station = StationSection(id="t", name_zh="台", name_en="T", area=AreaCode("1" * 12), areas="a.csv")
    sections = [
        ChannelSection(
            id=ChannelId(name), chain=chain, name_zh="台", name_en="T", area=AreaCode("1" * 12), rundowns="r",
            filler=["fill.flac"],
        )
        for name, chain in (("fm1", "radio"), ("fm2", "other"))
    ]  # fmt: skip
    relay = RelaySection(
        id="cnr", chain="radio", name_zh="央广", name_en="CNR", members=["udp://239.1.1.1:5000"]
    )
    policy = policy_of(Settings(station=station, channels=sections, relays=[relay]), MEDIA)
    assert policy.offers("relay:cnr", FM) and not policy.offers("relay:cnr", ChannelId("fm2"))
    assert policy.offers("song.flac", ChannelId("fm2")) and not policy.offers("none.flac", FM)
    assert policy.media[RELAY.sha256].live == "cnr"
