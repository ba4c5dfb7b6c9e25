"""Adopting settings: two persons, one exact text, from what runs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station import adopting
from station.adopting import sha256_of
from station.keeping import ClockNoted, StationStarted
from station.settings_orders import (
    ApproveSettings,
    ProposeSettings,
    RecordInstalled,
    RecordNotInstalled,
    RecordRolledBack,
    SettingsInstalled,
    SettingsNotInstalled,
    SettingsProposed,
    WithdrawSettings,
)
from station.words import SYSTEM, Instant, Operator, Refused

NOW = Instant(5)
OLD, NEW, OTHER = "a = 1\n", "a = 2\n", "a = 3\n"
QIAN = Operator(id="qian", roles=frozenset({"engineer"}))
WU = Operator(id="wu", roles=frozenset({"admin"}))
RUNS = adopting.evolve(adopting.EMPTY, StationStarted(version="1", settings=sha256_of(OLD)))


def play(state, *steps):
    for wish, by in steps:
        for happened in adopting.decide(state, wish, NOW, by, None):
            state = adopting.evolve(state, happened)
    return state


def refusal(state, wish, by):
    with pytest.raises(Refused) as said:
        adopting.decide(state, wish, NOW, by, None)
    assert any("一" <= one <= "鿿" for one in said.value.text.zh)
    return said.value.code


def proposing(text=NEW, base=OLD, **more):
    return ProposeSettings(text=text, base=sha256_of(base), **more)


APPROVE = ApproveSettings(sha256=sha256_of(NEW))


def rolled(token="t1", **more):
    return RecordRolledBack(token=token, sha256=sha256_of(NEW), before=sha256_of(OLD), starts=3, **more)


def test_what_was_put_back_is_written_once_and_stands_until_somebody_acts():
    state = play(RUNS, (rolled(en="port taken", zh="端口被占用"), SYSTEM))
    assert adopting.decide(state, rolled(), NOW, SYSTEM, None) == ()
    said = adopting.rolled_back_text(state.rolled_back)
    assert "port taken" in said.en and "端口被占用" in said.zh and "3 times" in said.en
    same = adopting.evolve(state, StationStarted(version="1", settings=sha256_of(OLD)))
    assert same.rolled_back is not None, "another start with the old ones changes nothing"
    other = adopting.evolve(state, StationStarted(version="1", settings=sha256_of(OTHER)))
    assert other.rolled_back is None
    assert play(state, (proposing(), QIAN)).rolled_back is None
    again = play(state, (rolled("t2"), SYSTEM))
    assert again.rolled_back.token == "t2" and "log" in adopting.rolled_back_text(again.rolled_back).en
    assert (
        len(play(RUNS, (rolled(en="x" * 999, zh="字" * 999), SYSTEM)).rolled_back.zh) == adopting.NOTE_AT_MOST
    )


def test_one_proposes_another_approves_and_only_then_it_is_wanted():
    state = play(RUNS, (proposing(), QIAN))
    assert adopting.wanted(RUNS) is None and adopting.wanted(state) is None
    assert refusal(state, APPROVE, QIAN) == "author"
    assert refusal(state, APPROVE, Operator(id="Qian ")) == "author"
    state = play(state, (APPROVE, WU))
    assert adopting.wanted(state) == sha256_of(NEW)
    assert refusal(state, APPROVE, WU) == "over"
    (done,) = adopting.decide(state, RecordInstalled(sha256=sha256_of(NEW)), NOW, SYSTEM, None)
    assert done == SettingsInstalled(sha256=sha256_of(NEW), before=sha256_of(OLD))
    after = adopting.evolve(state, done)
    assert adopting.wanted(after) is None and after.proposal is None
    assert adopting.decide(after, RecordInstalled(sha256=sha256_of(NEW)), NOW, SYSTEM, None) == ()


def test_the_text_never_leaves_the_command():
    (made,) = adopting.decide(RUNS, proposing(note=" watch "), NOW, QIAN, None)
    assert made == SettingsProposed(
        sha256=sha256_of(NEW), base=sha256_of(OLD), by="qian", at=NOW, note="watch"
    )


def test_what_was_made_from_other_settings_or_changes_nothing_is_refused():
    assert refusal(RUNS, proposing(base=OTHER), QIAN) == "changed"
    assert refusal(RUNS, proposing(text=OLD), QIAN) == "same"
    assert refusal(RUNS, proposing(text="x" * 200_001), QIAN) == "refused"
    assert refusal(RUNS, proposing(note="x" * 301), QIAN) == "refused"


def test_an_author_betters_his_own_proposal_and_nobody_elses():
    state = play(RUNS, (proposing(), QIAN))
    assert play(state, (proposing(OTHER), QIAN)).proposal.sha256 == sha256_of(OTHER)
    assert refusal(state, proposing(OTHER), WU) == "waiting"
    assert refusal(play(state, (APPROVE, WU)), proposing(OTHER), QIAN) == "waiting"
    assert refusal(play(state, (proposing(OTHER), QIAN)), APPROVE, WU) == "changed"


def test_a_proposal_is_taken_off_the_table_with_a_reason():
    state = play(RUNS, (proposing(), QIAN))
    sha256 = sha256_of(NEW)
    assert refusal(state, WithdrawSettings(sha256=sha256, reason=" "), WU) == "reason"
    assert play(state, (WithdrawSettings(sha256=sha256, reason="no"), WU)).proposal is None
    assert refusal(RUNS, WithdrawSettings(sha256=sha256, reason="no"), WU) == "changed"


def test_what_could_not_be_written_is_on_record_and_what_ran_runs_on():
    state = play(RUNS, (proposing(), QIAN), (APPROVE, WU))
    (failed,) = adopting.decide(
        state, RecordNotInstalled(sha256=sha256_of(NEW), why="disk full"), NOW, SYSTEM, None
    )
    assert failed == SettingsNotInstalled(sha256=sha256_of(NEW), why="disk full")
    after = adopting.evolve(state, failed)
    assert (after.proposal, after.running) == (None, sha256_of(OLD))


def test_a_start_between_approval_and_writing_still_wants_it_and_another_file_ends_it():
    state = play(RUNS, (proposing(), QIAN), (APPROVE, WU))
    again = adopting.evolve(state, StationStarted(version="1", settings=sha256_of(OLD)))
    assert adopting.wanted(again) == sha256_of(NEW)
    assert (
        adopting.wanted(adopting.evolve(state, StationStarted(version="1", settings=sha256_of(NEW)))) is None
    )
    by_hand = adopting.evolve(state, StationStarted(version="1", settings=sha256_of(OTHER)))
    assert by_hand == adopting.State(running=sha256_of(OTHER))


def test_nothing_falls_due_and_other_events_change_nothing():
    assert adopting.due(RUNS, NOW, None) == () and adopting.next_due(RUNS, NOW, None) is None
    other = ClockNoted(synchronised=True, offset_us=0, reanchor_wanted=False)
    assert adopting.evolve(RUNS, other) is RUNS


wishes = st.one_of(
    st.sampled_from([proposing(text) for text in (OLD, NEW, OTHER)]),
    st.sampled_from([ApproveSettings(sha256=sha256_of(text)) for text in (NEW, OTHER)]),
    st.sampled_from([WithdrawSettings(sha256=sha256_of(text), reason="x") for text in (NEW, OTHER)]),
)


@given(st.lists(st.tuples(wishes, st.sampled_from([QIAN, WU])), max_size=12))
def test_nothing_is_ever_wanted_that_one_person_alone_brought_about(steps):
    state = RUNS
    for wish, by in steps:
        try:
            state = play(state, (wish, by))
        except Refused:
            continue
        if adopting.wanted(state) is not None:
            assert state.proposal.by != state.proposal.approved_by
