"""What terminals and screens are told, and tell, over MQTT: topics, and payloads in JSON, as values and back; their JSON Schema comes of the same tables. Knows no packet, no socket, no time, no key.

A layout of this project's own (docs/protocols/mqtt.md): no public document has one. Every payload is an object with `type`
and `v`; what an entry may hold is said once, in its rule, and reader, writer and schema go by that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, ClassVar, Final, Literal

import attrs

from station.wire import canonical
from station.words import Misheard

VERSION: Final = 1
ROOT: Final = "gengfu/1"  # before every topic
MOST: Final = 65_536  # bytes of a payload
Kind = Literal["terminal", "screen"]
KINDS: Final[tuple[Kind, ...]] = ("terminal", "screen")
_CODE: Final = re.compile("[0-9]{23}")
_AREA: Final = re.compile("[0-9]{12}")


@attrs.frozen
class Rule:
    """What an entry may hold: as JSON Schema, and as a question."""

    schema: dict[str, Any]
    fits: Callable[[Any], bool]


def _digits(count: int, of: str = "0-9") -> Rule:
    shape = re.compile(f"[{of}]{{{count}}}")
    schema = {"type": "string", "pattern": f"^[{of}]{{{count}}}$", "maxLength": count}
    return Rule(schema, lambda value: isinstance(value, str) and shape.fullmatch(value) is not None)


def _whole(least: int, most: int) -> Rule:
    schema = {"type": "integer", "minimum": least, "maximum": most}
    return Rule(schema, lambda value: type(value) is int and least <= value <= most)


def _text(least: int, most: int, of: str = r"[^\u0000-\u001f\u007f\ud800-\udfff]") -> Rule:
    shape = re.compile(f"{of}{{{least},{most}}}")
    schema = {"type": "string", "pattern": f"^{of}*$", "minLength": least, "maxLength": most}
    return Rule(schema, lambda value: isinstance(value, str) and shape.fullmatch(value) is not None)


def _one_of(*words: str) -> Rule:
    return Rule({"type": "string", "enum": list(words)}, lambda value: value in words)


def _yes_no() -> Rule:
    return Rule({"type": "boolean"}, lambda value: isinstance(value, bool))


def _codes() -> Rule:
    one = _digits(23)
    schema = {"type": "array", "items": one.schema, "minItems": 1, "maxItems": 1000}
    return Rule(schema, lambda value: isinstance(value, (list, tuple)) and 1 <= len(value) <= 1000 and all(map(one.fits, value)))  # fmt: skip


def _must(rule: Rule) -> Any:
    return attrs.field(metadata={"rule": rule})


def _may(rule: Rule) -> Any:
    """An entry that may be left out."""
    return attrs.field(default=None, metadata={"rule": rule})


_EBM, _VOLUME, _SECONDS = _digits(35), _whole(0, 100), _whole(0, 2**32 - 1)
_URL: Final = _text(1, 1000, "[!-~]")


@attrs.frozen(kw_only=True)
class Message:
    """What is common to all payloads."""

    type: ClassVar[str]


@attrs.frozen(kw_only=True)
class Order(Message):
    """What is common to orders. `id` names it in its answer; `session` only ever grows; `at` (epoch s) is when it was said; `to` are resource codes, zeros behind are a wildcard."""

    id: str = _must(_text(1, 64, "[0-9A-Za-z._-]"))
    session: int = _must(_whole(1, 2**53 - 1))
    at: int = _must(_SECONDS)
    to: tuple[str, ...] = _must(_codes())
    certificate: str | None = _may(_digits(12))
    signature: str | None = _may(_digits(128, "0-9a-f"))  # SM2 r ‖ s over `to_sign`, in hex


@attrs.frozen(kw_only=True)
class _Broadcast(Order):
    """What is common to what is heard and what is seen. Times in epoch s; `kind` 1–5 and `level` 0–4 as in 0xFEFD."""

    ebm: str = _must(_EBM)
    kind: int = _must(_whole(1, 5))
    level: int = _must(_whole(0, 4))
    event: str = _must(_text(5, 5, "[0-9A-Za-z]"))
    start: int = _must(_SECONDS)
    end: int = _must(_SECONDS)


@attrs.frozen(kw_only=True)
class Start(_Broadcast):
    """Play this stream from `start` to `end`, at `volume` % where one is named."""

    type = "start"
    stream: str = _must(_URL)
    volume: int | None = _may(_VOLUME)


@attrs.frozen(kw_only=True)
class Show(_Broadcast):
    """Show this text from `start` to `end`, and a picture where one is named with the SHA-256 it has."""

    type = "show"
    text: str = _must(_text(1, 4000))
    image: str | None = _may(_URL)
    sha256: str | None = _may(_digits(64, "0-9a-f"))


@attrs.frozen(kw_only=True)
class Stop(Order):
    """End this broadcast, heard or seen."""

    type = "stop"
    ebm: str = _must(_EBM)


@attrs.frozen(kw_only=True)
class Volume(Order):
    """Be so loud from now on, or so bright: %."""

    type = "volume"
    volume: int = _must(_VOLUME)


@attrs.frozen(kw_only=True)
class Query(Order):
    """Say how you are: answered by a `Status` with the order's id."""

    type = "query"


@attrs.frozen(kw_only=True)
class Report(Message):
    """What is common to what devices say: who it is."""

    code: str = _must(_digits(23))


@attrs.frozen(kw_only=True)
class Answer(Report):
    """To an order with this id: `done`, or `refused` and why."""

    type = "answer"
    id: str = _must(_text(1, 64, "[0-9A-Za-z._-]"))
    result: str = _must(_one_of("done", "refused"))
    text: str | None = _may(_text(0, 400))


@attrs.frozen(kw_only=True)
class Status(Report):
    """How a device is; retained by the server, and its will with `online` false. `id` where it was asked."""

    type = "status"
    online: bool = _must(_yes_no())
    at: int | None = _may(_SECONDS)
    state: str | None = _may(_one_of("idle", "playing", "showing", "fault"))
    volume: int | None = _may(_VOLUME)
    ebm: str | None = _may(_EBM)
    id: str | None = _may(_text(1, 64, "[0-9A-Za-z._-]"))


@attrs.frozen(kw_only=True)
class Task(Report):
    """What became of a broadcast, and when (epoch s). `heard`: sound above the threshold came out of the stream."""

    type = "task"
    ebm: str = _must(_EBM)
    state: str = _must(_one_of("playing", "heard", "showing", "ended"))
    at: int = _must(_SECONDS)


ORDERS: Final[tuple[type[Order], ...]] = (Start, Show, Stop, Volume, Query)
REPORTS: Final[tuple[type[Report], ...]] = (Answer, Status, Task)
_TYPES: Final[dict[str, type[Message]]] = {cls.type: cls for cls in (*ORDERS, *REPORTS)}


def _wrong(en: str, zh: str) -> Misheard:
    return Misheard(f"no payload of ours: {en}", f"负载无效:{zh}", code="payload")


# -- topics -----------------------------------------------------------------------------------------


def device_topic(kind: Kind, code: str, leaf: str) -> str:
    """`gengfu/1/terminal/CODE/LEAF`: `order` down, and `answer`, `status`, `task` up; ValueError where the code is none."""
    if not _CODE.fullmatch(code):
        raise ValueError(f"{code!r} is no resource code of 23 digits")
    return f"{ROOT}/{kind}/{code}/{leaf}"


def area_topic(kind: Kind, area: str) -> str:
    """`gengfu/1/terminal/area/AREA/order`: devices subscribe to their village and to all that it lies in."""
    if not _AREA.fullmatch(area):
        raise ValueError(f"{area!r} is no area of 12 digits")
    return f"{ROOT}/{kind}/area/{area}/order"


def report_filters(kind: Kind, code: str = "+") -> tuple[str, ...]:
    """What to subscribe to for all that a device says, or every device of a kind."""
    return tuple(f"{ROOT}/{kind}/{code}/{cls.type}" for cls in REPORTS)


def reporter(topic: str) -> tuple[str, str]:
    """(code, leaf) of a topic that a device publishes to; Misheard for any other."""
    kind, code, leaf = ([*topic.removeprefix(f"{ROOT}/").split("/"), "", "", ""])[:3]
    here = kind in KINDS and _CODE.fullmatch(code) and leaf in {cls.type for cls in REPORTS}
    if not here or topic != f"{ROOT}/{kind}/{code}/{leaf}":
        raise _wrong("a topic that no device speaks on", "主题不属于设备上报")
    return code, leaf


# -- payloads ---------------------------------------------------------------------------------------


def write(message: Message) -> bytes:
    """A payload: canonical JSON (RFC 8785) in UTF-8; ValueError for an entry that its rule does not allow."""
    plain = _plain(message)
    for name, rule in _rules(type(message)).items():
        if name in plain and not rule.fits(plain[name]):
            raise ValueError(f"{message.type}: {name} cannot be {plain[name]!r}"[:200])
    return canonical(plain).encode()


def to_sign(order: Order) -> bytes:
    """The bytes that a signature covers: the payload without `signature`, with `certificate`."""
    return write(attrs.evolve(order, signature=None))


def read(data: bytes) -> Message:
    """The order or report of a payload; Misheard says what is wrong with it."""
    plain = _object(data)
    name, version = plain.pop("type", None), plain.pop("v", None)
    cls = _TYPES.get(name) if isinstance(name, str) and type(version) is int and version == VERSION else None
    if cls is None:
        raise _wrong("no type of version 1", "类型或版本未知")
    rules = _rules(cls)
    strange = sorted(ascii(name)[:40] for name in set(plain) - set(rules))
    wanting = [name for name in rules if name not in plain and _wanted(cls, name)]
    bad = [name for name in rules if name in plain and not rules[name].fits(plain[name])]
    if strange or wanting or bad:
        said = "; ".join(f"{word} {', '.join(names)}" for word, names in (("unknown:", strange), ("missing:", wanting), ("wrong:", bad)) if names)[:200]  # fmt: skip
        raise _wrong(said, said)
    return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in plain.items()})


def heard(topic: str, data: bytes) -> Report:
    """What a device says on its topic; Misheard where it speaks as another or of something else."""
    code, leaf = reporter(topic)
    report = read(data)
    if not isinstance(report, Report) or report.type != leaf:
        raise _wrong(f"a {report.type} on the topic of a {leaf}", f"{leaf} 主题上出现 {report.type}")
    if report.code != code:
        raise _wrong("a device that speaks as another", "设备以其他编码上报")
    return report


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of every payload."""
    kinds = {name: _schema_of(cls) for name, cls in _TYPES.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Payloads of terminals and screens over MQTT",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in kinds],
        "$defs": kinds,
    }


def _schema_of(cls: type[Message]) -> dict[str, Any]:
    head = {"type": {"const": cls.type}, "v": {"const": VERSION}}
    rules = _rules(cls)
    return {
        "type": "object",
        "properties": {**head, **{name: rule.schema for name, rule in rules.items()}},
        "required": [*head, *(name for name in rules if _wanted(cls, name))],
        "additionalProperties": False,
    }


def _rules(cls: type[Message]) -> dict[str, Rule]:
    return {field.name: field.metadata["rule"] for field in attrs.fields(cls)}


def _wanted(cls: type[Message], name: str) -> bool:
    return getattr(attrs.fields(cls), name).default is attrs.NOTHING


def _plain(message: Message) -> dict[str, Any]:
    entries = attrs.asdict(message, recurse=False)
    return {"type": message.type, "v": VERSION, **{name: value for name, value in entries.items() if value is not None}}  # fmt: skip


def _object(data: bytes) -> dict[str, Any]:
    """The JSON object; an entry that stands there twice could be read in two ways, so nothing is."""
    if len(data) > MOST:
        raise _wrong(f"{len(data)} bytes are more than {MOST}", f"{len(data)} 字节超过上限")
    try:
        made = json.loads(data.decode(), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise _wrong("not JSON in UTF-8", "不是 UTF-8 编码的 JSON") from None
    if not isinstance(made, dict):
        raise _wrong("not an object", "不是 JSON 对象")
    return made


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("an entry stands there twice")
    return made


__all__ = [
    "KINDS", "MOST", "ORDERS", "REPORTS", "ROOT", "VERSION", "Answer", "Kind", "Message", "Order", "Query", "Report", "Rule",
    "Show", "Start", "Status", "Stop", "Task", "Volume", "area_topic", "device_topic", "heard", "read", "report_filters",
    "reporter", "schema", "to_sign", "write",
]  # fmt: skip
