"""VDCP: golden bytes, what servers answer, and a simulated one under every fault."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from studio_kit import Room, served, wired

from devices import timecode, vdcp, wire_face
from devices.sim_studio import ON_EVERY_WIRE
from devices.sim_vdcp import CUED, IDLE, PLAYING, Server
from devices.timecode import TimeCode
from devices.turns import Answered, Declined, Garbled, Pace, Silent, Stray
from devices.vdcp import Message, PortStatus, Raw, VdcpWire, meaning, read, write
from station.words import Misheard, Refused

PAGE = Path(__file__).parent.parent / "docs" / "protocols" / "vdcp.md"
TEN = TimeCode(hour=10, minute=0, second=0, frame=0)
LONG = TimeCode(hour=0, minute=1, second=30, frame=12, drop=True)

# -- golden bytes -----------------------------------------------------------------------------------

GOLDEN = [
    (vdcp.stop(), "02 02 10 00 F0"),
    (vdcp.play(), "02 02 10 01 EF"),
    (vdcp.record(), "02 02 10 02 EE"),
    (vdcp.still(), "02 02 10 04 EC"),
    (vdcp.go_on(), "02 02 10 06 EA"),
    (vdcp.open_port(1), "02 04 30 01 01 00 CE"),
    (vdcp.open_port(-1, lock=True), "02 04 30 01 FF 01 CF"),
    (vdcp.close_port(1), "02 03 20 21 01 BE"),
    (vdcp.select_port(2), "02 03 20 22 02 BC"),
    (vdcp.cue("NEWS0001"), "02 0A 20 24 4E 45 57 53 30 30 30 31 BE"),
    (vdcp.cue("AD", long=True), "02 05 A0 24 02 41 44 B5"),
    (vdcp.cue_part("AD", TEN, LONG, long=True), "02 0D A0 25 02 41 44 00 00 00 10 52 30 01 00 21"),
    (vdcp.status(), "02 03 30 05 01 CA"),
    (vdcp.position(), "02 03 30 06 01 C9"),
    (vdcp.active_id(), "02 02 30 07 C9"),
    (vdcp.active_id(long=True), "02 02 B0 07 49"),
    (vdcp.size_of("A"), "02 0A 30 14 41 20 20 20 20 20 20 20 9B"),
    (vdcp.has("A", long=True), "02 04 B0 16 01 41 F8"),
    (Message(kind=3, code=0x10, unit=2), "02 02 32 10 BE"),
]


@pytest.mark.parametrize(("message", "data"), GOLDEN)
def test_each_question_has_its_bytes_and_is_read_from_them(message, data):
    assert write(message) == bytes.fromhex(data) and read(bytes.fromhex(data)) == message


def test_the_worked_example_of_the_page():
    asked, said = PAGE.read_text("utf-8").partition("```vdcp\n")[2].partition("```")[0].splitlines()
    wire = VdcpWire()
    assert wire.asked(vdcp.status()) == bytes.fromhex(asked)
    assert wire.feed(bytes.fromhex(said)) == [Answered(PortStatus(states=("idle", "cued"), port=1))]


MESSAGES = st.builds(Message, kind=st.integers(0, 15), unit=st.integers(0, 15), code=st.integers(0, 255), data=st.binary(max_size=253))  # fmt: skip


@given(MESSAGES, st.integers(0, 10_000), st.integers(1, 255))
def test_messages_are_read_as_they_were_written_and_never_with_a_changed_byte(message, at, flip):
    data = bytearray(write(message))
    assert read(bytes(data)) == message
    data[1 + at % (len(data) - 1)] ^= flip
    with pytest.raises(Misheard):
        read(bytes(data))


@pytest.mark.parametrize("message", [Message(kind=16, code=0), Message(kind=-1, code=0), Message(kind=0, code=-1), Message(kind=0, code=0, unit=16), Message(kind=0, code=256), Message(kind=0, code=0, unit=-1), Message(kind=0, code=0, data=bytes(254))])  # fmt: skip
def test_what_no_message_carries_is_not_written(message):
    with pytest.raises(ValueError, match=r"."):
        write(message)


@pytest.mark.parametrize(
    "made",
    [lambda: vdcp.cue(""), lambda: vdcp.cue("NINECHARS"), lambda: vdcp.cue("寿县"), lambda: vdcp.cue("a\n"),
     lambda: vdcp.cue("x" * 33, long=True), lambda: vdcp.select_port(0), lambda: vdcp.select_port(128), lambda: timecode.parse("24:00:00:00"),
     lambda: timecode.parse("10:00")],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(made):
    with pytest.raises(Refused) as refused:
        made()
    assert refused.value.text.zh


@given(st.builds(TimeCode, hour=st.integers(0, 23), minute=st.integers(0, 59), second=st.integers(0, 59), frame=st.integers(0, 39), drop=st.booleans()))  # fmt: skip
def test_a_time_code_is_read_as_it_was_written(code):
    assert timecode.read(timecode.write(code)) == code and timecode.parse(str(code)) == code


@pytest.mark.parametrize(
    "data", ["", "00 00 00", "00 00 00 00 00", "0A 00 00 00", "00 60 00 00", "00 00 60 00", "00 00 00 24"]
)
def test_a_time_that_no_clock_shows_is_misheard(data):
    with pytest.raises(Misheard):
        timecode.read(bytes.fromhex(data))


def test_the_last_frame_of_a_day_is_a_time():
    last = TimeCode(hour=23, minute=59, second=59, frame=29)
    assert timecode.parse("23:59:59:29") == last == timecode.read(bytes.fromhex("29 59 59 23"))


def test_flags_of_colour_frame_and_field_are_passed_over():
    assert timecode.read(bytes.fromhex("92 80 80 C0")) == TimeCode(hour=0, minute=0, second=0, frame=12)


@pytest.mark.parametrize(("port", "octet"), [(127, 0x7F), (-127, 0x81), (1, 0x01), (-1, 0xFF)])
def test_every_port_has_its_byte(port, octet):
    assert vdcp.select_port(port).data == bytes([octet])


def test_names_may_be_as_long_as_they_may_be():
    assert vdcp.cue("EIGHTCHR").data == b"EIGHTCHR" and len(vdcp.cue("x" * 32, long=True).data) == 33
    assert len(write(Message(kind=0, code=0, data=bytes(253)))) == 258


# -- answers ----------------------------------------------------------------------------------------


def said(code, data, kind=3):
    return meaning(Message(kind=kind, code=code, data=bytes.fromhex(data)))


@pytest.mark.parametrize(
    ("code", "data", "value"),
    [
        (0x81, "01", True), (0x81, "00", False), (0x96, "01", True), (0x96, "01 00", True), (0x96, "00", False),
        (0x85, "01 04 01", PortStatus(states=("playing",), port=1)), (0x85, "05 81 FF 00 00 00", PortStatus(states=("idle", "cued"), port=-1)),
        (0x85, "01 00", PortStatus(states=())), (0x86, "01 00 00 00 10", TEN), (0x87, "00", None), (0x87, "01 41 44 20 20", "AD"),
        (0x94, "52 30 01 00", LONG), (0x90, "02 00", Raw(b"\x02\x00")),
    ],
)  # fmt: skip
def test_what_a_server_says(code, data, value):
    assert said(code, data) == value


def test_a_name_of_any_length_has_its_length_in_front():
    assert said(0x87, "01 02 41 44", kind=11) == "AD" and said(0x87, "01 41 44", kind=11) == "AD"


@pytest.mark.parametrize(("code", "data"), [(0x81, ""), (0x81, "02"), (0x96, ""), (0x96, "01 00 00"), (0x85, "01"), (0x85, "02 01"), (0x86, "01 00"), (0x87, ""), (0x87, "02 41"), (0x87, "01"), (0x87, "01 FF"), (0x94, "00")])  # fmt: skip
def test_an_answer_that_cannot_be_is_misheard(code, data):
    with pytest.raises(Misheard):
        said(code, data)


def heard(ask, data):
    wire = VdcpWire()
    if ask is not None:
        wire.asked(ask)
    return wire.feed(data)


def test_an_answer_is_that_of_the_open_question_alone():
    status = write(Message(kind=3, code=0x85, data=b"\x01\x04\x01"))
    playing = Answered(PortStatus(states=("playing",), port=1))
    other = Garbled("an answer to another question")
    assert heard(vdcp.status(), status) == [playing]
    assert (
        heard(vdcp.position(), status) == [other]
        and heard(None, status) == [other]
        and heard(vdcp.play(), status) == [other]
    )
    assert heard(vdcp.status(), write(Message(kind=3, code=0x85, unit=1, data=b"\x01\x04"))) == [other]
    assert heard(vdcp.status(), write(Message(kind=11, code=0x85, data=b"\x01\x04"))) == [other]
    assert heard(vdcp.play(), b"\x04") == [Answered(True)]
    assert heard(vdcp.status(), b"\x04") == [Declined("ACK", "the server does not know this question")]
    assert heard(vdcp.play(), b"\x05\x05") == [Declined("05", "unknown command, checksum error")]
    assert heard(vdcp.play(), b"\x05\x00") == [Declined("00", "unknown")]
    assert heard(vdcp.play(), b"\xff\xfe\x00\x04\xff\xff") == [Stray("noise"), Answered(True), Stray("noise")]
    assert heard(vdcp.status(), status[:-1] + b"\x00") == [
        Garbled("the server sent a message whose checksum does not hold")
    ]
    assert heard(vdcp.status(), write(Message(kind=3, code=0x85, data=b"\x02\x04")))[0].why.startswith(
        "the server sent a status"
    )
    assert heard(vdcp.status(), b"\x02\x01\xf0\x10") == [
        Garbled("the server sent a message whose checksum does not hold")
    ]


def test_a_message_may_come_byte_by_byte():
    wire = VdcpWire()
    wire.asked(vdcp.play())
    assert (
        wire.feed(b"\x05") == []
        and wire.holding
        and wire.feed(b"\x01") == [Declined("01", "unknown command")]
    )
    wire.asked(vdcp.status())
    assert wire.feed(b"\x02\x05\x30") == [] and wire.cut() == [Garbled("cut short")]


PACE = Pace(timeout=200_000, late=300_000, gap=50_000)


def test_a_clip_is_cued_and_played():
    room = Room(VdcpWire(), server := Server(), PACE)
    assert room.value(vdcp.open_port(1)) is True and room.ask(vdcp.select_port(1)) == Answered(True)
    assert room.value(vdcp.has("NEWS0001")) is True and room.value(vdcp.has("NONE")) is False
    assert str(room.value(vdcp.size_of("NEWS0001"))) == "00:01:30:00" and room.value(vdcp.active_id()) is None
    room.ask(vdcp.cue("NEWS0001"))
    assert (
        room.value(vdcp.status()) == PortStatus(states=("idle", "cued"), port=1)
        and server.state == IDLE | CUED
    )
    room.ask(vdcp.play())
    assert server.state == PLAYING and room.value(vdcp.active_id(long=True)) == "NEWS0001"
    assert room.value(vdcp.position()) == TimeCode(hour=0, minute=0, second=0, frame=0)
    assert room.ask(Message(kind=1, code=0x55)) == Declined("01", "unknown command")
    assert room.ask(Message(kind=3, code=0x55)) == Declined("ACK", "the server does not know this question")


@pytest.mark.parametrize("fault", [*ON_EVERY_WIRE, *Server.own, "checksum", "other"])
def test_under_a_fault_no_wrong_state_is_believed_and_every_good_one_is(fault):
    server, dice = Server(), random.Random(7)
    room, good = Room(VdcpWire(), server, PACE), 0
    for _ in range(60):
        room.settle()
        held = server.faults if fault in ("checksum", "other") else server.wire.on
        held.clear()
        struck = dice.random() < 0.3
        if struck:
            held[fault] = 400 if fault == "late" else 0
        server.state = dice.choice((IDLE, PLAYING, CUED))
        answer = room.ask(vdcp.status())
        if isinstance(answer, Answered):
            assert (
                answer.value.states == {IDLE: ("idle",), PLAYING: ("playing",), CUED: ("cued",)}[server.state]
            )
        good += struck or isinstance(answer, Answered)
    assert good == 60


def test_a_server_that_is_silent_is_silent():
    server = Server()
    server.wire.on["dead"] = 0
    assert Room(VdcpWire(), server, PACE).ask(vdcp.play()) == Silent()


def test_a_server_is_played_over_a_socket(capsys, monkeypatch):
    server = Server()
    with served(server) as link:
        code, lines = wired(capsys, "vdcp", "cue", "AD0001", "--port", 1, "--link", link)
        assert code == 0 and server.clip == "AD0001"
        code, lines = wired(capsys, "vdcp", "play", "--read-back", "--link", link)
        assert code == 0 and lines[-1]["states"] == ["playing"]
        server.faults["stuck"] = 0
        assert wired(capsys, "vdcp", "stop", "--read-back", "--link", link)[0] == 1
        assert wired(capsys, "vdcp", "size", "AD0001", "--link", link)[1][-1]["answer"] == "00:00:15:00"
        assert wired(capsys, "vdcp", "has", "NO", "--link", link)[1][-1]["answer"] is False
        assert wired(capsys, "vdcp", "active", "--link", link)[1][-1]["answer"] == "AD0001"
        code, _ = wired(
            capsys,
            "vdcp",
            "cue",
            "AD0001",
            "--begin",
            "10:00:00:00",
            "--length",
            "00:00:05:00",
            "--link",
            link,
        )
        assert code == 0
        assert (
            wired(capsys, "vdcp", "cue", "AD0001", "--read-back", "--link", link)[0] == 1
        )  # it only says yes
        del server.faults["stuck"]
        monkeypatch.setattr(wire_face, "AGAIN", 1_000)
        assert wired(capsys, "vdcp", "cue", "SLATE", "--read-back", "--port", 1, "--link", link)[0] == 0
        code, lines = wired(capsys, "vdcp", "cue", "NOSUCH", "--read-back", "--link", link)
        assert code == 1 and lines[-1]["clip"] is None and lines[-1]["holds"] is False
        server.faults["denied"] = 0
        assert wired(capsys, "vdcp", "cue", "SLATE", "--read-back", "--port", 1, "--link", link)[0] == 1
        code, lines = wired(capsys, "vdcp", "play", "--port", 1, "--read-back", "--link", link)
        assert code == 1 and lines[-1]["error"] == "port" and server.written.count("01 ") == 1
    assert wired(capsys, "vdcp", "cue", "A", "--begin", "10:00:00:00", "--link", "tcp:a:1")[0] == 2
