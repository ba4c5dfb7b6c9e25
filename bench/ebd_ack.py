"""A signed EBD of a pre-authorised source until the last of 3,300 terminals has acknowledged, beside a bare echo of as many frames of the same length.

usage: bench/ebd_ack.py [--rounds 200] [--json FILE] [--short]

The clock begins when the request is sent to the ingest port; parsing, signature, decision, area, journal and fan-out are in it.
It stops when the last terminal has sent its acknowledgement; the station's own count of all is given beside it. The speech is
ready (the first round, in which it is made, is timed apart). The echo runs in the same run, a round of it after each of ours.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import outside
from rounds import Rounds, column

LIMIT_MS = 1_000.0
FIGURES = ("ebd_to_decided", "ebd_to_answer", "ebd_to_first_ack", "ebd_to_last_ack", "ebd_to_all_counted")


def arguments() -> argparse.Namespace:
    """What was asked for."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--rounds", type=int, default=200)
    words.add_argument("--json", type=Path)
    words.add_argument("--short", action="store_true", help="8 rounds")
    return words.parse_args()


def main() -> int:
    """0 when no must fails."""
    asked = arguments()
    count = 8 if asked.short else asked.rounds
    with (
        tempfile.TemporaryDirectory(prefix="gengfu-bench-") as home,
        Rounds(Path(home), echo=True) as station,
    ):
        first = station.round()
        rows, echoes = [], []
        before = station.cpu()
        for _ in range(count):
            rows.append(station.round())
            echoes.append(1_000 * station.echo())
        used = {name: 1_000 * (cpu - before[name]) / count for name, cpu in station.cpu().items()}
    found: dict[str, Any] = {name: outside.spread(column(rows, name), 2) for name in FIGURES}
    last = sorted(column(rows, "ebd_to_all_counted"))
    worst = last[min(len(last) - 1, int(0.99 * len(last)))] if last else 1e9
    name = "EBD → the station has counted the last acknowledgement, " + (
        "p99" if len(last) >= 200 else "worst"
    )
    result = {
        "bench": "ebd_ack",
        "rounds": count,
        "terminals": station.county.terminals,
        "frame_bytes": station.frame,
        "ms": found,
        "bare_echo_ms": outside.spread(echoes, 2),
        "ratio_to_echo": round(statistics.median(last) / statistics.median(echoes), 2) if last else None,
        "cpu_ms_a_round_with_its_cancel": {name: round(cpu) for name, cpu in used.items()},
        "first_round_with_synthesis_ms": {k: round(v, 1) for k, v in first.items() if v is not None},
        "verdicts": [
            outside.verdict(name, worst, LIMIT_MS, "ms", noise=0.5 if len(last) < 200 else 0.0, timed=True),
            outside.verdict("rounds in which not every terminal acknowledged", count - len(last), 0, ""),
        ],
    }
    return outside.finish(result, asked.json)


if __name__ == "__main__":
    sys.exit(main())
