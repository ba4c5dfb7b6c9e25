"""How a poller asks what has no registers: SNMP, NUT, lines of text. Knows what a batch is and what an answer means, no round and no age."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import attrs
from twisted.internet.defer import Deferred, succeed

from devices import nut_line, text_line
from devices.ascii_line import AsciiPoint, AsciiProfile
from devices.bus import Bus, Got, Lane
from devices.named import Said, value_of
from devices.plant_profile import PlantProfile
from devices.plant_seen import Device
from devices.points import Point, Reading, scaled
from devices.readers import reading
from station.words import Instant

NOT_TOLD: Final = "not told any more"


@attrs.frozen
class Names:
    """Points asked for in one request."""

    points: tuple[Point, ...]


class _Reader:
    """What the three have in common."""

    most = 0  # points of a request

    def __init__(self, bus: Bus[Any, Any], device: Device) -> None:
        self.bus, self._device = bus, device
        self.nameless = not device.profile.identity.at
        poll = device.profile.poll
        self._timeout, self._gap = poll.timeout_ms / 1000, poll.gap_ms / 1000
        self._told: set[str] = set()
        self._batches = {group: self._cut(device.profile.grouped(group)) for group in ("fast", "slow")}

    def _cut(self, points: tuple[Point, ...]) -> tuple[Names, ...]:
        size = self.most or max(1, len(points))
        return tuple(Names(points[at : at + size]) for at in range(0, len(points), size))

    def batches(self, group: str) -> Sequence[Names]:
        """The requests of a group."""
        return self._batches[group]

    def _read(self, batch: Names, at: Instant, said: Callable[[Point], Said]) -> dict[str, Reading]:
        """What a device never told it has not got, and nothing is amiss; what it told before and tells no more is."""
        made = {}
        for point in batch.points:
            told = said(point)
            if told is not None:
                self._told.add(point.id)
                made[point.id] = reading(value_of(point, told), at)
            elif point.id in self._told:
                made[point.id] = Reading(fault=NOT_TOLD)
        return made

    def _asked(self, question: Any, lane: Lane) -> Deferred[Got[Any]]:
        return self.bus.ask(question, lane, timeout=self._timeout, gap=self._gap)


class NutReader(_Reader):
    """A power supply of a NUT server: one list has everything."""

    def ask(self, batch: Names, lane: Lane) -> Deferred[dict[str, Reading]]:
        """Read the list."""

        def read(got: Got[nut_line.Variables]) -> dict[str, Reading]:
            return self._read(batch, got.asked_at, lambda point: got.words.get(point.at))

        return self._asked(nut_line.Question(self._device.supply), lane).addCallback(read)

    def is_itself(self, lane: Lane) -> Deferred[bool]:
        """Whether a variable says what it should."""
        who = self._device.profile.identity
        return self._asked(nut_line.Question(self._device.supply), lane).addCallback(
            lambda got: got.words.get(who.at) == who.says
        )


class SnmpReader(_Reader):
    """Objects of an SNMP agent."""

    def __init__(self, bus: Bus[Any, Any], device: Device) -> None:
        from devices import snmp, snmp_line  # pysnmp is loaded where an agent is asked

        self.most = min(device.profile.poll.max_block, snmp.MOST)
        self._get, self._question, self._said = snmp.Get, snmp_line.Question, snmp.said
        super().__init__(bus, device)

    def ask(self, batch: Names, lane: Lane) -> Deferred[dict[str, Reading]]:
        """Get the objects; one that the agent has not got costs the others nothing."""

        def read(got: Got[Any]) -> dict[str, Reading]:
            held = {one.oid: self._said(one) for one in got.words}
            return self._read(batch, got.asked_at, lambda point: held[point.at])

        oids = tuple(dict.fromkeys(point.at for point in batch.points))
        return self._asked(self._question(self._get(oids)), lane).addCallback(read)

    def is_itself(self, lane: Lane) -> Deferred[bool]:
        """Whether an object, such as sysObjectID, says what it should."""
        who = self._device.profile.identity

        def same(got: Got[Any]) -> bool:
            said = self._said(got.words[0])
            return said is not None and str(said) == who.says

        return self._asked(self._question(self._get((who.at,))), lane).addCallback(same)


class TextReader(_Reader):
    """A device that is asked a line for each value."""

    most = 1

    def __init__(self, bus: Bus[Any, Any], device: Device) -> None:
        super().__init__(bus, device)
        self._lines = {point.id: _line(point) for point in device.profile.points}

    def ask(self, batch: Names, lane: Lane) -> Deferred[dict[str, Reading]]:
        """Ask for one value."""
        (point,) = batch.points

        def read(got: Got[int]) -> dict[str, Reading]:
            value = got.words if point.heard else scaled(point, got.words)
            return {point.id: reading(value, got.asked_at)}

        return self._asked(text_line.Question(self._lines[point.id]), lane).addCallback(read)

    def is_itself(self, lane: Lane) -> Deferred[bool]:
        """Nothing in a line says who is there; its rules see to it that nobody asks."""
        return succeed(True)  # noqa: FBT003


def _line(point: Point) -> AsciiPoint:
    return AsciiPoint(
        id=point.id,
        name_zh=point.name_zh,
        name_en=point.name_en,
        request=point.at,
        reply=point.reply,
        words=point.heard,
        decimals=point.decimals,
    )


def lines_of(profile: PlantProfile) -> AsciiProfile:
    """How a device speaks, in the words of devices/ascii_line.py."""
    how = profile.line
    return AsciiProfile(
        name=profile.name,
        status=profile.status,
        source=profile.source,
        terminator=how.terminator,
        prompt=how.prompt,
        echo=how.echo,
        timeout_ms=profile.poll.timeout_ms,
        late_ms=how.late_ms,
        points=[_line(point) for point in profile.points],
    )


__all__ = ["Names", "NutReader", "SnmpReader", "TextReader", "lines_of"]
