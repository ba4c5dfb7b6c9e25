"""`gengfu sim mqtt`: a simulated MQTT server with one terminal and one screen behind it, written by hand from the standard and the protocol's page, with faults. Shares nothing with the product's codec."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from devices import sim_studio
from devices.sim_plant import Doctor
from devices.sim_sm2 import PublicKey
from station.clock import wall_us

DOCTOR: Doctor = {
    **sim_studio.DOCTOR,
    "other": ("devices answer in the name of another", "设备以其他编码应答"),
    "mute": ("the server takes orders, the devices are silent", "服务器收下指令,设备不应答"),
    "shut": ("the server lets nobody in", "服务器拒绝连接"),
    "closed": ("nothing may be subscribed to", "拒绝订阅"),
}
MOST = 131_072  # bytes held of a client
WINDOW_S = 300  # an order said longer ago, or later than now, is not believed
GROUPS = (3, 5, 7, 10, 13, 17, 19, 21, 23)  # where a wildcard of a resource code may end


def framed(first: int, body: bytes) -> bytes:
    """A packet: its first byte, its length in groups of seven bits, its body."""
    size, length = len(body), b""
    while size >= 128:
        length += bytes([size % 128 + 128])
        size //= 128
    return bytes([first]) + length + bytes([size]) + body


def field(text: str) -> bytes:
    """A text with its length in front."""
    data = text.encode()
    return bytes([len(data) >> 8, len(data) & 255]) + data


def meant(target: str, code: str) -> bool:
    """Whether a resource code is one that a target means: zeros at its end stand for anything, from the next edge of a group on."""
    body = target.rstrip("0")
    edge = next((edge for edge in GROUPS if edge >= len(body)), 23)
    return len(body) > 1 and target[0] in ("0", code[0]) and target[1:edge] == code[1:edge]


class Thing:
    """A terminal, or a screen: what it was told last."""

    def __init__(self, kind: str, code: str) -> None:
        self.kind, self.code = kind, code
        self.reset()

    def reset(self) -> None:
        """Silent, dark, never spoken to."""
        self.state, self.ebm, self.volume, self.session = "idle", "", 50, 0

    def topic(self, leaf: str) -> str:
        """Where it speaks."""
        return f"gengfu/1/{self.kind}/{self.code}/{leaf}"

    def hears(self, topic: str) -> bool:
        """Whether an order on this topic comes to it."""
        area = self.code[1:13]
        places = [area[:n].ljust(12, "0") for n in (2, 4, 6, 9, 12)]
        own = [f"gengfu/1/{self.kind}/area/{place}/order" for place in places]
        return topic in (self.topic("order"), *own)

    def obey(self, order: dict[str, Any]) -> None:
        """Do as told."""
        what = order["type"]
        if what in ("start", "show"):
            self.state, self.ebm = {"start": "playing", "show": "showing"}[what], order["ebm"]
        if what == "stop" and order["ebm"] == self.ebm:
            self.state, self.ebm = "idle", ""
        if order.get("volume") is not None:
            self.volume = order["volume"]


class Server(sim_studio.Device):
    """The server and its two devices. `key`: obey only what it signed."""

    own = ("exception", "unit")

    def __init__(
        self, terminal: str = "63404221000000314010401", screen: str = "63404221000000314020401",
        key: PublicKey | None = None, seed: int = 1, seconds: Callable[[], int] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(seed)
        self.things = [Thing("terminal", terminal), Thing("screen", screen)]
        self.key = key
        self.seconds = seconds or (lambda: wall_us() // 1_000_000)

    def session(self) -> Talk:
        """A connection."""
        return Talk(self)

    def reset(self) -> None:
        """Everything stops and is forgotten."""
        for thing in self.things:
            thing.reset()

    def told(self) -> dict[str, object]:
        """How its devices are."""
        return {one.kind: {"state": one.state, "ebm": one.ebm, "volume": one.volume} for one in self.things}

    def given(self, topic: str, payload: bytes) -> list[tuple[str, dict[str, Any]]]:
        """What its devices publish on an order."""
        things = [] if "mute" in self.faults else [one for one in self.things if one.hears(topic)]
        try:
            order = json.loads(payload)
            return [
                said for thing in things if self._believed(thing, order) for said in self._done(thing, order)
            ]
        except (ValueError, KeyError, TypeError):
            return []  # no order: devices are silent toward it

    def _believed(self, thing: Thing, order: dict[str, Any]) -> bool:
        """Whether it is for this device, new, of now, and signed where that is wanted."""
        if not any(meant(target, thing.code) for target in order["to"]) or order["session"] <= thing.session:
            return False
        if (
            abs(order["at"] - self.seconds()) > WINDOW_S
            or order.get("end", order["at"] + 1) <= self.seconds()
        ):
            return False
        if self.key is not None and order["type"] != "query":
            kept = {name: value for name, value in order.items() if name != "signature"}
            said = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
            if not self.key.verify(said, bytes.fromhex(order.get("signature", "00" * 64))):
                return False
        thing.session = order["session"]
        return True

    def _done(self, thing: Thing, order: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        code = thing.code[:-2] + "99" if "other" in self.faults else thing.code
        head = {"v": 1, "code": code}
        if self.wire.strikes("exception"):
            no = {**head, "type": "answer", "id": order["id"], "result": "refused", "text": "故障"}
            return [(thing.topic("answer"), no)]
        before = thing.ebm
        if order["type"] != "query" and self.count(order["type"]):
            thing.obey(order)
        status = {**self.status(thing), **head}
        if order["type"] == "query":
            return [(thing.topic("status"), {**status, "id": order["id"]})]
        out = [(thing.topic("answer"), {**head, "type": "answer", "id": order["id"], "result": "done"})]
        if thing.ebm != before:
            state = thing.state if thing.ebm else "ended"
            task = {**head, "type": "task", "ebm": thing.ebm or before, "state": state, "at": self.seconds()}
            out.append((thing.topic("task"), task))
        return [*out, (thing.topic("status"), status)]

    def status(self, thing: Thing) -> dict[str, Any]:
        """How a device is."""
        made = {
            "type": "status", "v": 1, "code": thing.code, "online": True,
            "at": self.seconds(), "state": thing.state, "volume": thing.volume,
        }  # fmt: skip
        return {**made, "ebm": thing.ebm} if thing.ebm else made


class Talk:
    """One connection: a client, what it subscribed to, the numbers of what it is sent."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._held = b""
        self._filters: list[str] = []
        self._sent = 0
        self._known = False

    def greeting(self) -> list[bytes]:
        """Nothing: the client speaks first."""
        return []

    def heard(self, data: bytes) -> list[bytes]:
        """Whole packets; a client that sends what is none is not answered any more."""
        self._held = (self._held + data)[-MOST:]
        out: list[bytes] = []
        while len(self._held) > 1:
            size, at = 0, 1
            while at < 5 and at < len(self._held) and self._held[at] > 127:
                size, at = size + (self._held[at] - 128) * 128 ** (at - 1), at + 1
            if at >= len(self._held):
                break
            end = at + 1 + size + self._held[at] * 128 ** (at - 1)
            if end > len(self._held):
                break
            first, body, self._held = self._held[0], self._held[at + 1 : end], self._held[end:]
            try:
                out += self._whole(first, body)
            except (IndexError, UnicodeDecodeError):
                self._known = False
        return out

    def _whole(self, first: int, body: bytes) -> list[bytes]:
        if first == 0x10:
            self._known = "shut" not in self._server.faults and body[:7] == b"\x00\x04MQTT\x04"
            return [framed(0x20, bytes([0, 0 if self._known else 5]))]
        if not self._known:
            return []
        if first == 0x82:
            return self._subscribed(body)
        if first >> 4 == 3:
            return self._published(first, body)
        return [framed(0xD0, b"")] if first == 0xC0 else []

    def _subscribed(self, body: bytes) -> list[bytes]:
        at, codes = 2, b""
        names = []
        while at < len(body):
            size = body[at] * 256 + body[at + 1]
            names.append(body[at + 2 : at + 2 + size].decode())
            codes += b"\x80" if "closed" in self._server.faults else b"\x01"
            at += size + 3
        number = body[:2] if not self._server.wire.strikes("unit") else b"\x7f\x7f"
        if "closed" in self._server.faults:
            return [framed(0x90, number + codes)]
        self._filters += names
        kept = [(one.topic("status"), self._server.status(one)) for one in self._server.things]
        return [framed(0x90, number + codes), *self._sending(kept, retained=True)]

    def _published(self, first: int, body: bytes) -> list[bytes]:
        size = body[0] * 256 + body[1]
        topic, rest = body[2 : 2 + size].decode(), body[2 + size :]
        taken = []
        if first & 6:
            number = b"\x7f\x7f" if self._server.wire.strikes("unit") else rest[:2]
            taken, rest = [framed(0x40, number)], rest[2:]
        return [*taken, *self._sending(self._server.given(topic, rest), retained=False)]

    def _sending(self, said: list[tuple[str, dict[str, Any]]], *, retained: bool) -> list[bytes]:
        out = []
        for topic, payload in said:
            if not any(self._fits(name, topic) for name in self._filters):
                continue
            self._sent = self._sent % 65535 + 1
            text = json.dumps(payload, ensure_ascii=False).encode()
            number = bytes([self._sent >> 8, self._sent & 255])
            out.append(framed(0x33 if retained else 0x32, field(topic) + number + text))
        return out

    @staticmethod
    def _fits(name: str, topic: str) -> bool:
        """Whether a filter means a topic: + is one level; # stands at no filter's end here."""
        wanted, levels = name.split("/"), topic.split("/")
        return len(wanted) == len(levels) and all(a in ("+", b) for a, b in zip(wanted, levels, strict=True))


def main(argv: list[str]) -> int:
    """Run until a signal."""
    made = sim_studio.parser(
        "mqtt",
        "A simulated MQTT server with a terminal and a screen. · 模拟 MQTT 服务器及终端、大屏。",
        DOCTOR,
        Server.own,
    )
    made.add_argument("--terminal", default="63404221000000314010401", help="resource code · 终端资源编码")
    made.add_argument("--screen", default="63404221000000314020401", help="resource code · 大屏资源编码")
    made.add_argument(
        "--key", type=Path, help="obey only what this SM2 key signed · 只执行此公钥验签通过的指令"
    )
    asked = made.parse_args(argv)
    key = None if asked.key is None else PublicKey.read(asked.key)
    return sim_studio.run(asked, Server(asked.terminal, asked.screen, key, asked.seed), DOCTOR)
