"""One channel under watch: takes what was received and what is due, judges each slot two seconds later, settles, writes down, reports. Gets its clock, ear, peer and files from the process main."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Protocol

import attrs

from safety.due_media import media_ahead, media_needed, unheard
from safety.hearing import Deafness
from safety.judge import (
    Hit,
    Lookup,
    Version,
    all_known,
    before_any,
    in_force,
    judge,
    nothing,
    remember,
)
from safety.logbook import DueFile
from safety.messages import SLOT, SlotRun
from safety.relay_ear import WithRelays
from safety.returns import ReturnPath
from safety.ring import Packet, Ring
from safety.shelf import Shelf
from safety.slots import Limits, Mark, Pending, close, settle, slot_of
from safety.standby import Standby
from schedules.render import NotPlanned
from station.settings import SafetySection
from station.words import SAMPLE_RATE, Sha256

DELAY: Final = 2 * SAMPLE_RATE + SAMPLE_RATE // 4  # the due feed may arrive two seconds after air
PATIENCE: Final = 10 * SAMPLE_RATE  # how long a slot may wait for a checksum or for the station's word
_AT_ONCE: Final = 20  # slots judged in one go


class Ear(Protocol):
    """What is needed of safety.hearing.Ears."""

    deafness: Deafness

    def drain(self) -> list[Packet]: ...
    def probe(self) -> None: ...
    def check_drops(self) -> None: ...


class Log(Protocol):
    """What is needed of safety.logbook.RunLog."""

    def add(self, runs: Iterable[SlotRun]) -> None: ...
    def last(self) -> tuple[SlotRun, ...]: ...
    def flush(self) -> None: ...


class Reports(Protocol):
    """What is needed of safety.reporting.Outbox."""

    def add(self, runs: Iterable[SlotRun]) -> None: ...
    def send(self) -> bool: ...


@attrs.define
class Link:
    """Whether the station talks to us, since when it does not, and up to which sample on air all that it decided has been read."""

    up: bool = False
    down_since: int = 0
    told_until: int = 0


class Watch:
    """Judges slot after slot. `now` gives the sample on air."""

    def __init__(
        self,
        *,
        ear: Ear,
        shelf: Shelf | WithRelays,
        outbox: Reports,
        log: Log,
        due_file: DueFile,
        limits: Limits,
        now: Callable[[], int],
        lookup: Callable[[Watch], Lookup] | None = None,
        on_settled: Callable[[tuple[SlotRun, ...]], None] | None = None,
        ring: Ring | None = None,
        returns: ReturnPath | None = None,
        looked_at: Callable[[Sha256], bool] = all_known,
    ) -> None:
        """Begins with the slot after the present one, and with the due kept on disk.

        `looked_at`: whether the features of a medium are in the library, or could not be made.
        """
        self._ear, self._shelf, self._outbox, self._log = ear, shelf, outbox, log
        self._due_file, self._limits, self._now = due_file, limits, now
        self.ring = ring or Ring()
        self._returns = returns
        self.link = Link(down_since=now())
        kept = due_file.load()
        self.known: tuple[Version, ...] = () if kept is None else (kept,)
        self._unsaved = False
        self.next = slot_of(now()) + 1
        self.pending = Pending()
        self._standby = Standby()
        self.lag = 0
        self._look: Lookup = nothing if lookup is None else lookup(self)
        self._looked_at = looked_at
        self._asked: tuple[int, Sha256 | None] = (-1, None)  # the library last, of this slot; what it lacked
        self._on_settled = on_settled
        self._last_state: str | None = None
        self._outbox.add(log.last())

    def told(self, version: Version) -> None:
        """The station said what is due."""
        if self.known and _same(self.known[-1], version):
            return
        self.known = remember(self.known, version)
        self._unsaved = True

    def listen(self) -> None:
        """Take in what was received."""
        near = self._now()
        for packet in self._ear.drain():
            self.ring.add(packet, near)

    def look(self) -> None:
        """Judge every slot that is old enough; report at once when the state changed."""
        marks = in_turn(self._judged, self.next, slot_of(self._now() - DELAY))
        self.next += len(marks)
        runs, self.pending = settle(self.pending, marks, self._limits)
        self._settled(runs)

    def _judged(self, slot: int) -> Mark | None:
        """The mark of a slot, or None: wait, for a checksum, for a medium's features or for the station."""
        first = slot * SLOT
        got, have = self.ring.read(first, SLOT)
        waited = self._now() - DELAY - first
        if waited < PATIENCE and self._unverified(slot):
            return None
        if not have.all() and self._ear.deafness.deaf(first, first + SLOT):
            return Mark(slot=slot, sign="unknown", cause="the witness did not hear")
        if self._returns is not None:
            mark, lag = self._returns.judge(self.known, self._look_up, slot, self.ring), 0
        else:
            mark, lag = judge(self.known, self._shelf, self._look_up, slot, got, have, self.lag)
        if mark.sign in ("foreign", "wrong") and waited < PATIENCE and self.may_still_be_told(first + SLOT):
            return None
        if mark.sign in ("foreign", "wrong", "empty") and before_any(self.known, first):
            mark = _unknown(mark, "no plan known")
        mark = self._standby.seen(self.known, mark)
        lacks = self._lacking(slot) if mark.sign == "foreign" else None
        if lacks is not None:
            if waited < PATIENCE:
                return None
            mark = _unknown(mark, f"medium {lacks[:12]} is not known by ear yet")
        self.lag = lag
        return mark

    def _look_up(self, slot: int) -> Hit | None:
        """What is heard, asked of the library. What it lacks is found before: asked afterwards, it might have taken in meanwhile what it did not know."""
        self._asked = slot, unheard(self.known, slot * SLOT, self._looked_at)
        return self._look(slot)

    def _lacking(self, slot: int) -> Sha256 | None:
        """What the library lacked when it was asked what is heard in a slot."""
        if self._asked[0] != slot:
            self._asked = slot, unheard(self.known, slot * SLOT, self._looked_at)
        return self._asked[1]

    def may_still_be_told(self, until: int) -> bool:
        """Whether the station, or this process, is late: no finding against what was decided and not yet read."""
        if self.link.told_until >= until:
            return False
        return self.link.up or self._now() - self.link.down_since < 2 * PATIENCE

    def _unverified(self, slot: int) -> bool:
        """Whether a medium needed in this slot still awaits its checksum."""
        n = slot * SLOT
        for version in in_force(self.known, n):
            try:
                wanted = media_needed(version, n, n + SLOT)
            except NotPlanned:
                continue
            if any(not self._shelf.is_verified(sha256) for sha256 in wanted):
                return True
        return False

    def wanted_media(self) -> list[Sha256]:
        """Media not yet verified, the soonest needed first."""
        return [sha256 for sha256 in self.media_known() if not self._shelf.is_verified(sha256)]

    def media_known(self, ahead: int = 600 * SAMPLE_RATE) -> list[Sha256]:
        """Every approved medium known, the soonest needed first."""
        made: list[Sha256] = []
        for version in reversed(self.known):
            n = max(self.next * SLOT, version.plan.start)
            if n < version.plan.end:
                made += media_ahead(version, n, n + ahead)
        return list(dict.fromkeys(made))

    def _settled(self, runs: Iterable[SlotRun]) -> None:
        made = tuple(runs)
        if not made:
            return
        changed = self._last_state is not None and any(run.state != self._last_state for run in made)
        self._last_state = made[-1].state
        self._log.add(made)
        self._outbox.add(made)
        if self._on_settled is not None:
            self._on_settled(made)
        if changed:
            self._outbox.send()

    def report(self) -> None:
        """Once a second: send what waits, keep what is due, and prove that we hear."""
        self._save()
        self._ear.check_drops()
        self._ear.probe()
        self._outbox.send()

    def _save(self) -> None:
        """The newest due, for when the station is dead; half a megabyte, so not at every change."""
        if self._unsaved:
            self._unsaved = False
            self._due_file.save(self.known[-1])

    def stop(self) -> None:
        """Settle what is left and write it down."""
        self._save()
        self._settled(close(self.pending, self._limits))
        self.pending = Pending()
        self._log.flush()
        self._outbox.send()


def in_turn(judged: Callable[[int], Mark | None], first: int, last: int) -> list[Mark]:
    """The marks of slots from `first` until `last`, or until one has to wait; a few in one go."""
    marks: list[Mark] = []
    for slot in range(first, min(last, first + _AT_ONCE)):
        mark = judged(slot)
        if mark is None:
            break
        marks.append(mark)
    return marks


def _unknown(mark: Mark, why: str) -> Mark:
    return Mark(slot=mark.slot, sign="unknown", due=mark.due, cause=why)


def _same(a: Version, b: Version) -> bool:
    return a.plan == b.plan and a.overlays == b.overlays


def limits_of(section: SafetySection) -> Limits:
    """The limits of the settings, in samples."""
    return Limits(
        silence=round(section.silence_s * SAMPLE_RATE),
        loss=round(section.loss_s * SAMPLE_RATE),
        foreign=round(section.foreign_s * SAMPLE_RATE),
        wrong=round(section.wrong_s * SAMPLE_RATE),
        black=round(section.black_s * SAMPLE_RATE),
        freeze=round(section.freeze_s * SAMPLE_RATE),
    )
