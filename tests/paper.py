"""Reads what a browser printed to PDF: the text of each page, by the fonts' own tables of characters. Knows only what Chromium writes."""

from __future__ import annotations

import re
import unicodedata
import zlib


def objects(pdf: bytes) -> dict[int, tuple[bytes, bytes]]:
    """Number → (dictionary, stream unpacked) of every object."""
    made: dict[int, tuple[bytes, bytes]] = {}
    for number, body in re.findall(rb"(?:^|\n)(\d+) 0 obj\n(.*?)\nendobj", pdf, re.S):
        head, _, rest = body.partition(b"stream\n")
        stream = rest.rpartition(b"\nendstream")[0]
        made[int(number)] = (head, zlib.decompress(stream) if b"FlateDecode" in head and stream else stream)
    return made


def _characters(cmap: bytes) -> dict[int, str]:
    found: dict[int, str] = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", cmap, re.S):
        for code, text in re.findall(rb"<(\w+)> <(\w+)>", block):
            found[int(code, 16)] = bytes.fromhex(text.decode()).decode("utf-16-be")
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", cmap, re.S):
        for low, high, text in re.findall(rb"<(\w+)> <(\w+)> <(\w+)>", block):
            first = bytes.fromhex(text.decode()).decode("utf-16-be")
            for k in range(int(high, 16) - int(low, 16) + 1):
                found[int(low, 16) + k] = first[:-1] + chr(ord(first[-1]) + k)
    return found


def pages(pdf: bytes) -> list[str]:
    """The text of each page, without blanks, compatibility characters made plain, in the order of drawing."""
    all_ = objects(pdf)
    fonts = {}
    for number, (head, _) in all_.items():
        table = re.search(rb"/ToUnicode (\d+) 0 R", head)
        if table:
            fonts[number] = _characters(all_[int(table[1])][1])
    return [_text(head, all_, fonts) for head, _ in all_.values() if re.search(rb"/Type\s*/Page\b", head)]


def _text(page: bytes, all_: dict[int, tuple[bytes, bytes]], fonts: dict[int, dict[int, str]]) -> str:
    names = {name: int(number) for name, number in re.findall(rb"/(F\d+) (\d+) 0 R", page)}
    content = re.search(rb"/Contents (\d+) 0 R", page)
    assert content is not None
    said, table = [], {}
    for font, shown in re.findall(
        rb"/(F\d+) [\d.]+ Tf|((?:<\w+>|\[.*?\])\s*TJ?j?)", all_[int(content[1])][1], re.S
    ):
        if font:
            table = fonts.get(names.get(font, -1), {})
        else:
            for run in re.findall(rb"<(\w+)>", shown):
                said += [table.get(int(run[k : k + 4], 16), "") for k in range(0, len(run), 4)]
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", "".join(said)))
