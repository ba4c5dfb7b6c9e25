"""Remakes the picture's font: a subset of Noto Sans CJK SC Bold (OFL 1.1) with the characters of GB 2312, of Latin-1, and of names given. Run by hand.

    python docs/make_font.py [--source NotoSansCJK-Bold.ttc] [--names areas.csv …]

Without --names the characters are those of the list that lies beside the font, so that the font can be remade as it is.
The result is named "Gengfu Sans SC": a changed font may not carry a reserved name (OFL 1.1, 3).
"""

from __future__ import annotations

import argparse
import gzip
import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont

HOME = Path(__file__).resolve().parents[1] / "schedules" / "fonts"
SOURCE = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc")
FAMILY = "Noto Sans CJK SC"
NAME = "Gengfu Sans SC"


def gb2312() -> set[str]:
    """Every character of GB/T 2312."""
    made: set[str] = set()
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                made.add(bytes([row, cell]).decode("gb2312"))
            except UnicodeDecodeError:
                continue
    return made


def latin() -> set[str]:
    """What can be printed of ASCII and Latin-1, and the signs of English typesetting."""
    return {chr(c) for c in (*range(0x20, 0x7F), *range(0xA1, 0x100))} - {"\u00ad"} | set("–—‘’“”…•‰€−→←↑↓")


def named(files: list[Path]) -> set[str]:
    """The characters of name lists, plain or .gz."""
    made: set[str] = set()
    for path in files:
        with gzip.open(path, "rt", "utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            for line in lines:
                made.update(line)
    return {c for c in made if c.isprintable()}


def subsetted(font: TTFont, characters: set[str]) -> TTFont:
    """The font with these characters alone, without hints, features and vertical metrics."""
    options = subset.Options()
    options.layout_features = []
    options.hinting = False
    options.name_IDs = [0, 1, 2, 4, 6, 13, 14]
    options.name_languages = [0x409]
    options.notdef_outline = True
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "BASE", "VORG", "vhea", "vmtx", "DSIG"]
    worker = subset.Subsetter(options)
    worker.populate(unicodes={ord(c) for c in characters})
    worker.subset(font)
    return font


def renamed(font: TTFont) -> TTFont:
    """The font under its own name."""
    table = font["name"]
    for number, text in ((1, NAME), (2, "Bold"), (4, f"{NAME} Bold"), (6, "GengfuSansSC-Bold")):
        table.setName(text, number, 3, 1, 0x409)
    top = font["CFF "].cff
    top.fontNames[0] = "GengfuSansSC-Bold"
    top[0].FullName, top[0].FamilyName = f"{NAME} Bold", NAME
    font["head"].modified = font["head"].created
    font.recalcTimestamp = False
    return font


def main() -> None:
    """Write the font and its list of characters."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--source", type=Path, default=SOURCE)
    parser.add_argument("--names", type=Path, nargs="*", default=[HOME / "characters.txt"])
    given = parser.parse_args()
    fonts = TTCollection(str(given.source)).fonts
    font = next(f for f in fonts if f["name"].getDebugName(1) == FAMILY)
    wanted = gb2312() | latin() | named(given.names)
    held = wanted & {chr(c) for c in font.getBestCmap()}
    HOME.mkdir(exist_ok=True)
    renamed(subsetted(font, held)).save(str(HOME / "gengfu-sans-sc.otf"))
    lines = sorted(chr(c) for c in TTFont(HOME / "gengfu-sans-sc.otf").getBestCmap())
    rows = ["".join(lines[at : at + 64]) for at in range(0, len(lines), 64)]
    (HOME / "characters.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
    sys.stdout.write(
        f"{len(held)} characters; not in the source: {''.join(sorted(wanted - held)) or 'none'}\n"
    )


if __name__ == "__main__":
    main()
