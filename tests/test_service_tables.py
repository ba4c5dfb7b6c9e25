"""Name, now and next, and the time of day in a transport stream: bytes after EN 300 468, in the place of empty packets."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playout.guide import Event, at, cut, events, read, written
from playout.lanes import Guide
from playout.service_tables import RADIO, TELEVISION, Tables, eit, moment, sdt, tdt, text, version
from playout.ts_packets import NULL
from playout.ts_packets import table as packet
from playout.ts_stream import PROVIDER
from schedules.plan import Plan, Take

N0 = 86_174_323_200_000  # 2026-11-21T22:00:00Z
NOW = Event(start=N0, end=N0 + 48_000 * 3_930, title="寿县新闻 News")
NEXT = Event(start=N0 + 48_000 * 3_930, end=N0 + 48_000 * 4_000, title="Music")


def crc(data: bytes) -> int:
    """CRC-32/MPEG-2, a bit at a time (ISO/IEC 13818-1, annex A); 0 over a whole section."""
    value = 0xFFFFFFFF
    for byte in data:
        for bit in range(7, -1, -1):
            top = value >> 31 ^ byte >> bit & 1
            value = (value << 1 ^ 0x04C11DB7 * top) & 0xFFFFFFFF
    return value


def packets(stream: bytes) -> list[tuple[int, int, bytes]]:
    """(pid, continuity counter, packet)."""
    assert len(stream) % 188 == 0
    found = [stream[at : at + 188] for at in range(0, len(stream), 188)]
    return [((p[1] & 31) << 8 | p[2], p[3] & 15, p) for p in found]


def test_the_example_of_the_standard_is_coded_as_it_is_there() -> None:
    assert moment(750_516_300).hex() == "c079124500"  # 1993-10-13 12:45:00, EN 300 468, annex C
    assert tdt(750_516_300).hex() == "707005c079124500"


def test_now_and_next_say_title_begin_length_and_state() -> None:
    now, then, unknown = eit(3, 0, NOW), eit(3, 1, NEXT), eit(3, 1, None)
    assert [crc(one) for one in (now, then, unknown)] == [0, 0, 0]
    assert now[0] == 0x4E and int.from_bytes(now[1:3], "big") & 0xFFF == len(now) - 3
    assert (now[5] >> 1 & 31, now[6], now[7], then[6]) == (3, 0, 1, 1)
    assert now[3:5] + now[8:14] == bytes.fromhex("00010001ff01014e")
    assert now[16:21] == moment(N0 // 48_000) and now[21:24].hex() == "010530"
    assert (now[24] >> 5, then[24] >> 5) == (4, 1)
    assert now[28:31] == b"chi" and "寿县新闻 News".encode() in now and b"\x15\xe5\xaf\xbf" in now
    assert now[14:16] != then[14:16] and b"\x05Music" in then
    assert len(unknown) == 18 and unknown[12:14] == b"\x01\x4e"


def test_the_service_says_its_name_its_kind_and_that_its_programme_is_told() -> None:
    for kind in (RADIO, TELEVISION):
        made = sdt(kind, PROVIDER, "寿县综合")
        assert crc(made) == 0 and made[0] == 0x42
        assert made[11:14] == b"\x00\x01\xfd"  # of service 1, present and following, no schedule
        assert made[16:20] == bytes([0x48, len(made) - 22, kind, len(PROVIDER)])
        assert made[20:-4] == PROVIDER.encode() + b"\x0d\x15" + "寿县综合".encode()


@given(st.text(max_size=300), st.text(max_size=300))
@settings(max_examples=60)
def test_whatever_is_called_whatever_it_fits_into_a_packet(name: str, title: str) -> None:
    event = Event(start=N0, end=N0 + 1, title=cut(title))
    for made in (sdt(RADIO, name, title), eit(31, 0, event), eit(0, 1, event)):
        assert len(packet(0x12, 17, made)) == 188 and crc(made) == 0
    assert all(byte >= 32 or byte == 0x15 for byte in text(title))
    assert read(written((event,))) == (event,)


def test_what_is_more_than_a_packet_is_refused() -> None:
    with pytest.raises(ValueError, match="184 bytes"):
        packet(0x12, 0, bytes(184))


M0 = N0 // 1_152 // 40 * 40  # the first slot of a cycle
MADE = ((0x100, 0x1B), (0x101, 0x03))


def tables(guide=lambda: (NOW, NEXT), delay=14_400) -> Tables:
    return Tables(TELEVISION, (PROVIDER, "TV 1"), MADE, guide, delay)


def test_what_lasts_too_long_to_be_told_and_names_that_are_too_long_are_cut_and_versions_begin_anew() -> None:
    assert eit(0, 0, Event(start=N0, end=N0 + 48_000 * 360_000, title="x"))[21:24].hex() == "995959"
    assert eit(0, 0, Event(start=N0, end=N0 + 48_000 * 359_998, title="x"))[21:24].hex() == "995958"
    assert sdt(RADIO, "p" * 300, "n")[19] == 40
    assert eit(32, 0, NOW) == eit(0, 0, NOW) != eit(31, 0, NOW)


def told(of: Tables, slots: range) -> list[tuple[int, int, bytes]]:
    """(pid, counter, section) of what stands in some slots."""
    found = [of.packet(slot) for slot in slots]
    return [
        (pid, counter, one[5:].rstrip(b"\xff"))
        for pid, counter, one in packets(b"".join(filter(None, found)))
    ]


def test_every_table_comes_often_enough_with_counters_that_follow_whoever_begins_when() -> None:
    found = told(tables(), range(M0 - 4_000, M0))  # 96 s
    for pid, each, most in (
        (0, 4, 1_000),
        (0x1000, 4, 1_000),
        (0x11, 20, 200),
        (0x12, 20, 200),
        (0x14, 400, 10),
    ):
        counters = [counter for one, counter, _ in found if one == pid]
        assert len(counters) == most == 4_000 // each, pid
        assert all(b == a + 1 & 15 for a, b in pairwise(counters)), pid
    assert found[-48:] == told(tables(), range(M0 - 80, M0))[-48:]
    assert len({one for pid, _, one in found if pid != 0x14}) == 5
    assert [one[3:8] for pid, _, one in found if pid == 0x14][-1] == moment(
        ((M0 - 400) // 400 * 400 * 1_152 + 15 * 1_152 + 14_400) // 48_000
    )


def test_the_programme_its_streams_and_the_one_with_the_clock_are_named() -> None:
    first = {pid: one for pid, _, one in told(tables(), range(M0, M0 + 40))}
    assert crc(first[0]) == crc(first[0x1000]) == 0
    assert first[0][:-4].hex() == "00b00d0001c1000000" + "01f000"
    assert first[0x1000][:-4].hex() == "02b0170001c10000e100f0001be100f00003e101f000"
    assert first[0x11] == sdt(TELEVISION, PROVIDER, "TV 1")


def test_what_is_on_the_air_when_the_first_of_both_is_sent_is_told_in_a_version_of_its_own() -> None:
    n = (M0 + 7) * 1_152 + 14_400  # of that cycle's first

    def listed(guide, cycle=0) -> list[bytes]:
        return [
            one
            for pid, _, one in told(tables(guide), range(M0 + 40 * cycle, M0 + 40 * cycle + 40))
            if pid == 0x12
        ]

    one = Event(start=n - 48_000, end=n, title="one")
    two, three = (
        Event(start=n, end=n + 46_080, title="two"),
        Event(start=n + 46_080, end=n + 90_000, title="three"),
    )
    first, second = version(two, three), version(three, None)
    assert first != second
    assert listed(lambda: (one, two, three)) == [eit(first, 0, two), eit(first, 1, three)]
    assert listed(lambda: (two, three)) == listed(lambda: (one, two, three)), "whatever is told besides"
    assert listed(lambda: (one, two, three), 1) == [eit(second, 0, three), eit(second, 1, None)]
    assert listed(lambda: (one,)) == [eit(version(None, None), 0, None), eit(version(None, None), 1, None)]
    assert listed(tuple) == listed(lambda: (one,))


def test_what_was_being_written_just_then_is_what_was_known_before_and_nothing_where_nothing_was() -> None:
    guide: list[tuple[Event, ...] | None] = [None]
    made = tables(lambda: guide[0])
    assert made.packet(M0 + 7) == NULL and made.packet(M0 + 11) == NULL
    guide[0] = (NOW, NEXT)
    known = made.packet(M0 + 47)
    guide[0] = None
    assert made.packet(M0 + 51) != NULL and known is not None and known[10] >> 1 & 31 == version(NOW, NEXT)
    assert [made.packet(M0 + k) for k in (1, 5, 9, 13, 39)] == [None] * 5


def test_the_guide_is_written_anew_only_where_another_item_begins() -> None:
    plan = Plan(
        channel="fm1", revision=1, start=N0, end=N0 + 1_440, media=(),
        takes=tuple(
            Take(item=title, start=N0 + a, end=N0 + b, kind="silence", title=title, approval="rundown:1")
            for title, a, b in (("one", 0, 480), ("two", 480, 1_440))
        ),
    )  # fmt: skip
    guide = Guide()
    assert guide.read() is None  # nothing shown yet
    guide.show(plan, plan.start)
    first = guide.read()
    assert first == events(plan, plan.start) and first is not None and len(first) == 2
    guide.show(plan, plan.start + 48_000 + 479)
    assert guide.read() == first, "who tells of it may be a second behind"
    guide.show(plan, plan.start + 48_000 + 480)
    assert guide.read() == first[1:]
    guide.show(plan, plan.end + 48_000)
    assert guide.read() == ()
    assert [at(first, plan.start + n) for n in (-1, 0, 479, 480, 1_440)] == [
        (None, None), first, first, (first[1], None), (None, None),
    ]  # fmt: skip
    for torn in (
        "[[1, 2]]",
        "7",
        '[[2, 1, "x"]]',
        '[[-1, 1, "x"]]',
        "[[1, 2, 3]]",
        f'[[1, {1 << 60}, "x"]]',
        '[["1", 2, "x"]]',
    ):
        assert read(torn) is None, "read while it was written"
