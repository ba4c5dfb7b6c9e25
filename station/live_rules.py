"""What must hold of live sources in settings: names, chains, ways, times. Pure; opens nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs

from station import relay_rules
from station.settings import Settings
from station.words import Text

Said = tuple[str, Text]
_LEGAL: Final = 1_000  # ms that any relay may have
RANGES: Final = {
    "delay_ms": (1_500, 40_000),
    "level_dbfs": (-80, -20),
    "level_ms": (0, 5_000),
    "silence_s": (3, 600),
}


def rules(settings: Settings) -> Iterator[Said]:
    """Every rule that does not hold."""
    both = len(settings.relays) + len(settings.live)
    if settings.live and both > relay_rules.MOST_RELAYS:
        most = relay_rules.MOST_RELAYS
        yield "live", Text(f"and relays are more than {most} together", f"与转播合计超过 {most} 项")
    received = [
        attrs.evolve(section.as_relay(), id=section.id, delay_ms=_LEGAL, silence_ms=_LEGAL, level_dbfs=-60)
        for section in settings.live
    ]
    for path, said in relay_rules.rules(attrs.evolve(settings, relays=received, live=[])):
        yield path.replace("relays", "live", 1), said
    for number, section in enumerate(settings.live):
        for name, (least, most) in RANGES.items():
            value = getattr(section, name)
            if not least <= value <= most:
                said = Text(
                    f"is {value} but must be from {least} to {most}",
                    f"的值 {value} 应在 {least} 至 {most} 之间",
                )
                yield f"live[{number}].{name}", said


__all__ = ["RANGES", "rules"]
