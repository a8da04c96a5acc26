"""Read XLSX and XLSM workbooks: values by calamine, and what it does not tell from the markup."""

from __future__ import annotations

import datetime as dt
import itertools
import posixpath
import zipfile
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

import polars as pl
import python_calamine
from lxml import etree

from etl.extract.asking_calamine import Answer, ask_calamine
from etl.extract.books import Book, Sheet, build_grid
from etl.extract.cell_text import (
    write_boolean,
    write_date,
    write_formatted,
    write_number,
    write_numbers,
)
from etl.extract.decisions import Finding
from etl.extract.grid import Grid, Merge, column_letters
from etl.extract.markup import (
    PACKAGE_ERRORS,
    damaged,
    parse_part,
    read_member,
    require_bounded,
    require_plain,
)
from etl.extract.number_formats import Meaning, NumberFormat, understand_format
from etl.extract.package_findings import list_findings
from etl.extract.refusing import exceed, refuse
from etl.extract.sheet_scan import (
    AS_STORED,
    LETTERS,
    NO_NUMBER,
    Extent,
    SheetScan,
    measure_sheet,
    measure_width,
    scan_sheet,
)
from etl.settings import Limits

KIND = "xlsx"
FIRST_ROWS, BATCH_ROWS = 64, 20_000  # a header makes columns mixed, so it gets a batch of its own
_CLOCK_KINDS = {dt.date, dt.datetime, dt.time, dt.timedelta}
FIRST_SURE_DAY = dt.date(1900, 3, 1)  # before it spreadsheets and calendars disagree
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_RELATION = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"

Overlay = dict[int, list[tuple[int, str]]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A sheet as the workbook lists it.

    Attributes:
        name: Its name.
        part: Path of its markup within the workbook.
        is_hidden: Whether it is not shown.
        is_cells: Whether it is a sheet of cells, and not a chart or a dialogue.
    """

    name: str
    part: str
    is_hidden: bool
    is_cells: bool


@dataclass(frozen=True, slots=True)
class Package:
    """What a workbook says about its sheets.

    Attributes:
        path: The file.
        entries: Its sheets.
        formats: What each cell format means, by its index.
        is_1904: Whether days count from 1904.
        limits: What a sheet may ask for.
    """

    path: Path
    entries: tuple[Entry, ...]
    formats: tuple[NumberFormat, ...]
    is_1904: bool
    limits: Limits

    def special_styles(self, *, is_date_trusted: bool) -> frozenset[int]:
        """Return the formats whose cells calamine does not write as they mean."""
        return frozenset(
            index
            for index, form in enumerate(self.formats)
            if form.meaning is not Meaning.NUMBER and not (form.is_plain_date and is_date_trusted)
        )


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
            require_bounded(archive, limits, KIND)
            package = _read_package(path, archive, limits)
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


def _read_package(path: Path, archive: zipfile.ZipFile, limits: Limits) -> Package:
    names = archive.namelist()
    if len(names) != len({name.lower() for name in names}):
        raise refuse(KIND, "The workbook holds two parts of one name")
    parts = {name.replace("\\", "/").lower(): name for name in names}

    def read(part: str) -> etree._Element | None:
        name = parts.get(part)
        return None if name is None else parse_part(read_member(archive, name, limits, KIND), KIND)

    workbook, relations = read("xl/workbook.xml"), read("xl/_rels/workbook.xml.rels")
    if workbook is None or relations is None:
        raise damaged(KIND)
    if "xl/sharedstrings.xml" in parts:
        require_plain(partial(archive.open, parts["xl/sharedstrings.xml"]), KIND)
    entries = tuple(_entries(workbook, relations, parts))
    if len(entries) > limits.sheets:
        raise exceed(KIND, "sheets", f"has {len(entries):,} sheets", limits.sheets)
    properties = workbook.find("{*}workbookPr")
    is_1904 = properties is not None and properties.get("date1904") in {"1", "true"}
    styles = read("xl/styles.xml")
    formats = () if styles is None else tuple(_formats(styles))
    return Package(path, entries, formats, is_1904, limits)


def _entries(
    workbook: etree._Element, relations: etree._Element, parts: dict[str, str]
) -> Iterator[Entry]:
    targets = {
        relation.get("Id"): (relation.get("Target") or "", relation.get("Type") or "")
        for relation in relations.iterfind("{*}Relationship")
    }
    for sheet in workbook.iterfind("{*}sheets/{*}sheet"):
        identity = sheet.get(_RELATION) or sheet.get(_STRICT_RELATION)
        target, kind = targets.get(identity, ("", ""))
        path = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/").lower()
        is_cells = kind.endswith("/worksheet")
        if is_cells and path not in parts:
            raise damaged(KIND)
        is_hidden = (sheet.get("state") or "visible") != "visible"
        yield Entry(sheet.get("name") or "", parts.get(path, ""), is_hidden, is_cells)


def _formats(styles: etree._Element) -> Iterator[NumberFormat]:
    codes = {
        form.get("numFmtId"): form.get("formatCode") or "General"
        for form in styles.iterfind("{*}numFmts/{*}numFmt")
    }
    for cell in styles.iterfind("{*}cellXfs/{*}xf"):
        number = cell.get("numFmtId") or "0"
        yield understand_format(int(number) if number.isdecimal() else 0, codes.get(number))


def _read_sheet(package: Package, entry: Entry) -> Grid:
    """Read a sheet: calamine reads values while the markup is looked through for the rest."""
    with ThreadPoolExecutor(max_workers=1) as helper:
        loading = helper.submit(_open_with_calamine, package, entry)
        extent = _with_markup(package, entry, lambda open_part: measure_sheet(open_part, KIND))
        _require_size(package, entry, extent)
        reading = helper.submit(lambda: ask_calamine(lambda: loading.result()(entry.name), KIND))
        scan, overlay = _scan(package, entry, extent, is_date_trusted=not package.is_1904)
        sheet = reading.result()
    columns, is_sure = _read_columns(sheet, overlay)
    if not is_sure:  # a day that the fast reader does not know: read all dates from the markup
        _, overlay = _scan(package, entry, extent, is_date_trusted=False)
        columns, _ = _read_columns(sheet, overlay)
    return build_grid(
        columns,
        first_column=_first_column(sheet),
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


def _with_markup(
    package: Package, entry: Entry, look: Callable[[Callable[[], IO[bytes]]], Answer]
) -> Answer:
    """Return what a look at a sheet's markup finds."""
    try:
        with zipfile.ZipFile(package.path) as archive:
            return look(partial(archive.open, entry.part))
    except PACKAGE_ERRORS:
        raise damaged(KIND) from None


def _scan(
    package: Package, entry: Entry, extent: Extent, *, is_date_trusted: bool
) -> tuple[SheetScan, Overlay]:
    styles = package.special_styles(is_date_trusted=is_date_trusted)
    scan = _with_markup(
        package, entry, lambda open_part: scan_sheet(open_part, extent, styles, KIND)
    )
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


def _require_size(package: Package, entry: Entry, extent: Extent) -> None:
    limits, width = package.limits, extent.last_column
    if extent.last_row > limits.rows:
        raise exceed(KIND, "rows", f"reaches row {extent.last_row:,}", limits.rows)
    if width > limits.columns:
        raise exceed(KIND, "columns", f"reaches column {width:,}", limits.columns)
    if extent.is_usual and width == LETTERS and extent.last_row * width > limits.cells:
        width = _with_markup(package, entry, measure_width)
    cells = extent.last_row * width
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
            text = written[style, stored] = _write_special(package, style, stored.decode())
        overlay.setdefault(column, []).append((int(row), text))
    for texts in overlay.values():
        texts.sort()
    return overlay


def _write_special(package: Package, style: int, stored: str) -> str:
    if style == AS_STORED:
        return stored.removesuffix("T00:00:00")
    try:
        number = float(stored)
    except ValueError:
        raise damaged(KIND) from None
    return write_formatted(number, package.formats[style], is_1904=package.is_1904)


def _read_columns(
    sheet: python_calamine.CalamineSheet, overlay: Overlay
) -> tuple[list[pl.Series], bool]:
    """Return the sheet's columns as text, and whether every day in them is sure."""
    first_column = _first_column(sheet)
    rows = iter(sheet.iter_rows())  # from the sheet's first row, but from its first filled column
    batches: list[list[pl.Series]] = []
    is_sure = True
    row, size = 1, FIRST_ROWS
    while batch := list(itertools.islice(rows, size)):
        block = []
        for column, values in enumerate(zip(*batch, strict=True), start=first_column):
            special = _between(overlay.get(column, []), row, row + len(batch))
            texts, is_column_sure = _write_column(values, special, row)
            is_sure &= is_column_sure
            block.append(texts)
        batches.append(block)
        row, size = row + len(batch), BATCH_ROWS
    return [pl.concat(parts) for parts in zip(*batches, strict=True)], is_sure


def _first_column(sheet: python_calamine.CalamineSheet) -> int:
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
