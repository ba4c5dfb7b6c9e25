"""Where a relay's members come from, as settings write it: which forms there are, and what is wrong with one. Pure; opens nothing.

`udp://239.1.1.1:5000` MPEG-TS in UDP, `rtp://…` in RTP (RFC 2250), of a group or at a port of this machine;
`l16://…`, `l24://…` uncompressed sound in RTP at 48 kHz (RFC 3190, AES67), stereo or with `?channels=1` mono;
`http://…`, `https://…` Icecast or HLS; `srt://host:port` by `srt-live-transmit`; `alsa:hw:1` a sound card.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final, Literal

import attrs

from station.words import Text

Scheme = Literal["udp", "rtp", "l16", "l24", "http", "https", "srt", "alsa"]
# Classes of alerts: a real one by its level. No relay is spared from the first two, and these never wait.
CLASSES: Final = ("level-1", "level-2", "level-3", "level-4", "drill", "daily")
FIRST: Final = ("level-1", "level-2")
_DATAGRAMS: Final = ("udp", "rtp", "l16", "l24")
_LINEAR: Final = ("l16", "l24")
NEVER_MS: Final = 86_400_000  # silence of so long: none is too long
_HOST_PORT: Final = re.compile(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9][A-Za-z0-9.-]*):([0-9]{1,5})\Z")
_PATH: Final = re.compile(r"[!-~]*\Z")
_DEVICE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_:,=-]{0,63}\Z")
_LONGEST: Final = 500


@attrs.frozen(kw_only=True)
class RelaySection:
    """[[relays]]: one programme from outside, by one or more ways; a rundown names it as `relay:ID`."""

    id: str  # small letters, digits, hyphens
    chain: str  # whose player receives it; its channels may relay it
    name_zh: str
    name_en: str
    members: list[str]  # where it comes from, the best liked first (see above)
    delay_ms: int = (
        1_500  # it is heard so long after it came; more than what one member may be behind another
    )
    silence_ms: int = 3_000  # a member that is silent for so long has failed
    # classes of alerts that may lie over it (station/yielding.py); drills and daily programmes leave it in peace
    covered_by: list[str] = attrs.field(factory=lambda: list(CLASSES[:4]))
    marker: Literal["", "scte35", "scte35-out"] = (
        ""  # ends it beside clock and key: a SCTE 35 programme end, or also a splice out of the network
    )
    level_dbfs: int = -60  # what stays below is silence
    secret_file: str = ""  # passphrase of its ways by SRT: bare name of a file in secrets/, mode 0600
    preview: bool = False  # HLS of it for the panel's people, on air or not: /hls/relay-ID/index.m3u8


@attrs.frozen(kw_only=True)
class Source:
    """One member's wire."""

    scheme: Scheme
    text: str  # as it was written
    host: str = ""
    port: int = 0
    channels: int = 2  # of uncompressed sound

    @property
    def shared(self) -> bool:
        """Whether two may receive it at once: not what is sent to one port of this machine, nor a sound card."""
        if self.scheme in _DATAGRAMS:
            return is_group(self.host)
        return self.scheme in ("http", "https", "srt")

    @property
    def shown(self) -> str:
        """For people and logs: without what may be a password or a token."""
        bare = self.text.split("?")[0]
        scheme, mark, rest = bare.partition("://")
        return f"{scheme}{mark}{rest.rpartition('@')[2]}" if mark else bare


def is_group(host: str) -> bool:
    """Whether an address is a multicast group."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_multicast
    except ValueError:
        return False


def read(text: str) -> Source | Text:
    """A member's wire, or what is wrong with it."""
    scheme, mark, rest = text.partition("://")
    if len(text) > _LONGEST or not _PATH.match(text):
        return Text("is too long or has blanks in it", "过长或含有空白")
    if text.startswith("alsa:"):
        device = text.removeprefix("alsa:")
        if _DEVICE.match(device):
            return Source(scheme="alsa", text=text, host=device)
        return Text("names no sound card", "没有写明声卡")
    if not mark or scheme not in (*_DATAGRAMS, "http", "https", "srt"):
        return Text(
            "begins with none of udp://, rtp://, l16://, l24://, http://, https://, srt://, alsa:",
            "开头不是 udp://、rtp://、l16://、l24://、http://、https://、srt://、alsa: 之一",
        )
    return _located(scheme, text, rest)


def _located(scheme: str, text: str, rest: str) -> Source | Text:
    web, mono = scheme in ("http", "https"), scheme in _LINEAR and rest.endswith("?channels=1")
    rest = rest.removesuffix("?channels=1") if mono else rest
    where = re.split(r"[/?]", rest)[0].rpartition("@")[2] if web else rest
    if web and ":" not in where.rpartition("]")[2]:
        where += ":443" if scheme == "https" else ":80"
    found = _HOST_PORT.match(where)
    if found is None or not 0 < int(found[2]) < 65_536:
        return Text("has no host and port", "没有写明主机与端口")
    if scheme in ("rtp", *_LINEAR) and int(found[2]) % 2:
        return Text(
            "has an odd port; RTP has even ones (RFC 3550, 11)", "端口为奇数;RTP 须用偶数端口(RFC 3550)"
        )
    return Source(scheme=scheme, text=text, host=found[1], port=int(found[2]), channels=1 if mono else 2)  # type: ignore[arg-type]


__all__ = ["NEVER_MS", "RelaySection", "Source", "is_group", "read"]
