"""What is wrong about local mutes: one that nobody lifts, and one that is over and that nobody has given a reason for. Pure; knows no alarm, no clock, no world."""

from __future__ import annotations

from collections.abc import Iterator

from station.alarm_sight import MuteSight, Sight
from station.conditions import Condition, about
from station.settings import AlarmsSection
from station.words import MINUTE, Instant, Text


def mutes(sight: Sight, limits: AlarmsSection, now: Instant) -> Iterator[Condition]:
    """A mute in force for long; and what was muted and is no more, for as long without a reason."""
    for one in sight.mutes:
        minutes = (now - (one.lifted or one.at)) // MINUTE
        if minutes >= limits.muted_minutes:
            yield _unexplained(one) if one.lifted else _forgotten(one, minutes)


def _what(one: MuteSight) -> Text:
    return Text("everything", "全部喇叭与频道") if one.everything else Text("a part", "部分喇叭或频道")


def _forgotten(one: MuteSight, minutes: int) -> Condition:
    what = _what(one)
    return about(
        f"mute/{one.id}",
        "mute.forgotten",
        "critical" if one.everything else "major",
        Text(f"{what.en} has been muted for {minutes} min", f"{what.zh}已本地静音 {minutes} 分钟"),
    )


def _unexplained(one: MuteSight) -> Condition:
    what = _what(one)
    return about(
        f"mute/{one.id}",
        "mute.unexplained",
        "minor",
        Text(
            f"{what.en} was muted, and nobody has said why",
            f"{what.zh}曾被本地静音,至今无人补充原因",
        ),
    )
