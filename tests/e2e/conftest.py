"""What every end-to-end test shares: the running stack, Airflow, a visitor, Chromium."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial

import live_browser
import pytest
from live_airflow import LiveAirflow
from live_browser import OpenPage
from live_catalogue import Visitor
from live_stack import LiveStack, running_stack
from playwright.sync_api import Browser

NAMING = ("MADANG_ENV_FILE", "MADANG_STATE", "MADANG_PORT_BASE")


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
    """Start the browser once."""
    with live_browser.chromium() as started:
        yield started


@pytest.fixture
def korean_page(browser: Browser) -> OpenPage:
    """Return what opens pages, each without any memory."""
    return partial(live_browser.korean_page, browser)
