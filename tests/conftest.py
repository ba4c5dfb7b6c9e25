"""What every test stands on: hypothesis profiles, and a browser for those that look at pages."""

from __future__ import annotations

import ctypes
import functools
import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import picking
import pytest
import shelf
import sparing
from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "ci", max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "nightly", max_examples=5_000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "mutants",
    max_examples=25,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],  # that it fails is enough: nobody reads the example
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

# The files that are begun first, in this order. Those that take longest: begun late, one of them would hold a worker
# when all others are done. And what measures how soon a killed process is back beside others that leave it the machine.
FIRST = (
    "test_browser.py",
    "test_alarm_pages.py",
    "test_night.py",
    "test_sandbox.py",
    "test_browser_rundown.py",
    "test_browser_lifeline.py",
    "test_killed.py",
    "test_bad_input.py",
    "test_caller.py",
    "test_sim_studio.py",
    "test_sim_terminals.py",
    "test_sim_town.py",
    "test_witness.py",
    "test_spare_machine.py",
    "test_adoption_run.py",
    "test_whole_path.py",
    "test_epoch.py",
    "test_web_panel.py",  # of the fast ones
    "test_simulation.py",
)


def pytest_configure(config: pytest.Config) -> None:
    """What traces sparingly, if asked for; a shelf for the whole stations of this run (shelf.py), one for all its workers."""
    if config.getoption("--sparing"):
        config.pluginmanager.register(sparing.Sparing())
    if shelf.FOLDER not in os.environ:
        os.environ[shelf.FOLDER] = tempfile.mkdtemp(prefix="gengfu-shelf-")
        config.add_cleanup(lambda: shutil.rmtree(os.environ.pop(shelf.FOLDER)))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Half of the files by one word. By their names pytest would go through the whole folder once for each of them."""
    parser.addoption(
        "--files",
        choices=sorted(picking.FILES),
        help="those that stand for a pure module (bench/mutation.toml), or all others",
    )
    parser.addoption(
        "--sparing", action="store_true", help="beside --cov: trace only what may cover something new"
    )


@functools.cache
def _wanted(files: str) -> frozenset[str]:
    return frozenset(Path(one).name for one in picking.FILES[files]())


@functools.cache
def _may_hold(path: Path, asked: str) -> bool:
    return picking.may_hold(asked, path.read_text(encoding="utf-8"))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A file is not read where none of its tests can be asked for: reading all of them takes each worker of a run long."""
    if collection_path.suffix != ".py":
        return None
    files, marks = config.getoption("--files"), config.option.markexpr
    if files and collection_path.name.startswith("test_") and collection_path.name not in _wanted(files):
        return True
    return None if not marks or _may_hold(collection_path, marks) else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs a browser or a foreign program first: it keeps the machine busy, which those that measure real time
    should not be beside. Of each the files of FIRST; all others in their order."""
    busy = {
        item.path for item in items if item.get_closest_marker("browser") or item.get_closest_marker("peer")
    }
    places = {name: place for place, name in enumerate(FIRST)}
    items.sort(key=lambda item: (item.path not in busy, places.get(item.path.name, len(places))))


def pytest_collection_finish() -> None:
    """What reading the tests has left lasts as long as they do: it is not searched for garbage again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def room_given_back(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """What a file's tests wrote is removed when they have ended, and all of them passed: whole stations with their sound
    and pictures would together fill a small disk. What a failed test leaves is kept to be looked at."""
    base = tmp_path_factory.getbasetemp()
    before, failed = set(base.iterdir()), request.session.testsfailed
    yield
    if request.session.testsfailed == failed:
        for path in set(base.iterdir()) - before:
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)  # a process that is still ending may write once more
    else:
        path.unlink(missing_ok=True)  # pytest's own link to the newest folder


@pytest.fixture
def said(capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """`gengfu WORDS` in this process: its exit code, and what it says on either stream."""
    from station import cli

    def asked(*words: object) -> tuple[int, str, str]:
        capfd.readouterr()
        code = cli.main([str(word) for word in words])
        return code, *capfd.readouterr()

    return asked


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium (playwright.sync_api.Browser)."""
    import browsers  # a hundred modules less for all other tests
    import seats
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = browsers.launched(play)
        yield browser
        seats.leave(browser)
        browser.close()


@pytest.fixture(autouse=True)
def of_ordinary_rank() -> Iterator[None]:
    """What a test calls here that is a process of its own on the air takes real-time rank and locks its memory. The tests
    after it would keep both, and at full load hold up every encoder and sender of this machine."""
    before = os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK
    yield
    if os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK != before:
        os.sched_setscheduler(
            0, before | os.SCHED_RESET_ON_FORK, os.sched_param(0)
        )  # not everybody may clear the flag
        ctypes.CDLL(None).munlockall()


@pytest.fixture(autouse=True)
def no_rest_of_others(request: pytest.FixtureRequest) -> None:
    """Where each input's processor time is judged, what thousands of tests before have left is not searched for garbage."""
    if "fuzz" in request.node.name:
        gc.collect()
        gc.freeze()


@pytest.fixture(autouse=True)
def nothing_left_open(request: pytest.FixtureRequest) -> Iterator[None]:
    """Pages that a test opened are closed after it: each goes on asking for a station that is gone."""
    if "chromium" not in request.fixturenames:
        yield
        return
    import seats

    browser = request.getfixturevalue("chromium")
    before, stay = list(browser.contexts), seats.lasting()  # of fixtures that last longer
    yield
    for context in browser.contexts:
        if context not in before and context not in seats.kept():
            context.close()
    seats.rise(browser, stay)
