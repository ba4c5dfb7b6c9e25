"""What a television channel sends, written to a file: the transport stream that its encoder makes of the same frames. Knows libav; decides nothing that schedules.splicing does not say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

from playout.encoder import PROVIDER
from playout.guide import events
from playout.render_picture import Composer
from playout.rings import Pcm16
from playout.service_tables import TELEVISION, Tables
from playout.splicer import CodedFilms, Splicer
from playout.tv_encoder import groomed, rate_of, stream
from schedules.raster import Raster


class _Sent:
    """A file that takes what the muxer writes as it leaves a channel: in the order that a decoder's buffers bear, with the tables of the service."""

    def __init__(self, file: BinaryIO, raster: Raster, tables: Tables) -> None:
        self._file, self._groom, self._tables = file, groomed(raster), tables

    def write(self, data: bytes) -> int:
        """Whole packets."""
        self._file.write(self._tables.fill(self._groom(data)))
        return len(data)

    def end(self) -> None:
        """Write what still waits."""
        self._file.write(self._tables.fill(self._groom.rest()))


def write_stream(
    file: BinaryIO,
    composer: Composer,
    films: CodedFilms | None,
    frames: range,
    sound: Iterable[Pcm16],
    name: str,
) -> int:
    """Frames with their sound; how many pictures were taken over from `films`. Raises NotReady, NotPlanned."""
    raster = composer.raster
    n = raster.sample_of(frames.start)
    tables = Tables(TELEVISION, PROVIDER, name, lambda: events(composer.plan, n), rate_of(raster.name))
    sent = _Sent(file, raster, tables)
    splicer = Splicer(raster, composer.scene.at, composer.frame, films, frames.start)
    with stream(sent, raster, name) as mux:
        for k, pcm in zip(frames, sound, strict=True):
            n = raster.sample_of(k)
            tables.at(n)
            mux.write(splicer.unit(k), pcm)
        mux.close()
    sent.end()
    return splicer.taken


__all__ = ["write_stream"]
