"""Hands one message at a time to a gateway by HTTP POST. Knows addresses and time limits; decides nothing about when or what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from twisted.internet import error
from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.internet.defer import TimeoutError as TimedOut
from twisted.internet.protocol import Protocol as Reader
from twisted.python.failure import Failure
from twisted.web.client import Agent, HTTPConnectionPool, ResponseFailed
from twisted.web.http_headers import Headers
from twisted.web.iweb import IBodyProducer
from zope.interface import implementer

from station.call_token import nobody
from station.words import Refused

CONNECT_S: Final = 5.0
ANSWER_S: Final = 10.0
REFUSED = Refused("the gateway refuses connections", "网关拒绝连接", code="refused")
SILENT = Refused(
    f"the gateway did not answer within {ANSWER_S:.0f} s", f"网关 {ANSWER_S:.0f} 秒内无应答", code="silent"
)
LOST = Refused("the connection to the gateway was lost", "与网关的连接中断", code="lost")


class Gateway(Protocol):
    """Whoever takes calls over."""

    def post(self, body: bytes, key: str) -> Deferred[None]:
        """Fires when it was taken; fails with Refused, which says why not."""
        ...


@implementer(IBodyProducer)
class _Body:
    """A body of known length."""

    def __init__(self, data: bytes) -> None:
        self._data, self.length = data, len(data)

    def startProducing(self, consumer: Any) -> Deferred[None]:  # noqa: N802 - Twisted's name
        consumer.write(self._data)
        done: Deferred[None] = Deferred()
        done.callback(None)
        return done

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's name
        """All is written already."""

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's name
        """All is written already."""

    def stopProducing(self) -> None:  # noqa: N802 - Twisted's name
        """All is written already."""


class _Away(Reader):
    """Reads nothing of an answer: its status has said all."""

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        transport: Any = self.transport
        transport.loseConnection()


class Hook:
    """A gateway at an address of the settings (station.call_rules)."""

    def __init__(self, reactor: Any, url: str, token: Callable[[], str] = nobody) -> None:
        """`token` gives the bearer token of each message (RFC 6750 2.1), empty where there is none; raises Refused."""
        self._reactor, self._url, self._token = reactor, url.encode("ascii"), token
        pool = HTTPConnectionPool(reactor, persistent=False)  # type: ignore[no-untyped-call]
        self._agent: Any = Agent(reactor, connectTimeout=CONNECT_S, pool=pool)  # type: ignore[no-untyped-call]

    def post(self, body: bytes, key: str) -> Deferred[None]:
        """See Gateway. The same key is the same call, however often it comes; any 2xx takes it over."""
        headers = Headers(
            {
                "Content-Type": ["application/json; charset=utf-8"],
                "Idempotency-Key": [key],
                "User-Agent": ["gengfu"],
            }
        )
        try:
            token = self._token()
        except Refused as refused:
            return fail(refused)
        if token:
            headers.setRawHeaders("Authorization", [f"Bearer {token}"])
        asked: Deferred[Any] = self._agent.request(b"POST", self._url, headers, _Body(body))
        asked.addTimeout(ANSWER_S, self._reactor)
        return asked.addCallbacks(_taken, _why)


def _taken(response: Any) -> None:
    response.deliverBody(_Away())
    if response.code in (401, 403):
        raise Refused(
            f"the gateway does not know this station's token (HTTP {response.code}): see call_token_file",
            f"网关不认可本台令牌(HTTP {response.code}):请检查 call_token_file",
            code="token",
        )
    if not 200 <= response.code < 300:
        raise Refused(
            f"the gateway answers HTTP {response.code}", f"网关返回 HTTP {response.code}", code="http"
        )


def _why(failure: Failure) -> None:
    """What kept it from being taken, as Refused; anything else is a bug and stays one."""
    if isinstance(failure.value, (error.TimeoutError, TimedOut, CancelledError)):
        raise SILENT
    if isinstance(failure.value, error.ConnectError):
        raise REFUSED
    if isinstance(failure.value, (ResponseFailed, error.ConnectionLost, error.ConnectionDone)):
        raise LOST
    failure.raiseException()
