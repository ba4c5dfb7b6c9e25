"""What is heard where a relay is due: something, nothing, a tone, or a step of the ladder; whether it is the right thing nobody can know. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from safety.compare import CLOSE, SILENCE, Flags, Pcm, is_tone, peak
from safety.slots import Mark
from safety.standins import steps
from schedules.plan import Fallen, Overlay, Plan
from schedules.relays import lives
from schedules.render import Heard, NotPlanned, on_air
from station.words import SampleIndex

LIVE: Final = "a relay: there is nothing to compare it with"
_MOST: Final = 0.95  # of a slot that is a step of the ladder


def relayed_in(plan: Plan, overlays: Sequence[Overlay], n: SampleIndex) -> Heard | None:
    """What is due at sample `n`, where that is a relay that nothing covers; else None."""
    try:
        heard = on_air(plan, overlays, (), n)
    except (NotPlanned, ValueError):
        return None
    live = lives(plan.media)
    return heard if heard.overlay is None and heard.take.media in live else None


def live_mark(
    heard: Heard, slot: int, got: Pcm, have: Flags, rendered: Callable[[Fallen], Pcm | None]
) -> Mark:
    """The mark of a slot of which something was received. `rendered`: the slot as it is on a step of the ladder; None where that cannot be made."""
    due = heard.approval
    for step in steps(heard.take, "tone", "tone"):
        other = rendered(step.fallen)
        if other is None or not other[have].any():
            continue
        same = (np.abs(got.astype(np.int32) - other) <= CLOSE).all(axis=1)[have]
        if same.mean() > _MOST:
            return Mark(
                slot=slot, sign=step.sign, heard=step.name, due=due, cause=step.cause, bad=_all(slot, got)
            )
    if peak(got[have]) <= SILENCE:
        return Mark(slot=slot, sign="hush", due=due, cause="silence", bad=_all(slot, got))
    if have.all() and is_tone(got.astype(np.float64)):
        return Mark(slot=slot, sign="empty", heard="tone", due=due, cause="tone", bad=_all(slot, got))
    return Mark(slot=slot, sign="unknown", due=due, cause=LIVE)


def _all(slot: int, got: Pcm) -> tuple[int, int]:
    return slot * len(got), slot * len(got) + len(got)


__all__ = ["LIVE", "live_mark", "relayed_in"]
