"""What the doctor makes of what further outputs of channels, relays and live sources need. Pure; knows no file and no program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import attrs

from station.symptoms import Finding, bad, ok, warn
from station.words import Text

Fault = Literal[
    "no secret",
    "open secret",
    "foreign secret",
    "wrong secret",
    "no certificate",
    "no program",
    "no directory",
]


@attrs.frozen(kw_only=True)
class Outlet:
    """An output, a relay or a live source of the settings as this machine has what it needs."""

    who: str  # CHANNEL/OUTPUT, relay/ID, live/ID
    state: Literal["ready"] | Fault
    what: str = ""  # the file or directory, the programs


def outputs(found: Sequence[Outlet]) -> Iterator[Finding]:
    """One finding for each that lacks something; one for all others together."""
    yield from _each(found, "outputs", Text("further output(s)", "路附加输出"))


def relays(found: Sequence[Outlet]) -> Iterator[Finding]:
    """The same of relays and live sources."""
    yield from _each(found, "relays", Text("relay(s) and live source(s)", "项转播与直播源"))


def _each(found: Sequence[Outlet], about: str, name: Text) -> Iterator[Finding]:
    for one in found:
        if one.state != "ready":
            said = _LACKING[one.state]
            grade = warn if one.state == "no directory" else bad
            yield grade(
                about, f"{one.who}: {said.en.format(one.what)}", f"{one.who}:{said.zh.format(one.what)}"
            )
    ready = sum(one.state == "ready" for one in found)
    if ready:
        yield ok(about, f"{ready} {name.en} have what they need", f"{ready} {name.zh}所需齐备")


_LACKING: dict[Fault, Text] = {
    "no secret": Text(
        "{} is not there: write the password into it (mode 0600)",
        "缺少 {}:请把口令写入该文件(权限 0600)",
    ),
    "open secret": Text(
        "{} may be read by others, so it is not used: chmod 600",
        "他人可读 {},不会使用该口令:请执行 chmod 600",
    ),
    "foreign secret": Text(
        "{} belongs to another account than the state directory, so the player cannot read it: chown it",
        "{} 的属主与状态目录不同,播放器无法读取:请用 chown 改正属主",
    ),
    "wrong secret": Text(
        "{} holds no password that can be used: one line of text; for SRT 10 to 79 characters",
        "{} 中没有可用的口令:应为一行文字,SRT 口令 10 至 79 个字符",
    ),
    "no certificate": Text(
        "{} is not there: put the certificate (PEM) of who vouches for the server into it",
        "缺少 {}:请把签发该服务器证书的 CA 证书(PEM)放入该文件",
    ),
    "no program": Text(
        "none of {} is installed (packages srt-tools, ffmpeg; with a passphrase ffmpeg alone)",
        "未安装 {}(软件包 srt-tools、ffmpeg;有口令时须用 ffmpeg)",
    ),
    "no directory": Text("{} cannot be written by this account", "本账户无法写入 {}"),
}

__all__ = ["Fault", "Outlet", "outputs", "relays"]
