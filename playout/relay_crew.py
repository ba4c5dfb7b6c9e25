"""The relays of a player: their rings, a receiver for each member, and the process that makes one sound of them. Knows which children there are; knows no sound."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Protocol

from playout.crew import ON_DISK
from playout.encoder import serve_hls
from playout.relay_choice import LIMITS, Limits
from playout.relay_rings import LiveRing, MemberRing, copied
from playout.resting import Beat, sleeping
from playout.rings import BLOCK, AirRing
from schedules.relays import checksum
from station import networks
from station.clock import monotonic_ns
from station.pairs import chain_of, is_pair, is_second
from station.relay_ports import references
from station.relay_sources import NEVER_MS, RelaySection, Source, read
from station.secret_files import read_secret
from station.settings import Ports, Settings
from station.words import SAMPLE_RATE, Instant, Sha256, sample_at

AHEAD: Final = (
    30 * BLOCK
)  # samples made before the mixer asks for them: a process that ends is replaced meanwhile
ROUND: Final = 0.02  # s between two looks
_MOST: Final = 48  # s
_SPARE: Final = 8  # s of a member's sound that are kept beyond its delay, for finding its place by another's

Rest = Callable[[Beat, float], None]


class Watched(Protocol):
    """How a player takes a child in (playout.player.Player)."""

    def __call__(
        self, name: str, work: Callable[[socket.socket, Beat], None], *, patience: int = ...
    ) -> None: ...


class Relays:
    """Those whose receivers run beside one player; `guest`: another player of the chain has them already."""

    def __init__(
        self, settings: Settings, ports: Ports, player: str, *, guest: bool, secrets: Path = Path()
    ) -> None:
        chain = chain_of(player)
        self._via = networks.address(settings.networks.playout)
        self._sections = [section for section in settings.received() if section.chain == chain]
        self._sources = {section.id: sources_of(section) for section in self._sections}
        self._secrets = {section.id: (secrets, section.secret_file) for section in self._sections}
        self._guest, self._told = guest, references(settings, ports, chain)
        self._second, self._paired = is_second(player), is_pair(settings, chain)
        self.live = {
            section.id: LiveRing(members=len(section.members), name=section.id) for section in self._sections
        }
        self._rings = {
            section.id: [MemberRing(kept(section)) for _ in section.members] for section in self._sections
        }

    @property
    def lives(self) -> Mapping[Sha256, LiveRing]:
        """Where the mixer finds each relay, by what stands for it in plans."""
        return {checksum(relay): ring for relay, ring in self.live.items()}

    def hire(
        self,
        watched: Watched,
        now: Callable[[], Instant],
        slack_us: int,
        hls: Path,
        rest: Rest = lambda beat, seconds: sleeping(beat)(seconds),
    ) -> None:
        """Have all of them run; `hls`: where previews are written."""
        for section in self._sections:
            for number, source in enumerate(self._sources[section.id]):
                if not self._guest or source.shared:
                    self._hire_member(watched, section.id, number, source, rest)
            air = AirRing() if section.preview and not self._second else None
            self._hire_deck(watched, section, now, slack_us, rest, air)
            if air is not None:
                _hire_preview(watched, section.id, air, hls, rest)

    def _hire_member(self, watched: Watched, relay: str, number: int, source: Source, rest: Rest) -> None:
        ring, (secrets, name) = self._rings[relay][number], self._secrets[relay]

        def work(_: socket.socket, beat: Beat) -> None:
            from playout.relay_input import serve_member  # a player without relays begins without all this

            serve_member(
                ring,
                source,
                self._via,
                monotonic_ns,
                lambda seconds: rest(beat, seconds),
                secret=lambda: read_secret(secrets, name) if name else "",
            )

        watched(f"relay-{relay}-{number + 1}", work, patience=ON_DISK)

    def _hire_deck(
        self,
        watched: Watched,
        section: RelaySection,
        now: Callable[[], Instant],
        slack_us: int,
        rest: Rest,
        air: AirRing | None,
    ) -> None:
        rings, live = self._rings[section.id], self.live[section.id]

        def work(_: socket.socket, beat: Beat) -> None:
            from playout.relay_deck import Deck
            from playout.relay_lead import Lead
            from playout.relay_reference import Reference

            lead = Lead(relay=section.id, second=self._second, paired=self._paired)
            deck = Deck(rings, live, limits_of(section), lead)
            told = Reference(live, self._told[section.id], lead)
            while True:
                until = sample_at(Instant(now() + slack_us)) + AHEAD
                told.hear(until)
                deck.write(until, monotonic_ns())
                told.tell()
                if air is not None:
                    copied(live, air)
                rest(beat, ROUND)

        watched(f"relay-{section.id}", work)


def _hire_preview(watched: Watched, relay: str, air: AirRing, hls: Path, rest: Rest) -> None:
    name = f"relay-{relay}"

    def work(_: socket.socket, beat: Beat) -> None:
        serve_hls(air, hls / name, lambda _: rest(beat, ROUND))

    watched(f"hls-{name}", work, patience=ON_DISK)


def sources_of(section: RelaySection) -> list[Source]:
    """The wires of a relay's members; the settings were checked when they were read."""
    return [source for text in section.members if isinstance(source := read(text), Source)]


def kept(section: RelaySection) -> int:
    """How many seconds of a member are kept: enough to find its place by another's; of one that is long delayed, little more than that."""
    delay = section.delay_ms // 1000
    return min(2 * delay + _SPARE, max(_MOST, delay + _SPARE))


def limits_of(section: RelaySection) -> Limits:
    """What a relay's settings say, in samples; where no silence is too long, no standstill is."""
    per_ms, never = SAMPLE_RATE // 1000, section.silence_ms >= NEVER_MS
    silence = section.silence_ms * per_ms
    return Limits(
        delay=section.delay_ms * per_ms,
        silence=silence,
        frozen=silence if never else LIMITS.frozen,
        quiet=round(10 ** (section.level_dbfs / 20) * (1 << 23)),
    )


__all__ = ["AHEAD", "Relays", "kept", "limits_of", "sources_of"]
