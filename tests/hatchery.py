"""Processes of the product that are forked from one which has read its modules already: most of what they take to start is reading them. What is started so is what `gengfu` starts, by the same words.

Not for players: they lock their memory, and would lock that of all others' modules too. Those of a rig that are not: rig.FROM_NOTHING.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path

from station import children

# No reactor among them: it is made by importing it, and each process needs its own.
READ = (
    "station.cli",
    "station.daemon",
    "station.demo",
    "station.anchor",
    "station.sim",
    "web.app",
    "jinja2",
    "twisted.internet.epollreactor",
    "twisted.internet.unix",
)
GENGFU = "station.cli"


@cache
def _nest() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(READ))
    return context


def _live(module: str, words: list[str], log: str, environment: dict[str, str]) -> None:
    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    if children.PARENT in environment:
        os.environ[children.PARENT] = str(os.getppid())  # it is the nest that it must not outlive
    sys.argv = [module, *words]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


class Hatched:
    """`python -m MODULE WORDS` as subprocess.Popen would give it; what it says is added to `log`."""

    def __init__(
        self,
        words: Sequence[str],
        log: Path,
        *,
        module: str = GENGFU,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        given = dict(os.environ if environment is None else environment)
        self._process = _nest().Process(
            target=_live, args=(module, list(words), str(log), given), daemon=True
        )
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        ended = self.poll()
        if ended is None:
            raise subprocess.TimeoutExpired("gengfu", timeout or 0.0)
        return ended

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)
