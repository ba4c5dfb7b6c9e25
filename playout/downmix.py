"""Many channels to two, after ITU-R BS.775-3, annex 4, table 2 (3/2 to 2/0). Pure numpy; knows no file.

Left is L + 0.7071 C + 0.7071 Ls, right the same of its side. The low-frequency channel is left out, as there. What BS.775
does not have (seven channels, front centres, heights) is taken as its nearest relative: `unverified`. One channel goes to
both sides as it is, two stay as they are. Nothing is attenuated here: see `headroom`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_M3: Final = 0.5**0.5  # −3 dB
_SIDES: Final[dict[str, tuple[float, float]]] = {
    "FL": (1, 0), "FR": (0, 1), "FC": (_M3, _M3), "LFE": (0, 0), "LFE2": (0, 0),
    "BL": (_M3, 0), "BR": (0, _M3), "SL": (_M3, 0), "SR": (0, _M3), "BC": (0.5, 0.5),
    "FLC": (1, 0), "FRC": (0, 1), "WL": (1, 0), "WR": (0, 1), "DL": (1, 0), "DR": (0, 1),
    "TFL": (_M3, 0), "TFR": (0, _M3), "TBL": (_M3, 0), "TBR": (0, _M3), "TFC": (0.5, 0.5), "TBC": (0.5, 0.5), "TC": (0.5, 0.5),
}  # fmt: skip
# What files without names for their channels mean, by how many there are (the order of WAVE and of SMPTE ST 2036)
_USUAL: Final[dict[int, tuple[str, ...]]] = {
    3: ("FL", "FR", "FC"),
    4: ("FL", "FR", "BL", "BR"),
    5: ("FL", "FR", "FC", "BL", "BR"),
    6: ("FL", "FR", "FC", "LFE", "BL", "BR"),
    7: ("FL", "FR", "FC", "LFE", "BC", "SL", "SR"),
    8: ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"),
}
MOST_CHANNELS: Final = 64


def matrix(names: Sequence[str]) -> NDArray[np.float64]:
    """(channels, 2): how much of each channel goes to left and to right; a channel nobody knows goes nowhere.

    Where the file names none, its channels are what they usually are; beyond eight, the first two alone are heard.
    """
    if len(names) <= 2:
        return np.ones((1, 2)) if len(names) == 1 else np.eye(2)
    if not any(name in _SIDES for name in names):
        names = _USUAL.get(len(names), ("FL", "FR", *("",) * (len(names) - 2)))
    return np.array([_SIDES.get(name, (0, 0)) for name in names], dtype=np.float64)


def stereo(values: NDArray[Any], names: Sequence[str]) -> NDArray[np.float64]:
    """(count, channels) of floating point to (count, 2)."""
    made: NDArray[np.float64] = values.astype(np.float64) @ matrix(names)
    return made


def headroom(peak: float) -> float:
    """The factor by which a downmix whose greatest value is `peak` (1.0 is full scale) is lowered so that none is cut off."""
    return 1.0 if peak <= 1.0 else 0.98 / peak


__all__ = ["MOST_CHANNELS", "headroom", "matrix", "stereo"]
