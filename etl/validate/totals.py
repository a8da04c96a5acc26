"""The total rows of a source as a checksum of its data.

A total row is no data and is never published; what it states is held against the sum of the
rows that it speaks for: those that share its other texts (시도 of a 소계), or all of them. Where
that is not plain, nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from etl.contract.model import Contract
from etl.validate.addressing import NO_TOTALS
from etl.validate.casting import ROW, readable
from etl.validate.rules import Rule, Totals

_MARKER = r"^(?:총|합|소|누|총합|전체)?계(?:\(.*\))?$|^(?i:(?:grand|sub)?total|sum)$"
_WIDEST = 38


def total_rules(contract: Contract) -> tuple[Rule, ...]:
    """Return one rule per field whose sum total rows state; `check_totals` asks them."""
    return tuple(
        Rule((name,), "total", demand.severity or "warning", Totals(), None, demand.responsibility)
        for demand in contract.rules
        if demand.total is not None
        for name in demand.total
    )


def check_totals(
    typed: pl.LazyFrame,
    totals: pl.LazyFrame | None,
    rules: Sequence[Rule],
    contract: Contract,
) -> pl.DataFrame:
    """Hold total rows against the rows that they speak for.

    Args:
        typed: The data, as `cast_rows` returns them; not modified.
        totals: The total rows in the same form; None where the source has none.
        rules: What `total_rules` returns.
        contract: Its fields of type `string` tell what a total row speaks for.

    Returns:
        `_row` of each total row that states another sum, and the `label` of the rule. A sum
        over cells that cannot be read is not compared, and of several rows that speak for the
        whole table one has to be right.
    """
    if totals is None or not rules:
        return NO_TOTALS
    stated = totals.collect()
    texts = [field.name for field in contract.fields if field.type == "string"]
    wrong = [
        _wrong(typed, group, dimensions, rule)
        for dimensions, group in _by_dimensions(stated, texts)
        for rule in rules
    ]
    return pl.concat([NO_TOTALS, *wrong]).sort(ROW, "label")


def _by_dimensions(
    totals: pl.DataFrame, texts: Sequence[str]
) -> Iterator[tuple[tuple[str, ...], pl.DataFrame]]:
    """Split total rows by which of their texts say what they speak for."""
    says = totals.select(
        (pl.col(name).is_not_null() & ~_is_marker(pl.col(name)).fill_null(value=False)).alias(name)
        for name in texts
    )
    patterns: dict[tuple[str, ...], list[int]] = {}
    for position, row in enumerate(says.iter_rows(named=True)):
        patterns.setdefault(tuple(n for n in texts if row[n]), []).append(position)
    return ((names, totals[positions]) for names, positions in patterns.items())


def _is_marker(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(r"\s+", "").str.contains(_MARKER)


def _wrong(
    typed: pl.LazyFrame, totals: pl.DataFrame, dimensions: Sequence[str], rule: Rule
) -> pl.DataFrame:
    (name,) = rule.fields
    sums = _sums(typed, dimensions, name)
    if dimensions:
        stated = totals.join(sums, on=list(dimensions), how="inner")
    else:
        stated = totals.join(sums, how="cross")
    told = stated.filter(pl.col(name).is_not_null() & pl.col(":whole"))
    wrong = told.filter(_exact(name, told.schema[name]) != pl.col(":sum"))
    if not dimensions and wrong.height < told.height:
        wrong = wrong.clear()  # one of them is the grand total, the others sum up parts
    elif not dimensions:
        wrong = wrong.tail(1)
    return wrong.select(ROW, pl.lit(rule.label).alias("label"))


def _sums(typed: pl.LazyFrame, dimensions: Sequence[str], name: str) -> pl.DataFrame:
    """Return the sum of a field by group, and whether every cell of it could be read."""
    dtype = typed.collect_schema()[name]
    aggregates = (
        _exact(name, dtype).sum().alias(":sum"),
        pl.col(readable(name)).fill_null(value=True).all().alias(":whole"),
    )
    if not dimensions:
        return typed.select(aggregates).collect(engine="streaming")
    return typed.group_by(dimensions).agg(aggregates).collect(engine="streaming")


def _exact(name: str, dtype: pl.DataType) -> pl.Expr:
    return pl.col(name).cast(pl.Decimal(_WIDEST, getattr(dtype, "scale", 0)))
