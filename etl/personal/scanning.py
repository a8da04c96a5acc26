"""Scan columns for personal data, every cell of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from etl.contract.vocabulary import PersonalKind
from etl.personal.columns import count_hits
from etl.personal.patterns import PATTERNS

_TEXT, _CELLS = "text", "cells"


@dataclass(frozen=True, slots=True)
class ColumnFinding:
    """Personal data in one column; counts only, never a value.

    Attributes:
        column: Its name.
        kind: What was found.
        cells: Cells that are not empty.
        hits: Cells that hold the kind.
    """

    column: str
    kind: PersonalKind
    cells: int
    hits: int


def find_personal(values: pl.Series, today: date) -> dict[PersonalKind, int]:
    """Count the cells of a text column that hold personal data, by kind.

    Args:
        values: Text; missing values hold nothing.
        today: Until when people may have been born.

    Returns:
        The kinds that were found, with at least one cell each.

    Examples:
        >>> notes = pl.Series(["문의 010-1234-5678", "042-606-6865", "184-1-000038", None])
        >>> find_personal(notes, date(2026, 11, 25))
        {'mobile-number': 1}
    """
    found = scan_columns(pl.LazyFrame({_TEXT: values}), today)
    return {finding.kind: finding.hits for finding in found}


def scan_columns(table: pl.LazyFrame, today: date) -> list[ColumnFinding]:
    """Find the columns of a table that hold personal data.

    Text is searched for every kind, wherever in a cell it stands; whole numbers likewise, as
    text; decimals for coordinates alone. Dates, times and truth values are passed over.

    Args:
        table: Any table; not modified.
        today: See `find_personal`.

    Returns:
        One finding for each column and kind with at least one hit, in the columns' order.
    """
    kinds = {
        name: searched
        for name, dtype in table.collect_schema().items()
        if (searched := _kinds(dtype))
    }
    candidates = pl.collect_all([_candidates(table, name, kinds[name]) for name in kinds])
    cells = table.select(pl.col(list(kinds)).count()).collect().row(0, named=True) if kinds else {}
    return [
        ColumnFinding(name, kind, cells[name], hits)
        for name, texts in zip(kinds, candidates, strict=True)
        for kind in kinds[name]
        if (hits := _hits(texts, kind, today))
    ]


def _kinds(dtype: pl.DataType) -> tuple[PersonalKind, ...]:
    if dtype == pl.String or dtype.is_integer():
        return tuple(PATTERNS)
    if dtype.is_decimal() or dtype.is_float():
        return ("coordinates",)
    return ()


def _candidates(table: pl.LazyFrame, column: str, kinds: tuple[PersonalKind, ...]) -> pl.LazyFrame:
    """Count the distinct texts that any pattern lets through."""
    text = pl.col(column).cast(pl.String).alias(_TEXT)
    return (
        table.select(text)
        .filter(pl.any_horizontal(_matches(kind) for kind in kinds))
        .group_by(_TEXT)
        .len(_CELLS)
    )


def _hits(texts: pl.DataFrame, kind: PersonalKind, today: date) -> int:
    matching = texts.filter(_matches(kind))
    return count_hits(kind, dict(matching.select(_TEXT, _CELLS).iter_rows()), today)


def _matches(kind: PersonalKind) -> pl.Expr:
    return pl.col(_TEXT).str.contains(PATTERNS[kind])
