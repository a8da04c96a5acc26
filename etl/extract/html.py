"""Read the tables of a page: many systems send one and call it a workbook."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import polars as pl
from lxml import etree
from lxml import html as lxml_html

from etl.extract.books import Book, Sheet, build_grid
from etl.extract.decisions import Finding
from etl.extract.grid import Grid, Merge
from etl.extract.refusing import exceed, refuse
from etl.settings import Limits

KIND = "html"
LARGEST_SPAN = 10_000
UTF16 = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# In HTML a run of these is one blank; a non-breaking or an ideographic space is a sign like others
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_AROUND_BREAK = re.compile(r" ?\n ?")
_BLOCKS = frozenset({"p", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6"})
_SILENT = frozenset({"script", "style", "template", "table", "head", "title"})
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)


def open_html(path: Path, limits: Limits) -> Book:
    """Open a page.

    A table within a cell of another is a table of its own; a table that only holds others
    lays out the page and is none.

    Args:
        path: The file; not modified.
        limits: What it may ask of the machine.

    Raises:
        SourceFormatError: It holds no table, is in no known encoding, or beyond a limit.
    """
    size = path.stat().st_size
    if size > limits.markup_bytes:
        raise exceed(KIND, "markup_bytes", f"is a page of {size:,} bytes", limits.markup_bytes)
    text, encoding = decode_page(path.read_bytes())
    root = _parse(text)
    tables = [table for table in root.iter("table") if _has_own_cells(table)]
    if not tables:
        raise refuse(KIND, "The page holds no table of its own")
    if len(tables) > limits.sheets:
        raise exceed(KIND, "sheets", f"has {len(tables):,} tables", limits.sheets)
    sheets = tuple(
        Sheet(None, _is_hidden(table), partial(_read_table, table, limits)) for table in tables
    )
    return Book(sheets, tuple(_findings(root)), encoding)


def decode_page(content: bytes) -> tuple[str, str]:
    r"""Decode a page strictly; what it says about its own encoding is often wrong.

    Examples:
        >>> decode_page("우리 표".encode("cp949")), decode_page(b"\xef\xbb\xbfa")
        (('우리 표', 'cp949'), ('a', 'utf-8-sig'))
    """
    for mark, encoding in UTF16:
        if content.startswith(mark):
            return _decode_strictly(content.removeprefix(mark), encoding), encoding
    if content.startswith(codecs.BOM_UTF8):
        return _decode_strictly(content.removeprefix(codecs.BOM_UTF8), "utf-8"), "utf-8-sig"
    for place, encoding in enumerate(("utf-16-be", "utf-16-le")):
        if content[place:200:2].count(0) > len(content[:200]) // 3:
            return _decode_strictly(content, encoding), encoding
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _decode_strictly(content, "cp949"), "cp949"


def _decode_strictly(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as problem:
        raise refuse(
            KIND,
            f"The page is in no known encoding ({encoding}: first bad byte at offset"
            f" {problem.start})",
            "Save it again as UTF-8",
        ) from None


def _parse(text: str) -> lxml_html.HtmlElement:
    """Parse a page; whatever would make the parser leave something out is refused."""
    parser = lxml_html.HTMLParser(no_network=True, huge_tree=False, remove_comments=True)
    # a declaration of encoding has no say over text that is decoded already
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text.replace("\x00", "\ufffd"))
    try:
        root = lxml_html.document_fromstring(text, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        raise refuse(KIND, "The page cannot be read") from None
    if any(error.level_name == "FATAL" for error in parser.error_log):
        raise refuse(KIND, "The page is nested too deeply, or damaged")
    return root


def _own_rows(table: lxml_html.HtmlElement) -> list[lxml_html.HtmlElement]:
    return [row for row in table.iter("tr") if _table_of(row) is table]


def _table_of(element: lxml_html.HtmlElement) -> lxml_html.HtmlElement | None:
    return next(element.iterancestors("table"), None)


def _cells(row: lxml_html.HtmlElement) -> list[lxml_html.HtmlElement]:
    return [cell for cell in row if cell.tag in {"td", "th"}]


def _has_own_cells(table: lxml_html.HtmlElement) -> bool:
    """Tell a table from one that only holds others."""
    return any(cell_text(cell) for row in _own_rows(table) for cell in _cells(row))


def cell_text(cell: lxml_html.HtmlElement) -> str:
    r"""Return a cell's text as a page shows it; tables within it are tables of their own.

    Examples:
        >>> cell_text(lxml_html.fragment_fromstring("<td> 가\n 나<br>다 </td>"))
        '가 나\n다'
    """
    text = "".join(_pieces(cell))
    return _AROUND_BREAK.sub("\n", text).strip(" \n")


def _pieces(element: lxml_html.HtmlElement) -> Iterator[str]:
    """Yield the text within an element, a line break for each that the page shows."""
    yield _BLANKS.sub(" ", element.text or "")
    for child in element:
        if child.tag == "br":
            yield "\n"
        elif isinstance(child.tag, str) and child.tag not in _SILENT:
            yield from _block(child) if child.tag in _BLOCKS else _pieces(child)
        yield _BLANKS.sub(" ", child.tail or "")


def _block(element: lxml_html.HtmlElement) -> Iterator[str]:
    yield "\n" if _has_text_before(element) else ""
    yield from _pieces(element)


def _has_text_before(element: lxml_html.HtmlElement) -> bool:
    parent = element.getparent()
    is_first = element.getprevious() is None
    return not is_first or (parent is not None and bool((parent.text or "").strip()))


def _read_table(table: lxml_html.HtmlElement, limits: Limits) -> Grid:
    """Lay out a table: a cell that spans others fills its first place, the rest is blank."""
    rows: list[dict[int, str]] = []
    merges: list[Merge] = []
    taken: dict[int, int] = {}  # column -> rows that a cell above still spans, this one included
    elements = _own_rows(table)
    width = 0
    for number, element in enumerate(elements, start=1):
        cells: dict[int, str] = {}
        column = 1
        for cell in _cells(element):
            while taken.get(column, 0) > 0:
                column += 1
            wide, high = _span(cell, "colspan"), _span(cell, "rowspan")
            high = min(high or len(elements), len(elements) - number + 1)
            cells[column] = cell_text(cell)
            if wide > 1 or high > 1:
                merges.append(Merge(number, column, number + high - 1, column + wide - 1))
            for spanned in range(column, column + wide):
                taken[spanned] = high
            column += wide
        taken = {place: left - 1 for place, left in taken.items() if left > 1}
        width = max(width, *cells, 0) if cells else width
        rows.append(cells)
        _require_size(len(rows), width, limits)
    columns = [
        pl.Series([cells.get(column, "") for cells in rows], dtype=pl.String)
        for column in range(1, width + 1)
    ]
    return build_grid(columns, merges=merges, is_hidden=_is_hidden(table))


def _span(cell: lxml_html.HtmlElement, name: str) -> int:
    written = re.match(r"\s*(\d{1,5})", cell.get(name) or "1")
    return min(int(written[1]) if written else 1, LARGEST_SPAN)


def _require_size(rows: int, width: int, limits: Limits) -> None:
    if rows > limits.rows:
        raise exceed(KIND, "rows", f"reaches row {rows:,}", limits.rows)
    if width > limits.columns:
        raise exceed(KIND, "columns", f"reaches column {width:,}", limits.columns)
    if rows * width > limits.cells:
        raise exceed(KIND, "cells", f"has {rows * width:,} cells", limits.cells)


def _is_hidden(element: lxml_html.HtmlElement) -> bool:
    return any(
        _HIDDEN.search(shown.get("style") or "") or shown.get("hidden") is not None
        for shown in (element, *element.iterancestors())
    )


def _findings(root: lxml_html.HtmlElement) -> Iterator[Finding]:
    for what, tags in (
        ("programs", ("script",)),
        ("forms", ("input", "select", "textarea")),
        ("embedded pages", ("iframe", "frame", "object")),
    ):
        count = sum(1 for _ in root.iter(*tags))
        if count:
            yield Finding(what, count)
    hidden = sum(bool(_HIDDEN.search(row.get("style") or "")) for row in root.iter("tr"))
    if hidden:
        yield Finding("hidden rows", hidden)
