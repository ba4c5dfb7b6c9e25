"""The one door for commands: decides one at a time, writes down, then lets followers see it. Knows no part's rules, no socket and no clock of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import attrs
from twisted.internet import defer
from twisted.logger import Logger
from twisted.python.failure import Failure

from station.clock import Clock
from station.metrics import MISHAPS
from station.words import SYSTEM, Command, Event, Instant, Operator, Refused, event

MOST_WAITING = 2_000  # commands in flight; beyond it everything but life-safety is refused
AGAIN_DEGRADED = 1.0  # s; what is due and refused for want of a journal stays due, and must not keep us busy
REFUSALS_A_MINUTE = 60  # refusals journaled of one operator; more are counted only


@attrs.frozen(kw_only=True)
class Part:
    """A deciding part: pure functions over a state of its own, and the policy it was given at the start."""

    name: str
    commands: frozenset[type[Command]]
    empty: Any
    decide: Callable[[Any, Command, Instant, Operator, Any], Sequence[Event]]
    evolve: Callable[[Any, Event], Any]
    due: Callable[[Any, Instant, Any], Sequence[Command]]
    next_due: Callable[[Any, Instant, Any], Instant | None]
    policy: Any


@attrs.frozen(kw_only=True)
class Request:
    """A command on its way in. The same `id` gets the same reply, also after a restart."""

    id: str
    by: Operator
    command: Command


@attrs.frozen(kw_only=True)
class Reply:
    """What became of a request."""

    ok: bool
    position: int = 0
    events: tuple[str, ...] = ()
    code: str = ""
    en: str = ""
    zh: str = ""

    def plain(self) -> dict[str, Any]:
        """As JSON goes over the control socket."""
        if self.ok:
            return {"ok": True, "result": {"position": self.position, "events": list(self.events)}}
        return {"ok": False, "code": self.code, "text": {"en": self.en, "zh": self.zh}}


@event("command.refused/1")
class CommandRefused(Event):
    """A person or a source asked for what may not be."""

    command: str
    request: str
    code: str
    en: str
    zh: str


class Unwritable(Exception):
    """The journal took nothing of this batch; nothing of it is durable."""


class Ledger(Protocol):
    """What the desk needs of the journal."""

    def commit(
        self,
        request: str | None,
        events: Sequence[tuple[Event, str]],
        at: Instant,
        reply: dict[str, Any] | None,
    ) -> defer.Deferred[int]:
        """One transaction; fires with the last position, fails with Unwritable or with a bug."""
        ...

    def reply_of(self, request: str) -> dict[str, Any] | None:
        """The stored reply of a request seen before."""
        ...

    def spill(self, events: Sequence[tuple[Event, str]], at: Instant) -> None:
        """Write life-safety events beside the journal, durable when it returns."""
        ...


States = dict[str, Any]


@attrs.define
class _Flight:
    request: Request
    events: tuple[Event, ...]
    states: States
    reply: Reply


class Desk:
    """`handle` decides on the newest decided state; `states` is durable state only."""

    log = Logger()

    def __init__(
        self,
        ledger: Ledger,
        parts: Iterable[Part],
        clock: Clock,
        now: Callable[[], Instant],
        *,
        on_durable: Callable[[Sequence[Event], Instant], None],
        on_fatal: Callable[[Failure], None],
        admit: Callable[[Command, Operator, States], None] = lambda wish, by, states: None,
    ) -> None:
        self._admit = admit  # raises Refused where the door stays shut, whatever a part would say
        self._ledger = ledger
        self._parts = tuple(parts)
        self._owner = {cls: part for part in self._parts for cls in part.commands}
        self._clock = clock
        self._now = now
        self._on_durable = on_durable
        self._on_fatal = on_fatal
        self._decided: States = {part.name: part.empty for part in self._parts}
        self.states: States = dict(self._decided)
        self.position = 0
        self.degraded = False
        self.refused = 0
        self._flying: deque[_Flight] = deque()
        self._open: dict[str, list[defer.Deferred[Reply]]] = {}
        self._refusals: dict[str, tuple[int, int]] = {}
        self._timer: Any = None
        self._next: dict[str, tuple[Any, Instant | None]] = {}
        self._dues = 0
        self._stopped = False

    @property
    def parts(self) -> tuple[Part, ...]:
        """The deciding parts, in their order."""
        return self._parts

    @property
    def waiting(self) -> int:
        """Commands decided whose events are not durable yet."""
        return len(self._flying)

    # -- replay ---------------------------------------------------------------------------------

    def replay(self, events: Iterable[Event], position: int) -> None:
        """Fold what the journal holds; nothing is decided and nobody is told."""
        states = self._decided
        for happened in events:
            states = self._evolved(states, (happened,))
        self._decided, self.states, self.position = states, dict(states), position

    def restore(self, states: Mapping[str, Any], position: int) -> None:
        """Begin from a snapshot's states (still followed by `replay` of what came after)."""
        self._decided = {**self._decided, **states}
        self.states, self.position = dict(self._decided), position

    def start(self) -> None:
        """Begin to look after what falls due."""
        self._look()

    def stop(self) -> None:
        """Take no more timers; commands in flight still finish."""
        self._stopped = True
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    # -- commands -------------------------------------------------------------------------------

    def handle(self, request: Request) -> defer.Deferred[Reply]:
        """Decide, write down, answer. Never fails: a refusal is a reply."""
        again = self._seen_before(request)
        if again is not None:
            return again
        if len(self._flying) >= MOST_WAITING and not request.command.life_safety:
            return defer.succeed(
                _refusal(
                    Refused("the station is overloaded; try again", "台站过载,请重试", code="unavailable")
                )
            )
        answer: defer.Deferred[Reply] = defer.Deferred()
        self._open[request.id] = [answer]
        self._decide(request)
        return answer

    def tell(self, wish: Command, request_id: str) -> defer.Deferred[Reply]:
        """A command of the station itself."""
        return self.handle(Request(id=request_id, by=SYSTEM, command=wish))

    def _seen_before(self, request: Request) -> defer.Deferred[Reply] | None:
        if request.id in self._open:
            later: defer.Deferred[Reply] = defer.Deferred()
            self._open[request.id].append(later)
            return later
        stored = self._ledger.reply_of(request.id)
        return None if stored is None else defer.succeed(_from_plain(stored))

    def _decide(self, request: Request) -> None:
        part = self._owner.get(type(request.command))
        try:
            if part is None:
                raise Refused(
                    f"nobody here obeys {request.command.name}", f"无人处理命令 {request.command.name}"
                )
            if self.degraded and not request.command.life_safety:
                raise Refused(*JOURNAL_DOWN, code="unavailable")
            self._admit(request.command, request.by, self._decided)
            state = self._decided[part.name]
            events = tuple(part.decide(state, request.command, self._now(), request.by, part.policy))
            states = self._evolved(self._decided, events)
        except Refused as refused:
            self._refuse(request, refused)
            return
        except Exception:  # noqa: BLE001 - a bug in one command must not stop the next alert
            MISHAPS.labels("desk").inc()
            self.log.failure("{name} could not be decided", name=request.command.name)
            self._answer(request.id, _refusal(Refused(*OUR_BUG, code="bug")))
            return
        self._fly(request, events, states)

    def _refuse(self, request: Request, refused: Refused) -> None:
        self.refused += 1
        reply = _refusal(refused)
        if request.by.id == SYSTEM.id or self.degraded or not self._may_journal_refusal(request.by.id):
            self._answer(request.id, reply)
            return
        text = refused.text
        said = CommandRefused(
            command=request.command.name, request=request.id, code=refused.code, en=text.en, zh=text.zh
        )
        self._fly(request, (said,), self._decided, reply)

    def _may_journal_refusal(self, operator: str) -> bool:
        minute = self._now() // 60_000_000
        when, count = self._refusals.get(operator, (minute, 0))
        count = count + 1 if when == minute else 1
        if len(self._refusals) > MOST_WAITING:
            self._refusals.clear()
        self._refusals[operator] = (minute, count)
        return count <= REFUSALS_A_MINUTE

    def _fly(
        self, request: Request, events: tuple[Event, ...], states: States, reply: Reply | None = None
    ) -> None:
        if not events:
            self._answer(request.id, reply or Reply(ok=True, position=self.position))
            return
        at = self._now()
        given = reply or Reply(ok=True, events=tuple(happened.kind for happened in events))
        flight = _Flight(request, events, states, given)
        self._decided = states
        self._flying.append(flight)
        signed = [(happened, request.by.id) for happened in events]
        if self.degraded:
            self._spill(flight, signed, at)
            return
        keep = None if request.by.id == SYSTEM.id else given.plain()
        done = self._ledger.commit(None if keep is None else request.id, signed, at, keep)
        done.addCallbacks(
            self._durable, self._failed, callbackArgs=(flight, at), errbackArgs=(flight, signed, at)
        )
        done.addErrback(self._on_fatal)

    # -- durable or not -------------------------------------------------------------------------

    def _durable(self, position: int, flight: _Flight, at: Instant) -> None:
        self._flying.remove(flight)
        self.states = flight.states
        self.position = max(self.position, position)
        reply = attrs.evolve(flight.reply, position=position) if flight.reply.ok else flight.reply
        self._on_durable(flight.events, at)
        self._answer(flight.request.id, reply)
        self._look()

    def _failed(
        self, failure: Failure, flight: _Flight, signed: list[tuple[Event, str]], at: Instant
    ) -> None:
        if not isinstance(failure.value, Unwritable):
            self._on_fatal(failure)
            return
        self.log.critical("the journal cannot be written: {why}", why=failure.getErrorMessage())
        self.degraded = True
        self._flying.remove(flight)
        self._decided = self._flying[-1].states if self._flying else self.states
        if not flight.request.command.life_safety or not flight.reply.ok:
            self._answer(flight.request.id, _refusal(Refused(*JOURNAL_DOWN, code="unavailable")))
            return
        flight.states = self._decided = self._evolved(self._decided, flight.events)
        self._flying.append(flight)
        self._spill(flight, signed, at)

    def _spill(self, flight: _Flight, signed: list[tuple[Event, str]], at: Instant) -> None:
        try:
            self._ledger.spill(signed, at)
        except OSError as error:  # even so: a life is worth more than its record
            self.log.critical("the spill file cannot be written either: {why}", why=str(error))
        self._durable(self.position, flight, at)

    def recovered(self) -> None:
        """The journal took the spilled events: business as usual."""
        self.degraded = False

    # -- what falls due -------------------------------------------------------------------------

    def _look(self) -> None:
        if self._stopped:
            return
        now = self._now()
        asked = [self._looked_at(part, now) for part in self._parts]
        times = [at for at in asked if at is not None]
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        if times:
            wait = max((min(times) - now) / 1e6, AGAIN_DEGRADED if self.degraded else 0.005)
            self._timer = self._clock.callLater(min(wait, 3600.0), self._look)

    def _looked_at(self, part: Part, now: Instant) -> Instant | None:
        """Do what falls due in one part; returns when to look again. Asks only parts that changed or whose time came."""
        known = self._next.get(part.name)
        if (
            known is not None
            and known[0] is self._decided[part.name]
            and (known[1] is None or now < known[1])
        ):
            return known[1]
        for wish in part.due(self._decided[part.name], now, part.policy):
            self._dues += 1
            self.tell(wish, f"due:{self._dues}")
        state = self._decided[part.name]
        again = part.next_due(state, now, part.policy)
        self._next[part.name] = (state, again)
        return again

    # -- small ----------------------------------------------------------------------------------

    def _evolved(self, states: States, events: Sequence[Event]) -> States:
        made = dict(states)
        for happened in events:
            for part in self._parts:
                made[part.name] = part.evolve(made[part.name], happened)
        return made

    def _answer(self, request_id: str, reply: Reply) -> None:
        for waiting in self._open.pop(request_id, ()):
            waiting.callback(reply)


OUR_BUG = (
    "the station could not decide this; nothing was done, and it is in the log",
    "台站未能处理此命令,未作任何改动,已记入日志",
)
JOURNAL_DOWN = (
    "the journal cannot be written (disk full or failing); only mute, cancel and other life-safety commands go out until it is mended",
    "日志无法写入(磁盘满或故障);修复之前只执行静音、解除等保命命令",
)


def _refusal(refused: Refused) -> Reply:
    return Reply(ok=False, code=refused.code, en=refused.text.en, zh=refused.text.zh)


def _from_plain(stored: dict[str, Any]) -> Reply:
    if stored.get("ok"):
        result = stored.get("result", {})
        return Reply(ok=True, position=result.get("position", 0), events=tuple(result.get("events", ())))
    text = stored.get("text", {})
    return Reply(ok=False, code=stored.get("code", ""), en=text.get("en", ""), zh=text.get("zh", ""))
