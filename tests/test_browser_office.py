"""Duty, users and settings in a real browser: taking over by name, an account made, settings proposed by one and approved by another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from glasshouse import GlassHouse
from playwright.sync_api import Browser, expect
from test_browser import Desk

pytestmark = pytest.mark.browser
PORT = 28_600


@pytest.fixture
def house(tmp_path: Path) -> Iterator[GlassHouse]:
    with GlassHouse(tmp_path, PORT) as made:
        yield made


def test_duty_is_taken_by_whoever_names_the_open_alert_and_notes_are_set_right(
    chromium: Browser, house: GlassHouse
) -> None:
    desk = Desk(chromium, house)
    page = desk.page
    page.goto("/duty")
    post = page.locator("[data-post=dispatcher]")
    post.get_by_role("button", name="接班").click()
    desk.prove()
    expect(page.locator(".notice.bad")).to_contain_text("森林火险")
    page.locator(".mattered input").check()
    post.get_by_role("button", name="接班").click()
    expect(post.locator(".person")).to_contain_text("陈守夜")
    expect(post).to_contain_text("您在岗")
    post.get_by_role("button", name="交班").click()
    expect(page.locator(".notice.bad").last).to_contain_text("还没有人接班")
    page.fill(".write textarea", "雨大")
    page.get_by_role("button", name="记入值班簿").click()
    row = page.locator(".entries .written").first
    expect(row).to_contain_text("雨大")
    row.get_by_role("button", name="更正").click()
    page.fill(".write textarea", "雨停")
    page.get_by_role("button", name="记入值班簿").click()
    expect(page.locator(".entries .written")).to_have_count(2)
    expect(page.locator(".entries .struck")).to_contain_text("雨大")
    assert desk.said == []


def test_an_account_is_made_with_an_area_and_its_secret_shown_once(
    chromium: Browser, house: GlassHouse
) -> None:
    desk = Desk(chromium, house, "he")
    page = desk.page
    page.goto("/users")
    page.click("#new")
    page.fill("[name=operator]", "town1")
    page.fill("[name=name_zh]", "镇调度")
    page.fill("[name=name_en]", "Town")
    page.get_by_label("调度员").check()
    page.fill("#account [type=search]", "寿春镇")
    page.keyboard.press("Enter")
    expect(page.locator(".picked .chip")).to_have_count(1)
    page.get_by_role("button", name="建立账户").click()
    desk.prove()
    expect(page.locator("#secret")).to_contain_text("1a2b-3c4d")
    page.get_by_role("button", name="已告知").click()
    expect(page.locator("#secret")).to_have_count(0)
    row = page.locator("[data-operator=town1]")
    expect(row).to_contain_text("待本人更换")
    row.locator("summary").click()
    row.get_by_role("button", name="停用").click()
    expect(row).to_have_class("person-row closed")
    assert desk.said == []


def test_settings_are_checked_compared_proposed_and_approved_by_another(
    chromium: Browser, house: GlassHouse
) -> None:
    wu = Desk(chromium, house, "wu")
    page = wu.page
    page.goto("/settings")
    expect(page.locator("textarea")).to_have_value(re.compile("watch_h = 14"))
    text = page.locator("textarea").input_value()
    page.fill("textarea", text.replace("watch_h = 14", "watch_h = 99"))
    page.click("#check")
    expect(page.locator(".mistakes")).to_contain_text("people.watch_h")
    page.get_by_role("button", name="第 6 行").click()
    assert page.evaluate("getSelection().toString() || document.activeElement.tagName")
    page.fill("textarea", text.replace("watch_h = 14", "watch_h = 10"))
    page.click("#check")
    expect(page.locator("#found .added")).to_contain_text("+ watch_h = 10")
    expect(page.locator("#found .removed")).to_contain_text("− watch_h = 14")
    expect(page.locator("#found .meaning")).to_contain_text("播放器不停")
    page.get_by_role("button", name="提请批准").click()
    wu.prove()
    expect(page.locator("#proposal")).to_contain_text("须由他人批准")
    he = Desk(chromium, house, "he")
    he.page.goto("/settings")
    he.page.get_by_role("button", name="批准并采用").click()
    he.prove()
    expect(he.page.locator("#proposal")).to_have_count(0, timeout=9_000)
    he.page.get_by_role("button", name="载入编辑区").click()
    expect(he.page.locator("#found .added")).to_contain_text("watch_h = 14")
    assert wu.said == he.said == []


def test_what_one_may_not_is_not_in_the_bar(chromium: Browser, house: GlassHouse) -> None:
    desk = Desk(chromium, house)
    nav = desk.page.locator(".top nav")
    expect(nav).to_contain_text("值班")
    expect(nav).not_to_contain_text("用户")
    desk.page.goto("/settings")
    expect(desk.page.locator("main")).to_contain_text("仅限技术员与管理员")


@pytest.mark.parametrize(
    ("path", "who"), [("/duty", "wu"), ("/users", "he"), ("/settings", "wu"), ("/account", "chen")]
)
def test_pages_fit_desk_and_telephone_and_every_control_is_named(
    chromium: Browser, house: GlassHouse, path: str, who: str
) -> None:
    page = Desk(chromium, house, who, has_touch=True).page
    for width, height in ((1366, 768), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(path)
        page.wait_for_selector("main > :not(.onpaper)")
        page.wait_for_timeout(400)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
            f"{path} is too wide at {width}"
        )
        nameless = page.evaluate(
            """[...document.querySelectorAll('main button, main input, main select, main textarea')]
            .filter((one) => one.checkVisibility() && !(one.textContent.trim() || one.ariaLabel || one.labels?.length)).map((one) => one.outerHTML)"""
        )
        assert nameless == []
        small = page.evaluate(
            """[...document.querySelectorAll('main button, main select, main input:not([type=radio]):not([type=checkbox])')]
            .filter((one) => one.checkVisibility()).map((one) => [one.outerHTML.slice(0, 90), one.getBoundingClientRect()])
            .filter(([, box]) => box.width < 24 || box.height < 24).map(([text]) => text)"""
        )
        assert small == []
