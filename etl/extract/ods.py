"""Read ODS workbooks from their markup: merges, hidden sheets and formats are only told there.

Element and attribute names are those of OpenDocument 1.3, part 3.
"""

from __future__ import annotations

import re
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
from etl.extract.cell_text import EXACT, write_number
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
from etl.extract.number_formats import apply_mask
from etl.extract.refusing import exceed, refuse
from etl.settings import Limits

KIND = "ods"
PLACES = 20
_NAMESPACES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "number": "urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0",
}
_TIME = re.compile(r"(-?)P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d+))?S)?")
_ERRORS = ("#", "Err:")
_BLANKS = re.compile(r"[ \t\r\n]+")  # any run of them is one blank; others are elements
_CELLS = ("table-cell", "covered-table-cell")


@dataclass(frozen=True, slots=True)
class _Styles:
    """What the workbook's styles say.

    Attributes:
        masks: Masks by the names of the cell styles that have one.
        hidden: Names of the table styles that hide their sheet.
    """

    masks: dict[str, str]
    hidden: frozenset[str]


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
            styles = _read_styles(archive)
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


def _name(qualified: str) -> str:
    """Return a name of the specification as lxml writes it.

    Examples:
        >>> _name("table:name")
        '{urn:oasis:names:tc:opendocument:xmlns:table:1.0}name'
    """
    prefix, name = qualified.split(":")
    return f"{{{_NAMESPACES[prefix]}}}{name}"


def _read_styles(archive: zipfile.ZipFile) -> _Styles:
    """Collect the styles of both parts that hold them; each names its own numbers."""
    masks: dict[str, str] = {}
    hidden: set[str] = set()
    for part in ("styles.xml", "content.xml"):
        if part in archive.namelist():
            with archive.open(part) as file:
                _collect_styles(file, masks, hidden)
    return _Styles({name: mask for name, mask in masks.items() if mask}, frozenset(hidden))


def _collect_styles(file: IO[bytes], masks: dict[str, str], hidden: set[str]) -> None:
    """Add a part's styles; what they inherit must have been added before."""
    numbers: dict[str, str] = {}
    for element in iterate_part(file, KIND, ("number-style", "style", "table-row")):
        if element.tag == _name("table:table-row"):
            break  # the sheets have begun
        name = element.get(_name("style:name")) or ""
        if element.tag == _name("number:number-style"):
            numbers[name] = _mask(element)
        elif element.tag == _name("style:style"):
            own = element.get(_name("style:data-style-name"))
            inherited = masks.get(element.get(_name("style:parent-style-name")) or "", "")
            masks[name] = inherited if own is None else numbers.get(own, "")
            shown = element.find("style:table-properties", _NAMESPACES)
            if shown is not None and shown.get(_name("table:display")) == "false":
                hidden.add(name)


def _mask(style: etree._Element) -> str:
    """Return the mask of a number style that pads or joins digits, else nothing."""
    number = style.find("number:number", _NAMESPACES)
    if number is None or number.get(_name("number:grouping")) == "true":
        return ""
    digits = int(number.get(_name("number:min-integer-digits")) or 1)
    decimals = int(number.get(_name("number:decimal-places")) or 0)
    if decimals or digits < 2:
        return ""
    places = list("0" * min(digits, 30))
    embedded = number.findall("number:embedded-text", _NAMESPACES)
    for text in sorted(embedded, key=lambda text: text.get(_name("number:position")) or ""):
        position = int(text.get(_name("number:position")) or 0)
        if 0 < position < digits:
            places[len(places) - position] = f'"{text.text or ""}"0'
    return "".join(places)


def _read_tables(file: IO[bytes], styles: _Styles, limits: Limits) -> list[_Table]:
    """Read the sheets row by row, so that memory holds one row of markup."""
    tables: list[_Table] = []
    started: etree._Element | None = None
    wanted = ("table-column", "table-row", "table", "tracked-changes")
    for element in iterate_part(file, KIND, wanted):
        if element.tag == _name("table:tracked-changes"):
            element.clear()
            continue
        owner = element if element.tag == _name("table:table") else _table_of(element)
        if owner is None or _is_aside(owner):
            continue
        if owner is not started:
            started = owner
            tables.append(_start(owner, styles, limits, len(tables)))
        if element.tag == _name("table:table-column"):
            _take_column(element, tables[-1])
        elif element.tag == _name("table:table-row"):
            _take_row(element, tables[-1], styles)
        element.clear(keep_tail=False)
    return tables


def _table_of(element: etree._Element) -> etree._Element | None:
    return next(element.iterancestors(_name("table:table")), None)


def _is_aside(table: etree._Element) -> bool:
    """Tell a table inside another's cell or inside recorded changes from a sheet."""
    parents = {_name("table:table"), _name("table:tracked-changes")}
    return any(parent.tag in parents for parent in table.iterancestors())


def _start(table: etree._Element, styles: _Styles, limits: Limits, before: int) -> _Table:
    if before >= limits.sheets:
        raise exceed(KIND, "sheets", f"has more than {before:,} sheets", limits.sheets)
    is_hidden = (table.get(_name("table:style-name")) or "") in styles.hidden
    return _Table(table.get(_name("table:name")) or "", is_hidden, limits)


def _repeat(element: etree._Element, name: str) -> int:
    written = element.get(_name(f"table:{name}")) or "1"
    return max(int(written), 1) if written.isdecimal() and len(written) < 9 else 1


def _take_column(column: etree._Element, table: _Table) -> None:
    repeated = _repeat(column, "number-columns-repeated")
    style = column.get(_name("table:default-cell-style-name")) or ""
    last = table.column_styles[-1][0] if table.column_styles else 0
    table.column_styles.append((last + repeated, style))


def _take_row(row: etree._Element, table: _Table, styles: _Styles) -> None:
    number = len(table.rows) + table.blank_rows + 1
    repeated = _repeat(row, "number-rows-repeated")
    cells = _read_cells(row, number, table, styles)
    if row.get(_name("table:visibility")) in {"collapse", "filter"} and any(cells):
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


def _read_cells(row: etree._Element, number: int, table: _Table, styles: _Styles) -> list[str]:
    """Return a row's cells up to its last filled one."""
    cells: list[str] = []
    blank = 0
    row_style = row.get(_name("table:default-cell-style-name")) or ""
    for cell in row.iterchildren(*(_name(f"table:{name}") for name in _CELLS)):
        column = len(cells) + blank + 1
        repeated = _repeat(cell, "number-columns-repeated")
        style = cell.get(_name("table:style-name")) or row_style or _column_style(table, column)
        text = _cell_text(cell, styles.masks.get(style, ""), number, column)
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
    if cell.find("office:annotation", _NAMESPACES) is not None:
        table.comments.append(f"{column_letters(column)}{row}")
    wide = _repeat(cell, "number-columns-spanned")
    high = _repeat(cell, "number-rows-spanned")
    if wide > 1 or high > 1:
        table.merges.append(Merge(row, column, row + high - 1, column + wide - 1))


def _cell_text(cell: etree._Element, mask: str, row: int, column: int) -> str:
    kind = cell.get(_name("office:value-type")) or ""
    shown = "\n".join(_paragraph(part) for part in cell.iterfind("text:p", _NAMESPACES))
    if not kind and not shown and cell.get(_name("table:formula")):
        raise refuse(
            KIND,
            f"The formula in {column_letters(column)}{row} has no computed value",
            "Open the workbook in a spreadsheet program and save it, so that it is computed",
        )
    if kind in {"float", "percentage", "currency"} and not shown.startswith(_ERRORS):
        return _write_stored(cell.get(_name("office:value")) or "", mask)
    if kind == "date":
        return (cell.get(_name("office:date-value")) or shown).removesuffix("T00:00:00")
    if kind == "time":
        return _write_time(cell.get(_name("office:time-value")) or "", shown)
    if kind == "boolean":
        return "TRUE" if cell.get(_name("office:boolean-value")) == "true" else "FALSE"
    return cell.get(_name("office:string-value")) or shown


def _write_stored(value: str, mask: str) -> str:
    try:
        number = float(value)
    except ValueError:
        raise damaged(KIND) from None
    if mask and number.is_integer() and abs(number) < EXACT:
        return apply_mask(mask, int(number))
    return write_number(number)


def _write_time(value: str, shown: str) -> str:
    """Return a duration of ISO 8601 as the clock that a spreadsheet shows.

    Examples:
        >>> _write_time("PT09H30M00S", ""), _write_time("PT30H00M00.5S", "")
        ('09:30:00', '30:00:00.5')
    """
    parts = _TIME.fullmatch(value)
    if parts is None:
        return shown
    sign, days, hours, minutes, seconds, fraction = parts.groups(default="")
    whole = int(days or 0) * 24 + int(hours or 0)
    clock = f"{sign}{whole:02}:{int(minutes or 0):02}:{int(seconds or 0):02}"
    return f"{clock}.{fraction}".rstrip("0") if fraction.strip("0") else clock


def _paragraph(element: etree._Element) -> str:
    """Return the text of a paragraph, its blanks and breaks written out."""
    return "".join(_runs(element))


def _runs(element: etree._Element) -> Iterator[str]:
    yield _BLANKS.sub(" ", element.text or "")
    for child in element:
        if child.tag == _name("text:s"):
            yield " " * int(child.get(_name("text:c")) or 1)
        elif child.tag == _name("text:tab"):
            yield "\t"
        elif child.tag == _name("text:line-break"):
            yield "\n"
        elif child.tag in {_name("text:span"), _name("text:a")}:
            yield from _runs(child)
        yield _BLANKS.sub(" ", child.tail or "")


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
