"""What an engineer writes of a further output of a channel, and what its `to` means. Pure; knows no socket, no process and no other setting."""

from __future__ import annotations

import re
from typing import Final, Literal
from urllib.parse import parse_qsl, urlsplit

import attrs

Kind = Literal["l16", "l24", "rtp-ts", "icecast", "srt", "rtmp", "file", "card"]
Codec = Literal["", "mp3", "opus", "aac", "flac", "mp2", "wav", "ts"]

DATAGRAMS: Final = ("l16", "l24", "rtp-ts")  # `to` is host:port
LINEAR: Final = ("l16", "l24")
# what each kind may carry, the first where nothing is written; the others carry one thing alone
CODECS: Final[dict[str, tuple[Codec, ...]]] = {
    "icecast": ("mp3", "opus", "aac", "flac"),
    "file": ("flac", "mp3", "opus", "mp2", "wav", "ts"),
}
SCHEMES: Final = {"icecast": ("http", "https"), "srt": ("srt",), "rtmp": ("rtmp",)}
PORTS: Final = {"http": 8000, "https": 443, "rtmp": 1935}  # where none is written
SRT_PROGRAMS: Final = ("srt-live-transmit", "ffmpeg")  # the first that is there carries it
SRT_WORDS: Final = ("latency", "streamid")  # of an SRT address: ms, and what the receiver calls the stream
_HOST: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*\Z")


@attrs.frozen(kw_only=True)
class OutputSection:
    """[[channels.outputs]]: one more way out of a channel, with a process of its own."""

    id: str  # letters, digits, hyphens; each of a channel its own
    kind: Kind
    to: str  # host:port; http(s)://host:port/mount; srt://host:port; rtmp://host/app/key; a directory; an ALSA device
    codec: Codec = ""  # icecast, file; empty: the first of CODECS
    kbps: int = 128  # of what is coded with loss
    packet_us: int = 1_000  # l16, l24: sound of one packet
    sap: str = ""  # l16, l24: group on which it is announced (RFC 2974), such as 239.255.255.255
    user: str = "source"  # icecast
    secret_file: str = ""  # password, passphrase or stream key; in secrets/, mode 0600
    ca_file: str = (
        ""  # icecast by https: PEM of who vouches for the server, in secrets/; empty: whom the system trusts
    )
    minutes: int = 60  # file: a new one begins so often
    days: int = 0  # file: older ones are removed; 0: never
    twin: bool = False  # of a pair the second player is meant to send it, not the first; the other stands by

    to_twin: str = (
        ""  # l16, l24, rtp-ts: of a pair, where the second player sends the same packets, at the same time
    )

    @property
    def coded(self) -> Codec:
        """The codec in force."""
        return self.codec or CODECS.get(self.kind, ("",))[0]


@attrs.frozen
class Target:
    """Where an output goes on a network."""

    host: str
    port: int
    path: str = ""  # of a mount, or application and key
    words: tuple[tuple[str, str], ...] = ()  # of an SRT address
    secure: bool = False  # encrypted, and the receiver's certificate checked

    def word(self, name: str) -> str:
        """The value of a word after the question mark, empty where it is not said."""
        return dict(self.words).get(name, "")


def target(section: OutputSection) -> Target | None:
    """Where `to` leads; None where it makes no sense for this kind, and for what is no network."""
    if section.kind in DATAGRAMS:
        host, _, port = section.to.rpartition(":")
        return Target(host, int(port)) if _HOST.match(host) and _is_port(port) else None
    return _of_address(section) if section.kind in SCHEMES else None


def srt_programs(*, secret: bool) -> tuple[str, ...]:
    """The programs that may carry SRT, the first that is there does. With a passphrase ffmpeg alone: srt-live-transmit takes
    one on its command line only, which every user of the machine may read."""
    return SRT_PROGRAMS[1:] if secret else SRT_PROGRAMS


def shown(section: OutputSection) -> str:
    """Where it goes, as whoever watches may see it: without the path of an address, which may be a key."""
    place = target(section)
    return section.to if place is None else f"{place.host}:{place.port}"


def _of_address(section: OutputSection) -> Target | None:
    try:
        parts = urlsplit(section.to)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
    if (
        parts.scheme not in SCHEMES[section.kind]
        or not _HOST.match(parts.hostname or "")
        or parts.username
        or not port
    ):
        return None
    words = tuple(parse_qsl(parts.query))
    if not _fits(section.kind, parts.path, words) or parts.fragment or not section.to.isprintable():
        return None
    return Target(parts.hostname or "", port, parts.path, words, parts.scheme == "https")


def _fits(kind: str, path: str, words: tuple[tuple[str, str], ...]) -> bool:
    if kind == "srt":
        known = all(name in SRT_WORDS for name, _ in words)
        return known and path in ("", "/") and _is_latency(dict(words).get("latency", "0"))
    return len(path) > 1 and not words and path.isascii() and path.isprintable() and " " not in path


def _is_latency(said: str) -> bool:
    return said.isdecimal() and len(said) < 6


def _is_port(said: str) -> bool:
    return said.isdecimal() and len(said) < 6 and 0 < int(said) < 65_536
