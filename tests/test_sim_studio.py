"""The simulated devices of studio, clock and modem: what is wrong with how they are started, faults on the wire, and one as a real process behind a serial port."""

import importlib
import json
import signal
import socket
import subprocess
import sys

import pytest
from studio_kit import wired

from devices import sim_fault
from devices.sim_modbus import Faults
from devices.sim_studio import NAMES, Device, spoilt
from station.sim import SIMULATORS

NAMED = ("uecp", "modem", "nmea", "videohub", "amcp", "swp08", "vdcp", "sony9", "mqtt", "front", "tunan")


@pytest.mark.parametrize("name", NAMED)
def test_a_device_that_is_started_wrongly_says_so(name, capsys):
    main = importlib.import_module(SIMULATORS[name][0]).main
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main([]) == 2 and main(["--port", "0", "--pty", "x"]) == 2
        assert main(["--port", "0", "--faults", "late=1,fire"]) == 2
        assert main(["--port", port]) == 1
    said = capsys.readouterr().err.splitlines()
    for none in ("65536", "-1"):
        with pytest.raises(SystemExit) as ended:
            main(["--port", none])
        assert ended.value.code == 2 and "参数 --port" in capsys.readouterr().err.splitlines()[-1]
    assert len(said) == 4 and "fire" in said[2] and port in said[3] and all("·" in line for line in said)


def struck(name, value=0, data=b"abcdef"):
    faults = Faults(3)
    faults.on[name] = value
    return spoilt(faults, data)


def test_each_fault_on_the_wire_does_what_it_says():
    assert spoilt(Faults(), b"abc") == [(0.0, b"abc")]
    assert (
        struck("dead") == []
        and struck("slow") == [(0.4, b"abcdef")]
        and struck("slow", 70) == [(0.07, b"abcdef")]
    )
    assert struck("late") == [(1.5, b"abcdef")] and struck("late", 900) == [(0.9, b"abcdef")]
    assert struck("twice") == [(0.0, b"abcdef")] * 2
    assert [piece for _, piece in struck("pieces")] == [b"a", b"b", b"c", b"d", b"e", b"f"]
    ((_, cut),), ((_, noisy),), ((_, wrong),) = struck("cut"), struck("noise"), struck("garbage")
    assert b"abcdef".startswith(cut) and len(cut) < 6
    assert noisy.endswith(b"abcdef") and 7 <= len(noisy) <= 10
    assert len(wrong) == 6 and wrong != b"abcdef"
    assert struck("unit") == [(0.0, b"abcdef")]  # the device's own affair
    assert set(NAMES) >= {"dead", "slow", "late", "twice", "pieces", "cut", "noise", "garbage"}


def test_a_device_has_nothing_of_a_plant():
    device = Device()
    assert (device.bits(1), device.registers(3), device.write(0, 0), device.tick(), device.told()) == (
        {},
        {},
        2,
        [],
        {},
    )
    assert device.count("x") and device.requests == 1
    device.faults["stuck"] = 0
    assert not device.count("y") and device.written == ["x", "y"]
    with pytest.raises(NotImplementedError):
        device.session()


@pytest.mark.slow
def test_a_deck_is_a_process_behind_a_serial_port_and_is_told_its_faults(tmp_path, capsys):
    port = tmp_path / "deck"
    process = subprocess.Popen(
        [sys.executable, "-m", "station.cli", "sim", "sony9", "--pty", str(port), "--control", "0"],
        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        control = process.stdout.readline().split()[-1]
        assert process.stdout.readline().strip() == f"listening on port {port}"
        code, lines = wired(capsys, "sony9", "play", "--read-back", "--link", f"serial:{port}")
        assert code == 0 and lines[-1]["states"] == ["playing"]
        assert sim_fault.main([control, "checksum"]) == 0
        code, lines = wired(capsys, "sony9", "status", "--link", f"serial:{port}")
        assert code == 1 and lines[-1]["error"] == "garbled"
        assert sim_fault.main([control, "clear"]) == 0 and sim_fault.main([control, "fire"]) == 2
        assert sim_fault.main([control]) == 0
        assert json.loads(capsys.readouterr().out.splitlines()[-1])["motion"] == [1, 0]
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        process.stdout.close()
