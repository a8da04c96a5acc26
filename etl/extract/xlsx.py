"""Read XLSX and XLSM workbooks: values by calamine, and what it does not tell from the markup."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import python_calamine

from etl.extract.asking_calamine import ask_calamine
from etl.extract.books import Book, Sheet, build_grid
from etl.extract.cell_text import write_formatted
from etl.extract.decisions import Finding
from etl.extract.grid import Grid, Merge, column_letters
from etl.extract.markup import PACKAGE_ERRORS, damaged
from etl.extract.package_findings import list_findings
from etl.extract.refusing import exceed, refuse
from etl.extract.sheet_markup import SheetMarkup
from etl.extract.sheet_scan import (
    AS_STORED,
    NO_NUMBER,
    Extent,
    SheetScan,
    measure_exactly,
    measure_sheet,
    scan_sheet,
)
from etl.extract.xlsx_columns import Overlay, first_column_of, read_columns
from etl.extract.xlsx_package import KIND, Entry, Package, read_package
from etl.settings import Limits


def open_xlsx(path: Path, limits: Limits) -> Book:
    """Open a workbook; its sheets are read when they are asked for.

    Args:
        path: The file; not modified.
        limits: What it may ask of the machine.

    Raises:
        SourceFormatError: It is damaged, or beyond a limit.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            package = read_package(path, archive, limits)
            findings = list_findings(archive, limits, [entry.part for entry in package.entries])
    except PACKAGE_ERRORS:
        raise damaged(KIND) from None
    sheets = tuple(
        Sheet(entry.name, entry.is_hidden, partial(_read_sheet, package, entry))
        for entry in package.entries
        if entry.is_cells
    )
    return Book(sheets, (*_hidden_sheets(package.entries), *findings))


def _hidden_sheets(entries: Iterable[Entry]) -> tuple[Finding, ...]:
    hidden = [f"sheet {n}" for n, entry in enumerate(entries, start=1) if entry.is_hidden]
    return (Finding("hidden sheets", len(hidden), tuple(hidden)),) if hidden else ()


def _read_sheet(package: Package, entry: Entry) -> Grid:
    """Read a sheet: calamine reads values while the markup is looked through for the rest."""
    markup = SheetMarkup(package.path, entry.part, KIND)
    with ThreadPoolExecutor(max_workers=1) as helper:
        loading = helper.submit(_open_with_calamine, package, entry)
        extent = measure_sheet(markup)
        _require_size(markup, extent, package.limits)
        reading = helper.submit(lambda: ask_calamine(lambda: loading.result()(entry.name), KIND))
        scan, overlay = _scan(package, markup, extent, is_date_trusted=not package.is_1904)
        sheet = reading.result()
    columns, is_sure = read_columns(sheet, overlay)
    if not is_sure:  # a day that the fast reader does not know: read all dates from the markup
        _, overlay = _scan(package, markup, extent, is_date_trusted=False)
        columns, _ = read_columns(sheet, overlay)
    return build_grid(
        columns,
        first_column=first_column_of(sheet),
        merges=[Merge(a + 1, b + 1, c + 1, d + 1) for (a, b), (c, d) in _merges(sheet)],
        name=entry.name,
        is_hidden=entry.is_hidden,
        findings=_hidden_lines(scan),
    )


def _open_with_calamine(
    package: Package, entry: Entry
) -> Callable[[str], python_calamine.CalamineSheet]:
    book = ask_calamine(lambda: python_calamine.CalamineWorkbook.from_path(package.path), KIND)
    if book.sheet_names.count(entry.name) != 1:
        raise damaged(KIND)
    return book.get_sheet_by_name


def _merges(sheet: python_calamine.CalamineSheet) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    return ask_calamine(lambda: sheet.merged_cell_ranges, KIND) or []


def _scan(
    package: Package, markup: SheetMarkup, extent: Extent, *, is_date_trusted: bool
) -> tuple[SheetScan, Overlay]:
    scan = scan_sheet(markup, extent, package.special_styles(is_date_trusted=is_date_trusted))
    if scan.uncomputed:
        row, column = min(scan.uncomputed)
        raise refuse(
            KIND,
            f"{len(scan.uncomputed)} formulas have no computed value (the first in"
            f" {column_letters(column)}{row})",
            "Open the workbook in a spreadsheet program and save it, so that it is computed",
        )
    return scan, _overlay(package, scan)


def _hidden_lines(scan: SheetScan) -> tuple[Finding, ...]:
    found = (("hidden rows", scan.hidden_rows), ("hidden columns", scan.hidden_columns))
    return tuple(Finding(what, count) for what, count in found if count)


def _require_size(markup: SheetMarkup, extent: Extent, limits: Limits) -> None:
    cells = extent.last_row * extent.last_column
    if extent.is_usual and (cells > limits.cells or extent.last_row > limits.rows):
        extent = measure_exactly(markup)
        cells = extent.last_row * extent.last_column
    if extent.last_row > limits.rows:
        raise exceed(KIND, "rows", f"reaches row {extent.last_row:,}", limits.rows)
    if extent.last_column > limits.columns:
        raise exceed(KIND, "columns", f"reaches column {extent.last_column:,}", limits.columns)
    if cells > limits.cells:
        raise exceed(KIND, "cells", f"has {cells:,} cells", limits.cells)


def _overlay(package: Package, scan: SheetScan) -> Overlay:
    """Return the texts that stand in place of calamine's, by column, in the order of rows."""
    overlay: Overlay = {}
    written: dict[tuple[int, bytes], str] = {}  # most columns hold few different values
    for column, row, style, stored in scan.special:
        if style == NO_NUMBER:
            continue
        text = written.get((style, stored))
        if text is None:
            text = written[style, stored] = _write_special(package, style, stored)
        overlay.setdefault(column, []).append((int(row), text))
    for texts in overlay.values():
        texts.sort()
    return overlay


def _write_special(package: Package, style: int, stored: bytes) -> str:
    try:
        text = stored.decode()
        if style == AS_STORED:
            return text.removesuffix("T00:00:00")
        number = float(text)
    except ValueError:  # also what no UTF-8 is
        raise damaged(KIND) from None
    return write_formatted(number, package.formats[style], is_1904=package.is_1904)
