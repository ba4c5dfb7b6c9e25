"""`gengfu sim fault`: tells a running simulator of the plant its faults. Knows where that is done."""

from __future__ import annotations

from devices.sim_plant import tell as main

__all__ = ["main"]
