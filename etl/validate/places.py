"""Where in a department's file the columns of a contract stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from openpyxl.utils import get_column_letter

from etl.contract.model import Contract


@dataclass(frozen=True, slots=True)
class Places:
    """Columns by field, as the supplied file has them.

    Attributes:
        positions: Position of each field's column, counted from 1.
        sheet: Name of the sheet; None for delimited text.
        header_rows: Rows of the header, counted from 1.
    """

    positions: Mapping[str, int]
    sheet: str | None = None
    header_rows: tuple[int, ...] = (1,)

    @classmethod
    def in_order(cls, contract: Contract) -> Self:
        """Return the places of a file that has the contract's columns in its order."""
        names = (field.name for field in contract.fields)
        return cls({name: position for position, name in enumerate(names, start=1)})

    def letters(self, names: Sequence[str]) -> str:
        """Return what a spreadsheet calls the columns of fields.

        Examples:
            >>> Places({"name": 2, "area": 28}).letters(["name", "area"])
            'B, AB'
        """
        return ", ".join(get_column_letter(self.positions[name]) for name in names)

    def ordered(self, contract: Contract) -> list[str]:
        """Return the contract's fields in the file's order."""
        return sorted((field.name for field in contract.fields), key=lambda n: self.positions[n])
