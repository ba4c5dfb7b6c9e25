"""What 12-digit area codes say of each other (GB/T 2260, GB/T 10114): which holds which, which have ground in common. Pure; knows no table of areas."""

from __future__ import annotations

from collections.abc import Iterable

from station.words import AreaCode

GROUPS = (2, 4, 6, 9, 12)  # GB/T 2260: 2-2-2; GB/T 10114: 3-3


def prefix(code: str) -> str:
    """The digits that everything inside `code` begins with: trailing groups of zeros (2-2-2-3-3) taken off."""
    kept = 0
    for begin, end in zip((0, *GROUPS), GROUPS, strict=False):
        if code[begin:end].strip("0"):
            kept = end
    return code[:kept]


def contains(outer: AreaCode, inner: AreaCode) -> bool:
    """Whether all of `inner` lies in `outer`; an area contains itself."""
    return inner.startswith(prefix(outer))


def meets(one: AreaCode, other: AreaCode) -> bool:
    """Whether the two have ground in common."""
    return contains(one, other) or contains(other, one)


def any_meets(some: Iterable[AreaCode], other: AreaCode) -> bool:
    """Whether any of `some` has ground in common with `other`."""
    return any(meets(one, other) for one in some)


def any_contains(some: Iterable[AreaCode], inner: AreaCode) -> bool:
    """Whether one of `some` holds all of `inner`."""
    return any(contains(one, inner) for one in some)
