"""Adopted settings that keep the station from starting are put back by themselves, after three starts, once, and whoever looks is told why."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import succeed

from station import settings_trial
from station.adopting import sha256_of
from station.settings_desk import SettingsDesk
from station.settings_keeper import SettingsKeeper
from station.settings_trial import STARTS, begin, failed, failed_text, held, open_trial, told, untold
from station.words import Refused

BAD = Refused("the address is not this machine's", "地址不属于本机")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "station.toml"
    made.write_text("a = 1\n")
    made.chmod(0o640)
    return made


def adopt(file: Path, text: str) -> None:
    keeper = SettingsKeeper(file, file.parent / "settings")
    sha256 = keeper.hold(text)
    open_trial(file, sha256)
    keeper.install(sha256)


def left_over(file: Path) -> set[str]:
    return {one.suffix for one in file.parent.glob("station.toml.*") if not one.suffix[1:].isdigit()}


def test_without_an_adoption_there_is_no_trial(file: Path) -> None:
    assert [begin(file) for _ in range(10)] == [None] * 10
    held(file)
    failed(file, BAD)
    told(file)
    assert untold(file) is None and left_over(file) == set()


def test_three_starts_that_do_not_hold_bring_the_old_ones_back_with_the_reason(file: Path) -> None:
    adopt(file, "a = 2\n")
    for _ in range(STARTS):
        assert begin(file) is None
        assert file.read_text() == "a = 2\n"
        failed(file, BAD)
    found = begin(file)
    assert found is not None and found == untold(file)
    assert (found.sha256, found.before, found.starts) == (sha256_of("a = 2\n"), sha256_of("a = 1\n"), STARTS)
    assert found.why == BAD.text
    assert file.read_text() == "a = 1\n" and file.stat().st_mode & 0o777 == 0o640
    assert failed_text(file).read_text() == "a = 2\n"
    assert begin(file) is None, "once"
    told(file)
    assert untold(file) is None and left_over(file) == {".failed"}


def test_a_start_that_held_ends_the_trial(file: Path) -> None:
    adopt(file, "a = 2\n")
    begin(file)
    held(file)
    for _ in range(10):
        assert begin(file) is None
    assert file.read_text() == "a = 2\n" and left_over(file) == set()


def test_settings_written_by_hand_are_nobodys_trial(file: Path) -> None:
    adopt(file, "a = 2\n")
    begin(file)
    file.write_text("a = 3\n")
    for _ in range(10):
        assert begin(file) is None
    assert file.read_text() == "a = 3\n" and left_over(file) == set()


def test_an_adoption_that_was_never_written_is_no_trial(file: Path) -> None:
    open_trial(file, sha256_of("a = 2\n"))
    assert [begin(file) for _ in range(5)] == [None] * 5
    assert file.read_text() == "a = 1\n"


def test_where_the_old_ones_are_gone_the_new_ones_stay(file: Path) -> None:
    adopt(file, "a = 2\n")
    file.with_name("station.toml.1").unlink()
    for _ in range(10):
        assert begin(file) is None
    assert file.read_text() == "a = 2\n"


def test_a_trial_that_makes_no_sense_is_thrown_away(file: Path) -> None:
    for nonsense in ("", "[]", '{"sha256":1}', "\x00"):
        file.with_name("station.toml.trial").write_text(nonsense)
        assert begin(file) is None
        assert left_over(file) == set()


def test_a_disk_that_refuses_keeps_nobody_off_the_air(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    adopt(file, "a = 2\n")

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(settings_trial, "write_whole", full)
    for _ in range(STARTS + 2):
        assert begin(file) is None
        failed(file, BAD)


@given(st.lists(st.sampled_from(["adopt", "start", "hold", "hand", "fail"]), max_size=25))
@settings(max_examples=40, deadline=None)
def test_whatever_happens_a_start_finds_settings_that_somebody_wrote(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    file = tmp_path_factory.mktemp("trial") / "station.toml"
    file.write_text("a = 0\n")
    written, good = {"a = 0\n"}, "a = 0\n"
    for number, step in enumerate(steps, 1):
        text = f"a = {number}\n"
        if step == "adopt":
            good = file.read_text()
            adopt(file, text)
            written.add(text)
        elif step == "hand":
            file.write_text(text)
            written.add(text)
        elif step == "start":
            if begin(file) is not None:
                assert file.read_text() == good
        elif step == "hold":
            held(file)
        else:
            failed(file, BAD)
        assert file.read_text() in written


# -- as the desk of settings follows it ---------------------------------------------------------------


def desk(file: Path | None, said: list[Any]) -> SettingsDesk:
    keeper = None if file is None else SettingsKeeper(file, file.parent / "settings")

    def tell(wish: Any) -> Any:
        said.append(wish)
        return succeed(None)

    world: Any = SimpleNamespace()
    return SettingsDesk(
        world, keeper, in_thread=lambda call, *args: succeed(call(*args)), tell=tell, restart=lambda *_: None
    )


def test_a_controller_that_started_again_tells_the_journal_once(file: Path) -> None:
    adopt(file, "a = 2\n")
    for _ in range(STARTS):
        begin(file)
    begin(file)
    said: list[Any] = []
    made = desk(file, said)
    made.started()
    made.started()
    assert [one.sha256 for one in said] == [sha256_of("a = 2\n")]
    made.held()


def test_a_station_without_a_file_has_no_trial() -> None:
    said: list[Any] = []
    made = desk(None, said)
    made.started()
    made.held()
    assert said == []
