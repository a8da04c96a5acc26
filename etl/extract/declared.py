"""Read a file by its contract: the headers that the contract names are the strongest evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from etl.contract.model import Contract
from etl.extract.choosing import choose_cut
from etl.extract.delimited import Text
from etl.extract.dialect import DELIMITERS, LAST_RESORTS, read_lines
from etl.extract.grid import Grid, Merge
from etl.extract.headers import MOST_LEVELS, SEARCHED_ROWS, Header, Line
from etl.extract.layout import Match, match_columns, match_places, refuse_columns, require_match
from etl.extract.naming import name_columns
from etl.extract.records import Dialect, split_records
from etl.extract.structure import Structure, describe_table
from etl.extract.table import OpenTable, table_of_grid, table_of_text

SEARCHED_RECORDS = 30


@dataclass(frozen=True, slots=True)
class Declared:
    """A table with the columns of its contract.

    Attributes:
        table: The table.
        structure: How it is built; only columns of the contract are kept.
        delimiter: What keeps cells apart; None for a sheet.
    """

    table: OpenTable
    structure: Structure
    delimiter: str | None = None


@dataclass(frozen=True, slots=True)
class _Attempt:
    """Rows taken for the names of columns, and what the contract knows of them."""

    delimiter: str | None
    levels: tuple[Line, ...]
    width: int
    match: Match

    @property
    def rank(self) -> tuple[int, bool, int, int]:
        """How good it is: more fields, nothing besides, higher up, fewer rows."""
        return (
            self.match.found,
            self.match.is_perfect,
            -self.levels[0].row,
            -len(self.levels),
        )


def declare_text(text: Text, contract: Contract) -> Declared:
    """Find the delimiter and the rows of names that give the columns of a contract.

    Raises:
        SourceFormatError: There are none.
    """
    delimiter = _delimiter(contract)
    if contract.layout.header == "none":
        cut, _ = choose_cut(text, delimiter)
        header = _without_names(cut.header)
        table = table_of_text(text, cut.dialect, cut.width, cut.lines, header)
        return Declared(table, _by_places(table, contract), cut.dialect.delimiter)
    tried = (delimiter,) if delimiter else (*DELIMITERS, *LAST_RESORTS)
    best = _best(
        (
            attempt
            for one in tried
            for attempt in _attempts(_raw_lines(text, one), (), contract, one)
        ),
        contract,
    )
    dialect = Dialect(best.delimiter or ",")
    lines = _lines(text, dialect, best.width)
    table = table_of_text(text, dialect, best.width, lines, _header(lines, best))
    return Declared(table, _by_names(table, contract), dialect.delimiter)


def declare_grid(grid: Grid, contract: Contract) -> Declared:
    """Find the rows of names that give the columns of a contract in a sheet.

    Raises:
        SourceFormatError: There are none.
    """
    table = table_of_grid(grid)
    if contract.layout.header == "none":
        table = replace(table, header=_without_names(table.header))
        return Declared(table, _by_places(table, contract))
    best = _best(_attempts(table.lines, table.merges, contract, None), contract)
    table = replace(table, header=_header(table.lines, best))
    return Declared(table, _by_names(table, contract))


def _delimiter(contract: Contract) -> str | None:
    named = contract.layout.delimiter
    return None if named == "auto" else named


def _raw_lines(text: Text, delimiter: str) -> tuple[Line, ...]:
    return _lines(text, Dialect(delimiter), 0)


def _lines(text: Text, dialect: Dialect, width: int) -> tuple[Line, ...]:
    part = split_records(text.sample, dialect, is_last=text.is_sampled_whole)
    return read_lines(part, dialect, width, SEARCHED_ROWS)


def _attempts(
    lines: Sequence[Line], merges: Sequence[Merge], contract: Contract, delimiter: str | None
) -> Iterator[_Attempt]:
    named = contract.layout.header
    if isinstance(named, int | tuple):
        rows = {named} if isinstance(named, int) else set(named)
        levels = tuple(line for line in lines if line.row in rows)
        if levels:
            yield _attempt(levels, merges, contract, delimiter)
        return
    for index, line in enumerate(lines[:SEARCHED_RECORDS]):
        attempt = _attempt((line,), merges, contract, delimiter)
        yield attempt
        if attempt.match.found and not attempt.match.is_perfect:
            for last in range(index + 2, index + MOST_LEVELS + 1):
                yield _attempt(tuple(lines[index:last]), merges, contract, delimiter)


def _attempt(
    levels: tuple[Line, ...], merges: Sequence[Merge], contract: Contract, delimiter: str | None
) -> _Attempt:
    width = max(len(line.cells) for line in levels)
    columns = name_columns(levels, width, [True] * width, [False] * width, merges)
    return _Attempt(delimiter, levels, width, match_columns(columns, contract))


def _best(attempts: Iterator[_Attempt], contract: Contract) -> _Attempt:
    best = max(attempts, key=lambda attempt: attempt.rank, default=None)
    if best is None:
        raise refuse_columns(contract, "no header of the contract was found in the first records")
    require_match(best.match, contract)
    return best


def _header(lines: Sequence[Line], best: _Attempt) -> Header:
    last = best.levels[-1].row
    body = next((index for index, line in enumerate(lines) if line.row > last), len(lines))
    return Header(best.levels, body, 0.0, "it names all fields of the contract")


def _without_names(header: Header) -> Header:
    body = 0 if header.lines else header.body
    return Header((), body, 0.0, "the contract says that there is none")


def _by_names(table: OpenTable, contract: Contract) -> Structure:
    structure = _described(table)
    return replace(structure, columns=match_columns(structure.columns, contract).columns)


def _by_places(table: OpenTable, contract: Contract) -> Structure:
    structure = _described(table)
    match = match_places(structure.columns, contract)
    require_match(match, contract)
    return replace(structure, columns=match.columns)


def _described(table: OpenTable) -> Structure:
    return describe_table(
        table.lines, table.width, table.header, table.merges, is_complete=table.is_complete
    )
