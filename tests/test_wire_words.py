"""What came of a question by hand is a sentence in both languages: what, where, what to do."""

from __future__ import annotations

import errno
import json
import os
import re
import socket

import pytest
from studio_kit import served, wired

from devices import fefd, modbus_tool, nut_tool, sim_modem, snmp_tool, wire_tool
from devices.at_modem import Give
from devices.modbus import EXCEPTIONS
from devices.wire_words import _DETAILS, _FAILED, _WRONG, detail_zh, outcome, system, told, wrong_zh
from station.arguments import from_here
from station.words import Text

HAN = re.compile("[\u4e00-\u9fff]")


def free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.mark.parametrize("error", _FAILED)
def test_every_outcome_says_what_where_and_what_to_do(error):
    said = outcome(error, "10.0.0.7:502", why="crc", seconds=0.25)
    assert said["en"].startswith("10.0.0.7:502 ") and "10.0.0.7:502" in said["zh"]
    assert ". " in said["en"] or (": check" in said["en"] and HAN.search(said["zh"]))
    assert "{" not in said["en"] + said["zh"]
    plain = outcome(error, Text("unit 1", "单元 1"))
    assert "()" not in plain["en"] and "()" not in plain["zh"] and "单元 1" in plain["zh"]


def test_an_exception_is_a_refusal_and_what_says_itself_what_it_is_gets_no_sentence():
    assert outcome("exception", "a", why="2") == outcome("declined", "a", why="2")
    assert outcome("port", "a") == {}


def test_details_are_said_in_chinese_where_they_are_known():
    assert set(EXCEPTIONS.values()) <= set(_DETAILS)
    assert detail_zh("crc") == "校验错误" and detail_zh("something of a maker") == "something of a maker"
    assert detail_zh("not one line: 'A: B'") == "不是恰好一行:'A: B'"
    assert not re.search("[a-z]", detail_zh("Connection was refused by other side: 111: Connection refused."))


def test_what_the_system_says_is_said_in_both_languages():
    refused = system(OSError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED)))
    assert refused.en == "Connection refused" and not re.search("[a-z]", refused.zh)
    for none in (socket.gaierror(-2, "Name or service not known"), UnicodeError("label too long")):
        assert system(none) == Text("no such host name", "没有该主机名")
    assert system(OSError("the other side hung up")) == Text("the other side hung up", "连接被对方断开")
    assert system(RuntimeError("odd")) == Text("odd", "odd")
    serial = OSError(2, "could not open port /x: [Errno 2] No such file or directory: '/x'")
    assert system(serial) == Text("No such file or directory", "没有该文件或目录")
    twisted = "Connection was refused by other side: 111: Connection refused."
    assert told(twisted) == Text("Connection refused", "对方拒绝连接(可能没有运行)")
    assert told("DNS lookup failed: x.").en == "DNS lookup failed: x"


@pytest.mark.parametrize(
    "wrong",
    [
        "'x' is not digits", "'634' is not 23 digits", "the codes of an order have one length", "'x' is no address",
        "a number does not go into its field: 'B' format", "300 does not go into 1 bytes",
        "'x' is not an event code of 5 ASCII characters", "'x' is not a language code of 3 ASCII characters",
        "a volume of 101 %", "'1' is no telephone number of 11 digits", "profile x has no business type for y",
        "70000 bytes are more than a frame can hold", "a request has 1 to 9 objects, not 0, and number 1",
        "'x' is no value of kind integer", "'x' is no object name such as 1.3", "invalid literal for int() with base 0: 'x'",
        "non-hexadecimal number found in fromhex() arg at position 0", "'x' is no port",
        "say --community or --access, one of them", "volume: to cannot be ('999',)",
    ],
)  # fmt: skip
def test_what_a_codec_cannot_say_is_said_in_chinese(wrong):
    assert HAN.search(wrong_zh(wrong)) and wrong_zh(ValueError(wrong)) == wrong_zh(wrong)
    assert len(_WRONG) == 20 and wrong_zh("something else") == "something else"


def sentence(line):
    assert HAN.search(line["zh"]) and not HAN.search(line["en"]) and line["error"]
    return line


def test_every_tool_says_it(capsys):
    port = free()
    for tool, words in (
        (wire_tool, ("uecp", "get", "pi", "--link", f"tcp:127.0.0.1:{port}")),
        (nut_tool, (f"127.0.0.1:{port}", "ups1")),
        (nut_tool, ("no.such.name.invalid", "ups1")),
        (snmp_tool, ("get", f"127.0.0.1:{port}", "--community", "x", "--timeout", "0.05", "1.3.6.1")),
        (snmp_tool, ("get", "no.such.name.invalid", "--community", "x", "1.3.6.1")),
    ):
        assert tool.main(list(words)) == 1
        assert sentence(json.loads(capsys.readouterr().out))


def test_a_walk_below_which_nothing_is_says_so(capsys, monkeypatch):
    end = snmp_tool.Binding("1.3.6.1.9", "end", None)
    monkeypatch.setattr(snmp_tool.Agent, "ask", lambda self, ask: snmp_tool.Answered((end,)))
    assert snmp_tool.main(["walk", "127.0.0.1", "--community", "x", "1.3.6.1.9"]) == 1
    assert sentence(json.loads(capsys.readouterr().out))["error"] == "nothing"


@pytest.mark.parametrize(
    "words", [("get", "127.0.0.1:0", "--community", "x", "1.3"), ("get", "127.0.0.1", "1.3"), ("walk", "127.0.0.1", "--community", "x", "one"), ("get", "127.0.0.1", "--access", "/nowhere", "1.3")],
)  # fmt: skip
def test_wrong_use_of_snmp_is_told_in_chinese_too(words, capsys):
    assert snmp_tool.main(list(words)) == 2
    said = capsys.readouterr().err
    assert HAN.search(said.rpartition(":")[2]) or HAN.search(said.splitlines()[-1].rpartition("有误")[2])


def test_a_modem_that_takes_its_time_is_waited_for_aloud(capsys, monkeypatch):
    monkeypatch.setattr(Give, "patience", 6_000_000)
    with served(sim_modem.Modem()) as link:
        assert wire_tool.main(["sms", "send", "+8613800138000", "hi", "--link", link]) == 0
    assert "waiting up to 6 s" in capsys.readouterr().err


def test_what_is_unknown_to_a_verb_is_told_with_the_usage_of_that_verb(capsys):
    with pytest.raises(SystemExit) as ended:
        wire_tool.main(["vdcp", "status", "--read-back", "--link", "tcp:a:1"])
    said = capsys.readouterr().err
    assert ended.value.code == 2 and "gengfu wire vdcp status" in said and "不认识的参数" in said


def test_a_port_may_be_named_from_where_one_stands(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert from_here("rtu:./port:9600:8N1") == f"rtu:{tmp_path}/port:9600:8N1"
    assert from_here("tcp:a:1") == "tcp:a:1" and from_here("serial:/dev/x") == "serial:/dev/x"
    assert wire_tool.link_of("serial:./deck", "9600:8N1").path == f"{tmp_path}/deck"
    code = wired(capsys, "uecp", "get", "pi", "--link", "serial:./none")
    assert code[0] == 1 and sentence(code[1][0])
    assert modbus_tool.main(["read", "--link", "udp:./port"]) == 2


def test_a_code_of_a_terminal_that_is_none_is_told_with_both_lengths(capsys):
    assert wire_tool.main(["fefd", "volume", "634", "50", "--session", "1", "--link", "udp:127.0.0.1:9"]) == 2
    said = capsys.readouterr().err
    assert "23" in said and "12" in said and "资源编码" in said
    assert fefd.area_target("340422000000") == "03404220000000000000000"
