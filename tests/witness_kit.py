"""Synthetic programme, plans and streams for tests of the witness: speech-like and music-like sound with pauses, made by numpy from a seed."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import av
import numpy as np

from safety.hearing import Deafness
from safety.judge import Lookup, Version, all_known, nothing
from safety.logbook import DueFile, RunLog
from safety.messages import SLOT, SlotRun
from safety.reporting import Outbox
from safety.returns import ReturnPath
from safety.ring import Packet
from safety.slots import Limits
from safety.watch import DELAY, Watch
from schedules.plan import Medium, Overlay, Plan, Take
from schedules.render import NotReady, render
from station.words import ChannelId, SampleIndex, Sha256

RATE = 48_000
T0 = 1_800_000_000 * RATE // 10  # a round slot boundary
FRAME = 240


def speech(seconds: float, seed: int) -> np.ndarray:
    """Voiced and unvoiced syllables with formant-like colours and pauses: int32 (n, 2), 24 bits."""
    rng = np.random.default_rng(seed)
    n = int(seconds * RATE)
    out = np.zeros(n)
    at = 0
    while at < n:
        length = int(rng.uniform(0.08, 0.35) * RATE)
        t = np.arange(length) / RATE
        if rng.random() < 0.75:
            f0 = rng.uniform(90, 260) * (1 + rng.uniform(-0.15, 0.15) * t / t[-1])
            phase = 2 * np.pi * np.cumsum(f0) / RATE
            formants = rng.uniform([300, 900, 2200], [900, 2300, 3400])
            syllable = np.zeros(length)
            for k in range(1, 24):
                pitch = k * f0.mean()
                weight = sum(np.exp(-(((pitch - f) / 180) ** 2)) for f in formants) + 0.02
                syllable += weight * np.sin(k * phase + rng.uniform(0, 6.28))
        else:
            syllable = np.diff(rng.normal(0, 1.0, length + 1)) * 0.5
        syllable *= np.sin(np.pi * np.arange(length) / length) ** 0.7 * rng.uniform(0.3, 1.0)
        end = min(n, at + length)
        out[at:end] += syllable[: end - at]
        pause = rng.uniform(0.25, 0.9) if rng.random() < 0.15 else rng.uniform(0.0, 0.06)
        at += length + int(pause * RATE)
    return _stereo(out, out, seed)


def music(seconds: float, seed: int) -> np.ndarray:
    """Chords of decaying partials over a beat, different left and right: int32 (n, 2), 24 bits."""
    rng = np.random.default_rng(seed)
    n = int(seconds * RATE)
    left, right = np.zeros(n), np.zeros(n)
    at = 0
    while at < n:
        length = min(n - at, int(rng.choice([0.125, 0.25, 0.5]) * RATE))
        t = np.arange(length) / RATE
        for _ in range(4):
            pitch = 110 * 2 ** (rng.integers(0, 36) / 12)
            note = np.exp(-t * rng.uniform(2, 7)) * sum(
                np.sin(2 * np.pi * pitch * k * t + rng.uniform(0, 6.28)) / k for k in (1, 2, 3, 5)
            )
            pan = rng.random()
            left[at : at + length] += note * pan
            right[at : at + length] += note * (1 - pan)
        hit = rng.normal(0, 1, length) * np.exp(-t * 40)
        left[at : at + length] += hit
        right[at : at + length] += hit
        at += length
    return _stereo(left, right, seed)


def _stereo(left: np.ndarray, right: np.ndarray, seed: int) -> np.ndarray:
    both = np.stack([left, right], axis=1)
    both *= 0.5 * 2**23 / max(np.abs(both).max(), 1e-9)
    return both.round().astype(np.int32)


class Media:
    """Media in memory: what a shelf gives, without files."""

    def __init__(self, **sounds: np.ndarray) -> None:
        self.sounds = {name.ljust(64, "0"): sound for name, sound in sounds.items()}
        self.missing: set[str] = set()

    def sha(self, name: str) -> Sha256:
        return Sha256(name.ljust(64, "0"))

    def is_verified(self, sha256: Sha256) -> bool:
        return sha256 not in self.missing

    def pcm(self, sha256: Sha256, start: int, count: int) -> np.ndarray:
        if sha256 in self.missing:
            raise NotReady(sha256)
        found = self.sounds[sha256][start : start + count]
        assert len(found) == count
        return found

    def length(self, sha256: Sha256) -> int:
        if sha256 in self.missing:
            raise NotReady(sha256)
        return len(self.sounds[sha256])

    def media(self) -> tuple[Medium, ...]:
        return tuple(
            Medium(sha256=Sha256(sha), samples=len(sound), title=sha.rstrip("0"))
            for sha, sound in self.sounds.items()
        )


def plan_of(media: Media, *names: str, start: int = T0, lengths: dict[str, int] | None = None) -> Plan:
    """The named media one after the other, whole."""
    takes: list[Take] = []
    at = start
    for i, name in enumerate(names):
        sha = media.sha(name)
        count = (lengths or {}).get(name, len(media.sounds[sha]))
        takes.append(
            Take(
                item=f"item{i}",
                start=SampleIndex(at),
                end=SampleIndex(at + count),
                kind="programme",
                title=name,
                approval=f"rundown:{i}",
                media=sha,
            )
        )
        at += count
    return Plan(
        channel=ChannelId("fm1"),
        revision=1,
        start=SampleIndex(start),
        end=SampleIndex(at),
        takes=tuple(takes),
        media=media.media(),
        filler=tuple(media.sha(n) for n in ("filler",) if media.sha(n) in media.sounds),
        loop=media.sha("loop") if media.sha("loop") in media.sounds else None,
    )


def programme(plan: Plan, media: Media, overlays: tuple[Overlay, ...] = ()) -> np.ndarray:
    """What ought to be heard over the whole plan: int16 (n, 2)."""
    return render(plan, overlays, (), media, plan.start, plan.end - plan.start)


def datagram(index: int, pcm: np.ndarray) -> bytes:
    """An RTP packet, written here anew so that it shares no code with what reads it."""
    head = struct.pack("!BBHII", 0x80, 96, index // FRAME & 0xFFFF, index & 0xFFFFFFFF, 0x1234)
    return head + pcm.astype(">i2").tobytes()


class Tape:
    """An ear that hears what a test wrote: (arrives at sample, first sample, pcm)."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self.deafness = Deafness(now())
        self.packets: list[tuple[int, Packet]] = []
        self.at = 0
        self.works = True

    def play(self, sound: np.ndarray, start: int = T0, *, lost: Iterable[int] = (), late: int = 0) -> None:
        """Write a stream; `lost` are the numbers of packets that never come."""
        gone = set(lost)
        for k in range(len(sound) // FRAME):
            if k not in gone:
                index = start + k * FRAME
                pcm = sound[k * FRAME : (k + 1) * FRAME]
                packet = Packet(k & 0xFFFF, index & 0xFFFFFFFF, pcm.astype(np.int16))
                self.packets.append((index + FRAME + late, packet))
        self.packets.sort(key=lambda pair: pair[0])

    def drain(self) -> list[Packet]:
        made = []
        while self.at < len(self.packets) and self.packets[self.at][0] <= self._now():
            made.append(self.packets[self.at][1])
            self.at += 1
        return made

    def probe(self) -> None:
        self.deafness.probe_sent(self._now())
        if self.works:
            self.deafness.probe_back(self._now())

    def check_drops(self) -> None:
        """Nothing is dropped here."""


class Station:
    """A peer that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.answers = True

    def ask(self, do: str, *, timeout: float = 10.0, **fields: Any) -> Any:
        from twisted.internet.defer import fail, succeed

        from station.words import Refused

        if not self.answers:
            return fail(Refused("away", "不在"))
        self.told.append(fields)
        return succeed({"position": len(self.told)})


class Bench:
    """A watch on a clock of its own, fed from a tape."""

    def __init__(
        self,
        tmp: Path,
        media: Media,
        *,
        limits: Limits | None = None,
        start: int = T0,
        lookup: Callable[[Watch], Lookup] | None = None,
        returns: ReturnPath | None = None,
        looked_at: Callable[[Sha256], bool] = all_known,
    ) -> None:
        self.n = start - 1
        self.tape = Tape(lambda: self.n)
        self.station = Station()
        self.runs: list[SlotRun] = []
        self.events: list[tuple[int, Callable[[], None]]] = []
        self.watch = Watch(
            ear=self.tape,
            shelf=media,
            outbox=Outbox(self.station, ChannelId("fm1"), "player-output", real_return=False),
            log=RunLog(tmp / "runs.jsonl"),
            due_file=DueFile(tmp / "due.json"),
            limits=limits or Limits(),
            now=lambda: self.n,
            lookup=lookup or (lambda _watch: nothing),
            on_settled=self.runs.extend,
            returns=returns,
            looked_at=looked_at,
        )
        self.watch.link.up, self.watch.link.told_until = True, 1 << 62

    def tell(self, plan: Plan, *overlays: Overlay) -> None:
        self.watch.told(Version(plan=plan, overlays=overlays, since=SampleIndex(self.n)))

    def at(self, sample: int, call: Callable[[], None]) -> None:
        self.events.append((sample, call))

    def run(self, until: int, *, settle: bool = True) -> list[SlotRun]:
        """Pass the time in steps of 50 ms until all slots before `until` are judged."""
        end = until + DELAY + SLOT if settle else until
        while self.n < end:
            self.n += 2_400
            for pair in [p for p in self.events if p[0] <= self.n]:
                self.events.remove(pair)
                pair[1]()
            self.watch.listen()
            if self.n % (4 * 2_400) < 2_400:
                self.watch.look()
            if self.n % RATE < 2_400:
                self.watch.report()
        from safety.slots import fold

        return list(fold(self.runs))


def findings(runs: Iterable[SlotRun]) -> list[tuple[str, int, int, str]]:
    """(state, first tenth, last tenth, cause) of everything that is not NORMAL, tenths counted from T0."""
    return [
        (run.state, run.first - T0 // SLOT, run.last - T0 // SLOT, run.cause)
        for run in runs
        if run.state != "NORMAL"
    ]


def write_flac(path: Path, sound: np.ndarray) -> None:
    """A house file: FLAC, 48 kHz, stereo, 24 bit."""
    with av.open(str(path), "w", format="flac") as container:
        stream = container.add_stream("flac", rate=RATE)
        stream.format = "s32"  # type: ignore[attr-defined]
        stream.layout = "stereo"  # type: ignore[attr-defined]
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(sound << 8).reshape(1, -1), format="s32", layout="stereo"
        )
        frame.sample_rate = RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
