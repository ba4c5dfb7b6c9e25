"""`gengfu sim amcp`: a simulated CasparCG server with channels and layers, written by hand from the protocol's pages, with faults. Shares nothing with the product's codec."""

from __future__ import annotations

import shlex

from devices import sim_studio
from devices.sim_plant import Doctor

DOCTOR: Doctor = {**sim_studio.DOCTOR, "old": ("knows no request numbers", "不支持请求编号(旧版本)")}
MEDIA = ("AMB", "NEWS 1", "寿县片头", "GO1080P25")


class Server(sim_studio.Device):
    """What is on its layers."""

    own = ("exception", "unit", "echo")

    def __init__(self, channels: int = 2, seed: int = 1) -> None:
        super().__init__(seed)
        self.channels = channels
        self.layers: dict[str, list[str]] = {}  # place: state, clip

    def session(self) -> Talk:
        """A connection."""
        return Talk(self)

    def reset(self) -> None:
        """Every layer is empty."""
        self.layers.clear()

    def told(self) -> dict[str, object]:
        """Its layers."""
        return dict(self.layers)

    def obey(self, words: list[str]) -> str:
        """The answer to a command, without request number."""
        verb = words[0].upper()
        if self.wire.strikes("exception"):
            code = self.wire.on["exception"] or 500
            return f"{code} {verb} FAILED"
        if verb == "VERSION":
            return "201 VERSION OK\r\n2.3.0 simulated"
        if verb == "CLS":
            rows = [f'"{name}"  MOVIE  6445960 20200101000000 250 1/25' for name in MEDIA]
            return "\r\n".join(["200 CLS OK", *rows, ""])
        if verb == "INFO" and len(words) > 1:
            state = self.layers.get(words[1], ["empty", ""])
            return f"201 INFO OK\r\n<layer><state>{state[0]}</state><clip>{state[1]}</clip></layer>"
        if verb in ("PLAY", "LOADBG", "LOAD", "STOP", "PAUSE", "RESUME", "CLEAR"):
            return self._layer(verb, words[1:])
        return "400 ERROR\r\n" + " ".join(words)

    def _layer(self, verb: str, words: list[str]) -> str:
        if not words:
            return f"402 {verb} ERROR"
        channel = words[0].partition("-")[0]
        if not channel.isdecimal() or not 1 <= int(channel) <= self.channels:
            return f"401 {verb} ERROR"
        clip = words[1] if len(words) > 1 else ""
        if clip and clip.upper() not in [name.upper() for name in MEDIA]:
            return f"404 {verb} FAILED"
        states = {
            "PLAY": "playing",
            "RESUME": "playing",
            "PAUSE": "paused",
            "STOP": "stopped",
            "CLEAR": "empty",
        }
        if self.count(" ".join([verb, *words])):
            before = self.layers.get(words[0], ["empty", ""])
            self.layers[words[0]] = [states.get(verb, "loaded"), "" if verb == "CLEAR" else clip or before[1]]
        return f"202 {verb} OK"


class Talk:
    """One connection."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._text = b""

    def greeting(self) -> list[bytes]:
        """Nothing."""
        return []

    def heard(self, data: bytes) -> list[bytes]:
        """Lines of commands."""
        self._text = (self._text + data)[-sim_studio.MOST_BUFFERED :]
        out = []
        while b"\r\n" in self._text:
            line, _, self._text = self._text.partition(b"\r\n")
            out.append(self._answered(line.decode("utf-8", "replace")))
        return out

    def _answered(self, line: str) -> bytes:
        server = self._server
        try:
            words = shlex.split(line)
        except ValueError:
            words = []
        number = ""
        if words[:1] == ["REQ"] and len(words) > 2 and "old" not in server.faults:
            number, words = words[1], words[2:]
        said = server.obey(words) if words else "400 ERROR\r\n" + line
        if number and server.wire.strikes("unit"):
            number = str(int(number) + 1)
        if server.wire.strikes("echo"):
            said = said.replace("PLAY", "STOP").replace("INFO", "CLS")
        return ((f"RES {number} " if number else "") + said + "\r\n").encode()


def main(argv: list[str]) -> int:
    """Run until a signal."""
    made = sim_studio.parser(
        "amcp", "A simulated CasparCG server. · 模拟 CasparCG 服务器。", DOCTOR, Server.own
    )
    made.add_argument("--channels", type=int, default=2, help="how many · 通道数")
    asked = made.parse_args(argv)
    return sim_studio.run(asked, Server(asked.channels, asked.seed), DOCTOR)
