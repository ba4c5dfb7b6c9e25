"""Lines of text by hand: what a profile names is read point by point, one line is said as it is, and what is no answer has its word."""

import asyncio
import contextlib
import subprocess
import sys
import threading

import pytest
from studio_kit import Room, wired

from devices import ascii_line, sim_ascii, sim_fault
from devices.line_face import LineWire, Typed
from devices.named_readers import lines_of
from devices.plant_profile import load
from devices.sim_ascii import Supply, Transmitter
from devices.sim_modbus import Faults
from devices.turns import Answered, Garbled, Pace, Silent, Stray

PROFILE = ascii_line.parse(
    """
name = "x"
status = "invented"
prompt = ">"
echo = true
[[points]]
id = "power"
name_zh = "功率"
name_en = "power"
request = "TX.PFWD"
reply = 'TX\\.PFWD=(?P<value>[0-9]+\\.[0-9])'
decimals = 1
""",
    "x",
)


class Spoken:
    """A simulated device as a Room wants it."""

    def __init__(self, device):
        self.device, self.wire = device, Faults()

    def session(self):
        return self

    def greeting(self):
        return []

    def heard(self, data):
        return [said for _, said in self.device.answer(data)]


def room(fault=""):
    device = Transmitter()
    device.faults = {fault} if fault else set()
    return Room(LineWire(PROFILE), Spoken(device), Pace(gap=ascii_line.QUIET))


@pytest.mark.parametrize(
    ("fault", "heard"),
    [
        ("", Answered(985)), ("silent", Silent()), ("reboot", Silent()), ("stuck", Answered(985)), ("exception", Garbled("another answer")),
        ("other", Garbled("another answer")), ("chatter", Garbled("not one line")), ("twice", Answered(985)),
    ],
)  # fmt: skip
def test_an_answer_is_believed_whole_or_not_at_all(fault, heard):
    found = room(fault).ask(PROFILE.point("power"))
    if isinstance(heard, Garbled):
        assert isinstance(found, Garbled) and found.why.startswith(
            f"{heard.why}: 'TX.PFWD\\r\\n" if fault != "chatter" else heard.why
        )
    else:
        assert found == heard
    assert isinstance(room("cut").ask(PROFILE.point("power")), Garbled)


def test_what_was_typed_is_answered_by_whatever_line_comes():
    assert room().ask(Typed("TX.MODE")) == Answered("TX.MODE=REMOTE")
    found = room("chatter").ask(Typed("TX.MODE"))
    assert found == Garbled(r"not one line: 'FAULT: door open\r\nTX.MODE\r\nTX.MODE=REMOTE\r\n>'")


def test_what_is_no_answer_is_shown_as_it_came_and_not_endlessly():
    wire = LineWire(lines_of(load("fm-ecreso-crown")))
    wire.asked(Typed("A"))
    assert wire.feed(b"A\r\n1\r\n>") == [] and wire.cut() == [
        Garbled(r"a line without an end: 'A\r\n1\r\n>'")
    ]
    wire.asked(Typed("A"))
    (said,) = wire.feed(b"\xff" * 600)
    assert said.why.endswith("\\xff'…") and len(said.why) < 500


@pytest.mark.parametrize("words", [(), ("--terminal",)])
def test_the_shipped_profile_reads_the_shipped_simulator_and_faults_can_be_told(words, capsys):
    process = subprocess.Popen(
        [sys.executable, "-m", "station.cli", "sim", "text", "--model", "transmitter", "--port", "0",
         "--control", "0", "--faults", "silent", *words],
        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        control, port = (process.stdout.readline().split()[-1] for _ in range(2))
        read = (
            "line",
            "read",
            "fm-ecreso-crown",
            "vswr",
            "--link",
            f"tcp:127.0.0.1:{port}",
            "--timeout",
            0.2,
        )
        assert wired(capsys, *read)[1][-1]["error"] == "timeout"
        assert sim_fault.main([control, "clear"]) == 0 and sim_fault.main([control, "tid"]) == 2
        capsys.readouterr()
        code, lines = wired(capsys, *read, *(("--echo", "--prompt", ">") if words else ()))
        assert code == 0 and lines[-1]["points"]["vswr"] == {"text": "1.22", "quality": "good"}
        if words:
            assert wired(capsys, *read)[1][-1]["detail"].endswith(r"'TX.VSWR\r\nTX.VSWR=1.22\r\n>'")
    finally:
        process.terminate()
        process.wait(5)
        process.stdout.close()


def test_without_a_prompt_silence_ends_an_answer_and_what_nobody_asked_for_is_a_stray():
    wire = LineWire(lines_of(load("fm-ecreso-crown")))
    assert wire.asked(Typed("A")) == b"A\r\n"
    assert wire.feed(b"B\r\n") == [] and wire.holding and wire.cut() == [Answered("B")]
    assert wire.feed(b"x" * 512) == [] and wire.feed(b"x") == [Stray("nobody had asked")] and not wire.holding


async def over(server):
    """Nothing goes on."""
    server.close()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.contextmanager
def served(device):
    """On a socket of this machine, without prompt and echo; gives the link."""

    async def speak(reader, writer):
        while line := await reader.readline():
            for _, data in device.answer(line):
                writer.write(data.partition(b"\r\n")[2].removesuffix(b">"))
        writer.close()

    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    server = asyncio.run_coroutine_threadsafe(asyncio.start_server(speak, "127.0.0.1", 0), loop).result(5)
    try:
        yield f"tcp:127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        asyncio.run_coroutine_threadsafe(over(server), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)


def test_a_profile_is_tried_on_a_device_point_by_point(capsys):
    with served(Transmitter()) as link:
        code, lines = wired(capsys, "line", "read", "fm-ecreso-crown", "--link", link)
        points = lines[-1]["points"]
        assert code == 0 and set(points) == {one.id for one in load("fm-ecreso-crown").points}
        assert (
            points["forward_power"] == {"text": "98.50 W", "quality": "good"}
            and points["local"]["text"] == "remote"
        )
        code, lines = wired(capsys, "line", "read", "fm-ecreso-crown", "vswr", "--link", link)
        assert code == 0 and list(lines[-1]["points"]) == ["vswr"]
        assert wired(capsys, "line", "say", "TX.FAULT", "--link", link)[1][0]["answer"] == "TX.FAULT=OFF"
    with served(Supply()) as link:
        assert wired(capsys, "line", "read", "fm-ecreso-crown", "--link", link)[0] == 1


@pytest.mark.parametrize(
    "words",
    [("read", "nowhere"), ("read", "apc-smart-ups"), ("read", "fm-ecreso-crown", "nothing"), ("say", "功率"), ("say", "a\nb"), ("say", "a", "--terminator", "")],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(capsys, words):
    assert wired(capsys, "line", *words, "--link", "tcp:a:1")[0] == 2


def test_values_move_unless_they_are_stuck():
    for device, word in ((Transmitter(), b"TX.PFWD"), (Supply(), b"OUT.LOAD")):
        for fault, moves in (("", True), ("stuck", False)):
            device.faults = {fault} if fault else set()
            said = set()
            for _ in range(20):
                device.move()
                said.add(device.answer(word)[0][1])
            assert (len(said) > 1) is moves
    assert set(sim_ascii.MODELS) == {"supply", "transmitter"}
