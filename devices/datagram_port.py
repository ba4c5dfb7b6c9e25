"""A UDP port for one who asks: to one address, or to a multicast group. Knows no protocol."""

from __future__ import annotations

import re
import socket
from typing import Final

from station.links import UdpLink
from station.words import Refused

HOPS: Final = 8  # routers that a multicast datagram may pass
_LINK: Final = re.compile(r"udp:([0-9.]+|[A-Za-z][A-Za-z0-9.-]*):([0-9]{1,5})\Z")


def udp_of(text: str) -> UdpLink:
    """The place that `udp:HOST:PORT` names."""
    found = _LINK.match(text)
    if found is None or not 1 <= int(found[2]) <= 65_535:
        raise Refused(
            f"{text!r} is no line for this wire: udp:HOST:PORT",
            f"{text!r} 不适用于此协议,应为 udp:主机:端口",
            code="ask",
        )
    return UdpLink(found[1], int(found[2]))


class DatagramPort:
    """Sends to its link. Hears only that address, or, of a group, whoever answers to this port.

    `interface`: address of the network that a group is spoken to on; empty: the host's choice. `bind`: own port, 0 any.
    """

    def __init__(self, link: UdpLink, interface: str, bind: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._to = (link.host, link.port)
        try:
            self._socket.bind(("", bind))
            if link.group:
                self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, HOPS)
                if interface:
                    how = socket.inet_aton(interface)
                    self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, how)
            else:
                self._socket.connect(self._to)
        except OSError:
            self._socket.close()
            raise
        self._group = link.group

    def fileno(self) -> int:
        """See `select`."""
        return self._socket.fileno()

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()

    def write(self, data: bytes) -> None:
        """One datagram."""
        if self._group:
            self._socket.sendto(data, self._to)
        else:
            self._socket.send(data)

    def read(self, count: int) -> bytes:
        """The next one; it may be empty."""
        return self._socket.recv(max(count, 65_535))


__all__ = ["DatagramPort", "UdpLink", "udp_of"]
