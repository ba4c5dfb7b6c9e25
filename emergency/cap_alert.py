"""What a CAP alert of any version says, as values. Pure; knows no XML."""

from __future__ import annotations

import attrs

from emergency.cap_dictionary import Version
from station.words import Instant


@attrs.frozen(kw_only=True)
class Resource:
    """A file that belongs to an info; `data` where it is embedded (derefUri), `size` in bytes as the sender says."""

    description: str
    mime: str = ""
    size: int | None = None
    uri: str = ""
    data: bytes | None = None
    digest: str = ""


@attrs.frozen(kw_only=True)
class Area:
    """One area: its words, its geocodes (valueName, value), polygons, circles and heights as they were written."""

    description: str
    geocodes: tuple[tuple[str, str], ...] = ()
    polygons: tuple[str, ...] = ()
    circles: tuple[str, ...] = ()
    altitude: str = ""
    ceiling: str = ""


@attrs.frozen(kw_only=True)
class Info:
    """One info: a text in one language. Times in µs UTC; None where they were not given."""

    language: str
    categories: tuple[str, ...]
    event: str
    urgency: str
    severity: str
    certainty: str
    responses: tuple[str, ...] = ()
    audience: str = ""
    codes: tuple[tuple[str, str], ...] = ()
    effective: Instant | None = None
    onset: Instant | None = None
    expires: Instant | None = None
    sender_name: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    web: str = ""
    contact: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    resources: tuple[Resource, ...] = ()
    areas: tuple[Area, ...] = ()


@attrs.frozen(kw_only=True)
class Alert:
    """One alert. `references` are (sender, identifier, sent) as they were written; 1.0 gives no sent.

    The password of 1.0 is not kept.
    """

    version: Version
    identifier: str
    sender: str
    sent: Instant
    status: str
    type: str
    source: str = ""
    scope: str = ""
    restriction: str = ""
    addresses: str = ""
    codes: tuple[str, ...] = ()
    note: str = ""
    references: tuple[tuple[str, str, str], ...] = ()
    incidents: str = ""
    infos: tuple[Info, ...] = ()

    def languages(self) -> dict[str, tuple[Info, ...]]:
        """The infos by their language as it was written (the standard's default where it was not), in order."""
        found: dict[str, tuple[Info, ...]] = {}
        for info in self.infos:
            spoken = info.language or "en-US"
            found[spoken] = (*found.get(spoken, ()), info)
        return found
