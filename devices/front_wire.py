"""A platform's side of a line to a county front end (0x49/0x50), sans I/O: one order at a time, believed only when the answer fits it; reports heard and answered. Knows no port and no time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from devices import front, front_order_codec, front_orders, front_reports
from devices.front_orders import AskInputs, AskOutputs, Broadcast, Plain, Stop
from devices.front_reports import RESULTS, Inputs, Outputs, Reply, Started
from devices.turns import Ear, Heard, Stray, Told
from devices.turns import Reply as SendBack
from station.words import Misheard

_ASKED: Final = {0x10: 0x15, 0x11: 0x16}  # questions whose answers stand in no source
Sign = Callable[[front.Frame], front.Signature]


class FrontWire(Ear):
    """A `devices.turns.Wire`: asked an order of `devices.front_orders`. `sign` makes the signature of what is sent."""

    def __init__(self, sign: Sign | None = None) -> None:
        super().__init__()
        self._reader = front.Reader()
        self._sign = sign
        self._rubbish = 0

    @property
    def holding(self) -> bool:
        """Whether the beginning of a frame is kept."""
        return self._reader.holding

    def asked(self, ask: front_orders.Body) -> bytes:
        """The frame of an order; it stays open until its answer comes."""
        data = self._frame(front_orders.type_of(ask), front_order_codec.write(ask), origin=1)
        self._open = ask
        return data

    def _frame(self, kind: int, body: bytes, origin: int) -> bytes:
        made = front.Frame(type=kind, origin=origin, body=body)
        if self._sign is not None:
            made = front.Frame(type=kind, origin=origin, body=body, signature=self._sign(made))
        return front.encode(made)

    def feed(self, data: bytes) -> list[Heard]:
        """What these bytes bring."""
        heard: list[Heard] = []
        for frame in self._reader.feed(data):
            heard += self._heard(frame)
        return heard + self._noise()

    def cut(self) -> list[Heard]:
        """Nothing follows what is kept: it is no frame, but whole ones may stand behind it."""
        heard = [one for frame in self._reader.cut() for one in self._heard(frame)]
        return [*heard, *self._noise()]

    def _noise(self) -> list[Heard]:
        count, self._rubbish = self._reader.rubbish - self._rubbish, self._reader.rubbish
        return [Stray(f"{count} bytes that are no frame")] if count else []

    def _heard(self, frame: front.Frame) -> list[Heard]:
        if frame.tag != front.FROM_FRONT:
            return [Stray("a platform's frame came back")]
        try:
            body = front_reports.read(frame.type, frame.body)
        except Misheard as misheard:
            return [self._garbled(misheard.text.en) if self.waiting else Stray(misheard.text.en)]
        if body is None:
            return [Stray(f"type {frame.type:02X} is nothing that a front end says")]
        if isinstance(body, (front_reports.TaskBegun, front_reports.TaskEnded, front_reports.Beat)):
            return [Told(body), SendBack(self._note(body))]
        if not self.waiting:
            return [Stray(f"type {frame.type:02X} and no order was open")]
        return [self._judge(body)]

    def _note(self, body: object) -> bytes:
        """What a platform says to a report: that it has it."""
        taken = isinstance(body, front_reports.TaskBegun)
        said = front_reports.TaskNoted() if taken else Reply(type=0x21)
        return self._frame(front_reports.type_of(said), front_reports.write(said), origin=2)

    def _judge(self, body: front_reports.Body) -> Heard:
        ask = self._open
        if isinstance(body, Reply):
            return self._replied(ask, body)
        if isinstance(body, Started) and isinstance(ask, (Broadcast, Stop)) and body.ebm_id == ask.ebm_id:
            return self._declined(str(body.result), body.text) if body.result else self._answered(body)
        if _fits(ask, body):
            return self._answered(body)
        return self._garbled(f"a {type(body).__name__} that does not answer {type(ask).__name__}")

    def _replied(self, ask: Any, body: Reply) -> Heard:
        if body.code:
            en, _ = RESULTS.get(body.code, ("refused", "拒绝"))
            return self._declined(str(body.code), f"{en}: {body.text}" if body.text else en)
        if isinstance(ask, (Broadcast, Stop, AskOutputs, AskInputs)) or getattr(ask, "type", 0) in _ASKED:
            return self._garbled("a bare yes to what needs an answer of its own")
        return self._answered(body)


def _fits(ask: object, body: object) -> bool:
    if isinstance(ask, AskOutputs):
        return isinstance(body, Outputs) and body.front == ask.front and _only(ask.channel, body)
    if isinstance(ask, AskInputs):
        return isinstance(body, Inputs) and body.front == ask.front and _only(ask.channel, body)
    return isinstance(ask, Plain) and isinstance(body, Plain) and _ASKED.get(ask.type) == body.type


def _only(channel: int, body: Outputs | Inputs) -> bool:
    return channel == 0 or all(one.id == channel for one in body.channels)


__all__ = ["FrontWire", "Sign"]
