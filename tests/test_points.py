"""Points, blocks, values with quality and age, limits with delay and hysteresis."""

import math
import struct
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.points import (
    Block,
    Held,
    Limit,
    Point,
    Reading,
    blocks,
    by_id,
    characters,
    judged,
    quality,
    said,
    value_of,
    written,
)
from station.words import Text

SECOND = 1_000_000


def point(name="p", **more):
    return Point(**{"id": name, "name_zh": "点", "name_en": "point", "table": "input", "address": 0, **more})


def limit(**more):
    return Limit(
        **{
            "id": "l", "point": "p", "side": "above", "value": 100, "severity": "major",
            "card": "c", "zh": "高", "en": "high", **more,
        }
    )  # fmt: skip


def read(one, *words, address=0):
    return value_of(one, Block(table=one.table, address=address, count=len(words), points=(one,)), words)


@pytest.mark.parametrize(
    ("more", "words", "value"),
    [
        ({}, (7,), 7),
        ({"type": "s16"}, (0xFFFF,), -1),
        ({"type": "s16"}, (0x7FFF,), 32_767),
        ({"type": "u32"}, (1, 2), 0x10002),
        ({"type": "u32", "order": "low-first"}, (1, 2), 0x20001),
        ({"type": "s32"}, (0xFFFF, 0xFFFE), -2),
        ({"type": "bit", "bit": 3}, (0b1000,), 1),
        ({"type": "bit", "bit": 2}, (0b1000,), 0),
        ({"type": "bit", "table": "discrete", "bit": 3}, (1,), 1),
        ({"factor": 5, "offset": -40}, (10,), 10),
        ({"table": "coil", "type": "bit", "factor": -1, "offset": 1}, (1,), 0),
        ({"type": "bits", "bit": 4, "bits": 3}, (0b1101_0111,), 0b101),
        ({"type": "bits", "bit": 0, "bits": 16}, (0xFFFF,), 0xFFFF),
        ({"type": "bit", "bit": 1, "bits": 3}, (0b1110,), 1),
        ({"type": "u32", "order": "high-first-swapped"}, (0x1234, 0x5678), 0x3412_7856),
        ({"type": "u32", "order": "low-first-swapped"}, (0x1234, 0x5678), 0x7856_3412),
        ({"order": "high-first-swapped"}, (0x1234,), 0x3412),
        ({"type": "s64"}, (0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE), -2),
        ({"type": "u64"}, (0, 1, 0, 2), (1 << 32) + 2),
        ({"type": "u64"}, (0x001F, 0xFFFF, 0xFFFF, 0xFFFF), (1 << 53) - 1),
        ({"type": "u64"}, (0x0020, 0, 0, 0), None),
        ({"type": "s64"}, (0x8000, 0, 0, 0), None),
        ({"type": "bcd16"}, (0x1234,), 1234),
        ({"type": "bcd16"}, (0x12A4,), None),
        ({"type": "bcd32"}, (0x0012, 0x3456), 123_456),
        ({"factor": 10, "divisor": 64}, (14_720,), 2_300),
        ({"divisor": 4}, (5,), 1),
        ({"divisor": 4}, (6,), 2),
        ({"type": "s16", "divisor": 4}, (0xFFFA,), -1),
        ({"type": "s16", "divisor": 4}, (0xFFF9,), -2),
        ({"type": "f32", "decimals": 1}, (0x4366, 0x4CCD), 2_303),
        ({"type": "f32", "decimals": 2, "order": "low-first"}, (0x0000, 0xBFC0), -150),
        ({"type": "f32"}, (0x7F80, 0), None),
        ({"type": "f32"}, (0x7FC0, 0), None),
        ({"type": "f32"}, (0, 1), 0),
        ({"type": "f32"}, (0x4C00, 0), 1 << 25),
        ({"type": "f32"}, (0x7F00, 0), None),
    ],
)
def test_words_become_whole_numbers(more, words, value):
    assert read(point(**more), *words) == value


@given(st.floats(width=32, allow_nan=False, min_value=-1e9, max_value=1e9), st.integers(0, 6))
def test_a_float_is_the_nearest_whole_number_of_its_decimals(value, decimals):
    raw = int.from_bytes(struct.pack(">f", value), "big")
    got = read(point(type="f32", decimals=decimals), raw >> 16, raw & 0xFFFF)
    assert got == math.floor(Fraction(value) * 10**decimals + Fraction(1, 2))


@given(st.sampled_from(["u32", "s32", "u64", "s64"]), st.data())
def test_words_are_joined_as_the_order_says(kind, data):
    least, most = (0, (1 << 53) - 1) if kind.startswith("u") else (-(1 << 52), (1 << 52) - 1)
    if kind.endswith("32"):
        least, most = (0, (1 << 32) - 1) if kind == "u32" else (-(1 << 31), (1 << 31) - 1)
    value = data.draw(st.integers(least, most))
    whole = value.to_bytes(int(kind[1:]) // 8, "big", signed=kind.startswith("s"))
    words = [int.from_bytes(whole[n : n + 2], "big") for n in range(0, len(whole), 2)]
    swapped = [int.from_bytes(whole[n : n + 2], "little") for n in range(0, len(whole), 2)]
    for order, sent in (
        ("high-first", words),
        ("low-first", words[::-1]),
        ("high-first-swapped", swapped),
        ("low-first-swapped", swapped[::-1]),
    ):
        assert read(point(type=kind, order=order), *sent) == value


def test_a_value_is_found_at_its_place_in_a_block():
    assert read(point(address=12), 1, 2, 3, address=10) == 3


@given(
    st.lists(
        st.tuples(
            st.integers(0, 300), st.sampled_from(["u16", "u32"]), st.sampled_from(["input", "holding"])
        ),
        min_size=1,
        max_size=30,
    ),
    st.integers(0, 20),
    st.integers(2, 60),
)
@settings(max_examples=120)
def test_blocks_hold_every_point_whole_and_no_more_than_allowed(spots, gap, most):
    points = [point(f"p{k}", address=at, type=kind, table=table) for k, (at, kind, table) in enumerate(spots)]
    made = blocks(points, max_gap=gap, max_block=most)
    assert sorted(p.id for block in made for p in block.points) == sorted(p.id for p in points)
    for block in made:
        assert block.count <= most
        assert {p.table for p in block.points} == {block.table}
        covered = set()
        for p in block.points:
            assert block.address <= p.address and p.address + p.width <= block.address + block.count
            covered |= set(range(p.address, p.address + p.width))
        idle, longest = 0, 0
        for at in range(block.address, block.address + block.count):
            idle = 0 if at in covered else idle + 1
            longest = max(longest, idle)
        assert longest <= gap


def test_neighbours_are_read_at_once_and_strangers_apart():
    near = [point("a", address=0), point("b", address=5), point("c", address=40)]
    assert [(b.address, b.count) for b in blocks(near, max_gap=8, max_block=40)] == [(0, 6), (40, 1)]


def test_a_gap_is_bridged_up_to_its_measure_and_a_block_filled_up_to_its_own():
    apart = [point("a", address=0), point("b", address=9)]
    assert [b.count for b in blocks(apart, max_gap=8, max_block=40)] == [10]
    assert [b.count for b in blocks(apart, max_gap=7, max_block=40)] == [1, 1]
    assert [b.count for b in blocks(apart, max_gap=8, max_block=10)] == [10]
    assert [b.count for b in blocks(apart, max_gap=8, max_block=9)] == [1, 1]
    late = [point("a", address=100), point("b", address=103)]
    assert [b.count for b in blocks(late, max_gap=8, max_block=4)] == [4]


def test_the_ends_of_a_range_belong_to_it():
    one = point(range=[0, 50])
    for value in (0, 50):
        assert quality(one, Reading(value=value, at=0), 0, SECOND) == "good"
    for value in (-1, 51):
        assert quality(one, Reading(value=value, at=0), 0, SECOND) == "uncertain"


def test_what_nobody_says_of_a_point_or_a_limit_is_nothing():
    assert (point().bit, point().offset, limit().hysteresis, limit().delay_ms) == (0, 0, 0, 0)
    assert read(point(type="bit"), 0b01) == 1 and read(point(type="bit"), 0b10) == 0
    words = point(words_en=["off", "on"], words_zh=["关", "开"])
    assert said(words, 0) == Text("off", "关") and said(words, -1) == Text("-1", "-1")


def test_a_value_is_good_only_while_it_is_fresh_in_its_range_and_the_last_try_went_well():
    one, good = point(range=[0, 50]), Reading(value=7, at=10 * SECOND)
    assert quality(one, Reading(), 0, SECOND) == "never"
    assert quality(one, Reading(fault="timeout"), 0, SECOND) == "bad"
    assert quality(one, Reading(value=7), 0, SECOND) == "never", "a value without its age"
    assert quality(one, good, 13 * SECOND, SECOND) == "good"
    assert quality(one, good, 13 * SECOND + 1, SECOND) == "stale"
    assert quality(one, Reading(value=51, at=10 * SECOND), 11 * SECOND, SECOND) == "uncertain"
    assert quality(one, Reading(value=7, at=10 * SECOND, fault="timeout"), 10 * SECOND, SECOND) == "bad"


def told(one, values, *, held=None, step=SECOND):
    """How a limit stands after each of these values, a second apart."""
    held, made = held or Held(), []
    for k, value in enumerate(values):
        held = judged(one, held, value, k * step)
        made.append(held.crossed)
    return made


def test_a_limit_is_crossed_after_its_delay_and_a_short_peak_is_none():
    late = limit(delay_ms=2000)
    assert told(late, [101, 101, 101, 101]) == [False, False, True, True]
    assert told(late, [101, 101, 99, 101, 101, 101]) == [False] * 5 + [True]


def test_a_limit_holds_again_only_beyond_its_hysteresis():
    one = limit(hysteresis=10)
    assert told(one, [101, 99, 91, 90, 95, 101]) == [True, True, True, False, False, True]
    assert told(limit(side="below", hysteresis=10), [99, 101, 109, 110, 105]) == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_a_state_is_crossed_while_it_is_so():
    assert told(limit(side="is", value=1), [0, 1, 1, 0]) == [False, True, True, False]


def test_a_crossing_tells_since_when():
    assert judged(limit(), Held(), 100, 5) == Held(), "at the limit is within it"
    assert judged(limit(side="below"), Held(), 100, 5) == Held()
    crossed = judged(limit(), Held(), 101, 5)
    assert crossed == Held(crossed=True, since=5)
    assert judged(limit(), crossed, 120, 9) == crossed
    assert judged(limit(), crossed, 1, 9) == Held()


@given(st.lists(st.integers(0, 200), max_size=40), st.integers(0, 4), st.integers(0, 30))
@settings(max_examples=100)
def test_a_limit_never_turns_within_its_delay(values, seconds, back):
    one, held, turned_at = limit(delay_ms=1000 * seconds, hysteresis=back), Held(), None
    for k, value in enumerate(values):
        after = judged(one, held, value, k * SECOND)
        if after.crossed != held.crossed:
            assert turned_at is None or k - turned_at >= max(1, seconds)
            turned_at = k
        held = after


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(1234, 2, "12.34"), (5, 2, "0.05"), (-5, 1, "-0.5"), (-1234, 1, "-123.4"), (7, 0, "7"), (0, 3, "0.000")],
)
def test_whole_numbers_are_written_as_people_read_them(value, decimals, text):
    assert written(value, decimals) == text


def test_a_value_is_said_with_its_unit_or_its_word():
    assert said(point(unit="W", decimals=1), 10013) == Text("1001.3 W", "1001.3 W")
    assert said(point(), 3) == Text("3", "3")
    words = point(words_en=["off", "on"], words_zh=["关", "开"])
    assert said(words, 1) == Text("on", "开")
    assert said(words, 2) == Text("2", "2")


def test_a_point_has_a_name_in_both_languages():
    assert point().name == Text("point", "点")
    assert by_id([point("a"), point("b")]).keys() == {"a", "b"}


def test_registers_with_two_characters_each_are_a_text():
    assert characters((0x4150, 0x4320, 0x0041)) == "APC"
    assert characters((0x2041, 0x7E7F, 0x1FE9)) == "A~???" and characters(()) == ""
