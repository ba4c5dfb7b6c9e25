"""CasparCG servers by AMCP, sans I/O: commands with request numbers, answers believed only by their number. Knows no port and no time.

`REQ 7 PLAY 1-10 CLIP` is answered by `RES 7 202 PLAY OK`; what follows the first line depends on the code: nothing (202),
one line (201, 400), lines up to an empty one (200).
"""

from __future__ import annotations

import re
from typing import Final

import attrs

from devices.turns import Ear, Heard, Stray, Told
from station.words import Refused

PORT: Final = 5250
MOST_LINE, MOST_LINES = 65_536, 5_000
NUMBERS: Final = 9_999
MEANINGS: Final = {
    400: "command not understood", 401: "no such channel", 402: "a parameter is missing", 403: "a parameter is wrong",
    404: "no such media file", 500: "failed inside the server", 501: "failed inside the server", 502: "the media file cannot be read",
    503: "the media file may not be read",
}  # fmt: skip
_ANSWER: Final = re.compile(r"(?:RES (\d{1,9}) )?([1-5]\d\d)(?: (\S+(?: \S+)*?))? (OK|ERROR|FAILED)\Z")
_INFORM: Final = re.compile(r"(?:RES (\d{1,9}) )?(10[01])(?: (.*))?\Z")
_BARE: Final = re.compile(r"[^\s\"\\]+\Z")


@attrs.frozen
class Command:
    """Words of a command, such as PLAY, 1-10, "my clip". Those with blanks or quotes are quoted."""

    words: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Answer:
    """What the server said: code, the command it names, its lines."""

    code: int
    command: str
    lines: tuple[str, ...] = ()


def write(command: Command, request: int | None = None) -> bytes:
    """The line of a command; Refused for words that no line carries."""
    if not command.words or not all(word and word.isprintable() for word in command.words):
        raise Refused("a command is words without line ends", "命令应为不含换行的词语", code="amcp")
    line = " ".join(map(_quoted, command.words))
    head = "" if request is None else f"REQ {request} "
    return f"{head}{line}\r\n".encode()


def _quoted(word: str) -> str:
    if _BARE.match(word) is not None:
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def words_of(line: str) -> tuple[str, ...]:
    """The words of a command's line, quotes and escapes undone."""
    found = re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', line)
    return tuple(bare or re.sub(r"\\(.)", r"\1", quoted) for quoted, bare in found)


def place(channel: int, layer: int | None = None) -> str:
    """`1` or `1-10`: where a clip goes."""
    return str(channel) if layer is None else f"{channel}-{layer}"


class AmcpWire(Ear):
    """One server. `numbered` False: one that knows no request numbers (before 2.1)."""

    def __init__(self, *, numbered: bool = True) -> None:
        super().__init__()
        self.numbered = numbered
        self._number = 0
        self._begun: tuple[str | None, int, str] | None = (
            None  # request, code, command of an answer that goes on
        )
        self._lines: list[str] = []

    @property
    def holding(self) -> bool:
        """Whether an answer has begun."""
        return bool(self._held) or self._begun is not None

    def cut(self) -> list[Heard]:
        """Nothing follows what is kept."""
        self._begun, self._lines = None, []
        return super().cut()

    def asked(self, ask: Command) -> bytes:
        """The line of a command with the next request number."""
        self._number = self._number % NUMBERS + 1
        made = write(ask, self._number if self.numbered else None)
        self._open = ask
        return made

    def feed(self, data: bytes) -> list[Heard]:
        """What these bytes bring."""
        self._held += data
        *lines, self._held = self._held.split(b"\n")
        heard: list[Heard] = []
        for line in lines:
            heard += self._line(line.rstrip(b"\r").decode("utf-8", "replace"))
        if len(self._held) > MOST_LINE or len(self._lines) > MOST_LINES:
            self._held, self._begun, self._lines = b"", None, []
            heard.append(self._garbled("an answer without an end"))
        return heard

    def _line(self, line: str) -> list[Heard]:
        if self._begun is not None:
            return self._more(line)
        found = _ANSWER.match(line)
        if found is not None:
            request, code, command = found[1], int(found[2]), found[3] or ""
            self._begun, self._lines = (request, code, command), []
            return [] if code in (200, 201, 400) else [self._whole()]
        if _INFORM.match(line) is not None:
            return [Told(line)]
        if not line:
            return []
        return [Stray("a line that is no answer")]

    def _more(self, line: str) -> list[Heard]:
        assert self._begun is not None
        if self._begun[1] != 200:
            self._lines.append(line)
            return [self._whole()]
        if not line:
            return [self._whole()]
        self._lines.append(line)
        return []

    def _whole(self) -> Heard:
        assert self._begun is not None
        (request, code, command), lines = self._begun, tuple(self._lines)
        self._begun, self._lines = None, []
        if self._open is None or (self.numbered and request != str(self._number)):
            return Stray("an answer to another request")
        if code >= 400:
            return self._declined(str(code), MEANINGS.get(code, "unknown"))
        if code not in (200, 201, 202) or (
            command and command.split()[0].upper() != self._open.words[0].upper()
        ):
            return self._garbled("an answer to another command")
        return self._answered(Answer(code=code, command=command, lines=lines))


__all__ = ["MEANINGS", "PORT", "AmcpWire", "Answer", "Command", "place", "words_of", "write"]
