from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.validate.normalise.moments import read_moment
from etl.validate.normalise.times import read_time


def clock(text, **keys):
    return pl.select(read_time(pl.lit(text), **keys)).item()


def moment(text, pivot=None):
    return pl.select(read_moment(pl.lit(text), "Asia/Seoul", pivot)).item()


@pytest.mark.parametrize(
    ("text", "read"),
    [
        pytest.param("9:00", time(9), id="one digit"),
        pytest.param("0900", time(9), id="four digits"),
        pytest.param("090030", time(9, 0, 30), id="six digits"),
        pytest.param("9시", time(9), id="the hour in words"),
        pytest.param("9시 30분", time(9, 30), id="in words"),
        pytest.param("09:00:00.0", time(9), id="a fraction of nothing"),
        pytest.param("09:00:00.5", None, id="half a second"),
        pytest.param("900", None, id="three digits"),
        pytest.param("24:00", None, id="24:00 is no time of day"),
        pytest.param("24:01", None, id="after the end of the day"),
        pytest.param("9:60", None, id="sixty minutes"),
        pytest.param("오전 9:00", None, id="halves of the day"),
        pytest.param("09:00~18:00", None, id="a span"),
    ],
)
def test_times_are_read_in_the_one_way_they_can_be_meant(text, read):
    assert clock(text) == read


def test_24_00_is_the_clock_at_midnight_where_times_are_of_closing():
    assert clock("24:00", is_closing=True) == time(0)
    assert clock("24시", is_closing=True) == time(0)
    assert clock("24:30", is_closing=True) is None


@pytest.mark.parametrize(
    ("text", "read"),
    [
        pytest.param("20200629095528", datetime(2020, 6, 29, 0, 55, 28, tzinfo=UTC), id="digits"),
        pytest.param("202006290955", datetime(2020, 6, 29, 0, 55, tzinfo=UTC), id="no seconds"),
        pytest.param("2019-12-07 00:01:00.0", datetime(2019, 12, 6, 15, 1, tzinfo=UTC), id="JDBC"),
        pytest.param("2024/1/5 9:00", datetime(2024, 1, 5, tzinfo=UTC), id="slashes"),
        pytest.param("2024. 1. 5. 9:00", datetime(2024, 1, 5, tzinfo=UTC), id="points"),
        pytest.param("2024년 1월 5일 9시", datetime(2024, 1, 5, tzinfo=UTC), id="words"),
        pytest.param("2024-12-31 24:00", datetime(2024, 12, 31, 15, tzinfo=UTC), id="24:00"),
        pytest.param("2024-12-31 24:01", None, id="after the end of the day"),
        pytest.param("2024.1.5", None, id="a day alone"),
        pytest.param("20240105", None, id="a day alone, in digits"),
        pytest.param("24.1.5 9:00", None, id="a year of two digits"),
        pytest.param("4290-01-01 09:00", None, id="a year of 단기"),
    ],
)
def test_moments_are_read_in_the_one_way_they_can_be_meant(text, read):
    assert moment(text) == read


def test_a_pivot_decides_the_century_of_a_moment():
    assert moment("24.1.5 9:00", pivot=30) == datetime(2024, 1, 5, tzinfo=UTC)


@given(st.times(), st.sampled_from(["{0:%H:%M:%S}", "{0:%H%M%S}", "{0.hour}:{0:%M:%S}"]))
def test_every_time_survives_to_the_second(when, shape):
    assert clock(shape.format(when)) == when.replace(microsecond=0)


@given(st.datetimes(datetime(1990, 1, 1), datetime(4199, 12, 31)))  # noqa: DTZ001  (local time)
def test_every_moment_survives_as_digits(when):
    assert moment(f"{when:%Y%m%d%H%M%S}") == when.replace(microsecond=0, tzinfo=UTC) - timedelta(
        hours=9
    )
