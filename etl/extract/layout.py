"""Find delimiter and header of delimited text by the contract's own headers."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from dataclasses import dataclass

from etl.contract.fields import headers_of
from etl.contract.model import Contract
from etl.errors import SourceFormatError

DELIMITERS = (",", "\t", ";", "|")
SEARCHED_RECORDS = 30


@dataclass(frozen=True, slots=True)
class TextLayout:
    """How delimited text is laid out.

    Attributes:
        delimiter: One character.
        header_record: Which record holds the headers, counted from 1.
        columns: For each column of the file the field's name, or None for an ignored column.
        unnamed: Positions, counted from 0, of columns without a header, as a comma at the end
            of each line makes them; a record that fills one has too many cells.
    """

    delimiter: str
    header_record: int
    columns: tuple[str | None, ...]
    unnamed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Match:
    delimiter: str
    record: int
    columns: tuple[str | None, ...]
    undeclared: tuple[int, ...]
    unnamed: tuple[int, ...]

    @property
    def fields(self) -> list[str]:
        return [column for column in self.columns if column is not None]


def find_layout(beginning: str, contract: Contract) -> TextLayout:
    """Find the record that carries every header of the contract.

    Args:
        beginning: The first part of the file's text.
        contract: Names the headers, their aliases and the columns that may be ignored.

    Raises:
        SourceFormatError: Headers are missing, repeated or undeclared. What the file wrote in
            their place is not quoted: where a header is missing, it is often data.
    """
    matches = [
        _match(record, number, delimiter, contract)
        for delimiter in DELIMITERS
        for number, record in _first_records(beginning, delimiter)
        if contract.layout.header in ("auto", number)
    ]
    best = max(matches, key=lambda match: (len(set(match.fields)), -match.record), default=None)
    if best is None or not best.fields:
        raise _refuse(contract, "no header of the contract was found in the first records", "")
    _require_all(best, contract)
    return TextLayout(best.delimiter, best.record, best.columns, best.unnamed)


def normalise_header(text: str) -> str:
    r"""Return a header without differences that nobody sees.

    Examples:
        >>> normalise_header(" 주차장\n관리번호 ")
        '주차장 관리번호'
    """
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()


def _first_records(beginning: str, delimiter: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(beginning, newline=""), delimiter=delimiter)
    records: list[tuple[int, list[str]]] = []
    try:
        for number, record in enumerate(reader, start=1):
            records.append((number, record))
            if number == SEARCHED_RECORDS:
                break
    except csv.Error:  # a cell larger than the csv module allows: not a header
        pass
    return records


def _match(record: list[str], number: int, delimiter: str, contract: Contract) -> _Match:
    names = {
        normalise_header(header): field.name
        for field in contract.fields
        for header in headers_of(field)
    }
    ignored = {normalise_header(header) for header in contract.ignored_fields}
    headers = [normalise_header(cell) for cell in record]
    return _Match(
        delimiter,
        number,
        tuple(names.get(header) for header in headers),
        tuple(
            position
            for position, header in enumerate(headers, start=1)
            if header and header not in names and header not in ignored
        ),
        tuple(position for position, header in enumerate(headers) if not header),
    )


def _require_all(match: _Match, contract: Contract) -> None:
    missing = [field.title.ko for field in contract.fields if field.name not in match.fields]
    if missing:
        raise _refuse(contract, f"{len(missing)} columns are missing", ", ".join(missing))
    repeated = sorted({name for name in match.fields if match.fields.count(name) > 1})
    if repeated:
        raise _refuse(contract, f"{len(repeated)} columns are repeated", ", ".join(repeated))
    if match.undeclared:
        places = ", ".join(map(str, match.undeclared))
        raise _refuse(
            contract, f"{len(match.undeclared)} columns are not declared", f"number {places}"
        )


def _refuse(contract: Contract, what: str, which: str) -> SourceFormatError:
    named = f" ({which})" if which else ""
    return SourceFormatError(
        f"{contract.name}: {what}{named}. Nothing was published; the live release stays."
        " Supply the columns of the contract, or ask the data steward to change it.",
        dataset=contract.name,
    )
