"""Keys and signatures of the simulated upstream platform: SM2 in plain integers, Ed25519 for CAP. Shares nothing with the product's SM2."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

# GB/T 32918.5 clause 2: the recommended curve.
_P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_A = _P - 3
_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
_N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
_ID = b"1234567812345678"
_PKCS8 = bytes.fromhex("308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420")
_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")
Point = tuple[int, int]


def _add(p: Point | None, q: Point | None) -> Point | None:
    if p is None or q is None:
        return p or q
    if p[0] == q[0] and (p[1] + q[1]) % _P == 0:
        return None
    if p == q:
        slope = (3 * p[0] * p[0] + _A) * pow(2 * p[1], -1, _P)
    else:
        slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, _P)
    x = (slope * slope - p[0] - q[0]) % _P
    return x, (slope * (p[0] - x) - p[1]) % _P


def _times(k: int, p: Point) -> Point:
    total: Point | None = None
    step: Point | None = p
    while k:
        if k & 1:
            total = _add(total, step)
        step = _add(step, step)
        k >>= 1
    assert total is not None
    return total


def _bytes(number: int) -> bytes:
    return number.to_bytes(32, "big")


def _sm3(data: bytes) -> bytes:
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


def _e(point: Point, data: bytes) -> int:
    head = (len(_ID) * 8).to_bytes(2, "big") + _ID
    z = _sm3(head + b"".join(_bytes(n) for n in (_A, _B, *_G, *point)))
    return int.from_bytes(_sm3(z + data), "big")


def sm2_point(secret: int) -> Point:
    """The public point of a secret number."""
    return _times(secret, _G)


def sm2_sign(secret: int, data: bytes) -> bytes:
    """r ‖ s (64 bytes), GB/T 32918.2 clause 6."""
    e = _e(sm2_point(secret), data)
    while True:
        k = 1 + secrets.randbelow(_N - 1)
        r = (e + _times(k, _G)[0]) % _N
        s = pow(1 + secret, -1, _N) * (k - r * secret) % _N
        if r and s and r + k != _N:
            return _bytes(r) + _bytes(s)


def sm2_verify(point: Point, data: bytes, signature: bytes) -> bool:
    """GB/T 32918.2 clause 7."""
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    t = (r + s) % _N
    if len(signature) != 64 or not 0 < r < _N or not 0 < s < _N or not t:
        return False
    found = _add(_times(s, _G), _times(t, point))
    return found is not None and (_e(point, data) + found[0]) % _N == r


def new_secret() -> int:
    """A secret number for SM2."""
    return 1 + secrets.randbelow(_N - 2)


def read_secret(path: Path) -> int:
    """The secret number in a PKCS #8 file as `init` or `openssl genpkey` writes it. Raises ValueError, OSError."""
    der = _der(path)
    if not der.startswith(_PKCS8) or len(der) < len(_PKCS8) + 32:
        raise ValueError(f"{path} is not a PKCS #8 file of an SM2 key")
    return int.from_bytes(der[len(_PKCS8) :][:32], "big")


def read_point(path: Path) -> Point:
    """The point in an SPKI file. Raises ValueError, OSError."""
    der = _der(path)
    if not der.startswith(_SPKI) or len(der) != len(_SPKI) + 64:
        raise ValueError(f"{path} is not a public SM2 key")
    return int.from_bytes(der[-64:-32], "big"), int.from_bytes(der[-32:], "big")


def _der(path: Path) -> bytes:
    return base64.b64decode("".join(line for line in path.read_text("ascii").splitlines() if "-" not in line))


def _pem(label: str, der: bytes) -> bytes:
    text = base64.encodebytes(der).decode("ascii").replace("\n", "")
    rows = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"-----BEGIN {label}-----\n{rows}\n-----END {label}-----\n".encode("ascii")


def init(folder: Path) -> list[str]:
    """Make what is missing of ebd.key, ebd.pem, ebd.token, cap.key, cap.pem, cap.token; the names of all six."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / "ebd.key").exists():
        secret = new_secret()
        point = b"".join(_bytes(n) for n in sm2_point(secret))
        _write(folder / "ebd.pem", _pem("PUBLIC KEY", _SPKI + point))
        _write(
            folder / "ebd.key",
            _pem("PRIVATE KEY", _PKCS8 + _bytes(secret) + b"\xa1\x44\x03\x42\x00\x04" + point),
        )
    if not (folder / "cap.key").exists():
        key = ed25519.Ed25519PrivateKey.generate()
        pem, raw = serialization.Encoding.PEM, serialization.NoEncryption()
        spki = serialization.PublicFormat.SubjectPublicKeyInfo
        _write(folder / "cap.pem", key.public_key().public_bytes(pem, spki))
        _write(folder / "cap.key", key.private_bytes(pem, serialization.PrivateFormat.PKCS8, raw))
    for name in ("ebd.token", "cap.token"):
        if not (folder / name).exists():
            _write(folder / name, secrets.token_urlsafe(32).encode("ascii") + b"\n")
    return [f"{kind}.{end}" for kind in ("ebd", "cap") for end in ("key", "pem", "token")]


def _write(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)


class CapKey:
    """Signs a CAP alert's SignedInfo: Ed25519 or RSA, by what the file holds."""

    def __init__(self, pem: bytes | None) -> None:
        """A new Ed25519 key where there is no file. Raises ValueError for another kind of key."""
        key = serialization.load_pem_private_key(pem, None) if pem else ed25519.Ed25519PrivateKey.generate()
        if not isinstance(key, (ed25519.Ed25519PrivateKey, rsa.RSAPrivateKey)):
            raise ValueError("the CAP key is neither Ed25519 nor RSA")
        self._key = key

    @property
    def method(self) -> str:
        """The algorithm's address in XML signatures."""
        if isinstance(self._key, rsa.RSAPrivateKey):
            return "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
        return "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519"

    def sign(self, data: bytes) -> bytes:
        """The signature's bytes."""
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self._key.sign(data)
