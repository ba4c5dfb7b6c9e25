"""The panel's way to the station from a worker thread: asks through the peer and waits. Knows no page and no rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet import threads
from twisted.internet.defer import CancelledError, gatherResults

from station.words import Refused

QUERY_S = 3.0
COMMAND_S = 8.0


class Asking(Protocol):
    """What pages and handlers ask: the station's control socket, in the words of docs/control-protocol.md."""

    def ask(self, do: str, **fields: Any) -> Any: ...
    def queries(self, session: str, *names: str) -> list[Any]: ...


class StationLink:
    """Blocking questions to the station for WSGI threads; raises Refused, also when the station is away."""

    def __init__(self, reactor: Any, peer: Any) -> None:
        self._reactor = reactor
        self._peer = peer

    def ask(self, do: str, **fields: Any) -> Any:
        """One question; at most 3 s for a query, 8 s for a command or a log-in."""
        limit = QUERY_S if do in ("query", "health") else COMMAND_S

        def send() -> Any:
            return self._peer.ask(do, timeout=limit, **fields)

        return self._wait(send)

    def queries(self, session: str, *names: str) -> list[Any]:
        """Some queries without arguments, asked at once; Refused when one of them is."""

        def send() -> Any:
            asked = [
                self._peer.ask("query", timeout=QUERY_S, session=session, name=name, args={})
                for name in names
            ]
            answers: Any = gatherResults(asked, consumeErrors=True)
            return answers.addErrback(lambda first: first.value.subFailure)

        return list(self._wait(send))

    def _wait(self, send: Callable[[], Any]) -> Any:
        try:
            return threads.blockingCallFromThread(self._reactor, send)
        except CancelledError:
            raise Refused("the station does not answer", "台站没有应答", code="unavailable") from None
