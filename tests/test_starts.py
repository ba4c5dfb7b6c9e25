"""What does not stay up with the settings it read is counted and said; what does is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_alarm_follower import Rig, rig  # noqa: F401 - a fixture
from twisted.internet.task import Clock

from safety.witness import main as witness
from station import starts
from station.settings import Places
from station.settings_trial import HOLDS
from station.starts import Starts, counted, not_up
from station.words import Refused, Text

EXAMPLE = Path(__file__).resolve().parent.parent / "examples/shouxian/station.toml"


class Home:
    """A settings file and a state directory."""

    def __init__(self, folder: Path) -> None:
        self.file, self.places = folder / "station.toml", Places(folder / "state")
        self.file.write_text("one", encoding="utf-8")
        self.places.logs.mkdir(parents=True)
        self.argv = [
            "fm1",
            "--settings",
            str(self.file),
            "--state",
            str(self.places.state),
            "--port",
            "28000",
        ]

    def refused(self, said: str = "no such address") -> None:
        with pytest.raises(Refused), counted("witness-fm1", self.argv):
            raise Refused(said, "没有此地址")

    def told(self) -> list[tuple[str, int, str]]:
        return [(one.name, one.count, one.why.en) for one in not_up(self.places.logs)]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_three_starts_that_ended_with_a_sentence_are_said_with_the_last_one(home: Home) -> None:
    for said in ("first", "second"):
        home.refused(said)
        assert home.told() == []
    home.refused("third")
    assert home.told() == [("witness-fm1", 3, "third")]


def test_other_settings_begin_anew(home: Home) -> None:
    for _ in range(3):
        home.refused()
    home.file.write_text("two", encoding="utf-8")
    home.refused()
    assert home.told() == []


def test_starts_of_long_ago_say_nothing_of_this_one(home: Home) -> None:
    for _ in range(3):
        home.refused()
    note = home.places.logs / "witness-fm1.starts"
    os.utime(note, (note.stat().st_atime, note.stat().st_mtime - 90))
    home.refused()
    assert home.told() == []
    assert [path.name for path in home.places.logs.iterdir()] == ["witness-fm1.starts"]


def test_a_process_that_dies_without_a_word_is_counted_too(home: Home) -> None:
    for _ in range(3):
        with pytest.raises(KeyError), counted("witness-fm1", home.argv):
            raise KeyError("a bug")
    assert home.told() == [("witness-fm1", 3, "")]


def test_who_ran_for_long_enough_or_ended_by_wish_has_held(home: Home) -> None:
    for _ in range(3):
        home.refused()
    clock = Clock()
    with pytest.raises(KeyError), counted("witness-fm1", home.argv) as holds:
        holds(clock)
        clock.advance(HOLDS - 0.1)
        assert home.told() != [], "not yet"
        clock.advance(0.1)
        assert home.told() == []
        raise KeyError("a bug, much later")
    home.refused()
    with counted("witness-fm1", home.argv):
        pass
    assert not list(home.places.logs.glob("*.starts"))


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["fm1"],
        ["fm1", "--settings", "x.toml"],
        ["--settings"],
        ["--settings", "/none", "--state", "/none"],
    ],
)
def test_whom_nobody_supervises_is_not_counted(argv: list[str]) -> None:
    with counted("witness-fm1", argv) as holds:
        holds(None)


def test_a_disk_that_refuses_or_a_note_without_sense_keeps_nobody_from_starting(home: Home) -> None:
    note = home.places.logs / "witness-fm1.starts"
    note.write_text('{"count": "many"}', encoding="utf-8")
    assert home.told() == []
    home.refused()
    note.unlink()
    note.mkdir()  # cannot be replaced by a file, nor removed as one
    home.refused()
    with counted("witness-fm1", home.argv):
        pass
    assert not_up(home.places.state / "nowhere") == ()


def test_a_witness_that_the_settings_have_no_channel_for_says_so(tmp_path: Path) -> None:
    argv = ["fm9", "--settings", str(EXAMPLE), "--state", str(tmp_path)]
    for _ in range(3):
        with pytest.raises(Refused):
            witness(argv)
    (one,) = not_up(Places(tmp_path).logs)
    assert one.name == "witness-fm9" and "there is no channel fm9" in one.why.en
    assert "没有频道 fm9" in one.why.zh


def test_a_panel_that_does_not_start_counts_itself(tmp_path: Path) -> None:
    file = tmp_path / "station.toml"
    file.write_text("[station]\n", encoding="utf-8")
    (tmp_path / "logs").mkdir()
    words = [sys.executable, "-m", "station.cli", "panel", "--settings", str(file), "--state", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode != 0
    note = starts._read(tmp_path / "logs" / "panel.starts")
    assert note is not None and note.count == 1 and note.why.en and note.why.zh


def test_the_alarm_names_who_why_and_is_over_when_it_has_held(rig: Rig) -> None:  # noqa: F811
    logs = rig.world.places.logs
    logs.mkdir(parents=True, exist_ok=True)
    for name in ("panel", "witness-fm1"):
        said = Text("port 8600 is in use", "端口 8600 被占用")
        starts._Note(logs / f"{name}.starts", Starts(name=name, settings="a" * 64, count=3, why=said)).keep()  # type: ignore[arg-type]
    rig.pass_time(2)
    assert {"settings/not-up/panel", "settings/not-up/witness-fm1"} <= rig.standing()
    panel, fm1 = (rig.world.wrong[f"settings/not-up/{name}"] for name in ("panel", "witness-fm1"))
    assert (panel.severity, fm1.severity) == ("critical", "major")
    assert "the panel does not start" in panel.text.en and "port 8600" in panel.text.en
    assert "面板" in panel.text.zh and "监测 fm1" in fm1.text.zh and "8600" in fm1.text.zh
    for name in ("panel", "witness-fm1"):
        (logs / f"{name}.starts").unlink()
    rig.pass_time(3)
    assert not any(key.startswith("settings/not-up") for key in rig.standing())
