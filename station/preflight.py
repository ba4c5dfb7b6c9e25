"""What the next hours of the plans lack, before it is due: house files, their second copies, what stands in for them, what waits for a key. Pure but for asking whether a file is there; knows no alarm."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from schedules.calendar import local_text
from schedules.named import waiting
from schedules.plan import Plan, Take
from station.conditions import Condition, about
from station.settings import ChannelSection, Settings
from station.words import HOUR, MINUTE, ChannelId, Instant, Text, instant_of, sample_at

CARDS: Final = frozenset({"plan.missing", "plan.ladder", "plan.copies", "plan.replacement", "plan.prepared"})
AHEAD: Final = 12 * HOUR
SOON: Final = 30 * MINUTE  # what is due by then and not there is critical
_NAMED: Final = 3  # items that the sentence names

Missing = Callable[[str], bool]
Lacks = Callable[[str], Text | None]  # why a medium has no second copy; None: it has, or none is asked for


def _copied(sha256: str) -> Text | None:
    return None


def preflight(
    settings: Settings,
    plans: Mapping[ChannelId, Plan],
    missing: Missing,
    now: Instant,
    lacks: Lacks = _copied,
) -> tuple[Condition, ...]:
    """Of each channel: what it lacks in the next hours, and what its fallback lacks. `missing`: whether a medium's house file is not there."""
    tz = settings.station.timezone
    found = ((section, plans.get(section.id)) for section in settings.channels)
    return tuple(
        one
        for section, plan in found
        if plan is not None
        for one in (
            *_items(section, plan, missing, now, tz),
            *_ladder(section, plan, missing),
            *_copies(section, plan, lacks, now, tz),
            *_replacements(section, plan, missing, now, tz),
            *_prepared(section, plan, missing),
        )
    )


def absent(takes: Iterable[Take], now: Instant, missing: Missing) -> list[Take]:
    """The takes from `now` to AHEAD whose file is not there, in their order."""
    return [take for take in _ahead(takes, now) if take.media is not None and missing(take.media)]


def _ahead(takes: Iterable[Take], now: Instant) -> Iterator[Take]:
    first, last = sample_at(now), sample_at(Instant(now + AHEAD))
    return (take for take in takes if take.end > first and take.start < last)


def _listed(takes: list[Take], tz: str, mark: Callable[[Take], Text] = lambda take: Text("", "")) -> Text:
    """The first items by title and time, each with its mark, and how many more."""
    rows = [(local_text(instant_of(take.start), tz)[:5], take.title, mark(take)) for take in takes[:_NAMED]]
    rest = len(takes) - len(rows)
    return Text(
        ", ".join(f"“{title}” at {at}{more.en}" for at, title, more in rows)
        + (f" and {rest} more" if rest else ""),
        "、".join(f"{at}《{title}》{more.zh}" for at, title, more in rows)
        + (f"等 {len(takes)} 条" if rest else ""),
    )


def _items(
    section: ChannelSection, plan: Plan, missing: Missing, now: Instant, tz: str
) -> Iterator[Condition]:
    gone = [take for take in absent(plan.takes, now, missing) if take.kind == "programme"]
    if not gone:
        return

    def covered(take: Take) -> Text:
        instead = take.replacement
        stands = instead is not None and not missing(instead.media)
        return Text(" (its replacement stands in)", "(由替播素材顶替)") if stands else Text("", "")

    said = _listed(gone, tz, covered)
    yield about(
        f"channel/{section.id}",
        "plan.missing",
        "critical" if instant_of(gone[0].start) - now < SOON else "major",
        Text(
            f"{section.name_en}: the file is missing of {said.en}",
            f"{section.name_zh}:缺少素材文件:{said.zh}",
        ),
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


def _copies(section: ChannelSection, plan: Plan, lacks: Lacks, now: Instant, tz: str) -> Iterator[Condition]:
    due = [take for take in _ahead(plan.takes, now) if take.kind == "programme" and take.media is not None]
    found = [(take, why) for take in due if take.media and (why := lacks(take.media)) is not None]
    if not found:
        return
    takes = [take for take, _ in found]
    said, why = _listed(takes, tz), found[0][1]
    bare = sum(take.replacement is None for take in takes)
    yield about(
        f"channel/{section.id}",
        "plan.copies",
        "minor",
        Text(
            f"{section.name_en}: no second copy of {said.en} ({why.en}); {bare} of {len(takes)} have no replacement either",
            f"{section.name_zh}:没有备份:{said.zh}({why.zh});{len(takes)} 条中 {bare} 条也没有替播",
        ),
    )


def _replacements(
    section: ChannelSection, plan: Plan, missing: Missing, now: Instant, tz: str
) -> Iterator[Condition]:
    due = _ahead(plan.takes, now)
    gone = [take for take in due if take.replacement is not None and missing(take.replacement.media)]
    if gone:
        said = _listed(gone, tz)
        yield about(
            f"channel/{section.id}",
            "plan.replacement",
            "minor",
            Text(
                f"{section.name_en}: the file is missing that stands in for {said.en}",
                f"{section.name_zh}:缺少替播素材:{said.zh}",
            ),
        )


def _prepared(section: ChannelSection, plan: Plan, missing: Missing) -> Iterator[Condition]:
    gone = [medium for medium in waiting(plan) if missing(medium.sha256)]
    if gone:
        names = [medium.title or medium.sha256[:12] for medium in gone]
        yield about(
            f"channel/{section.id}",
            "plan.prepared",
            "minor",
            Text(
                f"{section.name_en}: the file is missing of what waits for a key: {', '.join(names)}",
                f"{section.name_zh}:缺少备播节目的素材:{'、'.join(names)}",
            ),
        )


__all__ = ["AHEAD", "CARDS", "SOON", "Lacks", "absent", "preflight"]
