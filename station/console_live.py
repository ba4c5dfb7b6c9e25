"""What the console asks about live sessions: open one, have it wait for its fader, end it; and the dump key, which asks as little as can be. Knows no screen and no socket."""

from __future__ import annotations

from typing import Final

from station.console_asked import HITS, Setting, Talk, one_of, proof
from station.words import Refused, Text

SESSIONS: Final = {
    "live": Text("open a live session", "开直播"),
    "fader": Text("a live session waits for its fader", "直播等推子"),
    "heard": Text("end the live session when all was heard", "播完结束直播"),
    "close": Text("end the live session now", "立即结束直播"),
}


def session(at: Setting, channel: str, verb: str) -> Talk:
    """A live session is opened or ended: which, who and PIN."""
    body = {"channel": channel}
    if verb in ("live", "fader"):
        rows = at.desk.query("live", channel=channel)["lines"][:HITS]
        if not rows:
            raise Refused("today's rundown has no live line", "今日节目单没有直播条目")
        lines = [f"{one['title']}  {one['source']}" for one in rows]
        chosen = yield from one_of(Text("which one", "哪一条"), rows, lines)
        name, body = "live.open", {**body, "item": str(chosen["item"]), "start": _START[verb]}
    else:
        name, body = "live.close", {**body, "when": _WHEN[verb]}
    who, pin = yield from proof()
    at.desk.act(who, pin, [(name, body)])
    return SESSIONS[verb]


_START: Final = {"live": "now", "fader": "fader"}
_WHEN: Final = {"heard": "heard", "close": "now"}


def dump(at: Setting) -> Talk:
    """甩播: at once where one session is open; else of which channel. No PIN: it takes off the air and puts nothing on."""
    channels = at.desk.query("overview")["channels"]
    opened = [one for one in channels if at.desk.query("live", channel=one["id"])["open"]]
    if not opened:
        raise Refused("no live session is open", "没有正在进行的直播")
    names = [at.say(one["name"]) for one in opened]
    chosen = opened[0]
    if len(opened) > 1:
        chosen = yield from one_of(Text("dump which channel", "甩播哪个频道"), opened, names)
    at.desk.command("live.dump", {"channel": chosen["id"]})
    return Text("dumped; filler, then what is said from now on", "已甩播,先播垫片,再播此后所说的话")
