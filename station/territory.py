"""How far an account reaches: which commands touch which areas, and whether those lie within the sender's. The one place that says so for commands; pure, knows no account."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import attrs

from devices.messages import SetTerminalVolume
from emergency.admission import referred
from emergency.messages import (
    BreakGlass,
    CancelAlert,
    ExplainMute,
    LiftMute,
    MuteSounding,
    RecordOralOrder,
    SignAlert,
    SubmitAlert,
)
from playout.messages import SignRundown, SubmitRundown
from station.area_codes import any_contains
from station.words import AreaCode, ChannelId, Command, Operator, Refused

Areas = tuple[AreaCode, ...]


@attrs.frozen(kw_only=True)
class Ground:
    """The station's own area, and what each of its channels covers."""

    home: AreaCode
    channels: Mapping[ChannelId, AreaCode]


class Bound(Protocol):
    """An operator or an account."""

    @property
    def areas(self) -> Areas:
        """Where it acts; none: everywhere."""
        ...


def everywhere(by: Bound, home: AreaCode) -> bool:
    """Whether an operator answers for the whole station: no areas named, or one that holds all of it."""
    return not by.areas or any_contains(by.areas, home)


def within(by: Operator, areas: Areas) -> bool:
    """Whether every one of `areas` lies in the operator's; with none named to him, everywhere is."""
    return not by.areas or all(any_contains(by.areas, area) for area in areas)


def _of_alert(wish: Any, alerts: Any, ground: Ground) -> Areas:
    record = alerts.alerts.get(wish.alert)
    return record.message.areas if record is not None else ()


def _of_message(wish: SubmitAlert, alerts: Any, ground: Ground) -> Areas:
    """Where it would sound, and where what it takes the place of does."""
    replaced = referred(alerts, wish.message) if wish.message.type != "alert" else []
    return (*wish.message.areas, *(area for record in replaced for area in record.message.areas))


def _of_mute(wish: Any, alerts: Any, ground: Ground) -> Areas:
    mute = alerts.mutes.get(wish.mute) or alerts.unexplained.get(wish.mute)
    if mute is None:
        return ()
    return mute.areas or (ground.home,)


def _muting(wish: Any, alerts: Any, ground: Ground) -> Areas:
    """No area named is the sender's own ground: STOP is never refused for that (L8)."""
    channels = (ground.channels[one] for one in wish.channels if one in ground.channels)
    return (*wish.areas, *channels)


def _of_channel(wish: Any, alerts: Any, ground: Ground) -> Areas:
    return (ground.channels[wish.channel],) if wish.channel in ground.channels else ()


TOUCHES: dict[type[Command], Callable[[Any, Any, Ground], Areas]] = {
    SubmitAlert: _of_message,
    SignAlert: _of_alert,
    BreakGlass: _of_alert,
    RecordOralOrder: _of_alert,
    CancelAlert: _of_alert,
    MuteSounding: _muting,
    ExplainMute: _of_mute,
    LiftMute: _of_mute,
    SetTerminalVolume: lambda wish, alerts, ground: wish.areas,
    SubmitRundown: _of_channel,
    SignRundown: _of_channel,
}
"""What each command touches; one that is not here concerns the whole station, so that a new one begins shut."""


def usable(rights: Iterable[str]) -> list[str]:
    """The rights that are of any use to an account that answers for a part: what it would be refused is not offered."""
    open_to_parts = {"view", "audit", *(cls.right for cls in TOUCHES)}
    return [right for right in rights if right in open_to_parts]


def check(wish: Command, by: Operator, alerts: Any, ground: Ground) -> None:
    """Raise Refused where a command reaches beyond the sender's areas or field; `alerts` is the state of the emergency part."""
    if by.events and isinstance(wish, SubmitAlert):
        _check_field(wish, by)
    if everywhere(by, ground.home):
        return
    touches = TOUCHES.get(type(wish))
    if touches is None:
        raise Refused(
            "That concerns the whole station; your account answers for a part of it.",
            "此操作涉及全台,您的账户只负责部分辖区。",
            code="area",
        )
    beyond = [area for area in touches(wish, alerts, ground) if not any_contains(by.areas, area)]
    if beyond:
        raise Refused(
            f"{beyond[0]} is beyond your area; you may act in {', '.join(by.areas[:3])}.",
            f"{beyond[0]} 超出您的辖区;您可操作的辖区为 {'、'.join(by.areas[:3])}。",
            code="area",
        )


def _check_field(wish: SubmitAlert, by: Operator) -> None:
    if not wish.message.event.startswith(by.events):
        raise Refused(
            f"Events {wish.message.event} are not your department's; it may send {', '.join(by.events[:6])}.",
            f"事件 {wish.message.event} 不属于您的部门;可发布 {'、'.join(by.events[:6])}。",
            code="field",
        )
