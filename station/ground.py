"""What lies in an area that is drawn or coded otherwise: points of terminals and sites, foreign codes, resource codes, to areas of the tree. Pure; knows no file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property

import attrs

from station.areas import Circle, Polygon, circle_of, drawn, polygon_of
from station.geocodes import NOTHING, Geocodes, scheme_of
from station.words import AreaCode, Misheard, Text

MOST_LACKS = 10
MOST_CORNERS = 5_000  # of all shapes of one question: each is held against every point


@attrs.frozen(kw_only=True)
class Point:
    """Something with a place: the area it belongs to, and millionths of a degree (None: nobody knows where)."""

    area: AreaCode
    longitude: int | None = None
    latitude: int | None = None


@attrs.frozen(kw_only=True)
class Met:
    """What was found: areas, the points in shapes by name, and in words what could not be found."""

    areas: tuple[AreaCode, ...]
    points: tuple[str, ...] = ()
    lacks: tuple[Text, ...] = ()


@attrs.frozen(kw_only=True, eq=False)
class Ground:
    """The points of a station (terminals and sites, by name) and the tables of foreign codes it has loaded."""

    points: Mapping[str, Point] = attrs.field(factory=dict)
    geocodes: Geocodes = NOTHING

    def meet(
        self,
        *,
        polygons: Iterable[str] = (),
        circles: Iterable[str] = (),
        geocodes: Iterable[tuple[str, str]] = (),
    ) -> Met:
        """The areas of all points in the shapes, and those of the codes. A shape that holds nothing says so. Never raises."""
        inside: set[str] = set()
        areas: set[AreaCode] = set()
        lacks: list[Text] = []
        shapes = [("polygon", said) for said in polygons] + [("circle", said) for said in circles]
        if sum(said.count(",") for _, said in shapes) > MOST_CORNERS:
            lacks.append(
                Text(
                    f"its shapes have more than {MOST_CORNERS} points together",
                    f"图形的点合计超过 {MOST_CORNERS} 个",
                )
            )
            shapes = []
        for kind, said in shapes:
            inside |= self._inside(kind, said, lacks)
        areas |= {self.points[name].area for name in inside}
        for name, code in geocodes:
            areas |= self._coded(name, code, lacks)
        if shapes:
            lacks += self._placeless()
        return Met(areas=tuple(sorted(areas)), points=tuple(sorted(inside)), lacks=tuple(lacks[:MOST_LACKS]))

    @cached_property
    def _placed(self) -> dict[str, tuple[int, int]]:
        return {
            name: (at.longitude, at.latitude)
            for name, at in self.points.items()
            if at.longitude is not None and at.latitude is not None
        }

    def _inside(self, kind: str, said: str, lacks: list[Text]) -> set[str]:
        try:
            shape: Polygon | Circle = polygon_of(said) if kind == "polygon" else circle_of(said)
        except Misheard as error:
            lacks.append(error.text)
            return set()
        held = set(drawn(shape, self._placed))
        if not held:
            shown = said[:40]
            lacks.append(
                Text(
                    f"no terminal and no site of this station lies in the {kind} {shown}…",
                    f"本台没有终端或站点位于该{_KINDS[kind]} {shown}… 之内",
                )
            )
        return held

    def _coded(self, name: str, code: str, lacks: list[Text]) -> set[AreaCode]:
        scheme = scheme_of(name)
        if scheme is None:
            lacks.append(
                Text(f"geocodes {name[:40]!r} are not known here", f"本台不识别地理编码“{name[:40]}”")
            )
            return set()
        try:
            return set(self.geocodes.areas(scheme, code.strip()))
        except Misheard as error:
            lacks.append(error.text)
            return set()

    def _placeless(self) -> list[Text]:
        count = len(self.points) - len(self._placed)
        if not count:
            return []
        return [
            Text(
                f"{count} terminals or sites have no place and are in no shape",
                f"{count} 个终端或站点没有坐标,不在任何图形之内",
            )
        ]


_KINDS = {"polygon": "多边形", "circle": "圆"}
_RESOURCE = re.compile(r"[0-9]([0-9]{12})[0-9]{10}\Z|[0-9]{4}([0-9]{12})[0-9]{2}\Z")


def area_of_resource(code: str) -> AreaCode | None:
    """The area in a resource code of 23 digits (GD/J 080: level, area, type, …) or of 18 (2016: type, area, number)."""
    found = _RESOURCE.match(code)
    return AreaCode(found[1] or found[2]) if found else None
