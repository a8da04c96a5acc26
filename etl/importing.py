"""Make a code list of `schemas/codelists` from a file that an authority issues."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl

from etl.contract.codelists import FOLDER, Code, CodeSet, parse_code_set, write_code_set
from etl.contract.origins import Origin, write_origin
from etl.errors import ContractError, SourceFormatError
from etl.extract.inspecting import inspect_file

NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_MOST_TOLD = 10
_NOTHING = ("", "#N/A", "-", "null")
_CODES = re.compile(r"(?i)^code$|코드$")
_LABELS = re.compile(r"(?i)^(?:label|name)$|(?:명|명칭|이름)$")
_DAY = re.compile(r"(\d{4})[-./]?(\d{2})[-./]?(\d{2})(?:[T ].*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which columns of the file say what; empty ones are looked for by their names.

    Attributes:
        code: Holds the codes.
        label: Hold the names; several are joined by a space.
        valid_from: First day on which a code is valid.
        valid_to: Last day.
        abolished: First day on which it is valid no longer, instead.
        parent: Holds the code that contains this one.
        synonyms: Holds other spellings.
        levels: Digits that a code has at each level, `2,5,10`: its parent is the next shorter
            beginning, filled up with zeros, that is a code itself.
    """

    code: str = ""
    label: tuple[str, ...] = ()
    valid_from: str = ""
    valid_to: str = ""
    abolished: str = ""
    parent: str = ""
    synonyms: str = ""
    levels: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Imported:
    """What was made of a file.

    Attributes:
        codes: The code list.
        skipped: Records without a code or a name, that were never valid, or left out by name.
        repeated: Records that say the same as one before.
    """

    codes: CodeSet
    skipped: int
    repeated: int


def import_codes(
    file: Path,
    schemas: Path,
    name: str,
    origin: Origin,
    columns: Columns,
    without: Collection[str] = (),
) -> Imported:
    """Read a file and write it as a code list; a list of that name is replaced.

    Args:
        file: What the authority issued; not modified.
        schemas: Folder of the contracts.
        name: Of the code list.
        origin: Where it comes from.
        columns: Which columns say what.
        without: Names of records that are left out, where the file contradicts itself.

    Raises:
        SourceFormatError: The file cannot be read without doubt.
        ContractError: A column is missing, a date is none, or the codes contradict each other.
    """
    if not NAME.fullmatch(name):
        raise ContractError(
            f"{name} is no name of a code list. Nothing was written. Use small letters, digits"
            " and _, at most 31."
        )
    rows = _read(file)
    chosen = _choose(columns, rows.columns)
    read = (_code(row, chosen) for row in rows.iter_rows(named=True))
    found = [code for code in read if code and code.label not in without]
    unique = list({_identity(code): code for code in found}.values())
    _check_names(unique)
    content = write_code_set(_with_parents(unique, chosen.levels))
    made = parse_code_set(content, name, origin)
    folder = schemas / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / f"{name}.yaml", write_origin(origin))
    _write(folder / f"{name}.csv", content)
    return Imported(made, rows.height - len(found), len(found) - len(unique))


def _read(file: Path) -> pl.DataFrame:
    """Return the file's data as text, under the names of its columns."""
    with tempfile.TemporaryDirectory(prefix="madang-") as folder:
        landed = Path(folder) / "landed.parquet"
        inspection = inspect_file(file, landed)
        if inspection.status != "read":
            raise SourceFormatError(inspection.reason)
        rows = pl.read_parquet(landed, glob=False).filter(pl.col("_role") == "data")
    kept = [column for column in rows.columns if not column.startswith("_")]
    return rows.select(pl.col(kept).str.strip_chars().fill_null(""))


def _choose(asked: Columns, headers: Sequence[str]) -> Columns:
    code = asked.code or next(filter(_CODES.search, headers), "")
    label = asked.label or tuple(filter(_LABELS.search, headers))
    named = (code, *label, asked.valid_from, asked.valid_to, asked.abolished, asked.parent,
             asked.synonyms)  # fmt: skip
    missing = [column for column in named if column and column not in headers]
    if missing or not code or not label:
        raise ContractError(
            f"The file has no column {', '.join(missing) or 'of codes and names'}; it has"
            f" {', '.join(headers)}. Nothing was written. Name the columns with --code and"
            " --label."
        )
    return replace(asked, code=code, label=label)


def _code(row: dict[str, str], columns: Columns) -> Code | None:
    """Return what a record says; None where it names no code, or one that never was valid."""
    cells = {column: "" if cell in _NOTHING else cell for column, cell in row.items()}
    parts = dict.fromkeys(filter(None, (cells[column] for column in columns.label)))
    since = _day(cells.get(columns.valid_from, ""))
    until = _day(cells.get(columns.valid_to, ""))
    if gone := _day(cells.get(columns.abolished, "")):
        until = gone - timedelta(days=1)
    if not cells[columns.code] or not parts or (since and until and until < since):
        return None
    return Code(
        code=cells[columns.code],
        label=" ".join(parts),
        valid_from=since,
        valid_to=until,
        parent=cells.get(columns.parent, ""),
        synonyms=tuple(filter(None, map(str.strip, cells.get(columns.synonyms, "").split("|")))),
        others={},
    )


def _identity(code: Code) -> tuple[str, ...]:
    return (code.code, code.label, str(code.valid_from), str(code.valid_to), code.parent)


def _check_names(codes: Sequence[Code]) -> None:
    """Refuse codes that mean two things on one day; an authority's list is public, so say which."""
    by_code: dict[str, list[Code]] = {}
    for code in codes:
        by_code.setdefault(code.code, []).append(code)
    unclear = [same for same in by_code.values() if len(same) > 1 and _overlap(same)]
    if unclear:
        told = "; ".join(
            f"{same[0].code}: {' / '.join(code.label for code in same)}"
            for same in unclear[:_MOST_TOLD]
        )
        raise ContractError(
            f"{len(unclear)} codes of the file mean two things on one day: {told}. Nothing was"
            " written. Ask the authority which is right, and name the others with --without."
        )


def _overlap(codes: Sequence[Code]) -> bool:
    spans = sorted((code.valid_from or date.min, code.valid_to or date.max) for code in codes)
    return any(later[0] <= earlier[1] for earlier, later in pairwise(spans))


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        if parts := _DAY.fullmatch(text):
            return date(*map(int, parts.groups()))
    except ValueError:
        pass
    raise ContractError(
        "A date of the file is neither YYYYMMDD nor YYYY-MM-DD. Nothing was written. Correct it, or"
        " name another column."
    )


def _with_parents(codes: Sequence[Code], levels: Sequence[int]) -> Iterable[Code]:
    known = {code.code for code in codes}
    lengths = sorted(levels, reverse=True)
    for code in codes:
        shorter = (code.code[:length].ljust(len(code.code), "0") for length in lengths)
        parents = (start for start in shorter if start in known and start != code.code)
        yield replace(code, parent=next(parents, code.parent))


def _write(file: Path, content: bytes) -> None:
    """Show a file whole."""
    temporary = file.with_name(f".{file.name}.tmp")
    temporary.write_bytes(content)
    temporary.replace(file)
