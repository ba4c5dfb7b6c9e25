"""Takes one film into the television house format: the work of the ingest child, pictures and sound on one index. Knows files and libav; starts no process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from playout.facts import Facts, source_hash
from playout.housing import heard, shelve, source_of
from playout.measuring import Measured, Measuring
from playout.opening import stamp_of, still
from playout.picture_check import PictureCheck
from playout.quality import Finding
from playout.rings import Pcm32
from playout.sources import Source
from playout.subtitling import Subtitling, subtitling
from playout.tv_house import TvWriter, planes_of
from playout.tv_source import Pictures
from schedules.raster import Raster
from station.words import SAMPLE_RATE, Refused, Text

_TOLD: Final = 5  # s of pictures between two reports of progress
_SHORT: Final = SAMPLE_RATE // 2  # samples the sound may be shorter or longer than the picture without a word


class Sound:
    """The sound of a film, a frame at a time: what is not there is silence."""

    def __init__(self, pieces: Iterator[Pcm32], length: int) -> None:
        """`length`: samples of a frame."""
        self.taken = 0  # samples the file had
        self._pieces, self._length = pieces, length
        self._held = np.empty((0, 2), dtype=np.int32)

    def begin(self, lead: int) -> None:
        """The sound begins `lead` samples after the first picture; negative: before it, and that is left out."""
        if lead >= 0:
            self._held = np.zeros((lead, 2), dtype=np.int32)
        else:
            self._fill(-lead)
            self._held = self._held[-lead:]

    def frame(self) -> Pcm32:
        """The next samples, those of a frame."""
        length = self._length
        self._fill(length)
        made, self._held = self._held[:length], self._held[length:]
        return made if len(made) == length else np.pad(made, ((0, length - len(made)), (0, 0)))

    def rest(self) -> int:
        """How many samples are left over; reads the file to its end, so that a damaged one is found."""
        over = len(self._held)
        for piece in self._pieces:
            over += len(piece)
        return over

    def _fill(self, count: int) -> None:
        while len(self._held) < count:
            piece = next(self._pieces, None)
            if piece is None:
                return
            self.taken += len(piece)
            self._held = np.concatenate((self._held, piece))


def house_film(
    path: Path, media: Path, raster: Raster, title: str, progress: Callable[[int, int], None]
) -> Facts:
    """Ingest `path`; the file is in its place, whole and flushed, when this returns. Raises Refused.

    `progress(done, total)` is told of frames; total is 0 where the file does not say.
    """
    before = stamp_of(path)
    source_sha256 = source_hash(path, raster.name)
    media.mkdir(parents=True, exist_ok=True)
    new = media / f".ingest-{os.getpid()}.mkv"
    pictures, source = Pictures(path, raster), _source(path)
    try:
        meters, check = Measuring(), PictureCheck(raster)
        words = subtitling(path, raster)
        warnings = _pour(pictures, source, TvWriter(new, raster), meters, check, words, progress)
        still(path, before)
        measured = meters.finish()
        return shelve(
            new,
            media,
            measured,
            (*_sounding(measured, source), *check.finish()),
            asked_raster=raster.name,
            samples=raster.sample_of(pictures.count),
            frames=pictures.count,
            raster=raster.name,
            source_sha256=source_sha256,
            title=title or (source.title if source else path.stem),
            format=f"{pictures.format}, {source.format if source else 'no sound'}",
            warnings=warnings,
        )
    finally:
        pictures.close()
        if source is not None:
            source.close()
        new.unlink(missing_ok=True)


def _sounding(measured: Measured, source: Source | None) -> tuple[Finding, ...]:
    """What was found of the sound; of a film that has none nothing."""
    if source is None:
        return ()
    return heard(measured, source)


def _source(path: Path) -> Source | None:
    """The sound; None where the film has none."""
    try:
        return source_of(path)
    except Refused as error:
        if error.code == "silent":
            return None
        raise


def _pour(
    pictures: Pictures,
    source: Source | None,
    writer: TvWriter,
    meters: Measuring,
    check: PictureCheck,
    words: Subtitling | None,
    progress: Callable[[int, int], None],
) -> tuple[Text, ...]:
    raster = pictures.raster
    sound = Sound(source.pieces() if source else iter(()), raster.frame)
    lead = 0  # samples the sound begins after the first picture
    for packed in pictures.frames():
        if not writer.frames:
            lead = round((source.begins - pictures.first) * SAMPLE_RATE) if source else 0
            sound.begin(lead)
        pcm = sound.frame()
        meters.add(pcm)
        check.add(planes_of(packed, raster)[0])
        writer.write(packed if words is None else words.drawn(packed, writer.frames), pcm)
        if writer.frames % (_TOLD * raster.fps) == 0:
            progress(writer.frames, pictures.expected or 0)
    over = sound.rest()
    writer.close()
    said = (*pictures.warnings, *(words.remarks() if words is not None else ()))
    if source is None:
        return (*said, Text("the film has no sound", "影片没有声音"))
    return (*said, *source.warnings, *_unequal(over, raster.sample_of(writer.frames) - sound.taken - lead))


def _unequal(over: int, missing: int) -> Iterator[Text]:
    if over > _SHORT:
        seconds = f"{over / SAMPLE_RATE:.1f}"
        yield Text(
            f"{seconds} s of sound after the last picture were left out",
            f"最后一帧画面之后的 {seconds} 秒声音已舍去",
        )
    elif missing > _SHORT:
        seconds = f"{missing / SAMPLE_RATE:.1f}"
        yield Text(f"the sound ends {seconds} s before the picture", f"声音比画面早 {seconds} 秒结束")


__all__ = ["Sound", "house_film"]
