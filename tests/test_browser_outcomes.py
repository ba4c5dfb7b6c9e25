"""However an action ends, the page says so; what cannot be pressed says why; what was silent says from when to when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from glasshouse import GlassHouse
from playwright.sync_api import Browser, Page, Route, expect
from test_browser import Desk, hold, until
from test_browser_compose import filled
from test_browser_lock import Review, version

pytestmark = pytest.mark.browser
PORT = 30_040
SIGN = "**/api/v1/commands/alert.sign"
HOLD = "按住鼠标"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GlassHouse]:
    with GlassHouse(tmp_path_factory.mktemp("outcomes"), PORT) as made:
        yield made


@pytest.fixture
def desk(chromium: Browser, house: GlassHouse) -> Iterator[Desk]:
    made = Desk(chromium, house)
    yield made
    assert made.said == []


def refusing(code: str, zh: str) -> Any:
    body = json.dumps({"code": code, "text": {"en": zh, "zh": zh}})
    return lambda route: route.fulfill(status=422, content_type="application/json", body=body)


def waiting(page: Page) -> None:
    page.goto("/alerts/wait-1")
    page.wait_for_selector("#sign")


def submitted(page: Page) -> None:
    """What the lone dispatcher wrote, on the night page, not signed yet."""
    page.goto("/alerts/new")
    page.wait_for_selector("#where:focus")
    page.evaluate("sessionStorage.clear()")
    page.reload()
    page.wait_for_selector("#where:focus")
    filled(page)
    page.click("#prepare")
    page.wait_for_selector("#pin-field:focus, #confirm:focus")
    if page.evaluate("document.getElementById('pin').open"):
        page.keyboard.type("2468")
        page.keyboard.press("Enter")
    page.wait_for_selector("#confirm:focus")


def test_too_many_wrong_pins_are_told_in_the_dialog_which_stays(desk: Desk) -> None:
    page, tries = desk.page, []

    def answer(route: Route) -> None:
        tries.append(route.request.post_data_json)
        code = "slow" if "pin" in tries[-1] and len(tries) > 2 else "unproven"
        refusing(code, "错误次数过多,请等待 30 秒" if code == "slow" else "PIN 不正确")(route)

    waiting(page)
    page.route(SIGN, answer)
    hold(page, what="#sign")
    for said in ("PIN 不正确", "PIN 不正确", "错误次数过多"):
        page.wait_for_selector(f"#pin-why:has-text('{said}')")
        page.wait_for_selector("#pin-field:focus")
        page.keyboard.type("1357")
        page.keyboard.press("Enter")
    page.wait_for_selector("#pin-field:focus")
    page.keyboard.press("Escape")
    expect(page.locator(".notice", has_text="已放弃,未执行")).to_be_visible()
    assert len({one["request"] for one in tries}) == 1, "one action of a person, one request"


def test_an_action_without_an_answer_says_that_it_waits_then_that_nobody_knows_and_is_sent_as_the_same(
    desk: Desk,
) -> None:
    page, tries = desk.page, []

    def answer(route: Route) -> None:
        tries.append(route.request.post_data_json["request"])
        if len(tries) == 1:
            page.wait_for_timeout(2_000)
            refusing("unavailable", "台站没有应答")(route)
        else:
            refusing("refused", "不行")(route)

    waiting(page)
    page.route(SIGN, answer)
    page.evaluate("window.seen = 0; new MutationObserver(() => { window.seen += document.querySelector('#notices').textContent.includes('正在等台站应答') }).observe(document.querySelector('#notices'), { childList: true })")  # fmt: skip
    hold(page, what="#sign")
    expect(page.locator(".notice.bad", has_text="台站没有应答:不知是否已执行")).to_be_visible(timeout=8_000)
    assert page.evaluate("window.seen > 0"), "while it waits it says so"
    expect(page.locator(".notice", has_text="正在等台站应答")).to_have_count(0)
    hold(page, what="#sign")
    expect(page.locator(".notice.bad", has_text="不行")).to_be_visible()
    assert len(tries) == 2 and tries[0] == tries[1]


def test_stop_without_a_seat_names_a_command_that_works_as_typed(desk: Desk, house: GlassHouse) -> None:
    page = desk.page
    page.goto("/terminals")
    refuse = {"code": "unknown", "text": {"en": "log in first", "zh": "请先登录"}}
    page.route(
        "**/api/v1/commands/alert.mute",
        lambda route: route.fulfill(status=401, content_type="application/json", body=json.dumps(refuse)),
    )
    page.keyboard.press("F8")
    expect(page.locator(".notice.bad", has_text="静音命令未送达")).to_contain_text(
        f"gengfu alert mute --state {house.state} --as chen"
    )
    desk.context.clear_cookies()
    page.goto("/login")
    expect(page.locator(".door")).to_contain_text(f"gengfu console --state {house.state},")


def test_a_time_that_is_none_is_marked_at_its_field_and_not_spoken(desk: Desk) -> None:
    page = desk.page
    page.goto("/alerts/new")
    page.wait_for_selector("#where:focus")
    page.select_option("#what-first", "dam")
    page.fill("[data-field=place]", "安丰塘")
    page.fill("[data-field=time]", "25:61")
    assert "25:61" not in page.inner_text(".spoken") and "安丰塘将于＿＿开始泄洪" in page.inner_text(
        ".spoken"
    )
    page.fill("#where", "南关")
    page.keyboard.press("Enter")
    page.click("#prepare")
    expect(page.locator("#lacking li")).to_have_count(1)
    expect(page.locator("#lacking")).to_contain_text("“25:61”不是时间")
    expect(page.locator("[data-field=time]")).to_have_attribute("aria-invalid", "true")
    page.fill("[data-field=time]", "15:30")
    expect(page.locator("#lacking")).to_be_hidden()
    assert "安丰塘将于15:30开始泄洪" in page.inner_text(".spoken")


def test_the_key_that_signs_says_what_it_waits_for(desk: Desk) -> None:
    page = desk.page

    def speechless(route: Route) -> None:
        found = route.fetch().json()
        route.fulfill(json={**found, "audio": None} if "audio" in found else found)

    page.route("**/api/v1/alerts/*", speechless)
    submitted(page)
    expect(page.locator("#send-why")).to_contain_text("语音还在合成")
    page.unroute("**/api/v1/alerts/*")
    page.reload()
    expect(page.locator("#send-why")).to_contain_text("请先键入确认词")
    page.fill("#confirm", "演练")
    expect(page.locator("#send-why")).to_contain_text("确认词不对")
    page.fill("#confirm", "真实")
    expect(page.locator("#send-why")).to_contain_text(HOLD)


def test_who_signs_his_own_words_types_the_confirm_word_on_the_alerts_page_too(desk: Desk) -> None:
    page = desk.page
    submitted(page)
    page.click("#needs a")
    page.wait_for_selector("#sign")
    expect(page.locator("#sign-why")).to_contain_text("请先键入确认词")
    page.fill("#confirm", "演练")
    expect(page.locator("#sign-why")).to_contain_text("确认词不对")
    hold(page, what="#sign")
    assert page.locator(".count4").count() == 0
    page.fill("#confirm", "真实")
    expect(page.locator("#sign-why")).to_be_hidden()
    hold(page, what="#sign")
    page.wait_for_selector(".live-counts .four")
    waiting(page)  # the words of another: read, heard, signed
    expect(page.locator("#confirm")).to_have_count(0)


def test_a_muted_alert_says_what_sounds_now_and_keeps_its_mutes(desk: Desk) -> None:
    page = desk.page
    submitted(page)
    page.fill("#confirm", "真实")
    until(page, "document.querySelector('#send').getAttribute('aria-disabled') === 'false'")
    hold(page)
    expect(page.locator(".reached")).to_contain_text("在响")
    expect(page.locator(".facts h2")).to_have_text("为什么在响")
    page.click("#mute")
    expect(page.locator(".reached")).to_contain_text("已静音 · 在响 0 /")
    expect(page.locator(".reached")).to_contain_text("静音前听到")
    expect(page.locator(".facts h2")).to_have_text("来由与审批")
    strip = page.locator(".strip.muted", has_text="山洪")
    strip.locator("input").fill("核实中")
    strip.locator("form button").click()
    expect(page.locator(".facts")).to_contain_text("静音中 · 陈守夜")
    strip.locator(".strip-act").click()
    page.wait_for_timeout(300)
    if page.evaluate("document.getElementById('pin').open"):
        page.keyboard.type("2468")
        page.keyboard.press("Enter")
    expect(page.locator(".facts .line", has_text="再次播发")).to_be_visible()
    here = page.url
    page.goto("/why?q=ngsq")
    facts = page.locator(".why-facts", has_text="核实中")
    expect(facts).to_contain_text("何时开始")
    expect(facts).to_contain_text("再次播发")
    page.goto(here)
    page.fill("form.acts input", "已查明")
    page.click("#cancel")
    expect(page.locator(".ended-reason")).to_be_visible()
    expect(page.locator(".facts .line", has_text="核实中")).to_contain_text(
        "陈守夜"
    )  # it is over: the mute is told
    page.goto("/why?q=ngsq")
    expect(page.locator("#why-past")).to_contain_text("核实中")
    page.goto("/safety")
    expect(page.locator("td", has_text="分 2 段").first).to_be_visible()


def test_the_submitter_reads_on_the_open_page_that_the_day_was_approved(
    chromium: Browser, tmp_path: Path
) -> None:
    review = Review(tmp_path)
    with review.house:
        review.submit(version(review.now, 1_200))
        made = Desk(chromium, review.house, "sun")
        page = made.page
        page.goto("/rundown?channel=fm1&day=" + review.sheet()["day"])
        expect(page.locator(".rd-review")).to_be_visible()
        review.sign("li", "wang", "zhao")
        expect(page.locator(".outcome")).to_contain_text("已批准生效")
        assert made.said == []
