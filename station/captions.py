"""What an alert's overlay shows on television, out of what sounds: its words for slate and crawl. Pure; draws nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from emergency.events import event_text
from emergency.sounding import Sounding
from schedules.calendar import local_date, local_text
from schedules.captions import Caption
from station.settings import StationSection
from station.words import AreaCode

MOST_AREAS: Final = 60  # names; a slate shows two lines of them and says how many there are


def caption_of(sounding: Sounding, station: StationSection, name: Callable[[AreaCode], str]) -> Caption:
    """The words of one alert. `name`: of an area."""
    at = f"{local_date(sounding.since, station.timezone)} {local_text(sounding.since, station.timezone)[:5]}"
    event = event_text(sounding.event)
    return Caption(
        form="crawl" if sounding.duck else "slate",
        title=sounding.headline,
        text=sounding.text,
        level=sounding.level if 1 <= sounding.level <= 4 and sounding.kind != "daily" else 0,
        event=event.zh if station.language == "zh" else event.en,
        areas=tuple(name(area) for area in sounding.areas[:MOST_AREAS]),
        issuer=station.name_zh,
        at=at,
        drill=sounding.kind == "drill",
    )


def captions(
    soundings: Iterable[Sounding], station: StationSection, name: Callable[[AreaCode], str]
) -> dict[str, Caption]:
    """Alert → its words."""
    return {sounding.alert: caption_of(sounding, station, name) for sounding in soundings}
