"""Films of other sizes, shapes, rates and colour ranges become house films: every picture in its place, exactly as much sound."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tv_kit import film_frame, read_number, stock_film

from playout.facts import facts_of, house_path
from playout.ingest import ingest
from playout.reading import read_house
from playout.tv_house import packed_of, planes_of, raster_of_file, read_frames
from playout.tv_housing import house_film
from playout.tv_source import fitted, has_pictures
from schedules.planes import image_of
from schedules.raster import FRAME, RASTERS
from station.words import Refused

RASTER, HD = RASTERS["576p25"], RASTERS["720p25"]


def film(
    path, count, rate, width=720, height=576, form="yuv420p", codec="libx264", sound="aac", late=0, grey=None
):
    """A film of `count` pictures whose grey (or, given none, whose sixteen squares) says which one it is."""
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, rate=rate)
        video.width, video.height, video.pix_fmt = width, height, form
        aspect = (64, 45) if (width, height) == (720, 576) else (1, 1)
        video.codec_context.sample_aspect_ratio = Fraction(*aspect)
        video.bit_rate = 8_000_000
        if codec == "libx264":
            video.options = {"preset": "ultrafast", "crf": "10"}
        audio = container.add_stream(sound, rate=48_000, layout="stereo") if sound else None
        for k in range(count):
            if grey is None:
                packed = film_frame(k, 150).reshape(864, 720)
                picture = av.VideoFrame.from_ndarray(packed, format="yuv420p")
            else:
                rgb = np.full((height, width, 3), grey(k), np.uint8)
                picture = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=form)
            picture.pts, picture.time_base = k, 1 / Fraction(rate)
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        if audio is not None:
            seconds = Fraction(count) / rate
            pcm = np.zeros((1, 2 * int(48_000 * seconds)), np.int16)
            loud = int(48_000 * late)
            pcm[0, 2 * loud : 2 * loud + 9_600] = 12_000
            resampler = av.AudioResampler(
                audio.format.name, "stereo", 48_000, frame_size=1_024 if sound == "aac" else 1_152
            )
            frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = 48_000, 0, Fraction(1, 48_000)
            for made in [*resampler.resample(frame), *resampler.resample(None)]:
                container.mux(audio.encode(made))
            container.mux(audio.encode(None))
    return path


def house_of(path, media, raster=RASTER):
    facts = ingest(path, media, raster=raster.name)
    place = str(house_path(media, facts.sha256))
    return facts, place, [packed_of(frame) for _, frame in read_frames(place)]


def housed_here(path, media, raster=RASTER):
    """As `house_of`, without a process of its own."""
    facts = house_film(path, media, raster, "", lambda _done, _total: None)
    place = str(house_path(media, facts.sha256))
    return facts, place, [packed_of(frame) for _, frame in read_frames(place)]


def luma_of(packed, raster=RASTER):
    return planes_of(packed, raster)[0]


def test_a_house_film_is_read_from_any_frame_and_any_sample(tmp_path):
    medium = stock_film(tmp_path, 130)
    path = str(next(tmp_path.rglob("*.mkv")))
    for start in (0, 1, 24, 25, 63, 129):
        number, frame = next(read_frames(path, start))
        assert (number, read_number(luma_of(packed_of(frame)))[0]) == (start, start)
        pcm = next(read_house(path, start * FRAME + 7))
        assert pcm[0].tolist() == [start << 10] * 2
    assert sum(len(pcm) for pcm in read_house(path)) == medium.samples


def test_thirty_pictures_a_second_become_twenty_five_in_their_places(tmp_path):
    facts, place, pictures = house_of(film(tmp_path / "a.mp4", 90, 30), tmp_path / "media")
    assert (facts.frames, facts.samples, len(pictures)) == (75, 75 * FRAME, 75)
    assert sum(len(pcm) for pcm in read_house(place)) == 75 * FRAME
    numbers = [read_number(luma_of(packed))[0] for packed in pictures]
    assert all(abs(number - k * 30 / 25) <= 0.6 for k, number in enumerate(numbers))


@pytest.mark.parametrize(
    ("name", "codec", "sound"),
    [("a.ts", "mpeg2video", "mp2"), ("a.ts", "libx264", "aac"), ("a.mp4", "libx264", "aac")],
)
def test_every_picture_is_kept_and_lip_sync_to_the_sample(tmp_path, name, codec, sound):
    path = film(tmp_path / name, 75, 25, codec=codec, sound=sound, late=Fraction(6, 5))
    facts, place, pictures = house_of(path, tmp_path / "media")
    assert [read_number(luma_of(packed))[0] for packed in pictures] == list(range(75))
    pcm = np.concatenate(list(read_house(place)))
    begins = int(np.argmax(np.abs(pcm[:, 0]) > 12_000 << 7))  # half of its height
    assert len(pcm) == facts.frames * FRAME
    assert abs(begins - 57_600) <= 2


def test_another_shape_gets_black_bars_and_keeps_its_own(tmp_path):
    _, _, pictures = house_of(
        film(tmp_path / "a.mp4", 10, 25, 480, 480, grey=lambda k: 180), tmp_path / "media"
    )
    luma = luma_of(pictures[5])
    row = luma[288]
    assert row[20] == 16 and row[-20] == 16 and row[360] > 150
    width = int((row > 80).sum())
    assert abs(width * 64 / 45 - 576) < 8  # as wide as high in square pixels


def test_full_range_is_brought_to_video_range(tmp_path):
    path = film(tmp_path / "a.mp4", 6, 25, 640, 360, form="yuvj420p", grey=lambda k: (0, 255)[k > 2])
    _, _, pictures = house_of(path, tmp_path / "media")
    assert abs(int(luma_of(pictures[1])[288, 360]) - 16) <= 2
    assert abs(int(luma_of(pictures[5])[288, 360]) - 235) <= 2


def test_a_film_for_720_lines(tmp_path):
    facts, _, pictures = house_of(film(tmp_path / "a.mp4", 10, 25), tmp_path / "media", HD)
    assert facts.raster == "720p25" and pictures[0].size == 1280 * 720 * 3 // 2


def fields_film(path, order):
    """Twelve interlaced pictures: the field that comes first is 40 + 10·k, the other 5 more."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 720, 576, "yuv420p"
        video.codec_context.sample_aspect_ratio = Fraction(64, 45)
        video.options = {"preset": "ultrafast", "crf": "4", "x264-params": f"{order}=1"}
        graph = av.filter.Graph()
        source = graph.add_buffer(width=720, height=576, format="yuv420p", time_base=Fraction(1, 25))
        mark, sink = graph.add("setfield", order), graph.add("buffersink")
        source.link_to(mark)
        mark.link_to(sink)
        graph.configure()
        for k in range(12):
            rows = np.full((864, 720), 128, np.uint8)
            rows[:576] = 40 + 10 * k
            rows[1 if order == "tff" else 0 : 576 : 2] += 5
            picture = av.VideoFrame.from_ndarray(rows, format="yuv420p")
            picture.pts, picture.time_base = k, Fraction(1, 25)
            source.push(picture)
            container.mux(video.encode(sink.pull()))
        container.mux(video.encode(None))
    return path


def parted(packed, raster):
    """Mean luma of the lines 100, 102, … and of 101, 103, …: those of the top field and of the other."""
    luma = luma_of(packed, raster)[100:400].astype(float)
    return float(luma[0::2].mean()), float(luma[1::2].mean())


@pytest.mark.parametrize("order", ["tff", "bff"])
def test_fields_stay_fields_in_an_interlaced_raster_the_top_one_first(tmp_path, order):
    raster = RASTERS["576i50"]
    facts, place, pictures = housed_here(fields_film(tmp_path / "a.mp4", order), tmp_path / "media", raster)
    assert facts.raster == "576i50" and raster_of_file(Path(place)) == raster
    for k, packed in enumerate(pictures):
        top, other = parted(packed, raster)
        assert abs(top - (40 + 10 * k)) < 1.5 and abs(other - (45 + 10 * k)) < 1.5, k
    _, _, calm = housed_here(tmp_path / "a.mp4", tmp_path / "media")
    assert all(abs(np.subtract(*parted(packed, RASTER))) < 1.5 for packed in calm[1:-1])


def test_of_fifty_pictures_a_second_each_becomes_a_field(tmp_path):
    path = film(tmp_path / "a.mp4", 24, 50, grey=lambda k: 20 + 8 * k, sound=None)
    facts, _, pictures = housed_here(path, tmp_path / "media", RASTERS["576i50"])
    assert facts.frames == len(pictures) == 12
    for k, packed in enumerate(pictures):
        top, other = parted(packed, RASTERS["576i50"])
        wanted = [16 + (20 + 8 * n) * 219 / 255 for n in (2 * k, 2 * k + 1)]
        assert abs(top - wanted[0]) < 2 and abs(other - wanted[1]) < 2, k


def test_a_film_for_1080_lines_keeps_its_colours(tmp_path):
    raster, red = RASTERS["1080p25"], (200, 30, 30)
    facts, _, pictures = housed_here(
        film(tmp_path / "a.mp4", 3, 25, grey=lambda k: red), tmp_path / "media", raster
    )
    luma, u, v = (plane[plane.shape[0] // 2, plane.shape[1] // 2] for plane in planes_of(pictures[1], raster))
    assert facts.raster == "1080p25"
    wanted = image_of(np.full((2, 2, 4), (*red, 255), np.uint8), "bt709")
    for got, due in zip((luma, u, v), (wanted.luma, wanted.u, wanted.v), strict=True):
        assert abs(int(got) - int(due[0, 0])) <= 4


def test_a_film_without_sound_is_silent_and_says_so(tmp_path):
    facts, place, _ = house_of(film(tmp_path / "a.mp4", 20, 25, sound=None), tmp_path / "media")
    assert "the film has no sound" in [text.en for text in facts.warnings]
    assert not np.concatenate(list(read_house(place))).any()


def test_the_same_film_is_taken_in_once_and_again_for_another_raster(tmp_path):
    path, media = film(tmp_path / "a.mp4", 10, 25), tmp_path / "media"
    first = ingest(path, media, raster="576p25")
    assert ingest(path, media, raster="576p25") == first == facts_of(path, media, "576p25")
    other = ingest(path, media, raster="720p25")
    assert other.sha256 != first.sha256 and facts_of(path, media) is None


def test_sound_alone_asked_for_with_a_raster_is_an_ordinary_house_file(tmp_path):
    path = tmp_path / "a.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=48_000, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 9_600), np.int16), format="s16", layout="stereo")
        frame.sample_rate = 48_000
        container.mux(stream.encode(frame))
    facts = ingest(path, tmp_path / "media", raster="576p25")
    assert facts.frames == 0 and house_path(tmp_path / "media", facts.sha256).suffix == ".flac"
    assert not has_pictures(path) and not has_pictures(tmp_path / "none.mp4")


@pytest.mark.parametrize("what", ["cut", "empty", "text"])
def test_a_bad_film_is_one_sentence_and_leaves_nothing(tmp_path, what):
    path = film(tmp_path / "a.mp4", 50, 25)
    data = {"cut": path.read_bytes()[: path.stat().st_size // 2], "empty": b"", "text": b"hello"}[what]
    path.write_bytes(data)
    with pytest.raises(Refused) as refused:
        ingest(path, tmp_path / "media", raster="576p25")
    assert "a.mp4" in refused.value.text.en and "a.mp4" in refused.value.text.zh
    assert list((tmp_path / "media").glob(".ingest*")) == []


@given(st.integers(16, 8_000), st.integers(16, 8_000), st.sampled_from(list(RASTERS.values())))
def test_a_fitted_picture_touches_two_edges_and_keeps_its_shape(width, height, raster):
    shape = Fraction(width, height)
    wide, high = fitted(shape, raster)
    assert wide % 2 == high % 2 == 0
    assert wide <= raster.width and high <= raster.height
    assert wide == raster.width or high == raster.height


FIFTY = RASTERS["720p50"]


@pytest.mark.parametrize(("count", "rate"), [(6, 25), (12, 50), (7, 30), (5, 24), (14, 60)])
def test_a_film_for_fifty_pictures_a_second_has_the_nearest_at_each(tmp_path, count, rate):
    path = film(tmp_path / "a.mp4", count, rate, 320, 180, grey=lambda k: 20 + 15 * k, sound=None)
    facts, place, pictures = housed_here(path, tmp_path / "media", FIFTY)
    assert facts.raster == "720p50" and raster_of_file(Path(place)) == FIFTY
    assert facts.frames == len(pictures) == round(count * 50 / rate) and facts.samples == facts.frames * 960
    wanted = [
        max(k for k in range(count) if (2 * k * 50 + rate) // (2 * rate) <= n) for n in range(facts.frames)
    ]
    got = [(float(luma_of(one, FIFTY)[360, 640]) - 16) * 255 / 219 for one in pictures]
    assert [round((grey - 20) / 15) for grey in got] == wanted
    assert wanted == [n // 2 for n in range(12)] or rate != 25
    assert wanted == list(range(12)) or rate != 50
    assert len(list(read_frames(place, 3))) == facts.frames - 3 and next(read_frames(place, 3))[0] == 3
    with pytest.raises(Refused, match="is in 720p50, not in 720p25"):
        next(read_frames(place, 0, HD))


@pytest.mark.parametrize("order", ["tff", "bff"])
def test_of_an_interlaced_film_each_field_becomes_one_of_fifty_pictures(tmp_path, order):
    facts, _, pictures = housed_here(fields_film(tmp_path / "a.mp4", order), tmp_path / "media", FIFTY)
    assert facts.frames == len(pictures) == 24
    means = [float(luma_of(packed, FIFTY)[100:600].mean()) for packed in pictures]
    for n in range(2, 22):
        assert abs(means[n] - (40 + 5 * n)) < 2, n


def test_sound_stays_in_its_place_at_fifty_pictures_a_second(tmp_path):
    path = film(tmp_path / "a.mp4", 75, 25, 320, 180, late=Fraction(6, 5), grey=lambda k: 100)
    facts, place, _ = housed_here(path, tmp_path / "media", FIFTY)
    pcm = np.concatenate(list(read_house(place)))
    begins = int(np.argmax(np.abs(pcm[:, 0]) > 12_000 << 7))
    assert (facts.frames, len(pcm)) == (150, 144_000) and abs(begins - 57_600) <= 2
    assert next(read_house(place, 70_007)).tolist()[:9] == pcm[70_007:70_016].tolist()
