"""The planted faults fit the sources: a patch that no longer applies would prove nothing, and is found here in a second, not after minutes."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).resolve().parent.parent
_ROWS: list[dict[str, Any]] = tomllib.loads((_ROOT / "tests" / "planted.toml").read_text(encoding="utf-8"))[
    "plant"
]


@pytest.mark.parametrize("row", _ROWS, ids=[f"{row['law']} {row['what']}" for row in _ROWS])
def test_a_planted_fault_fits_its_source(row: dict[str, Any]) -> None:
    text = (_ROOT / row["file"]).read_text(encoding="utf-8")
    assert text.count(row["find"]) == 1, f"{row['file']}: not exactly one {row['find']!r}"
    assert row["find"] != row["replace"]


def test_every_law_has_a_planted_fault() -> None:
    assert {row["law"] for row in _ROWS} >= {f"L{n}" for n in range(1, 13)}
