"""Open a supplied file: find out what it is, unpack it, and bring its table to light."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from etl.extract.books import Book
from etl.extract.decisions import Decision, Finding
from etl.extract.grid import Grid
from etl.extract.html import open_html
from etl.extract.kinds import READABLE, name_kind, sniff
from etl.extract.ods import open_ods
from etl.extract.refusing import refuse
from etl.extract.sheet_choice import Wanted, choose_sheet
from etl.extract.unpacking import unpack_gzip, unpack_zip
from etl.extract.xls import open_xls
from etl.extract.xlsx import open_xlsx
from etl.settings import Limits

_OPENERS: dict[str, Callable[[Path, Limits], Book]] = {
    "xlsx": open_xlsx,
    "xls": open_xls,
    "ods": open_ods,
    "html": open_html,
}


@dataclass(frozen=True, slots=True)
class Supplied:
    """A supplied file, opened.

    Attributes:
        kind: What it is: csv, xlsx, xls, ods, html, or zip.
        content: What holds the table: the same, or what is in the ZIP archive.
        text: Delimited text to be read; None unless `content` is csv.
        grid: The sheet that is the table; None if `content` is csv.
        encoding: Encoding of a page; None for everything else.
        decisions: What was decided on the way.
        findings: What a workbook holds beside its cells.
    """

    kind: str
    content: str
    text: Path | None = None
    grid: Grid | None = None
    encoding: str | None = None
    decisions: tuple[Decision, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def sheet(self) -> Grid:
        """The sheet, where there is no text."""
        if self.grid is None:
            raise refuse(self.kind, "The file holds no table")
        return self.grid


def open_supplied(source: Path, wanted: Wanted, limits: Limits, folder: Path) -> Supplied:
    """Open a supplied file by its content; its name is never asked.

    Args:
        source: The supplied bytes; not modified.
        wanted: What the contract says about where the table is.
        limits: What the file may ask of the machine.
        folder: Where to unpack; the caller removes it, after the text has been read.

    Returns:
        Delimited text that is still to be decoded, or a sheet as text.

    Raises:
        SourceFormatError: The file is of a kind that is not read, damaged, encrypted or beyond
            a limit; or it can be read in more than one way. Its facts are `kind`, `status`
            (`refused` or `question`) and, for a question, `contract_lines`.
    """
    path, kind = source, sniff(source)
    container, decisions = kind, []
    if kind in {"gzip", "zip"}:
        unpacked = (
            unpack_gzip(source, limits, folder)
            if kind == "gzip"
            else unpack_zip(source, wanted.member, limits, folder)
        )
        path, kind = unpacked.path, unpacked.kind
        decisions.append(unpacked.decision)
    shown = "zip" if container == "zip" else kind
    if kind not in READABLE:
        raise refuse(kind, _what_is(container, kind))
    decisions.append(Decision("kind", kind, "the content, whatever the file is called", 1.0))
    if kind == "csv":
        return Supplied(shown, kind, text=path, decisions=tuple(decisions))
    book = _OPENERS[kind](path, limits)
    grid, choice = choose_sheet(book, wanted, kind)
    decisions += [*book.decisions, choice]
    return Supplied(
        kind=shown,
        content=kind,
        grid=grid,
        encoding=book.encoding,
        decisions=tuple(decisions),
        findings=(*book.findings, *grid.findings),
    )


def _what_is(container: str, kind: str) -> str:
    if container == kind:
        return f"The file is {name_kind(kind)}"
    return f"The {container} file holds a file that is {name_kind(kind)}"
