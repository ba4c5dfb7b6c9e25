"""Every kind of journal record reads as a sentence, in both languages."""

import re
from string import Formatter
from typing import get_args, get_type_hints

import attrs
import pytest

import station.building  # noqa: F401 - registers every kind of event
from emergency.messages import AlertEnded
from safety.messages import SlotState
from station.records import Record
from station.sentences import SENTENCES, approval_named, cause_named, journal_view, sentence
from station.words import EVENTS, Text

KINDS = sorted(kind for kind, cls in EVENTS.items() if not cls.__module__.startswith(("test_", "tests")))
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_a_sentence_made_of_its_own_fields(kind):
    name = kind.partition("/")[0]
    assert name in SENTENCES, f"{kind} has no sentence"
    en, zh = SENTENCES[name]
    fields = {field.name for field in attrs.fields(EVENTS[kind])} | {"by"}
    for text in (en, zh):
        named = {field for _, field, _, _ in Formatter().parse(text) if field}
        assert named <= fields, f"{kind} has no {named - fields}"
    assert CHINESE.search(zh) and not CHINESE.search(en)


def test_no_sentence_is_about_a_kind_that_does_not_exist():
    assert {kind.partition("/")[0] for kind in KINDS} == set(SENTENCES)


def record(kind, body, by="zhao"):
    return Record(position=7, at=5, kind=kind, body=body, by=by, previous="0" * 64, hash="1" * 64)


def test_a_record_is_told_with_what_it_holds_and_who_did_it():
    made = journal_view(record("alert.unmuted/1", '{"by":"zhao","mute":"m1"}'))
    assert (made.position, made.at, made.kind, made.by) == (7, 5, "alert.unmuted/1", "zhao")
    assert made.sentence == Text("zhao lifted a local mute", "zhao 解除一项本地静音"), (
        "no number nobody knows"
    )


@pytest.mark.parametrize("how", get_args(get_type_hints(AlertEnded)["how"]))
def test_how_an_alert_ended_is_said_in_the_language_of_the_reader(how):
    said = sentence("alert.ended/1", {"alert": "a1", "how": how, "reason": ""}, "zhao")
    assert how not in said.zh and CHINESE.search(said.zh.partition("结束:")[2])
    assert not CHINESE.search(said.en)


@pytest.mark.parametrize("state", get_args(SlotState))
def test_what_was_measured_is_said_in_chinese(state):
    assert state not in sentence("incident.opened/1", {"channel": "fm1", "state": state}, "system").zh


def test_a_value_nobody_wrote_words_for_stays_as_it_is():
    assert sentence("alert.ended/1", {"alert": "a1", "how": "eaten"}, "zhao").zh == "预警 a1 结束:eaten"


def test_a_kind_of_a_later_release_is_shown_by_its_name():
    made = journal_view(record("moon.risen/9", "{}"))
    assert "moon.risen" in made.sentence.en and "moon.risen" in made.sentence.zh


def test_a_kind_without_a_sentence_is_shown_by_its_name_and_missing_fields_stay_empty():
    assert sentence("never.heard/1", {}, "li").en == "never.heard/1"
    assert sentence("alert.signed/1", {}, "li").en == "li signed alert"


def test_long_lists_are_cut_where_a_reader_still_follows():
    said = sentence(
        "alert.muted/1", {"alert": "a", "areas": [str(n) for n in range(9)], "reason": "x" * 300}, "li"
    )
    assert "3 …" in said.en and said.en.endswith("…") and len(said.en) < 200


class Book:
    def person(self, operator):
        return Text("Li Na", "李娜") if operator == "li" else Text(operator, operator)

    def headline(self, alert):
        return {"a1": "山洪预警"}.get(alert, alert)

    def channel_name(self, channel):
        return Text("Radio", "广播")

    def device_name(self, device):
        return Text("main transmitter", "主发射机")

    def area(self, code):
        return {"340422100": "寿春镇"}.get(code, code)


def test_people_alerts_and_channels_are_called_by_their_names():
    said = journal_view(
        record("alert.signed/1", '{"alert":"a1","by":"li","content":"c","owed":false}', "li"), Book()
    )
    assert said.sentence == Text("Li Na signed alert “山洪预警”", "李娜 签审通过预警 “山洪预警”")
    moved = journal_view(record("alert.moved/1", '{"alert":"a2","channel":"fm1","start":1}'), Book())
    assert moved.sentence == Text("alert “a2” begins later on Radio", "预警 “a2” 在 广播 推迟起播")
    opened = record(
        "incident.opened/1", '{"channel":"fm1","point":"p","state":"OUTAGE","since":1,"cause":"no packets"}'
    )
    assert "没有数据包" in journal_view(opened, Book()).sentence.zh
    assert "no packets" in journal_view(opened).sentence.en


def test_whom_an_alarm_called_is_said_by_name_and_nobody_in_words():
    body = '{"alarm":7,"level":2,"who":["li","wu"],"at":1}'
    said = journal_view(record("alarm.escalated/1", body, "system"), Book()).sentence
    assert said.en.endswith("called Li Na, wu") and said.zh.endswith("叫应 李娜、wu")
    nobody = journal_view(
        record("alarm.escalated/1", body.replace('"li","wu"', ""), "system"), Book()
    ).sentence
    assert "nobody" in nobody.en and "无人" in nobody.zh


def test_who_ordered_a_carrier_and_by_which_rule_is_said_in_words():
    body = {"device": "d", "on": False, "by": ["li", "wu"], "rule": "two-off", "cause": "", "reason": "ice"}
    two = sentence("carrier.ordered/1", body, "wu", Book())
    assert two.en == "the carrier of main transmitter was ordered off by Li Na, wu (two persons decided): ice"
    assert two.zh == "李娜、wu 下令关闭 主发射机 载波(两人确认):ice"
    alert = sentence("carrier.ordered/1", {**body, "rule": "alert", "cause": "a1"}, "li", Book())
    assert "“山洪预警”" in alert.zh and "a1" not in alert.en
    foreign = sentence("carrier.ordered/1", {**body, "rule": "foreign", "cause": "fm1"}, "li", Book())
    assert "Radio" in foreign.en and "广播" in foreign.zh


def test_where_it_was_muted_is_said_by_name():
    body = {"alert": "", "areas": ["340422100", *"abcd"], "reason": "flood"}
    said = sentence("alert.muted/1", body, "li", Book())
    assert said == Text("Li Na muted 寿春镇、a、b、c … flood", "李娜 本地静音 寿春镇、a、b、c … flood")


def test_a_cause_that_names_an_alert_calls_it_by_its_headline():
    said = cause_named("a1/fm1 is due and not heard", Book())
    assert said == Text("“山洪预警” (Radio) is due and not heard", "应播 “山洪预警” (广播) 而未听到")
    assert cause_named("a1 is not due", Book()).zh == "“山洪预警” 不在应播之列"
    assert cause_named("nobody knows/what", Book()).en == "nobody knows/what"
    opened = {"channel": "fm1", "state": "OUTAGE", "cause": "a1/fm1 is due and not heard"}
    assert "“山洪预警” (广播)" in sentence("incident.opened/1", opened, "system", Book()).zh


@pytest.mark.parametrize(
    ("approval", "zh"),
    [
        ("alert:a1", "预警“山洪预警”"),
        ("mute:m1", "本地静音"),
        ("rundown:fm1:2026-11-22:0123456789ab", "广播 2026-11-22 节目单"),
        ("standing:filler", "长期许可"),
        ("session:fm1:86175015360000", "广播 直播"),
        ("session:odd", "session:odd"),
        ("rundown:odd", "rundown:odd"),
    ],
)
def test_what_approves_is_named_in_words(approval, zh):
    assert approval_named(approval, Book()).zh == zh
    assert not CHINESE.search(approval_named(approval, Book()).en.replace("山洪预警", ""))


@pytest.mark.parametrize("row", ["template_alone", "composer", "breakglass", "unverified"])
def test_the_rule_of_an_alert_is_named_in_words(row):
    said = sentence("alert.aired/1", {"alert": "a1", "row": row}, "system", Book())
    assert row not in said.en and row not in said.zh and CHINESE.search(said.zh.partition("规则")[2])


def test_the_ways_of_a_relay_are_counted_as_the_page_counts_them():
    said = sentence("relay.chosen/1", {"relay": "cnr", "member": 0, "number": 3, "by": "gao"}, "gao", Book())
    assert "way 1" in said.en and "第 1 路" in said.zh


def test_the_journal_says_what_was_played_and_for_how_long_what_was_heard():
    entries = [{"channel": "fm1", "what": what, "title": "楚风"} for what in ("end", "start")]
    aired = sentence("asrun.entries/1", {"chain": "radio", "entries": entries}, "system", Book())
    assert aired.zh == "播出记录(广播):《楚风》播完、《楚风》开始"
    assert aired.en == "as-run (Radio): “楚风” ended, “楚风” began"
    runs = [
        {"first": 0, "last": 60, "state": "NORMAL"},
        {"first": 60, "last": 104, "state": "NORMAL"},
        {"first": 104, "last": 110, "state": "ODD"},
    ]
    heard = sentence(
        "slots.measured/1", {"channel": "fm1", "point": "player-output", "runs": runs}, "s", Book()
    )
    assert heard.zh == "广播 监测(播放器输出):正常 10.4 秒、ODD 0.6 秒"
    assert heard.en == "the witness of Radio at the player's own output: normal 10.4 s, ODD 0.6 s"
    assert sentence(
        "slots.measured/1", {"channel": "fm1", "point": "塔顶", "runs": runs * 3}, "s"
    ).zh.endswith("秒 …")


def test_a_line_without_a_title_and_a_gap_of_the_log_are_said_too():
    gap = {"channel": "fm1", "what": "gap", "title": ""}
    said = sentence(
        "asrun.entries/1", {"chain": "radio", "entries": [gap, {"what": "start", "ref": "idle"}]}, "s"
    )
    assert said.zh == "播出记录(radio):记录有缺、《idle》开始"


def test_a_record_names_who_did_it():
    assert journal_view(record("operator.left/1", '{"operator":"li"}', "li"), Book()).by_name == Text(
        "Li Na", "李娜"
    )
    assert journal_view(record("operator.left/1", '{"operator":"li"}', "li")).by_name == Text("li", "li")


def test_what_numbers_are_for_and_the_clock_are_said_without_names_of_the_program():
    said = sentence("numbers.reserved/1", {"use": "session", "first": 9}, "system")
    assert said.zh == "为 终端会话 预留编号,自 9 起"
    said = sentence(
        "clock.noted/1", {"synchronised": False, "offset_us": 1, "reanchor_wanted": False}, "system"
    )
    assert said.zh == "本机时钟没有校时来源,与台站时间相差 1 微秒,无须处理"
