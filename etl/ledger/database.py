"""The ledger's database: how it is opened, brought up to date, and what its errors mean.

SQLite serves the bare command, PostgreSQL the stack. Connections are not kept: a forked
worker would share them, and a database that came back would find them dead.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    NoSuchModuleError,
    OperationalError,
)
from sqlalchemy.pool import NullPool

from etl.errors import DefectError, StoreError, StoreUnavailableError

PATIENCE_SECONDS = 30
MIGRATION_LOCK = 7_210_316_241  # any number that no other program locks in this database


def open_engine(url: str) -> Engine:
    """Return an engine for the ledger; nothing is connected yet.

    Raises:
        StoreError: The address cannot be used.
    """
    try:
        address = make_url(url)
        waiting = "timeout" if address.get_backend_name() == "sqlite" else "connect_timeout"
        engine = create_engine(
            address, poolclass=NullPool, connect_args={waiting: PATIENCE_SECONDS}
        )
    except (ArgumentError, NoSuchModuleError, ImportError):
        raise StoreError(
            "The ledger's address cannot be used. Nothing was done. Correct MADANG_LEDGER:"
            " sqlite:///FILE or postgresql+psycopg://USER@HOST:PORT/DATABASE."
        ) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _leave_transactions_to_us)
        event.listen(engine, "begin", _lock_at_once)
    return engine


def migrate(url: str) -> None:
    """Bring the ledger's tables up to date; does nothing when they are.

    Two processes may do so at the same time: one goes first.

    Raises:
        StoreError: The database cannot be used.
    """
    from alembic import command  # half a second that only this function needs
    from alembic.config import Config

    engine = open_engine(url)
    if engine.dialect.name == "sqlite" and engine.url.database:
        _make_private_file(engine.url.database)
    config = Config()
    config.set_main_option("script_location", str(files("etl.ledger") / "migrations"))
    with transaction(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Do everything in the block or nothing, and say what the database's errors mean.

    Their own words are dropped, because they quote the values of the statement.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except IntegrityError as problem:
        raise DefectError(
            f"The ledger refused an entry ({_constraint(problem)}). Nothing of it was"
            " written; the live release stays. Report this as a defect."
        ) from None
    except DBAPIError as problem:
        raise _explain(problem) from None


def insert_missing(connection: Connection, table: Table, **values: object) -> None:
    """Insert a row unless one with the same key is there."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(insert(table).values(**values).on_conflict_do_nothing())


def _leave_transactions_to_us(connection: Any, record: object) -> None:
    del record
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")


def _lock_at_once(connection: Connection) -> None:
    """Take SQLite's write lock at the start, as rows are locked on PostgreSQL."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _make_private_file(path: str) -> None:
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)  # noqa: PTH103, PTH120
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as problem:
        raise StoreError(
            f"The ledger's file cannot be made ({problem.strerror}). Nothing was done."
            " Choose a folder that can be written to, or make room."
        ) from None


def _constraint(problem: IntegrityError) -> str:
    """Return the name of what was violated, and none of the values."""
    diagnosis = getattr(problem.orig, "diag", None)
    if diagnosis is not None:
        return str(diagnosis.constraint_name or diagnosis.column_name)
    return str(problem.orig)  # SQLite names columns and constraints only


def _explain(problem: DBAPIError) -> StoreError:
    words = str(problem.orig)
    if "no such table" in words or getattr(problem.orig, "sqlstate", "") == "42P01":
        return StoreError(
            "The ledger has no tables yet. Nothing was done. Run `make up`, or `madang migrate`."
        )
    if "disk is full" in words or getattr(problem.orig, "sqlstate", "") == "53100":
        return StoreError(
            "The ledger's disk is full. The entry was not written; the live release stays."
            " Make room, then run again."
        )
    if isinstance(problem, OperationalError) or problem.connection_invalidated:
        return StoreUnavailableError(
            "The ledger does not answer, or is busy. The entry was not written; the live"
            " release stays. Bring its database back, then run again."
        )
    return StoreError(
        f"The ledger refused a statement ({type(problem.orig).__name__}). Nothing of it was"
        " written; the live release stays. Run `madang migrate`; if that does not help,"
        " report this as a defect."
    )
