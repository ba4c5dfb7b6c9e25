"""The as-run log on disk, and what a player keeps."""

import json
import resource
import subprocess
import sys

import attrs
import pytest

from playout.aslog import WAITING, AsRunLog
from playout.chain import Chain
from playout.lanes import Lane
from playout.link import AsRun, AsRunSince, SetOverlays, SetPlan
from playout.mixer import Edge, Part
from playout.processes import pair, tell
from playout.rings import AirRing
from playout.roots import Roots
from playout.standby import loop_plan, quiet_plan
from playout.store import Heads, Shelf
from schedules.plan import Fallen, Overlay
from station.files import flush
from station.words import instant_of


def part(ref, source="take"):
    return Part(source=source, ref=ref, title="题", media=None, approval="a", rung="file")


def edge(index, ref, starts=True):
    return Edge(index=index, part=part(ref), starts=starts, cause="planned")


def test_lines_are_numbered_from_one_and_read_back_in_order(tmp_path):
    log = AsRunLog(tmp_path, "aaaaaaaa")
    made = [log.add("fm1", edge(k, "x", starts=k % 2 == 0)) for k in range(6)]
    log.flush()
    log.flush()
    assert [e.seq for e in made] == [1, 2, 3, 4, 5, 6]
    assert log.since(None, 0, 99) == made
    assert log.since(log.run, 4, 99) == made[4:]
    assert log.since(None, 0, 2) == made[:2]
    log.close()


def test_what_a_crash_left_open_is_closed_once_by_a_gap_in_the_next_run(tmp_path):
    first = AsRunLog(tmp_path, "aaaaaaaa")
    first.add("fm1", edge(10, "x"))
    first.add("fm1", edge(20, "x", starts=False))
    first.add("fm1", edge(20, "y"))
    first.add("fm2", edge(20, "z"))
    first.close()
    (tmp_path / f"asrun-{first.run}.jsonl").open("a").write('{"run": "cut o')
    second = AsRunLog(tmp_path, "bbbbbbbb")
    (gap,) = second.bridge("fm1", 55, "player restarted")
    assert (gap.what, gap.ref, gap.index, gap.seq, gap.run) == ("gap", "y", 55, 1, second.run)
    assert second.bridge("fm1", 99, "again") == []
    assert second.run > first.run
    whole = second.since(first.run, 2, 99)
    assert [(e.run, e.seq) for e in whole] == [(first.run, 3), (first.run, 4), (second.run, 1)]
    second.close()
    third = AsRunLog(tmp_path, "cccccccc")
    assert third.bridge("fm1", 99, "again") == []
    third.close()


def test_ending_closes_everything_at_its_channels_head(tmp_path):
    log = AsRunLog(tmp_path, "aaaaaaaa")
    log.add("fm1", edge(10, "x"))
    log.add("fm2", edge(99, "y"))
    assert [(e.ref, e.index) for e in log.close_all({"fm1": 50, "fm2": 50}, "stopped")] == [
        ("x", 50),
        ("y", 99),
    ]
    assert log.close_all({}, "stopped") == []
    log.close()


def test_acknowledged_runs_go_but_the_last_two_stay(tmp_path):
    for token in ("aaaaaaaa", "bbbbbbbb", "cccccccc", "dddddddd"):
        log = AsRunLog(tmp_path, token)
        log.add("fm1", edge(1, token))
        log.add("fm1", edge(2, token, starts=False))
        log.close()
    log = AsRunLog(tmp_path, "eeeeeeee")
    runs = log.runs()
    log.acknowledge(runs[3], 2)
    assert log.runs() == runs[3:]
    log.close()


def test_a_long_run_is_continued_in_another_file_and_counts_on(tmp_path):
    log = AsRunLog(tmp_path, "aaaaaaaa", lines=3)
    made = [log.add("fm1", edge(k, "x", starts=k % 2 == 0)) for k in range(7)]
    assert len(log.runs()) == 3
    assert log.since(None, 0, 99) == made
    assert [e.seq for e in made] == [1, 2, 3, 1, 2, 3, 1]
    log.close()


def test_what_is_kept_is_read_back_and_what_is_damaged_is_as_if_it_were_not_there(tmp_path):
    shelf = Shelf(tmp_path / "radio")
    plan = attrs.evolve(quiet_plan("fm1", 9), revision=4)
    overlays = SetOverlays(channel="fm1", revision=7, overlays=())
    falls = (Fallen(take="x@1", start=1, rung="loop"),)
    assert (shelf.plan("fm1"), shelf.overlays("fm1"), shelf.falls("fm1")) == (None, None, ())
    for path in (shelf.keep_plan(plan), shelf.keep_overlays(overlays), shelf.keep_falls("fm1", falls)):
        flush(path)
    again = Shelf(tmp_path / "radio")
    assert (again.plan("fm1"), again.overlays("fm1"), again.falls("fm1")) == (plan, overlays, falls)
    (tmp_path / "radio" / "fm1.plan.json").write_text('{"channel": 3')
    assert again.plan("fm1") is None


def test_heads_outlive_whoever_wrote_them(tmp_path):
    heads = Heads(tmp_path / "heads", ["fm1", "fm2"])
    assert heads.read("fm2") == 0
    heads.write("fm2", 2**45)
    assert Heads(tmp_path / "heads", ["fm1", "fm2"]).read("fm2") == 2**45


def test_what_nobody_acknowledges_is_bounded_and_what_is_dropped_is_said_and_counted(tmp_path):
    log = AsRunLog(tmp_path, "aaaaaaaa", lines=10, kept=9_000)
    for k in range(300):
        log.add("fm1" if k % 3 else "fm2", edge(k, f"x{k}", starts=True))
        log.add("fm1" if k % 3 else "fm2", edge(k + 1, f"x{k}", starts=False))
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 9_000 + 10 * 600
    kept = log.since(None, 0, 9_999)
    gaps = [e for e in kept if e.source == "none"]
    assert {e.channel for e in gaps} == {"fm1", "fm2"} and all(e.what == "gap" for e in gaps)
    assert "lines of run 000000" in gaps[-1].cause and gaps[-1].index > 0
    said = [e for e in kept if e.source == "take"]
    assert log.lost > 0 and said[-1].ref == "x299"
    log.close()
    again = AsRunLog(tmp_path, "bbbbbbbb", kept=1)
    assert again.lost and len(again.runs()) == 2  # the last run and the present one are never dropped
    again.close()


def test_a_run_that_can_be_neither_read_nor_removed_ends_no_player(tmp_path):
    for number in range(1, 5):
        (tmp_path / f"asrun-{number:08d}-aaaaaaaa.jsonl").mkdir()
    log = AsRunLog(tmp_path, "bbbbbbbb", kept=1)
    log.add("fm1", edge(1, "x"))
    log.acknowledge(log.run, 1)
    assert log.lost == 0 and [entry.ref for entry in log.since(None, 0, 9)] == ["x"]
    log.close()


def test_what_is_open_for_many_files_is_still_closed_after_a_crash(tmp_path):
    log = AsRunLog(tmp_path, "aaaaaaaa", lines=4)
    log.add("fm2", edge(7, "long"))
    for k in range(20):
        log.add("fm1", edge(k, "x", starts=k % 2 == 0))
    log.close()
    again = AsRunLog(tmp_path, "bbbbbbbb")
    (gap,) = again.bridge("fm2", 99, "player restarted")
    assert (gap.ref, gap.index, gap.what) == ("long", 99, "gap")
    assert again.bridge("fm1", 99, "player restarted") == []
    again.close()


def test_lines_that_are_no_entries_end_a_run(tmp_path):
    log = AsRunLog(tmp_path, "aaaaaaaa")
    made = log.add("fm1", edge(7, "a"))
    log.close()
    path = tmp_path / f"asrun-{log.run}.jsonl"
    for nonsense in ("[1]", '{"run": 3}', "no JSON"):
        whole = path.read_text()
        path.write_text(whole + nonsense + "\n")
        again = AsRunLog(tmp_path, "bbbbbbbb")
        assert again.since(log.run, 0, 9) == [made]
        again.close()
        (tmp_path / f"asrun-{again.run}.jsonl").unlink()
        path.write_text(whole)


def test_what_was_asked_for_from_the_last_line_on_is_nothing_yet(tmp_path):
    log = AsRunLog(tmp_path, "aaaaaaaa")
    made = log.add("fm1", edge(7, "a"))
    assert log.since(log.run, made.seq, 5) == [] and log.since(log.run, 0, 1) == [made]
    log.close()


class FullDisk:
    """No file of this process may grow, as on a full disk."""

    def __enter__(self):
        self._before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, self._before[1]))

    def __exit__(self, *_):
        resource.setrlimit(resource.RLIMIT_FSIZE, self._before)


def test_on_a_full_disk_lines_wait_in_memory_are_told_and_are_written_in_order_when_there_is_room(tmp_path):
    log = AsRunLog(tmp_path, "aaaaaaaa", lines=4)
    made = [log.add("fm1", edge(1, "x"))]
    with FullDisk():
        made += [log.add("fm1", edge(k, "x", starts=k % 2 == 1)) for k in range(2, 8)]
        log.flush()
        assert log.since(None, 0, 99) == made and log.since(log.run, 3, 2) == made[3:5]
        assert log.since(log.run, 7, 9) == []
        assert len(AsRunLog(tmp_path / "other", "bbbbbbbb").runs()) == 1
    log.flush()
    assert log.since(None, 0, 99) == made
    made.append(log.add("fm1", edge(8, "x", starts=False)))
    log.close()
    again = AsRunLog(tmp_path, "cccccccc")
    assert again.since(None, 0, 99) == made and again.bridge("fm1", 9, "restarted") == []
    again.close()


def test_a_line_that_the_disk_took_half_of_is_whole_afterwards(tmp_path):
    log = AsRunLog(tmp_path, "aaaaaaaa")
    made = [log.add("fm1", edge(1, "x"))]
    (path,) = tmp_path.iterdir()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 100, before[1]))
    try:
        made += [log.add("fm1", edge(2, "x", starts=False)), log.add("fm1", edge(2, "y"))]
        assert log.since(None, 0, 9) == made
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    log.close()
    assert [json.loads(line)["seq"] for line in path.read_text().splitlines()] == [1, 2, 3]


def test_what_waits_is_bounded_and_what_is_not_kept_is_counted(tmp_path):
    log = AsRunLog(tmp_path, "aaaaaaaa")
    with FullDisk():
        for k in range(WAITING + 3):
            log.add("fm1", edge(k, "x"))
    assert log.lost == 3
    log.close()
    assert sum(1 for _ in next(tmp_path.iterdir()).open()) == WAITING


def test_where_a_full_disk_takes_no_plan_and_no_overlay_they_are_kept_and_written_later(tmp_path):
    shelf = Shelf(tmp_path)
    first, overlays = (
        attrs.evolve(quiet_plan("fm1", 9), revision=4),
        SetOverlays(channel="fm1", revision=7, overlays=()),
    )
    shelf.keep_plan(first)
    shelf.flush()
    with FullDisk():
        for revision in (5, 6):
            shelf.keep_plan(attrs.evolve(first, revision=revision))
        shelf.keep_overlays(overlays)
        shelf.keep_falls("fm1", (Fallen(take="x@1", start=1, rung="loop"),))
        shelf.flush()
        assert Shelf(tmp_path).plan("fm1") == first, "the old one is whole"
    assert Shelf(tmp_path).overlays("fm1") is None
    shelf.flush()
    again = Shelf(tmp_path)
    assert (again.plan("fm1").revision, again.overlays("fm1")) == (6, overlays) and again.falls("fm1")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "fm1.falls.json",
        "fm1.overlays.json",
        "fm1.plan.json",
    ]


def test_what_is_gone_from_the_disk_is_flushed_another_time(tmp_path):
    shelf = Shelf(tmp_path)
    path = shelf.keep_plan(quiet_plan("fm1", 9))
    path.unlink()
    shelf.flush()
    shelf.keep_plan(quiet_plan("fm1", 9))
    shelf.flush()
    assert path.exists()


def test_standard_error_on_a_full_disk_costs_a_line_and_nobody(tmp_path):
    said = (
        "import resource, sys\n"
        "from playout.processes import Plainly\n"
        "sys.stderr = Plainly()\n"
        "sys.stderr.write('one\\n')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4, 4))\n"
        "print('two', file=sys.stderr)\n"
        "sys.stderr.flush()\n"
    )
    with (tmp_path / "log").open("wb") as file:
        done = subprocess.run([sys.executable, "-c", said], stderr=file, check=False)
    assert done.returncode == 0 and (tmp_path / "log").read_text() == "one\n"


def test_a_player_on_a_full_disk_takes_plan_and_alert_writes_its_lines_later_and_tells_them_at_once(tmp_path):
    now = 86_174_323_200_000
    lane = Lane(
        channel="fm1", air=AirRing(4), plan=loop_plan("fm1", now, None, ()), rings=range(0),
        overlays=SetOverlays(channel="fm1", revision=0, overlays=()),
    )  # fmt: skip
    chain = Chain(
        "radio", {"fm1": lane}, [], Shelf(tmp_path), AsRunLog(tmp_path, "0" * 8), Roots(tmp_path),
        lambda: instant_of(now), lambda: 0, 1,
    )  # fmt: skip
    told = []
    chain.connected(told.append)
    alert = Overlay(
        id="a1/fm1", mode="silence", start=now, end=now + 480, priority=1, approval="alert:a1", why="x"
    )  # fmt: skip
    ours, theirs = pair()
    with FullDisk():
        chain.heard(SetPlan(channel="fm1", plan=attrs.evolve(quiet_plan("fm1", now), revision=3)))
        chain.heard(SetOverlays(channel="fm1", revision=1, overlays=(alert,)))
        chain.heard(AsRunSince(run=None, seq=0))
        tell(theirs, ("aired", "fm1", edge(now, "a1/fm1")))
        tell(theirs, ("fell", "fm1", Fallen(take="x@1", start=now, rung="loop"), ""))
        chain.mixer_said(ours)
        chain.mixer_said(ours)
        chain.flush()
    (lines,) = (one for one in told if isinstance(one, AsRun))
    assert [entry.ref for entry in lines.entries] == ["a1/fm1"] and lane.overlays.overlays == (alert,)
    chain.flush()
    again = Shelf(tmp_path)
    assert (again.plan("fm1").revision, again.overlays("fm1").overlays) == (3, (alert,)) and again.falls(
        "fm1"
    )
    assert [entry.ref for entry in chain.log.since(None, 0, 9)] == ["a1/fm1"]
    for end in (ours, theirs):
        end.close()
    chain.log.close()


def test_heads_have_their_place_on_the_disk_before_anything_is_written(tmp_path):
    Heads(tmp_path / "heads", ["fm1"])
    assert (tmp_path / "heads").stat().st_blocks > 0, "else the first write on a full disk ends the player"


def test_where_the_disk_has_no_room_heads_are_kept_in_memory_alone(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        heads = Heads(tmp_path / "heads", ["fm1", "fm2"])
        heads.write("fm2", 2**45)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (heads.read("fm1"), heads.read("fm2")) == (0, 2**45)
    with pytest.raises(FileNotFoundError):
        Heads(tmp_path / "nowhere" / "heads", ["fm1"])
