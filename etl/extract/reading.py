"""Read a delimited file into rows of text with their addresses; the step's only I/O."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from etl.contract.model import Contract
from etl.errors import SourceFormatError
from etl.extract.decisions import Decision
from etl.extract.decoding import (
    Encoding,
    Failure,
    UndecodableError,
    candidates,
    decode_chunks,
    refuse_encoding,
)
from etl.extract.layout import TextLayout, find_layout
from etl.extract.quoting import check_quoting

CHUNK_BYTES = 1 << 22
BLOCK_BYTES = 1 << 23
BEGINNING_CHARACTERS = 1 << 16
RAGGED_SCHEMA = pa.schema(
    [("_row", pa.int64()), ("cells", pa.int64()), ("expected", pa.int64()), ("text", pa.string())]
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read; `records` is the sum of the counts after it.

    Attributes:
        encoding: Encoding of the whole file.
        decisions: Every decision with its evidence.
        records: All records, line breaks in quotes not counted.
        header: Records with column names.
        data: Records of data.
        totals: Records of totals; this reader tells none apart.
        notes: Records above the header that are not blank.
        blank: Empty records, and records of empty cells.
        ragged: Records that do not have as many cells as the header, in which text follows a
            closing quotation mark, or that hold a NUL.
    """

    encoding: Encoding
    decisions: tuple[Decision, ...]
    records: int
    header: int
    data: int
    totals: int
    notes: int
    blank: int
    ragged: int


@dataclass(slots=True)
class _Tally:
    """Counts that grow while the batches pass.

    Attributes:
        broken: Records whose quotation marks cannot be trusted.
    """

    broken: tuple[int, ...] = ()
    next_record: int = 1
    misfits: list[tuple[int, int, int, str]] = field(default_factory=list)
    notes: int = 0
    data: int = 0
    blank: int = 0


def read_delimited(source: Path, contract: Contract, rows_to: Path, ragged_to: Path) -> Reading:
    """Read delimited text of any size in bounded memory.

    Args:
        source: The supplied bytes; not modified.
        contract: Names the columns.
        rows_to: Parquet to write: `_row` (record number as Excel shows it), then one text
            column for each field of the contract, cells as they stand, empty ones as `""`.
        ragged_to: Parquet to write: `_row`, `cells`, `expected`, `text` of the ragged records.

    Returns:
        Counts and decisions.

    Raises:
        SourceFormatError: The file is empty, in no known encoding, without the contract's
            columns, or without data.
    """
    if source.stat().st_size == 0:
        raise _refuse(contract, "the file is empty")
    with tempfile.TemporaryDirectory(dir=rows_to.parent) as folder:
        text = Path(folder) / "utf-8"
        encoding = _transcode(source, text, contract)
        layout = find_layout(_beginning(text), contract)
        quoting = check_quoting(text, layout.delimiter)
        if quoting.is_open_at_end:
            raise _refuse(contract, "a quoted cell is never closed, so the file may be cut off")
        tally = _Tally(quoting.broken)
        _write_rows(text, layout, contract, rows_to, tally)
    ragged = _write_ragged(tally, layout, ragged_to)
    if tally.data == 0:
        raise _refuse(contract, "the file holds no row of data")
    return _reading(encoding, layout, tally, ragged)


def _transcode(source: Path, target: Path, contract: Contract) -> Encoding:
    """Write the file as UTF-8 without a mark, and return its encoding."""
    failures: list[Failure] = []
    with source.open("rb") as file:
        tried = candidates(file.read(4), contract.layout.encoding)
    for encoding in tried:
        try:
            with source.open("rb") as file, target.open("w", encoding="utf-8", newline="") as out:
                out.writelines(decode_chunks(iter(lambda: file.read(CHUNK_BYTES), b""), encoding))
        except UndecodableError as error:
            failures.append(error.failure)
        else:
            return encoding
    raise refuse_encoding(contract.name, failures)


def _beginning(text: Path) -> str:
    with text.open(encoding="utf-8", newline="") as file:
        return file.read(BEGINNING_CHARACTERS)


def _batches(text: Path, layout: TextLayout, tally: _Tally) -> Iterator[pa.RecordBatch]:
    def set_aside(row: pyarrow.csv.InvalidRow) -> str:
        tally.misfits.append((row.number, row.actual_columns, row.expected_columns, row.text))
        return "skip"

    names = [f"{position}" for position in range(len(layout.columns))]
    with pyarrow.csv.open_csv(
        text,
        pyarrow.csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES, column_names=names),
        pyarrow.csv.ParseOptions(
            delimiter=layout.delimiter,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=set_aside,
        ),
        pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    ) as reader:
        yield from reader


def _write_rows(
    text: Path, layout: TextLayout, contract: Contract, rows_to: Path, tally: _Tally
) -> None:
    schema = pa.schema(
        [("_row", pa.int64()), *((column.name, pa.large_string()) for column in contract.fields)]
    )
    try:
        with pq.ParquetWriter(rows_to, schema, compression="zstd") as writer:
            for batch in _batches(text, layout, tally):
                rows = _address(batch, layout, tally)
                kept = _keep_data(rows, layout, tally)
                names = [column.name for column in contract.fields]
                writer.write_table(kept.select("_row", *names).to_arrow().cast(schema))
    except pa.ArrowInvalid:  # Arrow's own message quotes the text
        raise _refuse(contract, "a quoted cell or record does not end within 8 MiB") from None


def _address(batch: pa.RecordBatch, layout: TextLayout, tally: _Tally) -> pl.DataFrame:
    """Number the rows as a spreadsheet would, past the misfits met so far."""
    misfits = np.array([number for number, *_ in tally.misfits], dtype=np.int64)
    numbers = np.arange(tally.next_record, tally.next_record + batch.num_rows + len(misfits))
    numbers = np.setdiff1d(numbers, misfits, assume_unique=True)[: batch.num_rows]
    if len(numbers):
        tally.next_record = int(numbers[-1]) + 1
    names = [name or _nameless(position) for position, name in enumerate(layout.columns)]
    frame = pl.DataFrame(pl.from_arrow(batch)).rename(
        dict(zip(batch.schema.names, names, strict=True))
    )
    return frame.insert_column(0, pl.Series("_row", numbers, dtype=pl.Int64))


def _nameless(position: int) -> str:
    """Return how a column is called that belongs to no field."""
    return f"\0{position}"


def _keep_data(rows: pl.DataFrame, layout: TextLayout, tally: _Tally) -> pl.DataFrame:
    """Drop header, notes and blank records, and set aside what cannot be trusted."""
    cells = pl.all().exclude("_row")
    others = rows.filter(pl.col("_row") != layout.header_record)
    filled = others.filter(pl.any_horizontal(cells.str.strip_chars() != ""))
    body = filled.filter(pl.col("_row") > layout.header_record)
    is_bad = pl.any_horizontal(cells.str.contains("\0", literal=True))
    is_bad |= pl.col("_row").is_in(pl.Series(tally.broken, dtype=pl.Int64).implode())
    for position in layout.unnamed:
        is_bad |= pl.col(_nameless(position)).str.strip_chars() != ""
    width = len(layout.columns)
    for row, *texts in body.filter(is_bad).iter_rows():
        tally.misfits.append((row, width, width, layout.delimiter.join(texts)))
    kept = body.filter(~is_bad)
    tally.blank += others.height - filled.height
    tally.notes += filled.height - body.height
    tally.data += kept.height
    return kept


def _write_ragged(tally: _Tally, layout: TextLayout, ragged_to: Path) -> int:
    """Write the ragged records; empty lines and notes among the misfits are only counted."""
    filled = [m for m in tally.misfits if m[3].replace(layout.delimiter, "").strip()]
    ragged = sorted(misfit for misfit in filled if misfit[0] > layout.header_record)
    tally.blank += len(tally.misfits) - len(filled)
    tally.notes += len(filled) - len(ragged)
    columns = list(zip(*ragged, strict=True)) if ragged else [()] * len(RAGGED_SCHEMA)
    table = pa.table(
        [pa.array(column, kind) for column, kind in zip(columns, RAGGED_SCHEMA.types, strict=True)],
        schema=RAGGED_SCHEMA,
    )
    pq.write_table(table, ragged_to, compression="zstd")
    return len(ragged)


def _reading(encoding: Encoding, layout: TextLayout, tally: _Tally, ragged: int) -> Reading:
    decisions = (
        Decision("encoding", encoding, "every byte of the file decodes strictly", 1.0),
        Decision("delimiter", layout.delimiter, "it splits the header into all fields", 1.0),
        Decision("header", str(layout.header_record), "it names all fields of the contract", 1.0),
    )
    return Reading(
        encoding=encoding,
        decisions=decisions,
        records=1 + tally.data + tally.notes + tally.blank + ragged,
        header=1,
        data=tally.data,
        totals=0,
        notes=tally.notes,
        blank=tally.blank,
        ragged=ragged,
    )


def _refuse(contract: Contract, what: str) -> SourceFormatError:
    return SourceFormatError(
        f"{contract.name}: {what}. Nothing was published; the live release stays."
        " Export the file again and drop it again.",
        dataset=contract.name,
    )
