"""Find what tells rows apart: one column, or a few together."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence

import polars as pl

from etl.proposing.deciding import Decided

_KEY_TYPES = frozenset({"string", "integer", "year", "date", "datetime", "yearmonth"})
_WIDEST_KEY, _TRIED_COLUMNS = 3, 8
_KEY_HEADER = re.compile(r"번호|코드|순번|연번|(^|_)id$|_id|[a-z]ID$", re.IGNORECASE)


def find_key(rows: pl.LazyFrame, decided: Mapping[str, Decided]) -> tuple[str, ...]:
    """Return the columns whose values together never stand twice, or none.

    A single column is preferred to several, a column of numbers or codes to others, and what
    stands further left to what stands further right.

    Args:
        rows: Text columns, named as in `decided`; not modified.
        decided: What is known about each column.
    """
    usable = [
        name for name, column in decided.items()
        if column.is_complete and column.type in _KEY_TYPES
    ]  # fmt: skip
    usable.sort(key=lambda name: not _KEY_HEADER.search(name))
    single = next((name for name in usable if decided[name].is_unique), None)
    return (single,) if single is not None else _compound(rows, usable[:_TRIED_COLUMNS])


def _compound(rows: pl.LazyFrame, names: Sequence[str]) -> tuple[str, ...]:
    tried = [
        group
        for width in range(2, _WIDEST_KEY + 1)
        for group in itertools.combinations(names, width)
    ]
    if not tried:
        return ()
    counts = (pl.struct(group).n_unique().alias(str(n)) for n, group in enumerate(tried))
    found = rows.select(pl.len().alias("rows"), *counts).collect().row(0)
    unique = (group for group, count in zip(tried, found[1:], strict=True) if count == found[0])
    return next(unique, ())
