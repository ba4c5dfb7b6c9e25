"""Why something sounds here, for whoever answers the telephone: a channel, an area or a terminal by name, initials or code; who sent it, who signed, which rule. Changes nothing."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Literal

import attrs

from emergency import reasons, views
from emergency.preempt import assign, muted
from emergency.sounding import Sounding
from schedules.plan import Take
from station import mute_queries, shown
from station.area_codes import any_contains, any_meets
from station.sight import sees
from station.views import CountsView, MuteView, SignatureView
from station.words import AreaCode, ChannelId, Instant, Operator, Text, sample_at
from station.world import World

MOST_PLACES = 8
LONGEST = 60  # letters of a question


@attrs.frozen(kw_only=True)
class Reason:
    """One alert at one place: all that lies between its sender and this loudspeaker."""

    alert: str
    headline: str
    kind: str
    level: int
    area_names: str
    source: Text
    verified: bool
    composed: bool
    rule: Text  # row of the signature table, and what it asks for
    signatures: list[SignatureView]
    oral: str
    owed: int
    chosen: Text  # what put it before the others here, or behind
    waits: bool  # meant for here, but another is heard
    muted: bool
    since: Instant  # when it was first heard
    again: Instant | None  # since when it is heard again, after something lay over it
    silences: list[MuteView]  # local mutes of here that fell on it, lifted ones too
    until: Instant
    stop: Text
    counts: CountsView


@attrs.frozen(kw_only=True)
class Place:
    """One channel, area or terminal that fits the question."""

    kind: Literal["channel", "area", "terminal"]
    code: str
    name: Text
    area: str  # what a local mute of this place silences; empty: only everywhere
    area_name: str
    terminals: int
    online: int
    playing: int  # terminals that say that they play
    reasons: list[Reason]
    strays: list[str]  # what they say they play that this station does not send
    programme: Text | None  # of a channel: what it is by plan, and who approved that


@attrs.frozen(kw_only=True)
class WhyView:
    """The answer; `places` best first, all channels where nothing was asked."""

    at: Instant
    asked: str
    places: list[Place]


class WhyQueries:
    """`why_here` of docs/control-protocol.md."""

    def __init__(self, world: World) -> None:
        self._world = world

    def table(self) -> dict[str, Callable[[dict[str, Any], Operator], Any]]:
        """The queries by name."""
        return {"why_here": self.why}

    def why(self, args: dict[str, Any], by: Operator) -> WhyView:
        """What sounds at whatever `q` names, and why."""
        asked = str(args.get("q") or "").strip()[:LONGEST]
        world = self._world
        live = [one for one in world.soundings() if sees(by, one.areas)]
        channels = [one.id for one in world.settings.channels if not asked or _names(one, asked)]
        places = [self._channel(one, live) for one in channels]
        if asked:
            areas = [self._area(code, live) for code in self._areas(asked, by)]
            terminals = [self._terminal(number, live) for number in self._terminals(asked, by)]
            places += [*areas[: MOST_PLACES - len(places) - len(terminals)], *terminals]
        else:
            places += [self._area(code, live) for code in _ground(live)]
        return WhyView(at=world.now(), asked=asked, places=places[:MOST_PLACES])

    # -- what is asked for ----------------------------------------------------------------------

    def _terminals(self, asked: str, by: Operator) -> list[int]:
        registry = self._world.fleet.registry
        number = registry.number(asked)
        found = [number] if number is not None else []
        if not found and len(asked) >= 2:
            found = [
                k for k, one in enumerate(registry.terminals) if asked in one.name or one.code.endswith(asked)
            ]
        mine = [k for k in found[:200] if not by.areas or any_contains(by.areas, registry.terminals[k].area)]
        return mine[:3]

    def _areas(self, asked: str, by: Operator) -> list[AreaCode]:
        world = self._world
        home = world.settings.station.area
        found = [one.code for one in world.tree.find(asked, 60) if any_contains([home], one.code)]
        return [code for code in found if not by.areas or any_meets(by.areas, code)][:MOST_PLACES]

    # -- places ---------------------------------------------------------------------------------

    def _channel(self, channel: ChannelId, live: Sequence[Sounding]) -> Place:
        world, section = self._world, self._world.settings.channel(channel)
        here = [one for one in live if channel in one.channels]
        silenced = any(channel in mute.channels for mute in world.mutes())
        return Place(
            kind="channel",
            code=channel,
            name=Text(section.name_en, section.name_zh),
            area="",
            area_name="",
            terminals=0,
            online=0,
            playing=0,
            reasons=self._reasons(here, section.area, silenced=silenced, heard=here[:1]),
            strays=[],
            programme=self._programme(channel),
        )

    def _area(self, code: AreaCode, live: Sequence[Sounding]) -> Place:
        fleet = self._world.fleet
        members = fleet.registry.members((code,))
        numbers = [int(n) for n in (members & (fleet.reported.playing != 0)).nonzero()[0]]
        path = self._world.tree.path_name(code)
        return self._ground(
            "area",
            code,
            Text(path, path),
            code,
            live,
            (int(members.sum()), int((members & fleet.reported.online).sum())),
            numbers,
        )

    def _terminal(self, number: int, live: Sequence[Sounding]) -> Place:
        fleet = self._world.fleet
        one = fleet.registry.terminals[number]
        name = f"{one.name} · {self._world.tree.path_name(one.area)}"
        playing = [number] if fleet.reported.playing[number] else []
        return self._ground(
            "terminal",
            one.code,
            Text(name, name),
            one.area,
            live,
            (1, int(fleet.reported.online[number])),
            playing,
        )

    def _ground(
        self,
        kind: Literal["area", "terminal"],
        code: str,
        name: Text,
        area: AreaCode,
        live: Sequence[Sounding],
        numbers: tuple[int, int],
        playing: Sequence[int],
    ) -> Place:
        world = self._world
        here = [one for one in live if any_meets(one.areas, area)]
        said = Counter(row.playing for row in world.fleet.terminals(playing))
        known = {one.alert for one in here}
        return Place(
            kind=kind,
            code=code,
            name=name,
            area=area,
            area_name=world.area(area),
            terminals=numbers[0],
            online=numbers[1],
            playing=len(playing),
            reasons=self._reasons(here, area, silenced=False, heard=assign(here, area, world.mutes())),
            strays=sorted(one for one in said if one not in known),
            programme=None,
        )

    # -- reasons --------------------------------------------------------------------------------

    def _reasons(
        self, here: Sequence[Sounding], area: AreaCode, *, silenced: bool, heard: Sequence[Sounding]
    ) -> list[Reason]:
        mutes = self._world.mutes()
        made = []
        for one in here:
            chosen, waits = self._chosen(one, here, heard)
            quiet = silenced or muted(one, area, mutes)
            made.append(self._reason(one, area, chosen, waits=waits, quiet=quiet))
        return made

    def _chosen(
        self, one: Sounding, here: Sequence[Sounding], heard: Sequence[Sounding]
    ) -> tuple[Text, bool]:
        """What put it before the others, or behind the best; whether it waits."""
        rivals = [other for other in here if other is one or _share(one, other)]
        if len(rivals) == 1:
            return reasons.ALONE, False
        if len(heard) > 1 and one in heard:
            return reasons.ALTERNATES, False
        records = self._world.desk.states["emergency"].alerts
        best = rivals[0]
        other = rivals[1] if one is best else one
        return reasons.before(records[best.alert], records[other.alert]), one is not best

    def _reason(self, one: Sounding, area: AreaCode, chosen: Text, *, waits: bool, quiet: bool) -> Reason:
        world = self._world
        row, record = world.book[one.alert], world.desk.states["emergency"].alerts[one.alert]
        counts = world.fleet.counts(one.alert)
        fields = attrs.fields(CountsView)
        authority = reasons.AUTHORITY_NAMES[one.authority]
        return Reason(
            alert=one.alert,
            headline=one.headline,
            kind=one.kind,
            level=one.level,
            area_names=shown.named(one.areas, world),
            source=reasons.source_text(row.source, world.person),
            verified=row.source.verified,
            composed=row.source.kind in shown.COMPOSED,
            rule=reasons.rule_text(row.row, row.needed, row.owed),
            signatures=[
                SignatureView(by=given.by, name=world.person(given.by), at=given.at, owed=given.owed)
                for given in row.signatures
            ],
            oral=row.oral,
            owed=record.owing,
            chosen=chosen,
            waits=waits,
            muted=quiet,
            since=row.aired_at or one.since,
            again=views.again_at(record),
            silences=[
                mute
                for mute in mute_queries.on_alert(world, row)
                if not mute.areas or any_meets(mute.areas, area)
            ],
            until=views.finish_at(record, world.policy) or one.until,
            stop=Text(
                f"Local mute: at once, by one person, no PIN. To cancel it everywhere: {authority.en} or higher.",
                f"本地静音:一人即可,立即生效,不需 PIN。全部解除:须{authority.zh}或以上。",
            ),
            counts=CountsView(**{field.name: getattr(counts, field.name) for field in fields}),
        )

    def _rests_on(self, take: Take) -> str:
        """The rundown by whose leave a take sounds: a live session has its own name, and rests on one."""
        sessions = self._world.desk.states["playout"].sessions
        return next((one.signed for one in sessions if one.approval == take.approval), take.approval)

    def _programme(self, channel: ChannelId) -> Text | None:
        world = self._world
        plan, here = world.plans.get(channel), sample_at(world.now())
        takes: Sequence[Take] = plan.takes if plan is not None else ()
        at = bisect_right(takes, here, key=lambda take: take.start)
        if not at or takes[at - 1].end <= here:
            return None
        take = takes[at - 1]
        sheets, by = world.desk.states["playout"].sheets, self._rests_on(take)
        signed = [one.by for sheet in sheets if sheet.approval == by for one in sheet.signatures]
        names = [world.person(one) for one in signed]
        if not names:
            standing = take.approval.startswith("standing:")
            told = Text("standing approval", "长期许可") if standing else Text(take.approval, take.approval)
            return Text(f"{take.title}: {told.en}", f"{take.title}:{told.zh}")
        en, zh = ", ".join(name.en for name in names), "、".join(name.zh for name in names)
        return Text(f"{take.title}: the day's rundown, signed by {en}", f"{take.title}:当日节目单,签审 {zh}")


def _names(section: Any, asked: str) -> bool:
    wanted = asked.casefold()
    return any(wanted in str(one).casefold() for one in (section.id, section.name_en, section.name_zh))


def _share(one: Sounding, other: Sounding) -> bool:
    return any(any_meets(other.areas, area) for area in one.areas)


def _ground(live: Sequence[Sounding]) -> list[AreaCode]:
    """The areas that sound, each once, the best alert's first."""
    return list(dict.fromkeys(area for one in live for area in one.areas))
