"""Verify a Gengfu journal without Gengfu: python3 verify_journal.py journal.db [checkpoints.log] (format: journal-format.md)."""

import hashlib
import json
import sqlite3
import sys
from pathlib import Path


def netstrings(*fields):
    raw = [str(field).encode() for field in fields]
    return b"".join(b"%d:%b," % (len(one), one) for one in raw)


def verify(database, checkpoints=()):
    """Return (records, None) when the chain holds, else (position, what is wrong there)."""
    db = sqlite3.connect(database)
    station = db.execute("SELECT value FROM about WHERE name = 'station'").fetchone()[0]
    previous, position, hashes = "0" * 64, 0, {}
    rows = db.execute('SELECT position, at, kind, body, "by", previous, hash FROM journal ORDER BY position')
    for position, row in enumerate(rows, 1):
        fields = ("gengfu-journal/1", station, *row[:5], previous)
        if row[0] != position or row[5] != previous:
            return position, "missing, or not the one that came here"
        if row[6] != hashlib.sha256(netstrings(*fields)).hexdigest():
            return position, "changed"
        previous = hashes[position] = row[6]
    for c in checkpoints:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        said = netstrings("gengfu-checkpoint/1", station, c["position"], c["hash"], c["at"])
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(c["key"]))
        key.verify(bytes.fromhex(c["signature"]), said)  # raises InvalidSignature
        if hashes.get(c["position"]) != c["hash"]:
            return min(
                c["position"], position + 1
            ), f"cut off or rewritten: not what was signed at {c['position']}"
    return position, None


if __name__ == "__main__":
    signed = [json.loads(line) for name in sys.argv[2:3] for line in Path(name).read_text().splitlines()]
    where, wrong = verify(sys.argv[1], signed)
    print(f"record {where}: {wrong}" if wrong else f"{where} records, the chain holds")  # noqa: T201
    sys.exit(1 if wrong else 0)
