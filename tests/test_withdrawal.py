"""What is withdrawn (撤播) is heard no more, nothing else moves, and one person alone does not bring it back."""

import attrs
from hypothesis import given
from hypothesis import strategies as st
from test_planning import (
    CSV,
    EMPTY,
    FILLER,
    FM,
    MEDIA,
    NEXT,
    NOW,
    POLICY,
    approved,
    does,
    medium,
    refused,
)

from playout.messages import (
    ExtendPlan,
    MediumRestored,
    MediumWithdrawn,
    PlanExtended,
    RestoreMedium,
    SubmitRundown,
    WithdrawMedium,
)
from playout.planning import due, plans
from schedules.plan import Replacement
from schedules.plan_check import mistakes
from schedules.timeline import Frame
from schedules.withdrawal import without

NEWS, SONG = MEDIA["news.flac"], MEDIA["song.flac"]
SECOND = medium("c", 77)
TWO = attrs.evolve(
    POLICY,
    frames={FM: attrs.evolve(POLICY.frames[FM], filler=(FILLER, SECOND), loop=SECOND)},
    media=MEDIA | {SECOND.sha256: SECOND},
)


def on_air():
    state, _ = does(approved(), ExtendPlan(channel=FM), policy=TWO)
    return state


def plan_of(state, policy=TWO):
    return plans(state, policy, NOW)[FM]


def test_a_withdrawn_medium_leaves_the_plan_and_everything_else_stays_to_the_sample():
    before = on_air()
    after, events = does(before, WithdrawMedium(media=NEWS.sha256, reason=" 导向 "), policy=TWO)
    assert events[0] == MediumWithdrawn(
        media=NEWS.sha256, title=NEWS.title or "aaaaaaaaaaaa", reason="导向", by="li", at=NOW
    )
    assert [type(one) for one in events[1:]] == [PlanExtended], "the plan changes in the same commit"
    was, now = plan_of(before), plan_of(after)
    assert now.revision > was.revision
    assert NEWS.sha256 not in {m.sha256 for m in now.media} | {take.media for take in now.takes}
    gone = [take for take in was.takes if take.media == NEWS.sha256]
    assert gone and {take for take in was.takes if take not in gone} <= set(now.takes)
    for take in gone:
        instead = [one for one in now.takes if take.start <= one.start < take.end]
        assert {one.kind for one in instead} == {"filler"}
        assert {one.approval for one in instead} == {"standing:filler"}
    assert mistakes(now) == []
    assert FM not in [one.channel for one in due(after, NOW, TWO)]


def test_it_is_withdrawn_once_and_what_is_not_planned_changes_no_plan():
    state, events = does(on_air(), WithdrawMedium(media=NEWS.sha256), policy=TWO)
    assert does(state, WithdrawMedium(media=NEWS.sha256), by="sun", policy=TWO)[1] == ()
    spare = medium("9", 5)
    policy = attrs.evolve(TWO, media=TWO.media | {spare.sha256: spare})
    _, events = does(state, WithdrawMedium(media=spare.sha256), policy=policy)
    assert [type(one) for one in events] == [MediumWithdrawn]
    assert "no medium" in refused(state, WithdrawMedium(media="0" * 64), policy=TWO)


def test_filler_is_withdrawn_while_other_filler_is_left_and_never_the_last_of_a_channel():
    state, _ = does(on_air(), WithdrawMedium(media=FILLER.sha256), policy=TWO)
    made = plan_of(state)
    assert made.filler == (SECOND.sha256,) and made.loop == SECOND.sha256
    assert FILLER.sha256 not in {take.media for take in made.takes}
    assert "the last filler of fm1" in refused(state, WithdrawMedium(media=SECOND.sha256), policy=TWO)
    assert "the last filler" in refused(on_air(), WithdrawMedium(media=FILLER.sha256))


def test_the_loop_stands_in_where_no_filler_is_left_and_silence_where_there_is_none_either():
    loop = attrs.evolve(TWO, frames={FM: attrs.evolve(TWO.frames[FM], filler=(FILLER,))})
    state, _ = does(on_air(), WithdrawMedium(media=FILLER.sha256), policy=loop)
    assert {take.media for take in plan_of(state, loop).takes if take.kind == "filler"} == {SECOND.sha256}
    bare = without(plan_of(on_air()), {FILLER.sha256, SECOND.sha256})
    assert bare.filler == () and bare.loop is None
    assert {take.approval for take in bare.takes if take.kind == "silence"} == {"standing:silence"}
    assert mistakes(bare) == []


def test_another_person_who_signs_gives_it_back_and_it_is_heard_where_it_is_planned():
    state, _ = does(on_air(), WithdrawMedium(media=NEWS.sha256), policy=TWO)
    assert "somebody else" in refused(state, RestoreMedium(media=NEWS.sha256), policy=TWO)
    after, events = does(state, RestoreMedium(media=NEWS.sha256, reason="已核"), by="sun", policy=TWO)
    assert [type(one) for one in events] == [MediumRestored, PlanExtended]
    assert plan_of(after).takes == plan_of(on_air()).takes
    assert "not withdrawn" in refused(after, RestoreMedium(media=NEWS.sha256), by="sun", policy=TWO)


def test_a_new_rundown_that_names_it_is_refused_with_its_lines():
    state, _ = does(on_air(), WithdrawMedium(media=NEWS.sha256), policy=TWO)
    said = refused(state, SubmitRundown(channel=FM, day=NEXT, csv=CSV), policy=TWO)
    assert said == "line 2: “aaaaaaaaaaaa” is withdrawn."
    does(state, SubmitRundown(channel=FM, day=NEXT, csv=CSV.replace("news.flac", "song.flac")), policy=TWO)


def test_each_withdrawal_is_known_by_who_said_it_and_why():
    state, _ = does(EMPTY, WithdrawMedium(media=SONG.sha256, reason="x" * 600), by="wang", policy=TWO)
    (one,) = state.withdrawn
    assert (one.by, len(one.reason), one.media) == ("wang", 500, SONG.sha256)


@given(st.sets(st.sampled_from([NEWS.sha256, SONG.sha256, FILLER.sha256, SECOND.sha256])))
def test_whatever_is_withdrawn_the_plan_tiles_its_day_and_names_none_of_it(gone):
    was = plan_of(on_air())
    now = without(was, gone)
    assert mistakes(now) == []
    assert (now.start, now.end, now.revision) == (was.start, was.end, was.revision)
    assert not gone & ({m.sha256 for m in now.media} | {t.media for t in now.takes} | {*now.filler, now.loop})
    assert {take for take in was.takes if take.media not in gone} <= set(now.takes)


def test_on_television_what_stands_instead_begins_and_ends_on_frames():
    grid = Frame(channel=FM, tz="UTC", day_start="05:00", filler=(SECOND,), grid=1_920)
    made = without(attrs.evolve(plan_of(on_air())), {NEWS.sha256}, grid.grid)
    gone = next(take for take in plan_of(on_air()).takes if take.media == NEWS.sha256)
    inside = [take for take in made.takes if gone.start <= take.start < gone.end]
    assert all((take.start - gone.start) % 1_920 == 0 for take in inside)


def test_a_withdrawn_replacement_stands_in_for_nothing_any_more():
    was = plan_of(on_air())
    instead = Replacement(media=SONG.sha256)
    covered = attrs.evolve(was, takes=tuple(attrs.evolve(t, replacement=instead) for t in was.takes))
    kept = without(covered, {NEWS.sha256})
    assert {t.replacement for t in kept.takes if t.kind == "programme"} == {instead}
    assert {t.replacement for t in without(covered, {SONG.sha256}).takes} == {None}
