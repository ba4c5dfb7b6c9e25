"""Checks the enveloped XML signatures of a CAP alert against pinned keys: one Reference, the whole document, few algorithms. Knows no CAP and trusts no KeyInfo."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Container
from pathlib import Path

import attrs
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree

from emergency import given, safe_xml
from station.words import Misheard, Refused, Text

DSIG = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
ENVELOPED = DSIG + "enveloped-signature"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
ED25519 = "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519"
# The policy: what is taken. All else is refused, what is known to be weak with its own sentence.
ALGORITHMS = {RSA_SHA256: "RSA-SHA256", ECDSA_SHA256: "ECDSA-SHA256", ED25519: "Ed25519"}
FORMS = (EXCLUSIVE, INCLUSIVE)
CHAINS = ([ENVELOPED], [ENVELOPED, EXCLUSIVE], [ENVELOPED, INCLUSIVE])
MOST_KEY = 65_536  # bytes
MOST_NAMESPACES = 32  # in scope anywhere in a signed alert
MOST_SIGNED = 64  # elements and comments of a SignedInfo; those the policy takes have nine or ten
MOST_SIGNATURES = 4  # a relay adds its own to the sender's

_XML = "{http://www.w3.org/XML/1998/namespace}"
_WEAK = (
    (
        ("sha1", "dsa-sha1"),
        "SHA-1 is not taken: two documents of one digest can be made",
        "不接受 SHA-1:可以造出摘要相同的两份文件",
    ),
    (("md5",), "MD5 is not taken: it is broken", "不接受 MD5:已被攻破"),
    (
        ("hmac-", "#hmac"),
        "an HMAC is not taken: whoever can check it can forge it",
        "不接受 HMAC:能验证者即能伪造",
    ),
)

Key = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


@attrs.frozen
class PinnedKey:
    """A public key that settings name; `mark` is the beginning of its SHA-256."""

    key: Key
    mark: str


@attrs.frozen
class Checked:
    """Whether a pinned key signed exactly this document, and in words how or why not."""

    verified: bool
    signed: bool
    words: Text


def load_key(path: Path) -> PinnedKey:
    """A public key, or that of a certificate, from a PEM file: RSA from 2048 bits, P-256, Ed25519. Raises Refused.

    Who pins a certificate pins its key: its dates and its issuer are not asked.
    """
    data = given.named(path, MOST_KEY)
    try:
        held = b"BEGIN CERTIFICATE" in data
        key = (
            x509.load_pem_x509_certificate(data).public_key()
            if held
            else serialization.load_pem_public_key(data)
        )
    except (ValueError, UnsupportedAlgorithm):
        raise Refused(
            f"key file {path} is no public key and no certificate in PEM",
            f"密钥文件 {path} 不是 PEM 格式的公钥或证书",
            code="key",
        ) from None
    strong = (
        (isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048)
        or (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1))
        or isinstance(key, ed25519.Ed25519PublicKey)
    )
    if not strong:
        raise Refused(
            f"key file {path}: only RSA from 2048 bits, P-256 and Ed25519 are taken",
            f"密钥文件 {path}:只接受 2048 位以上 RSA、P-256 和 Ed25519",
            code="key",
        )
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return PinnedKey(key, hashlib.sha256(der).hexdigest()[:16])  # type: ignore[arg-type]


def check(data: bytes, keys: tuple[PinnedKey, ...]) -> Checked:
    """Hold the document against the pinned keys. Never raises for what the document holds."""
    try:
        root = safe_xml.parse(data)
        found = list(root.iter(f"{{{DSIG}}}Signature"))
        if not found:
            return Checked(verified=False, signed=False, words=Text("not signed", "未签名"))
        words = _verify(data, root, found, keys)
    except Misheard as error:
        return Checked(verified=False, signed=True, words=error.text)
    return Checked(verified=True, signed=True, words=words)


def _verify(
    data: bytes, root: etree._Element, found: list[etree._Element], keys: tuple[PinnedKey, ...]
) -> Text:
    """In words, by which pinned key one of the signatures holds. Raises Misheard saying why the last looked at does not.

    A signature speaks of the whole document but itself, so another one beside it is content like the rest.
    """
    if any(one.getparent() is not root for one in found) or len(found) > MOST_SIGNATURES:
        raise _bad(
            f"signatures must stand directly in the alert, {MOST_SIGNATURES} at most",
            f"签名应直接位于 alert 内,至多 {MOST_SIGNATURES} 个",
        )
    _within_bounds(root, found)
    said: list[Misheard] = []
    for at in range(len(found)):
        # checking takes the signature out; a copy would lose what stands before the root
        fresh = safe_xml.parse(data)
        signature = list(fresh.iterchildren(f"{{{DSIG}}}Signature"))[at]
        try:
            return _holds(fresh, signature, keys)
        except Misheard as error:
            said.append(error)
    raise said[-1]


def _within_bounds(root: etree._Element, found: list[etree._Element]) -> None:
    """Inclusive form takes time with the square of the namespaces in scope, for each element: seconds for 100 kB."""
    scope = 0
    for event, _ in etree.iterwalk(root, events=("start-ns", "end-ns")):
        scope += 1 if event == "start-ns" else -1
        if scope > MOST_NAMESPACES:
            raise _bad(
                f"there are more than {MOST_NAMESPACES} namespaces in one place",
                f"同一处的命名空间超过 {MOST_NAMESPACES} 个",
            )
    infos = [info for one in found for info in one.iterchildren(f"{{{DSIG}}}SignedInfo")]
    if any(sum(1 for _ in info.iter()) > MOST_SIGNED for info in infos):
        raise _bad(f"SignedInfo holds more than {MOST_SIGNED} parts", f"SignedInfo 超过 {MOST_SIGNED} 个部分")


def _holds(root: etree._Element, signature: etree._Element, keys: tuple[PinnedKey, ...]) -> Text:
    info = _one(signature, "SignedInfo")
    form = _policy(info, "CanonicalizationMethod", FORMS)
    method = _policy(info, "SignatureMethod", ALGORITHMS)
    if form == INCLUSIVE:
        _nothing_inherited(signature)
    value = _base64(_one(signature, "SignatureValue"))
    signed = _canonical(info, form)
    pinned = next((k for k in keys if _fits(k.key, method, value, signed)), None)
    if pinned is None:
        raise _bad("it fits none of the source's pinned keys", "与该来源登记的任何密钥都不符")
    _check_reference(root, signature, info)
    name = ALGORITHMS[method]
    return Text(f"{name} by pinned key {pinned.mark}", f"{name},登记密钥 {pinned.mark}")


def _canonical(info: etree._Element, form: str) -> bytes:
    """Of a part in inclusive form lxml writes namespaces that are not there: it is taken out and read again first."""
    try:
        if form == INCLUSIVE:
            info = etree.fromstring(etree.tostring(info, with_tail=False))
        return _formed(info, exclusive=form == EXCLUSIVE)
    except etree.XMLSyntaxError:
        raise _bad(*_FORMLESS) from None


def _formed(node: etree._Element | etree._ElementTree, *, exclusive: bool) -> bytes:
    """Canonical bytes. Raises Misheard for what has none, such as a namespace that is no address."""
    try:
        return etree.tostring(node, method="c14n", exclusive=exclusive, with_comments=False)
    except etree.C14NError:
        raise _bad(*_FORMLESS) from None


_FORMLESS = ("what is signed has no canonical form", "被签内容没有规范形式")


def _nothing_inherited(signature: etree._Element) -> None:
    """Inclusive form takes in xml:lang and the like from above; lxml leaves them out, so they must not be there."""
    above = [signature, *signature.iterancestors(), *signature.iterchildren(f"{{{DSIG}}}SignedInfo")]
    if any(str(name).startswith(_XML) for node in above for name in node.attrib):
        raise _bad(
            "xml: attributes above SignedInfo are not taken with inclusive form",
            "采用包含式规范形式时,不接受 SignedInfo 之上的 xml: 属性",
        )


def _policy(parent: etree._Element, name: str, taken: Container[str]) -> str:
    """The algorithm that an element names, if the policy takes it."""
    said = _algorithm(parent, name)
    if said in taken:
        return said
    tail = said.rsplit("/", 1)[-1].lower()
    for words, en, zh in _WEAK:
        if any(word in tail for word in words):
            raise _bad(en, zh)
    raise _bad(
        f"{name} {said[:80] or 'without an algorithm'} is not taken",
        f"不接受 {name} {said[:80] or '(未写算法)'}",
    )


def _check_reference(root: etree._Element, signature: etree._Element, info: etree._Element) -> None:
    reference = _one(info, "Reference")
    if reference.get("URI") != "":
        raise _bad("its Reference is not the whole document", "其 Reference 不是整个文档")
    chain = [_plain_algorithm(node) for node in safe_xml.children(_one(reference, "Transforms"))]
    if chain not in CHAINS:
        raise _bad("its transforms are not taken", "不接受其变换")
    _policy(reference, "DigestMethod", (SHA256,))
    wanted = _base64(_one(reference, "DigestValue"))
    _take_out(root, signature)
    form = _formed(root.getroottree(), exclusive=chain[-1] == EXCLUSIVE)
    if not hmac.compare_digest(hashlib.sha256(form).digest(), wanted):
        raise _bad("the alert was changed after it was signed", "签名后内容被改动")


def _take_out(root: etree._Element, signature: etree._Element) -> None:
    """Remove the signature but not the text behind it."""
    before, tail = signature.getprevious(), signature.tail or ""
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        root.text = (root.text or "") + tail
    signature.tail = None
    root.remove(signature)


def _fits(key: Key, method: str, value: bytes, signed: bytes) -> bool:
    try:
        if method == RSA_SHA256 and isinstance(key, rsa.RSAPublicKey):
            key.verify(value, signed, padding.PKCS1v15(), hashes.SHA256())
        elif method == ECDSA_SHA256 and isinstance(key, ec.EllipticCurvePublicKey) and len(value) == 64:
            r, s = int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big")
            key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
        elif method == ED25519 and isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(value, signed)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _one(parent: etree._Element, name: str) -> etree._Element:
    found = parent.findall(f"{{{DSIG}}}{name}")
    if len(found) != 1:
        raise _bad(f"it has {len(found)} {name} instead of one", f"{name} 有 {len(found)} 个,应为一个")
    return found[0]


def _algorithm(parent: etree._Element, name: str) -> str:
    return _plain_algorithm(_one(parent, name))


def _plain_algorithm(node: etree._Element) -> str:
    if next(safe_xml.children(node), None) is not None:
        raise _bad("an algorithm has parameters, which are not taken", "不接受带参数的算法")
    return node.get("Algorithm", "")


def _base64(node: etree._Element) -> bytes:
    try:
        return base64.b64decode("".join(safe_xml.text(node).split()), validate=True)
    except (binascii.Error, ValueError):
        raise _bad("a value is not base64", "某个值不是 base64") from None


def _bad(en: str, zh: str) -> Misheard:
    return Misheard(f"signature: {en}", f"签名:{zh}", code="signature")
