"""The department's report as a workbook: what is wrong, and the rows to correct.

A workbook that the department supplied goes back as its own, see `marked_workbook`; for
everything else a new one holds the failing rows with the numbers that they had.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import polars as pl
from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from etl.personal.masking import BLOCK, show_cell
from etl.returned import RESULT_SHEET, ROW_HEADER, ROWS_SHEET, Mark, fit_cell, put_mark
from etl.validate.casting import ROW
from etl.validate.marking import MOST_ROWS, Marking, mark_cell, mark_cells
from etl.validate.messages import title_of
from etl.validate.reporting import (
    ENGLISH,
    KOREAN,
    LANGUAGES,
    Report,
    Words,
    fault_lines,
    figures,
    heading,
    verdict,
)
from etl.validate.sheets import (
    ASIDE_FILL,
    BOLD,
    HEADER_FILL,
    LARGE,
    WRAPPED,
    put_comment,
    settled,
    write_line,
)

_WIDTHS: Final = (10, 26, 34, 46, 9, 26, 18, 18)
_WIDTH: Final = 18


def render_workbook(
    report: Report, rows: pl.LazyFrame, run_id: str, today: date, most_rows: int = MOST_ROWS
) -> bytes:
    """Write the failing rows into a new workbook, their cells marked.

    Args:
        report: What is told.
        rows: The landed rows; not modified.
        run_id: The run that landed them; the workbook carries it.
        today: See `log_issues`.
        most_rows: How many failing rows are shown.

    Returns:
        XLSX: a first sheet with the result, and, where rows fail, a second with these rows, text
        only, personal cells masked. The same input gives the same bytes.
    """
    marking = mark_cells(report, most_rows)
    ragged = report.ragged_rows[: max(0, most_rows - len(marking.cells))]
    cells = shown_rows(report, rows, marking, today)
    shown = Shown(
        holds="rows" if report.contract.primary_key else "own",
        sheet=ROWS_SHEET,
        shown=len(cells) + len(ragged),
        total=len(cells) + marking.rows - len(marking.cells) + len(report.ragged_rows),
        has_masks=any(BLOCK in text for row in cells.values() for text in row.values()),
    )
    workbook = Workbook()
    workbook.worksheets[0].title = RESULT_SHEET
    write_result(workbook.worksheets[0], report, shown)
    if shown.shown:
        _write_rows(workbook.create_sheet(ROWS_SHEET), report, cells, marking, ragged)
    is_cut = shown.shown < shown.total
    put_mark(workbook, Mark(report.contract.name, run_id, "rows", is_cut=is_cut))
    return settled(workbook)


def shown_rows(
    report: Report, rows: pl.LazyFrame, marking: Marking, today: date
) -> Mapping[int, Mapping[str, str]]:
    """Return the marked rows' cells as they are shown, by row and field."""
    wanted = pl.LazyFrame({ROW: list(marking.cells)}, schema={ROW: pl.Int64})
    shown = rows.join(wanted, on=ROW, how="semi").select(
        ROW, *(fit_cell(show_cell(field, today)) for field in report.contract.fields)
    )
    collected = shown.collect(engine="streaming").sort(ROW)
    return {row.pop(ROW): row for row in collected.to_dicts()}


@dataclass(frozen=True, slots=True)
class Shown:
    """What the sheet with the rows holds.

    Attributes:
        holds: The rows to correct, the whole table, or what cannot be handed in again.
        sheet: Its name.
        shown: How many failing rows are marked in it.
        total: How many rows fail.
        has_masks: Whether a cell of it is masked.
    """

    holds: Literal["rows", "whole", "own"]
    sheet: str
    shown: int
    total: int
    has_masks: bool


def write_result(sheet: Worksheet, report: Report, shown: Shown) -> None:
    """Write what is wrong, where, how to mend it and how often, in both languages.

    Args:
        sheet: An empty sheet.
        report: What is told.
        shown: What the other sheet holds.
    """
    line = 1
    for words in LANGUAGES:
        line = _write_language(sheet, line, report, words, _how(shown, words))
    for position, width in enumerate(_WIDTHS, start=1):
        sheet.column_dimensions[get_column_letter(position)].width = width


def _how(shown: Shown, words: Words) -> list[str]:
    """Say how the department hands in what it corrected."""
    if not shown.total:
        return []
    told = []
    if shown.shown < shown.total:
        told = [words.cut.format(total=f"{shown.total:,}", shown=f"{shown.shown:,}")]
    if shown.holds == "own":
        return [*told, words.hand_in_own]
    sentence = words.hand_in_rows if shown.holds == "rows" else words.hand_in_whole
    told.append(sentence.format(sheet=shown.sheet, number=ROW_HEADER))
    return [*told, words.masked] if shown.has_masks else told


def _write_language(
    sheet: Worksheet, line: int, report: Report, words: Words, how: Sequence[str]
) -> int:
    """Write one language's part from a line on; return the line after it."""
    _write(sheet, line, [heading(report, words)])[0].font = LARGE
    _write(sheet, line + 1, [verdict(report, words)])
    line += 2
    for label, count in figures(report, words):
        _write(sheet, line, [f"{count:,}", label])
        line += 1
    for sentence in how:
        _write(sheet, line, [sentence])
        line += 1
    if report.ragged_rows:
        _write(sheet, line, [words.ragged])
        line += 1
    if report.faults:
        line = _write_table(sheet, line + 1, words.rule_columns, fault_lines(report, words))
    return line + 2


def _write(sheet: Worksheet, line: int, texts: Sequence[str]) -> list[Cell]:
    return write_line(sheet, line, texts)


def _write_table(
    sheet: Worksheet, line: int, columns: Sequence[str], rows: Sequence[Sequence[str]]
) -> int:
    for cell in _write(sheet, line, columns):
        cell.font, cell.fill = BOLD, HEADER_FILL
    for row in rows:
        line += 1
        for cell in _write(sheet, line, row):
            cell.alignment = WRAPPED
    return line + 1


def _write_rows(
    sheet: Worksheet,
    report: Report,
    shown: Mapping[int, Mapping[str, str]],
    marking: Marking,
    ragged: Sequence[int],
) -> None:
    """Write header, failing rows and the numbers of rows that must be written anew."""
    names = report.places.ordered(report.contract)
    titles = [title_of([name], report.contract, "ko") for name in names]
    for cell in write_line(sheet, 1, [ROW_HEADER, *titles]):
        cell.font, cell.fill = BOLD, HEADER_FILL
    for line, row in enumerate(sorted([*shown, *ragged]), start=2):
        number, *cells = write_line(
            sheet,
            line,
            [str(row), *(shown[row][name] for name in names)] if row in shown else [str(row)],
        )
        number.fill = ASIDE_FILL
        for name, cell in zip(names, cells, strict=bool(cells)):
            if faults := marking.cells.get(row, {}).get(name):
                mark_cell(cell, faults, report)
        if row not in shown:
            put_comment(number, f"{KOREAN.ragged}\n{ENGLISH.ragged}")
    _lay_out(sheet, len(names) + 1)


def _lay_out(sheet: Worksheet, width: int) -> None:
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = sheet.dimensions
    for position in range(1, width + 1):
        sheet.column_dimensions[get_column_letter(position)].width = _WIDTH if position > 1 else 8
