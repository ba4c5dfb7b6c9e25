"""What can be wrong, as values: a condition holds or does not, whoever looks. Knows no alarm's life (acknowledged, shelved) and nobody who hears of it."""

from __future__ import annotations

from typing import Literal

import attrs

from station.words import Text

Severity = Literal["critical", "major", "minor"]
SEVERITIES: tuple[Severity, ...] = ("critical", "major", "minor")  # worst first


@attrs.frozen(kw_only=True)
class Condition:
    """Something is wrong now. Two looks at the same fault give the same `key`."""

    key: str  # unique and stable: "tx1/reflected-high"
    card: str  # the alarm card that says what it means and what to do: "transmitter.reflected-high"
    severity: Severity
    where: str  # id of what it is about: a device, a channel, a chain, "journal"
    text: Text  # one sentence with the figure that shows it, en and zh
    because: str = ""  # key of the condition that this one follows from: shown below it, and silent


def about(thing: str, card: str, severity: Severity, text: Text, *, name: str = "") -> Condition:
    """A condition of `thing` ("tx1", "channel/fm1"), named by its card's last word unless `name` tells two apart."""
    key = f"{thing}/{name or card.rpartition('.')[2]}"
    return Condition(key=key, card=card, severity=severity, where=thing.rpartition("/")[2], text=text)
