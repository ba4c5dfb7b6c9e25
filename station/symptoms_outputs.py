"""What the doctor makes of the further outputs of channels. Pure; knows no file and no program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import attrs

from station.symptoms import Finding, bad, ok, warn


@attrs.frozen(kw_only=True)
class Outlet:
    """An output of the settings as this machine has what it needs."""

    channel: str
    id: str
    state: Literal["ready", "no secret", "open secret", "no certificate", "no program", "no directory"]
    what: str = ""  # the file or directory, the programs


def outputs(found: Sequence[Outlet]) -> Iterator[Finding]:
    """One finding for each that lacks something; one for all others together."""
    for one in found:
        if one.state != "ready":
            yield _lacking(one)
    ready = sum(one.state == "ready" for one in found)
    if ready:
        yield ok("outputs", f"{ready} further output(s) have what they need", f"{ready} 路附加输出所需齐备")


def _lacking(one: Outlet) -> Finding:
    who = f"{one.channel}/{one.id}"
    if one.state == "no secret":
        return bad(
            "outputs",
            f"{who}: {one.what} is not there: write the password into it (mode 0600)",
            f"{who}:缺少 {one.what}:请把口令写入该文件(权限 0600)",
        )
    if one.state == "open secret":
        return bad(
            "outputs",
            f"{who}: {one.what} may be read by others, so the output does not use it: chmod 600",
            f"{who}:他人可读 {one.what},该路输出不会使用它:请执行 chmod 600",
        )
    if one.state == "no certificate":
        return bad(
            "outputs",
            f"{who}: {one.what} is not there: put the certificate (PEM) of who vouches for the server into it",
            f"{who}:缺少 {one.what}:请把签发该服务器证书的 CA 证书(PEM)放入该文件",
        )
    if one.state == "no program":
        return bad(
            "outputs",
            f"{who}: none of {one.what} is installed (packages srt-tools, ffmpeg; with a passphrase ffmpeg alone)",
            f"{who}:未安装 {one.what}(软件包 srt-tools、ffmpeg;有口令时须用 ffmpeg)",
        )
    return warn(
        "outputs",
        f"{who}: {one.what} cannot be written by this account",
        f"{who}:本账户无法写入 {one.what}",
    )
