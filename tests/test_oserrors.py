"""What the system says is said in the language of the sentence."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import pytest

from station.oserrors import os_zh

ROOT = Path(__file__).parent.parent
SAID = re.compile(r"[\u4e00-\u9fff][^\n]*\{(?:error|problem)\.strerror")


@pytest.mark.parametrize(
    "number", [errno.ENOENT, errno.EACCES, errno.ENOSPC, errno.EADDRINUSE, errno.ECONNREFUSED]
)
def test_what_the_system_says_is_said_in_chinese(number: int) -> None:
    assert re.fullmatch(r"[^a-zA-Z]+", os_zh(OSError(number, os.strerror(number))))


def test_what_the_table_lacks_stays_as_the_system_says_it() -> None:
    assert os_zh(OSError(errno.EXDEV, "Invalid cross-device link")) == "Invalid cross-device link"
    assert os_zh(OSError("cut short")) == "cut short"


def test_no_chinese_sentence_ends_in_the_systems_english() -> None:
    folders = ("station", "schedules", "playout", "emergency", "devices", "safety", "web")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    found = [f"{path}: {hit[0]}" for path in files for hit in SAID.finditer(path.read_text("utf-8"))]
    assert found == []
