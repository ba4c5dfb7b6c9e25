"""`gengfu player CHAIN`: one failure domain on the air. Wires rings, children and the link socket together and turns until told to stop. Knows no database, no web, no desk."""

from __future__ import annotations

import contextlib
import os
import secrets
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

from playout.aslog import AsRunLog
from playout.chain import Chain
from playout.crew import HUNG, ON_DISK, Child, Crew
from playout.decoder import serve_loads, serve_ring, sound
from playout.encoder import serve_hls
from playout.joining import Joining
from playout.lanes import Lane, Seat, sample_of_media
from playout.link import SetOverlays
from playout.mixing import Mixer
from playout.outlets import Outlets
from playout.preview import forget
from playout.processes import Plainly
from playout.relay_crew import Relays
from playout.resting import Beat
from playout.resting import resting as _rest
from playout.resting import sleeping as _sleep
from playout.rings import AirRing, DecodedRing, shared_words
from playout.roots import Roots
from playout.senders import Output, serve_l16
from playout.server import LinkServer
from playout.standby import loop_plan, quiet_plan
from playout.store import Shelf
from playout.ts_out import serve_ts
from schedules.plan import Medium, Plan
from station.arguments import Parser
from station.clock import AnchorTime, monotonic_ns
from station.notify import Watchdog
from station.pairs import chain_of, guests, is_second, is_television, players, twin_of
from station.settings import ChannelSection, Places, Ports, Settings
from station.settings_file import load, places
from station.words import ChannelId, Refused, sample_at

if TYPE_CHECKING:
    from playout.exits import Exits
    from playout.tv_player import Television

RINGS = 5  # decoders of one programme channel: on air, two to come, filler and its successor
_AIR = 256  # blocks of 10 ms of a channel's output that are kept for its readers, beside those that are not due yet
TICK = 0.1  # s; a child that ends and messages are noticed at once
GATE = 0.005  # s between two looks of an output whether it may begin
HURRY = 0.005  # s between ticks while somebody waits for the first samples
FLUSH = 1_000_000_000  # ns between flushes of the as-run log


def main(argv: list[str]) -> int:
    """Run one chain's player; 0 after `stop` or SIGTERM, 1 when it cannot begin."""
    words = Parser(prog="gengfu player", description="the player of one chain · 一条播出链的播放器")
    words.add_argument(
        "chain", help="name of the chain; NAME.b is its second player · 播出链名称;名称.b 为其备机"
    )
    words.add_argument("--settings", required=True, metavar="FILE", help="station.toml · 设置文件")
    words.add_argument("--state", metavar="DIR", help="state directory · 状态目录")
    words.add_argument("--port", type=int, metavar="N", help="base of the station's ports · 端口基数")
    asked = words.parse_args(argv)
    path = Path(asked.settings)
    settings = load(path)
    chain = chain_of(asked.chain)
    if chain not in settings.chains() or (is_second(asked.chain) and is_television(settings, chain)):
        names = ", ".join((*players(settings), *guests(settings)))
        raise Refused(
            f"there is no chain {asked.chain}; there are {names}",
            f"没有播出链 {asked.chain};可用的有 {names}",
        )
    base = settings.station.port if asked.port is None else asked.port
    player = Player(asked.chain, settings, path.parent, places(path, settings, asked.state), Ports(base))
    sys.stderr = cast(TextIO, Plainly())
    player.run()
    return 0


class Player:
    """All processes and files of one chain."""

    def __init__(self, name: str, settings: Settings, home: Path, where: Places, ports: Ports) -> None:
        self._name, self._settings, self._home = name, settings, home
        self._plays, self._gate = chain_of(name), shared_words(1)
        self._where, self._outlets = where, Outlets(settings, ports, name)
        self._time = AnchorTime(where.anchor)
        self._crew = Crew(self._parted)
        self._poll = selectors.DefaultSelector()
        self._ended = False
        self._flushed = monotonic_ns()
        self._dog = Watchdog.armed()
        self._relays = Relays(settings, ports, name, guest=self._outlets.guest, secrets=where.secrets)
        self._chain = self._build()
        self._joining = self._beside()
        self._exits = self._further()
        self._tv = self._television()

    def _beside(self) -> Joining:
        """What keeps it from being heard while its twin is on the air and it is not its equal."""
        own, twin = (self._where.chains / name for name in (self._name, twin_of(self._name)))
        return Joining(self._chain, self._gate, own, twin, lambda: sample_at(self._time.now()), monotonic_ns)

    def _further(self) -> Exits | None:
        """What channels with further outputs have besides; others do not load its modules."""
        if not any(map(self._outlets.further, self._settings.channels)):
            return None
        from playout.exits import Exits

        return Exits(self._outlets, self._where, self._chain.lanes.values(), self._time.now)

    def _television(self) -> Television | None:
        """What a chain with pictures has besides; sound alone is back on the air sooner without its modules."""
        if not is_television(self._settings, self._plays):
            return None
        from playout.tv_player import Television

        return Television(self._settings, self._home, self._chain, self._time.now, self._hear)

    def _build(self) -> Chain:
        directory = self._where.chains / self._name
        shelf, log = Shelf(directory), AsRunLog(directory, secrets.token_hex(4))
        seats: list[Seat] = []
        lanes: dict[ChannelId, Lane] = {}
        for channel in self._settings.chains()[self._plays]:
            programme = self._section(channel) is not None
            first = len(seats)
            seats += [Seat(DecodedRing()) for _ in range(RINGS if programme else 0)]
            lanes[channel] = self._lane(channel, shelf, range(first, len(seats)))
        lead_chain = Chain(
            self._name, lanes, seats, shelf, log, self._roots(), self._time.now, monotonic_ns, os.getpid()
        )
        for lane in lanes.values():
            if lane.held is not None:
                lead_chain.adopt(lane, lane.held)
        return lead_chain

    def _roots(self) -> Roots:
        copy = self._settings.station.media_copy
        return Roots(self._where.media, self._home / copy if copy else None)

    def _lane(self, channel: ChannelId, shelf: Shelf, rings: range) -> Lane:
        held = shelf.plan(channel)
        overlays = shelf.overlays(channel) or SetOverlays(channel=channel, revision=0, overlays=())
        plan = held or self._standby(channel)
        return Lane(
            channel=channel,
            air=AirRing(_AIR + self._outlets.slack_us // 10_000),
            plan=plan,
            rings=rings,
            overlays=overlays,
            held=held,
            rungs=shelf.falls(channel),
            lives=self._relays.lives,
        )

    def _section(self, channel: ChannelId) -> ChannelSection | None:
        found = [section for section in self._settings.channels if section.id == channel]
        return found[0] if found else None

    def _standby(self, channel: ChannelId) -> Plan:
        now = sample_at(self._time.now())
        section = self._section(channel)
        if section is None:
            return quiet_plan(channel, now)
        loop = self._medium(section.loop, section.raster) if section.loop else None
        filler = [self._medium(name, section.raster) for name in section.filler]
        return loop_plan(channel, now, loop, tuple(medium for medium in filler if medium is not None))

    def _medium(self, name: str, raster: str) -> Medium | None:
        from playout.facts import facts_of

        path, media = self._home / name, self._where.media
        facts = facts_of(path, media, raster) or facts_of(path, media)
        if facts is None:
            return None
        return Medium(sha256=facts.sha256, samples=facts.samples, title=facts.title, frames=facts.frames)

    def run(self) -> None:
        """Turn until told to stop."""
        server = LinkServer(self._where.chain_socket(self._name), self._chain, self._poll)
        wake = self._signals()
        self._poll.register(wake, selectors.EVENT_READ, self._drain(wake))
        self._tick()  # decoders know what to decode before they begin
        self._hire()
        try:
            while not (self._ended or self._chain.stopping):
                self._turn(server)
        finally:
            self._dog.ending()
            self._crew.end()
            self._chain.stop()
            server.close()

    def _turn(self, server: LinkServer) -> None:
        for child in self._crew.tend(monotonic_ns()):
            self._lost(child)
        for key, _ in self._poll.select(HURRY if self._chain.hurries else TICK):
            key.data()
        self._tick()
        self._forget()
        server.pump()
        if monotonic_ns() - self._flushed > FLUSH:
            self._flushed = monotonic_ns()
            self._chain.flush()
        self._tell_manager()

    def _tick(self) -> None:
        self._chain.tick()
        self._joining.tick()
        if self._tv is not None:
            self._tv.vision.tick()
        if self._exits is not None:
            self._exits.tick()

    def _forget(self) -> None:
        """Previews without what was withdrawn: the encoder is ended first, or it would write its list again."""
        for channel, lane in self._chain.lanes.items():
            if lane.stale:
                lane.stale = False
                for child in self._crew.children:
                    if child.name == f"hls-{channel}":
                        child.kill("what it holds was withdrawn")
                forget(self._outlets.folder(self._where.hls, channel))

    def _tell_manager(self) -> None:
        """On the air when every channel has sound; alive while the head of every channel moves."""
        head = min(lane.air.head for lane in self._chain.lanes.values())
        if head:
            self._dog.begun(f"{self._name} is on the air")
        self._dog.advanced(head, monotonic_ns())

    def _signals(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setblocking(False)  # noqa: FBT003
        self._wake = theirs
        signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(signal.SIGINT, self._end)
        return ours

    def _end(self, *_: object) -> None:
        self._ended = True

    def _drain(self, wake: socket.socket) -> Callable[[], None]:
        return lambda: (wake.recv(4096), None)[1]

    # children

    def _lost(self, child: Child) -> None:
        sys.stderr.write(f"player {self._name}: {child.name} ended ({child.cause}) and is replaced\n")
        if child.name == "mixer":
            self._chain.mixer_lost()
        if child.name == "loader":
            self._chain.memory.loader_lost(monotonic_ns())

    def _hire(self) -> None:
        for number, seat in enumerate(self._chain.seats):
            self._hire_decoder(number, seat)
        self._watched("mixer", self._mix, self._mixer_new)
        self._crew.add(Child("loader", serve_loads, self._loader_new))
        self._relays.hire(self._watched, self._time.now, self._outlets.slack_us, self._where.hls)
        self._hire_senders()
        for section in self._settings.channels:
            if section.chain != self._plays or self._outlets.guest:
                continue
            if not section.raster:
                self._hire_encoders(section)
            if section.record_days:
                self._hire_recorder(section)
        if self._tv is not None:
            self._tv.hire(self._crew, self._watched, _sleep, self._outlets.ts, self._where.hls, self._exits)
        if self._exits is not None:
            pictures = self._tv.pictures if self._tv is not None else lambda _: None
            self._exits.hire(self._watched, self._admitted, pictures)

    def _hire_senders(self) -> None:
        outputs = self._outputs()
        if outputs:
            self._watched("l16", lambda _, beat: serve_l16(outputs, self._time.now, self._admitted(beat)))

    def _admitted(self, beat: Beat) -> Callable[[float], None]:
        """How an output rests; the first time it waits until this player may be heard."""
        sleep = _sleep(beat)
        while not self._gate[0]:
            sleep(GATE)
        return sleep

    def _watched(
        self,
        name: str,
        work: Callable[[socket.socket, Beat], None],
        renewed: Callable[[Child], None] = lambda _: None,
        patience: int = HUNG,
        keep: tuple[int, ...] = (),
    ) -> None:
        pulse = shared_words(1)

        def beat() -> None:
            pulse[0] = monotonic_ns()

        self._crew.add(Child(name, lambda end: work(end, beat), renewed, pulse, patience, keep))

    def _hire_decoder(self, number: int, seat: Seat) -> None:
        def renewed(child: Child) -> None:
            self._hear(child, lambda end: self._chain.decoder_said(seat, end))
            self._chain.decoder_renewed(seat, child)

        lane = next(one for one in self._chain.lanes.values() if number in one.rings)

        def work(end: socket.socket) -> None:
            like = sample_of_media(lane, self._chain.memory, film=False)
            serve_ring(seat.ring, end, monotonic_ns, sound, warm=like)

        self._crew.add(Child(f"decoder-{number}", work, renewed))

    def _hire_encoders(self, section: ChannelSection) -> None:
        lane, ts, name = self._chain.lanes[section.id], self._outlets.ts(section), section.name_en
        air = lane.air
        more = () if self._exits is None else self._exits.stream(section.id)

        def send(_: socket.socket, beat: Beat) -> None:
            self._admitted(beat)
            serve_ts(air, ts, name, _rest(beat), more, lane.guide.read)

        self._watched(f"ts-{section.id}", send)
        if section.hls:
            directory = self._outlets.folder(self._where.hls, section.id)
            self._watched(
                f"hls-{section.id}", lambda _, beat: serve_hls(air, directory, _rest(beat)), patience=ON_DISK
            )

    def _hire_recorder(self, section: ChannelSection) -> None:
        air = self._chain.lanes[section.id].air
        directory = self._outlets.folder(self._where.aircheck, section.id)

        def work(_: socket.socket, beat: Beat) -> None:
            from playout.recorder import serve_aircheck

            serve_aircheck(air, directory, section.record_days, _rest(beat))

        self._watched(f"aircheck-{section.id}", work, patience=ON_DISK)

    def _outputs(self) -> tuple[Output, ...]:
        return tuple(
            Output(
                channel=channel, ring=lane.air, destinations=self._outlets.l16(channel), sent=shared_words(1)
            )
            for channel, lane in self._chain.lanes.items()
        )

    def _mix(self, end: socket.socket, beat: Beat) -> None:
        airs = {channel: lane.air for channel, lane in self._chain.lanes.items()}
        rings = [seat.ring for seat in self._chain.seats]
        Mixer(airs, rings, end, self._time.now, self._outlets.slack_us, beat, self._relays.lives).serve()

    def _mixer_new(self, child: Child) -> None:
        self._hear(child, self._chain.mixer_said)
        self._chain.mixer_renewed(child)

    def _loader_new(self, child: Child) -> None:
        self._hear(child, self._chain.loader_said)
        self._chain.memory.loader = child

    def _hear(self, child: Child, said: Callable[[socket.socket], None]) -> None:
        end = child.end
        assert end is not None

        self._poll.register(end, selectors.EVENT_READ, lambda: self._drained(end, said))

    def _drained(self, end: socket.socket, said: Callable[[socket.socket], None]) -> None:
        try:
            while True:
                said(end)
        except BlockingIOError:
            return
        except (EOFError, ConnectionResetError):
            self._poll.unregister(end)

    def _parted(self, end: socket.socket) -> None:
        """Hear the last words of a child that died."""
        try:
            key = self._poll.get_key(end)
        except KeyError:
            return
        key.data()
        with contextlib.suppress(KeyError):
            self._poll.unregister(end)
