"""What was named on a command line: files read whole within a bound, the JSON in them, each failure as one sentence. Knows no format."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import sys
from pathlib import Path
from typing import Any, BinaryIO

from station.oserrors import os_zh
from station.words import Refused

MOST_JSON = 32 * 1024 * 1024  # bytes


def read(path: Path, most: int) -> bytes:
    """What an ordinary file holds, `-` the input, up to a byte more than `most`. Raises Refused; a pipe or a device would be waited for."""
    if str(path) == "-":
        return sys.stdin.buffer.read(most + 1)
    try:
        with open(path, "rb", opener=_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _unreadable("it is no file", "不是普通文件")
            return file.read(most + 1)
    except OSError as error:
        raise _unreadable(error.strerror or str(error), os_zh(error)) from None
    except ValueError:
        raise _unreadable("no file can have this name", "文件名无效") from None


def opened(path: Path) -> BinaryIO:
    """A file, or a pipe or device that goes on, to be read bit by bit. Raises Refused."""
    try:
        return path.open("rb")
    except OSError as error:
        raise _unreadable(error.strerror or str(error), os_zh(error)) from None
    except ValueError:
        raise _unreadable("no file can have this name", "文件名无效") from None


def _at_once(name: str, flags: int) -> int:
    """Open without waiting for whoever writes into a pipe."""
    return os.open(name, flags | os.O_NONBLOCK)


def _unreadable(en: str, zh: str) -> Refused:
    return Refused(f"cannot be read: {en}", f"无法读取:{zh}", code="file")


def named(path: Path, most: int) -> bytes:
    """The same for what stands among the options: the sentence names the file, and more than `most` bytes are refused."""
    try:
        data = read(path, most)
    except Refused as refused:
        raise Refused(f"{path} {refused.text.en}", f"{path} {refused.text.zh}", code="file") from None
    if len(data) > most:
        raise Refused(f"{path} has more than {most} bytes", f"{path} 超过 {most} 字节", code="file")
    return data


def text(name: str) -> str:
    """The text in a file, `-` for the input. Raises Refused, and ValueError where it is no UTF-8."""
    try:
        return sys.stdin.read(MOST_JSON) if name == "-" else named(Path(name), MOST_JSON).decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("it is no UTF-8 text · 不是 UTF-8 文本") from None


def plain(said: str) -> Any:
    """The values in a JSON text. Raises ValueError; what is nested too deeply is told like any other mistake."""
    try:
        return json.loads(said)
    except json.JSONDecodeError as error:
        at, column = error.lineno, error.colno
        raise ValueError(
            f"it is no JSON, line {at}, column {column} · 不是 JSON,第 {at} 行第 {column} 列"
        ) from None
    except ValueError:
        raise ValueError("a number has too many digits · 数字过长") from None
    except RecursionError:
        raise ValueError("it is nested too deeply · 嵌套过深") from None


def written(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; what is there and no ordinary file (a pipe, a device) is written to. Raises Refused."""
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
        else:
            _whole(path, data)
    except (OSError, ValueError) as error:
        en, zh = (error.strerror, os_zh(error)) if isinstance(error, OSError) else (str(error), "文件名无效")
        raise Refused(f"{path} cannot be written: {en}", f"无法写入 {path}:{zh}", code="file") from None


def _whole(path: Path, data: bytes) -> None:
    beside = path.with_name(path.name + ".part")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
