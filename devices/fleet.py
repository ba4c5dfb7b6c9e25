"""Pure follower of the village loudspeakers: from what they ought to play and what they report to the orders still missing. Knows no frame, no socket, no clock."""

from __future__ import annotations

from typing import Final, Literal

import attrs
import numpy as np
import numpy.typing as npt

from devices.terminals import Mask
from station.words import Duration, Instant

Ints = npt.NDArray[np.int32]
Times = npt.NDArray[np.int64]
Verb = Literal["start", "stop", "volume"]
NEVER: Final = -(1 << 60)  # µs; long before anything
KEEP: Final = -1  # no volume wanted, or none known


@attrs.frozen(kw_only=True)
class Policy:
    """How long a terminal may take before it is told again."""

    retry: Duration  # no answer
    idle: Duration  # answered, but it does not play


@attrs.frozen(kw_only=True, eq=False)
class Wanted:
    """What each terminal ought to play: an assignment number, 0 for nothing; tables give what an assignment means."""

    assignment: Ints  # by terminal
    ebm: Ints  # by assignment: number of its EBM; ebm[0] == 0
    end: Times  # by assignment: when terminals stop by themselves, µs
    volume: Ints  # by terminal, %, or KEEP


@attrs.define(kw_only=True, eq=False)
class Reported:
    """What terminals said, on the wire, since they connected. EBM number 0: none."""

    online: Mask
    known: Mask  # told what they play since they connected
    since: Times  # connected at
    seen: Times
    playing: Ints  # EBM
    acknowledged: Ints  # assignment last answered with yes
    heard: Ints  # EBM
    volume: Ints

    @classmethod
    def of(cls, count: int) -> Reported:
        """Nobody has said anything."""
        return cls(
            online=np.zeros(count, dtype=np.bool_),
            known=np.zeros(count, dtype=np.bool_),
            since=np.full(count, NEVER, dtype=np.int64),
            seen=np.full(count, NEVER, dtype=np.int64),
            playing=np.zeros(count, dtype=np.int32),
            acknowledged=np.zeros(count, dtype=np.int32),
            heard=np.zeros(count, dtype=np.int32),
            volume=np.full(count, KEEP, dtype=np.int32),
        )

    def forget(self, number: int) -> None:
        """The connection is gone: nothing is known any more, except when it was last seen."""
        self.online[number] = self.known[number] = False
        self.playing[number] = self.acknowledged[number] = self.heard[number] = 0
        self.volume[number] = KEEP


@attrs.define(kw_only=True, eq=False)
class Sent:
    """What was ordered over the present connection of each terminal, and when (µs)."""

    started: Ints  # assignment
    started_at: Times
    stopped: Ints  # EBM
    stopped_at: Times
    stopping: Mask  # the stop is not yet answered
    volume: Ints
    volume_at: Times

    @classmethod
    def of(cls, count: int) -> Sent:
        """Nothing was ordered."""
        return cls(
            started=np.zeros(count, dtype=np.int32),
            started_at=np.full(count, NEVER, dtype=np.int64),
            stopped=np.zeros(count, dtype=np.int32),
            stopped_at=np.full(count, NEVER, dtype=np.int64),
            stopping=np.zeros(count, dtype=np.bool_),
            volume=np.full(count, KEEP, dtype=np.int32),
            volume_at=np.full(count, NEVER, dtype=np.int64),
        )

    def forget(self, number: int) -> None:
        """A new connection: the terminal is asked, not presumed."""
        self.started[number] = self.stopped[number] = 0
        self.stopping[number] = False
        self.volume[number] = KEEP
        self.started_at[number] = self.stopped_at[number] = self.volume_at[number] = NEVER

    def note(self, orders: tuple[Order, ...], wanted: Wanted, now: Instant) -> None:
        """These orders went out."""
        for order in orders:
            who = order.terminals
            if order.verb == "start":
                self.started[who], self.started_at[who] = order.what, now
                undone = who[self.stopped[who] == wanted.ebm[order.what]]
                self.stopped[undone], self.stopping[undone] = 0, False
            elif order.verb == "stop":
                self.stopped[who], self.stopped_at[who], self.stopping[who] = order.what, now, True
                self.started[who] = np.where(
                    wanted.ebm[self.started[who]] == order.what, 0, self.started[who]
                )
            else:
                self.volume[who], self.volume_at[who] = order.what, now


@attrs.frozen(kw_only=True, eq=False)
class Order:
    """One order for many. `what`: an assignment to start, an EBM to stop, a volume in %."""

    verb: Verb
    what: int
    terminals: npt.NDArray[np.intp]


def adopt(wanted: Wanted, reported: Reported, sent: Sent, now: Instant) -> None:
    """Who already plays what it should, after a restart or a reconnection, has obeyed: what it plays speaks for itself.

    Not where several assignments share one EBM: then nobody knows which of them it plays.
    """
    want = wanted.assignment
    single = np.bincount(wanted.ebm)[wanted.ebm] == 1
    found = reported.known & (sent.started == 0) & ~sent.stopping & (want != 0) & single[want]
    found &= reported.playing == wanted.ebm[want]
    sent.started[found], sent.started_at[found] = want[found], now
    reported.acknowledged[found] = want[found]


def follow(
    wanted: Wanted, reported: Reported, sent: Sent, now: Instant, policy: Policy
) -> tuple[tuple[Order, ...], Instant | None]:
    """The orders that are missing now, stops first, and when to look again (None: when something is reported).

    A terminal that answered and plays what it should gets nothing; one that is silent gets the same again after
    `policy.retry`; one that answered but does not play, after `policy.idle`; one that just connected is waited for
    until it said what it plays, but no longer than `policy.retry`.
    """
    ready = reported.online & (reported.known | (now - reported.since >= policy.retry))
    stops, stop_again = _stops(wanted, reported, sent, now, policy)
    starts, start_again = _starts(wanted, reported, sent, now, policy)
    volumes, volume_again = _volumes(wanted, reported, sent, now, policy)
    orders = (
        *_batches("stop", stops, ready),
        *_batches("start", starts, ready),
        *_batches("volume", volumes, ready),
    )
    waits = np.where(reported.online & ~reported.known, reported.since + policy.retry, NEVER)
    return orders, _soonest((stop_again, start_again, volume_again, waits), reported.online, now, policy)


def _stops(
    wanted: Wanted, reported: Reported, sent: Sent, now: Instant, policy: Policy
) -> tuple[Ints, Times]:
    want, ended = wanted.ebm[wanted.assignment], wanted.end[sent.started]
    maybe = np.where(now < ended, wanted.ebm[sent.started], 0)  # ordered; it may begin any moment
    holds = np.where(reported.playing != 0, reported.playing, maybe)
    by_itself = (now >= ended) & (now < ended + policy.retry)  # it stops without being told
    stale = (holds != 0) & (holds != want) & ~by_itself
    unsure = sent.stopping & (sent.stopped != want)
    what = np.where(stale, holds, np.where(unsure, sent.stopped, 0)).astype(np.int32)
    again = sent.stopped_at + policy.retry
    due = (what != 0) & ((what != sent.stopped) | (now >= again))
    later = np.where((holds != 0) & by_itself, ended + policy.retry, again)
    pending = (what != 0) | ((holds != 0) & (holds != want))
    return np.where(due, what, 0).astype(np.int32), np.where(pending, later, NEVER)


def _starts(
    wanted: Wanted, reported: Reported, sent: Sent, now: Instant, policy: Policy
) -> tuple[Ints, Times]:
    want = wanted.assignment
    need = (want != 0) & (now < wanted.end[want])
    plays = reported.playing == wanted.ebm[want]
    answered = reported.acknowledged == want
    fresh = sent.started != want
    obeys = plays & answered & ~fresh
    again = sent.started_at + np.where(answered & ~fresh, policy.idle, policy.retry)
    due = need & ~obeys & (fresh | (now >= again))
    pending = need & ~obeys & ~fresh
    return np.where(due, want, 0).astype(np.int32), np.where(pending | due, again, NEVER)


def _volumes(
    wanted: Wanted, reported: Reported, sent: Sent, now: Instant, policy: Policy
) -> tuple[Ints, Times]:
    need = (wanted.volume != KEEP) & (wanted.volume != reported.volume)
    again = sent.volume_at + policy.retry
    due = need & ((sent.volume != wanted.volume) | (now >= again))
    return np.where(due, wanted.volume, KEEP).astype(np.int32), np.where(need, again, NEVER)


def _batches(verb: Verb, what: Ints, ready: Mask) -> list[Order]:
    nothing = KEEP if verb == "volume" else 0
    chosen = np.where(ready, what, nothing)
    return [
        Order(verb=verb, what=int(value), terminals=np.flatnonzero(chosen == value))
        for value in np.unique(chosen)
        if value != nothing
    ]


def _soonest(times: tuple[Times, ...], online: Mask, now: Instant, policy: Policy) -> Instant | None:
    """The first instant after `now`; what is ordered in this very round is looked at after a retry."""
    waiting = [series[online & (series != NEVER)] for series in times]
    found = np.concatenate(waiting)
    if not len(found):
        return None
    future = found[found > now]
    soonest = int(future.min()) if len(future) else now + policy.retry
    return Instant(min(soonest, now + policy.retry) if len(future) < len(found) else soonest)
