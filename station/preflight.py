"""What the next hours of the plans lack, before it is due: media whose house files are not there. Pure but for asking whether a file is there; knows no alarm."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from schedules.calendar import local_text
from schedules.plan import Plan, Take
from station.conditions import Condition, about
from station.settings import ChannelSection, Settings
from station.words import HOUR, MINUTE, ChannelId, Instant, Text, instant_of, sample_at

CARDS: Final = frozenset({"plan.missing", "plan.ladder"})
AHEAD: Final = 12 * HOUR
SOON: Final = 30 * MINUTE  # what is due by then and not there is critical
_NAMED: Final = 3  # items that the sentence names

Missing = Callable[[str], bool]


def preflight(
    settings: Settings, plans: Mapping[ChannelId, Plan], missing: Missing, now: Instant
) -> tuple[Condition, ...]:
    """Of each channel: what it lacks in the next hours, and what its fallback lacks. `missing`: whether a medium's house file is not there."""
    tz = settings.station.timezone
    found = ((section, plans.get(section.id)) for section in settings.channels)
    return tuple(
        one
        for section, plan in found
        if plan is not None
        for one in (*_items(section, plan, missing, now, tz), *_ladder(section, plan, missing))
    )


def absent(takes: Iterable[Take], now: Instant, missing: Missing) -> list[Take]:
    """The takes from `now` to AHEAD whose file is not there, in their order."""
    first, last = sample_at(now), sample_at(Instant(now + AHEAD))
    due = (take for take in takes if take.end > first and take.start < last)
    return [take for take in due if take.media is not None and missing(take.media)]


def _items(
    section: ChannelSection, plan: Plan, missing: Missing, now: Instant, tz: str
) -> Iterator[Condition]:
    gone = [take for take in absent(plan.takes, now, missing) if take.kind == "programme"]
    if not gone:
        return
    said = [(local_text(instant_of(take.start), tz)[:5], take.title) for take in gone[:_NAMED]]
    rest = len(gone) - len(said)
    en = ", ".join(f"“{title}” at {at}" for at, title in said) + (f" and {rest} more" if rest else "")
    zh = "、".join(f"{at}《{title}》" for at, title in said) + (f"等 {len(gone)} 条" if rest else "")
    yield about(
        f"channel/{section.id}",
        "plan.missing",
        "critical" if instant_of(gone[0].start) - now < SOON else "major",
        Text(f"{section.name_en}: the file is missing of {en}", f"{section.name_zh}:缺少素材文件:{zh}"),
    )


def _ladder(section: ChannelSection, plan: Plan, missing: Missing) -> Iterator[Condition]:
    names = {medium.sha256: medium.title or medium.sha256[:12] for medium in plan.media}
    asked = dict.fromkeys((*plan.filler, *((plan.loop,) if plan.loop else ())))
    gone = [names.get(sha256, sha256[:12]) for sha256 in asked if missing(sha256)]
    if gone:
        yield about(
            f"channel/{section.id}",
            "plan.ladder",
            "major",
            Text(
                f"{section.name_en}: filler or loop is missing: {', '.join(gone)}",
                f"{section.name_zh}:缺少垫片或应急循环:{'、'.join(gone)}",
            ),
        )


__all__ = ["AHEAD", "CARDS", "SOON", "absent", "preflight"]
