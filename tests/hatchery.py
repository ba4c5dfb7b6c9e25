"""Processes of the product that are forked from one which has read its modules already: most of what a panel takes to start is reading them. What is started so is what `gengfu` starts, by the same words."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path

# No reactor among them: it is made by importing it, and each process needs its own.
READ = ("station.cli", "web.app", "jinja2", "twisted.internet.epollreactor", "twisted.internet.unix")


@cache
def _nest() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(READ))
    return context


def _live(words: list[str], errors: str, environment: dict[str, str]) -> None:
    said = os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.environ.clear()
    os.environ.update(environment)
    from station.cli import main

    sys.argv = ["gengfu", *words]
    sys.exit(main(words))


class Hatched:
    """`gengfu WORDS` as subprocess.Popen would give it; what it says is added to `errors`."""

    def __init__(self, words: list[str], errors: Path) -> None:
        self._process = _nest().Process(
            target=_live, args=(words, str(errors), dict(os.environ)), daemon=True
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

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)
