"""Planning: three people, one content, one plan for one state."""

from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playout.messages import (
    AiredEntries,
    AsRunEntry,
    ExtendPlan,
    PlanExtended,
    ReportAsRun,
    RundownApproved,
    RundownRejected,
    RundownSigned,
    RundownSubmitted,
    SignRundown,
    SubmitRundown,
)
from playout.planning import (
    COMMANDS,
    EMPTY,
    Policy,
    State,
    decide,
    due,
    evolve,
    extent,
    next_due,
    plans,
    policy_of,
    sheet,
)
from playout.sheets import KEPT_DAYS, RUNS_KEPT
from schedules.calendar import add_days, instant_of_local
from schedules.handling import Handling
from schedules.plan import Medium, Plan
from schedules.timeline import Frame
from station.settings import (
    AlertStreams,
    ChannelSection,
    ReplacementSection,
    Settings,
    SignatureRow,
    StationSection,
)
from station.wire import event_from_plain, event_to_plain, from_plain, to_plain
from station.words import (
    HOUR,
    SAMPLE_RATE,
    AreaCode,
    ChannelId,
    Command,
    Duration,
    Event,
    Instant,
    Operator,
    Refused,
    SampleIndex,
    Sha256,
    sample_at,
)

FM, STREAM = ChannelId("fm1"), ChannelId("alerts-1")
DAY, NEXT = "2026-11-22", "2026-11-23"
NOW = instant_of_local(DAY, "10:00:00", "Asia/Shanghai", "05:00")
PEOPLE = {name: Operator(id=name, roles=frozenset({"reviewer"})) for name in ("li", "wang", "zhao", "sun")}
CSV = "start,mode,title,media\n06:00:00,hard,News,news.flac\n,,Song,song.flac\n"


def medium(name: str, seconds: int) -> Medium:
    return Medium(sha256=Sha256(name * 64), samples=seconds * SAMPLE_RATE)


FILLER = medium("e", 1801)
MEDIA = {"news.flac": medium("a", 600), "song.flac": medium("b", 60), "fill.flac": FILLER}
MEDIA |= {found.sha256: found for found in MEDIA.values()}
POLICY = Policy(
    frames={FM: Frame(channel=FM, tz="Asia/Shanghai", day_start="05:00", filler=(FILLER,))},
    idle=(STREAM,),
    media=MEDIA,
    tz="Asia/Shanghai",
    day_start="05:00",
)


def does(
    state: State, command: Command, by: str = "li", now: Instant = NOW, policy: Policy = POLICY
) -> tuple[State, tuple[Event, ...]]:
    events = decide(state, command, now, PEOPLE.get(by, Operator(id=by)), policy)
    for happened in events:
        kind, body = event_to_plain(happened)
        assert event_from_plain(kind, body) == happened
        state = evolve(state, happened)
    return state, events


def refused(state: State, command: Command, by: str = "li", policy: Policy = POLICY) -> str:
    with pytest.raises(Refused) as error:
        does(state, command, by, policy=policy)
    assert error.value.text.zh
    return error.value.text.en


def submitted(csv: str = CSV, day: str = DAY, state: State = EMPTY, policy: Policy = POLICY) -> State:
    return does(state, SubmitRundown(channel=FM, day=day, csv=csv), policy=policy)[0]


def waiting_content(state: State, day: str = DAY) -> Sha256:
    held = sheet(state, FM, day, "waiting")
    assert held is not None
    return held.content


def signed(state: State, *people: str, day: str = DAY) -> State:
    content = waiting_content(state, day)
    for by in people:
        state, _ = does(state, SignRundown(channel=FM, day=day, content=content), by)
    return state


def approved(csv: str = CSV, day: str = DAY, state: State = EMPTY) -> State:
    return signed(submitted(csv, day, state), "wang", "zhao", "sun", day=day)


def titles(plan: Plan) -> list[str]:
    return [take.title for take in plan.takes if take.kind == "programme"]


def test_three_people_approve_a_day() -> None:
    state = submitted()
    content = waiting_content(state)
    state, first = does(state, SignRundown(channel=FM, day=DAY, content=content), "wang")
    state, _ = does(state, SignRundown(channel=FM, day=DAY, content=content), "zhao")
    assert titles(plans(state, POLICY, NOW)[FM]) == []
    state, last = does(state, SignRundown(channel=FM, day=DAY, content=content), "sun")
    assert [type(happened) for happened in first] == [RundownSigned]
    assert last[1] == RundownApproved(channel=FM, day=DAY, content=content, signers=("wang", "zhao", "sun"))
    plan = plans(state, POLICY, NOW)[FM]
    assert titles(plan) == ["News", "Song"]
    assert {take.approval for take in plan.takes} == {f"rundown:fm1:{DAY}:{content[:12]}", "standing:filler"}


def test_nobody_signs_twice_and_the_author_not_at_all() -> None:
    state = signed(submitted(), "wang")
    order = SignRundown(channel=FM, day=DAY, content=waiting_content(state))
    assert "already signed" in refused(state, order, "wang")
    assert "wrote it" in refused(state, order, "li")
    assert "another version" in refused(state, attrs.evolve(order, content=Sha256("0" * 64)), "zhao")


def test_a_reviewer_may_reject_and_then_it_waits_no_more() -> None:
    state = submitted()
    order = SignRundown(
        channel=FM, day=DAY, content=waiting_content(state), verdict="reject", reason="广告过多"
    )
    assert "Another version" in refused(state, attrs.evolve(order, content=Sha256("0" * 64)))
    state, events = does(state, order, "wang")
    assert events == (RundownRejected(channel=FM, day=DAY, by="wang", reason="广告过多"),)
    held = sheet(state, FM, DAY, "rejected")
    assert held is not None and held.reason == "广告过多"
    assert "No rundown" in refused(state, order, "zhao")
    assert sheet(submitted(state=state), FM, DAY, "rejected") is None


def test_the_approved_version_stays_on_air_until_the_new_one_is_approved() -> None:
    state = approved()
    changed = CSV.replace("Song", "Hymn")
    state = submitted(changed, state=state)
    assert titles(plans(state, POLICY, NOW)[FM]) == ["News", "Song"]
    before = plans(state, POLICY, NOW)[FM].revision
    state = signed(state, "wang", "zhao", "sun")
    after = plans(state, POLICY, NOW)[FM]
    assert titles(after) == ["News", "Hymn"]
    assert after.revision > before
    assert len(state.sheets) == 1


def test_a_new_submission_voids_the_signatures_of_the_one_before() -> None:
    state = signed(submitted(), "wang", "zhao")
    state = submitted(CSV.replace("Song", "Hymn"), state=state)
    held = sheet(state, FM, DAY, "waiting")
    assert held is not None and held.signatures == ()


def test_the_same_rundown_is_not_taken_twice() -> None:
    assert "waiting already" in refused(submitted(), SubmitRundown(channel=FM, day=DAY, csv=CSV))
    assert "approved already" in refused(approved(), SubmitRundown(channel=FM, day=DAY, csv=CSV))
    wider = "".join(f"{line},\n" for line in CSV.splitlines()).replace("media,", "media,note", 1)
    assert wider != CSV
    assert "approved already" in refused(approved(), SubmitRundown(channel=FM, day=DAY, csv=wider))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"channel": ChannelId("fm9")}, "There is no channel 'fm9'."),
        ({"channel": STREAM}, "There is no channel 'alerts-1'."),
        ({"day": "2026-11-21"}, "2026-11-21 is over."),
        ({"day": "2026-12-07"}, "more than 14 days away"),
        ({"day": "tomorrow"}, "is no day"),
        ({"csv": "start,title\n"}, "the column media is missing"),
        (
            {"csv": "start,mode,title,media\n06:00,hard,A,song.flac\n06:00,hard,B,song.flac\n"},
            "line 3: two hard starts at 06:00",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_words(change: dict[str, Any], said: str) -> None:
    command = attrs.evolve(SubmitRundown(channel=FM, day=DAY, csv=CSV), **change)
    assert said in refused(EMPTY, command)


def test_an_unknown_command_is_a_defect() -> None:
    with pytest.raises(TypeError):
        decide(EMPTY, Command(), NOW, PEOPLE["li"], POLICY)
    assert len(COMMANDS) == 17


def test_what_stands_in_for_a_class_comes_from_the_settings_and_a_change_of_it_makes_plans_anew() -> None:
    def with_lists(*lists: ReplacementSection) -> Policy:
        return policy_of(attrs.evolve(settings_with(filler=["fill.flac"]), replacements=list(lists)), MEDIA)

    other = ReplacementSection(category="news", media=["song.flac"], channels=[ChannelId("fm2")])
    one = ReplacementSection(category="新闻", media=["song.flac", "gone.flac"])
    more = ReplacementSection(category="news", media=["news.flac"])
    assert with_lists(other).frames[FM].replacements == {}
    both = with_lists(one, other, more)
    assert both.frames[FM].replacements == {"news": (MEDIA["song.flac"], MEDIA["news.flac"])}
    state = does(approved(), ExtendPlan(channel=FM), policy=with_lists())[0]
    again = ExtendPlan(channel=FM)
    assert again not in due(state, NOW, with_lists(other)) and again in due(state, NOW, both)


def test_what_was_signed_is_the_file_not_its_name() -> None:
    state = approved()
    other = medium("c", 60)
    swapped = attrs.evolve(POLICY, media=MEDIA | {"song.flac": other, other.sha256: other})
    assert {take.media for take in plans(state, swapped, NOW)[FM].takes} == {"a" * 64, "b" * 64, "e" * 64}
    gone = {name: found for name, found in MEDIA.items() if found.sha256 != "b" * 64}
    plan = plans(state, attrs.evolve(POLICY, media=gone | {"song.flac": other}), NOW)[FM]
    assert titles(plan) == ["News"]
    assert any("missing" in warning for warning in plan.warnings)


def test_a_name_that_meant_nothing_at_submission_is_filler_even_when_a_file_comes_later() -> None:
    state = approved(CSV.replace("song.flac", "later.flac"))
    late = attrs.evolve(POLICY, media=MEDIA | {"later.flac": medium("b", 60)})
    assert titles(plans(state, late, NOW)[FM]) == ["News"]


def test_a_checksum_in_the_rundown_may_be_ingested_later() -> None:
    state = approved(CSV.replace("song.flac", "d" * 64))
    assert titles(plans(state, POLICY, NOW)[FM]) == ["News"]
    late = attrs.evolve(POLICY, media=MEDIA | {"d" * 64: medium("d", 60)})
    assert titles(plans(state, late, NOW)[FM]) == ["News", "Song"]
    extended, _ = does(state, ExtendPlan(channel=FM))
    assert due(extended, NOW, late) == (ExtendPlan(channel=FM), ExtendPlan(channel=STREAM))


def test_an_approved_day_that_can_no_longer_be_kept_is_filler_and_the_others_stay() -> None:
    tight = "start,mode,title,media\n06:00:00,hard,News,news.flac\n06:09:59,hard,Song,song.flac\n"
    state = approved(CSV, NEXT, approved(tight))
    strict = {FM: attrs.evolve(POLICY.frames[FM], tolerance=0)}
    assert len(titles(plans(state, POLICY, NOW)[FM])) == 4
    plan = plans(state, attrs.evolve(POLICY, frames=strict), NOW)[FM]
    assert len(titles(plan)) == 2


def test_plans_reach_at_least_a_day_ahead_and_an_hour_back() -> None:
    for clock in ("05:00:00", "12:00:00", "28:59:59"):
        now = instant_of_local(DAY, clock, "Asia/Shanghai", "05:00")
        state = EMPTY
        for command in due(EMPTY, now, POLICY):
            state, _ = does(state, command, "system", now)
        for plan in plans(state, POLICY, now).values():
            assert plan.start <= sample_at(Instant(now - HOUR))
            assert plan.end >= sample_at(Instant(now + 24 * HOUR))


def test_a_plan_depends_on_the_state_not_on_the_hour() -> None:
    state, events = does(approved(), ExtendPlan(channel=FM))
    assert isinstance(events[0], PlanExtended)
    later = Instant(NOW + 40 * HOUR)
    assert plans(state, POLICY, NOW)[FM] == plans(state, POLICY, later)[FM]
    assert does(state, ExtendPlan(channel=FM))[1] == ()


def test_a_plan_is_made_anew_when_what_was_measured_of_its_media_changes_and_of_no_others() -> None:
    state, _ = does(approved(), ExtendPlan(channel=FM))

    def measured(sha256: Sha256, gain: int) -> Policy:
        handling = Handling(gain=gain, cue_in=0, cue_out=60 * SAMPLE_RATE, segue=60 * SAMPLE_RATE)
        return attrs.evolve(
            POLICY, frames={FM: attrs.evolve(POLICY.frames[FM], handlings={sha256: handling})}
        )

    song, other = MEDIA["song.flac"].sha256, Sha256("9" * 64)
    assert does(state, ExtendPlan(channel=FM), policy=measured(other, 1 << 30))[1] == ()
    quieter = measured(song, 1 << 30)
    state, events = does(state, ExtendPlan(channel=FM), policy=quieter)
    assert [type(one) for one in events] == [PlanExtended]
    assert {take.gain for take in plans(state, quieter, NOW)[FM].takes if take.title == "Song"} == {1 << 30}
    assert does(state, ExtendPlan(channel=FM), policy=quieter)[1] == ()
    assert len(does(state, ExtendPlan(channel=FM), policy=measured(song, 1 << 29))[1]) == 1


def test_each_broadcast_day_extends_the_plan_once() -> None:
    state = EMPTY
    for command in due(state, NOW, POLICY):
        state, _ = does(state, command, "system")
    assert due(state, NOW, POLICY) == ()
    at = next_due(state, NOW, POLICY)
    assert at == instant_of_local(NEXT, "05:00:00", "Asia/Shanghai", "05:00")
    assert at is not None and due(state, Instant(at - 1), POLICY) == ()
    assert len(due(state, at, POLICY)) == 2
    assert next_due(state, at, POLICY) == at
    assert [extent(state, channel).revision for channel in (FM, STREAM)] == [1, 1]


def test_takes_keep_their_identity_when_the_plan_is_extended() -> None:
    state = approved()
    first, _ = does(state, ExtendPlan(channel=FM))
    tomorrow = instant_of_local(NEXT, "05:00:01", "Asia/Shanghai", "05:00")
    second, _ = does(first, ExtendPlan(channel=FM), now=tomorrow)
    for channel in (FM, STREAM):
        old, new = plans(first, POLICY, NOW)[channel], plans(second, POLICY, tomorrow)[channel]
        shared = {take.id for take in old.takes if new.start <= take.start < old.end}
        assert shared and shared <= {take.id for take in new.takes}


def test_an_alert_stream_is_silent_by_a_standing_approval() -> None:
    plan = plans(EMPTY, POLICY, NOW)[STREAM]
    assert {(take.kind, take.approval) for take in plan.takes} == {("silence", "standing:idle")}
    with pytest.raises(Refused):
        decide(EMPTY, ExtendPlan(channel=ChannelId("tv9")), NOW, PEOPLE["li"], POLICY)


def entry(run: str, seq: int) -> AsRunEntry:
    return AsRunEntry(
        run=run,
        seq=seq,
        channel=FM,
        what="start",
        ref="x",
        source="take",
        title="",
        media=None,
        approval="a",
        index=SampleIndex(0),
        rung="file",
        cause="planned",
    )


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 3)), max_size=4), max_size=8))
def test_every_as_run_line_is_journaled_at_most_once(reports: list[list[tuple[str, int]]]) -> None:
    state, aired = EMPTY, []
    for report in reports:
        command = ReportAsRun(chain="radio", entries=tuple(entry(run, seq) for run, seq in report))
        state, events = does(state, command, "system")
        aired += [(line.run, line.seq) for happened in events for line in happened.entries]  # type: ignore[attr-defined]
    assert len(aired) == len(set(aired))
    for run in "ab":
        assert [seq for name, seq in aired if name == run] == sorted(
            seq for name, seq in aired if name == run
        )


def test_a_log_sent_again_after_a_restart_adds_nothing() -> None:
    lines = tuple(entry("r", seq) for seq in (1, 2, 3))
    state, events = does(EMPTY, ReportAsRun(chain="radio", entries=lines[:2]), "system")
    assert len(events) == 1
    state, events = does(state, ReportAsRun(chain="radio", entries=lines), "system")
    assert events == (AiredEntries(chain="radio", entries=lines[2:]),)
    assert does(state, ReportAsRun(chain="radio", entries=lines), "system")[1] == ()


def test_old_days_and_old_runs_leave_the_state() -> None:
    state = EMPTY
    for shift in range(60):
        day = add_days(DAY, shift)
        now = Instant(NOW + shift * 24 * HOUR)
        state, _ = does(state, SubmitRundown(channel=FM, day=day, csv=CSV), now=now)
    assert len(state.sheets) == KEPT_DAYS + 1
    for run in range(RUNS_KEPT + 5):
        state = evolve(state, AiredEntries(chain="radio", entries=(entry(f"r{run}", 1),)))
    assert len(state.runs) == RUNS_KEPT and state.runs[-1].run == f"r{RUNS_KEPT + 4}"


def test_the_state_survives_a_snapshot() -> None:
    state, _ = does(approved(state=submitted(day=NEXT)), ExtendPlan(channel=FM))
    state, _ = does(state, ReportAsRun(chain="radio", entries=(entry("r", 1),)), "system")
    assert from_plain(to_plain(state), State) == state


def test_what_is_no_business_of_planning_changes_nothing() -> None:
    assert evolve(EMPTY, Event()) is EMPTY


def settings_with(**channel: Any) -> Settings:
    area = AreaCode("340422000000")
    section = ChannelSection(
        id=FM, chain="radio", name_zh="寿县", name_en="Shouxian", area=area, rundowns="r", **channel
    )
    station = StationSection(id="s", name_zh="寿", name_en="S", area=area, areas="a.csv")
    return Settings(
        station=station,
        channels=[section],
        alerts=AlertStreams(streams=2),
        signatures=[SignatureRow(row="daily_drill", before=4), SignatureRow(row="composer", before=9)],
    )


def test_the_policy_comes_from_the_settings() -> None:
    policy = policy_of(settings_with(filler=["fill.flac"], loop="news.flac"), MEDIA)
    assert policy.channels == (FM, "alerts-1", "alerts-2")
    assert (policy.signatures, policy.frames[FM].filler) == (4, (FILLER,))
    assert policy_of(attrs.evolve(settings_with(loop="news.flac"), signatures=[]), MEDIA).signatures == 3
    assert policy.frames[FM].tolerance == 2 * SAMPLE_RATE
    assert policy_of(settings_with(loop="news.flac"), MEDIA).frames[FM].filler == (MEDIA["news.flac"],)


def test_a_channel_without_filler_cannot_be_planned() -> None:
    for channel, said in (({}, "has no filler"), ({"filler": ["x.flac"]}, "x.flac is not in the library")):
        with pytest.raises(Refused, match=said):
            policy_of(settings_with(**channel), MEDIA)


def test_a_submission_names_what_each_medium_stood_for() -> None:
    _, (happened,) = does(EMPTY, SubmitRundown(channel=FM, day=DAY, csv=CSV))
    assert isinstance(happened, RundownSubmitted)
    assert happened.media == (("news.flac", "a" * 64), ("song.flac", "b" * 64))
    _, (other,) = does(EMPTY, SubmitRundown(channel=FM, day=NEXT, csv=CSV), now=Instant(NOW + Duration(1)))
    assert isinstance(other, RundownSubmitted) and other.content != happened.content
