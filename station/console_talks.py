"""What the console asks of whoever sits there, one question after the other: mute an area, lift, a template, a signature. Generators: a question goes out, an answer comes in; they know no screen and no socket."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Generator
from typing import Any

import attrs

from emergency.templates import fill
from emergency.wording import Template
from station.console_air import operate, withdraw
from station.console_asked import GIVEN_UP, HITS, Prompt, Setting, Talk, one_of, proof, whole
from station.console_live import dump
from station.wire import from_plain
from station.words import Refused, Text

MINUTE = 60_000_000  # µs
CONFIRM = {"actual": ("真实", "REAL"), "drill": ("演练", "DRILL"), "daily": ("日常", "DAILY")}


def stop_body(mute: str) -> dict[str, Any]:
    """The whole of STOP: everything of ours that sounds an alert."""
    return {"mute": mute, "alert": "", "areas": [], "reason": ""}


def mute_area(at: Setting) -> Talk:
    """Mute what sounds in one area; asks for nothing but the area."""
    area = yield from _area(at)
    at.desk.command(
        "alert.mute", {"mute": str(uuid.uuid4()), "alert": "", "areas": [area["code"]], "reason": ""}
    )
    return Text(f"muted in {area['name']}; give the reason later", f"{area['name']}已静音,请补充原因")


def lift(at: Setting) -> Talk:
    """Lift one local mute: which, its reason where none was given, who and PIN."""
    mutes = at.desk.query("mutes")
    if not mutes:
        raise Refused("nothing is muted", "当前没有静音")
    lines = [
        f"{one['alert'] or one['area_names'] or '全部 · everything'}  {one['by']}  {one['reason']}"
        for one in mutes
    ]
    chosen = yield from one_of(Text("lift which", "解除哪一项"), mutes, lines)
    asked = Prompt(Text("why it was muted (empty: later)", "静音原因(可留空后补)"))
    reason = "" if chosen["reason"] else (yield asked).strip()
    who, pin = yield from proof()
    why = [("alert.explain", {"mute": chosen["id"], "reason": reason})] if reason else []
    at.desk.act(who, pin, [("alert.unmute", {"mute": chosen["id"]}), *why])
    return Text("lifted; what is still valid sounds again", "已解除静音,仍有效的预警恢复播发")


def release(at: Setting) -> Talk:
    """Let what is held since an upgrade sound: what it is, what was found, who and PIN."""
    held = at.desk.query("overview")["held"]
    if not held["before"]:
        raise Refused("nothing is held since an upgrade", "没有因升级而暂停的内容")
    lines = [f"{one['headline']}  ->  {at.say(one['now'])}" for one in held["lines"]]
    lines += [f"{held['mutes']} mutes stay · 静音保持"] if held["mutes"] else []
    asked = Text(
        f"version {held['before']} did not sound this; what did you find", "升级前并未播出以上内容;核对结论"
    )
    reason = (yield Prompt(asked, tuple(lines))).strip()
    if not reason:
        raise GIVEN_UP
    who, pin = yield from proof()
    at.desk.act(who, pin, [("upgrade.release", {"reason": reason})])
    return Text("released; it sounds as this version wants it", "已解除暂停,按本版本播出")


def sign(at: Setting) -> Talk:
    """Sign one alert that waits: its words first, then who and PIN."""
    waiting = at.desk.query("overview")["waiting"]
    if not waiting:
        raise Refused("no alert waits", "没有待签的预警")
    lines = [
        f"{one['level']}  {one['headline']}  {one['area_names']}  {len(one['signatures'])}/{one['needed']}"
        for one in waiting
    ]
    one = yield from one_of(Text("sign which", "签哪一条"), waiting, lines)
    yield from _confirm(at, one["kind"], (one["headline"], one["text"], one["area_names"]))
    who, pin = yield from proof()
    body = {"alert": one["id"], "content": one["content"], "verdict": "approve", "reason": ""}
    at.desk.act(who, pin, [("alert.sign", body)])
    return _then(Text("signed", "已签"), lambda: _outcome(at, one["id"]))


def template(at: Setting) -> Talk:
    """Send an alert from a reviewed template: which, its blanks, where, how long, the confirm word, who and PIN."""
    usable = [one for one in at.desk.query("templates") if one["state"] == "reviewed"]
    if not usable:
        raise Refused("there is no reviewed template", "没有已审模板")
    lines = [
        f"{one['body']['name_zh' if at.zh else 'name_en']}  ({_kind(one['body'], at)})" for one in usable
    ]
    chosen = yield from one_of(Text("which template", "选择模板"), usable, lines)
    body = from_plain(chosen["body"], Template)
    blanks = yield from _blanks(at, body)
    areas = yield from _areas(at)
    minutes = yield from _minutes(body)
    filled = fill(body, blanks)
    reach = at.desk.query("resolve", areas=[one["code"] for one in areas])
    shown = (filled.headline, filled.description, filled.instruction, _reach(reach, minutes))
    yield from _confirm(at, body.kind, shown)
    who, pin = yield from proof()
    wish = _message(at, chosen["id"], body, blanks, [one["code"] for one in areas], minutes, who)
    at.desk.act(who, pin, [("alert.submit", wish)])
    return _then(Text("submitted", "已提交"), lambda: _own_signature(at, wish["alert"], who, pin))


def _then(done: Text, more: Callable[[], Text]) -> Text:
    """What came of a deed; where that cannot be said, that it was done and why no more is known."""
    try:
        return more()
    except Refused as refused:
        return Text(f"{done.en}; {refused.text.en}", f"{done.zh};{refused.text.zh}")


def _own_signature(at: Setting, alert: str, who: str, pin: str) -> Text:
    """Sign it oneself where the table lets the lone dispatcher; else others are asked."""
    found = at.desk.query("alert", id=alert)
    able = {one["operator"] for one in at.desk.query("signers", id=alert)}
    if who not in able:
        return Text(
            f"submitted; it waits for {found['needed']} signature(s): {', '.join(sorted(able)) or '-'}",
            f"已提交,待 {found['needed']} 人签:{'、'.join(sorted(able)) or '-'}",
        )
    body = {"alert": alert, "content": found["content"], "verdict": "approve", "reason": ""}
    at.desk.act(who, pin, [("alert.sign", body)])
    return _outcome(at, alert)


def _outcome(at: Setting, alert: str) -> Text:
    found = at.desk.query("alert", id=alert)
    phase, given = found["phase_text"], f"{len(found['signatures'])}/{found['needed']}"
    return Text(f"signed ({given}): {phase['en']}", f"已签({given}):{phase['zh']}")


# -- questions --------------------------------------------------------------------------------------


def _kind(body: dict[str, Any], at: Setting) -> str:
    zh, en = CONFIRM[body["kind"]]
    if body["kind"] == "actual":
        return f"L{body['level']}"
    return zh if at.zh else en


def _area(at: Setting) -> Generator[Prompt, str, dict[str, Any]]:
    found = yield from _one_area(at, Text("area: name, initials or code", "区划:名称、首字母或代码"))
    if found is None:
        raise GIVEN_UP
    return found


def _one_area(at: Setting, text: Text) -> Generator[Prompt, str, dict[str, Any] | None]:
    every: list[dict[str, Any]] = at.desk.query("areas")
    while True:
        said = (yield Prompt(text)).strip().casefold()
        if not said:
            return None
        hits = [one for one in every if _fits(one, said)]
        exact = [one for one in hits if said in (one["name"].casefold(), one["code"], one["initials"])]
        if len(hits) == 1 or len(exact) == 1:
            return (exact or hits)[0]
        if hits:
            shown, beyond = hits[:HITS], len(hits) - HITS
            lines = [f"{one['name']}  {one['code']}  {one['terminals']}" for one in shown]
            more = (
                f"… 另有 {beyond} 个,请多输几字 · {beyond} more, type more of the name" if beyond > 0 else ""
            )
            return (yield from one_of(Text("which of these", "选择其一"), shown, lines, more))
        text = Text("no such area; again", "没有此区划,请重输")


def _fits(area: dict[str, Any], said: str) -> bool:
    keys = (area["initials"], area["pinyin"], area["code"])
    return said in area["name"].casefold() or any(key.startswith(said) for key in keys)


def _areas(at: Setting) -> Generator[Prompt, str, list[dict[str, Any]]]:
    chosen: list[dict[str, Any]] = []
    while True:
        names = "、".join(one["name"] for one in chosen)
        more = Text(f"area [{names}], empty: done", f"区划 [{names}],直接回车结束") if chosen else None
        found = yield from _one_area(
            at, more or Text("area: name, initials or code", "区划:名称、首字母或代码")
        )
        if found is None and not chosen:
            raise GIVEN_UP
        if found is None:
            return chosen
        chosen += [] if found in chosen else [found]


def _blanks(at: Setting, body: Template) -> Generator[Prompt, str, dict[str, str]]:
    """Every blank, filled as the template wants it; what is wrong is asked again at once."""
    made: dict[str, str] = {}
    for blank in body.blanks:
        wrong: tuple[str, ...] = ()
        while True:
            said = (yield Prompt(Text(blank.label_en, blank.label_zh), wrong)).strip()
            if not said and wrong:
                raise GIVEN_UP
            fault = _fault(body, blank.name, said)
            if fault is None:
                made[blank.name] = said
                break
            wrong = (fault.zh if at.zh else fault.en,)
    return made


def _fault(body: Template, name: str, said: str) -> Text | None:
    hole = f"{{{name}}}"
    alone = attrs.evolve(
        body,
        headline=hole,
        description=hole,
        instruction="",
        blanks=tuple(blank for blank in body.blanks if blank.name == name),
    )
    try:
        fill(alone, {name: said})
    except Refused as refused:
        return refused.text
    return None


def _minutes(body: Template) -> Generator[Prompt, str, int]:
    most = body.max_minutes
    while True:
        said = (
            yield Prompt(Text(f"minutes, 1 to {most} [{most}]", f"时长(分钟),1 至 {most} [{most}]"))
        ).strip()
        if not said:
            return most
        number = whole(said, most)
        if number is not None:
            return number


def _confirm(at: Setting, kind: str, shown: tuple[str, ...]) -> Generator[Prompt, str, None]:
    """The word that fits the kind, typed in full: a drill is never confirmed by the word for a real alert."""
    zh, en = CONFIRM[kind]
    said = (
        yield Prompt(Text(f"type {en} to confirm", f"输入“{zh}”确认"), tuple(filter(None, shown)))
    ).strip()
    if said != zh and said.upper() != en:
        raise GIVEN_UP


def _reach(found: dict[str, Any], minutes: int) -> str:
    names = found["names"] if isinstance(found["names"], str) else "、".join(found["names"])
    return f"{names}: {found['villages']} 村 villages, {found['online']}/{found['terminals']} 终端 terminals, {minutes} min"


def _message(
    at: Setting, ident: str, body: Template, blanks: dict[str, str], areas: list[str], minutes: int, who: str
) -> dict[str, Any]:
    alert, now, filled = str(uuid.uuid4()), at.desk.query("overview")["at"], fill(body, blanks)
    message = {
        "identifier": alert,
        "sender": who,
        "sent": now,
        "kind": body.kind,
        "event": body.event,
        "event_text": "",
        "level": body.level,
        "headline": filled.headline,
        "description": filled.description,
        "instruction": filled.instruction,
        "language": body.language,
        "areas": areas,
        "effective": now,
        "expires": now + minutes * MINUTE,
        "template": ident,
        "blanks": [[blank.name, blanks[blank.name]] for blank in body.blanks],
    }
    source = {"kind": "template", "id": who, "authority": at.authority, "verified": False}
    return {"alert": alert, "message": message, "source": source}


TALKS: dict[str, tuple[Text, Callable[[Setting], Talk]]] = {
    "mute": (Text("mute an area", "某区静音"), mute_area),
    "lift": (Text("lift a mute", "解除静音"), lift),
    "withdraw": (Text("withdraw", "撤播"), withdraw),
    "dump": (Text("dump", "甩播"), dump),
    "operate": (Text("next item", "下一条"), operate),
    "template": (Text("template", "模板"), template),
    "sign": (Text("sign", "签审"), sign),
    "release": (Text("release", "解除暂停"), release),
}
