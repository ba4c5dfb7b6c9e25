"""What was heard around an incident is kept, hashed, and gives way when there is too much."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import av
import numpy as np

from safety.evidence import AROUND, LONGEST, Evidence, clips_of
from safety.messages import SLOT, SlotRun
from safety.ring import Packet, Ring

BASE = 18_000_000_000


def run(first: int, last: int, state: str) -> SlotRun:
    return SlotRun(first=BASE + first, last=BASE + last, state=state, cause="c")  # type: ignore[arg-type]


def test_a_stretch_of_trouble_gives_one_clip_however_it_is_told() -> None:
    first, until = clips_of([run(0, 5, "NORMAL"), run(5, 8, "FOREIGN")], -1)
    more, until = clips_of([run(8, 12, "FOREIGN"), run(12, 15, "NORMAL"), run(15, 16, "DEGRADED")], until)
    assert [(c.since - BASE, c.state) for c in first + more] == [(5, "FOREIGN"), (15, "DEGRADED")]
    assert first[0].start == (BASE + 5) * SLOT - AROUND
    assert first[0].end == (BASE + 8) * SLOT + AROUND
    assert clips_of([run(5, 8, "FOREIGN"), run(9, 10, "UNKNOWN")], until) == ([], until)


def test_a_long_incident_fills_no_disk() -> None:
    (clip,), _ = clips_of([run(0, 100_000, "OUTAGE")], -1)
    assert clip.end - clip.start == LONGEST + 2 * AROUND


def filled() -> Ring:
    ring = Ring()
    start = (BASE - 150) * SLOT
    rng = np.random.default_rng(1)
    for k in range(300):
        index = start + k * SLOT
        pcm = rng.integers(-9_000, 9_000, (SLOT, 2)).astype(np.int16)
        ring.add(Packet(k, index & 0xFFFFFFFF, pcm), index)
    return ring


def test_a_clip_is_the_very_samples_with_their_checksum(tmp_path: Path) -> None:
    ring = filled()
    kept = Evidence(tmp_path, ring)
    kept.settled([run(10, 13, "FOREIGN")])
    end = (BASE + 13) * SLOT + AROUND
    assert kept.ready(end - 1) is None
    write = kept.ready(end)
    assert write is not None
    write()
    assert kept.ready(end) is None
    said = json.loads(next(tmp_path.glob("*.json")).read_text())
    flac = tmp_path / said["file"]
    assert said["sha256"] == hashlib.sha256(flac.read_bytes()).hexdigest()
    assert (said["state"], said["since"], said["cause"]) == ("FOREIGN", (BASE + 10) * SLOT, "c")
    with av.open(str(flac)) as container:
        sound = np.concatenate([f.to_ndarray().reshape(-1, 2) for f in container.decode(audio=0)])
    assert (sound == ring.read(said["start"], said["samples"])[0]).all()


def test_the_oldest_clips_give_way(tmp_path: Path) -> None:
    kept = Evidence(tmp_path, filled(), most=2)
    kept.settled([run(k, k + 1, "DEGRADED") for k in (0, 5, 10)])
    while (write := kept.ready((BASE + 200) * SLOT)) is not None:
        write()
    assert len(list(tmp_path.glob("*.flac"))) == len(list(tmp_path.glob("*.json"))) == 2
    small = Evidence(tmp_path, filled(), most_bytes=1)
    small.settled([run(20, 21, "DEGRADED")])
    write = small.ready((BASE + 200) * SLOT)
    assert write is not None
    write()
    assert len(list(tmp_path.glob("*.flac"))) == 1


def test_a_disk_that_takes_nothing_is_counted_and_not_fatal(tmp_path: Path) -> None:
    kept = Evidence(tmp_path / "gone", filled())
    kept.settled([run(0, 1, "DEGRADED")])
    write = kept.ready((BASE + 200) * SLOT)
    assert write is not None
    write()
    assert kept.lost == 1
