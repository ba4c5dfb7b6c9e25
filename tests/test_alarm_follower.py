"""What is wrong becomes an alarm after its delay, once; what is right again returns after its own; restarts tell nothing twice."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet import task

from safety.alarm_messages import AcknowledgeAlarm, RaiseAlarm, RegradeAlarm, ReturnAlarm
from safety.alarms import EMPTY, Policy, decide, evolve
from station import adopting
from station.alarm_brief import brief
from station.alarm_cards import Card
from station.alarm_follow import FRESH, Memory, follow
from station.alarm_follower import AlarmFollower, ties
from station.conditions import Condition, Severity
from station.settings import AlertStreams, ChannelSection, DeviceSection, Places, Settings, StationSection
from station.twins import JOINING, ON_AIR, Twins
from station.words import HOUR, SECOND, SYSTEM, AreaCode, ChannelId, Command, Instant, Operator, Text

NOW = Instant(1_780_000_000_000_000)
CHEN = Operator(id="chen")
CARD = Card(
    title=Text("t", "题"),
    means=Text("m", "义"),
    do=(Text("d", "做"),),
    call="engineer",
    delay_s=5,
    return_s=3,
)
CARDS = {"slow": CARD, "quick": attrs.evolve(CARD, delay_s=0, return_s=0)}


def condition(
    key: str = "a", card: str = "slow", severity: Severity = "major", because: str = ""
) -> Condition:
    return Condition(
        key=key, card=card, severity=severity, where="x", text=Text("bad", "坏"), because=because
    )


class Alarms:
    """The part, obeying at once."""

    def __init__(self) -> None:
        self.state, self.now, self.given = EMPTY, NOW, []
        self.memory: Memory = FRESH

    def do(self, command: Command, by: Operator = SYSTEM) -> None:
        self.given.append(command)
        for happened in decide(self.state, command, self.now, by, Policy()):
            self.state = evolve(self.state, happened)

    def look(self, *found: Condition, after: float = 0) -> list[Command]:
        self.now = Instant(self.now + int(after * SECOND))
        orders, self.memory = follow(found, self.state, self.memory, self.now, CARDS)
        for order in orders:
            self.do(order)
        return list(orders)


@pytest.fixture
def alarms() -> Alarms:
    return Alarms()


def test_a_condition_is_raised_when_it_has_held_for_its_delay(alarms: Alarms) -> None:
    assert alarms.look(condition()) == []
    assert alarms.look(condition(), after=4.9) == []
    assert alarms.look(condition(), after=0.1) == [RaiseAlarm(condition=condition())]
    assert alarms.look(condition(), after=60) == []


def test_flutter_shorter_than_the_delay_raises_nothing(alarms: Alarms) -> None:
    for _ in range(20):
        assert alarms.look(condition(), after=1) == []
        assert alarms.look(condition(), after=3) == []
        assert alarms.look(after=1) == []


def test_a_condition_returns_when_it_has_been_gone_for_its_time(alarms: Alarms) -> None:
    alarms.look(condition("q", "quick"), condition())
    alarms.look(condition("q", "quick"), condition(), after=5)
    assert alarms.look(after=1) == [ReturnAlarm(key="q")]
    assert alarms.look(condition(), after=1) == [], "it came back in time"
    assert alarms.look(after=1) == []
    assert alarms.look(after=3) == [ReturnAlarm(key="a")]


def test_worse_is_told_after_the_delay_and_less_bad_after_the_return(alarms: Alarms) -> None:
    alarms.look(condition())
    alarms.look(condition(), after=5)
    worse = condition(severity="critical")
    assert alarms.look(worse, after=1) == []
    assert alarms.look(worse, after=5) == [RegradeAlarm(key="a", severity="critical", text=Text("bad", "坏"))]
    eased = condition(severity="minor")
    assert alarms.look(eased, after=1) == []
    assert alarms.look(eased, after=3) == [RegradeAlarm(key="a", severity="minor", text=Text("bad", "坏"))]


def test_a_restart_tells_nothing_that_is_known_and_lets_the_rest_ripen_anew(alarms: Alarms) -> None:
    alarms.look(condition("q", "quick"), condition())
    alarms.memory = FRESH
    assert alarms.look(condition("q", "quick"), condition(), after=4) == []
    assert alarms.look(condition("q", "quick"), condition(), after=5) == [RaiseAlarm(condition=condition())]


def test_a_condition_without_a_card_is_raised_and_returned_at_once(alarms: Alarms) -> None:
    unknown = condition(card="nobody-wrote-it")
    assert alarms.look(unknown) == [RaiseAlarm(condition=unknown)]
    assert alarms.look(after=0) == [ReturnAlarm(key="a")]


@given(st.lists(st.tuples(st.sets(st.sampled_from("abc")), st.integers(0, 8)), max_size=30))
@settings(max_examples=60, deadline=None)
def test_however_it_flutters_the_state_settles_to_what_is_wrong_and_nothing_is_told_twice(
    looks: list[tuple[set[str], int]],
) -> None:
    alarms = Alarms()
    wrong: set[str] = set()
    for wrong, pause in looks:
        alarms.look(*(condition(key) for key in sorted(wrong)), after=pause)
    for _ in range(2):
        alarms.look(*(condition(key) for key in sorted(wrong)), after=10)
    assert {key for key, one in alarms.state.alarms.items() if one.wrong} == wrong
    assert alarms.look(*(condition(key) for key in sorted(wrong)), after=10) == []
    raised = [one.condition.key for one in alarms.given if isinstance(one, RaiseAlarm)]
    returned = [one.key for one in alarms.given if isinstance(one, ReturnAlarm)]
    for key in "abc":
        assert raised.count(key) - returned.count(key) == (key in wrong)


# ---- the shell ---------------------------------------------------------------------------------------------

SETTINGS = Settings(
    station=StationSection(
        id="s", name_zh="台", name_en="S", area=AreaCode("340422000000"), areas="areas.csv"
    ),
    channels=[
        ChannelSection(
            id=ChannelId("fm1"), chain="radio", name_zh="综合广播", name_en="FM",
            area=AreaCode("340422000000"), rundowns="r",
        )
    ],
    alerts=AlertStreams(witnessed=0),
    devices=[
        DeviceSection(id="tx1", kind="transmitter", profile="p", channel="fm1", name_zh="主机", name_en="main"),
        DeviceSection(id="tx2", kind="transmitter", profile="p", channel="fm1", name_zh="备机", name_en="spare"),
        DeviceSection(id="ups", kind="ups", profile="p", name_zh="电源", name_en="ups"),
    ],
)  # fmt: skip


class Rig:
    """A world of plain values, a link that connects when told, the alarms' part, a clock of the test's own."""

    def __init__(self, state: Path) -> None:
        self.clock, self.more = task.Clock(), ()
        self.link = SimpleNamespace(connected=True, status={})
        self.part = Alarms()
        keeping = SimpleNamespace(synchronised=True, reanchor_wanted=False)
        self.emergency = SimpleNamespace(alerts={}, mutes={}, unexplained={})
        self.world: Any = SimpleNamespace(
            settings=SETTINGS,
            places=Places(state),
            now=self.now,
            desk=SimpleNamespace(
                states={
                    "alarms": EMPTY,
                    "keeping": keeping,
                    "emergency": self.emergency,
                    "settings": adopting.EMPTY,
                },
                degraded=False,
            ),
            fleet=SimpleNamespace(online=10, registry=range(10), counts=self.counts),
            playing={},
            twins=Twins(),
            measured={},
            book={},
            silences={},
            wrong={},
            held=SimpleNamespace(before="", clips=()),
            mutes=lambda: tuple(self.emergency.mutes.values()),
        )
        self.follower = AlarmFollower(
            self.clock, self.world, {"radio": self.link, "alerts": self.link}, self.tell, (lambda: self.more,)
        )

    def now(self) -> Instant:
        return Instant(NOW + round(self.clock.seconds() * SECOND))

    @staticmethod
    def counts(alert: str) -> Any:
        return SimpleNamespace(addressed=36, playing=30)

    def tell(self, command: Command) -> None:
        self.part.now = self.now()
        self.part.do(command)
        self.world.desk.states["alarms"] = self.part.state

    def pass_time(self, seconds: int) -> None:
        self.clock.pump([0.5] * (2 * seconds))

    def standing(self) -> set[str]:
        return {key for key, one in self.part.state.alarms.items() if one.phase == "standing"}


@pytest.fixture
def rig(tmp_path: Path) -> Any:
    made = Rig(tmp_path)
    made.follower.start()
    yield made
    made.follower.stop()
    made.follower.stop()
    assert made.clock.getDelayedCalls() == []


def measured(rig: Rig, state: str = "NORMAL", differed: Instant | None = None) -> None:
    now = rig.now()
    rig.world.measured["fm1"] = SimpleNamespace(
        state=state, since=now, at=now, differed=differed, filler=False
    )


def paired(rig: Rig) -> None:
    radio, *others = SETTINGS.channels
    rig.world.settings = attrs.evolve(SETTINGS, channels=[attrs.evolve(radio, redundancy="pair"), *others])
    for player in ("radio", "radio.b"):
        rig.world.twins.note(player, ON_AIR, rig.now())


def test_a_player_that_is_away_is_an_alarm_and_comes_back(rig: Rig) -> None:
    rig.pass_time(5)
    assert rig.standing() == set()
    rig.link.connected = False
    rig.pass_time(6)
    assert rig.standing() == {"chain/radio/player-away", "chain/alerts/player-away"}
    rig.link.connected = True
    rig.pass_time(6)
    phases = {one.phase for one in rig.part.state.alarms.values()}
    assert phases == {"returned"}
    assert len(rig.part.given) == 4


def test_a_pair_that_runs_on_one_player_is_an_alarm_that_names_the_other(rig: Rig) -> None:
    paired(rig)
    rig.pass_time(20)
    assert rig.standing() == set()
    measured(rig)
    rig.world.twins.note("radio.b", JOINING, rig.now())
    rig.pass_time(14)
    assert rig.standing() == set(), "it may be on its way"
    rig.pass_time(3)
    assert rig.standing() == {"chain/radio/twin-away"}
    text = rig.world.wrong["chain/radio/twin-away"].text
    assert "player B of the pair" in text.en and "B 未在播" in text.zh
    rig.world.twins.note("radio.b", ON_AIR, rig.now())
    rig.pass_time(7)
    assert rig.standing() == set()


def test_two_players_whose_copies_differ_for_long_are_an_alarm(rig: Rig) -> None:
    paired(rig)
    for _ in range(3):  # as while a plan is taken over
        measured(rig, differed=rig.now())
        rig.pass_time(4)
    rig.pass_time(10)
    assert rig.standing() == set()
    for _ in range(6):
        measured(rig, differed=rig.now())
        rig.pass_time(4)
    assert rig.standing() == {"channel/fm1/twins-differ"}
    assert "fm1" in rig.world.wrong["channel/fm1/twins-differ"].where
    measured(rig)
    rig.pass_time(12)
    assert rig.standing() == set()


def test_one_player_has_nobody_to_differ_from(rig: Rig) -> None:
    for _ in range(8):
        measured(rig, differed=rig.now())
        rig.pass_time(4)
    assert rig.standing() == set()


def test_silence_of_the_channel_stands_below_its_player(rig: Rig) -> None:
    rig.link.connected = False
    measured(rig, "OUTAGE")
    rig.pass_time(5)
    told = brief(rig.world)
    assert (told.critical, told.following, told.ring) == (2, 1, True)
    assert {line.text.en for line in told.first} == {
        "the player of FM does not answer",
        "the player of the streams “alerts” does not answer",
    }
    rig.tell(AcknowledgeAlarm(alarms=tuple(one.number for one in rig.part.state.alarms.values())))
    told = brief(rig.world)
    assert (told.critical, told.following, told.ring, told.standing) == (0, 0, False, 3)


def test_a_witness_that_falls_silent_is_an_alarm(rig: Rig) -> None:
    measured(rig)
    rig.pass_time(29)
    assert rig.standing() == set()
    rig.pass_time(12)
    assert rig.standing() == {"channel/fm1/witness-silent"}


def test_devices_of_other_parts_are_heard_and_a_change_is_looked_at_soon(rig: Rig) -> None:
    rig.more = (condition("tx1/pa-fault", "quick"),)
    rig.follower.soon()
    rig.clock.advance(0.1)
    assert rig.standing() == {"tx1/pa-fault"}
    rig.follower.soon()
    rig.clock.advance(0.05)
    rig.follower.soon()
    assert len(rig.clock.getDelayedCalls()) == 1


def test_nothing_is_looked_at_after_the_end(rig: Rig) -> None:
    rig.follower.stop()
    rig.follower.soon()
    assert rig.clock.getDelayedCalls() == []


def test_what_the_player_says_is_seen_only_while_it_is_fresh(rig: Rig) -> None:
    until = (NOW + 24 * HOUR) * 6 // 125
    rig.link.status["fm1"] = SimpleNamespace(lost=2, cause="no file")
    rig.world.playing["fm1"] = SimpleNamespace(at=rig.now(), rung="filler", plan_until=until)
    (channel,) = rig.follower.sight().channels
    assert (channel.rung, channel.cause, channel.plan_until) == ("filler", "no file", NOW + 24 * HOUR)
    assert rig.follower.sight().chains[0].lost == 2
    rig.clock.advance(4)
    (channel,) = rig.follower.sight().channels
    assert (channel.rung, channel.plan_until) == ("", None)


def record(**changed: Any) -> Any:
    message = SimpleNamespace(headline="山洪", kind="actual", level=1)
    base = {
        "alert": "a1", "message": message, "phase": "waiting", "covered": False, "held": None, "speechless": "",
        "audio": None, "needed": 3, "signatures": ("x",), "overdue": False, "owing": 0, "since": None, "again": Instant(0),
    }  # fmt: skip
    return SimpleNamespace(**{**base, **changed})


def test_alerts_are_seen_by_what_they_wait_for_and_whom_they_reach(rig: Rig) -> None:
    rig.emergency.alerts["a1"] = record()
    rig.world.book["a1"] = SimpleNamespace(submitted_at=Instant(NOW - 90 * SECOND))
    (seen,) = rig.follower.sight().alerts
    assert (seen.grave, seen.waiting, seen.missing, seen.submitted_at) == (True, True, 2, NOW - 90 * SECOND)
    rig.emergency.alerts["a1"] = record(phase="sounding", since=NOW, overdue=True, owing=1)
    (seen,) = rig.follower.sight().alerts
    assert (seen.aired_at, seen.addressed, seen.playing, seen.overdue) == (NOW, 36, 30, True)
    rig.emergency.alerts["a1"] = record(phase="sounding", since=NOW, covered=True)
    assert rig.follower.sight().alerts[0].aired_at is None
    rig.emergency.alerts["a1"] = record(phase="sounding", since=NOW)
    rig.emergency.mutes["m"] = SimpleNamespace(mute="m", alert="", areas=(), lifted=0)
    assert rig.follower.sight().alerts[0].aired_at is None, "what is muted is meant to be silent"
    (mute,) = rig.follower.sight().mutes
    assert (mute.at, mute.everything) == (NOW, True)
    rig.emergency.unexplained["n"] = SimpleNamespace(mute="n", alert="a1", areas=(), lifted=NOW)
    assert [(one.id, one.lifted) for one in rig.follower.sight().mutes] == [("m", None), ("n", NOW)]


@pytest.mark.parametrize("written", [True, False])
def test_after_a_lift_terminals_have_the_time_they_have_after_a_start(rig: Rig, written: bool) -> None:
    rig.emergency.alerts["a1"] = record(phase="sounding", since=NOW)
    rig.emergency.mutes["m"] = SimpleNamespace(mute="m", alert="", areas=(), lifted=0)
    rig.pass_time(60)
    del rig.emergency.mutes["m"]
    lifted = rig.now()
    if written:  # the fold of the lift says so; it is known after a restart too
        rig.emergency.alerts["a1"] = record(phase="sounding", since=NOW, again=lifted)
    rig.pass_time(13)
    assert rig.follower.sight().alerts[0].aired_at in (lifted, lifted - SECOND // 2, lifted - SECOND)
    assert "alert/a1/unreached" not in rig.standing()
    rig.pass_time(4)
    assert "alert/a1/unreached" in rig.standing()


def test_what_was_muted_before_a_restart_is_known_by_its_record(rig: Rig) -> None:
    rig.emergency.alerts["a1"] = record(phase="sounding", since=NOW, again=Instant(NOW + 30 * SECOND))
    assert rig.follower.sight().alerts[0].aired_at == NOW + 30 * SECOND


def test_where_there_is_television_what_its_font_lacks_is_seen_before_air(rig: Rig) -> None:
    words = SimpleNamespace(
        kind="actual", level=1, headline="\U0001f600洪水", description="请𪚥村", instruction="转移"
    )
    rig.emergency.alerts["a1"] = record(message=words)
    assert rig.follower.sight().alerts[0].unshown == "", "nobody sees a radio's words"
    radio, *_ = SETTINGS.channels
    tv = attrs.evolve(radio, id=ChannelId("tv1"), raster="576p25")
    rig.world.settings = attrs.evolve(SETTINGS, channels=[radio, tv])
    links: Any = {"radio": rig.link, "alerts": rig.link}
    follower = AlarmFollower(rig.clock, rig.world, links, rig.tell)
    assert follower.sight().alerts[0].unshown == "\U0001f600𪚥"


def test_an_alert_is_read_again_only_when_its_record_is_another(rig: Rig) -> None:
    rig.emergency.alerts.update(a1=record(), a2=record(alert="a2", phase="sounding", since=NOW))
    waits, sounds = rig.follower.sight().alerts
    again = rig.follower.sight().alerts
    assert again[0] is waits and again == (waits, sounds)
    rig.emergency.mutes["m"] = SimpleNamespace(mute="m", alert="", areas=(), lifted=0)
    assert rig.follower.sight().alerts[1].aired_at is None
    del rig.emergency.mutes["m"]
    assert rig.follower.sight().alerts == (waits, sounds)
    rig.emergency.alerts["a1"] = record(signatures=("x", "y", "z"))
    assert rig.follower.sight().alerts[0].missing == 0
    del rig.emergency.alerts["a1"]
    assert rig.follower.sight().alerts == (sounds,)


def test_the_disk_is_asked_and_one_that_cannot_be_asked_is_not_called_full(rig: Rig) -> None:
    free = rig.follower.sight().disk_free
    assert free is not None and free > 0
    rig.world.places = Places(Path("/nowhere/at/all"))
    assert rig.follower.sight().disk_free == free, "asked again after a while only"
    rig.clock.advance(11)
    assert rig.follower.sight().disk_free is None


def test_an_alert_stream_with_a_witness_is_watched_like_a_channel_and_hangs_on_its_chain(rig: Rig) -> None:
    rig.world.settings = attrs.evolve(SETTINGS, alerts=AlertStreams(witnessed=1))
    assert [one.id for one in rig.follower.sight().channels] == ["fm1", "alerts-1"]
    assert ties(rig.world.settings).chains == {"fm1": "radio", "alerts-1": "alerts"}
    rig.pass_time(42)
    (silent,) = [one for key, one in rig.world.wrong.items() if key == "channel/alerts-1/witness-silent"]
    assert "Alert stream 1" in silent.text.en and "预警流 1" in silent.text.zh
    rig.world.measured["alerts-1"] = SimpleNamespace(
        at=rig.now(), state="FOREIGN", since=rig.now(), filler=False
    )
    rig.pass_time(2)
    foreign = rig.world.wrong["channel/alerts-1/foreign"]
    assert (foreign.card, foreign.severity) == ("stream.foreign", "critical"), (
        "there is no carrier to take down"
    )
    rig.world.measured["alerts-1"] = SimpleNamespace(
        at=rig.now(), state="OUTAGE", since=rig.now(), filler=False
    )
    rig.link.connected, rig.follower._ties = False, ties(rig.world.settings)
    rig.pass_time(2)
    assert rig.world.wrong["channel/alerts-1/outage"].because == "chain/alerts/player-away"


def test_which_device_carries_which_channel_is_in_the_settings() -> None:
    made = ties(SETTINGS)
    assert (made.chains, made.carriers) == ({"fm1": "radio"}, {"fm1": ("tx1", "tx2")})
    assert made.supplies == {}, "nobody said where they stand"


def test_a_supply_feeds_the_transmitters_of_its_site_and_no_others() -> None:
    def device(name: str, kind: Any, site: str) -> DeviceSection:
        return DeviceSection(id=name, kind=kind, profile="p", name_zh=name, name_en=name, site=site)

    devices = [
        device("tx1", "transmitter", "hill"), device("tx2", "transmitter", "plain"), device("tx3", "transmitter", ""),
        device("ups1", "ups", "hill"), device("ups2", "ups", "hill"), device("ups3", "ups", ""),
    ]  # fmt: skip
    made = ties(attrs.evolve(SETTINGS, devices=devices))
    assert made.supplies == {"tx1": ("ups1", "ups2"), "tx2": ()}


def test_one_siren_for_a_site_without_mains(rig: Rig) -> None:
    def at(where: str, card: str, severity: Severity) -> Condition:
        return attrs.evolve(condition(f"{where}/{card}", card, severity), where=where)

    rig.follower._ties = attrs.evolve(rig.follower._ties, supplies={"tx1": ("ups1",), "tx2": ("ups1",)})
    rig.more = (
        at("tx1", "transmitter.carrier-lost", "critical"),
        at("tx2", "transmitter.carrier-lost", "critical"),
        at("ups1", "ups.on-battery", "major"),
    )
    rig.pass_time(30)
    told = brief(rig.world)
    assert (told.critical, told.major, told.following, told.ring) == (1, 0, 2, True)
    assert [one.number for one in told.first] == [rig.part.state.alarms["ups1/ups.on-battery"].number]
