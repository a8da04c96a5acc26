"""Find the rows that name the columns, by how they differ from the rows below them.

For each of the first rows it is asked how much likelier its cells are as data, given the
rows below, than as names. Words above a column of numbers speak for names; a cell that
comes again below speaks for data; where nothing speaks, custom does: the first row that is
as wide as the table names its columns.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from etl.extract.grid import Merge
from etl.extract.shapes import SHAPES, is_remark, shape_of, year_of

SEARCHED_ROWS = 200
MOST_LEVELS = 6
_NUMBERED = re.compile(r"(\D*[^\W\d])_?\d{1,3}$")
CUSTOM = -2.0
NAME_SHAPES = {
    "words": 0.9,
    "mixed": 0.06,
    "number": 0.03,
    "code": 0.05,
    "nothing": 0.02,
    "blank": 0.04,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One of the first rows.

    Attributes:
        row: Its number.
        cells: Its cells; as many as the table is wide, or those that are there.
        is_whole: Whether it is as wide as the table and can be trusted.
    """

    row: int
    cells: tuple[str, ...]
    is_whole: bool = True

    @property
    def filled(self) -> list[int]:
        """Positions, counted from 0, of the cells that are not blank."""
        return [position for position, cell in enumerate(self.cells) if cell.strip()]


@dataclass(frozen=True, slots=True)
class Header:
    """Where the names stand.

    Attributes:
        lines: The rows of the header, top first; none where the file has no header.
        body: Index, among the lines searched, of the first row below the header.
        doubt: 0 for certain names, 1 for certain data.
        evidence: What it rests on.
    """

    lines: tuple[Line, ...]
    body: int
    doubt: float
    evidence: str


class _Below:
    """What the rows below a row look like, column by column."""

    def __init__(self, width: int) -> None:
        self.rows = 0
        self.shapes = [Counter[str]() for _ in range(width)]
        self.values = [Counter[str]() for _ in range(width)]
        self.years = [0] * width

    def add(self, line: Line) -> None:
        self.rows += 1
        for position, cell in enumerate(line.cells):
            self.shapes[position][shape_of(cell)] += 1
            self.values[position][cell.strip()] += 1
            self.years[position] += year_of(cell) is not None

    def weigh(self, line: Line) -> float:
        """Return the log of how much likelier the row is as data than as names."""
        series = _series_of(line, self)
        return sum(
            self._weigh_cell(position, cell, is_series=position in series)
            for position, cell in enumerate(line.cells)
        )

    def _weigh_cell(self, position: int, cell: str, *, is_series: bool) -> float:
        shapes, shape, text = self.shapes[position], shape_of(cell), cell.strip()
        if shape == "blank" and shapes["blank"] > 0.8 * self.rows:
            return 0.0
        if is_series:
            return -1.0
        likely = (shapes[shape] + 0.5 / len(SHAPES)) / (self.rows + 0.5)
        weight = max(-3.0, min(3.0, math.log(likely / NAME_SHAPES[shape])))
        if shape in ("words", "mixed"):
            weight += self._weigh_recurrence(position, text)
        return weight

    def _weigh_recurrence(self, position: int, text: str) -> float:
        values = self.values[position]
        if values[text]:
            return 2.0
        filled = self.rows - values[""]
        is_list_of_few = filled >= 5 and len(values) <= 0.3 * filled
        return -1.0 if is_list_of_few else 0.0


def find_header(lines: Sequence[Line], width: int, merges: Sequence[Merge] = ()) -> Header:
    """Find the rows that name the columns.

    Args:
        lines: The first rows, blank ones included.
        width: How many columns the table has.
        merges: Merged cells of a sheet.
    """
    table = [i for i, line in enumerate(lines) if line.is_whole and not is_beside(line, width)]
    if not table:
        return Header((), 0, 1.0, "no row is as wide as the table")
    weights = _weigh_all(lines, table, width)
    first = _first_header(lines, table, weights)
    if first is None:
        return Header((), table[0], _as_doubt(weights[table[0]]), "the first row looks like data")
    first = _below_title(lines, table, first, merges)
    top = _extend_up(lines, table, first, merges)
    bottom = _extend_down(lines, table, first, weights, merges)
    block = tuple(line for line in lines[top : bottom + 1] if line.is_whole or merges)
    return Header(block, bottom + 1, _as_doubt(weights[first]), _evidence(weights[first]))


def find_second_table(lines: Sequence[Line], header: Header, width: int) -> int | None:
    """Return the row, behind a blank one, that names columns anew; None if there is none.

    It differs from the rows above it and from those below it as names differ from data.
    """
    for index in range(header.body + 1, len(lines) - 1):
        line = lines[index]
        is_apart = not lines[index - 1].filled
        if not (is_apart and line.is_whole and _are_names(line)):
            continue
        sides = (lines[header.body : index], lines[index + 1 :])
        if all(_weigh_against(line, side, width) < 2 * CUSTOM + 1 for side in sides):
            return line.row
    return None


def _are_names(line: Line) -> bool:
    return all(shape_of(cell) == "words" for cell in line.cells)


def _weigh_against(line: Line, others: Sequence[Line], width: int) -> float:
    below = _Below(width)
    for other in others:
        if other.is_whole and other.filled:
            below.add(other)
    return below.weigh(line) if below.rows else 0.0


def is_beside(line: Line, width: int) -> bool:
    """Tell whether a row is blank, or stands beside the table: a title, a unit, a note."""
    filled = line.filled
    if not filled:
        return True
    if width == 1:
        return is_remark(line.cells[0])
    if len(filled) == 1:
        return filled[0] == 0 or is_remark(line.cells[filled[0]])
    return len(filled) <= min(3, width // 2) and any(is_remark(line.cells[p]) for p in filled)


def _weigh_all(lines: Sequence[Line], table: list[int], width: int) -> dict[int, float]:
    below, weights = _Below(width), {}
    repeated = None if _goes_on_coming(lines, table) else lines[table[0]].cells
    for index in reversed(table):
        line = lines[index]
        weights[index] = below.weigh(line) if below.rows else _weigh_alone(line)
        if line.cells != repeated:  # a header that comes again is no data
            below.add(line)
    return weights


def _weigh_alone(line: Line) -> float:
    """Weigh a row that has none below: custom takes it for names, numbers speak against it."""
    shapes = [shape_of(line.cells[position]) for position in line.filled]
    return 3.0 * sum(shape in ("number", "code") for shape in shapes) - 0.1


def _first_header(lines: Sequence[Line], table: list[int], weights: dict[int, float]) -> int | None:
    top = table[0]
    if weights[top] + CUSTOM < 0 and (len(table) > 1 or weights[top] < 0):
        return top
    repeated = _repeats(lines, table)
    if repeated:
        return top
    for index in table[1:MOST_LEVELS]:
        if weights[index] < 2 * CUSTOM and _stands_above(lines[top:index], lines[index]):
            return index
    return None


def _repeats(lines: Sequence[Line], table: list[int]) -> bool:
    """Tell whether the first row comes again right below, as a header exported twice does."""
    cells = lines[table[0]].cells
    if len(table) < 3 or cells != lines[table[1]].cells or _goes_on_coming(lines, table):
        return False
    return any(shape_of(cell) == "words" for cell in cells)


def _goes_on_coming(lines: Sequence[Line], table: list[int]) -> bool:
    """Tell whether the first row comes more often than a header has levels, so is no header."""
    block = table[: MOST_LEVELS + 1]
    return len(block) > MOST_LEVELS and len({lines[index].cells for index in block}) == 1


def _stands_above(uppers: Sequence[Line], line: Line) -> bool:
    """Tell whether the rows above a header are its upper levels, not data."""
    return all(
        any(
            cell.strip() and cell == below for cell, below in zip(u.cells, line.cells, strict=False)
        )
        or _is_grouped(u)
        for u in uppers
    )


def _is_grouped(line: Line) -> bool:
    """Tell whether neighbours repeat each other, as the cells of a wide header do."""
    cells = [cell.strip() for cell in line.cells]
    same = sum(a == b or not b for a, b in pairwise(cells))
    return same >= 0.3 * len(cells)


def _below_title(
    lines: Sequence[Line], table: list[int], first: int, merges: Sequence[Merge]
) -> int:
    """Step over titles that stand in the middle: rows of one cell that spans no group."""
    while first + 1 in table and first + 1 < table[-1] and _is_title(lines[first], merges):
        first += 1
    return first


def _extend_up(lines: Sequence[Line], table: list[int], first: int, merges: Sequence[Merge]) -> int:
    while first - 1 in table and not _is_title(lines[first - 1], merges):
        first -= 1
    return first


def _is_title(line: Line, merges: Sequence[Merge]) -> bool:
    """Tell whether a row holds one cell alone, merged over all columns or over none."""
    if len(line.filled) != 1 or len(line.cells) < 3:
        return False
    spans = [m for m in merges if m.first_row <= line.row <= m.last_row]
    widths = [m.last_column - m.first_column + 1 for m in spans]
    return not any(1 < width < 0.8 * len(line.cells) for width in widths)


def _extend_down(
    lines: Sequence[Line],
    table: list[int],
    first: int,
    weights: dict[int, float],
    merges: Sequence[Merge],
) -> int:
    last = first
    while last + 1 in table and last - first < MOST_LEVELS - 1 and last + 1 < table[-1]:
        upper, line = lines[last], lines[last + 1]
        begins_alike = (
            shape_of(line.cells[0]) in ("words", "mixed") and upper.cells[0] == line.cells[0]
        )
        goes_on = weights[last + 1] < 0 and _continues(lines[first : last + 1], line)
        if not begins_alike and not goes_on:
            break
        last += 1
    last = _look_deeper(lines, table, first, last)
    rows = {line.row: index for index, line in enumerate(lines)}
    for merge in merges:
        if lines[first].row <= merge.first_row <= lines[last].row < merge.last_row:
            last = max(last, rows.get(merge.last_row, last))
    return last


def _look_deeper(lines: Sequence[Line], table: list[int], first: int, last: int) -> int:
    """Return the last row of a block of names that only shows as one against the rows below it.

    Its blank cells look like data for as long as its own rows are taken for data.
    """
    width = len(lines[first].cells)
    for deep in range(min(first + MOST_LEVELS - 1, table[-1] - 1), last, -1):
        block = range(last + 1, deep + 1)
        body = lines[deep + 1 :]
        if all(
            index in table
            and _continues(lines[first:index], lines[index])
            and _weigh_against(lines[index], body, width) < 0
            for index in block
        ):
            return deep
    return last


def _continues(uppers: Sequence[Line], line: Line) -> bool:
    """Tell whether a row goes on with the header above it rather than beginning the data."""
    upper = uppers[-1]
    pairs = list(zip(upper.cells, line.cells, strict=True))
    equal = any(cell.strip() and cell == above for above, cell in pairs)
    fills = any(cell.strip() and not above.strip() for above, cell in pairs)
    begins = bool(line.cells[0].strip()) and line.cells[0] != uppers[0].cells[0]
    if _completes(uppers, line):
        return True
    return equal or (not begins and (fills or len(line.filled) < len(line.cells)))


def _completes(uppers: Sequence[Line], line: Line) -> bool:
    """Tell whether a row names columns, two or more, that all rows above it leave blank."""
    filled = line.filled
    return len(filled) >= 2 and not any(upper.cells[p].strip() for upper in uppers for p in filled)


def _series_of(line: Line, below: _Below) -> frozenset[int]:
    """Return the positions of years or running numbers that name columns."""
    if not any(shape_of(cell) == "words" for cell in line.cells) and line.cells[0].strip():
        # years and numbers name columns beside a word, or beside nothing
        return frozenset(_numbered(line, below))
    numbers = [p for p, cell in enumerate(line.cells) if shape_of(cell) in ("number", "mixed")]
    years = [p for p in numbers if year_of(line.cells[p]) is not None]
    named = {p for p in years if below.rows and below.years[p] <= 0.2 * below.rows}
    plain = [p for p in numbers if line.cells[p].strip().isdigit()]
    runs = {p for p in plain if _is_next(line, p, p + 1) or _is_next(line, p - 1, p)}
    is_run = len(runs) >= 3 and len(runs) >= 0.6 * len(plain)
    return frozenset(named | (runs if is_run else set()) | _numbered(line, below))


def _numbered(line: Line, below: _Below) -> set[int]:
    """Return the positions of names that are numbered alike, as `field1` and `field2`."""
    stems = {p: found[1] for p in line.filled if (found := _NUMBERED.match(line.cells[p].strip()))}
    if len(stems) < max(2, len(line.filled)) or len(set(stems.values())) > 1:
        return set()
    is_data = any(
        (found := _NUMBERED.match(value)) and found[1] == stem
        for p, stem in stems.items()
        for value in below.values[p]
    )
    return set() if is_data else set(stems)


def _is_next(line: Line, left: int, right: int) -> bool:
    if left < 0 or right >= len(line.cells):
        return False
    a, b = line.cells[left].strip(), line.cells[right].strip()
    return a.isdecimal() and b.isdecimal() and int(b) - int(a) == 1 and len(a) < 5


def _as_doubt(weight: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, weight + CUSTOM))))


def _evidence(weight: float) -> str:
    if weight < 2 * CUSTOM:
        return "its cells differ from those of the rows below it"
    return "the first row as wide as the table, and nothing in it comes again below"
