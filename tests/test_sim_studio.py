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
from devices.sim_front import FrontEnd
from devices.sim_modbus import Faults
from devices.sim_plant import Door, Living, obey
from devices.sim_studio import ON_EVERY_WIRE, Device, Line, spoilt
from devices.sim_swp08 import DOCTOR, Router
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
    assert set(ON_EVERY_WIRE) == {"dead", "slow", "late", "twice", "pieces", "cut", "noise", "garbage"}


class Loop:
    """The time of an event loop, and what is to be done when."""

    def __init__(self):
        self.now, self.due = 100.0, []

    def time(self):
        return self.now

    def call_at(self, at, what, *args):
        self.due.append((at, what, args))

    def run(self):
        for at, what, args in sorted(self.due, key=lambda one: one[0]):
            self.now = at
            what(*args)
        self.due.clear()


class Ends:
    """Where a device writes."""

    def __init__(self):
        self.written = b""

    def is_closing(self):
        return False

    def write(self, data):
        self.written += data


def line_of(*faults):
    loop, ends, device = Loop(), Ends(), Router()
    device.wire.on = dict.fromkeys(faults, 0)
    line = Line(device, loop)
    line.connection_made(ends)
    return loop, ends, device, line


@pytest.mark.parametrize("faults", [("pieces",), ("pieces", "slow"), ("twice",), ("pieces", "twice"), ()])
def test_two_answers_never_mix_on_a_line(faults):
    said = []
    for now in ((), faults):
        loop, ends, _, line = line_of(*now)
        for _ in range(2):  # an ACK and an answer each
            line.data_received(bytes.fromhex("10 02 01 00 00 05 05 F5 10 03"))
        loop.run()
        said.append(ends.written)
    whole, found = said
    ack, answer = whole[:2], whole[2 : len(whole) // 2]
    assert (
        whole == (ack + answer) * 2
        and found == (2 * ack + 2 * answer if faults == ("twice",) else ack + answer) * 2
    )


def test_clear_takes_all_away_and_the_state_tells_how_often_faults_strike():
    _, _, device, _ = line_of()
    door = Door(Living(device, lambda: 0.0), device, device.wire, DOCTOR)
    assert door.told("late share=30") == "" and (door.state()["faults"], door.state()["share"]) == (
        ["late"],
        30,
    )
    assert door.told("clear") == "" and (door.state()["faults"], door.state()["share"]) == ([], 100)


def test_a_fault_that_changes_nothing_here_is_none():
    front, router = FrontEnd("43404220000000314010301"), Router()
    for name in ("unit", "echo", "crc", "tid"):
        assert obey(name, front, front.wire, {}) == name
    assert obey("exception pieces", front, front.wire, {}) == "" == obey("unit echo", router, router.wire, {})


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
        assert process.stdout.readline().strip() == f"listening on serial port {port}"
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
