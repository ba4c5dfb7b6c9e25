"""A draft looked at: how each line comes out, what it changes, what refuses it; nothing is decided."""

import itertools

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_planning import CSV, DAY, EMPTY, FM, NOW, POLICY, approved, does, refused, signed, submitted

from playout.drafting import Draft, approved_lines, look
from playout.messages import SignRundown, SubmitRundown
from playout.planning import Policy, State, sheet
from schedules.calendar import instant_of_local
from station.words import HOUR, SAMPLE_RATE, Instant, Refused, Sha256

HEAD = "start,mode,title,media,duration,cut\n"
LOCKED = attrs.evolve(POLICY, lock=300 * SAMPLE_RATE)


def at(clock: str) -> Instant:
    return instant_of_local(DAY, clock, "Asia/Shanghai", "05:00")


def seen(csv: str, state: State = EMPTY, now: Instant = NOW, policy: Policy = POLICY) -> Draft:
    return look(state, FM, DAY, csv, now, policy)


def test_each_line_tells_when_it_would_be_heard() -> None:
    first, second = seen(CSV).lines
    assert (first.at, first.end, first.condition, first.planned) == (
        at("06:00:00"),
        at("06:10:00"),
        "ready",
        at("06:00:00"),
    )
    assert (second.at, second.planned, second.cells["title"]) == (at("06:10:00"), None, "Song")
    assert seen(CSV).content is not None and not seen(CSV).complaints


def test_gaps_are_the_stretches_of_filler_run_together() -> None:
    assert [(one.start, one.end) for one in seen(CSV).gaps] == [
        (at("05:00:00"), at("06:00:00")),
        (at("06:11:00"), Instant(at("05:00:00") + 24 * HOUR)),
    ]


def test_a_missing_file_a_dropped_line_and_silence_are_told_apart() -> None:
    csv = HEAD + (
        "06:00:00,hard,News,news.flac,,yes\n,,Long,news.flac,,yes\n,,Lost,lost.flac,,\n"
        ",,Dropped,news.flac,,yes\n,,Quiet,silence,60,yes\n06:11:00,hard,Song,song.flac,,\n"
    )  # fmt: skip
    conditions = {one.cells["title"]: one.condition for one in seen(csv).lines}
    assert (
        conditions["Lost"] == "missing"
        and conditions["Dropped"] == "dropped"
        and conditions["Quiet"] == "dropped"
    )
    long = next(one for one in seen(csv).lines if one.cells["title"] == "Long")
    assert long.trimmed and any("cut off" in text.en for text in long.remarks)
    assert seen(HEAD + ",,Quiet,silence,60,\n").lines[0].condition == "silence"


def test_a_medium_that_ends_before_its_cue_in_counts_as_missing() -> None:
    csv = "title,media,cue_in\nSong,song.flac,120\n"
    assert seen(csv).lines[0].condition == "missing"


def test_a_soft_start_pushed_back_says_by_how_much() -> None:
    csv = HEAD + "06:00:00,hard,News,news.flac,,\n06:05:00,soft,Song,song.flac,,\n"
    assert seen(csv).lines[1].late == at("06:10:00") - at("06:05:00")


def test_a_window_is_told_with_its_edges_and_whether_it_is_kept() -> None:
    csv = "start,mode,title,media,window\n06:00:00,hard,News,news.flac,\n06:05:00,soft,Song,song.flac,{}\n"
    (_, kept), (_, missed), (_, open_end) = (
        seen(csv.format(window)).lines for window in ("1:00/5:00", "/4:00", "1:00/")
    )
    assert (kept.earliest, kept.latest, kept.outside) == (at("06:04:00"), at("06:10:00"), False)
    assert (missed.earliest, missed.latest, missed.outside) == (at("06:05:00"), at("06:09:00"), True)
    assert (open_end.earliest, open_end.latest, open_end.outside) == (at("06:04:00"), None, False)
    assert seen(CSV).lines[0].earliest is None


def test_what_stands_in_for_a_line_is_told_by_its_title_or_its_checksum() -> None:
    listed = (attrs.evolve(POLICY.media["song.flac"], sha256=Sha256("7" * 64), title="Spare"),)
    frame = attrs.evolve(POLICY.frames[FM], replacements={"news": listed})
    policy = attrs.evolve(POLICY, frames={FM: frame})
    csv = "start,title,media,class,replacement\n06:00,A,song.flac,news,\n07:00,B,song.flac,,song.flac\n08:00,C,song.flac,,\n"
    assert [one.stands_in for one in seen(csv, policy=policy).lines] == ["Spare", "b" * 12, None]


def test_what_waits_for_a_key_is_prepared_or_its_file_is_missing() -> None:
    csv = "mode,title,media\nkey,Ready,song.flac\nkey,Lost,lost.flac\n,News,news.flac\n"
    ready, missed, _ = seen(csv).lines
    assert [one.condition for one in seen(csv).lines] == ["prepared", "missing", "ready"]
    assert ready.remarks == () and "its key will be refused" in missed.remarks[0].en
    (wrong,) = seen("mode,title,media,duration\nkey,Still,silence,5\n").complaints
    assert "silence waits for no key" in wrong[1].en
    (wrong,) = seen("start,mode,title,media\n06:00,key,Ready,song.flac\n").complaints
    assert "what waits for a key has no start" in wrong[1].en and "备播" in wrong[1].zh


def test_lines_in_each_others_way_are_complaints_and_still_drawn() -> None:
    csv = HEAD + "06:00:00,hard,News,news.flac,,\n06:05:00,hard,Song,song.flac,,\n"
    found = seen(csv)
    assert [line for line, _ in found.complaints] == [2] and found.lines[0].condition == "wrong"
    assert found.lines[0].at == at("06:00:00")


def test_a_time_that_is_none_is_a_complaint_with_its_line() -> None:
    found = seen(HEAD + ",,Song,song.flac,,\nsoon,hard,News,news.flac,,\n")
    assert [line for line, _ in found.complaints] == [3] and found.content is None and not found.lines


def test_an_hour_of_no_day_is_a_conflict_of_its_line() -> None:
    found = seen(HEAD + "49:00:00,hard,News,news.flac,,\n")
    assert found.complaints[0][0] == 2 and found.lines[0].planned is None


def test_no_such_channel_and_no_such_day_are_refused() -> None:
    with pytest.raises(Refused):
        look(EMPTY, "tv9", DAY, CSV, NOW, POLICY)  # type: ignore[arg-type]
    with pytest.raises(Refused):
        look(EMPTY, FM, "yesterday", CSV, NOW, POLICY)


def test_the_difference_names_added_removed_moved_and_changed() -> None:
    state = approved(HEAD + "06:00:00,hard,News,news.flac,,\n,,Song,song.flac,,\n,,Old,song.flac,,\n")
    csv = HEAD + "06:01:00,hard,News,news.flac,,\n,,Song,song.flac,,\n,,New,song.flac,,\n"
    found = {one.title: one for one in seen(csv, state).changes}
    assert {title: one.what for title, one in found.items()} == {
        "News": "changed", "Song": "moved", "Old": "removed", "New": "added",
    }  # fmt: skip
    assert found["News"].fields == ("start",) and found["Song"].after == at("06:11:00")
    assert found["Old"].after is None and found["New"].before is None


def test_the_approved_version_itself_differs_in_nothing() -> None:
    state = approved()
    assert seen(CSV, state).changes == () and approved_lines(state, FM, DAY, NOW, POLICY)
    assert approved_lines(EMPTY, FM, DAY, NOW, POLICY) == ()


def test_a_draft_that_says_just_what_is_approved_is_known_for_it_however_it_is_written() -> None:
    wider = "".join(f"{line},\n" for line in CSV.splitlines()).replace("media,", "media,note", 1)
    held = approved(CSV)
    assert [seen(csv, held).unchanged for csv in (CSV, wider, CSV.replace("Song", "Hymn"))] == [
        True,
        True,
        False,
    ]
    assert not seen(CSV).unchanged, "nothing is approved yet"
    anew = dict(POLICY.media)
    anew["song.flac"] = attrs.evolve(anew["song.flac"], sha256=Sha256("e" * 64))
    assert not seen(CSV, held, policy=attrs.evolve(POLICY, media=anew)).unchanged, (
        "the name means another file now"
    )


def test_what_is_near_air_is_locked_and_moving_it_is_said_and_refused() -> None:
    now = at("05:58:00")
    state = approved(CSV)
    moved = CSV.replace("06:00:00", "06:30:00")
    found = seen(moved, state, now, LOCKED)
    assert [line.locked for line in seen(CSV, state, now, LOCKED).lines] == [True, False]
    assert found.locked and found.lock_until == at("06:03:00")
    with pytest.raises(Refused) as error:
        does(state, SubmitRundown(channel=FM, day=DAY, csv=moved), now=now, policy=LOCKED)
    assert error.value.code == "locked" and "锁定" in error.value.text.zh
    assert not seen(moved, state, now).locked, "without a locked zone all may be moved"


def test_it_is_said_beforehand_until_when_a_version_may_be_approved_and_after_when_again() -> None:
    moved, state = CSV.replace("06:00:00", "06:30:00"), approved(CSV)
    early, late = (seen(moved, state, at(clock), LOCKED) for clock in ("05:40:00", "05:58:00"))
    assert (early.locked, early.opens, early.closes) == ((), None, at("05:55:00"))
    assert early.closes_why is not None and "删除" in early.closes_why.zh
    assert late.locked and (late.opens, late.closes) == (at("06:11:00"), at("06:25:00"))
    assert seen(moved, state, at("05:55:00"), LOCKED).locked == ()
    assert seen(moved, EMPTY, at("05:40:00"), LOCKED).closes is None, "a first version meets no zone"


def test_without_a_locked_zone_a_version_is_approved_while_its_items_air() -> None:
    state, now = approved(CSV), at("06:05:00")
    assert seen(CSV.replace("Song", "Else"), state, now).locked == ()
    assert seen(CSV.replace("06:00:00", "06:01:00"), state, now).opens is None


def test_a_version_submitted_in_time_is_not_approved_when_the_zone_has_reached_it() -> None:
    moved = CSV.replace("06:00:00", "06:30:00")
    state = signed(submitted(moved, state=approved(CSV), policy=LOCKED), "wang", "zhao")
    held = sheet(state, FM, DAY, "waiting")
    assert held is not None
    with pytest.raises(Refused, match="Nothing may be moved"):
        does(state, SignRundown(channel=FM, day=DAY, content=held.content), "sun", at("05:58:00"), LOCKED)
    assert "wait" in refused(EMPTY, SignRundown(channel=FM, day=DAY, content=held.content))


def test_the_first_version_of_a_day_may_begin_at_once() -> None:
    assert seen(CSV, now=at("05:58:00"), policy=LOCKED).locked == ()


@settings(max_examples=30, deadline=None)
@given(st.permutations(["news.flac", "song.flac", "lost.flac", "song.flac"]), st.booleans())
def test_a_draft_never_changes_what_is_approved_and_lines_are_as_many_as_written(
    names: list[str], cut: bool
) -> None:
    state = approved()
    rows = "".join(f",,T{k},{name},,{'yes' if cut else ''}\n" for k, name in enumerate(names))
    found = seen(HEAD + rows, state)
    assert len(found.lines) == 4 and len({one.id for one in found.lines}) == 4
    heard = [one for one in found.lines if one.at is not None and one.end is not None]
    assert all(a.end <= b.at for a, b in itertools.pairwise(heard))  # type: ignore[operator]
    assert approved() == state
