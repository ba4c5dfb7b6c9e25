"""One question at a time: what is an answer, what is late, how long a line is left alone."""

import pytest

from devices.turns import (
    KEPT_AT_MOST,
    LONGEST,
    Answered,
    Declined,
    Ear,
    Garbled,
    Pace,
    Reply,
    Silent,
    Stray,
    Told,
    Turn,
)

PACE = Pace(timeout=1_000, late=500, gap=100)
SLOW = Pace(timeout=1_000, late=500, gap=200_000)


class Letters(Ear):
    """A wire of letters: a answers, d declines, g is garbage, t tells, r wants a reply, ( begins what ) ends."""

    def __init__(self, numbered=False, last=b""):
        super().__init__()
        self.numbered, self._last = numbered, last

    def asked(self, ask):
        self._open = ask or None
        return ask

    def feed(self, data):
        self._held += data
        if self._held.startswith(b"(") and not self._held.endswith(b")"):
            return []
        made, self._held = self._held, b""
        return [self._letter(chr(code)) for code in made]

    def _letter(self, letter):
        said = {
            "a": self._done,
            "d": lambda: self._declined("7", "no"),
            "g": lambda: self._garbled("rubbish"),
        }
        plain = {"t": Told("x"), "r": Reply(b"y")}
        return said[letter]() if letter in said else plain.get(letter, Stray("noise"))

    def give_up(self):
        super().give_up()
        return self._last


def test_a_question_has_one_end_and_what_follows_is_stray():
    turn = Turn(Letters(), PACE)
    assert turn.free_at() == 0 and turn.due() is None
    assert turn.asked(b"?", 10) == b"?" and turn.free_at() is None and turn.due() == 1_010
    assert turn.fed(b"trad", 20) == [Told("x"), Reply(b"y"), Answered(True), Stray("no question was open")]
    assert turn.free_at() == 520


@pytest.mark.parametrize(("letter", "end"), [(b"a", Answered(True)), (b"d", Declined("7", "no"))])
def test_a_good_end_frees_the_line_at_once(letter, end):
    turn = Turn(Letters(), PACE)
    turn.asked(b"?", 10)
    assert turn.fed(letter, 20) == [end] and turn.free_at() == 0


def test_garbage_ends_a_question_and_the_line_is_left_alone():
    turn = Turn(Letters(), PACE)
    turn.asked(b"?", 10)
    assert turn.fed(b"g", 20) == [Garbled("rubbish")]
    assert turn.free_at() == 520 and turn.due() is None
    assert turn.passed(10_000) == []


def test_silence_is_told_when_time_is_up_and_not_before():
    turn = Turn(Letters(last=b"!"), PACE)
    turn.asked(b"?", 10)
    assert turn.passed(1_009) == []
    assert turn.passed(1_010) == [Silent(), Reply(b"!")]
    assert turn.free_at() == 1_510
    assert turn.fed(b"a", 1_400) == [Stray("no question was open")] and turn.free_at() == 1_900


def test_a_late_look_counts_lateness_from_then():
    turn = Turn(Letters(), PACE)
    turn.asked(b"?", 10)
    assert turn.passed(2_000) == [Silent()] and turn.free_at() == 2_500


def test_what_is_begun_and_not_ended_is_garbled_after_the_gap():
    turn = Turn(Letters(), PACE)
    turn.asked(b"?", 10)
    assert turn.fed(b"(a", 50) == [] and turn.due() == 150 and turn.free_at() is None
    assert turn.passed(149) == [] and turn.passed(150) == [Garbled("cut short")]
    assert turn.fed(b"(a", 200) == [] and turn.passed(300) == [Stray("no question was open")]
    assert turn.free_at() == 800


def test_a_message_that_dribbles_on_for_ever_is_cut():
    turn, now = Turn(Letters(), SLOW), 10
    turn.asked(b"?", now)
    assert turn.fed(b"(", now) == []
    while turn.due() > now + 190_000:
        now += 190_000
        assert turn.fed(b".", now) == [] and turn.passed(now) == []
    assert turn.due() == 10 + LONGEST and turn.passed(turn.due()) == [Garbled("cut short")]
    turn.fed(b"(", now := now + 1_000)
    turn.fed(b"))", now + 50)
    assert turn.due() is None


class Newsy(Letters):
    """Tells something within a message that never ends."""

    def feed(self, data):
        self._held = b"("
        return [Told(data)]


def test_news_within_a_message_do_not_keep_a_question_open_for_ever():
    turn, now = Turn(Newsy(), SLOW), 10
    turn.asked(b"?", now)
    turn.fed(b"t", now)
    while turn.due() > now + 190_000:
        now += 190_000
        assert turn.fed(b"t", now) == [Told(b"t")] and turn.passed(now) == []
    assert turn.due() == 1_010 + LONGEST and turn.passed(turn.due()) == [Garbled("cut short")]


def test_where_answers_have_numbers_the_line_is_free_at_once():
    turn = Turn(Letters(numbered=True), PACE)
    turn.asked(b"?", 10)
    assert turn.passed(1_010) == [Silent()] and turn.free_at() == 0
    assert turn.fed(b"g", 1_020) == [Stray("no question was open")] and turn.free_at() == 0


def test_a_line_that_never_falls_silent_holds_nobody_for_ever():
    turn, now = Turn(Letters(), PACE), 1_000
    turn.fed(b"?", now)
    while turn.free_at() > now + 400:
        now += 400
        turn.fed(b"?", now)
        assert now <= KEPT_AT_MOST + 1_000
    assert turn.free_at() == KEPT_AT_MOST + 1_000


def test_a_line_waits_a_second_unless_it_is_told_otherwise_and_a_question_may_want_more():
    assert (KEPT_AT_MOST, LONGEST) == (5_000_000, 10_000_000)
    assert Pace() == Pace(timeout=1_000_000, late=1_000_000, gap=200_000)
    turn = Turn(Letters(), Pace(timeout=0))
    turn.asked(b"?", 10)
    assert turn.due() == 10

    class Long(bytes):
        patience = 60

    turn = Turn(Letters(), Pace(timeout=50))
    turn.asked(Long(b"?"), 10)
    assert turn.due() == 70


def test_a_question_that_nobody_answers_is_not_open():
    turn = Turn(Letters(), PACE)
    assert turn.asked(b"", 10) == b"" and turn.free_at() == 0 and turn.due() is None
