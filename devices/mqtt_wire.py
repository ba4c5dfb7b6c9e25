"""The station's side of a connection to an MQTT server, sans I/O: one question at a time, an order believed only when its device answers it. Knows no port and no time.

What the server acknowledges is that it has a message, not that a device obeys: `Give` is answered by the device itself,
by the order's id, on the device's own topic; `Tell` by the server alone.
"""

from __future__ import annotations

from typing import Final

import attrs

from devices import mqtt, mqtt_messages
from devices.mqtt_messages import Answer, Kind, Order, Query, Report, Status
from devices.turns import FramedEar, Heard, Reply, Stray, Told
from station.words import Misheard

PATIENCE: Final = 5_000_000  # µs that a device has for an answer


@attrs.frozen
class Follow:
    """Hear what is published on these topics."""

    filters: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Tell:
    """Give the server a message; answered when it has it."""

    topic: str
    payload: bytes
    retain: bool = False


@attrs.frozen
class Give:
    """Give a device an order, the first of its `to`; answered by that device."""

    kind: Kind
    order: Order

    patience = PATIENCE


Ask = mqtt.Connect | Follow | Tell | Give | mqtt.PingReq


class MqttWire(FramedEar[mqtt.Reader]):
    """A `devices.turns.Wire`: asked to connect first, then to follow, tell and give."""

    numbered = True

    def __init__(self) -> None:
        super().__init__(mqtt.Reader())
        self._packet = 0
        self._said = False  # that the other side is heard no more

    def asked(self, ask: Ask) -> bytes:
        """The packet of a question; ValueError for what no packet carries."""
        match ask:
            case Follow():
                rows = tuple((name, 1) for name in ask.filters)
                data = mqtt.encode(mqtt.Subscribe(packet=self._next(), filters=rows))
            case Tell():
                data = self._published(ask.topic, ask.payload, retain=ask.retain)
            case Give():
                topic = mqtt_messages.device_topic(ask.kind, ask.order.to[0], "order")
                data = self._published(topic, mqtt_messages.write(ask.order), retain=False)
            case _:
                data = mqtt.encode(ask)
        self._open = ask
        return data

    def _next(self) -> int:
        self._packet = self._packet % 0xFFFF + 1
        return self._packet

    def _published(self, topic: str, payload: bytes, *, retain: bool) -> bytes:
        return mqtt.encode(
            mqtt.Publish(topic=topic, payload=payload, qos=1, retain=retain, packet=self._next())
        )

    def feed(self, data: bytes) -> list[Heard]:
        """What these bytes bring."""
        heard: list[Heard] = []
        for packet in self._frames.feed(data):
            heard += self._heard(packet)
        return heard + self._deaf()

    def cut(self) -> list[Heard]:
        """Nothing follows what is kept: the connection is of no more use."""
        self._frames.drop()
        return self._deaf()

    def _deaf(self) -> list[Heard]:
        wrong = self._frames.deaf
        if wrong is None or self._said:
            return []
        self._said = True
        return [self._garbled(wrong.text.en) if self.waiting else Stray(wrong.text.en)]

    def _heard(self, packet: mqtt.Packet) -> list[Heard]:
        match packet:
            case mqtt.Publish():
                taken: list[Heard] = []
                if packet.qos:
                    taken.append(Reply(mqtt.encode(mqtt.PubAck(packet=packet.packet))))
                return [*taken, self._message(packet)]
            case mqtt.ConnAck() if isinstance(self._open, mqtt.Connect):
                return [self._connected(packet)]
            case mqtt.SubAck() if isinstance(self._open, Follow) and packet.packet == self._packet:
                return [self._followed(packet, self._open)]
            case mqtt.PubAck() if isinstance(self._open, (Tell, Give)) and packet.packet == self._packet:
                return [self._done()] if isinstance(self._open, Tell) else []
            case mqtt.PingResp() if isinstance(self._open, mqtt.PingReq):
                return [self._done()]
        return [Stray(f"a {type(packet).__name__} that answers nothing")]

    def _connected(self, packet: mqtt.ConnAck) -> Heard:
        if packet.code:
            return self._declined(str(packet.code), mqtt.REFUSALS.get(packet.code, "unknown"))
        return self._done()

    def _followed(self, packet: mqtt.SubAck, ask: Follow) -> Heard:
        if len(packet.codes) != len(ask.filters):
            return self._garbled(f"{len(packet.codes)} answers to {len(ask.filters)} topics")
        lost = [name for name, code in zip(ask.filters, packet.codes, strict=True) if code == mqtt.FAILED]
        return self._declined(str(mqtt.FAILED), f"not allowed: {', '.join(lost)}") if lost else self._done()

    def _message(self, packet: mqtt.Publish) -> Heard:
        try:
            report = mqtt_messages.heard(packet.topic, packet.payload)
        except Misheard as misheard:
            return Stray(misheard.text.en)
        ask = self._open
        if not isinstance(ask, Give) or packet.retain or not _answers(ask, report, packet.topic):
            return Told(report)
        if isinstance(report, Answer) and report.result == "refused":
            return self._declined("refused", report.text or "")
        if isinstance(ask.order, Query) != isinstance(report, Status):
            return self._garbled("a bare yes to a question")
        return self._answered(report)


def _answers(ask: Give, report: Report, topic: str) -> bool:
    """Whether this is said by the device that has the order, of this order. What is retained answers nothing: it is of before."""
    here = topic == mqtt_messages.device_topic(ask.kind, ask.order.to[0], report.type)
    of = (Answer, Status) if isinstance(ask.order, Query) else Answer
    return here and isinstance(report, of) and report.id == ask.order.id


__all__ = ["PATIENCE", "Ask", "Follow", "Give", "MqttWire", "Tell"]
