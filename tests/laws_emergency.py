"""The laws of the emergency part (L4, L5, L7, L8, L9, L10) over whatever people and time may do (run from test_laws.py)."""

from __future__ import annotations

from functools import reduce
from typing import Any

import attrs
from emergency_help import (
    ADMIN,
    APPROVER,
    CITY,
    COLLEAGUE,
    COMPOSER,
    COUNTY,
    DISPATCHER,
    EDITOR,
    FAR_VILLAGE,
    FLOOD,
    NOON,
    POLICY,
    PROVINCE,
    REVIEWERS,
    TEMPLATED,
    TOWN,
    UNSURE,
    VILLAGES,
    Bench,
    message,
)
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from emergency import gates, preempt
from emergency.lifecycle import EMPTY, due, evolve, mutes, soundings
from emergency.messages import (
    AUTHORITIES,
    AlertEnded,
    AlertRejected,
    AlertSigned,
    AlertSpoken,
    AlertSubmitted,
    AlertWentOnAir,
    BreakGlass,
    CancelAlert,
    GlassBroken,
    LiftMute,
    MuteSounding,
    SignAlert,
    SpeechFailed,
    SpeechReady,
    SubmitAlert,
)
from emergency.policy import ROWS
from emergency.signatures import content_of
from emergency.sounding import Sounding
from emergency.table import OPEN
from emergency.views import finish_at
from station.reviews import person
from station.wire import event_from_plain, event_to_plain
from station.words import HOUR, MINUTE, SECOND, Command, Event, Instant, Operator, Refused, Sha256

PEOPLE = (*REVIEWERS, APPROVER, DISPATCHER, COLLEAGUE, EDITOR, ADMIN)
SOURCES = (PROVINCE, CITY, UNSURE, COMPOSER, TEMPLATED)
people = st.sampled_from(PEOPLE)
ids = st.sampled_from([f"a{n}" for n in range(5)])


class Alerts(RuleBasedStateMachine):
    """Anybody tries anything at any time; the laws hold after each step."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench()
        self.events: list[tuple[Instant, Event]] = []

    @initialize()
    def reviewed_template(self) -> None:
        self.bench.template()

    def attempt(self, command: Command, by: Operator) -> tuple[Event, ...]:
        before = self.bench.state
        try:
            events = self.bench.do(command, by)
        except Refused as refusal:
            assert refusal.text.en and refusal.text.zh
            assert self.bench.state is before
            return ()
        self.events += [(self.bench.now, event) for event in events]
        self.check(events, by)
        return events

    def check(self, events: tuple[Event, ...], by: Operator) -> None:
        for event in events:
            if isinstance(event, AlertWentOnAir):
                self.check_air(event)
            if isinstance(event, AlertSigned):
                assert "admin" not in by.roles and by.roles & {"reviewer", "approver", "dispatcher"}

    def check_air(self, aired: AlertWentOnAir) -> None:
        """L10 counted from the journal alone, not from the state that decided."""
        of = [event for _, event in self.events if getattr(event, "alert", "") == aired.alert]
        taken = next(event for event in of if isinstance(event, AlertSubmitted))
        assert taken.content == content_of(taken.message)
        glass = any(isinstance(event, GlassBroken) for event in of)
        row = ROWS["breakglass" if glass else taken.row]
        signed = [event for event in of if isinstance(event, AlertSigned) and not event.owed]
        assert all(event.content == taken.content for event in signed)
        signers = {person(event.by) for event in signed}
        assert len(signers) == len(signed) >= row.before
        assert not any(isinstance(event, AlertRejected) for event in of)
        assert any(isinstance(event, AlertSpoken) for event in of)
        alone = taken.row == "template_alone" or glass
        assert alone or taken.submitted_by not in signers
        if row.before == 0:
            assert taken.source.verified and taken.source.preauthorised
            assert taken.message.kind == "actual" and taken.message.level in (1, 2)
            assert POLICY.on_life_list(taken.message.event)
        assert taken.message.effective <= aired.since < taken.message.expires
        assert aired.until <= min(taken.message.expires, aired.since + POLICY.longest)
        if taken.message.kind == "daily":
            assert not gates.quiet(aired.since, POLICY)
            assert not gates.quiet(Instant(aired.until - 1), POLICY)

    @rule(
        alert=ids,
        source=st.sampled_from(SOURCES),
        by=people,
        kind=st.sampled_from(["actual", "actual", "drill", "daily"]),
        event=st.sampled_from(["11A51", "11C02", "11B06"]),
        level=st.integers(0, 4),
        areas=st.sampled_from([(VILLAGES[0],), VILLAGES[:3], (TOWN,), (COUNTY,), (FAR_VILLAGE,)]),
        minutes=st.sampled_from([1, 10, 30, 120, 600]),
        after=st.sampled_from([0, 0, 0, 5]),
        how=st.sampled_from(["alert", "alert", "alert", "update", "cancel"]),
        refers=ids,
    )
    def submit(
        self,
        alert: str,
        source: Any,
        by: Operator,
        minutes: int,
        after: int,
        how: str,
        refers: str,
        **said: Any,
    ) -> None:
        begins = Instant(self.bench.now + after * MINUTE)
        made = message(
            identifier=alert,
            effective=begins,
            expires=Instant(begins + minutes * MINUTE),
            type=how,
            references=(refers,),
            **said,
        )
        if source.kind == "template":
            made = attrs.evolve(
                made, template="flood", headline=FLOOD.headline, description=FLOOD.description, instruction=""
            )
        self.attempt(SubmitAlert(alert=alert, message=made, source=source), by)

    @rule(alert=ids, by=people, right=st.booleans(), verdict=st.sampled_from(["approve"] * 6 + ["reject"]))
    def sign(self, alert: str, by: Operator, right: bool, verdict: Any) -> None:
        record = self.bench.state.alerts.get(alert)
        content = record.content if record and right else Sha256("0" * 64)
        self.attempt(SignAlert(alert=alert, content=content, verdict=verdict), by)

    @rule(alert=ids)
    def everybody_signs(self, alert: str) -> None:
        for by in (*REVIEWERS, APPROVER):
            self.sign(alert, by, True, "approve")

    @rule(alert=ids, by=people)
    def break_glass(self, alert: str, by: Operator) -> None:
        record = self.bench.state.alerts.get(alert)
        content = record.content if record else Sha256("0" * 64)
        self.attempt(BreakGlass(alert=alert, content=content, reason="night"), by)

    @rule(alert=ids, works=st.sampled_from([True, True, True, False]))
    def speech(self, alert: str, works: bool) -> None:
        record = self.bench.state.alerts.get(alert)
        if record is None:
            return
        made = SpeechReady(
            alert=alert, content=record.content, audio=Sha256("b" * 64), samples=480_000, engine="t"
        )
        self.attempt(made if works else SpeechFailed(alert=alert, why="none"), DISPATCHER)

    @rule(alert=ids, by=people, authority=st.sampled_from(AUTHORITIES))
    def cancel(self, alert: str, by: Operator, authority: Any) -> None:
        record = self.bench.state.alerts.get(alert)
        events = self.attempt(CancelAlert(alert=alert, reason="", authority=authority), by)
        if events and record:  # L8
            assert AUTHORITIES.index(POLICY.authority) <= AUTHORITIES.index(record.source.authority)

    @rule(mute=st.sampled_from(["m1", "m2"]), alert=st.one_of(st.just(""), ids), by=people)
    def mute(self, mute: str, alert: str, by: Operator) -> None:
        record = self.bench.state.alerts.get(alert)
        over = record is None or record.phase not in (*OPEN, "sounding")
        if mute in self.bench.state.mutes or (alert and over):
            return
        assert self.attempt(MuteSounding(mute=mute, alert=alert), by), "mute is always open (L8)"

    @precondition(lambda self: self.bench.state.mutes)
    @rule()
    def lift(self) -> None:
        self.attempt(LiftMute(mute=next(iter(self.bench.state.mutes))), DISPATCHER)

    @rule(passed=st.sampled_from([1, 30, 61, 600, 3600, 12 * 3600]))
    def time_passes(self, passed: int) -> None:
        self.bench.now = Instant(self.bench.now + passed * SECOND)
        for _ in range(50):
            commands = due(self.bench.state, self.bench.now, POLICY)
            if not commands:
                return
            for command in commands:
                assert self.attempt(command, DISPATCHER), f"{command} is due and comes to nothing"
        raise AssertionError("what is due must become done")

    @invariant()
    def replay_of_the_journal_is_the_state(self) -> None:  # L3
        written = [event_to_plain(event) for event, _ in self.bench.journal]
        again = reduce(evolve, (event_from_plain(*line) for line in written), EMPTY)
        assert again == self.bench.state

    @invariant()
    def nothing_outlasts_its_expiry(self) -> None:  # L5
        for one in soundings(self.bench.state, self.bench.now, POLICY):
            record = self.bench.state.alerts[one.alert]
            assert self.bench.now < one.until <= record.message.expires
            assert record.since is not None and one.until <= record.since + POLICY.longest

    @invariant()
    def wanted_follows_from_state_alone(self) -> None:  # L4
        now, state = self.bench.now, self.bench.state
        assert soundings(state, now, POLICY) == soundings(attrs.evolve(state), now, POLICY)

    @invariant()
    def what_sounds_is_in_one_order(self) -> None:  # L7
        found = soundings(self.bench.state, self.bench.now, POLICY)
        ranks = [preempt.rank(self.bench.state.alerts[one.alert]) for one in found]
        assert ranks == sorted(ranks)
        kinds = [preempt.KINDS.index(one.kind) for one in found]
        assert kinds == sorted(kinds)

    @invariant()
    def no_mute_outlives_its_alert(self) -> None:  # L8
        live = {one.alert for one in self.bench.state.alerts.values() if one.phase in (*OPEN, "sounding")}
        assert all(mute.alert in {"", *live} for mute in self.bench.state.mutes.values())

    @invariant()
    def a_muted_area_is_silent(self) -> None:  # L8
        found = soundings(self.bench.state, self.bench.now, POLICY)
        silent = mutes(self.bench.state)
        playing = preempt.assign(found, VILLAGES[0], silent)
        assert not any(preempt.muted(one, VILLAGES[0], silent) for one in playing)
        if any(not mute.alert and not mute.areas for mute in silent):
            assert playing == ()


TestAlerts = Alerts.TestCase
TestAlerts.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)


@st.composite
def sounding(draw: st.DrawFn, n: int) -> tuple[str, dict[str, Any], Any]:
    source = draw(st.sampled_from([PROVINCE, CITY, UNSURE, COMPOSER]))
    said = {
        "kind": draw(st.sampled_from(["actual", "actual", "drill", "daily"])),
        "level": draw(st.integers(1, 4)),
        "event": draw(st.sampled_from(["11A51", "11B03", "11C02"])),
        "areas": draw(st.sampled_from([(VILLAGES[0],), (TOWN,), (COUNTY,)])) if source != UNSURE else (TOWN,),
    }
    return f"a{n}", said, source


def all_on_air(drawn: list[tuple[str, dict[str, Any], Any]]) -> Bench:
    bench = Bench()
    for alert, said, source in drawn:
        bench.air(alert, source, EDITOR, **said)
    return bench


several = st.integers(1, 4).flatmap(lambda n: st.tuples(*(sounding(k) for k in range(n)))).map(list)


def best_of(bench: Bench) -> tuple[Sounding, ...]:
    return preempt.assign(soundings(bench.state, bench.now, POLICY), VILLAGES[0])


@settings(max_examples=60, deadline=None)
@given(several, sounding(9))
@example(  # red by the county, then blue by the province
    [("a0", {"kind": "actual", "level": 1, "event": "11A51", "areas": (TOWN,)}, COMPOSER)],
    ("a9", {"kind": "actual", "level": 4, "event": "11B03", "areas": (TOWN,)}, PROVINCE),
)
def test_a_lower_message_never_cuts_a_higher_one(drawn: list[Any], late: Any) -> None:  # L7
    bench = all_on_air(drawn)
    before = best_of(bench)
    bench.air(late[0], late[2], EDITOR, **late[1])
    after = best_of(bench)
    state = bench.state.alerts
    new = state[late[0]]
    for one in before:
        lost = one.alert not in {kept.alert for kept in after}
        if lost and new.alert in {kept.alert for kept in after}:
            old = state[one.alert]
            cut_by_pair = any(preempt.rank(state[kept.alert]) < preempt.rank(old) for kept in after)
            assert preempt.rank(new) < preempt.rank(old) or cut_by_pair
            if new.message.kind == "actual" and old.message.kind == "actual" and not preempt.fast_lane(new):
                assert new.message.level <= old.message.level


@settings(max_examples=60, deadline=None)
@given(several)
def test_a_wider_message_of_equal_level_and_hazard_never_silences_a_local_instruction(
    drawn: list[Any],
) -> None:  # L7
    bench = all_on_air(drawn)
    playing = best_of(bench)
    assert 1 <= len(playing) <= 2
    if len(playing) == 2:
        local, wide = playing
        assert local.level == wide.level and preempt.hazard(local.event) == preempt.hazard(wide.event)
        assert len(preempt.prefix(local.areas[0])) > len(preempt.prefix(wide.areas[0]))


@settings(max_examples=40, deadline=None)
@given(several)
def test_the_order_is_total_and_does_not_depend_on_how_it_is_asked(drawn: list[Any]) -> None:
    records = list(all_on_air(drawn).state.alerts.values())
    ordered = preempt.ordered(records)
    assert ordered == preempt.ordered(reversed(records)) and len(ordered) == len(records)


def night(at: Instant) -> bool:
    """From 21:30 to 06:00 on the clocks of Shanghai (the shipped default), reckoned by hand: UTC + 8 h, no summer time."""
    return not 6 * HOUR <= (at + 8 * HOUR) % (24 * HOUR) < 21 * HOUR + 30 * MINUTE


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2 * 24 * 60), st.integers(1, 120))
@example(14 * 60, 30)  # two in the morning
def test_nothing_daily_sounds_at_night_and_no_real_red_is_held_by_night_or_rate(
    minute: int, length: int
) -> None:  # L9
    now = Instant(NOON + minute * MINUTE)
    expires = Instant(now + length * MINUTE)
    bench = Bench(now=now)
    bench.air("red", PROVINCE, EDITOR, effective=now, expires=expires)
    assert bench.phase("red") == "sounding"
    try:
        bench.air("daily", COMPOSER, EDITOR, kind="daily", level=0, effective=now, expires=expires)
    except Refused as refusal:
        assert night(now) and refusal.code == "quiet"
        return
    until = bench.state.alerts["daily"].until
    assert until is not None
    assert not any(night(Instant(at)) for at in range(now, until, 5 * MINUTE))


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([attrs.fields(type(message()))[k].name for k in range(3, 15)]), st.integers(0, 3))
def test_any_change_of_content_voids_what_was_signed(field: str, signed: int) -> None:
    bench = Bench()
    bench.submit()
    old = bench.state.alerts["a1"].content
    value = getattr(message(), field)
    changed = {str: "x", int: 3, tuple: ("11",)}[type(value)]
    other = attrs.evolve(message(identifier="a1"), **{field: changed})
    assert content_of(other) != old


def test_the_chain_of_an_alert_ends_with_nothing_left_due() -> None:
    bench = Bench()
    bench.air("p", PROVINCE, EDITOR)
    finish = finish_at(bench.state.alerts["p"], POLICY)
    assert finish is not None
    ended = bench.wait(finish)
    assert isinstance(ended[0], AlertEnded)
    bench.wait(NOON + 48 * HOUR)
    assert due(bench.state, bench.now, POLICY) == ()
