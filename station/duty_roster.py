"""The roster as a CSV file: a whole list of shifts, or every wrong line at once. Pure; knows no account and no clock."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from itertools import pairwise

from schedules.calendar import add_days, instant_of_local, parse_day
from station.duty_messages import POSTS, Post, Shift
from station.words import Refused

COLUMNS = ("day", "shift", "start", "end", *POSTS)
BYTES_AT_MOST = 100_000
SHIFTS_AT_MOST = 400
_SHOWN = 10

Wrong = list[tuple[int, str, str]]


def parse(text: str, tz: str) -> tuple[Shift, ...]:
    """The shifts of a roster in order of their start; times are local in `tz`, an end not after its start is on the day after.

    Raises Refused naming every wrong line (ten at most are told); nothing of a wrong roster is taken.
    """
    if len(text) > BYTES_AT_MOST:
        raise Refused("The roster is too long; give at most 400 shifts.", "值班表过长,至多 400 班。")
    reader = csv.DictReader(text.lstrip("\ufeff").splitlines(), restkey="more", restval="")
    if tuple(reader.fieldnames or ()) != COLUMNS:
        said = ",".join(COLUMNS)
        raise Refused(f"The roster's first line must be {said}", f"值班表第一行应为 {said}")
    wrong: Wrong = []
    rows = [(reader.line_num, row) for row in reader]
    found = [shift for number, row in rows if (shift := _shift(row, number, tz, wrong)) is not None]
    found.sort(key=lambda shift: (shift.start, shift.end, shift.name))
    _check_whole(found, wrong)
    if wrong:
        raise _refusal(wrong)
    return tuple(found)


def _refusal(wrong: Wrong) -> Refused:
    wrong.sort()
    en = "; ".join((f"line {line}: {said}" if line else said) for line, said, _ in wrong[:_SHOWN])
    zh = ";".join((f"第 {line} 行:{said}" if line else said) for line, _, said in wrong[:_SHOWN])
    return Refused(f"The roster has {len(wrong)} mistakes: {en}.", f"值班表有 {len(wrong)} 处错误:{zh}。")


def _shift(row: dict[str, str], number: int, tz: str, wrong: Wrong) -> Shift | None:
    if "more" in row:
        wrong.append((number, "it has too many columns", "列数过多"))
        return None
    cells = {name: (row[name] or "").strip() for name in COLUMNS}
    if not 0 < len(cells["shift"]) <= 30:
        wrong.append((number, "the shift needs a name of at most 30 characters", "班次须有名称,至多 30 字"))
        return None
    people = {post: _people(cells[post]) for post in POSTS}
    if not any(people.values()):
        wrong.append((number, "nobody is on duty in it", "没有值班人员"))
        return None
    try:
        day = parse_day(cells["day"]).isoformat()
        start = instant_of_local(day, cells["start"], tz, "00:00")
        end = instant_of_local(day, cells["end"], tz, "00:00")
        if end <= start:
            end = instant_of_local(add_days(day, 1), cells["end"], tz, "00:00")
    except Refused as refused:
        wrong.append((number, refused.text.en.rstrip("."), refused.text.zh.rstrip("。")))
        return None
    return Shift(day=day, name=cells["shift"], start=start, end=end, **people)


def _people(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.strip() for one in cell.split("+") if one.strip()))


def _check_whole(found: list[Shift], wrong: Wrong) -> None:
    if not found and not wrong:
        wrong.append((0, "it names no shift", "没有任何班次"))
    if len(found) > SHIFTS_AT_MOST:
        wrong.append((0, f"it has more than {SHIFTS_AT_MOST} shifts", f"超过 {SHIFTS_AT_MOST} 班"))
    for post in POSTS:
        manned = [shift for shift in found if shift.people(post)]
        wrong.extend(_overlaps(manned, post))


def _overlaps(manned: list[Shift], post: Post) -> Iterable[tuple[int, str, str]]:
    for one, other in pairwise(manned):
        if other.start < one.end:
            yield (
                0,
                f"shifts {one.day} {one.name} and {other.day} {other.name} overlap at the post {post}",
                f"{one.day} {one.name} 与 {other.day} {other.name} 的 {post} 时间重叠",
            )


def everyone(shifts: Iterable[Shift]) -> tuple[str, ...]:
    """Every operator id on a roster, once, sorted."""
    return tuple(sorted({who for shift in shifts for post in POSTS for who in shift.people(post)}))
