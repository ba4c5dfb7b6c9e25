"""A station's ground from files: the registry of its terminals and a table of foreign codes, both CSV. Reads files; knows no area tree."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import attrs

from station import geocodes
from station.areas import TOO_LONG
from station.ground import Ground, Point
from station.oserrors import os_zh
from station.words import AreaCode, Misheard, Refused, Text, is_area


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
                code, place = _registered(row)
                found[code] = place
    except (Misheard, UnicodeDecodeError, csv.Error) as error:
        wrong = error.text if isinstance(error, Misheard) else _WRONG[type(error)]
        raise Refused(
            f"The terminal registry {path}, line {line}: {wrong.en}",
            f"终端登记表 {path} 第 {line} 行:{wrong.zh}",
            code="file",
        ) from None
    except OSError as error:
        raise Refused(
            f"The terminal registry {path} cannot be read: {error.strerror}",
            f"无法读取终端登记表 {path}:{os_zh(error)}",
            code="file",
        ) from None
    return found


_COLUMNS = ("code", "area", "longitude", "latitude")
_WRONG: dict[type[Exception], Text] = {
    UnicodeDecodeError: Text("it is no UTF-8 text", "不是 UTF-8 文本"),
    csv.Error: Text(TOO_LONG, "字段过长或引号未闭合"),
}


def _registered(row: Mapping[str, str | None]) -> tuple[str, Registered]:
    """Code and place of a row. Raises Misheard."""
    said = {name: row.get(name) for name in _COLUMNS}
    lacking = [name for name, value in said.items() if value is None]
    if lacking:
        raise Misheard(f"{', '.join(lacking)} is missing", f"缺少 {'、'.join(lacking)}", code="file")
    return _place({name: value or "" for name, value in said.items()})


def _place(row: Mapping[str, str]) -> tuple[str, Registered]:
    if not is_area(row["area"]):
        shown = row["area"][:40]
        raise Misheard(f"{shown!r} is no area code of 12 digits", f"“{shown}”不是 12 位区划代码", code="file")
    return row["code"], Registered(
        area=AreaCode(row["area"]),
        longitude=_millionths(row["longitude"], 180),
        latitude=_millionths(row["latitude"], 90),
    )


def _millionths(said: str, limit: int) -> int | None:
    """Of a degree; None where nothing is said. Raises Misheard."""
    if not said.strip():
        return None
    try:
        degrees = float(said)
    except ValueError:
        degrees = float("nan")
    if not abs(degrees) <= limit:
        shown = said[:40]
        raise Misheard(f"{shown!r} is no place on the earth", f"“{shown}”不是经纬度", code="file")
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
    except Misheard as wrong:
        en, zh = wrong.text.en, wrong.text.zh
        raise Refused(f"The table {table}: {en}", f"代码表 {table}:{zh}", code="file") from None
    except OSError as error:
        raise Refused(
            f"The table {table} cannot be read: {error.strerror}",
            f"无法读取代码表 {table}:{os_zh(error)}",
            code="file",
        ) from None
    except UnicodeDecodeError:
        raise Refused(
            f"The table {table} is no UTF-8 text", f"代码表 {table} 不是 UTF-8 文本", code="file"
        ) from None
