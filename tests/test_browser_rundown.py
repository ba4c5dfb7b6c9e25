"""The Rundown page, the Wall and why it sounds in a real browser: by keys and by drag, drafts that outlast leaving, three signatures, a wall that says when it is old."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import glasshouse
import pytest
from glasshouse import GlassHouse
from playwright.sync_api import Browser, Locator, Page, Route, expect
from test_browser import Desk, until

pytestmark = pytest.mark.browser
PORT = 27_700


@pytest.fixture
def house(tmp_path: Path) -> Iterator[GlassHouse]:
    with GlassHouse(tmp_path, PORT) as made:
        yield made


def later(page: Page, number: int) -> Locator:
    """The n-th item that is not yet on air and not locked."""
    return (
        page.locator(".rd-item:not(.past, .dropped, .missing)")
        .filter(has_not=page.locator(".pill.lock"))
        .nth(number)
    )


def drawn(page: Page) -> dict[str, float]:
    """Where the chosen item stands on the line, which is drawn anew whenever the station has checked the draft."""
    for _ in range(100):
        box = page.locator(".tl-item.selected").bounding_box()
        if box is not None:
            return dict(box)
        page.wait_for_timeout(50)
    raise AssertionError("the chosen item does not come to rest on the line")


def broken_off(route: Route) -> None:
    route.fulfill(status=200, content_type="application/json", body='{"channel": "fm')


# of what is not laid out yet, a blank that the page never shows is told too
TITLES = "[...document.querySelectorAll('.rd-item .c-title')].map((o) => o.innerText.trim())"


def titles(page: Page) -> list[str]:
    return list(page.evaluate(TITLES))


def editing(chromium: Browser, house: GlassHouse) -> Desk:
    desk = Desk(chromium, house, "sun")
    desk.page.goto("/rundown")
    desk.page.get_by_role("button", name="编辑").click()
    expect(desk.page.locator(".rd-checks .pill")).to_have_text("与已批准版本相同,无需提交")
    expect(desk.page.get_by_role("button", name="提交审核")).to_be_disabled()
    return desk


def test_an_item_is_moved_by_keys_undone_and_redone(chromium: Browser, house: GlassHouse) -> None:
    desk = editing(chromium, house)
    page = desk.page
    before = titles(page)
    later(page, 3).click()
    page.keyboard.press("Alt+ArrowDown")
    until(
        page,
        f"{TITLES}.join() !== {','.join(before)!r}",
    )
    moved = titles(page)
    assert sorted(moved) == sorted(before)
    expect(page.locator(".rd-diff li").first).to_be_visible()
    page.keyboard.press("Control+z")
    until(
        page,
        f"{TITLES}.join() === {','.join(before)!r}",
    )
    page.keyboard.press("Control+y")
    until(
        page,
        f"{TITLES}.join() === {','.join(moved)!r}",
    )
    with page.expect_download() as got:
        page.get_by_role("button", name="下载 CSV").click()
    rows = list(csv.reader(io.StringIO(got.value.path().read_text(encoding="utf-8-sig"))))
    rows[-1][rows[0].index("title")] = "表格里改的"
    made = io.StringIO()
    csv.writer(made).writerows(rows)
    chosen = page.get_by_label("导入 CSV…", exact=True).and_(page.locator("input"))
    chosen.set_input_files({"name": "day.csv", "mimeType": "text/csv", "buffer": made.getvalue().encode()})
    expect(page.locator(".rd-list")).to_contain_text("表格里改的")
    rows[-1][rows[0].index("start")] = "later"
    csv.writer(wrong := io.StringIO()).writerows(rows)
    chosen.set_input_files({"name": "day.csv", "mimeType": "text/csv", "buffer": wrong.getvalue().encode()})
    expect(page.locator("#notices")).to_contain_text(f"day.csv 未导入:第 {len(rows)} 行")
    rows[1][rows[0].index("start")] = "soon"
    csv.writer(both := io.StringIO()).writerows(rows)
    chosen.set_input_files({"name": "two.csv", "mimeType": "text/csv", "buffer": both.getvalue().encode()})
    expect(page.locator("#notices")).to_contain_text("two.csv 未导入:第 2 行")
    expect(page.locator("#notices")).to_contain_text(f";第 {len(rows)} 行")
    expect(page.locator(".notice.bad")).to_have_count(1)  # of the file before nothing is said any more
    expect(page.locator(".rd-list")).to_contain_text("表格里改的")
    assert desk.said == []


def test_what_is_near_air_cannot_be_moved(chromium: Browser, house: GlassHouse) -> None:
    page = editing(chromium, house).page
    before = titles(page)
    page.locator(".rd-item:not(.past)", has=page.locator(".pill.lock")).first.click()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator("#notices")).to_contain_text("已锁定")
    page.keyboard.press("Delete")
    assert titles(page) == before


def test_an_item_is_dragged_in_the_list_and_on_the_line(chromium: Browser, house: GlassHouse) -> None:
    page = editing(chromium, house).page
    before = titles(page)
    grip, target = later(page, 6).locator(".grip"), later(page, 3)
    grip.scroll_into_view_if_needed()
    a, b = grip.bounding_box(), target.bounding_box()
    assert a is not None and b is not None
    page.mouse.move(a["x"] + 5, a["y"] + 8)
    page.mouse.down()
    page.mouse.move(b["x"] + 60, b["y"] + 4, steps=5)
    page.mouse.up()
    until(
        page,
        f"{TITLES}.join() !== {','.join(before)!r}",
    )
    page.keyboard.press("Control+z")
    until(
        page,
        f"{TITLES}.join() === {','.join(before)!r}",
    )
    expect(page.locator(".rd-checks .pill")).to_have_text("与已批准版本相同,无需提交")
    later(page, 4).click()
    start = later(page, 4).locator(".c-start").inner_text()
    box = drawn(page)
    page.mouse.move(box["x"] + 4, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 94, box["y"] + 20, steps=6)
    page.mouse.up()
    expect(page.locator(".rd-item.selected .c-start")).not_to_have_text(start)
    expect(page.locator("[data-field=mode]")).not_to_have_value("follow")


def test_a_draft_outlasts_leaving_the_page_and_is_nobody_elses(chromium: Browser, house: GlassHouse) -> None:
    desk = editing(chromium, house)
    page = desk.page
    later(page, 2).click()
    page.locator("[data-field=title]").fill("乡村夜话")
    page.keyboard.press("Tab")
    expect(page.locator(".rd-list")).to_contain_text("乡村夜话")
    page.goto("/journal")
    page.goto("/rundown")
    expect(page.locator(".rd-list")).to_contain_text("乡村夜话")
    expect(page.locator(".rd-diff")).to_contain_text("改动")
    other = Desk(chromium, house, "li").page
    other.goto("/rundown")
    expect(other.locator(".rd-item").first).to_be_visible()
    assert "乡村夜话" not in other.inner_text(".rd-list")


def in_sight(page: Page) -> tuple[bool, bool]:
    """Whether now is in sight on the line, and in the list what is on air or comes next."""
    found = page.evaluate("""() => {
        const view = document.querySelector('.tl-scroll').getBoundingClientRect();
        const now = document.querySelector('.tl-now').getBoundingClientRect();
        const list = document.querySelector('.rd-list').getBoundingClientRect();
        const row = [...document.querySelectorAll('.rd-item')].find((one) => one.innerText.includes('此刻')).getBoundingClientRect();
        return [now.left >= view.left && now.left <= view.right, row.top >= list.top && row.bottom <= list.bottom];
    }""")
    return found[0], found[1]


def test_a_second_tab_with_the_draft_stands_at_now_and_both_show_the_same_draft(
    chromium: Browser, house: GlassHouse
) -> None:
    desk = editing(chromium, house)
    page = desk.page
    other = page.context.new_page()
    other.set_viewport_size({"width": 420, "height": 700})  # as narrow as a tab that nobody has seen yet …
    other.goto("/rundown")
    expect(other.locator(".rd-checks .pill")).to_have_text("与已批准版本相同,无需提交")
    other.set_viewport_size({"width": 1366, "height": 768})  # … and then it is seen
    until(other, "document.querySelector('.tl').getAttribute('width') > 1000")
    assert in_sight(other) == (True, True)
    other.evaluate(
        "for (const name of ['.rd-list', '.tl-scroll']) Object.assign(document.querySelector(name), { scrollTop: 0, scrollLeft: 0 })"
    )
    until(other, "document.querySelector('.tl-now').getBoundingClientRect().left > 1366")
    other.get_by_role("button", name="当前").click()
    assert in_sight(other) == (True, True)
    later(page, 2).click()
    page.locator("[data-field=title]").fill("乡村夜话")
    page.keyboard.press("Tab")
    expect(other.locator(".rd-list")).to_contain_text("乡村夜话")
    expect(other.locator("#notices")).to_contain_text("另一标签页改动")
    expect(other.locator(".rd-checks .pill")).to_have_text("可以提交")
    later(other, 4).click()
    other.locator("[data-field=title]").fill("第二处")
    other.keyboard.press("Tab")
    expect(page.locator(".rd-list")).to_contain_text("第二处")
    expect(page.locator(".rd-list")).to_contain_text("乡村夜话")
    expect(page.locator(".rd-item.selected .c-title")).to_have_text("乡村夜话")
    page.get_by_role("button", name="放弃草稿").click()
    expect(other.locator("#notices")).to_contain_text("提交或放弃")
    expect(other.get_by_role("tab")).to_have_text(["已批准版本"])
    other.get_by_role("button", name="撤销").click()
    expect(other.locator(".rd-list")).to_contain_text("第二处")
    expect(page.get_by_role("tab")).to_have_text(["我的草稿", "已批准版本"])
    assert desk.said == []


def test_a_mistake_is_named_with_its_item_and_keeps_the_draft_from_being_submitted(chromium: Browser, house: GlassHouse) -> None:  # fmt: skip
    page = editing(chromium, house).page
    later(page, 3).click()
    page.locator("[data-field=mode]").select_option("hard")
    page.locator("[data-field=start]").fill("noon")
    page.keyboard.press("Tab")
    expect(page.locator(".rd-checks .pill")).to_contain_text("须改正")
    expect(page.get_by_role("button", name="提交审核")).to_be_disabled()
    page.locator(".rd-checks .linkish").first.click()
    expect(page.locator(".rd-item.selected .pill.bad")).to_be_visible()


def test_inserted_submitted_signed_by_three_and_then_approved(chromium: Browser, house: GlassHouse) -> None:
    desk = editing(chromium, house)
    page = desk.page
    later(page, 3).click()
    page.locator(".rd-library input").fill("weather")
    page.locator(".rd-media button").first.click()
    expect(page.locator(".rd-diff .added")).to_have_count(1)
    chosen = page.locator(".rd-item.selected .c-start").inner_text()
    page.get_by_role("button", name="提交审核").click()
    desk.prove()
    expect(page.locator(".rd-review")).to_contain_text("签审 0 / 3")
    expect(page.locator(".rd-item.selected .c-start")).to_have_text(chosen)
    for number, who in enumerate(("li", "wang", "zhao"), 1):
        signer = Desk(chromium, house, who)
        expect(signer.page.locator(".rundowns-wait")).to_contain_text(f"等您签审(已签 {number - 1} / 3)")
        expect(signer.page.locator("[data-badge=rundown]")).to_have_text("1")
        if number == 1:  # an answer that breaks off is none: what waits is shown first all the same
            signer.page.route("**/api/v1/rundown/sheet*", broken_off, times=1)
        signer.page.goto("/rundown")
        expect(signer.page.locator(".tab.on")).to_have_text("待审版本")
        expect(signer.page.locator(".rd-item")).not_to_have_count(0)
        expect(signer.page.locator(".pill.live")).to_have_count(0)  # another version is on the air
        signer.page.get_by_role("button", name="签审通过").click()
        signer.prove()
        if number < 3:
            expect(page.locator(".rd-review")).to_contain_text(f"签审 {number} / 3")
        assert signer.said == []
    expect(page.get_by_role("tab")).to_have_text(["已批准版本"])
    assert desk.said == []


def test_the_station_away_keeps_the_draft_and_says_so(chromium: Browser, house: GlassHouse) -> None:
    page = editing(chromium, house).page
    house.kill_station()
    later(page, 3).click()
    page.keyboard.press("Delete")
    expect(page.locator(".rd-checks .pill")).to_contain_text("草稿保存在本机")
    expect(page.get_by_role("button", name="提交审核")).to_be_disabled()


@pytest.mark.parametrize("path", ["/rundown", "/why"])
def test_the_pages_fit_a_telephone(chromium: Browser, house: GlassHouse, path: str) -> None:
    page = Desk(chromium, house, "sun").page
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(path)
    page.wait_for_timeout(600)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_why_is_answered_for_a_village_by_its_initials_and_muted_with_one_key(chromium: Browser, house: GlassHouse) -> None:  # fmt: skip
    seat = house.bearer("li")
    (alert,) = [one for one in house.api("/alerts?open=true", seat) if not one["aired_at"]]
    body = {"alert": alert["id"], "content": alert["content"], "verdict": "approve"}
    request = "019a0000-0000-7000-8000-000000000001"
    house.ask("POST", "/api/v1/commands/alert.sign", {"request": request, "body": body, "pin": "2468"}, seat)
    page = Desk(chromium, house).page
    page.goto("/why")
    page.wait_for_selector(".why-box:focus")
    page.keyboard.type("xcsq")
    expect(page.locator(".why-one h3").first).to_have_text(alert["headline"])
    facts = page.locator(".why-facts").first
    for word in ("谁发的", "谁签的", "哪条规则", "为何是它", "怎么停", "李审"):
        expect(facts).to_contain_text(word)
    page.get_by_role("button", name=re.compile("静音")).first.click()
    expect(page.locator("#notices")).to_contain_text("已静音")
    page.keyboard.press("Escape")
    page.locator(".why-box").fill("")
    expect(page.locator("#why-past li").first).to_be_visible()  # what is over


def test_who_may_not_edit_a_rundown_is_told_who_may(chromium: Browser, house: GlassHouse) -> None:
    page = Desk(chromium, house, "li").page
    page.goto("/rundown")
    expect(page.locator(".rd-warn")).to_contain_text("请联系编辑")
    expect(page.get_by_role("button", name="编辑")).to_have_count(0)


def test_the_wall_needs_a_log_in_where_no_address_is_named(chromium: Browser, house: GlassHouse) -> None:
    assert house.ask("GET", "/wall")[0] == 302 and house.ask("GET", "/wall/data")[0] == 401
    page = Desk(chromium, house).page
    page.goto("/wall")
    expect(page.locator(".w-channel")).to_be_visible()


def test_the_wall_of_a_named_address_shows_says_when_it_is_old_and_comes_back(
    chromium: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = glasshouse.SETTINGS + '\n[panel]\nwall_from = ["127.0.0.1"]\n'
    monkeypatch.setattr(sys.modules["glasshouse"], "SETTINGS", settings)
    with GlassHouse(tmp_path, PORT) as house:
        status, _, told = house.ask("GET", "/wall/data")
        assert status == 200 and b"chen" not in told and b"session" not in told
        page = chromium.new_page(viewport={"width": 1920, "height": 1080}, base_url=house.address)
        page.goto("/wall?lang=en")
        expect(page.locator(".w-state")).to_have_text("Normal")
        assert page.evaluate("parseFloat(getComputedStyle(document.querySelector('.w-next')).fontSize)") >= 32
        assert page.evaluate("document.documentElement.scrollHeight") <= 1080
        house.kill_station()
        expect(page.locator(".w-stale")).to_contain_text("NO DATA", timeout=12_000)
        house.start_station()
        expect(page.locator(".w-stale")).to_be_hidden(timeout=12_000)
        page.close()
