"""`gengfu render PLAN`: writes what a plan sounds and looks like to a file, by the same functions the player and the witness use. Knows files; decides nothing."""

from __future__ import annotations

import json
import re
import sys
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

import attrs
import cattrs
import numpy as np
from numpy.typing import NDArray

from playout.link import SetOverlays
from playout.render_files import Files, Films, paths_of
from playout.store import Falls
from schedules.calendar import instant_of_iso
from schedules.plan import Fallen, Medium, Overlay, Plan, Take
from schedules.plan_file import read_plan
from schedules.raster import RASTERS
from schedules.relays import lives
from schedules.render import NotReady, render
from station.arguments import Parser
from station.oserrors import os_zh
from station.wire import lenient
from station.words import SAMPLE_RATE, Refused, SampleIndex, sample_at

PIECE: Final = SAMPLE_RATE  # rendered at once
MOST_SECONDS: Final = 24 * 3600
_SECONDS = re.compile(r"([0-9]{1,6})(?:\.([0-9]{1,6}))?\Z")
T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Programme:
    """What is rendered: a plan, what lies over it, the rungs it is on, and its media."""

    plan: Plan
    overlays: tuple[Overlay, ...] = ()
    rungs: tuple[Fallen, ...] = ()
    media: tuple[Medium, ...]  # the plan's and the overlays'
    directory: Path

    def files(self) -> Files:
        """Its sound."""
        lengths = {medium.sha256: medium.samples for medium in self.media}
        return Files(paths_of(self.media, self.directory), lengths, lives(self.media))

    def unknown(self, start: int, end: int) -> Iterator[Take]:
        """The relays within a span: nobody can know what came of them."""
        live = lives(self.media)
        return (one for one in self.plan.takes if one.media in live and one.start < end and one.end > start)

    def films(self) -> Films:
        """Its pictures."""
        return Films(paths_of(self.media, self.directory))

    def sound(self, start: int, count: int, piece: int = PIECE) -> Iterator[NDArray[np.int16]]:
        """Samples from `start` on, piece by piece."""
        files = self.files()
        for at in range(start, start + count, piece):
            part = min(piece, start + count - at)
            yield render(self.plan, self.overlays, self.rungs, files, SampleIndex(at), part)


def main(argv: list[str]) -> int:
    """0: written; 1: refused; 2: wrong use."""
    asked = _arguments().parse_args(argv)
    programme = _programme(asked)
    start = index_of(asked.start) if asked.start else programme.plan.start
    count = samples_of(asked.span)
    kind = asked.out.suffix.lower()
    _check_kind(asked, kind)
    try:
        looks = None if kind == ".wav" else _looks(asked, programme)
        if looks is not None:  # pictures begin and end with frames
            raster = looks.graphics.raster
            start = raster.sample_of(raster.first_frame(start))
            count = raster.sample_of(max(1, raster.frame_at(count)))
        _check_span(programme.plan, start, count)
        _WRITERS[kind](asked, programme, looks, start, count)
    except NotReady as error:
        raise Refused(
            f"The medium {error.sha256} is missing or damaged.",
            f"素材 {error.sha256} 缺失或损坏。",
            code="missing",
        ) from None
    except OSError as error:
        raise Refused(
            f"{asked.out} cannot be written: {error.strerror}.", f"无法写入 {asked.out}:{os_zh(error)}。"
        ) from None
    sys.stdout.write(f"{asked.out}: {count} samples from {start} · {count} 采样,自 {start}\n")
    for one in programme.unknown(start, start + count):
        said = f"relay “{one.title}” is silence here, what came cannot be known · 转播内容无从得知,以静音代替"
        sys.stdout.write(f"{one.start}–{one.end}: {said}\n")
    return 0


def _check_kind(asked: Any, kind: str) -> None:
    """Raises Refused for what cannot be written so."""
    if kind not in _WRITERS:
        raise Refused(
            f"{asked.out} must end in .wav, .y4m, .mp4 or .ts.",
            f"{asked.out} 的扩展名须为 .wav、.y4m、.mp4 或 .ts。",
        )
    if asked.spliced and kind != ".ts":
        raise Refused(
            f"Coded pictures are taken over in a transport stream alone, not in {asked.out}: it must end in .ts.",
            f"仅传送流可沿用已编码画面:{asked.out} 的扩展名须为 .ts。",
        )


def _check_span(plan: Plan, start: int, count: int) -> None:
    """Raises Refused for what the plan does not cover."""
    if not plan.start <= start <= start + count <= plan.end:
        raise Refused(
            f"The plan reaches from {plan.start} to {plan.end}, not from {start} to {start + count}.",
            f"播出计划覆盖 {plan.start} 至 {plan.end},不含 {start} 至 {start + count}。",
        )


def _programme(asked: Any) -> Programme:
    directory = asked.media or asked.plan.parent
    plan = read_plan(asked.plan, directory)
    over = _read(asked.overlays, SetOverlays)
    falls = _read(asked.falls, Falls)
    known = {medium.sha256: medium for medium in (*(over.media if over else ()), *plan.media)}
    return Programme(
        plan=plan,
        overlays=over.overlays if over else (),
        rungs=falls.entries if falls else (),
        media=tuple(known.values()),
        directory=directory,
    )


def _read(path: Path | None, cls: type[T]) -> T | None:
    """A file that the player wrote beside its plan."""
    if path is None:
        return None
    try:
        return lenient.structure(json.loads(path.read_text(encoding="utf-8")), cls)
    except (OSError, ValueError, TypeError, KeyError, RecursionError, cattrs.BaseValidationError):
        raise Refused(
            f"{path} is no file of {cls.__name__} as a player keeps it.", f"{path} 不是播放器保存的文件。"
        ) from None


def _whole(out: Path, write: Callable[[BinaryIO, Path], None]) -> None:
    """A file complete or not at all."""
    written = out.with_name(f"{out.name}.part")
    try:
        with written.open("wb") as file:
            write(file, written)
        written.replace(out)
    finally:
        written.unlink(missing_ok=True)


def _wav(asked: Any, programme: Programme, _looks: None, start: int, count: int) -> None:
    _write_wav(asked.out, programme, start, count)


def _write_wav(out: Path, programme: Programme, start: int, count: int) -> None:
    """16 bit, stereo, 48 kHz."""

    def write(file: BinaryIO, _: Path) -> None:
        with wave.open(file, "wb") as made:
            made.setnchannels(2)
            made.setsampwidth(2)
            made.setframerate(SAMPLE_RATE)
            for sound in programme.sound(start, count):
                made.writeframes(sound.astype("<i2").tobytes())

    _whole(out, write)


def _film(asked: Any, programme: Programme, looks: Any, start: int, count: int) -> None:
    """Pictures with their sound: MP4, or Y4M and a WAV beside it."""
    from playout.render_picture import Composer, Mp4, Y4m

    raster = looks.graphics.raster
    frames = range(raster.frame_at(start), raster.frame_at(start + count))
    plan, overlays, rungs = programme.plan, programme.overlays, programme.rungs

    def write(file: BinaryIO, path: Path) -> None:
        is_y4m = asked.out.suffix.lower() == ".y4m"
        sink = Y4m(file, raster) if is_y4m else Mp4(path, raster)
        composer = Composer(plan, overlays, rungs, programme.films(), looks)
        for k, pcm in zip(frames, programme.sound(start, count, raster.frame), strict=True):
            sink.write(composer.frame(k), pcm)
        sink.close()

    _whole(asked.out, write)
    if asked.out.suffix.lower() == ".y4m":
        _write_wav(asked.out.with_suffix(".wav"), programme, start, count)


def _stream(asked: Any, programme: Programme, looks: Any, start: int, count: int) -> None:
    """The transport stream that the channel sends."""
    from playout.render_picture import Composer
    from playout.render_stream import write_stream
    from playout.splicer import CodedFilms

    raster, films = looks.graphics.raster, None
    if asked.spliced:
        looks = attrs.evolve(looks, clock=False, sign=False)
        films = CodedFilms(paths_of(programme.media, programme.directory), raster)
    composer = Composer(programme.plan, programme.overlays, programme.rungs, programme.films(), looks)
    frames = range(raster.frame_at(start), raster.frame_at(start + count))
    sound = programme.sound(start, count, raster.frame)
    taken: list[int] = []
    _whole(
        asked.out,
        lambda file, _: taken.append(write_stream(file, composer, films, frames, sound, looks.name)),
    )
    if asked.spliced:
        sys.stdout.write(
            f"{taken[0]} of {len(frames)} pictures taken over as coded · {len(frames)} 帧中 {taken[0]} 帧沿用入库编码\n"
        )


_WRITERS: Final[dict[str, Callable[[Any, Programme, Any, int, int], None]]] = {
    ".wav": _wav,
    ".y4m": _film,
    ".mp4": _film,
    ".ts": _stream,
}


def _looks(asked: Any, programme: Programme) -> Any:
    """What the channel's pictures look like: as its settings say, else in the films' own raster with neither sign nor clock of a station."""
    from playout.graphics import Graphics
    from playout.render_picture import Looks

    if asked.settings is None:
        raster = RASTERS[asked.raster] if asked.raster else _raster_of(programme)
        channel = programme.plan.channel
        return Looks(graphics=Graphics(raster, channel), name=channel)
    from station import settings_file

    settings = settings_file.load(asked.settings)
    section = settings.channel(programme.plan.channel)
    if section.raster not in RASTERS:
        raise Refused(f"{section.id} is no television channel.", f"{section.id} 不是电视频道。")
    logo = asked.settings.resolve().parent / section.logo if section.logo else None
    return Looks(
        graphics=Graphics(RASTERS[section.raster], section.name_zh, logo),
        tz=settings.station.timezone,
        clock=section.clock,
        sign=not section.splice,
        name=section.name_en,
    )


def _raster_of(programme: Programme) -> Any:
    from playout.tv_house import raster_of_file

    paths = paths_of(programme.media, programme.directory)
    for medium in programme.media:
        if medium.frames:
            found = raster_of_file(paths[medium.sha256])
            if found is None:
                raise NotReady(medium.sha256)
            return found
    raise Refused("The plan has no film; say --raster.", "计划中没有影片,请指定 --raster。")


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
        prog="gengfu render",
        description="write what a plan sounds and looks like to a file · 把播出计划渲染成文件",
    )
    parser.add_argument("plan", type=Path, metavar="PLAN", help="see docs/plan-format.md · 播出计划")
    help_from = "sample index or ISO time with offset, default the plan's start · 采样序号或带时区的时刻"
    parser.add_argument("--from", dest="start", default="", metavar="INDEX|TIME", help=help_from)
    parser.add_argument("--for", dest="span", required=True, metavar="SECONDS", help="how long · 秒数")
    help_out = "F.wav (16 bit, 48 kHz, stereo), F.y4m (its sound in F.wav), F.mp4 or F.ts · 输出文件"
    parser.add_argument("--out", type=Path, required=True, metavar="F", help=help_out)
    parser.add_argument("--media", type=Path, metavar="DIR", help="default the plan's directory · 素材目录")
    help_over = "what lies over it, as a player keeps it · 播放器保存的插播"
    parser.add_argument("--overlays", type=Path, metavar="F", help=help_over)
    help_falls = "steps of the ladder, as a player keeps them · 播放器保存的降级"
    parser.add_argument("--falls", type=Path, metavar="F", help=help_falls)
    help_settings = "station.toml: logo, clock and raster of the channel · 台标、时钟与格式取自该设置"
    parser.add_argument("--settings", type=Path, metavar="F", help=help_settings)
    help_spliced = (
        "into F.ts, without sign and clock: films coded at ingest are taken over where nothing lies over them"
        " · 无台标与时钟的 F.ts:画面上无叠加时沿用入库编码"
    )
    parser.add_argument("--spliced", action="store_true", help=help_spliced)
    help_raster = "without settings; default that of the films · 无设置时的画面格式"
    parser.add_argument("--raster", choices=list(RASTERS), default="", help=help_raster)
    return parser
