"""Structured logs: every line is JSON with the anchor's time, and a soak finds what nobody expected."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from twisted.logger import Logger, LogLevel, LogPublisher
from twisted.python.failure import Failure

from station.logs import Bridge, JsonObserver, access_line, allowed, iso, line, unexpected
from station.words import Instant

AT = Instant(1_795_000_000_123_456)
ROOT = Path(__file__).parent.parent


def said(how: str, text: str, **more: Any) -> dict[str, Any]:
    """One event of a logger, as the line that is written."""
    out = io.StringIO()
    observer: Any = JsonObserver("station", lambda: AT, out)
    publisher: Any = LogPublisher(observer)
    logger = Logger(namespace="a.b", observer=publisher)
    if how == "failure":
        logger.failure(text, Failure(ZeroDivisionError("by nought")), **more)
    else:
        logger.emit(LogLevel.levelWithName(how), text, **more)
    return dict(json.loads(out.getvalue()))


def test_a_line_has_the_time_of_the_anchor_and_not_of_the_wall() -> None:
    assert said("warn", "{who} 说话", who="李") == {
        "time": "2026-11-18T11:06:40.123Z",
        "level": "warn",
        "process": "station",
        "from": "a.b",
        "text": "李 说话",
    }
    assert iso(Instant(0)) == "1970-01-01T00:00:00.000Z"


def test_a_failure_brings_its_traceback() -> None:
    row = said("failure", "it broke")
    assert row["level"] == "critical"
    assert row["error"] == "ZeroDivisionError: by nought"
    assert "ZeroDivisionError" in row["trace"]


def test_an_event_without_a_level_is_information() -> None:
    assert json.loads(line({"log_format": "x"}, "p", AT))["level"] == "info"


def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    observer = JsonObserver("p", lambda: AT, Full())
    observer({"log_format": "x"})
    assert observer.lost == 1


def test_access_lines_have_the_time_of_the_anchor() -> None:
    class Address:
        host = "10.0.0.1"

    class Request:
        method, uri, code, sentLength = b"GET", b"/healthz", 200, 12  # noqa: N815

        def getClientAddress(self) -> object:
            return Address() if self.code == 200 else object()

    row = json.loads(access_line(lambda: AT)(0.0, Request()))
    assert row["time"].startswith("2026-11-18")
    assert (row["from"], row["uri"], row["code"]) == ("10.0.0.1", "/healthz", 200)
    unix = Request()
    unix.code = 404
    assert json.loads(access_line(lambda: AT)(0.0, unix))["from"] == ""


ASK = """
import logging, sys, warnings
from station import logs
logs.start("p", lambda: 1_795_000_000_000_000, level=sys.argv[1])
from twisted.logger import Logger
log = Logger(namespace="n")
log.debug("quiet"); log.info("heard"); log.error("loud")
logging.getLogger("library").warning("from %s", "a library")
logging.getLogger("library").debug("not this")
warnings.warn("careful")
"""


@pytest.mark.parametrize("level", ["info", "warn"])
def test_a_process_logs_itself_and_its_libraries_as_json(level: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK, level], capture_output=True, text=True, check=True, env={**os.environ}
    )
    rows = [json.loads(one) for one in done.stderr.splitlines()]
    texts = [row["text"] for row in rows]
    assert ("heard" in texts) == (level == "info")
    assert "quiet" not in texts
    assert {"loud", "from a library"} <= set(texts)
    assert any("careful" in text for text in texts)
    assert all(row["time"].startswith("2026-11-18") for row in rows)
    assert done.stdout == ""


def test_what_libraries_say_below_warning_is_debug() -> None:
    import logging

    seen: list[Any] = []
    watch: Any = seen.append
    from twisted.logger import globalLogPublisher

    globalLogPublisher.addObserver(watch)
    try:
        Bridge().emit(logging.LogRecord("n", logging.DEBUG, "", 0, "x", (), None))
    finally:
        globalLogPublisher.removeObserver(watch)
    assert seen[0]["log_level"] is LogLevel.debug


def test_a_soak_finds_what_nobody_expected() -> None:
    patterns = allowed("# why\n\n^warn clock this host.*\n^listening on port \\d+$\n")
    good = [
        json.dumps({"time": iso(AT), "level": "info", "process": "p", "text": "all is well"}),
        json.dumps({"time": iso(AT), "level": "warn", "process": "clock", "text": "this host is alone"}),
        json.dumps({"time": iso(AT), "uri": "/", "code": 200}),
        "\n",
        "listening on port 8640\n",
    ]
    bad = [
        json.dumps({"time": iso(AT), "level": "warn", "process": "p", "text": "this host is alone"}),
        json.dumps({"time": iso(AT), "level": "critical", "process": "p", "text": "it broke"}),
        json.dumps({"time": "1970-01-01T00:00:01Z", "level": "info", "text": "monotonic time"}),
        "Traceback (most recent call last):",
        "[1]",
        "{}",
    ]
    assert unexpected([*good, *bad], patterns) == bad


def test_the_repositorys_list_is_readable_and_every_pattern_has_its_reason() -> None:
    text = (ROOT / "logs-allowed.txt").read_text(encoding="utf-8")
    assert allowed(text)
    for block in re.split(r"\n\s*\n", text.strip()):
        assert block.startswith("#")
