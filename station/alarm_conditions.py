"""What is wrong in the station now, from what is seen of it. Pure: the sight, the limits and the time come in, conditions go out; knows no alarm, no clock, no world."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from station import alarm_mutes, rung_words
from station.alarm_sight import AlertSight, ChainSight, ChannelSight, Sight
from station.conditions import Condition, Severity, about
from station.reasons import reason_text
from station.settings import AlarmsSection
from station.words import HOUR, MINUTE, SECOND, Instant, Text

GIB: Final = 1 << 30
SETTLE: Final = 15 * SECOND  # an alert's terminals answer within this
CRITICAL_PLAN: Final = HOUR  # of plan left
DIFFER: Final = 10 * SECOND  # the witness tells of copies that differ a few seconds after they came
MOST_UNSHOWN: Final = 8  # characters that an alarm names

# every card that the conditions of this module point to
CARDS: Final = frozenset(
    {
        "alert.held", "alert.owed", "alert.speechless", "alert.unreached", "alert.unshown", "alert.waiting",
        "channel.fallback", "clock.reanchor", "clock.unsynchronised", "disk.low", "journal.degraded",
        "mute.forgotten", "mute.unexplained", "plan.ending", "player.asrun-lost", "player.away", "player.twin-away", "player.twins-differ", "settings.rolled-back", "settings.not-up", "stream.empty", "stream.foreign", "stream.outage", "stream.wrong", "terminals.silent", "upgrade.held",
        "witness.empty", "witness.foreign", "witness.outage", "witness.silent", "witness.unknown", "witness.wrong",
    }
)  # fmt: skip


def conditions(sight: Sight, limits: AlarmsSection, now: Instant) -> tuple[Condition, ...]:
    """Everything that is wrong now, by key; each key once."""
    found = [one for look in _LOOKS for one in look(sight, limits, now)]
    return tuple(sorted(found, key=lambda one: one.key))


# -- players and channels -------------------------------------------------------------------------


def _chains(sight: Sight, limits: AlarmsSection, now: Instant) -> Iterator[Condition]:
    for one in sight.chains:
        if not one.connected:
            yield Condition(
                key=away(one.chain),
                card="player.away",
                severity="critical",
                where=one.chain,
                text=Text(
                    f"the player of {one.names.en} does not answer", f"{one.names.zh} 的播放器没有应答"
                ),
            )
        if one.missing and one.connected:
            yield _unpaired(one)
        if one.lost:
            yield about(
                f"chain/{one.chain}",
                "player.asrun-lost",
                "major",
                Text(
                    f"the player of {one.names.en} dropped {one.lost} as-run lines",
                    f"{one.names.zh} 的播放器丢弃了 {one.lost} 条播出记录",
                ),
            )


def _unpaired(one: ChainSight) -> Condition:
    which = " and ".join(one.missing), "、".join(one.missing)
    return about(
        f"chain/{one.chain}",
        "player.twin-away",
        "major",
        Text(
            f"{one.names.en}: player {which[0]} of the pair is not on the air",
            f"{one.names.zh}:主备播放器中的 {which[1]} 未在播",
        ),
    )


def away(chain: str) -> str:
    """The key of the condition that a chain's player is away; much follows from it."""
    return f"chain/{chain}/player-away"


def _differing(sight: Sight, limits: AlarmsSection, now: Instant) -> Iterator[Condition]:
    for one in sight.channels:
        if one.differed is not None and now - one.differed < DIFFER:
            yield about(
                f"channel/{one.id}",
                "player.twins-differ",
                "major",
                Text(
                    f"the two players of {one.name.en} do not send the same",
                    f"{one.name.zh} 的两台播放器发送的内容不一致",
                ),
            )


def _fallbacks(sight: Sight, limits: AlarmsSection, now: Instant) -> Iterator[Condition]:
    for one in sight.channels:
        if one.rung not in ("", "file"):
            why = reason_text(one.cause)
            yield about(
                f"channel/{one.id}",
                "channel.fallback",
                rung_words.severity(one.rung),
                Text(
                    f"{one.name.en} is on fallback: {rung_words.said(one.rung).en}{f' ({why.en})' if why.en else ''}",
                    f"{one.name.zh} 降级播出:{rung_words.said(one.rung).zh}{f'({why.zh})' if why.zh else ''}",
                ),
            )


def _plans(sight: Sight, limits: AlarmsSection, now: Instant) -> Iterator[Condition]:
    for one in sight.channels:
        if one.plan_until is None or one.plan_until - now >= limits.plan_hours * HOUR:
            continue
        left = max(0, one.plan_until - now) // MINUTE
        yield about(
            f"channel/{one.id}",
            "plan.ending",
            "critical" if left * MINUTE < CRITICAL_PLAN else "major",
            Text(
                f"the plan of {one.name.en} ends in {left // 60} h {left % 60} min",
                f"{one.name.zh} 的播出计划还剩 {left // 60} 小时 {left % 60} 分",
            ),
            name="plan-ending",
        )


# -- what the witnesses hear -----------------------------------------------------------------------

_HEARD: Final[dict[str, tuple[str, Severity, Text]]] = {
    "FOREIGN": (
        "foreign",
        "critical",
        Text("a FOREIGN programme is heard on {}", "{} 发现非法插播"),
    ),
    "WRONG": (
        "wrong",
        "critical",
        Text("what is heard on {} is not what is due", "{} 错播:播出的不是应播节目"),
    ),
    "OUTAGE": ("outage", "critical", Text("OUTAGE on {}: nothing is heard", "{} 停播:没有声音")),
    "EMPTY": ("empty", "critical", Text("{}: carrier without programme", "{} 空播:有载波无节目")),
}


def _witnesses(sight: Sight, limits: AlarmsSection, now: Instant) -> Iterator[Condition]:
    for one in sight.channels:
        last = max(one.measured_at or sight.started, sight.started)
        if now - last > limits.witness_s * SECOND:
            yield _silent(one, now - last)
        elif one.state in _HEARD:
            yield _heard(one)
        elif one.state == "UNKNOWN" and one.state_since is not None:
            yield from _unknown(one, now - one.state_since, limits)


_FILLER: Final = Text("filler is heard on {} in place of what is due", "{} 垫播:应播节目未能播出,正播垫片")


def _heard(one: ChannelSight) -> Condition:
    name, severity, text = _HEARD[one.state]
    text = _FILLER if one.filler else text
    return about(
        f"channel/{one.id}",
        f"{'stream' if one.stream else 'witness'}.{name}",
        severity,
        Text(text.en.format(one.name.en), text.zh.format(one.name.zh)),
    )


def _silent(one: ChannelSight, span: int) -> Condition:
    return about(
        f"channel/{one.id}",
        "witness.silent",
        "major",
        Text(
            f"the witness of {one.name.en} has not reported for {span // SECOND} s: nobody measures",
            f"{one.name.zh} 的监测已 {span // SECOND} 秒没有报告:无人监测",
        ),
        name="witness-silent",
    )


def _unknown(one: ChannelSight, span: int, limits: AlarmsSection) -> Iterator[Condition]:
    if span <= limits.witness_s * SECOND:
        return
    yield about(
        f"channel/{one.id}",
        "witness.unknown",
        "major",
        Text(
            f"{one.name.en} has not been measured for {span // SECOND} s",
            f"{one.name.zh} 已 {span // SECOND} 秒未能测量",
        ),
        name="unmeasured",
    )


# -- alerts ----------------------------------------------------------------------------------------


def _alerts(sight: Sight, limits: AlarmsSection, now: Instant) -> Iterator[Condition]:
    for one in sight.alerts:
        if one.waiting:
            yield from _open_alert(one, limits, now)
        if one.overdue:
            yield _of_alert(
                one,
                "owed",
                "major",
                Text("the signature owed for “{}” is overdue", "“{}”的补签已逾期"),
            )
        if one.unshown and (one.waiting or one.aired_at is not None):
            yield _of_alert(one, "unshown", "minor", _unshown(one.unshown))
        if one.aired_at is not None and now - one.aired_at > SETTLE:
            yield from _unreached(one, limits)


def _open_alert(one: AlertSight, limits: AlarmsSection, now: Instant) -> Iterator[Condition]:
    severity: Severity = "critical" if one.grave else "major" if one.actual else "minor"
    if one.held is not None:
        held = Text(f"“{{}}” is held: {one.held.en}", f"“{{}}”被暂停:{one.held.zh}")
        yield _of_alert(one, "held", severity, held)
    elif one.missing and now - one.submitted_at >= limits.waiting_s * SECOND:
        waits = Text(f"“{{}}” waits for {one.missing} signature(s)", f"“{{}}”等待签审,还差 {one.missing} 人")
        yield _of_alert(one, "waiting", severity, waits)
    if one.speechless:
        why = reason_text(one.speechless)
        mute = Text(f"“{{}}” could not be spoken: {why.en}", f"“{{}}”语音合成失败:{why.zh}")
        yield _of_alert(one, "speechless", severity, mute)


def _unshown(characters: str) -> Text:
    few = characters[:MOST_UNSHOWN]
    return Text(
        f"“{{}}”: television shows 〓 for {few}, which its font has not",
        f"“{{}}”:电视字库缺字 {few},屏幕上以〓代替",
    )


def _unreached(one: AlertSight, limits: AlarmsSection) -> Iterator[Condition]:
    missing = one.addressed - one.playing
    if one.actual and missing * 100 > one.addressed * limits.unreached_percent:
        text = Text(
            f"“{{}}”: {missing} of {one.addressed} terminals do not sound",
            f"“{{}}”:{one.addressed} 台终端中有 {missing} 台没有响",
        )
        yield _of_alert(one, "unreached", "critical" if one.grave else "major", text)


def _of_alert(one: AlertSight, name: str, severity: Severity, text: Text) -> Condition:
    return about(
        f"alert/{one.id}",
        f"alert.{name}",
        severity,
        Text(text.en.replace("{}", one.headline), text.zh.replace("{}", one.headline)),
    )


# -- the station itself ----------------------------------------------------------------------------


def _journal(sight: Sight, limits: AlarmsSection, now: Instant) -> Iterator[Condition]:
    if sight.journal_degraded:
        yield about(
            "journal",
            "journal.degraded",
            "critical",
            Text(
                "the journal cannot be written: only life-safety commands go out",
                "日志无法写入:只执行保命命令",
            ),
        )


def _clock(sight: Sight, limits: AlarmsSection, now: Instant) -> Iterator[Condition]:
    if sight.reanchor_wanted:
        yield about(
            "clock",
            "clock.reanchor",
            "major",
            Text("the station's time is more than 1 s off UTC", "台站时间与 UTC 相差超过 1 秒"),
        )
    elif sight.synchronised is False:
        yield about(
            "clock",
            "clock.unsynchronised",
            "minor",
            Text("this host's clock is not synchronised", "本机时钟未同步"),
        )


def _terminals(sight: Sight, limits: AlarmsSection, now: Instant) -> Iterator[Condition]:
    of = sight.terminals_registered
    silent = of - sight.terminals_online
    if of and silent * 100 > of * limits.terminals_silent_percent:
        yield about(
            "terminals",
            "terminals.silent",
            "critical" if 2 * silent > of else "major",
            Text(
                f"{silent} of {of} terminals are offline ({silent * 100 // of} %)",
                f"{of} 台终端中有 {silent} 台离线({silent * 100 // of}%)",
            ),
        )


def _disk(sight: Sight, limits: AlarmsSection, now: Instant) -> Iterator[Condition]:
    free, floor = sight.disk_free, limits.disk_gib * GIB
    if free is not None and free < floor:
        yield about(
            "disk",
            "disk.low",
            "critical" if 4 * free < floor else "major",
            Text(
                f"{free / GIB:.1f} GiB of disk are left, less than {limits.disk_gib} GiB",
                f"磁盘剩余 {free / GIB:.1f} GiB,低于 {limits.disk_gib} GiB",
            ),
        )


def _upgrade(sight: Sight, limits: AlarmsSection, now: Instant) -> Iterator[Condition]:
    if sight.held_since:
        yield Condition(
            key="upgrade/held",
            card="upgrade.held",
            severity="critical",
            where="station",
            text=Text(
                f"held since the upgrade from version {sight.held_since}: {sight.held} alert(s) that it did not sound",
                f"自版本 {sight.held_since} 升级后暂停:{sight.held} 条旧版并未播出的预警",
            ),
        )


def _settings(sight: Sight, limits: AlarmsSection, now: Instant) -> Iterator[Condition]:
    if sight.rolled_back is not None:
        yield Condition(
            key="settings/rolled-back",
            card="settings.rolled-back",
            severity="major",
            where="station",
            text=sight.rolled_back,
        )


def _not_up(sight: Sight, limits: AlarmsSection, now: Instant) -> Iterator[Condition]:
    for name, said in sight.not_up:
        why = Text(said.en or f"see its log {name}.log", said.zh or f"请看日志 {name}.log")
        panel = name == "panel"
        who = (
            Text("the panel", "面板")
            if panel
            else Text(name.replace("-", " ", 1), f"监测 {name.partition('-')[2]}")
        )
        yield Condition(
            key=f"settings/not-up/{name}",
            card="settings.not-up",
            severity="critical" if panel else "major",
            where="station",
            text=Text(
                f"{who.en} does not start with the settings in force, three times by now: {why.en}",
                f"{who.zh} 以现行设置连续三次未能启动:{why.zh}",
            ),
        )


_LOOKS: Final[tuple[Callable[[Sight, AlarmsSection, Instant], Iterator[Condition]], ...]] = (
    _chains,
    _differing,
    _fallbacks,
    _plans,
    _witnesses,
    _alerts,
    alarm_mutes.mutes,
    _journal,
    _clock,
    _terminals,
    _disk,
    _upgrade,
    _settings,
    _not_up,
)
