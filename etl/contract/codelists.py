"""Code lists that say which values a field may hold: `schemas/codelists/<name>.csv`.

One line per code and period, with a header. `code` and `label` are needed; `label_en`,
`valid_from`, `valid_to` (ISO dates, both included, empty for open), `parent` and `synonyms`
(separated by `|`) may follow, and any other column is kept as it stands. Where a list comes
from stands beside it in `<name>.yaml`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from etl.contract.origins import Origin, read_origin
from etl.errors import ContractError

FOLDER = "codelists"
COLUMNS = ("code", "label", "label_en", "valid_from", "valid_to", "parent", "synonyms")
By = Literal["code", "label"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One code in one period.

    Attributes:
        code: What a machine reads.
        label: What people read.
        label_en: The same in English; empty when the list has none.
        valid_from: First day on which it was valid; None when it always was.
        valid_to: Last day; None while it is valid.
        parent: Code of the same list that holds this one; empty at the top.
        synonyms: Other spellings of the label.
        others: Cells of further columns, by header.
    """

    code: str
    label: str
    label_en: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    parent: str = ""
    synonyms: tuple[str, ...] = ()
    others: Mapping[str, str]

    def value(self, by: By) -> str:
        """Return the code or its label."""
        return self.code if by == "code" else self.label

    def is_valid_on(self, day: date) -> bool:
        """Tell whether the code was valid on a day."""
        since, until = self.valid_from or date.min, self.valid_to or date.max
        return since <= day <= until


@dataclass(frozen=True, slots=True)
class CodeSet:
    """A code list as it was read.

    Attributes:
        name: Its file's stem.
        codes: In the order of the file.
        sha256: Hash of the file.
        origin: Where it comes from.
    """

    name: str
    codes: tuple[Code, ...]
    sha256: str
    origin: Origin

    @property
    def is_dated(self) -> bool:
        """Tell whether a code's validity depends on the day."""
        return any(code.valid_from or code.valid_to for code in self.codes)

    def spellings(self, by: By) -> dict[str, str]:
        """Return every spelling that means one value only, and what it is to become.

        Codes and labels count before synonyms. What means several values of the same rank is
        left out, since choosing would be guessing.
        """
        names = [(name, code) for code in self.codes for name in (code.code, code.label)]
        taken = {name for name, _ in names}
        others = [(name, code) for code in self.codes for name in code.synonyms]
        free = [(name, code) for name, code in others if name not in taken]
        return _unambiguous(names, by) | _unambiguous(free, by)


def _unambiguous(spellings: Iterable[tuple[str, Code]], by: By) -> dict[str, str]:
    meant: dict[str, set[str]] = {}
    for spelling, code in spellings:
        meant.setdefault(spelling, set()).add(code.value(by))
    return {spelling: min(values) for spelling, values in meant.items() if len(values) == 1}


def read_code_sets(schemas: Path, names: Iterable[str]) -> dict[str, CodeSet]:
    """Read code lists by name.

    Raises:
        ContractError: One is missing, is not UTF-8, or breaks the form.
    """
    return {name: read_code_set(schemas, name) for name in names}


def read_code_set(schemas: Path, name: str) -> CodeSet:
    """Read one code list; see `read_code_sets`."""
    file = schemas / FOLDER / f"{name}.csv"
    try:
        content = file.read_bytes()
    except OSError:
        raise _refused(name, "it cannot be read") from None
    return parse_code_set(content, name, read_origin(file.with_suffix(".yaml")))


def parse_code_set(content: bytes, name: str, origin: Origin) -> CodeSet:
    """Build a code list from the text of its file.

    Raises:
        ContractError: The text breaks the form; the message names the line.
    """
    try:
        text = unicodedata.normalize("NFC", content.decode("utf-8-sig"))
        header, *lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    except (UnicodeDecodeError, ValueError, csv.Error):
        raise _refused(name, "it is empty, no CSV or not UTF-8") from None
    if not {"code", "label"} <= set(header) or len(set(header)) < len(header):
        raise _refused(name, "its header lacks code or label, or names a column twice")
    codes = tuple(_read_codes(name, header, lines))
    _check_codes(name, codes)
    return CodeSet(name, codes, hashlib.sha256(content).hexdigest(), origin)


def write_code_set(codes: Iterable[Code]) -> bytes:
    """Return the text of a code list's file; columns that no code uses are left out."""
    rows = [_cells(code) for code in codes]
    headers = dict.fromkeys(header for row in rows for header, cell in row.items() if cell)
    used = [*(c for c in COLUMNS if c in headers), *(h for h in headers if h not in COLUMNS)]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, used, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _cells(code: Code) -> dict[str, str]:
    return {
        "code": code.code,
        "label": code.label,
        "label_en": code.label_en,
        "valid_from": str(code.valid_from or ""),
        "valid_to": str(code.valid_to or ""),
        "parent": code.parent,
        "synonyms": "|".join(code.synonyms),
        **code.others,
    }


def _read_codes(name: str, header: list[str], lines: list[list[str]]) -> Iterator[Code]:
    for number, line in enumerate(lines, start=2):
        if len(line) != len(header):
            raise _refused(name, f"line {number} has other cells than the header")
        row = {column: cell.strip() for column, cell in zip(header, line, strict=True)}
        if not (row["code"] and row["label"]):
            raise _refused(name, f"line {number} has no code or no label")
        try:
            yield _code(row)
        except ValueError:
            raise _refused(name, f"line {number} holds a date that is not YYYY-MM-DD") from None


def _code(row: Mapping[str, str]) -> Code:
    return Code(
        code=row["code"],
        label=row["label"],
        label_en=row.get("label_en", ""),
        valid_from=_day(row.get("valid_from", "")),
        valid_to=_day(row.get("valid_to", "")),
        parent=row.get("parent", ""),
        synonyms=tuple(filter(None, map(str.strip, row.get("synonyms", "").split("|")))),
        others={column: cell for column, cell in row.items() if column not in COLUMNS},
    )


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _check_codes(name: str, codes: tuple[Code, ...]) -> None:
    if not codes:
        raise _refused(name, "it holds no code")
    known = {code.code for code in codes}
    until: dict[str, date] = {}
    for code in sorted(codes, key=lambda each: (each.code, each.valid_from or date.min)):
        since, last = code.valid_from or date.min, code.valid_to or date.max
        if since > last:
            raise _refused(name, f"{code.code} ends before it begins")
        if code.code in until and since <= until[code.code]:
            raise _refused(name, f"{code.code} stands in it twice for the same day")
        if code.parent and code.parent not in known:
            raise _refused(name, f"the parent of {code.code} is not in it")
        until[code.code] = last


def _refused(name: str, why: str) -> ContractError:
    return ContractError(
        f"codelists/{name}.csv cannot be used: {why}. Nothing was validated; live releases stay."
        " Correct the code list."
    )
