"""A station's ground from files: the registry of its terminals and a table of foreign codes, both CSV. Reads files; knows no area tree."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import attrs

from station import geocodes
from station.ground import Ground, Point
from station.oserrors import os_zh
from station.words import AreaCode, Refused, is_area


@attrs.frozen(kw_only=True)
class Registered:
    """What the registry of terminals says of one: area, and place in millionths of a degree."""

    area: AreaCode
    longitude: int | None
    latitude: int | None


def read_terminals(path: Path) -> dict[str, Registered]:
    """Terminals by code from a CSV with the columns code, area, longitude, latitude. Raises Refused naming the line."""
    found: dict[str, Registered] = {}
    line = 1
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                line += 1
                found[row["code"]] = _registered(row)
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise Refused(
            f"The terminal registry {path}, line {line}: {error}",
            f"终端登记表 {path} 第 {line} 行:{error}",
            code="file",
        ) from None
    except OSError as error:
        raise Refused(
            f"The terminal registry {path} cannot be read: {error.strerror}",
            f"无法读取终端登记表 {path}:{os_zh(error)}",
            code="file",
        ) from None
    return found


def _registered(row: Mapping[str, str]) -> Registered:
    if not is_area(row["area"]):
        raise ValueError(f"{row['area']!r} is no area code of 12 digits")
    return Registered(
        area=AreaCode(row["area"]),
        longitude=_millionths(row["longitude"], 180),
        latitude=_millionths(row["latitude"], 90),
    )


def _millionths(said: str, limit: int) -> int | None:
    """Of a degree; None where nothing is said. Raises ValueError."""
    if not said.strip():
        return None
    degrees = float(said)
    if not abs(degrees) <= limit:
        raise ValueError(f"{said!r} is no place on the earth")
    return round(degrees * 1e6)


def ground_of(registry: Path | None, table: Path | None) -> Ground | None:
    """The points and codes in two files; None where neither is named. Raises Refused."""
    if registry is None and table is None:
        return None
    return ground(read_terminals(registry) if registry else {}, table)


def ground(terminals: Mapping[str, Registered], table: Path | None) -> Ground:
    """The ground of registered terminals, and of the foreign codes in a table. Raises Refused."""
    points = {
        code: Point(area=one.area, longitude=one.longitude, latitude=one.latitude)
        for code, one in terminals.items()
    }
    if table is None:
        return Ground(points=points)
    try:
        with table.open(encoding="utf-8-sig", newline="") as lines:
            return Ground(points=points, geocodes=geocodes.load(lines))
    except OSError as error:
        raise Refused(
            f"The table {table} cannot be read: {error.strerror}",
            f"无法读取代码表 {table}:{os_zh(error)}",
            code="file",
        ) from None
    except UnicodeDecodeError as error:
        raise Refused(
            f"The table {table} cannot be read: {error}", f"代码表 {table} 不是 UTF-8 文本", code="file"
        ) from None
