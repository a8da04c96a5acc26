"""Choose the sheet that is the table: the one that the contract names, or the only one there is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from etl.extract.books import Book, Sheet
from etl.extract.decisions import Decision
from etl.extract.grid import Grid, cell_columns
from etl.extract.layout import normalise_header
from etl.extract.refusing import ask, refuse

HEADER_ROWS = 30
NOTES_COLUMNS = 3
# What statistics offices and staff call a sheet about the table (KOSIS writes 메타정보)
_ABOUT = re.compile(
    r"메타|설명|안내|작성\s*(?:요령|방법|지침)|표지|목차|주석|유의\s*사항|용어|정의|해설|범례|출처"
    r"|meta|readme|read me|notes?$|about|cover|contents|instructions?|legend|definitions?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a contract says about where its table is.

    Attributes:
        sheet: Name or number, counted from 1, of the sheet; None to find it.
        member: Name or number of the file in a ZIP archive; None to find it.
        headers: For each field the headers that it may have; empty without a contract.
    """

    sheet: str | int | None = None
    member: str | int | None = None
    headers: tuple[frozenset[str], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A visible sheet that holds cells."""

    number: int
    grid: Grid

    @property
    def name(self) -> str:
        """What the sheet is called: its number where it has no name, as tables of pages have."""
        return self.grid.name or str(self.number)


def choose_sheet(book: Book, wanted: Wanted, kind: str) -> tuple[Grid, Decision]:
    """Return the sheet that is the table, and why.

    Hidden sheets are never taken. A sheet about the table (its name says so, and it is narrow)
    or one without any row of two cells is no rival of a table.

    Args:
        book: The workbook.
        wanted: What the contract says.
        kind: The workbook's kind.

    Raises:
        SourceFormatError: There is no such sheet; or several hold a table, and nothing tells
            which is meant.
    """
    if wanted.sheet is not None:
        sheet = _find(book.sheets, wanted.sheet, kind)
        return sheet.read(), _decide(sheet.name or str(wanted.sheet), "the contract names it", 1.0)
    visible = [
        _Candidate(number, sheet.read())
        for number, sheet in enumerate(book.sheets, start=1)
        if not sheet.is_hidden
    ]
    filled = [candidate for candidate in visible if candidate.grid.width]
    if not filled:
        hidden = len(book.sheets) - len(visible)
        raise refuse(
            kind,
            f"None of the {len(visible)} visible sheets holds a cell; {hidden} are hidden",
            "Show the sheet of the table, or fill it",
        )
    if len(filled) == 1:
        evidence = "the only visible sheet that holds cells"
        return filled[0].grid, _decide(filled[0].name, evidence, 1.0)
    return _choose_among(filled, wanted, kind)


def _find(sheets: Sequence[Sheet], wanted: str | int, kind: str) -> Sheet:
    if isinstance(wanted, int):
        found = list(sheets[wanted - 1 : wanted]) if wanted > 0 else []
    else:
        name = _normalise(wanted)
        found = [sheet for sheet in sheets if _normalise(sheet.name or "") == name]
    if len(found) != 1:
        raise refuse(
            kind,
            f"{len(found)} of the {len(sheets)} sheets are the one that the contract names"
            " (layout.sheet)",
            "Name the sheet as the contract does",
        )
    if found[0].is_hidden:
        raise refuse(
            kind, "The sheet that the contract names (layout.sheet) is hidden", "Show the sheet"
        )
    return found[0]


def _choose_among(filled: list[_Candidate], wanted: Wanted, kind: str) -> tuple[Grid, Decision]:
    if wanted.headers:
        carrying = [c for c in filled if _carries(c.grid, wanted.headers)]
        if len(carrying) == 1:
            evidence = f"the only one of {len(filled)} sheets with the contract's headers"
            return carrying[0].grid, _decide(carrying[0].name, evidence, 0.98)
    tables = [c for c in filled if _has_rows(c.grid)]
    widest = max((c.grid.width for c in tables), default=0)
    tables = [c for c in tables if not _is_about(c.grid, widest)]
    if len(tables) == 1:
        evidence = f"none of the other {len(filled) - 1} sheets holds a table, but notes or a title"
        return tables[0].grid, _decide(tables[0].name, evidence, 0.9)
    rivals = tables or filled
    numbers = ", ".join(str(candidate.number) for candidate in rivals)
    raise ask(
        kind,
        f"{len(rivals)} sheets may be the table (number {numbers})",
        f"layout: {{sheet: {rivals[0].number}}}",
    )


def _carries(grid: Grid, headers: tuple[frozenset[str], ...]) -> bool:
    """Tell whether one of the first rows holds a header of every field."""
    rows = grid.cells.head(HEADER_ROWS).drop("_row").collect().rows()
    return any(
        all(not spellings.isdisjoint(cells) for spellings in headers)
        for cells in ({normalise_header(cell) for cell in row} for row in rows)
    )


def _has_rows(grid: Grid) -> bool:
    """Tell whether at least two rows hold more than one cell."""
    filled = pl.sum_horizontal(pl.col(cell_columns(grid.width)).str.strip_chars() != "")
    rows: int = grid.cells.select((filled > 1).sum()).collect().item()
    return rows >= 2


def _is_about(grid: Grid, widest: int) -> bool:
    is_named_so = _ABOUT.search(_normalise(grid.name or "")) is not None
    return is_named_so and grid.width <= NOTES_COLUMNS and grid.width < widest


def _normalise(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip()


def _decide(name: str, evidence: str, confidence: float) -> Decision:
    return Decision("sheet", name, evidence, confidence)
