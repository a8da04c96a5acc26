"""What every kind of workbook gives: sheets to choose from, each read when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from etl.extract.decisions import Decision, Finding
from etl.extract.grid import Grid, Merge, cell_columns


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that has not been read yet.

    Attributes:
        name: As the workbook has it; None for a table of a page.
        is_hidden: Whether a spreadsheet program does not show it.
        read: Reads it.
    """

    name: str | None
    is_hidden: bool
    read: Callable[[], Grid]


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook.

    Attributes:
        sheets: Its sheets of cells, in order; charts and macros are none.
        findings: What it holds beside its cells.
        encoding: Encoding of a page; None for workbooks.
        decisions: What had to be decided to open it.
    """

    sheets: tuple[Sheet, ...]
    findings: tuple[Finding, ...] = ()
    encoding: str | None = None
    decisions: tuple[Decision, ...] = ()


def build_grid(
    columns: Sequence[pl.Series],
    *,
    first_column: int = 1,
    merges: Sequence[Merge] = (),
    name: str | None = None,
    is_hidden: bool = False,
    findings: tuple[Finding, ...] = (),
) -> Grid:
    """Make a grid of a block of cells.

    Columns before the block are blank; rows and columns after its last filled cell go.

    Args:
        columns: Text columns of one height, without nulls.
        first_column: Column of the block's first cell, counted from 1.
        merges: Ranges of merged cells.
        name: The sheet's name.
        is_hidden: Whether it is hidden.
        findings: What it holds beside its cells.

    Examples:
        >>> grid = build_grid([pl.Series(["", "a", ""])], first_column=2)
        >>> grid.cells.collect().rows()
        [(1, '', ''), (2, '', 'a')]
    """
    block = pl.DataFrame([column.alias(f"{place}") for place, column in enumerate(columns)])
    height, width = _filled_size(block)
    if not height:
        empty = pl.LazyFrame(schema={"_row": pl.Int64})
        return Grid(empty, 0, tuple(merges), name, is_hidden, findings)
    block = block.head(height).select(block.columns[:width])
    left = [pl.lit("").alias(f"left{place}") for place in range(first_column - 1)]
    block = block.select(*left, pl.all())
    block.columns = cell_columns(block.width)
    return Grid(
        block.with_row_index("_row", 1).cast({"_row": pl.Int64}).lazy(),
        block.width,
        tuple(merges),
        name,
        is_hidden,
        findings,
    )


def _filled_size(block: pl.DataFrame) -> tuple[int, int]:
    """Return up to which row and column a block holds anything."""
    if block.is_empty():
        return 0, 0
    last = block.select((pl.all() != "").reverse().arg_max(), pl.len().alias("rows"))
    filled = block.select((pl.all() != "").any()).row(0)
    rows = last["rows"][0]
    heights = [rows - after for after, has in zip(last.row(0)[:-1], filled, strict=True) if has]
    widths = [place for place, has in enumerate(filled, start=1) if has]
    return max(heights, default=0), max(widths, default=0)
