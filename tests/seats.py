"""Browser windows of the tests. One that a test is through with goes to the next that asks for the like: a new one costs two seconds of processor, most of them to read the same scripts again."""

from __future__ import annotations

from typing import Any

import attrs
from playwright.sync_api import Browser, BrowserContext, Page


@attrs.define
class Seat:
    """A window with nothing in it but the pages that its address gives."""

    browser: Browser
    options: dict[str, Any]
    context: BrowserContext
    page: Page
    taken: bool = True

    def wipe(self) -> None:
        """As if nobody had sat there: no cookie, nothing kept, one blank page of the first size, no answer of a test's own."""
        for page in self.context.pages:
            if page is not self.page:
                page.close()
        self.page.unroute_all(behavior="ignoreErrors")
        self.context.set_offline(False)
        self.page.emulate_media(media="null")
        self.page.set_viewport_size(self.options["viewport"])
        self.context.clear_cookies()
        self.page.goto("/healthz")  # the smallest page of that address
        self.page.evaluate("localStorage.clear(); sessionStorage.clear()")


_seats: list[Seat] = []


def sit(browser: Browser, **options: Any) -> tuple[BrowserContext, Page]:
    """A window with these options of a context (`base_url` and `viewport` among them), before a page of figures or blank."""
    for seat in _seats:
        if not seat.taken and seat.browser is browser and seat.options == options:
            seat.taken = True
            seat.wipe()
            return seat.context, seat.page
    context = browser.new_context(**options)
    seat = Seat(browser=browser, options=options, context=context, page=context.new_page())
    _seats.append(seat)
    return seat.context, seat.page


def lasting() -> list[BrowserContext]:
    """The windows in use."""
    return [seat.context for seat in _seats if seat.taken]


def rise(browser: Browser, stay: list[BrowserContext]) -> None:
    """Give all of them back but those that `stay`: they ask no station any more."""
    for seat in list(_seats):
        if not seat.taken or seat.browser is not browser or seat.context in stay:
            continue
        if seat.page.is_closed():
            _seats.remove(seat)
            seat.context.close()
        else:
            seat.taken = False
            seat.page.goto("about:blank")


def kept() -> list[BrowserContext]:
    """All windows, in use or not."""
    return [seat.context for seat in _seats]


def leave(browser: Browser) -> None:
    """The browser ends."""
    _seats[:] = [seat for seat in _seats if seat.browser is not browser]
