"""Find the failing rows of every rule in one columnar scan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

import polars as pl

from etl.validate.casting import ROW, readable
from etl.validate.rules import (
    Among,
    Between,
    Length,
    Pattern,
    Readable,
    Required,
    Rule,
    Unique,
)


def locate(
    typed: pl.LazyFrame, rules: Sequence[Rule], extra: Sequence[pl.Expr] = ()
) -> pl.LazyFrame:
    """Mark, for every row and rule, whether the row fails.

    Args:
        typed: What `cast_rows` returns; not modified.
        rules: The compiled rules.
        extra: What else to take from the same scan.

    Returns:
        `_row`, one boolean column per rule, named by its label and never null, and `extra`.
    """
    return typed.select(ROW, *(_fails(rule).alias(rule.label) for rule in rules), *extra)


def _fails(rule: Rule) -> pl.Expr:
    column = pl.col(rule.fields[0])
    match rule.check:
        case Required():
            return pl.col(readable(rule.fields[0])).is_null()
        case Readable():
            return ~pl.col(readable(rule.fields[0])).fill_null(value=True)
        case Unique():
            return _is_repeated(rule.fields)
        case Between(least, most):
            return _is_outside(column, least, most)
        case Length(least, most):
            return _is_outside(column.str.len_chars(), least, most)
        case Pattern(regex, is_wanted):
            return _is_not(column.str.contains(regex), is_wanted=is_wanted)
        case Among(values, is_wanted):
            literals = pl.Series(values).implode()
            return _is_not(column.is_in(literals), is_wanted=is_wanted)
        case _ as unknown:
            assert_never(unknown)


def _is_repeated(fields: Sequence[str]) -> pl.Expr:
    """Hold for every member of a repeated value; a null in it makes the row unlike any."""
    values = pl.col(fields[0]) if len(fields) == 1 else pl.struct(fields)
    return values.is_duplicated() & pl.all_horizontal(pl.col(fields).is_not_null())


def _is_outside(value: pl.Expr, least: object, most: object) -> pl.Expr:
    outside = pl.lit(value=False)
    if least is not None:
        outside = outside | (value < pl.lit(least))
    if most is not None:
        outside = outside | (value > pl.lit(most))
    return outside.fill_null(value=False)


def _is_not(holds: pl.Expr, *, is_wanted: bool) -> pl.Expr:
    return (~holds if is_wanted else holds).fill_null(value=False)
