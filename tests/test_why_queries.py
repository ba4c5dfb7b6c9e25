"""Why it sounds: the answer for whoever holds the telephone names sender, signers, rule, what came first, and how to stop it."""

from collections import OrderedDict
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from emergency_help import (
    COMPOSER,
    COUNTY,
    DISPATCHER,
    FAR_VILLAGE,
    POLICY,
    PROVINCE,
    TOWN,
    TREE,
    UPSTREAM,
    VILLAGES,
    Bench,
)
from emergency_help import settings as county_settings

from devices.fleet import Reported
from devices.terminals import Registry, Terminal
from emergency import reasons, views
from emergency.messages import LiftMute, MuteSounding
from playout.live_state import Session
from playout.sheets import Sheet
from playout.sheets import State as Days
from schedules.plan import Plan, Take
from station.alert_book import alert_of, fold
from station.mute_book import Silence, note
from station.reviews import Signature
from station.why_queries import MOST_PLACES, Place, WhyQueries
from station.wire import to_plain
from station.words import MINUTE, ChannelId, Instant, Operator, SampleIndex, Sha256, Text, sample_at

FM = ChannelId("fm1")
CHIEF = Operator(id="wang", roles=frozenset({"dispatcher"}))
CODES = ["6340422100001" + "0" * 9 + "1", "6340422101001" + "0" * 9 + "2"]


class Fleet:
    """Two terminals; `say` what one reports that it plays."""

    def __init__(self) -> None:
        self.registry = Registry(
            [
                Terminal(code=CODES[0], name="祠堂杆", area=VILLAGES[0], longitude=0, latitude=0),
                Terminal(code=CODES[1], name="东津杆", area=FAR_VILLAGE, longitude=0, latitude=0),
            ]
        )
        self.reported = Reported.of(2)
        self.reported.online[:] = True
        self.playing: dict[int, str] = {}

    def say(self, number: int, alert: str) -> None:
        self.playing[number] = alert
        self.reported.playing[number] = 7

    def counts(self, alert: str) -> Any:
        names = ("addressed", "ordered", "acknowledged", "playing", "heard", "offline")
        return SimpleNamespace(**dict.fromkeys(names, 1))

    def terminals(self, numbers: Any) -> Any:
        return [SimpleNamespace(playing=self.playing[int(number)]) for number in numbers]


@attrs.define
class Here:
    """A desk of alerts, and the questions over it."""

    bench: Bench = attrs.field(factory=Bench)
    fleet: Fleet = attrs.field(factory=Fleet)
    plans: dict[ChannelId, Plan] = attrs.field(factory=dict)
    days: Days = attrs.field(factory=Days)
    silences: dict[str, Silence] = attrs.field(factory=dict)

    def do(self, wish: Any) -> None:
        for happened in self.bench.do(wish, DISPATCHER):
            note(self.silences, happened, self.bench.now)

    def ask(self, q: str = "", by: Operator = CHIEF) -> list[Place]:
        book: OrderedDict[str, Any] = OrderedDict()
        for happened, _ in self.bench.journal:
            alert = alert_of(happened)
            if alert is not None:
                book[alert] = fold(book.get(alert), happened, self.bench.now)
        state = self.bench.state
        world = SimpleNamespace(
            settings=county_settings(),
            tree=TREE,
            fleet=self.fleet,
            book=book,
            plans=self.plans,
            desk=SimpleNamespace(states={"emergency": state, "playout": self.days}),
            now=lambda: self.bench.now,
            soundings=lambda: views.soundings(state, self.bench.now, POLICY),
            mutes=lambda: views.mutes(state),
            silences=self.silences,
            policy=POLICY,
            person=lambda who: Text(who.title(), f"{who}师傅"),
            area=TREE.name,
        )
        query = WhyQueries(world).table()["why_here"]  # type: ignore[arg-type]
        found = query({"q": q}, by)
        assert to_plain(found)["asked"] == q[:60].strip()
        return list(found.places)


def only(places: list[Place], kind: str) -> Place:
    (found,) = [one for one in places if one.kind == kind]
    return found


def test_a_village_by_its_initials_tells_sender_signers_rule_end_and_how_to_stop() -> None:
    here = Here()
    here.bench.air("a1")
    place = next(one for one in here.ask("sj0z") if one.code == VILLAGES[0])
    (why,) = place.reasons
    assert why.headline == "山洪红色预警" and "composed here by Wang" in why.source.en
    assert [one.name.zh for one in why.signatures] == ["li师傅", "qian师傅", "zhou师傅"]
    assert why.rule.en == "own free text (3 before air)" and why.chosen == reasons.ALONE
    assert why.until == views.finish_at(here.bench.state.alerts["a1"], POLICY) and why.until > here.bench.now
    assert (
        why.until < here.bench.state.alerts["a1"].message.expires
        and "no PIN" in why.stop.en
        and "县级" in why.stop.zh
    )
    assert (place.area, place.terminals, place.online) == (VILLAGES[0], 1, 1)


def test_a_village_that_is_not_meant_says_that_nothing_sounds() -> None:
    here = Here()
    here.bench.air("a1")
    place = next(one for one in here.ask("东津村") if one.code == FAR_VILLAGE)
    assert place.reasons == [] and place.strays == []


def test_what_came_first_and_what_waits_are_told_by_the_criterion_that_decided() -> None:
    here = Here()
    here.bench.air("low", level=4)
    here.bench.air("high", level=1)
    first, second = next(one for one in here.ask(VILLAGES[0]) if one.kind == "area").reasons
    assert (first.alert, first.waits) == ("high", False) and (second.alert, second.waits) == ("low", True)
    assert first.chosen == second.chosen == reasons.CHOSEN["level"]


def test_a_wide_and_a_local_message_of_one_danger_alternate() -> None:
    here = Here()
    here.bench.air("local")
    here.bench.air("wide", PROVINCE, UPSTREAM, areas=(COUNTY,))
    place = next(one for one in here.ask(VILLAGES[0]) if one.kind == "area")
    assert {one.chosen for one in place.reasons} == {reasons.ALTERNATES} and not any(
        one.waits for one in place.reasons
    )


def test_alerts_in_different_villages_do_not_wait_for_each_other() -> None:
    here = Here()
    here.bench.air("one", areas=(VILLAGES[0],))
    here.bench.air("two", areas=(VILLAGES[1],))
    place = next(one for one in here.ask(TOWN) if one.code == TOWN)
    assert [one.chosen for one in place.reasons] == [reasons.ALONE, reasons.ALONE]


def test_what_is_muted_says_so() -> None:
    here = Here()
    here.bench.air("a1")
    here.bench.do(MuteSounding(mute="m", areas=(VILLAGES[0],)), DISPATCHER)
    place = next(one for one in here.ask(VILLAGES[0]) if one.kind == "area")
    assert place.reasons[0].muted
    here.bench.do(MuteSounding(mute="n", channels=(FM,)), DISPATCHER)
    assert only(here.ask("fm1"), "channel").reasons[0].muted


def test_after_a_mute_it_tells_when_it_was_first_heard_when_silent_and_since_when_again() -> None:
    here = Here()
    here.bench.air("a1")
    first = here.bench.now
    here.bench.now = Instant(first + MINUTE)
    here.do(MuteSounding(mute="m", alert="a1", reason="noise"))
    here.do(MuteSounding(mute="far", areas=(VILLAGES[1],)))
    here.do(LiftMute(mute="far"))
    (silent,) = next(one for one in here.ask(VILLAGES[0]) if one.kind == "area").reasons
    assert silent.muted and silent.again is None and silent.silences[0].lifted_at is None
    here.bench.now = Instant(first + 2 * MINUTE)
    here.do(LiftMute(mute="m"))
    (why,) = next(one for one in here.ask(VILLAGES[0]) if one.kind == "area").reasons
    assert (why.since, why.again, why.muted) == (first, here.bench.now, False)
    assert [(one.id, one.at, one.lifted_at, one.reason) for one in why.silences] == [
        ("m", first + MINUTE, here.bench.now, "noise")
    ]


def test_a_terminal_by_code_or_name_tells_what_it_plays_that_is_not_ours() -> None:
    here = Here()
    here.fleet.say(0, "9" * 35)
    for asked in (CODES[0], "祠堂", CODES[0][-6:]):
        place = next(one for one in here.ask(asked) if one.kind == "terminal")
        assert place.strays == ["9" * 35] and place.playing == 1 and "祠堂杆" in place.name.zh
    here.bench.air("a1")
    here.fleet.say(0, "a1")
    assert next(one for one in here.ask(CODES[0]) if one.kind == "terminal").strays == []


def test_who_answers_for_a_part_is_told_of_that_part_alone() -> None:
    here = Here()
    here.bench.air("a1")
    far = Operator(id="x", roles=frozenset({"dispatcher"}), areas=(FAR_VILLAGE,))
    assert [one.code for one in here.ask("双井", far)] == []
    assert [one for one in here.ask(CODES[0], far) if one.kind == "terminal"] == []
    assert all(not one.reasons for one in here.ask("", far))


def test_nothing_asked_shows_channels_and_all_that_sounds() -> None:
    here = Here()
    assert [one.kind for one in here.ask()] == ["channel"]
    here.bench.air("a1", areas=VILLAGES)
    assert len(here.ask()) == min(MOST_PLACES, 1 + len(VILLAGES))


@pytest.mark.parametrize("asked", ["nowhere at all", "x" * 300, "'\"<script>", "%"])
def test_what_fits_nothing_is_an_empty_answer(asked: str) -> None:
    assert Here().ask(asked) == []


def test_a_channel_tells_its_programme_and_who_signed_the_day() -> None:
    here = Here()
    now = sample_at(here.bench.now)
    sheet = Sheet(channel=FM, day="2026-11-21", content=Sha256("c" * 64), csv="", media=(), by="sun")
    take = Take(
        item="d/a",
        start=SampleIndex(now - 10),
        end=SampleIndex(now + 10),
        kind="programme",
        title="新闻",
        approval=sheet.approval,
        media=Sha256("a" * 64),
    )
    plan = Plan(channel=FM, revision=1, start=take.start, end=take.end, takes=(take,), media=())
    assert only(here.ask("fm1"), "channel").programme is None
    here.plans[FM] = plan
    here.days = Days(sheets=(attrs.evolve(sheet, signatures=(Signature(by="li", content=sheet.content),)),))
    said = only(here.ask("One"), "channel").programme
    assert said is not None and "Li" in said.en and "li师傅" in said.zh and "新闻" in said.zh
    here.plans[FM] = attrs.evolve(plan, takes=(attrs.evolve(take, approval="standing:filler"),))
    said = only(here.ask("一"), "channel").programme
    assert said is not None and said.en.endswith(": standing approval") and said.zh.endswith(":长期许可")
    here.plans[FM] = attrs.evolve(plan, takes=(attrs.evolve(take, approval="rundown:gone"),))
    told = only(here.ask("fm1"), "channel").programme
    assert told is not None and told.en.endswith(": rundown:gone")
    session = Session(
        channel=FM, source="studio1", approval="session:fm1:1", signed=sheet.approval, item="d/t", title="热线",
        media=Sha256("a" * 64), start=take.start, end=take.end, by="sun",
    )  # fmt: skip
    here.days = attrs.evolve(here.days, sessions=(session,))
    here.plans[FM] = attrs.evolve(plan, takes=(attrs.evolve(take, approval="session:fm1:1"),))
    told = only(here.ask("fm1"), "channel").programme
    assert told is not None and "signed by Li" in told.en, "a session rests on the day's rundown"
    here.bench.now = Instant(here.bench.now + 1_000_000)
    assert only(here.ask("fm1"), "channel").programme is None


# -- the words --------------------------------------------------------------------------------------


def test_the_criterion_that_decided_is_named_and_ties_have_names_too() -> None:
    bench = Bench()
    bench.air("a", level=2)
    records = bench.state.alerts
    bench.air("drill", kind="drill", level=1)
    bench.air("p", PROVINCE, UPSTREAM, level=2)
    records = bench.state.alerts
    assert reasons.before(records["a"], records["drill"]) == reasons.CHOSEN["kind"]
    assert reasons.before(records["p"], records["a"]) == reasons.CHOSEN["authority"]
    bench.air("b", level=2, areas=(FAR_VILLAGE,))
    assert reasons.before(bench.state.alerts["a"], bench.state.alerts["b"]) == reasons.EARLIER
    same = attrs.evolve(bench.state.alerts["b"], incident=bench.state.alerts["a"].incident)
    assert reasons.before(same, bench.state.alerts["a"]) == reasons.NEWER


def test_a_rule_says_how_many_before_and_after() -> None:
    assert reasons.rule_text("upstream_life", 0, 1).en.endswith("(airs at once, 1 owed after)")
    assert "播后补签 1 人" in reasons.rule_text("template_alone", 1, 1).zh
    assert reasons.row_name("ancient") == Text("ancient", "ancient")


def test_ids_stand_for_names_where_nobody_knows_them_and_what_is_owed_is_said() -> None:
    said = reasons.why_text(COMPOSER, Text("r", "则"), ["li"], oral="县长", owing=1)
    assert said.en == "composed here by wang; rule: r; signed by li; oral order: 县长; 1 still owed"
    assert said.zh.endswith("尚欠补签 1 人")
