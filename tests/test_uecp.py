"""UECP: golden bytes, stuffing and CRC, elements both ways, and a simulated coder under every fault."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from studio_kit import Room, served, wired

from devices.rds_text import read as rds_read
from devices.rds_text import written
from devices.sim_studio import ON_EVERY_WIRE
from devices.sim_uecp import Coder, check
from devices.turns import Answered, Declined, Garbled, Silent, Stray, Told
from devices.uecp import (
    LONGEST,
    Ask,
    Frame,
    Frames,
    Send,
    UecpWire,
    crc,
    read,
    stuffed,
    unstuffed,
    write,
)
from devices.uecp_elements import (
    ACKS,
    Ack,
    Mode,
    Other,
    Pi,
    Ps,
    Pty,
    Ptyn,
    RdsOn,
    RealTime,
    Request,
    Rt,
    Select,
    Ta,
    element_bytes,
    elements_of,
    mec_of,
)
from station.words import Misheard, Refused

PAGE = Path(__file__).parent.parent / "docs" / "protocols" / "uecp.md"

# -- golden bytes -----------------------------------------------------------------------------------


def test_the_crc_is_that_of_the_specifications_example():
    assert crc(b"2D111234010105ABCD123F0XXXX11069212491000320066") == 0x9723


@given(st.binary(max_size=60))
def test_the_simulator_reckons_the_same_crc_bit_by_bit(data):
    assert crc(data) == check(data)


def test_the_three_codes_are_stuffed_as_the_specification_says():
    assert stuffed(b"\xfd\xfe\xff\xfc") == b"\xfd\x00\xfd\x01\xfd\x02\xfc"


@pytest.mark.parametrize("data", [b"\xfd", b"\xfd\x03", b"\xfd\xff", b"a\xfd\x09b"])
def test_wrong_stuffing_is_misheard(data):
    with pytest.raises(Misheard):
        unstuffed(data)


@given(st.binary(max_size=300))
def test_stuffing_is_undone_and_leaves_no_mark_inside(data):
    assert unstuffed(stuffed(data)) == data
    assert not {0xFE, 0xFF} & set(stuffed(data))


def test_the_worked_example_of_the_page():
    block = PAGE.read_text("utf-8").partition("```uecp\n")[2].partition("```")[0]
    frame = Frame(site=1, encoder=2, sequence=1, elements=(Ps(name="SHOUXIAN"), Pty(pty=31)))
    assert write(frame) == bytes.fromhex(block) and Frames().feed(bytes.fromhex(block)) == [frame]


GOLDEN = [
    (Pi(pi=0xC201), "01 00 00 C2 01"),
    (Ps(name="RADIO 5", psn=2), "02 00 02 52 41 44 49 4F 20 35 20"),  # a public page of the format
    (Ta(programme=True, announcement=False), "03 00 00 02"),
    (Ta(programme=False, announcement=True), "03 00 00 01"),
    (Ta(programme=True, announcement=True), "03 00 00 03"),
    (RealTime(at=1_795_353_245_000_000), "0D 1A 0B 16 0D 0E 05 00 00"),
    (Pty(pty=31, dsn=255), "07 FF 00 1F"),
    (Rt(text="RDS", toggle=True, repeats=5, psn=1), "0A 00 01 04 0B 52 44 53"),
    (Rt(text="text", toggle=True, repeats=8, buffer=2, psn=1), "0A 00 01 05 51 74 65 78 74"),
    (Rt(text=""), "0A 00 00 01 00"),
    (RealTime(at=1_795_353_245_670_000, offset=16), "0D 1A 0B 16 0D 0E 05 43 10"),
    (RealTime(at=1_795_353_245_000_000, offset=-7), "0D 1A 0B 16 0D 0E 05 00 27"),
    (RealTime(at=1_795_353_245_000_000, offset=-6), "0D 1A 0B 16 0D 0E 05 00 26"),
    (RealTime(at=1_795_353_245_000_000, offset=15), "0D 1A 0B 16 0D 0E 05 00 0F"),
    (Request(mec=2), "17 03 02 00 00"),
    (Ack(code=0), "18 00"),
    (Ack(code=6, sequence=9), "18 06 09"),
    (Select(dsn=3), "1C 03"),
    (RdsOn(on=True), "1E 01"),
    (Mode(mode=2), "2C 02"),
    (Ptyn(name="NEWS"), "3E 00 00 4E 45 57 53 20 20 20 20"),
    (Other(mec=0x30, data=b"\x01\x02"), "30 01 02"),
]


@pytest.mark.parametrize(("element", "data"), GOLDEN)
def test_each_element_has_its_bytes_and_is_read_from_them(element, data):
    assert element_bytes(element) == bytes.fromhex(data)
    assert elements_of(bytes.fromhex(data)) == (element,)
    assert mec_of(element) == bytes.fromhex(data)[0]


def test_a_request_ends_where_its_length_says():
    assert elements_of(bytes.fromhex("17 03 02 04 05 07 00 00 01")) == (
        Request(mec=2, dsn=4, psn=5),
        Pty(pty=1),
    )


def test_what_a_coder_refuses_is_said_in_words():
    assert ACKS == {
        0: "done", 1: "CRC error", 2: "message not received", 3: "message unknown", 4: "no such data set", 5: "no such programme service",
        6: "parameter out of range", 7: "wrong length of an element", 8: "wrong length of the message", 9: "message not acceptable",
        10: "end of message missing", 11: "buffer full", 12: "wrong stuffing", 13: "unexpected end of message",
    }  # fmt: skip


def test_an_alarm_wakes_receivers_and_is_taken_back(capsys):
    coder = Coder()
    with served(coder) as link:
        at = ("--link", link, "--site", 1, "--encoder", 1)
        for state, pty, flags in (("on", 31, 3), ("test", 30, 3), ("off", 10, 2)):
            code, lines = wired(capsys, "uecp", "alarm", state, "--pty", 10, "--read-back", *at)
            assert (
                code == 0
                and lines[-1]["holds"] is True
                and (coder.kept[7][3], coder.kept[3][3]) == (pty, flags)
            )
        held = lines[-1]["wanted"]
        assert [one["is"] for one in held] == ["Pty", "Ta"] == [one["is"] for one in lines[-1]["found"]]
        coder.kept[3] = bytes([3, 0, 0, 2])
        coder.faults["ta"] = 0  # the programme type comes, the traffic flag does not
        assert wired(capsys, "uecp", "alarm", "on", "--read-back", *at)[0] == 1 and coder.kept[7][3] == 31
        del coder.faults["ta"]
        coder.faults["stuck"] = 0
        assert wired(capsys, "uecp", "alarm", "on", "--read-back", *at)[0] == 1
        assert wired(capsys, "uecp", "alarm", "on", *at)[0] == 0


def test_texts_and_frames_may_be_as_long_as_they_may_be():
    element = Rt(text="x" * 64)
    assert elements_of(element_bytes(element)) == (element,)
    whole = Frame(site=1023, encoder=63, sequence=255, elements=(Other(mec=0xF0, data=b"\xfd" * 254),))
    assert Frames().feed(write(whole)) == [whole] and len(write(whole)) > 512
    with pytest.raises(Refused, match="256 bytes"):
        write(Frame(elements=(Other(mec=0xF0, data=bytes(255)),)))


def test_a_carriage_return_behind_a_short_radio_text_is_no_letter_of_it():
    assert elements_of(bytes.fromhex("0A 00 00 05 00 52 44 53 0D")) == (Rt(text="RDS"),)


def test_the_buffer_of_radio_text_may_be_emptied_without_any_flags():
    assert elements_of(bytes.fromhex("0A 01 02 00 07 00 00 0A")) == (Rt(text="", dsn=1, psn=2), Pty(pty=10))
    assert elements_of(bytes.fromhex("17 01 02")) == (Request(mec=2),)


BAD = [
    Pi(pi=0x10000), Pi(pi=-1), Pi(pi=1, dsn=256), Pi(pi=1, psn=-1), Ps(name="NINECHARS"), Ps(name="寿县"), Pty(pty=32),
    Rt(text="x" * 65), Rt(text="x", repeats=16), Rt(text="x", buffer=1), Select(dsn=0), Select(dsn=254), Mode(mode=3),
    RealTime(at=0), RealTime(at=4_200_000_000_000_000), RealTime(at=1_795_353_245_000_000, offset=32),
    RealTime(at=1_795_353_245_000_000, offset=-32), Request(mec=256), Ack(code=256), Other(mec=256, data=b""),
]  # fmt: skip


@pytest.mark.parametrize("element", BAD)
def test_what_an_element_cannot_say_is_refused_in_both_languages(element):
    with pytest.raises(Refused) as refused:
        element_bytes(element)
    assert refused.value.text.zh


WRONG = [
    "01 00 00 C2", "02 00 00 41", "03 00 00", "03 00 00 04", "07 00 00 20", "0A 00 00", "0A 00 00 05 00", "0A 00 00 02 80 41",
    "0A 00 00 02 20 41", "0A 00 00 42 00 " + "41 " * 65, "0D 1A 0D 16 0D 0E 05 00 00", "0D 64 0B 16 0D 0E 05 00 00",
    "0D 1A 0B 16 0D 0E 05 64 00", "0D 1A 0B 16 0D 0E 05 00 40", "0D 1A", "17 00", "17 04 02 00 00 00", "17 03 02", "18", "18 01",
    "1C 00", "1C FE", "1E 02", "1E", "2C 03", "2C", "3E 00",
]  # fmt: skip


@pytest.mark.parametrize("data", WRONG)
def test_an_element_that_is_cut_or_says_what_cannot_be_is_misheard(data):
    with pytest.raises(Misheard):
        elements_of(bytes.fromhex(data))


# -- round trips ------------------------------------------------------------------------------------

TEXT = st.text(st.sampled_from([rds_read(bytes([code])) for code in range(0x20, 0xFF) if code != 0x7F]))
PLACE = {"dsn": st.integers(0, 255), "psn": st.integers(0, 255)}
ELEMENTS = st.one_of(
    st.builds(Pi, pi=st.integers(0, 0xFFFF), **PLACE),
    st.builds(Ps, name=TEXT.map(lambda text: text[:8].rstrip(" ")), **PLACE),
    st.builds(Ptyn, name=TEXT.map(lambda text: text[:8].rstrip(" ")), **PLACE),
    st.builds(Ta, programme=st.booleans(), announcement=st.booleans(), **PLACE),
    st.builds(Pty, pty=st.integers(0, 31), **PLACE),
    st.builds(
        Rt, text=TEXT.map(lambda text: text[:64]), toggle=st.booleans(), repeats=st.integers(0, 15),
        buffer=st.sampled_from([0, 2]), **PLACE,
    ),
    st.builds(RealTime, at=st.integers(94_668_480_000, 410_244_479_999).map(lambda n: n * 10_000), offset=st.integers(-31, 31).filter(bool)),
    st.builds(RdsOn, on=st.booleans()),
    st.builds(Select, dsn=st.integers(1, 253)),
    st.builds(Mode, mode=st.integers(0, 2)),
    st.builds(Request, mec=st.integers(0, 255), **PLACE),
    st.builds(Ack, code=st.integers(1, 255), sequence=st.integers(0, 255)),
)  # fmt: skip
FRAMES = st.builds(
    Frame,
    site=st.integers(0, 1023),
    encoder=st.integers(0, 63),
    sequence=st.integers(0, 255),
    elements=st.lists(ELEMENTS, max_size=3).map(tuple),
)


@given(FRAMES, st.integers(1, 40))
def test_what_is_written_is_read_whatever_pieces_it_comes_in(frame, size):
    data = b"\x00noise" + write(frame) + write(frame)
    frames, found = Frames(), []
    for at in range(0, len(data), size):
        found += frames.feed(data[at : at + size])
    assert found == [frame, frame] and not frames.holding


@given(FRAMES, st.integers(0, 10_000), st.integers(1, 255))
def test_a_frame_with_a_changed_byte_is_never_another_frame(frame, at, flip):
    data = bytearray(write(frame))
    data[1 + at % (len(data) - 2)] ^= flip
    assert [one for one in Frames().feed(bytes(data)) if isinstance(one, Frame)] == []


@pytest.mark.parametrize(
    "frame",
    [Frame(site=1024), Frame(site=-1), Frame(encoder=64), Frame(sequence=256), Frame(elements=(Rt(text="x" * 64),) * 4)],
)  # fmt: skip
def test_what_no_frame_carries_is_refused(frame):
    with pytest.raises(Refused):
        write(frame)


def test_a_frame_of_a_wrong_length_or_without_an_end_is_misheard():
    whole = write(Frame(elements=(Pty(pty=1),)))
    frames = Frames()
    lost, found = frames.feed(whole[:6] + whole)
    assert isinstance(lost, Misheard) and found.elements == (Pty(pty=1),)
    (long,) = frames.feed(b"\xfe" + b"\x01" * (LONGEST + 1))
    assert long.code == "length" and not frames.holding
    body = bytes.fromhex("00 00 00 02 1E")
    for data in (body, b""):
        with pytest.raises(Misheard, match="wrong length"):
            read(stuffed(data + crc(data).to_bytes(2, "big")))


def test_characters_that_rds_has_not_are_named():
    assert rds_read(written("ÄŒ$°")) == "ÄŒ$°" and rds_read(b"\x00\xff") == "\ufffd\ufffd"
    with pytest.raises(Refused, match="'县'"):
        written("a县")


# -- one question at a time -------------------------------------------------------------------------


def test_a_coder_obeys_and_has_what_it_was_told():
    coder = Coder()
    room = Room(UecpWire(1, 1), coder)
    assert room.ask(Send((Ps(name="SHOUXIAN"), Pty(pty=31)))) == Answered(True)
    assert coder.kept[2][3:] == b"SHOUXIAN" and coder.kept[7][3] == 31
    assert room.value(Ask(Request(mec=2))) == Ps(name="SHOUXIAN")


def test_sequence_numbers_go_round_without_zero():
    wire = UecpWire(1, 1, confirms=False)
    numbers = [Frames().feed(wire.asked(Send(())))[0].sequence for _ in range(256)]
    assert numbers == [*range(1, 256), 1] and not wire.waiting


def test_a_coder_that_only_listens_is_told_and_nothing_is_known():
    coder = Coder(mode=0)
    wire = UecpWire(1, 1, confirms=False)
    assert coder.session().heard(wire.asked(Send((Pty(pty=31),)))) == [] and coder.kept[7][3] == 31
    assert not wire.waiting
    assert Room(UecpWire(1, 1), coder).ask(Send((Pty(pty=1),))) == Silent()


def heard(wire, *elements, **where):
    return wire.feed(write(Frame(**{"site": 1, "encoder": 1, **where}, elements=elements)))


def test_no_answer_of_another_coder_or_to_another_frame_is_taken():
    wire = UecpWire(1, 1)
    wire.asked(Send((Pty(pty=1),)))
    assert heard(wire, Ack(code=0), encoder=2) == [Stray("another coder")]
    assert heard(wire, Ack(code=0), site=2) == [Stray("another coder")]
    assert heard(wire, Ack(code=6, sequence=7)) == [Stray("an acknowledgement of another frame")]
    assert heard(wire) == [Stray("an empty frame")]
    assert heard(wire, Pty(pty=1)) == [Told(Pty(pty=1))]
    assert heard(wire, Ack(code=6, sequence=1)) == [Declined("6", "parameter out of range")]
    wire.asked(Ask(Request(mec=7)))
    assert heard(wire, Ack(code=0)) == [Stray("a request acknowledged")]
    assert heard(wire, Ps(name="x"), Pty(pty=4)) == [Told(Ps(name="x")), Answered(Pty(pty=4))]
    wire.asked(Send(()))
    assert heard(wire, Ack(code=99)) == [Declined("99", "unknown")]


def test_whoever_speaks_to_all_hears_every_coder():
    wire = UecpWire(0, 0)
    wire.asked(Send(()))
    assert heard(wire, Ack(code=0), site=7, encoder=9) == [Answered(True)]


def test_what_is_begun_is_thrown_away_when_nothing_follows():
    wire = UecpWire(1, 1)
    wire.asked(Send(()))
    assert wire.feed(b"\xfe\x00") == [] and wire.holding
    assert wire.cut() == [Garbled("cut short")] and not wire.holding and not wire.waiting


@pytest.mark.parametrize("fault", [*ON_EVERY_WIRE, *Coder.own, "crc"])
def test_under_a_fault_no_wrong_value_is_believed_and_every_good_one_is(fault):
    coder, dice = Coder(), random.Random(5)
    room, good = Room(UecpWire(1, 1), coder), 0
    for _ in range(60):
        room.settle()
        struck = dice.random() < 0.3
        (coder.faults if fault == "crc" else coder.wire.on).clear()
        if struck:
            (coder.faults if fault == "crc" else coder.wire.on)[fault] = 0
        coder.kept[7] = bytes([7, 0, 0, dice.randrange(32)])
        said = room.ask(Ask(Request(mec=7)))
        if isinstance(said, Answered):
            assert said.value == Pty(pty=coder.kept[7][3])
        good += struck or isinstance(said, Answered)
    assert good == 60


def test_a_coder_that_says_yes_and_changes_nothing_is_found_out_by_reading_back():
    coder = Coder()
    room = Room(UecpWire(1, 1), coder)
    room.ask(Send((Pty(pty=3),)))
    coder.faults["stuck"] = 0
    assert room.ask(Send((Pty(pty=31),))) == Answered(True)
    assert room.value(Ask(Request(mec=7))) == Pty(pty=3)


# -- the command line -------------------------------------------------------------------------------


def test_a_coder_is_told_and_read_back_over_a_socket(capsys):
    coder = Coder()
    with served(coder) as link:
        at = ("--link", link, "--site", 1, "--encoder", 1)
        code, lines = wired(capsys, "uecp", "pty", 31, "--read-back", *at)
        assert code == 0 and [line.get("answer") for line in lines[:2]] == [
            True,
            {"is": "Pty", "pty": 31, "dsn": 0, "psn": 0},
        ]
        assert lines[2]["holds"] is True
        coder.faults["stuck"] = 0
        code, lines = wired(capsys, "uecp", "rt", "flood, go uphill", "--read-back", *at, "--timeout", 0.1)
        assert code == 1 and lines[-1]["error"] == "timeout"  # it has no radio text at all
        code, lines = wired(capsys, "uecp", "ps", "SHOUXIAN", "--one-way", *at)
        assert code == 0 and (lines[0]["sent"], lines[0]["confirmed"]) == (True, None)
    code, lines = wired(capsys, "uecp", "get", "ps", *at)
    assert code == 1 and lines[0]["error"] == "link"


def test_bytes_are_explained_without_any_line(capsys):
    data = write(Frame(elements=(Ps(name="A"),))).hex()
    code, lines = wired(capsys, "uecp", "decode", data[:10], data[10:])
    assert code == 0 and lines[0]["told"]["elements"][0]["name"] == "A"
    code, lines = wired(capsys, "uecp", "decode", "fe00ff")
    assert code == 1 and lines[0]["error"] == "length" and lines[0]["zh"]
    assert wired(capsys, "uecp", "decode", "fe") == (1, [])


@pytest.mark.parametrize(
    ("words", "elements"),
    [
        (["ptyn", "NEWS"], Ptyn(name="NEWS")),
        (["ta", "on"], Ta(programme=True, announcement=True)),
        (["pi", "0xC201"], Pi(pi=0xC201)),
        (["rds", "off"], RdsOn(on=False)),
        (["dataset", "3"], Select(dsn=3)),
        (["mode", "2"], Mode(mode=2)),
    ],
)
def test_each_verb_says_what_it_is_for(capsys, words, elements):
    coder = Coder(mode=0)
    with served(coder) as link:
        code, _ = wired(capsys, "uecp", *words, "--one-way", "--link", link)
        while not coder.requests:
            pass
    assert code == 0 and coder.kept[mec_of(elements)] == element_bytes(elements)
