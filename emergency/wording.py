"""Reviewed words with typed blanks: what a template is. Decides nothing."""

from __future__ import annotations

from typing import Literal

import attrs

from station.words import Instant


@attrs.frozen(kw_only=True)
class Blank:
    """A typed blank of a template; `{name}` in the text."""

    name: str
    label_en: str
    label_zh: str
    type: Literal["place", "time", "number", "text"]
    max_length: int = 20


@attrs.frozen(kw_only=True)
class Template:
    """Reviewed words with typed blanks; a filling needs only the filling reviewed (users.md B5)."""

    name_en: str
    name_zh: str
    event: str
    level: int
    kind: Literal["actual", "drill", "daily"]
    headline: str
    description: str  # with {blanks}
    instruction: str = ""
    blanks: tuple[Blank, ...] = ()
    max_villages: int = 3
    max_minutes: int = 30
    valid_until: Instant
    language: str = "zho"
