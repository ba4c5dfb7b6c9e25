"""Every reason that a player, a device or the voice keeps is said in both languages."""

import re
from pathlib import Path
from typing import get_args

import pytest

from devices.bus import Trouble, Unanswered
from devices.named_readers import NOT_TOLD
from devices.poller import why_of
from devices.readers import NO_NUMBER
from emergency.voice import _answer
from playout.marking import why
from playout.mending import Mark
from station.reasons import reason_text
from station.words import Misheard

CHINESE = re.compile(r"[\u4e00-\u9fff]")
PLAYOUT = Path(__file__).parent.parent / "playout"
FALLS = re.findall(r'self\._fall\([^"]*, "([^"]+)"\)', (PLAYOUT / "vision.py").read_text("utf-8"))
MARKS = [why(Mark(first=3, last=10, kind=kind)) for kind in ("file", "copy", "mended")]
TROUBLES = [why_of(Unanswered(one, "", 2)) for one in get_args(Trouble) if one != "declined"]


def test_the_falls_are_found_in_the_code():
    assert "its pictures are not ready" in FALLS


@pytest.mark.parametrize("given", [*FALLS, *MARKS, *TROUBLES, "declined", NOT_TOLD, NO_NUMBER])
def test_every_reason_of_the_code_has_its_chinese(given):
    said = reason_text(given)
    assert said.en == given
    assert CHINESE.search(said.zh), f"{given!r} is not in station/reasons.py"


@pytest.mark.parametrize(
    ("given", "zh"),
    [
        ("7 samples of the file are damaged", "文件损坏 7 个采样"),
        ("exception 2 (illegal data address)", "异常码 2:illegal data address"),
        ("The speech engine broke off: exit 3", "语音引擎异常退出:exit 3"),
        ("nobody foresaw this", "nobody foresaw this"),
    ],
)
def test_a_reason_keeps_its_figure(given, zh):
    assert reason_text(given).zh == zh


def test_an_engine_that_was_killed_is_said_in_chinese():
    with pytest.raises(Misheard) as failed:
        _answer(None, b"", b"")
    assert reason_text(str(failed.value)).zh == "语音引擎被终止"
