"""Pictures of every page of the panel, in both languages, at a desk's and a phone's size: `python bench/screenshots.py --out DIR [--address URL --logins FILE]`.

Without an address it starts a fake station and a panel of its own; with one, `--logins` is the demo's secrets/demo-logins.json,
and each page is looked at by somebody whose work it is. It says what the browser complained of, and which page is too wide.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from browsers import launched
from glasshouse import GlassHouse
from playwright.sync_api import sync_playwright

from web.pages import PAGES as BAR

SIZES = {"desk": (1366, 768), "phone": (390, 844)}
PAGES = {**BAR, "compose": "/alerts/new", "alert": "/alerts/{alert}", "account": "/account", "wall": "/wall"}
WHOSE = {"users": "admin", "settings": "admin", "compose": "dispatcher", "alert": "dispatcher", "rundown": "editor", "onair": "operator"}  # fmt: skip
ELSE = "engineer"  # looks at every other page
OF_THE_FAKE = ("chen", "night-watch")  # who holds every right there
DRAWN = "main > :not(.onpaper), .wall"

Login = tuple[str, str]  # name and password


@contextlib.contextmanager
def house(address: str | None) -> Iterator[str]:
    """The address of the panel to look at."""
    if address:
        yield address
        return
    with tempfile.TemporaryDirectory() as where, GlassHouse(Path(where), 28_040) as made:
        yield made.address


def people(logins: Path | None) -> dict[str, Login]:
    """Who looks at each page, by its name."""
    if logins is None:
        return dict.fromkeys(PAGES, OF_THE_FAKE)
    rows = json.loads(logins.read_text(encoding="utf-8"))
    by_role = {role: (row["operator"], row["password"]) for row in reversed(rows) for role in row["roles"]}
    return {key: by_role[WHOSE.get(key, ELSE)] for key in PAGES}


def log_in(page: Any, address: str, operator: str, password: str) -> None:
    page.goto(address + "/login")
    page.fill("[name=operator]", operator)
    page.fill("[name=password]", password)
    page.click("button.primary")
    page.wait_for_selector(".sentence")


def newest_alert(page: Any) -> str:
    """Its id, for the page of an alert."""
    alerts = page.evaluate("fetch('/api/v1/alerts').then((answer) => answer.json())")
    return str(alerts[0]["id"]) if alerts else "none"


def pictures(page: Any, address: str, out: Path, name: str, wanted: list[str], full: bool) -> list[str]:
    """Take the pictures of one size and language; returns what the console complained of."""
    said: list[str] = []
    page.on(
        "console",
        lambda one: said.append(f"{one.type}: {one.text}") if one.type in ("error", "warning") else None,
    )
    page.on("pageerror", lambda error: said.append(str(error)))
    alert = newest_alert(page)
    for key in wanted:
        page.goto(address + PAGES[key].format(alert=alert))
        page.wait_for_selector(DRAWN)
        page.wait_for_timeout(2_500)
        page.screenshot(path=str(out / f"{key}-{name}.png"), full_page=full)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            said.append(f"{key}-{name}: {wide} px too wide")
    return said


def arguments() -> argparse.Namespace:
    """What was asked for."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--out", type=Path, required=True)
    words.add_argument("--address")
    words.add_argument("--logins", type=Path)
    words.add_argument("--pages", nargs="*", default=list(PAGES), choices=list(PAGES))
    words.add_argument("--languages", nargs="*", default=["zh", "en"])
    words.add_argument("--sizes", nargs="*", default=list(SIZES))
    words.add_argument("--full", action="store_true", help="whole pages, not only what the screen shows")
    return words.parse_args()


def main() -> int:
    """1 when anything complained."""
    asked = arguments()
    asked.out.mkdir(parents=True, exist_ok=True)
    whose = people(asked.logins)
    said: list[str] = []
    with house(asked.address) as address, sync_playwright() as play:
        browser = launched(play)
        for language in asked.languages:
            for size in asked.sizes:
                width, height = SIZES[size]
                for login in sorted({whose[key] for key in asked.pages}):
                    context = browser.new_context(viewport={"width": width, "height": height})
                    page = context.new_page()
                    page.goto(f"{address}/language/{language}?to=/login")
                    page.screenshot(path=str(asked.out / f"login-{language}-{size}.png"))
                    log_in(page, address, *login)
                    wanted = [key for key in asked.pages if whose[key] == login]
                    said += pictures(page, address, asked.out, f"{language}-{size}", wanted, asked.full)
                    context.close()
        browser.close()
    print("\n".join(said) or "nothing complained")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
