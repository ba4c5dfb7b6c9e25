"""The life of alerts, one sentence a test."""

from __future__ import annotations

import attrs
import pytest
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
    MIDNIGHT,
    NOON,
    OTHER_TOWN,
    POLICY,
    PROVINCE,
    REVIEWERS,
    TEMPLATED,
    TOWN,
    TREE,
    UNSURE,
    UPSTREAM,
    VILLAGES,
    Bench,
    message,
    settings,
)

from emergency.lifecycle import EMPTY, State, decide, evolve, next_due, soundings, speech_wanted
from emergency.messages import (
    AlertEnded,
    AlertHeld,
    AlertRejected,
    AlertSigned,
    AlertSpoken,
    AlertWentOnAir,
    BreakGlass,
    CancelAlert,
    ExpireAlert,
    ExplainMute,
    FinishAlert,
    FlagOverdue,
    LiftMute,
    MoveOverlay,
    MuteExplained,
    MuteLifted,
    MuteSounding,
    RecordOralOrder,
    ReleaseHold,
    SignAlert,
    SignatureOverdue,
    SignTemplate,
    SpeechFailed,
    SpeechReady,
    SubmitAlert,
    SubmitTemplate,
)
from emergency.policy import policy_of
from emergency.signatures import content_of
from emergency.state import OWING_KEPT, SEEN_KEPT, UNEXPLAINED_KEPT
from station.settings import SignatureRow
from station.wire import from_plain, to_plain
from station.words import (
    HOUR,
    MINUTE,
    SECOND,
    SYSTEM,
    AreaCode,
    ChannelId,
    Event,
    Instant,
    Operator,
    Refused,
    SampleIndex,
    Sha256,
)

WRONG = Sha256("0" * 64)


def kinds(events: tuple[Event, ...]) -> list[str]:
    return [event.kind for event in events]


def refused(bench: Bench, command: object, by: Operator, code: str) -> Refused:
    before = bench.state
    with pytest.raises(Refused) as caught:
        bench.do(command, by)  # type: ignore[arg-type]
    assert caught.value.code == code
    assert caught.value.text.en and caught.value.text.zh
    assert bench.state == before
    return caught.value


def test_free_text_airs_with_three_different_people_and_speech_and_not_before() -> None:
    bench = Bench()
    bench.submit()
    bench.speak()
    assert bench.phase() == "waiting"
    bench.sign("a1", REVIEWERS[0], APPROVER)
    assert bench.phase() == "waiting"
    events = bench.sign("a1", DISPATCHER)
    assert kinds(events) == ["alert.signed/1", "alert.aired/1"]
    assert bench.state.alerts["a1"].signers == ("li", "wu", "wang")
    assert bench.phase() == "sounding"


def test_the_last_of_speech_and_signatures_airs_it() -> None:
    bench = Bench()
    bench.submit()
    bench.sign()
    assert bench.phase() == "waiting"
    assert kinds(bench.speak()) == ["alert.spoken/1", "alert.aired/1"]
    assert bench.speak() == ()


def test_nobody_signs_twice_nor_his_own_work_nor_another_version_nor_as_admin() -> None:
    bench = Bench()
    bench.submit(by=DISPATCHER)
    content = bench.state.alerts["a1"].content
    bench.sign("a1", REVIEWERS[0])
    sign = SignAlert(alert="a1", content=content)
    refused(bench, sign, REVIEWERS[0], "twice")
    refused(bench, sign, DISPATCHER, "author")
    refused(bench, attrs.evolve(sign, content=WRONG), APPROVER, "changed")
    refused(bench, sign, ADMIN, "forbidden")
    refused(bench, sign, EDITOR, "forbidden")
    refused(bench, sign, attrs.evolve(APPROVER, areas=(OTHER_TOWN,)), "area")
    refused(bench, attrs.evolve(sign, alert="nope"), APPROVER, "missing")


def test_a_signer_of_the_area_may_sign() -> None:
    bench = Bench()
    bench.submit()
    bench.sign("a1", attrs.evolve(APPROVER, areas=(TOWN,)))
    assert bench.state.alerts["a1"].signers == ("wu",)


def test_a_rejection_ends_what_waits() -> None:
    bench = Bench()
    bench.submit()
    content = bench.state.alerts["a1"].content
    no = SignAlert(alert="a1", content=content, verdict="reject", reason="wrong village")
    refused(bench, attrs.evolve(no, content=WRONG), APPROVER, "changed")
    refused(bench, no, attrs.evolve(APPROVER, areas=(OTHER_TOWN,)), "area")
    refused(bench, attrs.evolve(no, reason="x" * 501), APPROVER, "form")
    assert kinds(bench.do(no, APPROVER)) == ["alert.rejected/1"]
    assert bench.phase() == "rejected"
    refused(bench, no, APPROVER, "over")


def test_a_signature_after_the_expiry_gives_lapsed() -> None:
    bench = Bench()
    bench.submit()
    bench.speak()
    bench.now = Instant(NOON + HOUR)
    assert kinds(bench.sign("a1", APPROVER)) == ["alert.ended/1"]
    assert bench.phase() == "lapsed"


def test_speech_after_the_expiry_gives_lapsed() -> None:
    bench = Bench()
    bench.submit("p", PROVINCE, UPSTREAM)
    bench.now = Instant(NOON + HOUR)
    bench.speak("p")
    assert bench.phase("p") == "lapsed"


def test_what_nobody_signed_lapses_at_its_expiry() -> None:
    bench = Bench()
    bench.submit()
    assert next_due(bench.state, bench.now, POLICY) == NOON + 30 * MINUTE
    assert bench.do(ExpireAlert(alert="a1")) == ()
    bench.wait(NOON + 30 * MINUTE)
    assert bench.phase() == "lapsed"
    assert next_due(bench.state, bench.now, POLICY) is None


def test_verified_upstream_on_the_life_list_airs_by_itself_and_owes_one_within_an_hour() -> None:
    bench = Bench()
    bench.submit("p", PROVINCE, UPSTREAM, areas=(COUNTY,))
    events = bench.speak("p")
    assert isinstance(events[-1], AlertWentOnAir)
    assert events[-1].signers == () and events[-1].row == "upstream_life"
    assert next_due(bench.state, bench.now, POLICY) == NOON + 3 * 10_800_000 + 5 * SECOND
    bench.wait(NOON + 30 * MINUTE)
    assert bench.phase("p") == "owing"
    assert bench.do(FlagOverdue(alert="p")) == ()
    assert kinds(bench.wait(NOON + HOUR)) == ["alert.overdue/1"]
    assert bench.state.alerts["p"].overdue
    signed = bench.sign("p", APPROVER)
    assert isinstance(signed[0], AlertSigned) and signed[0].owed
    assert bench.phase("p") == "settled" and not bench.state.alerts["p"].overdue
    refused(bench, SignAlert(alert="p", content=bench.state.alerts["p"].content), REVIEWERS[0], "over")


def test_an_owed_signature_may_be_given_while_it_sounds() -> None:
    bench = Bench()
    bench.air("p", PROVINCE, UPSTREAM)
    bench.sign("p", APPROVER)
    assert bench.phase("p") == "sounding"
    refused(bench, SignAlert(alert="p", content=bench.state.alerts["p"].content), REVIEWERS[0], "nothing")
    no = SignAlert(alert="p", content=bench.state.alerts["p"].content, verdict="reject")
    refused(bench, no, REVIEWERS[0], "nothing")
    bench.wait(NOON + 30 * MINUTE)
    assert bench.phase("p") == "finished"


@pytest.mark.parametrize(
    ("changes", "source"),
    [({"level": 3}, PROVINCE), ({"event": "11B06"}, PROVINCE), ({"level": 4}, CITY)],
)
def test_other_verified_upstream_waits_for_one_and_never_airs_at_its_timer(
    changes: dict[str, object], source: object
) -> None:
    bench = Bench()
    bench.submit("p", source, UPSTREAM, **changes)  # type: ignore[arg-type]
    bench.speak("p")
    assert bench.phase("p") == "held"
    assert bench.do(ReleaseHold(alert="p")) == ()
    events = bench.wait(NOON + 60 * SECOND)
    assert kinds(events) == ["alert.held/1"]
    bench.sign("p", APPROVER)
    assert bench.phase("p") == "sounding"
    assert bench.do(ReleaseHold(alert="p")) == ()


def test_a_row_with_a_timer_fails_open_only_for_verified_life_safety() -> None:
    strict = policy_of(
        attrs.evolve(
            settings(),
            signatures=[SignatureRow(row="upstream_life", before=1, owed=1, owed_within_s=60, timer_s=60)],
        ),
        TREE,
    )
    bench = Bench(policy=strict)
    bench.submit("p", PROVINCE, UPSTREAM)
    assert bench.wait(NOON + 61 * SECOND) == ()  # no speech yet
    events = bench.speak("p")
    assert isinstance(events[-1], AlertWentOnAir) and events[-1].signers == ()
    other = Bench(policy=strict)
    other.submit("p", PROVINCE, UPSTREAM)
    other.speak("p")
    assert next_due(other.state, other.now, strict) == NOON + 60 * SECOND
    other.wait(NOON + 60 * SECOND)
    assert other.phase("p") == "sounding"
    signed = Bench(policy=strict)
    signed.submit("p", PROVINCE, UPSTREAM)
    signed.sign("p", APPROVER)
    assert next_due(signed.state, signed.now, strict) == NOON + 30 * MINUTE
    signed.speak("p")
    assert signed.phase("p") == "sounding"


def test_what_is_not_verified_never_sounds_by_itself() -> None:
    bench = Bench()
    bench.submit("t", UNSURE, UPSTREAM, level=1)
    bench.speak("t")
    bench.wait(NOON + 29 * MINUTE)
    assert bench.phase("t") == "waiting"
    sure = attrs.evolve(UNSURE, verified=True)
    bench.submit("u", sure, UPSTREAM, level=1)
    assert bench.state.alerts["u"].needed == 3


def test_unverified_at_night_calls_a_human_but_a_red_one_is_not_held() -> None:
    bench = Bench(now=MIDNIGHT)
    later = {"effective": MIDNIGHT, "expires": Instant(MIDNIGHT + HOUR)}
    bench.submit("t", UNSURE, UPSTREAM, level=3, **later)
    assert bench.phase("t") == "held"
    bench.submit("r", UNSURE, UPSTREAM, level=1, **later)
    assert bench.phase("r") == "waiting"
    bench.speak("t")
    bench.sign("t")
    assert bench.phase("t") == "sounding"


def test_the_lone_dispatcher_hears_a_template_before_he_signs_and_owes_a_second() -> None:
    bench = Bench()
    bench.template()
    bench.from_template()
    bench.speak()
    assert bench.phase() == "waiting" and bench.state.alerts["a1"].signatures == ()
    events = bench.sign("a1", DISPATCHER)
    assert isinstance(events[-1], AlertWentOnAir)
    assert events[-1].row == "template_alone" and events[-1].signers == ("wang",)
    refused(bench, SignAlert(alert="a1", content=bench.state.alerts["a1"].content), DISPATCHER, "author")
    order = RecordOralOrder(alert="a1", ordered_by="县长", number="0554-1", recording="r1")
    refused(bench, attrs.evolve(order, number=" "), DISPATCHER, "form")
    assert kinds(bench.do(order, DISPATCHER)) == ["alert.oral/1"]
    assert "县长" in soundings(bench.state, bench.now, POLICY)[0].why_zh
    bench.wait(NOON + 24 * HOUR)
    assert bench.phase() == "owing" and bench.state.alerts["a1"].overdue
    bench.do(order, DISPATCHER)
    bench.sign("a1", COLLEAGUE)
    assert bench.phase() == "settled"
    refused(bench, order, DISPATCHER, "over")


def test_an_oral_order_may_be_recorded_before_air() -> None:
    bench = Bench()
    bench.submit()
    bench.do(RecordOralOrder(alert="a1", ordered_by="县长", number="1"), DISPATCHER)
    oral = bench.state.alerts["a1"].oral
    assert oral is not None and oral.by == "wang"


def test_a_template_composed_by_an_editor_needs_a_dispatcher() -> None:
    bench = Bench()
    bench.template()
    bench.from_template(by=EDITOR)
    bench.speak()
    assert bench.phase() == "waiting"
    bench.sign("a1", DISPATCHER)
    assert bench.phase() == "sounding"


@pytest.mark.parametrize(
    "changes",
    [
        {"areas": VILLAGES[:4]},
        {"areas": (TOWN,)},
        {"expires": Instant(NOON + 31 * MINUTE)},
    ],
)
def test_a_template_beyond_its_size_needs_three(changes: dict[str, object]) -> None:
    bench = Bench()
    bench.template()
    bench.from_template(**changes)
    assert bench.state.alerts["a1"].row == "composer"
    assert bench.state.alerts["a1"].signatures == ()


def test_a_template_off_the_life_list_needs_three_and_a_drill_too() -> None:
    bench = Bench()
    bench.template("gale", attrs.evolve(FLOOD, event="11B06"))
    bench.from_template(name="gale", event="11B06")
    assert bench.state.alerts["a1"].row == "composer"
    bench.template("drill", attrs.evolve(FLOOD, kind="drill", level=0))
    bench.from_template("a2", name="drill", kind="drill", level=0)
    assert bench.state.alerts["a2"].row == "daily_drill" and bench.state.alerts["a2"].needed == 3


def test_words_that_differ_from_the_template_are_refused() -> None:
    bench = Bench()
    bench.template()
    for changes in ({"description": "other"}, {"level": 2}, {"event": "11A03"}):
        with pytest.raises(Refused, match="differ"):
            bench.from_template(**changes)
    with pytest.raises(Refused, match="no reviewed template"):
        bench.submit("a1", TEMPLATED, DISPATCHER, template="nope")
    bench.now = Instant(FLOOD.valid_until)
    with pytest.raises(Refused, match="out of date"):
        bench.from_template(effective=bench.now, expires=Instant(bench.now + MINUTE))


def glass(bench: Bench, alert: str = "a1", reason: str = "nobody else here") -> BreakGlass:
    return BreakGlass(alert=alert, content=bench.state.alerts[alert].content, reason=reason)


def test_break_glass_airs_with_two_people_and_owes_the_third() -> None:
    bench = Bench()
    bench.template()
    bench.from_template(areas=(TOWN,))
    bench.speak()
    assert kinds(bench.do(glass(bench), DISPATCHER)) == ["alert.glassbroken/1", "alert.signed/1"]
    refused(bench, glass(bench), DISPATCHER, "twice")
    events = bench.do(glass(bench), COLLEAGUE)
    assert kinds(events) == ["alert.signed/1", "alert.aired/1"]
    assert bench.state.alerts["a1"].row == "breakglass" and bench.state.alerts["a1"].owing == 1
    refused(bench, glass(bench), COLLEAGUE, "over")
    bench.sign("a1", REVIEWERS[0])
    assert bench.state.alerts["a1"].owing == 0


def test_break_glass_is_for_small_templates_of_level_one_and_two_with_a_reason() -> None:
    bench = Bench()
    bench.submit()
    refused(bench, glass(bench), DISPATCHER, "glass")
    bench.template()
    bench.from_template("a2", areas=(TOWN,), expires=Instant(NOON + 61 * MINUTE))
    refused(bench, glass(bench, "a2"), DISPATCHER, "glass")
    bench.from_template("a3", areas=(TOWN,))
    refused(bench, glass(bench, "a3", " "), DISPATCHER, "reason")
    refused(bench, glass(bench, "a3"), ADMIN, "forbidden")
    bench.now = Instant(NOON + HOUR)
    assert isinstance(bench.do(glass(bench, "a3"), DISPATCHER)[0], AlertEnded)
    assert bench.phase("a3") == "lapsed"


def test_break_glass_has_a_zone_limit() -> None:
    bench = Bench(policy=attrs.evolve(POLICY, breakglass_villages=3))
    bench.template()
    bench.from_template(areas=(TOWN,))
    refused(bench, glass(bench), DISPATCHER, "glass")


def test_an_owed_signature_refused_stops_our_own_and_not_the_provinces() -> None:
    bench = Bench()
    bench.template()
    bench.from_template()
    bench.speak()
    bench.sign("a1", DISPATCHER)
    no = SignAlert(alert="a1", content=bench.state.alerts["a1"].content, verdict="reject", reason="no")
    assert kinds(bench.do(no, COLLEAGUE)) == ["alert.rejected/1", "alert.ended/1"]
    assert bench.phase() == "cancelled"
    bench.air("p", PROVINCE, UPSTREAM)
    no = SignAlert(alert="p", content=bench.state.alerts["p"].content, verdict="reject")
    refused(bench, no, COLLEAGUE, "authority")
    bench.wait(NOON + 30 * MINUTE)
    assert isinstance(bench.do(no, COLLEAGUE)[0], AlertRejected)
    assert bench.phase("p") == "rejected"


def test_cancel_needs_the_same_or_a_higher_authority_and_mute_does_not() -> None:
    bench = Bench()
    bench.air("p", PROVINCE, UPSTREAM)
    said = refused(bench, CancelAlert(alert="p", reason="wrong"), DISPATCHER, "authority")
    assert "静音" in said.text.zh
    refused(bench, CancelAlert(alert="p", reason="w", authority="nation"), DISPATCHER, "authority")
    assert kinds(bench.do(MuteSounding(mute="m1"), DISPATCHER)) == ["alert.muted/1"]
    bench.air("t", UNSURE, UPSTREAM)
    refused(bench, CancelAlert(alert="t", reason=""), attrs.evolve(DISPATCHER, areas=(OTHER_TOWN,)), "area")
    assert kinds(bench.do(CancelAlert(alert="t", reason="x"), DISPATCHER)) == ["alert.ended/1"]
    assert bench.phase("t") == "cancelled"
    refused(bench, CancelAlert(alert="t", reason="x"), DISPATCHER, "over")


def test_what_waits_can_be_cancelled_too() -> None:
    bench = Bench()
    bench.submit()
    bench.do(CancelAlert(alert="a1", reason="mistake"), DISPATCHER)
    assert bench.phase() == "cancelled"


def test_a_cancel_from_the_same_source_ends_what_it_refers_to() -> None:
    bench = Bench()
    bench.air("p", PROVINCE, UPSTREAM, identifier="x1")
    events = bench.do(
        SubmitAlert(
            alert="c",
            source=PROVINCE,
            message=message(identifier="x2", type="cancel", references=("sender,x1,2026",), description=""),
        ),
        UPSTREAM,
    )
    assert kinds(events) == ["alert.submitted/1", "alert.ended/1", "alert.ended/1"]
    assert bench.phase("p") == "owing" and bench.phase("c") == "cancelled"


def test_a_cancel_that_is_lower_or_unsure_or_aimless_is_refused() -> None:
    bench = Bench()
    bench.air("p", PROVINCE, UPSTREAM, identifier="x1")
    cancel = message(identifier="x2", type="cancel", references=("x1",))
    refused(bench, SubmitAlert(alert="c", source=CITY, message=cancel), UPSTREAM, "authority")
    forged = attrs.evolve(PROVINCE, verified=False)
    refused(bench, SubmitAlert(alert="c", source=forged, message=cancel), UPSTREAM, "unverified")
    aimless = attrs.evolve(cancel, references=("x9",))
    refused(bench, SubmitAlert(alert="c", source=PROVINCE, message=aimless), UPSTREAM, "missing")
    bench.submit("t", UNSURE, UPSTREAM, identifier="t1")
    stranger = attrs.evolve(UNSURE, id="other")
    theirs = attrs.evolve(cancel, references=("t1",))
    refused(bench, SubmitAlert(alert="c", source=stranger, message=theirs), UPSTREAM, "unverified")
    bench.do(SubmitAlert(alert="c", source=UNSURE, message=theirs), UPSTREAM)
    assert bench.phase("t") == "cancelled"


def test_an_update_takes_the_place_of_the_old_one_when_it_airs_and_not_before() -> None:
    bench = Bench()
    bench.air("p", PROVINCE, UPSTREAM, identifier="x1")
    bench.submit("q", PROVINCE, UPSTREAM, identifier="x2", type="update", references=("x1",))
    assert bench.phase("p") == "sounding"
    events = bench.speak("q")
    assert kinds(events) == ["alert.spoken/1", "alert.aired/1", "alert.ended/1"]
    assert bench.state.alerts["p"].how == "superseded"
    assert bench.state.alerts["q"].incident == "p"
    assert [one.alert for one in soundings(bench.state, bench.now, POLICY)] == ["q"]


def test_an_update_of_something_unknown_airs_as_new_and_of_something_higher_is_refused() -> None:
    bench = Bench()
    bench.air("q", PROVINCE, UPSTREAM, type="update", references=("gone",))
    assert bench.phase("q") == "sounding"
    with pytest.raises(Refused, match="higher authority"):
        bench.submit("r", COMPOSER, EDITOR, type="update", references=("q",))


def test_the_same_again_is_no_news_and_other_content_under_its_name_is_refused() -> None:
    bench = Bench()
    bench.submit()
    again = SubmitAlert(alert="a1", message=message(identifier="a1"), source=COMPOSER)
    assert bench.do(again, EDITOR) == ()
    assert bench.do(attrs.evolve(again, alert="a9"), EDITOR) == ()
    changed = message(identifier="a1", headline="other")
    refused(bench, attrs.evolve(again, message=changed), EDITOR, "known")
    refused(bench, attrs.evolve(again, alert="a9", message=changed), EDITOR, "known")
    fresh = message(identifier="zz")
    refused(bench, SubmitAlert(alert="", message=fresh, source=COMPOSER), EDITOR, "form")
    refused(bench, SubmitAlert(alert="x" * 201, message=fresh, source=COMPOSER), EDITOR, "form")


def test_an_alert_is_replayed_in_vain_after_it_ended_and_left() -> None:
    bench = Bench()
    for n in range(205):
        bench.submit(f"a{n}")
        bench.do(CancelAlert(alert=f"a{n}", reason="x"), DISPATCHER)
    assert len(bench.state.alerts) == 200 and "a0" not in bench.state.alerts
    again = SubmitAlert(alert="a0", message=message(identifier="a0"), source=COMPOSER)
    assert bench.do(again, EDITOR) == ()
    refused(bench, CancelAlert(alert="a0", reason="x"), DISPATCHER, "missing")


def test_daily_programme_is_refused_at_night_with_a_better_time() -> None:
    bench = Bench(now=MIDNIGHT)
    with pytest.raises(Refused, match=r"00:00 is night.*06:00"):
        bench.submit(kind="daily", level=0, effective=MIDNIGHT, expires=Instant(MIDNIGHT + HOUR))


def test_daily_programme_signed_at_night_waits_for_the_morning_and_stops_in_the_evening() -> None:
    evening = Instant(NOON + 9 * HOUR)
    bench = Bench(now=evening)
    bench.submit(kind="daily", level=0, effective=evening, expires=Instant(NOON + 11 * HOUR))
    bench.speak()
    bench.sign()
    assert bench.state.alerts["a1"].until == NOON + 9 * HOUR + 30 * MINUTE
    late = Bench(now=evening)
    late.submit(kind="daily", level=0, effective=evening, expires=Instant(NOON + 11 * HOUR))
    late.speak()
    late.now = Instant(NOON + 10 * HOUR)
    assert kinds(late.sign())[-1] == "alert.held/1"
    assert late.do(ReleaseHold(alert="a1")) == ()
    assert late.phase() == "held"
    late.wait(NOON + 12 * HOUR)
    assert late.phase() == "lapsed"


def test_daily_programme_held_over_night_airs_in_the_morning() -> None:
    evening = Instant(NOON + 9 * HOUR)
    long = attrs.evolve(POLICY, longest=24 * HOUR)
    bench = Bench(policy=long, now=evening)
    bench.submit(kind="daily", level=0, effective=evening, expires=Instant(NOON + 20 * HOUR))
    bench.speak()
    bench.now = Instant(NOON + 10 * HOUR)
    bench.sign()
    assert next_due(bench.state, bench.now, long) == NOON + 18 * HOUR
    bench.wait(NOON + 18 * HOUR)
    assert bench.phase() == "sounding"


def test_what_begins_later_airs_at_its_time() -> None:
    bench = Bench()
    bench.submit(effective=Instant(NOON + 10 * MINUTE))
    bench.speak()
    bench.sign()
    assert bench.phase() == "waiting"
    assert next_due(bench.state, bench.now, POLICY) == NOON + 10 * MINUTE
    bench.wait(NOON + 10 * MINUTE)
    assert bench.phase() == "sounding"


def test_failed_speech_ends_the_daily_and_calls_a_human_for_the_real() -> None:
    bench = Bench()
    bench.submit(kind="daily", level=0)
    events = bench.do(SpeechFailed(alert="a1", why="no voice"))
    assert kinds(events) == ["alert.speechless/1", "alert.ended/1"] and bench.phase() == "refused"
    bench.submit("a2")
    events = bench.do(SpeechFailed(alert="a2", why="no voice"))
    assert isinstance(events[-1], AlertHeld) and bench.phase("a2") == "held"
    assert speech_wanted(bench.state) == ()
    bench.speak("a2")
    bench.sign("a2")
    assert bench.phase("a2") == "sounding"
    assert bench.do(SpeechFailed(alert="a2", why="late")) == ()


def test_speech_of_another_text_is_refused() -> None:
    bench = Bench()
    bench.submit()
    ready = SpeechReady(alert="a1", content=WRONG, audio=WRONG, samples=1, engine="x")
    refused(bench, ready, DISPATCHER, "changed")
    right = attrs.evolve(ready, content=bench.state.alerts["a1"].content)
    refused(bench, attrs.evolve(right, samples=0), DISPATCHER, "changed")
    assert isinstance(bench.do(right)[0], AlertSpoken)
    assert bench.do(right) == ()


def test_an_alert_finishes_after_its_repeats_unless_something_lay_over_it() -> None:
    bench = Bench()
    bench.air("low", COMPOSER, EDITOR, level=3)
    assert bench.do(FinishAlert(alert="low")) == ()
    bench.do(
        MoveOverlay(alert="low", channel=ChannelId("fm1"), start=SampleIndex((NOON + 60 * SECOND) * 6 // 125))
    )
    bench.do(
        MoveOverlay(alert="low", channel=ChannelId("fm1"), start=SampleIndex((NOON + 90 * SECOND) * 6 // 125))
    )
    end = NOON + 90 * SECOND + 3 * 10_800_000 + 5 * SECOND
    assert next_due(bench.state, bench.now, POLICY) == end
    bench.air("high", PROVINCE, UPSTREAM)
    low = next(one for one in soundings(bench.state, bench.now, POLICY) if one.alert == "low")
    assert low.repeats == 0
    bench.wait(NOON + 29 * MINUTE)
    assert bench.phase("low") == "sounding" and bench.phase("high") == "owing"
    free = bench.now
    low = next(one for one in soundings(bench.state, bench.now, POLICY) if one.alert == "low")
    assert (low.repeats, low.since, low.moved) == (POLICY.repeats, free, ()), (
        "free again, it sounds as if anew"
    )
    bench.wait(NOON + 30 * MINUTE)
    assert bench.phase("low") == "finished"
    assert bench.do(MoveOverlay(alert="low", channel=ChannelId("fm1"), start=SampleIndex(1))) == ()


def test_a_muted_alert_does_not_finish_meanwhile_and_lifting_plays_its_repeats_and_no_more() -> None:
    bench = Bench()
    bench.air("a1", COMPOSER, EDITOR, level=3)
    bench.do(MuteSounding(mute="m1", alert="a1"), DISPATCHER)
    bench.do(MuteSounding(mute="m2"), DISPATCHER)
    bench.wait(bench.now + 10 * MINUTE)
    bench.do(LiftMute(mute="m1"), DISPATCHER)
    assert soundings(bench.state, bench.now, POLICY)[0].repeats == 0, "another mute still lies on it"
    bench.do(LiftMute(mute="m2"), DISPATCHER)
    (sounding,) = soundings(bench.state, bench.now, POLICY)
    assert (sounding.repeats, sounding.since) == (POLICY.repeats, bench.now)
    assert next_due(bench.state, bench.now, POLICY) == bench.now + 3 * 10_800_000 + 5 * SECOND
    bench.wait(bench.now + MINUTE)
    assert bench.phase("a1") == "finished"


def test_a_muted_alert_that_nobody_lets_sound_again_expires() -> None:
    bench = Bench()
    bench.air("a1", COMPOSER, EDITOR, level=3)
    bench.do(MuteSounding(mute="m1"), DISPATCHER)
    bench.wait(NOON + 30 * MINUTE - 1)
    assert bench.phase("a1") == "sounding"
    bench.wait(NOON + 30 * MINUTE)
    assert bench.phase("a1") == "expired"


def test_a_mute_lifted_in_a_record_of_an_older_version_frees_nothing() -> None:
    bench = Bench()
    bench.air("a1", COMPOSER, EDITOR, level=3)
    bench.do(MuteSounding(mute="m1", alert="a1"), DISPATCHER)
    state = evolve(bench.state, MuteLifted(mute="m1", by="x"))
    assert state.alerts["a1"].covered and not state.mutes
    assert not state.unexplained, "nobody is asked for the reason of long ago"


def test_alerts_on_other_ground_do_not_cover_each_other() -> None:
    bench = Bench()
    bench.air("one", areas=(VILLAGES[0],))
    bench.air("two", areas=(FAR_VILLAGE,))
    assert [one.repeats for one in soundings(bench.state, bench.now, POLICY)] == [3, 3]


def test_a_muted_alert_goes_on_until_its_end_so_that_lifting_airs_it_again() -> None:
    bench = Bench()
    bench.air()
    bench.air("a2")
    bench.do(MuteSounding(mute="m", alert="a1"), DISPATCHER)
    assert bench.do(MuteSounding(mute="m", alert="a1"), DISPATCHER) == ()
    bench.wait(NOON + 20 * MINUTE)
    assert bench.phase() == "sounding"
    bench.do(ExplainMute(mute="m", reason="wrong text"), DISPATCHER)
    assert bench.state.mutes["m"].reason == "wrong text"
    refused(bench, ExplainMute(mute="m", reason=""), DISPATCHER, "reason")
    bench.do(LiftMute(mute="m"), DISPATCHER)
    assert bench.state.mutes == {}
    refused(bench, LiftMute(mute="m"), DISPATCHER, "missing")
    refused(bench, ExplainMute(mute="m", reason="x"), DISPATCHER, "missing")


def test_the_reason_of_a_mute_is_owed_after_it_was_lifted_until_somebody_gives_it() -> None:
    bench = Bench()
    bench.do(MuteSounding(mute="m", reason="  "), DISPATCHER)
    bench.do(MuteSounding(mute="said", reason=" false alarm "), DISPATCHER)
    bench.do(LiftMute(mute="m"), DISPATCHER)
    bench.do(LiftMute(mute="said"), DISPATCHER)
    (owed,) = bench.state.unexplained.values()
    assert (owed.mute, owed.by, owed.lifted) == ("m", DISPATCHER.id, bench.now)
    refused(bench, ExplainMute(mute="m", reason=" "), DISPATCHER, "reason")
    (told,) = bench.do(ExplainMute(mute="m", reason=" rehearsal "), COLLEAGUE)
    assert isinstance(told, MuteExplained) and told.reason == "rehearsal"
    assert bench.state.unexplained == {}
    refused(bench, ExplainMute(mute="m", reason="x"), DISPATCHER, "missing")


def test_a_mute_set_again_under_the_same_name_silences_again_and_owes_its_reason_once() -> None:
    bench = Bench()
    for _ in range(2):
        assert kinds(bench.do(MuteSounding(mute="m"), DISPATCHER)) == ["alert.muted/1"]
        assert "m" in bench.state.mutes and bench.state.unexplained == {}
        bench.do(LiftMute(mute="m"), DISPATCHER)
    assert list(bench.state.unexplained) == ["m"]


def test_of_many_reasons_owed_the_newest_are_asked_for() -> None:
    bench = Bench()
    for n in range(UNEXPLAINED_KEPT + 3):
        bench.do(MuteSounding(mute=f"m{n}"), DISPATCHER)
        bench.do(LiftMute(mute=f"m{n}"), DISPATCHER)
    assert list(bench.state.unexplained) == [f"m{n}" for n in range(3, UNEXPLAINED_KEPT + 3)]


@pytest.mark.parametrize("how", ["cancelled", "rejected", "expired", "superseded"])
def test_a_mute_of_one_alert_is_lifted_with_it_whatever_ends_it(how: str) -> None:
    bench = Bench()
    bench.air("other", areas=(FAR_VILLAGE,))
    if how == "rejected":
        bench.submit()
    else:
        bench.air()
    for name, said in (("one", {"alert": "a1"}), ("kept", {"alert": "other"}), ("all", {})):
        bench.do(MuteSounding(mute=name, **said), DISPATCHER)
    if how == "cancelled":
        events = bench.do(CancelAlert(alert="a1", reason="false"), DISPATCHER)
    elif how == "rejected":
        sign = SignAlert(alert="a1", content=bench.state.alerts["a1"].content, verdict="reject")
        events = bench.do(sign, APPROVER)
    elif how == "expired":
        bench.now = Instant(NOON + 30 * MINUTE)
        events = bench.do(ExpireAlert(alert="a1"))
    else:
        bench.submit("a2", type="update", references=("a1",))
        bench.sign("a2")
        events = bench.speak("a2")
    lifted = [one for one in events if isinstance(one, MuteLifted)]
    assert [(one.mute, one.by, one.at) for one in lifted] == [("one", SYSTEM.id, bench.now)]
    assert bench.phase() == how and set(bench.state.mutes) == {"kept", "all"}
    assert list(bench.state.unexplained) == ["one"], "its reason is owed all the same"


def test_what_silences_a_channel_as_well_stays_until_a_person_lifts_it() -> None:
    bench = Bench()
    bench.air()
    bench.do(MuteSounding(mute="m", alert="a1", channels=(ChannelId("fm1"),)), DISPATCHER)
    assert kinds(bench.do(CancelAlert(alert="a1", reason="false"), DISPATCHER)) == ["alert.ended/1"]
    assert set(bench.state.mutes) == {"m"}


def test_an_alert_that_is_over_needs_no_mute_and_a_channel_is_silenced_all_the_same() -> None:
    bench = Bench()
    bench.air()
    bench.do(CancelAlert(alert="a1", reason="false"), DISPATCHER)
    assert bench.do(MuteSounding(mute="m", alert="a1"), DISPATCHER) == ()
    both = MuteSounding(mute="m", alert="a1", channels=(ChannelId("fm1"),))
    assert kinds(bench.do(both, DISPATCHER)) == ["alert.muted/1"]


def test_one_who_answers_for_a_part_mutes_and_lifts_that_part() -> None:
    bench = Bench()
    local = attrs.evolve(DISPATCHER, areas=(TOWN,))
    bench.do(MuteSounding(mute="m"), local)
    assert bench.state.mutes["m"].areas == (TOWN,)
    refused(bench, MuteSounding(mute="n", areas=(COUNTY,)), local, "area")
    bench.do(LiftMute(mute="m"), local)
    bench.do(MuteSounding(mute="all"), DISPATCHER)
    refused(bench, LiftMute(mute="all"), local, "area")
    bench.do(MuteSounding(mute="wide", areas=(COUNTY,)), DISPATCHER)
    refused(bench, LiftMute(mute="wide"), local, "area")


def test_a_mute_names_what_exists_and_the_mute_of_everything_is_always_open() -> None:
    bench = Bench()
    refused(bench, MuteSounding(mute="m", alert="nope"), DISPATCHER, "missing")
    refused(bench, MuteSounding(mute="m", areas=(AreaCode("999999999999"),)), DISPATCHER, "area")
    refused(bench, MuteSounding(mute="m", channels=(ChannelId("tv"),)), DISPATCHER, "missing")
    refused(bench, MuteSounding(mute=""), DISPATCHER, "rate")
    for n in range(500):
        bench.do(MuteSounding(mute=str(n), areas=(TOWN,)), DISPATCHER)
    refused(bench, MuteSounding(mute="more", areas=(TOWN,)), DISPATCHER, "rate")
    bench.do(MuteSounding(mute="all", channels=(ChannelId("fm1"),)), DISPATCHER)
    assert bench.state.mutes["all"].channels == ("fm1",)


def test_each_alert_keeps_its_own_stream_and_the_fifth_of_four_shares() -> None:
    bench = Bench()
    for n in range(5):
        bench.air(f"a{n}")
    assert [bench.state.alerts[f"a{n}"].line for n in range(5)] == [1, 2, 3, 4, 0]
    bench.do(CancelAlert(alert="a1", reason=""), DISPATCHER)
    bench.air("b")
    assert bench.state.alerts["b"].line == 2
    bench.air("u", type="update", references=("a0",))
    assert bench.state.alerts["u"].line == 1


def test_templates_are_reviewed_by_three_others_and_the_old_version_stays_in_force() -> None:
    bench = Bench()
    bench.do(SubmitTemplate(template="flood", body=FLOOD), DISPATCHER)
    sign = SignTemplate(template="flood", content=content_of(FLOOD))
    refused(bench, sign, DISPATCHER, "author")
    refused(bench, sign, ADMIN, "forbidden")
    for by in REVIEWERS:
        assert "flood" not in bench.state.templates
        bench.do(sign, by)
    assert bench.do(SubmitTemplate(template="flood", body=FLOOD), DISPATCHER) == ()
    newer = attrs.evolve(FLOOD, headline="新")
    bench.do(SubmitTemplate(template="flood", body=newer), EDITOR)
    assert bench.state.templates["flood"].body == FLOOD
    no = SignTemplate(template="flood", content=content_of(newer), verdict="reject", reason="no")
    bench.do(no, APPROVER)
    refused(bench, no, REVIEWERS[0], "missing")
    assert bench.do(SubmitTemplate(template="flood", body=newer), EDITOR) != ()
    refused(bench, SubmitTemplate(template="", body=FLOOD), EDITOR, "form")
    refused(bench, SubmitTemplate(template="x" * 101, body=FLOOD), EDITOR, "form")
    full = attrs.evolve(bench.state, proposals={str(n): bench.state.proposals["flood"] for n in range(500)})
    bench.state = full
    refused(bench, SubmitTemplate(template="more", body=FLOOD), EDITOR, "rate")


def test_speech_is_wanted_for_the_most_urgent_first_and_says_that_a_drill_is_broken_off() -> None:
    bench = Bench()
    bench.air("d", kind="drill", level=4)
    assert soundings(bench.state, bench.now, POLICY)[0].text.startswith("这是演练")
    bench.submit("low", level=4)
    bench.submit("high", level=1, areas=(FAR_VILLAGE,))
    wanted = speech_wanted(bench.state)
    assert [one.alert for one in wanted] == ["high", "low"]
    assert wanted[1].text.startswith("演练中止") and not wanted[0].text.startswith("演练中止")


def test_a_sounding_says_who_and_why_and_where() -> None:
    bench = Bench()
    bench.air("p", PROVINCE, UPSTREAM)
    one = soundings(bench.state, bench.now, POLICY)[0]
    assert one.channels == ("fm1",) and not one.duck and one.approval == "alert:p"
    assert len(one.ebm_id) == 35 and one.ebm_id[23:31] == "20261121"
    assert "province" in one.why_en and "上级" in one.why_zh
    bench.air("b", level=4)
    assert soundings(bench.state, bench.now, POLICY)[1].duck
    assert soundings(bench.state, Instant(NOON + 30 * MINUTE), POLICY) == ()


def test_state_survives_being_written_down() -> None:
    bench = Bench()
    bench.template()
    bench.from_template()
    bench.speak()
    bench.sign("a1", DISPATCHER)
    bench.do(MuteSounding(mute="m", alert="a1"), DISPATCHER)
    bench.do(MuteSounding(mute="n"), DISPATCHER)
    bench.do(LiftMute(mute="n"), DISPATCHER)
    assert from_plain(to_plain(bench.state), State) == bench.state


def test_events_of_other_parts_change_nothing() -> None:
    class Other(Event):
        pass

    assert evolve(EMPTY, Other()) is EMPTY


def test_too_much_that_waits_is_refused_but_never_what_is_verified_and_real() -> None:
    bench = Bench()
    for n in range(20):
        bench.submit(f"t{n}", UNSURE, UPSTREAM)
    with pytest.raises(Refused, match="Too many"):
        bench.submit("t20", UNSURE, UPSTREAM)
    verified = attrs.evolve(UNSURE, verified=True)
    bench.submit("t21", verified, UPSTREAM)
    bench.policy = attrs.evolve(POLICY, waiting_in_all=21)
    with pytest.raises(Refused, match="Too many"):
        bench.submit("t22", verified, UPSTREAM)


def test_overdue_is_said_once() -> None:
    bench = Bench()
    bench.air("p", PROVINCE, UPSTREAM)
    assert any(isinstance(event, SignatureOverdue) for event in bench.wait(NOON + 2 * HOUR))
    assert bench.do(FlagOverdue(alert="p")) == ()
    assert bench.do(ExpireAlert(alert="p")) == ()
    assert decide(bench.state, ReleaseHold(alert="p"), bench.now, DISPATCHER, POLICY) == ()


def test_identities_are_remembered_for_a_bounded_number_of_messages() -> None:
    bench = Bench()
    many = {f"old{n}": WRONG for n in range(SEEN_KEPT)}
    bench.state = attrs.evolve(bench.state, seen=many)
    bench.submit()
    assert len(bench.state.seen) == SEEN_KEPT and "old0" not in bench.state.seen and "a1" in bench.state.seen


def test_a_real_alert_breaks_off_the_drill_on_its_ground_and_no_other() -> None:
    bench = Bench()
    bench.air("here", kind="drill", level=4)
    bench.air("there", kind="drill", level=4, areas=(FAR_VILLAGE,))
    bench.air("real", level=3)
    assert bench.phase("here") == "superseded" and bench.phase("there") == "sounding"
    assert bench.state.alerts["here"].successor == "real"
    assert bench.state.alerts["real"].during_drill


def test_an_update_never_ends_itself_nor_what_came_from_above() -> None:
    bench = Bench()
    bench.air("self", type="update", references=("self",))
    assert bench.phase("self") == "sounding"
    bench.air("drill", kind="drill", level=4)
    bench.air("next", type="update", references=("drill", "self"))
    assert bench.phase("drill") == bench.phase("self") == "superseded"


def test_debts_of_signatures_are_bounded_too_and_the_oldest_leaves() -> None:
    bench = Bench()
    bench.air("p", PROVINCE, UPSTREAM)
    record = attrs.evolve(bench.state.alerts["p"], phase="owing")
    many = {f"old{n}": attrs.evolve(record, alert=f"old{n}") for n in range(OWING_KEPT)}
    bench.state = attrs.evolve(bench.state, alerts={**many, **bench.state.alerts})
    bench.wait(NOON + 30 * MINUTE)
    assert bench.phase("p") == "owing" and "old0" not in bench.state.alerts and "old1" in bench.state.alerts


def test_the_instant_of_expiry_is_already_too_late() -> None:
    expiry = Instant(NOON + 30 * MINUTE)
    bench = Bench()
    bench.template()
    for alert in ("signed", "glass", "spoken"):
        bench.from_template(alert, by=EDITOR)
    bench.now = expiry
    assert kinds(bench.sign("signed", APPROVER)) == ["alert.ended/1"]
    assert kinds(bench.do(glass(bench, "glass"), COLLEAGUE)) == ["alert.ended/1"]
    assert kinds(bench.speak("spoken")) == ["alert.spoken/1", "alert.ended/1"]


def test_the_number_of_a_message_made_here_is_of_the_day_it_sounds() -> None:
    bench = Bench()
    bench.air(sent=Instant(NOON - 30 * HOUR))
    bench.air("b", sent=Instant(NOON - 30 * HOUR))
    found = soundings(bench.state, bench.now, POLICY)
    assert {one.ebm_id[23:] for one in found} == {"202611210001", "202611210002"}
