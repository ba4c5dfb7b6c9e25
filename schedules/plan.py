"""The resolved plan of a channel as it is written down: takes, media, fallbacks, overlays. Knows no file, no clock, no player."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

import attrs

from schedules.captions import Caption
from station.words import ChannelId, SampleIndex, Sha256

PLAN_FORMAT = "gengfu-plan/1"
UNITY = 1 << 31  # Q31 gain 1.0; gains are ints from 0 to 2^33 (+12 dB)

TakeKind = Literal["programme", "filler", "silence"]
OverlayMode = Literal["replace", "duck", "silence"]
Curve = Literal["linear", "power"]  # of a fade: straight, or a quarter sine (equal power)
# The fallback ladder, best first. copy: the same samples from the second copy of the file; mended: the file, silence (the
# last picture) where it is damaged; replacement: approved for this item and as long; tone: with pictures the standby card.
Rung = Literal["file", "copy", "mended", "replacement", "filler", "loop", "tone"]
RUNGS: tuple[Rung, ...] = ("file", "copy", "mended", "replacement", "filler", "loop", "tone")
OWN: frozenset[Rung] = frozenset(("file", "copy", "mended"))  # on these a take's own medium sounds


@attrs.frozen(kw_only=True)
class Medium:
    """One approved file in house format: FLAC, 48 kHz, stereo, 24 bit, exactly `samples` long; with pictures, Matroska."""

    sha256: Sha256  # of the house file
    samples: int
    path: str | None = None  # where the player finds it; relative to the media directory
    title: str = ""
    frames: int = 0  # pictures; samples is 1,920 times as many at 25 a second, 960 times at 50. 0: sound only
    live: str = ""  # the relay that it is: no file, heard as it comes (schedules.relays)


@attrs.frozen(kw_only=True)
class Replacement:
    """What may sound in place of a take whose medium cannot be had: of its class, and as long."""

    media: Sha256
    shift: int = 0  # its sample that goes with sample 0 of the take's medium
    gain: int = UNITY  # Q31
    approval: str = ""  # by whose leave; empty: the take's


@attrs.frozen(kw_only=True)
class Take:
    """An item, or a part of one, at its place on the air: samples `start` (included) to `end` (excluded)."""

    item: str
    start: SampleIndex
    end: SampleIndex
    kind: TakeKind
    title: str
    approval: str  # what allows this to sound, by name; never empty
    media: Sha256 | None = None  # None only where kind is silence
    offset: int = 0  # sample of the medium heard at `start`
    gain: int = UNITY  # Q31
    fade_in: int = 0  # samples
    fade_out: int = 0  # samples, to the end of its tail
    category: str = ""  # class of the item in the rundown: news, relay, music, advert, …
    hard: bool = False  # began at its planned sample whatever came before
    fixed: bool = False  # has a planned start, hard or soft: no edit of an operator moves it
    latest: SampleIndex | None = None  # where the window of its planned start closes
    trimmed: bool = False
    tail: int = 0  # samples that its medium sounds on after `end`, under what follows
    curve: Curve = "linear"  # of both fades
    replacement: Replacement | None = None

    @property
    def id(self) -> str:
        """Item and start: a changed end is a trim, never a new take."""
        return f"{self.item}@{self.start}"


def sounds_until(take: Take) -> int:
    """The sample after the last one of its medium."""
    return take.end + take.tail


@attrs.frozen(kw_only=True)
class Overlay:
    """What lies over the plan for a while: from `start` (included) to `end` (excluded), absolute samples."""

    id: str
    mode: OverlayMode
    start: SampleIndex
    end: SampleIndex
    priority: int  # the higher covers the lower; equal: the later start, then the id
    approval: str  # "alert:<id>", "mute:<id>", ...
    sequence: tuple[Sha256, ...] = ()  # played one after the other, again and again, until `end`
    gap: int = 0  # samples of silence after each piece of the sequence
    duck: int = 0  # Q31 gain of what lies below, in mode duck
    ramp: int = 480  # samples of each edge of a duck, 240 (5 ms) to 960 (20 ms)
    why: str = ""
    caption: Caption | None = None  # what it shows on a channel with a picture
    shrink: bool = False  # there the programme's picture goes on at half its size, the words stand around it


@attrs.frozen(kw_only=True)
class Plan:
    """What is due on one channel from `start` to `end`: takes that tile it without gap or overlap."""

    channel: ChannelId
    revision: int  # journal position that made it; higher replaces lower
    start: SampleIndex
    end: SampleIndex
    takes: tuple[Take, ...]
    media: tuple[Medium, ...]
    filler: tuple[Sha256, ...] = ()  # approved material that may stand anywhere
    filler_approval: str = "standing:filler"
    loop: Sha256 | None = None  # >= 60 s, kept in memory by the player
    loop_approval: str = "standing:loop"
    tone_approval: str = "standing:tone"
    warnings: tuple[str, ...] = ()
    withdrawn: tuple[Sha256, ...] = ()  # nobody's leave covers these any more, wherever they are heard
    format: str = PLAN_FORMAT

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where each take starts: looked for a hundred times a second, so it is a row of plain numbers."""
        return tuple(take.start for take in self.takes)


@attrs.frozen(kw_only=True)
class Fallen:
    """From `start` on (until the take ends or a later entry) take `take` sounds from `rung`."""

    take: str
    start: SampleIndex
    rung: Rung
