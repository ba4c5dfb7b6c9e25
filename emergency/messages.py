"""Commands and events of alerts: what others may ask of the emergency part and what they learn from it. Decides nothing."""

from __future__ import annotations

from typing import Literal

import attrs

from emergency.wording import Blank as Blank
from emergency.wording import Template as Template
from station.words import AreaCode, ChannelId, Command, Event, Instant, SampleIndex, Sha256, command, event

AlertKind = Literal["actual", "drill", "daily"]  # 演练 is drill
MessageType = Literal["alert", "update", "cancel"]
Authority = Literal["nation", "province", "city", "county", "township", "village"]
Verdict = Literal["approve", "reject"]
SourceKind = Literal["ebd", "cap", "composer", "template", "same"]
AUTHORITIES: tuple[Authority, ...] = ("nation", "province", "city", "county", "township", "village")


@attrs.frozen(kw_only=True)
class Source:
    """Where an alert came from and how sure that is."""

    kind: SourceKind
    id: str  # source id of the settings, or the operator id
    authority: Authority
    verified: bool  # the signature was checked and holds
    preauthorised: bool = False  # may air with fewer signatures, by the table of L10
    signature: str = ""  # how it was verified, in words: algorithm, certificate
    ebd_id: str = ""
    ebm_id: str = ""


@attrs.frozen(kw_only=True)
class Message:
    """The neutral content of an alert. Its canonical JSON's SHA-256 is what people sign."""

    identifier: str  # of the sender
    sender: str
    sent: Instant
    kind: AlertKind
    type: MessageType = "alert"
    references: tuple[str, ...] = ()  # identifiers that an update or cancel refers to
    event: str  # 5-character code of the national list
    event_text: str
    level: int  # 1 red … 4 blue; 0 where the kind has none
    headline: str
    description: str
    instruction: str = ""
    language: str = "zho"
    areas: tuple[AreaCode, ...]
    effective: Instant
    expires: Instant
    audio: Sha256 | None = None  # supplied by the sender, else spoken from the text
    template: str = ""
    blanks: tuple[tuple[str, str], ...] = ()


@command("alert.submit", right="compose")
class SubmitAlert(Command):
    """Take an alert in. `alert` is the id the station will know it by (ingest: derived from sender and identifier)."""

    alert: str
    message: Message
    source: Source


@command("alert.sign", right="sign")
class SignAlert(Command):
    """Approve or reject; `content` is the SHA-256 that the signer saw."""

    alert: str
    content: Sha256
    verdict: Verdict = "approve"
    reason: str = ""


@command("alert.breakglass", right="dispatch", life_safety=True)
class BreakGlass(Command):
    """Air by the break-glass row of L10: level 1–2, template, zone limit; this is one of its two signatures."""

    alert: str
    content: Sha256
    reason: str


@command("alert.oral", right="dispatch", life_safety=True)
class RecordOralOrder(Command):
    """先播后补签: who ordered it by telephone, from which number, where the recording is."""

    alert: str
    ordered_by: str
    number: str
    recording: str = ""


@command("alert.cancel", right="dispatch", life_safety=True)
class CancelAlert(Command):
    """解除: end an alert everywhere; needs the same or a higher authority than the one that sent it."""

    alert: str
    reason: str
    authority: Authority = "county"


@command("alert.mute", right="mute", proof=False, life_safety=True)
class MuteSounding(Command):
    """本地静音: silence our own loudspeakers and modulation, at once; `alert` or `areas` empty means all."""

    mute: str  # id, given by the client
    alert: str = ""
    areas: tuple[AreaCode, ...] = ()
    channels: tuple[ChannelId, ...] = ()  # silence the modulation of these as well, programme and all
    reason: str = ""


@command("alert.explain", right="mute", proof=False)
class ExplainMute(Command):
    """The reason of a mute, owed afterwards."""

    mute: str
    reason: str


@command("alert.unmute", right="dispatch")
class LiftMute(Command):
    """Let what is still valid sound again."""

    mute: str


@command("alert.speech", right="system", proof=False)
class SpeechReady(Command):
    """The sound of an alert is made, in house format, held by all players."""

    alert: str
    content: Sha256
    audio: Sha256
    samples: int
    engine: str


@command("alert.speechfailed", right="system", proof=False)
class SpeechFailed(Command):
    """No engine could make the sound; says why."""

    alert: str
    why: str


@command("alert.release", right="system", proof=False)
class ReleaseHold(Command):
    """A hold's timer ran out: air or refuse by the fail direction of the class (L9)."""

    alert: str


@command("alert.expire", right="system", proof=False)
class ExpireAlert(Command):
    """The alert's time is over."""

    alert: str


@command("alert.finish", right="system", proof=False)
class FinishAlert(Command):
    """All its repeats were heard; it is off the air but known until it expires."""

    alert: str


@command("alert.overdue", right="system", proof=False)
class FlagOverdue(Command):
    """A signature owed after airing was not given in time."""

    alert: str


@command("alert.move", right="system", proof=False)
class MoveOverlay(Command):
    """The overlay could not reach the player before its start; it begins at `start` instead (design 5)."""

    alert: str
    channel: ChannelId
    start: SampleIndex


@command("template.submit", right="compose")
class SubmitTemplate(Command):
    """Put a template up for its three reviews."""

    template: str
    body: Template


@command("template.sign", right="sign")
class SignTemplate(Command):
    """One of the three reviews of a template."""

    template: str
    content: Sha256
    verdict: Verdict = "approve"
    reason: str = ""


@event("alert.submitted/1")
class AlertSubmitted(Event):
    """An alert was taken in and waits: for its speech, its signatures or its timer."""

    alert: str
    message: Message
    source: Source
    content: Sha256
    incident: str
    row: str  # of the L10 table
    needed: int  # signatures before air
    owed: int  # signatures owed after air
    hold_until: Instant | None = None
    fails_open: bool = False
    submitted_by: str


@event("alert.spoken/1")
class AlertSpoken(Event):
    """Its sound is ready."""

    alert: str
    audio: Sha256
    samples: int
    engine: str


@event("alert.speechless/1")
class AlertSpeechless(Event):
    """Its sound could not be made."""

    alert: str
    why: str


@event("alert.signed/1")
class AlertSigned(Event):
    """One person approved exactly this content."""

    alert: str
    by: str
    content: Sha256
    owed: bool = False  # given after air


@event("alert.rejected/1")
class AlertRejected(Event):
    """One person said no; it will not air."""

    alert: str
    by: str
    reason: str


@event("alert.glassbroken/1")
class GlassBroken(Event):
    """Someone broke the glass: from now the alert airs by the break-glass row; the signature itself follows."""

    alert: str
    by: str
    content: Sha256
    reason: str
    needed: int
    owed: int


@event("alert.held/1")
class AlertHeld(Event):
    """A gate holds it; a human is called (L9)."""

    alert: str
    why_en: str
    why_zh: str
    until: Instant | None = None


@event("alert.aired/1")
class AlertWentOnAir(Event):
    """It sounds from `since` (decided) until `until` at the latest; by which rule, by whom."""

    alert: str
    since: Instant
    until: Instant
    row: str
    signers: tuple[str, ...]
    line: int = 0  # the alert stream it keeps while it sounds: the lowest free one, from 1


@event("alert.moved/1")
class OverlayMoved(Event):
    """Its overlay on one channel begins later than first computed."""

    alert: str
    channel: ChannelId
    start: SampleIndex


@event("alert.ended/1")
class AlertEnded(Event):
    """It no longer sounds: expired, finished, cancelled, superseded, refused at its timer, or lapsed before air."""

    alert: str
    how: Literal["expired", "finished", "cancelled", "superseded", "refused", "lapsed"]
    by: str
    reason: str = ""
    successor: str = ""
    at: Instant = Instant(0)  # when; 0 in records of an older version


@event("alert.oral/1")
class OralOrderRecorded(Event):
    """An oral order stands in for a signature until it is given in writing."""

    alert: str
    by: str
    ordered_by: str
    number: str
    recording: str


@event("alert.overdue/1")
class SignatureOverdue(Event):
    """An owed signature is late; red until given."""

    alert: str


@event("alert.muted/1")
class SoundingMuted(Event):
    """本地静音 is in force: red until lifted, reported upward."""

    mute: str
    by: str
    alert: str
    areas: tuple[AreaCode, ...]
    reason: str
    channels: tuple[ChannelId, ...] = ()


@event("alert.muteexplained/1")
class MuteExplained(Event):
    """The reason of a mute."""

    mute: str
    by: str
    reason: str


@event("alert.unmuted/1")
class MuteLifted(Event):
    """What is still valid sounds again."""

    mute: str
    by: str
    at: Instant = Instant(0)  # when; 0 in records of an older version


@event("template.submitted/1")
class TemplateSubmitted(Event):
    """A template waits for its reviews."""

    template: str
    body: Template
    content: Sha256
    by: str


@event("template.signed/1")
class TemplateSigned(Event):
    """One review of a template."""

    template: str
    content: Sha256
    by: str


@event("template.rejected/1")
class TemplateRejected(Event):
    """A reviewer refused a template."""

    template: str
    by: str
    reason: str
