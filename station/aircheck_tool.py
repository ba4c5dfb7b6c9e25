"""`gengfu aircheck`: lists what is recorded and takes a span or an item out of it, with its hash. Prints; records nothing."""

from __future__ import annotations

import argparse
import json
import sys
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from playout import aircheck
from playout.aircheck import Piece
from safety.report import instant_from
from schedules.calendar import local_iso
from station import asrun_merge, projections, settings_file, store
from station.arguments import Parser
from station.files import hash_of
from station.oserrors import os_zh
from station.pairs import chain_of
from station.settings import Places
from station.words import SAMPLE_RATE, Refused, SampleIndex, instant_of, sample_at

MOST: SampleIndex = SampleIndex(6 * 3_600 * SAMPLE_RATE)
_CHUNK = SAMPLE_RATE


def main(argv: list[str]) -> int:
    """List or export; 0, or 1 where something is missing or changed."""
    asked = _parser().parse_args(argv)
    settings = settings_file.load(asked.settings)
    places = settings_file.places(asked.settings, settings, asked.state)
    directory = places.aircheck / asked.channel
    pieces = aircheck.read(directory)
    if not pieces:
        raise Refused(
            f"nothing of {asked.channel} is recorded; record_days of the channel says for how long it is kept",
            f"没有 {asked.channel} 的录音;保存天数由该频道的 record_days 设定",
        )
    tz = settings.station.timezone
    if asked.do == "list":
        return _list(pieces, directory, tz)
    first, last = _span(asked, places, tz)
    return _export(directory, pieces, first, last, Path(asked.out), tz)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="gengfu aircheck", description="what was on the air, recorded · 播出录音查询与导出")
    do = parser.add_subparsers(dest="do", required=True)
    each = do.add_parser(
        "list", help="pieces, holes, and whether anything was changed · 列出录音段、缺口及是否被改动"
    )
    out = do.add_parser("export", help="a span, or an item, as a WAV file · 按时间或节目导出为 WAV")
    for one in (each, out):
        one.add_argument("--settings", type=Path, required=True, help="station.toml · 设置文件")
        one.add_argument("--state", type=Path, help="state directory · 状态目录")
        one.add_argument("--channel", required=True, help="channel · 频道")
    out.add_argument(
        "--from", dest="first", help="2026-11-22T19:00 (local time of the station · 台站当地时间)"
    )
    out.add_argument("--to", dest="last", help="the same · 同上")
    out.add_argument(
        "--item",
        help="part of a title in the as-run log, the last time it was aired · 节目名(取最近一次播出)",
    )
    out.add_argument("--out", required=True, help="file to write · 输出文件")
    return parser


def _span(asked: argparse.Namespace, places: Places, tz: str) -> tuple[SampleIndex, SampleIndex]:
    if asked.item:
        first, last = _aired(places, chain_of(asked.channel), asked.item)
    elif asked.first and asked.last:
        first, last = (sample_at(instant_from(text, tz)) for text in (asked.first, asked.last))
    else:
        raise Refused("say --from and --to, or --item", "请给出 --from 和 --to,或 --item")
    if not 0 < last - first <= MOST:
        raise Refused(
            "the span ends before it begins, or is longer than six hours", "时间段首尾颠倒,或超过六小时"
        )
    return first, last


def _aired(places: Places, channel: str, title: str) -> tuple[SampleIndex, SampleIndex]:
    t = projections.asrun.c
    wanted = (
        sa.select(projections.asrun)
        .where(t.channel == channel, t.title.contains(title, autoescape=True), t.end.is_not(None))
        .order_by(t.start.desc())
        .limit(20)
    )
    with store.reading(store.reader_engine(store.sqlite_url(places.journal))) as connection:
        rows = asrun_merge.merged(dict(row) for row in connection.execute(wanted).mappings())
    if not rows:
        raise Refused(
            f"the as-run log of {channel} has no item “{title}” that is over",
            f"{channel} 的播出记录中没有已播完的“{title}”",
        )
    return SampleIndex(rows[-1]["start"]), SampleIndex(rows[-1]["end"])


def _list(pieces: list[Piece], directory: Path, tz: str) -> int:
    changed = {piece.start for piece in aircheck.broken(pieces)}
    holds = True
    for piece in pieces:
        state = _state(piece, directory)
        holds &= state != "changed" and piece.start not in changed
        _say(
            {
                "from": _moment(piece.start, tz),
                "seconds": round(piece.samples / SAMPLE_RATE, 2),
                "file": piece.file,
                "sha256": piece.sha256,
                "gaps": len(piece.gaps),
                "state": "the index was changed before it" if piece.start in changed else state,
            }
        )
    return 0 if holds else 1


def _state(piece: Piece, directory: Path) -> str:
    path = directory / piece.file
    if not path.exists():
        return "not kept any more"
    return "ok" if hash_of(path) == piece.sha256 else "changed"


def _export(
    directory: Path, pieces: list[Piece], first: SampleIndex, last: SampleIndex, out: Path, tz: str
) -> int:
    used = aircheck.found(pieces, first, last)
    states = {piece.file: _state(piece, directory) for piece in used}
    there = [piece for piece in used if states[piece.file] != "not kept any more"]
    holes = aircheck.missing(there, first, last)
    try:
        with wave.open(str(out), "wb") as wav:
            wav.setnchannels(2)
            wav.setsampwidth(2)
            wav.setframerate(SAMPLE_RATE)
            for pcm in _sound(directory, there, first, last):
                wav.writeframes(pcm.astype("<i2").tobytes())
    except OSError as error:
        raise Refused(
            f"{out} cannot be written: {error.strerror}", f"无法写入 {out}:{os_zh(error)}"
        ) from None
    _say(
        {
            "out": str(out),
            "sha256": hash_of(out),
            "from": _moment(first, tz),
            "samples": last - first,
            "missing": [[_moment(at, tz) for at in hole] for hole in holes],
            "pieces": [{"file": one.file, "sha256": one.sha256, "state": states[one.file]} for one in used],
        }
    )
    return 1 if holes or "changed" in states.values() else 0


def _sound(
    directory: Path, pieces: list[Piece], first: SampleIndex, last: SampleIndex
) -> Iterator[NDArray[np.int16]]:
    """Exactly the samples of the span, silence where nothing is recorded."""
    at = int(first)
    for piece in pieces:
        place = int(piece.start)
        for pcm in _decoded(directory / piece.file):
            part = pcm[max(0, at - place) : max(0, last - place)] if place + len(pcm) > at else pcm[:0]
            begins = max(place, at)
            place += len(pcm)
            if not len(part):
                continue
            if begins > at:
                yield np.zeros((begins - at, 2), np.int16)
            yield part
            at = begins + len(part)
    while at < last:
        count = min(_CHUNK, last - at)
        yield np.zeros((count, 2), np.int16)
        at += count


def _decoded(path: Path) -> Iterator[NDArray[np.int16]]:
    with av.open(str(path), "r", format="ogg") as container:
        change = av.AudioResampler(format="s16", layout="stereo", rate=SAMPLE_RATE)
        for frame in container.decode(audio=0):
            for one in change.resample(frame):
                yield np.asarray(one.to_ndarray(), dtype=np.int16).reshape(-1, 2)


def _moment(index: SampleIndex, tz: str) -> str:
    at = instant_of(index)
    text = local_iso(at, tz)
    return f"{text[:19]}.{at // 1_000 % 1_000:03d}{text[19:]}"


def _say(row: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
