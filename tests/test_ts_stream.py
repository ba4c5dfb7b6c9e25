"""A channel's transport stream as it is sent: read by others, the same whoever began when."""

import io

import av
import numpy as np
import pytest
import ts_kit
from test_ts_check import check, faults, measured
from ts_kit import K0, packets, pid_of

from playout.guide import Event
from playout.rings import BLOCK
from playout.ts_mux import AHEAD, DELAY, SLOT
from playout.ts_sound import adts
from playout.ts_stream import RadioStream, TelevisionStream
from playout.tv_encoder import PictureEncoder
from playout.tv_house import size_of
from safety.tspackets import TsReader
from schedules.raster import FPS, FRAME, RASTERS, sample_of

N0 = sample_of(K0)
NOW = Event(start=N0 - 48_000, end=N0 + 48_000, title="新闻")
NEXT = Event(start=N0 + 48_000, end=N0 + 960_000, title="Music")
NOISE = np.random.default_rng(7).integers(-12_000, 12_000, (48_000, 2)).astype(np.int16)


def sounding(n: int, count: int) -> np.ndarray:
    """The samples that stand at index `n`."""
    return NOISE[(n + np.arange(count)) % len(NOISE)]


def television(units, **more) -> dict[int, tuple]:
    """What is sent of some pictures, by frame: whether it was settled before, and the packets."""
    stream = TelevisionStream(
        3_200_000, "TV", lambda: (NOW, NEXT), before=lambda n: sounding(n - DELAY, DELAY), **more
    )
    made = {}
    for unit in units:
        settled = stream.settled
        sent = stream.write(unit.k, unit.data, sounding(sample_of(unit.k), FRAME), fresh=unit.fresh)
        made[unit.k] = settled, sent
    return made | {k: (False, sent) for k, sent in enumerate(stream.rest(), unit.k + 1)}


def data_of(made: dict[int, tuple]) -> bytes:
    return b"".join(sent.data for _, sent in made.values() if sent is not None)


def calm(first: int, frames: int) -> list:
    """Pictures in which little moves, coded by a coder that begins at frame `first`."""
    raster = RASTERS["576p25"]
    encoder, rows = PictureEncoder(raster), np.arange(size_of(raster), dtype=np.int64) // 720
    packed = [(60 + (rows + 3 * k) % 120).astype(np.uint8) for k in range(first, first + frames)]
    return [encoder.encode(k, picture, fresh=k % FPS == 0) for k, picture in enumerate(packed, first)]


def radio(n: int, seconds: float) -> list:
    stream = RadioStream("FM", lambda: (NOW, NEXT))
    found = [
        stream.write(at, sounding(at, BLOCK)) for at in range(n, n + round(seconds * 100) * BLOCK, BLOCK)
    ]
    return [sent for several in found for sent in several]


def test_television_begun_at_another_group_is_the_same_bytes_from_where_it_says_so():
    whole = television(calm(K0, 90))
    for first in (25, 37):
        late = television(calm(K0 + first, 90 - first))
        settled = [k for k, (ready, sent) in late.items() if ready and sent is not None and k >= K0 + 50]
        assert settled and settled[0] < K0 + 75
        assert all(whole[k][1] == late[k][1] for k in settled)


def test_what_television_sends_holds_with_its_tables_and_is_read_by_others():
    data = data_of(television(ts_kit.pictures(80)[0]))
    report = check(data)
    assert faults(report, dvb=True) == set() and measured(report, "late", 0x100) == 0
    assert measured(report, "b", 0x101) < 2_700 and measured(report, "tb", 0x101) <= 376
    reader = TsReader()
    found = reader.feed(data)
    assert [one.pts for one in found] == [(K0 + k) * 3_600 % (1 << 33) for k in range(len(found))]
    with av.open(io.BytesIO(data)) as container:
        kinds = [stream.codec_context.name for stream in container.streams if stream.type != "data"]
        heard = sum(frame.samples for frame in container.decode(audio=0))
        assert kinds == ["h264", "mp2"] and heard > 48_000 * 3
        assert container.streams.video[0].codec_context.width == 720


def test_sound_is_heard_at_its_sample():
    """Decoded by libav and found again: the sample of index n is presented at n."""
    n = (N0 + 48_000) // SLOT * SLOT
    data = b"".join(sent.data for sent in radio(n - 20 * SLOT, 2))
    with av.open(io.BytesIO(data)) as container:
        frames = [(frame.pts, frame.to_ndarray()) for frame in container.decode(audio=0)]
    pts, samples = frames[10]
    begins = round(((N0 * 15 // 8) // (1 << 33) * (1 << 33) + pts) * 8 / 15)
    wanted = sounding(begins, SLOT)[:, 0].astype(float)
    got = (
        np.asarray(samples, float).reshape(-1)[0::2]
        if samples.shape[0] == 1
        else np.asarray(samples[0], float)
    )
    assert np.corrcoef(wanted, got[:SLOT])[0, 1] > 0.6
    assert np.corrcoef(np.roll(wanted, 2), got[:SLOT])[0, 1] < 0.3


@pytest.mark.parametrize("later", [BLOCK, 7 * BLOCK, 48_000 + 3 * BLOCK])
def test_radio_begun_at_any_block_is_the_same_bytes_from_its_first_packet_on(later):
    whole = {sent.place: sent.data for sent in radio(N0, 2)}
    late = radio(N0 + later, 2 - later / 48_000)
    assert len(late) > 30 and all(whole[sent.place] == sent.data for sent in late)
    begins = min(sent.place for sent in late) * 1_504 * 48_000 // 320_000
    assert begins < N0 + later - AHEAD * SLOT + 4 * SLOT


def test_what_radio_sends_holds_with_its_tables():
    report = check(b"".join(sent.data for sent in radio(N0, 12)))
    assert faults(report, dvb=True) == set() and report.rate == 320_000
    assert measured(report, "tdt") < 10_000_000 and measured(report, "pcr-interval") < 30_000


def test_after_a_hole_in_the_sound_the_stream_goes_on_at_its_place():
    stream = RadioStream("FM", lambda: (NOW, NEXT))
    before = [sent for at in range(N0, N0 + 48_000, BLOCK) for sent in stream.write(at, sounding(at, BLOCK))]
    n = N0 + 96_000
    after = [sent for at in range(n, n + 48_000, BLOCK) for sent in stream.write(at, sounding(at, BLOCK))]
    same = {sent.place: sent.data for sent in radio(n, 1)}
    assert {sent.place: sent.data for sent in after} == same
    assert after[0].place > before[-1].place + 200


def test_television_that_was_held_up_goes_on_with_the_sound_of_its_place():
    units, _ = ts_kit.pictures(80)
    stream = TelevisionStream(3_200_000, "TV", tuple, before=lambda n: sounding(n - DELAY, DELAY))
    whole = television(units)
    made = {}
    for unit in [*units[:30], *units[50:]]:
        made[unit.k] = stream.write(unit.k, unit.data, sounding(sample_of(unit.k), FRAME), fresh=unit.fresh)

    def heard(sent) -> list[bytes]:
        return [one for one in packets(sent.data) if pid_of(one) == 0x101]

    assert all(heard(made[k])[-4:] == heard(whole[k][1])[-4:] for k in made)


def test_aac_is_read_with_sound_and_picture():
    data = data_of(television(ts_kit.pictures(80)[0], coding=("h264", "aac")))
    assert faults(check(data), dvb=True) == set()
    with av.open(io.BytesIO(data)) as container:
        assert [s.codec_context.name for s in container.streams if s.type == "audio"] == ["aac"]
        assert sum(frame.samples for frame in container.decode(audio=0)) > 48_000 * 3
    assert adts(500).hex() == "fff14c803f7ffc"


def test_before_a_group_of_pictures_nothing_is_sent_and_at_the_end_all_is():
    units, pcm = ts_kit.pictures(80)
    stream = TelevisionStream(3_200_000, "TV", tuple)
    assert stream.rest() == ()
    assert stream.write(units[3].k, units[3].data, pcm, fresh=False) is None
    sent = [stream.write(one.k, one.data, pcm, fresh=one.fresh) for one in units[25:31]]
    left = list(stream.rest())
    data = b"".join(one.data for one in [*sent, *left])
    with av.open(io.BytesIO(data)) as container:
        shown = list(container.decode(video=0))
        assert [frame.pts for frame in shown] == [unit.k * 3_600 % (1 << 33) for unit in units[25:31]]
    with av.open(io.BytesIO(data)) as container:
        first = next(container.decode(audio=0))
        ticks = units[25].k * 3_600 % (1 << 33)
        assert ticks - 2 * 2_160 < first.pts <= ticks


def test_fifty_pictures_a_second_have_half_the_places_each():
    stream = TelevisionStream(3_200_000, "TV", tuple, frame=FRAME // 2)
    units, _ = ts_kit.pictures(80)
    sent = [
        stream.write(2 * K0 + k, one.data, sounding(N0 + k * 960, 960), fresh=not k)
        for k, one in enumerate(units[:25])
    ]
    assert all(42 <= len(one.data) // 188 <= 43 for one in sent[1:])
    found = TsReader().feed(b"".join(one.data for one in [*sent, *stream.rest()]))
    assert [one.pts for one in found] == [(2 * K0 + k) * 1_800 % (1 << 33) for k in range(len(found))]
    assert len(found) >= 24
