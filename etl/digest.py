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

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from etl.contract.model import Field, FieldType

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

QUOTED_TYPES: frozenset[FieldType] = frozenset({"string", "yearmonth"})


@dataclass(frozen=True, slots=True)
class TableDigest:
    """Rows and the sum of their digests.

    Attributes:
        rows: How many rows there are.
        total: Sum of the row digests modulo 2^64.
    """

    rows: int
    total: int


def digest_parquet(
    connection: duckdb.DuckDBPyConnection, file: Path, fields: Sequence[Field]
) -> TableDigest:
    """Measure a published Parquet file."""
    values = [_typed_value(field) for field in fields]
    return _measure(connection, values, "read_parquet($file)", file)


def digest_csv(
    connection: duckdb.DuckDBPyConnection, file: Path, fields: Sequence[Field]
) -> TableDigest:
    """Measure a published CSV file by its own text.

    Nothing is cast: `1.5` where the canonical text is `1.50` gives another digest.
    """
    values = [_text_value(field) for field in fields]
    return _measure(connection, values, csv_source(fields), file)


def csv_source(fields: Sequence[Field]) -> str:
    """Return the SQL table function that reads a published CSV as text, from `$file`."""
    columns = ", ".join(f"{_literal(field.name)}: 'VARCHAR'" for field in fields)
    return (
        f"read_csv($file, columns={{{columns}}}, auto_detect=false, header=true, delim=',',"
        " quote='\"', escape='\"', nullstr='', allow_quoted_nulls=false)"
    )


def _measure(
    connection: duckdb.DuckDBPyConnection, values: Sequence[str], source: str, file: Path
) -> TableDigest:
    record = " || ',' || ".join(values)
    row_digest = f"('0x' || left(sha256({record}), 16))::UBIGINT"
    connection.execute("SET TimeZone = 'UTC'")
    [(rows, total)] = connection.execute(
        f"SELECT count(*), coalesce(sum({row_digest}), 0) % 18446744073709551616 FROM {source}",  # noqa: S608
        {"file": str(file)},
    ).fetchall()
    return TableDigest(int(rows), int(total))


def _typed_value(field: Field) -> str:
    column = quoted(field.name)
    kind = field.published_type
    if kind in QUOTED_TYPES:
        return _text_value(field)
    if kind == "datetime":
        shape = "'%Y-%m-%dT%H:%M:%S.%fZ'"
        return f"coalesce(strftime({column} AT TIME ZONE 'UTC', {shape}), '')"
    if kind == "number":
        return f"coalesce({column}::DECIMAL(18, {field.decimals})::VARCHAR, '')"
    return f"coalesce({column}::VARCHAR, '')"


def _text_value(field: Field) -> str:
    column = quoted(field.name)
    if field.published_type in QUOTED_TYPES:
        return f"""coalesce('"' || replace({column}, '"', '""') || '"', '')"""
    return f"coalesce({column}, '')"


def quoted(name: str) -> str:
    """Return a name as a SQL identifier; every one is quoted, `at` is reserved for example."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _literal(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"
