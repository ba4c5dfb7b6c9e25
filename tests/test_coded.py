"""Films coded once, as their channel sends them, and taken over: the same bytes as encoded on the air, every picture the intended one, nothing wrong in the stream."""

import io
import json
import sys
from itertools import pairwise
from pathlib import Path

import attrs
import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tv_kit import RASTER, RunningTv, film_frame, plan_of, read_number, stock_film, take

from emergency.section_packets import Reader
from playout.coded import CodedFilm, code_film, coder_of, read_index
from playout.delivery import fits
from playout.facts import Facts, coded_index_path, coded_path, house_path
from playout.ingest import _coded
from playout.ingest import main as ingest_main
from playout.render_files import Films
from playout.render_picture import Composer, Looks
from playout.render_tool import main
from playout.screens import Unit
from playout.splicer import CodedFilms, Splicer
from playout.tv_encoder import RATES, Changeover, PictureEncoder, opens_group
from playout.tv_house import TvWriter, packed_of, read_frames
from safety.ts_check import Check
from safety.tspackets import TsReader
from schedules.graphics import Graphics
from schedules.picture import Shot
from schedules.plan import PLAN_FORMAT, Medium
from schedules.plan_file import read_plan
from schedules.raster import FRAME, RASTERS
from schedules.render import NotReady
from station import library, setup
from station.places import Places
from station.wire import to_plain
from station.words import Refused, Sha256

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bench"))
import pcr

K0 = 44_882_460_000  # a whole second
FRAMES = 60
COUNT = 110


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """A film of 60 pictures on the shelf, coded, and a plan: from its beginning, cut off, again and again, joined inside a group."""
    home = tmp_path_factory.mktemp("coded")
    medium = stock_film(home, FRAMES)
    house = house_path(home, medium.sha256)
    told = []
    index = code_film(house, medium.sha256, RASTER, told.append)
    assert (index.frames, told) == (FRAMES, []) and len(index.groups) == 3
    takes = []
    for name, first, last, offset in (
        ("a", 0, 29, 0),
        ("b", 29, 30, 0),
        ("c", 30, 80, 0),
        ("d", 80, COUNT, 22),
    ):
        takes.append(
            {
                "item": name, "start": (K0 + first) * FRAME, "end": (K0 + last) * FRAME, "kind": "programme",
                "title": name, "approval": "test", "media": medium.sha256, "offset": offset * FRAME,
            }
        )  # fmt: skip
    plan = {
        "format": PLAN_FORMAT, "channel": "tv1", "revision": 1, "start": K0 * FRAME, "end": (K0 + COUNT) * FRAME,
        "takes": takes, "media": [{"sha256": medium.sha256, "samples": FRAMES * FRAME, "frames": FRAMES, "path": str(house)}],
    }  # fmt: skip
    (home / "plan.json").write_text(json.dumps(plan))
    caption = {"form": "crawl", "title": "预警", "text": "请转移", "level": 1}
    over = {
        "id": "x", "mode": "duck", "start": (K0 + 60) * FRAME, "end": (K0 + 63) * FRAME, "priority": 1,
        "approval": "alert:x", "caption": caption,
    }  # fmt: skip
    (home / "over.json").write_text(
        json.dumps({"channel": "tv1", "revision": 1, "overlays": [over], "media": []})
    )
    return home, medium, house, index


def shown(place):
    """The number on the picture of frame `place` of the plan."""
    if place < 29:
        return place
    if place == 29:
        return 0
    return place - 30 if place < 80 else place - 80 + 22


TAKEN = {
    *range(60),
    *range(83, COUNT),
}  # an overlay at 60; its film has no other group in the take; d is joined inside one


def stream(room, out, *more):
    home = room[0]
    words = [str(home / "plan.json"), "--overlays", str(home / "over.json"), "--out", str(out), *more]
    assert main([*words] if "--for" in more else [*words, "--for", str(COUNT / 25)]) == 0
    return out.read_bytes()


def pictures(data):
    """(PTS, luma, key frame) of every picture, by a decoder that takes no excuse."""
    with av.open(io.BytesIO(data), "r", format="mpegts", options={"err_detect": "explode"}) as container:
        for frame in container.decode(video=0):
            plane = frame.planes[0]
            luma = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
            yield frame.pts, luma[:, : frame.width].copy(), bool(frame.key_frame)


def late(data, rate):
    """Pictures whose last byte comes after their time, by the packets' places at a constant rate."""
    anchor, last, due, found = None, 0, None, 0
    for number in range(len(data) // 188):
        packet = data[188 * number : 188 * number + 188]
        pid = (packet[1] & 0x1F) << 8 | packet[2]
        at = 4 + (1 + packet[4] if packet[3] & 0x20 else 0)
        if pid == 0x100 and packet[3] & 0x20 and packet[4] and packet[5] & 0x10 and anchor is None:
            anchor = (int.from_bytes(packet[6:11], "big") >> 7) / 90_000 - number * 1504 / rate
        if pid == 0x100 and packet[3] & 0x10:
            if packet[1] & 0x40:
                found += due is not None and anchor + last * 1504 / rate > due
                due = pcr.stamp(packet[at + 9 : at + 14]) / 90_000
            last = number
    return found


def test_coded_at_ingest_is_what_the_channel_would_have_sent_whenever_it_begins(room):
    _, _, house, index = room
    encoder = PictureEncoder(RASTER)
    film = CodedFilm(house, index)
    for number, frame in read_frames(str(house)):
        unit = encoder.encode(K0 + 700 + number, packed_of(frame), fresh=number % 25 == 0)
        assert unit.data == film.unit(number), number
    assert (film.unit(FRAMES), film.has(2), film.has(3), film.has(-1)) == (None, True, False, False)
    assert coded_path(house).stat().st_size == sum(sum(group.sizes) for group in index.groups)
    with av.open(str(coded_path(house)), "r", format="h264") as container:
        seen = [read_number(frame.to_ndarray()[: RASTER.height])[0] for frame in container.decode(video=0)]
    assert seen == list(range(FRAMES)), "anybody's player shows it"


def test_every_picture_of_the_spliced_stream_is_the_intended_one_and_nothing_in_it_is_wrong(
    room, tmp_path, capsys
):
    data = stream(room, tmp_path / "s.ts", "--spliced")
    plain = stream(room, tmp_path / "p.ts")
    assert f"{len(TAKEN)} of {COUNT} pictures taken over" in capsys.readouterr().out
    seen = list(pictures(data))
    assert [read_number(luma)[0] for _, luma, _ in seen] == [shown(place) for place in range(COUNT)]
    assert {(b[0] - a[0]) % (1 << 33) for a, b in pairwise(seen)} == {3_600}
    assert seen[0][0] == K0 * 3_600 % (1 << 33)
    keys = [place for place, (_, _, key) in enumerate(seen) if key]
    # a and its second group, b, c and its second group, the overlay, a whole second, then d's own groups
    assert keys == [0, 25, 29, 30, 55, 60, 75, 83, 108]
    changed = [
        place for place, (_, luma, _) in enumerate(seen) if np.ptp(luma[500:560, 40:680].mean(axis=0)) > 30
    ]
    assert changed == [60, 61, 62], "the crawl"
    for stream_bytes in (data, plain):
        reader = pcr.Reader()
        for at in range(0, len(stream_bytes), 188):
            reader.feed(stream_bytes[at : at + 188], None)
        told = reader.verdict()
        assert (told["sync_errors"], told["cc_errors"], told["discontinuities"]) == (0, 0, 0)
        assert told["pcr_interval_ms_max"] <= 40 and len(stream_bytes) % 188 == 0
        assert late(stream_bytes, RATES[576].mux) == 0
        model = Check(lambda: Reader(tables=range(0xFF)).feed)
        model.feed(stream_bytes)
        assert model.report().holds(dvb=True), "the decoder model and the tables of the service"


def test_what_is_taken_over_is_byte_for_byte_what_was_coded(room, tmp_path):
    _, _, house, index = room
    film, reader = CodedFilm(house, index), TsReader()
    sent = reader.feed(stream(room, tmp_path / "s.ts", "--spliced"))
    for place, picture in enumerate(sent):  # the last one is ended by nothing
        if place in TAKEN:
            whole = picture.data.rstrip(b"\0")  # zeros behind it move a counter
            assert whole.endswith(film.unit(shown(place)).rstrip(b"\0")), place
            assert len(whole) - len(film.unit(shown(place))) <= 6, "an access unit delimiter of the muxer's"
    assert len(sent) == COUNT - 1


def test_what_is_damaged_cut_short_or_missing_is_encoded(room, tmp_path):
    _, medium, house, index = room
    other = tmp_path / house.name
    whole = bytearray(coded_path(house).read_bytes())
    films = [CodedFilm(other, index)]
    assert not films[0].has(0) and films[0].unit(0) is None
    whole[index.groups[1].offset + 40] ^= 1
    coded_path(other).write_bytes(whole[: index.groups[2].offset + 5])
    films.append(CodedFilm(other, index))
    assert [films[1].has(number) for number in (0, 1, 2)] == [True, False, False]
    coded_index_path(other).write_bytes(coded_index_path(house).read_bytes())
    shelf = CodedFilms({medium.sha256: other}, RASTER)
    assert [shelf.has(medium.sha256, number) for number in (0, 1)] == [True, False]
    assert not shelf.has("0" * 64, 0)
    for shot in (Shot(sha256=medium.sha256, frame=25), Shot(sha256="0" * 64, frame=0)):
        with pytest.raises(NotReady):
            shelf.picture(shot)


def test_an_index_is_used_only_for_this_film_this_raster_this_coder_and_where_it_adds_up(room, tmp_path):
    _, medium, house, index = room
    other = tmp_path / house.name
    plain = json.loads(coded_index_path(house).read_text())

    def read(sha256=medium.sha256, raster=RASTER, **changed):
        coded_index_path(other).write_text(json.dumps({**plain, **changed}))
        return read_index(other, sha256, raster)

    assert read() == index
    assert (
        read(sha256="0" * 64) is read(raster=RASTERS["720p25"]) is read(raster=RASTERS["576p25-4:3"]) is None
    )
    assert read(coder="0" * 64) is read(format="gengfu-coded/2") is None
    first, second, third = plain["groups"]
    for groups in (
        [], [second], [third, *plain["groups"]], [first, {**second, "offset": -1}], [{**first, "sizes": [0] * 25}],
        [{**first, "sizes": [1 << 40] * 25}], [{**first, "sizes": []}], [{**first, "sizes": 7}], "groups", None,
    ):  # fmt: skip
        assert read(groups=groups) is None
    coded_index_path(other).write_text("{" * 100_000)
    assert read_index(other, medium.sha256, RASTER) is None
    assert len({coder_of(raster) for raster in RASTERS.values()}) == len(RASTERS)


def test_pictures_that_need_too_much_are_coded_with_less_and_where_that_does_not_help_not_taken_over(
    tmp_path,
):
    """Noise after stillness: what x264 spares in the beginning it spends at once. At the end of a group that reaches into the next."""
    noise = np.random.default_rng(5)
    house = tmp_path / "noise.mkv"
    writer = TvWriter(house, RASTER)
    for number in range(50):
        packed = film_frame(number)
        if number in range(6, 12) or number > 46:
            packed = noise.integers(16, 236, len(packed), np.uint8)
        writer.write(packed, np.zeros((FRAME, 2), np.int32))
    writer.close()
    rates = RATES[576]
    pictures = [packed_of(frame) for _, frame in read_frames(str(house))]
    encoder = PictureEncoder(RASTER)
    plain = [len(encoder.encode(k, picture, fresh=k % 25 == 0).data) for k, picture in enumerate(pictures)]
    index = code_film(house, "0" * 64, RASTER)
    assert not fits(plain[:25], rates) and not fits(plain[25:], rates)
    assert [group.fits for group in index.groups] == [fits(group.sizes, rates) for group in index.groups]
    film = CodedFilm(house, index)
    assert [film.has(0), film.has(1), film.unit(25)] == [True, False, None]


def test_groups_cut_short_come_in_time_all_the_same(tmp_path, capsys):
    """A film as hard to code as any, joined again right after its second group began, and every few frames."""
    noise = np.random.default_rng(5).integers(16, 236, len(film_frame(0)), np.uint8)
    house = tmp_path / "noise.mkv"
    writer = TvWriter(house, RASTER)
    for number in range(26):
        writer.write(np.roll(noise, 977 * number) // 2 + 60, np.zeros((FRAME, 2), np.int32))
    writer.close()
    sha256 = Sha256("0" * 64)
    index = code_film(house, sha256, RASTER)
    takes, at = [], 0
    for number, count in enumerate((26, 2, 4, 6)):
        takes.append(take(f"t{number}", K0 + at, count, Medium(sha256=sha256, samples=0)))
        at += count
    plan = plan_of(takes, [Medium(sha256=sha256, samples=26 * FRAME, frames=26, path=str(house))])
    (tmp_path / "plan.json").write_text(json.dumps(to_plain(plan)))
    out = tmp_path / "s.ts"
    assert main([str(tmp_path / "plan.json"), "--for", str(at / 25), "--out", str(out), "--spliced"]) == 0
    assert index.groups[0].fits and late(out.read_bytes(), RATES[576].mux) == 0
    assert 26 <= int(capsys.readouterr().out.split()[0]) < at


def test_two_that_begin_at_different_frames_send_the_same_bytes_from_the_next_group_on(room):
    home, medium, house, _ = room
    paths, plan = {medium.sha256: house}, read_plan(home / "plan.json", home)
    looks = Looks(graphics=Graphics(RASTER, "tv1"), clock=False, sign=False)

    def units(first):
        composer = Composer(plan, (), (), Films(paths), looks)
        films = CodedFilms(paths, RASTER)
        splicer = Splicer(RASTER, composer.scene.at, composer.frame, films, K0 + first)
        return {k: splicer.unit(K0 + k) for k in range(first, COUNT)}

    one, other = units(0), units(36)
    assert other[36].fresh and other[36].data != one[36].data, "it is encoded, for its group began before"
    assert [other[k] for k in range(55, COUNT)] == [one[k] for k in range(55, COUNT)]


@settings(max_examples=6, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("tttttthmjs"), st.integers(0, FRAMES - 1)), min_size=20, max_size=45)
)
def test_whatever_is_missing_or_changes_what_is_sent_shows_the_intended_pictures(room, steps):
    """t: taken over; h: no coded picture; m: a coded picture that does not follow; j: a frame was lost; s: another place of the film."""
    _, _, house, index = room
    film = CodedFilm(house, index)
    changeover, k, number, sent, wanted = Changeover(PictureEncoder(RASTER), RATES[576]), K0, 0, [], []
    for what, place in (("t", 0), *steps):
        number = place if what == "s" else (number + 1) % FRAMES
        k += 1
        if what == "j":
            k, number = k + 1, (number + 1) % FRAMES
        coded = None if what == "h" else film.picture(number)
        if what == "m":
            coded = attrs.evolve(coded, film=coded.film + 1)
        unit = changeover.unit(k, lambda n=number: film_frame(n), coded, fresh=k % 25 == 0)
        if coded is not None and number % 25 == 0:
            assert unit == Unit(k, True, coded.data)
        assert not unit.fresh or opens_group(unit.data)
        sent, wanted = [*sent, unit.data], [*wanted, number]
    decoder = av.CodecContext.create("h264", "r")
    decoder.options = {"err_detect": "explode"}
    frames = [frame for unit in sent for frame in decoder.decode(av.Packet(unit))] + decoder.decode(None)
    assert [read_number(frame.to_ndarray()[: RASTER.height])[0] for frame in frames] == wanted


def test_setup_has_films_coded_for_a_channel_that_splices_and_anew_for_another_coder(tmp_path):
    home = RunningTv(tmp_path / "s", 21590, splice=True)  # its settings alone
    shelf = stock_film(tmp_path, 30)
    (home.home / "media").mkdir()
    (home.home / "media" / "film.mkv").write_bytes(house_path(tmp_path, shelf.sha256).read_bytes())

    def prepared():
        setup.prepare(home.home / "station.toml", str(home.state))
        (entry,) = library.read(Places(home.state))
        house = house_path(home.media, entry.sha256)
        return house, read_index(house, entry.sha256, RASTER), coded_index_path(house).stat().st_mtime_ns

    house, index, made = prepared()
    assert index is not None and index.frames == 30
    assert prepared() == (house, index, made)
    text = coded_index_path(house).read_text()
    coded_index_path(house).write_text(text.replace(index.coder, "0" * 64))
    assert prepared()[1] == index


def test_a_film_that_cannot_be_coded_is_taken_in_all_the_same_and_says_so(tmp_path, capsys):
    medium = stock_film(tmp_path, 130)
    house = house_path(tmp_path, medium.sha256)
    facts = Facts(
        sha256=medium.sha256, samples=medium.samples, source_sha256=medium.sha256, loudness_centi_lufs=0,
        true_peak_centi_db=0, title="film", format="h264", frames=130, raster=RASTER.name,
    )  # fmt: skip
    told = []
    assert _coded(facts, tmp_path, lambda *frames: told.append(frames)) == facts and told == [(125, 130)]
    assert _coded(facts, tmp_path, lambda *frames: told.append(frames)) == facts and len(told) == 1
    data = house.read_bytes()
    for path in (coded_path(house), coded_index_path(house)):
        path.unlink()
    house.write_bytes(data[: len(data) // 3] + bytes(3_000) + data[len(data) // 3 + 3_000 :])
    said = _coded(facts, tmp_path, lambda *_: None)
    assert "were not coded for the air" in said.warnings[-1].en and "预先编码" in said.warnings[-1].zh
    assert attrs.evolve(said, warnings=()) == facts
    assert not list(tmp_path.rglob("*.h264*"))
    with pytest.raises(SystemExit):
        ingest_main(["film.mkv", "--media", "m", "--coded"])
    assert "--raster" in capsys.readouterr().err


def test_a_damaged_house_film_is_not_coded_and_leaves_nothing(room, tmp_path):
    house = tmp_path / "film.mkv"
    data = room[2].read_bytes()
    house.write_bytes(data[: len(data) // 3] + bytes(3_000) + data[len(data) // 3 + 3_000 :])
    with pytest.raises((Refused, av.FFmpegError)):
        code_film(house, "0" * 64, RASTER)
    assert [path.name for path in tmp_path.iterdir()] == ["film.mkv"]


def test_pictures_are_taken_over_in_a_transport_stream_alone(room, tmp_path):
    words = [str(room[0] / "plan.json"), "--for", "1", "--spliced", "--out"]
    with pytest.raises(Refused, match=r"must end in \.ts"):
        main([*words, str(tmp_path / "f.mp4")])
    with pytest.raises(Refused, match=r"\.mp4 or \.ts"):
        main([*words, str(tmp_path / "f.avi")])
