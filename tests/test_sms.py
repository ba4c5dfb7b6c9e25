"""Short messages: golden PDUs, Chinese, long texts, and a simulated modem under every fault."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from studio_kit import Room, served, wired

from devices import sms
from devices.at_modem import (
    AtWire,
    Command,
    Give,
    Notice,
    Sent,
    prepared,
    sending,
    signal,
)
from devices.gsm7 import pack, septets, text_of, unpack
from devices.sim_modem import Modem, understood
from devices.sim_studio import ON_EVERY_WIRE
from devices.sms import Deliver, Joiner, Part, Report, Submit, minutes_of, parts, read, validity, write
from devices.turns import Answered, Declined, Garbled, Pace, Reply, Silent, Stray, Told
from station.words import Misheard, Refused

PAGE = Path(__file__).parent.parent / "docs" / "protocols" / "sms.md"
HELLO = "001100078121436 5F70000AA05E8329BFD06".replace(" ", "")  # public pages of the format
HUAWEI = "0081000B813109010054F3001804534E4E3A"  # from a modem maker's manual
CAME = "07917283010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37"

# -- golden bytes -----------------------------------------------------------------------------------


def test_a_message_in_the_gsm_alphabet_has_the_bytes_of_the_public_example():
    message = Submit(number="1234567", text="hello", valid=0xAA)
    assert write(message) == bytes.fromhex(HELLO) and read(bytes.fromhex(HELLO), sent=True) == message


def test_a_makers_example_in_chinese_is_read():
    assert read(bytes.fromhex(HUAWEI), sent=True) == Submit(number="13901000453", text="华为", flash=True)


def test_a_message_that_came_is_read_with_its_time():
    found = read(bytes.fromhex(CAME))
    assert found == Deliver(
        sender="27838890001", text="hellohello", at=922_713_419_000_000
    )  # 1999-03-29 13:16:59 UTC


def test_the_worked_example_of_the_page():
    block = PAGE.read_text("utf-8").partition("```pdu\n")[2].partition("```")[0]
    first, second = block.split()
    said = "寿县应急广播:今夜有大暴雨,双桥镇沿河各村立即转移到高处,不要停留,不要返回取物。村村通大喇叭将持续播报,请互相转告,听从指挥。老人孩子先走。"
    made = parts("+8613800138000", said, 42, valid=validity(60))
    assert [write(one).hex().upper() for one in made] == [first, second]
    assert "".join(read(bytes.fromhex(one), sent=True).text for one in (first, second)) == said


REPORT = "0006 2A 0D91 683108108300F0 62112241500023 62112241501023".replace(" ", "")


@pytest.mark.parametrize(("status", "delivered"), [("00", True), ("1F", True), ("20", None), ("3F", None), ("40", False), ("63", False)])  # fmt: skip
def test_a_report_says_what_became_of_a_message(status, delivered):
    found = read(bytes.fromhex(REPORT + status))
    assert found == Report(reference=42, number="+8613800138000", at=1_795_327_501_000_000, status=int(status, 16), delivered=delivered)  # fmt: skip


def test_a_sender_may_be_a_name_and_a_time_may_lie_west():
    pdu = bytes.fromhex("00 04 0B D0 C7F7FBCC2E03 00 00 62 11 22 00 00 00 0A 02 C834".replace(" ", ""))
    found = read(pdu)
    assert found.sender == "Google" and found.text == "Hi"
    assert found.at == 1_795_305_600_000_000 + 20 * 900_000_000


def test_data_and_other_alphabets():
    head = "0004 03 81 21F3 00 {} 62112200000000 ".replace(" ", "")
    assert read(bytes.fromhex(head.format("04") + "02 FFFE")).data == b"\xff\xfe"
    assert read(bytes.fromhex(head.format("F5") + "01 41")).data == b"A"
    assert read(bytes.fromhex(head.format("F1") + "01 41")).text == "A"
    assert read(bytes.fromhex(head.format("C8") + "01 41")).text == "A"
    assert read(bytes.fromhex(head.format("E0") + "02 5BFF")).text == "寿"


WRONG = [
    "", "00", "0003", "0001", "00040381", "0004038121F30000", "0004 03 81 21FF 00 00 62112200000000 00",
    "0004 03 81 21F3 00 00 62132200000000 00", "0004 03 81 21F3 00 20 62112200000000 00", "0004 03 81 21F3 00 0C 62112200000000 00",
    "0004 03 81 21F3 00 80 62112200000000 00", "0004 03 81 21F3 00 00 62112200000000 02 41", "0004 03 81 21F3 00 08 62112200000000 02 D800",
    "0004 03 81 21F3 00 08 62112200000000 FF" + "00" * 255, "0044 03 81 21F3 00 08 62112200000000 00",
    "0044 03 81 21F3 00 08 62112200000000 02 0541", "0044 03 81 21F3 00 08 62112200000000 06 050003010200", "0044 03 81 21F3 00 08 62112200000000 06 050003010203",
    "0044 03 81 21F3 00 08 62112200000000 02 0100",
]  # fmt: skip


@pytest.mark.parametrize("data", WRONG)
def test_what_is_no_message_is_misheard(data):
    with pytest.raises(Misheard) as said:
        read(bytes.fromhex(data.replace(" ", "")))
    assert said.value.text.zh


def test_a_message_to_be_sent_is_none_that_came_and_the_reverse():
    for data, sent in ((HELLO, False), (CAME, True)):
        with pytest.raises(Misheard, match="unknown kind"):
            read(bytes.fromhex(data), sent=sent)
    absolute = "00 09 00 02 81 21 00 00 62112200000000 01 41".replace(" ", "")
    assert read(bytes.fromhex(absolute), sent=True) == Submit(number="12", text="A")


# -- alphabets --------------------------------------------------------------------------------------

GSM = "".join(text_of(bytes([code])) for code in range(128) if code != 0x1B) + "^{}\\[~]|€\f"


@given(st.text(st.sampled_from(GSM), max_size=160), st.integers(0, 6))
def test_septets_are_unpacked_as_they_were_packed(text, fill):
    codes = septets(text)
    data = pack(codes, fill)
    whole = int.from_bytes(data, "little") >> fill
    back = unpack(whole.to_bytes(len(data), "little"), len(codes))
    assert back == codes and text_of(back) == text


def test_letters_that_are_none_in_gsm():
    assert septets("寿") is None and septets("`") is None
    assert text_of(b"\x1b\x41") == "A" and text_of(b"\x1b\x1b") == " " and text_of(b"\x1b") == ""


# -- long texts -------------------------------------------------------------------------------------

TEXTS = st.one_of(
    st.text(st.sampled_from(GSM), min_size=1, max_size=700),
    st.text(st.sampled_from("暴雨红色预警😀a€"), min_size=1, max_size=300),
)


@given(TEXTS, st.integers(0, 255), st.booleans(), st.booleans(), st.one_of(st.none(), st.integers(0, 255)))
def test_a_text_comes_out_whole_whatever_its_length(text, reference, flash, report, valid):
    made = parts("+8613800138000", text, reference, flash=flash, report=report, valid=valid)
    found = [read(write(one), sent=True) for one in made]
    assert found == list(made) and "".join(one.text for one in found) == text
    assert [one.part and one.part.number for one in found] == (
        [None] if len(made) == 1 else list(range(1, len(made) + 1))
    )
    assert all(len(write(one)) <= 160 for one in made)
    assert [understood(write(one))[0] for one in made] == ["+8613800138000"] * len(made)


@pytest.mark.parametrize(
    ("text", "count"),
    [("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 80, 1), ("€" * 81, 2), ("雨" * 70, 1), ("雨" * 71, 2),
     ("雨" * 134, 2), ("雨" * 135, 3), ("😀" * 35, 1), ("😀" * 36, 2), ("a" * 152 + "€" + "b" * 10, 2)],
)  # fmt: skip
def test_a_text_takes_so_many_messages_and_none_ends_within_a_letter(text, count):
    made = parts("10086", text, 1)
    assert len(made) == count and "".join(one.text for one in made) == text


@pytest.mark.parametrize(("number", "text"), [("", "a"), ("+", "a"), ("13a", "a"), ("1" * 21, "a"), ("1", ""), ("1", "雨" * 1_400), ("1", "\ud800")])  # fmt: skip
def test_what_cannot_be_sent_is_refused(number, text):
    with pytest.raises(Refused) as refused:
        parts(number, text, 1)
    assert refused.value.text.zh


def test_a_text_that_was_not_split_is_a_bug():
    with pytest.raises(ValueError, match="not split"):
        write(Submit(number="1", text="雨" * 71))


def test_how_long_a_message_is_valid():
    assert [minutes_of(code) for code in (0, 143, 144, 167, 168, 196, 197, 255)] == [5, 720, 750, 1440, 2880, 43_200, 50_400, 635_040]  # fmt: skip
    assert [validity(minutes) for minutes in (1, 5, 6, 60, 720, 721, 635_040, 10**9)] == [0, 0, 1, 11, 143, 144, 255, 255]  # fmt: skip


def deliver(text, number, total=3, reference=7, sender="10086"):
    return Deliver(sender=sender, text=text, at=0, part=Part(reference=reference, total=total, number=number))


def test_parts_are_joined_in_any_order_and_a_doubled_one_counts_once():
    joiner = Joiner()
    assert joiner.add(Deliver(sender="1", text="one", at=0)) == "one"
    assert [joiner.add(deliver(*one)) for one in (("c", 3), ("a", 1), ("a", 1), ("b", 2))] == [
        None,
        None,
        None,
        "abc",
    ]
    assert (
        joiner.add(deliver("x", 1, sender="2")) is None and joiner.add(deliver("y", 2, reference=8)) is None
    )


def test_unfinished_messages_are_bounded_and_the_oldest_goes():
    joiner = Joiner(most=2)
    for sender in "123":
        joiner.add(deliver("a", 1, total=2, sender=sender))
    assert joiner.add(deliver("b", 2, total=2, sender="1")) is None
    assert joiner.add(deliver("b", 2, total=2, sender="3")) == "ab"


def test_a_reference_of_sixteen_bits_is_read_and_other_headers_are_passed_over():
    pdu = bytes.fromhex(
        "0044 03 81 21F3 00 08 62112200000000 0C 09 2401 05 0804 1234 02 01 5BFF".replace(" ", "")
    )
    assert read(pdu).part == Part(reference=0x1234, total=2, number=1) and read(pdu).text == "寿"


# -- the modem --------------------------------------------------------------------------------------

PACE = Pace(timeout=2_000_000, late=1_000_000, gap=300_000)


def drive(room, script):
    """Run a script on a room: what it returns, or what ended it."""
    ask = next(script)
    while True:
        heard = room.ask(ask)
        if not isinstance(heard, Answered):
            return heard
        try:
            ask = script.send(heard.value)
        except StopIteration as done:
            return done.value


def test_a_chinese_alarm_is_sent_in_parts_and_the_modem_has_it():
    modem = Modem()
    text = "暴雨红色预警。" * 20
    assert drive(Room(AtWire(), modem, PACE), sending(parts("+8613800138000", text, 9))) == [1, 2, 3]
    assert "".join(said for _, said, _ in modem.sent) == text
    assert [place for _, _, place in modem.sent] == [1, 2, 3] and not modem.echo


@pytest.mark.parametrize(("fault", "said"), [("pin", "SIM"), ("network", "network")])
def test_what_a_modem_lacks_is_said_before_anything_is_sent(fault, said):
    modem = Modem()
    modem.faults[fault] = 0
    with pytest.raises(Refused, match=said) as refused:
        drive(Room(AtWire(), modem, PACE), prepared())
    assert refused.value.text.zh and not modem.sent


def test_field_strength():
    modem = Modem()
    assert drive(Room(AtWire(), modem, PACE), signal()) == -73
    modem.strength = 99
    assert drive(Room(AtWire(), modem, PACE), signal()) is None
    script = signal()
    next(script)
    with pytest.raises(StopIteration) as done:
        script.send(())
    assert done.value.value is None


def ready():
    room = Room(AtWire(), modem := Modem(), PACE)
    drive(room, prepared())
    return room, modem


def test_a_message_whose_fate_is_not_known_is_silence_and_is_sent_once():
    room, modem = ready()
    modem.faults["full"] = 0
    began = room.now
    assert room.ask(Give(bytes.fromhex(HELLO))) == Silent()
    assert room.now - began >= 60_000_000 and len(modem.sent) == 1


def test_a_prompt_that_does_not_come_is_cancelled():
    wire = AtWire()
    wire.asked(Give(bytes.fromhex(HELLO)))
    assert wire.give_up() == b"\x1b" and not wire.waiting
    wire.asked(Command("AT"))
    assert wire.give_up() == b""
    wire.asked(Give(bytes.fromhex(HELLO)))
    assert wire.feed(b"\r\n> ")[0] == Reply(HELLO.encode() + b"\x1a")
    assert wire.give_up() == b""


def heard(data, ask=None):
    wire = AtWire()
    if ask is not None:
        wire.asked(ask)
    return wire.feed(data)


def test_lines_in_front_of_ok_are_the_answer_echo_and_news_are_not():
    data = b"AT+CGMI\r\r\nQUECTEL\r\n\r\nRING\r\n\r\n+X: 1\r\n\r\nOK\r\n"
    assert heard(data, Command("AT+CGMI")) == [Told(Notice("RING")), Answered(("QUECTEL", "+X: 1"))]


def test_what_a_modem_says_by_itself():
    assert heard(b'+CMTI: "SM",3\r\n+CREG: 2\r\nHELLO\r\n') == [Told(Notice('+CMTI: "SM",3')), Told(Notice("+CREG: 2")), Stray("a line nobody asked for")]  # fmt: skip
    assert heard(b"+CMT: ,24\r\n" + CAME.encode() + b"\r\n", Command("AT")) == [
        Told(read(bytes.fromhex(CAME)))
    ]
    assert heard(b"+CMT: ,24\r\nxyz\r\n+CDS: 1\r\n00\r\n") == [Stray("a message that is no PDU"), Stray("the modem gave a message that is cut short")]  # fmt: skip
    wire = AtWire()
    assert wire.feed(b"+CMT: ,24\r\n07") == [] and wire.cut() == [Garbled("cut short")]
    assert wire.feed(b"RING\r\n") == [Told(Notice("RING"))]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"ERROR\r\n", Declined("ERROR", "the modem does not know this, or will not")),
        (b"+CMS ERROR: 331\r\n", Declined("CMS 331", "no network")),
        (b"+CME ERROR: 999\r\n", Declined("CME 999", "unknown")),
        (b"\xff\r\n", Garbled("a line that is no text")),
        (b"x" * 1025, Garbled("a line without an end")),
        (b"a\r\n" * 201, Garbled("an answer without an end")),
    ],
)
def test_what_is_no_good_answer(data, said):
    assert heard(data, Command("AT"))[0] == said


@pytest.mark.parametrize(
    "data", [b"OK\r\n", b"\r\n> OK\r\n", b"\r\n> \r\n+CMGS: 256\r\nOK\r\n", b"+CMGS: 1\r\nOK\r\n"]
)
def test_a_message_is_sent_only_with_its_reference(data):
    wire = AtWire()
    wire.asked(Give(bytes.fromhex(HELLO)))
    said = [one for piece in (data[:4], data[4:]) for one in wire.feed(piece)]
    assert said[-1] == Garbled("OK without the reference of the message")


def test_the_echo_of_a_pdu_is_no_answer():
    wire = AtWire()
    wire.asked(Give(bytes.fromhex(HELLO)))
    wire.feed(b"\r\n>")
    assert wire.feed(HELLO.encode() + b'\r\n+CMGS: 7,"x"\r\n\r\nOK\r\n') == [Answered(Sent(7))]


def test_the_service_centre_is_not_counted():
    assert AtWire().asked(Give(bytes.fromhex(HELLO))) == b"AT+CMGS=17\r"
    assert AtWire().asked(Give(bytes.fromhex("0291F1") + bytes.fromhex(HELLO)[1:])) == b"AT+CMGS=17\r"


@pytest.mark.parametrize("line", ["", "CSQ", "AT\r", "AT雨"])
def test_what_is_no_command_is_not_sent(line):
    with pytest.raises(Refused):
        AtWire().asked(Command(line))


@pytest.mark.parametrize("fault", [*ON_EVERY_WIRE, *Modem.own])
def test_under_a_fault_no_wrong_value_is_believed_and_every_good_one_is(fault):
    modem, dice = Modem(), random.Random(6)
    room, good = Room(AtWire(), modem, PACE), 0
    for _ in range(40):
        room.settle()
        modem.wire.on.clear()
        struck = dice.random() < 0.3
        if struck:
            modem.wire.on[fault] = 2500 if fault == "late" else 0
        modem.strength = dice.randrange(32)
        said = room.ask(Command("AT+CSQ"))
        if isinstance(said, Answered) and fault != "noise":
            assert said.value == (f"+CSQ: {modem.strength},99",)
        good += struck or isinstance(said, Answered)
    assert good == 40


# -- the command line -------------------------------------------------------------------------------


def test_a_text_is_sent_over_a_socket(capsys):
    modem = Modem()
    with served(modem) as link:
        code, lines = wired(
            capsys, "sms", "send", "+8613800138000", "大坝险情,立即转移", "--link", link, "--flash"
        )
        assert code == 0 and lines[-1]["references"] == [1] and lines[-1]["delivered"] is None
        assert wired(capsys, "sms", "signal", "--link", link)[1][-1]["dbm"] == -73
        code, lines = wired(capsys, "sms", "at", "AT+NONE", "--link", link)
        assert code == 1 and lines[0]["code"] == "ERROR"
        code, lines = wired(capsys, "sms", "listen", "--seconds", 1, "--link", link)
        assert code == 0 and lines[-1]["asked"] == "Command"
        modem.faults["pin"] = 0
        code, lines = wired(capsys, "sms", "send", "1", "a", "--link", link)
        assert code == 1 and lines[-1]["error"] == "sim" and lines[-1]["zh"]
    assert modem.sent == [("+8613800138000", "大坝险情,立即转移", 0)]


def test_a_pdu_is_explained(capsys):
    assert wired(capsys, "sms", "decode", CAME)[1][0]["told"]["text"] == "hellohello"
    assert wired(capsys, "sms", "decode", HELLO)[1][0]["told"]["number"] == "1234567"
    assert wired(capsys, "sms", "decode", "00")[0] == 1
    assert sms.MOST_PARTS == 20


# -- edges ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("year", "at"), [("98", 3_755_376_000), ("09", 631_152_000), ("99", 915_148_800)])
def test_the_two_digits_of_a_year_are_of_this_century_up_to_89(year, at):
    pdu = f"0004 03 81 21F3 00 00 {year}10100000 0000 01 41".replace(" ", "")
    assert read(bytes.fromhex(pdu)).at == at * 1_000_000


def test_a_life_longer_than_any_is_the_longest():
    assert validity(640_000) == 255


@pytest.mark.parametrize(
    ("letter", "code"),
    [("\f", 0x0A), ("^", 0x14), ("{", 0x28), ("}", 0x29), ("\\", 0x2F), ("[", 0x3C), ("~", 0x3D), ("]", 0x3E), ("|", 0x40), ("€", 0x65)],
)  # fmt: skip
def test_letters_of_the_second_table_have_their_codes(letter, code):
    assert septets(letter) == bytes([0x1B, code])


def test_letters_of_the_first_table_have_their_codes():
    assert septets("@£$_\nÅåΔΩ!a¡§¿à") == bytes.fromhex("00 01 02 11 0A 0E 0F 10 15 21 61 40 5F 60 7F")


def test_no_more_letters_are_read_than_there_are_bits():
    assert unpack(b"\xff\xff", 5) == b"\x7f\x7f" and unpack(b"", 1) == b"" and unpack(bytes(7), 9) == bytes(8)


def test_lines_and_answers_may_be_as_long_as_they_may_be():
    wire = AtWire()
    wire.asked(Command("AT"))
    assert wire.feed(b"x" * 1024) == [] and wire.holding
    assert wire.feed(b"\r\n" + b"a\r\n" * 199 + b"OK\r\n") == [Answered(("x" * 1024, *"a" * 199))]


def test_twenty_messages_and_the_last_reference_are_still_good():
    assert len(parts("1", "雨" * 1_340, 1)) == sms.MOST_PARTS
    wire = AtWire()
    wire.asked(Give(bytes.fromhex(HELLO)))
    assert wire.feed(b"\r\n> ")[0].data and wire.feed(b"+CMGS: 255\r\nOK\r\n") == [Answered(Sent(255))]
