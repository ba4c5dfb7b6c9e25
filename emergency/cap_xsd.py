"""Writes the data dictionary of a CAP version as an XML schema, for other programs and as a second judge of our own. Pure; knows no document."""

from __future__ import annotations

from xml.sax.saxutils import escape

from emergency.cap_dictionary import DSIG, NAMESPACES, ROWS, SIGNED_SINCE, Field, Version, segment

_OCCURS = {
    "1": "",
    "?": ' minOccurs="0"',
    "+": ' maxOccurs="unbounded"',
    "*": ' minOccurs="0" maxOccurs="unbounded"',
}
_TYPES = {
    "text": "xs:string",
    "uri": "xs:anyURI",
    "integer": "xs:integer",
    "decimal": "xs:decimal",
}
_STRICT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+\-][0-9]{2}:[0-9]{2}"


def xsd(version: Version) -> str:
    """The schema of a version, valid by itself."""
    parts = [_segment(name, version) for name in ROWS if name != "pair" or version != "1.0"]
    return "\n".join(
        (
            '<?xml version="1.0" encoding="UTF-8"?>',
            f"<!-- CAP {version}: Gengfu's own schema, written from the data dictionary of the standard. Apache-2.0. -->",
            f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:c="{NAMESPACES[version]}"',
            f'           targetNamespace="{NAMESPACES[version]}" elementFormDefault="qualified">',
            '  <xs:element name="alert" type="c:alert"/>',
            *parts,
            _moment(version),
            "</xs:schema>",
            "",
        )
    )


def _segment(name: str, version: Version) -> str:
    lines = [f'  <xs:complexType name="{name}">', "    <xs:sequence>"]
    lines += [_element(field) for field in segment(name, version).fields]
    if name == "alert" and version >= SIGNED_SINCE:
        lines.append(
            f'      <xs:any namespace="{DSIG}" processContents="skip" minOccurs="0" maxOccurs="unbounded"/>'
        )
    return "\n".join((*lines, "    </xs:sequence>", "  </xs:complexType>"))


def _element(field: Field) -> str:
    head = f'      <xs:element name="{field.name}"'
    occurs = _OCCURS[field.occurs]
    if field.kind == "segment":
        return f'{head} type="c:{field.segment}"{occurs}/>'
    if field.kind == "moment":
        return f'{head} type="c:moment"{occurs}/>'
    if field.kind == "language":
        return f'{head} type="xs:language" default="en-US"{occurs}/>'
    if field.kind != "choice":
        return f'{head} type="{_TYPES[field.kind]}"{occurs}/>'
    values = "".join(f'<xs:enumeration value="{escape(value)}"/>' for value in field.values)
    return (
        f'{head}{occurs}><xs:simpleType><xs:restriction base="xs:string">{values}'
        "</xs:restriction></xs:simpleType></xs:element>"
    )


def _moment(version: Version) -> str:
    pattern = f'<xs:pattern value="{_STRICT}"/>' if version == "1.2" else ""
    return (
        '  <xs:simpleType name="moment">'
        f'<xs:restriction base="xs:dateTime">{pattern}</xs:restriction></xs:simpleType>'
    )
