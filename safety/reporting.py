"""Delivers measured runs to the station until it has them: an outbox with an idempotency key made of its content. Knows the control socket's client, not the sound."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, Final, Protocol

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from safety.messages import SLOT, ReportSlots, SlotRun
from safety.slots import clip, fold
from station.wire import canonical, to_plain
from station.words import ChannelId, Refused, SampleIndex, instant_of

MOST_RUNS: Final = 500  # of one report
_KEPT: Final = 20_000  # runs that wait; then the oldest are only on the witness' own disk
_OVERLAP: Final = 300  # slots told again: the station may fold quiet reports until something changes


class Asking(Protocol):
    """What is needed of station.peer.Peer."""

    def ask(self, do: str, *, timeout: float = 10.0, **fields: Any) -> Deferred[Any]: ...


def request_id(report: ReportSlots) -> str:
    """A UUIDv7 made of the report's content: the same report has the same id, also after a restart."""
    digest = hashlib.sha256(canonical(to_plain(report)).encode()).digest()
    at = instant_of(SampleIndex(report.runs[-1].last * SLOT)) // 1000
    value = (at & (2**48 - 1)) << 80 | int.from_bytes(digest[:10], "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


class Outbox:
    """Runs on their way. One report is under way at a time; what fails is sent again with the next."""

    def __init__(self, peer: Asking, channel: ChannelId, point: str, *, real_return: bool) -> None:
        self._peer, self._channel, self._point, self._real = peer, channel, point, real_return
        self._runs: tuple[SlotRun, ...] = ()
        self._under_way = False
        self.acknowledged = 0  # the slot up to which the station has answered
        self.refused = ""
        self.differed: SampleIndex | None = None  # what the ear says of two players' copies

    @property
    def waiting(self) -> int:
        """Runs that wait."""
        return len(self._runs)

    def add(self, runs: Iterable[SlotRun]) -> None:
        """Take runs in, in order."""
        self._runs = fold((*self._runs, *runs))[-_KEPT:]

    def send(self) -> bool:
        """Send the next report, unless one is under way or nothing is new."""
        if self._under_way or not self._runs or self._runs[-1].last <= self.acknowledged:
            return False
        report = ReportSlots(
            channel=self._channel,
            point=self._point,
            real_return=self._real,
            runs=self._runs[:MOST_RUNS],
            differed=self.differed,
        )
        self._under_way = True
        asked = self._peer.ask(
            "command", request=request_id(report), command=ReportSlots.name, body=to_plain(report)
        )
        asked.addCallbacks(self._told, self._not_told, callbackArgs=(report.runs[-1].last,))
        return True

    def _told(self, _answer: Any, last: int) -> None:
        self._under_way, self.refused = False, ""
        self.acknowledged = max(self.acknowledged, last)
        end = self._runs[-1].last
        self._runs = clip(self._runs, self.acknowledged - _OVERLAP, end)
        if self.acknowledged < end:
            self.send()

    def _not_told(self, failure: Failure) -> None:
        self._under_way = False
        if not isinstance(failure.value, Refused):
            failure.raiseException()
        self.refused = str(failure.value)
