"""What the muxer writes is sent in an order that a decoder's buffers bear, and nothing of it is lost or changed."""

from itertools import pairwise

import ts_kit
from hypothesis import given
from hypothesis import strategies as st
from test_ts_check import check, faults, measured
from ts_kit import NULL, has_pcr, moved_pcr, packets, pid_of, table_packet

from playout.ts_groom import LEAD, Groom

RATE, SOUND = 3_200_000, 0x101


def test_television_as_it_is_sent_holds_and_as_the_muxer_writes_it_does_not():
    assert faults(check(ts_kit.television(sent=False))) == {"tb", "b"}
    report = check(ts_kit.television())
    assert faults(report) == set()
    assert measured(report, "b", SOUND) < 3_200 and measured(report, "tb", SOUND) <= 376
    assert measured(report, "stay", SOUND) <= LEAD // 27 + 500 and measured(report, "pcr-accuracy") < 100


def unstamped(packet: bytes) -> bytes:
    return packet[:6] + packet[12:] if has_pcr(packet) else packet


def test_every_stream_has_its_own_packets_in_their_order():
    before, after = packets(ts_kit.television(sent=False)), packets(ts_kit.television())
    assert len(before) == len(after)
    for pid in {pid_of(one) for one in before} - {0x1FFF}:
        wanted = [unstamped(one) for one in before if pid_of(one) == pid]
        found = [unstamped(one) for one in after if pid_of(one) == pid]
        assert found == wanted[: len(found)] and len(found) > len(wanted) - 220, pid


def test_any_cut_gives_the_same():
    raw = ts_kit.television(sent=False)
    one, many = Groom(RATE, SOUND), Groom(RATE, SOUND)
    whole = one(raw)
    assert whole == b"".join(many(raw[at : at + 188 * 7]) for at in range(0, len(raw), 188 * 7))
    assert whole == ts_kit.television()


class Slowly(Groom):
    """Each packet looked at."""

    def _run(self, data: bytes, at: int) -> int:
        return 0


def test_what_passes_in_runs_passes_as_if_each_was_looked_at():
    raw = ts_kit.television(sent=False)
    assert Groom(RATE, SOUND)(raw) == Slowly(RATE, SOUND)(raw)


KINDS = st.sampled_from(["picture", "picture", "picture", "clock", "sound", "late", "pat", "empty", "empty"])


@given(st.lists(st.tuples(KINDS, st.integers(1, 9)), max_size=60), st.integers(1, 40))
def test_any_stream_passes_in_runs_as_if_each_was_looked_at(kinds: list[tuple[str, int]], cut: int):
    made = []
    for number, (kind, times) in enumerate(kinds):
        now = len(made) * 27_000
        made += {
            "picture": [b"\x47\x01\x00\x10".ljust(188, bytes([number]))],
            "clock": [clock(now)],
            "sound": [pes(now // 300 + 10_000)],
            "late": [pes(now // 300)],
            "pat": [table_packet(0, b"pat")],
            "empty": [NULL],
        }[kind] * times
    quick, slow = Groom(1_504_000, SOUND), Slowly(1_504_000, SOUND)
    for at in range(0, len(made), cut):
        data = b"".join(made[at : at + cut])
        assert quick(data) == slow(data)
    assert quick.rest() == slow.rest()


def pes(pts: int, pid: int = SOUND) -> bytes:
    stamp = bytes(
        [0x21 | pts >> 30 << 1, pts >> 22 & 255, pts >> 14 & 254 | 1, pts >> 7 & 255, pts << 1 & 254 | 1]
    )
    return (bytes([0x47, 0x40 | pid >> 8, pid & 255, 0x10]) + b"\0\0\1\xc0\0\0\x80\x80\5" + stamp).ljust(
        188, b"s"
    )


def clock(ticks: int) -> bytes:
    return moved_pcr(b"\x47\x01\x00\x20\xb7\x10\0\0\0\0\x7e\0" + b"\xff" * 176, ticks)


def test_sound_waits_for_its_time_by_the_streams_own_clock():
    groom = Groom(1_504_000, SOUND)  # a packet a millisecond
    assert groom(pes(9_000)) == NULL, "not before there is a clock"
    groom(clock(27_000_000))
    due = 90_000 + 9_000 + 450  # 105 ms after the clock, sent 100 ms before
    groom = Groom(1_504_000, SOUND)
    sent = [pid_of(groom(one)) for one in (clock(27_000_000), pes(due), *[NULL] * 8)]
    assert sent == [0x100, *[0x1FFF] * 4, SOUND, *[0x1FFF] * 4]


def test_sound_that_is_late_goes_at_once_but_never_faster_than_its_buffer_empties():
    groom = Groom(15_040_000, SOUND)  # ten packets a millisecond, of which the buffer takes 1.3
    sent = [pid_of(groom(one)) for one in (clock(27_000_000), *[pes(90_000)] * 8, *[NULL] * 40)]
    places = [k for k, pid in enumerate(sent) if pid == SOUND]
    assert len(places) == 8 and places[:3] == [1, 2, 4]
    assert all(7 <= b - a <= 8 for a, b in pairwise(places[2:]))


def test_sound_whose_time_never_comes_does_not_fill_the_memory():
    groom = Groom(1_504_000, SOUND)
    sent = groom(clock(0) + pes(1 << 31) * 562)
    assert sum(pid_of(one) == SOUND for one in packets(sent)) == 50


def test_a_clock_that_leaves_its_line_is_believed_and_small_tremors_are_straightened():
    groom = Groom(1_504_000, None)
    due = [299 + 27_000 * n + (10**9 if n > 5 else 0) for n in range(9)]
    straight = [groom(clock(at + (20_000 if n == 3 else 0))) for n, at in enumerate(due)]
    assert straight == [clock(at) for at in due]


def test_what_is_no_clock_is_left_alone_and_teaches_nothing():
    others = (
        b"\x47\x01\x00\x30\x07\x40\1\2\3\4\5\6".ljust(188, b"a"),  # an adaptation field without one
        b"\x47\x01\x00\x30\x00\x10\1\2\3\4\5\6".ljust(188, b"b"),  # an empty one
        b"\x47\x01\x00\x10\x07\x10\1\2\3\4\5\6".ljust(188, b"c"),  # none at all
    )
    for one in others:
        groom = Groom(1_504_000, SOUND)
        assert groom(one) == one
        assert groom(pes(0)) == NULL, "there is no clock yet"
        assert groom(clock(81_000_000) + one) == pes(0) + clock(81_027_000)


def test_sound_is_found_behind_an_adaptation_field_and_without_a_stamp_has_the_one_before():
    whole = pes(99_450)
    padded = whole[:3] + b"\x30\x07\x00" + b"\xff" * 6 + whole[4:-8]
    unstamped_ = whole[:11] + b"\x00" + whole[12:]
    short = whole[:3] + b"\x30\xb3\x00" + b"\xff" * 178 + b"\0\0\1\xc0"
    for more in (unstamped_, short):
        groom = Groom(1_504_000, SOUND)
        sent = [groom(one) for one in (clock(27_000_000), padded, more, *[NULL] * 8)]
        assert [k for k, one in enumerate(sent) if pid_of(one) == SOUND] == [5, 6] and sent[5:7] == [
            padded,
            more,
        ]


def test_tables_that_every_decoder_reads_go_one_by_one():
    groom = Groom(15_040_000, None)  # ten packets a millisecond; a decoder takes one of these in fifteen
    pat, pmt = table_packet(0, b"pat"), table_packet(0x1000, b"pmt")
    sent = packets(groom(pat + pmt + pat + pmt + clock(0) * 60))
    assert [k for k, one in enumerate(sent) if one in (pat, pmt)] == [0, 16, 32, 48]
    assert [one for one in sent if one in (pat, pmt)] == [pat, pmt] * 2 and sent.count(NULL) == 3


def test_at_its_end_a_stream_gives_all_that_waits():
    groom = Groom(1_504_000, SOUND)
    sent = groom(clock(0) + pes(20_000) * 3)
    left = packets(groom.rest())
    assert sum(pid_of(one) == SOUND for one in packets(sent)) == 0
    assert sum(pid_of(one) == SOUND for one in left) == 3 and groom.rest() == b""
    assert len(left) > 90, "each in its place"
    timeless = Groom(1_504_000, SOUND)
    timeless(pes(20_000) * 2)
    assert timeless.rest() == pes(20_000) * 2
