"""`gengfu sim uecp`: a simulated RDS coder, written by hand from the protocol's pages, with faults. Shares nothing with the product's codec."""

from __future__ import annotations

from typing import Any

from devices import sim_studio
from devices.sim_plant import Doctor

DOCTOR: Doctor = {
    **sim_studio.DOCTOR,
    "crc": ("answers with a CRC that does not hold", "应答校验错误"),
    "ta": ("says yes to the traffic flag and leaves it as it is", "应答成功但不改公告标志"),
}
SIZES = {1: 5, 2: 11, 3: 4, 7: 4, 13: 9, 28: 2, 30: 2, 44: 2, 62: 11}  # bytes of elements without a length


def check(data: bytes) -> int:
    """CRC-16 of the frame, a bit at a time."""
    value = 0xFFFF
    for octet in data:
        for bit in range(7, -1, -1):
            top = value >> 15 ^ (octet >> bit & 1)
            value = (value << 1 & 0xFFFF) ^ (0x1021 if top else 0)
    return value ^ 0xFFFF


class Coder(sim_studio.Device):
    """What it was told last of each element, by its code."""

    own = ("exception", "unit")

    def __init__(self, site: int = 1, encoder: int = 1, mode: int = 2, seed: int = 1) -> None:
        super().__init__(seed)
        self.site, self.encoder, self.mode = site, encoder, mode
        self.kept: dict[int, bytes] = {}

    def session(self) -> Talk:
        """A connection."""
        return Talk(self)

    def reset(self) -> None:
        """Everything is forgotten."""
        self.kept.clear()

    def told(self) -> dict[str, object]:
        """All it was told."""
        return {f"{code:02x}": data.hex() for code, data in sorted(self.kept.items())}

    def obey(self, data: bytes) -> tuple[int, bytes]:
        """Code of the acknowledgement, and what was asked for."""
        asked = b""
        while data:
            code = data[0]
            if code == 10:
                size = 4 + data[3] if len(data) > 3 else 999
            elif code == 23:
                size = 2 + data[1] if len(data) > 1 else 999
            else:
                size = SIZES.get(code, 0)
            if not size:
                return 3, b""
            if size > len(data):
                return 7, b""
            if code == 23:
                asked += self.kept.get(data[2], b"")
            elif self.count(f"{code:02x}") and not (code == 3 and "ta" in self.faults):
                self.kept[code] = data[:size]
                self.mode = data[1] if code == 44 else self.mode
            data = data[size:]
        return 0, asked


class Talk:
    """One connection."""

    def __init__(self, coder: Coder) -> None:
        self._coder = coder
        self._bytes: list[int] | None = None
        self._escape = False

    def greeting(self) -> list[bytes]:
        """Nothing."""
        return []

    def heard(self, data: bytes) -> list[bytes]:
        """A byte at a time, as small processors do."""
        out = []
        for octet in data:
            if octet == 0xFE:
                self._bytes, self._escape = [], False
            elif self._bytes is None:
                continue
            elif octet == 0xFF:
                out += self._whole(bytes(self._bytes))
                self._bytes = None
            elif octet == 0xFD:
                self._escape = True
            elif len(self._bytes) < 600:
                self._bytes.append(octet + 0xFD if self._escape else octet)
                self._escape = False
        return out

    def _whole(self, held: bytes) -> list[bytes]:
        coder = self._coder
        if len(held) < 6:
            return []
        site, encoder = held[0] << 2 | held[1] >> 6, held[1] & 0x3F
        if site not in (0, coder.site) or encoder not in (0, coder.encoder):
            return []
        sequence = held[2]
        if check(held[:-2]) != held[-2] << 8 | held[-1] or held[3] != len(held) - 6:
            return self._answer(bytes([24, 1, sequence]))
        code, asked = coder.obey(held[4:-2])
        if coder.wire.strikes("exception"):
            code = coder.wire.on["exception"] or 6
        if code:
            return self._answer(bytes([24, code, sequence]))
        if asked:
            return self._answer(asked, always=True)
        return self._answer(bytes([24, 0]))

    def _answer(self, elements: bytes, *, always: bool = False) -> list[bytes]:
        coder = self._coder
        if coder.mode == 0 or (coder.mode == 1 and not always):
            return []
        encoder = (coder.encoder + 1) % 64 if coder.wire.strikes("unit") else coder.encoder
        head = bytes([coder.site >> 2, (coder.site & 3) << 6 | encoder, 0, len(elements)]) + elements
        value = check(head) ^ (1 if "crc" in coder.faults else 0)
        out: list[Any] = [0xFE]
        for octet in head + bytes([value >> 8, value & 255]):
            out += [0xFD, octet - 0xFD] if octet >= 0xFD else [octet]
        return [bytes([*out, 0xFF])]


def main(argv: list[str]) -> int:
    """Run until a signal."""
    made = sim_studio.parser("uecp", "A simulated RDS coder. · 模拟 RDS 编码器(UECP)。", DOCTOR, Coder.own)
    made.add_argument("--site", type=int, default=1, help="its site, %(default)s · 站点号,默认 %(default)s")
    made.add_argument(
        "--encoder", type=int, default=1, help="its number there, %(default)s · 编码器号,默认 %(default)s"
    )
    made.add_argument("--mode", type=int, choices=(0, 1, 2), default=2, help="0 only listens · 0 为只收不答")
    asked = made.parse_args(argv)
    coder = Coder(asked.site, asked.encoder, asked.mode, asked.seed)
    return sim_studio.run(asked, coder, DOCTOR)
