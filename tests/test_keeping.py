"""Numbers are reserved in the journal before they are used."""

import pytest

from station import keeping
from station.keeping import NoteClock, Numbers, NumbersReserved, RecordStart, ReserveNumbers, StationStarted
from station.words import SYSTEM, Instant


def decide(state, wish):
    return keeping.decide(state, wish, Instant(0), SYSTEM, None)


def test_blocks_never_overlap_even_after_a_restart():
    state = keeping.EMPTY
    used = []
    for _ in range(3):
        (block,) = decide(state, ReserveNumbers(use="session", count=5))
        state = keeping.evolve(state, block)
        used += range(block.first, block.first + block.count)
    assert used == list(range(1, 16))
    assert decide(state, ReserveNumbers(use="other", count=5))[0].first == 1


def test_a_number_is_given_out_once_and_only_when_its_block_is_durable():
    asked = []
    numbers = Numbers("session", asked.append, block=4)
    with pytest.raises(LookupError):
        numbers.next()
    with pytest.raises(LookupError):
        numbers.next()
    assert len(asked) == 1
    numbers.reserved(NumbersReserved(use="other", first=1, count=9))
    numbers.reserved(NumbersReserved(use="session", first=7, count=4))
    assert [numbers.next() for _ in range(3)] == [7, 8, 9]
    assert len(asked) == 2
    numbers.reserved(NumbersReserved(use="session", first=20, count=4))
    assert [numbers.next() for _ in range(2)] == [10, 20]


def test_a_start_is_on_record_and_changes_no_number():
    (started,) = decide(keeping.EMPTY, RecordStart(version="1", settings="ab"))
    assert started == StationStarted(version="1", settings="ab")
    assert keeping.evolve(keeping.EMPTY, started) == keeping.EMPTY
    assert (
        keeping.due(keeping.EMPTY, Instant(0), None) == ()
        and keeping.next_due(keeping.EMPTY, Instant(0), None) is None
    )


def test_what_is_said_of_the_clock_is_journaled_only_when_it_changes():
    state = keeping.EMPTY
    said = NoteClock(synchronised=False, offset_us=5, reanchor_wanted=False)
    (noted,) = decide(state, said)
    state = keeping.evolve(state, noted)
    assert (state.synchronised, state.reanchor_wanted) == (False, False)
    assert decide(state, NoteClock(synchronised=False, offset_us=900, reanchor_wanted=False)) == ()
    assert len(decide(state, NoteClock(synchronised=False, offset_us=900, reanchor_wanted=True))) == 1
    assert keeping.evolve(state, StationStarted(version="1", settings="")) == state


def test_a_journal_begun_anew_gives_no_number_that_terminals_have_seen():
    """Terminals obey higher numbers only, and a new or restored journal knows nothing of those used before."""
    used, now, state = 0, Instant(1_800_000_000 * 1_000_000), keeping.EMPTY
    for _ in range(5):
        (block,) = keeping.decide(state, ReserveNumbers(use="session"), now, SYSTEM, None)
        state = keeping.evolve(state, block)
        used = block.first + block.count - 1
        now = Instant(now + 2_000 * 1_000_000)
    (fresh,) = keeping.decide(keeping.EMPTY, ReserveNumbers(use="session"), now, SYSTEM, None)
    assert used < fresh.first < 2**32
