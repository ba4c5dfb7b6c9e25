"""What the glass is told of the settings; never a secret. Instants are µs UTC; knows no file."""

from __future__ import annotations

import attrs

from station.settings_keeper import KeptVersion, MistakeLine
from station.settings_text import DiffLine
from station.words import Instant, Sha256, Text


@attrs.frozen(kw_only=True)
class ProposalView:
    """Settings that wait for a second person."""

    sha256: Sha256
    by: str
    name: Text
    at: Instant
    note: str
    approved_by: str
    mine: bool
    text: str
    difference: list[DiffLine]
    meaning: list[Text]


@attrs.frozen(kw_only=True)
class SettingsView:
    """The Settings page."""

    at: Instant
    file: str
    sha256: Sha256  # of the running file
    text: str
    kept: list[KeptVersion]
    proposal: ProposalView | None
    rolled_back: Text | None = None  # the last adoption kept the station from starting


@attrs.frozen(kw_only=True)
class SettingsCheck:
    """What a text comes to; nothing of it is kept."""

    sha256: Sha256
    mistakes: list[MistakeLine]
    difference: list[DiffLine]
    meaning: list[Text]


@attrs.frozen(kw_only=True)
class KeptText:
    """A version that was put aside."""

    text: str
