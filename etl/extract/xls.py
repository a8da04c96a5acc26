"""Read XLS workbooks (BIFF 2 to 8) by xlrd, which knows formats and code pages; calamine does not.

Workbooks before BIFF8 keep text as bytes of a code page that a record names. Old Korean systems
leave the record out, or let a library write 1252 over CP949 bytes; read by the letter, the text
comes out as nonsense. Such text is turned back into its bytes and decoded strictly.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import polars as pl
import xlrd
from xlrd.biffh import error_text_from_code
from xlrd.book import Book as XlrdBook
from xlrd.sheet import Sheet as XlrdSheet

from etl.extract.books import Book, Sheet, build_grid
from etl.extract.cell_text import write_boolean, write_formatted
from etl.extract.decisions import Decision, Finding
from etl.extract.grid import Grid, Merge, column_letters
from etl.extract.number_formats import PLAIN, NumberFormat, understand_format
from etl.extract.refusing import exceed, refuse
from etl.settings import Limits

KIND = "xls"
PLACES = 20
BIFF8 = 80
LATIN_PAGES = frozenset({None, 367, 1252, 28591, 32769})
_NUMBER, _DATE, _BOOLEAN, _ERROR, _TEXT = (
    xlrd.XL_CELL_NUMBER,
    xlrd.XL_CELL_DATE,
    xlrd.XL_CELL_BOOLEAN,
    xlrd.XL_CELL_ERROR,
    xlrd.XL_CELL_TEXT,
)
_HIGH_RUN = re.compile("[\x80-\xff]+")
# What xlrd raises on bytes that are no workbook; found by mutating real ones
_DAMAGE = (
    xlrd.XLRDError,
    xlrd.compdoc.CompDocError,
    xlrd.formula.FormulaError,
    struct.error,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)


def open_xls(path: Path, limits: Limits) -> Book:
    """Open a workbook.

    Args:
        path: The file; not modified.
        limits: What it may ask of the machine.

    Raises:
        SourceFormatError: It is damaged, encrypted, beyond a limit, or its text is in no code
            page that is known.
    """
    size = path.stat().st_size
    if size > limits.workbook_bytes:
        raise exceed(KIND, "workbook_bytes", f"has {size:,} bytes", limits.workbook_bytes)
    book = _open(path)
    if book.nsheets > limits.sheets:
        raise exceed(KIND, "sheets", f"has {book.nsheets:,} sheets", limits.sheets)
    for sheet in book.sheets():
        _require_size(sheet, limits)
    page, decisions = _decide_code_page(book)
    formats = _formats(book)
    sheets = tuple(
        Sheet(
            _decode(sheet.name, page),
            sheet.visibility != 0,
            partial(_read_sheet, book, sheet, formats, page),
        )
        for sheet in book.sheets()
    )
    return Book(sheets, tuple(_findings(book)), decisions=decisions)


def _open(path: Path) -> XlrdBook:
    """Open with xlrd; Latin text that is none is read again byte for byte."""
    try:
        return _load(path, None)
    except UnicodeDecodeError:
        pass
    except _DAMAGE as problem:
        raise _explain(problem) from None
    try:
        return _load(path, "iso-8859-1")
    except _DAMAGE as problem:
        raise _explain(problem) from None


def _load(path: Path, encoding: str | None) -> XlrdBook:
    return xlrd.open_workbook(
        str(path),
        logfile=io.StringIO(),
        encoding_override=encoding,
        formatting_info=True,
        ragged_rows=True,
    )


def _explain(problem: Exception) -> Exception:
    if "encrypted" in str(problem).lower():
        return refuse("encrypted", "The workbook is protected by a password")
    return refuse(KIND, "The workbook is damaged or cut off, and cannot be read")


def _require_size(sheet: XlrdSheet, limits: Limits) -> None:
    cells = sheet.nrows * sheet.ncols
    if sheet.nrows > limits.rows:
        raise exceed(KIND, "rows", f"reaches row {sheet.nrows:,}", limits.rows)
    if sheet.ncols > limits.columns:
        raise exceed(KIND, "columns", f"reaches column {sheet.ncols:,}", limits.columns)
    if cells > limits.cells:
        raise exceed(KIND, "cells", f"has {cells:,} cells", limits.cells)


def _decide_code_page(book: XlrdBook) -> tuple[str | None, tuple[Decision, ...]]:
    """Return the encoding that the workbook's Latin text really is, None if it is Latin."""
    is_named = book.biff_version >= BIFF8 or book.codepage is not None
    latin = sorted({text for text in _texts(book) if _is_latin(text)})
    if not latin:
        return None, ()
    fitting = [page for page in ("utf-8", "cp949") if _fits(latin, page)]
    if fitting and (not is_named or _is_nonsense(latin)):
        evidence = f"all {len(latin)} texts beyond ASCII decode strictly; the record names another"
        if not is_named:
            evidence = f"no code page is named; all {len(latin)} texts beyond ASCII decode strictly"
        return fitting[0], (Decision("code page", fitting[0], evidence, 0.95),)
    if not is_named:
        raise refuse(
            KIND,
            f"The workbook does not name its code page, and {len(latin)} texts are neither UTF-8"
            " nor CP949",
        )
    return None, ()


def _texts(book: XlrdBook) -> Iterator[str]:
    for sheet in book.sheets():
        yield sheet.name
        for row in range(sheet.nrows):
            kinds, values = sheet.row_types(row), sheet.row_values(row)
            yield from (text for kind, text in zip(kinds, values, strict=True) if kind == _TEXT)


def _is_latin(text: str) -> bool:
    """Tell whether a text is beyond ASCII and may be bytes that were taken for Latin letters."""
    return not text.isascii() and _to_bytes(text) is not None


def _to_bytes(text: str) -> bytes | None:
    for encoding in ("iso-8859-1", "cp1252"):
        try:
            return text.encode(encoding)
        except UnicodeEncodeError:
            continue
    return None


def _fits(texts: Sequence[str], encoding: str) -> bool:
    try:
        for text in texts:
            (_to_bytes(text) or b"").decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _is_nonsense(texts: Sequence[str]) -> bool:
    """Tell Hangul that was taken for Latin letters from Latin letters.

    A letter with an accent stands alone among plain ones; two bytes of a syllable never do.
    """
    runs = [run for text in texts for run in _HIGH_RUN.findall(text)]
    return bool(runs) and sum(len(run) >= 2 for run in runs) * 2 > len(runs)


def _decode(text: str, page: str | None) -> str:
    if page is None or not _is_latin(text):
        return text
    return (_to_bytes(text) or b"").decode(page)


def _formats(book: XlrdBook) -> tuple[NumberFormat, ...]:
    """Return what each cell format means, by its index."""
    return tuple(
        understand_format(
            xf.format_key,
            book.format_map[xf.format_key].format_str if xf.format_key in book.format_map else None,
        )
        for xf in book.xf_list
    )


def _read_sheet(
    book: XlrdBook, sheet: XlrdSheet, formats: tuple[NumberFormat, ...], page: str | None
) -> Grid:
    writer = _Writer(sheet, formats, page, is_1904=book.datemode == 1)
    rows = [writer.write_row(row) for row in range(sheet.nrows)]
    width = max(map(len, rows), default=0)
    filled = [row + [""] * (width - len(row)) for row in rows]
    return build_grid(
        [pl.Series(column, dtype=pl.String) for column in zip(*filled, strict=True)],
        merges=[
            Merge(top + 1, left + 1, bottom, right)
            for top, bottom, left, right in sheet.merged_cells
        ],
        name=_decode(sheet.name, page),
        is_hidden=sheet.visibility != 0,
    )


class _Writer:
    """Writes the cells of one sheet as text."""

    def __init__(
        self,
        sheet: XlrdSheet,
        formats: tuple[NumberFormat, ...],
        page: str | None,
        *,
        is_1904: bool,
    ) -> None:
        self.sheet = sheet
        self.formats = formats
        self.page = page
        self.is_1904 = is_1904

    def write_row(self, row: int) -> list[str]:
        cells = zip(self.sheet.row_types(row), self.sheet.row_values(row), strict=True)
        return [self._write(row, column, *cell) for column, cell in enumerate(cells)]

    def _write(self, row: int, column: int, kind: int, value: str | float) -> str:
        if kind == _TEXT:
            return _decode(str(value), self.page)
        if kind in {_NUMBER, _DATE}:
            form = self._format(row, column)
            return write_formatted(float(value), form, is_1904=self.is_1904)
        if kind == _BOOLEAN:
            return write_boolean(bool(value))
        return error_text_from_code.get(int(value), "#ERROR!") if kind == _ERROR else ""

    def _format(self, row: int, column: int) -> NumberFormat:
        index = self.sheet.cell_xf_index(row, column)
        return self.formats[index] if index < len(self.formats) else PLAIN


def _findings(book: XlrdBook) -> Iterator[Finding]:
    numbered = list(enumerate(book.sheets(), start=1))
    hidden = [f"sheet {number}" for number, sheet in numbered if sheet.visibility != 0]
    if hidden:
        yield Finding("hidden sheets", len(hidden), tuple(hidden))
    notes = [
        f"sheet {number}, {column_letters(column + 1)}{row + 1}"
        for number, sheet in numbered
        for row, column in sorted(sheet.cell_note_map)
    ]
    if notes:
        yield Finding("comments", len(notes), tuple(notes[:PLACES]))
    for what, infos in (("hidden rows", "rowinfo_map"), ("hidden columns", "colinfo_map")):
        found = [
            f"sheet {number}"
            for number, sheet in numbered
            for info in getattr(sheet, infos).values()
            if info.hidden
        ]
        if found:
            yield Finding(what, len(found), tuple(dict.fromkeys(found))[:PLACES])
