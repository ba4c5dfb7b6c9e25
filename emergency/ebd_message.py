"""Turns an EBM into the neutral message that people sign, and back. Knows the code tables; knows no tar, no signature, no area table."""

from __future__ import annotations

import hashlib

import attrs

from emergency.ebd import Ebd, Ebm
from emergency.ebd_profile import (
    CONTENT_MISSING,
    DAILY_EVENT,
    DRILL_EVENT,
    MSG_TYPES,
    OTHER,
    SEVERITIES,
    EbdFault,
)
from emergency.events import event_text
from emergency.messages import AlertKind, Message
from station.words import Instant, Sha256

AUDIO_TYPES = (1, 2)  # MPEG audio layer 1/2, MP3


def to_message(ebd: Ebd, *, audio: Sha256 | None = None) -> Message:
    """The message of an EBM packet. `audio` is the sender's own sound where it was kept. Raises EbdFault.

    A cancel that names no RelatedInfo cancels its own EBMID; its identifier then ends in `.cancel`.
    """
    ebm = ebd.body
    if not isinstance(ebm, Ebm):
        raise EbdFault(OTHER, "this packet is no EBM", "该数据包不是 EBM")
    if ebm.msg_type not in MSG_TYPES:
        raise EbdFault(OTHER, f"MsgType {ebm.msg_type} is not known", f"未知的 MsgType {ebm.msg_type}")
    if MSG_TYPES[ebm.msg_type][0] == "cancel":
        return _cancel(ebd, ebm)
    kind, level = _kind_and_level(ebm)
    if ebm.end <= ebm.start:
        raise EbdFault(OTHER, "EndTime is not after StartTime", "EndTime 不晚于 StartTime")
    title = " ".join(ebm.title.split())
    return Message(
        identifier=ebm.ebm_id,
        sender=ebd.source,
        sent=ebm.sent,
        kind=kind,
        type="update" if ebm.related else "alert",
        references=(ebm.related,) if ebm.related else (),
        event=ebm.event,
        event_text=event_text(ebm.event).zh,
        level=level,
        headline=title,
        description=ebm.text or title,
        language=ebm.language,
        areas=ebm.areas,
        effective=ebm.start,
        expires=ebm.end,
        audio=audio,
    )


def _cancel(ebd: Ebd, ebm: Ebm) -> Message:
    return Message(
        identifier=ebm.ebm_id if ebm.related else f"{ebm.ebm_id}.cancel",
        sender=ebd.source,
        sent=ebm.sent,
        kind="actual",
        type="cancel",
        references=(ebm.related or ebm.ebm_id,),
        event=DRILL_EVENT,
        event_text="解除",
        level=0,
        headline="解除",
        description=f"{ebm.sender_name}解除此前发布的应急广播。",
        areas=(),
        effective=ebm.sent,
        expires=Instant(ebm.sent + 3_600_000_000),
    )


def _kind_and_level(ebm: Ebm) -> tuple[AlertKind, int]:
    if ebm.severity not in SEVERITIES:
        raise EbdFault(OTHER, f"Severity {ebm.severity} is not known", f"未知的 Severity {ebm.severity}")
    level, by_severity = SEVERITIES[ebm.severity]
    kind = MSG_TYPES[ebm.msg_type][1] or by_severity
    if kind is None:
        kind = {DAILY_EVENT: "daily", DRILL_EVENT: "drill"}.get(ebm.event, "actual")  # type: ignore[assignment]
    return kind or "actual", level


def audio_of(ebm: Ebm, media: tuple[tuple[str, bytes], ...]) -> bytes | None:
    """The sound that came with an EBM, only where the signed Digest (SHA-1, GD/J 082) is that of the file. Raises EbdFault."""
    held = dict(media)
    for auxiliary in ebm.auxiliaries:
        if auxiliary.type not in AUDIO_TYPES:
            continue
        data = held.get(auxiliary.description.rsplit("/", 1)[-1])
        if data is None:
            raise EbdFault(CONTENT_MISSING, "the packet lacks its audio file", "数据包缺少其音频文件")
        if hashlib.sha1(data, usedforsecurity=False).hexdigest() != auxiliary.digest:
            raise EbdFault(
                OTHER, "the audio file is not the one that was signed for", "音频文件与已签名的摘要不符"
            )
        return data
    return None


def from_message(
    message: Message, *, ebd_id: str, source: str, ebm_id: str, now: Instant, dest: tuple[str, ...] = ()
) -> Ebd:
    """The packet that passes a message on. Drills carry MsgType 3; daily ones Severity 10 (both unverified)."""
    cancels = message.type == "cancel"
    severity = {"daily": 10, "actual": message.level, "drill": message.level}[message.kind]
    msg_type = 2 if cancels else 3 if message.kind == "drill" else 1
    ebm = Ebm(
        ebm_id=ebm_id,
        msg_type=msg_type,
        sender_name=message.sender,
        sender_code=source,
        sent=message.sent,
        related=message.references[0] if message.references else "",
    )
    if not cancels:
        ebm = attrs.evolve(
            ebm,
            event=message.event,
            severity=severity,
            start=message.effective,
            end=message.expires,
            language=message.language,
            title=message.headline,
            text=message.description,
            areas=message.areas,
        )
    return Ebd(ebd_id=ebd_id, source=source, dest=dest, time=now, body=ebm)
