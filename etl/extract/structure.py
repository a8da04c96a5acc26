"""What is known about a table before its rows are read: its columns, and where its body lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from etl.extract.grid import Merge
from etl.extract.headers import Header, Line, is_beside
from etl.extract.naming import Column, name_columns, state_unit, stated_unit
from etl.extract.shapes import is_total_marker, shape_of, year_of

_MEASURE_NAMES = frozenset({"항목", "단위", "통계항목", "ITEM", "UNIT"})


@dataclass(frozen=True, slots=True)
class Structure:
    """How a table is built.

    Attributes:
        width: How many cells a record has.
        header_rows: Numbers of the rows that name the columns.
        body_row: Number of the first row below them.
        columns: The columns, in the order of the file.
        dimensions: Positions, counted from 0, of the columns that say what a row is about.
        unit: The unit that stands above the table, for all its measures.
        doubt: How doubtful the header is, from 0 to 1.
        evidence: What the header rests on.
    """

    width: int
    header_rows: tuple[int, ...]
    body_row: int
    columns: tuple[Column, ...]
    dimensions: tuple[int, ...]
    unit: str | None
    doubt: float
    evidence: str


def describe_table(
    lines: Sequence[Line],
    width: int,
    header: Header,
    merges: Sequence[Merge] = (),
    *,
    is_complete: bool,
    filled: frozenset[int] = frozenset(),
) -> Structure:
    """Say how a table is built, from its header and its first rows.

    Args:
        lines: The first rows.
        width: How many cells a record has.
        header: Where the names stand.
        merges: Merged cells of a sheet.
        is_complete: Whether the lines are the whole table.
        filled: Positions of columns that are known to hold values further down.
    """
    body = [
        line for line in lines[header.body :] if line.is_whole and not is_beside(line, width)
    ] or [line for line in lines[header.body :] if line.is_whole and line.filled]
    cells = [[line.cells[index] for line in body] for index in range(width)]
    numbers = [_are_numbers(column) for column in cells]
    holds = [index in filled or any(map(str.strip, column)) for index, column in enumerate(cells)]
    columns = name_columns(header.lines, width, numbers, holds, merges)
    above = [line for line in lines if not header.lines or line.row < header.lines[0].row]
    unit = stated_unit(above)
    if unit:
        columns = state_unit(columns, numbers, unit)
    return Structure(
        width=width,
        header_rows=tuple(line.row for line in header.lines),
        body_row=_body_row(lines, header),
        columns=columns,
        dimensions=_dimensions(cells, numbers, columns, is_complete=is_complete),
        unit=unit,
        doubt=header.doubt,
        evidence=header.evidence,
    )


def _body_row(lines: Sequence[Line], header: Header) -> int:
    if header.lines:
        return header.lines[-1].row + 1
    return lines[header.body].row if header.body < len(lines) else 1


def _are_numbers(column: Sequence[str]) -> bool:
    shapes = [shape_of(cell) for cell in column]
    filled = [shape for shape in shapes if shape not in ("blank", "nothing")]
    return bool(filled) and filled.count("number") >= 0.6 * len(filled)


def _dimensions(
    cells: Sequence[Sequence[str]],
    numbers: Sequence[bool],
    columns: Sequence[Column],
    *,
    is_complete: bool,
) -> tuple[int, ...]:
    """Return the columns in which a marker of totals can stand.

    They are the columns of text and of years left of a measure, and what stands left of them.
    A column of one value says nothing, one that names the measure (`항목`, `단위`) is none,
    and one that is mostly blank holds remarks.
    """
    measures = {i for i, column in enumerate(cells) if numbers[i] and not _are_years(column)}
    end = max(measures, default=len(cells))
    texts = {
        index
        for index, column in enumerate(cells[:end])
        if index not in measures
        and any(map(str.strip, column))
        and columns[index].name not in _MEASURE_NAMES
    }
    first = min(texts, default=0)
    chosen = [index for index in range(len(cells)) if index < first or index in texts]
    varied = {index for index in chosen if len({cell.strip() for cell in cells[index]}) > 1}
    last_varied = max(varied, default=-1)
    return tuple(
        index
        for index in chosen
        if (index in varied or (not is_complete and index < last_varied))
        and (index <= first or _is_mostly_filled(cells[index]) or _has_marker(cells[index]))
    )


def _are_years(column: Sequence[str]) -> bool:
    filled = [cell for cell in column if cell.strip()]
    return bool(filled) and sum(year_of(cell) is not None for cell in filled) >= 0.8 * len(filled)


def _is_mostly_filled(column: Sequence[str]) -> bool:
    return sum(bool(cell.strip()) for cell in column) >= 0.5 * len(column)


def _has_marker(column: Sequence[str]) -> bool:
    """Tell whether a mostly blank column, as merged cells leave it, holds a marker."""
    return any(is_total_marker(cell) for cell in column)
