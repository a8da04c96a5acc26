"""Read a supplied file by its contract into rows of text with their addresses."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from etl.contract.fields import headers_of
from etl.contract.model import Contract
from etl.errors import SourceFormatError
from etl.extract.choosing import (
    describe_decisions,
    describe_end,
    describe_losses,
    refuse_open,
    show_delimiter,
)
from etl.extract.decisions import Decision, Finding
from etl.extract.declared import Declared, declare_grid, declare_text
from etl.extract.delimited import Passage, Text, read_text
from etl.extract.landing import ByRole, Outcome, land_table
from etl.extract.layout import normalise_header
from etl.extract.naming import Column
from etl.extract.opening import Supplied, open_supplied
from etl.extract.refusing import refuse
from etl.extract.roles import Counts
from etl.extract.sheet_choice import Wanted
from etl.extract.structure import Structure
from etl.settings import Limits


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file was read.

    Attributes:
        kind: What the file is.
        encoding: Its encoding; None for a workbook.
        delimiter: What keeps its cells apart; None for a workbook.
        sheet: The name of its sheet; None for text.
        header_rows: Numbers of the rows that name the columns.
        columns: Its columns, those that were dropped included.
        records: Its records by role.
        decisions: What was decided, and why.
        findings: What it holds beside its cells.
    """

    kind: str
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    header_rows: tuple[int, ...]
    columns: tuple[Column, ...]
    records: Counts
    decisions: tuple[Decision, ...]
    findings: tuple[Finding, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return the part of a document that is about a file that was read."""
        return {
            "kind": self.kind,
            "encoding": self.encoding,
            "delimiter": self.delimiter and show_delimiter(self.delimiter),
            "sheet": self.sheet,
            "header_rows": list(self.header_rows),
            "columns": [asdict(column) for column in self.columns],
            "records": {"total": self.records.total, **asdict(self.records)},
            "decisions": [asdict(decision) for decision in self.decisions],
            "findings": [asdict(finding) for finding in self.findings],
        }


@dataclass(frozen=True, slots=True)
class Files:
    """The files that rows are written to.

    Attributes:
        rows: `_row` (record number as a spreadsheet shows it), then one text column for each
            field of the contract: cells as they stand, empty ones as `""`.
        totals: The same, of the rows of totals.
        ragged: `_row`, `cells`, `expected`, `text` of the ragged records.
    """

    rows: Path
    totals: Path
    ragged: Path

    @classmethod
    def within(cls, folder: Path) -> Self:
        """Return the files of these names in a folder."""
        return cls(*(folder / f"{name}.parquet" for name in ("rows", "totals", "ragged")))


def read_supplied(
    source: Path, contract: Contract, to: Files, limits: Limits | None = None
) -> Reading:
    """Read a file of any kind, text of any size in bounded memory.

    Args:
        source: The supplied bytes; not modified.
        contract: Names the columns, and overrides what would be guessed about the file.
        to: The files to write.
        limits: What the file may ask of the machine; the usual limits if None.

    Returns:
        Counts, columns and decisions.

    Raises:
        SourceFormatError: The file is empty, in no known encoding, of no kind that is read,
            without the contract's columns, or without data.
    """
    try:
        with tempfile.TemporaryDirectory(dir=to.rows.parent) as name:
            folder = Path(name)
            supplied = open_supplied(source, wanted_by(contract), limits or Limits(), folder)
            return _read(supplied, contract, to)
    except SourceFormatError as error:
        if "dataset" in error.facts:
            raise
        raise _told_of(contract, error) from None


def wanted_by(contract: Contract) -> Wanted:
    """Return what a contract says about where its table is."""
    layout = contract.layout
    return Wanted(
        sheet=None if layout.sheet == "auto" else layout.sheet,
        member=None if layout.member == "auto" else layout.member,
        headers=tuple(
            frozenset(map(normalise_header, headers_of(field))) for field in contract.fields
        ),
    )


def make_reading(
    supplied: Supplied,
    text: Text | None,
    delimited: Decision | None,
    structure: Structure,
    outcome: Outcome,
    passage: Passage,
) -> Reading:
    """Put together how a file was read."""
    encoding = text.encoding if text else supplied.encoding
    strictly = "every byte of the file decodes strictly"
    decisions = [
        *supplied.decisions,
        *([Decision("encoding", text.encoding, strictly, 1.0)] if text else []),
        *([delimited] if delimited else []),
        *describe_decisions(structure, outcome),
        *describe_losses(passage.lost),
        *describe_end(passage, outcome),
    ]
    return Reading(
        kind=supplied.kind,
        encoding=encoding,
        delimiter=delimited.value if delimited else None,
        sheet=supplied.grid.name if supplied.grid else None,
        header_rows=structure.header_rows,
        columns=structure.columns,
        records=outcome.counts,
        decisions=tuple(decisions),
        findings=supplied.findings,
    )


def _read(supplied: Supplied, contract: Contract, to: Files) -> Reading:
    if supplied.text is None:
        return _finish(supplied, None, declare_grid(supplied.sheet, contract), contract, to)
    return read_text(
        supplied.text,
        contract.layout.encoding,
        lambda text: _finish(supplied, text, declare_text(text, contract), contract, to),
    )


def _finish(
    supplied: Supplied, text: Text | None, declared: Declared, contract: Contract, to: Files
) -> Reading:
    """Land the rows, and refuse a file that turns out to be cut off or without data."""
    outcome = _land(declared, contract, to)
    if declared.table.passage.is_open:
        raise refuse_open()
    if outcome.counts.data == 0:
        raise refuse(supplied.kind, "The file holds no row of data", "Export it again")
    evidence = "it divides the header into the fields"
    delimited = (
        Decision("delimiter", declared.delimiter, evidence, 1.0) if declared.delimiter else None
    )
    passage = declared.table.passage
    return make_reading(supplied, text, delimited, declared.structure, outcome, passage)


def _land(declared: Declared, contract: Contract, to: Files) -> Outcome:
    places = {column.field: column.position for column in declared.structure.columns}
    names = {f"c{places[field.name]}": field.name for field in contract.fields}
    target = ByRole(to.rows, to.totals, to.ragged, names)
    try:
        return land_table(declared.table, declared.structure, target, is_declared=True)
    finally:
        target.close()


def _told_of(contract: Contract, error: SourceFormatError) -> SourceFormatError:
    """Return the error as one about a dataset that has a live release."""
    kept = "Nothing was published; the live release stays."
    what = error.message.replace("Nothing was read.", kept, 1)
    message = f"{contract.name}: {what[:1].lower()}{what[1:]}"
    return SourceFormatError(message, dataset=contract.name, **error.facts)
