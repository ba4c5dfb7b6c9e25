"""NUT against the distribution's nut-server with its dummy driver: the tool and a running plant read what it tells, and notice when the driver goes."""

import json
import os
import socket
import subprocess
from pathlib import Path

import pytest
from real_plant import supply, watch

from devices import nut_tool
from station.links import NutLink

DRIVERS = Path("/lib/nut")  # and the server itself: in the path is a wrapper that wants it enabled
SEQUENCE = 'ups.status: OB LB\nbattery.charge: 17.5\nbattery.runtime: 240\ninput.voltage: 0.0\nups.load: 34\nups.model: Dummy "1"\n'


def free():
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return line.getsockname()[1]


@pytest.fixture
def server(tmp_path):
    """(port, the driver) of upsd with one dummy supply."""
    port = free()
    (tmp_path / "ups.conf").write_text(f"[ups1]\ndriver = dummy-ups\nport = {tmp_path}/one.dev\n")
    (tmp_path / "one.dev").write_text(SEQUENCE)
    (tmp_path / "upsd.conf").write_text(f"LISTEN 127.0.0.1 {port}\nMAXAGE 2\n")
    (tmp_path / "upsd.users").write_text("")
    for name in ("upsd.conf", "upsd.users", "ups.conf"):
        (tmp_path / name).chmod(0o640)
    env = {
        **os.environ,
        "NUT_CONFPATH": str(tmp_path),
        "NUT_STATEPATH": str(tmp_path),
        "NUT_ALTPIDPATH": str(tmp_path),
    }
    with (tmp_path / "log").open("w") as log:
        driver = subprocess.Popen(
            [DRIVERS / "dummy-ups", "-D", "-u", "root", "-a", "ups1"], env=env, stdout=log, stderr=log
        )
        upsd = subprocess.Popen(
            [DRIVERS / "upsd", "-D", "-u", "root"],
            env=env,
            stdout=log,
            stderr=log,
        )
        yield port, driver
        for one in (upsd, driver):
            one.terminate()
            one.wait(5)


def told(port, capsys):
    """What the tool says, once the server has the driver's data."""
    for _ in range(100):
        code = nut_tool.main([f"127.0.0.1:{port}", "ups1"])
        said = json.loads(capsys.readouterr().out)
        if code == 0 and said["variables"]["ups.status"] != "WAIT":
            return said["variables"]
        subprocess.run(["sleep", "0.1"], check=True)
    raise AssertionError(said)


@pytest.mark.peer
def test_a_dummy_supply_is_read_by_hand_and_by_a_running_plant(server, capsys):
    port, driver = server
    variables = told(port, capsys)
    assert variables["ups.status"] == "OB LB" and variables["battery.charge"] == "17.5"
    assert nut_tool.main([f"127.0.0.1:{port}", "other"]) == 1
    assert json.loads(capsys.readouterr().out)["detail"] == "UNKNOWN-UPS"
    values = {}

    def look(seen):
        if seen.contact == "good" and not values:
            values.update({name: one.value for name, one in seen.readings.items()})
            driver.kill()
        return seen.contact == "lost"

    seen = watch(supply("nut-ups", NutLink("127.0.0.1", port), supply="ups1"), look)
    assert values["on_battery"] == values["battery_low"] == 1 and values["overload"] == 0
    assert (values["battery_charge"], values["battery_minutes"], values["mains_voltage"]) == (175, 4, 0)
    assert seen.contact == "lost" and seen.why in ("DRIVER-NOT-CONNECTED", "DATA-STALE")
