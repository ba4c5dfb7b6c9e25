"""The 0xFEFD server of the station: keeps the terminals' connections, sends the orders that `fleet.follow` finds missing, counts the answers. Knows no alert's content and decides nothing about it."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable

import attrs
import numpy as np

from devices.fefd import Frame, Profile, Signature, area_target, encode, to_sign
from devices.fefd_bodies import (
    ENDED,
    HEARD,
    PLAYING,
    Answer,
    Start,
    answer_body,
    answer_from,
    heartbeat_from,
    query_body,
    start_body,
    status_from,
    stop_body,
    task_from,
    volume_body,
)
from devices.fleet import KEEP, NEVER, Order, Policy, Reported, Sent, Wanted, adopt, follow
from devices.messages import CountTerminals, FoldTerminals
from devices.tally import NOBODY, Counts, Tally
from devices.terminal_files import SPARE_FILES, files_for
from devices.terminal_link import Door, Link
from devices.terminals import Mask, Registry, Terminal
from station.clock import Clock, Delayed
from station.words import SECOND, AreaCode, Command, Duration, Instant, Misheard, Refused

CLASSES = {"drill": 3, "actual": 4, "daily": 5}  # 1 and 2 are drills of systems, which no alert of ours is
TARGETS = 100  # in one frame
SESSIONS = 4_096  # remembered, to know what an answer answers
TALLIES = 256  # alerts remembered
EBMS = 4_096  # different EBMIDs that terminals may claim to play
FOLD_S = 1.0
LINK_S = 60.0


@attrs.frozen(kw_only=True)
class Group:
    """What the terminals of some areas ought to play. `kind`: actual, drill or daily; volume 0–100 % or None."""

    alerts: tuple[str, ...]
    ebm_id: str  # 35 digits
    kind: str
    level: int
    event: str
    start: Instant
    end: Instant
    url: str
    areas: frozenset[AreaCode]


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


@attrs.frozen(kw_only=True)
class _Assignment:
    """A start order's content, without its terminals."""

    ebm_id: str
    kind: int
    level: int
    event: str
    start: int
    end: Instant
    url: str


class Fleet:
    """All terminals of a station. One object a process; every method runs in the reactor's thread.

    `signer` gives the 64 bytes SM2 r‖s of what it is handed; `next_session` a number that grows for ever, reserved in
    the journal; `on_counts` takes `FoldTerminals` and `CountTerminals`, each at most once a second and a minute.
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
        on_alarm: Callable[[str, str], None] = lambda kind, what: None,
    ) -> None:
        self.registry, self.profile = registry, profile
        self._reactor, self._signer, self._certificate, self._now = reactor, signer, certificate_sn, now
        self._on_counts, self._on_alarm = on_counts, on_alarm
        self._source, self._next_session = source, next_session
        self._heartbeat = Duration(heartbeat_s * SECOND)
        self._policy = Policy(retry=Duration(retry_s * SECOND), idle=Duration(6 * retry_s * SECOND))
        count = len(registry)
        self.reported, self._sent = Reported.of(count), Sent.of(count)
        self._links: list[Link | None] = [None] * count
        self._strangers: set[Link] = set()
        self._book: list[_Assignment | None] = [None]
        self._numbers: dict[_Assignment, int] = {}
        self._ebms: dict[str, int] = {"": 0}
        self._ebm_ids: list[str] = [""]
        self._assignment = np.zeros(count, dtype=np.int32)
        self._volume = np.full(count, KEEP, dtype=np.int32)
        self._by_ebm: dict[int, tuple[Tally, ...]] = {}
        self._tallies: OrderedDict[str, Tally] = OrderedDict()
        self._sessions: OrderedDict[int, tuple[str, int]] = OrderedDict()
        self._covers: dict[bytes, tuple[AreaCode, ...]] = {}
        self.refused: Counter[str] = Counter()  # by reason, for the metrics
        self._told: dict[str, Counts] = {}
        self._told_online = -1
        self._timers: dict[str, Delayed] = {}
        self._at: Instant | None = None
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
        for timer in self._timers.values():
            if timer.active():
                timer.cancel()
        self._timers.clear()
        for link in [*self._links, *self._strangers]:
            if link is not None:
                link.transport.abortConnection()

    def door(self) -> Door:
        """The factory to listen with: `reactor.listenTCP(ports.terminals, fleet.door(), backlog=4096)`."""
        return Door(self)

    # -- what the station says

    def want(self, groups: Iterable[Group]) -> None:
        """The whole of what ought to sound now; areas in no group are silent. Orders the difference at once."""
        self._assignment[:] = 0
        addressed: dict[str, Mask] = {}
        for group in groups:
            number = self._assign(group)
            members = self.registry.members(group.areas)
            free = members & (self._assignment == 0)
            self._assignment[free] = number
            for alert in group.alerts:
                addressed[alert] = addressed.get(alert, self.registry.nobody()) | members
        for alert, members in addressed.items():
            self._tallies[alert].addressed[:] |= members
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
    def unanswered(self) -> int:
        """Connected terminals that have not yet answered their last stop."""
        return int((self._sent.stopping & self.reported.online).sum())

    def counts(self, alert: str) -> Counts:
        """The four counts of an alert; zeros for one never wanted here."""
        tally = self._tallies.get(alert)
        return NOBODY if tally is None else tally.counts(self.reported.online)

    def terminals(self, numbers: Iterable[int] | None = None) -> list[TerminalRow]:
        """Rows for the glass, of all terminals or some."""
        chosen = range(len(self.registry)) if numbers is None else numbers
        return [self._row(number) for number in chosen]

    def _row(self, number: int) -> TerminalRow:
        said = self.reported
        playing, seen = int(said.playing[number]), int(said.seen[number])
        tallies = self._by_ebm.get(playing, ())
        want = int(self._assignment[number])
        ebm = self._ebm_of(want)
        return TerminalRow(
            terminal=self.registry.terminals[number],
            online=bool(said.online[number]),
            last_seen=None if seen == NEVER else Instant(seen),
            playing=tallies[0].alert if tallies else self._ebm_ids[playing],
            acknowledged=want != 0 and int(said.acknowledged[number]) == want,
            heard=ebm != 0 and int(said.heard[number]) == ebm,
            volume=None if said.volume[number] == KEEP else int(said.volume[number]),
        )

    # -- what links say

    def enter(self, link: Link) -> bool:
        """A connection that has not said who it is; False when there are too many of those."""
        link.since = self._now()
        if not self._open or len(self._strangers) > len(self.registry) + SPARE_FILES:
            return False
        self._strangers.add(link)
        return True

    def leave(self, link: Link) -> None:
        """A connection ended."""
        self._strangers.discard(link)
        number = link.number
        if number is None or self._links[number] is not link:
            return
        self._links[number] = None
        self.reported.forget(number)
        self._sent.forget(number)
        for tally in self._tallies.values():
            tally.playing[number] = False
        self._fold_soon()

    def complain(self, why: str, link: Link) -> None:
        """A connection is being dropped, or misbehaves."""
        self.refused[why] += 1
        self._on_alarm(why, link.peer)

    def heard(self, link: Link, frame: Frame) -> None:
        """One frame of a terminal."""
        number = self.registry.number(frame.source) if link.number is None else link.number
        if number is None:
            link.drop("unknown terminal")
            return
        if self.registry.terminals[number].code != frame.source:
            link.drop("changed its code")
            return
        if link.number is None:
            self._admit(link, number)
        self.reported.seen[number] = self._now()
        try:
            self._take(number, link, frame)
        except Misheard:
            self.refused["unreadable body"] += 1

    def _admit(self, link: Link, number: int) -> None:
        self._strangers.discard(link)
        before = self._links[number]
        self._links[number], link.number = link, number
        if before is not None:
            self.reported.forget(number)
            self._sent.forget(number)
            before.drop("doubled code")
        self.reported.online[number] = True
        self.reported.since[number] = self._now()
        link.send(self._query(number))
        self._fold_soon()
        self._look_soon()

    def _take(self, number: int, link: Link, frame: Frame) -> None:
        profile = self.profile
        if frame.kind == profile.answer and frame.business != profile.status:
            self._answered(number, frame)
        elif frame.business == profile.heartbeat:
            self._beat(number, link, frame)
        elif frame.business == profile.task:
            task = task_from(frame.body)
            self._task(number, task.ebm_id, task.state)
        elif frame.business == profile.status:
            self._status(number, frame)
        else:
            self.refused["unknown business"] += 1

    def _answered(self, number: int, frame: Frame) -> None:
        what = self._sessions.get(frame.session)
        if what is None or answer_from(frame.body).result != 0:
            self.refused["no" if what else "answer to nothing"] += 1
            return
        verb, value = what
        if verb == "start":
            self.reported.acknowledged[number] = value
            for tally in self._by_ebm.get(self._ebm_of(value), ()):
                tally.acknowledged[number] = True
            self._fold_soon()
        elif verb == "stop" and self._sent.stopped[number] == value:
            self._sent.stopping[number] = False
        elif verb == "volume":
            self.reported.volume[number] = value

    def _beat(self, number: int, link: Link, frame: Frame) -> None:
        beat = heartbeat_from(frame.body)
        if beat.volume <= 100:
            self.reported.volume[number] = beat.volume
        plays = self.reported.playing[number] != 0
        if beat.state == 1 and plays and not beat.first:
            self._task(number, self._ebm_ids[self.reported.playing[number]], ENDED)
        elif beat.state == 2 and not plays and not beat.first:
            link.send(self._query(number))
        if self.profile.answer_heartbeats:
            answer = answer_body(Answer(result=0))
            link.send(self._frame(frame.session, self.profile.answer, frame.source, frame.business, answer))

    def _status(self, number: int, frame: Frame) -> None:
        profile, found = self.profile, dict(status_from(frame.body).values)
        volume = found.get(profile.tag_volume, b"")
        if len(volume) == 1 and volume[0] <= 100:
            self.reported.volume[number] = volume[0]
        task = found.get(profile.tag_task)
        if task is not None and len(task) >= 18:
            said = task_from(task + bytes(4))
            self._task(number, said.ebm_id, PLAYING)
            if said.state == HEARD:
                self._task(number, said.ebm_id, HEARD)
        elif self.reported.playing[number]:
            self._task(number, self._ebm_ids[self.reported.playing[number]], ENDED)
        if not self.reported.known[number]:
            self.reported.known[number] = True
            self._look_soon()

    def _task(self, number: int, ebm_id: str, state: int) -> None:
        ebm = self._ebm(ebm_id)
        tallies = self._by_ebm.get(ebm, ())
        if state == ENDED:
            if self.reported.playing[number] == ebm:
                self.reported.playing[number] = 0
            self._mark_ended(number, tallies)
        else:
            self._leave_former(number, ebm)
            self.reported.playing[number] = ebm
            if state == HEARD:
                self.reported.heard[number] = ebm
            for tally in tallies:
                tally.acknowledged[number] = tally.playing[number] = tally.played[number] = True
                if state == HEARD:
                    tally.heard[number] = True
        self._fold_soon()
        if self.reported.playing[number] != self._ebm_of(int(self._assignment[number])):
            self._look_soon()

    def _leave_former(self, number: int, ebm: int) -> None:
        former = int(self.reported.playing[number])
        if former not in (0, ebm):
            self._mark_ended(number, self._by_ebm.get(former, ()))

    def _mark_ended(self, number: int, tallies: tuple[Tally, ...]) -> None:
        for tally in tallies:
            tally.playing[number] = False

    # -- numbers for names

    def _ebm(self, ebm_id: str) -> int:
        """The number of an EBMID; beyond the bound all strangers' ids share the last number."""
        number = self._ebms.get(ebm_id)
        if number is None:
            if len(self._ebm_ids) >= EBMS:
                self.refused["too many EBMIDs"] += 1
                return EBMS - 1
            number = self._ebms[ebm_id] = len(self._ebm_ids)
            self._ebm_ids.append(ebm_id)
        return number

    def _ebm_of(self, assignment: int) -> int:
        found = self._book[assignment]
        return 0 if found is None else self._ebms[found.ebm_id]

    def _assign(self, group: Group) -> int:
        made = _Assignment(
            ebm_id=group.ebm_id,
            kind=CLASSES[group.kind],
            level=group.level,
            event=group.event,
            start=group.start // SECOND,
            end=group.end,
            url=group.url,
        )
        number = self._numbers.get(made)
        if number is None:
            number = self._numbers[made] = len(self._book)
            self._book.append(made)
        for alert in group.alerts:
            self._tally(alert)
        tallies = tuple(self._tallies[alert] for alert in group.alerts)
        self._by_ebm[self._ebm(group.ebm_id)] = tallies
        return number

    def _tally(self, alert: str) -> None:
        if alert not in self._tallies:
            self._tallies[alert] = Tally.of(alert, len(self.registry))
            if len(self._tallies) > TALLIES:
                self._tallies.popitem(last=False)

    # -- orders

    def _wanted(self) -> Wanted:
        count = len(self._book)
        ebm, end = np.zeros(count, dtype=np.int32), np.full(count, NEVER, dtype=np.int64)
        for number, made in enumerate(self._book):
            if made is not None:
                ebm[number], end[number] = self._ebms[made.ebm_id], made.end
        return Wanted(assignment=self._assignment, ebm=ebm, end=end, volume=self._volume)

    def _look(self) -> None:
        """Order what is missing; set the clock for the next look."""
        now = self._now()
        wanted = self._wanted()
        adopt(wanted, self.reported, self._sent, now)
        orders, again = follow(wanted, self.reported, self._sent, now, self._policy)
        for order in orders:
            self._order(order)
        self._sent.note(orders, wanted, now)
        self._cancel("look")
        if again is not None:
            self._later("look", max(again - now, 1_000) / SECOND, self._look)

    def _look_soon(self) -> None:
        """Look within 20 ms, once for all that happens until then."""
        if "soon" not in self._timers:
            self._later("soon", 0.02, self._look)

    def _order(self, order: Order) -> None:
        mask = self.registry.nobody()
        mask[order.terminals] = True
        areas = self._cover(mask)
        for first in range(0, len(areas), TARGETS):
            part = areas[first : first + TARGETS]
            who = (
                np.flatnonzero(mask & self.registry.members(part))
                if len(areas) > TARGETS
                else order.terminals
            )
            data = self._signed(order, part)
            for number in who.tolist():
                link = self._links[number]
                if link is not None:
                    link.send(data)
        if order.verb == "start":
            for tally in self._by_ebm.get(self._ebm_of(order.what), ()):
                tally.ordered[order.terminals] = True
            self._fold_soon()

    def _cover(self, mask: Mask) -> tuple[AreaCode, ...]:
        key = np.packbits(mask).tobytes()
        found = self._covers.get(key)
        if found is None:
            if len(self._covers) > 64:
                self._covers.clear()
            found = self._covers[key] = self.registry.cover(mask)
        return found

    def _signed(self, order: Order, areas: tuple[AreaCode, ...]) -> bytes:
        session = self._next_session()
        self._sessions[session] = (order.verb, order.what)
        if len(self._sessions) > SESSIONS:
            self._sessions.popitem(last=False)
        frame = Frame(
            session=session,
            kind=self.profile.request,
            source=self._source,
            targets=tuple(map(area_target, areas)),
            business=getattr(self.profile, order.verb),
            body=self._body(order),
            signature=Signature(at=self._now() // SECOND, certificate=self._certificate, value=b""),
        )
        signature = Signature(
            at=self._now() // SECOND, certificate=self._certificate, value=self._signer(to_sign(frame))
        )
        return encode(attrs.evolve(frame, signature=signature), self.profile)

    def _body(self, order: Order) -> bytes:
        if order.verb == "stop":
            return stop_body(self._ebm_ids[order.what])
        if order.verb == "volume":
            return volume_body(order.what)
        made = self._book[order.what]
        assert made is not None
        return start_body(
            Start(
                ebm_id=made.ebm_id,
                kind=made.kind,
                level=made.level,
                event=made.event,
                start=made.start,
                end=-(-made.end // SECOND),
                auxiliaries=((self.profile.stream, made.url.encode("ascii")),),
            )
        )

    def _query(self, number: int) -> bytes:
        profile = self.profile
        tags = query_body(profile.tag_volume, profile.tag_state, profile.tag_task)
        return self._frame(0, profile.request, self.registry.terminals[number].code, profile.query, tags)

    def _frame(self, session: int, kind: int, target: str, business: int, body: bytes) -> bytes:
        """An unsigned frame: asking and answering need no signature."""
        made = Frame(
            session=session, kind=kind, source=self._source, targets=(target,), business=business, body=body
        )
        return encode(made, self.profile)

    # -- timers

    def _later(self, name: str, delay: float, call: Callable[[], None]) -> None:
        def run() -> None:
            del self._timers[name]
            call()

        if self._open:
            self._timers[name] = self._reactor.callLater(delay, run)

    def _cancel(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None and timer.active():
            timer.cancel()

    def _sweep(self) -> None:
        """Drop who has been silent for three heart-beats, and who never said its name."""
        limit = self._now() - 3 * self._heartbeat
        for number in np.flatnonzero(self.reported.online & (self.reported.seen < limit)).tolist():
            link = self._links[number]
            if link is not None:
                link.drop("silent")
        for link in [link for link in self._strangers if link.since < limit]:
            link.drop("nameless")
        self._later("sweep", self._heartbeat / SECOND / 4, self._sweep)

    def _fold_soon(self) -> None:
        if "fold" not in self._timers:
            self._later("fold", FOLD_S, self._fold)

    def _fold(self) -> None:
        """Tell the station what changed since the last time."""
        now = self._now()
        for alert, tally in self._tallies.items():
            counts = tally.counts(self.reported.online)
            if counts != self._told.get(alert, NOBODY):
                self._told[alert] = counts
                self._on_counts(_folded(alert, counts, now))
        if self.online != self._told_online and "links" not in self._timers:
            self._told_online = self.online
            self._on_counts(CountTerminals(online=self.online, registered=len(self.registry), at=now))
            self._later("links", LINK_S, self._fold)


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
