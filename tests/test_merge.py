"""Two copies of a stream made one: nothing lost that either path had, nothing out of order, nothing twice."""

import attrs
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from playout.merge import HOLD, MOST, TS, Merger
from playout.rtp import FRAME, HEAD, MARKER, lay_header, stepped
from playout.rtp_ts import TsPackets
from playout.ts_ring import DATAGRAM
from station.words import instant_of

START = (1 << 32) - 10 * FRAME  # the timestamps go round in the middle
SSRC = 77


def datagram(number, rung=0, marker=False, value=None, ssrc=SSRC):
    """Packet `number` of the stream; its samples say which it is."""
    index = START + number * FRAME
    pcm = np.full((FRAME, 2), number if value is None else value, np.int16)
    laid = bytearray(HEAD) + pcm.astype(">i2").tobytes()
    lay_header(memoryview(laid), 0, index, ssrc)
    laid[1] |= MARKER * marker
    return stepped(memoryview(laid), rung)


def numbers(datagrams):
    return [int.from_bytes(data[-2:], "big", signed=True) for data in datagrams]


def at(number, delay=0):
    return instant_of(START + number * FRAME) + delay


def run(events, merger):
    """Feed (time, path, data) in the order of time; what is sent, with when."""
    sent = []
    for now, path, data in sorted(events, key=lambda one: one[0]):
        while (due := merger.next()) is not None and due <= now:
            sent += [(due, one) for one in merger.due(due)]
        merger.take(path, data, now)
    while (due := merger.next()) is not None:
        sent += [(due, one) for one in merger.due(due)]
    return sent


copies = st.lists(st.tuples(st.booleans(), st.integers(0, HOLD - 1)), min_size=60, max_size=60)


@given(copies, copies)
def test_what_either_path_brings_in_time_is_sent_once_in_order_and_what_none_brings_is_counted(first, second):
    events = []
    for path, fates in enumerate((first, second)):
        for number, (lost, delay) in enumerate(fates):
            if not lost:
                events.append((at(number, 1_000_000 + delay), path, datagram(number)))
    events.append((at(0, 1_000_000), 0, datagram(0)))  # the least delay there is, first of all
    there = sorted({0} | {n for fates in (first, second) for n, (lost, _) in enumerate(fates) if not lost})
    merger = Merger(ssrc=SSRC)
    sent = run(events, merger)
    assert numbers(data for _, data in sent) == there
    assert [when for when, _ in sent] == [at(n, 1_000_000 + HOLD) for n in there], "evenly, however it came"
    assert merger.missing == there[-1] + 1 - len(there)
    assert sum(one.taken for one in merger.figures) == len(there)
    assert merger.differing == 0


def test_the_better_rung_is_sent_whichever_path_it_came_by():
    for better in (0, 1):
        merger = Merger(ssrc=SSRC)
        merger.take(better, datagram(0, value=1), at(0))
        merger.take(1 - better, datagram(0, rung=2, value=2), at(0))
        assert numbers(merger.due(at(0, HOLD))) == [1]
        assert merger.differing == 0 and merger.figures[better].taken == 1


def test_copies_of_one_rung_that_differ_are_counted_and_the_first_path_is_followed():
    merger = Merger(ssrc=SSRC)
    merger.take(1, datagram(0, value=5), at(0))
    merger.take(0, datagram(0, value=4), at(0))
    assert numbers(merger.due(at(0, HOLD))) == [4]
    assert merger.differing == 1


def test_what_is_no_packet_of_this_stream_is_never_sent():
    merger = Merger()
    merger.take(0, datagram(0), at(0))
    for strange in (b"", b"\x80", datagram(1, ssrc=78), datagram(1)[:12], b"\x80\x21" + datagram(1)[2:]):
        merger.take(1, strange, at(1))
    assert numbers(merger.due(at(9, HOLD))) == [0]
    assert merger.figures[1].foreign == 5 and merger.figures[1].received == 0


def test_a_copy_that_comes_again_or_after_its_moment_is_counted_and_not_sent():
    merger = Merger(ssrc=SSRC)
    for _ in range(2):
        merger.take(0, datagram(0), at(0))
    assert merger.next() == at(0, 60_000)
    assert list(merger.due(at(0, 59_999))) == []
    assert numbers(merger.due(at(0, HOLD))) == [0]
    assert merger.next() is None
    merger.take(1, datagram(0), at(0, HOLD))
    assert merger.next() is None
    assert attrs.asdict(merger.figures[0]) == {
        "received": 2, "taken": 1, "alone": 1, "late": 0, "foreign": 0, "astray": 0, "twice": 1,
    }  # fmt: skip
    assert merger.figures[1].late == 1


def test_a_stream_that_begins_after_a_silence_misses_nothing():
    merger = Merger(ssrc=SSRC)
    sent = run([(at(n), 0, datagram(n, marker=n in (0, 100))) for n in (*range(5), *range(100, 105))], merger)
    assert len(sent) == 10 and merger.missing == 0 and merger.begun == 2


def test_a_stream_whose_index_goes_back_begins_anew_once_it_was_quiet():
    merger = Merger(ssrc=SSRC)
    run([(at(1_000), 0, datagram(1_000))], merger)
    shortly, later = at(1_000, HOLD + 1_000_000), at(1_000, HOLD + 3_000_000)
    merger.take(0, datagram(3), shortly - 800_000)
    assert merger.next() is None and merger.figures[0].astray == 1
    merger.take(0, datagram(3), later)
    assert merger.next() == later + HOLD
    assert numbers(merger.due(later + HOLD)) == [3]
    assert merger.missing == 0 and merger.begun == 2


def test_a_path_that_goes_astray_does_not_carry_the_stream_away():
    merger = Merger(ssrc=SSRC)
    events = [(at(n), 0, datagram(n)) for n in range(400)]
    events += [(at(n, 1), 1, datagram(n + 50_000, value=0)) for n in range(100, 200)]
    events += [(at(n, 1), 1, datagram(n - 5_000)) for n in range(200, 300)]
    sent = run(events, merger)
    assert numbers(data for _, data in sent) == list(range(400))
    assert [when for when, _ in sent] == [at(n, HOLD) for n in range(400)]
    assert merger.figures[1].astray == 200 and merger.missing == 0


def test_paths_that_slow_down_are_followed_within_ten_seconds():
    merger = Merger(ssrc=SSRC)
    slow = 300_000
    sent = run([(at(n, slow if n >= 100 else 0), 0, datagram(n)) for n in range(3_000)], merger)
    assert numbers(data for _, data in sent) == list(range(3_000))
    whens = dict(zip(range(3_000), (when for when, _ in sent), strict=True))
    assert whens[2_999] == at(2_999, slow + HOLD)
    assert merger.missing == 0


def test_no_more_is_held_than_there_is_room_for():
    merger = Merger(ssrc=SSRC, hold=60_000_000)
    for n in range(4_096 + 5):
        merger.take(0, datagram(n), at(0))
    assert merger.figures[0].astray == 5
    assert len(list(merger.due(at(MOST, 70_000_000)))) == MOST


def sent_one(number=0):
    """A merger that has just sent a packet, and when."""
    merger = Merger(ssrc=SSRC)
    merger.take(0, datagram(number, value=0), at(number))
    now = at(number, HOLD)
    assert len(list(merger.due(now))) == 1
    return merger, now


def test_a_stream_that_is_quiet_for_half_a_second_may_begin_anew_and_not_before():
    for quiet, astray in ((500_000, 1), (500_001, 0)):
        merger, now = sent_one(50_000)
        merger.take(0, datagram(3), now + quiet)
        assert merger.figures[0].astray == astray


def test_a_packet_may_be_two_seconds_from_where_the_stream_should_be_and_no_further():
    for later in (0, 400_000):
        ahead = (2_000_000 + later) // 5_000
        for number, astray in ((ahead, 0), (ahead + 1, 1)):
            merger, now = sent_one()
            merger.take(1, datagram(number), now + later)
            assert (merger.figures[1].astray, merger.next() is None) == (astray, bool(astray))


def test_the_quickest_way_of_the_last_seconds_is_remembered():
    merger = Merger(ssrc=SSRC)
    second = 5_000_000 - at(0) % 5_000_000  # until the next five seconds begin
    number = second // 5_000 + 1
    merger.take(0, datagram(number - 2), at(number - 2))
    merger.take(0, datagram(number), at(number, 50_000))
    assert len(list(merger.due(at(number - 2, HOLD)))) == 1
    assert merger.next() == at(number, HOLD), "by the quickest, not by this one's own delay"


def test_there_are_two_paths():
    assert len(Merger().figures) == 2


@given(copies, copies)
def test_transport_streams_are_merged_as_sound_is(first, second):
    """Of 3.2 Mbit/s; the numbers of packets go round in the middle."""
    rate, begins = 3_200_000, 4_000_000_000 * 65_536 - 30
    packets = TsPackets(rate, SSRC)
    data = [packets.packet((begins + k) * DATAGRAM, bytes([k]) * DATAGRAM) for k in range(60)]

    def due(number, delay=0):
        return (begins + number) * DATAGRAM * 8 * 1_000_000 // rate + delay

    events = [(due(0, 1_000_000), 0, data[0])]
    for path, fates in enumerate((first, second)):
        for number, (lost, delay) in enumerate(fates):
            if not lost:
                events.append((due(number, 1_000_000 + delay), path, data[number]))
    there = sorted({0} | {n for fates in (first, second) for n, (lost, _) in enumerate(fates) if not lost})
    merger = Merger(ssrc=SSRC, form=TS, hold=HOLD + 1_000)
    sent = run(events, merger)
    assert [one for _, one in sent] == [data[n] for n in there]
    assert (merger.missing, merger.differing) == (there[-1] + 1 - len(there), 0)


def test_each_form_leaves_the_other_alone():
    packet = TsPackets(320_000, SSRC).packet(0, b"G")
    for merger, data in ((Merger(ssrc=SSRC), packet), (Merger(ssrc=SSRC, form=TS), datagram(0))):
        merger.take(0, data, at(0))
        assert merger.figures[0].foreign == 1 and merger.next() is None
