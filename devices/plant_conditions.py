"""What is wrong with transmitters and power supplies now, as conditions. Pure; limits were judged with their delay and hysteresis when the value was read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from devices.keying_state import Order, State
from devices.plant_messages import Carrier
from devices.plant_seen import Device, DeviceNow
from devices.points import STALE_AFTER, by_id, said
from station.conditions import Condition, about
from station.reasons import reason_text
from station.words import Instant, Text

CARDS = (  # of what is no limit of a profile
    "device.no-contact",
    "device.wrong",
    "device.unread",
    "transmitter.carrier-unconfirmed",
    "transmitter.carrier-lost",
    "transmitter.carrier-unwanted",
    "transmitter.carrier-unclear",
)


def cards(devices: Iterable[Device]) -> tuple[str, ...]:
    """Every card that conditions of these devices may name."""
    own = {limit.card for device in devices for limit in device.profile.limits}
    return tuple(sorted(own | set(CARDS)))


def conditions(
    devices: Iterable[Device], seen: Mapping[str, DeviceNow], state: State, now: Instant
) -> tuple[Condition, ...]:
    """Everything wrong, device by device. What polling cannot see any more stays wrong: silence mends nothing."""
    made: list[Condition] = []
    for device in devices:
        held = seen.get(device.id, DeviceNow())
        made += _contact(device, held)
        made += _unread(device, held, now)
        made += _limits(device, held)
        if device.profile.carrier and held.contact == "good":
            made += _carrier(device, held, state)
    return tuple(made)


def _contact(device: Device, now: DeviceNow) -> Iterator[Condition]:
    if now.contact == "lost":
        yield about(
            device.id,
            "device.no-contact",
            "major",
            Text(
                f"{device.name.en} does not answer ({now.why}); its values are old",
                f"{device.name.zh}无应答({reason_text(now.why).zh}),数值已过时",
            ),
        )
    if now.contact == "wrong":
        yield about(
            device.id,
            "device.wrong",
            "critical",
            Text(
                f"another device answers under the address of {device.name.en} ({device.address})",
                f"{device.name.zh}的地址({device.address})上应答的是另一台设备",
            ),
        )


def _unread(device: Device, held: DeviceNow, now: Instant) -> Iterator[Condition]:
    """Values that fail again and again though the device answers; once is chance."""
    faults = [
        reading.fault
        for point in device.profile.points
        if (reading := held.readings.get(point.id)) is not None
        and reading.fault
        and (reading.at is None or now - reading.at > STALE_AFTER * device.profile.period_us(point))
    ]
    if held.contact == "good" and faults:
        yield about(
            device.id,
            "device.unread",
            "major",
            Text(
                f"{device.name.en}: {len(faults)} values cannot be read ({faults[0]})",
                f"{device.name.zh}:{len(faults)} 个数值读不到({reason_text(faults[0]).zh})",
            ),
        )


def _limits(device: Device, now: DeviceNow) -> Iterator[Condition]:
    crossed = {name for name, held in now.limits.items() if held.crossed}
    if not crossed:
        return  # the usual case, once a second: the table of points is not made for it
    points = by_id(device.profile.points)
    for limit in device.profile.limits:
        if limit.id not in crossed:
            continue
        value = now.readings[limit.point].value
        shown = said(points[limit.point], value) if value is not None else Text("–", "–")
        yield about(
            device.id,
            limit.card,
            limit.severity,
            Text(
                f"{device.name.en}: {limit.en.replace('{value}', shown.en)}",
                f"{device.name.zh}:{limit.zh.replace('{value}', shown.zh)}",
            ),
            name=limit.id,
        )


def _carrier(device: Device, now: DeviceNow, state: State) -> Iterator[Condition]:
    order = state.device(device.id).order
    if order is not None and order.phase == "unconfirmed":
        yield _about_carrier(device, "carrier-unconfirmed", _unconfirmed(device, order))
    elif order is None or order.phase == "confirmed":
        wanted = order is None or order.on  # nobody took it off: it ought to be there
        what = _AMISS.get((wanted, now.carrier))
        if what is not None:
            said = _SAID[what]
            text = Text(said.en.format(device.name.en), said.zh.format(device.name.zh))
            yield _about_carrier(device, what, text)


_AMISS: Final[dict[tuple[bool, Carrier], str]] = {  # (wanted, as read)
    (True, "off"): "carrier-lost",
    (False, "on"): "carrier-unwanted",
    (True, "unclear"): "carrier-unclear",
    (False, "unclear"): "carrier-unclear",
}
_SAID: Final[dict[str, Text]] = {
    "carrier-lost": Text("{} has no carrier, and nobody took it off", "{}无载波,且无人下令关闭"),
    "carrier-unwanted": Text("{} is on the air though it was taken off", "{}已下令关闭,却有载波"),
    "carrier-unclear": Text(
        "{}: state and power do not agree on whether there is a carrier", "{}:载波状态与功率不一致"
    ),
}


def _unconfirmed(device: Device, order: Order) -> Text:
    way = Text("up", "开启") if order.on else Text("down", "关闭")
    return Text(
        f"{device.name.en} was told to bring its carrier {way.en}, not confirmed: {order.why_en}",
        f"{device.name.zh}{way.zh}载波未获确认:{order.why_zh}",
    )


def _about_carrier(device: Device, what: str, text: Text) -> Condition:
    return about(device.id, f"transmitter.{what}", "critical", text)


__all__ = ["CARDS", "cards", "conditions"]
