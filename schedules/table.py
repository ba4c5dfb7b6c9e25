"""The table that a day's CSV is: which columns there are, its rows with their line numbers, and what is wrong with it as a file. Knows no item."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

import attrs

from station.words import Refused, Text

MAX_BYTES = 1 << 20
CLIPPED = 40  # characters of a heading that are shown where it is none of ours
SHOWN = 12  # such headings that are named

COLUMNS: dict[str, str] = {
    "start": "开始",
    "mode": "方式",
    "title": "标题",
    "media": "素材",
    "duration": "时长",
    "class": "类别",
    "cut": "可截",
    "cue_in": "入点",
    "cue_out": "出点",
    "fade_in": "淡入",
    "fade_out": "淡出",
    "gain": "增益",
    "segue": "接续",
    "curve": "曲线",
    "window": "窗口",
    "replacement": "替播",
    "extend": "延长",
    "id": "编号",
    "note": "备注",
}
_NAMES = {alias: name for name, chinese in COLUMNS.items() for alias in (name, chinese)}


@attrs.frozen
class Complaint:
    """What is wrong with one line; line 0 is the file as a whole."""

    line: int
    text: Text


class BadRundown(Refused):
    """Nothing of the file was taken. `complaints` has every wrong line, in order."""

    def __init__(self, complaints: list[Complaint]) -> None:
        self.complaints = tuple(complaints)
        shown, rest = complaints[:100], len(complaints) - 100
        en = "; ".join(f"line {c.line}: {c.text.en}" if c.line else c.text.en for c in shown)
        zh = ";".join(f"第{c.line}行:{c.text.zh}" if c.line else c.text.zh for c in shown)
        more_en, more_zh = (f"; and {rest} more", f";另有 {rest} 处") if rest > 0 else ("", "")
        super().__init__(f"Nothing of this rundown was taken: {en}{more_en}", f"节目单未被采用:{zh}{more_zh}")


def decode(data: bytes) -> str:
    """The text of a CSV file in UTF-8 (with or without byte order mark); BadRundown for anything else."""
    if len(data) > MAX_BYTES:
        raise whole(f"the file is larger than {MAX_BYTES >> 20} MiB", f"文件超过 {MAX_BYTES >> 20} MiB")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise whole("it is UTF-16; save it as “CSV UTF-8”", "文件是 UTF-16 编码,请另存为“CSV UTF-8”")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadRundown(
            [
                Complaint(
                    line,
                    Text(
                        "not UTF-8 (GBK?); save it as “CSV UTF-8”",
                        "不是 UTF-8 编码(可能是 GBK),请另存为“CSV UTF-8”",
                    ),
                )
            ]
        ) from None


def whole(en: str, zh: str) -> BadRundown:
    return BadRundown([Complaint(0, Text(en, zh))])


def opened(text: str) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The columns' names, and (line number, cells) of every row below them; BadRundown when it is no such table."""
    if len(text) > MAX_BYTES:
        raise whole(f"the file is larger than {MAX_BYTES >> 20} MiB", f"文件超过 {MAX_BYTES >> 20} MiB")
    rows = _rows(text.removeprefix("\ufeff"))
    header = next(rows, None)
    if header is None:
        raise whole("the file is empty", "文件是空的")
    return _header(*header), rows


def as_written(text: str) -> list[tuple[int, dict[str, str]]]:
    """Line number and cells by column of every row, as somebody wrote them; BadRundown when it is no such table."""
    names, rows = opened(text)
    return [
        (line, dict.fromkeys(COLUMNS, "") | dict(zip(names, cells, strict=False))) for line, cells in rows
    ]


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of every row that is neither blank nor a comment; the header is the first."""
    first, _, rest = text.partition("\n")
    skipped = 0
    told = first.rstrip("\r ")
    if told.lower().startswith("sep=") and len(told) == 5:
        mark, text, skipped = told[4], rest, 1
    else:
        mark = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    while True:
        line = reader.line_num + 1 + skipped
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            raise BadRundown(
                [Complaint(line, Text(f"cannot be read as CSV ({error})", f"不是合格的 CSV({error})"))]
            ) from None
        if any(cells) and not cells[0].startswith("#"):
            yield line, cells


def _clipped(cell: str) -> str:
    return repr(cell if len(cell) <= CLIPPED else cell[:CLIPPED] + "…")


def _header(line: int, cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    names = [_NAMES.get(cell.lower(), "") for cell in cells]
    wrong = [*_foreign(cell for cell, name in zip(cells, names, strict=True) if not name)]
    wrong += [
        Text(f"the column {name} is there twice", f"列“{COLUMNS[name]}”重复")
        for name in COLUMNS
        if names.count(name) > 1
    ]
    wrong += [
        Text(f"the column {name} is missing", f"缺少列“{COLUMNS[name]}”")
        for name in ("title", "media")
        if name not in names
    ]
    if wrong:
        raise BadRundown([Complaint(line, text) for text in wrong])
    return names


def _foreign(cells: Iterable[str]) -> Iterator[Text]:
    """What is said of headings that are none of ours: all of them in one sentence, for the list of those that are is long."""
    shown = [_clipped(cell) for cell in cells]
    shown[SHOWN:] = ["…"][: len(shown[SHOWN:])]
    if shown:
        yield Text(
            f"there is no column {', '.join(shown)}; there are {', '.join(COLUMNS)}",
            f"没有名为 {'、'.join(shown)} 的列;可用的列:{'、'.join(COLUMNS.values())}",
        )
