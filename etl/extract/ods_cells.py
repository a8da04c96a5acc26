"""Write the cells of an ODS workbook as text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from etl.extract.cell_text import EXACT, write_number
from etl.extract.grid import column_letters
from etl.extract.markup import damaged
from etl.extract.number_formats import apply_mask
from etl.extract.ods_styles import KIND, NAMESPACES, name_of
from etl.extract.refusing import refuse

_TIME = re.compile(r"(-?)P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d+))?S)?")
_ERRORS = ("#", "Err:")
_BLANKS = re.compile(r"[ \t\r\n]+")  # any run of them is one blank; others are elements


def cell_text(cell: etree._Element, mask: str, row: int, column: int) -> str:
    """Return what a cell stores, as text.

    Args:
        cell: The cell's markup.
        mask: The mask of its style, empty for none.
        row: Its row, for the message of a refusal.
        column: Its column, for the same.

    Raises:
        SourceFormatError: It is a formula that was never computed, or holds no number where it
            says so.
    """
    kind = cell.get(name_of("office:value-type")) or ""
    shown = "\n".join(_paragraph(part) for part in cell.iterfind("text:p", NAMESPACES))
    if not kind and not shown and cell.get(name_of("table:formula")):
        raise refuse(
            KIND,
            f"The formula in {column_letters(column)}{row} has no computed value",
            "Open the workbook in a spreadsheet program and save it, so that it is computed",
        )
    if kind in {"float", "percentage", "currency"} and not shown.startswith(_ERRORS):
        return _write_stored(cell.get(name_of("office:value")) or "", mask)
    if kind == "date":
        return (cell.get(name_of("office:date-value")) or shown).removesuffix("T00:00:00")
    if kind == "time":
        return _write_time(cell.get(name_of("office:time-value")) or "", shown)
    if kind == "boolean":
        return "TRUE" if cell.get(name_of("office:boolean-value")) == "true" else "FALSE"
    return cell.get(name_of("office:string-value")) or shown


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
        if child.tag == name_of("text:s"):
            yield " " * int(child.get(name_of("text:c")) or 1)
        elif child.tag == name_of("text:tab"):
            yield "\t"
        elif child.tag == name_of("text:line-break"):
            yield "\n"
        elif child.tag in {name_of("text:span"), name_of("text:a")}:
            yield from _runs(child)
        yield _BLANKS.sub(" ", child.tail or "")
