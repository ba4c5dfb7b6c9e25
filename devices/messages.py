"""Commands and events of devices: terminals for now. Decides nothing."""

from __future__ import annotations

from typing import Literal

from station.words import AreaCode, Command, Event, Instant, command, event


@command("terminal.volume", right="engineer")
class SetTerminalVolume(Command):
    """Set the volume (0–100 %) of the terminals in some areas."""

    areas: tuple[AreaCode, ...]
    volume: int


@command("terminal.folded", right="system", proof=False)
class FoldTerminals(Command):
    """One second of terminals' answers to one alert, folded."""

    alert: str
    at: Instant
    ordered: int
    acknowledged: int
    playing: int
    heard: int
    silent: int


@event("terminal.volumeset/1")
class TerminalVolumeSet(Event):
    """Volume wanted from now on in some areas."""

    areas: tuple[AreaCode, ...]
    volume: int
    by: str


@event("terminals.answered/1")
class TerminalsAnswered(Event):
    """The four counts of one alert, cumulative, at most once a second and only when they changed."""

    alert: str
    at: Instant
    ordered: int
    acknowledged: int
    playing: int
    heard: int
    silent: int


@event("terminals.link/1")
class TerminalsLink(Event):
    """How many registered terminals are connected, at most once a minute and only when it changed."""

    online: int
    registered: int
    at: Instant


@command("terminals.count", right="system", proof=False)
class CountTerminals(Command):
    """The terminal server's count of connections changed."""

    online: int
    registered: int
    at: Instant


Playing = Literal["idle", "playing"]
