"""Finds one file in a multipart/form-data body (RFC 7578) that is already in memory and bounded. Knows no socket."""

from __future__ import annotations

import re

from station.words import Misheard

MAX_PARTS = 16
MAX_HEAD = 4_096
_BOUNDARY = re.compile(rb'(?:\A|;)\s*boundary=(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
_NAME = re.compile(rb'(?:\A|[;\s])name="?([^";\r\n]{0,200})"?', re.IGNORECASE)


def file_in(content_type: bytes, body: bytes, field: str = "file") -> bytes:
    """The bytes of the part named `field`. Raises Misheard with one sentence."""
    kind, _, rest = content_type.partition(b";")
    found = _BOUNDARY.search(b";" + rest)
    if kind.strip().lower() != b"multipart/form-data" or found is None:
        raise _bad(
            "the body is not multipart/form-data with a boundary",
            "正文不是带 boundary 的 multipart/form-data",
        )
    mark = b"--" + (found[1] or found[2])
    parts = (b"\r\n" + body).split(b"\r\n" + mark, MAX_PARTS + 1)
    if len(parts) < 3 or len(parts) > MAX_PARTS + 1 or not parts[-1].startswith(b"--"):
        raise _bad("the multipart body is incomplete or has too many parts", "multipart 正文不完整或部分过多")
    held = [content for part in parts[1:-1] if (content := _content(part, field)) is not None]
    if len(held) != 1:
        raise _bad(
            f"there are {len(held)} parts named {field}; one is due",
            f"名为 {field} 的部分有 {len(held)} 个,应有一个",
        )
    return held[0]


def _content(part: bytes, field: str) -> bytes | None:
    head, gap, _ = part[:MAX_HEAD].partition(b"\r\n\r\n")
    if not gap:
        raise _bad("a part of the multipart body has no header", "multipart 的某部分没有头")
    for line in head.split(b"\r\n"):
        key, _, value = line.partition(b":")
        if key.strip().lower() == b"content-disposition":
            name = _NAME.search(value)
            if name is not None and name[1] == field.encode():
                return part[len(head) + 4 :]
    return None


def _bad(en: str, zh: str) -> Misheard:
    return Misheard(f"upload: {en}", f"上传:{zh}", code="upload")
