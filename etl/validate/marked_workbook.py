"""A department's own workbook, its failing cells marked where they stand.

The sheet that was read is written anew with its name, rows, columns, widths and colours. Only
what is listed here is taken over: other sheets, comments, links, pictures and properties may
hold what nobody checked, and stay behind. Every cell is text.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import ParseError

import polars as pl
from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from etl.personal.masking import BLOCK, holds_person, mask, show_cell
from etl.returned import RESULT_SHEET, Mark, fit_cell, put_mark
from etl.validate.casting import ROW
from etl.validate.marking import MOST_ROWS, mark_cell, mark_cells
from etl.validate.places import Places
from etl.validate.report_workbook import Shown, write_result
from etl.validate.reporting import Report
from etl.validate.sheets import cell_at, settled, write_text

MOST_BYTES: Final = 40 << 20
"""Largest workbook, unpacked, that is opened; openpyxl holds all of its sheets in memory."""

MOST_CELLS: Final = 200_000
_NOT_OPENED: Final = (
    *(OSError, EOFError, KeyError, ValueError, TypeError, AttributeError, IndexError),
    *(zipfile.BadZipFile, InvalidFileException, ParseError),
)


@dataclass(frozen=True, slots=True)
class _Place:
    """A cell that is no landed one: of a heading, a note, a total, or an ignored column."""

    row: int
    column: int
    text: str


def mark_workbook(
    file: Path,
    report: Report,
    rows: pl.LazyFrame,
    run_id: str,
    today: date,
    most_rows: int = MOST_ROWS,
) -> bytes | None:
    """Return the supplied workbook with its failing cells marked.

    Args:
        file: The supplied XLSX; not modified.
        report: What is told; its places name the sheet.
        rows: The landed rows; not modified.
        run_id: The run that landed them; the workbook carries it.
        today: See `log_issues`.
        most_rows: How many failing rows are marked.

    Returns:
        XLSX with the result as its first sheet; None where nothing fails, where the file is too
        large or cannot be opened, or where not all failing rows would be marked: then
        `render_workbook` has to do.
    """
    cells_asked = report.checked.rows * max(report.places.positions.values())
    marking = mark_cells(report, most_rows)
    if not marking.cells or marking.is_cut or cells_asked > MOST_CELLS:
        return None
    source = _open(file, report.places.sheet)
    if source is None:
        return None
    workbook = Workbook()
    workbook.worksheets[0].title = RESULT_SHEET
    sheet = workbook.create_sheet(source.title)
    cells = _landed_cells(report, rows, today)
    others = _hidden(list(_other_cells(source, cells)), report, today)
    _dress(source, sheet)
    _write(sheet, report.places, cells, others)
    _merge_heading(source, sheet, report.places)
    for row, faults in marking.cells.items():
        for field, broken in faults.items():
            mark_cell(cell_at(sheet, row, report.places.positions[field]), broken, report)
    has_masks = any(BLOCK in text for row in cells.values() for text in row.values())
    shown = Shown(
        holds="own" if has_masks and not _has_open_key(report) else "whole",
        sheet=sheet.title,
        shown=marking.rows,
        total=marking.rows,
        has_masks=has_masks,
    )
    write_result(workbook.worksheets[0], report, shown)
    put_mark(workbook, Mark(report.contract.name, run_id, "whole", sheet=sheet.title))
    return settled(workbook)


def _has_open_key(report: Report) -> bool:
    """Whether masked cells find back to their rows: by a key that is not masked itself."""
    roles = {field.name: field.role for field in report.contract.fields}
    key = report.contract.primary_key
    return bool(key) and all(roles[name] == "open" for name in key)


def _open(file: Path, name: str | None) -> Worksheet | None:
    """Open a sheet with the values of its formulas; None where openpyxl does not manage."""
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(part.file_size for part in archive.infolist()) > MOST_BYTES:
                return None
        with file.open("rb") as content:  # by a path openpyxl would judge the name
            sheet = load_workbook(content, data_only=True, keep_links=False)[str(name)]
    except _NOT_OPENED:
        return None
    return sheet if isinstance(sheet, Worksheet) else None


def _landed_cells(
    report: Report, rows: pl.LazyFrame, today: date
) -> Mapping[int, Mapping[int, str]]:
    """Return the landed cells as they are shown, by row and column."""
    shown = rows.select(
        ROW, *(fit_cell(show_cell(field, today)) for field in report.contract.fields)
    )
    columns = report.places.positions
    return {
        row.pop(ROW): {columns[name]: text for name, text in row.items()}
        for row in shown.collect().to_dicts()
    }


def _other_cells(source: Worksheet, cells: Mapping[int, Mapping[int, str]]) -> Iterator[_Place]:
    """Yield what stands around the landed cells."""
    for line in source.iter_rows():
        for cell in line:
            if cell.value is not None and cell.column not in cells.get(cell.row, {}):
                yield _Place(cell.row, cell.column, _text(cell.value))


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _hidden(others: list[_Place], report: Report, today: date) -> list[_Place]:
    """Mask what is below the heading in a column that is not open, and all that is personal."""
    is_open = {
        report.places.positions[field.name]
        for field in report.contract.fields
        if field.role == "open"
    }
    below = max(report.places.header_rows, default=0)
    table = pl.DataFrame(
        {
            "text": [place.text for place in others],
            "hides": [p.row > below and p.column not in is_open for p in others],
        },
        schema={"text": pl.String, "hides": pl.Boolean},
    )
    hides = table["hides"] | holds_person(table["text"], today)
    told = table.select(
        fit_cell(pl.when(pl.lit(hides)).then(mask(pl.col("text"))).otherwise("text"))
    ).to_series()
    return [_Place(place.row, place.column, text) for place, text in zip(others, told, strict=True)]


def _write(
    sheet: Worksheet,
    places: Places,
    cells: Mapping[int, Mapping[int, str]],
    others: list[_Place],
) -> None:
    for row, texts in cells.items():
        for column in places.positions.values():
            if texts[column]:
                write_text(cell_at(sheet, row, column), texts[column])
    for place in others:
        write_text(cell_at(sheet, place.row, place.column), place.text)


def _dress(source: Worksheet, sheet: Worksheet) -> None:
    """Take over widths, colours and lines."""
    for letter, dimension in source.column_dimensions.items():
        sheet.column_dimensions[letter].width = dimension.width
    known: dict[int, Cell] = {}
    for line in source.iter_rows():
        for cell in line:
            if isinstance(cell, Cell) and cell.has_style:
                _wear(cell_at(sheet, cell.row, cell.column), cell, known)
    sheet.freeze_panes = source.freeze_panes


def _wear(cell: Cell, like: Cell, known: dict[int, Cell]) -> None:
    """Give a cell the looks of another workbook's cell; each look is made once."""
    worn = known.setdefault(like.style_id, cell)
    if worn is not cell:
        cell._style = copy(worn._style)  # type: ignore[attr-defined]  # noqa: SLF001
        return
    for look in ("font", "fill", "border", "alignment"):
        setattr(cell, look, copy(getattr(like, look)))


def _merge_heading(source: Worksheet, sheet: Worksheet, places: Places) -> None:
    """Merge the cells of the heading as they were; below it every cell stands for itself."""
    for merged in source.merged_cells.ranges:
        if merged.max_row <= max(places.header_rows, default=0):
            sheet.merge_cells(merged.coord)
