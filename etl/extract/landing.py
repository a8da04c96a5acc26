"""Write the rows of a table as text, sorted by their roles; the step's only writing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from etl.extract.roles import Batch, Counts, Sorter
from etl.extract.structure import Structure
from etl.extract.table import OpenTable

GROUP_BYTES = 1 << 26
RAGGED_SCHEMA = pa.schema(
    [("_row", pa.int64()), ("cells", pa.int64()), ("expected", pa.int64()), ("text", pa.string())]
)


@dataclass(slots=True)
class Outcome:
    """What came out of reading a table once.

    Attributes:
        counts: Records by role.
        surprises: Positions of columns taken for empty that hold values.
        last_misfit: Number of the last record that was ragged.
    """

    counts: Counts
    surprises: frozenset[int]
    last_misfit: int


class Target(Protocol):
    """Where sorted rows go."""

    def write(self, batch: Batch) -> None:
        """Take rows (`_row`, `_role`, `c1` …) and the misfits among them."""

    def close(self) -> None:
        """Finish what was written."""


def land_table(
    table: OpenTable, structure: Structure, target: Target, *, is_declared: bool = False
) -> Outcome:
    """Read a table once, from the first record to the last.

    Args:
        table: What to read.
        structure: How it is built.
        target: Where rows go.
        is_declared: Whether a contract names the columns.
    """
    sorter = Sorter(structure, is_declared)
    last_misfit = 0
    for batch in _settled(sorter, table):
        target.write(batch)
        last_misfit = max([last_misfit, *(misfit.row for misfit in batch.misfits)])
    return Outcome(sorter.counts, frozenset(sorter.surprises), last_misfit)


def _settled(sorter: Sorter, table: OpenTable) -> Iterator[Batch]:
    for batch in table.read():
        yield sorter.feed(batch)
    yield sorter.finish()


class ParquetRows:
    """Writes frames of one schema to a Parquet file, in row groups of a good size."""

    def __init__(self, file: Path, columns: Sequence[str]) -> None:
        """Open the file; `_row` is a number, every other column text."""
        types = [(name, pa.int64() if name == "_row" else pa.large_string()) for name in columns]
        self._schema = pa.schema(types)
        self._writer = pq.ParquetWriter(file, self._schema, compression="zstd")
        self._waiting: list[pl.DataFrame] = []
        self._beside = ThreadPoolExecutor(1)  # packing releases the interpreter's lock
        self._written: Future[None] | None = None

    def add(self, frame: pl.DataFrame) -> None:
        """Take some rows; they are written when there are enough."""
        if frame.height:
            self._waiting.append(frame)
        if sum(waiting.estimated_size() for waiting in self._waiting) > GROUP_BYTES:
            self._flush()

    def close(self) -> None:
        """Write what waits, and finish the file."""
        self._flush()
        self._await()
        self._beside.shutdown()
        self._writer.close()

    def _flush(self) -> None:
        if self._waiting:
            self._await()
            self._written = self._beside.submit(self._write, self._waiting)
        self._waiting = []

    def _await(self) -> None:
        """Let no more than one group wait, so that memory stays bounded."""
        if self._written is not None:
            self._written.result()
        self._written = None

    def _write(self, frames: list[pl.DataFrame]) -> None:
        self._writer.write_table(pl.concat(frames).to_arrow().cast(self._schema))


@dataclass(slots=True)
class Nowhere:
    """Takes rows and keeps none."""

    def write(self, batch: Batch) -> None:
        """Take rows and misfits."""

    def close(self) -> None:
        """Do nothing."""


@dataclass(slots=True)
class OneFile:
    """All rows in one file: `_sheet`, `_row`, `_role`, the columns.

    Where there are ragged records, a last column `_text` holds them as they stand.
    """

    file: Path
    sheet: str | None
    names: Mapping[str, str]
    _rows: ParquetRows = field(init=False)
    _aside: ParquetRows = field(init=False)
    _has_misfits: bool = False

    def __post_init__(self) -> None:
        """Open the file, and one beside it for ragged records."""
        columns = ["_sheet", "_row", "_role"]
        self._rows = ParquetRows(self.file, [*columns, *self.names.values()])
        self._aside = ParquetRows(self._beside("ragged"), [*columns, "_text"])

    def write(self, batch: Batch) -> None:
        """Take rows and misfits, in the order of the file."""
        self._rows.add(
            batch.rows.select(
                pl.lit(self.sheet, pl.String).alias("_sheet"),
                "_row",
                "_role",
                *(pl.col(column).alias(name) for column, name in self.names.items()),
            )
        )
        self._has_misfits |= bool(batch.misfits)
        texts = [(self.sheet, m.row, "ragged", m.text) for m in batch.misfits]
        schema = {"_sheet": pl.String, "_row": pl.Int64, "_role": pl.String, "_text": pl.String}
        self._aside.add(pl.DataFrame(texts, schema=schema, orient="row"))

    def close(self) -> None:
        """Finish the file, and put the ragged records in their places."""
        self._rows.close()
        self._aside.close()
        if self._has_misfits:
            self._put_in_place()
        self._beside("ragged").unlink()

    def _put_in_place(self) -> None:
        rows = self.file.rename(self._beside("rows"))
        whole = pl.scan_parquet(rows).with_columns(_text=pl.lit(None, pl.String))
        aside = pl.scan_parquet(self._beside("ragged"))
        known = aside.collect_schema()
        aside = aside.select(
            pl.col(name) if name in known else pl.lit(None, pl.String).alias(name)
            for name in whole.collect_schema()
        )
        whole.merge_sorted(aside, key="_row").sink_parquet(self.file, compression="zstd")
        rows.unlink()

    def _beside(self, what: str) -> Path:
        return self.file.with_name(f"{self.file.name}.{what}")


@dataclass(slots=True)
class ByRole:
    """Rows of data, of totals and ragged ones, each in a file of its own."""

    rows_to: Path
    totals_to: Path
    ragged_to: Path
    names: Mapping[str, str]
    _rows: ParquetRows = field(init=False)
    _totals: ParquetRows = field(init=False)
    _ragged: pq.ParquetWriter = field(init=False)

    def __post_init__(self) -> None:
        """Open the three files."""
        columns = ["_row", *self.names.values()]
        self._rows = ParquetRows(self.rows_to, columns)
        self._totals = ParquetRows(self.totals_to, columns)
        self._ragged = pq.ParquetWriter(self.ragged_to, RAGGED_SCHEMA, compression="zstd")

    def write(self, batch: Batch) -> None:
        """Take rows and misfits."""
        chosen = [pl.col("_row"), *(pl.col(c).alias(n) for c, n in self.names.items())]
        is_total = batch.rows["_role"] == "total"
        self._rows.add(batch.rows.filter(~is_total).select(chosen))
        self._totals.add(batch.rows.filter(is_total).select(chosen))
        if batch.misfits:
            values = zip(
                *((m.row, m.cells, m.expected, m.text) for m in batch.misfits), strict=True
            )
            arrays = [pa.array(v, t) for v, t in zip(values, RAGGED_SCHEMA.types, strict=True)]
            self._ragged.write_table(pa.table(arrays, schema=RAGGED_SCHEMA))

    def close(self) -> None:
        """Finish the three files."""
        for writer in (self._rows, self._totals, self._ragged):
            writer.close()
