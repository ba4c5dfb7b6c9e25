"""One simulated run: the production controller on a fake clock among made-up players, loudspeakers, platforms and people, with every law watched. The same seed gives the same journal, hash for hash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

from twisted.python.failure import Failure

from devices.sim_sm2 import PublicKey
from devices.terminals import Terminal
from emergency.messages import MuteSounding
from playout import planning
from schedules.calendar import broadcast_day, local_iso
from schedules.render import Heard
from station import library, rights
from station.building import Built, build
from station.daemon import Controller
from station.desk import Reply, Request
from station.laws import Broken
from station.records import first_wrong
from station.settings import Ports
from station.simulation import county as counties
from station.simulation.child import Child
from station.simulation.county import County
from station.simulation.doings import DOINGS, begin, hands
from station.simulation.fastclock import FastClock
from station.simulation.loudspeakers import Loudspeaker, Nature, Village
from station.simulation.machine import Machine, Neighbourhood
from station.simulation.plant import Hill
from station.simulation.player import Deck
from station.simulation.script import Happening, script
from station.simulation.upstream import Platform
from station.simulation.watch import Watch
from station.simulation.wires import Far, Wire
from station.simulation.witness import EVERY, Ear
from station.simulation.writing import Disk, writer_on
from station.story import House
from station.words import ChannelId, Command, Event, Instant, Operator, SampleIndex, sample_at

PORT: Final = 8600  # of nothing: no socket is opened
HANDS: Final = 12.0  # s between two looks of people at what waits
SETTLE: Final = 60.0
LOOK: Final = 4.0  # s between two looks for alarms while nothing changes; a station looks once a second
SPOTS: Final = 1_000  # random samples a day
MOST: Final = 60  # loudspeakers that are installed; of a larger registry a part


class Day:
    """Everything of one run."""

    def __init__(
        self,
        county: County,
        seed: str,
        start: Instant,
        end: Instant,
        odd: Instant | None,
        *,
        tamper: Callable[[Built], None] | None = None,
    ) -> None:
        self.county, self.seed, self.start, self.end = county, seed, start, end
        self.clock = FastClock()
        self.dice = Random(f"{seed}/day")  # noqa: S311 - a day that repeats exactly
        self.people = counties.PEOPLE
        self.media = library.media_by_name(county.places, library.read(county.places))
        self.planning = planning.policy_of(county.settings, self.media)
        self.disk, self.speechless, self.up = Disk(), False, False
        self.booted, self.numbers = start, 0
        self.counts: Counter[str] = Counter()
        self.broken: Broken | None = None
        self._tamper = tamper
        self._around = Neighbourhood(self.clock, self._spawn)
        self.hill = Hill(self.clock, county.settings, Ports(PORT), seed)
        self._around.devices = self.hill.end
        self._jitter = Random(f"{seed}/jitter").random  # noqa: S311
        self._writer = writer_on(self.disk)
        self._posts: Counter[int] = Counter()
        self.built: Built
        self._build(seed)
        self._script = script(seed, start, end, odd)

    def _build(self, seed: str) -> None:
        folders = counties.secrets(self.county, seed)
        self.platforms: dict[str, Platform] = {
            one.kind: Platform(
                kind=one.kind,
                folder=folders[one.id],
                token=(self.county.places.secrets / one.token_file).read_text("ascii").strip(),
                station=self.county.settings.station.ebr_code,
            )
            for one in self.county.settings.sources
        }
        self.watch = Watch(self, self._house())
        self.decks = {
            chain: Deck(self.clock, self.now, chain, channels, self.watch)
            for chain, channels in self.county.settings.chains().items()
        }
        for chain, deck in self.decks.items():
            self._around.sockets[str(self.county.places.chain_socket(chain))] = deck.admit
        n = sample_at(self.start)
        self.ears = {one.id: Ear(one.id, n) for one in self.county.settings.channels}

    def _house(self) -> House:
        settings = self.county.settings
        return House(
            authority=settings.station.authority,
            tz=settings.station.timezone,
            quiet_from=settings.alerts.quiet_from,
            quiet_to=settings.alerts.quiet_to,
            life_list=tuple(settings.alerts.life_list),
            roles={one.id: one.roles for one in self.people},
            sources={one.id: one.authority for one in settings.sources},
        )

    # -- time

    def now(self) -> Instant:
        """Anchor time of the simulation."""
        return Instant(self.start + round(self.clock.seconds() * 1_000_000))

    def today(self) -> str:
        """The broadcast day."""
        station = self.county.settings.station
        return broadcast_day(self.now(), station.timezone, station.day_start)

    def local(self) -> str:
        """Local date and time, for people."""
        return local_iso(self.now(), self.county.settings.station.timezone)

    # -- the controller's lives

    def boot(self) -> None:
        """A controller begins, from the journal."""
        self.machine = Machine(self._around)
        county = self.county
        holder: list[Controller] = []

        def durable(events: Sequence[Event], at: Instant) -> None:
            if holder:
                holder[0].durable(events, at)
            self.watch.durable(events)

        self.built = build(
            self.machine, county.settings, county.places, Ports(PORT), self.now, county.home,
            on_durable=durable, on_fatal=self._fatal, writer=self._writer,
            jitter=self._jitter,
        )  # fmt: skip
        self.built.alarms.every = LOOK
        if self._tamper is not None:
            self._tamper(self.built)
        holder.append(Controller(self.machine, self.built, "0" * 64))
        self._controller = holder[0]
        self.up, self.booted = True, self.now()

    def restart(self, down: float) -> None:
        """As kill -9, and back after `down` s. Waits for the few ms in which a commit is on its way."""
        if not self.up:
            return
        if self.built.desk.position != self.built.world.journal.head[0]:
            self.clock.callLater(0.005, self.restart, down)
            return
        self.watch.catch_up()
        states = dict(self.built.desk.states)
        self.up = False
        self.counts["restarts"] += 1
        self.watch.note("the controller is killed")
        self.machine.kill()
        self.built.world.journal.close()
        self.built.world.people.close()
        self.clock.callLater(down, self._return, states)

    def _return(self, states: dict[str, Any]) -> None:
        if self.disk.full:  # it cannot open its journal: the supervisor tries again
            self.clock.callLater(2.0, self._return, states)
            return
        self.boot()
        self.watch.back(states)
        self._controller.start()

    def _fatal(self, failure: Failure) -> None:
        self.broken = Broken("bug", f"the desk cannot go on: {failure.getTraceback()}")

    def _spawn(self, machine: Any, protocol: Any) -> Child:
        child = Child(machine, protocol, lambda: self.speechless)
        protocol.makeConnection(child)
        return child

    # -- others

    def deck_of(self, channel: ChannelId) -> Deck:
        """The player of a channel."""
        return next(deck for deck in self.decks.values() if channel in deck.channels)

    def lose(self, deck: Deck, seconds: float, *, wiped: bool) -> None:
        """A player dies, and is back after a while."""
        self.counts["players lost"] += 1
        self.watch.note(f"player {deck.chain} is killed{', its disk lost' if wiped else ''}")
        deck.die()
        for channel in deck.channels:
            self.hears(channel, None, sample_at(self.now()))
        if wiped:
            deck.wipe()
        self.clock.callLater(seconds, deck.start)

    def fill_disk(self, seconds: float) -> None:
        """The journal cannot be written for a while."""
        self.counts["journal unwritable"] += 1
        self.watch.note("the journal's disk is full")
        self.disk.full = True
        self.clock.callLater(seconds, setattr, self.disk, "full", False)  # noqa: FBT003

    def hears(self, channel: ChannelId, heard: Heard | None, n: SampleIndex) -> None:
        """What the witness of a channel hears from sample `n` on."""
        ear = self.ears.get(channel)
        if ear is not None:
            ear.hears(heard, n)

    def dial_ingest(self, far: Far) -> Wire | None:
        """A connection to the ingest port."""
        return self.machine.dial(Ports(PORT).ingest, far) if self.up else None

    def _dial_terminals(self, far: Far) -> Wire | None:
        return self.machine.dial(Ports(PORT).terminals, far) if self.up else None

    def answered(self, code: int) -> None:
        """A platform got its answer; 0: none."""
        self._posts[code] += 1

    def _audible(self, url: str) -> bool:
        """Whether something sounds on the alert stream of an address."""
        deck = self.decks[self.county.settings.alerts.chain]
        for k, channel in enumerate(deck.channels, 1):
            group, port = Ports(PORT).stream(k)
            if url == f"rtp://{group}:{port}":
                return deck.alive and any(one.source == "overlay" for one in deck.held[channel].shown)
        return False

    def _villages(self) -> None:
        """Loudspeakers: most obey, some lose words, some are slow, some were never installed."""
        dice = Random(f"{self.seed}/villages")  # noqa: S311
        signing = self.county.places.secrets / self.county.settings.terminals.signing_key
        verify = PublicKey.read(signing.with_suffix(".pub.pem")).verify
        self.village = Village(
            clock=self.clock, now=self.now, verify=verify, dial=self._dial_terminals, audible=self._audible,
            twice=self._twice, dice=dice,
        )  # fmt: skip
        terminals = self.built.world.fleet.registry.terminals
        kept = set(dice.sample(range(len(terminals)), min(MOST, len(terminals))))
        self.speakers: list[tuple[Terminal, Loudspeaker]] = []
        for number in sorted(kept):
            turn = dice.random()
            nature = Nature(
                loses=0.3 if turn < 0.12 else 0.0,
                slow=dice.uniform(1.5, 9.0) if 0.12 <= turn < 0.2 else dice.uniform(0.05, 0.6),
                installed=turn < 0.95,
            )
            speaker = Loudspeaker(self.village, terminals[number].code, number, nature)
            self.speakers.append((terminals[number], speaker))
            if nature.installed:
                self.clock.callLater(dice.uniform(0.0, 5.0), speaker.connect)

    def _twice(self, code: str, what: str) -> None:
        self.watch.checked["L11"] += 1
        if self.now() - self.booted > 10_000_000:
            raise Broken("L11", f"loudspeaker {code} obeyed and is told again: {what}")

    # -- people

    def ask(self, by: Operator, wish: Command) -> None:
        """Somebody asks the desk for something; whoever has not the right is turned away at the door, as the house does."""
        if not self.up:
            self.counts["nobody there"] += 1
            return
        if wish.right not in rights.rights_of(by.roles):
            self.counts["no right"] += 1
            return
        self.counts["commands"] += 1
        self.numbers += 1
        done = self.built.desk.handle(Request(id=f"{by.id}:sim-{self.numbers}", by=by, command=wish))
        done.addCallback(self._replied, wish)

    def tell(self, wish: Command) -> None:
        """The station itself says something."""
        self.numbers += 1
        self.built.desk.tell(wish, f"sim-{self.numbers}").addCallback(self._replied, wish)

    def _replied(self, reply: Reply, wish: Command) -> None:
        self.counts["done" if reply.ok else f"refused: {reply.code}"] += 1
        if reply.code == "bug":
            self.broken = Broken("bug", f"{wish.name} could not be decided: {wish}")
        if not reply.ok and not (reply.en and reply.zh):
            self.broken = Broken("bug", f"{wish.name} is refused without a sentence in both languages")
        if isinstance(wish, MuteSounding) and not reply.ok and reply.code != "missing":
            self.broken = Broken("L8", f"a mute is refused: {reply.en}")

    def settle(self) -> None:
        """Let what is on its way arrive."""
        for _ in range(5):
            self._to(self.clock.seconds() + 0.01)

    # -- the run

    def run(self, progress: Callable[[float], None] = lambda _: None) -> None:
        """All of it; raises Broken as soon as a law does not hold."""
        self.boot()
        self._controller.start()
        for deck in self.decks.values():
            deck.start()
        self._villages()
        self._to(1.0)
        begin(self, Random(f"{self.seed}/begin"))  # noqa: S311
        self._plan_ahead()
        total = (self.end - self.start) / 1e6
        step = 600.0
        while self.clock.seconds() < total:
            self._to(min(total, self.clock.seconds() + step))
            progress(self.clock.seconds())
        self._close()

    def _plan_ahead(self) -> None:
        for happening in self._script:
            self.clock.callLater((happening.at - self.now()) / 1e6, self._happen, happening)
        for _ in range(max(1, round(SPOTS * (self.end - self.start) / 86_400_000_000))):
            self.clock.callLater(self.dice.uniform(0, (self.end - self.now()) / 1e6), self._spot)
        self._hands = Random(f"{self.seed}/hands")  # noqa: S311
        self.clock.callLater(HANDS, self._look)
        self.clock.callLater(SETTLE, self._settled)
        self.clock.callLater(EVERY, self._report)

    def _happen(self, happening: Happening) -> None:
        if not self.up and happening.what != "player":
            return
        self.counts[happening.what] += 1
        DOINGS[happening.what](self, Random(f"{self.seed}/{happening.number}"))  # noqa: S311

    def _look(self) -> None:
        if self.up:
            hands(self, self._hands)
        self.clock.callLater(self._hands.uniform(0.3, 2.0) * HANDS, self._look)

    def _settled(self) -> None:
        if self.up:
            self.watch.settled()
        self.clock.callLater(SETTLE, self._settled)

    def _report(self) -> None:
        n = sample_at(self.now())
        for ear in self.ears.values():
            said = ear.report(n)
            if said is not None and self.up:
                self.built.desk.tell(said, f"slots:{ear.channel}:{n}")
        self.clock.callLater(EVERY, self._report)

    def _spot(self) -> None:
        channel = self.dice.choice(sorted(self.ears))
        if self.deck_of(channel).alive:
            self.watch.spot(
                channel, SampleIndex(sample_at(self.now()) + self.dice.randrange(-48_000, 48_000))
            )

    def _to(self, seconds: float) -> None:
        """Run everything that is due until then."""
        while self.clock.seconds() < seconds:
            self.clock.run_until(min(seconds, self.clock.seconds() + 1.0))
            if self.broken is not None:
                raise self.broken

    def _close(self) -> None:
        """The last checks: everything folded anew, the chain of hashes, the figures."""
        self.disk.full = False
        self._to(self.clock.seconds() + 30.0)
        self.watch.catch_up()
        self.watch.replayed()
        self.watch.figures(self.start, self.end)
        journal = self.built.world.journal
        wrong = first_wrong(self.county.settings.station.id, journal.records())
        if wrong is not None:
            raise Broken("L3", f"the chain of hashes breaks: {wrong}")
        self.head = journal.head
        self.up = False
        self.machine.kill()
        journal.close()
        self.built.world.people.close()
