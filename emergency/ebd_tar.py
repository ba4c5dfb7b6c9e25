"""The tar of an EBD packet as bytes, checked in memory: nothing is ever written under a name from an archive. Knows no XML."""

from __future__ import annotations

import io
import re
import tarfile

import attrs

from emergency.ebd_profile import OTHER, PARSE_FAILURE, EbdFault, generation_of_packet

BLOCK = 512
MAX_MEMBERS = 64
MAX_BYTES = 32 * 1024 * 1024
MAX_EXTENSION = 65_536  # bytes of an extended header, which names one member
_BODY = re.compile(r"EBDB_([0-9]{1,64})\.xml\Z")
_SIGNATURE = re.compile(r"EBDS_EBDB_([0-9]{1,64})\.xml\Z")
# The stricter form of 2018 carries the emergency information itself as a second XML with a signature of its own. What the
# files are called stands in no source at hand: EBDI was seen once, in a program's comment. unverified
_INFORMATION = re.compile(r"EBDI_([0-9]{1,64})\.xml\Z")
_INFORMATION_SIGNATURE = re.compile(r"EBDS_EBDI_([0-9]{1,64})\.xml\Z")
_NAMED = re.compile(rb"EBDB_([0-9]{36,41})\.xml\x00")
_KINDS = {
    b"1": "a link",
    b"2": "a link",
    b"3": "a device",
    b"4": "a device",
    b"5": "a folder",
    b"6": "a pipe",
}


@attrs.frozen(kw_only=True)
class Package:
    """What one tar held: the packet's XML, its signature file if there is one, and media by name."""

    ebd_id: str
    body: bytes
    signature: bytes | None = None
    media: tuple[tuple[str, bytes], ...] = ()
    information: bytes | None = None  # the second XML of the strict form
    information_signature: bytes | None = None


def pack(package: Package) -> bytes:
    """The tar of a package (ustar), its members in the customary order."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        _put(tar, f"EBDB_{package.ebd_id}.xml", package.body)
        if package.signature is not None:
            _put(tar, f"EBDS_EBDB_{package.ebd_id}.xml", package.signature)
        if package.information is not None:
            _put(tar, f"EBDI_{package.ebd_id}.xml", package.information)
        if package.information_signature is not None:
            _put(tar, f"EBDS_EBDI_{package.ebd_id}.xml", package.information_signature)
        for name, data in package.media:
            _put(tar, name, data)
    return out.getvalue()


def _put(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    member.mode = 0o644
    tar.addfile(member, io.BytesIO(data))


def unpack(data: bytes) -> Package:
    """The package in a tar. Raises EbdFault for a name, size, kind or number of members that is not allowed."""
    members = read_members(data)
    bodies = [(m[1], body) for name, body in members.items() if (m := _BODY.match(name))]
    if len(bodies) != 1:
        raise EbdFault(
            PARSE_FAILURE,
            f"the tar holds {len(bodies)} files EBDB_<id>.xml; one is due",
            f"tar 中有 {len(bodies)} 个 EBDB_<id>.xml,应有一个",
        )
    ebd_id, body = bodies[0]
    if generation_of_packet(ebd_id) is None:
        raise EbdFault(
            PARSE_FAILURE, f"{ebd_id} is no EBDID of 41 or 36 digits", f"{ebd_id} 不是 41 位或 36 位的 EBDID"
        )
    media = tuple((n, held) for n, held in members.items() if not n.startswith(("EBDB_", "EBDS_", "EBDI_")))
    return Package(
        ebd_id=ebd_id,
        body=body,
        signature=_own(members, _SIGNATURE, ebd_id),
        media=media,
        information=_own(members, _INFORMATION, ebd_id),
        information_signature=_own(members, _INFORMATION_SIGNATURE, ebd_id),
    )


def _own(members: dict[str, bytes], pattern: re.Pattern[str], ebd_id: str) -> bytes | None:
    """The packet's file of that name; EbdFault where another packet's is there."""
    found = {m[1]: held for name, held in members.items() if (m := pattern.match(name))}
    if set(found) - {ebd_id}:
        raise EbdFault(
            PARSE_FAILURE, "a signature file belongs to another packet", "签名文件属于另一个数据包"
        )
    return found.get(ebd_id)


def named_in(data: bytes) -> str:
    """The EBDID that a tar's member names speak of, so that even a bad one can be answered. Raises EbdFault: no EBD."""
    for found in _NAMED.finditer(data[: 4 * MAX_MEMBERS * BLOCK]):
        ebd_id = found[1].decode("ascii")
        if generation_of_packet(ebd_id) is not None:
            return ebd_id
    raise _bad("this is no tar with a file EBDB_<id>.xml", "这不是含 EBDB_<id>.xml 的 tar")


def read_members(data: bytes) -> dict[str, bytes]:
    """Every regular member of a ustar, GNU or pax tar by name, at most 64; raises EbdFault.

    Our own reader and not `tarfile`, whose chained extension headers recurse and whose sparse members grow.
    """
    if len(data) > MAX_BYTES:
        raise EbdFault(OTHER, f"the tar is larger than {MAX_BYTES} bytes", f"tar 超过 {MAX_BYTES} 字节")
    found: dict[str, bytes] = {}
    at = headers = 0
    renamed = b""
    while at + BLOCK <= len(data) and data[at : at + BLOCK].strip(b"\x00"):
        header = data[at : at + BLOCK]
        size = _size(header)
        body = data[at + BLOCK : at + BLOCK + size]
        headers += 1
        if len(body) != size or headers > 2 * MAX_MEMBERS:
            raise _bad("the tar ends early or has too many members", "tar 不完整或成员过多")
        renamed = _take(header, body, found, renamed)
        at += BLOCK + -(-size // BLOCK) * BLOCK
    if not found:
        raise _bad("this is no tar, or an empty one", "这不是 tar,或为空 tar")
    return found


def _take(header: bytes, body: bytes, found: dict[str, bytes], renamed: bytes) -> bytes:
    """Put a member into `found`; the name that a pax header gives the next one, else nothing."""
    kind = header[156:157]
    if kind in (b"x", b"g"):
        if len(body) > MAX_EXTENSION:
            raise _bad(
                f"an extended header has more than {MAX_EXTENSION} bytes", f"扩展头超过 {MAX_EXTENSION} 字节"
            )
        if kind == b"g" or re.search(rb"(?:\A|\n)[0-9]+ (size|linkpath|hdrcharset|GNU\.sparse[^=]*)=", body):
            raise _bad("an extended header changes more than a name", "扩展头改动了名称以外的内容")
        path = re.search(rb"(?:\A|\n)[0-9]+ path=([^\n]*)\n", body)
        return path[1] if path else b""
    if kind not in (b"0", b"\x00"):
        what = _KINDS.get(kind, "no plain file")
        raise _bad(
            f"a member is {what}; only plain files are taken", "成员不是普通文件(链接、设备、目录等),不予接受"
        )
    name = _name(header, renamed)
    if name in found or len(found) >= MAX_MEMBERS:
        raise _bad(
            f"{name} is there twice, or there are over {MAX_MEMBERS} members",
            f"{name} 重复,或成员超过 {MAX_MEMBERS} 个",
        )
    found[name] = body
    return b""


def _name(header: bytes, renamed: bytes) -> str:
    prefix = header[345:500].split(b"\x00")[0] if header[257:263] == b"ustar\x00" else b""
    raw = renamed or header[:100].split(b"\x00")[0]
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        name = raw.decode("gb18030", "replace")
    if (
        prefix
        or not name
        or len(raw) > 100
        or name.startswith(".")
        or "�" in name
        or re.search(r"[/\\:\x00-\x1f\x7f]", name)
    ):
        shown = (prefix + b"/" if prefix else b"") + raw
        said = ascii(shown.decode("utf-8", "replace"))[:120]
        raise _bad(f"the member name {said} is not a plain file name", f"成员名 {said} 不是普通文件名")
    return name


def _size(header: bytes) -> int:
    total = sum(header) - sum(header[148:156]) + 8 * 32
    try:
        checksum = int(header[148:156].strip(b"\x00 ") or b"0", 8)
        size = int(header[124:136].strip(b"\x00 ") or b"0", 8)
    except ValueError:
        raise _bad("this is no tar", "这不是 tar") from None
    if checksum != total or not 0 <= size <= MAX_BYTES:
        raise _bad("a header of the tar is damaged", "tar 头损坏")
    return size


def _bad(en: str, zh: str) -> EbdFault:
    return EbdFault(PARSE_FAILURE, en, zh)
