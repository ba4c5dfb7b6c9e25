"""Announces a stream of sound: its description (SDP, RFC 4566; attributes of AES67 §8 and RFC 7273) and the announcement's packet (SAP, RFC 2974). Pure; knows no socket and no clock."""

from __future__ import annotations

import hashlib
import struct
from ipaddress import IPv4Address
from typing import Final

import attrs

from playout.linear import PAYLOAD_TYPE
from station.words import SAMPLE_RATE

PORT: Final = 9_875  # RFC 2974, 3
EVERY: Final = 30  # s; practice of AES67 devices, unverified. 300 s of RFC 2974 (3.1) is for groups of thousands: a kilobyte in 30 s is 7 % of the 4,000 bit/s it allows
TYPE: Final = b"application/sdp\0"
_VERSION: Final = 0x20  # version 1, IPv4, an announcement, neither encrypted nor compressed
TTL: Final = 16  # of multicast that leaves this machine, as playout.senders sets it


@attrs.frozen(kw_only=True)
class Announced:
    """What receivers are told of one stream."""

    name: str
    origin: str  # IPv4 address of the sender
    host: str  # where it is sent: a group, or one receiver
    port: int
    form: str  # playout.linear.Linear.name
    packet_us: int


def description(stream: Announced) -> str:
    """Its SDP. The session's number is made of all that it says: the same after a restart, another one once anything
    changes. Sender and receivers share no PTP here, so the clock is said to be the sender's own (RFC 7273, 4.8 and 5.2)."""
    said = hashlib.sha256(repr(stream).encode()).digest()
    number = int.from_bytes(said[:7], "big")
    group = IPv4Address(stream.host).is_multicast if _is_figures(stream.host) else False
    where = f"{stream.host}/{TTL}" if group else stream.host
    lines = (
        "v=0",
        f"o=- {number} 1 IN IP4 {stream.origin}",
        f"s={_line(stream.name)}",
        f"c=IN IP4 {where}",
        "t=0 0",
        "a=recvonly",
        f"m=audio {stream.port} RTP/AVP {PAYLOAD_TYPE}",
        f"a=rtpmap:{PAYLOAD_TYPE} {stream.form}",
        f"a=ptime:{_ms(stream.packet_us)}",
        f"a=framecount:{stream.packet_us * SAMPLE_RATE // 1_000_000}",
        "a=ts-refclk:local",
        "a=mediaclk:sender",
    )
    return "".join(f"{line}\r\n" for line in lines)


def _line(name: str) -> str:
    """A name in one line, never empty (RFC 4566, 5.3)."""
    return " ".join(name.split()) or " "


def _ms(us: int) -> str:
    whole, rest = divmod(us, 1_000)
    return f"{whole}.{rest:03}".rstrip("0") if rest else str(whole)


def _is_figures(host: str) -> bool:
    return host.replace(".", "").isdecimal() and host.count(".") == 3


def packet(sdp: str, origin: str) -> bytes:
    """The announcement (RFC 2974, 6): the 16-bit hash of its message is never 0."""
    body = sdp.encode()
    number = int.from_bytes(hashlib.sha256(body).digest()[:2], "big") or 1
    return struct.pack("!BBH", _VERSION, 0, number) + IPv4Address(origin).packed + TYPE + body
