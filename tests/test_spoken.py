"""The words that are spoken: what the program adds, and what a Mandarin speaker says for numbers and units."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emergency.messages import Message
from emergency.spoken import MOST_CHARACTERS, compose, digits_zh, is_chinese, number_zh, readable, speakable
from station.words import AreaCode, Instant, Refused

FLOOD = Message(
    identifier="1",
    sender="qx",
    sent=Instant(0),
    kind="actual",
    event="11B03",
    event_text="暴雨",
    level=1,
    headline="双井镇发生山洪",
    description="请立即向高处转移",
    instruction="不要过桥。",
    areas=(AreaCode("340422000000"),),
    effective=Instant(0),
    expires=Instant(1),
)


def test_level_and_issuer_are_said_by_the_program() -> None:
    said = compose(FLOOD, issuer="寿县气象局")
    assert said == "寿县气象局发布,红色预警:双井镇发生山洪。请立即向高处转移。不要过桥。"


def test_what_the_headline_says_already_is_not_said_twice() -> None:
    message = attrs.evolve(FLOOD, headline="寿县气象局发布山洪红色预警")
    assert compose(message, issuer="寿县气象局").startswith("寿县气象局发布山洪红色预警。请")
    assert compose(attrs.evolve(FLOOD, level=0)).startswith("双井镇发生山洪。")


def test_a_drill_says_so_first_between_and_last() -> None:
    said = compose(attrs.evolve(FLOOD, kind="drill"))
    assert said.startswith("这是演练。红色预警:双井镇发生山洪。这是演练。请立即向高处转移")
    assert said.endswith("不要过桥。这是演练,请勿惊慌。")
    alone = attrs.evolve(FLOOD, kind="drill", description="", instruction="")
    assert compose(alone) == "这是演练。红色预警:双井镇发生山洪。这是演练,请勿惊慌。"


def test_a_real_alert_breaks_a_drill_off() -> None:
    assert compose(FLOOD, during_drill=True).startswith("演练中止,以下是真实预警。红色预警")


def test_the_text_of_a_template_stands_for_the_authors() -> None:
    assert compose(FLOOD, "沿学校一侧上山") == "红色预警:双井镇发生山洪。沿学校一侧上山。"


def test_english_is_spoken_in_english() -> None:
    english = attrs.evolve(
        FLOOD, language="eng", headline="Flash flood", description="Go up", instruction="", kind="drill"
    )
    assert (
        compose(english)
        == "This is a drill. Red warning: Flash flood. This is a drill. Go up. This is a drill."
    )
    said = compose(attrs.evolve(english, kind="actual"), issuer="County", during_drill=True)
    assert said == "The drill is broken off. What follows is real. County: Red warning: Flash flood. Go up."
    assert compose(attrs.evolve(english, headline="", description="", kind="daily", level=0)) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("100mm以上", "一百毫米以上"),
        ("2026-11-22 19:30发布", "二零二六年十一月二十二日 十九点三十分发布"),
        ("2026年水情", "二零二六年水情"),
        ("8:05和20:00:07和23:00", "八点零五分和二十点零分七秒和二十三点整"),
        ("请拨打12345", "请拨打幺二三四五"),
        ("12379热线", "幺二三七九热线"),
        ("电话:0554-1234567,", "电话:零五五四幺二三四五六七,"),
        ("联系13812345678", "联系幺三八幺二三四五六七八"),
        ("共3,300台", "共三千三百台"),
        ("2个村2级", "两个村二级"),
        ("水位涨1.2m", "水位涨一点二米"),
        ("12m/s的风", "每秒十二米的风"),
        ("时速30km/h", "时速每小时三十公里"),
        ("-5~-2℃之间", "负五至零下二摄氏度之间"),
        ("3~5小时,3-5天", "三至五小时,三至五天"),
        ("湿度80%-90%,7%", "湿度百分之八十至百分之九十,百分之七"),
        ("编号007", "编号零零七"),
        ("编号1234567890123", "编号一二三四五六七八九零一二三"),
        ("流量20m³/s", "流量二十立方米每秒"),
    ],
)
def test_numbers_times_telephones_and_units_are_written_out(text: str, said: str) -> None:
    assert readable(text) == said


def test_a_text_without_chinese_is_left_alone() -> None:
    assert readable("Call 911 at 8:05") == "Call 911 at 8:05"
    assert is_chinese("call 寿") and not is_chinese("call")
    assert is_chinese("一") and is_chinese("\u9fff") and not is_chinese("\u4dff\ua000、。")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "零"),
        (5, "五"),
        (10, "十"),
        (15, "十五"),
        (110, "一百一十"),
        (1005, "一千零五"),
        (1050, "一千零五十"),
        (10005, "一万零五"),
        (100_000, "十万"),
        (1_0000_0000, "一亿"),
        (1_0000_5000, "一亿零五千"),
        (1_2030_0405, "一亿二千零三十万零四百零五"),
        (9999_9999_9999, "九千九百九十九亿九千九百九十九万九千九百九十九"),
    ],
)
def test_whole_numbers_are_said_as_people_say_them(number: int, said: str) -> None:
    assert number_zh(number) == said


def value(said: str) -> int:
    """Read a Chinese number back: written from the grammar, not from the code under test."""
    total = group = digit = 0
    for char in said:
        if char in "零一二三四五六七八九":
            digit = "零一二三四五六七八九".index(char)
        elif char in "十百千":
            group += (digit or 1) * 10 ** ("十百千".index(char) + 1)
            digit = 0
        else:
            total += (group + digit) * {"万": 10**4, "亿": 10**8}[char]
            group = digit = 0
    return total + group + digit


@given(st.integers(0, 10**12 - 1))
def test_every_number_can_be_read_back(number: int) -> None:
    assert value(number_zh(number)) == number


def test_digits_leave_out_what_is_none() -> None:
    assert digits_zh("1-0") == "一零"


@given(st.text(max_size=200))
def test_what_is_spoken_has_no_control_characters_and_no_markup(text: str) -> None:
    try:
        kept = speakable(text)
    except Refused as refused:
        assert refused.code == "empty"
        return
    assert kept and speakable(kept) == kept
    assert all(char.isprintable() and char not in "<>[]{}|\\&" for char in kept)
    readable(kept)


def test_hostile_texts_get_one_sentence() -> None:
    for text, code in (
        ("雨" * (MOST_CHARACTERS + 1), "toolong"),
        ("", "empty"),
        ("\x00\x1b\u202e。!", "empty"),
    ):
        with pytest.raises(Refused) as refused:
            speakable(text)
        assert refused.value.code == code and refused.value.text.zh
    assert speakable("a\x00b\r\nc") == "a b 。c"
    assert speakable("Flood. *** Move*** 到高处") == "Flood。Move。到高处" and speakable("a***b") == "a. b"
    assert speakable("<speak>停<break time='9s'/></speak>") == ",speak,停,break time='9s'/,,/speak,"
