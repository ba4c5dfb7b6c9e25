"""The glass of a shadow station: the page of its exercises, and what the instructor says of them. Passes wishes on; decides nothing."""

from __future__ import annotations

import json
from typing import Any

from flask import Flask, Response

from station.files import write_whole
from station.settings import Places
from station.words import Refused
from web.api import answered, json_object, refused, require_session

TOLD = "training.json"  # written by the instructor
WISH = "training-wish.json"  # read by it
IDLE: dict[str, Any] = {"scenarios": [], "running": None}


def told(places: Places) -> dict[str, Any]:
    """How the exercise goes; nothing under way while the instructor has not spoken."""
    try:
        found = json.loads((places.run / TOLD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return IDLE
    return found if isinstance(found, dict) else IDLE


def wish(places: Places, start: str) -> None:
    """Ask the instructor to begin an exercise, or to stop ("stop"). Raises Refused for one that it does not know."""
    known = [row["id"] for row in told(places)["scenarios"]]
    if start not in ("stop", *known):
        raise Refused("there is no such exercise", "没有这项训练", code="missing")
    write_whole(places.run / WISH, json.dumps({"start": start}))


def register(app: Flask, places: Places) -> None:
    """/api/v1/training: GET how it goes, POST {"start": scenario or "stop"}."""

    def look() -> Response | tuple[Response, int]:
        try:
            require_session()
        except Refused as error:
            return refused(error)
        return answered(told(places))

    def begin() -> Response | tuple[Response, int]:
        try:
            require_session()
            wish(places, str(json_object().get("start", "")))
        except Refused as error:
            return refused(error)
        return answered({})

    app.add_url_rule("/api/v1/training", "training_look", look)
    app.add_url_rule("/api/v1/training", "training_begin", begin, methods=["POST"])
