"""What came of a question to a device, whatever protocol it was asked in. Pure; knows none of them."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

import attrs

Told = TypeVar("Told")


@attrs.frozen(kw_only=True)
class Answered(Generic[Told]):
    """The unit answered as asked. On Modbus the words (bits as 0 and 1) of a read, the written value of a write."""

    words: Told


@attrs.frozen(kw_only=True)
class Declined:
    """The unit answered that it will not: a code, and what that means where the protocol says it in words."""

    code: int
    said: str = ""


@attrs.frozen(kw_only=True)
class Garbled:
    """The answer to this very request does not fit it: nothing in it is believed."""

    why: str


@attrs.frozen(kw_only=True)
class Stray:
    """A frame that answers no open request: late, of another unit, unasked, or not to be trusted. Thrown away; the request waits on."""

    why: Literal["late", "unit", "unasked", "garbled", "secret", "window"]


@attrs.frozen
class Silent:
    """The open question's time is up."""


__all__ = ["Answered", "Declined", "Garbled", "Silent", "Stray", "Told"]
