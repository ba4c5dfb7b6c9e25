"""The anchor: it slews, it never steps, and what the wall clock does it tells instead of following."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import attrs
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher

from station import anchor as module
from station.anchor import (
    MAX_PPB,
    STEP_US,
    Keeper,
    Note,
    Reading,
    Service,
    Step,
    begin,
    is_synchronised,
    read_clocks,
    read_note,
    slew,
    steady,
    stepped,
    write,
)
from station.clock import Anchor, boot_id, read_anchor
from station.settings import Places
from station.words import Instant

UTC = 1_800_000_000_000_000
HOUR = 3_600_000_000
ANCHOR = Anchor(boot_id="b", monotonic_ns=5_000_000_000, utc_us=UTC, rate_ppb=0)

monotonics = st.integers(5_000_000_000, 10**16)
rates = st.integers(-MAX_PPB, MAX_PPB)


@given(monotonics, st.integers(-STEP_US, STEP_US), rates)
def test_slewing_changes_the_rate_and_never_the_time(monotonic: int, offset: int, rate: int) -> None:
    old = attrs.evolve(ANCHOR, rate_ppb=rate)
    new = slew(old, monotonic, old.at(monotonic) + offset)
    assert isinstance(new, Anchor)
    assert new.at(monotonic) == old.at(monotonic)
    assert abs(new.rate_ppb) <= MAX_PPB
    assert new.rate_ppb == 0 or (new.rate_ppb > 0) == (offset > 0)
    assert steady(old, monotonic).at(monotonic) == old.at(monotonic)


@given(monotonics, st.integers(STEP_US + 1, 2 * HOUR), st.sampled_from([-1, 1]))
def test_beyond_one_second_nothing_moves_and_a_step_is_told(monotonic: int, far: int, sign: int) -> None:
    utc = ANCHOR.at(monotonic) + sign * far
    found = slew(ANCHOR, monotonic, utc)
    assert found == Step(sign * far)
    assert stepped(ANCHOR, Step(sign * far), monotonic).at(monotonic) == utc


@given(st.integers(-STEP_US, STEP_US))
def test_an_offset_is_taken_back_at_fifty_millionths_and_then_held(offset: int) -> None:
    anchor, monotonic = ANCHOR, ANCHOR.monotonic_ns
    seconds = abs(offset) // 50 + 2_000
    for _ in range(0, seconds, 16):
        monotonic += 16_000_000_000
        utc = UTC + offset + (monotonic - ANCHOR.monotonic_ns) // 1_000
        found = slew(anchor, monotonic, utc)
        assert isinstance(found, Anchor)
        assert anchor.at(monotonic) <= found.at(monotonic + 1_000)
        anchor = found
    assert abs(utc - anchor.at(monotonic)) <= 60


def test_a_new_boot_begins_at_utc_and_without_it_never_before_the_last_known_time() -> None:
    read = Reading(7, UTC - HOUR)
    last = attrs.evolve(ANCHOR, boot_id="earlier")
    assert begin("b", read, synchronised=True, last=last).utc_us == UTC - HOUR
    assert begin("b", read, synchronised=False, last=last).utc_us == UTC
    assert begin("b", read, synchronised=False, last=None).utc_us == UTC - HOUR


def test_the_least_disturbed_of_five_readings_is_taken() -> None:
    monotonic = iter([0, 900, 1_000, 1_010, 2_000, 2_500, 3_000, 3_900, 4_000, 4_900])
    wall = iter([1, 2, 3, 4, 5])
    assert read_clocks(lambda: next(monotonic), lambda: next(wall)) == Reading(1_005, 2)


class Host:
    """A host whose clocks the test sets."""

    def __init__(self, path: Path) -> None:
        self.read, self.good, self.path = Reading(10**9, UTC), True, path

    def keeper(self) -> Keeper:
        return Keeper(
            self.path, clocks=lambda: self.read, synchronised=lambda: self.good, boot=lambda: boot_id()
        )

    def later(self, us: int, wall_steps: int = 0) -> None:
        self.read = Reading(self.read.monotonic_ns + us * 1_000, self.read.utc_us + us + wall_steps)


def test_a_wall_clock_set_an_hour_off_moves_no_index_and_is_told(tmp_path: Path) -> None:
    host = Host(tmp_path / "run" / "anchor.json")
    keeper = host.keeper()
    assert keeper.look() == Note(at=Instant(UTC), synchronised=True, offset_us=0)
    for steps in (HOUR, -2 * HOUR, HOUR):
        before = keeper.now()
        host.later(1_000_000, steps)
        note = keeper.look()
        assert keeper.now() - before == 1_000_000
        assert note.reanchor_wanted == (note.offset_us != 0)
    assert not keeper.look().reanchor_wanted
    assert read_note(host.path) == keeper.note
    assert read_anchor(host.path) == keeper.anchor


def test_a_clock_killed_and_started_again_carries_on_from_its_file(tmp_path: Path) -> None:
    host = Host(tmp_path / "anchor.json")
    host.keeper().look()
    host.later(5_000_000, 400_000)
    again = host.keeper()
    assert again.look().offset_us == 400_000
    assert again.anchor is not None
    assert again.anchor.rate_ppb == MAX_PPB


def test_without_synchronisation_time_runs_on_by_its_own_rate(tmp_path: Path) -> None:
    host = Host(tmp_path / "anchor.json")
    keeper = host.keeper()
    keeper.look()
    host.good = False
    host.later(1_000_000, 300_000)
    note = keeper.look()
    assert (note.synchronised, note.offset_us, note.reanchor_wanted) == (False, 300_000, False)
    assert keeper.anchor is not None
    assert keeper.anchor.rate_ppb == 0


def test_an_anchor_of_another_boot_or_a_damaged_one_is_begun_anew(tmp_path: Path) -> None:
    host = Host(tmp_path / "anchor.json")
    host.good = False
    write(host.path, attrs.evolve(ANCHOR, boot_id="earlier", utc_us=UTC + HOUR))
    assert host.keeper().look().offset_us == -HOUR
    host.path.write_text("rubbish")
    assert host.keeper().look().offset_us == 0
    assert read_note(tmp_path / "nowhere" / "anchor.json") is None


def test_what_changes_is_said_once(tmp_path: Path) -> None:
    said: list[str] = []
    watch: Any = lambda event: said.append(event["log_level"].name)  # noqa: E731
    host = Host(tmp_path / "anchor.json")
    clock: Any = Clock()
    globalLogPublisher.addObserver(watch)
    try:
        Service(host.keeper(), clock).run()
        clock.advance(1)
        host.good = False
        clock.pump([1, 1])
        host.good = True
        clock.advance(1)
        host.later(1, HOUR)
        clock.pump([1, 1])
    finally:
        globalLogPublisher.removeObserver(watch)
    assert said == ["warn", "info", "error"]
    assert len(clock.getDelayedCalls()) == 1


def test_a_full_disk_is_said_once_and_the_clock_goes_on(tmp_path: Path) -> None:
    said: list[str] = []
    watch: Any = lambda event: said.append(event["log_level"].name)  # noqa: E731
    clock: Any = Clock()
    (tmp_path / "file").touch()
    host = Host(tmp_path / "file" / "anchor.json")
    globalLogPublisher.addObserver(watch)
    try:
        Service(host.keeper(), clock).run()
        clock.pump([1, 1])
        (tmp_path / "file").unlink()
        clock.advance(1)
        assert read_note(host.path) is not None
        (tmp_path / "file").rename(tmp_path / "gone")
        (tmp_path / "file").touch()
        clock.advance(1)
    finally:
        globalLogPublisher.removeObserver(watch)
    assert said == ["error", "error"]


def test_the_kernel_can_be_asked_whether_it_is_synchronised() -> None:
    assert is_synchronised() in (True, False)


def test_waiting_for_synchronisation_ends_by_itself(tmp_path: Path) -> None:
    clock: Any = Clock()
    ran: list[float] = []
    keeper = Host(tmp_path / "anchor.json").keeper()
    module._after_waiting(clock, 2, keeper, lambda: ran.append(clock.seconds()))
    clock.pump([1, 1, 1])
    assert ran == [0.0 if is_synchronised() else 2.0]


def test_the_command_keeps_a_file_and_logs_no_time_of_1970(tmp_path: Path) -> None:
    code = "import sys; from station.anchor import main; main(sys.argv[1:])"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "--state", str(tmp_path)], stderr=subprocess.PIPE, text=True
    )
    path, end = Places(tmp_path).anchor, time.monotonic() + 10
    while read_note(path) is None and time.monotonic() < end:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGTERM)
    _, said = process.communicate(timeout=10)
    found = read_anchor(path)
    assert found is not None
    assert abs(found.at(time.monotonic_ns()) - time.time_ns() // 1000) < 100_000
    assert "1970" not in said
    assert process.returncode == 0
