"""Looks at what further outputs of channels, relays and live sources need: secret files, programs, directories. Of a secret it tells whether it can be used, never what it is."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from station.outputs import OutputSection, srt_programs
from station.secret_files import srt_takes
from station.settings import Places, Settings
from station.symptoms_outputs import Fault, Outlet


def outlets(settings: Settings, places: Places) -> list[Outlet]:
    """Every further output, in the order of the settings."""
    return [
        _outlet(f"{channel.id}/{one.id}", one, places)
        for channel in settings.channels
        for one in channel.outputs
    ]


def relays(settings: Settings, places: Places) -> list[Outlet]:
    """Every relay and every live source, in the order of the settings."""
    named = [(f"relay/{one.id}", one) for one in settings.relays]
    spoken = [(f"live/{one.id}", one.as_relay()) for one in settings.live]
    made = []
    for who, one in (*named, *spoken):
        srt = any(text.startswith("srt://") for text in one.members)
        found = _secret(places, one.secret_file, srt=srt) or (
            _programs(secret=bool(one.secret_file)) if srt else None
        )
        made.append(_as_found(who, found))
    return made


def _as_found(who: str, found: tuple[Fault, str] | None) -> Outlet:
    return Outlet(who=who, state="ready") if found is None else Outlet(who=who, state=found[0], what=found[1])


def _outlet(who: str, one: OutputSection, places: Places) -> Outlet:
    found = _secret(places, one.secret_file, srt=one.kind == "srt")
    if found is None and one.ca_file and not (places.secrets / one.ca_file).is_file():
        found = "no certificate", str(places.secrets / one.ca_file)
    if found is None and one.kind == "srt":
        found = _programs(secret=bool(one.secret_file))
    directory = places.state / one.to
    if found is None and one.kind == "file" and not os.access(_there(directory), os.W_OK):
        found = "no directory", str(directory)
    return _as_found(who, found)


def _secret(places: Places, name: str, *, srt: bool) -> tuple[Fault, str] | None:
    """What is wrong with a file of secrets/; None where nothing is, or none is named."""
    path = places.secrets / name
    if not name:
        return None
    if not path.is_file():
        return "no secret", str(path)
    kept = path.stat()
    if kept.st_mode & 0o077:
        return "open secret", str(path)
    if kept.st_uid != places.state.stat().st_uid:
        return "foreign secret", str(path)
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except PermissionError:
        return None  # its owner may, whoever asks here is another
    except UnicodeDecodeError:
        return "wrong secret", str(path)
    usable = srt_takes(secret) if srt else bool(secret) and secret.isprintable()
    return None if usable else ("wrong secret", str(path))


def _programs(*, secret: bool) -> tuple[Fault, str] | None:
    names = srt_programs(secret=secret)
    return None if any(map(shutil.which, names)) else ("no program", ", ".join(names))


def _there(path: Path) -> Path:
    """The nearest directory above that exists: the others would be made in it."""
    return next(one for one in (path, *path.parents) if one.exists())
