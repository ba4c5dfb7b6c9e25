"""Who sounds where: single cases of the order and of alternating."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from emergency_help import COMPOSER, COUNTY, EDITOR, FAR_VILLAGE, PROVINCE, TOWN, UNSURE, VILLAGES, Bench

from emergency import preempt
from emergency.lifecycle import soundings
from emergency.sounding import Mute

FIRST, LAST = VILLAGES[0], VILLAGES[-1]


def heard(bench: Bench, area: Any = FIRST, *mutes: Mute) -> list[str]:
    found = soundings(bench.state, bench.now, bench.policy)
    return [one.alert for one in preempt.assign(found, area, mutes)]


def on_air(*alerts: tuple[str, Any, dict[str, Any]]) -> Bench:
    bench = Bench()
    for alert, source, said in alerts:
        bench.air(alert, source, EDITOR, **said)
    return bench


def test_a_real_alert_cuts_a_drill_and_a_drill_cuts_daily_programme() -> None:
    bench = on_air(
        ("daily", COMPOSER, {"kind": "daily", "level": 0}), ("drill", COMPOSER, {"kind": "drill", "level": 1})
    )
    assert heard(bench) == ["drill"]
    bench.air("real", UNSURE, EDITOR, level=4)
    assert heard(bench) == ["real"]


def test_a_higher_level_wins_then_a_higher_authority_and_equal_never_cuts() -> None:
    bench = on_air(
        ("county2", COMPOSER, {"level": 2, "event": "11B06"}), ("province3", PROVINCE, {"level": 3})
    )
    assert heard(bench) == ["county2"]
    bench.air("province2", PROVINCE, EDITOR, level=2)
    assert heard(bench) == ["province2"]
    bench.air("other2", PROVINCE, EDITOR, level=2, event="11B03")
    assert heard(bench) == ["province2"]


def test_the_newest_of_one_incident_comes_first() -> None:
    bench = on_air(("a", COMPOSER, {}), ("b", COMPOSER, {}))
    newer = attrs.evolve(bench.state.alerts["b"], incident="a")
    ordered = preempt.ordered([bench.state.alerts["a"], newer])
    assert [record.alert for record in ordered] == ["b", "a"]


def test_the_earthquake_lane_goes_before_a_higher_level() -> None:
    bench = on_air(("red", COMPOSER, {"level": 1}), ("quake", PROVINCE, {"level": 2, "event": "11C02"}))
    assert heard(bench) == ["quake"]
    slow = on_air(("red", COMPOSER, {"level": 1}), ("quake", UNSURE, {"level": 2, "event": "11C02"}))
    assert heard(slow) == ["red"]


def test_the_local_instruction_alternates_with_the_general_text() -> None:
    bench = on_air(("bridge", COMPOSER, {"areas": (FIRST,)}), ("province", PROVINCE, {"areas": (COUNTY,)}))
    assert heard(bench) == ["bridge", "province"]
    assert heard(bench, LAST) == ["province"]
    assert heard(bench, FAR_VILLAGE) == ["province"]


@pytest.mark.parametrize(
    "general", [{"level": 2}, {"event": "11B06"}, {"kind": "drill"}, {"areas": (FIRST,)}]
)
def test_only_equal_level_and_hazard_and_wider_ground_alternates(general: dict[str, Any]) -> None:
    bench = on_air(
        ("bridge", COMPOSER, {"areas": (FIRST,)}), ("other", COMPOSER, {"areas": (COUNTY,), **general})
    )
    assert heard(bench) == ["bridge"]


def test_two_of_one_incident_do_not_alternate() -> None:
    bench = on_air(("a", COMPOSER, {"areas": (FIRST,)}), ("b", COMPOSER, {"areas": (TOWN,)}))
    same = [attrs.evolve(one, incident="x") for one in soundings(bench.state, bench.now, bench.policy)]
    assert [one.alert for one in preempt.assign(same, FIRST)] == ["a"]


def test_a_mute_silences_its_alert_its_area_or_everything() -> None:
    bench = on_air(("a", COMPOSER, {"areas": (TOWN,)}), ("b", COMPOSER, {"areas": (TOWN,), "level": 2}))
    assert heard(bench, FIRST, Mute(mute="m", by="x", alert="a")) == ["b"]
    assert heard(bench, FIRST, Mute(mute="m", by="x", areas=(FIRST,))) == []
    assert heard(bench, LAST, Mute(mute="m", by="x", areas=(FIRST,))) == ["a"]
    assert heard(bench, LAST, Mute(mute="m", by="x")) == []
    assert heard(bench, TOWN, Mute(mute="m", by="x", areas=(FIRST,))) == ["a"]


def test_hazards_group_what_is_one_danger() -> None:
    assert preempt.hazard("11A51") == preempt.hazard("11B03") == "water"
    assert preempt.hazard("11B06") == "storm" and preempt.hazard("11D01") == "slope"
    assert preempt.hazard("11B17") == "11B17" and preempt.hazard("14F01") == "14F"
