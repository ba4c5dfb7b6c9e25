"""What is held since an upgrade, as people read it: by name, where it may sound, and no more of it than concerns them."""

from types import SimpleNamespace

from emergency_help import COUNTY, TOWN, VILLAGES

from emergency.sounding import Mute
from station.held_queries import NOWHERE, brief, within
from station.held_views import HeldView
from station.hold import EMPTY, Clip, State
from station.words import ChannelId, Instant, Text

FM = ChannelId("fm1")


def world(held: State, **headlines: tuple[str, list[str]]) -> SimpleNamespace:
    rows = {
        alert: SimpleNamespace(message=SimpleNamespace(headline=said, areas=tuple(areas)))
        for alert, (said, areas) in headlines.items()
    }
    return SimpleNamespace(
        held=held,
        book=rows,
        area=lambda code: f"<{code}>",
        channel_name=lambda channel: Text(f"the {channel}", f"频道{channel}"),
    )


HELD = State(
    before="0.1",
    clips=(
        Clip(alert="a1", ends=Instant(5)),
        Clip(alert="a2", areas=(TOWN,), channels=(FM,), until=Instant(4), ends=Instant(9)),
    ),
    mutes=(Mute(mute="m1", by="zhao"),),
)


def test_where_nothing_is_held_nothing_is_said():
    assert brief(world(EMPTY)) == HeldView()


def test_each_alert_is_named_with_where_it_may_sound():
    seen = brief(world(HELD, a1=("山洪", [COUNTY]), a2=("大风", [TOWN])))
    assert (seen.before, seen.mutes) == ("0.1", 1)
    assert [(one.headline, one.now, one.ends) for one in seen.lines] == [
        ("山洪", NOWHERE, 5),
        ("大风", Text(f"<{TOWN}>, the fm1", f"<{TOWN}>、频道fm1"), 9),
    ]


def test_an_alert_that_is_not_in_the_book_is_named_by_its_number():
    assert [one.headline for one in brief(world(HELD)).lines] == ["a1", "a2"]


def test_a_part_of_the_area_is_told_of_its_own_alone():
    seen = brief(world(HELD, a1=("山洪", [VILLAGES[0]]), a2=("大风", ["340499000000"])))
    told = within(seen, (TOWN,))
    assert [one.alert for one in told.lines] == ["a1"] and told.mutes == 0
    assert within(seen, ("340488000000",)) == HeldView()
