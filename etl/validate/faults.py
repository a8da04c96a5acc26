"""Why a cell cannot be read: what the department is told beside rule `type`.

Asked of failing cells only, after the judges: reading a column costs nothing more. A reason
never changes a verdict, and a cell without a known one is simply not of its type.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, get_args

import polars as pl

from etl.contract.fields import Field
from etl.contract.model import Contract
from etl.contract.spelling import CoordinatePair
from etl.contract.vocabulary import FieldType
from etl.validate.casting import ROW
from etl.validate.normalise.coordinates import DEGREES, LATITUDES, LONGITUDES, WGS84
from etl.validate.normalise.damage import (
    DAMAGED_OCTOBER,
    ENGLISH_MONTH,
    EXPONENT,
    FORMULA_ERROR,
    SPREADSHEET_ZERO,
)
from etl.validate.normalise.dates import is_of_our_era, read_date, read_partial_date, spell_day
from etl.validate.normalise.numbers import read_number, spell_plainly

Reason = Literal[
    "excel_damaged",
    "spreadsheet_error",
    "impossible_date",
    "two_digit_year",
    "precision",
    "other_era",
    "end_of_day",
    "negative_mark",
    "grouping",
    "decimals",
    "leading_zero",
    "unit_in_cell",
    "no_date",
    "no_phone",
    "not_listed",
    "swapped",
    "not_on_grid",
    "outside_korea",
]

REASONS: tuple[Reason, ...] = get_args(Reason)

SCHEMA = {ROW: pl.Int64, "field": pl.String, "reason": pl.String}

_NUMERIC: tuple[FieldType, ...] = ("integer", "number")
_DATED: tuple[FieldType, ...] = ("date", "datetime", "yearmonth", "year")
_ERA_NAMES = "단기|민국|檀紀|民國|昭和|平成|令和|쇼와|헤이세이|레이와"
_END_OF_DAY = r"^24(?::?00){1,2}$|^24시"
_NEGATIVE = r"^(?:[△▲]\s*[0-9.].*|\(\s*[0-9.,]+\s*\))$"
_GROUPING = r"^[+-]?[0-9]*(?:,[0-9]*)+(?:\.[0-9]+)?$"
_FRACTION = r"^[+-]?[0-9]*\.[0-9]+$"
_LEADING_ZERO = r"^0[0-9]{9,}$"
_UNIT = r"^[+-]?[0-9][0-9,.]*\s*[^0-9\s,.()~/:+-]+$"


def add_reasons(issues: pl.LazyFrame, rows: pl.LazyFrame, contract: Contract) -> pl.LazyFrame:
    """Say beside each cell that fails rule `type` why, where that is known.

    Args:
        issues: One line per failure with `_row`, `field` and `rule`; not modified.
        rows: The landed rows; not modified. Columns with failures are read once.
        contract: Says how values are written.

    Returns:
        The same lines in the same order, with `reason` as the last column.
    """
    about_type = pl.col("rule") == "type"
    failing = issues.filter(about_type).select(ROW, "field").collect()
    fields = {field.name: field for field in contract.fields}
    parts = [
        _reasons(rows, fields[name], part[ROW], contract.pair_of(name))
        for (name,), part in failing.partition_by("field", as_dict=True).items()
    ]
    reasons = pl.concat([pl.DataFrame(schema=SCHEMA), *parts]).lazy()
    joined = issues.join(reasons, on=[ROW, "field"], how="left", maintain_order="left")
    return joined.with_columns(pl.when(about_type).then("reason"))


def _reasons(
    rows: pl.LazyFrame, field: Field, addresses: pl.Series, pair: CoordinatePair | None
) -> pl.DataFrame:
    cells = rows.select(ROW, pl.col(field.name).str.strip_chars().alias("text"))
    failing = addresses.to_frame(ROW).lazy()
    found = cells.join(failing, on=ROW, how="semi").collect()
    return found.select(
        ROW,
        pl.lit(field.name).alias("field"),
        find_reasons(found["text"], field, pair).alias("reason"),
    )


def find_reasons(cells: pl.Series, field: Field, pair: CoordinatePair | None = None) -> pl.Series:
    """Say why each of some cells cannot be read as a field's type; null where nobody knows.

    Args:
        cells: Text that the field's reader refused, without outer blanks.
        field: Gives the type and how values are written.
        pair: The pair of coordinates that the field is part of.

    Examples:
        >>> from etl.contract.vocabulary import Label
        >>> built = Field(name="built", title=Label(ko="개소일"), type="date", role="open")
        >>> cells = pl.Series(["Nov-23", "89.06.30", "1997", "2015-09-31", "작년"])
        >>> find_reasons(cells, built).to_list()
        ['excel_damaged', 'two_digit_year', 'precision', 'impossible_date', None]
    """
    frame = cells.to_frame("text").with_columns(
        plain=spell_plainly(cells), day=spell_day(cells, pivot=0)
    )
    reasons = [pl.when(test).then(pl.lit(reason)) for reason, test in _tests(field, pair)]
    return frame.select(pl.coalesce(*reasons, pl.lit(None, dtype=pl.String))).to_series()


def _tests(field: Field, pair: CoordinatePair | None) -> Iterator[tuple[Reason, pl.Expr]]:
    text = pl.col("text")
    if pair is not None:
        yield from _coordinate_tests(field, pair)
    yield "excel_damaged", text.str.contains(f"{EXPONENT}|{ENGLISH_MONTH}")
    yield "spreadsheet_error", text.str.contains(FORMULA_ERROR)
    if field.type in _NUMERIC:
        yield from _number_tests(text)
    if field.type in _DATED or field.format == "partial-date":
        yield from _date_tests(text, field)
    if field.type in ("time", "datetime"):
        yield "end_of_day", text.str.contains(_END_OF_DAY)
    if otherwise := _of_format(field):
        yield otherwise, text.is_not_null()


def _of_format(field: Field) -> Reason | None:
    """Return what is wrong with any other text of a field that declares a form for text."""
    if field.separators:
        return "not_listed"
    forms: dict[str | None, Reason] = {"partial-date": "no_date", "phone": "no_phone"}
    return forms.get(field.format)


def _coordinate_tests(field: Field, pair: CoordinatePair) -> Iterator[tuple[Reason, pl.Expr]]:
    number = pl.col("plain").cast(pl.Float64, strict=False)
    others = LATITUDES if field.name == pair.longitude else LONGITUDES
    if pair.epsg == WGS84:
        yield "swapped", number.is_between(*others)
        is_read = read_number(pl.col("text"), field.decimals or 0, field.negative).is_not_null()
        yield "outside_korea", is_read
    else:
        yield "not_on_grid", number.abs() <= DEGREES
        yield "outside_korea", number.is_not_null()


def _number_tests(text: pl.Expr) -> Iterator[tuple[Reason, pl.Expr]]:
    yield "negative_mark", text.str.contains(_NEGATIVE)
    yield "leading_zero", pl.col("plain").str.contains(_LEADING_ZERO)
    yield "grouping", pl.col("plain").str.contains(_GROUPING)
    yield "decimals", pl.col("plain").str.contains(_FRACTION)
    yield "unit_in_cell", pl.col("plain").str.contains(_UNIT)


def _date_tests(text: pl.Expr, field: Field) -> Iterator[tuple[Reason, pl.Expr]]:
    day = pl.col("day")
    year = day.str.slice(0, 4).cast(pl.Int64, strict=False)
    yield "excel_damaged", text.str.contains(DAMAGED_OCTOBER) | (day == str(SPREADSHEET_ZERO))
    yield "other_era", text.str.contains(_ERA_NAMES) | ~is_of_our_era(year)
    yield "precision", read_partial_date(text, field.pivot).is_not_null()
    yield "precision", read_date(text, field.pivot, drops_time=True).is_not_null()
    yield "two_digit_year", read_partial_date(text, pivot=0).is_not_null()
    yield "impossible_date", day.is_not_null() & day.str.to_date("%Y-%m-%d", strict=False).is_null()
