"""Local mutes as people read them: what is silent now, and whose reason is still owed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from emergency_help import DISPATCHER, TOWN, Bench

from emergency.messages import ExplainMute, LiftMute, MuteSounding
from station.mute_queries import in_force, unexplained
from station.words import MINUTE, Instant, Text


def world(bench: Bench, **muted_at: Instant) -> Any:
    return SimpleNamespace(
        desk=SimpleNamespace(states={"emergency": bench.state}),
        muted_at=muted_at,
        now=lambda: bench.now,
        person=lambda who: Text(f"person {who}", f"人员 {who}"),
        headline=lambda alert: {"a1": "山洪"}.get(alert, alert),
        area=lambda code: "双井镇" if code == TOWN else code,
    )


def test_a_mute_moves_from_what_is_silent_to_what_owes_a_reason_and_leaves_when_it_is_given() -> None:
    bench = Bench()
    began = bench.now
    bench.do(MuteSounding(mute="m", areas=(TOWN,)), DISPATCHER)
    (silent,) = in_force(world(bench, m=began))
    assert (silent.id, silent.at, silent.area_names, silent.lifted_at) == ("m", began, "双井镇", None)
    assert silent.by_name == Text(f"person {DISPATCHER.id}", f"人员 {DISPATCHER.id}")
    bench.now = Instant(bench.now + MINUTE)
    bench.do(LiftMute(mute="m"), DISPATCHER)
    (owed,) = unexplained(world(bench, m=began))
    assert (owed.id, owed.at, owed.lifted_at) == ("m", began, bench.now) and in_force(world(bench)) == []
    bench.do(ExplainMute(mute="m", reason="false alarm"), DISPATCHER)
    assert unexplained(world(bench)) == []


def test_the_mute_of_one_alert_is_named_by_its_headline_also_when_its_beginning_is_long_ago() -> None:
    bench = Bench()
    bench.air()
    bench.do(MuteSounding(mute="m", alert="a1"), DISPATCHER)
    bench.do(LiftMute(mute="m"), DISPATCHER)
    (owed,) = unexplained(world(bench))
    assert (owed.headline, owed.at) == ("山洪", bench.now), "at the latest when it was lifted"
