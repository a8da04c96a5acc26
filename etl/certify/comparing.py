"""Measure with DuckDB how a new table differs from the live one: counts, never values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from etl.digest import literal_path, quoted

_UNORDERED = ("VARCHAR", "BOOLEAN")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChange:
    """How one column differs; a new column has nothing before.

    Attributes:
        name: The column.
        nulls, nulls_before: Missing values.
        distinct, distinct_before: Different values; None where nobody asked, since counting them
            takes long.
        outside: Rows whose value lies below the least or above the greatest one before; 0 for
            text, for truth values, and for a column that is new or has another type.
    """

    name: str
    nulls: int
    nulls_before: int
    distinct: int | None
    distinct_before: int | None
    outside: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How a new table differs from the live one.

    Attributes:
        live: Name of the live release.
        rows, rows_before: Rows of the two.
        removed_keys: Primary keys of the live table that the new one lacks; None where they
            are not published as they are.
        columns: The new table's columns in their order.
    """

    live: str
    rows: int
    rows_before: int
    removed_keys: int | None
    columns: tuple[ColumnChange, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the comparison for the ledger and for people."""
        return asdict(self)


def compare_tables(
    connection: duckdb.DuckDBPyConnection,
    new: Path,
    live: Path,
    release: str,
    key: Sequence[str],
    *,
    counts_distinct: bool,
) -> Comparison:
    """Compare two published Parquet files of one dataset.

    Args:
        connection: The verifier.
        new: What would be published.
        live: What is.
        release: Name of the live release.
        key: The primary key, where all its fields are published as they are; else nothing.
        counts_distinct: Whether different values are counted.
    """
    after, before = _table(new), _table(live)
    types, types_before = _types(connection, after), _types(connection, before)
    known = [name for name in types if name in types_before]
    ordered = [
        name
        for name in known
        if types[name] == types_before[name] and types[name] not in _UNORDERED
    ]
    counts, counts_before = (
        _counts(connection, table, names, counts_distinct=counts_distinct)
        for table, names in ((after, types), (before, known))
    )
    outside = _outside(connection, after, before, ordered)
    columns = tuple(
        ColumnChange(
            name=name,
            nulls=counts[name][0],
            distinct=counts[name][1],
            nulls_before=counts_before.get(name, (0, None))[0],
            distinct_before=counts_before.get(name, (0, None))[1],
            outside=outside.get(name, 0),
        )
        for name in types
    )
    return Comparison(
        live=release,
        rows=_rows(connection, after),
        rows_before=_rows(connection, before),
        removed_keys=_removed(connection, after, before, key) if set(key) <= set(known) else None,
        columns=columns,
    )


def _table(file: Path) -> str:
    path = literal_path(file).replace("'", "''")
    return f"read_parquet('{path}')"


def _types(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    described = connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()
    return {name: kind for name, kind, *_ in described}


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(_one(connection, f"SELECT count(*) FROM {table}")[0])


def _counts(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    names: Iterable[str],
    *,
    counts_distinct: bool,
) -> dict[str, tuple[int, int | None]]:
    """Return missing and different values by column."""
    names = list(names)
    if not names:
        return {}
    distinct = "count(DISTINCT {})" if counts_distinct else "NULL"
    asked = ", ".join(
        f"count(*) - count({column}), {distinct.format(column)}" for column in map(quoted, names)
    )
    found = _one(connection, f"SELECT {asked} FROM {table}")
    return dict(zip(names, zip(found[::2], found[1::2], strict=True), strict=True))


def _outside(
    connection: duckdb.DuckDBPyConnection, after: str, before: str, names: Sequence[str]
) -> dict[str, int]:
    """Return by column how many values lie outside the live table's range."""
    if not names:
        return {}
    bounds = ", ".join(
        f"min({quoted(name)}) AS least_{i}, max({quoted(name)}) AS most_{i}"
        for i, name in enumerate(names)
    )
    asked = ", ".join(
        f"count(*) FILTER ({quoted(name)} < least_{i} OR {quoted(name)} > most_{i})"
        for i, name in enumerate(names)
    )
    found = _one(connection, f"SELECT {asked} FROM {after}, (SELECT {bounds} FROM {before})")
    return dict(zip(names, found, strict=True))


def _removed(
    connection: duckdb.DuckDBPyConnection, after: str, before: str, key: Sequence[str]
) -> int | None:
    if not key:
        return None
    named = ", ".join(map(quoted, key))
    gone = f"SELECT DISTINCT {named} FROM {before} EXCEPT SELECT {named} FROM {after}"
    return int(_one(connection, f"SELECT count(*) FROM ({gone})")[0])


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, ...]:
    found = connection.execute(query).fetchone()
    return () if found is None else tuple(found)
