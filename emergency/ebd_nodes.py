"""Elements of EBD packets with their children by local name: what is missing, there twice, or no number is said in one sentence. Knows no packet's structure."""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from emergency import safe_xml
from emergency.ebd_profile import CONTENT_MISSING, PARSE_FAILURE, EbdFault, Generation, instant
from station.words import AreaCode, Instant, is_area

MAX_AREAS = 5_000
MAX_TEXT = 20_000
MAX_ROWS = 5_000  # of one kind in one packet


class Node:
    """One element with its children by local name; says in one sentence what is missing."""

    def __init__(self, element: etree._Element, path: str) -> None:
        self.path = path
        self.parts: dict[str, list[etree._Element]] = {}
        for child in safe_xml.children(element):
            self.parts.setdefault(safe_xml.local(child), []).append(child)

    def node(self, name: str) -> Node | None:
        found = self.parts.get(name)
        if found and len(found) > 1:
            raise unreadable(
                f"{self.path}/{name} is there {len(found)} times", f"{self.path}/{name} 出现 {len(found)} 次"
            )
        return Node(found[0], f"{self.path}/{name}") if found else None

    def need(self, name: str) -> Node:
        return self.node(name) or raised(missing(f"{self.path}/{name}"))

    def text(self, name: str, default: str | None = None) -> str:
        found = self.parts.get(name, [])
        if len(found) > 1:
            raise unreadable(
                f"{self.path}/{name} is there {len(found)} times", f"{self.path}/{name} 出现 {len(found)} 次"
            )
        said = safe_xml.text(found[0]) if found else ""
        if not said and default is None:
            raise missing(f"{self.path}/{name}")
        if len(said) > MAX_TEXT and name != "AreaCode":
            raise unreadable(
                f"{self.path}/{name} is longer than {MAX_TEXT}", f"{self.path}/{name} 超过 {MAX_TEXT} 字"
            )
        return said or default or ""

    def number(self, name: str, default: int | None = None) -> int:
        said = self.text(name, None if default is None else str(default))
        if not (said.isascii() and said.isdigit() and len(said) <= 9):
            raise unreadable(
                f"{self.path}/{name} is not a number: {said[:40]}", f"{self.path}/{name} 不是数字:{said[:40]}"
            )
        return int(said)

    def time(self, name: str) -> Instant:
        said = self.text(name)
        try:
            return instant(said)
        except (ValueError, OverflowError):
            raise unreadable(
                f"{self.path}/{name} is not a time: {said[:40]}", f"{self.path}/{name} 不是时间:{said[:40]}"
            ) from None

    def rows(self, name: str) -> list[Node]:
        """Every child of that name, at most MAX_ROWS."""
        found = self.parts.get(name, [])
        if len(found) > MAX_ROWS:
            raise unreadable(
                f"more than {MAX_ROWS} {self.path}/{name}", f"{self.path}/{name} 超过 {MAX_ROWS} 个"
            )
        return [Node(element, f"{self.path}/{name}") for element in found]


def areas_of(said: str) -> tuple[AreaCode, ...]:
    if len(said) > 20 * MAX_AREAS:
        raise unreadable(f"AreaCode is longer than {20 * MAX_AREAS}", f"AreaCode 超过 {20 * MAX_AREAS} 字")
    codes = [code.strip() for code in said.replace(",", ",").split(",") if code.strip()]
    wrong = next((code for code in codes if not is_area(code)), None)
    if wrong is not None or not codes or len(codes) > MAX_AREAS:
        raise unreadable(
            f"AreaCode is not a list of up to {MAX_AREAS} codes of 12 digits: {(wrong or '')[:40]}",
            f"AreaCode 不是 12 位编码的列表(最多 {MAX_AREAS} 个):{(wrong or '')[:40]}",
        )
    return tuple(dict.fromkeys(AreaCode(code) for code in codes))


def identifier(said: str, what: str, judge: Callable[[str], Generation | None]) -> str:
    if judge(said) is None:
        raise unreadable(f"{what} {said[:60]} has neither layout of this id", f"{what} {said[:60]} 位数不符")
    return said


def missing(path: str) -> EbdFault:
    return EbdFault(CONTENT_MISSING, f"{path} is missing", f"缺少 {path}")


def unreadable(en: str, zh: str) -> EbdFault:
    return EbdFault(PARSE_FAILURE, en, zh)


def raised(fault: EbdFault) -> Node:
    raise fault
