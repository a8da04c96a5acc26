"""Turn values of quasi-identifiers into the coarser ones that the contract declares."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from etl.contract.fields import Field
from etl.contract.generalisation import Generalisation
from etl.contract.hierarchies import CodeList
from etl.contract.model import Contract
from etl.errors import ContractError

NOTHING_LEFT = "*"


def generalise(
    table: pl.LazyFrame, contract: Contract, code_lists: Mapping[str, CodeList] | None = None
) -> pl.LazyFrame:
    """Keep the published fields, the quasi-identifiers in their declared coarseness.

    Columns that the contract does not publish leave the table here: direct identifiers,
    addresses of rows, and whatever else came along.

    Args:
        table: Typed rows; not modified.
        contract: Names fields, roles and generalisations.
        code_lists: Those that the contract names.

    Returns:
        The published columns in the contract's order; row order is not promised.
    """
    return table.select(
        generalised_value(field, contract.timezone, code_lists)
        for field in contract.published_fields
    )


def generalised_value(
    field: Field, timezone: str, code_lists: Mapping[str, CodeList] | None = None
) -> pl.Expr:
    """Return the expression of one published column.

    A missing value stays missing, save where nothing remains of any value.

    Args:
        field: Says how coarse the column becomes.
        timezone: Zone in which a moment has its day; moments themselves are in UTC.
        code_lists: Those that the contract names.

    Examples:
        >>> from etl.contract.vocabulary import Label
        >>> age = Field(
        ...     name="age", title=Label(ko="연령"), type="integer",
        ...     role="quasi-identifier", generalise=Generalisation(band=5, top=80),
        ... )
        >>> ages = pl.DataFrame({"age": [37, 81, None]})
        >>> ages.select(generalised_value(age, "Asia/Seoul"))["age"].to_list()
        ['35-39', '>=80', None]
    """
    value = pl.col(field.name)
    way = field.generalise
    if way is None:
        return value
    if way.band is not None:
        return _band(value, way.band, way).alias(field.name)
    if way.years is not None or way.date_part is not None:
        day = value.dt.convert_time_zone(timezone) if field.type == "datetime" else value
        if way.years is not None:
            return _years(day, way.years).alias(field.name)
        return _date_part(day, str(way.date_part)).alias(field.name)
    if way.words is not None:
        return _leading_words(value, way.words).alias(field.name)
    if way.keep is not None:
        return _leading_characters(value, way.keep).alias(field.name)
    if way.table is not None:
        return _looked_up(value, way, code_lists or {}).alias(field.name)
    return _nothing_left(value).alias(field.name)


def _nothing_left(value: pl.Expr) -> pl.Expr:
    """Say so once for each row: a bare literal would be a table of one row."""
    star = pl.lit(NOTHING_LEFT)
    return pl.when(value.is_null()).then(star).otherwise(star)


def _band(value: pl.Expr, width: int, way: Generalisation) -> pl.Expr:
    lower = value.floordiv(width) * width
    label = pl.format("{}-{}", lower, lower + (width - 1)) if width > 1 else lower.cast(pl.String)
    band: pl.Expr = pl.when(value.is_not_null()).then(label)
    if way.bottom is not None:
        band = pl.when(value < way.bottom).then(pl.lit(f"<{way.bottom}")).otherwise(band)
    if way.top is not None:
        band = pl.when(value >= way.top).then(pl.lit(f">={way.top}")).otherwise(band)
    return band


def _date_part(value: pl.Expr, part: str) -> pl.Expr:
    if part == "year":
        return value.dt.year().cast(pl.Int64)
    if part == "month":
        return value.dt.strftime("%Y-%m")
    if part == "day":
        return value.dt.date()
    quarter = pl.format("{}-Q{}", value.dt.strftime("%Y"), value.dt.quarter())
    return pl.when(value.is_not_null()).then(quarter)


def _years(value: pl.Expr, width: int) -> pl.Expr:
    lower = value.dt.year().cast(pl.Int64).floordiv(width) * width
    return pl.when(value.is_not_null()).then(pl.format("{}-{}", lower, lower + (width - 1)))


def _leading_words(value: pl.Expr, count: int) -> pl.Expr:
    return value.str.extract_all(r"\S+").list.head(count).list.join(" ")


def _leading_characters(value: pl.Expr, count: int) -> pl.Expr:
    masked = value.str.slice(count).str.replace_all(r"(?s).", NOTHING_LEFT)
    return value.str.head(count) + masked


def _looked_up(
    value: pl.Expr, way: Generalisation, code_lists: Mapping[str, CodeList]
) -> pl.Expr:  # fmt: skip
    code_list = code_lists.get(str(way.table))
    if code_list is None or way.column not in code_list.columns:
        raise ContractError(
            f"The code list {way.table} has no column {way.column}, or was not read. Nothing was"
            " anonymised; the live release stays. Correct the contract or the code list."
        )
    return value.replace_strict(
        list(code_list.values),
        list(code_list.columns[str(way.column)]),
        default=None,
        return_dtype=pl.String,
    )
