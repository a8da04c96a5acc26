"""Files as departments supply them, each with content of its own."""

from __future__ import annotations

import uuid

import polars as pl

from stack.sample_tables import car_park_rows, park_rows, person_rows
from stack.samples import SAMPLES, sample_text, table_text

CAR_PARKS, PARKS, EMPLOYMENT = (
    "traffic-car_parks",
    "parks-city_parks",
    "employment-disabled_employment",
)
ROWS = 5_000  # of every file of one dataset: one that lost a quarter would be held
SESSION = uuid.uuid4().hex[:8]  # no two test sessions supply the same content
BODY = "관리기관명"  # a column that says which version a row is of
_TABLES = {CAR_PARKS: car_park_rows, PARKS: park_rows}


def new_seed() -> int:
    """Return a seed that nobody used before."""
    return uuid.uuid4().int % 2**31


def new_name(title: str) -> str:
    """Return a file name that nobody used before."""
    return f"{title}_{uuid.uuid4().hex[:12]}.csv"


def sample(dataset: str, rows: int = 2000) -> bytes:
    """Return a sample export, with a few bad rows of every kind."""
    chosen = next(one for one in SAMPLES if one.folder.replace("/", "-") == dataset)
    return sample_text(chosen, rows, new_seed()).encode("cp949")


def people(times: int, rows: int = 2000) -> bytes:
    """Return a file about persons in which everybody of one session stands so many times.

    More times add to every group at once, so that nobody's coming can be told from two releases.
    """
    seed = int.from_bytes(SESSION.encode(), "big") % 2**31
    table = pl.concat([person_rows(rows, seed)] * times)
    numbers = pl.int_range(1, table.height + 1, eager=True).cast(pl.String)
    return encoded(table.with_columns(numbers.alias("순번")))


def version(dataset: str, letter: str, rows: int = ROWS) -> bytes:
    """Return a clean file whose every row tells its version; the same version, the same bytes."""
    seed = int.from_bytes(f"{SESSION}{letter}".encode(), "big") % 2**31
    return encoded(_TABLES[dataset](rows, seed).with_columns(pl.lit(body(letter)).alias(BODY)))


def body(letter: str) -> str:
    """Return what a version's rows hold in the column that tells it."""
    return f"새벽광역시 {SESSION} {letter}"


def encoded(table: pl.DataFrame) -> bytes:
    """Return a table as a department's spreadsheet saves it."""
    return table_text(table).encode("cp949")
