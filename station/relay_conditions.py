"""What is wrong with the relays that are on air or soon will be: a way that fails, or all of them. Pure; knows no alarm, no receiver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from playout.link import RelaySight
from schedules.plan import Plan
from schedules.relays import checksum
from station.conditions import Condition, about
from station.relay_sources import RelaySection, Source, read
from station.settings import Settings
from station.words import HOUR, ChannelId, Instant, Text, sample_at

CARDS: Final = frozenset({"relay.way", "relay.lost"})
BEFORE: Final = HOUR  # so long before its time a relay is looked at
STATES: Final = {
    "good": Text("good", "正常"),
    "absent": Text("nothing comes", "无信号"),
    "waiting": Text("it has just begun", "刚刚接通"),
    "late": Text("it comes too late", "到达过迟"),
    "silent": Text("it is silent", "静音"),
    "frozen": Text("it stands still", "信号停滞"),
}


def conditions(
    settings: Settings,
    plans: Mapping[ChannelId, Plan],
    sights: Mapping[str, Sequence[RelaySight]],
    now: Instant,
) -> tuple[Condition, ...]:
    """Of each relay that a plan has on air now or within BEFORE. `sights`: by relay, as each player that receives it tells."""
    return tuple(
        one
        for section in settings.relays
        if (told := sights.get(section.id)) and _due(section, plans, now)
        for one in _wrong(section, told)
    )


def _due(section: RelaySection, plans: Mapping[ChannelId, Plan], now: Instant) -> bool:
    first, last, live = sample_at(now), sample_at(Instant(now + BEFORE)), checksum(section.id)
    takes = (take for plan in plans.values() for take in plan.takes)
    return any(take.media == live and take.end > first and take.start < last for take in takes)


def _wrong(section: RelaySection, sights: Sequence[RelaySight]) -> Iterator[Condition]:
    """A way fails that comes badly to one of its players; the relay, where no way comes to any."""
    ways = [[member.state for member in way] for way in zip(*(one.members for one in sights), strict=False)]
    bad = {
        number: next(state for state in way if state != "good")
        for number, way in enumerate(ways)
        if any(state != "good" for state in way)
    }
    if not bad:
        return
    lost = all("good" not in way for way in ways)
    yield about(
        f"relay/{section.id}",
        "relay.lost" if lost else "relay.way",
        "major" if lost else "minor",
        _sentence(section, bad),
    )


def _sentence(section: RelaySection, bad: Mapping[int, str]) -> Text:
    said = [(_shown(section, number), STATES.get(state)) for number, state in bad.items()]
    en = "; ".join(f"{name}: {text.en}" for name, text in said if text)
    zh = ";".join(f"{name}:{text.zh}" for name, text in said if text)
    return Text(f"relay {section.name_en}: {en}", f"转播 {section.name_zh}:{zh}")


def _shown(section: RelaySection, number: int) -> str:
    found = read(section.members[number]) if number < len(section.members) else None
    return found.shown if isinstance(found, Source) else str(number + 1)


__all__ = ["BEFORE", "CARDS", "STATES", "conditions"]
