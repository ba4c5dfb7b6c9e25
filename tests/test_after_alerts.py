"""When an alert is over on a channel, the station has it decided, once and in time, how what it broke off goes on."""

import json
from collections import Counter

import attrs
import pytest
import whole_desk
from emergency_help import COMPOSER, DISPATCHER, EDITOR, FAR_VILLAGE, REVIEWERS
from test_followers import Station
from twisted.internet import defer
from whole_desk import FM, PLANS, SETTINGS, SONG, _mute

from emergency.messages import CancelAlert, LiftMute
from playout import planning
from playout.airing import MOST
from playout.messages import ResumeProgramme, SignRundown, SubmitRundown, TakeNext
from playout.policy import after_of
from playout.resuming import foreseen, rule_of
from playout.sheets import Edits
from schedules.aftermath import Rule
from schedules.edits import Edit
from schedules.outlook import GOES_ON, outlook
from schedules.plan import Medium, Overlay, Take
from schedules.render import on_air
from station.after_alerts import AHEAD, AfterAlerts, Covered, covered
from station.followers import AirFollower
from station.settings import AfterAlertSection
from station.words import SAMPLE_RATE, SampleIndex, Sha256, instant_of, sample_at

S = SAMPLE_RATE
PLAY = Medium(sha256=Sha256("c" * 64), samples=7_200 * S)
RULES = {
    "drama": Rule(then="resume", longest=300 * S),
    "music": Rule(then="drop", longest=300 * S),
    "": Rule(),
}
WITH = attrs.evolve(PLANS, after={FM: RULES}, media={**PLANS.media, "play.flac": PLAY, PLAY.sha256: PLAY})
DAY = "2026-11-21"


class Watched(Station):
    """The station with a rundown on the air, and what tells the desk what follows an alert."""

    def __init__(self, tmp_path, lines, whole=None):
        super().__init__(tmp_path, whole)
        self.asked = []
        self.after = AfterAlerts(self.whole.clock, self, WITH, self.tell)
        self.air = AirFollower(self, self.links, WITH, self.tell, self.due.append, self.after)
        self.after.again = self.air.again
        self.desk.start()
        if lines:
            self.plan(lines)

    def tell(self, command):
        """As the desk does it: durable, then followers look."""
        self.asked.append(command)
        before = len(self.whole.book.lines)
        self.whole.ask(command)
        if len(self.whole.book.lines) > before:
            self.air.look()
        return defer.succeed(None)

    def plan(self, lines):
        csv = "start,mode,title,media,class\n" + "\n".join(lines)
        self.whole.ask(SubmitRundown(channel=FM, day=DAY, csv=csv), EDITOR)
        held = planning.sheet(self.desk.states["playout"], FM, DAY, "waiting")
        for by in REVIEWERS:
            self.whole.ask(SignRundown(channel=FM, day=DAY, content=held.content), by)
        self.air.look()

    def alert(self):
        self.raised(source=COMPOSER)
        self.air.look()
        return next(one for one in self.overlays[FM] if one.id == "a1/fm1")

    def pass_(self, seconds):
        for _ in range(round(seconds * 10)):
            self.whole.clock.advance(0.1)

    def here(self):
        return sample_at(self.now())

    def written(self, kind="air.resumed/1"):
        return [json.loads(body) for name, body in self.whole.book.lines if name == kind]

    def heard(self, n):
        return on_air(self.plans[FM], self.overlays[FM], (), SampleIndex(n))


@pytest.fixture
def made(tmp_path, monkeypatch):
    monkeypatch.setattr(whole_desk, "PLANS", WITH)
    stations = []

    def make(*lines, whole=None):
        stations.append(Watched(tmp_path, lines, whole))
        return stations[-1]

    yield make
    for one in stations:
        one.after.stop()
        one.desk.stop()


PLAYS = "11:30:00,soft,Play,play.flac,drama"


def test_what_an_alert_broke_off_goes_on_at_the_sample_of_its_end_where_it_was_cut(made):
    station = made(PLAYS)
    lies = station.alert()
    take = station.heard(lies.start - 1).take
    assert take.title == "Play"
    station.pass_((lies.end - station.here() - AHEAD) / S - 0.2)
    assert not station.written(), "not before it must be"
    station.pass_(0.4)
    (said,) = station.written()
    assert (said["at"], said["was"], said["alert"], said["cause"], said["then"]) == (
        lies.end, lies.start, "a1", "over", "resume",
    )  # fmt: skip
    rest = station.heard(lies.end).take
    assert (rest.start, rest.title) == (lies.end, "Play")
    assert rest.offset == take.offset + lies.start - take.start, "the sample that would have been next"
    assert station.sent()[-1].plan is station.plans[FM], "and players know"
    station.pass_(5)
    assert len(station.written()) == 1 and len(station.asked) == 1
    assert [one.mode for one in station.overlays[FM] if one.end > station.here()] == []


def test_what_is_left_out_gives_way_to_what_is_next_and_what_has_no_rule_is_joined_in_progress(made):
    station = made("11:30:00,soft,Songs,play.flac,music", ",follow,Talk,news.flac,talk")
    lies = station.alert()
    station.pass_((lies.end - station.here()) / S)
    assert station.heard(lies.end).take.title == "Talk" and station.heard(lies.end).take.start == lies.end
    other = made("11:30:00,soft,Talk,play.flac,talk")
    lies = other.alert()
    take = other.heard(lies.start).take
    other.pass_((lies.end - other.here()) / S + 1)
    assert other.heard(lies.end).take == take and not other.written() and not other.asked
    assert rule_of(WITH, FM, take) == Rule()


def test_after_an_alert_that_is_cancelled_nothing_is_heard_until_the_programme_goes_on(made):
    station = made(PLAYS)
    lies = station.alert()
    take = station.heard(lies.start).take
    station.pass_(12)
    station.whole.ask(CancelAlert(alert="a1", reason="over"), DISPATCHER)
    station.air.look()
    (said,) = station.written()
    assert (said["cause"], said["was"]) == ("early", lies.start)
    at = said["at"]
    assert 0 < at - station.here() <= S + 1
    (still,) = station.overlays[FM]
    assert (still.mode, still.end, still.approval) == ("silence", at, "standing:silence")
    assert station.heard(station.here()).approval == "standing:silence", "the alert is over at once"
    assert station.heard(at).take.offset == take.offset + lies.start - take.start
    station.air.again()
    assert station.overlays[FM] == (still,) and len(station.asked) == 1
    station.pass_(2)
    station.air.again()
    assert station.overlays[FM] == () and len(station.written()) == 1


def test_an_alert_that_is_muted_on_the_channels_area_is_over_there_too(made):
    station = made(PLAYS)
    station.alert()
    station.pass_(3)
    _mute(station.whole, "m1", "", channels=False)
    station.air.look()
    assert [one["cause"] for one in station.written()] == ["muted"]


def test_while_a_mute_silences_the_channel_nothing_goes_on_and_when_it_is_lifted_what_was_cut_does(made):
    station = made(PLAYS)
    lies = station.alert()
    station.pass_(3)
    _mute(station.whole, "m1", "", channels=True)
    station.air.look()
    station.whole.ask(CancelAlert(alert="a1", reason="over"), DISPATCHER)
    station.air.look()
    station.pass_(20)
    assert not station.written()
    station.whole.ask(LiftMute(mute="m1"), DISPATCHER)
    station.air.look()
    (said,) = station.written()
    assert (said["was"], said["alert"]) == (lies.start, "a1")


def test_where_the_desk_refuses_nothing_is_held_back(made):
    station = made(PLAYS)
    station.alert()
    station.pass_(3)
    waiting = defer.Deferred()
    station.after._tell = lambda command: waiting
    station.whole.ask(CancelAlert(alert="a1", reason="over"), DISPATCHER)
    station.air.look()
    assert [one.mode for one in station.overlays[FM]] == ["silence"]
    waiting.callback(None)
    assert station.overlays[FM] == () and not station.written()


def test_an_alert_that_follows_before_the_programme_went_on_leaves_it_where_it_was_cut(made):
    station = made(PLAYS)
    lies = station.alert()
    take = station.heard(lies.start).take
    station.pass_((lies.end - station.here()) / S - 1)
    assert len(station.written()) == 1
    station.raised("a2", (FAR_VILLAGE,), COMPOSER)
    station.air.look()
    second = next(one for one in station.overlays[FM] if one.id == "a2/fm1")
    assert second.start < lies.end < second.end
    station.pass_((second.end - station.here()) / S)
    first, then = station.written()
    assert (then["was"], then["at"]) == (first["at"], second.end)
    assert station.heard(second.end).take.offset == take.offset + lies.start - take.start


def test_what_an_operator_put_on_the_air_meanwhile_is_what_goes_on(made):
    station = made(PLAYS, ",follow,Second,news.flac,drama")
    lies = station.alert()
    station.pass_(3)
    station.whole.ask(TakeNext(channel=FM), DISPATCHER)
    station.air.look()
    station.pass_((lies.end - station.here()) / S)
    taken = station.heard(lies.end).take
    assert (taken.title, taken.offset) == ("Second", 0), "from its first sample: nothing of it was heard"


def test_a_controller_that_was_away_decides_what_is_to_come_and_nothing_that_is_past(made):
    station = made(PLAYS)
    lies = station.alert()
    station.pass_(2)
    again = made(whole=station.whole.again())
    again.air.look()
    again.pass_((lies.end - again.here()) / S)
    assert [one["was"] for one in again.written()] == [lies.start]
    other = made(whole=station.whole.again())
    other.whole.clock.advance((lies.end - other.here()) / S - 0.3)
    other.air.look()
    other.pass_(3)
    assert not other.written(), "too late: it is joined in progress"
    third = made(whole=again.whole.again())
    third.air.look()
    third.pass_(3)
    assert len(third.written()) == 1, "and nothing is decided twice"


def test_a_command_that_comes_too_late_or_twice_decides_nothing(made):
    station = made(PLAYS)
    here = station.here()
    late = ResumeProgramme(channel=FM, alert="a1", cut=here - 20 * S, at=here + 100, cause="over")
    station.whole.ask(late)
    assert not station.written()
    good = attrs.evolve(late, at=SampleIndex(here + 2 * S))
    for wish in (good, good, attrs.evolve(good, at=SampleIndex(here + S))):
        station.whole.ask(wish)
    assert len(station.written()) == 1
    assert Counter(kind for kind, _ in station.whole.book.lines)["air.resumed/1"] == 1


def over(start, end, mode="replace", name="a1"):
    return Overlay(
        id=f"{name}/fm1" if mode != "silence" else f"mute-{name}", mode=mode, start=SampleIndex(start),
        end=SampleIndex(end), priority=1, approval="x",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("overlays", "here", "before", "found"),
    [
        ((), 100, None, None),
        ((over(50, 200),), 100, None, (50, 200, "a1")),
        ((over(50, 200, "duck"),), 100, None, None),
        ((over(50, 90),), 100, None, None),
        ((over(100 + 2 * S, 200 + 2 * S),), 100, None, None),
        ((over(50, 200), over(200, 300, name="a2")), 100, None, (50, 300, "a2")),
        ((over(50, 300), over(60, 200, name="a2")), 100, None, (50, 300, "a1")),
        ((over(150, 300, name="a2"),), 100, Covered(start=50, end=200, alert="a1"), (50, 300, "a2")),
        ((over(150, 300, name="a2"),), 100, Covered(start=50, end=90, alert="a1"), (150, 300, "a2")),
        ((over(90, 300, name="a2"),), 100, Covered(start=50, end=90, alert="a1"), (50, 300, "a2")),
        ((over(150, 300),), 100, Covered(start=140, end=200, alert="a1"), (150, 300, "a1")),
        ((over(0, 1 << 50, "silence"),), 100, Covered(start=50, end=200, alert="a1"), (50, 1 << 50, "a1")),
        ((over(0, 1 << 50, "silence"), over(50, 200)), 100, None, (0, 1 << 50, "a1")),
    ],
)
def test_what_covers_a_channel_without_a_break(overlays, here, before, found):
    seen = covered(overlays, here, before)
    assert (seen and (seen.start, seen.end, seen.alert)) == found


def test_what_would_become_of_it_is_known_beforehand_where_an_alert_covers_it_now(made):
    station = made(PLAYS)
    assert station.after.foreseen(FM) is None
    lies = station.alert()
    assert station.after.foreseen(FM) is None, "it has not begun"
    station.pass_(1)
    plan = station.after.foreseen(FM)
    assert plan != station.plans[FM]
    shown = outlook(plan.takes, lies.start, lies.end + S, lambda _: False)
    assert [(one.title, one.amiss, one.end) for one in shown][:1] == [("Play", "", instant_of(lies.end))]
    assert shown[0].why == GOES_ON and shown[1].start == instant_of(lies.end)
    station.pass_((lies.end - station.here()) / S)
    assert station.plans[FM].takes == plan.takes, "and so it comes"
    assert station.after.foreseen(FM) is None
    other = made("11:30:00,soft,Talk,play.flac,talk")
    other.alert()
    other.pass_(1)
    assert other.after.foreseen(FM) is None, "it is joined in progress"


def test_the_first_entry_that_names_class_and_channel_holds():
    entries = [
        AfterAlertSection(then="resume", category="新闻", channels=[FM]),
        AfterAlertSection(then="drop", category="news"),
        AfterAlertSection(then="restart", restart_under_s=10, longest_s=60),
    ]
    made = after_of(attrs.evolve(SETTINGS, after_alerts=entries))
    assert made[FM]["news"] == Rule(then="resume", longest=300 * S)
    assert made[FM][""] == Rule(then="restart", under=10 * S, longest=60 * S)
    assert {rules["news"].then for channel, rules in made.items() if channel != FM} <= {"drop"}


def test_nothing_is_decided_where_no_rule_grid_or_plan_allows_it(made):
    station = made(PLAYS)
    state, here = station.desk.states["playout"], station.here()

    def found(policy=WITH, cut=here - 20 * S, at=here + 2 * S, state=state):
        return foreseen(state, FM, cut, at, station.now(), policy)

    assert found() is not None
    assert found(attrs.evolve(WITH, after={})) is None
    frames = {FM: attrs.evolve(WITH.frames[FM], grid=1_920)}
    assert found(attrs.evolve(WITH, frames=frames), at=here // 1_920 * 1_920 + 1_921) is None
    assert found(cut=station.plans[FM].start - 1) is None
    assert found(at=station.plans[FM].end) is None
    skips = Edits(channel=FM, edits=tuple(Edit(verb="skip", at=here) for _ in range(MOST)))
    assert found(state=attrs.evolve(state, edits=(skips,))) is None


@pytest.mark.parametrize("at", [-10, 2])
def test_what_an_operator_inserted_is_joined_in_progress(made, at):
    station = made(PLAYS, ",key,Jingle,news.flac,drama")
    state, here = station.desk.states["playout"], station.here()
    lies = Take(
        item="x",
        start=here + at * S,
        end=here + (at + 5) * S,
        kind="programme",
        title="Jingle",
        approval="r",
        media=SONG.sha256,
    )
    put = Edits(channel=FM, edits=(Edit(verb="insert", at=lies.start, lies=lies),))
    state = attrs.evolve(state, edits=(put,))
    assert foreseen(state, FM, here - 8 * S, here + 4 * S, station.now(), WITH) is None
    assert foreseen(state, FM, here - 20 * S, here + 20 * S, station.now(), WITH) is not None


def test_a_channel_without_rules_is_left_alone_and_a_mute_that_nobody_lifts_wakes_nobody(made):
    station = made(PLAYS)
    other = AfterAlerts(station.whole.clock, station, attrs.evolve(WITH, after={}), station.tell)
    lies = over(0, 1 << 50, "silence", "m1")
    assert other.laid(FM, (lies,)) == (lies,) and other.foreseen(FM) is None
    before = station.whole.clock.getDelayedCalls()
    assert station.after.laid(FM, (lies,)) == (lies,)
    assert station.whole.clock.getDelayedCalls() == before
