"""Find the columns of a contract in a file by the headers that the contract gives them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from etl.contract.fields import headers_of
from etl.contract.model import Contract
from etl.errors import SourceFormatError
from etl.extract.naming import Column


@dataclass(frozen=True, slots=True)
class Match:
    """Which columns of a file are which fields of a contract.

    Attributes:
        columns: The columns; those of the contract know their field, and only those are kept.
        missing: Titles of fields that no column is.
        repeated: Names of fields that several columns are.
        undeclared: Positions, counted from 1, of columns that the contract does not know.
    """

    columns: tuple[Column, ...]
    missing: tuple[str, ...]
    repeated: tuple[str, ...]
    undeclared: tuple[int, ...]

    @property
    def found(self) -> int:
        """How many fields were found."""
        return len({column.field for column in self.columns if column.field})

    @property
    def is_perfect(self) -> bool:
        """Whether the columns are those of the contract, no more and no less."""
        return not (self.missing or self.repeated or self.undeclared)


def match_columns(columns: Sequence[Column], contract: Contract) -> Match:
    """Match columns by their headers; a column without one belongs to no field.

    Args:
        columns: The columns of a file.
        contract: Names the headers, their aliases and the columns that may be ignored.
    """
    names = {
        normalise_header(header): field.name
        for field in contract.fields
        for header in headers_of(field)
    }
    ignored = {normalise_header(header) for header in contract.ignored_fields}
    matched, undeclared = [], []
    for column in columns:
        spelt = [normalise_header(text) for text in (column.header, column.name)]
        field = next((names[text] for text in spelt if text in names), None)
        if field is None and spelt[0] and not ignored.intersection(spelt):
            undeclared.append(column.position)
        matched.append(replace(column, kept=field is not None, field=field))
    return _judged(tuple(matched), tuple(undeclared), contract)


def match_places(columns: Sequence[Column], contract: Contract) -> Match:
    """Match columns by their places, for a file that the contract says has no header."""
    fields = [field.name for field in contract.fields]
    matched = tuple(
        replace(
            column, kept=index < len(fields), field=fields[index] if index < len(fields) else None
        )
        for index, column in enumerate(columns)
    )
    undeclared = tuple(column.position for column in matched if column.field is None)
    return _judged(matched, undeclared, contract)


def require_match(match: Match, contract: Contract) -> None:
    """Refuse a file whose columns are not those of the contract.

    Raises:
        SourceFormatError: Headers are missing, repeated or undeclared. What the file wrote in
            their place is not quoted: where a header is missing, it is often data.
    """
    if not match.found:
        raise refuse_columns(contract, "no header of the contract was found in the first records")
    if match.missing:
        what = f"{len(match.missing)} columns are missing ({', '.join(match.missing)})"
        raise refuse_columns(contract, what)
    if match.repeated:
        what = f"{len(match.repeated)} columns are repeated ({', '.join(match.repeated)})"
        raise refuse_columns(contract, what)
    if match.undeclared:
        places = ", ".join(map(str, match.undeclared))
        what = f"{len(match.undeclared)} columns are not declared (number {places})"
        raise refuse_columns(contract, what)


def refuse_columns(contract: Contract, what: str) -> SourceFormatError:
    """Return the error for a file whose columns are not those of the contract."""
    return SourceFormatError(
        f"{contract.name}: {what}. Nothing was published; the live release stays."
        " Supply the columns of the contract, or ask the data steward to change it.",
        dataset=contract.name,
    )


def normalise_header(text: str) -> str:
    r"""Return a header without differences that nobody sees.

    Examples:
        >>> normalise_header(" 주차장\n관리번호 ")
        '주차장 관리번호'
    """
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()


def _judged(columns: tuple[Column, ...], undeclared: tuple[int, ...], contract: Contract) -> Match:
    fields = [column.field for column in columns if column.field]
    missing = tuple(field.title.ko for field in contract.fields if field.name not in fields)
    repeated = tuple(sorted({name for name in fields if fields.count(name) > 1}))
    return Match(columns, missing, repeated, undeclared)
