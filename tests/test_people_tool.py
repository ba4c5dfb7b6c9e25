"""`gengfu people`: the first account of a station, and the rest, from the machine itself, also while the station runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from station.cli import main as gengfu
from station.people import People
from station.people_messages import CredentialChanged, OperatorAdded, OperatorChanged
from station.people_tool import main
from station.words import Event, Instant, Refused

ADD = ("add", "li", "--name-zh", "李", "--name-en", "Li", "--role", "dispatcher", "--area", "340422000000")
SECRETS = ("更夫 walks at 3", "更夫 walks at 3", "2580", "2580")


def asked(*answers: str) -> Callable[[str], str]:
    """Answers in the order of the questions."""
    waiting = list(answers)
    return lambda _prompt: waiting.pop(0)


def run(state: Path, *words: str, secrets: tuple[str, ...] = ()) -> int:
    return main([words[0], "--state", str(state), *words[1:]], asked(*secrets))


class Station:
    """A running station's people, and what its journal is told."""

    def __init__(self, state: Path) -> None:
        self.told: list[tuple[Event, str]] = []
        self.people = People.open(
            state / "people.db", now=lambda: Instant(1), tell=lambda event, by: self.told.append((event, by))
        )

    def log_in(self, password: str) -> str:
        found: list[Any] = []
        self.people.log_in("li", password).addBoth(found.append)
        if hasattr(found[0], "raiseException"):
            found[0].raiseException()
        return str(found[0].token)


def test_an_account_made_while_the_station_runs_may_log_in_and_is_journaled_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    station = Station(tmp_path)
    assert station.people.accounts() == []
    assert run(tmp_path, *ADD, secrets=SECRETS) == 0
    assert "账户 li 已建立" in capsys.readouterr().out
    token = station.log_in(SECRETS[0])
    assert station.people.who(token).areas == ("340422000000",)
    assert station.told[0] == (
        OperatorAdded(operator="li", roles=("dispatcher",), areas=station.people.who(token).areas),
        "console",
    )
    run(tmp_path, "close", "li")
    with pytest.raises(Refused, match="log in again"):
        station.people.who(token)
    changed = [event for event, _ in station.told if isinstance(event, OperatorChanged)]
    assert [event.active for event in changed] == [False]
    run(tmp_path, "open", "li")
    run(tmp_path, "secret", "li", "password", secrets=("another 换岗 word",) * 2)
    assert station.people.who(station.log_in("another 换岗 word")).id == "li"
    assert sum(isinstance(event, CredentialChanged) for event, _ in station.told) == 1


def test_what_was_done_before_a_station_ever_ran_is_journaled_at_its_start(tmp_path: Path) -> None:
    run(tmp_path, *ADD, secrets=SECRETS)
    station = Station(tmp_path)
    assert [account.id for account in station.people.accounts()] == ["li"]
    assert [type(event) for event, _ in station.told] == [OperatorAdded]
    again = Station(tmp_path)
    again.people.accounts()
    assert again.told == []


def test_secrets_that_differ_or_are_weak_change_nothing(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="not the same"):
        run(tmp_path, *ADD, secrets=("更夫 walks at 3", "更夫 walks at 4"))
    with pytest.raises(Refused, match="PIN has 4 to 12 digits"):
        run(tmp_path, *ADD, secrets=(*SECRETS[:2], "1234", "1234"))
    with pytest.raises(Refused, match="no operator li"):
        run(tmp_path, "secret", "li", "pin")
    assert Station(tmp_path).people.accounts() == []


def test_a_list_shows_everybody_and_no_hash(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, *ADD, secrets=SECRETS)
    run(tmp_path, "close", "li")
    capsys.readouterr()
    assert run(tmp_path, "list") == 0
    said = capsys.readouterr().out
    assert "李 · Li  (closed · 已停用)" in said
    assert "argon2" not in said
    assert run(tmp_path, "list", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "operator": "li",
        "name_zh": "李",
        "name_en": "Li",
        "active": False,
        "roles": ["dispatcher"],
        "areas": ["340422000000"],
    }


def test_a_place_that_is_not_there_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gengfu(["people", "list", "--state", str(tmp_path / "nowhere")]) == 1
    assert "没有状态目录" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [[], ["add", "--state", "x", "li"], ["secret", "--state", "x", "li", "shoe"]]
)
def test_used_wrongly_it_exits_with_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 2
