"""`gengfu sim swp08`: a simulated Pro-Bel router controller, written by hand from the protocol's pages, with faults. Shares nothing with the product's codec."""

from __future__ import annotations

from devices import sim_studio
from devices.sim_plant import Doctor

DOCTOR: Doctor = {
    **sim_studio.DOCTOR,
    "checksum": ("answers with a checksum that does not hold", "应答校验错误"),
    "refuse": ("answers NAK", "应答 NAK"),
}


def packed(body: bytes, wrong: int = 0) -> bytes:
    """A frame around a message."""
    check = (256 - (sum(body) + len(body)) % 256) % 256 ^ wrong
    out = [0x10, 0x02]
    for octet in [*body, len(body), check]:
        out += [octet, octet] if octet == 0x10 else [octet]
    return bytes([*out, 0x10, 0x03])


class Router(sim_studio.Device):
    """Crosspoints of one level of one matrix."""

    own = ("exception", "echo", "unit")

    def __init__(self, size: int = 64, seed: int = 1) -> None:
        super().__init__(seed)
        self.size = size
        self.points = list(range(size))

    def session(self) -> Talk:
        """A connection."""
        return Talk(self)

    def reset(self) -> None:
        """Source n on destination n."""
        self.points = list(range(self.size))

    def told(self) -> dict[str, object]:
        """Its crosspoints."""
        return {"points": list(self.points)}

    def obey(self, body: bytes) -> list[bytes]:
        """The messages that answer one; none where it is nonsense."""
        kind = body[0]
        if kind == 21 and len(body) == 2:
            return self._table(body[1])
        if kind in (1, 2) and len(body) == 3 + kind:
            place, many = body[1], body[2]
            dest = (many >> 4) * 128 + body[3]
            source = (many & 7) * 128 + body[4] if kind == 2 else 0
        elif kind in (129, 130) and len(body) == (5 if kind == 129 else 7):
            place, dest = 0, body[3] * 256 + body[4]
            source = body[5] * 256 + body[6] if kind == 130 else 0
        else:
            return []
        if dest >= self.size or source >= self.size or place:
            return []
        return [self._point(kind, dest, source)]

    def _point(self, kind: int, dest: int, source: int) -> bytes:
        if kind in (2, 130) and self.count((dest, source)):
            self.points[dest] = source
        shown = self.points[dest] if kind in (1, 129) else source
        if self.wire.strikes("echo"):
            shown ^= 1
        dest ^= 1 if self.wire.strikes("unit") else 0
        if kind > 128:
            return bytes([kind + 2, 0, 0, dest // 256, dest % 256, shown // 256, shown % 256])
        return bytes([kind + 2, 0, dest // 128 * 16 + shown // 128, dest % 128, shown % 128])

    def _table(self, place: int) -> list[bytes]:
        if place:
            return []
        if self.size <= 120:
            return [bytes([22, 0, self.size, 0, *self.points])]
        out = []
        for first in range(0, self.size, 64):
            row = self.points[first : first + 64]
            words = b"".join(bytes([source // 256, source % 256]) for source in row)
            out.append(bytes([23, 0, len(row), first // 256, first % 256]) + words)
        return out


class Talk:
    """One connection."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._held: list[int] = []
        self._state = 0  # 0 outside, 1 DLE outside, 2 inside, 3 DLE inside

    def greeting(self) -> list[bytes]:
        """Nothing."""
        return []

    def heard(self, data: bytes) -> list[bytes]:
        """A byte at a time."""
        out: list[bytes] = []
        for octet in data:
            if self._state < 2:
                begins = self._state == 1 and octet == 0x02
                self._state = 2 if begins else int(octet == 0x10)
                self._held = []
            elif self._state == 2:
                if octet == 0x10:
                    self._state = 3
                else:
                    self._held.append(octet)
            elif octet == 0x10:
                self._held.append(octet)
                self._state = 2
            else:
                self._state = 0
                out += self._whole(bytes(self._held)) if octet == 0x03 else []
        return out

    def _whole(self, body: bytes) -> list[bytes]:
        router = self._router
        refused = "refuse" in router.faults or router.wire.strikes("exception")
        if len(body) < 3 or sum(body) % 256 or body[-2] != len(body) - 2 or refused:
            return [b"\x10\x15"]
        wrong = 1 if "checksum" in router.faults else 0
        return [b"\x10\x06", *(packed(one, wrong) for one in router.obey(body[:-2]))]


def main(argv: list[str]) -> int:
    """Run until a signal."""
    made = sim_studio.parser("swp08", "A simulated Pro-Bel router. · 模拟 SW-P-08 矩阵。", DOCTOR, Router.own)
    made.add_argument("--size", type=int, default=64, help="sources and destinations · 输入输出路数")
    asked = made.parse_args(argv)
    return sim_studio.run(asked, Router(asked.size, asked.seed), DOCTOR)
