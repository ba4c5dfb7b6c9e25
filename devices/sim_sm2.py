"""SM2 verification of the simulated terminals, by OpenSSL's libcrypto. Shares nothing with the product's signer; knows only a public key."""

from __future__ import annotations

import ctypes
import ctypes.util
from pathlib import Path

from station.words import Refused

_ID = b"1234567812345678"


def _library() -> ctypes.CDLL:
    name = ctypes.util.find_library("crypto") or "libcrypto.so.3"
    try:
        lib = ctypes.CDLL(name)
    except OSError as error:
        raise Refused(
            f"libcrypto of OpenSSL 3 is missing: {error}", f"缺少 OpenSSL 3 的 libcrypto:{error}"
        ) from None
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    for call, result, arguments in (
        ("BIO_new_mem_buf", pointer, (ctypes.c_char_p, ctypes.c_int)),
        ("BIO_free", ctypes.c_int, (pointer,)),
        ("PEM_read_bio_PUBKEY", pointer, (pointer, pointer, pointer, pointer)),
        ("EVP_MD_CTX_new", pointer, ()),
        ("EVP_MD_CTX_free", None, (pointer,)),
        ("EVP_PKEY_CTX_new", pointer, (pointer, pointer)),
        ("EVP_PKEY_CTX_free", None, (pointer,)),
        ("EVP_PKEY_CTX_set1_id", ctypes.c_int, (pointer, ctypes.c_char_p, size)),
        ("EVP_MD_CTX_set_pkey_ctx", None, (pointer, pointer)),
        ("EVP_sm3", pointer, ()),
        ("EVP_DigestVerifyInit", ctypes.c_int, (pointer, pointer, pointer, pointer, pointer)),
        ("EVP_DigestVerify", ctypes.c_int, (pointer, ctypes.c_char_p, size, ctypes.c_char_p, size)),
    ):
        function = getattr(lib, call)
        function.restype, function.argtypes = result, arguments
    return lib


class PublicKey:
    """An SM2 public key of a PEM file."""

    def __init__(self, pem: bytes) -> None:
        self._lib = _library()
        bio = self._lib.BIO_new_mem_buf(pem, len(pem))
        self._key = self._lib.PEM_read_bio_PUBKEY(bio, None, None, None)
        self._lib.BIO_free(bio)
        if not self._key:
            raise Refused("the key file holds no public key in PEM", "密钥文件中没有 PEM 公钥")

    @classmethod
    def read(cls, path: Path) -> PublicKey:
        """The key in a file."""
        try:
            return cls(path.read_bytes())
        except OSError as error:
            raise Refused(f"the key cannot be read: {error}", f"无法读取密钥:{error}") from None

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Whether `signature` (r‖s, 64 bytes) is this key's over `data`, with the standard user id."""
        lib = self._lib
        context, inner = lib.EVP_MD_CTX_new(), lib.EVP_PKEY_CTX_new(self._key, None)
        try:
            lib.EVP_PKEY_CTX_set1_id(inner, _ID, len(_ID))
            lib.EVP_MD_CTX_set_pkey_ctx(context, inner)
            if lib.EVP_DigestVerifyInit(context, None, lib.EVP_sm3(), None, self._key) != 1:
                return False
            der = _der(signature)
            return bool(lib.EVP_DigestVerify(context, der, len(der), data, len(data)) == 1)
        finally:
            lib.EVP_MD_CTX_free(context)
            lib.EVP_PKEY_CTX_free(inner)


def _der(signature: bytes) -> bytes:
    parts = b""
    for half in (signature[:32], signature[32:]):
        number = int.from_bytes(half, "big")
        octets = number.to_bytes(number.bit_length() // 8 + 1, "big")
        parts += b"\x02" + bytes([len(octets)]) + octets
    return b"\x30" + bytes([len(parts)]) + parts
