"""`gengfu pips`: writes time pips to a sound file, to be taken in and planned five seconds before the hour. Knows files; makes no sound itself."""

from __future__ import annotations

import sys
import wave
from pathlib import Path

from playout.pips import BEFORE_S, KINDS, pips
from station.arguments import Parser
from station.oserrors import os_zh
from station.words import SAMPLE_RATE, Refused


def main(argv: list[str]) -> int:
    """0: written."""
    asked = _arguments().parse_args(argv)
    out: Path = asked.out
    if out.suffix.lower() != ".wav":
        raise Refused(f"{out} must end in .wav.", f"{out} 的扩展名须为 .wav。")
    try:
        _write(out, asked.kind)
    except OSError as error:
        raise Refused(
            f"{out} cannot be written: {error.strerror}.", f"无法写入 {out}:{os_zh(error)}。"
        ) from None
    sys.stdout.write(
        f"{out}: the long tone begins at second {BEFORE_S} to the sample; plan it hard at HH:59:55\n"
        f"{out}:长音自第 {BEFORE_S} 秒的首个采样开始;请定时排在 HH:59:55\n"
    )
    return 0


def _write(out: Path, kind: str) -> None:
    with out.open("wb") as raw, wave.open(raw, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(pips(KINDS[kind]).astype("<i2").tobytes())


def _arguments() -> Parser:
    parser = Parser(
        prog="gengfu pips",
        description="write time pips to a file: five short tones, then a long one whose first sample is the hour's · 生成整点报时音",
    )
    parser.add_argument("out", type=Path, metavar="OUT.wav", help="below media/ of the station · 写入的文件")
    parser.add_argument(
        "--kind",
        choices=sorted(KINDS),
        default="cn",
        help="cn: five low, one high; six: all of one pitch (unverified) · 五低一高,或六响同音(未经核实)",
    )
    return parser
