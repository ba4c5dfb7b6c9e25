"""An account of a town sees the alarms, transmitters, power and duty that concern its town, keys and acknowledges nothing, and learns nothing of the next town."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from emergency_help import COUNTY, FAR_VILLAGE, NOON, OTHER_TOWN, TOWN, VILLAGES
from test_alarms import Desk, condition

from emergency.sounding import Mute
from safety.alarm_messages import RaiseAlarm
from safety.alarms import Policy
from station.alarm_brief import brief
from station.alarm_queries import AlarmQueries
from station.alarm_views import AlarmsView
from station.device_views import AskedView, CarrierView, DeviceHead, TransmitterView, UpsView
from station.duty_views import DutyDayView, DutyEntry, DutyView, MatterView, OfferView, PersonRef, PostView
from station.rights import rights_of
from station.settings import AlarmsSection, AlertStreams
from station.sight import Sight
from station.sight_plant import NOT_YOURS, SILENT
from station.territory import usable
from station.words import AreaCode, Instant, Operator, Refused, Text

TOWNSMAN = Operator(id="town1", roles=frozenset({"dispatcher", "engineer"}), areas=(TOWN,))
WORD = Text("w", "字")
PERSON = PersonRef(operator="zhao", name=WORD)


class Reach:
    def __init__(self, terminals: int, there: int) -> None:
        self.terminals, self._there = terminals, there

    def online(self, fleet: Any) -> int:
        return self._there


class Town:
    """A station of two towns, each with a channel and a transmitter; what is asked of it is cut by a Sight."""

    def __init__(self) -> None:
        self.desk, self.asked = Desk(), []
        self.away = 0
        rows = {
            "near": SimpleNamespace(message=SimpleNamespace(areas=(VILLAGES[0],)), overdue=False),
            "far": SimpleNamespace(message=SimpleNamespace(areas=(FAR_VILLAGE,)), overdue=False),
        }
        channels = [
            SimpleNamespace(id=name, chain=chain, area=AreaCode(area))
            for name, chain, area in (("fm1", "radio", COUNTY), ("fm2", "other", OTHER_TOWN))
        ]
        devices = [
            SimpleNamespace(id=name, channel=channel, site=site)
            for name, channel, site in (
                ("tx1", "fm1", "hill"), ("tx2", "fm2", "plain"), ("ups1", "", "hill"), ("ups2", "", "plain"), ("ups3", "", "")
            )
        ]  # fmt: skip
        self.world: Any = SimpleNamespace(
            desk=self.desk_states(),
            now=lambda: Instant(NOON),
            wrong={},
            book=rows,
            settings=SimpleNamespace(
                station=SimpleNamespace(area=COUNTY),
                channels=channels,
                devices=devices,
                alarms=AlarmsSection(),
                alerts=AlertStreams(),
            ),
            mutes=lambda: (
                Mute(mute="m-all", by="zhao"),
                Mute(mute="m-near", by="zhao", areas=(TOWN,)),
                Mute(mute="m-far", by="zhao", areas=(OTHER_TOWN,)),
            ),
            reach=lambda areas: Reach(12, 12 - self.away),
            fleet=None,
            people=SimpleNamespace(contacts=list),
            person=lambda who: Text(who, who),
        )
        alarms = AlarmQueries(self.world, None, Policy())  # type: ignore[arg-type]
        self.answers: dict[str, Any] = {"alarms": alarms.alarms, "alarm_cards": alarms.cards}
        self.sight = Sight(self.world, self.ask)

    def desk_states(self) -> Any:
        return SimpleNamespace(states={"alarms": self.desk.state, "duty": SimpleNamespace(posts={})})

    def ask(self, name: str, args: dict[str, Any], by: Operator) -> Any:
        self.asked.append((name, args))
        answer = self.answers[name]
        return answer(args, by) if callable(answer) else answer

    def look(self, name: str, by: Operator = TOWNSMAN, **args: Any) -> Any:
        return self.sight.ask(name, args, by)

    def wrong(self, key: str, **more: Any) -> None:
        made = attrs.evolve(condition(key=key), **more)
        self.desk.do(RaiseAlarm(condition=made))
        self.world.desk = self.desk_states()


@pytest.fixture
def town() -> Town:
    return Town()


NEAR = ("alert/near/held", "channel/fm1/outage", "chain/radio/player-away", "mute/m-all/forgotten", "mute/m-near/forgotten", "tx1/reflected-high", "ups1/on-battery")  # fmt: skip
FAR = ("alert/far/held", "alert/long-gone/held", "channel/fm2/outage", "channel/none/outage", "chain/other/player-away", "mute/m-far/forgotten", "mute/m-gone/forgotten", "tx2/pa-fault", "ups2/on-battery", "ups3/on-battery", "disk/low", "journal/degraded", "clock/reanchor", "upgrade/held", "tx9/lost")  # fmt: skip


def test_alarms_of_its_own_part_are_shown_and_of_no_other(town: Town) -> None:
    for key in (*NEAR, *FAR, SILENT):
        town.wrong(key, card="disk.low" if key == "disk/low" else "player.away")
    page: AlarmsView = town.look("alarms")
    assert sorted(one.key for one in page.active) == sorted(NEAR)
    assert [card.id for card in page.cards] == ["player.away"], "and no card of what is hidden"
    strip = town.sight._plant.brief(TOWNSMAN)
    assert strip.major + strip.critical + strip.minor == len(NEAR)


def test_its_terminals_are_counted_alone(town: Town) -> None:
    town.wrong(SILENT, text=Text("900 of 3300 terminals are offline", "3300 台中 900 台离线"))
    assert town.look("alarms").active == []
    assert town.sight._plant.brief(TOWNSMAN).first == []
    town.away = 3
    (one,) = town.look("alarms").active
    assert one.text.en == "3 of 12 terminals in your area are offline" and "3300" not in one.text.zh
    (line,) = town.sight._plant.brief(TOWNSMAN).first
    assert line.text == one.text


def test_what_follows_from_a_hidden_alarm_stands_by_itself_and_nothing_sounds(town: Town) -> None:
    town.wrong("journal/degraded", severity="critical")
    town.wrong("channel/fm1/outage", severity="critical", because="journal/degraded")
    (one,) = town.look("alarms").active
    assert one.because == 0
    assert brief(town.world).ring
    strip = town.sight._plant.brief(TOWNSMAN)
    assert strip.critical == 1 and not strip.ring


def test_the_history_goes_on_until_so_many_of_its_own_are_found(town: Town) -> None:
    for key in ("disk/low", *NEAR):
        town.wrong(key)
    whole = sorted(town.ask("alarms", {}, TOWNSMAN).active, key=lambda one: -one.number)
    (hidden,) = [one for one in whole if one.key == "disk/low"]
    own = [one for one in whole if one.key != "disk/low"]
    pages = [[hidden] * 500, [*own[:2], hidden], []]
    town.answers["alarm_history"] = lambda args, by: pages.pop(0)
    assert town.look("alarm_history", limit=2) == own[:2]
    assert town.asked[-1][1]["before"] == hidden.number
    pages[:] = [[own[0], own[1], own[2]]]
    assert town.look("alarm_history", limit=1) == [own[0]]
    pages[:] = [[hidden] * 500] * 20
    assert town.look("alarm_history") == [] and len(pages) == 8, "a bounded number of pages is read"


HEAD = DeviceHead(
    id="tx1", name=WORD, site=WORD, profile="p", profile_status="invented", contact="good", contact_text=WORD,
    contact_since=None, address="10.0.0.7:502/1",
)  # fmt: skip
CARRIER = CarrierView(
    wanted="off", reported="on", phase="sent", order=1, by=["zhao"], names=[WORD], at=None, until=None, reason="mast",
    why=WORD, tone="good", sentence=WORD, alone=None, may_on=None, may_off=None,
    asked=AskedView(ask=1, by="zhao", name=WORD, reason="mast", at=Instant(0), until=Instant(1), may_confirm=True, why_not=None),
)  # fmt: skip


def test_transmitters_that_serve_it_are_shown_without_a_key_or_an_address(town: Town) -> None:
    one = TransmitterView(
        head=HEAD, channel="fm1", channel_name=WORD, local=False, interlock=False, carrier=CARRIER, values=[]
    )
    other = attrs.evolve(one, head=attrs.evolve(HEAD, id="tx2"))
    town.answers["transmitters"] = [one, other]
    (seen,) = town.look("transmitters")
    assert (seen.head.id, seen.head.address) == ("tx1", "")
    carrier = seen.carrier
    assert (carrier.reported, carrier.asked, carrier.by, carrier.reason) == ("on", None, [], "")
    assert carrier.may_on == carrier.may_off == NOT_YOURS
    ups = [
        UpsView(head=attrs.evolve(HEAD, id=name), tone="good", sentence=WORD, values=[])
        for name in ("ups1", "ups2")
    ]
    town.answers["power"] = ups
    assert [(one.head.id, one.head.address) for one in town.look("power")] == [("ups1", "")]


def test_it_reads_who_is_on_duty_and_takes_no_post(town: Town) -> None:
    town.wrong("tx1/pa-fault", text=Text("bad here", "此处坏"))
    town.wrong("tx2/pa-fault", text=Text("bad there", "彼处坏"))
    post = PostView(
        post="dispatcher", name=WORD, person=PERSON, since=Instant(0), rostered=[PERSON], mine=False, may_take=True,
        offer=OfferView(person=PERSON, at=Instant(0), seen=["far"]),
    )  # fmt: skip
    matters = [
        MatterView(alert=one, headline=one, level=1, kind="actual", phase=WORD) for one in ("near", "far")
    ]
    town.answers["duty"] = DutyView(
        at=Instant(0), posts=[post], matters=matters, unread=[], shifts=[], roster_csv="day,shift"
    )
    told = town.look("duty")
    assert told.posts == [attrs.evolve(post, offer=None, may_take=False)]
    assert [one.alert for one in told.matters] == ["near"]
    assert [one.en for one in told.unread] == ["bad here"]
    assert told.roster_csv == ""


def test_the_book_of_a_day_is_cut_line_by_line(town: Town) -> None:
    def day(args: dict[str, Any], by: Operator) -> DutyDayView:
        lines = [
            ("alert.aired/1", {"alert": "near"}),
            ("alert.aired/1", {"alert": "far"}),
            ("duty.noted/1", {"text": "of the county"}),
            ("duty.taken/1", {}),
            ("incident.opened/1", {}),
            ("settings.proposed/1", {}),
            ("alarm.raised/1", {"key": "disk/low"}),
            ("alarm.raised/1", {"key": "tx1/pa-fault"}),
            ("alarm.raised/1", {"key": SILENT}),
        ]
        kept = [
            DutyEntry(position=at, at=Instant(0), by=PERSON, kind=kind, text=WORD, note="", corrects="")
            for at, (kind, body) in enumerate(lines)
            if args["mine"](kind, body, "zhao")
        ]
        return DutyDayView(
            day="d", start=Instant(0), end=Instant(1), entries=kept, counts={"notes": 9}, complete=True
        )

    town.away = 3  # terminals of its own; the alarm about all of them tells figures of the whole station
    town.answers["duty_day"] = day
    told = town.look("duty_day")
    assert [one.position for one in told.entries] == [0, 3, 4, 7]
    assert told.counts == {"aired": 1, "mutes": 0, "incidents": 1, "alarms": 1}, (
        "and no notes: they are not shown"
    )


def test_telephones_and_cards_are_for_all_and_what_is_new_begins_shut(town: Town) -> None:
    town.answers["contacts"] = ["110"]
    assert town.look("contacts") == ["110"]
    assert len(town.look("alarm_cards")) > 20
    for name in ("settings", "users", "held", "wall", "made-up"):
        with pytest.raises(Refused) as said:
            town.look(name)
        assert said.value.code == "forbidden"


def test_what_would_be_refused_is_not_offered() -> None:
    every = sorted(rights_of({"dispatcher", "engineer", "approver", "editor"}) | rights_of({"admin"}))
    assert set(every) - set(usable(every)) == {
        "air",
        "alarm",
        "carrier",
        "duty",
        "roster",
        "configure",
        "admin",
    }
    assert {"view", "audit", "mute", "sign", "dispatch"} <= set(usable([*every, "audit"]))


def test_a_condition_of_an_unknown_kind_concerns_nobody(town: Town) -> None:
    town.wrong("moon", severity=condition().severity)
    assert town.look("alarms").active == []
