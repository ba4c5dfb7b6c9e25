"""What waits for whom among the rundowns."""

from types import SimpleNamespace
from typing import Any

import pytest
import test_inserting as keyed

from playout.sheets import Sheet, State
from station.people import may
from station.reviews import Signature
from station.rundown_queries import RundownQueries
from station.wire import to_plain
from station.words import ChannelId, Instant, Operator, Sha256, Text

NOW = Instant(1_790_000_000 * 1_000_000)  # 2026-09-21 in the county
CONTENT = Sha256("c" * 64)
WANG = Operator(id="wang", roles=frozenset({"reviewer"}))


def sheet(**more: Any) -> Sheet:
    known = {
        "channel": ChannelId("fm1"),
        "day": "2026-09-21",
        "csv": "",
        "content": CONTENT,
        "by": "li",
        "media": (),
    }
    return Sheet(**{**known, "phase": "waiting", **more})


def asked(held: Sheet, by: Operator = WANG) -> dict[str, Any]:
    world: Any = SimpleNamespace(
        now=lambda: NOW,
        settings=SimpleNamespace(station=SimpleNamespace(timezone="Asia/Shanghai", day_start="05:00")),
        people=SimpleNamespace(may=may),
        channel_name=lambda channel: Text("Radio", "广播"),
        desk=SimpleNamespace(states={"playout": State(sheets=(held,))}),
    )
    policy: Any = SimpleNamespace(signatures=3)
    (told,) = to_plain(RundownQueries(world, policy).table()["rundowns"]({}, by))
    return told


def test_what_waits_names_its_channel_and_how_many_sign() -> None:
    told = asked(sheet())
    assert told["may_sign"] is True and told["needed"] == 3 and told["signatures"] == []
    assert told["channel_name"] == {"en": "Radio", "zh": "广播"}


@pytest.mark.parametrize(
    ("held", "by"),
    [
        (sheet(phase="approved"), WANG),
        (sheet(day="2026-09-20"), WANG),
        (sheet(by="wang"), WANG),
        (sheet(signatures=(Signature(by="wang", content=CONTENT),)), WANG),
        (sheet(), Operator(id="gao", roles=frozenset({"operator"}))),
    ],
    ids=["approved", "yesterday", "his own", "signed", "no right"],
)
def test_nobody_is_called_to_sign_what_he_cannot(held: Sheet, by: Operator) -> None:
    assert asked(held, by)["may_sign"] is False


def test_what_waits_for_a_key_says_what_each_key_would_do_by_the_rule_that_decides_it() -> None:
    world: Any = SimpleNamespace(
        now=lambda: keyed.NOW,
        channel=lambda channel: SimpleNamespace(id=ChannelId(channel)),
        plans={keyed.FM: keyed.made(keyed.running())},
        desk=SimpleNamespace(states={"playout": keyed.running()}),
    )
    told = to_plain(RundownQueries(world, keyed.POLICY).table()["prepared"]({"channel": "fm1"}, WANG))
    assert [(one["title"], one["length"]) for one in told] == [
        ("Notice", 20_000_000),
        ("Long", 570_000_000),
        ("Whole", 600_000_000),
        ("Gone", 0),
        ("Tiny", 20_000),
    ]
    notice, _, whole, gone, _ = told
    assert notice["now"] is None is notice["next"] and "转播节目" in whole["next"]["zh"]
    assert "is missing" in gone["now"]["en"] and gone["item"].endswith("/gone")
    world.plans = {}
    (first, *_) = to_plain(RundownQueries(world, keyed.POLICY).table()["prepared"]({"channel": "fm1"}, WANG))
    assert first["now"] == first["next"] == {"en": "there is no plan yet", "zh": "尚无播出计划"}
