"""Look through the markup of one sheet for what a fast reader of workbooks does not tell.

The reader gives every value; it does not give the cells' formats, takes an error for an empty
cell, and lays out memory as wide and as high as any one cell asks. So the markup is looked
through beside it: first how far the cells reach; then which of them have a format that means
something, which hold errors, and which are formulas that were never computed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from lxml import etree

from etl.extract.grid import column_position
from etl.extract.sheet_markup import SheetMarkup, UnusualMarkupError

LETTERS = 26

_REFERENCE = re.compile(rb'<c r="([A-Za-z]+)([0-9]+)"')
_LAST_ROW = re.compile(rb'<c r="[A-Za-z]+([0-9]+)')
_WIDE = re.compile(rb' r="([A-Za-z]{2,})[0-9]')
_ADDRESS = re.compile(r"([A-Za-z]+)([0-9]+)")
_HIDDEN_ROW = re.compile(rb'<row [^>]*\bhidden="(?:1|true)"[^>]*>')
_HIDDEN_COLUMN = re.compile(rb'<col [^>]*\bhidden="(?:1|true)"[^>]*>')
_VALUE = rb"[^>]*>\s*(?:<f\b[^>]*/>\s*|<f\b[^>]*>[^<]*</f>\s*)?<v\b[^>]*>([^<]*)</v>"
_PLACE = rb'<c r="([A-Za-z]+)([0-9]+)"'
_ERROR = re.compile(_PLACE + rb'[^>]* t="e"[^>]*' + _VALUE)
_ISO_DATE = re.compile(_PLACE + rb'[^>]* t="d"[^>]*' + _VALUE)
_UNCOMPUTED = re.compile(
    _PLACE + rb"([^>]*)>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(<v\s*/>|<v></v>)?\s*</c>"
)
_TEXT_TYPES = frozenset({"s", "str", "inlineStr", "b"})


# A cell whose text is not what the fast reader gives: its column, its row, the index of its format
# among the workbook's, or one of the two below, and what it stores. There may be millions.
SpecialCell = tuple[int, bytes, int, bytes]
AS_STORED = -1  # an error or an ISO date, whose text is what is stored
NO_NUMBER = -2  # text that only has such a format


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a sheet reaches.

    Attributes:
        last_row: At least the last row that holds a cell; up to twice as many may stand for it.
        last_column: At least the last column that holds a cell; 26 may stand for fewer.
        is_usual: Whether its markup is of the usual form.
    """

    last_row: int
    last_column: int
    is_usual: bool


@dataclass(slots=True)
class SheetScan:
    """What was found in a sheet's markup.

    Attributes:
        special: Cells to be written otherwise.
        uncomputed: Places of formulas without a stored result: row, column.
        hidden_rows: How many rows are hidden.
        hidden_columns: How many ranges of columns are hidden.
    """

    special: list[SpecialCell] = field(default_factory=list)
    uncomputed: list[tuple[int, int]] = field(default_factory=list)
    hidden_rows: int = 0
    hidden_columns: int = 0


def measure_sheet(markup: SheetMarkup) -> Extent:
    """Measure how far a sheet reaches, whatever it says of itself.

    Raises:
        SourceFormatError: The markup is damaged or declares a document type.
    """
    try:
        return _measure_usual(markup)
    except UnusualMarkupError:
        return _measure_parsed(markup)


def scan_sheet(markup: SheetMarkup, extent: Extent, styles: frozenset[int]) -> SheetScan:
    """Look through a sheet.

    Args:
        markup: The sheet's markup.
        extent: What `measure_sheet` found.
        styles: Indices of formats that mean something.

    Raises:
        SourceFormatError: The markup is damaged or declares a document type.
    """
    # a cell that names no format has the first, which a pattern would have to look for everywhere
    is_named = 0 not in styles
    if extent.is_usual and is_named:
        return _scan_usual(markup, styles)
    return _scan_parsed(markup, styles)


def measure_exactly(markup: SheetMarkup) -> Extent:
    """Measure the same of a sheet in the usual form, by the address of every cell."""
    last_row = last_column = 0
    for part in markup.parts():
        found = _REFERENCE.findall(part)
        last_row = max(last_row, max((int(row) for _, row in found), default=0))
        last_column = max(last_column, *map(_position, {column for column, _ in found}), 0)
    return Extent(last_row, last_column, is_usual=True)


def _measure_usual(markup: SheetMarkup) -> Extent:
    """Measure by the last cell of each part, and look for cells that lie clearly beyond it.

    What a row says of itself does not count: a reader goes by the address of each cell.
    """
    last_row, last_column = 0, LETTERS
    for part in markup.parts():
        _require_usual(part)
        last_column = max(last_column, *map(_position, set(_WIDE.findall(part))), LETTERS)
        last = _LAST_ROW.search(part, max(part.rfind(b'<c r="'), 0))
        bound, beyond = _bound(last[1].lstrip(b"0").decode() if last else "")
        last_row = max(last_row, bound, *map(int, beyond.findall(part)), 0)
    return Extent(last_row, last_column, is_usual=True)


@lru_cache(maxsize=1024)
def _bound(row: str) -> tuple[int, re.Pattern[bytes]]:
    """Return the last number with as many digits and the same first one, and what is beyond.

    Examples:
        >>> bound, beyond = _bound("1234")
        >>> bound, beyond.findall(b'<c r="A1999"/><c r="A2000"/><c r="B10000"/>')
        (1999, [b'2000', b'10000'])
    """
    if not row:
        return 0, re.compile(rb'<c r="[A-Za-z]+([1-9][0-9]*)')
    first, rest = int(row[0]), len(row) - 1
    longer = b"[0-9]{%d,}" % (len(row) + 1)
    larger = b"|[%d-9][0-9]{%d}" % (first + 1, rest) if first < 9 else b""
    pattern = re.compile(rb'<c r="[A-Za-z]+(' + longer + larger + rb')"')
    return (first + 1) * 10**rest - 1, pattern


def _scan_usual(markup: SheetMarkup, styles: frozenset[int]) -> SheetScan:
    scan = SheetScan()
    pattern = _style_pattern(styles)
    for part in markup.parts():
        if b"hidden=" in part:
            scan.hidden_rows += len(_HIDDEN_ROW.findall(part))
            scan.hidden_columns += len(_HIDDEN_COLUMN.findall(part))
        _scan_cells(part, pattern, scan)
    return scan


def _scan_cells(part: bytes, pattern: re.Pattern[bytes] | None, scan: SheetScan) -> None:
    column_of, style_of = _Columns(), _Styles()
    if pattern:
        scan.special += [
            (column_of[column], row, style_of[attributes], stored)
            for column, row, attributes, stored in pattern.findall(part)
        ]
    for mark, unformatted in ((b't="e"', _ERROR), (b't="d"', _ISO_DATE)):
        if mark in part:
            scan.special += [
                (column_of[column], row, AS_STORED, stored)
                for column, row, stored in unformatted.findall(part)
            ]
    if b"<f" in part:
        scan.uncomputed += [
            (int(row), _position(column))
            for column, row, attributes, empty in _UNCOMPUTED.findall(part)
            if not (empty and b't="str"' in attributes)
        ]


def _style_pattern(styles: frozenset[int]) -> re.Pattern[bytes] | None:
    if not styles:
        return None
    any_of = b"|".join(str(style).encode() for style in sorted(styles))
    before = rb'(?: (?!s=)[a-z]+="[^"]*")*'
    return re.compile(_PLACE + rb"(" + before + rb' s="(?:' + any_of + rb')"[^>/]*)' + _VALUE)


def _require_usual(part: bytes) -> None:
    """Raise unless every cell of a part is in the usual form."""
    start = part.find(b"<sheetData") + 1
    end = part.find(b"</sheetData")
    cells = part if end < 0 and not start else part[start : end if end >= 0 else len(part)]
    is_usual = cells.count(b"<c") == cells.count(b'<c r="')
    # one sign is sought first, because that is three times faster and seldom found
    has_declaration = b"!" in part and b"<!" in part
    if not is_usual or has_declaration or b":c " in part:
        raise UnusualMarkupError


class _Columns(dict[bytes, int]):
    """Positions of columns by their letters, each reckoned once."""

    def __missing__(self, letters: bytes) -> int:
        self[letters] = _position(letters)
        return self[letters]


class _Styles(dict[bytes, int]):
    """Formats of cells by the attributes that name them, each told once."""

    def __missing__(self, attributes: bytes) -> int:
        kind = re.search(rb' t="(\w+)"', attributes)
        style = re.search(rb' s="(\d+)"', attributes)
        is_number = kind is None or kind[1] == b"n"
        self[attributes] = int(style[1]) if style and is_number else NO_NUMBER
        return self[attributes]


def _position(letters: bytes) -> int:
    return column_position(letters.decode("ascii").upper())


def _measure_parsed(markup: SheetMarkup) -> Extent:
    last_row = last_column = 0
    for row, column, _ in _cells(markup):
        last_row, last_column = max(last_row, row), max(last_column, column)
    return Extent(last_row, last_column, is_usual=False)


def _scan_parsed(markup: SheetMarkup, styles: frozenset[int]) -> SheetScan:
    scan = SheetScan()
    for row, column, element in _cells(markup):
        if column:
            _scan_element(element, row, column, styles, scan)
        elif row:
            scan.hidden_rows += _is_true(element.get("hidden"))
        else:
            scan.hidden_columns += sum(_is_true(child.get("hidden")) for child in element)
    return scan


def _cells(markup: SheetMarkup) -> Iterator[tuple[int, int, etree._Element]]:
    """Yield cells with their places, rows with column 0, and the columns' own element with 0, 0.

    What has no address follows the one before.
    """
    row = column = 0
    for element in markup.elements("row", "c", "cols"):
        name = etree.QName(element).localname
        if name == "c":
            column = _column_of(element, column)
            yield _row_of(element, row), column, element
        elif name == "row":
            row, column = _number(element.get("r"), row + 1), 0
            yield row, 0, element
            _forget(element)
        else:
            yield 0, 0, element


def _number(written: str | None, otherwise: int) -> int:
    return int(written) if written and written.isdecimal() else otherwise


def _forget(row: etree._Element) -> None:
    """Free a row, and the empty shells of those before it."""
    row.clear()
    parent = row.getparent()
    while parent is not None and row.getprevious() is not None:
        del parent[0]


def _row_of(cell: etree._Element, previous: int) -> int:
    """Return the row of a cell, whose own row element has not ended yet."""
    digits = _ADDRESS.fullmatch(cell.get("r") or "")
    parent = cell.getparent()
    written = parent.get("r") if parent is not None else None
    return int(digits[2]) if digits else _number(written, previous + 1)


def _column_of(cell: etree._Element, previous: int) -> int:
    letters = _ADDRESS.fullmatch(cell.get("r") or "")
    return column_position(letters[1].upper()) if letters else previous + 1


def _scan_element(
    cell: etree._Element, row: int, column: int, styles: frozenset[int], scan: SheetScan
) -> None:
    kind = cell.get("t") or "n"
    value = cell.find("{*}v")
    stored = (value.text or "") if value is not None else ""
    style = _number(cell.get("s"), 0)
    if cell.find("{*}f") is not None and not stored and (kind != "str" or value is None):
        scan.uncomputed.append((row, column))
    elif kind in {"e", "d"} and stored:
        scan.special.append((column, b"%d" % row, AS_STORED, stored.encode()))
    elif kind not in _TEXT_TYPES and style in styles and stored:
        scan.special.append((column, b"%d" % row, style, stored.encode()))


def _is_true(written: str | None) -> bool:
    return written in {"1", "true"}
