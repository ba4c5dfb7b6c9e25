"""`gengfu wire line`: devices that are asked a line of text, from the command line: every value that a profile names, or one line as it is. Knows no port."""

from __future__ import annotations

import argparse
from typing import Any, Final

import attrs

from devices import ascii_line, plant_profile
from devices.ascii_line import LONGEST, QUIET, AsciiPoint, AsciiProfile
from devices.heard import Answered, Garbled
from devices.named_readers import lines_of
from devices.plant_profile import PlantProfile
from devices.points import Reading, by_id, quality, said, scaled
from devices.turns import Ear, Heard, Pace, Stray
from devices.wire_face import Face, Option, Script, Verb, cannot
from station.words import Duration, Instant

SHOWN: Final = 80  # bytes of what came, where it is no answer
_TYPED: Final = AsciiProfile(name="", status="invented", points=[])


@attrs.frozen
class Typed:
    """A line as somebody typed it; whatever line comes is the answer."""

    request: str


class LineWire(Ear):
    """A `devices.turns.Wire`: asked an `AsciiPoint` or what was typed."""

    def __init__(self, profile: AsciiProfile) -> None:
        super().__init__()
        self._profile = profile

    def asked(self, ask: AsciiPoint | Typed) -> bytes:
        """The line that asks."""
        self._open = ask
        return (ask.request + self._profile.terminator).encode("ascii")

    def feed(self, data: bytes) -> list[Heard]:
        """An answer ends with the prompt; without one silence ends it."""
        self._held += data
        prompt = self._profile.prompt.encode("utf-8")
        ended = len(self._held) > LONGEST or (prompt and self._held.endswith(prompt))
        return self.cut() if ended else []

    def cut(self) -> list[Heard]:
        """Nothing follows: what came is all there is."""
        held, self._held, ask = self._held, b"", self._open
        if ask is None:
            return [Stray("nobody had asked")]
        heard: str | Answered[int] | Garbled = (
            ascii_line.said(self._profile, ask.request, held)
            if isinstance(ask, Typed)
            else ascii_line.meaning(self._profile, ask, held)
        )
        if isinstance(heard, Garbled):
            return [self._garbled(f"{heard.why}: {_shown(held)}")]
        return [self._answered(heard.value if isinstance(heard, Answered) else heard)]


def _shown(held: bytes) -> str:
    """What came, for whoever finds out how a device speaks: an echo, a prompt, another end of line."""
    text = repr(held[:SHOWN].decode("ascii", "backslashreplace"))
    return f"{text}…" if len(held) > SHOWN else text


def _profile(asked: argparse.Namespace) -> PlantProfile:
    made = plant_profile.load(asked.profile)
    if made.protocol != "line":
        raise cannot(
            f"profile {asked.profile} is asked over {made.protocol}, not in lines of text",
            f"设备配置 {asked.profile} 使用 {made.protocol} 协议,不是文本协议",
        )
    return made


def _wire(asked: argparse.Namespace) -> LineWire:
    if asked.verb == "say":
        prompt, end = asked.prompt, asked.terminator.replace("\\r", "\r").replace("\\n", "\n")
        if not end.isascii() or not 1 <= len(end) <= 4:
            raise cannot("a terminator has 1 to 4 ASCII characters", "行结束符应为 1 至 4 个 ASCII 字符")
        return LineWire(attrs.evolve(_TYPED, prompt=prompt, terminator=end, echo=asked.echo))
    made = lines_of(_profile(asked))
    return LineWire(attrs.evolve(made, prompt=asked.prompt or made.prompt, echo=asked.echo or made.echo))


def _read(asked: argparse.Namespace) -> Script:
    profile = _profile(asked)
    lines, points = lines_of(profile), by_id(profile.points)
    unknown = [name for name in asked.points if name not in points]
    if unknown:
        raise cannot(f"the profile has no {', '.join(unknown)}", f"配置中没有 {'、'.join(unknown)}")
    shown: dict[str, object] = {}
    for name in asked.points or points:
        heard = yield lines.point(name)
        point = points[name]
        value = heard if point.heard else scaled(point, heard)
        if value is None:
            shown[name] = {"text": "no number"}
            continue
        reading = Reading(value=value, at=Instant(0))
        shown[name] = {
            "text": said(point, value).en,
            "quality": quality(point, reading, Instant(0), Duration(1)),
        }
    return {"points": shown}


def _say(asked: argparse.Namespace) -> Script:
    if not asked.text.isascii() or not asked.text.isprintable():
        raise cannot("what is said is one line of ASCII", "应为一行 ASCII 文字")
    answer: Any = yield Typed(asked.text)
    del answer  # it was printed
    return None


_PROMPT: Final[Option] = ("--prompt", {"default": "", "help": "what ends every answer · 提示符"})
_ECHO: Final[Option] = ("--echo", {"action": "store_true", "help": "the line comes back first · 设备回显"})

FACE = Face(
    name="line",
    help="devices asked in lines of text · 文本协议设备",
    wire=_wire,
    serial="9600:8N1",
    pace=Pace(gap=QUIET),
    verbs=(
        Verb(
            name="read", help="what a profile names · 按设备配置读取", script=_read,
            options=(
                ("profile", {"help": "shipped name, or a file that ends with .toml · 配置名称或文件"}),
                ("points", {"nargs": "*", "metavar": "POINT", "help": "none: all · 点名,不填为全部"}),
                _PROMPT, _ECHO,
            ),
        ),
        Verb(
            name="say", help="one line, as it is · 发送一行", script=_say,
            options=(
                ("text", {"help": "the line · 内容"}), _PROMPT, _ECHO,
                ("--terminator", {"default": "\\r\\n", "help": "what ends a line · 行结束符"}),
            ),
        ),
    ),
)  # fmt: skip

__all__ = ["FACE", "LineWire", "Typed"]
