"""What settings and library say about plans: the frame of each channel's days, approved media, signatures. Pure; reads no file."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from playout.levels import handlings
from schedules.aftermath import Rule
from schedules.frames import frame_of
from schedules.handling import Measured
from schedules.plan import Medium
from schedules.relays import PREFIX, checksum, medium_of
from schedules.rundown import class_of
from schedules.timeline import Frame
from station.settings import Settings, stream_channel
from station.words import SAMPLE_RATE, ChannelId, Sha256


@attrs.frozen(kw_only=True)
class Studio:
    """A live source."""

    id: str
    delay: int  # samples from what comes to what is heard of it
    dumped: bool  # there is time for a dump key
    level: bool  # sound opens the session that waits for it


@attrs.frozen(kw_only=True)
class Policy:
    """What settings and library say. `media`: approved house files by SHA-256 and by name as rundowns write it."""

    frames: Mapping[ChannelId, Frame]
    idle: tuple[ChannelId, ...] = ()  # alert streams: silent until an alert lies over them
    media: Mapping[str, Medium]
    signatures: int = 3
    relays: Mapping[str, frozenset[ChannelId]] = attrs.field(
        factory=dict
    )  # by name in rundowns: who may relay it
    ways: Mapping[str, int] = attrs.field(factory=dict)  # and by how many ways it comes
    studios: Mapping[Sha256, Studio] = attrs.field(factory=dict)  # live sources, by their checksums
    after: Mapping[ChannelId, Mapping[str, Rule]] = attrs.field(
        factory=dict
    )  # by class, "" for all others: what becomes of what an alert broke off
    tz: str
    day_start: str
    lock: int = 0  # samples before air within which nothing planned may be moved

    @property
    def channels(self) -> tuple[ChannelId, ...]:
        """All channels that have a plan."""
        return (*self.frames, *self.idle)

    def offers(self, name: str, channel: ChannelId) -> bool:
        """Whether a rundown of a channel may name it: a file that is there, or a relay that the channel's player receives."""
        return name in self.media and channel in self.relays.get(name, (channel,))


def relays_of(settings: Settings) -> dict[str, Medium]:
    """Each relay as a medium, by its name in rundowns."""
    return {
        PREFIX + section.id: medium_of(section.id, f"{section.name_zh} {section.name_en}")
        for section in settings.received()
    }


def studios_of(settings: Settings) -> dict[Sha256, Studio]:
    """The live sources, by their checksums."""
    return {
        checksum(section.relay): Studio(
            id=section.id,
            delay=section.delay_ms * (SAMPLE_RATE // 1000),
            dumped=section.dumped,
            level=section.level_ms > 0,
        )
        for section in settings.live
    }


def after_of(settings: Settings) -> dict[ChannelId, dict[str, Rule]]:
    """By channel and class, what becomes of what an alert broke off; the first entry that names both holds."""
    made: dict[ChannelId, dict[str, Rule]] = {section.id: {} for section in settings.channels}
    for one in settings.after_alerts:
        rule = Rule(
            then=one.then, under=one.restart_under_s * SAMPLE_RATE, longest=one.longest_s * SAMPLE_RATE
        )
        for channel in one.channels or list(made):
            made[channel].setdefault(class_of(one.category), rule)
    return made


def policy_of(
    settings: Settings, media: Mapping[str, Medium], measured: Mapping[Sha256, Measured] | None = None
) -> Policy:
    """The policy of a station. `media`: every house file by SHA-256 and by the names that rundowns and settings use; `measured`: what ingest found out of them.

    Raises Refused when a channel's filler or loop is not in the library.
    """
    station = settings.station
    relayed = relays_of(settings)
    frames = {
        section.id: frame_of(
            section,
            station,
            media,
            handlings(measured or {}, section.target_lufs),
            settings.replacements,
        )
        for section in settings.channels
    }
    asked = [row.before for row in settings.signatures if row.row == "daily_drill"]
    return Policy(
        frames=frames,
        idle=tuple(stream_channel(k) for k in range(1, settings.alerts.streams + 1)),
        media={**media, **{key: one for name, one in relayed.items() for key in (name, one.sha256)}},
        relays={
            PREFIX + section.id: frozenset(one.id for one in settings.channels if one.chain == section.chain)
            for section in settings.received()
        },
        ways={PREFIX + section.id: len(section.members) for section in settings.relays},
        studios=studios_of(settings),
        after=after_of(settings),
        signatures=max([3, *asked]),
        tz=station.timezone,
        day_start=station.day_start,
        lock=station.lock_s * SAMPLE_RATE,
    )
