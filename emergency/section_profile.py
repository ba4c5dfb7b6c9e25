"""Reads a profile of the section tables: where sources disagree, as data with a status. Knows no byte of a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import attrs

from emergency.profile_file import place_of, tree
from station.wire import worded
from station.words import Refused

SHIPPED: Final = Path(__file__).parent / "section_profiles"
_ENTRIES: Final[dict[str, tuple[Any, ...]]] = {
    "auxiliary.length_bytes": (3, 4),
    "time.zone_hours": tuple(range(-12, 15)),
    "configure.return_has_terminals": (True, False),
    "signature.covers": ("table", "before-block", "before-value"),
}
_STATUS: Final = ("code", "confirmed", "unverified")


@attrs.frozen(kw_only=True)
class SectionProfile:
    """What differs from source to source; `unverified` names what no document confirmed."""

    name: str = "gdj-086-2018"
    unverified: tuple[str, ...] = ("configure.return_has_terminals",)
    auxiliary_length: int = 3  # bytes
    zone_hours: int = 8
    return_has_terminals: bool = True
    signs: str = "table"  # what a signature covers, see the shipped profile


def load(name: str) -> SectionProfile:
    """The shipped profile `name`, or the TOML file it names; Refused lists every mistake."""
    try:
        held = tree(place_of(SHIPPED, name))
    except ValueError as error:
        wrong = worded(error)
        raise Refused(f"the section profile {name}: {wrong.en}", f"段表配置 {name}:{wrong.zh}") from None
    return parse(held, name)


def parse(rows: dict[str, Any], name: str) -> SectionProfile:
    """A profile from its tables; every entry has a value and a status."""
    held: dict[str, Any] = {}
    wrong: list[str] = []
    for entry, allowed in _ENTRIES.items():
        table, _, key = entry.partition(".")
        row = rows.get(table, {}).get(key) if isinstance(rows.get(table, {}), dict) else None
        if not isinstance(row, dict) or row.get("status") not in _STATUS:
            wrong.append(f"{entry} needs value and status")
        elif not any(row.get("value") == one and type(row.get("value")) is type(one) for one in allowed):
            wrong.append(f"{entry}: {row.get('value')!r} cannot be")
        else:
            held[entry] = row
    if wrong:
        said = "; ".join(wrong)
        raise Refused(f"the section profile {name}: {said}", f"段表配置 {name}:{said}")
    return SectionProfile(
        name=str(rows.get("name", name)),
        unverified=tuple(entry for entry, row in held.items() if row["status"] == "unverified"),
        auxiliary_length=held["auxiliary.length_bytes"]["value"],
        zone_hours=held["time.zone_hours"]["value"],
        return_has_terminals=held["configure.return_has_terminals"]["value"],
        signs=held["signature.covers"]["value"],
    )
