"""Name columns from the levels of their header."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from etl.extract.grid import Merge, column_letters
from etl.extract.headers import Line

_BREAK = re.compile(r"\s*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]\s*")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_OF_LANDED_ROWS = ("_sheet", "_row", "_role", "_text")
_SCALED = r"(?:십|백|천|만|억|조|십만|백만|천만|십억)?"
_COUNTED = (
    rf"{_SCALED}(?:원|명|개|건|가구|세대|톤|달러|필지)|개소|개교|개사|병상|마리|시간|개월|포인트"
)
_SIGNS = "[%％‰‱℃℉Å㎍㎎㎏㎜㎝㎞㎟㎠㎡㎢㎣㎤㎥㎦㏊㏈㎾㎿㎐㎒㎓㎔]"
_LATIN = (
    r"°[CF]|[kcm]?m[²³23]?|ha|[kmµμ]?g|[kMGT]?[wW]h?|[kM]?V|[kM]?[lLℓ]|ppm|ppb|hPa|dB(?:\(A\))?|m/s"
    r"|USD|KRW"
)
# Syllables that are units of numbers, and something else beside words
_DOUBTFUL_UNITS = (
    "일|월|년|동|면|주|층|석|본|매|급|차|평|두|쪽|장|점|수|종|그루|대|호|인|권|곳|회|분|초|세|t"
)
_UNIT = rf"(?:{_COUNTED}|{_SIGNS}|{_LATIN}|{_DOUBTFUL_UNITS})"
_UNITS = re.compile(rf"{_UNIT}(?:\s*[/·]\s*{_UNIT}|/{_SCALED}(?:명|인|리터|\d+\w*|㎢|\w{{1,3}}))?")
_DOUBTFUL = re.compile(_DOUBTFUL_UNITS)
_BRACKETED = re.compile(
    r"^(.*?)\s*[(\[（]\s*(?:단위\s*[:：]?\s*)?([^()\[\]（）]+?)\s*[)\]）]$", re.DOTALL
)
_SUFFIXED = re.compile(rf"^(.+)_({_SCALED}원|%|천명|만명|백만명)$", re.DOTALL)
_STATED = re.compile(r"단\s*위\s*[:：]?\s*([^()\[\]<>【】]+?)\s*[)\]>】]?\s*$")
_NOT_MEASURED = re.compile(
    r"(번호|코드|연번|순번|년도|연도|년|일자|일시|기간|위도|경도|좌표|id|code|year|no\.?)(_\d+)?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file.

    Attributes:
        name: What it is called from here on; "" for one that is dropped.
        header: What the file calls it, as it is spelt there, levels joined by `_`.
        unit: The unit that the file states for it.
        kept: Whether it is read.
        position: Counted from 1, in the file.
        field: The contract's field that it belongs to.
    """

    name: str
    header: str
    unit: str | None
    kept: bool
    position: int
    field: str | None = None


def name_columns(
    levels: Sequence[Line],
    width: int,
    is_number: Sequence[bool],
    is_filled: Sequence[bool],
    merges: Sequence[Merge] = (),
) -> tuple[Column, ...]:
    """Name the columns of a table.

    Args:
        levels: Rows of the header, top first.
        width: How many columns there are.
        is_number: For each column whether it holds numbers.
        is_filled: For each column whether it holds anything.
        merges: Merged cells of a sheet.
    """
    spelt = _spread([_padded(line, width) for line in levels], levels, merges)
    columns, taken = [], dict.fromkeys(_OF_LANDED_ROWS, 1)
    for index in range(width):
        parts = _distinct([level[index] for level in spelt])
        name, unit = _split_unit(
            [part for part in map(_one_line, parts) if part], is_number=is_number[index]
        )
        kept = bool(name or unit) or is_filled[index]
        if kept:
            name = _unique(name or unit or f"column_{column_letters(index + 1)}", taken)
        header = "_".join(parts)
        columns.append(Column(name if kept else "", header, unit, kept, index + 1))
    return tuple(columns)


def state_unit(
    columns: Sequence[Column], is_number: Sequence[bool], unit: str
) -> tuple[Column, ...]:
    """Give the unit that stands beside a table to its measures without a unit of their own."""
    return tuple(
        replace(column, unit=unit)
        if is_number[index] and column.unit is None and not _NOT_MEASURED.search(column.name)
        else column
        for index, column in enumerate(columns)
    )


def stated_unit(lines: Sequence[Line]) -> str | None:
    """Return the one unit that rows above a table state, such as `(단위 : km)`.

    Examples:
        >>> stated_unit([Line(1, ("", "( 단위 : km )"))])
        'km'
        >>> stated_unit([Line(1, ("(단위: 명, %)",))]) is None
        True
    """
    found = {m[1] for line in lines for cell in line.cells if (m := _STATED.search(cell))}
    units = {unit for unit in found if not re.search(r"[,·、]\s*|\s및\s", unit)}
    return units.pop() if len(found) == len(units) == 1 else None


def _one_line(text: str) -> str:
    return _CONTROL.sub("", _BREAK.sub(" ", text)).strip()


def _padded(line: Line, width: int) -> list[str]:
    return [*line.cells, *[""] * (width - len(line.cells))][:width]


def _spread(
    cells: list[list[str]], levels: Sequence[Line], merges: Sequence[Merge]
) -> list[list[str]]:
    """Fill the cells that a merged one covers, or that blanks beside it stand for."""
    at = {line.row: index for index, line in enumerate(levels)}
    for merge in merges:
        if merge.first_row in at:
            value = cells[at[merge.first_row]][merge.first_column - 1]
            for row in range(merge.first_row, merge.last_row + 1):
                for column in range(merge.first_column - 1, min(merge.last_column, len(cells[0]))):
                    if row in at:
                        cells[at[row]][column] = value
    for depth, level in enumerate(cells[:-1]):
        for index in range(1, len(level)):
            if not level[index].strip() and _belongs_left(cells, depth, index):
                level[index] = level[index - 1]
    return cells


def _belongs_left(cells: list[list[str]], depth: int, index: int) -> bool:
    has_below = any(level[index].strip() for level in cells[depth + 1 :])
    return has_below and all(level[index] == level[index - 1] for level in cells[:depth])


def _distinct(parts: list[str]) -> list[str]:
    """Leave out blank levels and those equal to the one above."""
    kept: list[str] = []
    for part in parts:
        if part.strip() and (not kept or _one_line(part) != _one_line(kept[-1])):
            kept.append(part)
    return kept


def _split_unit(parts: list[str], *, is_number: bool) -> tuple[str, str | None]:
    if not parts:
        return "", None
    *uppers, last = parts
    if (found := _BRACKETED.match(last)) and _is_unit(found[2], is_number=is_number):
        rest = found[1].strip()
        kept = [*uppers, rest] if rest and rest not in uppers[-1:] else uppers
        return "_".join(kept), found[2]
    if (found := _SUFFIXED.match(last)) and is_number:
        return "_".join([*uppers, found[1]]), found[2]
    return "_".join(parts), None


def _is_unit(text: str, *, is_number: bool) -> bool:
    if not _UNITS.fullmatch(text):
        return False
    return is_number or not _DOUBTFUL.fullmatch(text)


def _unique(name: str, taken: dict[str, int]) -> str:
    """Return a name that no column has yet, and put it among those taken.

    Args:
        name: The name that is wanted.
        taken: Names that are taken, with the number of the last that had to be numbered.
    """
    unique, number = name, taken.get(name, 1)
    while unique in taken:
        number += 1
        unique = f"{name}_{number}"
    taken[name] = number
    taken.setdefault(unique, 1)
    return unique
