"""`gengfu alert`: what it asks of the station over a real socket, and what it says."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from station import alert_tool, upgrade_tool
from station.netstring import Unpacker, pack
from station.words import Misheard, Refused

ALERT = {
    "id": "a1", "level": 1, "phase": "waiting", "signatures": [], "needed": 3, "headline": "山洪",
    "area_names": "寿县", "text": "请转移", "content": "c" * 64,
}  # fmt: skip
MUTE = {"id": "m1", "alert": "", "area_names": "", "by": "gao", "reason": "test"}
OWED = {**MUTE, "id": "m0", "headline": "", "area_names": "双井镇", "by": "li", "reason": ""}
OVERVIEW = {"unexplained": [OWED]}
ANSWERS: dict[str, Any] = {"alerts": [ALERT], "alert": ALERT, "mutes": [MUTE], "overview": OVERVIEW}


class Station:
    """A control socket that writes down what it is asked."""

    def __init__(self, state: Path) -> None:
        (state / "run").mkdir(parents=True)
        self.state, self.asked = state, []
        self.refuse: dict[str, Any] | None = None
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(state / "run" / "station.sock"))
        self._door.listen(1)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._door.accept()
            except OSError:
                return
            unpacker = Unpacker()
            with line:
                while data := line.recv(65_536):
                    for message in unpacker.feed(data):
                        line.sendall(pack(self._answer(message)))

    def _answer(self, message: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(message)
        if message["do"] == "command" and self.refuse is not None:
            return {"id": message["id"], "ok": False, **self.refuse}
        if message["do"] == "query":
            return {"id": message["id"], "ok": True, "result": ANSWERS[message["name"]]}
        return {"id": message["id"], "ok": True, "result": {"session": "seat"}}

    def close(self) -> None:
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self._thread.join(5)

    def run(self, *words: str) -> int:
        what, *rest = words
        return alert_tool.main([what, "--state", str(self.state), "--as", "zhao", *rest], ask=secret)

    def commands(self) -> list[tuple[str, dict[str, Any], str | None]]:
        return [(m["command"], m["body"], m.get("pin")) for m in self.asked if m["do"] == "command"]


def secret(question: str) -> str:
    return "246810" if question.startswith("PIN") else "pass"


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    made = Station(tmp_path)
    yield made
    made.close()


def test_a_seat_is_taken_with_a_password_and_given_back(
    station: Station, capsys: pytest.CaptureFixture[str]
) -> None:
    assert station.run("list") == 0
    assert [m["do"] for m in station.asked] == ["login", *["query"] * 3, "logout"]
    assert station.asked[0]["password"] == "pass" and station.asked[1]["args"]["open"] is True
    said = capsys.readouterr().out
    assert "a1  1  waiting    0/3  山洪  寿县" in said and "everything · 全部  gao  test" in said
    assert "m0  lifted, reason owed · 已解除,原因未补  双井镇  li" in said


def test_mute_asks_for_no_pin_and_says_how_to_lift_it(
    station: Station, capsys: pytest.CaptureFixture[str]
) -> None:
    assert station.run("mute", "--channel", "fm1", "--reason", "错播") == 0
    [(name, body, pin)] = station.commands()
    assert (name, pin) == ("alert.mute", None)
    assert body["channels"] == ["fm1"] and body["alert"] == "" and body["areas"] == []
    assert f"unmute {body['mute']}" in capsys.readouterr().out


def test_lifting_a_mute_asks_for_the_pin_and_says_that_its_reason_is_owed(
    station: Station, capsys: pytest.CaptureFixture[str]
) -> None:
    assert station.run("unmute", "m1") == 0
    assert "explain" not in capsys.readouterr().out
    assert station.run("unmute", "m0") == 0
    assert "explain m0 --reason" in capsys.readouterr().out
    lifts = [("alert.unmute", {"mute": mute}, "246810") for mute in ("m1", "m0")]
    assert station.commands() == lifts


def test_the_reason_of_a_mute_is_given_without_a_pin(station: Station) -> None:
    assert station.run("explain", "m0", "--reason", "误按") == 0
    assert station.commands() == [("alert.explain", {"mute": "m0", "reason": "误按"}, None)]


@pytest.mark.parametrize(
    ("words", "verdict", "reason"),
    [(("sign", "a1"), "approve", ""), (("reject", "a1", "--reason", "不实"), "reject", "不实")],
)
def test_a_signature_is_bound_to_the_content_that_was_shown(
    station: Station, words: tuple[str, ...], verdict: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert station.run(*words) == 0
    body = {"alert": "a1", "content": "c" * 64, "verdict": verdict, "reason": reason}
    assert station.commands() == [("alert.sign", body, "246810")]
    assert "请转移" in capsys.readouterr().out


def test_cancel_needs_a_reason(station: Station) -> None:
    with pytest.raises(SystemExit) as wrong:
        station.run("cancel", "a1")
    assert wrong.value.code == 2 and station.asked == []
    assert station.run("cancel", "a1", "--reason", "水已退") == 0
    assert station.commands()[0][1] == {"alert": "a1", "reason": "水已退", "authority": "county"}


def test_a_refusal_is_the_stations_sentence_and_the_seat_is_given_back(station: Station) -> None:
    station.refuse = {"code": "twice", "text": {"en": "You have already signed this.", "zh": "您已经签过"}}
    with pytest.raises(Refused, match="already signed") as refused:
        station.run("sign", "a1")
    assert refused.value.text.zh == "您已经签过" and refused.value.code == "twice"
    assert station.asked[-1]["do"] == "logout"


def test_an_alert_is_shown_as_json(station: Station, capsys: pytest.CaptureFixture[str]) -> None:
    assert station.run("show", "a1") == 0
    assert '"headline": "山洪"' in capsys.readouterr().out


def test_no_station_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no station answers"):
        alert_tool.main(["list", "--state", str(tmp_path), "--as", "zhao"], ask=secret)
    with pytest.raises(Refused, match="no station answers") as refused:
        upgrade_tool.main(["--state", str(tmp_path), "--as", "zhao"], ask=secret)
    assert refused.value.text.zh.endswith("没有应答:没有该文件或目录")


def test_a_station_that_hangs_up_is_misheard(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / "run" / "station.sock"))
        door.listen(1)
        thread = threading.Thread(target=lambda: door.accept()[0].close(), daemon=True)
        thread.start()
        with pytest.raises((Misheard, Refused)):
            alert_tool.main(["list", "--state", str(tmp_path), "--as", "zhao"], ask=secret)
        thread.join(5)


def test_with_nobody_at_the_keyboard_it_says_so(station: Station) -> None:
    def nobody(_: str) -> str:
        raise EOFError

    with pytest.raises(Refused, match="run it in a terminal"):
        alert_tool.main(["list", "--state", str(station.state), "--as", "zhao"], ask=nobody)
    assert station.asked == []
