"""What a platform orders its front ends (types 01 to 11, 3F, 40 of the 0x49/0x50 frames), as values. Knows no byte of them.

Bodies of 01, 03, 10, 11 and 40 stand in no source: they stay bytes.
"""

from __future__ import annotations

from typing import Final

import attrs

from devices.front_codes import Address, Targets
from station.worded import Wording

START: Final = 1
STOP: Final = 2
SWITCH_CHANNEL: Final = 3
VOLUME_UNCHANGED: Final = 0xFF


@attrs.frozen(kw_only=True)
class Broadcast:
    """Type 04 in its long form: `power` 1 start, 2 stop, 3 change the channel."""

    ebm_id: str  # 35 digits
    power: int = START
    kind: int  # class: 1 system drill, 2 simulated drill, 3 actual drill, 4 emergency, 5 daily
    event: str  # 5 ASCII characters
    level: int
    start: int  # epoch s
    end: int
    volume: int = VOLUME_UNCHANGED
    targets: Targets
    wordings: tuple[Wording, ...] = ()
    input_channel: int = 0
    outputs: tuple[int, ...] = ()
    private: bytes | None = None  # with its length of 2 bytes behind, or not there at all


@attrs.frozen(kw_only=True)
class Stop:
    """Type 04 in its short form."""

    ebm_id: str
    targets: Targets


@attrs.frozen(kw_only=True)
class SetCodes:
    """Type 05: terminals by physical address get resource codes."""

    rows: tuple[tuple[str, str], ...]  # physical address (even number of digits), resource code


@attrs.frozen(kw_only=True)
class SetVolume:
    """Type 06: 0–100 %."""

    percent: int
    targets: Targets


@attrs.frozen(kw_only=True)
class SetReturn:
    """Type 07: where terminals report to."""

    address: Address
    targets: Targets


@attrs.frozen(kw_only=True)
class AskTerminals:
    """Type 08: terminals shall report parameters, by tag, to an address."""

    address: Address
    targets: Targets
    tags: bytes


@attrs.frozen(kw_only=True)
class SetClock:
    """Type 09: epoch s."""

    at: int


@attrs.frozen(kw_only=True)
class SetNetwork:
    """Type 0A: IPv4 address, mask, gateway (the order of the fields is unverified)."""

    address: str
    mask: str
    gateway: str
    targets: Targets


@attrs.frozen(kw_only=True)
class SetPeriod:
    """Type 0B: terminals report every so many seconds."""

    seconds: int
    targets: Targets


@attrs.frozen(kw_only=True)
class WhiteRow:
    """One telephone of the white list: `deed` 1 add, 2 change, 3 delete; `permission` as the maker numbers it; areas of 12 digits."""

    deed: int
    phone: str
    name: str
    permission: int
    areas: tuple[str, ...]


@attrs.frozen(kw_only=True)
class SetWhiteList:
    """Type 0C: who may speak by telephone."""

    rows: tuple[WhiteRow, ...]


@attrs.frozen(kw_only=True)
class SetFrontReturn:
    """Type 0D: where the front end itself reports to, and how often (s)."""

    address: Address
    seconds: int


@attrs.frozen(kw_only=True)
class AskOutputs:
    """Type 0E: which outputs there are; channel 0 all; state 0 all, 1 idle, 2 in use, 3 faulty."""

    front: str
    channel: int = 0
    state: int = 0


@attrs.frozen(kw_only=True)
class AskInputs:
    """Type 0F: the same of inputs."""

    front: str
    channel: int = 0
    state: int = 0


@attrs.frozen(kw_only=True)
class RdsScan:
    """Type 02: the list of frequencies that receivers scan: number, priority, frequency in 10 kHz. What `head` means is in no source."""

    head: bytes = b"\x00\x00\xff\x64"
    codes: tuple[str, ...]
    rows: tuple[tuple[int, int, int], ...]


@attrs.frozen(kw_only=True)
class SwitchTerminals:
    """Type 3F: 1 amplifiers off, 2 on."""

    option: int
    targets: Targets


@attrs.frozen(kw_only=True)
class Plain:
    """A type whose body no source shows."""

    type: int
    data: bytes


Body = (
    Broadcast | Stop | SetCodes | SetVolume | SetReturn | AskTerminals | SetClock | SetNetwork | SetPeriod
    | SetWhiteList | SetFrontReturn | AskOutputs | AskInputs | RdsScan | SwitchTerminals | Plain
)  # fmt: skip
TYPES: Final[dict[type, int]] = {
    RdsScan: 0x02, Broadcast: 0x04, Stop: 0x04, SetCodes: 0x05, SetVolume: 0x06, SetReturn: 0x07, AskTerminals: 0x08,
    SetClock: 0x09, SetNetwork: 0x0A, SetPeriod: 0x0B, SetWhiteList: 0x0C, SetFrontReturn: 0x0D, AskOutputs: 0x0E,
    AskInputs: 0x0F, SwitchTerminals: 0x3F,
}  # fmt: skip
PLAIN: Final = (0x01, 0x03, 0x10, 0x11, 0x40)


def type_of(body: Body) -> int:
    """The frame's type for a body."""
    return body.type if isinstance(body, Plain) else TYPES[type(body)]
