"""The signature file EBDS_EBDB_<id>.xml: its layout, made and checked. Knows no key store and no clock; the time is an argument."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Literal

import attrs
from lxml import etree

from emergency import safe_xml
from emergency.ebd_profile import SIGNATURE_FAILURE, EbdFault
from emergency.sm2 import Signer, Verifier
from station.words import Instant, Misheard

# Which of them genuine packets have is unverified: no public key of one is at hand. On two other wires of these years it is `body`.
Covers = Literal["through-serial", "body"]
COVERS: tuple[Covers, ...] = ("through-serial", "body")
VALUE_BYTES = 74  # 4 UTC + 6 certificate serial (BCD) + 64 SM2 r ‖ s; read from two genuine files
_SERIAL = re.compile(r"[0-9]{12}\Z")
_TIME = re.compile(r"[0-9A-Fa-f]{8}\Z")


@attrs.frozen(kw_only=True)
class SignatureFile:
    """One EBDS file. `at_s` is SignatureTime in whole seconds UTC; `value` the 64 bytes r ‖ s."""

    ebd_id: str
    serial: str  # 12 digits
    at_s: int
    value: bytes
    issuer: str = "000000000000"

    @property
    def trailer(self) -> bytes:
        """UTC (4 bytes, big-endian) and serial (6 bytes BCD) as they stand before r ‖ s."""
        return self.at_s.to_bytes(4, "big") + bytes.fromhex(self.serial)


def preimage(body: bytes, trailer: bytes, covers: Covers = "through-serial") -> bytes:
    """What is signed: the bytes of the EBDB file, and with `through-serial` UTC and serial too."""
    return body + trailer if covers == "through-serial" else body


def sign(
    body: bytes,
    ebd_id: str,
    *,
    signer: Signer,
    serial: str,
    now: Instant,
    issuer: str = "000000000000",
    covers: Covers = "through-serial",
) -> bytes:
    """The EBDS file for `body`, the bytes of EBDB_<ebd_id>.xml, signed at `now` (µs)."""
    blank = SignatureFile(ebd_id=ebd_id, serial=serial, at_s=now // 1_000_000, value=b"", issuer=issuer)
    return write(attrs.evolve(blank, value=signer.sign(preimage(body, blank.trailer, covers))))


def write(file: SignatureFile) -> bytes:
    """The XML of a signature file."""
    root = etree.Element("Signature")
    etree.SubElement(root, "Version").text = "1.0"
    etree.SubElement(etree.SubElement(root, "RelatedEBD"), "EBDID").text = file.ebd_id
    certificate = etree.SubElement(root, "SignatureCert")
    for name, value in (("CertType", "1"), ("IssuerID", file.issuer), ("CertSN", file.serial)):
        etree.SubElement(certificate, name).text = value
    rows = (
        ("SignatureTime", f"{file.at_s:08x}"),
        ("DigestAlgorithm", "SM3"),
        ("SignatureAlgorithm", "SM2"),
        ("SignatureValue", base64.b64encode(file.trailer + file.value).decode("ascii")),
    )
    for name, value in rows:
        etree.SubElement(root, name).text = value
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))


def read(data: bytes) -> SignatureFile:
    """A signature file whose parts agree with each other. Raises EbdFault (signature failure)."""
    try:
        root = safe_xml.parse(data, limit=65_536)
    except Misheard as error:
        raise _bad(error.text.en, error.text.zh) from None
    said = {safe_xml.local(n): safe_xml.text(n) for n in root.iter() if isinstance(n.tag, str) and not len(n)}
    try:
        value = base64.b64decode("".join(said.get("SignatureValue", "").split()), validate=True)
    except (binascii.Error, ValueError):
        raise _bad("SignatureValue is not base64", "SignatureValue 不是 base64") from None
    if safe_xml.local(root) != "Signature" or len(value) != VALUE_BYTES:
        raise _bad(
            f"SignatureValue has {len(value)} bytes instead of 74",
            f"SignatureValue 有 {len(value)} 字节,应为 74",
        )
    if (said.get("DigestAlgorithm"), said.get("SignatureAlgorithm")) != ("SM3", "SM2"):
        raise _bad("the algorithms are not SM3 and SM2", "算法不是 SM3 与 SM2")
    time, serial = said.get("SignatureTime", ""), said.get("CertSN", "")
    if not _TIME.match(time) or not _SERIAL.match(serial) or bytes.fromhex(time + serial) != value[:10]:
        raise _bad("time or certificate differ from the signed value", "签名时间或证书号与签名值不一致")
    return SignatureFile(
        ebd_id=said.get("EBDID", ""),
        serial=serial,
        at_s=int(time, 16),
        value=value[10:],
        issuer=said.get("IssuerID", ""),
    )


def check(
    file: SignatureFile,
    body: bytes,
    ebd_id: str,
    *,
    verifiers: Iterable[Verifier],
    now: Instant,
    skew_s: int,
    covers: Covers = "through-serial",
) -> None:
    """Hold a signature against the pinned keys and the time. Raises EbdFault (signature failure) with the reason."""
    if file.ebd_id != ebd_id:
        raise _bad("the signature belongs to another packet", "签名属于另一个数据包")
    away = abs(now // 1_000_000 - file.at_s)
    if away > skew_s:
        raise _bad(
            f"the signature is {away} s away from our time; {skew_s} s are allowed (old packet, or a wrong clock)",
            f"签名时间与本机相差 {away} 秒,允许 {skew_s} 秒(旧包重放或时钟有误)",
        )
    signed = preimage(body, file.trailer, covers)
    if not any(verifier.verify(signed, file.value) for verifier in verifiers):
        raise _bad("the signature fits none of the source's keys", "签名与该来源的任何密钥都不符")


def _bad(en: str, zh: str) -> EbdFault:
    return EbdFault(SIGNATURE_FAILURE, en, zh)
