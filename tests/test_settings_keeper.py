"""The settings' file: whole or not at all, the old one kept, nothing held in the open."""

from __future__ import annotations

from pathlib import Path

import pytest

from station import settings_keeper
from station.adoption import Renewals, leave, mark
from station.settings_keeper import SettingsKeeper
from station.words import Refused, Sha256


class Reactor:
    """Notes what is to be called."""

    def __init__(self) -> None:
        self.calls: list[tuple[float, object]] = []
        self.stopped = False

    def callLater(self, wait: float, call: object, *args: object) -> None:
        self.calls.append((wait, call))

    def stop(self) -> None:
        self.stopped = True


@pytest.fixture
def keeper(tmp_path: Path) -> SettingsKeeper:
    file = tmp_path / "station.toml"
    file.write_text("a = 1\n")
    file.chmod(0o640)
    return SettingsKeeper(file, tmp_path / "settings")


def adopt(keeper: SettingsKeeper, text: str) -> Sha256:
    sha256 = keeper.hold(text)
    keeper.install(sha256)
    return sha256


def test_what_is_installed_is_the_file_and_the_old_one_is_kept(keeper: SettingsKeeper) -> None:
    adopt(keeper, "a = 2\n")
    adopt(keeper, "a = 3\n")
    assert keeper.running_text() == "a = 3\n"
    assert [keeper.kept_text(one.number) for one in keeper.kept()] == ["a = 2\n", "a = 1\n"]
    assert keeper.path.stat().st_mode & 0o777 == 0o640
    assert (keeper.path.with_name("station.toml.1")).stat().st_mode & 0o777 == 0o640


def test_installed_twice_is_installed_once(keeper: SettingsKeeper) -> None:
    sha256 = adopt(keeper, "a = 2\n")
    keeper.install(sha256)
    assert len(keeper.kept()) == 1


def test_so_many_versions_are_kept_and_no_more(keeper: SettingsKeeper) -> None:
    for n in range(2, 15):
        adopt(keeper, f"a = {n}\n")
    assert [one.number for one in keeper.kept()] == list(range(1, settings_keeper.KEPT + 1))
    assert keeper.kept_text(1) == "a = 13\n"
    for number in (0, 10, 99):
        with pytest.raises(Refused):
            keeper.kept_text(number)


def test_a_proposal_is_for_the_owner_alone_and_must_be_what_was_approved(keeper: SettingsKeeper) -> None:
    sha256 = keeper.hold('password = "x y"\n')
    candidate = keeper.path.parent / "settings" / f"{sha256}.toml"
    assert candidate.stat().st_mode & 0o077 == 0
    assert candidate.parent.stat().st_mode & 0o077 == 0
    candidate.write_text("a = 666\n")
    with pytest.raises(Refused):
        keeper.install(sha256)
    assert keeper.running_text() == "a = 1\n"
    with pytest.raises(Refused):
        keeper.held(Sha256("0" * 64))


def test_old_proposals_go(keeper: SettingsKeeper) -> None:
    for n in range(settings_keeper.CANDIDATES + 5):
        keeper.hold(f"a = {n}\n")
    assert len(list((keeper.path.parent / "settings").iterdir())) == settings_keeper.CANDIDATES


def test_a_disk_that_takes_nothing_is_said_and_changes_nothing(keeper: SettingsKeeper) -> None:
    (keeper.path.parent / "settings").write_text("in the way")
    with pytest.raises(Refused) as said:
        keeper.hold("a = 2\n")
    assert said.value.code == "unavailable"
    assert keeper.running_text() == "a = 1\n"


def test_what_the_glass_shows_comes_back_whole(keeper: SettingsKeeper) -> None:
    keeper.path.write_text('[x]\npassword = "night"\n')
    assert "night" not in keeper.shown()
    assert keeper.whole(keeper.shown().replace("\n", "\r\n").rstrip()) == '[x]\npassword = "night"\n'


def test_mistakes_are_those_of_the_check_with_their_lines(keeper: SettingsKeeper) -> None:
    assert keeper.mistakes("a = \n")[0].line == 1
    found = keeper.mistakes('[station]\nid = "ok"\narea = 5\n')
    assert ("station.area", 3) in [(one.path, one.line) for one in found]
    lines = [one.line for one in keeper.mistakes('[[channels]]\nid = 5\n[station]\nid = "ok"\narea = 5\n')]
    assert 2 in lines and lines == sorted(lines, key=lambda line: line or 99)
    keeper.path.unlink()
    with pytest.raises(Refused):
        keeper.running_text()


def test_a_station_that_adopted_settings_leaves_a_mark_and_ends(tmp_path: Path) -> None:
    reactor = Reactor()
    leave(reactor, tmp_path)(0.4, Sha256("a" * 64))
    assert mark(tmp_path).read_text() == "a" * 64
    assert reactor.calls == [(0.4, reactor.stop)]


def test_whoever_supervises_renews_once_for_each_mark(tmp_path: Path) -> None:
    mark(tmp_path).write_text("old")
    told: list[int] = []
    watch = Renewals(Reactor(), tmp_path, lambda: told.append(1))
    watch.start()
    assert told == [], "it was there before"
    mark(tmp_path).write_text("new")
    watch.start()
    watch.start()
    assert told == [1]
