"""Reads station.toml: a whole `Settings`, or every mistake at once with its path. Knows no part and starts nothing."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Final

import attrs

from station.oserrors import os_zh
from station.pairs import SECOND
from station.settings import Places, Settings
from station.settings_rules import rules
from station.settings_shape import MISSPELT, Mistakes, shaped
from station.toml_reasons import toml_zh
from station.wire import from_plain
from station.words import Refused, Text

_SOCKET: Final = 107  # bytes of the path of a UNIX socket on Linux (unix(7): 108 with the final zero)


@attrs.frozen
class Mistake:
    """One mistake: where (`channels[0].area`; empty for the file itself) and a whole sentence."""

    path: str
    text: Text


class SettingsWrong(Refused):
    """The settings do not hold; `mistakes` has every one, in the order of the file's sections."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__(
            "\n".join(mistake.text.en for mistake in mistakes),
            "\n".join(mistake.text.zh for mistake in mistakes),
            code="settings",
        )
        self.mistakes = mistakes

    @property
    def texts(self) -> list[Text]:
        """The sentences alone."""
        return [mistake.text for mistake in self.mistakes]


def load(path: Path, *, files: bool = False) -> Settings:
    """The settings in `path`; raises SettingsWrong with every mistake.

    With `files`, rundowns, media and the terminals' registry must be there too (`gengfu check`); a station
    starts without them, since a lost file must not keep it off the air.
    """
    return _settings(_plain(path), path, files=files)


def load_text(text: str, path: Path, *, files: bool = False) -> Settings:
    """As `load`, of a text that would stand in `path`; nothing is written."""
    return _settings(_parsed(text, path), path, files=files)


def _settings(plain: dict[str, Any], path: Path, *, files: bool) -> Settings:
    mistakes: Mistakes = {}
    settings = from_plain(shaped(plain, Settings, "", mistakes), Settings)
    for at, text in rules(settings, path.parent, files=files):
        if not _inside(at, mistakes):
            mistakes[at] = text
    if mistakes:
        said = ((at, text) for at, text in _in_order(mistakes) if text is not MISSPELT)
        raise SettingsWrong([_sentence(path, at, text) for at, text in said])
    return settings


def places(path: Path, settings: Settings, state: str | None = None) -> Places:
    """Where this station's files live: `--state DIR` if given, else as the settings in `path` say.

    Raises Refused where the sockets in it would have longer paths than the system can open.
    """
    made = Places((Path(state) if state else path.parent / settings.station.state).resolve())
    chains = (*settings.chains(), settings.alerts.chain)
    sockets = (made.chain_socket(chain + SECOND) for chain in chains)
    longest = max(len(os.fsencode(one)) for one in (made.control, *sockets))
    if longest > _SOCKET:
        over = longest - _SOCKET
        raise Refused(
            f"the state directory {made.state} has too long a path: its sockets need {over} bytes less; name a shorter one with --state",
            f"状态目录 {made.state} 的路径过长:其中的套接字路径超出系统上限 {over} 字节;请用 --state 指定较短的目录",
            code="state",
        )
    return made


def _plain(path: Path) -> dict[str, Any]:
    try:
        return _parsed(path.read_text(encoding="utf-8"), path)
    except OSError as error:
        why = Text(f"cannot be read: {error.strerror}", f"无法读取:{os_zh(error)}")
    except UnicodeDecodeError:
        why = Text("is not UTF-8 text", "不是 UTF-8 文本")
    raise SettingsWrong([_sentence(path, "", why)])


def _parsed(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        why = Text(f"is not TOML: {error}", f"不是有效的 TOML:{toml_zh(error)}")
        raise SettingsWrong([_sentence(path, "", why)]) from None


def _inside(path: str, mistakes: Mistakes) -> bool:
    """Whether this place, or what it lies in, was already found wrong: one mistake, one sentence."""
    return any(path == at or path.startswith((f"{at}.", f"{at}[")) for at in mistakes)


def _in_order(mistakes: Mistakes) -> list[tuple[str, Text]]:
    sections = [field.name for field in attrs.fields(Settings)]

    def place(item: tuple[str, Text]) -> int:
        section = item[0].partition(".")[0].partition("[")[0]
        return sections.index(section) if section in sections else len(sections)

    return sorted(mistakes.items(), key=place)


def _sentence(path: Path, at: str, text: Text) -> Mistake:
    subject = f"{path.name}: {at}" if at else str(path)
    return Mistake(at, Text(f"{subject} {text.en}", f"{subject} {text.zh}"))
