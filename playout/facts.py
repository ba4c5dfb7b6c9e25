"""What ingest found out about a medium, and where that is written down beside it. Knows files; knows no decoder."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Final

import attrs
import cattrs

from playout.cues import Cues
from playout.gain import TARGET, gain_to
from playout.quality import Finding, Verdict, verdict
from station.files import hash_of, write_whole
from station.wire import lenient, to_plain
from station.words import Sha256, Text

SUBTITLES: Final = (".srt", ".vtt")  # a file of the film's name beside it
MEASURED: Final = 1  # the meters' version


@attrs.frozen(kw_only=True)
class Facts:
    """One medium in house format. Loudness in hundredths of LUFS, true peak in hundredths of dBTP (EBU R 128, ITU-R BS.1770-4)."""

    sha256: Sha256  # of the house file
    samples: int
    source_sha256: Sha256
    loudness_centi_lufs: int
    true_peak_centi_db: int
    title: str
    format: str  # of the source: "mp3 44100 Hz 2 ch"
    warnings: tuple[Text, ...] = ()
    frames: int = 0  # pictures, as many a second as the raster has; 0: sound only
    raster: str = ""  # of the pictures
    measured: int = 0  # by which version of the meters; below MEASURED what follows is not known
    range_centi_lu: int = 0  # loudness range (EBU Tech 3342)
    cues: Cues | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """What quality control says of it."""
        return verdict(self.findings)

    def gain(self, target: int = TARGET) -> int:
        """Hundredths of a dB to a loudness in hundredths of LUFS: see `playout.gain.gain_to`."""
        return gain_to(target, self.loudness_centi_lufs, self.true_peak_centi_db)


def house_path(media: Path, sha256: Sha256) -> Path:
    """Where a house file lies below the media directory: with pictures as `.mkv`, else as `.flac`."""
    film = media / sha256[:2] / f"{sha256}.mkv"
    return film if film.exists() else film.with_suffix(".flac")


def subtitles_of(film: Path) -> Path | None:
    """The subtitle file beside a film; None where there is none."""
    found = (film.with_suffix(ending) for ending in SUBTITLES)
    return next((one for one in found if one != film and one.is_file()), None)


def source_hash(source: Path, raster: str = "") -> Sha256:
    """What a source is known by: its SHA-256; where its pictures are asked for and have subtitles, that of both checksums."""
    own, subtitles = hash_of(source), subtitles_of(source) if raster else None
    if subtitles is None:
        return own
    return Sha256(hashlib.sha256(f"{own} {hash_of(subtitles)}".encode()).hexdigest())


def facts_of(source: Path, media: Path, raster: str = "") -> Facts | None:
    """The facts of a source file that was ingested before, found by its content; None where it was not."""
    try:
        return facts_by_source(source_hash(source, raster), media, raster)
    except OSError:
        return None


def facts_by_source(source_sha256: Sha256, media: Path, raster: str = "") -> Facts | None:
    """The facts of a source by its SHA-256; None where it was never ingested or its house file is gone.

    `raster`: the one its pictures were asked for in; empty: its sound alone.
    """
    facts = _read(_by_source(source_sha256, media, raster))
    return facts if facts is not None and house_path(media, facts.sha256).exists() else None


def _by_source(source_sha256: Sha256, media: Path, raster: str) -> Path:
    return media / "sources" / f"{source_sha256}{raster and '.'}{raster}.json"


def coded_path(house: Path) -> Path:
    """Where the pictures of a house file lie as its channel sends them (`playout.coded`); their index has `.json` after that."""
    return house.with_suffix(".h264")


def coded_index_path(house: Path) -> Path:
    """Where their index lies."""
    return house.with_suffix(".h264.json")


def peaks_path(media: Path, sha256: Sha256) -> Path:
    """Where a house file's waveform lies (`playout.peaks`)."""
    return house_path(media, sha256).with_suffix(".peaks")


def read_facts(sha256: Sha256, media: Path) -> Facts | None:
    """The facts that lie beside a house file."""
    return _read(house_path(media, sha256).with_suffix(".json"))


def _read(path: Path) -> Facts | None:
    try:
        return lenient.structure(json.loads(path.read_text(encoding="utf-8")), Facts)
    except (OSError, ValueError, TypeError, cattrs.BaseValidationError):
        return None


def write_facts(facts: Facts, media: Path, raster: str = "") -> None:
    """Beside the house file, and again under the hash of the source and the raster it was asked for in."""
    body = json.dumps(to_plain(facts), ensure_ascii=False, indent=1) + "\n"
    beside = house_path(media, facts.sha256).with_suffix(".json")
    for path in (beside, _by_source(facts.source_sha256, media, raster)):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, body)
