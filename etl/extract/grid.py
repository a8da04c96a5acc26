"""A sheet as text: the one form that every kind of table takes before its header is sought."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from etl.extract.decisions import Finding


@dataclass(frozen=True, slots=True)
class Merge:
    """A range of cells that are shown as one; only its first cell holds a value.

    Attributes:
        first_row: Top row, counted from 1.
        first_column: Left column, counted from 1.
        last_row: Bottom row, within the range.
        last_column: Right column, within the range.
    """

    first_row: int
    first_column: int
    last_row: int
    last_column: int


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet, or one table of text.

    Attributes:
        cells: `_row` (Int64, counted from 1), then `c1` … `cN` (String): cells as they stand,
            empty ones `""`, never null. Every row from the first to the last filled one is
            there, in order; columns reach to the last that is filled anywhere.
        width: N.
        merges: Ranges of merged cells.
        name: The sheet's name; None for text.
        is_hidden: Whether a spreadsheet program does not show it.
        findings: What the sheet holds beside its cells.
    """

    cells: pl.LazyFrame
    width: int
    merges: tuple[Merge, ...] = ()
    name: str | None = None
    is_hidden: bool = False
    findings: tuple[Finding, ...] = ()


def cell_columns(width: int) -> list[str]:
    """Return the names of a grid's columns of cells.

    Examples:
        >>> cell_columns(2)
        ['c1', 'c2']
    """
    return [f"c{position}" for position in range(1, width + 1)]


def column_letters(position: int) -> str:
    """Return what a spreadsheet calls a column.

    Args:
        position: Counted from 1.

    Examples:
        >>> column_letters(1), column_letters(26), column_letters(27), column_letters(16384)
        ('A', 'Z', 'AA', 'XFD')
    """
    letters = ""
    while position:
        position, letter = divmod(position - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def column_position(letters: str) -> int:
    """Return a column's position, counted from 1.

    Examples:
        >>> column_position("A"), column_position("AA"), column_position("XFD")
        (1, 27, 16384)
    """
    position = 0
    for letter in letters:
        position = position * 26 + ord(letter) - ord("A") + 1
    return position
