"""Which browser tests, benches and pictures use, and how it is started."""

from __future__ import annotations

import shutil
from typing import Final

from playwright.sync_api import Browser, Playwright

# The same engine without windows, where it is installed: a page takes a quarter less of the processor.
_NAMES: Final = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def launched(play: Playwright) -> Browser:
    """A browser of the distribution's; FileNotFoundError says what to install where there is none."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        raise FileNotFoundError(
            "no Chromium is installed: apt-get install chromium-headless-shell (or chromium)"
        )
    return play.chromium.launch(executable_path=found, args=["--no-sandbox"])
