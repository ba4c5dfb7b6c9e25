"""'&' and '%' frames: read, never written; what is no frame is said; found in streams cut anywhere; a simulated terminal under every fault."""

import random
import re
import struct
from pathlib import Path

import pytest
from fuzz_kit import campaign, damaged
from hypothesis import given
from hypothesis import strategies as st
from studio_kit import served, wired

from devices import front_face, sim_studio, tunan, tunan_face
from devices.sim_tunan import DOCTOR, Terminal
from devices.tunan import LOCAL_INSERTION, MOST, PARAMETERS, Reader, Value, read
from devices.tunan_face import TunanWire
from devices.turns import Stray, Told
from station.words import Misheard

PAGE = (Path(__file__).parent.parent / "docs" / "protocols" / "front.md").read_text("utf-8")
EXAMPLE = bytes.fromhex(re.search(r"```tunan\n(.*?)```", PAGE, re.DOTALL)[1])
CODE = "340422100001000001"


def crc(data):
    value = 0xFFFF
    for octet in data:
        value ^= octet
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value.to_bytes(2, "little")


SHORT = b"&" + bytes.fromhex(CODE) + b"\x01\x00"


def framed(parameters, function=0x65, order="little", head=SHORT):
    data = b"".join(
        number.to_bytes(2, "little") + bytes([len(value)]) + value for number, value in parameters
    )
    body = bytes([function]) + len(data).to_bytes(2, order) + data
    return head + body + crc(body)


def test_the_worked_example_of_the_page_is_read():
    frame = read(EXAMPLE)
    assert (frame.code, frame.maker, frame.hardware, frame.software, frame.version) == (
        CODE,
        "杭州图南",
        "12.3",
        "4.5",
        1,
    )
    assert frame.function == "report" and frame.playing == LOCAL_INSERTION
    assert frame.values == (
        Value(id=0x0325, name="playing", data=b"\x83", value=0x83),
        Value(id=0x0308, name="volume", data=b"P", value=80),
    )
    assert front_face.decode(EXAMPLE) == [frame]


def test_the_short_frame_has_no_maker_and_its_length_may_stand_either_way():
    for order in ("little", "big"):
        frame = read(framed([(0x0308, b"P")], order=order))
        assert (frame.code, frame.maker, frame.values[0].value, frame.playing) == (CODE, None, 80, None)
    assert (
        read(framed([], function=0x56)).function == "heart-beat"
        and read(framed([], function=0x77)).function == "77"
    )
    assert read(framed([(1, b"x")], function=0x10)).body == b"\x01\x00\x01x"
    assert (
        read(b"%" + bytes.fromhex(CODE) + b"\x09\x00" + bytes(4) + b"\x01\x00" + framed([])[12:]).maker == "9"
    )


def test_values_are_said_where_their_bytes_fit():
    held = [
        (0x0331, struct.pack("<f", 228.5)),
        (0x0313, b"\x90\x1f"),
        (0x0318, b"\1\0\0\0"),
        (0x0335, bytes([10, 0, 0, 2])),
        (0x0324, b"\x01\x23"),
        (0x0317, b"f"),
    ]
    said = {one.name: one.value for one in read(framed(held, function=0x66)).values}
    assert said == {
        "220 V": "228.5",
        "centre port": 8080,
        "recording length": 1,
        "own address": "10.0.0.2",
        "physical address": "0123",
        "file name": None,
    }
    assert read(framed([(0x0313, b"\x90"), (0x9999, b"")])).values == (
        Value(id=0x0313, name="centre port", data=b"\x90"),
        Value(id=0x9999, name="9999", data=b""),
    )
    assert read(framed([(0x0325, b"\x83\x00")])).playing is None


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"&", EXAMPLE[:-1], EXAMPLE[:-1] + b"x", EXAMPLE + bytes(5000), framed([], head=b"&" + bytes(5)), framed([])[:-5] + b"\x65\x01\x00" + crc(b"\x65\x01\x00"), framed([(1, b"x")])[:12] + (lambda b: b + crc(b))(b"\x65\x04\x00\x01\x00\x09x")],
)  # fmt: skip
def test_what_is_no_frame_is_misheard(data):
    with pytest.raises(Misheard) as said:
        read(data)
    assert said.value.text.zh


ROWS = re.findall(
    r"([0-9A-F]{4}) ([^:|]+): (\w+(?: \d)?)", re.search(r"```parameters\n(.*?)```", PAGE, re.DOTALL)[1]
)
HELD = {
    "bytes": (b"ab", None),
    "bytes 4": (b"abcd", None),
    "hex": (b"\x12\x34\x56", "123456"),
    "number 1": (b"\xfe", 0xFE),
    "number 2": (b"\x34\x12", 0x1234),
    "number 4": (b"\x78\x56\x34\xf2", 0xF2345678),
    "float": (struct.pack("<f", -1.5), "-1.5"),
    "IPv4": (bytes([192, 168, 1, 250]), "192.168.1.250"),
}


@pytest.mark.parametrize(("number", "name", "kind"), ROWS)
def test_every_parameter_of_the_page_is_read(number, name, kind):
    data, value = HELD[kind]
    one = Value(id=int(number, 16), name=name, data=data, value=value)
    assert read(framed([(one.id, data)])).values == (one,)
    if kind not in ("bytes", "bytes 4", "hex"):
        assert read(framed([(one.id, data + b"\0")])).values[0].value is None


def test_the_page_has_every_parameter_function_and_maker():
    assert [int(number, 16) for number, _, _ in ROWS] == list(PARAMETERS)
    functions = re.findall(r"([0-9A-F]{2}) ([a-z -]+)[,.]", re.search(r"Functions: .*?\.", PAGE)[0])
    assert {int(number, 16): name for number, name in functions} == tunan.FUNCTIONS
    for number, name in re.findall(r"(\d) ([\u4e00-\u9fff]+)", re.search(r"maker 2 \((.*?)\)", PAGE)[1]):
        head = b"%" + bytes.fromhex(CODE) + bytes([int(number), 0]) + bytes(4) + b"\x01\x00"
        assert name in read(framed([], head=head)).maker
    plays = re.search(r"what plays: .*?\.\n", PAGE)[0].replace("*", "")
    assert {int(number, 16) for number in re.findall(r"\b([08]\d) ", plays)} == set(tunan.PLAYING)


def test_nothing_here_writes():
    assert not [name for name in dir(tunan) if name.startswith(("write", "encode", "pack"))]


def test_fuzz_vendor_frames():
    seeds = [EXAMPLE, framed([(0x0331, b"\0\0\xc0\x7f"), (0x0335, bytes(4))])]
    held = 0

    def ask(chance: random.Random):
        nonlocal held
        stream = b"".join(damaged(chance, one, seeds) for one in chance.choices(seeds, k=3))
        wire = TunanWire()
        assert all(isinstance(one, (Told, Stray)) for one in wire.feed(stream) + wire.cut())
        assert not wire.holding
        seed = chance.choice(seeds)
        data = damaged(chance, seed)
        if chance.random() < 0.5 and len(data) > 20:
            cut = 12 if data[:1] == b"&" else 18
            data = data[:-2] + crc(data[cut:-2])
        try:
            held += bool(read(data).values)
        except Misheard as misheard:
            assert misheard.text.en

    campaign("vendor frames", ask)
    assert held


# ---- streams, and a simulated terminal ----------------------------------------------------------------------------

frames = st.builds(
    lambda rows, function, order, head: framed(rows, function, order, head),
    st.lists(st.tuples(st.sampled_from(tuple(PARAMETERS)), st.binary(max_size=6)), max_size=5),
    st.sampled_from((0x65, 0x66, 0x56)), st.sampled_from(("little", "big")), st.sampled_from((SHORT, EXAMPLE[:18])),
)  # fmt: skip


@given(
    st.lists(frames, min_size=1, max_size=4),
    st.binary(max_size=9).filter(lambda data: not set(data) & set(b"&%")),
    st.data(),
)
def test_a_stream_cut_anywhere_gives_its_frames_and_counts_rubbish(wanted, rubbish, data):
    stream, reader, found = b"".join(rubbish + one for one in wanted), Reader(), []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        found += reader.feed(stream[:cut])
        stream = stream[cut:]
    found += reader.cut()
    assert found == [read(one) for one in wanted] and reader.rubbish == len(rubbish) * len(wanted)


def test_a_false_beginning_holds_up_no_frame_for_long():
    good, wire = framed([(0x0308, b"P")]), TunanWire()
    false = b"&" + bytes(11) + b"\x65" + (MOST - 17).to_bytes(2, "little")
    assert wire.feed(false + good) == [] and wire.holding
    assert (
        wire.cut() == [Told(read(good)), Stray(f"{len(false)} bytes that are no frame")] and not wire.holding
    )
    longer = b"&" + bytes(11) + b"\x65" + (MOST - 16).to_bytes(2, "little")
    assert wire.feed(longer + good)[0] == Told(read(good))
    assert wire.feed(b"%" + bytes(16)) == [] and wire.holding and wire.cut() and not wire.holding
    with pytest.raises(ValueError, match="read only"):
        wire.asked("volume")


def heard(fault, count=5, **words):
    """What is told, and how many strays, of so many reports."""
    device, wire = Terminal(CODE, **words), TunanWire()
    (device.faults if fault in DOCTOR else device.wire.on)[fault] = 0
    said = []
    for _ in range(count):
        for data in device.tick():
            for _, piece in sim_studio.spoilt(device.wire, data):
                said += wire.feed(piece)
            said += wire.cut() if wire.holding else []
    told = [one.value for one in said if isinstance(one, Told)]
    return told, len(said) - len(told)


@pytest.mark.parametrize("long", [False, True])
def test_a_terminal_reports_and_each_fault_shows(long):
    told, strays = heard("slow", long=long)
    assert [one.code for one in told] == [CODE] * 5 and strays == 0 and told[0].playing == 0
    assert told[0].maker == ("杭州图南" if long else None)
    assert (
        len({one.values[2].value for one in told})
        > 1
        == len({one.values[2].value for one in heard("stuck")[0]})
    )
    assert {one.playing for one in heard("insertion", long=long)[0]} == {LOCAL_INSERTION}
    assert {one.function for one in heard("exception")[0]} == {"alarm"}
    assert CODE not in {one.code for one in heard("unit")[0]}
    assert heard("dead") == ([], 0) and len(heard("twice")[0]) == 10
    for fault in ("cut", "garbage", "crc"):
        assert heard(fault)[0] == [] and heard(fault)[1] > 0
    assert len(heard("noise")[0]) == 5 and len(heard("pieces")[0]) == 5


def test_reports_are_heard_over_a_socket_and_insertions_named(capsys, monkeypatch):
    monkeypatch.setattr(Terminal, "every", 0.05)
    monkeypatch.setattr(tunan_face, "_SECOND", 200_000)
    device = Terminal(CODE)
    device.faults["insertion"] = 0
    with served(device) as link:
        code, lines = wired(capsys, "tunan", "listen", "--seconds", 1, "--link", link)
        assert (
            code == 0
            and lines[-1]["terminals"] == lines[-1]["inserting"] == [CODE]
            and lines[-1]["frames"] > 1
        )
    device = Terminal(CODE)  # another one: a connection of the first may still be about to report
    device.faults["reboot"] = 0
    with served(device) as link:
        code, lines = wired(capsys, "tunan", "listen", "--seconds", 5, "--link", link)
        assert code == 1 and lines[-1]["error"] == "link" and "reboot" not in device.faults
    assert wired(capsys, "tunan", "decode", EXAMPLE.hex())[1][0]["told"]["is"] == "VendorFrame"
    assert wired(capsys, "tunan", "decode", "26")[0] == 1
