"""What every end-to-end test shares: the running stack, Airflow, a visitor, Chromium."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from live_airflow import LiveAirflow
from live_catalogue import Visitor
from live_stack import LiveStack, running_stack
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_OPTIONS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
PAGE_MILLISECONDS = 60_000
NAMING = ("MADANG_ENV_FILE", "MADANG_STATE", "MADANG_PORT_BASE")

OpenPage = Callable[[], AbstractContextManager[Page]]


@pytest.fixture(scope="session")
def stack() -> LiveStack:
    """Find the stack that the environment names, whole; these tests kill its processes."""
    if os.environ.get("MADANG_E2E") == "skip":
        pytest.skip("MADANG_E2E=skip: THE REAL STACK WAS NOT TESTED")
    if not any(os.environ.get(name) for name in NAMING):
        pytest.fail(
            "These tests kill processes and publish files, so they want a stack of their own."
            f" Run make test, or name one by {' or '.join(NAMING)}; or leave them out aloud:"
            " MADANG_E2E=skip"
        )
    found = running_stack()
    found.wait_until_whole()
    return found


@pytest.fixture(scope="session")
def engineer(stack: LiveStack) -> LiveAirflow:
    """Return Airflow as the data engineer sees it."""
    return LiveAirflow(
        stack.settings.url("airflow"), "engineer", stack.password("airflow-engineer")
    )


@pytest.fixture(scope="session")
def visitor(stack: LiveStack) -> Visitor:
    """Return the catalogue as anybody sees it."""
    return Visitor(stack.settings.url("catalogue"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Debian's Chromium."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        yield started
        started.close()


@pytest.fixture
def korean_page(browser: Browser) -> OpenPage:
    """Open pages as somebody whose browser speaks Korean, each without any memory."""

    @contextmanager
    def open_page() -> Iterator[Page]:
        context = browser.new_context(locale="ko-KR", timezone_id="Asia/Seoul")
        context.set_default_timeout(PAGE_MILLISECONDS)
        try:
            yield context.new_page()
        finally:
            context.close()

    return open_page
