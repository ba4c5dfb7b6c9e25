"""Signed heads of the journal that leave the machine: who holds one can show that the journal was cut or rewritten. Knows no database and no timer."""

from __future__ import annotations

import json
import os
from pathlib import Path

import attrs
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from station.records import netstring
from station.wire import canonical, to_plain
from station.words import SECOND, Duration, Instant, Position

FORMAT = "gengfu-checkpoint/1"
EVERY_RECORDS = 1_000
EVERY = Duration(60 * SECOND)


@attrs.frozen(kw_only=True)
class Checkpoint:
    """The head of a journal at one moment, signed with Ed25519 (RFC 8032); key and signature in hex."""

    station: str
    position: Position
    hash: str
    at: Instant
    key: str
    signature: str


def message(station: str, position: int, digest: str, at: int) -> bytes:
    """What is signed: netstrings of format, station, position, hash, at."""
    return b"".join(map(netstring, (FORMAT, station, str(position), digest, str(at))))


def sign(key: Ed25519PrivateKey, station: str, position: Position, digest: str, at: Instant) -> Checkpoint:
    """A checkpoint of one head."""
    return Checkpoint(
        station=station,
        position=position,
        hash=digest,
        at=at,
        key=key.public_key().public_bytes_raw().hex(),
        signature=key.sign(message(station, position, digest, at)).hex(),
    )


def holds(checkpoint: Checkpoint) -> bool:
    """Whether its signature is good under the key it names (whose key that is, the reader must know)."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(checkpoint.key))
        said = message(checkpoint.station, checkpoint.position, checkpoint.hash, checkpoint.at)
        key.verify(bytes.fromhex(checkpoint.signature), said)
    except (InvalidSignature, ValueError):
        return False
    return True


def due(records_since: int, since: Instant, now: Instant) -> bool:
    """Whether it is time for a checkpoint: 1,000 records, or one record and 60 s (or the clock went back)."""
    if records_since == 0:
        return False
    return records_since >= EVERY_RECORDS or not 0 <= now - since < EVERY


class CheckpointLog:
    """Appends checkpoints to a file as lines of canonical JSON, each on disk before the call returns."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, checkpoint: Checkpoint) -> None:
        """Append one; raises OSError when the disk refuses."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(canonical(to_plain(checkpoint)) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def read(self) -> list[Checkpoint]:
        """All of them; a torn last line is left out."""
        if not self._path.exists():
            return []
        whole, _, _torn = self._path.read_text(encoding="utf-8").rpartition("\n")
        return [Checkpoint(**json.loads(line)) for line in whole.splitlines()]
