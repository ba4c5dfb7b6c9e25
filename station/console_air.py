"""What the console asks about the air: withdraw, take, hold, back to plan, insert what is prepared. Knows no screen and no socket."""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

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
    **SESSIONS,
}


def operate(at: Setting) -> Talk:
    """Take the next item, hold it, go back to the plan, or insert what is prepared: where, what, who and PIN."""
    channels = [one for one in at.desk.query("overview")["channels"] if one["now"]]
    if not channels:
        raise Refused("no channel has a plan", "没有频道有播出计划")
    lines = [f"{at.say(one['name'])}  {one['now']['title']}" for one in channels]
    channel = yield from one_of(Text("on which channel", "哪个频道"), channels, lines)
    verbs = list(DEEDS)
    verb = yield from one_of(
        Text("do what", "做什么"), verbs, [at.say(to_plain(DEEDS[one])) for one in verbs]
    )
    body = {"channel": channel["id"]}
    if verb in SESSIONS:
        return (yield from session(at, channel["id"], verb))
    if verb in ("insert", "after"):
        body |= {
            "item": (yield from _prepared(at, channel["id"])),
            "when": "now" if verb == "insert" else "next",
        }
        verb, said = "insert", DEEDS[verb]
    else:
        said = DEEDS[verb]
    who, pin = yield from proof()
    at.desk.act(who, pin, [(f"air.{verb}", body)])
    return said


def _prepared(at: Setting, channel: str) -> Generator[Prompt, str, str]:
    """Which of the items that wait for a key."""
    rows = at.desk.query("prepared", channel=channel)[:HITS]
    if not rows:
        raise Refused("nothing is prepared in today's rundown", "今日节目单没有备播节目")
    lines = [f"{one['title']}  {one['length'] // 1_000_000} s" for one in rows]
    chosen = yield from one_of(Text("which one", "哪一条"), rows, lines)
    return str(chosen["item"])
