"""Sections of emergency broadcasting as JSON for people and scripts, and back. Knows no file, no packet."""

from __future__ import annotations

from typing import Any, Final

import attrs

from emergency import section_codec, section_daily, section_orders
from emergency.section_profile import SectionProfile
from emergency.section_tables import Certificates, Configure, Content, Daily, Index, Table
from emergency.sections import Place, Section
from station import hexed
from station.wire import worded
from station.worded import wording as make_wording
from station.worded import words
from station.words import Refused

NAMES: Final[dict[str, type[Table]]] = {
    "index": Index,
    "content": Content,
    "certificates": Certificates,
    "configure": Configure,
    "daily": Daily,
}
HEAD: Final = ("extension", "version", "number", "last")
_MEANINGS: Final[dict[int, type[Any]]] = {tag: cls for cls, tag in section_orders.TAGS.items()}
_DAILY: Final[dict[int, type[Any]]] = {tag: cls for cls, tag in section_daily.TAGS.items()}


def to_plain(section: Section, table: Table, profile: SectionProfile) -> dict[str, Any]:
    """One JSON object: the table's name, the section's numbers, all that the table holds, texts and commands in words."""
    name = next(name for name, cls in NAMES.items() if isinstance(table, cls))
    said = {"table": name, "current": section.current, **{key: getattr(section, key) for key in HEAD}}
    said |= hexed.to_plain(table)
    if isinstance(table, Content):
        for row, one in zip(said["wordings"], table.wordings, strict=True):
            row["words"], row["agency_words"] = words(one.text, one.charset), words(one.agency, one.charset)
    if isinstance(table, (Configure, Daily)):
        for row, order in zip(said["orders"], table.orders, strict=True):
            configures = isinstance(table, Configure)
            meaning = section_orders.read(order, profile) if configures else section_daily.read(order)
            row |= (
                {"means": None}
                if meaning is None
                else {"means": type(meaning).__name__, **hexed.to_plain(meaning)}
            )
    return said


def from_plain(said: dict[str, Any], profile: SectionProfile) -> tuple[Table, Place]:
    """A table and its section's numbers. A text may stand as `words` in place of its bytes, a command by its fields.

    Refused names what is wrong.
    """
    rows = dict(said)
    cls = NAMES.get(str(rows.pop("table", "")))
    rows.pop("current", None)
    try:
        place = hexed.from_plain({key: rows.pop(key) for key in HEAD if key in rows}, Place)
        if cls is None:
            raise ValueError(f"table is one of {', '.join(NAMES)} · table 应为 {'、'.join(NAMES)} 之一")
        if cls is Content:
            rows["wordings"] = [_wording(row) for row in rows.get("wordings", [])]
        if cls in (Configure, Daily):
            rows["orders"] = [_order(row, profile, daily=cls is Daily) for row in rows.get("orders", [])]
        table = hexed.from_plain(rows, cls)
        if isinstance(table, Content) and "extension" not in said:
            place = attrs.evolve(place, extension=section_codec.content_extension(table.ebm_id))
        return table, place
    except (ValueError, TypeError, AttributeError, ExceptionGroup) as error:
        wrong = worded(error)
        raise Refused(f"this is no section: {wrong.en}", f"不是段:{wrong.zh}", code="section") from None


def _wording(row: dict[str, Any]) -> dict[str, Any]:
    row = dict(row)
    text, agency = row.pop("words", None), row.pop("agency_words", None)
    if "text" in row or text is None:
        return row
    made = make_wording("", text, agency or "", charset=row.setdefault("charset", 1))
    return row | {"text": made.text.hex(), "agency": made.agency.hex()}


def _order(row: dict[str, Any], profile: SectionProfile, *, daily: bool) -> dict[str, Any]:
    row = dict(row)
    row.pop("means", None)
    if "data" in row:
        return {key: row[key] for key in ("tag", "data") if key in row}
    tag = row.pop("tag", 0)
    cls = (_DAILY if daily else _MEANINGS).get(tag)
    if cls is None:
        raise ValueError("a command whose tag is not known needs its data · 未知 tag 的指令须给出 data")
    meaning = hexed.from_plain(row, cls)
    made = section_daily.write(meaning) if daily else section_orders.write(meaning, profile)
    return hexed.to_plain(made)  # type: ignore[no-any-return]


__all__ = ["HEAD", "NAMES", "from_plain", "to_plain"]
