"""The pages: what a browser loads first, in Chinese or English; everything live comes by the API and the events. Decides nothing."""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from station.settings import Places, Settings
from station.words import Refused
from web import training
from web.api import Bridge, leave, refused, register, require_session, try_login
from web.catalogue import LANGUAGES, words_of
from web.guard import (
    BODY_LIMIT,
    accepted_language,
    allowed,
    by_tls,
    csrf_of,
    is_path,
    is_token,
    origin_fits,
    same,
    way_back,
)
from web.wall import Wall

PAGES = {
    "onair": "/",
    "rundown": "/rundown",
    "alerts": "/alerts",
    "why": "/why",
    "alarms": "/alarms",
    "terminals": "/terminals",
    "transmitters": "/transmitters",
    "power": "/power",
    "safety": "/safety",
    "duty": "/duty",
    "journal": "/journal",
    "users": "/users",
    "settings": "/settings",
}
RARE = ("power", "journal", "users", "settings")  # behind “more”: the bar of a desk's screen is full
NEEDS = {"users": "admin", "settings": "configure"}  # shown in the bar to those who hold the right


class Glass:
    """The Flask application's pages over one bridge; `version` names the static files."""

    def __init__(
        self, settings: Settings, here: Bridge, hosts: frozenset[str], version: str, state: Path
    ) -> None:
        self.settings, self.here, self.hosts, self.version, self.state = settings, here, hosts, version, state

    def language(self) -> str:
        """zh or en: the one chosen before, else the browser's, else the station's."""
        chosen = request.cookies.get("gengfu_lang", "")
        if chosen in LANGUAGES:
            return chosen
        return accepted_language(request.headers.get("Accept-Language", ""), self.settings.station.language)

    def common(self, page: str) -> dict[str, Any]:
        """What every template is given."""
        language = self.language()
        words = words_of(language)
        names = self.settings.station
        return {
            "t": words.__getitem__,
            "lang": language,
            "page": page,
            "pages": PAGES,
            "rare": RARE,
            "needs": NEEDS,
            "static": f"/static/{self.version}",
            "station_name": names.name_zh if language == "zh" else names.name_en,
            "training": names.training,
            "console": f"gengfu console --state {shlex.quote(str(self.state))}",
        }

    def show(self, page: str, **more: Any) -> Response:
        """A page for a seat: the shell with the newest state in it, so that nothing is fetched before it is seen."""
        session = require_session()
        seat, overview = self.here.station.queries(session, "me", "overview")
        seat = {key: value for key, value in seat.items() if key != "session"}
        if seat.get("temporary") and page != "account":  # a one-time secret is replaced before anything else
            return make_response(redirect(url_for("account")))
        common = self.common(page)
        boot = {
            "page": page,
            "lang": common["lang"],
            "csrf": csrf_of(session),
            "seat": seat,
            "overview": overview,
            "settings": self._told(),
            "phones": self._phones(),
            "state": str(self.state),
            "training": self.settings.station.training,
            **more,
        }
        made = make_response(render_template("page.html", boot=boot, seat=seat, **common))
        made.headers["Cache-Control"] = "no-store"
        return made

    def _told(self) -> dict[str, Any]:
        alerts, station = self.settings.alerts, self.settings.station
        return {
            "timezone": station.timezone,
            "day_start": station.day_start,
            "area": station.area,
            "authority": station.authority,
            "template_villages": alerts.template_villages,
            "max_minutes": alerts.max_minutes,
            "repeats": alerts.repeats,
            "gap_ms": alerts.gap_ms,
            "coverage_for_zero": self.settings.safety.coverage_for_zero,
        }

    def _phones(self) -> list[dict[str, Any]]:
        """Whom to call where the station cannot be asked: what the settings name."""
        named = self.settings.alarms.contacts
        return [
            {"role": one.role, "name": {"zh": one.name, "en": one.name_en or one.name}, "phone": one.phone}
            for one in named
            if one.phone
        ]

    def login_page(self, said: str = "", status: int = 200) -> Response:
        """The log-in form, with a forgery token in cookie and form: one a browser, so that no tab outdates another's form."""
        held = request.cookies.get(self.here.cookie + "_pre", "")
        token = held if is_token(held) else secrets.token_urlsafe(24)
        to = way_back(request.values.get("to", ""))
        made = make_response(
            render_template("login.html", said=said, pre=token, to=to, **self.common("login")), status
        )
        made.set_cookie(self.here.cookie + "_pre", token, httponly=True, samesite="Strict")
        made.headers["Cache-Control"] = "no-store"
        return made

    def login(self) -> Response:
        """Take a seat, or say why not."""
        if request.method == "GET":
            over = request.args.get("seat") == "over"
            return self.login_page(words_of(self.language())["link.seat"] if over else "")
        origin = request.headers.get("Origin")
        if not origin_fits(origin, request.host) or not same(
            request.form.get("pre", ""), request.cookies.get(self.here.cookie + "_pre", "")
        ):
            return self.login_page(words_of(self.language())["login.again"], 403)
        try:
            seat = try_login(request.form.get("operator", "").strip(), request.form.get("password", ""))
        except Refused as error:
            g.refused = error.code
            status = {"unavailable": 503, "too_many": 429}.get(error.code, 403)
            return self.login_page(getattr(error.text, self.language()), status)
        made = make_response(redirect(way_back(request.form.get("to", ""))))
        made.set_cookie(
            self.here.cookie, seat["session"], httponly=True, samesite="Strict", secure=by_tls(origin)
        )
        return made

    def logout(self) -> Response:
        """Leave the seat."""
        leave()
        made = make_response(redirect(url_for("login")))
        made.delete_cookie(self.here.cookie)
        return made

    def speak(self, language: str) -> Response:
        """Choose the language; remembered for a year."""
        back = request.args.get("to", "/")
        made = make_response(redirect(back if is_path(back) else "/"))
        if language in LANGUAGES:
            made.set_cookie("gengfu_lang", language, max_age=31_536_000, samesite="Strict")
        return made

    def check(self) -> Response | None:
        """Refuse hosts that are not ours."""
        if not allowed(request.headers.get("Host", ""), self.hosts):
            return make_response("this host name is not ours · 主机名不被允许\n", 421)
        return None

    def stopped(self, error: Refused) -> Any:
        """A refusal on the way to a page: to the log-in, or a page that says it."""
        g.refused = error.code
        if request.path.startswith("/api/"):
            return refused(error)
        if error.code == "unknown":
            asked = way_back(request.full_path.rstrip("?")) if request.method == "GET" else "/"
            made = make_response(redirect(url_for("login", to=asked if asked != "/" else None)))
            made.delete_cookie(self.here.cookie)
            return made
        return self._sorry(getattr(error.text, self.language()), 503 if error.code == "unavailable" else 403)

    def lost(self, error: HTTPException) -> Any:
        """No such page, too large a request, and their like."""
        if request.path.startswith("/api/"):
            text = error.description or error.name
            code = error.code or 500
            return refused(Refused(text, f"请求无法处理({code})", code="misheard"))[0], code
        return self._sorry(f"{words_of(self.language())['error.lost']} ({error.code})", error.code or 500)

    def _sorry(self, said: str, status: int) -> Response:
        return make_response(
            render_template(
                "sorry.html", said=said, retry=status == 503, again=status != 404, **self.common("sorry")
            ),
            status,
        )


def make_app(settings: Settings, here: Bridge, hosts: frozenset[str], version: str, places: Places) -> Flask:
    """The Flask application; give it `hosts` (lower case) and the version under which static files are served."""
    app = Flask("web", static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=BODY_LIMIT, TRAP_HTTP_EXCEPTIONS=False)
    app.extensions["gengfu"] = here
    glass = Glass(settings, here, hosts, version, places.state)
    app.before_request(glass.check)
    app.register_error_handler(Refused, glass.stopped)
    app.register_error_handler(HTTPException, glass.lost)
    _rules(app, glass)
    wall = Wall(settings, places, here, glass.common, version)
    app.add_url_rule("/wall", "wall", wall.page)
    app.add_url_rule("/wall/data", "wall_data", wall.data)
    if settings.station.training:
        app.add_url_rule("/training", "training", lambda: glass.show("training"))
        training.register(app, places)
    register(app)
    return app


def _rules(app: Flask, glass: Glass) -> None:
    def page(name: str) -> Callable[[], Response]:
        return lambda: glass.show(name)

    for name, path in PAGES.items():
        app.add_url_rule(path, name, page(name))
    app.add_url_rule("/alerts/new", "compose", page("compose"))
    app.add_url_rule("/alerts/<alert>", "alert", lambda alert: glass.show("alert", alert=alert))
    app.add_url_rule("/account", "account", page("account"))
    app.add_url_rule("/login", "login", glass.login, methods=["GET", "POST"])
    app.add_url_rule("/logout", "logout", glass.logout, methods=["POST"])
    app.add_url_rule("/language/<language>", "language", glass.speak)
