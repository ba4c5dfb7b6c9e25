"""`gengfu people list|add|close|open|secret`: the accounts of a station from its own console. Secrets are asked for, never arguments; knows no right."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from station.arguments import Parser
from station.clock import AnchorTime
from station.people import People
from station.people_store import Account
from station.rights import ROLES
from station.secret import ask_secret, typed_by
from station.settings import Places
from station.wire import canonical
from station.words import AreaCode, Refused

BY = "console"  # who sits at the machine itself, as the journal names it

Ask = Callable[[str], str]


def main(argv: list[str], ask: Ask = ask_secret) -> int:
    """0: done; 1: refused; 2: wrong use. `ask(prompt)` reads a secret without showing it."""
    asked = _parser().parse_args(argv)
    places = Places(asked.state)
    if not asked.state.is_dir():
        raise Refused(f"there is no state directory {asked.state}", f"没有状态目录 {asked.state}")
    people = People.open(asked.state / "people.db", now=AnchorTime(places.anchor).now)
    try:
        asked.run(people, asked, ask)
    finally:
        people.close()
    return 0


def _parser() -> Parser:
    parser = Parser(prog="gengfu people", description="accounts of a station · 台站账户")
    what = parser.add_subparsers(required=True, metavar="list|add|close|open|secret")

    def sub(name: str, run: Callable[[People, Any, Ask], None], text: str, *, one: bool = True) -> Any:
        made = what.add_parser(name, help=text, description=text)
        made.add_argument("--state", type=Path, required=True, help="state directory · 状态目录")
        if one:
            made.add_argument("operator", help="operator id · 操作员编号")
        made.set_defaults(run=run)
        return made

    listing = sub("list", _list, "who has an account · 列出账户", one=False)
    listing.add_argument(
        "--format", choices=("text", "json"), default="text", help="how to answer · 输出格式"
    )
    adding = sub("add", _add, "make an account; asks for password and PIN · 新建账户")
    adding.add_argument("--name-zh", required=True, help="Chinese name · 中文姓名")
    adding.add_argument("--name-en", required=True, help="English name · 英文姓名")
    adding.add_argument(
        "--role", action="append", required=True, choices=ROLES, help="may be repeated · 可重复"
    )
    adding.add_argument(
        "--area",
        action="append",
        default=[],
        help="12-digit code; none: everywhere · 行政区划代码,不填为全域",
    )
    sub("close", _close, "an account may not be used any more · 停用账户")
    sub("open", _open, "a closed account may be used again · 启用账户")
    secret = sub("secret", _secret, "set a new password or PIN · 重设密码或 PIN")
    secret.add_argument("which", choices=("password", "pin"))
    return parser


def _list(people: People, asked: Any, ask: Ask) -> None:
    for one in people.accounts():
        if asked.format == "json":
            row = {"operator": one.id, "name_zh": one.name_zh, "name_en": one.name_en, "active": one.active}
            _say(canonical({**row, "roles": one.roles, "areas": one.areas}))
        else:
            closed = "" if one.active else "  (closed · 已停用)"
            _say(f"{one.id:<12} {','.join(one.roles):<24} {one.name_zh} · {one.name_en}{closed}")


def _add(people: People, asked: Any, ask: Ask) -> None:
    account = Account(
        id=asked.operator,
        name_zh=asked.name_zh,
        name_en=asked.name_en,
        roles=tuple(asked.role),
        areas=tuple(map(AreaCode, asked.area)),
    )
    password, pin = _twice(ask, "password · 密码"), _twice(ask, "PIN")
    _done(people.add(account, password=password, pin=pin, by=BY))
    _say(f"{account.id} may log in now · 账户 {account.id} 已建立")


def _close(people: People, asked: Any, ask: Ask) -> None:
    people.change(asked.operator, by=BY, active=False)
    _say(f"{asked.operator} is closed · 账户 {asked.operator} 已停用")


def _open(people: People, asked: Any, ask: Ask) -> None:
    people.change(asked.operator, by=BY, active=True)
    _say(f"{asked.operator} is open · 账户 {asked.operator} 已启用")


def _secret(people: People, asked: Any, ask: Ask) -> None:
    people.account(asked.operator)
    _done(people.set_secret(asked.operator, asked.which, _twice(ask, asked.which), by=BY))
    _say(f"{asked.operator}: {asked.which} set · 已重设")


def _twice(ask: Ask, what: str) -> str:
    first = typed_by(ask, f"{what}: ")
    if typed_by(ask, f"{what}, again · 再输一次: ") != first:
        raise Refused("the two are not the same; nothing was changed", "两次输入不一致,未作更改")
    return first


def _done(waiting: Any) -> None:
    """A command line has no reactor: the work was done at once, and a refusal is raised here."""
    failed: list[Any] = []
    waiting.addErrback(failed.append)
    if failed:
        failed[0].raiseException()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
