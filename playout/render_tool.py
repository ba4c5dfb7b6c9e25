"""`gengfu render PLAN`: writes what a plan sounds like to a WAV file, by the same function the player and the witness use. Knows files; decides nothing."""

from __future__ import annotations

import re
import sys
import wave
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

from playout.decoder import read_house
from schedules.calendar import instant_of_iso
from schedules.plan import Plan
from schedules.plan_file import read_plan
from schedules.render import NotReady, render
from station.arguments import Parser
from station.words import SAMPLE_RATE, Refused, SampleIndex, Sha256, sample_at

PIECE: Final = SAMPLE_RATE  # rendered at once
MOST_SECONDS: Final = 24 * 3600
_OPEN: Final = 4  # files held open at once
_SECONDS = re.compile(r"([0-9]{1,6})(?:\.([0-9]{1,6}))?\Z")


class Files:
    """`schedules.render.Inputs` over house files, read in order; a jump opens the file again."""

    def __init__(self, paths: Mapping[Sha256, Path], lengths: Mapping[Sha256, int]) -> None:
        self._paths, self._lengths = paths, lengths
        self._open: dict[Sha256, _Reader] = {}

    def pcm(self, sha256: Sha256, start: int, count: int) -> NDArray[np.int32]:
        """See `Inputs`. Raises NotReady where the file is missing, damaged or too short."""
        reader = self._open.pop(sha256, None)
        if reader is None or reader.at != start:
            reader = _Reader(self._path(sha256), start)
        self._open[sha256] = reader
        while len(self._open) > _OPEN:
            del self._open[next(iter(self._open))]
        try:
            got = reader.take(count)
        except (OSError, av.FFmpegError, Refused):
            raise NotReady(sha256) from None
        if len(got) != count:
            raise NotReady(sha256)
        return got

    def length(self, sha256: Sha256) -> int:
        """See `Inputs`."""
        if sha256 not in self._lengths:
            raise NotReady(sha256)
        return self._lengths[sha256]

    def _path(self, sha256: Sha256) -> Path:
        if sha256 not in self._paths:
            raise NotReady(sha256)
        return self._paths[sha256]


class _Reader:
    def __init__(self, path: Path, start: int) -> None:
        self.at = start
        self._pieces: Iterator[NDArray[np.int32]] = read_house(str(path), start)
        self._rest: NDArray[np.int32] = np.empty((0, 2), dtype=np.int32)

    def take(self, count: int) -> NDArray[np.int32]:
        parts, missing = [self._rest[:count]], count - len(self._rest[:count])
        self._rest = self._rest[count:]
        while missing > 0:
            piece = next(self._pieces, None)
            if piece is None:
                break
            parts.append(piece[:missing])
            self._rest = piece[missing:]
            missing -= len(parts[-1])
        self.at += count - missing
        return np.concatenate(parts)


def files_of(plan: Plan, media: Path) -> Files:
    """The media of a plan below `media`: by their path, or by checksum as the house keeps them."""
    paths = {
        medium.sha256: media / (medium.path or f"{medium.sha256[:2]}/{medium.sha256}.flac")
        for medium in plan.media
    }
    return Files(paths, {medium.sha256: medium.samples for medium in plan.media})


def main(argv: list[str]) -> int:
    """0: written; 1: refused; 2: wrong use."""
    asked = _arguments().parse_args(argv)
    media = asked.media or asked.plan.parent
    plan = read_plan(asked.plan, media)
    start = index_of(asked.start) if asked.start else plan.start
    count = samples_of(asked.span)
    if not plan.start <= start <= start + count <= plan.end:
        raise Refused(
            f"The plan reaches from {plan.start} to {plan.end}, not from {start} to {start + count}.",
            f"播出计划覆盖 {plan.start} 至 {plan.end},不含 {start} 至 {start + count}。",
        )
    written = asked.out.with_name(f"{asked.out.name}.part")
    try:
        _write(written, plan, files_of(plan, media), start, count)
        written.replace(asked.out)
    except OSError as error:
        raise Refused(
            f"{asked.out} cannot be written: {error.strerror}.", f"无法写入 {asked.out}:{error.strerror}。"
        ) from None
    finally:
        written.unlink(missing_ok=True)
    sys.stdout.write(f"{asked.out}: {count} samples from {start} · {count} 采样,自 {start}\n")
    return 0


def _write(path: Path, plan: Plan, files: Files, start: SampleIndex, count: int) -> None:
    """WAV, 16 bit, stereo, 48 kHz."""
    with path.open("wb") as file, wave.open(file, "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE)
        for at in range(start, start + count, PIECE):
            part = min(PIECE, start + count - at)
            try:
                sound = render(plan, (), (), files, SampleIndex(at), part)
            except NotReady as error:
                raise Refused(
                    f"The medium {error.sha256} is missing or damaged.",
                    f"素材 {error.sha256} 缺失或损坏。",
                    code="missing",
                ) from None
            out.writeframes(sound.astype("<i2").tobytes())


def index_of(text: str) -> SampleIndex:
    """An absolute sample index, or the sample of an ISO 8601 instant with its offset from UTC."""
    if text.isascii() and text.isdigit() and len(text) < 19:
        return SampleIndex(int(text))
    return sample_at(instant_of_iso(text))


def samples_of(text: str) -> int:
    """Samples in a number of seconds such as `1.5`, rounded down; Refused beyond 0 to 24 hours."""
    found = _SECONDS.match(text)
    micros = int(found[1]) * 1_000_000 + int((found[2] or "").ljust(6, "0")) if found else 0
    if not 0 < micros <= MOST_SECONDS * 1_000_000:
        raise Refused(
            f"{text!r} is not 0 to {MOST_SECONDS} seconds.", f"{text!r} 不在 0 至 {MOST_SECONDS} 秒之间。"
        )
    return micros * 6 // 125


def _arguments() -> Parser:
    parser = Parser(
        prog="gengfu render", description="write what a plan sounds like to a file · 把播出计划渲染成文件"
    )
    parser.add_argument("plan", type=Path, metavar="PLAN", help="see docs/plan-format.md · 播出计划")
    help_from = "sample index or ISO time with offset, default the plan's start · 采样序号或带时区的时刻"
    parser.add_argument("--from", dest="start", default="", metavar="INDEX|TIME", help=help_from)
    parser.add_argument("--for", dest="span", required=True, metavar="SECONDS", help="how long · 秒数")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="F.wav", help="16 bit, 48 kHz, stereo · 输出文件"
    )
    parser.add_argument("--media", type=Path, metavar="DIR", help="default the plan's directory · 素材目录")
    return parser
