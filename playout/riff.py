"""How many samples a WAV file says it has (RIFF, and RF64 after EBU Tech 3306): libav believes the file's size instead. Pure but for reading the file it is given."""

from __future__ import annotations

import struct
from typing import BinaryIO, Final

_UNKNOWN: Final = (0, 0xFFFF_FFFF)  # what a recorder or a pipe leaves
_MOST_CHUNKS: Final = 200


def samples_of(file: BinaryIO) -> int | None:
    """Of PCM with a whole number of bytes a sample; None where the header is not finished, or is none."""
    head = file.read(12)
    if head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
        return None
    block, long = 0, 0
    for _ in range(_MOST_CHUNKS):
        chunk = file.read(8)
        if len(chunk) < 8:
            return None
        kind, size = struct.unpack("<4sI", chunk)
        if kind == b"data":
            size = long if head[:4] == b"RF64" and size in _UNKNOWN else size
            return size // block if block and size not in _UNKNOWN else None
        body = file.read(min(size, 40))
        if kind == b"fmt " and len(body) >= 16:
            block = _block(body)
        if kind == b"ds64" and len(body) >= 16:
            (long,) = struct.unpack_from("<Q", body, 8)
        file.seek(size + size % 2 - len(body), 1)
    return None


def _block(body: bytes) -> int:
    """Bytes of one sample of all channels; 0 where the samples are no plain PCM."""
    tag, channels, _, _, block, bits = struct.unpack_from("<HHIIHH", body)
    plain = tag in (1, 3, 0xFFFE) and bits % 8 == 0 and block == channels * bits // 8
    return block if plain else 0


__all__ = ["samples_of"]
