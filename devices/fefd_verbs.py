"""The verbs of `gengfu wire fefd` that only some models of terminals obey: for each its words, and the order they make. Knows no port and asks nothing."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from devices import fefd, fefd_orders, fefd_reports
from devices.fefd_orders import (
    IP,
    NAME,
    TELEPHONE,
    AskFaults,
    Order,
    PassRds,
    PassTs,
    ReturnPeriod,
    ReturnTo,
    SetClock,
    SetCodes,
    SetWhiteList,
    SwitchAmplifier,
    UpdateCertificate,
    WhiteRow,
)
from devices.wire_face import ON_OFF, Option, cannot, number
from station.clock import wall_us

Asked = argparse.Namespace
DEEDS: Final = {"add": 1, "change": 2, "delete": 3}
KINDS: Final = {"ip": IP, "name": NAME, "telephone": TELEPHONE}
SHOWN: Final[dict[str, int]] = {
    kind.name: tag for tag, kind in fefd_reports.TAGS.items()
}  # the tag by which a status shows what was ordered
_HEX: Option = ("hex", {"help": "bytes in hex · 十六进制字节"})


class More(NamedTuple):
    """A verb: what it orders, and as what a status shows that it was done (empty: nothing shows it)."""

    name: str
    help: str
    options: tuple[Option, ...]
    order: Callable[[Asked], Order]
    shown: str = ""


def _return(asked: Asked) -> Order:
    return ReturnTo(kind=KINDS[asked.kind], text=asked.place)


def _white(asked: Asked) -> Order:
    row = WhiteRow(
        deed=DEEDS[asked.deed], phone=asked.phone, name=asked.name, permission=asked.permission, areas=tuple(asked.area)
    )  # fmt: skip
    return SetWhiteList(rows=(row,))


def _certificate(asked: Asked) -> Order:
    try:
        with asked.file.open("rb") as file:
            return UpdateCertificate(data=file.read(2000))  # more than goes into any datagram
    except OSError as error:
        raise cannot(f"{asked.file}: {error.strerror}", f"{asked.file}:{error.strerror}") from None


def _bytes(asked: Asked) -> bytes:
    try:
        return bytes.fromhex(asked.hex)
    except ValueError:
        raise cannot("these are no bytes in hex", "不是十六进制字节") from None


MORE: Final = (
    More("clock", "set its clock · 校时", (("--at", {"type": number(0, 2**32 - 1), "default": None, "help": "epoch s; without: now · 纪元秒,缺省为当前"}),), lambda asked: SetClock(at=wall_us() // 1_000_000 if asked.at is None else asked.at)),
    More(
        "return-to", "where it reports to · 设置回传地址", (("kind", {"choices": tuple(KINDS), "help": "of address · 地址类型"}), ("place", {"help": "IPV4:PORT, NAME:PORT, or 11 digits · 地址"})),
        _return, "return_address",
    ),
    More("period", "how often it reports · 设置回传周期", (("seconds", {"type": number(1, 2**32 - 1), "help": "s · 秒"}),), lambda asked: ReturnPeriod(seconds=asked.seconds), "heartbeat"),
    More("recode", "give a terminal its resource code · 更新资源编码", (("physical", {"help": "its physical address, 10 digits · 物理地址"}), ("new", {"help": "23 digits · 新资源编码"})), lambda asked: SetCodes(rows=((asked.physical, asked.new),))),
    More("switch", "its amplifier · 功放开关", (ON_OFF,), lambda asked: SwitchAmplifier(on=asked.state == "on")),
    More(
        "white-list", "who may speak by telephone · 电话白名单",
        (
            ("deed", {"choices": tuple(DEEDS), "help": "add, change or delete · 增、改、删"}), ("phone", {"help": "number · 号码"}), ("--name", {"default": "", "help": "whose · 姓名"}),
            ("--permission", {"type": number(0, 255), "default": 1, "help": "as the maker numbers it · 权限"}), ("--area", {"action": "append", "default": [], "help": "12 digits; may be repeated · 区划代码,可重复"}),
        ),
        _white,
    ),
    More("certificate", "hand over a certificate · 更新证书", (("file", {"type": Path, "help": "as the authority made it · 证书文件"}),), _certificate),
    More("faults", "what is broken · 查询故障", (), lambda asked: AskFaults()),
    More("ts", "hand on an order for a transport stream · TS 专用指令", (_HEX,), lambda asked: PassTs(data=_bytes(asked))),
    More("rds", "hand on an order for RDS · RDS 专用指令", (_HEX,), lambda asked: PassRds(data=_bytes(asked))),
)  # fmt: skip


def meant(frame: fefd.Frame, profile: fefd.Profile) -> Order | None:
    """The order that a frame carries, of those that only some models have; Misheard for one that is not whole."""
    for name in fefd_orders.NAMES.values():
        if frame.business == profile.others.get(name):
            return fefd_orders.read(name, frame.body)
    return None


__all__ = ["MORE", "SHOWN", "More", "meant"]
