"""Every place of a transport stream is a function of the index: two that began at different times send the same bytes."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_ts_check import check, faults, measured
from ts_kit import NULL, has_pcr, packets, pid_of

from playout import ts_packets
from playout.ts_mux import AHEAD, DELAY, SLOT, Multiplex, Places
from playout.ts_packets import FIRST_PID, SECOND_PID, UNCLOCKED, cut, packet, pes, table

FRAME = 1_920
K0 = 44_000_000_000 // 25 * 25
RATE = 3_200_000


def tables(slot: int) -> bytes | None:
    """A PAT, or a PMT, in every other slot."""
    if slot % 2:
        return None
    made = ts_packets.pmt(((FIRST_PID, 0x1B), (SECOND_PID, 0x03))) if slot % 4 else ts_packets.pat()
    return table(0x1000 if slot % 4 else 0, slot // 4, made)


def sound(slot: int, pid: int = SECOND_PID, field: bytes = b"") -> bytes:
    """A frame of MP2, as long as ours are."""
    frame = slot + AHEAD
    return cut(pid, 4 * frame, pes(0xC0, frame * 2_160 - 902, b"\xff\xfd\xa4\x04" + bytes(572)), field)


def unit(k: int, size: int, *, fresh: bool) -> bytes:
    """Like an access unit of H.264, of so many bytes, each picture's own."""
    head = b"\0\0\0\1\x09\xf0" + (b"\0\0\0\1\x67\x42\xc0\x1f" if fresh else b"") + b"\0\0\0\1\x41\x9a"
    return head + (k % 251 + 1).to_bytes(1, "big") * max(1, size - len(head))


class Television:
    """A multiplexer with pictures of given sizes; `begins` are the frames at which groups do."""

    def __init__(self, first: int, rate: int = RATE) -> None:
        self.mux, self.k = Multiplex(rate, FIRST_PID, tables), first

    def frame(self, size: int, *, fresh: bool):
        k, self.k = self.k, self.k + 1
        n = k * FRAME
        for slot in range((n - DELAY) // SLOT, (n + FRAME - DELAY) // SLOT + 1):
            self.mux.hear(slot, sound(slot))
        self.mux.show(k * 3_600, unit(k, size, fresh=fresh), fresh=fresh)
        return self.mux.span(n - DELAY, n + FRAME - DELAY)


SIZES = st.lists(st.integers(1, 45_000), min_size=60, max_size=100)


@settings(max_examples=40, deadline=None)
@given(SIZES, st.sets(st.integers(1, 59)), st.data())
def test_who_begins_later_sends_the_same_from_where_it_says_so(sizes, cuts, data):
    starts = sorted({0, 25, 50} | cuts)
    late = data.draw(st.sampled_from(starts))
    one, other = Television(K0), Television(K0 + late)
    same = None
    for number, size in enumerate(sizes):
        fresh = number in starts or number % 25 == 0
        sent = one.frame(size // 4, fresh=fresh)
        if number < late:
            continue
        settled = other.mux.settled
        twin = other.frame(size // 4, fresh=fresh)
        assert twin.place == sent.place and len(twin.data) == len(sent.data)
        if settled and same is None:
            same = number
        assert same is None or twin == sent, (number, same)
    assert same is not None or late > 30


def test_what_is_left_over_differs_until_the_one_with_more_has_none_and_never_after():
    """The longest that a twin waits: pictures as large as the stream takes."""
    one, other = Television(K0), Television(K0 + 25)
    sizes = [60_000, *[10_300] * 24] * 6
    equal = []
    for number, size in enumerate(sizes):
        sent = one.frame(size, fresh=number % 25 == 0)
        if number >= 25:
            settled = other.mux.settled
            equal.append((settled, other.frame(size, fresh=number % 25 == 0) == sent))
    assert equal[0] == (False, False) and equal[-1] == (True, True)
    assert all(same for settled, same in equal if settled)
    first = next(k for k, (settled, _) in enumerate(equal) if settled)
    assert first < 100 and all(settled for settled, _ in equal[first:])


def test_a_stream_of_constant_rate_holds_whatever_the_pictures():
    made = Television(K0)
    sizes = [70_000, *[9_000] * 24, 3_000, *[14_000] * 12, 40_000, *[8_000] * 24, 50] * 2
    starts = {0, 25, 38, 63}
    sent = [made.frame(size, fresh=k % 64 in starts) for k, size in enumerate(sizes)]
    left = made.mux.rest(made.k * FRAME - DELAY, FRAME)
    assert not made.mux.left and made.mux.rest(0, FRAME) == []
    places = [(one.place, len(one.data) // 188) for one in [*sent, *left]]
    assert all(at + count == then for (at, count), (then, _) in pairwise(places))
    report = check(b"".join(one.data for one in [*sent, *left]))
    assert faults(report) == set() and report.rate == RATE
    assert measured(report, "pcr-accuracy") == 0 and measured(report, "late", FIRST_PID) == 0
    assert measured(report, "pcr-interval") < 25_000


def test_groups_begin_with_counter_nought_and_what_is_put_before_them_is_zeros():
    made = Television(K0)
    data = b"".join(made.frame(1_000 + 700 * k, fresh=k in (0, 3, 7)).data for k in range(9))
    data += b"".join(one.data for one in made.mux.rest(made.k * FRAME - DELAY, FRAME))
    shown = [one for one in packets(data) if pid_of(one) == FIRST_PID and one[3] & 0x10]
    assert [one[3] & 15 for one in shown] == [n % 16 for n in range(len(shown))]
    groups = [k for k, one in enumerate(shown) if one[1] & 0x40 and one[3] & 0x20 and one[5] & 0x40]
    assert len(groups) == 3 and all(k % 16 == 0 for k in groups)
    filled = [one for one in shown if not one[1] & 0x40 and one[4] == 182 and one[3] & 0x20]
    assert 0 < len(filled) < 31 and all(one[5:] == b"\0" + b"\xff" * 181 + b"\0" for one in filled)
    units = b"".join(one[5 + one[4] if one[3] & 0x20 else 4 :] for one in shown).split(b"\0\0\1\xe0")[1:]
    for k, found in enumerate(units):
        wanted = unit(K0 + k, 1_000 + 700 * k, fresh=k in (0, 3, 7))
        assert found[10:].rstrip(b"\0") == wanted.rstrip(b"\0"), k


def test_the_clock_says_where_it_stands_and_a_second_has_as_many_places_as_the_rate():
    for rate in (320_000, 3_200_000, 5_000_000, 17_000_000):
        places = Places(rate)
        assert places.at(0) == 0 and places.at(48_000 * 1_504) == rate
        assert places.clock(0) == 80 * 27_000_000 // rate
        assert places.clock(rate) - places.clock(0) == 1_504 * 27_000_000
    assert [Places(1_504 * 3).at(n) for n in (0, 1, 16_000, 16_001)] == [0, 1, 1, 2]


def test_sound_alone_carries_the_clock_in_each_of_its_frames():
    mux = Multiplex(320_000, None, tables)
    m0 = 2_000_000
    for slot in range(m0, m0 + 50):
        mux.hear(slot, sound(slot, FIRST_PID, UNCLOCKED))
    whole = mux.span(m0 * SLOT, (m0 + 50) * SLOT)
    made = packets(whole.data)
    places = Places(320_000)
    assert whole.place == places.at(m0 * SLOT) and len(made) == places.at((m0 + 50) * SLOT) - whole.place
    clocks = [k for k, one in enumerate(made) if has_pcr(one)]
    assert len(clocks) == 50 and {b - a for a, b in pairwise(clocks)} == {5, 6}
    for k in clocks:
        base = int.from_bytes(made[k][6:10], "big") << 1 | made[k][10] >> 7
        assert base == places.clock(whole.place + k) // 300 % (1 << 33)
        assert [pid_of(one) for one in made[k : k + 4]] == [FIRST_PID] * 4
    assert sum(pid_of(one) in (0, 0x1000) for one in made) == 25
    assert mux.span((m0 + 50) * SLOT, (m0 + 51) * SLOT).data[188:752] == NULL * 3, "nobody spoke"
    assert not has_pcr(mux.span((m0 + 51) * SLOT, (m0 + 52) * SLOT).data[:188])


def test_any_cut_of_the_time_gives_the_same():
    one, other = Television(K0), Television(K0)
    whole = [one.frame(30_000, fresh=True), one.frame(9_000, fresh=False)]
    mux, parts = other.mux, []
    for number, size in enumerate((30_000, 9_000)):
        n = (K0 + number) * FRAME - DELAY
        for slot in range(n // SLOT, (n + FRAME) // SLOT + 1):
            mux.hear(slot, sound(slot))
        mux.show((K0 + number) * 3_600, unit(K0 + number, size, fresh=not number), fresh=not number)
        parts += [mux.span(n + at, n + min(FRAME, at + 70)) for at in range(0, FRAME, 70)]
    assert b"".join(part.data for part in parts) == b"".join(sent.data for sent in whole)
    assert any(not part.data for part in parts) is False and mux.span(K0 * FRAME, K0 * FRAME).data == b""


def test_sound_is_forgotten_once_its_slot_is_over_and_one_that_is_under_way_is_not():
    mux = Multiplex(RATE, FIRST_PID)
    for slot in range(1_000, 1_010):
        mux.hear(slot, sound(slot))
    mux.span(1_000 * SLOT, 1_003 * SLOT + 500)
    assert sorted(mux._sound) == list(range(1_003, 1_010))


def test_more_than_a_second_of_pictures_is_thrown_away_till_the_next_group():
    made = Television(K0)
    made.frame(1_000, fresh=True)
    made.frame(500_000, fresh=False)
    assert made.mux.left == 0, "it would never come in time"
    lost = made.frame(2_000, fresh=False)
    assert all(pid_of(one) != FIRST_PID or not one[3] & 0x10 for one in packets(lost.data))
    again = made.frame(2_000, fresh=True)
    shown = [one for one in packets(again.data) if pid_of(one) == FIRST_PID and one[3] & 0x10]
    assert shown[0][3] & 15 == 0 and shown[0][1] & 0x40 and len(shown) == 11
    exact = Television(K0)
    exact.mux.show(0, bytes(2_127 * 184 - 16), fresh=True)
    assert exact.mux.left == 2_127 * 188
    exact.mux.show(0, bytes(1), fresh=False)
    assert exact.mux.left == 0


@given(st.binary(min_size=1, max_size=800), st.integers(0, 40), st.sampled_from([b"", b"\x40", UNCLOCKED]))
@settings(max_examples=80, deadline=None)
def test_what_is_cut_into_packets_comes_out_of_them(data, counter, field):
    made = packets(cut(0x101, counter, data, field))
    assert [one[3] & 15 for one in made] == [counter + k & 15 for k in range(len(made))]
    assert [bool(one[1] & 0x40) for one in made] == [k == 0 for k in range(len(made))]
    assert {pid_of(one) for one in made} == {0x101} and all(len(one) == 188 for one in made)
    assert b"".join(one[5 + one[4] if one[3] & 0x20 else 4 :] for one in made) == data
    if field:
        assert made[0][5 : 5 + len(field)] == field
    for one in made[bool(field) :]:
        assert not one[3] & 0x20 or one[4] == 0 or one[5:6] == b"\0"


def test_the_head_of_a_pes_packet_says_time_and_length():
    long = pes(0xE0, (1 << 33) + 0x1_2345_6789 % (1 << 33), b"x" * 70_000)
    assert long[:9].hex() == "000001e00000808005" and len(long) == 70_014
    stamp = long[9:14]
    value = (stamp[0] >> 1 & 7) << 30 | stamp[1] << 22 | stamp[2] >> 1 << 15 | stamp[3] << 7 | stamp[4] >> 1
    assert value == 0x1_2345_6789 and stamp[0] & 0xF1 == 0x21 and stamp[2] & stamp[4] & 1
    assert pes(0xC0, 0, b"abc")[3:9].hex() == "c0000b808005" and pes(0xC0, 0, b"")[9:].hex() == "2100010001"


def test_an_access_unit_has_one_delimiter():
    bare, begun = b"\0\0\0\1\x67abc", b"\0\0\0\1\x09\xf0\0\0\1\x67"
    assert ts_packets.delimited(bare) == b"\0\0\0\1\x09\xf0" + bare
    assert ts_packets.delimited(begun) == begun


def test_a_packet_without_payload_is_all_adaptation_field():
    assert packet(0x1234, 5, b"", b"\x40") == bytes.fromhex("47123435b740") + b"\xff" * 182
    assert packet(0x0100, 0, bytes(184), begins=True) == bytes.fromhex("47410010") + bytes(184)
    assert packet(0x0100, 0, bytes(183)) == bytes.fromhex("4701003000") + bytes(183)
    clock = ts_packets.clock_only(0x100, 7, 300 * 5 + 7)
    assert clock[:12].hex() == "47010027b710" + "00000002fe07" and clock[12:] == b"\xff" * 176


def test_a_table_that_is_more_than_a_packet_is_refused():
    assert len(table(0, 17, bytes(183))) == 188 and table(0, 17, b"x")[:6].hex() == "474000110078"
    with pytest.raises(ValueError, match="184 bytes"):
        table(0, 0, bytes(184))
