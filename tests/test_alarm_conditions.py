"""What is wrong in the station now, which of it follows from what, and whom to call."""

from __future__ import annotations

import itertools
import re
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices import plant_conditions
from safety.messages import ReportSlots, SlotRun
from station import alarm_cards, alarm_rules
from station.alarm_cards import UNWRITTEN, card_of, cards
from station.alarm_causes import IN_A_TRANSMITTER, Ties, linked
from station.alarm_conditions import CARDS, GIB, away, conditions
from station.alarm_contacts import whom
from station.alarm_sight import AlertSight, ChainSight, ChannelSight, MuteSight, Sight
from station.conditions import SEVERITIES, Condition
from station.live_watch import CARDS as LIVE
from station.output_book import CARDS as OUTPUTS
from station.people_orders import Contact
from station.pieces import noted
from station.preflight import CARDS as PREFLIGHT
from station.relay_conditions import CARDS as RELAYS
from station.settings import AlarmsSection, ContactSection
from station.words import HOUR, MINUTE, SECOND, ChannelId, Instant, Text

NOW = Instant(1_780_000_000_000_000)
LIMITS = AlarmsSection()
CHAIN = ChainSight(chain="radio", names=Text("FM 98.5", "综合广播"), connected=True, lost=0)
FM1 = ChannelSight(
    id=ChannelId("fm1"),
    name=Text("FM 98.5", "综合广播"),
    chain="radio",
    rung="file",
    cause="",
    plan_until=Instant(NOW + 24 * HOUR),
    state="NORMAL",
    state_since=Instant(NOW - HOUR),
    measured_at=Instant(NOW - SECOND),
)
ALERT = AlertSight(
    id="a1",
    headline="山洪红色预警",
    grave=True,
    actual=True,
    waiting=True,
    held=None,
    speechless="",
    submitted_at=Instant(NOW - 10 * SECOND),
    missing=2,
    overdue=False,
    aired_at=None,
)
WELL = Sight(
    started=Instant(NOW - HOUR),
    chains=(CHAIN,),
    channels=(FM1,),
    synchronised=True,
    terminals_online=95,
    terminals_registered=100,
    disk_free=100 * GIB,
)


def found(sight: Sight, limits: AlarmsSection = LIMITS) -> dict[str, str]:
    return {one.key: one.severity for one in conditions(sight, limits, NOW)}


def with_channel(**changed: Any) -> Sight:
    return attrs.evolve(WELL, channels=(attrs.evolve(FM1, **changed),))


def with_alert(**changed: Any) -> Sight:
    return attrs.evolve(WELL, alerts=(attrs.evolve(ALERT, **changed),))


def with_chain(**changed: Any) -> Sight:
    return attrs.evolve(WELL, chains=(attrs.evolve(CHAIN, **changed),))


def ago(span: int) -> Instant:
    return Instant(NOW - span)


def owing(lifted: Instant, name: str = "m") -> MuteSight:
    return MuteSight(id=name, at=ago(HOUR), everything=True, lifted=lifted)


def test_where_all_is_well_nothing_is_wrong() -> None:
    assert found(WELL) == {}


@pytest.mark.parametrize(
    ("sight", "wrong"),
    [
        (with_chain(connected=False), {"chain/radio/player-away": "critical"}),
        (with_chain(lost=3), {"chain/radio/asrun-lost": "major"}),
        (with_channel(rung="filler"), {"channel/fm1/fallback": "major"}),
        (with_channel(rung="tone", cause="no file"), {"channel/fm1/fallback": "critical"}),
        (with_channel(rung=""), {}),
        (with_channel(plan_until=None), {}),
        (with_channel(plan_until=Instant(NOW + 6 * HOUR)), {}),
        (with_channel(plan_until=Instant(NOW + 6 * HOUR - 1)), {"channel/fm1/plan-ending": "major"}),
        (with_channel(plan_until=Instant(NOW + 60 * MINUTE)), {"channel/fm1/plan-ending": "major"}),
        (with_channel(plan_until=Instant(NOW + 59 * MINUTE)), {"channel/fm1/plan-ending": "critical"}),
        (with_channel(plan_until=ago(HOUR)), {"channel/fm1/plan-ending": "critical"}),
        (with_channel(state="FOREIGN"), {"channel/fm1/foreign": "critical"}),
        (with_channel(state="WRONG"), {"channel/fm1/wrong": "critical"}),
        (with_channel(state="OUTAGE"), {"channel/fm1/outage": "critical"}),
        (with_channel(state="EMPTY"), {"channel/fm1/empty": "critical"}),
        (with_channel(state="PLANNED"), {}),
        (with_channel(measured_at=ago(31 * SECOND)), {"channel/fm1/witness-silent": "major"}),
        (with_channel(measured_at=ago(31 * SECOND), state="OUTAGE"), {"channel/fm1/witness-silent": "major"}),
        (with_channel(measured_at=None), {"channel/fm1/witness-silent": "major"}),
        (with_channel(state="UNKNOWN", state_since=ago(29 * SECOND)), {}),
        (with_channel(state="UNKNOWN", state_since=ago(31 * SECOND)), {"channel/fm1/unmeasured": "major"}),
        (with_channel(state="UNKNOWN", state_since=None), {}),
        (with_alert(), {}),
        (with_alert(submitted_at=ago(60 * SECOND)), {"alert/a1/waiting": "critical"}),
        (with_alert(submitted_at=ago(60 * SECOND), missing=0), {}),
        (with_alert(submitted_at=ago(60 * SECOND), grave=False), {"alert/a1/waiting": "major"}),
        (
            with_alert(submitted_at=ago(HOUR), grave=False, actual=False),
            {"alert/a1/waiting": "minor"},
        ),
        (with_alert(held=Text("at night", "夜间")), {"alert/a1/held": "critical"}),
        (with_alert(speechless="no voice"), {"alert/a1/speechless": "critical"}),
        (with_alert(waiting=False, overdue=True), {"alert/a1/owed": "major"}),
        (with_alert(unshown="𠮷"), {"alert/a1/unshown": "minor"}),
        (with_alert(unshown="𠮷", waiting=False, aired_at=ago(SECOND)), {"alert/a1/unshown": "minor"}),
        (with_alert(unshown="𠮷", waiting=False), {}),
        (with_alert(waiting=False, aired_at=ago(14 * SECOND), addressed=36), {}),
        (
            with_alert(waiting=False, aired_at=ago(16 * SECOND), addressed=36, playing=31),
            {"alert/a1/unreached": "critical"},
        ),
        (
            with_alert(waiting=False, grave=False, aired_at=ago(16 * SECOND), addressed=36, playing=31),
            {"alert/a1/unreached": "major"},
        ),
        (with_alert(waiting=False, aired_at=ago(16 * SECOND), addressed=36, playing=33), {}),
        (with_alert(waiting=False, actual=False, aired_at=ago(HOUR), addressed=36, playing=0), {}),
        (attrs.evolve(WELL, mutes=(MuteSight(id="m", at=ago(29 * MINUTE), everything=True),)), {}),
        (
            attrs.evolve(WELL, mutes=(MuteSight(id="m", at=ago(30 * MINUTE), everything=True),)),
            {"mute/m/forgotten": "critical"},
        ),
        (
            attrs.evolve(WELL, mutes=(MuteSight(id="m", at=ago(HOUR), everything=False),)),
            {"mute/m/forgotten": "major"},
        ),
        (
            attrs.evolve(WELL, mutes=(owing(ago(29 * MINUTE)), owing(ago(30 * MINUTE), "n"))),
            {"mute/n/unexplained": "minor"},
        ),
        (attrs.evolve(WELL, journal_degraded=True), {"journal/degraded": "critical"}),
        (attrs.evolve(WELL, synchronised=False), {"clock/unsynchronised": "minor"}),
        (attrs.evolve(WELL, synchronised=None), {}),
        (attrs.evolve(WELL, synchronised=False, reanchor_wanted=True), {"clock/reanchor": "major"}),
        (attrs.evolve(WELL, terminals_online=80), {}),
        (attrs.evolve(WELL, terminals_online=79), {"terminals/silent": "major"}),
        (attrs.evolve(WELL, terminals_online=49), {"terminals/silent": "critical"}),
        (attrs.evolve(WELL, terminals_online=0, terminals_registered=0), {}),
        (attrs.evolve(WELL, disk_free=None), {}),
        (attrs.evolve(WELL, rolled_back=Text("x", "甲")), {"settings/rolled-back": "major"}),
        (attrs.evolve(WELL, held_since="0.1", held=2), {"upgrade/held": "critical"}),
        (attrs.evolve(WELL, not_up=(("panel", Text("", "")),)), {"settings/not-up/panel": "critical"}),
        (
            attrs.evolve(WELL, not_up=(("witness-fm1", Text("x", "甲")),)),
            {"settings/not-up/witness-fm1": "major"},
        ),
        (attrs.evolve(WELL, disk_free=2 * GIB), {}),
        (attrs.evolve(WELL, disk_free=2 * GIB - 1), {"disk/low": "major"}),
        (attrs.evolve(WELL, disk_free=GIB // 2 - 1), {"disk/low": "critical"}),
    ],
)
def test_each_fault_is_found_at_its_limit_and_not_before(sight: Sight, wrong: dict[str, str]) -> None:
    assert found(sight) == wrong


def test_a_witness_is_given_its_time_after_a_start() -> None:
    young = attrs.evolve(with_channel(measured_at=None), started=ago(10 * SECOND))
    assert found(young) == {}


def test_the_sentences_carry_the_figures() -> None:
    said = {
        one.key: one.text
        for sight in (
            attrs.evolve(WELL, terminals_online=49, disk_free=GIB),
            with_channel(plan_until=Instant(NOW + 90 * MINUTE)),
            with_channel(rung="filler", cause="no such file"),
            attrs.evolve(
                WELL, not_up=(("panel", Text("", "")), ("witness-fm1", Text("no port", "端口被占")))
            ),
        )
        for one in conditions(sight, LIMITS, NOW)
    }
    assert said["terminals/silent"].en == "51 of 100 terminals are offline (51 %)"
    assert "1.0 GiB" in said["disk/low"].zh
    assert said["settings/not-up/panel"].en == (
        "the panel does not start with the settings in force, three times by now: see its log panel.log"
    )
    assert said["settings/not-up/witness-fm1"].zh == "监测 fm1 以现行设置连续三次未能启动:端口被占"
    assert "1 小时 30 分" in said["channel/fm1/plan-ending"].zh
    assert said["channel/fm1/fallback"].en == "FM 98.5 is on fallback: filler (no such file)"


STATE = st.sampled_from(["FOREIGN", "WRONG", "OUTAGE", "EMPTY", "DEGRADED", "UNKNOWN", "NORMAL", "PLANNED"])
SIGHTS = st.builds(
    lambda state, rung, connected, degraded, online, free: attrs.evolve(
        with_channel(state=state, rung=rung),
        chains=(attrs.evolve(CHAIN, connected=connected, lost=online % 3),),
        journal_degraded=degraded,
        terminals_online=online,
        disk_free=free,
        alerts=(attrs.evolve(ALERT, submitted_at=ago(online * SECOND), speechless="x" if degraded else ""),),
    ),
    STATE,
    st.sampled_from(["", "file", "filler", "loop", "tone", "something-new"]),
    st.booleans(),
    st.booleans(),
    st.integers(0, 100),
    st.integers(0, 4 * GIB),
)


@given(SIGHTS)
@settings(max_examples=60, deadline=None)
def test_conditions_are_in_order_once_each_and_have_a_card(sight: Sight) -> None:
    made = conditions(sight, LIMITS, NOW)
    keys = [one.key for one in made]
    assert keys == sorted(set(keys))
    assert all(one.card in CARDS and one.card in cards() for one in made)
    assert all(re.search("[一-鿿]", one.text.zh) and one.text.en for one in made)
    assert conditions(sight, LIMITS, NOW) == made


# ---- what follows from what --------------------------------------------------------------------------------


def wrong(where: str, card: str, severity: Any = "critical") -> Condition:
    return Condition(
        key=f"{where}/{card.partition('.')[2]}",
        card=card,
        severity=severity,
        where=where,
        text=Text("x", "甲"),
    )


TIES = Ties(chains={"fm1": "radio"}, carriers={"fm1": ("tx1",)})
OUTAGE = Condition(
    key="channel/fm1/outage", card="witness.outage", severity="critical", where="fm1", text=Text("x", "甲")
)
AWAY = Condition(
    key=away("radio"), card="player.away", severity="critical", where="radio", text=Text("x", "甲")
)


def because(*found: Condition) -> dict[str, str]:
    return {one.key: one.because for one in linked(found, TIES)}


def test_silence_follows_from_a_player_that_is_away() -> None:
    assert because(OUTAGE, AWAY) == {OUTAGE.key: AWAY.key, AWAY.key: ""}
    assert because(OUTAGE) == {OUTAGE.key: ""}
    foreign = attrs.evolve(OUTAGE, key="channel/fm1/foreign", card="witness.foreign")
    assert because(foreign, AWAY)[foreign.key] == "", "a foreign programme follows from nothing of ours"


def test_what_happens_in_a_transmitter_has_one_root() -> None:
    chain = [wrong("tx1", card) for card in IN_A_TRANSMITTER]
    made = because(*chain, OUTAGE)
    assert made.pop("tx1/interlock-open") == ""
    assert set(made.values()) == {"tx1/interlock-open"}
    assert because(wrong("tx2", "transmitter.pa-fault"), OUTAGE)[OUTAGE.key] == "", (
        "it carries another channel"
    )
    hot = wrong("tx1", "transmitter.pa-hot")
    assert because(hot, wrong("tx1", "transmitter.interlock-open"))[hot.key] == ""


def test_nothing_hides_behind_what_is_less_grave() -> None:
    root = wrong("tx1", "transmitter.interlock-open", "minor")
    lost = wrong("tx1", "transmitter.carrier-lost")
    assert because(root, lost)["tx1/carrier-lost"] == ""


HILL = attrs.evolve(
    TIES, carriers={"fm1": ("tx1",), "tv1": ("tx2",)}, supplies={"tx1": ("ups1",), "tx2": ("ups1",)}
)
GONE = wrong("ups1", "ups.on-battery", "major")


def test_mains_that_are_gone_are_the_one_cause_of_all_that_they_did_and_as_grave() -> None:
    did = [
        wrong("tx1", "transmitter.vswr-trip"),
        wrong("tx1", "transmitter.carrier-lost"),
        wrong("tx2", "transmitter.carrier-lost"),
        wrong("tx2", "device.no-contact", "major"),
        wrong("ups1", "ups.battery-low"),
        OUTAGE,
    ]
    made = {one.key: one for one in linked([*did, GONE], HILL)}
    root = made.pop(GONE.key)
    assert (root.because, root.severity) == ("", "critical")
    assert "6 more follow" in root.text.en and "6 条" in root.text.zh
    assert {one.because for one in made.values()} == {GONE.key}
    assert [one.key for one in made.values() if not one.because] == [], "one siren for the site"


def test_mains_that_did_nothing_stay_as_grave_as_they_are_and_another_site_rings_for_itself() -> None:
    assert linked([GONE], HILL) == (GONE,)
    other = wrong("tx9", "transmitter.carrier-lost")
    assert linked([GONE, other], HILL) == (GONE, other)
    local = wrong("tx1", "transmitter.local-mode", "minor")
    assert linked([GONE, local], HILL)[1].because == "", "somebody is there; the mains do not switch that"


def test_an_outage_with_its_transmitter_silent_follows_from_the_mains_of_its_site() -> None:
    made = {one.key: one.because for one in linked([OUTAGE, GONE], HILL)}
    assert made[OUTAGE.key] == GONE.key
    assert {one.key: one.because for one in linked([OUTAGE], HILL)} == {OUTAGE.key: ""}


@given(
    st.permutations(
        [
            AWAY,
            OUTAGE,
            GONE,
            wrong("ups1", "ups.battery-low"),
            *(wrong("tx1", card) for card in IN_A_TRANSMITTER),
        ]
    ),
    st.integers(0, 10),
)
@settings(max_examples=40, deadline=None)
def test_causes_never_turn_in_a_circle_and_lead_to_a_root(order: list[Condition], count: int) -> None:
    made = {one.key: one for one in linked(order[:count], HILL)}
    assert len(made) == count
    for one in made.values():
        assert not one.because or made[one.because].because == ""


# ---- cards -------------------------------------------------------------------------------------------------


def test_every_condition_has_a_card_and_every_card_a_condition() -> None:
    from devices.plant_profile import load

    limits = {limit.card for name in ("transmitter-gengfu", "ups-gengfu") for limit in load(name).limits}
    plant = limits | set(plant_conditions.CARDS)
    assert cards().keys() == CARDS | plant | PREFLIGHT | RELAYS | OUTPUTS | LIVE


def test_a_card_says_what_it_means_what_to_do_and_whom_to_call_in_both_languages() -> None:
    han = re.compile("[一-鿿]")
    for name, card in cards().items():
        assert card.do and card.means.en and card.title.en, name
        for text in (card.title, card.means, *card.do):
            assert han.search(text.zh), f"{name}: {text.zh}"
            assert not han.search(text.en), f"{name}: {text.en}"
        assert 0 <= card.delay_s <= 300 and card.delay == card.delay_s * SECOND
        assert 0 <= card.return_s <= 60 and card.returns == card.return_s * SECOND


def test_a_card_nobody_wrote_says_so() -> None:
    assert card_of("no.such") is UNWRITTEN
    assert card_of("player.away").call == "engineer"


def test_a_card_written_twice_or_badly_is_a_mistake() -> None:
    text = '["a.b"]\ncall = "engineer"\ntitle = { en = "t", zh = "题" }\nmeans = { en = "m", zh = "义" }\ndo = [{ en = "d", zh = "做" }]\n'
    assert alarm_cards.read(text)["a.b"].do == (Text("d", "做"),)
    with pytest.raises(ExceptionGroup):
        alarm_cards.read(text.replace("engineer", "plumber"))
    with pytest.raises(ValueError, match="twice"):
        alarm_cards.together([text, text])


def test_ranges_name_settings_that_exist() -> None:
    section = AlarmsSection()
    for path, (least, most) in alarm_rules.RANGES.items():
        assert least <= getattr(section, path.partition(".")[2]) <= most


# ---- whom to call ------------------------------------------------------------------------------------------

WU = Contact(role="engineer", name_zh="吴工", name_en="Wu", phone="1", operator="wu")
LI = Contact(role="engineer", name_zh="李工", name_en="Li", phone="2", operator="li")
POWER = Contact(role="power", name_zh="供电所", name_en="Power company", phone="3")
BOSS = Contact(role="leader", name_zh="张主任", name_en="Zhang", phone="4", operator="zhang")


def names(role: Any, holders: dict[str, str], lines: list[Contact], *listed: ContactSection) -> list[str]:
    made = whom(role, holders, lines, listed, lambda who: Text(who, who))
    return [f"{one.name.en}{'*' if one.on_duty else ''} {one.phone}".strip() for one in made]


def test_who_is_on_duty_is_named_first() -> None:
    assert names("engineer", {"engineer": "li"}, [WU, LI, POWER]) == ["Li* 2", "Wu 1"]
    assert names("approver", {"leader": "zhang"}, [WU, BOSS]) == ["Zhang* 4"]
    assert names("engineer", {"engineer": "qian"}, [WU]) == ["qian*", "Wu 1"]


def test_where_the_duty_book_names_nobody_the_settings_do() -> None:
    fallback = ContactSection(role="engineer", name="Night desk", phone="9")
    assert names("engineer", {}, [POWER], fallback) == ["Night desk 9"]
    assert names("dispatcher", {}, [], fallback) == []
    assert names("viewer", {}, [], fallback) == []


def test_all_severities_are_ranked() -> None:
    assert list(itertools.pairwise(SEVERITIES)) == [("critical", "major"), ("major", "minor")]


@pytest.mark.parametrize(
    ("state", "cause", "filler"),
    [
        ("WRONG", "fell to filler", True),
        ("WRONG", "picture: fell to filler", True),
        ("WRONG", "fell to filler is not due", False),
        ("DEGRADED", "fell to filler", False),
    ],
)
def test_filler_in_place_of_what_is_due_is_the_same_alarm_and_called_filler(state, cause, filler):
    run = SlotRun(first=10, last=20, state=state, cause=cause)
    world = SimpleNamespace(measured={})
    noted(world, ReportSlots(channel=ChannelId("fm1"), point="p", real_return=False, runs=(run,)))
    assert world.measured["fm1"].filler is filler
    seen = with_channel(state="WRONG", filler=filler)
    (found,) = conditions(seen, LIMITS, NOW)
    assert (found.key, found.card, found.severity) == ("channel/fm1/wrong", "witness.wrong", "critical")
    assert ("垫片" in found.text.zh) is filler and ("错播" in found.text.zh) is not filler
