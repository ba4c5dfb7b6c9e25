"""The bench that asks whether tests notice: what it changes, and that it says alive of what no test notices and of nothing else."""

import ast
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BENCH = ROOT / "bench"
sys.path.insert(0, str(BENCH))

from mutants import around, mutant, sites, span  # noqa: E402

MODULE = '''"""Small."""
from functools import cache

LIMIT = 3
UNSEEN = 5


def over(value: int = 7) -> bool:
    """More than the limit."""
    return value > LIMIT


@cache
def doubled(value: int) -> int:
    return value * 2


def looked_at_by_nobody(value: int) -> bool:
    return value == UNSEEN


class Counter:
    def __init__(self) -> None:
        self.left = 2

    def drain(self) -> int:
        steps = 0
        while self.left > 0:
            self.left, steps = self.left - 1, steps + 1
        return steps
'''
TESTS = """
import small

def test_more_is_over_and_the_limit_is_not():
    assert small.over(4) and not small.over(3)

def test_twice():
    assert small.doubled(3) == 6

def test_it_ends():
    assert small.Counter().drain() == 2
"""
ALIVE = {("number", 5), ("number", 8), ("compare", 19)}


def changed(text, number=0):
    return ast.unparse(mutant(ast.parse(text), number))


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("a < b", "a <= b"), ("a + b", "a - b"), ("a and b", "a or b"), ("x = 4", "x = 5"), ("x = True", "x = False"),
        ("not a", "+bool(a)"), ("a if b else c", "a if not b else c"), ("while a: pass", "while not a:\n    pass"),
    ],
)  # fmt: skip
def test_one_thing_at_a_time_is_changed(text, becomes):
    assert changed(text) == becomes


@pytest.mark.parametrize(
    "text",
    ["raise Odd(3)", "assert a < 3", "def f(a: Of[3]) -> Of[4]: pass", "'said'", "Refused(f'{a + 1}', zh)", "@f(3)\nclass A: pass",
     "if TYPE_CHECKING: import a"],
)  # fmt: skip
def test_what_is_only_said_is_left_alone(text):
    assert not list(sites(ast.parse(text)))


def test_the_statement_round_a_change_is_the_smallest_and_of_a_compound_one_the_head():
    tree = ast.parse("def f(a):\n  if a > (\n    1):\n    return [\n      2]\n")
    lines = {kind + str(span(node)[0]): around(tree, span(node)) for node, kind in sites(tree)}
    assert lines == {"branch2": {2, 3}, "compare2": {2, 3}, "number3": {2, 3}, "number5": {4, 5}}


def judged(home, tests, numbers, *, anew=False):
    (home / "small.py").write_text(MODULE, encoding="utf-8")
    (home / "test_small.py").write_text(tests, encoding="utf-8")
    (home / "pytest.ini").write_text("[pytest]\nmarkers =\n slow\n peer\n browser\n", encoding="utf-8")
    job = {"file": "small.py", "tests": ["test_small.py"], "numbers": numbers, "anew": anew}
    ran = subprocess.run(
        [sys.executable, BENCH / "warm.py"], cwd=home, input=json.dumps(job) + "\n", text=True, check=True,
        capture_output=True, env={**os.environ, "PYTHONPATH": os.pathsep.join((str(home), str(BENCH)))},
    )  # fmt: skip
    return [json.loads(line) for line in ran.stdout.splitlines()]


def test_tests_that_fail_unchanged_tell_nothing(tmp_path):
    (told,) = judged(tmp_path, TESTS + "\ndef test_odd():\n    assert small.LIMIT == 4\n", [0, 1, 2])
    assert "fail unchanged" in told["error"]


@pytest.mark.parametrize("anew", [False, True])
def test_alive_is_what_no_test_notices_and_nothing_else(tmp_path, anew):
    found = [(kind, span(node)[0]) for node, kind in sites(ast.parse(MODULE))]
    # those that would drain for ever are spared: each takes its seconds
    numbers = [k for k, (kind, line) in enumerate(found) if line < 26 or kind == "compare"]
    told = judged(tmp_path, TESTS, numbers, anew=anew)
    assert len(told) == len(numbers)
    assert {found[one["number"]] for one in told if not one["dead"]} == ALIVE
    assert {found[one["number"]][1] for one in told if one["how"] == "loaded anew"} >= {4, 5, 8}
    assert (tmp_path / "small.py").read_text(encoding="utf-8") == MODULE


def test_every_pure_module_that_decides_anything_has_tests_that_stand_for_it():
    contracts = read("pyproject.toml")["tool"]["importlinter"]["contracts"]
    pure = next(row["source_modules"] for row in contracts if row["name"].startswith("pure modules"))
    table = read("bench/mutation.toml")
    listed = [row["file"] for row in table["module"]]
    assert len(listed) == len(set(listed))
    unlisted = {name.replace(".", "/") + ".py" for name in pure} - set(listed)
    decides = {file for file in unlisted if any(sites(ast.parse((ROOT / file).read_text(encoding="utf-8"))))}
    assert not decides, f"to be added to bench/mutation.toml with their tests: {sorted(decides)}"
    named = {*listed, *(one for row in table["module"] for one in row["tests"])}
    assert all((ROOT / file).is_file() for file in named)


def read(file):
    return tomllib.loads((ROOT / file).read_text(encoding="utf-8"))
