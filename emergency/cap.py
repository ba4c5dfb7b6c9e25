"""CAP 1.0, 1.1 and 1.2 alerts as values: XML in, with the verdict of the version's data dictionary and of the standard's rules. Knows no signature, no area table, no clock."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta

import attrs
from lxml import etree

from emergency import safe_xml
from emergency.cap_alert import Alert, Area, Info, Resource
from emergency.cap_check import SHOWN, Held, hold, time_of
from emergency.cap_dictionary import NAMESPACES, Version, segment
from emergency.cap_rules import breaches
from station.words import Instant, Misheard, Text

NAMESPACE = NAMESPACES["1.2"]
VERSIONS: dict[str, Version] = {space: version for version, space in NAMESPACES.items()}
MAX_INFOS = 32
MAX_AUDIO = 3 * 1024 * 1024
MAX_REFERENCES = 256
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@attrs.frozen(kw_only=True)
class Judged:
    """A document held against its version: `faults` are the schema's, `breaches` those of the standard's other rules.

    `alert` is what could be read of a document without faults; only one without breaches too may be acted on.
    """

    version: Version
    root: etree._Element
    alert: Alert | None
    faults: tuple[Text, ...]
    breaches: tuple[Text, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether the schema lets it through."""
        return not self.faults

    @property
    def reasons(self) -> tuple[Text, ...]:
        """All that is wrong with it."""
        return self.faults + self.breaches


def judge(data: bytes) -> Judged:
    """Parse and validate. Raises Misheard only for what is no safe XML or no CAP at all; all else is in the verdict."""
    root = safe_xml.parse(data)
    name = etree.QName(root)
    version = VERSIONS.get(name.namespace or "")
    if name.localname != "alert" or version is None:
        raise Misheard(
            f"this is not CAP: its root is {name.localname[:60]} in {(name.namespace or 'no namespace')[:80]}",
            f"这不是 CAP:根元素为 {name.localname[:60]},命名空间为 {(name.namespace or '无')[:80]}",
            code="cap",
        )
    held, faults = hold(root, segment("alert", version))
    if faults:
        return Judged(version=version, root=root, alert=None, faults=tuple(faults))
    reader = _Reader(version)
    alert = reader.alert(held)
    found = [*reader.breaches, *(breaches(alert) if alert else ())]
    return Judged(version=version, root=root, alert=alert, faults=(), breaches=tuple(found[:10]))


def parse(data: bytes) -> Alert:
    """The alert in `data`, fit to be acted on. Raises Misheard with the first thing that is wrong."""
    judged = judge(data)
    if judged.alert is None or judged.breaches:
        said = judged.reasons[0]
        raise Misheard(f"CAP: {said.en}", f"CAP:{said.zh}", code="cap")
    return judged.alert


class _Reader:
    """Makes values of texts that the dictionary let through; what no value can be made of is a breach."""

    def __init__(self, version: Version) -> None:
        self.version = version
        self.breaches: list[Text] = []

    def alert(self, held: Held) -> Alert | None:
        infos = held.parts.get("info", [])
        sent = self._moment(held, "sent")
        if len(infos) > MAX_INFOS:
            self._breach(f"there are more than {MAX_INFOS} infos", f"info 超过 {MAX_INFOS} 个")
        if sent is None or len(infos) > MAX_INFOS:
            return None
        return Alert(
            version=self.version,
            identifier=held.text("identifier"),
            sender=held.text("sender"),
            sent=sent,
            status=held.text("status"),
            type=held.text("msgType"),
            source=held.text("source"),
            scope=held.text("scope"),
            restriction=held.text("restriction"),
            addresses=held.text("addresses"),
            codes=_texts(held, "code"),
            note=held.text("note"),
            references=self._references(held.text("references")),
            incidents=held.text("incidents"),
            infos=tuple(self._info(info) for info in infos),
        )

    def _references(self, said: str) -> tuple[tuple[str, str, str], ...]:
        made = [self._reference(word) for word in said.split()[: MAX_REFERENCES + 1]]
        if len(made) > MAX_REFERENCES:
            self._breach(
                f"there are more than {MAX_REFERENCES} references", f"references 超过 {MAX_REFERENCES} 条"
            )
        return tuple(one for one in made[:MAX_REFERENCES] if one is not None)

    def _reference(self, word: str) -> tuple[str, str, str] | None:
        """1.1 and 1.2: sender,identifier,sent; 1.0: identifier/sender."""
        parts = word.split(",")
        if self.version == "1.0":
            identifier, slash, sender = word.partition("/")
            parts = [sender, identifier, ""] if slash else []
        if len(parts) != 3 or not all(parts[: 2 if self.version == "1.0" else 3]):
            form = "identifier/sender" if self.version == "1.0" else "sender,identifier,sent"
            self._breach(
                f"references holds {word[:80]} instead of {form}",
                f"references 中的 {word[:80]} 不是 {form}",
            )
            return None
        return parts[0], parts[1], parts[2]

    def _info(self, held: Held) -> Info:
        return Info(
            language=held.text("language"),
            categories=_texts(held, "category"),
            event=held.text("event"),
            urgency=held.text("urgency"),
            severity=held.text("severity"),
            certainty=held.text("certainty"),
            responses=_texts(held, "responseType"),
            audience=held.text("audience"),
            codes=_pairs(held, "eventCode"),
            effective=self._moment(held, "effective"),
            onset=self._moment(held, "onset"),
            expires=self._moment(held, "expires"),
            sender_name=held.text("senderName"),
            headline=held.text("headline"),
            description=held.text("description"),
            instruction=held.text("instruction"),
            web=held.text("web"),
            contact=held.text("contact"),
            parameters=_pairs(held, "parameter"),
            resources=tuple(self._resource(one) for one in held.parts.get("resource", [])),
            areas=tuple(_area(one) for one in held.parts.get("area", [])),
        )

    def _resource(self, held: Held) -> Resource:
        size = held.text("size")
        if len(size) > 19:
            self._breach("size is beyond any file", "size 超出任何文件的大小")
            size = ""
        return Resource(
            description=held.text("resourceDesc"),
            mime=held.text("mimeType").lower(),
            size=int(size) if size else None,
            uri=held.text("uri"),
            data=self._embedded(held.text("derefUri")),
            digest=held.text("digest").lower(),
        )

    def _embedded(self, said: str) -> bytes | None:
        if not said:
            return None
        try:
            data = base64.b64decode("".join(said.split()), validate=True)
        except (binascii.Error, ValueError):
            self._breach("derefUri is not base64", "derefUri 不是 base64")
            return None
        if len(data) > MAX_AUDIO:
            self._breach(f"derefUri holds over {MAX_AUDIO} bytes", f"derefUri 超过 {MAX_AUDIO} 字节")
            return None
        return data

    def _moment(self, held: Held, name: str) -> Instant | None:
        said = held.text(name)
        if not said:
            return None
        at = time_of(said)
        if at is None:
            self._breach(
                f"{name} {said[:SHOWN]!r} has no time zone, or lies beyond the years 1 to 9999",
                f"{name} “{said[:SHOWN]}” 没有时区,或超出公元 1 至 9999 年",
            )
            return None
        return _instant(at)

    def _breach(self, en: str, zh: str) -> None:
        self.breaches.append(Text(en, zh))


def _texts(held: Held, name: str) -> tuple[str, ...]:
    return tuple(held.texts.get(name, ()))


def _pairs(held: Held, name: str) -> tuple[tuple[str, str], ...]:
    """valueName and value; in 1.0 they stand in one text with an = between them."""
    if name in held.texts:
        return tuple(
            (key.strip(), value.strip())
            for key, _, value in (said.partition("=") for said in held.texts[name])
        )
    return tuple((part.text("valueName"), part.text("value")) for part in held.parts.get(name, ()))


def _area(held: Held) -> Area:
    return Area(
        description=held.text("areaDesc"),
        geocodes=_pairs(held, "geocode"),
        polygons=_texts(held, "polygon"),
        circles=_texts(held, "circle"),
        altitude=held.text("altitude"),
        ceiling=held.text("ceiling"),
    )


def _instant(at: datetime) -> Instant:
    return Instant((at - _EPOCH) // timedelta(microseconds=1))


def moment(said: str) -> Instant:
    """µs UTC of a CAP time such as `2026-11-22T08:00:00+08:00`. Raises Misheard."""
    at = time_of(said)
    if at is None:
        raise Misheard(f"{said[:40]} is not a time", f"{said[:40]} 不是时间", code="cap")
    return _instant(at)
