"""Measure published files with DuckDB; shares no code with what wrote them.

What Polars wrote, DuckDB measures. Nothing here changes a file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from etl.digest import (
    Column,
    TableDigest,
    digest_csv,
    digest_parquet,
    literal_path,
    quoted,
)
from etl.errors import DisclosureRiskError, StoreError

MEMORY_LIMIT = "1GB"
CHUNK_BYTES = 1 << 22


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What identifies a file.

    Attributes:
        sha256: Hash of its bytes, hexadecimal.
        size_bytes: Its length.
    """

    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What was measured of a published table.

    Attributes:
        columns: Names and DuckDB types, in the file's order.
        rows: Rows of the Parquet file.
        smallest_group: Units of the smallest group over the quasi-identifiers; 0 without them.
        parquet: Digest of the Parquet file.
        csv: Digest of the CSV file, by its own text.
        nulls: Missing values by column.
    """

    columns: tuple[tuple[str, str], ...]
    rows: int
    smallest_group: int
    parquet: TableDigest
    csv: TableDigest
    nulls: dict[str, int]


@contextmanager
def verifier(temporary: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the measuring engine under a memory limit, without network or extensions.

    Args:
        temporary: Folder that it may spill to.

    Raises:
        StoreError: The engine fails; its own message, which may quote data, is not passed on.
    """
    connection = duckdb.connect(
        config={
            "memory_limit": MEMORY_LIMIT,
            "temp_directory": str(temporary),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
    )
    try:
        yield connection
    except duckdb.Error as problem:
        raise StoreError(
            f"The verifier failed ({type(problem).__name__}). Nothing was published; the live"
            " release stays. See that memory and disk are not full, and run again."
        ) from None
    finally:
        connection.close()


def measure_file(file: Path) -> FileFacts:
    """Hash a file."""
    sha256 = hashlib.sha256()
    with file.open("rb") as stream:
        for chunk in iter(lambda: stream.read(CHUNK_BYTES), b""):
            sha256.update(chunk)
    return FileFacts(sha256.hexdigest(), file.stat().st_size)


def measure_table(
    connection: duckdb.DuckDBPyConnection,
    parquet: Path,
    csv: Path,
    columns: Sequence[Column],
    quasi_identifiers: Sequence[str],
) -> TableFacts:
    """Measure both files of a release.

    Raises:
        DisclosureRiskError: A file does not have exactly the declared columns.
    """
    found = _columns(connection, parquet)
    _require_columns([name for name, _ in found], columns)
    _require_columns(measure_columns(connection, csv), columns)
    return TableFacts(
        columns=found,
        rows=_rows(connection, parquet),
        smallest_group=measure_smallest_group(connection, parquet, quasi_identifiers),
        parquet=digest_parquet(connection, parquet, columns),
        csv=digest_csv(connection, csv, columns),
        nulls=_nulls(connection, parquet, [name for name, _ in found]),
    )


def _require_columns(found: Sequence[str], declared: Sequence[Column]) -> None:
    names = [column.name for column in declared]
    if list(found) != names:
        raise DisclosureRiskError(
            f"A file holds {len(found)} columns which are not exactly the {len(names)} declared"
            " ones. Nothing was published; the live release stays. This is a defect of the"
            " converter: report it."
        )


def measure_columns(connection: duckdb.DuckDBPyConnection, file: Path) -> list[str]:
    """Return the column names of a published Parquet or CSV file, in order."""
    if file.suffix == ".parquet":
        return [name for name, _ in _columns(connection, file)]
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        return stream.readline().rstrip("\r\n").split(",")


def find_matches(
    connection: duckdb.DuckDBPyConnection, parquet: Path, column: Column, patterns: Iterable[str]
) -> dict[str, list[tuple[list[str], int]]]:
    """Return what each pattern finds in the cells of one column, with how many hold just that.

    Of decimals only whole ones are searched, as whole numbers: a number that identifies has
    no fraction, and the digits of a fraction look like anything.

    Each pattern reads every distinct text once; most columns have far fewer of them than cells
    (measured on a million rows of six columns: 0.07 s instead of 3.1 s). The texts stay inside
    the calling module: only counts may leave it.
    """
    value = quoted(column.name)
    text = f"{value}::VARCHAR"
    if column.type == "number":
        text = rf"regexp_extract({text}, '^(-?[0-9]+)(\.0*)?$', 1)"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE texts AS SELECT {text} AS text, count(*) AS cells"
        f" FROM read_parquet($file) WHERE {value} IS NOT NULL GROUP BY ALL",
        {"file": literal_path(parquet)},
    )
    return {pattern: _matches(connection, pattern) for pattern in set(patterns)}


def _matches(connection: duckdb.DuckDBPyConnection, pattern: str) -> list[tuple[list[str], int]]:
    found = connection.execute(
        """
        SELECT matches, sum(cells) FROM (
            SELECT list_distinct(regexp_extract_all(text, $pattern)) AS matches, cells FROM texts
        ) WHERE len(matches) > 0 GROUP BY matches
        """,
        {"pattern": pattern},
    ).fetchall()
    return [(matches, int(cells)) for matches, cells in found]


def count_between(
    connection: duckdb.DuckDBPyConnection,
    parquet: Path,
    column: str,
    ranges: Sequence[tuple[float, float]],
) -> tuple[int, int]:
    """Return how many cells of a numeric column lie in one of the ranges, and how many it has."""
    value = quoted(column)
    inside = " OR ".join(f"{value} BETWEEN {low} AND {high}" for low, high in ranges)
    [(cells, filled)] = connection.execute(
        f"SELECT count(*) FILTER (WHERE {inside}), count({value}) FROM read_parquet($file)",
        {"file": literal_path(parquet)},
    ).fetchall()
    return int(cells), int(filled)


def _columns(connection: duckdb.DuckDBPyConnection, parquet: Path) -> tuple[tuple[str, str], ...]:
    described = connection.execute(
        "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet($file))",
        {"file": literal_path(parquet)},
    ).fetchall()
    return tuple((str(name), str(kind)) for name, kind in described)


def _rows(connection: duckdb.DuckDBPyConnection, parquet: Path) -> int:
    [(rows,)] = connection.execute(
        "SELECT count(*) FROM read_parquet($file)", {"file": literal_path(parquet)}
    ).fetchall()
    return int(rows)


def measure_smallest_group(
    connection: duckdb.DuckDBPyConnection, parquet: Path, quasi_identifiers: Sequence[str]
) -> int:
    """Count the smallest group; GROUP BY keeps missing values as a value of their own."""
    if not quasi_identifiers:
        return 0
    keys = ", ".join(map(quoted, quasi_identifiers))
    [(smallest,)] = connection.execute(
        f"SELECT coalesce(min(n), 0) FROM"
        f" (SELECT count(*) AS n FROM read_parquet($file) GROUP BY {keys})",
        {"file": literal_path(parquet)},
    ).fetchall()
    return int(smallest)


def _nulls(
    connection: duckdb.DuckDBPyConnection, parquet: Path, columns: Sequence[str]
) -> dict[str, int]:
    counts = ", ".join(f"count(*) - count({quoted(name)})" for name in columns)
    [row] = connection.execute(
        f"SELECT {counts} FROM read_parquet($file)",
        {"file": literal_path(parquet)},
    ).fetchall()
    return dict(zip(columns, map(int, row), strict=True))
