"""What is said when a file cannot be read, or when only a person can tell how to."""

from __future__ import annotations

from etl.errors import SourceFormatError


def refuse(what: str, way_out: str, kind: str = "csv") -> SourceFormatError:
    """Return the error for a file that is not read.

    Args:
        what: What was found, and where; no value of a cell.
        way_out: What to do next.
        kind: What the file is.
    """
    return SourceFormatError(
        f"{what}. Nothing was read. {way_out}", status="refused", kind=kind
    )


def ask(what: str, contract_lines: str, kind: str = "csv") -> SourceFormatError:
    """Return the error for a file that a line of the contract would make readable.

    Args:
        what: What is not clear, and where; no value of a cell.
        contract_lines: The lines that would answer it.
        kind: What the file is.
    """
    return SourceFormatError(
        f"{what}. Nothing was read. Look at the file, and add what is right"
        f" to the contract: {' '.join(contract_lines.split())}.",
        status="question",
        kind=kind,
        contract_lines=contract_lines,
    )
