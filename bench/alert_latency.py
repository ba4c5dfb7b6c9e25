"""How long an alert takes over a whole running station: durable → rendered → first changed sample at the L16 socket → decoded from the TS.

usage: bench/alert_latency.py [--rounds 200] [--json FILE] [--short]

Each round sends a signed EBD to the whole county (3,300 terminals are fanned out to at the same time), its speech ready.
Durable is when its `alert.aired` record can be read from the journal's file, which is looked at every millisecond. Rendered is
the station's own figure (gengfu_overlay_rendered_seconds of the channel, from decided), less the time to durable. The L16
and the TS are listened to by a process each. The first round, in which the speech is made, does not count.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import outside
from rounds import Rounds, column

SLACK_MS = 40  # the example's sender slack
FIGURES = (
    "decided_to_durable",
    "decided_to_rendered",
    "durable_to_rendered",
    "durable_to_l16",
    "durable_to_ts",
)
LIMITS = {"durable_to_rendered": 20.0, "durable_to_l16": SLACK_MS + 30.0, "durable_to_ts": SLACK_MS + 120.0}


def main() -> int:
    """0 when no must fails."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--rounds", type=int, default=200)
    words.add_argument("--json", type=Path)
    words.add_argument("--short", action="store_true", help="8 rounds")
    asked = words.parse_args()
    count = 8 if asked.short else asked.rounds
    with tempfile.TemporaryDirectory(prefix="gengfu-bench-") as home, Rounds(Path(home)) as station:
        station.round()
        rows = [station.round() for _ in range(count)]
        commits = station.commits()
    found: dict[str, Any] = {name: outside.spread(column(rows, name), 2) for name in FIGURES}
    unseen = {name: count - len(column(rows, name)) for name in LIMITS}
    verdicts = [
        outside.verdict(f"{name}, median", found[name].get("median", 1e9), limit, "ms", noise=0.5, timed=True)
        for name, limit in LIMITS.items()
    ]
    verdicts.append(outside.verdict("rounds in which one of them was not seen", max(unseen.values()), 0, ""))
    result = {
        "bench": "alert_latency",
        "rounds": count,
        "terminals": station.county.terminals,
        "slack_ms": SLACK_MS,
        "ms": found,
        "moved_rounds": int(sum(column(rows, "moved"))),
        "journal_commits": commits,
        "verdicts": verdicts,
    }
    return outside.finish(result, asked.json)


if __name__ == "__main__":
    sys.exit(main())
