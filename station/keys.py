"""The station's own keys: made at set-up, one per purpose, mode 0600, read at the start. Knows no message."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from station.checkpoints import CheckpointLog
from station.settings import Places
from station.words import Refused

CHECKPOINT_KEY = "checkpoint.pem"


def write_secret(path: Path, data: bytes) -> None:
    """A new file, mode 0600; raises FileExistsError rather than replace a key."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def make_checkpoint_key(secrets: Path) -> None:
    """The Ed25519 key that signs the journal's heads, and its public half for whoever verifies."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_secret(secrets / CHECKPOINT_KEY, private)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (secrets / "checkpoint.pub.pem").write_bytes(public)


def checkpoint_key(places: Places) -> Ed25519PrivateKey:
    """The key in the secrets directory; raises Refused when it is missing or no Ed25519 key."""
    path = places.secrets / CHECKPOINT_KEY
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise Refused(
            f"the checkpoint key {path} cannot be read ({error}); run gengfu setup first",
            f"无法读取校验密钥 {path},请先运行 gengfu setup",
            code="key",
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise Refused(f"{path} is no Ed25519 key", f"{path} 不是 Ed25519 密钥", code="key")
    return key


def checkpoint_log(places: Places) -> CheckpointLog:
    """Where signed heads are written for carrying off the machine."""
    return CheckpointLog(places.state / "checkpoints.log")
