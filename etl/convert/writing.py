"""Write the published files; the step's only I/O."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl

from etl.contract.model import Contract
from etl.convert.schema import DICTIONARY_COLUMNS, csv_text, dictionary_rows, published_dtype

ROWS_PER_GROUP = 262_144
BOM = "\ufeff"  # Excel takes CSV without it for the system's legacy encoding


def write_parquet(table: pl.LazyFrame, contract: Contract, to: Path) -> None:
    """Write the typed table, with the contract's name and version in the footer.

    The same table gives the same bytes: row groups have a fixed size, rows keep their order,
    and neither time nor release is written.
    """
    typed = table.select(
        pl.col(field.name).cast(published_dtype(field)) for field in contract.published_fields
    )
    typed.sink_parquet(
        to,
        compression="zstd",
        compression_level=3,
        row_group_size=ROWS_PER_GROUP,
        metadata={"madang.contract": contract.name, "madang.version": str(contract.version)},
        maintain_order=True,
    )


def write_csv(parquet: Path, contract: Contract, to: Path) -> None:
    """Write the published Parquet again as CSV for spreadsheets: UTF-8 with BOM, CRLF ends."""
    rows = pl.scan_parquet(parquet, glob=False)
    text = rows.select(csv_text(field) for field in contract.published_fields)
    text.sink_csv(
        to, include_bom=True, line_terminator="\r\n", quote_style="necessary", maintain_order=True
    )


def write_dictionary(contract: Contract, to: Path) -> None:
    """Write the data dictionary, one row for each published column."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, DICTIONARY_COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(dictionary_rows(contract))
    to.write_text(BOM + text.getvalue(), encoding="utf-8", newline="")
