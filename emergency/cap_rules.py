"""What the CAP standard demands of an alert beyond its schema, where breaking it means that nobody can act on it. Pure; knows no XML."""

from __future__ import annotations

import re

from emergency.cap_alert import Alert
from station.words import Text

MOST_BREACHES = 10
MOST_POINTS = 20_000  # of all shapes together; a coast drawn finely has some thousands
_NAME = re.compile(r"[^\s,<&]+\Z")  # 1.2, 3.2.1: identifier and sender
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(?:\.[0-9]{0,20})?\Z")
_POINT = re.compile(r"([+-]?[0-9]{1,9}(?:\.[0-9]{0,20})?),([+-]?[0-9]{1,9}(?:\.[0-9]{0,20})?)\Z")
_NEED_REFERENCES = frozenset(("Update", "Cancel", "Ack", "Error"))


def breaches(alert: Alert) -> list[Text]:
    """Each thing that is wrong with an alert, ten at most."""
    found = [*_names(alert), *_references(alert), *_shapes(alert)]
    return found[:MOST_BREACHES]


def _names(alert: Alert) -> list[Text]:
    return [
        Text(
            f"{name} {said[:40]!r} is empty, or holds a blank, a comma, < or &",
            f"{name} “{said[:40]}” 为空,或含有空格、逗号、< 或 &",
        )
        for name, said in (("identifier", alert.identifier), ("sender", alert.sender))
        if not _NAME.match(said)
    ]


def _references(alert: Alert) -> list[Text]:
    if alert.type in _NEED_REFERENCES and not alert.references:
        return [
            Text(
                f"msgType {alert.type} needs references to what it is about",
                f"msgType 为 {alert.type} 时须有 references",
            )
        ]
    own = (alert.sender, alert.identifier)
    if any((sender, identifier) == own for sender, identifier, _ in alert.references):
        return [Text("references name the alert itself", "references 指向该预警自身")]
    return []


def _shapes(alert: Alert) -> list[Text]:
    areas = [area for info in alert.infos for area in info.areas]
    drawn = [said for area in areas for said in (*area.polygons, *area.circles)]
    if sum(said.count(",") for said in drawn) > MOST_POINTS or sum(map(len, drawn)) > 50 * MOST_POINTS:
        return [
            Text(
                f"its shapes have more than {MOST_POINTS} points together",
                f"图形的点合计超过 {MOST_POINTS} 个",
            )
        ]
    faults: list[Text] = []
    for area in areas:
        faults += [_shape("polygon", one) for one in area.polygons if not is_polygon(one)]
        faults += [_shape("circle", one) for one in area.circles if not is_circle(one)]
        if len(faults) > MOST_BREACHES:
            return faults
    return faults


def _shape(kind: str, said: str) -> Text:
    form = "latitude,longitude points that end where they began"
    zh = "首尾相同的“纬度,经度”点列"
    if kind == "circle":
        form, zh = "latitude,longitude and a radius in kilometres", "“纬度,经度 半径(公里)”"
    return Text(f"{kind} {said[:40]!r} is not {form}", f"{kind} “{said[:40]}” 不是{zh}")


def is_polygon(said: str) -> bool:
    """Whether a text is a polygon of CAP: at least four points, the last the same as the first; or empty."""
    points = said.split()
    if not points:
        return True
    return len(points) >= 4 and points[0] == points[-1] and all(_is_point(point) for point in points)


def is_circle(said: str) -> bool:
    """Whether a text is a circle of CAP: a point and a radius that is not below zero; or empty."""
    words = said.split()
    if not words:
        return True
    return (
        len(words) == 2
        and _is_point(words[0])
        and _NUMBER.match(words[1]) is not None
        and float(words[1]) >= 0
    )


def _is_point(said: str) -> bool:
    found = _POINT.match(said)
    return found is not None and -90 <= float(found[1]) <= 90 and -180 <= float(found[2]) <= 180
