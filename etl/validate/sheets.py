"""Write cells of workbooks: text only, never a formula, and the same bytes each time."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

TEXT: Final = "@"
HEADER_FILL: Final = PatternFill("solid", fgColor="DDE3F0")
ASIDE_FILL: Final = PatternFill("solid", fgColor="EEEEEE")
BOLD: Final = Font(bold=True)
LARGE: Final = Font(bold=True, size=14)
WRAPPED: Final = Alignment(wrap_text=True, vertical="top")

_LIKE_FORMULAS: Final = ("=", "+", "-", "@", "\t")
_AUTHOR: Final = "madang"
_THEN: Final = datetime(1980, 1, 1)  # noqa: DTZ001  (ZIP knows no time zones, and no earlier year)
_MODIFIED: Final = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")


def write_text(cell: Cell, text: str) -> None:
    """Write text that no spreadsheet program reads as a number, a date or a formula.

    Args:
        cell: The cell; its colours stay.
        text: As `etl.returned.fit_cell` leaves it.
    """
    cell.value = text
    cell.data_type = "s"  # openpyxl takes "=…" for a formula and "#N/A" for an error
    cell.number_format = TEXT
    if text.startswith(_LIKE_FORMULAS):
        cell.quotePrefix = True


def cell_at(sheet: Worksheet, row: int, column: int) -> Cell:
    """Return a cell that is no hidden part of a merged one.

    Raises:
        ValueError: It is one; whoever writes here takes merged ranges apart before.
    """
    cell = sheet.cell(row, column)
    if not isinstance(cell, Cell):
        raise ValueError(f"row {row}, column {column} is part of a merged cell")  # noqa: TRY004
    return cell


def write_line(sheet: Worksheet, row: int, texts: Sequence[str]) -> list[Cell]:
    """Write texts side by side, from the first column; return their cells."""
    cells = []
    for column, text in enumerate(texts, start=1):
        cell = cell_at(sheet, row, column)
        write_text(cell, text)
        cells.append(cell)
    return cells


def put_comment(cell: Cell, text: str) -> None:
    """Hang a comment on a cell, large enough to be read."""
    lines = sum(1 + len(line) // 34 for line in text.splitlines())
    cell.comment = Comment(text, _AUTHOR, height=24 + 18 * lines, width=320)


def settled(workbook: Workbook) -> bytes:
    """Return a workbook's bytes, which depend on its content alone and not on the clock."""
    workbook.properties.creator = _AUTHOR
    workbook.properties.lastModifiedBy = None
    workbook.properties.created = _THEN
    written, copy = io.BytesIO(), io.BytesIO()
    workbook.save(written)
    stamp = rf"\g<1>{_THEN.isoformat()}Z".encode()
    with (
        zipfile.ZipFile(written) as source,
        zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _MODIFIED.sub(stamp, content)
            entry = zipfile.ZipInfo(name, date_time=_THEN.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, content)
    return copy.getvalue()
