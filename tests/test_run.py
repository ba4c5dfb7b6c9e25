"""`gengfu run` before anything is started: one run a state directory, and ports it may have."""

import socket

import pytest

from station import run
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
