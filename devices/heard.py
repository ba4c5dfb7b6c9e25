"""What came of a question to a device, whatever protocol it was asked in. Pure; knows none of them."""

from __future__ import annotations

from typing import Generic, TypeVar

import attrs

Value = TypeVar("Value")


@attrs.frozen
class Answered(Generic[Value]):
    """What was asked for, in the protocol's own words; True where the other side only says that it obeys. On Modbus the words (bits as 0 and 1) of a read, the written value of a write."""

    value: Value


@attrs.frozen
class Declined:
    """The other side says no: a code, and what that means where the protocol says it in words."""

    code: int | str
    why: str = ""


@attrs.frozen
class Garbled:
    """An answer that is none to this very question: nothing in it is believed."""

    why: str


@attrs.frozen
class Stray:
    """Something that answers no open question: late, of another unit, unasked, or not to be trusted. Thrown away; the question waits on. On the line of a bus one of `late`, `unit`, `unasked`, `garbled`, `secret`, `window`, by which it is counted."""

    why: str


@attrs.frozen
class Silent:
    """The open question's time is up. Whether the other side obeyed is not known."""


__all__ = ["Answered", "Declined", "Garbled", "Silent", "Stray", "Value"]
