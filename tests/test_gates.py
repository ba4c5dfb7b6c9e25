"""The gates an alert passes, and the policy they are made of."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest
from emergency_help import (
    COMPOSER,
    COUNTY,
    EDITOR,
    FAR_VILLAGE,
    MIDNIGHT,
    NOON,
    POLICY,
    PROVINCE,
    TOWN,
    TREE,
    UNSURE,
    VILLAGES,
    message,
    settings,
)
from hypothesis import given
from hypothesis import strategies as st

from emergency import gates
from emergency.policy import (
    FLOORS,
    ROWS,
    instant,
    local,
    made_up_ebr,
    minutes_of,
    policy_of,
    same_area_inside,
)
from station.settings import SignatureRow
from station.words import HOUR, MINUTE, AreaCode, Instant, Refused


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"headline": "a\x00b"}, "control characters"),
        ({"headline": "two\nlines"}, "control characters"),
        ({"description": "\u202e drow"}, "control characters"),
        ({"headline": "x" * 201}, "longer than 200"),
        ({"description": "x" * 10_001}, "longer than 10000"),
        ({"headline": " ", "description": ""}, "says nothing"),
        ({"level": 5}, "no level 5"),
        ({"level": -1}, "no level -1"),
        ({"level": 0}, "needs a level"),
        ({"identifier": ""}, "identifier or sender"),
        ({"sender": ""}, "identifier or sender"),
        ({"identifier": "x" * 201}, "identifier or sender"),
        ({"sender": "a\nb"}, "identifier or sender"),
        ({"references": ("r",) * 51}, "references"),
    ],
)
def test_what_is_malformed_is_refused_in_a_sentence(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said) as caught:
        gates.check_form(message(**changes), COMPOSER)
    assert caught.value.text.zh.startswith("消息不能受理")


def test_what_is_well_formed_passes() -> None:
    gates.check_form(message(description="two\nlines"), COMPOSER)
    gates.check_form(message(level=0), PROVINCE)
    gates.check_form(message(level=0, kind="daily"), COMPOSER)
    gates.check_form(message(headline="", description="", type="cancel", level=0), COMPOSER)
    gates.check_form(message(headline="", description="", audio="a" * 64), COMPOSER)


@pytest.mark.parametrize(
    ("areas", "source", "said"),
    [
        ((), COMPOSER, "between 1 and 1000"),
        ((TOWN,) * 1001, COMPOSER, "between 1 and 1000"),
        (("3404",), COMPOSER, "12 digits"),
        (("340422999000",), COMPOSER, "no area '340422999000'"),
        (("341500000000",), COMPOSER, "六安市.*outside"),
        ((COUNTY,), UNSURE, "寿县.*outside the area of town"),
    ],
)
def test_an_area_is_known_and_the_senders_own_or_refused_by_name(areas: Any, source: Any, said: str) -> None:
    with pytest.raises(Refused, match=said):
        gates.check_areas(message(areas=areas), source, EDITOR, POLICY)


def test_who_answers_for_a_part_asks_for_that_part() -> None:
    local_editor = attrs.evolve(EDITOR, areas=(TOWN,))
    gates.check_areas(message(areas=VILLAGES), COMPOSER, local_editor, POLICY)
    with pytest.raises(Refused, match=r"东津村.*outside the area of sun"):
        gates.check_areas(message(areas=(FAR_VILLAGE,)), COMPOSER, local_editor, POLICY)


def test_what_is_over_or_upside_down_or_far_off_or_too_long_is_refused() -> None:
    for changes, said in (
        ({"expires": NOON}, "time is over"),
        ({"effective": Instant(NOON + HOUR), "expires": Instant(NOON + HOUR)}, "ends before"),
        ({"effective": Instant(NOON + 200 * HOUR), "expires": Instant(NOON + 201 * HOUR)}, "seven days"),
        ({"expires": Instant(NOON + 121 * MINUTE)}, "longer than 120 minutes"),
    ):
        with pytest.raises(Refused, match=said):
            gates.check_time(message(**changes), COMPOSER, NOON, POLICY)
    gates.check_time(message(expires=Instant(NOON + 24 * HOUR)), PROVINCE, NOON, POLICY)


def test_upstream_asks_for_a_day_and_gets_the_limit_of_the_station() -> None:
    long = message(expires=Instant(NOON + 24 * HOUR))
    assert gates.latest_end(long, NOON, POLICY) == NOON + 2 * HOUR


@given(st.integers(0, 48 * 60))
def test_quiet_hours_are_local_and_go_over_midnight(minute: int) -> None:
    at = Instant(MIDNIGHT + minute * MINUTE)
    of_day = minute % (24 * 60)
    assert gates.quiet(at, POLICY) == (of_day >= 21 * 60 + 30 or of_day < 6 * 60)
    day = attrs.evolve(POLICY, quiet_from=60, quiet_to=120)
    assert gates.quiet(at, day) == (60 <= of_day < 120)
    assert not gates.quiet(at, attrs.evolve(POLICY, quiet_from=0, quiet_to=0))


def test_quiet_hours_by_day_begin_with_their_first_minute_and_end_before_their_last() -> None:
    noon = 12 * 60
    for first, last, quiet in ((noon, noon + 1, True), (noon + 1, noon + 2, False), (noon - 1, noon, False)):
        assert gates.quiet(NOON, attrs.evolve(POLICY, quiet_from=first, quiet_to=last)) is quiet


@given(
    st.integers(0, 400 * 24 * 60),
    st.integers(0, 24 * 60 - 1),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin"]),
)
def test_the_next_local_time_comes_within_a_day_and_an_hour(minute: int, wanted: int, zone: str) -> None:
    policy = attrs.evolve(POLICY, zone=ZoneInfo(zone))
    now = Instant(NOON + minute * MINUTE)
    found = gates.next_local(now, wanted, policy)
    assert now < found <= now + 25 * HOUR
    if zone == "Asia/Shanghai":
        assert (local(found, policy.zone).hour * 60 + local(found, policy.zone).minute) == wanted
    assert instant(local(now, policy.zone)) == now


def test_without_quiet_hours_daily_ends_at_its_expiry() -> None:
    policy = attrs.evolve(POLICY, quiet_from=0, quiet_to=0)
    daily = message(kind="daily", level=0)
    assert gates.latest_end(daily, NOON, policy) == daily.expires


def test_the_shipped_rows_are_those_of_the_law() -> None:
    before = {name: (row.before, row.owed, row.owed_within_s, row.timer_s) for name, row in ROWS.items()}
    assert before == {
        "upstream_life": (0, 1, 3600, 0),
        "upstream_other": (1, 0, 0, 60),
        "composer": (3, 0, 0, 0),
        "template_alone": (1, 1, 86_400, 0),
        "breakglass": (2, 1, 86_400, 0),
        "daily_drill": (3, 0, 0, 0),
        "unverified": (3, 0, 0, 0),
    }


@pytest.mark.parametrize("row", sorted(ROWS))
def test_settings_may_not_ask_for_fewer_signatures(row: Any) -> None:
    before, owed = FLOORS[row]
    for wrong in (
        SignatureRow(row=row, before=before - 1, owed=owed),
        SignatureRow(row=row, before=before, owed=owed - 1),
        SignatureRow(row=row, before=before, owed=owed, timer_s=-1),
    ):
        with pytest.raises(Refused, match=row):
            policy_of(attrs.evolve(settings(), signatures=[wrong]), TREE)
    more = SignatureRow(row=row, before=before + 1, owed=owed)
    kept = policy_of(attrs.evolve(settings(), signatures=[more]), TREE).rows[row]
    assert kept.before == before + 1 and (kept.owed_within_s > 0) == (owed > 0)


def test_only_verified_upstream_may_have_a_timer() -> None:
    timed = SignatureRow(row="composer", before=3, timer_s=60)
    with pytest.raises(Refused, match="timer"):
        policy_of(attrs.evolve(settings(), signatures=[timed]), TREE)


def test_the_hold_of_the_settings_is_the_timer_of_other_upstream() -> None:
    assert policy_of(settings(hold_s=5), TREE).rows["upstream_other"].timer_s == 5


def test_policy_reads_times_areas_and_codes() -> None:
    assert minutes_of("21:30") == 1290
    for wrong in ("24:00", "7:00", "0730", ""):
        with pytest.raises(Refused):
            minutes_of(wrong)
    assert POLICY.areas_of("province") == (COUNTY,) and POLICY.areas_of("town") == (TOWN,)
    assert POLICY.areas_of("nobody") == (COUNTY,)
    assert made_up_ebr("county", COUNTY) == "43404220000000103010101" and len(POLICY.ebr_code) == 23
    assert same_area_inside((), TOWN) and same_area_inside((COUNTY,), TOWN)
    assert not same_area_inside((TOWN,), AreaCode(COUNTY))
    assert POLICY.on_life_list("11C02") and not POLICY.on_life_list("11B06")


def test_limits_are_reached_and_not_only_approached() -> None:
    gates.check_form(message(headline="x" * 200, identifier="x" * 200, references=("r",) * 50), COMPOSER)
    gates.check_form(message(description="x" * 9_000, instruction="x" * 1_000), COMPOSER)
    gates.check_areas(message(areas=(TOWN,) * 1000), COMPOSER, EDITOR, POLICY)
    gates.check_time(message(expires=Instant(NOON + 120 * MINUTE)), COMPOSER, NOON, POLICY)
    week = Instant(NOON + 7 * 24 * HOUR)
    gates.check_time(message(effective=week, expires=Instant(week + 1)), COMPOSER, NOON, POLICY)


def test_the_next_local_time_after_that_very_minute_is_tomorrow() -> None:
    policy = attrs.evolve(POLICY, zone=ZoneInfo("Asia/Shanghai"))
    six = gates.next_local(Instant(NOON), 6 * 60, policy)
    assert gates.next_local(six, 6 * 60, policy) == six + 24 * HOUR
