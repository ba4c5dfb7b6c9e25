"""The wall of the fake station: its own seat, and the one view it may ask. Imports nothing of the product."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any


class WallDesk:
    """The fake station's wall: `open_wall` writes the token of the seat where the panel looks for it."""

    def open_wall(self, places: Path) -> None:
        run = places / "run"
        run.mkdir(parents=True, exist_ok=True)
        token = secrets.token_urlsafe(16)
        path = run / "wall.token"
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(token)
        self.sessions[token] = {"operator": "wall", "rights": ["wall"], "pin_until": None}  # type: ignore[attr-defined]

    def wall_only(self, seat: dict[str, Any], name: str) -> bool:
        return seat["operator"] != "wall" or name == "wall"

    def ask_wall(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        seen = self.overview()  # type: ignore[attr-defined]
        same = ("at", "station", "tone", "sentence", "overdue", "terminals_online", "terminals_registered")
        brief = ("critical", "major", "minor", "standing")
        return {
            **{name: seen[name] for name in same},
            "timezone": "Asia/Shanghai",
            "channels": [self._wall_channel(one) for one in seen["channels"]],
            "sounding": [self._wall_alert(one) for one in seen["sounding"]],
            "waiting": len(seen["waiting"]),
            "mutes": len(seen["mutes"]),
            "alarms": {**{name: seen["alarms"][name] for name in brief}, "righted": 0},
        }

    @staticmethod
    def _wall_alert(one: dict[str, Any]) -> dict[str, Any]:
        names = ("headline", "kind", "level", "event_text", "area_names", "until", "muted", "counts")
        return {name: one[name] for name in names}

    @staticmethod
    def _wall_channel(one: dict[str, Any]) -> dict[str, Any]:
        same = ("id", "name", "rung", "muted", "levels", "player_at", "state", "measured_at")
        return {
            **{name: one[name] for name in same},
            "title": one["now"]["title"],
            "category": one["now"]["category"],
            "starts": one["now"]["start"],
            "ends": one["item_ends"],
            "next_title": one["next"][0]["title"],
            "next_at": one["next"][0]["start"],
            "next_readiness": one["next"][0]["readiness"],
            "overlay_title": one["overlay_title"],
            "verdict": {"en": "0 s/100 h (coverage 99.9 %)", "zh": "0 秒/百小时(覆盖率 99.9%)"},
            "outage_rate_milli": 0,
            "coverage_ppm": 999_000,
            "unauthorised": 0,
        }

    # -- why it sounds ---------------------------------------------------------------------------------

    def ask_why_here(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        asked = str(args.get("q") or "")
        seen = self.overview()  # type: ignore[attr-defined]
        channels = [
            one for one in seen["channels"] if not asked or asked in str(one["name"]) or asked == one["id"]
        ]
        areas = [
            one
            for one in self.areas  # type: ignore[attr-defined]
            if asked
            and (asked in one["name"] or one["initials"].startswith(asked) or one["code"].startswith(asked))
        ]
        if not asked:
            codes = [code for one in seen["sounding"] for code in one["areas"]]
            areas = [self.by_code[code] for code in dict.fromkeys(codes)]  # type: ignore[attr-defined]
        places = [self._why_channel(one, seen["sounding"]) for one in channels]
        places += [self._why_area(one, seen["sounding"]) for one in areas]
        return {"at": seen["at"], "asked": asked, "places": places[:8]}

    def _why_channel(self, one: dict[str, Any], sounding: list[dict[str, Any]]) -> dict[str, Any]:
        here = [alert for alert in sounding if alert["id"] == one["overlay"]]
        said = {"en": f"{one['now']['title']}: the day's rundown", "zh": f"{one['now']['title']}:当日节目单"}
        named = {"kind": "channel", "code": one["id"], "name": one["name"], "area": "", "area_name": ""}
        numbers = {"terminals": 0, "online": 0, "playing": 0, "strays": []}
        return {**named, **numbers, "programme": said, "reasons": [self._reason(alert) for alert in here]}

    def _why_area(self, area: dict[str, Any], sounding: list[dict[str, Any]]) -> dict[str, Any]:
        def inside(code: str) -> bool:
            short, long = sorted((code.rstrip("0"), area["code"].rstrip("0")), key=len)
            return long.startswith(short)

        here = [alert for alert in sounding if any(inside(code) for code in alert["areas"])]
        return {
            "kind": "area",
            "code": area["code"],
            "name": {"en": area["name"], "zh": area["name"]},
            "area": area["code"],
            "area_name": area["name"],
            "terminals": area["terminals"],
            "online": area["terminals"],
            "playing": area["terminals"] if here else 0,
            "strays": [],
            "programme": None,
            "reasons": [self._reason(alert) for alert in here],
        }

    @staticmethod
    def _reason(one: dict[str, Any]) -> dict[str, Any]:
        same = (
            "headline",
            "kind",
            "level",
            "area_names",
            "source",
            "verified",
            "signatures",
            "owed",
            "muted",
            "silences",
            "again",
            "until",
        )
        return {
            **{name: one[name] for name in same},
            "alert": one["id"],
            "rule": {"en": "own free text (3 before air)", "zh": "本台自由文本(播前 3 人签)"},
            "oral": "",
            "chosen": {"en": "nothing else is meant for here", "zh": "此处没有其他预警"},
            "waits": False,
            "since": one["aired_at"],
            "stop": {
                "en": "Local mute: at once, by one person, no PIN.",
                "zh": "本地静音:一人即可,立即生效,不需 PIN。",
            },
            "counts": one["counts"],
        }
