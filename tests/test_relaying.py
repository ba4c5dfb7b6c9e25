"""A relay on air: made longer as far as was signed, ended by key or marker, heard by another way."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_planning import DAY, FM, MEDIA, NOW, POLICY, STREAM, does, refused, submitted, waiting_content

from playout.airing import LEAD, MOST
from playout.messages import (
    BackToPlan,
    ChooseMember,
    EndRelay,
    ExtendPlan,
    ExtendRelay,
    InsertItem,
    MemberChosen,
    NoteMarker,
    RelayEnded,
    RelayExtended,
    SignRundown,
    SkipItem,
)
from playout.planning import plans
from playout.relaying import EARLY, LATE, MINUTE, relayed, room, window
from playout.sheets import Edits, Wish, edits_of
from schedules.calendar import instant_of_local
from schedules.plan_check import mistakes
from schedules.relays import medium_of
from station.words import SAMPLE_RATE, SECOND, Refused, SampleIndex, sample_at

RELAY, OTHER = medium_of("cnr", "央广"), medium_of("xi", "西")
RELAYING = attrs.evolve(
    POLICY,
    media={**MEDIA, **{key: one for one in (RELAY, OTHER) for key in (f"relay:{one.live}", one.sha256)}},
    relays={"relay:cnr": frozenset({FM}), "relay:xi": frozenset()},
    ways={"relay:cnr": 2},
)
CSV = (
    "start,mode,title,media,duration,extend,cut\n"
    "09:50:00,hard,Match,relay:cnr,00:15:00,00:30:00,\n"
    ",,Song,song.flac,,,\n"
    "10:10:00,soft,Talk,news.flac,,,yes\n"
    "10:28:00,hard,News,song.flac,,,\n"
    ",key,Notice,song.flac,,,\n"
)
ENDS = instant_of_local(DAY, "10:05:00", "Asia/Shanghai", "05:00")


def running(csv: str = CSV):
    state = submitted(csv, policy=RELAYING)
    for by in ("wang", "zhao", "sun"):
        content = waiting_content(state)
        state, _ = does(state, SignRundown(channel=FM, day=DAY, content=content), by, policy=RELAYING)
    return does(state, ExtendPlan(channel=FM), policy=RELAYING)[0]


def plan_of(state):
    return plans(state, RELAYING, NOW)[FM]


def rows(state, count=4):
    """What is heard from now on: title, and minutes from now at which it begins."""
    after = [take for take in plan_of(state).takes if take.end > sample_at(NOW) and take.kind != "filler"]
    return [(take.title, (take.start - sample_at(NOW)) / MINUTE) for take in after[:count]]


def longer(state, minutes, now=NOW):
    return does(state, ExtendRelay(channel=FM, minutes=minutes), "sun", now, RELAYING)


def no(state, command):
    return refused(state, command, policy=RELAYING)


def test_a_relay_lasts_as_much_longer_as_the_key_says_and_what_has_room_follows_it():
    state, events = longer(running(), 2)
    (take,) = [one for one in plan_of(running()).takes if one.title == "Match"]
    assert events == (
        RelayExtended(
            channel=FM, at=SampleIndex(sample_at(NOW) + LEAD), take=take.id, title="Match",
            was=take.end, until=SampleIndex(take.end + 2 * MINUTE), by="sun",
        ),
    )  # fmt: skip
    assert rows(state) == [("Match", -10), ("Song", 7), ("Talk", 10), ("News", 28)]
    assert mistakes(plan_of(state)) == []
    assert next(one for one in plan_of(state).takes if one.title == "Match").id == take.id, "the same take"


def test_it_passes_a_soft_start_whose_item_is_joined_in_progress_and_never_a_hard_one():
    state, _ = longer(longer(running(), 10)[0], 10)
    assert rows(state) == [("Match", -10), ("News", 28)] and mistakes(plan_of(state)) == []
    said = no(state, ExtendRelay(channel=FM, minutes=4))
    assert said == "“Match” may last until 10:28:00 at the latest: “News” begins then."
    state, _ = longer(running(), 12)
    assert rows(state, 2) == [("Match", -10), ("Talk", 17)]


def test_nobody_makes_a_relay_longer_than_was_signed():
    state = running(CSV.replace("00:30:00", "00:03:00"))
    assert longer(state, 3)[1], "as long as was signed"
    said = no(longer(state, 2)[0], ExtendRelay(channel=FM, minutes=2))
    assert said == "“Match” may last until 10:08:00 at the latest: the rundown allows no more."
    plain = running(CSV.replace("00:30:00", ""))
    assert "the rundown allows no more" in no(plain, ExtendRelay(channel=FM, minutes=1))
    for minutes in (0, -1, 181):
        assert "is not 1 to 180" in no(state, ExtendRelay(channel=FM, minutes=minutes))


def test_no_relay_is_covered_by_one_that_lasts_longer():
    state = running(CSV.replace("Talk,news.flac,,", "Other,relay:cnr,00:05:00,"))
    said = no(state, ExtendRelay(channel=FM, minutes=6))
    assert said == "“Match” may last until 10:10:00 at the latest: “Other” begins then."


def test_what_was_inserted_after_it_has_its_time():
    state, _ = does(
        running(), InsertItem(channel=FM, item=item("Notice"), when="next"), "sun", ENDS + SECOND, RELAYING
    )
    lies = next(one.start for one in plan_of(state).takes if one.title == "Notice")
    found = room(relayed(plan_of(state), sample_at(NOW)), plan_of(state), edits_of(state, FM), 30 * MINUTE)
    assert (found.until, found.why.en) == (lies, "“Notice” is inserted then")


def item(title):
    return next(line for line in (f"{DAY}/{k}" for k in items()) if items()[line.partition("/")[2]] == title)


def items():
    from schedules.rundown import parse

    return {one.id.partition("/")[2]: one.title for one in parse(CSV, FM, DAY).items}


def test_the_key_that_ends_it_lets_the_next_begin_or_the_covered_one_go_on():
    state, events = does(running(), EndRelay(channel=FM), "sun", policy=RELAYING)
    at = SampleIndex(sample_at(NOW) + LEAD)
    take = next(one for one in plan_of(running()).takes if one.title == "Match")
    assert events == (RelayEnded(channel=FM, at=at, take=take.id, title="Match", cause="key", by="sun"),)
    assert [title for title, _ in rows(state)] == ["Match", "Song", "Talk", "News"]
    assert rows(state)[1][1] == pytest.approx(1 / 60)
    state, _ = longer(running(), 15)
    late = ENDS + 7 * 60 * SECOND
    state, _ = does(state, EndRelay(channel=FM), "sun", late, RELAYING)
    talk = next(one for one in plan_of(state).takes if one.title == "Talk")
    assert talk.start == sample_at(late) + LEAD and talk.offset == talk.start - sample_at(ENDS) - 5 * MINUTE


MORE = CSV.replace("10:28:00,hard", ",,Weather,song.flac,,,\n,,Advert,song.flac,,,\n10:28:00,hard").replace(
    "Talk,news.flac,,", "Talk,news.flac,00:10:00,"
)


def skipped(state, title, now=NOW):
    take = next(one for one in plan_of(state).takes if one.title == title and one.end > sample_at(now))
    return does(state, SkipItem(channel=FM, take=take.id), "sun", now, RELAYING)[0]


def test_what_was_skipped_under_an_extended_relay_stays_skipped_when_it_is_extended_again():
    state, _ = longer(running(MORE), 7)
    assert [title for title, _ in rows(state, 5)] == ["Match", "Talk", "Weather", "Advert", "News"]
    state = skipped(state, "Weather")
    whole = [("Match", -10), ("Talk", 12), ("Advert", 20), ("News", 28)]
    assert rows(state, 4) == whole
    state, _ = longer(state, 2)
    assert rows(state, 4) == [("Match", -10), ("Talk", 14), *whole[2:]]
    talk = next(one for one in plan_of(state).takes if one.title == "Talk")
    assert talk.offset == 4 * MINUTE and talk.fade_in < SAMPLE_RATE, "in progress, and in one piece"
    assert mistakes(plan_of(state)) == []
    early, _ = does(state, EndRelay(channel=FM), "sun", ENDS + 6 * 60 * SECOND, RELAYING)
    assert [title for title, _ in rows(early, 4)] == ["Match", "Talk", "Advert", "News"]


def test_what_was_to_be_joined_and_was_skipped_is_not_joined_by_a_longer_relay_nor_at_its_end():
    state = skipped(longer(running(MORE), 7)[0], "Talk")
    assert rows(state, 4) == [("Match", -10), ("Weather", 12), ("Advert", 13), ("News", 28)]
    longer_still, _ = longer(state, 2)
    assert rows(longer_still, 4) == [("Match", -10), ("Weather", 14), ("Advert", 15), ("News", 28)]
    over, _ = does(state, EndRelay(channel=FM), "sun", ENDS + 6 * 60 * SECOND, RELAYING)
    late = 11 + 1 / 60
    assert rows(over, 4) == [("Match", -10), ("Weather", late), ("Advert", late + 1), ("News", 28)]
    assert mistakes(plan_of(over)) == []


def test_a_plan_that_ends_with_a_relay_lets_it_last_no_longer_than_itself():
    plan = plan_of(running())
    take = relayed(plan, sample_at(NOW))
    alone = attrs.evolve(plan, takes=tuple(one for one in plan.takes if one.end <= take.end), end=take.end)
    found = room(take, alone, (), MINUTE)
    assert (found.until, found.why.en) == (take.end, "the plan reaches no further")
    first = tuple(one for one in alone.takes if one.start >= take.start)
    assert relayed(attrs.evolve(alone, start=take.start, takes=first), take.start) == take


def test_what_must_begin_where_a_relay_ends_leaves_it_no_room():
    plan = plan_of(running())
    take = relayed(plan, sample_at(NOW))
    strict = tuple(attrs.evolve(one, hard=True) if one.start == take.end else one for one in plan.takes)
    assert strict != plan.takes
    assert room(take, attrs.evolve(plan, takes=strict), (), 30 * MINUTE).until == take.end


def test_without_a_relay_on_air_the_keys_say_so():
    ended, _ = does(running(), EndRelay(channel=FM), policy=RELAYING)
    for command in (EndRelay(channel=FM), ExtendRelay(channel=FM, minutes=1)):
        assert "No relay is on the air" in no(ended, command)
        assert "no channel" in no(ended, attrs.evolve(command, channel=STREAM))
        edits = Edits(channel=FM, edits=edits_of(ended, FM) * MOST)
        assert "submit another rundown" in no(attrs.evolve(running(), edits=(edits,)), command)
    assert relayed(plan_of(ended), plan_of(ended).end) is None


def test_a_live_session_is_no_relay_that_these_keys_handle():
    plan = plan_of(running())
    take = relayed(plan, sample_at(NOW))
    spoken = tuple(attrs.evolve(one, approval="session:x") if one is take else one for one in plan.takes)
    assert relayed(attrs.evolve(plan, takes=spoken), sample_at(NOW)) is None


def test_a_marker_ends_the_relay_that_it_came_with_once():
    soon = SampleIndex(sample_at(NOW) + 3 * LEAD)
    mark = NoteMarker(relay="cnr", at=soon)
    state, (happened,) = does(running(), mark, policy=RELAYING)
    assert (happened.at, happened.cause) == (soon, "marker")
    assert does(state, mark, policy=RELAYING)[1] == (), "told twice"
    assert does(running(), attrs.evolve(mark, relay="xi"), policy=RELAYING)[1] == ()
    late = NoteMarker(relay="cnr", at=SampleIndex(sample_at(NOW) - LATE))
    assert does(running(), late, policy=RELAYING)[1][0].at == sample_at(NOW) + LEAD, "not in the past"
    old = NoteMarker(relay="cnr", at=SampleIndex(late.at - 1))
    assert does(running(), old, policy=RELAYING)[1] == (), "kept by a player since another programme"
    first = plan_of(running()).takes
    begins = next(one.start for one in first if one.title == "Match")
    before = instant_of_local(DAY, "09:49:00", "Asia/Shanghai", "05:00")
    assert does(running(), NoteMarker(relay="cnr", at=begins), now=before, policy=RELAYING)[1] == ()
    for after, ends in ((MINUTE // 120, False), (EARLY - MINUTE // 60, False), (EARLY, True)):
        found = NoteMarker(relay="cnr", at=SampleIndex(begins + after))
        ended = does(running(), found, now=before, policy=RELAYING)[1]
        assert bool(ended) is ends, "the end of the programme before it ends no relay that begins on the hour"


def test_a_relay_is_heard_by_the_way_that_was_asked_for_last():
    state, events = does(running(), ChooseMember(relay="cnr", member=1), "sun", policy=RELAYING)
    assert events == (MemberChosen(relay="cnr", member=1, number=1, by="sun"),)
    state, _ = does(state, ChooseMember(relay="cnr", member=0), policy=RELAYING)
    assert state.wishes == (Wish(relay="cnr", member=0, number=2),)
    assert "no way 3" in no(state, ChooseMember(relay="cnr", member=2))
    assert "no way 0" in no(state, ChooseMember(relay="cnr", member=-1))
    assert "no way 1" in no(state, ChooseMember(relay="xi", member=0))


def test_only_the_version_on_air_says_how_long_it_may_last():
    state = running()
    take = relayed(plan_of(state), sample_at(NOW))
    assert window(state, FM, take) == 30 * MINUTE
    assert window(state, FM, attrs.evolve(take, item="x")) == 0
    assert window(state, FM, attrs.evolve(take, approval="standing:x")) == 0


@given(st.lists(st.tuples(st.integers(0, 25 * 60), st.sampled_from(["longer", "end", "back"])), max_size=4))
def test_whatever_is_pressed_hard_starts_stay_and_no_relay_outlasts_its_leave(deeds):
    state = running()
    for after, verb in sorted(deeds):
        now = NOW + after * SECOND
        try:
            match verb:
                case "longer":
                    state, _ = longer(state, 7, now)
                case "end":
                    state, _ = does(state, EndRelay(channel=FM), "sun", now, RELAYING)
                case _:
                    state, _ = does(state, BackToPlan(channel=FM), "sun", now, RELAYING)
        except Refused:
            continue
    made = plan_of(state)
    assert mistakes(made) == []
    assert any(one.title == "News" and one.start == sample_at(NOW) + 28 * MINUTE for one in made.takes)
    assert all(one.end <= sample_at(ENDS) + 30 * MINUTE for one in made.takes if one.title == "Match")
