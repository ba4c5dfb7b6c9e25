"""Television in real processes on loopback: frames on their index, an alert on its frame, the ladder, killed children."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from itertools import dropwhile, pairwise
from pathlib import Path

import attrs
import av
import numpy as np
import pytest
from radio_kit import Ear, kill, pid_alive, stock
from tv_kit import RASTER, RunningTv, Viewer, frame_of, now_frame, plan_of, read_number, stock_film, take

from playout.coded import code_film
from playout.facts import house_path
from playout.link import Preload, Ready, SetOverlays, SetPlan, StationHello, Status
from playout.render_tool import main as render_main
from schedules.captions import Caption
from schedules.plan import Overlay
from schedules.raster import FRAME, RASTERS
from station.wire import to_plain

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.slow
CAPTION = Caption(
    form="slate", title="山洪灾害红色预警", text="请沿指定路线转移。" * 12, level=1, areas=("寿春镇",)
)


def playing(player, takes, media, **more):
    """Start a player with a plan; its link, once the plan is on air."""
    player.start()
    link = player.link()
    link.send(StationHello())
    link.send(SetPlan(channel="tv1", plan=plan_of(takes, media, **more)))
    link.until(lambda m: isinstance(m, Status) and m.plan_revision == 1, 8)
    return link


def by_frame(viewer):
    """Absolute frame → (number read, ground, key frame)."""
    near = now_frame()
    return {frame_of(pts, near): (number, ground, key) for pts, number, ground, _, key in viewer.seen}


def test_every_frame_is_the_one_due_and_groups_begin_on_whole_seconds(tmp_path):
    player = RunningTv(tmp_path / "s", 24400)
    a, b = stock_film(player.media, 250, 90), stock_film(player.media, 250, 150)
    k = now_frame() + 60
    try:
        playing(player, [take("a", k - 50, 110, a), take("b", k + 60, 250, b)], [a, b])
        viewer = Viewer(24504)
        viewer.until(k + 150)
        measured = subprocess.run(
            [sys.executable, str(ROOT / "bench" / "pcr.py"), "127.0.0.1:24506", "2"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        viewer.close()
    finally:
        player.stop()
    seen = by_frame(viewer)
    frames = sorted(f for f in seen if k <= f < k + 300)
    assert len(frames) > 80 and all(y - x == 1 for x, y in pairwise(frames))
    for f in frames:
        assert seen[f][:2] == ((f - k + 50, 90) if f < k + 60 else (f - k - 60, 150)), f - k
        assert seen[f][2] == (f % 25 == 0)
    assert measured.returncode == 0, measured.stdout


@pytest.mark.parametrize("mode", ["replace", "duck"])
def test_an_alert_is_seen_from_its_first_frame_on_and_begins_a_group(tmp_path, mode):
    port = 24420 if mode == "replace" else 24440
    splice = mode == "duck"
    player = RunningTv(tmp_path / "s", port, splice=splice)
    film = stock_film(player.media, 500, 150)
    if splice:
        code_film(house_path(player.media, film.sha256), film.sha256, RASTER)
    speech = stock(player.media, np.full((48_000, 2), 5 << 16, np.int32))
    k = now_frame()
    try:
        link = playing(player, [take("a", k, 500, film)], [film])
        link.send(Preload(media=(speech,)))
        link.until(lambda m: isinstance(m, Ready))
        viewer = Viewer(port + 104, keep=True)
        viewer.until(k + 60)
        viewer.until(min(f for f in by_frame(viewer)) + 30)
        first = now_frame() + 8
        while first % 25 == 0 or (first - k) % 25 in (0, 1):
            first += 1
        start = first * FRAME - 700  # within the frame before
        over = Overlay(
            id="x/tv1", mode=mode, start=start, end=start + 40 * FRAME, priority=1, approval="alert:x",
            sequence=(speech.sha256,), caption=attrs.evolve(CAPTION, form="crawl" if mode == "duck" else "slate"),
        )  # fmt: skip
        link.send(SetOverlays(channel="tv1", revision=1, overlays=(over,), media=(speech,)))
        viewer.until(first + 70)
        viewer.close()
    finally:
        player.stop()
    assert viewer.seen, viewer.troubles
    seen, near = by_frame(viewer), now_frame()
    lumas = {frame_of(pts, near): luma for pts, luma in viewer.lumas.items()}
    band = slice(500, 540)  # where the crawl is
    tuned = max(first - 40, min(lumas) + 25)  # a receiver's first pictures may lack what they refer to
    assert tuned < first
    changed = [f for f in sorted(lumas) if f > tuned and abs(int(lumas[f][band, 40:160].mean()) - 150) > 10]
    assert changed and changed[0] == first
    assert seen[first][2]  # an IDR of its own
    assert changed == list(range(first, changed[-1] + 1)) and changed[-1] + 1 == first + 40
    assert seen[first + 45][0] == first + 45 - k  # the programme is rejoined as if untouched
    assert (seen[first + 5][0] == first + 5 - k) == (mode == "duck")
    if splice:  # the film's own groups before, whole seconds from the alert on, and its own again from its next one on
        back = k - (k - first - 40) // 25 * 25
        keys = {f for f in seen if seen[f][2] and k + 40 < f < first + 68}
        taken = min(f for f in keys if (f - k) % 25 == 0)  # before it the film was not taken over yet
        assert taken < first
        keys = {f for f in keys if f >= taken}
        own = {f for f in seen if (f - k) % 25 == 0 and (f < first or f >= back)}
        whole = {f for f in seen if first <= f < back and f % 25 == 0}
        assert keys == {f for f in own | whole | {first} if taken <= f < first + 68}


def test_a_film_that_breaks_off_falls_to_filler_and_a_missing_one_never_shows_black(tmp_path):
    player = RunningTv(tmp_path / "s", 24460)
    good, filler = stock_film(player.media, 60, 150), stock_film(player.media, 100, 60)
    broken = stock_film(player.media, 250, 200)
    path = next(player.media.rglob(f"{broken.sha256}.mkv"))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    k = now_frame() + 30
    try:
        link = playing(
            player, [take("a", k - 30, 60, good), take("b", k + 30, 250, broken)],
            [good, broken, filler], filler=(filler.sha256,),
        )  # fmt: skip
        viewer = Viewer(24564)
        told = link.until(lambda m: isinstance(m, Status) and m.rung == "filler", 9)
        viewer.until(told.head // FRAME + 60)
        viewer.close()
    finally:
        player.stop()
    seen = by_frame(viewer)
    late = [f for f in sorted(seen) if f > told.head // FRAME + 15]
    assert len(late) > 20
    assert all(seen[f][:2] == (f % 100, 60) for f in late)
    grounds = {seen[f][1] for f in seen if f > k}
    assert 16 not in grounds  # never black


@pytest.mark.parametrize(("role", "gone"), [("film", 0.0), ("picture", 1.0), ("ts", 1.0), ("mixer", 1.0)])
def test_a_killed_child_is_back_within_a_second(tmp_path, role, gone):
    port = {"film": 24480, "picture": 24500, "ts": 24520, "mixer": 24540}[role]
    player = RunningTv(tmp_path / "s", port)
    film = stock_film(player.media, 600, 150)
    k = now_frame()
    try:
        playing(player, [take("a", k, 600, film)], [film])
        viewer = Viewer(port + 104)
        viewer.until(k + 60)
        # five decoders, mixer, loader, sender, four film decoders, picture process, encoder: in this order
        order = sorted(player.children())
        victims = {"mixer": order[5:6], "film": order[8:12], "picture": order[12:13], "ts": order[13:14]}[
            role
        ]
        before = now_frame()
        for pid in victims:
            kill(pid)
        viewer.until(before + 75)
        assert not any(pid_alive(pid) for pid in victims) and len(player.children()) == len(order)
        viewer.close()
    finally:
        player.stop()
    seen = by_frame(viewer)
    assert seen, viewer.troubles
    wrong = [f for f in range(before, max(seen)) if f not in seen or seen[f][:2] != (f - k, 150)]
    assert len(wrong) <= 25 * gone, (len(wrong), wrong[:5])
    assert max(seen) > before + 50


def test_children_of_television_die_with_the_player(tmp_path):
    player = RunningTv(tmp_path / "s", 24560)
    film = stock_film(player.media, 100, 150)
    playing(player, [take("a", now_frame(), 100, film)], [film])
    children = player.children()
    os.kill(player.process.pid, 9)
    player.process.wait(5)
    deadline = time.monotonic() + 3
    while any(map(pid_alive, children)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(children) >= 13 and not any(map(pid_alive, children))


@pytest.mark.peer
def test_ffprobe_reads_the_transport_stream_without_a_complaint(tmp_path):
    player = RunningTv(tmp_path / "s", 24580)
    film = stock_film(player.media, 400, 150)
    caught = tmp_path / "caught.ts"
    try:
        playing(player, [take("a", now_frame(), 400, film)], [film])
        time.sleep(1)

        ear = Ear(24684)
        data, until = [], time.monotonic() + 4
        while time.monotonic() < until:
            data.append(ear.socket.recv(2048))
        ear.close()
        caught.write_bytes(b"".join(data))
    finally:
        player.stop()
    whole = caught.read_bytes()
    first = whole.find(b"\0\0\0\1\x67")  # begin with a sequence parameter set, as any tuner would
    assert first > 0
    probe = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name,width,height,r_frame_rate", "-of", "csv=p=0", caught],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "h264,720,576,25/1" in probe.stdout and "mp2" in probe.stdout


def captured(port: int, until: float) -> bytes:
    """The datagrams of a transport stream that come until then."""
    ear, data = Ear(port), []
    while time.monotonic() < until:
        data.append(ear.socket.recv(2048))
    ear.close()
    return b"".join(data)


def _pictures(container):
    """Packets of pictures from the first group that is whole on."""
    return dropwhile(lambda packet: not packet.is_keyframe, container.demux(container.streams.video[0]))


def without_tables(path: Path) -> None:
    """Take EIT out of a stream: PyAV gives up where a stream turns up late."""
    data = path.read_bytes()
    packets = [data[at : at + 188] for at in range(0, len(data), 188)]
    path.write_bytes(b"".join(one for one in packets if (one[1] & 31) << 8 | one[2] != 0x12))


def units(path: Path) -> dict[int, bytes]:
    """Time stamp → coded picture."""
    with av.open(str(path)) as container:
        return {packet.pts: bytes(packet) for packet in _pictures(container) if packet.pts is not None}


def test_fifty_pictures_a_second_are_sent_as_rendered_with_an_alert_on_its_frame(tmp_path):
    """About twelve seconds: the alert comes when the player has been on the air for some, its children all at rest."""
    fast = RASTERS["720p50"]
    player = RunningTv(tmp_path / "s", 20900, raster=fast.name)
    film = stock_film(player.media, 100, 150, raster=fast)
    film = attrs.evolve(film, path=str(house_path(player.media, film.sha256)))
    speech = stock(player.media, np.full((48_000, 2), 5 << 16, np.int32))
    k = now_frame(fast)
    takes = [take(f"t{n}", k + 100 * n, 100, film, fast) for n in range(24)]
    try:
        link = playing(player, takes, [film])
        link.send(Preload(media=(speech,)))
        link.until(lambda m: isinstance(m, Ready))
        first = now_frame(fast) + 220
        first += first % 50 == 0
        over = Overlay(
            id="x/tv1", mode="duck", start=first * 960 - 700, end=(first + 61) * 960, priority=1, approval="alert:x",
            sequence=(speech.sha256,), caption=attrs.evolve(CAPTION, form="crawl"),
        )  # fmt: skip
        orders = SetOverlays(channel="tv1", revision=1, overlays=(over,), media=(speech,))
        link.send(orders)
        got = captured(21004, time.monotonic() + 6.3)
    finally:
        player.stop()
    (tmp_path / "got.ts").write_bytes(got)
    (tmp_path / "plan.json").write_text(json.dumps(to_plain(plan_of(takes, [film]))))
    (tmp_path / "over.json").write_text(json.dumps(to_plain(orders)))
    begin = (first - 40) // 50 * 50
    words = [
        "--overlays",
        tmp_path / "over.json",
        "--settings",
        player.home / "station.toml",
        "--media",
        player.media,
    ]
    words += ["--from", begin * 960, "--for", 3, "--out", tmp_path / "made.ts"]
    assert render_main([str(tmp_path / "plan.json"), *map(str, words)]) == 0
    for name in ("got.ts", "made.ts"):
        without_tables(tmp_path / name)
    sent, made = units(tmp_path / "got.ts"), units(tmp_path / "made.ts")
    both = {frame_of(pts, first, fast): pts for pts in sent.keys() & made.keys()}
    del both[max(both)]  # the last one may have come in part
    assert set(range(first - 10, first + 61)) <= both.keys()
    assert [f for f, pts in both.items() if sent[pts] != made[pts] and f >= begin] == []
    with av.open(str(tmp_path / "got.ts")) as container:
        video = container.streams.video[0]
        assert (video.average_rate, video.codec_context.height, video.profile) == (
            50,
            720,
            "Constrained Baseline",
        )
        shown = {
            frame_of(f.pts, first, fast): (bool(f.key_frame), f.to_ndarray(format="gray"))
            for packet in _pictures(container)
            for f in packet.decode()
        }
    shown = {f: seen for f, seen in shown.items() if begin <= f < max(shown)}  # from a whole group on
    band = slice(620, 670)
    changed = [f for f, (_, luma) in shown.items() if abs(float(luma[band, 60:200].mean()) - 150) > 8]
    assert min(changed) == first and shown[first][0] and changed == list(range(first, first + 61))
    assert all(read_number(luma)[0] == (f - k) % 100 for f, (_, luma) in shown.items())
    assert [f - first for f in shown if shown[f][0] != (f % 50 == 0)] == [0]
