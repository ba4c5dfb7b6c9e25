"""Foreign area codes (SAME, UGC, CAP-CP) to areas of the tree, by tables that the station loads. Pure; knows no alert and no file."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import attrs

from station.areas import TOO_LONG
from station.words import AreaCode, Misheard, is_area

if TYPE_CHECKING:
    from _csv import Reader

MOST_ROWS = 500_000
_HEAD = ["scheme", "code", "area"]


@attrs.frozen(kw_only=True)
class Scheme:
    """One kind of code: the valueName of a CAP geocode, the form of its codes, and which codes lie in one."""

    name: str
    called: str  # a regular expression for valueName, without regard to case
    form: str
    within: Callable[[str], str]  # of a code, a regular expression for all that lie in it
    says: str
    says_zh: str


def _same(code: str) -> str:
    """PSSCCC, 47 CFR 11.31 (c): a part (P) counts as its county; county 000 is the state, state 00 the nation."""
    state, county = code[1:3], code[3:]
    if state == county.rstrip("0") == "" or code[1:] == "00000":
        return r"[0-9]{6}"
    return rf"[0-9]{state}[0-9]{{3}}" if county == "000" else rf"[0-9]{state}{county}"


def _ugc(code: str) -> str:
    """SSZNNN or SSCNNN; 000 and ALL are every zone or county of the state."""
    return rf"{code[:3]}[0-9]{{3}}" if code[3:] in ("000", "ALL") else code


def _sgc(code: str) -> str:
    """Two digits a province, four a census division, seven a subdivision; the shorter holds the longer."""
    return rf"{code}[0-9]*"


SCHEMES = {
    scheme.name: scheme
    for scheme in (
        Scheme(
            name="SAME",
            called="SAME|FIPS6",
            form=r"[0-9]{6}",
            within=_same,
            says="six digits, PSSCCC",
            says_zh="六位数字 PSSCCC",
        ),
        Scheme(
            name="UGC",
            called="UGC",
            form=r"[A-Z]{2}[CZ](?:[0-9]{3}|ALL)",
            within=_ugc,
            says="two letters, C or Z, three digits or ALL",
            says_zh="两个字母、C 或 Z、三位数字或 ALL",
        ),
        Scheme(
            name="CAP-CP",
            called="profile:CAP-CP:Location:.*|CAP-CP|SGC",
            form=r"[0-9]{2}(?:[0-9]{2}(?:[0-9]{3})?)?",
            within=_sgc,
            says="an SGC code of 2, 4 or 7 digits",
            says_zh="2、4 或 7 位 SGC 代码",
        ),
    )
}


@attrs.frozen(eq=False)
class Geocodes:
    """The loaded rows: scheme → code → areas."""

    rows: Mapping[str, Mapping[str, tuple[AreaCode, ...]]]

    def areas(self, scheme: Scheme, code: str) -> tuple[AreaCode, ...]:
        """The areas that a code means here, sorted. Raises Misheard saying what is wrong or what is missing."""
        if not re.fullmatch(scheme.form, code):
            raise _no(
                f"{scheme.name} {code[:40]!r} is not {scheme.says}",
                f"{scheme.name} “{code[:40]}” 不是{scheme.says_zh}",
            )
        table = self.rows.get(scheme.name)
        if table is None:
            raise _no(f"no table of {scheme.name} codes is loaded", f"没有载入 {scheme.name} 代码表")
        if code in table:
            return table[code]
        inside = re.compile(scheme.within(code))
        found = {area for other, areas in table.items() if inside.fullmatch(other) for area in areas}
        if not found:
            raise _no(
                f"the table of {scheme.name} codes has nothing for {code}",
                f"{scheme.name} 代码表中没有 {code}",
            )
        return tuple(sorted(found))


NOTHING = Geocodes({})


def scheme_of(name: str) -> Scheme | None:
    """The scheme that a geocode's valueName names."""
    said = name.strip()
    return next((s for s in SCHEMES.values() if re.fullmatch(s.called, said, re.IGNORECASE)), None)


def load(lines: Iterable[str]) -> Geocodes:
    """A CSV `scheme,code,area`; a code may stand in several rows. Raises Misheard naming the lines that are wrong."""
    reader = csv.reader(lines)
    try:
        return _load(reader)
    except csv.Error:  # a quotation mark that nobody closes
        at = reader.line_num
        raise _no(f"line {at}: {TOO_LONG}", f"第 {at} 行:字段过长或引号未闭合") from None


def _load(reader: Reader) -> Geocodes:
    if next(reader, None) != _HEAD:
        raise _no("line 1: the columns must be scheme,code,area", "第 1 行:表头应为 scheme,code,area")
    made: dict[str, dict[str, list[AreaCode]]] = {}
    wrong: list[int] = []
    for count, row in enumerate(reader):
        if count >= MOST_ROWS:
            raise _no(f"there are more than {MOST_ROWS} rows", f"超过 {MOST_ROWS} 行")
        if not _is_row(row):
            wrong.append(reader.line_num)
            continue
        made.setdefault(row[0], {}).setdefault(row[1], []).append(AreaCode(row[2]))
    if wrong:
        said = ", ".join(map(str, wrong[:10]))
        raise _no(
            f"line {said}: not a scheme, a code of it and an area of 12 digits ({len(wrong)} wrong in all)",
            f"第 {said} 行:不是“体系、代码、12 位区划”(共 {len(wrong)} 行有误)",
        )
    return Geocodes(
        {
            scheme: {code: tuple(sorted(set(areas))) for code, areas in rows.items()}
            for scheme, rows in made.items()
        }
    )


def _is_row(row: list[str]) -> bool:
    if len(row) != 3 or row[0] not in SCHEMES or not is_area(row[2]):
        return False
    return re.fullmatch(SCHEMES[row[0]].form, row[1]) is not None


def _no(en: str, zh: str) -> Misheard:
    return Misheard(en, zh, code="geocode")
