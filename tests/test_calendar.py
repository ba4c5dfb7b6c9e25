"""Local time and broadcast days: whatever the clocks do, days tile and times are found."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.calendar import (
    add_days,
    broadcast_day,
    day_bounds,
    days_over,
    instant_of_iso,
    instant_of_local,
    local_date,
    local_iso,
    local_text,
    oddity,
)
from station.words import HOUR, SECOND, Instant, Refused

ZONES = ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("day", "at", "tz", "want", "odd"),
    [
        ("2026-11-22", "05:00:00", "Asia/Shanghai", "2026-11-21T21:00:00", ""),
        ("2026-11-22", "04:59:59", "Asia/Shanghai", "2026-11-22T20:59:59", ""),
        ("2026-11-22", "25:30:00", "Asia/Shanghai", "2026-11-22T17:30:00", ""),
        ("1986-05-03", "26:30:00", "Asia/Shanghai", "1986-05-03T18:30:00", "skipped"),
        ("2026-03-28", "26:30:00", "Europe/Berlin", "2026-03-29T01:30:00", "skipped"),
        ("2026-10-24", "02:30:00", "Europe/Berlin", "2026-10-25T00:30:00", "twice"),
        ("2026-10-24", "02:30:00A", "Europe/Berlin", "2026-10-25T00:30:00", "twice"),
        ("2026-10-24", "02:30:00 b", "Europe/Berlin", "2026-10-25T01:30:00", "twice"),
        ("2026-03-07", "02:30", "America/New_York", "2026-03-08T07:30:00", "skipped"),
        ("2026-10-31", "01:30:00B", "America/New_York", "2026-11-01T06:30:00", "twice"),
        ("2026-10-03", "02:15:00", "Australia/Lord_Howe", "2026-10-03T15:45:00", "skipped"),
        ("2026-04-04", "01:45:00B", "Australia/Lord_Howe", "2026-04-04T15:15:00", "twice"),
        ("2011-12-29", "12:00:00", "Pacific/Apia", "2011-12-29T22:00:00", ""),
        ("2011-12-31", "12:00:00", "Pacific/Apia", "2011-12-30T22:00:00", ""),
    ],
)
def test_a_local_time_is_found_and_its_oddity_told(day: str, at: str, tz: str, want: str, odd: str) -> None:
    assert instant_of_local(day, at, tz, "05:00") == utc(want)
    assert oddity(day, at, tz, "05:00") == odd


def test_fractions_of_a_second_count() -> None:
    base = instant_of_local("2026-11-22", "06:00:00", "UTC", "05:00")
    assert instant_of_local("2026-11-22", "06:00:00.5", "UTC", "05:00") == base + 500_000
    assert instant_of_local("2026-11-22", "06:00:00.000001", "UTC", "05:00") == base + 1


@pytest.mark.parametrize(
    "at", ["29:00:00", "29:30", "48:00:00", "5", "", "06:60:00", "-1:00:00", "06:00:00C", "٠٦:٠٠:٠٠"]
)
def test_a_time_that_is_none_is_refused(at: str) -> None:
    with pytest.raises(Refused) as refused:
        instant_of_local("2026-11-22", at, "UTC", "05:00")
    assert refused.value.text.zh


@pytest.mark.parametrize(
    "day", ["", "2026-02-30", "2026-1-1", "20261122", "9999-12-31", "1960-01-01", "2026-11-22\n"]
)
def test_a_day_that_is_none_is_refused(day: str) -> None:
    with pytest.raises(Refused):
        day_bounds(day, "UTC", "05:00")


@pytest.mark.parametrize("tz", ["", "Mars/Base", "../../etc/passwd", "Europe", "/etc/localtime", "a\x00b"])
def test_a_zone_that_is_none_is_refused(tz: str) -> None:
    with pytest.raises(Refused):
        day_bounds("2026-11-22", tz, "05:00")


@pytest.mark.parametrize("day_start", ["", "24:00", "5", "05:00B", "xx"])
def test_a_day_start_that_is_none_is_refused(day_start: str) -> None:
    with pytest.raises(Refused):
        day_bounds("2026-11-22", "UTC", day_start)


def test_days_have_23_24_or_25_hours_and_a_zone_may_leave_one_out() -> None:
    def hours(day: str, tz: str) -> int:
        begins, ends = day_bounds(day, tz, "01:00")
        return (ends - begins) // HOUR

    assert [hours(f"2026-03-{day}", "Europe/Berlin") for day in (28, 29, 30)] == [24, 23, 24]
    assert hours("2026-10-25", "Europe/Berlin") == 25
    assert [hours(f"2011-12-{day}", "Pacific/Apia") for day in (29, 30, 31)] == [24, 0, 24]


instants = st.integers(utc("2000-01-01"), utc("2040-01-01")).map(Instant)


@given(instants, st.sampled_from(ZONES), st.sampled_from(["00:00", "02:30", "05:00", "23:59"]))
def test_every_instant_lies_in_exactly_one_broadcast_day(now: Instant, tz: str, day_start: str) -> None:
    day = broadcast_day(now, tz, day_start)
    begins, ends = day_bounds(day, tz, day_start)
    assert begins <= now < ends
    assert day_bounds(add_days(day, 1), tz, day_start)[0] == ends
    assert day_bounds(add_days(day, -1), tz, day_start)[1] == begins


@pytest.mark.parametrize("tz", ZONES)
def test_days_tile_around_every_change_of_clocks(tz: str) -> None:
    for begin in (
        "2011-12-28",
        "2026-03-06",
        "2026-03-27",
        "2026-04-03",
        "2026-10-02",
        "2026-10-23",
        "2026-10-30",
    ):
        start = Instant(utc(begin))
        for half_hour in range(8 * 48):
            now = Instant(start + half_hour * HOUR // 2)
            begins, ends = day_bounds(broadcast_day(now, tz, "02:15"), tz, "02:15")
            assert begins <= now < ends


@given(instants, st.sampled_from(ZONES))
def test_a_local_time_read_back_is_the_same_instant_unless_it_comes_twice(now: Instant, tz: str) -> None:
    whole = Instant(now // SECOND * SECOND)
    day, text = broadcast_day(whole, tz, "05:00"), local_text(whole, tz)
    again = {instant_of_local(day, f"{text}{mark}", tz, "05:00") for mark in ("", "B")}
    assert whole in again


def test_the_days_over_a_span_are_those_that_meet_it() -> None:
    begins, ends = day_bounds("2026-11-22", "UTC", "05:00")
    assert days_over(begins, ends, "UTC", "05:00") == ["2026-11-22"]
    assert days_over(Instant(begins - 1), Instant(ends + 1), "UTC", "05:00") == [
        "2026-11-21",
        "2026-11-22",
        "2026-11-23",
    ]
    first = day_bounds("2011-12-29", "Pacific/Apia", "05:00")[0]
    found = days_over(first, Instant(first + 30 * HOUR), "Pacific/Apia", "05:00")
    assert found == ["2011-12-29", "2011-12-31"]


def test_instants_are_shown_in_local_time() -> None:
    at = Instant(utc("2026-11-22T22:00:01") + 987_654)
    assert local_text(at, "Asia/Shanghai") == "06:00:01"
    assert local_text(at, "Asia/Shanghai", millis=True) == "06:00:01.987"
    assert local_date(at, "Asia/Shanghai") == "2026-11-23"
    assert local_iso(at, "Asia/Shanghai") == "2026-11-23T06:00:01+08:00"


def test_iso_times_need_their_offset() -> None:
    assert instant_of_iso("2026-11-22T06:00:00+08:00") == utc("2026-11-21T22:00:00")
    for text in ("2026-11-22T06:00:00", "now", ""):
        with pytest.raises(Refused):
            instant_of_iso(text)


@pytest.mark.parametrize("day", ["1970-01-02", "9990-01-01"])
def test_the_first_and_the_last_day_that_can_be_said(day):
    assert add_days(day, 0) == day


@pytest.mark.parametrize("day", ["1970-01-01", "9990-01-02"])
def test_a_day_before_or_after_them_is_none(day):
    with pytest.raises(Refused):
        add_days(day, 0)
