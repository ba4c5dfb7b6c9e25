"""A small county and its people, for the tests of the emergency part."""

from __future__ import annotations

from typing import Any

import attrs

from emergency.lifecycle import EMPTY, State, decide, due, evolve_all
from emergency.messages import (
    Message,
    SignAlert,
    SignTemplate,
    Source,
    SpeechReady,
    SubmitAlert,
    SubmitTemplate,
    Template,
)
from emergency.policy import Policy, policy_of
from emergency.signatures import content_of
from emergency.templates import fill
from station.areas import AreaTree, load
from station.settings import AlertStreams, ChannelSection, Settings, SourceSection, StationSection
from station.words import (
    HOUR,
    MINUTE,
    SYSTEM,
    AreaCode,
    ChannelId,
    Command,
    Event,
    Instant,
    Operator,
    Sha256,
)

NOON = Instant(1_795_233_600_000_000)  # 2026-11-21 12:00 in Shanghai
MIDNIGHT = Instant(NOON + 12 * HOUR)
COUNTY = AreaCode("340422000000")
TOWN = AreaCode("340422100000")
OTHER_TOWN = AreaCode("340422101000")
VILLAGES = tuple(AreaCode(f"340422100{n:03d}") for n in range(1, 7))
FAR_VILLAGE = AreaCode("340422101001")
CSV = "\n".join(
    [
        "code,name,level",
        "340000000000,安徽省,province",
        "340400000000,淮南市,city",
        "340422000000,寿县,county",
        "340422100000,寿春镇,township",
        *(f"{code},双井{n}庄,village" for n, code in enumerate(VILLAGES)),
        "340422101000,双桥镇,township",
        "340422101001,东津村,village",
        "341500000000,六安市,city",
    ]
)
TREE: AreaTree = load(CSV.splitlines())

DISPATCHER = Operator(id="wang", roles=frozenset({"dispatcher"}))
COLLEAGUE = Operator(id="zhao", roles=frozenset({"dispatcher"}))
EDITOR = Operator(id="sun", roles=frozenset({"editor", "operator"}))
REVIEWERS = tuple(Operator(id=name, roles=frozenset({"reviewer"})) for name in ("li", "qian", "zhou"))
APPROVER = Operator(id="wu", roles=frozenset({"approver"}))
ADMIN = Operator(id="root", roles=frozenset({"admin", "reviewer", "dispatcher"}))
UPSTREAM = Operator(id="province", roles=frozenset({"source"}))


def settings(**alerts: Any) -> Settings:
    return Settings(
        station=StationSection(
            id="shouxian", name_zh="寿县", name_en="Shouxian", area=COUNTY, areas="areas.csv"
        ),
        channels=[
            ChannelSection(
                id=ChannelId("fm1"), chain="radio", name_zh="一", name_en="One", area=COUNTY, rundowns="r"
            )
        ],
        alerts=AlertStreams(**{"life_list": ["11A51", "11C", "11A03"], **alerts}),
        sources=[
            SourceSection(id="province", kind="ebd", authority="province", token_file="t", areas=[]),
            SourceSection(id="town", kind="cap", authority="township", token_file="t", areas=[TOWN]),
        ],
    )


POLICY: Policy = policy_of(settings(), TREE)

PROVINCE = Source(kind="ebd", id="province", authority="province", verified=True, preauthorised=True)
CITY = Source(kind="cap", id="city", authority="city", verified=True, preauthorised=True)
UNSURE = Source(kind="cap", id="town", authority="township", verified=False)
COMPOSER = Source(kind="composer", id="wang", authority="county", verified=True)
TEMPLATED = Source(kind="template", id="wang", authority="county", verified=True)

FLOOD = Template(
    name_en="Flash flood",
    name_zh="山洪",
    event="11A51",
    level=1,
    kind="actual",
    headline="山洪红色预警",
    description="河水上涨,请立即转移。",
    blanks=(),
    valid_until=Instant(NOON + 24 * 365 * HOUR),
)


def message(**changes: Any) -> Message:
    made = Message(
        identifier="m1",
        sender="sender",
        sent=NOON,
        kind="actual",
        event="11A51",
        event_text="山洪灾害",
        level=1,
        headline="山洪红色预警",
        description="请立即转移。",
        areas=(VILLAGES[0],),
        effective=NOON,
        expires=Instant(NOON + 30 * MINUTE),
    )
    return attrs.evolve(made, **changes)


@attrs.define
class Bench:
    """A state that commands are decided on, with the journal of what came of them."""

    policy: Policy = POLICY
    state: State = EMPTY
    now: Instant = NOON
    journal: list[tuple[Event, Operator]] = attrs.field(factory=list)

    def do(self, command: Command, by: Operator = SYSTEM) -> tuple[Event, ...]:
        events = decide(self.state, command, self.now, by, self.policy)
        self.state = evolve_all(self.state, events)
        self.journal += [(event, by) for event in events]
        return events

    def submit(
        self, alert: str = "a1", source: Source = COMPOSER, by: Operator = EDITOR, **changes: Any
    ) -> str:
        changes.setdefault("identifier", alert)
        self.do(SubmitAlert(alert=alert, message=message(**changes), source=source), by)
        return alert

    def speak(self, alert: str = "a1", samples: int = 480_000) -> tuple[Event, ...]:
        content = self.state.alerts[alert].content
        command = SpeechReady(
            alert=alert, content=content, audio=Sha256("a" * 64), samples=samples, engine="test"
        )
        return self.do(command)

    def sign(self, alert: str = "a1", *people: Operator) -> tuple[Event, ...]:
        events: tuple[Event, ...] = ()
        for by in people or REVIEWERS:
            events += self.do(SignAlert(alert=alert, content=self.state.alerts[alert].content), by)
        return events

    def air(self, alert: str = "a1", source: Source = COMPOSER, by: Operator = EDITOR, **changes: Any) -> str:
        self.submit(alert, source, by, **changes)
        self.speak(alert)
        missing = self.state.alerts[alert].needed - len(self.state.alerts[alert].signatures)
        self.sign(alert, *REVIEWERS[:missing]) if missing and self.phase(alert) != "sounding" else None
        return alert

    def phase(self, alert: str = "a1") -> str:
        return self.state.alerts[alert].phase

    def wait(self, until: int) -> tuple[Event, ...]:
        """Let time pass and the station do what falls due."""
        self.now = Instant(until)
        events: tuple[Event, ...] = ()
        while commands := due(self.state, self.now, self.policy):
            for command in commands:
                events += self.do(command)
        return events

    def template(self, name: str = "flood", body: Template = FLOOD) -> None:
        self.do(SubmitTemplate(template=name, body=body), EDITOR)
        for by in REVIEWERS:
            self.do(SignTemplate(template=name, content=content_of(body)), by)

    def from_template(
        self, alert: str = "a1", by: Operator = DISPATCHER, name: str = "flood", **changes: Any
    ) -> str:
        body = self.state.templates[name].body
        blanks = changes.pop("blanks", ())
        words = fill(body, dict(blanks))
        changes = {
            "headline": words.headline,
            "description": words.description,
            "instruction": words.instruction,
            **changes,
        }
        return self.submit(alert, TEMPLATED, by, template=name, blanks=blanks, **changes)
