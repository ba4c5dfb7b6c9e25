"""Mutation sampling of the pure modules: changes one operator, constant or branch at a time and asks whether a test notices.

    python bench/mutate.py --sample 40 --seed 1 [--only 'schedules/*' ...] [--floor 85] [--each] [--anew] [--jobs 1]

Survivors are printed; those listed with a reason in bench/mutation.toml do not count against the score. With `--each` the
sample is one of every module, which each has its line and must reach the floor. `--anew` loads everything anew for each
mutant, the long way, to which the short one must agree.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent))
from mutants import sites, span
from scratch import ROOT, Scratch


class Module(NamedTuple):
    """A module of mutation.toml with its source and every site, (line, kind), by number."""

    file: str
    tests: list[str]
    source: list[str]
    sites: list[tuple[int, str]]
    spared: frozenset[str]

    def named(self, number: int) -> tuple[str, str, str]:
        """(file, kind, text of the line): what a survivor is known by, whatever is added above it."""
        line, kind = self.sites[number]
        return self.file, kind, self.source[line - 1].strip()


class NotSound(Exception):
    """Tests that fail unchanged: every mutant of their module counts as alive."""


class Worker:
    """A warm process in a scratch copy, which judges one module after the other."""

    def __init__(self, scratch: Scratch) -> None:
        env = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(scratch.home), str(scratch.home / "bench"))),
            "HYPOTHESIS_PROFILE": "mutants",
        }
        self._warm = subprocess.Popen(
            [sys.executable, "bench/warm.py"], cwd=scratch.home, env=env, text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def judge(self, module: Module, numbers: list[int], *, anew: bool) -> Iterator[tuple[int, bool, str]]:
        """(number, dead, how) of each mutant."""
        assert self._warm.stdin and self._warm.stdout
        job = {"file": module.file, "tests": module.tests, "numbers": numbers, "anew": anew}
        self._warm.stdin.write(json.dumps(job) + "\n")
        for _ in numbers:
            line = self._warm.stdout.readline()
            if not line:
                raise RuntimeError(f"{module.file} could not be judged: see above")
            told = json.loads(line)
            if "error" in told:
                raise NotSound(told["error"])
            yield told["number"], told["dead"], told["how"]

    def end(self) -> None:
        """Let it end."""
        assert self._warm.stdin and self._warm.stdout
        self._warm.stdin.close()
        self._warm.wait()
        self._warm.stdout.close()


def main() -> int:
    options = _options()
    table = tomllib.loads((ROOT / "bench" / "mutation.toml").read_text(encoding="utf-8"))
    excused = {(row["file"], row["kind"], row["line"]): row["reason"] for row in table.get("survivor", [])}
    modules = {row["file"]: _module(row) for row in table["module"] if _wanted(row["file"], options.only)}
    chosen = _choose(modules, options.sample, options.seed, each=options.each)
    alive: Counter[str] = Counter()

    def judge(worker: Worker, file: str) -> None:
        module = modules[file]
        try:
            told = list(worker.judge(module, chosen[file], anew=options.anew))
        except NotSound as error:
            sys.stdout.write(f"{error}\n")
            told = [(number, False, "not judged") for number in chosen[file]]
        for number, dead, how in told:
            reason = excused.get(module.named(number), "")
            alive[file] += not dead and not reason
            if not dead or options.all:
                line, kind = module.sites[number]
                word = "dead " if dead else "alive"
                sys.stdout.write(
                    f"{word}: {file}:{line}: {kind}: {module.named(number)[2]} [{how}] {reason}\n"
                )
                sys.stdout.flush()  # a run by night is long

    _share(judge, sorted(chosen, key=lambda file: -len(chosen[file])), options.jobs)
    each = {file: _score(len(numbers), alive[file]) for file, numbers in sorted(chosen.items())}
    if options.each:
        for file, score in each.items():
            sys.stdout.write(f"{score:6.1f}  {file}  {len(chosen[file])} mutants, {alive[file]} alive\n")
    count = sum(map(len, chosen.values()))
    score = _score(count, alive.total())
    told = {"mutants": count, "alive": alive.total(), "score": score, "seed": options.seed}
    sys.stdout.write(json.dumps(told) + "\n")
    return 0 if min([score, *(each.values() if options.each else ())]) >= options.floor else 1


def _share(judge, files: list[str], jobs: int) -> None:
    """Have `judge(worker, file)` called for every file, by so many workers at once."""
    free: SimpleQueue[Worker] = SimpleQueue()
    with Scratch.several(jobs) as scratches:
        workers = [Worker(one) for one in scratches]
        for worker in workers:
            free.put(worker)

        def one(file: str) -> None:
            worker = free.get()
            try:
                judge(worker, file)
            finally:
                free.put(worker)

        try:
            with ThreadPoolExecutor(jobs) as pool:
                list(pool.map(one, files))
        finally:
            for worker in workers:
                worker.end()


def _score(count: int, alive: int) -> float:
    return round(100 * (count - alive) / max(count, 1), 1)


def _wanted(file: str, only: list[str]) -> bool:
    return not only or any(fnmatch(file, one) for one in only)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sample", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[], help="files, or patterns of such")
    parser.add_argument("--floor", type=float, default=85.0, help="the least score, %%")
    parser.add_argument("--each", action="store_true", help="sample and floor are those of each module")
    parser.add_argument("--anew", action="store_true", help="load everything anew for each mutant")
    parser.add_argument("--all", action="store_true", help="print the killed ones too")
    parser.add_argument("--jobs", type=int, default=2, help="mutants judged at once")
    return parser.parse_args()


def _module(row: dict) -> Module:
    text = (ROOT / row["file"]).read_text(encoding="utf-8")
    found = [(span(node)[0], kind) for node, kind in sites(ast.parse(text))]
    return Module(row["file"], row["tests"], text.splitlines(), found, frozenset(row.get("but", ())))


def _choose(modules: dict[str, Module], sample: int, seed: int, *, each: bool) -> dict[str, list[int]]:
    """The numbers of the chosen sites of each file, of a sample of all sites of all of them, or of each."""
    every = [
        (one.file, number)
        for one in modules.values()
        for number, (_, kind) in enumerate(one.sites)
        if kind not in one.spared
    ]
    dice = random.Random(seed)
    groups = [[one for one in every if one[0] == file] for file in modules] if each else [every]
    chosen: dict[str, list[int]] = {}
    for group in groups:
        for file, number in sorted(group if len(group) <= sample else dice.sample(group, sample)):
            chosen.setdefault(file, []).append(number)
    return chosen


if __name__ == "__main__":
    sys.exit(main())
