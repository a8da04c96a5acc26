from __future__ import annotations

from datetime import date

import pytest

from etl.contract.durations import day_after, day_before


@pytest.mark.parametrize(
    ("day", "duration", "before", "after"),
    [
        pytest.param(date(2024, 3, 1), "P1D", date(2024, 2, 29), date(2024, 3, 2), id="a day"),
        pytest.param(date(2024, 1, 8), "P1W", date(2024, 1, 1), date(2024, 1, 15), id="a week"),
        pytest.param(
            date(2024, 3, 31), "P1M", date(2024, 2, 29), date(2024, 4, 30), id="the last of months"
        ),
        pytest.param(date(2026, 1, 5), "P13M", date(2024, 12, 5), date(2027, 2, 5), id="13 months"),
        pytest.param(date(2024, 2, 29), "P1Y", date(2023, 2, 28), date(2025, 2, 28), id="leap day"),
        pytest.param(date(5, 1, 1), "P9999Y", date.min, date.max, id="beyond the calendar"),
        pytest.param(date(1, 1, 1), "P1D", date.min, date(1, 1, 2), id="before the first day"),
    ],
)  # fmt: skip
def test_durations_move_a_day_by_the_calendar(day, duration, before, after):
    assert day_before(day, duration) == before
    assert day_after(day, duration) == after
