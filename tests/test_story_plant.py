"""What a journal's text tells about carriers and alarms: the two ways each law can be broken, and what is allowed."""

from __future__ import annotations

from typing import Any

import pytest

from station.story_plant import PlantStory

ASKED = {"device": "tx", "ask": 1, "by": "gao", "at": 100, "until": 400}


def told(*records: tuple[str, dict[str, Any]]) -> list[tuple[str, str]]:
    story = PlantStory()
    for kind, body in records:
        story.tell(kind, body)
    return story.complaints


def off(at: int = 200, rule: str = "two-off", by: tuple[str, ...] = ("gao", "he"), cause: str = "") -> Any:
    body = {"device": "tx", "order": 2, "on": False, "by": list(by), "rule": rule, "cause": cause, "at": at}
    return "carrier.ordered/1", body


def test_two_persons_take_a_carrier_down():
    assert told(("carrier.asked/1", ASKED), off()) == []


@pytest.mark.parametrize("order", [off(by=("gao", "gao")), off(at=400), off(by=("he", "wang"))])
def test_one_person_too_late_or_without_whoever_asked_breaks_l8(order):
    assert [law for law, _ in told(("carrier.asked/1", ASKED), order)] == ["L8"]


def test_an_asking_that_was_taken_back_or_used_is_none():
    asked = ("carrier.asked/1", ASKED)
    assert [law for law, _ in told(asked, ("carrier.withdrawn/1", {"device": "tx", "ask": 1}), off())] == ["L8"]  # fmt: skip
    assert [law for law, _ in told(asked, off(), off())] == ["L8"]


def test_one_person_is_enough_to_come_back():
    back = {"device": "tx", "order": 3, "on": True, "by": ["gao"], "rule": "one-on", "cause": "", "at": 9}
    assert told(("carrier.ordered/1", back)) == []


def test_one_person_is_enough_while_an_alert_sounds_and_no_longer():
    aired = ("alert.aired/1", {"alert": "a1", "until": 300})
    alone = off(rule="alert", by=("gao",), cause="a1")
    assert told(aired, alone) == []
    ended = ("alert.ended/1", {"alert": "a1"})
    for records in ((alone,), (aired, off(at=300, rule="alert", cause="a1")), (aired, ended, alone)):
        assert [law for law, _ in told(*records)] == ["L8"]


def test_one_person_is_enough_while_foreign_programme_is_heard():
    foreign = ("incident.opened/1", {"channel": "fm1", "state": "FOREIGN"})
    outage = ("incident.opened/1", {"channel": "fm1", "state": "OUTAGE"})
    alone = off(rule="foreign", by=("gao",), cause="fm1")
    assert told(foreign, alone) == []
    closed = ("incident.closed/1", {"channel": "fm1"})
    for records in ((alone,), (outage, alone), (foreign, closed, alone)):
        assert [law for law, _ in told(*records)] == ["L8"]


def test_an_order_is_sent_once():
    sent = ("carrier.sent/1", {"device": "tx", "order": 2})
    assert told(sent, ("carrier.sent/1", {"device": "tx", "order": 3})) == []
    assert [law for law, _ in told(sent, sent)] == ["L11"]


def test_orders_that_were_sent_are_counted_by_device():
    story = PlantStory()
    story.tell("carrier.sent/1", {"device": "tx", "order": 2})
    story.tell("nobody's/1", {})
    assert (story.orders["tx"], story.orders["other"]) == (1, 0)


def test_an_alarm_is_raised_again_only_after_it_returned():
    raised = ("alarm.raised/1", {"key": "tx.contact", "alarm": 7})
    other = ("alarm.raised/1", {"key": "ups.battery", "alarm": 8})
    assert told(raised, other, ("alarm.returned/1", {"alarm": 7}), raised) == []
    assert [law for law, _ in told(raised, ("alarm.returned/1", {"alarm": 8}), raised)] == ["L11"]
