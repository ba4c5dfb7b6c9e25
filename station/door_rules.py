"""What the one door asks before any part decides, over the states of all parts: does the sender speak as himself, is it within his area, may duty be handed over. Pure; knows no socket and no account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from emergency.messages import Authority, SubmitAlert
from emergency.state import Record
from emergency.table import LIVE
from station import claims, territory
from station.duty_messages import HandOverDuty, TakeDuty
from station.territory import Ground
from station.words import SYSTEM, Command, Operator, Refused, Text

States = Mapping[str, Any]
UnreadAlarms = Callable[[States], tuple[Text, ...]]
TOLD = 5  # matters named in a refusal; the rest is a number


@attrs.frozen(kw_only=True)
class DoorRules:
    """`check` raises Refused; `authority` is the station's, `unread_alarms` says which alarms nobody has acknowledged, one sentence each."""

    ground: Ground
    authority: Authority
    unread_alarms: UnreadAlarms

    def check(self, wish: Command, by: Operator, states: States) -> None:
        """Raise Refused where the door stays shut. The station itself is not asked."""
        if by.id == SYSTEM.id:
            return
        if isinstance(wish, SubmitAlert):
            claims.check(wish, by, self.authority)
        territory.check(wish, by, states["emergency"], self.ground)
        if isinstance(wish, TakeDuty):
            _check_taking(wish, states)
        elif isinstance(wish, HandOverDuty):
            self._check_handing(wish, by, states)

    def _check_handing(self, wish: HandOverDuty, by: Operator, states: States) -> None:
        held = states["duty"].posts.get(wish.post)
        if held is None or held.operator != by.id:
            return  # the decider says it better
        unread = self.unread_alarms(states)
        if unread:
            raise Refused(
                f"You cannot hand over: {len(unread)} alarms are not acknowledged: {_told([t.en for t in unread], '; ')}",
                f"不能交班:有 {len(unread)} 条告警未确认:{_told([t.zh for t in unread], ';')}",
                code="unread",
            )
        matters = open_alerts(states)
        if wish.unattended.strip() and matters:
            raise _open_matters(list(matters), "the post must not be left empty", "不能空岗")
        if held.offer is not None:
            missing = [record for record in matters if record.alert not in held.offer.seen]
            if missing:
                who = held.offer.operator
                raise _open_matters(
                    missing,
                    f"{who} must acknowledge them by name first (press “take over” again)",
                    f"须由 {who} 逐条确认(请再按一次“接班”)",
                )


def _check_taking(wish: TakeDuty, states: States) -> None:
    missing = [record for record in open_alerts(states) if record.alert not in wish.seen]
    if missing:
        raise _open_matters(missing, "acknowledge each by name before you take over", "接班前请逐条确认")


def _open_matters(records: list[Record], en: str, zh: str) -> Refused:
    names = [record.message.headline or record.alert for record in records]
    return Refused(
        f"{len(records)} alerts sound or wait for a signature ({_told(names, '; ')}): {en}.",
        f"有 {len(records)} 条预警在播或待签({_told(names, ';')}):{zh}。",
        code="open",
    )


def open_alerts(states: States) -> tuple[Record, ...]:
    """Alerts that wait for a signature or sound, in the order of their arrival."""
    alerts = states["emergency"].alerts.values()
    return tuple(sorted((one for one in alerts if one.phase in LIVE), key=lambda one: one.number))


def _told(names: list[str], mark: str) -> str:
    more = f" (+{len(names) - TOLD})" if len(names) > TOLD else ""
    return mark.join(names[:TOLD]) + more
