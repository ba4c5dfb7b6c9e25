"""SM2 keys and signatures as bytes, PEM and DER: what a key is, not how it signs. Knows no cipher library and no file."""

from __future__ import annotations

import base64
import binascii
import re

import attrs

from station.words import Misheard

N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123  # order of the group, GB/T 32918.5 clause 2
_EC_PUBLIC = bytes.fromhex("06072a8648ce3d0201")  # id-ecPublicKey 1.2.840.10045.2.1
_SM2_CURVE = bytes.fromhex("06082a811ccf5501822d")  # 1.2.156.10197.1.301
_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----([A-Za-z0-9+/=\s]*)-----END \1-----")
_INTEGER, _OCTETS, _BITS, _SEQUENCE, _ATTRIBUTE_1 = 0x02, 0x04, 0x03, 0x30, 0xA1


@attrs.frozen
class PublicKey:
    """A point of the SM2 curve: x ‖ y, 64 bytes, big-endian."""

    point: bytes = attrs.field(
        validator=attrs.validators.and_(attrs.validators.min_len(64), attrs.validators.max_len(64))
    )

    def der(self) -> bytes:
        """SubjectPublicKeyInfo (RFC 5480 with the curve 1.2.156.10197.1.301)."""
        algorithm = _wrap(_SEQUENCE, _EC_PUBLIC + _SM2_CURVE)
        return _wrap(_SEQUENCE, algorithm + _wrap(_BITS, b"\x00\x04" + self.point))

    def pem(self) -> bytes:
        """The same as PEM, `PUBLIC KEY`."""
        return _armour("PUBLIC KEY", self.der())


@attrs.frozen
class PrivateKey:
    """A secret number d, 32 bytes big-endian, and its point. Never shown: its repr leaves d out."""

    secret: bytes = attrs.field(repr=False, validator=attrs.validators.min_len(32))
    public: PublicKey

    def sec1(self) -> bytes:
        """ECPrivateKey (RFC 5915) with curve and point."""
        point = _wrap(_ATTRIBUTE_1, _wrap(_BITS, b"\x00\x04" + self.public.point))
        body = b"\x02\x01\x01" + _wrap(_OCTETS, self.secret) + _wrap(0xA0, _SM2_CURVE) + point
        return _wrap(_SEQUENCE, body)

    def pem(self) -> bytes:
        """PKCS #8, unencrypted, `PRIVATE KEY`."""
        point = _wrap(_ATTRIBUTE_1, _wrap(_BITS, b"\x00\x04" + self.public.point))
        inner = _wrap(_SEQUENCE, b"\x02\x01\x01" + _wrap(_OCTETS, self.secret) + point)
        algorithm = _wrap(_SEQUENCE, _EC_PUBLIC + _SM2_CURVE)
        return _armour("PRIVATE KEY", _wrap(_SEQUENCE, b"\x02\x01\x00" + algorithm + _wrap(_OCTETS, inner)))


def public_from_pem(text: bytes) -> PublicKey:
    """The public key of a PEM file, taken from a private key if it holds one. Raises Misheard."""
    for label, der in _blocks(text):
        if label == "PUBLIC KEY":
            return _public_from_der(der)
        if label in ("PRIVATE KEY", "EC PRIVATE KEY"):
            return private_from_pem(text).public
    raise _bad("there is no PUBLIC KEY in the file", "文件中没有 PUBLIC KEY")


def private_from_pem(text: bytes) -> PrivateKey:
    """The private key of a PEM file: PKCS #8 or SEC1, with its point. Raises Misheard."""
    for label, der in _blocks(text):
        if label == "EC PRIVATE KEY":
            return _private_from_sec1(der, curve_known=False)
        if label == "PRIVATE KEY":
            outer = _walk(_inside(der, _SEQUENCE))
            if len(outer) < 3 or outer[1][1] != _EC_PUBLIC + _SM2_CURVE or outer[2][0] != _OCTETS:
                raise _bad("the private key is not of the SM2 curve", "私钥不是 SM2 曲线的密钥")
            return _private_from_sec1(outer[2][1], curve_known=True)
    raise _bad("there is no PRIVATE KEY in the file", "文件中没有 PRIVATE KEY")


def raw_from_der(signature: bytes) -> bytes:
    """r ‖ s, 64 bytes, of a DER ECDSA-Sig-Value. Raises Misheard."""
    parts = _walk(_inside(signature, _SEQUENCE))
    if [tag for tag, _ in parts] != [_INTEGER, _INTEGER]:
        raise _bad("the signature is not two integers", "签名不是两个整数")
    return b"".join(_number(value).to_bytes(32, "big") for _, value in parts)


def der_from_raw(signature: bytes) -> bytes:
    """The DER ECDSA-Sig-Value of r ‖ s (64 bytes)."""
    return _wrap(_SEQUENCE, _integer(signature[:32]) + _integer(signature[32:]))


def _public_from_der(der: bytes) -> PublicKey:
    parts = _walk(_inside(der, _SEQUENCE))
    if len(parts) != 2 or parts[0][1] != _EC_PUBLIC + _SM2_CURVE:
        raise _bad("the public key is not of the SM2 curve", "公钥不是 SM2 曲线的密钥")
    return PublicKey(_point(parts[1][1]))


def _private_from_sec1(der: bytes, *, curve_known: bool) -> PrivateKey:
    secret, point = b"", b""
    for tag, value in _walk(_inside(der, _SEQUENCE)):
        if tag == _OCTETS:
            secret = value
        elif tag == 0xA0:
            curve_known = value == _SM2_CURVE
        elif tag == _ATTRIBUTE_1:
            point = _point(_inside(value, _BITS))
    if not curve_known or not point or len(secret) != 32 or not 0 < int.from_bytes(secret, "big") < N - 1:
        raise _bad("the private key is not a whole SM2 key with its point", "私钥不是带公钥点的完整 SM2 密钥")
    return PrivateKey(secret, PublicKey(point))


def _point(bits: bytes) -> bytes:
    if len(bits) != 66 or bits[:2] != b"\x00\x04":
        raise _bad("the point is not 65 uncompressed bytes", "公钥点不是 65 字节的非压缩格式")
    return bits[2:]


def _blocks(text: bytes) -> list[tuple[str, bytes]]:
    found = []
    for label, body in _PEM.findall(text[:65_536].decode("latin-1")):
        try:
            found.append((label, base64.b64decode("".join(body.split()), validate=True)))
        except binascii.Error:
            raise _bad("the PEM body is not base64", "PEM 内容不是 base64") from None
    return found


def _wrap(tag: int, body: bytes) -> bytes:
    size = bytes([len(body)]) if len(body) < 128 else b"\x81" + bytes([len(body)])
    return bytes([tag]) + size + body


def _integer(big_endian: bytes) -> bytes:
    body = big_endian.lstrip(b"\x00") or b"\x00"
    return _wrap(_INTEGER, b"\x00" + body if body[0] & 0x80 else body)


def _number(body: bytes) -> int:
    value = int.from_bytes(body, "big")
    if not body or body[0] & 0x80 or value >= 1 << 256:
        raise _bad("the signature holds a number out of range", "签名中的数超出范围")
    return value


def _inside(der: bytes, tag: int) -> bytes:
    parts = _walk(der)
    if len(parts) != 1 or parts[0][0] != tag:
        raise _bad("the DER structure is not the expected one", "DER 结构不符")
    return parts[0][1]


def _walk(der: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 0
    while at < len(der):
        size, head = (der[at + 1] if at + 1 < len(der) else 0x80), 2
        if size == 0x81:
            size, head = (der[at + 2] if at + 2 < len(der) else 0), 3
        elif size > 0x7F:
            raise _bad("the DER length is not one of a key or signature", "DER 长度不是密钥或签名应有的")
        if at + head + size > len(der):
            raise _bad("the DER data end too early", "DER 数据不完整")
        found.append((der[at], der[at + head : at + head + size]))
        at += head + size
    return found


def _armour(label: str, der: bytes) -> bytes:
    text = base64.b64encode(der).decode("ascii")
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode("ascii")


def _bad(en: str, zh: str) -> Misheard:
    return Misheard(f"SM2 key: {en}", f"SM2 密钥:{zh}", code="key")
