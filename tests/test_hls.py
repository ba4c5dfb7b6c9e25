"""HLS as a foreign program reads it: the playlist, its segments, its window on disk, across the death of its encoder."""

import re
import subprocess
import time

import pytest
from radio_kit import Running, kill
from test_revival import ROLES, begin

from playout.encoder import sweep

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
