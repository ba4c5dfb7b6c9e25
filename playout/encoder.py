"""Encodes a channel's blocks as MPEG-TS over UDP (MP2) or HLS (AAC), each output in a process of its own. Knows rings and libav; knows no plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Protocol

import av
import numpy as np
import numpy.typing as npt
from av.container import OutputContainer

from playout.guide import Event
from playout.rings import BLOCK, AirRing, Pcm16
from playout.senders import Address, Throw
from playout.service_tables import RADIO, Tables
from station.children import realtime
from station.words import SAMPLE_RATE

PRIORITY: Final = 40  # of SCHED_FIFO where it is permitted, below mixer and sender: what encodes for the air
TS_PACKET: Final = 188
PROVIDER: Final = "gengfu"
Listing = Callable[[], tuple[Event, ...] | None]
TS_BITRATE: Final = 192_000
TS_FRAME: Final = 1_152  # samples of a frame of layer II (ISO/IEC 11172-3, 2.4.2.1)
TS_MUXRATE: Final = 320_000
TS_OPTIONS: Final = {
    "muxrate": str(TS_MUXRATE),
    "pcr_period": "20",  # ms; the limit is 40 (ETSI TR 101 290, 2.3), the muxer's own default 80
    "flush_packets": "1",
    "max_delay": "100000",
    "mpegts_service_type": "digital_radio",
}
HLS_BITRATE: Final = 128_000
HLS_PIECE: Final = 10 * BLOCK  # samples coded at once: of a segment nobody can have a part
HLS_OPTIONS: Final = {
    "hls_time": "2",
    "hls_list_size": "5",
    "hls_flags": "delete_segments+append_list+omit_endlist+temp_file+program_date_time",
}


class Place(Protocol):
    """Where a transport stream goes: a destination, or memory that outputs read."""

    def send_all(self, data: memoryview, size: int) -> None:
        """Take `data`, in datagrams of at most `size` bytes."""
        ...


class Datagrams:
    """A file of the muxer's: whatever it writes goes out in datagrams of at most seven TS packets."""

    def __init__(self, throws: Sequence[Place], tables: Tables | None = None) -> None:
        self._throws, self._tables = throws, tables

    def write(self, data: bytes) -> int:
        """Send `data`, which is a whole number of TS packets."""
        sent = data if self._tables is None else self._tables.fill(data)
        for throw in self._throws:
            throw.send_all(memoryview(sent), 7 * TS_PACKET)
        return len(data)


class Gathered(Datagrams):
    """The same, but what the muxer writes leaves when it is told to: together, whatever came piece by piece."""

    def __init__(
        self,
        throws: Sequence[Place],
        tables: Tables | None = None,
        groom: Callable[[bytes], bytes] = bytes,
    ) -> None:
        """`groom`: puts what leaves in order before; as many bytes."""
        super().__init__(throws, tables)
        self._groom = groom
        self._held: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Keep `data`, which is a whole number of TS packets."""
        self._held.append(data)
        return len(data)

    def leave(self) -> None:
        """Send what is held."""
        if self._held:
            super().write(self._groom(self._held[0] if len(self._held) == 1 else b"".join(self._held)))
            self._held.clear()


def blocks(ring: AirRing, rest: Callable[[int], None], size: int = BLOCK) -> Iterator[tuple[int, Pcm16]]:
    """Sound from the head on, `size` samples at a time as (index, samples), as soon as the last of them is rendered; what was lost is passed over.

    `rest` is told how many blocks are still to come. A coder has nothing to do before it has a whole frame: waking it
    for less costs more than the coding.
    """
    at = ring.head
    held = np.empty((0, 2), dtype=np.int16)
    while True:
        lacking = at + size - len(held) - ring.head
        if lacking > 0:
            rest(-(-lacking // BLOCK))
            at = at or ring.head
            continue
        found = ring.get(at)
        if found is None:
            at, held = max(at + BLOCK, ring.oldest()), held[:0]
            continue
        at, held = at + BLOCK, np.concatenate((held, found[0])) if len(held) else found[0]
        if len(held) >= size:
            yield at - len(held), held[:size]
            held = held[size:]


def pump(
    container: OutputContainer, stream: av.AudioStream, source: Iterable[tuple[int, Pcm16]], layout: str
) -> None:
    """Encode and mux what comes; time stamps are the absolute index less a multiple of 2^32."""
    base: int | None = None
    for index, pcm in source:
        base = index - index % (1 << 32) if base is None else base
        frame = av.AudioFrame.from_ndarray(shaped(pcm, layout), format=layout, layout="stereo")
        frame.sample_rate = SAMPLE_RATE
        frame.time_base = Fraction(1, SAMPLE_RATE)
        frame.pts = index - base
        for packet in stream.encode(frame):
            container.mux(packet)


def shaped(pcm: Pcm16, layout: str) -> npt.NDArray[Any]:
    """Samples (count, 2) as libav wants them: interleaved 16 bit, or planes of floats."""
    if layout == "s16":
        return pcm.reshape(1, -1)
    return np.ascontiguousarray(pcm.T.astype(np.float32) / 32_768)


def serve_ts(
    ring: AirRing,
    destinations: tuple[Address, ...],
    name: str,
    rest: Callable[[int], None],
    more: tuple[Place, ...] = (),
    guide: Listing = tuple,
) -> None:
    """An encoder process: MP2 in a transport stream of constant rate to a list of UDP destinations, and to `more`; `guide`: what is on the air."""
    realtime(PRIORITY)
    tables = Tables(RADIO, PROVIDER, name, guide, TS_MUXRATE)
    out = Datagrams([*(Throw(address) for address in destinations), *more], tables)
    with av.open(
        out, "w", format="mpegts", container_options=TS_OPTIONS, buffer_size=7 * TS_PACKET
    ) as container:
        container.metadata["service_name"] = name
        container.metadata["service_provider"] = PROVIDER
        stream = container.add_stream("mp2", rate=SAMPLE_RATE, layout="stereo", format="s16")
        stream.bit_rate = TS_BITRATE
        pump(container, stream, _timed(blocks(ring, rest, TS_FRAME), tables), "s16")


def _timed(source: Iterable[tuple[int, Pcm16]], tables: Tables) -> Iterator[tuple[int, Pcm16]]:
    """The same blocks, of whose time the tables are told."""
    for index, pcm in source:
        tables.at(index)
        yield index, pcm


def sweep(directory: Path) -> None:
    """Remove segments no playlist names any more: a predecessor that was killed could not."""
    index = directory / "index.m3u8"
    listed = set(index.read_text(encoding="utf-8", errors="replace").split()) if index.exists() else set()
    for path in directory.iterdir():
        if path.name.startswith("seg") and path.name not in listed:
            path.unlink(missing_ok=True)


def serve_hls(ring: AirRing, directory: Path, rest: Callable[[int], None]) -> None:
    """An encoder process: AAC in segments of two seconds, five in the list."""
    directory.mkdir(parents=True, exist_ok=True)
    sweep(directory)
    options = {**HLS_OPTIONS, "hls_segment_filename": str(directory / "seg%09d.ts")}
    with av.open(str(directory / "index.m3u8"), "w", format="hls", container_options=options) as container:
        stream = container.add_stream("aac", rate=SAMPLE_RATE, layout="stereo", format="fltp")
        stream.bit_rate = HLS_BITRATE
        pump(container, stream, blocks(ring, rest, HLS_PIECE), "fltp")
