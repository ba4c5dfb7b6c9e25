"""Pictures of every page of the panel, in both languages, at a desk's and a phone's size: `python bench/screenshots.py --out DIR [--address URL]`. Starts a fake station and a panel unless given one."""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from glasshouse import GlassHouse
from playwright.sync_api import sync_playwright

SIZES = {"desk": (1366, 768), "phone": (390, 844)}
PAGES = {
    "onair": "/",
    "alerts": "/alerts",
    "compose": "/alerts/new",
    "alert": "/alerts/{alert}",
    "terminals": "/terminals",
    "safety": "/safety",
    "journal": "/journal",
}


@contextlib.contextmanager
def house(address: str | None) -> Iterator[str]:
    """The address of the panel to look at."""
    if address:
        yield address
        return
    with tempfile.TemporaryDirectory() as where, GlassHouse(Path(where), 28_040) as made:
        yield made.address


def log_in(page: Any, address: str, operator: str, password: str) -> None:
    page.goto(address + "/login")
    page.fill("[name=operator]", operator)
    page.fill("[name=password]", password)
    page.click("button.primary")
    page.wait_for_selector(".sentence")


def pictures(page: Any, address: str, out: Path, name: str, wanted: list[str], full: bool) -> list[str]:
    """Take the pictures of one size and language; returns what the console complained of."""
    said: list[str] = []
    page.on(
        "console",
        lambda one: said.append(f"{one.type}: {one.text}") if one.type in ("error", "warning") else None,
    )
    page.on("pageerror", lambda error: said.append(str(error)))
    alerts = page.evaluate("fetch('/api/v1/alerts').then((answer) => answer.json())")
    for key in wanted:
        page.goto(address + PAGES[key].format(alert=alerts[0]["id"] if alerts else "none"))
        page.wait_for_selector("main > :not(.onpaper)")
        page.wait_for_timeout(2_500)
        page.screenshot(path=str(out / f"{key}-{name}.png"), full_page=full)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            said.append(f"{key}-{name}: {wide} px too wide")
    return said


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--address")
    parser.add_argument("--operator", default="chen")
    parser.add_argument("--password", default="night-watch")
    parser.add_argument("--pages", nargs="*", default=list(PAGES))
    parser.add_argument("--languages", nargs="*", default=["zh", "en"])
    parser.add_argument("--sizes", nargs="*", default=list(SIZES))
    parser.add_argument("--full", action="store_true")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    said: list[str] = []
    with house(options.address) as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for language in options.languages:
            for size in options.sizes:
                width, height = SIZES[size]
                context = browser.new_context(viewport={"width": width, "height": height})
                page = context.new_page()
                page.goto(f"{address}/language/{language}?to=/login")
                page.screenshot(path=str(options.out / f"login-{language}-{size}.png"))
                log_in(page, address, options.operator, options.password)
                said += pictures(
                    page, address, options.out, f"{language}-{size}", options.pages, options.full
                )
                context.close()
        browser.close()
    print("\n".join(said) or "nothing complained")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
