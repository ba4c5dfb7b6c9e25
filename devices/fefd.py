"""The GD/J 089 IP frame "0xFEFD" of village loudspeakers: bytes in, frames out, and back. Knows no socket, no time, no key, no terminal."""

from __future__ import annotations

import enum
import struct
import zlib
from collections.abc import Mapping
from typing import Final, Literal

import attrs

from station.packed import crc32_mpeg2 as crc32_mpeg2
from station.packed import pack_bcd as pack_bcd
from station.packed import pack_digits as pack_digits
from station.packed import unpack_digits as unpack_digits
from station.words import Misheard

TAG: Final = b"\xfe\xfd"
VERSION: Final = b"\x01\x00"
CODE_BYTES: Final = 12  # 23 digits behind an F
EBM_BYTES: Final = 18  # 35 digits behind an F
SIGNATURE_BYTES: Final = 74  # UTC 4, certificate serial 6, SM2 r‖s 64
WILD_GROUPS: Final = (
    2,
    4,
    6,
    9,
    12,
    16,
    18,
    20,
    22,
)  # digits after the level: area 2-2-2-3-3, type, seq, sub
_HEADERS = {12: struct.Struct(">2s2sIBBH"), 11: struct.Struct(">2s2sIBH")}


class NeedData(enum.Enum):
    """The value that says: a frame has begun, more bytes are needed."""

    NEED_DATA = enum.auto()


NEED_DATA = NeedData.NEED_DATA
# What a signature covers: all before the length of its block, as in a genuine packet, or all before its 64 bytes.
Signs = Literal["before-block", "through-serial"]
# Business types that a model may lack: orders, then reports.
OTHERS: Final = (
    "clock", "return_address", "return_period", "codes", "switch", "white_list", "certificate", "fault_query", "ts", "rds",
    "fault", "result", "record",
)  # fmt: skip


@attrs.frozen(kw_only=True)
class Profile:
    """What differs from device to device; `unverified` names what no document confirmed."""

    name: str
    unverified: tuple[str, ...]
    max_frame: int = 4096
    answer_heartbeats: bool = True
    request_header: int = 12
    answer_header: int = 11
    crc: Literal["mpeg2", "zlib"] = "mpeg2"
    signs: Signs = "before-block"
    request: int = 1
    answer: int = 2
    start: int = 0x01
    stop: int = 0x02
    volume: int = 0x03
    query: int = 0x04
    heartbeat: int = 0x10
    status: int = 0x11
    task: int = 0x12
    stream: int = 0x3D
    tag_volume: int = 0x01
    tag_code: int = 0x04
    tag_state: int = 0x06
    tag_task: int = 0x60
    others: Mapping[str, int] = attrs.field(
        factory=dict, hash=False
    )  # business types of OTHERS that this model has, by name

    def number(self, name: str) -> int:
        """The business type of one of OTHERS; ValueError where this model has none."""
        if name not in self.others:
            raise ValueError(f"profile {self.name} has no business type for {name}")
        return self.others[name]


@attrs.frozen(kw_only=True)
class Signature:
    """The signature block: when (epoch s), whose certificate (12 digits), SM2 r‖s (64 bytes)."""

    at: int
    certificate: str
    value: bytes


@attrs.frozen(kw_only=True)
class Frame:
    """One frame. `business` and `body` are the command or report; `signed` are the bytes that the signature covers."""

    session: int  # u32, grows with each command of a source
    kind: int  # request or answer, by profile
    source: str  # 23 digits
    targets: tuple[str, ...]  # 23 digits each; trailing zeros are a wildcard
    business: int
    body: bytes
    signature: Signature | None = None
    signed: bytes = attrs.field(default=b"", eq=False, repr=False)


def checksum(data: bytes, profile: Profile) -> bytes:
    """The four bytes that close a frame."""
    found = crc32_mpeg2(data) if profile.crc == "mpeg2" else zlib.crc32(data)
    return found.to_bytes(4, "big")


def area_target(area: str) -> str:
    """The wildcard that addresses every terminal of a 12-digit area, of any level."""
    return f"0{area}0000000000"


def covers(target: str, code: str) -> bool:
    """Whether a target (23 digits) addresses a code: zeros behind are a wildcard; a target of zeros alone is nobody."""
    digits = target[1:].rstrip("0")
    if not digits:
        return False
    end = 1 + next(group for group in WILD_GROUPS if group >= len(digits))
    return target[0] in ("0", code[0]) and code[1:end] == target[1:end]


def encode(frame: Frame, profile: Profile, *, header: int = 12) -> bytes:
    """A frame as bytes; ValueError for what the format cannot hold. Signed frames need the 12-byte header."""
    tail = b""
    if frame.signature is not None:
        tail = signature_head(frame.signature) + _exactly(frame.signature.value, 64)
    return seal(_unsealed(frame, len(tail), header) + tail, profile)


def to_sign(frame: Frame, signs: Signs = "before-block") -> bytes:
    """The bytes whose SM2 signature goes into the frame: everything before its block, or before its 64 bytes."""
    if frame.signature is None:
        raise ValueError("a frame to be signed names its time and certificate")
    front = _unsealed(frame, SIGNATURE_BYTES + 2, 12)
    return front if signs == "before-block" else front + signature_head(frame.signature)


def seal(data: bytes, profile: Profile) -> bytes:
    """The frame with its checksum behind."""
    return data + checksum(data, profile)


def signature_head(signature: Signature) -> bytes:
    """Length, time and serial in front of the signature proper."""
    return struct.pack(">HI", SIGNATURE_BYTES, signature.at) + pack_bcd(signature.certificate, 12)


def _unsealed(frame: Frame, tail: int, header: int) -> bytes:
    if frame.signature is not None and header != 12:
        raise ValueError("the short header of the return path carries no signature")
    if not 1 <= len(frame.targets) <= 0xFFFF:
        raise ValueError(f"{len(frame.targets)} targets: a frame has 1 to 65535")
    body = b"".join(
        (
            pack_digits(frame.source, 23),
            len(frame.targets).to_bytes(2, "big"),
            *(pack_digits(target, 23) for target in frame.targets),
            struct.pack(">BH", frame.business, len(frame.body)),
            frame.body,
        )
    )
    length = header + len(body) + tail + 4
    if length > 0xFFFF:
        raise ValueError(f"{length} bytes are more than a frame can hold")
    if header == 12:
        flag = int(frame.signature is not None)
        return _HEADERS[12].pack(TAG, VERSION, frame.session, frame.kind, flag, length) + body
    return _HEADERS[11].pack(TAG, VERSION, frame.session, frame.kind, length) + body


def _exactly(value: bytes, count: int) -> bytes:
    if len(value) != count:
        raise ValueError(f"{len(value)} bytes instead of {count}")
    return value


def decode(data: bytes, profile: Profile, *, header: int = 12) -> Frame:
    """One whole frame; Misheard says what is wrong. An unknown version is read like ours."""
    if len(data) < header + CODE_BYTES + 9 or data[-4:] != checksum(data[:-4], profile):
        raise Misheard("the checksum of a terminal frame is wrong", "终端数据帧校验错误", code="crc")
    fields = _HEADERS[header].unpack_from(data)
    signed = header == 12 and fields[4] == 1
    count = int.from_bytes(data[header + 12 : header + 14], "big")
    at = header + 14 + CODE_BYTES * count
    business, length = _business(data, at)
    end = at + 3 + length
    if end > len(data) - 4:
        raise short()
    return Frame(
        session=fields[2],
        kind=fields[3],
        source=unpack_digits(data[header : header + 12]),
        targets=tuple(unpack_digits(data[i : i + 12]) for i in range(header + 14, at, 12)),
        business=business,
        body=data[at + 3 : end],
        signature=_signature(data, end) if signed else None,
        signed=data[: end if profile.signs == "before-block" else end + 12] if signed else b"",
    )


def _business(data: bytes, at: int) -> tuple[int, int]:
    if at + 3 > len(data) - 4:
        raise short()
    return data[at], int.from_bytes(data[at + 1 : at + 3], "big")


def short() -> Misheard:
    """What is said of a frame or body that ends too early."""
    return Misheard(
        "a terminal frame is shorter than its fields say", "终端数据帧长度与字段不符", code="short"
    )


def _signature(data: bytes, at: int) -> Signature:
    if len(data) - 4 - at != SIGNATURE_BYTES + 2 or data[at : at + 2] != SIGNATURE_BYTES.to_bytes(2, "big"):
        raise Misheard(
            "a signed frame has no signature block of 74 bytes", "签名帧缺少 74 字节签名段", code="short"
        )
    return Signature(
        at=int.from_bytes(data[at + 2 : at + 6], "big"),
        certificate=data[at + 6 : at + 12].hex(),
        value=data[at + 12 : at + 76],
    )


def datagram(data: bytes, profile: Profile, *, header: int = 12) -> Frame:
    """The frame that a datagram is, whole and alone; Misheard for anything else."""
    length = int.from_bytes(data[header - 2 : header], "big")
    if data[:2] != TAG or length != len(data) or length > profile.max_frame:
        raise Misheard(
            "a datagram that is not one terminal frame", "数据报不是一个完整的终端帧", code="datagram"
        )
    return decode(data, profile, header=header)


class Reader:
    """Cuts a TCP stream into frames. Skips rubbish up to the next tag that opens a sound frame, and counts it.

    At most `profile.max_frame` bytes are held. `garbled` counts frames whose checksum or fields were wrong.
    """

    def __init__(self, profile: Profile, *, header: int) -> None:
        self._profile = profile
        self._header = header
        self._held = b""
        self.rubbish = 0
        self.garbled = 0

    def feed(self, data: bytes) -> list[Frame]:
        """Every frame that is complete now."""
        held = self._held + data if self._held else data
        at, frames = 0, []
        while (found := self._next(held, at)) is not NEED_DATA:
            frame, at = found
            if frame is not None:
                frames.append(frame)
        self._held = held[at:]  # shorter than one frame: `_next` has taken or skipped all else
        return frames

    def _next(self, held: bytes, at: int) -> tuple[Frame | None, int] | Literal[NeedData.NEED_DATA]:
        begin = held.find(TAG, at)
        if begin != at:
            return self._skip(held, at, begin)
        if len(held) - at < self._header:
            return NEED_DATA
        length = int.from_bytes(held[at + self._header - 2 : at + self._header], "big")
        if not self._header + CODE_BYTES + 9 <= length <= self._profile.max_frame:
            self.rubbish += 2
            return None, at + 2
        if len(held) - at < length:
            return NEED_DATA
        try:
            return decode(held[at : at + length], self._profile, header=self._header), at + length
        except Misheard as wrong:
            return self._reject(wrong, at, length)

    def _reject(self, wrong: Misheard, at: int, length: int) -> tuple[None, int]:
        self.garbled += 1
        step = 2 if wrong.code == "crc" else length  # its length is to be believed where the checksum holds
        self.rubbish += step
        return None, at + step

    def _skip(self, held: bytes, at: int, begin: int) -> tuple[None, int] | Literal[NeedData.NEED_DATA]:
        if begin < 0:
            begin = len(held) - held.endswith(TAG[:1])
            if begin <= at:
                return NEED_DATA
        self.rubbish += begin - at
        return None, begin
