"""Alarms, transmitters and power in a real browser: one key acknowledges, two persons take a carrier down, nothing by colour alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from glasshouse import GlassHouse
from playwright.sync_api import Browser, Page, expect
from test_browser import Desk, until

pytestmark = pytest.mark.browser
PORT = 26_800


def wrong(key: str, severity: str, en: str, zh: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "severity": severity, "text": {"en": en, "zh": zh}, **more}


PLAYER = wrong("chain/radio/player-away", "critical", "the player does not answer", "播放器没有应答")
OUTAGE = wrong("channel/fm1/outage", "critical", "nothing is heard", "停播:没有声音", because=PLAYER["key"])
REFLECTED = wrong("tx1/reflected-high", "major", "reflected power 61 W", "反射功率 61 W", chattering=True)


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GlassHouse]:
    with GlassHouse(tmp_path_factory.mktemp("alarms"), PORT) as made:
        yield made


@pytest.fixture
def house(hall: GlassHouse) -> Iterator[GlassHouse]:
    """The house with nothing wrong before and after."""
    yield hall
    is_wrong(hall)
    seat = hall.bearer()
    for one in hall.api("/alarms", seat)["shelved"]:
        command(hall, seat, "alarm.unshelve", {"alarm": one["number"]})
    numbers = [one["number"] for one in hall.api("/alarms", seat)["active"] if one["unread"]]
    if numbers:
        command(hall, seat, "alarm.acknowledge", {"alarms": numbers})


def command(house: GlassHouse, seat: dict[str, str], name: str, body: dict[str, Any]) -> None:
    command.count += 1  # type: ignore[attr-defined]
    request = f"0192f0c1-0000-7000-8000-{command.count:012x}"  # type: ignore[attr-defined]
    status, _, said = house.ask(
        "POST", f"/api/v1/commands/{name}", {"request": request, "body": body, "pin": "2468"}, seat
    )
    assert status == 200, said


command.count = 0  # type: ignore[attr-defined]


def is_wrong(house: GlassHouse, *conditions: dict[str, Any]) -> None:
    path = house.state / "conditions.json"
    path.with_suffix(".new").write_text(json.dumps(conditions), encoding="utf-8")
    path.with_suffix(".new").replace(path)


def strip(page: Page) -> Any:
    return page.locator(".strip.alarm")


def test_every_page_shows_the_first_alarm_and_one_key_acknowledges_it(
    chromium: Browser, house: GlassHouse
) -> None:
    desk = Desk(chromium, house)
    page = desk.page
    expect(strip(page)).to_have_count(0)
    is_wrong(house, REFLECTED, PLAYER, OUTAGE)
    expect(strip(page)).to_contain_text("播放器没有应答", timeout=4_000)
    expect(strip(page)).to_contain_text("▲紧急 1")  # by shape, word and number; what follows is not counted
    expect(strip(page)).to_contain_text("◆重要 1")
    expect(page.locator("[data-badge=alarms]").first).to_have_text("2")
    for path in ("/alerts", "/terminals", "/journal"):
        page.goto(path)
        expect(strip(page)).to_contain_text("播放器没有应答")
    page.goto("/journal")
    page.wait_for_selector("input[type=search]")
    page.locator("input[type=search]").first.focus()
    page.keyboard.type("a")  # typed in a field it is a letter
    page.wait_for_timeout(400)
    expect(strip(page)).to_contain_text("播放器没有应答")
    page.locator("main").focus()
    page.keyboard.press("a")
    expect(strip(page)).to_contain_text("反射功率 61 W")
    assert page.locator("#pin").is_hidden()
    assert desk.said == []


def test_an_unread_critical_alarm_sounds_until_silenced_and_a_newer_one_breaks_the_silence(
    chromium: Browser, house: GlassHouse
) -> None:
    desk = Desk(chromium, house)
    page = desk.page
    is_wrong(house, REFLECTED)
    expect(strip(page)).to_be_visible(timeout=4_000)
    assert not page.evaluate("document.body.hasAttribute('data-ringing')"), (
        "what is not critical rings nobody"
    )
    page.mouse.click(700, 600)  # browsers give sound to a page somebody has touched
    is_wrong(house, REFLECTED, PLAYER)
    until(page, "document.body.hasAttribute('data-ringing')")
    page.click(".hush")
    until(page, "!document.body.hasAttribute('data-ringing')")
    expect(page.locator(".hush")).to_be_disabled()
    page.reload()
    expect(strip(page)).to_be_visible()
    assert not page.evaluate("document.body.hasAttribute('data-ringing')"), "silence lasts over pages"
    is_wrong(house, REFLECTED, PLAYER, wrong("tv/foreign", "critical", "foreign programme", "非法插播"))
    until(page, "document.body.hasAttribute('data-ringing')")


def test_a_standing_fault_goes_before_a_critical_one_that_is_over_and_says_so(
    chromium: Browser, house: GlassHouse
) -> None:
    page = Desk(chromium, house).page
    is_wrong(house, PLAYER, REFLECTED)
    expect(strip(page)).to_contain_text("播放器没有应答", timeout=4_000)
    is_wrong(house, REFLECTED)
    expect(strip(page)).to_contain_text("反射功率 61 W", timeout=4_000)
    expect(page.locator(".strip.alarm.major")).to_have_count(1)
    expect(page.locator(".strip.alarm .counts-by")).to_have_text(
        "◆重要 1"
    )  # what stands, as the words beside it
    expect(page.locator(".strip.alarm .righted-by")).to_have_text("另有 1 条已恢复,未确认")
    is_wrong(house)
    expect(page.locator(".strip.alarm.righted")).to_contain_text("已恢复", timeout=4_000)
    page.goto("/language/en?to=/")
    expect(page.locator(".strip.alarm.righted")).to_contain_text("cleared", timeout=4_000)
    assert page.locator(".strip.alarm.critical").count() == 0


def test_who_only_watches_hears_and_acknowledges_nothing(chromium: Browser, house: GlassHouse) -> None:
    desk = Desk(chromium, house, "guest")
    is_wrong(house, PLAYER)
    expect(strip(desk.page)).to_be_visible(timeout=4_000)
    expect(strip(desk.page).locator("button")).to_have_count(0)
    assert not desk.page.evaluate("document.body.hasAttribute('data-ringing')")


def test_the_alarms_page_by_keyboard_with_its_card(chromium: Browser, house: GlassHouse) -> None:
    is_wrong(house, PLAYER, OUTAGE, REFLECTED)
    desk = Desk(chromium, house)
    page = desk.page
    page.goto("/alarms")
    rows = page.locator(".alarm-page .stack section").first.locator("tr[data-number]")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("播放器没有应答")
    expect(rows.nth(1)).to_contain_text("由告警")  # what follows stands below its cause
    expect(rows.nth(2)).to_contain_text("频繁通断")
    card = page.locator(".alarm-card")
    expect(card).to_contain_text("听众听不到声音")
    expect(card.locator(".steps li")).to_have_count(2)
    expect(card.locator("a.phone")).to_have_attribute("href", "tel:05544000000")
    card.locator(".steps input").first.check()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(rows.nth(2)).to_have_class("unread-alarm picked")
    page.keyboard.press("a")
    expect(rows.nth(2)).to_contain_text("陈守夜")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(card.locator(".steps input").first).to_be_checked()
    page.keyboard.press("s")
    page.wait_for_selector("#shelve-why:focus")
    minutes = page.locator(".shelve option").all_inner_texts()
    assert minutes == ["15 分钟", "30 分钟", "60 分钟"], "a critical alarm is shelved for an hour at most"
    page.keyboard.type("天线检修")
    page.keyboard.press("Enter")
    desk.prove()
    expect(page.locator(".alarm-page .stack section").nth(1)).to_contain_text("天线检修")
    page.locator(".alarm-page .stack section").nth(1).get_by_text("取消搁置").click()
    expect(page.locator(".alarm-page .stack section").nth(1)).to_contain_text("没有搁置的告警")
    assert desk.said == []


CALLED = [
    {"level": 1, "who": [{"en": "Chen Shouye", "zh": "陈守夜"}], "at": 1_780_000_000_000_000, "state": "failed",
     "why": {"en": "the gateway refuses connections", "zh": "网关拒绝连接"}},
    {"level": 2, "who": [], "at": 1_780_000_180_000_000, "state": "panel", "why": None},
]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "said"), [("zh", "网关拒绝连接"), ("en", "the gateway refuses connections")]
)
def test_the_card_says_who_was_called_and_what_was_not_delivered(
    chromium: Browser, house: GlassHouse, language: str, said: str
) -> None:
    is_wrong(house, {**PLAYER, "calls": CALLED})
    desk = Desk(chromium, house)
    page = desk.page
    page.goto(f"/language/{language}?to=/alarms")
    calls = page.locator(".alarm-card .calls li")
    expect(calls).to_have_count(2, timeout=4_000)
    expect(calls.first).to_contain_text(said)
    expect(calls.first).to_contain_text("陈守夜" if language == "zh" else "Chen Shouye")
    expect(calls.nth(1).locator(".pill.bad")).to_have_count(1)  # nobody could be named: that is bad too
    expect(strip(page)).to_contain_text("第 2 级叫应" if language == "zh" else "Called, level 2")
    for width in (1366, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    assert desk.said == []


HELD = {
    "before": "0.1",
    "lines": [{"alert": "a1", "headline": "双井山洪预警", "areas": [], "now": {"en": "nowhere", "zh": "不播出"}, "ends": 0}],
    "mutes": 0,
}  # fmt: skip


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_an_upgrade_holds_is_released_on_any_page(
    chromium: Browser, house: GlassHouse, language: str
) -> None:
    (house.state / "held.json").write_text(json.dumps(HELD), encoding="utf-8")
    guest = Desk(chromium, house, "guest")
    expect(guest.page.locator(".held-back")).to_contain_text("双井山洪预警", timeout=4_000)
    expect(guest.page.locator(".held-back button")).to_have_count(0)  # who may not is not asked to
    desk = Desk(chromium, house)
    desk.page.goto(f"/language/{language}?to=/terminals")
    strip = desk.page.locator(".held-back")
    for width in (1366, 390):
        desk.page.set_viewport_size({"width": width, "height": 800})
        assert desk.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    strip.locator("input").fill("already cancelled upstream")
    strip.locator("button").click()
    desk.prove()
    expect(strip).to_have_count(0, timeout=4_000)
    assert not (house.state / "held.json").exists()


def test_what_is_over_stands_in_the_history(chromium: Browser, house: GlassHouse) -> None:
    is_wrong(house, REFLECTED)
    desk = Desk(chromium, house)
    page = desk.page
    page.goto("/alarms")
    page.click(".alarm-card .primary")
    is_wrong(house)
    expect(page.locator(".alarm-page .stack section").first).to_contain_text("没有告警", timeout=5_000)
    past = page.locator(".alarm-page .stack section").nth(2)
    expect(past.locator("tbody tr").first).to_contain_text("反射功率 61 W")
    page.select_option("select", "minor")
    expect(past).to_contain_text("没有历史告警")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_fault_that_ended_lasts_no_longer_however_late_it_is_acknowledged(
    chromium: Browser, house: GlassHouse, language: str
) -> None:
    is_wrong(house, REFLECTED)
    desk = Desk(chromium, house)
    page = desk.page
    page.goto(f"/language/{language}?to=/alarms")
    sections = page.locator(".alarm-page .stack section")
    row = sections.first.locator("tbody tr").first
    expect(row.locator("[data-since]")).to_have_count(1, timeout=4_000)
    is_wrong(house)
    expect(row).to_contain_text("已恢复" if language == "zh" else "right again at", timeout=5_000)
    expect(row.locator("[data-since]")).to_have_count(0)
    lasted = row.locator("td").nth(4).inner_text()
    page.wait_for_timeout(2_100)  # no rounding of a second hides that it is acknowledged later
    assert row.locator("td").nth(4).inner_text() == lasted
    page.click(".alarm-card .primary")
    expect(sections.first.locator("tbody tr")).to_have_count(0, timeout=5_000)
    past = sections.nth(2).locator("tbody tr").first.locator("td")
    number = int(past.nth(0).inner_text())
    seat = house.bearer()
    told = next(one for one in house.api("/alarms/history", seat) if one["number"] == number)
    assert told["returned_at"] + 2_000_000 < told["acknowledged_at"]
    expect(past.nth(5)).to_have_text(lasted)
    assert past.nth(4).inner_text() < past.nth(6).inner_text(), "ended, then acknowledged"
    times = page.locator(".alarm-card .alarm-times tr")
    expect(times).to_have_count(4)
    for width in (1366, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    assert desk.said == []


def test_two_persons_take_a_carrier_down_and_one_brings_it_back(chromium: Browser, house: GlassHouse) -> None:
    first, second = Desk(chromium, house), Desk(chromium, house, "wu")
    for desk in (first, second):
        desk.page.goto("/transmitters")
        desk.page.wait_for_selector("[data-device=tx-fm1] .values")
    tile = first.page.locator("[data-device=tx-fm1]")
    expect(first.page.locator(".site h2")).to_have_text("八公山")
    expect(tile.locator("[data-value=reflected_power]")).to_contain_text(
        "越限"
    )  # in words, not by colour alone
    expect(tile.locator("[data-value=reflected_power] b.crossed")).to_have_text(
        re.compile(r"^▲ 越限:高于 50,自 [0-9:]{8}$")
    )
    mark = tile.locator("[data-value=vswr] .limit")
    left = float(mark.evaluate("mark => parseFloat(mark.style.left)"))
    assert 10 <= left <= 60  # of a device that may tell a VSWR up to 99.99
    expect(tile.locator("[data-value=pa_voltage]")).to_contain_text("从未")
    tile.locator("summary").click()
    tile.locator(".key-off input").fill("更换天线")
    tile.locator(".key-off form button").click()
    first.prove()
    expect(tile.locator(".asked-off")).to_contain_text("陈守夜")
    expect(tile.locator(".asked-off")).to_contain_text("须由第二人确认")
    expect(tile.locator(".carrier")).to_contain_text("在播")
    other = second.page.locator("[data-device=tx-fm1]")
    expect(other.locator(".asked-off")).to_contain_text("更换天线", timeout=4_000)
    other.locator(".asked-off .danger").click()
    second.prove()
    expect(other.locator(".carrier")).to_contain_text("已关闭载波", timeout=4_000)
    expect(tile.locator(".carrier-facts")).to_contain_text("吴工", timeout=4_000)
    tile.locator(".acts .primary").click()
    expect(tile.locator(".carrier")).to_contain_text("在播", timeout=4_000)
    expect(first.page.locator("[data-device=tx-tv1] .why-not")).to_contain_text("处于本地控制")
    assert first.said == second.said == []


def test_an_asking_is_taken_back(chromium: Browser, house: GlassHouse) -> None:
    desk = Desk(chromium, house)
    page = desk.page
    page.goto("/transmitters")
    tile = page.locator("[data-device=tx-fm1]")
    tile.locator("summary").click()
    tile.locator(".key-off input").fill("误操作")
    tile.locator(".key-off form button").click()
    desk.prove()
    tile.locator(".asked-off").get_by_text("撤回申请").click()
    expect(tile.locator(".asked-off")).to_have_count(0, timeout=4_000)


def test_who_may_not_key_sees_values_and_no_keys(chromium: Browser, house: GlassHouse) -> None:
    desk = Desk(chromium, house, "guest")
    desk.page.goto("/transmitters")
    tile = desk.page.locator("[data-device=tx-fm1]")
    expect(tile).to_contain_text("您的角色无权操作载波")
    expect(tile.locator("button, summary")).to_have_count(0)


def test_power_says_what_it_runs_on_and_how_long(chromium: Browser, house: GlassHouse) -> None:
    desk = Desk(chromium, house)
    page = desk.page
    page.goto("/power")
    expect(page.locator(".carrier")).to_contain_text("市电供电")
    expect(page.locator(".one-line")).to_contain_text("98 % · 71 min")
    expect(page.locator("[data-value=mains_voltage] .age-of")).to_contain_text("秒")


@pytest.mark.parametrize("path", ["/alarms", "/transmitters", "/power"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_fit_and_their_targets_are_large_enough(
    chromium: Browser, house: GlassHouse, path: str, language: str
) -> None:
    is_wrong(house, PLAYER, OUTAGE, REFLECTED)
    desk = Desk(chromium, house)
    page = desk.page
    page.goto(f"/language/{language}?to={path}")
    for width, height in ((1366, 768), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_selector("main .tile tbody tr")
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"too wide at {width}"
        small = page.evaluate(
            """[...document.querySelectorAll('main button, main select, main summary, main a, .strip.alarm button')]
            .filter((one) => one.checkVisibility())
            .map((one) => [one.outerHTML.slice(0, 90), one.getBoundingClientRect()])
            .filter(([, box]) => box.width < 24 || box.height < 24).map(([text]) => text)"""
        )
        assert small == []
    assert desk.said == []


@pytest.mark.parametrize(
    ("language", "said"), [("zh", "已静音:双井镇 的喇叭"), ("en", "Muted: the loudspeakers in 双井镇")]
)
def test_stop_says_what_it_muted_where_an_account_answers_for_a_part(
    chromium: Browser, house: GlassHouse, language: str, said: str
) -> None:
    desk = Desk(chromium, house)
    page = desk.page

    def bound(route: Any) -> None:
        answer = route.fetch()
        told = answer.text().replace('"rights"', '"area_names": "双井镇", "rights"', 1)
        assert "双井镇" in told
        route.fulfill(response=answer, body=told)

    page.goto(f"/language/{language}?to=/journal")
    page.route(re.compile(r":[0-9]+/alarms$"), bound)
    page.goto("/alarms")
    page.keyboard.press("F8")
    expect(page.locator(".notice.bad").first).to_contain_text(said)
    seat = house.bearer()
    for one in house.api("/mutes", seat):
        command(house, seat, "alert.unmute", {"mute": one["id"]})
    assert desk.said == []
