"""Numbers for names, and their bounds."""

import attrs
import pytest

from devices.fleet_book import EBMS, SESSIONS, TALLIES, Book, Group, wire_ebm
from devices.tally import NOBODY, Tally

GROUP = Group(
    alerts=("a",),
    ebm_id="1" * 35,
    kind="actual",
    level=1,
    event="11B03",
    start=5_500_000,
    end=9_000_001,
    url="rtp://239.1.1.1:5004",
    areas=frozenset({"340422000000"}),
)


def test_the_same_content_has_the_same_number_and_other_areas_change_nothing():
    book = Book(2)
    first = book.assign(GROUP)
    assert book.assign(attrs.evolve(GROUP, areas=frozenset())) == first == 1
    assert book.assign(attrs.evolve(GROUP, end=10_000_000)) == 2
    assert book.ebm_of(1) == book.ebm_of(2) == book.ebm("1" * 35)
    assert book.assignment(1).start == 5
    ebm, end = book.tables()
    assert (ebm[0], end[0] < 0, ebm.tolist(), end.tolist()[1:]) == (
        0,
        True,
        [0, 1, 1],
        [9_000_001, 10_000_000],
    )


def test_the_class_on_the_wire_is_that_of_the_kind():
    book = Book(1)
    kinds = ("drill", "actual", "daily")
    numbers = [book.assign(attrs.evolve(GROUP, kind=kind)) for kind in kinds]
    assert [book.assignment(one).kind for one in numbers] == [3, 4, 5]


def test_a_kind_nobody_knows_is_a_bug():
    with pytest.raises(KeyError):
        Book(1).assign(attrs.evolve(GROUP, kind="rumour"))


def test_an_ebm_is_counted_for_every_alert_that_was_sent_with_it_and_the_first_names_it():
    book = Book(1)
    book.assign(GROUP)
    book.assign(attrs.evolve(GROUP, alerts=("a", "b")))
    assert [tally.alert for tally in book.tallies_of(1)] == ["a", "b"]
    assert book.tallies_of(7) == ()


def test_invented_ebms_fill_no_memory():
    book = Book(1)
    numbers = [book.ebm(f"{k:035d}") for k in range(EBMS + 10)]
    assert max(numbers) == EBMS - 1
    assert book.lost == 11
    assert book.ebm(f"{3:035d}") == numbers[3]
    assert book.ebm_id(numbers[3]) == f"{3:035d}"


def test_old_sessions_and_tallies_are_forgotten_in_their_order():
    book = Book(1)
    for k in range(SESSIONS + 1):
        book.sent(k, "start", k)
    assert book.session(0) is None
    assert book.session(SESSIONS) == ("start", SESSIONS)
    for k in range(TALLIES + 1):
        book.assign(attrs.evolve(GROUP, alerts=(f"a{k}",), ebm_id=f"{k:035d}"))
    assert len(book.tallies) == TALLIES
    assert "a0" not in book.tallies


def test_a_tally_begins_with_what_terminals_say_already():
    tally = Tally.of("a", 4)
    here = Tally.of("x", 4)
    here.addressed[:3], here.playing[1:], here.heard[2:] = True, True, True
    tally.take(here.addressed, here.playing, here.heard)
    counts = tally.counts(here.playing)
    assert (counts.addressed, counts.ordered, counts.acknowledged, counts.playing) == (3, 2, 2, 2)
    assert (counts.played, counts.heard, counts.offline, counts.silent) == (2, 1, 1, 0)
    assert Tally.of("a", 4).counts(here.playing) == NOBODY


@pytest.mark.parametrize(
    "ebm_id", ["1" * 35, "010333112400000001" + "201903230006", "", "١" * 35, "9" * 36, "x-1"]
)
def test_every_message_id_becomes_35_digits_of_its_own(ebm_id):
    made = wire_ebm(ebm_id)
    assert len(made) == 35
    assert made.isascii()
    assert made.isdigit()
    assert wire_ebm(made) == made
    assert made != wire_ebm(ebm_id + "7")
