"""Days, months and years as people write them, each as precise as it is written.

Always read, because the year stands first with four digits and nothing else can be meant:
`2003-05-12`, `2003.5.12.`, `2003/05/12`, `2003년 5월 12일`, `20030512`, with blanks beside the
separators; for months `2003.05`, `2003. 5.`, `2003-05-`, `2003년 5월`, `200305`; for years
`2003`, `2003.`, `2003년`, `2003년도`. A time of day that is midnight may follow a day.

Read only where the contract declares it: years of two digits (`pivot`), days in a field of
months or years (`format: date`, which drops the day), dates of any precision as text
(`format: partial-date`).

Never read: days that do not exist; 30 December 1899, which spreadsheets make of a zero; years
from 4200 to 4399, which are of 단기, and eras with a name; `1996.1`, which a spreadsheet makes
of `1996.10`; English months (`Nov-23`), which it makes of other things; anything with two
dates or a note in it.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from etl.validate.normalise.damage import DAMAGED_OCTOBER, SPREADSHEET_ZERO
from etl.validate.normalise.second_look import read_in_two_looks

_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_MONTH = r"^[0-9]{4}-(?:0[1-9]|1[0-2])$"
_YEAR = r"^[0-9]{4}$"

# Year, month and day by the separator between them; a cell has one kind of separator.
_WRITTEN = (
    r"^([0-9]{4}|[0-9]{2})\s*\.\s*(?:([0-9]{1,2})\s*(?:\.\s*(?:([0-9]{1,2})\s*\.?)?)?|\.)?$",
    r"^([0-9]{4}|[0-9]{2})\s*-\s*([0-9]{1,2})\s*(?:-\s*([0-9]{1,2})?)?$",
    r"^([0-9]{4}|[0-9]{2})\s*/\s*([0-9]{1,2})\s*(?:/\s*([0-9]{1,2}))?$",
    r"^([0-9]{4}|[0-9]{2})\s*년도?\s*(?:([0-9]{1,2})\s*월\s*(?:([0-9]{1,2})\s*일)?)?$",
    r"^([0-9]{4})\s*[.]\s*([0-9]{1,2})\s*월()$",
    r"^([0-9]{4})([0-9]{2})([0-9]{2})$",
)
_COMPACT_MONTH = r"^([0-9]{4})([0-9]{2})()$"
_YEAR_ALONE = r"^([0-9]{4}|[0-9]{2})()()$"
_MIDNIGHT = r"[T ]0?0:00(?::00(?:\.0+)?)?$"
_ANY_TIME = r"[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?$"
_FIRST_OF_ERA, _AFTER_ERA = 4200, 4400
_FOREIGN_DAYS = date(_FIRST_OF_ERA, 1, 1), date(_AFTER_ERA - 1, 12, 31)


def read_date(text: pl.Expr, pivot: int | None = None, *, drops_time: bool = False) -> pl.Expr:
    """Read days; null for any other text, and for what names no day.

    Args:
        text: Cells without outer blanks.
        pivot: Years of two digits from it on are of the twentieth century, those below of
            the twenty-first; None where the contract declares none.
        drops_time: Whether a time of day may follow and is dropped.

    Examples:
        >>> cells = pl.DataFrame({"d": ["2003.5.12.", "20030512", "2003.05", "99.12.31"]})
        >>> [str(day) for day in cells.select(read_date(pl.col("d"))).to_series()]
        ['2003-05-12', '2003-05-12', 'None', 'None']
        >>> str(cells.select(read_date(pl.col("d"), pivot=30)).to_series()[3])
        '1999-12-31'
    """
    time = _ANY_TIME if drops_time else _MIDNIGHT
    return read_in_two_looks(
        text, _read_iso_day, lambda cells: spell_day(cells.str.replace(time, ""), pivot), pl.Date
    )


def read_yearmonth(text: pl.Expr, pivot: int | None = None, *, drops_day: bool = False) -> pl.Expr:
    """Read months as `2026-11`; null for any other text, and for what names no month.

    Args:
        text: Cells without outer blanks.
        pivot: As for `read_date`.
        drops_day: Whether days are read and dropped.

    Examples:
        >>> cells = pl.DataFrame({"m": ["2026.11", "202611", "2026년 1월", "2026.1", "2026-11-05"]})
        >>> cells.select(read_yearmonth(pl.col("m"))).to_series().to_list()
        ['2026-11', '2026-11', '2026-01', None, None]
        >>> cells.select(read_yearmonth(pl.col("m"), drops_day=True)).to_series()[4]
        '2026-11'
    """
    return read_in_two_looks(
        text,
        _read_iso_month,
        lambda cells: _spell_month(cells, pivot, drops_day=drops_day),
        pl.String,
    )


def read_year(text: pl.Expr, pivot: int | None = None, *, drops_month: bool = False) -> pl.Expr:
    """Read years; null for any other text.

    Args:
        text: Cells without outer blanks.
        pivot: As for `read_date`.
        drops_month: Whether months and days are read and dropped.

    Examples:
        >>> cells = pl.DataFrame({"y": ["2026", "2026년도", "2026.", "17년도", "2026.11"]})
        >>> cells.select(read_year(pl.col("y"))).to_series().to_list()
        [2026, 2026, 2026, None, None]
        >>> cells.select(read_year(pl.col("y"), pivot=30, drops_month=True)).to_series().to_list()
        [2026, 2026, 2026, 2017, 2026]
    """
    return read_in_two_looks(
        text,
        _read_iso_year,
        lambda cells: _spell_year(cells, pivot, drops_month=drops_month),
        pl.Int64,
    )


def read_partial_date(text: pl.Expr, pivot: int | None = None) -> pl.Expr:
    """Read dates of any precision as ISO 8601 text; null for any other text.

    Nothing is lost but the spelling: a year stays a year, a month a month.

    Examples:
        >>> cells = pl.DataFrame({"d": ["1997", "2010.12.", "2003.05.12", "2003.13.01"]})
        >>> cells.select(read_partial_date(pl.col("d"))).to_series().to_list()
        ['1997', '2010-12', '2003-05-12', None]
    """

    def read_plain(plain: pl.Expr) -> pl.Expr:
        year = _read_iso_year(plain)
        is_date = pl.any_horizontal(
            reading.is_not_null()
            for reading in (_read_iso_day(plain), _read_iso_month(plain), year)
        )
        return pl.when(is_date).then(plain)

    return read_in_two_looks(text, read_plain, lambda cells: _spell_partly(cells, pivot), pl.String)


def spell_day(cells: pl.Series, pivot: int | None) -> pl.Series:
    """Spell days as `2003-05-12`; null where a part is missing. Whether they exist is not asked."""
    return _split(cells, pivot).select(_joined("year", "month", "day")).to_series()


def _spell_month(cells: pl.Series, pivot: int | None, *, drops_day: bool) -> pl.Series:
    parts = _split(cells, pivot, _COMPACT_MONTH)
    return parts.select(
        pl.when(_may_drop("day", is_declared=drops_day)).then(_joined("year", "month"))
    ).to_series()


def _spell_year(cells: pl.Series, pivot: int | None, *, drops_month: bool) -> pl.Series:
    parts = _split(cells, pivot, _YEAR_ALONE, trusts_month=False)
    return parts.select(
        pl.when(_may_drop("month", is_declared=drops_month)).then("year")
    ).to_series()


def _spell_partly(cells: pl.Series, pivot: int | None) -> pl.Series:
    parts = _split(cells.str.replace(_MIDNIGHT, ""), pivot, _YEAR_ALONE)
    return parts.select(
        pl.concat_str("year", "month", "day", separator="-", ignore_nulls=True)
    ).to_series()


def _may_drop(part: str, *, is_declared: bool) -> pl.Expr:
    """Tell where a part is not written, or may be dropped from a date that exists."""
    if not is_declared:
        return pl.col(part).is_null()
    whole = _joined("year", "month", "day", fill="01").str.to_date("%Y-%m-%d", strict=False)
    return pl.col(part).is_null() | whole.is_not_null()


def _joined(*parts: str, fill: str | None = None) -> pl.Expr:
    columns = [pl.col(part) if fill is None else pl.col(part).fill_null(fill) for part in parts]
    return pl.concat_str(columns, separator="-")


def _split(
    cells: pl.Series, pivot: int | None, extra: str | None = None, *, trusts_month: bool = True
) -> pl.DataFrame:
    """Split written dates into year, month and day: text, null where unwritten.

    Args:
        cells: Cells without outer blanks.
        pivot: As for `read_date`; without one, years of two digits are not split.
        extra: A pattern beside the common ones, of three groups.
        trusts_month: Whether the month matters, so that `1996.1` must not be split.
    """
    shapes = (*_WRITTEN, extra) if extra else _WRITTEN
    text = pl.col("text")
    if trusts_month:
        text = pl.when(~text.str.contains(DAMAGED_OCTOBER)).then(text)
    found = cells.to_frame("text").select(
        text.str.extract_groups(shape).alias(f"shape {number}")
        for number, shape in enumerate(shapes)
    )
    written = found.select(
        pl.coalesce(pl.col(name).struct.field(str(group)) for name in found.columns).alias(part)
        for group, part in enumerate(("year", "month", "day"), start=1)
    )
    return written.select(
        _with_century(pl.col("year"), pivot),
        *(pl.when(pl.col(part) != "").then(pl.col(part).str.zfill(2)) for part in ("month", "day")),
    )


def _with_century(year: pl.Expr, pivot: int | None) -> pl.Expr:
    has_century = year.str.len_chars() == len("2026")
    if pivot is None:
        return pl.when(has_century).then(year)
    is_last = year.cast(pl.Int64, strict=False) >= pivot
    century = pl.when(is_last).then(pl.lit("19")).otherwise(pl.lit("20"))
    return pl.when(has_century).then(year).otherwise(century + year)


def is_of_our_era(year: pl.Expr) -> pl.Expr:
    """Tell which years are neither before the first nor of 단기; a null is none."""
    is_foreign = year.is_between(_FIRST_OF_ERA, _AFTER_ERA, closed="left")
    return (year >= 1) & ~is_foreign


def _read_iso_day(text: pl.Expr) -> pl.Expr:
    day = text.str.to_date("%Y-%m-%d", strict=False)
    is_foreign = day.is_between(*_FOREIGN_DAYS) | (day < date.min) | (day == SPREADSHEET_ZERO)
    return pl.when(text.str.contains(_DAY) & ~is_foreign).then(day)


def _read_iso_month(text: pl.Expr) -> pl.Expr:
    year = text.str.slice(0, 4).cast(pl.Int64, strict=False)
    return pl.when(text.str.contains(_MONTH) & is_of_our_era(year)).then(text)


def _read_iso_year(text: pl.Expr) -> pl.Expr:
    year = text.cast(pl.Int64, strict=False)
    return pl.when(text.str.contains(_YEAR) & is_of_our_era(year)).then(year)
