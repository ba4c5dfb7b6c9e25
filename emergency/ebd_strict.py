"""Strict writing of EBD packets: what would not be read back as it was meant is not written at all. Pure; knows no file."""

from __future__ import annotations

from typing import Any

import attrs

from emergency import ebd_reader, ebd_tar, ebd_writer, safe_xml
from emergency.ebd import Ebd
from emergency.ebd_profile import EbdFault, generation_of_packet, generation_of_resource
from station.words import Misheard, Refused


def written(ebd: Ebd) -> bytes:
    """The bytes of an EBDB file that say exactly `ebd`. Raises Refused with what they could not say."""
    if not all(map(generation_of_resource, ebd.dest)) or (
        ebd.related and not generation_of_packet(ebd.related)
    ):
        raise _no(
            "a receiver is no EBRID of 23 or 18 digits, or what it answers no EBDID of 41 or 36",
            "目的不是 23 位或 18 位资源编码,或所应答的不是 41 位或 36 位数据包编号",
        )
    try:
        data = ebd_writer.write(ebd)
        read = ebd_reader.read(data)
    except EbdFault as fault:
        raise _no(fault.text.en, fault.text.zh) from None
    except (ValueError, OverflowError) as error:  # characters that XML has not, years that no date has
        raise _no(f"a text or a time cannot be written: {error}", "有无法写入的文字或时间") from None
    if read != ebd:
        raise _no(
            f"it would be read otherwise: {_otherwise(ebd, read)}",
            f"写出后读回不一致:{_otherwise(ebd, read)}",
        )
    return data


def packed(package: ebd_tar.Package) -> bytes:
    """The tar of a package that can be taken apart again. Raises Refused."""
    try:
        if package.information is not None:
            safe_xml.parse(package.information)
        data = ebd_tar.pack(package)
        if ebd_tar.unpack(data) == package:
            return data
    except Misheard as fault:
        raise _no(fault.text.en, fault.text.zh) from None
    except ValueError:  # a name over 100 bytes
        pass
    names = ", ".join(name[:60] for name, _ in package.media)
    raise _no(f"no file of a packet may be called {names}", f"数据包中的文件不能名为 {names}")


def _otherwise(meant: Ebd, read: Ebd) -> str:
    """The names of the fields that differ, of the body's where it does."""
    if type(meant.body) is type(read.body) and meant.body != read.body:
        return ", ".join(_differing(meant.body, read.body))
    return ", ".join(_differing(meant, read))


def _differing(one: Any, other: Any) -> list[str]:
    return [
        field.name
        for field in attrs.fields(type(one))
        if getattr(one, field.name) != getattr(other, field.name)
    ]


def _no(en: str, zh: str) -> Refused:
    return Refused(f"the packet is not written: {en}", f"不生成数据包:{zh}", code="ebd")
