"""A simulated day: the same seed is the same journal, every law is looked at, and a broken rule is found."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import attrs
import pytest

from devices import plant_profile
from devices.modbus import WriteCoil
from devices.plant_messages import ConfirmCarrierOff, SetCarrier
from station.laws import Broken
from station.simulation import county, main, script
from station.simulation.fastclock import FastClock
from station.simulation.programme import changed, rundown
from station.words import HOUR, Refused

SHORT = 0.4  # hours


@pytest.fixture
def folder():
    where = Path(
        tempfile.mkdtemp(prefix="gengfu-test-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
    )
    yield where
    shutil.rmtree(where)


def run(folder, seed="5", hours=SHORT, zone="Europe/Berlin", tamper=None):
    day = main.prepare(seed, 1, hours, folder, None, zone)
    day._tamper = tamper
    day.run()
    return day


@pytest.mark.slow
def test_half_an_hour_holds_every_law_and_the_same_seed_gives_the_same_hashes(folder, tmp_path):
    day = run(folder / "one")
    checked = day.watch.checked
    assert {law for law in main.LAWS if checked[law]} == set(main.LAWS) - (
        {"L10"} if not checked["L10"] else set()
    )
    assert day.head[0] > 50 and day.watch.renders > 10 and day.village.frames > 100
    out = tmp_path / "outcome.json"
    words = [
        "simulate",
        "--seed",
        "5",
        "--hours",
        str(SHORT),
        "--timezone",
        "Europe/Berlin",
        "--json",
        str(out),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "station.cli", *words],
        env={**os.environ, "PYTHONHASHSEED": "77"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(out.read_text())
    assert told["head"] == day.head[1] and told["head"] in done.stdout and "every law held" in done.stdout
    assert told["seed"] == "5" and told["held"] is True


def test_another_seed_is_another_day(folder):
    assert run(folder / "one", hours=0.15).head[1] != run(folder / "two", seed="6", hours=0.15).head[1]


def weak(built):
    """One signature where three are needed: a broken rule of L10."""
    desk = built.desk
    for cls, part in list(desk._owner.items()):
        if part.name == "emergency":
            rows = {
                name: attrs.evolve(row, before=min(row.before, 1)) for name, row in part.policy.rows.items()
            }
            desk._owner[cls] = attrs.evolve(part, policy=attrs.evolve(part.policy, rows=rows))


def test_a_broken_rule_is_found_and_told_with_its_seed_and_moment(folder):
    day = main.prepare("5", 1, 12.0, folder, None, "Asia/Shanghai")
    day._tamper = weak
    with pytest.raises(Broken) as found:
        day.run()
    assert found.value.law == "L10"
    said = main.complaint(day, main.outcome(day, 1.0, found.value), found.value)
    assert "L10" in said and "--seed 5" in said and day.local() in said
    assert "alert.submitted/1" in said, "what happened just before"


def take_down(day, device="fm1-main"):
    """Two persons take a carrier down."""
    people = {one.id: one for one in day.people}
    first = SetCarrier(device=device, on=False, reason="检修")
    day.clock.callLater(60.0, lambda: day.ask(people["gao"], first))
    day.clock.callLater(70.0, lambda: day.ask(people["he"], ConfirmCarrierOff(device=device, ask=1)))


def stutter(built):
    """A line that writes every order twice: a broken rule of L11."""
    for bus in built.world.plant.buses.values():

        def ask(wish, *more, plain=bus.ask, **named):
            if isinstance(wish, WriteCoil):
                plain(wish, *more, **named).addErrback(lambda _: None)
            return plain(wish, *more, **named)

        bus.ask = ask


def test_two_persons_take_a_carrier_down_and_every_device_is_asked(folder):
    day = main.prepare("5", 1, 0.15, folder, None, "Asia/Shanghai")
    take_down(day)
    day.run()
    assert day.watch.plant.orders["fm1-main"] >= 1 and day.hill.devices["fm1-main"].written >= 1
    assert all(one.unit.requests > 20 for one in day.hill.devices.values())


def test_an_order_that_reaches_a_carrier_twice_is_found(folder):
    day = main.prepare("5", 1, 0.15, folder, None, "Asia/Shanghai")
    day._tamper = stutter
    take_down(day)
    with pytest.raises(Broken, match="fm1-main was told more often than was ordered") as found:
        day.run()
    assert found.value.law == "L11"


def test_devices_of_a_real_station_are_asked_seldom_by_their_own_profiles(folder):
    example = Path(__file__).resolve().parent.parent / "examples" / "shouxian" / "station.toml"
    made = county.of(example, folder, "1")
    profiles = [plant_profile.load(one.profile, base=made.home) for one in made.settings.devices]
    assert [one.name for one in profiles] == ["transmitter-gengfu", "transmitter-gengfu", "ups-gengfu"]
    assert {one.poll.fast_ms for one in profiles} == {county.FAST}


def forgetful(built):
    """A state that is not made of the journal alone: a broken rule of L3."""
    parts, count = built.desk._parts, len(built.desk.states["keeping"].free)

    def evolve(state, happened, plain):
        made = plain(state, happened)
        return attrs.evolve(made, reanchor_wanted=count == 0) if happened.kind == "plan.extended/1" else made

    built.desk._parts = tuple(
        attrs.evolve(part, evolve=lambda s, h, p=part.evolve: evolve(s, h, p))
        if part.name == "keeping"
        else part
        for part in parts
    )


@pytest.mark.slow
def test_a_state_that_the_journal_does_not_give_is_found(folder):
    with pytest.raises(Broken) as found:
        run(folder, seed="10", hours=6.0, tamper=forgetful)
    assert found.value.law == "L3"


def test_the_way_to_the_same_day_again_names_all_that_made_it():
    words = ["--days", "2", "--hours", "12.5", "--settings", "my own/station.toml"]
    again = main._options().parse_args(shlex.split(main.more(main._options().parse_args(words))))
    assert (again.days, again.hours, again.settings) == (2, 12.5, Path("my own/station.toml"))
    assert main.more(main._options().parse_args(["--seed", "5", "--json", "x"])) == ""


def test_wrong_options_are_refused_in_words(tmp_path, capsys):
    for words in (
        ["--days", "0"],
        ["--days", "400"],
        ["--hours", "0"],
        ["--hours", "nan"],
        ["--hours", "1000"],
    ):
        with pytest.raises(Refused):
            main.main(words)
    with pytest.raises(Refused, match="cannot be written"):  # said before the hours that it takes
        main.main(["--json", str(tmp_path / "none" / "outcome.json")])
    with pytest.raises(SystemExit):
        main.main(["--no-such-thing"])
    assert "不认识的参数" in capsys.readouterr().err


# --- pieces


def test_a_zone_with_daylight_saving_gives_the_night_in_which_the_clocks_change():
    for zone in script.ZONES:
        start, end, odd = script.span("1", 1, zone, "05:00")
        length = round((end - start) / HOUR, 1)
        assert (odd is not None) == (length != 24.0) == (zone != "Asia/Shanghai"), zone
        assert odd is None or start < odd < end


def test_the_script_of_a_day_is_the_same_and_in_order():
    start, end, odd = script.span("1", 1, "Europe/Berlin", "05:00")
    made = script.script("1", start, end, odd)
    assert made == script.script("1", start, end, odd) == sorted(made)
    assert {one.what for one in made} >= {"ebd", "mute", "restart", "player", "disk", "power"}
    assert made != script.script("2", start, end, odd)


def test_a_late_edit_keeps_what_has_begun():
    from random import Random

    songs = ("media/a.flac", "media/b.flac")
    before = rundown(Random(1), "2026-06-01", "Asia/Shanghai", "05:00", songs)
    after = rundown(Random(2), "2026-06-01", "Asia/Shanghai", "05:00", songs)
    made = changed(before, after, 12)
    assert made != before and made != after
    assert made.split("\n12:00:00")[0] == before.split("\n12:00:00")[0]
    assert made.split("\n12:00:00")[1] == after.split("\n12:00:00")[1]
    assert changed(before, after, 40) == after


def test_calls_of_one_moment_come_in_the_order_in_which_they_were_asked():
    clock, heard = FastClock(), []
    for name in "abc":
        clock.callLater(1.0, heard.append, name)
    clock.callLater(0.5, clock.callLater, 0.5, heard.append, "d")
    gone = clock.callLater(0.7, heard.append, "never")
    gone.cancel()
    late = clock.callLater(0.2, heard.append, "late")
    late.reset(3.0)
    clock.run_until(2.0)
    assert heard == ["a", "b", "c", "d"] and clock.seconds() == 2.0
    clock.run_until(4.0)
    assert heard[-1] == "late" and not clock.calls


def test_a_real_station_s_settings_can_be_simulated_without_its_journal_and_keys(folder):
    example = Path(__file__).resolve().parent.parent / "examples" / "shouxian" / "station.toml"
    made = county.of(example, folder, "1")
    assert made.settings.station.journal == "" and made.places.state == folder / "state"
    assert len(made.villages) > 200 and made.ebd == "province" and made.cap == "weather"
