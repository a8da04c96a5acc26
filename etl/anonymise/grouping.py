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
BEFORE = "__before"
ENOUGH = "__enough"
KEY = "__key"
KEY_BITS = 62  # of a whole number that one key column takes: the sign stays free
WIDEST_RANGE = 1 << 20  # of whole numbers or days that are looked up by position
NOWHERE = (1 << 32) - 1  # a position that no list has: looking it up is an error


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
    def bits(self) -> int:
        """Bits that its numbers take."""
        return (len(self.labels) - 1).bit_length()

    def shifted(self, bits: int) -> pl.Expr:
        """Replace values by numbers, moved up by so many bits.

        A value that is not on the list is an error, which names no value.
        """
        numbers = self.numbers.cast(pl.Int64) * (1 << bits)
        is_missing = self.values.is_null()
        position, size = _positions(self.name, self.values.drop_nulls())
        taken = self.values.drop_nulls().to_frame(self.name).select(position)[self.name]
        table = pl.repeat(0, size + 1, dtype=pl.Int64, eager=True)
        table = table.scatter(taken, numbers.filter(~is_missing))
        table = table.scatter(size, numbers.filter(is_missing).sum())
        missing = size if is_missing.any() else NOWHERE
        at = pl.when(pl.col(self.name).is_null()).then(missing).otherwise(position)
        return pl.lit(table).gather(at.fill_null(NOWHERE).cast(pl.UInt32))


@dataclass(frozen=True, slots=True)
class Place:
    """Where the number of a column stands in a key.

    Attributes:
        column: The column.
        key: Name of the key column.
        shift: Bits below it.
    """

    column: Mapped
    key: str
    shift: int

    @property
    def number(self) -> pl.Expr:
        """Take the number out of the key."""
        return pl.col(self.key) // (1 << self.shift) % (1 << self.column.bits)


def place_columns(mapped: Sequence[Mapped]) -> list[Place]:
    """Pack columns into as few keys as hold them: whole numbers group faster than columns."""
    places, keys, used = [], 0, 0
    for column in mapped:
        if used + column.bits > KEY_BITS:
            keys, used = keys + 1, 0
        places.append(Place(column, f"{KEY}{keys}", used))
        used += column.bits
    return places


def keys_of(places: Sequence[Place]) -> list[str]:
    """Return the names of the key columns, each once."""
    return list(dict.fromkeys(place.key for place in places))


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
    table: pl.LazyFrame, places: Sequence[Place], others: Sequence[str] = ()
) -> pl.LazyFrame:
    """Count the distinct combinations of columns, those that have places by their keys.

    Returns:
        Keys, other columns, and `__rows`; order is not promised.
    """
    keys = keys_of(places)
    packed = [
        pl.sum_horizontal(
            place.column.shifted(place.shift) for place in places if place.key == key
        ).alias(key)
        for key in keys
    ]
    return table.select(*packed, *map(pl.col, others)).group_by([*keys, *others]).len(ROWS)


def _positions(name: str, known: pl.Series) -> tuple[pl.Expr, int]:
    """Return where each value stands in a list, and how long that is; others have no place."""
    value = pl.col(name)
    if known.dtype.is_integer() or known.dtype == pl.Date:
        whole = known.cast(pl.Int64)
        low, high = int(whole.min() or 0), int(whole.max() or 0)  # type: ignore[arg-type]
        if high - low < WIDEST_RANGE:
            number = value.cast(pl.Int64)
            return pl.when(number.is_between(low, high)).then(number - low), high - low + 1
    spelled = known.cast(pl.String)
    entry = value.cast(pl.String).cast(pl.Enum(spelled), strict=False)
    return entry.to_physical().cast(pl.Int64), len(spelled)


def keep_safe_groups(
    combinations: pl.LazyFrame, quasi_identifiers: Sequence[str], minimum: int,
    held: Sequence[Held] = (),
) -> pl.LazyFrame:  # fmt: skip
    """Keep combinations whose group is large and diverse enough.

    A missing value counts as a value of its own, so rows with unknown age are only kept among
    enough other rows with unknown age.

    Args:
        combinations: Distinct combinations with `__rows`; not modified.
        quasi_identifiers: Columns, or keys of columns, that identify people in combination; at
            least one.
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


def label_combinations(
    kept: pl.LazyFrame, places: Sequence[Place], columns: Sequence[str]
) -> pl.LazyFrame:
    """Turn kept combinations into distinct rows as they are published, with their counts.

    Args:
        kept: Combinations with `__rows`; not modified.
        places: Columns whose numbers become labels.
        columns: What is published, in order; everything else goes.
    """
    labelled = kept.with_columns(
        pl.lit(place.column.labels).gather(place.number).alias(place.column.name)
        for place in places
    )
    return labelled.group_by(columns).agg(pl.col(ROWS).sum())


def publish_rows(counted: pl.LazyFrame) -> pl.LazyFrame:
    """Return one row for each that was counted, sorted by its values."""
    columns = [name for name in counted.collect_schema().names() if name != ROWS]
    return repeat_rows(counted.sort(columns, nulls_last=False)).select(columns)


def hold_back(
    counted: pl.LazyFrame, before: pl.LazyFrame, keys: Sequence[str], minimum: int,
    held: Sequence[Held] = (),
) -> pl.LazyFrame:  # fmt: skip
    """Leave out those who came to a group that others can subtract an earlier release from.

    Where fewer than the minimum came, or too uniform ones, the group stays as it was; they are
    published once enough have come.

    Args:
        counted: Distinct rows with `__rows`; not modified.
        before: The same of an earlier release at the same levels.
        keys: Columns that identify people in combination.
        minimum: How many have to come at once.
        held: What those who come must hold besides.

    Examples:
        >>> now = pl.LazyFrame({"ward": ["a", "b"], "__rows": [6, 9]})
        >>> then = pl.LazyFrame({"ward": ["a", "b"], "__rows": [5, 5]})
        >>> hold_back(now, then, ["ward"], 3).sort("ward").collect()["__rows"].to_list()
        [5, 9]
    """
    columns = [name for name in counted.collect_schema().names() if name != ROWS]
    both = counted.join(
        before.rename({ROWS: BEFORE}), on=columns, how="left", nulls_equal=True
    ).with_columns(pl.col(BEFORE).fill_null(0))
    came = both.filter(pl.col(ROWS) > pl.col(BEFORE))
    enough = [(pl.col(ROWS) - pl.col(BEFORE)).sum() >= minimum]
    enough += [pl.col(one.column).n_unique() >= one.distinct for one in held]
    free = came.group_by(keys).agg(pl.all_horizontal(enough).alias(ENOUGH)).filter(pl.col(ENOUGH))
    return (
        both.join(free, on=keys, how="left", nulls_equal=True)
        .with_columns(
            pl.when(pl.col(ENOUGH).fill_null(value=False))
            .then(pl.col(ROWS))
            .otherwise(pl.min_horizontal(ROWS, BEFORE))
            .alias(ROWS)
        )
        .filter(pl.col(ROWS) > 0)
        .select(*columns, ROWS)
    )


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
