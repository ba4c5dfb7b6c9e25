"""What the glass shows: one sentence on top that names the worst first, channels that never pretend to know, alerts with all their why."""

from types import SimpleNamespace

import attrs
import pytest
from emergency_help import COMPOSER, NOON, PROVINCE, TOWN, VILLAGES, message

from devices.messages import TerminalsAnswered, TerminalsLink
from emergency import reasons
from emergency.messages import (
    AlertEnded,
    AlertHeld,
    AlertRejected,
    AlertSigned,
    AlertSpeechless,
    AlertSpoken,
    AlertSubmitted,
    AlertWentOnAir,
    GlassBroken,
    OralOrderRecorded,
    SignatureOverdue,
)
from schedules.plan import Take
from station import shown
from station.alert_book import Counts, alert_of, fold
from station.shown import STALE, Measured, Playing
from station.views import CountsView, PlantLine
from station.words import Instant, Text, instant_of, sample_at

NOW = NOON
HERE = sample_at(NOW)
FM = "fm1"
NAME = Text("One", "一台")


class Naming:
    def person(self, operator):
        return Text(operator.title(), f"{operator}师傅")

    def area(self, code):
        return f"<{code[-3:]}>"


def take(start, end, **changes):
    made = Take(
        item="i", start=HERE + start, end=HERE + end, kind="programme", title=f"t{start}", approval="rundown:x", media="a" * 64
    )  # fmt: skip
    return attrs.evolve(made, **changes)


PLAYING = Playing(
    at=NOW, take="t", overlay="", rung="file", peak=(1, 2), rms=(3, 4), plan_until=HERE + 48_000
)
MEASURED = Measured(at=NOW, state="NORMAL", since=NOW, real_return=False)
TAKES = (
    take(-100, 4_800_000),
    take(4_800_000, 9_600_000, hard=True),
    take(9_600_000, 9_700_000, category="relay"),
)


def view(takes=TAKES, playing=PLAYING, measured=MEASURED, missing=lambda _: False, muted=False):
    return shown.channel_view(
        FM, NAME, SimpleNamespace(takes=takes) if takes is not None else None, playing, measured, NOW,
        missing=missing, titles={"a1": "山洪"}, muted=muted,
    )  # fmt: skip


def test_a_channel_shows_what_is_on_what_comes_and_when():
    made = view()
    assert (made.now.title, [one.title for one in made.next]) == ("t-100", ["t4800000", "t9600000"])
    assert made.item_ends == instant_of(HERE + 4_800_000) == made.next_hard
    assert made.next_relay == instant_of(HERE + 9_600_000)
    assert (made.rung, made.levels.peak, made.levels.rms) == ("file", (1, 2), (3, 4))
    assert (made.state, made.measured_at, made.plan_until) == ("NORMAL", NOW, instant_of(HERE + 48_000))
    assert made.now.readiness == "ready" and made.now.approval in made.now.why.en and made.now.why.zh


def test_the_take_that_just_ended_is_gone_and_the_one_that_begins_now_is_on():
    made = view((take(-9, 0), take(0, 5)))
    assert made.now.title == "t0" and made.next == []
    waiting = view((take(1, 5),))
    assert waiting.now is None and waiting.item_ends is None and waiting.next[0].title == "t1"


def test_no_more_than_five_are_shown_and_what_is_missing_is_said():
    made = view(tuple(take(k * 10, k * 10 + 10) for k in range(9)), missing=lambda sha: sha == "a" * 64)
    assert len(made.next) == 5 and {one.readiness for one in made.next} == {"missing"}
    assert view((take(0, 9, media=None),), missing=lambda _: True).now.readiness == "ready"


def test_what_was_not_reported_is_not_claimed():
    made = view(None, None, None)
    assert (made.now, made.levels, made.player_at, made.state, made.rung) == (None, None, None, "UNKNOWN", "")
    assert made.plan_until is None and made.measured_at is None and made.real_return is False


def test_an_overlay_counts_only_while_the_player_reports():
    over = attrs.evolve(PLAYING, overlay="a1/fm1")
    assert (view(playing=over).overlay, view(playing=over).overlay_title) == ("a1", "山洪")
    stale = attrs.evolve(over, at=Instant(NOW - STALE))
    assert view(playing=stale).overlay == ""
    assert view(playing=attrs.evolve(over, at=Instant(NOW - STALE + 1))).overlay == "a1"


def tone(channels=None, **matters):
    said, text = shown.sentence([view()] if channels is None else channels, shown.Matters(**matters), NOW)
    assert text.zh
    return said, text.en


def test_a_good_day_says_what_is_on_and_how_long():
    said, text = tone()
    assert said == "good" and text == "Normal: One plays t-100, ends in 1′40″; next is ready"
    assert "NOT ready" in tone([view(missing=lambda _: True)])[1]
    long = view((take(0, 48_000 * 7_384),))
    assert "2h03′04″" in tone([long])[1] and "NOT ready" in tone([long])[1]
    assert "ends in 3h00′00″" in tone([view((take(0, 48_000 * 10_800),))])[1]
    assert tone([view(())]) == ("warn", "One: no plan")
    assert tone([]) == ("warn", "Station: no plan")
    two = (take(-9, 99), take(99, 199, media="b" * 64), take(199, 299))
    assert "next is NOT ready" in tone([view(two, missing=lambda sha: sha == "b" * 64)])[1]


@pytest.mark.parametrize("state", ["FOREIGN", "WRONG", "OUTAGE", "EMPTY"])
def test_trouble_that_is_heard_comes_first_while_it_is_fresh(state):
    bad = attrs.evolve(MEASURED, state=state)
    said, text = tone([view(), view(measured=bad)], mutes=1)
    assert said == "bad" and text.startswith("One: ")
    old = attrs.evolve(bad, at=Instant(NOW - 4 * STALE))
    assert tone([view(measured=old)])[0] == "good", "12 s old: no longer said, not yet unknown"
    assert tone([view(measured=attrs.evolve(old, at=Instant(NOW - 4 * STALE - 1)))]) == (
        "warn", "One: on air, but nobody measures it",
    )  # fmt: skip


def test_filler_in_place_of_what_is_due_is_called_filler():
    fallen = attrs.evolve(MEASURED, state="WRONG", filler=True)
    assert tone([view(measured=fallen)]) == (
        "bad", "One: filler is heard in place of the item that is due",
    )  # fmt: skip
    assert "not due" in tone([view(measured=attrs.evolve(fallen, filler=False))])[1]
    assert "filler" not in tone([view(measured=attrs.evolve(fallen, at=Instant(NOW - 5 * STALE)))])[1]


def test_a_player_that_is_silent_or_fallen_is_trouble():
    assert "does not report" in tone([view(playing=None)])[1]
    assert tone([view(playing=attrs.evolve(PLAYING, at=Instant(NOW - STALE)))])[0] == "good"
    assert tone([view(playing=attrs.evolve(PLAYING, at=Instant(NOW - STALE - 1)))])[0] == "bad"
    assert tone([view(playing=attrs.evolve(PLAYING, rung="loop"))]) == ("bad", "One: on fallback (loop)")
    assert tone([view(playing=attrs.evolve(PLAYING, rung=""))])[0] == "good"
    assert "nobody measures" in tone([view(measured=None)])[1]


def test_a_mute_goes_before_an_alert_and_an_alert_before_a_debt():
    heard = SimpleNamespace(kind="actual", headline="山洪", counts=SimpleNamespace(playing=3, addressed=9))
    assert tone(sounding=[heard], mutes=2, overdue=1)[1].startswith("MUTED: 2")
    assert tone(sounding=[heard], overdue=1) == ("warn", "ALERT on air: 山洪; playing 3 of 9")
    heard.headline = "请立即转移。"
    assert tone(sounding=[heard])[1] == "ALERT on air: 请立即转移; playing 3 of 9"
    heard.kind = "drill"
    assert tone(sounding=[heard])[1].startswith("DRILL")
    heard.kind = "daily"
    assert tone(sounding=[heard])[1].startswith("notice")
    assert tone(overdue=3) == ("warn", "3 signature(s) overdue")


def line(tone, en="no carrier", name="TX1"):
    return PlantLine(device="tx1", name=Text(name, "一号机"), tone=tone, text=Text(en, "无载波"))


def on(*lines, **changes):
    return attrs.evolve(view(**changes), carriers=list(lines))


def test_a_lost_carrier_is_named_with_its_channel_before_the_silence_it_makes_and_after_what_is_foreign():
    lost = on(line("bad"), measured=attrs.evolve(MEASURED, state="OUTAGE"))
    assert tone([view(), lost]) == ("bad", "One: TX1: no carrier")
    fallen = view(playing=attrs.evolve(PLAYING, rung="loop"))
    assert tone([fallen, lost])[1] == "One: TX1: no carrier"
    foreign = on(measured=attrs.evolve(MEASURED, state="FOREIGN"))
    assert "FOREIGN" in tone([lost, foreign])[1]
    assert tone([on(line("good"))])[0] == "good"


def test_a_supply_on_battery_comes_after_carriers_and_before_a_mute():
    battery = line("bad", "on battery, 20 min left", "hill supply")
    assert tone(power=[line("warn"), battery], mutes=1) == ("bad", "hill supply: on battery, 20 min left")
    assert tone([on(line("bad"))], power=[battery])[1] == "One: TX1: no carrier"
    assert tone(power=[line("warn")])[0] == "good"


def test_a_carrier_taken_off_and_an_alert_that_waits_are_never_normal():
    waits = SimpleNamespace(headline="山洪", signatures=["li"], needed=3)
    assert tone(waiting=[waits], overdue=1) == ("warn", "Alert waits: 山洪, 1 of 3 signatures")
    assert tone(waiting=[waits, waits])[1].endswith("1 of 3 signatures (1 more)")
    off = on(line("good"), line("warn", "taken off the air"))
    assert tone([view(), off], waiting=[waits]) == ("warn", "One: TX1: taken off the air")
    assert tone([off], mutes=1)[1].startswith("MUTED")


# -- the book of alerts -------------------------------------------------------------------------


def submitted(source=PROVINCE, **changes):
    said = {
        "alert": "a1", "message": message(), "source": source, "content": "c" * 64, "incident": "i", "row": "composer",
        "needed": 3, "owed": 1, "submitted_by": "sun", **changes,
    }  # fmt: skip
    return AlertSubmitted(**said)


def story(*events, row=None):
    for at, happened in enumerate(events):
        assert alert_of(happened) == "a1"
        row = fold(row, happened, Instant(at))
    return row


def signed(by="li", owed=False):
    return AlertSigned(alert="a1", by=by, content="c" * 64, owed=owed)


def test_a_row_tells_an_alert_from_arrival_to_end():
    row = story(
        submitted(),
        AlertHeld(alert="a1", why_en="night", why_zh="夜间", until=Instant(9)),
        AlertSpoken(alert="a1", audio="d" * 64, samples=48_001, engine="e"),
        signed(),
        OralOrderRecorded(alert="a1", by="zhao", ordered_by="县长", number="110", recording=""),
        AlertWentOnAir(
            alert="a1", since=Instant(5), until=Instant(8), row="breakglass", signers=("li",), line=2
        ),
        TerminalsAnswered(alert="a1", at=6, ordered=5, acknowledged=4, playing=3, heard=2, silent=1),
        SignatureOverdue(alert="a1"),
        AlertEnded(alert="a1", how="expired", by="system", reason="r"),
    )
    assert not story(submitted()).overdue
    assert (row.held_en, row.held_zh, row.hold_until) == ("night", "夜间", 9)
    assert (row.audio, row.samples, row.engine) == ("d" * 64, 48_001, "e")
    assert [(given.by, given.at, given.owed) for given in row.signatures] == [("li", 3, False)]
    assert (row.aired_at, row.until, row.row, row.signers, row.line) == (5, 8, "breakglass", ("li",), 2)
    assert row.counts == Counts(ordered=5, acknowledged=4, playing=3, heard=2, silent=1)
    assert row.overdue and row.oral == "县长 110"
    assert (row.ended_at, row.ended_how, row.ended_by, row.reason) == (8, "expired", "system", "r")


def test_a_debt_is_settled_by_as_many_owed_signatures_as_are_owed():
    row = story(submitted(owed=2), SignatureOverdue(alert="a1"), signed("li", owed=True))
    assert row.overdue
    assert story(signed("wu"), row=row).overdue, "one that was not owed settles nothing"
    assert not story(signed("wu", owed=True), row=row).overdue


def test_what_breaks_the_glass_changes_what_is_needed_and_who_rejects_ends_it():
    row = story(submitted(), GlassBroken(alert="a1", by="z", content="c", reason="r", needed=2, owed=1))
    assert (row.row, row.needed, row.owed) == ("breakglass", 2, 1)
    row = story(
        AlertSpeechless(alert="a1", why="no voice"), AlertRejected(alert="a1", by="li", reason="no"), row=row
    )
    assert (row.speechless, row.ended_how, row.ended_by, row.reason) == ("no voice", "rejected", "li", "no")


def test_what_is_about_no_alert_or_an_unknown_one_makes_no_row():
    assert alert_of(TerminalsLink(online=1, registered=2, at=Instant(0))) is None
    assert fold(None, signed(), Instant(0)) is None


# -- an alert as it is shown --------------------------------------------------------------------

COUNTS = CountsView(addressed=9, ordered=9, acknowledged=8, playing=7, heard=6, offline=1)
FACTS = shown.AlertFacts(
    phase="sounding", text="转移", may_sign=True, owed_left=1, owed_until=Instant(7), villages=3, terminals=9,
    unreachable=tuple(VILLAGES) * 10, counts=COUNTS, muted=True,
)  # fmt: skip


def test_an_alert_is_shown_with_its_why_its_counts_and_its_signatures():
    row = story(submitted(), AlertSpoken(alert="a1", audio="d" * 64, samples=48_001, engine="e"), signed())
    made = shown.alert_view(row, FACTS, Naming())
    assert (made.id, made.phase, made.phase_text.zh, made.audio_seconds) == ("a1", "sounding", "正在播出", 2)
    assert len(made.unreachable) == 50 and made.unreachable[0] == "<001>"
    assert (made.owed, made.owed_until, made.muted, made.may_sign, made.counts) == (1, 7, True, True, COUNTS)
    assert made.signatures[0].name.zh == "li师傅" and made.hold_why is None
    assert made.area_names == "<001>" and made.headline == "山洪红色预警" and made.verified
    assert "3 before air" in made.why.en and "Li" in made.why.en and "li师傅" in made.why.zh
    held = story(AlertHeld(alert="a1", why_en="night", why_zh="夜间"), row=row)
    assert shown.alert_view(held, FACTS, Naming()).hold_why == Text("night", "夜间")


def test_an_ended_alert_keeps_how_it_ended():
    row = story(submitted(), AlertRejected(alert="a1", by="li", reason="no"))
    made = shown.alert_view(row, attrs.evolve(FACTS, phase=""), Naming())
    assert (made.phase, made.phase_text) == ("rejected", shown.REJECTED)
    assert (made.ended_by, made.ended_reason) == (Text("Li", "li师傅"), "no")


def test_what_ended_by_itself_was_ended_by_nobody():
    waiting = story(submitted())
    over = story(AlertEnded(alert="a1", how="expired", by="system"), row=waiting)
    for row in (waiting, over):
        made = shown.alert_view(row, FACTS, Naming())
        assert (made.ended_by, made.ended_reason) == (None, "")


def test_only_what_comes_from_elsewhere_can_lack_a_verified_signature():
    made = [
        shown.alert_view(story(submitted(source=attrs.evolve(COMPOSER, kind=kind))), FACTS, Naming()).composed
        for kind in ("ebd", "cap", "same", "composer", "template")
    ]
    assert made == [False, False, False, True, True]


def test_where_it_came_from_says_whether_that_is_sure():
    assert "composed here by Wang" in reasons.source_text(COMPOSER, Naming().person).en
    assert "signature verified" in reasons.source_text(PROVINCE, Naming().person).en
    doubtful = reasons.source_text(attrs.evolve(PROVINCE, verified=False), Naming().person)
    assert "NOT verified" in doubtful.en and "未验签" in doubtful.zh


def test_why_names_nobody_where_nobody_signed_and_the_oral_order_where_there_was_one():
    row = story(submitted(row="ancient"))
    assert (
        shown.why_text(row, Naming()).en.endswith("signed by nobody")
        and "rule: ancient" in shown.why_text(row, Naming()).en
    )
    row = story(OralOrderRecorded(alert="a1", by="z", ordered_by="县长", number="1", recording="r"), row=row)
    assert shown.why_text(row, Naming()).en.endswith("oral order: 县长 1 r")


def test_many_areas_are_named_by_the_first_few():
    assert shown.named([TOWN] * 6, Naming()) == "、".join(["<000>"] * 6)
    assert shown.named([TOWN] * 7, Naming()).endswith("等 7")


def test_an_interval_of_the_as_run_is_shown_as_it_stands():
    from station.views import AsRunView

    row = {field.name: f"x{n}" for n, field in enumerate(attrs.fields(AsRunView))}
    assert attrs.asdict(shown.asrun_view({**row, "more": 1})) == row


def test_what_is_not_about_an_alert_leaves_its_row_as_it_is():
    said = TerminalsLink(online=1, registered=2, at=NOW)
    row = object.__new__(shown.AlertRow)
    assert fold(row, said, NOW) is row and alert_of(said) is None


def test_what_is_held_since_an_upgrade_is_said_with_what_to_do():
    said = shown.held_text("0.1.0", 2)
    assert "2 alert(s)" in said.en and "0.1.0" in said.en and "gengfu upgrade --release" in said.zh
