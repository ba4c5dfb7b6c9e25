"""One SNMP agent, one question at a time, matched strictly: request id, community or user, engine, time, and the objects themselves. Sans I/O; time is told (µs). Knows no socket.

v3 begins by asking who the engine is, and asks again once where its time was missed: both belong to the open question.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import attrs
from pysnmp.proto import rfc1905

from devices import snmp, snmp_usm
from devices.heard import Answered, Declined, Garbled, Stray
from devices.snmp import NUMBERS, STATUS, Ask, Binding, Next, Pdu, Set, arcs, names
from devices.snmp_access import Access, Community, User
from devices.snmp_usm import AUTH, Engine, Sealed
from station.words import Instant, Misheard

LATE_KEPT: Final = 64  # requests given up whose answers are still known as late
STEP: Final = (
    48_271  # by which request ids go on (Lehmer): each comes once in 2^31-2, neighbours are far apart
)
SENDINGS: Final = 3  # of one question: who are you, the question, the question with the right time


@attrs.frozen
class Send:
    """Put this on the wire: it belongs to the open question."""

    data: bytes


Heard = Answered[tuple[Binding, ...]] | Declined | Garbled | Stray | Send


class Exchange:
    """`asked`, then `fed` until it gives an end, or `give_up`."""

    def __init__(self, access: Access, first: int = 1) -> None:
        """`first`, 1 to 2^31-2: request ids go on from it; where it cannot be guessed, nobody who does not see the line can answer."""
        self._access, self._number = access, first
        self._open: Ask | None = None
        self._left = 0  # sendings
        self._engine: Engine | None = None
        self._proven = False  # a signed message told its time
        self._past: deque[int] = deque(maxlen=LATE_KEPT)

    def asked(self, ask: Ask, now: Instant) -> bytes:
        """Open a question: its datagram. ValueError for what cannot be asked."""
        snmp.pdu(ask, 1)
        self._open, self._left = ask, SENDINGS
        return self._sent(now)

    def _sent(self, now: Instant) -> bytes:
        assert self._open is not None
        self._left -= 1
        self._past.append(self._number)
        self._number = self._number * STEP % NUMBERS
        if isinstance(self._access, Community):
            return snmp.frame(snmp.pdu(self._open, self._number), self._access.name.encode("utf-8"))
        if self._engine is None:
            who = rfc1905.GetRequestPDU()
            who["request-id"], who["error-status"], who["error-index"] = self._number, 0, 0
            who["variable-bindings"].clear()
            return snmp_usm.discovery(self._number, who)
        made = snmp.pdu(self._open, self._number)
        return snmp_usm.sealed(self._access, self._engine, self._number, made, now)

    def give_up(self) -> None:
        """Nobody waits any more; an answer that still comes is late."""
        self._open = None

    def fed(self, data: bytes, now: Instant) -> Heard:
        """A datagram came from the agent's address."""
        try:
            if isinstance(self._access, Community):
                return self._plain(data, self._access)
            return self._sealed(data, self._access, now)
        except Misheard as misheard:
            return Stray(why="secret" if misheard.code == "secret" else "garbled")

    def _unexpected(self, number: int) -> Stray | None:
        if self._open is not None and number == self._number:
            return None
        return Stray(why="late" if number in self._past or number == self._number else "unasked")

    def _plain(self, data: bytes, access: Community) -> Heard:
        community, pdu = snmp.read(data)
        if community != access.name.encode("utf-8"):
            return Stray(why="secret")
        if pdu.said != "response":
            return Stray(why="unasked")
        return self._unexpected(pdu.number) or self._settled(pdu)

    def _sealed(self, data: bytes, user: User, now: Instant) -> Heard:
        if snmp.version(data) != 3:
            return Stray(why="garbled")
        message = snmp_usm.read(data)
        stray = self._unexpected(message.number)
        if stray is not None:
            return stray
        pdu = snmp_usm.opened(message, user)
        if pdu.said == "report":
            return self._reported(message, pdu, now)
        if pdu.said != "response":
            return Stray(why="unasked")
        if not self._ours(message, user):
            return Stray(why="secret")
        if not self._timely(message, now):
            return Stray(why="window")
        return self._settled(pdu) if pdu.number == message.number else self._garbled("another request id")

    def _ours(self, message: Sealed, user: User) -> bool:
        same = self._engine is not None and message.engine.id == self._engine.id
        return (
            same
            and message.user == user.name.encode("utf-8")
            and message.flags & 3 == snmp_usm.flags_of(user)
        )

    def _timely(self, message: Sealed, now: Instant) -> bool:
        """Whether it is no old message; what is signed tells the engine's time."""
        assert self._engine is not None
        if not message.flags & AUTH:
            return True
        if self._proven and not snmp_usm.timely(self._engine, message.engine):
            return False
        self._engine = (
            snmp_usm.newer(self._engine, message.engine, now)
            if self._proven
            else attrs.evolve(message.engine, at=now)
        )
        self._proven = True
        return True

    def _reported(self, message: Sealed, pdu: Pdu, now: Instant) -> Heard:
        """The engine says why it does not answer; what can be put right is asked again."""
        if not pdu.bindings:
            return self._garbled("a report of nothing")
        why = snmp_usm.REPORTS.get(pdu.bindings[0].oid, pdu.bindings[0].oid)
        there = attrs.evolve(message.engine, at=now)
        if why == "unknownEngineID" and self._left and 5 <= len(there.id) <= 32:
            self._engine, self._proven = there, False
            return Send(self._sent(now))
        same = self._engine is not None and there.id == self._engine.id
        if why == "notInTimeWindow" and self._left and same and message.flags & AUTH:
            self._engine, self._proven = there, True
            return Send(self._sent(now))
        return self._declined(0, why)

    def _declined(self, code: int, why: str) -> Declined:
        self._open = None
        return Declined(code, why)

    def _garbled(self, why: str) -> Garbled:
        self._open = None
        return Garbled(why=why)

    def _settled(self, pdu: Pdu) -> Heard:
        """The answer to this very question: is it one?"""
        ask, self._open = self._open, None
        assert ask is not None
        if pdu.status:
            why = STATUS[pdu.status] if 0 < pdu.status < len(STATUS) else f"error {pdu.status}"
            about = names(ask)[pdu.index - 1 : pdu.index]
            return self._declined(pdu.status, f"{why} {about[0]}" if about else why)
        if not _fits(ask, pdu.bindings):
            return self._garbled("other objects than were asked for")
        return Answered(pdu.bindings)


def _fits(ask: Ask, heard: tuple[Binding, ...]) -> bool:
    """Whether these are the objects: the same in the same order; of what follows, later ones."""
    if isinstance(ask, Set):
        return heard == ask.bindings
    if not isinstance(ask, Next):
        return tuple(one.oid for one in heard) == ask.oids
    if len(heard) != len(ask.oids):
        return False
    return all(
        one.kind == "end" or arcs(one.oid) > arcs(before) for one, before in zip(heard, ask.oids, strict=True)
    )


__all__ = ["Exchange", "Heard", "Send"]
