"""Which role may do what. Pure; knows no account and no session."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from station.settings import Role
from station.words import Text

ROLES: tuple[Role, ...] = get_args(Role)

RIGHTS: dict[str, frozenset[str]] = {
    "viewer": frozenset({"view"}),
    "operator": frozenset({"view", "air", "mute", "carrier", "alarm", "duty"}),
    "editor": frozenset({"view", "edit", "compose", "duty"}),
    "reviewer": frozenset({"view", "sign", "duty"}),
    "approver": frozenset({"view", "sign", "duty", "roster"}),
    "dispatcher": frozenset(
        {"view", "compose", "sign", "dispatch", "air", "mute", "carrier", "alarm", "duty"}
    ),
    "engineer": frozenset(
        {"view", "air", "engineer", "mute", "carrier", "alarm", "duty", "roster", "configure"}
    ),
    "auditor": frozenset({"view", "audit"}),
    "admin": frozenset({"view", "admin", "roster", "configure"}),
    "system": frozenset({"view", "system"}),
    "wall": frozenset({"wall"}),  # a seat without an account: one view, nothing else
    "console": frozenset({"view", "wall", "mute"}),  # likewise: what the user of this machine may do unasked
}

ROLE_NAMES: dict[str, Text] = {
    "viewer": Text("viewer", "观察员"),
    "operator": Text("operator", "值机员"),
    "editor": Text("editor", "编辑"),
    "reviewer": Text("reviewer", "审核员"),
    "approver": Text("approver", "签发人"),
    "dispatcher": Text("dispatcher", "调度员"),
    "engineer": Text("engineer", "技术员"),
    "auditor": Text("auditor", "审计员"),
    "admin": Text("administrator", "管理员"),
}

_CONTENT = frozenset({"sign", "compose", "edit", "dispatch"})
_READING = frozenset({"view", "audit"})


def rights_of(roles: Iterable[str]) -> frozenset[str]:
    """What these roles may together. Who keeps the accounts touches no content; who audits only reads."""
    held = frozenset(roles)
    rights = frozenset[str]().union(*(RIGHTS.get(role, frozenset()) for role in held))
    if "admin" in held:
        rights -= _CONTENT
    return rights & _READING if "auditor" in held else rights


def mixed(roles: Iterable[str]) -> Text | None:
    """Why these roles may not be one person's; None when they may."""
    held = frozenset(roles)
    if "admin" in held and any(RIGHTS[role] & _CONTENT for role in held):
        return Text(
            "an administrator keeps accounts and may not also write, sign or dispatch content",
            "管理员只管理账户,不能兼任编辑、审核、签发或调度",
        )
    if "auditor" in held and held - {"auditor", "viewer"}:
        return Text("an auditor only reads and has no other role", "审计员只能查阅,不能兼任其他角色")
    return None
