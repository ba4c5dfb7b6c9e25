"""station.toml: what holds is taken, and of what does not every mistake is told at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from station import check
from station.files import hash_of
from station.settings import Settings
from station.settings_file import SettingsWrong, load, places
from station.settings_rules import CHANNELS_PER_CHAIN
from station.settings_shape import shaped
from station.wire import from_plain
from station.words import Refused

GOOD = """
[station]
id = "shouxian"
name_zh = "寿县融媒体中心"
name_en = "Shouxian Media Centre"
area = "340422000000"
areas = "areas.csv"

[[channels]]
id = "fm1"
chain = "radio"
name_zh = "寿县综合广播"
name_en = "Shouxian Radio"
area = "340422000000"
rundowns = "rundowns"
filler = ["media/a.flac"]
loop = "media/loop.wav"
l16 = ["239.1.1.1:5004", "[::1]:5006"]
ts = ["127.0.0.1:1234"]

[[signatures]]
row = "composer"
before = 4

[[sources]]
id = "province"
kind = "ebd"
authority = "province"
token_file = "province.token"
preauthorised = true
certificates = ["province.pem"]

[safety]
silence_s = 3
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "areas.csv").write_text("code,name,level\n", encoding="utf-8")
    (tmp_path / "station.toml").write_text(GOOD, encoding="utf-8")
    return tmp_path


def wrongs(home: Path, *changes: tuple[str, str], **how: Any) -> dict[str, str]:
    """Paths and English sentences of the mistakes that these changes to a good file make."""
    text = GOOD
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    (home / "station.toml").write_text(text, encoding="utf-8")
    try:
        load(home / "station.toml", **how)
    except SettingsWrong as wrong:
        return {mistake.path: mistake.text.en for mistake in wrong.mistakes}
    return {}


def test_a_good_file_is_taken_with_all_its_defaults(home: Path) -> None:
    settings = load(home / "station.toml")
    assert settings.station.day_start == "05:00"
    assert settings.channels[0].l16 == ["239.1.1.1:5004", "[::1]:5006"]
    assert settings.safety.silence_s == 3.0
    assert settings.chains()["radio"] == ("fm1",)
    assert places(home / "station.toml", settings).state == home / "state"
    assert places(home / "station.toml", settings, "/srv/x").journal == Path("/srv/x/journal.db")
    assert len(hash_of(home / "station.toml")) == 64


def test_a_state_directory_too_deep_for_sockets_is_refused_with_how_much_too_deep(home: Path) -> None:
    settings = load(home / "station.toml")
    path = home / "station.toml"
    room = 107 - len("/run/player-alerts.b.sock")  # a second player may come
    assert places(path, settings, "/" + "d" * (room - 1)).state
    with pytest.raises(Refused, match="need 3 bytes less; name a shorter one with --state"):
        places(path, settings, "/" + "d" * (room + 2))


def test_a_file_of_five_mistakes_gets_five_sentences_in_both_languages(home: Path) -> None:
    text = GOOD
    for before, after in (
        ('name_en = "Shouxian Media Centre"', 'nam_en = "Shouxian"'),
        ('area = "340422000000"\nareas', 'area = "3404"\ntimezone = "Asia/Shouxian"\nareas'),
        ('chain = "radio"', "chain = 7"),
        ('"239.1.1.1:5004"', '"239.1.1.1"'),
    ):
        text = text.replace(before, after)
    (home / "station.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsWrong) as said:
        load(home / "station.toml")
    found = {mistake.path: mistake.text.en for mistake in said.value.mistakes}
    assert found == {
        "station.nam_en": "station.toml: station.nam_en is not a setting; did you mean name_en?",
        "station.area": "station.toml: station.area is '3404' but an area code has 12 digits",
        "station.timezone": "station.toml: station.timezone names 'Asia/Shouxian', which is no time zone; write one like Asia/Shanghai",
        "channels[0].chain": "station.toml: channels[0].chain is '7' but must be a text in quotes",
        "channels[0].l16[0]": "station.toml: channels[0].l16[0] is '239.1.1.1' but must be host:port, such as 239.1.1.1:5004",
    }
    assert all(any("一" <= c <= "鿿" for c in text.zh) for text in said.value.texts)
    assert said.value.text.en.count("\n") == len(found) - 1


@pytest.mark.parametrize(
    ("before", "after", "path", "sentence"),
    [
        ('id = "shouxian"', 'id = "shou xian"', "station.id", "letters, digits and hyphens"),
        ("[safety]", "day = 1\n[safety]", "sources[0].day", "is not a setting"),
        ('areas = "areas.csv"', 'areas = "lost.csv"', "station.areas", "no file beside"),
        ('areas = "areas.csv"', 'areas = "areas.csv"\nday_start = "5:00"', "station.day_start", "05:00"),
        ('areas = "areas.csv"', 'areas = "areas.csv"\nday_start = 05:00:00', "station.day_start", "text in quotes"),
        ('areas = "areas.csv"', 'areas = "areas.csv"\ntimezone = "Asia"', "station.timezone", "no time zone"),
        ('areas = "areas.csv"', 'areas = "areas.csv"\ntimezone = "../etc/passwd"', "station.timezone", "no time zone"),
        ('areas = "areas.csv"', 'areas = "areas.csv"\nport = 80', "station.port", "from 1024"),
        ('areas = "areas.csv"', 'areas = "areas.csv"\nport = 65500', "station.port", "from 1024"),
        ('areas = "areas.csv"', 'areas = "areas.csv"\nport = true', "station.port", "a whole number"),
        ('areas = "areas.csv"', 'areas = "areas.csv"\nebr_code = "12"', "station.ebr_code", "23 digits"),
        ('areas = "areas.csv"', 'areas = "areas.csv"\nauthority = "contry"', "station.authority", "did you mean country|mean county"),
        ('areas = "areas.csv"', 'areas = "areas.csv"\nauthority = 1', "station.authority", "one of nation"),
        ('id = "fm1"', 'id = "alerts-1"', "channels[0].id", "alert stream"),
        ('id = "fm1"', 'id = "../fm1"', "channels[0].id", "letters"),
        ('chain = "radio"', 'chain = "alerts"', "channels[0].chain", "alert streams"),
        ('filler = ["media/a.flac"]', 'filler = "media/a.flac"', "channels[0].filler", "must be a list"),
        ('ts = ["127.0.0.1:1234"]', 'ts = ["127.0.0.1:70000"]', "channels[0].ts[0]", "host:port"),
        ('ts = ["127.0.0.1:1234"]', "slack_ms = 5", "channels[0].slack_ms", "from 10"),
        ('ts = ["127.0.0.1:1234"]', "duck_below_level = 0", "channels[0].duck_below_level", "from 1"),
        ("before = 4", "before = 2", "signatures[0].before", "fewer signatures than the 3"),
        ('row = "composer"', 'row = "template_alone"', "signatures[0].owed", "fewer signatures than the 1"),
        ('row = "composer"', 'row = "upstream_life"\nowed = 1', "signatures[0].owed_within_s", "needs its time"),
        ('row = "composer"', 'row = "upstream_life"\nowed = 1\nowed_within_s = 9000', "signatures[0].owed_within_s", "at most 3600"),
        ("before = 4", "before = 4\ntimer_s = 9", "signatures[0].timer_s", "has no timer"),
        ('row = "composer"', 'row = "upstream_other"\ntimer_s = -1', "signatures[0].timer_s", "negative"),
        ('token_file = "province.token"', 'token_file = "../token"', "sources[0].token_file", "bare name"),
        ('certificates = ["province.pem"]', "", "sources[0].certificates", "could be verified"),
        ('certificates = ["province.pem"]', 'certificates = ["a/b.pem"]', "sources[0].certificates[0]", "bare name"),
        ('certificates = ["province.pem"]', 'certificates = ["a.pem"]\nareas = ["1"]', "sources[0].areas[0]", "12 digits"),
        ("silence_s = 3", "silence_s = nan", "safety.silence_s", "a number"),
        ("silence_s = 3", "coverage_for_zero = 1.5", "safety.coverage_for_zero", "from 0 to 1"),
        ("[safety]", "[people]\nwatch_h = 99\n[safety]", "people.watch_h", "from 1 to 24"),
        ("[safety]", "[panel]\ncertificate = 'a'\n[safety]", "panel.key", "go together"),
        ("[safety]", "[panel]\nkey = 'a'\n[safety]", "panel.certificate", "go together"),
        ("[safety]", "[panel]\nhost = ''\n[safety]", "panel.host", "empty"),
        ("[safety]", "[alerts]\nquiet_from = '25:00'\n[safety]", "alerts.quiet_from", "local time"),
        ("[safety]", "[alerts]\nlife_list = ['地震']\n[safety]", "alerts.life_list[0]", "event code"),
        ("[safety]", "[alerts]\nlife_list = ['11A01', 'x']\n[safety]", "alerts.life_list[1]", "event code"),
        ("[safety]", "[alerts]\nwait_end_s = 20\n[safety]", "alerts.wait_end_s", "must be a table"),
        ("[safety]", "[alerts]\nwait_end_s = {drill = '20'}\n[safety]", "alerts.wait_end_s.drill", "a whole number"),
        ("[safety]", "[alerts]\nwait_end_s = {level-1 = 20}\n[safety]", "alerts.wait_end_s.level-1", "never wait"),
        ("[safety]", "terminals = 3\n[safety]", "sources[0].terminals", "not a setting"),
        ("[safety]", "[terminal]\n[safety]", "terminal", "did you mean terminals"),
    ],
)  # fmt: skip
def test_each_mistake_is_one_sentence_at_its_path(
    home: Path, before: str, after: str, path: str, sentence: str
) -> None:
    found = wrongs(home, (before, after))
    assert list(found) == [path]
    assert any(part in found[path] for part in sentence.split("|"))


def test_each_mistake_of_what_stands_in_for_a_class_is_said_with_its_place(home: Path) -> None:
    more = (
        '[[replacements]]\ncategory = "news flash"\nmedia = []\n'
        '[[replacements]]\ncategory = ""\nmedia = ["gone.flac"]\nchannels = ["fm1", "fm9"]\n[safety]'
    )
    found = wrongs(home, ("[safety]", more))
    assert sorted(found) == [
        "replacements[0].category",
        "replacements[0].media",
        "replacements[1].category",
        "replacements[1].channels[1]",
    ]
    assert "is no file" in wrongs(home, ("[safety]", more), files=True)["replacements[1].media[0]"]


def test_what_becomes_of_the_programme_after_an_alert_is_named_by_class_and_held_within_bounds(
    home: Path,
) -> None:
    good = '[[after_alerts]]\nthen = "restart"\nrestart_under_s = 10\ncategory = "news"\n[[after_alerts]]\nthen = "join"\n[safety]'
    assert wrongs(home, ("[safety]", good)) == {}
    more = (
        '[[after_alerts]]\nthen = "resume"\nrestart_under_s = 5\ncategory = "news flash"\n'
        '[[after_alerts]]\nthen = "restart"\nlongest_s = 0\nchannels = ["fm1", "fm9"]\n'
        '[[after_alerts]]\nthen = "restart"\nrestart_under_s = 1801\nlongest_s = 1801\n'
        '[[after_alerts]]\nthen = "again"\n[safety]'
    )
    assert wrongs(home, ("[safety]", more)).keys() == {
        "after_alerts[3].then",
        "after_alerts[0].category",
        "after_alerts[0].restart_under_s",
        "after_alerts[1].restart_under_s",
        "after_alerts[1].longest_s",
        "after_alerts[1].channels[1]",
        "after_alerts[2].restart_under_s",
        "after_alerts[2].longest_s",
    }


def test_channels_have_ids_of_their_own_and_a_chain_has_eight_at_most(home: Path) -> None:
    start = GOOD.index("[[channels]]")
    block = GOOD[start : GOOD.index("[[signatures]]")]
    many = "".join(block.replace("fm1", f"fm{k}") for k in range(2, CHANNELS_PER_CHAIN + 1))
    assert wrongs(home, (block, block + many)) == {}
    found = wrongs(home, (block, block + many + block))
    assert "second time" in found["channels[8].id"]
    assert "ninth channel" in found["channels[8].chain"]


def test_sections_that_are_missing_or_no_tables_are_told_once(home: Path) -> None:
    (home / "station.toml").write_text("station = 1\nchannels = [2]\n", encoding="utf-8")
    with pytest.raises(SettingsWrong) as said:
        load(home / "station.toml")
    assert [m.path for m in said.value.mistakes] == ["station", "channels[0]"]
    (home / "station.toml").write_text("", encoding="utf-8")
    with pytest.raises(SettingsWrong) as said:
        load(home / "station.toml")
    assert [m.path for m in said.value.mistakes] == ["station", "channels"]
    section = GOOD[: GOOD.index("[[channels]]")]
    (home / "station.toml").write_text("channels = []\n" + section, encoding="utf-8")
    with pytest.raises(SettingsWrong, match="at least one channel"):
        load(home / "station.toml")


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [(b"[station", "is not TOML"), (b"\xff\xfe", "is not UTF-8"), (b"a = 1\na = 2", "is not TOML")],
)
def test_a_file_that_is_no_toml_is_one_sentence(home: Path, raw: bytes, sentence: str) -> None:
    (home / "station.toml").write_bytes(raw)
    with pytest.raises(SettingsWrong, match=sentence):
        load(home / "station.toml")


def test_a_file_that_is_not_there_is_one_sentence(home: Path) -> None:
    with pytest.raises(SettingsWrong, match="cannot be read: No such file"):
        load(home / "lost.toml")


def test_lost_media_are_told_by_check_but_keep_no_station_from_starting(home: Path) -> None:
    assert wrongs(home) == {}
    more = ("[safety]", "[terminals]\nregistry = 'terminals.csv'\n[safety]")
    found = wrongs(home, more, files=True)
    assert sorted(found) == [
        "channels[0].filler[0]",
        "channels[0].loop",
        "channels[0].rundowns",
        "terminals.registry",
    ]
    (home / "media").mkdir()
    (home / "rundowns").mkdir()
    for name in ("media/a.flac", "media/loop.wav", "terminals.csv"):
        (home / name).touch()
    assert wrongs(home, more, files=True) == {}
    assert list(wrongs(home, ('loop = "media/loop.wav"', ""), files=True)) == []


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["station", "channels", "id", "port", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(st.sampled_from([f.name for f in attrs.fields(Settings)]) | st.text(max_size=4), plain)
)
def test_whatever_is_written_becomes_settings_of_the_right_shape(value: dict[str, Any]) -> None:
    made = from_plain(shaped(value, Settings, "", {}), Settings)
    assert isinstance(made, Settings)


def test_check_says_it_holds(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "station.toml").write_text(
        GOOD.replace('filler = ["media/a.flac"]\nloop = "media/loop.wav"', ""), encoding="utf-8"
    )
    (home / "rundowns").mkdir()
    assert check.main([str(home / "station.toml")]) == 0
    assert "holds · 设置有效" in capsys.readouterr().out
    assert check.main([str(home / "station.toml"), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True


def test_check_says_every_mistake_and_exits_with_1(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check.main([str(home / "station.toml")]) == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2 * 3
    assert check.main([str(home / "station.toml"), "--format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["mistakes"][0]["path"] == "channels[0].rundowns"


def test_check_used_wrongly_exits_with_2() -> None:
    with pytest.raises(SystemExit) as left:
        check.main([])
    assert left.value.code == 2
