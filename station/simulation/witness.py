"""A made-up witness of one channel: hears what the made-up player gives, and reports it in slots as the real one does, with gaps when it is away. Decides nothing."""

from __future__ import annotations

from typing import Final

from safety.messages import SLOT, ReportSlots, SlotRun, SlotState
from schedules.render import Heard
from station.words import ChannelId, SampleIndex

EVERY: Final = 25.0  # s between reports
KEPT: Final = 500  # runs that wait


class Ear:
    """Slots of one channel: `note` what is heard from a sample on, `report` what was not yet reported."""

    def __init__(self, channel: ChannelId, n: SampleIndex) -> None:
        self.channel = channel
        self.away = False
        self._state: SlotState = "OUTAGE"
        self._due = ""
        self._from = n // SLOT
        self._runs: list[SlotRun] = []

    def hears(self, heard: Heard | None, n: SampleIndex) -> None:
        """From sample `n` on this is heard; None: nothing at all."""
        if heard is None:
            state: SlotState = "OUTAGE"
        elif heard.overlay is None and heard.rung != "file":
            state = "DEGRADED"
        else:
            state = "NORMAL"
        self._note(state, heard.approval if heard is not None else "", n)

    def _note(self, state: SlotState, due: str, n: SampleIndex) -> None:
        if (state, due) == (self._state, self._due):
            return
        self._cut(n)
        self._state, self._due = state, due

    def _cut(self, n: SampleIndex) -> None:
        slot = n // SLOT
        if slot > self._from:
            run = SlotRun(first=self._from, last=slot, state=self._state, due=self._due)
            self._runs = [*self._runs, run][-KEPT:]
            self._from = slot

    def report(self, n: SampleIndex) -> ReportSlots | None:
        """What was heard since the last report; None when there is nothing, or it is away: then what was heard is lost."""
        self._cut(n)
        runs, self._runs = tuple(self._runs), []
        if self.away or not runs:
            return None
        return ReportSlots(channel=self.channel, point="simulated", real_return=False, runs=runs)
