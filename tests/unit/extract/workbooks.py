"""Workbooks made for tests: by openpyxl where a program would, by hand where none would."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from etl.extract.grid import Grid
from etl.extract.xlsx import open_xlsx
from etl.settings import Limits

SHEET = "xl/worksheets/sheet1.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def write_xlsx(path: Path, fill: Callable[[Worksheet], None]) -> Path:
    """Write a workbook of one sheet as openpyxl does."""
    book = openpyxl.Workbook()
    fill(book.active)
    book.save(path)
    return path


def repack(path: Path, changes: dict[str, Callable[[bytes], bytes] | bytes]) -> Path:
    """Change or add parts of a package."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name, change in changes.items():
        parts[name] = change if isinstance(change, bytes) else change(parts.get(name, b""))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def with_rows(path: Path, rows: str) -> Path:
    """Write a workbook whose sheet holds exactly this markup."""
    write_xlsx(path, lambda sheet: sheet.append(["x"]))
    markup = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
    return repack(path, {SHEET: markup.encode()})


def read_first(path: Path, limits: Limits | None = None) -> list[tuple[str, ...]]:
    """Return the cells of a workbook's first sheet."""
    return cells_of(open_xlsx(path, limits or Limits()).sheets[0].read())


def cells_of(grid: Grid) -> list[tuple[str, ...]]:
    """Return a grid's cells row by row, once its row numbers are seen to be whole."""
    frame = grid.cells.collect()
    assert frame["_row"].to_list() == list(range(1, frame.height + 1))
    return frame.drop("_row").rows()


def record(number: int, content: bytes) -> bytes:
    """Return a BIFF record."""
    return struct.pack("<HH", number, len(content)) + content


def write_biff5(
    path: Path,
    rows: Sequence[Sequence[bytes | float]],
    *,
    code_page: int | None,
    formats: Sequence[bytes] = (),
    styles: Sequence[int] = (),
    is_1904: bool = False,
    is_encrypted: bool = False,
    hidden: bool = False,
) -> Path:
    """Write a BIFF5 stream without its OLE shell, as programs of the nineties did.

    Args:
        path: Where to.
        rows: Text as bytes of whatever code page; numbers.
        code_page: What the workbook says its text is in; None to say nothing.
        formats: Codes of number formats, numbered from 164.
        styles: For each column the index of its cell format; cell format n has format 163 + n.
        is_1904: Whether days count from 1904.
        is_encrypted: Whether a record says that the rest is encrypted.
        hidden: Whether the second of the two sheets, a copy of the first, is there and hidden.
    """
    parts = [record(0x0809, struct.pack("<HHHH", 0x0500, 0x0005, 0, 1996))]
    if is_encrypted:
        parts.append(record(0x002F, b"\0" * 4))
    if code_page is not None:
        parts.append(record(0x0042, struct.pack("<H", code_page)))
    parts.append(record(0x0022, struct.pack("<H", is_1904)))
    font = struct.pack("<HHHHHBBBB", 200, 0, 8, 400, 0, 0, 0, 0, 0) + b"\x05Arial"
    parts += [record(0x0031, font)] * 5
    for number, code in enumerate(formats, start=164):
        parts.append(record(0x041E, struct.pack("<HB", number, len(code)) + code))
    for number in range(len(formats) + 1):
        key = 163 + number if number else 0
        parts.append(record(0x00E0, struct.pack("<HHHBBHHHH", 0, key, 1, 0, 0, 0, 0, 0, 0)))
    sheet = _biff5_sheet(rows, styles)
    names = [(b"Sheet1", 0), *([(b"Sheet2", 1)] if hidden else [])]
    listed = sum(4 + 7 + len(name) for name, _ in names)
    start = sum(map(len, parts)) + listed + 4
    for number, (name, state) in enumerate(names):
        place = start + number * len(sheet)
        content = struct.pack("<IBBB", place, state, 0, len(name)) + name
        parts.append(record(0x0085, content))
    parts += [record(0x000A, b""), *([sheet] * len(names))]
    path.write_bytes(b"".join(parts))
    return path


def _biff5_sheet(rows: Sequence[Sequence[bytes | float]], styles: Sequence[int]) -> bytes:
    parts = [record(0x0809, struct.pack("<HHHH", 0x0500, 0x0010, 0, 1996))]
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            style = styles[column] if styles else 0
            place = struct.pack("<HHH", row, column, style)
            if isinstance(cell, bytes):
                parts.append(record(0x0204, place + struct.pack("<H", len(cell)) + cell))
            else:
                parts.append(record(0x0203, place + struct.pack("<d", cell)))
    return b"".join([*parts, record(0x000A, b"")])


def write_biff8(path: Path, text: bytes) -> Path:
    """Write a BIFF8 stream of one cell, whose text is stored a byte a letter."""
    bof = struct.pack("<HHHHII", 0x0600, 0x0005, 0, 1996, 0, 0)
    parts = [record(0x0809, bof), record(0x0042, struct.pack("<H", 1200))]
    start = sum(map(len, parts)) + 4 + 8 + 6 + 4
    parts.append(record(0x0085, struct.pack("<IBBBB", start, 0, 0, 6, 0) + b"Sheet1"))
    parts += [record(0x000A, b""), record(0x0809, bof[:2] + b"\x10\0" + bof[4:])]
    cell = struct.pack("<HHHHB", 0, 0, 0, len(text), 0) + text
    parts += [record(0x0204, cell), record(0x000A, b"")]
    path.write_bytes(b"".join(parts))
    return path


def write_ods(
    path: Path, tables: str, styles: str = "", extra: dict[str, str] | None = None
) -> Path:
    """Write an ODS workbook of this markup."""
    names = {
        "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
        "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
        "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
        "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
        "number": "urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0",
        "dc": "http://purl.org/dc/elements/1.1/",
    }
    spaces = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in names.items())
    content = (
        f"<office:document-content {spaces}>"
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        for name, part in (extra or {}).items():
            archive.writestr(name, part)
    return path


def zipped(files: dict[str, bytes]) -> bytes:
    """Return a ZIP archive of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()
