"""What a player holds for each channel and each ring, and how far the rings are. Knows no process but the decoder's handle, no file, no clock."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from playout.crew import Child
from playout.link import SetOverlays
from playout.mixer import Slot
from playout.rings import ENDED, FAILED, AirRing, DecodedRing
from playout.standby import ladder_media
from playout.streams import Stream
from schedules.plan import Fallen, Medium, Plan
from station.words import SAMPLE_RATE, ChannelId, SampleIndex, Sha256


@attrs.define
class Lane:
    """One channel: what is held for it."""

    channel: ChannelId
    air: AirRing
    plan: Plan
    rings: range
    overlays: SetOverlays
    held: Plan | None = None  # as the station gave it
    following: Plan | None = None  # the next plan, waiting for its first samples to be decoded
    following_since: int = 0
    rungs: tuple[Fallen, ...] = ()
    climbs: dict[str, int] = attrs.field(factory=dict)


@attrs.define
class Seat:
    """One ring and its decoder."""

    ring: DecodedRing
    child: Child | None = None
    stream: Stream | None = None
    generation: int = 0
    since: int = 0


def good(seat: Seat, lane: Lane) -> bool:
    """Whether the ring is two seconds ahead of the air, or holds the medium to its end."""
    ring, stream = seat.ring, seat.stream
    if stream is None or ring.generation != seat.generation or ring.state == FAILED:
        return False
    ahead = ring.written - (lane.air.head - stream.origin)
    return ring.state == ENDED or ahead >= 2 * SAMPLE_RATE


def ready(seats: list[Seat], stream: Stream, head: SampleIndex, lane: Lane) -> bool:
    """Whether a second of `stream` from the head on is decoded, or cannot be."""
    for number in lane.rings:
        seat = seats[number]
        if seat.stream == stream and seat.ring.generation == seat.generation:
            ahead = seat.ring.written - (head - stream.origin)
            return seat.ring.state in (ENDED, FAILED) or ahead >= SAMPLE_RATE
    return False


def kept_in_memory(lanes: Iterable[Lane]) -> dict[Sha256, Medium]:
    """What must be in memory: the audio of overlays, and the loop of every plan held."""
    media: dict[Sha256, Medium] = {}
    for lane in lanes:
        media |= {medium.sha256: medium for medium in lane.overlays.media}
        for plan in plans_of(lane):
            loop = ladder_media(plan)
            media |= {medium.sha256: medium for medium in plan.media if medium.sha256 in loop}
    return media


def plans_of(lane: Lane) -> tuple[Plan, ...]:
    """The plan on air, and the one that follows."""
    return (lane.plan,) if lane.following is None else (lane.plan, lane.following)


def medium_in(lanes: Iterable[Lane], sha256: Sha256) -> Medium | None:
    """A medium as some plan describes it."""
    plans = [plan for lane in lanes for plan in plans_of(lane)]
    return next((medium for plan in plans for medium in plan.media if medium.sha256 == sha256), None)


def slot_of(seat: Seat) -> Slot | None:
    """What the mixer is told of a ring."""
    if seat.stream is None:
        return None
    return Slot(sha256=seat.stream.sha256, generation=seat.generation, origin=seat.stream.origin)
