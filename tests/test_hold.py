"""A start sounds nothing that the run before it did not: pure over any soundings, and over the production desk with a later program that would sound more."""

import json
from types import SimpleNamespace

import attrs
import pytest
from emergency_help import COUNTY, DISPATCHER, POLICY, PROVINCE, TOWN, VILLAGES
from hypothesis import given
from hypothesis import strategies as st
from whole_desk import FM, Whole, _air, _mute, _submit

from emergency import views
from emergency.sounding import Mute, Sounding
from station import hold, holding
from station.area_codes import any_contains
from station.desk import Request
from station.hold import Clip, HoldUpgrade, ReleaseUpgrade, Sounded, State, UpgradeHeld, UpgradeReleased
from station.keeping import ReserveNumbers
from station.settings import Places
from station.words import SYSTEM, Instant, Refused
from station.world import World

AREAS = (COUNTY, TOWN, *VILLAGES[:2])
ONE = Sounding(
    alert="a1", incident="a1", kind="actual", level=1, authority="county", event="11A51", headline="", text="",
    ebm_id="", since=Instant(0), until=Instant(100), areas=(TOWN,), audio="0" * 64, samples=1, repeats=3,
    channels=(FM,), duck=False,
)  # fmt: skip
MUTE = Mute(mute="m1", by="zhao")


def sounding(alert, areas=(TOWN,), channels=(FM,), until=100, repeats=3):
    return attrs.evolve(
        ONE, alert=alert, areas=tuple(areas), channels=tuple(channels), until=Instant(until), repeats=repeats
    )


soundings = st.lists(
    st.builds(
        sounding,
        st.sampled_from(["a1", "a2", "a3"]),
        st.lists(st.sampled_from(AREAS), max_size=3, unique=True),
        st.sampled_from([(), (FM,), (FM, "fm2")]),
        st.integers(50, 60),
        st.integers(0, 3),
    ),
    max_size=3,
    unique_by=lambda one: one.alert,
)


def before(*found, mutes=()):
    return Sounded(version="0.1", position=7, soundings=found, mutes=tuple(mutes))


def often(one):
    return one.repeats or 10_000


@given(soundings, soundings)
def test_nothing_sounds_further_longer_or_more_often_than_it_did(now, then):
    held = hold.compare(now, (), before(*then))
    known = {one.alert: one for one in then}
    for one in hold.clipped(now, held):
        old = known[one.alert]
        assert all(any_contains(old.areas, area) for area in one.areas)
        assert set(one.channels) <= set(old.channels)
        assert one.until <= old.until and often(one) <= often(old)


@given(soundings)
def test_the_same_program_holds_nothing(now):
    audible = tuple(one for one in now if one.areas or one.channels)
    assert hold.compare(audible, (MUTE,), before(*audible, mutes=[MUTE])) == hold.EMPTY


@given(soundings, soundings)
def test_what_sounded_before_goes_on_sounding_where_both_want_it(now, then):
    held = hold.compare(now, (), before(*then))
    left = {one.alert: one for one in hold.clipped(now, held)}
    for old in then:
        for new in now:
            if new.alert == old.alert:
                for area in set(old.areas) & set(new.areas):
                    assert area in left[new.alert].areas


def test_a_wider_area_is_cut_to_the_narrower_one_that_sounded():
    held = hold.compare([sounding("a1", [COUNTY])], (), before(sounding("a1", [TOWN])))
    (one,) = hold.clipped([sounding("a1", [COUNTY])], held)
    assert one.areas == (TOWN,)


def test_an_alert_that_did_not_sound_does_not_and_the_gate_shuts_with_its_end():
    held = hold.compare([ONE], (), before())
    assert hold.clipped([ONE], held) == ()
    assert held.before == "0.1"
    assert hold.next_due(held, Instant(0), None) == 100
    assert hold.due(held, Instant(99), None) == ()
    assert hold.due(held, Instant(100), None) == (ReleaseUpgrade(reason="over"),)
    assert hold.due(hold.EMPTY, Instant(100), None) == ()


def test_what_the_journal_says_itself_after_the_record_is_not_held():
    changed = frozenset({"a1", "m1"})
    assert hold.compare([ONE], (), before(mutes=[MUTE]), changed=changed) == hold.EMPTY
    early = [("a2", Instant(6))]
    held = hold.compare([], (), before(), changed=changed, early=early)
    assert held.clips == (Clip(alert="a2", ends=Instant(6)),)


def test_a_mute_that_is_lost_stays_until_somebody_looks():
    held = hold.compare([ONE], (), before(ONE, mutes=[MUTE]))
    assert hold.muted((), held) == (MUTE,)
    assert hold.muted((MUTE,), held) == (MUTE,)
    assert hold.next_due(held, Instant(0), None) is None


def test_a_person_opens_the_gate_and_two_upgrades_add_up():
    state = hold.EMPTY
    with pytest.raises(Refused, match="nothing is held"):
        hold.decide(state, ReleaseUpgrade(reason=""), Instant(0), DISPATCHER, None)
    for alert, ends in (("a1", 5), ("a2", 6), ("a1", 9)):
        wish = HoldUpgrade(before="0.1", clips=(Clip(alert=alert, ends=Instant(ends)),), mutes=(MUTE,))
        for happened in hold.decide(state, wish, Instant(0), SYSTEM, None):
            state = hold.evolve(state, happened)
    assert {clip.alert: clip.ends for clip in state.clips} == {"a1": 9, "a2": 6} and state.mutes == (MUTE,)
    (released,) = hold.decide(state, ReleaseUpgrade(reason="seen"), Instant(0), DISPATCHER, None)
    assert released == UpgradeReleased(reason="seen") and hold.evolve(state, released) == hold.EMPTY


# -- over the production desk ---------------------------------------------------------------------


class Paper:
    """The journal of a whole desk, as records."""

    def __init__(self, whole):
        self.whole = whole

    def _all(self):
        return [
            SimpleNamespace(position=k, kind=kind, body=body, at=self.whole.now())
            for k, (kind, body) in enumerate(self.whole.book.lines, 1)
        ]

    @property
    def head(self):
        return len(self.whole.book.lines), ""

    def records(self, since=0):
        return iter(self._all()[since:])

    def read(self, since, limit):
        return self._all()[max(0, since) :][:limit]


class Run:
    """One run of a station over a journal; `policy` is what differs in another program."""

    def __init__(self, tmp_path, whole=None, policy=POLICY):
        self.whole, self.policy, self.places = whole or Whole(), policy, Places(tmp_path)
        self.holding = None
        self.record = holding.Record(self)
        wish = holding.wanted(self, Paper(self.whole))
        if wish is not None:
            self.holding = UpgradeHeld(before=wish.before, clips=wish.clips, mutes=wish.mutes)
            self.whole.ask(wish)
            self.holding = None
        self.record.note()

    desk = property(lambda self: self.whole.desk)
    held = World.held

    def now(self):
        return self.whole.now()

    def soundings(self):
        return hold.clipped(
            views.soundings(self.desk.states["emergency"], self.now(), self.policy), self.held
        )

    def mutes(self):
        return hold.muted(views.mutes(self.desk.states["emergency"]), self.held)

    def raised(self, alert):
        _submit(self.whole, alert, PROVINCE, (TOWN,), 1, "actual")
        _air(self.whole, alert)


def alerts(run):
    return [one.alert for one in run.soundings()]


def test_the_same_program_goes_on_as_it_was(tmp_path):
    run = Run(tmp_path)
    run.raised("a1")
    run.record.note()
    again = Run(tmp_path, run.whole.again())
    assert alerts(again) == ["a1"] and again.held == hold.EMPTY


def test_a_program_that_folds_the_journal_into_more_sound_is_held_and_goes_on_with_new_alerts(tmp_path):
    run = Run(tmp_path)
    run.raised("a1")
    run.record.note()
    said = json.loads((tmp_path / holding.NAME).read_text())
    said["soundings"] = []  # the program before did not sound it
    said["version"] = "0.0.9"
    (tmp_path / holding.NAME).write_text(json.dumps(said))
    again = Run(tmp_path, run.whole.again())
    assert alerts(again) == [] and again.held.before == "0.0.9"
    again.raised("a2")
    again.record.note()
    assert alerts(again) == ["a2"], "what happens from now on is this program's own"
    third = Run(tmp_path, again.whole.again())
    assert alerts(third) == ["a2"] and third.held.before == "0.0.9", "and a restart opens nothing"
    third.whole.ask(ReleaseUpgrade(reason="looked at"), DISPATCHER)
    assert sorted(alerts(third)) == ["a1", "a2"]


def test_an_alert_that_became_durable_just_before_a_crash_sounds(tmp_path):
    run = Run(tmp_path)
    run.raised("a1")  # and nobody wrote down that it sounds
    again = Run(tmp_path, run.whole.again())
    assert alerts(again) == ["a1"] and again.held == hold.EMPTY


def test_a_mute_that_another_program_does_not_know_stays(tmp_path):
    run = Run(tmp_path)
    run.raised("a1")
    _mute(run.whole, "m1", "", ())
    run.record.note()
    lines = tuple(line for line in run.whole.book.lines if not line[0].startswith("alert.muted"))
    deaf = Whole(
        (*lines, run.whole.book.lines[0]), run.now()
    )  # as long a journal, by a program that passes the mute over
    again = Run(tmp_path, deaf)
    assert [mute.mute for mute in again.mutes()] == ["m1"]


@pytest.mark.parametrize("content", ["", "{", '{"version": 3}', None])
def test_without_a_record_that_makes_sense_nothing_is_held(tmp_path, content):
    run = Run(tmp_path)
    run.raised("a1")
    if content is None:
        (tmp_path / holding.NAME).unlink()
    else:
        (tmp_path / holding.NAME).write_text(content)
    assert Run(tmp_path, run.whole.again()).held == hold.EMPTY


def test_a_record_of_a_longer_journal_is_of_another_one(tmp_path):
    run = Run(tmp_path)
    run.raised("a1")
    run.record.note()
    assert Run(tmp_path, Whole()).held == hold.EMPTY
    assert Run(tmp_path, Whole()).held == hold.EMPTY, "an empty journal has no last record"


def test_an_alert_that_the_run_before_had_not_released_in_time_is_not_released_by_the_next(tmp_path):
    run = Run(tmp_path)
    _submit(run.whole, "a1", PROVINCE, (TOWN,), 3, "actual")
    _air(run.whole, "a1", signers=0)
    assert run.desk.states["emergency"].alerts["a1"].hold_until is not None
    run.desk.stop()
    run.whole.clock.advance(600)  # its time came, and the run before went on without it
    run.whole.ask(ReserveNumbers(use="session"))
    again = Run(tmp_path, run.whole.again())
    assert [clip.alert for clip in again.held.clips] == ["a1"]
    again.record.note()
    assert alerts(again) == []


def test_a_disk_that_refuses_the_record_stops_nothing(tmp_path):
    run = Run(tmp_path)
    run.places = Places(tmp_path / "gone")
    run.raised("a1")
    run.record.note()
    assert alerts(run) == ["a1"]


def test_the_reply_to_a_release_is_journaled_with_its_person(tmp_path):
    whole = Whole()
    heard = []
    whole.desk.handle(Request(id="x", by=DISPATCHER, command=ReleaseUpgrade(reason=""))).addCallback(
        heard.append
    )
    assert heard[0].ok is False and "nothing is held" in heard[0].en
    assert State() == hold.EMPTY
