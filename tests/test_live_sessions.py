"""Live sessions: what is heard of a studio, by whose leave, what the dump key throws away, and how a session ends. To the sample."""

from __future__ import annotations

from itertools import pairwise

import attrs
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_planning import DAY, FM, MEDIA, NOW, PEOPLE, POLICY, STREAM, waiting_content

from playout.airing import LEAD
from playout.drafting import look
from playout.live import decide, evolve, plan_of
from playout.live_messages import (
    CloseLive,
    DumpLive,
    EndLive,
    LiveArmed,
    LiveClosed,
    LiveDisarmed,
    LiveDumped,
    LiveOpened,
    OpenFader,
    OpenLive,
    SoundOpened,
)
from playout.messages import (
    BackToPlan,
    EndRelay,
    ExtendPlan,
    ExtendRelay,
    HoldNext,
    InsertItem,
    SignRundown,
    SubmitRundown,
    TakeNext,
    WithdrawMedium,
)
from playout.policy import Studio
from playout.sessions import AFTER, BEFORE, MARGIN, WAITS
from playout.sheets import EMPTY
from schedules.covers import Span, covered, merged
from schedules.plan import Take
from schedules.plan_check import mistakes
from schedules.relays import medium_of
from schedules.render import take_at
from station.wire import event_from_plain, event_to_plain
from station.words import HOUR, MINUTE, SAMPLE_RATE, SECOND, Operator, Refused, SampleIndex, sample_at

S = SAMPLE_RATE
DELAY = 7 * S
DESK, BARE = medium_of("live-studio1", "一号直播间"), medium_of("live-booth", "录音间")
STUDIOS = {
    DESK.sha256: Studio(id="studio1", delay=DELAY, dumped=True, level=True),
    BARE.sha256: Studio(id="booth", delay=2 * S, dumped=False, level=False),
}
NAMED = {"relay:live-studio1": DESK, "relay:live-booth": BARE, DESK.sha256: DESK, BARE.sha256: BARE}
LIVING = attrs.evolve(
    POLICY,
    media={**MEDIA, **NAMED},
    relays={name: frozenset({FM}) for name in NAMED if name.startswith("relay:")},
    studios=STUDIOS,
)
HEAD = "start,mode,title,media,duration,id\n"
DAYLONG = "09:59:00,hard,News,news.flac,,\n,,Song,song.flac,,\n11:00:00,hard,Noon,song.flac,,\n"
KEYS = ",key,Talk,直播:studio1,00:30:00,talk\n,key,Booth,live:booth,00:05:00,booth\n,key,Jingle,song.flac,,jingle\n"
MORE = ",key,More,live:studio1,00:05:00,more\n"


def does(state, command, by="li", now=NOW, policy=LIVING):
    events = decide(state, command, now, PEOPLE.get(by, Operator(id=by)), policy)
    for happened in events:
        assert event_from_plain(*event_to_plain(happened)) == happened
        state = evolve(state, happened)
    return state, events


def no(state, command, now=NOW, policy=LIVING):
    with pytest.raises(Refused) as error:
        does(state, command, now=now, policy=policy)
    assert error.value.text.zh
    return error.value.text.en


def day(csv=HEAD + DAYLONG + KEYS):
    state, _ = does(EMPTY, SubmitRundown(channel=FM, day=DAY, csv=csv))
    for by in ("wang", "zhao", "sun"):
        content = waiting_content(state)
        state, _ = does(state, SignRundown(channel=FM, day=DAY, content=content), by)
    return does(state, ExtendPlan(channel=FM))[0]


def opened(state=None, item="talk", now=NOW):
    state, (happened,) = does(state or day(), OpenLive(channel=FM, item=f"{DAY}/{item}"), "sun", now)
    assert isinstance(happened, LiveOpened)
    return state, happened


def made(state, now=NOW):
    found = plan_of(state, FM, now, LIVING)
    assert mistakes(found) == []
    return found


def spans(plan, media=DESK.sha256):
    """Where the source is heard, touching spans made one; every take of it is a session's and heard as it comes."""
    found: list[list[int]] = []
    for take in plan.takes:
        if take.media != media:
            continue
        assert take.approval.startswith("session:fm1:") and take.offset == take.start
        if found and found[-1][1] == take.start:
            found[-1][1] = take.end
        else:
            found.append([take.start, take.end])
    return [tuple(one) for one in found]


def test_what_is_said_when_the_key_is_pressed_is_heard_after_the_delay_by_the_sessions_approval():
    assert spans(made(day())) == [], "nothing of a studio is heard outside a session"
    state, happened = opened()
    at = sample_at(NOW) + DELAY
    assert (happened.at, happened.samples, happened.start, happened.by) == (at, 1_800 * S, "key", "sun")
    assert happened.approval == f"session:fm1:{at}" and happened.signed.startswith(f"rundown:fm1:{DAY}:")
    plan = made(state)
    assert spans(plan) == [(at, at + 1_800 * S)]
    assert take_at(plan, SampleIndex(at - 1)).title == "News", "the schedule runs while the delay is built up"
    (session,) = state.sessions
    assert (session.start, session.end, session.source, session.by) == (at, at + 1_800 * S, "studio1", "sun")


def test_a_session_ends_at_the_next_hard_start_and_the_programme_is_in_its_place():
    now = NOW + 50 * MINUTE
    state, happened = opened(now=now)
    hard = sample_at(NOW + HOUR)
    assert happened.at + happened.samples == hard
    assert take_at(made(state), SampleIndex(hard)).title == "Noon"


def test_a_live_line_waits_for_its_key_and_goes_on_air_by_no_other():
    text = HEAD + "10:00:00,hard,Talk,live:studio1,00:30:00,\n"
    assert "Line 2: “Talk”: a live source begins by its key" in no(
        EMPTY, SubmitRundown(channel=FM, day=DAY, csv=text)
    )
    ((line, said),) = look(EMPTY, FM, DAY, text, NOW, LIVING).complaints
    assert line == 2 and "备播" in said.zh
    assert "open its session" in no(day(), InsertItem(channel=FM, item=f"{DAY}/talk"))
    assert does(day(), InsertItem(channel=FM, item=f"{DAY}/jingle"))[1]
    for item in ("jingle", "nobody"):
        assert "no live line" in no(day(), OpenLive(channel=FM, item=f"{DAY}/{item}"))
    assert "no channel" in no(day(), OpenLive(channel=STREAM, item="x"))
    assert "on the air already" in no(opened()[0], OpenLive(channel=FM, item=f"{DAY}/talk"))


def test_by_no_name_does_a_rundown_air_a_studio_without_its_key():
    head = HEAD.replace("id", "id,replacement")
    for line in (
        f"09:59:00,hard,News,{DESK.sha256},00:10:00,,",
        f"09:59:00,hard,News,news.flac,,,{DESK.sha256}",
    ):
        assert "begins by its key" in no(EMPTY, SubmitRundown(channel=FM, day=DAY, csv=f"{head}{line}\n"))
    signed = f"{HEAD}09:59:00,hard,News,{DESK.sha256},00:10:00,\n"  # before there was such a studio
    state, _ = does(EMPTY, SubmitRundown(channel=FM, day=DAY, csv=signed), policy=POLICY)
    for by in ("wang", "zhao", "sun"):
        content = waiting_content(state)
        state, _ = does(state, SignRundown(channel=FM, day=DAY, content=content), by, policy=POLICY)
    assert spans(made(does(state, ExtendPlan(channel=FM))[0])) == []


def test_the_dump_key_throws_away_what_is_in_the_delay_and_filler_is_heard_instead():
    state, happened = opened()
    now = NOW + MINUTE
    state, (thrown,) = does(state, DumpLive(channel=FM), "zhao", now)
    assert isinstance(thrown, LiveDumped) and thrown.by == "zhao"
    here = sample_at(now)
    assert (thrown.at, thrown.until) == (here + LEAD, here + DELAY + MARGIN)
    plan = made(state)
    assert spans(plan) == [(happened.at, thrown.at), (thrown.until, happened.at + happened.samples)]
    instead = [take for take in plan.takes if thrown.at <= take.start < thrown.until]
    assert {take.approval for take in instead} == {"standing:filler"}
    for deed in (TakeNext(channel=FM), BackToPlan(channel=FM), HoldNext(channel=FM), CloseLive(channel=FM)):
        after, _ = does(state, deed, now=now + 2 * SECOND)
        heard = spans(made(after))
        assert all(b <= thrown.at or a >= thrown.until for a, b in heard), "no key brings it back"


def test_dumped_before_it_is_heard_the_first_words_are_gone():
    state, happened = opened()
    state, (thrown,) = does(state, DumpLive(channel=FM), now=NOW + 2 * SECOND)
    assert thrown.at < happened.at
    assert spans(made(state)) == [(thrown.until, happened.at + happened.samples)]


def test_no_key_of_relays_makes_a_session_longer_or_ends_it():
    state, happened = opened()
    now = NOW + MINUTE
    for command in (ExtendRelay(channel=FM, minutes=5), EndRelay(channel=FM)):
        assert "No relay is on the air" in no(state, command, now=now)
    assert take_at(made(state), SampleIndex(sample_at(now) + S)).approval == happened.approval


def test_there_is_nothing_to_dump_or_close_without_a_session_or_with_a_short_delay():
    state = day()
    for command in (DumpLive(channel=FM), CloseLive(channel=FM)):
        assert "No live session" in no(state, command)
        assert "no channel" in no(state, attrs.evolve(command, channel=STREAM))
    assert "too short" in no(opened(item="booth")[0], DumpLive(channel=FM), now=NOW + 5 * SECOND)


def test_a_session_ends_by_key_at_once_or_when_all_was_heard():
    state, happened = opened()
    now = NOW + MINUTE
    here = sample_at(now)
    late, (over,) = does(state, CloseLive(channel=FM), "zhao", now)
    assert isinstance(over, LiveClosed) and (over.cause, over.by) == ("key", "zhao")
    assert spans(made(late)) == [(happened.at, here + DELAY + MARGIN)]
    soon, _ = does(late, CloseLive(channel=FM, when="now"), now=now + SECOND)
    assert spans(made(soon)) == [(happened.at, here + S + LEAD)]
    assert take_at(made(soon), SampleIndex(here + S + LEAD)).title == "News", "joined in progress"
    (session,) = soon.sessions
    assert (session.end, session.cause) == (here + S + LEAD, "key")
    again, other = opened(soon, now=now + 4 * MINUTE)
    assert spans(made(again))[1] == (other.at, other.at + other.samples), "another session may follow"


def test_no_session_begins_over_another_whichever_studio_it_is_of():
    state, _ = opened()
    ends = "“Talk” is live until 10:30:07: close that session first."
    assert no(state, OpenLive(channel=FM, item=f"{DAY}/booth"), NOW + MINUTE) == ends
    soon = OpenLive(channel=FM, item=f"{DAY}/booth")
    assert no(state, soon, NOW + SECOND) == ends, "nor one that would be heard before it"
    now = NOW + MINUTE
    state, (over,) = does(state, CloseLive(channel=FM), now=now)
    assert "live until 10:01:07" in no(state, soon, now + 5 * SECOND)
    state, (after,) = does(state, soon, now=now + 6 * SECOND)
    assert after.at == sample_at(now + 8 * SECOND) >= over.at
    waits = now + 7 * SECOND
    state, (armed,) = does(state, OpenLive(channel=FM, item=f"{DAY}/talk", start="fader"), now=waits)
    assert isinstance(armed, LiveArmed), "it may wait while another is on the air"
    assert "“Booth” is live" in no(state, OpenFader(source="studio1"), waits + SECOND)
    heard = SoundOpened(source="studio1", since=SampleIndex(sample_at(waits) + 8 * S))
    assert does(state, heard, "system", waits + SECOND)[1] == () and state.armed, "it goes on waiting"
    state, _ = does(state, CloseLive(channel=FM, when="now"), now=waits + MINUTE)
    assert state.armed == (), "closing ends what waits, too"


def test_closing_a_session_leaves_one_that_follows_it_as_it_was():
    state, _ = opened(day(HEAD + DAYLONG + KEYS + MORE))
    now = NOW + MINUTE
    state, (over,) = does(state, CloseLive(channel=FM), now=now)
    state, (more,) = does(state, OpenLive(channel=FM, item=f"{DAY}/more"), now=now + SECOND)
    state, (sooner,) = does(state, CloseLive(channel=FM, when="now"), now=now + 2 * SECOND)
    assert sooner.approval == over.approval and sooner.at < over.at
    assert spans(made(state))[1:] == [(more.at, more.at + more.samples)]


def test_a_session_may_wait_for_its_fader():
    state, (armed,) = does(day(), OpenLive(channel=FM, item=f"{DAY}/talk", start="fader"), "sun")
    assert isinstance(armed, LiveArmed) and armed.until == NOW + WAITS and spans(made(state)) == []
    now = NOW + MINUTE
    state, (happened,) = does(state, OpenFader(source="studio1"), "desk", now)
    assert (happened.start, happened.by, happened.at) == ("fader", "sun", sample_at(now) + DELAY)
    assert state.armed == ()
    assert "No session waits" in no(state, OpenFader(source="studio1"), now)


def test_a_session_that_cannot_begin_keeps_no_other_one_of_its_fader_waiting():
    state, (armed,) = does(day(), OpenLive(channel=FM, item=f"{DAY}/talk", start="fader"))
    other = attrs.evolve(state.armed[0], channel="gone")
    for waits in ((other, *state.armed), (*state.armed, other)):
        (happened,) = does(attrs.evolve(state, armed=waits), OpenFader(source="studio1"))[1]
        assert (happened.channel, happened.item) == (FM, armed.item)
    assert "no channel" in no(attrs.evolve(state, armed=(other,)), OpenFader(source="studio1"))


def test_what_waits_too_long_or_no_more_is_opened_by_no_fader():
    state, _ = does(day(), OpenLive(channel=FM, item=f"{DAY}/talk", start="fader"))
    assert "No session waits" in no(state, OpenFader(source="studio1"), NOW + WAITS)
    assert "No session waits" in no(state, OpenFader(source="booth"))
    state, (over,) = does(state, CloseLive(channel=FM))
    assert isinstance(over, LiveDisarmed) and state.armed == ()
    both, _ = does(opened(item="booth")[0], OpenLive(channel=FM, item=f"{DAY}/talk", start="fader"))
    kinds = [type(one) for one in does(both, CloseLive(channel=FM), now=NOW + 3 * SECOND)[1]]
    assert kinds == [LiveDisarmed, LiveClosed]


def test_sound_opens_what_waits_for_it_a_moment_before_that_sound():
    state, _ = does(day(), OpenLive(channel=FM, item=f"{DAY}/talk", start="fader"), "sun")
    now = NOW + MINUTE
    since = sample_at(now) + 6 * S
    _, (happened,) = does(state, SoundOpened(source="studio1", since=SampleIndex(since)), "system", now)
    assert (happened.start, happened.at, happened.by) == ("level", since - BEFORE, "sun")
    late = SampleIndex(sample_at(now))
    _, (happened,) = does(state, SoundOpened(source="studio1", since=late), "system", now)
    assert happened.at == sample_at(now) + LEAD
    assert does(day(), SoundOpened(source="studio1", since=late), "system")[1] == ()


def test_what_was_said_before_a_session_waited_is_not_heard():
    state, _ = does(day(), OpenLive(channel=FM, item=f"{DAY}/talk", start="fader"), "sun")
    since = SampleIndex(sample_at(NOW) + 2 * S)  # said five seconds before the key
    _, (happened,) = does(state, SoundOpened(source="studio1", since=since), "system")
    assert happened.at == sample_at(NOW) + DELAY


def test_no_key_begins_a_session_before_what_was_said_at_its_own():
    state, happened = opened()
    for wait in (1, 5):
        after, (taken,) = does(state, TakeNext(channel=FM), now=NOW + wait * SECOND)
        assert spans(made(after)) == [(happened.at, happened.at + happened.samples)]
        assert taken.title == "Song", "the schedule goes on beneath"
    over, _ = does(state, TakeNext(channel=FM), now=NOW + MINUTE)
    assert spans(made(over)) == [(happened.at, sample_at(NOW + MINUTE) + LEAD)], "it ends what lies there"


def test_sound_opens_nothing_where_settings_do_not_say_so_or_where_it_cannot_begin():
    state, _ = does(day(), OpenLive(channel=FM, item=f"{DAY}/booth", start="fader"))
    assert does(state, SoundOpened(source="booth", since=sample_at(NOW)), "system")[1] == ()
    state, _ = does(day(), OpenLive(channel=FM, item=f"{DAY}/talk", start="fader"))
    gone = attrs.evolve(LIVING, studios={DESK.sha256: STUDIOS[DESK.sha256]}, media=MEDIA)
    _, (over,) = does(state, SoundOpened(source="studio1", since=sample_at(NOW)), "system", policy=gone)
    assert isinstance(over, LiveDisarmed)


def test_a_session_in_which_nothing_is_said_ends_where_the_silence_would_be_heard():
    state, happened = opened()
    now = NOW + MINUTE
    since = sample_at(now) + 4 * S
    state, (over,) = does(state, EndLive(source="studio1", cause="silent", since=SampleIndex(since)), now=now)
    assert (over.cause, over.at, over.by) == ("silent", since + AFTER, "system")
    assert spans(made(state)) == [(happened.at, since + AFTER)]
    again = EndLive(source="studio1", cause="silent", since=SampleIndex(since + S))
    assert does(state, again, now=now + SECOND)[1] == (), "one end is enough"
    assert does(state, attrs.evolve(again, source="booth"), now=now)[1] == ()


def test_a_source_that_was_silent_long_ago_ends_its_session_in_a_second():
    state, _ = opened()
    now = NOW + MINUTE
    late = EndLive(source="studio1", cause="lost", since=SampleIndex(sample_at(now) - 9 * S))
    _, (over,) = does(state, late, now=now)
    assert (over.at, over.cause) == (sample_at(now) + LEAD, "lost")
    assert does(state, late, now=NOW + 2 * HOUR)[1] == (), "it was over by then"


def test_a_session_that_is_over_in_a_second_is_open_no_more():
    state, _ = opened()
    state, _ = does(state, CloseLive(channel=FM, when="now"), now=NOW + MINUTE)
    assert "No live session" in no(state, DumpLive(channel=FM), now=NOW + MINUTE)
    assert "No live session" in no(state, CloseLive(channel=FM), now=NOW + MINUTE)
    assert does(state, DumpLive(channel=FM), now=NOW + MINUTE - SECOND)[1], "a moment is left"


def test_a_player_is_given_half_a_second_and_a_fader_half_an_hour():
    assert (BEFORE, AFTER, MARGIN, WAITS) == (4_800, 24_000, 24_000, 1_800 * SECOND)


def test_what_is_withdrawn_is_no_more_heard_of_a_session():
    state, _ = opened()
    state, _ = does(state, WithdrawMedium(media=DESK.sha256), "zhao", NOW + MINUTE)
    assert all(end <= sample_at(NOW + MINUTE) for _, end in spans(made(state)))


KEYED = st.lists(
    st.tuples(
        st.sampled_from(["open", "more", "dump", "close", "now", "take", "back", "jingle"]),
        st.integers(0, 12) | st.integers(0, 40),
    ),
    max_size=9,
)


@settings(max_examples=40, deadline=None)
@given(KEYED)
@example([("open", 0), ("take", 2)])
@example([("jingle", 0), ("open", 1), ("now", 2), ("open", 3), ("dump", 2), ("take", 4), ("take", 9)])
def test_whatever_is_pressed_only_sessions_are_heard_and_nothing_that_was_dumped(keys):
    commands = {
        "open": OpenLive(channel=FM, item=f"{DAY}/talk"),
        "more": OpenLive(channel=FM, item=f"{DAY}/more"),
        "dump": DumpLive(channel=FM),
        "close": CloseLive(channel=FM),
        "now": CloseLive(channel=FM, when="now"),
        "take": TakeNext(channel=FM),
        "back": BackToPlan(channel=FM),
        "jingle": InsertItem(channel=FM, item=f"{DAY}/jingle"),
    }
    state, now, allowed, thrown = _DAY, NOW, [], []
    for key, wait in keys:
        now += wait * SECOND
        try:
            state, events = does(state, commands[key], now=now)
        except Refused:
            continue
        for one in events:
            if isinstance(one, LiveOpened):
                allowed.append((one.at, one.at + one.samples))
            if isinstance(one, LiveDumped):
                thrown.append((one.at, one.until))
    plan = made(state, now)
    for start, end in spans(plan):
        for a, b in sorted(allowed):  # sessions may touch
            start = max(start, b) if a <= start else start
        assert start >= end, "heard outside every session"
        assert all(end <= a or start >= b for a, b in thrown)
    known = [one.approval for one in sorted(state.sessions, key=lambda one: one.start)]
    in_turn = [known.index(take.approval) for take in plan.takes if take.approval in known]
    assert in_turn == sorted(in_turn), "one after the other"
    assert {take.approval for take in plan.takes if take.media == DESK.sha256} <= set(known)


_DAY = day(HEAD + DAYLONG + KEYS + MORE)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 120), st.integers(0, 40), st.booleans()), max_size=6),
    st.integers(1, 60),
    st.integers(1, 60),
)
def test_what_is_thrown_away_is_filler_to_the_sample_and_all_else_is_as_it_was(marks, first, second):
    def lived(start, end, media):
        return Take(
            item=media[0], start=SampleIndex(start), end=SampleIndex(end), kind="programme", title="t",
            approval="session:x", media=media, offset=start,
        )  # fmt: skip

    one, two = DESK.sha256, BARE.sha256
    takes = [lived(0, first, one), lived(first, first + second, two), lived(first + second, 130, one)]
    thrown = [Span(media=one if side else two, at=at, until=at + count) for at, count, side in marks]

    def filler(a, b):
        return (attrs.evolve(takes[0], item="f", media="f" * 64, start=a, end=b, offset=0),)

    after = covered(takes, thrown, filler)
    expected = np.empty(130, dtype=object)
    got = np.empty(130, dtype=object)
    for take in takes:
        expected[take.start : take.end] = take.media
    for span in thrown:
        part = expected[span.at : span.until]
        part[part == span.media] = "f" * 64
    cursor = 0
    for take in after:
        assert take.start == cursor < take.end and take.offset in (take.start, 0)
        got[take.start : take.end] = take.media
        cursor = take.end
    assert cursor == 130 and (got == expected).all()
    apart = merged(thrown)
    assert all(one.at < one.until for one in apart)
    assert all(a.media != b.media or a.until < b.at for a, b in pairwise(apart))
