"""The platforms above a simulated station: sign EBD and CAP, good and faulty, and post them over HTTP in memory; whoever got no answer posts again. Shares no codec with the product."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Final

import attrs

from emergency import sim_platform, sim_signing
from emergency.sim_platform import Wish
from station.clock import Clock
from station.simulation.wires import Far, Wire
from station.words import Instant

AGAIN: Final = 20.0  # s after which a post without an answer is made again
TRIES: Final = 4


@attrs.define(kw_only=True, eq=False)
class Platform:
    """One source: `kind` ebd or cap, the folder with its keys, the token the station knows."""

    kind: str
    folder: Path
    token: str
    station: str  # the station's resource code
    sent: list[str] = attrs.field(factory=list)  # identifiers, oldest first
    number: int = 0

    def make(self, wish: Wish) -> bytes:
        """The signed bytes of an alert; its identifier is remembered."""
        if self.kind == "ebd":
            name, data = sim_platform.ebd_alert(wish, sim_signing.read_secret(self.folder / "ebd.key"))
        else:
            key = sim_signing.CapKey((self.folder / "cap.key").read_bytes())
            name, data = sim_platform.cap_alert(wish, key)
        if not wish.fault:
            self.sent.append(name)
        return data

    def wish(self, dice: Random, now: Instant, areas: tuple[str, ...], **said: Any) -> Wish:
        """A new alert of this platform."""
        self.number += 1
        return Wish(
            now=now // 1_000_000,
            number=self.number,
            areas=areas,
            dest=self.station,
            salt=dice.randrange(1_000),
            sender=f"sim-{self.kind}",
            **said,
        )


class Post(Far):
    """One HTTP request; posted again when nobody answers."""

    def __init__(
        self,
        clock: Clock,
        dial: Callable[[Far], Wire | None],
        platform: Platform,
        data: bytes,
        answered: Callable[[int], None],
    ) -> None:
        self._clock, self._dial, self._answered = clock, dial, answered
        kind, data = _body(platform.kind, data)
        head = (
            f"POST /ingest/{platform.kind} HTTP/1.1\r\nHost: station\r\nAuthorization: Bearer {platform.token}\r\n"
            f"Content-Type: {kind}\r\nContent-Length: {len(data)}\r\nConnection: close\r\n\r\n"
        )
        self._request = head.encode() + data
        self._tries = 0
        self._heard = b""
        self._over = False

    def send(self) -> None:
        """Try once more."""
        self._tries += 1
        self._heard = b""
        wire = self._dial(self)
        if wire is not None:
            wire.say(self._request)
        self._clock.callLater(AGAIN, self._late)

    def _late(self) -> None:
        if not self._over and self._tries < TRIES:
            self.send()
        elif not self._over:
            self._over = True
            self._answered(0)

    def received(self, data: bytes) -> None:
        """Part of the answer."""
        self._heard += data
        if not self._over and b"\r\n\r\n" in self._heard:
            self._over = True
            self._answered(int(self._heard.split(b" ", 2)[1]))

    def closed(self) -> None:
        """The station hung up; without an answer it is tried again when the time has come."""


def _body(kind: str, data: bytes) -> tuple[str, bytes]:
    """Content type and body: CAP as it is, EBD as a file of a form."""
    if kind == "cap":
        return "application/cap+xml", data
    head = b'--sim\r\nContent-Disposition: form-data; name="file"; filename="EBDT.tar"\r\n\r\n'
    return "multipart/form-data; boundary=sim", head + data + b"\r\n--sim--\r\n"
