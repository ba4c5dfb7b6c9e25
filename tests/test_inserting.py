"""Prepared items by key: over the schedule, which runs on beneath; never over a hard start or a relay; by three signatures of the day."""

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_edits import DAY as PLAN
from test_edits import NEWS, did, heard
from test_planning import DAY, FM, MEDIA, NEXT, NOW, POLICY, STREAM, approved, does, refused
from test_render import BASE, E, take

from playout.airing import LEAD, MOST
from playout.inserting import insert as put
from playout.messages import (
    BackToPlan,
    CueItem,
    ExtendPlan,
    InsertItem,
    ItemInserted,
    RestoreMedium,
    SkipItem,
    TakeNext,
    WithdrawMedium,
)
from playout.planning import plans, prepared_now
from playout.sheets import Edits, edits_of
from schedules.edits import Edit, edited, inserted, to_come
from schedules.inserts import cut, over
from schedules.plan_check import mistakes
from schedules.render import take_at
from station.words import MINUTE, SAMPLE_RATE, SECOND, Operator, Refused, SampleIndex, sample_at

S = SAMPLE_RATE
HEAD = "start,mode,title,media,class,cut,duration,id,cue_in,fade_in,gain,curve\n"
DAYLONG = "09:59:00,hard,News,news.flac\n,,Song,song.flac\n,,Relayed,song.flac,relay\n"
KEYS = (
    ",备播,Notice,song.flac,,,20,notice\n,key,Long,news.flac,notice,yes,,long,30,20000,-6,power\n"
    ",key,Whole,news.flac,,,,whole\n,key,Gone,zz.flac,,,,gone\n,key,Tiny,song.flac,,,0.02,tiny\n"
)
CSV = HEAD + DAYLONG + "10:30:00,soft,Late,song.flac\n10:40:00,hard,Later,song.flac\n" + KEYS


def running():
    return does(approved(CSV), ExtendPlan(channel=FM))[0]


def insert(which, when="now", state=None, now=NOW):
    return does(
        state or running(), InsertItem(channel=FM, item=f"{DAY}/{which}", when=when), by="sun", now=now
    )


def no(which, when="now", state=None, now=NOW):
    def at(command):
        return does(state or running(), command, now=now)

    with pytest.raises(Exception) as error:
        at(InsertItem(channel=FM, item=f"{DAY}/{which}", when=when))
    return error.value.text.en


def made(state):
    found = plans(state, POLICY, NOW)[FM]
    assert mistakes(found) == []
    return found


def at(state, us):
    return take_at(made(state), sample_at(NOW + us)).title


def test_a_prepared_item_lies_over_the_schedule_which_runs_on_beneath() -> None:
    assert all(one.title != "Notice" for one in made(running()).takes), "it is not laid by itself"
    state, (happened,) = insert("notice")
    start = sample_at(NOW) + LEAD
    assert isinstance(happened, ItemInserted)
    assert (happened.at, happened.samples, happened.title, happened.by) == (start, 20 * S, "Notice", "sun")
    assert happened.approval.startswith(f"rundown:fm1:{DAY}:") and not happened.trimmed
    found = made(state)
    news, notice, rest = found.takes[(k := found.takes.index(take_at(found, start)) - 1) : k + 3]
    assert (news.title, news.end, news.fade_out, news.trimmed) == ("News", start, 960, True)
    assert (notice.title, notice.start, notice.end) == ("Notice", start, start + 20 * S)
    assert (rest.title, rest.start, rest.offset - (start - news.start)) == ("News", start + 20 * S, 20 * S)
    assert found.takes[k + 3 :] == made(running()).takes[k + 1 :], "nothing else moved"
    assert found.revision == made(running()).revision + 1


def test_next_is_as_soon_as_the_item_on_air_has_ended_and_at_once_over_filler() -> None:
    _, (happened,) = insert("notice", "next")
    assert happened.at == sample_at(NOW + 9 * MINUTE)
    later = NOW + 20 * MINUTE
    assert at(running(), 20 * MINUTE) not in ("News", "Song")
    _, (happened,) = insert("notice", "next", now=later)
    assert happened.at == sample_at(later) + LEAD


def test_it_is_played_as_its_line_says() -> None:
    state, (put,) = insert("long", now=NOW + 12 * MINUTE)
    assert (put.samples, put.offset, put.fade_in, put.curve) == (570 * S, 30 * S, 20 * S, "power")
    assert (put.category, put.trimmed, put.fade_out) == ("notice", False, 0)
    assert abs(put.gain - round(10 ** (-6 / 20) * 2**31)) < 16
    (lies,) = [one for one in made(state).takes if one.title == "Long"]
    same = ("offset", "gain", "fade_in", "fade_out", "curve", "category", "approval", "media", "trimmed")
    assert all(getattr(lies, name) == getattr(put, name) for name in same)


def test_a_hard_start_that_a_later_version_brings_cuts_it_with_a_fade() -> None:
    state, (put,) = insert("long", now=NOW + 12 * MINUTE)
    sooner = HEAD + DAYLONG + "10:15:00,hard,Sooner,song.flac\n" + KEYS
    found = made(approved(sooner, state=state))
    (lies,) = [one for one in found.takes if one.title == "Long"]
    assert (lies.end, lies.fade_out, lies.trimmed) == (sample_at(NOW + 15 * MINUTE), S, True)
    assert put.samples == 570 * S


def test_what_has_no_room_before_a_hard_start_is_refused_or_cut_there() -> None:
    near = NOW + 39 * MINUTE
    assert "lasts 600.000 s; before the hard start at 10:40:00 there are 59.000 s" in no("whole", now=near)
    _, (happened,) = insert("long", now=near)
    assert (happened.samples, happened.trimmed, happened.fade_out) == (59 * S, True, S)
    _, (short,) = insert("long", now=near + 50 * SECOND)
    assert (short.samples, short.fade_in, short.fade_out) == (9 * S, 9 * S, S), (
        "no fade is longer than the item"
    )
    assert "there are 0.000 s" in no("long", now=NOW + 40 * MINUTE - SECOND)


def test_a_key_pressed_twice_is_pressed_once_and_may_be_pressed_again_when_it_is_over() -> None:
    state, _ = insert("notice")
    assert "is on the air already" in no("notice", state=state)
    assert "is on the air already" in no(
        "notice", "next", state=insert("notice", "next")[0], now=NOW + MINUTE
    )
    assert insert("notice", state=state, now=NOW + 21 * SECOND)[1] != ()


def test_a_relay_is_covered_by_nothing_but_an_alert() -> None:
    relayed = NOW + 10 * MINUTE + 10 * SECOND
    assert at(running(), 10 * MINUTE + 10 * SECOND) == "Relayed"
    assert "“Relayed” is a relay until 10:11:00" in no("notice", now=relayed)
    _, (happened,) = insert("notice", "next", now=relayed)
    assert happened.at == sample_at(NOW + 11 * MINUTE), "after it"
    assert "only an alert" in no("notice", now=NOW + 9 * MINUTE + 45 * SECOND), "it would reach into it"
    assert insert("notice", now=NOW + 9 * MINUTE + 39 * SECOND)[1][0].samples == 20 * S, "up to it"


def test_what_comes_from_outside_is_a_relay_whatever_its_class() -> None:
    found = made(running())
    live = tuple(
        attrs.evolve(one, live="county") if one == MEDIA["news.flac"] else one for one in found.media
    )
    notice = next(one for one in prepared_now(running(), FM, NOW, POLICY) if one.item.title == "Notice")
    asked = (notice, "now", FM, attrs.evolve(found, media=live), NOW, Operator(id="sun"), POLICY.frames[FM])
    with pytest.raises(Refused, match="“News” is a relay until 10:09:00"):
        put(*asked)


def test_what_is_not_prepared_not_there_or_withdrawn_is_refused() -> None:
    assert "not among those prepared" in no("song")
    assert "is missing" in no("gone")
    assert "no channel" in refused(running(), InsertItem(channel=STREAM, item="x"))
    tomorrow = approved("title,media\nNews,news.flac\n", day=NEXT)
    assert prepared_now(tomorrow, FM, NOW, POLICY) == ()
    held = insert("notice")[0]
    state, _ = does(held, WithdrawMedium(media=MEDIA["song.flac"].sha256), by="sun")
    assert "is missing" in no("notice", state=state)
    assert "Notice" not in [one.title for one in made(state).takes], "what lay there is over at once"
    assert MEDIA["song.flac"].sha256 in {one.sha256 for one in made(running()).media}
    edits = Edits(channel=FM, edits=edits_of(held, FM) * MOST)
    assert "submit another" in no("notice", state=attrs.evolve(held, edits=(edits,)))


def test_a_file_that_came_later_by_the_same_name_is_not_what_was_signed() -> None:
    policy = attrs.evolve(POLICY, media=POLICY.media | {"zz.flac": MEDIA["song.flac"]})
    (gone,) = [one for one in prepared_now(running(), FM, NOW, policy) if one.item.title == "Gone"]
    assert gone.samples is None


def test_what_was_withdrawn_swallows_no_key_and_does_not_come_back_when_it_is_restored() -> None:
    lying, _ = insert("long", now=NOW + 12 * MINUTE)
    media, other = MEDIA["news.flac"].sha256, MEDIA["song.flac"].sha256
    gone, _ = does(lying, WithdrawMedium(media=media), by="sun", now=NOW + 13 * MINUTE)
    assert edits_of(gone, FM)[:-1] == edits_of(lying, FM) and edits_of(gone, FM)[-1].verb == "drop"
    with pytest.raises(Refused, match="Nothing is to come"):
        does(gone, TakeNext(channel=FM), now=NOW + 14 * MINUTE)
    back, _ = does(gone, RestoreMedium(media=media), by="wang", now=NOW + 14 * MINUTE)
    assert at(back, 12 * MINUTE + 30 * SECOND) == "Long" != at(back, 13 * MINUTE + 30 * SECOND)
    spared, _ = does(lying, WithdrawMedium(media=other), by="sun", now=NOW + 13 * MINUTE)
    assert edits_of(spared, FM) == edits_of(lying, FM)


def test_take_ends_it_or_begins_it_skip_leaves_it_out_and_back_ends_it() -> None:
    state, _ = insert("notice")
    after, events = does(state, TakeNext(channel=FM), now=NOW + 5 * SECOND)
    assert events[0].title == "News" and at(after, 5 * SECOND) == "Notice" and at(after, 7 * SECOND) == "News"
    waits, (put,) = insert("notice", "next")
    sooner, events = does(waits, TakeNext(channel=FM), now=NOW + 5 * SECOND)
    assert events[0].title == "Notice"
    assert at(sooner, 7 * SECOND) == "Notice" and at(sooner, 27 * SECOND) == "News", (
        "and nothing was skipped for it"
    )
    skipped, events = does(waits, SkipItem(channel=FM, take=f"{put.item}@{put.at}"))
    assert events[0].title == "Notice" and made(skipped).takes == made(running()).takes
    with pytest.raises(Refused, match="is next already"):
        does(waits, CueItem(channel=FM, take=f"{put.item}@{put.at}"))
    back, events = does(state, BackToPlan(channel=FM), now=NOW + 5 * SECOND)
    assert events[0].title == "News" and at(back, 7 * SECOND) == "News"
    gone, _ = does(waits, BackToPlan(channel=FM))
    assert made(gone).takes == made(running()).takes


def test_on_television_it_begins_and_ends_with_a_frame() -> None:
    frame = attrs.evolve(POLICY.frames[FM], grid=1_920)
    policy = attrs.evolve(POLICY, frames={FM: frame})
    with pytest.raises(Refused, match="is missing"):
        does(running(), InsertItem(channel=FM, item=f"{DAY}/tiny"), policy=policy)
    asked = InsertItem(channel=FM, item=f"{DAY}/notice")
    _, (happened,) = does(running(), asked, now=NOW + 7_013, policy=policy)
    assert happened.at % 1_920 == 0 == happened.samples % 1_920


# -- the layer itself ----------------------------------------------------------------------------


def lies(start, end, item="key", **more):
    laid = take(start, end, item=item, title=item, media=E, **more)
    return Edit(verb="insert", at=laid.start, lies=laid)


def test_two_lie_over_one_another_and_a_later_version_with_a_hard_start_cuts_them() -> None:
    assert heard(lies(20, 80), lies(40, 60, "two-key"))[:5] == [
        ("one", 0, 20), ("key", 20, 40), ("two-key", 40, 60), ("key", 60, 80), ("one", 80, 100),
    ]  # fmt: skip
    assert heard(lies(250, 290))[-2:] == [("key", 250, 260), ("news", 260, 300)], (
        "the news are where they were"
    )
    assert heard(lies(260, 290)) == heard(), "nothing lies over a hard start"
    assert heard(lies(270, 290))[-3:] == [("news", 260, 270), ("key", 270, 290), ("news", 290, 300)]
    assert heard(Edit(verb="insert", at=SampleIndex(BASE + 5))) == heard(), "of a journal that says nothing"


def test_what_an_operator_did_before_goes_on_beneath() -> None:
    assert heard(did("take", 40), lies(50, 70))[:4] == [
        ("one", 0, 40), ("two", 40, 50), ("key", 50, 70), ("two", 70, 100),
    ]  # fmt: skip
    assert heard(lies(50, 70), did("hold", 55))[:4] == [
        ("one", 0, 50), ("key", 50, 70), ("one", 70, 100), ("-", 100, 161),
    ]  # fmt: skip
    assert heard(lies(50, 70), did("take", 50))[:2] == [("one", 0, 100), ("two", 100, 160)], (
        "taken before it was heard"
    )
    assert heard(lies(50, 70), lies(80, 90), did("take", 60), did("back", 65)) == [
        ("one", 0, 50), ("key", 50, 60), *[("one", 60, 100)], *heard()[1:],
    ]  # fmt: skip
    assert heard(lies(20, 80), lies(40, 60, "two-key"), did("take", 50))[:4] == [
        ("one", 0, 20), ("key", 20, 40), ("two-key", 40, 50), ("key", 50, 80),
    ]  # fmt: skip
    assert heard(lies(20, 80), did("take", 79), lies(90, 95), did("take", 82))[1:4] == [
        ("key", 20, 79), ("one", 79, 82), ("key", 82, 87),
    ]  # fmt: skip
    skip = Edit(verb="skip", at=SampleIndex(BASE + 55), take=lies(50, 70).lies.id)
    assert heard(lies(50, 70), skip) == heard(lies(50, 70)), "what is on air is not to come"
    assert heard(lies(50, 70), did("back", 50)) == heard()
    later = [lies(50, 55).lies, lies(80, 90).lies, lies(60, 70).lies]
    assert over(later, BASE + 56) is later[2] and over(later, BASE + 55) is later[2]
    assert over(later, BASE + 50) is later[0] and over(later, BASE + 89) is later[1]
    layer = [lies(50, 70).lies, lies(80, 90).lies]
    assert over(layer, BASE + 75) is layer[1] and over(layer, BASE + 95) is None
    assert inserted(PLAN, [lies(50, 70)], BASE + 55).title == "key"
    assert [one.title for one in to_come(PLAN, [lies(50, 70)], BASE + 55)] == ["two", "three"]


def test_what_is_cut_keeps_a_longer_fade_of_its_own_and_what_ends_by_itself_is_not_cut() -> None:
    long = take(0, 100_000, fade_in=60_000, fade_out=5_000)
    short = cut(long, BASE + 50_000, 960)
    assert (short.fade_in, short.fade_out, short.trimmed) == (50_000, 5_000, True)
    assert (
        cut(long, BASE + 300, 960).fade_out == 300
        and cut(attrs.evolve(long, fade_out=1), BASE + 2_000, 960).fade_out == 960
    )
    assert cut(long, long.end, 960) is long


def where(one, n):
    return one.kind, one.media, one.offset + n - one.start


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["insert", "take", "hold", "skip", "back"]),
            st.integers(1, 280),
            st.integers(1, 60),
        ),
        max_size=6,
    )
)
def test_outside_of_what_was_inserted_every_sample_is_what_runs_beneath(drawn) -> None:
    ordered = sorted(drawn, key=lambda row: row[1])
    edits = [
        lies(a, a + length, f"k{a}") if verb == "insert" else did(verb, a) for verb, a, length in ordered
    ]
    found = edited(PLAN, edits, 1, {})
    assert mistakes(found) == [] and NEWS.start in {one.start for one in found.takes if one.title == "news"}
    beneath = edited(PLAN, [one for one in edits if one.verb in ("hold", "back")], 1, {})
    if all(verb in ("insert", "hold", "back") for verb, _, _ in ordered):
        for n in range(BASE, BASE + 300, 7):
            one = take_at(found, n)
            if not one.item.startswith("k"):
                assert where(one, n) == where(take_at(beneath, n), n)
