"""What the glass is told of what is held since an upgrade: frozen views. Knows no state."""

from __future__ import annotations

import attrs

from station.words import AreaCode, Instant, Text


@attrs.frozen(kw_only=True)
class HeldLine:
    """One alert that sounds less than this version would have it."""

    alert: str
    headline: str
    areas: list[AreaCode]  # it is for
    now: Text  # where it may sound until somebody looks
    ends: Instant  # when it would be over by itself


@attrs.frozen(kw_only=True)
class HeldView:
    """What is held; `before` is empty where nothing is."""

    before: str = ""  # the version that sounded less
    lines: list[HeldLine] = attrs.field(factory=list)
    mutes: int = 0  # that this version lost, and that stay in force
