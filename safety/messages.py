"""Commands and events of the witness: what was really heard. Decides nothing."""

from __future__ import annotations

from typing import Literal

import attrs

from station.words import ChannelId, Command, Event, SampleIndex, command, event

SlotState = Literal["PLANNED", "FOREIGN", "WRONG", "OUTAGE", "EMPTY", "DEGRADED", "UNKNOWN", "NORMAL"]
STATES: tuple[SlotState, ...] = (
    "PLANNED",
    "FOREIGN",
    "WRONG",
    "OUTAGE",
    "EMPTY",
    "DEGRADED",
    "UNKNOWN",
    "NORMAL",
)  # the first that applies wins
SLOT = 4_800  # samples: 100 ms


@attrs.frozen(kw_only=True)
class SlotRun:
    """Consecutive slots of one state: slots `first` (included) to `last` (excluded); slot k starts at sample 4800·k."""

    first: int
    last: int
    state: SlotState
    heard: str = ""  # what was recognised: take id, overlay id, "loop", "tone", …
    due: str = ""  # approval of what should have been heard: an authorised insertion names its alert here
    cause: str = ""


@command("slots.report", right="system", proof=False)
class ReportSlots(Command):
    """What a witness measured since its last report; runs already known are passed over."""

    channel: ChannelId
    point: str  # name of the measuring point
    real_return: bool  # a real return path, not the player's own output
    runs: tuple[SlotRun, ...]
    differed: SampleIndex | None = None  # the last sample of which two players sent different copies


@command("witness.lapse", right="system", proof=False)
class LapseWitness(Command):
    """A witness has been silent for too long: nobody measures (漏监)."""

    channel: ChannelId


@event("slots.measured/1")
class SlotsMeasured(Event):
    """Runs of slots; contiguous with what was measured before, gaps filled as UNKNOWN."""

    channel: ChannelId
    point: str
    real_return: bool
    runs: tuple[SlotRun, ...]


@event("incident.opened/1")
class IncidentOpened(Event):
    """Slots left NORMAL for longer than the profile allows."""

    channel: ChannelId
    point: str
    state: SlotState
    since: SampleIndex
    cause: str


@event("incident.closed/1")
class IncidentClosed(Event):
    """Back to NORMAL."""

    channel: ChannelId
    point: str
    state: SlotState
    since: SampleIndex
    until: SampleIndex
