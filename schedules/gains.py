"""Products of gains in Q31, of ints and of arrays alike. Pure; loads nothing, so that whoever only plans need not load numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Gain = int | NDArray[np.int64]


@overload
def times(a: int, b: int) -> int: ...
@overload
def times(a: Gain, b: Gain) -> Gain: ...
def times(a: Gain, b: Gain) -> Gain:
    """Product of two Q31 gains; 2^33 times 2^33 stays within int64; the last 3 bits do not count."""
    return ((a >> 3) * (b >> 3)) >> 25
