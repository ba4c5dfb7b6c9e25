"""Why a carrier may not be keyed, in both languages. Decides nothing."""

from __future__ import annotations

from typing import Final

from devices.plant_messages import Contact
from station.words import Text

REASON_MISSING: Final = (
    "say why the carrier is to go down; the second person reads it",
    "请说明关闭载波的原因,第二人将看到",
)
REASON_LONG: Final = ("a reason has at most 200 characters", "原因不超过 200 字")
SECOND_PERSON: Final = (
    "you asked for it yourself; a second person must confirm before the carrier goes down",
    "申请人不能自己确认;关闭载波须由第二人确认",
)
TOO_OLD: Final = Text(
    "the line was not free within 5 s, so the order was not sent; give it anew",
    "5 秒内线路不可用,命令未发出;请重新下达",
)
NOT_READ_BACK: Final = Text(
    "the transmitter does not read back as ordered; look at it",
    "发射机回读状态与命令不符,请到现场核查",
)


def asked_already(name: Text, asker: str, by: str) -> Text:
    """Somebody asked before."""
    if asker == by:
        return Text(
            f"you asked already that {name.en} go off the air; a second person must confirm",
            f"您已申请关闭{name.zh}载波,须由第二人确认",
        )
    return Text(
        f"{asker} asked already that {name.en} go off the air; confirm that instead",
        f"{asker} 已申请关闭{name.zh}载波,请直接确认",
    )


def not_asked(name: Text) -> Text:
    """There is nothing to confirm or take back."""
    return Text(
        f"nobody asks now that {name.en} go off the air; five minutes may be over",
        f"当前没有关闭{name.zh}载波的申请,可能已超过 5 分钟",
    )


def not_yours(name: Text) -> Text:
    """Beyond the account's areas."""
    return Text(f"{name.en} serves more than your areas", f"{name.zh}的覆盖超出您的辖区")


def no_contact(name: Text, contact: Contact) -> Text:
    """Nothing could be read back."""
    if contact == "wrong":
        return Text(
            f"another device answers under the address of {name.en}; nothing is written to it",
            f"{name.zh}的地址上应答的是另一台设备,不予写入",
        )
    return Text(
        f"{name.en} does not answer, so an order could be neither sent nor read back",
        f"{name.zh}无应答,命令无法发出也无法回读",
    )


def local(name: Text) -> Text:
    """Somebody works at it."""
    return Text(
        f"{name.en} is in local mode: somebody may be working at it; switch it to remote there",
        f"{name.zh}处于本地控制,可能有人在现场作业;请在现场切回遥控",
    )


def interlock(name: Text) -> Text:
    """A door or the antenna's switch is open."""
    return Text(
        f"the interlock of {name.en} is open; close it before bringing the carrier up",
        f"{name.zh}联锁断开,恢复联锁后才能开机",
    )


def under_way(name: Text, on: bool) -> Text:
    """The same order is on its way."""
    return Text(
        f"{name.en} is being brought {'up' if on else 'down'} already; wait for the read-back",
        f"{name.zh}正在{'开启' if on else '关闭'}载波,请等待回读",
    )


def already(name: Text, on: bool) -> Text:
    """There is nothing to do."""
    return Text(
        f"the carrier of {name.en} is {'on' if on else 'off'} already",
        f"{name.zh}载波已经{'开启' if on else '关闭'}",
    )
