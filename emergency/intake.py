"""Decides what an alert that arrived is: accepted with its ids, or refused with a sentence. Pure; knows no HTTP, no clock, no desk."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from uuid import UUID

import attrs

from emergency import (
    cap,
    cap_message,
    cap_signature,
    ebd_message,
    ebd_reader,
    ebd_signature,
    ebd_tar,
    ebd_writer,
)
from emergency.ebd import Body, ConnectionCheck, Ebd, Ebm, EbmStateRequest, Other, Report
from emergency.ebd_profile import OTHER, SIGNATURE_FAILURE, EbdFault, packet_id
from emergency.messages import Message, Source, SubmitAlert
from emergency.sm2 import Signer
from emergency.sources import KnownSource
from station.ground import Ground
from station.wire import canonical, to_plain
from station.words import AreaCode, Instant, Refused, Sha256

SEEN = 10_000  # packets remembered against re-use of an EBDID


@attrs.frozen(kw_only=True)
class Wanted:
    """A command for the desk. `sound` (mime, bytes) is what the sender recorded, if anything."""

    submit: SubmitAlert
    request: str  # UUID, the same for the same content
    sound: tuple[str, bytes] | None = None


@attrs.frozen(kw_only=True)
class Identity:
    """This station as a platform: its EBRID, its SM2 signer, the serial of its certificate (12 digits)."""

    ebr_code: str
    signer: Signer
    serial: str = "000000000001"

    @property
    def area(self) -> AreaCode:
        """The area that the EBRID names: 12 digits behind the level."""
        return AreaCode(self.ebr_code[1:13])


class Seen:
    """The digests of recent packets by EBDID; the oldest go first."""

    def __init__(self, bound: int = SEEN) -> None:
        self._bound = bound
        self._held: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    def check(self, source: str, ebd_id: str, body: bytes) -> None:
        """Remember a packet whose signature held. Raises EbdFault when its id was used for other content."""
        digest = hashlib.sha256(body).digest()
        if self._held.setdefault((source, ebd_id), digest) != digest:
            raise EbdFault(
                OTHER, f"EBDID {ebd_id} was used for other content", f"EBDID {ebd_id} 曾用于其他内容"
            )
        if len(self._held) > self._bound:
            self._held.popitem(last=False)


def alert_id(source: str, sender: str, identifier: str) -> str:
    """The station's id of an alert from upstream: the same whenever the same thing is sent again."""
    joined = "".join(f"{len(part.encode())}:{part}," for part in (source, sender, identifier))
    return f"{source}-{hashlib.sha256(joined.encode()).hexdigest()[:20]}"


def request_id(alert: str, message: Message) -> str:
    """A UUID of version 7 made of the message's time and content, so that a repeated POST is one request."""
    digest = hashlib.sha256((alert + canonical(to_plain(message))).encode()).digest()
    milliseconds = (message.sent // 1000) & (2**48 - 1)
    number = milliseconds << 80 | int.from_bytes(digest[:10], "big")
    number = number & ~(0xF << 76) | 7 << 76
    number = number & ~(0x3 << 62) | 2 << 62
    return str(UUID(int=number))


def wanted(message: Message, origin: Source, sound: tuple[str, bytes] | None) -> Wanted:
    """The command that submits a message."""
    if sound is not None:
        message = attrs.evolve(message, audio=Sha256(hashlib.sha256(sound[1]).hexdigest()))
    alert = alert_id(origin.id, message.sender, message.identifier)
    submit = SubmitAlert(alert=alert, message=message, source=origin)
    return Wanted(submit=submit, request=request_id(alert, message), sound=sound)


def _placed(message: Message, source: KnownSource, here: AreaCode) -> Message:
    """A cancel may come without areas; it then means all that its source may ask for, else this station's own."""
    if message.type != "cancel" or message.areas:
        return message
    return attrs.evolve(message, areas=tuple(source.section.areas) or (here,))


def take_cap(
    data: bytes,
    source: KnownSource,
    now: Instant,
    *,
    here: AreaCode,
    sounds: bool = False,
    ground: Ground | None = None,
) -> Wanted:
    """What a CAP document asks for. Raises Misheard (no CAP) or Refused (not from this source, not now, not so).

    `here` is the station's area. `sounds` says that an embedded recording can be kept; without it the text is spoken.
    `ground` has the points of the station's terminals; without it an area that is only drawn is refused.
    """
    alert = cap.parse(data)
    taken = cap_message.to_message(alert, ground=ground)
    message = _placed(taken.message, source, here)
    if not source.may_send_as(message.sender):
        raise Refused(
            f"the source {source.section.id} may not send as {message.sender[:80]}",
            f"来源 {source.section.id} 不得以 {message.sender[:80]} 名义发送",
            code="forbidden",
        )
    check_times(message, source.section.skew_s, now)
    checked = cap_signature.check(data, source.keys)
    if checked.signed and not checked.verified and source.keys:
        raise Refused(checked.words.en, checked.words.zh, code="signature")
    origin = source.origin(verified=checked.verified, signature=checked.words.en)
    return wanted(message, origin, taken.sound if sounds else None)


def check_times(message: Message, skew_s: int, now: Instant) -> None:
    if message.expires <= now:
        raise Refused(
            "the alert has expired; an old one is not aired again", "该预警已过期,不再播出", code="expired"
        )
    if message.sent > now + skew_s * 1_000_000:
        raise Refused(
            f"the alert says it was sent more than {skew_s} s from now; one of the clocks is wrong",
            f"该预警的发送时间晚于本机时间 {skew_s} 秒以上,请核对时钟",
            code="early",
        )


def read_packet(package: ebd_tar.Package, source: KnownSource, now: Instant, seen: Seen) -> Ebd:
    """The packet of a package, its signature held against the source's keys. Raises EbdFault.

    Only a heart-beat may go unsigned.
    """
    ebd = ebd_reader.read(package.body)
    check_members(package, ebd)
    if not source.may_send_as(ebd.source):
        raise EbdFault(
            OTHER,
            f"the source {source.section.id} may not send as {ebd.source}",
            f"来源 {source.section.id} 不得以 {ebd.source} 名义发送",
        )
    if package.signature is None:
        if isinstance(ebd.body, ConnectionCheck):
            return ebd
        raise EbdFault(SIGNATURE_FAILURE, "the packet is not signed", "数据包未签名")
    file = ebd_signature.read(package.signature)
    ebd_signature.check(
        file, package.body, ebd.ebd_id, verifiers=source.verifiers, now=now, skew_s=source.section.skew_s
    )
    _check_information(package, source, now)
    if not isinstance(ebd.body, ConnectionCheck):
        seen.check(source.section.id, ebd.ebd_id, package.body)
    return ebd


def check_members(package: ebd_tar.Package, ebd: Ebd) -> None:
    """What can be said of a tar's members without a key: the name is the packet's, a second XML is signed. Raises EbdFault."""
    if ebd.ebd_id != package.ebd_id:
        raise EbdFault(OTHER, "the file name and the EBDID inside differ", "文件名与包内 EBDID 不一致")
    if package.information is not None and package.information_signature is None:
        raise EbdFault(SIGNATURE_FAILURE, "the information file is not signed", "信息文件未签名")


def _check_information(package: ebd_tar.Package, source: KnownSource, now: Instant) -> None:
    """The second XML of the strict form has a second signature, by the same source, or the packet is not taken."""
    if package.information is None or package.information_signature is None:
        return  # `check_members` has seen to it that both are there, or neither
    ebd_signature.check(
        ebd_signature.read(package.information_signature),
        package.information,
        package.ebd_id,
        verifiers=source.verifiers,
        now=now,
        skew_s=source.section.skew_s,
    )


def take_ebm(
    ebd: Ebd,
    package: ebd_tar.Package,
    source: KnownSource,
    now: Instant,
    *,
    here: AreaCode,
    sounds: bool = False,
) -> Wanted:
    """What a verified EBM asks for. Raises EbdFault."""
    if not isinstance(ebd.body, Ebm):
        kind = ebd.body.type if isinstance(ebd.body, (Other, Report)) else type(ebd.body).__name__
        raise EbdFault(OTHER, f"{kind} is not asked for here", f"此处不处理 {kind}")
    message = _placed(ebd_message.to_message(ebd), source, here)
    try:
        check_times(message, source.section.skew_s, now)
    except Refused as refused:
        raise EbdFault(OTHER, refused.text.en, refused.text.zh) from None
    recorded = ebd_message.audio_of(ebd.body, package.media) if sounds else None
    origin = source.origin(
        verified=True, signature="SM2 with SM3 by a pinned key", ebd_id=ebd.ebd_id, ebm_id=ebd.body.ebm_id
    )
    return wanted(message, origin, ("audio/mpeg", recorded) if recorded else None)


def state_asked(ebd: Ebd) -> str | None:
    """The EBMID whose state a packet asks for, if it does."""
    return ebd.body.ebm_id if isinstance(ebd.body, EbmStateRequest) else None


def answer(body: Body, related: str, *, identity: Identity, sequence: int, now: Instant) -> bytes:
    """The signed tar that answers packet `related`."""
    made = Ebd(
        ebd_id=packet_id(identity.ebr_code, sequence),
        source=identity.ebr_code,
        dest=(related[2:-16],),
        time=now,
        related=related,
        body=body,
    )
    xml = ebd_writer.write(made)
    signature = ebd_signature.sign(xml, made.ebd_id, signer=identity.signer, serial=identity.serial, now=now)
    return ebd_tar.pack(ebd_tar.Package(ebd_id=made.ebd_id, body=xml, signature=signature))
