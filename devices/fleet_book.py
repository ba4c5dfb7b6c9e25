"""Numbers for names: which assignment, EBM, session and tally a number in the fleet's arrays stands for. Knows no wire, no clock."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

import attrs
import numpy as np

from devices.fleet import NEVER, Ints, Times, Verb
from devices.tally import Tally
from station.words import SECOND, AreaCode, Instant

CLASSES = {"drill": 3, "actual": 4, "daily": 5}  # 1 and 2 are drills of systems, which no alert of ours is
SESSIONS = 4_096  # remembered, to know what an answer answers
TALLIES = 256  # alerts remembered
EBMS = 4_096  # different EBMIDs that terminals may claim to play


@attrs.frozen(kw_only=True)
class Group:
    """What the terminals of some areas ought to play: one alert, or two that alternate on one stream."""

    alerts: tuple[str, ...]
    ebm_id: str  # 35 digits
    kind: str  # actual, drill or daily
    level: int
    event: str
    start: Instant
    end: Instant
    url: str  # rtp://group:port
    areas: frozenset[AreaCode]


@attrs.frozen(kw_only=True)
class Assignment:
    """What a start order says, without its terminals. `start` in epoch seconds, `end` in µs."""

    ebm_id: str
    kind: int
    level: int
    event: str
    start: int
    end: Instant
    url: str


def wire_ebm(ebm_id: str) -> str:
    """An EBMID as terminals can carry it, 35 digits: shorter ones (30 of 2016) get zeros in front, others a digest."""
    if len(ebm_id) <= 35 and ebm_id.isascii() and ebm_id.isdigit():
        return ebm_id.rjust(35, "0")
    return str(int.from_bytes(hashlib.sha256(ebm_id.encode("utf-8", "surrogatepass")).digest(), "big"))[:35]


class Book:
    """All that was ever wanted in this process, numbered. Number 0 is nothing. `lost` counts EBMIDs beyond the bound."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._assignments: list[Assignment] = []
        self._numbers: dict[Assignment, int] = {}
        self._ebms: dict[str, int] = {"": 0}
        self._ebm_ids = [""]
        self._ebm = np.zeros(1, dtype=np.int32)
        self._end = np.full(1, NEVER, dtype=np.int64)
        self._by_ebm: dict[int, tuple[Tally, ...]] = {}
        self._sessions: OrderedDict[int, tuple[Verb, int]] = OrderedDict()
        self.tallies: OrderedDict[str, Tally] = OrderedDict()
        self.lost = 0

    def assign(self, group: Group) -> int:
        """The number of what a group plays; the same content has the same number."""
        made = Assignment(
            ebm_id=wire_ebm(group.ebm_id),
            kind=CLASSES[group.kind],
            level=group.level,
            event=group.event,
            start=group.start // SECOND,
            end=group.end,
            url=group.url,
        )
        if made not in self._numbers:
            self._assignments.append(made)
            self._numbers[made] = len(self._assignments)
            self._ebm = np.append(self._ebm, np.int32(self.ebm(made.ebm_id)))
            self._end = np.append(self._end, np.int64(made.end))
        ebm = self.ebm(made.ebm_id)
        former = {tally.alert: tally for tally in self._by_ebm.get(ebm, ())}
        self._by_ebm[ebm] = tuple((former | {a: self._tally(a) for a in group.alerts}).values())
        return self._numbers[made]

    def _tally(self, alert: str) -> Tally:
        if alert not in self.tallies:
            self.tallies[alert] = Tally.of(alert, self._count)
            if len(self.tallies) > TALLIES:
                self.tallies.popitem(last=False)
        return self.tallies[alert]

    def assignment(self, number: int) -> Assignment:
        """What number `number` (from 1) says."""
        return self._assignments[number - 1]

    def tables(self) -> tuple[Ints, Times]:
        """By assignment: number of the EBM, and end."""
        return self._ebm, self._end

    def ebm_of(self, assignment: int) -> int:
        """The EBM of an assignment."""
        return int(self._ebm[assignment])

    def ebm(self, ebm_id: str) -> int:
        """The number of an EBMID; beyond the bound all share the last one."""
        number = self._ebms.get(ebm_id)
        if number is None:
            if len(self._ebm_ids) >= EBMS:
                self.lost += 1
                return EBMS - 1
            number = self._ebms[ebm_id] = len(self._ebm_ids)
            self._ebm_ids.append(ebm_id)
        return number

    def ebm_id(self, number: int) -> str:
        """The EBMID of a number."""
        return self._ebm_ids[number]

    def tallies_of(self, ebm: int) -> tuple[Tally, ...]:
        """Who counts what terminals say of an EBM; the first is the alert it is shown as."""
        return self._by_ebm.get(ebm, ())

    def sent(self, session: int, verb: Verb, what: int) -> None:
        """A command went out under this session number."""
        self._sessions[session] = (verb, what)
        if len(self._sessions) > SESSIONS:
            self._sessions.popitem(last=False)

    def session(self, session: int) -> tuple[Verb, int] | None:
        """What an answer with this session number answers."""
        return self._sessions.get(session)
