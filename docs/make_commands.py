"""Writes docs/commands.md from the registry of commands: `python docs/make_commands.py`. A test holds the page against it."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import attrs

from station.rights import RIGHTS, ROLE_NAMES
from station.words import COMMANDS

PAGE = Path(__file__).parent / "commands.md"
REGISTERING = (
    "emergency.messages", "playout.messages", "playout.live_messages", "devices.messages", "safety.messages",
    "station.keeping", "station.hold", "safety.alarm_messages", "devices.plant_messages",
    "station.duty_messages", "station.people_orders", "station.settings_orders",
)  # fmt: skip
HEAD = """# Commands · 命令

Everything that changes a station is one of these, through one door: the desk (`station/desk.py`). People send them over the [control socket](control-protocol.md) or as `POST /api/v1/commands/NAME` of the panel. *Right*: what the sender must hold, see below. *Proof*: a PIN goes with it, unless one was given on the same seat within `[people] pin_s`. *Life safety*: obeyed even while the journal cannot be written. Fields marked with * may be left out. This page is made from the registry by `docs/make_commands.py`.
台站的一切改变都是下列命令之一,统一经调度台(`station/desk.py`)受理。“权限”指发送者须持有的权利;“凭证”指须附 PIN;“生命安全”指日志无法写入时仍然执行;带 * 的字段可省略。本页由程序从命令登记表生成。

| command · 命令 | right · 权限 | proof · 凭证 | life safety · 生命安全 | what it does · 作用 | fields · 字段 |
|---|---|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    for module in REGISTERING:
        importlib.import_module(module)
    names = sorted(name for name, wish in COMMANDS.items() if wish.__module__ in REGISTERING)
    return HEAD + "".join(map(_row, names)) + "\n" + _rights()


def _row(name: str) -> str:
    wish = COMMANDS[name]
    what = " ".join((wish.__doc__ or "").split("\n\n")[0].split()).replace("|", "\\|")
    cells = (f"`{name}`", wish.right, "yes" if wish.proof else "–", "yes" if wish.life_safety else "–", what)
    return f"| {' | '.join(cells)} | {_fields(wish)} |\n"


def _fields(wish: type) -> str:
    return ", ".join(
        f"`{field.name}`{'' if field.default is attrs.NOTHING else '*'}" for field in attrs.fields(wish)
    )


def _rights() -> str:
    rows = [
        f"| {role} · {ROLE_NAMES[role].zh} | {', '.join(sorted(RIGHTS[role]))} |\n" for role in ROLE_NAMES
    ]
    return (
        "## Who holds which right · 角色与权限\n\n`system` is the station itself and its witnesses. · `system` 为台站自身及监测进程。\n\n"
        "| role · 角色 | rights · 权限 |\n|---|---|\n" + "".join(rows)
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{len(COMMANDS)} commands\n")
