"""The decoder model in small: buffers by hand, frames of sound and headers of pictures, PES packets cut anywhere, clocks."""

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety import ts_units
from safety.ts_buffers import (
    SYSTEM,
    SYSTEM_RATE,
    TRANSPORT,
    Audio,
    Decoding,
    Kept,
    Leak,
    Sizes,
    Video,
    system_leak,
)
from safety.ts_figures import Figures, figures
from safety.ts_pcr import Line
from safety.ts_streams import Pes, Pictures, Sound, Stamps, stream_of
from safety.ts_tables import Tables
from safety.ts_timed import CLOCK, HELD, PACKET_BITS, Timed, Timer, pcr_of

MS = CLOCK // 1_000


def test_a_leak_runs_out_at_its_rate_and_is_empty_in_between():
    leak = Leak(4_096, 1_000_000)
    assert leak.take(0, 0, 2_000) == (0, 2 * MS) and leak.kept.peak == 2_000
    assert leak.take(MS, MS, 2_000) == (2 * MS, 4 * MS) and leak.kept.peak == 3_000
    assert leak.kept.busy == 4 * MS
    assert leak.take(10 * MS, 13 * MS, 1_000) == (10 * MS, 13 * MS), "slower than it leaks: nothing stays"
    assert leak.kept.peak == 3_000 and leak.kept.busy == 4 * MS


@given(
    st.lists(st.tuples(st.integers(0, 5 * MS), st.integers(0, 2 * MS), st.integers(8, 5_000)), max_size=30)
)
def test_nothing_leaves_before_it_came_nor_faster_than_the_rate(given_):
    leak, now, out, level = Leak(1, 1_000_000), 0, 0, 0
    for pause, takes, bits in given_:
        now += pause
        begins, leaves = leak.take(now, now + takes, bits)
        assert (
            begins >= max(now, out) and leaves >= now + takes and leaves - begins >= bits * CLOCK // 1_000_000
        )
        now, out = now + takes, leaves
        level = max(level, (leaves - now) * 1_000_000 // CLOCK)
    assert leak.kept.peak == level


def test_a_unit_of_sound_leaves_its_buffer_whole_at_its_time():
    model = Audio(Sizes(out_of_tb=2_000_000, main=1_000))
    assert model.take(0, 0, 800, 800) == 800 * CLOCK // 2_000_000
    model.unit(0, MS, 10 * MS, 800)
    model.take(5 * MS, 5 * MS, 600, 600)
    assert model.main.peak == 1_400, "the first is still there"
    model.unit(5 * MS, 6 * MS, 6 * MS - 1, 1_400)
    model.take(11 * MS, 11 * MS, 600, 600)
    assert model.main.peak == 1_400 and model.decoding == Decoding(units=2, late=1, least=-1, stayed=10 * MS)


def test_pictures_wait_in_mb_while_eb_is_full():
    model = Video(Sizes(out_of_tb=1 << 40, main=8_000, leak=1_000_000, elementary=3_000))
    assert model.take(0, 0, 2_000, 2_000, 2_000) == 2 * MS
    model.unit(0, 2 * MS, 20 * MS, 2_000)
    assert model.take(MS, MS, 2_000, 2_000, 2_000) == 20 * MS, "no room before the first is decoded"
    assert model.main.peak == 4_000 and model.elementary.peak == 2_000
    assert model.take(30 * MS, 30 * MS, 500, 500, 500) == 30 * MS + MS // 2
    model.unit(MS, 30 * MS, 40 * MS, 4_500)
    assert model.take(50 * MS, 50 * MS, 500, 500, 500) == 50 * MS + MS // 2
    assert model.main.busy == 20 * MS and model.main.peak == 4_000
    model.take(60 * MS, 60 * MS, 4_000, 4_000, 4_000)
    assert model.elementary.peak == 4_500, "one that can never have room is seen"


def test_the_system_buffer_leaks_with_the_stream():
    assert system_leak(1_000_000) == 80_000 and system_leak(50_000_000) == 800_000


def test_figures_of_spans_are_put_together():
    one = Figures(units=3, late=1, least=-5, stayed=7)
    assert one.and_then(Figures(units=2, least=3, stayed=9)) == Figures(units=5, late=1, least=-5, stayed=9)
    assert figures(Pictures(0x1B)) == Figures() and Figures().and_then(one).least == -5
    model = Sound(3)
    model.model = Audio(ts_units.MPEG_SIZES)
    both = figures(model).and_then(figures(model))
    assert both.main.size == 3_584 * 8 and both.elementary is None


@pytest.mark.parametrize(
    ("kind", "head", "length", "ticks", "channels"),
    [
        (3, "fffd a404 000000", 576, 648_000, 2),  # MPEG-1 layer II, 192 kbit/s, 48 kHz
        (3, "fffd a6c4 000000", 577, 648_000, 1),  # with a slot more, mono
        (3, "ffff 1404 000000", 32, 216_000, 2),  # layer I, 32 kbit/s
        (3, "fffb 9004 000000", 417, 705_306, 2),  # layer III, 128 kbit/s, 44.1 kHz
        (4, "fff5 8404 000000", 384, 1_296_000, 2),  # MPEG-2 layer II, 64 kbit/s at 24 kHz
        (4, "fff3 8404 000000", 192, 648_000, 2),  # MPEG-2 layer III
        (4, "fff7 1404 000000", 64, 432_000, 2),  # MPEG-2 layer I
        (0x0F, "fff1 4c80 2e7ffc", 371, 576_000, 2),  # ADTS, 48 kHz
        (0x0F, "fff1 4dc0 2e7ffd", 371, 1_152_000, 8),  # 7.1, two blocks
        (0x0F, "fff1 4c00 2e7ffc", 371, 576_000, 2),  # channels said elsewhere
    ],
)
def test_frames_of_sound_are_as_long_as_their_heads_say(kind, head, length, ticks, channels):
    assert ts_units.frame_of(kind, bytes.fromhex(head)) == ts_units.Frame(length, ticks, channels)


@pytest.mark.parametrize(
    ("kind", "head"),
    [
        (3, "fffd a4"),  # short
        (3, "fefd a404 000000"),
        (3, "ff1d a404 000000"),
        (3, "fff9 a404 000000"),  # layer 0
        (3, "ffed a404 000000"),  # reserved version
        (3, "fffd ac04 000000"),  # reserved rate
        (3, "fffd 0404 000000"),  # free format
        (3, "fffd f404 000000"),
        (0x0F, "fff3 4c80 2e7ffc"),  # layer is not 0
        (0x0F, "fff1 7c80 2e7ffc"),  # reserved rate
        (0x0F, "fff1 4c80 001ffc"),  # shorter than its head
    ],
)
def test_what_is_no_head_of_a_frame_is_none(kind, head):
    assert ts_units.frame_of(kind, bytes.fromhex(head)) is None


def test_buffers_of_sound_go_by_the_channels():
    sizes = [ts_units.sound_sizes(0x0F, ts_units.Frame(100, 1, n)).main // 8 for n in (1, 2, 6, 8)]
    assert sizes == [3_584, 3_584, 8_976, 8_976]
    assert ts_units.sound_sizes(3, ts_units.Frame(100, 1, 2)) == ts_units.MPEG_SIZES


def test_buffers_of_avc_go_by_profile_and_level():
    main = ts_units.picture_sizes(0x1B, b"\0\0\0\1\x09\xf0\0\0\1\x67\x4d\x40\x1e" + b"x" * 9)
    assert (main.out_of_tb, main.leak, main.elementary, main.longest) == (
        12_000_000,
        12_000_000,
        12_000_000,
        10 * CLOCK,
    )
    assert main.main == 48_000 + 16_000
    high = ts_units.picture_sizes(0x1B, b"\0\0\1\x67\x64\0\x28" + b"x" * 9)
    assert (high.leak, high.elementary) == (30_000_000, 37_500_000)
    one_b = ts_units.picture_sizes(0x1B, b"\0\0\1\x67\x42\x10\x0b" + b"x" * 9)
    assert one_b.leak == 153_600 and one_b.main == 8_000 + 2_666
    assert ts_units.picture_sizes(0x1B, b"\0\0\1\x67\x42\x00\x0b" + b"x" * 9).leak == 230_400
    for wrong in (b"", b"\0\0\1\x41" + b"x" * 20, b"\0\0\1\x67\x4d\x40\x07" + b"x" * 9, b"\0\0\1\x67\x4d"):
        assert ts_units.picture_sizes(0x1B, wrong) is None


def mpeg2(level: int, kbps: int, vbv: int) -> bytes:
    rate = kbps * 1_000 // 400
    first = (rate & 0x3FFFF) << 14 | 1 << 13 | (vbv & 1_023) << 3
    more = 1 << 44 | (4 << 4 | level) << 36 | 1 << 33 | (rate >> 18) << 17 | 1 << 16 | vbv >> 10 << 8
    return (
        b"\0\0\1\xb3\x2d\x02\x40\x23"
        + first.to_bytes(4, "big")
        + b"\0\0\1\xb5"
        + more.to_bytes(6, "big")
        + b"xx"
    )


def test_buffers_of_mpeg_2_go_by_level_and_the_stream_s_own_vbv():
    main = ts_units.picture_sizes(2, mpeg2(8, 4_000, 80))
    assert (main.out_of_tb, main.leak, main.elementary) == (18_000_000, 15_000_000, 80 * 16_384)
    assert main.main == 60_000 + 20_000 + 1_835_008 - 80 * 16_384 and main.longest == CLOCK
    high = ts_units.picture_sizes(2, mpeg2(4, 20_000, 1_100))
    assert (high.leak, high.elementary, high.main) == (21_000_000, 1_100 * 16_384, 320_000 + 106_666)
    assert ts_units.picture_sizes(2, mpeg2(4, 300_000, 80)).leak == 80_000_000
    for wrong in (
        b"",
        mpeg2(8, 1, 1)[:12],
        mpeg2(8, 1, 1)[:20],
        mpeg2(7, 1, 1),
        mpeg2(4, 0, 1),
        mpeg2(8, 1, 1).replace(b"\xb5\x14", b"\xb5\x24"),
    ):
        assert ts_units.picture_sizes(2, wrong) is None


def head(pts: int, dts: int | None = None) -> bytes:
    def stamp(mark: int, t: int) -> bytes:
        return bytes(
            [mark | t >> 30 << 1 | 1, t >> 22 & 255, t >> 14 & 254 | 1, t >> 7 & 255, t << 1 & 254 | 1]
        )

    fields = stamp(0x20, pts) if dts is None else stamp(0x30, pts) + stamp(0x10, dts)
    return b"\0\0\1\xe0\0\0\x80" + bytes([0x80 if dts is None else 0xC0, len(fields)]) + fields


def test_decoding_times_go_on_over_the_wrap():
    stamps = Stamps()
    assert stamps.due(head((1 << 33) - 900), 0) == -900 * 300
    assert stamps.due(head(9_000, 900), 10) == 900 * 300
    assert stamps.due(head(1_800 + (5 << 20)), 300 * (5 << 20)) == 300 * (1_800 + (5 << 20))
    assert stamps.apart == 300 * (900 + (5 << 20)) and stamps.back == stamps.missing == 0
    assert stamps.due(head(900), 0) == 900 * 300 and stamps.back == 1
    assert stamps.due(b"\0\0\1\xe0\0\0\x80\0\0", 0) is None and stamps.missing == 1


def test_a_pes_head_may_be_cut_anywhere():
    whole = head(5) + b"coded"
    for cut in range(1, len(whole)):
        pes = Pes()
        assert pes.take(b"before", begins=False) is None
        first, second = pes.take(whole[:cut], begins=True), pes.take(whole[cut:], begins=False)
        assert (first[0] + second[0], first[1] + second[1]) == (head(5), b"coded")
        pes.lose()
        assert pes.take(b"more", begins=False) is None
    assert Pes().take(b"\0\0\2" + whole[3:], begins=True) is None


def timed(at: int) -> Timed:
    return Timed(0, at, at + MS, b"")


FRAME = bytes.fromhex("fffda404") + b"\0" * 572


def test_frames_of_sound_take_their_times_from_the_pes_they_begin_in():
    sound = Sound(3)
    sound.take(timed(0), head(9_000) + b"stray" + FRAME + FRAME[:100], begins=True)
    assert sound.strays == 5 and sound.model is not None and sound.model.decoding.units == 0
    sound.take(timed(MS), FRAME[100:], begins=False)
    assert sound.model.decoding.units == 1
    sound.take(timed(2 * MS), head(18_000) + FRAME, begins=True)
    assert sound.model.decoding.stayed == 198 * MS, "the new stamp counts"
    sound.take(timed(3 * MS), b"\0\0\1\xc0\0\0\x80\0\0" + FRAME, begins=True)
    assert sound.stamps.missing == 1 and sound.model.decoding.units == 3, (
        "without a stamp they are counted on"
    )
    sound.lose()
    sound.take(timed(4 * MS), FRAME, begins=False)
    sound.take(timed(5 * MS), b"\0\0\1\xc0\0\0\x80\0\0" + FRAME, begins=True)
    assert sound.model.decoding.units == 3, "and after a loss not before the next stamp"


def test_pictures_begin_with_one_that_says_what_they_are():
    sps = b"\0\0\1\x67\x4d\x40\x1e" + b"x" * 60
    film = Pictures(0x1B)
    film.take(timed(0), head(9_000) + b"\0\0\1\x41" + b"x" * 50, begins=True)
    film.take(timed(0), b"y" * 100, begins=False)
    film.take(timed(MS), head(12_600)[:10], begins=True)
    assert film.model is None
    film.take(timed(MS), head(12_600)[10:] + sps, begins=False)
    film.take(timed(2 * MS), head(16_200) + b"\0\0\1\x41", begins=True)
    assert film.model is not None and film.model.decoding.units == 1
    film.take(timed(3 * MS), b"\0\0\1\xe0\0\0\x80\0\0" + sps, begins=True)
    film.take(timed(4 * MS), head(19_800) + sps, begins=True)
    assert film.model.decoding.units == 2, "one without a stamp has no time to be judged by"
    film.lose()
    film.take(timed(5 * MS), b"more", begins=False)


def test_what_is_larger_than_any_picture_is_not_kept():
    film = Pictures(0x1B)
    film.take(timed(0), head(9_000), begins=True)
    for _ in range(20):
        film.take(timed(0), b"x" * (1 << 20), begins=False)
    assert len(film._unit) < 9
    assert (
        stream_of(0x81) is None and isinstance(stream_of(2), Pictures) and isinstance(stream_of(0x0F), Sound)
    )


def packet(pid: int, pcr: int | None = None) -> bytes:
    start = bytes([0x47, pid >> 8, pid & 255])
    if pcr is None:
        return start + b"\x10" + b"x" * 184
    base, more = divmod(pcr, 300)
    return start + b"\x20\xb7\x10" + (base << 15 | more).to_bytes(6, "big") + b"x" * 176


def test_packets_get_times_between_their_clocks_and_by_the_last_rate_at_the_end():
    timer = Timer(5)
    assert pcr_of(packet(5, 7_777)) == 7_777 and pcr_of(packet(5)) is None
    assert (
        list(timer.feed(0, packet(5, 0))) == [] and list(timer.feed(1, packet(9))) == [] and timer.rate == 0
    )
    found = list(timer.feed(2, packet(5, 2 * 188 * 1_000)))
    assert [(one.number, one.start, one.end) for one in found] == [
        (0, -10_000, 178_000),
        (1, 178_000, 366_000),
        (2, 366_000, 554_000),
    ] and timer.rate == 8 * 27_000
    assert list(timer.feed(3, packet(9))) == []
    assert [one.start for one in timer.rest()] == [554_000] and list(timer.rest()) == []


def test_a_clock_that_never_comes_again_does_not_fill_the_memory():
    timer = Timer(5)
    for k, pcr in enumerate((0, 188_000)):
        list(timer.feed(k, packet(5, pcr)))
    given_ = sum(len(list(timer.feed(k, packet(9)))) for k in range(2, HELD + 10))
    assert given_ == HELD and len(timer._held) == 8


def test_a_line_of_clocks_is_judged_in_pieces_and_only_where_the_rate_is_constant():
    line = Line(1_000)
    for k in range(1_010):
        line.come(k * 1_880, k * 18_800 + (54 if k == 77 else 0))
    line.begin()
    assert 1_990 <= line.worst <= 2_000 and line.count == 1_010 and line.apart == 18_854
    line = Line()
    for k, step in enumerate((1, 5, 2, 9, 3, 7)):
        line.come(k * 1_880, step * 18_800 * (k + 1))
    line.begin()
    line.come(0, 0)
    line.begin()
    assert line.worst is None


def test_tables_that_are_not_whole_are_counted_and_others_kept_apart():
    tables = Tables()
    for data in (b"\x42\xb0\x05xxxxx", b"\x42" * 20):
        tables.come(0x11, data, 0, 0)
    assert tables.damaged == 2 and tables.seen == {}
    for k in range(300):
        tables.come(k, b"\x70\x70\x05xxxxx", 5, 2)
        tables.come(k, b"\x70\x70\x05xxxxx", 9, 2)
    assert len(tables.seen) == 256 and {(one.count, one.apart) for one in tables.seen.values()} == {(2, 4)}


def test_of_several_programmes_the_first_is_checked_and_all_are_named():
    import ts_kit

    tables = Tables()
    tables.come(0, ts_kit.section(0, b"\0\0\xe0\x10\0\1\xe1\0\0\2\xe2\0"), 0, 0)
    assert tables.pids[-2:] == (0x100, 0x200)
    tables.come(0x300, ts_kit.section(2, b"\xe3\x01\xf0\0"), 0, 0)
    tables.come(0x100, ts_kit.section(2, b""), 0, 0)
    tables.come(0x100, ts_kit.section(2, b"\xe1\x01\xf0\x02dd\x1b\xe1\x01\xf0\x01d\x03\xe1\x02\xf0\0"), 0, 0)
    tables.come(0x200, ts_kit.section(2, b"\xe2\x01\xf0\0\x1b\xe2\x01\xf0\0"), 0, 0)
    assert tables.programme.streams == ((0x101, 0x1B), (0x102, 0x03)) and tables.programme.pcr == 0x101
    assert tables.named == {0x101, 0x102, 0x201} and PACKET_BITS == 1_504


def test_what_comes_just_as_the_buffer_is_empty_begins_anew():
    leak = Leak(4_096, 1_000_000)
    leak.take(0, 0, 1_000)
    leak.take(MS, MS, 1_000)
    assert leak.kept.busy == MS
    leak.take(2 * MS - 1, 2 * MS - 1, 1_000)
    assert leak.kept.busy == 2 * MS


def test_the_buffers_are_as_large_as_the_standard_has_them():
    assert (TRANSPORT, SYSTEM, SYSTEM_RATE) == (4_096, 12_288, 1_000_000)
    assert Sizes(out_of_tb=1, main=1) == Sizes(out_of_tb=1, main=1, leak=0, elementary=0, longest=27_000_000)
    assert Kept(1) == Kept(1, 0, 0) and Decoding() == Decoding(0, 0, None, 0)


def test_a_unit_that_is_decoded_just_now_has_left():
    sound = Audio(Sizes(out_of_tb=1_000_000, main=1))
    sound.take(0, 0, 1_000, 1_000)
    sound.unit(0, MS, 5 * MS, 1_000)
    sound.take(4 * MS, 4 * MS, 1_000, 1_000)  # there at 5 ms
    assert sound.main.peak == 1_000
    film = Video(Sizes(out_of_tb=1 << 40, main=1, leak=1_000_000, elementary=2_000))
    assert film.take(0, 5 * MS, 1_000, 1_000, 1_000) == 5 * MS
    assert film.main.peak == 0, "as slow as it leaks: nothing stays"
    film.unit(0, 5 * MS, 9 * MS, 1_000)
    film.take(8 * MS, 8 * MS, 1_000, 1_000, 1_000)  # in EB at 9 ms
    assert film.elementary.peak == 1_000 and film.main.peak == 1_000
    assert film.take(9 * MS, 9 * MS, 1_000, 1_000, 1_000) == 10 * MS, "EB may be full to the bit"
    assert film.main.peak == 1_000 and film.elementary.peak == 2_000


@pytest.mark.parametrize(
    ("codec", "hertz"),
    [
        ("mp2", 48_000),
        ("mp2", 44_100),
        ("mp2", 32_000),
        ("mp2", 24_000),
        ("mp2", 16_000),
        ("libmp3lame", 48_000),
        ("libmp3lame", 22_050),
    ],
)
def test_frames_are_as_long_as_a_foreign_coder_makes_them(codec, hertz):
    half = hertz < 32_000
    rates = {"mp2": (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384), "libmp3lame": (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)}  # fmt: skip
    wanted = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160) if half else rates[codec]
    for kbps in wanted:
        coder = av.CodecContext.create(codec, "w")
        coder.sample_rate, coder.layout, coder.bit_rate = hertz, "stereo", kbps * 1_000
        coder.format = "s16" if codec == "mp2" else "s16p"
        size = 576 if codec != "mp2" and half else 1_152
        made = []
        for k in range(5):
            frame = av.AudioFrame(format=coder.format.name, layout="stereo", samples=size)
            frame.sample_rate, frame.pts = hertz, k * size
            made += [bytes(one) for one in coder.encode(frame)]
        assert made
        for one in made:
            assert ts_units.frame_of(3, one[:7]) == ts_units.Frame(len(one), size * CLOCK // hertz, 2)


def test_rates_of_layer_one_and_of_aac_are_the_standards():
    layer = (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256)
    found = [ts_units.frame_of(4, bytes((0xFF, 0xF7, k << 4 | 4, 4, 0, 0, 0))).length for k in range(1, 15)]
    assert found == [2 * kbps for kbps in layer]
    found = [ts_units.frame_of(3, bytes((0xFF, 0xFF, k << 4 | 4, 4, 0, 0, 0))).length for k in range(1, 15)]
    assert found == [32 * k for k in range(1, 15)]
    aac = (
        96_000,
        88_200,
        64_000,
        48_000,
        44_100,
        32_000,
        24_000,
        22_050,
        16_000,
        12_000,
        11_025,
        8_000,
        7_350,
    )
    heads = [bytes((0xFF, 0xF1, 0x40 | k << 2, 0x80, 0x2E, 0x7F, 0xFC)) for k in range(13)]
    assert [ts_units.frame_of(0x0F, head).ticks for head in heads] == [
        1_024 * CLOCK // hertz for hertz in aac
    ]


def test_levels_are_the_standards():
    avc = {10: (64, 175), 11: (192, 500), 12: (384, 1_000), 13: (768, 2_000), 20: (2_000, 2_000), 21: (4_000, 4_000),
           22: (4_000, 4_000), 30: (10_000, 10_000), 31: (14_000, 14_000), 32: (20_000, 20_000), 40: (20_000, 25_000),
           41: (50_000, 62_500), 42: (50_000, 62_500), 50: (135_000, 135_000), 51: (240_000, 240_000), 52: (240_000, 240_000)}  # fmt: skip
    for level, (rate, stored) in avc.items():
        for profile, factor in ((77, 1_200), (100, 1_500), (110, 3_600), (122, 4_800)):
            found = ts_units.picture_sizes(0x1B, b"\0\0\1\x67" + bytes((profile, 0, level)) + b"x" * 9)
            assert (found.leak, found.elementary) == (rate * factor, stored * factor)
    for level, (rate, stored) in {10: (4, 475_136), 8: (15, 1_835_008), 6: (60, None), 4: (80, None)}.items():
        found = ts_units.picture_sizes(2, mpeg2(level, 1_000, 10))
        assert found.out_of_tb == rate * 1_200_000
        over = rate * 4_000 + rate * 1_000_000 // 750
        assert found.main == (over if stored is None else over + stored - 163_840)
