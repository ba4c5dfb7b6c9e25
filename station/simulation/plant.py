"""The transmitters and power supplies of a simulated day: the models of `gengfu sim`, behind wires of the fake clock. Shares no codec with the product; counts what was written to each."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any, Final

import attrs

from devices import sim_transmitter, sim_ups
from devices.sim_modbus import Faults, Unit
from devices.sim_modbus import Wire as ModbusWire
from devices.sim_plant import Living, Model
from station.clock import Clock
from station.settings import Ports, Settings
from station.simulation.wires import Far, Wire

CATCH_UP: Final = 2.0  # s that a device lives on at most between two looks at it: nobody sees more of it
WIRE: Final = ("dead", "slow", "late", "tid", "unit", "short", "long", "function", "echo", "twice", "pieces", "exception")  # fmt: skip
BROKEN: Final[dict[str, tuple[str, ...]]] = {
    "transmitter": ("antenna", "feeder", "pa", "exciter", "cooling", "interlock", "local", "off", "stuck"),
    "ups": ("mains", "mains", "sag", "battery", "overload", "hot"),
}


class _Transport(asyncio.Transport):
    """What a simulated device writes to: the far end of a wire."""

    def __init__(self, end: End) -> None:
        super().__init__()
        self._end = end

    def write(self, data: Any) -> None:
        """To the station."""
        self._end.say(bytes(data))

    def is_closing(self) -> bool:
        """Whether nobody reads any more."""
        return self._end.wire is None or not self._end.wire.open

    def abort(self) -> None:
        """Hang up."""
        if self._end.wire is not None:
            self._end.wire.hang_up()


class End(Far):
    """One connection of a device."""

    def __init__(self, device: SimulatedDevice, clock: Clock) -> None:
        self.wire: Wire | None = None
        self._modbus = ModbusWire(device.unit, device.wire_faults, clock.callLater)
        self._modbus.connection_made(_Transport(self))

    def received(self, data: bytes) -> None:
        """Requests."""
        self._modbus.data_received(data)

    def say(self, data: bytes) -> None:
        """Answers."""
        if self.wire is not None:
            self.wire.say(data)

    def cut(self) -> None:
        """The line is cut; the station learns it at once."""
        wire, self.wire = self.wire, None
        if wire is not None:
            wire.hang_up()

    def closed(self) -> None:
        """The station is gone."""
        self.wire = None


@attrs.define(kw_only=True, eq=False)
class SimulatedDevice:
    """One device: its model, its faults, and the end of its line."""

    id: str
    kind: str
    model: Model
    wire_faults: Faults
    unit: Unit
    reachable: bool = True
    ends: list[End] = attrs.field(factory=list)

    @property
    def written(self) -> int:
        """Orders that it obeyed so far."""
        return len(self.unit.written)


class Hill:
    """All devices of a run, by host and port."""

    def __init__(self, clock: Clock, settings: Settings, ports: Ports, seed: str) -> None:
        self._clock = clock
        dice = Random(f"{seed}/hill")  # noqa: S311 - a day that repeats exactly
        self.devices: dict[str, SimulatedDevice] = {}
        self._at: dict[tuple[str, int], SimulatedDevice] = {}
        for number, section in enumerate(settings.devices):
            device = self._made(section, dice.randrange(1 << 30))
            self.devices[section.id] = device
            self._at[(section.host, section.port or ports.device(number))] = device

    def _made(self, section: Any, seed: int) -> SimulatedDevice:
        model: Model = (
            sim_transmitter.Transmitter(seed=seed)
            if section.kind == "transmitter"
            else sim_ups.Ups(seed=seed)
        )
        faults = Faults(seed)
        living = Living(model, self._clock.seconds, catch_up=CATCH_UP)
        return SimulatedDevice(
            id=section.id,
            kind=section.kind,
            model=model,
            wire_faults=faults,
            unit=Unit(section.unit, living, faults),
        )

    def cut(self, device: SimulatedDevice) -> None:
        """Nothing gets through to a device until it is `reachable` again."""
        device.reachable = False
        ends, device.ends = device.ends, []
        for end in ends:
            end.cut()

    def end(self, host: str, port: int) -> End | None:
        """The far end of a new connection to an address; None where nobody answers."""
        device = self._at.get((host, port))
        if device is None or not device.reachable:
            return None
        made = End(device, self._clock)
        device.ends = [*(one for one in device.ends if one.wire is not None), made]
        return made
