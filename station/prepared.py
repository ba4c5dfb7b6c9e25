"""What a prepared state directory holds beside keys and media: its rooms, the demo's log-ins, where the demo's platform lives. Makes no key, no account, no media, and so needs little."""

from __future__ import annotations

import json
from typing import Final

from station.oserrors import os_zh
from station.settings import Places
from station.words import Refused

LOGINS: Final = "demo-logins.json"
UPSTREAM: Final = "upstream"  # the demo's provincial platform: its private keys are not the station's


def rooms(places: Places) -> None:
    """The directories; raises Refused where they cannot be written."""
    try:
        for path in (places.state, places.run, places.media, places.logs):
            path.mkdir(parents=True, exist_ok=True)
        places.secrets.mkdir(mode=0o700, exist_ok=True)
        probe = places.state / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise Refused(
            f"the state directory {places.state} cannot be written: {error.strerror}; choose another with --state",
            f"状态目录 {places.state} 无法写入:{os_zh(error)};请用 --state 另选",
            code="state",
        ) from None


def read_logins(places: Places) -> list[dict[str, str]]:
    """The demo's log-ins; an empty list where there is no demo."""
    path = places.secrets / LOGINS
    return list(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else []
