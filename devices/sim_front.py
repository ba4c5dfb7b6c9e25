"""`gengfu sim front`: a simulated county front end (0x49/0x50), written by hand from the protocol's page, with faults. Shares nothing with the product's codec."""

from __future__ import annotations

import binascii
from pathlib import Path
from typing import Any

from devices import sim_studio, sim_wire
from devices.sim_plant import Doctor
from devices.sim_sm2 import PublicKey

DOCTOR: Doctor = {
    **sim_studio.DOCTOR,
    "crc": ("answers with a checksum that does not hold", "应答校验错误"),
    "other": ("answers for another message or front end", "应答其他消息或前端"),
    "bare": ("answers a start with a bare yes", "开播仅作通用回复"),
}
MOST = 16_384  # bytes held of a client that sends rubbish
NO_SIGNATURE = bytes(74)


def framed(kind: int, body: bytes) -> bytes:
    """A frame of the front end, unsigned as real ones are."""
    data = (
        b"\x50\x00\x01" + bytes([kind, 2]) + len(body).to_bytes(4, "big") + body + b"\x00\x4a" + NO_SIGNATURE
    )
    return data + sim_wire.crc(data).to_bytes(4, "big")


class FrontEnd(sim_studio.Device):
    """It keeps what plays by message, and the last of each other order as hex."""

    own = ("exception",)

    def __init__(self, code: str, key: PublicKey | None = None, seed: int = 1) -> None:
        super().__init__(seed)
        self.code = binascii.unhexlify("f" + code)
        self.key = key
        self.playing: dict[str, str] = {}
        self.kept: dict[str, str] = {}
        self.every = 30.0

    def session(self) -> Talk:
        """A connection."""
        return Talk(self)

    def reset(self) -> None:
        """Everything stops and is forgotten."""
        self.playing.clear()
        self.kept.clear()

    def tick(self) -> list[bytes]:
        """A heart-beat."""
        return [framed(0x20, b"\x0c" + self.code + b"\x01" + bytes(4))]

    def told(self) -> dict[str, object]:
        """What plays, and what was ordered last."""
        return {"playing": dict(self.playing), "kept": dict(self.kept)}

    def believes(self, signed: bytes, block: bytes) -> bool:
        """Whether an order may be obeyed; without a key any may."""
        return self.key is None or self.key.verify(signed, block[10:])

    def obey(self, kind: int, body: bytes) -> list[bytes]:
        """What is answered to an order."""
        if kind in (0x21, 0x22):
            return []
        if self.wire.strikes("exception"):
            code = self.wire.on["exception"] or 3
            return [framed(0x12, code.to_bytes(4, "big") + (6).to_bytes(4, "big") + "冲突".encode())]
        if kind == 0x04:
            return self._switch(body)
        if kind in (0x0E, 0x0F):
            return [self._channels(kind, body)]
        if self.count(f"{kind:02x}"):
            self.kept[f"{kind:02x}"] = body.hex()
        return [framed(0x12, bytes(8))]

    def _switch(self, body: bytes) -> list[bytes]:
        if "bare" in self.faults:
            return [framed(0x12, bytes(8))]
        message, power = body[:18], body[18]
        obeys = self.count(f"04 {power}")
        if obeys:
            if power == 2:
                self.playing.pop(message.hex()[1:], None)
            else:
                self.playing[message.hex()[1:]] = body[20:25].decode("ascii", "replace")
        said, place = "已执行".encode(), b"rtp://10.1.0.9:5004"
        named = message[:-1] + b"\x99" if "other" in self.faults else message
        answer = self.code + named + b"\x00" + len(said).to_bytes(4, "big") + said
        return [
            framed(0x17, answer + len(place).to_bytes(2, "big") + place)
            + (self._task(message, power) if obeys else b"")
        ]

    def _task(self, message: bytes, power: int) -> bytes:
        if power == 2:
            return framed(0x19, self.code + message)
        head = self.code + message + b"\x01\x04\x0111B03\x01\x01\x01\x02\x50"
        return framed(0x18, head + b"\x01\x0c" + self.code)

    def _channels(self, kind: int, body: bytes) -> bytes:
        own = self.code[:-1] + b"\x77" if "other" in self.faults else self.code
        if body[:12] != self.code:
            return framed(0x12, (1).to_bytes(4, "big") + bytes(4))
        if kind == 0x0F:
            name = "话筒".encode("gb18030")
            rows = b"\x01" + len(name).to_bytes(2, "big") + name + b"\x01\x01"
            return framed(0x14, own + b"\x01" + rows)
        busy = next(iter(self.playing), "")
        state = b"\x02" + binascii.unhexlify("f" + busy) if busy else b"\x01"
        rows = b"\x01\x01\x01\x00\x98\x50" + state
        return framed(
            0x13, own + b"\x02" + rows + b"\x02\x02\x01\x00\x01\x00\x02\x00\x03\x10\x00\x01\x03\x10\x01\x01"
        )


class Talk:
    """One connection."""

    def __init__(self, front: FrontEnd) -> None:
        self._front = front
        self._held = bytearray()

    def greeting(self) -> list[bytes]:
        """Nothing."""
        return []

    def heard(self, data: bytes) -> list[bytes]:
        """Frames are cut by their length; what does not begin as one is thrown away a byte at a time."""
        self._held += data
        out: list[bytes] = []
        while len(self._held) >= 9:
            size = int.from_bytes(self._held[5:9], "big")
            if bytes(self._held[:3]) != b"\x49\x00\x01" or size > MOST:
                del self._held[0]
                continue
            if len(self._held) < size + 89:
                break
            whole, self._held = bytes(self._held[: size + 89]), self._held[size + 89 :]
            out += self._whole(whole, size)
        return out

    def _whole(self, data: bytes, size: int) -> list[bytes]:
        front, at = self._front, 9 + size
        if sim_wire.crc(data[:-4]) != int.from_bytes(data[-4:], "big") or data[at : at + 2] != b"\x00\x4a":
            return []
        if not front.believes(data[:at], data[at + 2 : -4]):
            return []
        try:
            answers: list[Any] = front.obey(data[3], data[9:at])
        except IndexError:  # a body cut short
            answers = [framed(0x12, (1).to_bytes(4, "big") + bytes(4))]
        if "crc" in front.faults:
            answers = [one[:-1] + bytes([one[-1] ^ 1]) for one in answers]
        return answers


def main(argv: list[str]) -> int:
    """Run until a signal."""
    made = sim_studio.parser(
        "front", "A simulated county front end. · 模拟县级前端(0x49/0x50)。", DOCTOR, FrontEnd.own
    )
    made.add_argument("--code", default="43404220000000314010301", help="its resource code · 资源编码")
    made.add_argument(
        "--key", type=Path, help="obey only what this SM2 key signed · 只执行此公钥验签通过的指令"
    )
    asked = made.parse_args(argv)
    key = None if asked.key is None else PublicKey.read(asked.key)
    return sim_studio.run(asked, FrontEnd(asked.code, key, asked.seed), DOCTOR)
