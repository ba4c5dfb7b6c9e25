"""What a provincial platform sends, as bytes: EBD tars and CAP documents, good ones and planted faults. Shares no codec with the product."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

import attrs

from emergency import sim_signing

FAULTS = ("forged", "replayed", "expired", "doctype", "traversal", "wrong-area")
_CAP = "urn:oasis:names:tc:emergency:cap:1.2"
_DSIG = "http://www.w3.org/2000/09/xmldsig#"
_EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
_SEVERITY = {1: "Extreme", 2: "Severe", 3: "Moderate", 4: "Minor"}


@attrs.frozen(kw_only=True)
class Wish:
    """What is to be sent. `now` is whole seconds UTC; `number` 1 to 9999, the platform's running number of the day."""

    now: int
    number: int
    event: str = "11B03"
    level: int = 1
    areas: tuple[str, ...] = ()
    text: str = ""
    title: str = ""
    minutes: float = 30
    drill: bool = False
    cancel: str = ""
    update: str = ""
    fault: str = ""
    ebr_code: str = "23400000000000101010101"
    dest: str = "43404220000000101010101"
    sender: str = "demo-province"
    salt: int | None = None  # last three digits of the packet's id; None: at random

    @property
    def begins(self) -> int:
        """When the alert begins; long ago for an expired one."""
        return self.now - 86_400 if self.fault == "expired" else self.now

    @property
    def ends(self) -> int:
        """When it ends."""
        return self.begins + round(60 * self.minutes)

    @property
    def where(self) -> tuple[str, ...]:
        """The areas, or one that does not exist."""
        return ("999999999999",) if self.fault == "wrong-area" else self.areas

    @property
    def ebm_id(self) -> str:
        """35 digits: EBRID, day, number."""
        return f"{self.ebr_code}{_local(self.now):%Y%m%d}{self.number:04d}"

    @property
    def cap_id(self) -> str:
        """The identifier of the CAP alert."""
        return f"{self.sender}-{_local(self.now):%Y%m%d}-{self.number:04d}"


def _local(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC) + timedelta(hours=8)


def _stamp(second: int) -> str:
    return f"{_local(second):%Y-%m-%d %H:%M:%S}"


def _cap_stamp(second: int) -> str:
    return f"{_local(second):%Y-%m-%dT%H:%M:%S}+08:00"


def _tags(**rows: str | int) -> str:
    return "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in rows.items())


# ---- EBD -----------------------------------------------------------------------------------------------------------


def ebd_alert(wish: Wish, secret: int) -> tuple[str, bytes]:
    """(EBMID, tar) of an EBM."""
    kind = 2 if wish.cancel else 3 if wish.drill else 1
    basic = _tags(
        MsgType=kind, SenderName="演示省级平台", SenderCode=wish.ebr_code, SendTime=_stamp(wish.now)
    )
    related = wish.cancel or wish.update
    body = _tags(EBMVersion=1, EBMID=wish.ebm_id)
    if related:
        body += f"<RelatedInfo>{_tags(EBMID=related)}</RelatedInfo>"
    if not wish.cancel:
        basic += _tags(EventType=wish.event, Severity=wish.level)
        basic += _tags(StartTime=_stamp(wish.begins), EndTime=_stamp(wish.ends))
    body += f"<MsgBasicInfo>{basic}</MsgBasicInfo>"
    if not wish.cancel:
        content = _tags(LanguageCode="zho", MsgTitle=wish.title or wish.text[:30], MsgDesc=wish.text)
        body += f"<MsgContent>{content}{_tags(AreaCode=','.join(wish.where))}</MsgContent>"
    return wish.ebm_id, ebd_tar(wish, secret, "EBM", body)


def ebd_tar(wish: Wish, secret: int, kind: str, body: str) -> bytes:
    """A signed packet of any type around `body`."""
    beat = kind == "ConnectionCheck"
    salt = secrets.randbelow(1000) if wish.salt is None else wish.salt
    sequence = "0" * 16 if beat else f"{wish.now % 10**9:09d}{wish.number:04d}{salt:03d}"
    ebd_id = ("01" if beat else "10") + wish.ebr_code + sequence
    xml = '<?xml version="1.0" encoding="utf-8"?>\n'
    if wish.fault == "doctype":
        xml += '<!DOCTYPE EBD [<!ENTITY a "aaaaaaaaaa">]>\n'
    xml += '<EBD xmlns:xs="http://www.w3.org/2001/XMLSchema">'
    xml += _tags(EBDVersion="1.0", EBDID=ebd_id, EBDType=kind)
    xml += f"<SRC>{_tags(EBRID=wish.ebr_code)}</SRC><DEST>{_tags(EBRID=wish.dest)}</DEST>"
    xml += _tags(EBDTime=_stamp(wish.now)) + f"<{kind}>{body}</{kind}></EBD>"
    data = xml.encode()
    members = [(f"EBDB_{ebd_id}.xml", data), (f"EBDS_EBDB_{ebd_id}.xml", _ebds(wish, secret, ebd_id, data))]
    if wish.fault == "traversal":
        members.append(("../../etc/cron.d/owned", b"* * * * * root true\n"))
    return b"".join(_member(name, held) for name, held in members) + bytes(1024)


def _ebds(wish: Wish, secret: int, ebd_id: str, data: bytes) -> bytes:
    at = wish.now - 7_200 if wish.fault == "replayed" else wish.now
    serial = "000000000007"
    trailer = at.to_bytes(4, "big") + bytes.fromhex(serial)
    key = sim_signing.new_secret() if wish.fault == "forged" else secret
    value = base64.b64encode(trailer + sim_signing.sm2_sign(key, data + trailer)).decode("ascii")
    xml = '<?xml version="1.0" encoding="utf-8"?>\n<Signature>' + _tags(Version="1.0")
    xml += f"<RelatedEBD>{_tags(EBDID=ebd_id)}</RelatedEBD>"
    xml += f"<SignatureCert>{_tags(CertType=1, IssuerID='000000000001', CertSN=serial)}</SignatureCert>"
    xml += _tags(
        SignatureTime=f"{at:08x}", DigestAlgorithm="SM3", SignatureAlgorithm="SM2", SignatureValue=value
    )
    return (xml + "</Signature>").encode()


def _member(name: str, data: bytes) -> bytes:
    head = bytearray(512)
    head[0 : len(name)] = name.encode()
    fields = ((100, b"0000644\0"), (108, b"0000000\0"), (116, b"0000000\0"), (136, b"00000000000\0"))
    for at, value in (
        *fields,
        (124, b"%011o\0" % len(data)),
        (148, b" " * 8),
        (156, b"0"),
        (257, b"ustar\00000"),
    ):
        head[at : at + len(value)] = value
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head) + data + bytes(-len(data) % 512)


def heartbeat(wish: Wish, secret: int) -> tuple[str, bytes]:
    """(nothing, tar) of a ConnectionCheck."""
    return "", ebd_tar(wish, secret, "ConnectionCheck", _tags(RptTime=_stamp(wish.now)))


def state_request(wish: Wish, secret: int, ebm_id: str) -> tuple[str, bytes]:
    """(EBMID, tar) of an EBMStateRequest."""
    return ebm_id, ebd_tar(wish, secret, "EBMStateRequest", f"<EBM>{_tags(EBMID=ebm_id)}</EBM>")


def read_answer(data: bytes, station: sim_signing.Point | None) -> dict[str, object]:
    """What a reply tar says: its type, ResultCode, words; with the station's key also whether its signature holds."""
    members: dict[str, bytes] = {}
    at = 0
    while data[at : at + 1].strip(b"\0"):
        size = int(data[at + 124 : at + 135].strip(b"\0 ") or b"0", 8)
        members[data[at : at + 100].split(b"\0")[0].decode("ascii", "replace")] = data[
            at + 512 : at + 512 + size
        ]
        at += 512 + -(-size // 512) * 512
    body = next((held for name, held in members.items() if name.startswith("EBDB_")), b"")
    said: dict[str, object] = {
        "type": _between(body, "EBDType"),
        "related": _between(body.split(b"<RelatedEBD>")[-1], "EBDID"),
    }
    for tag, name in (
        ("ResultCode", "code"),
        ("ResultDesc", "words"),
        ("BrdStateCode", "state"),
        ("BrdStateDesc", "words"),
    ):
        if found := _between(body, tag):
            said[name] = found
    if station is not None:
        file = next((held for name, held in members.items() if name.startswith("EBDS_")), b"")
        value = base64.b64decode(_between(file, "SignatureValue"))
        said["signature"] = sim_signing.sm2_verify(station, body + value[:10], value[10:])
    return said


def _between(data: bytes, tag: str) -> str:
    found = re.search(rf"<{tag}>([^<]*)</{tag}>".encode(), data)
    return found[1].decode() if found else ""


# ---- CAP -----------------------------------------------------------------------------------------------------------


def cap_alert(wish: Wish, key: sim_signing.CapKey) -> tuple[str, bytes]:
    """(identifier, document) of a signed CAP alert; its text is written in canonical form from the start."""
    sent = _cap_stamp(wish.begins)
    head = _tags(
        identifier=wish.cap_id, sender=wish.sender, sent=sent, status="Exercise" if wish.drill else "Actual"
    )
    related = wish.cancel or wish.update
    head += _tags(msgType="Cancel" if wish.cancel else "Update" if wish.update else "Alert", scope="Public")
    if related:
        head += _tags(references=f"{wish.sender},{related},{sent}")
    info = _tags(
        language="zh-CN", category="Met", event=wish.title or wish.text[:30] or "解除", urgency="Immediate"
    )
    info += _tags(severity=_SEVERITY[wish.level], certainty="Likely")
    info += f"<eventCode>{_tags(valueName='GB/T 35561', value=wish.event)}</eventCode>"
    info += _tags(effective=sent, expires=_cap_stamp(wish.ends), senderName="演示气象台")
    info += _tags(headline=wish.title or wish.text[:30] or "解除", description=wish.text or "解除")
    for code in wish.where:
        geocode = f"<geocode>{_tags(valueName='GB/T 2260', value=code)}</geocode>"
        info += f"<area>{_tags(areaDesc=code)}{geocode}</area>"
    opening, closing = f'<alert xmlns="{_CAP}">', "</alert>"
    inner = f"{head}<info>{info}</info>"
    if wish.fault == "forged":
        key = sim_signing.CapKey(None)
    signature = _xml_signature(f"{opening}{inner}{closing}", key)
    doctype = '<!DOCTYPE alert [<!ENTITY a "aaaaaaaaaa">]>\n' if wish.fault == "doctype" else ""
    document = f'<?xml version="1.0" encoding="UTF-8"?>\n{doctype}{opening}{inner}{signature}{closing}\n'
    return wish.cap_id, document.encode()


def _xml_signature(canonical: str, key: sim_signing.CapKey) -> str:
    digest = base64.b64encode(hashlib.sha256(canonical.encode()).digest()).decode("ascii")
    transforms = "".join(
        f'<Transform Algorithm="{name}"></Transform>' for name in (_DSIG + "enveloped-signature", _EXC)
    )
    info = (
        f'<CanonicalizationMethod Algorithm="{_EXC}"></CanonicalizationMethod>'
        f'<SignatureMethod Algorithm="{key.method}"></SignatureMethod>'
        f'<Reference URI=""><Transforms>{transforms}</Transforms>'
        '<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></DigestMethod>'
        f"<DigestValue>{digest}</DigestValue></Reference>"
    )
    signed = f'<SignedInfo xmlns="{_DSIG}">{info}</SignedInfo>'
    value = base64.b64encode(key.sign(signed.encode())).decode("ascii")
    return f'<Signature xmlns="{_DSIG}"><SignedInfo>{info}</SignedInfo><SignatureValue>{value}</SignatureValue></Signature>'
