"""How words become JSON and back, the same for journal, sockets and settings. Knows cattrs; knows no socket and no file."""

from __future__ import annotations

import json
import re
from typing import Any, Final, TypeVar

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn

from station.words import COMMANDS, EVENTS, Command, Event, Misheard, Text

T = TypeVar("T")

converter = cattrs.Converter(forbid_extra_keys=True, omit_if_default=False)
converter.register_unstructure_hook(frozenset, sorted)
lenient = cattrs.Converter(forbid_extra_keys=False)


def _strict_scalar(kind: type) -> None:
    def structure(value: Any, _: Any) -> Any:
        if kind is float and type(value) is int:
            return float(value)
        if type(value) is not kind:
            raise TypeError(f"{value!r} is not a {kind.__name__}")
        return value

    converter.register_structure_hook(kind, structure)


for _kind in (str, int, bool, float):
    _strict_scalar(_kind)


def to_plain(value: object) -> Any:
    """Any of our attrs values as dicts, lists, strings and ints."""
    return converter.unstructure(value)


def from_plain(value: Any, cls: type[T]) -> T:
    """The reverse of `to_plain`; raises cattrs' error groups, which name every wrong path, TypeError for no object."""
    if attrs.has(cls) and not isinstance(value, dict):
        raise TypeError(f"expected an object, not {type(value).__name__}")
    return converter.structure(value, cls)


def canonical(value: Any) -> str:
    """RFC 8785 canonical JSON for values without floats (keys sorted by UTF-16 code units, no blanks).

    Raises ValueError when a float, a non-string key or an integer beyond ±(2^53−1) is inside.
    """
    _check(value)
    return json.dumps(_sorted(value), ensure_ascii=False, separators=(",", ":"))


def _check(value: Any) -> None:
    if value is None or isinstance(value, (str, bool)):
        return
    if isinstance(value, int):
        if abs(value) > 2**53 - 1:
            raise ValueError(f"{value} is beyond what canonical JSON can carry")
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise ValueError(f"{key!r} is not a string key")
            _check(inner)
        return
    if isinstance(value, (list, tuple)):
        for inner in value:
            _check(inner)
        return
    raise ValueError(f"{type(value).__name__} does not go into the journal: {value!r}")


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _sorted(value[k]) for k in sorted(value, key=lambda k: k.encode("utf-16-be"))}
    if isinstance(value, (list, tuple)):
        return [_sorted(inner) for inner in value]
    return value


def event_to_plain(happened: Event) -> tuple[str, dict[str, Any]]:
    """(kind, body) of an event."""
    return happened.kind, to_plain(happened)


def event_from_plain(kind: str, body: dict[str, Any]) -> Event:
    """The event of a journal record; raises Misheard for a kind nobody registered."""
    cls = EVENTS.get(kind)
    if cls is None:
        raise Misheard(f"no event is registered as {kind}", f"没有登记过事件 {kind}")
    return from_plain(body, cls)


def command_from_plain(name: str, body: dict[str, Any]) -> Command:
    """The command a client sent; raises Misheard with one sentence naming every wrong field."""
    cls = COMMANDS.get(name)
    if cls is None:
        raise Misheard(f"there is no command {name}", f"没有命令 {name}")
    try:
        return from_plain(body, cls)
    except (cattrs.BaseValidationError, TypeError, ValueError) as error:
        said = "; ".join(complaints(error))
        raise Misheard(f"{name}: {said}", f"{name}:{said}") from None


def complaints(error: Exception) -> list[str]:
    """Every mistake of a failed `from_plain`, one sentence each with its path."""
    return cattrs.transform_error(error) if isinstance(error, cattrs.BaseValidationError) else [str(error)]


# what cattrs and `station.packed` say
_SAID: Final = (
    (r"required field missing @ (.+)", r"\1 is missing", r"缺少 \1"),
    (r"extra fields found \((.+)\) @ \$", r"\1 is not known", r"未知字段:\1"),
    (r"extra fields found \((.+)\) @ (.+)", r"\2 does not have \1", r"\2 中没有字段:\1"),
    (r"invalid value for type, expected (.+) @ (.+)", r"\2 is no \1", r"\2 的值不是 \1"),
    (r"invalid type, expected (.+) @ (.+)", r"\2 is no \1", r"\2 的值不是 \1"),
    (r"(.+) is not (\d+) digits", r"\1 is not \2 digits", r"\1 不是 \2 位数字"),
    (r"(\S+) where (\S+) to (\S+) can be said", r"\1 where \2 to \3 can be said", r"\1 超出 \2 至 \3"),
)


def worded(error: Exception) -> Text:
    """The same as one sentence in both languages; what is already said as `English · 中文` is taken apart."""
    said = [_sentence(one) for one in complaints(error)]
    return Text("; ".join(one.en for one in said)[:400], ";".join(one.zh for one in said)[:400])


def _sentence(said: str) -> Text:
    for pattern, en, zh in _SAID:
        found = re.fullmatch(pattern, said.replace("@ $.", "@ "))
        if found is not None:
            return Text(found.expand(en), found.expand(zh))
    en, _, zh = said.partition(" · ")
    return Text(en, zh or en)


__all__ = [
    "canonical",
    "command_from_plain",
    "complaints",
    "converter",
    "event_from_plain",
    "event_to_plain",
    "from_plain",
    "make_dict_structure_fn",
    "make_dict_unstructure_fn",
    "to_plain",
    "worded",
]
