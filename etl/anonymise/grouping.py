"""The heavy passes over a table, relational and in one place.

Kept apart so that the same passes can run on an engine of several machines: group-bys, joins
with small tables and sorts, nothing else. Nulls are values: they are mapped to a number like
any other, so they form groups and join.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

ROWS = "__rows"
SIZE = "__size"
LARGEST = "__largest"
TIMES = "__times"


@dataclass(frozen=True, slots=True)
class Mapped:
    """A column whose values are replaced through a list of all of them.

    Attributes:
        name: The column.
        values: Every value that it holds, each once; a missing one counts.
        numbers: What each value is grouped by.
        labels: What each number stands for once published, by position.
    """

    name: str
    values: pl.Series
    numbers: pl.Series
    labels: pl.Series

    @property
    def number(self) -> pl.Expr:
        """Replace values by numbers; a value that is not on the list is an error."""
        return pl.col(self.name).replace_strict(self.values, self.numbers, return_dtype=pl.UInt32)

    @property
    def label(self) -> pl.Expr:
        """Replace numbers by what is published."""
        positions = pl.int_range(len(self.labels), dtype=pl.UInt32, eager=True)
        return pl.col(self.name).replace_strict(
            positions, self.labels, return_dtype=self.labels.dtype
        )


@dataclass(frozen=True, slots=True)
class Held:
    """What each group must hold of one column.

    Attributes:
        column: The column: a sensitive one, or the key of units.
        distinct: How many values at least.
        largest_share: Which part of the group its most frequent value may be at most.
    """

    column: str
    distinct: int
    largest_share: float | None = None


def count_values(table: pl.LazyFrame, columns: Sequence[str]) -> list[pl.DataFrame]:
    """Count the values of each column by itself, in one pass, sorted by value.

    Examples:
        >>> count_values(pl.LazyFrame({"ward": ["b", None, "b"]}), ["ward"])[0].rows()
        [(None, 1), ('b', 2)]
    """
    counted = [table.group_by(name).len(ROWS).sort(name, nulls_last=False) for name in columns]
    return pl.collect_all(counted)


def count_combinations(
    table: pl.LazyFrame, mapped: Sequence[Mapped], others: Sequence[str] = ()
) -> pl.LazyFrame:
    """Count the distinct combinations of columns, the mapped ones by their numbers.

    Returns:
        Numbers, other columns, and `__rows`; order is not promised.
    """
    selected = table.select(*(column.number for column in mapped), *map(pl.col, others))
    return selected.group_by([*(column.name for column in mapped), *others]).len(ROWS)


def keep_safe_groups(
    combinations: pl.LazyFrame, quasi_identifiers: Sequence[str], minimum: int,
    held: Sequence[Held] = (),
) -> pl.LazyFrame:  # fmt: skip
    """Keep combinations whose group is large and diverse enough.

    A missing value counts as a value of its own, so rows with unknown age are only kept among
    enough other rows with unknown age.

    Args:
        combinations: Distinct combinations with `__rows`; not modified.
        quasi_identifiers: Columns that identify people in combination; at least one.
        minimum: Rows of the smallest group (the *k* of k-anonymity; Sweeney 2002).
        held: What each group must hold besides (distinct l-diversity, (α,k)-anonymity).

    Examples:
        >>> ages = pl.LazyFrame({"age": ["30-39", "90+", None], "__rows": [2, 1, 1]})
        >>> keep_safe_groups(ages, ["age"], 2).collect()["age"].to_list()
        ['30-39']
    """
    keys = list(quasi_identifiers)
    large = combinations.group_by(keys).agg(pl.col(ROWS).sum()).filter(pl.col(ROWS) >= minimum)
    kept = combinations.join(large, on=keys, how="semi", nulls_equal=True)
    for rule in held:
        diverse = (
            combinations.group_by([*keys, rule.column])
            .agg(pl.col(ROWS).sum())
            .group_by(keys)
            .agg(pl.len().alias(SIZE), pl.col(ROWS).max().alias(LARGEST), pl.col(ROWS).sum())
            .filter(pl.col(SIZE) >= rule.distinct)
        )
        if rule.largest_share is not None:
            most = (pl.col(ROWS) * rule.largest_share + 1e-9).floor()
            diverse = diverse.filter(pl.col(LARGEST) <= most)
        kept = kept.join(diverse, on=keys, how="semi", nulls_equal=True)
    return kept


def publish_combinations(
    kept: pl.LazyFrame, mapped: Sequence[Mapped], columns: Sequence[str]
) -> pl.LazyFrame:
    """Turn kept combinations into the rows that are published.

    Args:
        kept: Combinations with `__rows`; not modified.
        mapped: Columns whose numbers become labels.
        columns: What is published, in order; everything else goes.

    Returns:
        One row for each that was counted, sorted by its values.
    """
    labelled = kept.with_columns(column.label for column in mapped)
    counted = labelled.group_by(columns).agg(pl.col(ROWS).sum())
    return repeat_rows(counted.sort(columns, nulls_last=False)).select(columns)


def repeat_rows(counted: pl.LazyFrame) -> pl.LazyFrame:
    """Repeat each row as often as `__rows` says, in place.

    Examples:
        >>> repeat_rows(pl.LazyFrame({"a": ["x"], "__rows": [2]})).collect()["a"].to_list()
        ['x', 'x']
    """
    times = counted.with_columns(pl.int_ranges(0, pl.col(ROWS), dtype=pl.UInt32).alias(TIMES))
    return times.explode(TIMES).drop(ROWS, TIMES)


def sort_by_values(table: pl.LazyFrame) -> pl.LazyFrame:
    """Sort rows by all their values, so that the order tells nothing about the source.

    Examples:
        >>> sort_by_values(pl.LazyFrame({"ward": ["b", None, "a"]})).collect()["ward"].to_list()
        [None, 'a', 'b']
    """
    return table.sort(table.collect_schema().names(), nulls_last=False)
