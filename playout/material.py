"""What a plan is made of beyond its rundowns, as one digest: where it changes, the plan is made again. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any

from playout.levels import marks
from playout.policy import Policy
from schedules.timeline import Frame
from station.wire import canonical
from station.words import Sha256


def digest(policy: Policy, frame: Frame | None, bound: Collection[Sha256], gone: Collection[Sha256]) -> str:
    """Of settings and library. `bound`: the media that the rundowns name; `gone`: those withdrawn; no frame: an alert stream."""
    body: dict[str, Any] = {"tz": policy.tz, "day_start": policy.day_start}
    if frame is not None:
        body |= {
            "tolerance": frame.tolerance,
            "filler": [[medium.sha256, medium.samples] for medium in frame.filler],
            "loop": frame.loop.sha256 if frame.loop else None,
            "held": sorted(sha256 for sha256 in bound if sha256 in policy.media),
        }
        listed = {name: [one.sha256 for one in held] for name, held in frame.replacements.items()}
        if listed:
            body["replacements"] = listed
        standing = (*frame.filler, *((frame.loop,) if frame.loop else ()))
        ours = {
            *bound,
            *(medium.sha256 for medium in standing),
            *(one for row in listed.values() for one in row),
        }
        if levels := marks(frame.handlings, ours):
            body["handlings"] = levels
        if lost := sorted(ours.intersection(gone)):
            body["withdrawn"] = lost
    return hashlib.sha256(canonical(body).encode()).hexdigest()[:32]


__all__ = ["digest"]
