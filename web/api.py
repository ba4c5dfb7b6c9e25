"""The JSON API under /api/v1: passes queries and commands to the station and its answers back. Decides nothing; knows no page."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import attrs
from flask import Blueprint, Flask, Response, current_app, g, jsonify, request

import devices.messages
import emergency.messages
import playout.messages
import safety.messages
from station import views
from station.wire import to_plain
from station.words import COMMANDS, Command, Refused
from web import shapes
from web.guard import csrf_of, origin_fits, same
from web.link import Asking
from web.openapi import Endpoint, Param, document

PREFIX = "/api/v1"
STATUS = {
    "refused": 422,
    "forbidden": 403,
    "unproven": 428,
    "unknown": 401,
    "misheard": 400,
    "unavailable": 503,
    "too_many": 429,
}
UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")
MOST_BUCKETS = 62
PARTS = (devices.messages, emergency.messages, playout.messages, safety.messages)  # their commands register


class LoginLimit(Protocol):
    """What bounds log-ins by address."""

    def wait(self, address: str) -> int: ...
    def failed(self, address: str) -> None: ...
    def passed(self, address: str) -> None: ...


@attrs.frozen(kw_only=True)
class Bridge:
    """What handlers stand on: the station, the cookie's name, who is told of a log-out, how a log-in is limited."""

    station: Asking
    cookie: str
    secure: bool
    closed: Callable[[str], None]  # session → its event streams end
    limiter: LoginLimit


QUERIES: list[Endpoint] = [
    Endpoint(
        method="GET", path="/overview", name="overview", says="The On air page", result=views.OverviewView
    ),
    Endpoint(
        method="GET",
        path="/alerts",
        name="alerts",
        says="Alerts, newest first",
        params=(Param(name="open", type=bool), Param(name="limit", type=int)),
        result=list[views.AlertView],
    ),
    Endpoint(
        method="GET",
        path="/alerts/{id}",
        name="alert",
        says="One alert",
        params=(Param(name="id", path=True),),
        result=views.AlertView,
    ),
    Endpoint(
        method="GET", path="/mutes", name="mutes", says="Local mutes in force", result=list[views.MuteView]
    ),
    Endpoint(
        method="GET",
        path="/templates",
        name="templates",
        says="Templates and their reviews",
        result=list[shapes.TemplateView],
    ),
    Endpoint(
        method="GET", path="/areas", name="areas", says="The county's areas", result=list[shapes.AreaView]
    ),
    Endpoint(
        method="GET",
        path="/resolve",
        name="resolve",
        says="What a choice of areas reaches now",
        params=(Param(name="areas", type=list[str], required=True, says="codes, comma between"),),
        result=shapes.Resolved,
    ),
    Endpoint(method="GET", path="/events", name="events", says="Event codes", result=list[shapes.EventCode]),
    Endpoint(
        method="GET",
        path="/terminals",
        name="terminals",
        says="Terminals",
        params=(
            Param(name="area"),
            Param(name="state"),
            Param(name="limit", type=int),
            Param(name="offset", type=int),
        ),
        result=shapes.TerminalPage,
    ),
    Endpoint(method="GET", path="/map", name="map", says="Points of the map", result=shapes.MapView),
    Endpoint(
        method="GET",
        path="/rundown",
        name="rundown",
        says="A day's rundown",
        params=(Param(name="channel", required=True), Param(name="day", required=True, says="YYYY-MM-DD")),
        result=shapes.RundownView,
    ),
    Endpoint(method="GET", path="/rundowns", name="rundowns", says="Rundowns that wait", result=list[Any]),
    Endpoint(
        method="GET",
        path="/asrun",
        name="asrun",
        says="What was aired",
        params=(
            Param(name="channel", required=True),
            Param(name="from", type=int, required=True, says="µs UTC"),
            Param(name="to", type=int, required=True, says="µs UTC"),
        ),
        result=list[views.AsRunView],
    ),
    Endpoint(
        method="GET",
        path="/safety",
        name="safety",
        says="Safety figures of a span",
        params=(
            Param(name="from", type=int, required=True, says="µs UTC"),
            Param(name="to", type=int, required=True, says="µs UTC"),
        ),
        result=list[views.SafetyView],
    ),
    Endpoint(
        method="GET",
        path="/journal",
        name="journal",
        says="Journal records, newest first",
        params=(
            Param(name="before", type=int),
            Param(name="limit", type=int),
            Param(name="kind", says="beginning of a kind"),
        ),
        result=list[views.JournalView],
    ),
    Endpoint(method="GET", path="/people", name="people", says="Accounts", result=list[shapes.PersonView]),
    Endpoint(method="GET", path="/me", name="me", says="Who sits here", result=views.SeatView),
    Endpoint(
        method="GET",
        path="/why/{code}",
        name="why",
        says="Why a terminal or channel sounds",
        params=(Param(name="code", path=True),),
        result=dict[str, Any],
    ),
]
SERIES = Endpoint(
    method="GET",
    path="/safety/series",
    name="series",
    says=f"Seconds by state, cut into at most {MOST_BUCKETS} stretches of `step` µs",
    params=(
        Param(name="from", type=int, required=True),
        Param(name="to", type=int, required=True),
        Param(name="step", type=int, required=True),
    ),
    result=list[shapes.SeriesBucket],
)
SEATS: list[Endpoint] = [
    Endpoint(
        method="POST",
        path="/login",
        name="login",
        says="Take a seat; the answer's session is the bearer token",
        body=shapes.Login,
        result=views.SeatView,
        session=False,
    ),
    Endpoint(
        method="POST", path="/pin", name="pin", says="Prove who acts", body=shapes.Pin, result=views.SeatView
    ),
    Endpoint(method="POST", path="/logout", name="logout", says="Leave the seat"),
]


def command_endpoints() -> list[Endpoint]:
    """One POST for each command that people may send."""
    return [
        Endpoint(
            method="POST",
            path=f"/commands/{name}",
            name="command_" + name.replace(".", "_"),
            says=(cls.__doc__ or "").strip(),
            command=cls,
            result=shapes.CommandAnswer,
        )
        for name, cls in sorted(people_commands().items())
    ]


def people_commands() -> dict[str, type[Command]]:
    """The registered commands that are not the station's own."""
    return {name: cls for name, cls in COMMANDS.items() if cls.right != "system"}


def api_document(version: str = "1") -> dict[str, Any]:
    """The OpenAPI document of everything below /api/v1."""
    every = [*QUERIES, SERIES, *SEATS, *command_endpoints()]
    placed = [attrs.evolve(one, path=PREFIX + one.path) for one in every]
    return document(placed, title="Gengfu", version=version, problem=shapes.Problem)


def bridge() -> Bridge:
    """The bridge of the running application."""
    found: Bridge = current_app.extensions["gengfu"]
    return found


def session_of(cookie: str) -> tuple[str, bool]:
    """(session, came as bearer) of this request; the empty session when there is none."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer" and token:
        return token.strip(), True
    return request.cookies.get(cookie, ""), False


def require_session() -> str:
    """The session of this request; a POST by cookie must carry its forgery token and our own origin."""
    here = bridge()
    session, bearer = session_of(here.cookie)
    if not session:
        raise Refused("log in first", "请先登录", code="unknown")
    if request.method == "POST" and not bearer:
        if not origin_fits(request.headers.get("Origin"), request.host, secure=here.secure):
            raise Refused("this page is not ours", "请求来源不是本台页面", code="forbidden")
        given = request.headers.get("X-CSRF-Token") or request.form.get("csrf", "")
        if not same(given, csrf_of(session)):
            raise Refused("the page is out of date; load it again", "页面已过期,请重新载入", code="forbidden")
    return session


def body_of(kind: type) -> dict[str, Any]:
    """The JSON object of this request with exactly the text fields of `kind`."""
    body = json_object()
    names = {field.name for field in attrs.fields(kind)}
    if set(body) != names or not all(isinstance(value, str) for value in body.values()):
        said = ", ".join(sorted(names))
        raise Refused(f"the body must have exactly: {said}", f"请求体须恰有:{said}", code="misheard")
    return body


def json_object() -> dict[str, Any]:
    """The JSON object of this request; Refused as misheard when it is none."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Refused("the body is not a JSON object", "请求体不是 JSON 对象", code="misheard")
    return body


def arguments(one: Endpoint, given: dict[str, str]) -> dict[str, Any]:
    """The arguments of a query from path and query string, typed; Refused names the wrong one."""
    known = {param.name: param for param in one.params}
    raw = {**request.args.to_dict(), **given}
    args: dict[str, Any] = {}
    for name, text in raw.items():
        if name not in known:
            raise Refused(
                f"{one.name} has no parameter {name}", f"{one.name} 没有参数 {name}", code="misheard"
            )
        args[name] = _typed(known[name], text)
    missing = [param.name for param in one.params if param.required and param.name not in args]
    if missing:
        said = ", ".join(missing)
        raise Refused(f"{one.name} needs {said}", f"{one.name} 缺少 {said}", code="misheard")
    return args


def _typed(param: Param, text: str) -> Any:
    if param.type is int:
        if not re.fullmatch(r"-?[0-9]{1,18}", text):
            raise Refused(f"{param.name} must be a whole number", f"{param.name} 须为整数", code="misheard")
        return int(text)
    if param.type is bool:
        return text in ("1", "true", "yes")
    if param.type is str:
        return text
    return [one for one in text.split(",") if one]


def answered(value: Any) -> Response:
    """A JSON answer that nobody keeps."""
    made = jsonify(value)
    made.headers["Cache-Control"] = "no-store"
    return made


def refused(error: Refused) -> tuple[Response, int]:
    """A refusal as JSON with its status."""
    g.refused = error.code
    return answered({"code": error.code, "text": to_plain(error.text)}), STATUS.get(error.code, 422)


def _query(one: Endpoint, **given: str) -> Response:
    session = require_session()
    return answered(bridge().station.ask("query", session=session, name=one.name, args=arguments(one, given)))


def _series() -> Response:
    session = require_session()
    args = arguments(SERIES, {})
    start, end, step = args["from"], args["to"], args["step"]
    if step <= 0 or end <= start or (end - start) > step * MOST_BUCKETS:
        raise Refused(
            f"from < to, and at most {MOST_BUCKETS} steps",
            f"起须早于止,且至多 {MOST_BUCKETS} 段",
            code="misheard",
        )
    made = []
    for at in range(start, end, step):
        span = {"from": at, "to": min(end, at + step)}
        for row in bridge().station.ask("query", session=session, name="safety", args=span):
            made.append({key: row[key] for key in ("channel", "start", "end", "seconds_x10")})
    return answered(made)


def _command(name: str) -> Response:
    session = require_session()
    body = json_object()
    wanted = body.get("request")
    if name not in people_commands():
        raise Refused(f"there is no command {name}", f"没有命令 {name}", code="misheard")
    if not isinstance(wanted, str) or not UUID7.match(wanted) or not isinstance(body.get("body"), dict):
        raise Refused(
            "a command needs `request` (a UUIDv7 in lower case) and `body`",
            "命令须有 request(小写 UUIDv7)与 body",
            code="misheard",
        )
    pin = {"pin": body["pin"]} if isinstance(body.get("pin"), str) else {}
    return answered(
        bridge().station.ask(
            "command", session=session, request=wanted, command=name, body=body["body"], **pin
        )
    )


def try_login(operator: str, password: str) -> dict[str, Any]:
    """Ask the station for a seat; too many failures from one address wait."""
    here, address = bridge(), request.remote_addr or ""
    wait = here.limiter.wait(address)
    if wait:
        raise Refused(f"too many attempts; wait {wait} s", f"尝试过多,请 {wait} 秒后再试", code="too_many")
    try:
        seat: dict[str, Any] = here.station.ask("login", operator=operator, password=password)
    except Refused as error:
        if error.code != "unavailable":
            here.limiter.failed(address)
        raise
    here.limiter.passed(address)
    return seat


def _login() -> Response:
    body = body_of(shapes.Login)
    return answered(try_login(body["operator"], body["password"]))


def _pin() -> Response:
    session = require_session()
    return answered(bridge().station.ask("pin", session=session, pin=body_of(shapes.Pin)["pin"]))


def leave() -> None:
    """End this request's session in the station and its event streams here."""
    session = require_session()
    bridge().closed(session)
    bridge().station.ask("logout", session=session)


def _logout() -> Response:
    leave()
    made = answered(None)
    made.delete_cookie(bridge().cookie)
    return made


def register(app: Flask) -> None:
    """Put the API into the application."""
    api = Blueprint("api", __name__, url_prefix=PREFIX)
    for one in QUERIES:
        rule = one.path.replace("{", "<").replace("}", ">")
        api.add_url_rule(rule, one.name, partial(_query, one))
    api.add_url_rule(SERIES.path, SERIES.name, _series)
    api.add_url_rule("/login", "login", _login, methods=["POST"])
    api.add_url_rule("/logout", "logout", _logout, methods=["POST"])
    api.add_url_rule("/pin", "pin", _pin, methods=["POST"])
    api.add_url_rule("/commands/<name>", "command", _command, methods=["POST"])
    made = api_document()
    api.add_url_rule("/openapi.json", "openapi", lambda: answered(made))
    api.register_error_handler(Refused, refused)
    app.register_blueprint(api)
