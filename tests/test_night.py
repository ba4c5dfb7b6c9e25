"""The night page before a real station, in a real browser: submit, hear, hold, sounding, STOP, lift, cancel; and three signers for free text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import TimeoutError as TooLate
from rig import TOWN, Rig

pytestmark = [pytest.mark.browser, pytest.mark.slow]


class LongRig(Rig):
    """A rig whose alerts are repeated until they are stopped, however slow the browser is."""

    def _make(self, villages: int) -> None:
        super()._make(villages)
        path = self.home / "station.toml"
        path.write_text(
            path.read_text(encoding="utf-8").replace("repeats = 2", "repeats = 20"), encoding="utf-8"
        )


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    made = LongRig(tmp_path_factory.mktemp("night") / "station", spliceable=False)
    made.start()
    try:
        made.ready()
        yield made
    finally:
        made.stop()


class Seat:
    """One person's browser at the real panel."""

    def __init__(self, chromium: Browser, rig: Rig, operator: str) -> None:
        self.rig, self.login = rig, rig.logins[operator]
        context = chromium.new_context(
            viewport={"width": 1366, "height": 768},
            base_url=f"http://127.0.0.1:{rig.ports.panel}",
            locale="zh-CN",
        )
        self.page: Page = context.new_page()
        self.page.set_default_timeout(30_000)
        self.said: list[str] = []
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.goto("/login")
        self.page.fill("[name=operator]", operator)
        self.page.fill("[name=password]", self.login["password"])
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector(".sentence")

    def prove(self) -> None:
        """Type the PIN, where one is asked for."""
        try:
            self.page.wait_for_selector("#pin:not([hidden])", timeout=1_500)
        except TooLate:
            return
        self.page.keyboard.type(self.login["pin"])
        self.page.keyboard.press("Enter")

    def until(self, truth: str, seconds: float = 40.0) -> None:
        self.rig.wait(lambda: self.page.evaluate(truth), f"{truth}; the page said {self.said}", seconds)

    def hold(self) -> None:
        self.page.focus("#send")
        self.page.keyboard.down("Space")
        self.page.wait_for_timeout(2_300)
        self.page.keyboard.up("Space")


def newest(rig: Rig) -> dict[str, Any]:
    return rig.http("/alerts?limit=1", by="zhou")[0]


def village(rig: Rig) -> str:
    """A village with terminals."""
    found = [one for one in rig.http("/areas", by="zhou") if one["level"] == "village" and one["terminals"]]
    return str(found[0]["code"])


def fill_blanks(page: Page) -> None:
    for field in page.locator(".what label:not(.short):not(.kind) input").all():
        clock = field.get_attribute("placeholder") == "23:50"
        field.fill("23:50" if clock else {"number": "2"}.get(field.get_attribute("type") or "", "学校后山"))


def test_the_lone_dispatcher_hears_holds_mutes_lifts_and_cancels(chromium: Browser, rig: Rig) -> None:
    seat = Seat(chromium, rig, "zhao")
    page = seat.page
    page.goto("/alerts/new")
    seat.until("document.activeElement?.id === 'where'")
    page.keyboard.type(village(rig))
    page.wait_for_selector("#found li")
    page.keyboard.press("Enter")
    page.select_option("#what-first", "flash-flood")
    fill_blanks(page)
    page.keyboard.press("Control+Enter")
    seat.prove()
    page.wait_for_selector("#confirm:focus")
    expect(page.locator("#needs")).to_contain_text("您一人签名即播出")
    seat.until("document.querySelector('.hear audio').currentTime > 0.3")  # the station's own speech is heard
    first = newest(rig)
    assert first["signatures"] == [] and first["aired_at"] is None, "it was signed or aired by submission"
    assert rig.http("/overview", by="zhou")["channels"][0]["overlay"] == ""

    page.locator(".what input[type=number]").first.fill("3")  # changed: another alert
    rig.wait(lambda: newest(rig)["ended_how"], "the old draft is rejected")
    page.keyboard.press("Control+Enter")
    seat.prove()
    page.wait_for_selector("#confirm:focus")
    second = newest(rig)
    assert second["id"] != first["id"]
    seat.until("document.querySelector('.hear audio').currentTime > 0.3")
    page.focus("#confirm")
    page.keyboard.type("真实")
    seat.hold()
    seat.prove()
    page.wait_for_selector(".live-counts .four")
    many = second["counts"]["addressed"]
    for name in ("acknowledged", "playing", "heard"):
        expect(page.locator(f".count4.{name} strong")).to_have_text(str(many), timeout=20_000)
    rig.wait(
        lambda: rig.http("/overview", by="zhou")["channels"][0]["overlay"] == second["id"], "on the channel"
    )

    page.keyboard.press("F8")
    expect(page.locator(".count4.playing strong")).to_have_text("0", timeout=10_000)
    expect(page.locator(".strip.muted")).to_have_count(1)
    expect(page.locator(".strip.muted")).to_contain_text("赵调度")
    page.locator(".strip.muted input").fill("误播")
    page.keyboard.press("Enter")
    expect(page.locator(".strip.muted")).to_contain_text("误播")
    page.click(".strip-act")
    seat.prove()
    expect(page.locator(".strip.muted")).to_have_count(0)
    expect(page.locator(".count4.playing strong")).to_have_text(str(many), timeout=15_000)
    page.locator("form.acts input").fill("险情解除")
    page.click("#cancel")
    seat.prove()
    rig.wait(lambda: newest(rig)["ended_how"] == "cancelled", "it is cancelled")
    rig.wait(
        lambda: rig.http("/overview", by="zhou")["channels"][0]["overlay"] == "", "the programme is back"
    )
    assert seat.said == []


def test_free_text_waits_for_three_others(chromium: Browser, rig: Rig) -> None:
    seat = Seat(chromium, rig, "chen")
    page = seat.page
    page.goto("/alerts/new")
    page.fill("#where", TOWN)
    page.keyboard.press("Enter")
    page.select_option("#what-first", "")
    page.fill(".what input[maxlength='60']", "暴雨停课通知")
    page.fill(".what textarea", "因暴雨,今日全镇学校停课。")
    page.locator("[data-field=event]").select_option(index=1)
    page.locator("[data-field=level]").select_option("2")
    page.wait_for_selector("#guard")
    page.fill("#guard", page.inner_text(".reach strong >> nth=0"))
    page.click("#prepare")
    seat.prove()
    expect(page.locator("#needs")).to_contain_text("还需 3 人签审")
    for name in ("王审核(审核)", "张签发(签发)", "赵调度(值班调度)"):
        expect(page.locator("#needs")).to_contain_text(name)
    expect(page.locator("#needs")).not_to_contain_text("陈调度(")
    expect(page.locator("#send")).to_be_hidden()
    seat.until("document.querySelector('.hear audio').currentTime > 0.3")
    alert = newest(rig)
    for signer in ("wang", "zhang"):
        rig.command("alert.sign", {"alert": alert["id"], "content": alert["content"]}, by=signer)
    expect(page.locator("#needs")).to_contain_text("还需 1 人签审")
    assert newest(rig)["aired_at"] is None
    rig.command("alert.sign", {"alert": alert["id"], "content": alert["content"]}, by="zhao")
    page.wait_for_url("**/alerts/" + alert["id"])
    page.wait_for_selector(".live-counts .four")
    rig.command("alert.cancel", {"alert": alert["id"], "reason": "试验结束"}, by="zhao")
    rig.wait(lambda: newest(rig)["ended_how"] == "cancelled", "it is cancelled")
    assert seat.said == []
