"""A station whose time is off takes this host's again when somebody says so and nothing runs; never under what is on the air."""

import socket
import subprocess
import sys

import pytest

from station import anchor as module
from station import children
from station.anchor import Keeper, Note, Reading, forget, read_note, write
from station.clock import Anchor, boot_id, monotonic_ns, read_anchor, wall_us
from station.settings import Places
from station.symptoms import clock
from station.words import SECOND, Instant, Refused

OFF = 3 * SECOND


@pytest.fixture
def places(tmp_path):
    made = Places(tmp_path)
    made.run.mkdir()
    utc = wall_us() - OFF
    write(made.anchor, Anchor(boot_id=boot_id(), monotonic_ns=monotonic_ns(), utc_us=utc, rate_ppb=0))
    write(
        module.note_path(made.anchor),
        Note(at=Instant(utc - 60 * SECOND), synchronised=True, offset_us=OFF, reanchor_wanted=True),
    )
    return made


def now(places):
    return read_anchor(places.anchor).at(monotonic_ns())


def test_restarting_the_clock_alone_changes_nothing_and_forgetting_does(places):
    keeper = Keeper(
        places.anchor, clocks=lambda: Reading(monotonic_ns(), wall_us()), synchronised=lambda: True
    )
    assert keeper.look().reanchor_wanted
    write(
        module.note_path(places.anchor), Note(at=Instant(0), synchronised=True, offset_us=OFF)
    )  # it was stopped long ago
    assert forget(places, now(places))
    assert not places.anchor.exists() and read_note(places.anchor) is None
    keeper = Keeper(
        places.anchor, clocks=lambda: Reading(monotonic_ns(), wall_us()), synchronised=lambda: True
    )
    assert not keeper.look().reanchor_wanted
    assert abs(keeper.now() - wall_us()) < SECOND
    assert forget(places, None) or True


def test_while_the_clock_a_player_or_the_station_runs_it_is_refused_by_name(places):
    write(module.note_path(places.anchor), Note(at=now(places), synchronised=True, offset_us=OFF))
    with pytest.raises(Refused, match="clock still runs"):
        forget(places, now(places))
    module.note_path(places.anchor).unlink()
    children.write_pid(places.run / "player-radio.pid")
    with pytest.raises(Refused, match="player-radio still runs"):
        forget(places, now(places))
    (places.run / "player-radio.pid").unlink()
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(places.control))
        door.listen()
        with pytest.raises(Refused, match="station still runs"):
            forget(places, now(places))
    assert places.anchor.exists()
    assert forget(places, now(places)), "a socket nobody listens on is none"


def test_the_command_says_what_it_did(places):
    words = [sys.executable, "-m", "station.cli", "clock", "--state", str(places.state), "--reanchor"]
    first = subprocess.run(words, capture_output=True, text=True, check=False)
    again = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (first.returncode, again.returncode) == (0, 0)
    assert "next start takes" in first.stdout and "下次启动" in first.stdout
    assert "there is no anchor" in again.stdout


def test_the_doctor_says_how(places):
    found = clock(synchronised=True, reanchor_wanted=True, offset_us=OFF)
    assert found.grade == "bad" and "gengfu clock --reanchor" in found.text.en and "+3.0" in found.text.zh
