"""Simulated transmitters and power supplies: they behave as devices do, answer as the protocol says, and fail on command."""

import json
import signal
import socket
import struct
import subprocess
import sys
import time

import pytest

from devices import sim_plant, sim_transmitter, sim_ups
from devices.sim_modbus import WIRE_FAULTS, Faults, Unit
from devices.sim_plant import Living, obey, tell
from devices.sim_transmitter import Transmitter
from devices.sim_ups import Ups
from station import sim


def lived(model, seconds, **faults):
    model.faults |= faults
    model.advance(seconds)
    return model


# -- physics ---------------------------------------------------------------------------------------


def test_a_transmitter_gives_its_nominal_power_and_little_comes_back():
    tx = lived(Transmitter(nominal=1000.0), 60)
    assert tx.forward == pytest.approx(1000) and tx.forward * tx.gamma < 2


def test_it_comes_up_in_seconds_and_goes_down_at_once():
    tx = Transmitter(on=False)
    assert tx.write(0, 1) == 0
    assert 300 < lived(tx, 1).forward < 400
    assert lived(tx, 3).forward == pytest.approx(1000)
    tx.write(0, 0)
    assert lived(tx, 0.3).forward == 0


def test_ice_on_the_antenna_reflects_and_folds_the_power_back_no_further_than_it_must():
    tx = lived(Transmitter(), 30, antenna=0)
    assert tx.vswr == pytest.approx(1.8) and 75 < tx.forward * tx.gamma < 90 and not tx.folded
    worse = lived(Transmitter(), 0.8, feeder=0)
    assert worse.folded and worse.forward * worse.gamma <= 100.5


def test_a_broken_feeder_trips_it_until_it_is_told_to_come_up_again():
    tx = lived(Transmitter(), 5, feeder=0)
    assert tx.tripped and tx.forward == 0 and tx.bits(2)[4] == 1
    tx.faults.clear()
    assert lived(tx, 30).forward == 0
    tx.write(0, 1)
    assert lived(tx, 5).forward == pytest.approx(1000)


def test_without_fans_it_grows_hot_and_trips_at_last():
    tx = lived(Transmitter(), 30, cooling=0)
    assert tx.heat > 65
    hot = Transmitter()
    hot.heat = 96.0
    assert lived(hot, 0.1).tripped


@pytest.mark.parametrize(
    ("fault", "bit"), [("local", 1), ("interlock", 2), ("exciter", 3), ("pa", 4), ("cooling", 5)]
)
def test_a_fault_shows_in_its_bit(fault, bit):
    assert lived(Transmitter(), 1, **{fault: 0}).bits(2)[bit] == 1
    assert Transmitter().bits(2)[bit] == 0


def test_half_an_amplifier_gives_about_a_quarter():
    assert lived(Transmitter(), 10, pa=0).forward == pytest.approx(300)


@pytest.mark.parametrize("fault", ["exciter", "interlock", "off"])
def test_without_drive_or_with_an_open_door_there_is_no_carrier(fault):
    tx = lived(Transmitter(), 2, **{fault: 0})
    assert tx.forward == 0 and tx.bits(2)[0] == 0


def test_in_local_it_refuses_and_stuck_it_pretends():
    tx = lived(Transmitter(), 1, local=0)
    assert tx.write(0, 0) == 4 and tx.coil == 1
    tx.faults = {"stuck": 0}
    assert tx.write(0, 0) == 0 and tx.coil == 1
    assert tx.write(1, 0) == 2


def test_its_registers_hold_what_it_does():
    tx = lived(Transmitter(mhz=98.5), 60)
    held = tx.registers(4)
    assert 9_900 < (held[10] << 16 | held[11]) < 10_100
    assert held[20] | held[21] << 16 == 98_500
    assert all(0 <= value <= 0xFFFF for value in held.values())
    assert tx.registers(3) == {}


def test_a_battery_drains_without_mains_and_fills_with_them():
    ups = lived(Ups(minutes=60), 600, mains=0)
    assert ups.on_battery and 0.82 < ups.charge < 0.85
    assert ups.registers(4)[10] == 0 and ups.registers(4)[15] == 50
    del ups.faults["mains"]
    assert lived(ups, 3600).charge == 1.0
    old = lived(Ups(minutes=60), 600, mains=0, battery=0)
    assert old.charge < 0.2
    assert lived(old, 600).registers(4)[12] == 0  # and then it is dark


def test_a_power_supply_shows_its_faults_and_obeys_nobody():
    ups = lived(Ups(), 60, overload=0, hot=0, sag=0, charge=40)
    assert ups.bits(2) == {0: 1, 1: 0, 2: 1, 3: 1} and ups.registers(4)[17] > 400
    assert ups.charge < 0.4 and 1_600 < ups.registers(4)[10] < 1_800
    assert ups.write(0, 1) == 2 and ups.bits(1) == {} and ups.registers(3) == {}


def test_time_passes_only_when_it_is_asked_and_never_without_end():
    clock = [0.0]
    ups = Ups(minutes=60)
    ups.faults["mains"] = 0
    living = Living(ups, lambda: clock[0], speed=2.0)
    clock[0] = 30.0
    assert living.live().charge == pytest.approx(1 - 1 / 60)
    clock[0] += 1e6
    assert living.live().charge == pytest.approx(1 - 3 / 60)


# -- the wire --------------------------------------------------------------------------------------


def unit(faults=None):
    return Unit(7, Transmitter(), faults or Faults())


@pytest.mark.parametrize(
    ("pdu", "answer"),
    [
        ("0200000003", "020101"),
        ("0100000001", "010101"),
        ("0400000003", "0406474654580001"),
        ("0300000001", "8302"),
        ("0400180001", "8402"),
        ("0200070001", "8202"),
        ("0400000000", "8403"),
        ("040000007e", "8403"),
        ("02000007d1", "8203"),
        ("0400", "8403"),
        ("0500000000", "0500000000"),
        ("0500000001", "8503"),
        ("05000100ff", "8503"),
        ("050001ff00", "8502"),
        ("05", "8503"),
        ("06000000ff", "8601"),
    ],
)
def test_it_answers_as_the_protocol_says(pdu, answer):
    assert unit().answer(7, bytes.fromhex(pdu)).hex() == answer


def test_what_is_frozen_says_what_it_said_first_and_thaws():
    model, faults = Transmitter(), Faults()
    one, told = Unit(7, model, faults), []
    for on, frozen in ((1, False), (1, True), (0, True), (0, False)):
        model.write(0, on)
        faults.on = {"frozen": 0} if frozen else {}
        told.append(one.answer(7, bytes.fromhex("0100000001")).hex())
    assert told == ["010101", "010101", "010101", "010100"]


def test_it_is_silent_for_others():
    assert unit().answer(8, b"\4\0\0\0\1") is None and unit().answer(7, b"") is None


def test_faults_are_told_in_words_and_what_nobody_knows_is_said():
    model, faults = Transmitter(), Faults()
    doctor = sim_transmitter.DOCTOR
    assert obey("antenna, slow=300 share=30", model, faults, doctor) == ""
    assert (model.faults, faults.on, faults.share) == ({"antenna": 0}, {"slow": 300}, 30)
    assert obey("-antenna slow=off", model, faults, doctor) == ""
    assert (model.faults, faults.on) == ({}, {})
    assert obey("flood slow=fast late", model, faults, doctor) == "flood slow=fast"
    assert faults.on == {"late": 0}
    assert obey("clear", model, faults, doctor) == "" and faults.on == {}


def test_a_fault_strikes_as_often_as_it_is_told():
    faults = Faults(3)
    faults.on["late"], faults.share = 0, 30
    struck = sum(faults.strikes("late") for _ in range(2000))
    assert 540 < struck < 660 and not faults.strikes("dead")


@pytest.mark.parametrize("name", ["transmitter", "ups"])
def test_the_help_names_every_fault_in_both_languages(name, capsys):
    with pytest.raises(SystemExit) as left:
        sim.main([name, "--help"])
    assert left.value.code == 0
    told = capsys.readouterr().out
    own = sim_transmitter.DOCTOR if name == "transmitter" else sim_ups.DOCTOR
    for key, (en, zh) in {**own, **WIRE_FAULTS}.items():
        assert key in told and en in told and zh in told


def test_a_simulator_is_asked_how_it_is_by_its_port_alone(capsys):
    with pytest.raises(SystemExit):
        tell([])
    said = capsys.readouterr().err
    assert "port" in said.splitlines()[-1] and "faults" not in said.splitlines()[-1]
    assert tell(["1"]) == 1 and "no simulator listens on port 1" in capsys.readouterr().err


def test_a_fault_from_the_start_that_nobody_knows_is_wrong_use(capsys):
    assert sim.main(["ups", "--port", "0", "--faults", "flood"]) == 2
    assert "flood" in capsys.readouterr().err


def test_a_port_in_use_and_a_simulator_that_is_not_there_are_told(capsys):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        assert sim.main(["ups", "--port", str(held.getsockname()[1])]) == 1
        port = held.getsockname()[1]
    assert "端口" in capsys.readouterr().err
    assert sim.main(["fault", str(port)]) == 1
    assert "no simulator" in capsys.readouterr().err


# -- as a process ----------------------------------------------------------------------------------


class Running:
    """A simulator as a process of its own."""

    def __init__(self, *words, stdin=subprocess.DEVNULL):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "station.cli", "sim", *words, "--port", "0", "--control", "0"],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.control = int(self.process.stdout.readline().split()[-1])
        self.port = int(self.process.stdout.readline().split()[-1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(10) == 0
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def http(self, head, body=b""):
        with socket.create_connection(("127.0.0.1", self.control), 5) as link:
            link.sendall(head.encode() + b"\r\n\r\n" + body)
            said = b""
            while chunk := link.recv(4096):
                said += chunk
        status, _, rest = said.partition(b"\r\n")
        return status.decode(), json.loads(rest.partition(b"\r\n\r\n")[2])

    def ask(self, number, pdu):
        with socket.create_connection(("127.0.0.1", self.port), 5) as link:
            link.sendall(struct.pack(">HHHB", number, 0, len(pdu) + 1, 1) + pdu)
            return link.recv(300)


def test_it_runs_is_asked_told_and_stopped(capsys):
    with Running("transmitter", stdin=subprocess.PIPE) as tx:
        assert tx.ask(5, b"\4\0\0\0\3") == bytes.fromhex("000500000009010406474654580001")
        assert sim.main(["fault", str(tx.control)]) == 0
        assert json.loads(capsys.readouterr().out)["carrier"] is True
        assert sim.main(["fault", str(tx.control), "exciter", "tid"]) == 0
        assert json.loads(capsys.readouterr().out)["faults"] == ["exciter", "tid"]
        assert tx.ask(5, b"\2\0\0\0\1") == bytes.fromhex("00060000000401020100")
        assert sim.main(["fault", str(tx.control), "-exciter", "-tid"]) == 0
        assert json.loads(capsys.readouterr().out)["faults"] == []
        assert sim.main(["fault", str(tx.control), "flood"]) == 2
        tx.process.stdin.write(b"local\n")
        tx.process.stdin.flush()
        assert b"done" in tx.process.stdout.readline()
        assert tx.ask(6, b"\5\0\0\0\0") == bytes.fromhex("000600000003018504")
        tx.process.stdin.write(b"nonsense\n")
        tx.process.stdin.flush()
        assert b"no such fault: nonsense" in tx.process.stdout.readline()
        tx.process.stdin.close()
        time.sleep(0.05)
        assert tx.http("GET / HTTP/1.1\r\nHost: x")[1]["written"] == []


def test_its_door_survives_rubbish():
    with Running("ups") as ups:
        assert ups.http("POST / HTTP/1.1\r\nContent-Length: 5", b"mains")[1]["on_battery"] is True
        assert ups.http("POST / HTTP/1.1\r\nContent-Length: 99999")[0].endswith("400 Bad Request")
        assert ups.http("POST / HTTP/1.1\r\nContent-Length: many")[0].endswith("400 Bad Request")
        assert ups.http("G" * 9000)[0].endswith("400 Bad Request")
        with socket.create_connection(("127.0.0.1", ups.port), 5) as link:
            link.sendall(b"GET / HTTP/1.1\r\n\r\n")
            try:
                said = link.recv(10)
            except ConnectionResetError:
                said = b""
        assert said == b""
        assert ups.ask(1, b"\4\0\0\0\1")


@pytest.mark.peer
def test_mbpoll_reads_and_keys_the_simulated_transmitter():
    def mbpoll(*words):
        return subprocess.run(
            ["mbpoll", "-m", "tcp", "-p", str(tx.port), "-a", "1", "-0", "-1", *words],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        ).stdout

    with Running("transmitter", "--mhz", "98.5") as tx:
        said = mbpoll("-t", "3", "-r", "0", "-c", "3", "127.0.0.1")
        assert [line.split()[-1] for line in said.splitlines() if line.startswith("[")] == [
            "18246",
            "21592",
            "1",
        ]
        assert "[1]: \t0" in mbpoll("-t", "1", "-r", "0", "-c", "7", "127.0.0.1")
        assert "Written 1 references." in mbpoll("-t", "0", "-r", "0", "127.0.0.1", "0")
        time.sleep(0.3)
        assert tx.http("GET / HTTP/1.1")[1]["forward_w"] == 0
        said = mbpoll("-t", "3:int", "-r", "10", "-c", "1", "-B", "127.0.0.1")
        assert "[10]: \t0" in said


def test_options_are_shared_and_named():
    made = sim_plant.parser("x", "text", {})
    assert made.parse_args(["--port", "5", "--unit", "9"]).unit == 9
