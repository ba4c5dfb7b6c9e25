"""Locks a folder of secrets behind a passphrase: scrypt (RFC 7914) to a key, ChaCha20-Poly1305 (RFC 8439) over a tar of it. Knows no backup."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from station.backup_words import inside
from station.words import Refused

MAGIC = b"gengfu-sealed/1\n"
SHORTEST = 12  # characters of a passphrase
_LOG_N, _R, _P = 15, 8, 1  # 32 MiB and about 0.1 s a guess
_SALT, _NONCE = 16, 12
_MOST = 64 << 20


def seal(folders: Sequence[Path], root: Path, passphrase: str) -> bytes:
    """The files of `folders`, by their paths below `root`, readable only with the passphrase."""
    if len(passphrase) < SHORTEST:
        raise Refused(
            f"a passphrase for the secrets has at least {SHORTEST} characters",
            f"密钥备份的口令至少 {SHORTEST} 个字符",
            code="passphrase",
        )
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in (p for folder in folders for p in sorted(folder.rglob("*")) if p.is_file()):
            info = tarfile.TarInfo(path.relative_to(root).as_posix())
            data = path.read_bytes()
            info.size, info.mode = len(data), path.stat().st_mode & 0o700
            tar.addfile(info, io.BytesIO(data))
    salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
    head = MAGIC + bytes([_LOG_N]) + salt + nonce
    return head + ChaCha20Poly1305(_key(passphrase, salt, _LOG_N)).encrypt(nonce, packed.getvalue(), head)


def unseal(data: bytes, passphrase: str) -> dict[str, bytes]:
    """Content by path. Raises Refused where the passphrase is wrong or the data was changed."""
    size = len(MAGIC) + 1 + _SALT + _NONCE
    head, body = data[:size], data[size:]
    log_n = head[len(MAGIC)] if head.startswith(MAGIC) and len(head) == size else 0
    if not 10 <= log_n <= 20:
        raise Refused("this is no sealed folder of secrets", "这不是加密的密钥备份", code="passphrase")
    salt, nonce = head[len(MAGIC) + 1 :][:_SALT], head[-_NONCE:]
    try:
        plain = ChaCha20Poly1305(_key(passphrase, salt, log_n)).decrypt(nonce, body, head)
    except InvalidTag:
        raise Refused(
            "the passphrase is wrong, or the sealed secrets were changed",
            "口令错误,或加密的密钥备份已被改动",
            code="passphrase",
        ) from None
    return _unpacked(plain)


def _unpacked(plain: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        for info in tar:
            file = tar.extractfile(info) if info.isreg() and info.size <= _MOST else None
            if file is not None and inside(info.name):
                found[info.name] = file.read()
    return found


def _key(passphrase: str, salt: bytes, log_n: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=1 << log_n, r=_R, p=_P).derive(passphrase.encode("utf-8"))
