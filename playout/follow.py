"""What to tell a player so that it does what is wanted: a pure comparison of wanted and reported. Knows no socket, no timer; time is an argument."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from playout.link import HearMember, RelaySight, SetOverlays, SetPlan, Status
from schedules.plan import Medium, Overlay, Plan
from station.words import SECOND, ChannelId, Instant

PATIENCE: Final = 3 * SECOND  # a player that has not reported an order by then is told again

Order = SetPlan | SetOverlays


@attrs.frozen(kw_only=True)
class Wanted:
    """What one channel's player ought to hold. `revision` numbers the set of overlays and only grows within an epoch.

    An epoch is one run of the station. Revisions of different epochs do not compare: a journal that was restored or begun
    anew counts lower than what players hold, and must be obeyed all the same.
    """

    channel: ChannelId
    plan: Plan | None = None
    overlays: tuple[Overlay, ...] = ()
    media: tuple[Medium, ...] = ()  # of the overlays
    revision: int = 0
    epoch: str = ""


@attrs.frozen(kw_only=True)
class Told:
    """An order on its way: which revision, and when it was sent."""

    revision: int
    at: Instant


@attrs.frozen(kw_only=True)
class Reported:
    """What is known of a channel on the present connection: its last status, and orders not yet reported back."""

    status: Status | None = None  # None: nothing heard on this connection, so nothing is ordered
    plan: Told | None = None
    overlays: Told | None = None

    def told(self, order: Order, now: Instant) -> Reported:
        """The same after `order` was sent."""
        if isinstance(order, SetPlan):
            return attrs.evolve(self, plan=Told(revision=order.plan.revision, at=now))
        return attrs.evolve(self, overlays=Told(revision=order.revision, at=now))


def follow(wanted: Wanted, reported: Reported, now: Instant) -> tuple[list[Order], Instant | None]:
    """Orders that are due now (overlays first, they are urgent), and when to look again although nothing was heard.

    A player that obeys reports epoch and revision and is not told again; one that is ahead within this epoch is left alone.
    """
    status = reported.status
    if status is None:
        return [], None
    orders: list[Order] = []
    again: list[Instant] = []
    stale = _behind(status.overlay_epoch, status.overlay_revision, wanted.epoch, wanted.revision)
    if stale and _due(wanted.revision, reported.overlays, now, again):
        orders.append(_overlays(wanted))
    plan = wanted.plan
    behind = plan is not None and _behind(
        status.plan_epoch, status.plan_revision, wanted.epoch, plan.revision
    )
    if plan is not None and behind and _due(plan.revision, reported.plan, now, again):
        orders.append(SetPlan(channel=wanted.channel, plan=plan, epoch=wanted.epoch))
    return orders, min(again, default=None)


def wishes(
    wanted: Iterable[HearMember], sights: Iterable[RelaySight], told: Mapping[str, Told], now: Instant
) -> list[HearMember]:
    """Which wishes about relays a player must be told. `sights`: as it reports them; `told`: by relay, what it was told on this connection.

    Numbers are compared for being the same, not for being lower: a journal begun anew counts from 1 again.
    """
    theirs = {sight.relay: sight.wish for sight in sights}
    return [
        one
        for one in wanted
        if theirs.get(one.relay) not in (None, one.number) and _due(one.number, told.get(one.relay), now, [])
    ]


def _behind(theirs: str | None, held: int, epoch: str, revision: int) -> bool:
    """Whether a player holds less than is wanted; one that tells no epoch is of a version that has only revisions."""
    return held < revision or theirs not in (None, epoch)


def _overlays(wanted: Wanted) -> SetOverlays:
    return SetOverlays(
        channel=wanted.channel,
        revision=wanted.revision,
        overlays=wanted.overlays,
        media=wanted.media,
        epoch=wanted.epoch,
    )


def _due(revision: int, told: Told | None, now: Instant, again: list[Instant]) -> bool:
    waits = told is not None and told.revision >= revision and now - told.at < PATIENCE
    again.append(Instant((told.at if told is not None and waits else now) + PATIENCE))
    return not waits
