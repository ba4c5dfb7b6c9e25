"""The manuals' pictures, taken from a running demo with an alert in progress: `python bench/pictures.py [--state DIR --port N]`. Starts a demo of its own unless one runs there; Chinese pages go to docs/images/*.zh.png, English ones to *.en.png."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
from browsers import launched  # from tests/
from playwright.sync_api import sync_playwright
from screenshots import SIZES, log_in

ROOT = Path(__file__).resolve().parent.parent
GENGFU = (sys.executable, "-m", "station.cli")
SETTINGS = ROOT / "examples" / "shouxian" / "station.toml"
COUNTY, VILLAGES = "340422000000", "340422100001,340422100002"
FLOOD = "水位上涨很快,请沿河居民立即向高处转移,不要返回取物,不要过河,扶老携幼,听从村干部指挥,到县一中和乡镇中心学校集中。"
RAIN = "预计今晚八点前降雨量将达到五十毫米以上,请避免外出。"
LARGEST = 250_000  # bytes of one picture
PAGES = {
    "onair": "/",
    "alert": "/alerts/{alert}",
    "why": "/why?q=%E5%8D%97%E5%85%B3%E7%A4%BE%E5%8C%BA",
    "terminals": "/terminals",
    "alerts": "/alerts",
    "journal": "/journal",
    "safety": "/safety",
    "rundown": "/rundown",
    "alarms": "/alarms",
    "transmitters": "/transmitters",
    "power": "/power",
    "duty": "/duty",
    "compose": "/alerts/new",
}
OTHERS = {
    "users": ("wu", "/users"),
    "settings": ("qian", "/settings"),
}  # pages that the dispatcher may not see


def healthy(port: int) -> bool:
    """Whether a station answers on this base port, its journal and players with it."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port + 1}/healthz", timeout=2) as answer:
            said = json.load(answer)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
    return bool(said["ok"] and all(said["players"].values()) and said["terminals_online"] > 3000)


@contextlib.contextmanager
def demo(state: Path | None, port: int) -> Iterator[Path]:
    """The state directory of a demo that runs on `port`."""
    if state is not None and healthy(port):
        yield state
        return
    with tempfile.TemporaryDirectory() as spare:
        where = state or Path(spare)
        words = (*GENGFU, "run", "--demo", "--state", str(where), "--port", str(port), str(SETTINGS))
        running = subprocess.Popen(words, stdout=subprocess.DEVNULL, cwd=ROOT)
        try:
            until = time.monotonic() + 240
            while not healthy(port):
                if running.poll() is not None or time.monotonic() > until:
                    raise SystemExit("the demo did not come up")
                time.sleep(1)
            time.sleep(15)  # a few measured seconds and the clerk's signatures
            yield where
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(timeout=60)


def send(state: Path, port: int, *words: str) -> str:
    """Send an alert as the demo's upstream platform; the platform's own id of it."""
    to = ("--to", f"http://127.0.0.1:{port + 1}", "--keys", str(state / "upstream"))
    sent = subprocess.run((*GENGFU, "sim", "source", *to, *words), check=True, cwd=ROOT, capture_output=True)
    return str(json.loads(sent.stdout.splitlines()[-1])["id"])


def fill(page: Any) -> None:
    """Two villages chosen and a template filled on the page that sends alerts."""
    for initials in ("南关社区", "红星社区"):
        page.fill("#where", initials)
        page.wait_for_selector("#found li")
        page.keyboard.press("Enter")
    blanks = page.locator(".column.what input:not([type=radio]):not([type=number])")
    for at, words in enumerate(("淠河", "15:30", "县一中")):
        if at < blanks.count():
            blanks.nth(at).fill(words)
    rise = page.locator(".column.what label:not(.short) input[type=number]")
    if rise.count():
        rise.first.fill("1.5")


def submit(page: Any, pin: str) -> None:
    """Submit what was filled in and wait until it can be heard; nothing is signed."""
    page.click("#prepare")
    page.wait_for_selector("#pin-field")
    page.fill("#pin-field", pin)
    page.press("#pin-field", "Enter")
    page.wait_for_selector("#hear:not([disabled])", timeout=60_000)


def sounding(page: Any) -> str:
    """The id of the alert on air, once terminals play it."""
    for _ in range(90):
        alerts = page.evaluate("fetch('/api/v1/alerts').then((answer) => answer.json())")
        for one in alerts:
            if one["aired_at"] and not one["ended_at"] and one["counts"]["heard"] > 3_000:
                return str(one["id"])
        page.wait_for_timeout(1_000)
    raise SystemExit("no alert came on air")


def lighten(picture: Path) -> None:
    """Write a PNG anew in 64 tones a colour: half the bytes, and nobody sees it."""
    with av.open(str(picture)) as held:
        rgb = next(held.decode(video=0)).to_ndarray(format="rgb24")
    tones = (rgb & 0xFC) | (rgb >> 6)
    codec = av.CodecContext.create("png", "w")
    codec.width, codec.height, codec.pix_fmt = rgb.shape[1], rgb.shape[0], "rgb24"
    codec.options = {"compression_level": "9", "pred": "none"}
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(tones), format="rgb24")
    picture.write_bytes(b"".join(bytes(packet) for packet in [*codec.encode(frame), *codec.encode(None)]))


def shoot(page: Any, picture: Path) -> list[str]:
    """One picture of what the page shows; what is wrong with it."""
    page.wait_for_timeout(1_500)
    page.screenshot(path=str(picture))
    lighten(picture)
    size = picture.stat().st_size
    return [f"{picture.name} has {size} bytes"] if size > LARGEST else []


def others(open_page: Any, address: str, language: str, out: Path) -> list[str]:
    """Pages of other people's rights, each by who may see it."""
    wrong: list[str] = []
    for name, (who, path) in OTHERS.items():
        page = open_page(who)
        page.goto(address + path)
        page.wait_for_selector("main > :not(.onpaper)")
        wrong += shoot(page, out / f"{name}.{language}.png")
        page.context.close()
    return wrong


def take(page: Any, address: str, language: str, pin: str, out: Path) -> list[str]:
    """All pages in one language; returns what is wrong with them."""
    wrong: list[str] = []
    alert = sounding(page)
    for name, path in PAGES.items():
        page.goto(address + path.format(alert=alert))
        page.wait_for_selector("main > :not(.onpaper)")
        if name == "compose":
            fill(page)
            submit(page, pin)
        if name == "terminals":
            page.wait_for_selector("tbody tr", timeout=90_000)
        wrong += shoot(page, out / f"{name}.{language}.png")
        if name == "compose":
            page.fill("#minutes", "14")  # what is changed after its submission is withdrawn
            page.wait_for_timeout(2_000)
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, help="state directory of a running demo")
    parser.add_argument("--port", type=int, default=28_300)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    address = f"http://127.0.0.1:{options.port}"
    wrong: list[str] = []
    with demo(options.state, options.port) as state, sync_playwright() as play:
        logins = {
            row["operator"]: row
            for row in json.loads((state / "secrets" / "demo-logins.json").read_text("utf-8"))
        }
        browser = launched(play)
        send(state, options.port, "--kind", "cap", "--event", "11B03", "--level", "2", "--areas", VILLAGES,
             "--title", "暴雨橙色预警", "--text", RAIN)  # fmt: skip
        for language in ("zh", "en"):

            def open_page(who: str, language: str = language) -> Any:
                context = browser.new_context(
                    viewport={"width": SIZES["desk"][0], "height": SIZES["desk"][1]},
                    locale={"zh": "zh-CN", "en": "en-GB"}[language],
                )
                page = context.new_page()
                page.goto(f"{address}/language/{language}?to=/login")
                log_in(page, address, who, logins[who]["password"])
                return page

            page = open_page("zhao")
            flood = send(state, options.port, "--event", "11A51", "--areas", COUNTY, "--title", "山洪灾害红色预警",
                 "--text", FLOOD)  # fmt: skip
            wrong += take(page, address, language, logins["zhao"]["pin"], options.out)
            page.context.close()
            wrong += others(open_page, address, language, options.out)
            with contextlib.suppress(subprocess.CalledProcessError):  # it may have ended by itself
                send(state, options.port, "--cancel", flood)
        browser.close()
    print("\n".join(wrong) or f"{2 * len({**PAGES, **OTHERS})} pictures in {options.out}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
