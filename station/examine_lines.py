"""Looks at the serial ports that [[devices]] names: there, a port, usable by this account. Reads names and rights only; opens none."""

from __future__ import annotations

import grp
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from station import links
from station.settings import Settings
from station.symptoms_lines import SerialPort
from station.words import Refused

BY_ID = Path("/dev/serial/by-id")


def serial_ports(settings: Settings, by_id: Path = BY_ID) -> tuple[SerialPort, ...]:
    """Every serial port of the settings, once."""
    return tuple(_port(Path(path), by_id) for path in sorted(set(_paths(settings))))


def _paths(settings: Settings) -> Iterator[str]:
    for device in settings.devices:
        try:
            line = links.parse_any(device.link) if device.link else None
        except Refused:
            continue  # the settings' own rules say so
        if isinstance(line, links.TextLink):
            line = line.to
        if isinstance(line, links.SerialLink):
            yield line.path


def _port(path: Path, by_id: Path) -> SerialPort:
    try:
        found = path.stat()
    except OSError:
        return SerialPort(path=str(path), state="absent")
    if not stat.S_ISCHR(found.st_mode):
        return SerialPort(path=str(path), state="no port")
    if not os.access(path, os.R_OK | os.W_OK):
        return SerialPort(path=str(path), state="no rights", group=_group(found.st_gid))
    return SerialPort(path=str(path), state="ready", ours=_lasting(path, by_id))


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def _lasting(path: Path, by_id: Path) -> str:
    """The by-id name of a port that is called by a number; empty where there is none or it is used already."""
    if not path.name.startswith(("ttyUSB", "ttyACM")) or not by_id.is_dir():
        return ""
    same = (one for one in sorted(by_id.iterdir()) if os.path.realpath(one) == os.path.realpath(path))
    return str(next(same, ""))


__all__ = ["serial_ports"]
