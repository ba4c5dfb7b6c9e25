"""Opens media files for reading, and nothing else: no network, no playlist, no device; says of what cannot be read why. Knows libav and files; decodes nothing."""

from __future__ import annotations

import errno
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final

import attrs
import av

from playout.spans import coder, mute_frame
from station.words import Refused, Text

# Demuxers of libav that read one file and nothing beside it; a playlist would open what it names.
_FORMATS: Final = (
    "wav,w64,aiff,caf,au,flac,mp3,aac,loas,ac3,eac3,dts,dtshd,ogg,mov,matroska,mpegts,mpeg,avi,asf,flv,mxf,mxf_opatom,"
    "wv,tta,ape,mpc,mpc8,amr,dv,nut,gxf,wtv,h264,hevc,m4v,mpegvideo,mjpeg,yuv4mpegpipe,ivf,gif,apng,s337m"
)
_EXTENSIONS: Final = {
    ".wav": ("wav", "w64", "rf64"),
    ".flac": ("flac", "ogg"),
    ".mp3": ("mp3",),
    ".mp2": ("mp3",),
    ".m4a": ("mov,mp4,m4a,3gp,3g2,mj2",),
    ".mp4": ("mov,mp4,m4a,3gp,3g2,mj2",),
    ".aac": ("aac",),
    ".ogg": ("ogg",),
    ".opus": ("ogg",),
    ".ts": ("mpegts",),
    ".mka": ("matroska,webm",),
    ".mkv": ("matroska,webm",),
}
# What is too short to be recognised by its content is tried as what its name says.
_BARE: Final = {".mp2": "mp3", ".mp3": "mp3", ".aac": "aac", ".ac3": "ac3", ".eac3": "eac3"}
_BARE_BYTES: Final = 1 << 14
_TS: Final = 188


@attrs.frozen
class Stamp:
    """How long a file is and when it was last written."""

    size: int
    written: int  # ns


def stamp_of(path: Path) -> Stamp:
    """Now."""
    stat = path.stat()
    return Stamp(stat.st_size, stat.st_mtime_ns)


def still(path: Path, before: Stamp) -> None:
    """Raises Refused where a file was written to since its stamp was taken: it would be another one tomorrow."""
    if stamp_of(path) != before:
        raise Refused(
            f"{path.name} is still being written; take it in when it is finished",
            f"{path.name} 仍在写入,请待写完后再入库",
            code="growing",
        )


def opened(path: Path, **options: str) -> Any:
    """libav's container of a file. Raises Refused, or OSError where the disk is at fault."""
    if path.stat().st_size == 0:
        raise Refused(f"{path.name} is empty", f"{path.name} 是空文件", code="empty")
    if is_encrypted(path):
        raise encrypted(path)
    try:
        return _open(path, None, options)
    except av.FFmpegError as error:
        if error.errno in (errno.EACCES, errno.ENOENT, errno.EIO):
            raise
        return _bare(path, options)


def _open(path: Path, kind: str | None, options: dict[str, str], content: BinaryIO | None = None) -> Any:
    return av.open(
        content or f"file:{path}",
        "r",
        format=kind,
        metadata_errors="replace",
        container_options={"format_whitelist": _FORMATS, "protocol_whitelist": "file", **options},
    )


def _bare(path: Path, options: dict[str, str]) -> Any:
    kind = _BARE.get(path.suffix.lower())
    content = path.read_bytes() if kind is not None and path.stat().st_size <= _BARE_BYTES else b""
    if content[:2] != b"\x0b\x77" and (content[:1] != b"\xff" or content[1:2] < b"\xe0"):
        raise no_sound_file(path)  # no syncword of AC-3, MPEG audio or ADTS
    lone = coder("mp", content) == "mp2"  # a single frame: libav believes in no file without a second one
    try:
        return _open(
            path, kind, options, BytesIO(content + mute_frame(content, len(content))) if lone else None
        )
    except av.FFmpegError:
        raise no_sound_file(path) from None


def is_lone(container: Any) -> bool:
    """Whether a file is a single frame of layer II, to which a silent one was added for libav's sake."""
    return container.file is not None


def no_sound_file(path: Path) -> Refused:
    """The refusal of what is no medium."""
    return Refused(
        f"{path.name} is no sound file, or cut off", f"{path.name} 不是音频文件,或不完整", code="format"
    )


def encrypted(path: Path) -> Refused:
    """The refusal of what is protected."""
    return Refused(f"{path.name} is encrypted", f"{path.name} 已加密", code="encrypted")


def is_encrypted(path: Path) -> bool:
    """Whether a file says so: an MP4's protected sample descriptions (ISO/IEC 14496-12, 8.12), a scrambled TS (ISO/IEC 13818-1, 2.4.3.3)."""
    with path.open("rb") as file:
        head = file.read(1 << 20)
        file.seek(max(0, path.stat().st_size - (1 << 20)))
        tail = file.read()
    if head[4:8] == b"ftyp":
        return any(
            mark in part for part in (head, tail) for mark in (b"sinfrma", b"drms\0\0", b"enca\0\0")
        ) or any(b"sinf" in part and b"frma" in part for part in (head, tail))
    return _scrambled(head)


def _scrambled(head: bytes) -> bool:
    packets = len(head) // _TS
    if packets < 5 or any(head[at * _TS] != 0x47 for at in range(5)):
        return False
    hidden = sum(head[at * _TS] == 0x47 and head[at * _TS + 3] & 0x80 > 0 for at in range(packets))
    return hidden * 2 > packets


def misnamed(path: Path, container: Any) -> Text | None:
    """What is said of a file whose name says another format than its content."""
    fitting = _EXTENSIONS.get(path.suffix.lower())
    if fitting is None or container.format.name in fitting:
        return None
    said = container.format.name.split(",")[0]
    return Text(
        f"the file is {said}, though its name ends in {path.suffix}",
        f"文件实际为 {said} 格式,与扩展名 {path.suffix} 不符",
    )


__all__ = [
    "Stamp",
    "encrypted",
    "is_encrypted",
    "misnamed",
    "no_sound_file",
    "opened",
    "stamp_of",
    "still",
]
