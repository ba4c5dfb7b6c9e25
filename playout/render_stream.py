"""What a television channel sends, written to a file: the transport stream that its encoder makes of the same frames. Knows libav; decides nothing that schedules.splicing does not say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

from playout.render_picture import Composer
from playout.rings import Pcm16
from playout.splicer import CodedFilms, Splicer
from playout.tv_encoder import stream


def write_stream(
    file: BinaryIO,
    composer: Composer,
    films: CodedFilms | None,
    frames: range,
    sound: Iterable[Pcm16],
    name: str,
) -> int:
    """Frames with their sound, 1,920 samples each; how many pictures were taken over from `films`. Raises NotReady, NotPlanned."""
    raster = composer.raster
    splicer = Splicer(raster, composer.scene.at, composer.frame, films, frames.start)
    with stream(file, raster, name) as mux:
        for k, pcm in zip(frames, sound, strict=True):
            mux.write(splicer.unit(k), pcm)
        mux.close()
    return splicer.taken


__all__ = ["write_stream"]
