"""Name, now and next, and the time of day in a transport stream: bytes after EN 300 468, in the place of empty packets."""

import io
from itertools import pairwise

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playout.encoder import PROVIDER, TS_OPTIONS, Datagrams, pump
from playout.guide import Event, cut, events, read, written
from playout.lanes import Guide
from playout.service_tables import RADIO, TELEVISION, Tables, eit, moment, packet, sdt, tdt, text
from schedules.plan import Plan, Take

RATE = 320_000  # two packets apart
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


class Sheet:
    """Where a stream goes: all of it kept."""

    def __init__(self) -> None:
        self.data = b""

    def send_all(self, data: memoryview, size: int) -> None:
        self.data += bytes(data)


def packets(stream: bytes) -> list[tuple[int, int, bytes]]:
    """(pid, continuity counter, packet)."""
    assert len(stream) % 188 == 0
    found = [stream[at : at + 188] for at in range(0, len(stream), 188)]
    return [((p[1] & 31) << 8 | p[2], p[3] & 15, p) for p in found]


def radio(tables: Tables | None, seconds: int) -> bytes:
    """A channel's stream as its encoder makes it, without a clock."""
    sheet = Sheet()
    out = Datagrams([sheet], tables)
    silent = np.zeros((480, 2), np.int16)

    def blocks():
        for n in range(N0, N0 + seconds * 48_000, 480):
            if tables is not None:
                tables.at(n)
            yield n, silent

    with av.open(out, "w", format="mpegts", container_options=TS_OPTIONS, buffer_size=7 * 188) as container:
        container.metadata["service_name"], container.metadata["service_provider"] = "FM 1", PROVIDER
        stream = container.add_stream("mp2", rate=48_000, layout="stereo", format="s16")
        stream.bit_rate = 192_000
        pump(container, stream, blocks(), "s16")
    return sheet.data


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


def test_a_stream_keeps_its_clock_and_its_counters_and_has_the_tables_often_enough() -> None:
    listed = [(NOW, NEXT)]
    tables = Tables(RADIO, PROVIDER, "FM 1", lambda: listed[0], RATE)
    plain, told = packets(radio(None, 12)), packets(radio(tables, 12))
    assert len(plain) == len(told)
    for (pid, _, before), (new, _, after) in zip(plain, told, strict=True):
        assert after == before if pid not in (0x11, 0x1FFF) else new in (0x11, 0x12, 0x14, 0x1FFF)
    assert sum(pid == 0x11 for pid, _, _ in told) == sum(pid == 0x11 for pid, _, _ in plain) > 12
    assert {p[5:].rstrip(b"\xff") for pid, _, p in told if pid == 0x11} == {sdt(RADIO, PROVIDER, "FM 1")}
    for pid, least in ((0x11, 12), (0x12, 24), (0x14, 2)):
        counters = [counter for one, counter, _ in told if one == pid]
        assert len(counters) >= least
        assert all(b == a + 1 & 15 for a, b in pairwise(counters))
    found = [p[5:].rstrip(b"\xff") for pid, _, p in told if pid == 0x12]
    assert found[:2] == [eit(0, 0, NOW), eit(0, 1, NEXT)] and len(set(found)) == 2
    with av.open(io.BytesIO(b"".join(p for _, _, p in told))) as container:  # the other one is its EPG
        assert [stream.type for stream in container.streams] == ["audio", "data"]


def test_another_item_is_another_version_and_what_nobody_knows_is_no_event() -> None:
    empty = b"\x47\x1f\xff\x10" + b"\xff" * 184
    listed: list[tuple[Event, ...] | None] = [(NOW, NEXT)]
    tables = Tables(TELEVISION, PROVIDER, "TV", lambda: listed[0], RATE)

    def passed(n: int, count: int = 9) -> list[bytes]:
        tables.at(n)
        return [p[5:].rstrip(b"\xff") for pid, _, p in packets(tables.fill(empty * count)) if pid == 0x12]

    assert passed(N0) == [eit(0, 0, NOW), eit(0, 1, NEXT)]
    assert passed(N0 + 47_999) == []
    listed[0] = None  # it was being written just then
    assert passed(N0 + 48_000) == []
    listed[0] = (NEXT,)
    assert passed(N0 + 96_000) == [eit(1, 0, NEXT), eit(1, 1, None)]
    assert passed(N0) == [eit(1, 0, NEXT), eit(1, 1, None)]  # the time went back
    assert passed(N0 + 96_000, 2) == [eit(1, 0, NEXT)]  # the other waits
    listed[0] = ()
    assert passed(N0 + 144_000) == [eit(1, 1, None)]
    assert passed(N0 + 192_000) == [eit(2, 0, None), eit(2, 1, None)]


EMPTY = b"\x47\x1f\xff\x10" + b"\xff" * 184


def places(tables: Tables, count: int) -> list[int]:
    """Which of so many empty packets are filled."""
    return [k for k, (pid, _, _) in enumerate(packets(tables.fill(EMPTY * count))) if pid != 0x1FFF]


def test_the_time_of_day_comes_every_ten_seconds_and_at_no_sample_twice() -> None:
    tables = Tables(RADIO, PROVIDER, "FM", lambda: None, RATE)
    for n, due in ((0, 1), (0, 0), (479_999, 0), (480_000, 1), (480_000, 0), (960_000, 1)):
        tables.at(N0 + n)
        assert len(places(tables, 4)) == due


def test_between_two_tables_a_buffer_empties_however_odd_the_rate_and_what_nobody_saw_does_not_count() -> (
    None
):
    tables = Tables(RADIO, PROVIDER, "FM", lambda: (NOW, NEXT), 1_000_001)  # five packets a buffer's time
    assert places(tables, 7) == []
    tables.at(N0)
    assert places(tables, 30) == [5, 11, 17]


def test_what_lasts_too_long_to_be_told_and_names_that_are_too_long_are_cut_and_versions_begin_anew() -> None:
    assert eit(0, 0, Event(start=N0, end=N0 + 48_000 * 360_000, title="x"))[21:24].hex() == "995959"
    assert eit(0, 0, Event(start=N0, end=N0 + 48_000 * 359_998, title="x"))[21:24].hex() == "995958"
    assert sdt(RADIO, "p" * 300, "n")[19] == 40
    assert eit(32, 0, NOW) == eit(0, 0, NOW) != eit(31, 0, NOW)


def test_without_an_empty_packet_no_more_than_a_few_wait() -> None:
    tables = Tables(RADIO, PROVIDER, "FM", lambda: (NOW,), RATE)
    for n in range(N0, N0 + 48_000 * 200, 48_000):
        tables.at(n)
    empty = b"\x47\x1f\xff\x10" + b"\xff" * 184
    passed = packets(tables.fill(empty * 40))
    assert [(pid, counter) for pid, counter, _ in passed if pid != 0x1FFF] == [
        (0x12, 0), (0x12, 1), *((0x14, k) for k in range(6)),
    ]  # fmt: skip


@given(st.lists(st.sampled_from("npsx"), min_size=1, max_size=120), st.integers(1, 8), st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_tables_keep_apart_as_their_buffer_needs_and_only_empty_packets_are_taken(
    kinds, megabits, cut
) -> None:
    heads = {
        "n": b"\x47\x1f\xff\x10",
        "p": b"\x47\x40\x00\x10",
        "s": b"\x47\x40\x11\x10",
        "x": b"\x47\x01\x00\x10",
    }
    stream = b"".join(heads[kind] + b"\xff" * 184 for kind in kinds)
    tables = Tables(RADIO, PROVIDER, "FM", lambda: (NOW, NEXT), megabits * 1_000_000)
    tables.at(N0)
    pieces = [stream[at : at + cut * 188] for at in range(0, len(stream), cut * 188)]
    after = packets(b"".join(map(tables.fill, pieces)))
    ours = [k for k, (pid, _, _) in enumerate(after) if pid in (0x12, 0x14)]
    assert all(kinds[k] == "n" for k in ours) and len(after) == len(kinds)
    for k in ours:
        before = after[max(0, k - 4 * megabits) : k]
        assert all(pid in (0x100, 0x1FFF) for pid, _, _ in before) and len(before) == 4 * megabits
        rest = kinds[k + 1 : k + 1 + 4 * megabits][: cut - 1 - k % cut]
        assert not set(rest) & set("ps")


def test_what_looks_like_a_packets_head_within_one_is_none() -> None:
    tables = Tables(RADIO, PROVIDER, "FM", lambda: (NOW,), RATE)
    sound = b"\x47\x01\x00\x10" + b"\x47\x1f\xff\x47\x40\x11" * 30 + b"\x00" * 4
    tables.at(N0)
    assert tables.fill(sound * 3) == sound * 3


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
    guide.show(plan, plan.start + 479)
    assert guide.read() == first
    guide.show(plan, plan.start + 480)
    assert guide.read() == first[1:]
    guide.show(plan, plan.end)
    assert guide.read() == ()
    assert events(plan, plan.start - 1) == events(plan, plan.end) == ()
    assert [one.title for one in events(plan, plan.end - 1)] == ["two"]
    assert len(cut("x" * 500)) == 120 and cut("寿" * 100) == "寿" * 40
    assert read('[[0, 1, "x"]]') == (Event(start=0, end=1, title="x"),)
    assert read('[[1, 1, "x"]]') is None
    assert read(f'[[0, {(1 << 50) - 1}, "x"]]') and read(f'[[0, {1 << 50}, "x"]]') is None
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
