"""gengfu console: stop without a question, talks that end at nothing half done, a screen that fits, and a real line that comes back."""

import contextlib
import os
import pty
import select
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station import console
from station.console_asked import Setting
from station.console_link import Link
from station.console_screen import Row, Shown, fit, screen, span, wide
from station.console_seat import STOP_FOR, Console
from station.console_talks import TALKS
from station.netstring import Unpacker, pack
from station.words import Refused, Text

AT = 1_795_320_000_000_000
AREAS = [
    {"code": "340422001001", "name": "双井庄", "initials": "sjz", "pinyin": "shuangjingzhuang", "terminals": 12},
    {"code": "340422001002", "name": "双井村", "initials": "sjc", "pinyin": "shuangjingcun", "terminals": 9},
]  # fmt: skip
FLOOD = {
    "id": "flood", "state": "reviewed", "content": "c" * 64,
    "body": {
        "name_en": "Flash flood", "name_zh": "山洪", "event": "11A51", "level": 1, "kind": "actual",
        "headline": "{place}山洪", "description": "水位上涨{mm}毫米", "instruction": "请转移",
        "blanks": [
            {"name": "place", "label_en": "place", "label_zh": "地点", "type": "place", "max_length": 10},
            {"name": "mm", "label_en": "mm", "label_zh": "毫米", "type": "number", "max_length": 5},
        ],
        "max_villages": 3, "max_minutes": 30, "valid_until": AT * 2, "language": "zho",
    },
}  # fmt: skip
COUNTS = {"addressed": 36, "ordered": 30, "acknowledged": 30, "playing": 29, "heard": 27, "offline": 6}
ALERT = {
    "id": "a1", "level": 1, "kind": "actual", "headline": "山洪", "text": "请转移", "area_names": "双井庄",
    "content": "d" * 64, "needed": 3, "signatures": [], "counts": COUNTS, "muted": False, "until": AT + 90_000_000,
    "phase_text": {"en": "waits", "zh": "待签"},
}  # fmt: skip
CHANNEL = {
    "name": {"en": "Shouxian FM", "zh": "寿县综合广播"}, "state": "NORMAL", "now": {"title": "新闻"},
    "item_ends": AT + 3_725_000_000, "overlay": "", "overlay_title": "", "rung": "file", "player_at": AT,
}  # fmt: skip
OVERVIEW = {
    "at": AT, "station": {"en": "Shouxian", "zh": "寿县"}, "tone": "good", "sentence": {"en": "Normal", "zh": "正常"},
    "channels": [CHANNEL], "sounding": [], "waiting": [], "mutes": [], "held": {"before": "", "lines": [], "mutes": 0},
}  # fmt: skip
AWAY = Refused("nobody answers", "没有应答", code="unavailable")


class Desk:
    """A station that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.refuse: Refused | None = None
        self.answers: dict[str, Any] = {
            "overview": OVERVIEW, "wall": {"timezone": "Asia/Shanghai"}, "areas": AREAS, "templates": [FLOOD],
            "mutes": [], "alert": ALERT, "signers": [{"operator": "zhou"}],
            "resolve": {"names": "双井庄", "villages": 1, "online": 11, "terminals": 12},
        }  # fmt: skip

    def query(self, name: str, **args: Any) -> Any:
        if self.refuse is not None:
            raise self.refuse
        return self.answers[name]

    def command(self, name: str, body: dict[str, Any], request: str = "") -> None:
        self.told.append((name, body, request))
        if self.refuse is not None:
            raise self.refuse

    def act(self, operator: str, pin: str, deeds: list[tuple[str, dict[str, Any]]]) -> None:
        self.told.append((operator, pin, deeds))


def seated(desk: Desk, zh: bool = False) -> Console:
    return Console(desk=desk, shown=Shown(zh=zh))


def talk(desk: Desk, name: str, *answers: str) -> str:
    """The last line of the log after these answers; every question but the last is answered."""
    one = seated(desk)
    one.begin(name)
    for answer in answers:
        assert one.shown.question is not None, one.shown.log
        one.answer(answer)
    assert one.shown.question is None, one.shown.question
    return one.shown.log[-1]


# -- stop -------------------------------------------------------------------------------------------


def test_stop_asks_for_nothing_and_mutes_everything() -> None:
    desk = Desk()
    one = seated(desk)
    one.press("S", 0.0)
    ((name, body, _),) = desk.told
    assert name == "alert.mute" and body["alert"] == "" and body["areas"] == [] and body["mute"]
    assert one.shown.question is None and "MUTED" in one.shown.log[-1]


def test_a_small_s_is_no_stop() -> None:
    desk = Desk()
    seated(desk).press("s", 0.0)
    assert desk.told == []


def test_a_stop_that_does_not_arrive_is_sent_again_as_the_same_until_it_does() -> None:
    desk = Desk()
    desk.refuse = AWAY
    one = seated(desk)
    one.press("F8", 0.0)
    one.press("F8", 0.2)
    assert one.shown.stopping and any("NOT arrived" in row.text for row in screen(one.shown, 80, 24, ""))
    desk.refuse = None
    one.look(1.0)
    assert not one.shown.stopping and "MUTED" in one.shown.log[-1]
    assert len(desk.told) == 3 and len({(str(body), request) for _, body, request in desk.told}) == 1


def test_a_stop_is_given_up_after_its_time_and_says_so() -> None:
    desk = Desk()
    desk.refuse = AWAY
    one = seated(desk)
    one.press("F8", 0.0)
    one.look(STOP_FOR)
    assert not one.shown.stopping and "nobody answers" in one.shown.log[-2]
    assert "did NOT arrive" in one.shown.log[-1], "and nothing is sent again"
    desk.refuse = None
    one.look(STOP_FOR + 10)
    assert [name for name, *_ in desk.told] == ["alert.mute"] * 2


# -- talks ------------------------------------------------------------------------------------------


def test_an_area_is_muted_by_its_initials_without_a_pin() -> None:
    desk = Desk()
    assert "双井庄" in talk(desk, "mute", "sjz")
    ((name, body, _),) = desk.told
    assert name == "alert.mute" and body["areas"] == ["340422001001"]


def test_of_several_areas_one_is_chosen_by_number_and_no_area_is_asked_again() -> None:
    desk = Desk()
    talk(desk, "mute", "nowhere", "双井", "7", "2")
    assert desk.told[0][1]["areas"] == ["340422001002"]


@pytest.mark.parametrize("name", ["mute", "template"])
def test_nothing_typed_gives_up_and_does_nothing(name: str) -> None:
    desk = Desk()
    assert "given up" in talk(desk, name, "") and desk.told == []


@pytest.mark.parametrize(
    "answers",
    [
        ("template", "1", "井庄", "80", ""),  # no area
        ("template", "1", "", ""),  # a blank left empty, twice
        ("template", "1", "井庄", "80", "sjz", "", "", "REAL", ""),  # nobody signs
    ],
)
def test_whoever_stops_answering_has_done_nothing(answers: tuple[str, ...]) -> None:
    desk = Desk()
    assert "given up" in talk(desk, *answers) and desk.told == []


def test_a_template_is_filled_confirmed_by_its_word_and_signed_by_the_lone_dispatcher() -> None:
    desk = Desk()
    said = talk(desk, "template", "1", "井庄", "many", "80", "sjz", "", "", "REAL", "zhou", "2468")
    submitted, signed = desk.told
    assert submitted[:2] == ("zhou", "2468") and signed[2][0][0] == "alert.sign"
    message = submitted[2][0][1]["message"]
    assert message["headline"] == "井庄山洪" and message["description"] == "水位上涨80毫米"
    assert message["areas"] == ["340422001001"] and message["expires"] == AT + 30 * 60_000_000
    assert message["blanks"] == [["place", "井庄"], ["mm", "80"]] and "signed" in said


def test_where_others_must_sign_they_are_named() -> None:
    desk = Desk()
    desk.answers["signers"] = [{"operator": "li"}]
    assert "li" in talk(desk, "template", "1", "井庄", "80", "sjz", "", "31", "5", "真实", "zhou", "2468")
    assert len(desk.told) == 1


def test_the_word_for_a_drill_confirms_no_real_alert() -> None:
    desk = Desk()
    assert "given up" in talk(desk, "template", "1", "井庄", "80", "sjz", "", "", "DRILL")
    assert desk.told == []


def test_each_template_says_whether_it_is_real_and_how_grave_or_a_drill() -> None:
    desk = Desk()
    drill = {**FLOOD, "id": "drill", "body": {**FLOOD["body"], "kind": "drill", "name_en": "Siren test"}}
    desk.answers["templates"] = [FLOOD, drill]
    for zh, words in (
        (False, ("Flash flood  (L1)", "Siren test  (DRILL)")),
        (True, ("山洪  (L1)", "山洪  (演练)")),
    ):
        one = seated(desk, zh)
        one.begin("template")
        assert all(word in "\n".join(map(str, one.shown.above)) for word in words)


def test_a_waiting_alert_is_read_then_signed() -> None:
    desk = Desk()
    desk.answers["overview"] = {**OVERVIEW, "waiting": [ALERT]}
    assert "signed" in talk(desk, "sign", "1", "REAL", "li", "1357")
    assert desk.told == [("li", "1357", [("alert.sign", {"alert": "a1", "content": "d" * 64, "verdict": "approve", "reason": ""})])]  # fmt: skip


def test_a_mute_is_lifted_by_number_with_pin() -> None:
    desk = Desk()
    desk.answers["mutes"] = [{"id": "m1", "alert": "", "area_names": "", "by": "console", "reason": ""}]
    assert "lifted" in talk(desk, "lift", "1", "", "zhou", "2468")
    assert desk.told.pop() == ("zhou", "2468", [("alert.unmute", {"mute": "m1"})])
    talk(desk, "lift", "1", " false alarm ", "zhou", "2468")
    deeds = [("alert.unmute", {"mute": "m1"}), ("alert.explain", {"mute": "m1", "reason": "false alarm"})]
    assert desk.told.pop() == ("zhou", "2468", deeds), "its reason is owed, and asked for at once"
    desk.answers["mutes"][0]["reason"] = "said already"
    talk(desk, "lift", "1", "zhou", "2468")
    assert desk.told == [("zhou", "2468", [("alert.unmute", {"mute": "m1"})])]


def test_a_reason_that_is_owed_stands_on_the_screen() -> None:
    owed = {"area_names": "", "headline": "山洪", "by": "console"}
    shown = Shown(zh=False, overview={**OVERVIEW, "unexplained": [owed]})
    assert "REASON OWED for the mute  山洪  console" in [row.text for row in screen(shown, 80, 24, "")]


HELD = {
    "before": "0.1", "mutes": 1,
    "lines": [{"headline": "山洪", "now": {"en": "nowhere", "zh": "不播出"}}],
}  # fmt: skip


def test_what_an_upgrade_holds_is_named_and_released_by_somebody_with_a_pin() -> None:
    desk = Desk()
    assert "nothing is held" in talk(desk, "release")
    desk.answers["overview"] = {**OVERVIEW, "held": HELD}
    assert "given up" in talk(desk, "release", "")
    one = seated(desk)
    one.look(0.0)
    assert "HELD  山洪  nowhere" in [row.text for row in screen(one.shown, 80, 24, "")]
    one.press("r", 0.0)
    assert one.shown.above == ("山洪  ->  nowhere", "1 mutes stay · 静音保持")
    assert "released" in talk(desk, "release", "looked at", "zhou", "2468")
    assert desk.told == [("zhou", "2468", [("upgrade.release", {"reason": "looked at"})])]


def test_what_is_on_air_or_comes_next_is_withdrawn_by_its_number() -> None:
    desk = Desk()
    takes = [
        {"title": "新闻", "media": "a" * 64},
        {"title": "戏曲", "media": "b" * 64},
        {"title": "静", "media": None},
    ]
    desk.answers["overview"] = {**OVERVIEW, "channels": [{**CHANNEL, "now": takes[0], "next": takes}]}
    assert "“戏曲” is withdrawn" in talk(desk, "withdraw", "2")
    assert desk.told[0][:2] == ("media.withdraw", {"media": "b" * 64, "reason": ""})
    desk.answers["overview"] = {**OVERVIEW, "channels": [{**CHANNEL, "now": None}]}
    assert "nothing is planned" in talk(desk, "withdraw")


def test_the_next_item_is_taken_held_and_given_back_by_number_with_a_pin() -> None:
    desk = Desk()
    now = {"title": "新闻", "media": "a" * 64}
    desk.answers["overview"] = {**OVERVIEW, "channels": [{**CHANNEL, "id": "fm1", "now": now}]}
    assert "filler after" in talk(desk, "operate", "1", "2", "gao", "1357")
    assert desk.told == [("gao", "1357", [("air.hold", {"channel": "fm1"})])]
    desk.answers["prepared"] = [{"title": "停水", "item": "d/1", "length": 20_000_000}]
    for number, when in (("4", "now"), ("5", "next")):
        assert "prepared item" in talk(desk, "operate", "1", number, "1", "gao", "1357")
        body = {"channel": "fm1", "item": "d/1", "when": when}
        assert desk.told[-1] == ("gao", "1357", [("air.insert", body)])
    desk.answers["prepared"] = []
    assert "nothing is prepared" in talk(desk, "operate", "1", "4")
    desk.answers["live"] = {"lines": [{"title": "热线", "source": "studio1", "item": "d/2"}]}
    for number, start in (("9", "now"), ("10", "fader")):
        assert "live session" in talk(desk, "operate", "1", number, "1", "gao", "1357")
        body = {"channel": "fm1", "item": "d/2", "start": start}
        assert desk.told[-1] == ("gao", "1357", [("live.open", body)])
    for number, when in (("11", "heard"), ("12", "now")):
        assert "end the live session" in talk(desk, "operate", "1", number, "gao", "1357")
        assert desk.told[-1] == ("gao", "1357", [("live.close", {"channel": "fm1", "when": when})])
    desk.answers["live"] = {"lines": []}
    assert "no live line" in talk(desk, "operate", "1", "9")
    desk.answers["overview"] = {**OVERVIEW, "channels": [{**CHANNEL, "now": None}]}
    assert "no channel" in talk(desk, "operate")


def test_what_is_in_the_delay_is_dumped_by_one_key_and_a_number_only_where_two_sessions_are_open() -> None:
    desk = Desk()
    desk.answers["overview"] = {**OVERVIEW, "channels": [{**CHANNEL, "id": "fm1"}]}
    desk.answers["live"] = {"open": {"title": "热线"}}
    assert "dumped" in talk(desk, "dump")
    assert desk.told[-1][:2] == ("live.dump", {"channel": "fm1"})
    desk.answers["overview"]["channels"] += [{**CHANNEL, "id": "fm2"}]
    assert "dumped" in talk(desk, "dump", "2") and desk.told[-1][:2] == ("live.dump", {"channel": "fm2"})
    desk.answers["live"] = {"open": None}
    assert "no live session" in talk(desk, "dump")


def test_a_deed_that_was_done_is_said_though_what_came_of_it_cannot_be_asked() -> None:
    class Forgetful(Desk):
        def query(self, name: str, **args: Any) -> Any:
            if name == "alert":
                raise AWAY
            return super().query(name, **args)

    desk = Forgetful()
    desk.answers["overview"] = {**OVERVIEW, "waiting": [ALERT]}
    assert talk(desk, "sign", "1", "REAL", "li", "1357").endswith("signed; nobody answers")
    assert len(desk.told) == 1


@pytest.mark.parametrize(("name", "query"), [("lift", "mutes"), ("template", "templates")])
def test_where_there_is_nothing_to_do_it_says_so(name: str, query: str) -> None:
    desk = Desk()
    desk.answers[query] = []
    assert talk(desk, name) and desk.told == []
    assert "no alert waits" in talk(desk, "sign")


def test_a_number_of_any_length_is_no_choice_or_one() -> None:
    desk = Desk()
    one = seated(desk)
    one.begin("mute")
    one.answer("双井")
    for nonsense in ("9" * 5_000, "0", "3", "-1", "½", "一"):
        one.answer(nonsense)
        assert one.shown.question is not None and "from 1 to 2" in one.shown.question.en
    one.answer("０2")  # full width, as an input method types it
    assert "muted in 双井村" in one.shown.log[-1]


def test_more_areas_than_can_be_listed_are_said_to_be_more() -> None:
    desk = Desk()
    desk.answers["areas"] = [{**AREAS[0], "name": f"井{k}A组", "code": f"{k}"} for k in range(12)]
    one = seated(desk)
    one.begin("mute")
    one.answer("井")
    assert len(one.shown.above) == 10 and "3" in one.shown.above[-1]
    one.give_up()
    assert "muted in 井7A组" in talk(desk, "mute", "井7a")


def test_a_refusal_ends_the_talk_in_its_own_words() -> None:
    desk = Desk()
    one = seated(desk, zh=True)
    desk.refuse = AWAY
    one.begin("mute")
    assert one.shown.question is None and one.shown.log[-1] == "没有应答"


def test_escape_ends_a_talk_and_quit_ends_the_console() -> None:
    one = seated(Desk())
    one.press("t", 0.0)
    one.give_up()
    assert one.shown.question is None and "given up" in one.shown.log[-1]
    one.give_up()
    one.answer("nobody asked")
    one.press("x", 0.0)
    one.press("e", 0.0)
    one.press("q", 0.0)
    assert one.shown.zh and one.done and len(one.shown.log) == 1


def test_every_talk_names_itself_in_both_languages() -> None:
    assert all(text.en and text.zh for text, _ in TALKS.values())
    assert Setting(desk=Desk(), zh=True).say({"en": "a", "zh": "b"}) == "b"


# -- the screen -------------------------------------------------------------------------------------


def crowded() -> Shown:
    shown = Shown(zh=True)
    silent = {**CHANNEL, "player_at": None}
    odd = {
        **CHANNEL,
        "now": None,
        "item_ends": None,
        "rung": "loop",
        "overlay": "a1",
        "overlay_title": "山洪",
    }
    drill = {**ALERT, "kind": "drill", "muted": True, "until": None}
    shown.overview = {
        **OVERVIEW, "tone": "bad", "channels": [CHANNEL, silent, odd], "sounding": [ALERT, drill], "waiting": [ALERT],
        "mutes": [{"area_names": "", "by": "console"}],
    }  # fmt: skip
    return shown


def test_a_lost_carrier_stands_in_the_line_of_its_channel() -> None:
    def carrier(tone: str) -> dict[str, Any]:
        text = {"en": "no carrier", "zh": "无载波"}
        return {"device": "tx1", "name": {"en": "TX1", "zh": "一号机"}, "tone": tone, "text": text}

    def row(*tones: str) -> Row:
        channel = {**CHANNEL, "carriers": [carrier(tone) for tone in tones]}
        shown = Shown(zh=False, overview={**OVERVIEW, "channels": [channel]})
        return screen(shown, 80, 24, "12:00:00")[2]

    assert (row("good").style, row("good", "warn").style, row("warn", "bad").style) == ("", "warn", "bad")
    assert "[TX1: no carrier]" in row("bad").text and "TX1" not in row("good").text


def test_a_span_is_rounded_up_to_seconds_and_never_below_zero() -> None:
    spans = (-5_000_000, 0, 1, 59_000_001, 3_599_000_000, 3_600_000_000, 3_661_000_000)
    assert [span(us) for us in spans] == [
        "0'00\"",
        "0'00\"",
        "0'01\"",
        "1'00\"",
        "59'59\"",
        "1h00'00\"",
        "1h01'01\"",
    ]


@pytest.mark.parametrize("zh", [True, False])
def test_the_screen_shows_air_alerts_counts_and_mutes(zh: bool) -> None:
    shown = crowded()
    shown.zh = zh
    text = "\n".join(row.text for row in screen(shown, 80, 24, "12:00:00"))
    for said in ("新闻", "1h02'05\"", "29", "27", "寿县" if zh else "Shouxian", "F8/S", "12:00:00"):
        assert said in text
    assert ("静音中" in text) == zh and ("播放器无应答" in text) == zh
    counts = [row.style for row in screen(shown, 80, 24, "12:00:00") if "29" in row.text and "27" in row.text]
    assert counts == ["dim", "warn"], "what is muted is meant to be seen"


def test_what_is_old_says_so() -> None:
    shown = crowded()
    shown.away = AWAY
    assert any("过时" in row.text for row in screen(shown, 80, 24, ""))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 200), st.integers(0, 60), st.text(max_size=60), st.booleans())
def test_the_screen_is_never_larger_than_the_terminal(
    width: int, height: int, typed: str, asked: bool
) -> None:
    shown = crowded()
    shown.log.extend([typed] * 30)
    if asked:
        shown.question, shown.above, shown.typed = Text("which", "哪一项"), ("1 a", "2 b"), typed
    rows = screen(shown, width, height, "12:00:00")
    assert len(rows) == height
    assert all(sum(map(wide, row.text)) <= width for row in rows)
    if asked and height and width > 30:
        assert "Esc" in rows[-1].text


def test_a_secret_is_never_on_the_screen() -> None:
    shown = Shown(question=Text("PIN", "PIN"), typed="2468", secret=True)
    assert all("2468" not in row.text for row in screen(shown, 80, 24, ""))


def test_controls_cannot_forge_a_line() -> None:
    assert fit("a\x1b[2Jb\u202ec", 80) == "a?[2Jb?c" and fit("寿县", 3) == "寿" and wide("\u0301") == 0


def test_a_span_is_never_below_zero() -> None:
    assert (span(-5), span(61_000_000), span(3_600_000_000)) == ("0'00\"", "1'01\"", "1h00'00\"")


# -- line by line, and over a real socket -------------------------------------------------------------


def lines(desk: Desk, *typed: str) -> str:
    said: list[str] = []
    console.by_lines(seated(desk), [f"{one}\n" for one in typed], said.append, lambda _: "", lambda _: None)
    return "".join(said)


def test_the_same_console_works_line_by_line() -> None:
    desk = Desk()
    said = lines(desk, "", "what", "lang", "lang", "mute", "sjz", "stop", "quit", "stop")
    assert "新闻" in said and "* muted in 双井庄" in said and "MUTED" in said
    assert [name for name, *_ in desk.told] == ["alert.mute", "alert.mute"]


def test_a_question_on_a_line_is_left_by_quit_and_never_stands_before_stop() -> None:
    desk = Desk()
    said = lines(desk, "mute", "quit", "mute", "stop", "sjz", "template", "1", "QUIT", "quit", "stop")
    assert said.count("given up; nothing was done") == 2 and "no such area" not in said
    assert [body["areas"] for _, body, _ in desk.told] == [[], ["340422001001"]], (
        "the last word comes too late"
    )


@pytest.mark.parametrize(
    ("zh", "state"), [(True, "寿县综合广播  正常  新闻"), (False, "Shouxian FM  NORMAL  新闻")]
)
def test_the_state_of_a_channel_is_said_in_the_readers_language(zh: bool, state: str) -> None:
    shown = "\n".join(row.text for row in screen(Shown(zh=zh, overview=OVERVIEW), 80, 24, ""))
    assert state in shown


def test_every_talk_has_its_word_in_the_lines() -> None:
    said = lines(Desk(), "what")
    assert all(name in said.splitlines()[-1].split() for name in ("show", "stop", *TALKS, "lang", "quit"))


def test_a_stop_by_line_is_sent_until_it_arrives() -> None:
    desk = Desk()
    desk.refuse = AWAY
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        desk.refuse = None if len(waits) == 2 else desk.refuse

    said: list[str] = []
    console.by_lines(seated(desk), ["stop\n"], said.append, lambda _: "", wait)
    assert len(waits) == 2 and "MUTED" in "".join(said)


class Station:
    """A control socket that writes down what it is asked; may be stopped and started again with another token."""

    def __init__(self, state: Path) -> None:
        (state / "run").mkdir(parents=True)
        self.state, self.asked, self.number = state, [], 0
        self.deaf_to, self.refuse = "", ""  # what it hangs up on, what it refuses
        self.start()

    def start(self) -> None:
        self.number += 1
        (self.state / "run" / "console.token").write_text(f"token {self.number}")
        path = self.state / "run" / "station.sock"
        path.unlink(missing_ok=True)
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(path))
        self._door.listen(4)
        self._lines: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, args=(self._door, self._lines), daemon=True)
        self._thread.start()

    def _serve(self, door: socket.socket, lines: list[socket.socket]) -> None:
        while True:
            try:
                line, _ = door.accept()
            except OSError:
                return
            lines.append(line)
            threading.Thread(target=self._talk, args=(line,), daemon=True).start()

    def _talk(self, line: socket.socket) -> None:
        unpacker = Unpacker()
        try:
            while data := line.recv(65_536):
                for message in unpacker.feed(data):
                    answer = self._answer(message)
                    if message["do"] == self.deaf_to:
                        line.shutdown(socket.SHUT_RDWR)
                        return
                    line.sendall(pack({"id": message["id"], **answer}))
        except OSError:
            return

    def _answer(self, message: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(message)
        if message["session"] not in (f"token {self.number}", "seat"):
            return {"ok": False, "code": "unknown", "text": {"en": "log in again", "zh": "请重新登录"}}
        if message["do"] == self.refuse:
            return {"ok": False, "code": "refused", "text": {"en": "not today", "zh": "今天不行"}}
        if message["do"] == "query":
            return {"ok": True, "result": Desk().answers[message["name"]]}
        return {"ok": True, "result": {"session": "seat"}}

    def stop(self) -> None:
        for one in (self._door, *self._lines):
            with contextlib.suppress(OSError):  # it was not connected
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._thread.join(5)

    def commands(self) -> list[tuple[str, str, str | None]]:
        return [(m["session"], m["command"], m.get("pin")) for m in self.asked if m["do"] == "command"]


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    made = Station(tmp_path)
    yield made
    made.stop()


def test_the_line_comes_back_when_the_station_does(station: Station) -> None:
    link = Link(station.state)
    assert link.query("overview")["at"] == AT
    station.stop()
    with pytest.raises(Refused) as error:
        link.query("overview")
    assert error.value.code == "unavailable" and error.value.text.zh
    station.start()
    assert link.query("overview")["at"] == AT, "with the new token"
    link.close()
    link.close()


def test_a_person_acts_on_a_seat_of_his_own_and_leaves_it(station: Station) -> None:
    link = Link(station.state)
    link.act("zhou", "2468", [("alert.unmute", {"mute": "m1"})])
    link.command("alert.mute", {"mute": "m2"})
    link.close()
    assert station.commands() == [("seat", "alert.unmute", "2468"), ("token 1", "alert.mute", None)]
    assert [m["do"] for m in station.asked][:3] == ["sit", "command", "logout"]


def test_what_was_done_is_not_called_undone_because_leaving_the_seat_failed(station: Station) -> None:
    station.deaf_to = "logout"
    link = Link(station.state)
    link.act("zhou", "2468", [("alert.unmute", {"mute": "m1"})])
    assert station.commands() == [("seat", "alert.unmute", "2468")]
    station.refuse = "command"
    with pytest.raises(Refused, match="not today"):
        link.act("zhou", "2468", [("alert.unmute", {"mute": "m1"})])
    link.close()


def test_a_deed_whose_answer_is_lost_is_said_to_be_uncertain_and_not_asked_again(station: Station) -> None:
    station.deaf_to = "command"
    link = Link(station.state)
    with pytest.raises(Refused, match="not known whether") as error:
        link.act("zhou", "2468", [("alert.unmute", {"mute": "m1"})])
    assert error.value.code == "unavailable" and "是否已执行" in error.value.text.zh
    assert len(station.commands()) == 1
    link.close()


def test_another_stations_token_is_read_anew(station: Station) -> None:
    link = Link(station.state)
    link.query("overview")
    station.number = 2
    (station.state / "run" / "console.token").write_text("token 2")
    with pytest.raises(Refused, match="log in again"):
        link.query("overview")
    assert link.query("overview")
    link.close()


def test_without_a_station_it_says_so_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(sys, "stdin", iter_in(["show\n", "quit\n"]))
    assert console.main(["--state", str(tmp_path), "--lang", "en", "--lines"]) == 0
    said = capsys.readouterr().out
    assert "the station does not answer (No such file or directory)" in said and "Errno" not in said


def iter_in(typed: list[str]) -> Any:
    class In:
        def isatty(self) -> bool:
            return False

        def __iter__(self) -> Iterator[str]:
            return iter(typed)

    return In()


class Screen:
    """The console in a real terminal of 80 by 24."""

    def __init__(self, state: Path, lang: str, **environment: str) -> None:
        import fcntl
        import struct
        import termios

        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        words = [sys.executable, "-m", "station.cli", "console", "--state", str(state), "--lang", lang]
        kept = {
            name: said for name, said in os.environ.items() if not name.startswith(("LC_", "LANG", "TERM"))
        }
        env = {**kept, **(environment or {"TERM": "xterm-256color", "LANG": "C.UTF-8"})}
        self.process = Popen(words, stdin=slave, stdout=slave, stderr=slave, env=env, close_fds=True)
        os.close(slave)
        self.text = ""

    def until(self, fits: Callable[[str], bool], seconds: int = 20) -> str:
        for _ in range(seconds * 10):
            if select.select([self.master], [], [], 0.1)[0]:
                self.text += os.read(self.master, 65_536).decode("utf-8", "replace")
            if fits(self.text):
                return self.text
        raise AssertionError(self.text)

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def end(self) -> int:
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(10)
        os.close(self.master)
        return code


@pytest.mark.parametrize(
    "environment",
    [
        {"TERM": "vt100", "LANG": "C.UTF-8"},  # a serial line: no colours, and a cursor that cannot be hidden
        {
            "TERM": "xterm",
            "LANG": "zz_ZZ.UTF-8",
        },  # of the machine that one came from; this one has no such words
        {"TERM": "xterm", "LC_ALL": "C"},
        {"TERM": "dumb", "LANG": "C.UTF-8"},
        {"TERM": "nobody-knows-it"},
    ],
)
def test_whatever_the_terminal_is_called_it_stops(station: Station, environment: dict[str, str]) -> None:
    seen = Screen(station.state, "zh", **environment)
    try:
        seen.until(lambda text: "新闻" in text)
        by_lines = environment["TERM"] in ("dumb", "nobody-knows-it")
        seen.press("stop\n" if by_lines else "S")
        seen.until(lambda text: "已静音" in text)
        seen.press("quit\n" if by_lines else "q")
        assert seen.process.wait(10) == 0
    finally:
        seen.end()
    assert [name for _, name, _ in station.commands()] == ["alert.mute"]


def test_a_terminal_that_goes_away_at_the_pin_leaves_and_does_nothing(station: Station) -> None:
    seen = Screen(station.state, "zh", TERM="dumb", LANG="C.UTF-8")
    try:
        for asked, typed in (
            ("quit", "template\n"), ("选择模板", "1\n"), ("地点", "井\n"), ("毫米", "3\n"), ("首字母", "sjz\n"),
            ("回车结束", "\n"), ("时长", "\n"), ("确认", "真实\n"), ("操作员", "zhou\n"), ("PIN: ", "\x04"),
        ):  # fmt: skip
            seen.until(lambda text, asked=asked: asked in text)  # type: ignore[misc]
            seen.press(typed)
        assert seen.process.wait(10) == 0
    finally:
        seen.end()
    assert "Traceback" not in seen.text and station.commands() == []


def test_in_a_real_terminal_it_draws_stops_asks_and_leaves(station: Station) -> None:
    seen = Screen(station.state, "zh")
    try:
        seen.until(lambda text: "新闻" in text)
        seen.press("\x1b[19~")  # F8
        seen.until(lambda text: "已静音" in text)
        seen.press("m")
        seen.until(lambda text: "首字母" in text)
        seen.press("sjx\x7fz\r")
        seen.until(lambda text: "双井庄已静音" in text)
        seen.press("q")
        assert seen.process.wait(10) == 0
    finally:
        seen.end()
    assert [name for _, name, _ in station.commands()] == ["alert.mute", "alert.mute"]


def test_a_screen_of_no_rows_has_none_and_a_low_one_keeps_the_keys() -> None:
    shown = Shown(overview=OVERVIEW)
    shown.log.extend(["one", "two"])
    assert screen(shown, 80, 0, "") == []
    (keys,) = screen(shown, 80, 1, "")
    assert "静音" in keys.text and "退出" in keys.text, "every key is there at 80 cells"
    (keys,) = screen(Shown(zh=False, overview=OVERVIEW), 80, 1, "")
    assert "STOP" in keys.text and "quit" in keys.text
    assert [wide(char) for char in "a寿"] == [1, 2]


RELAY = {
    "id": "cnr", "name": {"en": "CNR", "zh": "央广"}, "heard": 0,
    "ways": [
        {"shown": "udp://239.1.1.1:5000", "state": "good", "text": {"en": "good", "zh": "正常"}},
        {"shown": "srt://h:9", "state": "absent", "text": {"en": "nothing comes", "zh": "无信号"}},
    ],
    "air": [{"channel": "fm1", "title": "央广新闻", "why": {"en": "no more", "zh": "到此"}}],
}  # fmt: skip


def test_the_relay_on_air_is_made_longer_ended_and_heard_by_another_way() -> None:
    desk = Desk()
    channel = {**CHANNEL, "id": "fm1"}
    desk.answers["overview"] = {**OVERVIEW, "channels": [channel], "relays": [RELAY]}
    for verb, more, told in (
        ("6", ("4",), ("air.extend", {"channel": "fm1", "minutes": 5})),
        ("7", (), ("air.end", {"channel": "fm1"})),
        ("8", ("2",), ("relay.choose", {"relay": "cnr", "member": 1})),
    ):
        talk(desk, "operate", "1", verb, *more, "gao", "1357")
        assert desk.told[-1] == ("gao", "1357", [told])
    desk.answers["overview"] = {**OVERVIEW, "channels": [channel], "relays": [{**RELAY, "air": []}]}
    assert talk(desk, "operate", "1", "8") == "no relay is on the air"
    elsewhere = {**RELAY, "air": [{**RELAY["air"][0], "channel": "fm2"}]}
    desk.answers["overview"] = {**OVERVIEW, "channels": [channel], "relays": [elsewhere]}
    assert talk(desk, "operate", "1", "8") == "no relay is on the air", "not another channel's"


def test_a_relay_on_air_has_a_line_of_its_own_with_what_is_wrong_of_it() -> None:
    def line(relay: dict[str, Any]) -> list[Row]:
        shown = Shown(zh=False, overview={**OVERVIEW, "relays": [relay]})
        return [row for row in screen(shown, 120, 20, "") if "relay CNR" in row.text]

    assert line(RELAY) == [Row("    relay CNR  way 1  [2 nothing comes]", "warn")]
    assert line({**RELAY, "heard": None})[0].style == "bad"
    assert line({**RELAY, "ways": RELAY["ways"][:1]}) == [Row("    relay CNR  way 1", "")]  # type: ignore[index]
    assert line({**RELAY, "air": []}) == []
