"""One sentence for each kind of journal record, in both languages, for people who read the journal. Knows no database."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Protocol

from safety.causes import cause_text
from station import alarm_sentences, device_sentences, office_sentences
from station.record_words import entries_text, point_text, runs_text, use_text
from station.records import Record, newest
from station.sentence_words import value_text
from station.views import JournalView
from station.words import AreaCode, Text

# kind without version → (English, Chinese); {name} stands for a field of the body, {by} for who did it
SENTENCES: dict[str, tuple[str, str]] = {
    "upgrade.held": (
        "held since the start of this version: what version {before} did not sound",
        "本版本启动后暂停:版本 {before} 未播出的内容",
    ),
    "upgrade.released": ("{by} released what was held: {reason}", "{by} 解除升级暂停:{reason}"),
    "station.started": ("the controller {version} took over", "控制器 {version} 接管"),
    "command.refused": ("{by} was refused {command}: {en}", "{by} 的命令 {command} 被拒绝:{zh}"),
    "alert.submitted": ("alert {alert} was taken in, rule {row}", "收到预警 {alert},规则 {row}"),
    "alert.spoken": ("the sound of alert {alert} is ready ({engine})", "预警 {alert} 语音就绪({engine})"),
    "alert.speechless": ("alert {alert} could not be spoken: {why}", "预警 {alert} 语音合成失败:{why}"),
    "alert.signed": ("{by} signed alert {alert}", "{by} 签审通过预警 {alert}"),
    "alert.rejected": ("{by} rejected alert {alert}: {reason}", "{by} 退回预警 {alert}:{reason}"),
    "alert.glassbroken": (
        "{by} broke the glass for alert {alert}: {reason}",
        "{by} 对预警 {alert} 破窗:{reason}",
    ),
    "alert.held": ("alert {alert} is held: {why_en}", "预警 {alert} 暂缓:{why_zh}"),
    "alert.aired": ("alert {alert} went on air by rule {row}", "预警 {alert} 播出,规则 {row}"),
    "alert.moved": ("alert {alert} begins later on {channel}", "预警 {alert} 在 {channel} 推迟起播"),
    "alert.ended": ("alert {alert} ended: {how} {reason}", "预警 {alert} 结束:{how} {reason}"),
    "alert.oral": (
        "oral order for alert {alert} by {ordered_by}, {number}",
        "预警 {alert} 口头命令:{ordered_by} {number}",
    ),
    "alert.overdue": ("a signature for alert {alert} is overdue", "预警 {alert} 补签逾期"),
    "alert.muted": ("{by} muted {alert} {areas} {reason}", "{by} 本地静音 {alert} {areas} {reason}"),
    "alert.muteexplained": (
        "{by} gave the reason of a local mute: {reason}",
        "{by} 补充本地静音的原因:{reason}",
    ),
    "alert.unmuted": ("{by} lifted a local mute", "{by} 解除一项本地静音"),
    "template.submitted": ("{by} put up template {template} for review", "{by} 提交模板 {template} 待审"),
    "template.signed": ("{by} signed template {template}", "{by} 签审模板 {template}"),
    "template.rejected": ("{by} rejected template {template}: {reason}", "{by} 退回模板 {template}:{reason}"),
    "rundown.submitted": (
        "{by} put up the rundown of {channel} for {day}",
        "{by} 提交 {channel} {day} 节目单",
    ),
    "rundown.signed": ("{by} signed the rundown of {channel} for {day}", "{by} 签审 {channel} {day} 节目单"),
    "rundown.rejected": (
        "{by} rejected the rundown of {channel} for {day}: {reason}",
        "{by} 退回 {channel} {day} 节目单:{reason}",
    ),
    "rundown.approved": ("the rundown of {channel} for {day} is approved", "{channel} {day} 节目单已批准"),
    "air.edited": (
        "{by} at the desk of {channel}: {verb}, “{title}”",
        "{by} 值机操作({channel}):{verb},《{title}》",
    ),
    "air.inserted": (
        "{by} put “{title}” over the schedule of {channel}",
        "{by} 在 {channel} 插播备播节目《{title}》",
    ),
    "air.resumed": (
        "after the alert {alert} ({cause}) “{title}” on {channel} {then}",
        "预警{alert}({cause})之后,{channel}《{title}》{then}",
    ),
    "relay.extended": (
        "{by} let the relay “{title}” on {channel} last longer",
        "{by} 延长 {channel} 的转播《{title}》",
    ),
    "relay.ended": (
        "the relay “{title}” on {channel} is ended: {cause}, {by}",
        "{channel} 的转播《{title}》结束:{cause},{by}",
    ),
    "relay.chosen": (
        "{by} wants relay {relay} heard by way {member}",
        "{by} 将转播 {relay} 换至第 {member} 路",
    ),
    "live.armed": (
        "{by}: the live session “{title}” on {channel} waits for the fader of {source}",
        "{by}:{channel} 直播《{title}》等待 {source} 推子",
    ),
    "live.disarmed": (
        "{by}: the live session “{title}” on {channel} waits no more",
        "{by}:{channel} 直播《{title}》不再等待推子",
    ),
    "live.opened": (
        "{by} opened the live session “{title}” on {channel} ({start}), approval {approval}",
        "{by} 在 {channel} 开直播《{title}》({start}),许可 {approval}",
    ),
    "live.dumped": (
        "{by} dumped what was in the delay of “{title}” on {channel}",
        "{by} 甩播:{channel}《{title}》延时内的内容作废",
    ),
    "live.closed": (
        "the live session “{title}” on {channel} ends ({cause})",
        "{channel} 直播《{title}》结束({cause})",
    ),
    "media.withdrawn": ("{by} withdrew “{title}” from the air: {reason}", "{by} 撤播《{title}》:{reason}"),
    "media.restored": ("{by} gave back “{title}”: {reason}", "{by} 恢复《{title}》:{reason}"),
    "plan.extended": ("the plan of {channel} reaches over {day}", "{channel} 的播出计划已延至 {day}"),
    "asrun.entries": ("as-run ({chain}): {entries}", "播出记录({chain}):{entries}"),
    "slots.measured": ("the witness of {channel} at {point}: {runs}", "{channel} 监测({point}):{runs}"),
    "incident.opened": ("incident on {channel}: {state} {cause}", "{channel} 事件:{state} {cause}"),
    "incident.closed": ("incident on {channel} is over: {state}", "{channel} 事件结束:{state}"),
    "terminals.answered": (
        "alert {alert}: ordered {ordered}, acknowledged {acknowledged}, playing {playing}, heard {heard}",
        "预警 {alert}:下令 {ordered},应答 {acknowledged},在播 {playing},听到 {heard}",
    ),
    "terminals.link": ("{online} of {registered} terminals are online", "终端在线 {online}/{registered}"),
    "terminal.volumeset": ("{by} set the volume to {volume} %", "{by} 将音量设为 {volume}%"),
    "operator.added": ("account {operator} was made", "新建账户 {operator}"),
    "operator.changed": ("account {operator} was changed", "修改账户 {operator}"),
    "operator.credential": ("a {which} of {operator} was set anew", "{operator} 的 {which} 已重设"),
    "operator.seated": ("{operator} logged in", "{operator} 登录"),
    "operator.left": ("{operator} logged out", "{operator} 退出"),
    "operator.slowed": ("too many wrong tries for {operator}", "{operator} 错误次数过多"),
    "clock.noted": (
        "this host's clock: {synchronised}, {offset_us} µs from the station's time; {reanchor_wanted}",
        "本机时钟{synchronised},与台站时间相差 {offset_us} 微秒,{reanchor_wanted}",
    ),
    "numbers.reserved": ("numbers {first} and up were reserved for {use}", "为 {use} 预留编号,自 {first} 起"),
    **office_sentences.SENTENCES,
    **alarm_sentences.SENTENCES,
    **device_sentences.SENTENCES,
}

# fields that a word of their own tells: as-run lines, measured runs, measuring points, what numbers are for
BULK: dict[str, Callable[[Any], Text]] = {
    "entries": entries_text,
    "runs": runs_text,
    "point": point_text,
    "use": use_text,
}

_ID = re.compile(r"([\w.-]{2,})(?:/([\w-]+))?", re.ASCII)


class _Fields(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return ""


class Names(Protocol):
    """What people call what a record names by its id; an id that is not known stays as it is."""

    def person(self, operator: str) -> Text:
        """An operator."""
        ...

    def headline(self, alert: str) -> str:
        """An alert, by its headline."""
        ...

    def channel_name(self, channel: str) -> Text:
        """A channel."""
        ...

    def device_name(self, device: str) -> Text:
        """A transmitter or a power supply."""
        ...

    def area(self, code: AreaCode) -> str:
        """An area, by its name."""
        ...


def sentence(kind: str, body: dict[str, Any], by: str, names: Names | None = None) -> Text:
    """What a record says; its kind alone where no sentence was written for it."""
    en, zh = SENTENCES.get(kind.partition("/")[0], (kind, kind))
    several = isinstance(body.get("by"), list)  # two persons together
    fields = {name: _short(value) for name, value in body.items()} | ({} if several else {"by": by})
    bulk = {name: word(body[name]) for name, word in BULK.items() if body.get(name)}
    if names is not None and body.get("entries"):
        bulk["chain"] = _channels(body["entries"], names)
    said = [
        _Fields(
            _named(fields, language, names) | {name: getattr(text, language) for name, text in bulk.items()}
        )
        for language in ("en", "zh")
    ]
    return Text(_tidy(en.format_map(said[0])), _tidy(zh.format_map(said[1])))


def _channels(entries: list[dict[str, Any]], names: Names) -> Text:
    """The channels of as-run lines, each once, by their names."""
    found = [names.channel_name(one) for one in dict.fromkeys(entry["channel"] for entry in entries)]
    return Text(", ".join(one.en for one in found), "、".join(one.zh for one in found))


def _tidy(text: str) -> str:
    """Without the spaces that fields left which say nothing here."""
    return " ".join(text.split()).replace(" )", ")")


def _named(fields: dict[str, Any], language: str, names: Names | None) -> _Fields:
    made = _Fields(fields)
    if "cause" in made:
        made["cause"] = getattr(cause_text(made["cause"]), language)
    for key, value in fields.items():
        known = value_text(key, value)
        if known is not None:
            made[key] = getattr(known, language)
    if names is None:
        return made
    made.update(_people(fields, language, names))
    for key, called in (("channel", names.channel_name), ("device", names.device_name)):
        if made.get(key):
            made[key] = getattr(called(made[key]), language)
    if made.get("alert"):
        made["alert"] = f"“{names.headline(made['alert'])}”"
    if made.get("areas"):
        made["areas"] = _areas(made["areas"], names)
    made["cause"] = _cause(fields, made["cause"], language, names)
    return made


def _people(fields: dict[str, Any], language: str, names: Names) -> dict[str, str]:
    found = {}
    for key in ("by", "operator", "who"):
        if fields.get(key):
            people = (names.person(one) for one in fields[key].split(", "))
            found[key] = ("、" if language == "zh" else ", ").join(getattr(one, language) for one in people)
    return found


def _areas(codes: str, names: Names) -> str:
    listed, more, _ = codes.partition(" …")
    return "、".join(names.area(AreaCode(one)) for one in listed.split(", ")) + more


def _cause(fields: dict[str, Any], known: str, language: str, names: Names) -> str:
    """The alert or the channel that made one person enough for a carrier; any other cause as it is known."""
    if known and fields.get("rule") == "alert":
        return f"“{names.headline(fields['cause'])}”"
    if known and fields.get("rule") == "foreign":
        return str(getattr(names.channel_name(fields["cause"]), language))
    return _called(known, language, names)


def cause_named(cause: str, names: Names) -> Text:
    """A cause for people, with alerts and channels by their names."""
    said = cause_text(cause)
    return Text(_called(said.en, "en", names), _called(said.zh, "zh", names))


def approval_named(approval: str, names: Names) -> Text:
    """What approves something that was heard: an alert by its headline, a rundown by its channel and day, a live session by its channel."""
    kind, _, rest = approval.partition(":")
    if kind == "alert":
        return Text(f"alert “{names.headline(rest)}”", f"预警“{names.headline(rest)}”")
    if kind == "mute":
        return Text("local mute", "本地静音")
    if kind == "rundown" and rest.count(":") == 2:
        channel, day, _ = rest.split(":")
        called = names.channel_name(channel)
        return Text(f"rundown of {called.en}, {day}", f"{called.zh} {day} 节目单")
    if kind == "session" and ":" in rest:
        called = names.channel_name(rest.rpartition(":")[0])
        return Text(f"live session of {called.en}", f"{called.zh} 直播")
    return Text("standing approval", "长期许可") if kind == "standing" else Text(approval, approval)


def _called(text: str, language: str, names: Names) -> str:
    """A text in which an alert that is known by its id, or its overlay on a channel, has its headline."""

    def one(found: re.Match[str]) -> str:
        alert, channel = found.groups()
        if (title := names.headline(alert)) == alert:
            return found[0]
        where = f" ({getattr(names.channel_name(channel), language)})" if channel else ""
        return f"“{title}”{where}"

    return _ID.sub(one, text)


def _short(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value[:4]) + (" …" if len(value) > 4 else "")
    text = str(value)
    return text if len(text) <= 120 else text[:117] + "…"


def journal_view(record: Record, names: Names | None = None) -> JournalView:
    """A record as the Journal page shows it."""
    kind, body = newest(record.kind, json.loads(record.body))
    return JournalView(
        position=record.position,
        at=record.at,
        kind=kind,
        by=record.by,
        body=_trimmed(body),
        hash=record.hash,
        sentence=sentence(kind, body, record.by, names),
        by_name=Text(record.by, record.by) if names is None else names.person(record.by),
    )


def _trimmed(body: dict[str, Any]) -> dict[str, Any]:
    """A body without its bulk: a rundown's CSV is a table of its own."""
    return {
        name: value if not (isinstance(value, str) and len(value) > 4_000) else value[:4_000] + "…"
        for name, value in body.items()
    }
