"""The picture of one channel under watch: judges each slot when the sound's watch may, settles, hands the runs on. Gets reel, screen and what is due from outside; knows no process and no file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from safety.judge import before_any
from safety.judge_picture import PictureJudge
from safety.messages import SLOT, SlotRun
from safety.picture_cases import films_near
from safety.reel import Reel
from safety.screen import Screen
from safety.slots import Limits, Mark, Pending, close, settle, slot_of
from safety.standby import Standby
from safety.watch import DELAY, PATIENCE, Watch, in_turn
from station.words import Sha256

SEEN: Final = DELAY + 24_000  # a picture leaves the encoder's buffer up to half a second after its sound


class PictureWatch:
    """Slot after slot, no sooner than what is due is known; shares the sound's versions and link."""

    def __init__(
        self,
        *,
        sound: Watch,
        reel: Reel,
        screen: Screen,
        limits: Limits,
        now: Callable[[], int],
        on_settled: Callable[[tuple[SlotRun, ...]], None],
        looked_at: Callable[[Sha256], bool],
    ) -> None:
        """`looked_at`: whether the grids of a film are in the gallery, or could not be made."""
        self._sound, self._reel = sound, reel
        self._limits, self._now, self._on_settled = limits, now, on_settled
        self._looked_at = looked_at
        self._judge = PictureJudge(screen, looked_at)
        self.next = slot_of(now()) + 1
        self.pending = Pending()
        self._standby = Standby()

    def look(self) -> None:
        """Judge every slot that is old enough."""
        marks = in_turn(self._judged, self.next, slot_of(self._now() - SEEN))
        self.next += len(marks)
        runs, self.pending = settle(self.pending, marks, self._limits)
        if runs:
            self._on_settled(runs)

    def _judged(self, slot: int) -> Mark | None:
        """The mark of a slot, or None: wait, for a medium's grids or for the station."""
        first = slot * SLOT
        waited = self._now() - SEEN - first
        if waited < PATIENCE and self._unread(first):
            return None
        before = self._judge.keep()
        mark = self._judge.judge(self._sound.known, slot, self._reel)
        finding = mark.sign in ("foreign", "wrong", "empty", "black", "frozen")
        if finding and waited < PATIENCE and self._sound.may_still_be_told(first + SLOT):
            self._judge.go_back(before)
            return None
        if mark.sign in ("foreign", "wrong", "empty") and before_any(self._sound.known, first):
            return Mark(slot=slot, sign="unknown", due=mark.due, cause="picture: no plan known")
        return self._standby.seen(self._sound.known, mark)

    def _unread(self, first: int) -> bool:
        """Whether a film that may be seen in this slot, due or not, has not been looked at yet."""
        return not all(map(self._looked_at, films_near(self._sound.known, first)))

    def wanted(self) -> list[Sha256]:
        """Media with pictures that are known from what is due, the soonest needed first."""
        seen = {m.sha256 for version in self._sound.known for m in version.plan.media if m.frames}
        return [sha256 for sha256 in self._sound.media_known() if sha256 in seen]

    def stop(self) -> None:
        """Settle what is left."""
        runs = close(self.pending, self._limits)
        self.pending = Pending()
        if runs:
            self._on_settled(runs)
