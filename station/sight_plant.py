"""How much of alarms, transmitters, power and the duty book an account sees that answers for a part of the area tree. Cuts answers that others made; changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs

from safety.alarm_record import Alarm
from station import alarm_brief
from station.alarm_views import AlarmsBrief, AlarmsView, AlarmView
from station.area_codes import any_meets
from station.device_views import CarrierView, TransmitterView, UpsView
from station.duty_queries import COUNTED
from station.duty_views import DutyDayView, DutyView
from station.listened import listened
from station.views import PlantLine
from station.words import AreaCode, Operator, Text
from station.world import World

Ask = Callable[[str, dict[str, Any], Operator], Any]
Areas = tuple[AreaCode, ...]
PAGES: Final = 12  # of the history read for one answer
MOST: Final = 500
SILENT: Final = "terminals/silent"  # one alarm for the whole station; a part is told its own figures
NOT_YOURS: Final = Text(
    "transmitters are keyed for the whole station; your account answers for a part of it",
    "发射机按全台操作,您的账户只负责部分辖区",
)
ENTERED: Final = ("duty.taken", "duty.left", "duty.rostered", "rundown.approved", "incident.")


class PlantSight:
    """`cuts()`: the queries by name, as station.sight answers them to a bound account."""

    def __init__(self, world: World, ask: Ask, reads: Callable[..., bool]) -> None:
        self._world, self._ask, self._reads = world, ask, reads

    def cuts(self) -> dict[str, Callable[[dict[str, Any], Operator], Any]]:
        """The queries by name."""
        return {
            "alarms": self.alarms,
            "alarm_history": self.history,
            "alarm_cards": lambda args, by: self._ask("alarm_cards", args, by),
            "transmitters": self.transmitters,
            "power": self.power,
            "duty": self.duty,
            "duty_day": self.day,
            "contacts": lambda args, by: self._ask("contacts", args, by),  # whom to call is for all
        }

    # -- what concerns whom ---------------------------------------------------------------------

    def _reaches(self, channel: str, areas: Areas) -> bool:
        """Whether a channel is heard in some of the areas."""
        found = (one for one in listened(self._world.settings) if one.id == channel)
        return any(any_meets(areas, one.area) for one in found)

    def concerns(self, key: str, areas: Areas) -> bool:
        """Whether an alarm, by the key of its condition, is about something of these areas; what is not known is not."""
        kind, _, rest = key.partition("/")
        name = rest.partition("/")[0]
        if kind == "alert":
            row = self._world.book.get(name)
            return row is not None and any(any_meets(areas, one) for one in row.message.areas)
        if kind == "mute":
            mute = next((one for one in self._world.mutes() if one.mute == name), None)
            return mute is not None and (not mute.areas or any(any_meets(areas, one) for one in mute.areas))
        if kind == "channel":
            return self._reaches(name, areas)
        if kind == "chain":
            chained = (one.id for one in self._world.settings.channels if one.chain == name)
            return any(self._reaches(one, areas) for one in chained)
        return self._silent(areas) is not None if key == SILENT else self._carries(kind, areas)

    def _carries(self, device: str, areas: Areas) -> bool:
        """Whether a device carries a channel that is heard there, or feeds the site of one that does."""
        devices = self._world.settings.devices
        carriers = [one for one in devices if one.channel and self._reaches(one.channel, areas)]
        sites = {one.site for one in carriers if one.site}
        known = next((one for one in devices if one.id == device), None)
        return known is not None and (known in carriers or (not known.channel and known.site in sites))

    def lines(self, found: list[PlantLine], areas: Areas) -> list[PlantLine]:
        """Of transmitters and supplies in one line each, those of these areas."""
        return [one for one in found if self._carries(one.device, areas)]

    def _silent(self, areas: Areas) -> Text | None:
        """How many terminals of these areas are away; None where all are there."""
        reach = self._world.reach(areas)
        away = reach.terminals - reach.online(self._world.fleet)
        if not away:
            return None
        return Text(
            f"{away} of {reach.terminals} terminals in your area are offline",
            f"您辖区内 {reach.terminals} 台终端中有 {away} 台离线",
        )

    # -- alarms ---------------------------------------------------------------------------------

    def brief(self, by: Operator) -> AlarmsBrief:
        """For the strip of every page; it never sounds, as the station's own people acknowledge."""

        def mine(one: Alarm) -> bool:
            return self.concerns(one.condition.key, by.areas)

        seen = alarm_brief.brief(self._world, mine)
        own = self._silent(by.areas)
        return attrs.evolve(
            seen,
            ring=False,
            first=[
                attrs.evolve(one, text=own) if own and self._number(SILENT) == one.number else one
                for one in seen.first
            ],
        )

    def _number(self, key: str) -> int:
        found = alarm_brief.state_of(self._world).alarms.get(key)
        return found.number if found is not None else 0

    def alarms(self, args: dict[str, Any], by: Operator) -> AlarmsView:
        """What stands and what is shelved of it, with the cards of those alone."""
        whole: AlarmsView = self._ask("alarms", args, by)
        active, shelved = self._mine(whole.active, by), self._mine(whole.shelved, by)
        shown = {one.card for one in (*active, *shelved)}
        return attrs.evolve(
            whole,
            active=active,
            shelved=shelved,
            cards=[one for one in whole.cards if one.id in shown],
        )

    def _mine(self, found: list[AlarmView], by: Operator) -> list[AlarmView]:
        kept = [one for one in found if self.concerns(one.key, by.areas)]
        numbers = {one.number for one in kept}
        return [self._own(one, numbers, by.areas) for one in kept]

    def _own(self, one: AlarmView, shown: set[int], areas: Areas) -> AlarmView:
        """Without the number of a cause that is not shown; with the figures of the areas alone."""
        text = self._silent(areas) if one.key == SILENT else None
        return attrs.evolve(
            one, because=one.because if one.because in shown else 0, text=one.text if text is None else text
        )

    def history(self, args: dict[str, Any], by: Operator) -> list[AlarmView]:
        """As the page asks: newest first, so many of its own."""
        limit = max(1, min(MOST, int(args.get("limit", 100))))
        before, kept = args.get("before"), list[AlarmView]()
        for _ in range(PAGES):
            page: list[AlarmView] = self._ask("alarm_history", {**args, "before": before, "limit": MOST}, by)
            kept += self._mine(page, by)
            if len(kept) >= limit or len(page) < MOST:
                break
            before = page[-1].number
        return kept[:limit]

    # -- devices --------------------------------------------------------------------------------

    def transmitters(self, args: dict[str, Any], by: Operator) -> list[TransmitterView]:
        """Those that carry a channel heard there: how they are, no address, nobody's name and no key."""
        found: list[TransmitterView] = self._ask("transmitters", args, by)
        return [
            attrs.evolve(one, head=attrs.evolve(one.head, address=""), carrier=_unkeyed(one.carrier))
            for one in found
            if self._carries(one.head.id, by.areas)
        ]

    def power(self, args: dict[str, Any], by: Operator) -> list[UpsView]:
        """Those that feed the site of such a transmitter."""
        found: list[UpsView] = self._ask("power", args, by)
        return [
            attrs.evolve(one, head=attrs.evolve(one.head, address=""))
            for one in found
            if self._carries(one.head.id, by.areas)
        ]

    # -- duty -----------------------------------------------------------------------------------

    def duty(self, args: dict[str, Any], by: Operator) -> DutyView:
        """Who is on duty and when; alerts of and alarms of its own; no post to take."""
        whole: DutyView = self._ask("duty", args, by)
        return attrs.evolve(
            whole,
            posts=[attrs.evolve(one, offer=None, mine=False, may_take=False) for one in whole.posts],
            matters=[one for one in whole.matters if self.concerns(f"alert/{one.alert}", by.areas)],
            unread=[one.text for one in self.alarms({}, by).active if one.unread],
            roster_csv="",
        )

    def day(self, args: dict[str, Any], by: Operator) -> DutyDayView:
        """The page of a day: its own alerts and alarms, who was on duty, incidents; nobody's notes."""

        def mine(kind: str, body: dict[str, Any], author: str) -> bool:
            if kind.startswith("alarm.raised"):
                key = str(body.get("key", ""))
                return key != SILENT and self.concerns(key, by.areas)
            return kind.startswith(ENTERED) or (
                kind.startswith("alert.") and self._reads(kind, body, author, by)
            )

        whole: DutyDayView = self._ask("duty_day", {**args, "mine": mine}, by)
        kinds = [one.kind.partition("/")[0] for one in whole.entries]
        return attrs.evolve(
            whole, counts={name: kinds.count(kind) for name, kind in COUNTED.items() if name != "notes"}
        )


def _unkeyed(carrier: CarrierView) -> CarrierView:
    return attrs.evolve(
        carrier, by=[], names=[], reason="", asked=None, alone=None, may_on=NOT_YOURS, may_off=NOT_YOURS
    )
