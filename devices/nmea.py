"""Time from a satellite receiver: sentences RMC and ZDA of NMEA 0183, sans I/O, and whether what they say may be believed. Knows no port; the time of arrival is told.

Three traps are known: the checksum may be missing, the year of RMC has two digits, and a receiver whose week counter
rolled over (every 1024 weeks) tells a date that is 19.6 years old. A date is therefore read as the one nearest to a time
that is surely about right (the journal's last entry, the day the program was made). Serial time is late by as much as the
receiver takes to say it: good to tell days and seconds, not milliseconds.
"""

from __future__ import annotations

import datetime
import re
from collections import deque
from typing import Final, Literal

import attrs

from devices.turns import Ear, Heard, Stray, Told
from station.words import SECOND, Instant, Misheard

LONGEST: Final = 120  # characters of a sentence; the standard has 82, receivers are generous
WEEKS: Final = 1024 * 7 * 86_400 * SECOND  # µs between two roll-overs of the week counter of ten bits
CENTURY: Final = 100
NEEDED: Final = 5  # seconds that agree before a time is believed
AGREE: Final = 500_000  # µs
_FORM: Final = re.compile(r"\$([A-Z]{2})([A-Z]{3}),([ -)+-~]*)\*([0-9A-Fa-f]{2})\Z")
_TIME: Final = re.compile(r"([01]\d|2[0-3])([0-5]\d)([0-5]\d|60)(?:\.(\d{1,6}))?\Z")
_DATE: Final = re.compile(r"(\d\d)(\d\d)(\d\d)\Z")
_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


@attrs.frozen
class Sentence:
    """One line: who talks (`GP`, `BD`, `GN` …), what kind, its fields as they stand there."""

    talker: str
    kind: str
    fields: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Stamp:
    """A time as a sentence says it. `whole`: the year has four digits. `valid`: the receiver itself believes it."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int  # 60 in a leap second
    us: int
    whole: bool
    valid: bool


@attrs.frozen(kw_only=True)
class Resolved:
    """A stamp as an instant. `weeks`: so many roll-overs were added. In a leap second it is the instant that follows."""

    at: Instant
    leap: bool
    weeks: int


def checksum(body: str) -> int:
    """All characters between $ and *, exclusive or."""
    value = 0
    for letter in body:
        value ^= ord(letter)
    return value


def write(sentence: Sentence) -> bytes:
    """A sentence with checksum, CR and LF; ValueError for what none can carry."""
    body = f"{sentence.talker}{sentence.kind},{','.join(sentence.fields)}"
    line = f"${body}*{checksum(body):02X}"
    if _FORM.match(line) is None or any("," in field for field in sentence.fields):
        raise ValueError(f"{body!r} is no sentence")
    return line.encode("ascii") + b"\r\n"


def read(line: bytes) -> Sentence:
    """A sentence without its CR and LF; Misheard where it has no checksum, a wrong one, or no form."""
    found = _FORM.match(line.decode("latin-1"))
    if found is None:
        raise Misheard(
            "the receiver sent a line that is no sentence", "接收机发来的不是 NMEA 语句", code="form"
        )
    if checksum(found[0][1:-3]) != int(found[4], 16):
        raise Misheard("the checksum of a sentence does not hold", "NMEA 语句校验和不符", code="checksum")
    return Sentence(found[1], found[2], tuple(found[3].split(",")))


def stamp(sentence: Sentence) -> Stamp | None:
    """The time that RMC or ZDA says; None where it says none (yet), or none that can be."""
    fields = (*sentence.fields, *[""] * 9)
    time = _TIME.match(fields[0])
    if sentence.kind == "RMC":
        date, valid = _DATE.match(fields[8]), fields[1] == "A"
    elif sentence.kind == "ZDA":
        date, valid = re.fullmatch(r"(\d\d),(\d\d),(\d{4})", ",".join(fields[1:4])), True
    else:
        return None
    if time is None or date is None:
        return None
    hour, minute, second = int(time[1]), int(time[2]), int(time[3])
    if second == 60 and (hour, minute) != (23, 59):
        return None
    us = int((time[4] or "").ljust(6, "0"))
    day, month, year = int(date[1]), int(date[2]), int(date[3])
    return Stamp(
        year=year, month=month, day=day, hour=hour, minute=minute, second=second, us=us, whole=len(date[3]) == 4,
        valid=valid,
    )  # fmt: skip


def resolve(said: Stamp, near: Instant) -> Resolved | None:
    """The instant meant, nearest to `near`; None for a day that is none."""
    years = [said.year] if said.whole else _years(said.year, near)
    made = [at for at in (_instant(said, year) for year in years) if at is not None]
    if not made:
        return None
    at = min(made, key=lambda one: abs(one - near))
    weeks = max(0, (near - at + WEEKS // 2) // WEEKS)
    return Resolved(at=Instant(at + weeks * WEEKS), leap=said.second == 60, weeks=1024 * weeks)


def _years(short: int, near: Instant) -> list[int]:
    this = (_EPOCH + datetime.timedelta(microseconds=near)).year // CENTURY * CENTURY
    return [this + century + short for century in (-CENTURY, 0, CENTURY)]


def _instant(said: Stamp, year: int) -> Instant | None:
    try:
        whole = datetime.datetime(year, said.month, said.day, said.hour, said.minute, tzinfo=datetime.UTC)
    except ValueError:
        return None
    return Instant((whole - _EPOCH) // datetime.timedelta(microseconds=1) + said.second * SECOND + said.us)


def zda(talker: str, at: Instant) -> Sentence:
    """A ZDA that tells an instant to 10 ms."""
    when = _EPOCH + datetime.timedelta(microseconds=at)
    return Sentence(
        talker, "ZDA", (_clock(when), f"{when.day:02}", f"{when.month:02}", f"{when.year:04}", "00", "00")
    )


def rmc(talker: str, at: Instant, *, valid: bool = True) -> Sentence:
    """An RMC that tells an instant to 10 ms and no place."""
    when = _EPOCH + datetime.timedelta(microseconds=at)
    date = f"{when.day:02}{when.month:02}{when.year % 100:02}"
    return Sentence(
        talker, "RMC", (_clock(when), "A" if valid else "V", *[""] * 6, date, "", "", "A" if valid else "N")
    )


def _clock(when: datetime.datetime) -> str:
    return f"{when:%H%M%S}.{when.microsecond // 10_000:02}"


class NmeaWire(Ear):
    """Hears sentences; there is nothing to ask."""

    def asked(self, ask: Sentence) -> bytes:
        """A sentence for the receiver; nothing answers it."""
        return write(ask)

    def feed(self, data: bytes) -> list[Heard]:
        """Sentences, and what is none."""
        self._held += data
        *lines, self._held = self._held.split(b"\n")
        heard = [self._line(line.rstrip(b"\r")) for line in lines if line.strip()]
        if len(self._held) > LONGEST:
            self._held = b""
            heard.append(Stray("a line without an end"))
        return heard

    def _line(self, line: bytes) -> Heard:
        try:
            return Told(read(line))
        except Misheard as misheard:
            return Stray(misheard.text.en)


Doubt = Literal["nothing", "void", "date", "leap", "stuck", "jump", "few"]


@attrs.frozen(kw_only=True)
class Believed:
    """Sentences agree: their time minus that of their arrival (µs, the middle one), and how far they lie apart."""

    offset: int
    spread: int
    weeks: int


class Judge:
    """Whether a receiver's time may be believed: `heard` as sentences come with their time of arrival, then `verdict`."""

    def __init__(self, near: Instant) -> None:
        self._near = near
        self._offsets: deque[int] = deque(maxlen=4 * NEEDED)
        self._last: tuple[Instant, Instant] | None = None  # the last new time, and when it came
        self._doubt: Doubt = "nothing"
        self._weeks = 0

    def heard(self, sentence: Sentence, arrived: Instant) -> None:
        """A sentence came. One that is no RMC or ZDA says nothing of time."""
        if sentence.kind not in ("RMC", "ZDA"):
            return
        said = stamp(sentence)
        found = None if said is None else resolve(said, self._near)
        if said is None or not said.valid:
            self._doubted("void")
        elif found is None:
            self._doubted("date")
        elif found.leap:
            self._doubted("leap")
        else:
            self._counted(found, arrived)

    def _doubted(self, why: Doubt) -> None:
        self._offsets.clear()
        self._doubt = why

    def _counted(self, found: Resolved, arrived: Instant) -> None:
        if self._last is not None and self._last[0] == found.at:
            if arrived - self._last[1] > AGREE:  # RMC and ZDA of one second come together
                self._doubted("stuck")
            return
        offset = found.at - arrived
        if self._offsets and abs(offset - self._offsets[-1]) > AGREE:
            self._doubted("jump")
        elif self._doubt == "nothing":
            self._doubt = "few"
        self._offsets.append(offset)
        self._last, self._weeks = (found.at, arrived), found.weeks

    def verdict(self) -> Believed | Doubt:
        """What may be believed now, or why nothing."""
        if len(self._offsets) < NEEDED:
            return self._doubt
        ordered = sorted(self._offsets)
        return Believed(offset=ordered[len(ordered) // 2], spread=ordered[-1] - ordered[0], weeks=self._weeks)


__all__ = [
    "NEEDED", "WEEKS", "Believed", "Judge", "NmeaWire", "Resolved", "Sentence", "Stamp", "checksum", "read", "resolve", "rmc",
    "stamp", "write", "zda",
]  # fmt: skip
