"""Sound in files for EAS SAME: WAV (whole numbers of 8 to 32 bits, floats) and raw 16-bit samples, in mono blocks; WAV written. Knows no header."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import attrs
import numpy as np
from numpy.typing import NDArray

from emergency import given
from emergency.same_audio import Sound
from station.words import Misheard, Refused

BLOCK_S: Final = 4  # blocks a second
_CHUNKS: Final = 64  # chunks that are looked through before the sound
_CHANNELS: Final = 32
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_WHOLE_FILE: Final = 1 << 62  # for a size that a stream did not know


@attrs.frozen(kw_only=True)
class Format:
    """How samples stand in a file."""

    rate: int
    channels: int = 1
    bits: int = 16
    floats: bool = False

    @property
    def frame(self) -> int:
        """Bytes of one sample of all channels."""
        return self.channels * self.bits // 8


def blocks(file: BinaryIO, raw_rate: int | None) -> tuple[int, Iterator[NDArray[np.float32]]]:
    """(samples a second, mono blocks within ±1) of an open file: WAV by its first bytes, else raw s16le at `raw_rate`.

    Raises Misheard for a WAV that cannot be read, Refused for raw samples without a rate."""
    first = file.read(12)
    if first[:4] in (b"RIFF", b"RF64") and first[8:] == b"WAVE":
        form, length = _head(file)
        return form.rate, _blocks(file, form, length, b"")
    if raw_rate is None:
        raise Refused(
            "This is no WAV; for raw 16-bit samples name --rate.",
            "这不是 WAV 文件;若为 16 位裸采样,请给出 --rate。",
            code="same-file",
        )
    return raw_rate, _blocks(file, Format(rate=raw_rate), _WHOLE_FILE, first)


def _head(file: BinaryIO) -> tuple[Format, int]:
    """The format and how many bytes of sound follow."""
    form: Format | None = None
    for _ in range(_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            break
        name, size = struct.unpack("<4sI", head)
        if name == b"fmt ":
            form = _format(file.read(min(size, 1 << 16)))
        elif name == b"data" and form is not None:
            return form, size if 0 < size < 0xFFFF_FF00 else _WHOLE_FILE
        elif len(file.read(min(size, 1 << 24))) < size:
            break
        file.read(size % 2)
    raise Misheard("The WAV file ends before its sound.", "WAV 文件没有声音数据。", code="same-file")


def _format(body: bytes) -> Format:
    if len(body) < 16:
        raise Misheard("The WAV file's format is cut off.", "WAV 文件的格式块不完整。", code="same-file")
    tag, channels, rate, _, _, bits = struct.unpack("<HHIIHH", body[:16])
    if tag == _EXTENSIBLE and len(body) >= 26:
        tag = int.from_bytes(body[24:26], "little")
    readable = (tag == _PCM and bits in (8, 16, 24, 32)) or (tag == _FLOAT and bits in (32, 64))
    if not readable or not 1 <= channels <= _CHANNELS:
        raise Misheard(
            f"WAV of kind {tag} with {bits} bits and {channels} channels is not read; PCM of 8 to 32 bits and floats are.",
            f"不支持的 WAV 格式(类型 {tag},{bits} 位,{channels} 声道);可读 8 至 32 位 PCM 和浮点。",
            code="same-file",
        )
    return Format(rate=rate, channels=channels, bits=bits, floats=tag == _FLOAT)


def _blocks(file: BinaryIO, form: Format, length: int, first: bytes) -> Iterator[NDArray[np.float32]]:
    most = max(form.rate // BLOCK_S, 1) * form.frame
    held = first
    while length > 0:
        more = file.read(min(most, length))
        length -= len(more)
        held += more
        whole = len(held) - len(held) % form.frame
        if whole:
            yield _mono(held[:whole], form)
        held = held[whole:]
        if not more:
            return


def _mono(data: bytes, form: Format) -> NDArray[np.float32]:
    samples = _samples(data, form)
    if form.channels == 1:
        return samples
    return np.asarray(samples.reshape(-1, form.channels).mean(axis=1), np.float32)


def _samples(data: bytes, form: Format) -> NDArray[np.float32]:
    if form.floats:
        values = np.nan_to_num(np.frombuffer(data, f"<f{form.bits // 8}"), posinf=0, neginf=0)
        return np.asarray(np.clip(values, -1, 1), np.float32)
    if form.bits == 8:
        return np.asarray(np.frombuffer(data, np.uint8) / 128 - 1, np.float32)
    if form.bits == 24:
        three = np.frombuffer(data, np.uint8).reshape(-1, 3)
        wide = np.zeros((len(three), 4), np.uint8)
        wide[:, 1:] = three
        return np.asarray(wide.view("<i4").ravel() / 2**31, np.float32)
    return np.asarray(np.frombuffer(data, f"<i{form.bits // 8}") / 2 ** (form.bits - 1), np.float32)


def write_wav(path: Path, sound: Sound, rate: int) -> None:
    """16-bit mono WAV, whole or not at all. Raises Refused."""
    data = sound.astype("<i2").tobytes()
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, _PCM, 1, rate, rate * 2, 2, 16, b"data", len(data),
    )  # fmt: skip
    given.written(path, head + data)
