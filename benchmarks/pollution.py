"""Score readers on single pollutions of clean tables; `python -m benchmarks.pollution`.

A case is right when the columns and every row of data come out as they stand in the file and
nothing else does; refused when the reader gives up or asks; wrong when a table comes out that
is not the one in the file. Where no table can be read, refusing with the true reason is right
for ours and refused for the others.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
from rich.console import Console
from rich.table import Table

from benchmarks.polluting import Case, make_cases
from etl.extract.inspecting import inspect_file

SNIFFED_CHARACTERS = 1 << 16
RIGHT, REFUSED, WRONG = "right", "refused", "wrong"

Rows = list[tuple[str, ...]]


class RefusedError(Exception):
    """A reader gave up; its message is the reason."""


@dataclass(frozen=True, slots=True)
class Found:
    """The table that a reader made of a file.

    Attributes:
        columns: Its names.
        rows: Its rows.
        ragged: How many records it set aside; None where it tells none.
        totals: How many total rows it told from data; None where it tells none.
    """

    columns: tuple[str, ...]
    rows: Rows
    ragged: int | None = None
    totals: int | None = None


Reader = Callable[[Path], Found]


def judge(case: Case, read: Reader, folder: Path) -> str:
    """Let a reader read a case, and return `right`, `refused` or `wrong`."""
    file = folder / case.file_name
    file.write_bytes(case.content)
    try:
        found = read(file)
    except RefusedError as error:
        is_true = case.stops and case.stops in str(error).casefold()
        return REFUSED if is_true or not case.stops else WRONG
    finally:
        file.unlink()
    return RIGHT if _is_right(case, found) else WRONG


def _is_right(case: Case, found: Found) -> bool:
    rows = case.rows_and_totals if found.totals is None else case.rows
    return (
        not case.stops
        and found.columns in (case.columns, case.headers)
        and found.rows == list(rows)
        and found.ragged in (None, case.ragged)
        and found.totals in (None, case.totals)
    )


def read_with_sniffer(file: Path) -> Found:
    """Read as the standard library does: `csv.Sniffer`, then `csv.reader`."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            dialect = csv.Sniffer().sniff(text.read(SNIFFED_CHARACTERS))
            text.seek(0)
            header, *rows = (tuple(record) for record in csv.reader(text, dialect) if record)
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        raise RefusedError(error) from None
    return Found(header, rows)


def read_with_pandas(file: Path) -> Found:
    """Read as pandas does when it is to find the delimiter itself, all cells as text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frame = pd.read_csv(file, sep=None, engine="python", dtype=str, keep_default_na=False)
    except Exception as error:  # noqa: BLE001  (whatever a peer raises, it gave up)
        raise RefusedError(error) from None
    return Found(tuple(map(str, frame.columns)), _texts(frame.itertuples(index=False, name=None)))


def read_with_duckdb(file: Path) -> Found:
    """Read as DuckDB's sniffer does, all cells as text."""
    try:
        with duckdb.connect() as connection:
            relation = connection.read_csv(str(file), all_varchar=True)
            return Found(tuple(relation.columns), _texts(relation.fetchall()))
    except Exception as error:  # noqa: BLE001
        raise RefusedError(error) from None


def read_with_polars(file: Path) -> Found:
    """Read as Polars does by itself, all cells as text."""
    try:
        frame = pl.read_csv(file, infer_schema=False)
    except Exception as error:  # noqa: BLE001
        raise RefusedError(error) from None
    return Found(tuple(frame.columns), _texts(frame.iter_rows()))


def _texts(rows: Iterable[Sequence[object]]) -> Rows:
    return [tuple("" if cell is None else str(cell) for cell in row) for row in rows]


PEERS: dict[str, Reader] = {
    "csv.Sniffer": read_with_sniffer,
    "pandas": read_with_pandas,
    "DuckDB": read_with_duckdb,
    "Polars": read_with_polars,
}


def read_with_madang(file: Path) -> Found:
    """Read as `madang inspect` does, without any contract."""
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        landed = Path(folder) / "landed.parquet"
        inspection = inspect_file(file, landed)
        if inspection.reading is None:
            raise RefusedError(inspection.reason)
        table = pl.read_parquet(landed)
    names = tuple(column.name for column in inspection.reading.columns if column.kept)
    data = table.filter(pl.col("_role") == "data").select(names)
    records = inspection.reading.records
    return Found(names, _texts(data.iter_rows()), records.ragged, records.totals)


READERS: dict[str, Reader] = {"madang": read_with_madang, **PEERS}


@dataclass(frozen=True, slots=True)
class Score:
    """What one reader made of all cases."""

    verdicts: tuple[str, ...]
    seconds: float

    def __str__(self) -> str:
        """Say what counts: how many came out right, and how many wrong."""
        right = self.verdicts.count(RIGHT) / len(self.verdicts)
        return f"{right:.1%} right, {self.verdicts.count(WRONG)} wrong"


def score(cases: Sequence[Case], read: Reader) -> Score:
    """Judge one reader on every case."""
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="madang-pollution-") as folder:
        verdicts = tuple(judge(case, read, Path(folder)) for case in cases)
    return Score(verdicts, time.perf_counter() - begun)


def main() -> int:
    """Judge every reader on every case; print the score, and each case that ours misses."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pollution", description=__doc__)
    parser.add_argument("--only", choices=READERS, help="one reader alone")
    given = parser.parse_args()
    readers = {name: READERS[name] for name in READERS if given.only in (None, name)}
    cases = list(make_cases())
    verdicts = {name: score(cases, read).verdicts for name, read in readers.items()}
    Console(width=100).print(_table(cases, verdicts))
    missed = [
        (case, verdict)
        for case, verdict in zip(cases, verdicts.get("madang", ()), strict=False)
        if verdict != RIGHT
    ]
    for case, verdict in missed:
        print(f"madang: {verdict}: {case.table}: {case.kind}: {case.name}")
    return int(any(verdict == WRONG for _, verdict in missed))


def _table(cases: Sequence[Case], verdicts: dict[str, tuple[str, ...]]) -> Table:
    table = Table(title=f"{len(cases)} files: right / refused / wrong", box=None)
    table.add_column("pollution")
    for name in verdicts:
        table.add_column(name, justify="right")
    for kind in dict.fromkeys(case.kind for case in cases):
        table.add_row(kind, *(_counts(kind, cases, verdicts[name]) for name in verdicts))
    table.add_row("all", *(_counts(None, cases, verdicts[name]) for name in verdicts))
    rights = (verdicts[name].count(RIGHT) / len(cases) for name in verdicts)
    table.add_row("read right", *(f"{right:.1%}" for right in rights))
    return table


def _counts(kind: str | None, cases: Sequence[Case], verdicts: Sequence[str]) -> str:
    counted = Counter(
        verdict for case, verdict in zip(cases, verdicts, strict=True) if kind in (None, case.kind)
    )
    return " / ".join(str(counted[verdict]) for verdict in (RIGHT, REFUSED, WRONG))


if __name__ == "__main__":
    sys.exit(main())
