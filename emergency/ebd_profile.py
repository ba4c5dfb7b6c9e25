"""What EBD packets are made of where sources differ: id layouts of both generations, code tables, faults. Data, not rules; knows no XML."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Literal

import attrs

from emergency.messages import AlertKind
from station.words import Instant, Misheard

Generation = Literal["2018", "2016"]
RECEIVED, VALID, PARSE_FAILURE, CONTENT_MISSING, SIGNATURE_FAILURE, OTHER = range(6)  # EBDResponse ResultCode

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)  # noqa: UP017
_LOCAL = "+0800"  # EBDTime and its fellows are Beijing time (a genuine packet's SignatureTime confirms it)


class EbdFault(Misheard):
    """A packet that gets an EBDResponse other than `received`; `result` is its ResultCode."""

    def __init__(self, result: int, en: str, zh: str) -> None:
        super().__init__(f"EBD: {en}", f"EBD:{zh}", code="ebd")
        self.result = result


@attrs.frozen(kw_only=True)
class Layout:
    """Lengths of the ids of one generation, in digits."""

    generation: Generation
    resource: int  # EBRID
    message: int  # EBMID
    packet: int  # EBDID


LAYOUTS = (
    Layout(generation="2018", resource=23, message=35, packet=41),
    Layout(generation="2016", resource=18, message=30, packet=36),
)

# MsgType → (message type, kind). Vendors disagree on 3 to 5 (platform, front-end, terminal drill against simulated,
# actual drill); all of them are drills here. unverified
MSG_TYPES: dict[int, tuple[Literal["alert", "cancel"], AlertKind | None]] = {
    1: ("alert", None),
    2: ("cancel", None),
    3: ("alert", "drill"),
    4: ("alert", "drill"),
    5: ("alert", "drill"),
}

# Severity → (level, kind). 10 and 21 to 23 are one vendor's; 15 is test only. unverified
SEVERITIES: dict[int, tuple[int, AlertKind | None]] = {
    0: (4, None),
    1: (1, None),
    2: (2, None),
    3: (3, None),
    4: (4, None),
    10: (0, "daily"),
    15: (4, "drill"),
    21: (4, "drill"),
    22: (4, "drill"),
    23: (4, "drill"),
}
DRILL_EVENT = "00000"
DAILY_EVENT = "20000"
HEARTBEAT, OTHER_PACKET = "01", "10"  # the first two digits of an EBDID

_DIGITS = re.compile(r"[0-9]+\Z")
EVENT = re.compile(r"[0-9]{2}[0-9A-Z][0-9]{2}\Z")


def generation_of_packet(ebd_id: str) -> Generation | None:
    """The generation whose EBDID `ebd_id` could be; None when it is none."""
    return _generation(ebd_id, {layout.packet: layout for layout in LAYOUTS})


def generation_of_message(ebm_id: str) -> Generation | None:
    """The generation whose EBMID `ebm_id` could be; None when it is none."""
    return _generation(ebm_id, {layout.message: layout for layout in LAYOUTS})


def generation_of_resource(ebr_id: str) -> Generation | None:
    """The generation whose EBRID `ebr_id` could be; None when it is none."""
    return _generation(ebr_id, {layout.resource: layout for layout in LAYOUTS})


def _generation(identifier: str, lengths: dict[int, Layout]) -> Generation | None:
    layout = lengths.get(len(identifier))
    return layout.generation if layout and _DIGITS.match(identifier) else None


def packet_id(ebr_id: str, sequence: int, *, heartbeat: bool = False) -> str:
    """An EBDID: kind, sender's EBRID, 16 digits; a heart-beat's sequence is always 16 zeros."""
    if heartbeat:
        return HEARTBEAT + ebr_id + "0" * 16
    return OTHER_PACKET + ebr_id + f"{sequence % 10**16:016d}"


def resource_id(
    level: int, area: str, kind: str = "0101", *, seq: int = 1, sub: str = "01", sub_seq: int = 1
) -> str:
    """A 23-digit EBRID (GD/J 080): level 1, area 12, type 4, seq 2, subtype 2, sub-seq 2. `0101` is a platform."""
    return f"{level:1d}{area}{kind}{seq:02d}{sub}{sub_seq:02d}"


def instant(text: str) -> Instant:
    """µs UTC of `YYYY-MM-DD HH:MM:SS` in Beijing time. Raises ValueError."""
    if len(text) != 19:
        raise ValueError(f"{text[:40]!r} is not YYYY-MM-DD HH:MM:SS")
    return Instant(
        (datetime.strptime(text + _LOCAL, "%Y-%m-%d %H:%M:%S%z") - _EPOCH) // timedelta(microseconds=1)
    )


def moment(at: Instant) -> str:
    """`YYYY-MM-DD HH:MM:SS` in Beijing time of µs UTC; parts of a second are dropped."""
    local = _EPOCH + timedelta(hours=8, seconds=at // 1_000_000)
    return local.strftime("%Y-%m-%d %H:%M:%S")
