"""What is asked of the child that speaks, and what it answers. Knows no engine."""

from __future__ import annotations

import attrs

from emergency.messages import AlertKind
from station.words import Sha256


@attrs.frozen(kw_only=True)
class Job:
    """What to speak, and into which file."""

    text: str
    out: str
    voice: str = "cmn"
    kind: AlertKind = "actual"
    level: int = 0
    tone: bool = True


@attrs.frozen(kw_only=True)
class Spoken:
    """What came of it. Loudness in hundredths of LUFS, true peak in hundredths of dBTP (ITU-R BS.1770)."""

    sha256: Sha256
    samples: int
    loudness_centi_lufs: int
    true_peak_centi_db: int
