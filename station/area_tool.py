"""The command `gengfu area`: find areas by name, code or pinyin, and resolve areas or a polygon to villages and terminals. Prints; decides nothing."""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
import zlib
from pathlib import Path
from typing import IO, cast

import attrs

from station import area_table
from station.areas import AreaTree
from station.arguments import Parser
from station.ground import Ground, Met, area_of_resource
from station.ground_files import Registered, ground, read_terminals
from station.oserrors import os_zh
from station.words import AreaCode, Misheard, Refused

MOST_NAMED = 100  # areas that an answer names; all are in its codes


def read_areas(path: Path) -> AreaTree:
    """The tree in a CSV file, plain or gzipped. Raises Refused when it cannot be read, Misheard when it is wrong."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            return area_table.read(cast(IO[bytes], file))
    except (OSError, EOFError, zlib.error) as error:
        en = (isinstance(error, OSError) and error.strerror) or str(error)
        zh = os_zh(error) if isinstance(error, OSError) else "压缩文件已损坏"
        raise Refused(
            f"The area table {path} cannot be read: {en}", f"无法读取行政区划表 {path}:{zh}", code="file"
        ) from None
    except Misheard as wrong:
        en, zh = wrong.text.en, wrong.text.zh
        raise Misheard(f"The area table {path}: {en}", f"行政区划表 {path}:{zh}", code=wrong.code) from None


def parser() -> Parser:
    """The options of `gengfu area`."""
    made = Parser(prog="gengfu area", description="find and resolve areas · 查找并解析行政区划")
    deeds = made.add_subparsers(dest="deed", required=True)
    find = deeds.add_parser("find", help="by name, code, pinyin or initials · 按名称、代码、拼音或首字母")
    find.add_argument("text")
    resolve = deeds.add_parser("resolve", help="to villages and terminals · 解析为村和终端")
    resolve.add_argument(
        "areas",
        nargs="+",
        help="area or resource codes, SAME=006037, or a CAP polygon or circle · 区划或资源编码、SAME=006037,或 CAP 多边形、圆",
    )
    resolve.add_argument("--geocodes", type=Path, help="CSV scheme,code,area (SAME, UGC, CAP-CP)")
    for deed in (find, resolve):
        deed.add_argument("--settings", type=Path, help="station.toml")
        deed.add_argument("--areas", dest="table", type=Path, help="CSV code,name,level (.gz)")
        deed.add_argument("--terminals", type=Path, help="CSV code,…,area,longitude,latitude")
        deed.add_argument("--json", action="store_true", help="JSON instead of lines · 输出 JSON")
    return made


def main(argv: list[str]) -> int:
    """0: found; 1: nothing found or refused; 2: wrong use."""
    options = parser().parse_args(argv)
    table, registry = _tables(options)
    tree = read_areas(table)
    if options.deed == "find":
        return _find(tree, options)
    terminals = read_terminals(registry) if registry else {}
    return _resolve(tree, terminals, options)


def _tables(options: argparse.Namespace) -> tuple[Path, Path | None]:
    if options.table:
        return options.table, options.terminals
    if not options.settings:
        raise Refused(
            "Give --settings FILE or --areas CSV.", "请给出 --settings 文件 或 --areas CSV。", code="use"
        )
    import tomllib

    try:
        raw = tomllib.loads(options.settings.read_text(encoding="utf-8"))
        base = options.settings.parent
        registry = raw.get("terminals", {}).get("registry", "")
        return base / raw["station"]["areas"], options.terminals or (base / registry if registry else None)
    except OSError as error:
        raise Refused(
            f"{options.settings} cannot be read: {error.strerror}",
            f"无法读取 {options.settings}:{os_zh(error)}",
            code="settings",
        ) from None
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Refused(
            f"{options.settings} holds no settings of a station; gengfu check tells more.",
            f"{options.settings} 不是台站设置;请用 gengfu check 检查。",
            code="settings",
        ) from None


# two numbers of degrees; codes of areas have six digits and more
_PAIR = re.compile(r"[-+]?[0-9]{1,3}(\.[0-9]*)?,[-+]?[0-9]{1,3}(\.[0-9]*)?")


def _find(tree: AreaTree, options: argparse.Namespace) -> int:
    found = tree.find(options.text)
    if options.json:
        _say(json.dumps([attrs.asdict(one) for one in found], ensure_ascii=False))
    for one in () if options.json else found:
        _say(f"{one.code}  {one.level:<8}  {tree.path_name(one.code)}  {one.initials}".rstrip())
    if not found:
        shown = options.text[:60]
        sys.stderr.write(f"nothing is called {shown!r} · 没有找到 {shown!r}\n")
    return 0 if found else 1


def _resolve(tree: AreaTree, terminals: dict[str, Registered], options: argparse.Namespace) -> int:
    if not any(word.replace(",", " ").split() for word in options.areas):
        raise Refused("no area is named", "没有给出区域", code="use")
    asked = _asked(ground(terminals, options.geocodes), options.areas)
    if not asked.areas:
        raise Misheard(
            "Nothing is there: " + "; ".join(text.en for text in asked.lacks),
            "一无所有:" + ";".join(text.zh for text in asked.lacks),
            code="shape",
        )
    codes = list(asked.areas)
    resolved = tree.resolve(codes, {code: one.area for code, one in terminals.items()})
    deaf = [tree.path_name(area) for area in resolved.unreachable[:MOST_NAMED]]
    lacks = [{"en": text.en, "zh": text.zh} for text in asked.lacks]
    if options.json:
        more = {"areas": codes, "points": asked.points, "unreachable_names": deaf, "lacks": lacks}
        _say(json.dumps({**attrs.asdict(resolved), **more}, ensure_ascii=False))
        return 0
    _say(f"areas · 区域: {', '.join(tree.path_name(code) for code in codes[:MOST_NAMED])}")
    _say(f"villages · 村: {len(resolved.villages)}")
    if terminals:
        _say(f"terminals · 终端: {len(resolved.terminals)}")
        _say(f"without a terminal · 无终端: {len(resolved.unreachable)} {', '.join(deaf) or '-'}")
    for text in asked.lacks:
        _say(f"lacks · 缺少: {text.en} · {text.zh}")
    return 0


def _asked(ground: Ground, words: list[str]) -> Met:
    """What was named: 12- or 6-digit codes, resource codes, SCHEME=CODE, or a polygon or circle."""
    text = " ".join(words)
    if any(map(_PAIR.fullmatch, text.split())):
        return ground.meet(circles=[text]) if len(text.split()) == 2 else ground.meet(polygons=[text])
    own: list[AreaCode] = []
    foreign: list[tuple[str, str]] = []
    for word in text.replace(",", " ").split():
        name, _, code = word.rpartition("=")
        if name:
            foreign.append((name, code))
        else:
            own.append(area_of_resource(code) or AreaCode(code + "000000" if len(code) == 6 else code))
    met = ground.meet(geocodes=foreign)
    return attrs.evolve(met, areas=tuple(dict.fromkeys((*own, *met.areas))))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
