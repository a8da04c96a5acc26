"""Measure what a reader learns by laying two releases, or two tiers, beside each other.

k-anonymity of each release says nothing of their difference: where a class grew by one, the
one who came is alone with what the reader subtracts. So where rows of a class came or went,
there must be enough of them, and diverse enough. Classes are those of the finest levels that
both releases can be brought to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from etl.certify.coarsening import Coarsening
from etl.contract.fields import Field
from etl.contract.model import Contract
from etl.digest import literal_path, quoted

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Table:
    """A written table and how it was made.

    Attributes:
        parquet: The file; not modified.
        declared: Its contract, with all levels of each field.
        levels: Level of each quasi-identifier.
    """

    parquet: Path
    declared: Contract
    levels: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Difference:
    """How two releases differ, in classes and never in values.

    Attributes:
        columns: Columns that both have and that were compared.
        small: Classes in which some rows came or went, but fewer than k.
        uniform: Classes in which enough came or went, but with too few sensitive values.
    """

    columns: tuple[str, ...]
    small: int
    uniform: int


def measure_difference(
    connection: duckdb.DuckDBPyConnection, new: Table, old: Table, hierarchies: Path
) -> Difference:
    """Measure how a new release differs from an earlier one.

    What only one of them has, or what they declare differently, is left out on both sides:
    there is no level to which both could be brought.

    Args:
        connection: The measuring engine.
        new: Says k and how many sensitive values are asked for.
        old: What was published before.
        hierarchies: Folder of the code lists.
    """
    privacy = new.declared.privacy
    shared = [field for field in new.declared.published_fields if _is_shared(field, old.declared)]
    classes = [field.name for field in shared if field.role == "quasi-identifier"]
    wanted = {
        field.name: privacy.distinct_values(field.name) or 1
        for field in shared
        if field.role == "sensitive"
    }
    columns = [field.name for field in shared]
    if not columns:
        return Difference((), 0, 0)
    _lay_beside(connection, new, old, columns, hierarchies)
    [(small, uniform)] = connection.execute(
        _count_classes(classes, wanted, privacy.k or 1)
    ).fetchall()
    return Difference(tuple(columns), int(small), int(uniform))


def count_uncovered(
    connection: duckdb.DuckDBPyConnection, coarser: Table, finer: Table, hierarchies: Path
) -> int:
    """Count the rows of a table that are no coarsening of a finer table's rows.

    Rows are matched one to one, so none of the finer table stands for two.
    """
    fields = coarser.declared.published_fields
    mine = [f"{quoted(field.name)}::VARCHAR" for field in fields]
    theirs = [
        Coarsening.between(_at(field, finer), _at(field, coarser)).expression(
            coarser.declared.timezone, hierarchies
        )
        for field in fields
    ]
    [(rows,)] = connection.execute(
        f"""
        SELECT count(*) FROM (
            SELECT {", ".join(mine)} FROM read_parquet($coarser)
            EXCEPT ALL SELECT {", ".join(theirs)} FROM read_parquet($finer))
        """,
        {"coarser": literal_path(coarser.parquet), "finer": literal_path(finer.parquet)},
    ).fetchall()
    return int(rows)


def _is_shared(field: Field, other: Contract) -> bool:
    """Tell whether another contract's column can be brought to the same values."""
    found = next((one for one in other.published_fields if one.name == field.name), None)
    if found is None or found.type != field.type:
        return False
    is_quasi = [one.role == "quasi-identifier" for one in (field, found)]
    return is_quasi[0] == is_quasi[1] and found.levels == field.levels


def _at(field: Field, table: Table) -> Field:
    level = table.levels.get(field.name)
    return field if level is None else field.at_level(level)


def _lay_beside(
    connection: duckdb.DuckDBPyConnection, new: Table, old: Table, columns: list[str],
    hierarchies: Path,
) -> None:  # fmt: skip
    """Make the table `differing`: each distinct row with how many more of it the new one has."""
    join = {
        name: max(level, old.levels[name])
        for name, level in new.levels.items()
        if name in old.levels
    }
    counted = []
    for table, sign, parameter in ((new, "", "new"), (old, "-", "old")):
        named = [
            f"{_brought(field, table, join, hierarchies)} AS {quoted(field.name)}"
            for field in table.declared.published_fields
            if field.name in columns
        ]
        counted.append(
            f"SELECT {', '.join(sorted(named))}, {sign}count(*) AS n"
            f" FROM read_parquet(${parameter}) GROUP BY ALL"
        )
    names = ", ".join(map(quoted, columns))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE differing AS SELECT {names}, sum(n) AS n"
        f" FROM ({counted[0]} UNION ALL BY NAME {counted[1]}) GROUP BY ALL HAVING sum(n) <> 0",
        {"new": literal_path(new.parquet), "old": literal_path(old.parquet)},
    )


def _brought(field: Field, table: Table, join: Mapping[str, int], hierarchies: Path) -> str:
    if field.name not in join:
        return f"{quoted(field.name)}::VARCHAR"
    target = field.at_level(join[field.name])
    way = Coarsening.between(_at(field, table), target)
    return way.expression(table.declared.timezone, hierarchies)


def _count_classes(classes: list[str], wanted: Mapping[str, int], k: int) -> str:
    """Return the SQL that counts classes with a small or a uniform difference."""
    keys = ", ".join(map(quoted, classes)) or "1"
    came = "coalesce(sum(n) FILTER (WHERE n > 0), 0)"
    went = "coalesce(-sum(n) FILTER (WHERE n < 0), 0)"
    values = [
        f"(count(DISTINCT {quoted(name)}) FILTER (WHERE n {sign} 0)"
        f" + max(({quoted(name)} IS NULL AND n {sign} 0)::INTEGER) < {least}"
        f" AND {moved} > 0)"
        for name, least in wanted.items()
        for sign, moved in ((">", "came"), ("<", "went"))
    ]
    uniform = " OR ".join(values) or "false"
    return f"""
        SELECT count(*) FILTER (WHERE came BETWEEN 1 AND {k - 1} OR went BETWEEN 1 AND {k - 1}),
               count(*) FILTER (WHERE is_uniform)
        FROM (
            SELECT {came} AS came, {went} AS went, ({uniform}) AS is_uniform
            FROM differing GROUP BY {keys})
    """
