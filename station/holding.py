"""Keeps the record of what this station lets sound, and at the start compares it with what this program would let sound. Knows one file and the journal; what is held is station.hold's to say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import version
from typing import Final

from twisted.logger import Logger

from emergency import views
from emergency.messages import ReleaseHold
from station import hold
from station.files import write_whole
from station.hold import HoldUpgrade, Sounded
from station.journal import Journal
from station.settings import Places
from station.wire import canonical, complaints, from_plain, to_plain
from station.words import SECOND, Instant
from station.world import World

NAME: Final = "sounded.json"
_MARGIN: Final = (
    10 * SECOND
)  # what fell due so shortly before the other program ended, it may not have got to
log = Logger()


def read(places: Places) -> Sounded | None:
    """The record; None where there is none, or it makes no sense."""
    path = places.state / NAME
    try:
        return from_plain(json.loads(path.read_text(encoding="utf-8")), Sounded)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, ExceptionGroup) as error:
        log.error("{path} makes no sense: {why}", path=str(path), why=complaints(error)[:3])
        return None


class Record:
    """Writes down what sounds whenever that changes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._last: tuple[object, object] | None = None

    def note(self) -> None:
        """After followers were told. A disk that refuses stops nothing: the journal has already said what happened."""
        world = self._world
        seen = (world.soundings(), world.mutes())
        if seen == self._last:
            return
        self._last = seen
        said = Sounded(
            version=version("gengfu"), position=world.desk.position, soundings=seen[0], mutes=seen[1]
        )
        try:
            write_whole(world.places.state / NAME, canonical(to_plain(said)) + "\n")
        except OSError as error:
            log.error("what sounds cannot be written down: {why}", why=error.strerror)


def wanted(world: World, journal: Journal) -> HoldUpgrade | None:
    """What must be held before anything is ordered, after a replay; None where this program sounds nothing new.

    A record of a later position than the journal's is of another journal, and says nothing about this one.
    """
    before = read(world.places)
    if before is None or before.position > world.desk.position:
        return None
    found = hold.compare(
        world.soundings(),
        world.mutes(),
        before,
        changed=frozenset(_changed(journal, before.position)),
        early=_early(world, journal),
    )
    if found == hold.EMPTY:
        return None
    return HoldUpgrade(before=found.before, clips=found.clips, mutes=found.mutes)


def _changed(journal: Journal, since: int) -> Iterator[str]:
    """Alerts and mutes that the journal tells of after the record was written."""
    for record in journal.records(since):
        if record.kind.startswith("alert."):
            body = json.loads(record.body)
            yield from (str(body[name]) for name in ("alert", "mute") if body.get(name))


def _early(world: World, journal: Journal) -> Iterator[tuple[str, Instant]]:
    """Alerts that would be released by a time at which the program before had long been over them."""
    position, _ = journal.head
    last = journal.read(position - 1, 1)
    if not last:
        return
    state = world.desk.states["emergency"]
    for wish in views.due(state, Instant(last[0].at - _MARGIN), world.policy):
        if isinstance(wish, ReleaseHold):
            yield wish.alert, state.alerts[wish.alert].message.expires
