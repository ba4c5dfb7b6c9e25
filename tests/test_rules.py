"""Standing orders: which overlay lies over a channel, what villages play, which stream carries it."""

import attrs
from hypothesis import given
from hypothesis import strategies as st

from emergency.sounding import Mute, Sounding
from schedules.plan import UNITY, Medium
from station import rules
from station.captions import caption_of, captions
from station.settings import AlertStreams, ChannelSection, Ports, StationSection
from station.words import AreaCode, Instant, sample_at

SINCE = Instant(1_795_233_600_000_000)
MINUTE = 60_000_000
VILLAGE, OTHER, TOWN, COUNTY = (
    AreaCode(code) for code in ("340422100001", "340422101001", "340422100000", "340422000000")
)
ALERTS = AlertStreams(streams=2, gap_ms=1_000, margin_ms=10)
FM = ChannelSection(
    id="fm1", chain="radio", name_zh="一", name_en="One", area=COUNTY, rundowns="r", slack_ms=40
)
PORTS = Ports(8000)


def sounding(alert="a", **changes):
    made = Sounding(
        alert=alert, incident=alert, kind="actual", level=1, authority="county", event="11A51",
        headline="山洪", text="转移", ebm_id=f"ebm-{alert}", since=SINCE, until=Instant(SINCE + 10 * MINUTE),
        areas=(TOWN,), audio="b" * 64, samples=480_000, repeats=2, channels=("fm1",), duck=False,
        line=1, approval=f"alert:{alert}", why_en="why",
    )  # fmt: skip
    return attrs.evolve(made, **changes)


def mute(**changes):
    return attrs.evolve(Mute(mute="m", by="zhao"), **changes)


def one(*soundings, mutes=()):
    (made,) = rules.overlays(soundings, mutes, FM, ALERTS)
    return made


def test_an_alert_begins_after_slack_and_margin_and_ends_after_its_repeats_without_the_last_gap():
    made = one(sounding())
    assert made.start == sample_at(SINCE) + 48 * (40 + 10)
    assert made.end == made.start + 2 * (480_000 + 48_000) - 48_000
    assert (made.id, made.mode, made.priority, made.approval) == ("a/fm1", "replace", 1, "alert:a")
    assert (made.sequence, made.gap, made.ramp, made.why) == (("b" * 64,), 48_000, 480, "why")
    assert made.duck == UNITY // 8


def test_its_expiry_cuts_the_last_repeat_short():
    until = Instant(SINCE + 5_000_000)
    assert one(sounding(until=until)).end == sample_at(until)


def test_without_a_number_of_repeats_it_goes_on_until_its_end():
    assert one(sounding(repeats=0)).end == sample_at(Instant(SINCE + 10 * MINUTE))


def test_what_was_moved_begins_where_it_was_moved_to_and_never_ends_before():
    moved = sample_at(Instant(SINCE + 11 * MINUTE))
    made = one(sounding(moved=(("fm2", 5), ("fm1", moved))))
    assert made.start == made.end == moved


def test_what_ducks_does_not_replace():
    assert one(sounding(duck=True)).mode == "duck"


def test_the_best_alert_lies_on_top_and_one_for_other_channels_on_none():
    first, second = rules.overlays([sounding("a"), sounding("b")], (), FM, ALERTS)
    assert (first.id, first.priority, second.id, second.priority) == ("a/fm1", 2, "b/fm1", 1)
    assert rules.overlays([sounding(channels=("fm2",))], (), FM, ALERTS) == ()


def test_a_mute_of_the_whole_area_takes_it_off_the_channel_and_one_of_a_village_does_not():
    assert rules.overlays([sounding()], [mute()], FM, ALERTS) == ()
    assert rules.overlays([sounding()], [mute(alert="a", areas=(COUNTY,))], FM, ALERTS) == ()
    assert len(rules.overlays([sounding()], [mute(areas=(VILLAGE,))], FM, ALERTS)) == 1
    assert len(rules.overlays([sounding()], [mute(alert="b")], FM, ALERTS)) == 1


def test_a_mute_of_the_modulation_silences_programme_and_all_above_every_alert():
    made = rules.overlays([sounding()], [mute(alert="b", channels=("fm1",))], FM, ALERTS)
    over, still = made
    assert (still.id, still.mode, still.approval, still.why) == (
        "mute-m",
        "silence",
        "mute:m",
        "muted by zhao",
    )
    assert still.start == 0 and still.end == rules.FOREVER == 2**50 > sample_at(SINCE) * 10
    assert still.priority > over.priority + 900
    assert rules.overlays([], [mute(channels=("fm2",))], FM, ALERTS) == ()


# -- terminals ----------------------------------------------------------------------------------


def groups(*soundings, mutes=(), areas=(VILLAGE, OTHER), alerts=ALERTS):
    return rules.terminal_groups(soundings, mutes, areas, alerts, PORTS)


def test_a_village_that_is_meant_plays_and_its_neighbour_does_not():
    (group,) = groups(sounding())
    assert group.areas == {VILLAGE} and group.alerts == ("a",)
    assert (group.ebm_id, group.kind, group.level, group.event) == ("ebm-a", "actual", 1, "11A51")
    assert (group.since, group.until) == (SINCE, SINCE + 10 * MINUTE)
    assert (group.stream, group.address) == ("alerts-1", PORTS.stream(1))


def test_a_muted_village_is_in_no_group():
    assert groups(sounding(), mutes=[mute(areas=(VILLAGE,))]) == ()


def test_a_local_and_a_wide_alert_of_one_danger_alternate_where_they_meet_and_have_a_stream_of_their_own():
    local = sounding("near", areas=(TOWN,), since=SINCE, line=1)
    wide = sounding(
        "wide", areas=(COUNTY,), since=Instant(SINCE + 7), until=Instant(SINCE + 20 * MINUTE), line=2
    )
    alerts = attrs.evolve(ALERTS, streams=3)
    made = {group.areas: group for group in groups(wide, local, alerts=alerts)}
    both = made[frozenset({VILLAGE})]
    assert both.alerts == ("near", "wide") and both.stream == "alerts-3"
    assert (both.since, both.until) == (SINCE + 7, SINCE + 20 * MINUTE)
    assert made[frozenset({OTHER})].alerts == ("wide",) and made[frozenset({OTHER})].stream == "alerts-2"
    carried = rules.stream_overlays(made.values(), [wide, local], 40, alerts)
    (over,) = carried["alerts-3"]
    assert over.id == "near+wide/alerts-3" and over.sequence == ("b" * 64, "b" * 64)
    assert over.start == sample_at(Instant(SINCE + 7)) + 48 * 50, "the later of both"
    assert over.end == sample_at(Instant(SINCE + 20 * MINUTE))
    assert (over.mode, over.priority, over.gap, over.ramp) == ("replace", 1, 48_000, 480)
    assert over.approval == "alert:near" and over.why == "why"
    assert set(carried) == {"alerts-2", "alerts-3"}


def test_a_stream_that_would_begin_after_its_end_is_empty_not_negative():
    late = sounding(moved=(("alerts-1", sample_at(Instant(SINCE + 11 * MINUTE))),))
    ((over,),) = rules.stream_overlays(groups(late), [late], 40, ALERTS).values()
    assert over.start == over.end


def test_an_alert_keeps_its_line_and_pairs_take_from_the_end():
    a, b = sounding("a", line=2), sounding("b", line=1, since=Instant(SINCE - 1))
    assert rules.stream_numbers([(a,), (b,), (a, b)], 3) == {("a",): 2, ("b",): 1, ("a", "b"): 3}


def test_without_a_line_the_last_free_stream_is_taken_and_beyond_the_last_nobody_is_served():
    a, b = sounding("a", line=0), sounding("b", line=0, since=Instant(SINCE + 1))
    assert rules.stream_numbers([(b,), (a,)], 2) == {("a",): 2, ("b",): 1}
    assert rules.stream_numbers([(b,), (a,)], 1) == {("a",): 1}
    assert rules.stream_numbers([(a,)], 0) == {}
    two = [sounding(name, areas=(area,), line=0, since=Instant(SINCE + k)) for k, (name, area) in
           enumerate((("x", VILLAGE), ("y", OTHER)))]  # fmt: skip
    assert [group.alerts for group in groups(*two, alerts=attrs.evolve(ALERTS, streams=1))] == [("x",)]


def test_a_taken_line_is_not_given_twice():
    a, b = sounding("a", line=1), sounding("b", line=1)
    assert rules.stream_numbers([(a,), (b,)], 2) == {("a",): 1, ("b",): 2}


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.booleans()), max_size=6), st.integers(0, 4)
)
def test_no_two_groups_ever_share_a_stream(drawn, streams):
    several = [
        sounding(f"a{k}", line=line, since=Instant(SINCE + since)) for k, (line, since, _) in enumerate(drawn)
    ]
    keys = [(s,) for s in several] + [(several[0], s) for s, (_, _, pair) in zip(several, drawn, strict=True) if pair and s is not several[0]]  # fmt: skip
    found = rules.stream_numbers(keys, streams)
    assert len(set(found.values())) == len(found) == min(len(keys), streams)
    assert all(1 <= number <= streams for number in found.values())
    assert found == rules.stream_numbers(list(reversed(keys)), streams), "not in the order of asking"


# -- small --------------------------------------------------------------------------------------


def test_players_hold_each_sound_once():
    a, b = sounding("a"), sounding("b", audio="c" * 64, samples=5, headline="另")
    assert rules.media_of([a, b, a]) == (
        Medium(sha256="b" * 64, samples=480_000, title="山洪"),
        Medium(sha256="c" * 64, samples=5, title="另"),
    )


def test_muted_everywhere_means_every_area_it_was_meant_for():
    areas = (VILLAGE, OTHER)
    assert rules.muted_everywhere("a", areas, [mute()])
    assert rules.muted_everywhere("a", areas, [mute(alert="a", areas=(COUNTY,))])
    assert not rules.muted_everywhere("a", areas, [mute(areas=(TOWN,))])
    assert rules.muted_everywhere("a", areas, iter([mute(areas=(TOWN,)), mute(areas=(OTHER,))]))
    assert not rules.muted_everywhere("a", areas, [mute(alert="b")])
    assert not rules.muted_everywhere("a", areas, [])


def test_only_a_channel_with_a_picture_shows_an_alerts_words():
    station = StationSection(id="s", name_zh="台", name_en="S", area=COUNTY, areas="areas.csv")
    words = captions([sounding(kind="drill", areas=(TOWN, OTHER))], station, lambda code: f"区{code[6:]}")
    tv = attrs.evolve(FM, raster="576p25")
    assert rules.overlays([sounding()], (), FM, ALERTS, words)[0].caption is None
    (made,) = rules.overlays([sounding()], (), tv, ALERTS, words)
    assert made.caption == words["a"]
    assert (made.caption.form, made.caption.title, made.caption.level, made.caption.drill) == (
        "slate",
        "山洪",
        1,
        True,
    )
    assert made.caption.areas == ("区100000", "区101001") and made.caption.at == "2026-11-21 12:00"
    assert rules.overlays([sounding("b")], (), tv, ALERTS, words)[0].caption is None
    shrinking = attrs.evolve(tv, shrink_levels=[sounding().level])
    assert [rules.overlays([one], (), where, ALERTS, words)[0].shrink for one, where in (
        (sounding(), tv), (sounding(), shrinking), (sounding(level=4), shrinking), (sounding(kind="daily"), shrinking),
    )] == [False, True, False, False]  # fmt: skip


def test_a_ducking_alert_crawls_and_a_daily_one_has_no_level():
    station = StationSection(id="s", name_zh="台", name_en="S", area=COUNTY, areas="areas.csv", language="en")
    made = caption_of(sounding(duck=True, kind="daily"), station, str)
    assert (made.form, made.level, made.drill) == ("crawl", 0, False)
