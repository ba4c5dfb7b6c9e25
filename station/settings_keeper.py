"""The settings' file and its kept versions: checks a text as the file would be checked, holds proposals, writes what was approved. Knows files, not who may ask."""

from __future__ import annotations

from pathlib import Path

import attrs

from station.adopting import sha256_of
from station.files import hash_of, write_whole
from station.oserrors import os_zh
from station.settings import Settings
from station.settings_file import SettingsWrong, load_text
from station.settings_text import line_of, masked, unmasked
from station.words import Refused, Sha256, Text, is_sha256

KEPT = 9  # old versions: station.toml.1, the newest, to station.toml.9
CANDIDATES = 20  # proposals held; older ones go


@attrs.frozen(kw_only=True)
class MistakeLine:
    """One mistake: where in the settings, on which line (0: not told), and a sentence."""

    path: str
    line: int
    text: Text


@attrs.frozen(kw_only=True)
class KeptVersion:
    """A version that ran before: 1 is the newest."""

    number: int
    sha256: Sha256
    at: int  # µs UTC, when it was put aside


class SettingsKeeper:
    """One settings file; `candidates` is the directory of proposals (made on need, for the owner alone)."""

    def __init__(self, path: Path, candidates: Path) -> None:
        self.path, self._candidates = path, candidates

    def running_text(self) -> str:
        """The file as it stands. Raises Refused where it cannot be read."""
        return _read(self.path)

    def shown(self) -> str:
        """The file without its secrets."""
        return masked(self.running_text())

    # -- checking -------------------------------------------------------------------------------

    def mistakes(self, text: str) -> list[MistakeLine]:
        """Every mistake, as `gengfu check` finds them, from the first line down, those without one last; none means it holds."""
        try:
            load_text(text, self.path, files=True)
        except SettingsWrong as wrong:
            found = [
                MistakeLine(path=m.path, line=line_of(text, m.path, m.text.en), text=m.text)
                for m in wrong.mistakes
            ]
            return sorted(found, key=lambda one: one.line or len(text))
        return []

    def settings(self, text: str) -> Settings:
        """The settings a text comes to; raises SettingsWrong."""
        return load_text(text, self.path, files=False)

    def whole(self, text: str) -> str:
        """A text from the glass with its secrets again, ending in a line break. Raises Refused."""
        whole = unmasked(text.replace("\r\n", "\n"), self.running_text())
        return whole if whole.endswith("\n") else whole + "\n"

    # -- proposals ------------------------------------------------------------------------------

    def hold(self, text: str) -> Sha256:
        """Keep a proposal's text until it is decided; it does not run. Raises Refused on a disk that takes nothing."""
        sha256 = sha256_of(text)
        try:
            self._candidates.mkdir(mode=0o700, exist_ok=True)
            write_whole(self._candidate(sha256), text, sync=True, mode=0o600)
            held = sorted(self._candidates.glob("*.toml"), key=lambda path: path.stat().st_mtime_ns)
            for old in held[:-CANDIDATES]:
                old.unlink()
        except OSError as error:
            raise Refused(
                f"the proposal cannot be kept: {error.strerror}",
                f"无法保存修改:{os_zh(error)}",
                code="unavailable",
            ) from None
        return sha256

    def held(self, sha256: Sha256) -> str:
        """The text of a proposal. Raises Refused where it is gone or not the same any more."""
        text = _read(self._candidate(sha256))
        if sha256_of(text) != sha256:
            raise Refused("the proposal's file was changed", "修改文件已被改动", code="changed")
        return text

    def _candidate(self, sha256: Sha256) -> Path:
        assert is_sha256(sha256)
        return self._candidates / f"{sha256}.toml"

    # -- versions -------------------------------------------------------------------------------

    def kept(self) -> list[KeptVersion]:
        """Versions put aside, newest first."""
        found = []
        for number in range(1, KEPT + 1):
            path = aside(self.path, number)
            if path.exists():
                at = path.stat().st_mtime_ns // 1000
                found.append(KeptVersion(number=number, sha256=hash_of(path), at=at))
        return found

    def kept_text(self, number: int) -> str:
        """A version put aside, without its secrets. Raises Refused where there is none."""
        if not 1 <= number <= KEPT or not aside(self.path, number).exists():
            raise Refused("there is no such version", "没有该版本", code="missing")
        return masked(_read(aside(self.path, number)))

    def install(self, sha256: Sha256) -> None:
        """Put a held proposal in place of the file, at once or not at all; the old one is kept. Raises Refused, OSError.

        Done twice it is done once: a file that is the proposal already is left as it is.
        """
        text = self.held(sha256)
        if hash_of(self.path) == sha256:
            return
        for number in range(KEPT - 1, 0, -1):
            if aside(self.path, number).exists():
                aside(self.path, number).replace(aside(self.path, number + 1))
        mode = self.path.stat().st_mode & 0o777
        write_whole(aside(self.path, 1), self.path.read_bytes(), sync=True, mode=mode)
        write_whole(self.path, text, sync=True, mode=mode)


def aside(path: Path, number: int) -> Path:
    """Where the version `number` before the running one is kept."""
    return path.with_name(f"{path.name}.{number}")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(
            f"{path.name} cannot be read: {error}", f"无法读取 {path.name}:{error}", code="missing"
        ) from None
