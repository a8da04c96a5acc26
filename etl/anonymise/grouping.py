"""The two heavy passes over a table, relational and in one place.

Kept apart so that the same passes can run on an engine of several machines.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

SIZE = "__rows"


def keep_large_groups(
    table: pl.LazyFrame, quasi_identifiers: Sequence[str], minimum: int
) -> pl.LazyFrame:
    """Keep rows that share their quasi-identifiers with enough others.

    A missing value counts as a value of its own, so a row with unknown age is only kept
    among enough other rows with unknown age. Row order is not promised.

    Args:
        table: Generalised candidate; not modified.
        quasi_identifiers: Columns that identify people in combination; at least one.
        minimum: Smallest group that may be published (the *k* of k-anonymity; Sweeney 2002).

    Returns:
        The rows whose group has at least `minimum` rows.

    Examples:
        >>> ages = pl.LazyFrame({"age": ["30-39", "30-39", "90+"]})
        >>> keep_large_groups(ages, ["age"], minimum=2).collect()["age"].to_list()
        ['30-39', '30-39']
    """
    large = table.group_by(quasi_identifiers).len(SIZE).filter(pl.col(SIZE) >= minimum)
    return table.join(large, on=quasi_identifiers, how="semi", nulls_equal=True)


def sort_by_values(table: pl.LazyFrame) -> pl.LazyFrame:
    """Sort rows by all their values, so that the order tells nothing about the source.

    Examples:
        >>> sort_by_values(pl.LazyFrame({"ward": ["b", None, "a"]})).collect()["ward"].to_list()
        [None, 'a', 'b']
    """
    return table.sort(table.collect_schema().names(), nulls_last=False)
