"""What a journal's text tells, and which laws it shows broken."""

from __future__ import annotations

import hashlib

import pytest

from station.story import House, Story
from station.wire import canonical
from station.words import HOUR, MINUTE, Instant

NOON = Instant(1_795_233_600_000_000)  # 2026-11-21 12:00 in Shanghai
HOUSE = House(
    life_list=("11A51",),
    roles={"li": frozenset({"reviewer"}), "root": frozenset({"admin", "reviewer"}), "gao": frozenset({"operator"})},
    sources={"province": "province", "town": "township"},
)  # fmt: skip


class Told:
    """A story that is told as a test wants it."""

    def __init__(self, house=HOUSE):
        self.story = Story(house=house)

    def tell(self, kind, by="system", at=NOON, **body):
        if kind in ("alert.signed/1", "alert.ended/1", "rundown.signed/1"):
            body["by"] = by
        self.story.tell(kind, body, by, at)
        return self

    def submit(self, row="composer", needed=3, content="", **said):
        message = {
            "kind": "actual", "level": 1, "event": "11A51", "template": "", "effective": NOON,
            "expires": NOON + 30 * MINUTE, **said.pop("message", {}),
        }  # fmt: skip
        source = {
            "kind": "ebd", "id": "province", "authority": "county", "verified": True, "preauthorised": True,
            **said.pop("source", {}),
        }  # fmt: skip
        right = hashlib.sha256(canonical(message).encode()).hexdigest()
        self.content = content or right
        return self.tell(
            "alert.submitted/1", alert="a1", message=message, source=source, content=self.content, row=row,
            by=said.pop("by", "system"), needed=needed, submitted_by="sun", fails_open=False, hold_until=None, **said,
        )  # fmt: skip

    def sign(self, *people, **said):
        for by in people:
            self.tell("alert.signed/1", alert="a1", by=by, **{"content": self.content, **said})
        return self

    def speak(self):
        return self.tell("alert.spoken/1", alert="a1", audio="b" * 64)

    def air(self, since=NOON, until=NOON + MINUTE):
        return self.tell("alert.aired/1", alert="a1", since=since, until=until)

    def end(self, by, how="cancelled"):
        return self.tell("alert.ended/1", alert="a1", by=by, how=how)

    def session(self, signed, approval="session:fm1:1"):
        return self.tell("live.opened/1", signed=signed, approval=approval)

    @property
    def laws(self):
        return [law for law, _ in self.story.complaints]


def test_an_alert_with_its_signatures_breaks_nothing():
    told = Told().submit().speak().sign("li", "qian", "zhou").air()
    told.end("system", "expired").tell("something.else/1")
    assert told.laws == []
    assert told.story.approvals == {"alert:a1"} and told.story.expires == {"a1": NOON + 30 * MINUTE}


@pytest.mark.parametrize("people", [(), ("li",), ("li", "qian"), ("li", "qian", "sun")])
def test_too_few_signatures_are_seen_the_writer_is_none(people):
    assert "L10" in Told().submit().speak().sign(*people).air().laws


def test_what_else_spoils_signatures():
    assert Told().submit(content="0" * 64).laws == ["L10"], "another content than the message"
    assert Told().submit(needed=2).laws == ["L10"]
    assert Told().submit().sign("root").laws == ["L10"], "an administrator"
    assert Told().submit().sign("gao").laws == ["L10"]
    assert Told().submit().sign("li", "li").laws == ["L10"]
    assert Told().submit().sign("li", content="1" * 64).laws == ["L10"]
    owed = Told().submit().sign("li", owed=True)
    assert owed.laws == [] and owed.story.signed["a1"] == []


def test_rejected_or_soundless_it_does_not_air():
    ready = Told().submit().speak().sign("li", "qian", "zhou")
    assert ready.tell("alert.rejected/1", alert="a1").air().laws == ["L10"]
    assert Told().submit().sign("li", "qian", "zhou").air().laws == ["L10"]


def test_rows_take_only_what_belongs_there():
    def told(row, needed=0, **said):
        return Told().submit(row, needed, **said).laws

    assert told("upstream_life") == []
    assert told("upstream_life", message={"level": 3}) == ["L10"]
    assert told("upstream_life", message={"event": "11B06"}) == ["L10"]
    assert told("upstream_life", source={"verified": False}) == ["L10"]
    assert told("upstream_other", 1, message={"level": 4}) == []
    assert told("upstream_other", 1, message={"kind": "drill"}) == ["L10"]
    assert told("template_alone", 1, message={"template": "flood"}) == []
    assert told("template_alone", 1) == ["L10"]
    assert told("unverified", 3, source={"verified": False}) == []


def test_a_person_speaks_as_himself_and_what_came_in_at_a_door_as_its_source():
    mine = {"kind": "composer", "id": "li"}
    assert Told().submit(by="source:province").laws == Told().submit(by="li", source=mine).laws == []
    assert Told().submit(by="li").laws == ["L10"], "in the name of the province"
    assert Told().submit(by="li", source={"kind": "composer", "id": "wu"}).laws == ["L10"]
    assert Told().submit(by="li", source={"kind": "ebd", "id": "li"}).laws == ["L10"]


def test_no_life_list_opens_no_gate():
    told = Told(House()).submit("upstream_life", 0)
    assert told.laws == ["L10"]


def test_a_gate_that_fails_open_needs_nobody_once_its_timer_is_over():
    def told(hold):
        made = Told().submit("upstream_other", 1).speak()
        made.story.submitted["a1"].update(fails_open=True, hold_until=hold)
        return made.air().laws

    assert told(NOON - MINUTE) == [] and told(NOON + MINUTE) == ["L10"] and told(None) == ["L10"]


def test_two_break_the_glass():
    made = Told().submit().speak().tell("alert.glassbroken/1", alert="a1")
    assert made.sign("li", "sun").air().laws == [], "the one who wrote it may be one of the two"
    made = Told().submit().speak().tell("alert.glassbroken/1", alert="a1")
    assert made.sign("li").air().laws == ["L10"]


def test_outside_its_time_it_does_not_sound():
    ready = ("li", "qian", "zhou")
    assert Told().submit().speak().sign(*ready).air(since=NOON - 1).laws == ["L5"]
    assert Told().submit().speak().sign(*ready).air(until=NOON + HOUR).laws == ["L5"]


@pytest.mark.parametrize(("hour", "good"), [(9, True), (9.4, True), (9.6, False), (14, False), (17.9, False), (18, True)])  # fmt: skip
def test_nothing_daily_sounds_at_night(hour, good):
    at = Instant(NOON + round(hour * HOUR))
    message = {"kind": "daily", "effective": NOON, "expires": NOON + 24 * HOUR}
    told = Told().submit("daily_drill", message=message).speak().sign("li", "qian", "zhou")
    assert told.air(since=at, until=Instant(at + MINUTE)).laws == ([] if good else ["L9"])


def test_quiet_hours_may_lie_within_a_day():
    story = Story(house=House(quiet_from="11:00", quiet_to="13:00"))
    assert story.quiet(NOON) and not story.quiet(Instant(NOON + 2 * HOUR))


def test_who_may_end_it():
    assert Told().submit().end("wang").laws == []
    assert Told().submit(source={"authority": "province"}).end("wang").laws == ["L8"]
    assert Told().submit(source={"authority": "province"}).end("province").laws == []
    assert Told().submit().end("town").laws == ["L8"]
    assert Told().submit(source={"authority": "province"}).end("system", "finished").laws == []
    assert Told().end("wang").laws == [], "nothing is known of it"


def test_mutes_are_approvals_while_and_after_they_last():
    told = Told().tell("alert.muted/1", mute="m1")
    assert told.story.mutes == {"m1"}
    told.tell("alert.unmuted/1", mute="m1")
    assert told.story.mutes == set() and "mute:m1" in told.story.approvals


def test_a_rundown_needs_three_different_people():
    def told(*people):
        made, day = Told(), {"channel": "fm1", "day": "2026-11-21", "content": "c" * 64}
        for by in people:
            made.tell("rundown.signed/1", by=by, **day)
        return made.tell("rundown.approved/1", **day)

    good = told("li", "qian", "zhou")
    assert good.laws == [] and good.story.approvals == {"rundown:fm1:2026-11-21:" + "c" * 12}
    assert told("li", "qian").laws == ["L10"]
    assert told("li", "li", "qian").laws == ["L10", "L10"]
    assert told().laws == ["L10"]


def test_a_verified_red_alert_that_waits_is_seen():
    def told(row="upstream_life"):
        return Told().submit(row, 0 if row == "upstream_life" else 3)

    def late(made, after=MINUTE):
        made.story.due_on_air(Instant(NOON + after), 15_000_000)
        return made.laws

    assert late(told().speak()) == ["L9"]
    assert late(told().speak(), 10_000_000) == [], "a moment is allowed"
    assert late(told()) == [], "it has no sound yet"
    assert late(told().speak().air()) == []
    assert late(told().speak().end("system", "refused")) == []
    assert late(told().speak().tell("alert.rejected/1", alert="a1")) == []
    assert late(told("composer").speak()) == []
    assert late(told().speak(), HOUR) == [], "its time is over"


def test_a_session_rests_on_a_rundown_that_three_people_signed():
    def signed(told):
        day = {"channel": "fm1", "day": "2026-11-21", "content": "c" * 64}
        for who in ("a", "b", "c"):
            told.tell("rundown.signed/1", by=who, **day)
        return told.tell("rundown.approved/1", **day)

    rundown = "rundown:fm1:2026-11-21:" + "c" * 12
    good = signed(Told()).session(rundown)
    assert good.laws == [] and "session:fm1:1" in good.story.approvals
    assert Told().session(rundown).laws == ["L10"]
    assert signed(Told()).session(rundown, "rundown:x").laws == ["L10"]
