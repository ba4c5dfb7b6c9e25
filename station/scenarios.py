"""Training scenarios and their debrief: what is played in, what a trainee should do within which time, and what the journal says he did. Pure data and a pure function; knows no process and no page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import attrs

from station.words import SECOND, Duration, Instant, Text

NOTHING = Text("", "")
Act = Literal["say", "ebd", "cap", "sign", "kill"]
COLLEAGUES = ("wang", "zhang", "chen")  # played by the script; everybody else is a trainee
WATCHER = "sun"  # as whom the instructor reads the journal
TOLD = ("alert.", "alarm.", "carrier.", "command.refused")  # what a debrief tells of what a trainee did


@attrs.frozen(kw_only=True)
class Step:
    """One thing the script does, `after` s from the scenario's beginning, or from when goal `once` was reached."""

    act: Act
    after: int
    once: str = ""
    who: str = ""  # who signs
    text: Text = NOTHING  # what the trainee is told
    event: str = "11A01"
    level: int = 1


@attrs.frozen(kw_only=True)
class Goal:
    """What should happen: an event of these kinds by a trainee (or by anybody), within `within` s of the beginning or of
    goal `since`. `never`: it must not happen at all. Target times are this program's own, unverified against any
    regulation."""

    id: str
    text: Text
    kinds: tuple[str, ...]
    within: int
    trainee: bool = True
    since: str = ""
    delay: int = 0  # s after that at which its time begins to run: the trainee was told so late
    where: tuple[tuple[str, str], ...] = ()  # fields that the event's body must hold
    more: str = ""  # a field that must be above zero
    never: bool = False
    hidden: bool = False  # only tells the script that something came about


@attrs.frozen(kw_only=True)
class Scenario:
    """One exercise at the desk."""

    id: str
    title: Text
    task: Text
    steps: tuple[Step, ...]
    goals: tuple[Goal, ...]
    longest: int  # s, then it ends whatever was done


CALL = 6  # s after it airs the telephone rings, or something breaks

AIRED = Goal(
    id="aired", kinds=("alert.aired/1",), within=180, trainee=False, text=Text("On the air", "预警播出")
)

UNSHOWN = attrs.evolve(AIRED, hidden=True)
ALL_SIGN = tuple(Step(act="sign", after=8 + k, who=who) for k, who in enumerate(COLLEAGUES))


def _after_call(
    name: str, kind: str, within: int, text: Text, where: tuple[tuple[str, str], ...] = ()
) -> Goal:
    """What a trainee should do within so many s of what comes `CALL` s after it airs."""
    return Goal(id=name, kinds=(kind,), where=where, since="aired", delay=CALL, within=within, text=text)


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        id="flood",
        title=Text("Level 1 flood alert, a signer is missing", "一级洪水预警,缺一名签审人"),
        task=Text(
            "A flood alert of level 1 comes from the province and needs three signatures. Wang signs; Zhang cannot be reached. Check it, sign it, and see that it is heard.",
            "省级平台发来一级洪水预警,须三人签审。王审核会签;张签发联系不上。请核对、签审,并确认已经播响。",
        ),
        steps=(
            Step(act="ebd", after=3),
            Step(act="sign", after=12, who="wang"),
            Step(
                act="say",
                after=25,
                text=Text("Zhang does not answer the telephone.", "张签发电话无人接听。"),
            ),
            Step(
                act="say",
                after=2,
                once="signed",
                text=Text("You called out Chen; he is on his way to a seat.", "已呼叫陈调度,他正在就位。"),
            ),
            Step(act="sign", after=20, once="signed", who="chen"),
        ),
        goals=(
            Goal(id="signed", kinds=("alert.signed/1",), within=60, text=Text("You signed it", "您已签审")),
            AIRED,
            Goal(
                id="heard",
                kinds=("terminals.answered/1",),
                more="heard",
                within=210,
                trainee=False,
                text=Text("Heard in the villages", "村中已收听到"),
            ),
            Goal(
                id="kept",
                kinds=("alert.rejected/1", "alert.ended/1"),
                within=0,
                never=True,
                text=Text("You did not reject or cancel it", "未误退回或误解除"),
            ),
        ),
        longest=300,
    ),
    Scenario(
        id="false",
        title=Text("A false alert sounds", "误播的预警正在播出"),
        task=Text(
            "An alert of the weather office goes on the air. Watch it; the telephone may ring.",
            "气象台的预警将播出。请值守,可能有电话打来。",
        ),
        steps=(
            Step(act="cap", after=3, event="11B03", level=2),
            *ALL_SIGN,
            Step(
                act="say",
                after=CALL,
                once="aired",
                text=Text(
                    "The weather office on the telephone: “It was a test, sent by mistake!” Silence it at once, say why, then cancel it (解除).",
                    "气象台来电:“那是误发的测试!”请立即本地静音,补填原因,再解除。",
                ),
            ),
        ),
        goals=(
            UNSHOWN,
            _after_call(
                "muted", "alert.muted/1", 15, Text("Silenced within 15 s of the call", "来电后 15 秒内静音")
            ),
            _after_call(
                "explained",
                "alert.muteexplained/1",
                90,
                Text("The reason given within 90 s", "90 秒内补填原因"),
            ),
            _after_call(
                "cancelled",
                "alert.ended/1",
                120,
                Text("Cancelled within 2 minutes", "2 分钟内解除"),
                where=(("how", "cancelled"),),
            ),
        ),
        longest=300,
    ),
    Scenario(
        id="failure",
        title=Text("The player fails during an alert", "预警播出中播放器故障"),
        task=Text(
            "A real alert goes on the air; then something breaks. Acknowledge the alarm, and do not end the alert: the villages still play it.",
            "真实预警播出期间设备故障。请确认告警,不要解除预警:各村仍在播。",
        ),
        steps=(
            Step(act="ebd", after=3, event="11A51"),
            *ALL_SIGN,
            Step(act="kill", after=CALL, once="aired"),
            Step(
                act="say",
                after=7,
                once="aired",
                text=Text(
                    "The radio falls silent. What does the panel say? Acknowledge the alarm.",
                    "广播没有声音了。面板显示什么?请确认告警。",
                ),
            ),
        ),
        goals=(
            UNSHOWN,
            _after_call(
                "acknowledged",
                "alarm.acknowledged/1",
                120,
                Text("An alarm acknowledged within 2 minutes", "2 分钟内确认告警"),
            ),
            Goal(
                id="kept",
                kinds=("alert.ended/1", "alert.muted/1"),
                within=0,
                never=True,
                text=Text("The alert was neither cancelled nor silenced", "未误解除、误静音预警"),
            ),
        ),
        longest=180,
    ),
)
BY_ID = {one.id: one for one in SCENARIOS}


@attrs.frozen(kw_only=True)
class Record:
    """One journal record as a debrief needs it."""

    at: Instant
    kind: str
    by: str
    body: Mapping[str, Any]
    sentence: Text = NOTHING


@attrs.frozen(kw_only=True)
class Reached:
    """One goal and what became of it. `took`: µs from when its time began to run; None: it did not happen."""

    goal: str
    text: Text
    within: int  # s
    took: Duration | None
    good: bool | None  # None: still open


@attrs.frozen(kw_only=True)
class Debrief:
    """What a trainee did, when, against the target times."""

    goals: tuple[Reached, ...]
    acts: tuple[Record, ...]  # what people other than the script's did, in order

    @property
    def done(self) -> bool:
        """Whether nothing is left to wait for."""
        return all(one.good is not None for one in self.goals)


def trainee(by: str) -> bool:
    """Whether an operator is a person at the panel: neither the station, nor a source, nor a colleague of the script."""
    return by not in ("system", "", WATCHER, *COLLEAGUES) and not by.startswith("source:")


def happened(goal: Goal, records: Iterable[Record], since: Instant) -> Instant | None:
    """When a goal first came about, from `since` on."""
    for record in records:
        if record.at >= since and record.kind in goal.kinds and _fits(goal, record):
            return record.at
    return None


def _fits(goal: Goal, record: Record) -> bool:
    whose = trainee(record.by) or not (goal.trainee or goal.never)
    fields = all(str(record.body.get(name, "")) == value for name, value in goal.where)
    return whose and fields and (not goal.more or int(record.body.get(goal.more, 0)) > 0)


def begins(scenario: Scenario, name: str, records: Sequence[Record], began: Instant) -> Instant | None:
    """When the time of what waits for goal `name` begins to run; None while that was not reached."""
    if not name:
        return began
    return happened(next(goal for goal in scenario.goals if goal.id == name), records, began)


def debrief(
    scenario: Scenario, records: Sequence[Record], began: Instant, now: Instant, *, over: bool
) -> Debrief:
    """Every goal of a scenario that began at `began`, from its records. `over`: what is open now will not come any more."""
    shown = [goal for goal in scenario.goals if not goal.hidden]
    goals = tuple(_reached(scenario, goal, records, began, now, over=over) for goal in shown)
    acts = tuple(
        record
        for record in records
        if record.at >= began and trainee(record.by) and record.kind.startswith(TOLD)
    )
    return Debrief(goals=goals, acts=acts)


def _reached(
    scenario: Scenario, goal: Goal, records: Sequence[Record], began: Instant, now: Instant, *, over: bool
) -> Reached:
    since = begins(scenario, goal.since, records, began)
    at = None if since is None else happened(goal, records, since)
    start = None if since is None else since + goal.delay * SECOND
    took = None if at is None or start is None else Duration(max(0, at - start))
    good: bool | None
    if goal.never:
        good = False if took is not None else True if over else None
    elif took is not None:
        good = took <= goal.within * SECOND
    else:
        late = over or (start is not None and now - start > goal.within * SECOND)
        good = False if late else None
    return Reached(goal=goal.id, text=goal.text, within=goal.within, took=took, good=good)
