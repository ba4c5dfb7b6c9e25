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
            "alarms": {name: seen["alarms"][name] for name in brief},
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
