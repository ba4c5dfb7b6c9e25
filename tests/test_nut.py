"""NUT: lists of variables believed only whole, whatever the server says."""

import json
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import nut_tool
from devices.heard import Declined
from devices.nut import PORT, Ear, Variables, request
from devices.sim_nut import FAULTS, VALUES, answer, quoted
from station.words import Misheard


def heard(data, ups="ups1"):
    return Ear(ups).feed(data)


def test_a_list_is_read_as_the_server_holds_it():
    assert request("ups1") == b"LIST VAR ups1\n"
    assert heard(answer("LIST VAR ups1", "ups1")) == Variables("ups1", VALUES)


def test_the_worked_example_of_the_page_is_read():
    page = (Path(__file__).parent.parent / "docs" / "protocols" / "nut.md").read_text("utf-8")
    example = page.partition("```nut\n")[2].partition("```")[0]
    assert heard(example.encode()).values == {"ups.status": "OB LB", "ups.model": 'Smart "1000"'}


def test_a_list_may_come_in_pieces():
    ear, data = Ear("ups1"), answer("LIST VAR ups1", "ups1").replace(b"\n", b"\r\n")
    said = [ear.feed(data[n : n + 1]) for n in range(len(data))]
    assert said[-1] == Variables("ups1", VALUES) and set(map(bool, said[:-1])) == {False}


def test_a_refusal_is_told_with_its_code():
    assert heard(answer("LIST VAR other", "ups1")) == Declined(0, "UNKNOWN-UPS")
    assert heard(answer("LIST VAR ups1", "ups1", "stale")) == Declined(0, "DATA-STALE")
    assert heard(answer("LIST", "ups1")) == Declined(0, "UNKNOWN-COMMAND")


BEGIN, END = b"BEGIN LIST VAR ups1\n", b"END LIST VAR ups1\n"


@pytest.mark.parametrize(
    "data",
    [
        b"\n", b"OK\n", b"ERR \n", END, b"BEGIN LIST VAR ups2\n", b"BEGIN LIST UPS\n", b"\xff\n", b"x" * 1_025,
        BEGIN + b"ERR DATA-STALE\n", BEGIN + b'VAR ups2 a "1"\n', BEGIN + b"VAR ups1 a 1\n", BEGIN + b'VAR ups1 a "1\n',
        BEGIN + b'VAR ups1 a "1"\nVAR ups1 a "1"\n', BEGIN + END + b"x", BEGIN + b'VAR ups1 a "b"c"\n',
        BEGIN + b"".join(b'VAR ups1 v%d "1"\n' % n for n in range(1_001)),
    ],
)  # fmt: skip
def test_what_is_no_whole_list_of_this_supply_gives_no_value(data):
    with pytest.raises(Misheard) as said:
        heard(data)
    assert said.value.text.zh


def test_a_thousand_variables_and_lines_of_1024_bytes_are_taken_and_the_port_is_the_registered_one():
    rows = b"".join(b'VAR ups1 v%d "1"\n' % n for n in range(1_000))
    assert len(heard(BEGIN + rows + END).values) == 1_000
    assert heard(b"x" * 1_024) is None and PORT == 3493


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "-a", "a" * 64, "电源"])
def test_what_is_no_name_is_not_asked(name):
    with pytest.raises(ValueError, match="no name"):
        request(name)


@given(st.dictionaries(st.from_regex(r"[a-z][a-z0-9.]{0,20}", fullmatch=True), st.text(st.characters(codec="ascii", min_codepoint=32), max_size=30), max_size=8))  # fmt: skip
def test_what_a_server_quotes_is_read_back(values):
    rows = "".join(f"VAR ups1 {key} {quoted(value)}\n" for key, value in values.items())
    assert heard(BEGIN + rows.encode() + END) == Variables("ups1", values)


@given(st.lists(st.binary(max_size=60), max_size=6))
def test_nothing_a_server_sends_escapes_but_as_misheard(pieces):
    ear = Ear("ups1")
    try:
        for piece in pieces:
            if ear.feed(piece) is not None:
                return
    except Misheard:
        return


@pytest.fixture(params=["", *FAULTS])
def server(request):
    words = ["--fault", request.param] if request.param else []
    process = subprocess.Popen(
        [sys.executable, "-m", "station.cli", "sim", "nut", "--port", "0", *words],
        stdout=subprocess.PIPE,
        text=True,
    )
    yield request.param, process.stdout.readline().split()[-1]
    process.terminate()
    process.wait(5)
    process.stdout.close()


OUTCOMES = {
    "": None, "silent": "timeout", "cut": "link", "garbage": "garbled", "other": "garbled", "stale": "declined",
    "twice": "garbled", "late": "timeout", "reboot": "link", "stuck": None,
}  # fmt: skip


def test_a_server_is_asked_over_a_socket_and_each_fault_has_its_word(server, capsys):
    fault, port = server
    code = nut_tool.main([f"127.0.0.1:{port}", "ups1", "--timeout", "0.5"])
    said = json.loads(capsys.readouterr().out)
    assert code == (1 if OUTCOMES[fault] else 0) and said.get("error") == OUTCOMES[fault]
    if code == 0:
        assert set(said["variables"]) == set(VALUES) and (said["variables"] == VALUES) is (fault == "stuck")


def test_a_server_that_is_not_there_and_a_name_that_is_none(capsys):
    assert nut_tool.main(["127.0.0.1:1", "ups1"]) == 1
    assert json.loads(capsys.readouterr().out)["error"] == "link"
    for words in (["127.0.0.1", "a b"], ["127.0.0.1:x", "a"], ["127.0.0.1:99999", "a"], ["127.0.0.1:0", "a"]):
        assert nut_tool.main(words) == 2
    for seconds in ("0", "-1", "nan", "x", "1000"):
        with pytest.raises(SystemExit) as ended:
            nut_tool.main(["127.0.0.1", "a", "--timeout", seconds])
        assert ended.value.code == 2


def test_a_server_that_trickles_is_not_heard_for_ever(capsys):
    with socket.create_server(("127.0.0.1", 0)) as server:
        there = threading.Thread(target=trickle, args=(server,))
        there.start()
        code = nut_tool.main([f"127.0.0.1:{server.getsockname()[1]}", "ups1", "--timeout", "0.3"])
        there.join(5)
    assert code == 1 and json.loads(capsys.readouterr().out)["error"] == "timeout"


def trickle(server):
    """A byte every 50 ms, until nobody hears it."""
    line, _ = server.accept()
    with line:
        for _ in range(60):
            try:
                line.sendall(b"x")
            except OSError:
                return
            time.sleep(0.05)
