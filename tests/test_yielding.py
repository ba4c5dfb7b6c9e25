"""An alert gives way to a relay that is spared from its class, and waits for the end of an item where it may; red and orange give way to nothing."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from whole_desk import FM, SETTINGS

from emergency.sounding import Sounding
from schedules.plan import Overlay, Plan, Take
from schedules.relays import medium_of
from station import relay_rules
from station.relay_sources import CLASSES, RelaySection
from station.words import instant_of
from station.yielding import class_of, laid, waiting

S = 48_000
N0 = 86_174_323_200_000
NEWS, MUSIC = medium_of("cnr", "新闻联播"), medium_of("hits", "Hits")


def relay(**changed):
    given = {"chain": "radio", "name_zh": "新闻", "name_en": "News", "members": ["udp://239.1.1.1:5000"]}
    return RelaySection(**{"id": "cnr"} | given | changed)


def settings_with(waits=None, relays=()):
    alerts = attrs.evolve(SETTINGS.alerts, wait_end_s=waits or {})
    return attrs.evolve(SETTINGS, relays=list(relays), alerts=alerts)


def plan_of(*rows):
    """(seconds, medium or None) one after the other."""
    takes, at = [], N0
    for number, (seconds, medium) in enumerate(rows):
        kind, media = ("programme", medium.sha256) if medium else ("silence", None)
        takes.append(
            Take(item=f"i{number}", start=at, end=at + seconds * S, kind=kind, title="t", approval="rundown:1",
                 media=media, offset=at)
        )  # fmt: skip
        at += seconds * S
    return Plan(channel=FM, revision=1, start=N0, end=at, takes=tuple(takes), media=(NEWS, MUSIC))


def alert(kind="actual", level=4, until=10_000, moved=()):
    return Sounding(
        alert="a1", incident="a1", kind=kind, level=level, authority="county", event="11B01", headline="h",
        text="t", ebm_id="1", since=instant_of(N0), until=instant_of(N0 + until * S), areas=(), audio="b" * 64,
        samples=10 * S, repeats=3, channels=(FM,), duck=False, moved=moved,
    )  # fmt: skip


def over(start, seconds=30):
    return Overlay(
        id=f"a1/{FM}", mode="replace", start=N0 + start * S, end=N0 + (start + seconds) * S, priority=1,
        approval="alert:a1", sequence=("b" * 64,),
    )  # fmt: skip


def placed(overlay, sounding, plan, settings):
    """(start, end) in seconds."""
    (lies,) = laid([overlay], [sounding], FM, plan, settings)
    assert attrs.evolve(lies, start=overlay.start, end=overlay.end) == overlay
    return (lies.start - N0) / S, (lies.end - N0) / S


DAY = plan_of((60, None), (600, NEWS), (60, NEWS), (600, MUSIC), (60, None))


def test_the_class_is_the_level_while_it_is_real():
    assert [class_of(alert(kind, level)) for kind, level in
            (("actual", 1), ("actual", 0), ("drill", 1), ("daily", 0))] == [
        "level-1", "level-4", "drill", "daily",
    ]  # fmt: skip


def test_a_drill_begins_after_the_relay_whole_and_is_over_where_the_next_begins():
    settings = settings_with(relays=[relay()])
    assert placed(over(100), alert("drill"), DAY, settings) == (720, 750)
    assert placed(over(40), alert("drill"), DAY, settings) == (40, 60)
    assert placed(over(100), alert("drill", until=730), DAY, settings) == (720, 730)
    assert placed(over(100), alert("drill", until=300), DAY, settings) == (720, 720), (
        "it is heard there no more"
    )
    assert placed(over(800), alert("drill"), DAY, settings) == (800, 830), (
        "the other relay is not of the settings"
    )


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_what_is_real_covers_a_relay_unless_the_table_says_otherwise(level):
    assert placed(over(100), alert(level=level), DAY, settings_with(relays=[relay()])) == (100, 130)
    spared = settings_with(relays=[relay(covered_by=["level-1", "level-2"])])
    assert placed(over(100), alert(level=level), DAY, spared) == ((100, 130) if level < 3 else (720, 750))


def test_an_item_that_is_nearly_over_ends_first():
    settings = settings_with({"level-4": 10, "daily": 60})
    assert placed(over(49), alert(), DAY, settings) == (49, 79), "eleven seconds are left"
    assert placed(over(50), alert(), DAY, settings) == (60, 90)
    assert placed(over(50), alert(level=1), DAY, settings) == (50, 80)
    assert placed(over(1), alert("daily"), DAY, settings) == (60, 90)
    waited = alert(moved=((FM, N0 + 60 * S),))
    assert placed(over(715), waited, DAY, settings) == (715, 745), "it waits once"
    assert placed(over(-5), alert(), DAY, settings) == (-5, 25), "outside the plan nobody knows"
    assert placed(over(1_380), alert(), DAY, settings) == (1_380, 1_410), "the plan has ended there"
    assert placed(over(0), alert("daily"), DAY, settings) == (60, 90), "the plan begins there"


def test_what_is_no_alert_or_has_no_plan_stays_where_it_is():
    mute = attrs.evolve(over(100), id="mute-m1", mode="silence")
    assert laid([mute], [alert("drill")], FM, DAY, settings_with(relays=[relay()])) == (mute,)
    assert laid([over(100)], [alert("drill")], FM, None, settings_with(relays=[relay()])) == (over(100),)


@given(
    st.lists(st.tuples(st.integers(1, 90), st.sampled_from([None, NEWS, MUSIC])), min_size=1, max_size=8),
    st.integers(0, 400), st.integers(1, 90), st.sampled_from(CLASSES), st.integers(0, 30),
)  # fmt: skip
def test_no_sample_of_a_spared_relay_is_ever_covered(rows, start, seconds, name, wait):
    plan = plan_of(*rows)
    settings = settings_with({name: wait}, [relay(covered_by=["level-1", "level-2", "level-3"])])
    kind, level = ("actual", int(name[-1])) if name.startswith("level") else (name, 0)
    (lies,) = laid([over(start, seconds)], [alert(kind, level)], FM, plan, settings)
    assert over(start).start <= lies.start <= lies.end <= max(lies.start, lies.start + seconds * S)
    if name not in ("level-1", "level-2", "level-3"):
        assert not [
            t for t in plan.takes if t.media == NEWS.sha256 and t.start < lies.end and t.end > lies.start
        ]
    again = laid([lies], [alert(kind, level, moved=((FM, lies.start),))], FM, plan, settings)
    assert again == (lies,), "what was moved stays there"


def test_where_it_is_not_heard_yet_or_not_at_all_is_said_in_words():
    settings = settings_with(relays=[relay()])
    name = settings.channel(FM)
    now = instant_of(N0 + 99 * S)

    def said(until, start=100):
        lies = laid([over(start)], [alert("drill", until=until)], FM, DAY, settings)
        return waiting("a1", {FM: (*lies, attrs.evolve(over(5), id="other/x"))}, settings, now)

    assert said(10_000).en == f"on air; on {name.name_en} from 06:12:00, after what is on there"
    assert said(10_000).zh == f"在播;{name.name_zh}待在播内容结束后,06:12:00 起播"
    assert said(300).en == f"on air; not on {name.name_en}, whose relay lasts till 06:12:00"
    assert name.name_zh in said(300).zh
    assert "06:13:20" in said(10_000, start=800).en
    assert said(10_000, start=50) is None and waiting("a1", {}, settings, now) is None
    assert waiting("a1", {FM: (over(100),)}, settings, now) is None, "a second is no wait"
    assert waiting("a1", {FM: (over(101),)}, settings, now)


def test_each_mistake_of_the_table_is_told_where_it_is():
    wrong = settings_with(
        {"level-1": 5, "level-3": 121, "red": 1, "drill": 120},
        [relay(covered_by=["level-1", "level-2", "blue"]), relay(id="b", covered_by=["level-1"])],
    )
    found = [(path, text) for path, text in relay_rules.rules(wrong) if "chain" not in path]
    assert [path for path, _ in found] == [
        "relays[0].covered_by", "relays[1].covered_by", "alerts.wait_end_s.level-1", "alerts.wait_end_s.level-3",
        "alerts.wait_end_s.red",
    ]  # fmt: skip
    assert all(text.en and text.zh for _, text in found)
