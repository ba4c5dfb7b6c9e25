"""What must hold of [alarms] in the settings: least and greatest of each figure, by path. Pure data."""

from __future__ import annotations

RANGES: dict[str, tuple[float, float]] = {
    "alarms.terminals_silent_percent": (0, 100),
    "alarms.unreached_percent": (0, 100),
    "alarms.plan_hours": (0, 24),  # players hold a day of plan
    "alarms.witness_s": (10, 3_600),
    "alarms.waiting_s": (0, 3_600),
    "alarms.muted_minutes": (1, 1_440),
    "alarms.disk_gib": (0, 1_024),
    "alarms.chatter_times": (2, 100),
    "alarms.chatter_minutes": (1, 60),
}
