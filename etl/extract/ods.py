"""Read ODS workbooks from their markup: merges, hidden sheets and formats are only told there.

Element and attribute names are those of OpenDocument 1.3, part 3.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO

import polars as pl
from lxml import etree

from etl.extract.books import Book, Sheet, build_grid
from etl.extract.decisions import Finding
from etl.extract.grid import Grid, Merge, column_letters
from etl.extract.markup import (
    PACKAGE_ERRORS,
    damaged,
    iterate_part,
    parse_part,
    read_member,
    require_bounded,
)
from etl.extract.ods_cells import cell_text
from etl.extract.ods_styles import KIND, NAMESPACES, Styles, name_of, read_styles
from etl.extract.refusing import exceed, refuse
from etl.settings import Limits

PLACES = 20
_CELLS = ("table-cell", "covered-table-cell")


@dataclass(slots=True)
class _Table:
    """A sheet while its rows pass by."""

    name: str
    is_hidden: bool
    limits: Limits
    rows: list[list[str]] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    column_styles: list[tuple[int, str]] = field(default_factory=list)
    blank_rows: int = 0
    hidden_rows: int = 0
    cells: int = 0


def open_ods(path: Path, limits: Limits) -> Book:
    """Open a workbook and read its sheets.

    Args:
        path: The file; not modified.
        limits: What it may ask of the machine.

    Raises:
        SourceFormatError: It is damaged, encrypted, or beyond a limit.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            require_bounded(archive, limits, KIND)
            _require_readable(archive, limits)
            styles = read_styles(archive)
            with archive.open("content.xml") as file:
                tables = _read_tables(file, styles, limits)
            properties = _count_properties(archive, limits)
    except (*PACKAGE_ERRORS, KeyError):
        raise damaged(KIND) from None
    sheets = tuple(Sheet(table.name, table.is_hidden, partial(_grid, table)) for table in tables)
    return Book(sheets, tuple(_findings(tables, properties)))


def _require_readable(archive: zipfile.ZipFile, limits: Limits) -> None:
    names = archive.namelist()
    if "META-INF/manifest.xml" in names:
        manifest = read_member(archive, "META-INF/manifest.xml", limits, KIND)
        if b"encryption-data" in manifest:
            raise refuse("encrypted", "The workbook is protected by a password")


def _read_tables(file: IO[bytes], styles: Styles, limits: Limits) -> list[_Table]:
    """Read the sheets row by row, so that memory holds one row of markup."""
    tables: list[_Table] = []
    started: etree._Element | None = None
    wanted = ("table-column", "table-row", "table", "tracked-changes")
    for element in iterate_part(file, KIND, wanted):
        if element.tag == name_of("table:tracked-changes"):
            element.clear()
            continue
        owner = element if element.tag == name_of("table:table") else _table_of(element)
        if owner is None or _is_aside(owner):
            continue
        if owner is not started:
            started = owner
            tables.append(_start(owner, styles, limits, len(tables)))
        if element.tag == name_of("table:table-column"):
            _take_column(element, tables[-1])
        elif element.tag == name_of("table:table-row"):
            _take_row(element, tables[-1], styles)
        element.clear(keep_tail=False)
    return tables


def _table_of(element: etree._Element) -> etree._Element | None:
    return next(element.iterancestors(name_of("table:table")), None)


def _is_aside(table: etree._Element) -> bool:
    """Tell a table inside another's cell or inside recorded changes from a sheet."""
    parents = {name_of("table:table"), name_of("table:tracked-changes")}
    return any(parent.tag in parents for parent in table.iterancestors())


def _start(table: etree._Element, styles: Styles, limits: Limits, before: int) -> _Table:
    if before >= limits.sheets:
        raise exceed(KIND, "sheets", f"has more than {before:,} sheets", limits.sheets)
    is_hidden = (table.get(name_of("table:style-name")) or "") in styles.hidden
    return _Table(table.get(name_of("table:name")) or "", is_hidden, limits)


def _repeat(element: etree._Element, name: str) -> int:
    written = element.get(name_of(f"table:{name}")) or "1"
    return max(int(written), 1) if written.isdecimal() and len(written) < 9 else 1


def _take_column(column: etree._Element, table: _Table) -> None:
    repeated = _repeat(column, "number-columns-repeated")
    style = column.get(name_of("table:default-cell-style-name")) or ""
    last = table.column_styles[-1][0] if table.column_styles else 0
    table.column_styles.append((last + repeated, style))


def _take_row(row: etree._Element, table: _Table, styles: Styles) -> None:
    number = len(table.rows) + table.blank_rows + 1
    repeated = _repeat(row, "number-rows-repeated")
    cells = _read_cells(row, number, table, styles)
    if row.get(name_of("table:visibility")) in {"collapse", "filter"} and any(cells):
        table.hidden_rows += repeated
    if not any(cells):
        table.blank_rows += repeated
        return
    _require_size(table, table.blank_rows + repeated, len(cells))
    table.rows += [[] for _ in range(table.blank_rows)]
    table.rows += [cells] * repeated
    table.blank_rows = 0


def _require_size(table: _Table, added: int, width: int) -> None:
    limits, rows = table.limits, len(table.rows) + added
    if rows > limits.rows:
        raise exceed(KIND, "rows", f"reaches row {rows:,}", limits.rows)
    if width > limits.columns:
        raise exceed(KIND, "columns", f"reaches column {width:,}", limits.columns)
    table.cells = max(table.cells, width)
    if rows * table.cells > limits.cells:
        raise exceed(KIND, "cells", f"has {rows * table.cells:,} cells", limits.cells)


def _read_cells(row: etree._Element, number: int, table: _Table, styles: Styles) -> list[str]:
    """Return a row's cells up to its last filled one."""
    cells: list[str] = []
    blank = 0
    row_style = row.get(name_of("table:default-cell-style-name")) or ""
    for cell in row.iterchildren(*(name_of(f"table:{name}") for name in _CELLS)):
        column = len(cells) + blank + 1
        repeated = _repeat(cell, "number-columns-repeated")
        style = cell.get(name_of("table:style-name")) or row_style or _column_style(table, column)
        text = cell_text(cell, styles.masks.get(style, ""), number, column)
        _note(cell, number, column, table)
        if not text:
            blank += repeated
            continue
        if column + repeated > table.limits.columns + 1:
            raise exceed(
                KIND, "columns", f"reaches column {column + repeated:,}", table.limits.columns
            )
        cells += [""] * blank + [text] * repeated
        blank = 0
    return cells


def _column_style(table: _Table, column: int) -> str:
    return next((style for last, style in table.column_styles if column <= last), "")


def _note(cell: etree._Element, row: int, column: int, table: _Table) -> None:
    """Note a cell's comment and the range that it is merged over."""
    if cell.find("office:annotation", NAMESPACES) is not None:
        table.comments.append(f"{column_letters(column)}{row}")
    wide = _repeat(cell, "number-columns-spanned")
    high = _repeat(cell, "number-rows-spanned")
    if wide > 1 or high > 1:
        table.merges.append(Merge(row, column, row + high - 1, column + wide - 1))


def _grid(table: _Table) -> Grid:
    width = max(map(len, table.rows), default=0)
    columns = [
        pl.Series([row[place] if place < len(row) else "" for row in table.rows], dtype=pl.String)
        for place in range(width)
    ]
    return build_grid(columns, merges=table.merges, name=table.name, is_hidden=table.is_hidden)


def _count_properties(archive: zipfile.ZipFile, limits: Limits) -> int:
    if "meta.xml" not in archive.namelist():
        return 0
    root = parse_part(read_member(archive, "meta.xml", limits, KIND), KIND)
    return sum(bool((element.text or "").strip()) for element in root.iter())


def _findings(tables: list[_Table], properties: int) -> Iterator[Finding]:
    hidden = [f"sheet {n}" for n, table in enumerate(tables, start=1) if table.is_hidden]
    if hidden:
        yield Finding("hidden sheets", len(hidden), tuple(hidden))
    comments = list(
        chain.from_iterable(
            (f"sheet {n}, {place}" for place in table.comments)
            for n, table in enumerate(tables, start=1)
        )
    )
    if comments:
        yield Finding("comments", len(comments), tuple(comments[:PLACES]))
    rows = sum(table.hidden_rows for table in tables)
    if rows:
        yield Finding("hidden rows", rows)
    if properties:
        yield Finding("properties", properties)
