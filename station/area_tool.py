"""The command `gengfu area`: find areas by name, code or pinyin, and resolve areas or a polygon to villages and terminals. Prints; decides nothing."""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, cast

import attrs

from station import area_table, geocodes
from station.areas import AreaTree
from station.arguments import Parser
from station.ground import Ground, Met, Point, area_of_resource
from station.words import AreaCode, Misheard, Refused, is_area

MOST_NAMED = 100  # areas that an answer names; all are in its codes


@attrs.frozen(kw_only=True)
class Registered:
    """What the registry of terminals says of one: area, and place in millionths of a degree."""

    area: AreaCode
    longitude: int | None
    latitude: int | None


def read_areas(path: Path) -> AreaTree:
    """The tree in a CSV file, plain or gzipped. Raises Refused when it cannot be read, Misheard when it is wrong."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            return area_table.read(cast(IO[bytes], file))
    except (OSError, EOFError, zlib.error) as error:
        raise Refused(
            f"The area table {path} cannot be read: {error}",
            f"无法读取行政区划表 {path}:{error}",
            code="file",
        ) from None


def read_terminals(path: Path) -> dict[str, Registered]:
    """Terminals by code from a CSV with the columns code, area, longitude, latitude. Raises Refused naming the line."""
    found: dict[str, Registered] = {}
    line = 1
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                line += 1
                found[row["code"]] = _registered(row)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise Refused(
            f"The terminal registry {path}, line {line}: {error}",
            f"终端登记表 {path} 第 {line} 行:{error}",
            code="file",
        ) from None
    return found


def _registered(row: Mapping[str, str]) -> Registered:
    if not is_area(row["area"]):
        raise ValueError(f"{row['area']!r} is no area code of 12 digits")
    return Registered(
        area=AreaCode(row["area"]),
        longitude=_millionths(row["longitude"], 180),
        latitude=_millionths(row["latitude"], 90),
    )


def _millionths(said: str, limit: int) -> int | None:
    """Of a degree; None where nothing is said. Raises ValueError."""
    if not said.strip():
        return None
    degrees = float(said)
    if not abs(degrees) <= limit:
        raise ValueError(f"{said!r} is no place on the earth")
    return round(degrees * 1e6)


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
    except (OSError, KeyError, ValueError) as error:
        raise Refused(
            f"{options.settings}: {error}; gengfu check tells more.",
            f"{options.settings}:{error};请用 gengfu check 检查。",
            code="settings",
        ) from None


def _find(tree: AreaTree, options: argparse.Namespace) -> int:
    found = tree.find(options.text)
    if options.json:
        _say(json.dumps([attrs.asdict(one) for one in found], ensure_ascii=False))
    for one in () if options.json else found:
        _say(f"{one.code}  {one.level:<8}  {tree.path_name(one.code)}  {one.initials}".rstrip())
    if not found:
        sys.stderr.write(f"nothing is called {options.text!r} · 没有找到 {options.text!r}\n")
    return 0 if found else 1


def _resolve(tree: AreaTree, terminals: dict[str, Registered], options: argparse.Namespace) -> int:
    asked = _asked(_ground(terminals, options.geocodes), options.areas)
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


def _ground(terminals: dict[str, Registered], table: Path | None) -> Ground:
    points = {
        code: Point(area=one.area, longitude=one.longitude, latitude=one.latitude)
        for code, one in terminals.items()
    }
    if table is None:
        return Ground(points=points)
    try:
        with table.open(encoding="utf-8-sig", newline="") as lines:
            return Ground(points=points, geocodes=geocodes.load(lines))
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(
            f"The table {table} cannot be read: {error}", f"无法读取代码表 {table}:{error}", code="file"
        ) from None


def _asked(ground: Ground, words: list[str]) -> Met:
    """What was named: 12- or 6-digit codes, resource codes, SCHEME=CODE, or a polygon or circle."""
    text = " ".join(words)
    if any("," in word and "." in word for word in words):
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
