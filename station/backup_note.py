"""When the last backup of a state directory was made: one small file. Knows nothing of how."""

from __future__ import annotations

import json

from station.files import write_whole
from station.settings import Places
from station.wire import canonical
from station.words import Instant

NAME = "last-backup.json"


def last(places: Places) -> Instant | None:
    """When it was; None where there was none, or the note makes no sense."""
    try:
        at = json.loads((places.state / NAME).read_text(encoding="utf-8"))["at"]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return Instant(at) if isinstance(at, int) else None


def write(places: Places, at: Instant, where: str) -> None:
    """Note that one was made, and verified, at `at`."""
    write_whole(places.state / NAME, canonical({"at": at, "where": where}) + "\n")
