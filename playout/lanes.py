"""What a player holds for each channel and each ring, and how far the rings are. Knows no process but the decoder's handle, no file, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import attrs

from playout.crew import Child
from playout.decoder import Fill
from playout.gain import decibel
from playout.gauge import Gauge
from playout.guide import BEHIND, Event, events, read, written
from playout.link import HearMember, MemberSight, RelaySight, SetOverlays, Status
from playout.marking import marked
from playout.memory import Memory
from playout.mending import Mark
from playout.mixer import Slot
from playout.relay_choice import STATES
from playout.relay_rings import NOBODY, LiveRing
from playout.rings import BLOCK, ENDED, FAILED, AirRing, DecodedRing
from playout.roots import Roots
from playout.scte35 import WHATS
from playout.standby import covering, ladder_media
from playout.streams import Stream, same, wanted
from playout.ways import Board
from schedules.plan import OWN, Fallen, Medium, Plan
from station.words import SAMPLE_RATE, ChannelId, Misheard, SampleIndex, Sha256

_LAG: Final = SAMPLE_RATE  # pictures of a moment are made after its sound
_SEEN: Final = 20 * SAMPLE_RATE  # so long what was heard may still be in a preview
_JOINED: Final = SAMPLE_RATE // 10  # a relay is heard again so long after the head
_CLIMBS: Final = 3  # times a take returns to its file before it stays down


class Guide:
    """What is on a channel now and next, in shared memory: written anew only where another item is on the air."""

    def __init__(self) -> None:
        self._board = Board()
        self._shown: tuple[Plan, int] | None = None  # of which plan, until which sample

    def show(self, plan: Plan, n: int) -> None:
        """What is due at sample `n` of `plan` from now on, and what was for as long as somebody may still tell of it."""
        n = max(plan.start, n - BEHIND)
        if self._shown is not None and self._shown[0] is plan and n < self._shown[1]:
            return
        found = events(plan, n)
        self._shown = (plan, found[0].end) if found else None
        self._board.write(written(found))

    def read(self) -> tuple[Event, ...] | None:
        """What is shown; None: look again later."""
        return read(self._board.read())


@attrs.define
class Lane:
    """One channel: what is held for it."""

    channel: ChannelId
    air: AirRing
    plan: Plan
    rings: range
    overlays: SetOverlays
    held: Plan | None = None  # as the station gave it
    plan_epoch: str = (
        ""  # the run of the station that gave it; not kept over a restart: it is then given again
    )
    following: Plan | None = None  # the next plan, waiting for its first samples to be decoded
    following_since: int = 0
    rungs: tuple[Fallen, ...] = ()
    climbs: dict[str, int] = attrs.field(factory=dict)
    lives: Mapping[Sha256, LiveRing] = attrs.field(factory=dict)  # relays that this player receives
    stale: bool = False  # its preview holds what may not be heard any more
    blind: set[str] = attrs.field(factory=set)  # takes whose pictures cannot be read: they do not return
    gauges: tuple[Gauge, ...] = ()  # of its further outputs
    guide: Guide = attrs.field(factory=Guide)  # what its transport stream says of now and next
    sending: bool = (
        True  # its packets go out; not yet, where a twin is on the air and this player not its equal
    )


@attrs.define
class Seat:
    """One ring and its decoder."""

    ring: DecodedRing
    child: Child | None = None
    stream: Stream | None = None
    generation: int = 0
    since: int = 0
    marks: list[Mark] = attrs.field(factory=list)  # of this generation: what is not from its file


def signed(status: Status, lane: Lane, lost: int) -> Status:
    """A mixer's status with what only the middle knows: whose revisions those are, and how many lines were lost."""
    return attrs.evolve(
        status,
        plan_epoch=lane.plan_epoch,
        overlay_epoch=lane.overlays.epoch,
        lost=lost,
        sending=lane.sending,
        outputs=tuple(gauge.line(status.at) for gauge in lane.gauges),
        relays=tuple(relay_sight(ring) for ring in lane.lives.values()),
    )


def relay_sight(ring: LiveRing) -> RelaySight:
    """How a relay comes in."""
    marker, says = ring.marked()
    return RelaySight(
        relay=ring.name,
        heard=None if ring.chosen == NOBODY else ring.chosen,
        members=tuple(member_sight(ring, number) for number in range(ring.members)),
        since=None if ring.chosen == NOBODY else SampleIndex(ring.since),
        wish=ring.wish,
        leads=ring.leads,
        marker=SampleIndex(marker) if marker else None,
        says=WHATS[says] if marker else "",
    )


def member_sight(ring: LiveRing, number: int) -> MemberSight:
    """How one of its ways is."""
    (state, ahead), (peak, alike) = ring.state(number), ring.seen(number)
    risen, sounded, quiet = ring.sound(number)
    return MemberSight(
        state=STATES[state],
        placed=bool(ring.place(number)[0]),
        ahead_ms=ahead * 1_000 // SAMPLE_RATE,
        peak=decibel(peak, 1 << 23),
        alike=alike or None,
        risen=risen,
        sounded=sounded,
        quiet_ms=quiet * 1_000 // SAMPLE_RATE,
    )


def hear_member(lanes: Mapping[ChannelId, Lane], wish: HearMember) -> None:
    """Pass on by which way people want to hear a relay. Raises Misheard where this player receives no such relay, or it has no such way."""
    found = next(
        (ring for lane in lanes.values() for ring in lane.lives.values() if ring.name == wish.relay), None
    )
    if not 0 < wish.number < 1 << 62:
        raise Misheard(f"{wish.number} is no number of a wish", f"换路编号 {wish.number} 无效")
    if found is None or not 0 <= wish.member < found.members:
        raise Misheard(
            f"relay {wish.relay} has no way {wish.member + 1} here",
            f"本机转播 {wish.relay} 没有第 {wish.member + 1} 路",
        )
    found.ask(wish.number, wish.member)


def take_over(lane: Lane, plan: Plan, now: SampleIndex) -> None:
    """Go on by `plan`, with standby takes around it: from where it is still asked, for sound may be mixed ahead of now, pictures are made behind it."""
    lane.stale |= withdrawn(lane.plan, plan, SampleIndex(max(lane.air.head, now)))
    lane.held, lane.following = plan, None
    lane.plan = covering(plan, SampleIndex(min(lane.air.head or now, now) - _LAG))
    known = {take.id for take in lane.plan.takes}
    lane.rungs = tuple(f for f in lane.rungs if f.take in known)


def withdrawn(before: Plan, after: Plan, head: SampleIndex) -> bool:
    """Whether something that was just heard by the plan before is no medium of the one after any more."""
    known = {medium.sha256 for medium in after.media}
    heard = (take for take in before.takes if take.start < head and take.end > head - _SEEN)
    return any(take.media is not None and take.media not in known for take in heard)


def sample_of_media(lane: Lane, memory: Memory, *, film: bool) -> str:
    """A file like those the lane's decoders will be given; empty where its plan names none."""
    found = (one for one in lane.plan.media if not one.live and (one.frames or not film))
    return next((str(memory.roots.path(one.sha256, one)) for one in found), "")


def streams_of(lane: Lane, head: SampleIndex, loaded: Iterable[Sha256]) -> list[Stream]:
    """What the lane's rings should decode, the most urgent first: what is on air and next, then what a plan that waits begins with."""
    if not len(lane.rings):
        return []
    now = wanted(lane.plan, head, loaded)
    if lane.following is None:
        return now
    return [*now[:2], *wanted(covering(lane.following, head), head, loaded)]


def good(seat: Seat, lane: Lane) -> bool:
    """Whether the ring is two seconds ahead of the air, or holds the medium to its end."""
    ring, stream = seat.ring, seat.stream
    if stream is None or ring.generation != seat.generation or ring.state == FAILED:
        return False
    at = max(lane.air.head, stream.begin) - stream.origin
    return ring.first <= at and (ring.state == ENDED or ring.written - at >= 2 * SAMPLE_RATE)


def ready(seats: list[Seat], stream: Stream, head: SampleIndex, lane: Lane) -> bool:
    """Whether a second of `stream` from the head on is decoded, or cannot be."""
    for number in lane.rings:
        seat = seats[number]
        if same(seat.stream, stream) and seat.ring.generation == seat.generation:
            ring, at = seat.ring, head - stream.origin
            enough = ring.state == ENDED or ring.written - at >= SAMPLE_RATE
            return ring.state == FAILED or (ring.first <= at and enough)
    return False


def primed(
    seats: list[Seat], lane: Lane, plan: Plan, head: SampleIndex, memory: Memory, *, spare: bool
) -> bool:
    """Whether the first second of `plan` from the head on can sound; with `spare` its loop, too, must be in memory.

    A file that cannot be read keeps nobody waiting: then the loop is what will sound.
    """
    now = [s for s in wanted(plan, head, memory.loaded()) if s.begin <= head < s.end]
    if len(lane.rings) and not all(ready(seats, stream, head, lane) for stream in now):
        return False
    failed = any(seats[number].ring.state == FAILED for number in lane.rings)
    if now and not failed and not spare:
        return True
    return all(memory.settled(sha256) for sha256 in ladder_media(plan))


def covered(lane: Lane, head: SampleIndex, memory: Memory) -> bool:
    """Whether the audio of overlays that lie over the second from the head on is in memory, or cannot be."""
    due = (o for o in lane.overlays.overlays if o.start < head + SAMPLE_RATE and o.end > head)
    return all(memory.settled(sha256) for overlay in due for sha256 in overlay.sequence)


def returns(seats: list[Seat], lane: Lane) -> Iterator[Fallen]:
    """Takes that fell and whose file is decoded again: from half a second after the head on they return to it."""
    now = {f.take: f for f in lane.rungs}
    if all(fallen.rung in OWN for fallen in now.values()):
        return
    decoded = {
        (stream.sha256, stream.origin)
        for number in lane.rings
        if (stream := seats[number].stream) is not None and good(seats[number], lane)
    }
    for take in lane.plan.takes:
        fallen = now.get(take.id)
        if fallen is None or fallen.rung in OWN or take.end <= lane.air.head or take.id in lane.blind:
            continue
        live = lane.lives.get(take.media) if take.media else None
        if (
            live is not None and live.head >= lane.air.head + BLOCK
        ):  # it gives nothing before it is well again
            yield Fallen(
                take=take.id, start=SampleIndex(max(take.start, lane.air.head + _JOINED)), rung="file"
            )
            continue
        tries = lane.climbs.get(take.id, 0)
        if (take.media, take.start - take.offset) in decoded and tries < _CLIMBS:
            lane.climbs[take.id] = tries + 1
            start = SampleIndex(max(take.start, lane.air.head + SAMPLE_RATE // 2))
            yield Fallen(take=take.id, start=start, rung="file")


def climbs(seats: list[Seat], lane: Lane) -> Iterator[tuple[Fallen, str]]:
    """The same, and what their file is made of by then: its second copy, or damaged places. Used as `noted`."""
    for up in returns(seats, lane):
        yield up, ""
        for number in lane.rings:
            yield from noted(seats, lane, seats[number], seats[number].marks)


def kept_in_memory(lanes: Iterable[Lane]) -> dict[Sha256, Medium]:
    """What must be in memory, the most urgent first: the audio of overlays, and the loop of every plan held."""
    every = tuple(lanes)
    media = {medium.sha256: medium for lane in every for medium in lane.overlays.media}
    for lane in every:
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


def order_of(seat: Seat, head: SampleIndex, roots: Roots, lanes: Iterable[Lane], now: int) -> Fill | None:
    """What a seat's decoder is to do: fill its ring from the head on, from whichever copy is trusted at `now` (ns)."""
    stream = seat.stream
    if stream is None:
        return None
    return Fill(
        generation=seat.generation,
        paths=roots.paths(stream.sha256, medium_in(lanes, stream.sha256)),
        using=roots.using(now),
        samples=stream.samples,
        start=min(max(head, stream.begin) - stream.origin, stream.samples),
    )


def noted(seats: list[Seat], lane: Lane, seat: Seat, marks: list[Mark]) -> Iterator[tuple[Fallen, str]]:
    """The rungs of the lane's takes, and why, where the seat does not decode from the file. Whoever iterates puts them into the lane at once."""
    if seat.stream is None or not any(seats[number] is seat for number in lane.rings):
        return
    for mark in marks:
        for plan in plans_of(lane):
            yield from marked(plan, lane.rungs, seat.stream, mark, lane.air.head)


def slot_of(seat: Seat) -> Slot | None:
    """What the mixer is told of a ring."""
    if seat.stream is None:
        return None
    return Slot(sha256=seat.stream.sha256, generation=seat.generation, origin=seat.stream.origin)
