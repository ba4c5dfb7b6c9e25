"""JSON of values that hold bytes: as hexadecimal digits. Knows cattrs; knows no format and no file."""

from __future__ import annotations

from typing import Any, TypeVar

from station import wire

T = TypeVar("T")

converter = wire.converter.copy()
converter.register_unstructure_hook(bytes, lambda value: value.hex())


def _bytes(value: Any, _: Any) -> bytes:
    if type(value) is not str:
        raise TypeError(f"{value!r} is not hexadecimal digits")
    return bytes.fromhex(value)


converter.register_structure_hook(bytes, _bytes)


def to_plain(value: object) -> Any:
    """As `station.wire.to_plain`, bytes as lower-case hex."""
    return converter.unstructure(value)


def from_plain(value: Any, cls: type[T]) -> T:
    """The reverse of `to_plain`; raises cattrs' error groups or TypeError, as `station.wire.from_plain`."""
    if not isinstance(value, dict):
        raise TypeError(f"expected an object, not {type(value).__name__}")
    return converter.structure(value, cls)


__all__ = ["from_plain", "to_plain"]
