from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.validate.normalise.damage import SPREADSHEET_ZERO
from etl.validate.normalise.dates import (
    read_date,
    read_partial_date,
    read_year,
    read_yearmonth,
)

SHAPES = [
    "{0:%Y-%m-%d}", "{0:%Y.%m.%d}", "{0:%Y.%m.%d}.", "{0:%Y/%m/%d}", "{0:%Y%m%d}",
    "{0:%Y}.{0.month}.{0.day}.", "{0:%Y}. {0.month}. {0.day}", "{0:%Y}년 {0.month}월 {0.day}일",
    "{0:%Y}-{0.month}-{0.day}", "{0:%Y-%m-%d} 00:00:00", "{0:%Y}. {0.month}.{0.day}",
]  # fmt: skip


def day(text, pivot=None, **keys):
    return pl.select(read_date(pl.lit(text), pivot, **keys)).item()


def partial(text, pivot=None):
    return pl.select(read_partial_date(pl.lit(text), pivot)).item()


def month(text, pivot=None, **keys):
    return pl.select(read_yearmonth(pl.lit(text), pivot, **keys)).item()


def year(text, pivot=None, **keys):
    return pl.select(read_year(pl.lit(text), pivot, **keys)).item()


# One cell of every shape in which 3,464 centres for old people say when they were opened, with
# its meaning when years of two digits from 30 on are of the twentieth century.
OPENED = [
    ("1989.06", "1989-06"),
    ("1989-06-09", "1989-06-09"),
    ("1996.12.", "1996-12"),
    ("2018.11.22", "2018-11-22"),
    ("19890501", "1989-05-01"),
    ("1997", "1997"),
    ("89.06.30", "1989-06-30"),
    ("1996.1", None),
    ("2011.09.26.", "2011-09-26"),
    ("89. 6.30", "1989-06-30"),
    ("2010.7.", "2010-07"),
    ("1994. 4.", "1994-04"),
    ("2014.1.20", "2014-01-20"),
    ("2011.2.10.", "2011-02-10"),
    ("1996. 4.25", "1996-04-25"),
    ("90. 9. 3", "1990-09-03"),
    ("2015.5.1", "2015-05-01"),
    ("1997. 10.", "1997-10"),
    ("1989.  .", "1989"),
    ("1980. 01", "1980-01"),
    ("08.11.11.", "2008-11-11"),
    ("09. 8.21.", "2009-08-21"),
    ("2003. 9. 6", "2003-09-06"),
    ("09. 9. 1.", "2009-09-01"),
    ("19.8.19.", "2019-08-19"),
    ("1995 .8.", "1995-08"),
    ("2000. 6 .", "2000-06"),
    ("2019,01-03", None),
    ("2005-06-10\n(최초계약)", None),
    ("1966.  . ", "1966"),
    ("2017-08-", "2017-08"),
    ("2018.1.8.", "2018-01-08"),
    ("2019. 8. 8.", "2019-08-08"),
    ("1992.03.31.(구)\n2019.6.25.(신)", None),
    ("18.8.30", "2018-08-30"),
    ("94.4 12", None),
    ("12. 1. 30", "2012-01-30"),
    ("95.10.9", "1995-10-09"),
]


@pytest.mark.parametrize(("text", "meaning"), OPENED)
def test_every_shape_of_a_real_column_keeps_its_precision_or_is_refused(text, meaning):
    assert partial(text.strip(), pivot=30) == meaning


@pytest.mark.parametrize(("text", "meaning"), OPENED)
def test_a_field_of_days_reads_only_days(text, meaning):
    is_day = meaning is not None and len(meaning) == len("2026-11-01")

    assert day(text.strip(), pivot=30) == (date.fromisoformat(meaning) if is_day else None)


@pytest.mark.parametrize("text", [text for text, _ in OPENED if text[2] in ". "])
def test_years_of_two_digits_need_a_pivot(text):
    assert day(text) is None
    assert partial(text) is None


@pytest.mark.parametrize(
    ("text", "pivot", "read"),
    [
        pytest.param("30.1.5", 30, date(1930, 1, 5), id="the pivot itself is the last century"),
        pytest.param("29.1.5", 30, date(2029, 1, 5), id="one below it is this century"),
        pytest.param("00.1.5", 0, date(1900, 1, 5), id="all of them the last century"),
        pytest.param("890630", 30, None, id="six digits could be year and month"),
    ],
)
def test_the_pivot_decides_the_century(text, pivot, read):
    assert day(text, pivot) == read


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("2015-09-31", id="no such day"),
        pytest.param("20150931", id="no such day, without separators"),
        pytest.param("2023.2.29", id="no leap day"),
        pytest.param("2023.13.1", id="no such month"),
        pytest.param("2023.0.1", id="month zero"),
        pytest.param("0000.1.1", id="year zero"),
        pytest.param("1899-12-30", id="the zero of a spreadsheet"),
        pytest.param("4290-01-01", id="a year of 단기"),
        pytest.param("4290.1.1", id="a year of 단기 with points"),
        pytest.param("단기 4290년 1월 1일", id="단기 by name"),
        pytest.param("민국 112년 1월 1일", id="민국"),
        pytest.param("112.1.1", id="a year of three digits"),
        pytest.param("Nov-23", id="an English month"),
        pytest.param("23.Dec", id="an English month after a number"),
        pytest.param("2021.1/4", id="a quarter"),
        pytest.param("2003.05-12", id="two kinds of separator"),
        pytest.param("12/5/2003", id="year last: day and month are anybody's guess"),
        pytest.param("2003-05-12 09:30", id="a time of day that is not declared"),
        pytest.param("2003. . 5", id="a day without a month"),
        pytest.param("2003.05.12~2003.06.01", id="a span"),
    ],
)
def test_what_is_no_day_or_more_than_one_is_refused(text):
    assert day(text) is None
    assert partial(text) is None


def test_a_time_of_day_is_dropped_where_declared():
    assert day("2019-12-07 00:01:00.0", drops_time=True) == date(2019, 12, 7)
    assert day("2019-12-07 00:00:00.0") == date(2019, 12, 7)
    assert day("2019-12-07 00:01:00.0") is None


@pytest.mark.parametrize(
    ("text", "read"),
    [
        pytest.param("2025.06 월", "2025-06", id="point and word"),
        pytest.param("2025년 6월", "2025-06", id="words"),
        pytest.param("202506", "2025-06", id="six digits"),
        pytest.param("2025.6.", "2025-06", id="points"),
        pytest.param("2025.1", None, id="October of a spreadsheet, or January"),
        pytest.param("202513", None, id="no month thirteen"),
        pytest.param("2025", None, id="a year is no month"),
        pytest.param("2025-06-05", None, id="a day is more than a month"),
        pytest.param("Nov-23", None, id="an English month"),
    ],
)
def test_months_are_read_as_precise_as_they_are(text, read):
    assert month(text) == read


def test_days_become_months_and_years_only_where_declared():
    assert month("2025.6.5", drops_day=True) == "2025-06"
    assert month("2025.6.31", drops_day=True) is None
    assert year("2025.6.5", drops_month=True) == 2025
    assert year("2025.13", drops_month=True) is None
    assert year("1996.1", drops_month=True) == 1996
    assert year("2025.6") is None


@pytest.mark.parametrize(
    ("text", "pivot", "read"),
    [
        pytest.param("2017년도", None, 2017, id="with the word"),
        pytest.param("17년도", None, None, id="two digits"),
        pytest.param("17년도", 30, 2017, id="two digits and a pivot"),
        pytest.param("97", 30, 1997, id="two digits alone and a pivot"),
        pytest.param("97", None, None, id="two digits alone"),
        pytest.param("4290", None, None, id="단기"),
    ],
)
def test_years_are_read(text, pivot, read):
    assert year(text, pivot) == read


days = st.dates(date(1, 1, 1), date(4199, 12, 31)).filter(lambda when: when != SPREADSHEET_ZERO)


@given(days, st.sampled_from(SHAPES))
def test_every_written_day_survives(when, shape):
    written = shape.format(when)
    century = f"{when.year:04}"
    written = written if written.startswith(century) else century + written[len(str(when.year)) :]

    assert day(written) == when
    assert partial(written) == when.isoformat()


@given(days)
def test_a_partial_date_is_its_own_reading(when):
    for written in (f"{when.year:04}", f"{when.year:04}-{when.month:02}", when.isoformat()):
        assert partial(written) == written


@given(st.text("0123456789.-/ 년월일", max_size=12))
def test_a_day_that_is_read_has_the_digits_that_were_written(text):
    read = day(text)

    if read is not None:
        digits = "".join(c for c in text if c.isdigit())
        assert digits in {
            shape.format(read).translate(str.maketrans("", "", ".-/ 년월일:"))
            for shape in ("{0:%Y%m%d}", "{0.year:04}{0.month}{0.day}", "{0:%Y%m}{0.day}")
        } | {f"{read.year:04}{read.month}{read.day:02}"}
