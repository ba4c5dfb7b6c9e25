"""What a running controller knows at one moment: settings, durable states, and what players, witnesses and terminals last reported. Holds; decides nothing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from devices.terminals import Mask
from emergency import views as alerts
from emergency.policy import Policy
from emergency.sounding import Mute, Sounding
from playout.messages import AiredEntries
from schedules.plan import Overlay, Plan
from schedules.relays import checksum
from station import hold, mute_book, rules
from station.alert_book import AlertRow, alert_of, fold
from station.areas import AreaTree
from station.conditions import Condition
from station.ladder import Tally
from station.listened import is_stream, listened, section_of
from station.output_book import OutputBook
from station.relay_book import RelayBook
from station.settings import ChannelSection, Places, Ports, Settings
from station.shown import Measured, Playing
from station.twins import Twins
from station.words import AreaCode, ChannelId, Event, Instant, Refused, Text

if TYPE_CHECKING:
    from devices.plant import Plant
    from devices.terminal_server import Fleet
    from station.desk import Desk
    from station.journal import Journal
    from station.people_office import PeopleOffice

REACHES_KEPT = 200
NOBODY = {"system": Text("the station itself", "台站系统"), "console": Text("the console", "控制台")}
BOOK_KEPT = 300  # ended alerts kept at hand; all are in the table


@attrs.frozen(kw_only=True, eq=False)
class Reach:
    """What areas come to: how many villages and terminals, which villages have none."""

    villages: int
    terminals: int
    unreachable: tuple[AreaCode, ...]
    members: Mask

    def online(self, fleet: Fleet) -> int:
        """Terminals connected now."""
        return int((self.members & fleet.reported.online).sum())


@attrs.define(kw_only=True, eq=False)
class World:
    """Everything a query or a follower may look at. One object a process, used in the reactor's thread only."""

    settings: Settings
    places: Places
    ports: Ports
    now: Callable[[], Instant]
    tree: AreaTree
    policy: Policy
    journal: Journal
    people: PeopleOffice
    desk: Desk = attrs.field(init=False)
    fleet: Fleet = attrs.field(init=False)
    plant: Plant = attrs.field(init=False)
    plans: dict[ChannelId, Plan] = attrs.field(factory=dict)
    overlays: dict[ChannelId, tuple[Overlay, ...]] = attrs.field(factory=dict)
    playing: dict[ChannelId, Playing] = attrs.field(factory=dict)
    twins: Twins = attrs.field(factory=Twins)
    ladder: Tally = attrs.field(factory=Tally)
    outputs: OutputBook = attrs.field(factory=OutputBook)
    relays: RelayBook = attrs.field(factory=RelayBook)
    measured: dict[ChannelId, Measured] = attrs.field(factory=dict)
    book: OrderedDict[str, AlertRow] = attrs.field(factory=OrderedDict)
    _ground: tuple[AreaCode, ...] = attrs.field(default=(), init=False)
    _reaches: dict[tuple[AreaCode, ...], Reach] = attrs.field(factory=dict, init=False)
    _grouped: tuple[Any, tuple[rules.TerminalGroup, ...]] = attrs.field(default=(None, ()), init=False)
    settings_file: Path | None = None  # where the settings were read
    silences: dict[str, mute_book.Silence] = attrs.field(factory=dict)  # local mutes, lifted ones too
    wrong: dict[str, Condition] = attrs.field(factory=dict)  # what is wrong now, by key
    holding: hold.UpgradeHeld | None = None  # found at the start, on its way into the journal
    # what a channel's plan will be after the alert that covers it now, where that differs from `plans`
    foreseen: Callable[[ChannelId], Plan | None] = lambda _: None
    present: dict[str, bool] = attrs.field(factory=dict)  # media by SHA-256: whether the file was there

    def soundings(self) -> tuple[Sounding, ...]:
        """What is on air now, best first."""
        on_air = alerts.soundings(self.desk.states["emergency"], self.now(), self.policy)
        return hold.clipped(on_air, self.held)

    def mutes(self) -> tuple[Mute, ...]:
        """Local mutes in force."""
        return hold.muted(alerts.mutes(self.desk.states["emergency"]), self.held)

    def groups(self) -> tuple[rules.TerminalGroup, ...]:
        """What terminals ought to play now; worked out once for each change of what sounds and what is muted."""
        seen = self.soundings(), self.mutes()
        if self._grouped[0] != seen:
            found = rules.terminal_groups(*seen, self.ground, self.settings.alerts, self.ports)
            self._grouped = seen, found
        return self._grouped[1]

    @property
    def held(self) -> hold.State:
        """What is held since an upgrade; also before that is durable."""
        durable: hold.State = self.desk.states.get("hold", hold.EMPTY)
        return hold.evolve(durable, self.holding) if self.holding is not None else durable

    def note(self, happened: Event, at: Instant) -> None:
        """Keep the alert book in step with what became durable."""
        if isinstance(happened, (hold.UpgradeHeld, hold.UpgradeReleased)):
            self.holding = None
        mute_book.note(self.silences, happened, at)
        if isinstance(happened, AiredEntries):
            self.ladder.note(happened)
        alert = alert_of(happened)
        if alert is None:
            return
        row = fold(self.book.get(alert), happened, at)
        if row is not None:
            self.book[alert] = row
        while len(self.book) > BOOK_KEPT:
            oldest = next((key for key, kept in self.book.items() if kept.ended_at is not None), None)
            if oldest is None:
                break
            del self.book[oldest]

    def channel(self, channel: str) -> ChannelSection:
        """A programme channel's section; Refused when there is none."""
        try:
            return self.settings.channel(ChannelId(channel))
        except KeyError:
            raise Refused(f"there is no channel {channel}", f"没有频道 {channel}", code="missing") from None

    def listened(self, channel: str) -> ChannelSection:
        """The section of a programme channel or an alert stream that has a witness; Refused when there is none."""
        if is_stream(self.settings, channel):
            return section_of(self.settings, channel)
        return self.channel(channel)

    @property
    def ground(self) -> tuple[AreaCode, ...]:
        """Every area in which a terminal stands; the registry does not change while we run."""
        if not self._ground:
            self._ground = self.fleet.registry.areas()
        return self._ground

    def reach(self, areas: tuple[AreaCode, ...]) -> Reach:
        """What areas come to; worked out once for each choice of areas, as tree and registry do not change."""
        found = self._reaches.get(areas)
        if found is None:
            members = self.fleet.registry.members(areas)
            served, villages = set(self.fleet.registry.areas()), self.tree.villages(areas)
            found = Reach(
                villages=len(villages),
                terminals=int(members.sum()),
                unreachable=tuple(code for code in villages if code not in served),
                members=members,
            )
            if len(self._reaches) >= REACHES_KEPT:
                self._reaches.clear()
            self._reaches[areas] = found
        return found

    def missing(self, sha256: str) -> bool:
        """Whether a medium's house file is not there; looked up once a medium and after `forget_media`. A relay has none."""
        if sha256 not in self.present:
            live = any(sha256 == checksum(relay.id) for relay in self.settings.received())
            self.present[sha256] = live or self.places.medium(sha256).exists()
        return not self.present[sha256]

    def forget_media(self) -> None:
        """Look again which files are there."""
        self.present.clear()

    # -- station.shown.Naming

    def person(self, operator: str) -> Text:
        """What people call an operator; sources and the station itself have names too."""
        if operator in NOBODY:
            return NOBODY[operator]
        kind, _, sender = operator.partition(":")
        if kind == "source" and sender:
            return Text(f"source {sender}", f"来源 {sender}")
        try:
            return self.people.account(operator).name
        except Refused:
            return Text(operator, operator)

    def headline(self, alert: str) -> str:
        """What an alert is about; its id where the book has it no more."""
        row = self.book.get(alert)
        return alert if row is None else row.message.headline

    def channel_name(self, channel: str) -> Text:
        """A channel's name; its id where there is none."""
        found = [one for one in listened(self.settings) if one.id == channel]
        return Text(found[0].name_en, found[0].name_zh) if found else Text(channel, channel)

    def device_name(self, device: str) -> Text:
        """A transmitter's or a power supply's name; its id where there is none."""
        found = [one for one in self.settings.devices if one.id == device]
        return Text(found[0].name_en, found[0].name_zh) if found else Text(device, device)

    def area(self, code: AreaCode) -> str:
        """The name of an area; its code where the table has none."""
        return self.tree.name(code) if code in self.tree else code


def plain_levels(values: Any) -> tuple[int, int]:
    """Two levels of a status report as ints."""
    left, right = values
    return int(left), int(right)
