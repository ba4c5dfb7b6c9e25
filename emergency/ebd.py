"""EBD packets (GD/J 082, 083) as values. Knows no XML, no tar, no signature, no socket, no clock."""

from __future__ import annotations

import attrs

from emergency.ebd_profile import Generation, generation_of_packet
from station.words import AreaCode, Instant

NEVER = Instant(0)


@attrs.frozen(kw_only=True)
class Auxiliary:
    """A file or stream that belongs to a message: type code, its name or address, size in bytes, SHA-1 in hex."""

    type: int
    description: str
    size: int = 0
    digest: str = ""


@attrs.frozen(kw_only=True)
class Dispatch:
    """By whom a message is to be broadcast: `kind` EBRPS, EBRST, EBRAS with a resource code, or EBRBS with a system's type and parameters."""

    kind: str
    language: str = ""
    code: str = ""
    system: str = ""  # BrdSysType
    parameters: str = ""  # BrdSysInfo


@attrs.frozen(kw_only=True)
class Ebm:
    """EBM: a message to be broadcast, or its cancellation."""

    ebm_id: str
    msg_type: int
    sender_name: str
    sender_code: str
    sent: Instant
    event: str = ""
    severity: int = 0
    start: Instant = NEVER
    end: Instant = NEVER
    language: str = "zho"
    title: str = ""
    text: str = ""
    areas: tuple[AreaCode, ...] = ()
    auxiliaries: tuple[Auxiliary, ...] = ()
    related: str = ""  # EBMID that an update or cancel refers to
    information: str = ""  # EBIID of the emergency information it was made of
    program: str = ""  # ProgramNum
    dispatches: tuple[Dispatch, ...] = ()


@attrs.frozen(kw_only=True)
class EbdResponse:
    """EBDResponse: what became of a packet, ResultCode 0 to 5."""

    result: int
    description: str


@attrs.frozen(kw_only=True)
class ConnectionCheck:
    """ConnectionCheck: a heart-beat, or its answer."""

    reported: Instant


@attrs.frozen(kw_only=True)
class EbmStateRequest:
    """EBMStateRequest: how does this message fare?"""

    ebm_id: str


@attrs.frozen(kw_only=True)
class Broadcast:
    """One broadcast of a message by a system; times are None where they are not told."""

    reported: Instant | None = None
    system: str = ""  # BrdSysInfo
    start: Instant | None = None
    end: Instant | None = None
    url: str = ""
    state: int | None = None
    description: str = ""


@attrs.frozen(kw_only=True)
class Broadcaster:
    """Who broadcast a message (`kind` EBRPS, EBRST or EBRAS, empty where it is not told), and how often."""

    kind: str = ""
    code: str = ""
    broadcasts: tuple[Broadcast, ...] = ()


@attrs.frozen(kw_only=True)
class EbmStateResponse:
    """EBMStateResponse: 0 untreated, 1 waiting, 2 on air, 3 success, 4 failure, 5 cancelled; counts of resources by state."""

    ebm_id: str
    reported: Instant
    state: int
    description: str
    coverage_percent: int = 0
    areas: tuple[AreaCode, ...] = ()
    resources: tuple[int, int, int, int] = (0, 0, 0, 0)  # platforms, stations, adapters, playout systems
    coverage_rate: str = ""
    broadcasters: tuple[Broadcaster, ...] = ()


class Report:
    """What the classes of emergency.ebd_reports have in common: `type` is their EBDType."""

    @property
    def type(self) -> str:
        """The name of the body's element."""
        raise NotImplementedError


@attrs.frozen(kw_only=True)
class Other:
    """A packet of another type; read as far as its envelope."""

    type: str


Body = Ebm | EbdResponse | ConnectionCheck | EbmStateRequest | EbmStateResponse | Report | Other


@attrs.frozen(kw_only=True)
class Ebd:
    """The envelope. `related` is the EBDID it answers."""

    ebd_id: str
    source: str  # EBRID
    time: Instant
    body: Body
    dest: tuple[str, ...] = ()
    url: str = ""
    related: str = ""

    @property
    def generation(self) -> Generation:
        """By the length of its EBDID."""
        return generation_of_packet(self.ebd_id) or "2018"
