"""Transmitters and power supplies of one station: their lines, their polling, and orders to carriers sent once and read back. Knows no alert and no person."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Sequence
from typing import Any

import attrs
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger

from devices import dialling, plant_conditions
from devices.bus import Bus, Lane, Unanswered
from devices.keying import EMPTY, State, follow
from devices.keying_state import Order
from devices.modbus import WriteCoil
from devices.plant_messages import (
    FailCarrier,
    ObserveDevice,
    ReadBackCarrier,
    SendCarrier,
)
from devices.plant_seen import Device, DeviceNow, observed
from devices.poller import Poller, why_of
from station.conditions import Condition
from station.links import AnyLink
from station.words import Command, Instant, Text

FRESH = 5.0  # s from the decision until an order is no longer put on the wire

Tell = Callable[[Command], Deferred[Any]]
Steps = Generator[Deferred[Any], Any, None]

WRONG_DEVICE = Text(
    "another device answers under this address; nothing was written",
    "此地址上应答的是另一台设备,未写入",
)


@attrs.define
class _Keyed:
    """How far this process brought a device's newest order; what an earlier process sent is only read back."""

    begun: int = 0
    wired: int = 0
    told: int = 0


class Plant:
    """`start`, `stop`; `look` at each durable state; `seen` and `conditions` for questions."""

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        devices: Sequence[Device],
        now: Callable[[], Instant],
        tell: Tell,
        *,
        jitter: Callable[[], float] = random.random,
        via: str = "",
    ) -> None:
        self.devices = tuple(devices)
        self._now, self._tell = now, tell
        self._state: State = EMPTY
        self._observed: dict[str, ObserveDevice | None] = {}
        self._keyed = {device.id: _Keyed() for device in devices}
        self.buses: dict[AnyLink, Bus[Any, Any]] = {}
        self._pollers: dict[str, Poller] = {}
        for device in devices:
            if device.line not in self.buses:
                self.buses[device.line] = dialling.bus(reactor, device, now, jitter=jitter, via=via)
            reader = dialling.reader(self.buses[device.line], device)
            self._pollers[device.id] = Poller(reactor, reader, device, now, self._news)

    def start(self) -> None:
        """Connect and poll, the devices apart from each other."""
        for bus in self.buses.values():
            bus.start()
        for k, device in enumerate(self.devices):
            self._pollers[device.id].start(0.2 + k * device.profile.poll.fast_ms / 1000 / len(self.devices))

    def stop(self) -> None:
        """Let go of every line; transmitters go on as they are."""
        for poller in self._pollers.values():
            poller.stop()
        for bus in self.buses.values():
            bus.stop()

    def seen(self, device: str) -> DeviceNow:
        """What polling shows of a device; KeyError for none."""
        return self._pollers[device].seen

    def conditions(self) -> tuple[Condition, ...]:
        """What is wrong now."""
        seen = {device.id: self.seen(device.id) for device in self.devices}
        return plant_conditions.conditions(self.devices, seen, self._state, self._now())

    def look(self, state: State) -> None:
        """The durable state: bring carriers to what it wants."""
        if state is not self._state:
            self._state = state
            for device in self.devices:
                self._follow(device)

    def _news(self, name: str) -> None:
        device = next(device for device in self.devices if device.id == name)
        self._observe(device)
        self._follow(device)

    # -- what the desk is told ------------------------------------------------------------------

    def _observe(self, device: Device) -> None:
        """Tell the desk when facts changed; what it did not take is told again after the next round."""
        seen = self.seen(device.id)
        if seen.contact == "never":
            return
        made = observed(device, seen, self._now())
        if self._observed.get(device.id) != made:
            self._observed[device.id] = made
            self._tell(made).addCallback(self._taken, device.id)

    def _taken(self, reply: Any, device: str) -> None:
        if not reply.ok:
            self._observed[device] = None

    # -- orders ---------------------------------------------------------------------------------

    def _follow(self, device: Device) -> None:
        held, keyed, seen = self._state.device(device.id), self._keyed[device.id], self.seen(device.id)
        order = held.order
        if order is None:
            return
        self._pollers[device.id].hurry(order.phase in ("ordered", "sent"))
        wish = follow(held, seen.carrier, seen.carrier_at if seen.contact == "good" else None)
        if wish == "read back" and keyed.told != order.order:
            keyed.told = order.order
            self._tell(ReadBackCarrier(device=device.id, order=order.order))
        elif wish == "send" and keyed.begun != order.order:
            keyed.begun = order.order
            self._tell(SendCarrier(device=device.id, order=order.order))
        elif order.phase == "sent" and keyed.begun == order.order and keyed.wired != order.order:
            keyed.wired = order.order
            self._wire(device, order)

    @inlineCallbacks
    def _wire(self, device: Device, order: Order) -> Steps:
        """Look who is there, then write: once."""
        lane = Lane.EMERGENCY if order.rule in ("alert", "foreign") else Lane.ORDER
        poller, poll, coil = self._pollers[device.id], device.profile.poll, device.profile.carrier[0]
        bus = self.buses[device.line]
        try:
            if not (yield poller.is_itself(lane)):
                self._fail(device, order, WRONG_DEVICE)
                return
            write = WriteCoil(unit=device.unit, address=coil.address, on=order.on)
            yield bus.ask(write, lane, timeout=poll.timeout_ms / 1000, fresh=FRESH, gap=poll.gap_ms / 1000)
        except Unanswered as trouble:
            self.log.warn(
                "{device}: order {order}: {why}", device=device.id, order=order.order, why=str(trouble)
            )
            self._failed(device, order, trouble)

    def _failed(self, device: Device, order: Order, trouble: Unanswered) -> None:
        """Without an answer nobody knows whether it obeyed: reading it back tells, or the order's time runs out."""
        why = why_of(trouble)
        if trouble.trouble == "exception":
            self._fail(device, order, Text(f"the device refused it: {why}", f"设备拒绝:{why}"))
        elif not trouble.sent:
            self._fail(device, order, Text(f"it could not be sent: {why}", f"命令未能发出:{why}"))

    def _fail(self, device: Device, order: Order, why: Text) -> None:
        self._tell(FailCarrier(device=device.id, order=order.order, why_en=why.en, why_zh=why.zh))


__all__ = ["Plant"]
