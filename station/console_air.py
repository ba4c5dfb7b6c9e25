"""What the console asks about the air: withdraw, take, hold, back to plan, insert what is prepared. Knows no screen and no socket."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final

from station.console_asked import HITS, Prompt, Setting, Talk, one_of, proof
from station.console_live import SESSIONS, session
from station.wire import to_plain
from station.words import Refused, Text


def withdraw(at: Setting) -> Talk:
    """撤播: take one of the media that are on air or come next off the air; filler stands in its place."""
    listed: dict[str, tuple[str, str]] = {}
    for channel in at.desk.query("overview")["channels"]:
        for take in [channel["now"], *channel.get("next", [])]:
            if take and take.get("media"):
                listed.setdefault(take["media"], (at.say(channel["name"]), take["title"]))
    if not listed:
        raise Refused("nothing is planned that could be withdrawn", "没有可撤播的节目")
    shown = list(listed.items())[:HITS]
    lines = [f"{name}  {title}" for _, (name, title) in shown]
    asked = Text("withdraw which, on all channels", "撤播哪一条(所有频道)")
    media, (_, title) = yield from one_of(asked, shown, lines)
    at.desk.command("media.withdraw", {"media": media, "reason": ""})
    return Text(
        f"“{title}” is withdrawn; filler instead. Somebody who signs may give it back in the panel",
        f"已撤播《{title}》,改播垫片;由另一名签审人员在面板恢复",
    )


DEEDS: Final = {
    "take": Text("take the next item now", "播下一条"),
    "hold": Text("filler after the item on air", "播完暂停,改播垫片"),
    "back": Text("back to the plan, in progress", "回到计划"),
    "insert": Text("insert a prepared item now", "插播备播节目"),
    "after": Text("insert a prepared item after the one on air", "播完后插播备播节目"),
    "extend": Text("make the relay on air longer", "延长在播转播"),
    "end": Text("end the relay on air", "结束在播转播"),
    "way": Text("hear the relay on air by another way", "在播转播换路"),
    **SESSIONS,
}


MINUTES: Final = (1, 2, 3, 5, 10, 15, 20, 30, 60)


def operate(at: Setting) -> Talk:
    """Take the next item, hold it, go back to the plan, insert what is prepared, or handle the relay on air: where, what, who and PIN."""
    channels = [one for one in at.desk.query("overview")["channels"] if one["now"]]
    if not channels:
        raise Refused("no channel has a plan", "没有频道有播出计划")
    lines = [f"{at.say(one['name'])}  {one['now']['title']}" for one in channels]
    channel = yield from one_of(Text("on which channel", "哪个频道"), channels, lines)
    verbs = list(DEEDS)
    verb = yield from one_of(
        Text("do what", "做什么"), verbs, [at.say(to_plain(DEEDS[one])) for one in verbs]
    )
    if verb in SESSIONS:
        return (yield from session(at, channel["id"], verb))
    name, body = yield from _asked(at, channel["id"], verb)
    who, pin = yield from proof()
    at.desk.act(who, pin, [(name, body)])
    return DEEDS[verb]


def _asked(at: Setting, channel: str, verb: str) -> Generator[Prompt, str, tuple[str, dict[str, Any]]]:
    """The command of a deed, and what it says."""
    body: dict[str, Any] = {"channel": channel}
    if verb in ("insert", "after"):
        item = yield from _prepared(at, channel)
        return "air.insert", body | {"item": item, "when": "now" if verb == "insert" else "next"}
    if verb == "way":
        return "relay.choose", (yield from _way(at, channel))
    if verb == "extend":
        _, air = _relayed(at, channel)
        room = f"{air['title']}  {at.say(air['why'])}"
        spans = [at.say(to_plain(Text(f"{n} min", f"{n} 分钟"))) for n in MINUTES]
        minutes = yield from one_of(Text("by how much", "延长多久"), MINUTES, spans, room)
        return "air.extend", body | {"minutes": minutes}
    return f"air.{verb}", body


def _relayed(at: Setting, channel: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The relay that is on air of a channel, and where; Refused where none is."""
    for relay in at.desk.query("overview").get("relays", ()):
        for air in relay["air"]:
            if air["channel"] == channel:
                return relay, air
    raise Refused("no relay is on the air", "当前没有转播在播")


def _way(at: Setting, channel: str) -> Generator[Prompt, str, dict[str, Any]]:
    """Which of the ways of the relay on air."""
    relay, _ = _relayed(at, channel)
    lines = [f"{way['shown']}  {at.say(way['text'])}" for way in relay["ways"]]
    member = yield from one_of(Text("by which way", "换到哪一路"), range(len(lines)), lines)
    return {"relay": relay["id"], "member": member}


def _prepared(at: Setting, channel: str) -> Generator[Prompt, str, str]:
    """Which of the items that wait for a key."""
    rows = at.desk.query("prepared", channel=channel)[:HITS]
    if not rows:
        raise Refused("nothing is prepared in today's rundown", "今日节目单没有备播节目")
    lines = [f"{one['title']}  {one['length'] // 1_000_000} s" for one in rows]
    chosen = yield from one_of(Text("which one", "哪一条"), rows, lines)
    return str(chosen["item"])
