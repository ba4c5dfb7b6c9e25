"""What the station answers about live sessions, and what its follower tells the desk."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import attrs
import pytest
import test_live_sessions as lived
import test_live_sources as known
from twisted.internet.task import Clock

from playout.live import EMPTY
from playout.live_messages import DumpLive, EndLive, OpenLive
from playout.messages import TakeNext
from station.live_follower import EVERY, LiveFollower
from station.live_queries import LiveQueries
from station.rundown_queries import RundownQueries
from station.wire import to_plain
from station.words import MINUTE, SECOND, ChannelId, Operator, Text, instant_of, sample_at

BY = Operator(id="sun", roles=frozenset({"operator"}))
SETTINGS = known.station(known.DESK, attrs.evolve(known.DESK, id="booth", delay_ms=2_000))


def world(state: Any, now: int = lived.NOW) -> Any:
    return SimpleNamespace(
        now=lambda: now,
        channel=lambda channel: SimpleNamespace(id=ChannelId(channel)),
        settings=SETTINGS,
        person=lambda who: Text(who.title(), f"{who}师傅"),
        plans={lived.FM: lived.made(state)},
        desk=SimpleNamespace(states={"playout": state}),
    )


def asked(state: Any, now: int = lived.NOW, sights: Any = None) -> Any:
    sights = known.sight() if sights is None else sights
    queries = LiveQueries(world(state, now), lived.LIVING, lambda: sights)
    return to_plain(queries.table()["live"]({"channel": "fm1"}, BY))


def test_the_live_lines_of_the_day_say_whether_they_could_be_opened_and_how_their_sources_come() -> None:
    told = asked(lived.day())
    assert [(one["title"], one["source"], one["length"], one["why"]) for one in told["lines"]] == [
        ("Talk", "studio1", 1_800_000_000, None),
        ("Booth", "booth", 300_000_000, None),
    ]
    assert told["open"] is told["waiting"] is None
    desk = next(one for one in told["sources"] if one["source"] == "studio1")
    assert (desk["delay"], desk["dumped"], desk["state"], desk["name"]["zh"]) == (
        7 * SECOND,
        True,
        "good",
        "一号直播间",
    )
    booth = next(one for one in told["sources"] if one["source"] == "booth")
    assert (booth["dumped"], booth["state"], booth["quiet_ms"]) == (False, "", 0)
    keys = RundownQueries(world(lived.day()), lived.LIVING).table()["prepared"]({"channel": "fm1"}, BY)
    assert [one["title"] for one in keys] == ["Jingle"], "what is opened is not inserted"


def test_what_waits_and_what_is_heard_is_told_with_whose_it_is_and_until_when() -> None:
    waits, _ = lived.does(
        lived.day(), OpenLive(channel=lived.FM, item=f"{lived.DAY}/talk", start="fader"), "sun"
    )
    told = asked(waits)["waiting"]
    assert (told["title"], told["source"], told["by"]["zh"]) == ("Talk", "studio1", "sun师傅")
    assert asked(waits, told["until"])["waiting"] is None
    state, happened = lived.opened()
    told = asked(state)
    assert told["open"]["start"] == instant_of(happened.at) and told["open"]["thrown"] is None
    assert told["open"]["approval"] == happened.approval and told["open"]["signed"] == happened.signed
    assert "on the air already" in told["lines"][0]["why"]["en"]
    now = lived.NOW + MINUTE
    state, (thrown,) = lived.does(state, DumpLive(channel=lived.FM), now=now)
    assert asked(state, now)["open"]["thrown"] == instant_of(thrown.until)
    assert asked(state, instant_of(thrown.until))["open"]["thrown"] is None


def test_a_session_that_another_key_ended_is_open_no_more() -> None:
    state, happened = lived.opened()
    now = instant_of(happened.at) + MINUTE
    state, _ = lived.does(state, TakeNext(channel=lived.FM), now=now)
    told = asked(state, now)["open"]
    assert told["end"] == now + SECOND, "the next item was taken: that is heard in a second"
    assert asked(state, now + SECOND)["open"] is None


def test_without_live_sources_or_a_plan_there_is_nothing_to_open() -> None:
    bare = attrs.evolve(lived.LIVING, studios={})
    told = to_plain(LiveQueries(world(EMPTY), bare, dict).table()["live"]({"channel": "fm1"}, BY))
    assert told["lines"] == told["sources"] == []
    there = world(lived.day())
    there.plans = {}
    told = to_plain(LiveQueries(there, lived.LIVING, dict).table()["live"]({"channel": "fm1"}, BY))
    assert told["lines"][0]["why"]["en"] == "there is no plan yet"


def test_the_follower_tells_the_desk_what_follows_from_what_players_say() -> None:
    clock, told = Clock(), []
    state, happened = lived.opened()
    late = instant_of(happened.at) + 13 * SECOND  # seven seconds of delay, and twenty since the key
    here = world(state, late)
    silent = known.sight(quiet_ms=20_000, sounded=happened.at)["live-studio1"]
    links: Any = {"radio": SimpleNamespace(status={"fm1": SimpleNamespace(relays=(silent,))})}
    follower = LiveFollower(clock, here, links, told.append)
    follower.start()
    assert told == [EndLive(source="studio1", cause="silent", since=sample_at(late))]
    clock.advance(EVERY)
    assert len(told) == 2 and follower.conditions() == ()
    follower.stop()
    assert not clock.getDelayedCalls()
    here.settings = known.station()
    LiveFollower(clock, here, links, told.append).start()
    assert not clock.getDelayedCalls() and len(told) == 2, "a station without live sources does not look"


def test_a_look_that_fails_is_not_the_last_one() -> None:
    clock, told = Clock(), []
    state, happened = lived.opened()
    silent = known.sight(quiet_ms=60_000, sounded=happened.at)["live-studio1"]
    status = SimpleNamespace(relays=(attrs.evolve(silent, heard=7),))
    links: Any = {"radio": SimpleNamespace(status={"fm1": status})}
    follower = LiveFollower(clock, world(state, instant_of(happened.at) + MINUTE), links, told.append)
    with pytest.raises(IndexError):
        follower.start()
    status.relays = (silent,)
    clock.advance(EVERY)
    assert len(told) == 1
    follower.stop()


def test_a_guest_to_whom_a_studio_cannot_come_ends_no_session_and_hides_nothing() -> None:
    clock, told = Clock(), []
    state, happened = lived.opened()
    good = known.sight()["live-studio1"]
    lost = known.sight("absent", heard=None, quiet_ms=60_000)["live-studio1"]
    links: Any = {
        "radio": SimpleNamespace(status={"fm1": SimpleNamespace(relays=(good,))}),
        "radio.b": SimpleNamespace(status={"fm1": SimpleNamespace(relays=(lost,))}),
    }
    follower = LiveFollower(clock, world(state, instant_of(happened.at) + MINUTE), links, told.append)
    follower.start()
    assert told == [] and follower.sights() == {"live-studio1": good} and follower.conditions() == ()
    links["radio"].status = {}
    clock.advance(EVERY)
    assert told == [] and follower.sights() == {"live-studio1": lost}
    follower.stop()


def test_of_a_pair_the_one_to_which_a_studio_comes_says_how_it_is() -> None:
    clock, told = Clock(), []
    state, happened = lived.opened()
    good = known.sight()["live-studio1"]
    lost = known.sight("absent", heard=None, quiet_ms=60_000)["live-studio1"]
    links: Any = {
        "radio": SimpleNamespace(status={"fm1": SimpleNamespace(relays=(lost,))}),
        "radio.b": SimpleNamespace(status={"fm1": SimpleNamespace(relays=(good,))}),
    }
    there = world(state, instant_of(happened.at) + MINUTE)
    channels = [attrs.evolve(there.settings.channels[0], redundancy="pair")]
    there.settings = attrs.evolve(there.settings, channels=channels)
    follower = LiveFollower(clock, there, links, told.append)
    follower.start()
    assert told == [] and follower.sights() == {"live-studio1": good}, (
        "the second follows the first or goes on"
    )
    links["radio"].status, links["radio.b"].status = {}, links["radio"].status
    clock.advance(EVERY)
    assert [type(one) for one in told] == [EndLive], "the second alone is believed, too"
    follower.stop()
