"""Who may ask an SNMP agent: a community, or a user with passphrases, read from a file in secrets/. Knows no message."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final, Literal

import attrs

from station.settings_shape import Mistakes, shaped
from station.wire import from_plain
from station.words import Refused, Text

LEAST: Final = 8  # characters of a passphrase (RFC 3414, 11.2)
Auth = Literal["", "md5", "sha", "sha224", "sha256", "sha384", "sha512"]
Priv = Literal["", "des", "aes128"]


@attrs.frozen
class Community:
    """The word of v2c: whoever sees a message knows it."""

    name: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class User:
    """Who asks by v3: a name, and passphrases for what is used of signing and hiding."""

    name: str
    auth: Auth = ""
    auth_key: str = attrs.field(default="", repr=False)
    priv: Priv = ""
    priv_key: str = attrs.field(default="", repr=False)


Access = Community | User


@attrs.frozen(kw_only=True)
class _File:
    """`version = "2c"` with `community`, or `version = "3"` with `user` and what it uses."""

    version: Literal["2c", "3"]
    community: str = ""
    user: str = ""
    auth: Auth = ""
    auth_passphrase: str = ""
    priv: Priv = ""
    priv_passphrase: str = ""


def load(path: Path) -> Access:
    """The access that a file gives; Refused for one that cannot be read, that others can read, or that is wrong."""
    try:
        if path.stat().st_mode & 0o077:
            raise _refused(path, "may be read by others; chmod 600 it", "可被他人读取,请设为 600")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise _refused(path, "cannot be read", "无法读取") from None
    return parse(text, path.name)


def parse(text: str, name: str) -> Access:
    """An access from TOML; Refused lists every mistake and tells no secret."""
    try:
        plain = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise _refused(Path(name), "is no TOML", "不是有效的 TOML") from None
    mistakes: Mistakes = {}
    held = from_plain(shaped(plain, _File, "", mistakes), _File)
    if not mistakes:
        _rules(held, mistakes)
    if mistakes:
        at = ", ".join(mistakes)  # what stands there may be a secret: its place is told, not its value
        raise _refused(Path(name), f"is wrong at {at}", f"有误:{at}")
    if held.version == "2c":
        return Community(held.community)
    return User(
        name=held.user,
        auth=held.auth,
        auth_key=held.auth_passphrase,
        priv=held.priv,
        priv_key=held.priv_passphrase,
    )


def _rules(held: _File, mistakes: Mistakes) -> None:
    third = (held.user, held.auth, held.auth_passphrase, held.priv, held.priv_passphrase)
    if held.version == "2c":
        if not held.community or any(third):
            mistakes["community"] = Text("is all that 2c has", "2c 只有 community")
        return
    if held.community or not 1 <= len(held.user.encode("utf-8")) <= 32:
        mistakes["user"] = Text(
            "must be 1 to 32 bytes, without a community", "应为 1 至 32 字节,不得有 community"
        )
    if held.priv and not held.auth:
        mistakes["auth"] = Text("is missing: what is hidden is signed", "缺少:加密须先签名")
    for kind in ("auth", "priv"):
        passphrase = getattr(held, f"{kind}_passphrase")
        if bool(getattr(held, kind)) != bool(passphrase) or 0 < len(passphrase) < LEAST:
            mistakes[f"{kind}_passphrase"] = Text(f"has {LEAST} characters or more", f"至少 {LEAST} 个字符")


def _refused(path: Path, en: str, zh: str) -> Refused:
    return Refused(f"SNMP access {path.name} {en}", f"SNMP 访问文件 {path.name} {zh}", code="access")


__all__ = ["Access", "Auth", "Community", "Priv", "User", "load", "parse"]
