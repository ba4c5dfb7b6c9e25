"""One hub for each stretch of area: a browser hears what its own seat may hear, from a subscription of that seat."""

from __future__ import annotations

import json
from typing import Any

import pytest
from twisted.internet import defer, task

from web import hubs as module
from web.events import RING, Client
from web.hubs import Hubs

TOWN = ("340422100000",)


class Peer:
    """Notes who subscribes, and tells each subscriber what the test says."""

    def __init__(self) -> None:
        self.open: dict[str, list[tuple[str, Any]]] = {}
        self.resync: Any = None  # what the journal's subscriber wants to know of a cut

    def subscribe(self, feed: str, tell: Any, resync: Any = None, *, session: str, **more: Any) -> Any:
        entry = (feed, tell)
        self.resync = resync or self.resync
        self.open.setdefault(session, []).append(entry)
        return lambda: self.open[session].remove(entry)

    def ask(self, do: str, **fields: Any) -> defer.Deferred[Any]:
        return defer.succeed({})

    def write(self, session: str, *positions: int) -> None:
        for feed, tell in self.open[session]:
            for position in positions if feed == "journal" else ():
                tell({"position": position})

    def live(self, session: str, item: Any) -> None:
        for feed, tell in self.open[session]:
            if feed == "live":
                tell({"overview": item})


class Browser:
    """A request that keeps what was written."""

    def __init__(self) -> None:
        self.written, self.gone = b"", defer.Deferred[None]()

    def write(self, data: bytes) -> None:
        self.written += data

    def notifyFinish(self) -> defer.Deferred[None]:
        return self.gone

    def unregisterProducer(self) -> None:
        pass

    def finish(self) -> None:
        pass


def sit(hubs: Hubs, session: str, sight: tuple[str, ...] = ()) -> Browser:
    browser = Browser()
    hubs.add(Client(browser, session, journal=False), "", sight)
    return browser


def come_back(hubs: Hubs, last_id: str) -> list[str]:
    """What a page of the journal is told that comes back: events, and positions of records."""
    browser = Browser()
    hubs.add(Client(browser, "zhao", journal=True), last_id)
    lines = [line for line in browser.written.decode().splitlines() if line.startswith(("event", "data"))]
    pairs = zip(lines[::2], lines[1::2], strict=True)
    return [
        str(json.loads(data[6:]).get("position", event[7:]))
        for event, data in pairs
        if event != "event: overview"
    ]


@pytest.fixture
def clock() -> task.Clock:
    return task.Clock()


def test_who_sees_a_township_hears_its_own_feed_and_nothing_of_the_county(clock: task.Clock) -> None:
    peer = Peer()
    hubs = Hubs(clock, peer)
    hubs.start()
    whole, again, town = sit(hubs, "zhao"), sit(hubs, "sun"), sit(hubs, "qian", TOWN)
    assert sorted(peer.open) == ["qian", "zhao"], "one subscription for all who see the same"
    peer.live("zhao", {"sounding": [{"headline": "county-wide"}]})
    assert b"county-wide" in whole.written
    assert b"county-wide" in again.written
    assert b"county-wide" not in town.written
    peer.live("qian", {"sounding": []})
    assert b"event: overview" in town.written
    hubs.stop()
    assert b"bye" in town.written
    assert clock.getDelayedCalls() == []


def test_who_comes_back_is_told_what_was_missed_or_to_load_again(clock: task.Clock) -> None:
    peer = Peer()
    hubs = Hubs(clock, peer)
    sit(hubs, "zhao")
    assert come_back(hubs, "7-40") == ["resync"], (
        "this panel has just begun: it does not know what was missed"
    )
    peer.write("zhao", 41, 42, 43)
    assert come_back(hubs, "7-41") == ["42", "43"]
    assert come_back(hubs, "7-40") == ["41", "42", "43"]
    assert come_back(hubs, "7-43") == []
    assert come_back(hubs, "7-39") == ["resync"]
    assert come_back(hubs, "7-44") == ["resync"], "of another journal"
    assert come_back(hubs, "") == come_back(hubs, "nonsense") == []
    hubs.station_away()  # what is written now is not told
    assert come_back(hubs, "7-43") == ["resync"]
    peer.write("zhao", 60)
    assert come_back(hubs, "7-43") == ["resync"]
    assert come_back(hubs, "7-59") == ["60"]
    peer.resync(70)
    peer.write("zhao", 71)
    assert come_back(hubs, "7-60") == ["resync"]


def test_more_than_is_kept_is_loaded_again(clock: task.Clock) -> None:
    peer = Peer()
    hubs = Hubs(clock, peer)
    sit(hubs, "zhao")
    peer.write("zhao", *range(1, RING + 11))
    assert come_back(hubs, "7-9") == ["resync"]
    assert come_back(hubs, "7-10") == [str(position) for position in range(11, RING + 11)]


def test_a_browser_that_does_not_read_learns_that_the_station_is_away_and_not_how_it_was(
    clock: task.Clock,
) -> None:
    peer = Peer()
    hubs = Hubs(clock, peer)
    browser = Browser()
    client = Client(browser, "zhao", journal=False)
    hubs.add(client, "")
    client.pauseProducing()
    peer.live("zhao", {"sounding": [], "sentence": "all is well"})
    hubs.station_away()
    client.resumeProducing()
    assert b"away" in browser.written
    assert b"all is well" not in browser.written


def test_a_hub_that_nobody_watches_is_given_up(clock: task.Clock) -> None:
    peer = Peer()
    hubs = Hubs(clock, peer)
    hubs.start()
    browser = sit(hubs, "qian", TOWN)
    browser.gone.callback(None)
    assert peer.open["qian"] == []
    assert hubs.room(("1",))
    assert clock.getDelayedCalls() == []


def test_there_is_room_for_so_many_stretches_and_browsers(
    clock: task.Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hubs = Hubs(clock, Peer())
    monkeypatch.setattr(module, "MOST_SIGHTS", 1)
    sit(hubs, "zhao")
    assert hubs.room(())
    assert not hubs.room(TOWN)
    monkeypatch.setattr(module, "MOST_CLIENTS", 1)
    assert not hubs.room(())


def test_the_end_of_a_session_and_of_the_station_reach_every_hub(clock: task.Clock) -> None:
    hubs = Hubs(clock, Peer())
    whole, town = sit(hubs, "zhao"), sit(hubs, "qian", TOWN)
    hubs.station_away()
    assert b"event: away" in whole.written
    assert b"event: away" in town.written
    hubs.close("qian")
    assert b"logout" in town.written
    assert b"logout" not in whole.written
