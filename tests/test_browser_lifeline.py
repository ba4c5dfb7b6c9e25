"""A page whose data stop, in a real browser: it says so loudly within seconds, finds the cause, names what to do and whom to call, and goes on by itself."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from glasshouse import GlassHouse
from playwright.sync_api import Browser, expect
from test_browser import Desk, until

pytestmark = pytest.mark.browser
PORT = 30_000
STATION = "面板有应答,台站控制程序没有应答"
PANEL = "面板没有应答"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[GlassHouse]:
    with GlassHouse(tmp_path, PORT) as made:
        yield made


def halt(process: subprocess.Popen[str] | None) -> int:
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    return process.pid


def kill(process: subprocess.Popen[str] | None) -> None:
    assert process is not None
    process.kill()
    process.wait()


def says(desk: Desk, why: str, *more: str) -> None:
    """Within a few seconds the strip is there, with the cause, and the age counts on."""
    lost = desk.page.locator("#lost")
    expect(lost).to_be_visible(timeout=6_000)
    expect(lost).to_contain_text(why, timeout=8_000)
    for text in more:
        expect(lost).to_contain_text(text)
    first = desk.page.inner_text(".lost-age")
    expect(desk.page.locator(".lost-age")).not_to_have_text(first, timeout=2_500)
    assert desk.page.evaluate("document.title.startsWith('⚠')")


def goes_on(desk: Desk) -> None:
    """By itself, with live data, without a reload."""
    expect(desk.page.locator("#lost")).to_have_count(0, timeout=15_000)
    expect(desk.page.locator("#link-text")).to_contain_text("实时")
    expect(desk.page.locator(".notice").last).to_contain_text("数据已恢复")
    assert desk.page.evaluate("document.body.dataset.mine") == "kept", "the page was loaded anew"
    assert not desk.page.evaluate("document.title.startsWith('⚠')")


def test_whatever_fails_a_page_says_so_and_goes_on_by_itself(chromium: Browser, house: GlassHouse) -> None:
    desk = Desk(chromium, house)
    until(desk.page, "localStorage.getItem('gengfu-phones') !== null")
    desk.page.goto("/journal")
    desk.page.wait_for_selector(".journal tr")
    desk.page.evaluate("document.body.dataset.mine = 'kept'")
    number = house.api("/contacts", house.bearer())[0]["phone"]

    hung = halt(house.station)
    says(desk, STATION, "打电话", number, "手动切断")
    os.kill(hung, signal.SIGCONT)
    goes_on(desk)

    house.kill_station()
    says(desk, STATION)
    house.start_station()
    goes_on(desk)

    hung = halt(house.panel)
    says(desk, PANEL, number, f"gengfu console --state {house.state}")
    desk.page.click(".top nav a[href='/']")  # would take the page and its telephones away
    expect(desk.page.locator(".notice.bad").last).to_contain_text("已为您留在本页")
    assert desk.page.url.endswith("/journal")
    os.kill(hung, signal.SIGCONT)
    goes_on(desk)

    kill(house.panel)
    says(desk, PANEL)
    house.start_panel()
    goes_on(desk)

    desk.context.set_offline(True)
    kill(house.panel)  # the line that was open is cut as well
    says(desk, "本机没有网络")
    house.start_panel()
    desk.context.set_offline(False)
    goes_on(desk)
    assert desk.said == []


def test_stop_pressed_while_the_station_hangs_says_so_and_arrives(
    chromium: Browser, house: GlassHouse
) -> None:
    desk = Desk(chromium, house)
    page = desk.page
    page.evaluate("localStorage.setItem('gengfu-phones', '{\"at\": 9e15, \"lines\": [null, 7, {}]}')")
    hung = halt(house.station)
    page.keyboard.press("F8")
    expect(page.locator(".notice.bad").first).to_contain_text("台站尚未应答", timeout=3_000)
    os.kill(hung, signal.SIGCONT)
    expect(page.locator(".strip.muted")).to_have_count(1, timeout=10_000)
    assert desk.said == [], "a telephone list that is none broke the page"


def test_a_page_opened_while_the_station_is_away_opens_when_it_is_back(
    chromium: Browser, house: GlassHouse
) -> None:
    desk = Desk(chromium, house)
    page = desk.page
    until(page, "localStorage.getItem('gengfu-phones') !== null")
    number = house.api("/contacts", house.bearer())[0]["phone"]
    house.kill_station()
    page.goto("/safety")
    expect(page.locator("#phones")).to_contain_text(number)
    expect(page.locator("#retry")).to_contain_text("自动重试")
    house.start_station()
    expect(page.locator("h1")).to_have_text("安全播出", timeout=10_000)
    assert desk.said == []
