"""A dispatcher's shift in a real browser: log-in, an alert by template, signatures, STOP, language, stale data, keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import seats
from glasshouse import GlassHouse
from made_day import CLOCK
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser
PORT = 28_200
BROADCAST_DAY = """() => import(document.querySelector('script[src*="/js/"]').src.replace(/[^/]*$/, 'core.js'))
    .then((core) => core.broadcastDay(core.now()))"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GlassHouse]:
    """A house for tests that only look: started once."""
    with GlassHouse(tmp_path_factory.mktemp("shown"), PORT + 10) as made:
        yield made


@pytest.fixture(scope="module")
def looking(chromium: Browser, shown: GlassHouse) -> Desk:
    """A seat in it, with a touch screen."""
    return Desk(chromium, shown, has_touch=True)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[GlassHouse]:
    with GlassHouse(tmp_path, PORT) as made:
        yield made


class Desk:
    """One person's browser; whatever its console complains of is kept."""

    def __init__(
        self, chromium: Browser, house: GlassHouse, operator: str = "chen", typed: bool = False, **more: Any
    ) -> None:
        options = {"viewport": {"width": 1366, "height": 768}, "base_url": house.address, "locale": "zh-CN"}
        self.page: Page
        self.context, self.page = seats.sit(chromium, **options, **more)
        self.said: list[str] = []
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on(
            "console", lambda one: self.said.append(one.text) if "Content Security" in one.text else None
        )
        if typed:
            self.page.goto("/login")
            self.page.fill("[name=operator]", operator)
            self.page.fill("[name=password]", "night-watch")
            self.page.keyboard.press("Enter")
        else:
            self.context.add_cookies([house.cookie(operator)])
            self.page.goto("/")
        self.page.wait_for_selector(".sentence")

    def prove(self) -> None:
        self.page.wait_for_selector("#pin:not([hidden])")
        self.page.keyboard.type("2468")
        self.page.keyboard.press("Enter")


def hold(page: Page, seconds: float = 2.3, what: str = "#send") -> None:
    page.focus(what)
    page.keyboard.down("Space")
    page.wait_for_timeout(seconds * 1000)
    page.keyboard.up("Space")


def until(page: Page, truth: str, seconds: float = 6.0) -> None:
    """Until the expression is true in the page; polled from here, for the page's policy allows no evaluation of its own."""
    for _ in range(int(seconds * 20)):
        if page.evaluate(truth):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"not within {seconds} s: {truth}")


def test_one_dispatcher_sends_a_template_by_keyboard_alone(chromium: Browser, house: GlassHouse) -> None:
    desk = Desk(chromium, house, typed=True)
    page = desk.page
    page.goto("/alerts/new")
    page.wait_for_selector("#where:focus")
    page.keyboard.type("ngsq")  # 南关社区 by its initials
    page.wait_for_selector("#found li")
    page.keyboard.press("Enter")
    expect(page.locator(".reach strong").first).to_have_text("1")
    page.keyboard.press("Enter")  # nothing typed: on to what to say
    page.wait_for_selector("#what-first:focus")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    for text in ("双井庄", "120", "学校后山路"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Control+Enter")
    desk.prove()
    page.wait_for_selector("#confirm:focus")
    assert "双井庄上游水位上涨120厘米" in page.inner_text(".spoken")
    expect(page.locator("#needs")).to_contain_text("您一人签名即播出")
    until(page, "document.querySelector('.hear audio').currentTime > 0.1")  # it is heard at once
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.wait_for_selector("#hear:focus")
    page.keyboard.press("Enter")  # paused, and heard again, by keyboard
    until(page, "document.querySelector('.hear audio').paused")
    page.keyboard.press("Enter")
    until(page, "!document.querySelector('.hear audio').paused")
    hold(page)  # not confirmed
    assert page.url.endswith("/alerts/new")
    page.focus("#confirm")
    page.keyboard.type("zs")
    hold(page, 0.5)  # too short
    assert page.url.endswith("/alerts/new")
    alert = page.evaluate("fetch('/api/v1/alerts').then((answer) => answer.json())")[0]
    assert alert["aired_at"] is None, "it aired before the key was held"
    assert alert["signatures"] == [], "to submit is no signature"
    hold(page)
    page.wait_for_selector(".live-counts .four")
    expect(page.locator(".alert-head")).to_contain_text("山洪灾害红色预警")
    expect(page.locator(".count4.playing strong")).not_to_have_text("0")
    expect(page.locator("#banner .strip.live.actual")).to_be_visible()
    assert page.evaluate("document.body.classList.contains('frame-real')")
    assert desk.said == []


def test_the_four_counts_stand_apart(chromium: Browser, house: GlassHouse) -> None:
    desk = Desk(chromium, house)
    page = desk.page
    page.goto("/alerts/wait-1")
    page.wait_for_selector("#sign")
    hold(page, what="#sign")
    desk.prove()
    page.wait_for_selector(".four")
    expect(page.locator(".count4.heard strong")).not_to_have_text("0")
    shown = {
        name: int(page.inner_text(f".count4.{name} strong"))
        for name in ("ordered", "acknowledged", "playing", "heard", "offline")
    }
    assert shown["ordered"] + shown["offline"] == 36
    assert shown["heard"] <= shown["acknowledged"] <= shown["ordered"]


def test_three_people_sign_free_text_before_it_sounds(chromium: Browser, house: GlassHouse) -> None:
    first = Desk(chromium, house)
    page = first.page
    page.goto("/alerts/new")
    page.fill("#where", "340422100")
    page.keyboard.press("Enter")
    page.select_option("#what-first", "")
    page.fill(".what input[maxlength='60']", "暴雨停课通知")
    page.fill(".what textarea", "因暴雨,今日全镇学校停课。")
    page.locator("[data-field=event]").select_option(index=1)
    page.locator("[data-field=level]").select_option("3")
    page.click("#prepare")
    page.wait_for_selector("#guard")  # a whole township: more than was expected
    alerts = page.evaluate("fetch('/api/v1/alerts').then((answer) => answer.json())")
    assert len(alerts) == 2, "it was submitted before the number of villages was typed"
    page.fill("#guard", "24")
    page.click("#prepare")
    first.prove()
    expect(page.locator("#needs")).to_contain_text("还需 3 人签审")
    expect(page.locator("#needs")).to_contain_text("赵签(签发)")
    expect(page.locator("#send")).to_be_hidden()  # nothing to hold: he may not sign his own words
    until(page, "document.querySelector('.hear audio').currentTime > 0.1")
    address = page.get_attribute("#needs a", "href")
    assert address is not None
    author = Desk(chromium, house)
    author.page.goto(address)
    expect(author.page.locator("#own-words")).to_have_text("您起草的预警须由他人签发。")
    for operator in ("li", "wang", "zhao"):
        desk = Desk(chromium, house, operator)
        desk.page.goto(address)
        if operator == "zhao":  # the last signature airs it: a click does nothing, it is held
            desk.page.click("#sign")
            desk.page.wait_for_timeout(300)
            assert (
                "已签 2 / 3" in page.inner_text("#needs")
                or desk.page.locator(".live-counts .four").count() == 0
            )
            hold(desk.page, what="#sign")
        else:
            desk.page.click("#sign")
        desk.prove()
        desk.page.wait_for_selector(
            ".signatures .given:has-text('审'), .signatures .given:has-text('核'), .signatures .given:has-text('签')"
        )
        assert desk.said == []
    page.wait_for_selector(".four")
    expect(page.locator(".alert-head")).to_contain_text("播发中")


def test_the_night_page_keeps_what_was_typed_and_submitted(chromium: Browser, house: GlassHouse) -> None:
    desk = Desk(chromium, house)
    page = desk.page
    page.goto("/alerts/new")
    page.fill("#where", "南关")
    page.keyboard.press("Enter")
    fields = page.locator(".what input:not([type=radio])")
    for field, text in zip(fields.all()[:3], ("丁村", "3", "戊路"), strict=True):
        field.fill(text)
    page.goto("/terminals")
    page.goto("/alerts/new")
    expect(fields.first).to_have_value("丁村")
    assert "丁村" in page.inner_text(".spoken") and page.locator(".chip").count() == 1
    page.click("#prepare")
    desk.prove()
    expect(page.locator("#needs")).to_contain_text("播后还须补签 1 人")
    page.goto("/journal")
    page.goto("/alerts/new")
    expect(page.locator("#needs")).to_contain_text("您一人签名即播出")
    expect(page.locator("#confirm")).to_be_visible()
    alerts = page.evaluate("fetch('/api/v1/alerts').then((answer) => answer.json())")
    assert [one["ended_how"] for one in alerts[:1]] == [""], (
        "the same alert goes on; nothing was submitted twice"
    )
    fields.first.fill("己村")  # changed: the old one is withdrawn
    until(
        page,
        "fetch('/api/v1/alerts').then((answer) => answer.json()).then((all) => all[0].ended_how === 'refused')",
    )
    assert desk.said == []


def test_who_may_not_compose_is_told_so(chromium: Browser, house: GlassHouse) -> None:
    desk = Desk(chromium, house, "li")
    desk.page.goto("/alerts/new")
    expect(desk.page.locator(".page-head")).to_contain_text("没有拟发预警的权限")
    expect(desk.page.locator("#prepare")).to_be_disabled()
    expect(desk.page.locator("#where")).to_be_disabled()
    expect(desk.page.locator("#stop")).to_be_visible()


def test_stop_is_sent_again_until_the_station_is_back(chromium: Browser, house: GlassHouse) -> None:
    desk = Desk(chromium, house)
    page = desk.page
    page.goto("/")
    tries = []
    page.route(
        "**/api/v1/commands/alert.mute",
        lambda route: (
            tries.append(route.request.post_data_json),
            route.abort() if len(tries) < 4 else route.continue_(),
        ),
    )
    page.keyboard.press("F8")
    page.wait_for_selector(".notice:has-text('自动重发')")
    page.wait_for_selector(".strip.muted")
    assert (
        len(tries) == 4
        and len({one["request"] for one in tries}) == len({one["body"]["mute"] for one in tries}) == 1
    )
    page.unroute("**/api/v1/commands/alert.mute")
    page.fill(".strip.muted input", "面板故障")  # typed, not sent: it goes with the lifting
    page.click(".strip.muted .strip-act")
    desk.prove()
    expect(page.locator(".strip.muted")).to_have_count(0)
    assert page.locator(".strip.owed").count() == 0


def test_a_changed_draft_is_rejected_and_must_be_heard_and_confirmed_again(
    chromium: Browser, house: GlassHouse
) -> None:
    desk = Desk(chromium, house)
    page = desk.page
    page.goto("/alerts/new")
    page.fill("#where", "南关")
    page.keyboard.press("Enter")
    fields = page.locator(".what input:not([type=radio])")
    for field, text in zip(fields.all()[:3], ("甲", "1", "乙"), strict=True):
        field.fill(text)
    page.click("#prepare")
    desk.prove()
    page.fill("#confirm", "真实")
    expect(page.locator("#send")).to_have_attribute("aria-disabled", "false")
    fields.first.fill("丙")
    expect(page.locator("#send")).to_have_attribute("aria-disabled", "true")
    expect(page.locator("#confirm")).to_have_value("")
    expect(page.locator("#confirm")).to_be_hidden()
    hold(page)
    assert page.url.endswith("/alerts/new")
    until(
        page,
        "fetch('/api/v1/alerts').then((answer) => answer.json()).then((all) => all[0].ended_how === 'refused')",
    )
    page.click("#prepare")
    page.wait_for_selector("#needs:visible")
    alerts = page.evaluate("fetch('/api/v1/alerts').then((answer) => answer.json())")
    assert [one["ended_how"] for one in alerts[:2]] == ["", "refused"]
    assert "丙" in alerts[0]["text"]
    assert "甲" in alerts[1]["text"]


def test_stop_is_one_key_on_every_page_without_dialog_or_pin(chromium: Browser, house: GlassHouse) -> None:
    desk = Desk(chromium, house)
    page = desk.page
    corner = None
    for path in ("/", "/alerts", "/alerts/new", "/alerts/wait-1", "/terminals", "/safety", "/journal"):
        page.goto(path)
        box = page.locator("#stop").bounding_box()
        assert box is not None
        assert corner in (None, box), f"STOP moved on {path}"
        corner = box
    page.goto("/alerts/new")
    page.wait_for_selector("#where:focus")
    page.keyboard.press("F8")  # in the middle of typing; then in fright, again and again: one action
    page.evaluate(
        """new Promise((done) => {
            const stop = document.getElementById('stop');
            stop.click();
            setTimeout(() => stop.click(), 400);
            setTimeout(() => { stop.click(); done(); }, 1200);
        })"""
    )
    page.wait_for_selector(".strip.muted")
    assert page.locator("#pin").is_hidden()
    expect(page.locator(".strip.muted")).to_contain_text("全部喇叭与频道")
    expect(page.locator(".strip.muted")).to_contain_text("陈守夜")
    page.goto("/")
    expect(page.locator(".strip.muted")).to_have_count(1)
    page.click("#stop")  # meant: another mute
    heard = """async () => {
        const media = [document.querySelector('audio'), document.body.appendChild(new Audio())];
        for (const one of media) {
            one.play().catch(() => {});
            await new Promise((done) => setTimeout(done, 50));
        }
        return media.map((one) => !one.paused);
    }"""
    page.route("**/hls/**", lambda route: None)  # it opens, and nothing comes
    page.locator(".channel .preview button").first.click()
    page.wait_for_selector(".channel .preview audio:not([hidden])")
    assert page.evaluate(heard) == [False, True], "two channels are never heard at once"
    expect(page.locator(".channel .preview").first).to_contain_text("已停:另一路已开始")
    expect(page.locator(".channel .preview button").first).to_contain_text("试听频道")
    expect(page.locator(".strip.muted")).to_have_count(2)
    page.locator(".strip.muted input").first.fill("误播")
    page.keyboard.press("Enter")
    expect(page.locator(".strip.muted").first).to_contain_text("误播")
    page.locator(".strip-act").first.click()
    desk.prove()
    expect(page.locator(".strip.muted")).to_have_count(1)
    page.locator(".strip-act").click()
    expect(page.locator(".strip.muted")).to_have_count(0)
    expect(page.locator(".strip.owed")).to_contain_text("原因未补")  # lifted, and still nobody has said why
    page.goto("/alerts/new")
    page.wait_for_selector("#where:focus")
    assert page.locator(".strip.owed").count() == 0, "whoever sends an alert is not held up"
    page.goto("/journal")
    page.fill(".strip.owed input", "误按")
    page.keyboard.press("Enter")
    expect(page.locator(".strip.owed")).to_have_count(0)


def test_stale_data_is_hatched_and_recovers(chromium: Browser, house: GlassHouse) -> None:
    desk = Desk(chromium, house)
    page = desk.page
    expect(page.locator(".channel")).not_to_have_class("tile channel stale")
    house.kill_station()
    page.wait_for_selector(".channel.stale", timeout=4_000)
    expect(page.locator(".channel > .tile-head .age")).to_have_text("数据中断")
    expect(page.locator(".sentence")).to_have_class("sentence stale")
    expect(page.locator("#link-text")).to_have_text("数据中断")
    expect(page.locator("#bar-terminals")).to_have_class("num stale")
    page.keyboard.press("F8")
    expect(page.locator(".notice.bad").first).to_contain_text("正在自动重发")
    page.close()


def test_safety_shows_the_days_that_its_fields_say(looking: Desk) -> None:
    page = looking.page
    page.goto("/safety")
    first, last = page.locator("main form input[type=date]").all()
    for name, days in (("today", 0), ("week", 6), ("yesterday", 1)):
        page.click(f"[data-span={name}]")
        expect(page.locator(f"[data-span={name}]")).to_have_attribute("aria-pressed", "true")
        today = page.evaluate(BROADCAST_DAY)
        begins = (date.fromisoformat(today) - timedelta(days=days)).isoformat()
        expect(first).to_have_value(begins)
        expect(last).to_have_value(begins if name == "yesterday" else today)
        expect(page.locator(".safety > p.num")).to_contain_text(f"{begins} {CLOCK}:00 –")
    page.route("**/api/v1/safety?**", lambda route: route.abort())
    page.click("[data-span=today]")
    expect(page.locator(".notice.bad")).to_be_visible()
    page.evaluate(
        "document.querySelector('.safety').dataset.limit = 0"
    )  # the figures are old, the line is not cut
    expect(page.locator(".safety .age").first).to_contain_text("已过时")
    expect(page.locator("#link-text")).to_contain_text("实时")


def test_the_language_changes_and_is_remembered(looking: Desk) -> None:
    page = looking.page
    page.goto("/")
    page.click(".lang")
    expect(page.locator(".top nav")).to_contain_text("On air")
    page.goto("/journal")
    expect(page.locator("h1")).to_have_text("Journal")
    page.click(".lang")
    expect(page.locator("h1")).to_have_text("日志")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_on_a_telephone_no_word_of_a_badge_is_broken_and_no_name_cut(looking: Desk, language: str) -> None:
    page = looking.page
    before = page.viewport_size
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/language/{language}?to=/alerts")
    page.wait_for_selector(".list .pill")
    words = "[...document.querySelectorAll('.list .pill')].filter((one) => !one.innerText.includes(' '))"
    assert page.evaluate(f"Math.max(...{words}.map((one) => one.offsetHeight))") < 28
    assert page.evaluate(
        "(() => { const who = document.querySelector('.who'); return who.scrollWidth <= who.clientWidth + 1; })()"
    )
    page.goto("/")
    page.wait_for_selector(".next .take-title")
    titles = "[...document.querySelectorAll('.next .take-title')].map((one) => { one.textContent = '六个字的标题'; return one.getClientRects().length; })"
    assert set(page.evaluate(titles)) == {1}
    page.goto("/language/zh?to=/")
    assert before is not None
    page.set_viewport_size(before)


def test_the_terminals_page_scrolls_in_its_list_alone(looking: Desk) -> None:
    page = looking.page
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto("/terminals")
    page.wait_for_selector(".rows tr")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert page.evaluate(
        "(() => { const r = document.querySelector('.rows'); return r.scrollHeight > r.clientHeight })()"
    )
    legend, stop = page.locator(".legend").bounding_box(), page.locator("#stop").bounding_box()
    assert legend is not None
    assert stop is not None
    assert legend["y"] + legend["height"] <= stop["y"]


def test_the_night_page_needs_no_scrolling(looking: Desk) -> None:
    page = looking.page
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto("/alerts/new")
    page.wait_for_selector("#send")
    send, stop = page.locator("#send").bounding_box(), page.locator("#stop").bounding_box()
    assert send is not None
    assert stop is not None
    assert send["y"] + send["height"] <= stop["y"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(
    "path", ["/", "/alerts", "/alerts/new", "/alerts/wait-1", "/terminals", "/safety", "/journal"]
)
def test_targets_are_large_enough_and_named(looking: Desk, path: str) -> None:
    page = looking.page
    for width, height in ((1366, 768), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(path)
        page.wait_for_selector("main > :not(.onpaper)")
        page.wait_for_timeout(300)
        small = page.evaluate(
            """[...document.querySelectorAll('main button, main select, main input:not([type=radio]):not([type=checkbox]), footer button, header button, nav a')]
            .filter((one) => one.checkVisibility())
            .map((one) => [one.outerHTML.slice(0, 90), one.getBoundingClientRect()])
            .filter(([, box]) => box.width < 24 || box.height < 24).map(([text]) => text)"""
        )
        assert small == []
        nameless = page.evaluate(
            """[...document.querySelectorAll('main button, main input, main select, main textarea')]
            .filter((one) => one.checkVisibility() && !(one.textContent.trim() || one.ariaLabel || one.labels?.length)).map((one) => one.outerHTML)"""
        )
        assert nameless == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
            f"{path} is too wide at {width}"
        )


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (911, 512), (390, 844), (1920, 1080)])
def test_the_bar_of_pages_is_never_cut_off(looking: Desk, width: int, height: int) -> None:
    page = looking.page
    page.set_viewport_size({"width": width, "height": height})
    page.goto("/language/en?to=/journal")
    page.wait_for_selector("main > :not(.onpaper)")
    page.evaluate(
        """document.querySelectorAll('.top .badge').forEach((one) => { one.hidden = false; one.textContent = '88'; })"""
    )
    page.wait_for_timeout(400)
    cut = page.evaluate(
        """(() => { const nav = document.querySelector('.top nav').getBoundingClientRect();
        return [...document.querySelectorAll('.top nav > a, .top .more summary')].filter((one) => one.checkVisibility())
        .filter((one) => { const box = one.getBoundingClientRect(); return box.left < nav.left - 1 || box.right > nav.right + 1 || box.right > innerWidth; })
        .map((one) => one.textContent); })()"""
    )
    assert cut == []
    assert page.locator(".top nav a").count() >= 11, "every page is there, in the bar or behind it"
    behind = page.locator(".top .more > div a").count()
    assert page.locator(".top .more summary").is_visible() == (behind > 0)
    assert behind == 0 or page.locator(".top nav > a").first.is_visible()
    if behind:
        page.click(".top .more summary")
        last = page.locator(".top .more > div a").last
        last.scroll_into_view_if_needed()
        box = last.bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.goto("/language/zh?to=/")


def test_a_strip_stays_in_sight_when_the_page_scrolls(looking: Desk) -> None:
    page = looking.page
    for width, height in ((1366, 768), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        page.goto("/journal")
        page.wait_for_selector("#banner .strip")
        page.evaluate("document.body.style.minHeight = '4000px'")
        page.evaluate("scrollTo(0, 1500)")
        page.wait_for_timeout(200)
        top = page.evaluate("document.querySelector('.top').getBoundingClientRect().bottom")
        box = page.locator("#banner .strip").first.bounding_box()
        assert box is not None and top - 2 <= box["y"] <= top + 2


def test_log_out_in_one_tab_ends_the_other(chromium: Browser, house: GlassHouse) -> None:
    desk = Desk(chromium, house)
    other = desk.context.new_page()
    other.goto("/")
    other.wait_for_selector(".sentence")
    other.wait_for_timeout(500)
    desk.page.click(".seat form button")
    other.wait_for_url("**/login?seat=over&to=*", timeout=5_000)
