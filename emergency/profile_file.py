"""Reads a profile's file in TOML, bounded, into an attrs class that has each of its entries. Knows no profile."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import cattrs

from station.wire import complaints

MAX_BYTES: Final = 262_144
_CONVERTER: Final = cattrs.Converter(forbid_extra_keys=True)
Made = TypeVar("Made")


def place_of(shipped: Path, name: str) -> Path:
    """Where the shipped profile `name` stands, or the TOML file it names."""
    return shipped / f"{name}.toml" if "/" not in name and not name.endswith(".toml") else Path(name)


def read(path: Path, cls: type[Made], sound: Callable[[Made], None]) -> Made:
    """What `path` holds. Raises ValueError with one sentence for what cannot be read, does not fit, or is not `sound`."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ValueError(f"it has over {MAX_BYTES} bytes")
        made = _CONVERTER.structure(tomllib.loads(data.decode()), cls)
        sound(made)
    except (OSError, ValueError, re.error, RecursionError, cattrs.ClassValidationError) as error:
        raise ValueError("; ".join(complaints(error))[:400]) from None
    return made


__all__ = ["MAX_BYTES", "place_of", "read"]
