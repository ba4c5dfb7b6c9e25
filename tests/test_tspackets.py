"""Transport packets: joined pictures, losses, damage, hostile bytes. The streams are written here by hand."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.tspackets import PACKET, TsReader

VIDEO, PMT = 0x100, 0x1000


def packet(
    pid: int, counter: int, payload: bytes, *, start: bool = False, extra: bytes | None = None
) -> bytes:
    """One packet; an adaptation field fills it up. `extra` is the field's flags and what follows."""
    room = 184 - len(payload)
    assert room >= 0
    control = 0x10 if room == 0 and extra is None else 0x30
    head = struct.pack("!BHB", 0x47, (0x4000 if start else 0) | pid, control | counter & 15)
    if control == 0x10:
        return head + payload
    body = (extra if extra is not None else (b"\0" if room > 1 else b""))[: room - 1]
    return head + bytes([room - 1]) + body + b"\xff" * (room - 1 - len(body)) + payload


def section(table: int, body: bytes) -> bytes:
    whole = struct.pack("!BH", table, 0xB000 | len(body) + 4) + body + b"\0\0\0\0"
    return b"\0" + whole


def tables(kind: int = 0x1B) -> bytes:
    pat = section(0, struct.pack("!HBBBHHHH", 1, 0xC1, 0, 0, 0, 0xE010, 1, 0xE000 | PMT))
    streams = (
        struct.pack("!BHH", 0x03, 0xE101, 0xF000)
        + struct.pack("!BHH", kind, 0xE000 | VIDEO, 0xF003)
        + b"\x52\1\1"
    )
    pmt = section(2, struct.pack("!HBBBHH", 1, 0xC1, 0, 0, 0xE100, 0xF002) + b"\x05\0" + streams)
    return packet(0, 0, pat, start=True) + packet(PMT, 0, pmt, start=True)


def stamp(pts: int) -> bytes:
    return bytes([
        0x21 | (pts >> 29 & 0x0E), pts >> 22 & 255, 1 | (pts >> 14 & 0xFE), pts >> 7 & 255, 1 | (pts << 1 & 0xFE)
    ])  # fmt: skip


def pes(data: bytes, pts: int | None) -> bytes:
    head = b"\x80\x80\x05" + stamp(pts) if pts is not None else b"\x80\x00\x00"
    return b"\0\0\1\xe0\0\0" + head + data


def pictures(datas: list[bytes], first_pts: int = 0, counter: int = 0) -> list[bytes]:
    """Packets of the video; each picture begins with a packet of its own."""
    made = []
    for number, data in enumerate(datas):
        whole = pes(data, first_pts + 3_600 * number)
        for at in range(0, len(whole), 184):
            made.append(packet(VIDEO, counter, whole[at : at + 184], start=at == 0))
            counter += 1
    return made


DATAS = [bytes([65 + n]) * (100 + 150 * n) for n in range(6)]


def read(packets: list[bytes]) -> list:
    reader = TsReader()
    made = []
    for one in packets:
        made += reader.feed(one)
    return made


@given(st.lists(st.integers(1, 700), max_size=40), st.integers(0, (1 << 33) - 30_000))
def test_any_cut_of_the_stream_gives_the_same_pictures(cuts, pts) -> None:
    stream = tables() + b"".join(pictures(DATAS, pts))
    reader, made, at = TsReader(), [], 0
    for cut in [*cuts, len(stream)]:
        made += reader.feed(stream[at : at + cut])
        at += cut
    assert [one.data for one in made] == DATAS[:-1]  # the last is complete only when another begins
    assert [one.pts for one in made] == [pts + 3_600 * n for n in range(5)]
    assert {one.codec for one in made} == {"h264"}
    assert not any(one.broken for one in made)
    assert reader.counts.continuity == 0


@pytest.mark.parametrize(("kind", "codec"), [(0x02, "mpeg2video"), (0x24, "hevc")])
def test_the_codec_is_what_the_table_says(kind, codec) -> None:
    made = read([tables(kind), *pictures(DATAS)])
    assert {one.codec for one in made} == {codec}


def test_a_stream_without_a_picture_gives_none() -> None:
    assert read([tables(0x06), *pictures(DATAS)]) == []
    assert read(pictures(DATAS)) == []


def test_each_lost_packet_is_counted_and_its_picture_left_out() -> None:
    packets = pictures([*DATAS, b"x", b"y"])
    for lost in range(1, len(packets) - 3):
        reader, made = TsReader(), []
        for one in [tables(), *packets[:lost], *packets[lost + 1 :]]:
            made += reader.feed(one)
        assert reader.counts.continuity == 1
        assert all(one.data in [*DATAS, b"x"] for one in made)
        assert 5 <= len(made) <= 6
        after = [one for one in made if one.broken]
        assert len(after) == 1


def test_packets_flagged_as_damaged_are_not_used() -> None:
    bad = bytearray(pictures([b"z" * 100])[0])
    bad[1] |= 0x80
    reader = TsReader()
    reader.feed(tables() + bytes(bad))
    assert reader.counts.damaged == 1


def test_sync_is_found_again_after_garbage() -> None:
    reader = TsReader()
    stream = tables() + b"\x00\x47garbage" * 9 + b"".join(pictures(DATAS))
    made = reader.feed(stream)
    assert reader.counts.lost_sync >= 1
    assert [one.data for one in made] == DATAS[:-1]
    assert made[0].broken


def test_a_byte_that_only_looks_like_sync_is_passed_over() -> None:
    reader = TsReader()
    made = reader.feed(b"\0\x47" + bytes(300) + tables() + b"".join(pictures(DATAS)))
    assert [one.data for one in made] == DATAS[:-1]


def test_a_picture_without_a_stamp_has_none() -> None:
    whole = [packet(VIDEO, 0, pes(b"a" * 50, None), start=True), packet(VIDEO, 1, pes(b"b", 0), start=True)]
    assert read([tables(), *whole])[0].pts is None


def test_what_is_no_pes_is_damage() -> None:
    reader = TsReader()
    junk = [packet(VIDEO, n, b"\x01\x02\x03" * 20, start=True) for n in range(3)]
    assert reader.feed(tables() + b"".join(junk)) == []
    assert reader.counts.damaged == 2


def test_an_endless_picture_is_given_up() -> None:
    reader = TsReader()
    reader.feed(tables() + pictures([b"x" * 100])[0])
    for n in range(1, 24_000):
        reader.feed(packet(VIDEO, n, b"y" * 184))
    assert reader.feed(packet(VIDEO, 24_000, pes(b"b", 0), start=True)) == []


def test_the_longest_pcr_interval_is_measured_in_27_mhz() -> None:
    reader = TsReader()

    def pcr(base: int, extension: int = 0, flags: int = 0x10) -> bytes:
        value = base << 15 | 0x7E00 | extension
        return packet(VIDEO, 0, b"", extra=bytes([flags]) + value.to_bytes(6, "big"))

    for ms in (0, 20, 55, 80):
        reader.feed(pcr(ms * 90, 7))
    reader.feed(packet(VIDEO, 0, b"", extra=b"\x01" + bytes(6)))  # says something else
    assert reader.counts.pcr_longest == 35 * 27_000
    reader.feed(pcr(50_000, flags=0x90))  # a discontinuity that is announced
    reader.feed(pcr(50_090))
    assert reader.counts.pcr_longest == 35 * 27_000


def test_adaptation_fields_that_lie_do_no_harm() -> None:
    reader = TsReader()
    for length in (0, 1, 183, 184, 255):
        for control in (0x20, 0x30):
            reader.feed(struct.pack("!BHBB", 0x47, VIDEO, control, length) + b"\x50" + bytes(182))
    assert reader.counts.packets == 10
    assert reader.counts.damaged >= 2


def test_an_announced_discontinuity_is_no_error() -> None:
    reader = TsReader()
    reader.feed(tables() + b"".join(pictures(DATAS[:2])))
    reader.feed(packet(VIDEO, 9, pes(b"x", 0), start=True, extra=b"\x80"))
    assert reader.counts.continuity <= 1


@given(st.binary(max_size=2_000))
def test_hostile_bytes_end_in_nothing_worse_than_nothing(data) -> None:
    reader = TsReader()
    reader.feed(data)
    packets = b"".join(b"\x47" + data[at : at + 187].ljust(187, b"\0") for at in range(0, len(data), 187))
    for pid in (0, PMT, VIDEO):
        forged = bytearray(tables() + packets)
        for at in range(2 * PACKET, len(forged), PACKET):
            forged[at + 1], forged[at + 2] = 0x40 | pid >> 8, pid & 255
        reader.feed(bytes(forged))
    assert reader.feed(tables()) == [] or reader.codec == "h264"


def test_more_than_enough_pids_are_not_remembered_for_ever() -> None:
    reader = TsReader()
    for pid in range(0x200, 0x400):
        reader.feed(packet(pid, 3, b"x"))
        reader.feed(packet(pid, 9, b"x"))
    assert reader.counts.continuity == 65


def test_bytes_before_the_first_packet_are_passed_over_up_to_the_one_that_has_another_behind_it():
    reader = TsReader()
    reader.feed(b"\x01" + packet(VIDEO, 0, b"x" * 184) + packet(VIDEO, 1, b"x" * 184))
    assert reader.counts.packets == 2 and reader.counts.lost_sync == 1


def clock(ticks: int, flags: int = 0x10, length: int = 7) -> bytes:
    """A packet with a PCR of so many ticks of 27 MHz in an adaptation field of this length."""
    base, extension = divmod(ticks, 300)
    field = (base % (1 << 33) << 15 | 0x7E00 | extension).to_bytes(6, "big")
    return packet(VIDEO, 0, bytes(183 - length), extra=bytes([flags]) + field[: length - 1])


@pytest.mark.parametrize(
    ("first", "second", "longest"),
    [
        (0x155555555 * 300, 0x155555555 * 300 + 540_299, 540_299),
        ((1 << 33) * 300 - 300_000, (1 << 33) * 300 + 240_001, 540_001),  # it goes round once in 26 h
        (0, 26_999_999, 26_999_999),
        (0, 27_000_000, 0),  # no interval any more: the clock was set
    ],
)
def test_the_interval_is_that_of_the_two_clocks_to_the_tick(first, second, longest) -> None:
    reader = TsReader()
    reader.feed(clock(first) + clock(second))
    assert reader.counts.pcr_longest == longest


def test_a_field_too_short_for_a_clock_or_that_says_it_has_none_is_not_read_as_one() -> None:
    reader = TsReader()
    reader.feed(clock(0) + clock(900_000, length=6) + clock(901_000, flags=0) + clock(1_000))
    assert reader.counts.pcr_longest == 1_000


def test_null_packets_and_packets_without_payload_have_no_counter_to_follow() -> None:
    reader = TsReader()
    reader.feed(b"".join(packet(0x1FFF, n * 7, b"x" * 184, start=True) for n in range(5)))
    full = (
        b"\x47\x40\x00\x35" + b"\xb7\0" + b"\xff" * 182
    )  # 183 bytes of adaptation field: payload is said, none is there
    reader.feed(full * 3)
    assert (reader.counts.packets, reader.counts.continuity, reader.counts.damaged) == (8, 0, 0)


def test_after_what_is_no_pes_the_next_picture_is_known_as_broken() -> None:
    good = pictures([b"a" * 50, b"b" * 50, b"c" * 50], counter=1)
    made = read([tables(), packet(VIDEO, 0, b"\x01\x02\x03" * 20, start=True), *good])
    assert [(one.data[:1], one.broken) for one in made] == [(b"a", True), (b"b", False)]


def test_a_table_may_begin_further_on_in_its_packet() -> None:
    later = b""
    for whole in (tables()[:PACKET], tables()[PACKET:]):
        at = 5 + whole[4]
        body = b"\x04\xff\xff\xff\xff" + whole[at + 1 :]
        later += packet((whole[1] & 0x1F) << 8 | whole[2], 0, body, start=True)
    assert [one.data for one in read([later, *pictures(DATAS)])] == DATAS[:-1]
