"""The tree of administrative areas by 12-digit code: what contains what, names, villages, terminals in reach. Pure; knows no alert, no channel, no map."""

from __future__ import annotations

import csv
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from station.area_codes import GROUPS, prefix
from station.area_index import AreaIndex, first_rows, units_of
from station.pinyin import spell
from station.words import AreaCode, Misheard, Refused, is_area

if TYPE_CHECKING:
    from _csv import Reader

Level = Literal["province", "city", "county", "township", "village"]
LEVELS: tuple[Level, ...] = ("province", "city", "county", "township", "village")
WHOLE_COUNTRY = AreaCode("0" * 12)
TOO_LONG = "a field is too long, or a quotation mark is not closed"
FOUND_AT_MOST = 200  # hits of one search


@attrs.frozen(kw_only=True)
class Resolved:
    """What areas come to: villages and terminals in them, and what nobody there can hear."""

    villages: tuple[AreaCode, ...]
    terminals: tuple[str, ...]
    unreachable: tuple[AreaCode, ...]  # areas asked for without any terminal, else villages without one


@attrs.frozen(kw_only=True)
class Found:
    """One hit of a search."""

    code: AreaCode
    name: str
    level: Level
    pinyin: str = ""
    initials: str = ""


@attrs.define(eq=False)
class AreaTree:
    """Areas in order of their codes. As all that lies in an area shares its prefix, the sorted codes are the tree."""

    rows: Sequence[str]  # code, one digit for the level, name; sorted

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, code: object) -> bool:
        return isinstance(code, str) and self._at(code) is not None

    def _at(self, code: str) -> int | None:
        at = bisect_left(self.rows, code)
        return at if at < len(self.rows) and self.rows[at][:12] == code else None

    def _code(self, at: int) -> AreaCode:
        return AreaCode(self.rows[at][:12])

    def _span(self, code: AreaCode) -> range:
        begin = prefix(code)
        return range(bisect_left(self.rows, begin), bisect_left(self.rows, begin + ":"))

    def known(self, code: str) -> AreaCode:
        """`code` when it is in the tree; raises Refused naming it when not (never taken for "all")."""
        if self._at(code) is None:
            raise Refused(
                f"There is no area {code!r} in the area table; look it up by name or initials.",
                f"行政区划表里没有 {code!r};请按名称或拼音首字母查找。",
                code="area",
            )
        return AreaCode(code)

    def name(self, code: AreaCode) -> str:
        """Its own name; the code itself where the tree does not know it."""
        at = self._at(code)
        return code if at is None else self.rows[at][13:]

    def level(self, code: AreaCode) -> Level:
        """Its level; raises Refused for an unknown area."""
        at = self._at(self.known(code))
        assert at is not None
        return LEVELS[int(self.rows[at][12])]

    def path(self, code: AreaCode) -> tuple[AreaCode, ...]:
        """The known areas it lies in, from the highest, itself last."""
        above = [AreaCode(code[:end].ljust(12, "0")) for end in GROUPS]
        return tuple(area for area in dict.fromkeys(above) if area in self)

    def path_name(self, code: AreaCode) -> str:
        """Names from the highest area down, as `安徽省淮南市寿县寿春镇`."""
        return "".join(self.name(area) for area in self.path(code)) or code

    def inside(self, code: AreaCode) -> tuple[AreaCode, ...]:
        """Everything in an area, itself included."""
        return tuple(self._code(at) for at in self._span(code))

    def children(self, code: AreaCode) -> tuple[AreaCode, ...]:
        """The areas right below one."""
        within = [area for area in self.inside(code) if area != code]
        return tuple(area for area in within if self.path(area)[-2:-1] in ((code,), ()))

    def villages(self, codes: Iterable[AreaCode]) -> tuple[AreaCode, ...]:
        """The villages in any of `codes`, each once, by code."""
        spans = sorted({(span.start, span.stop) for span in map(self._span, codes)})
        found: list[AreaCode] = []
        done = 0
        for begin, end in spans:
            found += self._villages(max(begin, done), end)
            done = max(done, end)
        return tuple(found)

    def _villages(self, begin: int, end: int) -> list[AreaCode]:
        village = str(LEVELS.index("village"))
        return [AreaCode(row[:12]) for row in self.rows[begin:end] if row[12] == village]

    def resolve(self, codes: Sequence[AreaCode], terminals: Mapping[str, AreaCode]) -> Resolved:
        """What `codes` come to over a registry of terminals (code → area). Raises Refused: none asked, or unknown."""
        if not codes:
            raise Refused("No area was named.", "没有指定区域。", code="area")
        asked = tuple(dict.fromkeys(self.known(code) for code in codes))
        prefixes = tuple(prefix(code) for code in asked)
        reached = {code: area for code, area in terminals.items() if area.startswith(prefixes)}
        served = sorted(reached.values())
        empty = [code for code in asked if not _any_in(served, code)]
        villages = self.villages(asked)
        exact, below = set(served), tuple(prefix(code) for code in empty)
        unheard = [v for v in villages if v not in exact and not v.startswith(below)]
        deaf = [v for v in unheard if not (v.endswith("000") and _any_in(served, v))]
        return Resolved(villages=villages, terminals=tuple(sorted(reached)), unreachable=(*empty, *deaf))

    def find(self, text: str, limit: int = 20) -> tuple[Found, ...]:
        """Areas by code, name, pinyin or initials, best first: the whole, beginning, within, initials, pinyin; `limit` up to 200."""
        wanted = text.strip().casefold().replace(" ", "")
        if not wanted:
            return ()
        limit = min(limit, FOUND_AT_MOST)
        return tuple(self.found(at) for at in first_rows(self._ranked(wanted, limit), limit))

    def _ranked(self, wanted: str, limit: int) -> Iterator[tuple[int, Sequence[int]]]:
        """(rank, rows): names as their index ranks them, a whole code first, what begins a code with what begins a name."""
        rows = self._coded(wanted)[:limit] if wanted.isascii() and wanted.isdigit() else range(0)
        if len(rows) and len(wanted) == 12:
            yield 0, rows
            return
        for rank, found in self.index.find(wanted, limit):
            if rank == 2:
                yield rank, rows
            yield rank, found.tolist()

    def _coded(self, digits: str) -> range:
        return range(bisect_left(self.rows, digits), bisect_left(self.rows, digits + ":"))

    def found(self, at: int) -> Found:
        """The area at an index, as a search answers it."""
        row = self.rows[at]
        pinyin, initials = spell(row[13:])
        return Found(
            code=AreaCode(row[:12]),
            name=row[13:],
            level=LEVELS[int(row[12])],
            pinyin=pinyin,
            initials=initials,
        )

    def all(self) -> Iterator[Found]:
        """Every area, by code."""
        return (self.found(at) for at in range(len(self)))

    @cached_property
    def index(self) -> AreaIndex:
        """The names, ready to be searched; made when first asked for."""
        levels = np.frombuffer(bytes(ord(row[12]) - 48 for row in self.rows), np.uint8)
        return AreaIndex(units_of(row[13:] for row in self.rows), levels)


def _any_in(served: Sequence[str], code: AreaCode) -> bool:
    begin = prefix(code)
    at = bisect_left(served, begin)
    return at < len(served) and served[at].startswith(begin)


def load(lines: Iterable[str]) -> AreaTree:
    """The tree of a CSV `code,name,level`. Raises Misheard naming the lines that are wrong, up to ten of them."""
    reader = csv.reader(lines)
    try:
        return _load(reader)
    except csv.Error:  # a quotation mark that nobody closes
        at = reader.line_num
        raise Misheard(f"line {at}: {TOO_LONG}", f"第 {at} 行:字段过长或引号未闭合", code="areas") from None


def _load(reader: Reader) -> AreaTree:
    if next(reader, None) != ["code", "name", "level"]:
        raise Misheard(
            "line 1: the columns must be code,name,level", "第 1 行:表头应为 code,name,level", code="areas"
        )
    number = {level: at for at, level in enumerate(LEVELS)}
    rows: list[str] = []
    wrong: list[int] = []
    for row in reader:
        if len(row) == 3 and row[2] in number and is_area(row[0]) and row[1]:
            rows.append(f"{row[0]}{number[row[2]]}{row[1]}")
        else:
            wrong.append(reader.line_num)
    return _tree(rows, wrong)


def _tree(rows: list[str], wrong: list[int]) -> AreaTree:
    if wrong:
        said = ", ".join(map(str, wrong[:10]))
        raise Misheard(
            f"line {said}: not a 12-digit code, a name and a level ({len(wrong)} wrong in all)",
            f"第 {said} 行:不是“12 位代码、名称、级别”(共 {len(wrong)} 行有误)",
            code="areas",
        )
    rows.sort()
    return AreaTree([row for above, row in pairwise(["", *rows]) if not _repeats(above, row)])


def _repeats(above: str, row: str) -> bool:
    """A city without counties stands in tables once a level, under one code and one name; two names are a mistake."""
    if above[:12] != row[:12]:
        return False
    if above[13:] != row[13:]:
        raise Misheard(
            f"area {row[:12]} has two names, {above[13:]} and {row[13:]}",
            f"区划 {row[:12]} 有两个名称:{above[13:]}、{row[13:]}",
            code="areas",
        )
    return True


_DEEPER = re.compile(r"\s+")
Whole = NDArray[np.int64]


@attrs.frozen
class Polygon:
    """A closed line over points (longitude, latitude) in millionths of a degree, WGS-84; not across ±180°."""

    points: tuple[tuple[int, int], ...]

    def holds(self, longitude: int, latitude: int) -> bool:
        """Whether a point lies inside, by counting crossings in whole numbers; the lower-left edge belongs to it."""
        inside = False
        for (x1, y1), (x2, y2) in pairwise(self.points):
            if (y1 > latitude) != (y2 > latitude):
                side = (longitude - x1) * (y2 - y1) - (latitude - y1) * (x2 - x1)
                inside ^= (side < 0) == (y2 > y1)
        return inside

    def holding(self, longitudes: Whole, latitudes: Whole) -> NDArray[np.bool_]:
        """`holds` for many points at once."""
        inside = np.zeros(len(longitudes), np.bool_)
        for (x1, y1), (x2, y2) in pairwise(self.points):
            side = (longitudes - x1) * (y2 - y1) - (latitudes - y1) * (x2 - x1)
            crossed = (y1 > latitudes) != (y2 > latitudes)
            inside ^= crossed & ((side < 0) == (y2 > y1))
        return inside


@attrs.frozen
class Circle:
    """A centre (millionths of a degree, WGS-84) and a radius in metres."""

    longitude: int
    latitude: int
    radius: float

    def holds(self, longitude: int, latitude: int) -> bool:
        """Whether a point lies within the radius on a sphere of 6,371,008.8 m (haversine; 0.5 % off at most)."""
        from math import asin, cos, radians, sin, sqrt

        lat1, lat2 = radians(self.latitude / 1e6), radians(latitude / 1e6)
        across = radians((longitude - self.longitude) / 1e6)
        half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin(across / 2) ** 2
        return 2 * 6_371_008.8 * asin(sqrt(min(1.0, half))) <= self.radius

    def holding(self, longitudes: Whole, latitudes: Whole) -> NDArray[np.bool_]:
        """`holds` for many points at once."""
        lat1, lat2 = np.radians(self.latitude / 1e6), np.radians(latitudes / 1e6)
        across = np.radians((longitudes - self.longitude) / 1e6)
        half = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin(across / 2) ** 2
        away: NDArray[np.float64] = 2 * 6_371_008.8 * np.arcsin(np.sqrt(np.minimum(1.0, half)))
        return away <= self.radius


def polygon_of(text: str) -> Polygon:
    """A CAP 1.2 polygon: four or more `latitude,longitude` pairs (degrees), the last the same as the first."""
    points = tuple(_point(pair) for pair in _DEEPER.split(text.strip()))
    if len(points) < 4 or points[0] != points[-1]:
        raise _misdrawn(text)
    return Polygon(points)


def circle_of(text: str) -> Circle:
    """A CAP 1.2 circle: `latitude,longitude radius`, degrees and kilometres."""
    parts = _DEEPER.split(text.strip())
    if len(parts) != 2:
        raise _misdrawn(text)
    longitude, latitude = _point(parts[0])
    radius = _number(parts[1], 20_100.0, text)
    if radius < 0:
        raise _misdrawn(text)
    return Circle(longitude, latitude, radius * 1000)


def _point(pair: str) -> tuple[int, int]:
    parts = pair.split(",")
    if len(parts) != 2:
        raise _misdrawn(pair)
    return round(_number(parts[1], 180.0, pair) * 1e6), round(_number(parts[0], 90.0, pair) * 1e6)


def _number(text: str, limit: float, whole: str) -> float:
    if not re.fullmatch(r"[-+]?[0-9]{1,5}(\.[0-9]{1,12})?", text) or abs(float(text)) > limit:
        raise _misdrawn(whole)
    return float(text)


def _misdrawn(text: str) -> Misheard:
    shown = text[:60]
    return Misheard(
        f"{shown!r} is no shape: a polygon is latitude,longitude pairs that end where they began, a circle latitude,longitude and kilometres",
        f"{shown!r} 不是有效的范围:多边形为首尾相同的“纬度,经度”点列,圆为“纬度,经度 公里数”",
        code="shape",
    )


def drawn(shape: Polygon | Circle, points: Mapping[str, tuple[int, int]]) -> tuple[str, ...]:
    """The keys of the points (longitude, latitude in millionths of a degree) that lie in a shape, sorted."""
    places = np.array(list(points.values()), np.int64).reshape(-1, 2)
    held = shape.holding(places[:, 0], places[:, 1])
    return tuple(sorted(key for key, inside in zip(points, held.tolist(), strict=True) if inside))
