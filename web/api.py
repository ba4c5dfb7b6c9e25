"""The JSON API under /api/v1: passes queries and commands to the station and its answers back. Decides nothing; knows no page."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import attrs
from flask import Blueprint, Flask, Response, current_app, g, jsonify, request

from station.wire import to_plain
from station.words import Refused
from web import shapes
from web.endpoints import CHECK, MOST_BUCKETS, PREFIX, QUERIES, SERIES, api_document, people_commands
from web.guard import csrf_of, origin_fits, same
from web.link import Asking
from web.office_endpoints import CHECKS
from web.openapi import Endpoint, Param

STATUS = {
    "refused": 422,
    "forbidden": 403,
    "unproven": 428,
    "unknown": 401,
    "missing": 404,
    "misheard": 400,
    "unavailable": 503,
    "too_many": 429,
}
UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")


class LoginLimit(Protocol):
    """What bounds log-ins by account and address."""

    def wait(self, address: str, operator: str) -> int: ...
    def failed(self, address: str, operator: str) -> None: ...
    def passed(self, address: str, operator: str) -> None: ...


@attrs.frozen(kw_only=True)
class Bridge:
    """What handlers stand on: the station, the cookie's name, who is told of a log-out, how a log-in is limited."""

    station: Asking
    cookie: str
    closed: Callable[[str], None]  # session → its event streams end
    limiter: LoginLimit


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
        if not origin_fits(request.headers.get("Origin"), request.host):
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
    return answered(bridge().station.ask("query", session=session, name="safety_series", args=args))


def _check() -> Response:
    session, args = require_session(), body_of(shapes.DraftBody)
    return answered(bridge().station.ask("query", session=session, name="rundown_check", args=args))


def _looked_at(one: Endpoint) -> Response:
    session, args = require_session(), body_of(one.body)
    return answered(bridge().station.ask("query", session=session, name=one.name, args=args))


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
    """Ask the station for a seat; too many failures of one account, and very many of one address, wait."""
    here, address = bridge(), request.remote_addr or ""
    wait = here.limiter.wait(address, operator)
    if wait:
        raise Refused(f"too many attempts; wait {wait} s", f"尝试过多,请 {wait} 秒后再试", code="too_many")
    try:
        seat: dict[str, Any] = here.station.ask("login", operator=operator, password=password)
    except Refused as error:
        if error.code != "unavailable":
            here.limiter.failed(address, operator)
        raise
    here.limiter.passed(address, operator)
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
    api.add_url_rule(CHECK.path, CHECK.name, _check, methods=["POST"])
    for one in CHECKS:
        api.add_url_rule(one.path, one.name, partial(_looked_at, one), methods=["POST"])
    api.add_url_rule("/login", "login", _login, methods=["POST"])
    api.add_url_rule("/logout", "logout", _logout, methods=["POST"])
    api.add_url_rule("/pin", "pin", _pin, methods=["POST"])
    api.add_url_rule("/commands/<name>", "command", _command, methods=["POST"])
    made = api_document()
    api.add_url_rule("/openapi.json", "openapi", lambda: answered(made))
    api.register_error_handler(Refused, refused)
    app.register_blueprint(api)
