"""`gengfu sim videohub`: a simulated router that speaks the Videohub protocol, written by hand from its maker's manual, with faults. Shares nothing with the product's codec."""

from __future__ import annotations

from devices import sim_studio
from devices.sim_plant import Doctor

DOCTOR: Doctor = {
    **sim_studio.DOCTOR,
    "locked": ("every output is locked by somebody else", "所有输出被他人锁定"),
}


class Router(sim_studio.Device):
    """Its crosspoints, names and locks."""

    own = ("exception", "echo")

    def __init__(self, size: int = 16, seed: int = 1) -> None:
        super().__init__(seed)
        self.size = size
        self.reset()

    def reset(self) -> None:
        """As it left the factory: input n on output n."""
        self.tables: dict[str, list[str]] = {
            "INPUT LABELS": [f"Camera {n + 1}" for n in range(self.size)],
            "OUTPUT LABELS": [f"Monitor {n + 1}" for n in range(self.size)],
            "VIDEO OUTPUT LOCKS": ["U"] * self.size,
            "VIDEO OUTPUT ROUTING": [str(n) for n in range(self.size)],
        }

    def session(self) -> Talk:
        """A connection."""
        return Talk(self)

    def told(self) -> dict[str, object]:
        """Its crosspoints."""
        return {"routing": self.tables["VIDEO OUTPUT ROUTING"]}

    def dump(self, header: str) -> bytes:
        """One table whole."""
        rows = "".join(f"{n} {text}\n" for n, text in enumerate(self.tables[header]))
        return f"{header}:\n{rows}\n".encode()


class Talk:
    """One connection."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._text = b""

    def greeting(self) -> list[bytes]:
        """The preamble, the device, all tables."""
        size = self._router.size
        facts = f"VIDEOHUB DEVICE:\nDevice present: true\nModel name: Simulated Videohub\nVideo inputs: {size}\nVideo outputs: {size}\n\n"
        tables = [self._router.dump(header) for header in self._router.tables]
        return [b"PROTOCOL PREAMBLE:\nVersion: 2.3\n\n", facts.encode(), *tables, b"END PRELUDE:\n\n"]

    def heard(self, data: bytes) -> list[bytes]:
        """Blocks, each ended by a blank line."""
        self._text = (self._text + data.replace(b"\r", b""))[-sim_studio.MOST_BUFFERED :]
        out: list[bytes] = []
        while b"\n\n" in self._text:
            block, _, self._text = self._text.partition(b"\n\n")
            lines = [line for line in block.decode("utf-8", "replace").split("\n") if line]
            if lines:
                out += self._obeyed(lines[0].rstrip(":"), lines[1:])
        return out

    def _obeyed(self, header: str, lines: list[str]) -> list[bytes]:
        router = self._router
        if header == "PING":
            return [b"ACK\n\n"]
        table = router.tables.get(header)
        wrong = table is None or any(not self._fits(header, line) for line in lines)
        if wrong or router.wire.strikes("exception") or (lines and "locked" in router.faults):
            return [b"NAK\n\n"]
        assert table is not None
        if not lines:
            return [b"ACK\n\n", router.dump(header)]
        changed = []
        for line in lines:
            port, _, text = line.partition(" ")
            text = {"F": "U"}.get(text, text) if header.endswith("LOCKS") else text
            if router.wire.strikes("echo"):
                text = str(int(text) ^ 1) if text.isdecimal() else text
            if router.count(line):
                table[int(port)] = text
            changed.append(f"{port} {text}\n")
        return [b"ACK\n\n", f"{header}:\n{''.join(changed)}\n".encode()]

    def _fits(self, header: str, line: str) -> bool:
        port, _, text = line.partition(" ")
        if not port.isdecimal() or int(port) >= self._router.size or not text:
            return False
        return header != "VIDEO OUTPUT ROUTING" or (text.isdecimal() and int(text) < self._router.size)


def main(argv: list[str]) -> int:
    """Run until a signal."""
    made = sim_studio.parser(
        "videohub", "A simulated Videohub router. · 模拟 Videohub 矩阵。", DOCTOR, Router.own
    )
    made.add_argument("--size", type=int, default=16, help="inputs and outputs · 输入输出路数")
    asked = made.parse_args(argv)
    return sim_studio.run(asked, Router(asked.size, asked.seed), DOCTOR)
