"""The Wall: one page and its data for a big screen. Lets in the addresses that the settings name, on a seat that may ask this one view; everybody else needs a log-in. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for

from station.glass_rules import among
from station.seats import token
from station.settings import Places, Settings
from station.words import Refused
from web.api import Bridge, answered, refused, session_of
from web.catalogue import LANGUAGES


class Wall:
    """`page` and `data` over one bridge; `common` gives what every template is given, `version` names the static files."""

    def __init__(
        self,
        settings: Settings,
        places: Places,
        here: Bridge,
        common: Callable[[str], dict[str, Any]],
        version: str,
    ) -> None:
        self._settings, self._places, self._here = settings, places, here
        self._common, self._version = common, version

    def page(self) -> Response:
        """The shell; without a seat, the way to the log-in."""
        if not self._seat():
            return make_response(redirect(url_for("login", to="/wall")))
        common = self._common("wall")
        chosen = request.args.get("lang", "")
        language = chosen if chosen in LANGUAGES else common["lang"]
        station = self._settings.station
        boot: dict[str, Any] = {
            "page": "wall",
            "lang": language,
            "version": self._version,
            "seat": {"rights": []},
            "settings": {"timezone": station.timezone, "day_start": station.day_start},
        }
        name = station.name_zh if language == "zh" else station.name_en
        made = make_response(
            render_template("wall.html", boot=boot, **{**common, "lang": language, "station_name": name})
        )
        made.headers["Cache-Control"] = "no-store"
        return made

    def data(self) -> tuple[Response, int] | Response:
        """The view, with the version of the page's own files: a wall that hangs for months loads itself anew."""
        try:
            seat = self._seat()
            if not seat:
                raise Refused("log in first", "请先登录", code="unknown")
            seen = self._here.station.ask("query", session=seat, name="wall", args={})
        except Refused as error:
            return refused(error)
        return answered({"version": self._version, "wall": seen})

    def _seat(self) -> str:
        if among(request.remote_addr or "", self._settings.panel.wall_from):
            return token(self._places.run, "wall")
        return session_of(self._here.cookie)[0]
