"""What number formats mean, and what they make of a stored number."""

from __future__ import annotations

import pytest

from etl.extract.cell_text import write_formatted
from etl.extract.number_formats import understand_format


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        pytest.param("General", "NUMBER", id="general"),
        pytest.param("G/표준", "NUMBER", id="general in Korean"),
        pytest.param("0", "NUMBER", id="a whole number"),
        pytest.param("#,##0", "NUMBER", id="thousands"),
        pytest.param("# ##0", "NUMBER", id="thousands by blanks"),
        pytest.param("0.00%", "NUMBER", id="per cent"),
        pytest.param("0.00E+00", "NUMBER", id="scientific"),
        pytest.param("# ?/?", "NUMBER", id="a fraction"),
        pytest.param('#,##0"명"', "NUMBER", id="with a unit"),
        pytest.param('0"월"', "NUMBER", id="with a unit that is a letter of no date"),
        pytest.param("[Red]#,##0;[Blue]-#,##0", "NUMBER", id="colours"),
        pytest.param('_-* #,##0_-;-* #,##0_-;_-* "-"_-;_-@_-', "NUMBER", id="accounting"),
        pytest.param("@", "NUMBER", id="text"),
        pytest.param("yyyy-mm-dd", "DATE", id="a date"),
        pytest.param('yyyy"년" m"월" d"일"', "DATE", id="a date in Korean"),
        pytest.param("[$-412]yyyy\\-mm\\-dd;@", "DATE", id="a date with a language"),
        pytest.param("mmm-yy", "DATE", id="a month"),
        pytest.param("mmddyyam/pmdd", "DATE", id="a date with a stray half of day"),
        pytest.param("yyyy-mm-dd hh:mm", "DATETIME", id="a moment"),
        pytest.param("[$-412]AM/PM h:mm", "TIME", id="a time"),
        pytest.param("mm:ss.0", "TIME", id="minutes"),
        pytest.param("[h]:mm", "DURATION", id="hours beyond a day"),
        pytest.param("00000", "MASK", id="zeros in front"),
        pytest.param("000-0000", "MASK", id="zeros and a hyphen"),
        pytest.param("[<=9999999]###-####;(0##) ###-####", "MASK", id="a telephone number"),
    ],
)
def test_a_format_means_what_it_shows(code, meaning):
    assert understand_format(180, code).meaning.name == meaning


@pytest.mark.parametrize(
    ("number", "code", "text"),
    [
        pytest.param(43831.0, "yyyy-mm-dd", "2020-01-01", id="a date"),
        pytest.param(
            43831.0, "yyyy-mm-dd h:mm", "2020-01-01T00:00:00", id="midnight by its format"
        ),
        pytest.param(
            43831.25, "yyyy-mm-dd", "2020-01-01T06:00:00", id="more than its format shows"
        ),
        pytest.param(1.0, "yyyy-mm-dd", "1900-01-01", id="the first day"),
        pytest.param(59.0, "yyyy-mm-dd", "1900-02-28", id="before the day that never was"),
        pytest.param(60.0, "yyyy-mm-dd", "60", id="the day that never was"),
        pytest.param(61.0, "yyyy-mm-dd", "1900-03-01", id="after the day that never was"),
        pytest.param(0.0, "yyyy-mm-dd", "0", id="no day"),
        pytest.param(-3.0, "yyyy-mm-dd", "-3", id="before all days"),
        pytest.param(3000000.0, "yyyy-mm-dd", "3000000", id="after all days"),
        pytest.param(2958465.99999999, "yyyy-mm-dd h:mm", "2958465.99999999", id="rounds beyond"),
        pytest.param(0.0, "h:mm", "00:00:00", id="midnight as a time"),
        pytest.param(0.375, "h:mm", "09:00:00", id="a time"),
        pytest.param(1.0, "h:mm", "24:00:00", id="the end of the day"),
        pytest.param(1.25, "[h]:mm", "30:00:00", id="hours beyond a day"),
        pytest.param(0.5 + 1.5 / 86400, "h:mm:ss", "12:00:01.500", id="parts of a second"),
        pytest.param(42.0, "00000", "00042", id="zeros in front"),
        pytest.param(-42.0, "00000", "-00042", id="below zero"),
        pytest.param(123456.0, "00000", "123456", id="longer than its mask"),
        pytest.param(4.5, "00000", "4.5", id="no whole number, no code"),
        pytest.param(1234567.0, "000-0000", "123-4567", id="a hyphen"),
        pytest.param(
            5551234.0, "[<=9999999]###-####;(0##) ###-####", "555-1234", id="by condition"
        ),
        pytest.param(3.0, '0"월"', "3", id="units are left to the header"),
        pytest.param(0.125, "0.0%", "0.125", id="stored, not shown"),
        pytest.param(1234.5678, "#,##0.00", "1234.5678", id="stored precision"),
    ],
)
def test_a_stored_number_is_written_as_its_format_means(number, code, text):
    assert write_formatted(number, understand_format(180, code)) == text


@pytest.mark.parametrize(
    ("key", "text"),
    [
        pytest.param(14, "2020-01-01", id="a date"),
        pytest.param(22, "2020-01-01T00:00:00", id="a moment"),
        pytest.param(31, "2020-01-01", id="a Korean date that no code spells out"),
        pytest.param(57, "2020-01-01", id="another Korean date"),
        pytest.param(3, "43831", id="a number"),
        pytest.param(49, "43831", id="text"),
    ],
)
def test_formats_are_known_by_number_alone(key, text):
    assert write_formatted(43831.0, understand_format(key, None)) == text


def test_days_of_the_other_epoch_count_from_1904():
    day = understand_format(14, None)

    assert write_formatted(0.0, day, is_1904=True) == "1904-01-01"
    assert write_formatted(42369.0, day, is_1904=True) == "2020-01-01"
