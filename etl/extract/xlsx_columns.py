"""Write what calamine reads of a sheet as text, column by column."""

from __future__ import annotations

import datetime as dt
import itertools
from bisect import bisect_left
from typing import Any

import polars as pl
import python_calamine

from etl.extract.cell_text import write_boolean, write_date, write_number, write_numbers
from etl.extract.refusing import refuse
from etl.extract.xlsx_package import KIND

FIRST_ROWS, BATCH_ROWS = 64, 20_000  # a header makes columns mixed, so it gets a batch of its own
FIRST_SURE_DAY = dt.date(1900, 3, 1)  # before it spreadsheets and calendars disagree
_CLOCK_KINDS = {dt.date, dt.datetime, dt.time, dt.timedelta}

# Texts that stand in place of calamine's values: by column the rows, in order, with their text
Overlay = dict[int, list[tuple[int, str]]]


def read_columns(
    sheet: python_calamine.CalamineSheet, overlay: Overlay
) -> tuple[list[pl.Series], bool]:
    """Return a sheet's columns as text, from its first row and its first filled column on.

    Args:
        sheet: What calamine read.
        overlay: Texts that stand in place of its values.

    Returns:
        The columns; and whether every day in them is sure, which none is that spreadsheets and
        calamine count differently.

    Raises:
        SourceFormatError: A text has no place among calamine's values.
    """
    first_column = first_column_of(sheet)
    rows = iter(sheet.iter_rows())  # from the sheet's first row, but from its first filled column
    batches: list[list[pl.Series]] = []
    is_sure = True
    placed = 0
    row, size = 1, FIRST_ROWS
    while batch := list(itertools.islice(rows, size)):
        block = []
        for column, values in enumerate(zip(*batch, strict=True), start=first_column):
            special = _between(overlay.get(column, []), row, row + len(batch))
            placed += len(special)
            texts, is_column_sure = _write_column(values, special, row)
            is_sure &= is_column_sure
            block.append(texts)
        batches.append(block)
        row, size = row + len(batch), BATCH_ROWS
    if placed != sum(map(len, overlay.values())):
        raise refuse(KIND, "Two readers see cells of the workbook in different places")
    return [pl.concat(parts) for parts in zip(*batches, strict=True)], is_sure


def first_column_of(sheet: python_calamine.CalamineSheet) -> int:
    """Return the first column that calamine gives, counted from 1."""
    return sheet.start[1] + 1 if sheet.start else 1


def _between(texts: list[tuple[int, str]], start: int, end: int) -> list[tuple[int, str]]:
    return texts[bisect_left(texts, (start, "")) : bisect_left(texts, (end, ""))]


def _write_column(
    values: tuple[Any, ...], special: list[tuple[int, str]], first_row: int
) -> tuple[pl.Series, bool]:
    if special:
        mixed = list(values)
        for row, text in special:
            mixed[row - first_row] = text
        values = tuple(mixed)
    kinds = set(map(type, values))
    if kinds == {str}:
        return pl.Series(values, dtype=pl.String), True
    if kinds == {float}:
        return write_numbers(pl.Series(values, dtype=pl.Float64)), True
    if kinds == {dt.date}:
        days = pl.Series(values, dtype=pl.Date)
        return days.cast(pl.String), bool((days >= FIRST_SURE_DAY).all())
    texts = [text if type(text) is str else _write_value(text) for text in values]
    is_sure = kinds.isdisjoint(_CLOCK_KINDS) or all(map(_is_sure, values))
    return pl.Series(texts, dtype=pl.String), is_sure


def _write_value(value: Any) -> str:
    if isinstance(value, bool):
        return write_boolean(value)
    if isinstance(value, float | int):
        return write_number(float(value))
    return write_date(value) if isinstance(value, dt.date) else str(value)


def _is_sure(value: object) -> bool:
    """Tell whether a value is none that spreadsheets and calamine count differently."""
    if isinstance(value, dt.datetime):
        return value.date() >= FIRST_SURE_DAY
    if isinstance(value, dt.date):
        return value >= FIRST_SURE_DAY
    return not isinstance(value, dt.time | dt.timedelta)
