"""One table per release: loaded from the release's CSV, checked and shown in one transaction.

Nothing is renamed, truncated or overwritten. Which table a reader sees is decided by the
dataset's record alone (`reading`), so a loaded table stays unseen until the record names it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import ckan.plugins.toolkit as tk
import psycopg2
import sqlalchemy as sa
from ckanext.datastore.backend.postgres import get_write_engine
from ckanext.madang.digest import TableDigest, digest_query, quote_name
from ckanext.madang.refusals import Busy, Refused

_BUFFER_BYTES = 1 << 20
_DROP_WAIT = "5s"
_LOCK_NOT_AVAILABLE = "55P03"
_CONTENT_ERRORS = ("22", "23")
"""Classes of SQLSTATE that speak of the data, not of the server."""


class Field(NamedTuple):
    """A column: its name, its type in PostgreSQL, what the data dictionary says of it."""

    name: str
    sql_type: str
    label: str
    notes: str


class Load(NamedTuple):
    """A table to be made and what it has to be when it is made."""

    table: str
    fields: Sequence[Field]
    indexes: Sequence[Sequence[str]]
    sha256: str
    digest: TableDigest


class TableLoadError(Exception):
    """The server, not the data, kept a table from being loaded; trying again can help."""


def load_table(load: Load, csv_path: Path) -> str:
    """Make the table of a release, or find it there already.

    Either the table exists afterwards with exactly the digest asked for, indexed, counted and
    readable, or the DataStore is as it was.

    Returns:
        "loaded", or "there" when an earlier request had loaded it.

    Raises:
        Busy: Another request is loading this table.
        Refused: `copy` (a value does not fit its type), `sha256`, `rows` or `digest` (the
            table would not be the certified one).
        TableLoadError: The server failed.
    """
    with _transaction() as cursor:
        _lock_table(cursor, load.table)
        if table_exists(cursor, load.table):
            _check_digest(cursor, load)
            return "there"
        _create_table(cursor, load)
        _copy_rows(cursor, load, csv_path)
        _create_indexes(cursor, load)
        cursor.execute(f"ANALYZE {quote_name(load.table)}")
        _check_digest(cursor, load)
        _store_row_count(cursor, load)
        _grant_reading(cursor, load.table)
    return "loaded"


def list_tables() -> list[str]:
    """Return the names of all tables of the DataStore."""
    with _transaction() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        return [row[0] for row in cursor.fetchall()]


def drop_table(table: str) -> bool:
    """Drop a table unless somebody keeps it in use; tell whether it went."""
    try:
        with _transaction() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{_DROP_WAIT}'")
            cursor.execute(f"DROP TABLE IF EXISTS {quote_name(table)}")
            cursor.execute("DELETE FROM _table_stats WHERE resource_id = %s", [table])
    except Busy:
        return False
    return True


def is_loaded(table: str) -> bool:
    """Tell whether the DataStore has this table."""
    with _transaction() as cursor:
        return table_exists(cursor, table)


def table_exists(cursor: Any, table: str) -> bool:
    """Tell whether schema public has this table."""
    cursor.execute(
        "SELECT 1 FROM pg_tables WHERE schemaname = 'public' AND tablename = %s", [table]
    )
    return cursor.fetchone() is not None


@contextmanager
def _transaction() -> Iterator[Any]:
    """Give a cursor whose work is kept as a whole or not at all.

    PostgreSQL's own messages quote cells and rows, so none of them leaves this function.
    """
    connection = get_write_engine().raw_connection()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'")
            yield cursor
        connection.commit()
    except psycopg2.Error as error:
        raise _without_values(error) from None
    finally:
        connection.close()


def _without_values(error: psycopg2.Error) -> Exception:
    """Say which value was wrong by its place, and keep the value."""
    state = error.pgcode or "connection lost"
    if state == _LOCK_NOT_AVAILABLE:
        return Busy("The table")
    if not state.startswith(_CONTENT_ERRORS):
        return TableLoadError(f"PostgreSQL answered {state}. No table was made. Try again.")
    return Refused(
        "copy",
        f"SQLSTATE {state}{_place(error.diag.context or '')}: a value does not fit its column."
        " No table was made. Correct the file or the field's type.",
    )


def _place(context: str) -> str:
    """Keep line and column of `COPY t, line 3, column n: "secret"`."""
    place = re.match(r'COPY [^,]+, (line \d+(?:, column [^:"]+)?)', context)
    return f" {place[1]}" if place else ""


def _lock_table(cursor: Any, table: str) -> None:
    """Hold the table's name until the transaction ends; a killed process lets go by itself."""
    cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [table])
    if not cursor.fetchone()[0]:
        raise Busy(f"Table {table}")


def _create_table(cursor: Any, load: Load) -> None:
    """Create the table the way the DataStore expects it, with its data dictionary."""
    columns = ["_id serial PRIMARY KEY", _full_text_column(load)]
    columns += [f"{quote_name(field.name)} {field.sql_type}" for field in load.fields]
    cursor.execute(f"CREATE TABLE {quote_name(load.table)} ({', '.join(columns)})")
    for field in load.fields:
        column = f"{quote_name(load.table)}.{quote_name(field.name)}"
        cursor.execute(f"COMMENT ON COLUMN {column} IS %s", [_dictionary_entry(field)])


def _dictionary_entry(field: Field) -> str:
    """Write a field's entry as the DataStore does; the leading blank marks its format."""
    info = {"label": field.label, "notes": field.notes}
    return " " + json.dumps({"_info": info}, ensure_ascii=False, separators=(",", ":"))


def _full_text_column(load: Load) -> str:
    """Let small tables be searched by word.

    The index costs twice the load (measured: 13 s against 4-6 s per million rows), so large
    tables keep the column, which the DataStore requires, empty.
    """
    texts = [quote_name(field.name) for field in load.fields if field.sql_type == "text"]
    if not texts or not _is_searchable(load):
        return "_full_text tsvector"
    words = " || ' ' || ".join(f"coalesce({text}, '')" for text in texts)
    language = tk.config["ckan.datastore.default_fts_lang"].replace("'", "''")
    vector = f"to_tsvector('{language}'::regconfig, {words})"
    return f"_full_text tsvector GENERATED ALWAYS AS ({vector}) STORED"


def _is_searchable(load: Load) -> bool:
    return load.digest.rows <= tk.config["madang.full_text_rows"]


class _HashingReader:
    """Reads a file for COPY and remembers the SHA-256 of what was read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self._sha256.update(chunk)
        return chunk

    def hexdigest(self) -> str:
        return self._sha256.hexdigest()


def _copy_rows(cursor: Any, load: Load, csv_path: Path) -> None:
    """Fill the table from the CSV file and check that these were the certified bytes."""
    columns = ", ".join(quote_name(field.name) for field in load.fields)
    with csv_path.open("rb") as file:
        reader = _HashingReader(file)
        cursor.copy_expert(
            f"COPY {quote_name(load.table)} ({columns}) FROM STDIN"
            " (FORMAT csv, HEADER true, ENCODING 'UTF8')",
            reader,
            _BUFFER_BYTES,
        )
    if reader.hexdigest() != load.sha256:
        raise Refused(
            "sha256",
            f"{csv_path.name}: the stored bytes are not the registered ones. No table was made."
            " Restore the file from a backup.",
        )


def _create_indexes(cursor: Any, load: Load) -> None:
    for columns in load.indexes:
        _create_index(cursor, load.table, f"({', '.join(map(quote_name, columns))})")
    if _is_searchable(load):
        _create_index(cursor, load.table, "USING gin (_full_text)")


def _create_index(cursor: Any, table: str, definition: str) -> None:
    """Create an index named by what it is on, since names are unique in a schema."""
    name = hashlib.sha1(f"{table} {definition}".encode(), usedforsecurity=False).hexdigest()
    on = definition if definition.startswith("USING") else f"USING btree {definition}"
    cursor.execute(f"CREATE INDEX {quote_name(name)} ON {quote_name(table)} {on}")


def _check_digest(cursor: Any, load: Load) -> None:
    columns = [(field.name, field.sql_type) for field in load.fields]
    cursor.execute(digest_query(load.table, columns))
    found = TableDigest(*cursor.fetchone())
    for key, is_value, should_be in zip(("rows", "digest"), found, load.digest, strict=True):
        if is_value != should_be:
            raise Refused(
                key,
                f"Table {load.table} has {key} {is_value}, certified is {should_be}."
                " Nothing was changed; the live release stays.",
            )


def _store_row_count(cursor: Any, load: Load) -> None:
    """Spare every search the counting, which would also run on a second connection."""
    cursor.execute(
        "INSERT INTO _table_stats VALUES (%s, jsonb_build_object('rows', %s::bigint))"
        " ON CONFLICT (resource_id) DO UPDATE SET stats = excluded.stats",
        [load.table, load.digest.rows],
    )


def _grant_reading(cursor: Any, table: str) -> None:
    reader = sa.make_url(tk.config["ckan.datastore.read_url"]).username or ""
    cursor.execute(f"GRANT SELECT ON {quote_name(table)} TO {quote_name(reader)}")
