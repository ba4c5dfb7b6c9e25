"""The tables of emergency broadcasting as values: index, content, certificates, configuration, daily commands. Knows no byte of them."""

from __future__ import annotations

from typing import Final

import attrs

from station.words import Instant

CHARSETS: Final = {
    0: "gb2312",
    1: "gb18030",
    2: "utf-16-be",
}  # 3 GB 21669 and 4 GB 16959 (Uyghur, Tibetan) stay bytes


@attrs.frozen(kw_only=True)
class Descriptor:
    """A descriptor (ISO/IEC 13818-1, 2.6): tag and data, at most 255 bytes; 44 cable delivery, 5A terrestrial."""

    tag: int
    data: bytes


@attrs.frozen(kw_only=True)
class ProgramStream:
    """An elementary stream of the channel where a message is to be heard."""

    type: int  # stream_type, ISO/IEC 13818-1 table 2-34
    pid: int
    descriptors: tuple[Descriptor, ...] = ()


@attrs.frozen(kw_only=True)
class DetailsChannel:
    """Where a message is to be heard: network, transport stream, programme, and its streams."""

    network: int
    transport_stream: int
    program: int
    pcr_pid: int
    descriptors: tuple[Descriptor, ...] = ()
    streams: tuple[ProgramStream, ...] = ()


@attrs.frozen(kw_only=True)
class IndexEntry:
    """One message of the index. `start` and `end` in µs UTC, whole seconds; None is not known."""

    ebm_id: str  # 35 digits
    network: int  # EBM_original_network_id
    start: Instant | None
    end: Instant | None
    event: str  # 5 ASCII characters
    kind: int  # class: 1 system drill, 2 simulated drill, 3 actual drill, 4 emergency, 5 daily
    level: int  # 1 red … 4 blue
    resources: tuple[str, ...]  # 23 digits each
    channel: DetailsChannel | None = None


@attrs.frozen(kw_only=True)
class Index:
    """Table FD: the messages that are on."""

    entries: tuple[IndexEntry, ...]
    signature: bytes = b""


@attrs.frozen(kw_only=True)
class Auxiliary:
    """A file or address that goes with a message: type as in EBD, data."""

    type: int
    data: bytes


@attrs.frozen(kw_only=True)
class Wording:
    """A message in one language; `text` and `agency` are bytes of the character set."""

    language: str  # 3 ASCII characters, GB/T 4880.2
    charset: int  # 0–7, see CHARSETS
    text: bytes
    agency: bytes = b""
    auxiliaries: tuple[Auxiliary, ...] = ()


@attrs.frozen(kw_only=True)
class Content:
    """Table FE: what a message says."""

    ebm_id: str
    wordings: tuple[Wording, ...]
    signature: bytes = b""


@attrs.frozen(kw_only=True)
class Certificates:
    """Table FC: lists of authorised certificates, and certificates, as bytes."""

    authorisations: tuple[bytes, ...] = ()
    certificates: tuple[bytes, ...] = ()
    signature: bytes = b""


@attrs.frozen(kw_only=True)
class Order:
    """A command of table FB or FA: its tag and what stands behind its length."""

    tag: int
    data: bytes


@attrs.frozen(kw_only=True)
class Configure:
    """Table FB: commands that configure terminals."""

    orders: tuple[Order, ...]
    signature: bytes = b""


@attrs.frozen(kw_only=True)
class Daily:
    """Table FA: commands of the daily programme (unverified: no document shows its bytes; taken to be built as FB)."""

    orders: tuple[Order, ...]
    signature: bytes = b""


Table = Index | Content | Certificates | Configure | Daily


def words(data: bytes, charset: int) -> str | None:
    """The text that bytes of a character set say; None where they say none, or the set is not known here."""
    name = CHARSETS.get(charset)
    if name is None:
        return None
    try:
        return data.decode(name)
    except UnicodeDecodeError:
        return None


def wording(language: str, text: str, agency: str = "", *, charset: int = 1) -> Wording:
    """A message in one language; ValueError for a character set that is not known or does not have the characters."""
    name = CHARSETS.get(charset)
    if name is None:
        raise ValueError(f"character set {charset} is not known here")
    return Wording(language=language, charset=charset, text=text.encode(name), agency=agency.encode(name))
