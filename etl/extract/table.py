"""A table that lies open: its first rows to be judged, and all of them to be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from etl.extract.delimited import Passage, Text, read_batches
from etl.extract.grid import Grid, Merge
from etl.extract.headers import SEARCHED_ROWS, Header, Line, find_header
from etl.extract.losses import lost_letters_in
from etl.extract.records import Dialect
from etl.extract.roles import Batch


@dataclass(frozen=True, slots=True)
class OpenTable:
    """One table.

    Attributes:
        lines: Its first rows.
        width: How many cells a row has.
        header: Where the names seem to stand.
        merges: Merged cells.
        is_complete: Whether the lines are all of it.
        read: Reads all of it, from the start.
        passage: What is noticed while it is read.
    """

    lines: Sequence[Line]
    width: int
    header: Header
    merges: Sequence[Merge]
    is_complete: bool
    read: Callable[[], Iterator[Batch]]
    passage: Passage = field(default_factory=Passage)


def table_of_text(
    text: Text, dialect: Dialect, width: int, lines: Sequence[Line], header: Header
) -> OpenTable:
    """Return the table that a cut of a text makes."""
    passage = Passage()
    return OpenTable(
        lines=lines,
        width=width,
        header=header,
        merges=(),
        is_complete=text.is_sampled_whole and len(lines) < SEARCHED_ROWS,
        read=lambda: read_batches(text, dialect, width, passage),
        passage=passage,
    )


def table_of_grid(grid: Grid) -> OpenTable:
    """Return the table of a sheet."""
    cells = grid.cells.collect()
    first = cells.head(SEARCHED_ROWS)
    lines = tuple(Line(row, tuple(texts)) for row, *texts in first.iter_rows())
    return OpenTable(
        lines=lines,
        width=grid.width,
        header=find_header(lines, grid.width, grid.merges),
        merges=grid.merges,
        is_complete=cells.height <= SEARCHED_ROWS,
        read=lambda: iter([Batch(cells)]),
        passage=Passage(lost=lost_letters_in(cells) if grid.width else []),
    )
