"""What the television encoder takes from its rings: every frame once, in order, whatever is missing, held up or overwritten."""

import subprocess
import sys
from fractions import Fraction

import av
import numpy as np
from tv_kit import film_frame, read_number

from playout.rings import BLOCK, AirRing
from playout.screens import BARE, FRESH, Coded, ScreenRing
from playout.tv_encoder import PictureEncoder, Programme, units_of
from playout.tv_house import size_of
from schedules.planes import blank
from schedules.raster import FRAME, RASTERS, Raster, sample_of
from station.words import Instant, instant_of

SMALL = Raster(name="small", width=64, height=32, sar=(1, 1), colour="bt601")
K0 = 1_000  # a whole second


class Desk:
    """A screen, its sound, a programme and a clock that sleeping moves on; `each` happens at each sleep."""

    def __init__(self, raster: Raster = SMALL, *, splices: bool = False) -> None:
        self.screen, self.air = ScreenRing(raster, splices=splices), AirRing()
        self.at = instant_of(sample_of(K0 - 1))
        self.slept: list[float] = []
        self.each = lambda: None
        self.programme = Programme(self.screen, self.air, lambda: Instant(self.at), self.sleep)
        self.frames = self.programme.frames()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += max(1_000, round(seconds * 1_000_000))
        self.each()

    def show(self, *ks: int, flags: int = 0, sound: bool = True, coded: Coded | None = None) -> None:
        for k in ks:
            self.screen.canvas(k)[:] = k % 250
            self.screen.show(k, flags, coded)
            for at in range(sample_of(k), sample_of(k + 1), BLOCK) if sound else ():
                self.air.put(at, np.full((BLOCK, 2), k % 250, np.int16), 0)

    def next(self) -> tuple[int, int, bool, list[int]]:
        """(frame, value of its bytes, whether a group begins, sample at each quarter of its sound)."""
        k, packed, begins, pcm = next(self.frames)
        assert pcm.shape == (FRAME, 2)
        value = int(packed[0]) if (packed == packed[0]).all() else -1
        return k, value, begins, pcm[::BLOCK, 1].tolist()


def test_frames_come_in_order_with_their_sound_as_soon_as_both_are_there():
    desk = Desk()
    desk.show(K0, flags=FRESH)
    desk.show(K0 + 1)
    assert desk.next() == (K0, 0, True, [0] * 4)
    assert desk.next() == (K0 + 1, 1, False, [1] * 4)
    assert desk.slept == []
    desk.show(K0 + 2, sound=False)
    desk.each = lambda: desk.show(K0 + 2) if len(desk.slept) == 3 else None
    assert desk.next() == (K0 + 2, 2, False, [2] * 4)
    assert len(desk.slept) == 3 and 0.06 < desk.slept[0] < 0.2, desk.slept


def test_a_picture_is_given_where_it_stands_and_made_libavs_once():
    desk = Desk()
    encoder = PictureEncoder(SMALL)
    places = []
    for k in range(K0, K0 + 24):
        desk.at = instant_of(sample_of(k)) - 10_000
        desk.show(k)
        _, packed, _, _ = next(desk.frames)
        assert packed is desk.screen.look(k)[0]
        places.append(encoder._framed(packed))
    assert len({id(place) for place in places}) == 8
    for k in range(20):
        encoder._framed(np.full(size_of(SMALL), k, np.uint8))
    assert len(encoder._frames) <= 16


def test_what_is_missing_is_the_picture_before_and_silence_and_whole_seconds_still_begin_groups():
    desk = Desk()
    assert desk.next()[:3] == (K0, -1, True), "black, before there was any"
    assert np.array_equal(desk.programme._own, np.concatenate([p.reshape(-1) for p in blank(64, 32)]))
    desk.show(K0 + 1)
    assert desk.next()[1] == 1
    assert desk.next() == (K0 + 2, 1, False, [0] * 4)
    desk.show(*range(K0 + 4, K0 + 10))  # where 1 stood there is 9: it was kept
    assert desk.next() == (K0 + 3, 1, False, [0] * 4)
    desk.at = instant_of(sample_of(K0 + 4))
    assert desk.next() == (K0 + 4, 4, False, [4] * 4)
    assert desk.programme.repeated == 3
    desk.at = instant_of(sample_of(K0 + 50))
    assert desk.next()[:3] == (K0 + 50, 4, True), "far behind it goes on at the present"


def test_a_picture_overwritten_while_it_was_encoded_is_followed_by_a_new_group():
    desk = Desk()
    desk.show(K0, flags=FRESH)
    desk.show(K0 + 1)
    assert [desk.next()[2], desk.next()[2]] == [True, False]
    desk.screen.canvas(K0 + 9)[:] = 7  # the encoder was held up: this stands where K0 + 1 was
    desk.show(K0 + 2, K0 + 3)
    assert desk.next() == (K0 + 2, 2, True, [2] * 4)
    assert desk.next() == (K0 + 3, 3, False, [3] * 4)


def test_coded_pictures_are_sent_as_they_are_and_after_one_that_was_missing_all_is_encoded_till_the_next_group():
    raster = RASTERS["576p25"]
    desk = Desk(raster, splices=True)
    sent = units_of(desk.programme, desk.screen, PictureEncoder(raster))
    head, tail = b"\0\0\0\1\x67head", b"\0\0\0\1\x41tail"
    for k, coded in enumerate(
        (Coded(5, 0, head), Coded(5, 1, tail), None, Coded(5, 3, tail), Coded(5, 25, head))
    ):
        desk.at = instant_of(sample_of(K0 + k)) - 10_000
        if coded is None:  # held up: its place is empty
            desk.at += 100_000
        else:
            desk.show(K0 + k, coded=coded, flags=FRESH if k == 0 else 0)
        unit, pcm = next(sent)
        assert (unit.k, unit.fresh) == (K0 + k, k in (0, 2, 4)) and len(pcm) == FRAME
        assert (unit.data == (coded.data if coded else None)) == (k in (0, 1, 4))
    plain = Desk(raster)
    plain.show(K0, coded=Coded(5, 0, head), flags=FRESH)
    assert next(units_of(plain.programme, plain.screen, PictureEncoder(raster)))[0].data != head


def test_frames_without_pixels_are_sent_as_coded_and_what_is_missing_is_what_receivers_see_already():
    raster = RASTERS["576p25"]
    desk, coder, decoder = (
        Desk(raster, splices=True),
        PictureEncoder(raster),
        av.CodecContext.create("h264", "r"),
    )
    sent = units_of(desk.programme, desk.screen, PictureEncoder(raster))
    units = {n: coder.encode(n, film_frame(n), fresh=n in (0, 25)).data for n in range(29)}
    desk.show(K0, coded=Coded(5, 1, units[1]), flags=BARE)
    desk.show(K0 + 1, coded=Coded(5, 25, units[25]), flags=BARE)
    seen = []
    # frame: its picture; none comes in time; its picture without the one before it; pixels of its own
    for k, n in {1: 25, 2: 26, 3: None, 4: None, 5: 28, 6: 77}.items():
        if k > 1:
            desk.at = instant_of(sample_of(K0 + k)) - 10_000
        if n is None:
            desk.at += 100_000
        elif k > 1:
            coded = Coded(5, n, units[n]) if n < 77 else None
            desk.show(K0 + k, coded=coded, flags=BARE if coded else 0)
        if n == 77:
            np.copyto(desk.screen.look(K0 + k)[0], film_frame(77))
        unit, _ = next(sent)
        assert unit.k == K0 + k, "nothing was sent before that it could go on from"
        assert (unit.data == units.get(n)) == (k < 3), k
        assert desk.screen.needed == K0 + (k if k > 2 else 0)
        seen += decoder.decode(av.Packet(unit.data))
    numbers = [read_number(frame.to_ndarray()[: raster.height])[0] for frame in seen + decoder.decode(None)]
    assert numbers == [25, 26, 26, 26, 26, 77]


def test_part_of_a_frames_sound_may_be_missing_and_it_may_stand_at_the_rings_end():
    ring = AirRing(blocks=6)
    for number in range(2, 8):
        ring.put(number * BLOCK, np.full((BLOCK, 2), number, np.int16), 0)
    made = np.full((FRAME, 2), -1, np.int16)
    for first, wanted in ((2, [2, 3, 4, 5]), (4, [4, 5, 6, 7]), (5, [5, 6, 7, 0]), (0, [0, 0, 2, 3])):
        ring.whole(first * BLOCK, made)
        assert made[::BLOCK, 0].tolist() == made[BLOCK - 1 :: BLOCK, 1].tolist() == wanted


FREEING = """
import ctypes, resource, sys
from station.children import keep_freed
if "keep" in sys.argv:
    keep_freed()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.memset.argtypes, libc.free.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t], [ctypes.c_void_p]
for _ in range(10):
    held = [libc.malloc(2 << 20) for _ in range(4)]
    for one in held:
        libc.memset(one, 1, 2 << 20)
    for one in held:
        libc.free(one)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


def test_what_an_encoder_takes_and_frees_every_second_is_mapped_once():
    faults = [
        int(subprocess.run([sys.executable, "-c", FREEING, *more], capture_output=True, check=True).stdout)
        for more in ((), ("keep",))
    ]
    assert faults[0] - faults[1] > 10_000, faults


def test_an_interlaced_rasters_pictures_are_coded_as_fields_the_top_one_first():
    raster = RASTERS["576i50"]
    packed = np.full(size_of(raster), 128, np.uint8)
    luma = packed[: 720 * 576].reshape(576, 720)
    luma[0::2], luma[1::2] = 60, 90
    encoder, decoder = PictureEncoder(raster), av.CodecContext.create("h264", "r")
    coded = [encoder.encode(k, packed, fresh=not k).data for k in range(3)]
    frames = [*(one for data in coded for one in decoder.decode(av.Packet(data))), *decoder.decode(None)]
    assert len(frames) == 3 and all(frame.interlaced_frame for frame in frames)
    graph = av.filter.Graph()
    source = graph.add_buffer(width=720, height=576, format="yuv420p", time_base=Fraction(1, 25))
    turn, sink = (
        graph.add("fieldorder", "tff"),
        graph.add("buffersink"),
    )  # moves every line where it is not so
    source.link_to(turn)
    turn.link_to(sink)
    graph.configure()
    source.push(frames[2])
    rows = sink.pull().to_ndarray()[100:200, :, 0].astype(int)
    assert abs(rows[0::2].mean() - 60) < 2 and abs(rows[1::2].mean() - 90) < 2
