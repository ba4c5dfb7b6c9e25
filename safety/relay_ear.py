"""What a player says came of its relays: L24 in RTP (RFC 3190) from this machine, put in place by absolute index, for comparing with what was heard. Knows sockets and indices; knows no plan."""

from __future__ import annotations

import hashlib
import socket
import struct
from collections.abc import Mapping
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from safety.ring import index_near
from schedules.relays import checksum
from schedules.render import NotReady
from station.words import SAMPLE_RATE, Misheard, Sha256

Wide = NDArray[np.int32]
LENGTH: Final = 20 * SAMPLE_RATE
_HEAD: Final = struct.Struct("!BBHII")
_TYPE: Final = 97  # L24/48000/2
_MOST: Final = 4_000  # datagrams a drain


def parse(data: bytes, ssrc: int) -> tuple[int, Wide]:
    """(time stamp, samples of 24 bits) of a packet of that source; raises Misheard where it is none."""
    if len(data) < 18 or (len(data) - 12) % 6:
        raise Misheard("this is no packet of a relay", "这不是转播参考包")
    first, second, _, timestamp, source = _HEAD.unpack_from(data)
    if (first, second & 0x7F, source) != (0x80, _TYPE, ssrc):
        raise Misheard("this is no packet of a relay", "这不是转播参考包")
    raw = np.frombuffer(data, np.uint8, offset=12).reshape(-1, 3).astype(np.int32)
    value = (raw[:, 0] << 16 | raw[:, 1] << 8 | raw[:, 2]) << 8 >> 8
    return timestamp, value.reshape(-1, 2)


class Came:
    """The last samples of one relay."""

    def __init__(self, relay: str) -> None:
        self.ssrc = int.from_bytes(hashlib.sha256(f"gengfu:relay:{relay}".encode()).digest()[:4], "big")
        self.misheard = 0
        self._pcm: Wide = np.zeros((LENGTH, 2), dtype=np.int32)
        self._index = np.full(LENGTH, -1, dtype=np.int64)

    def add(self, data: bytes, near: int) -> None:
        """One datagram; `near` is the sample on air now."""
        try:
            timestamp, pcm = parse(data, self.ssrc)
        except Misheard:
            self.misheard += 1
            return
        index = index_near(timestamp, near) + np.arange(len(pcm))
        if abs(int(index[0]) - near) < LENGTH // 2:
            self._pcm[index % LENGTH], self._index[index % LENGTH] = pcm, index

    def read(self, start: int, count: int) -> Wide | None:
        """Samples from absolute index `start` on; None where one of them was not told."""
        index = np.arange(start, start + count)
        there = bool((self._index[index % LENGTH] == index).all())
        return self._pcm[index % LENGTH] if there else None


class RelayEar:
    """The sockets of all relays that a channel may have; `drain` takes in what came."""

    def __init__(self, groups: Mapping[str, tuple[str, int]]) -> None:
        """`groups`: by relay. Raises OSError where one cannot be joined."""
        self.came = {checksum(relay): Came(relay) for relay in groups}
        self._sockets = {checksum(relay): joined(*where) for relay, where in groups.items()}

    def drain(self, near: int) -> None:
        """Everything that waits; `near` is the sample on air now."""
        for sha256, one in self._sockets.items():
            for _ in range(_MOST):
                try:
                    self.came[sha256].add(one.recv(2_048), near)
                except BlockingIOError:
                    break

    def close(self) -> None:
        """Let go of the ports."""
        for one in self._sockets.values():
            one.close()


def joined(group: str, port: int) -> socket.socket:
    """A socket that hears a group on this machine, as others may too."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    made.setblocking(False)  # noqa: FBT003
    made.bind((group, port))
    member = socket.inet_aton(group) + socket.inet_aton("127.0.0.1")
    made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    return made


class Approved(Protocol):
    """What is needed of safety.shelf.Shelf."""

    def pcm(self, sha256: Sha256, start: int, count: int) -> Wide: ...
    def length(self, sha256: Sha256) -> int: ...
    def is_verified(self, sha256: Sha256) -> bool: ...


class WithRelays:
    """The shelf of approved media, and beside them what came of relays."""

    def __init__(self, shelf: Approved, came: Mapping[Sha256, Came]) -> None:
        self._shelf, self._came = shelf, came

    def pcm(self, sha256: Sha256, start: int, count: int) -> Wide:
        """See `schedules.render.Inputs`. Raises NotReady."""
        one = self._came.get(sha256)
        if one is None:
            return self._shelf.pcm(sha256, start, count)
        found = one.read(start, count)
        if found is None:
            raise NotReady(sha256)
        return found

    def length(self, sha256: Sha256) -> int:
        """See `schedules.render.Inputs`. Raises NotReady."""
        return self._shelf.length(sha256)

    def is_verified(self, sha256: Sha256) -> bool:
        """Whether it may be used."""
        return self._shelf.is_verified(sha256)


__all__ = ["Came", "RelayEar", "WithRelays", "joined", "parse"]
