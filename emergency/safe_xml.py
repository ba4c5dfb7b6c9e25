"""Reads XML that a stranger sent, within bounds, without entities, network or document type. Knows no vocabulary."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from station.words import Misheard

MAX_BYTES = 5 * 1024 * 1024  # real CAP embeds audio: 64 KiB would refuse good alerts
MAX_ELEMENTS = 20_000
MAX_MARKS = 4 * MAX_ELEMENTS  # of `<` and of `=` in the bytes
MAX_DEPTH = 32
MAX_ATTRIBUTES = 32
_SOURCE = re.compile(r" \(<string>, line [0-9]+\)\Z")  # what lxml calls bytes


def parse(data: bytes, *, limit: int = MAX_BYTES) -> etree._Element:
    """The root of `data`. Raises Misheard (code `xml`) with one sentence for whatever is not plain, bounded XML."""
    if len(data) > limit:
        most = f"{limit >> 20} MiB" if limit >> 20 else f"{limit >> 10} KiB"
        raise _bad(f"is larger than {most}", f"超过 {most}")
    if data.count(b"<") > MAX_MARKS or data.count(b"=") > MAX_MARKS:  # before a tree of it fills the memory
        raise _bad("has too many elements or attributes", "元素或属性过多")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise _ill_formed(error) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise _bad("has a DOCTYPE, which is refused", "含有 DOCTYPE,不予接受")
    _measure(root)
    return root


# measured by libxml2 itself: walking the tree in Python costs as much as all the rest
_MANY = etree.XPath(f"count(//*) > {MAX_ELEMENTS}")
_DEEPER = etree.XPath(f"boolean(/{'/'.join('*' * (MAX_DEPTH + 1))})")
_LADEN = etree.XPath(f"boolean(//*[@*[{MAX_ATTRIBUTES + 1}]])")


def _measure(root: etree._Element) -> None:
    tree = root.getroottree()
    if _MANY(tree) or _DEEPER(tree):
        raise _bad(
            f"is deeper than {MAX_DEPTH} or has more than {MAX_ELEMENTS} elements",
            f"嵌套超过 {MAX_DEPTH} 层或元素超过 {MAX_ELEMENTS} 个",
        )
    if _LADEN(tree):
        raise _bad(
            f"has an element with more than {MAX_ATTRIBUTES} attributes",
            f"某元素的属性超过 {MAX_ATTRIBUTES} 个",
        )


def children(node: etree._Element) -> Iterator[etree._Element]:
    """The child elements, without comments and processing instructions."""
    return (child for child in node if isinstance(child.tag, str))


def local(node: etree._Element) -> str:
    """The element's name without its namespace."""
    return etree.QName(node).localname


def text(node: etree._Element | None) -> str:
    """All the text of an element, stripped; a comment inside cuts nothing off. Empty for None."""
    return "" if node is None else whole(node).strip()


def whole(node: etree._Element) -> str:
    """The same as it stands."""
    return "".join(_pieces(node))


def _pieces(node: etree._Element) -> Iterator[str]:
    yield node.text or ""
    for child in node:
        if isinstance(child.tag, str):
            yield from _pieces(child)
        yield child.tail or ""


def _ill_formed(error: Exception) -> Misheard:
    if "XML_PARSE_HUGE" in str(error):  # a bound of libxml2 that is not for whoever sent it to lift
        return _bad("holds a text, a name or a depth beyond all bounds", "含有过长的文本、名称或过深的嵌套")
    said = " ".join(_SOURCE.sub("", str(error)).split())[:160] or "nothing is there"
    line, column = getattr(error, "position", (1, 1))
    return _bad(f"is not well-formed: {said}", f"格式不正确(第 {line} 行第 {column} 列)")


def _bad(en: str, zh: str) -> Misheard:
    return Misheard(f"the XML {en}", f"XML {zh}", code="xml")
