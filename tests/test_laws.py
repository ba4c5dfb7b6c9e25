# ruff: noqa: N816 - the laws have capital letters
"""The twelve laws of the design, numbered. Each is a property; `bench/plant.py` breaks each once (tests/planted.toml) and asks whether it is noticed here."""

import json

import laws_emergency as alerts
import laws_schedule as schedule
import pytest
import test_figures as figures
import test_fleet as fleet
import test_follow as player
import test_keying as carriers
from emergency_help import (
    CITY,
    COMPOSER,
    DISPATCHER,
    EDITOR,
    NOON,
    POLICY,
    PROVINCE,
    TOWN,
    UNSURE,
    VILLAGES,
    Bench,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st
from whole_desk import EVENTFUL, PEOPLE, SETTINGS, Whole, play, steps

from emergency import preempt
from emergency.lifecycle import mutes, soundings
from emergency.messages import AUTHORITIES, CancelAlert, LiftMute, MuteSounding
from station import laws
from station.story import House, Story
from station.words import Refused

test_L1_exactly_one_thing_is_on_air_at_any_instant = (
    schedule.test_l1_exactly_one_thing_is_on_air_at_any_instant
)
test_L2_nothing_unapproved_is_ever_rendered = schedule.test_l2_nothing_unapproved_is_ever_rendered


@settings(max_examples=25)
@given(steps)
@example(EVENTFUL)
def test_L3_the_journal_replayed_is_the_state(script):
    whole = Whole()
    play(whole, script)
    again = whole.again()
    assert again.desk.states == whole.desk.states
    assert again.desk.position == whole.desk.position == len(whole.book.lines)
    assert again.book.lines == whole.book.lines, "replaying writes nothing"
    whole.desk.stop()


@settings(max_examples=25)
@given(steps)
@example(EVENTFUL)
def test_L4_what_is_wanted_follows_from_state_and_a_restart_orders_nothing_new(script):
    whole = Whole()
    play(whole, script)
    again = whole.again()
    assert again.wanted() == whole.wanted()
    again.desk.start()  # what falls due at the start fell due before, too
    assert again.wanted() == whole.wanted()
    assert len(again.book.lines) == len(whole.book.lines)
    for desk in (whole.desk, again.desk):
        desk.stop()


# Anybody tries anything at any time, and the laws hold after each step.
test_L4_L5_L7_L8_L9_L10_hold_whatever_anybody_tries = alerts.TestAlerts


@settings(max_examples=15)
@given(steps)
@example(EVENTFUL)
def test_L5_nothing_outlasts_its_expiry(script):
    whole = Whole()
    play(whole, script)
    expires = {
        body["alert"]: body["message"]["expires"]
        for kind, body in written(whole)
        if kind == "alert.submitted/1"
    }
    over, groups, streams, *_ = whole.wanted()
    lying = [one for of in (*over.values(), *streams.values()) for one in of]
    laws.over_in_time((), lying, groups, expires, whole.now())
    whole.clock.advance(1_000_000)
    assert all(one.mode == "silence" for of in whole.wanted()[0].values() for one in of)
    assert whole.wanted()[1] == ()
    whole.desk.stop()


def written(whole):
    return [(kind, json.loads(body)) for kind, body in whole.book.lines]


test_L6_an_overlay_is_heard_exactly_while_it_lasts = (
    schedule.test_l6_an_overlay_is_heard_exactly_while_it_lasts_then_the_plan_goes_on_as_if_untouched
)
test_L6_what_an_alert_broke_off_goes_on_at_its_end = (
    schedule.test_l6_what_an_alert_broke_off_goes_on_at_the_very_sample_of_its_end
)
test_L7_a_lower_message_never_cuts_a_higher_one = alerts.test_a_lower_message_never_cuts_a_higher_one
test_L7_a_wider_message_never_silences_a_local_instruction = (
    alerts.test_a_wider_message_of_equal_level_and_hazard_never_silences_a_local_instruction
)
test_L7_the_order_is_total = alerts.test_the_order_is_total_and_does_not_depend_on_how_it_is_asked


@settings(max_examples=25)
@given(
    st.sampled_from([PROVINCE, CITY, COMPOSER, UNSURE]),
    st.sampled_from(AUTHORITIES),
    st.sampled_from(["", "a1"]),
    st.booleans(),
)
@example(PROVINCE, "village", "", False)
def test_L8_cancel_needs_the_authority_and_mute_one_dispatcher(source, claimed, alert, area):
    bench = Bench()
    bench.air("a1", source, EDITOR, areas=(TOWN,))
    mute = MuteSounding(mute="m", alert=alert, areas=(TOWN,) if area else ())
    bench.do(mute, DISPATCHER)
    found = soundings(bench.state, bench.now, POLICY)
    assert found and preempt.assign(found, VILLAGES[0], mutes(bench.state)) == ()
    bench.do(LiftMute(mute="m"), DISPATCHER)
    assert preempt.assign(found, VILLAGES[0], mutes(bench.state)) == found
    cancel = CancelAlert(alert="a1", reason="over", authority=claimed)
    rank = AUTHORITIES.index  # the highest is 0
    if rank("county") <= rank(claimed) <= rank(source.authority):  # this station is a county's
        bench.do(cancel, DISPATCHER)
        assert soundings(bench.state, bench.now, POLICY) == ()
    else:
        with pytest.raises(Refused):
            bench.do(cancel, DISPATCHER)


test_L9_nothing_daily_sounds_at_night_and_no_real_red_is_held = (
    alerts.test_nothing_daily_sounds_at_night_and_no_real_red_is_held_by_night_or_rate
)


@settings(max_examples=15)
@given(steps)
@example(EVENTFUL)
def test_L10_nothing_airs_with_fewer_signatures_than_the_table_says(script):
    """Counted from the journal's text alone, by the same checks as in a simulated day."""
    whole = Whole()
    play(whole, script)
    roles = {one.id: one.roles for one in PEOPLE}
    story = Story(house=House(life_list=tuple(SETTINGS.alerts.life_list), roles=roles))
    for kind, body in written(whole):
        story.tell(kind, body, "", NOON)
    laws.told(story)
    whole.desk.stop()


test_L10_any_change_of_content_voids_what_was_signed = alerts.test_any_change_of_content_voids_what_was_signed
test_L5_the_chain_of_an_alert_ends_with_nothing_left_due = (
    alerts.test_the_chain_of_an_alert_ends_with_nothing_left_due
)
test_L11_a_terminal_that_obeys_is_told_once = (
    fleet.test_law_11_nobody_who_obeys_is_told_the_same_twice_and_all_come_to_what_is_wanted
)
test_L11_a_player_that_obeys_hears_each_order_once = player.test_a_player_that_obeys_hears_each_order_once
test_L8_no_carrier_goes_down_by_one_person_but_while_an_alert_sounds = (
    carriers.test_no_carrier_is_ordered_down_by_one_person_but_while_an_alert_sounds
)
test_L11_a_carrier_is_ordered_once = carriers.test_no_order_is_sent_twice_and_replay_gives_the_same_state
test_L12_seconds_add_up_over_any_split_of_time = figures.test_seconds_add_up_over_any_split_of_time
test_L12_unknown_never_lowers_an_outage_rate = figures.test_unknown_never_lowers_an_outage_rate
