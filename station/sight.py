"""How far an account sees: what questions and feeds show to whoever answers for a part of the area tree. The one place that says so for answers; changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from station import held_queries, shown
from station.area_codes import any_contains, any_meets
from station.sight_plant import PlantSight
from station.territory import everywhere
from station.views import AlertView, JournalView, MuteView, OverviewView
from station.wire import to_plain
from station.words import AreaCode, Operator, Refused
from station.world import World

Query = Callable[[dict[str, Any], Operator], Any]
Ask = Callable[[str, dict[str, Any], Operator], Any]

# about channels, event codes, templates: the same for whoever hears the station; the rest is in `Sight._cuts`, or shut
OPEN = frozenset(
    {"events", "templates", "rundown", "rundowns", "asrun", "safety", "safety_series", "slots", "audio", "me"}
    | {
        "rundown_sheet",
        "rundown_check",
        "media",
        "live",
        "prepared",
        "withdrawn",
        "why_here",
    }  # the last looks at the account's areas itself
)
OPEN_KINDS = ("asrun.", "slots.", "incident.", "plan.", "rundown.", "live.")
MOST = 500
PAGES = 12  # of the journal read for one answer


def sees(by: Operator, areas: list[AreaCode] | tuple[AreaCode, ...]) -> bool:
    """Whether something that concerns `areas` concerns the operator's: they have ground in common."""
    return not by.areas or any(any_meets(by.areas, area) for area in areas)


class Sight:
    """`ask` answers in place of the queries where an account is bound to a part of the station's area."""

    def __init__(self, world: World, ask: Ask) -> None:
        self._world, self._ask = world, ask
        self._plant = PlantSight(world, ask, self._may_read)
        self._cuts: dict[str, Query] = {
            "overview": lambda args, by: self.overview(by),
            "alerts": self._alerts,
            "alert": self._alert,
            "signers": self._signers,
            "mutes": lambda args, by: self._mutes(by),
            "areas": lambda args, by: self._areas(by),
            "resolve": self._resolve,
            "terminals": self._terminals,
            "map": lambda args, by: self._map(by),
            "why": self._why,
            "journal": self._journal,
            **self._plant.cuts(),
        }

    def bound(self, by: Operator) -> bool:
        """Whether an account sees a part only."""
        return not everywhere(by, self._world.settings.station.area)

    def named(self, by: Operator) -> str:
        """The areas of an account by their names; empty where it answers for all."""
        return shown.named(by.areas, self._world)

    def ask(self, name: str, args: dict[str, Any], by: Operator) -> Any:
        """What a bound account is told; raises Refused for what concerns the whole station."""
        if name in OPEN:
            return self._ask(name, args, by)
        cut = self._cuts.get(name)
        if cut is None:
            raise Refused(
                "That concerns the whole station; your account answers for a part of it.",
                "此内容涉及全台,您的账户只负责部分辖区。",
                code="forbidden",
            )
        return cut(args, by)

    def tell(self, feed: str, by: Operator, tell: Callable[[Any], None]) -> Callable[[Any], None]:
        """A subscriber's ear, made to hear only what concerns a bound account."""
        if not self.bound(by):
            return tell
        if feed == "live":
            return lambda _: tell({"overview": to_plain(self.overview(by))})

        def heard(item: Any) -> None:
            if self._may_read(item["kind"], item["body"], item["by"], by):
                tell(item)

        return heard

    # -- on air ---------------------------------------------------------------------------------

    def overview(self, by: Operator) -> OverviewView:
        """The On air page: alerts, mutes and terminals of the account's areas alone."""
        whole: OverviewView = self._ask("overview", {}, by)
        world = self._world
        sounding = [one for one in whole.sounding if sees(by, one.areas)]
        mutes = self._mine(whole.mutes, by)
        overdue = sum(1 for row in world.book.values() if row.overdue and sees(by, row.message.areas))
        waiting = [one for one in whole.waiting if sees(by, one.areas)]
        power = self._plant.lines(whole.power, by.areas)
        channels = [
            attrs.evolve(one, carriers=self._plant.lines(one.carriers, by.areas)) for one in whole.channels
        ]
        matters = shown.Matters(sounding, waiting, power, mutes=len(mutes), overdue=overdue)
        tone, sentence = shown.sentence(channels, matters, whole.at)
        held = held_queries.within(whole.held, by.areas)
        if held.before:
            tone, sentence = "bad", shown.held_text(held.before, len(held.lines))
        reach = world.reach(by.areas)
        return attrs.evolve(
            whole,
            channels=channels,
            sounding=sounding,
            waiting=waiting,
            power=power,
            mutes=mutes,
            unexplained=self._mine(whole.unexplained, by),
            overdue=overdue,
            alarms=self._plant.brief(by),
            held=held,
            tone=tone,
            sentence=sentence,
            terminals_online=reach.online(world.fleet),
            terminals_registered=reach.terminals,
        )

    def _alerts(self, args: dict[str, Any], by: Operator) -> list[AlertView]:
        found: list[AlertView] = self._ask("alerts", {**args, "limit": MOST}, by)
        limit = max(1, min(MOST, int(args.get("limit", 100))))
        return [one for one in found if sees(by, one.areas)][:limit]

    def _alert(self, args: dict[str, Any], by: Operator) -> AlertView:
        found: AlertView = self._ask("alert", args, by)
        if not sees(by, found.areas):
            raise Refused("There is no such alert in your area.", "您的辖区内没有这条预警。", code="missing")
        return found

    def _signers(self, args: dict[str, Any], by: Operator) -> Any:
        self._alert(args, by)
        return self._ask("signers", args, by)

    def _mutes(self, by: Operator) -> list[MuteView]:
        return self._mine(self._ask("mutes", {}, by), by)

    def _mine(self, mutes: list[MuteView], by: Operator) -> list[MuteView]:
        return [one for one in mutes if not one.areas or sees(by, one.areas)]

    def _why(self, args: dict[str, Any], by: Operator) -> Any:
        registry = self._world.fleet.registry
        number = registry.number(str(args.get("code", "")))
        if number is not None and not any_contains(by.areas, registry.terminals[number].area):
            raise Refused("This terminal is not in your area.", "该终端不在您的辖区内。", code="missing")
        return self._ask("why", args, by)

    # -- areas and terminals --------------------------------------------------------------------

    def _areas(self, by: Operator) -> list[Any]:
        return [one for one in self._ask("areas", {}, by) if any_contains(by.areas, one["code"])]

    def _resolve(self, args: dict[str, Any], by: Operator) -> Any:
        beyond = [code for code in args.get("areas", ()) if not any_contains(by.areas, AreaCode(str(code)))]
        if beyond:
            raise Refused(f"{beyond[0]} is beyond your area.", f"{beyond[0]} 超出您的辖区。", code="area")
        return self._ask("resolve", args, by)

    def _terminals(self, args: dict[str, Any], by: Operator) -> Any:
        return self._ask("terminals", {**args, "within": by.areas}, by)

    def _map(self, by: Operator) -> Any:
        points = self._ask("map", {}, by)["points"]
        return {"points": [one for one in points if any_contains(by.areas, one[4])]}

    # -- the journal ----------------------------------------------------------------------------

    def _journal(self, args: dict[str, Any], by: Operator) -> list[JournalView]:
        limit = max(1, min(MOST, int(args.get("limit", 100))))
        found: list[JournalView] = []
        before = args.get("before")
        for _ in range(PAGES):
            page: list[JournalView] = self._ask("journal", {**args, "before": before, "limit": MOST}, by)
            found += [one for one in page if self._may_read(one.kind, one.body, one.by, by)]
            if len(found) >= limit or len(page) < MOST:
                break
            before = page[-1].position
        return found[:limit]

    def _may_read(self, kind: str, body: dict[str, Any], author: str, by: Operator) -> bool:
        if author == by.id or kind.startswith(OPEN_KINDS):
            return True
        areas = body.get("areas") or (body.get("message") or {}).get("areas")
        if areas and not kind.startswith("operator."):
            return sees(by, areas)
        row = self._world.book.get(str(body.get("alert", "")))
        return row is not None and sees(by, row.message.areas)
