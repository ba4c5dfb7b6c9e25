"""`gengfu wire` with the station's signer: devices know no SM2, this gives it to them. Composition only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from devices import wire_tool
from emergency import sm2
from station.words import Misheard, Refused


def main(argv: list[str]) -> int:
    """As `devices.wire_tool.main`, with keys."""
    return wire_tool.main(argv, signing)


def signing(key: Path) -> Callable[[bytes], bytes]:
    """What signs with the SM2 private key of a file: r ‖ s, 64 bytes; Refused where it holds none."""
    try:
        return sm2.signer(sm2.load_private(key)).sign
    except Misheard as misheard:
        raise Refused(f"{key}: {misheard.text.en}", f"{key}:{misheard.text.zh}") from None


__all__ = ["main", "signing"]
