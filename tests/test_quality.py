"""quality.toml says of every wire how far it is, and says nothing that is not so."""

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WIRES = tomllib.loads((ROOT / "quality.toml").read_text(encoding="utf-8"))["wire"]
WANTED = {
    "0xFEFD terminals", "0x49/0x50 front ends", "'&' and '%' vendor frames", "MQTT", "Modbus/TCP", "Modbus RTU",
    "Modbus RTU over TCP", "register maps", "SNMP", "NUT", "ASCII line", "UECP", "VDCP", "Sony 9-pin", "SW-P-08",
    "Videohub", "AMCP", "NMEA time", "AT/SMS modem",
}  # fmt: skip
KEYS = {"name", "state", "code", "simulator", "faults", "page", "tests", "peers", "missing"}
FAULTS = {"late", "truncated", "wrong_unit", "exception", "silence", "garbage", "reboot", "stuck"}
BASES = (
    "devices/sim_studio.py",
    "devices/sim_modbus.py",
    "devices/sim_terminal.py",
)  # simulators stand on them
CODECS = {
    "modbus", "modbus_rtu", "points", "nut", "ascii_line", "fefd", "fefd_bodies", "turns", "uecp", "uecp_elements", "rds_text",
    "front", "front_codes", "front_orders", "front_order_codec", "front_reports", "front_wire", "tunan", "sms", "gsm7", "at_modem", "nmea", "videohub", "amcp", "timecode", "swp08", "vdcp", "sony9", "mqtt", "mqtt_messages", "mqtt_wire", "fefd_wire", "fefd_orders", "fefd_reports", "fefd_verbs", "line_face", "tunan_face",
}  # fmt: skip


def imported(path):
    words = [
        line.split()
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith(("from", "import"))
    ]
    return {word.strip(",") for line in words for part in line for word in (part, part.rpartition(".")[2])}


def test_every_wire_that_is_wanted_stands_there_once():
    names = [wire["name"] for wire in WIRES]
    assert len(set(names)) == len(names) and set(names) >= WANTED


@pytest.mark.parametrize("wire", WIRES, ids=[wire["name"] for wire in WIRES])
def test_what_is_said_of_a_wire_is_so(wire):
    assert set(wire) <= KEYS and wire["state"] in ("done", "todo", "exempt")
    assert wire["state"] == "done" or wire["missing"]
    page = [wire["page"]] if "page" in wire else []
    files = [*wire.get("code", ()), *wire.get("simulator", ()), *wire.get("tests", ()), *page]
    assert [name for name in files if not (ROOT / name).is_file()] == []
    if wire["state"] == "done":
        assert all(wire.get(key) for key in ("code", "simulator", "page", "tests"))


@pytest.mark.parametrize("wire", WIRES, ids=[wire["name"] for wire in WIRES])
def test_a_simulator_shares_no_codec_with_the_product(wire):
    for name in wire.get("simulator", ()):
        assert not imported(ROOT / name) & CODECS, name


@pytest.mark.parametrize(
    "wire", [wire for wire in WIRES if "simulator" in wire], ids=lambda wire: wire["name"]
)
def test_a_simulator_has_every_fault_or_says_why_not(wire):
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in (*wire["simulator"], *BASES)]
    assert set(wire["faults"]) == FAULTS
    for fault, name in wire["faults"].items():
        said = name.startswith("none: ") or any(f'"{name}"' in text for text in texts)
        assert said, f"{fault} as {name}"
