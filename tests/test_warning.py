"""Warnings of 12379: read and written by a profile, what is none is said, and by hand."""

import io
import json
import random
import re
from pathlib import Path

import attrs
import pytest
from fuzz_kit import campaign, damaged
from hypothesis import given
from hypothesis import strategies as st

from emergency import profile_file, warning
from emergency.ebd_profile import instant
from emergency.messages import Message
from emergency.warning_profile import SHIPPED, load
from station import cli
from station.words import HOUR, AreaCode, Instant, Misheard, Refused

PAGE = (Path(__file__).parent.parent / "docs" / "protocols" / "warning.md").read_text("utf-8")
EXAMPLE = re.search(r"```xml warning\n(.*?)\n```", PAGE, re.DOTALL)[1]
PROFILE = load("12379")
NOW = instant("2026-11-22 08:00:00")
MESSAGE = Message(
    identifier="34042241600000_20261122080000", sender="34042241600000", sent=NOW, kind="actual", event="11B03", event_text="暴雨事件", level=1,
    headline="寿县气象局发布暴雨红色预警", description="请立即转移到高处。", areas=(AreaCode("340422000000"),), effective=NOW, expires=Instant(NOW + 24 * HOUR),
)  # fmt: skip


def read(text):
    return warning.read(text.encode(), PROFILE)


def test_the_worked_example_of_the_page_is_read():
    message = read(EXAMPLE)
    assert attrs.evolve(message, event_text=MESSAGE.event_text) == MESSAGE
    assert message.event_text and not PROFILE.unverified


def test_a_message_is_written_in_the_order_of_the_profile():
    data = warning.write(MESSAGE, PROFILE).decode()
    found = re.findall(r"<(\w+)>[^<]", data.replace(">\n", "> ").replace("> ", ">"))
    wanted = [row.path.rpartition("/")[2] for row in PROFILE.rows if row.path.rpartition("/")[2] in found]
    assert [name for name in found if name in wanted] == wanted
    assert "<sendTime>2026-11-22 08:00:00+08:00</sendTime>" in data and "<severity>Red</severity>" in data
    assert "<note>" not in data and "<scope>Public</scope>" in data


codes = st.text("0123456789", min_size=12, max_size=12).map(AreaCode)
said = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=9)
messages = st.builds(
    Message, identifier=st.from_regex(r"[0-9]{14}_[0-9]{14}", fullmatch=True).filter(str.isascii), sender=st.just("34042241600000"), sent=st.just(NOW),
    kind=st.sampled_from(("actual", "drill")), type=st.just("alert"), event=st.just("11B03"), event_text=st.just(""), level=st.integers(1, 4), headline=said,
    description=said, instruction=st.just("") | said, areas=st.lists(codes, min_size=1, max_size=4, unique=True).map(tuple),
    effective=st.just(NOW), expires=st.integers(1, 10**6).map(lambda s: Instant(NOW + s * 1_000_000)),
) | st.builds(lambda kind: attrs.evolve(MESSAGE, type=kind, references=("34042241600000_20261122070000", "x")), st.sampled_from(("update", "cancel")))  # fmt: skip


@given(messages)
def test_a_message_is_read_as_it_was_written(message):
    found = warning.read(warning.write(message, PROFILE), PROFILE)
    assert attrs.evolve(found, event_text=message.event_text) == message


@pytest.mark.parametrize(
    ("old", "new", "field", "value"),
    [
        ("<alert>", '<alert xmlns="http://com.icss.amp">', "level", 1), ("Actual", "Test", "kind", "drill"), ("Red", "Unknown", "level", 4), ("Red", "Blue", "level", 4),
        ("<sendTime>2026-11-22 08:00:00+08:00", "<sendTime>2026-11-22 00:00:00+00:00", "sent", NOW), ("08:00:00+08:00</sendTime>", "08:00:00</sendTime>", "sent", NOW),
        ("<expires/>", "<expires>2026-11-22 09:00:00+08:00</expires>", "expires", NOW + HOUR), ("_20261122080000<", "_20261122080000_3<", "identifier", "34042241600000_20261122080000_3"),
        ("34042200000000", "340422000000,340422100000,340422000000", "areas", ("340422000000", "340422100000")), ("</area>", "</area><area><geocode>340423000000</geocode></area>", "areas", ("340422000000", "340423000000")),
        ("<msgType>Alert</msgType>", "<msgType>Cancel</msgType><references>a,b</references>", "references", ("a", "b")), ("<description>请立即转移到高处。</description>", "", "description", MESSAGE.headline),
    ],
)  # fmt: skip
def test_what_may_stand_otherwise_is_read(old, new, field, value):
    assert old in EXAMPLE
    assert getattr(read(EXAMPLE.replace(old, new)), field) == value


def test_as_much_as_a_warning_can_hold_is_read():
    assert len(read(EXAMPLE.replace("请立即转移到高处。", "转" * 20_000)).description) == 20_000
    with pytest.raises(Misheard, match="no area code"):
        read(EXAMPLE.replace("34042200000000", "34042200000010"))


@pytest.mark.parametrize(
    ("old", "new", "en"),
    [
        ("<alert>", "<!DOCTYPE alert []><alert>", "DOCTYPE"), ("alert>", "warn>", "root element"), ("<msgType>Alert</msgType>", "", "msgType is missing"), ("Actual", "Draft", "kind Draft"),
        ("<msgType>Alert", "<msgType>Ack", "type Ack"), ("<msgType>Alert", "<msgType>Update", "refers to"), ("Red", "Purple", "severity Purple"), ("11B03", "11b03", "form"),
        ("34042241600000_", "x_", "form"), ("<sender>", "<sender>x</sender><sender>", "2 times"), ("34042200000000", "34042200000001", "no area code"), ("34042200000000", "3404220000", "no area code"),
        ("34042200000000", ",", "no area"), ("34042200000000", ",".join(f"3404221{n:05d}" for n in range(5_001)), "5000"), ("08:00:00+08:00</sendTime>", "25:00:00</sendTime>", "not a time"),
        ("<sendTime>2026", "<sendTime>0001-01-01 00:00:00+14:00</sendTime><x>", "there"), ("<expires/>", "<expires>2026-11-22 08:00:00+08:00</expires>", "ends before"), ("请立即", "转" * 20_001, "longer"),
    ],
)  # fmt: skip
def test_what_is_no_warning_is_misheard(old, new, en):
    assert old in EXAMPLE
    with pytest.raises(Misheard) as said:
        read(EXAMPLE.replace(old, new))
    assert said.value.text.zh and (en == "there" or en in said.value.text.en)


@pytest.mark.parametrize("fields", [{"kind": "daily"}, {"level": 0}])
def test_what_has_no_word_is_not_written(fields):
    with pytest.raises(ValueError, match="no word"):
        warning.write(attrs.evolve(MESSAGE, **fields), PROFILE)


# ---- profiles -----------------------------------------------------------------------------------------------------

TEXT = (SHIPPED / "12379.toml").read_text("utf-8")


def test_another_systems_profile_is_read_from_a_file(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text(
        TEXT.replace('root = "alert"', 'root = "warn"')
        .replace('"info/severity"', '"info/colour"')
        .replace('status = "agreed"', 'status = "unverified"', 1),
        "utf-8",
    )
    profile = load(str(own))
    assert profile.unverified == ("identifier",)
    found = warning.read(warning.write(MESSAGE, profile), profile)
    assert found.level == 1 and b"<colour>Red" in warning.write(MESSAGE, profile)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('field = "event"', 'field = "evnt"', "info/eventType"), ('field = "sent"', 'field = "sender"', "once"), ('constant = "Public"', 'constant = ""', "scope"), ('field = "level"', 'constant = "x"', "level"),
        ("Red = 1", "Red = 9", "0 to 4"), ("unknown_level = 4", "unknown_level = 5", "0 to 4"), ("zone_hours = 8", 'zone = "x"', "zone"), ('like = "[0-9]{2}', 'like = "([0-9]{2}', "unterminated"), ('name = "12379"', "name = ", "Invalid"),
    ],
)  # fmt: skip
def test_a_profile_that_is_none_is_refused(tmp_path, old, new, said):
    assert old in TEXT
    own = tmp_path / "own.toml"
    own.write_text(TEXT.replace(old, new, 1), "utf-8")
    with pytest.raises(Refused) as wrong:
        load(str(own))
    assert said in wrong.value.text.en


def test_a_profile_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "own.toml").write_bytes(TEXT.encode("gbk", errors="replace") + b"# \xff\n")
    with pytest.raises(Refused, match="it is no UTF-8 text"):
        load(str(tmp_path / "own.toml"))
    (tmp_path / "deep.toml").write_text("a = " + "[" * 20_000)
    with pytest.raises(Refused, match="it is nested too deeply"):
        load(str(tmp_path / "deep.toml"))


def test_a_profile_that_is_not_there_or_too_long_is_refused(tmp_path):
    (tmp_path / "long.toml").write_text("#" * (profile_file.MAX_BYTES + 1))
    for name in ("none", str(tmp_path / "long.toml")):
        with pytest.raises(Refused):
            load(name)


def test_a_profile_may_be_as_long_as_said_and_holds_nothing_but_its_own_keys(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert profile_file.MAX_BYTES == 262_144
    room = profile_file.MAX_BYTES - len(TEXT.encode()) - 1
    Path("own.toml").write_text(TEXT + "#" * room + "\n", "utf-8")
    assert load("own.toml") == PROFILE
    for text, said in (
        (TEXT + "#" * (room + 1) + "\n", "more than 262144 bytes"),
        ("unknown = 1\n" + TEXT, "unknown"),
        ("".join(f"unknown_{n:090d} = 1\n" for n in range(9)) + TEXT, "unknown_"),
    ):
        Path("own.toml").write_text(text, "utf-8")
        with pytest.raises(Refused, match=said) as wrong:
            load("own.toml")
        assert len(wrong.value.text.en) <= len("the warning profile own.toml: ") + 400


@pytest.mark.parametrize("number", [0, 4])
def test_levels_of_a_profile_are_0_to_4(tmp_path, number):
    own = tmp_path / "own.toml"
    text = TEXT.replace("unknown_level = 4", f"unknown_level = {number}").replace(
        "Red = 1", "Red = 1\nWhite = 0"
    )
    own.write_text(text, "utf-8")
    profile = load(str(own))
    assert profile.unknown_level == number and set(profile.levels.values()) == set(range(5))
    own.write_text(text.replace("White = 0", "White = 5"), "utf-8")
    with pytest.raises(Refused, match="0 to 4"):
        load(str(own))


def test_texts_and_areas_are_read_up_to_their_bound():
    assert (
        len(read(EXAMPLE.replace("34042200000000", ",".join(f"34042{n:07d}" for n in range(5_000)))).areas)
        == 5_000
    )
    with pytest.raises(Misheard, match="longer"):
        read(EXAMPLE.replace("请立即转移到高处。", "转" * 20_001))
    with pytest.raises(Misheard, match="no area code"):
        read(EXAMPLE.replace("34042200000000", "3404220000007"))
    assert read(EXAMPLE.replace("34042200000000", "34042200000000" + "," * 99_986)).areas == ("340422000000",)
    with pytest.raises(Misheard, match="geocode is longer"):
        read(EXAMPLE.replace("34042200000000", "34042200000000" + "," * 99_987))
    assert warning.write(MESSAGE, PROFILE).startswith(b"<?xml version='1.0' encoding='UTF-8'?>\n<alert>\n")


# ---- by hand ------------------------------------------------------------------------------------------------------


def test_a_warning_is_checked_made_and_checked_again(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.xml").write_text(EXAMPLE, "utf-8")
    assert cli.main(["warning", "check", "a.xml"]) == 0
    line = capsys.readouterr().out
    Path("a.json").write_text(line, "utf-8")
    assert cli.main(["warning", "make", "a.json", "--out", "b.xml"]) == 0
    assert cli.main(["warning", "check", "b.xml"]) == 0
    assert json.loads(capsys.readouterr().out)["message"] == json.loads(line)["message"]
    monkeypatch.setattr("sys.stdin", io.StringIO(line))
    assert cli.main(["warning", "make", "-"]) == 0
    assert capsys.readouterr().out == Path("b.xml").read_text("utf-8")


def test_what_is_none_is_a_line_or_a_refusal(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("bad.xml").write_text("<alert/>")
    assert cli.main(["warning", "check", "bad.xml", "none.xml"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["valid"] for line in lines] == [False, False] and all(
        line["reasons"][0]["zh"] for line in lines
    )
    for text in ("{", "[]", '{"message": {}}', json.dumps({"message": 5})):
        Path("bad.json").write_text(text)
        assert cli.main(["warning", "make", "bad.json"]) == 1
    assert cli.main(["warning", "make", "none.json"]) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("areas", []), ("areas", ["x"]), ("identifier", "x"), ("event", "rain"), ("type", "update"), ("level", 9), ("headline", "a\0"), ("headline", "\ud800"), ("sent", 10**20)],
)  # fmt: skip
def test_what_nobody_would_take_is_not_made(tmp_path, capsys, field, value):
    (tmp_path / "a.xml").write_text(EXAMPLE, "utf-8")
    cli.main(["warning", "check", str(tmp_path / "a.xml")])
    message = json.loads(capsys.readouterr().out)["message"] | {field: value}
    (tmp_path / "a.json").write_text(json.dumps(message))
    assert cli.main(["warning", "make", str(tmp_path / "a.json"), "--out", str(tmp_path / "b.xml")]) == 1
    assert capsys.readouterr().err.startswith("gengfu warning: ") and not (tmp_path / "b.xml").exists()


def test_fuzz_warnings():
    seeds = [
        EXAMPLE.encode(),
        warning.write(attrs.evolve(MESSAGE, type="cancel", references=("a",)), PROFILE),
    ]
    held = 0

    def ask(chance: random.Random):
        nonlocal held
        try:
            message = warning.read(damaged(chance, chance.choice(seeds)), PROFILE)
            held += 1
            assert warning.read(warning.write(message, PROFILE), PROFILE).areas == message.areas
        except Misheard as misheard:
            assert misheard.text.en and misheard.text.zh

    campaign("warnings", ask)
    assert held
