"""A source of an Icecast server: the request that begins a stream, the server's answer, and titles (Icecast 2.4 source protocol: HTTP PUT; /admin/metadata). Pure: bytes in, a word out; knows no socket and no time."""

from __future__ import annotations

from base64 import b64encode
from typing import Final
from urllib.parse import quote

import attrs

from station.words import Misheard

MOST: Final = 8_192  # bytes of an answer's head
AGENT: Final = "gengfu"
TYPES: Final = {"mp3": "audio/mpeg", "aac": "audio/aac", "opus": "audio/ogg", "flac": "audio/ogg"}
TITLED: Final = ("mp3", "aac")  # whose titles are told beside the stream; an Ogg stream has none but its name


@attrs.frozen(kw_only=True)
class Mount:
    """A place on a server, and who may send there."""

    host: str
    port: int
    path: str  # with its stroke
    user: str
    password: str = attrs.field(repr=False)

    @property
    def credential(self) -> str:
        """Of HTTP basic authentication."""
        return "Basic " + b64encode(f"{self.user}:{self.password}".encode()).decode()


def request(mount: Mount, codec: str, kbps: int, name: str) -> bytes:
    """What a source says first. It sends nothing more until the server answers: a refusal must not meet a stream."""
    lines = (
        f"PUT {mount.path} HTTP/1.1",
        f"Host: {mount.host}:{mount.port}",
        f"Authorization: {mount.credential}",
        f"User-Agent: {AGENT}",
        f"Content-Type: {TYPES[codec]}",
        f"Ice-Name: {header(name)}",
        "Ice-Public: 0",
        f"Ice-Audio-Info: ice-samplerate=48000;ice-bitrate={kbps};ice-channels=2",
        "Expect: 100-continue",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def title(mount: Mount, said: str) -> bytes:
    """The request that tells what sounds now; on a connection of its own."""
    words = f"mode=updinfo&charset=UTF-8&mount={quote(mount.path, safe='')}&song={quote(said, safe='')}"
    lines = (
        f"GET /admin/metadata?{words} HTTP/1.0",
        f"Host: {mount.host}:{mount.port}",
        f"Authorization: {mount.credential}",
        f"User-Agent: {AGENT}",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def header(said: str) -> str:
    """Words as they may stand in a header: one line."""
    return " ".join("".join(c if c.isprintable() else " " for c in said).split())


class Answer:
    """Listens to what the server says before the stream begins."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> str | None:
        """None: not said yet. "": the stream may begin. Else why not, a key of playout.gauge.WHY; Misheard where it is no HTTP."""
        self._held += data
        if b"\r\n\r\n" not in self._held:
            if len(self._held) > MOST:
                raise Misheard("the answer of the server has no end", "服务器的应答没有结尾")
            return None
        first = self._held.partition(b"\r\n")[0].split(None, 2)
        if len(first) < 2 or not first[0].startswith((b"HTTP/", b"ICY")) or not first[1].isdigit():
            raise Misheard("the answer of the server is no HTTP", "服务器的应答不是 HTTP")
        return _why(int(first[1]), first[2].lower() if len(first) == 3 else b"")


def _why(code: int, reason: bytes) -> str:
    if code in (100, 200):
        return ""
    if code in (403, 409) and (b"use" in reason or b"conflict" in reason):
        return "taken"
    return "password" if code in (401, 403) else "answer"
