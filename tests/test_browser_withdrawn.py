"""撤播 in a real browser: held for two seconds on the page On air, listed on it, given back by another person with a PIN; what waits for its key, and a studio, are put on air there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from glasshouse import GlassHouse
from playwright.sync_api import Browser, expect
from test_browser import Desk, hold

pytestmark = pytest.mark.browser


@pytest.fixture
def house(tmp_path: Path) -> Iterator[GlassHouse]:
    with GlassHouse(tmp_path, 27_740) as made:
        yield made


def test_a_medium_is_withdrawn_by_holding_its_button_and_given_back_by_another(
    chromium: Browser, house: GlassHouse
) -> None:
    chen = Desk(chromium, house)
    title = chen.page.locator(".channel .current h2").first.inner_text()
    button = ".channel .acts button"
    expect(chen.page.locator(button).first).to_contain_text("撤播")
    hold(chen.page, 0.4, button)
    assert chen.page.locator(".withdrawn").is_hidden()
    hold(chen.page, 2.3, button)
    row = chen.page.locator(".withdrawn li")
    expect(row).to_contain_text(title)
    expect(row).to_contain_text("须另一名签审人员恢复")
    assert row.get_by_role("button").count() == 0

    chen.page.locator(".channel .next button").get_by_text("提为下一条").first.click()
    expect(chen.page.locator("body")).to_contain_text("下一条:《")
    hold(chen.page, 1.0, ".channel .acts button:nth-child(2)")
    expect(chen.page.locator("body")).to_contain_text("即将播出《")
    waiting = chen.page.locator(".channel").first.locator(".prepared li")
    expect(waiting.nth(1)).to_contain_text("临近定时开始")
    assert waiting.nth(1).get_by_role("button").nth(1).is_disabled()
    hold(chen.page, 1.0, ".prepared li:first-child button:first-child")
    expect(chen.page.locator("body")).to_contain_text("即将插播《停水通知》")

    relay = chen.page.locator(".relay")
    expect(relay).to_contain_text("2/3 路正常")
    assert relay.get_by_text("延长 15 分").locator("..").is_disabled(), "nobody signed that"
    hold(chen.page, 1.0, ".relay-air button:first-child")
    expect(chen.page.locator("body")).to_contain_text("已延长 1 分钟")
    hold(chen.page, 1.0, ".relay .ways tr:nth-child(2) button")
    expect(chen.page.locator("body")).to_contain_text("已请求换至第 2 路")

    studio = chen.page.locator(".channel").first.locator(".studio")
    expect(studio).to_contain_text("热线直播")
    expect(studio).to_contain_text("延时 7 秒")
    hold(chen.page, 1.0, ".channel:first-child .studio li button:first-child")
    studio.get_by_role("button", name="甩播").click()
    expect(chen.page.locator("body")).to_contain_text("延时里的内容不会播出")
    hold(chen.page, 1.0, ".channel:first-child .studio .deeds button:last-child")
    expect(studio.get_by_role("button", name="甩播")).to_have_count(0)

    wang = Desk(chromium, house, "wang")
    assert wang.page.locator(".relay button.hold").count() == 0
    assert wang.page.locator(button).count() == 0, "a reviewer takes nothing off the air"
    assert wang.page.locator(".prepared").first.is_hidden() and wang.page.locator(".studio").first.is_hidden()
    wang.page.locator(".withdrawn li").get_by_role("button", name="恢复播出").click()
    wang.prove()
    expect(wang.page.locator(".withdrawn")).to_be_hidden()
    assert chen.said == wang.said == []
