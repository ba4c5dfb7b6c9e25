"""`gengfu modbus`: one JSON line an answer, exit codes, and foreign peers on both ends of the wire."""

import json
import os
import select
import subprocess
import sys
import threading
import tty
from pathlib import Path

import pytest
from test_serial_lines import SerialNet

from devices.modbus import Read, WriteRegister
from devices.modbus_tool import Asking, blocks_of, main
from devices.plant_profile import load, parse
from devices.sim_modbus import Faults, Unit
from devices.sim_registers import Bank
from station.links import GatewayLink

HERE = Path(__file__).parent

# -- on a clock of the test's own --------------------------------------------------------------------


def asking(asks, *, every=True, fault="", capsys, units=(1,), timeout=0.2, profile=None):
    """(exit code, JSON lines, seconds it took) of questions to simulated units behind a serial server."""
    net, faults, ended = SerialNet(), Faults(), []
    net.listen("moxa", 4001, ({unit: Unit(unit, Bank(), faults) for unit in units}, faults))
    if fault:
        faults.on[fault] = 0
    link, done = GatewayLink("moxa", 4001), lambda: ended.append(net.seconds())
    made = Asking(net, link, asks, timeout, every=every, done=done, profile=profile)
    made.start()
    for _ in range(4_000):
        net.advance(0.005)
        if ended:
            break
    net.advance(5)
    assert not net.getDelayedCalls() and len(ended) == 1
    return made.code, [json.loads(line) for line in capsys.readouterr().out.splitlines()], ended[0]


def test_an_answer_is_a_line_of_json(capsys):
    code, lines, _ = asking([Read(unit=1, table="input", address=3, count=2)], capsys=capsys)
    assert code == 0 and lines[0].pop("ms") < 50
    assert lines == [
        {"link": "rtu-tcp:moxa:4001", "unit": 1, "fc": 4, "address": 3, "values": [1003, 1004]},
    ]


def test_an_exception_is_said_in_words_and_is_no_answer_as_asked(capsys):
    code, lines, _ = asking([Read(unit=1, table="input", address=300, count=2)], capsys=capsys)
    assert code == 1 and (lines[0]["error"], lines[0]["code"]) == ("exception", 2)
    assert lines[0]["detail"] == "illegal data address"


def test_after_silence_the_line_is_held_until_no_answer_can_come_any_more(capsys):
    code, lines, took = asking([WriteRegister(unit=9, address=1, value=2)], capsys=capsys)
    assert code == 1 and lines[0]["error"] == "timeout" and took >= 1.2


def test_a_garbled_answer_is_said_to_be_one(capsys):
    code, lines, _ = asking([Read(unit=1, table="input", address=3, count=2)], fault="short", capsys=capsys)
    assert code == 1 and (lines[0]["error"], lines[0]["detail"]) == ("garbled", "count")


def test_a_scan_tells_who_is_there_and_keeps_quiet_about_the_others(capsys):
    asks = [Read(unit=unit, table="holding", address=0, count=1) for unit in range(1, 6)]
    code, lines, _ = asking(asks, every=False, units=(2, 5), capsys=capsys)
    assert code == 0 and [line["unit"] for line in lines] == [2, 5]
    code, lines, _ = asking(asks[:1], every=False, units=(2,), capsys=capsys)
    assert code == 1 and lines == []


def test_a_scan_of_addresses_tells_where_there_is_nothing(capsys):
    asks = [Read(unit=1, table="holding", address=address, count=1) for address in (254, 255, 256)]
    code, lines, _ = asking(asks, every=False, capsys=capsys)
    assert code == 0 and [line.get("values") for line in lines] == [[254], [255], None]


PROFILE = """
name = "x"
kind = "io"
status = "invented"
[identity]
table = "holding"
address = 7
values = [7, 8]
[[points]]
id = "warm"
name_zh = "温度"
name_en = "warmth"
table = "input"
address = 3
decimals = 1
unit = "°C"
range = [0, 500]
[[points]]
id = "odd"
name_zh = "浮点"
name_en = "a float"
table = "input"
address = 5
type = "bcd16"
"""


WORDS = """
[[texts]]
id = "model"
name_zh = "型号"
name_en = "model"
table = "input"
address = 200
length = 2
"""


def profiled(text, capsys, **more):
    profile = parse(text, "x")
    asks = [Read(unit=1, table=b.table, address=b.address, count=b.count) for b in blocks_of(profile)]
    return asking(asks, profile=profile, capsys=capsys, **more)


def test_a_profile_is_tried_on_a_device_point_by_point(capsys):
    code, lines, _ = profiled(PROFILE, capsys)
    assert code == 0 and lines[0]["identity"] == "as the profile says"
    warm = {"text": "100.3 °C", "quality": "uncertain"}
    assert lines[1]["points"] == {"warm": warm, "odd": {"text": "no number"}}
    code, lines, _ = profiled(PROFILE + WORDS, capsys)
    assert code == 0 and [set(line) & {"identity", "points", "texts"} for line in lines] == [
        {"identity"}, {"points"}, {"texts"}
    ]  # fmt: skip
    assert lines[2]["texts"] == {"model": "????"} and lines[2]["values"] == [1200, 1201]


def test_another_device_under_the_address_is_told_and_is_no_success(capsys):
    code, lines, _ = profiled(PROFILE.replace("[7, 8]", "[7, 9]"), capsys)
    assert code == 1 and lines[0]["identity"] == "another device"


def test_a_shipped_map_is_read_from_registers_as_its_source_scales_them(capsys):
    asks = [
        Read(unit=1, table="holding", address=b.address, count=b.count)
        for b in blocks_of(load("apc-smart-ups"))
    ]
    code, lines, _ = asking(asks, profile=load("apc-smart-ups"), capsys=capsys)
    assert lines[1]["points"]["output_voltage"]["text"] == "2.2 V"  # 142 / 2^6
    assert code == 1 and [line.get("error") for line in lines] == [
        None,
        None,
        *["exception"] * 3,
    ]  # no texts in it


WRONG = [
    ["read", "--link", "udp:a:1"],
    ["profile", "--link", "tcp:a:1", "no-such-profile"],
    ["profile", "--link", "tcp:a:1", "ups-rfc1628"],
    ["read", "--link", "tcp:a:1", "--count", "126"],
    ["read", "--link", "tcp:a:1", "--count", "0"],
    ["read", "--link", "tcp:a:1", "--fc", "2", "--count", "2001"],
    ["read", "--link", "tcp:a:1", "--address", "-1"],
    ["write", "--link", "tcp:a:1", "--fc", "6", "--", "-1"],
    ["write", "--link", "tcp:a:1", "--fc", "16", *"1" * 124],
    ["write", "--link", "tcp:a:1", "--fc", "15", *"1" * 1969],
    ["read", "--link", "tcp:a:1", "--address", "65536"],
    ["read", "--link", "tcp:a:1", "--unit", "256"],
    ["read", "--link", "rtu-tcp:a:1", "--unit", "0"],
    ["write", "--link", "tcp:a:1", "--fc", "5", "2"],
    ["write", "--link", "tcp:a:1", "--fc", "6", "1", "2"],
    ["write", "--link", "tcp:a:1", "--fc", "16", "65536"],
    ["write", "--link", "tcp:a:1", "--fc", "15", "2"],
    ["scan", "--link", "tcp:a:1", "--units", "9-1"],
    ["scan", "--link", "tcp:a:1", "--units", "x"],
    ["scan", "--link", "tcp:a:1", "--units", "1-9", "--count", "2"],
]


@pytest.mark.parametrize("words", WRONG, ids=[" ".join(words[2:9]) for words in WRONG])
def test_what_cannot_be_asked_is_wrong_use_in_both_languages(words, capsys):
    assert main(words) == 2
    en, zh = capsys.readouterr().err.splitlines()
    assert any(ord(letter) > 0x4E00 for letter in zh) and "<" not in en + zh and " is " not in zh


@pytest.mark.parametrize(
    "words",
    [[], ["read"], ["write", "--link", "tcp:a:1", "1"], ["read", "--link", "tcp:a:1", "--timeout", "0"],
     ["read", "--link", "tcp:a:1", "--unit", "x"], ["read", "--link", "tcp:a:1", "--fc", "7"]],
)  # fmt: skip
def test_words_that_are_missing_or_no_numbers_are_wrong_use(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2 and capsys.readouterr().err


# -- real processes ----------------------------------------------------------------------------------


def gengfu(*words):
    """(exit code, JSON lines)."""
    done = subprocess.run(
        [sys.executable, "-m", "station.cli", "modbus", *words], capture_output=True, text=True, timeout=60
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


class Child:
    """A program that says in its first line that it is ready."""

    def __init__(self, *argv):
        self.process = subprocess.Popen(
            [sys.executable, *argv], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
        )
        self.said = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


def simulator(*words):
    return Child("-m", "station.cli", "sim", "registers", "--unit", "3", *words)


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    """A serial port with our simulator behind it."""
    name = tmp_path_factory.mktemp("serial") / "port"
    with simulator("--pty", str(name)) as child:
        assert child.said.endswith(str(name))
        yield str(name)


def test_a_simulated_unit_on_a_serial_port_is_written_and_read_back(port):
    link = ["--link", f"rtu:{port}:9600:8N1", "--unit", "3"]
    assert gengfu("write", *link, "--fc", "16", "--address", "0x10", "77", "0xFFFF")[0] == 0
    code, lines = gengfu("read", *link, "--address", "16", "--count", "3")
    assert code == 0 and lines[0]["values"] == [77, 65_535, 18]


def test_a_line_that_cannot_be_had_says_why(tmp_path):
    code, lines = gengfu("read", "--link", f"rtu:{tmp_path}/none:9600:8N1")
    assert code == 1 and lines[0]["error"] == "link" and "No such file" in lines[0]["detail"]


def mbpoll(*words):
    done = subprocess.run(
        ["mbpoll", "-0", "-1", "-a", "3", *words], capture_output=True, text=True, timeout=30
    )
    values = [line.split(":")[1].split()[0] for line in done.stdout.splitlines() if line.startswith("[")]
    return done.returncode, values, done.stdout


@pytest.mark.peer
def test_mbpoll_reads_and_writes_our_simulator_on_a_serial_port(port):
    serial = ["-m", "rtu", "-b", "9600", "-P", "none"]
    assert mbpoll(*serial, "-t", "4", "-r", "100", "-c", "5", port)[1] == ["100", "101", "102", "103", "104"]
    assert mbpoll(*serial, "-t", "3", "-r", "1", "-c", "2", port)[1] == ["1001", "1002"]
    assert mbpoll(*serial, "-t", "0", "-r", "0", "-c", "4", port)[1] == ["0", "1", "0", "1"]
    assert mbpoll(*serial, "-t", "4", "-r", "120", port, "55", "66")[0] == 0
    assert mbpoll(*serial, "-t", "4", "-r", "119", "-c", "3", port)[1] == ["119", "55", "66"]
    assert "Illegal data address" in "".join(
        subprocess.run(
            ["mbpoll", "-0", "-1", "-a", "3", *serial, "-r", "900", port],
            capture_output=True,
            text=True,
            timeout=30,
        ).stderr
    )


class Crossed:
    """Two pseudo terminals joined as by a null modem."""

    def __init__(self):
        self.ends = [os.openpty(), os.openpty()]
        for _, slave in self.ends:
            tty.setraw(slave)
        self.names = [os.ttyname(slave) for _, slave in self.ends]
        self._stop = os.pipe()
        self._thread = threading.Thread(target=self._carry)
        self._thread.start()

    def _carry(self):
        masters = [master for master, _ in self.ends]
        while True:
            ready = select.select([*masters, self._stop[0]], [], [])[0]
            if self._stop[0] in ready:
                return
            for master in ready:
                os.write(masters[1 - masters.index(master)], os.read(master, 4096))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.write(self._stop[1], b".")
        self._thread.join()
        for fd in (*self.ends[0], *self.ends[1], *self._stop):
            os.close(fd)


def check_slave(link):
    """What a libmodbus slave holds, by each function; then writes, read back."""
    words = ["--link", link, "--unit", "3"]
    assert gengfu("read", *words, "--fc", "3", "--address", "2", "--count", "2")[1][0]["values"] == [
        0x8002,
        0x8003,
    ]
    assert gengfu("read", *words, "--fc", "1", "--count", "11")[1][0]["values"] == [n % 2 for n in range(11)]
    for fc, values in (("5", ["1"]), ("15", ["1", "0", "1"]), ("6", ["9"]), ("16", ["7", "65535"])):
        code, lines = gengfu("write", *words, "--fc", fc, "--address", "20", *values)
        assert code == 0 and lines[0]["values"] == [int(value) for value in values]
    assert gengfu("read", *words, "--fc", "3", "--address", "20", "--count", "2")[1][0]["values"] == [
        7,
        65_535,
    ]
    code, lines = gengfu("read", *words, "--address", "63", "--count", "2")
    assert code == 1 and lines[0]["code"] == 2


@pytest.mark.peer
def test_we_read_and_write_a_slave_of_libmodbus_on_a_serial_port():
    with Crossed() as wire, Child(str(HERE / "libmodbus_slave.py"), "rtu", wire.names[0], "3") as slave:
        assert slave.said == "ready"
        check_slave(f"rtu:{wire.names[1]}:9600:8N1")


@pytest.mark.peer
def test_we_read_and_write_a_slave_of_libmodbus_over_tcp():
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Child(str(HERE / "libmodbus_slave.py"), "tcp", str(port), "3") as slave:
        assert slave.said == "ready"
        check_slave(f"tcp:127.0.0.1:{port}")
