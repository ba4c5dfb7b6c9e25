"""SM2 signatures and SM3 digests (GB/T 32918.2, GB/T 32905) through OpenSSL 3 by ctypes, `gmssl` where that is missing. Knows no message format."""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from emergency.sm2_keys import (
    N,
    PrivateKey,
    PublicKey,
    der_from_raw,
    private_from_pem,
    public_from_pem,
    raw_from_der,
)
from station.oserrors import os_zh
from station.words import Refused

IDENTITY = b"1234567812345678"  # the signer's distinguishing id where none is agreed (GM/T 0009 clause 10)

# GB/T 32918.5-2017 annex A.2: the published key, message and signature.
_VECTOR_SECRET = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"  # noqa: S105
_VECTOR_POINT = (
    "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
_VECTOR_SIGNATURE = (
    "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)
_SM3_ABC = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"  # GB/T 32905 annex A.1


class Signer(Protocol):
    """Signs bytes; r ‖ s, 64 bytes."""

    def sign(self, data: bytes) -> bytes: ...


class Verifier(Protocol):
    """Tells whether 64 bytes r ‖ s are a signature of `data`; never raises for what a stranger sent."""

    def verify(self, data: bytes, signature: bytes) -> bool: ...


class Engine(Protocol):
    """A library that can do SM2."""

    name: str

    def signer(self, key: PrivateKey) -> Signer: ...
    def verifier(self, key: PublicKey) -> Verifier: ...
    def generate(self) -> PrivateKey: ...
    def sm3(self, data: bytes) -> bytes: ...


class _Handle:
    """An EVP_PKEY, freed with its owner."""

    def __init__(self, lib: ctypes.CDLL, der: bytes, read: str) -> None:
        buffer = ctypes.create_string_buffer(der, len(der))
        start = ctypes.cast(buffer, ctypes.c_void_p)
        self._lib = lib
        self.key = getattr(lib, read)(None, ctypes.byref(start), len(der))
        if not self.key:
            lib.ERR_clear_error()
            raise Refused("SM2: the key is not a point of the curve", "SM2:密钥不是曲线上的点", code="key")

    def __del__(self) -> None:
        if getattr(self, "key", None):
            self._lib.EVP_PKEY_free(self.key)


class _OpensslKey:
    """Signs or verifies with one key held by libcrypto."""

    def __init__(self, lib: ctypes.CDLL, handle: _Handle) -> None:
        self._lib = lib
        self._handle = handle

    def sign(self, data: bytes) -> bytes:
        context, inner = _context(self._lib, self._handle.key)
        try:
            out, size = ctypes.create_string_buffer(80), ctypes.c_size_t(80)
            ok = self._lib.EVP_DigestSignInit(context, None, self._lib.EVP_sm3(), None, self._handle.key)
            ok = ok == 1 and self._lib.EVP_DigestSign(context, out, ctypes.byref(size), data, len(data))
        finally:
            self._lib.EVP_MD_CTX_free(context)
            self._lib.EVP_PKEY_CTX_free(inner)
        if ok != 1:
            self._lib.ERR_clear_error()
            raise RuntimeError("libcrypto could not sign with an SM2 key that it had accepted")
        return raw_from_der(out.raw[: size.value])

    def verify(self, data: bytes, signature: bytes) -> bool:
        if len(signature) != 64:
            return False
        der = der_from_raw(signature)
        context, inner = _context(self._lib, self._handle.key)
        try:
            ok = self._lib.EVP_DigestVerifyInit(context, None, self._lib.EVP_sm3(), None, self._handle.key)
            ok = ok == 1 and self._lib.EVP_DigestVerify(context, der, len(der), data, len(data))
        finally:
            self._lib.EVP_MD_CTX_free(context)
            self._lib.EVP_PKEY_CTX_free(inner)
        if ok != 1:
            self._lib.ERR_clear_error()
        return bool(ok == 1)


def _context(lib: ctypes.CDLL, key: int) -> tuple[int, int]:
    context = lib.EVP_MD_CTX_new()
    inner = lib.EVP_PKEY_CTX_new_from_pkey(None, key, None)
    lib.EVP_PKEY_CTX_set1_id(inner, IDENTITY, len(IDENTITY))
    lib.EVP_MD_CTX_set_pkey_ctx(context, inner)
    return context, inner


class OpensslEngine:
    """SM2 by libcrypto of OpenSSL 3; about 1 ms each way."""

    name = "openssl"

    def __init__(self, path: str | None = None) -> None:
        """Raises OSError where there is no libcrypto 3 with SM2."""
        found = path or ctypes.util.find_library("crypto") or "libcrypto.so.3"
        self._lib = _declare(ctypes.CDLL(found))

    def signer(self, key: PrivateKey) -> Signer:
        return _OpensslKey(self._lib, _Handle(self._lib, key.sec1(), "d2i_AutoPrivateKey"))

    def verifier(self, key: PublicKey) -> Verifier:
        return _OpensslKey(self._lib, _Handle(self._lib, key.der(), "d2i_PUBKEY"))

    def generate(self) -> PrivateKey:
        lib = self._lib
        context = lib.EVP_PKEY_CTX_new_from_name(None, b"SM2", None)
        made = ctypes.c_void_p()
        ok = (
            lib.EVP_PKEY_keygen_init(context) == 1 and lib.EVP_PKEY_generate(context, ctypes.byref(made)) == 1
        )
        lib.EVP_PKEY_CTX_free(context)
        if not ok:
            raise RuntimeError("libcrypto could not make an SM2 key")
        out = ctypes.c_void_p()
        size = lib.i2d_PrivateKey(made, ctypes.byref(out))
        der = ctypes.string_at(out, size)
        lib.EVP_PKEY_free(made)
        lib.CRYPTO_clear_free(out, size, b"", 0)
        return private_from_pem(_sec1_pem(der))

    def sm3(self, data: bytes) -> bytes:
        out = ctypes.create_string_buffer(32)
        self._lib.EVP_Digest(data, len(data), out, None, self._lib.EVP_sm3(), None)
        return out.raw


def _sec1_pem(der: bytes) -> bytes:
    import base64

    return b"-----BEGIN EC PRIVATE KEY-----\n" + base64.b64encode(der) + b"\n-----END EC PRIVATE KEY-----\n"


def _declare(lib: ctypes.CDLL) -> ctypes.CDLL:
    """Give every function its types; AttributeError of an old library becomes OSError."""
    pointer, size, text = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p
    table: dict[str, tuple[object, list[object]]] = {
        "EVP_MD_CTX_new": (pointer, []),
        "EVP_MD_CTX_free": (None, [pointer]),
        "EVP_MD_CTX_set_pkey_ctx": (None, [pointer, pointer]),
        "EVP_PKEY_CTX_new_from_pkey": (pointer, [pointer, pointer, text]),
        "EVP_PKEY_CTX_new_from_name": (pointer, [pointer, text, text]),
        "EVP_PKEY_CTX_set1_id": (ctypes.c_int, [pointer, text, ctypes.c_int]),
        "EVP_PKEY_CTX_free": (None, [pointer]),
        "EVP_PKEY_free": (None, [pointer]),
        "EVP_PKEY_keygen_init": (ctypes.c_int, [pointer]),
        "EVP_PKEY_generate": (ctypes.c_int, [pointer, pointer]),
        "EVP_sm3": (pointer, []),
        "EVP_Digest": (ctypes.c_int, [text, size, pointer, pointer, pointer, pointer]),
        "EVP_DigestSignInit": (ctypes.c_int, [pointer] * 5),
        "EVP_DigestSign": (ctypes.c_int, [pointer, pointer, pointer, text, size]),
        "EVP_DigestVerifyInit": (ctypes.c_int, [pointer] * 5),
        "EVP_DigestVerify": (ctypes.c_int, [pointer, text, size, text, size]),
        "d2i_AutoPrivateKey": (pointer, [pointer, pointer, ctypes.c_long]),
        "d2i_PUBKEY": (pointer, [pointer, pointer, ctypes.c_long]),
        "i2d_PrivateKey": (ctypes.c_int, [pointer, pointer]),
        "CRYPTO_clear_free": (None, [pointer, size, text, ctypes.c_int]),
        "ERR_clear_error": (None, []),
    }
    for name, (result, arguments) in table.items():
        try:
            function = getattr(lib, name)
        except AttributeError:
            raise OSError(f"libcrypto has no {name}; OpenSSL 3 is needed") from None
        function.restype, function.argtypes = result, arguments
    return lib


class _GmsslKey:
    """Signs or verifies in pure Python; 20 to 30 ms each."""

    def __init__(self, secret: str, point: str) -> None:
        from gmssl import sm2

        self._crypt = sm2.CryptSM2(private_key=secret, public_key=point)

    def sign(self, data: bytes) -> bytes:
        return bytes.fromhex(str(self._crypt.sign_with_sm3(data, secrets.token_hex(31))))

    def verify(self, data: bytes, signature: bytes) -> bool:
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        if len(signature) != 64 or not 0 < r < N or not 0 < s < N:
            return False
        return bool(self._crypt.verify_with_sm3(signature.hex(), data))


class GmsslEngine:
    """SM2 by the optional package `gmssl`; ImportError where it is not installed."""

    name = "gmssl"

    def __init__(self) -> None:
        import gmssl.sm2  # noqa: F401

    def signer(self, key: PrivateKey) -> Signer:
        return _GmsslKey(key.secret.hex(), key.public.point.hex())

    def verifier(self, key: PublicKey) -> Verifier:
        return _GmsslKey("", key.point.hex())

    def generate(self) -> PrivateKey:
        from gmssl import sm2

        secret = 1 + secrets.randbelow(N - 2)
        maker = sm2.CryptSM2(private_key="", public_key="")
        point = maker._kg(secret, maker.ecc_table["g"])  # noqa: SLF001  # the package offers no other way
        return PrivateKey(secret.to_bytes(32, "big"), PublicKey(bytes.fromhex(point)))

    def sm3(self, data: bytes) -> bytes:
        from gmssl import sm3

        return bytes.fromhex(str(sm3.sm3_hash(list(data))))


def self_test(engine: Engine) -> None:
    """Hold the engine against the published vectors and a flipped bit. Raises Refused when it fails."""
    key = PrivateKey(bytes.fromhex(_VECTOR_SECRET), PublicKey(bytes.fromhex(_VECTOR_POINT)))
    message, signature = b"message digest", bytes.fromhex(_VECTOR_SIGNATURE)
    verifier = engine.verifier(key.public)
    good = verifier.verify(message, signature) and verifier.verify(b"own", engine.signer(key).sign(b"own"))
    if not good or verifier.verify(b"message digesu", signature) or engine.sm3(b"abc").hex() != _SM3_ABC:
        raise Refused(
            f"SM2: {engine.name} fails the vectors of GB/T 32918.5 annex A; nothing is signed with it",
            f"SM2:{engine.name} 未通过 GB/T 32918.5 附录 A 的测试向量,不得用于签名",
            code="selftest",
        )


def choose(first: Callable[[], Engine], fallback: Callable[[], Engine]) -> Engine:
    """The first engine that is here, tested. Raises Refused when there is none or it fails its vectors."""
    try:
        chosen = first()
    except OSError:
        try:
            chosen = fallback()
        except ImportError:
            raise Refused(
                "SM2 needs OpenSSL 3 (libcrypto) or the package gmssl; neither is here",
                "SM2 需要 OpenSSL 3(libcrypto)或 gmssl 软件包,两者都没有",
                code="selftest",
            ) from None
    self_test(chosen)
    return chosen


@functools.cache
def engine() -> Engine:
    """The engine of this process, tested once. Raises Refused when there is none."""
    return choose(OpensslEngine, GmsslEngine)


def signer(key: PrivateKey) -> Signer:
    """A signer for `key` by the engine of this process."""
    return engine().signer(key)


def verifier(key: PublicKey) -> Verifier:
    """A verifier for `key` by the engine of this process."""
    return engine().verifier(key)


def generate() -> PrivateKey:
    """A new key pair from the engine's random source."""
    return engine().generate()


def sm3(data: bytes) -> bytes:
    """SM3 digest (GB/T 32905), 32 bytes."""
    return engine().sm3(data)


def load_private(path: Path) -> PrivateKey:
    """The private key in a PEM file. Raises Refused where it cannot be read, Misheard where it is none."""
    return private_from_pem(_read(path))


def load_public(path: Path) -> PublicKey:
    """The public key in a PEM file. Raises Refused where it cannot be read, Misheard where it is none."""
    return public_from_pem(_read(path))


def save_private(path: Path, key: PrivateKey) -> None:
    """Write PKCS #8 PEM, mode 0600, whole or not at all; never over a file that is there (FileExistsError)."""
    _write(path, key.pem(), 0o600)


def save_public(path: Path, key: PublicKey) -> None:
    """Write SPKI PEM, mode 0644; never over a file that is there (FileExistsError)."""
    _write(path, key.pem(), 0o644)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(65_536)
    except OSError as error:
        raise Refused(
            f"key file {path} cannot be read: {error.strerror}",
            f"无法读取密钥文件 {path}:{os_zh(error)}",
            code="key",
        ) from None


def _write(path: Path, data: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise
