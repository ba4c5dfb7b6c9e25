"""Time for shells: the four-line Clock that a reactor and `task.Clock` both satisfy, the anchor, and the monotonic reactor. Deciders get `now` as an argument instead."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import attrs

from station.wire import from_plain
from station.words import Instant


class Delayed(Protocol):
    """A call that waits."""

    def cancel(self) -> None: ...
    def active(self) -> bool: ...


class Clock(Protocol):
    """What every shell takes: the reactor is one, `twisted.internet.task.Clock` is one."""

    def seconds(self) -> float: ...
    def callLater(self, delay: float, call: Callable[..., Any], *args: Any, **kw: Any) -> Any: ...  # noqa: N802


@attrs.frozen(kw_only=True)
class Anchor:
    """Ties this host's monotonic clock to UTC. One file a host, written by `gengfu clock`, read by all."""

    boot_id: str
    monotonic_ns: int
    utc_us: int
    rate_ppb: int  # parts per 10^9 that anchor time runs faster than the monotonic clock; |rate| <= 50,000

    def at(self, monotonic_ns: int) -> Instant:
        """Anchor time at a reading of CLOCK_MONOTONIC (ns)."""
        passed = monotonic_ns - self.monotonic_ns
        return Instant(self.utc_us + (passed + passed * self.rate_ppb // 1_000_000_000) // 1000)


def monotonic_ns() -> int:
    """CLOCK_MONOTONIC in ns; the one place where it is read."""
    return time.monotonic_ns()


def boot_id() -> str:
    """This boot's id, so that an anchor of an earlier boot is known as such."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def first_anchor() -> Anchor:
    """An anchor made from the wall clock now, for a host whose file is missing or of another boot."""
    return Anchor(
        boot_id=boot_id(), monotonic_ns=time.monotonic_ns(), utc_us=time.time_ns() // 1000, rate_ppb=0
    )


def wall_us() -> int:
    """The wall clock in µs UTC; only `gengfu clock` compares it with the anchor."""
    return time.time_ns() // 1000


def read_anchor(path: Path) -> Anchor | None:
    """The anchor in `path`, or None when it is missing, damaged or of another boot."""
    import json

    try:
        anchor = from_plain(json.loads(path.read_text(encoding="utf-8")), Anchor)
    except (OSError, ValueError, TypeError, ExceptionGroup):
        return None
    return anchor if anchor.boot_id == boot_id() else None


class AnchorTime:
    """Anchor time of this host: `now()` in µs. Reads the anchor file again when it changed."""

    def __init__(self, path: Path, *, monotonic: Callable[[], int] = monotonic_ns) -> None:
        self._path = path
        self._monotonic = monotonic
        self._stamp: tuple[int, int] | None = None
        self._anchor = read_anchor(path) or first_anchor()
        self._looked_ns = -(10**12)

    def now(self) -> Instant:
        """Anchor time now."""
        ns = self._monotonic()
        if ns - self._looked_ns > 1_000_000_000:
            self._looked_ns = ns
            self._reread()
        return self._anchor.at(ns)

    @property
    def anchor(self) -> Anchor:
        """The anchor in force."""
        return self._anchor

    def _reread(self) -> None:
        try:
            found = self._path.stat()
        except OSError:
            return
        stamp = (found.st_mtime_ns, found.st_ino)
        if stamp != self._stamp:
            self._stamp = stamp
            self._anchor = read_anchor(self._path) or self._anchor


def install(kind: str = "asyncio") -> Any:
    """Install and return a reactor whose timers follow CLOCK_MONOTONIC (stock ones follow the wall clock).

    `kind` is "asyncio" (opens asyncio libraries) or "epoll". Call once, first thing in a process main.
    """
    from twisted.internet.main import installReactor

    if kind == "asyncio":
        from twisted.internet.asyncioreactor import AsyncioSelectorReactor

        class Monotonic(AsyncioSelectorReactor):
            def seconds(self) -> float:
                return time.monotonic()
    else:
        from twisted.internet.epollreactor import EPollReactor

        class Monotonic(EPollReactor):  # type: ignore[no-redef]
            def seconds(self) -> float:
                return time.monotonic()

    reactor = Monotonic()
    installReactor(reactor)  # type: ignore[no-untyped-call]
    return reactor
