"""What processes that run for months carry with them, and what a prepared state directory tells."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from station.prepared import LOGINS, read_logins, rooms
from station.settings import Places


@pytest.mark.parametrize(
    ("module", "foreign"),
    [
        ("station.run", ("sqlalchemy", "av", "numpy", "argon2")),
        ("station.demo", ("sqlalchemy", "av", "numpy", "argon2")),
        ("station.daemon", ("av",)),
        ("web.app", ("sqlalchemy", "av", "numpy")),
    ],
)
def test_a_process_loads_no_library_that_it_does_not_use(module, foreign):
    asks = f"import sys, {module}; print(sorted(set(sys.modules) & set({foreign!r})))"
    said = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_log_ins_are_told_where_a_demo_was_prepared_and_nowhere_else(tmp_path):
    places = Places(tmp_path / "state")
    rooms(places)
    assert read_logins(places) == []
    (places.secrets / LOGINS).write_text(json.dumps([{"operator": "zhao"}]), encoding="utf-8")
    assert read_logins(places) == [{"operator": "zhao"}]
    assert places.secrets.stat().st_mode & 0o777 == 0o700
