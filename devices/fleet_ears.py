"""What terminals say, frame by frame, into the arrays of `Reported` and the tallies. Knows no socket; says what should be done next."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from devices.fefd import Frame, Profile
from devices.fefd_bodies import ENDED, HEARD, PLAYING, answer_from, heartbeat_from, status_from, task_from
from devices.fleet import Reported, Sent
from devices.fleet_book import Book
from devices.tally import Tally
from station.words import Instant, Misheard

Then = Literal["answer", "query", "look", "fold"]
STANDING_BY, BUSY = 1, 2


class Ears:
    """Takes frames of known terminals. `refused` counts what could not be used, by reason."""

    def __init__(self, profile: Profile, book: Book, reported: Reported, sent: Sent) -> None:
        self._profile, self._book, self._reported, self._sent = profile, book, reported, sent
        self.refused: Counter[str] = Counter()

    def hear(self, number: int, frame: Frame, now: Instant) -> tuple[Then, ...]:
        """One frame of terminal `number`; what the fleet should do about it."""
        self._reported.seen[number] = now
        profile = self._profile
        try:
            if frame.kind == profile.answer and frame.business != profile.status:
                return self._answered(number, frame)
            if frame.business == profile.heartbeat:
                return self._beat(number, frame)
            if frame.business == profile.task:
                task = task_from(frame.body)
                return self._task(number, self._book.ebm(task.ebm_id), task.state)
            if frame.business == profile.status:
                return self._status(number, frame)
        except Misheard:
            self.refused["unreadable body"] += 1
            return ()
        self.refused["unknown business"] += 1
        return ()

    def _answered(self, number: int, frame: Frame) -> tuple[Then, ...]:
        what = self._book.session(frame.session)
        if what is None or answer_from(frame.body).result != 0:
            self.refused["no" if what else "answer to nothing"] += 1
            return ()
        verb, value = what
        if verb == "start":
            self._reported.acknowledged[number] = value
            for tally in self._counting(number, self._book.ebm_of(value)):
                tally.acknowledged[number] = True
            return ("fold",)
        if verb == "volume":
            self._reported.volume[number] = value
        else:
            return self._stopped(number, value)
        return ()

    def _stopped(self, number: int, ebm: int) -> tuple[Then, ...]:
        if self._sent.stopped[number] == ebm:
            self._sent.stopping[number] = False
        if self._book.ebm_of(int(self._reported.acknowledged[number])) == ebm:
            self._reported.acknowledged[number] = 0
        return self._task(number, ebm, ENDED)

    def _beat(self, number: int, frame: Frame) -> tuple[Then, ...]:
        beat = heartbeat_from(frame.body)
        self._volume(number, beat.volume)
        playing = int(self._reported.playing[number])
        then: tuple[Then, ...] = ("answer",) if self._profile.answer_heartbeats else ()
        if beat.first:
            return then
        if beat.state == STANDING_BY and playing:
            return (*then, *self._task(number, playing, ENDED))
        if beat.state == BUSY and not playing:
            return (*then, "query")
        return then

    def _status(self, number: int, frame: Frame) -> tuple[Then, ...]:
        found = dict(status_from(frame.body).values)
        self._volume(number, int.from_bytes(found.get(self._profile.tag_volume, b"\xff"), "big"))
        playing = int(self._reported.playing[number])
        task = found.get(self._profile.tag_task)
        then: tuple[Then, ...] = ()
        if task is not None:
            said = task_from(task + bytes(4))
            then = self._task(number, self._book.ebm(said.ebm_id), HEARD if said.state == HEARD else PLAYING)
        elif playing:
            then = self._task(number, playing, ENDED)
        self._reported.known[number] = True
        return (*then, "look")

    def _volume(self, number: int, percent: int) -> None:
        if percent <= 100:
            self._reported.volume[number] = percent

    def _task(self, number: int, ebm: int, state: int) -> tuple[Then, ...]:
        reported, former = self._reported, int(self._reported.playing[number])
        if state == ENDED:
            if former == ebm:
                reported.playing[number] = 0
            self._silence(number, ebm)
            return ("fold", "look")
        if former not in (0, ebm):
            self._silence(number, former)
        reported.playing[number] = ebm
        if state == HEARD:
            reported.heard[number] = ebm
        for tally in self._counting(number, ebm):
            tally.acknowledged[number] = tally.playing[number] = tally.played[number] = True
            tally.heard[number] |= state == HEARD
        return ("fold",) if former == ebm else ("fold", "look")

    def _counting(self, number: int, ebm: int) -> list[Tally]:
        """The tallies that count what this terminal says of an EBM: of alerts that it was addressed by."""
        return [tally for tally in self._book.tallies_of(ebm) if tally.addressed[number]]

    def _silence(self, number: int, ebm: int) -> None:
        for tally in self._book.tallies_of(ebm):
            tally.playing[number] = False
