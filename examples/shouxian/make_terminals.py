"""Makes terminals.csv: 3,300 loudspeakers over the county's 293 villages. The coordinates are made up: villages scattered around made-up township centres inside the county's rough outline; only names and codes of the areas are real.

python examples/shouxian/make_terminals.py > examples/shouxian/terminals.csv
"""

from __future__ import annotations

import csv
import random
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
COUNT = 3_300
WEST, EAST, SOUTH, NORTH = 116.46, 117.02, 31.92, 32.62  # degrees, roughly the county
DEVICE = "0314"  # GD/J 080 type: loudspeaker system
TERMINAL = "04"  # subtype: terminal


def main() -> int:
    """Write the CSV to standard output."""
    picker = random.Random(340422)
    with (HERE / "areas.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    towns = [row for row in rows if row["level"] == "township"]
    villages = [row for row in rows if row["level"] == "village"]
    centres = {town["code"][:9]: centre(picker, n, len(towns)) for n, town in enumerate(towns)}
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["code", "name", "area", "longitude", "latitude", "model"])
    share, rest = divmod(COUNT, len(villages))
    for n, village in enumerate(villages):
        lon, lat = near(picker, centres[village["code"][:9]], 0.035)
        for k in range(1, share + (n < rest) + 1):
            x, y = near(picker, (lon, lat), 0.006)
            code = f"6{village['code']}{DEVICE}01{TERMINAL}{k:02d}"
            out.writerow(
                [code, f"{village['name']}{k}号", village["code"], f"{x:.6f}", f"{y:.6f}", "gengfu-sim"]
            )
    return 0


def centre(picker: random.Random, n: int, of: int) -> tuple[float, float]:
    """A township's made-up centre on a loose grid."""
    columns = 5
    row, column = divmod(n, columns)
    rows = -(-of // columns)
    x = WEST + (column + 0.5 + picker.uniform(-0.3, 0.3)) * (EAST - WEST) / columns
    y = NORTH - (row + 0.5 + picker.uniform(-0.3, 0.3)) * (NORTH - SOUTH) / rows
    return x, y


def near(picker: random.Random, point: tuple[float, float], spread: float) -> tuple[float, float]:
    """A point scattered around another."""
    return point[0] + picker.gauss(0, spread), point[1] + picker.gauss(0, spread * 0.85)


if __name__ == "__main__":
    sys.exit(main())
