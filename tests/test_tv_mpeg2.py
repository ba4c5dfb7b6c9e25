"""MPEG-2 video for cable networks: closed groups with an encoder each, within the rate, fields where the raster has them; in a stream with MP2 or AAC."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest
from tv_kit import film_frame, read_number

from playout.ts_stream import TelevisionStream
from playout.tv_encoder import rate_of
from playout.tv_house import packed_of, planes_of, size_of
from playout.tv_mpeg2 import RATES, Mpeg2Encoder
from safety.tspackets import TsReader
from schedules.raster import FRAME, RASTERS

RASTER = RASTERS["576p25"]
K0 = 44_882_460_000  # 2026-11-21T22:00:00Z, a whole second


def coded(raster, frames, first=K0):
    encoder = Mpeg2Encoder(raster)
    return [encoder.encode(first + k, packed, fresh=not (first + k) % 25) for k, packed in enumerate(frames)]


def numbered(count, first=0):
    return [film_frame(k) for k in range(first, first + count)]


def test_a_picture_in_is_a_picture_out_and_groups_begin_on_whole_seconds():
    units = coded(RASTER, numbered(30), K0 - 3)
    assert [unit.k for unit in units if unit.fresh] == [K0 - 3, K0, K0 + 25]
    decoder = av.CodecContext.create("mpeg2video", "r")
    found = [one for unit in units for one in decoder.decode(av.Packet(unit.data))] + list(
        decoder.decode(None)
    )
    assert [read_number(planes_of(packed_of(one), RASTER)[0])[0] for one in found] == list(range(30))


def test_a_process_that_begins_later_makes_the_same_bytes_from_the_next_group_on():
    early, late = coded(RASTER, numbered(30)), coded(RASTER, numbered(10, 20), K0 + 20)
    assert [unit.data for unit in early[25:]] == [unit.data for unit in late[5:]]


def test_a_group_that_nobody_ends_is_ended_after_twenty_five_pictures():
    encoder = Mpeg2Encoder(RASTER)
    begun = [encoder.encode(k, film_frame(k), fresh=False).fresh for k in range(27)]
    assert [k for k, fresh in enumerate(begun) if fresh] == [0, 25]


def test_hard_pictures_stay_within_the_rate_and_the_buffer():
    noise = np.random.default_rng(4)
    frames = [film_frame(k) for k in range(25)]
    for packed in frames:
        planes_of(packed, RASTER)[0][100:300, 100:500] = noise.integers(16, 235, (200, 400))
    sizes = [8 * len(unit.data) for unit in coded(RASTER, frames)]
    assert sum(sizes) < 1.06 * RATES[576][0] and max(sizes) < 700_000


def test_an_interlaced_raster_is_coded_as_fields_and_says_its_shape():
    raster = RASTERS["576i50"]
    packed = np.full(size_of(raster), 128, np.uint8)
    luma = packed[: 720 * 576].reshape(576, 720)
    luma[0::2], luma[1::2] = 60, 90
    decoder = av.CodecContext.create("mpeg2video", "r")
    found = [one for unit in coded(raster, [packed] * 3) for one in decoder.decode(av.Packet(unit.data))]
    assert found and all(one.interlaced_frame for one in found)
    rows = found[-1].to_ndarray()[100:200].astype(int)
    assert abs(rows[0::2].mean() - 60) < 2 and abs(rows[1::2].mean() - 90) < 2
    assert decoder.sample_aspect_ratio == Fraction(64, 45)


@pytest.mark.parametrize("sound", ["mp2", "aac"])
def test_the_stream_is_read_with_every_picture_at_its_time_and_its_sound(sound):
    pcm = np.full((FRAME, 2), 1_000, np.int16)
    assert rate_of("576p25", "mpeg2") == 6_000_000 and rate_of("576p25") == 3_200_000
    stream = TelevisionStream(6_000_000, "TV", tuple, ("mpeg2", sound))
    found = [stream.write(one.k, one.data, pcm, fresh=one.fresh) for one in coded(RASTER, numbered(30))]
    made = io.BytesIO(b"".join(one.data for one in [*found, *stream.rest()] if one is not None))
    reader = TsReader()
    pictures = reader.feed(made.getvalue())
    assert reader.codec == "mpeg2video" and (reader.counts.continuity, reader.counts.damaged) == (0, 0)
    assert [one.pts for one in pictures] == [(K0 + k) * 3_600 % (1 << 33) for k in range(len(pictures))]
    assert len(pictures) >= 28
    with av.open(io.BytesIO(made.getvalue())) as container:
        assert [one.codec_context.name for one in container.streams if one.type != "data"] == [
            "mpeg2video",
            sound,
        ]
