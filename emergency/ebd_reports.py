"""What platforms tell each other of their resources and broadcasts (OMDRequest, EBR…Info, EBR…State, EBMBrdLog; GD/J 082), as values. Knows no XML."""

from __future__ import annotations

from typing import Final, Literal

import attrs

from emergency.ebd import Broadcaster, Ebm, Report
from station.words import AreaCode, Instant

Kind = Literal[
    "EBRPS", "EBRST", "EBRAS", "EBRBS", "EBRDT"
]  # platforms, stations, adapters, playout systems, terminals
KINDS: Final[tuple[Kind, ...]] = ("EBRPS", "EBRST", "EBRAS", "EBRBS", "EBRDT")
STATES: Final = {1: "running", 2: "stopped", 3: "faulty", 4: "recovered", 5: "on air"}
ASKED: Final = (
    *(f"{kind}Info" for kind in KINDS),
    *(f"{kind}State" for kind in KINDS if kind != "EBRST"),
    "EBMBrdLog",
)


@attrs.frozen(kw_only=True)
class Span:
    """Params: from when to when, all or what changed."""

    start: Instant
    end: Instant
    how: str = ""  # Full, Incremental


@attrs.frozen(kw_only=True)
class OmdRequest(Report):
    """OMDRequest: tell me one of ASKED; the answer comes in a connection of its own."""

    asked: str
    span: Span | None = None

    @property
    def type(self) -> str:
        """OMDRequest."""
        return "OMDRequest"


@attrs.frozen(kw_only=True)
class RadioParams:
    """A radio transmitter: power in W; the rest as its owner writes it."""

    channel: str = ""
    frequency: str = ""
    power: str = ""
    backup: str = ""
    auto_switch: str = ""
    remote_control: str = ""
    experiment: str = ""


@attrs.frozen(kw_only=True)
class TvParams:
    """A television transmitter."""

    channel: str = ""
    frequency: str = ""
    program: str = ""
    number: str = ""


@attrs.frozen(kw_only=True)
class Hours:
    """When a system is on: weekday, from, until, as its owner writes it."""

    weekday: str
    start: str
    end: str


@attrs.frozen(kw_only=True)
class Resource:
    """One resource; which of these a kind has stands in ebd_report_codec.FIELDS. Degrees and numbers stay text: nothing is rounded."""

    reported: Instant
    deed: str  # Sync, Delete
    code: str  # EBRID
    name: str = ""
    platform: str = ""
    station: str = ""
    adapter: str = ""
    address: str = ""
    contact: str = ""
    phone: str = ""
    longitude: str = ""
    latitude: str = ""
    url: str = ""
    parameters: str = ""
    square: str = ""
    areas: tuple[AreaCode, ...] = ()
    population: str = ""
    language: str = ""
    room: str = ""
    radio: RadioParams | None = None
    tv: TvParams | None = None
    hours: tuple[Hours, ...] = ()


@attrs.frozen(kw_only=True)
class ResourceInfo(Report):
    """EBRPSInfo, EBRSTInfo, EBRASInfo, EBRBSInfo, EBRDTInfo."""

    kind: Kind
    resources: tuple[Resource, ...] = ()
    span: Span | None = None

    @property
    def type(self) -> str:
        """EBR…Info."""
        return f"{self.kind}Info"


@attrs.frozen(kw_only=True)
class ResourceState:
    """How a resource is: 1 running, 2 stopped, 3 faulty, 4 recovered, 5 on air."""

    reported: Instant
    code: str
    state: int
    description: str = ""


@attrs.frozen(kw_only=True)
class ResourceStates(Report):
    """EBRPSState, EBRASState, EBRBSState, EBRDTState."""

    kind: Kind
    states: tuple[ResourceState, ...] = ()

    @property
    def type(self) -> str:
        """EBR…State."""
        return f"{self.kind}State"


@attrs.frozen(kw_only=True)
class Unit:
    """Who of a platform was in charge of a broadcast."""

    platform: str = ""
    unit: str = ""
    unit_name: str = ""
    person: str = ""
    person_name: str = ""


@attrs.frozen(kw_only=True)
class LogItem:
    """What became of one message. `ebm` where the record holds it whole."""

    ebm_id: str
    ebm: Ebm | None = None
    units: tuple[Unit, ...] = ()
    state: int = 0
    description: str = ""
    coverage_rate: str = ""
    coverage_percent: int = 0
    areas: tuple[AreaCode, ...] = ()
    resources: tuple[int, int, int, int] = (0, 0, 0, 0)
    broadcasters: tuple[Broadcaster, ...] = ()


@attrs.frozen(kw_only=True)
class BroadcastLog(Report):
    """EBMBrdLog: records of broadcasts."""

    items: tuple[LogItem, ...] = ()
    span: Span | None = None

    @property
    def type(self) -> str:
        """EBMBrdLog."""
        return "EBMBrdLog"
