"""Debian's Chromium, as somebody uses it whose browser speaks Korean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
OPTIONS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
PAGE_MILLISECONDS = 60_000

OpenPage = Callable[[], AbstractContextManager[Page]]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run the browser for a while."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield started
        started.close()


@contextmanager
def korean_page(browser: Browser) -> Iterator[Page]:
    """Open a page without any memory of earlier ones."""
    context = browser.new_context(locale="ko-KR", timezone_id="Asia/Seoul")
    context.set_default_timeout(PAGE_MILLISECONDS)
    try:
        yield context.new_page()
    finally:
        context.close()
