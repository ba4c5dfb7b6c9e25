"""Looks at what the further outputs of channels need: secret files, programs, directories. Reads names and rights only."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from station.outputs import OutputSection, srt_programs
from station.settings import Places, Settings
from station.symptoms_outputs import Outlet


def outlets(settings: Settings, places: Places) -> list[Outlet]:
    """Every further output, in the order of the settings."""
    return [_outlet(channel.id, one, places) for channel in settings.channels for one in channel.outputs]


def _outlet(channel: str, one: OutputSection, places: Places) -> Outlet:
    if one.secret_file:
        secret = places.secrets / one.secret_file
        if not secret.is_file():
            return Outlet(channel=channel, id=one.id, state="no secret", what=str(secret))
        if secret.stat().st_mode & 0o077:
            return Outlet(channel=channel, id=one.id, state="open secret", what=str(secret))
    if one.ca_file and not (places.secrets / one.ca_file).is_file():
        return Outlet(
            channel=channel, id=one.id, state="no certificate", what=str(places.secrets / one.ca_file)
        )
    if one.kind == "srt" and not any(map(shutil.which, srt_programs(one))):
        return Outlet(channel=channel, id=one.id, state="no program", what=", ".join(srt_programs(one)))
    directory = places.state / one.to
    if one.kind == "file" and not os.access(_there(directory), os.W_OK):
        return Outlet(channel=channel, id=one.id, state="no directory", what=str(directory))
    return Outlet(channel=channel, id=one.id, state="ready")


def _there(path: Path) -> Path:
    """The nearest directory above that exists: the others would be made in it."""
    return next(one for one in (path, *path.parents) if one.exists())
