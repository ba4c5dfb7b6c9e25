"""An operator's deeds at the desk: decided on the plan that runs, written down, and heard a second later."""

import attrs
import pytest
from test_planning import DAY, FILLER, FM, NOW, POLICY, STREAM, approved, does, refused

from playout.airing import LEAD, MOST
from playout.messages import AirEdited, BackToPlan, CueItem, ExtendPlan, HoldNext, SkipItem, TakeNext
from playout.planning import due, plans
from playout.sheets import EDITS_KEPT, Edits, edits_of
from schedules.calendar import instant_of_local
from schedules.plan_check import mistakes
from schedules.render import take_at
from station.words import SECOND, SampleIndex, sample_at

CSV = (
    "start,mode,title,media\n09:59:00,hard,News,news.flac\n,,Song,song.flac\n,,Again,song.flac\n"
    "10:30:00,soft,Late,song.flac\n"
)


def running():
    return does(approved(CSV), ExtendPlan(channel=FM))[0]


def plan_of(state, policy=POLICY):
    return plans(state, policy, NOW)[FM]


def titles(made, first=NOW, count=3):
    after = [take for take in made.takes if take.end > sample_at(first)]
    return [take.title if take.kind == "programme" else "-" for take in after[:count]]


def test_the_next_item_begins_a_second_after_the_key_and_the_journal_says_who_pressed_it():
    state, events = does(running(), TakeNext(channel=FM), by="sun")
    at = SampleIndex(sample_at(NOW) + LEAD)
    assert events == (AirEdited(channel=FM, verb="take", at=at, take="", title="Song", by="sun"),)
    made = plan_of(state)
    assert mistakes(made) == [] and made.revision == plan_of(running()).revision + 1
    assert (take_at(made, at - 1).title, take_at(made, at).title) == ("News", "Song")
    assert take_at(made, at).start == at and titles(made) == ["News", "Song", "Again"]
    (late,) = [take for take in made.takes if take.title == "Late"]
    assert late in plan_of(running()).takes, "a planned start stays"
    assert FM not in [one.channel for one in due(state, NOW, POLICY)]


def test_what_waits_is_held_taken_skipped_cued_and_given_back():
    state, _ = does(running(), HoldNext(channel=FM))
    assert titles(plan_of(state)) == ["News", "-", "Late"]
    assert titles(plan_of(does(state, TakeNext(channel=FM))[0]), count=4) == ["News", "Song", "Again", "-"]
    song, again = [take for take in plan_of(running()).takes if take.title in ("Song", "Again")]
    skipped, events = does(running(), SkipItem(channel=FM, take=song.id))
    assert events[0].title == "Song" and titles(plan_of(skipped)) == ["News", "Again", "-"]
    cued, events = does(running(), CueItem(channel=FM, take=again.id))
    assert events[0].title == "Again" and titles(plan_of(cued)) == ["News", "Again", "Song"]
    back, events = does(cued, BackToPlan(channel=FM))
    assert events[0].title == "News"
    assert plan_of(back).takes == plan_of(running()).takes, "nothing else was heard yet"


def test_what_cannot_be_is_one_sentence():
    gone = refused(running(), SkipItem(channel=FM, take="x@1"))
    assert "not to come before the next planned start" in gone
    assert "no channel" in refused(running(), TakeNext(channel=STREAM))
    bare, _ = does(approved("title,media\nNews,news.flac\n"), ExtendPlan(channel=FM))
    assert "Nothing is to come" in refused(bare, TakeNext(channel=FM))
    edits = Edits(channel=FM, edits=edits_of(does(running(), HoldNext(channel=FM))[0], FM) * MOST)
    assert "submit another rundown" in refused(
        attrs.evolve(running(), edits=(edits,)), BackToPlan(channel=FM)
    )


def test_old_edits_leave_the_state_and_channels_keep_to_themselves():
    state, _ = does(running(), HoldNext(channel=FM))
    later = NOW + EDITS_KEPT // 48 * 1_000 + SECOND
    state, _ = does(state, BackToPlan(channel=FM), now=later)
    assert [one.verb for one in edits_of(state, FM)] == ["back"]
    assert edits_of(state, STREAM) == ()


@pytest.mark.parametrize("grid", [1, 1_920])
def test_on_television_it_begins_with_a_frame(grid):
    policy = attrs.evolve(POLICY, frames={FM: attrs.evolve(POLICY.frames[FM], grid=grid, filler=(FILLER,))})
    now = instant_of_local(DAY, "10:00:00.013", "Asia/Shanghai", "05:00")
    _, (happened,) = does(running(), BackToPlan(channel=FM), now=now, policy=policy)
    assert happened.at % grid == 0 and 0 <= happened.at - sample_at(now) - LEAD < grid
