"""The night page says what it needs to know and what it will do: an unknown village, empty fields, how long, which channels; and the PIN's dialog holds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from glasshouse import GlassHouse
from playwright.sync_api import Browser, Page, expect
from test_browser import Desk, hold, until

pytestmark = pytest.mark.browser
PORT = 30_010


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GlassHouse]:
    with GlassHouse(tmp_path_factory.mktemp("compose"), PORT) as made:
        yield made


@pytest.fixture
def page(chromium: Browser, house: GlassHouse) -> Iterator[Page]:
    desk = Desk(chromium, house)
    desk.page.goto("/alerts/new")
    desk.page.wait_for_selector("#where:focus")
    yield desk.page
    assert desk.said == []


def filled(page: Page) -> None:
    page.fill("#where", "南关")
    page.keyboard.press("Enter")
    fields = page.locator(".what input:not([type=radio])")
    for field, text in zip(fields.all()[:3], ("甲村", "120", "学校后山路"), strict=True):
        field.fill(text)


def test_an_unknown_village_is_said_to_be_unknown_and_near_ones_are_offered_not_taken(page: Page) -> None:
    page.keyboard.type("南官社区")
    expect(page.locator(".nofound")).to_contain_text("没有“南官社区”")
    names = page.locator("#found li b").all_inner_texts()
    assert "南关社区居委会" in names
    page.keyboard.press("Enter")  # a guess is never chosen by the key that chooses what fits
    assert page.locator(".chip").count() == 0
    for _ in range(1 + names.index("南关社区居委会")):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".chip")).to_contain_text("南关社区居委会")
    expect(page.locator(".nofound")).to_be_hidden()
    page.keyboard.type("xhsg")  # one letter off 西湖社区
    expect(page.locator(".nofound")).to_contain_text("是不是")
    page.fill("#where", "巴黎")
    expect(page.locator(".nofound")).to_contain_text("也没有相近的名称")
    assert page.locator("#found li").count() == 0
    page.fill("#where", "南关社区居委会")
    expect(page.locator(".nofound")).to_contain_text("已经选上")


def test_each_missing_field_is_named_beside_it_and_the_list_shrinks_as_they_are_filled(page: Page) -> None:
    page.click("#prepare")
    expect(page.locator("#lacking li")).to_have_count(4)
    expect(page.locator("#where")).to_be_focused()
    expect(page.locator(".searching .lack")).to_have_text("还没有选区域")
    beside = page.locator(".blanks label").first
    expect(beside.locator(".lack")).to_contain_text("没有填")
    expect(beside.locator("input")).to_have_attribute("aria-invalid", "true")
    page.locator("#lacking button").nth(1).click()
    expect(beside.locator("input")).to_be_focused()
    page.keyboard.type("甲村")
    expect(page.locator("#lacking li")).to_have_count(3)
    expect(beside.locator(".lack")).to_have_count(0)
    page.fill("#minutes", "0")
    expect(page.locator(".lasting .lack")).to_contain_text("1 至")
    page.fill("#minutes", "5")
    page.fill("#where", "南关")
    page.click("#prepare")
    expect(page.locator(".searching .lack")).to_contain_text("还没选上")  # typed, but not taken
    alerts = page.evaluate("fetch('/api/v1/alerts').then((answer) => answer.json())")
    assert len(alerts) == 2, "something was submitted"


def test_a_name_left_in_the_field_is_not_left_out_unsaid(page: Page) -> None:
    filled(page)
    page.fill("#where", "巴黎")
    page.click("#prepare")
    expect(page.locator("#lacking li")).to_have_count(1)
    expect(page.locator(".searching .lack")).to_contain_text("“巴黎”没有选上")
    page.fill("#where", "")
    expect(page.locator("#lacking")).to_be_hidden()
    alerts = page.evaluate("fetch('/api/v1/alerts').then((answer) => answer.json())")
    assert len(alerts) == 2, "something was submitted"


def test_it_says_before_signing_how_long_and_which_channels_and_how_many_terminals(page: Page) -> None:
    filled(page)
    expect(page.locator("#sums")).to_contain_text("12 个终端")
    expect(page.locator("#sums .taken")).to_contain_text("中断频道 1 个")
    expect(page.locator("#sums .taken b")).to_have_text("寿县综合广播")
    expect(page.locator("#ends")).to_contain_text("播 3 遍即自动结束(约")
    expect(page.locator("#ends")).to_contain_text("最迟 15 分钟")
    page.select_option("#what-first", "")
    page.locator("select").nth(2).select_option("4")  # blue: the programme goes on below
    expect(page.locator("#sums .taken")).to_contain_text("压低节目声")
    page.fill(".what textarea", "请注意防范。" * 60)
    page.fill("#minutes", "1")
    expect(page.locator("#ends")).to_contain_text("播不完 3 遍")


def test_whoever_signs_reads_which_channels_it_takes(chromium: Browser, house: GlassHouse) -> None:
    page = Desk(chromium, house, "li").page
    page.goto("/alerts/wait-1")
    expect(page.locator(".live-counts .taken")).to_contain_text("中断频道 1 个: 寿县综合广播")


def test_a_long_state_does_not_squeeze_the_list_of_alerts_on_a_telephone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/language/en?to=/alerts")
    page.wait_for_selector("table .level")
    heights = page.evaluate(
        "() => { for (const one of document.querySelectorAll('table .pill')) one.textContent = 'held back for a look, a person is called';"
        " return [...document.querySelectorAll('table .level')].map((one) => one.offsetHeight); }"
    )
    assert max(heights) <= 48, "a level stands on more than two lines"
    page.goto("/language/zh?to=/alerts")


def test_the_pin_is_a_dialog_that_holds_the_focus_and_leaves_stop_within_reach(page: Page) -> None:
    filled(page)
    page.click("#prepare")
    page.wait_for_selector("#pin-field:focus")
    for _ in range(9):  # round and round, and never out of it
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body || document.activeElement.closest('#pin') !== null"
        )
    box = page.locator("#prepare").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 5, box["y"] + 5)  # behind it: out of reach
    assert page.evaluate("document.getElementById('pin').open")
    page.keyboard.press("Escape")
    until(page, "!document.getElementById('pin').open")
    expect(page.locator("#prepare")).to_be_focused()
    assert len(page.evaluate("fetch('/api/v1/alerts').then((answer) => answer.json())")) == 2
    page.keyboard.press("Enter")
    page.wait_for_selector("#pin-field:focus")
    page.click("#pin-stop")
    until(page, "document.querySelector('.strip.muted') !== null")
    assert page.evaluate("document.getElementById('pin').open"), "STOP asks for nothing and ends nothing"
    told, reach = (page.locator(one).bounding_box() for one in (".notice:visible", ".night"))
    assert told and reach and told["y"] + told["height"] <= reach["y"], (
        "it covers no figure of the night page"
    )
    page.keyboard.press("F8")
    page.keyboard.press("Escape")


def test_enter_takes_no_other_village_in_place_of_one_that_is_chosen(page: Page) -> None:
    for _ in range(2):  # the second time by mistake
        page.fill("#where", "南关")
        page.keyboard.press("Enter")
    expect(page.locator(".chip")).to_have_count(1)
    expect(page.locator(".nofound")).to_contain_text("“南关社区居委会”已经选上了")
    others = page.locator("#found li b").all_inner_texts()
    assert others and "南关社区居委会" not in others
    page.keyboard.press("ArrowDown")  # one of the others: only where it is meant
    page.keyboard.press("Enter")
    expect(page.locator(".chip")).to_have_count(2)


def test_free_text_is_shown_as_it_will_be_spoken_and_asks_for_its_event(page: Page) -> None:
    page.select_option("#what-first", "")
    expect(page.locator(".spoken")).to_have_text("")
    page.click("#prepare")
    expect(page.locator("#lacking")).to_contain_text("没有选级别")  # the template's is not taken over
    page.locator("[data-field=level]").select_option("2")
    page.fill(".what input[maxlength='60']", "停课通知")
    page.fill(".what textarea", "今日停课。")
    expect(page.locator(".spoken")).to_have_text("橙色预警:停课通知。今日停课。")
    page.fill(".what input[maxlength='60']", "暴雨橙色预警!")
    expect(page.locator(".spoken")).to_have_text("暴雨橙色预警!今日停课。")
    page.click("#prepare")
    expect(page.locator("#lacking")).to_contain_text("没有选事件")
    page.fill("[data-field=event-search]", "no such thing")
    expect(page.locator("[data-field=event] option")).to_have_text("没有“no such thing”这一事件")
    page.fill("[data-field=event-search]", "山洪")  # of three hundred these few; none is taken unasked
    expect(page.locator("[data-field=event] option").first).to_contain_text("项相符")
    assert page.locator("[data-field=event]").input_value() == ""
    page.fill(
        "[data-field=event-search]",
        page.locator("[data-field=event] option").nth(1).get_attribute("value") or "",
    )
    page.keyboard.press("Enter")
    expect(page.locator("[data-field=event]")).to_be_focused()
    expect(page.locator("#lacking")).not_to_contain_text("没有选事件")
    page.fill("[data-field=event-search]", "")
    assert page.locator("[data-field=event]").input_value() != ""


def test_after_an_alert_was_on_the_air_the_next_begins_with_an_empty_form(page: Page) -> None:
    filled(page)
    aired = page.evaluate(
        "fetch('/api/v1/alerts').then((a) => a.json()).then((all) => all.find((one) => one.aired_at).id)"
    )
    page.evaluate(
        "(id) => { const [key] = Object.keys(sessionStorage).filter((one) => one.startsWith('gengfu-night'));"
        " sessionStorage[key] = JSON.stringify({ ...JSON.parse(sessionStorage[key]), sent: id }); }",
        aired,
    )
    page.reload()
    expect(page.locator(".chip")).to_have_count(0)
    expect(page.locator(".spoken")).not_to_contain_text("甲村")
    page.reload()  # and it stays empty
    expect(page.locator("#found")).to_be_attached()
    expect(page.locator(".chip")).to_have_count(0)


def test_the_page_of_an_ended_alert_can_be_read_and_says_who_ended_it_and_why(
    chromium: Browser, house: GlassHouse
) -> None:
    desk = Desk(chromium, house)
    page = desk.page
    page.goto("/alerts/new")
    page.wait_for_selector("#where:focus")
    filled(page)
    page.click("#prepare")
    desk.prove()
    page.fill("#confirm", "真实")
    until(page, "document.querySelector('#send').getAttribute('aria-disabled') === 'false'")
    hold(page, what="#send")
    page.wait_for_selector("#mute")
    aired = page.url.rpartition("/")[2]
    page.focus("form.acts input")
    page.keyboard.type("区域")
    page.evaluate("document.querySelector('#mute').click()")  # as if another had muted it meanwhile
    expect(page.locator("#mute")).to_have_count(0)
    page.keyboard.type("有误")  # the tile was drawn anew around the field
    page.click("#cancel")
    expect(page.locator(".ended-reason")).to_contain_text("理由:区域有误")
    expect(page.locator(".facts .line", has=page.locator(".ended-reason"))).to_contain_text("chen")
    colour, ground = page.evaluate(
        "[getComputedStyle(document.querySelector('.alert-head h1')).color,"
        " getComputedStyle(document.querySelector('.alert-head')).backgroundColor]"
    )
    light = [sum(map(int, one[one.index("(") + 1 : -1].split(",")[:3])) for one in (colour, ground)]
    assert abs(light[0] - light[1]) > 400, (colour, ground)
    page.goto("/journal")
    owed = page.locator(".strip.owed")
    expect(owed).to_contain_text("山洪灾害红色预警")  # its headline, and no number, though it is over
    expect(owed).not_to_contain_text(aired)
    expect(page.locator(".strip.muted", has_text="山洪")).to_have_count(0)  # nothing is left to be silent
    page.fill(".strip.owed input", "区域有误")
    page.keyboard.press("Enter")
    expect(owed).to_have_count(0)
    assert desk.said == []
