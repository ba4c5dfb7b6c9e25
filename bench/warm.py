"""Judges mutants in warm processes: started by mutate.py in a scratch copy, a job (JSON) a line in, a verdict a line out.

One process has the libraries loaded. For each module it forks one that imports the module and collects its tests, once. That one forks for
each mutant, exchanges the code of the changed functions in memory and runs only the tests that reach the changed line, quickest first.
What ran while modules were loaded (constants, classes, tables) cannot be exchanged: there a fork of the first process loads everything anew
from the changed file.
"""

from __future__ import annotations

import ast
import contextlib
import ctypes
import gc
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import attr
import cattrs
import coverage
import hypothesis.strategies
import numpy
import pytest
from mutants import around, mutant, sites, span

WARM = (attr, cattrs, hypothesis.strategies, numpy)  # what nearly every module or test stands on
ALIVE, DEAD, ANEW = 0, 1, 3  # ANEW: cannot be exchanged in memory
CPU_S, MORE_S, TIMES = (
    60,
    5,
    10,
)  # a mutant may spin for ever: CPU allowed unmeasured; else so much and so many times the measured
WALL_S = 900  # or wait for ever; far off, for this may be all that idles on a busy machine
MEMORY = 2 << 30  # or grow for ever: bytes beyond those of the process it is forked from
MEASURED_FROM = 3  # mutants of one module from which measuring what each test reaches pays
_SET_PDEATHSIG = 1  # of prctl
ONLY = ("-m", "not slow and not peer and not browser")


class NotSound(Exception):
    """Tests that cannot tell anything of mutants."""


def main() -> int:
    home = Path.cwd()
    sys.path.insert(0, str(home))
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(os.open(os.devnull, os.O_RDWR), 1)
        for line in sys.stdin:
            try:
                for number, verdict in judged(home, json.loads(line)):
                    answers.write(json.dumps({"number": number, **verdict}) + "\n")
                    answers.flush()
            except NotSound as error:
                answers.write(json.dumps({"error": str(error)}) + "\n")
                answers.flush()
    return 0


def judged(home: Path, job: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """(number, {"dead", "how"}) of each mutant of a job {"file", "tests", "numbers", "anew"}."""
    ask, answer = os.pipe()
    pid = os.fork()
    if pid == 0:
        ctypes.CDLL(None).prctl(_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        os.close(ask)
        _leave(lambda: collect(home, job, answer))
    os.close(answer)
    anew, count = [], 0
    with os.fdopen(ask, encoding="utf-8") as lines:
        for line in lines:
            one, count = json.loads(line), count + 1
            if one["result"] == ANEW:
                anew.append(one["number"])  # when the other is done: there is one file to change
            else:
                yield one["number"], {"dead": one["result"] != ALIVE, "how": one["how"]}
    _, status = os.waitpid(pid, 0)
    if status or count != len(job["numbers"]):
        raise NotSound(f"the tests of {job['file']} could not be collected, or fail unchanged")
    for number in anew:
        dead = forked(home, job, number, lambda: load_anew(job["tests"]), CPU_S) != ALIVE
        yield number, {"dead": dead, "how": "loaded anew"}


def _leave(what: Callable[[], int]) -> None:
    """Run `what` in a fork, unheard, and end it without anything that its parent set up for its own end."""
    os.dup2(1, 2)
    code = DEAD
    try:
        code = what()
    finally:
        os._exit(code)


def forked(home: Path, job: dict[str, Any], number: int, what: Callable[[], int], cpu_s: float) -> int:
    """What `what` says of a mutant in a fork of its own, while the file holds it; a fork that is stopped says DEAD."""
    file = home / job["file"]
    before = file.read_text(encoding="utf-8")
    file.write_text(ast.unparse(mutant(ast.parse(before), number)), encoding="utf-8")
    try:
        return bounded(what, cpu_s)
    finally:
        file.write_text(before, encoding="utf-8")


def bounded(what: Callable[[], int], cpu_s: float) -> int:
    """What `what` says in a fork of its own that may take so much CPU."""
    pid = os.fork()
    if pid == 0:
        ctypes.CDLL(None).prctl(_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        os.setpgid(0, 0)
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        most = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_s) + 1, int(cpu_s) + 3))
        signal.alarm(WALL_S)
        _leave(what)
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)  # what its tests had started
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else DEAD


def load_anew(tests: list[str]) -> int:
    """Import everything and run all tests."""
    sys.dont_write_bytecode = True
    return ALIVE if pytest.main(_arguments(tests)) == 0 else DEAD


def _arguments(tests: list[str]) -> list[str]:
    home = Path.cwd()
    return ["-x", "-s", "--tb=no", "-p", "no:cacheprovider", f"--basetemp={home}/tmp", *ONLY, *tests]


def collect(home: Path, job: dict[str, Any], answer: int) -> int:
    """Import the module and collect its tests, noting what runs meanwhile; the rest is done from within pytest."""
    file = str(home / job["file"])
    noting = coverage.Coverage(data_file=None, include=[file], config_file=False)
    noting.start()
    with os.fdopen(answer, "w", encoding="utf-8") as out:
        return int(pytest.main(_arguments(job["tests"]), plugins=[Collected(home, job, noting, out)]))


class Collected:
    """The plugin that, instead of running the collected tests, judges mutants by them."""

    def __init__(self, home: Path, job: dict[str, Any], noting: coverage.Coverage, out: Any) -> None:
        self._home, self._job, self._noting, self._out = home, job, noting, out
        self._file = str(home / job["file"])
        self._tree = ast.parse((home / job["file"]).read_text(encoding="utf-8"))
        self._sites = list(sites(self._tree))
        self._took: dict[str, float] = {}  # CPU seconds
        self._reached: dict[int, list[str]] = {}
        self._best: list[str] = []  # tests that killed, the last one first

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._noting.stop()
        if session.testsfailed:
            return True
        loaded = set(self._noting.get_data().lines(self._file) or ())
        gc.unfreeze()  # who collected the tests may have frozen what was loaded: it must be found
        self._functions = list(_functions(self._file))
        gc.collect()
        gc.freeze()
        numbers = self._job["numbers"]
        if len(numbers) >= MEASURED_FROM and not self._job["anew"]:
            self._measure(session)
        for number in numbers:
            result, how = self._judge(session, number, loaded)
            self._out.write(json.dumps({"number": number, "result": result, "how": how}) + "\n")
            self._out.flush()
        return True

    def _measure(self, session: pytest.Session) -> None:
        """What each test takes and reaches, unchanged; backwards, for tests that need one another would make every mutant look dead."""
        ask, answer = os.pipe()

        def run() -> int:
            os.close(ask)
            noting = coverage.Coverage(data_file=None, include=[self._file], config_file=False)
            noting.start()
            took = {}
            for item, after in _pairs(session.items[::-1]):
                noting.switch_context(item.nodeid)
                began = time.process_time()
                item.ihook.pytest_runtest_protocol(item=item, nextitem=after)
                took[item.nodeid] = time.process_time() - began
            noting.stop()
            reached = noting.get_data().contexts_by_lineno(self._file)
            with os.fdopen(answer, "w", encoding="utf-8") as out:
                json.dump({"took": took, "reached": list(reached.items())}, out)
            return DEAD if session.testsfailed else ALIVE

        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            _leave(run)
        os.close(answer)
        with os.fdopen(ask, encoding="utf-8") as lines:
            text = lines.read()
        _, status = os.waitpid(pid, 0)
        if status:
            raise RuntimeError(f"the tests of {self._job['file']} fail unchanged")
        told = json.loads(text)
        self._took, self._reached = told["took"], dict(told["reached"])

    def _judge(self, session: pytest.Session, number: int, loaded: set[int]) -> tuple[int, str]:
        lines = span(self._sites[number][0])
        items = self._chosen(session.items, around(self._tree, lines))
        if self._job["anew"] or loaded & set(lines) or not items:
            return ANEW, ""
        allowed = MORE_S + TIMES * sum(self._took[one.nodeid] for one in items) if self._took else CPU_S
        ask, answer = os.pipe()

        def run() -> int:
            if not self._exchange(number):
                return ANEW
            for item, after in _pairs(items):
                item.ihook.pytest_runtest_protocol(item=item, nextitem=after)
                if session.testsfailed:
                    os.write(answer, item.nodeid.encode())
                    return DEAD
            return ALIVE

        result = forked(self._home, self._job, number, run, allowed)
        os.close(answer)
        with os.fdopen(ask, encoding="utf-8") as told:
            killer = told.read()
        if killer:
            self._best = [killer, *(one for one in self._best if one != killer)]
        return result, killer or f"{len(items)} tests"

    def _chosen(self, items: list[pytest.Item], lines: set[int]) -> list[pytest.Item]:
        """The tests that reach these lines, first what killed before, then the quickest."""
        if not self._took:
            return items
        names = {name for line in lines for name in self._reached.get(line, ())}
        known = {name: place for place, name in enumerate(self._best)}
        return sorted(
            (one for one in items if one.nodeid in names),
            key=lambda one: (known.get(one.nodeid, len(known)), self._took[one.nodeid]),
        )

    def _exchange(self, number: int) -> bool:
        """Give every function of the module the code of the mutant; False where that is not possible, or changed nothing."""
        codes: dict[tuple[str, int], list[CodeType]] = {}
        for code in _codes(compile(mutant(self._tree, number), self._file, "exec", dont_inherit=True)):
            codes.setdefault((code.co_qualname, code.co_firstlineno), []).append(code)
        changed = False
        for function in self._functions:
            old = function.__code__
            new = codes[old.co_qualname, old.co_firstlineno]
            if len(new) == 1:
                changed |= new[0] != old
                function.__code__ = new[0]
            elif old not in new:  # which of several of a line it is cannot be told
                return False
        return changed


def _pairs(items: list[pytest.Item]) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
    return zip(items, [*items[1:], None], strict=True)


def _functions(file: str) -> Iterator[FunctionType]:
    """Every function made of a file's code, wherever it is held."""
    for one in gc.get_objects():
        if type(one) is FunctionType and one.__code__.co_filename == file:
            yield one


def _codes(code: CodeType) -> Iterator[CodeType]:
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield const
            yield from _codes(const)


if __name__ == "__main__":
    sys.exit(main())
