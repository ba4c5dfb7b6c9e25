"""The plant in real processes on loopback: the station, simulated devices, people over the panel's API, and kill -9."""

import json
import subprocess
import sys

import pytest
from rig import TOWN, HttpRefused, Rig

from station.keys import write_secret

pytestmark = pytest.mark.slow

DEVICES = """
[[devices]]
id = "tx"
kind = "transmitter"
profile = "transmitter-gengfu"
channel = "fm1"
name_zh = "主发射机"
name_en = "main transmitter"
[[devices]]
id = "ups"
kind = "ups"
profile = "ups-gengfu"
name_zh = "不间断电源"
name_en = "power supply"
[[devices]]
id = "ups-wired"
kind = "ups"
profile = "ups-gengfu"
link = "rtu:{port}:19200:8N1"
unit = 3
name_zh = "串口电源"
name_en = "supply on a serial port"
[[devices]]
id = "ups-far"
kind = "ups"
profile = "ups-gengfu"
link = "rtu-tcp:127.0.0.1:{far}"
name_zh = "远端电源"
name_en = "supply behind a serial server"
[[devices]]
id = "ups-snmp"
kind = "ups"
profile = "ups-rfc1628"
link = "snmp:127.0.0.1:{snmp}"
access = "hill.toml"
name_zh = "网络电源"
name_en = "supply with a network card"
[[devices]]
id = "ups-nut"
kind = "ups"
profile = "nut-ups"
link = "nut:127.0.0.1:{nut}"
access = "ups1"
name_zh = "NUT 电源"
name_en = "supply behind NUT"
[[devices]]
id = "ups-text"
kind = "ups"
profile = "ups-text-gengfu"
link = "line-tcp:127.0.0.1:{text}"
name_zh = "文本电源"
name_en = "supply asked in lines"
"""


class Hill(Rig):
    """A station with devices and without an air side."""

    def _make(self, villages):
        super()._make(villages)
        with (self.home / "station.toml").open("a", encoding="utf-8") as file:
            ports = {
                "far": self.base + 49,
                "snmp": self.base + 61,
                "nut": self.base + 62,
                "text": self.base + 63,
            }
            file.write(DEVICES.format(port=self.home / "tty-ups", **ports))

    def _children(self, spliceable):
        ups = (sys.executable, "-m", "station.cli", "sim", "ups")
        wired = (*ups, "--pty", str(self.home / "tty-ups"), "--unit", "3")
        far = (*ups, "--port", str(self.base + 49), "--framing", "rtu")
        write_secret(self.places.secrets / "hill.toml", b'version = "2c"\ncommunity = "hill"\n')
        sim = (sys.executable, "-m", "station.cli", "sim")
        named = {
            "sim-snmp": (*sim, "snmp", "--port", str(self.base + 61), "--community", "hill"),
            "sim-nut": (*sim, "nut", "--port", str(self.base + 62)),
            "sim-text": (*sim, "text", "--port", str(self.base + 63)),
        }
        return {**super()._children(spliceable), "sim-ups-wired": wired, "sim-ups-far": far, **named}

    def supply(self, name):
        return next(one for one in self.http("/power", by="gao") if one["head"]["id"] == name)

    def fault(self, *words, number=0):
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "station.cli",
                "sim",
                "fault",
                str(self.ports.device_faults(number)),
                *words,
            ],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
        return json.loads(done.stdout)

    def tx(self, by="gao"):
        return self.http("/transmitters", by=by)[0]

    def refused(self, name, body, by):
        with pytest.raises(HttpRefused) as why:
            self.command(name, body, by=by)
        return json.dumps(why.value.body, ensure_ascii=False)

    def off(self, reason="测试"):
        self.command("device.carrier", {"device": "tx", "on": False, "reason": reason}, by="qian")
        asked = self.wait(lambda: self.tx()["carrier"]["asked"], "the asking shows")
        self.command("device.carrierconfirm", {"device": "tx", "ask": asked["ask"]}, by="gao")


@pytest.fixture(scope="module")
def hill(tmp_path_factory):
    made = Hill(tmp_path_factory.mktemp("hill") / "station", spliceable=False)
    named = ("sim-snmp", "sim-nut", "sim-text")
    made.start("clock", "station", "panel", "sim-tx", "sim-ups", "sim-ups-wired", "sim-ups-far", *named)
    try:
        made.wait(lambda: on_the_air(made), "the transmitter is read", 40)
        yield made
    finally:
        made.stop()


def on_the_air(hill):
    return carrier(hill).get("reported") == "on"


def carrier(hill):
    """Nothing while the station is not back yet."""
    try:
        return hill.tx()["carrier"]
    except HttpRefused as refused:
        if refused.status != 503:
            raise
        return {}


def phase(hill, wanted):
    return hill.wait(lambda: carrier(hill).get("phase") == wanted, f"the order is {wanted}", 25)


def test_values_come_through_with_quality_and_age(hill):
    values = {one["id"]: one for one in hill.tx()["values"]}
    assert values["forward_power"]["quality"] == "good" and values["forward_power"]["age_ms"] < 3_000
    hill.wait(lambda: hill.http("/power", by="gao")[0]["sentence"]["en"] == "on mains", "on mains")


def test_supplies_on_a_serial_port_and_behind_a_serial_server_are_read_as_any_other(hill):
    for name, address in (
        ("ups-wired", f"rtu:{hill.home}/tty-ups:19200:8N1/3"),
        ("ups-far", f"rtu-tcp:127.0.0.1:{hill.base + 49}/1"),
    ):
        hill.wait(lambda name=name: hill.supply(name)["head"]["contact"] == "good", f"{name} is read", 15)
        found = hill.supply(name)
        assert found["head"]["address"] == address
        values = {one["id"]: one for one in found["values"]}
        assert (
            values["battery_charge"]["quality"] == "good"
            and values["battery_charge"]["text"]["en"] == "100.0 %"
        )


def test_supplies_asked_by_name_are_read_as_any_other(hill):
    for name, address in (
        ("ups-snmp", f"snmp:127.0.0.1:{hill.base + 61}"),
        ("ups-nut", f"nut:127.0.0.1:{hill.base + 62}/ups1"),
        ("ups-text", f"line-tcp:127.0.0.1:{hill.base + 63}"),
    ):
        hill.wait(lambda name=name: hill.supply(name)["sentence"]["en"] == "on mains", f"{name} is read", 15)
        found = hill.supply(name)
        assert found["head"]["address"] == address
        values = {one["id"]: one for one in found["values"]}
        assert values["battery_minutes"]["text"]["en"] == "60 min"
        assert values["battery_charge"]["quality"] == "good"
    hill.kill("sim-nut")
    hill.wait(lambda: hill.supply("ups-nut")["head"]["contact"] == "lost", "it is lost", 15)
    assert hill.supply("ups-snmp")["head"]["contact"] == "good"
    hill.start("sim-nut")


def test_a_serial_port_that_is_pulled_and_plugged_again_is_lost_and_found(hill):
    hill.kill("sim-ups-wired")
    hill.wait(lambda: hill.supply("ups-wired")["head"]["contact"] == "lost", "it is lost", 15)
    assert hill.supply("ups-far")["head"]["contact"] == "good"
    hill.start("sim-ups-wired")
    hill.wait(lambda: hill.supply("ups-wired")["head"]["contact"] == "good", "it is back", 15)


def test_two_take_it_down_and_one_brings_it_up_and_the_device_obeyed_once_each(hill):
    hill.off()
    phase(hill, "confirmed")
    hill.wait(lambda: hill.tx()["carrier"]["reported"] == "off", "it is off")
    hill.command("device.carrier", {"device": "tx", "on": True}, by="gao")
    hill.wait(lambda: hill.tx()["carrier"]["reported"] == "on", "it is on")
    phase(hill, "confirmed")
    assert hill.fault()["written"] == [[0, 0], [0, 1]]
    assert [one["by"] for one in hill.journal("carrier.ordered/1")] == [["qian", "gao"], ["gao"]]


def test_who_may_not_is_refused_in_words(hill):
    assert "forbidden" in hill.refused("device.carrier", {"device": "tx", "on": False, "reason": "x"}, "li")
    hill.fault("local")
    hill.wait(lambda: hill.tx()["local"], "local mode shows")
    assert "本地控制" in hill.refused("device.carrier", {"device": "tx", "on": False, "reason": "x"}, "qian")
    hill.fault("-local")
    hill.wait(lambda: not hill.tx()["local"], "remote again")


def test_a_station_killed_over_an_order_sends_it_no_second_time(hill):
    written = len(hill.fault()["written"])
    hill.fault("stuck")
    hill.off()
    phase(hill, "sent")
    hill.kill("station")
    hill.start("station")
    phase(hill, "unconfirmed")
    state = hill.fault("-stuck")
    assert len(state["written"]) == written + 1 and state["carrier"]
    assert len(hill.journal("carrier.sent/1")) == len(hill.journal("carrier.ordered/1"))
    hill.command("device.carrier", {"device": "tx", "on": True}, by="gao")
    phase(hill, "confirmed")


def test_a_simulator_killed_is_lost_and_found_again(hill):
    hill.kill("sim-tx")
    hill.wait(lambda: hill.tx()["head"]["contact"] == "lost", "it is lost", 10)
    assert hill.tx()["carrier"]["reported"] == "unknown"
    assert "does not answer" in hill.refused("device.carrier", {"device": "tx", "on": True}, "gao")
    hill.start("sim-tx")
    hill.wait(lambda: hill.tx()["head"]["contact"] == "good", "it is back", 10)


def test_while_an_alert_sounds_one_person_is_enough(hill):
    said = hill.source(
        "--kind", "ebd", "--areas", TOWN, "--event", "11A51", "--level", "1", "--text", "洪水警报,请立即转移。"
    )  # fmt: skip
    assert said["exit"] == 0
    hill.wait(lambda: hill.tx()["carrier"]["alone"], "the alert makes one person enough", 30)
    hill.command("device.carrier", {"device": "tx", "on": False}, by="zhao")
    phase(hill, "confirmed")
    last = hill.journal("carrier.ordered/1")[-1]
    assert (last["rule"], last["by"], last["on"]) == ("alert", ["zhao"], False) and last["cause"]
