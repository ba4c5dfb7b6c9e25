"""Blackmagic Videohub routers (Ethernet protocol 2.3), sans I/O: blocks of text both ways, the state that they tell, one question at a time. Knows no port and no time. Inputs and outputs count from 0, as on the wire."""

from __future__ import annotations

import re
from typing import Final, Literal

import attrs

from devices.turns import Ear, Heard, Stray, Told
from station.words import Refused

PORT: Final = 9990
MOST_LINE, MOST_LINES = 512, 2000
ROUTING: Final = "VIDEO OUTPUT ROUTING"
LOCKS: Final = "VIDEO OUTPUT LOCKS"
INPUTS, OUTPUTS = "INPUT LABELS", "OUTPUT LABELS"
DEVICE: Final = "VIDEOHUB DEVICE"
_HEADER: Final = re.compile(r"[A-Z][A-Z0-9 ]{0,60}\Z")
_ENTRY: Final = re.compile(r"(\d{1,4}) (.*)\Z")


@attrs.frozen
class Block:
    """A header and its lines; ACK and NAK are headers without a colon and without lines."""

    header: str
    lines: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Hub:
    """What a router told of itself. Maps are by port, from 0."""

    version: str = ""
    present: str = ""  # true, false or needs_update
    model: str = ""
    inputs: int = 0
    outputs: int = 0
    input_labels: dict[int, str] = attrs.field(factory=dict)
    output_labels: dict[int, str] = attrs.field(factory=dict)
    routes: dict[int, int] = attrs.field(factory=dict)
    locks: dict[int, str] = attrs.field(factory=dict)  # U open, O locked by this client, L by another


@attrs.frozen
class Route:
    """Put inputs on outputs: pairs of output and input."""

    pairs: tuple[tuple[int, int], ...]


@attrs.frozen
class Label:
    """Name a port."""

    side: Literal["INPUT LABELS", "OUTPUT LABELS"]
    port: int
    text: str


@attrs.frozen
class Lock:
    """Lock an output (O), open it (U), or open what another client locked (F)."""

    output: int
    state: Literal["O", "U", "F"]


@attrs.frozen
class Query:
    """All of one kind of block; its answer is the `Block`."""

    header: str


@attrs.frozen
class Ping:
    """Whether the router still answers."""


Ask = Route | Label | Lock | Query | Ping


def write(block: Block) -> bytes:
    """A block and the blank line that ends it; ValueError for what none can carry."""
    whole = [f"{block.header}:", *block.lines]
    if _HEADER.match(block.header) is None or any(_bad(line) for line in block.lines):
        raise ValueError(f"{block.header!r} is no block")
    return ("\n".join(whole) + "\n\n").encode("utf-8")


def _bad(line: str) -> bool:
    return not line.strip() or not line.isprintable() or len(line.encode("utf-8")) > MOST_LINE


def block_of(ask: Ask) -> Block:
    """What is sent for a question; Refused for what cannot be asked."""
    match ask:
        case Route(pairs=pairs):
            if not pairs or any(not 0 <= port <= 9999 for pair in pairs for port in pair):
                raise Refused("ports are from 0 to 9999", "端口号应在 0–9999 之间", code="videohub")
            return Block(ROUTING, tuple(f"{output} {source}" for output, source in pairs))
        case Label(side=side, port=port, text=text):
            if _bad(text) or not 0 <= port <= 9999:
                raise Refused(f"{text!r} is no name of a port", f"“{text}”不能作为端口名称", code="videohub")
            return Block(side, (f"{port} {text}",))
        case Lock(output=output, state=state):
            return Block(LOCKS, (f"{output} {state}",))
        case Query(header=header):
            return Block(header)
        case _:
            return Block("PING")


def entries(block: Block) -> dict[int, str]:
    """Port and rest of each line; lines that are no such thing are passed over, as the protocol asks."""
    found = [_ENTRY.match(line) for line in block.lines]
    return {int(one[1]): one[2] for one in found if one is not None}


def _facts(block: Block) -> dict[str, str]:
    return {name: value.strip() for name, _, value in (line.partition(":") for line in block.lines)}


def _count(text: str) -> int:
    return int(text) if re.fullmatch(r"\d{1,4}", text) else 0


def evolve(hub: Hub, block: Block) -> Hub:
    """The router after a block. Headers not known here change nothing."""
    match block.header:
        case "PROTOCOL PREAMBLE":
            return attrs.evolve(hub, version=_facts(block).get("Version", ""))
        case "VIDEOHUB DEVICE":
            return _device(hub, _facts(block))
        case "INPUT LABELS":
            return attrs.evolve(hub, input_labels=hub.input_labels | entries(block))
        case "OUTPUT LABELS":
            return attrs.evolve(hub, output_labels=hub.output_labels | entries(block))
        case "VIDEO OUTPUT ROUTING":
            routes = {
                port: int(text) for port, text in entries(block).items() if re.fullmatch(r"\d{1,4}", text)
            }
            return attrs.evolve(hub, routes=hub.routes | routes)
        case "VIDEO OUTPUT LOCKS":
            return attrs.evolve(hub, locks=hub.locks | entries(block))
        case _:
            return hub


def _device(hub: Hub, facts: dict[str, str]) -> Hub:
    """Another router under the same address begins anew."""
    return Hub(
        version=hub.version,
        present=facts.get("Device present", ""),
        model=facts.get("Model name", ""),
        inputs=_count(facts.get("Video inputs", "")),
        outputs=_count(facts.get("Video outputs", "")),
    )


class VideohubWire(Ear):
    """One router; `hub` is what it told so far. A query's answer must name every output where their number is known."""

    def __init__(self) -> None:
        super().__init__()
        self.hub = Hub()
        self._lines: list[str] = []
        self._taken = False  # the open query was acknowledged

    @property
    def holding(self) -> bool:
        """Whether a block has begun."""
        return bool(self._held or self._lines)

    def cut(self) -> list[Heard]:
        """Nothing follows what is kept."""
        self._lines = []
        return super().cut()

    def asked(self, ask: Ask) -> bytes:
        """The block of a question."""
        made = write(block_of(ask))
        self._open, self._taken = ask, False
        return made

    def feed(self, data: bytes) -> list[Heard]:
        """What these bytes bring."""
        self._held += data
        *lines, self._held = self._held.split(b"\n")
        heard: list[Heard] = []
        for line in lines:
            heard += self._line(line.rstrip(b"\r"))
        if len(self._held) > MOST_LINE or len(self._lines) > MOST_LINES:
            self._held, self._lines = b"", []
            heard.append(self._garbled("a block without an end"))
        return heard

    def _line(self, data: bytes) -> list[Heard]:
        text = data.decode("utf-8", "replace")
        if text.strip():
            self._lines.append(text)
            return []
        lines, self._lines = self._lines, []
        return [self._block(lines)] if lines else []

    def _block(self, lines: list[str]) -> Heard:
        head = lines[0].strip()
        if head in ("ACK", "NAK") and len(lines) == 1:
            return self._judged(taken=head == "ACK")
        if not head.endswith(":") or _HEADER.match(head[:-1]) is None:
            return (
                self._garbled("a block without a header")
                if self.waiting
                else Stray("a block without a header")
            )
        block = Block(head[:-1], tuple(lines[1:]))
        self.hub = evolve(self.hub, block)
        if (
            isinstance(self._open, Query)
            and self._taken
            and self._open.header == block.header
            and self._whole(block)
        ):
            return self._answered(block)
        return Told(block)

    def _judged(self, *, taken: bool) -> Heard:
        if self._open is None or self._taken:
            return Stray("an acknowledgement of nothing")
        if not taken:
            return self._declined("NAK", "the router does not know this, or will not")
        if isinstance(self._open, Query):
            self._taken = True
            return Told(Block("ACK"))
        return self._done()

    def _whole(self, block: Block) -> bool:
        wanted: dict[str, int] = {ROUTING: self.hub.outputs, OUTPUTS: self.hub.outputs, INPUTS: self.hub.inputs, LOCKS: self.hub.outputs}  # fmt: skip
        return len(entries(block)) >= wanted.get(block.header, 0)


__all__ = [
    "INPUTS", "LOCKS", "OUTPUTS", "PORT", "ROUTING", "Ask", "Block", "Hub", "Label", "Lock", "Ping", "Query", "Route",
    "VideohubWire", "block_of", "entries", "evolve", "write",
]  # fmt: skip
