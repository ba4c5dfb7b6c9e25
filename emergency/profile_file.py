"""Reads a profile's file in TOML, bounded, into an attrs class that has each of its entries. Knows no profile."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import cattrs

from emergency import given
from station.toml_reasons import toml_zh
from station.wire import worded

MAX_BYTES: Final = 262_144
_CONVERTER: Final = cattrs.Converter(forbid_extra_keys=True)
Made = TypeVar("Made")


def place_of(shipped: Path, name: str) -> Path:
    """Where the shipped profile `name` stands, or the TOML file it names. Raises ValueError with the names of those that ship."""
    ours, own = shipped / f"{name}.toml", Path(name)
    if "/" in name or name.endswith(".toml") or (own.exists() and not ours.exists()):
        return own
    if not ours.exists():
        names = ", ".join(sorted(path.stem for path in shipped.glob("*.toml")))
        raise ValueError(f"neither one that ships ({names}) nor a file · 既不是自带配置({names}),也不是文件")
    return ours


def tree(path: Path) -> dict[str, Any]:
    """The tables of a TOML file. Raises Refused where it cannot be read, ValueError with one sentence where it is none."""
    try:
        return tomllib.loads(given.named(path, MAX_BYTES).decode())
    except UnicodeDecodeError:
        raise ValueError("it is no UTF-8 text · 不是 UTF-8 文本") from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{error} · {toml_zh(error)}") from None
    except RecursionError:
        raise ValueError("it is nested too deeply · 嵌套过深") from None


def read(path: Path, cls: type[Made], sound: Callable[[Made], None]) -> Made:
    """What `path` holds. Raises Refused where it cannot be read, ValueError with one sentence for what does not fit or is not `sound`."""
    try:
        made = _CONVERTER.structure(tree(path), cls)
        sound(made)
    except (ValueError, re.error, cattrs.ClassValidationError) as error:
        wrong = worded(error)
        raise ValueError(" · ".join(dict.fromkeys((wrong.en, wrong.zh)))) from None
    return made


__all__ = ["MAX_BYTES", "place_of", "read", "tree"]
