"""`gengfu clock`: keeps the anchor file of this host, slewing it toward UTC and never stepping it. What to write is pure; the rest reads clocks and writes one file."""

from __future__ import annotations

import ctypes
import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
from twisted.logger import Logger

from station import logs
from station.arguments import Parser
from station.children import PARENT, die_with_parent, flat_memory, read_pid
from station.clock import Anchor, Clock, boot_id, install, monotonic_ns, read_anchor, wall_us
from station.files import write_whole
from station.notify import Watchdog
from station.settings import Places
from station.wire import canonical, from_plain, to_plain
from station.words import SECOND, Instant, Refused

MAX_PPB = 50_000  # 50 ppm: inaudible, and inside what a sound card's own clock is off
WINDOW_S = 64  # an offset is taken back over this time
STEP_US = 1 * SECOND  # beyond this a person decides
FRESH = 5 * SECOND  # a note younger than this is that of a clock that runs
_TIME_ERROR = 5  # adjtimex(2): clock not synchronised


@attrs.frozen
class Step:
    """Slewing cannot mend this: UTC is `offset_us` ahead of the anchor; it takes a journaled re-anchor."""

    offset_us: int


@attrs.frozen(kw_only=True)
class Note:
    """What `gengfu clock` tells the station, in anchor-note.json beside the anchor."""

    at: Instant
    synchronised: bool
    offset_us: int  # UTC − anchor time
    reanchor_wanted: bool = False


@attrs.frozen
class Reading:
    """The two clocks read as nearly at once as can be."""

    monotonic_ns: int
    utc_us: int


def slew(anchor: Anchor, monotonic: int, utc: int) -> Anchor | Step:
    """The anchor from now on: the same instant now, a rate that takes the offset back in 64 s, at most 50 ppm.

    `monotonic` in ns, `utc` in µs. More than 1 s off is a Step and the anchor stays as it was.
    """
    now = anchor.at(monotonic)
    offset = utc - now
    if abs(offset) > STEP_US:
        return Step(offset)
    rate = max(-MAX_PPB, min(MAX_PPB, offset * 1_000 // WINDOW_S))
    return Anchor(boot_id=anchor.boot_id, monotonic_ns=monotonic, utc_us=now, rate_ppb=rate)


def steady(anchor: Anchor, monotonic: int) -> Anchor:
    """The anchor running on at the monotonic clock's own rate: there is no time to follow."""
    return Anchor(boot_id=anchor.boot_id, monotonic_ns=monotonic, utc_us=anchor.at(monotonic), rate_ppb=0)


def stepped(anchor: Anchor, step: Step, monotonic: int) -> Anchor:
    """The anchor after a re-anchor that the station has journaled."""
    utc = anchor.at(monotonic) + step.offset_us
    return Anchor(boot_id=anchor.boot_id, monotonic_ns=monotonic, utc_us=utc, rate_ppb=0)


def begin(boot: str, read: Reading, *, synchronised: bool, last: Anchor | None) -> Anchor:
    """The first anchor of this boot. Unsynchronised, time is never earlier than it is known to have been."""
    utc = read.utc_us
    if last is not None and not synchronised:
        utc = max(utc, last.utc_us)
    return Anchor(boot_id=boot, monotonic_ns=read.monotonic_ns, utc_us=utc, rate_ppb=0)


def read_clocks(monotonic: Callable[[], int] = monotonic_ns, wall: Callable[[], int] = wall_us) -> Reading:
    """The best of five readings: the one least disturbed between its two looks at the monotonic clock."""
    best: tuple[int, Reading] | None = None
    for _ in range(5):
        before, utc, after = monotonic(), wall(), monotonic()
        if best is None or after - before < best[0]:
            best = after - before, Reading((before + after) // 2, utc)
    assert best is not None
    return best[1]


def is_synchronised() -> bool:
    """Whether the kernel's clock is disciplined (adjtimex, reading only)."""
    timex = ctypes.create_string_buffer(512)  # struct timex, modes = 0
    state = ctypes.CDLL(None, use_errno=True).adjtimex(timex)
    return 0 <= int(state) != _TIME_ERROR


def write(path: Path, value: Anchor | Note) -> None:
    """Replace a file all at once: a reader sees the old or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, canonical(to_plain(value)) + "\n")


def note_path(anchor: Path) -> Path:
    """Where the note lies: beside the anchor."""
    return anchor.with_name("anchor-note.json")


def read_note(anchor: Path) -> Note | None:
    """What the clock last told; None when there is nothing that can be read."""
    try:
        return from_plain(json.loads(note_path(anchor).read_text(encoding="ascii")), Note)
    except (OSError, ValueError, TypeError, ExceptionGroup):
        return None


def last_known(path: Path) -> Anchor | None:
    """The anchor of an earlier boot, for the time that it proves has passed."""
    try:
        return from_plain(json.loads(path.read_text(encoding="ascii")), Anchor)
    except (OSError, ValueError, TypeError, ExceptionGroup):
        return None


class Keeper:
    """Keeps one anchor file: `look` once a second."""

    def __init__(
        self,
        path: Path,
        *,
        clocks: Callable[[], Reading] = read_clocks,
        synchronised: Callable[[], bool] = is_synchronised,
        boot: Callable[[], str] = boot_id,
    ) -> None:
        self._path, self._clocks, self._synchronised, self._boot = path, clocks, synchronised, boot
        self.anchor = read_anchor(path)
        self.note: Note | None = None

    def look(self) -> Note:
        """Compare the clocks once, write anchor and note."""
        read, good = self._clocks(), self._synchronised()
        before = self.anchor or begin(self._boot(), read, synchronised=good, last=last_known(self._path))
        found = slew(before, read.monotonic_ns, read.utc_us) if good else steady(before, read.monotonic_ns)
        self.anchor = before if isinstance(found, Step) else found
        write(self._path, self.anchor)
        now = self.anchor.at(read.monotonic_ns)
        self.note = Note(
            at=now,
            synchronised=good,
            offset_us=read.utc_us - now,
            reanchor_wanted=isinstance(found, Step),
        )
        write(note_path(self._path), self.note)
        return self.note

    def now(self) -> Instant:
        """Anchor time now."""
        assert self.anchor is not None
        return self.anchor.at(self._clocks().monotonic_ns)


class Service:
    """Looks every second; says once what changes."""

    log = Logger(namespace="station.anchor")

    def __init__(self, keeper: Keeper, clock: Clock, dog: Watchdog | None = None) -> None:
        self._keeper, self._clock, self._dog = keeper, clock, dog or Watchdog(0)
        self._looks = 0
        self._before: Note | None = None
        self._unwritten = False

    def run(self) -> None:
        """Look now, and again in a second."""
        self._clock.callLater(1.0, self.run)
        try:
            note = self._keeper.look()
        except OSError as error:  # a full disk: everybody runs on from the anchor as it is
            if not self._unwritten:
                self.log.error("the anchor cannot be written: {why}", why=error.strerror)
            self._unwritten = True
            self._looked()  # a new process would not write it either
            return
        before, self._before, self._unwritten = self._before, note, False
        self._say(before, note)
        self._dog.begun()
        self._looked()

    def _looked(self) -> None:
        self._looks += 1
        self._dog.advanced(self._looks, monotonic_ns())

    def _say(self, before: Note | None, note: Note) -> None:
        if not note.synchronised and (before is None or before.synchronised):
            self.log.warn("this host's clock is not synchronised; running on by its own rate")
        if note.synchronised and before is not None and not before.synchronised:
            self.log.info("this host's clock is synchronised now")
        if note.reanchor_wanted and not (before is not None and before.reanchor_wanted):
            self.log.error("UTC is {us} µs away: a re-anchor is wanted", us=note.offset_us)


def running(places: Places, now: Instant | None) -> list[str]:
    """What of a station runs in a state directory; `now` by its anchor, None where it has none."""
    found = [path.stem for path in sorted(places.run.glob("*.pid")) if read_pid(path) is not None]
    note = read_note(places.anchor)
    if now is not None and note is not None and abs(now - note.at) < FRESH:
        found.insert(0, "clock")
    with socket.socket(socket.AF_UNIX) as line:
        if line.connect_ex(str(places.control)) == 0:
            found.append("station")
    return found


def forget(places: Places, now: Instant | None) -> bool:
    """Have the next start take this host's UTC; False where there is nothing to forget. Raises Refused while anything runs, for what is on the air would jump."""
    still = running(places, now)
    if still:
        raise Refused(
            f"{', '.join(still)} still runs: stop the whole station first, players too; what is on the air would jump",
            f"{'、'.join(still)} 仍在运行:请先停止整个台站(包括播放器),否则正在播出的内容会跳变",
            code="state",
        )
    there = places.anchor.exists()
    places.anchor.unlink(missing_ok=True)
    note_path(places.anchor).unlink(missing_ok=True)
    return there


def _reanchor(places: Places) -> int:
    anchor = read_anchor(places.anchor)
    there = forget(places, None if anchor is None else anchor.at(monotonic_ns()))
    sys.stdout.write(
        "the next start takes the time of this host · 下次启动将采用本机时间\n"
        if there
        else "there is no anchor: the next start takes the time of this host anyway · 没有时间锚:下次启动本就采用本机时间\n"
    )
    return 0


def main(argv: list[str]) -> int:
    """Run until stopped."""
    parser = Parser(prog="gengfu clock", description="keep this host's anchor file · 维护本机时间锚")
    parser.add_argument("--state", type=Path, required=True, help="state directory · 状态目录")
    parser.add_argument(
        "--wait", type=int, default=0, metavar="S",
        help="wait up to S seconds for the clock to be synchronised before a first anchor · 首次建锚前等待时钟同步的秒数",
    )  # fmt: skip
    parser.add_argument(
        "--reanchor", action="store_true",
        help="with everything stopped: have the next start take this host's time · 全部停止后:下次启动采用本机时间",
    )  # fmt: skip
    asked = parser.parse_args(argv)
    if asked.reanchor:
        return _reanchor(Places(asked.state))
    if PARENT in os.environ:
        die_with_parent()
    flat_memory()
    reactor: Any = install("epoll")
    dog = Watchdog.armed()
    keeper = Keeper(Places(asked.state).anchor)
    logs.start("clock", lambda: keeper.now() if keeper.anchor else Instant(read_clocks().utc_us))
    reactor.callWhenRunning(_after_waiting, reactor, asked.wait, keeper, Service(keeper, reactor, dog).run)
    reactor.run()
    return 0


def _after_waiting(clock: Clock, seconds: int, keeper: Keeper, run: Callable[[], None]) -> None:
    if seconds <= 0 or keeper.anchor is not None or is_synchronised():
        run()
    else:
        clock.callLater(1.0, _after_waiting, clock, seconds - 1, keeper, run)
