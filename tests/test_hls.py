"""HLS as a foreign program reads it: the playlist, its segments, its window on disk, across the death of its encoder."""

import re
import subprocess
import time
from itertools import pairwise

import attrs
import numpy as np
import pytest
from radio_kit import Ear, Running, kill, now_sample, plan_of, ramp, stock, take
from test_revival import ROLES, begin

from playout.encoder import sweep
from playout.link import SetPlan, StationHello, Status
from playout.preview import forget
from schedules.withdrawal import without

WINDOW, SPARE = (
    5,
    3,
)  # segments in the list; on disk besides: one just left, one kept for slow readers, one being written


def test_segments_no_playlist_names_are_swept_away_and_all_else_stays(tmp_path):
    for name in ("seg000000001.ts", "seg000000002.ts", "seg000000003.ts.tmp", "other.ts"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "index.m3u8").write_text("#EXTM3U\n#EXTINF:2.0,\nseg000000002.ts\n")
    sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"seg000000002.ts", "other.ts", "index.m3u8"}


@pytest.fixture
def player(tmp_path):
    running = Running(tmp_path / "home", 23_560, hls=True)
    yield running
    running.stop()


def listed(index):
    """(media sequence, names) of a playlist (RFC 8216, 4.3)."""
    text = index.read_text()
    return int(re.search(r"#EXT-X-MEDIA-SEQUENCE:(\d+)", text)[1]), re.findall(r"^seg.*$", text, re.MULTILINE)


def until(call, within):
    """Wait for what a real encoder does."""
    deadline = time.monotonic() + within
    while not call():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.peer
def test_the_window_slides_is_decoded_by_a_foreign_program_and_outlives_its_encoder(player):
    begin(player).close()
    folder = player.state / "hls" / "fm1"
    index = folder / "index.m3u8"
    until(lambda: index.exists() and listed(index)[0] >= 2, 40)
    first, names = listed(index)
    assert len(names) == WINDOW and len(list(folder.glob("seg*"))) <= WINDOW + SPARE
    words = [
        "ffprobe",
        "-v",
        "error",
        "-show_entries",
        "stream=codec_name,sample_rate,channels",
        "-of",
        "csv",
    ]
    said = subprocess.run([*words, index], capture_output=True, text=True, check=True).stdout
    assert "stream,aac,48000,2" in said
    for name in names[1:3]:  # the oldest may leave while we look
        raw = subprocess.run(
            ["ffmpeg", "-v", "error", "-xerror", "-i", folder / name, "-f", "s16le", "-"],
            capture_output=True, check=True,
        ).stdout  # fmt: skip
        assert abs(len(raw) // 4 - 2 * 48_000) <= 1_024 and any(raw)
    kill(player.children()[ROLES.index("hls")])
    last = first + WINDOW
    until(lambda: listed(index)[0] >= last, 40)
    after, names = listed(index)
    assert after > first and len(names) <= WINDOW and len(list(folder.glob("seg*"))) <= WINDOW + SPARE
    assert "stream,aac,48000,2" in subprocess.run(
        [*words, index], capture_output=True, text=True, check=True
    ).stdout  # fmt: skip


def test_a_preview_forgets_its_segments_and_its_list_goes_on_counting(tmp_path):
    forget(tmp_path)
    assert list(tmp_path.iterdir()) == []
    lines = "".join(f"#EXTINF:2.0,\nseg{n:09d}.ts\n" for n in (7, 8))
    (tmp_path / "index.m3u8").write_text(f"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:7\n{lines}")
    for name in ("seg000000007.ts", "seg000000008.ts", "seg000000009.ts.tmp", "other.ts"):
        (tmp_path / name).write_bytes(b"x")
    forget(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"other.ts", "index.m3u8"}
    assert listed(tmp_path / "index.m3u8") == (10, [])


@pytest.mark.slow
def test_what_is_withdrawn_is_off_the_air_within_a_second_and_in_no_preview(player):
    bad, rest = stock(player.media, ramp(5, 48_000 * 60)), stock(player.media, ramp(9_000, 48_000 * 60))
    player.start()
    link, ear = player.link(), Ear(player.port + 102)
    link.send(StationHello())
    link.until(lambda m: isinstance(m, Status), 15)
    start = now_sample() // 480 * 480
    plan = plan_of([take("bad", start, bad)], [bad, rest], filler=(rest.sha256,), loop=rest.sha256)
    link.send(SetPlan(channel="fm1", plan=plan))
    link.until(lambda m: isinstance(m, Status) and m.plan_revision == 1 and m.rung == "file", 10)
    folder = player.state / "hls" / "fm1"
    index = folder / "index.m3u8"
    until(lambda: index.exists() and len(listed(index)[1]) >= 2, 20)
    held = {path.name: path.stat().st_ino for path in folder.glob("seg*")}
    count = listed(index)[0] + len(listed(index)[1])
    ear.clear()
    asked = time.monotonic()
    link.send(SetPlan(channel="fm1", plan=attrs.evolve(without(plan, {bad.sha256}), revision=2)))
    ear.listen(2.0)
    places = [(stamp - start) % (1 << 32) for _, stamp, _, _, _ in ear.packets]
    own = (ramp(5, 48_000 * 60) >> 8).astype(np.int16)
    heard = [
        np.array_equal(p[3], own[at : at + len(p[3])]) for p, at in zip(ear.packets, places, strict=True)
    ]
    changed = ear.packets[heard.index(False)][4] - asked
    assert heard[0] and not any(heard[heard.index(False) :])
    assert {(b[0] - a[0]) % 65_536 for a, b in pairwise(ear.packets)} == {1}
    assert changed < 1.0, f"{changed:.2f} s"
    assert not {path.name for path in folder.glob("seg*") if held.get(path.name) == path.stat().st_ino}
    until(lambda: listed(index)[1], 10)
    assert listed(index)[0] >= count
    link.close()
    ear.close()
