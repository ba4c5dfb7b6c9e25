"""The production desk with every deciding part over a journal in memory, for properties: whatever people, players, witnesses and time may do."""

from __future__ import annotations

import json
from typing import Any

from emergency_help import (
    APPROVER,
    COLLEAGUE,
    COMPOSER,
    COUNTY,
    DISPATCHER,
    EDITOR,
    FAR_VILLAGE,
    NOON,
    POLICY,
    PROVINCE,
    REVIEWERS,
    TOWN,
    TREE,
    VILLAGES,
    message,
)
from emergency_help import settings as county_settings
from hypothesis import strategies as st
from twisted.internet import defer, task

from devices.messages import CountTerminals, FoldTerminals, SetTerminalVolume
from emergency import views
from emergency.messages import CancelAlert, LiftMute, MuteSounding, SignAlert, SpeechReady, SubmitAlert
from playout import planning
from playout.messages import AsRunEntry, ReportAsRun, SignRundown, SubmitRundown
from safety.messages import ReportSlots, SlotRun
from schedules.plan import Medium
from schedules.timeline import Frame
from station import pieces, rules
from station.desk import Desk, Request
from station.keeping import RecordStart, ReserveNumbers
from station.settings import Ports
from station.wire import canonical, event_from_plain, event_to_plain
from station.words import MINUTE, SAMPLE_RATE, SYSTEM, ChannelId, Instant, Sha256

FM = ChannelId("fm1")
SETTINGS = county_settings()
FILLER = Medium(sha256=Sha256("e" * 64), samples=1801 * SAMPLE_RATE)
SONG = Medium(sha256=Sha256("a" * 64), samples=600 * SAMPLE_RATE)
PLANS = planning.Policy(
    frames={FM: Frame(channel=FM, tz="Asia/Shanghai", day_start="05:00", filler=(FILLER,))},
    idle=tuple(ChannelId(f"alerts-{k}") for k in range(1, SETTINGS.alerts.streams + 1)),
    media={"news.flac": SONG, SONG.sha256: SONG, FILLER.sha256: FILLER},
    tz="Asia/Shanghai",
    day_start="05:00",
)
PEOPLE = (*REVIEWERS, APPROVER, DISPATCHER, COLLEAGUE, EDITOR)
AREAS = (*VILLAGES, FAR_VILLAGE)


class Book:
    """A journal in memory: each committed event as its kind and canonical body."""

    def __init__(self, lines: tuple[tuple[str, str], ...] = ()) -> None:
        self.lines = list(lines)
        self.replies: dict[str, dict[str, Any]] = {}

    def commit(self, request: Any, events: Any, at: Instant, reply: Any) -> defer.Deferred[int]:
        for happened, _ in events:
            kind, body = event_to_plain(happened)
            self.lines.append((kind, canonical(body)))
        if request:
            self.replies[request] = reply
        return defer.succeed(len(self.lines))

    def reply_of(self, request: str) -> dict[str, Any] | None:
        return self.replies.get(request)

    def spill(self, events: Any, at: Instant) -> None:
        raise AssertionError("this disk is never full")


class Whole:
    """One controller's desk at a time that only the test moves."""

    def __init__(self, lines: tuple[tuple[str, str], ...] = (), at: Instant = NOON) -> None:
        self.book = Book(lines)
        self.clock = task.Clock()
        self._since = at
        parts = pieces.parts(POLICY, PLANS)
        self.desk = Desk(
            self.book, parts, self.clock, self.now, on_durable=lambda *_: None, on_fatal=self._fatal
        )
        self.desk.replay(
            (event_from_plain(kind, json.loads(body)) for kind, body in self.book.lines), len(self.book.lines)
        )
        self._asked = 0

    def _fatal(self, failure: Any) -> None:
        failure.raiseException()

    def now(self) -> Instant:
        return Instant(self._since + round(self.clock.seconds() * 1_000_000))

    def ask(self, wish: Any, by: Any = SYSTEM) -> None:
        """Refusals are answers too, and are journaled like the rest."""
        self._asked += 1
        heard: list[Any] = []
        self.desk.handle(Request(id=f"r{self._asked}", by=by, command=wish)).addCallback(heard.append)
        assert heard

    def again(self) -> Whole:
        """The same station after a restart at this instant."""
        return Whole(tuple(self.book.lines), self.now())

    def wanted(self) -> tuple[Any, ...]:
        """Everything followers are told to bring about: overlays, groups of terminals, streams, speech, plans."""
        state = self.desk.states["emergency"]
        soundings, mutes = views.soundings(state, self.now(), POLICY), views.mutes(state)
        alerts = SETTINGS.alerts
        over = {one.id: rules.overlays(soundings, mutes, one, alerts) for one in SETTINGS.channels}
        groups = rules.terminal_groups(soundings, mutes, AREAS, alerts, Ports(8000))
        streams = rules.stream_overlays(groups, soundings, 40, alerts)
        plans = planning.plans(self.desk.states["playout"], PLANS, self.now())
        return over, groups, streams, views.speech_wanted(state), plans, self.desk.states["devices"].volumes


ids = st.sampled_from(["a1", "a2", "a3"])
people = st.sampled_from(PEOPLE)
steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("submit"),
            ids,
            st.sampled_from([PROVINCE, PROVINCE, COMPOSER]),
            st.sampled_from([(VILLAGES[0],), (TOWN,), (COUNTY,)]),
            st.integers(1, 4),
            st.sampled_from(["actual", "actual", "drill", "daily"]),
        ),
        st.tuples(
            st.just("raise"),
            ids,
            st.sampled_from([PROVINCE, COMPOSER]),
            st.sampled_from([(VILLAGES[0],), (TOWN,), (COUNTY,)]),
            st.integers(1, 4),
            st.sampled_from(["actual", "actual", "drill", "daily"]),
            st.integers(0, 3),
        ),
        st.tuples(st.just("air"), ids),
        st.tuples(st.just("sign"), ids, people),
        st.tuples(st.just("mute"), st.sampled_from(["m1", "m2"]), st.sampled_from(["", "a1"]), st.booleans()),
        st.tuples(st.just("mute"), st.sampled_from(["m1", "m2"]), st.sampled_from(["", "a1"]), st.booleans()),
        st.tuples(st.just("lift"), st.sampled_from(["m1", "m2"])),
        st.tuples(st.just("cancel"), ids, people),
        st.tuples(st.just("rundown"), st.sampled_from(["2026-11-21", "2026-11-22"]), st.booleans()),
        st.tuples(st.just("approve"), st.sampled_from(["2026-11-21", "2026-11-22"])),
        st.tuples(st.just("aired"), st.integers(1, 4), st.integers(1, 3)),
        st.tuples(
            st.just("heard"), st.integers(0, 50), st.integers(1, 40), st.sampled_from(["NORMAL", "OUTAGE"])
        ),
        st.tuples(st.just("answered"), ids, st.integers(0, 9)),
        st.tuples(st.just("online"), st.integers(0, 9)),
        st.tuples(st.just("volume"), st.sampled_from(VILLAGES), st.integers(0, 101)),
        st.tuples(st.just("numbers"), st.integers(1, 9)),
        st.tuples(st.just("pass"), st.sampled_from([1, 30, 61, 600, 3_600, 12 * 3_600])),
    ),
    min_size=3,
    max_size=30,
)

# An evening on which the laws have something to say: drawn scripts may pass without anything ever sounding.
EVENTFUL: list[tuple[Any, ...]] = [
    ("approve", "2026-11-21"),
    ("raise", "a1", PROVINCE, (COUNTY,), 1, "actual", 3),
    ("pass", 1),
    ("raise", "a2", COMPOSER, (VILLAGES[0],), 2, "actual", 3),
    ("raise", "a3", COMPOSER, (TOWN,), 4, "drill", 1),
    ("answered", "a1", 7),
    ("mute", "m1", "a2", False),
    ("pass", 61),
    ("lift", "m1"),
    ("aired", 1, 2),
    ("heard", 3, 5, "NORMAL"),
    ("volume", VILLAGES[0], 60),
]


def play(whole: Whole, script: list[Any]) -> None:
    """Let all of it happen, one after the other; what falls due does."""
    whole.desk.start()
    whole.ask(RecordStart(version="1", settings="0" * 64))
    for what, *said in script:
        globals()[f"_{what}"](whole, *said)


def _submit(whole: Whole, alert: str, source: Any, areas: Any, level: int, kind: str) -> None:
    now = whole.now()
    made = message(
        identifier=alert, areas=areas, level=level, kind=kind, effective=now, expires=Instant(now + 30 * MINUTE)
    )  # fmt: skip
    whole.ask(SubmitAlert(alert=alert, message=made, source=source), EDITOR)


def _raise(whole: Whole, alert: str, source: Any, areas: Any, level: int, kind: str, signers: int) -> None:
    _submit(whole, alert, source, areas, level, kind)
    _air(whole, alert, signers)


def _air(whole: Whole, alert: str, signers: int = 3) -> None:
    record = whole.desk.states["emergency"].alerts.get(alert)
    if record is not None:
        whole.ask(
            SpeechReady(
                alert=alert, content=record.content, audio=Sha256("b" * 64), samples=480_000, engine="t"
            )
        )
        for by in REVIEWERS[:signers]:
            _sign(whole, alert, by)


def _sign(whole: Whole, alert: str, by: Any) -> None:
    record = whole.desk.states["emergency"].alerts.get(alert)
    content = record.content if record is not None else Sha256("0" * 64)
    whole.ask(SignAlert(alert=alert, content=content), by)


def _mute(whole: Whole, mute: str, alert: str, channels: bool) -> None:
    whole.ask(MuteSounding(mute=mute, alert=alert, channels=(FM,) if channels else ()), DISPATCHER)


def _lift(whole: Whole, mute: str) -> None:
    mute = next(iter(whole.desk.states["emergency"].mutes), mute)
    whole.ask(LiftMute(mute=mute), DISPATCHER)


def _cancel(whole: Whole, alert: str, by: Any) -> None:
    whole.ask(CancelAlert(alert=alert, reason="over"), by)


def _rundown(whole: Whole, day: str, good: bool) -> None:
    csv = "start,mode,title,media\n06:00:00,hard,News,news.flac\n" + ("" if good else "06:00:00,hard,x,y\n")
    whole.ask(SubmitRundown(channel=FM, day=day, csv=csv), EDITOR)


def _approve(whole: Whole, day: str) -> None:
    _rundown(whole, day, good=True)
    held = planning.sheet(whole.desk.states["playout"], FM, day, "waiting")
    for by in REVIEWERS if held is not None else ():
        whole.ask(SignRundown(channel=FM, day=day, content=held.content), by)


def _aired(whole: Whole, first: int, count: int) -> None:
    entries = tuple(
        AsRunEntry(
            run="run", seq=seq, channel=FM, what="start", ref=f"t{seq}", source="take", title="t", media=None,
            approval="standing:filler", index=seq * 48_000, rung="file", cause="planned",
        )
        for seq in range(first, first + count)
    )  # fmt: skip
    whole.ask(ReportAsRun(chain="radio", entries=entries))


def _heard(whole: Whole, first: int, length: int, state: Any) -> None:
    base = NOON // 100_000
    run = SlotRun(first=base + first, last=base + first + length, state=state)
    whole.ask(ReportSlots(channel=FM, point="p", real_return=False, runs=(run,)))


def _answered(whole: Whole, alert: str, count: int) -> None:
    whole.ask(
        FoldTerminals(
            alert=alert, at=whole.now(), ordered=9, acknowledged=count, playing=count, heard=count, silent=0
        )
    )


def _online(whole: Whole, count: int) -> None:
    whole.ask(CountTerminals(online=count, registered=9, at=whole.now()))


def _volume(whole: Whole, area: Any, volume: int) -> None:
    whole.ask(SetTerminalVolume(areas=(area,), volume=volume), DISPATCHER)


def _numbers(whole: Whole, count: int) -> None:
    whole.ask(ReserveNumbers(use="session", count=count))


def _pass(whole: Whole, seconds: int) -> None:
    whole.clock.advance(seconds)


__all__ = ["AREAS", "SETTINGS", "TREE", "Book", "Whole", "play", "steps"]
