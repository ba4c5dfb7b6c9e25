"""Structured logs of one process: a line of JSON for each event, its time from the anchor. Knows no part; also says which lines of a soak nobody expected."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import IO, Any, cast

from twisted.logger import (
    FilteringLogObserver,
    ILogObserver,
    Logger,
    LogLevel,
    LogLevelFilterPredicate,
    formatEvent,
    globalLogBeginner,
)
from zope.interface import implementer

from station.words import Instant

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LEVELS = ("debug", "info", "warn", "error", "critical")
LONGEST = 8_000  # characters of a text; more is cut
_LOUD = ("warn", "error", "critical")
_PYTHON = {"WARNING": "warn", "ERROR": "error", "CRITICAL": "critical", "INFO": "info"}


def iso(at: Instant) -> str:
    """An instant as RFC 3339 text in UTC with milliseconds."""
    return (EPOCH + timedelta(microseconds=at)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def line(event: dict[str, Any], process: str, at: Instant) -> str:
    """One log event as a line of JSON; a traceback goes into `trace`."""
    level = event.get("log_level")
    said = {
        "time": iso(at),
        "level": level.name if level is not None else "info",
        "process": process,
        "from": event.get("log_namespace", ""),
        "text": formatEvent(event)[:LONGEST],
    }
    failure = event.get("log_failure")
    if failure is not None:
        said["error"] = f"{failure.type.__name__}: {failure.getErrorMessage()}"[:LONGEST]
        said["trace"] = failure.getTraceback()[-LONGEST:]
    return json.dumps(said, ensure_ascii=False)


@implementer(ILogObserver)
class JsonObserver:
    """Writes log events as lines of JSON; what cannot be written is not allowed to stop the process."""

    def __init__(self, process: str, now: Callable[[], Instant], out: IO[str]) -> None:
        self._process, self._now, self._out = process, now, out
        self.lost = 0  # lines that a full disk or a closed pipe refused

    def __call__(self, event: dict[str, Any]) -> None:
        """Write one event."""
        try:
            self._out.write(line(event, self._process, self._now()) + "\n")
            self._out.flush()
        except (OSError, ValueError):
            self.lost += 1


class Bridge(logging.Handler):
    """Hands what libraries say to Python's logging on to ours."""

    def emit(self, record: logging.LogRecord) -> None:
        """One record of a library."""
        level = LogLevel.levelWithName(_PYTHON.get(record.levelname, "debug"))
        Logger(namespace=record.name).emit(level, "{said}", said=record.getMessage())


def start(
    process: str, now: Callable[[], Instant], *, level: str = "info", out: IO[str] | None = None
) -> JsonObserver:
    """Log this process as JSON lines to `out` (stderr: the supervisor keeps it in a file). Call once, in a main."""
    observer: Any = JsonObserver(process, now, out or sys.stderr)
    keep: Any = LogLevelFilterPredicate(defaultLogLevel=LogLevel.levelWithName(level))
    kept: Any = FilteringLogObserver(observer, [keep])
    globalLogBeginner.beginLoggingTo([kept], redirectStandardIO=False)
    logging.basicConfig(level=logging.WARNING, handlers=[Bridge()], force=True)
    logging.captureWarnings(capture=True)
    return cast(JsonObserver, observer)


def access_line(now: Callable[[], Instant]) -> Callable[[Any, Any], str]:
    """A `logFormatter` for twisted.web's Site: its own takes the reactor's monotonic seconds for the time of day."""

    def formatted(_timestamp: Any, request: Any) -> str:
        said = {
            "time": iso(now()),
            "from": request.getClientAddress().host if hasattr(request.getClientAddress(), "host") else "",
            "method": request.method.decode("ascii", "replace"),
            "uri": request.uri.decode("ascii", "replace")[:LONGEST],
            "code": request.code,
            "bytes": request.sentLength,
        }
        return json.dumps(said)

    return formatted


def allowed(text: str) -> list[re.Pattern[str]]:
    """The patterns of logs-allowed.txt: one a line, each matched against `level process text`, or a whole line that is no JSON; # begins a comment."""
    lines = (one.strip() for one in text.splitlines())
    return [re.compile(one) for one in lines if one and not one.startswith("#")]


def unexpected(lines: Iterable[str], patterns: Sequence[re.Pattern[str]]) -> list[str]:
    """The lines of a log that a soak must not show: warnings and worse, and what is no JSON line, where no pattern allows it."""
    found = []
    for one in lines:
        said = _said(one)
        if said is None:
            said = one.rstrip("\n")
        if said and not any(pattern.search(said) for pattern in patterns):
            found.append(one.rstrip("\n"))
    return found


def _said(one: str) -> str | None:
    """`level process text` of a loud line, "" of a quiet one, None of what is no log line."""
    if not one.strip():
        return ""
    try:
        row = json.loads(one)
    except ValueError:
        return None
    if not isinstance(row, dict) or "time" not in row or str(row["time"]).startswith("1970"):
        return None
    if row.get("level", "info") not in _LOUD:
        return ""
    return f"{row['level']} {row.get('process', '')} {row.get('text', '')}"
