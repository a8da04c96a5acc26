"""Look inside a written Parquet file for what its table does not show.

Footers, statistics and dictionaries are written by libraries and survive a careless filter:
a raw value there is published as surely as one in a cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from etl.certify.dictionaries import count_unused_entries
from etl.digest import literal_path, quoted

FOOTER_KEYS = frozenset({"madang.contract", "madang.version", "ARROW:schema"})


@dataclass(frozen=True, slots=True)
class Inside:
    """What a Parquet file holds beside its cells.

    Attributes:
        foreign_keys: Keys of the footer that are not ours.
        foreign_statistics: Smallest and largest values in the footer that no cell holds.
        foreign_entries: Dictionary entries that no cell uses.
        bloom_filters: Columns with a filter that can be asked for values.
        rows_out_of_order: Rows that are smaller than the one before.
    """

    foreign_keys: int
    foreign_statistics: int
    foreign_entries: int
    bloom_filters: int
    rows_out_of_order: int

    def named(self) -> dict[str, int]:
        """Return the counts under the names of their checks; all must be 0."""
        return {
            "footer keys that are not ours": self.foreign_keys,
            "statistics without a cell": self.foreign_statistics,
            "dictionary entries without a cell": self.foreign_entries,
            "bloom filters": self.bloom_filters,
            "rows out of order": self.rows_out_of_order,
        }


def inspect_parquet(
    connection: duckdb.DuckDBPyConnection, parquet: Path, columns: Sequence[str]
) -> Inside:  # fmt: skip
    """Inspect a file; it is not modified."""
    return Inside(
        foreign_keys=_foreign_keys(connection, parquet),
        foreign_statistics=sum(_foreign_statistics(connection, parquet, c) for c in columns),
        foreign_entries=count_unused_entries(parquet),
        bloom_filters=_bloom_filters(connection, parquet),
        rows_out_of_order=_rows_out_of_order(connection, parquet, columns),
    )


def _foreign_keys(connection: duckdb.DuckDBPyConnection, parquet: Path) -> int:
    found = connection.execute(
        "SELECT decode(key) FROM parquet_kv_metadata($file)", {"file": literal_path(parquet)}
    ).fetchall()
    return sum(key not in FOOTER_KEYS for (key,) in found)


def _foreign_statistics(
    connection: duckdb.DuckDBPyConnection, parquet: Path, column: str
) -> int:  # fmt: skip
    """Count bounds that no cell holds; long texts may be cut in the footer."""
    value = quoted(column)
    [(foreign,)] = connection.execute(
        f"""
        WITH cells AS (SELECT DISTINCT {value} AS v FROM read_parquet($file)),
        chunks AS (
            SELECT * FROM parquet_metadata($file) WHERE path_in_schema = $column
        ), bounds AS (
            SELECT unnest([stats_min, stats_max, stats_min_value, stats_max_value]) AS bound
            FROM chunks
        ), typed AS (
            SELECT DISTINCT bound, TRY_CAST(bound AS {_type_of(connection, parquet, column)}) AS b
            FROM bounds WHERE bound IS NOT NULL
        )
        SELECT count(*) FROM typed WHERE b IS NULL
            OR NOT (b IN (SELECT v FROM cells WHERE v IS NOT NULL)
                    OR (strlen(bound) >= 64
                        AND EXISTS (SELECT 1 FROM cells
                                    WHERE starts_with(v::VARCHAR, left(bound, 16)))))
        """,
        {"file": literal_path(parquet), "column": column},
    ).fetchall()
    return int(foreign)


def _type_of(connection: duckdb.DuckDBPyConnection, parquet: Path, column: str) -> str:
    [(kind,)] = connection.execute(
        "SELECT column_type FROM (DESCRIBE SELECT * FROM read_parquet($file))"
        " WHERE column_name = $column",
        {"file": literal_path(parquet), "column": column},
    ).fetchall()
    return str(kind)


def _bloom_filters(connection: duckdb.DuckDBPyConnection, parquet: Path) -> int:
    [(filters,)] = connection.execute(
        "SELECT count(*) FROM parquet_metadata($file) WHERE bloom_filter_offset IS NOT NULL",
        {"file": literal_path(parquet)},
    ).fetchall()
    return int(filters)


def _rows_out_of_order(
    connection: duckdb.DuckDBPyConnection, parquet: Path, columns: Sequence[str]
) -> int:  # fmt: skip
    """Count rows that are smaller than the one before them, missing values first."""
    names = [quoted(column) for column in columns]
    before = ", ".join(f"lag({name}) OVER () AS b{i}" for i, name in enumerate(names))
    smaller, equal = [], "true"
    for i, name in enumerate(names):
        smaller.append(f"({equal} AND (({name} IS NULL AND b{i} IS NOT NULL) OR {name} < b{i}))")
        equal += f" AND {name} IS NOT DISTINCT FROM b{i}"
    [(rows,)] = connection.execute(
        f"""
        SELECT count(*) FROM (
            SELECT *, {before}, lag(1) OVER () AS follows FROM read_parquet($file)
        ) WHERE follows = 1 AND ({" OR ".join(smaller)})
        """,
        {"file": literal_path(parquet)},
    ).fetchall()
    return int(rows)
