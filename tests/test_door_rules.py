"""What the one door asks: nothing is handed over unread, and nobody acts beyond his area."""

from __future__ import annotations

import attrs
import pytest
from emergency_help import (
    COMPOSER,
    COUNTY,
    FAR_VILLAGE,
    NOON,
    POLICY,
    PROVINCE,
    TOWN,
    UNSURE,
    UPSTREAM,
    VILLAGES,
    message,
)

from devices.messages import SetTerminalVolume
from emergency import lifecycle
from emergency.messages import (
    CancelAlert,
    ExplainMute,
    LiftMute,
    MuteSounding,
    SignAlert,
    Source,
    SubmitAlert,
    SubmitTemplate,
)
from playout.messages import SubmitRundown
from station import duty
from station.door_rules import DoorRules
from station.duty_messages import HandOverDuty, NoteDuty, TakeDuty
from station.territory import Ground, everywhere, within
from station.words import SYSTEM, AreaCode, ChannelId, Operator, Refused, Sha256, Text

FM = ChannelId("fm1")
GROUND = Ground(home=COUNTY, channels={FM: COUNTY})
ALL = Operator(id="zhao", roles=frozenset({"dispatcher"}))
NEXT = Operator(id="sun", roles=frozenset({"dispatcher"}))
LOCAL = Operator(id="qian", roles=frozenset({"dispatcher"}), areas=(TOWN,))
COUNTY_WIDE = Operator(id="zhou", roles=frozenset({"dispatcher"}), areas=(COUNTY,))
UNREAD = (Text("the carrier is off", "载波已断"),)


def with_alert(areas=(VILLAGES[0],), by=ALL):
    wish = SubmitAlert(alert="a1", message=message(areas=areas), source=COMPOSER)
    state = lifecycle.EMPTY
    for happened in lifecycle.decide(state, wish, NOON, by, POLICY):
        state = lifecycle.evolve(state, happened)
    return state


def states(alerts=lifecycle.EMPTY, *steps):
    held = duty.EMPTY
    for wish, by in steps:
        for happened in duty.decide(held, wish, NOON, by, duty.Policy(tz="Asia/Shanghai")):
            held = duty.evolve(held, happened)
    return {"emergency": alerts, "duty": held}


def door(unread=()):
    return DoorRules(ground=GROUND, authority="county", unread_alarms=lambda _: unread)


def refused(rules, wish, by, given):
    with pytest.raises(Refused) as said:
        rules.check(wish, by, given)
    assert any("一" <= one <= "鿿" for one in said.value.text.zh)
    return said.value


HELD = (TakeDuty(post="dispatcher"), ALL)
OFFERED = (TakeDuty(post="dispatcher"), NEXT)
HAND = HandOverDuty(post="dispatcher")


def test_duty_is_not_handed_over_while_an_alarm_is_unread():
    given = states(lifecycle.EMPTY, HELD, OFFERED)
    said = refused(door(UNREAD), HAND, ALL, given)
    assert said.code == "unread" and "the carrier is off" in said.text.en and "载波已断" in said.text.zh
    assert refused(door(UNREAD * 9), HAND, ALL, given).text.en.endswith("(+4)")
    door().check(HAND, ALL, given)


def test_duty_is_not_handed_over_until_the_next_one_named_each_open_alert():
    alerts = with_alert()
    said = refused(door(), HAND, ALL, states(alerts, HELD, OFFERED))
    assert said.code == "open" and message().headline in said.text.en
    knows = (TakeDuty(post="dispatcher", seen=("a1",)), NEXT)
    door().check(HAND, ALL, states(alerts, HELD, knows))


def test_nobody_takes_over_without_naming_each_open_alert():
    alerts = with_alert()
    assert refused(door(), TakeDuty(post="dispatcher"), NEXT, states(alerts)).code == "open"
    door().check(TakeDuty(post="dispatcher", seen=("a1",)), NEXT, states(alerts))


def test_a_post_is_not_left_empty_while_an_alert_is_open():
    leave = HandOverDuty(post="dispatcher", unattended="tired")
    assert refused(door(), leave, ALL, states(with_alert(), HELD)).code == "open"
    door().check(leave, ALL, states(lifecycle.EMPTY, HELD))


def test_whoever_does_not_hold_the_post_hears_so_from_the_decider():
    door(UNREAD).check(HAND, NEXT, states(lifecycle.EMPTY, HELD))
    door(UNREAD).check(HAND, NEXT, states(lifecycle.EMPTY))


def submit(areas, event="11A51", by="qian", **said):
    return SubmitAlert(
        alert="a2", message=message(areas=areas, event=event, sender=by, **said), source=claimed(by)
    )


def claimed(by="qian", **said):
    """What a person's own program says of who sends."""
    fields = {"kind": "composer", "id": by, "authority": "county", "verified": False}
    return Source(**{**fields, **said})


@pytest.mark.parametrize(
    "wish",
    [
        submit((FAR_VILLAGE,)),
        submit((COUNTY,)),
        submit((VILLAGES[0],), type="update", references=("m1",)),
        submit((VILLAGES[0],), type="update", references=("somebody,a1,2026-11-21",)),
        MuteSounding(mute="m", areas=(COUNTY,)),
        MuteSounding(mute="m", channels=(FM,)),
        SetTerminalVolume(areas=(TOWN, FAR_VILLAGE), volume=50),
        SubmitRundown(channel=FM, day="2026-11-22", csv=""),
        CancelAlert(alert="a1", reason="x"),
        SignAlert(alert="a1", content=Sha256("0" * 64)),
        NoteDuty(note="n", text="x"),
    ],
)
def test_an_account_of_a_township_acts_in_its_township_alone(wish):
    given = states(with_alert((FAR_VILLAGE,)))
    assert refused(door(), wish, LOCAL, given).code == "area"
    door().check(wish, attrs.evolve(COUNTY_WIDE, id=LOCAL.id), given)
    door().check(wish, SYSTEM, given)


@pytest.mark.parametrize(
    "wish",
    [
        submit((VILLAGES[0],)),
        submit((TOWN,)),
        submit((TOWN,), type="update", references=("m1", "gone")),
        MuteSounding(mute="m"),
        MuteSounding(mute="m", areas=(VILLAGES[0],)),
        SetTerminalVolume(areas=(TOWN,), volume=50),
        SignAlert(alert="a1", content=Sha256("0" * 64)),
        SignAlert(alert="gone", content=Sha256("0" * 64)),
        LiftMute(mute="gone"),
        SubmitRundown(channel=ChannelId("none"), day="2026-11-22", csv=""),
    ],
)
def test_within_the_township_nothing_stands_in_the_way(wish):
    door().check(wish, LOCAL, states(with_alert((VILLAGES[0],))))


def test_a_mute_of_everything_is_not_lifted_by_a_township():
    alerts = lifecycle.EMPTY
    for happened in lifecycle.decide(alerts, MuteSounding(mute="m"), NOON, ALL, POLICY):
        alerts = lifecycle.evolve(alerts, happened)
    assert refused(door(), LiftMute(mute="m"), LOCAL, states(alerts)).code == "area"
    door().check(LiftMute(mute="m"), ALL, states(alerts))
    for happened in lifecycle.decide(alerts, LiftMute(mute="m"), NOON, ALL, POLICY):
        alerts = lifecycle.evolve(alerts, happened)
    explain = ExplainMute(mute="m", reason="false alarm")
    assert refused(door(), explain, LOCAL, states(alerts)).code == "area", "nor explained, once it is lifted"
    door().check(explain, ALL, states(alerts))


def test_a_department_sends_its_own_events_alone():
    weather = Operator(id="w", roles=frozenset({"dispatcher"}), events=("11B", "11A51"))
    door().check(submit((VILLAGES[0],), "11A51", "w"), weather, states())
    assert refused(door(), submit((VILLAGES[0],), "11C01", "w"), weather, states()).code == "field"


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (PROVINCE, "claim"),
        (UNSURE, "claim"),
        (claimed(kind="ebd"), "claim"),
        (claimed("zhao"), "claim"),
        (claimed(verified=True), "claim"),
        (claimed(preauthorised=True), "claim"),
        (claimed(authority="city"), "authority"),
    ],
)
def test_nobody_sends_in_the_name_of_another_or_says_to_be_sure(source, code):
    """A source's row of L10 may ask for no signature at all: it is for what its door has verified."""
    wish = attrs.evolve(submit((VILLAGES[0],)), source=source)
    assert refused(door(), wish, LOCAL, states()).code == code
    door().check(wish, attrs.evolve(UPSTREAM, id="source:province"), states())


@pytest.mark.parametrize("source", [claimed(), claimed(kind="template"), claimed(authority="township")])
def test_a_person_sends_as_himself_in_the_name_of_the_station_or_below(source):
    door().check(attrs.evolve(submit((VILLAGES[0],)), source=source), LOCAL, states())


def test_a_person_takes_no_senders_name_and_ends_nothing_by_a_message():
    wish = submit((VILLAGES[0],))
    taken = attrs.evolve(wish, message=attrs.evolve(wish.message, sender="34000000000000"))
    assert refused(door(), taken, LOCAL, states()).code == "claim"
    given = states(with_alert((VILLAGES[0],)))
    ends = submit((VILLAGES[0],), type="cancel", references=("m1",))
    assert refused(door(), ends, LOCAL, given).code == "claim"
    door().check(ends, UPSTREAM, given)


def test_who_names_no_area_or_one_above_the_station_is_everywhere():
    assert everywhere(ALL, COUNTY) and everywhere(COUNTY_WIDE, COUNTY) and not everywhere(LOCAL, COUNTY)
    assert everywhere(Operator(id="p", areas=(AreaCode("340000000000"),)), COUNTY)
    assert within(LOCAL, (VILLAGES[0], TOWN)) and not within(LOCAL, (COUNTY,)) and within(ALL, (COUNTY,))


def test_a_template_belongs_to_the_whole_station():
    assert SubmitTemplate not in __import__("station.territory", fromlist=["TOUCHES"]).TOUCHES
