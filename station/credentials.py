"""What an account, a password and a PIN must be like, and what people are told when they are not. Pure; knows no hash."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import attrs

from station.people_store import Account
from station.rights import RIGHTS, ROLE_NAMES, ROLES, mixed
from station.words import SECOND, Duration, Refused, is_area

Which = Literal["password", "pin"]

_ID = re.compile(r"[a-z][a-z0-9._-]{0,31}\Z")
_EVENT = re.compile(r"[0-9A-Z]{1,5}\Z")
_PIN = re.compile(r"[0-9]{4,12}\Z")
_RESERVED = ("system", "nobody", "station")
_DIGITS = "01234567890123456789"


def check_account(account: Account) -> None:
    if not _ID.match(account.id) or account.id in _RESERVED:
        raise Refused(
            f"{account.id!r} is no operator id: small letters, digits, dots and hyphens, at most 32",
            f"“{account.id}” 不能用作操作员编号:限小写字母、数字、点和连字符,最多 32 个",
        )
    if not account.roles or not set(account.roles) <= set(ROLES):
        raise Refused(f"roles are among {', '.join(ROLES)}", f"角色应为以下之一或多个:{'、'.join(ROLES)}")
    clash = mixed(account.roles)
    if clash is not None:
        raise Refused(clash.en, clash.zh)
    if not all(map(is_area, account.areas)):
        raise Refused("an area code has 12 digits", "行政区划代码为 12 位数字")
    if not all(map(_EVENT.match, account.events)) or len(account.events) > 50:
        raise Refused(
            "an event is the beginning of an event code, such as 11A or 11B03",
            "事件为事件代码或其开头,如 11A、11B03",
        )
    if len(account.department) > 60 or not account.department.isprintable():
        raise Refused("a department has at most 60 readable characters", "部门名称至多 60 个可读字符")


def changed(old: Account, said: Mapping[str, Any]) -> Account:
    """An account with what was said; None leaves a field as it is, lists become tuples."""
    given = {name: value for name, value in said.items() if value is not None}
    fields: dict[str, Any] = {k: v if isinstance(v, (str, bool)) else tuple(v) for k, v in given.items()}
    return attrs.evolve(old, **fields)


def check_last_admin(accounts: Iterable[Account], old: Account, new: Account) -> None:
    """Raise Refused where nobody would be left to keep the accounts."""
    keeps = old.active and "admin" in old.roles and not (new.active and "admin" in new.roles)
    others = any(one.active and "admin" in one.roles and one.id != old.id for one in accounts)
    if keeps and not others:
        raise Refused(
            f"{old.id} is the last administrator; make another one first",
            f"{old.id} 是最后一名管理员,请先另设管理员",
            code="last",
        )


def check_secret(which: Which, secret: str, operator: str) -> None:
    if which == "pin":
        if not _PIN.match(secret) or len(set(secret)) < 2 or secret in _DIGITS or secret[::-1] in _DIGITS:
            raise Refused(
                "a PIN has 4 to 12 digits, not all the same and not in a row",
                "PIN 为 4 至 12 位数字,不能全部相同或连号",
            )
    elif not 8 <= len(secret) <= 1024 or len(set(secret)) < 4 or operator in secret.casefold():
        raise Refused(
            "a password has at least 8 characters, four different ones, and does not contain the operator's id",
            "密码至少 8 个字符、其中至少 4 个不同,且不能包含操作员编号",
        )


def wrong_secret(which: Which, left: int, wait: Duration) -> Refused:
    """`left` wrong tries remain before each further one costs `wait`. Of a password nothing is told: who guesses one has no seat."""
    if which == "pin":
        seconds = wait // SECOND
        if left:
            return Refused(
                f"the PIN is wrong; {left} more wrong and you must wait {seconds} s",
                f"PIN 不正确;再错 {left} 次须等 {seconds} 秒",
                code="unproven",
            )
        return Refused(
            f"the PIN is wrong; the next try is in {seconds} s",
            f"PIN 不正确;{seconds} 秒后才能再试",
            code="unproven",
        )
    return Refused("account or password is wrong", "账号或密码不正确", code="unknown")


def slow_down(seconds: int) -> Refused:
    return Refused(
        f"too many wrong tries; wait {seconds} s", f"错误次数过多,请等待 {seconds} 秒", code="slow"
    )


def unproven() -> Refused:
    return Refused("enter your PIN first", "请先输入 PIN", code="unproven")


def forbidden(right: str) -> tuple[str, str]:
    names = [name for role, name in ROLE_NAMES.items() if right in RIGHTS[role]]
    return (
        f"your account may not do this; it takes one of: {', '.join(name.en for name in names) or 'the station itself'}",
        f"您的账户无此权限;需要角色:{'、'.join(name.zh for name in names) or '系统'}",
    )
