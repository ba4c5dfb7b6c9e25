"""Relays in a plan: media that are heard as they come, known by their name and not by their content; their samples are counted by the absolute index. Pure; knows no receiver.

A rundown writes `relay:ID` where it writes a file otherwise. What people sign is that programme at that time: the
checksum is that of its name, so whoever withdraws it takes it out of plans like any other medium.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

import attrs

from schedules.plan import Medium, Take
from station.words import Sha256

LASTING: Final = 1 << 50  # samples a relay has: some 740 years from 1970
PREFIX: Final = "relay:"
_ALSO: Final = ("relay\uff1a", "转播:", "转播\uff1a")  # with the colon of a Chinese keyboard, too
LIVE: Final = "live-"  # how the names begin that live sources have among relays, and no relay has
_LIVING: Final = ("live:", "live\uff1a", "直播:", "直播\uff1a")


def written(cell: str) -> str:
    """What a rundown's media cell says of a relay: `relay:ID`, in lower case; empty where it names none. A live source is the relay `live-ID`."""
    lowered = cell.strip().lower()
    for prefix in _LIVING:
        if lowered.startswith(prefix):
            return PREFIX + LIVE + lowered[len(prefix) :].strip()
    for prefix in (PREFIX, *_ALSO):
        if lowered.startswith(prefix):
            return PREFIX + lowered[len(prefix) :].strip()
    return ""


def checksum(relay: str) -> Sha256:
    """What stands for a relay wherever a medium is named by its checksum."""
    return Sha256(hashlib.sha256(b"gengfu relay\0" + relay.encode()).hexdigest())


def medium_of(relay: str, title: str) -> Medium:
    """The relay as a medium of a plan."""
    return Medium(sha256=checksum(relay), samples=LASTING, title=title, live=relay)


def lives(media: Iterable[Medium]) -> frozenset[Sha256]:
    """Those of them that come from outside: no file is theirs, and nobody knows beforehand what will be heard."""
    return frozenset(medium.sha256 for medium in media if medium.live)


def lack(media: Iterable[Medium], sha256: Sha256) -> str:
    """What to say where one of them cannot be had."""
    relay = next((medium.live for medium in media if medium.sha256 == sha256), "")
    return f"relay {relay} has no sound" if relay else f"medium {sha256[:12]} is not ready"


def anchored(takes: Sequence[Take], media: Iterable[Medium]) -> tuple[Take, ...]:
    """The takes with each relay heard as it comes: sample n of it is heard at sample n, wherever the take was moved to. What stands in for it begins where it began before."""
    live = lives(media)
    return tuple(_anchored(take) if take.media in live else take for take in takes)


def _anchored(take: Take) -> Take:
    moved = take.offset - take.start
    instead = take.replacement
    if instead is not None:
        instead = attrs.evolve(instead, shift=instead.shift + moved)
    return attrs.evolve(take, offset=take.start, replacement=instead)


__all__ = ["LASTING", "LIVE", "PREFIX", "anchored", "checksum", "lack", "lives", "medium_of", "written"]
