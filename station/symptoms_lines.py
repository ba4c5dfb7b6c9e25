"""What the doctor makes of the serial ports that [[devices]] names. Pure; knows no file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import attrs

from station.symptoms import Finding, bad, ok, warn
from station.words import Text


@attrs.frozen(kw_only=True)
class SerialPort:
    """A port of the settings as this machine has it."""

    path: str
    state: Literal["ready", "absent", "no port", "no rights"]
    group: str = ""  # who may use it
    ours: str = ""  # a name by which it stays known, where the settings use one that may change


def serial_ports(found: Sequence[SerialPort]) -> Iterator[Finding]:
    """One finding a port."""
    for one in found:
        yield _port(one)


def _port(one: SerialPort) -> Finding:
    what = "serial"
    if one.state == "absent":
        return bad(
            what,
            f"{one.path} is not there: is the adapter plugged in? ls /dev/serial/by-id shows those that are",
            f"{one.path} 不存在:转换器是否已插好?可用 ls /dev/serial/by-id 查看现有串口",
        )
    if one.state == "no port":
        return bad(
            what,
            f"{one.path} is no serial port: write the port's own name into [[devices]]",
            f"{one.path} 不是串口:请在 [[devices]] 中写明串口名称",
        )
    if one.state == "no rights":
        return bad(
            what,
            f"{one.path} may not be read and written by this account: add it to the group {one.group}",
            f"本账户无权读写 {one.path}:请把它加入用户组 {one.group}",
        )
    if one.ours:
        return warn(
            what,
            f"{one.path} may be another port after the next start: write {one.ours}",
            f"{one.path} 重启后可能变成另一个串口:请改写为 {one.ours}",
        )
    return ok(what, f"{one.path} is there and may be used", f"{one.path} 存在且可用")


def left_out(found: Sequence[tuple[str, Text]]) -> Iterator[Finding]:
    """One finding for each device that a station does not ask, with why."""
    for name, why in found:
        yield bad("device", f"{name} is not asked: {why.en}", f"{name} 未被轮询:{why.zh}")


__all__ = ["SerialPort", "left_out", "serial_ports"]
