"""What the doctor says of serial ports, and what it sees of them."""

import os

import pytest

from station import examine_lines
from station.settings import DeviceSection, Networks, Settings, StationSection
from station.symptoms import device_nets
from station.symptoms_lines import SerialPort, serial_ports

STATION = StationSection(id="s", name_zh="台", name_en="S", area="340422000000", areas="areas.csv")


def settings(*links, **nets):
    devices = [
        DeviceSection(id=f"d{k}", kind="ups", profile="p", link=link, name_zh="机", name_en="d")
        for k, link in enumerate(links)
    ]
    return Settings(station=STATION, channels=[], networks=Networks(**nets), devices=devices)


@pytest.mark.parametrize(
    ("port", "grade", "said"),
    [
        (SerialPort(path="/dev/a", state="absent"), "bad", "/dev/a is not there"),
        (SerialPort(path="/dev/a", state="no port"), "bad", "is no serial port"),
        (SerialPort(path="/dev/a", state="no rights", group="dialout"), "bad", "group dialout"),
        (SerialPort(path="/dev/ttyUSB0", state="ready", ours="/dev/serial/by-id/x"), "warn", "by-id/x"),
        (SerialPort(path="/dev/a", state="ready"), "ok", "may be used"),
    ],
)
def test_each_trouble_of_a_port_is_named_with_what_to_do(port, grade, said):
    (found,) = serial_ports([port])
    assert found.grade == grade and said in found.text.en and port.path in found.text.zh


def test_ports_are_looked_at_once_and_only_serial_ones(tmp_path):
    master, slave = os.openpty()
    name = os.ttyname(slave)
    (tmp_path / "file").touch()
    links = [f"rtu:{name}:9600:8N1", f"rtu:{name}:9600:8N1", "tcp:10.0.0.1:502", "", "rtu:nonsense",
             f"rtu:{tmp_path}/file:9600:8N1", f"rtu:{tmp_path}/none:9600:8N1"]  # fmt: skip
    found = {one.path: one.state for one in examine_lines.serial_ports(settings(*links))}
    assert found == {name: "ready", f"{tmp_path}/file": "no port", f"{tmp_path}/none": "absent"}
    os.close(slave)
    os.close(master)


def test_a_port_that_may_not_be_used_is_told_with_its_group(monkeypatch):
    master, slave = os.openpty()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    (found,) = examine_lines.serial_ports(settings(f"rtu:{os.ttyname(slave)}:9600:8N1"))
    assert found.state == "no rights" and found.group
    os.close(slave)
    os.close(master)


def test_a_port_called_by_a_number_has_a_lasting_name(tmp_path):
    master, slave = os.openpty()
    by_id, port = tmp_path / "by-id", tmp_path / "ttyUSB0"
    port.symlink_to(os.ttyname(slave))
    link = f"rtu:{port}:9600:8N1"
    assert examine_lines.serial_ports(settings(link), by_id)[0].ours == ""
    by_id.mkdir()
    (by_id / "another").symlink_to("/dev/null")
    (by_id / "usb-x").symlink_to(port)
    assert examine_lines.serial_ports(settings(link), by_id)[0].ours == str(by_id / "usb-x")
    os.close(slave)
    os.close(master)


def test_a_serial_port_is_in_no_net_and_a_serial_server_is():
    office = "192.168.1.5/24"
    assert device_nets(settings("rtu:/dev/ttyS0:9600:8N1", office=office)).grade == "ok"
    near = device_nets(settings("rtu-tcp:192.168.1.9:4001", office=office))
    assert near.grade == "bad" and "192.168.1.9" in near.text.en
