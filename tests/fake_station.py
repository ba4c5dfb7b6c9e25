"""A station for the panel's tests: a real UNIX-socket server that speaks docs/control-protocol.md over a small world of its own. Imports nothing of the product."""

from __future__ import annotations

import argparse
import csv
import ctypes
import hashlib
import json
import math
import os
import random
import secrets
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

from fake_office import OFFICE_RIGHTS, FakeOffice
from fake_plant import PLANT_RIGHTS, WITHOUT_PIN, FakePlant
from fake_rundown import RundownDesk
from fake_wall import WallDesk
from made_day import DAY_START

AREAS = Path(__file__).parent / "data" / "county.csv"
PASSWORD = "night-watch"
PIN = "2468"
DAY_S = 86_400
SPEECH_US = 400_000  # how long the speech takes to make
TZ = 8 * 3600
DEEDS = (
    "air.take", "air.hold", "air.skip", "air.cue", "air.back", "air.insert", "air.extend", "air.end", "relay.choose",
    "live.open", "live.dump", "live.close",
)  # fmt: skip
RIGHTS = {
    "viewer": ["view"],
    "dispatcher": ["view", "compose", "sign", "dispatch", "air", "mute", "alarm", "carrier", "duty"],
    "reviewer": ["view", "sign", "duty"],
    "approver": ["view", "sign", "duty", "roster"],
    "auditor": ["view", "audit"],
    "editor": ["view", "edit", "duty"],
    "engineer": ["view", "engineer", "mute", "alarm", "carrier", "duty", "roster", "configure"],
    "admin": ["view", "admin", "roster", "configure"],
}
PEOPLE = {
    "chen": ("陈守夜", "Chen Shouye", ["dispatcher"]),
    "li": ("李审", "Li Shen", ["reviewer"]),
    "wang": ("王核", "Wang He", ["reviewer"]),
    "zhao": ("赵签", "Zhao Qian", ["approver"]),
    "guest": ("值班观察", "Guest", ["viewer"]),
    "wu": ("吴工", "Wu Gong", ["engineer"]),
    "he": ("何管", "He Guan", ["admin"]),
    "sun": ("孙编", "Sun Bian", ["editor"]),
}
STATES = ["PLANNED", "FOREIGN", "WRONG", "OUTAGE", "EMPTY", "DEGRADED", "UNKNOWN", "NORMAL"]
PROGRAMME = [
    ("晨曲", "Morning music", "music", 1_800),
    ("寿县新闻", "County news", "news", 1_200),
    ("田间地头", "In the fields", "talk", 1_800),
    ("转播 中国之声", "Relay: Voice of China", "relay", 3_600),
    ("公益广告", "Public service spots", "advert", 180),
    ("戏曲时间", "Opera hour", "music", 3_420),
    ("乡村法律", "Village law", "talk", 1_500),
    ("天气预报", "Weather", "news", 300),
    ("老歌经典", "Old songs", "music", 2_400),
    ("天气与路况", "Weather and roads", "news", 420),
]


def now_us() -> int:
    return time.time_ns() // 1000


def text(en: str, zh: str) -> dict[str, str]:
    return {"en": en, "zh": zh}


class Refusal(Exception):
    def __init__(self, code: str, en: str, zh: str) -> None:
        super().__init__(en)
        self.body = {"ok": False, "code": code, "text": text(en, zh)}


def sha(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def read_areas() -> list[dict[str, Any]]:
    from pypinyin import Style, lazy_pinyin

    rows = []
    with AREAS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if not row["code"].startswith("340422"):
                continue
            rows.append(
                {
                    "code": row["code"],
                    "name": row["name"],
                    "level": row["level"],
                    "pinyin": "".join(lazy_pinyin(row["name"])),
                    "initials": "".join(lazy_pinyin(row["name"], style=Style.FIRST_LETTER)),
                    "terminals": 0,
                }
            )
    return rows


def relay(now: int) -> dict[str, Any]:
    """The Voice of China by three ways, one of which is away; it is on air until the hour is over."""
    hour = 3_600 * 10**6
    good = {"state": "good", "text": text("good", "正常"), "placed": True, "peak": -1_130}
    return {
        "id": "cnr",
        "media": hashlib.sha256("转播 中国之声".encode()).hexdigest(),
        "name": text("Voice of China", "中国之声"),
        "ways": [
            {"shown": "udp://239.1.1.1:5000", "behind_ms": 0, "alike": None, **good},
            {"shown": "https://ngcdn.example/zgzs/index.m3u8", "behind_ms": 4_260, "alike": 987, **good},
            {
                "shown": "srt://uplink.example:9000", "state": "absent", "text": text("nothing comes", "无信号"),
                "placed": False, "behind_ms": None, "peak": None, "alike": None,
            },
        ],
        "heard": 0,
        "since": now - now % hour,
        "at": now - 200_000,
        "air": [
            {
                "channel": "fm1", "name": text("Shouxian FM", "寿县综合广播"), "title": "转播 中国之声",
                "start": now - now % hour, "end": now - now % hour + hour,
                "until": now - now % hour + hour + 300 * 10**6,
                "why": text("the rundown allows no more", "节目单只允许到此"),
            }
        ],
        "next": None,
        "preview": True,
        "marker": "",
    }  # fmt: skip


class World(FakeOffice, RundownDesk, WallDesk, FakePlant):
    """Everything the fake knows. Callers hold `lock`."""

    def __init__(self, places: Path | None = None) -> None:
        self.lock = threading.RLock()
        self.random = random.Random(340422)
        self.places = places
        self.sessions: dict[str, dict[str, Any]] = self.known_seats()
        self.answers: dict[str, Any] = {}
        self.areas = read_areas()
        self.by_code = {row["code"]: row for row in self.areas}
        self.villages = [row for row in self.areas if row["level"] == "village"]
        self.terminals = self._make_terminals()
        self.alerts: dict[str, dict[str, Any]] = {}
        self.mutes: dict[str, dict[str, Any]] = {}
        self.unexplained: dict[str, dict[str, Any]] = {}
        self.alone: set[str] = set()  # alerts that the lone dispatcher signs himself
        self.spoken_at: dict[str, int] = {}
        self.templates = self._make_templates()
        self.journal: list[dict[str, Any]] = []
        self.fed: list[dict[str, Any]] = []
        self.open_plant(places)
        self._first_journal()
        self._first_alerts()
        self.open_office(PEOPLE, Refusal)
        self.open_rundowns(now_us, Refusal)
        self.media_titles = {hashlib.sha256(row[0].encode()).hexdigest(): row[0] for row in PROGRAMME}
        if places is not None:
            self.open_wall(places)

    # -- what there is ---------------------------------------------------------------------------------

    def _make_terminals(self) -> list[dict[str, Any]]:
        made = []
        towns = [row for row in self.areas if row["level"] == "township"]
        centre = {}
        for number, town in enumerate(towns):
            angle, ring = number * 2.399963, math.sqrt((number + 0.5) / len(towns))
            centre[town["code"][:9]] = (
                116_780_000 + int(330_000 * ring * math.cos(angle)),
                32_330_000 + int(270_000 * ring * math.sin(angle)),
            )
        for number in range(3_300):
            village = self.villages[number % len(self.villages)]
            town_x, town_y = centre[village["code"][:9]]
            village["terminals"] += 1
            spread = self.random.gauss
            made.append(
                {
                    "code": f"6{village['code']}{number:010d}",
                    "name": f"{village['name']}{number // len(self.villages) + 1}号杆",
                    "area": village["code"],
                    "area_name": village["name"],
                    "longitude": town_x + int(spread(0, 16_000)),
                    "latitude": town_y + int(spread(0, 13_000)),
                    "online": self.random.random() < 0.87,
                    "last_seen": now_us() - self.random.randrange(1_000_000, 50_000_000),
                    "playing": "",
                    "acknowledged": False,
                    "heard": False,
                    "volume": 70,
                }
            )
        for row in self.areas:
            if row["level"] != "village":
                prefix = row["code"].rstrip("0") if row["level"] == "county" else row["code"][:9]
                row["terminals"] = sum(1 for one in made if one["area"].startswith(prefix))
        return made

    def _make_templates(self) -> list[dict[str, Any]]:
        def blank(name: str, zh: str, en: str, kind: str, most: int = 20) -> dict[str, Any]:
            return {"name": name, "label_en": en, "label_zh": zh, "type": kind, "max_length": most}

        def template(**fields: Any) -> dict[str, Any]:
            base = {
                "kind": "actual",
                "instruction": "",
                "blanks": [],
                "max_villages": 3,
                "max_minutes": 30,
                "valid_until": now_us() + 300 * DAY_S * 1_000_000,
                "language": "zho",
            }
            return {**base, **fields}

        bodies = {
            "flash-flood": template(
                name_en="Flash flood: evacuate",
                name_zh="山洪转移",
                event="11A06",
                level=1,
                headline="山洪灾害红色预警",
                description="{place}上游水位上涨{rise}厘米,请立即转移。",
                instruction="请沿{route}转移到高处,不要返回取物。",
                blanks=[
                    blank("place", "地点", "Place", "place"),
                    blank("rise", "涨水(厘米)", "Rise (cm)", "number", 4),
                    blank("route", "转移路线", "Route", "text", 40),
                ],
            ),
            "dam": template(
                name_en="Reservoir release",
                name_zh="水库泄洪",
                event="11A09",
                level=2,
                headline="水库泄洪橙色预警",
                description="{place}将于{time}开始泄洪,请下游群众远离河道。",
                blanks=[
                    blank("place", "水库", "Reservoir", "place"),
                    blank("time", "时间", "Time", "time", 5),
                ],
                max_villages=12,
            ),
            "siren-drill": template(
                name_en="Drill: evacuation",
                name_zh="疏散演练",
                event="11A06",
                level=4,
                kind="drill",
                headline="防汛疏散演练",
                description="{place}现在进行防汛疏散演练。",
                blanks=[blank("place", "地点", "Place", "place")],
            ),
        }
        return [
            {
                "id": name,
                "body": body,
                "state": "reviewed",
                "content": sha(body),
                "signatures": [
                    {
                        "by": who,
                        "name": text(PEOPLE[who][1], PEOPLE[who][0]),
                        "at": now_us() - 9 * DAY_S,
                        "owed": False,
                    }
                    for who in ("chen", "li", "wang")
                ],
            }
            for name, body in bodies.items()
        ]

    def _first_journal(self) -> None:
        start = now_us() - 6 * 3600 * 1_000_000
        for number in range(400):
            entry = PROGRAMME[number % len(PROGRAMME)]
            self.write(
                "asrun.entries/1",
                "system",
                {"chain": "radio", "title": entry[0]},
                f"Aired: {entry[1]}",
                f"已播:{entry[0]}",
                at=start + number * 50_000_000,
            )

    def _first_alerts(self) -> None:
        now = now_us()
        some = [row["code"] for row in self.villages[40:42]]
        old = self.make_alert(
            "old-1",
            some,
            "暴雨黄色预警",
            "预计未来六小时有暴雨。",
            level=3,
            by="weather",
            at=now - 4 * 3600 * 10**6,
        )
        old |= {
            "aired_at": now - 4 * 3600 * 10**6 + 10**7,
            "ended_at": now - 3 * 3600 * 10**6,
            "ended_how": "expired",
        }
        old |= {"until": now - 3 * 3600 * 10**6, "phase": "ended", "phase_text": text("ended", "已结束")}
        self.set_counts(old)
        self.make_alert(
            "wait-1",
            [row["code"] for row in self.villages[7:10]],
            "森林火险橙色预警",
            "今日森林火险等级高,严禁野外用火。",
            level=2,
            by="province",
            at=now - 40 * 10**6,
            needed=1,
            hold=now + 45 * 10**6,
        )

    # -- alerts ---------------------------------------------------------------------------------------

    def make_alert(
        self,
        alert: str,
        areas: list[str],
        headline: str,
        spoken: str,
        *,
        level: int,
        by: str,
        at: int,
        needed: int = 3,
        hold: int | None = None,
        kind: str = "actual",
        event: str = "11A06",
        minutes: int = 30,
        owed: int = 0,
    ) -> dict[str, Any]:
        found = self.resolve(areas)
        made = {
            "id": alert,
            "phase": "waiting",
            "phase_text": text("waiting for signatures", "待签"),
            "headline": headline,
            "text": ("这是演练。" if kind == "drill" else "") + spoken,
            "event": event,
            "event_text": headline,
            "kind": kind,
            "level": level,
            "source": text("the province's platform", "省平台")
            if by in ("province", "weather")
            else text("own composer", "本台编发"),
            "verified": by in ("province", "weather"),
            "composed": by not in ("province", "weather"),
            "content": sha([alert, headline, spoken, areas]),
            "areas": areas,
            "area_names": "、".join(found["names"][:6]),
            "villages": found["villages"],
            "terminals": found["terminals"],
            "unreachable": found["unreachable"],
            "submitted_at": at,
            "submitted_by": by,
            "effective": at,
            "expires": at + minutes * 60 * 10**6,
            "aired_at": None,
            "until": None,
            "ended_at": None,
            "ended_how": "",
            "ended_by": None,
            "ended_reason": "",
            "needed": needed,
            "signatures": [],
            "owed": owed,
            "owed_until": None,
            "overdue": False,
            "hold_until": hold,
            "hold_why": text("not on the life list: waits for one signature", "不在生命安全清单:等待一个签名")
            if hold
            else None,
            "may_sign": False,
            "audio": sha([headline, spoken]),
            "audio_seconds": max(4, len(spoken) // 4),
            "counts": {
                "addressed": found["terminals"],
                "ordered": 0,
                "acknowledged": 0,
                "playing": 0,
                "heard": 0,
                "offline": found["terminals"] - found["online"],
            },
            "muted": False,
            "again": None,
            "silences": [],
            "why": text(
                f"submitted by {by}; row composer; {needed} signatures before air",
                f"{by} 提交;按本台编发一行;播前需 {needed} 个签名",
            ),
        }
        self.alerts[alert] = made
        self.spoken_at[alert] = at + SPEECH_US
        self.speech(made)
        self.write(
            "alert.submitted/1",
            by,
            {"alert": alert},
            f"Alert submitted: {headline}",
            f"预警已提交:{headline}",
        )
        return made

    def speech(self, alert: dict[str, Any]) -> None:
        """A second of tone in a FLAC of the house format, when there is somewhere to put it."""
        if self.places is None:
            return
        target = self.places / "media" / alert["audio"][:2] / f"{alert['audio']}.flac"
        if target.exists():
            return
        import av
        import numpy as np

        target.parent.mkdir(parents=True, exist_ok=True)
        with av.open(str(target), "w") as container:
            stream = container.add_stream("flac", rate=48_000, layout="stereo", format="s16")
            wave = (3000 * np.sin(np.arange(96_000) * 2 * np.pi * 440 / 48_000)).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(
                np.repeat(wave, 2).reshape(1, -1), format="s16", layout="stereo"
            )
            frame.sample_rate = 48_000
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))

    def set_counts(self, alert: dict[str, Any]) -> None:
        total, offline = alert["terminals"], alert["counts"]["offline"]
        since = (now_us() - (alert["aired_at"] or now_us())) / 1e6
        reach = total - offline
        part = min(1.0, since / 1.5)
        acknowledged = int(reach * part)
        playing = 0 if alert["muted"] or alert["ended_at"] else int(acknowledged * 0.97)
        alert["counts"] = {
            "addressed": total,
            "ordered": reach if since > 0 else 0,
            "acknowledged": acknowledged,
            "playing": playing,
            "heard": int(acknowledged * 0.9 * min(1.0, since / 6)),
            "offline": offline,
        }

    def resolve(self, areas: list[str]) -> dict[str, Any]:
        prefixes = [code.rstrip("0") if self.by_code[code]["level"] != "village" else code for code in areas]
        prefixes = [p if len(p) > 9 else (p.ljust(9, "0") if len(p) > 6 else p) for p in prefixes]
        villages = (
            [row for row in self.villages if row["code"].startswith(tuple(prefixes))] if prefixes else []
        )
        chosen = {row["code"] for row in villages}
        inside = [one for one in self.terminals if one["area"] in chosen]
        online = {one["area"] for one in inside if one["online"]}
        return {
            "villages": len(villages),
            "terminals": len(inside),
            "online": sum(one["online"] for one in inside),
            "unreachable": [row["name"] for row in villages if row["code"] not in online],
            "names": [self.by_code[code]["name"] for code in areas],
        }

    def tick(self) -> None:
        now = now_us()
        for alert in self.alerts.values():
            live = alert["aired_at"] is not None and alert["ended_at"] is None
            if live and now >= alert["until"]:
                self.end(alert, "expired", "system")
            elif live:
                self.set_counts(alert)
        self._tick_terminals()

    def _tick_terminals(self) -> None:
        live = [a for a in self.alerts.values() if a["aired_at"] and not a["ended_at"]]
        for one in self.terminals:
            one["playing"], one["acknowledged"], one["heard"] = "", False, False
        for alert in live:
            chosen = set(alert["areas"])
            inside = [one for one in self.terminals if one["area"] in chosen and one["online"]]
            for place, one in enumerate(inside):
                one["acknowledged"] = place < alert["counts"]["acknowledged"]
                one["playing"] = alert["id"] if place < alert["counts"]["playing"] else ""
                one["heard"] = place < alert["counts"]["heard"]

    def end(self, alert: dict[str, Any], how: str, by: str, reason: str = "") -> None:
        alert |= {
            "ended_at": now_us(),
            "ended_how": how,
            "ended_by": text(by.title(), by),
            "ended_reason": reason,
            "phase": "ended",
            "phase_text": text("ended", "已结束"),
        }
        self.set_counts(alert)
        for mute in [one["id"] for one in self.mutes.values() if one["alert"] == alert["id"]]:
            self.lift(mute)
        self.write(
            "alert.ended/1", by, {"alert": alert["id"], "how": how}, f"Alert ended: {how}", f"预警结束:{how}"
        )

    def write(self, kind: str, by: str, body: dict[str, Any], en: str, zh: str, at: int | None = None) -> int:
        position = len(self.journal) + 1
        record = {
            "position": position,
            "at": at or now_us(),
            "kind": kind,
            "by": by,
            "body": body,
            "hash": sha([position, kind, body]),
            "sentence": text(en, zh),
        }
        self.journal.append(record)
        return position

    # -- views ------------------------------------------------------------------------------------------

    def seen_by(self, alert: dict[str, Any], seat: dict[str, Any] | None) -> dict[str, Any]:
        given = {one["by"] for one in alert["signatures"]}
        may = (
            seat is not None
            and "sign" in seat["rights"]
            and seat["operator"] not in given
            and alert["ended_at"] is None
            and (seat["operator"] != alert["submitted_by"] or alert["id"] in self.alone)
        )
        wanted = len(alert["signatures"]) < alert["needed"] + alert["owed"]
        audio = alert["audio"] if now_us() >= self.spoken_at[alert["id"]] else None
        return {**alert, "may_sign": bool(may and wanted), "audio": audio}

    def takes(self, day: str, channel: str) -> list[dict[str, Any]]:
        begin = int(time.mktime(time.strptime(day + " UTC", "%Y-%m-%d %Z"))) - time.timezone
        at = (begin - TZ + DAY_START) * 1_000_000
        stop = at + DAY_S * 1_000_000
        made, number = [], 0
        while at < stop:
            zh, _en, category, seconds = PROGRAMME[(number * 7) % len(PROGRAMME)]
            end = min(stop, at + seconds * 1_000_000)
            ready = "missing" if number % 23 == 9 else "unreviewed" if number % 17 == 5 else "ready"
            made.append(
                {
                    "id": f"{channel}-{number}@{at}",
                    "item": f"{channel}-{number}",
                    "title": zh,
                    "kind": "programme",
                    "category": category,
                    "start": at,
                    "end": end,
                    "hard": category in ("news", "relay"),
                    "approval": f"rundown:{day}",
                    "readiness": ready,
                    "why": text("approved in the day's rundown", "当日节目单已三审"),
                    "media": hashlib.sha256(zh.encode()).hexdigest(),
                }
            )
            at, number = end, number + 1
        return made

    def day_of(self, at: int) -> str:
        return time.strftime("%Y-%m-%d", time.gmtime(at // 1_000_000 + TZ - DAY_START))

    def channel(self, channel: str, zh: str, en: str) -> dict[str, Any]:
        now = now_us()
        takes = self.takes(self.day_of(now), channel) + self.takes(self.day_of(now + DAY_S * 10**6), channel)
        current = next(take for take in takes if take["start"] <= now < take["end"])
        later = [take for take in takes if take["start"] >= current["end"]]
        later[0] = later[0] | {"hard": False}  # at every hour of the day something may be put first
        over = next(
            (a for a in self.alerts.values() if a["aired_at"] and not a["ended_at"] and a["level"] <= 2), None
        )
        wave = int(300 * math.sin(now / 7e5))
        return {
            "id": channel,
            "name": text(en, zh),
            "now": current,
            "next": later[:5],
            "overlay": over["id"] if over else "",
            "overlay_title": over["headline"] if over else "",
            "item_ends": current["end"],
            "next_hard": next((t["start"] for t in later if t["hard"]), None),
            "next_relay": next((t["start"] for t in later if t["category"] == "relay"), None),
            "rung": "file",
            "levels": {"peak": [-900 + wave, -940 + wave], "rms": [-1900 + wave, -1950 + wave]},
            "player_at": now - 120_000,
            "plan_until": now + 25 * 3600 * 10**6,
            "state": "NORMAL",
            "state_since": now - 5 * 3600 * 10**6,
            "measured_at": now - 400_000,
            "real_return": False,
            "muted": any(not m["alert"] and not m["areas"] for m in self.mutes.values()),
        }

    def overview(self) -> dict[str, Any]:
        self.tick()
        now = now_us()
        sounding = [
            self.seen_by(a, None) for a in self.alerts.values() if a["aired_at"] and not a["ended_at"]
        ]
        waiting = [
            self.seen_by(a, None) for a in self.alerts.values() if not a["aired_at"] and not a["ended_at"]
        ]
        tone, line = (
            "good",
            text("Normal: County FM on plan; the next item is ready", "正常:综合广播按单播出;下一条已备好"),
        )
        if waiting:
            tone, line = "warn", text("1 alert waits for a signature", "有 1 条预警待签")
        if sounding:
            tone, line = (
                "bad",
                text(
                    f"An alert sounds: {sounding[0]['headline']}", f"预警正在播发:{sounding[0]['headline']}"
                ),
            )
        if self.mutes:
            tone, line = "bad", text("Local mute is in force", "本地静音中")
        return {
            "at": now,
            "position": len(self.journal),
            "station": text("Shouxian Media Centre", "寿县融媒体中心"),
            "tone": tone,
            "sentence": line,
            "channels": [self.channel("fm1", "寿县综合广播", "Shouxian FM")],
            "relays": [relay(now)],
            "sounding": sounding,
            "waiting": waiting,
            "mutes": list(self.mutes.values()),
            "unexplained": list(self.unexplained.values()),
            "terminals_online": sum(one["online"] for one in self.terminals),
            "terminals_registered": len(self.terminals),
            "overdue": sum(a["overdue"] for a in self.alerts.values()),
            "alarms": self.alarms_brief(),
            "held": self.held_brief(),
        }

    def safety(self, start: int, end: int) -> list[dict[str, Any]]:
        span = max(0, end - start) // 100_000
        middle = start + (end - start) * 2 // 5
        unknown = span // 400
        outage = 25 if span > 100_000 else 0
        alerts = [a for a in self.alerts.values() if a["aired_at"] and start <= a["aired_at"] < end]
        seconds = dict.fromkeys(STATES, 0) | {"OUTAGE": outage, "UNKNOWN": unknown, "DEGRADED": span // 900}
        seconds["NORMAL"] = span - sum(seconds.values())
        known = max(1, span - unknown)
        return [
            {
                "channel": "fm1",
                "point": "player-output",
                "real_return": False,
                "start": start,
                "end": end,
                "planned_s_x10": span,
                "outage_rate_milli": outage * 36_000_000 // known // 10 if span else None,
                "strict_rate_milli": (outage + unknown) * 36_000_000 // max(1, span) // 10 if span else None,
                "availability_ppm": 1_000_000 - outage * 1_000_000 // known if span else None,
                "coverage_ppm": known * 1_000_000 // max(1, span) if span else 0,
                "seconds_x10": seconds,
                "authorised": [
                    {
                        "seconds_x10": max(
                            0,
                            ((a["ended_at"] or now_us()) - a["aired_at"]) // 100_000
                            - 10 * len(a["silences"]),
                        ),
                        "stretches": 1 + len(a["silences"]),
                        "start": a["aired_at"],
                        "end": a["ended_at"] or now_us(),
                        "ref": a["id"],
                        "title": a["headline"],
                        "approval": f"alert:{a['id']}",
                    }
                    for a in alerts
                ],
                "unauthorised": [],
                "incidents": [
                    {"state": "OUTAGE", "start": middle, "end": middle + 2_500_000, "cause": "silence"}
                ]
                if outage
                else [],
                "verdict": text(f"2.5 s of outage in {span / 10:.0f} s", f"{span / 10:.0f} 秒内停播 2.5 秒")
                if outage
                else text("Nothing amiss", "无异常"),
            }
        ]

    # -- the door ---------------------------------------------------------------------------------------

    def seat(self, token: str) -> dict[str, Any]:
        found = self.sessions.get(token)
        if found is None:
            raise Refusal("unknown", "log in again", "请重新登录")
        return found

    def login(self, question: dict[str, Any]) -> dict[str, Any]:
        who = question.get("operator")
        if who not in PEOPLE or question.get("password") != PASSWORD:
            raise Refusal("forbidden", "name or password is wrong", "账号或密码错误")
        zh, en, roles = PEOPLE[who]
        token = secrets.token_urlsafe(24)
        rights = sorted({right for role in roles for right in RIGHTS[role]})
        self.sessions[token] = {
            "operator": who,
            "name": text(en, zh),
            "roles": roles,
            "rights": rights,
            "session": token,
            "until": now_us() + 14 * 3600 * 10**6,
            "pin_until": None,
        }
        self.keep_seats()
        return self.sessions[token]

    def keep_seats(self) -> None:
        """As the product does: a seat outlasts the station's restart."""
        if self.places is not None:
            kept = {token: seat for token, seat in self.sessions.items() if "until" in seat}
            (self.places / "seats.json").write_text(json.dumps(kept), encoding="utf-8")

    def known_seats(self) -> dict[str, dict[str, Any]]:
        file = self.places / "seats.json" if self.places is not None else None
        return json.loads(file.read_text(encoding="utf-8")) if file is not None and file.exists() else {}

    def pin(self, seat: dict[str, Any], pin: str) -> dict[str, Any]:
        if pin != PIN:
            raise Refusal("unproven", "the PIN is wrong", "PIN 错误")
        seat["pin_until"] = now_us() + 120 * 10**6
        return seat

    def command(self, question: dict[str, Any]) -> Any:
        seat = self.seat(question["session"])
        if question["request"] in self.answers:
            return self.answers[question["request"]]
        name, body = question["command"], question.get("body", {})
        need = {
            "alert.submit": "compose",
            "alert.sign": "sign",
            "alert.mute": "mute",
            "alert.explain": "mute",
            "rundown.submit": "edit",
            "rundown.sign": "sign",
            "media.withdraw": "mute",
            "media.restore": "sign",
            **dict.fromkeys(DEEDS, "air"),
            **OFFICE_RIGHTS,
            **PLANT_RIGHTS,
        }
        if need.get(name, "dispatch") not in seat["rights"]:
            raise Refusal("forbidden", "you have no right to do this", "您没有此权限")
        if name not in (
            "alert.mute",
            "alert.explain",
            "media.withdraw",
            *DEEDS,
            "duty.note",
            "people.own",
            "settings.withdraw",
            *WITHOUT_PIN,
        ):
            if question.get("pin"):
                self.pin(seat, question["pin"])
            if (seat["pin_until"] or 0) < now_us():
                raise Refusal("unproven", "enter your PIN", "请输入 PIN")
        handler = getattr(self, "do_" + name.replace(".", "_"), None)
        if handler is None:
            raise Refusal("misheard", f"there is no command {name}", f"没有命令 {name}")
        result = handler(seat, body) or {}
        self.answers[question["request"]] = {"position": len(self.journal), "result": result}
        return self.answers[question["request"]]

    def do_alert_submit(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        message = body["message"]
        for code in message["areas"]:
            if code not in self.by_code:
                raise Refusal("refused", f"there is no area {code}", f"没有区划 {code}")
        lone = (
            message["template"]
            and message["kind"] == "actual"
            and self.resolve(message["areas"])["villages"] <= 3
        )
        made = self.make_alert(
            body["alert"],
            message["areas"],
            message["headline"],
            message["description"] + message["instruction"],
            level=message["level"],
            by=seat["operator"],
            at=now_us(),
            needed=1 if lone else 3,
            owed=1 if lone else 0,
            kind=message["kind"],
            event=message["event"],
            minutes=max(1, (message["expires"] - now_us()) // 60_000_000),
        )
        if lone:
            self.alone.add(made["id"])
        return {"alert": made["id"], "content": made["content"]}

    def do_alert_sign(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        alert = self.alerts[body["alert"]]
        if body["content"] != alert["content"]:
            raise Refusal("refused", "the content changed since you saw it", "内容与您所见不一致")
        if body.get("verdict") == "reject":
            alert["hold_until"] = None
            self.end(alert, "refused", seat["operator"], body["reason"])
            return {}
        if not self.seen_by(alert, seat)["may_sign"]:
            raise Refusal("refused", "nobody signs twice", "同一人不能签两次")
        owed = alert["aired_at"] is not None
        alert["signatures"].append(
            {"by": seat["operator"], "name": seat["name"], "at": now_us(), "owed": owed}
        )
        self.write(
            "alert.signed/1",
            seat["operator"],
            {"alert": alert["id"]},
            f"Signed: {alert['headline']}",
            f"已签:{alert['headline']}",
        )
        if not owed and len(alert["signatures"]) >= alert["needed"]:
            alert |= {
                "aired_at": now_us(),
                "until": alert["expires"],
                "phase": "sounding",
                "hold_until": None,
            }
            alert["phase_text"] = text("sounding", "播发中")
            alert["owed_until"] = now_us() + DAY_S * 10**6 if alert["owed"] else None
            self.write(
                "alert.aired/1",
                seat["operator"],
                {"alert": alert["id"]},
                f"On air: {alert['headline']}",
                f"已播发:{alert['headline']}",
            )
        return {}

    def do_alert_mute(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        mute = {
            "id": body["mute"],
            "by": seat["operator"],
            "by_name": seat["name"],
            "at": now_us(),
            "alert": body.get("alert", ""),
            "areas": body.get("areas", []),
            "area_names": "",
            "headline": self.alerts[body["alert"]]["headline"] if body.get("alert") else "",
            "reason": body.get("reason", ""),
            "lifted_at": None,
        }
        self.mutes[body["mute"]] = mute
        for alert in self.alerts.values():
            if mute["alert"] in ("", alert["id"]):
                alert["muted"], alert["again"] = True, None
                if alert["aired_at"] and not alert["ended_at"]:
                    alert["silences"].append(mute)
        self.write("alert.muted/1", seat["operator"], {"mute": body["mute"]}, "Local mute", "本地静音")
        return {}

    def do_alert_explain(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        if self.unexplained.pop(body["mute"], None) is None:
            self.mutes[body["mute"]]["reason"] = body["reason"]
        return {}

    def lift(self, mute: str) -> None:
        found = self.mutes.pop(mute, None)
        if found is not None:
            found["lifted_at"] = now_us()
        if found is not None and not found["reason"]:
            self.unexplained[mute] = {**found, "lifted_at": now_us()}

    def do_alert_unmute(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        self.lift(body["mute"])
        for alert in self.alerts.values():
            alert["again"] = now_us() if alert["muted"] and not self.mutes else alert["again"]
            alert["muted"] = bool(self.mutes)
        self.write("alert.unmuted/1", seat["operator"], body, "Mute lifted", "静音解除")
        return {}

    def do_alert_cancel(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        self.end(self.alerts[body["alert"]], "cancelled", seat["operator"], body["reason"])
        return {}

    def do_alert_oral(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        self.write("alert.oral/1", seat["operator"], body, "Oral order recorded", "已登记口头命令")
        return {}

    def query(self, question: dict[str, Any]) -> Any:
        seat = self.seat(question["session"])
        if not self.wall_only(seat, question["name"]):
            raise Refusal("forbidden", "this seat may ask for the wall alone", "此席位只能查看大屏")
        handler = getattr(self, "ask_" + question["name"], None)
        if handler is None:
            raise Refusal("misheard", "there is no such query", "没有此查询")
        return handler(seat, question.get("args") or {})

    def ask_overview(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        return self.overview()

    def ask_me(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        return seat

    def ask_alerts(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        self.tick()
        found = sorted(self.alerts.values(), key=lambda a: -a["submitted_at"])
        if args.get("open"):
            found = [a for a in found if a["ended_at"] is None]
        return [self.seen_by(a, seat) for a in found[: args.get("limit", 100)]]

    def ask_alert(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        self.tick()
        if args.get("id") not in self.alerts:
            raise Refusal("missing", "there is no such alert", "没有这条预警")
        return self.seen_by(self.alerts[args["id"]], seat)

    def ask_signers(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        alert = self.alerts[args["id"]]
        people = [
            {"operator": who, "name": text(en, zh), "roles": roles, "rights": RIGHTS[roles[0]]}
            for who, (zh, en, roles) in PEOPLE.items()
        ]
        return [
            {key: one[key] for key in ("operator", "name", "roles")}
            for one in people
            if self.seen_by(alert, one)["may_sign"]
        ]

    def ask_safety_series(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        end, step = args["to"], args["step"]
        return [
            {key: row[key] for key in ("channel", "start", "end", "seconds_x10")}
            for at in range(args["from"], end, step)
            for row in self.safety(at, min(end, at + step))
        ]

    def ask_mutes(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        return list(self.mutes.values())

    def ask_templates(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        return self.templates

    def ask_areas(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        return self.areas

    def ask_resolve(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        limit = 3  # duck_below_level
        ducked = (args.get("level") or 4) >= limit
        name = text("Shouxian FM", "寿县综合广播")
        return self.resolve(args.get("areas", [])) | {
            "channels": [{"id": "fm1", "name": name, "picture": False, "ducked": ducked, "shrunk": False}]
        }

    def ask_events(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        return [
            {"code": "11A06", "zh": "山洪灾害", "en": "Flash flood"},
            {"code": "11A09", "zh": "水库重大险情", "en": "Reservoir danger"},
            {"code": "11B03", "zh": "暴雨", "en": "Rainstorm"},
            {"code": "11G01", "zh": "森林火灾", "en": "Forest fire"},
            {"code": "11C01", "zh": "地震", "en": "Earthquake"},
        ]

    def ask_terminals(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        rows = self.terminals
        if args.get("area"):
            code = args["area"]
            rows = [
                one for one in rows if one["area"].startswith(code if not code.endswith("000") else code[:9])
            ]
        wanted = args.get("state")
        tests = {
            "online": lambda one: one["online"],
            "offline": lambda one: not one["online"],
            "playing": lambda one: bool(one["playing"]),
            "heard": lambda one: one["heard"],
        }
        if wanted in tests:
            rows = [one for one in rows if tests[wanted](one)]
        offset = args.get("offset", 0)
        return {"total": len(rows), "rows": rows[offset : offset + args.get("limit", 100)]}

    def ask_map(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        def state(one: dict[str, Any]) -> str:
            if not one["online"]:
                return "offline"
            return "heard" if one["heard"] else "playing" if one["playing"] else "online"

        return {
            "points": [
                [one["code"], one["longitude"], one["latitude"], state(one), one["area"]]
                for one in self.terminals
            ]
        }

    def ask_rundown(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        takes = self.takes(args["day"], args["channel"])
        return {
            "channel": args["channel"],
            "day": args["day"],
            "state": "approved",
            "content": sha(args),
            "signatures": [],
            "takes": takes,
            "warnings": [],
        }

    def ask_asrun(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        day = self.day_of(args["from"])
        return [
            {
                "channel": args["channel"],
                "ref": take["id"],
                "title": take["title"],
                "source": "take",
                "start": take["start"] * 6 // 125,
                "end": take["end"] * 6 // 125,
                "rung": "file",
                "approval": take["approval"],
                "cause": "planned",
            }
            for take in self.takes(day, args["channel"])
            if take["start"] < args["to"] and take["end"] <= now_us()
        ]

    def ask_safety(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        return self.safety(args["from"], args["to"])

    def ask_journal(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        rows = [r for r in reversed(self.journal) if r["position"] < args.get("before", 1 << 60)]
        if args.get("kind"):
            rows = [r for r in rows if r["kind"].startswith(args["kind"])]
        return rows[: args.get("limit", 100)]

    def ask_people(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        return [
            {"operator": who, "name": text(en, zh), "roles": roles, "areas": [], "active": True}
            for who, (zh, en, roles) in PEOPLE.items()
        ]

    def ask_audio(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        if self.places is None:
            raise Refusal("missing", "there is no such sound", "没有此音频")
        return {"path": str(self.places / "media" / args["sha256"][:2] / f"{args['sha256']}.flac")}

    def ask_why(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        live = [a for a in self.alerts.values() if a["aired_at"] and not a["ended_at"]]
        one = next((one for one in self.terminals if one["code"] == args.get("code")), None)
        if one is not None and one["playing"]:
            return {"text": live[0]["why"], "alert": one["playing"]}
        return {"text": text("Nothing sounds here", "此处没有播发"), "alert": ""}


class FakeStation:
    """The world behind a UNIX socket; `start`, `stop`."""

    def __init__(self, path: Path, places: Path | None = None) -> None:
        self.path = path
        self.world = World(places)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._lines: set[socket.socket] = set()
        self._stopping = threading.Event()

    def start(self) -> FakeStation:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)
        self._listener.bind(str(self.path))
        self._listener.listen(16)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def stop(self) -> None:
        self._stopping.set()
        self._listener.close()
        self.path.unlink(missing_ok=True)
        for line in list(self._lines):
            line.close()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            self._lines.add(line)
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        gone = threading.Event()
        write = threading.Lock()

        def say(message: dict[str, Any]) -> None:
            body = json.dumps(message, ensure_ascii=False).encode()
            with write:
                line.sendall(b"%d:%s," % (len(body), body))

        with line, line.makefile("rb") as file:
            try:
                while (question := self._read(file)) is not None:
                    self._answer(question, say, gone)
            except OSError:
                pass
            finally:
                gone.set()
                self._lines.discard(line)

    @staticmethod
    def _read(file: Any) -> dict[str, Any] | None:
        digits = b""
        while (one := file.read(1)) not in (b":", b""):
            digits += one
        if not digits:
            return None
        body = file.read(int(digits))
        file.read(1)
        return json.loads(body)

    def _answer(self, question: dict[str, Any], say: Any, gone: threading.Event) -> None:
        number = question["id"]
        try:
            if question["do"] == "subscribe":
                with self.world.lock:
                    self.world.seat(question["session"])
                    question.setdefault("since", len(self.world.journal))
                threading.Thread(target=self._feed, args=(question, say, gone), daemon=True).start()
                return
            with self.world.lock:
                result = self._do(question)
            say({"id": number, "ok": True, "result": result})
        except Refusal as refusal:
            say({"id": number, **refusal.body})

    def _do(self, question: dict[str, Any]) -> Any:
        world = self.world
        if question["do"] == "login":
            return world.login(question)
        if question["do"] == "health":
            return {"ok": True, "position": len(world.journal)}
        if question["do"] == "logout":
            world.sessions.pop(question["session"], None)
            world.keep_seats()
            return None
        if question["do"] == "pin":
            return world.pin(world.seat(question["session"]), question["pin"])
        if question["do"] == "command":
            return world.command(question)
        if question["do"] == "query":
            return world.query(question)
        if question["do"] == "unsubscribe":
            return None
        raise Refusal("misheard", "there is no such question", "没有此问题")

    def _feed(self, question: dict[str, Any], say: Any, gone: threading.Event) -> None:
        feed, sent = question["feed"], question.get("since")
        try:
            while not gone.is_set() and not self._stopping.is_set():
                with self.world.lock:
                    if feed == "live":
                        items: list[Any] = [{"overview": self.world.overview()}]
                    else:
                        sent = len(self.world.journal) if sent is None else sent
                        items = self.world.journal[sent:]
                        sent = len(self.world.journal)
                for item in items:
                    say({"id": question["id"], "feed": feed, "item": item})
                gone.wait(0.25)
        except OSError:
            gone.set()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--state", type=Path, required=True)
    options = parser.parse_args()
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() == 1:
        return 1
    station = FakeStation(options.state / "run" / "station.sock", options.state).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    signal.signal(signal.SIGTERM, lambda *_: (station.stop(), os._exit(0)))
    while True:
        signal.pause()


if __name__ == "__main__":
    sys.exit(main())
