"""How each happening of a simulated day is done: what people try at the desk, what platforms send, what breaks. Every choice comes from the dice it is given."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any, Final

from devices.messages import SetTerminalVolume
from emergency.messages import (
    AUTHORITIES,
    BreakGlass,
    CancelAlert,
    ExplainMute,
    LiftMute,
    Message,
    MuteSounding,
    RecordOralOrder,
    SignAlert,
    SignTemplate,
    Source,
    SubmitAlert,
    SubmitTemplate,
    Template,
)
from emergency.sim_platform import FAULTS
from emergency.table import OPEN
from emergency.templates import fill
from playout import planning
from playout.messages import SignRundown, SubmitRundown
from schedules.calendar import add_days, broadcast_day, day_bounds
from station.simulation.plant_doings import PLANT
from station.simulation.programme import changed, rundown
from station.simulation.upstream import Post
from station.words import HOUR, MINUTE, AreaCode, ChannelId, Instant, Operator, Sha256

if TYPE_CHECKING:
    from station.simulation.day import Day

EVENTS: Final = ("11A51", "11A01", "11B03", "11B06", "11C02", "11D02", "12D01", "11B05")
NOBODYS: Final = Sha256("0" * 64)
TEMPLATES: Final = {
    "flood": Template(
        name_en="Flash flood", name_zh="山洪", event="11A51", level=1, kind="actual", headline="山洪红色预警",
        description="河水上涨,请立即转移。", valid_until=Instant(1 << 52),
    ),
    "drill": Template(
        name_en="Drill", name_zh="演练", event="11A51", level=4, kind="drill", headline="防汛演练",
        description="现在进行防汛演练。", max_villages=30, max_minutes=60, valid_until=Instant(1 << 52),
    ),
}  # fmt: skip


def areas(day: Day, dice: Random, widest: int = 3) -> tuple[AreaCode, ...]:
    """Some villages, a township, or the whole county."""
    turn, county = dice.randrange(widest + 2), day.county
    if turn < 2:
        return tuple(sorted(dice.sample(county.villages, min(len(county.villages), dice.randint(1, 3)))))
    if turn < 4:
        return (dice.choice(county.towns),)
    return (county.settings.station.area,)


def person(day: Day, dice: Random, *roles: str) -> Operator:
    """Somebody with one of these roles; one time in eight just anybody."""
    fit = [one for one in day.people if not roles or one.roles & set(roles)]
    return dice.choice(day.people if dice.random() < 0.12 else fit)


def alerts(day: Day, *phases: str) -> list[Any]:
    """Records in some phases, in the order of their ids."""
    found = day.built.desk.states["emergency"].alerts
    return [found[key] for key in sorted(found) if found[key].phase in phases]


# --- platforms


def _upstream(day: Day, dice: Random, kind: str, **said: Any) -> None:
    platform = day.platforms.get(kind)
    if platform is None:
        return
    fault = dice.choice(FAULTS) if dice.random() < 0.2 else ""
    if fault == "traversal" and kind == "cap":
        fault = "doctype"
    wish = platform.wish(
        dice, day.now(), areas(day, dice), event=dice.choice(EVENTS), level=dice.choice((1, 1, 2, 2, 3, 4)),
        minutes=dice.choice((5, 15, 30, 60, 180)), drill=dice.random() < 0.1, fault=fault,
        text=dice.choice(("请立即转移到安全地带。", "预计两小时内有强降雨。", "请远离河道。")), **said,
    )  # fmt: skip
    data = platform.make(wish)
    day.watch.note(f"{kind} sends {wish.ebm_id if kind == 'ebd' else wish.cap_id} {fault}")
    for _ in range(2 if dice.random() < 0.2 else 1):  # a platform that says it twice
        Post(day.clock, day.dial_ingest, platform, data, day.answered).send()


def ebd(day: Day, dice: Random) -> None:
    """The province sends an EBM, good or faulty."""
    _upstream(day, dice, "ebd")


def cap(day: Day, dice: Random) -> None:
    """The weather office sends CAP."""
    _upstream(day, dice, "cap")


def cancel_upstream(day: Day, dice: Random) -> None:
    """A platform takes one of its last alerts back, or one of a stranger."""
    kind = dice.choice(("ebd", "ebd", "cap"))
    platform = day.platforms.get(kind)
    if platform is not None and platform.sent:
        _upstream(day, dice, kind, cancel=dice.choice(platform.sent[-3:]))


# --- people who write


def _submit(day: Day, dice: Random, by: Operator, source: Source, **said: Any) -> None:
    day.numbers += 1
    now = day.now()
    begins = Instant(now + (dice.randint(0, 5) * MINUTE if dice.random() < 0.2 else 0))
    name = f"own-{day.numbers}"
    fields: dict[str, Any] = {
        "kind": "actual", "event": dice.choice(EVENTS), "level": dice.choice((1, 2, 3, 4)),
        "headline": "通知", "description": "请注意安全。", "areas": areas(day, dice), "effective": begins,
        "expires": Instant(begins + dice.choice((3, 10, 20, 30, 90, 200)) * MINUTE), **said,
    }  # fmt: skip
    message = Message(identifier=name, sender=by.id, sent=now, event_text="事件", **fields)
    day.ask(by, SubmitAlert(alert=name, message=message, source=source))


def _here(day: Day, by: Operator, kind: Any) -> Source:
    return Source(kind=kind, id=by.id, authority=day.county.settings.station.authority, verified=False)


def compose(day: Day, dice: Random) -> None:
    """Free text of our own."""
    by = person(day, dice, "editor", "dispatcher")
    _submit(day, dice, by, _here(day, by, "composer"))


def daily(day: Day, dice: Random) -> None:
    """A notice that is no alert; also at night, when it may not."""
    by = person(day, dice, "editor")
    _submit(day, dice, by, _here(day, by, "composer"), kind="daily", level=0)


def drill(day: Day, dice: Random) -> None:
    """An exercise with real loudspeakers."""
    by = person(day, dice, "dispatcher")
    body = TEMPLATES["drill"]
    _submit(day, dice, by, _here(day, by, "template"), **_words("drill", body))


def template(day: Day, dice: Random) -> None:
    """From a reviewed template: the lone dispatcher, or with the glass broken."""
    by = person(day, dice, "dispatcher")
    said = _words("flood", TEMPLATES["flood"])
    if dice.random() < 0.7:
        said["areas"] = tuple(sorted(dice.sample(day.county.villages, min(2, len(day.county.villages)))))
    _submit(day, dice, by, _here(day, by, "template"), **said)
    if dice.random() < 0.5:
        day.clock.callLater(dice.uniform(3, 40), glass, day, Random(dice.random()))  # noqa: S311


def _words(name: str, body: Template) -> dict[str, Any]:
    filled = fill(body, {})
    return {
        "kind": body.kind, "event": body.event, "level": body.level, "template": name,
        "headline": filled.headline, "description": filled.description, "instruction": filled.instruction,
    }  # fmt: skip


def update(day: Day, dice: Random) -> None:
    """News of an alert that waits or sounds: from whoever sent it, or from somebody lower."""
    found = alerts(day, *OPEN, "sounding")
    if not found:
        return
    record = dice.choice(found)
    if dice.random() < 0.4:
        _upstream(day, dice, "ebd", update=record.message.identifier)
        return
    by = person(day, dice, "editor", "dispatcher")
    _submit(day, dice, by, _here(day, by, "composer"), type="update", references=(record.alert,))


# --- people who decide


def hands(day: Day, dice: Random) -> None:
    """Somebody looks at what waits and signs, rejects, breaks the glass, gives what is owed, or gets it wrong."""
    waiting = alerts(day, *OPEN)
    owing = [one for one in alerts(day, "sounding", "owing") if one.owing]
    sheets = [one for one in day.built.desk.states["playout"].sheets if one.phase == "waiting"]
    if waiting and dice.random() < 0.8:
        record = dice.choice(waiting)
        _sign(day, dice, record)
    if owing and dice.random() < 0.05:
        _sign(day, dice, dice.choice(owing))
    if sheets and dice.random() < 0.5:
        sheet = dice.choice(sheets)
        content = sheet.content if dice.random() < 0.9 else NOBODYS
        verdict: Any = "reject" if dice.random() < 0.02 else "approve"
        wish = SignRundown(channel=sheet.channel, day=sheet.day, content=content, verdict=verdict)
        day.ask(person(day, dice, "reviewer", "approver", "dispatcher"), wish)


def _sign(day: Day, dice: Random, record: Any) -> None:
    content = record.content if dice.random() < 0.9 else NOBODYS
    verdict: Any = "reject" if dice.random() < 0.05 else "approve"
    wish = SignAlert(alert=record.alert, content=content, verdict=verdict, reason="")
    day.ask(person(day, dice, "reviewer", "approver", "dispatcher"), wish)


def glass(day: Day, dice: Random) -> None:
    """Two people break the glass for what waits."""
    for record in alerts(day, *OPEN)[-2:]:
        for by in dice.sample([one for one in day.people if "dispatcher" in one.roles], 2):
            day.ask(by, BreakGlass(alert=record.alert, content=record.content, reason="夜间,联系不上审核人"))


def cancel(day: Day, dice: Random) -> None:
    """Somebody ends what sounds or waits, with a rank that may be too low."""
    found = alerts(day, "sounding", *OPEN)
    if found:
        authority = dice.choice(("county", "county", *AUTHORITIES))
        wish = CancelAlert(alert=dice.choice(found).alert, reason="解除", authority=authority)
        day.ask(person(day, dice, "dispatcher"), wish)


def mute(day: Day, dice: Random) -> None:
    """One dispatcher silences our own loudspeakers, and perhaps a channel; says why and lifts it later."""
    day.numbers += 1
    name, found = f"mute-{day.numbers}", alerts(day, "sounding")
    by = person(day, dice, "dispatcher", "operator")
    channels = tuple(one.id for one in day.county.settings.channels if dice.random() < 0.4)
    wish = MuteSounding(
        mute=name,
        alert=dice.choice(found).alert if found and dice.random() < 0.6 else "",
        areas=areas(day, dice) if dice.random() < 0.5 else (),
        channels=channels,
    )
    day.ask(by, wish)
    day.clock.callLater(dice.uniform(20, 300), day.ask, by, ExplainMute(mute=name, reason="误报"))
    day.clock.callLater(dice.uniform(60, 2_400), lift, day, Random(dice.random()))  # noqa: S311


def lift(day: Day, dice: Random) -> None:
    """A mute is lifted."""
    held = sorted(day.built.desk.states["emergency"].mutes) if day.up else []
    if held:
        day.ask(person(day, dice, "dispatcher"), LiftMute(mute=dice.choice(held)))


def claim(day: Day, dice: Random) -> None:
    """Somebody says to be the province, or to have been verified: it would air with no signature at all."""
    by, here = person(day, dice, "editor", "dispatcher"), day.county.settings.station.authority
    source = dice.choice((
        Source(kind="ebd", id="province", authority="province", verified=True, preauthorised=True),
        Source(kind="ebd", id=by.id, authority=here, verified=True, preauthorised=True),
        Source(kind="composer", id="province", authority=here, verified=False),
        Source(kind="composer", id=by.id, authority="nation", verified=False),
    ))  # fmt: skip
    _submit(day, dice, by, source, event="11A51", level=1)


def nonsense(day: Day, dice: Random) -> None:
    """What nobody should try."""
    by, known = dice.choice(day.people), sorted(day.built.desk.states["emergency"].alerts)
    alert = dice.choice(known) if known and dice.random() < 0.7 else "nobody's"
    wishes = (
        SignAlert(alert=alert, content=NOBODYS),
        BreakGlass(alert=alert, content=NOBODYS, reason=""),
        CancelAlert(alert=alert, reason="", authority="nation"),
        LiftMute(mute="nobody's"),
        RecordOralOrder(alert=alert, ordered_by="县长", number="0554-000000"),
        SetTerminalVolume(areas=areas(day, dice), volume=dice.choice((-1, 50, 101))),
        SignTemplate(template="flood", content=NOBODYS),
        SubmitRundown(channel=ChannelId("nowhere"), day=day.today(), csv=""),
    )
    day.ask(by, dice.choice(wishes))


def volume(day: Day, dice: Random) -> None:
    """The engineer turns some loudspeakers up or down."""
    wish = SetTerminalVolume(areas=areas(day, dice), volume=dice.randint(20, 100))
    day.ask(person(day, dice, "engineer"), wish)


# --- rundowns and templates


def edit(day: Day, dice: Random) -> None:
    """A late change of today; sometimes with a mistake that refuses all of it."""
    station = day.county.settings.station
    channel = dice.choice(day.county.settings.channels)
    held = planning.sheet(day.built.desk.states["playout"], channel.id, day.today(), "approved")
    made = rundown(
        dice, day.today(), station.timezone, station.day_start, day.county.songs, wrong=dice.random() < 0.2
    )
    if held is not None and dice.random() < 0.8:
        begun = day_bounds(day.today(), station.timezone, station.day_start)[0]
        made = changed(held.csv, made, 5 + (day.now() - begun) // HOUR + dice.randint(1, 4))
    editor = person(day, dice, "editor")
    day.ask(editor, SubmitRundown(channel=channel.id, day=day.today(), csv=made))


def tomorrow(day: Day, dice: Random) -> None:
    """The rundown of the day after."""
    station, date = day.county.settings.station, add_days(day.today(), 1)
    channel = dice.choice(day.county.settings.channels)
    csv = rundown(dice, date, station.timezone, station.day_start, day.county.songs)
    day.ask(person(day, dice, "editor"), SubmitRundown(channel=channel.id, day=date, csv=csv))


def begin(day: Day, dice: Random) -> None:
    """Before the first day: templates and rundowns are put up and signed by everybody who must."""
    station = day.county.settings.station
    editor = next(one for one in day.people if "editor" in one.roles)
    signers = [one for one in day.people if one.roles & {"reviewer"}][:3]
    for name, body in TEMPLATES.items():
        day.ask(editor, SubmitTemplate(template=name, body=body))
    first = broadcast_day(Instant(day.now() + HOUR), station.timezone, station.day_start)
    for section in day.county.settings.channels:
        csv = rundown(dice, first, station.timezone, station.day_start, day.county.songs)
        day.ask(editor, SubmitRundown(channel=section.id, day=first, csv=csv))
    day.settle()
    states = day.built.desk.states
    for by in signers:
        for key in sorted(states["emergency"].proposals):
            content = states["emergency"].proposals[key].content
            day.ask(by, SignTemplate(template=key, content=content))
        for sheet in states["playout"].sheets:
            day.ask(by, SignRundown(channel=sheet.channel, day=sheet.day, content=sheet.content))


# --- what breaks


def restart(day: Day, dice: Random) -> None:
    """The controller is killed and comes back."""
    day.restart(dice.uniform(0.5, 8.0))


def player(day: Day, dice: Random) -> None:
    """A player is killed; one time in four its disk is lost with it."""
    deck = day.decks[dice.choice(sorted(day.decks))]
    if deck.alive:
        day.lose(deck, dice.uniform(1.0, 240.0), wiped=dice.random() < 0.25)


def disk(day: Day, dice: Random) -> None:
    """The journal cannot be written for a while."""
    day.fill_disk(dice.uniform(30.0, 600.0))


def witness(day: Day, dice: Random) -> None:
    """A witness is away: nobody measures."""
    ear = day.ears[dice.choice(sorted(day.ears))]
    ear.away = True
    day.watch.note(f"the witness of {ear.channel} is away")
    day.clock.callLater(dice.uniform(60, 1_800), setattr, ear, "away", False)  # noqa: FBT003


def power(day: Day, dice: Random) -> None:
    """A power cut in some villages."""
    speakers = [one for _, one in day.speakers if one.nature.installed]
    for speaker in dice.sample(speakers, min(len(speakers), dice.randint(1, 12))):
        speaker.vanish(dice.uniform(20.0, 1_200.0))


def media(day: Day, dice: Random) -> None:
    """A file cannot be decoded for a while."""
    sha256 = day.media[dice.choice(day.county.songs)].sha256
    for deck in day.decks.values():
        deck.failing.add(sha256)
        day.clock.callLater(4 * 3_600.0, deck.failing.discard, sha256)


def speechless(day: Day, dice: Random) -> None:
    """The speech engine breaks off whatever it is asked."""
    day.speechless = True
    day.watch.note("the speech engine breaks off")
    day.clock.callLater(dice.uniform(60, 600), setattr, day, "speechless", False)  # noqa: FBT003


Doing = Callable[["Day", Random], None]
DOINGS: Final[dict[str, Doing]] = {
    doing.__name__: doing
    for doing in (
        ebd, cap, cancel_upstream, compose, daily, drill, template, update, cancel, mute, lift, nonsense, volume,
        edit, tomorrow, restart, player, disk, witness, power, media, speechless, claim,
    )
} | PLANT  # fmt: skip
__all__ = ["DOINGS", "begin", "hands"]
