"""The station has a link to every player; what two say of one channel is shown as a receiver of both hears it, and each is followed by itself."""

from types import SimpleNamespace

import attrs
import pytest
from test_pairs import ALONE, PAIR
from twisted.internet import defer
from twisted.internet.task import Clock

from emergency import state as emergency
from playout.follow import Wanted
from playout.gauge import OutputLine
from playout.link import AsRun, PlayerHello, RelaySight, Rendered, Status
from playout.messages import AsRunEntry, NoteMarker, ReportAsRun
from schedules.plan import Medium
from station.followers import AirFollower
from station.health import Health
from station.metrics import REGISTRY
from station.output_book import OutputBook
from station.player_links import player_links
from station.relay_book import RelayBook
from station.relay_sources import RelaySection
from station.settings import Places
from station.twins import Twins

STATUS = Status(
    at=1, channel="fm1", head=480, take="x", overlay="", rung="file", peak=(-600, -600), rms=(-900, -900),
    plan_revision=1, plan_until=9, overlay_revision=0,
)  # fmt: skip
ENTRY = AsRunEntry(
    run="1-a", seq=4, channel="fm1", what="start", ref="x", source="take", title="x", media=None, approval="t",
    index=480, rung="file", cause="planned",
)  # fmt: skip


WEB = OutputLine(id="web", state="slow", since=1, dropped=7)


class World:
    """What links look at and write into."""

    def __init__(self, home, settings):
        self.settings, self.places, self.twins = settings, Places(home), Twins()
        self.playing, self.book, self.at = {}, {}, 0
        self.outputs = OutputBook()
        self.relays = RelayBook()
        runs = (SimpleNamespace(chain="radio.b", run="1-a", seq=3),)
        keeping = SimpleNamespace(synchronised=True, reanchor_wanted=False)
        states = {"playout": SimpleNamespace(runs=runs), "keeping": keeping}
        self.desk = SimpleNamespace(states=states, degraded=False, position=7)
        self.fleet = SimpleNamespace(online=0, registry=())
        self.changes, self.told = 0, []
        feeds = SimpleNamespace(changed=self.changed)
        self.links = player_links(Clock(), self, self.tell, feeds)

    def now(self):
        return self.at

    def changed(self):
        self.changes += 1

    def tell(self, command):
        self.told.append(command)
        return defer.succeed(SimpleNamespace(ok=True))

    def hears(self, player, **change):
        self.at += 1
        self.links[player].heard(attrs.evolve(STATUS, at=self.at, **change))
        return self.playing["fm1"].at == self.at


@pytest.fixture
def pair(tmp_path):
    return World(tmp_path, PAIR)


def test_there_is_a_link_for_each_player_and_for_guests(pair, tmp_path):
    assert list(pair.links) == ["radio", "radio.b", "tv", "alerts", "alerts.b"]
    assert list(World(tmp_path, ALONE).links) == ["radio", "tv", "alerts", "radio.b", "alerts.b"]


def test_the_first_is_shown_and_the_second_where_it_knows_better(pair):
    assert pair.hears("radio") and not pair.hears("radio.b")
    assert pair.hears("radio.b", rung="file") is False
    assert not pair.hears("radio", rung="filler"), "its twin has the file"
    assert pair.hears("radio.b") and not pair.hears("radio", rung="filler")
    assert pair.playing["fm1"].rung == "file"


def test_who_is_not_heard_is_not_shown(pair):
    assert pair.hears("radio.b") and not pair.hears("radio", sending=False)
    assert pair.twins.missing(PAIR, "radio") == ("A",)
    assert pair.hears("radio") and pair.twins.missing(PAIR, "radio") == ()


def test_when_the_first_is_lost_the_second_speaks(pair):
    pair.hears("radio")
    pair.hears("radio.b")
    before = pair.changes
    link = pair.links["radio"]
    link._reports.on_lost(link.chain)
    assert pair.changes == before + 1 and pair.twins.state("radio") == "away"
    assert pair.hears("radio.b")


def test_what_each_aired_is_told_under_its_own_name_and_acknowledged_to_it(pair):
    pair.links["radio.b"].heard(AsRun(entries=(ENTRY,)))
    assert pair.told == [ReportAsRun(chain="radio.b", entries=(ENTRY,))]
    assert pair.links["radio.b"]._aired == ("1-a", 4)
    assert pair.links["radio"]._aired is None


def test_the_first_sample_of_an_alert_is_timed_whichever_player_gave_it(pair):
    pair.book["a"] = SimpleNamespace(aired_at=1)
    for alert in ("a/fm1", "unknown/fm1"):
        pair.links["radio.b"].heard(Rendered(channel="fm1", overlay=alert, head=1, at=2))


def test_both_of_a_pair_are_asked_for_the_same(pair):
    wanted = {player: [] for player in pair.links}
    links = {
        player: SimpleNamespace(want=told.append, preload=lambda media: None)
        for player, told in wanted.items()
    }
    pair.plans, pair.overlays, pair.soundings = {}, {}, tuple
    air = AirFollower(pair, links, None, pair.tell, lambda channel: None)
    air._overlay("fm1", (), ())
    air._overlay("alerts-1", (), ())
    assert wanted["radio"] == wanted["radio.b"] == [Wanted(channel="fm1", revision=7)]
    assert wanted["alerts"] == wanted["alerts.b"] != [] and wanted["tv"] == []


def test_a_station_is_well_while_one_player_of_each_chain_answers(pair):
    health = Health(pair, pair.links)
    assert health.plain()["players"] == dict.fromkeys(("radio", "radio.b", "tv", "alerts"), False)
    hello = PlayerHello(chain="x", channels=("fm1",), run="1-a", pid=1)
    for player in ("radio.b", "tv", "alerts"):
        assert not health.plain()["ok"]
        pair.links[player].heard(hello)
    assert health.plain()["ok"] and not health.plain()["players"]["radio"]
    pair.links["alerts.b"].heard(hello)
    assert health.plain()["players"]["alerts.b"], "a guest is named while it is there"


class Loading:
    """A link whose player loads what it is asked to when the test says so."""

    def __init__(self, clock, *, connected=True):
        self.clock, self.connected, self.loaded, self.waiting = clock, connected, False, []

    def preload(self, media):
        pass

    def held(self, sha256, within):
        if self.loaded or not self.connected:
            return defer.succeed(None)
        made = defer.Deferred()
        self.waiting.append(made)
        self.clock.callLater(within, lambda: made.called or made.callback(None))
        return made

    def load(self):
        self.loaded = True
        waiting, self.waiting = self.waiting, []
        for one in waiting:
            one.callback(None)


@pytest.fixture
def armed(pair):
    """A follower with a pair whose players load slowly, and when an alert was armed (s)."""
    clock = Clock()
    links = {player: Loading(clock) for player in ("radio", "radio.b")}
    links["alerts"], links["alerts.b"] = Loading(clock), Loading(clock, connected=False)
    links["alerts"].loaded = True
    pair.desk.states["emergency"] = emergency.EMPTY
    air = AirFollower(pair, links, None, pair.tell, lambda channel: None)
    done = []
    air.preload(Medium(sha256="d" * 64, samples=1)).addCallback(lambda _: done.append(clock.seconds()))
    return clock, links, done


def test_an_alert_is_armed_when_both_have_its_sound(armed):
    clock, links, done = armed
    clock.advance(0.05)
    links["radio"].load()
    assert done == []
    clock.advance(0.05)
    links["radio.b"].load()
    assert done == [0.1]


def test_one_of_a_pair_is_enough_after_a_moment(armed):
    clock, links, done = armed
    clock.advance(0.05)
    links["radio.b"].load()
    clock.pump([0.01] * 20)
    assert done == [pytest.approx(0.15, abs=0.02)]


def test_where_none_has_it_in_time_it_goes_out_all_the_same(armed):
    clock, _, done = armed
    clock.pump([0.01] * 50)
    assert done == [pytest.approx(0.4, abs=0.02)]


def test_what_a_player_says_of_its_further_outputs_is_kept_until_it_is_gone(tmp_path):
    world = World(tmp_path, PAIR)
    world.hears("radio", outputs=(WEB,))
    labels = {"player": "radio", "channel": "fm1", "output": "web"}
    assert REGISTRY.get_sample_value("gengfu_output_dropped_bytes", labels) == 7
    assert REGISTRY.get_sample_value("gengfu_output_up", labels) == 1
    assert world.outputs != OutputBook()
    world.links["radio"].gone(None)
    assert world.outputs == OutputBook()


def test_a_marker_that_ends_a_programme_is_told_once_and_only_where_the_settings_heed_it(tmp_path):
    section = RelaySection(id="cnr", chain="radio", name_zh="央", name_en="C", members=["alsa:a"])
    sight = RelaySight(relay="cnr", heard=0, members=(), marker=9_600, says="end")
    for setting, says, heeded in (
        ("scte35", "end", True), ("scte35", "out", False), ("scte35-out", "out", True), ("", "end", False),
    ):  # fmt: skip
        settings = attrs.evolve(PAIR, relays=[attrs.evolve(section, marker=setting)])
        world = World(tmp_path, settings)
        for _ in range(2):
            world.hears("radio", relays=(attrs.evolve(sight, says=says), attrs.evolve(sight, relay="x")))
            world.hears("radio", relays=(attrs.evolve(sight, marker=None, says=""),))
        assert world.told == ([NoteMarker(relay="cnr", at=9_600)] if heeded else [])


def test_what_a_player_says_of_its_relays_is_kept_until_it_is_gone(tmp_path):
    world = World(tmp_path, PAIR)
    world.hears("radio", relays=(RelaySight(relay="cnr", heard=None, members=()),))
    assert world.relays != RelayBook()
    world.links["radio"].gone(None)
    assert world.relays == RelayBook()
