"""The 0xFEFD server of the station: keeps the terminals' connections, sends the orders that `fleet.follow` finds missing, tells the counts. Decides nothing about alerts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import attrs
import numpy as np

from devices.fefd import Frame, Profile
from devices.fleet import KEEP, NEVER, Order, Policy, Reported, Sent, Wanted, adopt, follow
from devices.fleet_book import Book, Group
from devices.fleet_ears import Ears, Then
from devices.fleet_pen import Pen
from devices.messages import CountTerminals, FoldTerminals
from devices.tally import NOBODY, Counts
from devices.terminal_files import SPARE_FILES, files_for
from devices.terminal_link import Door, Link
from devices.terminals import Mask, Registry, Terminal
from station.clock import Clock, Delayed
from station.words import SECOND, AreaCode, Command, Duration, Instant, Refused

TARGETS = 100  # areas in one frame
COVERS = 64  # sets of terminals whose areas are remembered
FOLD_S = 1.0
LINK_S = 60.0
SOON_S = 0.02


def _silent(kind: str, what: str) -> None:
    """The alarm of a station that wants to hear none."""


@attrs.frozen(kw_only=True)
class TerminalRow:
    """One terminal as the glass wants it."""

    terminal: Terminal
    online: bool
    last_seen: Instant | None
    playing: str  # alert id, or the EBMID of something that is not ours
    acknowledged: bool
    heard: bool
    volume: int | None


class Fleet:
    """All terminals of a station. One object a process; every method runs in the reactor's thread.

    `signer` gives the 64 bytes SM2 r‖s of what it is handed; `next_session` a number that grows for ever, reserved in
    the journal; `on_counts` takes `FoldTerminals` (at most once a second) and `CountTerminals` (once a minute), each
    only when it changed; `on_alarm` takes a kind (files, doubled code, unknown terminal, …) and a sentence or address.
    """

    def __init__(
        self,
        reactor: Clock,
        registry: Registry,
        profile: Profile,
        signer: Callable[[bytes], bytes],
        certificate_sn: str,
        now: Callable[[], Instant],
        on_counts: Callable[[Command], None],
        *,
        source: str,
        next_session: Callable[[], int],
        heartbeat_s: int = 60,
        retry_s: int = 5,
        on_alarm: Callable[[str, str], None] = _silent,
    ) -> None:
        self.registry, self.profile = registry, profile
        self._reactor, self._now = reactor, now
        self._on_counts, self._on_alarm, self._next_session = on_counts, on_alarm, next_session
        self._heartbeat = Duration(heartbeat_s * SECOND)
        self._policy = Policy(retry=Duration(retry_s * SECOND), idle=Duration(6 * retry_s * SECOND))
        count = len(registry)
        self.reported, self._sent = Reported.of(count), Sent.of(count)
        self._assignment = np.zeros(count, dtype=np.int32)
        self._volume = np.full(count, KEEP, dtype=np.int32)
        self._book = Book(count)
        self._pen = Pen(profile=profile, source=source, certificate=certificate_sn, signer=signer)
        self._ears = Ears(profile, self._book, self.reported, self._sent)
        self._links: list[Link | None] = [None] * count
        self._nameless: set[Link] = set()
        self._covers: dict[bytes, tuple[AreaCode, ...]] = {}
        self._told: dict[str, Counts] = {}
        self._told_online = 0
        self._timers: dict[str, Delayed] = {}
        self._open = False

    # -- service

    def start(self) -> None:
        """Begin to watch for silence and to fold counts; the caller listens with `door()`."""
        said = files_for(len(self.registry))
        if said:
            self._on_alarm("files", said)
        self._open = True
        self._later("sweep", self._heartbeat / SECOND / 4, self._sweep)

    def stop(self) -> None:
        """Leave no timer and no connection behind. Terminals go on with what they play."""
        self._open = False
        for name in list(self._timers):
            self._cancel(name)
        for link in [*self._links, *self._nameless]:
            if link is not None:
                link.transport.abortConnection()

    def door(self) -> Door:
        """The factory to listen with: `reactor.listenTCP(ports.terminals, fleet.door(), backlog=4096)`."""
        return Door(self)

    # -- what the station says

    def want(self, groups: Iterable[Group]) -> None:
        """The whole of what ought to sound now, best first; terminals of no group are silent. Orders the difference at once."""
        self._assignment[:] = 0
        for group in groups:
            number = self._book.assign(group)
            members, ebm = self.registry.members(group.areas), self._book.ebm_of(number)
            self._assignment[members & (self._assignment == 0)] = number
            for alert in group.alerts:
                self._book.tallies[alert].take(
                    members, self.reported.playing == ebm, self.reported.heard == ebm
                )
        self._look()

    def want_volume(self, areas: Iterable[AreaCode], percent: int) -> None:
        """The volume wanted from now on in some areas; Refused beyond 0–100 %."""
        if not 0 <= percent <= 100:
            raise Refused(f"a volume of {percent} % cannot be", f"音量 {percent}% 无效")
        self._volume[self.registry.members(areas)] = percent
        self._look()

    # -- what others may know

    @property
    def online(self) -> int:
        """How many terminals are connected."""
        return int(self.reported.online.sum())

    @property
    def refused(self) -> Counter[str]:
        """What was turned away or could not be used, by reason, since the start."""
        return self._ears.refused

    @property
    def unanswered(self) -> int:
        """Connected terminals that have not yet answered their last stop."""
        return int((self._sent.stopping & self.reported.online).sum())

    def counts(self, alert: str) -> Counts:
        """The four counts of an alert; zeros for one never wanted here."""
        tally = self._book.tallies.get(alert)
        return NOBODY if tally is None else tally.counts(self.reported.online)

    def terminals(self, numbers: Iterable[int] | None = None) -> list[TerminalRow]:
        """Rows for the glass, of all terminals or some."""
        chosen = range(len(self.registry)) if numbers is None else numbers
        return [self._row(number) for number in chosen]

    def _row(self, number: int) -> TerminalRow:
        said, want = self.reported, int(self._assignment[number])
        playing, seen, ebm = int(said.playing[number]), int(said.seen[number]), self._book.ebm_of(want)
        tallies = self._book.tallies_of(playing)
        return TerminalRow(
            terminal=self.registry.terminals[number],
            online=bool(said.online[number]),
            last_seen=None if seen == NEVER else Instant(seen),
            playing=tallies[0].alert if tallies else self._book.ebm_id(playing),
            acknowledged=want != 0 and int(said.acknowledged[number]) == want,
            heard=ebm != 0 and int(said.heard[number]) == ebm,
            volume=None if said.volume[number] == KEEP else int(said.volume[number]),
        )

    # -- what links say

    def enter(self, link: Link) -> bool:
        """A connection that has not said who it is; False when there are too many of those."""
        link.since = self._now()
        if not self._open or len(self._nameless) > len(self.registry) + SPARE_FILES:
            return False
        self._nameless.add(link)
        return True

    def leave(self, link: Link) -> None:
        """A connection ended."""
        self._nameless.discard(link)
        number = link.number
        if number is None or self._links[number] is not link:
            return
        self._links[number] = None
        self._forget(number)
        self._fold_soon()

    def complain(self, why: str, link: Link) -> None:
        """A connection is being dropped."""
        self.refused[why] += 1
        self._on_alarm(why, link.peer)

    def heard(self, link: Link, frame: Frame) -> None:
        """One frame of a terminal; the first one says who it is."""
        if link.number is None:
            number = self.registry.number(frame.source)
            if number is None:
                link.drop("unknown terminal")
                return
            self._admit(link, number)
        else:
            number = link.number
            if self.registry.terminals[number].code != frame.source:
                link.drop("changed its code")
                return
        for then in self._ears.hear(number, frame, self._now()):
            self._then(then, number, link, frame)

    def _then(self, then: Then, number: int, link: Link, frame: Frame) -> None:
        if then == "fold":
            self._fold_soon()
        elif then == "look":
            self._look_soon()
        elif then == "answer":
            link.send(self._pen.yes(frame))
        else:
            link.send(self._pen.query(self.registry.terminals[number].code))

    def _admit(self, link: Link, number: int) -> None:
        self._nameless.discard(link)
        before, self._links[number], link.number = self._links[number], link, number
        if before is not None:  # the newest wins: its owner may have lost the old one without a word
            self._forget(number)
            before.drop("doubled code")
        self.reported.online[number] = True
        self.reported.since[number] = self._now()
        link.send(self._pen.query(self.registry.terminals[number].code))
        self._fold_soon()
        self._look_soon()

    def _forget(self, number: int) -> None:
        self.reported.forget(number)
        self._sent.forget(number)
        for tally in self._book.tallies.values():
            tally.playing[number] = False

    # -- orders

    def _look(self) -> None:
        """Order what is missing; set the clock for the next look."""
        now = self._now()
        ebm, end = self._book.tables()
        wanted = Wanted(assignment=self._assignment, ebm=ebm, end=end, volume=self._volume)
        adopt(wanted, self.reported, self._sent, now)
        orders, again = follow(wanted, self.reported, self._sent, now, self._policy)
        self._sent.note(orders, wanted, now)
        for order in orders:
            self._order(order, now)
        self._cancel("look")
        if again is not None:
            self._later("look", max(again - now, 1_000) / SECOND, self._look)

    def _look_soon(self) -> None:
        """Look within 20 ms, once for all that happens until then."""
        if "soon" not in self._timers:
            self._later("soon", SOON_S, self._look)

    def _order(self, order: Order, now: Instant) -> None:
        mask = self.registry.nobody()
        mask[order.terminals] = True
        areas = self._cover(mask)
        for first in range(0, len(areas), TARGETS):
            part = areas[first : first + TARGETS]
            session = self._next_session()
            self._book.sent(session, order.verb, order.what)
            data = self._pen.signed(order, self._book, part, session, now)
            self._send(data, np.flatnonzero(mask & self.registry.members(part)).tolist())
        if order.verb == "start":
            for tally in self._book.tallies_of(self._book.ebm_of(order.what)):
                tally.ordered[order.terminals] |= tally.addressed[order.terminals]
            self._fold_soon()

    def _send(self, data: bytes, numbers: list[int]) -> None:
        for number in numbers:
            link = self._links[number]
            if link is not None:
                link.send(data)

    def _cover(self, mask: Mask) -> tuple[AreaCode, ...]:
        key = np.packbits(mask).tobytes()
        if key not in self._covers:
            if len(self._covers) >= COVERS:
                self._covers.clear()
            self._covers[key] = self.registry.cover(mask)
        return self._covers[key]

    # -- timers

    def _later(self, name: str, delay: float, call: Callable[[], None]) -> None:
        def run() -> None:
            del self._timers[name]
            call()

        if self._open:
            self._timers[name] = self._reactor.callLater(delay, run)

    def _cancel(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    def _sweep(self) -> None:
        """Drop who has been silent for three heart-beats, and who never said its name."""
        limit = self._now() - 3 * self._heartbeat
        for number in np.flatnonzero(self.reported.online & (self.reported.seen < limit)).tolist():
            link = self._links[number]
            if link is not None:
                link.drop("silent")
        for link in [link for link in self._nameless if link.since < limit]:
            link.drop("nameless")
        self._later("sweep", self._heartbeat / SECOND / 4, self._sweep)

    def _fold_soon(self) -> None:
        if "fold" not in self._timers:
            self._later("fold", FOLD_S, self._fold)

    def _fold(self) -> None:
        """Tell the station what changed since the last time."""
        now = self._now()
        for alert, tally in self._book.tallies.items():
            counts = tally.counts(self.reported.online)
            if counts != self._told.get(alert, NOBODY):
                self._told[alert] = counts
                self._on_counts(_folded(alert, counts, now))
        for alert in self._told.keys() - self._book.tallies.keys():
            del self._told[alert]
        self._fold_online(now)

    def _fold_online(self, now: Instant) -> None:
        if self.online != self._told_online and "online" not in self._timers:
            self._told_online = self.online
            self._on_counts(CountTerminals(online=self.online, registered=len(self.registry), at=now))
            self._later("online", LINK_S, self._fold)


def _folded(alert: str, counts: Counts, now: Instant) -> FoldTerminals:
    return FoldTerminals(
        alert=alert,
        at=now,
        ordered=counts.ordered,
        acknowledged=counts.acknowledged,
        playing=counts.playing,
        heard=counts.heard,
        silent=counts.silent,
    )


__all__ = ["Fleet", "Group", "TerminalRow"]
