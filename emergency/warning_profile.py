"""Reads a profile of a warning system's XML: which element is which field of a message, as data. Knows no document."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, Literal

import attrs

from emergency import profile_file
from station.wire import worded
from station.words import Refused

SHIPPED: Final = Path(__file__).parent / "warning_profiles"
FIELDS: Final = (
    "identifier", "sender_name", "sender", "sent", "kind", "type", "note", "references", "event", "level", "effective",
    "expires", "signer", "headline", "description", "instruction", "area_names", "areas",
)  # fmt: skip
NEEDED: Final = (
    "identifier", "sender", "sent", "kind", "type", "event", "level", "effective", "expires", "headline", "areas",
)  # fmt: skip


@attrs.frozen(kw_only=True)
class Row:
    """One element, by its path below the root: a field of the message, or a constant that is only written."""

    path: str
    field: str = ""
    constant: str = ""
    optional: bool = False
    like: str = ""  # a regular expression for the whole text
    status: Literal["agreed", "one", "unverified"]


@attrs.frozen(kw_only=True)
class WarningProfile:
    """A warning system: its elements in their order, and what their words mean."""

    name: str
    title: str = ""
    root: str
    zone_hours: int
    hours_without_expiry: int
    area_digits: tuple[int, ...]
    unknown_level: int
    kinds: dict[str, Literal["actual", "drill"]]
    types: dict[str, Literal["alert", "update", "cancel"]]
    levels: dict[str, int]
    rows: tuple[Row, ...]

    @property
    def unverified(self) -> tuple[str, ...]:
        """The elements that no source confirms."""
        return tuple(row.path for row in self.rows if row.status == "unverified")


def load(name: str) -> WarningProfile:
    """The shipped profile `name`, or the TOML file it names; Refused says what is wrong with it."""
    try:
        return profile_file.read(profile_file.place_of(SHIPPED, name), WarningProfile, _sound)
    except ValueError as error:
        wrong = worded(error)
        raise Refused(
            f"the warning profile {name}: {wrong.en}", f"预警配置 {name}:{wrong.zh}", code="profile"
        ) from None


def _sound(profile: WarningProfile) -> None:
    """Raises ValueError where a row is none, or a field is lacking or there twice."""
    named = [row.field for row in profile.rows if row.field]
    for row in profile.rows:
        re.compile(row.like)
        if bool(row.field) == bool(row.constant) or (row.field and row.field not in FIELDS):
            raise ValueError(f"{row.path} is one field of {', '.join(FIELDS)}, or one constant")
    lacking = [field for field in NEEDED if named.count(field) != 1]
    if lacking or len(set(named)) != len(named):
        raise ValueError(f"there once: {', '.join(lacking) or 'each field'}")
    if not set(profile.levels.values()) <= set(range(5)) or not 0 <= profile.unknown_level <= 4:
        raise ValueError("levels are 0 to 4")
