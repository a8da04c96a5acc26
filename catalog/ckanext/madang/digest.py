"""The table digest in PostgreSQL's words: a second opinion beside the pipeline's.

A row's record is its fields in order, joined by commas; a null is nothing, text is quoted with
quotes doubled, everything else stands as printed. The row digest is the first 8 bytes of the
record's SHA-256; the table digest is the number of rows and the sum of row digests modulo
2**64. It does not depend on row order and counts repeated rows. It finds accidents; against
tampering stands the SHA-256 of the files.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

_MODULUS = 2**64


class TableDigest(NamedTuple):
    """Number of rows and sum of row digests."""

    rows: int
    value: str


def quote_name(name: str) -> str:
    """Quote an SQL identifier.

    Examples:
        >>> quote_name('시설"명')
        '"시설""명"'
    """
    return '"' + name.replace('"', '""') + '"'


def canonical_expression(column: str, sql_type: str) -> str:
    """Return the SQL expression of one field's part of the record.

    Examples:
        >>> canonical_expression("n", "int8")
        'coalesce("n"::text, \\'\\')'
    """
    name = quote_name(column)
    if sql_type == "text":
        text = f"""'"' || replace({name}, '"', '""') || '"'"""
    elif sql_type == "timestamptz":
        text = f"""to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    else:
        text = f"{name}::text"
    return f"coalesce({text}, '')"


def digest_query(table: str, columns: Iterable[tuple[str, str]]) -> str:
    """Return the query for the digest of a table with these columns and types, in this order."""
    record = " || ',' || ".join(canonical_expression(*column) for column in columns)
    first_bytes = f"substr(sha256(convert_to({record}, 'UTF8')), 1, 8)"
    row_digest = f"('x' || encode({first_bytes}, 'hex'))::bit(64)::bigint"
    total = f"mod(coalesce(sum({row_digest}::numeric), 0), {_MODULUS})"
    return f"SELECT count(*), mod({total} + {_MODULUS}, {_MODULUS})::text FROM {quote_name(table)}"
