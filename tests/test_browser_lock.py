"""Signing a rundown near air: what the locked zone will refuse and from when is said before one signs, what it kept afterwards."""

from __future__ import annotations

import csv
import io
import time
from pathlib import Path

import pytest
from fake_rundown import COLUMNS, US, csv_of
from glasshouse import GlassHouse
from playwright.sync_api import Browser, expect
from test_browser import Desk
from test_web_panel import uuid7

pytestmark = pytest.mark.browser
PORT = 30_020


def clock(at: int) -> str:
    return time.strftime("%H:%M:%S", time.gmtime(at // US + 8 * 3600))


def version(now: int, song_in: int, news: str = "寿县新闻") -> str:
    """News that is on the air now, weather within the locked zone, a song `song_in` seconds from now."""
    planned = [(-300, news, "roads"), (200, "天气预报", "weather"), (song_in, "老歌经典", "songs")]
    empty = dict.fromkeys(COLUMNS, "")
    return csv_of(
        [
            {
                **empty,
                "start": clock(now + at * US),
                "mode": "soft",
                "title": title,
                "media": f"{name}.flac",
                "id": name,
            }
            for at, title, name in planned
        ]
    )


class Review:
    """A house whose day is known, and signatures given elsewhere."""

    def __init__(self, where: Path) -> None:
        self.now = int(time.time()) * US
        self.house = GlassHouse(where, PORT)
        self.house.state.mkdir(parents=True)
        (self.house.state / "first.csv").write_text(version(self.now, 900), encoding="utf-8")

    def sheet(self) -> dict:  # type: ignore[type-arg]
        found: dict = self.house.api("/rundown/sheet?channel=fm1", self.house.bearer())  # type: ignore[type-arg]
        return found

    def command(self, who: str, name: str, body: dict[str, str]) -> None:
        sent = {
            "request": uuid7(),
            "body": {"channel": "fm1", "day": self.sheet()["day"], **body},
            "pin": "2468",
        }
        status, _, said = self.house.ask("POST", f"/api/v1/commands/{name}", sent, self.house.bearer(who))
        assert status == 200, said

    def submit(self, csv: str) -> None:
        self.command("sun", "rundown.submit", {"csv": csv})

    def sign(self, *who: str) -> None:
        content = self.sheet()["waiting"]["content"]
        for one in who:
            self.command(one, "rundown.sign", {"content": content, "verdict": "approve", "reason": ""})


def test_the_signer_reads_until_when_which_lines_and_then_what_was_kept(
    chromium: Browser, tmp_path: Path
) -> None:
    review = Review(tmp_path)
    with review.house as house:
        review.submit(version(review.now, 960))
        desk = Desk(chromium, house, "zhao")
        page = desk.page
        page.goto("/rundown")
        zone, closes = page.locator(".rd-review .zone"), clock(review.now + 600 * US)
        expect(zone).to_contain_text(f"须在 {closes} 前签齐")
        expect(zone).to_contain_text("整份会被拒绝:《老歌经典》")
        left = zone.locator("[data-until]")
        before = left.inner_text()
        expect(left).not_to_have_text(before)
        expect(zone).to_contain_text("天气预报")  # stays, whatever is signed
        expect(page.locator(".rd-diff .from")).to_have_text(f"{closes} 起锁定")
        review.sign("li", "wang")
        page.get_by_role("button", name="签审通过").click()
        desk.prove()
        done = page.locator(".outcome")
        expect(done).to_contain_text("已批准生效")
        expect(done).to_contain_text("天气预报")
        expect(done).to_contain_text(f"第一处变动:{clock(review.now + 900 * US)}")
        assert desk.said == []


def test_what_is_locked_in_a_draft_is_put_back_by_a_key_and_the_rest_stays(
    chromium: Browser, tmp_path: Path
) -> None:
    review = Review(tmp_path)
    with review.house as house:
        rows = list(csv.DictReader(io.StringIO(version(review.now, 900))))
        weather, song = rows[1], rows[2]
        weather["start"], song["start"] = (
            song["start"],
            weather["start"],
        )  # when the zone had not reached them
        new = {**weather, "start": "", "mode": "", "title": "补一条", "media": "law.flac", "id": "new"}
        rows = [
            rows[0],
            new,
            song,
            {**weather, "title": "天气预报(晚)"},
            {**new, "title": "尾条", "id": "last"},
        ]
        desk = Desk(chromium, house, "sun")
        page = desk.page
        page.evaluate(
            "([day, rows]) => localStorage.setItem(`gengfu.draft.sun.fm1.${day}`, JSON.stringify({ base: null, rows }))",
            [review.sheet()["day"], rows],
        )
        page.goto("/rundown")
        expect(page.locator(".rd-checks .pill")).to_contain_text("须改正")
        expect(page.get_by_role("button", name="撤销")).to_be_disabled()
        page.get_by_role("button", name="锁定的节目改回原样").click()
        expect(page.locator(".rd-checks .pill")).to_have_text("可以提交")
        shown = [one.split()[-1] for one in page.locator(".rd-item .c-title").all_inner_texts()]
        assert shown == ["寿县新闻", "天气预报", "补一条", "老歌经典", "尾条"]
        page.locator(".rd-item").nth(3).click()
        expect(page.locator("[data-field=start]")).to_have_value(clock(review.now + 900 * US))
        page.keyboard.press("Control+z")
        expect(page.locator(".rd-list")).to_contain_text("天气预报(晚)")
        assert desk.said == []


def test_what_the_zone_has_reached_is_said_not_to_be_approvable_and_refused_so(
    chromium: Browser, tmp_path: Path
) -> None:
    review = Review(tmp_path)
    with review.house as house:
        review.submit(version(review.now, 960))
        review.sign("li", "wang")
        (house.state / "shift").write_text("700", encoding="utf-8")  # the hands of the clock go on
        desk = Desk(chromium, house, "zhao")
        page = desk.page
        page.goto("/language/en?to=/rundown")
        zone = page.locator(".rd-review .zone")
        expect(zone).to_contain_text("It cannot be approved now")
        expect(zone).to_contain_text("may be approved")  # again, when these have passed
        page.get_by_role("button", name="Sign", exact=True).click()
        desk.prove()
        expect(page.locator(".outcome.bad")).to_contain_text("Not approved, the rundown stays as it was")
        assert review.sheet()["waiting"] is not None
        assert desk.said == []
