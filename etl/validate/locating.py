"""Find the failing rows of every rule in one columnar scan."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import reduce
from typing import assert_never

import polars as pl

from etl.contract.demands import Operator
from etl.validate.casting import ROW, readable
from etl.validate.durations import offset_of
from etl.validate.rules import (
    Among,
    Between,
    Compared,
    Exists,
    Length,
    Listed,
    Pattern,
    Readable,
    Recent,
    Required,
    Rule,
    Sums,
    TableCheck,
    Totals,
    Unique,
)

_WIDEST = 38  # digits of the widest decimal


def locate(
    typed: pl.LazyFrame,
    rules: Sequence[Rule],
    extra: Sequence[pl.Expr] = (),
    references: Mapping[str, pl.LazyFrame] | None = None,
) -> pl.LazyFrame:
    """Mark, for every row and rule, whether the row fails.

    Repeated values are looked for beforehand, in one scan per rule of uniqueness.

    Args:
        typed: What `cast_rows` returns; not modified.
        rules: The compiled rules.
        extra: What else to take from the same scan.
        references: Rows that foreign keys point to, by dataset.

    Returns:
        `_row`, one boolean column per rule, named by its label and never null, and `extra`.
    """
    joined = _with_found(_with_repeated(typed, rules), rules, references or {})
    scales = _scales(typed, rules)
    marks = (_fails(rule, scales).alias(rule.label) for rule in rules)
    return joined.select(ROW, *marks, *extra)


def _with_found(
    typed: pl.LazyFrame, rules: Sequence[Rule], references: Mapping[str, pl.LazyFrame]
) -> pl.LazyFrame:
    """Add a column for each foreign key that is true where its values were found."""
    for rule in rules:
        if isinstance(rule.check, Exists):
            keys = references[rule.check.dataset].select(rule.check.fields).unique()
            found = keys.rename(dict(zip(rule.check.fields, rule.fields, strict=True)))
            found = found.with_columns(pl.lit(value=True).alias(_found(rule)))
            typed = typed.join(found, on=list(rule.fields), how="left", maintain_order="left")
    return typed


def _found(rule: Rule) -> str:
    return f"{rule.label}:found"


def _with_repeated(typed: pl.LazyFrame, rules: Sequence[Rule]) -> pl.LazyFrame:
    """Add a column for each rule of uniqueness that is true where the row's values repeat."""
    joined = typed
    for rule in rules:
        if isinstance(rule.check, Unique):
            repeated = _repeated_values(typed, rule.fields)
            marked = repeated.with_columns(pl.lit(value=True).alias(_repeated(rule))).lazy()
            joined = joined.join(marked, on=list(rule.fields), how="left", maintain_order="left")
    return joined


def _repeated(rule: Rule) -> str:
    return f"{rule.label}:repeated"


def _repeated_values(typed: pl.LazyFrame, fields: Sequence[str]) -> pl.DataFrame:
    """Return the values, nulls aside, that stand in more than one row.

    Only their hashes are held for the whole table; values are compared where hashes are equal.
    """
    values = typed.select(fields).drop_nulls()
    hashed = pl.struct(fields).hash()
    hashes = values.select(hashed.alias("hash")).collect(engine="streaming")["hash"].sort()
    equal = hashes.filter(hashes == hashes.shift(1)).unique()
    suspected = values.filter(hashed.is_in(equal.implode()))
    counted = suspected.group_by(fields).len(":rows").filter(pl.col(":rows") > 1)
    return counted.select(fields).collect(engine="streaming")


def _scales(typed: pl.LazyFrame, rules: Sequence[Rule]) -> dict[str, int]:
    """Return the decimals to which a rule's numbers are brought; rules over others have none."""
    schema = typed.collect_schema()
    return {
        rule.label: max(getattr(schema[name], "scale", 0) for name in rule.fields)
        for rule in rules
        if isinstance(rule.check, Compared | Sums)
        and all(schema[name].is_numeric() for name in rule.fields)
    }


def _fails(rule: Rule, scales: Mapping[str, int]) -> pl.Expr:
    column = pl.col(rule.fields[0])
    match rule.check:
        case Required():
            return pl.col(readable(rule.fields[0])).is_null()
        case Readable():
            return ~pl.col(readable(rule.fields[0])).fill_null(value=True)
        case Unique():
            return pl.col(_repeated(rule)).is_not_null()
        case Between(least, most):
            return _is_outside(column, least, most)
        case Length(least, most):
            return _is_outside(column.str.len_chars(), least, most)
        case Pattern(regex, is_wanted):
            return _is_not(column.str.contains(regex), is_wanted=is_wanted)
        case Among(values, is_wanted):
            literals = pl.Series(values).implode()
            return _is_not(column.is_in(literals), is_wanted=is_wanted)
        case Compared() | Sums() | Recent() | Listed() | Exists() as check:
            return _fails_together(rule, check, _numbers(rule, scales))
        case Totals():
            raise TypeError(f"{rule.label} is not about rows")
        case _ as unknown:
            assert_never(unknown)


def _fails_together(rule: Rule, check: TableCheck, columns: Sequence[pl.Expr]) -> pl.Expr:
    """Judge what a row shows only beside other cells, other rows or another table."""
    match check:
        case Compared(order):
            return _is_not(_ORDERS[order](*columns), is_wanted=True)
        case Sums(within):
            return _is_no_sum(columns, within)
        case Recent(within):
            oldest = columns[0].max().dt.offset_by(f"-{offset_of(within)}")
            return (columns[0] < oldest).fill_null(value=False)
        case Listed(entries, on):
            return _is_not(_is_listed(columns[0], entries, pl.col(on)), is_wanted=True)
        case Exists():
            is_asked = pl.all_horizontal(pl.col(rule.fields).is_not_null())
            return pl.col(_found(rule)).is_null() & is_asked
        case _ as unknown:
            assert_never(unknown)


_ORDERS: dict[Operator, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    "<": pl.Expr.lt,
    "<=": pl.Expr.le,
    "=": pl.Expr.eq,
}


def _numbers(rule: Rule, scales: Mapping[str, int]) -> list[pl.Expr]:
    """Return a rule's columns, numbers wide enough to be added and compared exactly."""
    columns = [pl.col(name) for name in rule.fields]
    if (scale := scales.get(rule.label)) is None:
        return columns
    return [column.cast(pl.Decimal(_WIDEST, scale)) for column in columns]


def _is_no_sum(columns: Sequence[pl.Expr], within: Decimal) -> pl.Expr:
    *parts, total = columns
    difference = reduce(operator.add, parts) - total
    return (difference.abs() > pl.lit(within)).fill_null(value=False)


def _is_listed(column: pl.Expr, entries: Sequence[tuple[str, date, date]], day: pl.Expr) -> pl.Expr:
    """Look the value up once per period that one code has at most; most codes have one."""
    layers: list[dict[str, tuple[date, date]]] = []
    for value, since, until in entries:
        free = next((layer for layer in layers if value not in layer), None)
        if free is None:
            layers.append(free := {})
        free[value] = (since, until)
    is_listed = pl.any_horizontal(_is_in_layer(column, layer, day) for layer in layers)
    return pl.when(column.is_not_null()).then(is_listed)


def _is_in_layer(column: pl.Expr, layer: Mapping[str, tuple[date, date]], day: pl.Expr) -> pl.Expr:
    values = list(layer)
    since, until = (
        column.replace_strict(
            values, [days[end] for days in layer.values()], default=None, return_dtype=pl.Date
        )
        for end in (0, 1)
    )
    is_valid = day.is_null() | day.is_between(since, until).fill_null(value=False)
    return since.is_not_null() & is_valid


def _is_outside(value: pl.Expr, least: object, most: object) -> pl.Expr:
    outside = pl.lit(value=False)
    if least is not None:
        outside = outside | (value < pl.lit(least))
    if most is not None:
        outside = outside | (value > pl.lit(most))
    return outside.fill_null(value=False)


def _is_not(holds: pl.Expr, *, is_wanted: bool) -> pl.Expr:
    return (~holds if is_wanted else holds).fill_null(value=False)
