"""`gengfu run` before anything is started: one run a state directory, and ports it may have."""

import socket
from pathlib import Path

import attrs
import pytest

from station import run, settings_file
from station.settings import Places, Ports
from station.words import Refused


def test_a_state_directory_belongs_to_one_run_at_a_time(tmp_path):
    places = Places(tmp_path)
    places.run.mkdir()
    first = run.hold(places)
    with pytest.raises(Refused, match=r"in use by another gengfu run \(pid [0-9]+\)"):
        run.hold(places)
    first.close()
    run.hold(places).close()


def test_a_port_in_use_is_named_with_what_it_is_for():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        base = other.getsockname()[1]
        with pytest.raises(Refused, match=rf"port {base} \(panel\) is in use"):
            run.check_ports(Ports(base))


@pytest.mark.parametrize("port", ["0", "99999", "-5"])
def test_a_port_that_cannot_be_is_refused_in_words(port):
    with pytest.raises(Refused, match="1024 to 65000"):
        run.main(
            [
                str(run.settings_file.__file__).replace(
                    "station/settings_file.py", "examples/shouxian/station.toml"
                ),
                "--port",
                port,
            ]
        )


def test_the_first_screen_says_where_radio_television_and_the_wall_are(tmp_path):
    path = Path(run.settings_file.__file__).parents[1] / "examples/shouxian/station.toml"
    said = run.welcome(settings_file.load(path), Places(tmp_path), Ports(8600), path, demo=False)
    assert "http://127.0.0.1:8600/wall" in said
    lines = [line for line in said.splitlines() if "ffplay" in line]
    assert ["-nodisp" in line for line in lines] == [True, False]  # a picture is to be seen
    assert "127.0.0.1:8704 " in lines[0] and "fm1" in lines[0]
    assert "127.0.0.1:8714 " in lines[1] and "tv1" in lines[1]


def test_a_pair_is_two_players_and_the_first_screen_names_both_ways(tmp_path):
    path = Path(run.settings_file.__file__).parents[1] / "examples/shouxian/station.toml"
    settings = settings_file.load(path)
    radio, *others = settings.channels
    settings = attrs.evolve(settings, channels=[attrs.evolve(radio, redundancy="pair"), *others])
    started = run.children(path, settings, Places(tmp_path), Ports(8600), demo=False)
    both = [one for one in started if one.name.startswith("player-radio")]
    assert [(one.name, one.argv[4], one.keep) for one in both] == [
        ("player-radio", "radio", True),
        ("player-radio.b", "radio.b", True),
    ]
    said = run.welcome(settings, Places(tmp_path), Ports(8600), path, demo=False)
    assert "127.0.0.1:8702 (L16)" in said and "127.0.0.1:8902 (L16, B)" in said
