"""The pieces a controller is built of, each made from settings, places and the world. Knows how each is made, not how they are wired together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from twisted.internet import threads
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import Site

from devices import keying
from devices import orders as device_orders
from devices.messages import CountTerminals, FoldTerminals
from devices.profile import load_profile
from devices.terminal_server import Fleet
from devices.terminals import Registry
from emergency import lifecycle, sm2
from playout import live, planning
from playout.channel import ChainLink
from playout.link import RelaySight
from safety import alarms, findings
from safety.messages import ReportSlots
from safety.standins import FILLER
from station import adopting, call_token, duty, hold, keeping, keys, logs, mute_book, projections, store
from station.caller import Caller
from station.conditions import Condition
from station.desk import Desk, Part, States
from station.door_rules import DoorRules
from station.feeds import Due
from station.hook import Hook
from station.journal import Journal
from station.journal_writer import Writer
from station.keeping import Numbers
from station.metrics import MetricsPage, counter
from station.oserrors import os_zh
from station.pairs import chain_of, is_pair, is_second
from station.people_office import PeopleOffice
from station.preflight import preflight as preflight_of
from station.records import event_of
from station.relay_conditions import conditions as relay_conditions
from station.settings import AlarmsSection, Places, Settings
from station.shown import Measured
from station.spill import Spill
from station.territory import Ground
from station.wire import to_plain
from station.words import (
    COMMANDS,
    MINUTE,
    AreaCode,
    Command,
    Event,
    Instant,
    Operator,
    Refused,
    Text,
    instant_of,
)
from station.world import World

TERMINAL_ALARMS = counter("gengfu_terminal_alarms_total", "What the terminal server finds wrong", ("kind",))
SLOT_US = 100_000
log = Logger()


def noted(world: World, wish: Command) -> None:
    """Keep what a witness last said, also when nothing changed and its report is not journaled anew."""
    if not isinstance(wish, ReportSlots) or not wish.runs:
        return
    last = wish.runs[-1]
    held = world.measured.get(wish.channel)
    since = Instant(last.first * SLOT_US)
    if held is not None and held.state == last.state and held.at >= since - SLOT_US:
        since = held.since
    world.measured[wish.channel] = Measured(
        at=Instant(last.last * SLOT_US),
        state=last.state,
        since=since,
        real_return=wish.real_return,
        differed=None if wish.differed is None else instant_of(wish.differed),
        filler=last.state == "WRONG" and last.cause.removeprefix("picture: ") == FILLER,
    )


def rooms(places: Places) -> None:
    for path in (
        places.state,
        places.run,
        places.media,
        places.chains,
        places.witness,
        places.hls,
        places.logs,
    ):
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Refused(
                f"the state directory {path} cannot be written: {error.strerror}",
                f"状态目录 {path} 无法写入:{os_zh(error)}",
                code="state",
            ) from None
    places.secrets.mkdir(mode=0o700, exist_ok=True)


def url(settings: Settings, places: Places) -> str:
    return settings.station.journal or store.sqlite_url(places.journal)


def journal(
    reactor: Any, settings: Settings, places: Places, now: Callable[[], Instant], writer: type[Writer]
) -> Journal:
    return Journal.open(
        url(settings, places),
        settings.station.id,
        now=now,
        call_in_reactor=reactor.callFromThread,
        projections=projections.PROJECTIONS,
        checkpoint_key=keys.checkpoint_key(places),
        on_checkpoint=keys.checkpoint_log(places),
        on_fenced=lambda: _fenced(reactor),
        writer_class=writer,
    )


def _fenced(reactor: Any) -> None:
    """Another controller writes the journal: end at once, before anything is ordered from what is over."""
    log.critical("another controller has taken the journal over; this one ends")
    reactor.callLater(0, os._exit, 70)


def spill(places: Places) -> Spill:
    spill = Spill(places.state / "spill.jsonl")
    spill.prepare()
    return spill


def people(
    reactor: Any, settings: Settings, places: Places, now: Callable[[], Instant], journal: Journal
) -> PeopleOffice:
    def in_thread(call: Callable[..., Any], *args: Any) -> Any:
        return threads.deferToThreadPool(reactor, reactor.getThreadPool(), call, *args)

    def tell(happened: Event, by: str) -> None:
        journal.append([happened], by).addErrback(_unwritten, happened.kind)

    return PeopleOffice.open(
        places.state / "people.db", now=now, section=settings.people, in_thread=in_thread, tell=tell
    )


def _unwritten(failure: Failure, kind: str) -> None:
    """Accounts go on while the journal cannot be written; that an event of theirs is lost is said aloud."""
    log.critical("{kind} is not in the journal: {why}", kind=kind, why=failure.getErrorMessage())


def commands_of(*modules: str) -> frozenset[type[Command]]:
    """Every command registered by these modules."""
    return frozenset(cls for cls in COMMANDS.values() if cls.__module__ in modules)


def alarm_policy(limits: AlarmsSection) -> alarms.Policy:
    """When an alarm chatters, from the settings; how long one may be shelved is not theirs to say."""
    return alarms.Policy(
        chatter_times=limits.chatter_times,
        chatter_minutes=limits.chatter_minutes,
        call_minutes=tuple(limits.call_minutes),
    )


def parts(
    alerts: Any,
    plans: planning.Policy,
    ground: Iterable[AreaCode] = (),
    limits: AlarmsSection = AlarmsSection(),  # noqa: B008 - frozen
    plant: keying.Policy = keying.Policy(),  # noqa: B008 - frozen
) -> Iterable[Part]:
    """Every deciding part with its policy; `ground`: the areas in which terminals stand."""
    found: tuple[tuple[str, Any, str, Any], ...] = (
        ("emergency", lifecycle, "emergency.messages", alerts),
        ("playout", live, "playout.messages playout.live_messages", plans),
        ("devices", device_orders, "devices.messages", device_orders.Policy(areas=frozenset(ground))),
        ("safety", findings, "safety.messages", findings.Policy()),
        ("keeping", keeping, "station.keeping", None),
        ("hold", hold, "station.hold", None),
        ("plant", keying, "devices.plant_messages", plant),
        ("alarms", alarms, "safety.alarm_messages", alarm_policy(limits)),
        ("duty", duty, "station.duty_messages", duty.Policy(tz=plans.tz)),
        ("settings", adopting, "station.settings_orders", None),
    )
    return [
        Part(
            name=name,
            commands=commands_of(*module.split()),
            empty=part.EMPTY,
            decide=part.decide,
            evolve=part.evolve,
            due=part.due,
            next_due=part.next_due,
            policy=policy,
        )
        for name, part, module, policy in found
    ]


def unread_alarms(states: Mapping[str, Any]) -> tuple[Text, ...]:
    """What is wrong and nobody has acknowledged, one sentence each."""
    return tuple(alarm.condition.text for alarm in alarms.unread(states["alarms"]))


def door(settings: Settings) -> Callable[[Command, Operator, States], None]:
    """What the one door asks before any part decides."""
    channels = {channel.id: channel.area for channel in settings.channels}
    ground = Ground(home=settings.station.area, channels=channels)
    rules = DoorRules(ground=ground, authority=settings.station.authority, unread_alarms=unread_alarms)
    return rules.check


def read_book(world: World) -> None:
    """Open alerts and the newest ended ones, from their table."""
    t = projections.alerts.c
    engine = store.reader_engine(url(world.settings, world.places))
    with store.reading(engine) as connection:
        bodies = connection.execute(
            sa.select(t.body).order_by(t.open.asc(), t.submitted_at.desc()).limit(200)
        ).scalars()
        rows = [projections.row_of(body) for body in bodies]
        opened = [
            projections.row_of(body)
            for body in connection.execute(sa.select(t.body).where(t.open.is_(True))).scalars()
        ]
        j = store.journal.c
        muted = connection.execute(
            sa.select(j.at, j.kind, j.body)
            .where(j.kind.in_([kind.kind for kind in mute_book.KINDS]))
            .order_by(j.position)
        ).all()
    engine.dispose()
    for at, kind, body in muted:
        mute_book.note(world.silences, event_of(kind, body), Instant(at))
    for row in sorted({row.id: row for row in [*rows, *opened]}.values(), key=lambda row: row.submitted_at):
        world.book[row.id] = row


def caller(reactor: Any, world: World, tell: Callable[[Command], Any]) -> Caller:
    """Who calls people for alarms nobody acknowledges."""
    limits = world.settings.alarms
    token = call_token.reader(limits, world.places.secrets)
    gateway = Hook(reactor, limits.call_hook, token) if limits.call_hook else None
    return Caller(reactor, world, tuple(limits.call_minutes), tell, gateway)


def teller(desk: Desk) -> Callable[[Command], Any]:
    count = 0

    def tell(wish: Command) -> Any:
        nonlocal count
        count += 1
        return desk.tell(wish, f"own:{count}")

    return tell


def fleet(
    reactor: Any, world: World, registry: Registry, tell: Callable[[Command], Any], numbers: Numbers
) -> Fleet:
    section = world.settings.terminals
    signer = sm2.signer(sm2.load_private(world.places.secrets / section.signing_key))

    def on_counts(said: Command) -> None:
        if isinstance(said, (FoldTerminals, CountTerminals)):
            tell(said)

    return Fleet(
        reactor,
        registry,
        load_profile(section.profile),
        signer.sign,
        section.certificate_sn,
        world.now,
        on_counts,
        source=world.policy.ebr_code,
        next_session=numbers.next,
        heartbeat_s=section.heartbeat_s,
        retry_s=section.retry_s,
        on_alarm=_alarm,
    )


def _alarm(kind: str, what: str) -> None:
    """What the terminal server finds wrong: counted, and said in the log."""
    TERMINAL_ALARMS.labels(kind).inc()
    log.warn("terminals, {kind}: {what}", kind=kind, what=what)


def due_now(world: World, channel: str) -> Due:
    """What a witness must know to judge a channel, as it is now."""
    name = world.listened(channel).id
    plan, overlays = world.plans.get(name), world.overlays.get(name, ())
    position, at = world.desk.position, world.now()

    def written(whole: bool) -> dict[str, Any]:
        told = {"overlays": to_plain(overlays), "position": position, "at": at}
        if plan is not None and not whole:
            return {"same_plan": plan.revision, **told}
        return {"plan": None if plan is None else to_plain(plan), **told}

    return Due(plan=plan, written=written)


def metrics(now: Callable[[], Instant]) -> Site:
    root: Any = Resource()  # type: ignore[no-untyped-call]
    root.putChild(b"metrics", MetricsPage())  # type: ignore[no-untyped-call]
    return Site(root, logFormatter=logs.access_line(now))  # type: ignore[no-untyped-call]


def sights(
    world: World, links: Mapping[str, ChainLink], lacks: Callable[[str], Text | None]
) -> tuple[Callable[[], tuple[Condition, ...]], ...]:
    """Everything that says what is wrong, beside what the alarms look at themselves. `lacks`: why a medium has no second copy."""
    return (
        world.plant.conditions,
        preflight(world, lacks),
        relays(world, links),
        lambda: world.outputs.conditions(world.settings),
    )


def relays(world: World, links: Mapping[str, ChainLink]) -> Callable[[], tuple[Condition, ...]]:
    """What is wrong with the relays that are on air or soon will be."""

    def look() -> tuple[Condition, ...]:
        sights: dict[str, dict[str, RelaySight]] = {}
        for player, link in links.items():
            guest = is_second(player) and not is_pair(world.settings, chain_of(player))
            for sight in (one for status in link.status.values() for one in status.relays):
                told = sights.setdefault(sight.relay, {})
                if not (guest and told):  # a guest is asked where nobody else tells
                    told[player] = sight
        said = {relay: tuple(told.values()) for relay, told in sights.items()}
        return relay_conditions(world.settings, world.plans, said, world.now())

    return look


def preflight(
    world: World, lacks: Callable[[str], Text | None] = lambda sha256: None
) -> Callable[[], tuple[Condition, ...]]:
    """What the next hours of the plans lack; which files are there is looked up anew once a minute. `lacks`: why a medium has no second copy."""
    looked = [world.now()]

    def look() -> tuple[Condition, ...]:
        now = world.now()
        if now - looked[0] > MINUTE:
            looked[0] = now
            world.forget_media()
        return preflight_of(world.settings, world.plans, world.missing, now, lacks)

    return look
