"""Reads one device again and again, and keeps what it said with its age. Polls; decides nothing but what a value is worth."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Final

import attrs
from twisted.internet.defer import Deferred, inlineCallbacks

from devices.bus import Lane, Unanswered
from devices.modbus import EXCEPTIONS
from devices.plant_messages import Carrier, Contact
from devices.plant_seen import Device, DeviceNow, carrier_of
from devices.points import Held, Limit, Point, Reading, by_id, judged, quality
from devices.readers import Reader
from station.metrics import counter
from station.words import SECOND, Duration, Instant

ROUNDS_TO_LOSE: Final = 2  # rounds without any answer until contact counts as lost
RAMP: Final = Duration(5 * SECOND)  # a carrier may be neither up nor down for so long
HURRY: Final = 0.25  # s between rounds while an order waits to be read back

OVERRUNS = counter(
    "gengfu_polls_skipped_total", "Rounds left out because the last one still ran", ("device",)
)

Steps = Generator[Deferred[Any], Any, None]


def why_of(trouble: Unanswered) -> str:
    """What stands beside a value that is not good."""
    if trouble.trouble == "exception":
        return f"exception {trouble.code} ({EXCEPTIONS.get(trouble.code, 'unknown')})"
    return trouble.detail if trouble.trouble == "declined" else trouble.trouble


class Poller:
    """`start`, `stop`, `now`; tells `on_news` after each round."""

    def __init__(
        self,
        reactor: Any,
        reader: Reader,
        device: Device,
        now: Callable[[], Instant],
        on_news: Callable[[str], None],
    ) -> None:
        self._reactor, self._reader, self._device, self._now, self._on_news = (
            reactor,
            reader,
            device,
            now,
            on_news,
        )
        self._bus = reader.bus
        self._profile = device.profile
        self._points = by_id(device.profile.points)
        self._limits: dict[str, list[Limit]] = {}
        for limit in device.profile.limits:
            self._limits.setdefault(limit.point, []).append(limit)
        self._due: dict[str, float] = {}
        self._timers: dict[str, Any] = {}
        self._running: set[str] = set()
        self._known_on = -1  # the connection on which the device showed who it is
        self._failed = 0  # rounds in a row without any answer
        self._heard = False  # in this round
        self._trouble = ""
        self._hurry = False
        self.seen = DeviceNow()

    def start(self, phase: float) -> None:
        """Begin; `phase` (s) sets this device apart from its neighbours."""
        for group, period in (("fast", self._profile.poll.fast_ms), ("slow", self._profile.poll.slow_ms)):
            if self._reader.batches(group):
                self._due[group] = self._reactor.seconds() + phase
                self._later(group, period / 1000)

    def stop(self) -> None:
        """Ask no more."""
        for timer in self._timers.values():
            if timer.active():
                timer.cancel()
        self._timers.clear()

    def hurry(self, wanted: bool) -> None:
        """Whether an order waits to be read back: then rounds follow each other quickly."""
        if wanted and not self._hurry and "fast" in self._due:
            self._hurry = True
            self._due["fast"] = self._reactor.seconds()
            self._later("fast", HURRY)
        self._hurry = wanted

    # -- rounds ---------------------------------------------------------------------------------

    def _later(self, group: str, period: float) -> None:
        held = self._timers.get(group)
        if held is not None and held.active():
            held.cancel()
        wait = max(0.0, self._due[group] - self._reactor.seconds())
        self._timers[group] = self._reactor.callLater(wait, self._tick, group, period)

    def _tick(self, group: str, period: float) -> None:
        usual = (self._profile.poll.fast_ms if group == "fast" else self._profile.poll.slow_ms) / 1000
        period = min(usual, HURRY) if self._hurry and group == "fast" else usual
        now = self._reactor.seconds()
        self._due[group] = max(self._due[group] + period, now + period / 2)  # absolute, and never piling up
        self._later(group, period)
        if group in self._running:
            OVERRUNS.labels(self._device.id).inc()
            return
        self._running.add(group)
        self._round(group)

    @inlineCallbacks
    def _round(self, group: str) -> Steps:
        self._heard = False
        try:
            known = yield self._identified()
            if known:
                for batch in self._reader.batches(group):
                    yield self._batch(batch)
        finally:
            self._running.discard(group)
        if group == "fast":
            self._count()
        self._conclude()
        self._on_news(self._device.id)

    @inlineCallbacks
    def _identified(self) -> Generator[Deferred[Any], Any, bool]:
        """Whether the device at this address is the one of the profile; asked once a connection."""
        if self._reader.nameless or (self._known_on == self._bus.connections and self._bus.up):
            return True
        lane = Lane.READ_BACK if self._hurry else Lane.POLL
        try:
            right = yield self.is_itself(lane)
        except Unanswered as trouble:
            if trouble.trouble != "exception":
                self._lost(self._profile.points, trouble)
                return False
            right = False  # it does not know the registers by which it would be known
        self._heard = True
        if right:
            self._known_on = self._bus.connections
            return True
        self._contact("wrong", "another device")
        self._mark(self._profile.points, "another device")
        return False

    def is_itself(self, lane: Lane) -> Deferred[bool]:
        """Ask who it is; fails with Unanswered."""
        return self._reader.is_itself(lane)

    @inlineCallbacks
    def _batch(self, batch: Any) -> Steps:
        lane = Lane.READ_BACK if self._hurry else Lane.POLL
        try:
            readings: dict[str, Reading] = yield self._reader.ask(batch, lane)
        except Unanswered as trouble:
            self._lost(batch.points, trouble)
            return
        self._heard = True
        if self.seen.contact != "good":
            self._contact("good", "")
        self.seen = attrs.evolve(self.seen, readings={**self.seen.readings, **readings})

    def _lost(self, points: Any, trouble: Unanswered) -> None:
        self._trouble = why_of(trouble)
        self._mark(points, self._trouble)
        self._heard = self._heard or trouble.trouble == "exception"

    def _count(self) -> None:
        """One fast round is over: silent once may be chance, silent twice is lost."""
        self._failed = 0 if self._heard else self._failed + 1
        if self._failed >= ROUNDS_TO_LOSE:
            self._known_on = -1
            self._contact("lost", self._trouble)

    def _mark(self, points: list[Point] | tuple[Point, ...], fault: str) -> None:
        held = self.seen.readings
        marked = {point.id: attrs.evolve(held.get(point.id, Reading()), fault=fault) for point in points}
        self.seen = attrs.evolve(self.seen, readings={**held, **marked})

    def _contact(self, contact: Contact, why: str) -> None:
        if self.seen.contact != contact:
            self.seen = attrs.evolve(self.seen, contact=contact, why=why, since=self._now())

    # -- what it comes to -----------------------------------------------------------------------

    def _conclude(self) -> None:
        now, seen = self._now(), self.seen
        carrier = carrier_of(self._profile, seen.readings, now)
        at = self._carrier_read()
        if carrier == "unclear" and seen.carrier_at is not None and now - seen.carrier_at < RAMP:
            carrier, at = seen.carrier, seen.carrier_at  # on its way up or down
        limits = dict(seen.limits)
        for point, asked in self._limits.items():
            for limit in asked:
                limits[limit.id] = self._judge(
                    limit, self._points[point], limits.get(limit.id, Held()), carrier
                )
        self.seen = attrs.evolve(seen, carrier=carrier, carrier_at=at, limits=limits)

    def _carrier_read(self) -> Instant | None:
        """The older of the two readings that show a carrier."""
        for order in self._profile.carrier:
            found = [self.seen.readings.get(name, Reading()).at for name in (order.readback, order.power)]
            return min((at for at in found if at is not None), default=None)
        return None

    def _judge(self, limit: Limit, point: Point, held: Held, carrier: Carrier) -> Held:
        if limit.unless_off and carrier != "on":
            return Held()
        reading = self.seen.readings.get(point.id, Reading())
        period = Duration(self._profile.period_us(point))
        if reading.value is None or quality(point, reading, self._now(), period) != "good":
            return held
        return judged(limit, held, reading.value, self._now())


__all__ = ["Poller", "why_of"]
