"""Say how a file would be read, without any contract."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from etl.errors import SourceFormatError
from etl.extract.choosing import (
    choose_cut,
    refuse_open,
    require_header,
    require_one_table,
    require_width,
)
from etl.extract.decisions import Decision
from etl.extract.delimited import Text, read_text
from etl.extract.landing import Nowhere, OneFile, Outcome, land_table
from etl.extract.opening import Supplied, open_supplied
from etl.extract.reading import Reading, make_reading
from etl.extract.sheet_choice import Wanted
from etl.extract.structure import Structure, describe_table
from etl.extract.table import OpenTable, table_of_grid, table_of_text
from etl.settings import Limits

Status = Literal["read", "question", "refused"]


@dataclass(frozen=True, slots=True)
class Question:
    """What only a person can tell.

    Attributes:
        text: What is not clear.
        contract_lines: The lines of a contract that would answer it.
    """

    text: str
    contract_lines: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is said about a file.

    Attributes:
        file: Its name.
        sha256: Digest of its bytes.
        size_bytes: How many there are.
        status: `read`, `question` or `refused`.
        reason: Why it was not read; empty for one that was.
        kind: What the file is.
        reading: How it was read.
        question: What only a person can tell.
    """

    file: str
    sha256: str
    size_bytes: int
    status: Status
    reason: str
    kind: str
    reading: Reading | None = None
    question: Question | None = None

    def document(self) -> dict[str, Any]:
        """Return the document that machines read."""
        read = self.reading.document() if self.reading else {}
        return {
            "file": self.file,
            "sha256": self.sha256,
            "size_bytes": self.size_bytes,
            "status": self.status,
            "reason": self.reason,
            "kind": self.kind,
            "encoding": read.get("encoding"),
            "delimiter": read.get("delimiter"),
            "sheet": read.get("sheet"),
            "header_rows": read.get("header_rows", []),
            "columns": read.get("columns", []),
            "records": read.get("records"),
            "decisions": read.get("decisions", []),
            "question": asdict(self.question) if self.question else None,
            "findings": read.get("findings", []),
        }


def inspect_file(
    file: Path, landed: Path | None = None, limits: Limits | None = None
) -> Inspection:
    """Read a file as it is, and say how.

    Args:
        file: The file; not modified.
        landed: Parquet to write where the file can be read: `_sheet`, `_row`, `_role`, then
            its columns as text. Ragged records have nulls there, and their text in `_text`.
        limits: What the file may ask of the machine; the usual limits if None.
    """
    with file.open("rb") as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    facts = (file.name, sha256, file.stat().st_size)
    try:
        with tempfile.TemporaryDirectory(dir=landed and landed.parent) as folder:
            allowed = limits or Limits()
            supplied = open_supplied(file, Wanted(), allowed, Path(folder))
            reading = _read(supplied, landed, allowed)
    except SourceFormatError as error:
        return _unread(facts, error)
    return Inspection(*facts, "read", "", reading.kind, reading)


def _unread(facts: tuple[str, str, int], error: SourceFormatError) -> Inspection:
    kind = str(error.facts.get("kind", "csv"))
    lines = error.facts.get("contract_lines")
    if error.facts.get("status") != "question":
        return Inspection(*facts, "refused", error.message, kind)
    question = Question(error.message, str(lines))
    return Inspection(*facts, "question", error.message, kind, question=question)


def _read(supplied: Supplied, landed: Path | None, limits: Limits) -> Reading:
    if supplied.text is None:
        return _finish(supplied, None, None, table_of_grid(supplied.sheet), landed)

    def read(text: Text) -> Reading:
        cut, delimited = choose_cut(text, None)
        require_width(cut.width, limits)
        table = table_of_text(text, cut.dialect, cut.width, cut.lines, cut.header)
        return _finish(supplied, text, delimited, table, landed)

    return read_text(supplied.text, "auto", read)


def _finish(
    supplied: Supplied,
    text: Text | None,
    delimited: Decision | None,
    table: OpenTable,
    landed: Path | None,
) -> Reading:
    """Land the rows, and refuse a file that turns out to be cut off."""
    sheet = supplied.grid.name if supplied.grid else None
    structure, outcome = _land(table, landed, sheet, supplied.kind)
    if table.passage.is_open:
        raise refuse_open()
    return make_reading(supplied, text, delimited, structure, outcome, table.passage)


def _land(
    table: OpenTable, landed: Path | None, sheet: str | None, kind: str
) -> tuple[Structure, Outcome]:
    """Read a table; again, where a column taken for empty turns out to hold values."""
    filled = frozenset[int]()
    while True:
        structure = describe_table(
            table.lines,
            table.width,
            table.header,
            table.merges,
            is_complete=table.is_complete,
            filled=filled,
        )
        require_header(structure, kind)
        require_one_table(table.lines, table.header, table.width, kind)
        names = {f"c{c.position}": c.name for c in structure.columns if c.kept}
        target = OneFile(landed, sheet, names) if landed else Nowhere()
        try:
            outcome = land_table(table, structure, target)
        finally:
            target.close()
        if not outcome.surprises - filled:
            return structure, outcome
        filled |= outcome.surprises
