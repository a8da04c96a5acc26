"""Refuse a file, or ask about it: what it is, what was left untouched, what to do next."""

from __future__ import annotations

from etl.errors import SourceFormatError

_EXPORT = "Export the table as CSV or XLSX from the system it comes from"
_WAYS_OUT = {
    "empty": "Export the file again; if it has no rows, its header row is still needed",
    "hwp": "Copy the table from Hangul into Hancell or Excel and save it as CSV or XLSX",
    "hwpx": "Copy the table from Hangul into Hancell or Excel and save it as CSV or XLSX",
    "docx": "Copy the table into a spreadsheet and save it as CSV or XLSX",
    "doc": "Copy the table into a spreadsheet and save it as CSV or XLSX",
    "pptx": "Copy the table into a spreadsheet and save it as CSV or XLSX",
    "ppt": "Copy the table into a spreadsheet and save it as CSV or XLSX",
    "rtf": "Copy the table into a spreadsheet and save it as CSV or XLSX",
    "encrypted": "Open it, take off its password or document protection, save it as CSV or XLSX",
    "archive": "Put one CSV or XLSX file into one ZIP, or supply it without packing it",
    "zip": "Put one CSV or XLSX file into one ZIP, or supply it without packing it",
    "gzip": "Pack the file again, or supply it without packing it",
    "mhtml": "Open it in a spreadsheet program and save it as XLSX",
    "html": "Open it in a spreadsheet program and save it as XLSX",
    "xlsb": "Open it in Excel and save it as XLSX",
    "xlsx": "Open it in a spreadsheet program and save it again as XLSX",
    "xls": "Open it in a spreadsheet program and save it as XLSX",
    "ods": "Open it in a spreadsheet program and save it again",
    "executable": "Supply the data, not a program",
}


def refuse(kind: str, what: str, way_out: str | None = None) -> SourceFormatError:
    """Return the error for a file that is not read.

    Args:
        kind: The kind of the file by name.
        what: What was found, as a sentence without a full stop; no value, no name of the file.
        way_out: What to do next, where it is not the usual thing for this kind.

    Examples:
        >>> error = refuse("pdf", "The file is a PDF document")
        >>> error.facts["kind"], error.facts["status"]
        ('pdf', 'refused')
    """
    way_out = way_out or _WAYS_OUT.get(kind, _EXPORT)
    return SourceFormatError(
        f"{what}. Nothing was read. {way_out}, then supply it again.", kind=kind, status="refused"
    )


def ask(kind: str, what: str, contract_lines: str) -> SourceFormatError:
    """Return the error for a file that can be read in more than one way.

    Args:
        kind: The kind of the file by name.
        what: What is open, as a sentence without a full stop.
        contract_lines: The lines of the contract that would answer it.

    Examples:
        >>> ask("xlsx", "2 sheets hold a table", "layout: {sheet: 1}").facts["status"]
        'question'
    """
    return SourceFormatError(
        f"{what}. Nothing was read. Say which in the contract: {contract_lines}.",
        kind=kind,
        status="question",
        contract_lines=contract_lines,
    )


def exceed(kind: str, limit: str, found: str, allowed: int) -> SourceFormatError:
    """Return the error for a file that would ask too much of the machine.

    Args:
        kind: The kind of the file by name.
        limit: The limit's name in the settings, without its prefix.
        found: What was found, in words.
        allowed: The limit.
    """
    return refuse(
        kind,
        f"The file {found}; the limit is {allowed:,} (MADANG_MAX_{limit.upper()})",
        "Split it, or save it as CSV, or ask the operator to raise the limit",
    )
