"""Tells the witnesses of this machine and the chain's other player what came of a relay, sample by sample, and hears what that one tells: RTP, L24 (RFC 3190), time stamps of absolute index. Knows a ring and two sockets; waits for nobody."""

from __future__ import annotations

import contextlib
import socket
import sys
from typing import Final

from playout.relay_lead import Lead, packet
from playout.relay_rings import LiveRing
from playout.rings import BLOCK
from playout.rtp import FRAME

_BEHIND: Final = 100 * BLOCK  # samples at most that are told at once
_MOST: Final = 4_000  # datagrams taken in at once
_HERE: Final = "127.0.0.1"


class Reference:
    """What one relay process tells, and hears of its twin."""

    def __init__(self, live: LiveRing, where: tuple[str, int], lead: Lead) -> None:
        """A group that cannot be joined is said once; the relay is heard without the other player then."""
        self._live, self._where, self._lead = live, where, lead
        self._at = live.head
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)  # noqa: FBT003
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(_HERE))
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)
        self._ear: socket.socket | None = None
        try:
            self._ear = joined(*where)
        except OSError as error:
            sys.stderr.write(f"relay {lead.relay}: the other player cannot be heard at {where}: {error}\n")

    def hear(self, near: int) -> None:
        """Take in what the other player told; `near`: the sample that is due."""
        for _ in range(_MOST if self._ear is not None else 0):
            assert self._ear is not None
            try:
                self._lead.hear(self._ear.recv(2_048), near)
            except BlockingIOError:
                return

    def tell(self) -> None:
        """Everything new that was made here; what the system does not take is left out."""
        head, lead = self._live.head, self._lead
        for at in range(max(self._at, head - _BEHIND), head, BLOCK):
            pcm = self._live.read(at, BLOCK) if at in lead.own else None
            for part in range(0, 0 if pcm is None else BLOCK, FRAME):
                assert pcm is not None
                made = packet(lead.relay, at + part, pcm[part : part + FRAME], second=lead.second)
                with contextlib.suppress(OSError):
                    self._socket.sendto(made, self._where)
        self._at = max(self._at, head)

    def close(self) -> None:
        """Let go of the sockets."""
        self._socket.close()
        if self._ear is not None:
            self._ear.close()


def joined(group: str, port: int) -> socket.socket:
    """A socket that hears a group on this machine, as others may too."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        made.setblocking(False)  # noqa: FBT003
        made.bind((group, port))
        member = socket.inet_aton(group) + socket.inet_aton(_HERE)
        made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    except OSError:
        made.close()
        raise
    return made


__all__ = ["Reference", "joined"]
