"""Which files of tests a run need read, and which of them stand for the pure modules. Knows no test."""

from __future__ import annotations

import tomllib
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAWS = "tests/test_laws.py"  # runs what laws_*.py hold
KINDS = ("slow", "peer", "browser")  # the marks of pyproject.toml by which runs are divided


def may_hold(asked: str, text: str) -> bool:
    """Whether a file of this text may hold a test that `-m asked` selects: one that bears any of the marks that are
    written there. What is asked in other words is for pytest to answer: True."""
    written = [(False, True) if f"mark.{kind}" in text else (False,) for kind in KINDS]
    try:
        code = compile(asked, "-m", "eval")
        return any(
            eval(code, {"__builtins__": {}}, dict(zip(KINDS, marks, strict=True)))
            for marks in product(*written)
        )
    except (SyntaxError, NameError, TypeError):
        return True


def standing() -> set[str]:
    """The files, by their path in the tree, whose tests stand for a pure module: they are to take all of its branches."""
    table = tomllib.loads((ROOT / "bench" / "mutation.toml").read_text(encoding="utf-8"))
    named = {name for row in table["module"] for name in row["tests"]}
    return {LAWS if name.startswith("tests/laws_") else name for name in named}


def others() -> set[str]:
    """All other files of tests."""
    return {f"tests/{path.name}" for path in (ROOT / "tests").glob("test_*.py")} - standing()


FILES = {"standing": standing, "others": others}
