"""[[devices]] in the settings: what holds, what does not, and what is made of them."""

from pathlib import Path

import pytest

from station import plant_pieces, symptoms_lines
from station.device_rules import MOST
from station.settings import Ports
from station.settings_file import SettingsWrong, load

HEAD = """
[station]
id = "s"
name_zh = "台"
name_en = "S"
area = "340422000000"
areas = "areas.csv"
[[channels]]
id = "fm1"
chain = "radio"
name_zh = "调频"
name_en = "FM"
area = "340422000000"
rundowns = "r"
"""
DEVICE = """
[[devices]]
id = "tx"
kind = "transmitter"
profile = "transmitter-gengfu"
host = "10.0.0.7"
port = 502
channel = "fm1"
name_zh = "主机"
name_en = "main"
"""


def settings(tmp_path: Path, text: str):
    (tmp_path / "areas.csv").write_text("code,name,level\n", encoding="utf-8")
    path = tmp_path / "station.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def test_a_device_holds_and_becomes_one_with_its_profile(tmp_path):
    found = load(settings(tmp_path, DEVICE))
    (made,) = plant_pieces.devices(found, Ports(9000), tmp_path)
    assert (made.id, made.host, made.port, made.unit, made.profile.kind) == (
        "tx",
        "10.0.0.7",
        502,
        1,
        "transmitter",
    )
    known = plant_pieces.policy(found, [made]).devices["tx"]
    assert (known.transmitter, known.area, known.settle) == (True, "340422000000", 20_000_000)


def test_without_a_port_it_is_the_demos_simulator(tmp_path):
    found = load(
        settings(tmp_path, DEVICE + DEVICE.replace('"tx"', '"t2"').replace("port = 502", "port = 0"))
    )
    made = plant_pieces.devices(found, Ports(9000), tmp_path)
    assert [one.port for one in made] == [502, 9042]
    assert Ports(9000).device_faults(1) == 9043


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('id = "tx"', 'id = "t x"', "devices[0].id is 't x'"),
        ('"10.0.0.7"', '"ten one"', "devices[0].host is 'ten one'"),
        ("port = 502", "port = 70000", "devices[0].port is 70000"),
        ("port = 502", "port = 65536", "devices[0].port is 65536"),
        ("port = 502", "port = 502\nunit = 256", "devices[0].unit is 256"),
        ("port = 502", "port = 502\nunit = -1", "devices[0].unit is -1"),
        ('channel = "fm1"', 'channel = "fm9"', "there is no such channel"),
        ('"transmitter"', '"toaster"', "must be one of transmitter, ups"),
    ],
)
def test_what_does_not_hold_is_told_in_a_sentence(tmp_path, before, after, said):
    with pytest.raises(SettingsWrong) as wrong:
        load(settings(tmp_path, DEVICE.replace(before, after, 1)))
    assert said in wrong.value.text.en and wrong.value.text.zh


@pytest.mark.parametrize("place", ["port = 65535\nunit = 0", "port = 1\nunit = 255"])
def test_the_last_ports_and_units_may_be_used(tmp_path, place):
    (device,) = load(settings(tmp_path, DEVICE.replace("port = 502", place))).devices
    assert f"port = {device.port}\nunit = {device.unit}" == place


def test_two_devices_share_neither_name_nor_place(tmp_path):
    with pytest.raises(SettingsWrong) as wrong:
        load(settings(tmp_path, DEVICE + DEVICE))
    assert "a second time" in wrong.value.text.en and "which tx has on the same line" in wrong.value.text.en


def test_there_are_no_more_devices_than_ports_for_their_simulators(tmp_path):
    many = "".join(
        DEVICE.replace('"tx"', f'"t{k}"').replace("port = 502", f"port = {1000 + k}") for k in range(MOST + 1)
    )
    with pytest.raises(SettingsWrong, match="more than 30"):
        load(settings(tmp_path, many))


def test_an_own_profile_must_be_there_when_files_are_looked_at(tmp_path):
    path = settings(tmp_path, DEVICE.replace("transmitter-gengfu", "own.toml"))
    (tmp_path / "r").mkdir()
    load(path)
    with pytest.raises(SettingsWrong, match=r"own.toml"):
        load(path, files=True)
    (tmp_path / "own.toml").write_text("[", encoding="utf-8")
    load(path, files=True)
    assert plant_pieces.devices(load(path), Ports(9000), tmp_path) == ()  # it is left out, the station starts


def test_a_profile_of_another_kind_is_left_out(tmp_path):
    found = load(settings(tmp_path, DEVICE.replace('kind = "transmitter"', 'kind = "ups"')))
    assert plant_pieces.devices(found, Ports(9000), tmp_path) == ()


def test_a_transmitter_without_a_channel_serves_no_area(tmp_path):
    found = load(settings(tmp_path, DEVICE.replace('channel = "fm1"\n', "")))
    made = plant_pieces.devices(found, Ports(9000), tmp_path)
    assert plant_pieces.policy(found, made).devices["tx"].area == ""


# -- lines that are no host and port ------------------------------------------------------------------

PLACE = 'host = "10.0.0.7"\nport = 502'
SERIAL = DEVICE.replace(PLACE, 'link = "rtu:/dev/serial/by-id/usb-x:9600:8N1"')


def test_a_device_may_be_on_a_serial_line_or_behind_a_serial_server(tmp_path):
    text = SERIAL + DEVICE.replace('"tx"', '"t2"').replace(PLACE, 'link = "rtu-tcp:10.0.0.8:4001"')
    made = plant_pieces.devices(load(settings(tmp_path, text)), Ports(9000), tmp_path)
    assert [str(one.line) for one in made] == [
        "rtu:/dev/serial/by-id/usb-x:9600:8N1",
        "rtu-tcp:10.0.0.8:4001",
    ]


def test_a_line_of_tcp_is_the_same_as_its_host_and_port(tmp_path):
    text = DEVICE + DEVICE.replace('"tx"', '"t2"').replace(PLACE, 'link = "tcp:10.0.0.7:502"')
    with pytest.raises(SettingsWrong, match="which tx has on the same line"):
        load(settings(tmp_path, text))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("rtu:/dev", "com:/dev", "devices[0].link is wrong: 'com:/dev"),
        (":9600:", ":9601:", "no port has 9601 Bd"),
        ('channel = "fm1"', 'channel = "fm1"\nport = 502', "beside host or port"),
        ('channel = "fm1"', 'channel = "fm1"\nunit = 0', "devices[0].unit is 0 but must be from 1 to 247"),
        ('channel = "fm1"', 'channel = "fm1"\nunit = 248', "devices[0].unit is 248"),
    ],
)
def test_what_does_not_hold_of_a_line_is_told(tmp_path, before, after, said):
    with pytest.raises(SettingsWrong) as wrong:
        load(settings(tmp_path, SERIAL.replace(before, after, 1)))
    assert said in wrong.value.text.en and wrong.value.text.zh


def test_devices_on_one_port_open_it_in_one_way_and_are_different_units(tmp_path):
    second = SERIAL.replace('"tx"', '"t2"')
    load(settings(tmp_path, SERIAL + second.replace('channel = "fm1"', "unit = 2")))
    with pytest.raises(SettingsWrong, match="which tx has on the same line"):
        load(settings(tmp_path, SERIAL + second))
    with pytest.raises(SettingsWrong, match="in another way"):
        load(settings(tmp_path, SERIAL + second.replace("9600", "19200")))


SUPPLY = """
[[devices]]
id = "ID"
kind = "ups"
profile = "PROFILE"
link = "LINK"
access = "ACCESS"
name_zh = "电源"
name_en = "supply"
"""


def supply(name, profile, link, access):
    return (
        SUPPLY.replace("ID", name).replace("PROFILE", profile).replace("LINK", link).replace("ACCESS", access)
    )


def test_devices_asked_by_name_are_made_with_what_their_line_needs(tmp_path):
    (tmp_path / "hill.toml").write_text('version = "2c"\ncommunity = "word"\n')
    (tmp_path / "hill.toml").chmod(0o600)
    text = (
        supply("a", "ups-rfc1628", "snmp:10.0.0.5:161", "hill.toml")
        + supply("b", "nut-ups", "nut:10.0.0.6:3493", "ups1")
        + supply("c", "nut-ups", "nut:10.0.0.6:3493", "ups2")
        + supply("d", "ups-text-gengfu", "line-tcp:10.0.0.7:4001", "")
    )
    found = load(settings(tmp_path, text))
    made = plant_pieces.devices(found, Ports(9000), tmp_path, tmp_path)
    assert [one.address for one in made] == [
        "snmp:10.0.0.5:161", "nut:10.0.0.6:3493/ups1", "nut:10.0.0.6:3493/ups2", "line-tcp:10.0.0.7:4001",
    ]  # fmt: skip
    assert made[0].access.name == "word" and found.devices[3].reached == "10.0.0.7"
    gone = tmp_path / "no"
    assert [one.id for one in plant_pieces.devices(found, Ports(9000), tmp_path, gone)] == ["b", "c", "d"]
    (finding,) = symptoms_lines.left_out(plant_pieces.left_out(found, Ports(9000), tmp_path, gone))
    assert finding.grade == "bad" and finding.text.zh
    assert "a is not asked: SNMP access hill.toml cannot be read" in finding.text.en
    assert plant_pieces.left_out(found, Ports(9000), tmp_path, tmp_path) == ()


def test_a_profile_of_another_protocol_is_left_out(tmp_path):
    found = load(settings(tmp_path, supply("b", "ups-gengfu", "nut:10.0.0.6:3493", "ups1")))
    assert plant_pieces.devices(found, Ports(9000), tmp_path) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (supply("a", "nut-ups", "nut:10.0.0.6:3493", "u") + supply("b", "nut-ups", "nut:10.0.0.6:3493", "u"), "devices[1].access"),
        (supply("a", "p", "snmp:10.0.0.6:161", "u") + supply("b", "p", "snmp:10.0.0.6:161", "v"), "devices[1].access"),
        (DEVICE + 'access = "x"', "devices[0].access"),
        (supply("a", "p", "line:/dev/ttyS0:9600:8N1", "") + supply("b", "p", "rtu:/dev/ttyS0:9600:8N1", ""), "devices[1].link"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_by_name_is_refused(tmp_path, text, said):
    with pytest.raises(SettingsWrong) as refused:
        load(settings(tmp_path, text))
    assert said in refused.value.text.en and said in refused.value.text.zh
