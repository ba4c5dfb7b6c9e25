"""Live sources as settings write them: a studio's desk or microphone that comes by RTP or a sound card, kept back for some seconds. Pure; opens nothing.

To plans, players and witnesses a live source is a relay (`as_relay`), of a name that no relay has: it is received all
the time, and heard nowhere but in a session.
"""

from __future__ import annotations

from typing import Final

import attrs

from schedules.relays import LIVE
from station.relay_sources import NEVER_MS, RelaySection

DUMPED_FROM: Final = 5_000  # ms of delay from which on there is time for a dump key


@attrs.frozen(kw_only=True)
class LiveSection:
    """[[live]]: a source of living sound; a rundown names it as `live:ID`, in a line that waits for its key."""

    id: str  # small letters, digits, hyphens
    chain: str  # whose player receives it; its channels may take it to air
    name_zh: str
    name_en: str
    members: list[str]  # ways by which it comes, as of a relay; `l24://239.69.1.1:5004` is a desk on AES67
    delay_ms: int = 7_000  # from what is said to what is heard of it
    level_dbfs: int = -45  # what stays below is silence
    level_ms: int = 0  # sound of so long opens the session that waits for it; 0: a key or the fader does
    silence_s: int = 20  # of silence, or of nothing that comes, end a session
    secret_file: str = ""  # passphrase of its ways by SRT: bare name of a file in secrets/, mode 0600
    preview: bool = False  # HLS of it for the panel's people, on air or not: /hls/relay-live-ID/index.m3u8

    @property
    def dumped(self) -> bool:
        """Whether what is in the delay can be thrown away before it is heard."""
        return self.delay_ms >= DUMPED_FROM

    @property
    def relay(self) -> str:
        """Its name among relays."""
        return LIVE + self.id

    def as_relay(self) -> RelaySection:
        """How it is received: silence is no reason not to hear what was said before it."""
        return RelaySection(
            id=self.relay,
            chain=self.chain,
            name_zh=self.name_zh,
            name_en=self.name_en,
            members=self.members,
            delay_ms=self.delay_ms,
            silence_ms=NEVER_MS,
            level_dbfs=self.level_dbfs,
            secret_file=self.secret_file,
            preview=self.preview,
        )


__all__ = ["DUMPED_FROM", "LiveSection"]
