"""`gengfu sim vdcp`: a simulated video server, written by hand from what is known of the protocol, with faults. Shares nothing with the product's codec."""

from __future__ import annotations

from devices import sim_studio
from devices.sim_plant import Doctor

DOCTOR: Doctor = {
    **sim_studio.DOCTOR,
    "checksum": ("answers with a checksum that does not hold", "应答校验错误"),
    "denied": ("grants no port", "不授予端口"),
    "other": ("answers another question", "答非所问"),
}
IDLE, PLAYING, STILL, CUED = 0x01, 0x04, 0x08, 0x80


class Server(sim_studio.Device):
    """One port with clips."""

    own = ("exception", "unit")

    def __init__(self, seed: int = 1) -> None:
        super().__init__(seed)
        self.clips = {"NEWS0001": 90, "AD0001": 15, "SLATE": 3600}  # seconds
        self.reset()

    def reset(self) -> None:
        """As after power-up: no port is open."""
        self.state, self.port, self.clip, self.seconds = IDLE, 0, "", 0

    def session(self) -> Talk:
        """A connection."""
        return Talk(self)

    def told(self) -> dict[str, object]:
        """What it does."""
        return {"state": self.state, "port": self.port, "clip": self.clip}

    def order(self, code: int, data: bytes) -> bool:
        """An order; False for one it does not know."""
        states = {0x00: IDLE, 0x01: PLAYING, 0x02: PLAYING, 0x04: STILL, 0x06: PLAYING}
        known = code in states or code in (0x21, 0x22, 0x24, 0x25)
        if known and self.count(f"{code:02x} {data.hex()}"):
            if code in states:
                self.state = states[code]
            elif code in (0x24, 0x25):
                self._cue(self.named(data))
            else:
                self.port = data[0] if data and code == 0x22 else 0
        return known

    def _cue(self, name: str) -> None:
        """What it has; it says yes to any name."""
        self.clip, self.state = (name, CUED | IDLE) if name in self.clips else ("", IDLE)

    def named(self, data: bytes) -> str:
        """A name of eight characters, or one with its length in front."""
        text = data[1 : 1 + data[0]] if data and data[0] < 0x20 else data[:8]
        return text.decode("ascii", "replace").strip()

    def question(self, code: int, data: bytes, *, long: bool) -> bytes | None:
        """What is answered; None for a question it does not know."""
        self.requests += 1
        held = self.clip.encode()
        if code == 0x01:
            return bytes(["denied" not in self.faults])
        if code == 0x05:
            return bytes([1, self.state, self.port])
        if code == 0x06:
            return bytes([1]) + self.clock(self.seconds)
        if code == 0x07:
            named = bytes([len(held)]) + held if long else held.ljust(8)
            return b"\x01" + named if held else b"\x00"
        if code == 0x14:
            return self.clock(self.clips.get(self.named(data), 0))
        if code == 0x16:
            return bytes([self.named(data) in self.clips])
        return None

    def clock(self, seconds: int) -> bytes:
        """Frames, seconds, minutes, hours, as digits."""
        return bytes(int(f"{n:02}", 16) for n in (0, seconds % 60, seconds // 60 % 60, seconds // 3600))


class Talk:
    """One connection."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._held = b""

    def greeting(self) -> list[bytes]:
        """Nothing."""
        return []

    def heard(self, data: bytes) -> list[bytes]:
        """Messages."""
        self._held = (self._held + data)[-sim_studio.MOST_BUFFERED :]
        out: list[bytes] = []
        while True:
            begin = self._held.find(b"\x02")
            self._held = self._held[begin:] if begin >= 0 else b""
            if len(self._held) < 2 or len(self._held) < self._held[1] + 3:
                return out
            size = self._held[1] + 3
            out.append(self._whole(self._held[2:size]))
            self._held = self._held[size:]

    def _whole(self, body: bytes) -> bytes:
        server = self._server
        if len(body) < 3 or sum(body) % 256:
            return b"\x05\x04"
        if server.wire.strikes("exception"):
            return bytes([5, server.wire.on["exception"] or 0x01])
        kind, code, data = body[0] >> 4, body[1], body[2:-1]
        if kind & 3 != 3:
            return b"\x04" if server.order(code, data) else b"\x05\x01"
        said = server.question(code, data, long=bool(kind & 8))
        if said is None:
            return b"\x04"
        code += 1 if "other" in server.faults else 0
        unit = body[0] ^ 1 if server.wire.strikes("unit") else body[0]
        made = bytes([unit, code + 0x80]) + said
        check = (256 - sum(made) % 256) % 256 ^ (1 if "checksum" in server.faults else 0)
        return bytes([2, len(made)]) + made + bytes([check])


def main(argv: list[str]) -> int:
    """Run until a signal."""
    text = "A simulated video server (VDCP). · 模拟视频服务器(VDCP)。"
    asked = sim_studio.parser("vdcp", text, DOCTOR, Server.own).parse_args(argv)
    return sim_studio.run(asked, Server(asked.seed), DOCTOR)
