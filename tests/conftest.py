"""What every test keeps to: unit tests open no socket, and nothing speaks for a real person."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytest_socket
from hypothesis import HealthCheck, settings

UNIT = Path(__file__).parent / "unit"

settings.register_profile(
    "madang", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("long", deadline=None, max_examples=5000)  # --hypothesis-profile=long
settings.load_profile("madang")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse sockets to unit tests; pytest-socket lifts that after each test."""
    if item.path.is_relative_to(UNIT):
        pytest_socket.disable_socket(allow_unix_socket=True)
