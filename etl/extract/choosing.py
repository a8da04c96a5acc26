"""Choose how to read a file, or ask; every choice is put on record with what it rests on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from etl.extract.decisions import Decision
from etl.extract.delimited import Passage, Text
from etl.extract.dialect import DELIMITERS, Cut, cut_text, find_cuts
from etl.extract.headers import Header, Line, find_second_table
from etl.extract.landing import Outcome
from etl.extract.records import Dialect, split_records
from etl.extract.refusing import ask, exceed, refuse
from etl.extract.structure import Structure
from etl.settings import Limits

SHOWN_ROWS = 10
MOST_DIVIDED = 0.1


def choose_cut(text: Text, delimiter: str | None) -> tuple[Cut, Decision]:
    """Choose delimiter and quoting of a text whose columns nobody declared.

    Raises:
        SourceFormatError: Two ways are about as good, or none is good enough.
    """
    if not text.sample.strip():
        raise refuse("empty", "The file is empty")
    cuts = find_cuts(text.sample, is_whole=text.is_sampled_whole, delimiter=delimiter)
    if not cuts:
        return _choose_one_column(text, delimiter)
    best = cuts[0]
    rival = cuts[1] if len(cuts) > 1 else None
    if rival and rival.score >= 0.7 * best.score:
        raise ask(
            "csv",
            f"The delimiter is not clear: {_shown(best)} makes {best.width} columns and"
            f" {_shown(rival)} makes {rival.width}, both about as well",
            f'layout:\n  delimiter: "{_shown(best)}"',
        )
    if not _is_convincing(best):
        raise ask(
            "csv",
            f"The delimiter is not clear: with {_shown(best)} only {best.fit:.0%} of the records"
            f" have {best.width} cells",
            f'layout:\n  delimiter: "{_shown(best)}"',
        )
    if best.is_open and text.is_sampled_whole:
        raise refuse_open()
    evidence = f"{best.fit:.0%} of {best.records} records have {best.width} cells with it"
    confidence = min(1.0, 1 - 0.5 * (rival.score / best.score if rival else 0.0))
    return best, Decision("delimiter", _shown(best), evidence, round(confidence, 2))


def refuse_open() -> Exception:
    """Return the error for a text that ends inside a quoted cell."""
    return refuse(
        "csv", "A quoted cell is never closed, so the file may be cut off", "Export it again"
    )


def require_width(width: int, limits: Limits) -> None:
    """Refuse a text with more columns than a sheet may have.

    Raises:
        SourceFormatError: There are too many.
    """
    if width > limits.columns:
        raise exceed("csv", "columns", f"has {width:,} columns", limits.columns)


def require_header(structure: Structure, kind: str) -> None:
    """Ask where no row names the columns.

    Raises:
        SourceFormatError: There is no header.
    """
    if not structure.header_rows:
        raise ask(
            kind,
            f"There seems to be no header: {structure.evidence}, and {structure.width} columns"
            " have no name",
            "layout:\n  header: none",
        )


def require_one_table(lines: Sequence[Line], header: Header, width: int, kind: str) -> None:
    """Ask where a second table seems to begin below the first.

    Raises:
        SourceFormatError: A row behind a blank one names columns anew.
    """
    row = find_second_table(lines, header, width)
    if row is not None:
        raise ask(
            kind,
            f"There seem to be two tables: row {row}, behind a blank one, names columns anew."
            " If it is data, say where the header is",
            f"layout:\n  header: {header.lines[0].row}",
        )


def describe_decisions(structure: Structure, outcome: Outcome) -> list[Decision]:
    """Return what was decided about a table's build and its rows."""
    decisions = [
        Decision(
            "header",
            ", ".join(map(str, structure.header_rows)),
            structure.evidence,
            round(1 - structure.doubt, 2),
        )
    ]
    ignored = [c.position for c in structure.columns if not c.kept and c.header.strip()]
    if ignored:
        evidence = "the contract ignores them"
        decisions.append(Decision("ignored columns", _places(ignored), evidence, 1.0))
    dropped = [c.position for c in structure.columns if not c.kept and not c.header.strip()]
    if dropped:
        decisions.append(
            Decision("dropped columns", _places(dropped), "no name and no value in any row", 1.0)
        )
    unnamed = [c.position for c in structure.columns if c.kept and not c.header.strip()]
    if unnamed:
        decisions.append(Decision("unnamed columns", _places(unnamed), "they hold values", 1.0))
    if structure.unit:
        decisions.append(
            Decision("unit", structure.unit, "stated above the table, for its measures", 0.9)
        )
    if outcome.counts.totals:
        decisions.append(
            Decision(
                "totals",
                str(outcome.counts.totals),
                "a marker of totals stands in the deepest filled column of text",
                0.9,
            )
        )
    return decisions


def describe_end(passage: Passage, outcome: Outcome) -> list[Decision]:
    """Return the warning about a file that seems to end within a record."""
    if not passage.ends_bare or outcome.last_misfit != passage.last_row:
        return []
    evidence = "the last record does not fit, and no line end closes it: the file may be cut off"
    return [Decision("end", str(passage.last_row), evidence, 0.7)]


def describe_losses(rows: Sequence[int]) -> list[Decision]:
    """Return the warning about letters that were lost earlier."""
    if not rows:
        return []
    evidence = "U+FFFD, or question marks between letters, stand in these records"
    return [Decision("lost letters", _places(rows), evidence, 0.8)]


def _choose_one_column(text: Text, delimiter: str | None) -> tuple[Cut, Decision]:
    if delimiter:
        raise refuse("csv", "The declared delimiter divides no record", "Correct layout.delimiter")
    tries = [
        split_records(text.sample, Dialect(usual), is_last=text.is_sampled_whole)
        for usual in DELIMITERS[:4]
    ]
    if any(np.mean(part.cells > 1) > MOST_DIVIDED for part in tries if len(part)):
        raise ask(
            "csv",
            "The delimiter is not clear: none divides the records into equally many cells",
            'layout:\n  delimiter: ","',
        )
    cut = cut_text(text.sample, Dialect(","), is_whole=text.is_sampled_whole)
    if _is_quoted_whole(cut):
        raise refuse(
            "csv",
            "Every record is quoted as a whole, its delimiters with it, so that it is one cell",
            "Export it without marks around whole records",
        )
    return cut, Decision("delimiter", ",", "no delimiter occurs: one column", 0.9)


def _is_quoted_whole(cut: Cut) -> bool:
    """Tell whether the one cell of every record would divide into equally many again."""
    texts = [line.cells[0] for line in cut.lines if line.filled]
    counts = [{text.count(usual) for text in texts} for usual in DELIMITERS[:4]]
    return len(texts) > 1 and any(len(found) == 1 and 0 not in found for found in counts)


def _is_convincing(cut: Cut) -> bool:
    begins_at_once = any(line.is_whole for line in cut.lines[:1])
    return cut.fit >= 0.5 or (cut.fit >= 0.15 and cut.width > 2 and begins_at_once)


def _shown(cut: Cut) -> str:
    return show_delimiter(cut.dialect.delimiter)


def show_delimiter(delimiter: str) -> str:
    r"""Return how a delimiter is written, a tab as `\t`."""
    return "\\t" if delimiter == "\t" else delimiter


def _places(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:SHOWN_ROWS]))
    return shown if len(numbers) <= SHOWN_ROWS else f"{shown} and {len(numbers) - SHOWN_ROWS} more"
