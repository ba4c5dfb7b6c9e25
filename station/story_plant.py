"""What a journal's text tells about carriers and alarms, and where it breaks a law (L8, L11). Reads kinds and JSON bodies only: shares no rule with what decided them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from station.words import Instant


@attrs.define(kw_only=True)
class PlantStory:
    """Everything told so far. `tell` it each record in order; `complaints` are pairs of law and words."""

    complaints: list[tuple[str, str]] = attrs.field(factory=list)
    asked: dict[str, dict[str, Any]] = attrs.field(factory=dict)  # device → the open asking
    orders: Counter[str] = attrs.field(factory=Counter)  # sent, by device
    sent: set[tuple[str, int]] = attrs.field(factory=set)
    wrong: dict[str, int] = attrs.field(factory=dict)  # key of an alarm whose condition holds → its number
    sounding: dict[str, Instant] = attrs.field(factory=dict)  # alert → until when
    foreign: dict[str, str] = attrs.field(factory=dict)  # channel → state of its open incident

    def tell(self, kind: str, body: Mapping[str, Any]) -> None:
        """One more record."""
        reader = _READERS.get(kind)
        if reader is not None:
            reader(self, body)

    def _complain(self, law: str, what: str, *, when: bool) -> None:
        if when:
            self.complaints.append((law, what))

    # --- carriers

    def _asked(self, body: Any) -> None:
        self.asked[body["device"]] = dict(body)

    def _withdrawn(self, body: Any) -> None:
        self.asked.pop(body["device"], None)

    def _ordered(self, body: Any) -> None:
        device = body["device"]
        asking = self.asked.pop(device, None)
        if not body["on"]:
            self._complain("L8", f"the carrier of {device} goes down by {body['rule']}, asked by {body['by']}", when=not self._may_go(body, asking))  # fmt: skip

    def _may_go(self, body: Any, asking: dict[str, Any] | None) -> bool:
        """Off the air: two persons within the time, or one while an alert sounds or something foreign is heard."""
        if body["rule"] == "alert":
            return bool(body["at"] < self.sounding.get(body["cause"], 0))
        if body["rule"] == "foreign":
            return self.foreign.get(body["cause"]) == "FOREIGN"
        first = asking is not None and asking["by"] in body["by"] and body["at"] < asking["until"]
        return first and len(set(body["by"])) >= 2

    def _sent(self, body: Any) -> None:
        device, order = body["device"], body["order"]
        self._complain("L11", f"order {order} to the carrier of {device} is sent again", when=(device, order) in self.sent)  # fmt: skip
        self.sent.add((device, order))
        self.orders[device] += 1

    # --- alarms

    def _raised(self, body: Any) -> None:
        key = body["key"]
        self._complain("L11", f"the alarm {key} is raised again while it holds", when=key in self.wrong)
        self.wrong[key] = body["alarm"]

    def _returned(self, body: Any) -> None:
        self.wrong = {key: number for key, number in self.wrong.items() if number != body["alarm"]}

    # --- what makes one person enough

    def _aired(self, body: Any) -> None:
        self.sounding[body["alert"]] = Instant(body["until"])

    def _ended(self, body: Any) -> None:
        self.sounding.pop(body["alert"], None)

    def _opened(self, body: Any) -> None:
        self.foreign[body["channel"]] = body["state"]

    def _closed(self, body: Any) -> None:
        self.foreign.pop(body["channel"], None)


_READERS: dict[str, Callable[[PlantStory, Mapping[str, Any]], None]] = {
    "carrier.asked/1": PlantStory._asked,  # noqa: SLF001 - its own table
    "carrier.withdrawn/1": PlantStory._withdrawn,  # noqa: SLF001
    "carrier.ordered/1": PlantStory._ordered,  # noqa: SLF001
    "carrier.sent/1": PlantStory._sent,  # noqa: SLF001
    "alarm.raised/1": PlantStory._raised,  # noqa: SLF001
    "alarm.returned/1": PlantStory._returned,  # noqa: SLF001
    "alert.aired/1": PlantStory._aired,  # noqa: SLF001
    "alert.ended/1": PlantStory._ended,  # noqa: SLF001
    "incident.opened/1": PlantStory._opened,  # noqa: SLF001
    "incident.closed/1": PlantStory._closed,  # noqa: SLF001
}
