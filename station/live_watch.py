"""What live sources themselves bring about: sound that opens the session waiting for it, silence that ends one; and what is wrong with them. Pure; knows no player, no alarm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from playout.link import MemberSight, RelaySight
from playout.live_messages import EndLive, SoundOpened
from playout.live_state import Armed, Session
from playout.sessions import WAITS
from schedules.plan import Plan
from station.conditions import Condition, about
from station.live_sources import LiveSection
from station.settings import Settings
from station.words import MINUTE, SAMPLE_RATE, ChannelId, Command, Instant, SampleIndex, Text, sample_at

CARDS: Final = frozenset({"live.source", "live.ended"})
TOLD: Final = 10 * MINUTE  # so long it is said that a session ended by itself
_GOOD: Final = frozenset({"good"})
_GONE: Final = frozenset({"absent", "waiting"})
_PER_MS: Final = SAMPLE_RATE // 1_000

Sights = Mapping[str, RelaySight]


def wishes(
    settings: Settings, armed: tuple[Armed, ...], sessions: tuple[Session, ...], sights: Sights, now: Instant
) -> Iterator[Command]:
    """The commands that follow from what comes of the sources; `sights`: by relay, as players tell."""
    here = sample_at(now)
    sessions = tuple(one for one in sessions if not one.cause)  # what somebody ended is ended once
    for section in settings.live:
        sight = sights.get(section.relay)
        member = None if sight is None else heard(sight)
        if member is None:
            continue
        delay = section.delay_ms * _PER_MS
        waits = (one for one in armed if one.source == section.id and now < one.until)
        since_when = [sample_at(Instant(one.until - WAITS)) + delay for one in waits]
        if since_when and member.risen >= min(since_when) and _sounds(section, member, here):
            yield SoundOpened(source=section.id, since=SampleIndex(member.risen))
        open_for = [
            here - (one.start - delay) for one in sessions if one.source == section.id and one.end > here
        ]
        if open_for and min(member.quiet_ms, max(open_for) // _PER_MS) >= section.silence_s * 1_000:
            gone = member.state in _GONE
            since = here + member.ahead_ms * _PER_MS if gone and member.placed else member.sounded
            yield EndLive(
                source=section.id, cause="lost" if gone else "silent", since=SampleIndex(max(here, since))
            )


def as_planned(
    sessions: tuple[Session, ...], plans: Mapping[ChannelId, Plan], now: Instant
) -> tuple[Session, ...]:
    """The sessions, with the end that the plans have by now: whoever took the next item, or withdrew the source, ended them too."""
    here = sample_at(now)
    return tuple(one if one.end <= here else _ended_by(one, plans.get(one.channel), here) for one in sessions)


def _ended_by(one: Session, plan: Plan | None, here: int) -> Session:
    takes = plan.takes if plan is not None else ()
    ends = [take.end for take in takes if take.approval == one.approval]
    return attrs.evolve(one, end=max(ends, default=SampleIndex(here)))


def heard(sight: RelaySight) -> MemberSight | None:
    """The way that is heard or would be; where none is, the first."""
    return sight.members[sight.heard or 0] if sight.members else None


def _sounds(section: LiveSection, member: MemberSight, here: int) -> bool:
    """Whether there is sound now, and was for long enough."""
    lasted = member.sounded - member.risen
    soon = member.risen > here and member.quiet_ms <= section.level_ms
    return bool(section.level_ms) and soon and lasted >= section.level_ms * _PER_MS


def conditions(
    settings: Settings, armed: tuple[Armed, ...], sessions: tuple[Session, ...], sights: Sights, now: Instant
) -> tuple[Condition, ...]:
    """A source that is not well while a session waits for it or is heard; a session that ended by itself lately."""
    here, lately = sample_at(now), sample_at(Instant(now - TOLD))
    wanted = {one.source for one in armed if now < one.until} | {
        one.source for one in sessions if one.end > here
    }
    return (
        *(
            about(f"live/{section.id}", "live.source", "major", _ill(section))
            for section in settings.live
            if section.id in wanted and not _well(sights.get(section.relay))
        ),
        *(
            about(f"live/{one.channel}", "live.ended", "major", _ended(one))
            for one in sessions
            if one.cause in ("silent", "lost") and lately < one.end <= here
        ),
    )


def _well(sight: RelaySight | None) -> bool:
    return sight is not None and any(member.state in _GOOD for member in sight.members)


def _ill(section: LiveSection) -> Text:
    return Text(f"live source {section.name_en}: nothing comes", f"直播源 {section.name_zh}:无信号")


def _ended(one: Session) -> Text:
    why = (
        Text("nothing was said any more", "长时间静音")
        if one.cause == "silent"
        else Text("nothing came any more", "信号中断")
    )
    return Text(
        f"the session “{one.title}” on {one.channel} ended by itself: {why.en}",
        f"{one.channel} 直播《{one.title}》自动结束:{why.zh}",
    )


__all__ = ["CARDS", "TOLD", "as_planned", "conditions", "heard", "wishes"]
