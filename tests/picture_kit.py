"""Films of moving shapes, a channel that shows them with its graphics, and its transport stream as the witness' eye takes it in: for tests of the picture's judge."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import ts_kit

from playout.tv_encoder import Mux, PictureEncoder
from playout.tv_house import TvWriter, planes_of, size_of
from safety.eye_child import Decoder
from safety.gallery import Gallery, build
from safety.grids import grid_of
from safety.judge import Version
from safety.judge_picture import PictureJudge
from safety.messages import SLOT, SlotRun
from safety.reel import Reel
from safety.screen import Screen
from safety.slots import Limits, Pending, close, settle
from safety.tspackets import TsReader
from schedules.graphics import Graphics, compose, layers
from schedules.picture import seen
from schedules.plan import Medium, Overlay, Plan, Take
from schedules.planes import blank
from schedules.raster import RASTERS, Raster, sample_of
from station.words import ChannelId, SampleIndex, Sha256

RASTER = RASTERS["576p25"]
TZ = "Asia/Shanghai"
K0 = 45_000_000_000  # a frame in 2027, on a whole second
LATENCY = 12_000  # samples between a picture's time and its arrival
Fault = Callable[[int, np.ndarray], np.ndarray | None]


@cache
def ground(seed: int, raster: Raster = RASTER) -> np.ndarray:
    """A still landscape of soft patches, uint8 (height, width + 400)."""
    rng = np.random.default_rng(seed)
    small = rng.uniform(40, 200, (12, 24)).astype(np.float32)
    rows = np.linspace(0, 11, raster.height)
    cols = np.linspace(0, 23, raster.width + 400)
    a = np.array([np.interp(cols, np.arange(24), line) for line in small])
    made = np.array([np.interp(rows, np.arange(12), a[:, c]) for c in range(a.shape[1])]).T
    return (made + rng.normal(0, 4, made.shape)).clip(16, 235).astype(np.uint8)


def film_frame(number: int, seed: int, raster: Raster = RASTER) -> np.ndarray:
    """A packed frame: the landscape pans, a bright square wanders."""
    packed = np.full(size_of(raster), 128, np.uint8)
    luma = planes_of(packed, raster)[0]
    at = 200 + round(200 * np.sin(number / 40 + seed))
    luma[:] = ground(seed, raster)[:, at : at + raster.width]
    x, y = (number * 5 + seed * 37) % (raster.width - 90), (number * 3 + seed * 91) % (raster.height - 90)
    luma[y : y + 90, x : x + 90] = 225 if seed % 2 else 25
    return packed


def film(home: Path, seed: int, frames: int, raster: Raster = RASTER) -> Medium:
    """A film in house format, with its grids beside it."""
    new = home / "new.mkv"
    writer = TvWriter(new, raster)
    for number in range(frames):
        writer.write(film_frame(number, seed, raster), np.full((raster.frame, 2), 1 << 16, np.int32))
    writer.close()
    sha256 = Sha256(hashlib.sha256(new.read_bytes()).hexdigest())
    place = home / f"{sha256}.mkv"
    new.rename(place)
    assert build(place, sha256, home / f"{sha256}.grids.npy") == ""
    return Medium(sha256=sha256, samples=frames * raster.frame, frames=frames, title=f"film {seed}")


def take(
    item: str, medium: Medium | None, start: int, frames: int, offset: int = 0, raster: Raster = RASTER
) -> Take:
    """A take of whole frames; silence where there is no medium."""
    return Take(
        item=item, start=raster.sample_of(start), end=raster.sample_of(start + frames),
        kind="silence" if medium is None else "programme", title=item, approval=f"rundown:{item}",
        media=None if medium is None else medium.sha256, offset=offset * raster.frame,
    )  # fmt: skip


def plan_of(takes: list[Take], media: list[Medium], filler: Medium | None = None) -> Plan:
    """A plan of takes that follow each other."""
    return Plan(
        channel=ChannelId("tv1"), revision=1, start=takes[0].start, end=takes[-1].end, takes=tuple(takes),
        media=tuple(media), filler=() if filler is None else (filler.sha256,),
    )  # fmt: skip


class Studio:
    """One channel: what it shows, and the witness' idea of it."""

    def __init__(self, home: Path, media: dict[str, int], raster: Raster = RASTER) -> None:
        """`media`: SHA-256 → seed of its film."""
        self.raster, self.graphics = raster, Graphics(raster, "寿县综合")
        self.gallery = Gallery(home)
        self._seeds = media
        for sha256 in media:
            assert self.gallery.take(Sha256(sha256))
        self.screen = Screen(Graphics(raster, "寿县综合"), self.gallery, TZ, clock=True)

    def frame(self, plan: Plan, overlays: tuple[Overlay, ...], k: int) -> np.ndarray:
        """What the player shows at frame `k`."""
        raster = self.raster
        what = seen(plan, overlays, (), raster, k, TZ)
        if what.shot is not None:
            packed = film_frame(what.shot.frame, self._seeds[what.shot.sha256], raster)
        else:
            packed = np.concatenate([p.reshape(-1) for p in blank(raster.width, raster.height)])
        compose(planes_of(packed, raster), layers(what, self.graphics))
        return packed


class Chunks:
    """Where the muxer's datagrams go."""

    def __init__(self) -> None:
        self.held: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.held += [data[at : at + 1316] for at in range(0, len(data), 1316)]
        return len(data)

    def taken(self) -> list[bytes]:
        made, self.held = self.held, []
        return made


def through_codec(
    studio: Studio, plan: Plan, overlays: tuple[Overlay, ...], frames: int, fault: Fault | None = None
) -> tuple[Reel, TsReader]:
    """`frames` frames encoded, muxed, received and decoded. A fault gets (frame from the first, picture) and gives another, or None: no packets."""
    import av

    chunks, reader, decoder, raster = Chunks(), TsReader(), Decoder(), studio.raster
    reel = Reel(raster, raster.sample_of(K0) - 10 * 48_000)
    encoder = PictureEncoder(raster)
    silent = np.zeros((raster.frame, 2), np.int16)
    with av.open(
        chunks, "w", format="mpegts", container_options=ts_kit.OPTIONS, buffer_size=1316
    ) as container:
        mux = Mux(container, raster, ("mp2", "s16", 192_000), ts_kit.SHIFT)
        for number in range(frames):
            k = K0 + number
            picture = studio.frame(plan, overlays, k)
            shown = picture if fault is None else fault(number, picture)
            unit = encoder.encode(k, picture if shown is None else shown, fresh=k % raster.fps == 0)
            mux.write(unit, silent)
            receive(reel, reader, decoder, [] if shown is None else chunks.taken(), raster.sample_of(k))
            chunks.taken()
    for k in range(K0 + frames, K0 + frames + 100, 5):
        receive(reel, reader, decoder, [], raster.sample_of(k))
    return reel, reader


def receive(reel: Reel, reader: TsReader, decoder: Decoder, data: list[bytes], n: int) -> None:
    """Datagrams that came at the frame of sample `n`."""
    arrived = n + LATENCY
    for datagram in data:
        for coded in reader.feed(datagram):
            for pts, grid in decoder.grids(coded):
                reel.add(pts, arrived, grid)
    reel.said(arrived, reader.counts.packets)


def grids_only(
    studio: Studio, plan: Plan, overlays: tuple[Overlay, ...], frames: int, fault: Fault | None = None
) -> Reel:
    """The same without a codec."""
    reel = Reel(RASTER, sample_of(K0) - 10 * 48_000)
    packets = 0
    for number in range(frames):
        k = K0 + number
        shown = studio.frame(plan, overlays, k)
        changed = shown if fault is None else fault(number, shown)
        arrived = sample_of(k) + LATENCY
        if changed is not None:
            packets += 20
            reel.add(k * 3_600 % (1 << 33), arrived, grid_of(planes_of(changed, RASTER)[0]))
        reel.said(arrived, packets)
    for k in range(K0 + frames, K0 + frames + 100, 5):
        reel.said(sample_of(k) + LATENCY, packets)
    return reel


def judged(
    studio: Studio,
    plan: Plan,
    overlays: tuple[Overlay, ...],
    reel: Reel,
    frames: int,
    limits: Limits | None = None,
) -> list[SlotRun]:
    """Settled runs of all slots that lie wholly within the frames; slots counted from the first frame."""
    begins = studio.raster.sample_of(K0)
    version = Version(plan=plan, overlays=overlays, since=SampleIndex(begins - 48_000))
    judge = PictureJudge(studio.screen)
    first = begins // SLOT
    count = frames * studio.raster.frame // SLOT
    marks = [judge.judge((version,), first + at, reel) for at in range(count)]
    limits = limits or Limits()
    runs, pending = settle(Pending(), marks, limits)
    runs = (*runs, *close(pending, limits))
    return [
        SlotRun(
            first=r.first - first, last=r.last - first, state=r.state, heard=r.heard, due=r.due, cause=r.cause
        )
        for r in runs
    ]
