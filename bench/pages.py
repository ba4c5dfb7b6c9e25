"""Load event of every page in Chromium on loopback: median, p95, worst of N loads each; limit 300 ms at p95.

usage: bench/pages.py [--address URL --logins FILE] [--rounds 20]

`--logins` is the demo's secrets/demo-logins.json; each page is opened by somebody whose work it is, one person after the
other. Each round loads all of a person's in another order, each once the one before has been drawn and the browser is
idle: a page pays for nothing of its predecessor's. Without an address a fake station and a panel are started.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from playwright.sync_api import sync_playwright
from screenshots import DRAWN, PAGES, house, launched, log_in, newest_alert, people

LIMIT_MS = 300
IDLE = "new Promise((done) => requestIdleCallback(done, { timeout: 2000 }))"


def load_ms(page: Any, address: str) -> float:
    """Milliseconds from navigation start to the end of the load event, as the browser itself counted them."""
    page.goto(address, wait_until="load")
    page.wait_for_selector(DRAWN)
    page.evaluate(IDLE)
    return float(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))


def measured(address: str, logins: Path | None, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of every load, by page."""
    found: dict[str, list[float]] = {name: [] for name in PAGES}
    whose, order = people(logins), random.Random(1)  # no secret: an order of pages
    with sync_playwright() as play:
        browser = launched(play)
        for login in sorted(set(whose.values())):
            page = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
            log_in(page, address, *login)
            alert, own = newest_alert(page), [name for name in PAGES if whose[name] == login]
            for _ in range(rounds):
                for name in order.sample(own, len(own)):
                    found[name].append(load_ms(page, address + PAGES[name].format(alert=alert)))
            page.context.close()  # what is open goes on drawing what comes
        browser.close()
    return found


def main() -> int:
    """1 when the p95 of any page is beyond the limit."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--address")
    words.add_argument("--logins", type=Path)
    words.add_argument("--rounds", type=int, default=20)
    asked = words.parse_args()
    with house(asked.address) as address:
        found = measured(address, asked.logins, asked.rounds)
    worst = 0.0
    for name, times in found.items():
        p95 = statistics.quantiles(times, n=20)[-1]
        worst = max(worst, p95)
        print(
            f"{name:12} median {statistics.median(times):6.1f} ms   p95 {p95:6.1f}   worst {max(times):6.1f}   n {len(times)}"
        )
    print(f"worst p95 {worst:.1f} ms, {worst / LIMIT_MS:.2f} of the limit of {LIMIT_MS} ms")
    return 0 if worst <= LIMIT_MS else 1


if __name__ == "__main__":
    sys.exit(main())
