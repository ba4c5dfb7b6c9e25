"""Answers about transmitters and power supplies: `transmitters` and `power`, as views. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from devices import keying
from devices.keying_state import INTERLOCK, LOCAL, Asking, Device, Order, State
from devices.plant_seen import Device as Plugged
from devices.plant_seen import DeviceNow
from devices.points import Held, Limit, Point, Reading, quality, said
from station.device_views import (
    QUALITIES,
    AskedView,
    CarrierView,
    DeviceHead,
    LimitView,
    TransmitterView,
    UpsView,
    ValueView,
)
from station.people import may
from station.settings import DeviceSection
from station.views import Tone
from station.words import Duration, Instant, Operator, Text
from station.world import World

CONTACTS = {
    "never": Text("not heard yet", "尚未通信"),
    "good": Text("answers", "通信正常"),
    "lost": Text("does not answer", "无应答"),
    "wrong": Text("another device answers", "应答的是另一台设备"),
}
DASH = Text("–", "–")
NOBODY = Text("", "")
RULES = {
    "one-on": Text("brought up by one person", "一人开启"),
    "two-off": Text("taken down by two persons", "双人关闭"),
    "alert": Text(
        "taken down by one person while the alert “{cause}” sounds", "预警“{cause}”播出期间一人关闭"
    ),
    "foreign": Text(
        "taken down by one person: the witness hears foreign programme on {cause}",
        "监测到 {cause} 插播,一人关闭",
    ),
}


class DeviceQueries:
    """`transmitters` and `power` of docs/control-protocol.md."""

    def __init__(self, world: World, policy: keying.Policy) -> None:
        self._world, self._policy = world, policy

    def table(self) -> dict[str, Callable[[dict[str, Any], Operator], Any]]:
        """The queries by name."""
        return {"transmitters": self.transmitters, "power": self.power}

    def transmitters(self, args: dict[str, Any], by: Operator) -> list[TransmitterView]:
        """Every transmitter, in the order of the settings."""
        return [self._transmitter(one, section, by) for one, section in self._of("transmitter")]

    def power(self, args: dict[str, Any], by: Operator) -> list[UpsView]:
        """Every power supply, in the order of the settings."""
        return [self._ups(one, section) for one, section in self._of("ups")]

    def _of(self, kind: str) -> list[tuple[Plugged, DeviceSection]]:
        plugged = {one.id: one for one in self._world.plant.devices}
        sections = [one for one in self._world.settings.devices if one.kind == kind and one.id in plugged]
        return [(plugged[section.id], section) for section in sections]

    def _transmitter(self, one: Plugged, section: DeviceSection, by: Operator) -> TransmitterView:
        seen, state = self._world.plant.seen(one.id), self._state
        held = state.device(one.id)
        return TransmitterView(
            head=_head(one, section, seen),
            channel=section.channel,
            channel_name=self._channel(section.channel),
            local=held.is_on(LOCAL),
            interlock=held.is_on(INTERLOCK),
            carrier=self._carrier(one, seen, held, by),
            values=_values(one, seen, self._world.now()),
        )

    @property
    def _state(self) -> State:
        state: State = self._world.desk.states["plant"]
        return state

    def _channel(self, channel: str) -> Text:
        if not channel:
            return NOBODY
        section = self._world.channel(channel)
        return Text(section.name_en, section.name_zh)

    def _carrier(self, one: Plugged, seen: DeviceNow, held: Device, by: Operator) -> CarrierView:
        now, known, order = self._world.now(), self._policy.devices[one.id], held.order
        alone = keying.alone_because(self._state, known, now)
        reported = seen.carrier if seen.contact == "good" else "unknown"
        tone, sentence = carrier_sentence(reported, order, amiss(one, seen))
        return CarrierView(
            wanted="" if order is None else "on" if order.on else "off",
            reported=reported,
            phase="" if order is None else order.phase,
            order=0 if order is None else order.order,
            by=[] if order is None else list(order.by),
            names=[] if order is None else [self._world.person(who) for who in order.by],
            at=None if order is None else order.at,
            until=None if order is None else order.until,
            reason="" if order is None else order.reason,
            why=self._why(order),
            tone=tone,
            sentence=sentence,
            asked=None if held.asking is None else self._asked(held.asking, held, known, by),
            alone=None if alone is None else self._rule(*alone),
            may_on=keying.why_not(held, known, now, on=True),
            may_off=keying.why_not(held, known, now, on=False),
        )

    def _why(self, order: Order | None) -> Text:
        if order is None:
            return Text("nobody keyed it from here yet", "尚未从本台遥控过")
        rule = self._rule(order.rule, order.cause)
        if not order.why_en:
            return rule
        return Text(f"{rule.en}; {order.why_en}", f"{rule.zh};{order.why_zh}")

    def _rule(self, rule: str, cause: str) -> Text:
        """The rule that lets a carrier be keyed, its cause as people call it: an alert's headline, a channel's name."""
        said, headline = RULES[rule], self._world.headline(cause)
        named = self._world.channel_name(cause) if rule == "foreign" else Text(headline, headline)
        return Text(said.en.replace("{cause}", named.en), said.zh.replace("{cause}", named.zh))

    def _asked(self, asking: Asking, held: Device, known: keying.Known, by: Operator) -> AskedView:
        why_not = keying.why_not(held, known, self._world.now(), on=False)
        if not may(by, "carrier"):
            why_not = Text("your role may not key a carrier", "您的角色无权操作载波")
        elif by.id == asking.by:
            why_not = Text("a second person must confirm", "须由第二人确认")
        return AskedView(
            ask=asking.ask,
            by=asking.by,
            name=self._world.person(asking.by),
            reason=asking.reason,
            at=asking.at,
            until=asking.until,
            may_confirm=why_not is None,
            why_not=why_not,
        )

    def _ups(self, one: Plugged, section: DeviceSection) -> UpsView:
        seen = self._world.plant.seen(one.id)
        values = _values(one, seen, self._world.now())
        tone, sentence = _ups_sentence(seen, values, amiss(one, seen))
        return UpsView(head=_head(one, section, seen), tone=tone, sentence=sentence, values=values)


def _head(one: Plugged, section: DeviceSection, seen: DeviceNow) -> DeviceHead:
    return DeviceHead(
        id=one.id,
        name=one.name,
        site=Text(section.site_en or section.site, section.site),
        profile=one.profile.name,
        profile_status=one.profile.status,
        contact=seen.contact,
        contact_text=CONTACTS[seen.contact],
        contact_since=seen.since,
        address=one.address,
    )


def _values(one: Plugged, seen: DeviceNow, now: Instant) -> list[ValueView]:
    limits: dict[str, list[Limit]] = {}
    for limit in one.profile.limits:
        limits.setdefault(limit.point, []).append(limit)
    return [
        _value(point, seen, limits.get(point.id, []), now, Duration(one.profile.period_us(point)))
        for point in one.profile.points
    ]


def _value(point: Point, seen: DeviceNow, limits: list[Limit], now: Instant, period: Duration) -> ValueView:
    reading = seen.readings.get(point.id, Reading())
    worth = quality(point, reading, now, period)
    least, most = point.range if point.range else (None, None)
    return ValueView(
        id=point.id,
        name=point.name,
        value=reading.value,
        decimals=point.decimals,
        unit=point.unit,
        text=DASH if reading.value is None else said(point, reading.value),
        state=bool(point.words_en),
        quality=worth,
        quality_text=QUALITIES[worth],
        why=reading.fault,
        at=reading.at,
        age_ms=None if reading.at is None else max(0, (now - reading.at) // 1000),
        least=least,
        most=most,
        limits=[_limit(limit, seen.limits.get(limit.id, Held())) for limit in limits],
    )


def _limit(limit: Limit, held: Held) -> LimitView:
    return LimitView(
        id=limit.id,
        side=limit.side,
        value=limit.value,
        severity=limit.severity,
        crossed=held.crossed,
        since=held.since if held.crossed else None,
    )


def amiss(one: Plugged, seen: DeviceNow) -> Text | None:
    """The values of a device that are beyond a limit, by their names; None where none is."""
    beyond = {limit.point for limit in one.profile.limits if seen.limits.get(limit.id, Held()).crossed}
    names = [point.name for point in one.profile.points if point.id in beyond]
    if not names:
        return None
    return Text(", ".join(name.en for name in names), "、".join(name.zh for name in names))


def carrier_sentence(reported: str, order: Order | None, over: Text | None = None) -> tuple[Tone, Text]:
    """How a carrier is, by what was read of it (`unknown`: nothing), what was ordered last, and what is beyond its limit."""
    if reported == "unknown":
        return "warn", Text("nobody knows whether it is on the air", "无法确认是否在播")
    under_way = order is not None and order.phase in ("ordered", "sent")
    if order is not None and under_way:
        return "warn", (
            Text("coming up, not read back yet", "正在开机,等待回读")
            if order.on
            else Text("going down, not read back yet", "正在关机,等待回读")
        )
    if order is not None and order.phase == "unconfirmed":
        return "bad", Text("the last order is not confirmed", "最近一次命令未获确认")
    wanted = order is None or order.on
    if reported == "on" and not wanted:
        return "bad", Text("on the air, though taken off", "已下令关闭却在播")
    if reported == "on":
        return _with_alarm(Text("on the air", "在播"), over)
    if reported == "unclear":
        return "warn", Text("carrier unclear: state and power do not agree", "载波状态不明:状态与功率不一致")
    return (
        ("bad", Text("no carrier, though wanted", "应播未播:无载波"))
        if wanted
        else ("warn", Text("taken off the air", "已关闭载波"))
    )


def _with_alarm(well: Text, over: Text | None) -> tuple[Tone, Text]:
    if over is None:
        return "good", well
    return "warn", Text(f"{well.en}, with an alarm: {over.en}", f"{well.zh},有告警:{over.zh}")


def supply_sentence(one: Plugged, seen: DeviceNow, now: Instant) -> tuple[Tone, Text]:
    """How a power supply is."""
    return _ups_sentence(seen, _values(one, seen, now), amiss(one, seen))


def _ups_sentence(seen: DeviceNow, shown: list[ValueView], over: Text | None) -> tuple[Tone, Text]:
    values = {value.id: value for value in shown}
    if seen.contact != "good":
        return "warn", CONTACTS[seen.contact]
    supply, left = values.get("on_battery"), values.get("battery_minutes")
    if supply is None or supply.quality != "good":
        return "warn", Text("its supply is not known", "供电状态未知")
    if supply.value == 1:
        for_so_long = left.text if left is not None and left.quality == "good" else DASH
        return "bad", Text(f"on battery, {for_so_long.en} left", f"电池供电,剩余 {for_so_long.zh}")
    return _with_alarm(Text("on mains", "市电供电"), over)


__all__ = ["DeviceQueries", "amiss", "carrier_sentence", "supply_sentence"]
