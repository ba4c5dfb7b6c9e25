"""The data dictionaries of CAP 1.0, 1.1 and 1.2 as one table with their differences. Pure data; reads no document."""

from __future__ import annotations

import functools
from typing import Literal

import attrs

Version = Literal["1.0", "1.1", "1.2"]
VERSIONS: tuple[Version, ...] = ("1.0", "1.1", "1.2")
NAMESPACES: dict[Version, str] = {
    "1.0": "http://www.incident.com/cap/1.0",
    "1.1": "urn:oasis:names:tc:emergency:cap:1.1",
    "1.2": "urn:oasis:names:tc:emergency:cap:1.2",
}
DSIG = "http://www.w3.org/2000/09/xmldsig#"
# From this version on an enveloped signature may follow the infos (1.2, 3.3.4.1; 1.1, 3.3.2.1).
SIGNED_SINCE: Version = "1.1"

Kind = Literal["text", "moment", "choice", "language", "integer", "decimal", "uri", "segment"]
Occurs = Literal["1", "?", "+", "*"]
REQUIRED, REPEATED = ("1", "+"), ("+", "*")


@attrs.frozen(kw_only=True)
class Row:
    """One element of the dictionary: its kind and how often it may stand, and in which versions otherwise.

    `kinds` and `occur` hold what differs in a version; `since` and `until` are the first and last version that know it.
    """

    name: str
    kind: Kind
    occurs: Occurs = "?"
    values: tuple[tuple[str, Version, Version], ...] = ()  # of a choice: value, since, until
    segment: str = ""
    since: Version = "1.0"
    until: Version = "1.2"
    kinds: dict[Version, Kind] = attrs.field(factory=dict)
    occur: dict[Version, Occurs] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Field:
    """An element as one version has it; `at` is its place in the order of its segment."""

    name: str
    kind: Kind
    occurs: Occurs
    at: int
    values: tuple[str, ...] = ()
    segment: str = ""

    @property
    def required(self) -> bool:
        """Whether it must stand."""
        return self.occurs in REQUIRED

    @property
    def repeated(self) -> bool:
        """Whether it may stand more than once."""
        return self.occurs in REPEATED


@attrs.frozen(kw_only=True)
class Segment:
    """The elements of one segment in their order, and by their qualified names."""

    name: str
    version: Version
    fields: tuple[Field, ...]
    by_tag: dict[str, Field]


def _always(words: str) -> tuple[tuple[str, Version, Version], ...]:
    return tuple((word, "1.0", "1.2") for word in words.split())


def _text(name: str, occurs: Occurs = "?") -> Row:
    return Row(name=name, kind="text", occurs=occurs)


def _moment(name: str, occurs: Occurs = "?") -> Row:
    return Row(name=name, kind="moment", occurs=occurs)


def _pairs(name: str) -> Row:
    """valueName and value as elements; in 1.0 one text `valueName=value`."""
    return Row(name=name, kind="segment", occurs="*", segment="pair", kinds={"1.0": "text"})


ROWS: dict[str, tuple[Row, ...]] = {
    "alert": (
        _text("identifier", "1"),
        _text("sender", "1"),
        _moment("sent", "1"),
        Row(
            name="status",
            kind="choice",
            occurs="1",
            values=(*_always("Actual Exercise System Test"), ("Draft", "1.1", "1.2")),
        ),
        Row(name="msgType", kind="choice", occurs="1", values=_always("Alert Update Cancel Ack Error")),
        Row(name="password", kind="text", until="1.0"),
        _text("source"),
        Row(
            name="scope",
            kind="choice",
            occurs="1",
            values=_always("Public Restricted Private"),
            occur={"1.0": "?"},
        ),
        _text("restriction"),
        _text("addresses"),
        _text("code", "*"),
        _text("note"),
        _text("references"),
        _text("incidents"),
        Row(name="info", kind="segment", occurs="*", segment="info"),
    ),
    "info": (
        Row(name="language", kind="language"),
        Row(
            name="category",
            kind="choice",
            occurs="+",
            values=(
                *_always("Geo Met Safety Security Rescue Fire Health Env Transport Infra"),
                ("CBRNE", "1.1", "1.2"),
                ("Other", "1.0", "1.2"),
            ),
            occur={"1.0": "*"},
        ),
        _text("event", "1"),
        Row(
            name="responseType",
            kind="choice",
            occurs="*",
            since="1.1",
            values=(
                *_always("Shelter Evacuate Prepare Execute"),
                ("Avoid", "1.2", "1.2"),
                *_always("Monitor Assess"),
                ("AllClear", "1.2", "1.2"),
                *_always("None"),
            ),
        ),
        Row(
            name="urgency",
            kind="choice",
            occurs="1",
            values=_always("Immediate Expected Future Past Unknown"),
        ),
        Row(
            name="severity",
            kind="choice",
            occurs="1",
            values=_always("Extreme Severe Moderate Minor Unknown"),
        ),
        Row(
            name="certainty",
            kind="choice",
            occurs="1",
            values=(
                ("Very Likely", "1.0", "1.0"),
                ("Observed", "1.1", "1.2"),
                *_always("Likely Possible Unlikely Unknown"),
            ),
        ),
        _text("audience"),
        _pairs("eventCode"),
        _moment("effective"),
        _moment("onset"),
        _moment("expires"),
        _text("senderName"),
        _text("headline"),
        _text("description"),
        _text("instruction"),
        Row(name="web", kind="uri"),
        _text("contact"),
        _pairs("parameter"),
        Row(name="resource", kind="segment", occurs="*", segment="resource"),
        Row(name="area", kind="segment", occurs="*", segment="area"),
    ),
    "resource": (
        _text("resourceDesc", "1"),
        Row(name="mimeType", kind="text", occurs="1", occur={"1.0": "?", "1.1": "?"}),
        Row(name="size", kind="integer"),
        Row(name="uri", kind="uri"),
        Row(name="derefUri", kind="text", since="1.1"),
        _text("digest"),
    ),
    "area": (
        _text("areaDesc", "1"),
        _text("polygon", "*"),
        _text("circle", "*"),
        _pairs("geocode"),
        Row(name="altitude", kind="decimal", kinds={"1.0": "text", "1.1": "text"}),
        Row(name="ceiling", kind="decimal", kinds={"1.0": "text", "1.1": "text"}),
    ),
    "pair": (_text("valueName", "1"), _text("value", "1")),
}


@functools.cache
def segment(name: str, version: Version) -> Segment:
    """A segment as a version has it."""
    known = [row for row in ROWS[name] if row.since <= version <= row.until]
    fields = tuple(_field(row, version, at) for at, row in enumerate(known))
    space = NAMESPACES[version]
    return Segment(
        name=name,
        version=version,
        fields=fields,
        by_tag={f"{{{space}}}{field.name}": field for field in fields},
    )


def _field(row: Row, version: Version, at: int) -> Field:
    kind = row.kinds.get(version, row.kind)
    return Field(
        name=row.name,
        kind=kind,
        occurs=row.occur.get(version, row.occurs),
        at=at,
        values=tuple(value for value, since, until in row.values if since <= version <= until),
        segment=row.segment if kind == "segment" else "",
    )


def differences() -> tuple[str, ...]:
    """Where the versions differ, one line each: `segment/element: 1.0 …; 1.1 …; 1.2 …`."""
    said = []
    for name, rows in ROWS.items():
        for row in rows:
            forms = [_form(row, version) for version in VERSIONS]
            if len(set(forms)) > 1:
                told = "; ".join(f"{version} {form}" for version, form in zip(VERSIONS, forms, strict=True))
                said.append(f"{name}/{row.name}: {told}")
    return tuple(said)


def _form(row: Row, version: Version) -> str:
    if not row.since <= version <= row.until:
        return "none"
    field = _field(row, version, 0)
    some = {value for value, since, until in row.values if (since, until) != ("1.0", "1.2")}
    values = [value for value in field.values if value in some]
    return " ".join((field.occurs, field.kind, *values))
