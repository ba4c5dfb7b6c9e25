"""What a witness keeps on disk: the last due it was told, and every run it measured. Knows files, not what is in the sound."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import attrs

from safety.judge import Version
from safety.messages import SlotRun
from safety.slots import fold
from schedules.plan import Overlay, Plan
from station.files import write_whole
from station.wire import complaints, from_plain, to_plain
from station.words import SAMPLE_RATE, Instant, Misheard, SampleIndex, instant_of, sample_at

_LINES: Final = 20_000  # of one file; then it is turned over, and the one before is kept
_READ_BACK: Final = 2_000
_FEW: Final = 50  # lines: more than are written while the run that goes on is as it was kept
_SECOND: Final = 10  # slots
MOST_LATE: Final = 30 * SAMPLE_RATE  # a due item said to be older than this is taken as this old


def version_from(item: Any, now: int, plan: Plan | None = None) -> Version | None:
    """A due item of the station's feed, in force since the station said it (`at`, µs); `now` is the sample on air. None where nothing is planned yet.

    `plan` is the one of the item before, for items that do not repeat it. Raises Misheard.
    """
    try:
        same = item.get("same_plan")
        if same is None and item.get("plan") is None:
            return None
        if same is not None and (plan is None or plan.revision != same):
            raise Misheard(
                f"the due feed goes on from plan {same}, which was never heard",
                f"应播数据沿用计划 {same},但从未收到该计划",
            )
        told = sample_at(Instant(int(item.get("at", instant_of(SampleIndex(now))))))
        since = SampleIndex(min(now, max(int(told), now - MOST_LATE)))
        if same is None or plan is None:
            plan = from_plain(item["plan"], Plan)
        overlays = from_plain(item.get("overlays", []), tuple[Overlay, ...])
        return Version(plan=plan, overlays=overlays, since=since)
    except (ExceptionGroup, AttributeError, TypeError, ValueError) as error:
        said = "; ".join(complaints(error))[:300]
        raise Misheard(f"the due feed is not understood: {said}", f"应播数据无法理解:{said}") from None


@attrs.define
class DueFile:
    """The newest due, for when the station is dead."""

    path: Path

    def save(self, version: Version) -> None:
        """Keep it. Raises OSError."""
        write_whole(self.path, json.dumps(to_plain(version), ensure_ascii=False), sync=True)

    def load(self) -> Version | None:
        """What was kept; None when there is nothing usable."""
        try:
            return from_plain(json.loads(self.path.read_text(encoding="utf-8")), Version)
        except (OSError, ValueError, TypeError, ExceptionGroup):
            return None


class RunLog:
    """Every run measured, one JSON line each; fragments of one run are joined before they are written.

    The run that still goes on stands in a file of its own, a second old at most: a witness that is killed has measured
    what it had measured.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._going_on = path, path.with_suffix(".going-on.json")
        self._lines = self._count()
        self._held = self._left()
        self._kept = self._held[-1].last if self._held else 0

    def add(self, runs: Iterable[SlotRun]) -> None:
        """Take runs in; all but the newest are written at once. Raises OSError."""
        self._held = fold((*self._held, *runs))
        if len(self._held) > 1:
            self._write(self._held[:-1])
            self._held = self._held[-1:]
        if self._held and self._held[-1].last >= self._kept + _SECOND:
            self._kept = self._held[-1].last
            held = json.dumps(to_plain(self._held[-1]), ensure_ascii=False)
            write_whole(self._going_on, held)  # a crash of the machine may lose it, of the process not

    def flush(self) -> None:
        """Write what is held."""
        self._write(self._held)
        self._held = ()
        self._going_on.unlink(missing_ok=True)

    def _left(self) -> tuple[SlotRun, ...]:
        """The run that went on when a witness before this one was killed, where it is not in the log."""
        try:
            run = from_plain(json.loads(self._going_on.read_text(encoding="utf-8")), SlotRun)
        except (OSError, ValueError, TypeError, ExceptionGroup):
            return ()
        written = max((one.last for one in self._on_disk(_FEW)), default=0)
        return (run,) if run.last > written else ()

    def _write(self, runs: tuple[SlotRun, ...]) -> None:
        if not runs:
            return
        if self._lines + len(runs) > _LINES:
            self._path.replace(self._path.with_suffix(".old.jsonl"))
            self._lines = 0
        with self._path.open("a", encoding="utf-8") as file:
            for run in runs:
                file.write(json.dumps(to_plain(run), ensure_ascii=False) + "\n")
        self._lines += len(runs)

    def last(self) -> tuple[SlotRun, ...]:
        """The newest runs, in order."""
        return fold(sorted((*self._on_disk(_READ_BACK), *self._held), key=lambda run: run.first))

    def _on_disk(self, most: int) -> list[SlotRun]:
        """The newest `most` lines; one cut off by a crash is passed over."""
        runs: list[SlotRun] = []
        try:
            with self._path.open(encoding="utf-8") as file:
                lines = deque(file, maxlen=most)
        except OSError:
            return runs
        for line in lines:
            try:
                runs.append(from_plain(json.loads(line), SlotRun))
            except (ValueError, TypeError, ExceptionGroup):
                continue
        return runs

    def _count(self) -> int:
        try:
            with self._path.open("rb") as file:
                return sum(1 for _ in file)
        except OSError:
            return 0
