"""Anonymise any Polars frame, without a contract: levels are expressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from etl.anonymise.generalising import NOTHING_LEFT
from etl.anonymise.grouping import Held
from etl.anonymise.levels import LevelledField, Rule, apply_levels, encode, find_levels
from etl.errors import DisclosureRiskError


@dataclass(frozen=True, slots=True)
class AnonymousFrame:
    """A frame that keeps to k, and how it was made.

    Attributes:
        table: The rows that may be seen, sorted by their values; not computed yet.
        levels: Level of each quasi-identifier; 0 is the value itself.
        loss: What was lost, from 0 (nothing) to 1 (everything).
        suppressed: Rows that were left out.
        is_optimal: Whether it is proven that no other levels lose less.
    """

    table: pl.LazyFrame
    levels: dict[str, int]
    loss: float
    suppressed: int
    is_optimal: bool


def anonymise_frame(
    table: pl.LazyFrame, quasi_identifiers: Mapping[str, Sequence[pl.Expr]], k: int, *,
    suppression: float = 0.02, sensitive: Mapping[str, int] | None = None,
    keep: Sequence[str] = (), seconds: float | None = None,
) -> AnonymousFrame:  # fmt: skip
    """Return the least lossy k-anonymous version of a frame.

    Args:
        table: Any rows; not modified. Columns that are not named do not leave.
        quasi_identifiers: For each column its coarser levels, finest first, as expressions of that
            column, each nested in the next. Below them is the value itself, above them `*`.
        k: Rows of the smallest group; a missing value is a value.
        suppression: Largest share of rows that may be left out.
        sensitive: How many values of a column each group must hold; the columns are kept.
        keep: Further columns that are published as they are.
        seconds: Stop the search after so many.

    Raises:
        ContractError: Levels are not nested, or lose a value.
        DisclosureRiskError: No levels suffice.

    Examples:
        >>> people = pl.LazyFrame({
        ...     "age": [31, 33, 38, 52, 57, 58],
        ...     "ward": ["north", "north", "north", "south", "south", "south"],
        ...     "name": ["a", "b", "c", "d", "e", "f"],
        ... })
        >>> decade = pl.format("{}s", pl.col("age") // 10 * 10)
        >>> found = anonymise_frame(people, {"age": [decade], "ward": []}, k=3)
        >>> found.levels, found.suppressed, found.is_optimal
        ({'age': 1, 'ward': 0}, 0, True)
        >>> found.table.unique(maintain_order=True).collect().rows()
        [('30s', 'north'), ('50s', 'south')]
    """
    held = [Held(name, distinct) for name, distinct in (sensitive or {}).items()]
    rule = Rule(k, suppression, tuple(held))
    fields = [_levelled(name, steps) for name, steps in quasi_identifiers.items()]
    encoded = encode(table, fields, [one.column for one in held])
    found = find_levels(encoded, rule, seconds=seconds)
    if found is None:
        raise DisclosureRiskError(
            f"No levels of ({', '.join(quasi_identifiers)}) make groups of k = {k} with at most"
            f" {suppression:.1%} of {encoded.combinations.rows} rows left out. Nothing was"
            " anonymised. Allow more rows to be left out, or ask for fewer sensitive values."
        )
    levels = dict(zip(quasi_identifiers, found.vector, strict=True))
    columns = [*quasi_identifiers, *(one.column for one in held), *keep]
    return AnonymousFrame(
        apply_levels(table, encoded, levels, rule, columns),
        levels, found.loss, found.suppressed, found.is_optimal,
    )  # fmt: skip


def _levelled(name: str, steps: Sequence[pl.Expr]) -> LevelledField:
    value = pl.col(name)
    nothing = pl.when(value.is_null()).then(pl.lit(NOTHING_LEFT)).otherwise(pl.lit(NOTHING_LEFT))
    return LevelledField(name, (value, *steps, nothing), 0, len(steps) + 1)
