"""`gengfu check FILE`: says every mistake of a settings file, or that it holds. Knows no rule itself."""

from __future__ import annotations

import sys
from pathlib import Path

from station.arguments import Parser
from station.files import hash_of
from station.settings_file import SettingsWrong, load
from station.wire import canonical


def main(argv: list[str]) -> int:
    """0: it holds; 1: it does not; 2: wrong use."""
    parser = Parser(
        prog="gengfu check",
        description="check a settings file, every mistake at once · 检查设置文件,一次列出全部错误",
    )
    parser.add_argument("file", type=Path, help="station.toml · 设置文件")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to answer · 输出格式")
    asked = parser.parse_args(argv)
    try:
        load(asked.file, files=True)
    except SettingsWrong as wrong:
        return _tell_wrong(wrong, asked.format)
    said = hash_of(asked.file)
    if asked.format == "json":
        sys.stdout.write(canonical({"ok": True, "sha256": said, "mistakes": []}) + "\n")
    else:
        sys.stdout.write(f"{asked.file} holds · 设置有效 ({said})\n")
    return 0


def _tell_wrong(wrong: SettingsWrong, form: str) -> int:
    if form == "json":
        rows = [{"path": m.path, "en": m.text.en, "zh": m.text.zh} for m in wrong.mistakes]
        sys.stdout.write(canonical({"ok": False, "mistakes": rows}) + "\n")
        return 1
    for mistake in wrong.mistakes:
        sys.stderr.write(f"{mistake.text.en}\n  {mistake.text.zh}\n")
    return 1
