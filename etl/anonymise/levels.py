"""Fields with their levels, and a table encoded by them: what the search and the table need.

A library of its own: levels are Polars expressions, so any frame can be anonymised without a
contract.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from etl.anonymise.classes import Diversity
from etl.anonymise.grouping import (
    ROWS,
    Held,
    Mapped,
    Place,
    count_combinations,
    count_values,
    hold_back,
    keep_safe_groups,
    keys_of,
    label_combinations,
    place_columns,
    publish_rows,
)
from etl.anonymise.hierarchy import Hierarchy, compile_hierarchy, refuse_hierarchy
from etl.anonymise.metrics import METRICS
from etl.anonymise.searching import Combinations, Requirements, Solution, search
from etl.errors import DefectError


@dataclass(frozen=True, slots=True)
class LevelledField:
    """A quasi-identifier with its levels.

    Attributes:
        name: The column.
        levels: Expressions of that column, from the value itself to one single value.
        floor: Finest level that may be published.
        ceiling: Coarsest level that may be published.
    """

    name: str
    levels: tuple[pl.Expr, ...]
    floor: int
    ceiling: int


@dataclass(frozen=True, slots=True)
class Rule:
    """What a published table must satisfy.

    Attributes:
        k: Rows of the smallest group; units, where `held` names their key with the same *k*.
        suppression: Largest share of rows that may be left out.
        held: What each group must hold besides.
    """

    k: int
    suppression: float
    held: tuple[Held, ...] = ()


@dataclass(frozen=True, slots=True)
class Encoded:
    """A table as the search sees it.

    Attributes:
        fields: The quasi-identifiers.
        hierarchies: Their levels, proven and compiled, with the counts of their values.
        values: For each field a frame of its values at each level, `0` the values themselves.
        combinations: Distinct combinations at the floors, with counts.
    """

    fields: tuple[LevelledField, ...]
    hierarchies: tuple[Hierarchy, ...]
    values: tuple[pl.DataFrame, ...]
    combinations: Combinations

    @property
    def floors(self) -> tuple[int, ...]:
        """Finest levels."""
        return tuple(field.floor for field in self.fields)

    @property
    def ceilings(self) -> tuple[int, ...]:
        """Coarsest levels."""
        return tuple(field.ceiling for field in self.fields)


def encode(
    table: pl.LazyFrame, fields: Sequence[LevelledField], companions: Sequence[str] = ()
) -> Encoded:
    """Prove the hierarchies on the values that are there, and count combinations at the floors.

    Args:
        table: Typed rows; scanned twice, not modified.
        fields: The quasi-identifiers.
        companions: Columns that a rule speaks of besides.

    Raises:
        ContractError: A hierarchy does not cover every value, has no single root, or is not
            nested.
    """
    counted = count_values(table, [field.name for field in fields])
    values = tuple(
        counts.select(level.alias(str(number)) for number, level in enumerate(field.levels))
        for field, counts in zip(fields, counted, strict=True)
    )
    hierarchies = tuple(
        _compile(field.name, frame, counts[ROWS])
        for field, frame, counts in zip(fields, values, counted, strict=True)
    )
    mapped = [
        _map(field.name, field.floor, frame, hierarchy)
        for field, frame, hierarchy in zip(fields, values, hierarchies, strict=True)
    ]
    places = place_columns(mapped)
    combinations = count_combinations(table, places, companions).collect(engine="streaming")
    _require_all(int(combinations[ROWS].sum()), int(counted[0][ROWS].sum()))
    return Encoded(
        tuple(fields),
        hierarchies,
        values,
        Combinations(
            cells=tuple(
                _narrow(_representatives(hierarchy, field.floor)).take(
                    _numbers_at(combinations, place)
                )
                for field, hierarchy, place in zip(fields, hierarchies, places, strict=True)
            ),
            counts=combinations[ROWS].cast(pl.Int64).to_numpy(),
            companions=tuple(_numbered(combinations[name]) for name in companions),
        ),
    )


def find_levels(
    encoded: Encoded, rule: Rule, metric: str = "loss", seconds: float | None = None,
    floors: Sequence[int] = (), ceilings: Sequence[int] = (),
    obliged: npt.NDArray[np.bool_] | None = None,
) -> Solution | None:  # fmt: skip
    """Search the least lossy levels of an encoded table.

    Args:
        encoded: The table; its companions are those of the rule, in order.
        rule: What must hold.
        metric: What is lost least: loss, entropy, dm or aecs.
        seconds: Stop after so many, and state the gap.
        floors: Finest levels; those of the fields when not given.
        ceilings: Coarsest levels; those of the fields when not given.
        obliged: Combinations that may not be left out, whatever the rule allows.
    """
    requirements = Requirements(
        k=rule.k,
        suppression=rule.suppression,
        diversity=tuple(Diversity(held.distinct, held.largest_share) for held in rule.held),
        floors=tuple(floors) or encoded.floors,
        ceilings=tuple(ceilings) or encoded.ceilings,
    )
    return search(
        encoded.combinations, encoded.hierarchies, requirements, METRICS[metric], seconds,
        obliged=obliged,
    )  # fmt: skip


def apply_levels(
    table: pl.LazyFrame, encoded: Encoded, levels: Mapping[str, int], rule: Rule,
    columns: Sequence[str], before: Sequence[pl.LazyFrame] = (),
) -> pl.LazyFrame:  # fmt: skip
    """Return the published table: generalised, without groups that are too small, sorted.

    Args:
        table: The rows that were encoded; not modified.
        encoded: Their values by level.
        levels: Level of each quasi-identifier.
        rule: What each group must satisfy.
        columns: What is published, in order; nothing else leaves.
        before: Tables at the same levels that were published earlier: nobody comes to their
            groups alone.
    """
    places = place_columns([
        _map(field.name, levels[field.name], frame, hierarchy)
        for field, frame, hierarchy in zip(
            encoded.fields, encoded.values, encoded.hierarchies, strict=True
        )
    ])  # fmt: skip
    names = {field.name for field in encoded.fields}
    others = [name for name in columns if name not in names]
    companions = [held.column for held in rule.held if held.column not in others]
    combinations = count_combinations(table, places, [*others, *companions])
    kept = keep_safe_groups(combinations, keys_of(places), rule.k, rule.held)
    counted = label_combinations(kept, places, columns)
    if before:
        counted = _follow(counted, before, [field.name for field in encoded.fields], rule)
    return publish_rows(counted)


def _follow(
    counted: pl.LazyFrame, before: Sequence[pl.LazyFrame], names: Sequence[str], rule: Rule
) -> pl.LazyFrame:
    """Hold back whoever came alone since any earlier table, until nobody is held back any more."""
    now = counted.collect()
    earlier = [
        table.select(pl.col(name).cast(kind) for name, kind in now.schema.items() if name != ROWS)
        .group_by(pl.all())
        .len(ROWS)
        .collect()
        for table in before
    ]
    rows = -1
    while rows != int(now[ROWS].sum()):
        rows = int(now[ROWS].sum())
        for table in earlier:
            following = hold_back(now.lazy(), table.lazy(), names, rule.k, rule.held)
            now = keep_safe_groups(following, names, rule.k, rule.held).collect()
    return now.lazy()


def _numbers_at(combinations: pl.DataFrame, place: Place) -> npt.NDArray[np.int64]:
    key = combinations[place.key].to_numpy()
    return (key >> place.shift) & ((1 << place.column.bits) - 1)


def _require_all(counted: int, rows: int) -> None:
    """Refuse to go on when the two passes over a table did not see the same rows."""
    if counted != rows:
        raise DefectError(
            f"The table changed while it was read: {rows} rows became {counted}. Nothing was"
            " anonymised; the live release stays. Report it with this message."
        )


def _compile(name: str, values: pl.DataFrame, counts: pl.Series) -> Hierarchy:
    lost = values["0"].is_not_null() & pl.any_horizontal(pl.all().is_null())
    if missing := int(values.select(lost.alias("lost"))["lost"].sum()):
        raise refuse_hierarchy(name, f"it is not total: {missing} values have no place in it")
    columns = [column.cast(pl.String).to_list() for column in values]
    return compile_hierarchy(name, columns, counts.to_numpy())


def _map(name: str, level: int, values: pl.DataFrame, hierarchy: Hierarchy) -> Mapped:
    """Map values to the number that they share with their equals at a level, and that to them."""
    first = _representatives(hierarchy, level)
    return Mapped(
        name,
        values["0"],
        pl.Series(hierarchy.codes[level], dtype=pl.UInt32),
        values[str(level)].gather(first.tolist()),
    )


def _representatives(
    hierarchy: Hierarchy, level: int
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return one leaf for each value of a level."""
    _, first = np.unique(hierarchy.codes[level], return_index=True)
    return first.astype(np.int64)


def _narrow(codes: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """Store codes in as few bytes as hold them: there are as many as combinations."""
    return codes.astype(np.min_scalar_type(int(codes.max(initial=0))))


def _numbered(values: pl.Series) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Number the values of a column; a missing one is one of them."""
    return values.rank("dense").fill_null(0).cast(pl.Int64).to_numpy()
