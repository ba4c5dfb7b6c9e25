"""What must hold of the further outputs of channels. Pure; opens no socket and looks for no file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

import attrs

from station.outputs import CODECS, DATAGRAMS, LINEAR, OutputSection, target
from station.pairs import is_pair
from station.settings import ChannelSection, Settings
from station.words import Text

Said = tuple[str, Text]

MOST: Final = 8  # of one channel: each is a process
PACKETS: Final = (1_000, 5_000)  # µs; 1 ms is what every AES67 receiver takes
SECRETS: Final = ("icecast", "srt", "rtmp")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,31}\Z")
_DEVICE: Final = re.compile(r"[A-Za-z0-9:=,._-]{1,64}\Z")
_TO: Final = {
    **dict.fromkeys(DATAGRAMS, Text("host:port, such as 239.69.1.1:5004", "主机:端口,例如 239.69.1.1:5004")),
    "icecast": Text(
        "an address such as http://10.3.0.9:8000/fm1.mp3 or https://radio.example/fm1.mp3",
        "形如 http://10.3.0.9:8000/fm1.mp3 或 https://radio.example/fm1.mp3 的地址",
    ),
    "srt": Text(
        "an address such as srt://10.3.0.9:9000?latency=200; latency and streamid may be said",
        "形如 srt://10.3.0.9:9000?latency=200 的地址,可带 latency 与 streamid",
    ),
    "rtmp": Text("an address such as rtmp://10.3.0.9/live/fm1", "形如 rtmp://10.3.0.9/live/fm1 的地址"),
    "file": Text("a directory", "目录"),
    "card": Text("an ALSA device, such as default or hw:0,0", "ALSA 设备名,例如 default 或 hw:0,0"),
}


def rules(settings: Settings) -> Iterator[Said]:
    """Every rule that does not hold: path, sentence without its subject."""
    for k, channel in enumerate(settings.channels):
        at = f"channels[{k}].outputs"
        if len(channel.outputs) > MOST:
            yield at, Text(f"has more than {MOST} entries", f"超过 {MOST} 个")
        seen: set[str] = set()
        for n, one in enumerate(channel.outputs):
            yield from _output(f"{at}[{n}]", one, channel)
            if one.id in seen:
                yield f"{at}[{n}].id", Text(f"is {one.id!r} a second time", f"的值 {one.id!r} 重复")
            seen.add(one.id)
            if one.twin and not is_pair(settings, channel.chain):
                yield f"{at}[{n}].twin", Text("is set, but there is no second player", "已设置,但没有备机")
            yield from _both(f"{at}[{n}].to_twin", one, paired=is_pair(settings, channel.chain))


def _output(at: str, one: OutputSection, channel: ChannelSection) -> Iterator[Said]:
    if not _NAME.match(one.id):
        yield (
            f"{at}.id",
            Text(
                f"is {one.id!r} but must be 1 to 32 letters, digits and hyphens",
                f"的值 {one.id!r} 应为 1 至 32 个字母、数字或连字符",
            ),
        )
    if not _leads(one):
        said = _TO[one.kind]
        yield f"{at}.to", Text(f"is {one.to!r} but must be {said.en}", f"的值 {one.to!r} 应为{said.zh}")
    if channel.raster and one.kind == "file" and not one.codec:
        yield (
            f"{at}.codec",
            Text(
                "is missing: the channel has a picture, which “ts” keeps; any other codec keeps the sound alone",
                "缺少:该频道有画面,“ts”保存画面与声音,其他只保存声音",
            ),
        )
    yield from _coded(at, one)
    yield from _linear(at, one)
    yield from _kept(at, one)


def _both(at: str, one: OutputSection, *, paired: bool) -> Iterator[Said]:
    if not one.to_twin:
        return
    said = _TO["rtp-ts"]
    if one.kind not in DATAGRAMS or target(attrs.evolve(one, to=one.to_twin)) is None:
        yield (
            at,
            Text(
                f"is {one.to_twin!r}; it may be said for {', '.join(DATAGRAMS)} and is {said.en}",
                f"的值 {one.to_twin!r} 不适用:仅用于 {'、'.join(DATAGRAMS)},为{said.zh}",
            ),
        )
    elif not paired:
        yield at, Text("is set, but there is no second player", "已设置,但没有备机")
    elif one.twin:
        yield (
            at,
            Text(
                "is set beside “twin”: either both send, or one of them", "与“twin”同设:或两台同发,或只发一台"
            ),
        )


def _leads(one: OutputSection) -> bool:
    if one.kind == "file":
        return bool(one.to.strip()) and "\0" not in one.to
    return bool(_DEVICE.match(one.to)) if one.kind == "card" else target(one) is not None


def _coded(at: str, one: OutputSection) -> Iterator[Said]:
    may = CODECS.get(one.kind, ())
    if one.codec and one.codec not in may:
        said = ", ".join(may) or "nothing", "、".join(may) or "空"
        yield (
            f"{at}.codec",
            Text(
                f"is {one.codec!r} but {one.kind} takes {said[0]}", f"的值 {one.codec!r} 不适用,应为{said[1]}"
            ),
        )
    if not 32 <= one.kbps <= 320:
        yield (
            f"{at}.kbps",
            Text(f"is {one.kbps} but must be from 32 to 320", f"的值 {one.kbps} 应在 32 至 320 之间"),
        )


def _linear(at: str, one: OutputSection) -> Iterator[Said]:
    if one.packet_us not in PACKETS:
        yield (
            f"{at}.packet_us",
            Text(f"is {one.packet_us} but must be 1000 or 5000", f"的值 {one.packet_us} 应为 1000 或 5000"),
        )
    if not one.sap:
        return
    if one.kind not in LINEAR:
        yield (
            f"{at}.sap",
            Text("is set, but only l16 and l24 are announced", "已设置,但只有 l16 与 l24 可通告"),
        )
    elif not _is_group(one.sap):
        yield (
            f"{at}.sap",
            Text(
                f"is {one.sap!r} but must be a multicast group, such as 239.255.255.255",
                f"的值 {one.sap!r} 应为组播地址,例如 239.255.255.255",
            ),
        )


def _is_group(said: str) -> bool:
    try:
        return IPv4Address(said).is_multicast
    except ValueError:
        return False


def _kept(at: str, one: OutputSection) -> Iterator[Said]:
    if not 1 <= one.minutes <= 1_440:
        yield (
            f"{at}.minutes",
            Text(f"is {one.minutes} but must be from 1 to 1440", f"的值 {one.minutes} 应在 1 至 1440 之间"),
        )
    if not 0 <= one.days <= 3_650:
        yield (
            f"{at}.days",
            Text(f"is {one.days} but must be from 0 to 3650", f"的值 {one.days} 应在 0 至 3650 之间"),
        )
    if one.secret_file and (one.kind not in SECRETS or Path(one.secret_file).name != one.secret_file):
        yield (
            f"{at}.secret_file",
            Text(
                "must be the bare name of a file in secrets/, of an output that has a secret: icecast, srt, rtmp",
                "应为 secrets/ 下的文件名(不含路径),且只用于 icecast、srt、rtmp",
            ),
        )
    yield from _trusted(at, one)
    if one.kind == "icecast" and not one.secret_file:
        yield f"{at}.secret_file", Text("is missing: the server asks for a password", "缺少:服务器需要口令")
    if not one.user.isascii() or not one.user.isprintable() or ":" in one.user or not one.user:
        yield f"{at}.user", Text(f"is {one.user!r}, which is no user name", f"的值 {one.user!r} 不是用户名")


def _trusted(at: str, one: OutputSection) -> Iterator[Said]:
    place = target(one) if one.ca_file else None
    if one.ca_file and (Path(one.ca_file).name != one.ca_file or place is None or not place.secure):
        yield (
            f"{at}.ca_file",
            Text(
                "must be the bare name of a file in secrets/, of an output that goes to an https address",
                "应为 secrets/ 下的文件名(不含路径),且只用于 https 地址的输出",
            ),
        )
