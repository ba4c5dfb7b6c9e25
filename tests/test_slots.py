"""Slots settle into runs; runs fold, clip, join."""

from __future__ import annotations

import itertools

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety.messages import SLOT, STATES, SlotRun
from safety.slots import (
    Limits,
    Mark,
    Pending,
    clip,
    close,
    fold,
    follow_on,
    settle,
    slot_of,
    start_of,
    tile,
    worst,
)

LETTERS = {
    "g": "good", "p": "pause", "o": "planned", "u": "unknown", "d": "degraded",
    "s": "silent", "l": "lost", "f": "foreign", "w": "wrong", "e": "empty",
}  # fmt: skip
SHORT = {
    "NORMAL": "N",
    "PLANNED": "P",
    "UNKNOWN": "U",
    "DEGRADED": "D",
    "OUTAGE": "O",
    "FOREIGN": "F",
    "WRONG": "W",
    "EMPTY": "E",
}
LIMITS = Limits(silence=30 * SLOT, loss=10 * SLOT, foreign=3 * SLOT, wrong=30 * SLOT)


def marks(text: str, first: int = 0) -> list[Mark]:
    return [Mark(slot=first + i, sign=LETTERS[c]) for i, c in enumerate(text)]  # type: ignore[arg-type]


def letters(runs: tuple[SlotRun, ...]) -> str:
    return "".join(SHORT[run.state] * (run.last - run.first) for run in runs)


def settled(text: str) -> str:
    runs, pending = settle(Pending(), marks(text), LIMITS)
    return letters(runs) + letters(close(pending, LIMITS))


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ("goud", "NPUD"),
        ("gsssg", "NDDDN"),
        ("g" + "s" * 30 + "g", "N" + "D" * 30 + "N"),
        ("g" + "s" * 31 + "g", "N" + "O" * 31 + "N"),
        ("g" + "l" * 10 + "g", "N" + "D" * 10 + "N"),
        ("g" + "l" * 11 + "g", "N" + "O" * 11 + "N"),
        ("g" + "s" * 20 + "pp" + "s" * 20 + "ppg", "N" + "O" * 42 + "NNN"),
        ("gs" + "p" * 40 + "sg", "ND" + "N" * 40 + "DN"),
        ("gffg", "NDDN"),
        ("gfffg", "NFFFN"),
        ("gfspffg", "NFFFFFN"),
        ("gffsfssssssg", "NFFFFDDDDDDN"),
        ("g" + "w" * 29 + "g", "N" + "D" * 29 + "N"),
        ("g" + "w" * 30 + "g", "N" + "W" * 30 + "N"),
        ("geeeg", "NEEEN"),
        ("fffwwwwg", "FFFDDDDN"),
        ("fff" + "p" * 11 + "f", "FFF" + "N" * 11 + "D"),
        ("ffs", "DDD"),
        ("fffpp", "FFFNN"),
        ("flf", "DDD"),
        ("gff" + "p" * 10 + "fg", "N" + "F" * 13 + "N"),
        ("gff" + "p" * 11 + "fg", "NDD" + "N" * 11 + "DN"),
        ("fff" + "p" * 10 + "f", "F" * 14),
    ],
)
def test_trouble_is_named_only_beyond_its_limit_and_then_from_its_first_slot(
    heard: str, expected: str
) -> None:
    assert settled(heard) == expected


def test_an_outage_is_reported_while_it_lasts() -> None:
    runs, pending = settle(Pending(), marks("g" + "s" * 20), LIMITS)
    assert letters(runs) == "N"
    runs, pending = settle(pending, marks("s" * 11, 21), LIMITS)
    assert letters(runs) == "O" * 31
    runs, pending = settle(pending, marks("sp", 32), LIMITS)
    assert letters(runs) == "O"
    runs, pending = settle(pending, marks("s", 34), LIMITS)
    assert letters(runs) == "OO"


def test_losses_that_do_not_touch_are_no_stretch() -> None:
    broken = [Mark(slot=k, sign="lost", bad=(k * SLOT, k * SLOT + SLOT // 2)) for k in range(20)]
    runs, pending = settle(Pending(), broken, LIMITS)
    assert letters(runs + close(pending, LIMITS)) == "D" * 20


@settings(max_examples=60)
@given(st.text(alphabet="gpoudslfwe", max_size=80), st.lists(st.integers(1, 9), max_size=20))
def test_settling_neither_loses_nor_repeats_a_slot_however_it_is_fed(text: str, sizes: list[int]) -> None:
    pending, runs, fed = Pending(), [], 0
    for size in [*sizes, 80]:
        made, pending = settle(pending, marks(text[fed : fed + size], fed), LIMITS)
        runs += made
        fed += size
    runs += close(pending, LIMITS)
    assert letters(tuple(runs)) == settled(text)
    assert sum(run.last - run.first for run in runs) == len(text)
    assert all(a.last == b.first for a, b in itertools.pairwise(runs))


def test_the_worst_state_wins() -> None:
    assert worst(["NORMAL", "UNKNOWN", "OUTAGE", "EMPTY"]) == "OUTAGE"
    assert worst([]) == "NORMAL"
    assert [worst([a, "NORMAL"]) for a in STATES] == list(STATES)


def test_a_slot_begins_every_4800_samples() -> None:
    assert (slot_of(4_799), slot_of(4_800), start_of(7)) == (0, 1, 33_600)


def run(first: int, last: int, state: str = "NORMAL", **more: str) -> SlotRun:
    return SlotRun(first=first, last=last, state=state, **more)  # type: ignore[arg-type]


def test_neighbours_that_say_the_same_become_one() -> None:
    assert fold([run(0, 2), run(2, 5), run(5, 5), run(5, 6, due="x"), run(8, 9, due="x")]) == (
        run(0, 5), run(5, 6, due="x"), run(8, 9, due="x"),
    )  # fmt: skip


def test_clipping_keeps_what_lies_within() -> None:
    assert clip([run(0, 10), run(10, 20, "OUTAGE"), run(30, 40)], 5, 15) == (
        run(5, 10),
        run(10, 15, "OUTAGE"),
    )


def test_what_follows_on_overlaps_nothing_and_names_its_gaps() -> None:
    assert follow_on(10, [run(5, 12), run(15, 20, "OUTAGE"), run(16, 18)], cause="gap") == (
        run(10, 12), run(12, 15, "UNKNOWN", cause="gap"), run(15, 20, "OUTAGE"),
    )  # fmt: skip
    assert follow_on(None, [run(5, 12)]) == (run(5, 12),)
    assert follow_on(20, [run(5, 12)]) == ()


RUNS = st.lists(
    st.builds(
        lambda a, n, s: run(a, a + n, s), st.integers(0, 60), st.integers(1, 20), st.sampled_from(STATES)
    ),
    max_size=8,
)


@settings(max_examples=80)
@given(RUNS, st.integers(0, 60), st.integers(0, 30))
def test_a_tiling_covers_its_span_once(runs: list[SlotRun], first: int, length: int) -> None:
    made = tile(runs, first, first + length)
    assert sum(r.last - r.first for r in made) == length
    assert all(
        a.last == b.first and a != attrs.evolve(b, first=a.first, last=a.last)
        for a, b in itertools.pairwise(made)
    )
    assert not made or (made[0].first, made[-1].last) == (first, first + length)


def test_the_shipped_limits_are_three_seconds_one_and_three_tenths() -> None:
    limits = Limits()
    assert (limits.silence, limits.loss, limits.foreign, limits.wrong) == (144_000, 48_000, 14_400, 144_000)


def test_trouble_begins_and_ends_at_its_own_samples_where_they_are_known() -> None:
    assert (Mark(slot=3, sign="lost").begins, Mark(slot=3, sign="lost").ends) == (3 * SLOT, 4 * SLOT)
    cut = Mark(slot=3, sign="lost", bad=(3 * SLOT + 100, 3 * SLOT + 300))
    assert (cut.begins, cut.ends) == (3 * SLOT + 100, 3 * SLOT + 300)


def test_nothing_folded_is_nothing() -> None:
    assert fold([run(5, 5), run(7, 6)]) == ()
