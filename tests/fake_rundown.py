"""Rundowns of the fake station: its own little layout of a day, so that the page is tried against somebody else's arithmetic. Imports nothing of the product."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from made_day import DAY_START

COLUMNS = [
    "start", "mode", "title", "media", "duration", "class", "cut", "cue_in", "cue_out", "fade_in", "fade_out", "gain", "id", "note",
]  # fmt: skip
US = 1_000_000
TZ = 8 * 3600
LOCK_S = 300
MEDIA = {
    "morning.flac": ("晨曲", 1_800),
    "news.flac": ("寿县新闻", 1_200),
    "fields.flac": ("田间地头", 1_800),
    "relay.flac": ("转播 中国之声", 3_600),
    "spots.flac": ("公益广告", 180),
    "opera.flac": ("戏曲时间", 3_420),
    "law.flac": ("乡村法律", 1_500),
    "weather.flac": ("天气预报", 300),
    "songs.flac": ("老歌经典", 2_400),
    "roads.flac": ("天气与路况", 420),
}


def text(en: str, zh: str) -> dict[str, str]:
    return {"en": en, "zh": zh}


def begin_of(day: str) -> int:
    return (
        int(time.mktime(time.strptime(day + " UTC", "%Y-%m-%d %Z"))) - time.timezone - TZ + DAY_START
    ) * US


def seconds(said: str) -> int | None:
    found = re.fullmatch(r"(?:(\d+):)?(?:(\d+):)?(\d+)", said)
    if not said or found is None:
        return None
    parts = [int(one) for one in said.split(":")]
    return sum(part * 60**power for power, part in enumerate(reversed(parts)))


def csv_of(rows: list[dict[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


class Rundowns:
    """Every channel's days; one approved version a day made up, one waiting at most."""

    def __init__(self, now: Callable[[], int], refuse: Callable[[str, str, str], Exception]) -> None:
        self.now, self.refuse = now, refuse
        self.given: Path | None = None
        self.approved: dict[tuple[str, str], dict[str, Any]] = {}
        self.waiting: dict[tuple[str, str], dict[str, Any]] = {}

    def today(self) -> str:
        return time.strftime("%Y-%m-%d", time.gmtime(self.now() // US + TZ - DAY_START))

    def version(self, channel: str, day: str) -> dict[str, Any] | None:
        key = (channel, day)
        if key not in self.approved and day == self.today():
            self.approved[key] = {"csv": self.first(), "by": "sun", "signatures": ["li", "wang", "zhao"]}
        return self.approved.get(key)

    def first(self) -> str:
        """The day's approved version: what a test put there, else one made up."""
        if self.given is not None and self.given.exists():
            return self.given.read_text(encoding="utf-8")
        rows, names = [], list(MEDIA)
        for hour in range(24):
            clock = f"{(DAY_START // 3600 + hour) % 24:02d}:00:00"
            for k in range(3):
                name = names[(hour * 7 + k * 3) % len(names)]
                rows.append(
                    {
                        "start": clock if k == 0 else "",
                        "mode": "hard" if k == 0 else "",
                        "title": MEDIA[name][0],
                        "media": name if (hour, k) != (20, 1) else "lost.flac",
                        "class": "music",
                        "cut": "yes",
                        "id": f"h{hour}-{k}",
                    }
                )
        return csv_of(rows)

    # -- laying out ------------------------------------------------------------------------------------

    def lay(self, channel: str, day: str, said: str) -> dict[str, Any]:
        begins, ends = begin_of(day), begin_of(day) + 86_400 * US
        rows = list(csv.DictReader(io.StringIO(said)))
        complaints: list[Any] = []
        for k, row in enumerate(rows):
            if row["start"] and not re.fullmatch(r"\d\d?:\d\d(:\d\d)?", row["start"]):
                complaints.append([k + 2, text(f"the start {row['start']!r} is no time", "开始时刻无效")])
        content = None if complaints else hashlib.sha256(said.encode()).hexdigest()
        starts = [] if complaints else [self._planned(begins, row["start"]) for row in rows]
        lines = [] if complaints else self._lines(rows, starts, begins, ends, complaints)
        return {
            "content": content,
            "lines": lines,
            "gaps": self._gaps(lines, begins, ends),
            "complaints": complaints,
            "remarks": [],
        }

    @staticmethod
    def _planned(begins: int, start: str) -> int | None:
        whole = seconds(start if start.count(":") == 2 else f"{start}:00" if start else "")
        return None if whole is None else begins + (whole - DAY_START) % 86_400 * US

    def _lines(self, rows: Any, starts: Any, begins: int, ends: int, complaints: Any) -> list[dict[str, Any]]:
        made, cursor, last = [], begins, 0
        seen: dict[str, int] = {}
        for k, row in enumerate(rows):
            at, limit = starts[k], ends
            for later in range(k + 1, len(rows)):
                if rows[later]["mode"] == "hard":
                    limit = starts[later]
                    break
            if at is not None and at < last:
                complaints.append([k + 2, text("its start is before that of the line above", "早于上一条")])
            last = at if at is not None else last
            name = row["id"] or row["title"]
            seen[name] = seen.get(name, 0) + 1
            made.append(self._line(row, k, f"{name}.{seen[name]}", at, max(cursor, at or 0), limit))
            cursor = made[-1]["end"] or cursor
        return made

    def _line(self, row: Any, k: int, name: str, at: Any, start: int, limit: int) -> dict[str, Any]:
        there = MEDIA.get(row["media"])
        whole = seconds(row["duration"]) or (there[1] if there else None)
        end = min(start + (whole or 0) * US, limit)
        heard = there is not None and end > start
        remarks = [] if there else [text(f"{row['media']} is missing; filler instead", "缺失,改播垫片")]
        return {
            "id": name,
            "line": k + 2,
            "cells": {column: row.get(column) or "" for column in COLUMNS},
            "planned": at,
            "at": start if heard else None,
            "end": end if heard else None,
            "condition": "ready" if heard else "missing" if there is None else "dropped",
            "trimmed": bool(heard and whole and end < start + whole * US),
            "late": max(0, start - at) if heard and at is not None else 0,
            "earliest": None,
            "latest": None,
            "outside": False,
            "stands_in": None,
            "locked": False,
            "remarks": remarks,
        }

    @staticmethod
    def _gaps(lines: list[dict[str, Any]], begins: int, ends: int) -> list[dict[str, int]]:
        gaps, cursor = [], begins
        for line in [one for one in lines if one["at"] is not None]:
            if line["at"] > cursor:
                gaps.append({"start": cursor, "end": line["at"]})
            cursor = line["end"]
        return [*gaps, {"start": cursor, "end": ends}] if cursor < ends else gaps

    # -- answers ---------------------------------------------------------------------------------------

    def look(self, channel: str, day: str, said: str) -> dict[str, Any]:
        until = self.now() + LOCK_S * US
        old = self.version(channel, day)
        before = self.lay(channel, day, old["csv"])["lines"] if old else []
        found = self.lay(channel, day, said)
        near = {one["id"]: one for one in before if one["at"] is not None and one["at"] < until}
        after = {one["id"]: one for one in found["lines"]}
        for one in found["lines"]:
            one["locked"] = one["id"] in near
        recent = [one for one in near.values() if one["end"] > self.now()]
        lost = [one for one in recent if (after.get(one["id"]) or {}).get("at") != one["at"]]
        return {
            **found,
            "changes": self._changes(before, found["lines"]) if found["content"] else [],
            "unchanged": bool(old and found["content"]) and not self._changes(before, found["lines"]),
            "locked": [text(f"“{one['cells']['title']}” would be moved", "会被移动") for one in lost],
            "lock_until": until,
            **self._chance(before, after, lost),
        }

    def _chance(self, before: list[Any], after: dict[str, Any], lost: list[Any]) -> dict[str, Any]:
        """When a moved line meets the zone, and when one that met it has passed."""
        moved = [one for one in before if one["at"] and (after.get(one["id"]) or {}).get("at") != one["at"]]
        ahead = sorted(
            (one["at"] - LOCK_S * US, one["cells"]["title"])
            for one in moved
            if one not in lost and one["end"] > self.now()
        )
        return {
            "opens": max((one["end"] for one in lost), default=None),
            "closes": ahead[0][0] if ahead else None,
            "closes_why": text(f"“{ahead[0][1]}” would be moved", f"《{ahead[0][1]}》会被移动")
            if ahead
            else None,
        }

    @staticmethod
    def _changes(before: list[Any], after: list[Any]) -> list[dict[str, Any]]:
        old, new = {one["id"]: one for one in before}, {one["id"]: one for one in after}
        made = []
        for key in sorted({*old, *new}):
            was, now = old.get(key), new.get(key)
            what = "added" if was is None else "removed" if now is None else ""
            if was and now and was["cells"] != now["cells"]:
                what = "changed"
            elif was and now and was["at"] != now["at"]:
                what = "moved"
            if what:
                known = now or was
                made.append(
                    {
                        "what": what,
                        "id": key,
                        "title": known["cells"]["title"],
                        "before": was and was["at"],
                        "after": now and now["at"],
                        "fields": [],
                    }
                )
        return made

    def sheet(self, channel: str, day: str, who: str) -> dict[str, Any]:
        now, begins = self.now(), begin_of(day)
        old, new = self.version(channel, day), self.waiting.get((channel, day))
        approved = waiting = None
        if old:
            approved = {
                **self._named(old),
                **{k: self.look(channel, day, old["csv"])[k] for k in ("lines", "gaps")},
            }
        if new:
            found = self.look(channel, day, new["csv"])
            may = who in ("li", "wang", "zhao", "chen") and who not in new["signatures"]
            waiting = {
                **self._named(new),
                **{
                    key: found[key]
                    for key in ("lines", "gaps", "changes", "locked", "opens", "closes", "closes_why")
                },
                "may_sign": may,
                "why_not": None if may else text("you have signed", "您已签"),
            }
        return {
            "channel": channel,
            "day": day,
            "today": self.today(),
            "at": now,
            "begins": begins,
            "ends": begins + 86_400 * US,
            "lock_s": LOCK_S,
            "lock_until": now + LOCK_S * US,
            "needed": 3,
            "approved": approved,
            "waiting": waiting,
            "rejected": None,
            "ahead": self._ahead(approved, max(now, begins), begins + 86_400 * US),
            "idle": None
            if old
            else text("No rundown of this day: filler throughout.", "当日没有节目单:全天播垫片。"),
        }

    def _named(self, held: dict[str, Any]) -> dict[str, Any]:
        return {
            "content": hashlib.sha256(held["csv"].encode()).hexdigest(),
            "by": held["by"],
            "by_name": text(held["by"].title(), held["by"]),
            "signatures": [{"by": one, "name": text(one.title(), one)} for one in held["signatures"]],
        }

    @staticmethod
    def _ahead(approved: dict[str, Any] | None, start: int, end: int) -> list[dict[str, Any]]:
        lines = [one for one in (approved or {"lines": []})["lines"] if one["at"] is not None]
        made = [
            {
                "item": one["id"],
                "title": one["cells"]["title"],
                "start": one["at"],
                "end": one["end"],
                "hard": one["cells"]["mode"] == "hard",
                "amiss": "ends_early" if one["trimmed"] else "",
                "why": text("as planned", "按计划播出"),
            }
            for one in lines
        ]
        gaps = approved["gaps"] if approved else [{"start": start, "end": end}]
        filler = {"item": "filler", "title": "垫片 · filler", "hard": False, "amiss": "filler"}
        made += [{**filler, **gap, "why": text("nothing is planned: filler", "垫片")} for gap in gaps]
        return sorted((one for one in made if one["end"] > start), key=lambda one: one["start"])

    def media(self) -> list[dict[str, Any]]:
        return [
            {"name": name, "title": title, "length": length * US, "missing": False}
            for name, (title, length) in sorted(MEDIA.items())
        ]

    def submit(self, who: str, body: dict[str, Any]) -> dict[str, Any]:
        found = self.look(body["channel"], body["day"], body["csv"])
        if found["complaints"] or found["locked"]:
            raise self.refuse("refused", "this rundown cannot be kept", "节目单无法执行")
        self.waiting[body["channel"], body["day"]] = {"csv": body["csv"], "by": who, "signatures": []}
        return {}

    def sign(self, who: str, body: dict[str, Any]) -> dict[str, Any]:
        key = (body["channel"], body["day"])
        held = self.waiting.get(key)
        if held is None:
            raise self.refuse("refused", "no rundown waits", "没有待审的节目单")
        if body.get("verdict") == "reject":
            del self.waiting[key]
            return {}
        if len(held["signatures"]) >= 2 and self.look(*key, held["csv"])["locked"]:
            raise self.refuse(
                "locked", "Nothing may be moved within 300 s of air.", "距播出 300 秒内的节目已锁定"
            )
        held["signatures"].append(who)
        if len(held["signatures"]) >= 3:
            self.approved[key] = self.waiting.pop(key)
        return {}


class RundownDesk:
    """The fake station's questions and commands about rundowns."""

    def open_rundowns(self, now: Callable[[], int], refuse: Callable[[str, str, str], Exception]) -> None:
        places: Path | None = self.places  # type: ignore[attr-defined]

        def shifted() -> int:  # a test moves the hands of rundowns' clock on
            file = places / "shift" if places is not None else None
            return now() + (int(file.read_text()) * US if file is not None and file.exists() else 0)

        self.rundowns = Rundowns(shifted, refuse)
        self.rundowns.given = places / "first.csv" if places is not None else None
        self.gone: list[dict[str, Any]] = []
        self.studios: dict[str, bool] = {}
        self.media_titles: dict[str, str] = {}

    def told_rundown(self, what: str, seat: dict[str, Any], body: dict[str, Any]) -> None:
        self.write(f"rundown.{what}/1", seat["operator"], body, f"rundown {what}", "节目单变动")  # type: ignore[attr-defined]

    def ask_rundown_sheet(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        return self.rundowns.sheet(
            args["channel"], args.get("day") or self.rundowns.today(), seat["operator"]
        )

    def ask_rundowns(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        return [
            {
                "channel": channel,
                "day": day,
                "state": "waiting",
                "signatures": list(held["signatures"]),
                "channel_name": {"en": "County radio", "zh": "县广播"},
                "needed": 3,
                "may_sign": self.rundowns.sheet(channel, day, seat["operator"])["waiting"]["may_sign"],
            }
            for (channel, day), held in self.rundowns.waiting.items()
        ]

    def ask_rundown_check(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        return self.rundowns.look(args["channel"], args["day"], args["csv"])

    def ask_media(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        return self.rundowns.media()

    def ask_prepared(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        why = text("a hard start is near", "临近定时开始")
        shown = {"category": "notice", "length": 20 * US, "now": None}
        return [
            {"item": "p1", "title": "停水通知", **shown, "next": None},
            {"item": "p2", "title": "路况", **shown, "next": why},
        ]

    def ask_live(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        who, source = text("Chen", "陈守夜"), {"name": text("Studio 1", "一号直播间"), "source": "studio1"}
        line = {"item": "t1", "title": "热线直播", "source": "studio1", "length": 1_800 * US, "why": None}
        known = {**source, "delay": 7 * US, "dumped": True, "state": "good", "quiet_ms": 0}
        now = 1_790_000_000_000_000
        on_air = {
            "title": "热线直播", "source": "studio1", "approval": "session:fm1:1", "by": who, "thrown": None,
            "signed": "rundown:fm1:x", "start": now, "end": now + 1_800 * US,
        }  # fmt: skip
        return {
            "at": now, "lines": [line], "sources": [known], "waiting": None, "open": self.studios.get(args["channel"]) and on_air,
        }  # fmt: skip

    def do_live_open(self, seat: dict[str, Any], body: dict[str, Any]) -> None:
        assert body["item"] == "t1" and body["start"] in ("now", "fader")
        self.studios[body["channel"]] = True

    def do_live_dump(self, seat: dict[str, Any], body: dict[str, Any]) -> None:
        assert self.studios[body["channel"]]

    def do_live_close(self, seat: dict[str, Any], body: dict[str, Any]) -> None:
        assert body["when"] in ("heard", "now") and self.studios.pop(body["channel"])

    def ask_withdrawn(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        return list(reversed(self.gone))

    def do_air_take(self, seat: dict[str, Any], body: dict[str, Any]) -> None:
        assert list(body) == ["channel"]

    def do_air_cue(self, seat: dict[str, Any], body: dict[str, Any]) -> None:
        assert body["channel"] and body["take"]

    def do_air_extend(self, seat: dict[str, Any], body: dict[str, Any]) -> None:
        assert body == {"channel": "fm1", "minutes": 1}

    def do_relay_choose(self, seat: dict[str, Any], body: dict[str, Any]) -> None:
        assert body == {"relay": "cnr", "member": 1}

    def do_air_insert(self, seat: dict[str, Any], body: dict[str, Any]) -> None:
        assert body["channel"] and body["item"] == "p1" and body["when"] == "now"

    def do_media_withdraw(self, seat: dict[str, Any], body: dict[str, Any]) -> None:
        title = self.media_titles[body["media"]]
        self.gone.append(
            {
                "media": body["media"], "title": title, "reason": body["reason"], "by": seat["operator"],
                "by_name": {"en": seat["operator"], "zh": seat["operator"]}, "at": 1_790_000_000_000_000,
            }
        )  # fmt: skip

    def do_media_restore(self, seat: dict[str, Any], body: dict[str, Any]) -> None:
        self.gone = [one for one in self.gone if one["media"] != body["media"]]

    def do_rundown_submit(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        made = self.rundowns.submit(seat["operator"], body)
        self.told_rundown("submitted", seat, {"day": body["day"]})
        return made

    def do_rundown_sign(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        made = self.rundowns.sign(seat["operator"], body)
        self.told_rundown("signed", seat, {"day": body["day"]})
        return made
