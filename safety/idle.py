"""Where nothing is due, nothing need come: players send no packets for planned silence that nothing lies over. Pure; knows no sound and no clock."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from safety.compare import Flags
from schedules.plan import Overlay, Plan
from schedules.render import Heard, NotPlanned, take_at

STANDING: Final = frozenset(
    {"standing:idle", "standing:silence"}
)  # allow the silence of an alert stream that no alert lies over


def silent(plan: Plan, overlays: Iterable[Overlay], n: int, count: int) -> Flags:
    """Which of the samples `n` to `n + count` are planned silence with nothing over it."""
    made = np.zeros(count, dtype=np.bool_)
    at = n
    while at < n + count:
        try:
            take = take_at(plan, at)
        except NotPlanned:
            break
        if take.kind == "silence":
            made[at - n : take.end - n] = True
        at = int(take.end)
    for overlay in overlays:
        if overlay.start < n + count and overlay.end > n:
            made[max(0, overlay.start - n) : overlay.end - n] = False
    return made


def standing(heard: Heard) -> bool:
    """Whether silence is due by standing approval, as on an alert stream: there no tone belongs, as it might on a carrier without programme."""
    return heard.overlay is None and heard.approval in STANDING
