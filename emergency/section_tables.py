"""The tables of emergency broadcasting as values: index, content, certificates, configuration, daily commands. Knows no byte of them."""

from __future__ import annotations

import attrs

from station.worded import Wording
from station.words import Instant


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
