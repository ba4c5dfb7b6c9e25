"""The registry of village loudspeakers, from a CSV file: who they are and where they stand. Knows nothing of what they do now."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from station.words import AreaCode, Refused, is_area

Mask = npt.NDArray[np.bool_]
AREA_GROUPS = (2, 4, 6, 9, 12)  # digits of province, city, county, township, village
COLUMNS = ("code", "name", "area", "longitude", "latitude")
_SHOWN = 20  # mistakes told at once


@attrs.frozen(kw_only=True)
class Terminal:
    """One registered terminal. Coordinates are millionths of a degree, WGS-84."""

    code: str  # 23 digits, GD/J 080
    name: str
    area: AreaCode
    longitude: int
    latitude: int
    model: str = ""


class Registry:
    """All terminals, numbered from 0 in the order of the file."""

    def __init__(self, terminals: Iterable[Terminal]) -> None:
        self.terminals = tuple(terminals)
        self._numbers = {terminal.code: number for number, terminal in enumerate(self.terminals)}
        self._areas = np.array([int(terminal.area) for terminal in self.terminals], dtype=np.int64)

    def __len__(self) -> int:
        return len(self.terminals)

    def number(self, code: str) -> int | None:
        """The number of a resource code, or None for a stranger."""
        return self._numbers.get(code)

    def nobody(self) -> Mask:
        """A mask of no terminal."""
        return np.zeros(len(self), dtype=np.bool_)

    def members(self, areas: Iterable[str]) -> Mask:
        """The terminals that stand in any of `areas` (12 digits; zeros behind mean all that lies below)."""
        spans = [span(area) for area in areas]
        found = np.isin(self._areas, [low for low, high in spans if high - low == 1])
        for low, high in spans:
            if high - low > 1:
                found |= (self._areas >= low) & (self._areas < high)
        return found

    def areas(self) -> tuple[AreaCode, ...]:
        """Every area in which a terminal stands, in order."""
        return tuple(AreaCode(f"{area:012d}") for area in np.unique(self._areas))

    def cover(self, mask: Mask) -> tuple[AreaCode, ...]:
        """The fewest areas, none wider than a county, that hold exactly the terminals of `mask`, as far as areas tell them apart."""
        left, made = mask.copy(), []
        for digits in AREA_GROUPS[2:]:
            unit = 10 ** (12 - digits)
            prefixes = self._areas // unit
            split = np.unique(prefixes[~mask]) if digits < 12 else np.empty(0, dtype=np.int64)
            whole = left & ~np.isin(prefixes, split)
            made += [AreaCode(f"{prefix * unit:012d}") for prefix in np.unique(prefixes[whole])]
            left &= ~whole
        return tuple(made)


def span(area: str) -> tuple[int, int]:
    """The half-open range of 12-digit numbers that lie in an area; zeros alone are nowhere."""
    digits = len(area.rstrip("0"))
    if digits == 0:
        return 0, 0
    kept = next(group for group in AREA_GROUPS if group >= digits)
    return int(area), int(area) + 10 ** (12 - kept)


def load_registry(path: Path) -> Registry:
    """The registry in a CSV file; Refused when it cannot be read or holds a mistake."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(
            f"the terminal registry cannot be read: {error}", f"无法读取终端登记表:{error}"
        ) from None
    return parse_registry(text)


def parse_registry(text: str) -> Registry:
    """The registry of a CSV text; Refused names every wrong line (up to 20), and nothing of a bad file is taken."""
    rows = csv.DictReader(text.splitlines())
    missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        said = ", ".join(missing)
        raise Refused(f"the terminal registry lacks the columns {said}", f"终端登记表缺少列:{said}")
    wrong: list[tuple[str, str]] = []
    seen: dict[str, int] = {}
    made = [_terminal(row, rows.line_num, seen, wrong) for row in rows]
    if wrong:
        en = "; ".join(said for said, _ in wrong[:_SHOWN])
        zh = ";".join(said for _, said in wrong[:_SHOWN])
        raise Refused(
            f"terminal registry, {len(wrong)} mistakes: {en}", f"终端登记表有 {len(wrong)} 处错误:{zh}"
        )
    return Registry(terminal for terminal in made if terminal is not None)


def _terminal(
    row: dict[str, Any], line: int, seen: dict[str, int], wrong: list[tuple[str, str]]
) -> Terminal | None:
    before = len(wrong)
    code, area = (row["code"] or "").strip(), (row["area"] or "").strip()
    for en, zh in _complaints(code, area, seen):
        wrong.append((f"line {line}: {en}", f"第 {line} 行:{zh}"))
    longitude = _degrees(row["longitude"], 180)
    latitude = _degrees(row["latitude"], 90)
    if longitude is None or latitude is None:
        wrong.append((f"line {line}: longitude and latitude are degrees", f"第 {line} 行:经纬度应为度数"))
        return None
    seen[code] = line
    if len(wrong) > before:
        return None
    return Terminal(
        code=code,
        name=(row["name"] or "").strip(),
        area=AreaCode(area),
        longitude=longitude,
        latitude=latitude,
        model=(row.get("model") or "").strip(),
    )


def _complaints(code: str, area: str, seen: dict[str, int]) -> list[tuple[str, str]]:
    if len(code) != 23 or not (code.isascii() and code.isdigit()):
        return [(f"{code!r} is not a resource code of 23 digits", f"{code!r} 不是 23 位资源编码")]
    if not is_area(area):
        return [(f"{area!r} is not an area code of 12 digits", f"{area!r} 不是 12 位区划代码")]
    if code[1:13] != area:
        return [(f"the code {code} does not stand in area {area}", f"资源编码 {code} 不属于区划 {area}")]
    if code in seen:
        return [(f"{code} stands in line {seen[code]} already", f"{code} 已出现在第 {seen[code]} 行")]
    return []


def _degrees(text: str | None, limit: int) -> int | None:
    """Millionths of a degree, exact for up to six decimals."""
    whole, _, part = (text or "").strip().partition(".")
    digits = whole.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or not (part == "" or (part.isascii() and part.isdigit())):
        return None
    value = int(digits) * 1_000_000 + int((part + "000000")[:6])
    if value > limit * 1_000_000:
        return None
    return -value if whole.startswith("-") else value
