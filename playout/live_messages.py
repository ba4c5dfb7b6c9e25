"""Commands and events of live sessions: who may be heard from a studio, from when to when, by whose leave. Decides nothing."""

from __future__ import annotations

from typing import Literal

from schedules.plan import Curve
from station.words import ChannelId, Command, Event, Instant, SampleIndex, Sha256, command, event

Start = Literal["key", "fader", "level"]
Cause = Literal["key", "silent", "lost"]


@command("live.open", right="air", proof=False)
class OpenLive(Command):
    """开直播: a live line of today's signed rundown begins; what is said from now on is heard after the delay. With `start` fader it waits for the fader (or the level) instead."""

    channel: ChannelId
    item: str  # its id
    start: Literal["now", "fader"] = "now"


@command("live.fader", right="air", proof=False)
class OpenFader(Command):
    """推子开: the fader of a live source was opened; the session that waits for it begins. What a desk's contact sends."""

    source: str


@command("live.dump", right="mute", proof=False)
class DumpLive(Command):
    """甩播: what is in the delay of the live session is thrown away and never heard; filler until what is said after the key comes out."""

    channel: ChannelId


@command("live.close", right="air", proof=False)
class CloseLive(Command):
    """结束直播: the session ends, the programme is joined in progress; `heard`: after all that was said until now. One that waits for its fader waits no more."""

    channel: ChannelId
    when: Literal["heard", "now"] = "heard"


@command("live.sounds", right="system", proof=False)
class SoundOpened(Command):
    """Sound came from a live source: the session that waits for it begins with that sound."""

    source: str
    since: SampleIndex  # at which it begins to be heard


@command("live.end", right="system", proof=False)
class EndLive(Command):
    """Nothing is said any more: the session ends where the silence would be heard."""

    source: str
    cause: Literal["silent", "lost"]
    since: SampleIndex  # at which the silence begins to be heard


@event("live.armed/1")
class LiveArmed(Event):
    """A session waits for its fader, or for sound, until `until`."""

    channel: ChannelId
    source: str
    item: str
    title: str
    until: Instant
    by: str


@event("live.disarmed/1")
class LiveDisarmed(Event):
    """It waits no more."""

    channel: ChannelId
    source: str
    title: str
    by: str


@event("live.opened/1")
class LiveOpened(Event):
    """A session: from sample `at` on for `samples` a live source may be heard. `signed`: the rundown that three people approved; gain in Q31, fades in samples."""

    channel: ChannelId
    source: str
    approval: str  # session:…, of every block of it
    signed: str
    start: Start
    at: SampleIndex
    samples: int
    item: str
    title: str
    media: Sha256
    gain: int
    fade_in: int
    fade_out: int
    curve: Curve
    category: str
    by: str


@event("live.dumped/1")
class LiveDumped(Event):
    """From sample `at` to `until` nothing of the source is heard on this channel: that was in the delay when the key was pressed."""

    channel: ChannelId
    source: str
    approval: str
    title: str
    media: Sha256
    at: SampleIndex
    until: SampleIndex
    by: str


@event("live.closed/1")
class LiveClosed(Event):
    """The session is not heard from sample `at` on, which is before its time was over."""

    channel: ChannelId
    source: str
    approval: str
    title: str
    media: Sha256
    at: SampleIndex
    cause: Cause
    by: str
