"""A whole player over real processes and sockets: joins, crashes, files that are not there, the link."""

import os
import socket
import struct
import subprocess
import time
from itertools import pairwise

import numpy as np
import pytest
from radio_kit import Ear, Running, kill, now_sample, pid_alive, plan_of, ramp, stock, take

from playout.facts import house_path
from playout.link import (
    AsRun,
    AsRunAck,
    AsRunSince,
    NotUnderstood,
    PlayerHello,
    Preload,
    Ready,
    Rendered,
    SetOverlays,
    SetPlan,
    StationHello,
    Status,
    Stop,
    What,
)  # fmt: skip
from schedules.aftermath import Rule, broken
from schedules.edits import Edit, edited
from schedules.plan import Medium, Overlay
from schedules.replacing import standing_in
from schedules.rundown import Item
from station.netstring import pack

pytestmark = pytest.mark.slow
PORTS = iter(range(23400, 23990, 20))


@pytest.fixture
def player(tmp_path):
    running = Running(tmp_path / "home", next(PORTS))
    yield running
    running.stop()


def on_air(player, pieces, revision=1, **more):
    """Start the player with takes of these pieces one after the other, the first already running; (link, takes)."""
    media = [stock(player.media, piece, f"piece {k}") for k, piece in enumerate(pieces)]
    if player.process is None:
        player.start()
    link = player.link()
    link.send(StationHello())
    link.until(
        lambda m: isinstance(m, Status)
    )  # it is on the air: its start takes its time on a busy machine
    start = now_sample() // 480 * 480 - 4_800
    takes = []
    for k, medium in enumerate(media):
        takes.append(take(f"item{k}", start, medium))
        start += medium.samples
    link.send(SetPlan(channel="fm1", plan=plan_of(takes, [*media, *more.pop("shelf", [])], revision, **more)))
    link.until(lambda m: isinstance(m, Status) and m.plan_revision == revision and m.rung == "file")
    time.sleep(0.4)  # what was rendered before the plan came is on its way for the sender's slack
    return link, takes


def heard_from(ear, takes, pieces):
    """(wrong samples, packets missing, packets marked degraded) among what was received while these takes were due."""
    wanted = np.concatenate(pieces) >> 8
    base = takes[0].start
    wrong, degraded, stamps = 0, 0, []
    for _, stamp, marked, pcm, _ in ear.packets:
        at = (stamp - base) % (1 << 32)
        if at + len(pcm) > len(wanted):
            continue
        stamps.append(at)
        degraded += marked
        wrong += int((pcm != wanted[at : at + len(pcm)]).any(axis=1).sum())
    missing = sum((b - a) // 240 - 1 for a, b in pairwise(stamps))
    return wrong, missing, degraded


def test_takes_of_odd_lengths_meet_without_a_sample_too_many_or_too_few(player):
    rng = np.random.default_rng(3)
    lengths = [70_001, 4_799, 1, 33_333, 241, 48_007, 96_000]
    pieces = [rng.integers(-30_000, 30_000, (n, 2)).astype(np.int32) << 8 for n in lengths]
    ear = Ear(player.port + 102)
    link, takes = on_air(player, pieces)
    ear.clear()
    ear.listen(3.5)
    assert heard_from(ear, takes, pieces) == (0, 0, 0)
    assert {(b[0] - a[0]) % 65_536 for a, b in pairwise(ear.packets)} == {1}
    link.close()
    ear.close()


def test_any_child_may_be_killed_and_only_its_own_work_is_touched(player):
    pieces = [ramp(5, 48_000 * 12)]
    ear = Ear(player.port + 102)
    link, takes = on_air(player, pieces)
    before = player.children()
    ear.clear()
    ear.listen(0.3)
    for pid in before:
        kill(pid)
        ear.listen(0.5)
        assert not pid_alive(pid)
    ear.listen(0.5)
    after = player.children()
    assert len(after) == len(before) and not set(after) & set(before)
    wrong, missing, degraded = heard_from(ear, takes, pieces)
    assert (wrong, degraded) == (0, 0)
    assert missing < 400  # 2 s in all, the mixer's and the sender's deaths together
    gaps = [b[4] - a[4] for a, b in pairwise(ear.packets)]
    assert max(gaps) < 1.0
    link.close()
    ear.close()


def test_a_player_killed_takes_its_children_along_and_carries_on_alone_from_disk(player):
    pieces = [ramp(9, 48_000 * 20)]
    ear = Ear(player.port + 102)
    link, takes = on_air(player, pieces)
    start = now_sample() + 24_000
    alert = stock(player.media, np.full((48_000, 2), 3_000 << 8))
    over = Overlay(
        id="a1", mode="replace", start=start, end=start + 480_000, priority=9, approval="alert:a1",
        sequence=(alert.sha256,),
    )  # fmt: skip
    link.send(SetOverlays(channel="fm1", revision=3, overlays=(over,), media=(alert,)))
    link.until(lambda m: isinstance(m, Rendered))
    ear.listen(1)
    link.close()
    children = player.children()
    kill(player.process.pid)
    player.process.wait()
    time.sleep(0.2)
    assert not any(map(pid_alive, children))
    ear.clear()
    player.start()
    ear.listen(10, stop=lambda: bool(ear.packets))
    assert ear.packets  # how soon is measured by test_revival
    ear.listen(1)
    assert all((pcm == 3_000).all() for _, _, _, pcm, _ in ear.packets)
    link = player.link()
    link.send(AsRunSince())
    entries = link.until(lambda m: isinstance(m, AsRun)).entries
    said = [(e.what, e.ref) for e in entries if e.ref.startswith(("a1", "item"))]
    assert said[-4:] == [("end", takes[0].id), ("start", "a1"), ("gap", "a1"), ("start", "a1")]
    gap, again = entries[-2], entries[-1]
    assert gap.cause == "player restarted" and gap.run != entries[0].run
    assert 0 < again.index - gap.index < 48_000 * 4
    link.close()
    ear.close()


def test_what_is_damaged_stalled_or_missing_goes_down_the_ladder_step_by_step_and_each_is_named(player):
    """In one day: a damaged file without a copy, one whose disk stalls and has a copy, one whose class has a replacement, one that is nowhere."""
    filler = stock(player.media, ramp(100, 48_000 * 3) | 256, "filler")
    gone = stock(player.media, ramp(1, 48_000 * 4))
    lost, instead = (stock(player.media, ramp(at, 48_000)) for at in (70, 9_000))
    for one in (gone, lost):
        (player.media / one.sha256[:2] / f"{one.sha256}.flac").unlink()
    item = Item(id="lost", line=1, start="", mode="follow", title="lost", media="lost.flac", category="news")
    listed = standing_in(item, lost, None, lost.samples, [instead], {})
    pieces = [ramp(0, 48_000 * 4) ^ 9, ramp(500, 48_000 * 2)]
    first, stalled = (stock(player.media, piece) for piece in pieces)
    path = house_path(player.media, first.sha256)
    path.write_bytes(damaged(path.read_bytes()))
    path = house_path(player.media, stalled.sha256)
    (player.copy / path.parent.name).mkdir(parents=True)
    path.rename(player.copy / path.relative_to(player.media))
    os.mkfifo(path)
    player.start()
    ear = Ear(player.port + 102)
    link = player.link()
    link.until(lambda m: isinstance(m, Status), 15)
    start = now_sample() // 480 * 480
    takes = [
        take("torn", start, first),
        take("stalled", start + first.samples, stalled),
        take("lost", start + 48_000 * 6, lost, replacement=listed),
        take("gone", start + 48_000 * 7, gone),
    ]
    media = [first, stalled, lost, instead, gone, filler]
    link.send(SetPlan(channel="fm1", plan=plan_of(takes, media, filler=(filler.sha256,))))
    copied = link.until(lambda m: isinstance(m, Status) and m.take == takes[1].id)
    assert copied.rung == "copy" and "second copy" in copied.cause
    covered = link.until(lambda m: isinstance(m, Status) and m.take == takes[2].id and m.rung != "file")
    assert covered.rung == "replacement"
    fallen = link.until(lambda m: isinstance(m, Status) and m.take == takes[3].id and m.rung != "file")
    assert fallen.rung == "filler" and "not ready" in fallen.cause
    ear.listen(1)
    during = [p for p in ear.packets if (p[1] - takes[3].start) % (1 << 32) < gone.samples]
    assert during and all(marked and pcm.any() for _, _, marked, pcm, _ in during)
    link.send(AsRunSince())
    entries = link.until(lambda m: isinstance(m, AsRun)).entries
    line = [e for e in entries if e.ref == takes[2].id and e.what == "start"][-1]
    assert (line.rung, line.approval) == ("replacement", "standing:replacement:news")
    line = [e for e in entries if e.ref == takes[3].id and e.what == "start"][-1]
    assert (line.rung, line.approval) == ("filler", "standing:filler") and "not ready" in line.cause
    hole = [e for e in entries if e.rung == "mended"]
    assert [e.what for e in hole] == ["start", "end"] and {e.approval for e in hole} == {takes[0].approval}
    a, b = (e.index - start for e in hole)
    assert 96_000 < a < b < 192_000 and f"{b - a} samples" in hole[0].cause
    pieces[0][a:b] = 0
    for _, stamp, marked, pcm, _ in ear.packets:
        at = (stamp - start) % (1 << 32)
        if 48_000 * 6 <= at < 48_000 * 7:
            assert marked and (pcm == ramp(9_000 + at - 48_000 * 6, 240) >> 8).all()
        if 48_000 <= at < 192_000 + stalled.samples:  # from when the plan was taken over
            due = np.concatenate(pieces)[at : at + 240] >> 8
            assert (pcm == due).all() and marked == (at + 240 > a and at < b), (at, a, b)
    link.close()
    ear.close()


def damaged(data):
    """A file with noise in the last quarter of its bytes."""
    at = len(data) * 3 // 4
    return data[:at] + bytes(np.random.default_rng(1).integers(0, 256, 200, np.uint8)) + data[at + 200 :]


def test_a_file_deleted_while_it_plays_is_heard_to_its_end(player):
    pieces = [ramp(2, 48_000 * 8)]
    ear = Ear(player.port + 102)
    link, takes = on_air(player, pieces)
    (player.media / takes[0].media[:2] / f"{takes[0].media}.flac").unlink()
    ear.clear()
    ear.listen(6)
    assert heard_from(ear, takes, pieces) == (0, 0, 0)
    link.close()
    ear.close()


def test_without_any_plan_a_tone_sounds_under_its_standing_approval(player):
    ear = Ear(player.port + 102)
    player.start()
    link = player.link()
    link.until(lambda m: isinstance(m, Status) and m.rung == "tone")
    ear.listen(0.5)
    assert len(ear.packets) > 60
    assert all(pcm.any() and marked for _, _, marked, pcm, _ in ear.packets)
    link.send(AsRunSince())
    first = link.until(lambda m: isinstance(m, AsRun)).entries[0]
    assert (first.what, first.rung, first.approval) == ("start", "tone", "standing:tone")
    link.close()
    ear.close()


def test_a_channel_may_be_rendered_as_long_ahead_as_settings_allow(tmp_path):
    running = Running(tmp_path / "home", next(PORTS))
    path = running.home / "station.toml"
    path.write_text(path.read_text().replace("hls = ", "slack_ms = 5000\nhls = "))
    try:
        running.start()
        link = running.link()
        link.send(StationHello())
        link.until(lambda m: isinstance(m, Status))
        ear = Ear(running.port + 102)
        ear.listen(1.5)
        ear.close()
    finally:
        running.stop()
    assert len(ear.packets) > 200
    assert all((b[1] - a[1]) % (1 << 32) == 240 for a, b in pairwise(ear.packets))


def test_an_overlay_covers_from_its_first_sample_to_its_last_and_the_plan_goes_on_in_progress(player):
    pieces = [ramp(3, 48_000 * 8)]
    ear = Ear(player.port + 102)
    link, takes = on_air(player, pieces)
    alert = stock(player.media, np.full((9_001, 2), -4_000 << 8))
    link.send(Preload(media=(alert,)))
    assert link.until(lambda m: isinstance(m, Ready)).media == (alert.sha256,)
    start = now_sample() + 24_007
    over = Overlay(
        id="a", mode="replace", start=start, end=start + 30_011, priority=1, approval="alert:a",
        sequence=(alert.sha256,),
    )  # fmt: skip
    ear.clear()
    link.send(SetOverlays(channel="fm1", revision=2, overlays=(over,), media=(alert,)))
    said = link.until(lambda m: isinstance(m, Rendered))
    assert said.overlay == "a" and said.head <= start < said.head + 480
    ear.listen(1.7)
    wanted = (np.concatenate(pieces) >> 8).astype(np.int16)
    for _, stamp, _, pcm, _ in ear.packets:
        at = np.arange(len(pcm)) + (stamp - takes[0].start) % (1 << 32)
        inside = (at >= start - takes[0].start) & (at < start - takes[0].start + 30_011)
        assert np.array_equal(pcm, np.where(inside[:, np.newaxis], -4_000, wanted[at]))
    link.close()
    ear.close()


def test_what_an_alert_broke_off_goes_on_at_the_sample_of_its_end_where_it_was_cut(player):
    """Some 5 s."""
    pieces = [ramp(3, 48_000 * 8), ramp(40_000, 48_000 * 6)]
    ear = Ear(player.port + 102)
    link, takes = on_air(player, pieces)
    alert = stock(player.media, np.full((9_001, 2), -31_000 << 8))
    start = now_sample() + 24_007
    end = start + 192_011
    over = Overlay(
        id="a", mode="replace", start=start, end=end, priority=1, approval="alert:a", sequence=(alert.sha256,)
    )
    ear.clear()
    link.send(SetOverlays(channel="fm1", revision=2, overlays=(over,), media=(alert,)))
    link.until(lambda m: isinstance(m, Rendered))
    media = [Medium(sha256=one.media, samples=one.end - one.start) for one in takes]
    plan = plan_of(takes, media, 2)
    found = broken(plan.takes, start, end, lambda _: Rule(then="resume", longest=1 << 30))
    edit = Edit(verb="resume", at=end, lies=found.lies, until=found.until, was=found.was, ends=found.take.end)
    link.send(SetPlan(channel="fm1", plan=edited(plan, [edit], 1, {})))
    link.until(lambda m: isinstance(m, Status) and m.plan_revision == 2)
    ear.listen((end - now_sample()) / 48_000 + 0.7)
    programme = (np.concatenate(pieces) >> 8).astype(np.int16)
    after = 0
    for _, stamp, marked, pcm, _ in ear.packets:
        at = np.arange(len(pcm)) + (stamp - takes[0].start) % (1 << 32)
        covered = ((at >= start - takes[0].start) & (at < end - takes[0].start))[:, np.newaxis]
        goes_on = at - np.where(at < end - takes[0].start, 0, end - start)
        assert not marked and np.array_equal(pcm, np.where(covered, -31_000, programme[goes_on]))
        after += int((at >= end - takes[0].start).sum())
    assert after > 9_600
    link.close()
    ear.close()


def test_a_late_overlay_begins_at_the_head_and_in_phase_and_a_lower_revision_is_passed_over(player):
    pieces = [ramp(3, 48_000 * 8)]
    link, _ = on_air(player, pieces)
    alert = stock(player.media, np.full((9_001, 2), 77 << 8))
    start = now_sample() - 48_000
    over = Overlay(
        id="late", mode="replace", start=start, end=start + 480_000, priority=1, approval="alert:l",
        sequence=(alert.sha256,),
    )  # fmt: skip
    link.send(SetOverlays(channel="fm1", revision=5, overlays=(over,), media=(alert,)))
    said = link.until(lambda m: isinstance(m, Rendered))
    assert said.head > start
    link.send(SetOverlays(channel="fm1", revision=4, overlays=(), media=()))
    link.send(What())
    status = link.until(lambda m: isinstance(m, Status) and m.overlay_revision > 0)
    assert (status.overlay_revision, status.overlay) == (5, "late")
    link.send(SetOverlays(channel="fm1", revision=6, overlays=(), media=()))
    assert link.until(lambda m: isinstance(m, Status) and m.overlay_revision == 6).overlay == ""
    link.close()


def test_an_overlay_without_its_audio_waits_is_reported_and_marked_and_does_not_touch_the_programme(player):
    pieces = [ramp(3, 48_000 * 6)]
    ear = Ear(player.port + 102)
    link, takes = on_air(player, pieces)
    alert = stock(player.media, np.full((9_001, 2), 77 << 8))
    path = player.media / alert.sha256[:2] / f"{alert.sha256}.flac"
    path.unlink()
    over = Overlay(
        id="u", mode="replace", start=now_sample(), end=now_sample() + 480_000, priority=1,
        approval="alert:u", sequence=(alert.sha256,),
    )  # fmt: skip
    ear.clear()
    link.send(SetOverlays(channel="fm1", revision=5, overlays=(over,), media=(alert,)))
    status = link.until(lambda m: isinstance(m, Status) and m.overlay_revision == 5)
    assert (status.unready, status.overlay) == ((alert.sha256,), "")
    ear.listen(1)
    wrong, missing, marked = heard_from(ear, takes, pieces)
    assert (wrong, missing) == (0, 0)
    assert marked > 100, "of two players' copies the one with the alert is to be taken"
    link.close()
    ear.close()


def test_as_run_lines_reach_the_station_once_however_often_it_reconnects(player):
    pieces = [ramp(k, 9_600 + k) for k in range(12)]
    link, takes = on_air(player, pieces)
    seen = []
    place = (None, 0)
    for _ in range(4):
        link.send(AsRunSince(run=place[0], seq=place[1]))
        deadline = time.monotonic() + 0.8
        while time.monotonic() < deadline:
            try:
                entries = link.until(lambda m: isinstance(m, AsRun), 0.3).entries
            except AssertionError:
                continue
            seen += entries
            place = (entries[-1].run, entries[-1].seq)
            link.send(AsRunAck(run=place[0], seq=place[1]))
        link.close()
        link = player.link()
    assert [e.seq for e in seen] == list(range(1, len(seen) + 1))
    edges = [(e.what, e.ref, e.index) for e in seen if e.ref.startswith("item")]
    for before, after in pairwise(takes[4:10]):
        assert ("end", before.id, after.start) in edges and ("start", after.id, after.start) in edges
    link.close()


def test_nonsense_is_answered_and_a_second_station_replaces_the_first(player):
    player.start()
    first = player.link()
    first.until(lambda m: isinstance(m, PlayerHello))
    first.socket.sendall(pack({"type": "dance"}) + pack({"type": "plan", "channel": "fm1"}) + pack([1]))
    assert "dance" in first.until(lambda m: isinstance(m, NotUnderstood)).text["en"]
    assert "plan" in first.until(lambda m: isinstance(m, NotUnderstood)).text["en"]
    first.until(lambda m: isinstance(m, NotUnderstood))
    second = player.link()
    second.until(lambda m: isinstance(m, PlayerHello))
    first.socket.settimeout(2)
    while first.socket.recv(1 << 16):
        pass
    second.send(Stop())
    children = player.children()
    assert player.process.wait(5) == 0
    assert not any(map(pid_alive, children))


def test_alert_streams_are_idle_until_an_overlay_lies_over_them(tmp_path):
    player = Running(tmp_path / "home", next(PORTS), chain="alerts")
    group, port = f"239.192.{player.port // 256 % 256}.1", player.port + 202
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ear.bind((group, port))
    member = struct.pack("4s4s", socket.inet_aton(group), socket.inet_aton("127.0.0.1"))
    ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    alert = stock(player.media, np.full((4_800, 2), 1_234 << 8))
    player.start()
    try:
        link = player.link()
        link.until(lambda m: isinstance(m, Status) and m.channel == "alerts-1")
        ear.settimeout(0.5)
        with pytest.raises(TimeoutError):
            ear.recv(2048)
        start = now_sample() + 9_600
        over = Overlay(
            id="a", mode="replace", start=start, end=start + 24_000, priority=1, approval="alert:a",
            sequence=(alert.sha256,),
        )  # fmt: skip
        link.send(SetOverlays(channel="alerts-1", revision=1, overlays=(over,), media=(alert,)))
        ear.settimeout(2)
        first = ear.recv(2048)
        assert first[1] == 0x80 | 96  # the marker begins a burst (RFC 3551, 4.1)
        packets = [first, *(ear.recv(2048) for _ in range(4))]
        assert any(np.frombuffer(p[-4:], dtype=">i2").tolist() == [1_234, 1_234] for p in packets)
        link.close()
    finally:
        player.stop()
        ear.close()


@pytest.mark.peer
def test_the_transport_stream_is_read_by_a_foreign_program_and_its_clock_is_dense(player, tmp_path):
    link, _ = on_air(player, [ramp(4, 48_000 * 9)])
    sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sink.bind(("127.0.0.1", player.port + 104))
    sink.settimeout(3)
    data = bytearray()
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        data += sink.recv(2048)
    sink.close()
    link.close()
    assert len(data) % 188 == 0
    pcrs = []
    for at in range(0, len(data), 188):
        packet = data[at : at + 188]
        assert packet[0] == 0x47
        if packet[3] & 0x20 and packet[4] and packet[5] & 0x10:
            high = int.from_bytes(packet[6:10], "big") << 1 | packet[10] >> 7
            pcrs.append(high * 300 + ((packet[10] & 1) << 8 | packet[11]))
    steps = np.diff(pcrs) / 27_000
    assert len(pcrs) > 60 and steps.max() <= 40.0  # ms, ETSI TR 101 290
    path = tmp_path / "a.ts"
    path.write_bytes(data)
    said = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name,sample_rate,channels", "-of", "csv", path],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "stream,mp2,48000,2" in said
    raw = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", path, "-f", "s16le", "-"], capture_output=True, check=True
    ).stdout
    assert len(raw) > 48_000 * 4 * 2
