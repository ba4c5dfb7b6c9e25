"""`gengfu sim tunan`: a simulated terminal that reports in '&' or '%' frames, written by hand from the protocol's page, with faults. Shares nothing with the product's codec."""

from __future__ import annotations

import struct

from devices import sim_studio
from devices.sim_plant import Doctor

DOCTOR: Doctor = {
    **sim_studio.DOCTOR,
    "insertion": ("plays what nobody ordered", "本地插播"),
    "crc": ("a checksum that does not hold", "校验错误"),
}
IDLE, INSERTION = 0x00, 0x83
REPORT, ALARM = 0x65, 0x66


def crc(data: bytes) -> bytes:
    """CRC-16 of Modbus, bit by bit."""
    value = 0xFFFF
    for octet in data:
        value ^= octet
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value.to_bytes(2, "little")


class Terminal(sim_studio.Device):
    """Reports every other second what plays, how loud, and its supply, which moves a little."""

    own = ("exception", "unit")

    every = 2.0

    def __init__(self, code: str, *, long: bool = False, seed: int = 1) -> None:
        super().__init__(seed)
        self.code, self._long = bytes.fromhex(code), long
        self.reset()

    def reset(self) -> None:
        """As it was delivered."""
        self.volume, self.mains = 80, 220.0

    def session(self) -> Talk:
        """A connection."""
        return Talk()

    def told(self) -> dict[str, object]:
        """How it is."""
        return {"code": self.code.hex(), "volume": self.volume, "mains": self.mains}

    def tick(self) -> list[bytes]:
        """A report; an alarm where something is wrong with it."""
        if "stuck" not in self.faults:
            self.mains = 220.0 + self.wire.below(41) / 10 - 2
        alarm = self.wire.strikes("exception")
        code = bytes([self.code[0] ^ 0x10]) + self.code[1:] if self.wire.strikes("unit") else self.code
        data = self._framed(code, ALARM if alarm else REPORT, 0.0 if alarm else self.mains)
        return [data[:-1] + bytes([data[-1] ^ 1]) if "crc" in self.faults else data]

    def _framed(self, code: bytes, function: int, mains: float) -> bytes:
        playing = INSERTION if "insertion" in self.faults else IDLE
        rows = b"\x25\x03\x01" + bytes([playing]) + b"\x08\x03\x01" + bytes([self.volume])
        rows += b"\x31\x03\x04" + struct.pack("<f", mains)
        body = bytes([function]) + len(rows).to_bytes(2, "little") + rows
        maker = b"\x01\x00\x12\x03\x04\x05" if self._long else b""
        return (b"%" if self._long else b"&") + code + maker + b"\x01\x00" + body + crc(body)


class Talk:
    """One connection; it listens to nobody."""

    def greeting(self) -> list[bytes]:
        """Nothing."""
        return []

    def heard(self, data: bytes) -> list[bytes]:
        """Nothing."""
        return []


def main(argv: list[str]) -> int:
    """Run until a signal."""
    made = sim_studio.parser(
        "tunan",
        "A simulated terminal that reports in & or % frames. · 模拟厂家 & 与 % 帧终端。",
        DOCTOR,
        Terminal.own,
    )
    made.add_argument(
        "--code", type=_code, default="340422100001000001", help="18 digits · 资源编码,18 位数字"
    )
    made.add_argument("--long", action="store_true", help="%% frames, with the maker · 长帧")
    asked = made.parse_args(argv)
    return sim_studio.run(asked, Terminal(asked.code, long=asked.long, seed=asked.seed), DOCTOR)


def _code(text: str) -> str:
    if len(text) != 18 or not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return text


_code.__name__ = "code"
