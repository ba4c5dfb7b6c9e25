"""0xFEFD over UDP and multicast, sans I/O: one frame a datagram, an order to one terminal believed only when that terminal answers it. Knows no port, no time and no key.

An order to more than one terminal is answered by none for all: its question is not kept open, and what terminals say to it
is told. Datagrams are lost; the same order may be said again, for a terminal passes over a session number it has obeyed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs

from devices import fefd_bodies, fefd_reports
from devices.fefd import Frame, Profile, Signature, datagram, encode
from devices.fefd_bodies import Answer
from devices.turns import Ear, Heard, Stray, Told
from station.words import Misheard

MOST: Final = 1_472  # bytes of a datagram that no Ethernet has to cut in two
Sign = Callable[[Frame], Signature]


@attrs.frozen(kw_only=True)
class Say:
    """An order or question. `targets` have 23 digits each; one that ends in no wildcard is a terminal, which answers."""

    session: int
    targets: tuple[str, ...]
    business: int
    body: bytes

    @property
    def single(self) -> bool:
        """Whether one terminal is meant: its subtype and sub-sequence are said."""
        return len(self.targets) == 1 and self.targets[0][-4:-2] != "00" and self.targets[0][-2:] != "00"


@attrs.frozen(kw_only=True)
class Word:
    """What a terminal said: who, to which session, and what."""

    code: str
    session: int
    body: Any


class FefdWire(Ear):
    """A `devices.turns.Wire`. `sign` makes the signature of an order; questions have none."""

    numbered = True

    def __init__(self, profile: Profile, source: str, sign: Sign | None = None) -> None:
        super().__init__()
        self._profile, self._source, self._sign = profile, source, sign
        faults = profile.others.get("fault_query", -1)
        self._questions = {profile.query: profile.status, faults: profile.others.get("fault", -1)}

    def asked(self, ask: Say) -> bytes:
        """The datagram of an order; ValueError for what none carries."""
        data = self.frame(ask)
        self._open = ask if ask.single else None
        return data

    def frame(self, ask: Say) -> bytes:
        """The same, and no question is opened."""
        made = Frame(
            session=ask.session, kind=self._profile.request, source=self._source, targets=ask.targets,
            business=ask.business, body=ask.body,
        )  # fmt: skip
        if self._sign is not None and ask.business not in self._questions:
            made = attrs.evolve(made, signature=self._sign(made))
        data = encode(made, self._profile)
        if len(data) > MOST:
            raise ValueError(f"{len(data)} bytes are more than a datagram of {MOST}: name fewer targets")
        return data

    def feed(self, data: bytes) -> list[Heard]:
        """What a datagram brings."""
        try:
            frame = datagram(data, self._profile, header=self._profile.answer_header)
            heard = Word(code=frame.source, session=frame.session, body=self._body(frame))
        except Misheard as misheard:
            return [Stray(misheard.text.en)]
        if heard.body is None:
            return [Stray(f"business {frame.business:02X} is nothing that a terminal says")]
        return [self._judged(frame, heard)]

    def _body(self, frame: Frame) -> Any:
        if frame.kind == self._profile.answer:
            return fefd_bodies.answer_from(frame.body)
        return reported(frame, self._profile) if frame.kind == self._profile.request else None

    def _judged(self, frame: Frame, heard: Word) -> Heard:
        ask = self._open
        if ask is None or frame.source != ask.targets[0]:
            return Told(heard)
        if ask.business in self._questions:
            fits = frame.business == self._questions[ask.business]
            return self._answered(heard) if fits else Told(heard)
        if not isinstance(heard.body, Answer) or (frame.session, frame.business) != (
            ask.session,
            ask.business,
        ):
            return Told(heard)
        if heard.body.result:
            return self._declined(str(heard.body.result), heard.body.text)
        return self._answered(heard)


def reported(frame: Frame, profile: Profile) -> Any:
    """What a terminal says by itself, or to a question; None where its model has no such report. Misheard for one that is not whole."""
    readers = {
        profile.heartbeat: fefd_bodies.heartbeat_from, profile.status: fefd_bodies.status_from,
        profile.task: fefd_bodies.task_from,
    }  # fmt: skip
    if frame.business in readers:
        return readers[frame.business](frame.body)
    for name in fefd_reports.NAMES.values():
        if frame.business == profile.others.get(name):
            return fefd_reports.read(name, frame.body)
    return None


__all__ = ["MOST", "FefdWire", "Say", "Sign", "Word", "reported"]
