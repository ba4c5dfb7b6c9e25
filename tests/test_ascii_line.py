"""Devices that answer lines of text: what a profile may say, and that only a whole, fitting, timely answer gives a value."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.ascii_line import LONGEST, Exchange, parse
from devices.heard import Answered, Garbled, Silent, Stray
from devices.sim_ascii import FAULTS, Transmitter
from station.words import Refused

TEXT = r"""
name = "small-fm"
status = "invented"
prompt = ">"
echo = true
[[points]]
id = "power"
name_zh = "入射功率"
name_en = "forward power"
request = "TX.PFWD"
reply = 'TX\.PFWD=(?P<value>[0-9]+\.[0-9])'
decimals = 1
unit = "W"
range = [0, 2000]
[[points]]
id = "carrier"
name_zh = "载波"
name_en = "carrier"
request = "TX.OPMODE"
reply = 'TX\.OPMODE=(?P<value>[A-Z]+)'
words = ["OFF", "ON"]
"""
PROFILE = parse(TEXT, "x")
BARE = parse(TEXT.replace('prompt = ">"\n', "").replace("echo = true\n", ""), "x")


class Told:
    """An exchange, its clock, and what is on its way."""

    def __init__(self, profile=PROFILE):
        self.profile, self.line, self.now, self.coming = profile, Exchange(profile), 0, []

    def ask(self, name="power"):
        self.now = max(self.now, self.line.free_at())
        return self.line.asked(self.profile.point(name), self.now)

    def hear(self, *pieces, wait=20_000):
        for piece in pieces:
            self.now += wait
            self.line.fed(piece, self.now)
            wait = 1_000
        return self.next()

    def next(self):
        """What is said when time goes on; bytes on their way come in between."""
        while True:
            due = self.line.due()
            if self.coming and (due is None or self.coming[0][0] < due):
                at, data = self.coming.pop(0)
                self.now = max(self.now, at)
                self.line.fed(data, self.now)
                continue
            if due is None:
                return None
            self.now = max(self.now, due)
            return self.line.passed(self.now)


def test_a_question_is_a_line_and_its_answer_a_value():
    told = Told()
    assert told.ask() == b"TX.PFWD\r\n"
    assert told.hear(b"TX.PFWD\r\nTX.PF", b"WD=98.5\r\n>") == Answered(985)
    assert told.line.free_at() == told.now
    assert told.ask("carrier") and told.hear(b"TX.OPMODE=ON\r\n>") == Answered(1)


def test_the_worked_example_of_the_page_is_read():
    page = (Path(__file__).parent.parent / "docs" / "protocols" / "ascii-line.md").read_text("utf-8")
    told = Told(parse(page.partition("```toml\n")[2].partition("```")[0], "page"))
    told.ask()
    assert told.hear(b"TX.PFWD\r\nTX.PFWD=98.5\r\n>") == Answered(985)


def test_without_a_prompt_silence_ends_an_answer():
    told = Told(BARE)
    told.ask()
    began = told.now
    assert told.hear(b"TX.PFWD=98.5\r\n") == Answered(985) and told.now == began + 20_000 + 50_000


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"TX.PFWD=98.5\r\n", "no prompt at its end"),
        (b"TX.PFWD=98.5>", "a line without an end"),
        (b"TX.PFWD\xff=98.5\r\n>", "no text"),
        (b"\r\n>", "not one line"),
        (b"TX.PFWD=98.5\r\nTX.PFWD=98.5\r\n>", "not one line"),
        (b"TX.PREF=98.5\r\n>", "another answer"),
        (b"TX.PFWD=98\r\n>", "another answer"),
        (b"TX.PFWD=998.5\r\n>", "beyond what can be"),
        (b"x" * (LONGEST + 1), "no prompt at its end"),
    ],
)
def test_what_is_no_answer_to_this_question_gives_no_value_and_the_line_is_left_alone(data, why):
    told = Told()
    told.ask()
    assert told.hear(data) == Garbled(why)
    assert told.line.free_at() >= 2_000_000


@pytest.mark.parametrize(
    ("pattern", "said", "heard"),
    [
        ("(?P<value>.*)", b"x", Garbled("no number")),
        ("(?P<value>.*)", b"NaN", Garbled("no number of so many decimals")),
        ("(?P<value>.*)", b"1.25", Garbled("no number of so many decimals")),
        ("(?P<value>.*)", b"1.2", Answered(12)),
        ("(?P<value>[0-9]+)?x?", b"x", Garbled("no number")),
    ],
)
def test_a_value_is_a_number_of_its_decimals(pattern, said, heard):
    told = Told(parse(TEXT.replace(r"TX\.PFWD=(?P<value>[0-9]+\.[0-9])", pattern), "x"))
    told.ask()
    assert told.hear(said + b"\r\n>") == heard


def test_an_unknown_word_is_none():
    told = Told()
    told.ask("carrier")
    assert told.hear(b"TX.OPMODE=STANDBY\r\n>") == Garbled("an unknown word")


def test_silence_and_what_comes_late():
    told = Told()
    told.ask()
    assert told.next() == Silent() and told.now == 1_000_000
    assert told.line.free_at() == 2_000_000
    assert told.hear(b"TX.PFWD=98.5\r\n>") == Stray("late")
    assert told.line.free_at() == told.now + 1_000_000
    assert told.line.due() is None and told.line.passed(told.now) is None


def test_a_line_that_is_open_or_being_heard_is_not_free():
    told = Told()
    told.ask()
    assert told.line.free_at() is None
    told.hear(b"TX.PFWD=98.5\r\n>")
    told.line.fed(b"x", told.now)
    assert told.line.free_at() is None


@pytest.mark.parametrize("fault", FAULTS)
def test_under_a_fault_no_wrong_value_is_believed_and_every_good_one_is(fault):
    told, device, dice = Told(), Transmitter(), random.Random(3)
    good = believed = 0
    for _ in range(300):
        while told.coming or told.line.free_at() is None or told.line.due() is not None:
            told.next()
        device.power = dice.randrange(2_000)
        device.faults = {fault} if dice.random() < 0.3 else set()
        line = told.ask()
        told.coming += [(told.now + round(1e6 * wait), data) for wait, data in device.answer(line)]
        heard = told.next()
        good += not device.faults
        if isinstance(heard, Answered):
            assert heard.value == device.power
            believed += not device.faults
    assert believed == good > 150


@given(st.lists(st.binary(max_size=80), max_size=6))
def test_nothing_a_device_sends_escapes(pieces):
    told = Told()
    told.ask()
    for piece in pieces:
        told.line.fed(piece, told.now)
        told.next()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('status = "invented"', 'status = "unverified"', "source is missing"),
        ('prompt = ">"', 'terminator = ""', "terminator must be"),
        ('prompt = ">"', 'terminator = "。"', "terminator must be"),
        ('id = "carrier"', 'id = "power"', "points must be there"),
        ('request = "TX.PFWD"', 'request = ""', "points[0].request must be one line"),
        ('request = "TX.PFWD"', 'request = "功率"', "points[0].request must be one line"),
        ('request = "TX.PFWD"', 'request = "a\\r\\nb"', "points[0].request must be one line"),
        (r"TX\.PFWD=(?P<value>[0-9]+\.[0-9])", "(", "points[0].reply must be a pattern"),
        (r"TX\.PFWD=(?P<value>[0-9]+\.[0-9])", "x", "points[0].reply must be a pattern"),
        ("range = [0, 2000]", "range = [1]", "points[0].range must be"),
        ("range = [0, 2000]", "range = [2, 1]", "points[0].range must be"),
        ('prompt = ">"', "prompt = 1", "prompt is '1' but must be a text"),
        ('prompt = ">"', "prompt = ", "line profile x"),
    ],
)
def test_a_wrong_profile_is_refused_in_both_languages(before, after, said):
    assert before in TEXT
    with pytest.raises(Refused) as refused:
        parse(TEXT.replace(before, after, 1), "x")
    assert said in refused.value.text.en and refused.value.text.zh


def test_a_profile_without_points_is_none():
    with pytest.raises(Refused, match="points"):
        parse('name = "x"\nstatus = "invented"\npoints = []', "x")


def test_an_echo_that_the_profile_does_not_speak_of_is_a_second_line():
    told = Told(BARE)
    told.ask()
    assert told.hear(b"TX.PFWD\r\nTX.PFWD=98.5\r\n") == Garbled("not one line")


def test_512_bytes_may_go_on_and_one_more_is_judged_at_once():
    for size, wait in ((512, 50_000), (513, 0)):
        told = Told()
        told.ask()
        began = told.now + 20_000
        assert told.hear(b"x" * size) == Garbled("no prompt at its end") and told.now == began + wait


def test_a_number_is_whole_where_the_profile_speaks_of_no_decimals():
    told = Told(parse(TEXT.replace("decimals = 1\n", ""), "x"))
    told.ask()
    assert told.hear(b"TX.PFWD=98.0\r\n>") == Answered(98)


@pytest.mark.parametrize(("said", "value"), [(b"0.0", 0), (b"200.0", 2_000)])
def test_the_ends_of_a_range_belong_to_it(said, value):
    told = Told()
    told.ask()
    assert told.hear(b"TX.PFWD=" + said + b"\r\n>") == Answered(value)


def test_a_terminator_has_one_to_four_characters_and_a_range_may_be_one_value():
    for terminator in (";", "\\r\\n..", "....."):
        text = TEXT.replace('prompt = ">"', f'terminator = "{terminator}"')
        if len(terminator) == 5:
            with pytest.raises(Refused, match="terminator"):
                parse(text, "x")
        else:
            assert parse(text, "x").terminator
    assert parse(TEXT.replace("range = [0, 2000]", "range = [5, 5]"), "x").point("power").range == [5, 5]


def test_an_answer_nobody_waits_for_any_more_is_awaited_before_the_next_question():
    told = Told()
    told.ask()
    told.line.give_up(100_000)
    assert told.line.free_at() == 2_000_000 and told.line.due() is None
    told.line.give_up(5_000_000)  # there is nothing to give up
    assert told.line.free_at() == 2_000_000


@pytest.mark.parametrize("said", [b"1e999999", b"9e999999999999999999", b"1e31"])
def test_a_number_that_would_take_for_ever_is_none(said):
    told = Told(parse(TEXT.replace(r"TX\.PFWD=(?P<value>[0-9]+\.[0-9])", "(?P<value>.*)"), "x"))
    told.ask()
    assert isinstance(told.hear(said + b"\r\n>"), Garbled)


def test_a_line_may_have_to_be_left_alone_at_first():
    assert Exchange(PROFILE, kept_until=70).free_at() == 70
