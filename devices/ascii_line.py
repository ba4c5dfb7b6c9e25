"""Devices that are asked a line of text and answer a line of text (small transmitters, RDS coders), sans I/O: what their profile says, one question at a time, judged strictly. Time is told (whole µs); knows no port.

The profile names the terminator, the prompt where there is one, and for each point the request and a pattern that the
whole answer must match. What comes late, twice, or does not match gives no value, and nothing is asked until it cannot
be taken for the next answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final, Literal

import attrs

from devices import profile_text
from devices.heard import Answered, Garbled, Silent, Stray
from station.words import Text

LONGEST: Final = 512  # bytes of an answer
DIGITS: Final = 30  # of a number before its point; more are none, and would take for ever
QUIET: Final = 50_000  # µs without a byte: an answer has ended, where no prompt says so


@attrs.frozen(kw_only=True)
class AsciiPoint:
    """A value asked by a line. `reply` must match the whole answer; its group `value` is the value, a number or one of `words`."""

    id: str
    name_zh: str
    name_en: str
    request: str
    reply: str
    words: list[str] = attrs.field(factory=list)  # what is sent for 0, 1, …
    decimals: int = 0
    unit: str = ""
    range: list[int] = attrs.field(factory=list)  # [least, most], in units of 10^-decimals


@attrs.frozen(kw_only=True)
class AsciiProfile:
    """How a device speaks."""

    name: str
    status: Literal["invented", "unverified", "bench", "site"]
    source: str = ""
    terminator: str = "\r\n"  # of requests and answers
    prompt: str = ""  # at the end of every answer
    echo: bool = False  # the request comes back first
    timeout_ms: int = 1000
    late_ms: int = 1000  # an answer may come so long after its time was up
    points: list[AsciiPoint]

    def point(self, name: str) -> AsciiPoint:
        """A point by its id; KeyError for none."""
        return {one.id: one for one in self.points}[name]


def parse(text: str, name: str) -> AsciiProfile:
    """A profile from TOML; Refused tells every mistake."""
    return profile_text.parse(
        text, AsciiProfile, _rules, Text(f"line profile {name}", f"文本协议配置 {name}")
    )


def _rules(made: AsciiProfile) -> Iterator[tuple[str, Text]]:
    if not made.terminator.isascii() or not 1 <= len(made.terminator) <= 4:
        yield "terminator", Text("must be 1 to 4 ASCII characters", "应为 1 至 4 个 ASCII 字符")
    if len({one.id for one in made.points}) != len(made.points) or not made.points:
        yield "points", Text("must be there, each with an id of its own", "至少一项,且 id 不得重复")
    if made.status == "unverified" and not made.source:
        yield "source", Text("is missing: who says so?", "缺少:须注明来源")
    for k, point in enumerate(made.points):
        if not point.request.isascii() or made.terminator in point.request or not point.request:
            yield f"points[{k}].request", Text("must be one line of ASCII", "应为一行 ASCII 文字")
        try:
            pattern = re.compile(point.reply)
        except re.error:
            pattern = re.compile("")
        if "value" not in pattern.groupindex:
            yield (
                f"points[{k}].reply",
                Text("must be a pattern with a group value", "应为含 value 组的正则式"),
            )
        if point.range and (len(point.range) != 2 or point.range[0] > point.range[1]):
            yield f"points[{k}].range", Text("must be [least, most]", "应为 [最小, 最大]")


# -- what is heard ----------------------------------------------------------------------------------


Heard = Answered[int] | Garbled | Silent | Stray


class Exchange:
    """One device on one line: `asked` when `free_at` has come, then `fed` and `passed`; `due` says when."""

    def __init__(self, profile: AsciiProfile, *, kept_until: int = 0) -> None:
        """`kept_until`: nothing is asked before, for an answer to somebody else may still come."""
        self._profile = profile
        self._end = profile.terminator.encode("ascii")  # of a question
        self._prompt = profile.prompt.encode("utf-8")
        self._open: AsciiPoint | None = None
        self._until = self._last = 0
        self._free = kept_until
        self._held = b""

    def free_at(self) -> int | None:
        """From when on a question may be asked; None while one is open or something is being heard."""
        return None if self._open is not None or self._held else self._free

    def asked(self, point: AsciiPoint, now: int) -> bytes:
        """Open a question: its line."""
        self._open, self._until = point, now + 1000 * self._profile.timeout_ms
        return point.request.encode("ascii") + self._end

    def give_up(self, now: int) -> None:
        """Nobody waits any more for the open question's answer, which may still come."""
        if self._open is not None:
            self._open, self._free = None, max(now, self._until) + 1000 * self._profile.late_ms

    def fed(self, data: bytes, now: int) -> None:
        """Bytes came."""
        self._held, self._last = (self._held + data)[: LONGEST + 1], now

    def due(self) -> int | None:
        """When `passed` has something to say; None: not unless bytes come."""
        if self._held:
            return self._last if self._whole() else self._last + QUIET
        return self._until if self._open is not None else None

    def _whole(self) -> bool:
        """Whether the prompt says that nothing follows, or no answer is so long."""
        return len(self._held) > LONGEST or bool(self._prompt and self._held.endswith(self._prompt))

    def passed(self, now: int) -> Heard | None:
        """Time passed: what that makes of what was heard, or of the question nobody answers."""
        due = self.due()
        if due is None or now < due:
            return None
        held, self._held, point, self._open = self._held, b"", self._open, None
        if point is None:
            self._free = now + 1000 * self._profile.late_ms
            return Stray("late")
        heard = meaning(self._profile, point, held) if held else Silent()
        late = (
            0 if isinstance(heard, Answered) else max(now, self._until) - now + 1000 * self._profile.late_ms
        )
        self._free = now + late
        return heard


def meaning(profile: AsciiProfile, point: AsciiPoint, held: bytes) -> Answered[int] | Garbled:
    """What all that came says to this question."""
    line = said(profile, point.request, held)
    if isinstance(line, Garbled):
        return line
    found = re.fullmatch(point.reply, line)
    return Garbled("another answer") if found is None else _value(point, found["value"] or "")


def said(profile: AsciiProfile, request: str, held: bytes) -> str | Garbled:
    """The one line that came, without prompt and echo."""
    prompt, end = profile.prompt.encode("utf-8"), profile.terminator.encode("ascii")
    if prompt and not held.endswith(prompt):
        return Garbled("no prompt at its end")
    lines = held[: len(held) - len(prompt)].split(end)
    if lines.pop().strip():
        return Garbled("a line without an end")
    try:
        words = [line.decode("ascii").strip() for line in lines if line.strip()]
    except UnicodeDecodeError:
        return Garbled("no text")
    if profile.echo and words and words[0] == request:
        words = words[1:]
    return words[0] if len(words) == 1 else Garbled("not one line")


def _value(point: AsciiPoint, text: str) -> Answered[int] | Garbled:
    if point.words:
        return Answered(point.words.index(text)) if text in point.words else Garbled("an unknown word")
    try:
        scaled = Decimal(text).scaleb(point.decimals)
    except ArithmeticError:
        return Garbled("no number")
    if not scaled.is_finite() or scaled.adjusted() > DIGITS or scaled != scaled.to_integral_value():
        return Garbled("no number of so many decimals")
    value = int(scaled)
    if point.range and not point.range[0] <= value <= point.range[1]:
        return Garbled("beyond what can be")
    return Answered(value)


__all__ = ["AsciiPoint", "AsciiProfile", "Exchange", "Heard", "meaning", "parse", "said"]
