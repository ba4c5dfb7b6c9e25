"""The frames between a platform and its county front ends ("0x49/0x50", as public programs of one region write and read them): bytes in, frames out, and back. Knows no body, no socket, no time, no key.

49 or 50 | version 00 01 | type | origin | length 4 | body | 00 4A | UTC 4, serial 6, r‖s 64 | CRC-32/MPEG-2
"""

from __future__ import annotations

import struct
from typing import Final

import attrs

from devices.fefd import SIGNATURE_BYTES as BLOCK
from devices.fefd import Signature
from station.packed import crc32_mpeg2, number_bytes, pack_bcd, unpack_bcd
from station.words import Misheard

TO_FRONT: Final = 0x49
FROM_FRONT: Final = 0x50
VERSION: Final = b"\x00\x01"
HEAD: Final = 9
MOST: Final = 8_192  # bytes of a body; ours: rubbish that looks like long frames must not cost much
_HEAD: Final = struct.Struct(">B2sBBI")
_UNSIGNED: Final = bytes(BLOCK)


@attrs.frozen(kw_only=True)
class Frame:
    """One frame. Without a signature its block is 74 zeros, as the shipped programs send it."""

    tag: int = TO_FRONT
    type: int
    origin: int = 1  # 1 in orders, 2 in answers
    body: bytes
    signature: Signature | None = None


def to_sign(frame: Frame) -> bytes:
    """What the signature covers: header and body. Genuine frames are signed so."""
    return _front(frame)


def encode(frame: Frame) -> bytes:
    """A frame as bytes; ValueError for what the format cannot hold."""
    data = _front(frame) + number_bytes(BLOCK, 2) + _block(frame.signature)
    return data + crc32_mpeg2(data).to_bytes(4, "big")


def _front(frame: Frame) -> bytes:
    if frame.tag not in (TO_FRONT, FROM_FRONT) or len(frame.body) > MOST:
        raise ValueError(f"tag {frame.tag:02X} with {len(frame.body)} bytes is no frame")
    head = number_bytes(frame.type, 1) + number_bytes(frame.origin, 1)
    return bytes([frame.tag]) + VERSION + head + number_bytes(len(frame.body), 4) + frame.body


def _block(signature: Signature | None) -> bytes:
    if signature is None:
        return _UNSIGNED
    if len(signature.value) != 64:
        raise ValueError(f"{len(signature.value)} bytes are no signature of 64")
    return number_bytes(signature.at, 4) + pack_bcd(signature.certificate, 12) + signature.value


def decode(data: bytes) -> Frame:
    """One whole frame; Misheard says what is wrong."""
    if len(data) < HEAD + 6 or (_may_begin(data[:3]) and len(data) < _whole(data)):
        raise _bad("it is shorter than its header says", "短于帧头所示长度", "short")
    if data[-4:] != crc32_mpeg2(data[:-4]).to_bytes(4, "big"):
        raise _bad("its checksum is wrong", "校验错误", "crc")
    tag, version, kind, origin, length = _HEAD.unpack_from(data)
    if tag not in (TO_FRONT, FROM_FRONT) or version != VERSION:
        raise _bad("its tag or version is another one", "标识或版本不符", "version")
    block = data[HEAD + length : -4]
    if len(block) != 2 + BLOCK or block[:2] != BLOCK.to_bytes(2, "big"):
        raise _bad("its lengths do not fit", "长度与字段不符", "short")
    return Frame(
        tag=tag, type=kind, origin=origin, body=data[HEAD : HEAD + length], signature=_signature(block[2:])
    )


def _whole(data: bytes) -> int:
    """How long the header says that the frame is."""
    return HEAD + int.from_bytes(data[5:HEAD], "big") + 2 + BLOCK + 4


def _signature(block: bytes) -> Signature | None:
    if block == _UNSIGNED:
        return None
    return Signature(
        at=int.from_bytes(block[:4], "big"), certificate=unpack_bcd(block[4:10]), value=block[10:]
    )


class Reader:
    """Cuts a stream into frames, skipping rubbish up to the next sound one. `rubbish` counts its bytes.

    At most one frame of `MOST` bytes is held.
    """

    def __init__(self) -> None:
        self._held = b""
        self.rubbish = 0

    @property
    def holding(self) -> bool:
        """Whether the beginning of a frame is kept."""
        return bool(self._held)

    def cut(self) -> list[Frame]:
        """Nothing follows what is kept: its beginning was a false one. Whole frames that stand behind it."""
        frames: list[Frame] = []
        while self._held:
            self.rubbish += 1
            held, self._held = self._held[1:], b""
            frames += self.feed(held)
        return frames

    def feed(self, data: bytes) -> list[Frame]:
        """Every frame that is complete now."""
        held = self._held + data
        frames, at = [], 0
        while (at := self._begin(held, at)) + HEAD <= len(held):
            length = _whole(held[at : at + HEAD])
            if length > HEAD + MOST + 6 + BLOCK:
                at = self._skip(at, 1)
                continue
            if len(held) - at < length:
                break
            try:
                frames.append(decode(held[at : at + length]))
                at += length
            except Misheard:
                at = self._skip(at, 1)
        self._held = held[at:]
        return frames

    def _begin(self, held: bytes, at: int) -> int:
        """Where the next frame may begin."""
        begin = at
        while begin < len(held) and not _may_begin(held[begin : begin + 3]):
            begin += 1
        return self._skip(at, begin - at)

    def _skip(self, at: int, count: int) -> int:
        self.rubbish += count
        return at + count


def _may_begin(three: bytes) -> bool:
    return three[0] in (TO_FRONT, FROM_FRONT) and VERSION.startswith(three[1:])


def _bad(en: str, zh: str, code: str) -> Misheard:
    return Misheard(f"a frame of a front end is refused: {en}", f"前端数据帧不予接受:{zh}", code=code)


__all__ = [
    "FROM_FRONT",
    "HEAD",
    "MOST",
    "TO_FRONT",
    "VERSION",
    "Frame",
    "Reader",
    "Signature",
    "decode",
    "encode",
    "to_sign",
]
