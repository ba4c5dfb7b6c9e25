"""What the process of a further output is given, and how it keeps trying: growing pauses, and why the last attempt failed. Knows gauges and rings; knows no kind of output."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import attrs

from playout.gauge import Gauge
from playout.rings import AirRing, Words, shared_bytes, shared_words
from playout.ts_ring import TsRing
from station.clock import monotonic_ns
from station.outputs import OutputSection
from station.secret_files import held, read_secret
from station.words import ChannelId, Instant

if TYPE_CHECKING:  # sound alone has no need of these modules
    from playout.screens import UnitRing
    from schedules.raster import Raster

REST: Final = 0.01  # s between two looks for new blocks
_BREATH: Final = 0.2  # s between two signs of life in a pause
_LINE: Final = 512  # bytes of a title

_DISK: Final = (
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EIO,
    errno.EACCES,
    errno.EPERM,
    errno.ENOENT,
    errno.ENOTDIR,
)
_WHY: Final = {
    errno.ECONNREFUSED: "refused",
    errno.ENETUNREACH: "unreachable",
    errno.EHOSTUNREACH: "unreachable",
    errno.EADDRNOTAVAIL: "unreachable",
    errno.ETIMEDOUT: "timeout",
    errno.ECONNRESET: "closed",
    errno.EPIPE: "closed",
    **dict.fromkeys(_DISK, "disk"),
}


class Gone(Exception):  # a state of affairs, no fault of ours
    """An attempt is over; `why` is a key of playout.gauge.WHY."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Board:
    """One line of words in shared memory: the player writes what sounds, outputs that tell it read."""

    def __init__(self) -> None:
        self._length: Words = shared_words(1)
        self._text = shared_bytes(_LINE)

    def write(self, said: str) -> None:
        """Show this from now on; who reads meanwhile may see neither whole, and looks again."""
        data = said.encode()[:_LINE]
        if self._text[: len(data)] != data or self._length[0] != len(data):
            self._length[0] = 0
            self._text[: len(data)] = data
            self._length[0] = len(data)

    def read(self) -> str:
        """What is shown; empty while nothing is."""
        return bytes(self._text[: self._length[0]]).decode(errors="ignore")


@attrs.frozen(kw_only=True)
class Pictures:
    """What a television channel's outputs have besides."""

    raster: Raster
    units: UnitRing


@attrs.frozen(kw_only=True)
class Way:
    """Everything one output's process needs."""

    section: OutputSection
    channel: ChannelId
    name: str  # what people call the channel
    gauge: Gauge
    air: AirRing
    ts: TsRing
    board: Board
    via: str  # address of ours from which it is sent
    secrets: Path
    state: Path  # directories of files are below it
    now: Callable[[], Instant]
    rest: Callable[[float], None]  # sleeps (s) and shows life

    pictures: Pictures | None = None
    turn: Callable[[], bool] = lambda: True  # whether this process is the one to send it
    monotonic: Callable[[], int] = monotonic_ns

    def pause(self, seconds: float) -> None:
        """Rest for longer."""
        while seconds > 0:
            self.rest(min(seconds, _BREATH))
            seconds -= _BREATH

    def await_turn(self) -> None:
        """Stand by for as long as another player sends it."""
        if self.turn():
            return
        self.gauge.stand_by(self.now())
        while not self.turn():
            self.pause(_BREATH)

    def held(self, name: str) -> Path:
        """Where a file of secrets/ is: with systemd's credentials, where a player may not look at all secrets."""
        return held(self.secrets, name)

    def secret(self) -> str:
        """What its secret file holds; Gone where it cannot be read, or others may."""
        if not self.section.secret_file:
            return ""
        try:
            return read_secret(self.secrets, self.section.secret_file)
        except (OSError, UnicodeDecodeError):
            raise Gone("secret") from None


def keep_trying(way: Way, attempt: Callable[[Way], object]) -> NoReturn:
    """Attempt for ever: each is over with a reason, and the pause before the next grows."""
    while True:
        try:
            way.await_turn()
            way.pause(way.gauge.pause)
            attempt(way)
            raise Gone("ended")
        except Gone as gone:
            way.gauge.down(gone.why, way.now())
        except OSError as error:
            way.gauge.down(why_of(error), way.now())


def why_of(error: OSError) -> str:
    """What an error of the system means for an output."""
    if isinstance(error, socket.gaierror):
        return "unknown"
    return _WHY.get(error.errno or 0, "unreachable")
