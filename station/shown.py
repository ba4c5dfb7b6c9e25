"""Builds the frozen views that the glass shows, from what the parts say. Pure: knows no socket, no table, no clock; `now` is an argument."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import attrs

from emergency import reasons
from emergency.table import PHASES
from schedules.plan import Plan, Take
from station.alert_book import AlertRow
from station.awaited import awaited
from station.rung_words import said
from station.views import (
    AlertView,
    AsRunView,
    ChannelView,
    CountsView,
    LevelsView,
    MuteView,
    PlantLine,
    SignatureView,
    TakeView,
    Tone,
)
from station.words import SYSTEM, AreaCode, ChannelId, Instant, Text, instant_of, sample_at

STALE = 3_000_000  # µs after which what was reported counts as unknown
COVERED = Text(
    "on air where nothing lies over it; where a higher or earlier alert sounds, it waits",
    "在播;与更高或更早的预警同地之处,等其结束后播",
)
COMPOSED = ("composer", "template")  # kinds of a source that nobody signs for but whoever was logged in
REJECTED = Text("rejected by a reviewer", "签审人退回")


class Naming(Protocol):
    """Names of people and areas."""

    def person(self, operator: str) -> Text:
        """What people call an operator."""
        ...

    def area(self, code: AreaCode) -> str:
        """The name of an area."""
        ...


@attrs.frozen(kw_only=True)
class AlertFacts:
    """What an AlertView needs beyond its row."""

    phase: str
    text: str
    may_sign: bool
    owed_left: int
    owed_until: Instant | None
    villages: int
    terminals: int
    unreachable: tuple[AreaCode, ...]
    counts: CountsView
    muted: bool
    covered: bool = False  # on air, but another alert lies over it where both are meant
    waits: Text | None = None  # on air, but not yet heard on every channel it is meant for
    ends: Instant | None = None  # when its repeats are over; None: at its expiry
    again: Instant | None = None  # since when it is heard again
    silences: Sequence[MuteView] = ()  # local mutes that fell on it


def alert_view(row: AlertRow, facts: AlertFacts, naming: Naming) -> AlertView:
    """One alert as dispatchers and reviewers see it."""
    phase = awaited(row) if facts.phase == "waiting" else PHASES.get(facts.phase or "", REJECTED)  # type: ignore[call-overload]
    return AlertView(
        id=row.id,
        phase=facts.phase or row.ended_how,
        phase_text=phase if facts.muted else COVERED if facts.covered else facts.waits or phase,
        text=facts.text,
        source=reasons.source_text(row.source, naming.person),
        verified=row.source.verified,
        composed=row.source.kind in COMPOSED,
        content=row.content,
        villages=facts.villages,
        terminals=facts.terminals,
        unreachable=[naming.area(code) for code in facts.unreachable[:50]],
        owed=facts.owed_left,
        owed_until=facts.owed_until,
        hold_why=Text(row.held_en, row.held_zh) if row.held_en else None,
        may_sign=facts.may_sign,
        audio_seconds=-(-row.samples // 48_000),
        counts=facts.counts,
        muted=facts.muted,
        again=facts.again,
        silences=list(facts.silences),
        why=why_text(row, naming),
        submitted_name=naming.person(row.submitted_by),
        ended_by=naming.person(row.ended_by) if row.ended_by not in ("", SYSTEM.id) else None,
        ended_reason=row.reason,
        signatures=[
            SignatureView(by=given.by, name=naming.person(given.by), at=given.at, owed=given.owed)
            for given in row.signatures
        ],
        **_of_the_message(row, naming),
        **{**_of_the_row(row), **({"until": facts.ends} if facts.ends is not None else {})},
    )


def _of_the_message(row: AlertRow, naming: Naming) -> dict[str, Any]:
    message = row.message
    same = ("headline", "event", "event_text", "kind", "level", "effective", "expires")
    return {
        "areas": list(message.areas),
        "area_names": named(message.areas, naming),
        **{name: getattr(message, name) for name in same},
    }


def _of_the_row(row: AlertRow) -> dict[str, Any]:
    same = (
        "submitted_at", "submitted_by", "aired_at", "until", "ended_at", "ended_how", "needed", "overdue", "hold_until", "audio",
    )  # fmt: skip
    return {name: getattr(row, name) for name in same}


def named(areas: Sequence[AreaCode], naming: Naming, most: int = 6) -> str:
    """Names of areas, the first few and how many more."""
    names = "、".join(naming.area(code) for code in areas[:most])
    return names if len(areas) <= most else f"{names} 等 {len(areas)}"


def why_text(row: AlertRow, naming: Naming) -> Text:
    """Why it sounds (or did), in the words of `emergency.reasons`, people by their names."""
    rule = reasons.rule_text(row.row, row.needed, row.owed)
    signers = [given.by for given in row.signatures]
    return reasons.why_text(row.source, rule, signers, names=naming.person, oral=row.oral)


# -- channels -----------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Playing:
    """What the player of a channel last reported."""

    at: Instant
    take: str
    overlay: str
    rung: str
    peak: tuple[int, int]
    rms: tuple[int, int]
    plan_until: int


@attrs.frozen(kw_only=True)
class Measured:
    """What the witness of a channel last reported."""

    at: Instant
    state: str
    since: Instant
    real_return: bool
    differed: Instant | None = None  # when two players last sent different copies
    filler: bool = False  # what is heard in place of what is due is filler


def take_view(take: Take, missing: Callable[[str], bool]) -> TakeView:
    """A take as an operator reads it."""
    gone = take.media is not None and missing(take.media)
    return TakeView(
        id=take.id,
        item=take.item,
        title=take.title,
        kind=take.kind,
        category=take.category,
        start=instant_of(take.start),
        end=instant_of(take.end),
        hard=take.hard,
        approval=take.approval,
        readiness="missing" if gone else "ready",
        why=Text(f"allowed by {take.approval}", f"批准依据:{take.approval}"),
        media=take.media,
    )


def channel_view(
    channel: ChannelId,
    name: Text,
    plan: Plan | None,
    playing: Playing | None,
    measured: Measured | None,
    now: Instant,
    *,
    missing: Callable[[str], bool],
    titles: Mapping[str, str],
    muted: bool,
) -> ChannelView:
    """One channel: what is on air, what comes, and how sure that is."""
    current, after = _parted(plan.takes if plan is not None else (), sample_at(now))
    fresh = playing is not None and now - playing.at < STALE
    alert = playing.overlay.partition("/")[0] if playing is not None and fresh else ""
    return ChannelView(
        id=channel,
        name=name,
        now=take_view(current, missing) if current else None,
        next=[take_view(take, missing) for take in after[:5]],
        overlay=alert,
        overlay_title=titles.get(alert, ""),
        item_ends=instant_of(current.end) if current else None,
        next_hard=_first(after, lambda take: take.hard),
        next_relay=_first(after, lambda take: take.category == "relay"),
        rung=playing.rung if playing else "",
        levels=LevelsView(peak=playing.peak, rms=playing.rms) if playing else None,
        player_at=playing.at if playing else None,
        plan_until=instant_of(playing.plan_until) if playing else None,  # type: ignore[arg-type]
        state=measured.state if measured else "UNKNOWN",
        state_since=measured.since if measured else None,
        measured_at=measured.at if measured else None,
        real_return=measured.real_return if measured else False,
        filler=measured.filler if measured else False,
        muted=muted,
    )


def _parted(takes: Sequence[Take], here: int) -> tuple[Take | None, Sequence[Take]]:
    """The take at a sample, and those that come."""
    first = bisect_right(takes, here, key=lambda take: take.start)
    current = takes[first - 1] if first and takes[first - 1].end > here else None
    return current, takes[first:]


def _first(takes: Sequence[Take], wanted: Callable[[Take], bool]) -> Instant | None:
    return next((instant_of(take.start) for take in takes if wanted(take)), None)


@attrs.frozen
class Matters:
    """What the line at the top may have to say beside the channels."""

    sounding: Sequence[AlertView] = ()
    waiting: Sequence[AlertView] = ()
    power: Sequence[PlantLine] = ()
    mutes: int = 0
    overdue: int = 0


def sentence(channels: Sequence[ChannelView], matters: Matters, now: Instant) -> tuple[Tone, Text]:
    """The one line at the top: how things are, worst first."""
    for look in _TROUBLES:
        for view in channels:
            worst = look(view, now)
            if worst is not None:
                return "bad", Text(f"{view.name.en}: {worst.en}", f"{view.name.zh}:{worst.zh}")
    for supply in matters.power:
        if supply.tone == "bad":
            return "bad", Text(f"{supply.name.en}: {supply.text.en}", f"{supply.name.zh}:{supply.text.zh}")
    return _sounds(matters) or _doubt(channels) or _owes(matters) or _calm(channels, now)


def _plain(headline: str) -> str:
    """A headline within a sentence: without the full stop that it may end with."""
    return headline.rstrip("。. ")


def _sounds(matters: Matters) -> tuple[Tone, Text] | None:
    if matters.mutes:
        return "warn", Text(
            f"MUTED: {matters.mutes} local mute(s) in force; lift them when it is right",
            f"静音中:{matters.mutes} 项本地静音未解除",
        )
    if matters.sounding:
        first = matters.sounding[0]
        kind = {"drill": Text("DRILL", "演练"), "daily": Text("notice", "日常广播")}.get(
            first.kind, Text("ALERT", "预警")
        )
        counts = first.counts
        return "warn", Text(
            f"{kind.en} on air: {_plain(first.headline)}; playing {counts.playing} of {counts.addressed}",
            f"{kind.zh}播出中:{_plain(first.headline)};已响 {counts.playing}/{counts.addressed}",
        )
    return None


def _doubt(channels: Sequence[ChannelView]) -> tuple[Tone, Text] | None:
    for view in channels:
        found = _carrier(view, "warn")
        if found is not None:
            return "warn", Text(f"{view.name.en}: {found.en}", f"{view.name.zh}:{found.zh}")
    return None


def _owes(matters: Matters) -> tuple[Tone, Text] | None:
    if matters.waiting:
        first, count = matters.waiting[0], len(matters.waiting)
        given, needed = len(first.signatures), first.needed
        more = Text(f" ({count - 1} more)", f"(另有 {count - 1} 条)") if count > 1 else Text("", "")
        signed = Text(f"{given} of {needed} signatures", f"已签 {given}/{needed}")
        return "warn", Text(
            f"Alert waits: {_plain(first.headline)}, {signed.en}{more.en}",
            f"预警待播:{_plain(first.headline)},{signed.zh}{more.zh}",
        )
    if matters.overdue:
        return "warn", Text(f"{matters.overdue} signature(s) overdue", f"有 {matters.overdue} 项补签逾期")
    return None


def held_text(before: str, count: int) -> Text:
    """What is held since an upgrade, and what to do about it."""
    return Text(
        f"HELD since the upgrade: {count} alert(s) that version {before} did not sound; look, then release it below or by gengfu upgrade --release",
        f"升级后暂停:{count} 条预警在版本 {before} 中并未播出;核对后在下方或用 gengfu upgrade --release 解除",
    )


def _silent(view: ChannelView, now: Instant) -> Text | None:
    if view.player_at is None or now - view.player_at > STALE:
        return Text("the player does not report", "播放器无应答")
    return None


_HEARD = {  # what does not belong there
    "FOREIGN": Text("FOREIGN programme heard (插播)", "发现非法插播"),
    "WRONG": Text("an item that is not due is heard", "错播:播出的不是应播节目"),
}
_UNHEARD = {  # what is missing: a lost carrier, which is its cause, is named before
    "OUTAGE": Text("OUTAGE, nothing is heard", "停播:没有声音"),
    "EMPTY": Text("carrier without programme", "空播:有载波无节目"),
}


_FILLER = Text("filler is heard in place of the item that is due", "垫播:应播节目未能播出,正播垫片")


def _heard(view: ChannelView, now: Instant) -> Text | None:
    if view.filler:
        return _FILLER if _fresh(view, now) else None
    return _HEARD.get(view.state) if _fresh(view, now) else None


def _unheard(view: ChannelView, now: Instant) -> Text | None:
    return _UNHEARD.get(view.state) if _fresh(view, now) else None


def _fresh(view: ChannelView, now: Instant) -> bool:
    return view.measured_at is not None and now - view.measured_at < 4 * STALE


def _failed(view: ChannelView, now: Instant) -> Text | None:
    return _carrier(view, "bad")


def _carrier(view: ChannelView, tone: Tone) -> Text | None:
    found = next((one for one in view.carriers if one.tone == tone), None)
    return (
        None
        if found is None
        else Text(f"{found.name.en}: {found.text.en}", f"{found.name.zh}:{found.text.zh}")
    )


def _fallback(view: ChannelView, now: Instant) -> Text | None:
    if view.rung not in ("", "file"):
        rung = said(view.rung)
        return Text(f"on fallback ({rung.en})", f"降级播出({rung.zh})")
    return None


_TROUBLES = (_silent, _heard, _failed, _unheard, _fallback)  # gravest first


def _calm(channels: Sequence[ChannelView], now: Instant) -> tuple[Tone, Text]:
    blind = [view for view in channels if view.measured_at is None or now - view.measured_at > 4 * STALE]
    if blind:
        return "warn", Text(
            f"{blind[0].name.en}: on air, but nobody measures it", f"{blind[0].name.zh}:在播,但无人监测(未知)"
        )
    first = channels[0] if channels else None
    if first is None or first.now is None:
        name = first.name if first is not None else Text("Station", "全台")
        return "warn", Text(f"{name.en}: no plan", f"{name.zh}:没有播出计划")
    left = max(0, (first.now.end - now) // 1_000_000)
    en, zh = _span(left, "h"), _span(left, "时")
    ready = bool(first.next) and first.next[0].readiness == "ready"
    return "good", Text(
        f"Normal: {first.name.en} plays {first.now.title}, ends in {en}; next {'is ready' if ready else 'is NOT ready'}",
        f"正常:{first.name.zh} 正在播出《{first.now.title}》,{zh} 后结束;下一条{'已备好' if ready else '未备好'}",
    )


def _span(seconds: int, hour: str) -> str:
    """As the panel's countdowns write it: nobody takes it for a time of the clock, which has colons."""
    hours = f"{seconds // 3600}{hour}{seconds // 60 % 60:02d}" if seconds >= 3600 else f"{seconds // 60}"
    return f"{hours}′{seconds % 60:02d}″"


def asrun_view(row: Mapping[str, object]) -> AsRunView:
    """One interval of the as-run table."""
    fields = {field.name: row[field.name] for field in attrs.fields(AsRunView)}
    return AsRunView(**fields)  # type: ignore[arg-type]
