"""A television plan rendered to a file: each frame as the picture process composes it, with its sound."""

import json
import re
import wave
from itertools import pairwise
from pathlib import Path
from typing import Any

import attrs
import av
import numpy as np
import pytest
from tv_kit import RASTER, film_frame, plan_of, read_number, stock_film, take

from playout.facts import house_path
from playout.graphics import Graphics, compose, layers
from playout.housing import HouseWriter
from playout.link import SetOverlays
from playout.render_files import Films
from playout.render_tool import main
from playout.store import Shelf
from playout.tv_house import planes_of, raster_of_file, size_of
from safety.eye_child import Decoder
from safety.tspackets import TsReader
from schedules.captions import Caption
from schedules.picture import seen
from schedules.plan import Fallen, Overlay
from schedules.plan_file import read_plan
from schedules.planes import blank
from schedules.raster import FRAME, RASTERS
from schedules.render import NotReady
from station.wire import to_plain
from station.words import Refused

ROOT = Path(__file__).resolve().parent.parent
START = 86_174_323_200_000


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example of the manual with its two media."""
    home = tmp_path_factory.mktemp("film")
    medium = stock_film(home, 50)
    (home / "film.mkv").write_bytes(house_path(home, medium.sha256).read_bytes())
    writer = HouseWriter(home / "opening.flac")
    writer.write(np.full((48_000, 2), 7 << 16, dtype=np.int32))
    writer.close()
    text = (ROOT / "docs" / "plan-format.md").read_text(encoding="utf-8")
    value = json.loads(re.findall(r"```json\n(.*?)```", text, re.DOTALL)[1])
    assert value["media"][0]["samples"] == medium.samples and value["media"][0]["frames"] == medium.frames
    (home / "tv.json").write_text(json.dumps(value), encoding="utf-8")
    return home


def y4m(path: Path, rate: str = "25:1", pixel: str = "64:45") -> list[np.ndarray]:
    """The frames of a Y4M file, by its own header."""
    data = path.read_bytes()
    head, _, body = data.partition(b"\n")
    words = {word[:1]: word[1:] for word in head.decode().split()[1:]}
    size = int(words["W"]) * int(words["H"]) * 3 // 2
    assert (words["F"], words["I"], words["A"]) == (rate, "p", pixel)
    assert len(body) % (size + 6) == 0
    frames = [body[at : at + size + 6] for at in range(0, len(body), size + 6)]
    assert all(frame[:6] == b"FRAME\n" for frame in frames)
    return [np.frombuffer(frame, np.uint8, offset=6) for frame in frames]


def sound(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)


def test_the_example_of_the_manual_is_seen_and_heard(shelf: Path, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "seen.y4m"
    assert main([str(shelf / "tv.json"), "--for", "1.2", "--from", str(START + 1), "--out", str(out)]) == 0
    assert f"57600 samples from {START + FRAME}" in capsys.readouterr().out
    frames, heard = y4m(out), sound(tmp_path / "seen.wav")
    assert (len(frames), len(heard)) == (30, 30 * FRAME)
    read = [read_number(planes_of(frame, RASTER)[0]) for frame in frames]
    assert [number for number, _ in read[:24]] == list(range(6, 30))
    grounds = {ground for _, ground in read[:24]}, {ground for _, ground in read[24:]}
    assert grounds[0] == {90} and 90 not in grounds[1]  # then the title of what is sound only
    assert [int(heard[k * FRAME, 0]) for k in range(24)] == [((k + 6) << 10) + 128 >> 8 for k in range(24)]
    assert set(heard[24 * FRAME :, 0]) == {(7 << 16) + 128 >> 8}


def test_each_frame_is_that_of_the_picture_process_under_overlays_and_falls_too(
    shelf: Path, tmp_path: Path
) -> None:
    plan = read_plan(shelf / "tv.json", shelf)
    caption = Caption(form="crawl", title="测试", text="山洪预警")
    overlay = Overlay(
        id="o", mode="duck", start=START + 3 * FRAME, end=START + 9 * FRAME, priority=9, approval="alert:o", caption=caption
    )  # fmt: skip
    fallen = Fallen(take=plan.takes[1].id, start=plan.takes[1].start, rung="tone")
    kept = Shelf(tmp_path)
    over = kept.keep_overlays(SetOverlays(channel=plan.channel, revision=1, overlays=(overlay,)))
    falls = kept.keep_falls(plan.channel, (fallen,))
    out = tmp_path / "seen.y4m"
    words = ["--overlays", str(over), "--falls", str(falls), "--for", "2", "--out", str(out)]
    assert main([str(shelf / "tv.json"), *words]) == 0
    got, graphics = y4m(out), Graphics(RASTER, plan.channel)
    films, first = Films({plan.media[0].sha256: shelf / "film.mkv"}), START // FRAME
    for k in (0, 3, 8, 9, 30):
        due = np.concatenate([plane.reshape(-1) for plane in blank(RASTER.width, RASTER.height)])
        now = seen(plan, (overlay,), (fallen,), RASTER, first + k)
        if now.shot is not None:
            films.picture(now.shot.sha256, now.shot.frame, due)
        compose(planes_of(due, RASTER), layers(now, graphics))
        assert np.array_equal(got[k], due), k
    assert not np.array_equal(got[2], got[3])


def test_an_mp4_shows_and_sounds_the_same(shelf: Path, tmp_path: Path) -> None:
    out = tmp_path / "seen.mp4"
    assert main([str(shelf / "tv.json"), "--for", "1", "--out", str(out)]) == 0
    with av.open(str(out)) as file:
        numbers = [
            read_number(np.frombuffer(memoryview(frame.planes[0]), np.uint8).reshape(576, frame.planes[0].line_size))[0]
            for frame in file.decode(video=0)
        ]  # fmt: skip
    with av.open(str(out)) as file:
        samples = sum(frame.samples for frame in file.decode(audio=0))
    assert numbers == list(range(5, 30)) and abs(samples - 48_000) < 1_100
    assert [path.name for path in tmp_path.iterdir()] == ["seen.mp4"]


def test_what_cannot_be_seen_is_refused_and_leaves_nothing(shelf: Path, tmp_path: Path) -> None:
    out = ["--for", "1", "--out", str(tmp_path / "x.y4m")]
    value = json.loads((shelf / "tv.json").read_text())
    plan = tmp_path / "tv.json"
    plan.write_text(json.dumps(value))
    (tmp_path / "opening.flac").write_bytes((shelf / "opening.flac").read_bytes())
    with pytest.raises(Refused, match="missing or damaged"):
        main([str(plan), *out])
    (tmp_path / "film.mkv").write_bytes((shelf / "film.mkv").read_bytes()[:5_000])
    with pytest.raises(Refused, match="missing or damaged"):
        main([str(plan), *out])
    with pytest.raises(Refused, match="missing or damaged"):
        main([str(shelf / "tv.json"), "--raster", "720p25", *out])
    settings = tmp_path / "station.toml"
    settings.write_text(
        '[station]\nid = "s"\nname_zh = "寿"\nname_en = "S"\narea = "340422000000"\nareas = "areas.csv"\n'
        '[[channels]]\nid = "tv1"\nchain = "radio"\nname_zh = "寿"\nname_en = "S"\narea = "340422000000"\nrundowns = "r"\n'
    )
    (tmp_path / "areas.csv").write_text("code,name,level\n340422000000,寿县,3\n", encoding="utf-8")
    (tmp_path / "r").mkdir()
    with pytest.raises(Refused, match="no television channel"):
        main([str(shelf / "tv.json"), "--settings", str(settings), *out])
    assert not list(tmp_path.glob("x.*"))


def test_settings_give_sign_clock_and_raster(shelf: Path, tmp_path: Path) -> None:
    settings = tmp_path / "station.toml"
    settings.write_text(
        '[station]\nid = "s"\nname_zh = "寿"\nname_en = "S"\narea = "340422000000"\nareas = "areas.csv"\n'
        '[[channels]]\nid = "tv1"\nchain = "tv"\nraster = "576p25"\nslack_ms = 120\nname_zh = "寿县"\nname_en = "S"\narea = "340422000000"\nrundowns = "r"\n'
    )
    (tmp_path / "areas.csv").write_text("code,name,level\n340422000000,寿县,3\n", encoding="utf-8")
    (tmp_path / "r").mkdir()
    words = [str(shelf / "tv.json"), "--for", "0.04", "--out", str(tmp_path / "x.y4m")]
    assert main(words) == 0
    (bare,) = y4m(tmp_path / "x.y4m")
    assert main([*words, "--settings", str(settings)]) == 0
    (signed,) = y4m(tmp_path / "x.y4m")
    film = film_frame(5)
    assert 0 < (bare != signed).sum() < size_of(RASTER) // 10 and (signed == film).mean() > 0.8


def test_films_jump_and_miss(shelf: Path) -> None:
    films = Films({"a": shelf / "film.mkv"})
    into = np.empty(size_of(RASTER), np.uint8)
    for number in (3, 4, 40, 2):
        films.picture("a", number, into)
        assert read_number(planes_of(into, RASTER)[0])[0] == number
    for sha256, number in (("a", 50), ("b", 0)):
        with pytest.raises(NotReady):
            films.picture(sha256, number, into)
    assert raster_of_file(shelf / "film.mkv") == RASTER and raster_of_file(shelf / "opening.flac") is None


def test_fifty_pictures_a_second_are_rendered_from_films_that_have_them(tmp_path: Path, capsys: Any) -> None:
    fast = RASTERS["720p50"]
    medium = stock_film(tmp_path, 100, raster=fast)
    held = attrs.evolve(medium, path=str(house_path(tmp_path, medium.sha256)))
    plan = plan_of([take("a", START // 960, 90, held, fast, offset=10 * 960)], [held])
    (tmp_path / "plan.json").write_text(json.dumps(to_plain(plan)), encoding="utf-8")
    for name in ("seen.y4m", "seen.mp4", "seen.ts"):
        words = ["--from", str(START + 1), "--for", "1", "--out", str(tmp_path / name)]
        assert main([str(tmp_path / "plan.json"), *words]) == 0
        assert f"48000 samples from {START + 960}" in capsys.readouterr().out
    frames = y4m(tmp_path / "seen.y4m", "50:1", "1:1")
    assert [read_number(planes_of(frame, fast)[0])[0] for frame in frames] == list(range(11, 61))
    with av.open(str(tmp_path / "seen.mp4")) as container:
        video = container.streams.video[0]
        assert (video.width, video.height, video.average_rate) == (1_280, 720, 50)
        read = [read_number(frame.to_ndarray(format="gray"))[0] for frame in container.decode(video)]
    assert read == list(range(11, 61))
    decoder, sent = Decoder(), TsReader().feed((tmp_path / "seen.ts").read_bytes())
    stamps = [pts for one in sent for pts, _ in decoder.grids(one)]
    assert stamps[0] == (START + 960) * 15 // 8 % (1 << 33)
    assert len(stamps) >= 49 and {b - a for a, b in pairwise(stamps)} == {1_800}
