"""Find delimiter, quotation mark and header of delimited text together.

Each way to cut the text is tried, and the table that comes out is judged as a whole: how
many records are as wide as the table, whether cells still hold delimiters of another kind,
and whether a row names the columns.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from etl.extract.headers import SEARCHED_ROWS, Header, Line, find_header
from etl.extract.records import Dialect, Part, split_records
from etl.extract.shapes import is_remark, shape_of

DELIMITERS = (",", "\t", ";", "|", "^", "~")
LAST_RESORTS = (":", " ")
_OTHERS = {
    delimiter: re.compile(
        "|".join(re.escape(o) for o in "\t;|^~" if o != delimiter)
        + (r"|(?<!\d),(?!\s)|,(?=\d{1,2}\D)" if delimiter != "," else "")
    )
    for delimiter in (*DELIMITERS, *LAST_RESORTS)
}
_JUDGED_ROWS = 60


@dataclass(frozen=True, slots=True)
class Cut:
    """One way to cut a text, and what comes out.

    Attributes:
        dialect: How cells are kept apart.
        width: How many cells most records have.
        lines: The first records as cells.
        header: Where the names stand.
        records: How many records were looked at, blank ones not counted.
        fit: Share of the records that are as wide as the table, from the first that is to the
            last divided one.
        score: How good a table it makes, from 0 to 1.
        is_open: Whether the text ends inside a quoted cell.
    """

    dialect: Dialect
    width: int
    lines: tuple[Line, ...]
    header: Header
    records: int
    fit: float
    score: float
    is_open: bool


def find_cuts(sample: bytes, *, is_whole: bool, delimiter: str | None = None) -> list[Cut]:
    """Return the ways to cut a text that make a table of two columns or more, best first.

    Args:
        sample: UTF-8 text from the start of a file.
        is_whole: Whether it is the whole file.
        delimiter: The only one to try.
    """
    quotes = ["'", '"'] if _is_single_quoted(sample) else ['"']
    tried = [
        cut_text(sample, Dialect(candidate, quote), is_whole=is_whole)
        for candidate in ([delimiter] if delimiter else DELIMITERS)
        for quote in quotes
        if candidate.encode() in sample
    ]
    cuts = sorted((cut for cut in tried if cut.width > 1), key=lambda cut: -cut.score)
    if delimiter or (cuts and cuts[0].score > 0.5):
        return cuts
    spare = [cut_text(sample, Dialect(last), is_whole=is_whole) for last in LAST_RESORTS]
    good = [cut for cut in spare if cut.width > 1 and cut.fit == 1.0 and cut.records > 2]
    good = [cut for cut in good if cut.header.lines and cut.header.doubt < 0.2]
    return cuts or sorted(good, key=lambda cut: -cut.score)


def cut_text(sample: bytes, dialect: Dialect, *, is_whole: bool) -> Cut:
    """Cut a text in one way, and judge what comes out."""
    part = split_records(sample, dialect, is_last=is_whole)
    filled = _filled(part, dialect)
    width = _width(part, filled, dialect)
    lines = _complete_names(read_lines(part, dialect, width, SEARCHED_ROWS), width)
    header = find_header(lines, width)
    fit = _fit(part, filled, width)
    tidy = _tidiness(lines, dialect)
    score = fit**2 * tidy * (1 - 0.5 / width) * (1.0 if header.lines else 0.6)
    score *= 1.0 if any(line.is_whole for line in lines[:1]) else 0.8
    return Cut(dialect, width, lines, header, int(filled.sum()), fit, score, part.is_open)


def read_lines(part: Part, dialect: Dialect, width: int, limit: int) -> tuple[Line, ...]:
    """Read the first records of a part as cells."""
    count = min(len(part), limit)
    return tuple(
        Line(
            part.first + index,
            cells := split_cells(part.text(index), dialect),
            len(cells) == width and not part.is_broken[index],
        )
        for index in range(count)
    )


def split_cells(record: str, dialect: Dialect) -> tuple[str, ...]:
    """Split one record into its cells.

    Examples:
        >>> split_cells('1,"a, b"', Dialect(","))
        ('1', 'a, b')
    """
    reader = csv.reader(
        io.StringIO(record, newline=""),
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
    )
    try:
        return tuple(next(reader, [""])) or ("",)
    except csv.Error:  # a cell larger than the csv module allows
        return tuple(record.split(dialect.delimiter))


def _complete_names(lines: tuple[Line, ...], width: int) -> tuple[Line, ...]:
    """Complete a first row of names, where all records but it end with empty cells."""
    first = next((index for index, line in enumerate(lines) if len(line.cells) > 1), None)
    if first is None or not 1 < len(lines[first].cells) < width:
        return lines
    names = lines[first].cells
    spare = [cell for line in lines if line.is_whole for cell in line.cells[len(names) :]]
    if not spare or any(cell.strip() for cell in spare):
        return lines
    if any(shape_of(name) not in ("words", "mixed") or is_remark(name) for name in names):
        return lines
    padded = Line(lines[first].row, (*names, *[""] * (width - len(names))))
    return (*lines[:first], padded, *lines[first + 1 :])


def _filled(part: Part, dialect: Dialect) -> np.ndarray:
    """Tell which records hold more than delimiters and blanks."""
    lengths = part.ends - part.starts
    filled = lengths > 0
    for index in np.flatnonzero(filled & (lengths <= 2 * part.cells)):
        text = part.text(int(index)).replace(dialect.delimiter, "").strip()
        filled[index] = bool(text.replace(dialect.quote, "").strip() if dialect.quote else text)
    return filled


def _width(part: Part, filled: np.ndarray, dialect: Dialect) -> int:
    """Return the width of the first record of several cells, if others share it, or of most."""
    widths = part.cells[filled & ~part.is_broken].tolist()
    counts = Counter(widths)
    first = next((width for width in widths if width > 1), 1)
    most = max(counts, key=lambda width: (counts[width], width > 1), default=1)
    is_shared = counts[first] >= max(2, 0.1 * len(widths)) or counts[most] == 1
    if first > most and _names_columns(part, dialect):
        return first
    return first if is_shared and first > 1 else most


def _names_columns(part: Part, dialect: Dialect) -> bool:
    """Tell whether the first record is one of names above one that begins with a number."""
    if len(part) < 2:
        return False
    names, below = (split_cells(part.text(index), dialect) for index in (0, 1))
    are_words = all(shape_of(cell) in ("words", "blank") for cell in names)
    return are_words and bool(names[0].strip()) and shape_of(below[0]) == "number"


def _fit(part: Part, filled: np.ndarray, width: int) -> float:
    fits = (part.cells == width) & ~part.is_broken & filled
    if not fits.any():
        return 0.0
    first = int(np.argmax(fits))
    last = int(np.flatnonzero(fits | (filled & (part.cells > 1)))[-1])
    return float(fits.sum() / filled[first : last + 1].sum())


def _tidiness(lines: Sequence[Line], dialect: Dialect) -> float:
    """Return the share of cells that hold no delimiter of another kind."""
    whole = [line for line in lines if line.is_whole and line.filled][:_JUDGED_ROWS]
    cells = [cell for line in whole for cell in line.cells if cell.strip()]
    others = _OTHERS[dialect.delimiter]
    tidy = sum("://" in cell or not others.search(cell) for cell in cells)
    return tidy / max(1, len(cells))


def _is_single_quoted(sample: bytes) -> bool:
    """Tell whether apostrophes stand where quotation marks would, and those do not."""
    if b'"' in sample or sample.count(b"'") < 4:
        return False
    opening = len(re.findall(rb"(?:^|[,;\t|\r\n])'", sample))
    closing = len(re.findall(rb"'(?:[,;\t|\r\n]|$)", sample))
    marks = sample.count(b"'") - 2 * sample.count(b"''")
    return opening == closing and opening + closing >= 0.9 * marks > 0
