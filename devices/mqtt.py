"""MQTT 3.1.1 packets (OASIS standard of 29 October 2014), bytes in, packets out, and back; QoS 0 and 1. Knows no socket, no time, no topic's meaning.

Sections in brackets are the standard's. What it forbids is Misheard, and then nothing more of that connection is to be
believed [4.8]: a `Reader` that misheard once is deaf.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import attrs

from station.words import Misheard

PORT: Final = 1883
MOST: Final = 131_072  # bytes of a packet that we take; the standard allows 268,435,455 [2.2.3]
FAILED: Final = 0x80  # return code of a subscription that was not taken [3.9.3]
REFUSALS: Final = {
    1: "its protocol version is not taken", 2: "its client identifier is not taken", 3: "the server is unavailable",
    4: "user name or password is malformed", 5: "it is not authorised",
}  # fmt: skip
_NAME: Final = b"\x00\x04MQTT\x04"  # protocol name and level [3.1.2.1, 3.1.2.2]
_BAD_TEXT: Final = re.compile("[\0\ud800-\udfff]")  # [1.5.3]


@attrs.frozen(kw_only=True)
class Will:
    """What the server publishes when the client is lost [3.1.2.5]."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False


@attrs.frozen(kw_only=True)
class Connect:
    """The first packet of a client [3.1]. `keep_alive` in s, 0 for none; a password needs a user."""

    client: str
    keep_alive: int = 60
    clean: bool = True
    user: str | None = None
    password: bytes | None = attrs.field(default=None, repr=False)
    will: Will | None = None


@attrs.frozen(kw_only=True)
class ConnAck:
    """What the server says to it [3.2]: 0 is yes, else one of `REFUSALS`."""

    code: int
    present: bool = False


@attrs.frozen(kw_only=True)
class Publish:
    """A message [3.3]. `packet` numbers it where `qos` is 1, and is 0 elsewhere."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    again: bool = False
    packet: int = 0


@attrs.frozen(kw_only=True)
class PubAck:
    """A message of QoS 1 was taken [3.4]."""

    packet: int


@attrs.frozen(kw_only=True)
class Subscribe:
    """Filters of topics, each with the most QoS that is wanted [3.8]."""

    packet: int
    filters: tuple[tuple[str, int], ...]


@attrs.frozen(kw_only=True)
class SubAck:
    """For each filter the QoS it has, or `FAILED` [3.9]."""

    packet: int
    codes: tuple[int, ...]


@attrs.frozen
class PingReq:
    """Is the server there? [3.12]"""


@attrs.frozen
class PingResp:
    """It is [3.13]."""


@attrs.frozen
class Disconnect:
    """The client goes, and its will is forgotten [3.14]."""


Packet = Connect | ConnAck | Publish | PubAck | Subscribe | SubAck | PingReq | PingResp | Disconnect
_KINDS: Final[dict[type, int]] = {
    Connect: 1, ConnAck: 2, Publish: 3, PubAck: 4, Subscribe: 8, SubAck: 9, PingReq: 12, PingResp: 13, Disconnect: 14,
}  # fmt: skip
_FLAGS: Final = {8: 2}  # fixed flags other than 0 [2.2.2]


def _wrong(what: str, zh: str) -> Misheard:
    return Misheard(f"no packet of MQTT: {what}", f"不是有效的 MQTT 报文:{zh}", code="mqtt")


# -- writing ----------------------------------------------------------------------------------------


def encode(packet: Packet) -> bytes:
    """A packet as bytes; ValueError for what the standard does not allow."""
    kind = _KINDS[type(packet)]
    flags, body = _FLAGS.get(kind, 0), b""
    match packet:
        case Connect():
            body = _connect(packet)
        case ConnAck():
            body = bytes([packet.present, packet.code])
        case Publish():
            flags, body = _publish(packet)
        case PubAck():
            body = _number(packet.packet)
        case Subscribe():
            if not packet.filters:
                raise ValueError("a subscription names at least one filter")
            rows = b"".join(_text(name) + _qos(qos) for name, qos in packet.filters)
            body = _number(packet.packet) + rows
        case SubAck():
            body = _number(packet.packet) + bytes(packet.codes)
    if len(body) > MOST:
        raise ValueError(f"{len(body)} bytes are more than {MOST}")
    return bytes([kind << 4 | flags]) + _length(len(body)) + body


def _length(size: int) -> bytes:
    """Seven bits a byte, the lowest first [2.2.3]."""
    made = bytearray()
    while size > 127:
        made.append(size & 127 | 128)
        size >>= 7
    return bytes([*made, size])


def _counted(data: bytes) -> bytes:
    if len(data) > 0xFFFF:
        raise ValueError(f"{len(data)} bytes are more than a field can hold")
    return len(data).to_bytes(2, "big") + data


def _text(text: str) -> bytes:
    if _BAD_TEXT.search(text):
        raise ValueError("a text of MQTT holds neither U+0000 nor halves of characters")
    return _counted(text.encode())


def _number(packet: int) -> bytes:
    if not 1 <= packet <= 0xFFFF:
        raise ValueError(f"packet {packet}: they are numbered from 1 to 65535")
    return packet.to_bytes(2, "big")


def _qos(qos: int) -> bytes:
    if qos not in (0, 1):
        raise ValueError(f"QoS {qos}: 0 and 1 are spoken here")
    return bytes([qos])


def _topic(topic: str) -> bytes:
    if not topic or "+" in topic or "#" in topic:
        raise ValueError(f"{topic!r} is no topic of a message")
    return _text(topic)


def _publish(packet: Publish) -> tuple[int, bytes]:
    number = _number(packet.packet) if packet.qos else b""
    if not packet.qos and (packet.packet or packet.again):
        raise ValueError("a message of QoS 0 has no number and is not sent again")
    flags = packet.again << 3 | _qos(packet.qos)[0] << 1 | packet.retain
    return flags, _topic(packet.topic) + number + packet.payload


def _connect(packet: Connect) -> bytes:
    if packet.password is not None and packet.user is None:
        raise ValueError("a password needs a user")
    if not packet.client and not packet.clean:
        raise ValueError("a client without a name keeps nothing")
    if not 0 <= packet.keep_alive <= 0xFFFF:
        raise ValueError(f"{packet.keep_alive} s: it is kept alive for 0 to 65535 s")
    flags = packet.clean << 1 | (packet.password is not None) << 6 | (packet.user is not None) << 7
    tail = _text(packet.client)
    if packet.will is not None:
        flags |= 4 | _qos(packet.will.qos)[0] << 3 | packet.will.retain << 5
        tail += _topic(packet.will.topic) + _counted(packet.will.payload)
    if packet.user is not None:
        tail += _text(packet.user)
    if packet.password is not None:
        tail += _counted(packet.password)
    return _NAME + bytes([flags]) + packet.keep_alive.to_bytes(2, "big") + tail


# -- reading ----------------------------------------------------------------------------------------


class _Body:
    """The rest of a packet, taken field by field."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def left(self) -> bool:
        return self._at < len(self._data)

    def take(self, count: int) -> bytes:
        if self._at + count > len(self._data):
            raise _wrong("shorter than its fields say", "长度不足")
        self._at += count
        return self._data[self._at - count : self._at]

    def rest(self) -> bytes:
        return self.take(len(self._data) - self._at)

    def byte(self) -> int:
        return self.take(1)[0]

    def counted(self) -> bytes:
        return self.take(int.from_bytes(self.take(2), "big"))

    def text(self) -> str:
        try:
            text = self.counted().decode()
        except UnicodeDecodeError:
            raise _wrong("its text is not UTF-8", "文本不是 UTF-8") from None
        if "\0" in text:
            raise _wrong("a text with U+0000", "文本含 U+0000")
        return text

    def number(self) -> int:
        number = int.from_bytes(self.take(2), "big")
        if not number:
            raise _wrong("packet number 0", "报文标识为 0")
        return number

    def qos(self, bits: int) -> int:
        if bits not in (0, 1):
            raise _wrong(f"QoS {bits} was not asked for", f"未请求 QoS {bits}")
        return bits

    def topic(self) -> str:
        topic = self.text()
        if not topic or "+" in topic or "#" in topic:
            raise _wrong("a message without a topic of its own", "消息主题无效")
        return topic


def _read_connect(flags: int, body: _Body) -> Connect:
    if body.take(7) != _NAME:
        raise _wrong("another protocol or version", "协议名称或版本不符")
    bits, keep = body.byte(), int.from_bytes(body.take(2), "big")
    client, will, user, password = body.text(), None, None, None
    if bits & 1 or (not bits & 4 and bits & 0x38) or (bits & 0x40 and not bits & 0x80):
        raise _wrong("flags of a connection that contradict each other", "连接标志矛盾")
    if bits & 4:
        topic, payload = body.topic(), body.counted()
        will = Will(topic=topic, payload=payload, qos=body.qos(bits >> 3 & 3), retain=bool(bits & 0x20))
    if bits & 0x80:
        user = body.text()
    if bits & 0x40:
        password = body.counted()
    if not client and not bits & 2:
        raise _wrong("a client without a name that wants to be remembered", "未命名的客户端要求保留会话")
    return Connect(client=client, keep_alive=keep, clean=bool(bits & 2), user=user, password=password, will=will)  # fmt: skip


def _read_connack(flags: int, body: _Body) -> ConnAck:
    present, code = body.byte(), body.byte()
    if present > 1 or (present and code):
        raise _wrong("an answer to a connection that contradicts itself", "连接应答矛盾")
    return ConnAck(code=code, present=bool(present))


def _read_publish(flags: int, body: _Body) -> Publish:
    qos = body.qos(flags >> 1 & 3)
    if flags & 8 and not qos:
        raise _wrong("a message of QoS 0 that is sent again", "QoS 0 消息被重发")
    topic, packet = body.topic(), body.number() if qos else 0
    return Publish(
        topic=topic, payload=body.rest(), qos=qos, retain=bool(flags & 1), again=bool(flags & 8), packet=packet
    )  # fmt: skip


def _read_subscribe(flags: int, body: _Body) -> Subscribe:
    packet, filters = body.number(), [(body.text(), body.qos(body.byte()))]
    while body.left:
        filters.append((body.text(), body.qos(body.byte())))
    return Subscribe(packet=packet, filters=tuple(filters))


def _read_suback(flags: int, body: _Body) -> SubAck:
    packet, codes = body.number(), tuple(body.rest())
    if not codes or not set(codes) <= {0, 1, FAILED}:
        raise _wrong("an answer to a subscription that nobody understands", "订阅应答无法理解")
    return SubAck(packet=packet, codes=codes)


_READERS: Final[dict[int, Callable[[int, _Body], Packet]]] = {
    1: _read_connect, 2: _read_connack, 3: _read_publish, 4: lambda _, body: PubAck(packet=body.number()),
    8: _read_subscribe, 9: _read_suback, 12: lambda _flags, _body: PingReq(), 13: lambda _flags, _body: PingResp(),
    14: lambda _flags, _body: Disconnect(),
}  # fmt: skip


def decode(first: int, body: bytes) -> Packet:
    """The packet with this first byte and this body; Misheard says what is wrong."""
    kind, flags = first >> 4, first & 15
    if kind not in _READERS:
        raise _wrong(f"type {kind} is not spoken here", f"不支持类型 {kind}")
    if kind != 3 and flags != _FLAGS.get(kind, 0):
        raise _wrong(f"type {kind} with flags {flags}", f"类型 {kind} 的标志 {flags} 无效")
    rest = _Body(body)
    packet = _READERS[kind](flags, rest)
    if rest.left:
        raise _wrong("longer than its fields say", "长度过长")
    return packet


class Reader:
    """Cuts a stream into packets, holding at most one. Deaf from the first byte that no packet can have."""

    def __init__(self) -> None:
        self._held = b""
        self.deaf: Misheard | None = None

    @property
    def holding(self) -> bool:
        """Whether a packet has begun."""
        return bool(self._held)

    def drop(self) -> None:
        """The packet that has begun does not go on: nothing after it has a known beginning."""
        self._held, self.deaf = b"", _wrong("cut short", "报文不完整")

    def feed(self, data: bytes) -> list[Packet]:
        """Every packet that is complete now. What was misheard stands in `deaf`; the packets before it are given."""
        if self.deaf is not None:
            return []
        held, at, found = self._held + data, 0, []
        try:
            while (cut := _cut(held, at)) is not None:
                begin, end = cut
                if end > len(held):
                    break
                found.append(decode(held[at], held[begin:end]))
                at = end
        except Misheard as misheard:
            at, self.deaf = len(held), misheard
        self._held = held[at:]
        return found


def _cut(held: bytes, at: int) -> tuple[int, int] | None:
    """Where the body of the packet at `at` begins and ends; None until its length is whole."""
    size = 0
    for k in range(4):
        if at + 1 + k >= len(held):
            return None
        byte = held[at + 1 + k]
        size |= (byte & 127) << 7 * k
        if byte < 128:
            if size > MOST:
                raise _wrong(f"{size} bytes are more than {MOST}", f"{size} 字节超过上限 {MOST}")
            return at + 2 + k, at + 2 + k + size
    raise _wrong("a length of more than four bytes", "长度字段超过 4 字节")


__all__ = [
    "FAILED", "MOST", "PORT", "REFUSALS", "ConnAck", "Connect", "Disconnect", "Packet", "PingReq", "PingResp", "PubAck",
    "Publish", "Reader", "SubAck", "Subscribe", "Will", "decode", "encode",
]  # fmt: skip
