"""Messages of EAS SAME in a stream of sound: bursts of one header are weighed together, ends of message counted. Pure; knows no device and no clock.

Sans I/O, made for a live input as for a file: blocks of samples in, events out. 47 CFR 11.33(a)(10) calls a header valid when
two of three bursts are alike; `Message.valid` says so. What one burst alone or all together say is given too, with its certainty.
"""

from __future__ import annotations

from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray

from emergency import same, same_grammar
from emergency.same import Reading
from emergency.same_audio import BURSTS
from emergency.same_demod import Burst, Demodulator
from emergency.same_tones import Floats
from emergency.same_words import event_codes

_WEIGHT: Final = 25.0  # natural log of the odds against chance below which nothing is called a header
_CERTAIN: Final = 0.7  # below, a header is not told
_CERTAIN_ALONE: Final = 0.9  # the same, of one burst
_SURE: Final = 0.99  # from here on, another text is another message
_SHOWN: Final = 12.0  # weight from which a single burst is told
_PAUSE_S: Final = 1.25  # from the end of a burst to the next one's first word: a second, and the preamble
_LATE_S: Final = 1.5  # how much later than that the third may begin
_ENDS_S: Final = 4.5  # ends of message within belong together


@attrs.frozen(kw_only=True)
class BurstHeard:
    """One burst of a header, as it was heard alone; often with mistakes that the others mend."""

    begin: int  # sample
    end: int
    text: str
    certainty: float
    clearness_db: float


@attrs.frozen(kw_only=True)
class Message:
    """A header, after its last burst."""

    text: str
    reading: Reading
    begin: int  # sample of the first burst's first word
    end: int  # sample behind the last burst
    bursts: int  # heard, 1 to 3
    alike: int  # of them that alone say exactly this
    certainty: float  # that every character is right, 0 to 1
    speed: float  # of the sender or tape, 1.0 is right
    clearness_db: float

    @property
    def valid(self) -> bool:
        """By 47 CFR 11.33(a)(10): two bursts alike."""
        return self.alike >= 2


@attrs.frozen(kw_only=True)
class EndHeard:
    """An end of message; `number` counts those that belong together, from 1."""

    begin: int
    end: int
    number: int


Event = BurstHeard | Message | EndHeard


_Told = tuple[int, Floats, str]  # until when which bits, which text are no news
_NOTHING_TOLD: Final[_Told] = (-1, np.zeros((0, 8)), "")


class Monitor:
    """Listens to one input for as long as it runs. Raises Refused for a rate outside 8 to 192 kHz."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._ears = Demodulator(rate)
        self._group: list[Burst] = []
        self._told: _Told = _NOTHING_TOLD
        self._ends: tuple[int, int] = (0, -1)  # how many, sample behind the last

    def feed(self, block: NDArray[np.int16] | NDArray[np.floating]) -> list[Event]:
        """Take a block of mono samples (int16, or floats within ±1); what was heard by then."""
        return self._take(self._ears.feed(block), last=False)

    def finish(self) -> list[Event]:
        """The input ends here: what is still waited for is told as it is."""
        return self._take(self._ears.finish(), last=True)

    def _take(self, bursts: list[Burst], *, last: bool) -> list[Event]:
        said: list[Event] = []
        for burst in sorted(bursts, key=lambda one: one.begin):
            said += self._header(burst) if burst.kind == "header" else self._end(burst)
        if self._group and (last or self._ears.settled > self._until()):
            said += self._conclude()
        return said

    def _header(self, burst: Burst) -> list[Event]:
        assert burst.heard is not None
        said: list[Event] = []
        if self._group and not self._belongs(burst):
            said += self._conclude()
        if not self._group and _alike(burst, *self._told):
            self._told = (self._next_until(burst), *self._told[1:])
            return said
        self._group.append(burst)
        if burst.heard.weight > _SHOWN:
            said.append(_shown(burst))
        if len(self._group) == BURSTS:
            said += self._conclude()
        return said

    def _until(self) -> int:
        """The sample after which no burst of the group can begin."""
        first = self._group[0]
        length = max(burst.end - burst.begin for burst in self._group)
        return first.begin + int((BURSTS - 1) * (length + _PAUSE_S * self.rate) + _LATE_S * self.rate)

    def _next_until(self, burst: Burst) -> int:
        """The sample after which a burst does not follow this one any more."""
        return burst.end + int((_PAUSE_S + _LATE_S) * self.rate)

    def _belongs(self, burst: Burst) -> bool:
        odds = same_grammar.together([one.odds for one in self._group])
        heard = same_grammar.likeliest(odds, event_codes())
        return _alike(burst, self._until(), odds, heard.text if heard.certainty > _SURE else "")

    def _conclude(self) -> list[Event]:
        """What the bursts of the group say together."""
        group, self._group = self._group, []
        odds = same_grammar.together([burst.odds for burst in group])
        heard = same_grammar.likeliest(odds, event_codes())
        certain = _CERTAIN if len(group) > 1 else _CERTAIN_ALONE
        if not heard.whole or heard.weight < _WEIGHT or heard.certainty < certain:
            return []
        self._told = (self._next_until(group[-1]), odds, heard.text)
        alike = sum(burst.heard is not None and burst.heard.text == heard.text for burst in group)
        clearest = max(group, key=lambda burst: burst.clearness_db)
        return [
            Message(
                text=heard.text,
                reading=same.read(heard.text),
                begin=group[0].begin,
                end=group[-1].end,
                bursts=len(group),
                alike=alike,
                certainty=heard.certainty,
                speed=clearest.speed,
                clearness_db=clearest.clearness_db,
            )
        ]

    def _end(self, burst: Burst) -> list[Event]:
        said = self._conclude() if self._group else []
        self._told = _NOTHING_TOLD
        count, until = self._ends
        near = count and count < BURSTS and burst.begin - until < _ENDS_S * self.rate
        number = count + 1 if near else 1
        self._ends = (number, burst.end)
        return [*said, EndHeard(begin=burst.begin, end=burst.end, number=number)]


def _alike(burst: Burst, until: int, odds: Floats, text: str) -> bool:
    """Whether a burst may be one more of those before it: in time, with their bits, and not surely with another text."""
    assert burst.heard is not None
    other = bool(text) and burst.heard.certainty > _SURE and burst.heard.text != text
    return burst.begin <= until and not other and same_grammar.same_bits(odds, burst.odds) > 0


def _shown(burst: Burst) -> BurstHeard:
    assert burst.heard is not None
    return BurstHeard(
        begin=burst.begin,
        end=burst.end,
        text=burst.heard.text,
        certainty=burst.heard.certainty,
        clearness_db=burst.clearness_db,
    )
