"""Writes plain tables as TOML 1.0: strings, whole numbers, floats, booleans, lists, tables (within tables on one line), arrays of tables. Pure; knows no settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def toml(plain: Mapping[str, Any]) -> str:
    """The text of a document; None and empty lists of tables are left out. Raises TypeError for anything else."""
    lines = [f"{name} = {_value(value)}" for name, value in plain.items() if _is_simple(value)]
    for name, value in plain.items():
        if isinstance(value, Mapping):
            lines += ["", f"[{name}]", *_table(value)]
        elif not _is_simple(value) and value is not None:
            for row in value:
                lines += ["", f"[[{name}]]", *_table(row)]
    return "\n".join(lines).lstrip("\n") + "\n"


def _table(rows: Mapping[str, Any]) -> list[str]:
    return [f"{name} = {_value(value)}" for name, value in rows.items() if value is not None]


def _is_simple(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return not any(isinstance(one, Mapping) for one in value)
    return isinstance(value, (str, int, float))


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)  # JSON's escapes are TOML's
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(name)} = {_value(one)}" for name, one in value.items()) + "}"
    raise TypeError(f"{type(value).__name__} has no place in a table")
