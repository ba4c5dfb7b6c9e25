"""The station's end of one player's link: connects and reconnects, sends what `follow` orders, takes in what was aired exactly once. Knows Twisted and a Clock; decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import attrs
from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from playout.follow import Reported, Told, Wanted, follow, wishes
from playout.link import (
    AsRun,
    AsRunAck,
    AsRunSince,
    FromStation,
    HearMember,
    NotUnderstood,
    PlayerHello,
    Preload,
    Ready,
    Rendered,
    StationHello,
    StationSide,
    Status,
    Stop,
    What,
    encode,
)
from playout.messages import AsRunEntry
from schedules.plan import Medium
from station.clock import Clock
from station.words import ChannelId, Instant, Misheard, Sha256

RETRY: Final = 0.25  # s between attempts to connect
GUEST_RETRY: Final = 5.0  # s between two looks whether a player has come that is not always there
SILENCE: Final = 3.0  # s without a word after which the connection is made anew
Place = tuple[str, int]  # run and seq of an as-run entry


@attrs.define(kw_only=True)
class Reports:
    """Whom to tell what a player says; whoever does not care leaves a place empty."""

    on_status: Callable[[Status], None] = lambda _: None
    on_asrun: Callable[[str, tuple[AsRunEntry, ...]], None] = lambda _chain, _entries: None
    on_rendered: Callable[[Rendered], None] = lambda _: None
    on_connected: Callable[[PlayerHello], None] = lambda _: None
    on_lost: Callable[[str], None] = lambda _chain: None
    on_misheard: Callable[[str, NotUnderstood], None] = lambda _chain, _said: None


class _Link(Protocol):
    """Bytes of one connection."""

    def __init__(self, owner: ChainLink) -> None:
        self._owner = owner
        self._codec = StationSide()

    def connectionMade(self) -> None:  # noqa: N802
        self._owner.made(self)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        try:
            messages = self._codec.feed(data)
        except Misheard:
            self.close()
            return
        for message in messages:
            self._owner.heard(message)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        self._owner.gone(self)

    def say(self, message: FromStation) -> None:
        """Send one message."""
        self._wire.write(encode(message))

    def close(self) -> None:
        """Hang up."""
        self._wire.loseConnection()

    @property
    def _wire(self) -> Any:
        return self.transport


Connect = Callable[[Protocol], Any]  # gives a Deferred


class ChainLink(Service):
    """The link to one player; `chain` is its name, that of its chain but for the second of a pair. A `guest` is looked for now and then.

    `clock` is a reactor (or a task.Clock with `connect` given); `now` gives anchor time. Set what is wanted with
    `want`; `epoch` names this run of the station; read `status` and `hello`; give the journal's place with `aired_until` before starting, and confirm
    what was journaled with `acknowledge`.
    """

    def __init__(
        self,
        clock: Clock,
        socket_path: Path,
        chain: str,
        reports: Reports,
        now: Callable[[], Instant],
        connect: Connect | None = None,
        epoch: str = "",
        *,
        guest: bool = False,
    ) -> None:
        self.chain, self._epoch, self._guest = chain, epoch, guest
        self.hello: PlayerHello | None = None
        self.status: dict[ChannelId, Status] = {}
        self._clock, self._path, self._reports, self._now = clock, socket_path, reports, now
        self._connect = connect or self._to_socket
        self._wanted: dict[ChannelId, Wanted] = {}
        self._reported: dict[ChannelId, Reported] = {}
        self._relays: tuple[HearMember, ...] = ()
        self._asked: dict[str, Told] = {}
        self._preload: dict[Sha256, Medium] = {}
        self._held: set[Sha256] = set()
        self._holders: dict[Sha256, list[Deferred[None]]] = {}
        self._link: _Link | None = None
        self._calls: dict[str, Any] = {}
        self._aired: Place | None = None
        self._taken: Place | None = None
        self._heard_at = 0.0

    def startService(self) -> None:  # noqa: N802
        """Begin to connect."""
        super().startService()  # type: ignore[no-untyped-call]
        self._later("connect", 0.0, self._attempt)
        self._later("watch", SILENCE, self._watch)

    def stopService(self) -> None:  # noqa: N802
        """Hang up; the player goes on."""
        super().stopService()  # type: ignore[no-untyped-call]
        for call in self._calls.values():
            if call.active():
                call.cancel()
        self._calls.clear()
        if self._link is not None:
            self._link.close()

    # what the station wants

    def want(self, wanted: Wanted) -> None:
        """What a channel's player ought to hold from now on."""
        self._wanted[wanted.channel] = attrs.evolve(wanted, epoch=self._epoch)
        self._follow(wanted.channel)

    def want_relays(self, relays: Iterable[HearMember]) -> None:
        """By which members its relays are to be heard; told with the next status where it was not told yet."""
        self._relays = tuple(relays)

    def preload(self, media: Iterable[Medium]) -> None:
        """The media to be in the player's memory from now on, in place of those before; the last 64, asked for again on each connection."""
        self._preload = {medium.sha256: medium for medium in list(media)[-64:]}
        self._held &= set(self._preload)
        self._say(Preload(media=tuple(self._preload.values())))

    def held(self, sha256: Sha256, within: float) -> Deferred[None]:
        """Fires when the player has said that it has a medium in memory; at the latest after `within` s, at once where no player answers."""
        if self._link is None or sha256 in self._held:
            return succeed(None)
        waiting: Deferred[None] = Deferred()
        self._holders.setdefault(sha256, []).append(waiting)
        late = self._clock.callLater(within, self._ready, sha256)
        return waiting.addBoth(lambda _: late.cancel() if late.active() else None)

    def _ready(self, *media: Sha256) -> None:
        for sha256 in media:
            for waiting in self._holders.pop(sha256, ()):
                waiting.callback(None)

    def stop_player(self) -> None:
        """End the player itself."""
        self._say(Stop())

    def aired_until(self, run: str, seq: int) -> None:
        """The last as-run entry the journal has: what came before is not asked for again."""
        self._aired = (run, seq)

    def acknowledge(self, run: str, seq: int) -> None:
        """Everything up to this entry is durable."""
        self._aired = (run, seq)
        self._say(AsRunAck(run=run, seq=seq))

    @property
    def connected(self) -> bool:
        """Whether a player answers."""
        return self.hello is not None

    # the connection

    def _to_socket(self, protocol: Protocol) -> Any:
        from twisted.internet.endpoints import UNIXClientEndpoint, connectProtocol

        endpoint = UNIXClientEndpoint(self._clock, str(self._path), timeout=5)  # type: ignore[no-untyped-call]
        return connectProtocol(endpoint, protocol)  # type: ignore[no-untyped-call]

    def _attempt(self) -> None:
        if self._guest and not self._path.exists():
            self._again()
            return
        made = self._connect(_Link(self))
        made.addErrback(lambda _: self._again())

    def _again(self) -> None:
        if self.running:
            self._later("connect", GUEST_RETRY if self._guest else RETRY, self._attempt)

    def _later(self, name: str, delay: float, call: Callable[[], None]) -> None:
        waiting = self._calls.get(name)
        if waiting is not None and waiting.active():
            waiting.cancel()
        self._calls[name] = self._clock.callLater(delay, call)

    def _watch(self) -> None:
        if self._link is not None and self._clock.seconds() - self._heard_at > SILENCE:
            self._link.close()
        self._later("watch", SILENCE, self._watch)

    def made(self, link: _Link) -> None:
        """Connected: greet, ask what is, ask what was aired."""
        if not self.running:
            link.close()
            return
        self._link, self._heard_at = link, self._clock.seconds()
        self._reported.clear()
        self._asked.clear()
        self._taken = self._aired
        run, seq = self._aired or (None, 0)
        for message in (StationHello(), What(), AsRunSince(run=run, seq=seq)):
            link.say(message)
        if self._preload:
            link.say(Preload(media=tuple(self._preload.values())))

    def gone(self, link: _Link) -> None:
        """The connection ended: what is on air is not known any more; try again."""
        if link is not self._link:
            return
        self._link, self.hello = None, None
        self._held.clear()
        self._ready(*self._holders)
        self.status.clear()
        self._reported.clear()
        self._reports.on_lost(self.chain)
        self._again()

    def heard(self, message: object) -> None:
        """One message of the player."""
        self._heard_at = self._clock.seconds()
        match message:
            case Status():
                self._on_status(message)
            case Rendered():
                self._reports.on_rendered(message)
            case AsRun():
                self._on_asrun(message)
            case Ready():
                self._held.update(self._preload.keys() & set(message.media))
                self._ready(*message.media)
            case PlayerHello():
                self.hello = message
                self._reports.on_connected(message)
            case NotUnderstood():
                self._reports.on_misheard(self.chain, message)

    def _on_status(self, status: Status) -> None:
        self.status[status.channel] = status
        known = self._reported.get(status.channel, Reported())
        self._reported[status.channel] = attrs.evolve(known, status=status)
        self._follow(status.channel)
        now = self._now()
        for wish in wishes(self._relays, status.relays, self._asked, now):
            self._asked[wish.relay] = Told(revision=wish.number, at=now)
            self._say(wish)
        self._reports.on_status(status)

    def _on_asrun(self, message: AsRun) -> None:
        new = tuple(e for e in message.entries if self._taken is None or (e.run, e.seq) > self._taken)
        if new:
            self._taken = (new[-1].run, new[-1].seq)
            self._reports.on_asrun(self.chain, new)

    def _follow(self, channel: ChannelId) -> None:
        wanted, reported = self._wanted.get(channel), self._reported.get(channel)
        if wanted is None or reported is None or self._link is None:
            return
        now = self._now()
        orders, again = follow(wanted, reported, now)
        for order in orders:
            self._reported[channel] = reported = reported.told(order, now)
            self._say(order)
        if again is not None:
            self._later(f"follow {channel}", (again - now) / 1_000_000, lambda: self._follow(channel))

    def _say(self, message: FromStation) -> None:
        if self._link is not None:
            self._link.say(message)
