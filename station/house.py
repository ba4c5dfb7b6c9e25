"""What the control socket answers: log-in, PIN, commands through the desk, queries, feeds, health. Knows rights (people), not rules (parts)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import attrs
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from station.desk import Desk, Reply, Request
from station.feeds import Feeds
from station.metrics import MISHAPS, counter
from station.people import People
from station.queries import Queries
from station.seats import CONSOLE
from station.territory import usable
from station.wire import command_from_plain, to_plain
from station.words import Command, Misheard, Operator, Refused

COMMANDS = counter(
    "gengfu_commands_total", "Commands that came over the control socket", ("command", "outcome")
)
_REQUEST = re.compile(r"[0-9A-Za-z-]{8,64}\Z")


Obeys = Callable[[str, Command, Operator, str], Deferred[dict[str, Any]]]  # request, wish, sender, seat
Prepares = Callable[[Any, Operator], Any]  # the command made ready, or a Deferred of it; raises Refused


class Sees(Protocol):
    """station.sight.Sight: what an account that answers for a part of the area is shown."""

    def bound(self, by: Operator) -> bool: ...
    def named(self, by: Operator) -> str: ...
    def ask(self, name: str, args: dict[str, Any], by: Operator) -> Any: ...
    def tell(self, feed: str, by: Operator, tell: Callable[[Any], None]) -> Callable[[Any], None]: ...


class StationHouse:
    """Implements station.control.House."""

    log = Logger()

    def __init__(
        self,
        desk: Desk,
        people: People,
        queries: Queries,
        feeds: Feeds,
        health: Callable[[], dict[str, Any]],
        on_done: Callable[[Command], None] = lambda _: None,
        *,
        beside: Mapping[type[Command], Obeys] | None = None,
        prepare: Mapping[type[Command], Prepares] | None = None,
        sight: Sees | None = None,
    ) -> None:
        """`beside`: who obeys commands that are not the desk's; `prepare`: what is looked at before the desk is asked."""
        self._beside, self._prepare, self._sight = beside or {}, prepare or {}, sight
        self._desk = desk
        self._people = people
        self._queries = queries
        self._feeds = feeds
        self._health = health
        self._on_done = on_done
        self._verbs: dict[str, Callable[[dict[str, Any]], Any]] = {
            "login": self._log_in,
            "pin": self._prove,
            "logout": self._log_out,
            "sit": self._sit,
            "command": self._command,
            "query": self._query,
            "health": lambda _: self._health(),
        }

    def answer(self, do: str, fields: dict[str, Any]) -> Any:
        """See station.control.House."""
        verb = self._verbs.get(do)
        if verb is None:
            raise Misheard(f"there is no question {do!r}", f"没有请求 {do!r}")
        return verb(fields)

    def open_feed(self, feed: str, fields: dict[str, Any], tell: Callable[[Any], None]) -> Callable[[], None]:
        """See station.control.House."""
        operator = self._people.who(_text(fields, "session"))
        right = "system" if feed == "due" else "view"
        if not self._people.may(operator, right):
            raise Refused("this feed is not for you", "无权订阅该信息流", code="forbidden")
        heard = tell if self._sight is None else self._sight.tell(feed, operator, tell)
        return self._feeds.open(feed, fields, heard)

    def position(self) -> int:
        """See station.control.House."""
        return self._desk.position

    def mishap(self, failure: Failure, do: str) -> None:
        """A bug in an answer: counted and logged with its traceback."""
        MISHAPS.labels("control").inc()
        self.log.failure("a question could not be answered: {do}", failure, do=do)

    # -- seats ----------------------------------------------------------------------------------

    def _log_in(self, fields: dict[str, Any]) -> Deferred[Any]:
        seated = self._people.log_in(_text(fields, "operator"), _text(fields, "password"))
        return seated.addCallback(lambda session: self._seat(session.token))

    def _seat(self, token: str) -> Any:
        """A seat as the glass sees it; only the sight knows whether it is bound to a part."""
        told = to_plain(self._people.seat(token))
        if self._sight is not None:
            who = self._people.who(token)
            told["bound"], told["area_names"] = self._sight.bound(who), self._sight.named(who)
            told["rights"] = usable(told["rights"]) if told["bound"] else told["rights"]
        return told

    def _prove(self, fields: dict[str, Any]) -> Deferred[Any]:
        token = _text(fields, "session")
        return self._people.prove(token, _text(fields, "pin")).addCallback(lambda _: self._seat(token))

    def _log_out(self, fields: dict[str, Any]) -> None:
        self._people.log_out(_text(fields, "session"))

    def _sit(self, fields: dict[str, Any]) -> Deferred[Any]:
        """At the console this machine's user is known already: the PIN alone says who acts."""
        if self._people.who(_text(fields, "session")) != CONSOLE:
            raise Refused(
                "only the console sits down by PIN", "只有本机控制台可凭 PIN 就座", code="forbidden"
            )
        seated = self._people.log_in(_text(fields, "operator"), _text(fields, "pin"), "pin")
        return seated.addCallback(lambda session: self._seat(session.token))

    # -- commands -------------------------------------------------------------------------------

    def _command(self, fields: dict[str, Any]) -> Deferred[Any]:
        request, name = _text(fields, "request"), _text(fields, "command")
        if not _REQUEST.match(request):
            raise Misheard("a request needs an id of its own, a UUIDv7", "请求须带自己的编号(UUIDv7)")
        body = fields.get("body", {})
        if not isinstance(body, dict):
            raise Misheard("the body of a command is an object", "命令内容应为对象")
        wish = command_from_plain(name, body)
        pin = fields.get("pin")
        seat = _text(fields, "session")
        checked = self._people.check(seat, wish.right, wish.proof, str(pin) if pin is not None else None)

        def allowed(operator: Operator) -> Any:
            return self._obey(Request(id=f"{operator.id}:{request}", by=operator, command=wish), seat)

        def done(told: Reply | dict[str, Any]) -> Any:
            if isinstance(told, Reply):
                return self._replied(self._noted(told, wish), name)
            COMMANDS.labels(name, "done").inc()
            return {"position": self._desk.position, "events": [], "result": told}

        return checked.addCallback(allowed).addCallbacks(done, self._not, errbackArgs=(name,))

    def _obey(self, request: Request, seat: str) -> Any:
        """A Reply of the desk, or what another who obeys this command tells; fires or fails later."""
        wish = request.command
        beside = self._beside.get(type(wish))
        if beside is not None:
            return beside(request.id, wish, request.by, seat)
        ready = self._prepare.get(type(wish))
        if ready is None:
            return self._desk.handle(request)
        made = maybeDeferred(ready, wish, request.by)
        return made.addCallback(lambda better: self._desk.handle(attrs.evolve(request, command=better)))

    def _noted(self, reply: Reply, wish: Command) -> Reply:
        if reply.ok:
            self._on_done(wish)
        return reply

    def _replied(self, reply: Reply, name: str) -> Any:
        COMMANDS.labels(name, "done" if reply.ok else reply.code).inc()
        if not reply.ok:
            raise Refused(reply.en, reply.zh, code=reply.code)
        return reply.plain()["result"]

    def _not(self, failure: Failure, name: str) -> Failure:
        error = failure.value
        COMMANDS.labels(name, error.code if isinstance(error, Refused) else "bug").inc()
        return failure

    # -- queries --------------------------------------------------------------------------------

    def _query(self, fields: dict[str, Any]) -> Deferred[Any]:
        operator = self._people.who(_text(fields, "session"))
        right = "wall" if fields.get("name") == "wall" else "view"
        if not any(self._people.may(operator, one) for one in {right, "view"}):
            raise Refused("you may not look at this", "无权查看", code="forbidden")
        args = fields.get("args") or {}
        if not isinstance(args, dict):
            raise Misheard("the arguments of a query are an object", "查询参数应为对象")
        name = _text(fields, "name")
        if name == "me":
            return maybeDeferred(lambda: self._seat(_text(fields, "session")))
        args.pop("within", None)
        if self._sight is not None and self._sight.bound(operator):
            return maybeDeferred(self._sight.ask, name, args, operator).addCallback(to_plain)
        return maybeDeferred(self._queries.ask, name, args, operator).addCallback(to_plain)


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise Misheard(f"the field {name} is missing or not a text", f"缺少字段 {name} 或不是文本")
    return value
