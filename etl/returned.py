"""What a workbook carries that goes back to a department, so that it is known when it returns.

The mark lies in the document's own properties, where no sorting, filtering or deleting of rows
touches it, and where no reader of tables finds it.
"""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import polars as pl
from lxml import etree

if TYPE_CHECKING:
    from openpyxl import Workbook

RESULT_SHEET: Final = "검사 결과"
ROWS_SHEET: Final = "고칠 행"
ROW_HEADER: Final = "행"

_PREFIX: Final = "madang."
_PART: Final = "docProps/custom.xml"
_MOST_BYTES: Final = 1 << 20
_MOST_CHARACTERS: Final = 32_767
_NO_WORKBOOK: Final = (
    *(OSError, EOFError, KeyError, RuntimeError, NotImplementedError, ValueError),
    *(zipfile.BadZipFile, zlib.error, etree.XMLSyntaxError),
)
_VALUES: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes}*"


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a returned workbook comes from.

    Attributes:
        dataset: The dataset that its rows belong to.
        run_id: The run whose landed rows it shows.
        holds: `rows` where it holds the rows to correct, `whole` where it holds the whole table.
        sheet: Name of the sheet with the rows.
        is_cut: Whether rows to correct are missing because there were too many.
    """

    dataset: str
    run_id: str
    holds: Literal["rows", "whole"]
    sheet: str = ROWS_SHEET
    is_cut: bool = False


def put_mark(workbook: Workbook, mark: Mark) -> None:
    """Write a mark into a workbook's properties, beside whatever stands there."""
    from openpyxl.packaging.custom import StringProperty

    for name, value in (
        ("dataset", mark.dataset),
        ("run", mark.run_id),
        ("holds", mark.holds),
        ("sheet", mark.sheet),
        ("cut", "yes" if mark.is_cut else "no"),
    ):
        workbook.custom_doc_props.append(  # type: ignore[attr-defined]
            StringProperty(name=_PREFIX + name, value=value)
        )


def find_mark(file: Path) -> Mark | None:
    """Return the mark of a supplied file; None for whatever is no marked workbook.

    The mark is a claim, not a proof: who relies on it asks ledger and store.
    """
    known = _properties(file)
    holds = known.get("holds")
    if holds not in ("rows", "whole") or not known.get("run"):
        return None
    return Mark(
        dataset=known.get("dataset", ""),
        run_id=known["run"],
        holds="rows" if holds == "rows" else "whole",
        sheet=known.get("sheet", ROWS_SHEET),
        is_cut=known.get("cut") == "yes",
    )


def _properties(file: Path) -> dict[str, str]:
    """Return our own properties of a workbook, the prefix taken off."""
    try:
        with zipfile.ZipFile(file) as archive, archive.open(_PART) as part:
            content = part.read(_MOST_BYTES)
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        root = etree.fromstring(content, parser)
    except _NO_WORKBOOK:
        return {}
    found = ((node.get("name") or "", node.findtext(_VALUES) or "") for node in root)
    return {name.removeprefix(_PREFIX): value for name, value in found if name.startswith(_PREFIX)}


def fit_cell(text: pl.Expr) -> pl.Expr:
    r"""Return texts as a cell of a workbook can hold them.

    Control characters cannot stand in XML, line breaks become `\n`, and a cell ends after
    32,767 characters.

    Examples:
        >>> cells = pl.Series(["1\r\n2", "a\x00b"])
        >>> pl.select(fit_cell(pl.lit(cells))).to_series().to_list()
        ['1\n2', 'a\ufffdb']
    """
    lines = text.str.replace_all(r"\r\n?", "\n")
    return lines.str.replace_all(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd").str.head(
        _MOST_CHARACTERS
    )
