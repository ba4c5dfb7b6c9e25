"""How a poller asks a device, whatever it speaks: batches of points, and what each of them read. Knows no round, no age and no limit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

from twisted.internet.defer import Deferred

from devices.bus import Bus, Got, Lane
from devices.modbus import Read
from devices.plant_seen import Device
from devices.points import Block, Point, Reading, value_of
from station.words import Instant

NO_NUMBER: Final = "no number"


class Batch(Protocol):
    """What is read in one request."""

    @property
    def points(self) -> tuple[Point, ...]: ...


class Reader(Protocol):
    """Asks through `bus`; Deferreds fail with devices.bus.Unanswered."""

    bus: Bus[Any, Any]
    nameless: bool  # nothing says which device it is, and nothing is ever written to it

    def batches(self, group: str) -> Sequence[Any]: ...
    def ask(self, batch: Any, lane: Lane) -> Deferred[dict[str, Reading]]: ...
    def is_itself(self, lane: Lane) -> Deferred[bool]: ...


def reading(value: int | None, at: Instant) -> Reading:
    """What was read: a value, or none."""
    return Reading(value=value, at=at, fault="" if value is not None else NO_NUMBER)


class RegisterReader:
    """Registers and bits of a Modbus device."""

    def __init__(self, bus: Bus[Any, Any], device: Device) -> None:
        self.bus, self._device, self._profile = bus, device, device.profile
        self.nameless = not device.profile.identity.values
        poll = device.profile.poll
        self._timeout, self._gap = poll.timeout_ms / 1000, poll.gap_ms / 1000
        self._batches = {
            "fast": self._profile.group("fast"),
            "slow": self._profile.group("slow"),
        }

    def batches(self, group: str) -> Sequence[Block]:
        """The reads of a group."""
        return self._batches[group]

    def _read(self, table: Any, address: int, count: int, lane: Lane) -> Deferred[Got[tuple[int, ...]]]:
        ask = Read(unit=self._device.unit, table=table, address=address, count=count)
        return self.bus.ask(ask, lane, timeout=self._timeout, gap=self._gap)

    def ask(self, batch: Block, lane: Lane) -> Deferred[dict[str, Reading]]:
        """Read one block."""

        def read(got: Got[tuple[int, ...]]) -> dict[str, Reading]:
            return {p.id: reading(value_of(p, batch, got.words), got.asked_at) for p in batch.points}

        return self._read(batch.table, batch.address, batch.count, lane).addCallback(read)

    def is_itself(self, lane: Lane) -> Deferred[bool]:
        """Whether the registers of its identity read as the profile says."""
        wanted = self._profile.identity
        return self._read(wanted.table, wanted.address, len(wanted.values), lane).addCallback(
            lambda got: got.words == tuple(wanted.values)
        )


__all__ = ["NO_NUMBER", "Reader", "RegisterReader", "reading"]
