"""Followers bring players, terminals and voice to what state says, whatever came in before."""

from types import SimpleNamespace

import attrs
import pytest
from emergency_help import COMPOSER, COUNTY, EDITOR, POLICY, PROVINCE, TOWN, VILLAGES
from twisted.internet import defer
from twisted.python.failure import Failure
from whole_desk import AREAS, FM, PLANS, SETTINGS, Whole, _air, _mute, _submit

from emergency import views
from emergency.messages import MoveOverlay, SpeechFailed, SpeechReady
from playout.link import HearMember
from playout.sheets import Wish
from schedules.plan import Medium
from schedules.relays import medium_of
from station import rules
from station.followers import AirFollower, FleetFollower, SpeechFollower, plans_stand_on
from station.relay_sources import RelaySection
from station.settings import Places, Ports
from station.words import Refused, Sha256, instant_of, sample_at


class Link:
    connected = True

    def __init__(self):
        self.wanted, self.loaded, self.relays = [], [], ()

    def want(self, wanted):
        self.wanted.append(wanted)

    def want_relays(self, relays):
        self.relays = tuple(relays)

    def preload(self, media):
        self.loaded = list(media)

    def held(self, sha256, within):
        return defer.succeed(None)


class Fleet:
    def __init__(self):
        self.registry = SimpleNamespace(areas=lambda: AREAS)
        self.groups, self.volumes = [], []

    def want(self, groups):
        self.groups.append(groups)

    def want_volume(self, areas, percent):
        self.volumes.append((areas, percent))


class Station:
    """The whole desk as a world, with recorders for links and terminals."""

    @property
    def ground(self):
        return self.fleet.registry.areas()

    def __init__(self, tmp_path, whole=None):
        self.whole = whole or Whole()
        self.settings, self.places, self.ports = SETTINGS, Places(tmp_path), Ports(8000)
        self.fleet, self.plans, self.overlays = Fleet(), {}, {}
        self.links = {chain: Link() for chain in SETTINGS.chains()}
        self.told, self.due = [], []
        self.air = AirFollower(self, self.links, PLANS, self.told.append, self.due.append)

    desk = property(lambda self: self.whole.desk)

    def now(self):
        return self.whole.now()

    def soundings(self):
        return views.soundings(self.desk.states["emergency"], self.now(), POLICY)

    def mutes(self):
        return views.mutes(self.desk.states["emergency"])

    def groups(self):
        return rules.terminal_groups(
            self.soundings(), self.mutes(), self.ground, self.settings.alerts, self.ports
        )

    def raised(self, alert="a1", areas=(TOWN,), source=PROVINCE):
        _submit(self.whole, alert, source, areas, 1, "actual")
        _air(self.whole, alert)
        self.air.aired(alert)

    def sent(self, channel=FM):
        return [one for link in self.links.values() for one in link.wanted if one.channel == channel]


def rules_start(station):
    """The sample at which an alert that is aired now begins on the channel."""
    section = station.settings.channel(FM)
    return sample_at(station.now()) + 48 * (section.slack_ms + station.settings.alerts.margin_ms)


@pytest.fixture
def station(tmp_path):
    made = Station(tmp_path)
    made.desk.start()
    yield made
    made.desk.stop()


def test_only_the_player_that_receives_a_relay_is_told_by_which_way_it_is_to_be_heard(station):
    chain, *others = station.links
    relay = RelaySection(id="cnr", chain=chain, name_zh="央", name_en="C", members=["alsa:a", "alsa:b"])
    station.settings = attrs.evolve(SETTINGS, relays=[relay, attrs.evolve(relay, id="other")])
    wish, old = Wish(relay="cnr", member=1, number=4), Wish(relay="gone", member=0, number=1)
    states = station.desk.states
    held = SimpleNamespace(
        states={**states, "playout": attrs.evolve(states["playout"], wishes=(wish, old))}, position=0
    )
    made = AirFollower(_At(station, held), station.links, PLANS, station.told.append, station.due.append)
    made.look()
    assert station.links[chain].relays == (HearMember(relay="cnr", member=1, number=4),)
    assert all(station.links[other].relays == () for other in others)


class _At:
    """The station with another desk."""

    def __init__(self, station, desk):
        self._station, self.desk = station, desk

    def __getattr__(self, name):
        return getattr(self._station, name)


def test_a_player_is_told_its_plan_and_its_overlays_and_nothing_twice(station):
    station.air.look()
    (first, *_) = station.sent()
    assert station.sent()[-1].plan is station.plans[FM] and first.overlays == ()
    before = len(station.sent())
    station.air.look()
    assert len(station.sent()) == before
    station.raised()
    station.air.look()
    told = station.sent()[-1]
    assert [one.id for one in told.overlays] == ["a1/fm1"] and told.media[0].sha256 == "b" * 64
    assert told.revision > first.revision
    stream = station.sent("alerts-1")[-1]
    assert [one.id for one in stream.overlays] == ["a1/alerts-1"]
    assert "fm1" in station.due and "alerts-1" in station.due
    count = sum(len(link.wanted) for link in station.links.values())
    station.air.look()
    assert sum(len(link.wanted) for link in station.links.values()) == count
    _mute(station.whole, "m1", "", channels=False)
    station.air.look()
    assert station.sent()[-1].overlays == ()


def test_an_overlay_that_comes_too_late_is_moved_by_the_controller_once_and_only_while_fresh(station):
    station.air.look()
    station.raised()
    before = len(station.sent())
    station.whole.clock.advance(2)  # the journal took two seconds
    station.air.look()
    (move, stream) = station.told
    assert isinstance(move, MoveOverlay) and (move.alert, move.channel) == ("a1", FM)
    assert stream.channel == "alerts-1"
    assert instant_of(move.start) > station.now() + 40_000
    assert len(station.sent()) == before, "nothing is sent that would have to be taken back"
    assert station.overlays[FM] == (), "nor by a plan that is sent meanwhile, nor to a witness"
    assert station.air.moving, "terminals are called after the channel has its order"
    station.whole.ask(move)
    station.whole.ask(stream)
    station.air.look()
    assert station.sent()[-1].overlays[0].start == move.start and len(station.told) == 2
    assert not station.air.moving
    station.whole.clock.advance(3)
    station.air.look()
    assert len(station.told) == 2, "once"


def test_while_its_own_move_is_not_durable_no_channel_hears_of_an_overlay_that_came_too_late(station):
    """The move of one channel is written down before that of the next; what began in the middle would break off again."""
    station.air.look()
    station.raised()
    station.whole.clock.advance(2)
    before = len(station.sent("alerts-1"))
    station.air.look()
    radio, stream = station.told
    assert (radio.channel, stream.channel) == (FM, "alerts-1")
    station.whole.ask(radio)
    station.air.look()
    assert station.sent()[-1].overlays[0].start == radio.start
    assert len(station.sent("alerts-1")) == before and station.air.moving
    station.whole.ask(stream)
    station.air.look()
    assert station.sent("alerts-1")[-1].overlays[0].start == stream.start
    assert not station.air.moving and station.told == [radio, stream]


def test_an_overlay_that_cannot_be_moved_begins_as_it_is(station):
    answers = []

    def tell(command):
        answers.append(defer.Deferred())
        return answers[-1]

    station.air._tell = tell
    station.air.look()
    station.raised()
    station.whole.clock.advance(2)
    station.air.look()
    assert station.sent()[-1].overlays == ()
    for answer in answers:
        answer.callback(None)  # refused
    assert [one.id for one in station.sent()[-1].overlays] == ["a1/fm1"]
    assert [one.id for one in station.sent("alerts-1")[-1].overlays] == ["a1/alerts-1"]


@pytest.mark.parametrize("left", [90, 121])
def test_a_drill_gives_way_to_a_relay_and_is_made_longer_by_it_only_where_that_ends_soon(
    station, tmp_path, left
):
    news = medium_of("cnr", "新闻")
    given = {"chain": "radio", "name_zh": "新闻", "name_en": "News", "members": ["udp://239.1.1.1:5000"]}
    station.settings = attrs.evolve(SETTINGS, relays=[RelaySection(id="cnr", **given)])
    station.air.look()
    plan = station.plans[FM]
    station.whole.clock.advance(1)
    due = rules_start(station)
    ends = due + left * 48_000
    first = attrs.evolve(plan.takes[0], end=ends, media=news.sha256, offset=plan.start)
    rest = attrs.evolve(plan.takes[-1], start=ends, kind="silence", media=None)
    station.plans[FM] = attrs.evolve(plan, takes=(first, rest), media=(*plan.media, news))
    _submit(station.whole, "a1", PROVINCE, (TOWN,), 1, "drill")
    _air(station.whole, "a1")
    station.air.aired("a1")
    station.air.look()
    told = station.sent()[-1].overlays
    assert [one.start for one in told] == [ends]
    assert station.told == [MoveOverlay(alert="a1", channel=FM, start=ends)] * (left == 90)
    for move in station.told:
        station.whole.ask(move)
    station.air.look()
    assert len(station.told) == (left == 90) and station.sent()[-1].overlays == told
    again = Station(tmp_path, station.whole.again())
    state = again.desk.states["playout"]
    again.settings, again.plans = station.settings, station.plans
    again.air._planned = plans_stand_on(state)
    again.air.look()
    assert again.told == [] and again.sent()[-1].overlays == told
    again.desk.stop()


def test_after_a_restart_nothing_is_moved_and_the_same_is_wanted(station, tmp_path):
    station.air.look()
    station.raised()
    station.air.look()
    station.whole.clock.advance(5)
    again = Station(tmp_path, station.whole.again())
    again.air.look()
    assert again.told == [], "it began long ago: the player has it"
    assert again.sent()[-1].overlays == station.sent()[-1].overlays
    assert again.sent()[-1].revision >= station.sent()[-1].revision
    again.desk.stop()


def test_sound_is_in_every_player_before_it_is_needed(station):
    station.air.preload(Medium(sha256=Sha256("c" * 64), samples=5))
    assert {len(link.loaded) for link in station.links.values()} == {1}


def test_players_let_go_of_the_sound_of_what_is_over(station):
    station.air.preload(Medium(sha256=Sha256("b" * 64), samples=480_000))
    station.raised()
    station.air.look()
    assert {tuple(one.sha256 for one in link.loaded) for link in station.links.values()} == {("b" * 64,)}
    station.whole.clock.advance(31 * 60)  # it expires
    station.air.look()
    assert {tuple(link.loaded) for link in station.links.values()} == {()}


def test_terminals_are_told_groups_when_they_change_and_volumes_of_state(station):
    follower = FleetFollower(station)
    follower.look()
    follower.look()
    assert station.fleet.groups == [()]
    station.raised(areas=(VILLAGES[0],))
    follower.look()
    follower.look()
    ((group,),) = station.fleet.groups[1:]
    assert group.areas == {VILLAGES[0]} and group.alerts == ("a1",)
    assert group.url == "rtp://{}:{}".format(*station.ports.stream(1))
    from devices.messages import SetTerminalVolume

    follower.volumes()
    for volume in (40, 60, 60):
        station.whole.ask(SetTerminalVolume(areas=(TOWN,), volume=volume), EDITOR)
        follower.volumes()
        follower.volumes()
    assert station.fleet.volumes == [((TOWN,), 40), ((TOWN,), 60)]
    fresh = FleetFollower(station)
    fresh.volumes()
    assert station.fleet.volumes[-1] == ((TOWN,), 60), "a restart wants it too"


class Voice:
    def __init__(self):
        self.asked = []

    def speak(self, alert, text, kind, level):
        self.asked.append((alert, text, kind, level, defer.Deferred()))
        return self.asked[-1][-1]


def test_each_alert_is_spoken_once_at_a_time_and_failure_is_told_in_words(station):
    voice, loaded, told, there = Voice(), [], [], defer.Deferred()

    def preload(medium):
        loaded.append(medium)
        return there

    follower = SpeechFollower(station, voice, told.append, preload)
    _submit(station.whole, "a1", COMPOSER, (COUNTY,), 2, "drill")
    follower.look()
    follower.look()
    ((alert, text, kind, level, done),) = voice.asked
    assert (alert, kind, level) == ("a1", "drill", 2) and "演练" in text
    done.errback(Failure(Refused("no voice here", "无语音")))
    (failed,) = told
    assert isinstance(failed, SpeechFailed) and failed.why == "no voice here"
    follower.look()
    assert len(voice.asked) == 2, "as long as state wants it, it is tried again"
    voice.asked[1][-1].callback(Medium(sha256=Sha256("d" * 64), samples=9))
    follower.look()
    assert len(told) == 1 and len(voice.asked) == 2, "the players load it first"
    there.callback(None)
    made = told[-1]
    assert isinstance(made, SpeechReady) and (made.audio, made.samples, made.engine) == (
        "d" * 64,
        9,
        "espeak-ng",
    )
    assert [medium.sha256 for medium in loaded] == ["d" * 64]
    assert made.content == station.desk.states["emergency"].alerts["a1"].content


def test_what_state_wants_depends_on_no_order_of_looking(station, tmp_path):
    """L4 through the real follower: one that looked at each step and one that looks now want the same."""
    station.air.look()
    for n, alert in enumerate(("a1", "a2")):
        station.raised(alert, areas=(AREAS[n],))
        station.air.look()
    for wish in list(station.told):
        station.whole.ask(wish)
        station.air.look()
    late = Station(tmp_path, station.whole)
    late.air.look()
    for channel in (FM, "alerts-1", "alerts-2", "alerts-3"):
        assert late.overlays[channel] == station.overlays[channel]
    assert attrs.asdict(late.sent()[-1].overlays[0]) == attrs.asdict(station.sent()[-1].overlays[0])
