"""Requires 100 % of the branches of the pure modules in .coverage (which modules are pure stands in pyproject.toml's import contract).

python -m pytest --cov ... ; python bench/pure.py
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONTRACT = "pure modules do no I/O and know no time"


def main() -> int:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    modules = next(row["source_modules"] for row in contracts if row["name"] == CONTRACT)
    files = ",".join(name.replace(".", "/") + ".py" for name in modules)
    command = [
        sys.executable,
        "-m",
        "coverage",
        "report",
        "--include",
        files,
        "--fail-under",
        "100",
        "--show-missing",
        "--skip-covered",
    ]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
