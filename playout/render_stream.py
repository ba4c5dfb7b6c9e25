"""What a television channel sends, written to a file: the transport stream that its encoder makes of the same frames. Knows no coder; decides nothing that schedules.splicing does not say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

from playout.guide import events
from playout.render_picture import Composer
from playout.rings import Pcm16
from playout.splicer import CodedFilms, Splicer
from playout.ts_stream import TelevisionStream
from playout.tv_encoder import rate_of


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
    splicer = Splicer(raster, composer.scene.at, composer.frame, films, frames.start)
    n = raster.sample_of(frames.start)
    stream = TelevisionStream(
        rate_of(raster.name), name, lambda: events(composer.plan, n), frame=raster.frame
    )
    for k, pcm in zip(frames, sound, strict=True):
        n = raster.sample_of(k)
        unit = splicer.unit(k)
        sent = stream.write(unit.k, unit.data, pcm, fresh=unit.fresh)
        if sent is not None:
            file.write(sent.data)
    for one in stream.rest():
        file.write(one.data)
    return splicer.taken


__all__ = ["write_stream"]
