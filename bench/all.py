"""Every bench, one after the other, and at the end one table: what must be, what was measured, the verdict.

usage: bench/all.py [--short] [--only NAME …] [--json DIR]

--short: fewer rounds, for a gate; each bench below 40 s on a quiet machine of two cores. Figures that need many rounds (a p99)
are then not given. The hour-long run is `make soak`. Limits and peers: bench/peers.toml.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any

import outside
from outside import County

HERE = Path(__file__).parent

# name: (words of the full run, words of the short one); STATE is a prepared state directory of the example
BENCHES: dict[str, tuple[list[str], list[str]]] = {
    "joins": ([], ["--files", "10"]),
    "latency": (["--rounds", "200"], ["--rounds", "20"]),
    "fanout": ([], ["--short"]),
    "fefd_codec": ([], []),
    "render": ([], ["--short"]),
    "sm2": ([], []),
    "cap": ([], []),
    "areas": ([], ["--short"]),
    "modbus": ([], ["--short"]),
    "same": ([], ["--short"]),
    "serial_faults": ([], ["--short"]),
    "modbus_cpu": ([], ["--short"]),
    "tv_cpu": ([], ["--short"]),
    "radio_cpu": ([], ["--short"]),
    "latency_liq": ([], ["--short"]),
    "items": ([], ["--short"]),
    "footprint": (["--state", "STATE"], ["--short", "--state", "STATE"]),
    "alert_latency": ([], ["--short"]),
    "ebd_ack": ([], ["--short"]),
    "soak": (["--minutes", "5", "--alert-every", "120", "--state", "STATE"], ["--short", "--state", "STATE"]),
}
TIME_LIMIT = 1_800.0


def run(name: str, words: list[str], state: Path) -> dict[str, Any]:
    """One bench: how it ended, how long it took, its own verdicts where it gives any."""
    print(f"\n== {name}", flush=True)
    filled = [str(state) if word == "STATE" else word for word in words]
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, str(HERE / f"{name}.py"), *filled],
        stdout=subprocess.PIPE, text=True, timeout=TIME_LIMIT, check=False, env=outside.environment(),
    )  # fmt: skip
    print(done.stdout.strip()[-6_000:], flush=True)
    result: dict[str, Any] = {"exit": done.returncode, "seconds": round(time.monotonic() - begun, 1)}
    for line in done.stdout.splitlines():
        if line.startswith("{") and '"verdicts"' in line:
            result.update(json.loads(line))
    return result


def table(results: dict[str, dict[str, Any]], peers: dict[str, Any]) -> None:
    """The summary."""
    print(f"\n{'bench':<14} {'must':<62} {'measured':>12} {'limit':>10}  verdict")
    for name, result in results.items():
        state = "ok" if not result["exit"] else f"exit {result['exit']}"
        for row in result.get("verdicts", []):
            measured, limit = f"{row['measured']} {row['unit']}", f"{row['limit']} {row['unit']}"
            print(f"{name:<14} {row['must']:<62} {measured:>12} {limit:>10}  {row['verdict']}")
        if "verdicts" not in result:
            said = peers.get(name, {})
            print(
                f"{name:<14} {said.get('what', '')[:62]:<62} {'':>12} {said.get('limit', '')[:30]:>10}  {state}"
            )
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(
        f"load of the machine at the end: {load} on {outside.CPUS} cores; figures of a busy machine say little"
    )


def main() -> int:
    """1 when a bench failed."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--short", action="store_true")
    words.add_argument("--only", nargs="*", choices=sorted(BENCHES), default=list(BENCHES))
    words.add_argument("--json", type=Path, help="directory for the results")
    asked = words.parse_args()
    peers = tomllib.loads((HERE / "peers.toml").read_text(encoding="utf-8"))
    results: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="gengfu-bench-") as folder:
        state = Path(folder) / "state"
        if any("STATE" in BENCHES[name][asked.short] for name in asked.only):
            print(f"set-up of the example: {County(state).set_up():.1f} s", flush=True)
        for name in asked.only:
            results[name] = run(name, BENCHES[name][asked.short], state)
            if asked.json:
                asked.json.mkdir(parents=True, exist_ok=True)
                (asked.json / f"{name}.json").write_text(json.dumps(results[name], ensure_ascii=False) + "\n")
    table(results, peers)
    return int(any(result["exit"] for result in results.values()))


if __name__ == "__main__":
    sys.exit(main())
