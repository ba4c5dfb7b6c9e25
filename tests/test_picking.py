"""Which files of tests are read and where: nothing that is asked for is ever passed over."""

import os
import re
import subprocess
import sys
from pathlib import Path

import picking
import pytest

HERE = Path(__file__).resolve().parent
SLOW, PEER, NONE = (
    "@pytest.mark.slow\ndef test_a",
    "pytestmark = [pytest.mark.peer, pytest.mark.slow]",
    "def test_a",
)


@pytest.mark.parametrize(
    ("asked", "text", "held"),
    [
        ("slow", SLOW, True), ("slow", NONE, False), ("slow", PEER, True), ("peer or browser", SLOW, False),
        ("peer or browser", PEER, True), ("peer and browser", PEER, False), ("slow and not peer", SLOW, True),
        ("not slow and not peer and not browser", PEER, True), ("not slow", NONE, True), ("peer", NONE + SLOW, False),
        ("(slow or peer) and not browser", NONE, False), ("odd", NONE, True), ("slow and odd", SLOW, True),
        ("slow slow", NONE, True), ("slow(1)", SLOW, True),
    ],
)  # fmt: skip
def test_a_file_is_passed_over_only_where_no_test_of_it_can_be_asked_for(asked, text, held):
    assert picking.may_hold(asked, text) is held


def test_marks_by_which_runs_are_divided_stand_in_the_file_of_the_test():
    kinds = "|".join(picking.KINDS)
    elsewhere = [path.name for path in HERE.glob("*.py") if not path.name.startswith("test_")
                 and re.search(rf"mark\.({kinds})\b|add_marker\([^)]*({kinds})\b", path.read_text(encoding="utf-8"))]  # fmt: skip
    assert not elsewhere, "a mark that is given elsewhere is not seen in the file it is given to"


def test_runs_are_divided_by_all_marks_of_their_own_and_no_others():
    text = (HERE.parent / "pyproject.toml").read_text(encoding="utf-8")
    assert set(re.findall(r'^  "(\w+): ', text.partition("markers = [")[2].partition("]")[0], re.M)) == {
        *picking.KINDS
    }


def test_every_file_of_tests_stands_for_a_module_or_is_another():
    standing, others = picking.standing(), picking.others()
    assert "tests/test_timeline.py" in standing and "tests/test_simulation.py" in others
    assert not standing & others
    assert {f"tests/{path.name}" for path in HERE.glob("test_*.py")} <= standing | others
    assert all((HERE.parent / name).is_file() for name in standing)


def test_pytest_reads_only_what_it_may_run_and_finds_the_same(tmp_path):
    hooks = (HERE / "conftest.py").read_text(encoding="utf-8")
    begin, end = hooks.index("def pytest_addoption"), hooks.index("def pytest_collection_modifyitems")
    files = {
        "conftest.py": "from __future__ import annotations\nimport functools\nfrom pathlib import Path\nimport picking\nimport pytest\n"
        "picking.FILES = {'standing': lambda: {'tests/test_a.py'}, 'others': lambda: {'tests/test_b.py'}}\n"
        + hooks[begin:end],
        "pytest.ini": "[pytest]\nmarkers =\n slow\n peer\n browser\n",
        "test_a.py": "import pytest\n@pytest.mark.slow\ndef test_slow(): pass\ndef test_quick(): pass\n",
        "test_b.py": "raise ValueError('read all the same')\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    def ran(asked, *more):
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-m", asked, *more], cwd=tmp_path, text=True,
            capture_output=True, env={**os.environ, "PYTHONPATH": str(HERE)}, check=False,
        ).stdout  # fmt: skip

    assert "1 passed, 1 deselected" in ran("slow")
    assert "read all the same" in ran("not slow")
    assert "1 passed, 1 deselected" in ran("not slow", "--files=standing")
    assert "read all the same" in ran("not slow", "--files=others")
    assert "2 passed" in ran("", "--files=standing")
