"""House files past damage: what is whole is in its place to the sample, and what is not is never heard or seen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from radio_kit import write_house
from tv_kit import read_number, stock_film

from playout.coded import code_film
from playout.decoder import Fill, mended
from playout.mending import Mark
from playout.projecting import films
from playout.reading import placed, read_house
from playout.tv_house import planes_of
from schedules.raster import RASTERS
from station.words import Refused

RASTER = RASTERS["576p25"]
COUNT = 60_000
SOUND = np.random.default_rng(5).integers(-(1 << 20), 1 << 20, (COUNT, 2), dtype=np.int32)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    path = tmp_path_factory.mktemp("house") / "a.flac"
    write_house(path, SOUND)
    return path


@pytest.fixture(scope="module")
def torn(house):
    return house.with_name("torn.flac")


def heard(path, start=0):
    """What is in place, and the stretches that are missing up to the last sample read."""
    at, holes = start, []
    for first, pcm in placed(str(path), start):
        assert first >= at and np.array_equal(pcm, SOUND[first : first + len(pcm)]), first
        holes += [(at, first)] if first > at else []
        at = first + len(pcm)
    return at, holes


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.01, 1), st.sampled_from(["flip", "zero", "cut", "grow"])), max_size=3),
    st.sampled_from([0, 1, 30_000, 59_999]),
)
def test_wherever_a_file_is_damaged_no_wrong_sample_is_given_and_little_is_lost(house, torn, faults, start):
    data = bytearray(house.read_bytes())
    for place, kind in faults:
        at = min(int(place * len(data)), len(data) - 1)
        if kind == "flip":
            data[at] ^= 0x11
        elif kind == "zero":
            data[at : at + 700] = bytes(len(data[at : at + 700]))
        elif kind == "cut":
            del data[at : at + 50]
        else:
            data[at:at] = b"\xff\xf8\xca\x1c\x00"
    torn.write_bytes(data)
    end, holes = heard(torn, start)
    assert sum(b - a for a, b in holes) + COUNT - end <= 3 * 4_608 * len(faults)


def test_a_whole_file_is_given_whole_and_one_cut_off_up_to_there(house, torn):
    assert heard(house) == (COUNT, []) and heard(house, 48_001) == (COUNT, [])
    torn.write_bytes(house.read_bytes()[: house.stat().st_size // 2])
    end, holes = heard(torn)
    assert 20_000 < end < COUNT and holes == []
    assert heard(torn, end)[0] == end, "and nothing is made up beyond it"
    whole = np.concatenate(list(read_house(str(house), 7)))
    assert np.array_equal(whole, SOUND[7:])


def test_what_is_damaged_in_the_file_comes_from_the_copy_and_where_both_are_it_is_silent(house, torn):
    data = bytearray(house.read_bytes())
    data[len(data) // 2] ^= 1
    torn.write_bytes(data)
    told, at_work = [], []
    order = Fill(generation=1, paths=(str(torn), str(house)), samples=COUNT, start=0)
    assert np.array_equal(np.concatenate(list(mended(order, 0, at_work.append, told.append))), SOUND)
    (mark,) = told
    assert mark.kind == "copy" and mark.last - mark.first == 4_608 and set(at_work) == {0, 1}
    told.clear()
    order = Fill(generation=1, paths=(str(torn), str(torn)), samples=COUNT, start=0)
    due = SOUND.copy()
    due[mark.first : mark.last] = 0
    assert np.array_equal(np.concatenate(list(mended(order, 0, id, told.append))), due)
    assert told == [Mark("mended", mark.first, mark.last)]
    gone = Fill(generation=1, paths=(str(house) + ".none",), samples=COUNT, start=0)
    with pytest.raises(OSError, match="No such file"):
        list(mended(gone, 0))


def test_what_is_not_in_house_format_is_refused(tmp_path):
    import av

    with av.open(str(tmp_path / "a.flac"), "w", format="flac") as container:
        stream = container.add_stream("flac", rate=44_100, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4_000), np.int16), layout="stereo")
        frame.sample_rate = 44_100
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    with pytest.raises(Refused, match="not in house format"):
        list(placed(str(tmp_path / "a.flac")))


def test_a_damaged_picture_is_the_last_one_until_the_next_group_and_the_rest_is_in_place(tmp_path):
    film = stock_film(tmp_path, 75, 120)
    path = next(tmp_path.rglob("*.mkv"))
    code_film(path, film.sha256, RASTER)
    data = bytearray(path.read_bytes())
    at = len(data) // 2  # in the second group of three
    data[at : at + 400] = bytes(400)
    path.write_bytes(data)
    told, numbers = [], []
    into = np.empty(RASTER.width * RASTER.height * 3 // 2, np.uint8)
    order = Fill(generation=1, paths=(str(path),), samples=film.frames, start=0)
    for laid in films(order, 0, id, told.append, raster=RASTER):
        laid.lay(into)
        numbers.append(read_number(planes_of(into, RASTER)[0])[0])
    lost = [k for mark in told for k in range(mark.first, mark.last)]
    assert {mark.kind for mark in told} == {"mended"} and lost[0] >= 25 and lost[-1] == 49
    assert numbers == [lost[0] - 1 if k in lost else k for k in range(75)]
