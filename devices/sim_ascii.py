"""A simulated small transmitter, and a power supply, that answer lines of text, with faults on the wire, written by hand. Share nothing with the product's driver; the words of its answers are invented."""

from __future__ import annotations

import random

FAULTS = ("silent", "late", "cut", "garbage", "twice", "other", "chatter")


class Transmitter:
    """Asked `TX.PFWD` it says `TX.PFWD=98.5`, and so on; every answer ends with CR LF and `>`."""

    def __init__(self, seed: int = 1) -> None:
        self.power = 985  # tenths of W
        self.on = True
        self.faults: set[str] = set()
        self._dice = random.Random(seed)  # noqa: S311 - a simulation

    def answer(self, line: bytes) -> list[tuple[float, bytes]]:
        """What is said to a line, and after how many s."""
        word = line.decode("ascii", "replace").strip()
        said = self._said(word)
        whole = word.encode("ascii", "replace") + b"\r\n" + said.encode("ascii") + b"\r\n>"
        return self._spoilt(whole)

    def _said(self, word: str) -> str:
        if "other" in self.faults:
            return f"TX.PREF={self.power // 100}.1"
        if word == "TX.PFWD":
            return f"TX.PFWD={self.power // 10}.{self.power % 10}"
        if word == "TX.OPMODE":
            return f"TX.OPMODE={'ON' if self.on else 'OFF'}"
        return "ERROR"

    def _spoilt(self, whole: bytes) -> list[tuple[float, bytes]]:
        if "silent" in self.faults:
            return []
        if "garbage" in self.faults:
            whole = bytes(self._dice.randrange(256) for _ in whole)
        if "cut" in self.faults:
            whole = whole[: self._dice.randrange(1, len(whole))]
        if "chatter" in self.faults:
            whole = b"FAULT: door open\r\n" + whole
        wait = 1.5 if "late" in self.faults else 0.02
        return [(wait, whole), (wait, whole)] if "twice" in self.faults else [(wait, whole)]


class Supply(Transmitter):
    """A power supply: asked `UPS.SOURCE`, `BAT.MINUTES`, `BAT.CHARGE`, `OUT.LOAD`."""

    def __init__(self, seed: int = 1) -> None:
        super().__init__(seed)
        self.minutes, self.charge, self.load = 60, 1000, 34  # min, tenths of a %, %

    def _said(self, word: str) -> str:
        if "other" in self.faults:
            return "OUT.LOAD=7"
        told = {
            "UPS.SOURCE": "MAINS" if self.on else "BATTERY",
            "BAT.MINUTES": str(self.minutes),
            "BAT.CHARGE": f"{self.charge // 10}.{self.charge % 10}",
            "OUT.LOAD": str(self.load),
        }
        return f"{word}={told[word]}" if word in told else "ERROR"
