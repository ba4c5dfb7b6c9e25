"""The Safety page on paper, printed by a real browser: one A4 sheet a channel, whole, with whose it is, of when, and who answers for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from glasshouse import GlassHouse
from paper import pages
from playwright.sync_api import Browser, Page, Route
from test_browser import Desk

pytestmark = pytest.mark.browser
PORT = 30_030
A4 = (595, 842)  # points


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GlassHouse]:
    with GlassHouse(tmp_path_factory.mktemp("print"), PORT) as made:
        yield made


def printed(page: Page) -> tuple[bytes, list[str]]:
    page.wait_for_selector(".chart canvas")
    page.wait_for_timeout(300)
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    return pdf, pages(pdf)


def test_a_quiet_day_is_one_sheet_with_its_letterhead_and_signature_lines(
    chromium: Browser, house: GlassHouse, tmp_path: Path
) -> None:
    page = Desk(chromium, house).page
    page.goto("/safety")
    pdf, sheets = printed(page)
    assert len(sheets) == 1
    boxes = {
        (round(float(a)), round(float(b)))
        for a, b in re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    }
    assert boxes == {A4}
    for text in (
        "寿县融媒体中心",
        "安全播出报表",
        "寿县综合广播",
        "统计时段",
        "停播率",
        "监测覆盖",
        "值机员",
        "带班领导",
        "日期",
    ):
        assert text in sheets[0], text
    for text in ("STOP", "退出", "本周", "打印本页", "终端2891"):
        assert text not in sheets[0], text


def test_a_bad_day_of_two_channels_is_two_sheets_and_nothing_is_cut(
    chromium: Browser, house: GlassHouse
) -> None:
    page = Desk(chromium, house).page

    def worse(route: Route) -> None:
        (row,) = route.fetch().json()
        route.fulfill(json=[bad(row, "fm1", "Shouxian FM"), bad(row, "tv1", "Shouxian TV")])

    page.route(re.compile(r"/api/v1/safety\?"), worse)
    page.goto("/language/en?to=/safety")
    _, sheets = printed(page)
    assert [name in sheet for name, sheet in zip(("ShouxianFM", "ShouxianTV"), sheets, strict=True)] == [
        True,
        True,
    ]
    for sheet in sheets:
        assert "39moreof49" not in sheet and "30moreof40areleftout" in sheet
        assert sheet.count("Outage") >= 10 and "foreign9" in sheet, "the gravest stand on paper"
        assert sheet.endswith("OperatorEngineerLeaderDate"), "the lines for signatures were cut off"
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 688, "height": 1000})
    cut = page.evaluate(
        "[...document.querySelectorAll('.sheet')].filter((one) => one.scrollHeight > one.clientHeight + 1).length"
    )
    assert cut == 0, "a sheet has more on it than it is high"


def bad(row: dict[str, Any], channel: str, name: str) -> dict[str, Any]:
    at, long = row["start"], "a very long reason that would go over more than one line of a table " * 3
    runs = [
        {"state": "OUTAGE" if k % 4 == 0 else "DEGRADED", "start": at + k * 10**8, "end": at + k * 10**8 + (k + 1) * 10**6, "cause_text": {"en": f"cause{k} {long}", "zh": f"原因{k}"}}
        for k in range(40)
    ]  # fmt: skip
    foreign = [
        {"start": at + k * 10**8, "end": at + k * 10**8 + 10**6, "heard": f"foreign{9 - k}"} for k in range(3)
    ]
    made = {
        **row,
        "channel": channel,
        "name": {"en": name, "zh": name},
        "incidents": runs,
        "unauthorised": foreign,
    }
    copied: dict[str, Any] = json.loads(json.dumps(made))
    return copied
