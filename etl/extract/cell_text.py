"""How the cells of a workbook are written as text."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl

from etl.extract.number_formats import Meaning, NumberFormat, apply_mask

EXACT = 10**15  # whole numbers below have all their digits in a spreadsheet
LAST_DAY = 2_958_465  # 9999-12-31, counted from 1900
MISSING_DAY = 60  # 1900-02-29, which Excel counts and which never was
DAYS_BETWEEN_EPOCHS = 1462
MILLISECONDS_OF_DAY = 86_400_000
_EPOCH_1900 = dt.datetime(1899, 12, 31)  # noqa: DTZ001  (a cell has no zone)


def write_number(number: float) -> str:
    """Return a stored number with the fewest digits that give it back, never with an exponent.

    Examples:
        >>> write_number(3.0), write_number(0.1), write_number(-1e-7)
        ('3', '0.1', '-0.0000001')
        >>> write_number(309123456789.0), write_number(1.2345678901234567e19)
        ('309123456789', '12345678901234567000')
    """
    if number.is_integer() and -EXACT < number < EXACT:
        return str(int(number))
    text = repr(number)
    return format(Decimal(text), "f").removesuffix(".0") if "e" in text else text.removesuffix(".0")


def write_numbers(numbers: pl.Series) -> pl.Series:
    """Return a column of stored numbers as text, each as `write_number` does.

    Args:
        numbers: Float64, without nulls.

    Examples:
        >>> write_numbers(pl.Series([1.0, 0.5, 1e-7])).to_list()
        ['1', '0.5', '0.0000001']
    """
    if ((numbers == numbers.round()) & (numbers.abs() < EXACT)).all():
        return numbers.cast(pl.Int64).cast(pl.String)
    texts = numbers.cast(pl.String).str.strip_suffix(".0")
    if texts.str.contains("e", literal=True).any():
        return pl.Series([write_number(number) for number in numbers], dtype=pl.String)
    return texts


def write_boolean(value: bool) -> str:  # noqa: FBT001  (the value itself)
    """Return a boolean as spreadsheets show it.

    Examples:
        >>> write_boolean(True)
        'TRUE'
    """
    return "TRUE" if value else "FALSE"


def write_formatted(number: float, form: NumberFormat, *, is_1904: bool = False) -> str:
    """Return a stored number as what its format makes of it.

    Dates and times are ISO 8601; a time of a day or more that its format counts in hours stays
    such (`30:00:00`). A number that is no day of its calendar is written as a number.

    Args:
        number: As stored.
        form: The format of its cell.
        is_1904: Whether days count from 1904-01-01 and not from 1900-01-01.

    Examples:
        >>> from etl.extract.number_formats import understand_format
        >>> write_formatted(43831.5, understand_format(22, None))
        '2020-01-01T12:00:00'
        >>> write_formatted(0.999305555, understand_format(20, None))
        '23:59:00'
        >>> write_formatted(42.0, understand_format(170, "00000"))
        '00042'
    """
    if form.meaning is Meaning.MASK:
        is_code = number.is_integer() and abs(number) < EXACT
        return apply_mask(form.code, int(number)) if is_code else write_number(number)
    if form.meaning is Meaning.NUMBER or not 0 <= number <= LAST_DAY:
        return write_number(number)
    if form.meaning is Meaning.DURATION:
        return _write_clock(number)
    if form.meaning is Meaning.TIME and number <= 1:
        return _write_clock(number)
    return _write_day(number, form.meaning, is_1904=is_1904)


def write_date(value: dt.date) -> str:
    """Return a date, or the moment that a reader made of a cell, in ISO 8601.

    Examples:
        >>> write_date(dt.date(2020, 1, 1)), write_date(dt.datetime(2020, 1, 1, 9, 30))
        ('2020-01-01', '2020-01-01T09:30:00')
    """
    if isinstance(value, dt.datetime) and value.microsecond:
        return value.isoformat(timespec="milliseconds")
    return value.isoformat()


def _write_day(number: float, meaning: Meaning, *, is_1904: bool) -> str:
    days, clock = divmod(round(number * MILLISECONDS_OF_DAY), MILLISECONDS_OF_DAY)
    if is_1904:
        days += DAYS_BETWEEN_EPOCHS
    if days == 0 and clock and meaning is Meaning.DATETIME:
        return _write_clock(number)
    if days in {0, MISSING_DAY}:
        return write_number(number)
    day = _EPOCH_1900 + dt.timedelta(days=days - (days > MISSING_DAY), milliseconds=clock)
    return write_date(day.date() if meaning is Meaning.DATE and clock == 0 else day)


def _write_clock(number: float) -> str:
    """Return a part of a day as hours, minutes and seconds; hours may go beyond 24."""
    seconds, milliseconds = divmod(round(number * MILLISECONDS_OF_DAY), 1000)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{clock}.{milliseconds:03}" if milliseconds else clock
