"""Settings as text: which line a mistake is on, what differs, what a change means, and secrets that are not shown. Pure; reads no file."""

from __future__ import annotations

import difflib
import re

import attrs

from station.listened import listened
from station.pairs import players
from station.settings import Settings
from station.words import Refused, Text

HIDDEN = "●●●"
_TABLE = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.\-]+)\s*\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_\-]+)\s*=")
_AT_LINE = re.compile(r"at line (\d+)")
_URL = re.compile(r"(://[^:/@\s\"']+:)([^@\s\"']+)(@)")
_WORD = re.compile(r"(?im)^(\s*\w*(?:password|passphrase|secret|token)\s*=\s*)([\"'])(.+?)\2")
CONTEXT = 3


def line_of(text: str, path: str, said: str = "") -> int:
    """The line (from 1) that a mistake at `path` (`channels[0].area`) is about; 0 where none can be told.

    A key that is not there is told by the line of its table; a file that is no TOML by what its reader said.
    """
    if not path:
        found = _AT_LINE.search(said)
        return int(found[1]) if found else 0
    best, best_length = 0, -1
    for number, at in _places(text):
        if (path == at or path.startswith((f"{at}.", f"{at}["))) and len(at) > best_length:
            best, best_length = number, len(at)
    return best


def _places(text: str) -> list[tuple[int, str]]:
    """(line, path) of every table and key."""
    counts: dict[str, int] = {}
    table, found = "", []
    for number, line in enumerate(text.splitlines(), 1):
        head = _TABLE.match(line)
        if head:
            table = _entered(head[1], head[2], counts)
            found.append((number, table))
        elif key := _KEY.match(line):
            found.append((number, f"{table}.{key[1]}" if table else key[1]))
    return found


def _entered(bracket: str, name: str, counts: dict[str, int]) -> str:
    parent, _, last = name.rpartition(".")
    begin = f"{parent}[{counts[parent] - 1}].{last}" if parent in counts else name
    if bracket == "[":
        return begin
    counts[name] = counts.get(name, 0) + 1
    return f"{begin}[{counts[name] - 1}]"


# -- secrets ------------------------------------------------------------------------------------


def secrets_in(text: str) -> list[str]:
    """Passwords written into the text, in their order: in addresses, then as values of keys that say so."""
    return [found[2] for found in _URL.finditer(text)] + [found[3] for found in _WORD.finditer(text)]


def masked(text: str) -> str:
    """The text with its secrets as ●●●1, ●●●2 …"""
    for number, secret in enumerate(dict.fromkeys(secrets_in(text)), 1):
        text = _replaced(text, secret, f"{HIDDEN}{number}")
    return text


def unmasked(text: str, running: str) -> str:
    """The reverse of `masked`, from the running text; raises Refused for a mark that stands for nothing."""
    known = {f"{HIDDEN}{k}": secret for k, secret in enumerate(dict.fromkeys(secrets_in(running)), 1)}
    made = re.sub(rf"{HIDDEN}(\d+)", lambda found: known.get(found[0], found[0]), text)
    if HIDDEN in made:
        raise Refused(
            f"{HIDDEN} stands for no secret of the running settings; write the secret itself.",
            f"{HIDDEN} 不对应运行设置中的任何密码;请写明密码。",
            code="secret",
        )
    return made


def _replaced(text: str, secret: str, mark: str) -> str:
    text = _URL.sub(lambda found: found[1] + (mark if found[2] == secret else found[2]) + found[3], text)
    return _WORD.sub(
        lambda found: found[1] + found[2] + (mark if found[3] == secret else found[3]) + found[2], text
    )


# -- what differs -------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class DiffLine:
    """One line of a unified difference."""

    kind: str  # "+" added, "-" removed, " " as before, "@" where
    text: str


def difference(before: str, after: str) -> list[DiffLine]:
    """What is added and removed, with three lines around it; empty where nothing is."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=CONTEXT)
    found = [line for line in lines if not line.startswith(("---", "+++"))]
    return [DiffLine(kind=line[:1], text=line if line.startswith("@@") else line[1:]) for line in found]


PLAYERS = ("channels", "alerts", "networks")  # what a player reads at its own start
FIXED = ("id", "state", "port", "journal", "area")


def meaning(before: Settings, after: Settings) -> list[Text]:
    """What adopting `after` in place of `before` comes to, before anybody presses a key."""
    said = [
        Text(
            "The station starts again: about two seconds without panel answers and without new orders. Players go on; what sounds goes on.",
            "台站进程重新启动:约两秒内面板无应答、不下达新命令;播放器不停,正在播出的不中断。",
        )
    ]
    changed = {field.name for field in attrs.fields(Settings) if _differs(before, after, field.name)}
    if changed & {"panel", "people"}:
        said.append(Text("The panel starts again; seats stay.", "面板重新启动,会话保留。"))
    if changed & {"channels", "safety"}:
        said.append(
            Text(
                "Witnesses start again: some seconds of each channel are UNKNOWN.",
                "监测进程重新启动:各频道有数秒记为“未测”。",
            )
        )
    if changed & set(PLAYERS):
        said.append(
            Text(
                "Players keep what they started with (outputs, slack, streams) until they are started again, one chain at a time, at a quiet moment.",
                "播放器继续使用启动时的输出、缓冲与流设置,须另择空闲时逐链重启后才生效。",
            )
        )
    return said + _graver(before, after)


def _graver(before: Settings, after: Settings) -> list[Text]:
    said = []
    if players(before).keys() != players(after).keys() or _ids(before) != _ids(after):
        said.append(
            Text(
                "Channels, chains or witnesses come or go: their processes begin and end with the next start of gengfu run.",
                "频道、播出链或监测有增减:相应进程在下次启动 gengfu run 时增减。",
            )
        )
    fixed = [name for name in FIXED if getattr(before.station, name) != getattr(after.station, name)]
    if fixed:
        names = ", ".join(f"station.{name}" for name in fixed)
        said.append(
            Text(
                f"{names}: the whole station must be stopped and started by hand; do not adopt this while on air.",
                f"{names}:须人工停止并重新启动整个台站,播出期间请勿采用。",
            )
        )
    return said


def _ids(settings: Settings) -> list[str]:
    """What has a witness: channels and alert streams."""
    return [str(section.id) for section in listened(settings)]


def _differs(before: Settings, after: Settings, name: str) -> bool:
    return bool(getattr(before, name) != getattr(after, name))
