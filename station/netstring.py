"""Netstrings of JSON, the framing of every local socket of ours, sans-I/O. Knows neither transport nor meaning."""

from __future__ import annotations

import json
from typing import Any

from station.words import Misheard

LIMIT = 4 << 20  # bytes of one message


def pack(message: Any) -> bytes:
    """One message as `<length>:<JSON>,`."""
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    return b"%d:%b," % (len(body), body)


class Unpacker:
    """Bytes in, messages out; raises Misheard once the stream can no longer be trusted."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._held = bytearray()

    def feed(self, data: bytes) -> list[Any]:
        """Every message completed by `data`, in order."""
        self._held += data
        found: list[Any] = []
        while (body := self._cut()) is not None:
            try:
                found.append(json.loads(body))
            except (ValueError, RecursionError):
                raise Misheard("a message is not JSON", "报文不是 JSON") from None
        return found

    def _cut(self) -> bytes | None:
        colon = self._held.find(b":", 0, 9)
        if colon < 0:
            if len(self._held) > 8:
                raise Misheard("a netstring has no length", "报文没有长度")
            return None
        digits = bytes(self._held[:colon])
        if not digits.isdigit() or int(digits) > self._limit:
            raise Misheard(f"a netstring's length is wrong: {digits[:8]!r}", "报文长度有误")
        end = colon + 1 + int(digits)
        if len(self._held) <= end:
            return None
        if self._held[end] != 0x2C:
            raise Misheard("a netstring does not end in a comma", "报文结尾有误")
        body = bytes(self._held[colon + 1 : end])
        del self._held[: end + 1]
        return body
