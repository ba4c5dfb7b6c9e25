"""`gengfu wire`: lines, exit codes, serial ports, listening, and what is said when nothing fits."""

import pytest
from studio_kit import served, wired

from devices.sim_uecp import Coder
from devices.wire_face import compared, number, plain
from devices.wire_tool import WIRES, link_of, main
from station.links import SerialLink, TcpLink
from station.words import Refused

AT = ("--site", 1, "--encoder", 1)


def test_a_serial_port_may_be_named_without_its_usual_settings():
    assert link_of("serial:/dev/ttyUSB0", "9600:8N1") == SerialLink("/dev/ttyUSB0", 9600, 8, "N", 1)
    assert link_of("serial:/dev/ttyUSB0:38400:8O1", "9600:8N1") == SerialLink("/dev/ttyUSB0", 38400, 8, "O", 1)  # fmt: skip
    assert link_of("serial:/dev/by-path/a:1:2", "9600:8N1").path == "/dev/by-path/a:1:2"
    assert link_of("tcp:hub:9990", "") == TcpLink("hub", 9990)
    for wrong in ("rtu-tcp:a:1", "udp:a:1", "serial:x"):
        with pytest.raises(Refused):
            link_of(wrong, "9600:8N1")


def test_a_device_on_a_serial_port_is_asked_and_left_alone_after_silence(capsys, tmp_path):
    coder = Coder()
    with served(coder, pty=tmp_path / "port") as link:
        code, lines = wired(capsys, "uecp", "pty", 10, "--link", link, *AT)
        assert code == 0 and lines[0]["answer"] is True and lines[0]["link"].startswith("rtu:/")
        coder.wire.on["dead"] = 0
        code, lines = wired(capsys, "uecp", "pty", 11, "--link", link, *AT, "--timeout", 0.05)
        assert code == 1 and lines[0]["error"] == "timeout"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("exception", "declined"),
        ("cut", "garbled"),
        ("dead", "timeout"),
        ("reboot", "link"),
        ("crc", "garbled"),
    ],
)
def test_each_fault_has_its_word_and_is_no_success(capsys, fault, error):
    coder = Coder()
    (coder.faults if fault in ("reboot", "crc") else coder.wire.on)[fault] = 0
    with served(coder) as link:
        code, lines = wired(capsys, "uecp", "pty", 10, "--link", link, *AT, "--timeout", 0.4)
    assert code == 1 and lines[-1]["error"] == error


def test_what_nobody_asked_for_is_said_and_is_no_answer(capsys):
    coder = Coder()
    coder.wire.on["unit"] = 0
    with served(coder) as link:
        code, lines = wired(capsys, "uecp", "pty", 10, "--link", link, *AT, "--timeout", 0.1)
    assert code == 1 and [line.get("stray", line.get("error")) for line in lines] == ["another coder", "timeout"]  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        ["uecp", "ps", "寿县", "--link", "tcp:a:1"],
        ["uecp", "pty", "1", "--link", "nowhere"],
        ["uecp", "pty", "1", "--link", "udp:127.0.0.1:1"],
        ["uecp", "pty", "1", "--link", "serial:/dev/x:9601:8N1"],
        ["uecp", "pty", "1", "--link", "serial:x"],
        ["front", "stop", "12", "--to", "340422000000", "--link", "tcp:a:1"],
        ["front", "terminals", "on", "--to", "寿县", "--link", "tcp:a:1"],
        ["front", "outputs", "9", "--link", "tcp:a:1"],
    ],
)
def test_what_cannot_be_asked_is_refused_in_both_languages(capsys, words):
    code = main(words)
    said = capsys.readouterr().err.splitlines()
    assert code == 2 and said[0].startswith("gengfu wire: ") and said[1]


@pytest.mark.parametrize("words", [[], ["x"], ["uecp"], ["uecp", "pty", "32", "--link", "tcp:a:1"], ["uecp", "pty", "1"], ["uecp", "pty", "1", "--link", "tcp:a:1", "--timeout", "0"]])  # fmt: skip
def test_wrong_use_ends_with_two(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2


@pytest.mark.parametrize("wire", WIRES)
def test_every_wire_has_help_in_both_languages(wire, capsys):
    with pytest.raises(SystemExit):
        main([wire, "--help"])
    assert "·" in capsys.readouterr().out


def test_no_bytes_are_no_bytes(capsys):
    assert main(["uecp", "decode", "zz"]) == 2
    assert "no bytes in hex: 'z' is none" in capsys.readouterr().err
    assert main(["uecp", "decode", "FE", "0"]) == 2
    assert "half a byte" in capsys.readouterr().err


def test_numbers_and_plain_values():
    assert number(0, 255)("0x10") == 16
    with pytest.raises(ValueError, match="256"):
        number(0, 255)("256")
    assert compared(b"\x01", b"\x02") == {"holds": False, "wanted": "01", "found": "02"}
    assert plain({1: (b"\x01\xff", [frozenset({2})])}) == {"1": ["01 ff", [[2]]]}
