"""Time of satellite receivers: golden sentences, the three traps, and what is believed of a simulated one under every fault."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from studio_kit import served, wired

from devices.nmea import (
    NEEDED,
    WEEKS,
    Believed,
    Judge,
    NmeaWire,
    Resolved,
    Sentence,
    checksum,
    read,
    resolve,
    rmc,
    stamp,
    write,
    zda,
)
from devices.sim_nmea import Receiver
from devices.turns import Garbled, Stray, Told
from station.words import SECOND, Misheard

PAGE = Path(__file__).parent.parent / "docs" / "protocols" / "nmea.md"
NOW = 1_795_305_600 * SECOND  # 2026-11-22 00:00:00 UTC
RMC = (
    b"$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A"  # the example that every page has
)
ZDA = b"$GPZDA,201530.00,04,07,2002,00,00*60"


def at_of(line, near=NOW):
    return resolve(stamp(read(line)), near)


def test_the_public_examples_are_read_and_written_back():
    for line in (RMC, ZDA):
        assert write(read(line)) == line + b"\r\n"
    assert at_of(RMC, 764_426_119 * SECOND) == Resolved(at=764_426_119 * SECOND, leap=False, weeks=0)
    assert at_of(ZDA, 1_025_813_730 * SECOND).at == 1_025_813_730 * SECOND
    assert checksum("GPZDA,201530.00,04,07,2002,00,00") == 0x60


def test_the_worked_example_of_the_page():
    first, second = PAGE.read_text("utf-8").partition("```nmea\n")[2].partition("```")[0].split()
    assert at_of(first.encode()) == Resolved(at=NOW + 3_600 * SECOND, leap=False, weeks=0)
    assert at_of(second.encode()) == Resolved(at=NOW + 3_601 * SECOND, leap=False, weeks=1024)


@given(st.integers(946_684_800, 4_102_444_799).map(lambda n: n * SECOND), st.integers(0, 99), st.sampled_from(["GP", "BD", "GN"]))  # fmt: skip
def test_a_time_is_read_as_it_was_written(at, hundredths, talker):
    at += 10_000 * hundredths
    for made in (zda(talker, at), rmc(talker, at)):
        assert read(write(made).strip()) == made
        assert resolve(stamp(made), at) == Resolved(at=at, leap=False, weeks=0)


@given(st.integers(1_300_000_000, 4_000_000_000).map(lambda n: n * SECOND), st.integers(-9 * 365, 9 * 365), st.integers(0, 2))  # fmt: skip
def test_a_week_counter_that_rolled_over_is_undone_whatever_the_sentence(near, days, times):
    true = near + days * 86_400 * SECOND
    told = true - times * WEEKS
    assert resolve(stamp(zda("BD", told)), near) == Resolved(at=true, leap=False, weeks=1024 * times)


def test_the_two_digits_of_a_year_mean_the_nearest_one():
    late = 4_133_894_400 * SECOND  # 2100-12-31
    assert resolve(stamp(Sentence("GP", "RMC", ("000000", "A", *[""] * 6, "010101"))), late).at == 4_133_980_800 * SECOND  # fmt: skip


def test_a_leap_second_is_the_instant_that_follows_and_says_so():
    found = resolve(stamp(Sentence("GP", "ZDA", ("235960.50", "31", "12", "2026", "00", "00"))), NOW)
    assert found == Resolved(at=1_798_761_600 * SECOND + 500_000, leap=True, weeks=0)


@pytest.mark.parametrize(
    "fields",
    [("", "A"), ("240000", "A"), ("006000", "A"), ("000061", "A"), ("120060", "A"), ("00000", "A"), ("000000.1234567", "A"),
     ("000000", "A", "", "", "", "", "", "", "1"), ("000000",)],
)  # fmt: skip
def test_no_time_is_made_of_what_is_none(fields):
    date = () if len(fields) > 2 else (*[""] * (8 - len(fields)), "221126")
    assert stamp(Sentence("GP", "RMC", (*fields, *date)[:9] if fields != ("000000",) else fields)) is None
    assert stamp(Sentence("GP", "GGA", ("000000", "A"))) is None


def test_a_day_that_is_none_is_none():
    assert resolve(stamp(Sentence("GP", "ZDA", ("000000", "31", "02", "2026"))), NOW) is None
    assert resolve(stamp(Sentence("GP", "RMC", ("000000", "A", *[""] * 6, "000026"))), NOW) is None


@pytest.mark.parametrize(
    ("line", "code"),
    [(RMC[:-3], "form"), (RMC[:-1] + b"B", "checksum"), (b"", "form"), (b"\xff" * 9, "form"), (b"$GPRMC*6A", "form"),
     (RMC.lower(), "form"), (RMC + b" ", "form")],
)  # fmt: skip
def test_a_sentence_without_its_checksum_is_misheard(line, code):
    with pytest.raises(Misheard) as said:
        read(line)
    assert said.value.code == code and said.value.text.zh


@pytest.mark.parametrize("made", [Sentence("GPS", "RMC", ("1",)), Sentence("GP", "RMC", ("寿",)), Sentence("GP", "RMC", ("a,b",)), Sentence("GP", "RMC", ("*",))])  # fmt: skip
def test_what_no_sentence_carries_is_not_written(made):
    with pytest.raises(ValueError, match="no sentence"):
        write(made)


def test_sentences_come_in_pieces_and_noise_is_passed_over():
    wire = NmeaWire()
    assert wire.feed(b"\xb5b\x01\r\n\r\n" + RMC[:9]) == [
        Stray("the receiver sent a line that is no sentence")
    ]
    assert wire.holding and wire.feed(RMC[9:] + b"\r\n" + ZDA + b"\n") == [Told(read(RMC)), Told(read(ZDA))]
    assert wire.feed(b"x" * 121) == [Stray("a line without an end")] and not wire.holding
    assert wire.asked(read(ZDA)) == ZDA + b"\r\n" and not wire.waiting
    wire.feed(b"$")
    assert wire.cut() == [Garbled("cut short")]


# -- what is believed -------------------------------------------------------------------------------


def judged(device, seconds, late=100_000, judge=None, drift=0):
    """The verdict after so many seconds of a receiver whose sentences come so late."""
    judge, wire = judge or Judge(NOW), NmeaWire()
    for n in range(seconds):
        device.seconds += 1
        for data in device.tick():
            for heard in wire.feed(data):
                if isinstance(heard, Told):
                    judge.heard(heard.value, round(device.seconds * SECOND) + late + n * drift)
    return judge.verdict()


def receiver(*faults):
    made = Receiver(seconds=NOW / SECOND)
    made.faults = dict.fromkeys(faults, 0)
    return made


def test_a_receiver_is_believed_after_five_seconds_that_agree():
    assert judged(receiver(), NEEDED - 1) == "few"
    assert judged(receiver(), NEEDED) == Believed(offset=-100_000, spread=0, weeks=0)
    assert judged(receiver(), 9, drift=10_000) == Believed(offset=-140_000, spread=80_000, weeks=0)
    assert Judge(NOW).verdict() == "nothing"


@pytest.mark.parametrize(
    ("fault", "said"),
    [("void", "void"), ("leap", "leap"), ("stuck", "stuck"), ("checksum", "nothing"), ("bare", "nothing")],
)
def test_a_receiver_with_a_fault_is_doubted_with_its_reason_and_believed_once_mended(fault, said):
    device, judge = receiver(), Judge(NOW)
    judged(device, 2, judge=judge)
    device.faults[fault] = 0
    late = judged(device, 6, judge=judge)
    assert late == (said if said != "nothing" else "few")
    device.faults.clear()
    assert isinstance(judged(device, NEEDED + 1, judge=judge), Believed)


def test_five_seconds_are_enough_and_the_last_twenty_count():
    assert judged(receiver(), 4) == "few" and isinstance(judged(receiver(), 5), Believed)
    assert judged(receiver(), 40, drift=1_000) == Believed(offset=-130_000 + 1_000, spread=19_000, weeks=0)


def test_a_jump_is_doubted_until_the_new_time_has_held():
    device, judge = receiver(), Judge(NOW)
    judged(device, 6, judge=judge)
    device.faults["jump"] = 7
    assert judged(device, 1, judge=judge) == "jump"
    assert judged(device, NEEDED - 1, judge=judge) == Believed(offset=6_900_000, spread=0, weeks=0)


def test_a_receiver_that_is_twenty_years_behind_is_put_right_and_that_is_said():
    assert judged(receiver("rollover"), NEEDED) == Believed(offset=-100_000, spread=0, weeks=1024)


def test_dates_that_are_none_and_other_sentences_count_for_nothing():
    judge = Judge(NOW)
    judge.heard(Sentence("GP", "GGA", ("000000",)), NOW)
    assert judge.verdict() == "nothing"
    judge.heard(Sentence("GP", "ZDA", ("000000", "31", "02", "2026")), NOW)
    assert judge.verdict() == "date"
    judge.heard(Sentence("GP", "ZDA", ("", "", "", "")), NOW)
    assert judge.verdict() == "void"


@pytest.mark.parametrize("fault", ["garbage", "cut", "noise"])
def test_damage_on_the_line_never_moves_the_time(fault):
    device, dice = receiver(), random.Random(8)
    judge, wire = Judge(NOW), NmeaWire()
    for _ in range(60):
        device.seconds += 1
        for data in device.tick():
            if dice.random() < 0.3:
                data = {"garbage": dice.randbytes(len(data)), "cut": data[: dice.randrange(len(data))], "noise": dice.randbytes(3) + data}[fault]  # fmt: skip
            for heard in wire.feed(data):
                if isinstance(heard, Told):
                    judge.heard(heard.value, round(device.seconds * SECOND))
    assert judge.verdict() == Believed(offset=0, spread=0, weeks=0)


# -- the command line -------------------------------------------------------------------------------


def test_a_receiver_is_listened_to_over_a_socket(capsys):
    device = Receiver()
    device.every = 0.25
    with served(device) as link:
        code, lines = wired(capsys, "nmea", "listen", "--seconds", 1, "--link", link)
    assert code == 1 and lines[-1]["error"] in ("few", "nothing", "stuck") and lines[-1]["zh"]
    assert lines[0]["told"]["kind"] == "RMC"


def test_sentences_are_explained(capsys):
    code, lines = wired(capsys, "nmea", "decode", (RMC + b"\r\n" + ZDA).hex())
    assert code == 0 and lines[0]["told"][1]["minute"] == 35 and lines[1]["told"][0]["kind"] == "ZDA"
    gga = write(Sentence("GP", "GGA", ("1",))).hex()
    code, lines = wired(capsys, "nmea", "decode", gga + b"x\n".hex())
    assert code == 1 and lines[0]["told"]["kind"] == "GGA" and lines[1]["error"] == "form"


def test_a_line_may_be_as_long_as_it_may_be():
    wire = NmeaWire()
    assert wire.feed(b"x" * 120) == [] and wire.holding
    for us, wanted in ((499_999, 0), (500_000, 0), (500_001, 1)):
        judge = Judge(NOW)
        judge.heard(zda("GP", NOW), NOW)
        judge.heard(zda("GP", NOW + SECOND), NOW + SECOND - us)
        assert (judge.verdict() == "jump") == bool(wanted)


def test_half_way_between_two_roll_overs_is_the_edge():
    at = NOW - WEEKS // 2
    assert resolve(stamp(zda("GP", at)), NOW).weeks == 1024
    assert resolve(stamp(zda("GP", at + 10_000)), NOW).weeks == 0
    assert resolve(stamp(zda("GP", NOW + WEEKS)), NOW).weeks == 0
