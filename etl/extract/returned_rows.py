"""The rows of a workbook that a department returned, as text with their addresses."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from etl.contract.fields import headers_of
from etl.contract.model import Contract
from etl.errors import SourceFormatError
from etl.extract.grid import column_letters
from etl.returned import ROW_HEADER

LINE, NUMBER = "_line", "_number"
MOST_PLACES = 20

_ROW = "_row"
_AGAIN = (
    "Nothing was published; the live release stays. Correct cells only, or drop your own file"
    " whole."
)


@dataclass(frozen=True, slots=True)
class Returned:
    """The rows of a returned workbook.

    Attributes:
        rows: `_line` (row of the sheet), `_number` (null where there is none) and one text
            column per field.
        letters: What the sheet calls each field's column.
    """

    rows: pl.DataFrame
    letters: dict[str, str]


def read_returned(cells: pl.DataFrame, contract: Contract) -> Returned:
    """Take the rows out of the sheet that holds them.

    Args:
        cells: `_row`, then the sheet's columns of text, as `Grid` has them; not modified.
        contract: Names the columns.

    Raises:
        SourceFormatError: A column is missing, unknown or repeated, or a row's number is none.
    """
    header, body = cells.row(0)[1:] if cells.height else (), cells.slice(1)
    columns = _columns(header, contract)
    texts = body.select(
        pl.col(_ROW).alias(LINE),
        *(_lines(pl.col(cells.columns[at + 1])).alias(name) for name, at in columns.items()),
    )
    filled = texts.filter(pl.any_horizontal(pl.exclude(LINE).str.strip_chars() != ""))
    numbers = filled[NUMBER].str.strip_chars()
    rows = filled.with_columns(numbers.cast(pl.Int64, strict=False))
    require_numbers(
        contract, filled.filter(rows[NUMBER].is_null() & (numbers != "")), "is no number"
    )
    is_twice = rows[NUMBER].is_duplicated() & rows[NUMBER].is_not_null()
    require_numbers(contract, rows.filter(is_twice), "stands in several rows")
    return Returned(rows, {name: column_letters(at + 1) for name, at in columns.items()})


def _columns(header: Sequence[str], contract: Contract) -> dict[str, int]:
    """Return where the number and each field stand, counted from 0."""
    names = {_plain(text): f.name for f in contract.fields for text in headers_of(f)}
    columns: dict[str, int] = {}
    unknown = []
    for at, text in enumerate(map(_plain, header)):
        name = NUMBER if text == ROW_HEADER and NUMBER not in columns else names.get(text)
        if name is not None and name not in columns:
            columns[name] = at
        elif text:
            unknown.append(column_letters(at + 1))
    missing = [f.title.ko for f in contract.fields if f.name not in columns]
    missing += [ROW_HEADER] if NUMBER not in columns else []
    if missing or unknown:
        told = [f"columns are missing: {', '.join(missing)}"] if missing else []
        told += [f"columns are unknown or repeated: {', '.join(unknown)}"] if unknown else []
        raise refused(contract, f"the returned workbook was changed: {'; '.join(told)}. {_AGAIN}")
    return columns


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()


def _lines(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(r"\r\n?", "\n")


def require_numbers(contract: Contract, rows: pl.DataFrame, what: str) -> None:
    """Refuse rows whose number cannot be used; they are named by the sheet's own rows."""
    if rows.height:
        lines = ", ".join(map(str, rows[LINE].head(MOST_PLACES)))
        raise refused(
            contract,
            f"the number in column {ROW_HEADER} {what} (rows {lines} of the returned sheet)."
            f" {_AGAIN}",
        )


def refused(contract: Contract, what: str) -> SourceFormatError:
    """Return the error for a returned workbook, in the usual three parts."""
    return SourceFormatError(f"{contract.name}: {what}", dataset=contract.name)
