"""Builds the controller's parts and wires them: who decides, who writes down, who follows, who answers. No rule stands here."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
import sqlalchemy as sa
from twisted.web.server import Site

from devices.plant import Plant
from devices.terminals import load_registry
from emergency.policy import policy_of as alert_policy_of
from emergency.voice import Voice
from playout import planning
from playout.channel import ChainLink
from station import (
    alarm_brief,
    areas,
    control,
    hold,
    holding,
    library,
    networks,
    pieces,
    plant_pieces,
    snapshots,
    store,
)
from station.after_alerts import AfterAlerts
from station.alarm_follower import AlarmFollower
from station.alarm_queries import AlarmQueries
from station.caller import Caller
from station.copies import Copies, urgent
from station.desk import Desk
from station.device_queries import DeviceQueries
from station.doors import Door
from station.draft_queries import DraftQueries
from station.feeds import Feeds
from station.followers import AirFollower, FleetFollower, SpeechFollower
from station.health import Health
from station.house import StationHouse
from station.ingest_port import ingest_factory
from station.journal_writer import Writer
from station.keeping import Numbers
from station.ledger import JournalLedger
from station.live_follower import LiveFollower
from station.live_queries import LiveQueries
from station.office import Office
from station.player_links import player_links
from station.queries import Queries
from station.reach_queries import ReachQueries
from station.rundown_queries import RundownQueries
from station.safety_queries import SafetyQueries
from station.sentences import journal_view
from station.settings import Places, Ports, Settings
from station.signing_queries import SigningQueries
from station.wall_queries import WallQueries
from station.why_queries import WhyQueries
from station.wire import to_plain
from station.words import Command, Event, Instant, Operator
from station.world import World


@attrs.define(kw_only=True, eq=False)
class Built:
    """Everything of a running controller."""

    world: World
    ledger: JournalLedger
    links: dict[str, ChainLink]
    numbers: Numbers
    feeds: Feeds
    air: AirFollower
    fleet_follower: FleetFollower
    speech: SpeechFollower
    alarms: AlarmFollower
    calls: Caller
    office: Office
    house: StationHouse
    ingest_factory: Any
    metrics_site: Site
    snapshots: snapshots.Keeper
    copies: Copies
    record: holding.Record
    studios: LiveFollower
    told: int = 0

    @property
    def desk(self) -> Desk:
        """The one door."""
        return self.world.desk

    def control(self, reactor: Any) -> None:
        """Listen on the control socket."""
        control.listen(reactor, self.world.places.control, control.ControlFactory(self.house))

    def note_sounded(self) -> None:
        """Write down what sounds now, for the comparison at the next start."""
        self.record.note()

    def hold_what_is_new(self) -> None:
        """Before anything is ordered: what this program would sound and the one before did not waits for a person."""
        wish = holding.wanted(self.world, self.world.journal)
        if wish is not None:
            self.world.holding = hold.UpgradeHeld(before=wish.before, clips=wish.clips, mutes=wish.mutes)
            self.desk.tell(wish, "upgrade")

    def doors(self) -> Iterator[Door]:
        """Every TCP listener, each on its own net."""
        ports, nets = self.world.ports, self.world.settings.networks
        yield Door("ingest", ports.ingest, self.ingest_factory, networks.address(nets.upstream))
        yield Door("terminals", ports.terminals, self.world.fleet.door(), networks.address(nets.terminals))
        yield Door("metrics", ports.metrics, self.metrics_site, networks.address(nets.office))

    def heard(self, happened: Event, at: Instant) -> None:
        """What the world notes of a durable event beyond the alert book."""
        if happened.kind == "alert.aired/1":
            self.air.aired(happened.alert)  # type: ignore[attr-defined]
        self.office.heard(happened)

    def tell_feeds(self, count: int) -> None:
        """New records to those who follow the journal; the overview changed."""
        if self.feeds.journal_followed and self.desk.position > self.told:
            since = max(self.told, self.desk.position - 1_000) or self.desk.position - count
            records = self.world.journal.read(since, 1_000)
            self.feeds.journal([to_plain(journal_view(record, self.world)) for record in records])
        self.told = self.desk.position
        self.feeds.changed()


def build(
    reactor: Any,
    settings: Settings,
    places: Places,
    ports: Ports,
    now: Callable[[], Instant],
    home: Path,
    *,
    on_durable: Callable[[Sequence[Event], Instant], None],
    on_fatal: Callable[[Any], None],
    writer: type[Writer] = Writer,
    file: Path | None = None,
    jitter: Callable[[], float] = random.random,
) -> Built:
    """The controller of one station, replayed from its journal; `home` is the directory of its settings file.

    `file` is that file itself, where its settings may be changed from the panel.
    `jitter` sets apart the lines to devices.
    `writer` writes the journal: a thread of its own, or (on a fake clock) whoever asks.
    """
    world, ledger = _world(reactor, settings, places, ports, now, home, writer)
    world.settings_file = file
    plan_policy = _plan_policy(settings, places)
    registry = load_registry(home / settings.terminals.registry)
    plugged = plant_pieces.devices(settings, ports, home, places.secrets)
    keyed = plant_pieces.policy(settings, plugged)
    parts = pieces.parts(world.policy, plan_policy, registry.areas(), settings.alarms, keyed)
    world.desk = Desk(
        ledger, parts, reactor, now, on_durable=on_durable, on_fatal=on_fatal, admit=pieces.door(settings)
    )
    snapshots.replay(world.desk, world.journal, ledger)
    pieces.read_book(world)
    tell = pieces.teller(world.desk)
    numbers = Numbers("session", tell)
    world.plant = Plant(
        reactor, plugged, now, tell, jitter=jitter, via=networks.address(settings.networks.devices)
    )
    world.fleet = pieces.fleet(reactor, world, registry, tell, numbers)
    copies = _copies(reactor, world, plan_policy, home)
    return _wired(reactor, world, ledger, plan_policy, tell, numbers, copies)


def _copies(reactor: Any, world: World, plans: planning.Policy, home: Path) -> Copies:
    """Who keeps the second copy of house files."""
    copy, places = world.settings.station.media_copy, world.places
    return Copies(
        reactor,
        places.media,
        home / copy if copy else None,
        places.state,
        lambda: urgent(world.plans, plans.media.values(), world.now()),
    )


def _plan_policy(settings: Settings, places: Places) -> planning.Policy:
    entries = library.read(places)
    return planning.policy_of(settings, library.media_by_name(places, entries), library.measured(entries))


def _world(
    reactor: Any,
    settings: Settings,
    places: Places,
    ports: Ports,
    now: Callable[[], Instant],
    home: Path,
    writer: type[Writer],
) -> tuple[World, JournalLedger]:
    pieces.rooms(places)
    with (home / settings.station.areas).open(encoding="utf-8", newline="") as file:
        tree = areas.load(file)
    journal = pieces.journal(reactor, settings, places, now, writer)
    world = World(
        settings=settings,
        places=places,
        ports=ports,
        now=now,
        tree=tree,
        policy=alert_policy_of(settings, tree),
        journal=journal,
        people=pieces.people(reactor, settings, places, now, journal),
    )
    return world, JournalLedger(journal, pieces.spill(places))


def _wired(
    reactor: Any,
    world: World,
    ledger: JournalLedger,
    plans: planning.Policy,
    tell: Callable[[Command], Any],
    numbers: Numbers,
    copies: Copies,
) -> Built:
    reader = store.reader_engine(pieces.url(world.settings, world.places))
    office = Office(reactor, world, reader, lambda _: alarm_brief.unread_texts(world), tell)
    queries = Queries(world, reader, {**_extras(world, reader, plans), **office.table()})
    queries.learn(WallQueries(world, queries.overview, SafetyQueries(world, reader).safety).table())
    reactor.callInThread(queries.areas)  # spelling every name takes a second that no question should wait for
    feeds = _feeds(reactor, world, queries)
    links = player_links(reactor, world, tell, feeds)
    air = _on_air(reactor, world, links, plans, tell, feeds)
    studios = _studios(reactor, world, links, tell, queries, plans)
    looked = (*pieces.sights(world, links, copies.lacks), studios.conditions)
    health = Health(world, links)
    return Built(
        world=world,
        ledger=ledger,
        links=links,
        numbers=numbers,
        feeds=feeds,
        air=air,
        fleet_follower=FleetFollower(world),
        speech=_speech(reactor, world, tell, air),
        alarms=AlarmFollower(reactor, world, links, tell, looked),
        calls=pieces.caller(reactor, world, tell),
        office=office,
        house=_house(world, queries, feeds, health, office),
        ingest_factory=ingest_factory(reactor, world, health),
        metrics_site=pieces.metrics(world.now),
        copies=copies,
        snapshots=snapshots.Keeper(world.desk, world.journal),
        record=holding.Record(world),
        studios=studios,
    )


def _on_air(
    reactor: Any,
    world: World,
    links: dict[str, ChainLink],
    plans: planning.Policy,
    tell: Callable[[Command], Any],
    feeds: Feeds,
) -> AirFollower:
    after = AfterAlerts(reactor, world, plans, tell)
    made = AirFollower(world, links, plans, tell, feeds.due, after)
    after.again, world.foreseen = made.again, after.foreseen
    return made


def _speech(reactor: Any, world: World, tell: Callable[[Command], Any], air: AirFollower) -> SpeechFollower:
    voice = Voice(reactor, world.places, world.settings.alerts.voice)
    return SpeechFollower(world, voice, tell, air.preload)


def _studios(
    reactor: Any,
    world: World,
    links: dict[str, ChainLink],
    tell: Callable[[Command], Any],
    queries: Queries,
    plans: planning.Policy,
) -> LiveFollower:
    made = LiveFollower(reactor, world, links, tell)
    queries.learn(LiveQueries(world, plans, made.sights).table())
    return made


def _extras(
    world: World, reader: sa.Engine, plans: planning.Policy
) -> dict[str, Callable[[dict[str, Any], Operator], Any]]:
    return {
        **RundownQueries(world, plans).table(),
        **DraftQueries(world, plans).table(),
        **WhyQueries(world).table(),
        **SafetyQueries(world, reader).table(),
        **SigningQueries(world).table(),
        **ReachQueries(world).table(),
        "held": lambda args, by: world.held,  # since an upgrade
        **DeviceQueries(world, plant_pieces.policy(world.settings, world.plant.devices)).table(),
        **AlarmQueries(world, reader, pieces.alarm_policy(world.settings.alarms)).table(),
    }


def _house(world: World, queries: Queries, feeds: Feeds, health: Health, office: Office) -> StationHouse:
    return StationHouse(
        world.desk,
        world.people,
        queries,
        feeds,
        health.plain,
        on_done=lambda wish: pieces.noted(world, wish),
        **office.house(queries),
    )


def _feeds(reactor: Any, world: World, queries: Queries) -> Feeds:
    return Feeds(
        reactor,
        overview=lambda: to_plain(queries.overview()),
        records=lambda since, limit: [
            to_plain(journal_view(r, world)) for r in world.journal.read(since, limit)
        ],
        due_now=lambda channel: pieces.due_now(world, channel),
    )
