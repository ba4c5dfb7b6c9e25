"""A station whose journal counts lower than what players hold is obeyed all the same: pure, over a real player, over a whole station."""

import time

import attrs
import numpy as np
import pytest
from alert_kit import Endless, all_sound, channel, sound, verified
from hypothesis import given
from hypothesis import strategies as st
from radio_kit import Ear, Running, now_sample, plan_of, ramp, stock, take

from playout.follow import PATIENCE, Reported, Wanted, follow
from playout.link import AsRun, AsRunSince, Rendered, SetOverlays, SetPlan, StationHello, Status
from playout.standby import quiet_plan
from schedules.plan import Overlay

PORT = 30_500


def plan(revision):
    return attrs.evolve(quiet_plan("fm1", 0), revision=revision)


def status(revision, epoch):
    return Status(
        at=0, channel="fm1", head=0, take="", overlay="", rung="file", peak=(0, 0), rms=(0, 0),
        plan_revision=revision, plan_until=0, overlay_revision=revision, plan_epoch=epoch, overlay_epoch=epoch,
    )  # fmt: skip


@given(st.integers(0, 9), st.integers(0, 9), st.sampled_from(["a", "b", "", None]))
def test_a_player_is_told_what_it_does_not_hold_of_this_run_and_nothing_else(held, wanted, epoch):
    orders, _ = follow(
        Wanted(channel="fm1", plan=plan(wanted), revision=wanted, epoch="b"),
        Reported(status=status(held, epoch)),
        0,
    )
    behind = held < wanted or epoch in ("a", "")
    assert [type(order) for order in orders] == ([SetOverlays, SetPlan] if behind else [])
    assert all(order.epoch == "b" for order in orders)


def test_a_player_of_another_run_is_told_once_and_again_only_when_patience_is_over():
    wanted = Wanted(channel="fm1", revision=3, epoch="b")
    reported = Reported(status=status(9_000, "a"))
    (order,), _ = follow(wanted, reported, 0)
    reported = reported.told(order, 0)
    assert follow(wanted, reported, PATIENCE - 1)[0] == []
    assert follow(wanted, reported, PATIENCE)[0] == [order]
    assert follow(wanted, attrs.evolve(reported, status=status(3, "b")), PATIENCE)[0] == []


@pytest.fixture
def player(tmp_path):
    running = Running(tmp_path / "home", PORT)
    yield running
    running.stop()


def over(ident, start, length, audio):
    return Overlay(
        id=ident, mode="replace", start=start, end=start + length, priority=1,
        approval=f"alert:{ident}", sequence=(audio,), why="test",
    )  # fmt: skip


@pytest.mark.slow
def test_a_player_obeys_a_station_whose_journal_was_restored_and_goes_on_where_both_want_the_same(player):
    programme, alert = (
        stock(player.media, ramp(1, 48_000 * 60), "p"),
        stock(player.media, ramp(5_000_000, 96_000), "a"),
    )
    player.start()
    link = player.link()
    link.send(StationHello())
    link.until(lambda m: isinstance(m, Status))
    start = now_sample() // 480 * 480 - 4_800
    held = plan_of([take("item", start, programme)], [programme], 700)
    link.send(SetPlan(channel="fm1", plan=held, epoch="old"))
    link.until(lambda m: isinstance(m, Status) and m.plan_revision == 700 and m.rung == "file")
    link.send(SetOverlays(channel="fm1", revision=9_000, overlays=(), epoch="old"))
    link.until(lambda m: isinstance(m, Status) and (m.overlay_revision, m.overlay_epoch) == (9_000, "old"))
    link.close()

    ear = Ear(PORT + 102)
    link = player.link()  # the station with the restored journal
    said = link.until(lambda m: isinstance(m, Status))
    assert (said.plan_epoch, said.plan_revision) == ("old", 700)
    link.send(SetPlan(channel="fm1", plan=held, epoch="new"))
    link.until(lambda m: isinstance(m, Status) and m.plan_epoch == "new")
    now = now_sample() + 24_000
    link.send(
        SetOverlays(
            channel="fm1",
            revision=3,
            overlays=(over("x", now, 96_000, alert.sha256),),
            media=(alert,),
            epoch="new",
        )
    )
    link.until(lambda m: isinstance(m, Rendered) and m.overlay == "x")
    ear.listen(1.0)
    stamps = np.array([packet[1] for packet in ear.packets], dtype=np.uint32)
    assert (np.diff(stamps) == 240).all(), "nothing lost, nothing doubled while the stations changed"
    link.send(SetOverlays(channel="fm1", revision=2, overlays=(), epoch="new"))
    link.send(AsRunSince())
    entries = link.until(lambda m: isinstance(m, AsRun)).entries
    assert [e.source for e in entries if e.what == "start"].count("plan") <= 2, (
        "an equal plan is not begun anew"
    )
    said = link.until(lambda m: isinstance(m, Status) and m.overlay_epoch == "new")
    assert said.overlay_revision == 3, "within one run the older is still passed over"
    link.close()
    ear.close()


@pytest.mark.slow
def test_a_player_that_starts_with_what_it_kept_obeys_an_older_journal(player):
    """A backup was put back: plan and overlays in chains/ are of higher revisions, of a run that nobody goes on with."""
    programme, alert = (
        stock(player.media, ramp(1, 48_000 * 60), "p"),
        stock(player.media, ramp(5_000_000, 96_000), "a"),
    )
    player.start()
    link = player.link()
    link.send(StationHello())
    link.until(lambda m: isinstance(m, Status))
    start = now_sample() // 480 * 480 - 4_800
    link.send(
        SetPlan(channel="fm1", plan=plan_of([take("newer", start, programme)], [programme], 700), epoch="old")
    )
    newer = over("gone", now_sample(), 48_000 * 300, alert.sha256)
    link.send(SetOverlays(channel="fm1", revision=9_000, overlays=(newer,), media=(alert,), epoch="old"))
    link.until(lambda m: isinstance(m, Status) and (m.plan_revision, m.overlay_revision) == (700, 9_000))
    link.close()
    player.process.kill()
    player.process.wait(10)

    player.start()
    link = player.link()
    said = link.until(lambda m: isinstance(m, Status))
    assert (said.overlay_revision, said.plan_epoch) == (9_000, ""), (
        "it has what it kept, and knows no run of it"
    )
    older = plan_of([take("older", start, programme)], [programme], 5)
    link.send(SetOverlays(channel="fm1", revision=3, overlays=(), epoch="new"))
    link.send(SetPlan(channel="fm1", plan=older, epoch="new"))
    said = link.until(
        lambda m: (
            isinstance(m, Status) and (m.plan_revision, m.overlay_revision) == (5, 3) and m.rung == "file"
        )
    )
    assert (said.overlay, said.plan_epoch, said.overlay_epoch) == ("", "new", "new")
    assert said.take.startswith("older@")
    link.close()


@pytest.mark.slow
def test_an_alert_reaches_the_air_and_the_villages_though_the_journal_was_begun_anew(tmp_path):
    made = Endless(tmp_path / "station", spliceable=False)
    made.start()
    try:
        made.ready()
        first = sound(made, "旧日志中的预警", minutes=5)
        made.kill("station")
        for path in made.places.state.glob("journal.db*"):
            path.unlink()
        made.start("station")
        made.wait(lambda: made.health()["ok"], "the station is back", 20)
        assert made.health()["position"] < 60
        made.seats.clear()
        made.wait(lambda: channel(made)["overlay"] == "", "what no journal knows of is not heard", 10)
        second = sound(made, "新日志中的预警", minutes=5)
        assert second != first and all_sound(made, second)
        made.wait(lambda: channel(made)["overlay"] == second, "it lies over the programme", 10)
        verified(made)
    finally:
        made.stop()
        time.sleep(0.1)
