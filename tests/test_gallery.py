"""The gallery: grids made of house files, recognition, hostile files."""

import hashlib
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from picture_kit import RASTER, film, film_frame

from playout.tv_house import planes_of
from safety import kept
from safety.gallery import Gallery, build, luma_of, main
from safety.grids import COLS, ROWS, grid_of
from schedules.picture import Shot
from station.words import Sha256

EVERYWHERE = np.ones((ROWS, COLS), bool)


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    home = tmp_path_factory.mktemp("films")
    media = [film(home, seed, 60) for seed in (1, 2)]
    gallery = Gallery(home)
    assert gallery.missing([m.sha256 for m in media]) == []
    return home, media, gallery


def test_the_grids_are_those_of_the_pictures(films) -> None:
    _, (one, _), gallery = films
    for number in (0, 25, 59):
        found = gallery.grid(Shot(sha256=one.sha256, frame=number))
        wanted = grid_of(planes_of(film_frame(number, 1), RASTER)[0])
        assert np.abs(found.astype(int) - wanted).max() <= 1
    assert gallery.grid(Shot(sha256=one.sha256, frame=60)) is None
    assert gallery.grid(Shot(sha256=Sha256("0" * 64), frame=0)) is None


def test_a_picture_is_found_again_even_where_a_part_is_covered(films) -> None:
    _, (_, two), gallery = films
    got = grid_of(planes_of(film_frame(33, 2), RASTER)[0])
    free = EVERYWHERE.copy()
    free[15:] = False
    got[15:] = 255
    assert gallery.find(got, free) == Shot(sha256=two.sha256, frame=33)


def test_what_is_not_approved_is_not_found(films) -> None:
    _, _, gallery = films
    assert gallery.find(grid_of(planes_of(film_frame(33, 9), RASTER)[0]), EVERYWHERE) is None
    assert gallery.find(np.full((ROWS, COLS), 99, np.uint8), EVERYWHERE) is None
    assert gallery.find(grid_of(planes_of(film_frame(33, 2), RASTER)[0]), ~EVERYWHERE | False) is None


def test_how_late_a_picture_is_is_told(films) -> None:
    _, (one, _), gallery = films
    got = grid_of(planes_of(film_frame(20, 1), RASTER)[0])
    assert gallery.near(got, Shot(sha256=one.sha256, frame=29), EVERYWHERE, 50) == 9
    assert gallery.near(got, Shot(sha256=one.sha256, frame=15), EVERYWHERE, 50) == -5
    assert gallery.near(got, Shot(sha256=one.sha256, frame=50), EVERYWHERE, 5) is None
    assert gallery.near(got, Shot(sha256=Sha256("0" * 64), frame=50), EVERYWHERE, 5) is None


def test_files_that_are_no_grids_are_not_taken(tmp_path) -> None:
    gallery = Gallery(tmp_path)
    for number, content in enumerate((b"", b"junk", None)):
        sha256 = Sha256(str(number) * 64)
        if content is None:
            np.save(gallery.path(sha256).open("wb"), np.zeros((3, 4, 5), np.uint8))
        else:
            gallery.path(sha256).write_bytes(content)
        assert not gallery.take(sha256)


def test_a_short_medium_costs_no_file_handle_and_a_long_one_no_memory(tmp_path) -> None:
    gallery = Gallery(tmp_path)
    short, long = Sha256("5" * 64), Sha256("6" * 64)
    np.save(gallery.path(short), np.zeros((100, ROWS, COLS), np.uint8))
    np.save(gallery.path(long), np.zeros((1_000, ROWS, COLS), np.uint8))
    assert gallery.missing([short, long]) == []
    maps = Path("/proc/self/maps").read_text()
    assert str(gallery.path(long)) in maps
    assert str(gallery.path(short)) not in maps
    assert gallery.grid(Shot(sha256=short, frame=99)) is not None


def test_no_more_than_so_many_media_are_kept(films, monkeypatch) -> None:
    home, media, _ = films
    monkeypatch.setattr(kept, "MOST", 1)
    gallery = Gallery(home)
    assert gallery.take(media[0].sha256)
    assert gallery.take(media[1].sha256)
    assert gallery.grid(Shot(sha256=media[0].sha256, frame=0)) is None


def sound_only(path: Path) -> str:
    with av.open(str(path), "w", format="flac") as container:
        stream = container.add_stream("flac", rate=48_000, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 9_600), np.int16), format="s16", layout="stereo")
        frame.sample_rate = 48_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_child_answers_a_line_for_each_medium(films, tmp_path) -> None:
    home, (one, _), _ = films
    good = f"{home / f'{one.sha256}.mkv'}\t{one.sha256}\t{tmp_path / 'a.grids.npy'}\n"
    wrong = f"{home / f'{one.sha256}.mkv'}\t{'f' * 64}\t{tmp_path / 'b.grids.npy'}\n"
    absent = f"{home / 'none.mkv'}\t{'f' * 64}\t{tmp_path / 'c.grids.npy'}\n"
    said: list[str] = []
    assert main([], [good, wrong, absent], said.append) == 0
    assert said[0] == f"{one.sha256}\t"
    assert "checksum" in said[1]
    assert "No such file" in said[2]
    assert [p.name for p in tmp_path.iterdir()] == ["a.grids.npy"]


def test_a_medium_without_a_picture_has_no_grids(tmp_path) -> None:
    sha256 = sound_only(tmp_path / "a.flac")
    assert build(tmp_path / "a.flac", Sha256(sha256), tmp_path / "a.npy") == "it has no picture"
    junk = tmp_path / "junk"
    junk.write_bytes(b"\x1aE\xdf\xa3" * 50)
    assert build(junk, Sha256(hashlib.sha256(junk.read_bytes()).hexdigest()), tmp_path / "b.npy")
    assert not (tmp_path / "b.npy").exists()


def test_a_film_with_a_hole_has_no_grids(tmp_path) -> None:
    path = tmp_path / "holed.mkv"
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 720, 576, "yuv420p"
        stream.options = {"x264-params": "bframes=0"}
        for number in (0, 1, 3):
            rows = film_frame(number, 1).reshape(864, 720)
            frame = av.VideoFrame.from_ndarray(rows, format="yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    sha256 = Sha256(hashlib.sha256(path.read_bytes()).hexdigest())
    assert build(path, sha256, tmp_path / "a.npy") == "picture 2 is missing"


def test_pictures_of_ten_bits_are_not_looked_at() -> None:
    with pytest.raises(ValueError, match="yuv420p10le"):
        luma_of(av.VideoFrame(720, 576, "yuv420p10le"))
    assert luma_of(av.VideoFrame(720, 576, "yuv420p")).shape == (576, 720)


def test_the_child_process_makes_grids_and_ends(films, tmp_path) -> None:
    home, (one, _), _ = films
    line = f"{home / f'{one.sha256}.mkv'}\t{one.sha256}\t{tmp_path / 'a.grids.npy'}\n"
    child = subprocess.run(
        [sys.executable, "-m", "safety.gallery"], input=line, capture_output=True, text=True, timeout=60
    )
    assert child.stdout == f"{one.sha256}\t\n"
    assert np.load(tmp_path / "a.grids.npy").shape == (60, ROWS, COLS)
