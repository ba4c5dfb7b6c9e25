"""SNMPv3 messages under the User-based Security Model (RFC 3412, section 6; RFC 3414), sans I/O: sealed, opened, timely or not. pysnmp has the ASN.1, the ciphers and the making of keys; time is told (µs).

The digest is set and compared here, at the place where the message has it: pysnmp looks for the first run of zeros.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache
from typing import Any, Final

import attrs
from pyasn1.codec.ber import encoder
from pyasn1.type import univ
from pysnmp.proto import error as pysnmp_error
from pysnmp.proto.mpmod import rfc3412
from pysnmp.proto.secmod.rfc3414 import localkey, service
from pysnmp.proto.secmod.rfc3414.priv import des
from pysnmp.proto.secmod.rfc3826.priv import aes

from devices.snmp import LONGEST, Pdu, bounded, decoded, elements, misheard, read_pdu, span
from devices.snmp_access import Auth, Priv, User
from station.words import SECOND, Instant, Misheard

WINDOW: Final = 150  # s that an engine's time may be behind what is known of it (RFC 3414, 2.2.3)
LAST_BOOT: Final = 0x7FFFFFFF  # an engine that counted so far is never timely again
AUTH, PRIV, REPORTABLE = 1, 2, 4  # bits of msgFlags
_DIGESTS: Final[
    dict[Auth, tuple[Any, int]]
] = {  # hash, bytes of it that are sent (RFC 3414, 6 and 7; RFC 7860, 4)
    "md5": (hashlib.md5, 12),
    "sha": (hashlib.sha1, 12),
    "sha224": (hashlib.sha224, 16),
    "sha256": (hashlib.sha256, 24),
    "sha384": (hashlib.sha384, 32),
    "sha512": (hashlib.sha512, 48),
}
_CIPHERS: Final[dict[Priv, Any]] = {"des": des.Des(), "aes128": aes.Aes()}
REPORTS: Final = {  # usmStats of RFC 3414, section 5
    "1.3.6.1.6.3.15.1.1.1.0": "unsupportedSecLevel",
    "1.3.6.1.6.3.15.1.1.2.0": "notInTimeWindow",
    "1.3.6.1.6.3.15.1.1.3.0": "unknownUserName",
    "1.3.6.1.6.3.15.1.1.4.0": "unknownEngineID",
    "1.3.6.1.6.3.15.1.1.5.0": "wrongDigest",
    "1.3.6.1.6.3.15.1.1.6.0": "decryptionError",
}


@attrs.frozen
class Engine:
    """What is known of the engine whose time counts: its id, how often it booted, its time (s) at an instant."""

    id: bytes
    boots: int = 0
    time: int = 0
    at: Instant = attrs.field(default=Instant(0))

    def time_at(self, now: Instant) -> int:
        """Its time now, s."""
        return min(self.time + max(0, now - self.at) // SECOND, LAST_BOOT)


@attrs.frozen
class Sealed:
    """A message whose seal nobody looked at yet. `digest`: where it stands in the message."""

    number: int
    flags: int
    engine: Engine
    user: bytes
    digest: slice
    salt: bytes
    whole: bytes
    body: bytes  # the last element


@lru_cache(maxsize=256)
def _key(auth: Auth, passphrase: str, engine: bytes) -> Any:
    """A passphrase as the key of one engine (RFC 3414, A.2): a megabyte is hashed for it, once."""
    made = _DIGESTS[auth][0]
    return localkey.localize_key(_hashed(auth, passphrase), univ.OctetString(engine), made)


@lru_cache(maxsize=64)
def _hashed(auth: Auth, passphrase: str) -> Any:
    return localkey.hash_passphrase(passphrase.encode("utf-8"), _DIGESTS[auth][0])


def flags_of(user: User) -> int:
    """msgFlags of what a user sends, but for the reportable one."""
    return (AUTH if user.auth else 0) | (PRIV if user.priv else 0)


def digest(user: User, engine: bytes, message: bytes) -> bytes:
    """The digest of a message whose digest is zeros."""
    hashed, size = _DIGESTS[user.auth]
    key = _key(user.auth, user.auth_key, engine).asOctets()
    return hmac.new(key, message, hashed).digest()[:size]


def _hiding(user: User, engine: bytes) -> Any:
    return _key(user.auth, user.priv_key, engine)[:16]


# -- what is sent -----------------------------------------------------------------------------------


def discovery(number: int, request: Any) -> bytes:
    """Ask an engine who it is and what its time is (RFC 3414, section 4); it answers with a report."""
    return _message(number, REPORTABLE, Engine(b""), "", b"", b"", _scoped(b"", request))


def sealed(
    user: User, engine: Engine, number: int, request: Any, now: Instant, *, asks: bool = True
) -> bytes:
    """A message to an engine, signed and hidden as the user does. `asks`: it wants an answer, if only a report."""
    there = attrs.evolve(engine, time=engine.time_at(now), at=now)
    scoped, salt = _scoped(engine.id, request), b""
    if user.priv:
        plain = bytes(encoder.encode(scoped))
        hidden, said = _CIPHERS[user.priv].encrypt_data(
            _hiding(user, engine.id), (there.boots, there.time, None), plain
        )
        scoped, salt = hidden, bytes(said)
    size = _DIGESTS[user.auth][1] if user.auth else 0
    flags = flags_of(user) | (REPORTABLE if asks else 0)
    message = _message(number, flags, there, user.name, bytes(size), salt, scoped)
    if not user.auth:
        return message
    place = read(message).digest
    return message[: place.start] + digest(user, engine.id, message) + message[place.stop :]


def _scoped(engine: bytes, request: Any) -> Any:
    scoped = rfc3412.ScopedPDU()
    scoped["contextEngineId"], scoped["contextName"] = engine, b""
    scoped["data"].setComponentByType(request.tagSet, request)
    return scoped


def _message(
    number: int, flags: int, engine: Engine, user: str, auth: bytes, salt: bytes, body: Any
) -> bytes:
    security = service.UsmSecurityParameters()
    for at, value in enumerate((engine.id, engine.boots, engine.time, user.encode("utf-8"), auth, salt)):
        security.setComponentByPosition(at, value)
    message = rfc3412.SNMPv3Message()
    message["msgVersion"] = 3
    for name, value in (("msgID", number), ("msgMaxSize", LONGEST), ("msgFlags", bytes([flags])), ("msgSecurityModel", 3)):  # fmt: skip
        message["msgGlobalData"][name] = value
    message["msgSecurityParameters"] = bytes(encoder.encode(security))
    message["msgData"].setComponentByType(body.tagSet, body)
    return bytes(encoder.encode(message))


# -- what is heard ----------------------------------------------------------------------------------


def read(data: bytes) -> Sealed:
    """A message of v3, not yet believed; Misheard where it is none."""
    start, _ = span(data, 0)
    _, at = span(data, start)  # behind the version
    head, security, body = elements(data, at, len(data), (0x30, 0x04, None))
    number, _, flags, model = elements(data, *head, (2, 2, 4, 2))
    if _number(data, model) != 3 or flags[1] - flags[0] != 1:
        raise misheard("is under another security model", "采用了其他安全模型")
    (inner,) = elements(data, *security, (0x30,))
    engine, boots, time, user, auth, salt = elements(data, *inner, (4, 2, 2, 4, 4, 4))
    return Sealed(
        number=_number(data, number),
        flags=data[flags[0]],
        engine=Engine(data[slice(*engine)], _number(data, boots), _number(data, time)),
        user=data[slice(*user)],
        digest=slice(*auth),
        salt=data[slice(*salt)],
        whole=data,
        body=data[security[1] : body[1]],
    )


def _number(data: bytes, place: tuple[int, int]) -> int:
    number = int.from_bytes(data[slice(*place)], "big", signed=True)
    if not 0 <= number <= LAST_BOOT:
        raise misheard("has a number that cannot be", "含有不可能的数值")
    return number


def opened(message: Sealed, user: User) -> Pdu:
    """What a message says, once its digest holds and it could be read; Misheard with code `secret` where it does not.

    A message may come with less protection than the user asks for: whoever believes it compares the flags.
    """
    if message.flags & PRIV and not message.flags & AUTH:
        raise misheard("is hidden but not signed", "加密却未签名")
    if message.flags & AUTH:
        _check(message, user)
    body = message.body
    if message.flags & PRIV:
        body = _plain(message, user)
    _, _, pdu = elements(body, *span(body, 0), (4, 4, None))
    bounded(body, pdu)
    scoped, rest = decoded(body, rfc3412.ScopedPDU())
    if rest and not (message.flags & PRIV and user.priv == "des" and len(rest) < 9):
        raise misheard("has something behind its end", "末尾有多余数据")
    return read_pdu(scoped["data"])


def _check(message: Sealed, user: User) -> None:
    place, whole = message.digest, message.whole
    if not user.auth or place.stop - place.start != _DIGESTS[user.auth][1]:
        raise _secret()
    blank = whole[: place.start] + bytes(place.stop - place.start) + whole[place.stop :]
    if not hmac.compare_digest(digest(user, message.engine.id, blank), whole[place]):
        raise _secret()


def _plain(message: Sealed, user: User) -> bytes:
    if not user.priv or message.body[0] != 0x04:
        raise _secret()
    hidden = message.body[slice(*span(message.body, 0))]
    there = (message.engine.boots, message.engine.time, univ.OctetString(message.salt))
    key = _hiding(user, message.engine.id)
    try:
        return bytes(_CIPHERS[user.priv].decrypt_data(key, there, univ.OctetString(hidden)))
    except pysnmp_error.StatusInformation:
        raise _secret() from None


def _secret() -> Misheard:
    return Misheard(
        "an SNMP message is signed or hidden otherwise than agreed",
        "SNMP 报文的签名或加密与约定不符",
        code="secret",
    )


def timely(known: Engine, said: Engine) -> bool:
    """Whether a message of a known engine is no old one (RFC 3414, 3.2, 7b): not of an earlier boot, not more than 150 s behind."""
    if said.boots >= LAST_BOOT or said.boots < known.boots:
        return False
    return said.boots > known.boots or said.time >= known.time - WINDOW


def newer(known: Engine, said: Engine, now: Instant) -> Engine:
    """What is known of an engine after a timely message."""
    if (said.boots, said.time) > (known.boots, known.time):
        return attrs.evolve(said, at=now)
    return known


__all__ = [
    "AUTH", "PRIV", "REPORTS", "WINDOW", "Engine", "Sealed", "digest", "discovery", "flags_of", "newer", "opened", "read", "sealed",
    "timely",
]  # fmt: skip
