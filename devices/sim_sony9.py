"""`gengfu sim sony9`: a simulated tape deck, written by hand from public pages of the protocol, with faults. Shares nothing with the product's codec."""

from __future__ import annotations

from devices import sim_studio
from devices.sim_plant import Doctor

DOCTOR: Doctor = {
    **sim_studio.DOCTOR,
    "checksum": ("answers with a checksum that does not hold", "应答校验错误"),
    "cassette": ("no cassette", "未装入磁带"),
    "local": ("switched to local: refuses orders", "本地状态,拒绝遥控"),
}
# order: byte 1 and byte 2 of the status
MOVES = {0x00: (0x20, 0), 0x01: (0x01, 0), 0x02: (0x03, 0), 0x0F: (0x10, 0), 0x10: (0x04, 0), 0x20: (0x08, 4), 0x04: (0, 0), 0x05: (0x80, 0)}  # fmt: skip

NEED_TAPE = (0x01, 0x02, 0x10, 0x20, 0x31)  # play, record, wind, rewind, cue


class Deck(sim_studio.Device):
    """Where the tape stands (seconds) and what it does."""

    own = ("exception",)

    def __init__(self, seed: int = 1) -> None:
        super().__init__(seed)
        self.seconds = 36_000
        self.reset()

    def reset(self) -> None:
        """Stopped."""
        self.motion = (0x20, 0)

    def session(self) -> Talk:
        """A connection."""
        return Talk(self)

    def told(self) -> dict[str, object]:
        """Where and what."""
        return {"seconds": self.seconds, "motion": list(self.motion)}

    def answer(self, first: int, code: int, data: bytes) -> bytes:
        """The answer without checksum."""
        kind = first >> 4
        if self.wire.strikes("exception"):
            return bytes([0x11, 0x12, self.wire.on["exception"] or 0x01])
        if (first, code) == (0x00, 0x11):
            return b"\x12\x11\x20\x25"
        if kind == 2 and (code in MOVES or (code == 0x31 and len(data) == 4)):
            return self._moved(code, data)
        if (kind, code) == (6, 0x20) and data:
            return self._status(data[0])
        if (kind, code) == (6, 0x0C) and data:
            at = (0, self.seconds % 60, self.seconds // 60 % 60, self.seconds // 3600)
            return b"\x74\x04" + bytes(int(f"{n:02}", 16) for n in at)
        return b"\x11\x12\x01"

    def _moved(self, code: int, data: bytes) -> bytes:
        if "local" in self.faults:
            return b"\x11\x12\x01"
        known = self.count(f"{code:02x} {data.hex()}")
        if known and not ("cassette" in self.faults and code in NEED_TAPE):  # it says yes and cannot
            if code == 0x31:
                self.seconds = sum(
                    int(f"{octet:02x}") * worth for octet, worth in zip(data[1:], (1, 60, 3600), strict=True)
                )
                self.motion = (0x20, 3)
            else:
                self.motion = MOVES[code]
        return b"\x10\x01"

    def _status(self, asked: int) -> bytes:
        first = (0x20 if "cassette" in self.faults else 0) | (0x01 if "local" in self.faults else 0)
        whole = bytes([first, *self.motion, *bytes(7)])
        begin, count = asked >> 4, asked & 15
        part = whole[begin : begin + count]
        return bytes([0x70 | len(part), 0x20]) + part


class Talk:
    """One connection."""

    def __init__(self, deck: Deck) -> None:
        self._deck = deck
        self._held = b""

    def greeting(self) -> list[bytes]:
        """Nothing."""
        return []

    def heard(self, data: bytes) -> list[bytes]:
        """Messages; behind a damaged one everything held is thrown away."""
        self._held += data
        out = []
        while self._held and len(self._held) >= (self._held[0] & 15) + 3:
            size = (self._held[0] & 15) + 3
            body, self._held = self._held[:size], self._held[size:]
            if sum(body[:-1]) % 256 != body[-1]:
                self._held = b""
                made = b"\x11\x12\x04"
            else:
                made = self._deck.answer(body[0], body[1], body[2:-1])
            wrong = 1 if "checksum" in self._deck.faults else 0
            out.append(made + bytes([sum(made) % 256 ^ wrong]))
        return out


def main(argv: list[str]) -> int:
    """Run until a signal."""
    text = "A simulated tape deck (Sony 9-pin). · 模拟录像机(Sony 9 针)。"
    asked = sim_studio.parser("sony9", text, DOCTOR, Deck.own).parse_args(argv)
    return sim_studio.run(asked, Deck(asked.seed), DOCTOR)
