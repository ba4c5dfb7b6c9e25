"""What tape decks and video servers say by a NAK, bit by bit (Sony 9-pin, VDCP). Knows no frame."""

from __future__ import annotations

from typing import Final

REASONS: Final = {
    0x01: "unknown command", 0x04: "checksum error", 0x10: "parity error", 0x20: "overrun", 0x40: "framing error", 0x80: "time-out",
}  # fmt: skip


def nak_reasons(bits: int) -> str:
    """Every reason given; `unknown` where no bit that is known is set."""
    return ", ".join(word for bit, word in REASONS.items() if bits & bit) or "unknown"


__all__ = ["REASONS", "nak_reasons"]
