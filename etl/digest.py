"""The table digest: one number for the same rows in Parquet, CSV and database table.

A row's digest is the first 8 bytes of SHA-256 over its canonical record; a table's is the
count of rows and the sum of their digests modulo 2^64, so it is free of row order and counts
repetitions. It finds accidents and single edits. Against tampering stands the SHA-256 of
each file in the signed certificate.

Canonical record: fields in the contract's order, joined by commas. Nothing for a missing
value; text always quoted with `"` doubled; every other type as it stands in the CSV, never
quoted. The catalogue computes the same in PostgreSQL, inside the load's transaction.
"""

from __future__ import annotations

import glob
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from etl.contract.model import Contract
from etl.contract.vocabulary import FieldType

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

QUOTED_TYPES: frozenset[FieldType] = frozenset({"string", "yearmonth"})


LONGEST_RECORD_BYTES = 1 << 25
"""DuckDB stops at 2 MB otherwise; a supplied record has at most 8 MiB before it is quoted."""


@dataclass(frozen=True, slots=True)
class TableDigest:
    """Rows and the sum of their digests.

    Attributes:
        rows: How many rows there are.
        total: Sum of the row digests modulo 2^64.
    """

    rows: int
    total: int


@dataclass(frozen=True, slots=True)
class Column:
    """A published column, as far as its canonical text depends on it.

    Attributes:
        name: Its name in every file.
        type: Its published type.
        decimals: Places after the point, for numbers.
    """

    name: str
    type: FieldType
    decimals: int | None


def published_columns(contract: Contract) -> tuple[Column, ...]:
    """Return the columns that a contract publishes, in order."""
    return tuple(
        Column(field.name, kind, field.decimals if kind == "number" else None)
        for field in contract.published_fields
        for kind in [field.published_type]
    )


def digest_parquet(
    connection: duckdb.DuckDBPyConnection, file: Path, columns: Sequence[Column]
) -> TableDigest:
    """Measure a published Parquet file."""
    values = [_typed_value(column) for column in columns]
    return _measure(connection, values, "read_parquet($file)", file)


def digest_csv(
    connection: duckdb.DuckDBPyConnection, file: Path, columns: Sequence[Column]
) -> TableDigest:
    """Measure a published CSV file by its own text.

    Nothing is cast: `1.5` where the canonical text is `1.50` gives another digest.
    """
    values = [_text_value(column) for column in columns]
    return _measure(connection, values, csv_source(columns), file)


def csv_source(columns: Sequence[Column]) -> str:
    """Return the SQL table function that reads a published CSV as text, from `$file`."""
    types = ", ".join(f"{_literal(column.name)}: 'VARCHAR'" for column in columns)
    return (
        f"read_csv($file, columns={{{types}}}, auto_detect=false, header=true, delim=',',"
        " quote='\"', escape='\"', nullstr='', allow_quoted_nulls=false,"
        f" max_line_size={LONGEST_RECORD_BYTES}, buffer_size={2 * LONGEST_RECORD_BYTES})"
    )


def _measure(
    connection: duckdb.DuckDBPyConnection, values: Sequence[str], source: str, file: Path
) -> TableDigest:
    record = " || ',' || ".join(values)
    row_digest = f"('0x' || left(sha256({record}), 16))::UBIGINT"
    connection.execute("SET TimeZone = 'UTC'")
    [(rows, total)] = connection.execute(
        f"SELECT count(*), coalesce(sum({row_digest}), 0) % 18446744073709551616 FROM {source}",
        {"file": literal_path(file)},
    ).fetchall()
    return TableDigest(int(rows), int(total))


def _typed_value(column: Column) -> str:
    value = quoted(column.name)
    if column.type in QUOTED_TYPES:
        return _text_value(column)
    if column.type == "datetime":
        shape = "'%Y-%m-%dT%H:%M:%S.%fZ'"
        return f"coalesce(strftime({value} AT TIME ZONE 'UTC', {shape}), '')"
    if column.type == "number":
        return f"coalesce({value}::DECIMAL(18, {column.decimals})::VARCHAR, '')"
    return f"coalesce({value}::VARCHAR, '')"


def _text_value(column: Column) -> str:
    value = quoted(column.name)
    if column.type in QUOTED_TYPES:
        return f"""coalesce('"' || replace({value}, '"', '""') || '"', '')"""
    return f"coalesce({value}, '')"


def literal_path(file: Path) -> str:
    """Return a path that DuckDB takes for one file, whatever stars and brackets it holds.

    Examples:
        >>> literal_path(Path("out [1]/data.csv"))
        'out [[]1]/data.csv'
    """
    return glob.escape(str(file))


def quoted(name: str) -> str:
    """Return a name as a SQL identifier; every one is quoted, `at` is reserved for example."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _literal(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"
