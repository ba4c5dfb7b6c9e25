"""The player link (docs/player-link.md) as a codec: bytes in, messages out, and back. Knows neither transport nor time nor what a message leads to."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import attrs
import cattrs

from playout.gauge import OutputLine
from playout.messages import AsRunEntry
from schedules.plan import Medium, Overlay, Plan
from station.netstring import Unpacker, pack
from station.wire import complaints, lenient, to_plain
from station.words import ChannelId, Instant, Misheard, SampleIndex, Sha256

VERSION: Final = 1
BATCH: Final = 500  # as-run entries of one message


@attrs.frozen(kw_only=True)
class StationHello:
    """The first message of the station."""

    version: int = VERSION


@attrs.frozen(kw_only=True)
class SetPlan:
    """The plan of a channel from now on."""

    channel: ChannelId
    plan: Plan
    epoch: str = ""  # the run of the station whose revision this is


@attrs.frozen(kw_only=True)
class SetOverlays:
    """The whole set of overlays wanted on a channel, and their media."""

    channel: ChannelId
    revision: int
    overlays: tuple[Overlay, ...]
    media: tuple[Medium, ...] = ()
    epoch: str = ""  # the run of the station whose revision this is


@attrs.frozen(kw_only=True)
class HearMember:
    """Hear a relay by this member, from now on while it is good. `number`: of the wish, as the status reports it."""

    relay: str
    member: int
    number: int


@attrs.frozen(kw_only=True)
class Preload:
    """Media to be in memory before they are needed."""

    media: tuple[Medium, ...]


@attrs.frozen(kw_only=True)
class AsRunSince:
    """Send what was aired after entry `seq` of `run`; no run: everything kept."""

    run: str | None = None
    seq: int = 0


@attrs.frozen(kw_only=True)
class AsRunAck:
    """Everything up to entry `seq` of `run` is in the station's journal."""

    run: str
    seq: int


@attrs.frozen(kw_only=True)
class What:
    """Ask for the status of every channel at once."""


@attrs.frozen(kw_only=True)
class Stop:
    """End the player."""


@attrs.frozen(kw_only=True)
class Realtime:
    """What the mixer obtained from the system."""

    fifo: bool = False
    mlock: bool = False


@attrs.frozen(kw_only=True)
class PlayerHello:
    """The first message of the player."""

    chain: str
    channels: tuple[ChannelId, ...]
    run: str
    pid: int
    rates: int = 48_000
    realtime: Realtime = Realtime()
    version: int = VERSION


@attrs.frozen(kw_only=True)
class MemberSight:
    """One way by which a relay comes."""

    state: str  # of playout.relay_choice.STATES
    placed: bool  # it is known which of its samples belongs where: it can take over without a jump
    ahead_ms: int  # of it are there ahead of what is due
    peak: int | None = None  # of what came last, hundredths of dBFS
    alike: int | None = (
        None  # thousandths: correlation with the one that is heard, when they were compared last
    )
    risen: int = 0  # absolute sample at which the sound that was there last begins to be heard; 0: unknown
    sounded: int = 0  # absolute sample at which it ends; 0: unknown
    quiet_ms: int = 0  # since sound came


@attrs.frozen(kw_only=True)
class RelaySight:
    """How one relay comes in, whether it is on air or not."""

    relay: str
    heard: int | None  # the member that is heard or would be, from 0; None: nothing would be
    members: tuple[MemberSight, ...]
    since: SampleIndex | None = None  # that one is heard from this sample on
    marker: SampleIndex | None = None  # of which the last marker that came with it speaks
    says: str = ""  # that marker, of playout.scte35.WHATS
    wish: int | None = None  # the number of the last wish it was told; None: a player that takes none
    leads: bool | None = (
        None  # it says what is heard of it; else the chain's other player does; None: a player that does not say
    )


@attrs.frozen(kw_only=True)
class Status:
    """How one channel is. Levels in hundredths of dBFS, left and right, over the time since the last status."""

    at: Instant
    channel: ChannelId
    head: SampleIndex
    take: str
    overlay: str
    rung: str
    peak: tuple[int, int]
    rms: tuple[int, int]
    plan_revision: int
    plan_until: SampleIndex
    overlay_revision: int
    unready: tuple[Sha256, ...] = ()
    late_us_p99: int = 0
    cause: str = ""  # why the rung is not "file"
    plan_epoch: str | None = None  # whose revision that is; None: a player that knows no epochs
    overlay_epoch: str | None = None
    lost: int = 0  # as-run lines this player dropped because nobody acknowledged them: an alarm
    outputs: tuple[OutputLine, ...] = ()  # its further outputs, as the settings list them
    sending: bool = True  # False: it began beside a twin that is on the air, and is not its equal yet
    relays: tuple[RelaySight, ...] = ()  # those that this player receives


@attrs.frozen(kw_only=True)
class Rendered:
    """The first sample of an overlay was rendered."""

    channel: ChannelId
    overlay: str
    head: SampleIndex
    at: Instant


@attrs.frozen(kw_only=True)
class Ready:
    """Media that are in memory."""

    media: tuple[Sha256, ...]


@attrs.frozen(kw_only=True)
class AsRun:
    """Lines of the as-run log, in order."""

    entries: tuple[AsRunEntry, ...]


@attrs.frozen(kw_only=True)
class NotUnderstood:
    """The other side could not make sense of a message."""

    text: dict[str, str]


FromStation = (
    StationHello | SetPlan | SetOverlays | HearMember | Preload | AsRunSince | AsRunAck | What | Stop
)
FromPlayer = PlayerHello | Status | Rendered | Ready | AsRun | NotUnderstood

_STATION: Final[dict[str, type]] = {
    "hello": StationHello,
    "plan": SetPlan,
    "overlays": SetOverlays,
    "relay": HearMember,
    "preload": Preload,
    "asrun-since": AsRunSince,
    "asrun-ack": AsRunAck,
    "what": What,
    "stop": Stop,
}
_PLAYER: Final[dict[str, type]] = {
    "hello": PlayerHello,
    "status": Status,
    "rendered": Rendered,
    "ready": Ready,
    "asrun": AsRun,
    "misheard": NotUnderstood,
}
_NAMES: Final = {cls: name for table in (_STATION, _PLAYER) for name, cls in table.items()}


def encode(message: FromStation | FromPlayer) -> bytes:
    """One message as a netstring."""
    return pack({"type": _NAMES[type(message)], **to_plain(message)})


class _Decoder:
    """Messages of one direction; after a broken frame the stream is dead, after a wrong message it is not."""

    def __init__(self, table: dict[str, type]) -> None:
        self._table = table
        self._unpacker = Unpacker()

    def feed(self, data: bytes) -> list[Any]:
        """Messages completed by `data`; a Misheard in their place where one made no sense.

        Raises Misheard when the frames themselves are broken.
        """
        return [self._understand(plain) for plain in self._unpacker.feed(data)]

    def _understand(self, plain: Any) -> Any:
        kind = plain.get("type") if isinstance(plain, dict) else None
        cls = self._table.get(kind) if isinstance(kind, str) else None
        if cls is None:
            return Misheard(f"no message is called {kind!r}", f"没有名为 {kind!r} 的报文", code="unknown")
        try:
            return lenient.structure({k: v for k, v in plain.items() if k != "type"}, cls)
        except (cattrs.BaseValidationError, TypeError, ValueError, KeyError, AttributeError) as error:
            said = "; ".join(complaints(error)[:5])
            return Misheard(f"{kind}: {said}", f"{kind}:{said}")


class PlayerSide(_Decoder):
    """What a player hears."""

    def __init__(self) -> None:
        super().__init__(_STATION)

    def feed(self, data: bytes) -> list[FromStation | Misheard]:
        """Messages of the station."""
        return super().feed(data)


class StationSide(_Decoder):
    """What a station hears."""

    def __init__(self) -> None:
        super().__init__(_PLAYER)

    def feed(self, data: bytes) -> list[FromPlayer | Misheard]:
        """Messages of the player."""
        return super().feed(data)


def check_plan(plan: Plan) -> None:
    """Raise Misheard where a plan does not tile its span, names no approval or a medium it does not list."""
    if not plan.takes or plan.takes[0].start != plan.start or plan.takes[-1].end != plan.end:
        raise Misheard(
            f"the plan of {plan.channel} does not fill its span", f"{plan.channel} 的播出计划未填满时段"
        )
    known = {medium.sha256 for medium in plan.media}
    for before, after in pairwise(plan.takes):
        if before.end != after.start:
            raise Misheard(
                f"{before.id} and {after.id} do not meet", f"{before.id} 与 {after.id} 之间有空隙或重叠"
            )
    for take in plan.takes:
        if take.end <= take.start:
            raise Misheard(f"{take.id} has no length", f"{take.id} 长度为零")
        if not take.approval:
            raise Misheard(f"nobody approved {take.id}", f"{take.id} 未经批准")
        if take.kind != "silence" and take.media not in known:
            raise Misheard(f"{take.id} names a medium that is not listed", f"{take.id} 所用素材未列出")
        if take.replacement is not None and take.replacement.media not in known:
            raise Misheard(f"the replacement of {take.id} is not listed", f"{take.id} 的替播素材未列出")


def check_overlays(overlays: tuple[Overlay, ...]) -> None:
    """Raise Misheard where an overlay has no approval, no length or an impossible sequence."""
    for overlay in overlays:
        if not overlay.approval:
            raise Misheard(f"nobody approved overlay {overlay.id}", f"插播 {overlay.id} 未经批准")
        if overlay.end <= overlay.start or overlay.gap < 0 or overlay.ramp < 0:
            raise Misheard(f"overlay {overlay.id} has no possible length", f"插播 {overlay.id} 的长度有误")
