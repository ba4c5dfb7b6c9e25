"""The shape of the code: short functions, small modules, broad handlers only where they are named."""

import ast
from functools import cache
from pathlib import Path

from conftest import FIRST

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("station", "schedules", "playout", "emergency", "devices", "safety", "web")
MOST_LINES_OF_A_MODULE = 400
MOST_LINES_OF_A_FUNCTION = 40

# the boundaries where anything may be caught, each counted by a metric or a log line that alarms
BROAD = {
    "station/desk.py",  # the desk loop: a bug in one command must not stop the next alert
    "station/daemon.py",  # the followers
    "playout/player.py",  # the player's main loop
    "playout/processes.py",  # the same, of its children
    "station/journal_writer.py",  # the writer's thread: what fails is handed to whoever waits, never lost
    "web/app.py",  # the web error handler
}


@cache
def trees():
    return list(found())


@cache
def nodes(name):
    walked = ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8")))
    return [
        one
        for one in walked
        if isinstance(one, (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ExceptHandler))
    ]


def found():
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            yield file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")


def test_no_module_is_longer_than_can_be_held_in_the_head():
    long = {name: text.count("\n") for name, text in trees() if text.count("\n") > MOST_LINES_OF_A_MODULE}
    assert not long


def test_no_function_is_longer_than_a_screen():
    long = [
        f"{name}:{node.lineno} {node.name}"
        for name, _ in trees()
        for node in nodes(name)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.end_lineno - node.lineno + 1 > MOST_LINES_OF_A_FUNCTION
    ]
    assert not long


def test_broad_handlers_stand_only_at_the_named_boundaries():
    broad = {
        name
        for name, _ in trees()
        for node in nodes(name)
        if isinstance(node, ast.ExceptHandler)
        and (
            node.type is None
            or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException"))
        )
    }
    assert broad <= BROAD


def test_every_module_says_first_what_it_is_for():
    silent = [name for name, text in trees() if text.strip() and not ast.get_docstring(nodes(name)[0])]
    assert not silent


def test_systemd_is_no_python_package():
    assert not (ROOT / "systemd" / "__init__.py").exists()


def test_the_files_that_are_begun_first_exist():
    assert not [name for name in FIRST if not (ROOT / "tests" / name).exists()]
