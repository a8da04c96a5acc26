"""The two heavy passes over a table, relational and in one place.

Kept apart so that the same passes can run on an engine of several machines.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

SIZE = "__units"


def keep_large_groups(
    table: pl.LazyFrame, quasi_identifiers: Sequence[str], minimum: int, unit_key: str | None = None
) -> pl.LazyFrame:
    """Keep rows that share their quasi-identifiers with enough others.

    A missing value counts as a value of its own, so a row with unknown age is only kept
    among enough other rows with unknown age. Row order is not promised.

    Args:
        table: Generalised candidate; not modified.
        quasi_identifiers: Columns that identify units in combination; at least one.
        minimum: Smallest group that may be published (the *k* of k-anonymity; Sweeney 2002).
        unit_key: Column that tells units apart; without one every row counts as a unit.
            Rows without a key count as one unit together, the cautious reading.

    Returns:
        The rows whose group has at least `minimum` units.

    Examples:
        >>> ages = pl.LazyFrame({"age": ["30-39", "30-39", "90+"]})
        >>> keep_large_groups(ages, ["age"], minimum=2).collect()["age"].to_list()
        ['30-39', '30-39']
    """
    units = pl.len() if unit_key is None else pl.col(unit_key).n_unique()
    sizes = table.group_by(quasi_identifiers).agg(units.alias(SIZE))
    large = sizes.filter(pl.col(SIZE) >= minimum)
    return table.join(large, on=quasi_identifiers, how="semi", nulls_equal=True)


def sort_by_values(table: pl.LazyFrame) -> pl.LazyFrame:
    """Sort rows by all their values, so that the order tells nothing about the source.

    Examples:
        >>> sort_by_values(pl.LazyFrame({"ward": ["b", None, "a"]})).collect()["ward"].to_list()
        [None, 'a', 'b']
    """
    return table.sort(table.collect_schema().names(), nulls_last=False)
