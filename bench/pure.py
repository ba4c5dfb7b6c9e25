"""Requires 100 % of the branches of the pure modules in .coverage (which modules are pure stands in pyproject.toml's import contract).

python bench/pure.py settings > FILE ; python -m pytest --cov --cov-config=FILE ... ; python bench/pure.py

Only the pure modules are traced then, which is faster. A branch that is missing: bench/mutation.toml names for each module
the files of tests that stand for it, and the gate traces those.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONTRACT = "pure modules do no I/O and know no time"


def pure() -> list[str]:
    """Their files, by their path in the tree."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    modules = next(row["source_modules"] for row in contracts if row["name"] == CONTRACT)
    return [name.replace(".", "/") + ".py" for name in modules]


def main() -> int:
    """0 when they all are covered."""
    if sys.argv[1:] == ["settings"]:
        print("[run]\nbranch = true\ninclude =", *pure(), sep="\n  ")
        return 0
    command = [
        sys.executable,
        "-m",
        "coverage",
        "report",
        "--include",
        ",".join(pure()),
        "--fail-under",
        "100",
        "--show-missing",
        "--skip-covered",
    ]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
