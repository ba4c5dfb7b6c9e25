"""SNMP's notifications (traps and informs) of v2c and v3, sans I/O: who may send them, and what they say. Time is told (µs); knows no socket.

A notification is a hint, never a value: whoever trusts it asks the device.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

import attrs

from devices import snmp, snmp_usm
from devices.snmp import Binding, Pdu
from devices.snmp_access import Access, Community, User
from devices.snmp_usm import AUTH, Engine, Sealed
from station.words import Instant, Misheard

ENGINES: Final = 64  # whose time is known; the one longest unheard goes
UPTIME: Final = "1.3.6.1.2.1.1.3.0"
TRAP: Final = "1.3.6.1.6.3.1.1.4.1.0"


@attrs.frozen(kw_only=True)
class Notice:
    """What happened: `trap` names it, `uptime` is the sender's (hundredths of a second), `by` who sent it."""

    trap: str
    uptime: int
    by: str  # the user's name; for a community, nothing
    bindings: tuple[Binding, ...]
    reply: bytes | None = None  # what an inform wants back


class Ear:
    """`fed` a datagram gives a notice, or raises Misheard: `secret` not to be trusted, `window` an old one."""

    def __init__(self, accesses: Iterable[Access]) -> None:
        known = tuple(accesses)
        self._communities = {one.name.encode("utf-8") for one in known if isinstance(one, Community)}
        self._users = {one.name.encode("utf-8"): one for one in known if isinstance(one, User)}
        self._engines: OrderedDict[bytes, Engine] = OrderedDict()

    def fed(self, data: bytes, now: Instant) -> Notice:
        """One datagram."""
        number = snmp.version(data)
        if number == 1:
            return self._plain(data)
        if number == 3:
            return self._sealed(data, now)
        raise snmp.misheard("is of version 1, which is not read", "为 v1 版本,不受理")

    def _plain(self, data: bytes) -> Notice:
        community, pdu = snmp.read(data)
        if community not in self._communities:
            raise _stranger()
        notice = _notice(pdu, "")
        if pdu.said == "inform":
            return attrs.evolve(notice, reply=snmp.frame(snmp.response(pdu), community))
        return notice

    def _sealed(self, data: bytes, now: Instant) -> Notice:
        message = snmp_usm.read(data)
        user = self._users.get(message.user)
        if user is None or message.flags & 3 != snmp_usm.flags_of(user):
            raise _stranger()
        pdu = snmp_usm.opened(message, user)
        if pdu.said != "trap":  # of an inform this end would be the engine whose time counts
            raise snmp.misheard("of v3 is no trap", "(v3)不是陷阱")
        if message.flags & AUTH:
            self._timed(message, now)
        return _notice(pdu, user.name)

    def _timed(self, message: Sealed, now: Instant) -> None:
        """The sender's time is what it last said (RFC 3414, 3.2, 7b)."""
        said = message.engine
        known = self._engines.get(said.id)
        if known is not None and not snmp_usm.timely(known, said):
            raise Misheard("an old SNMP message came again", "收到重放的旧 SNMP 报文", code="window")
        self._engines[said.id] = (
            attrs.evolve(said, at=now) if known is None else snmp_usm.newer(known, said, now)
        )
        self._engines.move_to_end(said.id)
        while len(self._engines) > ENGINES:
            self._engines.popitem(last=False)


def _notice(pdu: Pdu, by: str) -> Notice:
    """The PDU's first two objects are the uptime and the name of what happened (RFC 3416, 4.2.6)."""
    first = [(one.oid, one.kind) for one in pdu.bindings[:2]]
    if pdu.said not in ("trap", "inform") or first != [(UPTIME, "ticks"), (TRAP, "oid")]:
        raise snmp.misheard("is no notification", "不是通知")
    uptime, trap = pdu.bindings[0].value, pdu.bindings[1].value
    assert isinstance(uptime, int)
    return Notice(trap=str(trap), uptime=uptime, by=by, bindings=pdu.bindings[2:])


def _stranger() -> Misheard:
    return Misheard("an SNMP message comes from a stranger", "SNMP 报文来自未知发送者", code="secret")


__all__ = ["ENGINES", "TRAP", "UPTIME", "Ear", "Notice"]
