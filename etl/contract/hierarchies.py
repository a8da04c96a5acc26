"""Code lists that say what a value becomes at each level: `schemas/hierarchies/<name>.csv`.

The first column holds the values themselves, each once; the others what they become.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from etl.errors import ContractError

FOLDER = "hierarchies"


@dataclass(frozen=True, slots=True)
class CodeList:
    """A code list as it was read.

    Attributes:
        name: Its file's stem.
        columns: Values by column, the values themselves first.
        sha256: Hash of the file.
    """

    name: str
    columns: Mapping[str, tuple[str, ...]]
    sha256: str

    @property
    def values(self) -> tuple[str, ...]:
        """The values themselves."""
        return next(iter(self.columns.values()))


def read_code_lists(schemas: Path, names: Iterable[str]) -> dict[str, CodeList]:
    """Read code lists by name.

    Raises:
        ContractError: One is missing, is not UTF-8, is ragged, has gaps, or repeats a value.
    """
    return {name: read_code_list(schemas / FOLDER / f"{name}.csv") for name in names}


def read_code_list(file: Path) -> CodeList:
    """Read one code list; see `read_code_lists`."""
    try:
        content = file.read_bytes()
        header, *rows = csv.reader(content.decode("utf-8-sig").splitlines())
    except (OSError, UnicodeDecodeError, ValueError):
        raise _refuse(file.stem, "it is missing, empty or not UTF-8") from None
    if any(len(row) != len(header) or not all(row) for row in rows) or not rows:
        raise _refuse(file.stem, "a row has other cells than the header, or an empty one")
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    if len(columns) != len(header) or len(set(columns[header[0]])) != len(rows):
        raise _refuse(file.stem, "a column or a value stands in it twice")
    return CodeList(file.stem, columns, hashlib.sha256(content).hexdigest())


def _refuse(name: str, why: str) -> ContractError:
    return ContractError(
        f"hierarchies/{name}.csv cannot be used: {why}. Nothing was anonymised; the live release"
        " stays. Correct the code list."
    )
